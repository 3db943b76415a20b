//! Why a command is refused. Each text says what is wrong and what to do.

use chassis::Problem;
use proto::{Day, EditionId, OdsCode, RequirementId, standards::EditionFault, text::LineFault};

use super::Blocker;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such edition.
    #[error("there is no edition {0}; GET /api/v1/editions lists them")]
    UnknownEdition(EditionId),
    /// Too early.
    #[error("the edition {edition} opens on {}", opens.long())]
    NotOpenYet {
        /// Which edition.
        edition: EditionId,
        /// From which day.
        opens: Day,
    },
    /// Too late.
    #[error("{title} could be published until {}: complete the current edition instead", last.long())]
    ClosedForPublication {
        /// The edition's name.
        title: String,
        /// The last day.
        last: Day,
    },
    /// A command about one edition reached the assessment of another.
    #[error("the assessment is of {opened}, not of {asked}")]
    AnotherEdition {
        /// Of which it is.
        opened: EditionId,
        /// Of which it was taken to be.
        asked: EditionId,
    },
    /// An edition that is to be added is faulty.
    #[error("{}", .0.reason)]
    FaultyEdition(EditionFault),
    /// The text needs no explanation.
    #[error("“{0}” is understood as it stands; only texts that are not understood are explained")]
    UnderstoodAlready(String),
    /// A bound on what is kept.
    #[error("up to {} status texts can be explained", super::EXPLAINED_MAX)]
    TooManyTexts,
    /// Nothing has been begun.
    #[error("the assessment has not been opened: open it first")]
    NotOpened,
    /// No such requirement for general practice.
    #[error("{requirement} is not a requirement that this edition asks of {kind}")]
    UnknownRequirement {
        /// As asked for.
        requirement: RequirementId,
        /// Of whom.
        kind: String,
    },
    /// Not an answer of this edition.
    #[error("the answer is not one of this edition's: {accepted}")]
    NotOnScale {
        /// What is.
        accepted: &'static str,
    },
    /// This requirement always applies.
    #[error("{0} applies to every practice and cannot be answered as not relevant")]
    AlwaysRelevant(RequirementId),
    /// A text is missing.
    #[error("{what} is missing: {why}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What, beginning a sentence.
        what: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// A text is too long.
    #[error("{what} may have up to {max} characters")]
    TooLong {
        /// The field.
        field: &'static str,
        /// What, beginning a sentence.
        what: &'static str,
        /// The most characters.
        max: usize,
    },
    /// A text with what does not show, or on more than the one line that it is to stand on.
    #[error("{what} {fault}")]
    NotALine {
        /// The field.
        field: &'static str,
        /// What, beginning a sentence.
        what: &'static str,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// Not a hash.
    #[error("the SHA-256 of the evidence is written as 64 hexadecimal digits")]
    NotAHash,
    /// Nothing to review.
    #[error("{0} has no answer to review: answer it instead")]
    NothingToReview(RequirementId),
    /// Something blocks publication.
    #[error("the assessment cannot be published yet: {} to do", count(.0.len()))]
    Blocked(Vec<Blocker>),
    /// Only a published assessment can be signed or reviewed.
    #[error("the assessment has not been published: publish it first")]
    NotPublished,
    /// Signed already.
    #[error("the assurance statement of this edition was accepted on {}; it is signed once a year, also when the assessment is published again", .0.long())]
    AlreadySigned(Day),
    /// No statement in this edition.
    #[error("{0} does not end with an assurance statement: publishing completes it")]
    NoStatement(String),
    /// No improvement plans in this edition.
    #[error("general practices have no improvement plan in {0}: it is published once every standard is met")]
    NoPlans(String),
    /// Nothing to plan for.
    #[error("{0} does not fall short of the standard, so nothing is planned for it")]
    NotAGap(RequirementId),
    /// Nothing falls short at all.
    #[error("nothing falls short of the standard, so there is no plan to submit")]
    NoGaps,
    /// Not in the future.
    #[error("the due date {} has passed: choose a later day", .0.long())]
    DueInThePast(Day),
    /// In the future.
    #[error("the day it was done, {}, is still to come", .0.long())]
    DoneInTheFuture(Day),
    /// No such action.
    #[error("there is no action {0} in the plan")]
    NoSuchAction(u16),
    /// Too many actions.
    #[error("a plan may have up to {} actions", super::ACTIONS_MAX)]
    TooManyActions,
    /// It lies with the overseer.
    #[error("the plan lies with {0} for agreement since it was submitted, and cannot be changed meanwhile")]
    PlanIsSubmitted(String),
    /// Gaps without an action.
    #[error("each gap needs an open action with a due date still to come; missing for {}", list(.0))]
    Uncovered(Vec<RequirementId>),
    /// Nothing to agree or refuse.
    #[error("no plan has been submitted that could be agreed or refused")]
    NothingSubmitted,
    /// Not the practice's overseer.
    #[error("{by} does not oversee this practice; its commissioner or region does: {overseers}")]
    NotItsOverseer {
        /// Who tried.
        by: OdsCode,
        /// Who may.
        overseers: String,
    },
    /// A date before the edition opens.
    #[error("a deadline cannot lie before the edition opens, on {}", .0.long())]
    DeadlineBeforeOpening(Day),
    /// A closing day before the edition is due.
    #[error("an edition cannot close for publication before its last deadline, on {}", .0.long())]
    ClosedBeforeDeadline(Day),
    /// A type that the edition does not know.
    #[error("the edition asks nothing of {0}")]
    TypeNotAsked(String),
}

fn count(things: usize) -> String {
    if things == 1 { "one thing is still".to_owned() } else { format!("{things} things are still") }
}

fn list(requirements: &[RequirementId]) -> String {
    requirements.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")
}

impl Refusal {
    /// The field of the input that is to blame, if one is.
    pub fn field(&self) -> Option<&str> {
        match self {
            Refusal::NotOnScale { .. } | Refusal::AlwaysRelevant(_) => Some("answer"),
            Refusal::Missing { field, .. }
            | Refusal::TooLong { field, .. }
            | Refusal::NotALine { field, .. } => Some(field),
            Refusal::NotAHash => Some("sha256"),
            Refusal::FaultyEdition(fault) => Some(&fault.field),
            Refusal::UnderstoodAlready(_) => Some("text"),
            Refusal::NotAGap(_) | Refusal::UnknownRequirement { .. } => Some("requirement"),
            Refusal::DueInThePast(_) => Some("due"),
            Refusal::DoneInTheFuture(_) => Some("done"),
            Refusal::NotItsOverseer { .. } => Some("by"),
            Refusal::DeadlineBeforeOpening(_) => Some("to"),
            Refusal::ClosedBeforeDeadline(_) => Some("closes"),
            Refusal::TypeNotAsked(_) => Some("organisation_type"),
            _ => None,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        match &refusal {
            Refusal::UnknownEdition(_) | Refusal::NoSuchAction(_) => Problem::not_found(text),
            Refusal::UnknownRequirement { .. } => Problem::not_found(text),
            Refusal::Blocked(blockers) => {
                blockers.iter().fold(Problem::refused("publication-blocked", text), |problem, blocker| {
                    problem.at(format!("requirements/{}", blocker.requirement), blocker.missing.what_to_do())
                })
            }
            Refusal::Uncovered(gaps) => {
                gaps.iter().fold(Problem::refused("gaps-uncovered", text), |problem, gap| {
                    problem
                        .at(format!("requirements/{gap}"), "has no open action with a due date still to come")
                })
            }
            _ => match refusal.field() {
                Some(field) => Problem::bad_input(text.clone()).at(field, text),
                None => Problem::refused("refused", text),
            },
        }
    }
}
