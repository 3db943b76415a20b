//! What else happens in the year: suppliers with their certificates, what practices use and check, and
//! continuity plans with their exercises.
//!
//! Planned in a few bytes a deed and written out only when the log takes them, like everything else here.

use fastrand::Rng;
use jiff::Timestamp;
use proto::{
    Day, Event, OdsCode, Position, ServiceId, ServiceTypeId, SupplierId,
    certification::{Answer, Dossier},
    continuity::{
        Against, Document, ExerciseHeld, ExerciseKind, Impact, Lesson, PlanApproved, PlanReviewed,
        PlanWritten, PlannedSystem, RelianceStated, Scenario,
    },
    suppliers::{
        Certificate, CertificateRecorded, CertificateRenewed, CertificationChecked, CoverageStated,
        EngagementBegun, GapPlanAgreed, List, Listing, ServiceOffered, SuppliedService, SupplierDetails,
        SupplierEvent, SupplierRegistered, Used, Voice,
    },
};

use super::{
    calendar::{Clocks, day, office_hours, working_day_by},
    chance::{happens, weighted},
    england::office_holder,
    geography::{Ccg, Fate, Geography, Practice},
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
    /// Nobody renewed it, or its year is not over.
    Ends,
}

use Course::{Ends, Renewed};

const SUPPLIERS: [Invented; 8] = [
    Invented {
        id: "syn-alder",
        name: "Alder Records Limited",
        product: "Alder Record",
        service_type: "clinical-system",
        certificates: &[
            ("dcb0129", (6, 5), Ends),
            ("dsp-toolkit", (6, 12), Ends),
            ("cyber-essentials-plus", (6, 19), Ends),
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
    // Its certificate ends in May, and nobody renews it.
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
        certificates: &[("cyber-essentials", (3, 6), Renewed), ("dsp-toolkit", (6, 12), Ends)],
        covers: Answer::Yes,
    },
    // The company is certified; nobody says that its product is.
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

/// The delivery partners, by whose plans CCGs stand; one region each.
const PARTNERS: [(&str, &str); 4] = [
    ("ZZPARTNER", "North"),
    ("ZZPARTNER-2", "Midlands"),
    ("ZZPARTNER-3", "London"),
    ("ZZPARTNER-4", "South"),
];

/// Something that is done besides the toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
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
    /// A version of a continuity plan is written.
    Write(Planner),
    /// It is approved.
    Approve(Planner),
    /// It is reviewed.
    Review(Planner),
    /// It is exercised.
    Exercise(Planner),
    /// A CCG leans on the plan of its partner.
    Lean(u16),
}

/// Who has a continuity plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Planner {
    /// A practice, by its place.
    Practice(u32),
    /// A delivery partner, by its place.
    Partner(u8),
}

/// A deed with its time and, where that is another, the day it took effect.
pub type Timed = (Timestamp, Deed, Option<Day>);

/// Writes down what happens besides the toolkit.
pub fn plan(rng: &mut Rng, land: &Geography, clocks: &Clocks) -> Vec<Timed> {
    let mut deeds = Vec::with_capacity(land.practices.len() * 8);
    let mut writer = Writer { rng, clocks, deeds: &mut deeds };
    writer.suppliers();
    writer.partners();
    for ccg in 0..land.ccgs.len() as u16 {
        let seconds = office_hours(writer.rng);
        let time = writer.clocks.at(day(2017, 6, 7), seconds);
        writer.deeds.push((time, Deed::Lean(ccg), Some(day(2017, 4, 1))));
    }
    for (practice, number) in land.practices.iter().zip(0u32..) {
        if !matches!(practice.fate, Fate::LongClosed(_) | Fate::LongDormant) {
            writer.practice(practice, &land.ccgs[practice.ccg], number);
        }
    }
    deeds
}

struct Writer<'a> {
    rng: &'a mut Rng,
    clocks: &'a Clocks,
    deeds: &'a mut Vec<Timed>,
}

impl Writer<'_> {
    fn on(&mut self, on: Day, deed: Deed, effective: Option<Day>) {
        let seconds = office_hours(self.rng);
        let time = self.clocks.at(on, seconds);
        self.deeds.push((time, deed, effective.filter(|day| *day != on)));
    }

    /// At a minute of the first days, so that each comes after what it needs.
    fn at_the_start(&mut self, minute: u32, deed: Deed, effective: Option<Day>) {
        let time = self.clocks.at(day(2017, 6, 2), 32_400 + 60 * minute);
        self.deeds.push((time, deed, effective));
    }

    fn suppliers(&mut self) {
        for (supplier, invented) in (0u8..).zip(&SUPPLIERS) {
            let minute = u32::from(supplier) * 20;
            self.at_the_start(minute, Deed::Register(supplier), None);
            self.at_the_start(minute + 1, Deed::Offer(supplier), None);
            for (scheme, (_, _, course)) in (0u8..).zip(invented.certificates) {
                let (first, again) = (starts(invented, scheme), starts(invented, scheme).plus_days(365));
                let known = minute + 2 + 2 * u32::from(scheme);
                let show = |writer: &mut Self, on: Day, again: bool| {
                    let certify = Deed::Certify { supplier, scheme, again };
                    let cover = Deed::Cover { supplier, scheme, again };
                    if on < day(2017, 6, 3) {
                        writer.at_the_start(known, certify, Some(on));
                        writer.at_the_start(known + 1, cover, Some(on));
                    } else {
                        // Before anybody comes to the office and checks.
                        let time = writer.clocks.at(on, 28_800 + 120 * u32::from(scheme));
                        writer.deeds.push((time, certify, None));
                        let later = writer.clocks.at(on, 28_860 + 120 * u32::from(scheme));
                        writer.deeds.push((later, cover, None));
                    }
                };
                show(self, first, false);
                if *course == Renewed {
                    show(self, again, true);
                }
            }
        }
    }

    fn partners(&mut self) {
        for partner in 0..PARTNERS.len() as u8 {
            let planner = Planner::Partner(partner);
            self.on(day(2017, 6, 6), Deed::Write(planner), None);
            let approved = day(2017, 6, 12).plus_days(7 * i32::from(partner));
            self.on(approved, Deed::Approve(planner), None);
            self.on(approved.plus_days(20), Deed::Exercise(planner), None);
            // The last one forgets its review.
            if usize::from(partner) + 1 < PARTNERS.len() {
                self.on(day(2018, 4, 16).plus_days(i32::from(partner)), Deed::Review(planner), None);
            }
        }
    }

    fn practice(&mut self, practice: &Practice, ccg: &Ccg, number: u32) {
        let (first, last) = match practice.fate {
            Fate::Opens => (practice.opened.plus_days(30).max(day(2017, 6, 8)), day(2018, 5, 31)),
            Fate::Closes(last) => (day(2017, 6, 8), last),
            Fate::FallsDormant => (day(2017, 6, 8), day(2017, 11, 15)),
            _ => (day(2017, 6, 8), day(2018, 5, 31)),
        };
        self.purchases(practice, ccg, number, first, last);
        self.continuity(ccg, number, first, last);
    }

    /// A clinical system, mostly messages, sometimes letters and lines; a well-kept practice checks them.
    fn purchases(&mut self, practice: &Practice, ccg: &Ccg, number: u32, first: Day, last: Day) {
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
            self.on(known, Deed::Use { practice: number, supplier }, Some(since.min(known)));
            let checked = known.plus_days(self.rng.i32(7..240));
            if happens(self.rng, careful) && checked <= last {
                checks.push((working_day_by(checked).max(known.plus_days(1)), supplier));
            }
            // Some of those who lose a certificate in May agree what to do meanwhile.
            if supplier == 2 && last >= day(2018, 5, 25) && happens(self.rng, 0.4) {
                self.on(day(2018, 5, 10), Deed::Bridge { practice: number, supplier }, None);
            }
        }
        checks.sort_unstable();
        // One a day at most: they are numbered in order of time.
        checks.dedup_by_key(|(on, _)| *on);
        for ((on, supplier), check) in checks.into_iter().zip(1u8..) {
            self.on(on, Deed::Check { practice: number, supplier, number: check }, None);
        }
    }

    fn continuity(&mut self, ccg: &Ccg, number: u32, first: Day, last: Day) {
        let planner = Planner::Practice(number);
        let trouble = (-0.6 * ccg.care).exp();
        if happens(self.rng, (0.03 * trouble).min(0.25)) {
            return;
        }
        let written = first.plus_days(self.rng.i32(1..60));
        let approved = written.plus_days(self.rng.i32(2..30));
        let exercised = approved.plus_days(self.rng.i32(10..200));
        if approved > last {
            return;
        }
        self.on(written, Deed::Write(planner), None);
        self.on(approved, Deed::Approve(planner), None);
        if happens(self.rng, (1.0 - 0.06 * trouble).clamp(0.6, 0.97)) && exercised <= last {
            self.on(working_day_by(exercised).max(approved.plus_days(1)), Deed::Exercise(planner), None);
        }
        let reviewed = approved.plus_days(self.rng.i32(240..350));
        if happens(self.rng, 0.55) && reviewed <= last {
            self.on(working_day_by(reviewed).max(approved.plus_days(1)), Deed::Review(planner), None);
        }
    }
}

/// The first day of a supplier's first certificate of a scheme.
fn starts(invented: &Invented, scheme: u8) -> Day {
    let (_, (month, on), _) = invented.certificates[usize::from(scheme)];
    day(2017, month, on)
}

/// Tells deeds as events.
#[derive(Debug)]
pub struct Teller {
    /// What will be known of each supplier's certificates.
    dossiers: Vec<Dossier>,
}

/// Where an event stands, and what it says.
pub type Told = (Place, Event);

/// Whose aggregate an event is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A supplier's.
    Supplier(SupplierId),
    /// A buyer's.
    Buyer(OdsCode),
    /// A continuity plan's.
    Plan(OdsCode),
}

fn code<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(code) => code,
        // Fixed texts of this file; a test tells every deed.
        Err(_) => unreachable!("{text} is not a code"),
    }
}

impl Teller {
    /// Knows what every supplier will be certified for.
    pub fn new() -> Self {
        Self { dossiers: (0..SUPPLIERS.len() as u8).map(dossier).collect() }
    }

    /// A deed as an event.
    pub fn tell(&self, land: &Geography, deed: Deed, time: Timestamp) -> Told {
        let on = Day::in_london(time);
        match deed {
            Deed::Register(supplier) => (Place::Supplier(id_of(supplier)), registered(supplier).into()),
            Deed::Offer(supplier) => {
                let offered = SuppliedService {
                    product: format!("{MARK} {}", SUPPLIERS[usize::from(supplier)].product),
                    version: String::new(),
                    service_type: type_of(supplier),
                };
                let event = ServiceOffered { supplier: id_of(supplier), service: product(), offered };
                (Place::Supplier(id_of(supplier)), SupplierEvent::from(event).into())
            }
            Deed::Certify { supplier, scheme, again } => {
                (Place::Supplier(id_of(supplier)), certified(supplier, scheme, again).into())
            }
            Deed::Cover { supplier, scheme, again } => {
                (Place::Supplier(id_of(supplier)), covered(supplier, scheme, again).into())
            }
            Deed::Use { practice, supplier } => {
                let organisation = land.practices[practice as usize].code;
                let event =
                    EngagementBegun { organisation, used: used(supplier), list: List::PrincipalSuppliers };
                (Place::Buyer(organisation), SupplierEvent::from(event).into())
            }
            Deed::Check { practice, supplier, number } => {
                let organisation = land.practices[practice as usize].code;
                let (from, to) = (on, on.plus_days(364));
                let used = used(supplier);
                let (verdict, answers) =
                    self.dossiers[usize::from(supplier)].judge(used.service, used.service_type, from, to);
                let event = CertificationChecked {
                    organisation,
                    check: number.into(),
                    used,
                    supplier_name: name_of(supplier),
                    service_name: format!("{MARK} {}", SUPPLIERS[usize::from(supplier)].product),
                    from,
                    to,
                    verdict,
                    answers,
                    known: Position::START,
                };
                (Place::Buyer(organisation), SupplierEvent::from(event).into())
            }
            Deed::Bridge { practice, supplier } => {
                let organisation = land.practices[practice as usize].code;
                let event = GapPlanAgreed {
                    organisation,
                    used: used(supplier),
                    plan: "The supplier has booked the assessment and reports every week.".to_owned(),
                    until: day(2018, 6, 29),
                };
                (Place::Buyer(organisation), SupplierEvent::from(event).into())
            }
            Deed::Write(_) | Deed::Approve(_) | Deed::Review(_) | Deed::Exercise(_) | Deed::Lean(_) => {
                continuity(land, deed, on)
            }
        }
    }
}

fn continuity(land: &Geography, deed: Deed, on: Day) -> Told {
    let (organisation, event) = match deed {
        Deed::Write(planner) => {
            let organisation = planner_code(land, planner);
            let systems = [("Clinical system", Impact::High, 4, 1), ("Telephones", Impact::High, 8, 24)];
            let systems = systems.map(|(name, impact, recovery_time_hours, recovery_point_hours)| {
                PlannedSystem { name: name.to_owned(), impact, recovery_time_hours, recovery_point_hours }
            });
            let event = PlanWritten {
                organisation,
                version: 1,
                owner: office_holder(),
                covers: Scenario::ALL.to_vec(),
                systems: systems.into(),
                document: Some(Document {
                    reference: "Continuity plan, shared folder".to_owned(),
                    sha256: "5a".repeat(32),
                }),
            };
            (organisation, event.into())
        }
        Deed::Approve(planner) => {
            let organisation = planner_code(land, planner);
            let next_review = on.plus_days(match planner {
                Planner::Practice(_) => 364,
                Planner::Partner(_) => 330,
            });
            let covers = Scenario::ALL.to_vec();
            let event =
                PlanApproved { organisation, version: 1, by: office_holder(), on, covers, next_review };
            (organisation, event.into())
        }
        Deed::Review(planner) => {
            let organisation = planner_code(land, planner);
            let next_review = on.plus_days(364);
            let event = PlanReviewed { organisation, version: 1, by: office_holder(), on, next_review };
            (organisation, event.into())
        }
        Deed::Exercise(planner) => {
            let organisation = planner_code(land, planner);
            let turn = on.number().unsigned_abs() as usize + organisation.as_str().len();
            let outcome = Against::ALL[[0, 0, 0, 1, 0, 1, 0, 2][turn % 8]];
            let lesson = Lesson {
                lesson: "Not everybody knew where the paper forms are.".to_owned(),
                action: "Put a box into each room and show it to all staff.".to_owned(),
                due: on.plus_days(60),
            };
            let event = ExerciseHeld {
                organisation,
                version: 1,
                number: 1,
                kind: ExerciseKind::ALL[usize::from(turn.is_multiple_of(5))],
                scenario: if turn.is_multiple_of(3) { Scenario::Power } else { Scenario::CyberIncident },
                on,
                board: Some(office_holder()),
                outcome,
                lessons: if outcome == Against::TargetsKept { vec![] } else { vec![(1, lesson)] },
            };
            (organisation, event.into())
        }
        Deed::Lean(ccg) => {
            let ccg = &land.ccgs[usize::from(ccg)];
            let region = land.office_of(ccg).region;
            let event = RelianceStated {
                organisation: ccg.code,
                partner: code(PARTNERS[region % PARTNERS.len()].0),
                services: "desktops, servers and network".to_owned(),
            };
            (ccg.code, event.into())
        }
        _ => unreachable!("only what bears on continuity comes here"),
    };
    let event: proto::continuity::ContinuityEvent = event;
    (Place::Plan(organisation), event.into())
}

fn planner_code(land: &Geography, planner: Planner) -> OdsCode {
    match planner {
        Planner::Practice(number) => land.practices[number as usize].code,
        Planner::Partner(number) => code(PARTNERS[usize::from(number)].0),
    }
}

fn id_of(supplier: u8) -> SupplierId {
    code(SUPPLIERS[usize::from(supplier)].id)
}

fn name_of(supplier: u8) -> String {
    format!("{MARK} {}", SUPPLIERS[usize::from(supplier)].name)
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
    let details = SupplierDetails { legal_name: name_of(supplier), ..SupplierDetails::default() };
    let listing = Listing { list: List::BuyingCatalogue, entry: format!("synthetic-{supplier}") };
    SupplierRegistered { supplier: id_of(supplier), details, listing }.into()
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
        return CertificateRenewed { supplier: id_of(supplier), certificate, renews, printed }.into();
    }
    CertificateRecorded { supplier: id_of(supplier), certificate, printed }.into()
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
