//! Making boards: from nothing, on all cores, and from the one before.

use std::sync::Arc;

use proto::{
    Day, OdsCode, Position,
    footprint::{self, BodyShown, Heirs, Link, Place, Places, Shown},
    organisations::{OdsStatus, PracticeListing, PrescribingSetting},
};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{
    Area, Board, Footprint, Knowledge, Practice,
    areas::{Standing, areas, areas_of, stretches},
};
use crate::{
    facts::{Facts, Listed, MembershipFact, OrganisationFacts},
    rollup::Sign,
    rules::{Calendar, Common, Seen},
    search::{Entry, SearchIndex, Target},
};

/// The facts of a practice up to a position, in order of file date.
pub(super) fn listings<T>(listed: &[Listed<T>], upto: Position) -> Vec<&Listed<T>> {
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
        let mut shown: Vec<Vec<Shown>> = Vec::new();
        for (code, organisation) in &facts.organisations {
            let listings = listings(&organisation.practice, upto);
            if listings.iter().any(|listed| listed.listing.setting == PrescribingSetting::GENERAL_PRACTICE) {
                codes.push((*code, organisation));
                let each = listings.iter();
                shown.push(each.map(|of| Shown::of(of.position, of.as_of, &of.listing)).collect());
            }
        }
        let bodies = facts.organisations.iter().map(|(code, organisation)| {
            let listings = listings(&organisation.organisation, upto);
            (*code, listings.iter().map(|listed| BodyShown::of(listed.as_of, &listed.listing)).collect())
        });
        let commissioners =
            bodies.filter(|(_, shown): &(_, Vec<_>)| shown.last().is_some_and(BodyShown::is_commissioner));
        let places = Places::of(shown.iter().map(Vec::as_slice), commissioners);

        let common = Common::new(facts, &calendar, upto, today);
        let mut practices: Vec<Practice> = codes
            .into_par_iter()
            .zip(&shown)
            .map(|((code, facts), shown)| practice(code, facts, shown, &places, &common))
            .collect();
        drop(common);
        place_today(&mut practices, &places, today);
        let practices: Vec<Arc<Practice>> = practices.into_iter().map(Arc::new).collect();
        let (areas, practices_found) =
            rayon::join(|| areas(facts, &practices, upto), || practices_to_find(&practices));
        let search = SearchIndex::of(areas_to_find(&areas).chain(practices_found).collect());
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
        let common = Common::new(facts, &self.calendar, self.knowledge.upto, self.today);
        for code in touched {
            let Some(number) = next.practice_numbers.get(code).copied() else { continue };
            let (Some(slot), Some(organisation)) =
                (next.practices.get_mut(number as usize), facts.organisations.get(code))
            else {
                continue;
            };
            let organisation = &organisation.read_with(self.calendar.catalogue());
            let before = slot.clone();
            let mut after = Practice::clone(&before);
            after.facts = organisation.clone();
            after.timelines = Seen { own: organisation, stays: &before.stays, common: &common }.timelines();
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
    common: &Common<'_>,
) -> Practice {
    let upto = common.upto;
    let facts = &facts.read_with(common.calendar.catalogue());
    let memberships = facts.memberships.iter().filter(|fact| fact.position <= upto);
    let links = memberships.map(|&MembershipFact { position, as_of, parent, joined }| Link {
        position,
        as_of,
        parent,
        joined,
    });
    let operating = footprint::operating(shown);
    let stays = footprint::stays(shown, links);
    let own = shown.last().map_or(Place::default(), |latest| latest.place);
    let placed = footprint::placed(&operating, &stays, places, own);
    let timelines = Seen { own: facts, stays: &stays, common }.timelines();
    // Only practices with a listing come here.
    let latest = listings(&facts.practice, upto).last().map(|listed| listed.listing.clone());
    let listing = latest.unwrap_or_else(|| Arc::new(nameless()));
    Practice {
        code,
        listing,
        facts: facts.clone(),
        placed: placed.into(),
        stays: stays.into(),
        now: None,
        timelines,
        known_upto: upto,
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
        let today_or_last = practice.placed_on(today).or(practice.placed.last());
        practice.now = today_or_last.and_then(|placed| placed.commissioner).map(|commissioner| {
            let commissioner = heirs.of_commissioner(commissioner);
            let PracticeListing { region, local_office, .. } = *practice.listing;
            (commissioner, places.on(commissioner, today).0.or(Place { region, local_office }))
        });
    }
}

fn practices_to_find(practices: &[Arc<Practice>]) -> Vec<Entry> {
    let entry = |(number, practice): (usize, &Arc<Practice>)| {
        let PracticeListing { name, postcode, .. } = &*practice.listing;
        Entry::new(practice.code, Target::Practice(number), name, postcode)
    };
    practices.iter().enumerate().map(entry).collect()
}

fn areas_to_find(areas: &[Area]) -> impl Iterator<Item = Entry> {
    areas.iter().enumerate().map(|(number, area)| {
        let postcode = area.listing.as_ref().map_or("", |listing| listing.postcode.as_str());
        Entry::new(area.code, Target::Area(number), &area.name, postcode)
    })
}
