//! User names.

use std::{fmt, str::FromStr};

use proto::text::Line;
use serde::{Deserialize, Serialize};

/// The most characters of a user name or display name.
pub const NAME_MAX_CHARS: usize = 200;

/// What someone types to say who they are, such as an e-mail address: lower-cased and trimmed.
/// `Debug` does not show it, so that it comes into no log.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// The name as it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName(..)")
    }
}

/// A text that is no user name. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user name has 1 to {NAME_MAX_CHARS} characters, all of which show, and no spaces, such as an e-mail address"
)]
pub struct NoUserName;

impl FromStr for UserName {
    type Err = NoUserName;

    fn from_str(text: &str) -> Result<Self, NoUserName> {
        let name = text.trim().to_lowercase();
        let fits = (1..=NAME_MAX_CHARS).contains(&name.chars().count());
        if !fits || name.contains(char::is_whitespace) || Line::of(&name).is_err() {
            return Err(NoUserName);
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_found_however_it_is_typed_and_shown_to_nobody() {
        let name: UserName = "  A.Officer@Example.org ".parse().unwrap();
        assert_eq!(name.as_str(), "a.officer@example.org");
        assert!(!format!("{name:?}").contains("officer"));
        for wrong in [
            "",
            "  ",
            "a b",
            "a\nb",
            "a\u{200b}b",
            "\u{202e}a",
            "\u{301}",
            "\u{2800}",
            &"x".repeat(NAME_MAX_CHARS + 1),
        ] {
            assert_eq!(wrong.parse::<UserName>(), Err(NoUserName), "{wrong:?}");
        }
    }
}
