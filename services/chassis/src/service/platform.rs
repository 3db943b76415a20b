//! What a service finds when it starts.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::OnceCell;

use proto::{By, Position, Stream};

use super::{Config, StartError, installation::Installation, names::Named, traces::Traces};
use crate::{
    access::{
        Access, BOOTSTRAP, Sessions, Tokens,
        session::{SessionKeys, Wire},
    },
    cache::{Cache, CacheError},
    clock::Clock,
    directory::{Directory, DirectoryError},
    editions::Editions,
    following::{Fold, Following},
    http::Names,
    log::{self, Log, LogUrl, NatsUrl, ReadError},
    private, production,
    roster::Roster,
    task::Tasks,
};

/// The format of the data folder. A folder of a newer format is refused.
pub const DATA_FORMAT: u32 = 1;

/// What a service finds when it starts.
#[derive(Clone)]
pub struct Platform {
    /// The log.
    pub log: Log,
    /// The data folder.
    pub data: PathBuf,
    /// Who may come in, and who stands under whom.
    pub access: Access,
    /// The names this process answers to.
    pub names: Names,
    /// The clock.
    pub clock: Clock,
    /// Where background work runs, and what stops it.
    pub tasks: Tasks,
    /// Whether it is in production: what may only happen elsewhere is refused then.
    pub production: bool,
    /// What there was in the data folder or the access log before, where the event log is empty: it is none to be
    /// filled with what is made up.
    pub was_used: Option<String>,
    /// The description of the API to be served, where it is more than that of this process.
    pub described: Option<Bytes>,
    /// The broker, where the log is there.
    pub(super) broker: Option<NatsUrl>,
    /// What all services of the process share, once one of them needs it.
    pub(super) shared: Arc<Shared>,
}

/// The file of the directory of people in the data folder.
pub const PEOPLE_FILE: &str = "people.redb";

#[derive(Debug, Default)]
pub(super) struct Shared {
    /// One and the same over another event log: the file belongs to whoever opens it first.
    directory: Arc<OnceCell<Directory>>,
    roster: OnceLock<Roster>,
    editions: OnceLock<Editions>,
    pub(super) named: tokio::sync::OnceCell<Named>,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("log", &self.log).field("data", &self.data).finish_non_exhaustive()
    }
}

impl Platform {
    /// Of parts that are open already.
    pub fn new(log: Log, data: &Path, access: Access, names: Names, clock: Clock, tasks: Tasks) -> Self {
        Self {
            log,
            data: data.to_owned(),
            access,
            names,
            clock,
            tasks,
            production: false,
            was_used: None,
            described: None,
            broker: None,
            shared: Arc::default(),
        }
    }

    /// The same over another event log: before anything follows the one it had.
    pub fn over(self, log: Log) -> Self {
        let shared = Shared { directory: self.shared.directory.clone(), ..Shared::default() };
        Self { log, shared: Arc::new(shared), ..self }
    }

    /// Opens the data folder and the log.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let tokens = Tokens::of(&config.provider, &clock)?;
        open_data_folder(&config.data)?;
        let url = log_url(config.log.as_ref(), &config.data);
        let mut installation = Installation::of(&config.data, &url)?;
        installation.before_opening(&url)?;
        if config.production {
            production::must_be_begun(&url.access())?;
        }
        if config.production
            && let Some(server) = production::plain_text_over_a_network(&url)
        {
            return Err(StartError::PlainText { server: server.to_string() });
        }
        let log = log::open(&url).await?;
        let description = log.describe();
        tracing::info!(place = %description.place, durability = ?description.durability, "the event log is open");
        if config.production && !production::durable_enough(description.durability) {
            return Err(StartError::NotDurable {
                place: description.place,
                durability: format!("{:?}", description.durability).to_lowercase(),
            });
        }
        let access_log = log::open(&url.access()).await?;
        installation.check(Stream::Events, &log).await?;
        installation.check(Stream::Access, &access_log).await?;
        if config.production {
            wait_for_the_beginning(&url, &access_log).await?;
        }
        installation.keep_if_possible();
        let was_used = if log.head().await? == Position::START {
            used_before(&config.data, &access_log).await?
        } else {
            None
        };
        let tasks = Tasks::new();
        let seen = installation.follow(log.clone(), access_log.clone(), tasks.stop().clone());
        tasks.watch_to_the_end("installation", seen);
        let access = Access::start(&log, access_log, sessions(config, &url)?, &clock, &tasks);
        if let Some(tokens) = tokens {
            access.accept(tokens);
        }
        if !config.production {
            access.allow_demonstration();
        }
        if config.is_first_look() {
            access.allow_made_up_people();
        }
        let names = Names {
            public: config.public_url.clone(),
            proxies: config.trusted_proxies.clone().unwrap_or_default(),
            answer_to_any: false,
        };
        let broker = if let LogUrl::Nats(nats) = url { Some(nats) } else { None };
        let platform = Self::new(log, &config.data, access, names, clock, tasks);
        Ok(Self { production: config.production, was_used, broker, ..platform })
    }

    /// Over a log alone, with no one asked who they are: for tests of other things, and to measure what
    /// asking costs.
    pub fn unguarded(log: Log, data: &Path, clock: Clock) -> Self {
        let access = Access::unguarded(&log, &clock);
        Self::new(log, data, access, Names::default(), clock, Tasks::new())
    }

    /// The names of people: of all services of the installation where the log is at a broker, else of the process, in a
    /// file.
    pub async fn directory(&self) -> Result<Directory, StartError> {
        let open = async || match &self.broker {
            Some(broker) => shared_directory(broker, &self.data, &self.access, &self.tasks).await,
            None => Ok(Directory::open(&self.data.join(PEOPLE_FILE))
                .map_err(|error| StartError::Data { path: self.data.clone(), reason: error.to_string() })?
                .heeding(&self.access, &self.tasks)),
        };
        self.shared.directory.get_or_try_init(open).await.cloned()
    }

    /// The practices and bodies, followed once for all services of the process.
    pub fn roster(&self) -> Roster {
        let begin = || {
            self.access.follow_unguarded(&self.log, &self.tasks);
            Roster::new(self.following("roster"), self.access.clone())
        };
        self.shared.roster.get_or_init(begin).clone()
    }

    /// The editions, followed once for all services of the process.
    pub fn editions(&self) -> Editions {
        self.shared.editions.get_or_init(|| Editions::new(self.following("editions"))).clone()
    }

    /// Begins to keep something up to date with the event log.
    pub fn following<F: Fold>(&self, task: &'static str) -> Following<F> {
        let (following, work) = Following::new(self.log.clone());
        self.tasks.watch(task, work);
        following
    }

    /// The cache of a service.
    pub async fn cache(&self, service: &str) -> Result<Cache, CacheError> {
        Cache::open(&self.data.join("cache").join(service), self.log.as_ref(), &self.clock).await
    }
}

/// The directory at the broker. Names in a file of before are told of: no one reads them there any more.
async fn shared_directory(
    url: &NatsUrl,
    data: &Path,
    access: &Access,
    tasks: &Tasks,
) -> Result<Directory, StartError> {
    let directory = Directory::shared(url, tasks).await?;
    let file = data.join(PEOPLE_FILE);
    if file.exists() {
        let cannot =
            |error: DirectoryError| StartError::Data { path: file.clone(), reason: error.to_string() };
        let here = Directory::open(&file).map_err(cannot)?.all().map_err(cannot)?;
        let there = directory.all().map_err(cannot)?;
        let missing = here.iter().filter(|(id, _)| there.iter().all(|(other, _)| other != id)).count();
        if missing > 0 {
            tracing::warn!(
                file = %file.display(),
                missing,
                "names in a file are not in the directory at the broker: `oversight person copy` puts them there"
            );
        }
    }
    Ok(directory.heeding(access, tasks))
}

/// The event log: as it is named, else in the data folder.
pub fn log_url(named: Option<&LogUrl>, data: &Path) -> LogUrl {
    named.cloned().unwrap_or_else(|| LogUrl::File(data.join("log.redb")))
}

/// Over a broker all services have the same keys; one process makes its own, at random.
fn sessions(config: &Config, url: &LogUrl) -> Result<Sessions, StartError> {
    let keys = match &config.session_keys {
        Some(path) => {
            if config.production && private::is_open_to_all(path).unwrap_or(false) {
                return Err(StartError::NotForProduction(
                    "everyone on this machine can read the file of --session-keys: take that from them (chmod o= FILE)",
                ));
            }
            SessionKeys::read(path)?
        }
        None if config.production && matches!(url, LogUrl::Nats(_)) => {
            return Err(StartError::NotForProduction(
                "--session-keys names the file of keys that all services share",
            ));
        }
        None => SessionKeys::read_or_make(&config.data.join("session.keys"))?,
    };
    if config.production && matches!(url, LogUrl::Nats(_)) && keys.signers.is_empty() {
        return Err(StartError::NotForProduction(
            "the file of --session-keys needs a line “public” with the public half of the key by which access signs \
             sessions, or no one could sign in: deploy/secrets.sh adds it",
        ));
    }
    let wire = match &config.public_url {
        Some(url) if url.is_tls() => Wire::Tls,
        _ => Wire::Clear,
    };
    Ok(Sessions::new(&keys, wire))
}

/// How often it is said that an installation is waited for.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// In production someone begins an installation, with `oversight bootstrap`; no log is begun by itself. At a broker the
/// services may be there before: they wait. A file would not be given free while this process waited.
async fn wait_for_the_beginning(url: &LogUrl, access_log: &Log) -> Result<(), StartError> {
    let place = access_log.describe().place;
    let mut said: Option<Instant> = None;
    while access_log.head().await? == Position::START {
        if matches!(url, LogUrl::File(_)) {
            return Err(StartError::NotBegun { place });
        }
        if said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            tracing::warn!(
                access_log = place,
                "waiting: no one has begun this installation yet. `oversight bootstrap` begins it and prints its first \
                 administrator's key; `oversight restore` (with --access) brings one back from a backup"
            );
            said = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// What there was in a data folder and an access log beside an empty event log. The first administrator's key alone is
/// a beginning, and nothing that was used.
async fn used_before(folder: &Path, access_log: &Log) -> Result<Option<String>, ReadError> {
    let traces = Traces::of(folder);
    if traces.are_there() {
        return Ok(Some(traces.to_string()));
    }
    let head = access_log.head().await?;
    let mut position = Position::START;
    if head == position {
        return Ok(None);
    }
    let beginning = By::system(BOOTSTRAP).actor;
    let mut reader = access_log.read(position).await?;
    while position < head {
        for recorded in reader.next().await?.events {
            position = recorded.position;
            let by = proto::envelope::Provenance::read(&recorded.body);
            if by.is_ok_and(|provenance| provenance.by.actor != beginning) {
                return Ok(Some(format!("its access log holds {head} events")));
            }
        }
    }
    Ok(None)
}

fn open_data_folder(path: &Path) -> Result<(), StartError> {
    let fail = |error: std::io::Error| StartError::Data { path: path.to_owned(), reason: error.to_string() };
    std::fs::create_dir_all(path.join("cache")).map_err(fail)?;
    let closed = private::close(path).map_err(fail)?;
    if closed > 0 {
        tracing::warn!(folder = %path.display(), closed, "files of the data folder were open to others on this machine, and are not any more");
    }
    let version = path.join("format");
    match std::fs::read_to_string(&version) {
        Ok(text) if text.trim().parse::<u32>().is_ok_and(|found| found <= DATA_FORMAT) => Ok(()),
        Ok(text) => {
            Err(StartError::Newer { path: path.to_owned(), found: text.trim().chars().take(20).collect() })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::write(&version, format!("{DATA_FORMAT}\n")).map_err(fail)
        }
        Err(error) => Err(fail(error)),
    }
}

#[cfg(test)]
mod tests {
    use proto::{AggregateId, Service, Subject};

    use super::*;
    use crate::{
        ids,
        log::{NewEvent, file::FileLog},
    };

    #[tokio::test]
    async fn the_directory_is_one_over_another_log_too_whoever_asks_for_it_first() {
        let folder = tempfile::tempdir().unwrap();
        let open = async |name: &str| {
            let log: Log = Arc::new(FileLog::open(&folder.path().join(name)).await.unwrap());
            log
        };
        let before = Platform::unguarded(open("a.redb").await, folder.path(), Clock::system());
        let kept = before.clone();
        let after = before.over(open("b.redb").await);
        assert!(after.directory().await.unwrap().is_empty().unwrap());
        assert!(kept.directory().await.unwrap().is_empty().unwrap());
    }

    #[tokio::test]
    async fn no_log_is_begun_by_itself_in_production_and_at_a_broker_one_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        let file: LogUrl = "file:data/log.redb".parse().unwrap();
        let said = wait_for_the_beginning(&file, &log).await.unwrap_err().to_string();
        assert!(said.contains("is empty") && said.contains("oversight bootstrap"), "{said}");

        let broker: LogUrl = "nats://127.0.0.1".parse().unwrap();
        let waiting = wait_for_the_beginning(&broker, &log);
        tokio::pin!(waiting);
        let until = Duration::from_millis(50);
        assert!(tokio::time::timeout(until, &mut waiting).await.is_err(), "it waits");
        let subject = Subject::on(Stream::Access, Service::Access, &"a".parse::<AggregateId>().unwrap());
        let first = NewEvent { id: ids::fresh(), subject, body: "{}".into() };
        log.append(first, Position::START).await.unwrap();
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn beside_an_empty_log_the_first_key_is_a_beginning_and_anything_else_is_use() {
        let folder = tempfile::tempdir().unwrap();
        let log: Log = Arc::new(FileLog::open(&folder.path().join("a.redb")).await.unwrap());
        assert_eq!(used_before(folder.path(), &log).await.unwrap(), None);
        let key = |by: &str| {
            let aggregate: AggregateId = format!("key-{by}").parse().unwrap();
            let envelope = proto::Envelope {
                id: ids::fresh(),
                subject: Subject::on(Stream::Access, Service::Access, &aggregate),
                time: Clock::system().now(),
                by: By::system(by),
                effective: None,
                command_id: None,
                command_content: None,
                correlation_id: None,
                causation_id: None,
                previous: None,
            };
            let revoked = proto::access::AccessEvent::KeyRevoked(proto::access::KeyRevoked {
                key: ids::fresh(),
                reason: String::new(),
            });
            let body = envelope.encode(&revoked).unwrap().into();
            NewEvent { id: envelope.id, subject: envelope.subject, body }
        };
        log.append(key(BOOTSTRAP), Position::START).await.unwrap();
        assert_eq!(used_before(folder.path(), &log).await.unwrap(), None);
        log.append(key("someone"), Position::START).await.unwrap();
        let used = used_before(folder.path(), &log).await.unwrap();
        assert!(used.as_deref().is_some_and(|used| used.contains("2 events")), "{used:?}");
    }
}
