//! The registers of toolkit results that were read to their end, and what each says of practices that it leaves out.
//!
//! A register that lists most of the practices of its day speaks against a practice without a row; an extract for
//! boards, trusts or one area says nothing of practices that are not in it.

use proto::{Day, Position};
use rustc_hash::FxHashMap;
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
}

impl Registers {
    /// Of the files that count up to a position; which of them list most practices is counted.
    pub fn of(facts: &Facts, practices: &[Practice], upto: Position) -> Self {
        let mut whole: Vec<Register> = facts
            .files
            .standing(upto)
            .filter(|(_, file)| file.kind == RESULTS)
            .filter_map(|(import, file)| {
                let position = file.finished.filter(|finished| *finished <= upto)?;
                Some(Register { as_of: file.as_of, import, position })
            })
            .collect();
        if whole.is_empty() {
            return Self::default();
        }
        // Of each register: the practices that operated on its date, and those of them that it lists.
        let mut counts: FxHashMap<Uuid, (u32, u32)> = FxHashMap::default();
        for practice in practices {
            for register in whole.iter().filter(|register| practice.placed_on(register.as_of).is_some()) {
                let (operating, listed) = counts.entry(register.import).or_default();
                *operating += 1;
                *listed += u32::from(lists(practice, register.import));
            }
        }
        whole.retain(|register| {
            counts.get(&register.import).is_some_and(|(operating, listed)| 2 * listed > *operating)
        });
        whole.sort_by_key(|register| (register.as_of, register.position));
        Self { whole }
    }

    /// These, which list most practices of their day.
    #[cfg(test)]
    pub fn with(whole: impl IntoIterator<Item = Register>) -> Self {
        Self { whole: whole.into_iter().collect() }
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
