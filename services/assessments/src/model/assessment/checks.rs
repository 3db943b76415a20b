//! What is accepted as an answer, and as the text of one.

use proto::{
    assessments::{Answer, GivenAnswer},
    standards::{AnswerScale, Edition},
    text::{Invisible, Line, LineFault, shows},
};

use crate::model::{KIND, Refusal};

/// The most characters of a comment.
pub const COMMENT_MAX_CHARS: usize = 2_000;
/// The most characters of a reference to evidence.
pub const EVIDENCE_MAX_CHARS: usize = 500;
/// The most characters of a reason.
pub const REASON_MAX_CHARS: usize = 1_000;
/// The highest level one can aim at.
const LEVEL_MAX: u8 = 3;

fn check_text(field: &'static str, what: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() > max {
        return Err(Refusal::TooLong { field, what, max });
    }
    match Invisible::first_in(text) {
        None => Ok(()),
        Some(hidden) => Err(Refusal::NotALine { field, what, fault: LineFault::Hidden(hidden) }),
    }
}

pub(super) fn need_text(
    field: &'static str,
    what: &'static str,
    why: &'static str,
    text: &str,
    max: usize,
) -> Result<(), Refusal> {
    if !shows(text) {
        return Err(Refusal::Missing { field, what, why });
    }
    check_text(field, what, text, max)
}

/// A reason that someone will read later.
pub(in crate::model) fn need_reason(text: &str) -> Result<(), Refusal> {
    need_text("reason", "A reason", "say why, for those who read this later", text, REASON_MAX_CHARS)
}

pub(super) fn check_answer(edition: &Edition, given: &GivenAnswer) -> Result<(), Refusal> {
    let requirement = edition.requirements_of(KIND).find(|r| r.id == given.requirement).ok_or_else(|| {
        Refusal::UnknownRequirement { requirement: given.requirement, kind: "general practice".to_owned() }
    })?;
    if !edition.accepts(&given.answer) {
        let accepted = match edition.scale {
            AnswerScale::Levels => "a level of 0, 1, 2 or 3, or not relevant where that is offered",
            AnswerScale::MetOrNotMet => "met or not met, or not relevant where that is offered",
        };
        return Err(Refusal::NotOnScale { accepted });
    }
    if let Answer::NotRelevant { reason } = &given.answer {
        if requirement.not_relevant.is_none() {
            return Err(Refusal::AlwaysRelevant(requirement.id));
        }
        need_text(
            "reason",
            "A reason",
            "say why the requirement does not apply to the practice",
            reason,
            REASON_MAX_CHARS,
        )?;
    }
    check_text("comment", "A comment", &given.comment, COMMENT_MAX_CHARS)?;
    if let Some(evidence) = &given.evidence {
        need_text(
            "evidence",
            "The place of the evidence",
            "name it, or leave evidence out",
            &evidence.reference,
            EVIDENCE_MAX_CHARS,
        )?;
        if let Err(fault) = Line::of(&evidence.reference) {
            return Err(Refusal::NotALine { field: "evidence", what: "The place of the evidence", fault });
        }
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if evidence.sha256.as_ref().is_some_and(|text| !is_hash(text)) {
            return Err(Refusal::NotAHash);
        }
    }
    match (edition.scale, given.target) {
        (_, None) => Ok(()),
        (AnswerScale::Levels, Some(target)) if target <= LEVEL_MAX => Ok(()),
        _ => Err(Refusal::NotOnScale { accepted: "a target is a level of 0 to 3, in the IG Toolkit only" }),
    }
}
