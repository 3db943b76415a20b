//! How good or bad a thing is, as far as its looks go.

/// How good or bad something is. Decides colour, pattern and symbol; the words come from the caller, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Short of it, and dealt with.
    Partial,
    /// Not as it should be.
    Bad,
    /// Nothing is known.
    Unknown,
    /// Neither good nor bad: not applicable, or a plain count.
    Neutral,
}

impl Tone {
    /// Every tone, best first.
    pub const ALL: [Tone; 5] = [Tone::Good, Tone::Partial, Tone::Bad, Tone::Unknown, Tone::Neutral];

    /// The word used in class names and pattern ids.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Partial => "partial",
            Tone::Bad => "bad",
            Tone::Unknown => "unknown",
            Tone::Neutral => "neutral",
        }
    }
}
