//! What the events say of continuity plans.

use proto::{
    Day, OdsCode, Position,
    continuity::{Against, ContinuityEvent, uncovered},
};
use serde::{Deserialize, Serialize};

/// Something happened around an organisation's continuity plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinuityFact {
    /// The event that says so.
    pub position: Position,
    /// The day it took effect.
    pub day: Day,
    /// What.
    pub what: Continuity,
}

/// What happened around a continuity plan, as far as it bears on the requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Continuity {
    /// A version was written.
    Written,
    /// A version was approved.
    Approved {
        /// Whether it covers what a plan has to cover.
        covers: bool,
        /// The day of the next review.
        next_review: Day,
    },
    /// The approved version was reviewed.
    Reviewed {
        /// The day of the next review.
        next_review: Day,
    },
    /// The plan was given up.
    Withdrawn,
    /// The plan was exercised.
    Exercised(Against),
    /// The organisation leans on this partner's plan.
    RelianceStated(OdsCode),
    /// It no longer does.
    RelianceEnded(OdsCode),
}

impl Continuity {
    /// What an event says, and of whom; none where it bears on nothing.
    pub fn of(event: ContinuityEvent) -> Option<(OdsCode, Continuity)> {
        use ContinuityEvent as E;
        Some(match event {
            E::PlanWritten(e) => (e.organisation, Continuity::Written),
            E::PlanApproved(e) => {
                let covers = uncovered(&e.covers).is_empty();
                (e.organisation, Continuity::Approved { covers, next_review: e.next_review })
            }
            E::PlanReviewed(e) => (e.organisation, Continuity::Reviewed { next_review: e.next_review }),
            E::PlanWithdrawn(e) => (e.organisation, Continuity::Withdrawn),
            E::ExerciseHeld(e) => (e.organisation, Continuity::Exercised(e.outcome)),
            E::RelianceStated(e) => (e.organisation, Continuity::RelianceStated(e.partner)),
            E::RelianceEnded(e) => (e.organisation, Continuity::RelianceEnded(e.partner)),
            E::LessonActedUpon(_) | E::PlanInvoked(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proto::Header;

    use super::*;

    fn of_sample(name: &str) -> Option<(String, Continuity)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/samples/continuity");
        let body = fs::read(folder.join(format!("oversight.continuity.{name}.v1.json"))).unwrap();
        let event = Header::read(&body).unwrap().event().unwrap();
        Continuity::of(event).map(|(code, what)| (code.to_string(), what))
    }

    #[test]
    fn what_bears_on_the_requirement_is_taken_from_the_events() {
        let next = |text: &str| text.parse().unwrap();
        for (name, what) in [
            ("plan-written", Continuity::Written),
            ("plan-approved", Continuity::Approved { covers: true, next_review: next("2019-01-15") }),
            ("plan-reviewed", Continuity::Reviewed { next_review: next("2019-07-15") }),
            ("plan-withdrawn", Continuity::Withdrawn),
            ("exercise-held", Continuity::Exercised(Against::SomeMissed)),
            ("reliance-stated", Continuity::RelianceStated("0AR".parse().unwrap())),
            ("reliance-ended", Continuity::RelianceEnded("0AR".parse().unwrap())),
        ] {
            assert_eq!(of_sample(name), Some(("A81001".to_owned(), what)), "{name}");
        }
        assert_eq!(of_sample("lesson-acted-upon"), None);
        assert_eq!(of_sample("plan-invoked"), None);
    }
}
