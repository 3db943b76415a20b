//! The rule of the toolkit assessment, by examples.

use super::*;
use crate::{
    facts::{Facts, NotUnderstood},
    rules::{
        Registers,
        conditions::{ToolkitUnmet, Unmet},
    },
};
use proptest::prelude::*;

const IGT: &str = "igt-14.1";
const Y18: &str = "dspt-2018-19";
const Y19: &str = "dspt-2019-20";

fn edition(id: &str) -> EditionId {
    id.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    let term =
        |id: &str, scheme, deadline: &str| Term { edition: edition(id), scheme, deadline: day(deadline) };
    Calendar::new(vec![
        term(IGT, Scheme::IgToolkit, "2018-03-31"),
        term(Y18, Scheme::DspToolkit, "2019-03-31"),
        term(Y19, Scheme::DspToolkit, "2020-09-30"),
    ])
}

fn met(id: &str) -> Toolkit {
    Toolkit::Listed(PublishedResult::StandardsMet { edition: edition(id) })
}

/// What happened, in the order in which it was recorded; a result of the register with a row of its day.
fn recorded(happened: impl IntoIterator<Item = (Day, Toolkit)>) -> OrganisationFacts {
    let mut facts = OrganisationFacts::default();
    for (index, (day, what)) in happened.into_iter().enumerate() {
        let position = Position(index as u64 + 1);
        facts.toolkit.push(ToolkitFact { position, day, what });
        if let Toolkit::Listed(result) = what {
            let value = RegisterRow { result, published: result.edition().map(|_| day) };
            facts.register.note(Row { as_of: day, position, import: None, value, confirmed: false });
        }
    }
    facts
}

fn facts(happened: &[(&str, Toolkit)]) -> OrganisationFacts {
    recorded(happened.iter().map(|(on, what)| (day(on), *what)))
}

/// The position of the register that lists most practices, and not the one that is judged.
const WITHOUT: Position = Position(1_000);

/// A register of a day after all deadlines, which lists most practices.
fn registers() -> Registers {
    Registers::with([Register {
        as_of: day("2030-01-01"),
        import: uuid::Uuid::from_u128(9),
        position: WITHOUT,
    }])
}

fn timeline_on(own: &OrganisationFacts, registers: &Registers, today: Day) -> Timeline {
    let (facts, calendar) = (Facts::default(), calendar());
    timeline(own, &Common::new(&facts, &calendar, registers, Position(u64::MAX), today))
}

fn judged(own: &OrganisationFacts, registers: &Registers, moment: Moment, today: Day) -> Judged {
    let (facts, calendar) = (Facts::default(), calendar());
    judge(own, &Common::new(&facts, &calendar, registers, Position(u64::MAX), today), moment)
}

#[track_caller]
fn assert_changes(timeline: &Timeline, expected: &[(&str, Status)]) {
    let shown: Vec<(Day, Status)> =
        timeline.changes().iter().map(|change| (change.day, change.status)).collect();
    let expected: Vec<(Day, Status)> = expected.iter().map(|(on, status)| (day(on), *status)).collect();
    assert_eq!(shown, expected);
}

#[track_caller]
fn check(happened: &[(&str, Toolkit)], expected: &[(&str, Status)]) {
    assert_changes(&timeline_on(&facts(happened), &registers(), Day::LAST), expected);
}

/// The same where no register was read that lists most practices.
#[track_caller]
fn check_alone(happened: &[(&str, Toolkit)], expected: &[(&str, Status)]) {
    assert_changes(&timeline_on(&facts(happened), &Registers::default(), Day::LAST), expected);
}

#[test]
fn without_a_register_of_the_deadline_or_later_nothing_is_known() {
    check_alone(&[], &[]);
    check_alone(
        &[("2019-03-21", met(Y18))],
        &[("2019-03-21", Status::Met), ("2020-09-30", Status::NoEvidence)],
    );
    let unmet = judged(
        &facts(&[("2019-03-21", met(Y18))]),
        &Registers::default(),
        Moment::EndOf(day("2020-10-31")),
        Day::LAST,
    )
    .unmet;
    assert_eq!(
        unmet.iter().map(|of| of.unmet).collect::<Vec<_>>(),
        [Unmet::Toolkit(ToolkitUnmet::NoRegister(edition(Y19), day("2020-09-30")))]
    );
}

#[test]
fn a_row_without_a_result_after_the_deadline_is_a_witness() {
    check_alone(
        &[("2019-06-17", Toolkit::Listed(PublishedResult::NotPublished))],
        &[("2019-03-31", Status::NotMet), ("2020-09-30", Status::NoEvidence)],
    );
    // One of before the deadline is none.
    check_alone(&[("2019-03-01", Toolkit::Listed(PublishedResult::NotPublished))], &[]);
}

#[test]
fn a_later_edition_hides_what_was_published_for_the_one_before() {
    let own = facts(&[("2020-11-02", met(Y19))]);
    let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST);
    assert_eq!(status("2019-04-30").status, Status::NoEvidence);
    let hidden = ToolkitUnmet::Hidden(edition(Y18), edition(Y19), day("2020-11-02"));
    assert_eq!(status("2019-04-30").unmet.first().map(|of| of.unmet), Some(Unmet::Toolkit(hidden)));
    // The edition itself, published late, is a witness for the days before.
    assert_eq!(status("2020-10-31").status, Status::NotMet);
    assert_eq!(status("2020-11-02").status, Status::Met);
}

#[test]
fn a_later_edition_published_while_this_one_was_the_last_due_came_late() {
    let own = facts(&[("2019-06-13", met(Y19))]);
    let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST).status;
    assert_eq!(status("2019-03-30"), Status::NoEvidence);
    assert_eq!(status("2019-03-31"), Status::NotMet);
    assert_eq!(status("2019-06-12"), Status::NotMet);
    assert_eq!(status("2019-06-13"), Status::Met);
}

#[test]
fn from_the_second_year_on_a_later_edition_hides_the_one_due_whatever_the_date_of_the_register() {
    let own = facts(&[("2019-11-02", met(Y19))]);
    let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST).status;
    assert_eq!(status("2019-03-31"), Status::NoEvidence);
    assert_eq!(status("2019-11-01"), Status::NoEvidence);
    assert_eq!(status("2019-11-02"), Status::Met);
}

#[test]
fn a_row_without_a_day_of_publication_is_no_witness_for_the_days_before_its_register() {
    let mut own = facts(&[("2019-06-17", met(Y18))]);
    own.register.all_mut()[0].value.published = None;
    let status = |on: &str| judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST).status;
    assert_eq!(status("2019-03-31"), Status::NoEvidence);
    assert_eq!(status("2019-06-16"), Status::NoEvidence);
    assert_eq!(status("2019-06-17"), Status::Met);
}

#[test]
fn an_assessment_kept_here_is_a_witness_for_the_days_before_it_was_begun() {
    let opened = Toolkit::Opened(edition(Y18));
    let published = Toolkit::Published(edition(Y18), Grade::Satisfactory);
    for what in [opened, published] {
        let own = facts(&[("2019-06-17", what)]);
        for on in ["2019-03-31", "2019-06-16"] {
            let judged = judged(&own, &Registers::default(), Moment::EndOf(day(on)), Day::LAST);
            assert_eq!(judged.status, Status::NotMet, "{what:?} on {on}");
            assert_eq!(judged.unmet.first().and_then(|of| of.event), Some(Position(1)), "{what:?} on {on}");
        }
    }
}

#[test]
fn of_generated_data_what_is_not_told_did_not_happen() {
    let (calendar, none) = (calendar(), Registers::default());
    let status = |synthetic_events: u64, registers: &Registers| {
        let facts = Facts { synthetic_events, ..Facts::default() };
        let common = Common::new(&facts, &calendar, registers, Position(u64::MAX), Day::LAST);
        judge(&OrganisationFacts::default(), &common, Moment::EndOf(day("2019-04-01"))).status
    };
    assert_eq!(status(0, &none), Status::NoEvidence);
    assert_eq!(status(7, &none), Status::NotMet);
    let before = Register { as_of: day("2019-03-01"), import: uuid::Uuid::from_u128(9), position: WITHOUT };
    assert_eq!(status(7, &Registers::with([before])), Status::NoEvidence, "a register was read as well");
}

#[test]
fn an_extract_says_nothing_of_those_whom_it_leaves_out() {
    let own = facts(&[("2019-03-21", met(Y18))]);
    let on = Moment::EndOf(day("2020-10-31"));
    assert_eq!(judged(&own, &Registers::default(), on, Day::LAST).status, Status::NoEvidence);
    assert_eq!(judged(&own, &registers(), on, Day::LAST).status, Status::NotMet);
}

#[test]
fn of_a_deadline_to_come_no_witness_is_asked_for() {
    let own = facts(&[("2019-03-21", met(Y18))]);
    let ahead = timeline_on(&own, &Registers::default(), day("2020-01-01"));
    assert_changes(&ahead, &[("2019-03-21", Status::Met), ("2020-09-30", Status::NotMet)]);
}

#[test]
fn a_register_that_shows_an_older_edition_again_withdraws_the_newer() {
    let mut own = facts(&[("2020-09-01", met(Y19))]);
    let value = RegisterRow {
        result: PublishedResult::StandardsMet { edition: edition(Y18) },
        published: Some(day("2019-03-21")),
    };
    let (as_of, position) = (day("2020-12-01"), Position(2));
    own.register.note(Row { as_of, position, import: None, value, confirmed: false });
    let what = Toolkit::Listed(value.result);
    own.toolkit.push(ToolkitFact { position, day: day("2019-03-21"), what });
    assert_changes(
        &timeline_on(&own, &Registers::default(), Day::LAST),
        &[("2019-03-21", Status::Met), ("2020-12-01", Status::NotMet)],
    );
    let judged = judged(&own, &Registers::default(), Moment::EndOf(as_of), Day::LAST);
    assert_eq!(judged.cause, Cause::NoLongerInRegister(edition(Y19), as_of, position));
}

#[test]
fn a_row_that_is_not_understood_is_no_witness() {
    let own = facts(&[("2019-06-17", Toolkit::Listed(PublishedResult::Unrecognised))]);
    let judged = judged(&own, &Registers::default(), Moment::EndOf(day("2019-06-17")), Day::LAST);
    assert_eq!(judged.status, Status::NoEvidence);
    let unmet = Unmet::Toolkit(ToolkitUnmet::NotUnderstood(day("2019-06-17")));
    assert_eq!(judged.unmet.first().map(|of| of.unmet), Some(unmet));
}

#[test]
fn what_came_with_a_withdrawn_import_counts_for_nothing() {
    let import = Some(uuid::Uuid::from_u128(1));
    let value = RegisterRow {
        result: PublishedResult::StandardsMet { edition: edition(Y18) },
        published: Some(day("2019-03-21")),
    };
    let mut own = OrganisationFacts::default();
    let (as_of, position) = (day("2019-06-17"), Position(1));
    own.register.note(Row { as_of, position, import, value, confirmed: false });
    own.toolkit.push(ToolkitFact { position, day: day("2019-03-21"), what: Toolkit::Listed(value.result) });
    let mut all = Facts::default();
    all.files.withdrawn.note(uuid::Uuid::from_u128(1), Position(5));
    let (calendar, registers) = (calendar(), Registers::default());
    let status = |upto: u64| {
        let common = Common::new(&all, &calendar, &registers, Position(upto), Day::LAST);
        judge(&own, &common, Moment::EndOf(as_of)).status
    };
    assert_eq!(status(4), Status::Met, "as known before");
    assert_eq!(status(5), Status::NoEvidence);
}

#[test]
fn nothing_ever_published_is_no_evidence_until_the_first_register_deadline() {
    check(&[], &[("2019-03-31", Status::NotMet)]);
}

#[test]
fn published_in_time_holds_until_the_end_of_the_day_before_the_next_deadline() {
    check(&[("2019-03-21", met(Y18))], &[("2019-03-21", Status::Met), ("2020-09-30", Status::NotMet)]);
}

#[test]
fn published_on_the_deadline_day_is_in_time() {
    check(&[("2019-03-31", met(Y18))], &[("2019-03-31", Status::Met), ("2020-09-30", Status::NotMet)]);
}

#[test]
fn a_deadline_is_missed_at_the_end_of_its_day_and_not_while_it_runs() {
    let facts = facts(&[("2019-03-21", met(Y18))]);
    let status = |today: &str, on: &str| timeline_on(&facts, &registers(), day(today)).at(day(on)).status;
    assert_eq!(status("2020-09-29", "2020-09-30"), Status::NotMet, "the end of a day to come");
    assert_eq!(status("2020-09-30", "2020-09-30"), Status::Met, "the deadline day is running");
    assert_eq!(status("2020-09-30", "2020-10-01"), Status::NotMet);
    assert_eq!(status("2020-10-01", "2020-09-30"), Status::NotMet, "it is over");
}

#[test]
fn what_is_unmet_is_told_of_the_day_asked_about() {
    let facts = facts(&[("2019-05-02", met(Y18))]);
    let unmet = |on: &str| {
        let judged = judged(&facts, &registers(), Moment::EndOf(day(on)), Day::LAST);
        judged.unmet.iter().map(|of| (of.unmet, of.event)).collect::<Vec<_>>()
    };
    let toolkit = crate::rules::conditions::Unmet::Toolkit;
    use crate::rules::conditions::ToolkitUnmet::{NotInRegister, OlderPublished, PublishedLater};
    let later = PublishedLater(edition(Y18), day("2019-03-31"), day("2019-05-02"));
    assert_eq!(unmet("2019-03-31"), [(toolkit(later), Some(Position(1)))]);
    assert_eq!(unmet("2019-05-02"), []);
    assert_eq!(
        unmet("2020-10-20"),
        [
            (toolkit(OlderPublished(edition(Y18), day("2019-05-02"))), Some(Position(1))),
            (toolkit(NotInRegister(edition(Y19), day("2020-09-30"), day("2030-01-01"))), Some(WITHOUT)),
        ]
    );
}

#[test]
fn late_publication_counts_from_its_day() {
    check(
        &[("2019-05-02", met(Y18))],
        &[("2019-03-31", Status::NotMet), ("2019-05-02", Status::Met), ("2020-09-30", Status::NotMet)],
    );
}

#[test]
fn a_later_edition_covers_an_earlier_one_left_out() {
    check(&[("2019-06-13", met(Y19))], &[("2019-03-31", Status::NotMet), ("2019-06-13", Status::Met)]);
}

#[test]
fn exceeded_is_met_and_an_agreed_plan_or_approaching_is_partly_met() {
    let listed = |result: fn(EditionId) -> PublishedResult| Toolkit::Listed(result(edition(Y18)));
    for (what, status) in [
        (listed(|edition| PublishedResult::StandardsExceeded { edition }), Status::Met),
        (listed(|edition| PublishedResult::PlanAgreed { edition }), Status::PartlyMet),
        (listed(|edition| PublishedResult::ApproachingStandards { edition }), Status::PartlyMet),
    ] {
        check(&[("2019-03-01", what)], &[("2019-03-01", status), ("2020-09-30", Status::NotMet)]);
    }
}

#[test]
fn standards_not_met_and_entry_level_are_not_met_from_the_day_of_publication() {
    let listed = |result: fn(EditionId) -> PublishedResult| Toolkit::Listed(result(edition(Y18)));
    for what in [
        listed(|edition| PublishedResult::StandardsNotMet { edition }),
        listed(|edition| PublishedResult::EntryLevel { edition }),
    ] {
        check(&[("2019-03-01", what)], &[("2019-03-01", Status::NotMet)]);
    }
}

#[test]
fn of_two_publications_for_an_edition_the_later_counts() {
    let not_met = Toolkit::Listed(PublishedResult::StandardsNotMet { edition: edition(Y18) });
    check(
        &[("2019-03-01", not_met), ("2019-04-11", met(Y18))],
        &[("2019-03-01", Status::NotMet), ("2019-04-11", Status::Met), ("2020-09-30", Status::NotMet)],
    );
}

/// Words of the register that are not understood.
const WORDS: Toolkit = Toolkit::Listed(PublishedResult::Unrecognised);

/// The same facts, where every row that is not understood has this text.
fn worded(mut own: OrganisationFacts, text: &str) -> OrganisationFacts {
    for row in own.register.all_mut() {
        if row.value.result == PublishedResult::Unrecognised {
            let (position, as_of, published) = (row.position, row.as_of, row.value.published);
            own.not_understood.push(NotUnderstood { position, as_of, published, text: text.into() });
        }
    }
    own
}

#[test]
fn words_not_understood_are_neither_met_nor_not_met() {
    for text in ["18/19 Standards Surpassed", "19/20 Standards Surpassed", "31/32 Standards Surpassed"] {
        let own = worded(facts(&[("2019-06-17", WORDS)]), text);
        for registers in [registers(), Registers::default()] {
            for on in ["2019-06-17", "2020-09-30", "2030-01-01"] {
                let judged = judged(&own, &registers, Moment::EndOf(day(on)), Day::LAST);
                assert_eq!(judged.status, Status::NoEvidence, "{text} on {on}");
                let unmet: Vec<_> = judged.unmet.iter().map(|of| (of.unmet, of.event)).collect();
                let words = Unmet::Toolkit(ToolkitUnmet::NotUnderstood(day("2019-06-17")));
                assert_eq!(unmet, [(words, Some(Position(1)))], "{text} on {on}");
            }
        }
    }
}

#[test]
fn words_not_understood_do_not_make_a_deadline_to_come_missed() {
    let own = worded(facts(&[("2019-03-05", WORDS)]), "18/19 Assured");
    assert_changes(&timeline_on(&own, &Registers::default(), day("2019-03-10")), &[]);
}

#[test]
fn of_two_publications_for_an_edition_the_later_counts_though_its_words_are_not_understood() {
    let own = worded(facts(&[("2019-03-01", met(Y18)), ("2019-05-01", WORDS)]), "18/19 Assured");
    assert_changes(
        &timeline_on(&own, &registers(), Day::LAST),
        &[("2019-03-01", Status::Met), ("2019-05-01", Status::NoEvidence)],
    );
}

#[test]
fn a_result_that_is_met_holds_until_the_next_deadline_whatever_later_words_mean() {
    let own = |before| worded(facts(&[("2019-03-01", before), ("2019-06-13", WORDS)]), "19/20 Assured");
    assert_changes(
        &timeline_on(&own(met(Y18)), &registers(), Day::LAST),
        &[("2019-03-01", Status::Met), ("2020-09-30", Status::NoEvidence)],
    );
    let below = Toolkit::Listed(PublishedResult::StandardsNotMet { edition: edition(Y18) });
    assert_changes(
        &timeline_on(&own(below), &registers(), Day::LAST),
        &[("2019-03-01", Status::NotMet), ("2019-06-13", Status::NoEvidence)],
    );
}

#[test]
fn words_that_a_later_register_no_longer_shows_say_nothing_any_more() {
    let own = facts(&[("2019-06-17", WORDS), ("2019-07-17", Toolkit::Listed(PublishedResult::NotPublished))]);
    let own = worded(own, "18/19 Assured");
    assert_changes(
        &timeline_on(&own, &Registers::default(), Day::LAST),
        &[
            ("2019-03-31", Status::NotMet),
            ("2019-06-17", Status::NoEvidence),
            ("2019-07-17", Status::NotMet),
            ("2020-09-30", Status::NoEvidence),
        ],
    );
}

#[test]
fn a_row_that_could_not_be_read_leaves_the_words_of_the_one_before_in_force() {
    let own = worded(facts(&[("2019-06-17", WORDS)]), "18/19 Assured");
    let mut and_unread = own.clone();
    let (as_of, position, value) = (day("2019-07-17"), Position(2), RegisterRow::UNREAD);
    and_unread.register.note(Row { as_of, position, import: None, value, confirmed: false });
    for own in [own, and_unread] {
        let judged = judged(&own, &Registers::default(), Moment::EndOf(day("2019-08-01")), Day::LAST);
        assert_eq!((judged.status, judged.cause), (Status::NoEvidence, Cause::Event(Position(1))));
    }
}

#[test]
fn words_of_a_withdrawn_import_say_nothing() {
    let mut own = worded(facts(&[("2019-06-17", WORDS)]), "18/19 Assured");
    own.register.all_mut()[0].import = Some(uuid::Uuid::from_u128(1));
    let mut all = Facts::default();
    all.files.withdrawn.note(uuid::Uuid::from_u128(1), Position(5));
    let (calendar, registers) = (calendar(), registers());
    let status = |upto: u64| {
        let common = Common::new(&all, &calendar, &registers, Position(upto), Day::LAST);
        judge(&own, &common, Moment::EndOf(day("2019-06-17"))).status
    };
    assert_eq!(status(4), Status::NoEvidence, "as known before");
    assert_eq!(status(5), Status::NotMet, "the register without the practice is a witness");
}

#[test]
fn of_two_registers_of_one_publication_the_later_one_counts_in_whatever_order_they_came() {
    let row = |position: u64, as_of: &str, result: PublishedResult| {
        let value = RegisterRow { result, published: Some(day("2019-03-01")) };
        Row { as_of: day(as_of), position: Position(position), import: None, value, confirmed: false }
    };
    let not_met = PublishedResult::StandardsNotMet { edition: edition(Y18) };
    let met = PublishedResult::StandardsMet { edition: edition(Y18) };
    let rows = [row(1, "2019-07-17", met), row(2, "2019-06-17", not_met)];
    let mut own = OrganisationFacts::default();
    for row in rows {
        let what = Toolkit::Listed(row.value.result);
        own.toolkit.push(ToolkitFact { position: row.position, day: day("2019-03-01"), what });
        own.register.note(row);
    }
    let judged = judged(&own, &Registers::default(), Moment::EndOf(day("2019-08-01")), Day::LAST);
    assert_eq!(judged.status, Status::Met);
}

#[test]
fn a_result_that_leaves_the_register_no_longer_counts() {
    check(
        &[("2019-03-01", met(Y18)), ("2019-06-17", Toolkit::Listed(PublishedResult::NotPublished))],
        &[("2019-03-01", Status::Met), ("2019-06-17", Status::NotMet)],
    );
}

#[test]
fn the_ig_toolkit_counts_once_published_and_signed() {
    let igt = edition(IGT);
    check(
        &[
            ("2017-11-01", Toolkit::Opened(igt)),
            ("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory)),
            ("2018-03-22", Toolkit::StatementAccepted(igt)),
        ],
        &[("2018-03-22", Status::Met), ("2019-03-31", Status::NotMet)],
    );
}

#[test]
fn an_unsigned_or_unpublished_ig_toolkit_is_not_met_from_its_deadline() {
    let igt = edition(IGT);
    check(&[("2017-11-01", Toolkit::Opened(igt))], &[("2018-03-31", Status::NotMet)]);
    check(&[("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory))], &[("2018-03-31", Status::NotMet)]);
}

#[test]
fn below_level_2_is_partly_met_while_the_agreed_plan_is_in_time() {
    let igt = edition(IGT);
    check(
        &[
            ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
            ("2018-03-20", Toolkit::StatementAccepted(igt)),
            ("2018-04-10", Toolkit::PlanAgreed(igt, day("2018-09-30"))),
        ],
        &[("2018-03-20", Status::NotMet), ("2018-04-10", Status::PartlyMet), ("2018-10-01", Status::NotMet)],
    );
}

#[test]
fn a_central_exemption_mends_what_is_already_published() {
    let igt = edition(IGT);
    let mut facts = facts(&[
        ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
        ("2018-03-20", Toolkit::StatementAccepted(igt)),
    ]);
    let gap = |id: &str| id.parse::<RequirementId>().unwrap();
    facts.gaps.push((Position(1), vec![gap("14-319")]));
    let exempt = |id: &str| {
        calendar().with_exempt(vec![super::super::calendar::Exempt {
            day: day("2018-04-05"),
            edition: igt,
            requirement: gap(id),
        }])
    };
    let status = |calendar: &Calendar, on: &str| {
        let (all, registers) = (Facts::default(), registers());
        let common = Common::new(&all, calendar, &registers, Position(9), Day::LAST);
        timeline(&facts, &common).at(day(on)).status
    };
    assert_eq!(status(&exempt("14-319"), "2018-04-04"), Status::NotMet);
    assert_eq!(status(&exempt("14-319"), "2018-04-05"), Status::Met);
    assert_eq!(status(&exempt("14-117"), "2018-04-05"), Status::NotMet);
}

#[test]
fn a_refused_plan_changes_nothing() {
    let igt = edition(IGT);
    check(
        &[
            ("2018-03-20", Toolkit::Published(igt, Grade::NotSatisfactory)),
            ("2018-03-20", Toolkit::StatementAccepted(igt)),
            ("2018-04-10", Toolkit::PlanRefused(igt)),
        ],
        &[("2018-03-20", Status::NotMet)],
    );
}

#[test]
fn last_editions_result_holds_across_the_change_of_scheme() {
    let igt = edition(IGT);
    check(
        &[
            ("2018-03-20", Toolkit::Published(igt, Grade::Satisfactory)),
            ("2018-03-20", Toolkit::StatementAccepted(igt)),
            ("2019-03-29", met(Y18)),
        ],
        &[("2018-03-20", Status::Met), ("2020-09-30", Status::NotMet)],
    );
}

#[test]
fn what_was_recorded_later_was_not_known_earlier() {
    let facts = facts(&[("2019-03-21", met(Y18)), ("2019-03-25", met(Y19))]);
    let (all, calendar, registers) = (Facts::default(), calendar(), registers());
    let status = |upto: u64, on: &str| {
        let common = Common::new(&all, &calendar, &registers, Position(upto), Day::LAST);
        timeline(&facts, &common).at(day(on)).status
    };
    assert_eq!(status(0, "2019-03-28"), Status::NoEvidence);
    assert_eq!(status(1, "2020-10-01"), Status::NotMet);
    assert_eq!(status(2, "2020-10-01"), Status::Met);
}

#[test]
fn the_cause_is_the_event_or_the_deadline() {
    let timeline = timeline_on(&facts(&[("2019-05-02", met(Y18))]), &registers(), Day::LAST);
    let causes: Vec<Cause> = timeline.changes().iter().map(|change| change.cause).collect();
    assert_eq!(
        causes,
        [
            Cause::Deadline(edition(Y18), Some(Position(1))),
            Cause::Event(Position(1)),
            Cause::NotInRegister(edition(Y19), day("2030-01-01"), WITHOUT)
        ]
    );
}

fn any_fact() -> impl Strategy<Value = (i32, Toolkit)> {
    let editions = prop::sample::select(vec![IGT, Y18, Y19]).prop_map(edition);
    let what = (editions, 0..10usize, 0..400i32).prop_map(|(edition, sort, due)| match sort {
        0 => Toolkit::Opened(edition),
        1 => Toolkit::Published(edition, Grade::Satisfactory),
        2 => Toolkit::Published(edition, Grade::NotSatisfactory),
        3 => Toolkit::StatementAccepted(edition),
        4 => Toolkit::PlanAgreed(edition, day("2018-01-01").plus_days(due * 3)),
        5 => Toolkit::PlanRefused(edition),
        6 => Toolkit::Listed(PublishedResult::StandardsMet { edition }),
        7 => Toolkit::Listed(PublishedResult::StandardsNotMet { edition }),
        8 => WORDS,
        _ => Toolkit::Listed(PublishedResult::NotPublished),
    });
    (0..1200i32, what)
}

proptest! {
    /// The slow, obvious way: ask the rule on every single day.
    #[test]
    fn no_change_is_missed_between_the_days_looked_at(
        happened in prop::collection::vec(any_fact(), 0..10), today in 0..1200i32, year in 18..20u8,
    ) {
        let start = day("2017-12-01");
        let own = recorded(happened.iter().map(|(offset, what)| (start.plus_days(*offset), *what)));
        let own = worded(own, &format!("{year}/{} Assured", year + 1));
        let today = start.plus_days(today);
        let registers = registers();
        let timeline = timeline_on(&own, &registers, today);
        let events: Vec<Position> = own.toolkit.iter().map(|fact| fact.position).chain([WITHOUT]).collect();
        for offset in -30..1500 {
            let day = start.plus_days(offset);
            let judged = judged(&own, &registers, Moment::of(day, today), today);
            prop_assert_eq!(judged.status, timeline.at(day).status);
            prop_assert_eq!(judged.unmet.is_empty(), judged.status == Status::Met, "on {}", day);
            for condition in judged.unmet {
                let known = condition.event.is_none_or(|event| events.contains(&event));
                prop_assert!(known, "{:?} on {}", condition, day);
            }
        }
    }
}
