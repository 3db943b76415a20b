//! What the access log says of keys and accounts, and what may be done with them: pure.

pub mod account;
pub mod key;
pub mod person;

pub use account::{Account, AccountCommand, AccountRefusal};
pub use key::{Key, KeyCommand, KeyRefusal};
pub use person::{Person, PersonCommand, PersonRefusal};

/// The most characters of a purpose or reason.
pub const TEXT_MAX_CHARS: usize = 200;

fn is_short(text: &str) -> bool {
    text.chars().count() <= TEXT_MAX_CHARS
}
