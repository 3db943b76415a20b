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

use std::sync::Arc;

use chassis::{Commands, Platform, Service, import::ImportRecords, service::StartError};
use utoipa::OpenApi as _;

/// The name of the service.
pub const NAME: &str = "assessments";

/// Starts the service.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    platform.names_must_be_there(proto::Service::Assessments).await?;
    let desk = Arc::new(desk::Desk {
        common: chassis::Desk::new(platform).await?,
        assessments: Commands::new(platform.log.clone(), cache.clone())?,
        editions: Commands::new(platform.log.clone(), cache.clone())?,
        added: Commands::new(platform.log.clone(), cache.clone())?,
        register: Commands::new(platform.log.clone(), cache.clone())?,
        imports: ImportRecords::new(
            Commands::new(platform.log.clone(), cache.clone())?,
            platform.following("assessments-imports"),
            platform.clock.clone(),
        ),
    });
    let (roster, imports) = (desk.common.roster.clone(), desk.imports.clone());
    let editions = desk.common.editions.clone();
    let routes = api::routes().merge(pages::routes()).with_state(desk);
    Ok(Service {
        name: NAME,
        routes,
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || {
            roster.ready().and_then(|()| editions.ready()).and_then(|()| imports.ready())
        }),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
