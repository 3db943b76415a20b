//! Every figure against the slow, obvious computation, over small invented Englands.

use std::sync::Arc;

use chassis::access::hierarchy::{Above, Register};
use proptest::prelude::*;
use proto::{
    AggregateId, Day, DomainEvent, EditionId, Envelope, OdsCode, Position, Service, Subject,
    assessments::{
        Answer, AssessmentEvent, AssessmentPublished, DeadlineMoved, Grade, PublishedResult, ResultListed,
    },
    onsite::{AssessmentHeld, OnsiteEvent, Outcome, TopicResult},
    organisations::{
        ListSizePublished, Membership, MembershipRecorded, NetworkListed, NetworkListing, NetworkMembership,
        NetworkMembershipRecorded, OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed,
        OrganisationListing, PracticeAmended, PracticeListing, PrescribingSetting,
    },
};
use rustc_hash::FxHashSet;

use crate::{
    board::{AreaKind, Board, Footprint, Knowledge, count_one_by_one},
    digest,
    facts::{Decoded, Facts, Touched},
    rollup::Counts,
};

const PRACTICES: [&str; 6] = ["A81001", "A81002", "B82001", "B82002", "C83001", "Y00001"];
const CCGS: [&str; 4] = ["00K", "15E", "15M", "04R"];
const REGIONS: [&str; 3] = ["Y54", "Y55", "Y60"];
const OFFICES: [&str; 3] = ["Q74", "Q76", "Q77"];
const NETWORKS: [&str; 2] = ["U00001", "U00002"];
const EDITIONS: [&str; 3] = ["igt-14.1", "dspt-2018-19", "dspt-2019-20"];

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

fn edition(text: &str) -> EditionId {
    text.parse().unwrap()
}

pub(crate) fn start() -> Day {
    "2018-01-01".parse().unwrap()
}

#[derive(Debug, Clone)]
pub(crate) enum Said {
    Organisation(&'static str, OrganisationEvent),
    /// As part of an import.
    Imported(uuid::Uuid, &'static str, OrganisationEvent),
    Assessment(AssessmentEvent),
    /// With the day it took effect.
    Published(Day, AssessmentPublished),
    Onsite(OnsiteEvent),
}

/// The message body as a service would have written it.
fn body(number: u64, said: &Said) -> Vec<u8> {
    let (service, id) = match said {
        Said::Organisation(code, _) | Said::Imported(_, code, _) => {
            (Service::Organisations, (*code).to_owned())
        }
        Said::Assessment(_) | Said::Published(..) => (Service::Assessments, format!("test_{number}")),
        Said::Onsite(_) => (Service::Onsite, format!("test_{number}")),
    };
    let aggregate: AggregateId = id.parse().unwrap();
    let envelope = Envelope {
        id: chassis::CommandId::keyed("test", &number.to_string()).event_id(),
        subject: Subject::new(service, &aggregate),
        time: jiff::Timestamp::from_second(1_500_000_000 + number as i64).unwrap(),
        by: proto::Actor::system("test").into(),
        effective: match said {
            Said::Published(on, _) => Some(*on),
            _ => None,
        },
        command_id: None,
        command_content: None,
        correlation_id: match said {
            Said::Imported(import, ..) => Some(*import),
            _ => None,
        },
        causation_id: None,
        previous: None,
    };
    match said {
        Said::Organisation(_, event) | Said::Imported(_, _, event) => encode(&envelope, event),
        Said::Assessment(event) => encode(&envelope, event),
        Said::Published(_, event) => encode(&envelope, &AssessmentEvent::from(event.clone())),
        Said::Onsite(event) => encode(&envelope, event),
    }
}

fn encode<E: DomainEvent>(envelope: &Envelope, event: &E) -> Vec<u8> {
    envelope.encode(event).unwrap()
}

fn day() -> impl Strategy<Value = Day> {
    (0..1200i32).prop_map(|offset| start().plus_days(offset))
}

fn listing() -> impl Strategy<Value = PracticeListing> {
    let status = prop::sample::select(vec![
        OdsStatus::Active,
        OdsStatus::Active,
        OdsStatus::Active,
        OdsStatus::Dormant,
        OdsStatus::Closed,
        OdsStatus::Proposed,
    ]);
    let place = (0..CCGS.len(), 0..REGIONS.len(), 0..OFFICES.len());
    let dates = (prop::option::of(day()), prop::option::weighted(0.2, day()), prop::option::of(day()));
    let setting = prop::sample::select(vec![4u8, 4, 4, 4, 0]);
    (status, place, dates, setting).prop_map(
        |(status, (ccg, region, office), (opened, closed, joined), setting)| PracticeListing {
            name: "A SURGERY".into(),
            region: Some(code(REGIONS[region])),
            local_office: Some(code(OFFICES[office])),
            address: vec![],
            postcode: String::new(),
            telephone: String::new(),
            opened,
            closed,
            status,
            setting: PrescribingSetting(setting),
            commissioner: Some(code(CCGS[ccg])),
            joined,
            left: None,
        },
    )
}

fn published() -> impl Strategy<Value = Said> {
    let practice = prop::sample::select(PRACTICES.to_vec());
    (practice, day(), 0..4u8, 0..4u8).prop_map(|(practice, on, training, continuity)| {
        let answers = [("14-117", training), ("14-319", continuity)];
        let answers =
            answers.map(|(requirement, level)| (requirement.parse().unwrap(), Answer::Level(level)));
        let published = AssessmentPublished {
            organisation: code(practice),
            edition: edition("igt-14.1"),
            grade: Grade::Satisfactory,
            percentage: None,
            answers: answers.into(),
            gaps: vec![],
            exempt: vec![],
        };
        Said::Published(on, published)
    })
}

fn held() -> impl Strategy<Value = Said> {
    let practice = prop::sample::select(PRACTICES.to_vec());
    let outcome = || prop::option::of(prop::sample::select(Outcome::ALL.to_vec()));
    let outcomes = [outcome(), outcome(), outcome()];
    (practice, 1..4u16, day(), outcomes).prop_map(|(practice, number, on, outcomes)| {
        let topics = ["training", "continuity", "patching"].into_iter().zip(outcomes);
        let result = |(topic, outcome): (&str, Option<Outcome>)| {
            Some(TopicResult { topic: topic.parse().unwrap(), outcome: outcome?, remark: String::new() })
        };
        let results = topics.filter_map(result).collect();
        Said::Onsite(AssessmentHeld { organisation: code(practice), number, on, results }.into())
    })
}

pub(crate) fn said() -> impl Strategy<Value = Said> {
    let practice = prop::sample::select(PRACTICES.to_vec());
    let ccg = prop::sample::select(CCGS.to_vec());
    let region = prop::sample::select(REGIONS.to_vec());
    prop_oneof![
        4 => (practice.clone(), day(), listing()).prop_map(|(practice, as_of, listing)| {
            let amended = PracticeAmended { as_of, listing, changed: vec![] };
            Said::Organisation(practice, OrganisationEvent::PracticeAmended(amended))
        }),
        1 => (practice.clone(), day(), ccg.clone(), day()).prop_map(|(practice, as_of, parent, joined)| {
            let recorded = MembershipRecorded { as_of, membership: Membership { parent: code(parent), joined, left: None } };
            Said::Organisation(practice, OrganisationEvent::MembershipRecorded(recorded))
        }),
        1 => (practice.clone(), day(), prop::sample::select(NETWORKS.to_vec()), day(), prop::option::of(day())).prop_map(
            |(practice, as_of, network, joined, left)| {
                let membership = NetworkMembership { network: code(network), joined, left };
                let recorded = NetworkMembershipRecorded { as_of, membership };
                Said::Organisation(practice, OrganisationEvent::NetworkMembershipRecorded(recorded))
            },
        ),
        1 => (prop::sample::select(NETWORKS.to_vec()), day(), prop::option::of(ccg.clone())).prop_map(
            |(network, as_of, commissioner)| {
                let commissioner = commissioner.map(code);
                let listing = NetworkListing { name: "SOME PCN".into(), commissioner, opened: None, closed: None };
                Said::Organisation(network, OrganisationEvent::NetworkListed(NetworkListed { as_of, listing }))
            },
        ),
        1 => (ccg, day(), prop::option::of(region)).prop_map(|(ccg, as_of, region)| {
            let listing = OrganisationListing {
                kind: OrganisationKind::Ccg, name: "NHS SOMEWHERE CCG".into(), region: region.map(code), local_office: None,
                address: vec![], postcode: String::new(), opened: None, closed: None,
            };
            Said::Organisation(ccg, OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing }))
        }),
        1 => (practice.clone(), day(), 1..20_000u32).prop_map(|(practice, as_of, registered_patients)| {
            Said::Organisation(practice, OrganisationEvent::ListSizePublished(ListSizePublished { as_of, registered_patients }))
        }),
        5 => (practice, day(), prop::sample::select(EDITIONS.to_vec()), 0..4u8).prop_map(|(practice, published, of, level)| {
            let edition = edition(of);
            let result = match level {
                0 => PublishedResult::NotPublished,
                1 => PublishedResult::PlanAgreed { edition },
                2 => PublishedResult::StandardsNotMet { edition },
                _ => PublishedResult::StandardsMet { edition },
            };
            let listed = ResultListed {
                organisation: code(practice), as_of: published, name: String::new(), sector: String::new(),
                status: String::new(), result, published: Some(published), published_text: None,
            };
            Said::Assessment(AssessmentEvent::ResultListed(listed))
        }),
        2 => published(),
        3 => held(),
        1 => day().prop_map(|to| Said::Assessment(AssessmentEvent::DeadlineMoved(DeadlineMoved {
            edition: edition("dspt-2018-19"), organisation_type: "general-practice".into(), from: start(), to, reason: String::new(),
        }))),
    ]
}

pub(crate) fn fold(bodies: &[Vec<u8>]) -> Facts {
    let mut facts = Facts::default();
    for (index, body) in bodies.iter().enumerate() {
        facts.gather(Decoded::read(Position(index as u64 + 1), body));
    }
    facts
}

pub(crate) fn bodies(said: &[Said]) -> Vec<Vec<u8>> {
    said.iter().enumerate().map(|(index, said)| body(index as u64 + 1, said)).collect()
}

pub(crate) fn sample_days() -> impl Iterator<Item = Day> {
    (-40..1300).step_by(17).map(|offset| start().plus_days(offset))
}

fn counts_everywhere(board: &Board) -> Vec<(OdsCode, Footprint, Day, Counts)> {
    let mut all = Vec::new();
    for area in &board.areas {
        for footprint in [Footprint::Then, Footprint::Now] {
            for day in sample_days() {
                let counts = area.counts(0, footprint, day);
                if counts != Counts::default() {
                    all.push((area.code, footprint, day, counts));
                }
            }
        }
    }
    all
}

fn same_statuses(fast: &Counts, slow: &Counts) -> bool {
    crate::board::statuses(fast).eq(crate::board::statuses(slow))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_count_is_that_of_looking_at_every_practice(said in prop::collection::vec(said(), 0..40)) {
        let today = start().plus_days(700);
        let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, today);
        for area in &board.areas {
            for footprint in [Footprint::Then, Footprint::Now] {
                for day in sample_days() {
                    let fast = area.counts(0, footprint, day);
                    let slow = count_one_by_one(&board, area, 0, footprint, day);
                    prop_assert!(same_statuses(&fast, &slow), "{} {:?} {day}: {fast:?} {slow:?}", area.code, footprint);
                }
            }
        }
    }

    #[test]
    fn the_areas_that_stand_are_those_with_practices(said in prop::collection::vec(said(), 0..40)) {
        let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, start().plus_days(700));
        let kinds = AreaKind::ALL.into_iter();
        for (kind, footprint) in kinds.flat_map(|kind| [(kind, Footprint::Then), (kind, Footprint::Now)]) {
            for day in sample_days() {
                let one_by_one = board.areas.iter()
                    .filter(|area| area.kind == kind && area.counts(0, footprint, day).practices() > 0);
                prop_assert_eq!(board.areas_standing(kind, footprint, day) as usize, one_by_one.count());
            }
        }
    }

    #[test]
    fn regions_add_up_to_england(said in prop::collection::vec(said(), 0..40)) {
        let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, start().plus_days(700));
        for day in sample_days() {
            let england = board.england().unwrap().counts(0, Footprint::Then, day).practices();
            let regions: u32 = board.areas.iter().filter(|area| area.kind == AreaKind::Region)
                .map(|area| area.counts(0, Footprint::Then, day).practices()).sum();
            let ccgs: u32 = board.areas.iter().filter(|area| area.kind == AreaKind::Ccg)
                .map(|area| area.counts(0, Footprint::Then, day).practices()).sum();
            prop_assert_eq!(england, regions);
            prop_assert_eq!(england, ccgs);
        }
    }

    /// Whom an officer may look at is who is counted by today's membership, in whatever order the files came,
    /// and does not depend on how often it was asked on the way.
    #[test]
    fn one_may_look_at_those_that_stand_in_ones_figures(
        said in prop::collection::vec(said(), 1..40), asked in prop::collection::vec(any::<bool>(), 40),
    ) {
        let today = start().plus_days(700);
        let bodies = bodies(&said);
        let board = Board::build(&fold(&bodies), Knowledge::ALL, today);
        let mut register = Register::default();
        for ((position, body), asked) in (1..).map(Position).zip(&bodies).zip(asked) {
            register.note(position, body);
            if asked {
                let _ = register.on(today);
            }
        }
        let hierarchy = register.on(today);
        for practice in &board.practices {
            let Some((ccg, place)) = practice.now else { continue };
            let network = board.network_of(practice, Footprint::Now, today);
            let counted =
                Above { commissioner: Some(ccg), local_office: place.local_office, region: place.region, network };
            prop_assert_eq!(hierarchy.above(practice.code), counted, "{}", practice.code);
            prop_assert!(hierarchy.is_practice(practice.code), "{}", practice.code);
        }
        for area in &board.areas {
            let above = hierarchy.above(area.code);
            let seen: Vec<OdsCode> = above.codes().filter(|code| board.area(*code).is_some()).collect();
            let stands = board.members(area, Footprint::Now, today).next().is_some();
            let parents = board.parents(area, Footprint::Now, today);
            let counted: Vec<OdsCode> =
                parents.iter().map(|parent| parent.code).filter(|code| code.as_str() != OdsCode::ENGLAND).collect();
            prop_assert!(!stands || seen == counted, "{}: {:?} {:?}", area.code, above, counted);
        }
    }

    #[test]
    fn any_split_of_the_log_gives_the_same_board(
        said in prop::collection::vec(said(), 1..40), splits in prop::collection::vec(any::<bool>(), 40),
    ) {
        let today = start().plus_days(700);
        let bodies = bodies(&said);
        let whole = Board::build(&fold(&bodies), Knowledge::ALL, today);

        let mut facts = Facts::default();
        let mut board = Board::build(&facts, Knowledge::ALL, today);
        let mut everything = false;
        let mut timelines = FxHashSet::default();
        for (index, body) in bodies.iter().enumerate() {
            match facts.gather(Decoded::read(Position(index as u64 + 1), body)) {
                Touched::Nothing => {}
                Touched::Footprint | Touched::AllTimelines => everything = true,
                Touched::Timelines(code) => { timelines.insert(code); }
                Touched::TimelinesOf(codes) => timelines.extend(codes),
            }
            if splits[index] || index + 1 == bodies.len() {
                board = if everything {
                    Board::build(&facts, Knowledge::ALL, today)
                } else {
                    board.with_timelines_of(&facts, &timelines)
                };
                everything = false;
                timelines.clear();
            }
        }
        prop_assert_eq!(counts_everywhere(&board), counts_everywhere(&whole));
        prop_assert_eq!(digest::of(&board), digest::of(&whole));
    }

    #[test]
    fn as_known_at_a_position_is_the_fold_up_to_it(
        said in prop::collection::vec(said(), 1..40), cut in 0..40usize,
    ) {
        let today = start().plus_days(700);
        let bodies = bodies(&said);
        let cut = cut.min(bodies.len());
        let all = fold(&bodies);
        let upto = Position(cut as u64);
        let known = Board::build(&all, Knowledge { upto, announced_by: None }, today);
        let then = Board::build(&fold(&bodies[..cut]), Knowledge::ALL, today);
        prop_assert_eq!(counts_everywhere(&known), counts_everywhere(&then));

        let instant = jiff::Timestamp::from_second(1_500_000_000 + cut as i64).unwrap();
        prop_assert_eq!(all.position_known_at(instant), upto);
    }

    #[test]
    fn junk_on_the_log_is_set_aside_and_never_stops_the_fold(junk in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut facts = Facts::default();
        facts.gather(Decoded::read(Position(1), &junk));
        prop_assert_eq!(facts.set_aside.count, 1);
        prop_assert_eq!(facts.read_to.map(|read| read.position), Some(Position(1)));
    }
}

#[test]
fn facts_survive_being_written_and_read() {
    let listing = OrganisationListing {
        kind: OrganisationKind::Region,
        name: "LONDON".into(),
        region: None,
        local_office: None,
        address: vec![],
        postcode: String::new(),
        opened: None,
        closed: None,
    };
    let said = [
        Said::Organisation(
            "Y56",
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of: start(), listing }),
        ),
        Said::Assessment(AssessmentEvent::ResultListed(ResultListed {
            organisation: code("A81001"),
            as_of: start(),
            name: String::new(),
            sector: String::new(),
            status: "odd".into(),
            result: PublishedResult::Unrecognised,
            published: None,
            published_text: None,
        })),
    ];
    let facts = fold(&bodies(&said));
    for (code, organisation) in &facts.organisations {
        let text = serde_json::to_string(organisation).unwrap();
        let read: Arc<crate::facts::OrganisationFacts> = serde_json::from_str(&text).unwrap();
        assert_eq!(&read, organisation, "{code}");
    }
}

/// A practice as a row of a practice file of a day shows it.
fn listed(practice: &'static str, as_of: Day, listing: PracticeListing) -> Said {
    let listed = proto::organisations::PracticeListed { as_of, listing };
    Said::Organisation(practice, OrganisationEvent::PracticeListed(listed))
}

/// How many practices a region has on a day; none where it is no area.
fn in_region(board: &Board, region: &str, day: Day) -> u32 {
    board.area(code(region)).map_or(0, |area| area.counts(0, Footprint::Then, day).practices())
}

#[test]
fn the_practices_of_a_file_lie_on_its_date_where_their_rows_say() {
    let folder = std::env::var_os("OVERSIGHT_SHARED_DATA")
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").into());
    let path = std::path::Path::new(&folder).join("ods/epraccur_2026-02.csv");
    let Ok(file) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} cannot be read; set OVERSIGHT_SHARED_DATA", path.display());
        return;
    };
    let as_of: Day = "2026-02-28".parse().unwrap();
    let optional = |text: &str| (!text.is_empty()).then(|| code(text));
    let date = |text: &str| (!text.is_empty()).then(|| Day::parse_any(text).unwrap());
    let said = file.lines().filter_map(|line| {
        let row: Vec<&str> = line.trim_start_matches('"').split("\",\"").collect();
        let listing = PracticeListing {
            name: row[1].to_owned(),
            region: optional(row[2]),
            local_office: optional(row[3]),
            address: vec![],
            postcode: row[9].to_owned(),
            telephone: String::new(),
            opened: date(row[10]),
            closed: date(row[11]),
            status: match row[12] {
                "ACTIVE" => OdsStatus::Active,
                "INACTIVE" => OdsStatus::Closed,
                "DORMANT" => OdsStatus::Dormant,
                other => panic!("{other}"),
            },
            setting: PrescribingSetting::GENERAL_PRACTICE,
            commissioner: optional(row[14]),
            joined: date(row[15]),
            left: date(row[16]),
        };
        let practice: &'static str = row[0].to_owned().leak();
        row[25].split('|').any(|role| role == "RO76").then(|| listed(practice, as_of, listing))
    });
    let said: Vec<Said> = said.collect();
    let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, "2026-03-01".parse().unwrap());
    let england = board.england().unwrap();
    for footprint in [Footprint::Then, Footprint::Now] {
        assert_eq!(england.counts(0, footprint, as_of).practices(), 6_207);
        for (region, practices) in [
            ("Y56", 1153),
            ("Y58", 517),
            ("Y59", 779),
            ("Y60", 1248),
            ("Y61", 634),
            ("Y62", 943),
            ("Y63", 933),
        ] {
            let area = board.area(code(region)).unwrap();
            assert_eq!(area.counts(0, footprint, as_of).practices(), practices, "{region} {footprint:?}");
        }
    }
    assert!(board.areas.iter().all(|area| !area.code.is_welsh()), "no area of Wales");
    assert!(board.practices.iter().all(|practice| !practice.code.is_welsh()));
    // Before the file those count that closed since.
    let before = england.counts(0, Footprint::Then, "2018-03-31".parse().unwrap()).practices();
    assert!(before > 6_900, "{before}");
    assert_eq!(board.first_practice_file, Some(as_of));
}

#[test]
fn a_code_is_no_practice_before_the_first_file_that_shows_it_as_one() {
    let listing = |setting, region: &str, ccg: &str, joined: &str| PracticeListing {
        name: "EXAMPLE".into(),
        region: Some(code(region)),
        local_office: None,
        address: vec![],
        postcode: String::new(),
        telephone: String::new(),
        opened: Some("2016-07-01".parse().unwrap()),
        closed: None,
        status: OdsStatus::Active,
        setting: PrescribingSetting(setting),
        commissioner: Some(code(ccg)),
        joined: Some(joined.parse().unwrap()),
        left: None,
    };
    let (first, second): (Day, Day) = ("2018-05-20".parse().unwrap(), "2021-11-26".parse().unwrap());
    let other = listing(14, "Y55", "06W", "2016-07-01");
    let other = proto::organisations::PrescriberListed { as_of: first, listing: other };
    let amended = |listing| {
        OrganisationEvent::PracticeAmended(PracticeAmended { as_of: second, listing, changed: vec![] })
    };
    let said = [
        listed("A99051", first, listing(4, "Y55", "06W", "2013-04-01")),
        Said::Organisation("Y99051", OrganisationEvent::PrescriberListed(other)),
        Said::Organisation("A99051", amended(listing(4, "Y61", "26A", "2020-04-01"))),
        listed("Y99051", second, listing(4, "Y61", "26A", "2020-04-01")),
    ];
    let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, "2022-01-01".parse().unwrap());
    for (day, england, y55, y61) in [("2019-03-31", 1, 1, 0), ("2021-12-31", 2, 0, 2)] {
        let day = day.parse().unwrap();
        assert_eq!(board.england().unwrap().counts(0, Footprint::Then, day).practices(), england, "{day}");
        assert_eq!((in_region(&board, "Y55", day), in_region(&board, "Y61", day)), (y55, y61), "{day}");
    }
}

/// Whom an officer may look at follows what later files confirm and what was withdrawn, as the figures do.
#[test]
fn one_may_look_at_those_in_ones_figures_after_files_are_confirmed_and_withdrawn() {
    use proto::{
        imports::{CodeList, FileImported, ImportWithdrawn},
        organisations::PracticeListed,
    };
    let (one, two) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let (first, second): (Day, Day) = (start(), start().plus_days(100));
    let listing = |region: &str| PracticeListing {
        name: "EXAMPLE".into(),
        region: Some(code(region)),
        local_office: None,
        address: vec![],
        postcode: String::new(),
        telephone: String::new(),
        opened: None,
        closed: None,
        status: OdsStatus::Active,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(code("00K")),
        joined: None,
        left: None,
    };
    let listed =
        |as_of, region| OrganisationEvent::PracticeListed(PracticeListed { as_of, listing: listing(region) });
    let amended = PracticeAmended { as_of: second, listing: listing("Y60"), changed: vec![] };
    let finished = FileImported {
        import: two,
        kind: "practices".into(),
        as_of: Some(second),
        sha256: String::new(),
        rows: 3,
        recorded: 2,
        skipped: Default::default(),
        rejected: 0,
        unchanged: CodeList::of([code("A81001")]),
        unread: CodeList::default(),
    };
    let withdrawn = ImportWithdrawn { import: two, reason: "the wrong file".into() };
    let said = [
        Said::Imported(one, "A81001", listed(first, "Y55")),
        Said::Imported(one, "A81002", listed(first, "Y54")),
        Said::Imported(two, "A81002", OrganisationEvent::PracticeAmended(amended)),
        Said::Imported(two, "A81003", listed(second, "Y60")),
        Said::Imported(
            two,
            "import_2",
            OrganisationEvent::FileImported(proto::organisations::FileImported(finished)),
        ),
        Said::Imported(
            two,
            "import_2",
            OrganisationEvent::ImportWithdrawn(proto::organisations::ImportWithdrawn(withdrawn)),
        ),
    ];
    let today = start().plus_days(200);
    let regions = |count: usize| -> Vec<Option<OdsCode>> {
        let bodies = bodies(&said[..count]);
        let board = Board::build(&fold(&bodies), Knowledge::ALL, today);
        let mut register = Register::default();
        for (position, body) in (1..).map(Position).zip(&bodies) {
            register.note(position, body);
        }
        let hierarchy = register.on(today);
        let practices = ["A81001", "A81002", "A81003"].map(code).into_iter();
        let each = practices.map(|practice| {
            let counted =
                board.practice(practice).and_then(|practice| practice.now).map(|(_, place)| place.region);
            let above = hierarchy.is_practice(practice).then(|| hierarchy.above(practice).region);
            assert_eq!(above, counted, "{practice} after {count}");
            counted.flatten()
        });
        each.collect()
    };
    // The first says where it lies in its own row, and the second file confirms it although most others moved.
    assert_eq!(regions(5), [Some(code("Y55")), Some(code("Y60")), Some(code("Y60"))]);
    assert_eq!(regions(6), [Some(code("Y55")), Some(code("Y54")), None]);
}

/// A body is told of, where no day is asked about, as what it was to its end.
#[test]
fn a_closed_body_is_called_what_it_was_on_its_last_day() {
    use proto::organisations::{OrganisationListed, OrganisationListing};
    let last: Day = "2021-03-31".parse().unwrap();
    let listing = OrganisationListing {
        name: "NHS EXAMPLE CCG".into(),
        kind: OrganisationKind::Ccg,
        region: Some(code("Y54")),
        local_office: None,
        address: vec![],
        postcode: String::new(),
        opened: Some("2013-04-01".parse().unwrap()),
        closed: Some(last),
    };
    let said = [Said::Organisation(
        "99Z",
        OrganisationEvent::OrganisationListed(OrganisationListed { as_of: last.plus_days(1), listing }),
    )];
    let today = "2023-06-01".parse().unwrap();
    let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, today);
    let area = board.area(code("99Z")).unwrap();
    assert_eq!(area.day_called(today), last);
    assert_eq!(area.word_on(area.day_called(today)).slug, "ccg");
    assert_eq!(area.word_on(today).slug, "sub-icb-location");
}
