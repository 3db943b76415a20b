//! Who exists, and who belonged to whom, when: the national registers of the Organisation Data
//! Service as a history.
//!
//! It takes the register files as they are published, each with its date, and records what each
//! shows that the log did not know yet: the next quarter's file yields just the difference, the same
//! file again nothing. Others learn who exists from these events, not by asking.
//!
//! It never judges: which practices count on a day, under which CCG and region, is for the
//! projection to say. It never forgets: a body that closes keeps its history.

pub mod access;
pub mod api;
pub mod import;
pub mod model;
pub mod roster;

use std::sync::Arc;

use chassis::{
    Platform, Service,
    command::Commands,
    import::{ImportRecords, Imports},
    service::StartError,
};
use futures::FutureExt;

use crate::{api::Api, model::Organisation, roster::Roster};

/// The name of the service.
pub const NAME: &str = "organisations";

/// Starts the service: its commands, its roster and its routes.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache(NAME).await?;
    let commands: Commands<Organisation> = Commands::new(platform.log.clone(), cache.clone())?;
    let roster = Roster(platform.following("organisations-roster"));
    let records = ImportRecords::new(
        Commands::new(platform.log.clone(), cache.clone())?,
        platform.following("organisations-imports"),
        platform.clock.clone(),
    );
    let api = Arc::new(Api {
        commands,
        roster: roster.clone(),
        imports: Imports::new(),
        records: records.clone(),
        log: platform.log.clone(),
        clock: platform.clock.clone(),
    });
    Ok(Service {
        name: NAME,
        routes: api::routes(api),
        policy: Some(access::POLICY),
        openapi: api::openapi(),
        ready: Arc::new(move || roster.0.ready().and_then(|()| records.ready())),
        on_stop: Some(Box::new(move || async move { cache.flush().await }.boxed())),
    })
}
