//! Requirement 6: a continuity plan that covers data and cyber incidents.
//!
//! The rule. On a day, an organisation's plan stands when, by the facts up to that day,
//!
//! - a version is approved and not withdrawn since (the last approval counts), and it covers that data
//!   are lost or out of reach, and cyber incidents;
//! - the day of its next review, as set by the approval or the last review after it, is still to come:
//!   on that day itself, at its end, the review is due and the plan has lapsed;
//! - an exercise was held on that day or within the 365 days before it: on the 366th day after the last
//!   one the next is due and the plan has lapsed. Any version's exercise counts. That the plan was
//!   needed for real is no exercise: it tries what happens to happen, and nobody chose to look.
//!
//! A practice is `Met` when its own plan stands, and so does the plan of every delivery partner that it,
//! or the CCG to which it belongs on that day, leans on that day. Its own plan stands and a partner's
//! does not: `PartlyMet`. That is our reading: the practice is short of the requirement, but has done
//! its part, and who has to act is its CCG. Its own plan does not stand: `NotMet`, be it not approved
//! yet, withdrawn, lacking, never exercised or lapsed. Nothing at all recorded of its own plan, on whose
//! soever it leans: `NoEvidence`.
//!
//! Sources: domain facts 2.2 and 2.3 (requirement 6: own plan with cyber, the CCG makes sure that its
//! partner keeps plans), 5.3 (tested at least yearly; reviewed yearly; data and cyber covered).

use std::collections::{BTreeMap, BTreeSet};

use proto::{Day, OdsCode, Position};

use crate::{
    facts::continuity::ContinuityFact,
    timeline::{Cause, Passed, Status, Timeline},
};

mod plan;

pub(crate) use plan::Facts;
use plan::{Plan, Short, later};

/// The timeline of the continuity requirement of a practice, from the facts up to a position.
///
/// `own` is what is recorded of the practice, `commissioners` to whom it belongs from which day on, in
/// order of day, and `plans` tells what is recorded of any CCG or partner; facts are in the order of the
/// log.
pub fn timeline<'a>(
    own: &[ContinuityFact],
    commissioners: &[(Day, Option<OdsCode>)],
    plans: impl Fn(OdsCode) -> Option<&'a [ContinuityFact]>,
    upto: Position,
) -> Timeline {
    let own = Facts::known(own, upto);
    if own.is_empty() {
        return Timeline::default();
    }
    let of = |code: OdsCode| Facts::known(plans(code).unwrap_or_default(), upto);
    let ccgs: BTreeMap<OdsCode, Facts> =
        commissioners.iter().filter_map(|(_, ccg)| *ccg).map(|ccg| (ccg, of(ccg))).collect();
    let named: BTreeSet<OdsCode> = ccgs.values().chain([&own]).flat_map(Facts::ever_leant_on).collect();
    let partners: BTreeMap<OdsCode, Facts> = named.into_iter().map(|code| (code, of(code))).collect();

    let days = own.days().chain(ccgs.values().flat_map(Facts::days));
    let days = days.chain(partners.values().flat_map(Facts::days));
    let days = days.chain(commissioners.iter().map(|(day, _)| *day)).collect();
    Timeline::of_days(days, |day| {
        let after = commissioners.partition_point(|(from, _)| *from <= day);
        let ccg = after.checked_sub(1).and_then(|last| commissioners.get(last)).and_then(|(_, ccg)| *ccg);
        let ccg = ccg.and_then(|ccg| ccgs.get(&ccg));
        holds_on(day, &own, ccg, &partners)
    })
}

/// What holds at the end of a day.
fn holds_on(
    day: Day,
    own: &Facts,
    ccg: Option<&Facts>,
    partners: &BTreeMap<OdsCode, Facts>,
) -> (Status, Cause) {
    let mut latest = match own.plan_on(day) {
        Plan::Unheard => return (Status::NoEvidence, Cause::Nothing),
        Plan::Short(short) => return (Status::NotMet, short.cause),
        Plan::Stands(latest) => latest,
    };
    let mut first_short: Option<Short> = None;
    for (partner, leant) in ccg.into_iter().chain([own]).flat_map(|facts| facts.leans_on(day)) {
        let since_leant = Short { since: leant.day, cause: Cause::Event(leant.position) };
        let short = match partners.get(&partner).map(|facts| facts.plan_on(day)) {
            Some(Plan::Stands(of_partner)) => {
                latest = later(later(latest, leant), of_partner);
                continue;
            }
            Some(Plan::Short(short)) if short.since >= leant.day => Short {
                cause: match short.cause {
                    Cause::Passed(_, position) => Cause::Passed(Passed::PartnerPlanLapsed, position),
                    cause => cause,
                },
                ..short
            },
            // It did not stand when the practice came to lean on it.
            Some(Plan::Short(_) | Plan::Unheard) | None => since_leant,
        };
        if first_short.is_none_or(|first| short.since < first.since) {
            first_short = Some(short);
        }
    }
    match first_short {
        Some(short) => (Status::PartlyMet, short.cause),
        None => (Status::Met, Cause::Event(latest.position)),
    }
}

#[cfg(test)]
mod tests;
