//! What may be decided, and what is so: pure.
//!
//! Four kinds of aggregate: [`Assessment`] (one practice, one edition), [`EditionDecisions`] (what is
//! decided centrally for an edition), [`AddedEditions`] (the editions added here) and [`RegisterEntry`] (what the national register showed of one
//! organisation). None of them reads a clock, makes up an id or knows a name.

mod assessment;
mod blockers;
mod catalogue;
mod edition;
mod plan;
mod refusal;
mod register;
mod result;

pub use assessment::{
    Assessment, AssessmentCommand, COMMENT_MAX_CHARS, EVIDENCE_MAX_CHARS, Held, OnEdition, Opened,
    Publication, REASON_MAX_CHARS, Review, Reviewed, Statement, roll_over,
};
pub use blockers::{Blocker, Missing, blockers};
pub use catalogue::{AddedEditions, CatalogueCommand, EXPLAINED_MAX, STATUS_TEXT_MAX_CHARS};
pub use edition::{DeadlineMove, EditionCommand, EditionDecisions, Exemption};
pub use plan::{ACTION_MAX_CHARS, ACTIONS_MAX, Agreement, HeldAction, Plan, Submission};
pub use refusal::Refusal;
pub use register::{Listing, RegisterCommand, RegisterEntry};
pub use result::{Standing, gaps, grade, percentage, standing};

pub use chassis::roster::Overseers;
use proto::{
    AggregateId, EditionId, OdsCode,
    codes::CodeError,
    standards::OrganisationType,
    subject::{EDITION, EDITIONS, REGISTER},
};

/// The only type of organisation that works on assessments here: its requirement lists are known.
pub const KIND: OrganisationType = OrganisationType::GeneralPractice;

/// The id of a practice's assessment of an edition.
pub fn assessment_id(organisation: OdsCode, edition: EditionId) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[organisation.as_str(), edition.as_str()])
}

/// The id of what is decided centrally for an edition.
pub fn edition_id(edition: EditionId) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[EDITION, edition.as_str()])
}

/// The id of the editions that were added here.
pub fn editions_id() -> Result<AggregateId, CodeError> {
    EDITIONS.parse()
}

/// The id of an organisation's entry in the national register.
pub fn register_id(organisation: OdsCode) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[REGISTER, organisation.as_str()])
}
