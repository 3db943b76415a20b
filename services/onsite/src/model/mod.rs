//! What may be decided about an on-site assessment, and what is so: pure.
//!
//! One kind of aggregate, [`OnsiteAssessment`]. It does not read a clock, make up an id or know a name;
//! who is allowed a step at all stands in the access policy.

mod decide;
mod stage;
mod state;

pub use decide::{
    ACTIONS_MAX, EVIDENCE_MAX_CHARS, FINDINGS_MAX, NHS_DIGITAL, SYSTEM_MAX_CHARS, TEXT_MAX_CHARS,
};
pub use stage::{Open, Stage};
pub use state::{AgreedPlan, HeldFinding, OnsiteAssessment, Plan, Proposal, Reply, Request, Retest, Visit};

use chassis::roster::Overseers;
use proto::{
    AggregateId, Day, OdsCode, PersonId,
    codes::CodeError,
    onsite::{Finding, PlannedAction, TopicResult},
};

/// The id of an organisation's assessment of a number.
pub fn onsite_id(organisation: OdsCode, number: u16) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[organisation.as_str(), &number.to_string()])
}

/// What can be asked of an on-site assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnsiteCommand {
    /// Ask for it.
    Request {
        /// Who is to be assessed.
        organisation: OdsCode,
        /// The number it would have.
        number: u16,
        /// Who asks.
        by: OdsCode,
        /// Who may, beside NHS Digital.
        overseers: Overseers,
        /// Why.
        reason: String,
    },
    /// Agree to be assessed.
    Agree,
    /// Refuse.
    Refuse {
        /// On what grounds.
        grounds: String,
    },
    /// Set a day and an assessor, or set them anew.
    Schedule {
        /// The day.
        on: Day,
        /// The delivery partner.
        partner: OdsCode,
        /// Its assessor.
        assessor: PersonId,
    },
    /// Cancel the visit.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Say that it was held, and with which result.
    Hold {
        /// The day.
        on: Day,
        /// The result of each topic that was looked at.
        results: Vec<TopicResult>,
    },
    /// Record a finding.
    RecordFinding(Finding),
    /// Answer a finding, or answer it anew.
    AnswerFinding {
        /// Which.
        finding: u16,
        /// Whether it is accepted.
        accepted: bool,
        /// In words.
        answer: String,
    },
    /// Share the outcome to the commissioner.
    Disclose {
        /// To whom.
        to: OdsCode,
        /// Who they can be.
        overseers: Overseers,
        /// On which day.
        on: Day,
    },
    /// Propose what will be done about the findings: the whole plan.
    ProposePlan(Vec<PlannedAction>),
    /// Agree the plan.
    AgreePlan {
        /// Who agrees.
        by: OdsCode,
        /// Who may.
        overseers: Overseers,
    },
    /// Send the plan back.
    ReturnPlan {
        /// Who does.
        by: OdsCode,
        /// Who may.
        overseers: Overseers,
        /// Why.
        reason: String,
    },
    /// Note that an action of the agreed plan was done.
    CompleteAction {
        /// Which.
        action: u16,
        /// The day.
        done: Day,
    },
    /// Say which findings a re-test found mended.
    Retest {
        /// The day.
        on: Day,
        /// The findings that are mended; the others are not.
        mended: Vec<u16>,
    },
    /// Close the assessment.
    Close,
}
