//! The directory of people: names, roles and work e-mails of office holders, outside the log.
//!
//! Events carry a [`PersonId`]; the name behind it stands here and nowhere else, so that it can be deleted without
//! touching history. This is not a cache. It lives in a file of its own where the log is a file, and in a bucket of the
//! broker where the log is there: one directory for all services of an installation.
//!
//! That a name was deleted is an event, so a copy of the directory that is put back later does not bring it back: such a
//! name is shown no more from the moment the event is read, and taken out of the store again at the start.

mod file;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use proto::{
    OdsCode, PersonId,
    text::{Line, LineFault},
};
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    ids,
    log::{NatsUrl, OpenError},
    problem::Problem,
    shared::Shared,
    task::Tasks,
};
use file::FileStore;

/// The most characters of a name, role or e-mail address.
pub const TEXT_MAX_CHARS: usize = 200;

/// What the bucket of the shared directory is called, behind the name of the log's stream.
pub const BUCKET: &str = "PEOPLE";

/// How long the logs may take to be read before names that came back are looked for.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3600);

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

impl Person {
    /// Refuses texts that are missing, too long, or run over several lines.
    pub fn check(&self) -> Result<(), DirectoryError> {
        let texts = [("name", &self.name), ("role", &self.role), ("e-mail address", &self.email)];
        let is_too_long = |(_, text): &(_, &String)| text.chars().count() > TEXT_MAX_CHARS;
        if self.name.trim().is_empty() || texts.iter().any(is_too_long) {
            return Err(DirectoryError::Text);
        }
        for (what, text) in texts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
            Line::of(text).map_err(|fault| DirectoryError::Line { what, fault })?;
        }
        Ok(())
    }
}

/// What the directory knows of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Who it is.
    Person(Person),
    /// Their name was deleted, for good.
    Removed,
    /// Nothing.
    Unknown,
}

impl Found {
    /// The person, where there is one.
    pub fn person(self) -> Option<Person> {
        match self {
            Found::Person(person) => Some(person),
            Found::Removed | Found::Unknown => None,
        }
    }
}

/// Why the directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file.
    #[error("the directory of people cannot be used: {0}")]
    Store(String),
    /// The broker.
    #[error("the directory of people is out of reach: {0}")]
    Away(String),
    /// The name was deleted for good.
    #[error("the name of this person was deleted for good, and is not kept again")]
    Removed,
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

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Text | DirectoryError::Line { .. } => Problem::bad_input(error.to_string()),
            DirectoryError::Away(_) => Problem::unavailable(error.to_string()),
            DirectoryError::Removed => Problem::refused("name-deleted", error.to_string()),
            DirectoryError::Store(_) => {
                tracing::error!(%error, "the directory of people failed");
                Problem::internal()
            }
        }
    }
}

/// The directory.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Store,
    /// Whose name was deleted for good, by what the access log says.
    access: Option<Access>,
    /// Whether it was found empty beside a log that knows of names.
    is_missing_names: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
enum Store {
    File(Arc<FileStore>),
    Shared(Shared<Person>),
}

impl Directory {
    /// Opens the directory file, or begins one.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        Ok(Self::of(Store::File(Arc::new(FileStore::open(path)?))))
    }

    /// The directory that all services over a broker share. Made where it is missing, by whoever may.
    pub async fn shared(url: &NatsUrl, tasks: &Tasks) -> Result<Self, OpenError> {
        Ok(Self::of(Store::Shared(Shared::open(url, BUCKET, tasks).await?)))
    }

    fn of(store: Store) -> Self {
        Self { store, access: None, is_missing_names: Arc::default() }
    }

    /// Where it is, in words.
    pub fn place(&self) -> String {
        match &self.store {
            Store::File(file) => file.path().display().to_string(),
            Store::Shared(_) => "the directory of people at the broker".to_owned(),
        }
    }

    /// Whether no one is in it.
    pub fn is_empty(&self) -> Result<bool, DirectoryError> {
        match &self.store {
            Store::File(file) => file.is_empty(),
            Store::Shared(shared) => Ok(shared.all().is_empty()),
        }
    }

    /// Takes note that names are missing that the log knows of: who is not found was not deleted.
    pub(crate) fn note_missing(&self) {
        self.is_missing_names.store(true, Ordering::Release);
    }

    /// What to call someone whom it does not know, and whose name was not deleted.
    pub fn name_of_no_one(&self) -> &'static str {
        if self.is_missing_names.load(Ordering::Acquire) {
            "a person whose name is missing here until the names are restored"
        } else {
            "a person whose name is not known here"
        }
    }

    /// The same, heeding what the access log says of deleted names: they are not given out, and what came back of them
    /// is deleted again, once the log has been read.
    pub(crate) fn heeding(mut self, access: &Access, tasks: &Tasks) -> Self {
        self.access = Some(access.clone());
        let directory = self.clone();
        let access = access.clone();
        tasks.watch("deleted-names", async move {
            access.until_ready(LOOK_TIMEOUT).await;
            let removed = access.known().people_removed();
            for person in removed {
                match directory.has(person) {
                    Ok(false) => {}
                    Ok(true) => match directory.erase(person).await {
                        Ok(()) => tracing::warn!(%person, "a name that was deleted had come back, and was deleted again"),
                        Err(error) => tracing::error!(%error, %person, "a name that was deleted came back and cannot be deleted"),
                    },
                    Err(error) => tracing::error!(%error, "the directory of people cannot be read"),
                }
            }
        });
        self
    }

    /// Adds a person under a new id.
    pub async fn add(&self, person: &Person) -> Result<PersonId, DirectoryError> {
        let id = PersonId(ids::fresh());
        self.put(id, person).await?;
        Ok(id)
    }

    /// Adds or replaces the person of an id. One whose name was deleted stays deleted, also where that happens meanwhile.
    pub async fn put(&self, id: PersonId, person: &Person) -> Result<(), DirectoryError> {
        person.check()?;
        if self.is_removed(id) {
            return Err(DirectoryError::Removed);
        }
        match &self.store {
            Store::File(file) => file.put(id, person)?,
            Store::Shared(shared) => {
                shared.put(&id.to_string(), person).await.map_err(DirectoryError::Away)?;
            }
        }
        if self.is_removed(id) {
            self.erase(id).await?;
            return Err(DirectoryError::Removed);
        }
        Ok(())
    }

    fn is_removed(&self, id: PersonId) -> bool {
        self.access.as_ref().is_some_and(|access| access.known().is_person_removed(id))
    }

    /// What is known of an id.
    pub fn get(&self, id: PersonId) -> Result<Found, DirectoryError> {
        if self.is_removed(id) {
            return Ok(Found::Removed);
        }
        let found = match &self.store {
            Store::File(file) => file.get(id)?,
            Store::Shared(shared) => shared.get(&id.to_string()),
        };
        Ok(found.map_or(Found::Unknown, Found::Person))
    }

    /// Everyone in it, by id.
    pub fn all(&self) -> Result<Vec<(PersonId, Person)>, DirectoryError> {
        let mut all = match &self.store {
            Store::File(file) => file.all()?,
            Store::Shared(shared) => {
                let by_id = |(key, person): (String, Person)| Some((key.parse().ok()?, person));
                shared.all().into_iter().filter_map(by_id).collect()
            }
        };
        if let Some(access) = &self.access {
            let known = access.known();
            all.retain(|(id, _)| !known.is_person_removed(*id));
        }
        all.sort_unstable_by_key(|(id, _)| *id);
        Ok(all)
    }

    fn has(&self, id: PersonId) -> Result<bool, DirectoryError> {
        Ok(match &self.store {
            Store::File(file) => file.get(id)?.is_some(),
            Store::Shared(shared) => shared.get(&id.to_string()).is_some(),
        })
    }

    /// Takes out someone who was entered for nothing.
    pub async fn remove(&self, id: PersonId) -> Result<(), DirectoryError> {
        match &self.store {
            Store::File(file) => file.remove(id),
            Store::Shared(shared) => shared.erase(&id.to_string()).await.map_err(DirectoryError::Away),
        }
    }

    /// Deletes a person so that nothing of them is left in the files of the store. Events keep the id, which then leads
    /// nowhere.
    pub async fn erase(&self, id: PersonId) -> Result<(), DirectoryError> {
        match &self.store {
            Store::File(file) => {
                let file = file.clone();
                let erased = tokio::task::spawn_blocking(move || file.erase(id)).await;
                erased.map_err(|error| DirectoryError::Store(error.to_string()))?
            }
            Store::Shared(shared) => shared.erase(&id.to_string()).await.map_err(DirectoryError::Away),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(name: &str) -> Person {
        Person { name: name.into(), role: "Partner".into(), email: String::new(), organisation: None }
    }

    #[tokio::test]
    async fn a_person_who_was_entered_for_nothing_leaves_an_id_that_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.redb");
        let person = someone("A. Senior");
        let id = Directory::open(&path).unwrap().add(&person).await.unwrap();
        let directory = Directory::open(&path).unwrap();
        assert_eq!(directory.get(id).unwrap(), Found::Person(person.clone()));
        assert_eq!(directory.all().unwrap(), [(id, person)]);
        directory.remove(id).await.unwrap();
        assert_eq!(directory.get(id).unwrap(), Found::Unknown);
    }

    #[tokio::test]
    async fn of_a_deleted_person_nothing_is_left_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.redb");
        let directory = Directory::open(&path).unwrap();
        let gone = directory.add(&someone("Zebedee Quillfeather")).await.unwrap();
        let mut others = Vec::new();
        for number in 0..50 {
            others.push((directory.add(&someone(&format!("N. {number}"))).await.unwrap(), number));
        }
        // Also what they were called before is gone.
        directory.put(gone, &someone("Zebedee Quillfeather-Smith")).await.unwrap();
        let holds = |path: &Path, text: &str| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        assert!(holds(&path, "Quillfeather"), "the test looks for it where it stands");
        directory.erase(gone).await.unwrap();
        assert!(!holds(&path, "Quillfeather"));
        assert_eq!(directory.get(gone).unwrap(), Found::Unknown);
        // Everyone else is there, in this process and after a new start.
        for _ in 0..2 {
            let directory = directory.clone();
            for (id, number) in &others {
                assert_eq!(directory.get(*id).unwrap().person().unwrap().name, format!("N. {number}"));
            }
        }
        drop(directory);
        let again = Directory::open(&path).unwrap();
        assert_eq!(again.all().unwrap().len(), others.len());
        again.put(gone, &someone("B. Other")).await.unwrap();
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [path], "no file of the rewriting is left");
    }

    #[tokio::test]
    async fn a_person_has_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(&folder.path().join("people.redb")).unwrap();
        let nobody =
            Person { name: "  ".into(), role: String::new(), email: String::new(), organisation: None };
        assert!(matches!(directory.add(&nobody).await, Err(DirectoryError::Text)));
        let two = Person { name: "A. Senior\nB. Junior".into(), ..nobody };
        let said = directory.add(&two).await.unwrap_err().to_string();
        assert!(said.contains("the name of a person must be on one line"), "{said}");
        for text in ["\u{301}", "a@b.org\u{202e}", "\u{2800}"] {
            let hidden = Person { name: "A. Senior".into(), email: text.into(), ..two.clone() };
            let said = directory.add(&hidden).await.unwrap_err().to_string();
            assert!(said.contains("the e-mail address of a person"), "{said}");
            let unnamed = Person { name: text.into(), email: String::new(), ..two.clone() };
            assert!(directory.add(&unnamed).await.is_err());
        }
    }
}
