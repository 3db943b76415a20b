//! Given these events, when this command, then this event or this refusal. Today is 1 March 2018.

use chassis::testing::given;
use continuity::model::{
    ContinuityPlan, LESSONS_MAX, Own, RELIANCES_MAX, REVIEWS_MAX, RUNS_MAX, SYSTEMS_MAX, TEXT_MAX_CHARS,
    VERSIONS_MAX,
};
use proto::continuity::{
    Against, ContinuityEvent, Document, Impact, LessonActedUpon, PlanInvoked, PlannedSystem, RelianceEnded,
    RelianceStated, Scenario,
};

use crate::support::*;

fn system(name: &str, hours: u16) -> PlannedSystem {
    let name = name.to_owned();
    PlannedSystem { name, impact: Impact::High, recovery_time_hours: hours, recovery_point_hours: 1 }
}

fn with(systems: Vec<PlannedSystem>, document: Option<Document>) -> continuity::model::PlanCommand {
    of_practice(Own::Write { owner: person(1), covers: vec![Scenario::Data], systems, document })
}

#[test]
fn versions_are_numbered_from_one() {
    given::<ContinuityPlan>([])
        .when(write(&[Scenario::Power, Scenario::Data, Scenario::Power]))
        .then(written(1, &[Scenario::Power, Scenario::Data]))
        .when(write(&[Scenario::Data, Scenario::Power]))
        .then_nothing()
        .when(write(&Scenario::ALL))
        .then(written(2, &Scenario::ALL));
}

#[test]
fn a_version_covers_something_and_names_systems_once() {
    let new = given::<ContinuityPlan>;
    new(vec![]).when(write(&[])).then_refused("at least one thing");
    new(vec![]).when(with(vec![system(" ", 4)], None)).then_refused("The name of a system is missing");
    new(vec![]).when(with(vec![system("EMIS", 4), system("emis ", 8)], None)).then_refused("named twice");
    new(vec![]).when(with(vec![system("EMIS", 8_784)], None)).then_event(|_| {});
    new(vec![]).when(with(vec![system("EMIS", 8_785)], None)).then_refused("up to 8784 hours");
    let many = |count: usize| (0..count).map(|number| system(&format!("system {number}"), 4)).collect();
    new(vec![]).when(with(many(SYSTEMS_MAX), None)).then_event(|_| {});
    new(vec![]).when(with(many(SYSTEMS_MAX + 1), None)).then_refused("up to 100 systems");
}

#[test]
fn a_document_is_found_by_its_reference_and_known_by_its_hash() {
    let document = |reference: &str, sha256: &str| {
        Some(Document { reference: reference.to_owned(), sha256: sha256.to_owned() })
    };
    let new = || given::<ContinuityPlan>([]);
    let hash = "A".repeat(64);
    new().when(with(vec![], document("drawer 3", &hash))).then_event(|event| match event {
        ContinuityEvent::PlanWritten(event) => {
            assert_eq!(event.document.as_ref().unwrap().sha256, "a".repeat(64));
        }
        other => panic!("{other:?}"),
    });
    new().when(with(vec![], document("", &hash))).then_refused("reference of the document is missing");
    new().when(with(vec![], document(&"x".repeat(TEXT_MAX_CHARS + 1), &hash))).then_refused("500 characters");
    for wrong in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
        new().when(with(vec![], document("drawer 3", wrong))).then_refused("64 hexadecimal digits");
    }
}

#[test]
fn a_version_is_approved_once_and_not_before_it_is_written() {
    let approval = || approve(1, "2018-01-15", "2019-01-15");
    given::<ContinuityPlan>([]).when(approval()).then_refused("no version 1");
    given::<ContinuityPlan>([written(1, &Scenario::ALL)])
        .when(approve(2, "2018-01-15", "2019-01-15"))
        .then_refused("no version 2")
        .when(approval())
        .then(approved(1, "2018-01-15", "2019-01-15"))
        .when(approval())
        .then_nothing()
        .when(approve(1, "2018-02-01", "2019-01-15"))
        .then_refused("version 1 was approved on 15 January 2018")
        .and(written(2, &Scenario::ALL))
        .and(written(3, &Scenario::ALL))
        .when(approve(3, "2018-01-14", "2019-01-15"))
        .then_refused("on 15 January 2018 last; not before")
        .when(approve(3, "2018-01-15", "2019-01-15"))
        .then(approved(3, "2018-01-15", "2019-01-15"))
        .and(written(4, &Scenario::ALL))
        .when(approve(2, "2018-02-01", "2019-01-15"))
        .then_refused("approve 4");
}

#[test]
fn an_approval_is_not_to_come_and_its_review_is_within_twelve_months() {
    let new = || given::<ContinuityPlan>([written(1, &Scenario::ALL)]);
    new().when(approve(1, "2018-03-02", "2019-01-15")).then_refused("2 March 2018 is still to come");
    new().when(approve(1, "2018-03-01", "2018-03-01")).then_refused("within twelve months");
    new().when(approve(1, "2018-03-01", "2018-03-02")).then_event(|_| {});
    new().when(approve(1, "2018-03-01", "2019-03-02")).then_event(|_| {});
    new().when(approve(1, "2018-03-01", "2019-03-03")).then_refused("up to 2 March 2019");
}

#[test]
fn an_approved_plan_is_reviewed() {
    given::<ContinuityPlan>([written(1, &Scenario::ALL)])
        .when(review("2018-02-01", "2019-02-01"))
        .then_refused("no version of the plan has been approved");
    in_force()
        .when(review("2018-01-14", "2019-01-01"))
        .then_refused("not before")
        .when(review("2018-03-02", "2019-03-01"))
        .then_refused("still to come")
        .when(review("2018-02-01", "2019-02-03"))
        .then_refused("within twelve months")
        .when(review("2018-02-01", "2019-02-01"))
        .then(reviewed(1, "2018-02-01", "2019-02-01"))
        .when(review("2018-02-01", "2019-02-01"))
        .then_nothing()
        .when(review("2018-01-31", "2019-01-01"))
        .then_refused("on 1 February 2018 last");
}

#[test]
fn a_withdrawn_plan_is_no_longer_worked_with_until_one_is_approved() {
    given::<ContinuityPlan>([]).when(withdraw("merged")).then_refused("no version of the plan");
    in_force().when(withdraw(" ")).then_refused("The reason is missing");
    in_force().on("2018-01-14").when(withdraw("merged")).then_refused("not before");
    in_force()
        .when(withdraw("merged"))
        .then(withdrawn("merged"))
        .when(withdraw("merged"))
        .then_nothing()
        .when(review("2018-03-01", "2019-03-01"))
        .then_refused("withdrawn on 1 March 2018")
        .when(exercise("2018-03-01", vec![]))
        .then_refused("withdrawn on 1 March 2018")
        .when(approve(1, "2018-02-28", "2019-01-15"))
        .then_refused("not before")
        .when(approve(1, "2018-03-01", "2019-01-15"))
        .then(approved(1, "2018-03-01", "2019-01-15"));
}

#[test]
fn an_exercise_is_held_with_the_plan_approved_on_its_day() {
    given::<ContinuityPlan>([written(1, &Scenario::ALL)])
        .when(exercise("2018-02-20", vec![]))
        .then_refused("no version of the plan has been approved");
    in_force()
        .when(exercise("2018-03-02", vec![]))
        .then_refused("still to come")
        .when(exercise("2018-01-14", vec![]))
        .then_refused("the first was on 15 January 2018")
        .when(exercise("2018-02-20", vec![]))
        .then(held(1, "2018-02-20"))
        .when(exercise("2018-02-20", vec![]))
        .then_nothing()
        .and(written(2, &Scenario::ALL))
        .and(approved(2, "2018-02-28", "2019-02-28"))
        .when(exercise("2018-02-27", vec![]))
        .then(held(2, "2018-02-27"))
        .when(exercise("2018-03-01", vec![]))
        .then_event(|event| match event {
            ContinuityEvent::ExerciseHeld(event) => assert_eq!((event.version, event.number), (2, 3)),
            other => panic!("{other:?}"),
        });
}

#[test]
fn lessons_say_what_is_to_be_done_and_by_when() {
    let refused = |lessons, text| {
        in_force().when(exercise("2018-02-20", lessons)).then_refused(text);
    };
    refused(vec![lesson("2018-02-19")], "cannot be due before 20 February 2018");
    refused(
        vec![proto::continuity::Lesson { action: " ".into(), ..lesson("2018-05-01") }],
        "to be done is missing",
    );
    refused(
        vec![proto::continuity::Lesson { lesson: "".into(), ..lesson("2018-05-01") }],
        "learnt is missing",
    );
    refused(vec![lesson("2018-05-01"); LESSONS_MAX + 1], "up to 40 lessons");
}

#[test]
fn a_lesson_is_acted_upon_once_and_not_before_it_was_learnt() {
    let done = |number, lesson, on: &str| of_practice(Own::ActUpon { number, lesson, done: day(on) });
    let acted = |on: &str| -> ContinuityEvent {
        LessonActedUpon { organisation: code(PRACTICE), number: 1, lesson: 2, done: day(on) }.into()
    };
    in_force()
        .when(exercise("2018-02-20", vec![lesson("2018-05-01"), lesson("2018-06-01")]))
        .then_event(|_| {})
        .when(done(2, 1, "2018-02-25"))
        .then_refused("no exercise or invocation 2")
        .when(done(1, 3, "2018-02-25"))
        .then_refused("has no lesson 3")
        .when(done(1, 2, "2018-02-19"))
        .then_refused("not before")
        .when(done(1, 2, "2018-03-02"))
        .then_refused("still to come")
        .when(done(1, 2, "2018-02-25"))
        .then(acted("2018-02-25"))
        .when(done(1, 2, "2018-02-25"))
        .then_nothing()
        .when(done(1, 2, "2018-02-26"))
        .then_refused("on 25 February 2018 already");
}

#[test]
fn the_plan_is_needed_for_real() {
    let invoke = |on: &str, account: &str| {
        of_practice(Own::Invoke {
            scenario: Scenario::Power,
            on: day(on),
            outcome: Against::TargetsKept,
            account: account.into(),
            lessons: vec![lesson("2018-05-01")],
        })
    };
    given::<ContinuityPlan>([]).when(invoke("2018-02-20", "dark")).then_refused("no version of the plan");
    in_force().when(invoke("2018-02-20", "")).then_refused("account is missing");
    in_force().when(invoke("2018-02-20", &"x".repeat(2_001))).then_refused("2000 characters");
    in_force().when(invoke("2018-03-02", "dark")).then_refused("still to come");
    let after = in_force()
        .and(held(1, "2018-02-01"))
        .when(invoke("2018-02-20", "dark"))
        .then(
            PlanInvoked {
                organisation: code(PRACTICE),
                number: 2,
                scenario: Scenario::Power,
                on: day("2018-02-20"),
                outcome: Against::TargetsKept,
                account: "dark".into(),
                lessons: vec![(1, lesson("2018-05-01"))],
            }
            .into(),
        )
        .when(invoke("2018-02-20", "dark"))
        .then_nothing();
    assert_eq!(after.state().dates.exercised, Some(day("2018-02-01")), "the real thing is no exercise");
}

#[test]
fn one_leans_on_anothers_plan_once_at_a_time() {
    let rely = |partner: &str, services: &str| {
        of_practice(Own::Rely { partner: code(partner), services: services.into() })
    };
    let end = |partner: &str| of_practice(Own::EndReliance { partner: code(partner) });
    let organisation = code(PRACTICE);
    let stated: ContinuityEvent =
        RelianceStated { organisation, partner: code(PARTNER), services: "desktops".into() }.into();
    given::<ContinuityPlan>([])
        .when(rely(PRACTICE, "desktops"))
        .then_refused("own plan")
        .when(rely(PARTNER, ""))
        .then_refused("What you rely on it for is missing")
        .when(end(PARTNER))
        .then_refused("no reliance on the plan of 0AR")
        .when(rely(PARTNER, "desktops"))
        .then(stated.clone())
        .when(rely(PARTNER, "desktops"))
        .then_nothing()
        .when(rely(PARTNER, "network"))
        .then_refused("end it first")
        .on("2018-02-28")
        .when(end(PARTNER))
        .then_refused("it began on 1 March 2018")
        .on("2018-03-05")
        .when(end(PARTNER))
        .then(RelianceEnded { organisation, partner: code(PARTNER) }.into())
        .when(end(PARTNER))
        .then_nothing()
        .on("2018-03-04")
        .when(rely(PARTNER, "network"))
        .then_refused("ended on 5 March 2018; not before")
        .on("2018-03-05")
        .when(rely(PARTNER, "desktops"))
        .then(stated);
}

#[test]
fn what_is_kept_of_a_plan_has_limits() {
    let versions = (1..=VERSIONS_MAX as u16).map(|version| written(version, &Scenario::ALL));
    given::<ContinuityPlan>(versions.clone()).when(write(&Scenario::ALL)).then_nothing();
    given::<ContinuityPlan>(versions).when(write(&[Scenario::Data])).then_refused("200 versions of a plan");
    let runs = |count: usize| {
        (1..=count as u16).fold(in_force(), |plan, number| plan.and(held(number, "2018-02-01")))
    };
    runs(RUNS_MAX - 1).when(exercise("2018-02-20", vec![])).then_event(|_| {});
    runs(RUNS_MAX).when(exercise("2018-02-20", vec![])).then_refused("500 exercises and invocations");
    let on = "2018-02-01";
    let reviews = (0..REVIEWS_MAX).fold(in_force(), |plan, _| plan.and(reviewed(1, on, "2019-01-01")));
    reviews.when(review("2018-02-01", "2019-01-02")).then_refused("500 reviews");
    let stated = |_| {
        let (organisation, partner) = (code(PRACTICE), code(PARTNER));
        let stated = RelianceStated { organisation, partner, services: "desktops".into() };
        [ContinuityEvent::from(stated), RelianceEnded { organisation, partner }.into()]
    };
    let rely = of_practice(Own::Rely { partner: code(PARTNER), services: "desktops".into() });
    given::<ContinuityPlan>((0..RELIANCES_MAX).flat_map(stated))
        .when(rely)
        .then_refused("100 statements of reliance");
}
