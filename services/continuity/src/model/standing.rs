//! How a plan stands on a day: by the few dates that decide it, whoever keeps them.

use proto::{
    Day,
    continuity::{ContinuityEvent, Scenario, exercise_due, uncovered},
};
use serde::{Deserialize, Serialize};

/// The dates of an organisation's plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// How many versions were written.
    pub written: u16,
    /// The approved version, unless it was withdrawn.
    pub in_force: Option<InForce>,
    /// The day it was withdrawn, while no other is approved.
    pub withdrawn: Option<Day>,
    /// The day of the last exercise.
    pub exercised: Option<Day>,
}

/// An approved version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Which.
    pub version: u16,
    /// The day it was approved.
    pub since: Day,
    /// The day it was approved or last reviewed.
    pub looked_at: Day,
    /// The day of the next review.
    pub next_review: Day,
    /// What it has to cover and does not.
    pub uncovered: Vec<Scenario>,
}

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// The review.
    Review,
    /// The yearly exercise.
    Exercise,
}

impl Due {
    /// The name in answers.
    pub const fn slug(self) -> &'static str {
        match self {
            Due::Review => "review-due",
            Due::Exercise => "exercise-due",
        }
    }

    /// What is to be done.
    pub const fn words(self) -> &'static str {
        match self {
            Due::Review => "review",
            Due::Exercise => "exercise",
        }
    }
}

/// How a plan stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was written.
    NoPlan,
    /// A version was written, and none approved yet.
    NotApproved,
    /// It was withdrawn on this day.
    Withdrawn(Day),
    /// The approved version leaves out what it has to cover.
    LeavesOut(Vec<Scenario>),
    /// It was approved, and never exercised.
    NeverExercised,
    /// Something fell due on this day, and was not done.
    Lapsed(Day, Due),
    /// It stands until something falls due on this day.
    Stands(Day, Due),
}

impl Standing {
    /// The name in answers.
    pub const fn slug(&self) -> &'static str {
        match self {
            Standing::NoPlan => "no-plan",
            Standing::NotApproved => "not-approved",
            Standing::Withdrawn(_) => "withdrawn",
            Standing::LeavesOut(_) => "leaves-out",
            Standing::NeverExercised => "never-exercised",
            Standing::Lapsed(..) => "lapsed",
            Standing::Stands(..) => "stands",
        }
    }
}

impl Dates {
    /// The day the next exercise falls due; none before the first.
    pub fn next_exercise(&self) -> Option<Day> {
        self.exercised.map(exercise_due)
    }

    /// The first day at whose end the approved plan no longer stands if nothing is done: the day of the
    /// next review or of the next exercise, whichever is earlier; and which of them it is.
    pub fn lapses(&self) -> Option<(Day, Due)> {
        let review = (self.in_force.as_ref()?.next_review, Due::Review);
        Some(review.min((self.next_exercise()?, Due::Exercise)))
    }

    /// How the plan stands at the end of a day, by what is recorded now.
    pub fn standing(&self, day: Day) -> Standing {
        let Some(in_force) = &self.in_force else {
            return match self.withdrawn {
                Some(on) => Standing::Withdrawn(on),
                None if self.written == 0 => Standing::NoPlan,
                None => Standing::NotApproved,
            };
        };
        if !in_force.uncovered.is_empty() {
            return Standing::LeavesOut(in_force.uncovered.clone());
        }
        match self.lapses() {
            None => Standing::NeverExercised,
            Some((on, due)) if on <= day => Standing::Lapsed(on, due),
            Some((on, due)) => Standing::Stands(on, due),
        }
    }

    /// That in a sentence.
    pub fn sentence(&self, day: Day) -> String {
        let version = self.in_force.as_ref().map(|in_force| in_force.version).unwrap_or_default();
        match self.standing(day) {
            Standing::NoPlan => "No continuity plan has been recorded.".to_owned(),
            Standing::NotApproved => "A plan has been written, but no version of it is approved.".to_owned(),
            Standing::Withdrawn(on) => {
                format!("The plan was withdrawn on {}, and no other is approved.", on.long())
            }
            Standing::LeavesOut(scenarios) => {
                let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.words()).collect();
                format!(
                    "Version {version} is approved, but leaves out what it has to cover: {}.",
                    names.join("; ")
                )
            }
            Standing::NeverExercised => {
                format!("Version {version} is approved, but the plan has never been exercised.")
            }
            Standing::Lapsed(on, due) => {
                format!("Version {version} lapsed on {}: the next {} fell due.", on.long(), due.words())
            }
            Standing::Stands(on, due) => {
                format!(
                    "Version {version} stands; it lapses on {} unless the next {} is held by the end of that day.",
                    on.long(),
                    due.words()
                )
            }
        }
    }

    /// The last day on which the plan was approved, reviewed or withdrawn.
    pub fn decided(&self) -> Option<Day> {
        self.withdrawn.max(self.in_force.as_ref().map(|in_force| in_force.looked_at))
    }

    /// Takes in an event that took effect on a day.
    pub fn note(&mut self, event: &ContinuityEvent, effective: Day) {
        match event {
            ContinuityEvent::PlanWritten(event) => self.written = event.version,
            ContinuityEvent::PlanApproved(event) => {
                self.withdrawn = None;
                self.in_force = Some(InForce {
                    version: event.version,
                    since: event.on,
                    looked_at: event.on,
                    next_review: event.next_review,
                    uncovered: uncovered(&event.covers),
                });
            }
            ContinuityEvent::PlanReviewed(event) => {
                if let Some(in_force) = &mut self.in_force {
                    in_force.looked_at = event.on;
                    in_force.next_review = event.next_review;
                }
            }
            ContinuityEvent::PlanWithdrawn(_) => {
                self.in_force = None;
                self.withdrawn = Some(effective);
            }
            // Exercises may be recorded in any order.
            ContinuityEvent::ExerciseHeld(event) => self.exercised = self.exercised.max(Some(event.on)),
            ContinuityEvent::LessonActedUpon(_)
            | ContinuityEvent::PlanInvoked(_)
            | ContinuityEvent::RelianceStated(_)
            | ContinuityEvent::RelianceEnded(_) => {}
        }
    }
}
