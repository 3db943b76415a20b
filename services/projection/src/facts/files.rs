//! The national files behind the facts: which were read, of what date, and which were withdrawn.

use std::collections::BTreeMap;

use imbl::OrdMap;
use proto::{
    Day, Position,
    assessments::PublishedResult,
    imports::{FileImported, ImportWithdrawn, Withdrawn},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a fact came from: the import, if it came with one, and from where on in the log that is withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The import.
    pub import: Option<Uuid>,
    /// The event by which it was withdrawn.
    pub withdrawn: Option<Position>,
}

impl Origin {
    /// With what was requested, or with an import.
    pub fn of(import: Option<Uuid>) -> Self {
        Self { import, withdrawn: None }
    }

    /// Whether the fact counts, by what is recorded up to a position.
    pub fn stands(self, upto: Position) -> bool {
        self.withdrawn.is_none_or(|withdrawn| withdrawn > upto)
    }

    /// Notes that an import was withdrawn; true where the fact came with it.
    pub(super) fn withdraw(&mut self, import: Uuid, position: Position) -> bool {
        let is_of_it = self.import == Some(import);
        if is_of_it {
            self.withdrawn.get_or_insert(position);
        }
        is_of_it
    }
}

/// A row of the national register of toolkit results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// What the status text was read as.
    pub result: PublishedResult,
    /// The day of publication, where one stands there.
    pub published: Option<Day>,
}

impl RegisterRow {
    /// A row that could not be read: it says neither that something is published nor that nothing is.
    pub const UNREAD: RegisterRow = RegisterRow { result: PublishedResult::Unrecognised, published: None };
}

/// A file of which something is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What sort of file, as on the command line.
    pub kind: String,
    /// The date of the file.
    pub as_of: Day,
    /// The first event that came with it.
    pub first: Position,
    /// The event that says that it was read to its end.
    pub finished: Option<Position>,
}

/// The files, by import.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Files {
    by_import: OrdMap<Uuid, File>,
    /// The imports that were withdrawn.
    pub withdrawn: Withdrawn,
    /// The import of the last row, so that not every row is looked up.
    last: Option<Uuid>,
}

impl Files {
    /// Notes that a row of a file was recorded.
    pub(super) fn note_row(&mut self, position: Position, import: Option<Uuid>, kind: &str, as_of: Day) {
        let Some(import) = import.filter(|import| self.last != Some(*import)) else { return };
        self.last = Some(import);
        if !self.by_import.contains_key(&import) {
            let file = File { kind: kind.to_owned(), as_of, first: position, finished: None };
            self.by_import.insert(import, file);
        }
    }

    /// Notes that a file was read to its end.
    pub(super) fn note_end(&mut self, position: Position, imported: &FileImported) {
        let Some(as_of) = imported.as_of else { return };
        let first = self.by_import.get(&imported.import).map_or(position, |file| file.first);
        let file = File { kind: imported.kind.clone(), as_of, first, finished: Some(position) };
        self.by_import.insert(imported.import, file);
    }

    /// Notes that an import was withdrawn.
    pub(super) fn note_withdrawal(&mut self, position: Position, withdrawn: &ImportWithdrawn) {
        self.withdrawn.note(withdrawn.import, position);
    }

    /// The files that count, by what is recorded up to a position.
    pub fn standing(&self, upto: Position) -> impl Iterator<Item = (Uuid, &File)> {
        self.by_import
            .iter()
            .filter(move |(import, file)| file.first <= upto && self.withdrawn.stands(Some(**import), upto))
            .map(|(import, file)| (*import, file))
    }

    /// The newest date of each kind of file that counts.
    pub fn newest(&self, upto: Position) -> BTreeMap<&str, Day> {
        let mut newest = BTreeMap::new();
        for (_, file) in self.standing(upto) {
            let of_kind = newest.entry(file.kind.as_str()).or_insert(file.as_of);
            *of_kind = file.as_of.max(*of_kind);
        }
        newest
    }
}
