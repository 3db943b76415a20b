//! Register files in.

use std::time::Duration;

use axum::{Json as AxumJson, body::Body, extract::State};
use chassis::{
    Problem, Viewer,
    http::{Json, Path, Query},
    import::{
        self, FileQuery, ImportEntry, ImportId, ProgressView, Report, Whose, WithdrawalInput,
        WithdrawalReceipt,
    },
};

use crate::{
    desk::Shared,
    import::{Reading, job, run},
};

/// How long an import waits for the editions before it begins.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);

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
        let as_of = query.date(desk.today())?;
        let job = job(id, as_of, query.mode());
        // A status text is read with every edition that is known by now.
        desk.common.editions.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let progress = desk.common.imports.begin(&job, &viewer.by(None).actor)?;
        Ok((as_of, job, progress))
    };
    let ((as_of, job, progress), body) = import::receive(body, prepare).await?;
    let reading = Reading {
        commands: &desk.register,
        records: &desk.imports,
        catalogue: desk.catalogue(),
        clock: desk.common.clock.clone(),
    };
    let report = run(&reading, &job, viewer.by(None), as_of, progress, body).await?;
    Ok(AxumJson(report))
}

/// All imports of register files, the newest first: of what date, by whom, what came of them, and whether they were
/// withdrawn.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(get, path = "/api/v1/assessments/imports", tag = "assessments",
    responses((status = 200, body = Vec<ImportEntry>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    State(desk): State<Shared>,
    viewer: Viewer,
) -> Result<AxumJson<Vec<ImportEntry>>, Problem> {
    desk.imports.list(&viewer, Whose::Everyones).await.map(AxumJson)
}

/// Withdraws an import, finished or not: from here on figures are as if it had not been. As known before, they stay
/// as they were. The file may be imported again, with the right date. Repeated, it answers the same.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/assessments/imports/{id}/withdraw", tag = "assessments",
    params(("id" = String, Path, format = "uuid", description = "the Import-Id it was given")),
    request_body = WithdrawalInput,
    responses((status = 200, body = WithdrawalReceipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn withdraw(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<uuid::Uuid>,
    Json(input): Json<WithdrawalInput>,
) -> Result<AxumJson<WithdrawalReceipt>, Problem> {
    desk.imports.withdraw(id, &input.reason, &viewer, Whose::Everyones).await.map(AxumJson)
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
