//! Who belonged to whom, on which day, by the events of `organisations`: the one reading of them.
//!
//! The views count practices by it, and the guard lets officers look at practices by it; they must
//! not differ. Pure.
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
//! - The practices of a commissioner that has none today count, by today's footprint, where most of
//!   those are that once belonged to it.
//!
//! Wherever a list of what files showed is taken, it is in order of file date, then of position.

use std::{cmp::Reverse, collections::BTreeMap};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Day, OdsCode, Position,
    organisations::{
        MembershipRecorded, OdsStatus, OrganisationKind, OrganisationListing, PracticeListing,
        PrescribingSetting,
    },
};

/// The region code of practices that are not England's: Wales.
const WALES: &str = "W00";

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl Span {
    /// Whether a day is one of them.
    pub fn has(&self, day: Day) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// Where a CCG, or a practice by its own row, lay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The region.
    pub region: Option<OdsCode>,
    /// The local office (later the STP or ICB).
    pub local_office: Option<OdsCode>,
}

impl Place {
    /// The place, with what it leaves open filled from another.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { region: self.region.or(other.region), local_office: self.local_office.or(other.local_office) }
    }
}

/// What a practice file showed of a practice, as far as it says where and when it operated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// Where the row itself says it lies.
    pub place: Place,
    is_practice: bool,
    status: OdsStatus,
    opened: Option<Day>,
    closed: Option<Day>,
    commissioner: Option<OdsCode>,
    joined: Option<Day>,
}

impl Shown {
    /// What a listing says.
    pub fn of(position: Position, as_of: Day, listing: &PracticeListing) -> Self {
        let is_practice = listing.setting == PrescribingSetting::GENERAL_PRACTICE
            && listing.region.is_none_or(|region| region.as_str() != WALES);
        Self {
            position,
            as_of,
            place: Place { region: listing.region, local_office: listing.local_office },
            is_practice,
            status: listing.status,
            opened: listing.opened,
            closed: listing.closed,
            commissioner: listing.commissioner,
            joined: listing.joined,
        }
    }

    /// Whether it is a general practice of England.
    pub fn is_practice(&self) -> bool {
        self.is_practice
    }

    /// The last day it was open, where that is known.
    pub fn closed(&self) -> Option<Day> {
        self.closed
    }

    fn is_active(&self) -> bool {
        self.is_practice && self.status == OdsStatus::Active
    }

    /// The commissioner it bears witness of, and where that lies.
    fn names(&self) -> Option<(OdsCode, Place)> {
        Some((self.commissioner.filter(|_| self.is_active())?, self.place))
    }
}

/// A practice belonged to a parent from a day on, by a membership history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// To whom.
    pub parent: OdsCode,
    /// From when.
    pub joined: Day,
}

impl Link {
    /// What an event says.
    pub fn of(position: Position, recorded: &MembershipRecorded) -> Self {
        let MembershipRecorded { as_of, parent, joined, .. } = *recorded;
        Self { position, as_of, parent, joined }
    }
}

/// The days on which a practice operated.
pub fn operating(shown: &[Shown]) -> Vec<Span> {
    let Some(latest) = shown.last() else { return Vec::new() };
    let Some(first_active) = shown.iter().position(Shown::is_active) else { return Vec::new() };
    let opened = latest.opened.unwrap_or(Day::FIRST);
    let closed = latest.closed.unwrap_or(Day::LAST);

    // What an earlier file said against it stands until the file that shows it active; that it was
    // still only proposed says nothing against the open date.
    let against = |shown: &Shown| shown.status != OdsStatus::Proposed;
    let (before, from_first) = shown.split_at(first_active);
    let mut since = match (before.iter().any(against), from_first.first()) {
        (true, Some(first)) => Some(first.as_of),
        _ => Some(Day::FIRST),
    };
    let mut spans = Vec::new();
    for shown in from_first {
        // Closed with a date is bounded by that date, whenever the file that says so came.
        let by_date = shown.status == OdsStatus::Closed && shown.closed.is_some();
        let on = shown.is_active() || (by_date && shown.is_practice);
        match (since, on) {
            (Some(from), false) => {
                spans.push(Span { from, to: shown.as_of.plus_days(-1) });
                since = None;
            }
            (None, true) if shown.is_active() => since = Some(shown.as_of),
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
pub fn stays(shown: &[Shown], links: impl IntoIterator<Item = Link>) -> Vec<Stay> {
    // Of two links from the same day the later file, then the later event, is right.
    let mut by_day: BTreeMap<Day, Link> = BTreeMap::new();
    let mut link = |link: Link| {
        let entry = by_day.entry(link.joined).or_insert(link);
        if (link.as_of, link.position) >= (entry.as_of, entry.position) {
            *entry = link;
        }
    };
    let mut is_first = true;
    for &Shown { position, as_of, commissioner, joined, opened, .. } in
        shown.iter().filter(|shown| shown.is_practice)
    {
        if let Some(parent) = commissioner {
            // Without a join date all that is known is that the file of this date shows it.
            let joined = joined.or(opened.filter(|_| is_first)).unwrap_or(as_of);
            link(Link { position, as_of, parent, joined });
            is_first = false;
        }
    }
    links.into_iter().for_each(link);

    let mut stays: Vec<Stay> = Vec::with_capacity(by_day.len() + 1);
    for Link { position, parent: commissioner, joined, .. } in by_day.into_values() {
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

/// The stay of a day.
pub fn stay_on(stays: &[Stay], day: Day) -> Option<&Stay> {
    let after = stays.partition_point(|stay| stay.from <= day);
    after.checked_sub(1).and_then(|last| stays.get(last))
}

/// What a file showed of a body other than a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyShown {
    /// The date of the file.
    pub as_of: Day,
    /// What it is.
    pub kind: OrganisationKind,
    /// Where it lies; nothing where the file does not say.
    pub place: Place,
}

impl BodyShown {
    /// What a listing says.
    pub fn of(as_of: Day, listing: &OrganisationListing) -> Self {
        let place = Place { region: listing.region, local_office: listing.local_office };
        Self { as_of, kind: listing.kind, place }
    }

    /// Whether practices may belong to it.
    pub fn is_commissioner(&self) -> bool {
        matches!(self.kind, OrganisationKind::Ccg | OrganisationKind::CommissioningHub)
    }
}

/// Where every commissioner lay, by date of file.
#[derive(Debug, Clone, Default)]
pub struct Places {
    by_commissioner: FxHashMap<OdsCode, Vec<(Day, Place)>>,
}

/// From a file date on a practice bears witness of where a commissioner lies, or no longer does.
struct Witness {
    commissioner: OdsCode,
    as_of: Day,
    place: Place,
    begins: bool,
}

impl Places {
    /// Works out where every commissioner lay. It costs the sorting of what changed from file to file.
    pub fn of<'a>(
        practices: impl Iterator<Item = &'a [Shown]>,
        commissioners: impl Iterator<Item = (OdsCode, Vec<BodyShown>)>,
    ) -> Self {
        let mut dates: Vec<Day> = Vec::new();
        let mut witnesses: Vec<Witness> = Vec::new();
        for shown in practices {
            dates.extend(shown.iter().map(|shown| shown.as_of));
            let mut named = None;
            for (index, now) in shown.iter().enumerate() {
                // Of two rows of one date the later is right.
                if shown.get(index + 1).is_some_and(|next| next.as_of == now.as_of) || now.names() == named {
                    continue;
                }
                for (whom, begins) in [(named, false), (now.names(), true)] {
                    if let Some((commissioner, place)) = whom {
                        witnesses.push(Witness { commissioner, as_of: now.as_of, place, begins });
                    }
                }
                named = now.names();
            }
        }
        dates.sort_unstable();
        dates.dedup();
        witnesses.sort_unstable_by_key(|witness| (witness.commissioner, witness.as_of));

        let mut given: FxHashMap<OdsCode, Vec<BodyShown>> = commissioners.collect();
        let mut by_commissioner = FxHashMap::default();
        for witnesses in witnesses.chunk_by(|a, b| a.commissioner == b.commissioner) {
            let Some(Witness { commissioner, .. }) = witnesses.first() else { continue };
            let given = given.remove(commissioner).unwrap_or_default();
            by_commissioner.insert(*commissioner, dated(&given, &witnessed(witnesses), &dates));
        }
        for (commissioner, given) in given {
            let dated = dated(&given, &[], &dates);
            if !dated.is_empty() {
                by_commissioner.insert(commissioner, dated);
            }
        }
        Self { by_commissioner }
    }

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

    /// The commissioners of which a place is known, in no order.
    pub fn commissioners(&self) -> impl Iterator<Item = OdsCode> + '_ {
        self.by_commissioner.keys().copied()
    }

    /// The days after the first on which a commissioner's place changes.
    fn changes(&self, commissioner: OdsCode) -> impl Iterator<Item = Day> + '_ {
        self.by_commissioner.get(&commissioner).into_iter().flatten().map(|(day, _)| *day)
    }
}

/// Counts who says what; the most frequent wins, of equals the lower code.
#[derive(Debug, Clone, Default)]
pub struct Votes(BTreeMap<OdsCode, u32>);

impl Votes {
    /// One more says so.
    pub fn cast(&mut self, code: OdsCode) {
        self.count(Some(code), true);
    }

    fn count(&mut self, vote: Option<OdsCode>, begins: bool) {
        let Some(code) = vote else { return };
        let votes = self.0.entry(code).or_default();
        *votes = if begins { *votes + 1 } else { votes.saturating_sub(1) };
    }

    /// What most say; nothing where nobody says anything.
    pub fn winner(&self) -> Option<OdsCode> {
        let most = self.0.iter().max_by_key(|(code, count)| (**count, Reverse(**code)));
        most.filter(|(_, count)| **count > 0).map(|(code, _)| *code)
    }
}

/// What the witnesses of one commissioner, in order of file date, say together from each date on;
/// nothing from where there are none any more.
fn witnessed(witnesses: &[Witness]) -> Vec<(Day, Option<Place>)> {
    let (mut regions, mut offices, mut standing) = (Votes::default(), Votes::default(), 0_usize);
    let mut said = Vec::new();
    for of_date in witnesses.chunk_by(|a, b| a.as_of == b.as_of) {
        for Witness { place, begins, .. } in of_date {
            regions.count(place.region, *begins);
            offices.count(place.local_office, *begins);
            standing = if *begins { standing + 1 } else { standing.saturating_sub(1) };
        }
        let place = Place { region: regions.winner(), local_office: offices.winner() };
        said.extend(of_date.first().map(|first| (first.as_of, (standing > 0).then_some(place))));
    }
    said
}

/// Where one commissioner lay, from each date on, by what its own files gave and by what the practice files
/// of all `dates` witnessed.
fn dated(given: &[BodyShown], witnessed: &[(Day, Option<Place>)], dates: &[Day]) -> Vec<(Day, Place)> {
    let witnessed_on = |day: Day| -> Option<Place> {
        dates.binary_search(&day).ok()?;
        let after = witnessed.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).and_then(|last| witnessed.get(last)).and_then(|(_, place)| *place)
    };
    let given = || given.iter().filter(|given| given.place != Place::default());
    let mut found: BTreeMap<Day, Place> =
        witnessed.iter().filter_map(|(day, place)| Some((*day, (*place)?))).collect();
    for BodyShown { as_of, .. } in given() {
        // What the body's own file gives holds until the next practice file.
        let next = dates.get(dates.partition_point(|date| date <= as_of)).copied();
        found.extend(next.and_then(|next| Some((next, witnessed_on(next)?))));
    }
    for BodyShown { as_of, place, .. } in given() {
        let place = place.or(witnessed_on(*as_of).unwrap_or_default());
        found.insert(*as_of, place);
    }
    let mut changes: Vec<(Day, Place)> = Vec::with_capacity(found.len());
    for (date, place) in found {
        if changes.last().is_none_or(|(_, last)| *last != place) {
            changes.push((date, place));
        }
    }
    changes
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
            days.extend(places.changes(stay.commissioner).filter(|day| (stay.from..=until).contains(day)));
        }
        days.retain(|day| span.has(*day));
        days.sort_unstable();
        days.dedup();
        for (index, from) in days.iter().enumerate() {
            let to = days.get(index + 1).map_or(span.to, |next| next.plus_days(-1));
            let span = Span { from: *from, to };
            let next = match stay_on(stays, *from) {
                Some(stay) => {
                    let (place, known_place) = places.on(stay.commissioner, *from);
                    let known = if stay.known == Known::Dated { known_place } else { stay.known };
                    Placed { span, commissioner: Some(stay.commissioner), place: place.or(own), known }
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

/// What became of the commissioners that no practice belongs to today.
#[derive(Debug, Clone, Default)]
pub struct Heirs(FxHashMap<OdsCode, OdsCode>);

impl Heirs {
    /// From the practices that operate today: to whom each belongs today, and belonged before.
    pub fn of<'a>(operating: impl Iterator<Item = (OdsCode, &'a [Stay])>, today: Day) -> Self {
        let mut standing: FxHashSet<OdsCode> = FxHashSet::default();
        let mut moved: FxHashMap<OdsCode, Votes> = FxHashMap::default();
        for (now, stays) in operating {
            standing.insert(now);
            let before = stays.iter().filter(|stay| stay.from <= today && stay.commissioner != now);
            let mut before: Vec<OdsCode> = before.map(|stay| stay.commissioner).collect();
            before.sort_unstable();
            before.dedup();
            for former in before {
                moved.entry(former).or_default().cast(now);
            }
        }
        let heirs = moved.into_iter().filter(|(former, _)| !standing.contains(former));
        Self(heirs.filter_map(|(former, votes)| Some((former, votes.winner()?))).collect())
    }

    /// The commissioner with which the practices of another count today: itself, while it has any.
    pub fn of_commissioner(&self, commissioner: OdsCode) -> OdsCode {
        self.0.get(&commissioner).copied().unwrap_or(commissioner)
    }
}

#[cfg(test)]
mod tests;
