//! Who gives a command, under which key.

use axum::{extract::FromRequestParts, http::request::Parts};
use jiff::Timestamp;
use proto::OdsCode;

use super::Viewer;
use crate::{command::CommandMeta, http::IdempotencyKey, ids::CommandId, problem::Problem};

/// Who gives a command, and the key under which it is given once.
#[derive(Debug, Clone)]
pub struct Giver {
    /// Who.
    pub viewer: Viewer,
    key: IdempotencyKey,
}

impl Giver {
    /// By a form, with its hidden field.
    pub fn of_form(viewer: Viewer, key: Option<&str>) -> Result<Self, Problem> {
        Ok(Self { viewer, key: IdempotencyKey::of_form(key)? })
    }

    /// The command, for a purpose that tells commands under one key apart. The key is the caller's own:
    /// another caller's of the same name is another command.
    pub fn command(&self, purpose: &str) -> CommandId {
        let actor = self.viewer.by(None).actor;
        self.key.command(&format!("{} {purpose}", actor.as_str()))
    }

    /// For one of the commands that a list gives under one key.
    pub fn part(&self, number: usize) -> Self {
        Self { viewer: self.viewer.clone(), key: self.key.part(number) }
    }

    /// What comes with the command about an organisation.
    pub fn meta(&self, purpose: &str, now: Timestamp, about: Option<OdsCode>) -> CommandMeta {
        let mut meta = CommandMeta::new(self.command(purpose), now, self.viewer.by(about));
        meta.correlation_id = Some(self.viewer.request());
        meta
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Giver {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self { viewer: Viewer::from_request_parts(parts, state).await?, key })
    }
}
