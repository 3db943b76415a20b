//! The directory in a file, for a process with a log of its own.

use std::path::Path;

use proto::PersonId;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition};
use uuid::Uuid;

use super::{DirectoryError, Person};
use crate::erasable::Erasable;

const PEOPLE: TableDefinition<u128, &[u8]> = TableDefinition::new("people");

/// The file.
#[derive(Debug)]
pub(super) struct FileStore(Erasable);

fn failed(error: impl std::fmt::Display) -> DirectoryError {
    DirectoryError::Store(error.to_string())
}

impl From<redb::Error> for DirectoryError {
    fn from(error: redb::Error) -> Self {
        failed(error)
    }
}

fn read(bytes: &[u8]) -> Result<Person, DirectoryError> {
    serde_json::from_slice(bytes).map_err(failed)
}

impl FileStore {
    pub(super) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let store = Erasable::open(path)?;
        // On a full disk what is there can be read.
        if store.begin_read().map_err(failed)?.open_table(PEOPLE).is_err() {
            let write = store.begin_write().map_err(failed)?;
            write.open_table(PEOPLE).map_err(failed)?;
            write.commit().map_err(failed)?;
        }
        Ok(Self(store))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn is_empty(&self) -> Result<bool, DirectoryError> {
        let people = self.0.begin_read().map_err(failed)?.open_table(PEOPLE).map_err(failed)?;
        people.is_empty().map_err(failed)
    }

    pub(super) fn put(&self, id: PersonId, person: &Person) -> Result<(), DirectoryError> {
        let bytes = serde_json::to_vec(person).map_err(failed)?;
        let write = self.0.begin_write().map_err(failed)?;
        write.open_table(PEOPLE).map_err(failed)?.insert(id.0.as_u128(), bytes.as_slice()).map_err(failed)?;
        write.commit().map_err(failed)
    }

    pub(super) fn get(&self, id: PersonId) -> Result<Option<Person>, DirectoryError> {
        let people = self.0.begin_read().map_err(failed)?.open_table(PEOPLE).map_err(failed)?;
        let found = people.get(id.0.as_u128()).map_err(failed)?;
        found.map(|bytes| read(bytes.value())).transpose()
    }

    pub(super) fn all(&self) -> Result<Vec<(PersonId, Person)>, DirectoryError> {
        let people = self.0.begin_read().map_err(failed)?.open_table(PEOPLE).map_err(failed)?;
        let mut all = Vec::new();
        for entry in people.iter().map_err(failed)? {
            let (id, bytes) = entry.map_err(failed)?;
            all.push((PersonId(Uuid::from_u128(id.value())), read(bytes.value())?));
        }
        Ok(all)
    }

    pub(super) fn remove(&self, id: PersonId) -> Result<(), DirectoryError> {
        let write = self.0.begin_write().map_err(failed)?;
        write.open_table(PEOPLE).map_err(failed)?.remove(id.0.as_u128()).map_err(failed)?;
        write.commit().map_err(failed)
    }

    /// Leaves nothing of them in the file.
    pub(super) fn erase(&self, id: PersonId) -> Result<(), DirectoryError> {
        self.0.rewrite(|old, new| {
            let people = old.open_table(PEOPLE).map_err(failed)?;
            let mut kept = new.open_table(PEOPLE).map_err(failed)?;
            for entry in people.iter().map_err(failed)? {
                let (other, bytes) = entry.map_err(failed)?;
                if other.value() != id.0.as_u128() {
                    kept.insert(other.value(), bytes.value()).map_err(failed)?;
                }
            }
            Ok(())
        })
    }
}
