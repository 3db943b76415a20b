//! On-site assessments of data and cyber security: asked for, agreed or refused, held, and followed until
//! what was found is mended.
//!
//! Responsible for: deciding each step of an assessment ([`model`]), by API, by pages and by files of
//! findings; and for the calendar of visits. It learns which practices exist from the events of
//! `organisations`, never by asking.
//!
//! Never: judges compliance over time, keeps the assessors' files, or writes a name to the log. Names
//! stand in the directory of people, from which they can be deleted.

pub mod access;
mod api;
pub mod calendar;
mod desk;
mod import;
pub mod model;
mod pages;
mod register;

use std::sync::Arc;

use chassis::{Commands, Platform, Service, import::ImportRecords, service::StartError};
use utoipa::OpenApi as _;

/// The name of the service.
pub const NAME: &str = "onsite";

/// Starts the service.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    let records = ImportRecords::new(
        Commands::new(platform.log.clone(), cache.clone())?,
        platform.following("onsite-imports"),
        platform.clock.clone(),
    );
    platform.names_must_be_there(proto::Service::Onsite).await?;
    let desk = Arc::new(desk::Desk {
        common: chassis::Desk::new(platform).await?,
        assessments: records.left_out_of(Commands::new(platform.log.clone(), cache.clone())?),
        records: records.clone(),
        register: platform.following("onsite-register"),
    });
    let (roster, register) = (desk.common.roster.clone(), desk.register.clone());
    let routes = api::routes().merge(pages::routes()).with_state(desk);
    Ok(Service {
        name: NAME,
        routes,
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || {
            roster.ready()?;
            records.ready()?;
            register.ready()
        }),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
