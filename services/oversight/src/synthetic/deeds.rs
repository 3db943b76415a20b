//! What else happens in the year: suppliers with their certificates, what practices use and check, and
//! continuity plans with their exercises.
//!
//! Planned in a few bytes a deed and written out only when the log takes them, like everything else here.

use fastrand::Rng;
use jiff::Timestamp;
use proto::{Day, Event, OdsCode, SupplierId};

use super::{
    calendar::{Clocks, day, last_day, office_hours},
    geography::{Ccg, Fate, Geography, Practice},
};

mod continuity;
mod suppliers;

use continuity::Keep;
pub use continuity::partner_of;
pub use suppliers::OWN_RECORD;
use suppliers::Supply;

/// Something that is done besides the toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Around suppliers.
    Supply(Supply),
    /// Around continuity plans.
    Keep(Keep),
}

impl From<Supply> for Deed {
    fn from(deed: Supply) -> Self {
        Deed::Supply(deed)
    }
}

impl From<Keep> for Deed {
    fn from(deed: Keep) -> Self {
        Deed::Keep(deed)
    }
}

/// A deed with its time and, where that is another, the day it took effect.
pub type Timed = (Timestamp, Deed, Option<Day>);

/// Writes down what happens besides the toolkit.
pub fn plan(rng: &mut Rng, land: &Geography, clocks: &Clocks) -> Vec<Timed> {
    let mut deeds = Vec::with_capacity(land.practices.len() * 8);
    let mut writer = Writer { rng, clocks, deeds: &mut deeds };
    writer.suppliers();
    writer.partners();
    writer.leanings(land.ccgs.len());
    for (practice, number) in land.practices.iter().zip(0u32..) {
        if !matches!(practice.fate, Fate::LongClosed(_) | Fate::LongDormant) {
            writer.practice(practice, &land.ccgs[practice.ccg], number);
        }
    }
    deeds
}

struct Writer<'a> {
    rng: &'a mut Rng,
    clocks: &'a Clocks,
    deeds: &'a mut Vec<Timed>,
}

impl Writer<'_> {
    fn on(&mut self, on: Day, deed: impl Into<Deed>, effective: Option<Day>) {
        let seconds = office_hours(self.rng);
        let time = self.clocks.at(on, seconds);
        self.deeds.push((time, deed.into(), effective.filter(|day| *day != on)));
    }

    /// At a minute of the first days, so that each comes after what it needs.
    fn at_the_start(&mut self, minute: u32, deed: impl Into<Deed>, effective: Option<Day>) {
        let time = self.clocks.at(day(2017, 6, 2), 32_400 + 60 * minute);
        self.deeds.push((time, deed.into(), effective));
    }

    fn practice(&mut self, practice: &Practice, ccg: &Ccg, number: u32) {
        let (first, last) = match practice.fate {
            Fate::Opens => (practice.opened.plus_days(30).max(day(2017, 6, 8)), last_day()),
            Fate::Closes(last) => (day(2017, 6, 8), last),
            Fate::FallsDormant => (day(2017, 6, 8), day(2017, 11, 15)),
            _ => (day(2017, 6, 8), last_day()),
        };
        self.purchases(practice, ccg, number, first, last);
        self.continuity(ccg, number, first, last);
    }
}

/// Tells deeds as events.
#[derive(Debug)]
pub struct Teller {
    suppliers: suppliers::Teller,
}

/// Where an event stands, and what it says.
pub type Told = (Place, Event);

/// Whose aggregate an event is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A supplier's.
    Supplier(SupplierId),
    /// A buyer's.
    Buyer(OdsCode),
    /// A continuity plan's.
    Plan(OdsCode),
}

pub(super) fn code<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(code) => code,
        // Fixed texts of the synthetic England; tests tell all of it.
        Err(_) => unreachable!("{text} is not a code"),
    }
}

impl Teller {
    /// Knows what every supplier will be certified for.
    pub fn new() -> Self {
        Self { suppliers: suppliers::Teller::new() }
    }

    /// A deed as an event.
    pub fn tell(&self, land: &Geography, deed: Deed, time: Timestamp) -> Told {
        let on = Day::in_london(time);
        match deed {
            Deed::Supply(deed) => self.suppliers.tell(land, deed, on),
            Deed::Keep(deed) => continuity::tell(land, deed, on),
        }
    }
}
