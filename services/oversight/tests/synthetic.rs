//! What the synthetic England promises.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use oversight::synthetic::{self, DEFAULT_SEED, England, MARK, geography};
use projection::{
    answers::{self, Asked},
    board::{Board, Footprint, Knowledge},
    facts::{Decoded, Facts},
};
use proptest::prelude::*;
use proto::{
    Actor, Day, Event, EventHash, Header, OdsCode, Position,
    assessments::{AssessmentEvent, Grade},
    envelope::ChainLink,
    onsite::OnsiteEvent,
    organisations::{OdsStatus, OrganisationEvent, OrganisationKind},
    suppliers::SupplierEvent,
};
use sha2::{Digest, Sha256};

static ENGLAND: LazyLock<England> = LazyLock::new(|| England::new(DEFAULT_SEED));

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn digest(england: &England) -> [u8; 32] {
    let mut sha = Sha256::new();
    for event in england.events() {
        sha.update(&event.body);
    }
    sha.finalize().into()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() {
    assert_eq!(digest(&ENGLAND), digest(&England::new(DEFAULT_SEED)));
    assert_ne!(digest(&ENGLAND), digest(&England::new(DEFAULT_SEED + 1)));
}

#[test]
fn it_has_as_many_bodies_as_promised() {
    let (mut practices, mut kinds) = (0, BTreeMap::new());
    let mut open = 0;
    for occurrence in ENGLAND.occurrences() {
        match occurrence.event {
            Event::Organisation(OrganisationEvent::PracticeListed(listed)) => {
                practices += 1;
                let day_one = listed.as_of == day("2017-05-31");
                open += usize::from(day_one && listed.listing.status == OdsStatus::Active);
            }
            Event::Organisation(OrganisationEvent::OrganisationListed(listed)) => {
                *kinds.entry(listed.listing.kind).or_insert(0) += 1;
            }
            _ => {}
        }
    }
    assert_eq!(open, geography::PRACTICES);
    let listed =
        geography::PRACTICES + geography::NEWCOMERS + geography::LONG_CLOSED + geography::LONG_DORMANT;
    assert_eq!(practices, listed);
    assert_eq!(kinds[&OrganisationKind::Region], 4);
    assert_eq!(kinds[&OrganisationKind::LocalOffice], 14);
    // One more begins in March, when three merge.
    assert_eq!(kinds[&OrganisationKind::Ccg], geography::CCGS + 1);
    assert!((150_000..=200_000).contains(&ENGLAND.len()), "{} events", ENGLAND.len());
}

#[test]
fn every_event_decodes_says_that_it_is_synthetic_and_comes_in_order_of_time() {
    let mut before = None;
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for event in ENGLAND.events() {
        let header = Header::read(&event.body).unwrap();
        Event::decode(&header.kind, header.data).unwrap();
        assert_eq!(header.actor, Actor::SYNTHETIC);
        assert_eq!(header.id, event.id);
        assert_eq!(header.subject, event.subject.as_str());
        assert!(before <= Some(header.time), "{} after {before:?}", header.time);
        assert!(ids.insert(event.id), "{} twice", event.id);
        before = Some(header.time);
        count += 1;
    }
    assert_eq!(count, ENGLAND.len());
}

/// The demonstration begins on the day after the deadline: by then everything generated has happened.
#[test]
fn nothing_is_recorded_after_the_deadline_and_the_last_event_comes_on_its_day() {
    for seed in [DEFAULT_SEED, 1] {
        let england = England::new(seed);
        let days = || england.occurrences().map(|occurrence| Day::in_london(occurrence.time));
        assert_eq!(days().max(), Some(day("2018-03-31")), "seed {seed}");
        let effective = england.occurrences().filter_map(|occurrence| occurrence.effective);
        assert!(effective.max() < Some(day("2018-04-01")), "seed {seed}");
    }
}

/// Whoever acts in an event, or is visited or relied on, is shown by name.
#[test]
fn every_organisation_that_appears_has_a_name() {
    let mut named = BTreeSet::new();
    let mut appear = BTreeSet::new();
    for occurrence in ENGLAND.occurrences() {
        match occurrence.event {
            Event::Organisation(
                OrganisationEvent::PracticeListed(_) | OrganisationEvent::OrganisationListed(_),
            ) => {
                named.insert(occurrence.subject.aggregate().to_owned());
            }
            Event::Continuity(_) => {
                appear.insert(occurrence.subject.aggregate().to_owned());
            }
            Event::Onsite(OnsiteEvent::OnsiteRequested(asked)) => {
                appear.insert(asked.by.to_string());
            }
            Event::Onsite(OnsiteEvent::VisitScheduled(visit)) => {
                appear.insert(visit.partner.to_string());
            }
            Event::Supplier(SupplierEvent::SupplierRegistered(supplier)) => {
                appear.extend(supplier.details.ods_code.map(|code| code.to_string()));
            }
            _ => {}
        }
    }
    assert!(
        appear.len() > 1_000 && appear.contains("ZZSUPPLIER") && appear.contains("X26"),
        "{}",
        appear.len()
    );
    let without: Vec<_> = appear.difference(&named).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn each_event_carries_the_hash_of_the_one_before() {
    let mut chains = BTreeMap::new();
    for event in ENGLAND.events() {
        let link = ChainLink::read(&event.body).unwrap();
        let before = chains.insert(event.subject.clone(), (event.id, EventHash::of(&event.body)));
        assert_eq!(link.previous, before.map(|(_, hash)| hash), "{}", event.subject);
        assert_eq!(event.after, before.map(|(id, _)| id), "{}", event.subject);
    }
}

#[test]
fn the_first_event_tells_the_seed_and_the_last_one_that_all_is_there() {
    for seed in [0, u64::MAX] {
        let england = England::new(seed);
        let first = england.events().next().unwrap();
        assert_eq!(synthetic::seed_of(&first.body), Some(seed));
        let last = england.events().last().unwrap();
        assert_eq!(synthetic::last_event(seed), Some((last.subject.clone(), last.id)));
        assert_eq!(synthetic::seed_of(&last.body), None);
    }
}

#[test]
fn every_name_says_that_it_is_synthetic_and_every_practice_code_has_the_right_shape() {
    for practice in &ENGLAND.land().practices {
        assert!(practice.name.starts_with(MARK), "{}", practice.name);
        assert!(practice.code.is_practice_shaped(), "{}", practice.code);
        assert!(practice.postcode.starts_with("ZZ"), "{}", practice.postcode);
    }
    let land = ENGLAND.land();
    let names = land.ccgs.iter().map(|ccg| &ccg.name);
    let names = names.chain(land.offices.iter().map(|office| &office.name));
    for name in names.chain(land.regions.iter().map(|region| &region.name)) {
        assert!(name.starts_with(MARK), "{name}");
    }
    let codes: BTreeSet<OdsCode> = land.practices.iter().map(|practice| practice.code).collect();
    assert_eq!(codes.len(), land.practices.len());
    let ccgs: BTreeSet<OdsCode> = land.ccgs.iter().map(|ccg| ccg.code).collect();
    assert_eq!(ccgs.len(), geography::CCGS);
}

#[test]
fn list_sizes_centre_on_some_eight_thousand() {
    let mut sizes: Vec<u32> = ENGLAND.land().practices.iter().map(|practice| practice.patients).collect();
    sizes.sort_unstable();
    let mean = sizes.iter().map(|size| u64::from(*size)).sum::<u64>() / sizes.len() as u64;
    assert!((7_500..9_000).contains(&mean), "mean {mean}");
    assert!((6_700..8_000).contains(&sizes[sizes.len() / 2]), "median {}", sizes[sizes.len() / 2]);
}

/// What became of each practice's assessment by the deadline and by the end.
#[derive(Debug, Default, Clone)]
struct Course {
    opened: bool,
    published: Option<Day>,
    grade: Option<Grade>,
    statement: bool,
    submitted: bool,
    agreed: bool,
    refused: bool,
}

fn courses() -> BTreeMap<OdsCode, Course> {
    let mut courses: BTreeMap<OdsCode, Course> =
        ENGLAND.land().practices.iter().map(|practice| (practice.code, Course::default())).collect();
    for occurrence in ENGLAND.occurrences() {
        let today = Day::in_london(occurrence.time);
        let Event::Assessment(event) = occurrence.event else { continue };
        let mut on = |code: OdsCode, change: &mut dyn FnMut(&mut Course)| {
            change(courses.get_mut(&code).unwrap());
        };
        match event {
            AssessmentEvent::AssessmentOpened(e) => on(e.organisation, &mut |course| course.opened = true),
            AssessmentEvent::AssessmentPublished(e) => on(e.organisation, &mut |course| {
                course.published.get_or_insert(today);
                course.grade.get_or_insert(e.grade);
            }),
            AssessmentEvent::AssuranceStatementAccepted(e) => {
                on(e.organisation, &mut |course| course.statement = true);
            }
            AssessmentEvent::ImprovementPlanSubmitted(e) => {
                on(e.organisation, &mut |course| course.submitted = true);
            }
            AssessmentEvent::ImprovementPlanAgreed(e) => {
                on(e.organisation, &mut |course| course.agreed = true)
            }
            AssessmentEvent::ImprovementPlanRefused(e) => {
                on(e.organisation, &mut |course| course.refused = true);
            }
            _ => {}
        }
    }
    courses
}

#[test]
fn the_year_has_its_rush_its_latecomers_and_its_gaps() {
    let courses: Vec<Course> = courses().into_values().collect();
    let count = |test: &dyn Fn(&Course) -> bool| courses.iter().filter(|course| test(course)).count();
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let in_time = count(&|c| c.published.is_some_and(|on| on <= day("2018-03-31")));
    let within = |from: &str, to: &str| {
        let (from, to) = (day(from), day(to));
        count(&|c| c.published.is_some_and(|on| from <= on && on <= to))
    };
    let last_week = within("2018-03-26", "2018-03-31");
    let never = count(&|c| c.opened && c.published.is_none());
    let short = count(&|c| c.grade == Some(Grade::NotSatisfactory));
    let unsigned = count(&|c| c.published.is_some() && !c.statement);
    println!(
        "in time {in_time}, last week {last_week}, opened but never {never}, short {short}, unsigned {unsigned}"
    );
    assert!(share(in_time, geography::PRACTICES) > 0.85 && share(in_time, geography::PRACTICES) < 0.96);
    assert!(share(last_week, in_time) > 0.5, "most publish in the last week: {last_week} of {in_time}");
    assert!(share(within("2018-03-18", "2018-03-31"), in_time) > 0.6);
    assert!(within("2017-06-01", "2018-01-31") > 200 && never > 50);
    assert!(share(short, in_time) > 0.03 && share(short, in_time) < 0.12);
    assert!(unsigned > 40 && unsigned < 400);
    let (submitted, agreed, refused) = (count(&|c| c.submitted), count(&|c| c.agreed), count(&|c| c.refused));
    println!("plans: submitted {submitted}, agreed {agreed}, refused {refused}");
    assert!(submitted < short && agreed < submitted && refused > 5);
    assert!(count(&|c| !c.opened) > 50);
}

#[test]
fn one_ccg_does_better_than_another() {
    let courses = courses();
    let mut by_ccg: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for practice in &ENGLAND.land().practices {
        let (good, all) = by_ccg.entry(practice.ccg).or_default();
        let course = &courses[&practice.code];
        *good += usize::from(course.published.is_some() && course.grade == Some(Grade::Satisfactory));
        *all += 1;
    }
    let mut shares: Vec<f64> = by_ccg.values().map(|(good, all)| *good as f64 / *all as f64).collect();
    shares.sort_by(f64::total_cmp);
    let (low, high) = (shares[shares.len() / 10], shares[shares.len() * 9 / 10]);
    assert!(high - low > 0.08, "the tenth best and the tenth worst lie apart: {low:.2} and {high:.2}");
}

/// The last step that a practice has made, by a small model of its own.
#[test]
fn every_stream_tells_a_possible_story() {
    #[derive(Debug, Default, Clone)]
    struct Stream {
        opened: bool,
        carried: BTreeSet<String>,
        ready: BTreeSet<String>,
        gaps: BTreeSet<String>,
        planned: BTreeMap<u16, String>,
        published: bool,
        statement: bool,
        submitted: bool,
    }
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    for occurrence in ENGLAND.occurrences() {
        let today = Day::in_london(occurrence.time);
        let Event::Assessment(event) = occurrence.event else { continue };
        let stream = streams.entry(occurrence.subject.as_str().to_owned()).or_default();
        assert!(
            stream.opened || matches!(event, AssessmentEvent::AssessmentOpened(_)),
            "{}",
            occurrence.subject
        );
        match event {
            AssessmentEvent::AssessmentOpened(opened) => {
                assert!(!stream.opened, "opened once");
                stream.opened = true;
                stream.carried = opened.carried_over.iter().map(|g| g.requirement.to_string()).collect();
            }
            AssessmentEvent::RequirementReviewed(reviewed) => {
                assert!(stream.carried.contains(reviewed.requirement.as_str()), "only what was carried over");
                stream.ready.insert(reviewed.requirement.to_string());
            }
            AssessmentEvent::RequirementAnswered(answered) => {
                assert!(!answered.given.comment.is_empty());
                stream.ready.insert(answered.given.requirement.to_string());
            }
            AssessmentEvent::AssessmentPublished(published) => {
                assert_eq!(stream.ready.len(), synthetic::REQUIREMENTS, "nothing blocks publication");
                stream.published = true;
                stream.gaps = published.gaps.iter().map(ToString::to_string).collect();
                assert_eq!(published.grade == Grade::Satisfactory, published.gaps.is_empty());
            }
            AssessmentEvent::AssuranceStatementAccepted(_) => {
                assert!(stream.published && !stream.statement);
                stream.statement = true;
            }
            AssessmentEvent::ImprovementActionPlanned(planned) => {
                assert!(stream.gaps.contains(planned.action.requirement.as_str()), "an action closes a gap");
                assert!(planned.action.due > today);
                stream.planned.insert(planned.number, planned.action.requirement.to_string());
            }
            AssessmentEvent::ImprovementPlanSubmitted(plan) => {
                let covered: BTreeSet<String> =
                    plan.actions.iter().map(|(_, action)| action.requirement.to_string()).collect();
                assert_eq!(covered, stream.gaps, "every gap has an action");
                stream.submitted = true;
            }
            AssessmentEvent::ImprovementPlanAgreed(agreed) => {
                assert!(std::mem::take(&mut stream.submitted) && agreed.due > today);
            }
            AssessmentEvent::ImprovementPlanRefused(_) => assert!(std::mem::take(&mut stream.submitted)),
            AssessmentEvent::ImprovementActionCompleted(done) => {
                assert!(stream.planned.contains_key(&done.number) && done.done == today);
            }
            AssessmentEvent::GradeReviewed(_) => assert!(stream.published),
            other => panic!("{other:?} is not of this year"),
        }
    }
}

/// The figure that the on-site assessments are there for, as the projection works it out.
#[test]
fn what_assessors_find_is_often_not_what_was_declared() {
    let mut facts = Facts::default();
    for (event, position) in ENGLAND.events().zip(1..) {
        facts.gather(Decoded::read(Position(position), &event.body));
    }
    assert_eq!(facts.set_aside.count, 0);
    let at = day("2018-03-31");
    let board = Board::build(&facts, Knowledge::ALL, at);
    let asked = Asked { board: &board, at, footprint: Footprint::Then, known: None, rule: 0 };
    let answer = answers::area_gap(&asked, board.england().unwrap(), |_| true).unwrap();
    let (assessed, total) = (answer.area.assessed_practices, answer.area.total);
    println!("assessed {assessed}, {total:?}");
    assert!(assessed > 150 && total.declared > 150, "{assessed} {total:?}");
    assert!(total.self_assessed_met_not_confirmed * 10 > total.declared, "{total:?}");
    assert!(total.self_assessed_met_not_confirmed * 2 < total.declared_good, "{total:?}");
    assert!(
        answer.members.iter().all(|region| region.total.self_assessed_met_not_confirmed > 0),
        "{:?}",
        answer.members
    );
}

#[test]
fn who_is_closed_does_nothing_any_more() {
    let last_days: BTreeMap<OdsCode, Day> = ENGLAND
        .land()
        .practices
        .iter()
        .filter_map(|practice| match practice.fate {
            geography::Fate::Closes(last) | geography::Fate::LongClosed(last) => Some((practice.code, last)),
            _ => None,
        })
        .collect();
    for occurrence in ENGLAND.occurrences() {
        let Event::Assessment(AssessmentEvent::AssessmentPublished(published)) = &occurrence.event else {
            continue;
        };
        if let Some(last) = last_days.get(&published.organisation) {
            assert!(Day::in_london(occurrence.time) <= *last, "{}", published.organisation);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn any_seed_gives_a_whole_england(seed: u64) {
        let england = England::new(seed);
        prop_assert!((150_000..=200_000).contains(&england.len()), "{} events", england.len());
        let mut before = None;
        for occurrence in england.occurrences() {
            prop_assert!(before <= Some(occurrence.time));
            before = Some(occurrence.time);
        }
    }
}
