//! Who stands under whom today, learnt from the events of `organisations`.
//!
//! A practice stands under its CCG, its local office, its region and England; a CCG under its local
//! office, its region and England. The rules are those by which the views count with today's
//! membership, so that an officer may look at just the practices that stand in the officer's
//! figures; a test in the projection holds the two against each other.
//!
//! What it costs: some hundred bytes a practice, and a few milliseconds for the whole of England
//! whenever something has changed, at most every [`PAUSE`](super::follow::PAUSE).

use std::collections::BTreeMap;

use proto::{
    Day, Header, OdsCode, Position,
    organisations::{
        MembershipRecorded, OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationListed,
        PracticeAmended, PracticeListed, PracticeListing, PrescribingSetting,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};

/// The code that stands for England.
pub fn england() -> OdsCode {
    static CODE: std::sync::LazyLock<OdsCode> = std::sync::LazyLock::new(|| {
        // Three capital letters are a code.
        #[expect(clippy::expect_used, reason = "a constant that a test of codes covers")]
        OdsCode::ENGLAND.parse().expect("ENG is a code")
    });
    *CODE
}

/// The region code of practices that are not England's: Wales.
const WALES: &str = "W00";

/// The types of events that matter here begin so.
const ORGANISATIONS: &str = "oversight.organisations.";

/// What stands directly above an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Above {
    /// Its CCG or other commissioner; of a CCG none.
    pub commissioner: Option<OdsCode>,
    /// Its local office.
    pub local_office: Option<OdsCode>,
    /// Its region.
    pub region: Option<OdsCode>,
}

impl Above {
    /// The codes, nearest first.
    pub fn codes(&self) -> impl Iterator<Item = OdsCode> + use<> {
        [self.commissioner, self.local_office, self.region].into_iter().flatten()
    }
}

/// Who stands under whom on one day. Never changes; a new one takes its place.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    above: FxHashMap<OdsCode, Above>,
    practices: FxHashSet<OdsCode>,
    names: FxHashMap<OdsCode, Box<str>>,
    version: u64,
}

impl Hierarchy {
    /// What stands above an organisation, nearest first, England left out.
    pub fn above(&self, code: OdsCode) -> Above {
        self.above.get(&code).copied().unwrap_or_default()
    }

    /// Whether anything is known of an organisation.
    pub fn knows(&self, code: OdsCode) -> bool {
        self.above.contains_key(&code) || self.names.contains_key(&code)
    }

    /// Whether it is a general practice.
    pub fn is_practice(&self, code: OdsCode) -> bool {
        self.practices.contains(&code)
    }

    /// Every organisation, in no order.
    pub fn organisations(&self) -> impl Iterator<Item = OdsCode> + '_ {
        self.above.keys().copied()
    }

    /// Whether `code` is `top` or stands under it.
    pub fn is_under(&self, code: OdsCode, top: OdsCode) -> bool {
        code == top || top.as_str() == OdsCode::ENGLAND || self.above(code).codes().any(|above| above == top)
    }

    /// The name of an organisation as its file has it.
    pub fn name(&self, code: OdsCode) -> Option<&str> {
        self.names.get(&code).map(AsRef::as_ref)
    }

    /// Another number for every other state of things.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// What the last practice file said of where a practice lies.
#[derive(Debug, Clone, Copy)]
struct Listed {
    is_practice: bool,
    is_active: bool,
    opened: Day,
    closed: Day,
    commissioner: Option<OdsCode>,
    own: Above,
}

impl Listed {
    /// Whether it operates on a day: closed with a date is bounded by that date alone.
    fn operates_on(&self, day: Day) -> bool {
        let on = self.is_active || (self.is_practice && self.closed < Day::LAST);
        on && (self.opened..=self.closed).contains(&day)
    }
}

/// A link to a commissioner: of two from one day the later file, then the later event, is right.
#[derive(Debug, Clone, Copy)]
struct Link {
    as_of: Day,
    position: Position,
    commissioner: OdsCode,
}

#[derive(Debug, Clone, Default)]
struct Practice {
    listed: Option<Listed>,
    links: BTreeMap<Day, Link>,
    linked_by_file: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Body {
    as_of: Option<Day>,
    given: Above,
}

/// The events so far, as far as they say who stands under whom.
#[derive(Debug, Clone, Default)]
pub struct Register {
    practices: FxHashMap<OdsCode, Practice>,
    bodies: FxHashMap<OdsCode, Body>,
    names: FxHashMap<OdsCode, Box<str>>,
    newest_practice_file: Option<Day>,
    /// Where commissioners lay whom no practice names any more.
    last_known: FxHashMap<OdsCode, Above>,
    synthetic: bool,
    real: bool,
    changes: u64,
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

    /// Takes in an event; events of others, and bodies that do not read, say nothing here.
    pub fn note(&mut self, position: Position, body: &[u8]) {
        let Ok(header) = Header::read(body) else { return };
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
        self.changes += 1;
        match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                self.practice(code, as_of, position, &listing);
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                self.names.insert(code, listing.name.into());
                let body = self.bodies.entry(code).or_default();
                // A file that says nothing of the place leaves what an earlier one said.
                if listing.region.is_some() || listing.local_office.is_some() {
                    body.as_of = Some(as_of);
                    body.given = Above {
                        commissioner: None,
                        local_office: listing.local_office,
                        region: listing.region,
                    };
                }
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, parent, joined, .. }) => {
                let link = Link { as_of, position, commissioner: parent };
                self.practices.entry(code).or_default().link(joined, link);
            }
            OrganisationEvent::ListSizePublished(_) => self.changes -= 1,
        }
    }

    fn practice(&mut self, code: OdsCode, as_of: Day, position: Position, listing: &PracticeListing) {
        let is_practice = listing.setting == PrescribingSetting::GENERAL_PRACTICE
            && listing.region.is_none_or(|region| region.as_str() != WALES);
        self.newest_practice_file = self.newest_practice_file.max(Some(as_of));
        self.names.insert(code, listing.name.as_str().into());
        let practice = self.practices.entry(code).or_default();
        if is_practice && let Some(commissioner) = listing.commissioner {
            // Without a day of joining all that is known is that the file of this date shows it.
            let opened = listing.opened.filter(|_| !practice.linked_by_file);
            practice.linked_by_file = true;
            practice.link(listing.joined.or(opened).unwrap_or(as_of), Link { as_of, position, commissioner });
        }
        practice.listed = Some(Listed {
            is_practice,
            is_active: is_practice && listing.status == OdsStatus::Active,
            opened: listing.opened.unwrap_or(Day::FIRST),
            closed: listing.closed.unwrap_or(Day::LAST),
            commissioner: listing.commissioner,
            own: Above { commissioner: None, local_office: listing.local_office, region: listing.region },
        });
    }

    /// Who stands under whom on a day.
    pub fn on(&mut self, today: Day) -> Hierarchy {
        let places = self.places();
        let stays: FxHashMap<OdsCode, OdsCode> = self
            .practices
            .iter()
            .filter_map(|(code, practice)| {
                let last = practice.listed.as_ref().map_or(today, |listed| listed.closed.min(today));
                Some((*code, practice.commissioner_on(last)?))
            })
            .collect();
        let heirs = self.heirs(&stays, today);

        let mut above: FxHashMap<OdsCode, Above> = FxHashMap::default();
        let mut practices: FxHashSet<OdsCode> = FxHashSet::default();
        for (code, practice) in &self.practices {
            let Some(listed) = &practice.listed else { continue };
            if !practice.has_been_one() {
                continue;
            }
            // One that no longer operates counts with those among whom it was.
            let last = stays.get(code);
            let commissioner = last.and_then(|code| heirs.get(code)).or(last).copied();
            let place = commissioner.and_then(|code| places.get(&code).copied()).unwrap_or_default();
            above.insert(
                *code,
                Above {
                    commissioner,
                    local_office: place.local_office.or(listed.own.local_office),
                    region: place.region.or(listed.own.region),
                },
            );
            practices.insert(*code);
        }
        for (code, place) in places {
            above.entry(code).or_insert(place);
        }
        for (code, body) in &self.bodies {
            above.entry(*code).or_insert(body.given);
        }
        Hierarchy { above, practices, names: self.names.clone(), version: 0 }.numbered(self.changes, today)
    }

    /// Where every commissioner lies: by its own file, or where most of its practices in the newest
    /// practice file say, whichever is newer.
    fn places(&mut self) -> FxHashMap<OdsCode, Above> {
        let mut votes: FxHashMap<OdsCode, [BTreeMap<OdsCode, u32>; 2]> = FxHashMap::default();
        for listed in self.practices.values().filter_map(|practice| practice.listed.as_ref()) {
            let Some(commissioner) = listed.commissioner.filter(|_| listed.is_active) else { continue };
            let [offices, regions] = votes.entry(commissioner).or_default();
            for (votes, vote) in [(offices, listed.own.local_office), (regions, listed.own.region)] {
                if let Some(code) = vote {
                    *votes.entry(code).or_default() += 1;
                }
            }
        }
        let mut places = self.last_known.clone();
        for (code, [offices, regions]) in &votes {
            let voted = Above { commissioner: None, local_office: winner(offices), region: winner(regions) };
            places.insert(*code, voted);
        }
        self.last_known.clone_from(&places);
        for (code, body) in &self.bodies {
            let Some(as_of) = body.as_of else { continue };
            let voted = places.get(code).copied();
            let place = match voted {
                Some(voted) if Some(as_of) < self.newest_practice_file && votes.contains_key(code) => voted,
                Some(voted) if Some(as_of) == self.newest_practice_file => Above {
                    commissioner: None,
                    local_office: body.given.local_office.or(voted.local_office),
                    region: body.given.region.or(voted.region),
                },
                _ => body.given,
            };
            places.insert(*code, place);
        }
        places
    }

    /// For every commissioner without a practice that operates: where most of those are that once
    /// belonged to it.
    fn heirs(&self, stays: &FxHashMap<OdsCode, OdsCode>, today: Day) -> FxHashMap<OdsCode, OdsCode> {
        let operating = || {
            self.practices.iter().filter_map(|(code, practice)| {
                let operates = practice.listed.as_ref().is_some_and(|listed| listed.operates_on(today));
                stays.get(code).filter(|_| operates).map(|now| (practice, *now))
            })
        };
        let standing: FxHashSet<OdsCode> = operating().map(|(_, now)| now).collect();
        let mut moved: FxHashMap<OdsCode, BTreeMap<OdsCode, u32>> = FxHashMap::default();
        for (practice, now) in operating() {
            let mut before = None;
            for link in practice.links.values() {
                let former = link.commissioner;
                if before.replace(former) != Some(former) && !standing.contains(&former) {
                    *moved.entry(former).or_default().entry(now).or_default() += 1;
                }
            }
        }
        moved.into_iter().filter_map(|(former, votes)| Some((former, winner(&votes)?))).collect()
    }
}

impl Hierarchy {
    /// Numbers a state by what it was made of: the same events on the same day are the same state.
    fn numbered(mut self, changes: u64, today: Day) -> Self {
        self.version = changes << 20 | u64::from(today.number().unsigned_abs() & 0xf_ffff);
        self
    }
}

impl Practice {
    fn link(&mut self, joined: Day, link: Link) {
        let entry = self.links.entry(joined).or_insert(link);
        if (link.as_of, link.position) >= (entry.as_of, entry.position) {
            *entry = link;
        }
    }

    /// Before the first known link the earliest one reaches back.
    fn commissioner_on(&self, day: Day) -> Option<OdsCode> {
        let link = self.links.range(..=day).next_back().or_else(|| self.links.iter().next());
        link.map(|(_, link)| link.commissioner)
    }

    /// Whether any file ever showed it as a practice.
    fn has_been_one(&self) -> bool {
        self.linked_by_file || self.listed.as_ref().is_some_and(|listed| listed.is_practice)
    }
}

/// The most frequent; of equals the lower code.
fn winner(votes: &BTreeMap<OdsCode, u32>) -> Option<OdsCode> {
    let most = votes.values().max()?;
    votes.iter().find(|(_, count)| *count == most).map(|(code, _)| *code)
}
