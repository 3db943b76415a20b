//! The pages.
use crate::desk::Shared;
use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::Problem;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    match ui::assets::find(&file) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, ui::assets::CACHE_CONTROL),
                (header::ETAG, asset.etag),
            ],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
/// A problem as a page.
pub fn problem_page(problem: &Problem) -> String {
    problem.detail.clone()
}
