//! One organisation's compliance with one requirement, day by day: past, present and, if nobody
//! acts, future.

use proto::{Day, EditionId, Position};
use serde::{Deserialize, Serialize};

/// What holds on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The requirement is met.
    Met,
    /// Short of it, with an agreed plan in time.
    PartlyMet,
    /// Not met.
    NotMet,
    /// Nothing is known that says either way.
    NoEvidence,
    /// The requirement does not apply.
    NotApplicable,
}

impl Status {
    /// All of them, best first.
    pub const ALL: [Status; 5] =
        [Status::Met, Status::PartlyMet, Status::NotMet, Status::NoEvidence, Status::NotApplicable];

    /// The name in addresses and answers.
    pub const fn slug(self) -> &'static str {
        match self {
            Status::Met => "met",
            Status::PartlyMet => "partly-met",
            Status::NotMet => "not-met",
            Status::NoEvidence => "no-evidence",
            Status::NotApplicable => "not-applicable",
        }
    }

    /// The name on pages.
    pub const fn label(self) -> &'static str {
        match self {
            Status::Met => "Met",
            Status::PartlyMet => "Partly met",
            Status::NotMet => "Not met",
            Status::NoEvidence => "No evidence",
            Status::NotApplicable => "Not applicable",
        }
    }

    /// Its place in [`Status::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// How much it wants attention: not met first, met last.
    pub const fn attention(self) -> u8 {
        match self {
            Status::NotMet => 0,
            Status::NoEvidence => 1,
            Status::PartlyMet => 2,
            Status::Met => 3,
            Status::NotApplicable => 4,
        }
    }

    /// The status of a name, as in `?status=`.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Status::ALL.into_iter().find(|status| status.slug() == slug)
    }
}

/// Why a status began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing has happened yet.
    Nothing,
    /// The event at this position.
    Event(Position),
    /// The deadline of an edition came, and this is what there was by then: the event that would
    /// have counted, if any.
    Deadline(EditionId, Option<Position>),
    /// The plan agreed by this event ran out unfinished.
    PlanRanOut(Position),
    /// A day came that the event at this position had set.
    Passed(Passed, Position),
}

/// What was due on a day that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passed {
    /// An answer to the request for an on-site assessment.
    RequestUnanswered,
    /// The disclosure of an on-site assessment's outcome, and an agreed plan for its findings.
    OutcomeUndisclosed,
    /// An action of the agreed plan for the findings.
    ActionOverdue,
    /// The review of the continuity plan.
    ReviewDue,
    /// The yearly exercise of the continuity plan.
    ExerciseDue,
    /// The review or exercise of the delivery partner's plan.
    PartnerPlanLapsed,
    /// The yearly check of a service's certification.
    CheckDue,
    /// A certificate's last day.
    CertificateExpired,
    /// The last day of the plan for a gap until a renewal.
    GapPlanEnded,
}

impl Passed {
    /// Why a status began with it.
    pub const fn words(self) -> &'static str {
        match self {
            Passed::RequestUnanswered => "the request for an on-site assessment was not answered in time",
            Passed::OutcomeUndisclosed => {
                "the outcome of the on-site assessment was not disclosed, and no plan for its findings agreed, in time"
            }
            Passed::ActionOverdue => "an action of the plan agreed for the findings is overdue",
            Passed::ReviewDue => "the review of the continuity plan fell due",
            Passed::ExerciseDue => "the yearly exercise of the continuity plan fell due",
            Passed::PartnerPlanLapsed => "a review or exercise of the delivery partner’s plan fell due",
            Passed::CheckDue => "the yearly check of a service’s certification fell due",
            Passed::CertificateExpired => "a certificate ended and no other takes its place",
            Passed::GapPlanEnded => "the plan for the time until a renewal ended",
        }
    }
}

/// A status from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The first day it holds, at its end.
    pub day: Day,
    /// The status.
    pub status: Status,
    /// Why.
    pub cause: Cause,
}

/// The changes of status in order of day. Before the first, and where there is none, there is no
/// evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    changes: Vec<Change>,
}

/// What holds before the first change.
const BEFORE: Change = Change { day: Day::FIRST, status: Status::NoEvidence, cause: Cause::Nothing };

impl Timeline {
    /// The timeline of a rule that says what holds on a day, given the days on which that may
    /// change. Days on which nothing changes are left out.
    pub fn of_days(mut days: Vec<Day>, holds_on: impl Fn(Day) -> (Status, Cause)) -> Self {
        days.sort_unstable();
        days.dedup();
        let mut changes: Vec<Change> = Vec::new();
        for day in days {
            let (status, cause) = holds_on(day);
            let last = changes.last().unwrap_or(&BEFORE);
            if last.status != status {
                changes.push(Change { day, status, cause });
            }
        }
        changes.shrink_to_fit();
        Self { changes }
    }

    /// What holds at the end of a day.
    pub fn at(&self, day: Day) -> &Change {
        let after = self.changes.partition_point(|change| change.day <= day);
        after.checked_sub(1).and_then(|last| self.changes.get(last)).unwrap_or(&BEFORE)
    }

    /// The first change after a day: what will hold if nobody acts.
    pub fn next_after(&self, day: Day) -> Option<&Change> {
        self.changes.get(self.changes.partition_point(|change| change.day <= day))
    }

    /// All changes.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The stretches of one status within a span of days, both ends included.
    pub fn stretches(&self, from: Day, to: Day) -> impl Iterator<Item = (Day, Day, Status)> + '_ {
        let first = self.changes.partition_point(|change| change.day <= from);
        let begin = std::iter::once((from, self.at(from).status));
        let rest =
            self.changes.get(first..).unwrap_or_default().iter().map(|change| (change.day, change.status));
        let ends =
            self.changes.get(first..).unwrap_or_default().iter().map(|change| change.day.plus_days(-1));
        begin
            .chain(rest)
            .zip(ends.chain(std::iter::once(Day::LAST)))
            .take_while(move |((start, _), _)| *start <= to)
            .map(move |((start, status), end)| (start, end.min(to), status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i32) -> Day {
        Day::from_number(number)
    }

    fn timeline(statuses: &[(i32, Status)]) -> Timeline {
        let days = statuses.iter().map(|(number, _)| day(*number)).collect();
        Timeline::of_days(days, |at| {
            let last = statuses.iter().rfind(|(number, _)| day(*number) <= at);
            (last.map_or(Status::NoEvidence, |(_, status)| *status), Cause::Nothing)
        })
    }

    #[test]
    fn a_day_belongs_to_the_last_change_on_or_before_it() {
        let timeline = timeline(&[(10, Status::Met), (20, Status::NotMet)]);
        assert_eq!(timeline.at(day(9)).status, Status::NoEvidence);
        assert_eq!(timeline.at(day(10)).status, Status::Met);
        assert_eq!(timeline.at(day(19)).status, Status::Met);
        assert_eq!(timeline.at(day(20)).status, Status::NotMet);
        assert_eq!(timeline.next_after(day(10)).map(|change| change.day), Some(day(20)));
        assert_eq!(timeline.next_after(day(20)), None);
    }

    #[test]
    fn a_day_on_which_nothing_changes_is_no_change() {
        let timeline = timeline(&[(5, Status::NoEvidence), (10, Status::Met), (12, Status::Met)]);
        assert_eq!(timeline.changes().len(), 1);
    }

    proptest! {
        #[test]
        fn stretches_say_what_every_single_day_says(
            steps in prop::collection::btree_map(0..60i32, 0..5usize, 0..8),
            from in 0..60i32, length in 0..40i32,
        ) {
            let steps: Vec<(i32, Status)> = steps.into_iter().map(|(day, status)| (day, Status::ALL[status])).collect();
            let timeline = timeline(&steps);
            let to = from + length;
            let mut next = from;
            for (start, end, status) in timeline.stretches(day(from), day(to)) {
                prop_assert_eq!(start, day(next));
                prop_assert!(start <= end);
                for number in start.number()..=end.number() {
                    prop_assert_eq!(timeline.at(day(number)).status, status);
                }
                next = end.number() + 1;
            }
            prop_assert_eq!(next, to + 1);
        }
    }
}
