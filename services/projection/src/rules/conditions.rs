//! What is unmet of a requirement at a moment: each condition with what there is to say of it and the
//! event behind it.
//!
//! A status says *that* a practice does not meet a requirement, and a change of status *why that began*.
//! The conditions say what stands in the way on the day asked about, however long it has been so. A rule
//! finds them in the same evaluation as the status, so the two cannot come apart: nothing is unmet exactly
//! where the requirement is met or does not apply.

use proto::{Day, EditionId, Moment, OdsCode, Position, suppliers::Used};

use super::{Common, RULES, Seen};
use crate::board::{Board, Practice};

/// A condition that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// What is lacking.
    pub unmet: Unmet,
    /// The event behind it; none where it is unmet because nothing is recorded.
    pub event: Option<Position>,
}

/// What is lacking, by requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// Of the toolkit assessment.
    Toolkit(ToolkitUnmet),
    /// Of the practice's own continuity plan.
    OwnPlan(PlanUnmet),
    /// Of the plan of a delivery partner.
    PartnerPlan(OdsCode, PlanUnmet),
    /// Of the on-site assessment of this number.
    Onsite(u16, OnsiteUnmet),
    /// Of a service in use.
    Service(Used, ServiceUnmet),
    /// No service in use is recorded.
    NoService,
}

/// What is lacking of a toolkit assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolkitUnmet {
    /// Nothing is published for the edition that was due on this day, or for a later one.
    NothingPublished(EditionId, Day),
    /// Nothing was published for the edition that was due on the first day; it, or one that came instead, was
    /// published on the second.
    PublishedLater(EditionId, Day, Day),
    /// The register of the second day shows that nothing is published for the edition that was due on the first, or
    /// for a later one.
    NotInRegister(EditionId, Day, Day),
    /// The register of this day no longer shows the result published for the edition.
    NoLongerInRegister(EditionId, Day),
    /// No register of the day on which the edition was due, or of a later one, has been read.
    NoRegister(EditionId, Day),
    /// The register of the day shows the second edition, which hides whether the first was published.
    Hidden(EditionId, EditionId, Day),
    /// What the register of the day shows is not understood.
    NotUnderstood(Day),
    /// Something older is published, on this day.
    OlderPublished(EditionId, Day),
    /// The assessment was begun, and is not both published and signed.
    NotPublishedAndSigned(EditionId),
    /// What is published for the edition, on this day, is below the standard.
    BelowStandard(EditionId, Day),
    /// The agreed improvement plan for the edition is still open, its last action due on this day.
    PlanOpen(EditionId, Day),
    /// The agreed improvement plan for the edition ended on this day, unfinished.
    PlanEnded(EditionId, Day),
    /// Nothing is known of the edition that was due on this day; none: no edition was due yet.
    NothingKnown(Option<(EditionId, Day)>),
}

/// What is lacking of a continuity plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanUnmet {
    /// Nothing is recorded of it.
    NothingRecorded,
    /// No version is approved.
    NotApproved,
    /// It was withdrawn on this day, and no other is approved.
    Withdrawn(Day),
    /// The approved version leaves out data or cyber incidents.
    LeavesOut,
    /// Its review was due on this day.
    ReviewDue(Day),
    /// It was never tested.
    NeverTested,
    /// It was last tested on the first day, and the next test was due on the second.
    TestDue(Day, Day),
}

/// What is lacking of an on-site assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnsiteUnmet {
    /// The request is unanswered; an answer is in time up to this day.
    NotAnswered(Day),
    /// The practice declined it.
    Declined,
    /// The outcome is not shared with the commissioner; in time up to this day.
    NotShared(Day),
    /// So many findings have no agreed plan; in time up to this day.
    NoPlan(u32, Day),
    /// So many actions of the agreed plan are overdue, the first of them due on this day.
    ActionsOverdue(u32, Day),
    /// So many actions of the agreed plan are open, the next of them due on this day.
    ActionsOpen(u32, Day),
    /// The agreed plan has no action that is done.
    PlanUnfinished,
}

/// What is lacking of a service in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceUnmet {
    /// It was never checked.
    NeverChecked,
    /// It was last checked on the first day, and the next check was due on the second.
    CheckDue(Day, Day),
    /// It is not certified.
    NotCertified,
    /// Its supplier is certified, and this service is not shown to be.
    HolderOnly,
    /// It is not certified, and a plan is agreed up to this day.
    GapPlanned(Day),
    /// It is not certified, and the agreed plan ended on this day.
    GapPlanEnded(Day),
}

impl Condition {
    /// With the event behind it.
    pub const fn of(unmet: Unmet, event: Position) -> Self {
        Self { unmet, event: Some(event) }
    }

    /// Unmet because nothing is recorded.
    pub const fn unrecorded(unmet: Unmet) -> Self {
        Self { unmet, event: None }
    }
}

/// The conditions of the practices of a board that are unmet, on demand.
pub struct Conditions<'a> {
    common: Common<'a>,
}

impl<'a> Conditions<'a> {
    /// Of a board.
    pub fn of(board: &'a Board) -> Self {
        let common =
            Common::new(&board.facts, &board.calendar, &board.registers, board.knowledge.upto, board.today);
        Self { common }
    }

    /// What a practice lacks of the requirement of a rule on a day: at its end, or of the running day now.
    pub fn unmet(&self, practice: &Practice, rule: usize, day: Day) -> Vec<Condition> {
        let Some(rule) = RULES.get(rule) else { return Vec::new() };
        let seen = Seen { own: &practice.facts, stays: &practice.stays, common: &self.common };
        (rule.judge)(&seen, Moment::of(day, self.common.today)).unmet
    }
}
