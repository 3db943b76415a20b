//! Continuity plans by age, tests by outcome, and who relies on a plan that is due soon.

use std::collections::BTreeMap;

use proto::{Day, OdsCode, continuity::Against};
use ui::Tone;

use super::{Ages, Counted, Figure, SOON_DAYS, Tally, TallyRow, count, series};
use crate::{board::Practice, rules::continuity::Facts};

/// Since the plan was approved, or last reviewed after that.
const AGES: Ages = Ages(
    &[(90, "Up to 90 days"), (181, "91 to 181 days"), (273, "182 to 273 days"), (365, "274 to 365 days")],
    "More than 365 days",
);

const STANDS: usize = 0;
const LAPSED: usize = 1;

const NOT_EXERCISED: &str = "Not within a year";

pub(super) fn tallies(counted: &Counted<'_>) -> (Vec<Tally>, Vec<Figure>) {
    let mut plans = Plans { counted, known: BTreeMap::new() };
    let mut by_age = AGES.rows(2);
    let mut by_outcome: Vec<TallyRow> = Against::ALL
        .iter()
        .map(|outcome| outcome.words())
        .chain([NOT_EXERCISED])
        .map(|label| TallyRow { label: label.to_owned(), counts: vec![0] })
        .collect();
    let (mut without, mut leaning) = (0, 0);
    for practice in &counted.practices {
        let own = Facts::known(&practice.facts.continuity, counted.upto());
        match own.in_force_since(counted.day()) {
            Some(since) => {
                let series = if own.lapses(counted.moment()).is_some() { STANDS } else { LAPSED };
                count(&mut by_age, AGES.row(since.days_until(counted.day())), series);
            }
            None => without += 1,
        }
        let outcome = own.last_exercise(counted.moment());
        let row = outcome.and_then(|outcome| Against::ALL.iter().position(|of| *of == outcome));
        count(&mut by_outcome, row.unwrap_or(Against::ALL.len()), 0);
        leaning += usize::from(plans.leans_on_one_that_lapses_soon(practice, &own));
    }
    let tallies = vec![
        Tally {
            tally: "plans-by-age",
            title: "Plans by age",
            counts: "practices with an approved plan",
            row: "Since approved or reviewed",
            series: vec![
                series("stands", "Up to date", Tone::Good),
                series("lapsed", "Not up to date", Tone::Bad),
            ],
            rows: by_age,
        },
        Tally {
            tally: "exercises-by-outcome",
            title: "Last test within a year, by outcome",
            counts: "practices",
            row: "Outcome",
            series: vec![series("practices", "Practices", Tone::Neutral)],
            rows: by_outcome,
        },
    ];
    let figures = vec![
        counted.figure("without-plan", "have no approved plan", without),
        counted.figure(
            "leaning-on-lapsing",
            "rely on a delivery partner's plan that is due for review or test within 90 days",
            leaning,
        ),
    ];
    (tallies, figures)
}

/// The plans of CCGs and partners, each looked at once.
struct Plans<'a> {
    counted: &'a Counted<'a>,
    known: BTreeMap<OdsCode, Leant>,
}

/// What matters of another's plan.
struct Leant {
    /// At the end of which day it is no longer up to date; none where it is not.
    lapses: Option<Day>,
    /// Whom its owner relies on.
    leans_on: Vec<OdsCode>,
}

impl Plans<'_> {
    fn of(&mut self, code: OdsCode) -> &Leant {
        let Self { counted, known } = self;
        known.entry(code).or_insert_with(|| {
            let facts = counted.asked.board.facts.organisations.get(&code);
            let facts = facts.map(|facts| facts.continuity.as_slice()).unwrap_or_default();
            let facts = Facts::known(facts, counted.upto());
            let leans_on = facts.leans_on(counted.day()).into_keys().collect();
            Leant { lapses: facts.lapses(counted.moment()), leans_on }
        })
    }

    fn leans_on_one_that_lapses_soon(&mut self, practice: &Practice, own: &Facts) -> bool {
        let day = self.counted.day();
        let ccg = practice.stays.iter().rfind(|stay| stay.from <= day).map(|stay| stay.commissioner);
        let of_ccg = ccg.map(|ccg| self.of(ccg).leans_on.clone()).unwrap_or_default();
        let soon = day.plus_days(SOON_DAYS);
        own.leans_on(day)
            .into_keys()
            .chain(of_ccg)
            .any(|partner| self.of(partner).lapses.is_some_and(|lapses| lapses <= soon))
    }
}
