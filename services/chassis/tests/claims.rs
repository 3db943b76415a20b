//! What one holder alone may have, over real logs and from several processes: whatever comes between a claim and the
//! command it is made for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

use std::{pin::Pin, sync::Arc, time::Duration};

use chassis::{
    Aggregate, Clock, CommandError, CommandId, CommandMeta, Commands, Context, Outcome, Refusal, When,
    cache::Cache,
    claims::{ClaimEvents as _, Claims, GRACE, Holder, NotClaimed, Reserved},
    log::{self, AppendError, Description, EventLog, Log, NewEvent, ReadError, Reader, Receipt, Recorded},
    testing::nats::{NatsServer, Sync},
};
use proto::{
    Actor, AggregateId, Position, Subject,
    claims::{Identifier, IdentifierKind, IdentifierReleased},
    suppliers::{List, Listing, SupplierDetails, SupplierEvent, SupplierRegistered},
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// Someone who has a code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shop {
    code: Option<String>,
}

enum Command {
    Take(String),
    Lose(IdentifierReleased),
}

impl Aggregate for Shop {
    type Event = SupplierEvent;
    type Command = Command;
    type Refusal = Refusal;

    const NAME: &'static str = "shop";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &Command, _: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        match command {
            Command::Take(code) if self.code.as_ref() == Some(code) => Ok(None),
            Command::Take(code) => {
                let ods_code = Some(code.parse().map_err(|_| Refusal::at("code", "no code"))?);
                let details =
                    SupplierDetails { legal_name: "A".into(), ods_code, ..SupplierDetails::default() };
                let listing = Listing { list: List::Here, entry: "a".into() };
                Ok(Some(SupplierRegistered { supplier: "a".parse().unwrap(), details, listing }.into()))
            }
            Command::Lose(lost) => {
                Ok((!self.has(&lost.identifier)).then(|| SupplierEvent::released(lost.clone())))
            }
        }
    }

    fn evolve(&mut self, event: &SupplierEvent, _: &When) {
        if let SupplierEvent::SupplierRegistered(event) = event {
            self.code = event.details.ods_code.map(|code| code.to_string());
        }
    }
}

impl Holder for Shop {
    fn has(&self, identifier: &Identifier) -> bool {
        self.code.as_deref().is_some_and(|code| code_of(code).is(identifier))
    }

    fn lose_claim(lost: IdentifierReleased) -> Command {
        Command::Lose(lost)
    }
}

fn code_of(code: &str) -> Identifier {
    Identifier::open(IdentifierKind::OdsCode, code)
}

fn shop(name: &str) -> AggregateId {
    format!("shop_{name}").parse().unwrap()
}

/// One process: what it keeps is its own.
struct Instance {
    commands: Commands<Shop>,
    claims: Claims<Shop>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Instance {
    async fn over(log: &Log) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap());
        let cache = Cache::open(&folder.path().join("cache"), log.as_ref(), &clock).await.unwrap();
        let commands: Commands<Shop> = Commands::new(log.clone(), cache).unwrap();
        let claims = Claims::of(commands.clone(), clock.clone()).unwrap();
        Self { commands, claims, clock, _folder: folder }
    }

    fn later(&self, seconds: u64) {
        self.clock.set(self.clock.now() + Duration::from_secs(seconds));
    }

    fn meta(&self, key: &str) -> CommandMeta {
        CommandMeta::new(CommandId::keyed("test", key), self.clock.now(), Actor::system("test"))
    }

    async fn claim(&self, holder: &str, code: &str) -> Result<Reserved<Shop>, NotClaimed> {
        let meta = self.meta(&format!("{holder} {code}"));
        self.claims.claim(vec![code_of(code)], &shop(holder), &meta).await
    }

    async fn take(
        &self,
        reserved: &Reserved<Shop>,
        holder: &str,
        code: &str,
    ) -> Result<Outcome, CommandError<Refusal>> {
        let command = Command::Take(code.to_owned());
        reserved.commands().execute(&shop(holder), &command, &self.meta(&format!("{holder} {code}"))).await
    }

    /// The whole way: true where the holder has it then.
    async fn get(&self, holder: &str, code: &str) -> bool {
        match self.claim(holder, code).await {
            Ok(reserved) => match self.take(&reserved, holder, code).await {
                Ok(_) => true,
                Err(CommandError::NoLonger) => false,
                Err(error) => panic!("{error}"),
            },
            Err(NotClaimed::Taken { .. }) => false,
            Err(NotClaimed::Problem(problem)) => panic!("{problem:?}"),
        }
    }

    async fn has(&self, holder: &str, code: &str) -> bool {
        self.commands.load(&shop(holder)).await.unwrap().state.has(&code_of(code))
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A log that takes what is written about one holder only once it is let through.
#[derive(Debug)]
struct Held {
    log: Log,
    subject: String,
    through: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Held {
    /// The log, what lets one event through, and what tells that one waits.
    fn before(log: &Log, holder: &str) -> (Log, Arc<Semaphore>, Arc<Semaphore>) {
        let (through, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let subject = format!("oversight.suppliers.{}", shop(holder));
        let held = Self { log: log.clone(), subject, through: through.clone(), waiting: waiting.clone() };
        (Arc::new(held), through, waiting)
    }
}

impl EventLog for Held {
    fn append(&self, new: NewEvent, expected: Position) -> Answer<'_, Result<Receipt, AppendError>> {
        Box::pin(async move {
            if new.subject.as_str() == self.subject {
                self.waiting.add_permits(1);
                self.through.acquire().await.unwrap().forget();
            }
            self.log.append(new, expected).await
        })
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> Answer<'a, Result<Option<Recorded>, ReadError>> {
        self.log.last(subject)
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> Answer<'a, Result<Vec<Recorded>, ReadError>> {
        self.log.of(subject, after)
    }

    fn at(&self, position: Position) -> Answer<'_, Result<Option<Recorded>, ReadError>> {
        self.log.at(position)
    }

    fn head(&self) -> Answer<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn read(&self, after: Position) -> Answer<'_, Result<Box<dyn Reader>, ReadError>> {
        self.log.read(after)
    }

    fn describe(&self) -> Description {
        self.log.describe()
    }
}

/// What must hold over either log, each process with a connection of its own.
async fn one_holder_alone(first: Log, second: Log) {
    let (here, there) = (Instance::over(&first).await, Instance::over(&second).await);

    // Of two that want the same at once, in two processes, one gets it.
    for round in 0..50 {
        let code = format!("8R{round:03}");
        let (one, other) = (format!("a{round}"), format!("b{round}"));
        let got = tokio::join!(here.get(&one, &code), there.get(&other, &code));
        assert!(got.0 != got.1, "round {round}: {got:?}");
        let have = (there.has(&one, &code).await, here.has(&other, &code).await);
        assert_eq!(have, got, "round {round}");
    }

    // A process that ends between claim and command keeps no one out: its claim is taken over, after a while.
    let left = here.claim("a", "8AA01").await.unwrap();
    there.later(GRACE.as_secs());
    assert!(there.get("b", "8AA01").await);
    // If it was only slow, it finds out before it records anything, and is told who has it.
    assert!(matches!(here.take(&left, "a", "8AA01").await, Err(CommandError::NoLonger)));
    assert!(left.is_lost());
    match here.claim("a", "8AA01").await {
        Err(NotClaimed::Taken { identifier, by }) => {
            assert_eq!((identifier.value.as_deref(), by), (Some("8AA01"), shop("b")));
        }
        other => panic!("{other:?}"),
    }

    // Even where it had looked already, and its event was on the way.
    let (slow, through, waiting) = Held::before(&first, "c");
    let slow = Instance::over(&slow).await;
    let reserved = slow.claim("c", "8AA02").await.unwrap();
    there.later(GRACE.as_secs());
    let late = async {
        waiting.acquire().await.unwrap().forget();
        assert!(there.get("d", "8AA02").await);
        through.add_permits(1);
    };
    let (taken, ()) = tokio::join!(slow.take(&reserved, "c", "8AA02"), late);
    assert!(matches!(taken, Err(CommandError::NoLonger)), "{taken:?}");
    assert!(!there.has("c", "8AA02").await && there.has("d", "8AA02").await);

    // Recorded at the last moment, when the claim was taken over already, it stays with whom it was.
    let (slow, through, waiting) = Held::before(&second, "e");
    let slow = Instance::over(&slow).await;
    let reserved = here.claim("e", "8AA03").await.unwrap();
    slow.later(2 * GRACE.as_secs());
    let command = Command::Take("8AA03".to_owned());
    let last_moment = async {
        waiting.acquire().await.unwrap().forget();
        // It looked before the other claimed.
        here.commands.execute(&shop("e"), &command, &here.meta("e")).await.unwrap();
        through.add_permits(2);
    };
    let (got, ()) = tokio::join!(slow.claim("f", "8AA03"), last_moment);
    assert!(matches!(got, Err(NotClaimed::Taken { by, .. }) if by == shop("e")));
    assert!(here.has("e", "8AA03").await);
    assert!(matches!(here.take(&reserved, "e", "8AA03").await, Ok(Outcome::Unchanged(_))));

    // What was claimed and is not needed is released; what is another command's for the same holder is not.
    let reserved = here.claim("g", "8AA04").await.unwrap();
    let again = there.claims.claim(vec![code_of("8AA04")], &shop("g"), &there.meta("again")).await.unwrap();
    reserved.release().await;
    assert!(matches!(
        again.commands().execute(&shop("g"), &Command::Take("8AA04".into()), &there.meta("again")).await,
        Ok(Outcome::Recorded(..))
    ));
    let reserved = here.claim("h", "8AA05").await.unwrap();
    reserved.release().await;
    let head = first.head().await.unwrap();
    assert!(there.get("i", "8AA05").await, "at once, and from no one");
    assert_eq!(first.head().await.unwrap().0, head.0 + 2, "a claim and what it is for");

    // What someone no longer has is free; nothing was released.
    assert!(here.get("i", "8AA06").await);
    there.later(GRACE.as_secs());
    assert!(there.get("j", "8AA05").await);
    assert!(here.get("j", "8AA05").await, "repeated, it is the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_holder_alone_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = log::open(&format!("file:{}", folder.path().join("log.redb").display()).parse().unwrap()).await;
    let log = log.unwrap();
    one_holder_alone(log.clone(), log).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_holder_alone_over_nats() {
    let server = NatsServer::start(Sync::Lazily);
    let first = log::open(&server.url()).await.unwrap();
    one_holder_alone(first, log::open(&server.url()).await.unwrap()).await;
}
