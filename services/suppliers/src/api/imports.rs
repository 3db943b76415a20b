//! Lists in.

use axum::{Json as AxumJson, body::Body, extract::State};
use chassis::{
    Problem, Viewer,
    http::{Json, Path, Query},
    import::{
        self, FileQuery, ImportEntry, ImportId, ProgressView, Report, Whose, WithdrawalInput,
        WithdrawalReceipt,
    },
};
use uuid::Uuid;

use crate::{
    desk::Shared,
    import::{Import, Kind},
};

/// Imports a list (CSV, any size): `catalogue-suppliers`, `catalogue-services`, `toolkit-companies` or
/// `principal-suppliers`. Bad rows are reported by line and column and the others land; the same file again
/// adds nothing. A name that resembles a known supplier without being surely the same is held for someone
/// to look at; what its rows say is kept, and recorded once that is decided. The same holds for a status that no one has
/// explained yet.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/suppliers/imports/{kind_or_id}", tag = "suppliers",
    params(("kind_or_id" = String, Path, description = "The kind of list", example = "catalogue-suppliers"),
        FileQuery, ("Import-Id" = Option<String>, Header, description = "a UUID to ask for progress by")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Report), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn list(
    State(desk): State<Shared>,
    viewer: Viewer,
    id: Result<ImportId, Problem>,
    path: Result<Path<String>, Problem>,
    query: Result<Query<FileQuery>, Problem>,
    body: Body,
) -> Result<AxumJson<Report>, Problem> {
    let prepare = async {
        let name = path?.0;
        let kind = Kind::of(&name).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            Problem::not_found(format!(
                "there is no kind of list “{name}”; the kinds are {}",
                known.join(", ")
            ))
        })?;
        let query = query?.0;
        let import =
            Import::new(&desk, id?.0, viewer.by(None), kind, query.date(desk.common.today())?, query.mode());
        let progress = desk.common.imports.begin(import.job(), &viewer.by(None).actor)?;
        Ok((import, progress))
    };
    let ((import, progress), body) = import::receive(body, prepare).await?;
    Ok(AxumJson(import.run(progress, body).await?))
}

/// All imports of lists, the newest first: of what date, by whom, what came of them, and whether they were withdrawn.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(get, path = "/api/v1/suppliers/imports", tag = "suppliers",
    responses((status = 200, body = Vec<ImportEntry>), (status = "4XX", body = Problem)))]
pub(crate) async fn all(
    State(desk): State<Shared>,
    viewer: Viewer,
) -> Result<AxumJson<Vec<ImportEntry>>, Problem> {
    desk.records.list(&viewer, Whose::Everyones).await.map(AxumJson)
}

/// Withdraws an import, finished or not: from here on all is as if it had not been. As known before, figures stay as
/// they were. A supplier that it was the first to name stays known as long as anything else is recorded of it.
/// `import_again` names the later imports of the same kind: their files are to be imported again, because a row of
/// theirs that said the same led to nothing. Repeated, it answers the same.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/suppliers/imports/{kind_or_id}/withdraw", tag = "suppliers",
    params(("kind_or_id" = String, Path, format = "uuid", description = "The Import-Id it was begun with")),
    request_body = WithdrawalInput,
    responses((status = 200, body = WithdrawalReceipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn withdraw(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Json(input): Json<WithdrawalInput>,
) -> Result<AxumJson<WithdrawalReceipt>, Problem> {
    let receipt = desk.records.withdraw(id, &input.reason, &viewer, Whose::Everyones).await?;
    // Whoever looks next finds the suppliers without it.
    desk.until_shown(receipt.position).await;
    Ok(AxumJson(receipt))
}

/// How far an import is, or what came of it.
///
/// Who may call it: whoever began it, and administrators.
#[utoipa::path(get, path = "/api/v1/suppliers/imports/{kind_or_id}", tag = "suppliers",
    params(("kind_or_id" = String, Path, description = "The Import-Id it was begun with")),
    responses((status = 200, body = ProgressView), (status = "4XX", body = Problem)))]
pub(crate) async fn progress(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<AxumJson<ProgressView>, Problem> {
    let id = uuid::Uuid::parse_str(&id)
        .map_err(|_| Problem::bad_input("the id of an import is a UUID").at("kind_or_id", "not a UUID"))?;
    desk.common.imports.get(id, &viewer).map(AxumJson)
}
