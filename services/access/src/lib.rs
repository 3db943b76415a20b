//! Who may come in: signing in and out, API keys, accounts.
//!
//! Responsible for: showing people in and giving them a session ([`chassis::access::session`]), issuing
//! and revoking API keys, opening and closing accounts, and the first administrator. What it decides
//! stands in the access log, from which every service learns it.
//!
//! Never: decides what somebody may see or do; that is for the policies of each service. It never
//! writes a name, a password or a secret to a log.

pub mod accounts;
pub mod actions;
mod api;
pub mod bootstrap;
mod limits;
pub mod model;
mod pages;
mod passwords;
mod people;
pub mod personas;
mod provider;
pub mod user_name;

use std::sync::Arc;

use axum::routing::MethodRouter;
use chassis::{
    Access, Clock, Commands, Platform, Service,
    cache::Cache,
    service::{Config, StartError},
};
use utoipa::OpenApi as _;

pub use pages::problem_page;
pub use provider::{SignInConfig, SignInConfigError, SignInOptions};

/// The name of the service.
pub const NAME: &str = "access";

/// The file of accounts in the data folder.
const ACCOUNTS_FILE: &str = "accounts.redb";

/// How this installation lets people in.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether anybody at this machine may be one of the made-up people of the synthetic England.
    pub personas: personas::Personas,
    /// What this installation is to the sign-in provider, where people sign in there.
    pub sign_in: Option<SignInOptions>,
}

impl Options {
    /// By the flags of a process. Made-up people are for a first look at this machine alone.
    pub fn of(config: &Config, sign_in: &SignInConfig) -> Result<Self, SignInConfigError> {
        let sign_in = SignInOptions::of(config, sign_in)?;
        let first_look =
            config.listen.ip().is_loopback() && config.public_url.is_none() && !config.production;
        let personas =
            if first_look { personas::Personas::WhileSynthetic } else { personas::Personas::Never };
        Ok(Self { personas, sign_in })
    }
}

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub keys: Commands<model::Key>,
    pub people: Arc<people::People>,
    pub sign_in: Option<provider::SignIn>,
    pub access: Access,
    pub clock: Clock,
    pub options: Options,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Starts the service.
pub async fn service(platform: &Platform, options: Options) -> Result<Service, StartError> {
    let log = platform.access.log().clone();
    let cache = Cache::open(&platform.data.join("cache").join(NAME), log.as_ref(), &platform.clock).await?;
    let cannot = |reason: String| StartError::Service { service: NAME, reason };
    let accounts = accounts::Accounts::open(&platform.data.join(ACCOUNTS_FILE))
        .map_err(|error| cannot(error.to_string()))?;
    let commands = Commands::new(log.clone(), cache.clone())?;
    let people = people::People::new(accounts, commands, platform.access.clone(), platform.clock.clone())
        .map_err(|problem| cannot(problem.detail))?;
    let sign_in = platform.access.tokens().cloned().zip(options.sign_in.clone());
    let sign_in = sign_in.map(|(tokens, options)| provider::SignIn::new(tokens, options));
    let desk = Arc::new(Desk {
        keys: Commands::new(log, cache.clone())?,
        people: Arc::new(people),
        sign_in,
        access: platform.access.clone(),
        clock: platform.clock.clone(),
        options,
    });
    let shared_routes: Vec<(String, MethodRouter)> =
        vec![("/assets/{file}".to_owned(), axum::routing::get(pages::asset))];
    Ok(Service {
        name: NAME,
        routes: api::routes().merge(pages::routes()).with_state(desk),
        policy: Some(actions::POLICY),
        shared_routes,
        openapi: api::Description::openapi(),
        ready: Arc::new(|| Ok(())),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
