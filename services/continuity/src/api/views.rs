//! The shapes of what is shown.

use proto::{
    Day, Moment, OdsCode, PersonId,
    continuity::{Against, ExerciseKind, Scenario},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::{Case, Desk},
    input::{PlanDocument, PlannedSystemBody},
    model::{Dates, Reliance, Run, Standing, Withdrawal},
};

/// How a plan stands today, and until when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanStandingView {
    /// `no-plan`, `not-approved`, `withdrawn`, `leaves-out`, `never-exercised`, `exercise-too-old`, `lapsed` or
    /// `stands`. What is due today has not lapsed.
    state: &'static str,
    /// That in a sentence.
    says: String,
    /// The approved version.
    version: Option<u16>,
    /// The day on which the next review falls due.
    #[schema(value_type = Option<String>, format = "date")]
    next_review: Option<Day>,
    /// The day on which the next exercise falls due: the last one counts for 365 days.
    #[schema(value_type = Option<String>, format = "date")]
    next_exercise: Option<Day>,
    /// The day at whose end the approved plan is no longer up to date if nothing is done.
    #[schema(value_type = Option<String>, format = "date")]
    lapses: Option<Day>,
    /// Why it lapses: `review-due` or `exercise-due`.
    because: Option<&'static str>,
    /// What the approved version has to cover and does not.
    #[schema(value_type = Vec<String>)]
    leaves_out: Vec<Scenario>,
}

impl PlanStandingView {
    pub fn of(dates: &Dates, today: Day) -> Self {
        // The day runs: what is due on it may still be done.
        let now = Moment::During(today);
        let standing = dates.standing(now);
        let (lapses, because) = dates.lapses().unzip();
        Self {
            state: standing.slug(),
            says: dates.sentence(now),
            version: dates.in_force.as_ref().map(|in_force| in_force.version),
            next_review: dates.in_force.as_ref().map(|in_force| in_force.next_review),
            next_exercise: dates.next_exercise(),
            lapses,
            because: because.map(|due| due.slug()),
            leaves_out: match standing {
                Standing::LeavesOut(scenarios) => scenarios,
                _ => Vec::new(),
            },
        }
    }

    /// The values of a row of a file, after code and name.
    pub fn cells(&self) -> [String; 6] {
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        [
            self.state.to_owned(),
            self.version.map(|version| version.to_string()).unwrap_or_default(),
            day(self.next_review),
            day(self.next_exercise),
            day(self.lapses),
            self.because.unwrap_or_default().to_owned(),
        ]
    }
}

/// A person as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanPersonView {
    /// The id in the directory.
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    /// The name and role; none once deleted from the directory.
    name: Option<String>,
}

/// An organisation's plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContinuityPlanView {
    /// The organisation's code.
    #[schema(value_type = String)]
    code: OdsCode,
    /// Its name; the code where no file lists it.
    name: String,
    /// How the plan stands today.
    standing: PlanStandingView,
    /// The versions, oldest first.
    versions: Vec<PlanVersionView>,
    /// The approvals, oldest first.
    approvals: Vec<PlanDecisionView>,
    /// The reviews, oldest first.
    reviews: Vec<PlanDecisionView>,
    /// The withdrawal, while no other version is approved.
    withdrawal: Option<PlanWithdrawalView>,
    /// Exercises and invocations, by number.
    exercises: Vec<ExerciseView>,
    /// The plans of others it leans on or leant on.
    reliances: Vec<RelianceView>,
    /// The last event this depends on.
    position: u64,
}

/// A version of a plan.
#[derive(Debug, Serialize, ToSchema)]
struct PlanVersionView {
    /// Its number.
    version: u16,
    /// Who owns it.
    owner: PlanPersonView,
    /// What it covers.
    #[schema(value_type = Vec<String>)]
    covers: Vec<Scenario>,
    /// The systems it is about.
    systems: Vec<PlannedSystemBody>,
    /// Where the document is.
    document: Option<PlanDocument>,
}

/// An approval or a review of a version.
#[derive(Debug, Serialize, ToSchema)]
struct PlanDecisionView {
    /// Of which version.
    version: u16,
    /// By whom.
    by: PlanPersonView,
    /// On which day.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// The day of the next review.
    #[schema(value_type = String, format = "date")]
    next_review: Day,
}

/// The plan was given up.
#[derive(Debug, Serialize, ToSchema)]
struct PlanWithdrawalView {
    /// From which day on.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// Why.
    reason: String,
}

/// An exercise, or the real thing.
#[derive(Debug, Serialize, ToSchema)]
struct ExerciseView {
    /// Its number.
    number: u16,
    /// How it was exercised, `desktop` or `live`; none: the plan was needed for real.
    #[schema(value_type = Option<String>)]
    kind: Option<ExerciseKind>,
    /// What was played or happened.
    #[schema(value_type = String)]
    scenario: Scenario,
    /// The day.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// Who took part at the level of the board or partners.
    board: Option<PlanPersonView>,
    /// How it went.
    #[schema(value_type = String)]
    outcome: Against,
    /// What happened, in words; empty for an exercise.
    account: String,
    /// What was learnt.
    lessons: Vec<LessonView>,
}

/// A lesson.
#[derive(Debug, Serialize, ToSchema)]
struct LessonView {
    /// Its number.
    number: u16,
    /// What was learnt.
    lesson: String,
    /// What is to be done.
    action: String,
    /// By when.
    #[schema(value_type = String, format = "date")]
    due: Day,
    /// The day it was done.
    #[schema(value_type = Option<String>, format = "date")]
    done: Option<Day>,
}

/// A delivery partner's plan that is leant on.
#[derive(Debug, Serialize, ToSchema)]
struct RelianceView {
    /// Whose.
    #[schema(value_type = String)]
    partner: OdsCode,
    /// For what.
    services: String,
    /// Since which day.
    #[schema(value_type = String, format = "date")]
    since: Day,
    /// From which day on no longer.
    #[schema(value_type = Option<String>, format = "date")]
    ended: Option<Day>,
}

impl ContinuityPlanView {
    pub fn of(desk: &Desk, case: &Case) -> Self {
        let plan = case.plan().clone();
        let person = |id: PersonId| PlanPersonView {
            person: id,
            name: desk.common.person(id).ok().flatten().map(|_| desk.common.person_name(id)),
        };
        let decision =
            |version, by, on, next_review| PlanDecisionView { version, by: person(by), on, next_review };
        Self {
            code: case.code,
            name: case.name.clone(),
            standing: PlanStandingView::of(&plan.dates, case.today),
            versions: plan
                .versions
                .into_iter()
                .map(|version| PlanVersionView {
                    version: version.version,
                    owner: person(version.owner),
                    covers: version.covers,
                    systems: version.systems.into_iter().map(Into::into).collect(),
                    document: version.document.map(Into::into),
                })
                .collect(),
            approvals: plan
                .approvals
                .iter()
                .map(|approval| decision(approval.version, approval.by, approval.on, approval.next_review))
                .collect(),
            reviews: plan
                .reviews
                .iter()
                .map(|review| decision(review.version, review.by, review.on, review.next_review))
                .collect(),
            withdrawal: plan.withdrawal.map(|Withdrawal { on, reason }| PlanWithdrawalView { on, reason }),
            exercises: plan.runs.into_iter().map(|run| run_view(run, person)).collect(),
            reliances: plan
                .reliances
                .into_iter()
                .map(|Reliance { partner, services, since, ended }| RelianceView {
                    partner,
                    services,
                    since,
                    ended,
                })
                .collect(),
            position: case.loaded.position.0,
        }
    }
}

fn run_view(run: Run, person: impl Fn(PersonId) -> PlanPersonView) -> ExerciseView {
    let Run { number, kind, scenario, on, board, outcome, account, lessons } = run;
    let lessons = lessons.into_iter().map(|held| LessonView {
        number: held.number,
        lesson: held.lesson.lesson,
        action: held.lesson.action,
        due: held.lesson.due,
        done: held.done,
    });
    let lessons = lessons.collect();
    ExerciseView { number, kind, scenario, on, board: board.map(person), outcome, account, lessons }
}
