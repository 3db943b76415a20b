//! Words for the tests.

use chassis::testing::{given, model::Given};
use continuity::model::{ContinuityPlan, Own, PlanCommand};
use proto::{
    Day, OdsCode, PersonId,
    continuity::{
        Against, ContinuityEvent, ExerciseHeld, ExerciseKind, Lesson, PlanApproved, PlanReviewed,
        PlanWithdrawn, PlanWritten, Scenario,
    },
};

pub const PRACTICE: &str = "A81001";
pub const PARTNER: &str = "0AR";

pub fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn person(number: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(number))
}

pub fn of_practice(own: Own) -> PlanCommand {
    PlanCommand { organisation: code(PRACTICE), own }
}

pub fn write(covers: &[Scenario]) -> PlanCommand {
    of_practice(Own::Write { owner: person(1), covers: covers.to_vec(), systems: vec![], document: None })
}

pub fn approve(version: u16, on: &str, next_review: &str) -> PlanCommand {
    of_practice(Own::Approve { version, by: person(2), on: day(on), next_review: day(next_review) })
}

pub fn review(on: &str, next_review: &str) -> PlanCommand {
    of_practice(Own::Review { by: person(2), on: day(on), next_review: day(next_review) })
}

pub fn withdraw(reason: &str) -> PlanCommand {
    of_practice(Own::Withdraw { reason: reason.into() })
}

pub fn lesson(due: &str) -> Lesson {
    Lesson { lesson: "no one knew the number".into(), action: "put it up".into(), due: day(due) }
}

pub fn exercise(on: &str, lessons: Vec<Lesson>) -> PlanCommand {
    of_practice(Own::Exercise {
        kind: ExerciseKind::Desktop,
        scenario: Scenario::CyberIncident,
        on: day(on),
        board: Some(person(3)),
        outcome: Against::SomeMissed,
        lessons,
    })
}

pub fn written(version: u16, covers: &[Scenario]) -> ContinuityEvent {
    let (organisation, owner) = (code(PRACTICE), person(1));
    PlanWritten { organisation, version, owner, covers: covers.to_vec(), systems: vec![], document: None }
        .into()
}

pub fn approved(version: u16, on: &str, next_review: &str) -> ContinuityEvent {
    PlanApproved {
        organisation: code(PRACTICE),
        version,
        by: person(2),
        on: day(on),
        covers: Scenario::ALL.to_vec(),
        next_review: day(next_review),
    }
    .into()
}

pub fn reviewed(version: u16, on: &str, next_review: &str) -> ContinuityEvent {
    let (organisation, by) = (code(PRACTICE), person(2));
    PlanReviewed { organisation, version, by, on: day(on), next_review: day(next_review) }.into()
}

pub fn withdrawn(reason: &str) -> ContinuityEvent {
    PlanWithdrawn { organisation: code(PRACTICE), reason: reason.into() }.into()
}

pub fn held(number: u16, on: &str) -> ContinuityEvent {
    ExerciseHeld {
        organisation: code(PRACTICE),
        version: 1,
        number,
        kind: ExerciseKind::Desktop,
        scenario: Scenario::CyberIncident,
        on: day(on),
        board: Some(person(3)),
        outcome: Against::SomeMissed,
        lessons: vec![],
    }
    .into()
}

/// A plan of everything, approved on 15 January 2018 for a year; today is 1 March 2018.
pub fn in_force() -> Given<ContinuityPlan> {
    given([written(1, &Scenario::ALL), approved(1, "2018-01-15", "2019-01-15")])
}
