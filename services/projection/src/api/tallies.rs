//! What lies behind the counts of a requirement.

use std::sync::Arc;

use axum::{extract::State, http::Uri, response::Response};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    sheet,
};

use super::{
    Shared, When,
    file::{FileQuery, Format},
    json, json_response, nothing_at,
};
use crate::{access::VIEW_FOUND, exports, tally};

/// What lies behind the counts of a requirement in an area on a day: plans by age and exercises by
/// outcome, open findings by severity and age, or certifications that end, by month. Units: practices, or
/// findings where it says so. As CSV one count a row. Who may not know what assessors found at each practice is
/// told of findings in England and regions alone, where at least 5 practices were assessed.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/tallies", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location, or primary care network"), FileQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((tally::TallyAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn area_tallies(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<FileQuery>,
    uri: Uri,
) -> Result<Response, Problem> {
    let format = Format::of(query.format.as_deref())?;
    let when = When::read(&shared, &query.when()).await?;
    let area = when.area(&code)?;
    let answer = tally::tally(&when.asked(), area, |of| viewer.may(VIEW_FOUND, of));
    let answer = answer.ok_or_else(|| nothing_at(&uri))?;
    match format {
        Some(Format::Csv) => {
            sheet::answer(&when.file(answer.requirement, area), exports::tallies_csv(&answer))
        }
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
    }
}
