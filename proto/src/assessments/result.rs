//! What the national register says of an organisation.

use serde::{Deserialize, Serialize};

use crate::codes::EditionId;

/// A status text of the register, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "level", try_from = "ReadResult")]
pub enum PublishedResult {
    /// Blank or `Not Published`.
    NotPublished,
    /// `Standards Not Met`.
    StandardsNotMet {
        /// For which edition.
        edition: EditionId,
    },
    /// `Entry Level`, a stepping stone for social care until March 2021.
    EntryLevel {
        /// For which edition.
        edition: EditionId,
    },
    /// `Approaching Standards`.
    ApproachingStandards {
        /// For which edition.
        edition: EditionId,
    },
    /// `Standards not fully met (plan agreed)`.
    PlanAgreed {
        /// For which edition.
        edition: EditionId,
    },
    /// `Standards Met`.
    StandardsMet {
        /// For which edition.
        edition: EditionId,
    },
    /// `Standards Exceeded`.
    StandardsExceeded {
        /// For which edition.
        edition: EditionId,
    },
    /// A text that was not understood when it was read. The text is kept, and is read again with what
    /// has been learnt since (see [`Catalogue`](crate::standards::Catalogue)).
    Unrecognised,
}

/// A [`PublishedResult`] as it is read: by far the most frequent event of a national file carries
/// one, and a tagged enum would first be read into a map.
#[derive(Deserialize)]
struct ReadResult {
    level: ReadLevel,
    edition: Option<EditionId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ReadLevel {
    NotPublished,
    StandardsNotMet,
    EntryLevel,
    ApproachingStandards,
    PlanAgreed,
    StandardsMet,
    StandardsExceeded,
    Unrecognised,
}

impl TryFrom<ReadResult> for PublishedResult {
    type Error = &'static str;

    fn try_from(read: ReadResult) -> Result<Self, Self::Error> {
        let edition = || read.edition.ok_or("a result of this level needs its edition");
        Ok(match read.level {
            ReadLevel::NotPublished => Self::NotPublished,
            ReadLevel::StandardsNotMet => Self::StandardsNotMet { edition: edition()? },
            ReadLevel::EntryLevel => Self::EntryLevel { edition: edition()? },
            ReadLevel::ApproachingStandards => Self::ApproachingStandards { edition: edition()? },
            ReadLevel::PlanAgreed => Self::PlanAgreed { edition: edition()? },
            ReadLevel::StandardsMet => Self::StandardsMet { edition: edition()? },
            ReadLevel::StandardsExceeded => Self::StandardsExceeded { edition: edition()? },
            ReadLevel::Unrecognised => Self::Unrecognised,
        })
    }
}

/// What a status text says, without the edition it says it of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResultLevel {
    /// Nothing is published.
    NotPublished,
    /// `Standards Not Met`.
    StandardsNotMet,
    /// `Entry Level`.
    EntryLevel,
    /// `Approaching Standards`.
    ApproachingStandards,
    /// `Standards not fully met (plan agreed)`.
    PlanAgreed,
    /// `Standards Met`.
    StandardsMet,
    /// `Standards Exceeded`.
    StandardsExceeded,
}

impl ResultLevel {
    /// Every level, with its name in data and the words by which the register writes it.
    pub const ALL: [(ResultLevel, &'static str, &'static str); 7] = [
        (ResultLevel::NotPublished, "not-published", "Not Published"),
        (ResultLevel::StandardsNotMet, "standards-not-met", "Standards Not Met"),
        (ResultLevel::EntryLevel, "entry-level", "Entry Level"),
        (ResultLevel::ApproachingStandards, "approaching-standards", "Approaching Standards"),
        (ResultLevel::PlanAgreed, "plan-agreed", "Standards not fully met (plan agreed)"),
        (ResultLevel::StandardsMet, "standards-met", "Standards Met"),
        (ResultLevel::StandardsExceeded, "standards-exceeded", "Standards Exceeded"),
    ];

    /// The level of a name such as `standards-met`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(level, ..)| level)
    }

    /// The result for an edition.
    pub fn of(self, edition: EditionId) -> PublishedResult {
        match self {
            Self::NotPublished => PublishedResult::NotPublished,
            Self::StandardsNotMet => PublishedResult::StandardsNotMet { edition },
            Self::EntryLevel => PublishedResult::EntryLevel { edition },
            Self::ApproachingStandards => PublishedResult::ApproachingStandards { edition },
            Self::PlanAgreed => PublishedResult::PlanAgreed { edition },
            Self::StandardsMet => PublishedResult::StandardsMet { edition },
            Self::StandardsExceeded => PublishedResult::StandardsExceeded { edition },
        }
    }
}

impl PublishedResult {
    /// The edition the result is for, where there is one.
    pub fn edition(self) -> Option<EditionId> {
        match self {
            Self::NotPublished | Self::Unrecognised => None,
            Self::StandardsNotMet { edition }
            | Self::EntryLevel { edition }
            | Self::ApproachingStandards { edition }
            | Self::PlanAgreed { edition }
            | Self::StandardsMet { edition }
            | Self::StandardsExceeded { edition } => Some(edition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_result_is_read_as_it_was_written() {
        let edition = "dspt-2018-19".parse().unwrap();
        for result in [
            PublishedResult::NotPublished,
            PublishedResult::StandardsNotMet { edition },
            PublishedResult::EntryLevel { edition },
            PublishedResult::ApproachingStandards { edition },
            PublishedResult::PlanAgreed { edition },
            PublishedResult::StandardsMet { edition },
            PublishedResult::StandardsExceeded { edition },
            PublishedResult::Unrecognised,
        ] {
            let text = serde_json::to_string(&result).unwrap();
            assert_eq!(serde_json::from_str::<PublishedResult>(&text).unwrap(), result, "{text}");
        }
    }

    #[test]
    fn a_level_of_an_edition_needs_its_edition() {
        let error = serde_json::from_str::<PublishedResult>(r#"{"level":"standards-met"}"#).unwrap_err();
        assert!(error.to_string().contains("needs its edition"), "{error}");
    }
}
