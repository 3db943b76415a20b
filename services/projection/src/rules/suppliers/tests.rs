use super::*;
use proptest::prelude::*;
use proto::{
    certification::Answer,
    suppliers::{
        Certificate, CertificateRecorded, CertificateWithdrawn, CoverageStated, List, Listing,
        SupplierDetails, SupplierEvent, SupplierRegistered, Voice,
    },
};

use crate::facts::Origin;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn used(service: &str) -> Used {
    Used {
        supplier: "acme".parse().unwrap(),
        service: Some(service.parse().unwrap()),
        service_type: "network".parse().unwrap(),
    }
}

/// Acme's network `lines` is certified from 1 February 2018 for a year; its `phones` is not said to be.
fn acme() -> SupplierFacts {
    let supplier = "acme".parse().unwrap();
    let mut facts = SupplierFacts::default();
    let mut position = Position(1_000);
    let mut happened = |on: &str, event: SupplierEvent| {
        facts.gather(position, day(on), Origin::default(), event);
        position = position.next();
    };
    let details = SupplierDetails { legal_name: "Acme".into(), ..SupplierDetails::default() };
    let listing = Listing { list: List::Here, entry: "1".into() };
    happened("2018-01-01", SupplierRegistered { supplier, details, listing }.into());
    let printed = Certificate {
        scheme: "cyber-essentials".parse().unwrap(),
        number: "1".into(),
        holder: "Acme".into(),
        issuer: "IASME".into(),
        issued: day("2018-02-01"),
        expires: Some(day("2019-01-31")),
        scope: String::new(),
    };
    happened("2018-02-01", CertificateRecorded { supplier, certificate: 1, review: None, printed }.into());
    let stated = CoverageStated {
        supplier,
        certificate: 1,
        service: "lines".parse().unwrap(),
        covers: Answer::Yes,
        said_by: Voice::Supplier,
        ground: String::new(),
    };
    happened("2018-02-01", stated.into());
    facts
}

fn did(what: &[(&str, &str, Purchase)]) -> Vec<PurchaseFact> {
    let fact = |(index, (on, service, what)): (usize, &(&str, &str, Purchase))| PurchaseFact {
        position: Position(index as u64 + 1),
        day: day(on),
        used: used(service),
        what: *what,
        origin: Origin::default(),
    };
    what.iter().enumerate().map(fact).collect()
}

fn timeline_of(purchases: &[PurchaseFact], supplier: &SupplierFacts) -> Timeline {
    let standings = Standings::default();
    let upto = Position(u64::MAX);
    timeline(&services(purchases, |used| standings.of(used, upto, |_| Some(supplier)), upto), Day::LAST)
}

#[track_caller]
fn check(what: &[(&str, &str, Purchase)], expected: &[(&str, Status)]) {
    let timeline = timeline_of(&did(what), &acme());
    let found: Vec<(String, Status)> =
        timeline.changes().iter().map(|change| (change.day.to_string(), change.status)).collect();
    let expected: Vec<(String, Status)> =
        expected.iter().map(|(on, status)| ((*on).to_owned(), *status)).collect();
    assert_eq!(found, expected);
}

use Purchase::{Begun, Checked, Ended, GapPlanned};

#[test]
fn nothing_known_to_be_used_is_no_evidence() {
    check(&[], &[]);
    check(&[("2018-03-01", "lines", Checked)], &[]);
}

#[test]
fn a_service_in_use_that_nobody_checked_is_not_met() {
    check(&[("2018-03-01", "lines", Begun)], &[("2018-03-01", Status::NotMet)]);
}

#[test]
fn checked_and_certified_is_met_until_the_certificate_ends() {
    check(
        &[("2018-03-01", "lines", Begun), ("2018-03-10", "lines", Checked)],
        &[("2018-03-01", Status::NotMet), ("2018-03-10", Status::Met), ("2019-02-01", Status::NotMet)],
    );
}

#[test]
fn a_check_holds_for_365_days() {
    let mut acme = acme();
    let longer = Certificate {
        scheme: "cyber-essentials".parse().unwrap(),
        number: "2".into(),
        holder: "Acme".into(),
        issuer: "IASME".into(),
        issued: day("2018-02-01"),
        expires: Some(day("2021-01-31")),
        scope: String::new(),
    };
    let supplier = "acme".parse().unwrap();
    let event = CertificateRecorded { supplier, certificate: 2, review: None, printed: longer };
    acme.gather(Position(2_000), day("2018-02-01"), Origin::default(), event.into());
    let stated = CoverageStated {
        supplier,
        certificate: 2,
        service: "lines".parse().unwrap(),
        covers: Answer::Yes,
        said_by: Voice::Supplier,
        ground: String::new(),
    };
    acme.gather(Position(2_001), day("2018-02-01"), Origin::default(), stated.into());
    let timeline =
        timeline_of(&did(&[("2018-03-01", "lines", Begun), ("2018-03-10", "lines", Checked)]), &acme);
    assert_eq!(timeline.at(day("2019-03-09")).status, Status::Met);
    let lapsed = timeline.at(day("2019-03-10"));
    assert_eq!((lapsed.status, lapsed.cause), (Status::NotMet, Cause::Passed(Passed::CheckDue, Position(2))));
}

#[test]
fn what_changed_last_brought_the_change() {
    let began = [("2018-03-01", "lines", Begun), ("2018-03-01", "phones", Begun)];
    let last = |more: &[(&str, &str, Purchase)]| {
        let timeline = timeline_of(&did(&[&began, more].concat()), &acme());
        let change = timeline.changes().iter().rfind(|change| change.day < day("2018-04-01")).unwrap();
        (change.status, change.day.to_string(), change.cause)
    };
    // The phones stay as they were checked before.
    let checked = last(&[("2018-03-05", "phones", Checked), ("2018-03-10", "lines", Checked)]);
    assert_eq!(checked, (Status::PartlyMet, "2018-03-10".to_owned(), Cause::Event(Position(4))));
    // Of the phones no one knows; from the day after their last one they do not count.
    let ended = last(&[("2018-03-05", "lines", Checked), ("2018-03-20", "phones", Ended)]);
    assert_eq!(ended, (Status::Met, "2018-03-21".to_owned(), Cause::Event(Position(4))));
}

#[test]
fn the_holders_certificate_alone_is_partly_met() {
    check(
        &[("2018-03-01", "phones", Begun), ("2018-03-01", "phones", Checked)],
        &[("2018-03-01", Status::PartlyMet), ("2019-02-01", Status::NotMet)],
    );
}

#[test]
fn a_gap_with_an_agreed_plan_is_partly_met_until_the_plan_ends() {
    check(
        &[
            ("2018-03-01", "lines", Begun),
            ("2018-03-01", "lines", Checked),
            ("2019-01-20", "lines", GapPlanned(day("2019-02-20"))),
        ],
        &[("2018-03-01", Status::Met), ("2019-02-01", Status::PartlyMet), ("2019-02-21", Status::NotMet)],
    );
}

#[test]
fn the_worst_service_counts_and_one_no_longer_used_does_not() {
    check(
        &[
            ("2018-03-01", "lines", Begun),
            ("2018-03-01", "lines", Checked),
            ("2018-04-01", "phones", Begun),
            ("2018-05-31", "phones", Ended),
        ],
        &[
            ("2018-03-01", Status::Met),
            ("2018-04-01", Status::NotMet),
            ("2018-06-01", Status::Met),
            ("2019-02-01", Status::NotMet),
        ],
    );
}

#[test]
fn a_withdrawn_certificate_counts_from_its_day_and_names_the_event() {
    let mut acme = acme();
    let withdrawn =
        CertificateWithdrawn { supplier: "acme".parse().unwrap(), certificate: 1, reason: "fraud".into() };
    acme.gather(Position(3_000), day("2018-06-01"), Origin::default(), withdrawn.into());
    let purchases = did(&[("2018-03-01", "lines", Begun), ("2018-03-01", "lines", Checked)]);
    let timeline = timeline_of(&purchases, &acme);
    let change = timeline.at(day("2018-06-01"));
    assert_eq!((change.status, change.cause), (Status::NotMet, Cause::Event(Position(3_000))));
    // As known before, it was met for the whole year.
    let standings = Standings::default();
    let upto = Position(2_999);
    let services = services(&purchases, |used| standings.of(used, upto, |_| Some(&acme)), upto);
    let before = super::timeline(&services, Day::LAST);
    assert_eq!(before.at(day("2018-06-01")).status, Status::Met);
}

#[test]
fn a_check_is_late_at_the_end_of_the_day_it_is_due_and_not_while_it_runs() {
    let (acme, standings) = (acme(), Standings::default());
    let purchases = did(&[("2018-02-01", "lines", Begun), ("2018-02-01", "lines", Checked)]);
    // The certificate holds on beyond the check.
    let upto = Position(u64::MAX);
    let services = services(&purchases, |used| standings.of(used, upto, |_| Some(&acme)), upto);
    let late = |today: &str| {
        let judged = judge(&services, Moment::of(day("2019-02-01"), day(today)));
        judged.unmet.iter().any(|of| matches!(of.unmet, Unmet::Service(_, ServiceUnmet::CheckDue(..))))
    };
    assert_eq!((late("2019-02-01"), late("2019-02-02"), late("2019-01-31")), (false, true, true));
    // The certificate's last day, 31 January, is a whole one.
    let status = |today: &str, on: &str| timeline(&services, day(today)).at(day(on)).status;
    assert_eq!(status("2019-01-31", "2019-01-31"), Status::Met);
    assert_eq!(status("2019-01-31", "2019-02-01"), Status::NotMet);
}

#[test]
fn every_condition_that_is_unmet_is_told_with_its_event() {
    let unmet = |what: &[(&str, &str, Purchase)], on: &str| {
        let (acme, standings, upto) = (acme(), Standings::default(), Position(u64::MAX));
        let purchases = did(what);
        let services = services(&purchases, |used| standings.of(used, upto, |_| Some(&acme)), upto);
        let judged = judge(&services, Moment::EndOf(day(on)));
        judged.unmet.iter().map(|of| (of.unmet, of.event)).collect::<Vec<_>>()
    };
    let of = |service, what, event| (Unmet::Service(used(service), what), Some(Position(event)));
    assert_eq!(unmet(&[], "2018-03-01"), [(Unmet::NoService, None)]);
    assert_eq!(
        unmet(&[("2018-02-01", "lines", Begun)], "2018-03-01"),
        [of("lines", ServiceUnmet::NeverChecked, 1)]
    );
    let both = [
        ("2018-02-01", "lines", Begun),
        ("2018-02-01", "lines", Checked),
        ("2018-02-01", "phones", Begun),
        ("2018-02-01", "phones", Checked),
    ];
    assert_eq!(unmet(&both, "2018-03-01"), [of("phones", ServiceUnmet::HolderOnly, 1_002)]);
    let due = ServiceUnmet::CheckDue(day("2018-02-01"), day("2019-02-01"));
    assert_eq!(
        unmet(&both, "2019-03-01"),
        [
            of("lines", due, 2),
            of("lines", ServiceUnmet::NotCertified, 2),
            of("phones", due, 4),
            of("phones", ServiceUnmet::NotCertified, 4),
        ]
    );
}

#[test]
fn facts_survive_a_snapshot() {
    let acme = acme();
    let text = serde_json::to_string(&acme).unwrap();
    assert_eq!(serde_json::from_str::<SupplierFacts>(&text).unwrap(), acme);
}

fn purchase() -> impl Strategy<Value = (i32, bool, usize, i32)> {
    (0..700i32, any::<bool>(), 0..4usize, 1..90i32)
}

proptest! {
    #[test]
    fn the_timeline_says_what_each_single_day_says(
        purchases in prop::collection::vec(purchase(), 0..12), running in 0..1_200i32, known in 0..12u64,
    ) {
        let start = day("2018-01-01").number();
        let facts: Vec<PurchaseFact> = purchases.iter().enumerate().map(|(index, (on, first, what, more))| {
            let on = Day::from_number(start + on);
            let what = match what {
                0 => Begun,
                1 => Ended,
                2 => Checked,
                _ => GapPlanned(on.plus_days(*more)),
            };
            let used = used(if *first { "lines" } else { "phones" });
            PurchaseFact { position: Position(index as u64 + 1), day: on, used, what, origin: Origin::default() }
        }).collect();
        let acme = acme();
        let upto = Position(u64::MAX);
        let standings = Standings::default();
        let services = services(&facts, |used| standings.of(used, upto, |_| Some(&acme)), upto);
        let earlier = Standings::default();
        let known_earlier =
            super::services(&facts, |used| earlier.of(used, Position(known), |_| Some(&acme)), Position(known));
        let running = Day::from_number(start + running);
        let whole = timeline(&services, running);
        let dossier = acme.dossier(Position(u64::MAX));
        for number in start..start + 1_200 {
            let today = Day::from_number(number);
            // The slow, obvious way: what each service comes to on this very day.
            let mut worst: Option<Status> = None;
            for service in ["lines", "phones"] {
                let of: Vec<&PurchaseFact> = facts.iter().filter(|fact| fact.used == used(service)).collect();
                let mut span: Vec<(Day, Day)> = Vec::new();
                for fact in &of {
                    match fact.what {
                        Begun if span.last().is_some_and(|(_, to)| *to == Day::LAST) => {
                            let last = span.last_mut().unwrap();
                            last.0 = last.0.min(fact.day);
                        }
                        Begun => span.push((fact.day, Day::LAST)),
                        Ended => if let Some(last) = span.last_mut() { last.1 = fact.day.max(last.0) },
                        _ => {}
                    }
                }
                if !span.iter().any(|(from, to)| *from <= today && today <= *to) { continue }
                let checked = of.iter().filter(|fact| fact.what == Checked && fact.day <= today).map(|fact| fact.day).max();
                let verdict = dossier.verdict_on(used(service).service, used(service).service_type, today);
                let plan = of.iter().rev().find_map(|fact| match fact.what {
                    GapPlanned(until) if fact.day <= today => Some(until),
                    _ => None,
                });
                let status = match (checked, verdict) {
                    (Some(on), _) if on.days_until(today) >= 365 + i32::from(today == running) => Status::NotMet,
                    (None, _) => Status::NotMet,
                    (_, Verdict::Certified | Verdict::RunsOut) => Status::Met,
                    (_, Verdict::HolderOnly) => Status::PartlyMet,
                    (_, Verdict::NotCertified) if plan.is_some_and(|until| today <= until) => Status::PartlyMet,
                    _ => Status::NotMet,
                };
                worst = Some(worst.map_or(status, |worst| if status.attention() < worst.attention() { status } else { worst }));
            }
            prop_assert_eq!(whole.at(today).status, worst.unwrap_or(Status::NoEvidence), "{}", today);
            let judged = judge(&services, Moment::of(today, running));
            prop_assert_eq!(judged.status, whole.at(today).status);
            prop_assert_eq!(judged.unmet.is_empty(), judged.status == Status::Met, "{}", today);
            let earlier = judge(&known_earlier, Moment::of(today, running));
            prop_assert_eq!(earlier.unmet.is_empty(), earlier.status == Status::Met, "{}", today);
            prop_assert!(earlier.unmet.iter().all(|of| of.event.is_none_or(|event| event.0 <= known)));
        }
    }
}
