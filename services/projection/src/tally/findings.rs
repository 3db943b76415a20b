//! Open findings of assessors by severity and age.
//!
//! A finding is open from the day it is recorded until a re-test finds it mended or the assessment is
//! closed. That an action was done for it does not close it: a re-test shows whether it helped.

use std::collections::{BTreeMap, BTreeSet};

use proto::{Day, onsite::Severity};
use ui::Tone;

use super::{Ages, Counted, Figure, Tally, count, series};
use crate::{
    answers::Asked,
    board::{Area, AreaKind, Practice},
    facts::{Onsite, OnsiteFact},
    few,
    rules::onsite::in_order,
};

/// Since the finding was recorded.
const AGES: Ages = Ages(
    &[(30, "Up to 30 days"), (90, "31 to 90 days"), (180, "91 to 180 days"), (365, "181 to 365 days")],
    "More than 365 days",
);

/// How many days a critical finding may be open before it is counted as old: our reading.
const OLD_DAYS: i32 = 30;

pub(super) fn tallies(counted: &Counted<'_>) -> (Vec<Tally>, Vec<Figure>) {
    let mut rows = AGES.rows(Severity::ALL.len());
    let (mut with_findings, mut with_old) = (0, 0);
    for practice in &counted.practices {
        let facts = in_order(&practice.facts.onsite, counted.upto());
        let open = open(&facts, counted.day());
        with_findings += usize::from(!open.is_empty());
        with_old += usize::from(open.iter().any(|(severity, since)| {
            *severity == Severity::Critical && since.days_until(counted.day()) > OLD_DAYS
        }));
        for (severity, since) in open {
            let series = Severity::ALL.iter().position(|of| *of == severity).unwrap_or_default();
            count(&mut rows, AGES.row(since.days_until(counted.day())), series);
        }
    }
    let tone = |severity| match severity {
        Severity::Critical => Tone::Bad,
        Severity::High => Tone::Partial,
        Severity::Medium => Tone::Unknown,
        Severity::Low => Tone::Neutral,
    };
    let by_severity = Severity::ALL.map(|of| series(of.slug(), of.words(), tone(of))).to_vec();
    let tally = Tally {
        tally: "findings-by-age",
        title: "Open findings by severity and age",
        counts: "findings",
        row: "Since recorded",
        series: by_severity,
        rows,
    };
    let figures = vec![
        counted.figure("with-open-findings", "have an open finding of an on-site assessment", with_findings),
        counted.figure("with-old-critical", "have a critical finding open for more than 30 days", with_old),
    ];
    (vec![tally], figures)
}

/// Whether the findings of an area are of so few practices that they are theirs, or that those of another region
/// could be worked out from them.
pub(super) fn are_of_few(asked: &Asked<'_>, area: &Area) -> bool {
    let Asked { board, at, footprint, .. } = *asked;
    let assessed = |area: &Area| -> u32 {
        let members = board.members(area, footprint, at);
        members.map(|practice| u32::from(was_assessed(asked, practice))).sum()
    };
    let regions = |england| board.children(england, footprint, at).map(|region| assessed(region));
    let gives_away = |england| few::gives_away(assessed(england), regions(england));
    match (assessed(area), area.kind) {
        (0, _) => false,
        (here, AreaKind::Region) => {
            few::is_few(here) || board.england().is_some_and(|england| gives_away(england))
        }
        (here, _) => few::is_few(here),
    }
}

/// Whether a practice had been assessed by the end of the day, or anything found there.
fn was_assessed(asked: &Asked<'_>, practice: &Practice) -> bool {
    let known = in_order(&practice.facts.onsite, asked.board.knowledge.upto);
    let by_then = known.iter().take_while(|fact| fact.day <= asked.at);
    by_then.into_iter().any(|fact| matches!(fact.what, Onsite::Held | Onsite::FindingRecorded { .. }))
}

/// The findings open at the end of a day, each with the day it was recorded, from facts in order of day.
fn open(facts: &[&OnsiteFact], day: Day) -> Vec<(Severity, Day)> {
    let mut open: BTreeMap<(u16, u16), (Severity, Day)> = BTreeMap::new();
    let mut mended: BTreeMap<u16, &[u16]> = BTreeMap::new();
    let mut closed: BTreeSet<u16> = BTreeSet::new();
    for fact in facts.iter().take_while(|fact| fact.day <= day) {
        match &fact.what {
            Onsite::FindingRecorded { finding, severity } => {
                open.insert((fact.number, *finding), (*severity, fact.day));
            }
            Onsite::Retested { mended: now } => {
                mended.insert(fact.number, now);
            }
            Onsite::Closed => {
                closed.insert(fact.number);
            }
            _ => {}
        }
    }
    open.retain(|(number, finding), _| {
        !closed.contains(number) && !mended.get(number).is_some_and(|mended| mended.contains(finding))
    });
    open.into_values().collect()
}
