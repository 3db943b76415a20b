//! Events of `suppliers`: who supplies IT, what is certified, who uses what, and who checked.
//!
//! Four kinds of aggregate:
//! - a supplier with its services and certificates: `supplier_<id>`;
//! - an entry of a list that may or may not be a known supplier: `listing_<list>_<entry>`;
//! - an organisation as a buyer, with the services it uses and its checks: `buyer_<code>`;
//! - a claim to an identifier that one supplier alone has: `claim_<kind>_<fingerprint>`.

use serde::{Deserialize, Serialize};

use crate::{
    certification::{Answer, Verdict},
    claims,
    codes::{OdsCode, SchemeId, ServiceId, ServiceTypeId, SupplierId},
    day::Day,
    envelope::Position,
    imports,
};

events! {
    /// What happened around suppliers and those who buy of them.
    pub enum SupplierEvent of Suppliers on Events {
        /// A supplier was heard of for the first time.
        SupplierRegistered = "oversight.suppliers.supplier-registered.v1",
        /// Something of what is known of the supplier itself turned out differently.
        SupplierAmended = "oversight.suppliers.supplier-amended.v1",
        /// An entry of a list resembles a supplier too much to be a new one, and too little to be it.
        ListingHeld = "oversight.suppliers.listing-held.v1",
        /// An entry of a list was found to name no supplier.
        ListingRejected = "oversight.suppliers.listing-rejected.v1",
        /// A row of a list cannot be recorded before something is decided.
        RowWaiting = "oversight.suppliers.row-waiting.v1",
        /// A row that waited needs no one any more.
        RowSettled = "oversight.suppliers.row-settled.v1",
        /// An entry of another list was found to be this supplier.
        ListingMatched = "oversight.suppliers.listing-matched.v1",
        /// An entry that was taken for this supplier is not.
        ListingParted = "oversight.suppliers.listing-parted.v1",
        /// The supplier offers a service.
        ServiceOffered = "oversight.suppliers.service-offered.v1",
        /// What is known of a service changed, such as its version.
        ServiceAmended = "oversight.suppliers.service-amended.v1",
        /// The supplier no longer offers a service.
        ServiceRetired = "oversight.suppliers.service-retired.v1",
        /// A certificate was shown.
        CertificateRecorded = "oversight.suppliers.certificate-recorded.v1",
        /// A certificate was followed by a new one.
        CertificateRenewed = "oversight.suppliers.certificate-renewed.v1",
        /// A certificate was shown whose number another supplier has on record.
        CertificateHeldForReview = "oversight.suppliers.certificate-held-for-review.v1",
        /// A certificate that was held for review was found not to be this supplier's.
        CertificateRejected = "oversight.suppliers.certificate-rejected.v1",
        /// A certificate does not count for the time being.
        CertificateSuspended = "oversight.suppliers.certificate-suspended.v1",
        /// A suspended certificate counts again.
        CertificateReinstated = "oversight.suppliers.certificate-reinstated.v1",
        /// A certificate was taken back for good.
        CertificateWithdrawn = "oversight.suppliers.certificate-withdrawn.v1",
        /// Someone said whether a certificate covers a service.
        CoverageStated = "oversight.suppliers.coverage-stated.v1",
        /// The supplier lets another do part of it.
        SubSupplierNamed = "oversight.suppliers.sub-supplier-named.v1",
        /// Another no longer does part of it.
        SubSupplierReleased = "oversight.suppliers.sub-supplier-released.v1",
        /// A list says what an organisation uses under a name that no one has matched to a supplier yet.
        EngagementWaiting = "oversight.suppliers.engagement-waiting.v1",
        /// An organisation began to use a service.
        EngagementBegun = "oversight.suppliers.engagement-begun.v1",
        /// An organisation stopped using a service.
        EngagementEnded = "oversight.suppliers.engagement-ended.v1",
        /// A buyer checked whether a service is certified as required.
        CertificationChecked = "oversight.suppliers.certification-checked.v1",
        /// A gap until a renewal was accepted, with a plan and a last day.
        GapPlanAgreed = "oversight.suppliers.gap-plan-agreed.v1",
        /// An identifier that one supplier alone has was claimed for one.
        IdentifierClaimed = "oversight.suppliers.identifier-claimed.v1",
        /// A claim to an identifier came to nothing, or was taken over.
        IdentifierReleased = "oversight.suppliers.identifier-released.v1",
        /// An import is about to record its first row.
        ImportBegun = "oversight.suppliers.import-begun.v1",
        /// A file was read to its end.
        FileImported = "oversight.suppliers.file-imported.v1",
        /// An import was withdrawn.
        ImportWithdrawn = "oversight.suppliers.import-withdrawn.v1",
    }
}

impl SupplierEvent {
    /// The supplier it is of; none where it is of a buyer or of an entry of a list.
    pub fn supplier(&self) -> Option<SupplierId> {
        Some(match self {
            Self::SupplierRegistered(event) => event.supplier,
            Self::SupplierAmended(event) => event.supplier,
            Self::ListingMatched(event) => event.supplier,
            Self::ListingParted(event) => event.supplier,
            Self::ServiceOffered(event) => event.supplier,
            Self::ServiceAmended(event) => event.supplier,
            Self::ServiceRetired(event) => event.supplier,
            Self::CertificateRecorded(event) => event.supplier,
            Self::CertificateRenewed(event) => event.supplier,
            Self::CertificateHeldForReview(event) => event.supplier,
            Self::CertificateRejected(event) => event.supplier,
            Self::CertificateSuspended(event) => event.supplier,
            Self::CertificateReinstated(event) => event.supplier,
            Self::CertificateWithdrawn(event) => event.supplier,
            Self::CoverageStated(event) => event.supplier,
            Self::SubSupplierNamed(event) => event.supplier,
            Self::SubSupplierReleased(event) => event.supplier,
            Self::ListingHeld(_)
            | Self::ListingRejected(_)
            | Self::RowWaiting(_)
            | Self::RowSettled(_)
            | Self::EngagementWaiting(_)
            | Self::EngagementBegun(_)
            | Self::EngagementEnded(_)
            | Self::CertificationChecked(_)
            | Self::GapPlanAgreed(_)
            | Self::IdentifierClaimed(_)
            | Self::IdentifierReleased(_)
            | Self::ImportBegun(_)
            | Self::FileImported(_)
            | Self::ImportWithdrawn(_) => return None,
        })
    }

    /// Whether it says who a supplier is. What an import said of that counts, even where it was withdrawn, as long as
    /// anything else is recorded of the supplier.
    pub fn says_who_it_is(&self) -> bool {
        matches!(self, Self::SupplierRegistered(_))
    }

    /// The organisation whose purchase it is of.
    pub fn organisation(&self) -> Option<OdsCode> {
        Some(match self {
            Self::EngagementWaiting(event) => event.organisation,
            Self::EngagementBegun(event) => event.organisation,
            Self::EngagementEnded(event) => event.organisation,
            Self::CertificationChecked(event) => event.organisation,
            Self::GapPlanAgreed(event) => event.organisation,
            _ => return None,
        })
    }
}

/// A list that suppliers are known from, and the entry there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Listing {
    /// Which list.
    pub list: List,
    /// The entry: an ODS code, a number of the catalogue, or what the registering request was given.
    pub entry: String,
}

/// A list that suppliers are known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// The GP IT Futures buying catalogue.
    BuyingCatalogue,
    /// The DSP Toolkit's register of published results.
    DspToolkit,
    /// What practices are listed to use as their clinical system.
    PrincipalSuppliers,
    /// No one's list: it was registered here.
    Here,
}

impl List {
    /// All of them.
    pub const ALL: [List; 4] =
        [List::BuyingCatalogue, List::DspToolkit, List::PrincipalSuppliers, List::Here];

    /// The name in addresses and files.
    pub const fn slug(self) -> &'static str {
        match self {
            List::BuyingCatalogue => "buying-catalogue",
            List::DspToolkit => "dsp-toolkit",
            List::PrincipalSuppliers => "principal-suppliers",
            List::Here => "here",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            List::BuyingCatalogue => "the buying catalogue",
            List::DspToolkit => "the DSP Toolkit’s register",
            List::PrincipalSuppliers => "the list of practices’ principal suppliers",
            List::Here => "this platform",
        }
    }
}

/// Who a supplier is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierDetails {
    /// The legal entity, as it writes itself.
    pub legal_name: String,
    /// The names it trades under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trading_names: Vec<String>,
    /// Its number at Companies House, eight characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_number: Option<String>,
    /// Its ODS code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ods_code: Option<OdsCode>,
}

/// A supplier was heard of for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierRegistered {
    /// Its id here.
    pub supplier: SupplierId,
    /// Who it is.
    pub details: SupplierDetails,
    /// Where it was heard of.
    pub listing: Listing,
}

/// Something of what is known of the supplier itself turned out differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierAmended {
    /// Which supplier.
    pub supplier: SupplierId,
    /// Who it is, whole.
    pub details: SupplierDetails,
    /// The names of the fields of [`SupplierDetails`] that differ from before.
    pub changed: Vec<String>,
}

/// An entry of a list resembles a supplier too much to be a new one, and too little to be it: someone
/// has to look. Settled by [`ListingMatched`] or [`SupplierRegistered`] with the same entry, or by
/// [`ListingRejected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingHeld {
    /// The entry.
    pub listing: Listing,
    /// Who it says it is.
    pub details: SupplierDetails,
    /// Whom it resembles.
    pub resembles: Vec<SupplierId>,
}

/// An entry that was held names no supplier, such as a word like `None`. A later [`ListingMatched`] or
/// [`SupplierRegistered`] with the same entry takes that back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingRejected {
    /// The entry.
    pub listing: Listing,
    /// Why.
    pub reason: String,
}

/// A row of a list says something that cannot be recorded yet: no one has said which supplier its entry is, or what
/// its words mean. It is recorded once that is decided, and [`RowSettled`] then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowWaiting {
    /// The entry it is of.
    pub listing: Listing,
    /// The number of the row among those of this entry that ever waited, from 1.
    pub row: u16,
    /// The date of its file.
    pub as_of: Day,
    /// What it says.
    pub says: RowSays,
}

/// What a row that waits says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowSays {
    /// A company has published a result of the toolkit.
    Published {
        /// The company, as the register calls it.
        name: String,
        /// The status, as the register has it.
        status: String,
        /// When it was published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Day>,
    },
    /// A supplier offers a service.
    Offered {
        /// The service's id with that supplier.
        service: ServiceId,
        /// The product.
        product: String,
        /// Its version, where that matters.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        version: String,
        /// What type of service it is, where the list says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<ServiceTypeId>,
    },
}

/// A row that waited was recorded, or leads to nothing by what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSettled {
    /// The entry it is of.
    pub listing: Listing,
    /// Its number.
    pub row: u16,
}

/// An entry of another list was found to be this supplier. Never a guess: by a number, by the very
/// name of a legal entity, or by someone who looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingMatched {
    /// Which supplier.
    pub supplier: SupplierId,
    /// The entry.
    pub listing: Listing,
    /// The name it has there.
    pub name: String,
    /// How it was found.
    pub by: MatchedBy,
}

/// How an entry was found to be a supplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchedBy {
    /// Both have the same ODS code.
    OdsCode,
    /// Both have the same company number.
    CompanyNumber,
    /// The legal names are the same but for case, punctuation and the form of company.
    LegalName,
    /// Someone looked and said so.
    Person,
}

/// An entry that was taken for this supplier is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingParted {
    /// Which supplier.
    pub supplier: SupplierId,
    /// The entry.
    pub listing: Listing,
    /// Why.
    pub reason: String,
}

/// A service as it is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppliedService {
    /// The product.
    pub product: String,
    /// Its version, where that matters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What type of service it is: what has to be certified depends on it.
    pub service_type: ServiceTypeId,
}

/// The supplier offers a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceOffered {
    /// Which supplier.
    pub supplier: SupplierId,
    /// The service's id with that supplier.
    pub service: ServiceId,
    /// What it is.
    pub offered: SuppliedService,
}

/// What is known of a service changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAmended {
    /// Which supplier.
    pub supplier: SupplierId,
    /// Which service.
    pub service: ServiceId,
    /// What it is, whole.
    pub offered: SuppliedService,
    /// The names of the fields of [`SuppliedService`] that differ from before.
    pub changed: Vec<String>,
}

/// The supplier no longer offers a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRetired {
    /// Which supplier.
    pub supplier: SupplierId,
    /// Which service.
    pub service: ServiceId,
}

/// A certificate as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The scheme.
    pub scheme: SchemeId,
    /// The number as printed; schemes have had many patterns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// The legal entity it names.
    pub holder: String,
    /// The body that issued it, as printed.
    pub issuer: String,
    /// The first day it is good for.
    pub issued: Day,
    /// The last day; none where the scheme sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Day>,
    /// Its scope in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

/// A certificate was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRecorded {
    /// Whose it is.
    pub supplier: SupplierId,
    /// Its number among this supplier's, from 1.
    pub certificate: u16,
    /// The number of the review by which it was found to be this supplier's, where another has one of the same
    /// scheme and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<u16>,
    /// What it says.
    pub printed: Certificate,
}

/// A certificate was followed by a new one. What was said of the old one's coverage has to be said anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRenewed {
    /// Whose it is.
    pub supplier: SupplierId,
    /// The number of the new one.
    pub certificate: u16,
    /// The number of the one before.
    pub renews: u16,
    /// The number of the review by which it was found to be this supplier's, where another has one of the same
    /// scheme and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<u16>,
    /// What the new one says.
    pub printed: Certificate,
}

/// A certificate was shown that another supplier has on record, by its scheme and number. It counts for nothing
/// until someone has looked: settled by [`CertificateRecorded`] or [`CertificateRenewed`] with the number of the
/// review, or by [`CertificateRejected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateHeldForReview {
    /// Who showed it.
    pub supplier: SupplierId,
    /// The number of the review among this supplier's, from 1.
    pub review: u16,
    /// The number of the certificate it is to follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<u16>,
    /// The other supplier that has it.
    pub also_of: SupplierId,
    /// What it says.
    pub printed: Certificate,
}

/// A certificate that was held for review is not this supplier's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRejected {
    /// Who showed it.
    pub supplier: SupplierId,
    /// The number of the review.
    pub review: u16,
    /// Why.
    pub reason: String,
}

/// A certificate does not count from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateSuspended {
    /// Whose it is.
    pub supplier: SupplierId,
    /// Which one.
    pub certificate: u16,
    /// Why.
    pub reason: String,
}

/// A suspended certificate counts again from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateReinstated {
    /// Whose it is.
    pub supplier: SupplierId,
    /// Which one.
    pub certificate: u16,
}

/// A certificate was taken back for good from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateWithdrawn {
    /// Whose it is.
    pub supplier: SupplierId,
    /// Which one.
    pub certificate: u16,
    /// Why.
    pub reason: String,
}

/// Someone said whether a certificate covers a service. What is said last counts, from its
/// effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageStated {
    /// Whose certificate.
    pub supplier: SupplierId,
    /// Which one.
    pub certificate: u16,
    /// Which service.
    pub service: ServiceId,
    /// Whether it covers it.
    pub covers: Answer,
    /// Who says so.
    pub said_by: Voice,
    /// On what ground, such as the words of the scope.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ground: String,
}

/// Who says whether a certificate covers a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Voice {
    /// The supplier.
    Supplier,
    /// The body that issued it.
    Issuer,
    /// Someone who read the certificate for an organisation of the NHS.
    Reader,
}

impl Voice {
    /// All of them.
    pub const ALL: [Voice; 3] = [Voice::Supplier, Voice::Issuer, Voice::Reader];

    /// Whether it is someone other than the supplier.
    pub const fn is_independent(self) -> bool {
        !matches!(self, Voice::Supplier)
    }

    /// The name in addresses and forms.
    pub const fn slug(self) -> &'static str {
        match self {
            Voice::Supplier => "supplier",
            Voice::Issuer => "issuer",
            Voice::Reader => "reader",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Voice::Supplier => "the supplier",
            Voice::Issuer => "the body that issued it",
            Voice::Reader => "someone who read the certificate for the NHS",
        }
    }
}

/// The supplier lets another do part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubSupplierNamed {
    /// Which supplier.
    pub supplier: SupplierId,
    /// The other one.
    pub sub_supplier: SupplierId,
    /// For which service; none: for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// What it does, such as hosting.
    pub part: String,
}

/// Another no longer does part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubSupplierReleased {
    /// Which supplier.
    pub supplier: SupplierId,
    /// The other one.
    pub sub_supplier: SupplierId,
    /// For which service; none: for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
}

/// What an organisation uses: a service, or, where that is not known, something of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Used {
    /// Of which supplier.
    pub supplier: SupplierId,
    /// Which service of theirs; none where only the supplier is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// What type of service it is to the user.
    pub service_type: ServiceTypeId,
}

/// An organisation uses a service from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngagementBegun {
    /// Who uses it.
    pub organisation: OdsCode,
    /// What.
    pub used: Used,
    /// Where that is known from.
    pub list: List,
}

/// A list says what an organisation uses under a name that no one has matched to a supplier yet. Recorded as
/// an [`EngagementBegun`] of the same effective day once the name is matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngagementWaiting {
    /// Who uses it.
    pub organisation: OdsCode,
    /// The name, as an entry of its list.
    pub listing: Listing,
}

/// An organisation stopped using a service; the effective day is the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngagementEnded {
    /// Who used it.
    pub organisation: OdsCode,
    /// What.
    pub used: Used,
}

/// A buyer checked whether a service is certified as required: what was asked, what was answered,
/// and up to where the log was known. The event is the proof of diligence, and its hash the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificationChecked {
    /// For whom.
    pub organisation: OdsCode,
    /// The number of the check among this organisation's, from 1.
    pub check: u32,
    /// What it is about.
    pub used: Used,
    /// The names as they were then: of the supplier, and of the service.
    pub supplier_name: String,
    /// The service, as it was called then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service_name: String,
    /// The first day of the contract.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// What came of it.
    pub verdict: Verdict,
    /// The answers, five for each demand of the type of service.
    pub answers: Vec<DemandAnswered>,
    /// The last event that was known.
    pub known: Position,
}

/// What was answered for one demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandAnswered {
    /// The scheme that is asked for.
    pub demand: SchemeId,
    /// The certificate that answers it best, as printed; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<(u16, Certificate)>,
    /// Does the legal entity match?
    pub entity: Answer,
    /// Does the level suffice?
    pub level: Answer,
    /// Does the scope cover this service?
    pub scope: Answer,
    /// Do the dates run through the contract?
    pub dates: Answer,
    /// Is the body recognised?
    pub body: Answer,
    /// What came of this demand.
    pub verdict: Verdict,
}

/// A gap until a renewal was accepted by the organisation that uses the service, with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapPlanAgreed {
    /// Who uses the service.
    pub organisation: OdsCode,
    /// Which service.
    pub used: Used,
    /// What is done meanwhile, and what is promised.
    pub plan: String,
    /// The last day it holds.
    pub until: Day,
}

/// An identifier that one supplier alone has was claimed for one. The aggregate is the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierClaimed(pub claims::IdentifierClaimed);

/// A claim to an identifier came to nothing; or, on the subject of a supplier, another took it over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierReleased(pub claims::IdentifierReleased);

/// An import is about to record its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportBegun(pub imports::ImportBegun);

/// A file was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileImported(pub imports::FileImported);

/// An import was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportWithdrawn(pub imports::ImportWithdrawn);
