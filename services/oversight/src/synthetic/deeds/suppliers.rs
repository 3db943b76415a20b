//! Suppliers with their certificates, and what practices use and check.

use proto::{
    Day, OdsCode, Position, ServiceId, ServiceTypeId, SupplierId,
    certification::{Answer, Dossier},
    suppliers::{
        Certificate, CertificateRecorded, CertificateRenewed, CertificationChecked, CoverageStated,
        EngagementBegun, GapPlanAgreed, List, Listing, ServiceOffered, SuppliedService, SupplierDetails,
        SupplierEvent, SupplierRegistered, Used, Voice,
    },
};

use super::{Place, Told, Writer, code};
use crate::synthetic::{
    calendar::{day, working_day_by},
    chance::{happens, weighted},
    geography::{Ccg, Geography, Practice},
    words::MARK,
};

/// A supplier of the synthetic England: its name, what it offers and as what type of service, and how its
/// certificates run.
struct Invented {
    id: &'static str,
    name: &'static str,
    product: &'static str,
    service_type: &'static str,
    /// The schemes it is certified by, each with its first day in 2017, in order of day, and what became
    /// of the certificate.
    certificates: &'static [(&'static str, (i8, i8), Course)],
    /// Whether the certificates are said to cover the product.
    covers: Answer,
}

/// What became of a certificate when its year was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// It was renewed on its day, and the product said to be covered again.
    Renewed,
    /// No one renewed it, or its year is not over.
    Ends,
}

use Course::{Ends, Renewed};

/// The ODS code of the first of the suppliers, which keeps its own record here.
pub const OWN_RECORD: &str = "ZZSUPPLIER";

const SUPPLIERS: [Invented; 8] = [
    Invented {
        id: "syn-alder",
        name: "Alder Records Limited",
        product: "Alder Record",
        service_type: "clinical-system",
        certificates: &[
            ("dsp-toolkit", (4, 24), Renewed),
            ("cyber-essentials-plus", (5, 29), Renewed),
            ("dcb0129", (6, 5), Ends),
        ],
        covers: Answer::Yes,
    },
    Invented {
        id: "syn-birch",
        name: "Birch Clinical Limited",
        product: "Birch One",
        service_type: "clinical-system",
        certificates: &[
            ("cyber-essentials-plus", (4, 10), Renewed),
            ("dcb0129", (6, 7), Ends),
            ("dsp-toolkit", (6, 12), Ends),
        ],
        covers: Answer::Yes,
    },
    // Its certificate ends in May, and no one renews it.
    Invented {
        id: "syn-cedar",
        name: "Cedar Health Systems Limited",
        product: "Cedar Desk",
        service_type: "clinical-system",
        certificates: &[
            ("cyber-essentials-plus", (5, 15), Ends),
            ("dcb0129", (6, 9), Ends),
            ("dsp-toolkit", (6, 12), Ends),
        ],
        covers: Answer::Yes,
    },
    Invented {
        id: "syn-dogwood",
        name: "Dogwood Messaging Limited",
        product: "Dogwood Messages",
        service_type: "messaging",
        certificates: &[("cyber-essentials", (3, 6), Renewed), ("dsp-toolkit", (5, 22), Renewed)],
        covers: Answer::Yes,
    },
    // The company is certified; no one says that its product is.
    Invented {
        id: "syn-elm",
        name: "Elm Documents Limited",
        product: "Elm Letters",
        service_type: "document-management",
        certificates: &[("dsp-toolkit", (6, 12), Ends), ("cyber-essentials-plus", (6, 20), Ends)],
        covers: Answer::Unknown,
    },
    Invented {
        id: "syn-fir",
        name: "Fir Networks Limited",
        product: "Fir Lines",
        service_type: "network",
        certificates: &[("cyber-essentials", (8, 1), Ends)],
        covers: Answer::Yes,
    },
    Invented {
        id: "syn-gorse",
        name: "Gorse IT Support Limited",
        product: "Gorse Desk",
        service_type: "it-support",
        certificates: &[("dsp-toolkit", (6, 12), Ends), ("cyber-essentials-plus", (6, 30), Ends)],
        covers: Answer::Yes,
    },
    Invented {
        id: "syn-hazel",
        name: "Hazel Telephony Limited",
        product: "Hazel Calls",
        service_type: "messaging",
        certificates: &[],
        covers: Answer::Unknown,
    },
];

/// Something that is done around suppliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supply {
    /// A supplier is registered.
    Register(u8),
    /// It offers its product.
    Offer(u8),
    /// It shows the certificate with this index for the first time or, a year on, again.
    Certify {
        /// Whose.
        supplier: u8,
        /// Which of its schemes.
        scheme: u8,
        /// Whether it is the renewal.
        again: bool,
    },
    /// It is said that the certificate covers the product.
    Cover {
        /// Whose.
        supplier: u8,
        /// Which of its schemes.
        scheme: u8,
        /// Whether it is the renewal.
        again: bool,
    },
    /// A practice uses a supplier's product.
    Use {
        /// Which practice, by its place.
        practice: u32,
        /// Whose product.
        supplier: u8,
    },
    /// A practice checks it.
    Check {
        /// Which practice.
        practice: u32,
        /// Whose product.
        supplier: u8,
        /// The number of the check.
        number: u8,
    },
    /// A practice bridges a gap.
    Bridge {
        /// Which practice.
        practice: u32,
        /// Whose product.
        supplier: u8,
    },
}

impl Writer<'_> {
    pub(super) fn suppliers(&mut self) {
        for (supplier, invented) in (0u8..).zip(&SUPPLIERS) {
            let minute = u32::from(supplier) * 20;
            self.at_the_start(minute, Supply::Register(supplier), None);
            self.at_the_start(minute + 1, Supply::Offer(supplier), None);
            for (scheme, (_, _, course)) in (0u8..).zip(invented.certificates) {
                let (first, again) = (starts(invented, scheme), starts(invented, scheme).plus_days(365));
                let known = minute + 2 + 2 * u32::from(scheme);
                let show = |writer: &mut Self, on: Day, again: bool| {
                    let certify = Supply::Certify { supplier, scheme, again };
                    let cover = Supply::Cover { supplier, scheme, again };
                    if on < day(2017, 6, 3) {
                        writer.at_the_start(known, certify, Some(on));
                        writer.at_the_start(known + 1, cover, Some(on));
                    } else {
                        // Before anyone comes to the office and checks.
                        let time = writer.clocks.at(on, 28_800 + 120 * u32::from(scheme));
                        writer.deeds.push((time, certify.into(), None));
                        let later = writer.clocks.at(on, 28_860 + 120 * u32::from(scheme));
                        writer.deeds.push((later, cover.into(), None));
                    }
                };
                show(self, first, false);
                if *course == Renewed {
                    show(self, again, true);
                }
            }
        }
    }

    /// A clinical system, mostly messages, sometimes letters and lines; a well-kept practice checks them.
    pub(super) fn purchases(&mut self, practice: &Practice, ccg: &Ccg, number: u32, first: Day, last: Day) {
        let mut uses = vec![[0u8, 1, 2][weighted(self.rng, &[0.56, 0.39, 0.05])]];
        let messages = [None, Some(3u8), Some(7)][weighted(self.rng, &[0.18, 0.8, 0.02])];
        uses.extend(messages);
        if happens(self.rng, 0.12) {
            uses.push(4);
        }
        let since = practice.opened.max(day(2014, 4, 1));
        let careful = (0.88 + 0.05 * ccg.care).clamp(0.5, 0.985);
        let mut checks: Vec<(Day, u8)> = Vec::new();
        for supplier in uses {
            let known = first.plus_days(self.rng.i32(0..6));
            if known > last {
                break;
            }
            self.on(known, Supply::Use { practice: number, supplier }, Some(since.min(known)));
            let checked = known.plus_days(self.rng.i32(7..240));
            if happens(self.rng, careful) && checked <= last {
                checks.push((working_day_by(checked).max(known.plus_days(1)), supplier));
            }
            // Some of those who will lose a certificate in May agree what to do meanwhile.
            if supplier == 2 && last >= day(2018, 3, 29) && happens(self.rng, 0.4) {
                self.on(day(2018, 3, 20), Supply::Bridge { practice: number, supplier }, None);
            }
        }
        checks.sort_unstable();
        // One a day at most: they are numbered in order of time.
        checks.dedup_by_key(|(on, _)| *on);
        for ((on, supplier), check) in checks.into_iter().zip(1u8..) {
            self.on(on, Supply::Check { practice: number, supplier, number: check }, None);
        }
    }
}

/// The first day of a supplier's first certificate of a scheme.
fn starts(invented: &Invented, scheme: u8) -> Day {
    let (_, (month, on), _) = invented.certificates[usize::from(scheme)];
    day(2017, month, on)
}

/// Tells what is done around suppliers.
#[derive(Debug)]
pub(super) struct Teller {
    /// What will be known of each supplier's certificates.
    dossiers: Vec<Dossier>,
}

impl Teller {
    /// Knows what every supplier will be certified for.
    pub fn new() -> Self {
        Self { dossiers: (0..SUPPLIERS.len() as u8).map(dossier).collect() }
    }

    /// A deed of a day as an event.
    pub fn tell(&self, land: &Geography, deed: Supply, on: Day) -> Told {
        let code = |practice: u32| land.practices[practice as usize].code;
        let (place, event): (Place, SupplierEvent) = match deed {
            Supply::Register(supplier) => (Place::Supplier(id_of(supplier)), registered(supplier)),
            Supply::Offer(supplier) => (Place::Supplier(id_of(supplier)), offered(supplier)),
            Supply::Certify { supplier, scheme, again } => {
                (Place::Supplier(id_of(supplier)), certified(supplier, scheme, again))
            }
            Supply::Cover { supplier, scheme, again } => {
                (Place::Supplier(id_of(supplier)), covered(supplier, scheme, again))
            }
            Supply::Use { practice, supplier } => {
                let (organisation, list) = (code(practice), List::PrincipalSuppliers);
                let event = EngagementBegun { organisation, used: used(supplier), list };
                (Place::Buyer(organisation), event.into())
            }
            Supply::Check { practice, supplier, number } => {
                let organisation = code(practice);
                (Place::Buyer(organisation), self.checked(organisation, supplier, number, on))
            }
            Supply::Bridge { practice, supplier } => {
                let organisation = code(practice);
                let event = GapPlanAgreed {
                    organisation,
                    used: used(supplier),
                    plan: "The supplier has booked the assessment and reports every week.".to_owned(),
                    until: day(2018, 6, 15),
                };
                (Place::Buyer(organisation), event.into())
            }
        };
        (place, event.into())
    }

    fn checked(&self, organisation: OdsCode, supplier: u8, number: u8, on: Day) -> SupplierEvent {
        let (from, to) = (on, on.plus_days(364));
        let used = used(supplier);
        let (verdict, answers) =
            self.dossiers[usize::from(supplier)].judge(used.service, used.service_type, from, to);
        let event = CertificationChecked {
            organisation,
            check: number.into(),
            used,
            supplier_name: name_of(supplier),
            service_name: product_name(supplier),
            from,
            to,
            verdict,
            answers,
            known: Position::START,
        };
        event.into()
    }
}

fn id_of(supplier: u8) -> SupplierId {
    code(SUPPLIERS[usize::from(supplier)].id)
}

fn name_of(supplier: u8) -> String {
    format!("{MARK} {}", SUPPLIERS[usize::from(supplier)].name)
}

fn product_name(supplier: u8) -> String {
    format!("{MARK} {}", SUPPLIERS[usize::from(supplier)].product)
}

fn type_of(supplier: u8) -> ServiceTypeId {
    code(SUPPLIERS[usize::from(supplier)].service_type)
}

/// Each has one product.
fn product() -> ServiceId {
    code("product")
}

fn used(supplier: u8) -> Used {
    Used { supplier: id_of(supplier), service: Some(product()), service_type: type_of(supplier) }
}

fn registered(supplier: u8) -> SupplierEvent {
    let ods_code = (supplier == 0).then(|| code(OWN_RECORD));
    let details = SupplierDetails { legal_name: name_of(supplier), ods_code, ..SupplierDetails::default() };
    let listing = Listing { list: List::BuyingCatalogue, entry: format!("synthetic-{supplier}") };
    SupplierRegistered { supplier: id_of(supplier), details, listing }.into()
}

fn offered(supplier: u8) -> SupplierEvent {
    let offered = SuppliedService {
        product: product_name(supplier),
        version: String::new(),
        service_type: type_of(supplier),
    };
    ServiceOffered { supplier: id_of(supplier), service: product(), offered }.into()
}

fn certified(supplier: u8, scheme: u8, again: bool) -> SupplierEvent {
    let invented = &SUPPLIERS[usize::from(supplier)];
    let (name, ..) = invented.certificates[usize::from(scheme)];
    let first = starts(invented, scheme);
    let issued = if again { first.plus_days(365) } else { first };
    let issuer = match name {
        "dsp-toolkit" => "NHS Digital",
        "dcb0129" => "Clinical safety officer",
        _ => "Invented Assessors (IASME)",
    };
    let printed = Certificate {
        scheme: code(name),
        number: format!("SYN-{}-{scheme}-{}", &invented.id[4..], i32::from(again) + 1),
        holder: name_of(supplier),
        issuer: issuer.to_owned(),
        issued,
        expires: (name != "dcb0129").then(|| issued.plus_days(364)),
        scope: "The whole organisation and its products".to_owned(),
    };
    let certificate = number_of(supplier, scheme, again);
    if again {
        let renews = number_of(supplier, scheme, false);
        return CertificateRenewed { supplier: id_of(supplier), certificate, renews, review: None, printed }
            .into();
    }
    CertificateRecorded { supplier: id_of(supplier), certificate, review: None, printed }.into()
}

fn covered(supplier: u8, scheme: u8, again: bool) -> SupplierEvent {
    let event = CoverageStated {
        supplier: id_of(supplier),
        certificate: number_of(supplier, scheme, again),
        service: product(),
        covers: SUPPLIERS[usize::from(supplier)].covers,
        said_by: Voice::Supplier,
        ground: "The scope names it.".to_owned(),
    };
    event.into()
}

/// The number of a certificate: those of the first year, then those of the second.
fn number_of(supplier: u8, scheme: u8, again: bool) -> u16 {
    let schemes = SUPPLIERS[usize::from(supplier)].certificates.len() as u16;
    u16::from(scheme) + 1 + if again { schemes } else { 0 }
}

/// What will be known of a supplier's certificates.
fn dossier(supplier: u8) -> Dossier {
    let mut dossier = Dossier::default();
    dossier.apply(&registered(supplier), day(2017, 6, 2));
    let invented = &SUPPLIERS[usize::from(supplier)];
    for again in [false, true] {
        for (scheme, (_, _, course)) in (0u8..).zip(invented.certificates) {
            let on = starts(invented, scheme).plus_days(if again { 365 } else { 0 });
            if again && *course == Ends {
                continue;
            }
            dossier.apply(&certified(supplier, scheme, again), on);
            dossier.apply(&covered(supplier, scheme, again), on);
        }
    }
    dossier
}
