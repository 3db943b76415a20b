//! Business continuity and disaster recovery plans: of practices, of CCGs, and of the delivery partners
//! whose plans others lean on.
//!
//! Responsible for: deciding what may be written, approved, reviewed, exercised, learnt and leant on
//! ([`model`]), by API and by pages; and for saying how each plan stands and until when. Of other
//! services it knows the names of practices and bodies, learnt from the events of `organisations`.
//!
//! Never: judges whether a practice meets its requirement, for which others' plans count too; keeps a
//! plan's document, which stays with its owner; or writes a name to the log.

pub mod access;
mod api;
mod desk;
mod input;
mod list;
pub mod model;
mod pages;

use std::sync::Arc;

use chassis::{Commands, Platform, Service, service::StartError};
use utoipa::OpenApi as _;

/// The name of the service.
pub const NAME: &str = "continuity";

/// Starts the service.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    platform.names_must_be_there(proto::Service::Continuity).await?;
    let desk = Arc::new(desk::Desk {
        common: chassis::Desk::new(platform).await?,
        plans: Commands::new(platform.log.clone(), cache.clone())?,
        all: platform.following("continuity-plans"),
    });
    let (roster, all) = (desk.common.roster.clone(), desk.all.clone());
    let routes = api::routes().merge(pages::routes()).with_state(desk);
    Ok(Service {
        name: NAME,
        routes,
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || roster.ready().and_then(|()| all.ready())),
        on_stop: Some(Box::new(move || Box::pin(async move { cache.flush().await }))),
    })
}
