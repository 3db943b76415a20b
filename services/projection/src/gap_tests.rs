//! What was found beside what was declared, up the hierarchy: over small invented Englands.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proto::{Day, Position, TopicId};

use crate::{
    answers::Asked,
    board::{Area, AreaKind, Board, Footprint, Knowledge},
    board_tests::{bodies, fold, said, sample_days, start},
    gap::{GapCounts, RollUp, compared},
};

fn asked(board: &Board, at: Day, footprint: Footprint) -> Asked<'_> {
    Asked { board, at, footprint, known: None, rule: 0 }
}

fn rolled_up(board: &Board, area: &Area, at: Day) -> RollUp {
    let members = board.members(area, Footprint::Then, at);
    RollUp::of(&asked(board, at, Footprint::Then), members.map(|practice| &**practice))
}

/// The sum over all areas of a kind, and how many practices and assessed ones they have.
fn sum(board: &Board, kind: AreaKind, at: Day) -> (u32, u32, BTreeMap<TopicId, GapCounts>) {
    let mut sum = (0, 0, BTreeMap::new());
    for area in board.areas.iter().filter(|area| area.kind == kind) {
        let of_area = rolled_up(board, area, at);
        sum.0 += of_area.practices;
        sum.1 += of_area.assessed;
        for (topic, counts) in of_area.by_topic() {
            let so_far: &mut GapCounts = sum.2.entry(topic).or_default();
            *so_far = *so_far + counts;
        }
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn england_is_the_sum_of_its_regions_and_of_its_ccgs(said in prop::collection::vec(said(), 0..60)) {
        let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, start().plus_days(700));
        for day in sample_days() {
            let england = sum(&board, AreaKind::England, day);
            prop_assert_eq!(&england, &sum(&board, AreaKind::Region, day));
            prop_assert_eq!(&england, &sum(&board, AreaKind::Ccg, day));
        }
    }

    #[test]
    fn every_count_lies_within_the_one_before_it(said in prop::collection::vec(said(), 0..60)) {
        let board = Board::build(&fold(&bodies(&said)), Knowledge::ALL, start().plus_days(700));
        for day in sample_days() {
            let england = rolled_up(&board, board.england().unwrap(), day);
            prop_assert!(england.assessed <= england.practices);
            for (topic, counts) in england.by_topic() {
                prop_assert!(counts.assessed <= england.assessed, "{topic}");
                let GapCounts { assessed, declared, declared_good, self_assessed_met_not_confirmed } = counts;
                prop_assert!([assessed, declared, declared_good, self_assessed_met_not_confirmed].is_sorted_by(|a, b| a >= b));
            }
        }
    }

    #[test]
    fn as_known_at_a_position_it_is_that_of_the_fold_up_to_it(
        said in prop::collection::vec(said(), 1..60), cut in 0..60usize,
    ) {
        let today = start().plus_days(700);
        let bodies = bodies(&said);
        let cut = cut.min(bodies.len());
        let known = Knowledge { upto: Position(cut as u64), announced_by: None };
        let known = Board::build(&fold(&bodies), known, today);
        let then = Board::build(&fold(&bodies[..cut]), Knowledge::ALL, today);
        for practice in &then.practices {
            let later = known.practice(practice.code).unwrap();
            for day in sample_days() {
                prop_assert_eq!(
                    compared(&asked(&then, day, Footprint::Then), practice),
                    compared(&asked(&known, day, Footprint::Then), later),
                    "{} {}", practice.code, day
                );
            }
        }
    }
}
