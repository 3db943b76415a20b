//! The life of an assessment, step by step, and what is refused on the way.

use chassis::testing::given;
use onsite::model::{FINDINGS_MAX, OnsiteAssessment, OnsiteCommand as C, Open, Stage, TEXT_MAX_CHARS};
use proto::onsite::{
    ActionCompleted, ActionPlanReturned, AssessmentClosed, AssessmentHeld, FindingAnswered, OnsiteRefused,
    Outcome, OutcomeDisclosed, RetestHeld, VisitCancelled, VisitScheduled,
};

use crate::support::*;

fn refuse(grounds: &str) -> C {
    C::Refuse { grounds: grounds.into() }
}

fn schedule(on: &str, partner: &str) -> C {
    C::Schedule { on: day(on), partner: code(partner), assessor: person(1) }
}

fn cancel(reason: &str) -> C {
    C::Cancel { reason: reason.into() }
}

fn hold(on: &str, results: &[(&str, Outcome)]) -> C {
    C::Hold { on: day(on), results: results.iter().map(|(of, outcome)| result(of, *outcome)).collect() }
}

fn answer(finding: u16, answer: &str) -> C {
    C::AnswerFinding { finding, accepted: false, answer: answer.into() }
}

fn disclose(to: &str, on: &str) -> C {
    C::Disclose { to: code(to), overseers: overseers(), on: day(on) }
}

fn agree_plan(by: &str) -> C {
    C::AgreePlan { by: code(by), overseers: overseers() }
}

fn return_plan(by: &str, reason: &str) -> C {
    C::ReturnPlan { by: code(by), overseers: overseers(), reason: reason.into() }
}

fn done(action: u16, on: &str) -> C {
    C::CompleteAction { action, done: day(on) }
}

fn retest(on: &str, mended: &[u16]) -> C {
    C::Retest { on: day(on), mended: mended.to_vec() }
}

fn completed(action: u16, on: &str) -> proto::onsite::OnsiteEvent {
    ActionCompleted { organisation: code(PRACTICE), number: 1, action, done: day(on) }.into()
}

fn tested(on: &str, mended: &[u16]) -> proto::onsite::OnsiteEvent {
    RetestHeld { organisation: code(PRACTICE), number: 1, on: day(on), mended: mended.to_vec() }.into()
}

fn closed() -> proto::onsite::OnsiteEvent {
    AssessmentClosed { organisation: code(PRACTICE), number: 1 }.into()
}

#[test]
fn an_assessment_is_asked_for_once_by_nhs_digital_or_an_overseer() {
    given::<OnsiteAssessment>([])
        .when(request("X26", " chosen "))
        .then(requested())
        .when(request("X26", "chosen"))
        .then_nothing()
        .when(request("00K", "another"))
        .then_refused("asked for already");
    for by in ["00K", "Y54"] {
        given::<OnsiteAssessment>([]).when(request(by, "r")).then_event(|_| {});
    }
    given::<OnsiteAssessment>([])
        .when(request("15E", "r"))
        .then_refused("NHS Digital (X26) can, and 00K or Y54");
    given::<OnsiteAssessment>([]).when(request("X26", "  ")).then_refused("A reason is missing");
    let long = "x".repeat(TEXT_MAX_CHARS + 1);
    given::<OnsiteAssessment>([]).when(request("X26", &long)).then_refused("up to 2000 characters");
}

#[test]
fn nothing_can_be_done_that_nobody_asked_for() {
    for command in [
        C::Agree,
        refuse("no"),
        schedule("2018-03-10", PARTNER),
        cancel("ill"),
        hold("2018-03-01", &[("patching", Outcome::Satisfied)]),
        C::RecordFinding(finding("x")),
        answer(1, "no"),
        disclose("00K", "2018-03-01"),
        C::ProposePlan(vec![action(1, "2018-04-30")]),
        agree_plan("00K"),
        return_plan("00K", "vague"),
        done(1, "2018-03-01"),
        retest("2018-03-01", &[]),
        C::Close,
    ] {
        given::<OnsiteAssessment>([]).when(command).then_refused("there is no such on-site assessment");
    }
}

#[test]
fn the_practice_agrees_or_refuses_with_grounds_and_may_agree_after_all() {
    let refused =
        OnsiteRefused { organisation: code(PRACTICE), number: 1, grounds: "we move house".into() }.into();
    given::<OnsiteAssessment>([requested()])
        .when(refuse(""))
        .then_refused("What it is refused on is missing")
        .when(refuse("we move house"))
        .then(refused)
        .when(refuse("we move house"))
        .then_nothing()
        .when(C::Agree)
        .then(agreed())
        .when(C::Agree)
        .then_nothing()
        .when(refuse("we move house"))
        .then_refused("the practice agreed on 1 March 2018");
}

#[test]
fn a_visit_is_set_once_agreed_and_may_be_set_anew_and_called_off() {
    given::<OnsiteAssessment>([requested()])
        .when(schedule("2018-03-10", PARTNER))
        .then_refused("the practice has not agreed")
        .when(cancel("ill"))
        .then_refused("no visit is set");
    let anew = VisitScheduled {
        organisation: code(PRACTICE),
        number: 1,
        on: day("2018-03-20"),
        partner: code(PARTNER),
        assessor: person(1),
    };
    let called_off = VisitCancelled { organisation: code(PRACTICE), number: 1, reason: "ill".into() };
    let given = given::<OnsiteAssessment>([requested(), agreed()])
        .when(schedule("2018-02-28", PARTNER))
        .then_refused("28 February 2018 has passed")
        .when(schedule("2018-03-10", PARTNER))
        .then(scheduled("2018-03-10"))
        .when(schedule("2018-03-10", PARTNER))
        .then_nothing()
        .when(schedule("2018-03-20", PARTNER))
        .then(anew.clone().into())
        .when(cancel(" "))
        .then_refused("A reason is missing")
        .when(cancel("ill"))
        .then(called_off.into());
    assert_eq!(given.state().stage(), Some(Stage::Agreed), "a visit called off is no visit");
    assert_eq!(given.state().visit.as_ref().unwrap().revision, 2);
    given
        .when(cancel("ill"))
        .then_nothing()
        .when(cancel("other"))
        .then_refused("cancelled on 1 March 2018")
        .when(hold("2018-03-01", &[("patching", Outcome::Satisfied)]))
        .then_refused("no visit is set")
        .when(schedule("2018-03-20", PARTNER))
        .then(anew.into());
}

#[test]
fn it_is_held_on_a_day_not_in_the_future_with_a_result_by_topic() {
    coming()
        .on("2018-03-10")
        .when(hold("2018-03-11", &[("patching", Outcome::Satisfied)]))
        .then_refused("11 March 2018 is still to come")
        .when(hold("2018-03-10", &[]))
        .then_refused("at least one topic")
        .when(hold("2018-03-10", &[("parking", Outcome::Satisfied)]))
        .then_refused("no topic parking")
        .when(hold("2018-03-10", &[("patching", Outcome::Satisfied), ("patching", Outcome::NotSatisfied)]))
        .then_refused("twice")
        .when(hold("2018-03-10", &[("patching", Outcome::NotSatisfied)]))
        .then(held("2018-03-10"))
        .when(hold("2018-03-10", &[("patching", Outcome::NotSatisfied)]))
        .then_nothing()
        .when(schedule("2018-04-10", PARTNER))
        .then_refused("was held on 10 March 2018")
        .when(cancel("ill"))
        .then_refused("was held on 10 March 2018");
}

#[test]
fn a_result_is_corrected_until_it_is_disclosed() {
    let corrected = AssessmentHeld {
        organisation: code(PRACTICE),
        number: 1,
        on: day("2018-03-10"),
        results: vec![result("patching", Outcome::PartlySatisfied)],
    };
    held_with(&[])
        .when(hold("2018-03-10", &[("patching", Outcome::PartlySatisfied)]))
        .then(corrected.into())
        .and(disclosed("2018-03-12"))
        .when(hold("2018-03-10", &[("patching", Outcome::Satisfied)]))
        .then_refused("goes into a re-test");
}

#[test]
fn findings_are_numbered_and_the_same_one_is_no_new_one() {
    coming().when(C::RecordFinding(finding("desktops"))).then_refused("has not been held");
    held_with(&[])
        .when(C::RecordFinding(finding(" desktops ")))
        .then(recorded(1, "desktops"))
        .when(C::RecordFinding(finding("desktops")))
        .then_nothing()
        .when(C::RecordFinding(finding("router")))
        .then(recorded(2, "router"));
    let with = |change: fn(&mut proto::onsite::Finding)| {
        let mut wrong = finding("desktops");
        change(&mut wrong);
        C::RecordFinding(wrong)
    };
    for (wrong, why) in [
        (with(|wrong| wrong.topic = topic("parking")), "no topic parking"),
        (with(|wrong| wrong.system = String::new()), "The system it is about is missing"),
        (with(|wrong| wrong.found = " ".into()), "What was found is missing"),
        (with(|wrong| wrong.system = "x".repeat(201)), "up to 200 characters"),
        (with(|wrong| wrong.evidence = "x".repeat(501)), "up to 500 characters"),
    ] {
        held_with(&[]).when(wrong).then_refused(why);
    }
    let systems: Vec<String> = (0..FINDINGS_MAX).map(|number| number.to_string()).collect();
    let systems: Vec<&str> = systems.iter().map(String::as_str).collect();
    held_with(&systems).when(C::RecordFinding(finding("one more"))).then_refused("up to 500 findings");
}

#[test]
fn the_practice_answers_each_finding_and_may_answer_anew() {
    let answered = |accepted, answer: &str| {
        let answer = answer.to_owned();
        FindingAnswered { organisation: code(PRACTICE), number: 1, finding: 1, accepted, answer }.into()
    };
    held_with(&["desktops"])
        .when(answer(2, "no"))
        .then_refused("there is no finding 2")
        .when(answer(1, ""))
        .then_refused("The answer is missing")
        .when(answer(1, "they are new"))
        .then(answered(false, "they are new"))
        .when(answer(1, "they are new"))
        .then_nothing()
        .when(C::AnswerFinding { finding: 1, accepted: true, answer: "true".into() })
        .then(answered(true, "true"));
}

#[test]
fn the_outcome_is_disclosed_to_ccg_or_region_on_a_day_between_the_visit_and_today() {
    coming().when(disclose("00K", "2018-03-01")).then_refused("has not been held");
    let to_region =
        OutcomeDisclosed { organisation: code(PRACTICE), number: 1, to: code("Y54"), on: day("2018-03-12") };
    held_with(&[])
        .when(disclose("15E", "2018-03-12"))
        .then_refused("00K or Y54")
        .when(disclose("00K", "2018-03-13"))
        .then_refused("still to come")
        .when(disclose("00K", "2018-03-09"))
        .then_refused("held later, on 10 March 2018")
        .when(disclose("00K", "2018-03-12"))
        .then(disclosed("2018-03-12"))
        .when(disclose("00K", "2018-03-12"))
        .then_nothing()
        .when(disclose("00K", "2018-03-11"))
        .then_refused("disclosed to 00K on 12 March 2018 already")
        .when(disclose("Y54", "2018-03-12"))
        .then(to_region.into());
}

#[test]
fn a_plan_is_proposed_whole_for_known_findings_with_due_days_to_come() {
    let plan = |actions: &[proto::onsite::PlannedAction]| C::ProposePlan(actions.to_vec());
    let good = || plan(&[action(1, "2018-04-30"), action(2, "2018-05-31")]);
    held_with(&["desktops"]).when(good()).then_refused("has not been disclosed");
    disclosed_with(&[]).when(good()).then_refused("nothing was found");
    let mut vague = action(1, "2018-04-30");
    vague.action = " ".into();
    disclosed_with(&["desktops", "router"])
        .when(plan(&[]))
        .then_refused("1 to 500 actions")
        .when(plan(&[action(3, "2018-04-30")]))
        .then_refused("no finding 3")
        .when(plan(&[action(1, "2018-03-12")]))
        .then_refused("not in the future")
        .when(plan(&[vague]))
        .then_refused("What will be done is missing")
        .when(good())
        .then(proposed(&[(1, action(1, "2018-04-30")), (2, action(2, "2018-05-31"))]))
        .when(good())
        .then_nothing()
        .when(plan(&[action(1, "2018-04-30")]))
        .then_refused("lies with the commissioner or region since 12 March 2018");
}

#[test]
fn an_overseer_agrees_the_plan_or_sends_it_back() {
    let proposal = || proposed(&[(1, action(1, "2018-04-30"))]);
    disclosed_with(&["desktops"]).when(agree_plan("00K")).then_refused("no plan lies there");
    let returned = ActionPlanReturned {
        organisation: code(PRACTICE),
        number: 1,
        by: code("Y54"),
        reason: "vague".into(),
    };
    disclosed_with(&["desktops"])
        .and(proposal())
        .when(agree_plan("15E"))
        .then_refused("00K or Y54")
        .when(return_plan("15E", "vague"))
        .then_refused("00K or Y54")
        .when(return_plan("Y54", " "))
        .then_refused("A reason is missing")
        .when(return_plan("Y54", "vague"))
        .then(returned.into())
        .when(return_plan("Y54", "vague"))
        .then_nothing()
        .when(agree_plan("00K"))
        .then_refused("no plan lies there")
        .when(C::ProposePlan(vec![action(1, "2018-04-30")]))
        .then(proposal())
        .when(agree_plan("00K"))
        .then(plan_agreed(&[(1, "2018-04-30")]))
        .when(agree_plan("00K"))
        .then_nothing()
        .when(return_plan("00K", "too late"))
        .then_refused("no plan lies there");
}

#[test]
fn another_plan_takes_the_place_of_what_is_open_and_its_actions_get_numbers_of_their_own() {
    let given = planned()
        .and(completed(1, "2018-03-12"))
        .when(C::ProposePlan(vec![action(2, "2018-07-31")]))
        .then(proposed(&[(3, action(2, "2018-07-31"))]))
        .when(agree_plan("00K"))
        .then(plan_agreed(&[(3, "2018-07-31")]));
    let numbers: Vec<u16> = given.state().plan.actions().map(|(number, ..)| number).collect();
    assert_eq!(numbers, [1, 3], "what was done stays, what was open is replaced");
}

#[test]
fn actions_are_done_on_a_day_between_the_visit_and_today() {
    disclosed_with(&["desktops"]).when(done(1, "2018-03-12")).then_refused("no plan is agreed");
    planned()
        .on("2018-05-05")
        .when(done(3, "2018-05-05"))
        .then_refused("there is no action 3")
        .when(done(1, "2018-05-06"))
        .then_refused("still to come")
        .when(done(1, "2018-03-09"))
        .then_refused("found it open on 10 March 2018")
        .when(done(1, "2018-05-02"))
        .then(completed(1, "2018-05-02"))
        .when(done(1, "2018-05-02"))
        .then_nothing()
        .when(done(1, "2018-05-03"))
        .then_refused("done on 2 May 2018 already");
}

#[test]
fn a_re_test_says_which_findings_are_mended_and_the_others_are_not() {
    held_with(&[]).when(retest("2018-03-12", &[])).then_refused("nothing to test again");
    let given = held_with(&["desktops", "router"])
        .when(retest("2018-03-12", &[3]))
        .then_refused("no finding 3")
        .when(retest("2018-03-13", &[1]))
        .then_refused("still to come")
        .when(retest("2018-03-09", &[1]))
        .then_refused("looked at later")
        .when(retest("2018-03-12", &[2, 1, 1]))
        .then(tested("2018-03-12", &[1, 2]))
        .when(retest("2018-03-12", &[1, 2]))
        .then_nothing()
        .when(retest("2018-03-11", &[1]))
        .then_refused("looked at later, on 12 March 2018")
        .when(retest("2018-03-12", &[2]))
        .then(tested("2018-03-12", &[2]));
    assert_eq!(given.state().open_findings(), [(1, Open::NoAction)], "a later re-test has the last word");
}

#[test]
fn it_is_closed_once_every_finding_is_mended_or_its_actions_are_done() {
    held_with(&[]).when(C::Close).then_refused("has not been disclosed");
    disclosed_with(&[]).when(C::Close).then(closed()).when(C::Close).then_nothing();
    disclosed_with(&["desktops"])
        .when(C::Close)
        .then_refused("finding 1: no agreed plan has an action for it");
    let one_done = || planned().and(completed(1, "2018-03-12"));
    one_done().when(C::Close).then_refused("finding 2: action 2 is not done");
    one_done().and(completed(2, "2018-03-12")).when(C::Close).then(closed());
    one_done().and(tested("2018-03-20", &[1, 2])).when(C::Close).then(closed());
    one_done()
        .and(completed(2, "2018-03-12"))
        .and(tested("2018-03-20", &[2]))
        .when(C::Close)
        .then_refused("finding 1: the re-test of 20 March 2018 did not find it resolved");
    // Of one day the re-test counts as the later: what was mended, it would have found.
    planned()
        .and(completed(1, "2018-03-20"))
        .and(completed(2, "2018-03-20"))
        .and(tested("2018-03-20", &[2]))
        .when(C::Close)
        .then_refused("finding 1: the re-test of 20 March 2018 did not find it resolved");
    planned()
        .and(tested("2018-03-20", &[2]))
        .and(completed(1, "2018-03-21"))
        .and(completed(2, "2018-03-21"))
        .when(C::Close)
        .then(closed());
}

#[test]
fn what_is_closed_stays_as_it_is() {
    for command in [C::Agree, C::RecordFinding(finding("late")), answer(1, "no"), retest("2018-03-12", &[])] {
        disclosed_with(&[]).and(closed()).when(command).then_refused("was closed on 12 March 2018");
    }
}

#[test]
fn what_is_next_is_said_at_every_stage() {
    let today = day("2018-05-05");
    let next = |given: chassis::testing::model::Given<OnsiteAssessment>| given.state().next(today).unwrap();
    assert_eq!(given::<OnsiteAssessment>([]).state().next(today), None);
    assert!(next(given([requested()])).contains("agrees to be assessed, or refuses"));
    assert!(next(given([requested(), agreed()])).contains("sets a day"));
    assert!(next(coming()).contains("enters the result of the visit of 10 March 2018"));
    assert!(next(held_with(&["desktops"])).contains("discloses the outcome"));
    assert!(next(disclosed_with(&["desktops"])).contains("proposes what it will do"));
    assert!(next(disclosed_with(&[])).contains("closes the assessment"));
    assert!(next(planned()).contains("action 1, which was due on 30 April 2018"));
    assert_eq!(planned().state().overdue(day("2018-04-30")), []);
    assert_eq!(planned().state().overdue(day("2018-05-01")), [(1, day("2018-04-30"))]);
}
