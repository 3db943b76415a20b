//! What assessors found on site beside what was declared.

use std::sync::Arc;

use axum::{extract::State, http::Uri, response::Response};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    sheet,
};

use super::{
    Shared, When, WhenQuery,
    file::{FileQuery, Format},
    json, json_response, nothing_at,
};
use crate::{access::VIEW_FOUND, answers, exports};

/// What assessors found on site beside what the practices of an area had declared, with the members next
/// below; practices among them where one may know what was found there. Unit: topics, each counted once for
/// every practice where it was assessed. As CSV the members, one member and topic a row. Who may not know what
/// was found at each practice is told of England and regions alone, and of topics that at least 5 practices were
/// assessed on.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/gap", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location, or primary care network"), FileQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((answers::AreaGapAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn area_gap(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<FileQuery>,
    uri: Uri,
) -> Result<Response, Problem> {
    let format = Format::of(query.format.as_deref())?;
    let when = When::read(&shared, &query.when()).await?;
    let area = when.area(&code)?;
    let answer = answers::area_gap(&when.asked(), area, |of| viewer.may(VIEW_FOUND, of));
    let answer = answer.ok_or_else(|| nothing_at(&uri))?;
    match format {
        Some(Format::Csv) => sheet::answer(&when.file("gap", area), exports::gap_csv(&answer)),
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
    }
}

/// What assessors found on site at a practice beside what it had last published before their visit. For those
/// who may see its on-site assessments.
#[utoipa::path(
    get, path = "/api/v1/practices/{code}/gap", tag = "practices", params(("code" = String, Path, description = "The ODS code of the practice"), WhenQuery),
    responses((status = 200, body = answers::PracticeGapAnswer), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn practice_gap(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
) -> Result<Response, Problem> {
    let when = When::read(&shared, &query).await?;
    let practice = when.practice(&code)?;
    Ok(json_response(json(&answers::practice_gap(&when.asked(), practice))?))
}
