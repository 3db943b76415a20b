//! Ids of commands and events.
//!
//! An event's id is a UUIDv5 of the command's id, so a command that is repeated, by a browser, a
//! retry or an import run again after a time-out, can never write a second event.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const EVENT: Uuid = Uuid::from_u128(0x6f76_6572_7369_6768_7400_6576_656e_7473);
const COMMAND: Uuid = Uuid::from_u128(0x6f76_6572_7369_6768_7400_636f_6d6d_616e);

/// The id of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandId(Uuid);

impl CommandId {
    /// A new one that no one has used.
    pub fn fresh() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that makes ids up")]
        Self(Uuid::new_v4())
    }

    /// The command behind an `Idempotency-Key` for a route and aggregate: the same key for another
    /// purpose is another command.
    pub fn keyed(purpose: &str, key: &str) -> Self {
        Self(Uuid::new_v5(&COMMAND, format!("{purpose}\0{key}").as_bytes()))
    }

    /// The part of a larger command, such as a row of an import.
    pub fn part(self, part: u64) -> Self {
        Self(Uuid::new_v5(&self.0, &part.to_be_bytes()))
    }

    /// The id of the event this command may yield.
    pub fn event_id(self) -> Uuid {
        Uuid::new_v5(&EVENT, self.0.as_bytes())
    }

    /// The id itself.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// 256 bits that no one can guess, for keys.
pub fn secret() -> [u8; 32] {
    let chance = [fresh(), fresh(), fresh()].map(Uuid::into_bytes).concat();
    Sha256::digest(chance).into()
}

/// A new random id, for requests and people.
pub fn fresh() -> Uuid {
    CommandId::fresh().0
}
