//! Private addresses of calendars.
//!
//! A calendar program has no session and cannot show a key: it knows an address. Such an address is
//! `ovc_`, its id, `_` and its secret, in hexadecimal digits. It shows what its holder may see, in the calendar alone,
//! for as long as they may come in and have not taken it back. As of an API key the log holds its id and the SHA-256
//! of its secret; the address is shown once, when it is made.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use proto::{EventHash, access::CalendarOpened};
use uuid::Uuid;

use super::{ApiKey, keys, keys::NoKey};

/// What every private address begins with.
pub const PREFIX: &str = "ovc_";

/// A private address as its holder has it. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarAddress(ApiKey);

impl CalendarAddress {
    /// A new one under an id.
    pub fn with_id(id: Uuid) -> Self {
        Self(ApiKey::with_id(id))
    }

    /// Its public part.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// What the log keeps of the secret.
    pub fn hash(&self) -> EventHash {
        self.0.hash()
    }

    /// The address as it is handed over, once.
    pub fn reveal(&self) -> String {
        self.0.reveal().replacen(keys::PREFIX, PREFIX, 1)
    }
}

impl fmt::Debug for CalendarAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarAddress").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl FromStr for CalendarAddress {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let rest = text.strip_prefix(PREFIX).ok_or(NoKey)?;
        format!("{}{rest}", keys::PREFIX).parse().map(Self)
    }
}

/// A private address as the log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// How it was made.
    pub opened: CalendarOpened,
    /// When.
    pub at: Timestamp,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
}

/// A path without the secrets in it: what logs and records keep of an address.
pub(crate) fn without_secrets(path: &str) -> String {
    let shown = |part: &str| {
        let secret = part.find(PREFIX).map(|at| format!("{}{PREFIX}…", part.get(..at).unwrap_or_default()));
        secret.unwrap_or_else(|| part.to_owned())
    };
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was_and_shows_itself_nowhere_else() {
        let address = CalendarAddress::with_id(Uuid::from_u128(7));
        let text = address.reveal();
        assert!(text.starts_with(PREFIX), "{text}");
        assert_eq!(text.parse::<CalendarAddress>().unwrap(), address);
        assert!(!format!("{address:?}").contains(&text[40..]));
        assert!(text.replacen(PREFIX, keys::PREFIX, 1).parse::<CalendarAddress>().is_err(), "a key is none");
        assert_eq!(without_secrets(&format!("/onsite/calendar/{text}.ics")), "/onsite/calendar/ovc_…");
        assert_eq!(without_secrets("/areas/15E/practices"), "/areas/15E/practices");
    }
}
