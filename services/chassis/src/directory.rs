//! The directory of people: names, roles and work e-mails of office holders, outside the log.
//!
//! Events carry a [`PersonId`]; the name behind it stands here and nowhere else, so that it can be
//! deleted without touching history. This is not a cache: it lives in its own redb file.

use std::{path::Path, sync::Arc};

use proto::{
    OdsCode, PersonId,
    text::{Line, LineFault},
};
use redb::{Database, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::ids;

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
    /// A text is none on one line.
    #[error("the {what} of a person {fault}")]
    Line {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        fault: LineFault,
    },
}

impl From<DirectoryError> for crate::Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Text | DirectoryError::Line { .. } => {
                crate::Problem::bad_input(error.to_string())
            }
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
}

fn failed(error: impl std::fmt::Display) -> DirectoryError {
    DirectoryError::Store(error.to_string())
}

impl Directory {
    /// Opens the directory file, or begins one.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let store = Database::create(path).map_err(failed)?;
        let write = store.begin_write().map_err(failed)?;
        write.open_table(PEOPLE).map_err(failed)?;
        write.commit().map_err(failed)?;
        Ok(Self { store: Arc::new(store) })
    }

    /// Adds a person under a new id.
    pub fn add(&self, person: &Person) -> Result<PersonId, DirectoryError> {
        let id = PersonId(ids::fresh());
        self.put(id, person)?;
        Ok(id)
    }

    /// Adds or replaces the person of an id.
    pub fn put(&self, id: PersonId, person: &Person) -> Result<(), DirectoryError> {
        let texts = [("name", &person.name), ("role", &person.role), ("e-mail address", &person.email)];
        if person.name.trim().is_empty()
            || texts.iter().any(|(_, text)| text.chars().count() > TEXT_MAX_CHARS)
        {
            return Err(DirectoryError::Text);
        }
        for (what, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            Line::of(text).map_err(|fault| DirectoryError::Line { what, fault })?;
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
        let said = directory.add(&two).unwrap_err().to_string();
        assert!(said.contains("the name of a person must be on one line"), "{said}");
        for text in ["\u{301}", "a@b.org\u{202e}", "\u{2800}"] {
            let hidden = Person { name: "A. Senior".into(), email: text.into(), ..two.clone() };
            let said = directory.add(&hidden).unwrap_err().to_string();
            assert!(said.contains("the e-mail address of a person"), "{said}");
            assert!(
                directory.add(&Person { name: text.into(), email: String::new(), ..two.clone() }).is_err()
            );
        }
    }
}
