//! Browsers that someone signed in with before.

use jiff::{SignedDuration, Timestamp};
use proto::{EventHash, PersonId};
use serde::{Deserialize, Serialize};

use crate::accounts::Entry;

/// How long a browser is known after someone signed in with it.
pub const KNOWN_MAX: SignedDuration = SignedDuration::from_hours(180 * 24);

/// What a browser keeps, sealed, of someone who signed in with it: that they did. It opens nothing. With
/// it the browser's wrong passwords are counted apart from those of strangers, who so cannot keep
/// someone out by trying their user name. Another password makes it worthless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    person: PersonId,
    /// The hash of the salted hash of the password.
    password: EventHash,
    /// A cookie's age is the browser's word alone.
    since: Timestamp,
}

impl KnownBrowser {
    /// A browser that someone signs in with.
    pub fn of(person: PersonId, password_hash: &str, now: Timestamp) -> Self {
        Self { person, password: EventHash::of(password_hash.as_bytes()), since: now }
    }

    /// Whether this very account was signed in to with it, with the password of now.
    pub(super) fn knows(&self, person: PersonId, entry: &Entry, now: Timestamp) -> bool {
        self.person == person
            && self.password == EventHash::of(entry.hash.as_bytes())
            && now.duration_since(self.since) < KNOWN_MAX
    }
}
