//! The synthetic England against the models of the services: every event is the one that the service
//! itself would have decided on.

use std::collections::BTreeMap;

use assessments::model::{Assessment, AssessmentCommand, Overseers};
use chassis::{Aggregate, Context, When};
use organisations::model::{Command, Organisation};
use oversight::synthetic::{DEFAULT_SEED, England, Occurrence};
use proto::{
    Actor, Day, Event, OdsCode, Position, assessments::AssessmentEvent, organisations::OrganisationEvent,
};

fn context(occurrence: &Occurrence) -> Context {
    let effective = occurrence.effective.unwrap_or_else(|| Day::in_london(occurrence.time));
    Context { time: occurrence.time, effective, actor: Actor::synthetic() }
}

fn when(context: &Context) -> When {
    When { recorded: context.time, effective: context.effective, position: Position(1) }
}

#[test]
fn the_files_show_what_organisations_would_record() {
    let mut states: BTreeMap<String, Organisation> = BTreeMap::new();
    for occurrence in England::new(DEFAULT_SEED).occurrences() {
        let context = context(&occurrence);
        let Event::Organisation(event) = occurrence.event else { continue };
        let command = match event.clone() {
            OrganisationEvent::PracticeListed(e) => {
                Command::ListPractice { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::PracticeAmended(e) => {
                Command::ListPractice { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::OrganisationListed(e) => {
                Command::ListOrganisation { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::OrganisationAmended(e) => {
                Command::ListOrganisation { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::ListSizePublished(e) => {
                Command::PublishListSize { as_of: e.as_of, registered_patients: e.registered_patients }
            }
            OrganisationEvent::MembershipRecorded(e) => {
                Command::RecordMembership { as_of: e.as_of, parent: e.parent, joined: e.joined, left: e.left }
            }
        };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
        state.evolve(&event, &when(&context));
    }
}

#[test]
fn practices_and_overseers_do_what_assessments_would_let_them() {
    let england = England::new(DEFAULT_SEED);
    let overseers: BTreeMap<OdsCode, Overseers> = england
        .land()
        .practices
        .iter()
        .map(|practice| {
            let ccg = &england.land().ccgs[practice.ccg];
            let region = england.land().region_of(ccg).code;
            (practice.code, Overseers { ccg: Some(ccg.code), region: Some(region) })
        })
        .collect();
    let mut states: BTreeMap<String, Assessment> = BTreeMap::new();
    let mut decided = 0;
    for occurrence in england.occurrences() {
        let context = context(&occurrence);
        let Event::Assessment(event) = occurrence.event else { continue };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        let command = command_behind(&event, &overseers);
        assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
        state.evolve(&event, &when(&context));
        decided += 1;
    }
    assert!(decided > 80_000);
}

fn command_behind(event: &AssessmentEvent, overseers: &BTreeMap<OdsCode, Overseers>) -> AssessmentCommand {
    let of = |code: &OdsCode| overseers.get(code).copied().unwrap_or_default();
    let exempt = Vec::new();
    match event.clone() {
        AssessmentEvent::AssessmentOpened(e) => AssessmentCommand::Open {
            organisation: e.organisation,
            edition: e.edition,
            carried_over: e.carried_over,
        },
        AssessmentEvent::RequirementAnswered(e) => AssessmentCommand::Answer(e.given),
        AssessmentEvent::RequirementReviewed(e) => AssessmentCommand::Review(e.requirement),
        AssessmentEvent::AssessmentPublished(_) => AssessmentCommand::Publish { exempt },
        AssessmentEvent::AssuranceStatementAccepted(e) => AssessmentCommand::AcceptStatement(e.person),
        AssessmentEvent::ImprovementActionPlanned(e) => {
            AssessmentCommand::PlanAction { number: None, action: e.action, exempt }
        }
        AssessmentEvent::ImprovementActionCompleted(e) => {
            AssessmentCommand::CompleteAction { number: e.number, done: e.done }
        }
        AssessmentEvent::ImprovementPlanSubmitted(_) => AssessmentCommand::SubmitPlan { exempt },
        AssessmentEvent::ImprovementPlanAgreed(e) => {
            AssessmentCommand::AgreePlan { by: e.by, overseers: of(&e.organisation) }
        }
        AssessmentEvent::ImprovementPlanRefused(e) => {
            AssessmentCommand::RefusePlan { by: e.by, overseers: of(&e.organisation), reason: e.reason }
        }
        AssessmentEvent::GradeReviewed(e) => {
            AssessmentCommand::ReviewGrade { grade: e.grade, by: e.by, reason: e.reason }
        }
        AssessmentEvent::DeadlineMoved(_)
        | AssessmentEvent::RequirementExempted(_)
        | AssessmentEvent::ResultListed(_) => unreachable!("{event:?} is not of this year"),
    }
}
