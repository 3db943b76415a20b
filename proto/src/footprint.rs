//! Who belonged to whom, on which day, by the events of `organisations`: the one reading of them.
//!
//! The views count practices by it, and the guard lets officers look at practices by it; they must
//! not differ. Pure.
//!
//! - A practice is an English body of prescribing setting 4
//!   ([`PracticeListing::is_english_practice`]). It operates on day D when opened <= D <= closed
//!   and it is not dormant by D. Dormant is a status without a date, so it counts from the date of
//!   the first file that shows it; the same holds where a file shows another setting. What a file
//!   showed of a code before it became a practice counts likewise: it was none until then. One that
//!   files show only closed, with a date, operated between its own dates; one that no file showed
//!   active or closed with a date never operated.
//! - A practice belongs to a commissioner from the day it joined. Before the first known link the
//!   earliest one reaches back. Only rows that show it as a practice say to whom it belongs as one.
//!   What a dated file shows holds on its date: no later file with an older join date changes it.
//! - The region and local office of a CCG come from the CCG file of a date where that gives them,
//!   else from where most of the practices active in the practice file of a date say they are, those
//!   that say nothing included; on a day the latest such date holds, and before the first the earliest
//!   reaches back.
//! - A practice lies where its own row says it lies, from the date of the file on, as long as it belongs
//!   to the commissioner that the row names and no later file moves that commissioner; else, and for
//!   whatever its row leaves open, it lies where its commissioner does.
//! - Where one integrated care board took the place of another, practices lie in the successor from that day on,
//!   however old the file that names the one before ([`Successions`]). Where a board was divided and it is not
//!   known which part a commissioner's practices went to, they lie in none until a file says so.
//! - A practice is in a primary care network from the day it joined to the day it left, by the latest list that tells of
//!   that joining; of several on a day the one it joined last. Networks stand beside all the above.
//! - The practices of a commissioner that has none today count, by today's footprint, where most of
//!   those are that once belonged to it.
//!
//! Wherever a list of what files showed is taken, it is in order of file date, then of position.

use std::{cmp::Reverse, collections::BTreeMap};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Day, OdsCode, Position,
    areas::{Successions, may_stand_between, stps_from},
    imports::Row,
    organisations::{
        AreaListing, Membership, NetworkMembership, OdsStatus, OrganisationKind, OrganisationListing,
        PracticeListing,
    },
};

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

    /// Those of its days that are not after one; none where there are none.
    fn until(self, day: Day) -> Option<Self> {
        let to = self.to.min(day);
        (self.from <= to).then_some(Self { from: self.from, to })
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
    pub fn of(position: Position, as_of: Day, code: OdsCode, listing: &PracticeListing) -> Self {
        let is_practice = listing.is_english_practice(code);
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

    /// The same, as a file of another date shows it.
    #[must_use]
    pub fn in_file(self, position: Position, as_of: Day) -> Self {
        Self { position, as_of, ..self }
    }

    /// Whether it is a general practice of England.
    pub fn is_practice(&self) -> bool {
        self.is_practice
    }

    /// The last day it was open, where that is known.
    pub fn closed(&self) -> Option<Day> {
        self.closed
    }

    /// Its own dates, where it shows a practice as closed with a date.
    fn closed_between(&self) -> Option<Span> {
        let closed = self.closed.filter(|_| self.is_practice && self.status == OdsStatus::Closed)?;
        Some(Span { from: self.opened.unwrap_or(Day::FIRST), to: closed })
    }

    /// To whom it belonged as a practice, by this row.
    fn parent(&self) -> Option<OdsCode> {
        self.commissioner.filter(|_| self.is_practice)
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
    /// What a row of a membership history says.
    pub fn of(row: &Row<Membership>) -> Self {
        let Row { position, as_of, value: Membership { parent, joined, .. }, .. } = *row;
        Self { position, as_of, parent, joined }
    }
}

/// The days a practice was in a network, in order of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkStay {
    /// The days.
    pub span: Span,
    /// The network.
    pub network: OdsCode,
}

/// When a practice was in which network, by the rows of lists.
pub fn network_stays<'a>(rows: impl IntoIterator<Item = &'a Row<NetworkMembership>>) -> Vec<NetworkStay> {
    let mut by_joining: BTreeMap<(Day, OdsCode), &Row<NetworkMembership>> = BTreeMap::new();
    for row in rows {
        let known = by_joining.entry((row.value.joined, row.value.network)).or_insert(row);
        if (row.as_of, row.position) >= (known.as_of, known.position) {
            *known = row;
        }
    }
    by_joining
        .into_values()
        .map(|row| {
            let NetworkMembership { network, joined, left } = row.value;
            NetworkStay { span: Span { from: joined, to: left.unwrap_or(Day::LAST) }, network }
        })
        .filter(|stay| stay.span.from <= stay.span.to)
        .collect()
}

/// The network of a day.
pub fn network_on(stays: &[NetworkStay], day: Day) -> Option<OdsCode> {
    stays.iter().rev().find(|stay| stay.span.has(day)).map(|stay| stay.network)
}

/// The days on which a practice operated.
pub fn operating(shown: &[Shown]) -> Vec<Span> {
    let first_active = shown.iter().position(Shown::is_active);
    let (before, from_first) = shown.split_at(first_active.unwrap_or(shown.len()));
    let mut spans: Vec<Span> = closed_before(before).into_iter().collect();
    let since_active = spans_since_active(before, from_first);
    if let Some(first) = since_active.first() {
        // What a later file shows of a practice as active is the better witness of days that both tell of.
        spans = spans.into_iter().filter_map(|span| span.until(first.from.plus_days(-1))).collect();
    }
    spans.extend(since_active);
    spans
}

/// The days between its own dates of a practice that files show closed, and none showed active before.
/// What an earlier file said against it stands; that it was only proposed says nothing.
fn closed_before(before: &[Shown]) -> Option<Span> {
    let mut telling = before.iter().filter(|shown| shown.status != OdsStatus::Proposed);
    let first = telling.next()?.closed_between()?;
    let last = telling.filter_map(Shown::closed_between).next_back().unwrap_or(first);
    (last.from <= last.to).then_some(last)
}

/// The days of a practice from the first file on that shows it active, and what was `before`.
fn spans_since_active(before: &[Shown], from_first: &[Shown]) -> Vec<Span> {
    let (Some(first), Some(latest)) = (from_first.first(), from_first.last()) else { return Vec::new() };
    let opened = latest.opened.unwrap_or(Day::FIRST);
    let closed = latest.closed.unwrap_or(Day::LAST);

    // What an earlier file said against it stands until the file that shows it active; that it was
    // still only proposed says nothing against the open date.
    let against = before.iter().any(|shown| shown.status != OdsStatus::Proposed || !shown.is_practice);
    let mut since = Some(if against { first.as_of } else { Day::FIRST });
    let mut spans = Vec::new();
    for shown in from_first {
        // Closed with a date is bounded by that date, whenever the file that says so came.
        let on = shown.is_active() || shown.closed_between().is_some();
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
    let rows: Vec<Link> = row_links(shown);
    let mut history: Vec<Link> = links.into_iter().filter(|link| !link.parent.is_welsh()).collect();
    history.sort_by_key(|link| (link.joined, link.as_of, link.position));

    // Of two links from the same day the later file, then the later event, is right.
    let mut by_day: BTreeMap<Day, Link> = BTreeMap::new();
    let mut link = |link: Link| {
        let entry = by_day.entry(link.joined).or_insert(link);
        if (link.as_of, link.position) >= (entry.as_of, entry.position) {
            *entry = link;
        }
    };
    for row in &rows {
        // Since when is older than a file that showed another: then since the day after that file.
        link(after_those_shown(*row, &rows, Day::LAST));
    }
    for (index, one) in history.iter().enumerate() {
        // Files that tell of the same link again are not the next one.
        let next = history.iter().skip(index + 1).find(|next| next.joined > one.joined);
        let until = next.map_or(Day::LAST, |next| next.joined.plus_days(-1));
        link(after_those_shown(*one, &rows, until));
    }
    for row in &rows {
        let on_its_date = by_day.range(..=row.as_of).next_back().map(|(_, link)| *link);
        let differs = |link: &Link| {
            link.parent != row.parent && (link.as_of, link.position) < (row.as_of, row.position)
        };
        if on_its_date.as_ref().is_none_or(differs) {
            by_day.insert(row.as_of, Link { joined: row.as_of, ..*row });
        }
    }

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

/// What the rows that show a practice say of its commissioner, and since when.
fn row_links(shown: &[Shown]) -> Vec<Link> {
    let rows = shown.iter().filter_map(|row| Some((row, row.parent()?)));
    rows.enumerate()
        .map(|(index, (&Shown { position, as_of, joined, opened, .. }, parent))| {
            // Without a join date all that is known is that the file of this date shows it.
            let joined = joined.or(opened.filter(|_| index == 0)).unwrap_or(as_of);
            Link { position, as_of, parent, joined }
        })
        .collect()
}

/// A link that holds up to a day, begun after the dates of those earlier files that showed another
/// commissioner while it held.
fn after_those_shown(link: Link, rows: &[Link], until: Day) -> Link {
    let against = rows.iter().filter(|row| {
        row.as_of < link.as_of && row.parent != link.parent && (link.joined..=until).contains(&row.as_of)
    });
    match against.map(|row| row.as_of).max() {
        Some(date) => Link { joined: date.plus_days(1), ..link },
        None => link,
    }
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

    /// What a list of areas says.
    pub fn of_area(as_of: Day, listing: &AreaListing) -> Self {
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
    /// The dates of the files of their own that give their places.
    given: FxHashMap<OdsCode, Vec<Day>>,
    successions: Successions,
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
        successions: Successions,
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
        let given_on = given.iter().filter_map(|(code, shown)| {
            let days = shown.iter().filter(|shown| shown.place != Place::default()).map(|shown| shown.as_of);
            let days: Vec<Day> = days.collect();
            (!days.is_empty()).then_some((*code, days))
        });
        let given_on = given_on.collect();
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
        Self { by_commissioner, given: given_on, successions }
    }

    /// Whether, after the file that showed a row and by a day, a file moved a commissioner: a practice file
    /// later than the row's, or a file of its own not earlier than it.
    fn moved_since(&self, commissioner: OdsCode, as_of: Day, day: Day) -> bool {
        self.given_on(commissioner).any(|given| as_of <= given && given <= day)
            || self.changes(commissioner).any(|changed| as_of < changed && changed <= day)
    }

    /// Where a commissioner lay on a day, and how that is known.
    pub fn on(&self, commissioner: OdsCode, day: Day) -> (Place, Known) {
        let (place, known) = self.as_filed(commissioner, day);
        (self.standing(place, Some(commissioner), day), known)
    }

    /// A place that files name, with what stood there on a day: of a commissioner, since it tells which part of a
    /// divided body it lay in.
    pub fn standing(&self, place: Place, commissioner: Option<OdsCode>, day: Day) -> Place {
        let office = place.local_office.filter(|office| may_stand_between(*office, day));
        let office = office.and_then(|office| self.successions.on(office, commissioner, day));
        Place { local_office: office, ..place }
    }

    /// The successions that count.
    pub fn successions(&self) -> &Successions {
        &self.successions
    }

    /// Where files put a commissioner on a day.
    fn as_filed(&self, commissioner: OdsCode, day: Day) -> (Place, Known) {
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

    /// The dates of the files of its own that give a commissioner's place.
    fn given_on(&self, commissioner: OdsCode) -> impl Iterator<Item = Day> + '_ {
        self.given.get(&commissioner).into_iter().flatten().copied()
    }

    /// The days after the first on which a commissioner's place changes.
    fn changes(&self, commissioner: OdsCode) -> impl Iterator<Item = Day> + '_ {
        self.by_commissioner.get(&commissioner).into_iter().flatten().map(|(day, _)| *day)
    }
}

/// Counts who says what; the most frequent wins, of equals the lower code. Those that say nothing count,
/// too, and win where they are more than name any one code.
#[derive(Debug, Clone, Default)]
pub struct Votes {
    by_code: BTreeMap<OdsCode, u32>,
    blank: u32,
}

impl Votes {
    /// One more says so.
    pub fn cast(&mut self, code: OdsCode) {
        self.count(Some(code), true);
    }

    fn count(&mut self, vote: Option<OdsCode>, begins: bool) {
        let votes = match vote {
            Some(code) => self.by_code.entry(code).or_default(),
            None => &mut self.blank,
        };
        *votes = if begins { *votes + 1 } else { votes.saturating_sub(1) };
    }

    /// What most say; nothing where most say nothing.
    pub fn winner(&self) -> Option<OdsCode> {
        let most = self.by_code.iter().max_by_key(|(code, count)| (**count, Reverse(**code)));
        most.filter(|(_, count)| **count > 0 && **count >= self.blank).map(|(code, _)| *code)
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
    /// The primary care network.
    pub network: Option<OdsCode>,
}

/// Where a practice operated, in order of day.
pub fn placed(
    operating: &[Span],
    shown: &[Shown],
    stays: &[Stay],
    places: &Places,
    networks: &[NetworkStay],
) -> Vec<Placed> {
    let mut placed = Vec::new();
    for span in operating {
        // The days within the span on which anything changes.
        let mut days = vec![span.from];
        days.extend(shown.iter().map(|shown| shown.as_of));
        days.extend(places.successions.days());
        days.push(stps_from());
        days.extend(networks.iter().flat_map(|stay| [stay.span.from, stay.span.to.plus_days(1)]));
        for (index, stay) in stays.iter().enumerate() {
            let until = stays.get(index + 1).map_or(Day::LAST, |next| next.from.plus_days(-1));
            days.push(stay.from);
            let moved = places.changes(stay.commissioner).chain(places.given_on(stay.commissioner));
            days.extend(moved.filter(|day| (stay.from..=until).contains(day)));
        }
        days.retain(|day| span.has(*day));
        days.sort_unstable();
        days.dedup();
        for (index, from) in days.iter().enumerate() {
            let to = days.get(index + 1).map_or(span.to, |next| next.plus_days(-1));
            let span = Span { from: *from, to };
            let (commissioner, place, known) = place_on(shown, stays, places, *from);
            let next = Placed { span, commissioner, place, known, network: network_on(networks, *from) };
            match placed.last_mut() {
                Some(last) if joins(last, &next) => last.span.to = to,
                _ => placed.push(next),
            }
        }
    }
    placed
}

/// To whom a practice belonged on a day, where it lay, and how that is known.
pub fn place_on(
    shown: &[Shown],
    stays: &[Stay],
    places: &Places,
    day: Day,
) -> (Option<OdsCode>, Place, Known) {
    let latest = shown.last().map(|latest| latest.place).unwrap_or_default();
    let Some(Stay { commissioner, known, .. }) = stay_on(stays, day).copied() else {
        return (None, places.standing(latest, None, day), Known::ReachingBack);
    };
    let (place, known_place) = places.on(commissioner, day);
    let own = shown.iter().rev().find(|row| row.as_of <= day).filter(|row| {
        row.parent() == Some(commissioner) && !places.moved_since(commissioner, row.as_of, day)
    });
    // Where what its own row names was divided, the commissioner's place may tell where it went.
    let standing = |place| places.standing(place, Some(commissioner), day);
    let place = standing(own.map(|row| row.place).unwrap_or_default()).or(place).or(standing(latest));
    (Some(commissioner), place, if known == Known::Dated { known_place } else { known })
}

fn joins(last: &Placed, next: &Placed) -> bool {
    last.span.to.plus_days(1) == next.span.from
        && (last.commissioner, last.place, last.known, last.network)
            == (next.commissioner, next.place, next.known, next.network)
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
