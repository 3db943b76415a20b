//! Requirement 6: a continuity plan that covers data and cyber incidents.
//!
//! The rule. On a day, an organisation's plan is up to date when, by the facts up to that day,
//!
//! - a version is approved and not withdrawn since (the last approval counts), and it covers that data
//!   are lost or out of reach, and cyber incidents;
//! - the date of its next review, as set by the approval or the last review after it, is not over: at its
//!   end the review is late;
//! - an exercise was held on that day or within the 365 days before it: on the 366th day after the last
//!   one the next is due, and at its end late. Any version's exercise counts. That the plan was
//!   needed for real is no exercise: it tests what happens to happen, and not what was chosen.
//!
//! A practice is `Met` when its own plan is up to date, and so is the plan of every delivery partner that
//! it, or the CCG to which it belongs on that day, relies on that day. Its own plan is and a partner's is
//! not: `PartlyMet`. That is our reading: the practice does not meet the requirement, but has done its
//! part, and its CCG has to act. Its own plan is not up to date: `NotMet`, be it not approved yet,
//! withdrawn, lacking, never exercised or late. Nothing at all recorded of its own plan, whoever it relies
//! on: `NoEvidence`.
//!
//! Sources: domain facts 2.2 and 2.3 (requirement 6: own plan with cyber, the CCG makes sure that its
//! partner keeps plans), 5.3 (tested at least yearly; reviewed yearly; data and cyber covered).

use std::collections::{BTreeMap, BTreeSet};

use proto::{Day, Moment, OdsCode, Position};

use super::{
    Common, Seen,
    conditions::{Condition, PlanUnmet, Unmet},
};
use crate::{
    facts::continuity::ContinuityFact,
    timeline::{Cause, Judged, Passed, Status, Timeline},
};

mod plan;

pub(crate) use plan::Facts;
use plan::{Plan, Short, later};

/// All that bears on a practice's requirement, in order of day.
pub struct Known {
    own: Facts,
    /// To whom it belongs from which day on.
    commissioners: Vec<(Day, Option<OdsCode>)>,
    ccgs: BTreeMap<OdsCode, Facts>,
    partners: BTreeMap<OdsCode, Facts>,
}

/// What holds of a practice of whose plan nothing is recorded.
pub fn nothing_known() -> Judged {
    Judged {
        status: Status::NoEvidence,
        cause: Cause::Nothing,
        unmet: vec![Condition::unrecorded(Unmet::OwnPlan(PlanUnmet::NothingRecorded))],
    }
}

impl Known {
    /// Of a practice; none where nothing is recorded of it.
    pub fn of(seen: &Seen<'_>) -> Option<Self> {
        let Common { facts, upto, .. } = seen.common;
        let commissioners = seen.stays.iter().map(|stay| (stay.from, Some(stay.commissioner))).collect();
        let plans = |code| facts.organisations.get(&code).map(|facts| facts.continuity.as_slice());
        Self::from(&seen.own.continuity, commissioners, plans, *upto)
    }

    /// From the facts up to a position: `own` of the practice, `commissioners` to whom it belongs from which
    /// day on, in order of day; `plans` gives what is recorded of any CCG or partner. Facts are in the order
    /// of the log.
    fn from<'a>(
        own: &[ContinuityFact],
        commissioners: Vec<(Day, Option<OdsCode>)>,
        plans: impl Fn(OdsCode) -> Option<&'a [ContinuityFact]>,
        upto: Position,
    ) -> Option<Self> {
        let own = Facts::known(own, upto);
        if own.is_empty() {
            return None;
        }
        let of = |code: OdsCode| Facts::known(plans(code).unwrap_or_default(), upto);
        let ccgs: BTreeMap<OdsCode, Facts> =
            commissioners.iter().filter_map(|(_, ccg)| *ccg).map(|ccg| (ccg, of(ccg))).collect();
        let named: BTreeSet<OdsCode> = ccgs.values().chain([&own]).flat_map(Facts::ever_leant_on).collect();
        let partners = named.into_iter().map(|code| (code, of(code))).collect();
        Some(Self { own, commissioners, ccgs, partners })
    }

    /// The timeline.
    pub fn timeline(&self, today: Day) -> Timeline {
        let others = self.ccgs.values().chain(self.partners.values()).flat_map(Facts::days);
        let days = self.own.days().chain(others);
        let days = days.chain(self.commissioners.iter().map(|(day, _)| *day)).collect();
        Timeline::of_days(days, today, |moment| self.judge(moment))
    }

    fn ccg_on(&self, day: Day) -> Option<&Facts> {
        let after = self.commissioners.partition_point(|(from, _)| *from <= day);
        let last = after.checked_sub(1).and_then(|last| self.commissioners.get(last));
        last.and_then(|(_, ccg)| *ccg).and_then(|ccg| self.ccgs.get(&ccg))
    }

    /// What holds at a moment, and what is unmet.
    pub fn judge(&self, moment: Moment) -> Judged {
        let own = match self.own.plan_on(moment) {
            Plan::Unheard => return nothing_known(),
            own => own,
        };
        let relied = self.ccg_on(moment.day()).into_iter().chain([&self.own]);
        let mut partners = Partners::default();
        for (partner, relies) in relied.flat_map(|facts| facts.leans_on(moment.day())) {
            let plan = self.partners.get(&partner).map(|facts| facts.plan_on(moment));
            partners.take(partner, relies, plan.unwrap_or(Plan::Unheard));
        }
        match own {
            Plan::Stands(latest) => match partners.first_short {
                Some(short) => {
                    Judged { status: Status::PartlyMet, cause: short.cause, unmet: partners.unmet }
                }
                None => {
                    Judged::met(Cause::Event(partners.latest.map_or(latest, |of| later(latest, of)).position))
                }
            },
            Plan::Short(short, lacks) => {
                let mut unmet: Vec<Condition> =
                    lacks.iter().map(|lack| Condition::of(Unmet::OwnPlan(lack.what), lack.event)).collect();
                unmet.extend(partners.unmet);
                Judged { status: Status::NotMet, cause: short.cause, unmet }
            }
            Plan::Unheard => nothing_known(),
        }
    }
}

/// How the plans of the partners are on whom a practice relies.
#[derive(Default)]
struct Partners {
    /// The last fact of those that are up to date, and of the reliance on them.
    latest: Option<ContinuityFact>,
    /// The first that was not.
    first_short: Option<Short>,
    unmet: Vec<Condition>,
}

impl Partners {
    /// Takes in how a partner's plan is that the practice relies on by a fact.
    fn take(&mut self, partner: OdsCode, relies: ContinuityFact, plan: Plan) {
        let since_relied = Short { since: relies.day, cause: Cause::Event(relies.position) };
        let short = match plan {
            Plan::Stands(of_partner) => {
                let of_both = later(relies, of_partner);
                self.latest = Some(self.latest.map_or(of_both, |latest| later(latest, of_both)));
                return;
            }
            Plan::Short(short, lacks) => {
                for lack in lacks {
                    self.note(Condition::of(Unmet::PartnerPlan(partner, lack.what), lack.event));
                }
                match short.cause {
                    // It was not up to date when the practice came to rely on it.
                    _ if short.since < relies.day => since_relied,
                    Cause::Passed(_, position) => {
                        Short { cause: Cause::Passed(Passed::PartnerPlanLapsed, position), ..short }
                    }
                    _ => short,
                }
            }
            Plan::Unheard => {
                let unmet = Unmet::PartnerPlan(partner, PlanUnmet::NothingRecorded);
                self.note(Condition::of(unmet, relies.position));
                since_relied
            }
        };
        if self.first_short.is_none_or(|first| short.since < first.since) {
            self.first_short = Some(short);
        }
    }

    /// Notes what is unmet once: the practice and its CCG may rely on the same partner.
    fn note(&mut self, condition: Condition) {
        if self.unmet.iter().all(|known| known.unmet != condition.unmet) {
            self.unmet.push(condition);
        }
    }
}

#[cfg(test)]
mod tests;
