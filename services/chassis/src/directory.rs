//! The directory of people: names, roles and work e-mails of office holders, outside the log.
//!
//! Events carry a [`PersonId`]; the name behind it stands here and nowhere else, so that it can be
//! deleted without touching history. This is not a cache: it lives in its own redb file.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use proto::{OdsCode, PersonId, text::is_one_line};
use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::{ids, refusal::not_one_line};

const PEOPLE: TableDefinition<u128, &[u8]> = TableDefinition::new("people");

/// The most characters of a name, role or e-mail address.
pub const TEXT_MAX_CHARS: usize = 200;

/// An office holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The office held, such as practice manager.
    #[serde(default)]
    pub role: String,
    /// The work e-mail address.
    #[serde(default)]
    pub email: String,
    /// Where the office is held.
    #[schema(value_type = Option<String>)]
    pub organisation: Option<OdsCode>,
}

/// Why the directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file.
    #[error("the directory of people cannot be used: {0}")]
    Store(String),
    /// A text is missing or too long.
    #[error("a person needs a name, and no text may be longer than {TEXT_MAX_CHARS} characters")]
    Text,
    /// A text runs over several lines.
    #[error("{}", not_one_line("every text about a person"))]
    Lines,
}

impl From<DirectoryError> for crate::Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Text | DirectoryError::Lines => crate::Problem::bad_input(error.to_string()),
            DirectoryError::Store(_) => {
                tracing::error!(%error, "the directory of people failed");
                crate::Problem::internal()
            }
        }
    }
}

/// The directory.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Arc<Database>,
    /// Whether it was found empty beside a log that knows of names.
    is_missing_names: Arc<AtomicBool>,
}

fn failed(error: impl std::fmt::Display) -> DirectoryError {
    DirectoryError::Store(error.to_string())
}

impl Directory {
    /// Opens the directory file, or begins one.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let store = Database::create(path).map_err(failed)?;
        let is_begun = store.begin_read().map_err(failed)?.open_table(PEOPLE).is_ok();
        // On a full disk what is there can be read.
        if !is_begun {
            let write = store.begin_write().map_err(failed)?;
            write.open_table(PEOPLE).map_err(failed)?;
            write.commit().map_err(failed)?;
        }
        Ok(Self { store: Arc::new(store), is_missing_names: Arc::default() })
    }

    /// Whether no one is in it.
    pub fn is_empty(&self) -> Result<bool, DirectoryError> {
        let read = self.store.begin_read().map_err(failed)?;
        read.open_table(PEOPLE).map_err(failed)?.is_empty().map_err(failed)
    }

    /// Takes note that names are missing that the log knows of: who is not found was not deleted.
    pub(crate) fn note_missing(&self) {
        self.is_missing_names.store(true, Ordering::Release);
    }

    /// What to call someone who is not in it.
    pub fn name_of_no_one(&self) -> &'static str {
        if self.is_missing_names.load(Ordering::Acquire) {
            "a person whose name is missing here until the file of names is restored"
        } else {
            "a person no longer in the directory"
        }
    }

    /// Adds a person under a new id.
    pub fn add(&self, person: &Person) -> Result<PersonId, DirectoryError> {
        let id = PersonId(ids::fresh());
        self.put(id, person)?;
        Ok(id)
    }

    /// Adds or replaces the person of an id.
    pub fn put(&self, id: PersonId, person: &Person) -> Result<(), DirectoryError> {
        let texts = [&person.name, &person.role, &person.email];
        if person.name.trim().is_empty() || texts.iter().any(|text| text.chars().count() > TEXT_MAX_CHARS) {
            return Err(DirectoryError::Text);
        }
        if !texts.iter().all(|text| is_one_line(text.trim())) {
            return Err(DirectoryError::Lines);
        }
        let bytes = serde_json::to_vec(person).map_err(failed)?;
        let write = self.store.begin_write().map_err(failed)?;
        {
            let mut people = write.open_table(PEOPLE).map_err(failed)?;
            people.insert(id.0.as_u128(), bytes.as_slice()).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }

    /// The person of an id, none once deleted.
    pub fn get(&self, id: PersonId) -> Result<Option<Person>, DirectoryError> {
        let read = self.store.begin_read().map_err(failed)?;
        let people = read.open_table(PEOPLE).map_err(failed)?;
        let found = people.get(id.0.as_u128()).map_err(failed)?;
        found.map(|bytes| serde_json::from_slice(bytes.value()).map_err(failed)).transpose()
    }

    /// Deletes a person. Events keep the id, which then leads nowhere.
    pub fn remove(&self, id: PersonId) -> Result<(), DirectoryError> {
        let write = self.store.begin_write().map_err(failed)?;
        write.open_table(PEOPLE).map_err(failed)?.remove(id.0.as_u128()).map_err(failed)?;
        write.commit().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_person_leaves_an_id_that_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.redb");
        let person = Person {
            name: "A. Senior".into(),
            role: "Partner".into(),
            email: String::new(),
            organisation: None,
        };
        let id = {
            let directory = Directory::open(&path).unwrap();
            directory.add(&person).unwrap()
        };
        let directory = Directory::open(&path).unwrap();
        assert_eq!(directory.get(id).unwrap(), Some(person));
        directory.remove(id).unwrap();
        assert_eq!(directory.get(id).unwrap(), None);
    }

    #[test]
    fn a_person_has_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(&folder.path().join("people.redb")).unwrap();
        let nobody =
            Person { name: "  ".into(), role: String::new(), email: String::new(), organisation: None };
        assert!(matches!(directory.add(&nobody), Err(DirectoryError::Text)));
        let two = Person { name: "A. Senior\nB. Junior".into(), ..nobody };
        assert!(matches!(directory.add(&two), Err(DirectoryError::Lines)));
    }
}
