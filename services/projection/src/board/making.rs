//! Making boards: from nothing, on all cores, and from the one before.

use std::{collections::BTreeSet, sync::Arc};

use proto::{
    Day, OdsCode, OnsCode, Position,
    areas::Names,
    footprint::{self, BodyShown, Heirs, Link, Place, Places, Shown},
    organisations::{
        AreaListing, OdsStatus, OrganisationKind, OrganisationListing, PracticeListing, PrescribingSetting,
    },
};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    Area, Board, Footprint, Knowledge, Practice,
    areas::{Standing, areas, areas_of, stretches},
};
use crate::{
    facts::{Facts, Listed, OrganisationFacts},
    rollup::Sign,
    rules::{Calendar, Common, Registers, Seen},
    search::{Entry, SearchIndex, Target},
    timeline::Timeline,
};

/// What files showed that count up to a position, in order of file date.
pub(super) fn listings<'a, T>(listed: &'a [Listed<T>], facts: &Facts, upto: Position) -> Vec<&'a Listed<T>> {
    let withdrawn = &facts.files.withdrawn;
    let counts = |listed: &&Listed<T>| listed.position <= upto && withdrawn.stands(listed.import, upto);
    let mut listings: Vec<&Listed<T>> = listed.iter().filter(counts).collect();
    listings.sort_by_key(|listed| (listed.as_of, listed.position));
    listings
}

/// What a file of its own or a list of areas showed of a body.
#[derive(Debug, Clone)]
pub(super) struct Body {
    /// The date of the file.
    pub as_of: Day,
    said: Said,
}

#[derive(Debug, Clone)]
enum Said {
    File(Arc<OrganisationListing>),
    List(Arc<AreaListing>),
}

impl Body {
    pub(super) fn kind(&self) -> OrganisationKind {
        match &self.said {
            Said::File(listing) => listing.kind,
            Said::List(listing) => listing.kind,
        }
    }

    pub(super) fn name(&self) -> &str {
        match &self.said {
            Said::File(listing) => &listing.name,
            Said::List(listing) => &listing.name,
        }
    }

    pub(super) fn opened(&self) -> Option<Day> {
        match &self.said {
            Said::File(listing) => listing.opened,
            Said::List(listing) => listing.opened,
        }
    }

    pub(super) fn closed(&self) -> Option<Day> {
        match &self.said {
            Said::File(listing) => listing.closed,
            Said::List(listing) => listing.closed,
        }
    }

    pub(super) fn ons_code(&self) -> Option<OnsCode> {
        match &self.said {
            Said::File(_) => None,
            Said::List(listing) => listing.ons_code,
        }
    }

    fn shown(&self) -> BodyShown {
        match &self.said {
            Said::File(listing) => BodyShown::of(self.as_of, listing),
            Said::List(listing) => BodyShown::of_area(self.as_of, listing),
        }
    }
}

/// What files and lists showed of a body that counts up to a position, in order of date.
pub(super) fn bodies(organisation: &OrganisationFacts, facts: &Facts, upto: Position) -> Vec<Body> {
    let files = listings(&organisation.organisation, facts, upto).into_iter();
    let files = files.map(|of| (of.position, of.as_of, Said::File(of.listing.clone())));
    let lists = listings(&organisation.areas, facts, upto).into_iter();
    let lists = lists.map(|of| (of.position, of.as_of, Said::List(of.listing.clone())));
    let mut all: Vec<(Position, Day, Said)> = files.chain(lists).collect();
    all.sort_by_key(|(position, as_of, _)| (*as_of, *position));
    all.into_iter().map(|(_, as_of, said)| Body { as_of, said }).collect()
}

impl Board {
    /// Works everything out from nothing.
    pub fn build(facts: &Facts, knowledge: Knowledge, today: Day) -> Self {
        let calendar = Calendar::for_practices(facts, knowledge.upto, knowledge.announced_by);
        let upto = knowledge.upto;

        let mut codes = Vec::new();
        let mut shown: Vec<Vec<Shown>> = Vec::new();
        for (code, organisation) in &facts.organisations {
            let listings = listings(&organisation.practice, facts, upto);
            let rows: Vec<Shown> =
                listings.iter().map(|of| Shown::of(of.position, of.as_of, *code, &of.listing)).collect();
            if rows.iter().any(Shown::is_practice) {
                codes.push((*code, organisation.read_with(calendar.catalogue())));
                shown.push(rows);
            }
        }
        let bodies = facts.organisations.iter().map(|(code, organisation)| {
            (*code, bodies(organisation, facts, upto).iter().map(Body::shown).collect())
        });
        let commissioners =
            bodies.filter(|(_, shown): &(_, Vec<_>)| shown.last().is_some_and(BodyShown::is_commissioner));
        let successions = facts.successions(upto);
        let places = Places::of(shown.iter().map(Vec::as_slice), commissioners, successions);

        let mut practices: Vec<Practice> = codes
            .into_par_iter()
            .zip(&shown)
            .map(|((code, organisation), shown)| practice(code, &organisation, shown, &places, facts, upto))
            .collect();
        let registers = Registers::of(facts, &practices, upto);
        let common = Common::new(facts, &calendar, &registers, upto, today);
        practices.par_iter_mut().for_each(|practice| practice.timelines = timelines(practice, &common));
        drop(common);
        place_today(&mut practices, &places, today);
        let practices: Vec<Arc<Practice>> = practices.into_iter().map(Arc::new).collect();
        let (areas, practices_found) = rayon::join(
            || areas(facts, &practices, places.successions(), upto),
            || practices_to_find(facts, &practices, upto),
        );
        let search = SearchIndex::of([areas_to_find(facts, &areas, upto, today), practices_found].concat());
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let first_practice_file = shown.iter().flatten().map(|shown| shown.as_of).min();
        Self {
            facts: facts.clone(),
            knowledge,
            today,
            first_practice_file,
            calendar: Arc::new(calendar),
            registers: Arc::new(registers),
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
        let upto = self.knowledge.upto;
        let common = Common::new(facts, &self.calendar, &self.registers, upto, self.today);
        for code in touched {
            let Some(number) = next.practice_numbers.get(code).copied() else { continue };
            let (Some(slot), Some(organisation)) =
                (next.practices.get_mut(number as usize), facts.organisations.get(code))
            else {
                continue;
            };
            let organisation = organisation.read_with(self.calendar.catalogue());
            let before = slot.clone();
            let mut after = Practice::clone(&before);
            after.list_sizes = list_sizes(&organisation, facts, upto);
            after.facts = organisation;
            after.timelines = timelines(&after, &common);
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
}

fn practice(
    code: OdsCode,
    facts: &Arc<OrganisationFacts>,
    shown: &[Shown],
    places: &Places,
    all: &Facts,
    upto: Position,
) -> Practice {
    let withdrawn = &all.files.withdrawn;
    let operating = footprint::operating(shown);
    let stays = footprint::stays(shown, facts.memberships.standing(withdrawn, upto).map(Link::of));
    let networks = footprint::network_stays(facts.networks.standing(withdrawn, upto));
    let placed = footprint::placed(&operating, shown, &stays, places, &networks);
    // Only practices with a listing come here.
    let latest = listings(&facts.practice, all, upto).last().map(|listed| listed.listing.clone());
    let listing = latest.unwrap_or_else(|| Arc::new(nameless()));
    let files = listings(&facts.practice, all, upto).into_iter();
    let names = Names::of_practice(files.map(|of| (of.as_of, of.listing.name.as_str())));
    Practice {
        code,
        listing,
        names,
        facts: facts.clone(),
        placed: placed.into(),
        stays: stays.into(),
        now: None,
        network_now: None,
        list_sizes: list_sizes(facts, all, upto),
        // They rest on what registers say of all practices, and come once all are placed.
        timelines: Vec::new(),
    }
}

fn timelines(practice: &Practice, common: &Common<'_>) -> Vec<Timeline> {
    Seen { own: &practice.facts, stays: &practice.stays, common }.timelines()
}

/// The numbers of registered patients that count up to a position, by date of file.
fn list_sizes(own: &OrganisationFacts, all: &Facts, upto: Position) -> Arc<[(Day, u32)]> {
    let mut sizes: Vec<(Day, u32)> =
        own.list_sizes.standing(&all.files.withdrawn, upto).map(|row| (row.as_of, row.value)).collect();
    // Of one date the last counts.
    sizes.sort_by_key(|(as_of, _)| *as_of);
    sizes.into()
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
        status: OdsStatus::Proposed,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: None,
        joined: None,
        left: None,
    }
}

/// Places every practice by today's footprint. One that operates today lies where it lies; one
/// that no longer does lies where its last CCG, or what became of that, is.
fn place_today(practices: &mut [Practice], places: &Places, today: Day) {
    let operating = practices
        .iter()
        .filter_map(|practice| Some((practice.placed_on(today)?.commissioner?, practice.stays.as_ref())));
    let heirs = Heirs::of(operating, today);
    for practice in practices.iter_mut() {
        let operating = practice.placed_on(today);
        let last = operating.or(practice.placed.last());
        let network = operating.and_then(|placed| placed.network);
        practice.now = last.and_then(|placed| placed.commissioner).map(|last| {
            let commissioner = heirs.of_commissioner(last);
            if let Some(placed) = operating.filter(|_| commissioner == last) {
                return (commissioner, placed.place);
            }
            let PracticeListing { region, local_office, .. } = *practice.listing;
            let place = places.on(commissioner, today).0.or(Place { region, local_office });
            (commissioner, places.standing(place, Some(commissioner), today))
        });
        practice.network_now = network;
    }
}

fn practices_to_find(facts: &Facts, practices: &[Arc<Practice>], upto: Position) -> Vec<Entry> {
    let entry = |(number, practice): (usize, &Arc<Practice>)| {
        let PracticeListing { name, postcode, .. } = &*practice.listing;
        let shown = listings(&practice.facts.practice, facts, upto);
        let names = all_names(name, shown.iter().map(|listed| listed.listing.name.as_str()));
        Entry::new(practice.code, Target::Practice(number), names, postcode)
    };
    practices.iter().enumerate().map(entry).collect()
}

/// The name of today, and every other that files showed before.
fn all_names<'a>(today: &'a str, shown: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    shown.chain([today]).collect()
}

fn areas_to_find(facts: &Facts, areas: &[Area], upto: Position, today: Day) -> Vec<Entry> {
    let entry = |(number, area): (usize, &Area)| {
        let postcode = area.listing.as_ref().map_or("", |listing| listing.postcode.as_str());
        let body = facts.organisations.get(&area.code);
        let shown = body.map(|body| bodies(body, facts, upto)).unwrap_or_default();
        let today = area.name_on(today);
        let mut names = all_names(&today, shown.iter().map(Body::name));
        names.extend(area.names.all().map(|name| &**name));
        let networks = body.map(|body| listings(&body.network, facts, upto)).unwrap_or_default();
        names.extend(networks.iter().map(|of| of.listing.name.as_str()));
        // Found by its code of the Office for National Statistics, too.
        names.extend(area.ons_codes.iter().map(|(_, code)| code.as_str()));
        Entry::new(area.code, Target::Area(number), names, postcode)
    };
    areas.iter().enumerate().map(entry).collect()
}
