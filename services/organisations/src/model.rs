//! What the registers have shown of one organisation, and what a row adds to it: pure.
//!
//! A listing is what a file of some date shows. Only a listing that differs from the last one leads
//! to an event, and none older than the last one is taken: history is recorded oldest first.

use chassis::{Aggregate, Context, Problem, When};
use proto::{
    AggregateId, Day, OdsCode,
    organisations::{
        AreaListed, AreaListing, ListSizePublished, MembershipRecorded, NetworkListed, NetworkListing,
        NetworkMembershipRecorded, OrganisationAmended, OrganisationEvent, OrganisationListed,
        OrganisationListing, PracticeAmended, PracticeListed, PracticeListing, PrescriberListed,
        PrescribingSetting, SuccessionRecorded,
    },
};
use serde::{Deserialize, Serialize};

/// An organisation under its ODS code. A code that is listed as a practice and as something else
/// keeps both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// As a practice.
    pub practice: Option<Shown<PracticeListing>>,
    /// The date of the file that showed it first as a prescriber that is not a general practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_prescriber: Option<Day>,
    /// As any other body.
    pub body: Option<Shown<OrganisationListing>>,
    /// Whom the practice belonged to, by the membership history; ordered by day and parent.
    pub memberships: Vec<Membership>,
    /// Registered patients.
    pub registered_patients: Option<Shown<u32>>,
    /// As lists of areas show it; ordered by date of the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Shown<AreaListing>>,
    /// Which bodies took its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Successor>,
    /// As lists of primary care networks show it; ordered by date of the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<Shown<NetworkListing>>,
    /// The primary care networks a practice was in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkStay>,
}

/// A practice was in a primary care network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStay {
    /// The first day.
    pub joined: Day,
    /// The network.
    pub network: OdsCode,
    /// The last day, none while it lasts.
    pub left: Option<Day>,
    /// The date of the list that showed it so first.
    pub as_of: Day,
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

/// A practice belonged to a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The first day.
    pub joined: Day,
    /// To whom.
    pub parent: OdsCode,
    /// The last day, none while it lasts.
    pub left: Option<Day>,
    /// The date of the file that showed it so first.
    pub as_of: Day,
}

/// What a row of a file says. Each carries the date of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
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
        /// To whom the practice belonged.
        parent: OdsCode,
        /// From this day.
        joined: Day,
        /// To this day, none while it lasts.
        left: Option<Day>,
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
        /// The network.
        network: OdsCode,
        /// From this day.
        joined: Day,
        /// To this day, none while it lasts.
        left: Option<Day>,
    },
    /// A row of a list of successions.
    RecordSuccession {
        /// The date of the list.
        as_of: Day,
        /// The first day of the successor.
        on: Day,
        /// The body since.
        successor: OdsCode,
        /// The commissioner whose practices went there, where the body was divided.
        place: Option<OdsCode>,
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

impl Organisation {
    /// The aggregate of a code.
    pub fn id(code: &OdsCode) -> Result<AggregateId, proto::codes::CodeError> {
        code.as_str().parse()
    }

    /// Whether the registers have shown it at all.
    pub fn is_known(&self) -> bool {
        self.practice.is_some() || self.body.is_some() || !self.areas.is_empty() || !self.network.is_empty()
    }
}

/// Refuses what is older than what is known.
fn not_older<T>(known: &Shown<T>, as_of: Day) -> Result<(), Refusal> {
    if as_of < known.as_of { Err(Refusal::Older { as_of, known: known.as_of }) } else { Ok(()) }
}

impl Aggregate for Organisation {
    type Event = OrganisationEvent;
    type Command = Command;
    type Refusal = Refusal;

    const NAME: &'static str = "organisation";
    const FOLD_VERSION: u32 = 3;

    fn decide(&self, command: &Command, _: &Context) -> Result<Option<OrganisationEvent>, Refusal> {
        match command {
            Command::ListPractice { as_of, listing } => self.list_practice(*as_of, listing),
            Command::ListPrescriber { as_of, listing } => Ok(self.list_prescriber(*as_of, listing)),
            Command::ListOrganisation { as_of, listing } => self.list_organisation(*as_of, listing),
            Command::RecordMembership { as_of, parent, joined, left } => {
                self.record_membership(*as_of, *parent, *joined, *left)
            }
            Command::ListArea { as_of, listing } => Ok(self.list_area(*as_of, listing)),
            Command::ListNetwork { as_of, listing } => {
                let in_force = self.network.iter().rev().find(|known| known.as_of <= *as_of);
                let is_new = in_force.is_none_or(|known| known.value != *listing);
                Ok(is_new.then(|| NetworkListed { as_of: *as_of, listing: listing.clone() }.into()))
            }
            Command::RecordNetworkMembership { as_of, network, joined, left } => {
                self.record_network(*as_of, *network, *joined, *left)
            }
            Command::RecordSuccession { as_of, on, successor, place } => {
                let known = Successor { on: *on, successor: *successor, place: *place };
                Ok((!self.successors.contains(&known)).then(|| {
                    SuccessionRecorded { as_of: *as_of, on: *on, successor: *successor, place: *place }.into()
                }))
            }
            Command::PublishListSize { as_of, registered_patients } => {
                self.publish_list_size(*as_of, *registered_patients)
            }
        }
    }

    fn evolve(&mut self, event: &OrganisationEvent, _: &When) {
        match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                self.practice = Some(Shown { as_of: *as_of, value: listing.clone() });
            }
            OrganisationEvent::PrescriberListed(PrescriberListed { as_of, .. }) => {
                self.other_prescriber = Some(*as_of);
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                self.body = Some(Shown { as_of: *as_of, value: listing.clone() });
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, parent, joined, left }) => {
                let membership = Membership { joined: *joined, parent: *parent, left: *left, as_of: *as_of };
                match self.place_of(*parent, *joined) {
                    Ok(place) => self.memberships[place] = membership,
                    Err(place) => self.memberships.insert(place, membership),
                }
            }
            OrganisationEvent::ListSizePublished(ListSizePublished { as_of, registered_patients }) => {
                self.registered_patients = Some(Shown { as_of: *as_of, value: *registered_patients });
            }
            OrganisationEvent::AreaListed(AreaListed { as_of, listing }) => {
                // Of one date the last counts.
                let place = self.areas.partition_point(|known| known.as_of <= *as_of);
                self.areas.insert(place, Shown { as_of: *as_of, value: listing.clone() });
            }
            OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }) => {
                let place = self.network.partition_point(|known| known.as_of <= *as_of);
                self.network.insert(place, Shown { as_of: *as_of, value: listing.clone() });
            }
            OrganisationEvent::NetworkMembershipRecorded(event) => {
                let NetworkMembershipRecorded { as_of, network, joined, left } = *event;
                let stay = NetworkStay { joined, network, left, as_of };
                match self
                    .networks
                    .iter_mut()
                    .find(|known| (known.joined, known.network) == (joined, network))
                {
                    Some(known) if known.as_of <= as_of => *known = stay,
                    Some(_) => {}
                    None => self.networks.push(stay),
                }
            }
            OrganisationEvent::SuccessionRecorded(SuccessionRecorded { on, successor, place, .. }) => {
                self.successors.push(Successor { on: *on, successor: *successor, place: *place });
            }
            OrganisationEvent::FileImported(_) | OrganisationEvent::ImportWithdrawn(_) => {}
        }
    }
}

impl Organisation {
    fn list_practice(
        &self,
        as_of: Day,
        listing: &PracticeListing,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        let Some(known) = &self.practice else {
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
        let is_new = self.practice.is_none()
            && self.other_prescriber.is_none()
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
        let Some(known) = &self.body else {
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
        let in_force = self.areas.iter().rev().find(|known| known.as_of <= as_of);
        let says_nothing_new = in_force.is_some_and(|known| says_no_more(&known.value, listing));
        (!says_nothing_new).then(|| AreaListed { as_of, listing: listing.clone() }.into())
    }

    /// Lists may come in any order; of one joining the latest list is right about the leaving.
    fn record_network(
        &self,
        as_of: Day,
        network: OdsCode,
        joined: Day,
        left: Option<Day>,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        if self.practice.is_none() {
            return Err(Refusal::UnknownPractice);
        }
        let known = self.networks.iter().find(|known| (known.joined, known.network) == (joined, network));
        let is_new = known.is_none_or(|known| known.as_of <= as_of && known.left != left);
        Ok(is_new.then(|| NetworkMembershipRecorded { as_of, network, joined, left }.into()))
    }

    fn record_membership(
        &self,
        as_of: Day,
        parent: OdsCode,
        joined: Day,
        left: Option<Day>,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        if self.practice.is_none() {
            return Err(Refusal::UnknownPractice);
        }
        if let Ok(place) = self.place_of(parent, joined) {
            let known = &self.memberships[place];
            if known.left == left {
                return Ok(None);
            }
            if as_of < known.as_of {
                return Err(Refusal::Older { as_of, known: known.as_of });
            }
        }
        Ok(Some(OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, parent, joined, left })))
    }

    fn publish_list_size(
        &self,
        as_of: Day,
        registered_patients: u32,
    ) -> Result<Option<OrganisationEvent>, Refusal> {
        if self.practice.is_none() {
            return Err(Refusal::UnknownPractice);
        }
        if let Some(known) = &self.registered_patients {
            not_older(known, as_of)?;
            if known.value == registered_patients {
                return Ok(None);
            }
        }
        Ok(Some(OrganisationEvent::ListSizePublished(ListSizePublished { as_of, registered_patients })))
    }

    fn place_of(&self, parent: OdsCode, joined: Day) -> Result<usize, usize> {
        self.memberships.binary_search_by_key(&(joined, parent), |known| (known.joined, known.parent))
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
