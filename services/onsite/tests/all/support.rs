//! Words for the tests.

use chassis::{
    roster::Overseers,
    testing::{given, model::Given},
};
use onsite::model::{OnsiteAssessment, OnsiteCommand};
use proto::{
    Day, OdsCode, PersonId, TopicId,
    onsite::{
        ActionPlanAgreed, ActionPlanProposed, AssessmentHeld, Finding, FindingRecorded, OnsiteAgreed,
        OnsiteEvent, OnsiteRequested, Outcome, OutcomeDisclosed, PlannedAction, Responsibility, Severity,
        TopicResult, VisitScheduled,
    },
};

pub const PRACTICE: &str = "A81001";
pub const PARTNER: &str = "ZZPARTNER";

pub fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn topic(text: &str) -> TopicId {
    text.parse().unwrap()
}

pub fn person(number: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(number))
}

pub fn overseers() -> Overseers {
    Overseers { ccg: Some(code("00K")), region: Some(code("Y54")), ..Overseers::default() }
}

pub fn request(by: &str, reason: &str) -> OnsiteCommand {
    OnsiteCommand::Request {
        organisation: code(PRACTICE),
        number: 1,
        by: code(by),
        overseers: overseers(),
        reason: reason.into(),
    }
}

pub fn requested() -> OnsiteEvent {
    OnsiteRequested { organisation: code(PRACTICE), number: 1, by: code("X26"), reason: "chosen".into() }
        .into()
}

pub fn agreed() -> OnsiteEvent {
    OnsiteAgreed { organisation: code(PRACTICE), number: 1 }.into()
}

pub fn scheduled(on: &str) -> OnsiteEvent {
    VisitScheduled {
        organisation: code(PRACTICE),
        number: 1,
        on: day(on),
        partner: code(PARTNER),
        assessor: person(1),
    }
    .into()
}

pub fn result(of: &str, outcome: Outcome) -> TopicResult {
    TopicResult { topic: topic(of), outcome, remark: String::new() }
}

pub fn held(on: &str) -> OnsiteEvent {
    let results = vec![result("patching", Outcome::NotSatisfied)];
    AssessmentHeld { organisation: code(PRACTICE), number: 1, on: day(on), results }.into()
}

pub fn finding(system: &str) -> Finding {
    Finding {
        topic: topic("patching"),
        severity: Severity::High,
        system: system.into(),
        responsibility: Responsibility::Practice,
        found: "three months behind".into(),
        evidence: String::new(),
    }
}

pub fn recorded(number: u16, system: &str) -> OnsiteEvent {
    let recorded = finding(system);
    FindingRecorded { organisation: code(PRACTICE), number: 1, finding: number, recorded }.into()
}

pub fn disclosed(on: &str) -> OnsiteEvent {
    OutcomeDisclosed { organisation: code(PRACTICE), number: 1, to: code("00K"), on: day(on) }.into()
}

pub fn action(finding: u16, due: &str) -> PlannedAction {
    PlannedAction { finding, action: "update all desktops".into(), owner: person(7), due: day(due) }
}

pub fn proposed(actions: &[(u16, PlannedAction)]) -> OnsiteEvent {
    ActionPlanProposed { organisation: code(PRACTICE), number: 1, actions: actions.to_vec() }.into()
}

pub fn plan_agreed(due: &[(u16, &str)]) -> OnsiteEvent {
    let due = due.iter().map(|(number, on)| (*number, day(on))).collect();
    ActionPlanAgreed { organisation: code(PRACTICE), number: 1, by: code("00K"), due }.into()
}

/// Agreed, and a visit set for 10 March 2018.
pub fn coming() -> Given<OnsiteAssessment> {
    given([requested(), agreed(), scheduled("2018-03-10")])
}

/// Held on 10 March 2018, and it is 12 March; with findings on these systems.
pub fn held_with(systems: &[&str]) -> Given<OnsiteAssessment> {
    let found = (1..).zip(systems).map(|(number, system)| recorded(number, system));
    std::iter::once(held("2018-03-10")).chain(found).fold(coming(), Given::and).on("2018-03-12")
}

/// The same, disclosed on 12 March.
pub fn disclosed_with(systems: &[&str]) -> Given<OnsiteAssessment> {
    held_with(systems).and(disclosed("2018-03-12"))
}

/// Two findings, and an agreed plan with an action for each: due on 30 April and 31 May.
pub fn planned() -> Given<OnsiteAssessment> {
    disclosed_with(&["desktops", "router"])
        .and(proposed(&[(1, action(1, "2018-04-30")), (2, action(2, "2018-05-31"))]))
        .and(plan_agreed(&[(1, "2018-04-30"), (2, "2018-05-31")]))
}
