//! Requirement 10: the suppliers' certification is checked.
//!
//! The rule. On a day, every service that the organisation uses has to be checked, and certified as its
//! type of service has to be ([`proto::certification`]):
//!
//! - not checked within a year: `NotMet`; the next check is due on the 365th day after the last one, and at
//!   the end of that day late;
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
use proto::{Day, Moment, Position, SupplierId, certification::Verdict, suppliers::Used};
use rustc_hash::FxHashMap;

use super::conditions::{Condition, ServiceUnmet, Unmet};
use crate::{
    facts::{Purchase, PurchaseFact, SupplierFacts},
    timeline::{Cause, Judged, Passed, Status, Timeline},
};

/// How many days after a check the next one is due.
pub const CHECK_DUE_DAYS: i32 = 365;

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

    /// What holds on a day, since when, and the event that brought it, none where a date did.
    pub fn at(&self, day: Day) -> (Day, Verdict, Option<Position>) {
        let after = self.changes.partition_point(|(from, ..)| *from <= day);
        let last = after.checked_sub(1).and_then(|last| self.changes.get(last));
        last.copied().unwrap_or((Day::FIRST, Verdict::NotCertified, None))
    }

    /// The first day after one on which less is shown than on that one; none where nothing is shown then.
    fn falls_after(&self, day: Day) -> Option<Day> {
        let (_, now, _) = self.at(day);
        let worse = self.changes.iter().find(|(from, verdict, _)| *from > day && *verdict > now);
        worse.map(|(from, ..)| *from)
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

/// The timeline of the requirement, from the services that are or were used.
pub fn timeline(services: &[Service], today: Day) -> Timeline {
    let days = services.iter().flat_map(Service::days).collect();
    Timeline::of_days(days, today, |moment| judge(services, moment))
}

/// What holds at a moment, and what is unmet: the worst of the services counts.
pub fn judge(services: &[Service], moment: Moment) -> Judged {
    let mut held = services.iter().filter_map(|service| service.on(moment));
    let Some(mut worst) = held.next() else {
        let unmet = vec![Condition::unrecorded(Unmet::NoService)];
        return Judged { status: Status::NoEvidence, cause: Cause::Nothing, unmet };
    };
    for Judged { status, cause, unmet } in held {
        if status.attention() < worst.status.attention() {
            (worst.status, worst.cause) = (status, cause);
        }
        worst.unmet.extend(unmet);
    }
    worst
}

/// The services that are or were used, by what was done up to a position.
pub fn services(
    purchases: &[PurchaseFact],
    standing: impl Fn(Used) -> Arc<Standing>,
    upto: Position,
) -> Vec<Service> {
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
    services
}

/// A service in use whose certification ends by itself, or is from then on only that of its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Which.
    pub used: Used,
    /// The last day on which it is certified.
    pub last: Day,
    /// Whether a plan for the gap is agreed that reaches beyond it.
    pub planned: bool,
}

/// The services in use at the end of a day that are certified then, if only by their holder, and will be
/// less so one day, if nobody acts.
pub fn endings(
    purchases: &[PurchaseFact],
    standing: impl Fn(Used) -> Arc<Standing>,
    upto: Position,
    day: Day,
) -> Vec<Ending> {
    let ending = |service: &Service| {
        let ends = service.standing.falls_after(day)?;
        let planned = service.plans.iter().any(|(from, until, _)| *from <= day && *until >= ends);
        Some(Ending { used: service.used, last: ends.plus_days(-1), planned })
    };
    services(purchases, standing, upto)
        .iter()
        .filter(|service| service.spans.iter().any(|(from, to, _)| *from <= day && day <= *to))
        .filter_map(ending)
        .collect()
}

/// One service that is used, with what was done about it.
pub struct Service {
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
        let checked = self.checks.iter().flat_map(|(day, _)| [*day, day.plus_days(CHECK_DUE_DAYS)]);
        let planned = self.plans.iter().flat_map(|(from, until, _)| [*from, next_day(*until)]);
        used.chain(checked).chain(planned).chain(self.standing.days())
    }

    /// What holds at a moment; none where the service is not used.
    fn on(&self, moment: Moment) -> Option<Judged> {
        let day = moment.day();
        let (_, _, begun) = self.spans.iter().find(|(from, to, _)| *from <= day && day <= *to)?;
        let last = self.checks.iter().rfind(|(checked, _)| *checked <= day).copied();
        let certified = self.certified_on(day, last);
        let lack = |what, event| Condition::of(Unmet::Service(self.used, what), event);
        let (cause, what, event) = match last {
            None => (Cause::Event(*begun), ServiceUnmet::NeverChecked, *begun),
            Some((checked, check)) if moment.is_over(checked.plus_days(CHECK_DUE_DAYS)) => {
                let what = ServiceUnmet::CheckDue(checked, checked.plus_days(CHECK_DUE_DAYS));
                (Cause::Passed(Passed::CheckDue, check), what, check)
            }
            Some(_) => return Some(certified),
        };
        let unmet = std::iter::once(lack(what, event)).chain(certified.unmet).collect();
        Some(Judged { status: Status::NotMet, cause, unmet })
    }

    /// Whether it is certified on a day, as far as it was checked.
    fn certified_on(&self, day: Day, last_check: Option<(Day, Position)>) -> Judged {
        let (since, verdict, event) = self.standing.at(day);
        let begun = self.spans.first().map_or(Position::START, |(_, _, begun)| *begun);
        let (checked, check) = last_check.unwrap_or((Day::FIRST, begun));
        // The later of the two brought it: the check, or what became of the certificates.
        let cause = match event {
            _ if since <= checked => Cause::Event(check),
            Some(event) => Cause::Event(event),
            None => Cause::Passed(Passed::CertificateExpired, check),
        };
        let short = |status, cause, what, event| Judged {
            status,
            cause,
            unmet: vec![Condition::of(Unmet::Service(self.used, what), event)],
        };
        let behind = event.unwrap_or(check);
        match verdict {
            Verdict::Certified | Verdict::RunsOut => Judged::met(cause),
            Verdict::HolderOnly => short(Status::PartlyMet, cause, ServiceUnmet::HolderOnly, behind),
            Verdict::NotCertified => match self.plans.iter().rev().find(|(from, ..)| *from <= day) {
                Some((_, until, plan)) if day <= *until => {
                    short(Status::PartlyMet, Cause::Event(*plan), ServiceUnmet::GapPlanned(*until), *plan)
                }
                Some((_, until, plan)) => {
                    let cause = Cause::Passed(Passed::GapPlanEnded, *plan);
                    short(Status::NotMet, cause, ServiceUnmet::GapPlanEnded(*until), *plan)
                }
                None => short(Status::NotMet, cause, ServiceUnmet::NotCertified, behind),
            },
        }
    }
}

fn next_day(day: Day) -> Day {
    if day == Day::LAST { Day::LAST } else { day.plus_days(1) }
}

#[cfg(test)]
mod tests;
