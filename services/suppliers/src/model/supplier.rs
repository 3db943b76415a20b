//! A supplier: who it is, what it offers, and what is certified.

use std::collections::BTreeMap;

use chassis::{
    Aggregate, Context, Refusal, When,
    claims::{ClaimEvents as _, Holder as _},
    refusal::{needed, needed_line, optional, optional_line},
};
use proto::{
    Day, ServiceId, SupplierId,
    certification::{Answer, Dossier, Held, table},
    claims::IdentifierReleased,
    suppliers::{
        Certificate, CertificateHeldForReview, CertificateRecorded, CertificateReinstated,
        CertificateRejected, CertificateRenewed, CertificateSuspended, CertificateWithdrawn, CoverageStated,
        Listing, ListingMatched, ListingParted, MatchedBy, ServiceAmended, ServiceOffered, ServiceRetired,
        SubSupplierNamed, SubSupplierReleased, SuppliedService, SupplierAmended, SupplierDetails,
        SupplierEvent, SupplierRegistered, Voice,
    },
};
use serde::{Deserialize, Serialize};

use super::{NAME_MAX_CHARS, TEXT_MAX_CHARS};

/// The most trading names of a supplier.
const TRADING_NAMES_MAX: usize = 20;
/// The most services of a supplier.
const SERVICES_MAX: usize = 500;
/// The most certificates of a supplier: two dozen a year for twenty years.
const CERTIFICATES_MAX: usize = 500;
/// The most sub-suppliers of a supplier.
const SUB_SUPPLIERS_MAX: usize = 100;
/// The type of service that is not known more closely.
const OTHER: &str = "other";

/// A supplier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Its id; none before it is registered.
    pub id: Option<SupplierId>,
    /// Who it is, and its certificates.
    pub dossier: Dossier,
    /// The entries of lists that are this supplier.
    pub listings: Vec<Listing>,
    /// What it offers.
    pub services: BTreeMap<ServiceId, Offered>,
    /// Who does part of it.
    pub sub_suppliers: Vec<(SupplierId, Option<ServiceId>, String)>,
    /// Certificates held for review, in the order in which they were shown.
    pub in_review: Vec<CertificateHeldForReview>,
    /// How many were ever held.
    pub reviews: u16,
    /// The highest number that was ever given to a certificate.
    pub last_certificate: u16,
}

/// A service it offers, or offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// What it is.
    pub service: SuppliedService,
    /// The last day it was offered.
    pub retired: Option<Day>,
}

/// What can be asked of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupplierCommand {
    /// Take note of a supplier that no one knew.
    Register {
        /// Its id.
        supplier: SupplierId,
        /// Who it is.
        details: SupplierDetails,
        /// Where it was heard of.
        listing: Listing,
    },
    /// Note who it really is.
    Amend(SupplierDetails),
    /// An entry of another list is this supplier.
    Match {
        /// The entry.
        listing: Listing,
        /// Its name there.
        name: String,
        /// How that was found.
        by: MatchedBy,
    },
    /// An entry is not this supplier after all.
    Part {
        /// The entry.
        listing: Listing,
        /// Why.
        reason: String,
    },
    /// It offers a service, or one of another version; of no type that is said the type stays.
    Offer {
        /// The service.
        service: ServiceId,
        /// The product.
        product: String,
        /// Its version.
        version: String,
        /// Its type.
        service_type: Option<proto::ServiceTypeId>,
    },
    /// It no longer offers a service.
    Retire(ServiceId),
    /// A certificate was shown.
    Certify {
        /// What it says.
        printed: Certificate,
        /// The one it follows.
        renews: Option<u16>,
        /// Another supplier that has one of the same scheme and number: someone has to look first.
        also_of: Option<SupplierId>,
    },
    /// Someone looked at a certificate that was held for review.
    Review {
        /// The number of the review.
        review: u16,
        /// What they found.
        finding: ReviewFinding,
    },
    /// A certificate does not count for the time being.
    Suspend {
        /// Which.
        certificate: u16,
        /// Why.
        reason: String,
    },
    /// A suspended certificate counts again.
    Reinstate(u16),
    /// A certificate was taken back.
    Withdraw {
        /// Which.
        certificate: u16,
        /// Why.
        reason: String,
    },
    /// Someone says whether a certificate covers a service.
    StateCoverage {
        /// Which certificate.
        certificate: u16,
        /// Which service.
        service: ServiceId,
        /// Whether it does.
        covers: Answer,
        /// Who says so.
        said_by: Voice,
        /// On what ground.
        ground: String,
    },
    /// Another does part of it.
    NameSubSupplier {
        /// Who.
        sub_supplier: SupplierId,
        /// For which service.
        service: Option<ServiceId>,
        /// What.
        part: String,
    },
    /// Another no longer does.
    ReleaseSubSupplier {
        /// Who.
        sub_supplier: SupplierId,
        /// For which service.
        service: Option<ServiceId>,
    },
    /// Another took over its claim to something it does not have.
    LoseClaim(IdentifierReleased),
}

/// What was found of a certificate that another supplier has on record, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewFinding {
    /// It is this supplier's, whosever the other one is.
    Own,
    /// It is not this supplier's.
    NotOwn {
        /// Why.
        reason: String,
    },
}

/// A number at Companies House as the register writes it: eight characters, zeros put before the digits.
pub fn company_number(text: &str) -> Result<Option<String>, Refusal> {
    let number: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
    if number.is_empty() {
        return Ok(None);
    }
    let digits = number.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let prefix = number.strip_suffix(digits).unwrap_or_default();
    let fits = prefix.len() <= 2
        && !digits.is_empty()
        && prefix.len() + digits.len() <= 8
        && digits.bytes().all(|b| b.is_ascii_digit());
    if !fits {
        let text = "a company number is up to eight digits, or two letters and six digits, such as 01234567 or SC123456";
        return Err(Refusal::at("company_number", text));
    }
    Ok(Some(format!("{prefix}{digits:0>width$}", width = 8 - prefix.len())))
}

/// The details, checked and tidied.
fn checked(details: &SupplierDetails) -> Result<SupplierDetails, Refusal> {
    if details.trading_names.len() > TRADING_NAMES_MAX {
        let text = format!("a supplier may have up to {TRADING_NAMES_MAX} trading names");
        return Err(Refusal::at("trading_names", text));
    }
    let mut trading_names = Vec::new();
    for name in &details.trading_names {
        let name = needed_line("trading_names", "a trading name", name, NAME_MAX_CHARS)?;
        if !trading_names.contains(&name) {
            trading_names.push(name);
        }
    }
    Ok(SupplierDetails {
        legal_name: needed_line(
            "legal_name",
            "the name of the legal entity",
            &details.legal_name,
            NAME_MAX_CHARS,
        )?,
        trading_names,
        company_number: company_number(details.company_number.as_deref().unwrap_or_default())?,
        ods_code: details.ods_code,
    })
}

/// The certificate, checked and tidied.
fn checked_certificate(printed: &Certificate) -> Result<Certificate, Refusal> {
    let Some(scheme) = table().scheme(printed.scheme) else {
        let known: Vec<&str> = table().schemes().iter().map(|scheme| scheme.id.as_str()).collect();
        return Err(Refusal::at("scheme", format!("the schemes are {}", known.join(", "))));
    };
    if let (None, Some(months)) = (printed.expires, scheme.months) {
        let text = format!("say the last day: a certificate of this scheme is good for {months} months");
        return Err(Refusal::at("expires", text));
    }
    if printed.expires.is_some_and(|last| last < printed.issued) {
        return Err(Refusal::at("expires", "the last day of a certificate cannot lie before its first"));
    }
    Ok(Certificate {
        scheme: printed.scheme,
        number: optional_line("number", "the number", &printed.number, NAME_MAX_CHARS)?,
        holder: needed_line("holder", "the legal entity that it names", &printed.holder, NAME_MAX_CHARS)?,
        issuer: needed_line("issuer", "the body that issued it", &printed.issuer, NAME_MAX_CHARS)?,
        issued: printed.issued,
        expires: printed.expires,
        scope: optional("scope", "the scope", &printed.scope, TEXT_MAX_CHARS)?,
    })
}

/// Whether two certificates are one: their numbers are the same whatever their case and blanks, and all else
/// is.
fn is_same(one: &Certificate, other: &Certificate) -> bool {
    let numbered_alike = Certificate { number: one.number.clone(), ..other.clone() };
    number_key(&one.number) == number_key(&other.number) && *one == numbered_alike
}

/// A certificate's number without regard to case and blanks.
pub(crate) fn number_key(number: &str) -> String {
    number.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

impl Supplier {
    fn registered(&self) -> Result<SupplierId, Refusal> {
        self.id.ok_or_else(|| Refusal::unknown("there is no such supplier"))
    }

    /// A certificate of a number.
    pub fn held(&self, number: u16) -> Result<&Held, Refusal> {
        self.dossier
            .certificate(number)
            .ok_or_else(|| Refusal::unknown(format!("this supplier has no certificate {number}")))
    }

    fn offered(&self, service: ServiceId) -> Result<&Offered, Refusal> {
        self.services
            .get(&service)
            .ok_or_else(|| Refusal::unknown(format!("this supplier has no service {service}")))
    }

    /// A certificate that is held for review, by the number of the review.
    pub fn held_for_review(&self, review: u16) -> Result<&CertificateHeldForReview, Refusal> {
        self.in_review.iter().find(|held| held.review == review).ok_or_else(|| {
            if (1..=self.reviews).contains(&review) {
                Refusal::as_things_stand(format!("review {review} of this supplier has been decided"))
            } else {
                Refusal::unknown(format!("this supplier has no certificate in review {review}"))
            }
        })
    }

    /// What a certificate that was shown leads to, once it is known to be this supplier's.
    fn certify(
        &self,
        printed: &Certificate,
        renews: Option<u16>,
        review: Option<u16>,
    ) -> Result<Option<SupplierEvent>, Refusal> {
        let supplier = self.registered()?;
        let printed = checked_certificate(printed)?;
        let certificates = &self.dossier.certificates;
        if certificates.iter().any(|held| is_same(&held.printed, &printed)) {
            return Ok(None);
        }
        if certificates.len() + self.in_review.len() >= CERTIFICATES_MAX && review.is_none() {
            let text = format!("a supplier may have up to {CERTIFICATES_MAX} certificates");
            return Err(Refusal::as_things_stand(text));
        }
        let certificate = self.last_certificate.saturating_add(1);
        let Some(renews) = renews else {
            return Ok(Some(CertificateRecorded { supplier, certificate, review, printed }.into()));
        };
        let before = self.held(renews)?;
        if before.printed.scheme != printed.scheme {
            return Err(Refusal::at("scheme", "a certificate is renewed by one of the same scheme"));
        }
        if printed.issued <= before.printed.issued {
            return Err(Refusal::at("issued", "a renewal begins after the certificate that it follows"));
        }
        if let Some(other) = certificates.iter().find(|held| held.renews == Some(renews)) {
            let text = format!("certificate {renews} was renewed already, by certificate {}", other.number);
            return Err(Refusal::as_things_stand(text));
        }
        Ok(Some(CertificateRenewed { supplier, certificate, renews, review, printed }.into()))
    }

    /// Holds a certificate that another supplier has, too, if nothing but that speaks against it.
    fn hold(
        &self,
        printed: &Certificate,
        renews: Option<u16>,
        also_of: SupplierId,
    ) -> Result<Option<SupplierEvent>, Refusal> {
        let supplier = self.registered()?;
        let printed = checked_certificate(printed)?;
        let is_new = self.certify(&printed, renews, None)?.is_some();
        let is_held = self.in_review.iter().any(|held| is_same(&held.printed, &printed));
        let review = self.reviews.saturating_add(1);
        let event = CertificateHeldForReview { supplier, review, renews, also_of, printed };
        Ok((is_new && !is_held).then(|| event.into()))
    }

    fn review(&self, review: u16, finding: &ReviewFinding) -> Result<Option<SupplierEvent>, Refusal> {
        let supplier = self.registered()?;
        let held = self.held_for_review(review)?;
        match finding {
            ReviewFinding::Own => self.certify(&held.printed, held.renews, Some(review)),
            ReviewFinding::NotOwn { reason } => {
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                Ok(Some(CertificateRejected { supplier, review, reason }.into()))
            }
        }
    }
}

impl Aggregate for Supplier {
    type Event = SupplierEvent;
    type Command = SupplierCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "supplier";
    const FOLD_VERSION: u32 = 3;

    fn decide(&self, command: &SupplierCommand, context: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        use SupplierCommand as C;
        if let C::Register { supplier, details, listing } = command {
            let details = checked(details)?;
            return match self.listings.first() {
                None => Ok(Some(
                    SupplierRegistered { supplier: *supplier, details, listing: listing.clone() }.into(),
                )),
                Some(first) if first == listing => Ok(None),
                Some(_) => Err(Refusal::as_things_stand("another supplier has this id already")),
            };
        }
        if let C::LoseClaim(lost) = command {
            return Ok((!self.has(&lost.identifier)).then(|| SupplierEvent::released(lost.clone())));
        }
        let supplier = self.registered()?;
        match command {
            C::Register { .. } | C::LoseClaim(_) => Ok(None),
            C::Amend(details) => {
                let details = checked(details)?;
                let before = &self.dossier.details;
                let differs = [
                    ("legal_name", before.legal_name != details.legal_name),
                    ("trading_names", before.trading_names != details.trading_names),
                    ("company_number", before.company_number != details.company_number),
                    ("ods_code", before.ods_code != details.ods_code),
                ];
                let changed = names_of(&differs);
                Ok((!changed.is_empty()).then(|| SupplierAmended { supplier, details, changed }.into()))
            }
            C::Match { listing, name, by } => {
                let name = needed_line("name", "the name", name, NAME_MAX_CHARS)?;
                let event = ListingMatched { supplier, listing: listing.clone(), name, by: *by };
                Ok((!self.listings.contains(listing)).then(|| event.into()))
            }
            C::Part { listing, reason } => {
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                match self.listings.iter().position(|known| known == listing) {
                    Some(0) => Err(Refusal::as_things_stand(
                        "the entry by which the supplier was first heard of stays with it",
                    )),
                    Some(_) => Ok(Some(ListingParted { supplier, listing: listing.clone(), reason }.into())),
                    None => Ok(None),
                }
            }
            C::Offer { service, product, version, service_type } => {
                self.offer(supplier, *service, product, version, *service_type)
            }
            C::Retire(service) => {
                let retired = self.offered(*service)?.retired;
                Ok(retired.is_none().then(|| ServiceRetired { supplier, service: *service }.into()))
            }
            C::Certify { printed, renews, also_of: None } => self.certify(printed, *renews, None),
            C::Certify { printed, renews, also_of: Some(other) } => self.hold(printed, *renews, *other),
            C::Review { review, finding } => self.review(*review, finding),
            C::Suspend { certificate, reason } => {
                let held = self.held(*certificate)?;
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                if held.withdrawn.is_some() {
                    return Err(Refusal::as_things_stand("the certificate was withdrawn"));
                }
                let event = CertificateSuspended { supplier, certificate: *certificate, reason };
                Ok((!held.is_suspended_on(Day::LAST)).then(|| event.into()))
            }
            C::Reinstate(certificate) => {
                let held = self.held(*certificate)?;
                if held.withdrawn.is_some() {
                    return Err(Refusal::as_things_stand("the certificate was withdrawn for good"));
                }
                match held.suspended.last() {
                    Some((from, None)) if context.effective < *from => Err(Refusal::at(
                        "effective",
                        "a certificate cannot be reinstated before it was suspended",
                    )),
                    Some((_, None)) => {
                        Ok(Some(CertificateReinstated { supplier, certificate: *certificate }.into()))
                    }
                    _ => Ok(None),
                }
            }
            C::Withdraw { certificate, reason } => {
                let held = self.held(*certificate)?;
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                let event = CertificateWithdrawn { supplier, certificate: *certificate, reason };
                Ok(held.withdrawn.is_none().then(|| event.into()))
            }
            C::StateCoverage { certificate, service, covers, said_by, ground } => {
                let held = self.held(*certificate)?;
                self.offered(*service)?;
                let ground = optional("ground", "the ground", ground, TEXT_MAX_CHARS)?;
                let same = held.last_said(*service, Day::LAST, *said_by).is_some_and(|said| {
                    (said.covers, said.by, said.ground.as_str()) == (*covers, *said_by, ground.as_str())
                });
                let event = CoverageStated {
                    supplier,
                    certificate: *certificate,
                    service: *service,
                    covers: *covers,
                    said_by: *said_by,
                    ground,
                };
                Ok((!same).then(|| event.into()))
            }
            C::NameSubSupplier { sub_supplier, service, part } => {
                let part = needed_line("part", "what it does", part, NAME_MAX_CHARS)?;
                if *sub_supplier == supplier {
                    return Err(Refusal::at("sub_supplier", "a supplier is not its own sub-supplier"));
                }
                if let Some(service) = service {
                    self.offered(*service)?;
                }
                if self.sub_suppliers.len() >= SUB_SUPPLIERS_MAX {
                    let text = format!("a supplier may have up to {SUB_SUPPLIERS_MAX} sub-suppliers");
                    return Err(Refusal::as_things_stand(text));
                }
                let known = self
                    .sub_suppliers
                    .iter()
                    .any(|(other, of, what)| (other, of, what) == (sub_supplier, service, &part));
                let event =
                    SubSupplierNamed { supplier, sub_supplier: *sub_supplier, service: *service, part };
                Ok((!known).then(|| event.into()))
            }
            C::ReleaseSubSupplier { sub_supplier, service } => {
                let known =
                    self.sub_suppliers.iter().any(|(other, of, _)| (other, of) == (sub_supplier, service));
                let event = SubSupplierReleased { supplier, sub_supplier: *sub_supplier, service: *service };
                Ok(known.then(|| event.into()))
            }
        }
    }

    fn evolve(&mut self, event: &SupplierEvent, when: &When) {
        use SupplierEvent as E;
        self.dossier.apply(event, when.effective);
        match event {
            E::SupplierRegistered(event) => {
                self.id = Some(event.supplier);
                // Again after its import was withdrawn.
                if !self.listings.contains(&event.listing) {
                    self.listings.push(event.listing.clone());
                }
            }
            E::ListingMatched(event) => self.listings.push(event.listing.clone()),
            E::ListingParted(event) => self.listings.retain(|known| *known != event.listing),
            E::ServiceOffered(event) => {
                let offered = Offered { service: event.offered.clone(), retired: None };
                self.services.insert(event.service, offered);
            }
            E::ServiceAmended(event) => {
                let offered = Offered { service: event.offered.clone(), retired: None };
                self.services.insert(event.service, offered);
            }
            E::ServiceRetired(event) => {
                if let Some(offered) = self.services.get_mut(&event.service) {
                    offered.retired = Some(when.effective);
                }
            }
            E::CertificateHeldForReview(event) => {
                self.reviews = self.reviews.max(event.review);
                self.in_review.push(event.clone());
            }
            E::CertificateRecorded(CertificateRecorded { review, printed, certificate, .. })
            | E::CertificateRenewed(CertificateRenewed { review, printed, certificate, .. }) => {
                self.last_certificate = self.last_certificate.max(*certificate);
                self.in_review
                    .retain(|held| Some(held.review) != *review && !is_same(&held.printed, printed));
            }
            E::CertificateRejected(event) => self.in_review.retain(|held| held.review != event.review),
            E::SubSupplierNamed(event) => {
                self.sub_suppliers.push((event.sub_supplier, event.service, event.part.clone()));
            }
            E::SubSupplierReleased(event) => self
                .sub_suppliers
                .retain(|(other, of, _)| (other, of) != (&event.sub_supplier, &event.service)),
            _ => {}
        }
    }

    /// What is said of claims says nothing of the supplier: nothing outlives its import by it.
    fn keeps(event: &SupplierEvent) -> bool {
        event.of_claim().is_none()
    }

    fn outlives(event: &SupplierEvent) -> bool {
        event.says_who_it_is()
    }

    fn take_over(&mut self, whole: &Self) {
        self.reviews = whole.reviews;
        self.last_certificate = whole.last_certificate;
    }
}

impl Supplier {
    fn offer(
        &self,
        supplier: SupplierId,
        service: ServiceId,
        product: &str,
        version: &str,
        service_type: Option<proto::ServiceTypeId>,
    ) -> Result<Option<SupplierEvent>, Refusal> {
        let product = needed_line("product", "the product", product, NAME_MAX_CHARS)?;
        let version = optional_line("version", "the version", version, NAME_MAX_CHARS)?;
        let before = self.services.get(&service);
        let said = service_type.or_else(|| before.map(|offered| offered.service.service_type));
        let Some(service_type) = said.or_else(|| OTHER.parse().ok()) else { return Ok(None) };
        if table().service_type(service_type).is_none() {
            let known: Vec<&str> = table().types().iter().map(|kind| kind.id.as_str()).collect();
            return Err(Refusal::at(
                "service_type",
                format!("the types of service are {}", known.join(", ")),
            ));
        }
        let offered = SuppliedService { product, version, service_type };
        let Some(before) = before else {
            if self.services.len() >= SERVICES_MAX {
                let text = format!("a supplier may have up to {SERVICES_MAX} services");
                return Err(Refusal::as_things_stand(text));
            }
            return Ok(Some(ServiceOffered { supplier, service, offered }.into()));
        };
        let differs = [
            ("product", before.service.product != offered.product),
            ("version", before.service.version != offered.version),
            ("service_type", before.service.service_type != offered.service_type),
        ];
        let changed = names_of(&differs);
        // One that was retired is offered again by the same words.
        let is_new = !changed.is_empty() || before.retired.is_some();
        Ok(is_new.then(|| ServiceAmended { supplier, service, offered, changed }.into()))
    }
}

fn names_of(differs: &[(&str, bool)]) -> Vec<String> {
    differs.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect()
}
