//! What the events of `organisations` have said so far of who stands under whom.

use std::sync::Arc;

use proto::{
    Day, Header, OdsCode, Position,
    footprint::{self, BodyShown, Heirs, Link, Place, Places, Shown, Span, Stay, Votes},
    organisations::{
        OrganisationAmended, OrganisationEvent, OrganisationListed, PracticeAmended, PracticeListed,
        PrescriberListed,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Above, Hierarchy};
use crate::clock::Recorded;

/// The types of events that matter here begin so.
const ORGANISATIONS: &str = "oversight.organisations.";

/// The events so far, as far as they say who stands under whom. What they come to depends on them
/// alone, however often it is asked on the way.
///
/// What it costs: some hundred bytes for every row of a file that showed a practice differently.
#[derive(Debug, Clone, Default)]
pub struct Register {
    practices: FxHashMap<OdsCode, Practice>,
    bodies: FxHashMap<OdsCode, Vec<BodyShown>>,
    names: Arc<FxHashMap<OdsCode, Arc<str>>>,
    synthetic: bool,
    real: bool,
    recorded: Recorded,
    changes: u64,
}

#[derive(Debug, Clone, Default)]
struct Practice {
    shown: Vec<Shown>,
    links: Vec<Link>,
    // Both follow from the above.
    operating: Vec<Span>,
    stays: Vec<Stay>,
}

impl Practice {
    fn note(&mut self, shown: Option<Shown>, link: Option<Link>) {
        self.shown.extend(shown);
        self.links.extend(link);
        self.shown.sort_by_key(|shown| (shown.as_of, shown.position));
        self.operating = footprint::operating(&self.shown);
        self.stays = footprint::stays(&self.shown, self.links.iter().copied());
    }

    /// Whether any file ever showed it as a practice of England.
    fn has_been_one(&self) -> bool {
        self.shown.iter().any(Shown::is_practice)
    }

    fn operates_on(&self, day: Day) -> bool {
        self.operating.iter().any(|span| span.has(day))
    }

    fn commissioner_on(&self, day: Day) -> Option<OdsCode> {
        footprint::stay_on(&self.stays, day).map(|stay| stay.commissioner)
    }

    /// The commissioner of today or, of one that does not operate, that of its last day.
    fn last_commissioner(&self, today: Day) -> Option<OdsCode> {
        if self.operates_on(today) {
            return self.commissioner_on(today);
        }
        let closed = self.shown.last().and_then(Shown::closed);
        let last = self.operating.last().map(|span| span.to);
        self.commissioner_on(last.unwrap_or_else(|| closed.unwrap_or(today).min(today)))
    }

    /// Where its own latest row says it lies.
    fn own(&self) -> Place {
        self.shown.last().map(|latest| latest.place).unwrap_or_default()
    }
}

impl Register {
    /// How often something has changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether there are organisations, and all of them are made up.
    pub fn is_synthetic(&self) -> bool {
        self.synthetic && !self.real
    }

    /// When events were recorded.
    pub(crate) fn recorded(&self) -> Recorded {
        self.recorded
    }

    /// Takes in an event; events of others, and bodies that do not read, say nothing here.
    pub fn note(&mut self, position: Position, body: &[u8]) {
        let Ok(header) = Header::read(body) else { return };
        self.recorded.note(header.time, header.actor == proto::Actor::SYNTHETIC);
        if !header.kind.starts_with(ORGANISATIONS) {
            return;
        }
        let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse::<OdsCode>() else {
            return;
        };
        let Ok(event) = header.event::<OrganisationEvent>() else { return };
        if header.actor == proto::Actor::SYNTHETIC {
            self.synthetic = true;
        } else {
            self.real = true;
        }
        match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                let shown = Shown::of(position, as_of, code, &listing);
                self.practices.entry(code).or_default().note(Some(shown), None);
                self.name(code, &listing.name);
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, listing }) => {
                let shown = Shown::of(position, as_of, code, &listing);
                self.practices.entry(code).or_default().note(Some(shown), None);
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                let shown = self.bodies.entry(code).or_default();
                shown.push(BodyShown::of(as_of, &listing));
                shown.sort_by_key(|shown| shown.as_of);
                self.name(code, &listing.name);
            }
            OrganisationEvent::MembershipRecorded(recorded) => {
                let link = Link::of(position, &recorded);
                self.practices.entry(code).or_default().note(None, Some(link));
            }
            OrganisationEvent::ListSizePublished(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => return,
        }
        self.changes += 1;
    }

    fn name(&mut self, code: OdsCode, name: &str) {
        if self.names.get(&code).is_none_or(|known| &**known != name) {
            Arc::make_mut(&mut self.names).insert(code, name.into());
        }
    }

    /// Who stands under whom on a day. Linear in what the files showed.
    pub fn on(&self, today: Day) -> Hierarchy {
        let commissioners =
            self.bodies.iter().filter(|(_, shown)| shown.last().is_some_and(BodyShown::is_commissioner));
        let places = Places::of(
            self.practices
                .values()
                .filter(|practice| practice.has_been_one())
                .map(|practice| practice.shown.as_slice()),
            commissioners.map(|(code, shown)| (*code, shown.clone())),
        );
        let practices = || self.practices.iter().filter(|(_, practice)| practice.has_been_one());
        let operating = || practices().filter(|(_, practice)| practice.operates_on(today));
        let heirs = Heirs::of(
            operating().filter_map(|(_, practice)| {
                Some((practice.commissioner_on(today)?, practice.stays.as_slice()))
            }),
            today,
        );

        let mut above: FxHashMap<OdsCode, Above> = practices()
            .map(|(code, practice)| {
                let last = practice.last_commissioner(today);
                let commissioner = last.map(|last| heirs.of_commissioner(last));
                if practice.operates_on(today) && commissioner == last {
                    let (_, place, _) = footprint::place_on(&practice.shown, &practice.stays, &places, today);
                    return (*code, Above::at(commissioner, place));
                }
                let place = commissioner.map(|code| places.on(code, today).0).unwrap_or_default();
                (*code, Above::at(commissioner, place.or(practice.own())))
            })
            .collect();
        let practices: FxHashSet<OdsCode> = practices().map(|(code, _)| *code).collect();

        let mut regions: FxHashMap<OdsCode, Votes> = FxHashMap::default();
        for (code, _) in operating() {
            let Some(Above { local_office: Some(office), region: Some(region), .. }) = above.get(code) else {
                continue;
            };
            regions.entry(*office).or_default().cast(*region);
        }
        for code in places.commissioners() {
            above.entry(code).or_insert_with(|| Above::at(None, places.on(code, today).0));
        }
        for (office, votes) in regions {
            let place = Place { region: votes.winner(), local_office: None };
            above.entry(office).or_insert_with(|| Above::at(None, place));
        }
        for (code, shown) in &self.bodies {
            let said = shown.iter().rev().map(|shown| shown.place).find(|place| *place != Place::default());
            above.entry(*code).or_insert_with(|| Above::at(None, said.unwrap_or_default()));
        }
        Hierarchy { above, practices, names: self.names.clone(), version: self.version(today) }
    }

    /// Numbers a state by what it is made of: the same events on the same day are the same state.
    fn version(&self, today: Day) -> u64 {
        self.changes << 20 | u64::from(today.number().unsigned_abs() & 0xf_ffff)
    }
}

impl Above {
    fn at(commissioner: Option<OdsCode>, place: Place) -> Self {
        let Place { region, local_office } = place;
        Self { commissioner, local_office, region }
    }
}
