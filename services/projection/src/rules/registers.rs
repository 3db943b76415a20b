//! The registers of toolkit results that were read to their end, and what each says of practices that it leaves out.
//!
//! A register that lists most of the practices of its day speaks against a practice without a row; an extract for
//! boards, trusts or one area says nothing of practices that are not in it.

use proto::{Day, Position};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use crate::{board::Practice, facts::Facts};

/// The kind of file, as on the command line.
pub const RESULTS: &str = "results";

/// A register that lists most practices of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// Its date.
    pub as_of: Day,
    /// Its import.
    pub import: Uuid,
    /// The event that says that it was read to its end.
    pub position: Position,
}

/// The registers that were read, as far as they bear on practices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registers {
    /// Those that list most practices of their day, in order of date.
    whole: Vec<Register>,
    /// The date of the newest one that lists any practice.
    newest: Option<Day>,
}

impl Registers {
    /// Of the files that count up to a position; which of them list practices, and most of them, is counted.
    pub fn of(facts: &Facts, practices: &[Practice], upto: Position) -> Self {
        let registers = || facts.files.standing(upto).filter(|(_, file)| file.kind == RESULTS);
        if registers().next().is_none() {
            return Self::default();
        }
        let mut whole: Vec<Register> = registers()
            .filter_map(|(import, file)| {
                let position = file.finished.filter(|finished| *finished <= upto)?;
                Some(Register { as_of: file.as_of, import, position })
            })
            .collect();
        // Of each register: whether it lists any practice, the practices that operated on its date, and those of them
        // that it lists.
        let mut listing: FxHashSet<Uuid> = FxHashSet::default();
        let mut counts: FxHashMap<Uuid, (u32, u32)> = FxHashMap::default();
        for practice in practices {
            listing.extend(practice.facts.register.all().iter().filter_map(|row| row.import));
            for register in whole.iter().filter(|register| practice.placed_on(register.as_of).is_some()) {
                let (operating, listed) = counts.entry(register.import).or_default();
                *operating += 1;
                *listed += u32::from(lists(practice, register.import));
            }
        }
        let newest =
            registers().filter(|(import, _)| listing.contains(import)).map(|(_, file)| file.as_of).max();
        whole.retain(|register| {
            counts.get(&register.import).is_some_and(|(operating, listed)| 2 * listed > *operating)
        });
        whole.sort_by_key(|register| (register.as_of, register.position));
        Self { whole, newest }
    }

    /// These, which list most practices of their day.
    #[cfg(test)]
    pub fn with(whole: impl IntoIterator<Item = Register>) -> Self {
        let whole: Vec<Register> = whole.into_iter().collect();
        let newest = whole.iter().map(|register| register.as_of).max();
        Self { whole, newest }
    }

    /// The date of the newest one that lists any practice.
    pub fn newest(&self) -> Option<Day> {
        self.newest
    }

    /// The newest day that registers support figures of all practices for: that of the newest one that lists most of
    /// them, or any, where none lists most.
    pub fn supported(&self) -> Option<Day> {
        self.whole.last().map(|register| register.as_of).or(self.newest)
    }

    /// Those that list most practices of their day, in order of date.
    pub fn whole(&self) -> &[Register] {
        &self.whole
    }
}

/// Whether a register has a row for a practice.
fn lists(practice: &Practice, import: Uuid) -> bool {
    practice.facts.register.all().iter().any(|row| row.import == Some(import))
}
