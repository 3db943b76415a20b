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
    /// Whether the key came with a form. The key of a form is made with its page, and stands for what was sent: sent
    /// again after a change, the same page gives another command. A program's key stands for one command, whatever it
    /// sends with it; with something else it is refused.
    is_form: bool,
}

impl Giver {
    /// By a form, with its hidden field.
    pub fn of_form(viewer: Viewer, key: Option<&str>) -> Result<Self, Problem> {
        Ok(Self { viewer, key: IdempotencyKey::of_form(key)?, is_form: true })
    }

    /// The command, for a purpose that tells commands under one key apart. The key is the caller's own:
    /// another caller's of the same name is another command.
    pub fn command(&self, purpose: &str) -> CommandId {
        let actor = self.viewer.by(None).actor;
        let purpose = format!("{} {purpose}", actor.as_str());
        match self.viewer.content().filter(|_| self.is_form) {
            Some(content) => self.key.command(&format!("{purpose}\0{content}")),
            None => self.key.command(&purpose),
        }
    }

    /// For one of the commands that a list gives under one key.
    pub fn part(&self, number: usize) -> Self {
        Self { viewer: self.viewer.clone(), key: self.key.part(number), is_form: self.is_form }
    }

    /// What comes with the command about an organisation.
    pub fn meta(&self, purpose: &str, now: Timestamp, about: Option<OdsCode>) -> CommandMeta {
        let mut meta = CommandMeta::new(self.command(purpose), now, self.viewer.by(about));
        meta.correlation_id = Some(self.viewer.request());
        meta.content = self.viewer.content().filter(|_| self.key.0.is_some());
        meta
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Giver {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = IdempotencyKey::from_request_parts(parts, state).await?;
        Ok(Self { viewer: Viewer::from_request_parts(parts, state).await?, key, is_form: false })
    }
}
