//! Names that events know of by an id alone, and whether the file that holds them is there.

use std::time::Duration;

use proto::{Event, Header, PersonId, Position, Service, Subject};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{PEOPLE_FILE, Platform, StartError};
use crate::log::{Log, ReadError};

/// How long it may take until it is known whose names were deleted.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(20);

/// Who is named by the events of each service.
pub(super) type Named = FxHashMap<Service, FxHashSet<PersonId>>;

/// Reads a log for the people its events name.
pub(super) async fn named_in(log: &Log) -> Result<Named, ReadError> {
    let mut named = Named::default();
    let head = log.head().await?;
    let mut position = Position::START;
    if head == position {
        return Ok(named);
    }
    let mut reader = log.read(position).await?;
    while position < head {
        for recorded in reader.next().await?.events {
            position = recorded.position;
            let Ok(header) = Header::read(&recorded.body) else { continue };
            let Ok(subject) = header.subject.parse::<Subject>() else { continue };
            let Ok(event) = Event::decode(&header.kind, header.data) else { continue };
            for person in event.people() {
                named.entry(subject.service()).or_default().insert(person);
            }
        }
    }
    Ok(named)
}

impl Platform {
    /// Says loudly where the file of names is missing or empty, and the events of a service name people: they were not
    /// deleted. In production that is refused.
    pub async fn names_must_be_there(&self, service: Service) -> Result<(), StartError> {
        let how =
            if self.broker.is_some() || self.data.join(PEOPLE_FILE).exists() { "empty" } else { "gone" };
        let directory = self.directory().await?;
        let data = |error: crate::directory::DirectoryError| StartError::Data {
            path: self.data.clone(),
            reason: error.to_string(),
        };
        if !directory.is_empty().map_err(data)? {
            return Ok(());
        }
        let named = self.shared.named.get_or_try_init(|| named_in(&self.log)).await?;
        let Some(named) = named.get(&service) else { return Ok(()) };
        // Those that were deleted for good are not missing.
        self.access.until_ready(CATCH_UP_TIMEOUT).await;
        let count = {
            let known = self.access.known();
            named.iter().filter(|person| !known.is_person_removed(**person)).count()
        };
        if count == 0 {
            return Ok(());
        }
        directory.note_missing();
        let place = directory.place();
        self.missing(StartError::NamesMissing { place, how, count, what: "people named in it" })
    }

    /// What is missing is refused in production, and said loudly elsewhere.
    pub fn missing(&self, missing: StartError) -> Result<(), StartError> {
        if self.production {
            return Err(missing);
        }
        tracing::error!("{missing}; until then it is shown as missing");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use proto::{
        AggregateId, By, Envelope, Subject,
        continuity::{ContinuityEvent, PlanWritten, Scenario},
    };

    use super::*;
    use crate::{
        clock::Clock,
        directory::Person,
        ids,
        log::{NewEvent, file::FileLog},
    };

    const OWNER: PersonId = PersonId(uuid::Uuid::from_u128(7));

    /// Over a log in which a plan names its owner.
    async fn platform(folder: &Path) -> Platform {
        let log: Log = Arc::new(FileLog::open(&folder.join("log.redb")).await.unwrap());
        let subject = Subject::new(Service::Continuity, &"A81001".parse::<AggregateId>().unwrap());
        let envelope = Envelope {
            id: ids::fresh(),
            subject: subject.clone(),
            time: Clock::system().now(),
            by: By::system("test"),
            effective: None,
            command_id: None,
            command_content: None,
            correlation_id: None,
            causation_id: None,
            previous: None,
        };
        let written = ContinuityEvent::PlanWritten(PlanWritten {
            organisation: "A81001".parse().unwrap(),
            version: 1,
            owner: OWNER,
            covers: vec![Scenario::Power],
            systems: Vec::new(),
            document: None,
        });
        let body = envelope.encode(&written).unwrap().into();
        log.append(NewEvent { id: envelope.id, subject, body }, Position::START).await.unwrap();
        Platform::unguarded(log, folder, Clock::system())
    }

    #[tokio::test]
    async fn names_that_the_log_knows_of_are_missing_and_not_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let made = platform(folder.path()).await;
        made.names_must_be_there(Service::Onsite).await.unwrap();
        assert!(made.directory().await.unwrap().name_of_no_one().contains("not known here"));
        made.names_must_be_there(Service::Continuity).await.unwrap();
        assert!(made.directory().await.unwrap().name_of_no_one().contains("missing here"));

        let strict = Platform { production: true, ..made };
        let said = strict.names_must_be_there(Service::Continuity).await.unwrap_err().to_string();
        assert!(said.contains("people.redb is empty") && said.contains("knows of 1 people"), "{said}");
        let person =
            Person { name: "A. Owner".into(), role: String::new(), email: String::new(), organisation: None };
        strict.directory().await.unwrap().put(OWNER, &person).await.unwrap();
        strict.names_must_be_there(Service::Continuity).await.unwrap();
    }
}
