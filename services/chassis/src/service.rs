//! Services, and the process they run in: alone, or all of them in one.

mod connections;
mod description;
pub mod installation;
mod names;
mod platform;
mod routes;
mod stall;
mod stopping;
pub mod traces;
mod watching;

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{net::TcpListener, time::timeout};
use utoipa::openapi::OpenApi;

use crate::{
    access::{Action, PolicyError, ProviderConfig, ProviderError, Routes, ServicePolicy, session::KeysError},
    cache::CacheError,
    clock::Clock,
    http::PublicUrl,
    log::{LogUrl, OpenError, ReadError},
    pace::Proxies,
    private,
    production::REPLICAS_MIN,
    telemetry::{self, LogFormat},
};

use watching::Watching;

pub use platform::{DATA_FORMAT, PEOPLE_FILE, Platform, log_url};
pub use routes::{PLATFORM, description_of, routes};

/// How long a process may take to end once a signal asks it to, whatever its disk does: less than the ten seconds that
/// container engines give it. An event that was acknowledged is safe by then, and caches are made anew.
pub const STOP_TIMEOUT: Duration = Duration::from_millis(9_500);

/// How much of that requests in flight may take.
const IN_FLIGHT_TIMEOUT: Duration = Duration::from_secs(6);

/// The flags every process takes; each has an environment variable of the same meaning.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The event log: file:PATH, or nats://HOST:PORT. Default: log.redb in the data folder.
    #[arg(long, env = "OVERSIGHT_LOG", value_name = "URL")]
    pub log: Option<LogUrl>,
    /// The address to listen on. Beyond this machine only with --public-url.
    #[arg(long, env = "OVERSIGHT_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Another address for /metrics, which is then not served at the first one.
    #[arg(long, env = "OVERSIGHT_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<SocketAddr>,
    /// The address people know it by, such as https://oversight.example.nhs.uk. Default: this machine's
    /// loopback names alone.
    #[arg(long, env = "OVERSIGHT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// The proxies in front, by address or network, separated by commas: they are believed when they say for
    /// whom they ask. Default: those on this machine alone.
    #[arg(long, env = "OVERSIGHT_TRUSTED_PROXIES", value_name = "LIST")]
    pub trusted_proxies: Option<Proxies>,
    /// The file of the keys by which every service knows a session that `access` signed: the public halves of
    /// the signing keys, and the keys that all services share; the same for all services. Default: session.keys
    /// in the data folder, made where it is missing.
    #[arg(long, env = "OVERSIGHT_SESSION_KEYS", value_name = "FILE")]
    pub session_keys: Option<PathBuf>,
    /// The sign-in provider.
    #[command(flatten)]
    pub provider: ProviderConfig,
    /// The folder for the log, the caches and the directory of people.
    #[arg(long, env = "OVERSIGHT_DATA", default_value = "data", value_name = "DIR")]
    pub data: PathBuf,
    /// How log lines are written.
    #[arg(long, env = "OVERSIGHT_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// Refuse to start with what does for a first look alone: an event log that may lose acknowledged
    /// events or is reached over a network in plain text, or session keys that other services do not have.
    #[arg(long, env = "OVERSIGHT_PRODUCTION", value_parser = clap::builder::BoolishValueParser::new())]
    pub production: bool,
}

impl Config {
    /// Whether this may be a first look: at this machine alone, and not in production.
    pub fn is_first_look(&self) -> bool {
        self.listen.ip().is_loopback() && self.public_url.is_none() && !self.production
    }
}

/// A running service.
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// Its routes, each with what it asks for.
    pub routes: Routes,
    /// Who may do what of that.
    pub policy: Option<ServicePolicy>,
    /// Its part of the description of the API.
    pub openapi: OpenApi,
    /// Whether it has caught up with the log, and if not, why.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// What it does last.
    pub on_stop: Option<Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a process did not start. Each text names what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log is not the one that the data folder has worked with.
    #[error(transparent)]
    NotOurs(Box<installation::NotOurs>),
    /// No one has begun the installation.
    #[error(
        "in production no log is begun by itself, and the access log {place} is empty: `oversight bootstrap` begins an \
         installation and prints its first administrator's key; `oversight restore` (with --access) brings one back from \
         a backup"
    )]
    NotBegun {
        /// Which log.
        place: String,
    },
    /// Names that the log knows of are not in their file.
    #[error("{place} is {how}, and the log knows of {count} {what}: restore it from the backup")]
    NamesMissing {
        /// Which file, or the broker's directory.
        place: String,
        /// Gone, or empty.
        how: &'static str,
        /// How many.
        count: usize,
        /// Of what.
        what: &'static str,
    },
    /// A cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The log may lose what it acknowledged.
    #[error(
        "the event log at {place} is {durability}, which is not enough for production: use sync_interval: always \
         on a single server (and ?monitor=HOST:PORT in the URL, so that it can be seen), or {REPLICAS_MIN} replicas"
    )]
    NotDurable {
        /// Where it is.
        place: String,
        /// When it acknowledges.
        durability: String,
    },
    /// The events would go over a network in plain text.
    #[error(
        "the event log at {server} would be reached over a network in plain text, which will not do for production: \
         begin its address with tls:// (and name the file of your own certificate authority, if you have one, in \
         OVERSIGHT_NATS_CA), or use a broker on this machine"
    )]
    PlainText {
        /// Which server.
        server: String,
    },
    /// The data folder.
    #[error("cannot use the data folder {path}: {reason}")]
    Data {
        /// Which folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The data folder is of a newer version.
    #[error(
        "the data folder {path} has format {found}; this build knows {DATA_FORMAT}: use the newer build, or another --data folder"
    )]
    Newer {
        /// Which folder.
        path: PathBuf,
        /// Its format.
        found: String,
    },
    /// The address to listen on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What is wrong.
        reason: String,
    },
    /// A policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A route asks for what no policy file declares.
    #[error("{method} {path} asks for {action}, which no policy file declares")]
    Undeclared {
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// What it asks for.
        action: Action,
    },
    /// The keys of sessions.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The sign-in provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// In production what does for a first look alone is refused.
    #[error("in production {0}")]
    NotForProduction(&'static str),
    /// Anything a service needs.
    #[error("{service} cannot start: {reason}")]
    Service {
        /// Which service.
        service: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl From<installation::NotOurs> for StartError {
    fn from(reason: installation::NotOurs) -> Self {
        StartError::NotOurs(Box::new(reason))
    }
}

/// A process that listens but has not begun to answer.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    /// Where its figures are served, where not at the same address.
    metrics: Option<TcpListener>,
    /// Where it listens; with port 0 the port it was given.
    pub address: SocketAddr,
}

/// Takes the address, so that a taken port is known before any work is done.
pub async fn listen(config: &Config) -> Result<Listening, StartError> {
    let address = config.listen;
    let fail = |reason: String| StartError::Listen { address, reason };
    if !address.ip().is_loopback() && config.public_url.is_none() {
        return Err(fail(
            "beyond this machine it is served only under the https address that --public-url names; else \
             listen on a loopback address such as 127.0.0.1:8080"
                .to_owned(),
        ));
    }
    if !address.ip().is_loopback() && config.trusted_proxies.is_none() {
        tracing::warn!(
            %address,
            "whoever connects is taken for who asks: where a proxy stands in front, name it with --trusted-proxies, \
             or all who come through it are counted as one"
        );
    }
    let metrics = match config.metrics_listen {
        Some(address) => Some(listener_at(address, "--metrics-listen").await?.0),
        None => None,
    };
    Ok(Listening { metrics, ..bind(address).await? })
}

/// The same at an address that is known to be fit.
pub async fn bind(address: SocketAddr) -> Result<Listening, StartError> {
    let (listener, address) = listener_at(address, "--listen").await?;
    Ok(Listening { listener, metrics: None, address })
}

/// Listens at an address that a flag names, and says which it is.
async fn listener_at(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let fail = |reason: String| StartError::Listen { address, reason };
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            fail(format!("the port is in use; stop the other process or choose another with {flag}"))
        }
        _ => fail(error.to_string()),
    })?;
    let address = listener.local_addr().map_err(|error| fail(error.to_string()))?;
    Ok((listener, address))
}

/// Answers requests until the process is told to stop (SIGTERM, ctrl-c, or `tasks.stop()`), then
/// finishes the requests in flight, lets the services say their last, and returns. None of it takes for ever; where a
/// signal asked for it the process ends within [`STOP_TIMEOUT`], even if a disk does not answer any more.
pub async fn serve(
    platform: &Platform,
    mut services: Vec<Service>,
    listening: Listening,
) -> Result<(), StartError> {
    let stop = platform.tasks.stop().clone();
    let watching = Watching::of(platform, &services);
    let common = watching.probes(Routes::new());
    let app = match listening.metrics {
        None => routes::guarded(platform, &mut services, watching.figures(common))?,
        Some(listener) => {
            let apart = watching.apart(platform)?;
            if let Ok(address) = listener.local_addr() {
                tracing::info!(%address, "serving metrics");
            }
            platform.tasks.watch("metrics", connections::serve(listener, apart, stop.clone()));
            routes::guarded(platform, &mut services, common)?
        }
    };
    let address = listening.address;
    stopping::on_signals(&platform.tasks).await;
    let mut serving = Box::pin(connections::serve(listening.listener, app, stop.clone()));
    tracing::info!(%address, "serving");
    tokio::select! {
        () = &mut serving => {}
        () = stop.cancelled() => {
            if timeout(IN_FLIGHT_TIMEOUT, &mut serving).await.is_err() {
                tracing::warn!("some requests did not finish in time and were cut off");
            }
        }
    }
    drop(serving);
    stopping::finish(&platform.tasks, &mut services).await;
    Ok(())
}

/// Runs one service alone: what the `main` of each is.
pub async fn run_alone<F>(config: Config, start: F) -> Result<(), StartError>
where
    F: AsyncFnOnce(&Platform) -> Result<Service, StartError>,
{
    private::begin();
    telemetry::start_logs(config.log_format);
    telemetry::metrics();
    let listening = listen(&config).await?;
    let platform = Platform::open(&config, Clock::system()).await?;
    let served = match start(&platform).await {
        Ok(service) => serve(&platform, vec![service], listening).await,
        Err(error) => Err(error),
    };
    if served.is_err() {
        // What has begun already ends in good order, too.
        platform.tasks.finish().await;
    }
    served
}
