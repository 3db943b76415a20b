//! A short text that lives where it stands, without an allocation.
//!
//! Codes are kept by the hundred thousand in views; twenty-four bytes each, `Copy`, and compared as
//! three machine words beats a heap string for all of them.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// The most bytes a [`Short`] holds.
pub const SHORT_MAX_BYTES: usize = 23;

/// Up to [`SHORT_MAX_BYTES`] bytes of text. Ordered as text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short {
    // The text, padded with zero bytes, which no code contains, and in the last byte its length:
    // byte order is therefore text order.
    bytes: [u8; SHORT_MAX_BYTES + 1],
}

impl Short {
    /// The text, if it fits and holds no zero byte.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > SHORT_MAX_BYTES || text.as_bytes().contains(&0) {
            return None;
        }
        let mut bytes = [0; SHORT_MAX_BYTES + 1];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        bytes[SHORT_MAX_BYTES] = text.len() as u8;
        Some(Self { bytes })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only `new` builds one, from a whole `&str`.
        let length = usize::from(self.bytes[SHORT_MAX_BYTES]);
        std::str::from_utf8(self.bytes.get(..length).unwrap_or_default()).unwrap_or_default()
    }

    /// The same bytes as numbers, whose order is that of the bytes.
    #[inline]
    fn words(&self) -> [u64; 3] {
        let (words, _) = self.bytes.as_chunks::<8>();
        [0, 1, 2].map(|at| words.get(at).map_or(0, |word| u64::from_be_bytes(*word)))
    }
}

impl Ord for Short {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.words().cmp(&other.words())
    }
}

impl PartialOrd for Short {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Short {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Fast hashers carry what they learn upwards: the first letters go into the low bits.
        for word in self.words() {
            state.write_u64(word.swap_bytes());
        }
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
