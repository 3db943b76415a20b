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

use std::{cmp::Reverse, sync::Arc};

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

/// What holds at a moment, and what is unmet: the worst of the services counts. What brought it is what came last to any
/// of them: the one that became worse, or the last to become better.
pub fn judge(services: &[Service], moment: Moment) -> Judged {
    let held: Vec<Since> = services.iter().filter_map(|service| service.on(moment)).collect();
    let worst = held.iter().map(|held| held.judged.status).min_by_key(|status| status.attention());
    // Of two on one day the worse, then the later recorded.
    let came = |held: &&Since| (held.day, Reverse(held.judged.status.attention()), held.position);
    let (Some(status), Some(last)) = (worst, held.iter().max_by_key(came)) else {
        let unmet = vec![Condition::unrecorded(Unmet::NoService)];
        return Judged { status: Status::NoEvidence, cause: Cause::Nothing, unmet };
    };
    // Where the last that came is that one is no longer used, that brought it.
    let ended = services.iter().filter_map(|service| service.ended_by(moment.day())).max();
    let cause = match ended.filter(|ended| *ended > (last.day, last.position)) {
        Some((_, position)) => Cause::Event(position),
        None => last.judged.cause,
    };
    Judged { status, cause, unmet: held.into_iter().flat_map(|held| held.judged.unmet).collect() }
}

/// What holds of one service, since which day, and the event behind that.
struct Since {
    day: Day,
    position: Position,
    judged: Judged,
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
    for fact in known.iter().filter(|fact| fact.origin.stands(upto)) {
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
/// less so one day, if no one acts.
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
    /// The day after the last one of each span that ended, and the event that says so.
    ended: Vec<(Day, Position)>,
    checks: Vec<(Day, Position)>,
    plans: Vec<(Day, Day, Position)>,
}

impl Service {
    fn new(used: Used, standing: Arc<Standing>) -> Self {
        let (spans, ended, checks, plans) = Default::default();
        Self { used, standing, spans, ended, checks, plans }
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
                    self.ended.push((next_day(*to), fact.position));
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

    /// The last day by one on which it was no longer used, and the event behind that.
    fn ended_by(&self, day: Day) -> Option<(Day, Position)> {
        self.ended.iter().filter(|(ended, _)| *ended <= day).max().copied()
    }

    /// What holds at a moment; none where the service is not used.
    fn on(&self, moment: Moment) -> Option<Since> {
        let day = moment.day();
        let (from, _, begun) = self.spans.iter().find(|(from, to, _)| *from <= day && day <= *to).copied()?;
        let last = self.checks.iter().rfind(|(checked, _)| *checked <= day).copied();
        let certified = self.certified_on(day, last);
        let lack = |what, event| Condition::of(Unmet::Service(self.used, what), event);
        let (since, position, cause, what) = match last {
            None => (from, begun, Cause::Event(begun), ServiceUnmet::NeverChecked),
            Some((checked, check)) if moment.is_over(checked.plus_days(CHECK_DUE_DAYS)) => {
                let due = checked.plus_days(CHECK_DUE_DAYS);
                (due, check, Cause::Passed(Passed::CheckDue, check), ServiceUnmet::CheckDue(checked, due))
            }
            Some(_) => return Some(Since { day: certified.day.max(from), ..certified }),
        };
        let unmet = std::iter::once(lack(what, position)).chain(certified.judged.unmet).collect();
        Some(Since { day: since, position, judged: Judged { status: Status::NotMet, cause, unmet } })
    }

    /// Whether it is certified on a day, as far as it was checked.
    fn certified_on(&self, day: Day, last_check: Option<(Day, Position)>) -> Since {
        let (since, verdict, event) = self.standing.at(day);
        let begun = self.spans.first().map_or(Position::START, |(_, _, begun)| *begun);
        let (checked, check) = last_check.unwrap_or((Day::FIRST, begun));
        // The later of the two brought it: the check, or what became of the certificates.
        let cause = match event {
            _ if since <= checked => Cause::Event(check),
            Some(event) => Cause::Event(event),
            None => Cause::Passed(Passed::CertificateExpired, check),
        };
        let behind = event.unwrap_or(check);
        let came = (since.max(checked), if since <= checked { check } else { behind });
        let short = |(day, position): (Day, Position), status, cause, what, event| Since {
            day,
            position,
            judged: Judged {
                status,
                cause,
                unmet: vec![Condition::of(Unmet::Service(self.used, what), event)],
            },
        };
        match verdict {
            Verdict::Certified | Verdict::RunsOut => {
                Since { day: came.0, position: came.1, judged: Judged::met(cause) }
            }
            Verdict::HolderOnly => short(came, Status::PartlyMet, cause, ServiceUnmet::HolderOnly, behind),
            Verdict::NotCertified => match self.plans.iter().rev().find(|(from, ..)| *from <= day) {
                Some((from, until, plan)) if day <= *until => {
                    let came = came.max((*from, *plan));
                    let what = ServiceUnmet::GapPlanned(*until);
                    short(came, Status::PartlyMet, Cause::Event(*plan), what, *plan)
                }
                Some((_, until, plan)) => {
                    let cause = Cause::Passed(Passed::GapPlanEnded, *plan);
                    let came = came.max((next_day(*until), *plan));
                    short(came, Status::NotMet, cause, ServiceUnmet::GapPlanEnded(*until), *plan)
                }
                None => short(came, Status::NotMet, cause, ServiceUnmet::NotCertified, behind),
            },
        }
    }
}

fn next_day(day: Day) -> Day {
    if day == Day::LAST { Day::LAST } else { day.plus_days(1) }
}

#[cfg(test)]
mod tests;
