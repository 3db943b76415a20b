//! The synthetic England against the models of the services: every event is the one that the service
//! itself would have decided on.

use std::collections::{BTreeMap, BTreeSet};

use assessments::model::{Assessment, AssessmentCommand, Overseers};
use chassis::{Aggregate, Context, When};
use continuity::model::{ContinuityPlan, Own, PlanCommand};
use onsite::model::{OnsiteAssessment, OnsiteCommand, Stage};
use organisations::model::{Organisation, Said};
use oversight::synthetic::{DEFAULT_SEED, England, Occurrence, geography::Practice};
use proto::{
    Actor, Day, DomainEvent as _, Event, OdsCode, Position, assessments::AssessmentEvent,
    certification::Verdict, continuity::ContinuityEvent, onsite::OnsiteEvent,
    organisations::OrganisationEvent, standards::shipped, suppliers::SupplierEvent,
};
use suppliers::model::{Buyer, BuyerCommand, Check, Supplier, SupplierCommand};

fn context(occurrence: &Occurrence) -> Context {
    let effective = occurrence.effective.unwrap_or_else(|| Day::in_london(occurrence.time));
    Context { time: occurrence.time, effective, actor: Actor::synthetic() }
}

fn when(context: &Context) -> When {
    When { recorded: context.time, effective: context.effective, position: Position(1), correlation_id: None }
}

#[test]
fn the_files_show_what_organisations_would_record() {
    let mut states: BTreeMap<String, Organisation> = BTreeMap::new();
    for occurrence in England::new(DEFAULT_SEED).occurrences() {
        let context = context(&occurrence);
        let Event::Organisation(event) = occurrence.event else { continue };
        let said = match event.clone() {
            OrganisationEvent::PracticeListed(e) => Said::ListPractice { as_of: e.as_of, listing: e.listing },
            OrganisationEvent::PracticeAmended(e) => {
                Said::ListPractice { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::OrganisationListed(e) => {
                Said::ListOrganisation { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::OrganisationAmended(e) => {
                Said::ListOrganisation { as_of: e.as_of, listing: e.listing }
            }
            OrganisationEvent::ListSizePublished(e) => {
                Said::PublishListSize { as_of: e.as_of, registered_patients: e.registered_patients }
            }
            OrganisationEvent::MembershipRecorded(e) => {
                Said::RecordMembership { as_of: e.as_of, membership: e.membership }
            }
            OrganisationEvent::PrescriberListed(_)
            | OrganisationEvent::AreaListed(_)
            | OrganisationEvent::NetworkListed(_)
            | OrganisationEvent::NetworkMembershipRecorded(_)
            | OrganisationEvent::SuccessionRecorded(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => {
                unreachable!("{event:?} is not of this year")
            }
        };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        let command = said.into();
        assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
        state.evolve(&event, &when(&context));
    }
}

/// The CCG and region of each practice.
fn overseers(england: &England) -> BTreeMap<OdsCode, Overseers> {
    let land = england.land();
    let of = |practice: &Practice| {
        let ccg = &land.ccgs[practice.ccg];
        Overseers { ccg: Some(ccg.code), board: None, region: Some(land.region_of(ccg).code) }
    };
    land.practices.iter().map(|practice| (practice.code, of(practice))).collect()
}

#[test]
fn practices_and_overseers_do_what_assessments_would_let_them() {
    let england = England::new(DEFAULT_SEED);
    let overseers = overseers(&england);
    let edition = shipped().edition("igt-14.1".parse().unwrap()).unwrap();
    let mut states: BTreeMap<String, Assessment> = BTreeMap::new();
    let mut decided = 0;
    for occurrence in england.occurrences() {
        let context = context(&occurrence);
        let Event::Assessment(event) = occurrence.event else { continue };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        let command = command_behind(&event, &overseers).on(edition);
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
        AssessmentEvent::AssessmentOpened(e) => {
            AssessmentCommand::Open { organisation: e.organisation, carried_over: e.carried_over }
        }
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
        | AssessmentEvent::ClosingDaySet(_)
        | AssessmentEvent::EditionAdded(_)
        | AssessmentEvent::StatusTextExplained(_)
        | AssessmentEvent::ResultListed(_)
        | AssessmentEvent::FileImported(_)
        | AssessmentEvent::ImportWithdrawn(_) => unreachable!("{event:?} is not of this year"),
    }
}

#[test]
fn suppliers_and_buyers_do_what_suppliers_would_let_them() {
    let mut suppliers: BTreeMap<String, Supplier> = BTreeMap::new();
    let mut buyers: BTreeMap<String, Buyer> = BTreeMap::new();
    let mut decided = 0;
    for occurrence in England::new(DEFAULT_SEED).occurrences() {
        let context = context(&occurrence);
        let Event::Supplier(event) = occurrence.event else { continue };
        let aggregate = occurrence.subject.aggregate().to_owned();
        decided += 1;
        if event.supplier().is_some() {
            let state = suppliers.entry(aggregate).or_default();
            let command = supplier_command_behind(&event);
            assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
            state.evolve(&event, &when(&context));
        } else {
            // A check says what was so: on its day what is known of the supplier then comes to the same.
            if let SupplierEvent::CertificationChecked(checked) = &event {
                let known = &suppliers[&format!("supplier_{}", checked.used.supplier)].dossier;
                let on = |day| known.verdict_on(checked.used.service, checked.used.service_type, day);
                assert!(checked.verdict >= on(checked.from), "{checked:?}");
                assert!(
                    checked.verdict == on(checked.from) || checked.verdict == Verdict::RunsOut,
                    "{checked:?}"
                );
            }
            let state = buyers.entry(aggregate).or_default();
            let command = buyer_command_behind(&event);
            assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
            state.evolve(&event, &when(&context));
        }
    }
    assert!(decided > 20_000, "{decided}");
}

fn supplier_command_behind(event: &SupplierEvent) -> SupplierCommand {
    match event.clone() {
        SupplierEvent::SupplierRegistered(e) => {
            SupplierCommand::Register { supplier: e.supplier, details: e.details, listing: e.listing }
        }
        SupplierEvent::ServiceOffered(e) => SupplierCommand::Offer {
            service: e.service,
            product: e.offered.product,
            version: e.offered.version,
            service_type: Some(e.offered.service_type),
        },
        SupplierEvent::CertificateRecorded(e) => {
            SupplierCommand::Certify { printed: e.printed, renews: None, also_of: None }
        }
        SupplierEvent::CertificateRenewed(e) => {
            SupplierCommand::Certify { printed: e.printed, renews: Some(e.renews), also_of: None }
        }
        SupplierEvent::CoverageStated(e) => SupplierCommand::StateCoverage {
            certificate: e.certificate,
            service: e.service,
            covers: e.covers,
            said_by: e.said_by,
            ground: e.ground,
        },
        other => unreachable!("{other:?} is not of this year"),
    }
}

fn buyer_command_behind(event: &SupplierEvent) -> BuyerCommand {
    match event.clone() {
        SupplierEvent::EngagementBegun(e) => {
            BuyerCommand::Begin { organisation: e.organisation, used: e.used, list: e.list }
        }
        SupplierEvent::CertificationChecked(e) => BuyerCommand::Check {
            organisation: e.organisation,
            check: Box::new(Check {
                used: e.used,
                supplier_name: e.supplier_name,
                service_name: e.service_name,
                from: e.from,
                to: e.to,
                verdict: e.verdict,
                answers: e.answers,
                known: e.known,
            }),
        },
        SupplierEvent::GapPlanAgreed(e) => BuyerCommand::AgreeGapPlan {
            organisation: e.organisation,
            used: e.used,
            plan: e.plan,
            until: e.until,
        },
        other => unreachable!("{other:?} is not of this year"),
    }
}

#[test]
fn plans_are_kept_as_continuity_would_let_them() {
    let mut states: BTreeMap<String, ContinuityPlan> = BTreeMap::new();
    let mut decided = 0;
    for occurrence in England::new(DEFAULT_SEED).occurrences() {
        let context = context(&occurrence);
        let Event::Continuity(event) = occurrence.event else { continue };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        let command = plan_command_behind(&event);
        assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
        state.evolve(&event, &when(&context));
        decided += 1;
    }
    assert!(decided > 20_000, "{decided}");
}

fn plan_command_behind(event: &ContinuityEvent) -> PlanCommand {
    let (organisation, own) = match event.clone() {
        ContinuityEvent::PlanWritten(e) => (
            e.organisation,
            Own::Write { owner: e.owner, covers: e.covers, systems: e.systems, document: e.document },
        ),
        ContinuityEvent::PlanApproved(e) => (
            e.organisation,
            Own::Approve { version: e.version, by: e.by, on: e.on, next_review: e.next_review },
        ),
        ContinuityEvent::PlanReviewed(e) => {
            (e.organisation, Own::Review { by: e.by, on: e.on, next_review: e.next_review })
        }
        ContinuityEvent::ExerciseHeld(e) => (
            e.organisation,
            Own::Exercise {
                kind: e.kind,
                scenario: e.scenario,
                on: e.on,
                board: e.board,
                outcome: e.outcome,
                lessons: e.lessons.into_iter().map(|(_, lesson)| lesson).collect(),
            },
        ),
        ContinuityEvent::RelianceStated(e) => {
            (e.organisation, Own::Rely { partner: e.partner, services: e.services })
        }
        other => unreachable!("{other:?} is not of this year"),
    };
    PlanCommand { organisation, own }
}

#[test]
fn assessments_on_site_go_as_onsite_would_let_them_and_end_in_every_way() {
    let england = England::new(DEFAULT_SEED);
    let overseers = overseers(&england);
    let mut states: BTreeMap<String, OnsiteAssessment> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for occurrence in england.occurrences() {
        let context = context(&occurrence);
        let Event::Onsite(event) = occurrence.event else { continue };
        let state = states.entry(occurrence.subject.aggregate().to_owned()).or_default();
        let command = onsite_command_behind(&event, &overseers);
        assert_eq!(state.decide(&command, &context), Ok(Some(event.clone())), "{}", occurrence.subject);
        state.evolve(&event, &when(&context));
        *kinds.entry(event.event_type()).or_default() += 1;
    }
    // Files of findings are read by no one in the story.
    let of_files = ["import-begun", "file-imported", "import-withdrawn"];
    for kind in OnsiteEvent::TYPES.iter().filter(|kind| !of_files.iter().any(|of| kind.contains(of))) {
        assert!(kinds.contains_key(kind), "no one tells {kind}: {kinds:?}");
    }
    let practices: BTreeSet<&str> = states.keys().filter_map(|id| id.split('_').next()).collect();
    assert!((350..500).contains(&practices.len()), "some six of a hundred are asked: {}", practices.len());

    let last = Day::from_ymd(2018, 3, 31).unwrap();
    let count =
        |test: &dyn Fn(&OnsiteAssessment) -> bool| states.values().filter(|state| test(state)).count();
    for stage in Stage::ALL {
        assert!(count(&|state| state.stage() == Some(stage)) > 0, "none is left at {stage:?}");
    }
    let to_come = count(&|state| {
        state.stage() == Some(Stage::Scheduled) && state.visit.as_ref().is_some_and(|visit| visit.on > last)
    });
    let late = count(&|state| {
        state.plan.actions().any(|(_, action, done)| done.is_some_and(|done| done > action.due))
    });
    let overdue = count(&|state| !state.overdue(last).is_empty());
    let asked_again = states.keys().filter(|id| id.ends_with("_2")).count();
    assert!(
        to_come > 0 && late > 0 && overdue > 0 && asked_again > 0,
        "{to_come} {late} {overdue} {asked_again}"
    );
}

fn onsite_command_behind(event: &OnsiteEvent, overseers: &BTreeMap<OdsCode, Overseers>) -> OnsiteCommand {
    use OnsiteCommand as C;
    use OnsiteEvent as E;
    let of = |code: &OdsCode| overseers[code];
    match event.clone() {
        E::OnsiteRequested(e) => C::Request {
            organisation: e.organisation,
            number: e.number,
            by: e.by,
            overseers: of(&e.organisation),
            reason: e.reason,
        },
        E::OnsiteAgreed(_) => C::Agree,
        E::OnsiteRefused(e) => C::Refuse { grounds: e.grounds },
        E::VisitScheduled(e) => C::Schedule { on: e.on, partner: e.partner, assessor: e.assessor },
        E::VisitCancelled(e) => C::Cancel { reason: e.reason },
        E::AssessmentHeld(e) => C::Hold { on: e.on, results: e.results },
        E::FindingRecorded(e) => C::RecordFinding(e.recorded),
        E::FindingAnswered(e) => {
            C::AnswerFinding { finding: e.finding, accepted: e.accepted, answer: e.answer }
        }
        E::OutcomeDisclosed(e) => C::Disclose { to: e.to, overseers: of(&e.organisation), on: e.on },
        E::ActionPlanProposed(e) => C::ProposePlan(e.actions.into_iter().map(|(_, action)| action).collect()),
        E::ActionPlanAgreed(e) => C::AgreePlan { by: e.by, overseers: of(&e.organisation) },
        E::ActionPlanReturned(e) => {
            C::ReturnPlan { by: e.by, overseers: of(&e.organisation), reason: e.reason }
        }
        E::ActionCompleted(e) => C::CompleteAction { action: e.action, done: e.done },
        E::RetestHeld(e) => C::Retest { on: e.on, mended: e.mended },
        E::AssessmentClosed(_) => C::Close,
        E::ImportBegun(_) | E::FileImported(_) | E::ImportWithdrawn(_) => {
            unreachable!("{event:?} is not of a story")
        }
    }
}
