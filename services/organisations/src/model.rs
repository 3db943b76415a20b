//! What the registers have shown of one organisation, and what a row adds to it: pure.
//!
//! A listing is what a file of some date shows. Only a listing that differs from the last one leads
//! to an event, and none older than the last one is taken: history is recorded oldest first.

use std::{collections::BTreeMap, sync::Arc};

use chassis::{Aggregate, Context, Problem, When};
use proto::{
    AggregateId, Day, OdsCode, Position,
    imports::{Row, Rows, Withdrawn},
    organisations::{
        AreaListed, AreaListing, ListSizePublished, Membership, MembershipRecorded, NetworkListed,
        NetworkListing, NetworkMembership, NetworkMembershipRecorded, OrganisationAmended, OrganisationEvent,
        OrganisationListed, OrganisationListing, PracticeAmended, PracticeListed, PracticeListing,
        PrescriberListed, PrescribingSetting, SuccessionRecorded,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An organisation under its ODS code, as file after file showed it. A code that is listed as a practice and as
/// something else keeps both sides. What an import that was withdrawn said is as if it had not been said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// As a practice.
    practice: Rows<PracticeListing>,
    /// That a file showed it as a prescriber that is not a general practice.
    other_prescriber: Rows<()>,
    /// As any other body.
    body: Rows<OrganisationListing>,
    /// Whom the practice belonged to, by the membership history.
    memberships: Rows<Membership>,
    /// Registered patients.
    registered_patients: Rows<u32>,
    /// As lists of areas show it.
    areas: Rows<AreaListing>,
    /// Which bodies took its place.
    successors: Rows<Successor>,
    /// As lists of primary care networks show it.
    network: Rows<NetworkListing>,
    /// The primary care networks a practice was in.
    networks: Rows<NetworkMembership>,
}

/// What the files that count show of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shows {
    /// As a practice, by the newest file.
    pub practice: Option<Shown<PracticeListing>>,
    /// As any other body, by the newest file.
    pub body: Option<Shown<OrganisationListing>>,
    /// Whom the practice belonged to, by the membership history; ordered by day and parent.
    pub memberships: Vec<Shown<Membership>>,
    /// Registered patients, by the newest file.
    pub registered_patients: Option<Shown<u32>>,
    /// As lists of areas show it; ordered by date of the list.
    pub areas: Vec<Shown<AreaListing>>,
    /// Which bodies took its place.
    pub successors: Vec<Successor>,
    /// As lists of primary care networks show it; ordered by date of the list.
    pub network: Vec<Shown<NetworkListing>>,
    /// The primary care networks a practice was in; ordered by day and network.
    pub networks: Vec<Shown<NetworkMembership>>,
}

/// Another body took the place of this one, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// The first day.
    pub on: Day,
    /// The body since.
    pub successor: OdsCode,
    /// The commissioner whose practices went there, where the body was divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<OdsCode>,
}

/// What a file showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown<T> {
    /// The date of the file that showed it first.
    pub as_of: Day,
    /// What it showed.
    #[serde(rename = "shows")]
    pub value: T,
}

/// What a row of a file says, and which imports were withdrawn meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it says.
    pub said: Said,
    /// The imports that were withdrawn.
    pub withdrawn: Arc<Withdrawn>,
}

impl From<Said> for Command {
    /// Where nothing was withdrawn.
    fn from(said: Said) -> Self {
        Self { said, withdrawn: Arc::default() }
    }
}

/// What a row of a file says. Each carries the date of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A row of the practice file.
    ListPractice {
        /// The date of the file.
        as_of: Day,
        /// What the row shows.
        listing: PracticeListing,
    },
    /// A row of the practice file that was refused because it shows no general practice.
    ListPrescriber {
        /// The date of the file.
        as_of: Day,
        /// What the row shows.
        listing: PracticeListing,
    },
    /// A row of the file of CCGs, of regions and local offices, or of trusts.
    ListOrganisation {
        /// The date of the file.
        as_of: Day,
        /// What the row shows.
        listing: OrganisationListing,
    },
    /// A row of the membership history.
    RecordMembership {
        /// The date of the file.
        as_of: Day,
        /// What the row shows.
        membership: Membership,
    },
    /// A row of a list of areas.
    ListArea {
        /// The date of the list.
        as_of: Day,
        /// What the row shows.
        listing: AreaListing,
    },
    /// A row of the details of primary care networks.
    ListNetwork {
        /// The date of the list.
        as_of: Day,
        /// What the row shows.
        listing: NetworkListing,
    },
    /// A row of the core partners of primary care networks.
    RecordNetworkMembership {
        /// The date of the list.
        as_of: Day,
        /// What the row shows.
        membership: NetworkMembership,
    },
    /// A row of a list of successions.
    RecordSuccession {
        /// The date of the list.
        as_of: Day,
        /// What the row shows.
        succession: Successor,
    },
    /// A row of the payments file.
    PublishListSize {
        /// The date of the file.
        as_of: Day,
        /// Registered patients.
        registered_patients: u32,
    },
}

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The log already holds something newer.
    #[error(
        "the log holds what a file of {known} shows, and this one is of {as_of}; import files oldest first"
    )]
    Older {
        /// The date of the file.
        as_of: Day,
        /// The date the log holds.
        known: Day,
    },
    /// A prescriber that is not a general practice, and never was one.
    #[error("not a general practice: its prescribing setting is {}, and 4 is a general practice", .setting.0)]
    NotAPractice {
        /// What it is.
        setting: PrescribingSetting,
    },
    /// No practice file has listed this code as a general practice.
    #[error("no practice file has listed a general practice of this code")]
    UnknownPractice,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let name = match refusal {
            Refusal::Older { .. } => "older-file",
            Refusal::NotAPractice { .. } => "not-a-practice",
            Refusal::UnknownPractice => "unknown-practice",
        };
        Problem::refused(name, refusal.to_string())
    }
}

const NEWEST: Position = Position(u64::MAX);

/// The row of the newest file.
fn newest<'a, T>(rows: &'a Rows<T>, withdrawn: &Withdrawn) -> Option<&'a Row<T>> {
    rows.in_force(Day::LAST, withdrawn, NEWEST)
}

fn shown<T: Clone>(row: &Row<T>) -> Shown<T> {
    Shown { as_of: row.as_of, value: row.value.clone() }
}

/// Every row that counts, by date of file.
fn by_date<T: Clone>(rows: &Rows<T>, withdrawn: &Withdrawn) -> Vec<Shown<T>> {
    let mut by_date: Vec<Shown<T>> = rows.standing(withdrawn, NEWEST).map(shown).collect();
    by_date.sort_by_key(|row| row.as_of);
    by_date
}

/// Of the rows of each key the one of the newest file, in order of key.
fn by_key<T: Clone, K: Ord>(rows: &Rows<T>, withdrawn: &Withdrawn, key: impl Fn(&T) -> K) -> Vec<Shown<T>> {
    let mut found: BTreeMap<K, Shown<T>> = BTreeMap::new();
    for row in by_date(rows, withdrawn) {
        found.insert(key(&row.value), row);
    }
    found.into_values().collect()
}

impl Organisation {
    /// The aggregate of a code.
    pub fn id(code: &OdsCode) -> Result<AggregateId, proto::codes::CodeError> {
        code.as_str().parse()
    }

    /// What the files that count show.
    pub fn shows(&self, withdrawn: &Withdrawn) -> Shows {
        Shows {
            practice: newest(&self.practice, withdrawn).map(shown),
            body: newest(&self.body, withdrawn).map(shown),
            memberships: by_key(&self.memberships, withdrawn, |of| (of.joined, of.parent)),
            registered_patients: newest(&self.registered_patients, withdrawn).map(shown),
            areas: by_date(&self.areas, withdrawn),
            successors: by_date(&self.successors, withdrawn).into_iter().map(|row| row.value).collect(),
            network: by_date(&self.network, withdrawn),
            networks: by_key(&self.networks, withdrawn, |of| (of.joined, of.network)),
        }
    }
}

impl Shows {
    /// Whether any file shows it at all.
    pub fn is_known(&self) -> bool {
        self.practice.is_some() || self.body.is_some() || !self.areas.is_empty() || !self.network.is_empty()
    }
}

/// Refuses what is older than what is known.
fn not_older<T>(known: &Row<T>, as_of: Day) -> Result<(), Refusal> {
    if as_of < known.as_of { Err(Refusal::Older { as_of, known: known.as_of }) } else { Ok(()) }
}

impl Aggregate for Organisation {
    type Event = OrganisationEvent;
    type Command = Command;
    type Refusal = Refusal;

    const NAME: &'static str = "organisation";
    const FOLD_VERSION: u32 = 4;

    fn decide(&self, command: &Command, _: &Context) -> Result<Option<OrganisationEvent>, Refusal> {
        let of = Standing { organisation: self, withdrawn: &command.withdrawn };
        match &command.said {
            Said::ListPractice { as_of, listing } => of.list_practice(*as_of, listing),
            Said::ListPrescriber { as_of, listing } => Ok(of.list_prescriber(*as_of, listing)),
            Said::ListOrganisation { as_of, listing } => of.list_organisation(*as_of, listing),
            Said::RecordMembership { as_of, membership } => of.record_membership(*as_of, *membership),
            Said::ListArea { as_of, listing } => Ok(of.list_area(*as_of, listing)),
            Said::ListNetwork { as_of, listing } => Ok(of.list_network(*as_of, listing)),
            Said::RecordNetworkMembership { as_of, membership } => {
                of.record_network_membership(*as_of, *membership)
            }
            Said::RecordSuccession { as_of, succession } => Ok(of.record_succession(*as_of, *succession)),
            Said::PublishListSize { as_of, registered_patients } => {
                of.publish_list_size(*as_of, *registered_patients)
            }
        }
    }

    fn evolve(&mut self, event: &OrganisationEvent, when: &When) {
        let (position, import) = (when.position, when.correlation_id);
        fn note<T>(rows: &mut Rows<T>, as_of: Day, position: Position, import: Option<Uuid>, value: T) {
            rows.note(Row { as_of, position, import, value, confirmed: false });
        }
        match event.clone() {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                note(&mut self.practice, as_of, position, import, listing);
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, .. }) => {
                note(&mut self.other_prescriber, as_of, position, import, ());
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                note(&mut self.body, as_of, position, import, listing);
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, membership }) => {
                note(&mut self.memberships, as_of, position, import, membership);
            }
            OrganisationEvent::ListSizePublished(ListSizePublished { as_of, registered_patients }) => {
                note(&mut self.registered_patients, as_of, position, import, registered_patients);
            }
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                note(&mut self.areas, as_of, position, import, listing);
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                note(&mut self.network, as_of, position, import, listing);
            }
            OrganisationEvent::NetworkMembershipRecorded(NetworkMembershipRecorded { as_of, membership }) => {
                note(&mut self.networks, as_of, position, import, membership);
            }
            OrganisationEvent::SuccessionRecorded(SuccessionRecorded { as_of, on, successor, place }) => {
                note(&mut self.successors, as_of, position, import, Successor { on, successor, place });
            }
            OrganisationEvent::FileImported(_) | OrganisationEvent::ImportWithdrawn(_) => {}
        }
    }
}

/// An organisation by the imports that stand.
struct Standing<'a> {
    organisation: &'a Organisation,
    withdrawn: &'a Withdrawn,
}

impl Standing<'_> {
    /// Whether any file listed it as a practice, also one that was withdrawn: another may have shown the same, and
    /// then nothing is said of it here.
    fn has_been_practice(&self) -> Result<(), Refusal> {
        self.organisation.practice.all().first().map(|_| ()).ok_or(Refusal::UnknownPractice)
    }

    fn list_practice(
        &self,
        as_of: Day,
        listing: &PracticeListing,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        let Some(known) = newest(&self.organisation.practice, self.withdrawn) else {
            // Once a practice, always followed: a change to another setting ends it.
            if listing.setting != PrescribingSetting::GENERAL_PRACTICE {
                return Err(Refusal::NotAPractice { setting: listing.setting });
            }
            let listed = PracticeListed { as_of, listing: listing.clone() };
            return Ok(Some(OrganisationEvent::PracticeListed(listed)));
        };
        not_older(known, as_of)?;
        let changed = practice_changes(&known.value, listing);
        if changed.is_empty() {
            return Ok(None);
        }
        let amended = PracticeAmended { as_of, listing: listing.clone(), changed };
        Ok(Some(OrganisationEvent::PracticeAmended(amended)))
    }

    /// That a code is something else than a practice is recorded once: until a file lists it as one, nothing more
    /// is known. The setting *other* does not say what it is, and practices have it until they are classed.
    fn list_prescriber(&self, as_of: Day, listing: &PracticeListing) -> Option<OrganisationEvent> {
        let Organisation { practice, other_prescriber, .. } = self.organisation;
        let is_new = newest(practice, self.withdrawn).is_none()
            && newest(other_prescriber, self.withdrawn).is_none()
            && listing.setting != PrescribingSetting::OTHER;
        is_new.then(|| {
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, listing: listing.clone() })
        })
    }

    fn list_organisation(
        &self,
        as_of: Day,
        listing: &OrganisationListing,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        let Some(known) = newest(&self.organisation.body, self.withdrawn) else {
            let listed = OrganisationListed { as_of, listing: listing.clone() };
            return Ok(Some(OrganisationEvent::OrganisationListed(listed)));
        };
        not_older(known, as_of)?;
        let changed = organisation_changes(&known.value, listing);
        if changed.is_empty() {
            return Ok(None);
        }
        let amended = OrganisationAmended { as_of, listing: listing.clone(), changed };
        Ok(Some(OrganisationEvent::OrganisationAmended(amended)))
    }

    /// Lists of areas may come in any order: what counts is what is known as of the date of the list.
    fn list_area(&self, as_of: Day, listing: &AreaListing) -> Option<OrganisationEvent> {
        let in_force = self.organisation.areas.in_force(as_of, self.withdrawn, NEWEST);
        let says_nothing_new = in_force.is_some_and(|known| says_no_more(&known.value, listing));
        (!says_nothing_new).then(|| AreaListed { as_of, listing: listing.clone() }.into())
    }

    /// The same of lists of networks.
    fn list_network(&self, as_of: Day, listing: &NetworkListing) -> Option<OrganisationEvent> {
        let in_force = self.organisation.network.in_force(as_of, self.withdrawn, NEWEST);
        let is_new = in_force.is_none_or(|known| known.value != *listing);
        is_new.then(|| NetworkListed { as_of, listing: listing.clone() }.into())
    }

    /// Lists may come in any order; of one joining the newest list is right about the leaving.
    fn record_network_membership(
        &self,
        as_of: Day,
        membership: NetworkMembership,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        self.has_been_practice()?;
        let key = |of: &NetworkMembership| (of.joined, of.network);
        let known = by_key(&self.organisation.networks, self.withdrawn, key);
        let known = known.iter().find(|known| key(&known.value) == key(&membership));
        let is_new = known.is_none_or(|known| known.as_of <= as_of && known.value != membership);
        Ok(is_new.then(|| NetworkMembershipRecorded { as_of, membership }.into()))
    }

    fn record_succession(&self, as_of: Day, succession: Successor) -> Option<OrganisationEvent> {
        let mut known = self.organisation.successors.standing(self.withdrawn, NEWEST);
        let Successor { on, successor, place } = succession;
        let is_new = known.all(|known| known.value != succession);
        is_new.then(|| SuccessionRecorded { as_of, on, successor, place }.into())
    }

    fn record_membership(
        &self,
        as_of: Day,
        membership: Membership,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        self.has_been_practice()?;
        let key = |of: &Membership| (of.joined, of.parent);
        let known = by_key(&self.organisation.memberships, self.withdrawn, key);
        if let Some(known) = known.iter().find(|known| key(&known.value) == key(&membership)) {
            if known.value == membership {
                return Ok(None);
            }
            if as_of < known.as_of {
                return Err(Refusal::Older { as_of, known: known.as_of });
            }
        }
        Ok(Some(OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, membership })))
    }

    fn publish_list_size(
        &self,
        as_of: Day,
        registered_patients: u32,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        self.has_been_practice()?;
        if let Some(known) = newest(&self.organisation.registered_patients, self.withdrawn) {
            not_older(known, as_of)?;
            if known.value == registered_patients {
                return Ok(None);
            }
        }
        Ok(Some(OrganisationEvent::ListSizePublished(ListSizePublished { as_of, registered_patients })))
    }
}

fn names(differing: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<String> {
    differing.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

/// The fields in which two listings differ. Taking both apart makes a new field fail to compile
/// here until it is compared.
fn practice_changes(old: &PracticeListing, new: &PracticeListing) -> Vec<String> {
    let PracticeListing {
        name,
        region,
        local_office,
        address,
        postcode,
        telephone,
        opened,
        closed,
        status,
        setting,
        commissioner,
        joined,
        left,
    } = new;
    names([
        ("name", old.name != *name),
        ("region", old.region != *region),
        ("local_office", old.local_office != *local_office),
        ("address", old.address != *address),
        ("postcode", old.postcode != *postcode),
        ("telephone", old.telephone != *telephone),
        ("opened", old.opened != *opened),
        ("closed", old.closed != *closed),
        ("status", old.status != *status),
        ("setting", old.setting != *setting),
        ("commissioner", old.commissioner != *commissioner),
        ("joined", old.joined != *joined),
        ("left", old.left != *left),
    ])
}

/// Whether a listing says nothing that another does not say. What it leaves open it does not speak of.
fn says_no_more(known: &AreaListing, listing: &AreaListing) -> bool {
    fn agrees<T: PartialEq>(known: Option<&T>, said: Option<&T>) -> bool {
        said.is_none() || known == said
    }
    let AreaListing { kind, name, ons_code, region, local_office, opened, closed } = listing;
    known.kind == *kind
        && known.name == *name
        && agrees(known.ons_code.as_ref(), ons_code.as_ref())
        && agrees(known.region.as_ref(), region.as_ref())
        && agrees(known.local_office.as_ref(), local_office.as_ref())
        && agrees(known.opened.as_ref(), opened.as_ref())
        && agrees(known.closed.as_ref(), closed.as_ref())
}

fn organisation_changes(old: &OrganisationListing, new: &OrganisationListing) -> Vec<String> {
    let OrganisationListing { kind, name, region, local_office, address, postcode, opened, closed } = new;
    names([
        ("kind", old.kind != *kind),
        ("name", old.name != *name),
        ("region", old.region != *region),
        ("local_office", old.local_office != *local_office),
        ("address", old.address != *address),
        ("postcode", old.postcode != *postcode),
        ("opened", old.opened != *opened),
        ("closed", old.closed != *closed),
    ])
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
