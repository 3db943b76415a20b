//! What the events of `organisations` have said so far of who stands under whom.

use std::sync::Arc;

use proto::{
    Day, Header, OdsCode, Position,
    areas::{Succession, Successions},
    bodies::BodyKind,
    footprint::{self, BodyShown, Heirs, Link, Place, Places, Shown, Span, Stay, Votes},
    imports::{FileImported, Row, Rows, Withdrawn},
    organisations::{
        AreaListed, Membership, MembershipRecorded, NetworkListed, NetworkMembership,
        NetworkMembershipRecorded, OrganisationAmended, OrganisationEvent, OrganisationListed,
        PracticeAmended, PracticeListed, PrescriberListed, SuccessionRecorded,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{Above, Hierarchy};
use crate::clock::Recorded;

/// The types of events that matter here begin so.
const ORGANISATIONS: &str = "oversight.organisations.";

/// All that is recorded counts.
const NEWEST: Position = Position(u64::MAX);

/// The events so far, as far as they say who stands under whom. What they come to depends on them
/// alone, however often it is asked on the way.
///
/// What it costs: some hundred bytes for every row of a file that showed a practice differently.
#[derive(Debug, Clone, Default)]
pub struct Register {
    practices: FxHashMap<OdsCode, Practice>,
    bodies: FxHashMap<OdsCode, Rows<BodyShown>>,
    /// What lists of areas show of bodies: beside their own files, and in any order of date.
    areas: FxHashMap<OdsCode, Rows<BodyShown>>,
    successions: Vec<(Succession, Option<Uuid>)>,
    /// Who commissions each primary care network.
    networks: FxHashMap<OdsCode, Rows<Option<OdsCode>>>,
    withdrawn: Withdrawn,
    names: Arc<FxHashMap<OdsCode, Arc<str>>>,
    /// The date of the list of areas that gave a name.
    named_by_list: FxHashMap<OdsCode, Day>,
    synthetic: bool,
    real: bool,
    recorded: Recorded,
    changes: u64,
}

#[derive(Debug, Clone, Default)]
struct Practice {
    rows: Rows<Shown>,
    memberships: Rows<Membership>,
    networks: Rows<NetworkMembership>,
    // All follow from the above, and from which imports were withdrawn.
    shown: Vec<Shown>,
    operating: Vec<Span>,
    stays: Vec<Stay>,
}

impl Practice {
    /// Works out what follows from the files that count.
    fn follow(&mut self, withdrawn: &Withdrawn) {
        let standing = self.rows.standing(withdrawn, NEWEST);
        self.shown = standing.map(|row| row.value.in_file(row.position, row.as_of)).collect();
        self.shown.sort_by_key(|shown| (shown.as_of, shown.position));
        self.operating = footprint::operating(&self.shown);
        self.stays =
            footprint::stays(&self.shown, self.memberships.standing(withdrawn, NEWEST).map(Link::of));
    }

    /// Its network on a day.
    fn network_on(&self, day: Day, withdrawn: &Withdrawn) -> Option<OdsCode> {
        let stays = footprint::network_stays(self.networks.standing(withdrawn, NEWEST));
        footprint::network_on(&stays, day)
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
        let Ok(event) = header.event::<OrganisationEvent>() else { return };
        match event {
            OrganisationEvent::FileImported(imported) => return self.file(position, &imported.0),
            OrganisationEvent::ImportWithdrawn(event) => return self.withdraw(position, event.0.import),
            _ => {}
        }
        let import = header.import();
        let Ok(code) = header.subject.rsplit('.').next().unwrap_or_default().parse::<OdsCode>() else {
            return;
        };
        if header.actor == proto::Actor::SYNTHETIC {
            self.synthetic = true;
        } else {
            self.real = true;
        }
        match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                self.practice(code, Shown::of(position, as_of, code, &listing), import);
                self.name(code, &listing.name);
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, listing }) => {
                self.practice(code, Shown::of(position, as_of, code, &listing), import);
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                let value = BodyShown::of(as_of, &listing);
                let row = Row { as_of, position, import, value, confirmed: false };
                self.bodies.entry(code).or_default().note(row);
                self.name(code, &listing.name);
            }
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                let value = BodyShown::of_area(as_of, &listing);
                let row = Row { as_of, position, import, value, confirmed: false };
                self.areas.entry(code).or_default().note(row);
                self.name_by_list(code, as_of, &listing.name);
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                let row = Row { as_of, position, import, value: listing.commissioner, confirmed: false };
                self.networks.entry(code).or_default().note(row);
                self.name_by_list(code, as_of, &listing.name);
            }
            OrganisationEvent::NetworkMembershipRecorded(recorded) => {
                let NetworkMembershipRecorded { as_of, membership: value } = recorded;
                let row = Row { as_of, position, import, value, confirmed: false };
                self.practices.entry(code).or_default().networks.note(row);
            }
            OrganisationEvent::SuccessionRecorded(SuccessionRecorded { on, successor, place, .. }) => {
                self.successions.push((Succession { on, from: code, to: successor, place }, import));
            }
            OrganisationEvent::MembershipRecorded(recorded) => {
                let MembershipRecorded { as_of, membership: value } = recorded;
                let practice = self.practices.entry(code).or_default();
                practice.memberships.note(Row { as_of, position, import, value, confirmed: false });
                practice.follow(&self.withdrawn);
            }
            OrganisationEvent::ListSizePublished(_)
            | OrganisationEvent::FileImported(_)
            | OrganisationEvent::ImportWithdrawn(_) => return,
        }
        self.changes += 1;
    }

    fn practice(&mut self, code: OdsCode, shown: Shown, import: Option<Uuid>) {
        let Shown { position, as_of, .. } = shown;
        let practice = self.practices.entry(code).or_default();
        practice.rows.note(Row { as_of, position, import, value: shown, confirmed: false });
        practice.follow(&self.withdrawn);
    }

    /// A file was read to its end: of what it showed as before, it shows that on its date.
    fn file(&mut self, position: Position, imported: &FileImported) {
        let Some(as_of) = imported.as_of else { return };
        if imported.kind == "successions" {
            self.confirm_successions(imported);
        }
        for code in imported.unchanged.codes() {
            match imported.kind.as_str() {
                "practices" => {
                    let Some(practice) = self.practices.get_mut(code) else { continue };
                    practice.rows.confirm(as_of, position, imported.import, &self.withdrawn);
                    practice.follow(&self.withdrawn);
                }
                "ccgs" | "regions" | "trusts" => {
                    let Some(body) = self.bodies.get_mut(code) else { continue };
                    body.confirm(as_of, position, imported.import, &self.withdrawn);
                }
                "memberships" => {
                    let Some(practice) = self.practices.get_mut(code) else { continue };
                    practice.memberships.confirm_all(as_of, position, imported.import, &self.withdrawn);
                    practice.follow(&self.withdrawn);
                }
                "networks" => {
                    if let Some(network) = self.networks.get_mut(code) {
                        network.confirm(as_of, position, imported.import, &self.withdrawn);
                    }
                    if let Some(practice) = self.practices.get_mut(code) {
                        practice.networks.confirm_all(as_of, position, imported.import, &self.withdrawn);
                    }
                }
                "areas" => {
                    let Some(area) = self.areas.get_mut(code) else { continue };
                    area.confirm(as_of, position, imported.import, &self.withdrawn);
                }
                _ => {}
            }
        }
        self.changes += 1;
    }

    /// A list told again of the successions of some bodies: they outlive the list before.
    fn confirm_successions(&mut self, imported: &FileImported) {
        let told = self.successions.iter().filter(|(succession, import)| {
            imported.unchanged.has(succession.from) && self.withdrawn.stands(*import, NEWEST)
        });
        let again: Vec<_> = told.map(|(succession, _)| (*succession, Some(imported.import))).collect();
        for succession in again {
            if !self.successions.contains(&succession) {
                self.successions.push(succession);
            }
        }
    }

    /// An import was withdrawn: what it said is as if it had not been said.
    fn withdraw(&mut self, position: Position, import: Uuid) {
        self.withdrawn.note(import, position);
        for practice in self.practices.values_mut() {
            practice.follow(&self.withdrawn);
        }
        self.changes += 1;
    }

    fn name(&mut self, code: OdsCode, name: &str) {
        if self.names.get(&code).is_none_or(|known| &**known != name) {
            Arc::make_mut(&mut self.names).insert(code, name.into());
        }
    }

    /// A list of areas names a body; of several lists the one of the latest date counts.
    fn name_by_list(&mut self, code: OdsCode, as_of: Day, name: &str) {
        if self.named_by_list.get(&code).is_none_or(|known| *known <= as_of) {
            self.named_by_list.insert(code, as_of);
            self.name(code, name);
        }
    }

    /// The successions that count.
    fn successions(&self) -> Successions {
        let standing = self.successions.iter().filter(|(_, import)| self.withdrawn.stands(*import, NEWEST));
        Successions::shipped().clone().with(standing.map(|(succession, _)| *succession))
    }

    /// Who stands under whom on a day. Linear in what the files showed.
    pub fn on(&self, today: Day) -> Hierarchy {
        let codes: FxHashSet<OdsCode> = self.bodies.keys().chain(self.areas.keys()).copied().collect();
        let bodies: FxHashMap<OdsCode, Vec<BodyShown>> =
            codes.into_iter().map(|code| (code, self.shown(code))).collect();
        let commissioners =
            bodies.iter().filter(|(_, shown)| shown.last().is_some_and(BodyShown::is_commissioner));
        let places = Places::of(
            self.practices
                .values()
                .filter(|practice| practice.has_been_one())
                .map(|practice| practice.shown.as_slice()),
            commissioners.map(|(code, shown)| (*code, shown.clone())),
            self.successions(),
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
                    let network = practice.network_on(today, &self.withdrawn);
                    return (*code, Above { network, ..Above::at(commissioner, place) });
                }
                let place = commissioner.map(|code| places.on(code, today).0).unwrap_or_default();
                let place = places.standing(place.or(practice.own()), commissioner, today);
                (*code, Above::at(commissioner, place))
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
        for (code, shown) in bodies.iter().filter(|(_, shown)| !shown.is_empty()) {
            let said = shown.iter().rev().map(|shown| shown.place).find(|place| *place != Place::default());
            let place = places.standing(said.unwrap_or_default(), Some(*code), today);
            above.entry(*code).or_insert_with(|| Above::at(None, place));
        }
        // A network lies where most of its practices do, else where its list says.
        let mut commissioners: FxHashMap<OdsCode, Votes> = FxHashMap::default();
        for of in above.values() {
            if let Above { network: Some(network), commissioner: Some(commissioner), .. } = of {
                commissioners.entry(*network).or_default().cast(*commissioner);
            }
        }
        let named: FxHashSet<OdsCode> = self.networks.keys().chain(commissioners.keys()).copied().collect();
        for code in &named {
            let rows = self.networks.get(code);
            let listed = rows.and_then(|rows| rows.in_force(Day::LAST, &self.withdrawn, NEWEST)?.value);
            let of_most = commissioners.get(code).and_then(Votes::winner);
            let Some(commissioner) = of_most.or(listed) else {
                continue;
            };
            let place = places.on(commissioner, today).0;
            above.entry(*code).or_insert_with(|| Above::at(Some(commissioner), place));
        }
        let kinds = self.kinds(&above, &practices, &bodies, named, places.commissioners());
        Hierarchy { above, practices, kinds, names: self.names.clone(), version: self.version(today) }
    }

    /// What each organisation is. What a file lists a body as counts more than what others say of it by standing under
    /// it, and that a code was a general practice more than all.
    fn kinds(
        &self,
        above: &FxHashMap<OdsCode, Above>,
        practices: &FxHashSet<OdsCode>,
        bodies: &FxHashMap<OdsCode, Vec<BodyShown>>,
        networks: FxHashSet<OdsCode>,
        commissioners: impl Iterator<Item = OdsCode>,
    ) -> FxHashMap<OdsCode, BodyKind> {
        let mut kinds: FxHashMap<OdsCode, BodyKind> = FxHashMap::default();
        kinds.extend(networks.into_iter().map(|code| (code, BodyKind::Network)));
        for Above { commissioner, local_office, region, network } in above.values() {
            let told = [
                network.map(|code| (code, BodyKind::Network)),
                region.map(|code| (code, BodyKind::Region)),
                local_office.map(|code| (code, BodyKind::between(code))),
                commissioner.map(|code| (code, BodyKind::Commissioner)),
            ];
            kinds.extend(told.into_iter().flatten());
        }
        kinds.extend(commissioners.map(|code| (code, BodyKind::Commissioner)));
        for (code, shown) in bodies {
            match shown.last().map(|shown| BodyKind::listed(shown.kind, *code)) {
                Some(BodyKind::Other) => {
                    kinds.entry(*code).or_insert(BodyKind::Other);
                }
                Some(kind) => {
                    kinds.insert(*code, kind);
                }
                None => {}
            }
        }
        let prescribers = self.practices.iter().filter(|(_, practice)| !practice.shown.is_empty());
        kinds.extend(prescribers.map(|(code, _)| (*code, BodyKind::Prescriber)));
        kinds.extend(practices.iter().map(|code| (*code, BodyKind::Practice)));
        kinds
    }

    /// What the files that count showed of a body, in order of file date.
    fn shown(&self, code: OdsCode) -> Vec<BodyShown> {
        let rows = [&self.bodies, &self.areas].into_iter().filter_map(|of| of.get(&code));
        let standing = rows.flat_map(|rows| rows.standing(&self.withdrawn, NEWEST));
        let mut dated: Vec<(Day, Position, BodyShown)> = standing
            .map(|row| (row.as_of, row.position, BodyShown { as_of: row.as_of, ..row.value }))
            .collect();
        dated.sort_by_key(|(as_of, position, _)| (*as_of, *position));
        dated.into_iter().map(|(_, _, shown)| shown).collect()
    }

    /// Numbers a state by what it is made of: the same events on the same day are the same state.
    fn version(&self, today: Day) -> u64 {
        self.changes << 20 | u64::from(today.number().unsigned_abs() & 0xf_ffff)
    }
}

impl Above {
    fn at(commissioner: Option<OdsCode>, place: Place) -> Self {
        let Place { region, local_office } = place;
        Self { commissioner, local_office, region, network: None }
    }
}
