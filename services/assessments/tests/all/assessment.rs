//! Opening, answering, reviewing, publishing, signing, and the reviewed grade.

use assessments::model::{Assessment, AssessmentCommand, Missing, OnEdition, blockers, roll_over, standing};
use chassis::testing::given;
use proto::assessments::{Answer, AssessmentEvent, Evidence, Grade, GradeReviewed};

use crate::support::*;

fn open(of: &str, carried_over: Vec<proto::assessments::GivenAnswer>) -> OnEdition {
    AssessmentCommand::Open { organisation: code(PRACTICE), carried_over }.on(edition(of))
}

fn published(event: &AssessmentEvent) -> &proto::assessments::AssessmentPublished {
    match event {
        AssessmentEvent::AssessmentPublished(published) => published,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_assessment_is_opened_once() {
    given::<Assessment>([])
        .when(open(IGT, vec![]))
        .then(opened(IGT, vec![]))
        .when(open(IGT, vec![]))
        .then_nothing();
}

#[test]
fn an_edition_cannot_be_opened_before_its_time_nor_one_that_does_not_exist() {
    given::<Assessment>([]).on("2018-03-31").when(open(DSPT, vec![])).then_refused("opens on 1 April 2018");
    igt_answered(&[])
        .when(publish().on(edition(DSPT)))
        .then_refused("the assessment is of igt-14.1, not of dspt-2018-19");
}

#[test]
fn nothing_can_be_done_before_it_is_opened() {
    for command in [
        AssessmentCommand::Answer(level("14-117", 2)),
        AssessmentCommand::Review(requirement("14-117")),
        publish(),
        AssessmentCommand::AcceptStatement(person(1)),
        plan_action("14-117", "2018-09-30"),
        submit(),
        agree("00K"),
    ] {
        given::<Assessment>([]).asked(command).then_refused("has not been opened");
    }
}

#[test]
fn the_same_answer_again_is_nothing_new() {
    given::<Assessment>([opened(IGT, vec![])])
        .asked(AssessmentCommand::Answer(level("14-117", 2)))
        .then(answered(IGT, level("14-117", 2)))
        .asked(AssessmentCommand::Answer(level("14-117", 2)))
        .then_nothing()
        .asked(AssessmentCommand::Answer(level("14-117", 3)))
        .then(answered(IGT, level("14-117", 3)));
}

#[test]
fn answers_are_checked_against_the_edition() {
    let mut target = level("14-117", 2);
    target.target = Some(4);
    let mut comment = level("14-117", 2);
    comment.comment = "x".repeat(2_001);
    let mut hash = level("14-117", 2);
    hash.evidence = Some(Evidence { reference: "folder".into(), sha256: Some("abc".into()) });
    for (wrong, reason) in [
        (level("14-117", 4), "a level of 0, 1, 2 or 3"),
        (answer("14-117", Answer::Met), "a level of 0, 1, 2 or 3"),
        (level("14-999", 2), "not a requirement"),
        (answer("14-117", Answer::NotRelevant { reason: "no staff".into() }), "applies to every practice"),
        (answer("14-318", Answer::NotRelevant { reason: "  ".into() }), "A reason is missing"),
        (with_evidence(level("14-117", 2), " "), "The place of the evidence is missing"),
        (target, "a target is a level of 0 to 3"),
        (comment, "up to 2000 characters"),
        (hash, "64 hexadecimal digits"),
    ] {
        given::<Assessment>([opened(IGT, vec![])])
            .asked(AssessmentCommand::Answer(wrong))
            .then_refused(reason);
    }
    given::<Assessment>([opened(DSPT, vec![])])
        .asked(AssessmentCommand::Answer(level("1", 2)))
        .then_refused("met or not met");
}

#[test]
fn not_relevant_is_accepted_where_it_is_offered_and_has_a_reason() {
    let not_relevant = answer("14-318", Answer::NotRelevant { reason: "no one works away".into() });
    given::<Assessment>([opened(IGT, vec![])])
        .asked(AssessmentCommand::Answer(not_relevant.clone()))
        .then(answered(IGT, not_relevant));
}

#[test]
fn answers_roll_over_from_last_year_and_then_each_needs_its_review_tick() {
    let last_year =
        given::<Assessment>([opened(DSPT, vec![]), answered(DSPT, answer("3", Answer::Met))]).state().clone();
    let carried = roll_over(&last_year, edition(DSPT), edition("dspt-2019-20"));
    assert_eq!(carried, [answer("3", Answer::Met)]);
    let this_year = given::<Assessment>([])
        .on("2019-06-01")
        .when(open("dspt-2019-20", carried.clone()))
        .then(opened("dspt-2019-20", carried));
    let missing = blockers(edition("dspt-2019-20"), this_year.state(), &[]);
    assert!(missing.iter().any(|b| b.requirement == requirement("3") && b.missing == Missing::Review));
    let reviewed = this_year.asked(AssessmentCommand::Review(requirement("3"))).then_event(|_| {});
    let missing = blockers(edition("dspt-2019-20"), reviewed.state(), &[]);
    assert!(!missing.iter().any(|b| b.requirement == requirement("3")));
    reviewed.asked(AssessmentCommand::Review(requirement("3"))).then_nothing();
}

#[test]
fn answers_never_roll_over_from_one_scheme_to_another() {
    let igt = igt_answered(&[]).state().clone();
    assert!(roll_over(&igt, edition(IGT), edition(DSPT)).is_empty());
}

#[test]
fn answering_anew_is_also_reviewing() {
    let carried = vec![answer("3", Answer::Met)];
    given::<Assessment>([opened(DSPT, carried)])
        .asked(AssessmentCommand::Answer(answer("3", Answer::Met)))
        .then(answered(DSPT, answer("3", Answer::Met)))
        .asked(AssessmentCommand::Review(requirement("3")))
        .then_nothing();
}

#[test]
fn what_has_no_answer_cannot_be_reviewed() {
    given::<Assessment>([opened(IGT, vec![])])
        .asked(AssessmentCommand::Review(requirement("14-117")))
        .then_refused("answer it instead");
}

#[test]
fn publication_is_refused_while_something_blocks_it_and_each_thing_is_named() {
    let bare = |number: &str, attained: u8| {
        let mut given = level(number, attained);
        given.comment = String::new();
        given
    };
    let state = given::<Assessment>([
        opened(IGT, vec![level("14-114", 2)]),
        answered(IGT, bare("14-115", 2)),
        answered(IGT, bare("14-116", 0)),
        answered(IGT, with_evidence(level("14-117", 3), "S:/training.xlsx")),
    ]);
    let missing: Vec<(String, Missing)> = blockers(edition(IGT), state.state(), &[])
        .into_iter()
        .map(|blocker| (blocker.requirement.to_string(), blocker.missing))
        .collect();
    assert_eq!(missing[0], ("14-114".into(), Missing::Review), "carried over");
    assert_eq!(missing[1], ("14-115".into(), Missing::Support), "level 2 with nothing to support it");
    assert_eq!(
        missing[2],
        ("14-211".into(), Missing::Answer),
        "level 0 claims nothing, level 3 has evidence"
    );
    assert_eq!(missing.len(), 11);
    state.asked(publish()).then_refused("11 things are still to do");
}

#[test]
fn all_at_level_2_are_published_as_66_percent_and_satisfactory() {
    igt_answered(&[]).asked(publish()).then_event(|event| {
        let event = published(event);
        assert_eq!((event.percentage, event.grade), (Some(66), Grade::Satisfactory));
        assert_eq!(event.answers.len(), 13);
        assert!(event.gaps.is_empty());
    });
}

#[test]
fn one_at_level_1_is_published_as_not_satisfactory_however_high_the_others_are() {
    let mut levels: Vec<(&str, u8)> =
        edition(IGT).requirements().iter().map(|r| (r.id.as_str(), 3)).collect();
    levels[3].1 = 1;
    igt_answered(&levels).asked(publish()).then_event(|event| {
        let event = published(event);
        assert_eq!((event.percentage, event.grade), (Some(94), Grade::NotSatisfactory));
        assert_eq!(event.gaps, [requirement("14-117")]);
    });
}

#[test]
fn an_exempt_requirement_blocks_nothing_and_leaves_the_denominator() {
    let answers = edition(IGT)
        .requirements()
        .iter()
        .filter(|asked| asked.id != requirement("14-319"))
        .map(|asked| answered(IGT, level(asked.id.as_str(), 2)));
    given::<Assessment>([opened(IGT, vec![])].into_iter().chain(answers))
        .asked(AssessmentCommand::Publish { exempt: vec![requirement("14-319")] })
        .then_event(|event| {
            let event = published(event);
            assert_eq!((event.percentage, event.grade), (Some(66), Grade::Satisfactory), "24 of 36");
            assert_eq!(event.exempt, [requirement("14-319")]);
        });
}

#[test]
fn an_exemption_also_changes_what_was_published_before_it() {
    let state = igt_published(&[("14-319", 0)]);
    let on = day("2018-03-02");
    let before = standing(edition(IGT), state.state(), &[], on).unwrap();
    let after = standing(edition(IGT), state.state(), &[requirement("14-319")], on).unwrap();
    assert_eq!((before.grade, before.percentage), (Grade::NotSatisfactory, Some(61)));
    assert_eq!((after.grade, after.percentage), (Grade::Satisfactory, Some(66)));
}

#[test]
fn publishing_late_or_again_is_possible_at_any_time() {
    let again = igt_published(&[("14-117", 1)])
        .asked(publish())
        .then_nothing()
        .on("2018-06-01")
        .asked(AssessmentCommand::Answer(level("14-117", 2)))
        .then(answered(IGT, level("14-117", 2)))
        .asked(publish())
        .then_event(|event| assert_eq!(published(event).grade, Grade::Satisfactory));
    let publication = again.state().publication.as_ref().unwrap();
    assert_eq!(
        (publication.first, publication.on, publication.times),
        (day("2018-03-01"), day("2018-06-01"), 2)
    );
}

#[test]
fn a_general_practice_publishes_the_dsp_toolkit_only_when_every_standard_is_met() {
    let all = |last: Answer| {
        let answers = (1..=10).map(move |number| {
            let given = if number == 10 { last.clone() } else { Answer::Met };
            answered(DSPT, answer(&number.to_string(), given))
        });
        given::<Assessment>([opened(DSPT, vec![])].into_iter().chain(answers)).on("2018-12-01")
    };
    all(Answer::NotMet).asked(publish()).then_refused("one thing is still to do");
    all(Answer::NotMet).asked(plan_action("10", "2019-06-30")).then_refused("no improvement plan");
    all(Answer::Met).asked(publish()).then_event(|event| {
        assert_eq!((published(event).grade, published(event).percentage), (Grade::Satisfactory, None));
    });
}

#[test]
fn the_statement_is_accepted_after_publication_and_once_a_year() {
    let sign = || AssessmentCommand::AcceptStatement(person(1));
    igt_answered(&[]).asked(sign()).then_refused("publish it first");
    igt_published(&[])
        .asked(sign())
        .then_event(|event| assert!(matches!(event, AssessmentEvent::AssuranceStatementAccepted(_))))
        .on("2018-06-01")
        .asked(publish())
        .then_event(|_| {})
        .asked(sign())
        .then_refused("accepted on 1 March 2018");
}

#[test]
fn the_dsp_toolkit_has_no_assurance_statement() {
    given::<Assessment>([opened(DSPT, vec![])])
        .asked(AssessmentCommand::AcceptStatement(person(1)))
        .then_refused("does not end with an assurance statement");
}

#[test]
fn a_reviewed_grade_stands_beside_the_self_assessed_one() {
    let review = |reason: &str| AssessmentCommand::ReviewGrade {
        grade: Grade::NotSatisfactory,
        by: code("X24"),
        reason: reason.into(),
    };
    igt_answered(&[]).asked(review("no evidence")).then_refused("publish it first");
    igt_published(&[]).asked(review(" ")).then_refused("A reason is missing");
    let state = igt_published(&[])
        .asked(review("no evidence"))
        .then(AssessmentEvent::GradeReviewed(GradeReviewed {
            organisation: code(PRACTICE),
            edition: edition_id(IGT),
            grade: Grade::NotSatisfactory,
            by: code("X24"),
            reason: "no evidence".into(),
        }))
        .asked(review("no evidence"))
        .then_nothing();
    assert_eq!(state.state().publication.as_ref().unwrap().grade, Grade::Satisfactory, "stays as it was");
}
