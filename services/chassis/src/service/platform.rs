//! What a service finds when it starts.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Config, StartError};
use crate::{
    access::{
        Access, Sessions, Tokens,
        session::{SessionKeys, Wire},
    },
    cache::{Cache, CacheError},
    clock::Clock,
    directory::Directory,
    editions::Editions,
    following::{Fold, Following},
    http::Names,
    log::{self, Log, LogUrl},
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
    /// The description of the API to be served, where it is more than that of this process.
    pub described: Option<Bytes>,
    /// What all services of the process share, once one of them needs it.
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    directory: Mutex<Option<Directory>>,
    roster: OnceLock<Roster>,
    editions: OnceLock<Editions>,
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
            described: None,
            shared: Arc::default(),
        }
    }

    /// The same over another event log: before anything follows the one it had.
    pub fn over(self, log: Log) -> Self {
        let shared =
            Shared { directory: Mutex::new(self.shared.directory.lock().clone()), ..Shared::default() };
        Self { log, shared: Arc::new(shared), ..self }
    }

    /// Opens the data folder and the log.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let tokens = Tokens::of(&config.provider, &clock)?;
        open_data_folder(&config.data)?;
        let url = log_url(config.log.as_ref(), &config.data);
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
        let tasks = Tasks::new();
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
        };
        Ok(Self::new(log, &config.data, access, names, clock, tasks))
    }

    /// Over a log alone, with no one asked who they are: for tests of other things, and to measure what
    /// asking costs.
    pub fn unguarded(log: Log, data: &Path, clock: Clock) -> Self {
        let access = Access::unguarded(&log, &clock);
        Self::new(log, data, access, Names::default(), clock, Tasks::new())
    }

    /// The names of people, one file for all services of the process.
    pub fn directory(&self) -> Result<Directory, StartError> {
        let mut shared = self.shared.directory.lock();
        if let Some(directory) = &*shared {
            return Ok(directory.clone());
        }
        let directory = Directory::open(&self.data.join("people.redb"))
            .map_err(|error| StartError::Data { path: self.data.clone(), reason: error.to_string() })?;
        *shared = Some(directory.clone());
        Ok(directory)
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
