//! How a plan stands, and until when.

use chassis::testing::given;
use continuity::model::{ContinuityPlan, Dates, Due, Standing};
use proto::{
    Moment,
    continuity::{ContinuityEvent, Scenario},
};

use crate::support::*;

fn dates(events: &[ContinuityEvent]) -> Dates {
    given::<ContinuityPlan>(events.to_vec()).state().dates.clone()
}

#[track_caller]
fn check(events: &[ContinuityEvent], expected: &[(&str, Standing)]) {
    let dates = dates(events);
    for (on, standing) in expected {
        assert_eq!(dates.standing(Moment::EndOf(day(on))), *standing, "on {on}");
    }
}

fn approved_in_full() -> Vec<ContinuityEvent> {
    vec![written(1, &Scenario::ALL), approved(1, "2018-01-15", "2019-01-15")]
}

#[test]
fn it_stands_once_written_approved_and_exercised() {
    check(&[], &[("2018-03-01", Standing::NoPlan)]);
    check(&[written(1, &Scenario::ALL)], &[("2018-03-01", Standing::NotApproved)]);
    check(&approved_in_full(), &[("2018-03-01", Standing::NeverExercised)]);
    let mut events = approved_in_full();
    events.push(withdrawn("merged"));
    check(&events, &[("2018-03-01", Standing::Withdrawn(day("2018-03-01")))]);
}

#[test]
fn it_lapses_on_the_day_of_its_review() {
    let mut events = approved_in_full();
    events.push(held(1, "2018-02-20"));
    let due = day("2019-01-15");
    check(
        &events,
        &[
            ("2019-01-14", Standing::Stands(due, Due::Review)),
            ("2019-01-15", Standing::Lapsed(due, Due::Review)),
        ],
    );
}

#[test]
fn it_lapses_on_the_366th_day_after_an_exercise() {
    let mut events = approved_in_full();
    events.extend([held(1, "2017-11-01"), held(2, "2017-10-01")]);
    let due = day("2018-11-02");
    check(
        &events,
        &[
            ("2018-11-01", Standing::Stands(due, Due::Exercise)),
            ("2018-11-02", Standing::Lapsed(due, Due::Exercise)),
        ],
    );
}

#[test]
fn while_the_day_of_a_review_runs_it_is_due_and_not_late() {
    let mut events = approved_in_full();
    events.push(held(1, "2018-02-20"));
    let (dates, due) = (dates(&events), day("2019-01-15"));
    assert_eq!(dates.standing(Moment::During(due)), Standing::Stands(due, Due::Review));
    assert_eq!(dates.sentence(Moment::During(due)), "Version 1 is up to date. Its review is due today.");
    let next = Moment::During(due.plus_days(1));
    assert_eq!(dates.standing(next), Standing::Lapsed(due, Due::Review));
    assert_eq!(dates.sentence(next), "Version 1 is not up to date: its review was due on 15 January 2019.");
}

#[test]
fn a_plan_approved_today_has_not_lapsed_before() {
    let events = [held(1, "2017-05-03"), written(1, &Scenario::ALL), approved(1, "2026-11-28", "2027-11-01")];
    let dates = dates(&events);
    let today = Moment::During(day("2026-11-28"));
    assert_eq!(dates.standing(today), Standing::ExerciseTooOld(day("2017-05-03")));
    assert_eq!(dates.lapses(), None);
    assert_eq!(
        dates.sentence(today),
        "Version 1 is approved, but the plan was last tested on 3 May 2017, more than a year before."
    );
}

#[test]
fn a_review_lets_it_stand_until_the_next() {
    let mut events = approved_in_full();
    events.extend([held(1, "2018-10-01"), reviewed(1, "2018-12-01", "2019-12-01")]);
    check(&events, &[("2019-02-01", Standing::Stands(day("2019-10-02"), Due::Exercise))]);
}

#[test]
fn it_has_to_cover_data_and_cyber_incidents() {
    let mut events = vec![written(1, &[Scenario::Power, Scenario::Data]), held(1, "2018-02-20")];
    events.insert(1, {
        let ContinuityEvent::PlanApproved(mut approval) = approved(1, "2018-01-15", "2019-01-15") else {
            panic!("not an approval")
        };
        approval.covers = vec![Scenario::Power, Scenario::Data];
        approval.into()
    });
    check(&events, &[("2018-03-01", Standing::LeavesOut(vec![Scenario::CyberIncident]))]);
    assert!(dates(&events).sentence(Moment::EndOf(day("2018-03-01"))).contains("leaves out"), "in words");
}
