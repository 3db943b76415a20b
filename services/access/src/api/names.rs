//! The names of people, for administrators: found, corrected and deleted.

use axum::{Json as AxumJson, extract::State, http::StatusCode};
use chassis::{
    Giver, Problem, Routes,
    desk::PersonInput,
    http::{Json, Path, Query},
};
use proto::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{Shared, actions::MANAGE_ACCOUNTS, names::NameView};

/// The routes.
pub(super) fn routes() -> Routes<Shared> {
    let asks = MANAGE_ACCOUNTS.here();
    Routes::new()
        .get("/api/v1/access/names", asks.sensitive(), find)
        .post("/api/v1/access/names/{id}/correct", asks, correct)
        .post("/api/v1/access/names/{id}/remove", asks, remove)
}

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NamesQuery {
    /// At least two characters of a name, an office, an e-mail address, a user name, a code of an organisation or an id.
    #[serde(default)]
    text: String,
}

/// Whom was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamesFound {
    /// By name, at most 200.
    names: Vec<NameView>,
    /// Whether there are more.
    more: bool,
}

/// Who is named here: office holders named in records, and account holders.
///
/// Who may call it: administrators. That they did is recorded.
#[utoipa::path(get, path = "/api/v1/access/names", tag = "access", params(NamesQuery),
    responses((status = 200, body = NamesFound), (status = "4XX", body = Problem)))]
pub(super) async fn find(
    State(desk): State<Shared>,
    Query(query): Query<NamesQuery>,
) -> Result<AxumJson<NamesFound>, Problem> {
    let (names, more) = desk.names.find(&query.text)?;
    Ok(AxumJson(NamesFound { names, more }))
}

/// Corrects what is said of someone: of an office holder name, office and e-mail address, of an account holder the name
/// alone. It is recorded that it was corrected, and not what.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/names/{id}/correct", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PersonInput,
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn correct(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
    Json(input): Json<PersonInput>,
) -> Result<StatusCode, Problem> {
    desk.names.correct(&giver, PersonId(id), &input).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes someone's name, office and e-mail address for good; of an account holder, whose account must be disabled, name,
/// user name and password. Records keep the id, which then leads nowhere. Backups keep the name until they expire.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/names/{id}/remove", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn remove(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    desk.names.remove(&giver, PersonId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
