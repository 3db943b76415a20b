//! What lies behind the counts of an area's requirement: how old its plans are and how their exercises
//! went, how bad and how old the findings of assessors are, which certificates end when.
//!
//! Everything is of the practices that operated in the area at the end of the day, by what took effect by
//! then. Cost: linear in the facts of these practices, each plan and each service worked out once.

use std::sync::Arc;

use proto::{Day, Moment, OdsCode, Position};
use serde::Serialize;
use ui::Tone;
use utoipa::ToSchema;

use crate::{
    answers::{Asked, Basis, Named},
    board::{Area, Practice},
    few::{Telling, WITHHELD},
    rules::requirement,
};

mod expiries;
mod findings;
mod plans;

/// What lies behind the counts of a requirement in an area on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TallyAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// The requirement.
    pub requirement: &'static str,
    /// The counts; none for the toolkit, whose counts by status say all there is.
    pub tallies: Vec<Tally>,
    /// Single figures.
    pub figures: Vec<Figure>,
    /// Why there are none, where there are but they are not for one to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<&'static str>,
}

/// Counts in rows and series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// Its name in addresses and files.
    pub tally: &'static str,
    /// Its name on pages.
    pub title: &'static str,
    /// What is counted.
    pub counts: &'static str,
    /// What a row is.
    pub row: &'static str,
    /// What the counts of each row are of, in their order.
    pub series: Vec<TallySeries>,
    /// The rows, also those of nothing.
    pub rows: Vec<TallyRow>,
}

/// One of the things that are told apart in each row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TallySeries {
    /// Its name in files.
    pub series: &'static str,
    /// Its name on pages.
    pub label: &'static str,
    /// How it looks.
    #[serde(skip)]
    #[schema(ignore)]
    pub tone: Tone,
}

/// A row of counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TallyRow {
    /// What it is of.
    pub label: String,
    /// One count to each series.
    pub counts: Vec<u32>,
}

/// So many of so many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figure {
    /// Its name in files.
    pub figure: &'static str,
    /// What is true of those counted, as on pages.
    pub says: &'static str,
    /// How many.
    pub count: u32,
    /// Of how many practices.
    pub of: u32,
}

/// How soon is soon, in days.
pub(crate) const SOON_DAYS: i32 = 90;

/// The practices that are counted, and on which day.
struct Counted<'a> {
    asked: &'a Asked<'a>,
    practices: Vec<&'a Practice>,
}

impl Counted<'_> {
    fn day(&self) -> Day {
        self.asked.at
    }

    fn moment(&self) -> Moment {
        Moment::of(self.asked.at, self.asked.board.today)
    }

    fn upto(&self) -> Position {
        self.asked.board.knowledge.upto
    }

    /// A figure of all practices counted.
    fn figure(&self, figure: &'static str, says: &'static str, count: usize) -> Figure {
        let number = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        Figure { figure, says, count: number(count), of: number(self.practices.len()) }
    }
}

/// What lies behind the counts of the requirement that is asked about, told to those who may know what assessors
/// found at the organisations that `may_know_of` says yes to. None where nothing of the area is told.
pub fn tally(asked: &Asked<'_>, area: &Area, may_know_of: impl Fn(OdsCode) -> bool) -> Option<TallyAnswer> {
    let practices = asked.board.members(area, asked.footprint, asked.at).map(Arc::as_ref).collect();
    let counted = Counted { asked, practices };
    let requirement = requirement(asked.rule).slug;
    let nothing = || (Vec::new(), Vec::new());
    let mut withheld = None;
    let (tallies, figures) = match requirement {
        "continuity" => plans::tallies(&counted),
        "onsite" => match Telling::of(area, may_know_of) {
            Telling::Nothing => return None,
            Telling::OfMany if findings::are_of_few(asked, area) => {
                withheld = Some(WITHHELD);
                nothing()
            }
            Telling::OfMany | Telling::Everything => findings::tallies(&counted),
        },
        "suppliers" => expiries::tallies(&counted),
        _ => nothing(),
    };
    Some(TallyAnswer {
        body: asked.named(area),
        basis: asked.basis(),
        requirement,
        tallies,
        figures,
        withheld,
    })
}

const fn series(series: &'static str, label: &'static str, tone: Tone) -> TallySeries {
    TallySeries { series, label, tone }
}

/// How long ago something was, in the order of the rows.
struct Ages(&'static [(i32, &'static str)], &'static str);

impl Ages {
    /// One empty row to each age.
    fn rows(&self, series: usize) -> Vec<TallyRow> {
        let labels = self.0.iter().map(|(_, label)| *label).chain([self.1]);
        labels.map(|label| TallyRow { label: label.to_owned(), counts: vec![0; series] }).collect()
    }

    /// The row of an age in days.
    fn row(&self, days: i32) -> usize {
        self.0.iter().position(|(up_to, _)| days <= *up_to).unwrap_or(self.0.len())
    }
}

/// Counts one more.
fn count(rows: &mut [TallyRow], row: usize, series: usize) {
    if let Some(cell) = rows.get_mut(row).and_then(|row| row.counts.get_mut(series)) {
        *cell += 1;
    }
}

#[cfg(test)]
#[path = "tally/tests.rs"]
mod tests;
