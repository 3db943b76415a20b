//! Files of findings in.

use axum::{Json as AxumJson, body::Body, extract::State};
use chassis::{
    Problem, Viewer,
    http::{Json, Path, Query},
    import::{
        self, ImportEntry, ImportId, Job, Mode, ProgressView, Report, Whose, WithdrawalInput,
        WithdrawalReceipt,
    },
};
use proto::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{desk::Shared, import::run};

/// What goes with a file of findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteFileQuery {
    /// Only say what would be written.
    #[serde(default)]
    dry_run: bool,
}

/// Imports findings (CSV, any size): organisation code, assessment number, topic, severity, system,
/// responsibility, finding, evidence. Only into assessments that are held and set with the caller's own
/// delivery partner. Bad rows are reported by line and column and the others land; a finding that is
/// recorded already adds nothing.
#[utoipa::path(post, path = "/api/v1/onsite/imports/findings", tag = "onsite",
    params(OnsiteFileQuery, ("Import-Id" = Option<String>, Header, description = "a UUID to ask for progress by")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn findings(
    State(desk): State<Shared>,
    viewer: Viewer,
    ImportId(id): ImportId,
    Query(query): Query<OnsiteFileQuery>,
    body: Body,
) -> Result<AxumJson<Report>, Problem> {
    let mode = if query.dry_run { Mode::DryRun } else { Mode::Write };
    let job = Job { id, kind: "findings", as_of: None, mode };
    let prepare = async { desk.common.imports.begin(&job, &viewer.by(None).actor) };
    let (progress, body) = import::receive(body, prepare).await?;
    Ok(AxumJson(run(&desk, &viewer, &job, progress, body).await?))
}

/// NHS Digital, for which the assessments are held, sees and withdraws everyone's; a delivery partner its own.
fn whose(viewer: &Viewer) -> Whose {
    match viewer.holder() {
        Some(holder) if holder.role == Role::NhsDigital => Whose::Everyones,
        _ => Whose::Own,
    }
}

/// The imports of findings, the newest first: by whom, what came of them, and whether they were withdrawn.
///
/// Who may call it: delivery partners, of their own; NHS Digital.
#[utoipa::path(get, path = "/api/v1/onsite/imports", tag = "onsite",
    responses((status = 200, body = Vec<ImportEntry>), (status = "4XX", body = Problem)))]
pub(crate) async fn all(
    State(desk): State<Shared>,
    viewer: Viewer,
) -> Result<AxumJson<Vec<ImportEntry>>, Problem> {
    desk.records.list(&viewer, whose(&viewer)).await.map(AxumJson)
}

/// Withdraws an import of findings, finished or not: from here on all is as if it had not been, and what was answered
/// or planned for these findings counts for nothing. As known before, figures stay as they were. `import_again` names
/// the later imports: their files are to be imported again, because a finding of theirs that was recorded already led
/// to nothing. Repeated, it answers the same.
///
/// Who may call it: delivery partners, for their own; NHS Digital.
#[utoipa::path(post, path = "/api/v1/onsite/imports/{id}/withdraw", tag = "onsite",
    params(("id" = String, Path, format = "uuid", description = "the Import-Id it was given")),
    request_body = WithdrawalInput,
    responses((status = 200, body = WithdrawalReceipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn withdraw(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<uuid::Uuid>,
    Json(input): Json<WithdrawalInput>,
) -> Result<AxumJson<WithdrawalReceipt>, Problem> {
    desk.records.withdraw(id, &input.reason, &viewer, whose(&viewer)).await.map(AxumJson)
}

/// How far an import is, or what came of it: for whoever began it.
#[utoipa::path(get, path = "/api/v1/onsite/imports/{id}", tag = "onsite",
    params(("id" = String, Path, format = "uuid", description = "the Import-Id it was given")),
    responses((status = 200, body = ProgressView), (status = "4XX", body = Problem)))]
pub(crate) async fn progress(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<uuid::Uuid>,
) -> Result<AxumJson<ProgressView>, Problem> {
    desk.common.imports.get(id, &viewer).map(AxumJson)
}
