//! Register files in.

use axum::{Json as AxumJson, body::Body, extract::State};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    import::{self, ImportId, Mode, ProgressView, Report},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    desk::Shared,
    import::{date_of_file, job, run},
};

/// What goes with a register file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultsQuery {
    /// The date of the file, yyyy-mm-dd; needed unless `name` holds it.
    #[serde(default)]
    as_of: Option<String>,
    /// The name of the file, such as `DSPT search results 09_09_2022 10_11_12.csv`.
    #[serde(default)]
    name: Option<String>,
    /// Only say what would be written.
    #[serde(default)]
    dry_run: bool,
}

/// Imports a file of published results (CSV, any size) of the national register, in the layout of
/// 2019 or of 2020 to 2023. Bad rows are reported by line and column and the others land. The same
/// file again adds nothing; later files add what changed.
#[utoipa::path(post, path = "/api/v1/assessments/imports/results", tag = "assessments",
    params(ResultsQuery, ("Import-Id" = Option<String>, Header, description = "a UUID to ask for progress by")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn results(
    State(desk): State<Shared>,
    viewer: Viewer,
    ImportId(id): ImportId,
    Query(query): Query<ResultsQuery>,
    body: Body,
) -> Result<AxumJson<Report>, Problem> {
    let mut body = body.into_data_stream();
    let prepared = async {
        let as_of = date_of_file(query.as_of.as_deref(), query.name.as_deref())?;
        let mode = if query.dry_run { Mode::DryRun } else { Mode::Write };
        let job = job(id, as_of, mode);
        // What older imports wrote must be known before it is decided what is new.
        desk.roster.catch_up().await?;
        let progress = desk.imports.begin(&job)?;
        Ok::<_, Problem>((as_of, job, progress))
    };
    let (as_of, job, progress) = match prepared.await {
        Ok(prepared) => prepared,
        Err(problem) => {
            import::drain(&mut body).await;
            return Err(problem);
        }
    };
    let newest = desk.roster.newest_register_file();
    let report =
        run(&desk.register, &job, viewer.by(None), as_of, newest, progress, desk.clock.clone(), body).await?;
    Ok(AxumJson(report))
}

/// How far an import is, or what came of it.
#[utoipa::path(get, path = "/api/v1/assessments/imports/{id}", tag = "assessments",
    params(("id" = String, Path, format = "uuid", description = "the Import-Id it was given")),
    responses((status = 200, body = ProgressView), (status = "4XX", body = Problem)))]
pub(crate) async fn progress(
    State(desk): State<Shared>,
    Path(id): Path<uuid::Uuid>,
) -> Result<AxumJson<ProgressView>, Problem> {
    desk.imports.get(id).map(AxumJson)
}
