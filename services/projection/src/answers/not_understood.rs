//! Status texts of the national register that are not understood, and how often they stand there.

use std::collections::{BTreeMap, BTreeSet};

use chassis::import::{TextCount, most_frequent};
use proto::assessments::PublishedResult;

use crate::board::Board;

/// The status texts that are not understood, the most frequent first; the first
/// [`TEXTS_MAX`](chassis::import::TEXTS_MAX) of them. A text is counted once for every organisation whose row, in
/// whatever register, carries it.
pub fn not_understood(board: &Board) -> Vec<TextCount> {
    let catalogue = board.calendar.catalogue();
    let (withdrawn, upto) = (&board.facts.files.withdrawn, board.knowledge.upto);
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for organisation in board.facts.organisations.values().filter(|of| !of.not_understood.is_empty()) {
        let unread = organisation
            .words_standing(withdrawn, upto)
            .filter(|words| words.read(catalogue) == PublishedResult::Unrecognised);
        for text in unread.map(|words| &*words.text).collect::<BTreeSet<&str>>() {
            *rows.entry(text.to_owned()).or_default() += 1;
        }
    }
    most_frequent(&rows)
}
