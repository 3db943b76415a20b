//! What still stands between an assessment and its publication, each thing named.
//!
//! The old toolkit greyed out its Publish button without a word, most often because a review tick was
//! missing. Here the list is always on the page, and the button says what it waits for.

use std::fmt;

use proto::{
    RequirementId,
    assessments::Answer,
    standards::{Edition, GapRule},
};
use serde::Serialize;

use super::{Assessment, Held, KIND, Reviewed};

/// One thing that must be done before the assessment can be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// About which requirement.
    pub requirement: RequirementId,
    /// What is missing.
    pub missing: Missing,
}

/// What a requirement still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// It has no answer.
    Answer,
    /// Its answer was carried over from last year and no one has looked at it since.
    Review,
    /// It claims something that no comment and no evidence supports.
    Support,
    /// It falls short, and the edition is only published by this type of organisation when nothing does.
    Standard,
}

impl Missing {
    /// What to do, as a sentence that follows the requirement's number.
    pub const fn what_to_do(self) -> &'static str {
        match self {
            Missing::Answer => "has no answer yet",
            Missing::Review => {
                "was carried over from last year: look at the answer again and tick that it still stands"
            }
            Missing::Support => {
                "needs a comment, or a note of where the evidence is, in support of its answer"
            }
            Missing::Standard => {
                "is not met: a general practice can publish this edition only when every standard is met"
            }
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.requirement, self.missing.what_to_do())
    }
}

/// Everything that blocks publication, in the edition's order; a requirement may be named twice.
/// Requirements exempted centrally block nothing.
pub fn blockers(edition: &Edition, assessment: &Assessment, exempt: &[RequirementId]) -> Vec<Blocker> {
    let gaps_block = edition.group(KIND).is_some_and(|group| group.gaps == GapRule::BlockPublication);
    let mut found = Vec::new();
    for requirement in edition.requirements_of(KIND).filter(|r| !exempt.contains(&r.id)) {
        let mut block = |missing| found.push(Blocker { requirement: requirement.id, missing });
        let Some(held) = assessment.answers.get(&requirement.id) else {
            block(Missing::Answer);
            continue;
        };
        if held.review == Reviewed::No {
            block(Missing::Review);
        }
        if !is_supported(held) {
            block(Missing::Support);
        }
        if gaps_block && edition.falls_short(&held.answer) {
            block(Missing::Standard);
        }
    }
    found
}

/// A claim needs a comment or evidence. Level 0 and “not met” claim nothing, and “not relevant” has
/// its reason.
fn is_supported(held: &Held) -> bool {
    match held.answer {
        Answer::Level(0) | Answer::NotMet | Answer::NotRelevant { .. } => true,
        Answer::Level(_) | Answer::Met => !held.comment.trim().is_empty() || held.evidence.is_some(),
    }
}
