//! A fingerprint of a view: equal for equal views, whatever way they came about.

use proto::EventHash;
use sha2::{Digest, Sha256};

use crate::{
    board::{Board, Footprint},
    rollup::COLUMNS,
    rules::RULES,
    timeline::Status,
};

/// SHA-256 over the facts in order of code, then every timeline, then every count by the
/// footprint of the day. Of today's date it takes in what the timelines do: that what is due on the running
/// day has not been missed. Two views are to be compared as of the same day.
pub fn of(board: &Board) -> EventHash {
    let mut hasher = Sha256::new();
    let mut buffer = Vec::with_capacity(4096);
    let facts = &board.facts;
    for (code, organisation) in &facts.organisations {
        buffer.clear();
        // Plain data: writing it as JSON cannot fail.
        if serde_json::to_writer(&mut buffer, &(code, organisation)).is_ok() {
            hasher.update(&buffer);
        }
    }
    for text in [
        serde_json::to_vec(&facts.deadlines_moved),
        serde_json::to_vec(&facts.exemptions),
        serde_json::to_vec(&facts.files),
        serde_json::to_vec(&facts.read_to),
        serde_json::to_vec(&facts.recorded),
        serde_json::to_vec(&facts.set_aside),
    ]
    .into_iter()
    .flatten()
    {
        hasher.update(&text);
    }
    for practice in &board.practices {
        hasher.update(practice.code.as_str());
        for timeline in &practice.timelines {
            for change in timeline.changes() {
                hasher.update(change.day.number().to_be_bytes());
                hasher.update([change.status.index() as u8, u8::from(timeline.is_to_come(change))]);
            }
        }
    }
    for area in &board.areas {
        hasher.update(area.code.as_str());
        for rule in 0..RULES.len() {
            let Some(steps) = area.steps(rule, Footprint::Then) else { continue };
            for (day, counts) in steps.between(proto::Day::FIRST, proto::Day::LAST) {
                hasher.update(day.number().to_be_bytes());
                for status in Status::ALL {
                    hasher.update(counts.of(status).to_be_bytes());
                }
                hasher.update(counts.reaching_back().to_be_bytes());
            }
        }
    }
    hasher.update([COLUMNS as u8]);
    EventHash::from_bytes(hasher.finalize().into())
}
