//! How a plan stands on a day: by the few dates that decide it, whoever keeps them.

use proto::{
    Day, Moment,
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
            Due::Exercise => "test",
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
    /// The approved version came when the last exercise, of this day, was too old already.
    ExerciseTooOld(Day),
    /// Something was due on this day, which is over, and was not done.
    Lapsed(Day, Due),
    /// It is up to date to the end of this day, on which something is due.
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
            Standing::ExerciseTooOld(_) => "exercise-too-old",
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

    /// The day at whose end the approved plan is no longer up to date if nothing is done: the day of the
    /// next review or of the next exercise, whichever is earlier; and which of them it is. None of a
    /// version that never was: a plan cannot lapse before it was approved.
    pub fn lapses(&self) -> Option<(Day, Due)> {
        let in_force = self.in_force.as_ref()?;
        let review = (in_force.next_review, Due::Review);
        let first = review.min((self.next_exercise()?, Due::Exercise));
        (first.0 >= in_force.since).then_some(first)
    }

    /// How the plan stands at a moment, by what is recorded now.
    pub fn standing(&self, moment: Moment) -> Standing {
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
        match (self.exercised, self.lapses()) {
            (None, _) => Standing::NeverExercised,
            (Some(last), None) => Standing::ExerciseTooOld(last),
            (_, Some((on, due))) if moment.is_over(on) => Standing::Lapsed(on, due),
            (_, Some((on, due))) => Standing::Stands(on, due),
        }
    }

    /// That in a sentence.
    pub fn sentence(&self, moment: Moment) -> String {
        let version = self.in_force.as_ref().map(|in_force| in_force.version).unwrap_or_default();
        match self.standing(moment) {
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
                format!("Version {version} is approved, but the plan has never been tested.")
            }
            Standing::ExerciseTooOld(last) => format!(
                "Version {version} is approved, but the plan was last tested on {}, more than a year before.",
                last.long()
            ),
            Standing::Lapsed(on, due) => {
                format!("Version {version} is not up to date: its {} was due on {}.", due.words(), on.long())
            }
            Standing::Stands(on, due) if on == moment.day() => {
                format!("Version {version} is up to date. Its {} is due today.", due.words())
            }
            Standing::Stands(on, due) => {
                format!("Version {version} is up to date. Its next {} is due on {}.", due.words(), on.long())
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
