//! Views, charts, dashboards and exports: what the events come to, by practice, CCG and region, as
//! at any day.
//!
//! The data flows from top to bottom: [`facts`] (what the events say of one organisation) ->
//! [`rules`] (facts to a timeline) -> [`timeline`] -> [`proto::footprint`] (who belonged to whom on a
//! day) -> [`rollup`] (counts by area and day) -> [`board`] (all of it, at one position of the log) ->
//! [`answers`] (what is asked of a board) -> [`api`] and [`pages`]; [`views`] keeps the board up to
//! date, [`store`] keeps snapshots.
//!
//! It writes no events and asks no other service anything: it lives from the log alone, and can be
//! thrown away and folded anew at any time.

pub mod access;
pub mod answers;
pub mod api;
pub mod board;
#[cfg(test)]
mod board_tests;
pub mod digest;
pub mod exports;
pub mod facts;
pub mod few;
pub mod gap;
#[cfg(test)]
mod gap_tests;
pub mod live;
pub mod lower;
pub mod pages;
pub mod rollup;
pub mod rules;
pub mod search;
pub mod store;
pub mod tally;
pub mod timeline;
pub mod views;

use std::sync::Arc;

use chassis::{Platform, Service, service::StartError};
use utoipa::OpenApi as _;

/// Starts the projection: from its last snapshot if there is one, then on with the log.
pub async fn service(platform: &Platform) -> Result<Service, StartError> {
    let cache = platform.cache("projection").await?;
    let store = store::Store::open(cache)?;
    let facts = store.load(platform.log.as_ref()).await;
    let views = views::Views::new(&platform.clock);
    views.follow(facts, platform.log.clone(), platform.clock.clone(), store.clone(), &platform.tasks);
    let shared = api::Shared::new(
        views.clone(),
        platform.log.clone(),
        platform.clock.clone(),
        store.clone(),
        platform.tasks.clone(),
    );
    let last_views = views.clone();
    Ok(Service {
        name: "projection",
        routes: api::routes(shared.clone()).merge(pages::routes(shared)),
        policy: Some(access::POLICY),
        openapi: api::Description::openapi(),
        ready: Arc::new(move || match (views.shown(), views.head()) {
            (_, None) => Err("the event log has not answered yet".to_owned()),
            (shown, Some(head)) if shown < head => Err(format!("read {shown} of {head} events")),
            _ => Ok(()),
        }),
        on_stop: Some(Box::new(move || {
            Box::pin(async move {
                // What is served is as whole as what the fold holds, and the fold has stopped.
                store.save(&last_views.served().board.facts);
                store.flush().await;
            })
        })),
    })
}
