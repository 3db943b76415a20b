//! Who may come in: signing in and out, API keys, accounts.
//!
//! Responsible for: showing people in and giving them a session ([`chassis::access::session`]), issuing
//! and revoking API keys, opening and closing accounts, and the first administrator. What it decides
//! stands in the access log, from which every service learns it.
//!
//! Never: decides what someone may see or do; that is for the policies of each service. It never
//! writes a name, a password or a secret to a log.

pub mod accounts;
pub mod actions;
mod api;
pub mod bootstrap;
pub mod history;
mod history_api;
mod holders;
mod limits;
pub mod model;
mod names;
mod pages;
mod passwords;
mod people;
pub mod personas;
mod places;
mod provider;
pub mod user_name;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chassis::{
    Access, Clock, Commands, Platform, Problem, Service,
    access::session::SigningKeys,
    cache::Cache,
    log::LogUrl,
    service::{Config, StartError},
};
use proto::{OdsCode, PersonId, Role};
use utoipa::OpenApi as _;
use uuid::Uuid;

pub use provider::{SignInConfig, SignInConfigError, SignInOptions};

/// The name of the service.
pub const NAME: &str = "access";

/// The file of accounts in the data folder.
const ACCOUNTS_FILE: &str = "accounts.redb";

/// The file of the signing key in the data folder.
const SIGNING_FILE: &str = "session.signing";

/// Where the key lies by which sessions are signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SigningKeyFile {
    /// In the data folder, made where it is missing.
    #[default]
    InDataFolder,
    /// In a file of the operator’s.
    At(PathBuf),
    /// In production over a broker the operator has to name it, and has not.
    NotNamed,
}

impl SigningKeyFile {
    /// By the flags of a process.
    fn of(config: &Config, named: Option<&PathBuf>) -> Self {
        match named {
            Some(path) => Self::At(path.clone()),
            None if config.production && matches!(config.log, Some(LogUrl::Nats(_))) => Self::NotNamed,
            None => Self::InDataFolder,
        }
    }

    fn read(&self, data: &Path) -> Result<SigningKeys, StartError> {
        match self {
            Self::InDataFolder => Ok(SigningKeys::read_or_make(&data.join(SIGNING_FILE))?),
            Self::At(path) => Ok(SigningKeys::read(path)?),
            Self::NotNamed => Err(StartError::NotForProduction(
                "--session-signing-key names the file of the key by which access signs sessions: deploy/secrets.sh \
                 makes it",
            )),
        }
    }
}

/// How this installation lets people in.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether anyone at this machine may be one of the made-up people of the synthetic England.
    pub personas: personas::Personas,
    /// What this installation is to the sign-in provider, where people sign in there.
    pub sign_in: Option<SignInOptions>,
    /// Where the key lies by which sessions are signed.
    pub signing_key: SigningKeyFile,
}

impl Options {
    /// By the flags of a process. Made-up people are for a first look at this machine alone.
    pub fn of(config: &Config, sign_in: &SignInConfig) -> Result<Self, SignInConfigError> {
        let signing_key = SigningKeyFile::of(config, sign_in.session_signing_key.as_ref());
        let sign_in = SignInOptions::of(config, sign_in)?;
        let personas = if config.is_first_look() {
            personas::Personas::WhileSynthetic
        } else {
            personas::Personas::Never
        };
        Ok(Self { personas, sign_in, signing_key })
    }
}

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub keys: Commands<model::Key>,
    pub people: Arc<people::People>,
    pub names: names::Names,
    pub sign_in: Option<provider::SignIn>,
    pub access: Access,
    pub history: history::History,
    pub clock: Clock,
    /// The editions of the toolkits.
    pub editions: chassis::editions::Editions,
    pub options: Options,
    /// The address people know the platform by; none: this machine's loopback names.
    pub origin: Option<String>,
}

impl Desk {
    /// Who an actor is, in words for administrators: the holder of an account by name, a key by its purpose.
    fn name_of(&self, actor: &str) -> Result<Option<String>, Problem> {
        let at = |what: &str, role: Role, organisation: OdsCode| {
            format!("{what}: {}, {organisation}", role.words())
        };
        if let Some(person) = actor.strip_prefix("person:").and_then(|id| id.parse::<PersonId>().ok()) {
            let made_up = Role::ALL.into_iter().find(|role| chassis::access::made_up_person(*role) == person);
            if let Some(role) = made_up {
                return Ok(Some(format!("A made-up person: {}", role.words())));
            }
            let Some(name) = self.people.name_of(person)? else { return Ok(None) };
            let account = self.access.known().account_of(person).cloned();
            return Ok(Some(
                account.map_or(name.clone(), |account| at(&name, account.role, account.organisation)),
            ));
        }
        let id = actor.strip_prefix("key:").and_then(|id| Uuid::try_parse(id).ok());
        let key = id.and_then(|id| self.access.known().key(id).cloned());
        Ok(key.map(|issued| at(&issued.key.purpose, issued.key.role, issued.key.organisation)))
    }
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Starts the service.
pub async fn service(platform: &Platform, options: Options) -> Result<Service, StartError> {
    platform.access.sessions().sign_with(options.signing_key.read(&platform.data)?)?;
    let log = platform.access.log().clone();
    let cache = Cache::open(&platform.data.join("cache").join(NAME), log.as_ref(), &platform.clock).await?;
    let (event_index, events_work) = history::Index::of(platform.log.clone());
    let (access_index, access_work) = history::Index::of(log.clone());
    platform.tasks.watch("history-of-events", events_work);
    platform.tasks.watch("history-of-access", access_work);
    let ready = (event_index.clone(), access_index.clone());
    let history =
        history::History { events: platform.log.clone(), event_index, access: log.clone(), access_index };
    let cannot = |reason: String| StartError::Service { service: NAME, reason };
    let file = platform.data.join(ACCOUNTS_FILE);
    let how = if file.exists() { "empty" } else { "gone" };
    let accounts = accounts::Accounts::open(&file).map_err(|error| cannot(error.to_string()))?;
    if accounts.is_empty().map_err(|error| cannot(error.to_string()))? {
        // Only a closed account is ever removed: those that are open were not deleted.
        let known = bootstrap::read(&log).await?.accounts();
        let count = known.iter().filter(|(_, account)| !account.disabled && !account.made_up).count();
        if count > 0 {
            accounts.note_missing();
            platform.missing(StartError::NamesMissing {
                place: file.display().to_string(),
                how,
                count,
                what: "accounts that are open",
            })?;
        }
    }
    let commands = Commands::new(log.clone(), cache.clone())?;
    let people = people::People::new(accounts, commands, platform.access.clone(), platform.clock.clone())
        .map_err(|problem| cannot(problem.detail))?;
    let people = Arc::new(people);
    let names = names::Names::new(
        platform.directory().await?,
        Commands::new(log.clone(), cache.clone())?,
        people.clone(),
        platform.access.clone(),
        platform.clock.clone(),
    );
    let sign_in = platform.access.tokens().cloned().zip(options.sign_in.clone());
    let sign_in = sign_in.map(|(tokens, options)| provider::SignIn::new(tokens, options));
    let desk = Arc::new(Desk {
        keys: Commands::new(log, cache.clone())?,
        people,
        names,
        sign_in,
        access: platform.access.clone(),
        history,
        clock: platform.clock.clone(),
        editions: platform.editions(),
        options,
        origin: platform.names.public.as_ref().map(|public| public.origin().to_owned()),
    });
    Ok(Service {
        name: NAME,
        routes: api::routes()
            .merge(pages::routes())
            .merge(history_api::routes())
            .merge(holders::routes())
            .with_state(desk),
        policy: Some(actions::POLICY),
        openapi: {
            let mut description = api::Description::openapi();
            description.merge(history_api::Description::openapi());
            description.merge(holders::Description::openapi());
            description
        },
        ready: Arc::new(move || ready.0.ready().and(ready.1.ready())),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
