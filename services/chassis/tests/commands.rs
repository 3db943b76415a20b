//! The command path over real logs: one event a command, whatever goes wrong on the way.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

use std::{path::Path, sync::Arc, time::Duration};

use chassis::{
    Aggregate, Clock, CommandError, CommandId, CommandMeta, Commands, Context, Outcome, Problem, When,
    cache::{Cache, Mark},
    log::{self, EventLog, Log, LogUrl, Written},
    testing::nats::{NatsServer, Sync},
};
use proto::{
    Actor, AggregateId, CommandContent, Day, EventHash, Position, Service, Subject,
    envelope::ChainLink,
    organisations::{ListSizePublished, OrganisationEvent},
};
use serde::{Deserialize, Serialize};

/// A practice of which only the list size is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ListSize {
    patients: u32,
    published: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("a practice cannot have {0} patients")]
struct TooMany(u32);

impl From<TooMany> for Problem {
    fn from(error: TooMany) -> Self {
        Problem::refused("too-many", error.to_string())
    }
}

enum Command {
    Publish(u32),
    /// One patient more, whatever the number is: no two may get the same.
    Register,
}

impl Aggregate for ListSize {
    type Event = OrganisationEvent;
    type Command = Command;
    type Refusal = TooMany;

    const NAME: &'static str = "list-size";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &Command, context: &Context) -> Result<Option<OrganisationEvent>, TooMany> {
        let patients = match command {
            Command::Publish(patients) if *patients > 100_000 => return Err(TooMany(*patients)),
            Command::Publish(patients) if *patients == self.patients => return Ok(None),
            Command::Publish(patients) => *patients,
            Command::Register => self.patients + 1,
        };
        let published = ListSizePublished { as_of: context.effective, registered_patients: patients };
        Ok(Some(OrganisationEvent::ListSizePublished(published)))
    }

    fn evolve(&mut self, event: &OrganisationEvent, _: &When) {
        if let OrganisationEvent::ListSizePublished(event) = event {
            self.patients = event.registered_patients;
            self.published += 1;
        }
    }
}

struct Desk {
    commands: Commands<ListSize>,
    _folder: tempfile::TempDir,
}

async fn desk(log: &Log) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(&folder.path().join("cache"), log.as_ref(), &Clock::system()).await.unwrap();
    Desk { commands: Commands::new(log.clone(), cache).unwrap(), _folder: folder }
}

async fn file_log(folder: &Path) -> Log {
    log::open(&format!("file:{}", folder.join("log.redb").display()).parse().unwrap()).await.unwrap()
}

fn practice() -> AggregateId {
    "A81001".parse().unwrap()
}

fn meta(id: CommandId) -> CommandMeta {
    CommandMeta::new(id, Clock::system().now(), Actor::system("test"))
}

impl Desk {
    async fn give(&self, command: Command, id: CommandId) -> Result<Outcome, CommandError<TooMany>> {
        self.commands.execute(&practice(), &command, &meta(id)).await
    }

    async fn state(&self) -> ListSize {
        self.commands.load(&practice()).await.unwrap().state
    }
}

/// Far more than any window of repeats.
const COMMANDS_BETWEEN: usize = 2_000;

/// How long the broker knows repeats by itself.
const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);

/// What must hold over either log.
async fn the_command_path_holds(log: Log) {
    let here = desk(&log).await;
    let first = CommandId::keyed("test", "first");

    // A command writes once, however often it is given, and by whomever.
    let written = here.give(Command::Publish(8_000), first).await.unwrap();
    assert_eq!(written, Outcome::Recorded(Position(1), Written::Now));
    assert_eq!(
        here.give(Command::Publish(8_000), first).await.unwrap(),
        Outcome::Recorded(Position(1), Written::Before)
    );
    let elsewhere = desk(&log).await;
    let repeated = elsewhere.give(Command::Publish(8_000), first).await.unwrap();
    assert_eq!(repeated, Outcome::Recorded(Position(1), Written::Before));

    // What is so already is not written again, and the answer is checked against the log.
    assert_eq!(
        here.give(Command::Publish(8_000), CommandId::fresh()).await.unwrap(),
        Outcome::Unchanged(Position(1))
    );
    let moved_on = elsewhere.give(Command::Publish(8_100), CommandId::fresh()).await.unwrap();
    assert_eq!(moved_on, Outcome::Recorded(Position(2), Written::Now));
    let back = here.give(Command::Publish(8_000), CommandId::fresh()).await.unwrap();
    assert_eq!(
        back,
        Outcome::Recorded(Position(3), Written::Now),
        "a stale state must not say it is so already"
    );

    // A repeat is known even after others have written meanwhile.
    assert_eq!(
        here.give(Command::Publish(8_000), first).await.unwrap(),
        Outcome::Recorded(Position(1), Written::Before)
    );

    // A refusal writes nothing.
    assert!(matches!(
        here.give(Command::Publish(200_000), CommandId::fresh()).await,
        Err(CommandError::Refused(_))
    ));
    assert_eq!(log.head().await.unwrap(), Position(3));

    // Several at once: each is decided on what the one before left.
    let registered = futures::future::join_all(
        (0..6).map(|_| async { here.give(Command::Register, CommandId::fresh()).await.unwrap() }),
    )
    .await;
    assert!(registered.iter().all(|outcome| matches!(outcome, Outcome::Recorded(_, Written::Now))));
    assert_eq!(here.state().await.patients, 8_006);
    assert_eq!(elsewhere.state().await, here.state().await);

    // A repeat is known however late it comes, whatever came between, and to whoever has never heard of it.
    let late = CommandId::keyed("test", "late");
    let Outcome::Recorded(once, Written::Now) = here.give(Command::Register, late).await.unwrap() else {
        panic!("it is new")
    };
    for _ in 0..COMMANDS_BETWEEN {
        here.give(Command::Register, CommandId::fresh()).await.unwrap();
    }
    tokio::time::sleep(DUPLICATE_WINDOW * 3).await;
    let (head, newcomer) = (log.head().await.unwrap(), desk(&log).await);
    for given in [&here, &elsewhere, &newcomer] {
        let repeated = given.give(Command::Register, late).await.unwrap();
        assert_eq!(repeated, Outcome::Recorded(once, Written::Before));
    }
    assert_eq!(log.head().await.unwrap(), head, "nothing is written again");

    // With other content it is another command, which the key does not stand for.
    let with = |content: &str| CommandMeta {
        content: Some(CommandContent::of(content.as_bytes())),
        ..meta(CommandId::keyed("test", "content"))
    };
    let give = async |desk: &Desk, content| {
        desk.commands.execute(&practice(), &Command::Register, &with(content)).await
    };
    let Outcome::Recorded(kept, Written::Now) = give(&here, "one").await.unwrap() else {
        panic!("it is new")
    };
    for given in [&here, &elsewhere, &desk(&log).await] {
        assert_eq!(give(given, "one").await.unwrap(), Outcome::Recorded(kept, Written::Before));
        match give(given, "another").await {
            Err(CommandError::OtherContent(position)) => assert_eq!(position, kept),
            other => panic!("{other:?}"),
        }
    }

    // Every event carries the hash of the one before.
    let subject = Subject::new(Service::Organisations, &practice());
    let mut previous = None;
    for recorded in log.of(&subject, Position::START).await.unwrap() {
        assert_eq!(ChainLink::read(&recorded.body).unwrap().previous, previous, "at {}", recorded.position);
        previous = Some(EventHash::of(&recorded.body));
    }
}

#[tokio::test]
async fn one_event_a_command_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    the_command_path_holds(file_log(folder.path()).await).await;
}

async fn shorten_duplicate_window(server: &NatsServer) {
    let LogUrl::Nats(url) = server.url() else { panic!("not a broker") };
    let client = async_nats::connect(server.url().to_string()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let mut config = jetstream.get_stream(&url.stream).await.unwrap().cached_info().config.clone();
    config.duplicate_window = DUPLICATE_WINDOW;
    jetstream.update_stream(&config).await.unwrap();
}

#[tokio::test]
async fn one_event_a_command_over_nats() {
    let server = NatsServer::start(Sync::Lazily);
    let log = log::open(&server.url()).await.unwrap();
    // So short that the server itself knows no repeat.
    shorten_duplicate_window(&server).await;
    the_command_path_holds(log).await;
}

#[tokio::test]
async fn a_cache_of_another_log_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache_path = folder.path().join("cache");
    let clock = Clock::system();
    {
        let old: Log = file_log(&folder.path().join("old")).await;
        let cache = Cache::open(&cache_path, old.as_ref(), &clock).await.unwrap();
        let commands: Commands<ListSize> = Commands::new(old, cache.clone()).unwrap();
        commands.execute(&practice(), &Command::Publish(1), &meta(CommandId::fresh())).await.unwrap();
        assert!(cache.mark().is_some());
        cache.flush().await;
    }
    let new: Log = file_log(&folder.path().join("new")).await;
    let cache = Cache::open(&cache_path, new.as_ref(), &clock).await.unwrap();
    assert_eq!(cache.mark(), None, "ahead of the log");
    let commands: Commands<ListSize> = Commands::new(new.clone(), cache).unwrap();
    assert_eq!(commands.load(&practice()).await.unwrap().state, ListSize::default());
    let outcome =
        commands.execute(&practice(), &Command::Publish(1), &meta(CommandId::fresh())).await.unwrap();
    assert_eq!(outcome, Outcome::Recorded(Position(1), Written::Now));
    let aside = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".aside-"))
        .count();
    assert_eq!(aside, 1, "the old one is kept aside");
}

#[tokio::test]
async fn a_cache_that_does_not_open_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let cache_path = folder.path().join("cache");
    std::fs::create_dir_all(&cache_path).unwrap();
    std::fs::write(cache_path.join("conf"), b"not a sled configuration").unwrap();
    std::fs::write(cache_path.join("db"), vec![0xA5; 4096]).unwrap();
    let log: Log = file_log(&folder.path().join("log")).await;
    let cache = Cache::open(&cache_path, log.as_ref(), &Clock::system()).await.unwrap();
    cache.part::<u32>("part", 1).unwrap().put("key", &7);
    assert_eq!(cache.part::<u32>("part", 1).unwrap().get("key"), Some(7));
}

#[tokio::test]
async fn values_of_another_fold_version_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let log: Log = file_log(folder.path()).await;
    let cache = Cache::open(&folder.path().join("cache"), log.as_ref(), &Clock::system()).await.unwrap();
    cache.part::<u32>("part", 1).unwrap().put("key", &7);
    assert_eq!(cache.part::<u32>("part", 2).unwrap().get("key"), None);
    assert_eq!(cache.part::<u32>("part", 2).unwrap().keys().count(), 0);
}

#[tokio::test]
async fn a_mark_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn EventLog> = file_log(folder.path()).await;
    let cache = Cache::open(&folder.path().join("cache"), log.as_ref(), &Clock::system()).await.unwrap();
    let mark = |position| Mark { position: Position(position), event: CommandId::keyed("m", "m").event_id() };
    cache.advance(mark(5));
    cache.advance(mark(3));
    assert_eq!(cache.mark(), Some(mark(5)));
    assert_eq!(Day::in_london(Clock::system().now()), Clock::system().today());
}
