//! How an organisation's continuity plan is on a day, by what is recorded of it.

use std::collections::BTreeMap;

use proto::{
    Day, Moment, OdsCode, Position,
    continuity::{Against, exercise_due},
};

use crate::{
    facts::continuity::{Continuity, ContinuityFact},
    rules::conditions::PlanUnmet,
    timeline::{Cause, Passed},
};

/// Of two facts the one that took effect later; on one day, the one recorded later.
pub(super) fn later(one: ContinuityFact, other: ContinuityFact) -> ContinuityFact {
    if (other.day, other.position) > (one.day, one.position) { other } else { one }
}

/// How an organisation's own plan is on a day.
pub(super) enum Plan {
    /// Nothing is recorded of it.
    Unheard,
    /// It is not up to date: since when and why, and all that it lacks, at least one thing.
    Short(Short, Vec<Lack>),
    /// It is up to date, the last fact of it being this.
    Stands(ContinuityFact),
}

/// Something that a plan lacks.
#[derive(Clone, Copy)]
pub(super) struct Lack {
    pub(super) what: PlanUnmet,
    /// The event behind it.
    pub(super) event: Position,
    /// Since when, on this plan: never before it was approved.
    since: Day,
    cause: Cause,
}

impl Lack {
    /// By what happened.
    fn by(what: PlanUnmet, fact: ContinuityFact) -> Self {
        let cause = Cause::Event(fact.position);
        Self { what, event: fact.position, since: fact.day, cause }
    }

    /// By what was due on a day, as a fact had set it.
    fn late(what: PlanUnmet, passed: Passed, due: Day, fact: ContinuityFact) -> Self {
        let cause = Cause::Passed(passed, fact.position);
        Self { what, event: fact.position, since: due, cause }
    }
}

/// Since when a plan is not up to date, and why.
#[derive(Clone, Copy)]
pub(super) struct Short {
    pub(super) since: Day,
    pub(super) cause: Cause,
}

/// What is recorded of an organisation, in order of day; within a day, of the log.
pub(crate) struct Facts(Vec<ContinuityFact>);

impl Facts {
    pub(crate) fn known(facts: &[ContinuityFact], upto: Position) -> Self {
        let known = facts.partition_point(|fact| fact.position <= upto);
        let mut known = facts.get(..known).unwrap_or_default().to_vec();
        // Stable: of facts of one day the later recorded one is the later one.
        known.sort_by_key(|fact| fact.day);
        Self(known)
    }

    /// Whether nothing is recorded.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn up_to(&self, day: Day) -> &[ContinuityFact] {
        let until = self.0.partition_point(|fact| fact.day <= day);
        self.0.get(..until).unwrap_or_default()
    }

    /// The days on which something happened or falls due.
    pub(super) fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.0.iter().flat_map(|fact| {
            let due = match fact.what {
                Continuity::Approved { next_review, .. } | Continuity::Reviewed { next_review } => {
                    Some(next_review)
                }
                Continuity::Exercised(_) => Some(exercise_due(fact.day)),
                _ => None,
            };
            [Some(fact.day), due].into_iter().flatten()
        })
    }

    /// The partners ever leant on.
    pub(super) fn ever_leant_on(&self) -> impl Iterator<Item = OdsCode> + '_ {
        self.0.iter().filter_map(|fact| match fact.what {
            Continuity::RelianceStated(partner) => Some(partner),
            _ => None,
        })
    }

    /// The partners leant on at the end of a day, each with the fact that says so.
    pub(crate) fn leans_on(&self, day: Day) -> BTreeMap<OdsCode, ContinuityFact> {
        let mut leant = BTreeMap::new();
        for fact in self.up_to(day) {
            match fact.what {
                Continuity::RelianceStated(partner) => {
                    leant.entry(partner).or_insert(*fact);
                }
                Continuity::RelianceEnded(partner) => {
                    leant.remove(&partner);
                }
                _ => {}
            }
        }
        leant
    }

    /// How the organisation's own plan is at a moment.
    pub(super) fn plan_on(&self, moment: Moment) -> Plan {
        let pieces = self.pieces(moment.day());
        let mut lacks = match pieces.lacks(moment) {
            Some(lacks) => lacks,
            None => return Plan::Unheard,
        };
        // Stable: of what it lacks since one day the graver comes first.
        lacks.sort_by_key(|lack| lack.since);
        match (lacks.first().copied(), pieces.in_force, pieces.exercised) {
            (None, Some(in_force), Some(exercised)) => Plan::Stands(later(in_force.last, exercised)),
            (Some(first), ..) => Plan::Short(Short { since: first.since, cause: first.cause }, lacks),
            // Without a plan in force, or an exercise, something is lacking.
            (None, ..) => Plan::Unheard,
        }
    }

    /// The day of the approval of the plan in force at the end of a day, or of its last review after it.
    pub(crate) fn in_force_since(&self, day: Day) -> Option<Day> {
        self.pieces(day).in_force.map(|in_force| in_force.last.day)
    }

    /// The day at whose end a plan that is up to date at a moment no longer is, if nothing changes.
    pub(crate) fn lapses(&self, moment: Moment) -> Option<Day> {
        let Pieces { in_force, exercised, .. } = self.pieces(moment.day());
        let exercise = exercise_due(exercised?.day);
        in_force
            .filter(|in_force| in_force.covers)
            .map(|in_force| in_force.next_review.min(exercise))
            .filter(|due| !moment.is_over(*due))
    }

    /// The last exercise that still counts at a moment, with how it went.
    pub(crate) fn last_exercise(&self, moment: Moment) -> Option<Against> {
        let facts = self.up_to(moment.day()).iter().rev();
        let counts = facts.take_while(|fact| !moment.is_over(exercise_due(fact.day)));
        counts.into_iter().find_map(|fact| match fact.what {
            Continuity::Exercised(outcome) => Some(outcome),
            _ => None,
        })
    }

    fn pieces(&self, day: Day) -> Pieces {
        let mut pieces = Pieces::default();
        for fact in self.up_to(day) {
            pieces.note(*fact);
        }
        pieces
    }
}

/// What a plan is judged by.
#[derive(Default)]
struct Pieces {
    in_force: Option<InForce>,
    /// Since when there is something, but no plan in force.
    none_since: Option<ContinuityFact>,
    /// The last exercise.
    exercised: Option<ContinuityFact>,
}

impl Pieces {
    fn note(&mut self, fact: ContinuityFact) {
        match fact.what {
            Continuity::Written => self.heard_of(fact),
            Continuity::Approved { covers, next_review } => {
                self.in_force = Some(InForce { covers, next_review, approved: fact, last: fact });
            }
            // Of a plan that is not in force a review says nothing, but that there is something.
            Continuity::Reviewed { next_review } => match &mut self.in_force {
                Some(in_force) => (in_force.next_review, in_force.last) = (next_review, fact),
                None => self.heard_of(fact),
            },
            Continuity::Withdrawn => (self.in_force, self.none_since) = (None, Some(fact)),
            Continuity::Exercised(_) => {
                self.exercised = Some(fact);
                self.heard_of(fact);
            }
            Continuity::RelianceStated(_) | Continuity::RelianceEnded(_) => {}
        }
    }

    fn heard_of(&mut self, fact: ContinuityFact) {
        self.none_since.get_or_insert(fact);
    }
}

impl Pieces {
    /// What the plan lacks at a moment; none where nothing is recorded of it.
    fn lacks(&self, moment: Moment) -> Option<Vec<Lack>> {
        // What a plan lacks it lacks since it is there, whatever was late before.
        let there = match (&self.in_force, self.none_since) {
            (Some(in_force), _) => in_force.approved,
            (None, Some(fact)) => fact,
            (None, None) => return None,
        };
        let mut lacks = Vec::new();
        match &self.in_force {
            Some(in_force) => lacks.extend(in_force.lacks(moment)),
            None if there.what == Continuity::Withdrawn => {
                lacks.push(Lack::by(PlanUnmet::Withdrawn(there.day), there));
            }
            None => lacks.push(Lack::by(PlanUnmet::NotApproved, there)),
        }
        match self.exercised {
            None => lacks.push(Lack::by(PlanUnmet::NeverTested, there)),
            Some(exercised) if moment.is_over(exercise_due(exercised.day)) => {
                let due = exercise_due(exercised.day);
                let what = PlanUnmet::TestDue(exercised.day, due);
                lacks.push(match due < there.day {
                    // It was too old already when the plan came: that began with the plan.
                    true => Lack { event: exercised.position, ..Lack::by(what, there) },
                    false => Lack::late(what, Passed::ExerciseDue, due, exercised),
                });
            }
            Some(_) => {}
        }
        Some(lacks)
    }
}

/// An approved version.
struct InForce {
    covers: bool,
    next_review: Day,
    approved: ContinuityFact,
    /// Its approval, or the last review after it.
    last: ContinuityFact,
}

impl InForce {
    fn lacks(&self, moment: Moment) -> impl Iterator<Item = Lack> {
        let leaves_out = (!self.covers).then(|| Lack::by(PlanUnmet::LeavesOut, self.approved));
        let late = moment.is_over(self.next_review).then(|| {
            let what = PlanUnmet::ReviewDue(self.next_review);
            Lack::late(what, Passed::ReviewDue, self.next_review, self.last)
        });
        leaves_out.into_iter().chain(late)
    }
}
