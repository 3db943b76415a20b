//! Requirement 9: the on-site assessment, if asked for; act on it; share the outcome.
//!
//! The rule, for one assessment on a day:
//!
//! - Never asked: `NotApplicable`. Asked and not answered: `NoEvidence` up to [`ANSWER_DAYS`] days
//!   after the request, then `NotMet`. Refused: `NotMet`.
//! - Agreed, and not held: `Met`, since the organisation supports it; a visit that is called off
//!   changes nothing.
//! - Held: until the outcome is disclosed and, where there are findings, a plan for them is agreed,
//!   `PartlyMet` up to [`FOLLOW_UP_DAYS`] days after the visit, then `NotMet`. Disclosed and without
//!   findings: `Met`.
//! - A plan agreed: `PartlyMet` while nothing of it is overdue, `NotMet` from the day after the due day
//!   of an action until it is done, `Met` once all its actions are done. A finding that was recorded
//!   after the plan, or that a re-test found open with every action done, needs a plan of its own within
//!   [`FOLLOW_UP_DAYS`] days.
//! - All findings mended by the last re-test, or the assessment closed: `Met`.
//!
//! Of several assessments the worst counts; closed ones are `Met` and so never it while another is open.
//!
//! Sources: domain facts 2.2 and 2.3, row 9 (support it, follow the agreed plan, share the outcome),
//! 5.1 (what is recorded). That both spans of days exist at all, and how long they are, is our reading.

use std::collections::{BTreeMap, BTreeSet};

use proto::{Day, Moment, Position};

use super::conditions::{Condition, OnsiteUnmet, Unmet};
use crate::{
    facts::onsite::{Onsite, OnsiteFact},
    timeline::{Cause, Judged, Passed, Status, Timeline},
};

/// How many days after a request it may still be unanswered (our reading).
pub const ANSWER_DAYS: i32 = 28;

/// How many days after the visit the outcome may still be undisclosed, or its findings without an
/// agreed plan (our reading).
pub const FOLLOW_UP_DAYS: i32 = 30;

/// The timeline of the on-site requirement, from the facts up to a position.
pub fn timeline(facts: &[OnsiteFact], upto: Position, today: Day) -> Timeline {
    let known = in_order(facts, upto);
    let mut days = vec![Day::FIRST];
    for fact in &known {
        days.push(fact.day);
        match &fact.what {
            Onsite::Requested => days.push(fact.day.plus_days(ANSWER_DAYS + 1)),
            Onsite::Held | Onsite::FindingRecorded { .. } | Onsite::Retested { .. } => {
                days.push(fact.day.plus_days(FOLLOW_UP_DAYS + 1));
            }
            Onsite::PlanAgreed { due } => days.extend(due.iter().map(|(_, due)| due.plus_days(1))),
            _ => {}
        }
    }
    Timeline::of_days(days, today, |moment| judge_known(&known, moment))
}

/// What holds at a moment, and what is unmet, from the facts up to a position.
pub fn judge(facts: &[OnsiteFact], upto: Position, moment: Moment) -> Judged {
    judge_known(&in_order(facts, upto), moment)
}

fn judge_known(known: &[&OnsiteFact], moment: Moment) -> Judged {
    let until = known.partition_point(|fact| fact.day <= moment.day());
    holds_on(known.get(..until).unwrap_or_default(), moment)
}

/// The facts up to a position in order of day, of each assessment only the last word on when it was held.
pub(crate) fn in_order(facts: &[OnsiteFact], upto: Position) -> Vec<&OnsiteFact> {
    let known = facts.get(..facts.partition_point(|fact| fact.position <= upto)).unwrap_or_default();
    let mut known: Vec<&OnsiteFact> = known.iter().filter(|fact| fact.origin.stands(upto)).collect();
    let mut held = BTreeMap::new();
    for fact in known.iter().filter(|fact| fact.what == Onsite::Held) {
        held.insert(fact.number, fact.position);
    }
    known.retain(|fact| {
        fact.what != Onsite::Held || held.get(&fact.number).is_none_or(|last| *last == fact.position)
    });
    // Stable: of facts of one day the later recorded one is the later one.
    known.sort_by_key(|fact| fact.day);
    known
}

/// What holds at a moment, by the facts up to it in order of day.
fn holds_on(facts: &[&OnsiteFact], moment: Moment) -> Judged {
    let mut assessments: BTreeMap<u16, Seen> = BTreeMap::new();
    for fact in facts {
        assessments.entry(fact.number).or_default().note(fact);
    }
    let mut worst = Judged { status: Status::NotApplicable, cause: Cause::Nothing, unmet: Vec::new() };
    for (number, seen) in assessments {
        let Some((status, cause, lacks)) = seen.holds_on(moment) else { continue };
        if status.attention() < worst.status.attention() {
            (worst.status, worst.cause) = (status, cause);
        }
        let unmet = lacks.into_iter().map(|(what, event)| Condition::of(Unmet::Onsite(number, what), event));
        worst.unmet.extend(unmet);
    }
    worst
}

/// What holds of one assessment, why, and what it lacks, each with the event behind it.
type Held = (Status, Cause, Vec<(OnsiteUnmet, Position)>);

/// Where and when something stands.
type At = (Day, Position);

/// One assessment as seen on a day.
#[derive(Debug, Default)]
struct Seen {
    requested: Option<At>,
    agreed: Option<Position>,
    refused: Option<Position>,
    held: Option<At>,
    findings: BTreeMap<u16, At>,
    /// Which finding each action of the plans proposed is for.
    planned_for: BTreeMap<u16, u16>,
    disclosed: Option<Position>,
    plan: Option<Position>,
    /// When each action of the plan that is not done is due.
    open: BTreeMap<u16, Day>,
    /// The actions done: also on a day before the plan was agreed, and noted afterwards.
    done: BTreeMap<u16, Position>,
    /// The last of the plan's own that was done.
    last_done: Option<Position>,
    retest: Option<At>,
    mended: BTreeSet<u16>,
    /// A re-test that found something open although all actions were done.
    failed: Option<At>,
    closed: Option<Position>,
}

impl Seen {
    fn note(&mut self, fact: &OnsiteFact) {
        let (at, position) = ((fact.day, fact.position), fact.position);
        match &fact.what {
            Onsite::Requested => self.requested = Some(at),
            Onsite::Agreed => (self.agreed, self.refused) = (Some(position), None),
            Onsite::Refused => (self.agreed, self.refused) = (None, Some(position)),
            Onsite::Held => self.held = Some(at),
            Onsite::FindingRecorded { finding, .. } => {
                self.findings.insert(*finding, at);
            }
            Onsite::Disclosed => {
                self.disclosed.get_or_insert(position);
            }
            Onsite::PlanAgreed { due } => {
                (self.plan, self.failed) = (Some(position), None);
                self.last_done = due.iter().filter_map(|(action, _)| self.done.get(action)).max().copied();
                // Of a finding that does not count, because its import was withdrawn, nothing is asked.
                let is_asked = |(action, _): &&(u16, Day)| {
                    let finding = self.planned_for.get(action);
                    !self.done.contains_key(action)
                        && finding.is_none_or(|finding| self.findings.contains_key(finding))
                };
                self.open = due.iter().filter(is_asked).copied().collect();
            }
            Onsite::PlanProposed { findings } => self.planned_for.extend(findings.iter().copied()),
            Onsite::ActionDone { action } => {
                self.done.insert(*action, position);
                if self.open.remove(action).is_some() {
                    self.last_done = Some(position);
                }
            }
            Onsite::Retested { mended } => {
                self.retest = Some(at);
                self.mended = mended.iter().copied().collect();
                let all_done = self.plan.is_some() && self.open.is_empty();
                self.failed = (all_done && self.unmended().next().is_some()).then_some(at);
            }
            Onsite::Closed => self.closed = Some(position),
            Onsite::Cancelled | Onsite::PlanReturned => {}
        }
    }

    fn unmended(&self) -> impl Iterator<Item = At> {
        self.findings.iter().filter(|(number, _)| !self.mended.contains(number)).map(|(_, at)| *at)
    }

    /// What holds; none before it is asked for.
    fn holds_on(&self, moment: Moment) -> Option<Held> {
        let (requested_on, requested) = self.requested?;
        if let Some(closed) = self.closed {
            return Some((Status::Met, Cause::Event(closed), Vec::new()));
        }
        let Some(held) = self.held else {
            let in_time = requested_on.plus_days(ANSWER_DAYS);
            let unanswered = vec![(OnsiteUnmet::NotAnswered(in_time), requested)];
            return Some(match (self.refused, self.agreed) {
                (Some(refused), _) => {
                    (Status::NotMet, Cause::Event(refused), vec![(OnsiteUnmet::Declined, refused)])
                }
                (None, Some(agreed)) => (Status::Met, Cause::Event(agreed), Vec::new()),
                (None, None) if moment.day() <= in_time => {
                    (Status::NoEvidence, Cause::Event(requested), unanswered)
                }
                (None, None) => {
                    (Status::NotMet, Cause::Passed(Passed::RequestUnanswered, requested), unanswered)
                }
            });
        };
        Some(self.follow_up(held, moment.day()))
    }

    /// What holds once it was held.
    fn follow_up(&self, held: At, day: Day) -> Held {
        let Some(disclosed) = self.disclosed else {
            let (status, cause) = in_time(held, day);
            let not_shared = (OnsiteUnmet::NotShared(held.0.plus_days(FOLLOW_UP_DAYS)), held.1);
            let unplanned = self.plan.is_none().then(|| self.unplanned(held)).flatten();
            return (status, cause, [not_shared].into_iter().chain(unplanned).collect());
        };
        if self.unmended().next().is_none() {
            let last = self.retest.filter(|_| !self.findings.is_empty());
            return (Status::Met, Cause::Event(last.map_or(disclosed, |(_, retest)| retest)), Vec::new());
        }
        let Some(plan) = self.plan else {
            let (status, cause) = in_time(held, day);
            return (status, cause, self.unplanned(held).into_iter().collect());
        };
        self.by_plan(plan, day)
    }

    /// What holds once a plan is agreed for the findings.
    fn by_plan(&self, plan: Position, day: Day) -> Held {
        // The span of what no plan is for yet begins with the first of it.
        let after_plan = || self.unmended().filter(|(_, recorded)| *recorded > plan).chain(self.failed);
        let unplanned = after_plan().min();
        let mut lacks = Vec::new();
        let overdue = || self.open.values().copied().filter(|due| *due < day);
        if let Some(first) = overdue().min() {
            lacks.push((OnsiteUnmet::ActionsOverdue(count(overdue()), first), plan));
        }
        if let Some((since, event)) = unplanned {
            let in_time = since.plus_days(FOLLOW_UP_DAYS);
            lacks.push((OnsiteUnmet::NoPlan(count(after_plan()), in_time), event));
        }
        match (overdue().next(), unplanned, self.last_done) {
            (Some(_), ..) => {
                return (Status::NotMet, Cause::Passed(Passed::ActionOverdue, plan), lacks);
            }
            (None, Some(since), _) => {
                let (status, cause) = in_time(since, day);
                return (status, cause, lacks);
            }
            (None, None, Some(done)) if self.open.is_empty() => {
                return (Status::Met, Cause::Event(done), Vec::new());
            }
            _ => {}
        }
        lacks.push(match self.open.values().min() {
            Some(next) => (OnsiteUnmet::ActionsOpen(count(self.open.values()), *next), plan),
            None => (OnsiteUnmet::PlanUnfinished, plan),
        });
        (Status::PartlyMet, Cause::Event(plan), lacks)
    }

    /// The findings without a plan, where none is agreed; none where nothing is open.
    fn unplanned(&self, (held, position): At) -> Option<(OnsiteUnmet, Position)> {
        let open = count(self.unmended());
        (open > 0).then(|| (OnsiteUnmet::NoPlan(open, held.plus_days(FOLLOW_UP_DAYS)), position))
    }
}

/// What holds while something that is to follow on a visit, a finding or a re-test is open.
fn in_time((since, position): At, day: Day) -> (Status, Cause) {
    if day <= since.plus_days(FOLLOW_UP_DAYS) {
        (Status::PartlyMet, Cause::Event(position))
    } else {
        (Status::NotMet, Cause::Passed(Passed::OutcomeUndisclosed, position))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
