//! What assessors found on site beside what was declared.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chassis::{
    Problem,
    http::{Path, Query},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Shared, When, WhenQuery,
    file::{Format, csv_file},
    json, json_response,
};
use crate::{answers, exports};

/// Which day, known when, by which membership, and as what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GapQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement that pages are about; it plays no part here.
    pub requirement: Option<String>,
    /// `json` (default) or `csv`.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// What assessors found on site beside what the practices of an area had declared, with the members next
/// below. Unit: topics, each counted once for every practice where it was assessed. As CSV the members, one
/// member and topic a row.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/gap", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or CCG"), GapQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((answers::AreaGapAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn area_gap(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<GapQuery>,
) -> Result<Response, Problem> {
    let format = Format::of(query.format.as_deref())?;
    let GapQuery { at, known, footprint, requirement, .. } = query;
    let when = When::read(&shared, &WhenQuery { at, known, footprint, requirement }).await?;
    let area = when.area(&code)?;
    let answer = answers::area_gap(&when.asked(), area);
    match format {
        Some(Format::Csv) => {
            csv_file(&format!("gap-{}-{}.csv", area.code, when.at), exports::gap_csv(&answer))
        }
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
    }
}

/// What assessors found on site at a practice beside what it had last published before their visit.
#[utoipa::path(
    get, path = "/api/v1/practices/{code}/gap", tag = "practices", params(("code" = String, Path, description = "The ODS code of the practice"), WhenQuery),
    responses((status = 200, body = answers::PracticeGapAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
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
