//! Requirement 10: the suppliers' certification is checked.
//!
//! The rule. On a day, every service that the organisation uses has to be checked, and certified as its
//! type of service has to be ([`proto::certification`]):
//!
//! - not checked within the 365 days up to that day: `NotMet`;
//! - certified, the service shown to be covered: `Met`;
//! - the supplier certified, the service not shown to be: `PartlyMet`;
//! - not certified: `PartlyMet` while an agreed plan for the gap until a renewal holds, else `NotMet`.
//!
//! The worst of its services counts. Of an organisation that is not known to use any service there is
//! `NoEvidence`. So the status changes by itself when a check is a year old, a certificate ends, or a
//! plan does.
//!
//! Sources: domain facts 2.2 and 2.3, row 10; 5.2 (a provider's certificate does not speak for each
//! service; a gap between expiry and renewal is common). That a check holds for a year is our reading
//! of requirements that are shown each year.

use std::sync::Arc;

use parking_lot::RwLock;
use proto::{Day, Position, SupplierId, certification::Verdict, suppliers::Used};
use rustc_hash::FxHashMap;

use crate::{
    facts::{Purchase, PurchaseFact, SupplierFacts},
    timeline::{Cause, Passed, Status, Timeline},
};

/// How many days a check holds, its own day counted.
pub const CHECK_HOLDS_DAYS: i32 = 365;

/// How services stand over time, each worked out once for all who use it.
#[derive(Debug, Default)]
pub struct Standings {
    known: RwLock<FxHashMap<Used, Arc<Standing>>>,
}

/// How one service stands over time.
#[derive(Debug, Default)]
pub struct Standing {
    /// From which day which verdict holds, and the event that brought it, if one did.
    changes: Vec<(Day, Verdict, Option<Position>)>,
}

impl Standing {
    /// The standing of a service, from what is known of its supplier up to a position.
    pub fn of(supplier: &SupplierFacts, used: Used, upto: Position) -> Self {
        let dossier = supplier.dossier(upto);
        let mut days: Vec<Day> = dossier.days().collect();
        days.sort_unstable();
        days.dedup();
        let mut changes: Vec<(Day, Verdict, Option<Position>)> = Vec::new();
        for day in days {
            let verdict = dossier.verdict_on(used.service, used.service_type, day);
            let before = changes.last().map_or(Verdict::NotCertified, |(_, verdict, _)| *verdict);
            if verdict != before {
                let event = supplier.last_by(day, upto).filter(|(on, _)| *on == day);
                changes.push((day, verdict, event.map(|(_, position)| position)));
            }
        }
        Self { changes }
    }

    /// What holds on a day, and the event that brought it, none where a date did; nothing where it has
    /// not been certified by then at all.
    pub fn at(&self, day: Day) -> Option<(Verdict, Option<Position>)> {
        let after = self.changes.partition_point(|(from, ..)| *from <= day);
        let last = after.checked_sub(1).and_then(|last| self.changes.get(last));
        last.map(|(_, verdict, event)| (*verdict, *event))
    }

    fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.changes.iter().map(|(day, ..)| *day)
    }
}

impl Standings {
    /// How a service stands; of a supplier that nothing is known of, it is not certified.
    pub fn of<'a>(
        &self,
        used: Used,
        upto: Position,
        supplier: impl FnOnce(SupplierId) -> Option<&'a SupplierFacts>,
    ) -> Arc<Standing> {
        if let Some(known) = self.known.read().get(&used) {
            return known.clone();
        }
        let standing = supplier(used.supplier).map(|supplier| Standing::of(supplier, used, upto));
        let standing = Arc::new(standing.unwrap_or_default());
        self.known.write().insert(used, standing.clone());
        standing
    }
}

/// The timeline of the requirement, from what an organisation did up to a position and how its services
/// stand.
pub fn timeline(
    purchases: &[PurchaseFact],
    standing: impl Fn(Used) -> Arc<Standing>,
    upto: Position,
) -> Timeline {
    let known = purchases.partition_point(|fact| fact.position <= upto);
    let known = purchases.get(..known).unwrap_or_default();
    let mut services: Vec<Service> = Vec::new();
    for fact in known {
        let service = match services.iter_mut().position(|service| service.used == fact.used) {
            Some(known) => services.get_mut(known),
            None => {
                services.push(Service::new(fact.used, standing(fact.used)));
                services.last_mut()
            }
        };
        if let Some(service) = service {
            service.note(fact);
        }
    }
    services.retain(|service| !service.spans.is_empty());
    let days = services.iter().flat_map(Service::days).collect();
    Timeline::of_days(days, |day| {
        let held = services.iter().filter_map(|service| service.on(day));
        held.min_by_key(|(status, _)| status.attention()).unwrap_or((Status::NoEvidence, Cause::Nothing))
    })
}

/// One service that is used, with what was done about it.
struct Service {
    used: Used,
    standing: Arc<Standing>,
    /// First and last day of use, and the event that began it.
    spans: Vec<(Day, Day, Position)>,
    checks: Vec<(Day, Position)>,
    plans: Vec<(Day, Day, Position)>,
}

impl Service {
    fn new(used: Used, standing: Arc<Standing>) -> Self {
        Self { used, standing, spans: Vec::new(), checks: Vec::new(), plans: Vec::new() }
    }

    fn note(&mut self, fact: &PurchaseFact) {
        match fact.what {
            Purchase::Begun => match self.spans.last_mut() {
                // An older list says that it was used before.
                Some((from, to, _)) if *to == Day::LAST => *from = (*from).min(fact.day),
                _ => self.spans.push((fact.day, Day::LAST, fact.position)),
            },
            Purchase::Ended => {
                if let Some((from, to, _)) = self.spans.last_mut() {
                    *to = fact.day.max(*from);
                }
            }
            Purchase::Checked => {
                let at = self.checks.partition_point(|(day, _)| *day <= fact.day);
                self.checks.insert(at, (fact.day, fact.position));
            }
            Purchase::GapPlanned(until) => self.plans.push((fact.day, until, fact.position)),
        }
    }

    fn days(&self) -> impl Iterator<Item = Day> + '_ {
        let used = self.spans.iter().flat_map(|(from, to, _)| [*from, next_day(*to)]);
        let checked = self.checks.iter().flat_map(|(day, _)| [*day, day.plus_days(CHECK_HOLDS_DAYS)]);
        let planned = self.plans.iter().flat_map(|(from, until, _)| [*from, next_day(*until)]);
        used.chain(checked).chain(planned).chain(self.standing.days())
    }

    /// What holds on a day; none where the service is not used.
    fn on(&self, day: Day) -> Option<(Status, Cause)> {
        let (_, _, begun) = self.spans.iter().find(|(from, to, _)| *from <= day && day <= *to)?;
        let last = self.checks.iter().rfind(|(checked, _)| *checked <= day);
        let Some((checked, check)) = last else { return Some((Status::NotMet, Cause::Event(*begun))) };
        if checked.days_until(day) >= CHECK_HOLDS_DAYS {
            return Some((Status::NotMet, Cause::Passed(Passed::CheckDue, *check)));
        }
        let (verdict, event) = self.standing.at(day).unwrap_or((Verdict::NotCertified, Some(*check)));
        Some(match verdict {
            Verdict::Certified | Verdict::RunsOut => (Status::Met, Cause::Event(event.unwrap_or(*check))),
            Verdict::HolderOnly => (Status::PartlyMet, Cause::Event(event.unwrap_or(*check))),
            Verdict::NotCertified => {
                let plan = self.plans.iter().rev().find(|(from, ..)| *from <= day);
                match (plan, event) {
                    (Some((_, until, plan)), _) if day <= *until => (Status::PartlyMet, Cause::Event(*plan)),
                    (Some((_, _, plan)), _) => (Status::NotMet, Cause::Passed(Passed::GapPlanEnded, *plan)),
                    (None, Some(event)) => (Status::NotMet, Cause::Event(event)),
                    (None, None) => (Status::NotMet, Cause::Passed(Passed::CertificateExpired, *check)),
                }
            }
        })
    }
}

fn next_day(day: Day) -> Day {
    if day == Day::LAST { Day::LAST } else { day.plus_days(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proto::{
        certification::Answer,
        suppliers::{
            Certificate, CertificateRecorded, CertificateWithdrawn, CoverageStated, List, Listing,
            SupplierDetails, SupplierEvent, SupplierRegistered, Voice,
        },
    };

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
            facts.gather(position, day(on), event);
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
        happened("2018-02-01", CertificateRecorded { supplier, certificate: 1, printed }.into());
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
        };
        what.iter().enumerate().map(fact).collect()
    }

    fn timeline_of(purchases: &[PurchaseFact], supplier: &SupplierFacts) -> Timeline {
        let standings = Standings::default();
        let upto = Position(u64::MAX);
        timeline(purchases, |used| standings.of(used, upto, |_| Some(supplier)), upto)
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
        let event = CertificateRecorded { supplier, certificate: 2, printed: longer };
        acme.gather(Position(2_000), day("2018-02-01"), event.into());
        let stated = CoverageStated {
            supplier,
            certificate: 2,
            service: "lines".parse().unwrap(),
            covers: Answer::Yes,
            said_by: Voice::Supplier,
            ground: String::new(),
        };
        acme.gather(Position(2_001), day("2018-02-01"), stated.into());
        let timeline =
            timeline_of(&did(&[("2018-03-01", "lines", Begun), ("2018-03-10", "lines", Checked)]), &acme);
        assert_eq!(timeline.at(day("2019-03-09")).status, Status::Met);
        let lapsed = timeline.at(day("2019-03-10"));
        assert_eq!(
            (lapsed.status, lapsed.cause),
            (Status::NotMet, Cause::Passed(Passed::CheckDue, Position(2)))
        );
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
        let withdrawn = CertificateWithdrawn {
            supplier: "acme".parse().unwrap(),
            certificate: 1,
            reason: "fraud".into(),
        };
        acme.gather(Position(3_000), day("2018-06-01"), withdrawn.into());
        let purchases = did(&[("2018-03-01", "lines", Begun), ("2018-03-01", "lines", Checked)]);
        let timeline = timeline_of(&purchases, &acme);
        let change = timeline.at(day("2018-06-01"));
        assert_eq!((change.status, change.cause), (Status::NotMet, Cause::Event(Position(3_000))));
        // As known before, it was met for the whole year.
        let standings = Standings::default();
        let upto = Position(2_999);
        let before = super::timeline(&purchases, |used| standings.of(used, upto, |_| Some(&acme)), upto);
        assert_eq!(before.at(day("2018-06-01")).status, Status::Met);
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
        fn the_timeline_says_what_each_single_day_says(purchases in prop::collection::vec(purchase(), 0..12)) {
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
                PurchaseFact { position: Position(index as u64 + 1), day: on, used, what }
            }).collect();
            let acme = acme();
            let whole = timeline_of(&facts, &acme);
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
                        (Some(on), _) if on.days_until(today) >= 365 => Status::NotMet,
                        (None, _) => Status::NotMet,
                        (_, Verdict::Certified | Verdict::RunsOut) => Status::Met,
                        (_, Verdict::HolderOnly) => Status::PartlyMet,
                        (_, Verdict::NotCertified) if plan.is_some_and(|until| today <= until) => Status::PartlyMet,
                        _ => Status::NotMet,
                    };
                    worst = Some(worst.map_or(status, |worst| if status.attention() < worst.attention() { status } else { worst }));
                }
                prop_assert_eq!(whole.at(today).status, worst.unwrap_or(Status::NoEvidence), "{}", today);
            }
        }
    }
}
