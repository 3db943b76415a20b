//! Events of `organisations`: who exists, and who belonged to whom, when.
//!
//! The aggregate of each is the organisation, under its ODS code. They state what a national file
//! showed as of its date; a file that shows nothing new yields nothing.

use serde::{Deserialize, Serialize};

use crate::{
    codes::{OdsCode, OnsCode},
    day::Day,
    imports,
};

events! {
    /// What happened to an organisation.
    pub enum OrganisationEvent of Organisations on Events {
        /// A practice stood in a practice file for the first time.
        PracticeListed = "oversight.organisations.practice-listed.v1",
        /// A prescriber that is not a general practice stood in a practice file for the first time.
        PrescriberListed = "oversight.organisations.prescriber-listed.v1",
        /// A later practice file showed it differently.
        PracticeAmended = "oversight.organisations.practice-amended.v1",
        /// A CCG, region, local office, trust or other body stood in its file for the first time.
        OrganisationListed = "oversight.organisations.organisation-listed.v1",
        /// A later file showed it differently.
        OrganisationAmended = "oversight.organisations.organisation-amended.v1",
        /// A list of areas showed a body, or showed it differently than before.
        AreaListed = "oversight.organisations.area-listed.v1",
        /// A body took the place of another.
        SuccessionRecorded = "oversight.organisations.succession-recorded.v1",
        /// A list of primary care networks showed one, or showed it differently than before.
        NetworkListed = "oversight.organisations.network-listed.v1",
        /// A practice's belonging to a primary care network.
        NetworkMembershipRecorded = "oversight.organisations.network-membership-recorded.v1",
        /// A practice's belonging to a parent, from a membership history.
        MembershipRecorded = "oversight.organisations.membership-recorded.v1",
        /// The number of registered patients of a practice was published.
        ListSizePublished = "oversight.organisations.list-size-published.v1",
        /// A file was read to its end.
        FileImported = "oversight.organisations.file-imported.v1",
        /// An import was withdrawn.
        ImportWithdrawn = "oversight.organisations.import-withdrawn.v1",
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

/// A prescriber of another setting stood in a practice file for the first time. If a later
/// file lists it as a practice, this says that it was none until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrescriberListed {
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

impl PracticeListing {
    /// Whether it shows, of a code, a general practice of England. Wales is told by any of its region, the
    /// code itself and its commissioner: files since 2022 leave the region of Welsh practices blank.
    pub fn is_english_practice(&self, code: OdsCode) -> bool {
        let codes = [Some(code), self.region, self.commissioner];
        self.setting == PrescribingSetting::GENERAL_PRACTICE
            && !codes.into_iter().flatten().any(|code| code.is_welsh())
    }
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

    /// Other: it is not shown as a general practice, and neither as anything else.
    pub const OTHER: PrescribingSetting = PrescribingSetting(0);

    /// A role that is not that of a general practice. Files since 2022 have roles, which have no numbers; this
    /// is none of the list's.
    pub const ANOTHER_ROLE: PrescribingSetting = PrescribingSetting(u8::MAX);
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

/// A list of areas (names and codes, or which lies in which) showed a body for the first time, or differently than the
/// lists up to its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaListed {
    /// The date of the list.
    pub as_of: Day,
    /// What it shows.
    pub listing: AreaListing,
}

/// What a list of areas says of one. What it leaves open it does not speak of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaListing {
    /// What it is: a region, a local office (since July 2022 an integrated care board) or a CCG (a sub-ICB location).
    pub kind: OrganisationKind,
    /// Name.
    pub name: String,
    /// The code of the Office for National Statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ons_code: Option<OnsCode>,
    /// The region it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<OdsCode>,
    /// The local office, later the integrated care board, it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_office: Option<OdsCode>,
    /// The first day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Day>,
    /// The last day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Day>,
}

/// Another body took the place of this one, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuccessionRecorded {
    /// The date of the list.
    pub as_of: Day,
    /// The first day of the successor in its place.
    pub on: Day,
    /// The body since.
    pub successor: OdsCode,
    /// The commissioner whose practices went there, where the body was divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<OdsCode>,
}

/// A list of primary care networks (ePCN, details) showed one for the first time, or differently than the lists up to its
/// date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkListed {
    /// The date of the list.
    pub as_of: Day,
    /// What it shows.
    pub listing: NetworkListing,
}

/// What a list says of a primary care network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkListing {
    /// Name.
    pub name: String,
    /// Who commissions it: a CCG, since July 2022 a sub-ICB location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioner: Option<OdsCode>,
    /// The first day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Day>,
    /// The last day it existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Day>,
}

/// A practice belonged to a primary care network (ePCN, core partners).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkMembershipRecorded {
    /// The date of the list.
    pub as_of: Day,
    /// What it shows.
    #[serde(flatten)]
    pub membership: NetworkMembership,
}

/// When a practice belonged to a primary care network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkMembership {
    /// The network.
    pub network: OdsCode,
    /// The first day.
    pub joined: Day,
    /// The last day, none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Day>,
}

/// A practice belonged to a parent (`epcmem`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecorded {
    /// The date of the file.
    pub as_of: Day,
    /// What it shows.
    #[serde(flatten)]
    pub membership: Membership,
}

/// When a practice belonged to a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
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

/// A file was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileImported(pub imports::FileImported);

/// An import was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportWithdrawn(pub imports::ImportWithdrawn);
