//! What lies behind the counts of a requirement.

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
use crate::{exports, tally};

/// Which day, known when, by which membership, of which requirement, and as what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TallyQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement: `continuity`, `onsite` or `suppliers`; of `toolkit` (default) there is nothing.
    pub requirement: Option<String>,
    /// `json` (default) or `csv`.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// What lies behind the counts of a requirement in an area on a day: plans by age and exercises by
/// outcome, open findings by severity and age, or certifications that end, by month. Units: practices, or
/// findings where it says so. As CSV one count a row.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/tallies", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or CCG"), TallyQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((tally::TallyAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn area_tallies(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<TallyQuery>,
) -> Result<Response, Problem> {
    let format = Format::of(query.format.as_deref())?;
    let TallyQuery { at, known, footprint, requirement, .. } = query;
    let when = When::read(&shared, &WhenQuery { at, known, footprint, requirement }).await?;
    let area = when.area(&code)?;
    let answer = tally::tally(&when.asked(), area);
    match format {
        Some(Format::Csv) => {
            let name = format!("{}-{}-{}.csv", answer.requirement, area.code, when.at);
            csv_file(&name, exports::tallies_csv(&answer))
        }
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
    }
}
