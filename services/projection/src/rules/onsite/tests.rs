use super::*;
use proptest::prelude::*;
use proto::onsite::Severity;

use crate::facts::Origin;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn found(finding: u16) -> Onsite {
    Onsite::FindingRecorded { finding, severity: Severity::High }
}

fn plan(due: &[(u16, &str)]) -> Onsite {
    Onsite::PlanAgreed { due: due.iter().map(|(action, on)| (*action, day(on))).collect() }
}

fn done(action: u16) -> Onsite {
    Onsite::ActionDone { action }
}

fn retested(mended: &[u16]) -> Onsite {
    Onsite::Retested { mended: mended.to_vec() }
}

/// Facts in the order of the log, of assessments by number.
fn facts(happened: &[(u16, &str, Onsite)]) -> Vec<OnsiteFact> {
    (1..)
        .map(Position)
        .zip(happened)
        .map(|(position, (number, on, what))| OnsiteFact {
            position,
            day: day(on),
            number: *number,
            what: what.clone(),
            origin: Origin::default(),
        })
        .collect()
}

#[track_caller]
fn check(happened: &[(&str, Onsite)], expected: &[(&str, Status)]) {
    let happened: Vec<(u16, &str, Onsite)> =
        happened.iter().map(|(on, what)| (1, *on, what.clone())).collect();
    check_all(&happened, expected);
}

/// The changes after the one that every organisation begins with.
#[track_caller]
fn check_all(happened: &[(u16, &str, Onsite)], expected: &[(&str, Status)]) {
    let timeline = timeline(&facts(happened), Position(u64::MAX), Day::LAST);
    let shown: Vec<(Day, Status)> =
        timeline.changes().iter().map(|change| (change.day, change.status)).collect();
    let begin = (Day::FIRST, Status::NotApplicable);
    let expected: Vec<(Day, Status)> =
        std::iter::once(begin).chain(expected.iter().map(|(on, status)| (day(on), *status))).collect();
    assert_eq!(shown, expected);
}

const ASKED: (&str, Onsite) = ("2018-03-01", Onsite::Requested);
const AGREED: (&str, Onsite) = ("2018-03-05", Onsite::Agreed);
const HELD: (&str, Onsite) = ("2018-04-01", Onsite::Held);
const TOLD: (&str, Onsite) = ("2018-04-10", Onsite::Disclosed);

/// How every one of these begins: asked for, and agreed.
const BEGUN: [(&str, Status); 2] = [("2018-03-01", Status::NoEvidence), ("2018-03-05", Status::Met)];

#[track_caller]
fn check_held(happened: &[(&str, Onsite)], expected: &[(&str, Status)]) {
    let happened = [&[ASKED, AGREED, HELD], happened].concat();
    let begun = [&BEGUN[..], &[("2018-04-01", Status::PartlyMet)], expected].concat();
    check(&happened, &begun);
}

#[test]
fn it_does_not_apply_to_who_was_never_asked() {
    check(&[], &[]);
    assert_eq!(timeline(&[], Position(0), Day::LAST).at(day("2018-03-01")).status, Status::NotApplicable);
}

#[test]
fn unanswered_is_no_evidence_for_28_days_and_then_not_met() {
    check(&[ASKED], &[("2018-03-01", Status::NoEvidence), ("2018-03-30", Status::NotMet)]);
    check(
        &[ASKED, ("2018-04-10", Onsite::Agreed)],
        &[("2018-03-01", Status::NoEvidence), ("2018-03-30", Status::NotMet), ("2018-04-10", Status::Met)],
    );
}

#[test]
fn refused_is_not_met_and_agreed_after_all_is_met() {
    check(
        &[ASKED, ("2018-03-05", Onsite::Refused), ("2018-03-20", Onsite::Agreed)],
        &[("2018-03-01", Status::NoEvidence), ("2018-03-05", Status::NotMet), ("2018-03-20", Status::Met)],
    );
}

#[test]
fn agreed_stays_met_until_it_is_held_even_when_called_off() {
    check(&[ASKED, AGREED, ("2018-03-20", Onsite::Cancelled)], &BEGUN);
}

#[test]
fn held_is_partly_met_for_30_days_until_disclosed() {
    check_held(&[], &[("2018-05-02", Status::NotMet)]);
    check_held(&[TOLD], &[("2018-04-10", Status::Met)]);
    check_held(
        &[("2018-05-10", Onsite::Disclosed)],
        &[("2018-05-02", Status::NotMet), ("2018-05-10", Status::Met)],
    );
}

#[test]
fn findings_need_an_agreed_plan_within_the_same_30_days() {
    let finding = ("2018-04-02", found(1));
    check_held(&[finding.clone(), TOLD], &[("2018-05-02", Status::NotMet)]);
    check_held(
        &[finding.clone(), TOLD, ("2018-04-15", Onsite::PlanReturned)],
        &[("2018-05-02", Status::NotMet)],
    );
    check_held(
        &[finding.clone(), TOLD, ("2018-04-20", plan(&[(1, "2018-06-30")]))],
        &[("2018-07-01", Status::NotMet)],
    );
    check_held(
        &[finding, TOLD, ("2018-05-20", plan(&[(1, "2018-06-30")]))],
        &[("2018-05-02", Status::NotMet), ("2018-05-20", Status::PartlyMet), ("2018-07-01", Status::NotMet)],
    );
}

/// Held, with two findings, disclosed, and a plan agreed: due on 31 May and 30 June.
fn planned() -> Vec<(&'static str, Onsite)> {
    let agreed = plan(&[(1, "2018-05-31"), (2, "2018-06-30")]);
    vec![("2018-04-02", found(1)), ("2018-04-02", found(2)), TOLD, ("2018-04-20", agreed)]
}

#[track_caller]
fn check_planned(happened: &[(&str, Onsite)], expected: &[(&str, Status)]) {
    check_held(&[&planned(), happened].concat(), expected);
}

#[test]
fn a_running_plan_shows_its_due_days_ahead() {
    check_planned(&[], &[("2018-06-01", Status::NotMet)]);
    check_planned(&[("2018-05-31", done(1))], &[("2018-07-01", Status::NotMet)]);
    check_planned(&[("2018-05-20", done(1)), ("2018-06-30", done(2))], &[("2018-06-30", Status::Met)]);
}

#[test]
fn the_last_day_of_a_span_is_still_in_time() {
    let asked = |happened: &[(&str, Onsite)], on: &str| {
        let happened: Vec<_> = happened.iter().map(|(on, what)| (1, *on, what.clone())).collect();
        let facts = facts(&happened);
        let seen: Vec<&OnsiteFact> = facts.iter().filter(|fact| fact.day <= day(on)).collect();
        holds_on(&seen, Moment::EndOf(day(on))).status
    };
    assert_eq!(asked(&[ASKED], "2018-03-29"), Status::NoEvidence);
    assert_eq!(asked(&[ASKED], "2018-03-30"), Status::NotMet);
    assert_eq!(asked(&[ASKED, HELD], "2018-05-01"), Status::PartlyMet);
    assert_eq!(asked(&[ASKED, HELD], "2018-05-02"), Status::NotMet);
    let planned = [&[ASKED, AGREED, HELD], &planned()[..]].concat();
    assert_eq!(asked(&planned, "2018-05-31"), Status::PartlyMet);
    assert_eq!(asked(&planned, "2018-06-01"), Status::NotMet);
}

#[test]
fn overdue_is_not_met_until_it_is_done() {
    check_planned(
        &[("2018-06-10", done(1)), ("2018-06-20", done(2))],
        &[("2018-06-01", Status::NotMet), ("2018-06-10", Status::PartlyMet), ("2018-06-20", Status::Met)],
    );
    check_planned(
        &[("2018-07-10", done(2)), ("2018-07-20", done(1))],
        &[("2018-06-01", Status::NotMet), ("2018-07-20", Status::Met)],
    );
}

#[test]
fn what_was_done_before_the_plan_was_agreed_is_done() {
    check_planned(&[("2018-04-15", done(1)), ("2018-04-18", done(2))], &[("2018-04-20", Status::Met)]);
    check_planned(&[("2018-04-15", done(1))], &[("2018-07-01", Status::NotMet)]);
}

#[test]
fn another_plan_takes_the_place_of_what_is_open() {
    check_planned(
        &[("2018-05-10", done(1)), ("2018-05-20", plan(&[(3, "2018-08-31")]))],
        &[("2018-09-01", Status::NotMet)],
    );
}

#[test]
fn a_re_test_that_finds_all_mended_is_met_whatever_the_plan_says() {
    check_planned(
        &[("2018-06-10", retested(&[1, 2]))],
        &[("2018-06-01", Status::NotMet), ("2018-06-10", Status::Met)],
    );
    check_planned(&[("2018-05-10", retested(&[1]))], &[("2018-06-01", Status::NotMet)]);
}

#[test]
fn what_a_re_test_finds_open_after_all_is_done_needs_another_plan() {
    let all_done = [("2018-05-01", done(1)), ("2018-05-01", done(2)), ("2018-05-10", retested(&[1]))];
    check_planned(
        &all_done,
        &[("2018-05-01", Status::Met), ("2018-05-10", Status::PartlyMet), ("2018-06-10", Status::NotMet)],
    );
    check_planned(
        &[&all_done[..], &[("2018-05-20", plan(&[(3, "2018-07-31")])), ("2018-07-01", done(3))]].concat(),
        &[("2018-05-01", Status::Met), ("2018-05-10", Status::PartlyMet), ("2018-07-01", Status::Met)],
    );
}

#[test]
fn a_finding_after_the_plan_needs_a_plan_of_its_own() {
    check_planned(
        &[("2018-05-01", done(1)), ("2018-05-01", done(2)), ("2018-05-05", found(3))],
        &[("2018-05-01", Status::Met), ("2018-05-05", Status::PartlyMet), ("2018-06-05", Status::NotMet)],
    );
}

#[test]
fn closed_is_met_for_good() {
    check_planned(&[("2018-05-15", Onsite::Closed)], &[("2018-05-15", Status::Met)]);
}

#[test]
fn a_correction_of_the_day_it_was_held_takes_its_place() {
    check(
        &[ASKED, AGREED, HELD, ("2018-04-03", Onsite::Held)],
        &[BEGUN[0], BEGUN[1], ("2018-04-03", Status::PartlyMet), ("2018-05-04", Status::NotMet)],
    );
}

#[test]
fn of_several_the_worst_counts_and_a_closed_one_never() {
    let one = |on, what| (1, on, what);
    let two = |on, what| (2, on, what);
    check_all(
        &[
            one("2018-03-01", Onsite::Requested),
            one("2018-03-02", Onsite::Agreed),
            two("2018-03-10", Onsite::Requested),
            two("2018-03-12", Onsite::Refused),
            one("2018-04-01", Onsite::Held),
            two("2018-04-05", Onsite::Agreed),
            one("2018-04-10", Onsite::Disclosed),
            one("2018-04-11", Onsite::Closed),
            two("2018-04-20", Onsite::Held),
        ],
        &[
            ("2018-03-01", Status::NoEvidence),
            ("2018-03-02", Status::Met),
            ("2018-03-10", Status::NoEvidence),
            ("2018-03-12", Status::NotMet),
            ("2018-04-05", Status::PartlyMet),
            ("2018-04-10", Status::Met),
            ("2018-04-20", Status::PartlyMet),
            ("2018-05-21", Status::NotMet),
        ],
    );
}

#[test]
fn the_cause_is_the_event_or_the_day_it_set() {
    let causes = |happened: &[(&str, Onsite)]| -> Vec<Cause> {
        let happened: Vec<_> = happened.iter().map(|(on, what)| (1, *on, what.clone())).collect();
        let timeline = timeline(&facts(&happened), Position(u64::MAX), Day::LAST);
        timeline.changes().iter().map(|change| change.cause).collect()
    };
    let event = |at| Cause::Event(Position(at));
    let passed = |what, at| Cause::Passed(what, Position(at));
    assert_eq!(causes(&[ASKED]), [Cause::Nothing, event(1), passed(Passed::RequestUnanswered, 1)]);
    assert_eq!(
        causes(&[ASKED, AGREED, HELD]),
        [Cause::Nothing, event(1), event(2), event(3), passed(Passed::OutcomeUndisclosed, 3)]
    );
    let all = [&[ASKED, AGREED, HELD], &planned()[..], &[("2018-06-10", done(1)), ("2018-06-20", done(2))]];
    assert_eq!(
        causes(&all.concat()),
        [Cause::Nothing, event(1), event(2), event(3), passed(Passed::ActionOverdue, 7), event(7), event(9)]
    );
}

#[test]
fn every_condition_that_is_unmet_is_told_with_its_event() {
    let happened = [&[ASKED, AGREED, HELD, ("2018-04-02", found(1)), TOLD][..]].concat();
    let happened: Vec<_> = happened.iter().map(|(on, what)| (1, *on, what.clone())).collect();
    let facts = facts(&happened);
    let unmet = |on: &str| {
        let judged = judge(&facts, Position(u64::MAX), Moment::EndOf(day(on)));
        judged.unmet.iter().map(|of| (of.unmet, of.event.unwrap().0)).collect::<Vec<_>>()
    };
    let of = |what, event| (Unmet::Onsite(1, what), event);
    assert_eq!(unmet("2018-03-02"), [of(OnsiteUnmet::NotAnswered(day("2018-03-29")), 1)]);
    assert_eq!(unmet("2018-03-06"), []);
    let by = day("2018-05-01");
    assert_eq!(unmet("2018-04-03"), [of(OnsiteUnmet::NotShared(by), 3), of(OnsiteUnmet::NoPlan(1, by), 3)]);
    assert_eq!(unmet("2018-06-01"), [of(OnsiteUnmet::NoPlan(1, by), 3)]);
}

#[test]
fn on_the_last_day_for_an_answer_or_an_action_nothing_is_late() {
    let asked = facts(&[(1, ASKED.0, ASKED.1)]);
    let last = day("2018-03-29");
    for today in [last, last.plus_days(1), Day::LAST] {
        let timeline = timeline(&asked, Position(9), today);
        assert_eq!(timeline.at(last).status, Status::NoEvidence);
        assert_eq!(timeline.at(last.plus_days(1)).status, Status::NotMet);
    }
}

#[test]
fn what_was_recorded_later_was_not_known_earlier() {
    let facts = facts(&[(1, ASKED.0, ASKED.1), (1, AGREED.0, AGREED.1)]);
    let status = |upto: u64| timeline(&facts, Position(upto), Day::LAST).at(day("2018-03-10")).status;
    assert_eq!((status(0), status(1), status(2)), (Status::NotApplicable, Status::NoEvidence, Status::Met));
}

#[test]
fn the_days_events_name_are_the_days_of_the_facts() {
    use proto::onsite::{AssessmentHeld, OnsiteAgreed, OnsiteEvent, VisitScheduled};
    let (organisation, number) = ("A81001".parse().unwrap(), 2);
    let of = |event: OnsiteEvent| OnsiteFact::of(Position(7), day("2018-04-05"), None, &event).unwrap();
    let held = AssessmentHeld { organisation, number, on: day("2018-04-01"), results: vec![] };
    let fact =
        |day, what| Some(OnsiteFact { position: Position(7), day, number, what, origin: Origin::default() });
    assert_eq!(of(held.into()), (organisation, fact(day("2018-04-01"), Onsite::Held)));
    let agreed = OnsiteAgreed { organisation, number };
    assert_eq!(of(agreed.into()), (organisation, fact(day("2018-04-05"), Onsite::Agreed)));
    let visit = VisitScheduled {
        organisation,
        number,
        on: day("2018-05-01"),
        partner: "ZZPARTNER".parse().unwrap(),
        assessor: proto::PersonId(uuid::Uuid::nil()),
    };
    assert_eq!(of(visit.into()), (organisation, None), "a day that is set changes nothing");
}

fn any_fact() -> impl Strategy<Value = (u16, i32, Onsite)> {
    let what = (0..12usize, 1..4u16, 0..200i32).prop_map(|(sort, item, due)| match sort {
        0 => Onsite::Requested,
        1 => Onsite::Agreed,
        2 => Onsite::Refused,
        3 => Onsite::Held,
        4 | 5 => found(item),
        6 => Onsite::Disclosed,
        7 => {
            let due = day("2018-01-01").plus_days(due * 2);
            Onsite::PlanAgreed { due: (1..=item).map(|action| (action, due)).collect() }
        }
        8 | 9 => done(item),
        10 => retested(&(1..=item).collect::<Vec<_>>()),
        _ => Onsite::Closed,
    });
    (1..3u16, 0..400i32, what)
}

proptest! {
    /// The slow, obvious way: ask the rule on every single day.
    #[test]
    fn no_change_is_missed_between_the_days_looked_at(
        happened in prop::collection::vec(any_fact(), 0..16),
        asked in 0..100i32,
        today in 0..500i32,
    ) {
        let start = day("2018-01-01");
        let today = start.plus_days(today);
        // One that is asked for, and one on its way to a plan.
        let begin = [
            (1, asked, Onsite::Requested),
            (2, asked, Onsite::Requested),
            (1, asked + 5, Onsite::Held),
            (1, asked + 6, found(1)),
            (1, asked + 9, Onsite::Disclosed),
        ];
        let facts: Vec<OnsiteFact> = (1..)
            .map(Position)
            .zip(begin.into_iter().chain(happened))
            .map(|(position, (number, on, what))| OnsiteFact { position, day: start.plus_days(on), number, what, origin: Origin::default() })
            .collect();
        let timeline = timeline(&facts, Position(u64::MAX), today);
        for offset in -3..900 {
            let day = start.plus_days(offset);
            let until: Vec<&OnsiteFact> =
                in_order(&facts, Position(u64::MAX)).into_iter().filter(|fact| fact.day <= day).collect();
            let moment = Moment::of(day, today);
            prop_assert_eq!(timeline.at(day).status, holds_on(&until, moment).status, "on {}", day);
            let judged = judge(&facts, Position(u64::MAX), moment);
            prop_assert_eq!(judged.status, timeline.at(day).status);
            let nothing_unmet = matches!(judged.status, Status::Met | Status::NotApplicable);
            prop_assert_eq!(judged.unmet.is_empty(), nothing_unmet, "on {}", day);
            for condition in judged.unmet {
                let known = until.iter().any(|fact| Some(fact.position) == condition.event);
                prop_assert!(known, "{:?} on {}", condition, day);
            }
        }
    }
}
