//! What is decided centrally.

use assessments::model::{EditionCommand, EditionDecisions};
use chassis::testing::given;
use proto::{
    assessments::{AssessmentEvent, DeadlineMoved, RequirementExempted},
    standards::OrganisationType,
};

use crate::support::*;

fn move_to(to: &str, reason: &str) -> EditionCommand {
    EditionCommand::MoveDeadline {
        edition: edition(DSPT).clone(),
        organisation_type: OrganisationType::GeneralPractice,
        to: day(to),
        reason: reason.into(),
    }
}

fn moved(from: &str, to: &str) -> AssessmentEvent {
    AssessmentEvent::DeadlineMoved(DeadlineMoved {
        edition: edition_id(DSPT),
        organisation_type: "general-practice".into(),
        from: day(from),
        to: day(to),
        reason: "floods".into(),
    })
}

fn exempt(number: &str) -> EditionCommand {
    EditionCommand::ExemptRequirement {
        edition: edition(IGT).clone(),
        organisation_type: OrganisationType::GeneralPractice,
        requirement: requirement(number),
        reason: "answered by the CCG".into(),
    }
}

#[test]
fn a_deadline_is_moved_for_one_type_and_keeps_its_history() {
    let state = given::<EditionDecisions>([])
        .when(move_to("2019-04-30", "floods"))
        .then(moved("2019-03-31", "2019-04-30"))
        .when(move_to("2019-04-30", "floods"))
        .then_nothing()
        .when(move_to("2019-05-31", "floods"))
        .then(moved("2019-04-30", "2019-05-31"));
    let deadline = |kind| state.state().deadline(edition(DSPT), kind);
    assert_eq!(deadline(OrganisationType::GeneralPractice), Some(day("2019-05-31")));
    assert_eq!(deadline(OrganisationType::NhsTrust), Some(day("2019-03-31")), "another type");
    assert_eq!(state.state().moves.len(), 2);
}

#[test]
fn a_deadline_needs_a_reason_and_lies_after_the_opening() {
    given::<EditionDecisions>([])
        .when(move_to("2018-03-31", "floods"))
        .then_refused("before the edition opens");
    given::<EditionDecisions>([]).when(move_to("2019-04-30", " ")).then_refused("A reason is missing");
    given::<EditionDecisions>([])
        .when(EditionCommand::MoveDeadline {
            edition: edition(IGT).clone(),
            organisation_type: OrganisationType::Pharmacy,
            to: day("2018-04-30"),
            reason: "floods".into(),
        })
        .then_refused("asks nothing of pharmacy");
}

#[test]
fn a_requirement_is_exempted_once() {
    let state = given::<EditionDecisions>([])
        .when(exempt("14-319"))
        .then(AssessmentEvent::RequirementExempted(RequirementExempted {
            edition: edition_id(IGT),
            organisation_type: "general-practice".into(),
            requirement: requirement("14-319"),
            reason: "answered by the CCG".into(),
        }))
        .when(exempt("14-319"))
        .then_nothing()
        .when(exempt("14-209"))
        .then_refused("not a requirement");
    assert_eq!(state.state().exempt(OrganisationType::GeneralPractice), [requirement("14-319")]);
    assert!(state.state().exempt(OrganisationType::Ccg).is_empty());
}
