//! The pages: England, regions, CCGs and practices as at any day, the search, and how the view
//! stands.
//!
//! Every choice of the reader stands in the address, and every link hands it on ([`link`]). A page
//! is rendered once for a position of the log and kept as it goes out ([`kept`]).

mod about;
mod area;
mod attention;
mod charts;
mod choose;
mod first;
mod frame;
mod home;
mod kept;
mod link;
mod list;
mod practice;
mod search;
mod words;

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use chassis::{Problem, Routes, Viewer};

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
        Ok(Self { shared: shelf.shared.clone(), kept: shelf.kept.clone(), viewer })
    }
}

/// The routes of the pages.
pub fn routes(shared: Arc<Shared>) -> Routes {
    let shelf = Shelf { shared: shared.clone(), kept: Arc::new(kept::Kept::new()) };
    let of_area = VIEW_AREA.of("code");
    let of_practice = VIEW_PRACTICE.of("code");
    Routes::new()
        .get("/", LOOK_UP_STATUS.here(), home::home)
        .get("/status", LOOK_UP_STATUS.here(), home::look_up)
        .get("/status/{code}", LOOK_UP_STATUS.here(), home::status)
        .get("/areas/{code}", of_area, area::area)
        .get("/areas/{code}/bars.svg", of_area, area::bars_svg)
        .get("/areas/{code}/trend.svg", of_area, area::trend_svg)
        .get("/areas/{code}/practices", of_area, list::list)
        .get("/practices/{code}", of_practice, practice::practice)
        .get("/practices/{code}/timeline.svg", of_practice, practice::timeline_svg)
        .get("/search", SEARCH.here(), search::search)
        .get("/set-aside", VIEW_SET_ASIDE.here(), about::set_aside)
        .get("/about", VIEW_STATE.here(), about::about)
        .with_state(shelf)
        .merge(crate::live::routes(shared))
}

/// Routes that other services with pages bring as well.
pub fn shared_routes() -> Vec<(String, MethodRouter)> {
    vec![("/assets/{file}".to_owned(), get(asset))]
}

/// A problem as a page, for browsers.
pub fn problem_page(problem: &Problem) -> String {
    let faults: Vec<(String, String)> =
        problem.errors.iter().map(|fault| (fault.at.clone(), fault.detail.clone())).collect();
    ui::problem_page(problem.status, &problem.title, &problem.detail, &faults).into_string()
}

/// A style sheet, script or icon. Its address changes with its content, so it may be kept for ever.
async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ui::assets::find(&file) else {
        return Problem::not_found("no such file; it may have been of another build, so load the page again")
            .into_response();
    };
    let about = [
        (header::CACHE_CONTROL, HeaderValue::from_static(ui::assets::CACHE_CONTROL)),
        (header::ETAG, HeaderValue::from_static(asset.etag)),
    ];
    if kept::has(&headers, asset.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
}
