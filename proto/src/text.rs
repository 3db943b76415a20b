//! A short text that lives where it stands, without an allocation.
//!
//! Codes are kept by the hundred thousand in views; twenty-four bytes each, `Copy`, and compared as
//! three machine words beats a heap string for all of them.

use std::fmt;

/// The most bytes a [`Short`] holds.
pub const SHORT_MAX_BYTES: usize = 23;

/// Up to [`SHORT_MAX_BYTES`] bytes of text. Ordered as text is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Short {
    // Padded with zero bytes, which no code contains: byte order is therefore text order.
    bytes: [u8; SHORT_MAX_BYTES],
    length: u8,
}

impl Short {
    /// The text, if it fits and holds no zero byte.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > SHORT_MAX_BYTES || text.as_bytes().contains(&0) {
            return None;
        }
        let mut bytes = [0; SHORT_MAX_BYTES];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() as u8 })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only `new` builds one, from a whole `&str`.
        std::str::from_utf8(self.bytes.get(..self.length as usize).unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
