//! Everything that is shown, worked out from the facts: where each practice was, what held when,
//! and the counts by area and day.
//!
//! A board never changes. The writer makes the next one and readers change over; whoever holds an
//! old one goes on reading it undisturbed. Parts that stay the same are shared.
//!
//! Costs, for N practices: building from nothing is linear in what the files showed of N;
//! after an event about one practice's compliance only its timelines and the steps of its areas
//! are worked out anew, and N pointers are copied.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proto::{
    Day, OdsCode, OnsCode, Position,
    areas::{Names, Word, is_local_office},
    footprint::{Place, Placed, Places, Stay, Votes},
    organisations::{OrganisationListing, PracticeListing},
};
use rustc_hash::FxHashMap;

use crate::{
    facts::{Facts, OrganisationFacts},
    rollup::{Counts, Steps},
    rules::{Calendar, Registers, registers},
    search::SearchIndex,
    timeline::{Status, Timeline},
};

mod areas;
mod making;

use areas::Standing;

/// Which membership counts are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Footprint {
    /// That of the day asked about.
    #[default]
    Then,
    /// Today's, so that a body that was merged can be compared with itself.
    Now,
}

impl Footprint {
    /// The name in addresses and answers.
    pub const fn slug(self) -> &'static str {
        match self {
            Footprint::Then => "then",
            Footprint::Now => "now",
        }
    }
}

pub use proto::areas::AreaKind;

/// An area with its counts.
#[derive(Debug, Clone)]
pub struct Area {
    /// Its code, `ENG` for England.
    pub code: OdsCode,
    /// What it is.
    pub kind: AreaKind,
    /// Its names, by day.
    pub names: Names,
    /// Its codes of the Office for National Statistics, each with the date of the list that has it.
    pub ons_codes: Vec<(Day, OnsCode)>,
    /// What its file says of it.
    pub listing: Option<Arc<OrganisationListing>>,
    /// Who commissions it, of a primary care network.
    pub commissioner: Option<OdsCode>,
    /// The first day it existed, where that is known.
    pub opened: Option<Day>,
    /// The last day it existed, where that is known.
    pub closed: Option<Day>,
    /// Counts by the footprint of the day, one a rule.
    then: Vec<Steps>,
    /// Counts by today's footprint, one a rule.
    now: Vec<Steps>,
    /// The practices that ever were in it, by either footprint.
    pub practices: Arc<[u32]>,
}

impl Area {
    /// The name it went by on a day; what it was and its code where no file tells.
    pub fn name_on(&self, day: Day) -> Arc<str> {
        self.names.on(day).cloned().unwrap_or_else(|| self.kind.unnamed(self.code, day).into())
    }

    /// The day by which to say what it is called where no other is asked about: this one, or its last.
    pub fn day_called(&self, on: Day) -> Day {
        self.closed.map_or(on, |closed| closed.min(on))
    }

    /// What it was called on a day as the body that it was: a CCG, an integrated care board.
    pub fn word_on(&self, day: Day) -> Word {
        self.kind.word_of(self.code, day)
    }

    /// Its code of the Office for National Statistics on a day: that of the last list by then, else of the first.
    pub fn ons_code_on(&self, day: Day) -> Option<OnsCode> {
        let by_then = self.ons_codes.iter().rev().find(|(as_of, _)| *as_of <= day);
        by_then.or(self.ons_codes.first()).map(|(_, code)| *code)
    }

    /// The counts of a rule.
    pub fn steps(&self, rule: usize, footprint: Footprint) -> Option<&Steps> {
        match footprint {
            Footprint::Then => self.then.get(rule),
            Footprint::Now => self.now.get(rule),
        }
    }

    /// The counts of a rule on a day.
    pub fn counts(&self, rule: usize, footprint: Footprint, day: Day) -> Counts {
        self.steps(rule, footprint).map(|steps| steps.at(day)).unwrap_or_default()
    }
}

/// A practice with all that follows from its facts.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Its code.
    pub code: OdsCode,
    /// Its latest listing.
    pub listing: Arc<PracticeListing>,
    /// Its names, by day.
    pub names: Names,
    /// What the events say of it.
    pub facts: Arc<OrganisationFacts>,
    /// Where it operated.
    pub placed: Arc<[Placed]>,
    /// To whom it belonged, whether it operated or not.
    pub stays: Arc<[Stay]>,
    /// Where it, or what became of it, lies today.
    pub now: Option<(OdsCode, Place)>,
    /// The primary care network it is in today.
    pub network_now: Option<OdsCode>,
    /// The numbers of its registered patients that count.
    pub list_sizes: Arc<[(Day, u32)]>,
    /// Its compliance, one a rule.
    pub timelines: Vec<Timeline>,
}

impl Practice {
    /// The name it went by on a day; nothing where no file names it.
    pub fn name_on(&self, day: Day) -> &str {
        self.names.on(day).map_or(self.listing.name.as_str(), AsRef::as_ref)
    }

    /// Where it operated on a day, if it did.
    pub fn placed_on(&self, day: Day) -> Option<&Placed> {
        self.placed.iter().find(|placed| placed.span.from <= day && day <= placed.span.to)
    }

    /// The registered patients as last published by a day, else as first published after it.
    pub fn patients(&self, day: Day) -> Option<u32> {
        let by_then = self.list_sizes.partition_point(|(as_of, _)| *as_of <= day).checked_sub(1);
        self.list_sizes.get(by_then.unwrap_or(0)).map(|(_, patients)| *patients)
    }
}

/// Up to where the log counts, and what that means for what was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knowledge {
    /// The last position that counts.
    pub upto: Position,
    /// The day by which deadlines must have been announced to be known; none: all that are known.
    pub announced_by: Option<Day>,
}

impl Knowledge {
    /// Everything recorded so far.
    pub const ALL: Knowledge = Knowledge { upto: Position(u64::MAX), announced_by: None };
}

/// Everything that is shown.
#[derive(Debug, Clone)]
pub struct Board {
    /// The facts behind it.
    pub facts: Facts,
    /// Up to where they count.
    pub knowledge: Knowledge,
    /// The day that *today* means.
    pub today: Day,
    /// The deadlines.
    pub calendar: Arc<Calendar>,
    /// The registers of toolkit results that were read.
    pub registers: Arc<Registers>,
    /// All practices, in order of code.
    pub practices: Vec<Arc<Practice>>,
    /// All areas; England is the first.
    pub areas: Vec<Arc<Area>>,
    /// The date of the first practice file: days before it rest on what later files say.
    pub first_practice_file: Option<Day>,
    /// Where the commissioners lay.
    pub places: Arc<Places>,
    practice_numbers: Arc<FxHashMap<OdsCode, u32>>,
    area_numbers: Arc<FxHashMap<OdsCode, u32>>,
    standing: Arc<Standing>,
    search: Arc<SearchIndex>,
}

impl Board {
    /// The practice of a code.
    pub fn practice(&self, code: OdsCode) -> Option<&Arc<Practice>> {
        self.practice_numbers.get(&code).and_then(|number| self.practices.get(*number as usize))
    }

    /// The area of a code.
    pub fn area(&self, code: OdsCode) -> Option<&Arc<Area>> {
        self.area_numbers.get(&code).and_then(|number| self.areas.get(*number as usize))
    }

    /// England.
    pub fn england(&self) -> Option<&Arc<Area>> {
        self.areas.first()
    }

    /// The name of an area or practice on a day; the code where there is none.
    pub fn name_of(&self, code: OdsCode, day: Day) -> Arc<str> {
        if let Some(area) = self.area(code) {
            return area.name_on(day);
        }
        self.practice(code).map_or_else(|| code.as_str().into(), |practice| practice.name_on(day).into())
    }

    /// The day whose bodies a footprint groups by: what they were called then, and which level they were of.
    pub fn day_of_areas(&self, footprint: Footprint, day: Day) -> Day {
        match footprint {
            Footprint::Then => day,
            Footprint::Now => self.today,
        }
    }

    /// The search index.
    pub fn search(&self) -> &SearchIndex {
        &self.search
    }

    /// Where a practice counts on a day by a footprint, if it operated on it.
    pub fn whereabouts(
        &self,
        practice: &Practice,
        footprint: Footprint,
        day: Day,
    ) -> Option<(Option<OdsCode>, Place)> {
        let placed = practice.placed_on(day)?;
        match footprint {
            Footprint::Then => Some((placed.commissioner, placed.place)),
            Footprint::Now => {
                Some(practice.now.map_or((None, Place::default()), |(code, place)| (Some(code), place)))
            }
        }
    }

    /// The primary care network of a practice on a day by a footprint, if it operated on it.
    pub fn network_of(&self, practice: &Practice, footprint: Footprint, day: Day) -> Option<OdsCode> {
        let placed = practice.placed_on(day)?;
        match footprint {
            Footprint::Then => placed.network,
            Footprint::Now => practice.network_now,
        }
    }

    /// The practices of an area that operated on a day, in order of code.
    pub fn members<'a>(
        &'a self,
        area: &'a Area,
        footprint: Footprint,
        day: Day,
    ) -> impl Iterator<Item = &'a Arc<Practice>> + 'a {
        area.practices.iter().filter_map(|number| self.practices.get(*number as usize)).filter(
            move |practice| {
                self.whereabouts(practice, footprint, day).is_some_and(|(commissioner, place)| {
                    match area.kind {
                        AreaKind::England => true,
                        AreaKind::Region => place.region == Some(area.code),
                        AreaKind::LocalOffice => place.local_office == Some(area.code),
                        AreaKind::Ccg => commissioner == Some(area.code),
                        AreaKind::Network => self.network_of(practice, footprint, day) == Some(area.code),
                    }
                })
            },
        )
    }

    /// The counts of an area at the end of the running day if nothing changes: of what is due today, too.
    pub fn end_of_today(&self, area: &Area, rule: usize, footprint: Footprint) -> Counts {
        let mut counts = Counts::default();
        for practice in self.members(area, footprint, self.today) {
            if let Some(timeline) = practice.timelines.get(rule) {
                counts.count(timeline.at_end_of(self.today).status);
            }
        }
        counts
    }

    /// Where a CCG lay on a day by a footprint.
    pub fn place_of(&self, ccg: OdsCode, footprint: Footprint, day: Day) -> Place {
        let on = match footprint {
            Footprint::Then => day,
            Footprint::Now => self.today,
        };
        self.places.on(ccg, on).0
    }

    /// How many areas of a kind had practices on a day.
    pub fn areas_standing(&self, kind: AreaKind, footprint: Footprint, day: Day) -> u32 {
        self.standing.on(kind, footprint, day)
    }

    /// The kind of the areas next below an area on a day. A region of which no file names an integrated care board
    /// is divided as before there were any.
    pub fn next_below(&self, area: &Area, footprint: Footprint, day: Day) -> AreaKind {
        match area.kind.next_below(self.day_of_areas(footprint, day)) {
            AreaKind::LocalOffice if self.boards_in(area, footprint, day).next().is_none() => AreaKind::Ccg,
            next => next,
        }
    }

    /// The newest date of each kind of file that counts for practices: an extract of the register that lists none of
    /// them says nothing of them.
    pub fn newest_files(&self) -> BTreeMap<&str, Day> {
        let mut newest = self.facts.files.newest(self.knowledge.upto);
        match self.registers.newest() {
            Some(day) => newest.insert(registers::RESULTS, day),
            None => newest.remove(registers::RESULTS),
        };
        newest
    }

    /// The integrated care boards of a region on a day; what has the code of a local office is none.
    fn boards_in<'a>(
        &'a self,
        region: &'a Area,
        footprint: Footprint,
        day: Day,
    ) -> impl Iterator<Item = &'a Arc<Area>> {
        self.lying_in(region, AreaKind::LocalOffice, footprint, day)
            .filter(|office| !is_local_office(office.code))
    }

    /// The areas next below an area that had practices on a day: of England the regions, of a region the
    /// integrated care boards, before there were any the CCGs, and of a board or local office the CCGs or sub-ICB
    /// locations. A location of which it is not known which board it lies in stands directly below its region.
    pub fn children<'a>(
        &'a self,
        area: &'a Area,
        footprint: Footprint,
        day: Day,
    ) -> impl Iterator<Item = &'a Arc<Area>> {
        let next = area.kind.next_below(self.day_of_areas(footprint, day));
        let (boards, others) = match next {
            AreaKind::LocalOffice => (Some(self.boards_in(area, footprint, day)), AreaKind::Ccg),
            next => (None, next),
        };
        let has_board = move |child: &&Arc<Area>| {
            let office = self.place_of(child.code, footprint, day).local_office;
            next == AreaKind::LocalOffice && office.is_some_and(|office| !is_local_office(office))
        };
        let others = self.lying_in(area, others, footprint, day).filter(move |child| !has_board(child));
        boards.into_iter().flatten().chain(others)
    }

    /// The areas of a kind that lie in an area, at whatever distance, and had practices on a day.
    pub fn lying_in<'a>(
        &'a self,
        area: &'a Area,
        kind: AreaKind,
        footprint: Footprint,
        day: Day,
    ) -> impl Iterator<Item = &'a Arc<Area>> {
        let offices = match (area.kind, kind) {
            (AreaKind::Region, AreaKind::LocalOffice) => self.offices_in(area, footprint, day),
            _ => BTreeSet::new(),
        };
        self.areas.iter().filter(move |child| {
            let below = child.kind == kind
                && match (area.kind, kind) {
                    (AreaKind::England, _) => true,
                    (_, AreaKind::Network) => {
                        self.parents(child, footprint, day).iter().any(|above| above.code == area.code)
                    }
                    (AreaKind::Region, AreaKind::LocalOffice) => offices.contains(&child.code),
                    (AreaKind::Region, AreaKind::Ccg) => {
                        self.place_of(child.code, footprint, day).region == Some(area.code)
                    }
                    (AreaKind::LocalOffice, AreaKind::Ccg) => {
                        self.place_of(child.code, footprint, day).local_office == Some(area.code)
                    }
                    _ => false,
                };
            below && child.counts(0, footprint, day).practices() > 0
        })
    }

    /// The local offices, later boards, that lie in a region on a day: those of its practices of which most of
    /// their own lie in it.
    fn offices_in(&self, region: &Area, footprint: Footprint, day: Day) -> BTreeSet<OdsCode> {
        let named = self.members(region, footprint, day).filter_map(|practice| {
            self.whereabouts(practice, footprint, day).and_then(|(_, place)| place.local_office)
        });
        let named: BTreeSet<OdsCode> = named.collect();
        let lies_here = |office: &OdsCode| {
            self.area(*office)
                .is_some_and(|office| self.region_of_office(office, footprint, day) == Some(region.code))
        };
        named.into_iter().filter(lies_here).collect()
    }

    /// The region of a local office, later board: it lies where most of its practices do, else where its file says.
    fn region_of_office(&self, office: &Area, footprint: Footprint, day: Day) -> Option<OdsCode> {
        let mut regions = Votes::default();
        for practice in self.members(office, footprint, day) {
            if let Some((_, Place { region: Some(region), .. })) = self.whereabouts(practice, footprint, day)
            {
                regions.cast(region);
            }
        }
        regions.winner().or(office.listing.as_ref().and_then(|listing| listing.region))
    }

    /// The commissioner of a network on a day: that of most of its practices, else the one its list names.
    pub fn commissioner_of(&self, network: &Area, footprint: Footprint, day: Day) -> Option<OdsCode> {
        let mut commissioners = Votes::default();
        for practice in self.members(network, footprint, day) {
            if let Some((Some(commissioner), _)) = self.whereabouts(practice, footprint, day) {
                commissioners.cast(commissioner);
            }
        }
        commissioners.winner().or(network.commissioner)
    }

    /// The areas above an area on a day, nearest first.
    pub fn parents(&self, area: &Area, footprint: Footprint, day: Day) -> Vec<&Arc<Area>> {
        let above = match area.kind {
            AreaKind::England => return Vec::new(),
            AreaKind::Region => [None, None],
            AreaKind::LocalOffice => [None, self.region_of_office(area, footprint, day)],
            AreaKind::Ccg => {
                let place = self.place_of(area.code, footprint, day);
                [place.local_office, place.region]
            }
            AreaKind::Network => {
                let Some(commissioner) = self.commissioner_of(area, footprint, day) else {
                    return self.england().into_iter().collect();
                };
                let place = self.place_of(commissioner, footprint, day);
                let above = [Some(commissioner), place.local_office, place.region];
                let named = above.into_iter().flatten().filter_map(|code| self.area(code));
                return named.chain(self.england()).collect();
            }
        };
        let named = above.into_iter().flatten().filter_map(|code| self.area(code));
        named.chain(self.england()).collect()
    }
}

/// The slow, obvious way to count: look at every practice on that day.
#[cfg(test)]
pub(crate) fn count_one_by_one(
    board: &Board,
    area: &Area,
    rule: usize,
    footprint: Footprint,
    day: Day,
) -> Counts {
    let mut counts = Counts::default();
    for practice in board.members(area, footprint, day) {
        if let Some(timeline) = practice.timelines.get(rule) {
            counts.count(timeline.at(day).status);
        }
    }
    counts
}

/// The statuses of a day in the order of [`Status::ALL`].
pub fn statuses(counts: &Counts) -> impl Iterator<Item = (Status, u32)> + '_ {
    Status::ALL.into_iter().map(|status| (status, counts.of(status)))
}
