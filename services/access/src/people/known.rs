//! Browsers that someone signed in with before.

use chassis::access::{Known, is_to_come};
use jiff::{SignedDuration, Timestamp};
use proto::{EventHash, PersonId, Position};
use serde::{Deserialize, Serialize};

use crate::accounts::Entry;

/// How long a browser is known after someone signed in with it.
pub const KNOWN_MAX: SignedDuration = SignedDuration::from_hours(180 * 24);

/// What a browser keeps, sealed, of someone who signed in with it: that they did. It opens nothing. With
/// it the browser's wrong passwords are counted apart from those of strangers, who so cannot keep
/// someone out by trying their user name. Another password makes it worthless, and so does whatever else ends the
/// sessions of its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    person: PersonId,
    /// The hash of the salted hash of the password.
    password: EventHash,
    /// A cookie's age is the browser's word alone.
    since: Timestamp,
    /// Where in the access log; one that does not say so came before everything.
    #[serde(default)]
    position: Position,
}

impl KnownBrowser {
    /// A browser that someone signs in with, where the access log was read up to a position.
    pub fn of(person: PersonId, password_hash: &str, now: Timestamp, position: Position) -> Self {
        Self { person, password: EventHash::of(password_hash.as_bytes()), since: now, position }
    }

    /// Whether this very account was signed in to with it, with the password of now, and no one put its holder out
    /// since.
    pub(super) fn knows(&self, person: PersonId, entry: &Entry, now: Timestamp, known: &Known) -> bool {
        self.person == person
            && self.password == EventHash::of(entry.hash.as_bytes())
            && now.duration_since(self.since) < KNOWN_MAX
            && !is_to_come(self.since, now)
            && known.is_in(person, self.position)
    }
}
