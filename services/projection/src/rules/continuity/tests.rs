use proptest::prelude::*;

use proto::continuity::Against;

use super::*;
use crate::{facts::Continuity, timeline::Passed};

const CCG: &str = "00K";
const OTHER_CCG: &str = "15E";
const PARTNER: &str = "0AR";
const OTHER_PARTNER: &str = "0CX";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

fn approved(next_review: &str) -> Continuity {
    Continuity::Approved { covers: true, next_review: day(next_review) }
}

fn reviewed(next_review: &str) -> Continuity {
    Continuity::Reviewed { next_review: day(next_review) }
}

fn leans(partner: &str) -> Continuity {
    Continuity::RelianceStated(code(partner))
}

fn leans_no_longer(partner: &str) -> Continuity {
    Continuity::RelianceEnded(code(partner))
}

const fn exercised() -> Continuity {
    Continuity::Exercised(Against::TargetsKept)
}

/// What happened to whom, in the order of the log.
type Happened<'a> = &'a [(&'a str, &'a str, Continuity)];

const OWN: &str = "A81001";

fn of(happened: Happened<'_>, whom: &str) -> Vec<ContinuityFact> {
    let facts = happened.iter().zip(1..).filter(|((who, _, _), _)| *who == whom);
    facts
        .map(|((_, on, what), position)| ContinuityFact {
            position: Position(position),
            day: day(on),
            what: *what,
        })
        .collect()
}

fn timeline_of(happened: Happened<'_>, ccgs: &[(&str, Option<&str>)], upto: u64) -> Timeline {
    known_of(happened, ccgs, upto).map(|known| known.timeline(Day::LAST)).unwrap_or_default()
}

fn known_of(happened: Happened<'_>, ccgs: &[(&str, Option<&str>)], upto: u64) -> Option<Known> {
    let others: Vec<(OdsCode, Vec<ContinuityFact>)> =
        [CCG, OTHER_CCG, PARTNER, OTHER_PARTNER].map(|who| (code(who), of(happened, who))).to_vec();
    let plans =
        |wanted: OdsCode| others.iter().find(|(code, _)| *code == wanted).map(|(_, facts)| facts.as_slice());
    let ccgs: Vec<(Day, Option<OdsCode>)> =
        ccgs.iter().map(|(from, ccg)| (day(from), ccg.map(code))).collect();
    Known::from(&of(happened, OWN), ccgs, plans, Position(upto))
}

#[track_caller]
fn check(happened: Happened<'_>, ccgs: &[(&str, Option<&str>)], expected: &[(&str, Status, Cause)]) {
    let timeline = timeline_of(happened, ccgs, u64::MAX);
    let shown: Vec<(Day, Status, Cause)> =
        timeline.changes().iter().map(|change| (change.day, change.status, change.cause)).collect();
    let expected: Vec<(Day, Status, Cause)> =
        expected.iter().map(|(on, status, cause)| (day(on), *status, *cause)).collect();
    assert_eq!(shown, expected);
}

const fn event(position: u64) -> Cause {
    Cause::Event(Position(position))
}

const fn passed(passed: Passed, position: u64) -> Cause {
    Cause::Passed(passed, Position(position))
}

const IN_CCG: &[(&str, Option<&str>)] = &[("2013-04-01", Some(CCG))];

#[test]
fn nothing_recorded_of_ones_own_plan_is_no_evidence() {
    check(&[], IN_CCG, &[]);
    check(&[(OWN, "2017-04-01", leans(PARTNER)), (CCG, "2017-04-01", leans(PARTNER))], IN_CCG, &[]);
}

#[test]
fn it_is_met_from_the_day_the_last_piece_is_there() {
    check(
        &[
            (OWN, "2018-01-02", Continuity::Written),
            (OWN, "2018-01-15", approved("2019-01-10")),
            (OWN, "2018-03-08", exercised()),
        ],
        IN_CCG,
        &[
            ("2018-01-02", Status::NotMet, event(1)),
            ("2018-03-08", Status::Met, event(3)),
            ("2019-01-10", Status::NotMet, passed(Passed::ReviewDue, 2)),
        ],
    );
}

#[test]
fn while_the_day_of_the_review_or_the_test_runs_nothing_is_late() {
    let happened: Happened<'_> =
        &[(OWN, "2018-01-15", approved("2019-01-10")), (OWN, "2018-03-08", exercised())];
    let known = known_of(happened, &[], u64::MAX).unwrap();
    let status = |today: &str, on: &str| known.timeline(day(today)).at(day(on)).status;
    assert_eq!(status("2019-01-09", "2019-01-10"), Status::NotMet, "at the end of a day to come");
    assert_eq!(status("2019-01-10", "2019-01-10"), Status::Met, "the day is running");
    assert_eq!(status("2019-01-10", "2019-01-11"), Status::NotMet);
    assert_eq!(status("2019-01-11", "2019-01-10"), Status::NotMet, "the day is over");
    let next = known.timeline(day("2019-01-10"));
    assert_eq!(next.next_after(day("2019-01-10")).map(|next| next.day), Some(day("2019-01-10")));
    // The test of 8 March 2018 counts for 365 days: the next one is due on 9 March 2019.
    let reviewed = [happened, &[(OWN, "2019-01-05", reviewed("2019-12-01"))]].concat();
    let known = known_of(&reviewed, &[], u64::MAX).unwrap();
    let status = |today: &str| known.timeline(day(today)).at(day("2019-03-09")).status;
    assert_eq!((status("2019-03-09"), status("2019-03-10")), (Status::Met, Status::NotMet));
}

#[test]
fn every_condition_that_is_unmet_is_told_with_its_event() {
    let happened: Happened<'_> = &[
        (OWN, "2018-01-02", Continuity::Written),
        (OWN, "2018-01-15", approved("2019-01-10")),
        (CCG, "2018-02-01", leans(PARTNER)),
        (PARTNER, "2018-02-10", approved("2018-12-01")),
    ];
    let unmet = |on: &str| -> Vec<(Unmet, Option<Position>)> {
        let judged = known_of(happened, IN_CCG, u64::MAX).unwrap().judge(Moment::EndOf(day(on)));
        judged.unmet.iter().map(|condition| (condition.unmet, condition.event)).collect()
    };
    let own = |what, event| (Unmet::OwnPlan(what), Some(Position(event)));
    let partners = |what, event| (Unmet::PartnerPlan(code(PARTNER), what), Some(Position(event)));
    assert_eq!(unmet("2018-01-03"), [own(PlanUnmet::NotApproved, 1), own(PlanUnmet::NeverTested, 1)]);
    assert_eq!(
        unmet("2018-02-02"),
        [own(PlanUnmet::NeverTested, 2), partners(PlanUnmet::NothingRecorded, 3)]
    );
    assert_eq!(
        unmet("2019-02-01"),
        [
            own(PlanUnmet::NeverTested, 2),
            own(PlanUnmet::ReviewDue(day("2019-01-10")), 2),
            partners(PlanUnmet::NeverTested, 4),
            partners(PlanUnmet::ReviewDue(day("2018-12-01")), 4),
        ]
    );
}

#[test]
fn a_plan_lacks_nothing_since_before_it_was_approved() {
    // Tested under an earlier version, years ago; the version of today is new.
    let happened: Happened<'_> =
        &[(OWN, "2017-05-03", exercised()), (OWN, "2026-11-28", approved("2027-11-01"))];
    let known = known_of(happened, &[], u64::MAX).unwrap();
    let judged = known.judge(Moment::During(day("2026-11-28")));
    assert_eq!((judged.status, judged.cause), (Status::NotMet, event(2)));
    let due = PlanUnmet::TestDue(day("2017-05-03"), day("2018-05-04"));
    assert_eq!(judged.unmet, [Condition::of(Unmet::OwnPlan(due), Position(1))]);
}

#[test]
fn on_the_day_of_the_review_it_has_lapsed_unless_reviewed_by_its_end() {
    let in_time = [
        (OWN, "2018-01-15", approved("2019-01-15")),
        (OWN, "2018-12-01", exercised()),
        (OWN, "2019-01-15", reviewed("2019-06-01")),
    ];
    check(
        &in_time,
        &[],
        &[
            ("2018-01-15", Status::NotMet, event(1)),
            ("2018-12-01", Status::Met, event(2)),
            ("2019-06-01", Status::NotMet, passed(Passed::ReviewDue, 3)),
        ],
    );
    let late = [in_time[0], in_time[1], (OWN, "2019-01-16", reviewed("2019-06-01"))];
    check(
        &late,
        &[],
        &[
            ("2018-01-15", Status::NotMet, event(1)),
            ("2018-12-01", Status::Met, event(2)),
            ("2019-01-15", Status::NotMet, passed(Passed::ReviewDue, 1)),
            ("2019-01-16", Status::Met, event(3)),
            ("2019-06-01", Status::NotMet, passed(Passed::ReviewDue, 3)),
        ],
    );
}

#[test]
fn an_exercise_counts_for_365_days_after_it() {
    // 2018-03-08 and 365 days is 2019-03-08.
    let plan = [
        (OWN, "2018-03-08", exercised()),
        (OWN, "2018-03-08", approved("2019-03-01")),
        (OWN, "2019-02-01", reviewed("2020-02-01")),
    ];
    check(
        &plan,
        &[],
        &[
            ("2018-03-08", Status::Met, event(2)),
            ("2019-03-09", Status::NotMet, passed(Passed::ExerciseDue, 1)),
        ],
    );
    let again = [plan[0], plan[1], plan[2], (OWN, "2019-03-09", exercised())];
    check(
        &again,
        &[],
        &[
            ("2018-03-08", Status::Met, event(2)),
            ("2020-02-01", Status::NotMet, passed(Passed::ReviewDue, 3)),
        ],
    );
}

#[test]
fn a_plan_that_leaves_out_data_or_cyber_is_not_met() {
    let lacking = Continuity::Approved { covers: false, next_review: day("2019-01-15") };
    check(
        &[
            (OWN, "2018-01-15", lacking),
            (OWN, "2018-03-08", exercised()),
            (OWN, "2018-06-01", approved("2018-12-01")),
            (OWN, "2018-07-01", lacking),
        ],
        &[],
        &[
            ("2018-01-15", Status::NotMet, event(1)),
            ("2018-06-01", Status::Met, event(3)),
            ("2018-07-01", Status::NotMet, event(4)),
        ],
    );
}

#[test]
fn a_withdrawn_plan_is_not_met_whatever_is_reviewed_until_one_is_approved() {
    check(
        &[
            (OWN, "2018-01-15", approved("2019-01-15")),
            (OWN, "2018-01-15", exercised()),
            (OWN, "2018-04-01", Continuity::Withdrawn),
            (OWN, "2018-05-01", reviewed("2019-05-01")),
            (OWN, "2018-06-01", approved("2018-12-01")),
        ],
        &[],
        &[
            ("2018-01-15", Status::Met, event(2)),
            ("2018-04-01", Status::NotMet, event(3)),
            ("2018-06-01", Status::Met, event(5)),
            ("2018-12-01", Status::NotMet, passed(Passed::ReviewDue, 5)),
        ],
    );
}

const GOOD: [(&str, &str, Continuity); 2] = [
    (OWN, "2018-01-15", Continuity::Approved { covers: true, next_review: Day::LAST }),
    (OWN, "2018-01-15", exercised()),
];

/// Own plan good to 15 January 2019, with more.
fn good_and(
    more: &[(&'static str, &'static str, Continuity)],
) -> Vec<(&'static str, &'static str, Continuity)> {
    GOOD.into_iter().chain(more.iter().copied()).collect()
}

const LAPSE: (&str, Status, Cause) = ("2019-01-16", Status::NotMet, passed(Passed::ExerciseDue, 2));

#[test]
fn a_partner_of_whom_nothing_is_heard_leaves_it_partly_met() {
    check(
        &good_and(&[(OWN, "2018-02-01", leans(PARTNER)), (OWN, "2018-03-01", leans_no_longer(PARTNER))]),
        IN_CCG,
        &[
            ("2018-01-15", Status::Met, event(2)),
            ("2018-02-01", Status::PartlyMet, event(3)),
            ("2018-03-01", Status::Met, event(2)),
            LAPSE,
        ],
    );
}

#[test]
fn a_partners_plan_lapses_for_all_who_lean_on_it() {
    check(
        &good_and(&[
            (CCG, "2017-04-01", leans(PARTNER)),
            (PARTNER, "2017-10-01", approved("2018-10-01")),
            (PARTNER, "2017-06-01", exercised()),
            (PARTNER, "2018-08-01", exercised()),
        ]),
        IN_CCG,
        &[
            ("2018-01-15", Status::Met, event(2)),
            ("2018-06-02", Status::PartlyMet, passed(Passed::PartnerPlanLapsed, 5)),
            ("2018-08-01", Status::Met, event(6)),
            ("2018-10-01", Status::PartlyMet, passed(Passed::PartnerPlanLapsed, 4)),
            LAPSE,
        ],
    );
}

#[test]
fn a_partners_plan_that_had_lapsed_before_counts_from_the_reliance() {
    check(
        &good_and(&[
            (PARTNER, "2016-10-01", approved("2017-10-01")),
            (PARTNER, "2016-10-01", exercised()),
            (OWN, "2018-02-01", leans(PARTNER)),
            (PARTNER, "2018-05-01", Continuity::Withdrawn),
        ]),
        &[],
        &[("2018-01-15", Status::Met, event(2)), ("2018-02-01", Status::PartlyMet, event(5)), LAPSE],
    );
}

#[test]
fn of_several_partners_each_has_to_stand() {
    check(
        &good_and(&[
            (PARTNER, "2018-01-01", approved("2018-12-31")),
            (PARTNER, "2018-01-01", exercised()),
            (OWN, "2018-01-01", leans(PARTNER)),
            (CCG, "2018-01-01", leans(OTHER_PARTNER)),
            (OTHER_PARTNER, "2018-04-01", approved("2019-03-31")),
            (OTHER_PARTNER, "2018-04-02", exercised()),
        ]),
        IN_CCG,
        &[
            ("2018-01-15", Status::PartlyMet, event(6)),
            ("2018-04-02", Status::Met, event(8)),
            ("2018-12-31", Status::PartlyMet, passed(Passed::PartnerPlanLapsed, 3)),
            LAPSE,
        ],
    );
}

#[test]
fn it_leans_on_whom_its_ccg_of_the_day_leans_on() {
    check(
        &good_and(&[(CCG, "2017-04-01", leans(PARTNER))]),
        &[("2013-04-01", Some(OTHER_CCG)), ("2018-04-01", Some(CCG)), ("2018-07-01", None)],
        &[
            ("2018-01-15", Status::Met, event(2)),
            ("2018-04-01", Status::PartlyMet, event(3)),
            ("2018-07-01", Status::Met, event(2)),
            LAPSE,
        ],
    );
}

#[test]
fn the_partners_plan_does_not_help_where_ones_own_does_not_stand() {
    check(
        &[
            (OWN, "2018-01-15", Continuity::Written),
            (OWN, "2018-01-15", leans(PARTNER)),
            (PARTNER, "2018-01-01", approved("2018-12-31")),
            (PARTNER, "2018-01-01", exercised()),
        ],
        &[],
        &[("2018-01-15", Status::NotMet, event(1))],
    );
}

#[test]
fn what_was_recorded_later_was_not_known_then() {
    let happened =
        good_and(&[(PARTNER, "2018-01-01", approved("2018-12-31")), (OWN, "2018-01-01", leans(PARTNER))]);
    let known = |upto| timeline_of(&happened, &[], upto).at(day("2018-02-01")).status;
    assert_eq!(
        [0, 1, 2, 3, 4].map(known),
        [Status::NoEvidence, Status::NotMet, Status::Met, Status::Met, Status::PartlyMet]
    );
}

/// The rule said slowly: of facts up to a day, in order of day.
fn stands(facts: &[ContinuityFact], moment: Moment) -> bool {
    let on = moment.day();
    // What is due on a day that runs is in time.
    let grace = i32::from(matches!(moment, Moment::During(_)));
    let so_far = || facts.iter().filter(|fact| fact.day <= on);
    let key = |fact: &&ContinuityFact| (fact.day, fact.position);
    let last = |wanted: fn(&Continuity) -> bool| so_far().filter(|fact| wanted(&fact.what)).max_by_key(key);
    let Some(approval) = last(|what| matches!(what, Continuity::Approved { .. })) else { return false };
    let after = |fact: Option<&ContinuityFact>| fact.is_some_and(|fact| key(&fact) > key(&approval));
    let review = last(|what| matches!(what, Continuity::Reviewed { .. }));
    let next = |fact: &ContinuityFact| match fact.what {
        Continuity::Approved { next_review, .. } | Continuity::Reviewed { next_review } => next_review,
        _ => Day::FIRST,
    };
    let next_review = if after(review) { next(review.unwrap()) } else { next(approval) };
    let covers = matches!(approval.what, Continuity::Approved { covers: true, .. });
    let exercised = so_far()
        .filter(|fact| matches!(fact.what, Continuity::Exercised(_)))
        .any(|fact| fact.day.days_until(on) <= 365 + grace);
    covers
        && !after(last(|what| *what == Continuity::Withdrawn))
        && on < next_review.plus_days(grace)
        && exercised
}

fn slowly(
    own: &[ContinuityFact],
    ccg: Option<&[ContinuityFact]>,
    partners: &[(OdsCode, Vec<ContinuityFact>)],
    moment: Moment,
) -> Status {
    let on = moment.day();
    let is_of_a_plan = |what| !matches!(what, Continuity::RelianceStated(_) | Continuity::RelianceEnded(_));
    if !own.iter().any(|fact| fact.day <= on && is_of_a_plan(fact.what)) {
        return Status::NoEvidence;
    }
    if !stands(own, moment) {
        return Status::NotMet;
    }
    let leans_on = |facts: &[ContinuityFact], partner: OdsCode| {
        let said = facts.iter().filter(|fact| {
            fact.day <= on
                && matches!(fact.what, Continuity::RelianceStated(of) | Continuity::RelianceEnded(of) if of == partner)
        });
        let last = said.max_by_key(|fact| (fact.day, fact.position));
        last.is_some_and(|fact| matches!(fact.what, Continuity::RelianceStated(_)))
    };
    let leant = partners
        .iter()
        .filter(|(partner, _)| leans_on(own, *partner) || ccg.is_some_and(|ccg| leans_on(ccg, *partner)));
    if leant.into_iter().all(|(_, facts)| stands(facts, moment)) { Status::Met } else { Status::PartlyMet }
}

/// The first of the days of the property, and how many there are.
const SPAN: (i32, i32) = (17_500, 900);

fn some_day() -> impl Strategy<Value = Day> {
    (0..SPAN.1).prop_map(|ahead| Day::from_number(SPAN.0 + ahead))
}

fn what() -> impl Strategy<Value = Continuity> {
    let partner = prop_oneof![Just(code(PARTNER)), Just(code(OTHER_PARTNER))];
    prop_oneof![
        1 => Just(Continuity::Written),
        4 => (prop::bool::weighted(0.8), some_day())
            .prop_map(|(covers, next_review)| Continuity::Approved { covers, next_review }),
        2 => some_day().prop_map(|next_review| Continuity::Reviewed { next_review }),
        1 => Just(Continuity::Withdrawn),
        3 => Just(exercised()),
        2 => partner.clone().prop_map(Continuity::RelianceStated),
        1 => partner.prop_map(Continuity::RelianceEnded),
    ]
}

proptest! {
    #[test]
    fn the_timeline_says_what_the_rule_says_slowly_of_every_day(
        happened in prop::collection::vec((0..5usize, some_day(), what()), 0..24),
        moves in prop::collection::btree_map(some_day(), 0..3usize, 0..4),
        upto in 0..26u64,
        today in some_day(),
    ) {
        let facts = |who: usize| -> Vec<ContinuityFact> {
            let of = happened.iter().zip(1..).filter(|((whose, _, _), _)| *whose == who);
            of.map(|((_, day, what), position)| ContinuityFact { position: Position(position), day: *day, what: *what })
                .collect()
        };
        let all: [Vec<ContinuityFact>; 5] = std::array::from_fn(facts);
        let who = [OWN, CCG, OTHER_CCG, PARTNER, OTHER_PARTNER].map(code);
        let plans = |wanted: OdsCode| who.iter().position(|code| *code == wanted).map(|at| all[at].as_slice());
        let ccg = |number: &usize| [None, Some(1), Some(2)][*number];
        let ccgs: Vec<(Day, Option<OdsCode>)> =
            moves.iter().map(|(day, number)| (*day, ccg(number).map(|at| who[at]))).collect();
        let all_known = Known::from(&all[0], ccgs.clone(), plans, Position(upto));
        let timeline = all_known.as_ref().map(|known| known.timeline(today)).unwrap_or_default();

        let known = |who: usize| -> Vec<ContinuityFact> {
            all[who].iter().copied().filter(|fact| fact.position.0 <= upto).collect()
        };
        let partners = [(who[3], known(3)), (who[4], known(4))];
        for ahead in -2..SPAN.1 + 400 {
            let day = Day::from_number(SPAN.0 + ahead);
            let ccg = moves.range(..=day).next_back().and_then(|(_, number)| ccg(number)).map(known);
            let moment = Moment::of(day, today);
            let expected = slowly(&known(0), ccg.as_deref(), &partners, moment);
            prop_assert_eq!(timeline.at(day).status, expected, "on {}", day);
            let judged = all_known.as_ref().map_or_else(nothing_known, |known| known.judge(moment));
            prop_assert_eq!(judged.status, expected);
            prop_assert_eq!(judged.unmet.is_empty(), expected == Status::Met, "on {}", day);
            for condition in judged.unmet {
                prop_assert!(condition.event.is_none_or(|event| event.0 <= upto), "{:?}", condition);
            }
        }
    }
}
