//! What the national files of the synthetic year show: every body once, then only what changed.

use ::onsite::model::NHS_DIGITAL;
use jiff::{SignedDuration, Timestamp};
use proto::{
    Day, OdsCode,
    organisations::{
        ListSizePublished, OdsStatus, OrganisationAmended, OrganisationEvent, OrganisationKind,
        OrganisationListed, OrganisationListing, PracticeAmended, PracticeListed, PracticeListing,
        PrescribingSetting,
    },
};

use super::{
    calendar::{Clocks, day, first_day, last_day},
    deeds,
    geography::{Ccg, Fate, Geography, Practice},
    words::MARK,
};

/// What a file showed of one organisation.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Of whom.
    pub organisation: OdsCode,
    /// When the file was read.
    pub time: Timestamp,
    /// The date of the file.
    pub as_of: Day,
    /// What is new.
    pub event: OrganisationEvent,
}

/// The day CCGs began, and practices joined them.
fn ccgs_began() -> Day {
    day(2013, 4, 1)
}

/// The first day of the CCG that three others became.
fn merger_day() -> Day {
    day(2018, 3, 1)
}

/// The quarterly practice files and the one of the last day: their date, and the day they are read.
fn practice_files() -> [(Day, Day); 5] {
    [
        (day(2017, 5, 31), first_day()),
        (day(2017, 8, 31), day(2017, 9, 1)),
        (day(2017, 11, 30), day(2017, 12, 1)),
        (day(2018, 2, 28), day(2018, 3, 1)),
        (day(2018, 3, 30), last_day()),
    ]
}

/// Bodies beside those of the national files for which someone acts here: national bodies, delivery partners,
/// and the supplier that keeps its own record.
const OTHERS: [(&str, &str); 7] = [
    (NHS_DIGITAL, "NHS Digital"),
    ("ZZIMPROVEMENT", "NHS Improvement"),
    ("ZZPARTNER", "Commissioning Support North"),
    ("ZZPARTNER-2", "Commissioning Support Midlands"),
    ("ZZPARTNER-3", "Commissioning Support London"),
    ("ZZPARTNER-4", "Commissioning Support South"),
    (deeds::OWN_RECORD, "Alder Records Limited"),
];

/// Hours of the day at which files are read, in seconds.
const BODIES_AT: u32 = 6 * 3600;
const PRACTICES_AT: u32 = BODIES_AT + 600;
const LISTS_AT: u32 = BODIES_AT + 1_200;
/// The very end of the last day: nothing comes after the bodies of its file.
const LAST_BODIES_AT: u32 = 86_399;

/// All that the files of the year show, in order of time. The last one lists the CCG that three
/// others became.
pub fn read_all(land: &Geography, clocks: &Clocks) -> Vec<Shown> {
    let mut shown = Vec::with_capacity(land.practices.len() * 2 + land.ccgs.len() + 100);
    let [(first, first_read), .., (last, last_read)] = practice_files();
    bodies(land, first, clocks.at(first_read, BODIES_AT), &mut shown);
    let mut before = first;
    for (as_of, read) in practice_files() {
        let start = clocks.at(read, PRACTICES_AT);
        let mut rows = Rows { as_of, start, shown: &mut shown, count: 0 };
        for practice in &land.practices {
            let known = if as_of == first { None } else { listing(land, practice, before) };
            rows.practice(practice.code, known, listing(land, practice, as_of));
        }
        if as_of == first {
            list_sizes(land, clocks.at(read, LISTS_AT), &mut shown);
        }
        before = as_of;
    }
    merger(land, last, clocks.at(last_read, LAST_BODIES_AT), &mut shown);
    shown
}

/// The rows of one file, read one after the other.
struct Rows<'a> {
    as_of: Day,
    start: Timestamp,
    shown: &'a mut Vec<Shown>,
    count: i64,
}

impl Rows<'_> {
    fn push(&mut self, organisation: OdsCode, event: OrganisationEvent) {
        // Three hundred rows a second.
        let after = SignedDuration::from_micros(self.count * 3_333);
        let time = self.start.saturating_add(after).unwrap_or(self.start);
        self.shown.push(Shown { organisation, time, as_of: self.as_of, event });
        self.count += 1;
    }

    fn practice(&mut self, code: OdsCode, known: Option<PracticeListing>, now: Option<PracticeListing>) {
        let as_of = self.as_of;
        match (known, now) {
            (None, Some(listing)) => {
                self.push(code, OrganisationEvent::PracticeListed(PracticeListed { as_of, listing }));
            }
            (Some(known), Some(listing)) => {
                let changed = changed(&known, &listing);
                if !changed.is_empty() {
                    let amended = PracticeAmended { as_of, listing, changed };
                    self.push(code, OrganisationEvent::PracticeAmended(amended));
                }
            }
            (_, None) => {}
        }
    }
}

/// The names of the fields that change during the year and differ.
fn changed(known: &PracticeListing, now: &PracticeListing) -> Vec<String> {
    let fields = [
        ("closed", known.closed != now.closed),
        ("status", known.status != now.status),
        ("commissioner", known.commissioner != now.commissioner),
        ("joined", known.joined != now.joined),
        ("left", known.left != now.left),
    ];
    fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect()
}

/// What a practice file of a date shows of a practice; nothing before it opens.
fn listing(land: &Geography, practice: &Practice, as_of: Day) -> Option<PracticeListing> {
    if practice.opened > as_of {
        return None;
    }
    let ccg = &land.ccgs[practice.ccg];
    let closed = match practice.fate {
        Fate::Closes(last) | Fate::LongClosed(last) => Some(last).filter(|last| *last <= as_of),
        _ => None,
    };
    let status = match practice.fate {
        _ if closed.is_some() => OdsStatus::Closed,
        Fate::LongDormant => OdsStatus::Dormant,
        Fate::FallsDormant if as_of >= day(2017, 11, 30) => OdsStatus::Dormant,
        _ => OdsStatus::Active,
    };
    let merged = as_of >= merger_day() && closed.is_none() && land.merger.from.contains(&practice.ccg);
    let (commissioner, joined) =
        if merged { (land.merger.code, merger_day()) } else { (ccg.code, practice.opened.max(ccgs_began())) };
    Some(PracticeListing {
        name: practice.name.clone(),
        region: Some(land.region_of(ccg).code),
        local_office: Some(land.office_of(ccg).code),
        address: practice.address.clone(),
        postcode: practice.postcode.clone(),
        telephone: practice.telephone.clone(),
        opened: Some(practice.opened),
        closed,
        status,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(commissioner),
        joined: Some(joined),
        left: closed,
    })
}

fn bodies(land: &Geography, as_of: Day, start: Timestamp, shown: &mut Vec<Shown>) {
    let mut rows = Rows { as_of, start, shown, count: 0 };
    let mut list = |code: OdsCode, listing: OrganisationListing| {
        rows.push(code, OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing }));
    };
    for region in &land.regions {
        list(region.code, body(OrganisationKind::Region, &region.name));
    }
    for office in &land.offices {
        let region = Some(land.regions[office.region].code);
        list(
            office.code,
            OrganisationListing { region, ..body(OrganisationKind::LocalOffice, &office.name) },
        );
    }
    for ccg in &land.ccgs {
        list(ccg.code, ccg_listing(land, ccg));
    }
    for (code, name) in OTHERS {
        list(deeds::code(code), body(OrganisationKind::Other, &format!("{MARK} {name}")));
    }
}

fn body(kind: OrganisationKind, name: &str) -> OrganisationListing {
    OrganisationListing {
        kind,
        name: name.to_owned(),
        region: None,
        local_office: None,
        address: Vec::new(),
        postcode: String::new(),
        opened: Some(ccgs_began()),
        closed: None,
    }
}

fn ccg_listing(land: &Geography, ccg: &Ccg) -> OrganisationListing {
    OrganisationListing {
        region: Some(land.region_of(ccg).code),
        local_office: Some(land.office_of(ccg).code),
        address: vec![ccg.street.clone()],
        postcode: ccg.postcode.clone(),
        ..body(OrganisationKind::Ccg, &ccg.name)
    }
}

fn merger(land: &Geography, as_of: Day, start: Timestamp, shown: &mut Vec<Shown>) {
    let mut rows = Rows { as_of, start, shown, count: 0 };
    let members: Vec<&Ccg> = land.merger.from.iter().map(|&ccg| &land.ccgs[ccg]).collect();
    for ccg in &members {
        let closed = Some(merger_day().plus_days(-1));
        let listing = OrganisationListing { closed, ..ccg_listing(land, ccg) };
        let amended = OrganisationAmended { as_of, listing, changed: vec!["closed".to_owned()] };
        rows.push(ccg.code, OrganisationEvent::OrganisationAmended(amended));
    }
    if let Some(heir) = members.first() {
        let opened = Some(merger_day());
        let listing =
            OrganisationListing { name: land.merger.name.clone(), opened, ..ccg_listing(land, heir) };
        let listed = OrganisationListed { as_of, listing };
        rows.push(land.merger.code, OrganisationEvent::OrganisationListed(listed));
    }
}

fn list_sizes(land: &Geography, start: Timestamp, shown: &mut Vec<Shown>) {
    let as_of = day(2017, 3, 31);
    let mut rows = Rows { as_of, start, shown, count: 0 };
    for practice in &land.practices {
        let open = matches!(practice.fate, Fate::Open | Fate::Closes(_) | Fate::FallsDormant);
        if open && practice.opened <= as_of {
            let published = ListSizePublished { as_of, registered_patients: practice.patients };
            rows.push(practice.code, OrganisationEvent::ListSizePublished(published));
        }
    }
}
