//! Suppliers of IT, their services and certificates, and whether what a buyer buys is certified.
//!
//! Responsible for: who supplies what, which certificates there are and which services they cover; who
//! uses which service; the check a buyer makes, with its receipt; and for reading the public lists of
//! suppliers. The judgement itself stands in the contract ([`proto::certification`]).
//!
//! Never: takes one company for another by its looks (that is for people to say), or figures the
//! requirement over time.

pub mod access;
mod api;
mod chain;
mod desk;
mod identities;
pub mod import;
pub mod model;
pub mod names;
mod pages;
pub mod register;
mod waiting;

use std::sync::Arc;

use chassis::{Commands, Platform, Service, claims::Claims, import::ImportRecords, service::StartError};
use utoipa::OpenApi as _;

/// The name of the service.
pub const NAME: &str = "suppliers";

/// Starts the service.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    let records = ImportRecords::new(
        Commands::new(platform.log.clone(), cache.clone())?,
        platform.following("suppliers-imports"),
        platform.clock.clone(),
    );
    let suppliers = records.left_out_of(Commands::new(platform.log.clone(), cache.clone())?);
    let claims = Claims::of(suppliers.clone(), platform.clock.clone())?;
    let desk = Arc::new(desk::Desk {
        common: chassis::Desk::new(platform).await?,
        identities: identities::Identities::new(suppliers.clone(), claims),
        suppliers,
        buyers: records.left_out_of(Commands::new(platform.log.clone(), cache.clone())?),
        listings: records.left_out_of(Commands::new(platform.log.clone(), cache.clone())?),
        records: records.clone(),
        register: platform.following("suppliers-register"),
    });
    let (roster, register) = (desk.common.roster.clone(), desk.register.clone());
    platform.tasks.watch("suppliers-waiting-rows", waiting::record_decided(desk.clone()));
    let editions = desk.common.editions.clone();
    let routes = api::routes().merge(pages::routes()).with_state(desk);
    Ok(Service {
        name: NAME,
        routes,
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || {
            roster.ready()?;
            editions.ready()?;
            records.ready()?;
            register.ready()
        }),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
