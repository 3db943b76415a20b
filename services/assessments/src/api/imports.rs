//! Register files in.

use std::time::Duration;

use axum::{Json as AxumJson, body::Body, extract::State};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    import::{self, FileQuery, ImportId, ProgressView, Report},
};

use crate::{
    desk::Shared,
    import::{job, run},
};

/// How long an import waits until all earlier ones are known.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);

/// Imports a file of published results (CSV, any size) of the national register, in the layout of
/// 2019 or of 2020 to 2023. Bad rows are reported by line and column and the others land. The same
/// file again adds nothing; later files add what changed.
#[utoipa::path(post, path = "/api/v1/assessments/imports/results", tag = "assessments",
    params(FileQuery, ("Import-Id" = Option<String>, Header, description = "a UUID to ask for progress by")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn results(
    State(desk): State<Shared>,
    viewer: Viewer,
    ImportId(id): ImportId,
    Query(query): Query<FileQuery>,
    body: Body,
) -> Result<AxumJson<Report>, Problem> {
    let prepare = async {
        let as_of = query.date()?;
        let job = job(id, as_of, query.mode());
        // What older imports wrote must be known before it is decided what is new.
        desk.register_files.must_catch_up(CATCH_UP_TIMEOUT).await?;
        desk.common.editions.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let progress = desk.common.imports.begin(&job, &viewer.by(None).actor)?;
        Ok((as_of, job, progress))
    };
    let ((as_of, job, progress), body) = import::receive(body, prepare).await?;
    let newest = desk.register_files.known().newest();
    let catalogue = desk.common.editions.catalogue();
    let report = run(
        &desk.register,
        &job,
        viewer.by(None),
        as_of,
        newest,
        catalogue,
        progress,
        desk.common.clock.clone(),
        body,
    )
    .await?;
    Ok(AxumJson(report))
}

/// How far an import is, or what came of it: for whoever began it, and for administrators.
#[utoipa::path(get, path = "/api/v1/assessments/imports/{id}", tag = "assessments",
    params(("id" = String, Path, format = "uuid", description = "the Import-Id it was given")),
    responses((status = 200, body = ProgressView), (status = "4XX", body = Problem)))]
pub(crate) async fn progress(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<uuid::Uuid>,
) -> Result<AxumJson<ProgressView>, Problem> {
    desk.common.imports.get(id, &viewer).map(AxumJson)
}
