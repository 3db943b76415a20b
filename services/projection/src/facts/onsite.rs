//! What happened around an organisation's on-site assessments, as far as it bears on the requirement.

use proto::{
    Day, OdsCode, Position, TopicId,
    onsite::{OnsiteEvent, Outcome, Severity},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::files::Origin;

/// Something happened around an on-site assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnsiteFact {
    /// The event that says so.
    pub position: Position,
    /// The day it took effect: where the event names one, that.
    pub day: Day,
    /// The number of the assessment among the organisation's.
    pub number: u16,
    /// What.
    pub what: Onsite,
    /// Where it came from.
    pub origin: Origin,
}

/// What happened around an on-site assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Onsite {
    /// It was asked for.
    Requested,
    /// The organisation agreed.
    Agreed,
    /// The organisation refused.
    Refused,
    /// The visit was called off; the organisation's word stands.
    Cancelled,
    /// It was held. Another one of the same assessment corrects it.
    Held,
    /// A finding was recorded.
    FindingRecorded {
        /// Its number.
        finding: u16,
        /// How bad it is.
        severity: Severity,
    },
    /// The outcome was disclosed to the commissioner.
    Disclosed,
    /// A plan was proposed: which finding each of its actions is for.
    PlanProposed {
        /// The findings, by the number of the action.
        findings: Vec<(u16, u16)>,
    },
    /// A plan was agreed, each action due on a day. It takes the place of the open actions of an
    /// earlier one.
    PlanAgreed {
        /// When each action is due, by its number.
        due: Vec<(u16, Day)>,
    },
    /// A plan was sent back.
    PlanReturned,
    /// An action of the agreed plan was done.
    ActionDone {
        /// Its number.
        action: u16,
    },
    /// The findings were looked at again.
    Retested {
        /// Those that are mended; the others are not.
        mended: Vec<u16>,
    },
    /// It was closed.
    Closed,
}

/// What assessors found on a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The event that says so.
    pub position: Position,
    /// The number of the assessment. A later result of the same assessment corrects this one.
    pub number: u16,
    /// The day of the visit; of several days the last.
    pub on: Day,
    /// What was found, by topic.
    pub found: Box<[(TopicId, Outcome)]>,
}

impl Visit {
    /// What an event says of a visit, if it does.
    pub fn of(position: Position, event: &OnsiteEvent) -> Option<Self> {
        let OnsiteEvent::AssessmentHeld(held) = event else { return None };
        let found = held.results.iter().map(|result| (result.topic, result.outcome)).collect();
        Some(Self { position, number: held.number, on: held.on, found })
    }
}

impl OnsiteFact {
    /// Of whom an event speaks, and what it says that bears on the requirement; none where it speaks of an import.
    pub fn of(
        position: Position,
        effective: Day,
        import: Option<Uuid>,
        event: &OnsiteEvent,
    ) -> Option<(OdsCode, Option<Self>)> {
        use OnsiteEvent as E;
        let (organisation, number, day, what) = match event {
            E::OnsiteRequested(e) => (e.organisation, e.number, effective, Some(Onsite::Requested)),
            E::OnsiteAgreed(e) => (e.organisation, e.number, effective, Some(Onsite::Agreed)),
            E::OnsiteRefused(e) => (e.organisation, e.number, effective, Some(Onsite::Refused)),
            E::VisitScheduled(e) => (e.organisation, e.number, effective, None),
            E::VisitCancelled(e) => (e.organisation, e.number, effective, Some(Onsite::Cancelled)),
            E::AssessmentHeld(e) => (e.organisation, e.number, e.on, Some(Onsite::Held)),
            E::FindingRecorded(e) => {
                let (finding, severity) = (e.finding, e.recorded.severity);
                let what = Onsite::FindingRecorded { finding, severity };
                (e.organisation, e.number, effective, Some(what))
            }
            E::FindingAnswered(e) => (e.organisation, e.number, effective, None),
            E::OutcomeDisclosed(e) => (e.organisation, e.number, e.on, Some(Onsite::Disclosed)),
            E::ActionPlanProposed(e) => {
                let findings = e.actions.iter().map(|(action, planned)| (*action, planned.finding)).collect();
                (e.organisation, e.number, effective, Some(Onsite::PlanProposed { findings }))
            }
            E::ActionPlanAgreed(e) => {
                (e.organisation, e.number, effective, Some(Onsite::PlanAgreed { due: e.due.clone() }))
            }
            E::ActionPlanReturned(e) => (e.organisation, e.number, effective, Some(Onsite::PlanReturned)),
            E::ActionCompleted(e) => {
                (e.organisation, e.number, e.done, Some(Onsite::ActionDone { action: e.action }))
            }
            E::RetestHeld(e) => {
                (e.organisation, e.number, e.on, Some(Onsite::Retested { mended: e.mended.clone() }))
            }
            E::AssessmentClosed(e) => (e.organisation, e.number, effective, Some(Onsite::Closed)),
            E::ImportBegun(_) | E::FileImported(_) | E::ImportWithdrawn(_) => return None,
        };
        let origin = Origin::of(import);
        Some((organisation, what.map(|what| OnsiteFact { position, day, number, what, origin })))
    }
}
