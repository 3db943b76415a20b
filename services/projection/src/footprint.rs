//! Who belonged to whom, on which day. Pure.
//!
//! - A practice is a body of prescribing setting 4. It operates on day D when opened <= D <= closed
//!   and it is not dormant by D. Dormant is a status without a date, so it counts from the date of
//!   the first file that shows it; the same holds where a file shows another setting. One that no
//!   file ever showed active never operated.
//! - A practice belongs to a commissioner from the day it joined. Before the first known link the
//!   earliest one reaches back. Only rows that show it as a practice say to whom it belongs as one.
//! - The region and local office of a CCG come from the CCG file of a date where that gives them,
//!   else from where most of the practices active in the practice file of a date say they are; on a
//!   day the latest such date holds, and before the first the earliest reaches back.

use std::collections::BTreeMap;

use proto::{
    Day, OdsCode, Position,
    organisations::{OdsStatus, OrganisationListing, PracticeListing, PrescribingSetting},
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::facts::{Listed, MembershipFact};

/// The region code of practices that are not England's: Wales.
pub const WALES: &str = "W00";

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// Whether a listing is that of a practice of England.
fn is_practice(listing: &PracticeListing) -> bool {
    listing.setting == PrescribingSetting::GENERAL_PRACTICE
        && listing.region.is_none_or(|region| region.as_str() != WALES)
}

/// The days on which a practice operated, from its listings in order of file date.
pub fn operating(listings: &[&Listed<PracticeListing>]) -> Vec<Span> {
    let Some(latest) = listings.last() else { return Vec::new() };
    let active = |listed: &Listed<PracticeListing>| {
        is_practice(&listed.listing) && listed.listing.status == OdsStatus::Active
    };
    let Some(first_active) = listings.iter().position(|listed| active(listed)) else { return Vec::new() };
    let opened = latest.listing.opened.unwrap_or(Day::FIRST);
    let closed = latest.listing.closed.unwrap_or(Day::LAST);

    // What an earlier file said against it stands until the file that shows it active; that it was
    // still only proposed says nothing against the open date.
    let against = |listed: &&Listed<PracticeListing>| listed.listing.status != OdsStatus::Proposed;
    let (before, from_first) = listings.split_at(first_active);
    let mut since = match (before.iter().any(against), from_first.first()) {
        (true, Some(first)) => Some(first.as_of),
        _ => Some(Day::FIRST),
    };
    let mut spans = Vec::new();
    for listed in from_first {
        // Closed with a date is bounded by that date, whenever the file that says so came.
        let by_date = listed.listing.status == OdsStatus::Closed && listed.listing.closed.is_some();
        let on = active(listed) || (by_date && is_practice(&listed.listing));
        match (since, on) {
            (Some(from), false) => {
                spans.push(Span { from, to: listed.as_of.plus_days(-1) });
                since = None;
            }
            (None, true) if active(listed) => since = Some(listed.as_of),
            _ => {}
        }
    }
    if let Some(from) = since {
        spans.push(Span { from, to: Day::LAST });
    }
    spans
        .into_iter()
        .map(|span| Span { from: span.from.max(opened), to: span.to.min(closed) })
        .filter(|span| span.from <= span.to)
        .collect()
}

/// A practice's belonging to a commissioner, from a day until the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The first day.
    pub from: Day,
    /// To whom.
    pub commissioner: OdsCode,
    /// The event that says so.
    pub position: Position,
    /// How it is known.
    pub known: Known,
}

/// How a link is known on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Known {
    /// By a dated link.
    Dated,
    /// The earliest known link reaches back over days before it.
    ReachingBack,
}

/// To whom a practice belonged, in order of day. The first stay reaches back to the first of days.
pub fn stays(listings: &[&Listed<PracticeListing>], memberships: &[&MembershipFact]) -> Vec<Stay> {
    // Of two links from the same day the later file, then the later event, is right.
    let mut links: BTreeMap<Day, (Day, Position, OdsCode)> = BTreeMap::new();
    let mut link = |joined: Day, as_of: Day, position: Position, parent: OdsCode| {
        let entry = links.entry(joined).or_insert((as_of, position, parent));
        if (as_of, position) >= (entry.0, entry.1) {
            *entry = (as_of, position, parent);
        }
    };
    let mut first = true;
    for listed in listings.iter().filter(|listed| is_practice(&listed.listing)) {
        if let Some(parent) = listed.listing.commissioner {
            // Without a join date all that is known is that the file of this date shows it.
            let joined =
                listed.listing.joined.or(listed.listing.opened.filter(|_| first)).unwrap_or(listed.as_of);
            link(joined, listed.as_of, listed.position, parent);
            first = false;
        }
    }
    for membership in memberships {
        link(membership.joined, membership.as_of, membership.position, membership.parent);
    }
    let mut stays: Vec<Stay> = Vec::with_capacity(links.len() + 1);
    for (joined, (_, position, commissioner)) in links {
        match stays.last() {
            None if joined > Day::FIRST => {
                stays.push(Stay { from: Day::FIRST, commissioner, position, known: Known::ReachingBack });
            }
            Some(last) if last.commissioner == commissioner => continue,
            _ => {}
        }
        stays.push(Stay { from: joined, commissioner, position, known: Known::Dated });
    }
    stays
}

/// Where a CCG lay from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The region.
    pub region: Option<OdsCode>,
    /// The local office (later the STP or ICB).
    pub local_office: Option<OdsCode>,
}

/// Where every commissioner lay, by date of file.
#[derive(Debug, Clone, Default)]
pub struct Places {
    by_commissioner: FxHashMap<OdsCode, Vec<(Day, Place)>>,
}

impl Places {
    /// Where a commissioner lay on a day, and how that is known.
    pub fn on(&self, commissioner: OdsCode, day: Day) -> (Place, Known) {
        // Of bodies of the time before CCGs no file says where they lay.
        let Some(dated) = self.by_commissioner.get(&commissioner) else {
            return (Place::default(), Known::ReachingBack);
        };
        let after = dated.partition_point(|(from, _)| *from <= day);
        match after.checked_sub(1).and_then(|last| dated.get(last)) {
            Some((_, place)) => (*place, Known::Dated),
            None => (dated.first().map(|(_, place)| *place).unwrap_or_default(), Known::ReachingBack),
        }
    }

    /// The days after the first on which a commissioner's place changes.
    pub fn changes(&self, commissioner: OdsCode) -> impl Iterator<Item = (Day, Place)> + '_ {
        self.by_commissioner.get(&commissioner).into_iter().flatten().copied()
    }
}

/// Counts who says what; the most frequent wins, of equals the lower code.
#[derive(Debug, Default)]
struct Votes(BTreeMap<OdsCode, u32>);

impl Votes {
    fn cast(&mut self, vote: Option<OdsCode>) {
        if let Some(code) = vote {
            *self.0.entry(code).or_default() += 1;
        }
    }

    fn winner(&self) -> Option<OdsCode> {
        let most = self.0.values().max()?;
        self.0.iter().find(|(_, count)| *count == most).map(|(code, _)| *code)
    }
}

/// Where the practices active in the files up to a date say that their commissioners lie.
fn shown_on(practices: &[Vec<&Listed<PracticeListing>>], date: Day) -> Vec<(OdsCode, Place)> {
    let mut votes: FxHashMap<OdsCode, (Votes, Votes)> = FxHashMap::default();
    for listings in practices {
        let shown = listings.partition_point(|listed| listed.as_of <= date);
        let Some(listed) = shown.checked_sub(1).and_then(|last| listings.get(last)) else { continue };
        let listing = &listed.listing;
        if !is_practice(listing) || listing.status != OdsStatus::Active {
            continue;
        }
        if let Some(commissioner) = listing.commissioner {
            let (regions, offices) = votes.entry(commissioner).or_default();
            regions.cast(listing.region);
            offices.cast(listing.local_office);
        }
    }
    let place = |(regions, offices): (Votes, Votes)| Place {
        region: regions.winner(),
        local_office: offices.winner(),
    };
    votes.into_iter().map(|(commissioner, votes)| (commissioner, place(votes))).collect()
}

/// Works out where every commissioner lay: one pass over the practices for every distinct file
/// date, so its cost is dates times practices.
pub fn places<'a>(
    practices: &[Vec<&'a Listed<PracticeListing>>],
    commissioners: impl Iterator<Item = (OdsCode, Vec<&'a Listed<OrganisationListing>>)>,
) -> Places {
    let mut dates: Vec<Day> = practices.iter().flatten().map(|listed| listed.as_of).collect();
    dates.sort_unstable();
    dates.dedup();

    let shown: Vec<_> = dates.into_par_iter().map(|date| (date, shown_on(practices, date))).collect();
    let mut found: FxHashMap<OdsCode, BTreeMap<Day, Place>> = FxHashMap::default();
    for (date, shown) in shown {
        for (commissioner, place) in shown {
            found.entry(commissioner).or_default().insert(date, place);
        }
    }
    for (commissioner, listings) in commissioners {
        for listed in listings {
            let given = Place { region: listed.listing.region, local_office: listed.listing.local_office };
            if given == Place::default() {
                continue;
            }
            let dated = found.entry(commissioner).or_default();
            let voted = dated.get(&listed.as_of).copied().unwrap_or_default();
            let place = Place {
                region: given.region.or(voted.region),
                local_office: given.local_office.or(voted.local_office),
            };
            dated.insert(listed.as_of, place);
        }
    }
    let by_commissioner = found
        .into_iter()
        .map(|(commissioner, dated)| {
            let mut changes: Vec<(Day, Place)> = Vec::with_capacity(dated.len());
            for (date, place) in dated {
                if changes.last().is_none_or(|(_, last)| *last != place) {
                    changes.push((date, place));
                }
            }
            (commissioner, changes)
        })
        .collect();
    Places { by_commissioner }
}

/// A stretch of days on which a practice operated in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The days.
    pub span: Span,
    /// The CCG or other commissioner.
    pub commissioner: Option<OdsCode>,
    /// The region and local office.
    pub place: Place,
    /// Whether dated links say so.
    pub known: Known,
}

/// Where a practice operated, in order of day.
pub fn placed(operating: &[Span], stays: &[Stay], places: &Places, own: Place) -> Vec<Placed> {
    let mut placed = Vec::new();
    for span in operating {
        // The days within the span on which anything changes.
        let mut days = vec![span.from];
        for (index, stay) in stays.iter().enumerate() {
            let until = stays.get(index + 1).map_or(Day::LAST, |next| next.from.plus_days(-1));
            days.push(stay.from);
            days.extend(
                places
                    .changes(stay.commissioner)
                    .map(|(day, _)| day)
                    .filter(|day| (stay.from..=until).contains(day)),
            );
        }
        days.retain(|day| (span.from..=span.to).contains(day));
        days.sort_unstable();
        days.dedup();
        for (index, from) in days.iter().enumerate() {
            let to = days.get(index + 1).map_or(span.to, |next| next.plus_days(-1));
            let span = Span { from: *from, to };
            let at = stays.partition_point(|stay| stay.from <= *from);
            let next = match at.checked_sub(1).and_then(|last| stays.get(last)) {
                Some(stay) => {
                    let (place, known_place) = places.on(stay.commissioner, *from);
                    let place = Place {
                        region: place.region.or(own.region),
                        local_office: place.local_office.or(own.local_office),
                    };
                    let known = if stay.known == Known::Dated { known_place } else { stay.known };
                    Placed { span, commissioner: Some(stay.commissioner), place, known }
                }
                None => Placed { span, commissioner: None, place: own, known: Known::ReachingBack },
            };
            match placed.last_mut() {
                Some(last) if joins(last, &next) => last.span.to = to,
                _ => placed.push(next),
            }
        }
    }
    placed
}

fn joins(last: &Placed, next: &Placed) -> bool {
    last.span.to.plus_days(1) == next.span.from
        && (last.commissioner, last.place, last.known) == (next.commissioner, next.place, next.known)
}
