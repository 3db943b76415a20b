//! What practices and events cost: memory by difference, in a process of its own each, and what
//! ten times the practices cost.

use std::process::Command;

use projection::{
    board::{Board, Knowledge},
    facts::{Decoded, Facts},
};
use proto::Position;
use serde_json::{Value, json};

use crate::{
    england::{England, PRACTICES},
    figures::{Figures, Target, grouped, median},
    machine, rebuild,
};

/// Runs of each size.
const ROUNDS: usize = 5;

/// Events that are made before they are folded.
const BLOCK_EVENTS: usize = 1_024;

/// In a process of its own: folds an England of so many practices and says what it cost.
pub fn child(practices: u32) -> Value {
    let england = England::of(practices);
    // What the generator itself needs is there before the first look.
    let mut events = england.events();
    let first = events.next();
    let before = machine::memory_bytes();
    let mut facts = Facts::default();
    let mut count = 0u64;
    let mut fold_seconds = 0.0;
    // As a log hands them out: slices of a block, and none of the generator's work is counted.
    let (mut block, mut ends) = (Vec::new(), Vec::new());
    let mut events = first.into_iter().chain(events).peekable();
    while events.peek().is_some() {
        block.clear();
        ends.clear();
        for event in events.by_ref().take(BLOCK_EVENTS) {
            block.extend_from_slice(&event.body);
            ends.push(block.len());
        }
        let began = machine::thread_seconds();
        let mut start = 0;
        for end in &ends {
            count += 1;
            facts.gather(Decoded::read(Position(count), &block[start..*end]));
            start = *end;
        }
        fold_seconds += machine::thread_seconds() - began;
    }
    let folded = machine::memory_bytes();
    let today = rebuild::clock().today();
    let began = machine::thread_seconds();
    let board = Board::build(&facts, Knowledge::ALL, today);
    let build_seconds = machine::thread_seconds() - began;
    let built = machine::memory_bytes();
    assert_eq!(board.practices.len(), practices as usize);
    assert_eq!(facts.set_aside.count, 0);
    let grown = |from: Option<u64>, to: Option<u64>| from.zip(to).map(|(from, to)| to.saturating_sub(from));
    json!({
        "events": count,
        "fold_seconds": fold_seconds,
        "build_seconds": build_seconds,
        "facts_bytes": grown(before, folded),
        "board_bytes": grown(folded, built),
    })
}

#[derive(Debug)]
struct Cost {
    events: f64,
    fold_seconds: f64,
    build_seconds: f64,
    facts_bytes: f64,
    board_bytes: f64,
}

fn run(practices: u32) -> Value {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(&this).arg("--memory-of").arg(practices.to_string()).output();
    let output = output.expect("this program again");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn cost(runs: &[Value]) -> Cost {
    let of = |name: &str| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run[name].as_f64()).collect();
        median(&values)
    };
    Cost {
        events: of("events"),
        fold_seconds: of("fold_seconds"),
        build_seconds: of("build_seconds"),
        facts_bytes: of("facts_bytes"),
        board_bytes: of("board_bytes"),
    }
}

/// Measures England and ten of it.
pub fn measure(figures: &mut Figures) {
    let (mut one, mut ten) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(run(PRACTICES));
        ten.push(run(PRACTICES * 10));
    }
    let (one, ten) = (cost(&one), cost(&ten));
    let time = |cost: &Cost| cost.fold_seconds + cost.build_seconds;
    figures.ratio(
        "ten times the practices: time of fold and board, beside once",
        time(&ten) / time(&one),
        Target::AtMost(11.0),
        &format!("{:.2} s beside {:.2} s", time(&ten), time(&one)),
    );
    let memory = |cost: &Cost| cost.facts_bytes + cost.board_bytes;
    if memory(&one).is_finite() {
        figures.ratio(
            "ten times the practices: memory, beside once",
            memory(&ten) / memory(&one),
            Target::AtMost(11.0),
            &format!("{} MB beside {} MB", grouped(memory(&ten) / 1e6), grouped(memory(&one) / 1e6)),
        );
        let practices = f64::from(PRACTICES);
        figures.remark(format!(
            "Memory of the views: {} bytes a practice with its {:.0} events in two years, {} bytes an event; the facts are {} of it.",
            grouped(memory(&one) / practices),
            one.events / practices,
            grouped(memory(&one) / one.events),
            format_args!("{:.0} %", 100.0 * one.facts_bytes / memory(&one)),
        ));
    }
    figures.remark(format!(
        "Folding alone: {} events/s of one core; a board of {} practices takes {:.0} ms.",
        grouped(one.events / one.fold_seconds),
        grouped(f64::from(PRACTICES)),
        one.build_seconds * 1e3
    ));
}
