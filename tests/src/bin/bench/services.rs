//! What the services beside the toolkit cost: the look-up of suppliers, and a fold of the events of all
//! services together.

use std::{collections::BTreeMap, hint::black_box};

use chassis::{following::Fold, log::Recorded};
use fastrand::Rng;
use jiff::SignedDuration;
use oversight::synthetic;
use projection::{
    board::{Board, Knowledge},
    facts::{Decoded, Facts},
};
use proto::{
    Actor, Day, Envelope, Position, Service, Subject, SupplierId,
    suppliers::{
        Certificate, CertificateRecorded, List, Listing, ServiceOffered, SuppliedService, SupplierDetails,
        SupplierEvent, SupplierRegistered,
    },
};
use suppliers::{model::supplier_aggregate, register::Register};
use uuid::Uuid;

use crate::{
    figures::{Figures, Target, Times, grouped, median},
    machine, rebuild,
};

const SUPPLIERS: u32 = 50_000;
const QUESTIONS: usize = 20_000;

/// As many as a page shows.
const ANSWERS: usize = 20;

/// Questions that are also answered by looking at every name.
const SCANNED: usize = 200;

const ROUNDS: usize = 5;

const FIRST: [&str; 24] = [
    "Acorn",
    "Beacon",
    "Cobalt",
    "Delta",
    "Ember",
    "Falcon",
    "Granite",
    "Harbour",
    "Ivory",
    "Juniper",
    "Kestrel",
    "Lantern",
    "Meridian",
    "Northgate",
    "Orchard",
    "Pinnacle",
    "Quartz",
    "Riverside",
    "Sterling",
    "Tamarind",
    "Upland",
    "Vertex",
    "Willow",
    "Zephyr",
];
const SECOND: [&str; 20] = [
    "Health",
    "Clinical",
    "Medical",
    "Care",
    "Data",
    "Digital",
    "Network",
    "Systems",
    "Records",
    "Messaging",
    "Pharma",
    "Dental",
    "Imaging",
    "Telecom",
    "Analytics",
    "Hosting",
    "Security",
    "Software",
    "Documents",
    "Devices",
];
const THIRD: [&str; 12] = [
    "Solutions",
    "Services",
    "Group",
    "Partners",
    "Technologies",
    "Holdings",
    "Consulting",
    "International",
    "Support",
    "Labs",
    "Works",
    "Associates",
];

/// One of the suppliers, by its number.
struct Invented {
    number: u32,
    legal_name: String,
    trading_name: String,
    product: String,
}

impl Invented {
    fn of(number: u32) -> Self {
        let place = number as usize;
        let (first, second) = (FIRST[place % FIRST.len()], SECOND[place / FIRST.len() % SECOND.len()]);
        let third = THIRD[place / (FIRST.len() * SECOND.len()) % THIRD.len()];
        // As many names differ by a place as in the national lists.
        let place = made_up_place(number / 5_760);
        Self {
            number,
            legal_name: format!("{first} {second} {third} {place} Limited"),
            trading_name: format!("{first}{}", third.to_lowercase()),
            product: format!("{second} {place} {first} Desk"),
        }
    }

    fn company_number(&self) -> String {
        format!("{:08}", 1_000_000 + self.number * 7)
    }

    fn certificate_number(&self) -> String {
        format!("IASME-CE-{:06}", self.number)
    }

    fn id(&self) -> SupplierId {
        format!("s{}", self.number).parse().expect("an id")
    }

    fn events(&self) -> [SupplierEvent; 3] {
        let supplier = self.id();
        let details = SupplierDetails {
            legal_name: self.legal_name.clone(),
            trading_names: vec![self.trading_name.clone()],
            company_number: Some(self.company_number()),
            ods_code: None,
        };
        let listing = Listing { list: List::Here, entry: self.number.to_string() };
        let offered = SuppliedService {
            product: self.product.clone(),
            version: String::new(),
            service_type: "other".parse().expect("a type of service"),
        };
        let issued: Day = "2018-04-01".parse().expect("a day");
        let printed = Certificate {
            scheme: "cyber-essentials".parse().expect("a scheme"),
            number: self.certificate_number(),
            holder: self.legal_name.clone(),
            issuer: "IASME".to_owned(),
            issued,
            expires: Some(issued.plus_days(364)),
            scope: String::new(),
        };
        let service = "one".parse().expect("a service");
        [
            SupplierRegistered { supplier, details, listing }.into(),
            ServiceOffered { supplier, service, offered }.into(),
            CertificateRecorded { supplier, certificate: 1, review: None, printed }.into(),
        ]
    }

    /// Something that someone who looks for it may have typed so far.
    fn question(&self, rng: &mut Rng) -> String {
        let typed =
            |rng: &mut Rng, text: &str| -> String { text.chars().take(rng.usize(3..=text.len())).collect() };
        match rng.u8(0..6) {
            0 => typed(rng, &self.legal_name),
            1 => mistyped(rng, &self.legal_name),
            2 => typed(rng, &self.trading_name),
            3 => self.company_number(),
            4 => self.certificate_number().to_lowercase().replace('-', ""),
            _ => typed(rng, &self.product),
        }
    }
}

fn made_up_place(number: u32) -> String {
    let syllables = ["ton", "ham", "ford", "ley", "by", "wick", "stow", "mere", "field"];
    format!("{}{}", ["Ash", "Bar", "Cal", "Dun"][number as usize % 4], syllables[number as usize / 4 % 9])
}

/// With two letters the other way round, or one left out.
fn mistyped(rng: &mut Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = rng.usize(1..letters.len() - 1);
    if rng.bool() {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}

/// The events of all suppliers, as a log has them.
fn supplier_log() -> Vec<Recorded> {
    let start = "2018-04-01T09:00:00Z".parse::<jiff::Timestamp>().expect("a time");
    let events = (0..SUPPLIERS).map(Invented::of).flat_map(|invented| {
        let subject =
            Subject::new(Service::Suppliers, &supplier_aggregate(invented.id()).expect("an aggregate"));
        invented.events().map(|event| (subject.clone(), event))
    });
    (1u64..)
        .zip(events)
        .map(|(number, (subject, event))| {
            let envelope = Envelope {
                id: Uuid::from_u128(u128::from(number)),
                subject,
                time: start + SignedDuration::from_secs(number as i64),
                by: Actor::system("bench").into(),
                effective: None,
                command_id: None,
                command_content: None,
                correlation_id: None,
                causation_id: None,
                previous: None,
            };
            let body = envelope.encode(&event).expect("an event").into();
            Recorded { position: Position(number), body }
        })
        .collect()
}

/// The look-up over all suppliers, in the process.
pub fn look_up(figures: &mut Figures) {
    let log = supplier_log();
    let began = machine::thread_seconds();
    let mut register = Register::default();
    for recorded in &log {
        register.note(recorded);
    }
    let rebuilt = machine::thread_seconds() - began;
    let names: Vec<String> =
        (0..SUPPLIERS).map(|number| Invented::of(number).legal_name.to_lowercase()).collect();

    let mut rng = Rng::with_seed(2018);
    let (mut times, mut scans) = (Times::new(), Times::new());
    let mut missed = 0;
    for number in 0..QUESTIONS {
        let wanted = Invented::of(rng.u32(0..SUPPLIERS));
        let question = wanted.question(&mut rng);
        let began = std::time::Instant::now();
        let found = black_box(register.find(&question, ANSWERS));
        times.add(began.elapsed());
        missed += usize::from(found.is_empty());
        if number < SCANNED {
            let lower = question.to_lowercase();
            let began = std::time::Instant::now();
            black_box(names.iter().filter(|name| name.contains(&lower)).take(ANSWERS).count());
            scans.add(began.elapsed());
        }
    }
    figures.ratio(
        "look-up among 50,000 suppliers, p99 in ms",
        times.percentile_ms(99.0),
        Target::AtMost(5.0),
        &format!(
            "{} of {} questions, half-typed, mistyped or by number; {missed} found nothing",
            times.told(),
            grouped(QUESTIONS as f64)
        ),
    );
    figures.ratio(
        "the same, p50, beside looking for it in every name",
        times.percentile_ms(50.0) / scans.percentile_ms(50.0),
        Target::Stated,
        &format!("the scan knows names alone, forgives nothing and orders nothing: {}", scans.told()),
    );
    figures.remark(format!(
        "The index of the suppliers is rebuilt from {} events in {rebuilt:.2} s of one core.",
        grouped(log.len() as f64)
    ));
}

/// A fold of the events of all services, beside reading the same events as JSON and nothing more.
pub fn fold(figures: &mut Figures) {
    let england = synthetic::England::new(synthetic::DEFAULT_SEED);
    let bodies: Vec<_> = england.events().map(|ready| (ready.subject.service(), ready.body)).collect();
    let mut by_service: BTreeMap<&str, u64> = BTreeMap::new();
    for (service, _) in &bodies {
        *by_service.entry(service.name()).or_default() += 1;
    }
    let today = rebuild::clock().today();
    let (mut folds, mut builds, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = machine::thread_seconds();
        let mut facts = Facts::default();
        for ((_, body), position) in bodies.iter().zip(1..) {
            facts.gather(Decoded::read(Position(position), body));
        }
        let folded = machine::thread_seconds();
        black_box(Board::build(&facts, Knowledge::ALL, today));
        builds.push(machine::thread_seconds() - folded);
        folds.push(folded - began);
        assert_eq!(facts.set_aside.count, 0);
        let began = machine::thread_seconds();
        for (_, body) in &bodies {
            black_box(serde_json::from_slice::<serde_json::Value>(body).expect("JSON"));
        }
        reads.push(machine::thread_seconds() - began);
    }
    let events = bodies.len() as f64;
    let shares: Vec<String> = by_service
        .iter()
        .map(|(service, count)| format!("{} of {service}", grouped(*count as f64)))
        .collect();
    figures.ratio(
        "folding the events of all services, beside reading them as JSON",
        median(&folds) / median(&reads),
        Target::AtMost(1.0),
        &format!("{} events/s of one core: {}", grouped(events / median(&folds)), shares.join(", ")),
    );
    figures.remark(format!(
        "A board of all four requirements from these events takes {:.0} ms of one core.",
        median(&builds) * 1e3
    ));
}
