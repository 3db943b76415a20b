//! An organisation as a buyer.

use chassis::testing::{given, model::Given};
use proto::{
    Position,
    certification::Verdict,
    suppliers::{CertificationChecked, EngagementBegun, EngagementEnded, GapPlanAgreed, List, SupplierEvent},
};
use suppliers::model::{Buyer, BuyerCommand as C, Check};

use crate::support::*;

fn begin(list: List) -> C {
    C::Begin { organisation: code(PRACTICE), used: used(None, "clinical-system"), list }
}

fn end() -> C {
    C::End { organisation: code(PRACTICE), used: used(None, "clinical-system") }
}

fn using() -> Given<Buyer> {
    let event = EngagementBegun {
        organisation: code(PRACTICE),
        used: used(None, "clinical-system"),
        list: List::PrincipalSuppliers,
    };
    given::<Buyer>([]).on("2018-03-01").and(event.into())
}

fn check(from: &str, to: &str) -> C {
    let check = Check {
        used: used(None, "clinical-system"),
        supplier_name: "Acme".into(),
        service_name: String::new(),
        from: day(from),
        to: day(to),
        verdict: Verdict::HolderOnly,
        answers: vec![],
        known: Position(7),
    };
    C::Check { organisation: code(PRACTICE), check: Box::new(check) }
}

#[test]
fn what_is_used_begins_and_ends_and_may_begin_again() {
    let ended = EngagementEnded { organisation: code(PRACTICE), used: used(None, "clinical-system") };
    using()
        .when(begin(List::Here))
        .then_nothing()
        .on("2018-02-01")
        .when(end())
        .then_refused("since 1 March 2018 only")
        .on("2018-12-31")
        .when(end())
        .then(ended.into())
        .when(end())
        .then_nothing()
        .on("2019-02-01")
        .when(begin(List::Here))
        .then_event(|event| assert!(matches!(event, SupplierEvent::EngagementBegun(_))));
    given::<Buyer>([]).when(end()).then_refused("not known to use");
}

#[test]
fn an_older_list_says_that_it_was_used_before() {
    let state = using().on("2017-04-01").when(begin(List::PrincipalSuppliers)).then_event(|_| {});
    let engagement = state.state().engagements.values().next().unwrap();
    assert_eq!((engagement.begun, engagement.ended), (day("2017-04-01"), None));
}

#[test]
fn checks_are_numbered_and_the_last_one_counts() {
    let state = using()
        .when(check("2018-04-01", "2018-03-31"))
        .then_refused("before its first")
        .when(check("2018-04-01", "2019-03-31"))
        .then_event(|event| {
            let SupplierEvent::CertificationChecked(CertificationChecked { check, known, .. }) = event else {
                panic!("{event:?}")
            };
            assert_eq!((*check, *known), (1, Position(7)));
        })
        .on("2018-06-01")
        .when(check("2018-06-01", "2018-06-01"))
        .then_event(|_| {});
    let last = state.state().checked[&used(None, "clinical-system")];
    assert_eq!((last.check, last.on, last.verdict), (2, day("2018-06-01"), Verdict::HolderOnly));
}

#[test]
fn a_gap_is_bridged_for_three_months_at_most() {
    let plan = |plan: &str, until: &str| C::AgreeGapPlan {
        organisation: code(PRACTICE),
        used: used(None, "clinical-system"),
        plan: plan.into(),
        until: day(until),
    };
    let agreed = GapPlanAgreed {
        organisation: code(PRACTICE),
        used: used(None, "clinical-system"),
        plan: "it is booked".into(),
        until: day("2018-06-01"),
    };
    using()
        .when(plan("it is booked", "2018-06-01"))
        .then(agreed.into())
        .when(plan("it is booked", "2018-06-01"))
        .then_nothing()
        .when(plan("it is booked", "2018-06-02"))
        .then_refused("at most 92 days ahead")
        .when(plan("it is booked", "2018-03-01"))
        .then_refused("after today")
        .when(plan(" ", "2018-05-01"))
        .then_refused("is missing");
    given::<Buyer>([]).when(plan("x", "2018-05-01")).then_refused("not known to use");
}

#[test]
fn a_buyer_survives_its_cache() {
    let state = using().when(check("2018-04-01", "2019-03-31")).then_event(|_| {});
    let text = serde_json::to_string(state.state()).unwrap();
    assert_eq!(serde_json::from_str::<Buyer>(&text).unwrap(), *state.state());
}
