//! How an organisation's continuity plan is on a day, by what is recorded of it.

use std::collections::BTreeMap;

use proto::{
    Day, OdsCode, Position,
    continuity::{Against, exercise_due},
};

use crate::{
    facts::continuity::{Continuity, ContinuityFact},
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
    /// It does not stand.
    Short(Short),
    /// It stands, the last fact of it being this.
    Stands(ContinuityFact),
}

/// Since when a plan does not stand, and why.
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

    /// How the organisation's own plan is at the end of a day.
    pub(super) fn plan_on(&self, day: Day) -> Plan {
        let Pieces { in_force, none_since, exercised } = self.pieces(day);
        match (in_force, none_since) {
            (Some(in_force), _) => in_force.on(day, exercised),
            (None, Some(fact)) => short_by(fact),
            (None, None) => Plan::Unheard,
        }
    }

    /// The day of the approval of the plan in force at the end of a day, or of its last review after it.
    pub(crate) fn in_force_since(&self, day: Day) -> Option<Day> {
        self.pieces(day).in_force.map(|in_force| in_force.last.day)
    }

    /// The day on which a plan that stands at the end of a day lapses, if nobody acts.
    pub(crate) fn lapses(&self, day: Day) -> Option<Day> {
        let Pieces { in_force, exercised, .. } = self.pieces(day);
        let exercise = exercise_due(exercised?.day);
        in_force
            .filter(|in_force| in_force.covers)
            .map(|in_force| in_force.next_review.min(exercise))
            .filter(|due| *due > day)
    }

    /// The last exercise within the year up to a day, with how it went.
    pub(crate) fn last_exercise(&self, day: Day) -> Option<Against> {
        let counts = self.up_to(day).iter().rev().take_while(|fact| exercise_due(fact.day) > day);
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
                self.in_force = Some(InForce { covers, next_review, last: fact });
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

fn short_by(fact: ContinuityFact) -> Plan {
    Plan::Short(Short { since: fact.day, cause: Cause::Event(fact.position) })
}

/// An approved version.
struct InForce {
    covers: bool,
    next_review: Day,
    /// Its approval, or the last review after it.
    last: ContinuityFact,
}

impl InForce {
    fn on(&self, day: Day, exercised: Option<ContinuityFact>) -> Plan {
        let Some(exercised) = exercised.filter(|_| self.covers) else { return short_by(self.last) };
        let review = (self.next_review, Passed::ReviewDue, self.last.position);
        let exercise = (exercise_due(exercised.day), Passed::ExerciseDue, exercised.position);
        let (since, passed, position) = if exercise.0 < review.0 { exercise } else { review };
        if since <= day {
            Plan::Short(Short { since, cause: Cause::Passed(passed, position) })
        } else {
            Plan::Stands(later(self.last, exercised))
        }
    }
}
