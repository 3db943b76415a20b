//! One organisation's compliance with one requirement, day by day: past, present and, if nothing
//! changes, future.
//!
//! Of a day that is over, or to come, what counts is its end. The day that is running has not ended: what
//! is due on it has not been missed. So of today a timeline tells what holds now, and as the next change
//! what will hold at its end.

use proto::{Day, EditionId, Moment, Position};
use serde::{Deserialize, Serialize};

use crate::rules::conditions::Condition;

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
    /// The deadline of an edition came, and the register of this day shows that nothing was published for it or a later
    /// one: by this event.
    NotInRegister(EditionId, Day, Position),
    /// The register of this day no longer shows the result that counted: by this event.
    NoLongerInRegister(EditionId, Day, Position),
    /// The deadline of an edition came, and nothing was read that would show whether it was met.
    NotKnown(EditionId),
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
            Passed::RequestUnanswered => {
                "the request for an on-site assessment was not answered by its due date"
            }
            Passed::OutcomeUndisclosed => {
                "the outcome of the on-site assessment was not shared, or its findings had no agreed plan, by the due date"
            }
            Passed::ActionOverdue => "an action of the plan agreed for the findings is overdue",
            Passed::ReviewDue => "the review of the continuity plan was due",
            Passed::ExerciseDue => "the yearly test of the continuity plan was due",
            Passed::PartnerPlanLapsed => "a review or test of the delivery partner’s plan was due",
            Passed::CheckDue => "the yearly check of a service’s certification was due",
            Passed::CertificateExpired => "a certificate ended and no other replaces it",
            Passed::GapPlanEnded => "the plan for the time until a renewal ended",
        }
    }
}

/// What a rule says of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What holds.
    pub status: Status,
    /// Why it began, if it began then.
    pub cause: Cause,
    /// What is unmet: nothing exactly where the requirement is met or does not apply.
    pub unmet: Vec<Condition>,
}

impl Judged {
    /// Nothing is unmet.
    pub fn met(cause: Cause) -> Self {
        Self { status: Status::Met, cause, unmet: Vec::new() }
    }
}

/// A status from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The first day at whose end it holds. Of the running day it may be still to come:
    /// [`Timeline::is_to_come`].
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
    /// The running day, where it ends with a change: the last change of this day has not come yet.
    running: Option<Day>,
}

/// What holds before the first change.
const BEFORE: Change = Change { day: Day::FIRST, status: Status::NoEvidence, cause: Cause::Nothing };

impl Timeline {
    /// The timeline of a rule that judges moments, given the days on which its judgement may change and
    /// the day that is running. Days on which nothing changes are left out.
    pub fn of_days(mut days: Vec<Day>, today: Day, judge: impl Fn(Moment) -> Judged) -> Self {
        days.sort_unstable();
        days.dedup();
        let mut timeline = Self::default();
        for day in days {
            if day == today {
                timeline.add(day, judge(Moment::During(day)));
            }
            let ends_otherwise = timeline.add(day, judge(Moment::EndOf(day)));
            if day == today {
                timeline.running = ends_otherwise.then_some(day);
            }
        }
        timeline.changes.shrink_to_fit();
        timeline
    }

    /// Adds what is judged of a day, and says whether it is a change.
    fn add(&mut self, day: Day, Judged { status, cause, .. }: Judged) -> bool {
        let is_change = self.changes.last().unwrap_or(&BEFORE).status != status;
        if is_change {
            self.changes.push(Change { day, status, cause });
        }
        is_change
    }

    /// What holds on a day: at its end, or of the running day now.
    pub fn at(&self, day: Day) -> &Change {
        self.begun(day).checked_sub(1).and_then(|last| self.changes.get(last)).unwrap_or(&BEFORE)
    }

    /// What holds at the end of a day, the running one included.
    pub fn at_end_of(&self, day: Day) -> &Change {
        let by_its_end = self.changes.partition_point(|change| change.day <= day);
        by_its_end.checked_sub(1).and_then(|last| self.changes.get(last)).unwrap_or(&BEFORE)
    }

    /// The first change after that: what will hold if nothing changes.
    pub fn next_after(&self, day: Day) -> Option<&Change> {
        self.changes.get(self.begun(day))
    }

    /// All changes.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether a change of the running day comes only at its end.
    pub fn is_to_come(&self, change: &Change) -> bool {
        self.running == Some(change.day) && self.at(change.day) != change
    }

    /// How many changes have come by a day.
    fn begun(&self, day: Day) -> usize {
        let by_its_end = self.changes.partition_point(|change| change.day <= day);
        by_its_end.saturating_sub(usize::from(self.running == Some(day)))
    }

    /// From which whole day on a change holds.
    fn from(&self, change: &Change) -> Day {
        if self.is_to_come(change) { change.day.plus_days(1) } else { change.day }
    }

    /// The stretches of one status within a span of days, both ends included.
    pub fn stretches(&self, from: Day, to: Day) -> impl Iterator<Item = (Day, Day, Status)> + '_ {
        let rest = self.changes.get(self.begun(from)..).unwrap_or_default();
        let begin = std::iter::once((from, self.at(from).status));
        let starts = rest.iter().map(|change| (self.from(change), change.status));
        let ends = rest.iter().map(|change| self.from(change).plus_days(-1));
        begin
            .chain(starts)
            .zip(ends.chain(std::iter::once(Day::LAST)))
            .take_while(move |((start, _), _)| *start <= to)
            .map(move |((start, status), end)| (start, end.min(to), status))
            // What the running day ends with may be over with the next day's beginning.
            .filter(|(start, end, _)| start <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i32) -> Day {
        Day::from_number(number)
    }

    fn held(status: Status) -> Judged {
        Judged { status, cause: Cause::Nothing, unmet: Vec::new() }
    }

    fn timeline(statuses: &[(i32, Status)]) -> Timeline {
        running(statuses, &[], Day::LAST)
    }

    /// Of statuses that begin on a day, and ones that begin only at the end of one.
    fn running(statuses: &[(i32, Status)], at_the_end: &[(i32, Status)], today: Day) -> Timeline {
        let days = statuses.iter().chain(at_the_end).map(|(number, _)| day(*number)).collect();
        Timeline::of_days(days, today, |moment| {
            let begun = statuses.iter().filter(|(number, _)| day(*number) <= moment.day());
            let ended = at_the_end.iter().filter(|(number, _)| moment.is_over(day(*number)));
            // Of one day, what comes at its end is the later.
            let last = begun.map(|step| (step.0, 0, step.1)).chain(ended.map(|step| (step.0, 1, step.1)));
            held(last.max_by_key(|(day, order, _)| (*day, *order)).map_or(Status::NoEvidence, |step| step.2))
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

    #[test]
    fn what_comes_at_the_end_of_the_running_day_has_not_come() {
        let lapses = |today| running(&[(10, Status::Met)], &[(20, Status::NotMet)], day(today));
        for (today, on, status) in [
            (19, 19, Status::Met),
            (19, 20, Status::NotMet),
            (20, 19, Status::Met),
            (20, 20, Status::Met),
            (20, 21, Status::NotMet),
            (21, 20, Status::NotMet),
            (21, 21, Status::NotMet),
        ] {
            assert_eq!(lapses(today).at(day(on)).status, status, "on {on}, asked on {today}");
        }
        let timeline = lapses(20);
        let next = timeline.next_after(day(20)).unwrap();
        assert_eq!((next.day, next.status), (day(20), Status::NotMet));
        assert!(timeline.is_to_come(next));
        assert_eq!(lapses(21).next_after(day(20)), None);
    }

    #[test]
    fn what_is_done_on_the_running_day_counts_at_once() {
        let timeline = running(&[(20, Status::PartlyMet)], &[(20, Status::NotMet)], day(20));
        assert_eq!(timeline.at(day(20)).status, Status::PartlyMet);
        assert_eq!(timeline.changes().len(), 2);
        assert!(!timeline.is_to_come(&timeline.changes()[0]));
        assert!(timeline.is_to_come(&timeline.changes()[1]));
    }

    proptest! {
        #[test]
        fn stretches_say_what_every_single_day_says(
            steps in prop::collection::btree_map(0..60i32, 0..5usize, 0..8),
            ends in prop::collection::btree_map(0..60i32, 0..5usize, 0..8),
            from in 0..60i32, length in 0..40i32, today in 0..60i32,
        ) {
            let of = |steps: std::collections::BTreeMap<i32, usize>| -> Vec<(i32, Status)> {
                steps.into_iter().map(|(day, status)| (day, Status::ALL[status])).collect()
            };
            let timeline = running(&of(steps), &of(ends), day(today));
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
