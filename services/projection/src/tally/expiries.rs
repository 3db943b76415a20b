//! Certifications that end, by month, and who relies on them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::Day;
use ui::Tone;

use super::{Counted, Figure, SOON_DAYS, Tally, TallyRow, series};
use crate::rules::suppliers::{Standings, endings};

/// How many months are looked ahead, that of the day among them.
const MONTHS: usize = 12;

const PLANNED: usize = 0;
const UNPLANNED: usize = 1;

pub(super) fn tallies(counted: &Counted<'_>) -> (Vec<Tally>, Vec<Figure>) {
    let board = counted.asked.board;
    let standings = Standings::default();
    let supplier = |id| board.facts.suppliers.get(&id).map(|facts| &**facts);
    let first = month(counted.day());
    let months = || (0..MONTHS).scan(first, |month, _| Some(std::mem::replace(month, next_month(*month))));
    let mut rows: BTreeMap<(i16, i8), [u32; 2]> = months().map(|month| (month, [0; 2])).collect();
    let soon = counted.day().plus_days(SOON_DAYS);
    let (mut relying, mut unplanned) = (0, 0);
    for practice in &counted.practices {
        let standing = |used| standings.of(used, counted.upto(), supplier);
        let endings = endings(&practice.facts.purchases, standing, counted.upto(), counted.day());
        // Of several services of a practice that end in one month the month counts once, and as
        // planned for only where all of them are.
        let mut of_practice: BTreeMap<(i16, i8), usize> = BTreeMap::new();
        for ending in &endings {
            let series = if ending.planned { PLANNED } else { UNPLANNED };
            let worst = of_practice.entry(month(ending.last)).or_default();
            *worst = series.max(*worst);
        }
        for (month, series) in of_practice {
            if let Some(cell) = rows.get_mut(&month).and_then(|row| row.get_mut(series)) {
                *cell += 1;
            }
        }
        let mut ending_soon = endings.iter().filter(|ending| ending.last <= soon).peekable();
        relying += usize::from(ending_soon.peek().is_some());
        unplanned += usize::from(ending_soon.any(|ending| !ending.planned));
    }
    let label =
        |(year, month): (i16, i8)| Date::new(year, month, 1).map(|first| first.strftime("%B %Y").to_string());
    let tally = Tally {
        tally: "expiries-by-month",
        title: "Certifications that end, by month",
        counts: "practices that use a service whose certification ends in the month",
        row: "Month",
        series: vec![
            series("planned", "With an agreed plan for the gap", Tone::Partial),
            series("unplanned", "Without", Tone::Bad),
        ],
        rows: rows
            .into_iter()
            .filter_map(|(month, counts)| {
                Some(TallyRow { label: label(month).ok()?, counts: counts.to_vec() })
            })
            .collect(),
    };
    let figures = vec![
        counted.figure("relying-on-ending", "use a service whose certification ends within 90 days", relying),
        counted.figure("ending-unplanned", "use one for whose gap no plan is agreed", unplanned),
    ];
    (vec![tally], figures)
}

fn month(day: Day) -> (i16, i8) {
    (day.date().year(), day.date().month())
}

fn next_month((year, month): (i16, i8)) -> (i16, i8) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}
