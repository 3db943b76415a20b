//! Services, and the process they run in: alone, or all of them in one.

use std::{
    collections::BTreeMap,
    fmt,
    future::IntoFuture as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::MethodRouter,
};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;

use crate::{
    access::{
        Access, Action, Declared, Gate, Policies, PolicyError, ProviderConfig, ProviderError, Routes,
        ServicePolicy, Sessions, Tokens,
        session::{self, KeysError},
    },
    cache::{Cache, CacheError},
    clock::Clock,
    http::{self, Door, Names, ProblemPage, PublicUrl},
    log::{self, Log, LogUrl, OpenError},
    problem::Problem,
    production::{self, REPLICAS_MIN},
    task::Tasks,
    telemetry::{self, LogFormat},
};

/// How long requests in flight may take once the process is asked to stop.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// The format of the data folder. A folder of a newer format is refused.
pub const DATA_FORMAT: u32 = 1;

/// The flags every process takes; each has an environment variable of the same meaning.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The event log: file:PATH, or nats://HOST:PORT. Default: log.redb in the data folder.
    #[arg(long, env = "OVERSIGHT_LOG", value_name = "URL")]
    pub log: Option<LogUrl>,
    /// The address to listen on. Beyond this machine only with --public-url.
    #[arg(long, env = "OVERSIGHT_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// The address people know it by, such as https://oversight.example.nhs.uk. Default: this machine's
    /// loopback names alone.
    #[arg(long, env = "OVERSIGHT_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// The file of the keys that seal sessions, one a line, the newest first; the same for all
    /// services. Default: session.keys in the data folder, made where it is missing.
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
    #[arg(long, env = "OVERSIGHT_PRODUCTION")]
    pub production: bool,
}

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
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("log", &self.log).field("data", &self.data).finish_non_exhaustive()
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
    /// Routes that several services bring, such as assets; the first one counts.
    pub shared_routes: Vec<(String, MethodRouter)>,
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

impl Platform {
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
        let access = Access::start(&log, access_log, sessions(config)?, &clock, &tasks);
        if let Some(tokens) = tokens {
            access.accept(tokens);
        }
        let names = Names { public: config.public_url.clone() };
        Ok(Self { log, data: config.data.clone(), access, names, clock, tasks })
    }

    /// Over a log alone, with nobody asked who they are: for tests of other things, and to measure what
    /// asking costs.
    pub fn unguarded(log: log::Log, data: &Path, clock: Clock) -> Self {
        let access = Access::unguarded(&log, &clock);
        Self { log, data: data.to_owned(), access, names: Names::default(), clock, tasks: Tasks::new() }
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

fn sessions(config: &Config) -> Result<Sessions, StartError> {
    let keys = match &config.session_keys {
        Some(path) => session::read_keys(path)?,
        None if config.production => {
            return Err(StartError::NotForProduction(
                "--session-keys names the file of keys that all services share",
            ));
        }
        None => session::read_or_make_keys(&config.data.join("session.keys"))?,
    };
    let wire = match &config.public_url {
        Some(url) if url.is_tls() => session::Wire::Tls,
        _ => session::Wire::Clear,
    };
    Ok(Sessions::new(keys, wire))
}

fn open_data_folder(path: &Path) -> Result<(), StartError> {
    let fail = |error: std::io::Error| StartError::Data { path: path.to_owned(), reason: error.to_string() };
    std::fs::create_dir_all(path.join("cache")).map_err(fail)?;
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

/// A process that listens but has not begun to answer.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
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
    bind(address).await
}

/// The same at an address that is known to be fit.
pub async fn bind(address: SocketAddr) -> Result<Listening, StartError> {
    let fail = |reason: String| StartError::Listen { address, reason };
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            fail("the port is in use; stop the other process or choose another with --listen".to_owned())
        }
        _ => fail(error.to_string()),
    })?;
    let address = listener.local_addr().map_err(|error| fail(error.to_string()))?;
    Ok(Listening { listener, address })
}

/// The routes of several services as one, with the common ones: `/healthz`, `/readyz`, `/metrics`,
/// `/api/v1/openapi.json`.
pub fn routes(
    platform: &Platform,
    services: &mut [Service],
    problem_page: Option<ProblemPage>,
) -> Result<Router, StartError> {
    let mut shared: BTreeMap<String, MethodRouter> = BTreeMap::new();
    let mut all = Routes::new();
    let mut policies = vec![PLATFORM];
    let mut openapi = utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("oversight")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Whether patient data is safe in every general practice in England, and who has to act.",
                ))
                .build(),
        )
        .build();
    let mut checks = Vec::new();
    for service in services {
        all = all.merge(std::mem::take(&mut service.routes));
        for (path, route) in service.shared_routes.drain(..) {
            shared.entry(path).or_insert(route);
        }
        openapi.merge(service.openapi.clone());
        policies.extend(service.policy);
        checks.push((service.name, service.ready.clone()));
    }
    for (path, route) in shared {
        all = all.get_by(&path, LOAD_ASSETS.here(), route);
    }
    let access = platform.access.clone();
    let access_ready: ReadyCheck = ("access", Arc::new(move || access.ready()));
    checks.push(access_ready);
    let description = description(&openapi, all.declared());
    let metrics = telemetry::metrics();
    let all = all
        .get("/healthz", PROBE.here(), || async { "ok\n" })
        .get("/readyz", PROBE.here(), move || readiness(checks.clone()))
        .get("/metrics", READ_METRICS.here(), move || async move { metrics.render() })
        .get("/api/v1/openapi.json", DESCRIBE_API.here(), move || {
            let description = description.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], description) }
        });
    let policies = Policies::of(&policies)?;
    for route in all.declared() {
        let asked = std::iter::once(route.asks.action).chain(route.asks.seen_by);
        if let Some(action) = asked.into_iter().find(|action| !policies.knows(*action)) {
            let (method, path) = (route.method.to_string(), route.path.clone());
            return Err(StartError::Undeclared { method, path, action });
        }
    }
    let guarded = Gate::before(platform.access.clone(), policies, all);
    let door = Door { problem_page, access: platform.access.clone(), names: platform.names.clone() };
    Ok(http::with_common_layers(guarded, door))
}

const PROBE: Action = Action::new("platform", "probe");
const LOAD_ASSETS: Action = Action::new("platform", "load-assets");
const DESCRIBE_API: Action = Action::new("platform", "describe-api");
const READ_METRICS: Action = Action::new("platform", "read-metrics");

/// The policy of what every process answers.
pub const PLATFORM: ServicePolicy = ServicePolicy {
    service: "platform",
    policies: include_str!("access/platform.cedar"),
    schema: include_str!("access/platform.cedarschema"),
};

/// The description of the API as it is sent. Whatever a route says of its own answers, a problem
/// always goes out as `application/problem+json`.
fn description(openapi: &OpenApi, declared: &[Declared]) -> bytes::Bytes {
    const PROBLEM: &str = "#/components/schemas/Problem";
    let mut description = serde_json::to_value(openapi).unwrap_or_default();
    say_who_may(&mut description, declared);
    let operations = description
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.values_mut());
    let answers = operations
        .filter_map(|operation| operation.get_mut("responses").and_then(Value::as_object_mut))
        .flat_map(|answers| answers.values_mut());
    for content in answers.filter_map(|answer| answer.get_mut("content").and_then(Value::as_object_mut)) {
        let is_problem = |content: &Value| {
            content.pointer("/schema/$ref").and_then(Value::as_str).is_some_and(|name| name == PROBLEM)
        };
        if content.get("application/json").is_some_and(is_problem)
            && let Some(problem) = content.remove("application/json")
        {
            content.insert("application/problem+json".to_owned(), problem);
        }
    }
    serde_json::to_vec_pretty(&description).unwrap_or_default().into()
}

/// Says of every operation what it asks for, and what it answers to those who may not.
fn say_who_may(description: &mut Value, declared: &[Declared]) {
    const REFUSALS: [(&str, &str); 5] = [
        ("401", "Not signed in, or with a key or token that opens nothing"),
        ("403", "Not for the caller to do"),
        ("404", "Not there, or not for the caller to see"),
        ("429", "Too often; Retry-After says when to try again"),
        ("503", "Something this needs is out of reach; Retry-After says when to try again"),
    ];
    for Declared { method, path, asks } in declared {
        let method = method.as_str().to_lowercase();
        let Some(Value::Object(operation)) = description
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(path))
            .and_then(|path| path.get_mut(method))
        else {
            continue;
        };
        operation.insert("x-asks".to_owned(), asks.action.to_string().into());
        let responses = operation.entry("responses").or_insert_with(|| serde_json::json!({}));
        let Some(responses) = responses.as_object_mut() else { continue };
        for (status, words) in REFUSALS {
            let whole = format!("{}XX", &status[..1]);
            if !responses.contains_key(status) && !responses.contains_key(&whole) {
                let content = serde_json::json!({
                    "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
                });
                let answer = serde_json::json!({ "description": words, "content": content });
                responses.insert(status.to_owned(), answer);
            }
        }
    }
    let keys = serde_json::json!({
        "type": "http", "scheme": "bearer",
        "description": "An API key (ovk_…) that `oversight key create` made, or a token of the provider"
    });
    description["components"]["securitySchemes"]["bearer"] = keys;
    // Some operations are for everybody; which, the policies say.
    description["security"] = serde_json::json!([{ "bearer": [] }, {}]);
}

type ReadyCheck = (&'static str, Arc<dyn Fn() -> Result<(), String> + Send + Sync>);

async fn readiness(checks: Vec<ReadyCheck>) -> axum::response::Response {
    let waiting: Vec<String> = checks
        .iter()
        .filter_map(|(name, check)| check().err().map(|reason| format!("{name}: {reason}")))
        .collect();
    if waiting.is_empty() {
        return (StatusCode::OK, "ready\n").into_response();
    }
    Problem::unavailable(waiting.join("; ")).retry_after(1).into_response()
}

/// Answers requests until the process is told to stop (SIGTERM, ctrl-c, or `tasks.stop()`), then
/// finishes the requests in flight, lets the services say their last, and returns.
pub async fn serve(
    platform: &Platform,
    mut services: Vec<Service>,
    listening: Listening,
    problem_page: Option<ProblemPage>,
) -> Result<(), StartError> {
    let app = routes(platform, &mut services, problem_page)?;
    let address = listening.address;
    let stop = platform.tasks.stop().clone();
    let signal = stop.clone();
    platform.tasks.watch("signals", async move {
        wait_for_signal().await;
        tracing::info!("asked to stop");
        signal.cancel();
    });
    let serving = axum::serve(listening.listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown({
            let stop = stop.clone();
            async move { stop.cancelled().await }
        })
        .into_future();
    tracing::info!(%address, "serving");
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_TIMEOUT).await;
    };
    tokio::select! {
        served = serving => served.map_err(|error| StartError::Listen { address, reason: error.to_string() })?,
        () = late => tracing::warn!("some requests did not finish in time and were cut off"),
    }
    platform.tasks.finish().await;
    for service in &mut services {
        if let Some(last) = service.on_stop.take() {
            last().await;
        }
    }
    Ok(())
}

async fn wait_for_signal() {
    let interrupt = async {
        // Where the signal cannot be listened for, the other one still can.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminated) => {
                terminated.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Runs one service alone: what the `main` of each is.
pub async fn run_alone<F>(
    config: Config,
    problem_page: Option<ProblemPage>,
    start: F,
) -> Result<(), StartError>
where
    F: AsyncFnOnce(&Platform) -> Result<Service, StartError>,
{
    telemetry::start_logs(config.log_format);
    telemetry::metrics();
    let listening = listen(&config).await?;
    let platform = Platform::open(&config, Clock::system()).await?;
    let service = start(&platform).await?;
    serve(&platform, vec![service], listening, problem_page).await
}
