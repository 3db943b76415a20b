//! How a plan stands, and until when.

use chassis::testing::given;
use continuity::model::{ContinuityPlan, Dates, Due, Standing};
use proto::continuity::{ContinuityEvent, Scenario};

use crate::support::*;

fn dates(events: &[ContinuityEvent]) -> Dates {
    given::<ContinuityPlan>(events.to_vec()).state().dates.clone()
}

#[track_caller]
fn check(events: &[ContinuityEvent], expected: &[(&str, Standing)]) {
    let dates = dates(events);
    for (on, standing) in expected {
        assert_eq!(dates.standing(day(on)), *standing, "on {on}");
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
    assert!(dates(&events).sentence(day("2018-03-01")).contains("leaves out"), "in words");
}
