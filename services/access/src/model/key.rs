//! An API key over its life: pure.

use chassis::{Aggregate, Context, Problem, When};
use jiff::Timestamp;
use proto::{
    AggregateId, EventHash, OdsCode, Role,
    access::{AccessEvent, KeyIssued, KeyRevoked},
    codes::CodeError,
    text::{Line, LineFault},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{TEXT_MAX_CHARS, is_short};

/// An API key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    issued: Option<KeyIssued>,
    revoked: Option<Timestamp>,
}

/// What is asked of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCommand {
    /// To be issued.
    Issue {
        /// Its id.
        key: Uuid,
        /// In which role its holder acts.
        role: Role,
        /// For which organisation.
        organisation: OdsCode,
        /// What that is called, where no file lists it.
        organisation_name: Option<String>,
        /// What it is for.
        purpose: String,
        /// The hash of its secret.
        secret: EventHash,
        /// Until when it opens anything.
        expires: Option<Timestamp>,
    },
    /// To open nothing any more.
    Revoke {
        /// Why.
        reason: String,
    },
}

/// Why a key says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// There is no such key.
    #[error("there is no such key")]
    Unknown,
    /// Its id is taken.
    #[error("a key with this id was issued before; its secret was shown then, and cannot be shown again")]
    IssuedBefore,
    /// What it is for is not said.
    #[error("enter what the key is for in up to {TEXT_MAX_CHARS} characters, such as “nightly import”")]
    Purpose,
    /// The purpose is no text on one line.
    #[error("the purpose {0}")]
    PurposeNoLine(LineFault),
    /// A reason is too long.
    #[error("a reason has up to {TEXT_MAX_CHARS} characters")]
    Reason,
    /// It would never open anything.
    #[error("enter an expiry date that is today or later")]
    Expired,
}

impl From<KeyRefusal> for Problem {
    fn from(refusal: KeyRefusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            KeyRefusal::Unknown => Problem::not_found(text),
            KeyRefusal::IssuedBefore => Problem::refused("issued-before", text),
            KeyRefusal::Purpose | KeyRefusal::PurposeNoLine(_) => {
                Problem::bad_input(text.clone()).at("purpose", text)
            }
            KeyRefusal::Reason => Problem::bad_input(text.clone()).at("reason", text),
            KeyRefusal::Expired => Problem::bad_input(text.clone()).at("expires", text),
        }
    }
}

impl Key {
    /// The id of the key's aggregate.
    pub fn aggregate(key: Uuid) -> Result<AggregateId, CodeError> {
        format!("key-{key}").parse()
    }
}

/// What a key is for, tidied.
pub fn checked_purpose(purpose: &str) -> Result<&str, KeyRefusal> {
    let purpose = purpose.trim();
    match purpose {
        _ if purpose.is_empty() || !is_short(purpose) => Err(KeyRefusal::Purpose),
        purpose => Line::of(purpose).map(Line::as_str).map_err(KeyRefusal::PurposeNoLine),
    }
}

/// Refuses a key that would never open anything.
pub fn need_later(expires: Option<Timestamp>, now: Timestamp) -> Result<(), KeyRefusal> {
    match expires {
        Some(expires) if expires <= now => Err(KeyRefusal::Expired),
        _ => Ok(()),
    }
}

impl Aggregate for Key {
    type Event = AccessEvent;
    type Command = KeyCommand;
    type Refusal = KeyRefusal;

    const NAME: &'static str = "keys";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &KeyCommand, context: &Context) -> Result<Option<AccessEvent>, KeyRefusal> {
        match command {
            KeyCommand::Issue { .. } if self.issued.is_some() => Err(KeyRefusal::IssuedBefore),
            KeyCommand::Issue { key, role, organisation, organisation_name, purpose, secret, expires } => {
                let purpose = checked_purpose(purpose)?;
                need_later(*expires, context.time)?;
                Ok(Some(AccessEvent::KeyIssued(KeyIssued {
                    key: *key,
                    role: *role,
                    organisation: *organisation,
                    organisation_name: organisation_name.clone(),
                    purpose: purpose.to_owned(),
                    secret: *secret,
                    expires: *expires,
                })))
            }
            KeyCommand::Revoke { reason } => {
                let Some(issued) = &self.issued else { return Err(KeyRefusal::Unknown) };
                if !is_short(reason) {
                    return Err(KeyRefusal::Reason);
                }
                let revoked = KeyRevoked { key: issued.key, reason: reason.trim().to_owned() };
                Ok(self.revoked.is_none().then_some(AccessEvent::KeyRevoked(revoked)))
            }
        }
    }

    fn evolve(&mut self, event: &AccessEvent, when: &When) {
        match event {
            AccessEvent::KeyIssued(issued) => self.issued = Some(issued.clone()),
            AccessEvent::KeyRevoked(_) => self.revoked = Some(when.recorded),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::testing::given;
    use proto::access::KeyRevoked;

    use super::*;

    fn issue(purpose: &str, expires: Option<&str>) -> KeyCommand {
        KeyCommand::Issue {
            key: Uuid::nil(),
            role: Role::CcgOfficer,
            organisation: "15E".parse().unwrap(),
            organisation_name: None,
            purpose: purpose.to_owned(),
            secret: EventHash::of(b"secret"),
            expires: expires.map(|time| time.parse().unwrap()),
        }
    }

    fn issued() -> AccessEvent {
        Key::default()
            .decide(
                &issue("nightly import", None),
                &Context {
                    time: "2019-04-01T09:00:00Z".parse().unwrap(),
                    effective: "2019-04-01".parse().unwrap(),
                    actor: proto::Actor::system("test"),
                },
            )
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_key_is_issued_once_for_a_purpose() {
        given::<Key>([]).when(issue("nightly import", None)).then(issued());
        given::<Key>([]).when(issue("  ", None)).then_refused("what the key is for");
        given::<Key>([]).when(issue("nightly\nimport", None)).then_refused("on one line");
        given::<Key>([]).when(issue("nightly\u{202e}import", None)).then_refused("U+202E");
        given::<Key>([]).when(issue("\u{301}", None)).then_refused("is missing");
        given::<Key>([issued()]).when(issue("nightly import", None)).then_refused("issued before");
    }

    #[test]
    fn a_key_is_revoked_once() {
        let revoke = || KeyCommand::Revoke { reason: "left".to_owned() };
        let revoked = AccessEvent::KeyRevoked(KeyRevoked { key: Uuid::nil(), reason: "left".to_owned() });
        given::<Key>([]).when(revoke()).then_refused("no such key");
        given::<Key>([issued()]).when(revoke()).then(revoked.clone());
        given::<Key>([issued(), revoked]).when(revoke()).then_nothing();
    }
}
