//! Everything that is shown, worked out from the facts: where each practice was, what held when,
//! and the counts by area and day.
//!
//! A board never changes. The writer makes the next one and readers change over; whoever holds an
//! old one goes on reading it undisturbed. Parts that stay the same are shared.
//!
//! Costs, for N practices: building from nothing is linear in N times the number of file dates;
//! after an event about one practice's compliance only its timelines and the steps of its areas
//! are worked out anew, and N pointers are copied.

use std::sync::Arc;

use proto::{
    Day, OdsCode, Position,
    organisations::{OrganisationKind, OrganisationListing, PracticeListing, PrescribingSetting},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    facts::{Facts, Listed, OrganisationFacts},
    footprint::{self, Place, Placed, Places},
    rollup::{Counts, Sign, Steps},
    rules::{Calendar, RULES},
    search::{SearchIndex, Target},
    timeline::{Status, Timeline},
};

mod areas;

use areas::{Standing, areas, areas_of, stretches};

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

/// What an area is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AreaKind {
    /// All of it.
    England,
    /// An NHS England region.
    Region,
    /// A local office of NHS England.
    LocalOffice,
    /// A clinical commissioning group, or whoever else commissioned practices.
    Ccg,
}

impl AreaKind {
    /// All of them, from the top down.
    pub const ALL: [AreaKind; 4] =
        [AreaKind::England, AreaKind::Region, AreaKind::LocalOffice, AreaKind::Ccg];

    /// The name in answers.
    pub const fn slug(self) -> &'static str {
        match self {
            AreaKind::England => "england",
            AreaKind::Region => "region",
            AreaKind::LocalOffice => "local-office",
            AreaKind::Ccg => "ccg",
        }
    }

    /// The name on pages.
    pub const fn label(self) -> &'static str {
        match self {
            AreaKind::England => "England",
            AreaKind::Region => "Region",
            AreaKind::LocalOffice => "Local office",
            AreaKind::Ccg => "CCG",
        }
    }
}

/// An area with its counts.
#[derive(Debug, Clone)]
pub struct Area {
    /// Its code, `ENG` for England.
    pub code: OdsCode,
    /// What it is.
    pub kind: AreaKind,
    /// Its name; the code where no file named it.
    pub name: Arc<str>,
    /// What its file says of it.
    pub listing: Option<Arc<OrganisationListing>>,
    /// Counts by the footprint of the day, one a rule.
    then: Vec<Steps>,
    /// Counts by today's footprint, one a rule.
    now: Vec<Steps>,
    /// The practices that ever were in it, by either footprint.
    pub practices: Arc<[u32]>,
}

impl Area {
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
    /// What the events say of it.
    pub facts: Arc<OrganisationFacts>,
    /// Where it operated.
    pub placed: Arc<[Placed]>,
    /// To whom it belonged, whether it operated or not.
    pub stays: Arc<[footprint::Stay]>,
    /// Where it, or what became of it, lies today.
    pub now: Option<(OdsCode, Place)>,
    /// Its compliance, one a rule.
    pub timelines: Vec<Timeline>,
}

impl Practice {
    /// Where it operated on a day, if it did.
    pub fn placed_on(&self, day: Day) -> Option<&Placed> {
        self.placed.iter().find(|placed| placed.span.from <= day && day <= placed.span.to)
    }

    /// The registered patients as last published by a day, else as first published after it.
    pub fn patients(&self, day: Day) -> Option<u32> {
        let sizes = &self.facts.list_sizes;
        let by_then =
            sizes.iter().filter(|size| size.as_of <= day).max_by_key(|size| (size.as_of, size.position));
        by_then.or_else(|| sizes.iter().min_by_key(|size| size.as_of)).map(|size| size.patients)
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
    /// All practices, in order of code.
    pub practices: Vec<Arc<Practice>>,
    /// All areas; England is the first.
    pub areas: Vec<Arc<Area>>,
    /// Where the commissioners lay.
    pub places: Arc<Places>,
    practice_numbers: Arc<FxHashMap<OdsCode, u32>>,
    area_numbers: Arc<FxHashMap<OdsCode, u32>>,
    standing: Arc<Standing>,
    search: Arc<SearchIndex>,
}

/// The facts of a practice up to a position, in order of file date.
fn listings<T>(listed: &[Listed<T>], upto: Position) -> Vec<&Listed<T>> {
    let mut listings: Vec<&Listed<T>> = listed.iter().filter(|listed| listed.position <= upto).collect();
    listings.sort_by_key(|listed| (listed.as_of, listed.position));
    listings
}

impl Board {
    /// Works everything out from nothing.
    pub fn build(facts: &Facts, knowledge: Knowledge, today: Day) -> Self {
        let calendar = Calendar::for_practices(facts, knowledge.upto, knowledge.announced_by);
        let upto = knowledge.upto;

        let mut codes = Vec::new();
        let mut practice_listings = Vec::new();
        for (code, organisation) in &facts.organisations {
            let listings = listings(&organisation.practice, upto);
            if listings.iter().any(|listed| listed.listing.setting == PrescribingSetting::GENERAL_PRACTICE) {
                codes.push((*code, organisation));
                practice_listings.push(listings);
            }
        }
        let commissioners = facts.organisations.iter().filter_map(|(code, organisation)| {
            let listings = listings(&organisation.organisation, upto);
            listings
                .last()
                .is_some_and(|last| is_commissioner(last.listing.kind))
                .then_some((*code, listings))
        });
        let places = footprint::places(&practice_listings, commissioners);

        let mut practices: Vec<Practice> = codes
            .into_iter()
            .zip(&practice_listings)
            .map(|((code, facts), listings)| practice(code, facts, listings, &places, &calendar, upto))
            .collect();
        place_today(&mut practices, &places, today);
        let practices: Vec<Arc<Practice>> = practices.into_iter().map(Arc::new).collect();
        let areas = areas(facts, &practices, upto);

        let mut search = SearchIndex::default();
        for (number, area) in areas.iter().enumerate() {
            let postcode = area.listing.as_ref().map_or("", |listing| listing.postcode.as_str());
            search.add(area.code, Target::Area(number), &area.name, postcode);
        }
        for (number, practice) in practices.iter().enumerate() {
            search.add(
                practice.code,
                Target::Practice(number),
                &practice.listing.name,
                &practice.listing.postcode,
            );
        }
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Self {
            facts: facts.clone(),
            knowledge,
            today,
            calendar: Arc::new(calendar),
            practice_numbers: Arc::new(
                practices.iter().enumerate().map(|(index, p)| (p.code, number(index))).collect(),
            ),
            area_numbers: Arc::new(
                areas.iter().enumerate().map(|(index, a)| (a.code, number(index))).collect(),
            ),
            standing: Arc::new(Standing::of(&areas)),
            practices,
            areas: areas.into_iter().map(Arc::new).collect(),
            places: Arc::new(places),
            search: Arc::new(search),
        }
    }

    /// The next board after events that bear on the timelines of some organisations only.
    pub fn with_timelines_of(&self, facts: &Facts, touched: &FxHashSet<OdsCode>) -> Self {
        let mut next = self.clone();
        next.facts = facts.clone();
        for code in touched {
            let Some(number) = next.practice_numbers.get(code).copied() else { continue };
            let (Some(slot), Some(organisation)) =
                (next.practices.get_mut(number as usize), facts.organisations.get(code))
            else {
                continue;
            };
            let before = slot.clone();
            let mut after = Practice::clone(&before);
            after.facts = organisation.clone();
            after.timelines = timelines(organisation, &self.calendar, self.knowledge.upto);
            *slot = Arc::new(after);
            let after = slot.clone();
            if before.timelines != after.timelines {
                next.recount(&before, Sign::Remove);
                next.recount(&after, Sign::Add);
            }
        }
        next
    }

    /// The same board with only the reading position moved on.
    pub fn read_on(&self, facts: &Facts) -> Self {
        let mut next = self.clone();
        next.facts = facts.clone();
        next
    }

    fn recount(&mut self, practice: &Practice, sign: Sign) {
        for placed in practice.placed.iter() {
            for footprint in [Footprint::Then, Footprint::Now] {
                for code in areas_of(practice, placed, footprint).into_iter().flatten() {
                    let Some(number) = self.area_numbers.get(&code).copied() else { continue };
                    let Some(area) = self.areas.get_mut(number as usize) else { continue };
                    let area = Arc::make_mut(area);
                    let rules = match footprint {
                        Footprint::Then => &mut area.then,
                        Footprint::Now => &mut area.now,
                    };
                    stretches(practice, placed, |rule, from, to, column| {
                        if let Some(steps) = rules.get_mut(rule) {
                            steps.change(from, to, column, sign);
                        }
                    });
                }
            }
        }
    }

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

    /// The name of an area or practice; the code where there is none.
    pub fn name_of(&self, code: OdsCode) -> Arc<str> {
        if let Some(area) = self.area(code) {
            return area.name.clone();
        }
        self.practice(code)
            .map_or_else(|| code.as_str().into(), |practice| practice.listing.name.as_str().into())
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
                    }
                })
            },
        )
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

    /// The areas next below an area that had practices on a day: of England the regions, of a
    /// region or local office the CCGs.
    pub fn children<'a>(
        &'a self,
        area: &'a Area,
        footprint: Footprint,
        day: Day,
    ) -> impl Iterator<Item = &'a Arc<Area>> {
        self.areas.iter().filter(move |child| {
            let below = match (area.kind, child.kind) {
                (AreaKind::England, AreaKind::Region) => true,
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

    /// The areas above an area on a day, nearest first.
    pub fn parents(&self, area: &Area, footprint: Footprint, day: Day) -> Vec<&Arc<Area>> {
        let above = match area.kind {
            AreaKind::England => return Vec::new(),
            AreaKind::Region => [None, None],
            AreaKind::LocalOffice => {
                // A local office lies where most of its practices do.
                let mut regions: FxHashMap<OdsCode, u32> = FxHashMap::default();
                for practice in self.members(area, footprint, day) {
                    if let Some((_, Place { region: Some(region), .. })) =
                        self.whereabouts(practice, footprint, day)
                    {
                        *regions.entry(region).or_default() += 1;
                    }
                }
                let most = regions.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code)));
                let listed = area.listing.as_ref().and_then(|listing| listing.region);
                [None, most.map(|(code, _)| code).or(listed)]
            }
            AreaKind::Ccg => {
                let place = self.place_of(area.code, footprint, day);
                [place.local_office, place.region]
            }
        };
        let named = above.into_iter().flatten().filter_map(|code| self.area(code));
        named.chain(self.england()).collect()
    }
}

fn is_commissioner(kind: OrganisationKind) -> bool {
    matches!(kind, OrganisationKind::Ccg | OrganisationKind::CommissioningHub)
}

fn timelines(facts: &OrganisationFacts, calendar: &Calendar, upto: Position) -> Vec<Timeline> {
    RULES.iter().map(|rule| (rule.timeline)(facts, calendar, upto)).collect()
}

fn practice(
    code: OdsCode,
    facts: &Arc<OrganisationFacts>,
    listings: &[&Listed<PracticeListing>],
    places: &Places,
    calendar: &Calendar,
    upto: Position,
) -> Practice {
    let memberships: Vec<_> = facts.memberships.iter().filter(|fact| fact.position <= upto).collect();
    let operating = footprint::operating(listings);
    let stays = footprint::stays(listings, &memberships);
    let latest = listings.last().map(|listed| listed.listing.clone());
    let own = latest.as_ref().map_or(Place::default(), |listing| Place {
        region: listing.region,
        local_office: listing.local_office,
    });
    let placed = footprint::placed(&operating, &stays, places, own);
    // Only practices with a listing come here.
    let listing = latest.unwrap_or_else(|| Arc::new(nameless()));
    Practice {
        code,
        listing,
        facts: facts.clone(),
        placed: placed.into(),
        stays: stays.into(),
        now: None,
        timelines: timelines(facts, calendar, upto),
    }
}

fn nameless() -> PracticeListing {
    PracticeListing {
        name: String::new(),
        region: None,
        local_office: None,
        address: Vec::new(),
        postcode: String::new(),
        telephone: String::new(),
        opened: None,
        closed: None,
        status: proto::organisations::OdsStatus::Proposed,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: None,
        joined: None,
        left: None,
    }
}

/// Places every practice by today's footprint. One that operates today lies where it lies; one
/// that no longer does lies where its last CCG is, or, where that has no practices left, where most
/// of the practices that once belonged to that CCG are today.
fn place_today(practices: &mut [Practice], places: &Places, today: Day) {
    let mut alive: FxHashSet<OdsCode> = FxHashSet::default();
    let mut moved: FxHashMap<OdsCode, std::collections::BTreeMap<OdsCode, u32>> = FxHashMap::default();
    for practice in practices.iter() {
        let Some(commissioner) = practice.placed_on(today).and_then(|placed| placed.commissioner) else {
            continue;
        };
        alive.insert(commissioner);
        for stay in practice.stays.iter().filter(|stay| stay.commissioner != commissioner) {
            *moved.entry(stay.commissioner).or_default().entry(commissioner).or_default() += 1;
        }
    }
    let heir = |commissioner: OdsCode| -> OdsCode {
        if alive.contains(&commissioner) {
            return commissioner;
        }
        moved
            .get(&commissioner)
            .and_then(|to| to.iter().max_by_key(|(code, count)| (**count, std::cmp::Reverse(**code))))
            .map_or(commissioner, |(code, _)| *code)
    };
    for practice in practices.iter_mut() {
        let today_or_last = practice.placed_on(today).or(practice.placed.last());
        practice.now = today_or_last.and_then(|placed| placed.commissioner).map(|commissioner| {
            let commissioner = heir(commissioner);
            let (mut place, _) = places.on(commissioner, today);
            place.region = place.region.or(practice.listing.region);
            place.local_office = place.local_office.or(practice.listing.local_office);
            (commissioner, place)
        });
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
