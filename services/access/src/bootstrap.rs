//! Administrators from the operator's side: the first one of an installation that has none, and another one where the
//! keys of all of them are lost.

use chassis::{
    Clock, CommandId,
    access::{ApiKey, BOOTSTRAP, Issued, Known},
    log::{AppendError, Log, NewEvent, ReadError},
};
use proto::{
    By, Envelope, Header, OdsCode, Position, Role, Service, Stream, Subject,
    access::{AccessEvent, KeyIssued},
    envelope::Provenance,
};
use uuid::Uuid;

use crate::model::{Key, KeyRefusal, key::checked_purpose};

/// What the first key says it is for.
const PURPOSE: &str = "first administrator";

/// What another one's says before the reason.
const AGAIN: &str = "administrator, made again: ";

/// Why there is no first administrator to be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// There is one.
    #[error(
        "this installation has an administrator already: with their key, `oversight key create` makes more keys; if \
         no one has it any more, `oversight bootstrap --again --reason TEXT` makes another one, which all administrators \
         are shown"
    )]
    HasOne,
    /// There is none yet.
    #[error("this installation has no administrator: `oversight bootstrap` makes the first one")]
    HasNone,
    /// The reason is none.
    #[error("--reason says in a line why another administrator is needed: {0}")]
    Reason(KeyRefusal),
    /// Someone else made one at the same moment.
    #[error(
        "another one was made at this moment, and its key was shown there: run the command again if you need one more"
    )]
    AtTheSameTime,
    /// The access log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The event cannot be written.
    #[error("the event cannot be written: {0}")]
    Encode(String),
}

/// Makes the first administrator of an installation that has none, and gives its key.
pub async fn first_administrator(
    log: &Log,
    clock: &Clock,
    organisation: OdsCode,
) -> Result<ApiKey, BootstrapError> {
    let known = read(log).await?;
    if known.has_administrator(clock.now()) {
        return Err(BootstrapError::HasOne);
    }
    match make(log, clock, organisation, PURPOSE.to_owned(), &known).await {
        Err(BootstrapError::AtTheSameTime) => Err(BootstrapError::HasOne),
        made => made,
    }
}

/// Makes another administrator of an installation whose administrators have lost their keys, and gives its key. It is
/// recorded with the reason, and shown to every administrator for as long as the key is good. Anyone who can do
/// this can write to the log already: the operator of the broker, or someone with the data folder of a stopped process.
pub async fn another_administrator(
    log: &Log,
    clock: &Clock,
    organisation: OdsCode,
    reason: &str,
) -> Result<ApiKey, BootstrapError> {
    let purpose = format!("{AGAIN}{}", reason.trim());
    if reason.trim().is_empty() {
        return Err(BootstrapError::Reason(KeyRefusal::Purpose));
    }
    checked_purpose(&purpose).map_err(BootstrapError::Reason)?;
    let known = read(log).await?;
    if !known.keys().iter().any(|issued| issued.key.role == Role::Administrator)
        && !known.accounts().iter().any(|(_, account)| account.role == Role::Administrator)
    {
        return Err(BootstrapError::HasNone);
    }
    make(log, clock, organisation, purpose, &known).await
}

/// The reason for which a key was made from the operator's side although there were administrators.
pub fn made_again(issued: &Issued) -> Option<&str> {
    if issued.by != By::system(BOOTSTRAP).actor { None } else { issued.key.purpose.strip_prefix(AGAIN) }
}

async fn make(
    log: &Log,
    clock: &Clock,
    organisation: OdsCode,
    purpose: String,
    known: &Known,
) -> Result<ApiKey, BootstrapError> {
    let key = ApiKey::with_id(next_id(known));
    let encode = |error: String| BootstrapError::Encode(error);
    let aggregate = Key::aggregate(key.id).map_err(|error| encode(error.to_string()))?;
    // An event of its own: with the id of another's this one would be taken for it, and its secret is not
    // the other's.
    let command = CommandId::fresh();
    let envelope = Envelope {
        id: command.event_id(),
        subject: Subject::on(Stream::Access, Service::Access, &aggregate),
        time: clock.now(),
        by: By::system(BOOTSTRAP),
        effective: None,
        command_id: Some(command.uuid()),
        command_content: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let issued = AccessEvent::KeyIssued(KeyIssued {
        key: key.id,
        role: Role::Administrator,
        organisation,
        purpose,
        secret: key.hash(),
        expires: None,
        organisation_name: None,
    });
    let body = envelope.encode(&issued).map_err(|error| encode(error.to_string()))?;
    let new = NewEvent { id: envelope.id, subject: envelope.subject, body: body.into() };
    match log.append(new, Position::START).await {
        Ok(_) => Ok(key),
        Err(AppendError::Conflict { .. }) => Err(BootstrapError::AtTheSameTime),
        Err(error) => Err(error.into()),
    }
}

/// The id of the next key made here, by how many there were before: who makes one at the same time makes
/// the same, and the log takes one of them.
fn next_id(known: &Known) -> Uuid {
    let maker = By::system(BOOTSTRAP).actor;
    let before = known.keys().iter().filter(|issued| issued.by == maker).count();
    CommandId::keyed("bootstrap", &before.to_string()).uuid()
}

/// What the access log says of keys and accounts, read once.
pub async fn read(log: &Log) -> Result<Known, ReadError> {
    let mut known = Known::default();
    let head = log.head().await?;
    let mut position = Position::START;
    if head == position {
        return Ok(known);
    }
    let mut reader = log.read(position).await?;
    while position < head {
        for recorded in reader.next().await?.events {
            position = recorded.position;
            let Ok(header) = Header::read(&recorded.body) else { continue };
            let Ok(event) = header.event::<AccessEvent>() else { continue };
            let Ok(provenance) = Provenance::read(&recorded.body) else { continue };
            known.note(position, &event, &provenance.by.actor, header.time);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chassis::{
        log::{self, Description, EventLog, Reader, Receipt, Recorded, file::FileLog},
        testing::nats::{NatsServer, Sync as SyncAt},
    };
    use proto::access::KeyRevoked;
    use tokio::sync::Barrier;

    use super::*;

    type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    /// A log that takes an event only once another is to be written too: both have read by then.
    #[derive(Debug)]
    struct Together(Log, Arc<Barrier>);

    impl EventLog for Together {
        fn append(&self, new: NewEvent, expected: Position) -> Answer<'_, Result<Receipt, AppendError>> {
            Box::pin(async move {
                self.1.wait().await;
                self.0.append(new, expected).await
            })
        }

        fn last<'a>(&'a self, subject: &'a Subject) -> Answer<'a, Result<Option<Recorded>, ReadError>> {
            self.0.last(subject)
        }

        fn of<'a>(
            &'a self,
            subject: &'a Subject,
            after: Position,
        ) -> Answer<'a, Result<Vec<Recorded>, ReadError>> {
            self.0.of(subject, after)
        }

        fn at(&self, position: Position) -> Answer<'_, Result<Option<Recorded>, ReadError>> {
            self.0.at(position)
        }

        fn head(&self) -> Answer<'_, Result<Position, ReadError>> {
            self.0.head()
        }

        fn read(&self, after: Position) -> Answer<'_, Result<Box<dyn Reader>, ReadError>> {
            self.0.read(after)
        }

        fn describe(&self) -> Description {
            self.0.describe()
        }
    }

    /// Two at the same time, and a third.
    async fn only_one_of_many(first: &Log, second: &Log) {
        let (clock, organisation) = (Clock::system(), "X26".parse().unwrap());
        let both = Arc::new(Barrier::new(2));
        let together = |log: &Log| -> Log { Arc::new(Together(log.clone(), both.clone())) };
        let logs = (together(first), together(second));
        let made = tokio::join!(
            first_administrator(&logs.0, &clock, organisation),
            first_administrator(&logs.1, &clock, organisation),
        );
        let key = match made {
            (Ok(key), Err(BootstrapError::HasOne)) | (Err(BootstrapError::HasOne), Ok(key)) => key,
            others => panic!("{others:?}"),
        };
        let known = read(first).await.unwrap();
        assert_eq!(known.keys().len(), 1, "{:?}", known.keys());
        assert!(
            known.holder(&key, clock.now(), chassis::access::MadeUp::LeftOut).is_some(),
            "the key that is shown is the one that opens"
        );
        let third = first_administrator(second, &clock, organisation).await.unwrap_err();
        assert!(matches!(third, BootstrapError::HasOne), "{third}");
    }

    #[tokio::test]
    async fn of_two_at_the_same_time_one_makes_the_administrator() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        only_one_of_many(&log, &log).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_two_at_the_same_time_one_makes_the_administrator_over_nats() {
        let server = NatsServer::start(SyncAt::Lazily);
        let url = server.url().access();
        let (first, second) = (log::open(&url).await.unwrap(), log::open(&url).await.unwrap());
        only_one_of_many(&first, &second).await;
    }

    #[test]
    fn an_installation_that_lost_its_administrator_gets_another_key() {
        let mut known = Known::default();
        let first = next_id(&known);
        let issued = AccessEvent::KeyIssued(KeyIssued {
            key: first,
            role: Role::Administrator,
            organisation: "X26".parse().unwrap(),
            purpose: PURPOSE.to_owned(),
            secret: ApiKey::fresh().hash(),
            expires: None,
            organisation_name: None,
        });
        let now = Clock::system().now();
        known.note(Position(1), &issued, &By::system(BOOTSTRAP).actor, now);
        let revoked = AccessEvent::KeyRevoked(KeyRevoked { key: first, reason: String::new() });
        known.note(Position(2), &revoked, &By::system("test").actor, now);
        assert!(!known.has_administrator(now));
        assert_ne!(next_id(&known), first);
    }

    #[tokio::test]
    async fn where_all_keys_are_lost_another_is_made_with_a_reason_that_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        let (clock, organisation) = (Clock::system(), "X26".parse().unwrap());
        let early = another_administrator(&log, &clock, organisation, "lost").await.unwrap_err();
        assert!(matches!(early, BootstrapError::HasNone), "{early}");
        first_administrator(&log, &clock, organisation).await.unwrap();
        for reason in ["", "  ", "two\nlines", &"x".repeat(300)] {
            let refused = another_administrator(&log, &clock, organisation, reason).await.unwrap_err();
            assert!(matches!(refused, BootstrapError::Reason(_)), "{reason}: {refused}");
        }
        let key = another_administrator(&log, &clock, organisation, " the safe was lost ").await.unwrap();
        let known = read(&log).await.unwrap();
        let holder = known.holder(&key, clock.now(), chassis::access::MadeUp::LeftOut).unwrap();
        assert_eq!(holder.role, Role::Administrator);
        let keys = known.keys();
        let told: Vec<_> = keys.iter().filter_map(made_again).collect();
        assert_eq!((keys.len(), told), (2, vec!["the safe was lost"]));
    }

    #[tokio::test]
    async fn an_installation_gets_its_first_administrator_once() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        let clock = Clock::system();
        let organisation: OdsCode = "X26".parse().unwrap();
        let key = first_administrator(&log, &clock, organisation).await.unwrap();
        let holder =
            read(&log).await.unwrap().holder(&key, clock.now(), chassis::access::MadeUp::LeftOut).unwrap();
        assert_eq!((holder.role, holder.organisation), (Role::Administrator, organisation));
        let again = first_administrator(&log, &clock, organisation).await.unwrap_err();
        assert!(matches!(again, BootstrapError::HasOne), "{again}");
    }
}
