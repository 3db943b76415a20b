//! Who exists in the synthetic England: regions, local offices, CCGs and practices.
//!
//! The codes have the shape of real ones and are none: practice numbers begin with 1 where real
//! ones begin with 0, 8 or 9, CCG codes are taken from the sixties, office codes from the fifties. Only
//! the four regions carry the codes of 2017/18, since an area of England has to hang somewhere.

use fastrand::Rng;
use proto::{Day, OdsCode};

use super::{
    calendar::day,
    chance::{log_normal, normal},
    words,
};

/// CCGs at the deadline of the year, as there were in England.
pub const CCGS: usize = 207;
/// Practices open on the first day of the year.
pub const PRACTICES: usize = 7_000;
/// Practices that open during the year.
pub const NEWCOMERS: usize = 24;
/// Practices that closed before the year began and are still in the files.
pub const LONG_CLOSED: usize = 40;
/// Practices that the first file of the year shows as dormant already.
pub const LONG_DORMANT: usize = 6;
/// Practices that a later file shows as dormant.
pub const FALLING_DORMANT: usize = 5;
/// Of a thousand practices so many close or merge during the year.
const CLOSING_PER_MILLE: u32 = 14;
/// No CCG has fewer practices.
const CCG_MIN_PRACTICES: usize = 8;
/// The median list, and how wide lists spread about it.
const LIST_MEDIAN: f64 = 7_300.0;
const LIST_SPREAD: f64 = 0.5;

/// A region with its share of CCGs and local offices.
const REGIONS: [(&str, &str, usize, usize); 4] = [
    ("Y54", "North of England", 62, 5),
    ("Y55", "Midlands and East of England", 61, 4),
    ("Y56", "London", 32, 1),
    ("Y57", "South of England", 52, 4),
];

/// A first letter of practice codes for each local office.
const OFFICE_LETTERS: &[u8; 14] = b"ABCDEFGHJKLMNP";

/// A region.
#[derive(Debug, Clone)]
pub struct Region {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
}

/// A local office.
#[derive(Debug, Clone)]
pub struct Office {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its region, by index.
    pub region: usize,
}

/// A CCG, with what makes its practices alike.
#[derive(Debug, Clone)]
pub struct Ccg {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its local office, by index.
    pub office: usize,
    /// How well it looks after its practices; 0 is ordinary, about two thirds lie within one.
    pub care: f64,
    /// How early it makes them begin, from 0 to 1.
    pub push: f64,
    /// The street it is in.
    pub street: String,
    /// Its postcode.
    pub postcode: String,
}

/// What becomes of a practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Open all year.
    Open,
    /// Opens during the year, on its `opened` day.
    Opens,
    /// Closes during the year, after this day.
    Closes(Day),
    /// Closed before the year began, after this day.
    LongClosed(Day),
    /// Dormant before the year began.
    LongDormant,
    /// Shown as dormant by a file during the year.
    FallsDormant,
}

/// A practice.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its CCG, by index.
    pub ccg: usize,
    /// Its address and postcode.
    pub address: Vec<String>,
    /// Its postcode.
    pub postcode: String,
    /// Its telephone number.
    pub telephone: String,
    /// Its first day.
    pub opened: Day,
    /// Registered patients.
    pub patients: u32,
    /// What becomes of it.
    pub fate: Fate,
}

/// Three CCGs that become one on the first day of the next year.
#[derive(Debug, Clone)]
pub struct Merger {
    /// Those that close, by index.
    pub from: Vec<usize>,
    /// The code of the new one.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
}

/// The land.
#[derive(Debug, Clone)]
pub struct Geography {
    /// Four.
    pub regions: Vec<Region>,
    /// Fourteen.
    pub offices: Vec<Office>,
    /// [`CCGS`].
    pub ccgs: Vec<Ccg>,
    /// All that the files of the year list, in order of their codes.
    pub practices: Vec<Practice>,
    /// On 1 April after the year.
    pub merger: Merger,
}

fn code(text: &str) -> OdsCode {
    match text.parse() {
        Ok(code) => code,
        // Codes are put together below from fixed parts; a test makes all of them.
        Err(_) => unreachable!("{text} is not a code"),
    }
}

impl Geography {
    /// The land of a random number generator.
    pub fn new(rng: &mut Rng) -> Self {
        let regions = REGIONS
            .iter()
            .map(|(id, name, ..)| Region { code: code(id), name: format!("{} {name}", words::MARK) })
            .collect();
        let offices = offices();
        let ccgs = ccgs(rng, &offices);
        let practices = practices(rng, &ccgs);
        let merger = merger(&ccgs);
        Self { regions, offices, ccgs, practices, merger }
    }

    /// The local office of a CCG.
    pub fn office_of(&self, ccg: &Ccg) -> &Office {
        &self.offices[ccg.office]
    }

    /// The region of a CCG.
    pub fn region_of(&self, ccg: &Ccg) -> &Region {
        &self.regions[self.offices[ccg.office].region]
    }

    /// Who decides on a practice's plans: its CCG, or the region where the CCG is merged away this year.
    pub fn overseer_of(&self, practice: &Practice) -> OdsCode {
        let ccg = &self.ccgs[practice.ccg];
        if self.merger.from.contains(&practice.ccg) { self.region_of(ccg).code } else { ccg.code }
    }
}

fn offices() -> Vec<Office> {
    let mut offices = Vec::with_capacity(OFFICE_LETTERS.len());
    for (region, (_, name, _, count)) in REGIONS.iter().enumerate() {
        for number in 1..=*count {
            let id = code(&format!("Q{}", 50 + offices.len()));
            let name = if *count == 1 {
                format!("{} {name} Local Office", words::MARK)
            } else {
                format!("{} {name} Local Office {number}", words::MARK)
            };
            offices.push(Office { code: id, name, region });
        }
    }
    offices
}

/// The number-th CCG code: two digits and a letter, without I and O.
fn ccg_code(number: usize) -> OdsCode {
    const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    code(&format!("{}{}", 60 + number / LETTERS.len(), char::from(LETTERS[number % LETTERS.len()])))
}

fn ccgs(rng: &mut Rng, offices: &[Office]) -> Vec<Ccg> {
    let mut ccgs = Vec::with_capacity(CCGS);
    for (region, (_, _, count, _)) in REGIONS.iter().enumerate() {
        let own: Vec<usize> = (0..offices.len()).filter(|&office| offices[office].region == region).collect();
        let regional_care = normal(rng) * 0.35;
        for number in 0..*count {
            let place = words::place(ccgs.len());
            ccgs.push(Ccg {
                code: ccg_code(ccgs.len()),
                name: format!("{} {place} CCG", words::MARK),
                // Neighbours by number share an office.
                office: own[number * own.len() / count],
                care: regional_care + normal(rng),
                push: rng.f64(),
                street: words::street(rng),
                postcode: words::postcode(rng, ccgs.len()),
            });
        }
    }
    ccgs
}

fn merger(ccgs: &[Ccg]) -> Merger {
    let office = ccgs.first().map_or(0, |ccg| ccg.office);
    let from: Vec<usize> = (0..ccgs.len()).filter(|&ccg| ccgs[ccg].office == office).take(3).collect();
    Merger { from, code: code("69A"), name: format!("{} United Brackmere CCG", words::MARK) }
}

/// How many practices each CCG has: a few very large ones, most about thirty.
fn shares(rng: &mut Rng) -> Vec<usize> {
    let weights: Vec<f64> = (0..CCGS).map(|_| log_normal(rng, 24.0, 0.65)).collect();
    let total: f64 = weights.iter().sum();
    let spread = (PRACTICES - CCGS * CCG_MIN_PRACTICES) as f64;
    let mut shares: Vec<usize> =
        weights.iter().map(|weight| CCG_MIN_PRACTICES + (weight / total * spread) as usize).collect();
    // Rounding down leaves a few over: one each for the first CCGs.
    let missing = PRACTICES - shares.iter().sum::<usize>();
    for share in shares.iter_mut().take(missing) {
        *share += 1;
    }
    shares
}

fn practices(rng: &mut Rng, ccgs: &[Ccg]) -> Vec<Practice> {
    let mut numbers = [0u32; OFFICE_LETTERS.len()];
    let mut late_number = 0u32;
    let mut practices = Vec::with_capacity(PRACTICES + NEWCOMERS + LONG_CLOSED + LONG_DORMANT);
    let mut found = |rng: &mut Rng, ccg: usize, opened: Day, fate: Fate| {
        let office = ccgs[ccg].office;
        // Practices founded lately carry a Y code wherever they are.
        let text = if opened >= day(2006, 4, 1) {
            late_number += 1;
            format!("Y1{late_number:04}")
        } else {
            numbers[office] += 1;
            format!("{}1{:04}", char::from(OFFICE_LETTERS[office]), numbers[office])
        };
        practices.push(Practice {
            code: code(&text),
            name: words::practice(rng),
            ccg,
            address: vec![words::street(rng), format!("{} {}", words::MARK, words::place(ccg))],
            postcode: words::postcode(rng, ccg),
            telephone: words::telephone(rng),
            opened,
            patients: (log_normal(rng, LIST_MEDIAN, LIST_SPREAD).round() as u32).clamp(850, 58_000),
            fate,
        });
    };
    for (ccg, share) in shares(rng).into_iter().enumerate() {
        for _ in 0..share {
            let fate = if rng.u32(0..1000) < CLOSING_PER_MILLE {
                Fate::Closes(closing_day(rng))
            } else {
                Fate::Open
            };
            let opened = founding_day(rng);
            found(rng, ccg, opened, fate);
        }
    }
    let anywhere = |rng: &mut Rng| rng.usize(0..CCGS);
    for _ in 0..NEWCOMERS {
        let (ccg, opened) = (anywhere(rng), day(2017, 6, 15).plus_days(rng.i32(0..250)));
        found(rng, ccg, opened, Fate::Opens);
    }
    for _ in 0..LONG_CLOSED {
        let (ccg, opened) = (anywhere(rng), day(1974, 4, 1));
        let closed = day(2013, 4, 1).plus_days(rng.i32(0..1400));
        found(rng, ccg, opened, Fate::LongClosed(closed));
    }
    for _ in 0..LONG_DORMANT {
        let (ccg, opened) = (anywhere(rng), day(1991, 4, 1));
        found(rng, ccg, opened, Fate::LongDormant);
    }
    let mut to_fall = FALLING_DORMANT;
    while to_fall > 0 {
        let at = rng.usize(0..PRACTICES);
        if practices[at].fate == Fate::Open {
            practices[at].fate = Fate::FallsDormant;
            to_fall -= 1;
        }
    }
    practices.sort_by_key(|practice| practice.code);
    practices
}

/// Most practices were founded with the register of 1974, some later, a few lately.
fn founding_day(rng: &mut Rng) -> Day {
    match rng.u8(0..100) {
        0..72 => day(1974, 4, 1),
        72..94 => day(1974, 4, 1).plus_days(rng.i32(1..11_000)),
        _ => day(2006, 4, 1).plus_days(rng.i32(0..4_000)),
    }
}

/// Practices close at the end of a month, most often of the year.
fn closing_day(rng: &mut Rng) -> Day {
    const ENDS: [(i16, i8, i8); 11] = [
        (2017, 6, 30),
        (2017, 7, 31),
        (2017, 9, 30),
        (2017, 10, 31),
        (2017, 11, 30),
        (2017, 12, 31),
        (2018, 1, 31),
        (2018, 2, 28),
        (2018, 3, 31),
        (2018, 3, 31),
        (2018, 3, 31),
    ];
    let (year, month, last) = ENDS[rng.usize(0..ENDS.len())];
    day(year, month, last)
}
