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
mod kept;
mod link;
mod list;
mod practice;
mod search;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use chassis::Problem;

use crate::api::Shared;

/// What the page handlers share.
#[derive(Debug, Clone)]
struct Desk {
    shared: Arc<Shared>,
    kept: Arc<kept::Kept>,
}

/// The routes of the pages.
pub fn routes(shared: Arc<Shared>) -> Router {
    let desk = Desk { shared: shared.clone(), kept: Arc::new(kept::Kept::new()) };
    Router::new()
        .route("/", get(area::england))
        .route("/areas/{code}", get(area::area))
        .route("/areas/{code}/bars.svg", get(area::bars_svg))
        .route("/areas/{code}/trend.svg", get(area::trend_svg))
        .route("/areas/{code}/practices", get(list::list))
        .route("/practices/{code}", get(practice::practice))
        .route("/practices/{code}/timeline.svg", get(practice::timeline_svg))
        .route("/search", get(search::search))
        .route("/set-aside", get(about::set_aside))
        .route("/about", get(about::about))
        .with_state(desk)
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
