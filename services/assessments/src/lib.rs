//! Toolkit assessments: the practice's own work, statements, improvement plans, and the results that
//! the national register publishes.
//!
//! Responsible for: deciding what may be answered, published, signed, planned and agreed
//! ([`model`]), by API and by pages; and for reading register files. It learns which practices exist
//! from the events of `organisations`, never by asking.
//!
//! Never: counts organisations, judges compliance over time, or writes a name to the log. Names stand
//! in the directory of people, from which they can be deleted.

pub mod access;
mod api;
mod desk;
pub mod import;
pub mod model;
mod pages;
pub mod roster;

use std::sync::Arc;

use chassis::{Commands, Platform, Service, directory::Directory, import::Imports, service::StartError};
use utoipa::OpenApi as _;

/// The name of the service.
pub const NAME: &str = "assessments";

/// Starts the service.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    let directory = Directory::open(&platform.data.join("people.redb"))
        .map_err(|error| StartError::Service { service: NAME, reason: error.to_string() })?;
    let (roster, work) = roster::Roster::new(platform.log.clone());
    platform.tasks.watch("assessments-roster", work);
    let desk = Arc::new(desk::Desk {
        assessments: Commands::new(platform.log.clone(), cache.clone())?,
        editions: Commands::new(platform.log.clone(), cache.clone())?,
        register: Commands::new(platform.log.clone(), cache.clone())?,
        log: platform.log.clone(),
        clock: platform.clock.clone(),
        directory,
        roster: roster.clone(),
        imports: Imports::new(),
    });
    let routes = api::routes().merge(pages::routes()).with_state(desk);
    Ok(Service {
        name: NAME,
        routes,
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || roster.readiness()),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
