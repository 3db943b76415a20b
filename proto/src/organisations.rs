//! Events of `organisations`: who exists, and who belonged to whom, when.
//!
//! The aggregate of each is the organisation, under its ODS code. They state what a national file
//! showed as of its date; a file that shows nothing new yields nothing.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

use crate::{codes::OdsCode, day::Day, event::DomainEvent, subject::Service};

/// What happened to an organisation.
#[derive(Debug, Clone, PartialEq)]
pub enum OrganisationEvent {
    /// A practice stood in a practice file for the first time.
    PracticeListed(PracticeListed),
    /// A later practice file showed it differently.
    PracticeAmended(PracticeAmended),
    /// A CCG, region, local office, trust or other body stood in its file for the first time.
    OrganisationListed(OrganisationListed),
    /// A later file showed it differently.
    OrganisationAmended(OrganisationAmended),
    /// A practice's belonging to a parent, from a membership history.
    MembershipRecorded(MembershipRecorded),
    /// The number of registered patients of a practice was published.
    ListSizePublished(ListSizePublished),
}

const PRACTICE_LISTED: &str = "oversight.organisations.practice-listed.v1";
const PRACTICE_AMENDED: &str = "oversight.organisations.practice-amended.v1";
const ORGANISATION_LISTED: &str = "oversight.organisations.organisation-listed.v1";
const ORGANISATION_AMENDED: &str = "oversight.organisations.organisation-amended.v1";
const MEMBERSHIP_RECORDED: &str = "oversight.organisations.membership-recorded.v1";
const LIST_SIZE_PUBLISHED: &str = "oversight.organisations.list-size-published.v1";

impl DomainEvent for OrganisationEvent {
    const SERVICE: Service = Service::Organisations;

    fn event_type(&self) -> &'static str {
        match self {
            Self::PracticeListed(_) => PRACTICE_LISTED,
            Self::PracticeAmended(_) => PRACTICE_AMENDED,
            Self::OrganisationListed(_) => ORGANISATION_LISTED,
            Self::OrganisationAmended(_) => ORGANISATION_AMENDED,
            Self::MembershipRecorded(_) => MEMBERSHIP_RECORDED,
            Self::ListSizePublished(_) => LIST_SIZE_PUBLISHED,
        }
    }

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Data<'a> {
            PracticeListed(&'a PracticeListed),
            PracticeAmended(&'a PracticeAmended),
            OrganisationListed(&'a OrganisationListed),
            OrganisationAmended(&'a OrganisationAmended),
            MembershipRecorded(&'a MembershipRecorded),
            ListSizePublished(&'a ListSizePublished),
        }
        match self {
            Self::PracticeListed(data) => Data::PracticeListed(data),
            Self::PracticeAmended(data) => Data::PracticeAmended(data),
            Self::OrganisationListed(data) => Data::OrganisationListed(data),
            Self::OrganisationAmended(data) => Data::OrganisationAmended(data),
            Self::MembershipRecorded(data) => Data::MembershipRecorded(data),
            Self::ListSizePublished(data) => Data::ListSizePublished(data),
        }
    }

    fn decode_from<'de, D: Deserializer<'de>>(kind: &str, data: D) -> Result<Option<Self>, D::Error> {
        let event = match kind {
            PRACTICE_LISTED => Self::PracticeListed(Deserialize::deserialize(data)?),
            PRACTICE_AMENDED => Self::PracticeAmended(Deserialize::deserialize(data)?),
            ORGANISATION_LISTED => Self::OrganisationListed(Deserialize::deserialize(data)?),
            ORGANISATION_AMENDED => Self::OrganisationAmended(Deserialize::deserialize(data)?),
            MEMBERSHIP_RECORDED => Self::MembershipRecorded(Deserialize::deserialize(data)?),
            LIST_SIZE_PUBLISHED => Self::ListSizePublished(Deserialize::deserialize(data)?),
            _ => return IgnoredAny::deserialize(data).map(|_| None),
        };
        Ok(Some(event))
    }
}

/// A practice stood in a practice file (`epraccur`) for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeListed {
    /// The date of the file.
    pub as_of: Day,
    /// What it shows.
    pub listing: PracticeListing,
}

/// A later practice file showed it differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeAmended {
    /// The date of the file.
    pub as_of: Day,
    /// What it shows now, whole.
    pub listing: PracticeListing,
    /// The names of the fields of [`PracticeListing`] that differ from the last listing.
    pub changed: Vec<String>,
}

/// One row of `epraccur` (ODS, 27 columns), as far as the platform uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeListing {
    /// Name.
    pub name: String,
    /// National grouping: the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<OdsCode>,
    /// High level health geography: the local office, later the STP or ICB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_office: Option<OdsCode>,
    /// The address lines that are not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// Postcode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub postcode: String,
    /// Telephone of the practice.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub telephone: String,
    /// The first day it was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Day>,
    /// The last day it was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Day>,
    /// Active, closed, dormant or proposed.
    pub status: OdsStatus,
    /// The prescribing setting; 4 is a general practice.
    pub setting: PrescribingSetting,
    /// The commissioner: the CCG, since 2022 the sub-ICB location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioner: Option<OdsCode>,
    /// The day it joined the commissioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Day>,
    /// The day it left the commissioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Day>,
}

/// The status of an ODS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OdsStatus {
    /// `A`.
    Active,
    /// `C`: has a close date.
    Closed,
    /// `D`: a status of its own, with no date.
    Dormant,
    /// `P`: not open yet.
    Proposed,
}

/// What sort of prescriber it is; the list is in domain facts 6.5. Only 4, general practice, is
/// given a meaning here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrescribingSetting(pub u8);

impl PrescribingSetting {
    /// General practice.
    pub const GENERAL_PRACTICE: PrescribingSetting = PrescribingSetting(4);
}

/// A body other than a practice stood in its file for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationListed {
    /// The date of the file.
    pub as_of: Day,
    /// What it shows.
    pub listing: OrganisationListing,
}

/// A later file showed it differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationAmended {
    /// The date of the file.
    pub as_of: Day,
    /// What it shows now, whole.
    pub listing: OrganisationListing,
    /// The names of the fields of [`OrganisationListing`] that differ from the last listing.
    pub changed: Vec<String>,
}

/// One row of `eccg`, `eauth` or `etr` (ODS), as far as the platform uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationListing {
    /// What it is.
    pub kind: OrganisationKind,
    /// Name.
    pub name: String,
    /// National grouping: the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<OdsCode>,
    /// High level health geography: the local office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_office: Option<OdsCode>,
    /// The address lines that are not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// Postcode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub postcode: String,
    /// The first day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Day>,
    /// The last day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Day>,
}

/// What a body other than a practice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrganisationKind {
    /// A clinical commissioning group (`eccg`, sub-type C).
    Ccg,
    /// A commissioning hub (`eccg`, sub-type H).
    CommissioningHub,
    /// An NHS England region (`eauth`, Y codes).
    Region,
    /// An NHS England local office (`eauth`, Q codes).
    LocalOffice,
    /// An NHS trust (`etr`).
    Trust,
    /// Anything else those files list, such as Welsh bodies and former government regions.
    Other,
}

/// A practice belonged to a parent (`epcmem`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecorded {
    /// The date of the file.
    pub as_of: Day,
    /// To whom: a CCG, before April 2013 a primary care trust or group.
    pub parent: OdsCode,
    /// The first day.
    pub joined: Day,
    /// The last day, none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Day>,
}

/// The number of registered patients of a practice (NHS Payments to General Practice).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSizePublished {
    /// The date of the file.
    pub as_of: Day,
    /// Registered patients, rounded to whole persons (some years print quarterly averages).
    pub registered_patients: u32,
}
