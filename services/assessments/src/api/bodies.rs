//! The shapes of what is sent; answers, evidence and grades are shown in the same ones.

use proto::{
    RequirementId,
    assessments::{Answer, Evidence, GivenAnswer, Grade},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AnswerBody {
    /// Attainment level 0 to 3 (IG Toolkit).
    Level(u8),
    /// Met (DSP Toolkit).
    Met,
    /// Not met (DSP Toolkit).
    NotMet,
    /// Does not apply.
    NotRelevant {
        /// Why.
        reason: String,
    },
}

impl From<AnswerBody> for Answer {
    fn from(body: AnswerBody) -> Self {
        match body {
            AnswerBody::Level(level) => Answer::Level(level),
            AnswerBody::Met => Answer::Met,
            AnswerBody::NotMet => Answer::NotMet,
            AnswerBody::NotRelevant { reason } => Answer::NotRelevant { reason: reason.trim().to_owned() },
        }
    }
}

impl From<&Answer> for AnswerBody {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Level(level) => AnswerBody::Level(*level),
            Answer::Met => AnswerBody::Met,
            Answer::NotMet => AnswerBody::NotMet,
            Answer::NotRelevant { reason } => AnswerBody::NotRelevant { reason: reason.clone() },
        }
    }
}

/// A grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GradeBody {
    /// Every applicable requirement reaches the standard.
    Satisfactory,
    /// At least one falls short.
    NotSatisfactory,
    /// Short somewhere, with an agreed improvement plan.
    SatisfactoryWithImprovementPlan,
}

impl From<Grade> for GradeBody {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Satisfactory => GradeBody::Satisfactory,
            Grade::NotSatisfactory => GradeBody::NotSatisfactory,
            Grade::SatisfactoryWithImprovementPlan => GradeBody::SatisfactoryWithImprovementPlan,
        }
    }
}

impl From<GradeBody> for Grade {
    fn from(grade: GradeBody) -> Self {
        match grade {
            GradeBody::Satisfactory => Grade::Satisfactory,
            GradeBody::NotSatisfactory => Grade::NotSatisfactory,
            GradeBody::SatisfactoryWithImprovementPlan => Grade::SatisfactoryWithImprovementPlan,
        }
    }
}

/// A grade in words.
pub(crate) fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Satisfactory => "Satisfactory",
        Grade::NotSatisfactory => "Not satisfactory",
        Grade::SatisfactoryWithImprovementPlan => "Satisfactory with improvement plan",
    }
}

/// An answer, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerInput {
    /// The answer: `{"level": 2}`, `"met"`, `"not-met"` or `{"not-relevant": {"reason": "…"}}`.
    pub answer: AnswerBody,
    /// A comment in support of it.
    #[serde(default)]
    pub comment: String,
    /// Where the evidence is.
    #[serde(default)]
    pub evidence: Option<EvidenceBody>,
    /// The level aimed at (IG Toolkit); plays no part in the result.
    #[serde(default)]
    pub target: Option<u8>,
}

/// Where a piece of evidence is. The file itself stays with its owner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceBody {
    /// A title, path or address that its owner can find it by.
    pub reference: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl AnswerInput {
    pub fn given(self, requirement: RequirementId) -> GivenAnswer {
        GivenAnswer {
            requirement,
            answer: self.answer.into(),
            comment: self.comment.trim().to_owned(),
            evidence: self.evidence.map(|evidence| Evidence {
                reference: evidence.reference.trim().to_owned(),
                sha256: evidence.sha256.map(|text| text.trim().to_ascii_lowercase()),
            }),
            target: self.target,
        }
    }
}
