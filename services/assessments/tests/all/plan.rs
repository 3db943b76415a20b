//! The improvement plan.

use assessments::model::{AssessmentCommand, standing};
use proto::assessments::{AssessmentEvent, Grade, ImprovementPlanAgreed};

use crate::support::*;

fn done(number: u16, on: &str) -> AssessmentCommand {
    AssessmentCommand::CompleteAction { number, done: day(on) }
}

fn agreed(by: &str, due: &str) -> AssessmentEvent {
    AssessmentEvent::ImprovementPlanAgreed(ImprovementPlanAgreed {
        organisation: code(PRACTICE),
        edition: edition_id(IGT),
        by: code(by),
        due: day(due),
    })
}

#[test]
fn only_what_falls_short_is_planned_for() {
    igt_published(&[("14-117", 1)])
        .asked(plan_action("14-115", "2018-09-30"))
        .then_refused("does not fall short");
    igt_published(&[("14-117", 1)]).asked(plan_action("14-117", "2018-03-01")).then_refused("has passed");
    let mut vague = action("14-117", "2018-09-30");
    vague.action = " ".into();
    igt_published(&[("14-117", 1)])
        .asked(AssessmentCommand::PlanAction { number: None, action: vague, exempt: vec![] })
        .then_refused("The action is missing");
}

#[test]
fn actions_are_numbered_from_one_and_can_be_planned_anew() {
    let number = |expected: u16| {
        move |event: &AssessmentEvent| match event {
            AssessmentEvent::ImprovementActionPlanned(planned) => assert_eq!(planned.number, expected),
            other => panic!("{other:?}"),
        }
    };
    let anew = |number: u16| AssessmentCommand::PlanAction {
        number: Some(number),
        action: action("14-117", "2018-10-31"),
        exempt: vec![],
    };
    igt_published(&[("14-117", 1)])
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(number(1))
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(number(2))
        .asked(anew(1))
        .then_event(number(1))
        .asked(anew(1))
        .then_nothing()
        .asked(anew(9))
        .then_refused("no action 9");
}

#[test]
fn a_plan_is_submitted_when_every_gap_has_an_open_action_still_to_come() {
    igt_published(&[]).asked(submit()).then_refused("nothing falls short");
    igt_published(&[("14-117", 1), ("14-319", 0)])
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(|_| {})
        .asked(submit())
        .then_refused("missing for 14-319")
        .asked(plan_action("14-319", "2018-06-30"))
        .then_event(|_| {})
        .on("2018-07-01")
        .asked(submit())
        .then_refused("missing for 14-319")
        .on("2018-06-29")
        .asked(submit())
        .then_event(|event| match event {
            AssessmentEvent::ImprovementPlanSubmitted(plan) => assert_eq!(plan.actions.len(), 2),
            other => panic!("{other:?}"),
        })
        .asked(submit())
        .then_nothing()
        .asked(plan_action("14-117", "2018-12-31"))
        .then_refused("cannot be changed meanwhile");
}

#[test]
fn the_practices_ccg_or_region_agrees_the_plan() {
    let submitted = || {
        igt_published(&[("14-117", 1)])
            .asked(plan_action("14-117", "2018-09-30"))
            .then_event(|_| {})
            .asked(submit())
            .then_event(|_| {})
    };
    submitted().asked(agree("15E")).then_refused("its commissioner or region does: 00K or Y54");
    submitted().asked(agree("00K")).then(agreed("00K", "2018-09-30")).asked(agree("00K")).then_nothing();
    submitted().asked(agree("Y54")).then(agreed("Y54", "2018-09-30"));
    submitted().on("2018-10-01").asked(agree("00K")).then_refused("has passed");
    igt_published(&[("14-117", 1)]).asked(agree("00K")).then_refused("no plan has been submitted");
}

#[test]
fn a_refused_plan_can_be_changed_and_submitted_again() {
    igt_published(&[("14-117", 1)])
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(|_| {})
        .asked(refuse("00K", "too late"))
        .then_refused("no plan has been submitted")
        .asked(submit())
        .then_event(|_| {})
        .asked(refuse("00K", ""))
        .then_refused("A reason is missing")
        .asked(refuse("00K", "too late"))
        .then_event(|event| assert!(matches!(event, AssessmentEvent::ImprovementPlanRefused(_))))
        .asked(plan_action("14-117", "2018-05-31"))
        .then_event(|_| {})
        .asked(submit())
        .then_event(|_| {})
        .asked(agree("00K"))
        .then(agreed("00K", "2018-09-30"));
}

#[test]
fn with_an_agreed_plan_the_grade_says_so_until_the_plan_is_overdue() {
    let plan = igt_published(&[("14-117", 1)])
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(|_| {})
        .asked(submit())
        .then_event(|_| {})
        .asked(agree("00K"))
        .then(agreed("00K", "2018-09-30"));
    let on = |state: &assessments::model::Assessment, on: &str| {
        standing(edition(IGT), state, &[], day(on)).unwrap().grade
    };
    assert_eq!(plan.state().publication.as_ref().unwrap().grade, Grade::NotSatisfactory, "as published");
    assert_eq!(on(plan.state(), "2018-09-30"), Grade::SatisfactoryWithImprovementPlan);
    assert_eq!(on(plan.state(), "2018-10-01"), Grade::NotSatisfactory, "overdue");
    let finished = plan.on("2018-08-01").asked(done(1, "2018-07-31")).then_event(|_| {});
    assert_eq!(
        on(finished.state(), "2018-10-01"),
        Grade::SatisfactoryWithImprovementPlan,
        "all done in time"
    );
    finished.asked(publish()).then_event(|event| match event {
        AssessmentEvent::AssessmentPublished(event) => {
            assert_eq!(event.grade, Grade::SatisfactoryWithImprovementPlan);
        }
        other => panic!("{other:?}"),
    });
}

#[test]
fn a_plan_that_misses_a_new_gap_does_not_stand_for_it() {
    let state = igt_published(&[("14-117", 1)])
        .asked(plan_action("14-117", "2018-09-30"))
        .then_event(|_| {})
        .asked(submit())
        .then_event(|_| {})
        .asked(agree("00K"))
        .then(agreed("00K", "2018-09-30"))
        .on("2018-04-01")
        .asked(AssessmentCommand::Answer(level("14-319", 1)))
        .then(answered(IGT, level("14-319", 1)))
        .asked(publish())
        .then_event(|_| {});
    assert_eq!(state.state().publication.as_ref().unwrap().grade, Grade::NotSatisfactory);
}

#[test]
fn an_action_is_done_once_and_not_before_its_day() {
    let planned =
        || igt_published(&[("14-117", 1)]).asked(plan_action("14-117", "2018-09-30")).then_event(|_| {});
    planned().asked(done(1, "2018-03-02")).then_refused("still to come");
    planned().asked(done(3, "2018-03-01")).then_refused("no action 3");
    planned().asked(done(1, "2018-03-01")).then_event(|_| {}).asked(done(1, "2018-03-01")).then_nothing();
}
