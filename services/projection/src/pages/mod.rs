//! The pages: England, regions, CCGs and practices as at any day, the search, and how the view
//! stands.
//!
//! Every choice of the reader stands in the address, and every link hands it on ([`link`]). A page
//! is rendered once for a position of the log and kept as it goes out ([`kept`]).

mod about;
mod ahead;
mod area;
mod attention;
mod charts;
mod choose;
mod first;
mod frame;
mod gap;
mod home;
mod kept;
mod link;
mod list;
mod networks;
mod practice;
mod search;
mod tallies;
mod words;

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use chassis::{Problem, Routes, Viewer, pace::Pace};

use crate::{
    access::{LOOK_UP_STATUS, SEARCH, VIEW_AREA, VIEW_PRACTICE, VIEW_SET_ASIDE, VIEW_STATE},
    api::Shared,
};

/// What the page handlers share.
#[derive(Debug, Clone)]
struct Shelf {
    shared: Arc<Shared>,
    kept: Arc<kept::Kept>,
}

/// What a page handler works with: what all share, and who looks.
#[derive(Debug, Clone)]
struct Desk {
    shared: Arc<Shared>,
    kept: Arc<kept::Kept>,
    viewer: Viewer,
}

impl FromRequestParts<Shelf> for Desk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shelf: &Shelf) -> Result<Self, Problem> {
        let viewer = Viewer::from_request_parts(parts, shelf).await?;
        shelf.shared.until_today().await;
        Ok(Self { shared: shelf.shared.clone(), kept: shelf.kept.clone(), viewer })
    }
}

/// The routes of the pages.
pub fn routes(shared: Arc<Shared>) -> Routes {
    let shelf = Shelf { shared: shared.clone(), kept: Arc::new(kept::Kept::new()) };
    let look_up_of = LOOK_UP_STATUS.here().paced(Pace::LookUp);
    let of_area = VIEW_AREA.of("code");
    let of_practice = VIEW_PRACTICE.of("code");
    Routes::new()
        .get("/", LOOK_UP_STATUS.here(), home::home)
        .get("/status", look_up_of, home::look_up)
        .get("/status/{code}", look_up_of, home::status)
        .get("/status/areas/{code}", look_up_of, home::area_statuses)
        .get("/areas/{code}", of_area, area::area)
        .get("/areas/{code}/bars.svg", of_area, area::bars_svg)
        .get("/areas/{code}/trend.svg", of_area, area::trend_svg)
        .get("/areas/{code}/tally.svg", of_area, tallies::drawing)
        .get("/areas/{code}/practices", of_area, list::list)
        .get("/areas/{code}/networks", of_area, networks::networks)
        .get("/practices/{code}", of_practice, practice::practice)
        .get("/practices/{code}/timeline.svg", of_practice, practice::timeline_svg)
        .get("/search", SEARCH.here().paced(Pace::LookUp), search::search)
        .get("/set-aside", VIEW_SET_ASIDE.here(), about::set_aside)
        .get("/about", VIEW_STATE.here(), about::about)
        .with_state(shelf)
        .merge(crate::live::routes(shared))
}
