//! Message bodies, one a line: whatever they are, they are read or set aside, and a board is made.

#![no_main]

use libfuzzer_sys::fuzz_target;
use projection::{
    board::{Board, Footprint, Knowledge},
    facts::{Decoded, Facts},
};
use proto::{Day, Header, Position};
use serde_json::Value;

fuzz_target!(|bodies: &[u8]| {
    let mut facts = Facts::default();
    for (number, body) in (1..).zip(bodies.split(|byte| *byte == b'\n')) {
        let _ = proto::envelope::ChainLink::read(body);
        if let Ok(header) = Header::read(body) {
            as_the_library_reads_it(&header, body);
        }
        facts.gather(Decoded::read(Position(number), body));
    }
    let today = Day::from_number(17_900);
    let board = Board::build(&facts, Knowledge::ALL, today);
    let England { practices } = England::of(&board, today);
    assert!(practices as usize <= board.practices.len());
});

/// Where a body is JSON and so are its data, they are what was read, whichever way that was.
fn as_the_library_reads_it(header: &Header<'_>, body: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    let Ok(data) = serde_json::from_slice::<Value>(header.data) else { return };
    assert_eq!(value["data"], data);
    assert_eq!(value["type"], *header.kind);
    assert_eq!(value["subject"], *header.subject);
    assert_eq!(value["actor"].as_str().unwrap_or_default(), header.actor);
}

struct England {
    practices: u32,
}

impl England {
    fn of(board: &Board, day: Day) -> Self {
        let counts = |footprint| board.england().map(|england| england.counts(0, footprint, day).practices());
        let then = counts(Footprint::Then).unwrap_or_default();
        assert_eq!(Some(then), counts(Footprint::Now), "all practices are in England by either footprint");
        Self { practices: then }
    }
}
