//! Accounts of people, for administrators.

use axum::{Json as AxumJson, extract::State, http::StatusCode};
use chassis::{
    Giver, Problem, Routes,
    http::{Json, Path},
};
use jiff::Timestamp;
use proto::{OdsCode, PersonId, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Shared,
    actions::MANAGE_ACCOUNTS,
    people::{Listed, NewAccount},
    user_name::NoUserName,
};

/// The routes.
pub(super) fn routes() -> Routes<Shared> {
    let asks = MANAGE_ACCOUNTS.here();
    Routes::new()
        .get("/api/v1/access/users", asks, list)
        .post("/api/v1/access/users", asks, open)
        .post("/api/v1/access/users/{id}/disable", asks, disable)
        .post("/api/v1/access/users/{id}/enable", asks, enable)
        .post("/api/v1/access/users/{id}/reset", asks, reset)
        .post("/api/v1/access/users/{id}/remove", asks, remove)
        .post("/api/v1/access/people/{id}/sign-out", asks, sign_out)
}

/// An account to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserInput {
    /// What its holder types to sign in, such as a work e-mail address.
    pub user_name: String,
    /// What its holder is called on pages for administrators.
    pub display_name: String,
    /// In which role they act, such as `ccg-officer`.
    #[schema(value_type = String)]
    pub role: Role,
    /// For which organisation: an ODS code, of a kind that the role is for.
    #[schema(value_type = String)]
    pub organisation: OdsCode,
    /// What the organisation is called, where no file lists it: of delivery partners, suppliers and national bodies.
    #[serde(default)]
    pub organisation_name: Option<String>,
}

/// A password that someone was given.
#[derive(Serialize, ToSchema)]
pub(crate) struct FirstPassword {
    /// Whose it is.
    #[schema(value_type = String, format = "uuid")]
    id: PersonId,
    /// The password. It is shown this once, and must be changed at the first sign-in.
    password: String,
    /// What the organisation of a new account is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation_name: Option<String>,
}

/// An account as it is listed.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Whose it is, as events name them.
    #[schema(value_type = String, format = "uuid")]
    id: PersonId,
    /// What its holder types to sign in; none once it was deleted.
    user_name: Option<String>,
    /// What its holder is called; none once it was deleted.
    display_name: Option<String>,
    /// In which role they act.
    #[schema(value_type = String)]
    role: Role,
    /// For which organisation.
    #[schema(value_type = String)]
    organisation: OdsCode,
    /// When it was opened.
    #[schema(value_type = String, format = "date-time")]
    opened: Timestamp,
    /// Whether it lets no one in for the time being.
    disabled: bool,
    /// Whether its holder has to change a first password.
    must_change: bool,
    /// Until when its holder has to wait after too many wrong passwords.
    #[schema(value_type = Option<String>, format = "date-time")]
    locked_until: Option<Timestamp>,
    /// Why it opens nothing, where its role is not for an organisation of that kind.
    does_not_fit: Option<String>,
}

impl From<Listed> for UserView {
    fn from(listed: Listed) -> Self {
        let (must_change, names) = match listed.entry {
            Some(entry) => {
                (entry.must_change, Some((entry.user_name.as_str().to_owned(), entry.display_name)))
            }
            None => (false, None),
        };
        let (user_name, display_name) = names.unzip();
        Self {
            id: listed.id,
            user_name,
            display_name,
            role: listed.role,
            organisation: listed.organisation,
            opened: listed.opened,
            disabled: listed.disabled,
            must_change,
            locked_until: listed.locked_until,
            does_not_fit: listed.misfit.map(|misfit| misfit.to_string()),
        }
    }
}

/// Opens an account for someone. Its first password is in the answer, once, and has to be changed at
/// the first sign-in. A repeat under the same `Idempotency-Key` opens nothing and cannot show it again.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/users", tag = "access",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key never opens two accounts")),
    request_body = UserInput,
    responses((status = 201, body = FirstPassword), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn open(
    State(desk): State<Shared>,
    giver: Giver,
    Json(input): Json<UserInput>,
) -> Result<(StatusCode, AxumJson<FirstPassword>), Problem> {
    let user_name = input.user_name.parse().map_err(|error: NoUserName| {
        Problem::bad_input(error.to_string()).at("user_name", error.to_string())
    })?;
    let new = NewAccount {
        user_name,
        display_name: input.display_name,
        role: input.role,
        organisation: input.organisation,
        organisation_name: input.organisation_name,
    };
    let (id, password, place) = desk.people.open(&giver, new).await?;
    let (password, organisation_name) = (password.as_str().to_owned(), Some(place.name));
    Ok((StatusCode::CREATED, AxumJson(FirstPassword { id, password, organisation_name })))
}

/// Every account, the oldest first.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/access/users", tag = "access",
    responses((status = 200, body = [UserView]), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(desk): State<Shared>) -> Result<AxumJson<Vec<UserView>>, Problem> {
    Ok(AxumJson(desk.people.list()?.into_iter().map(UserView::from).collect()))
}

/// Why an account is closed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisableInput {
    /// Why, in words. It stays in the access log: do not include names.
    #[serde(default)]
    reason: String,
}

/// Shuts someone out for the time being: they do not get in, and are out where they are in. Of someone
/// with an account here that closes the account; someone of the sign-in provider needs none.
///
/// Who may call it: administrators, of others than themselves.
#[utoipa::path(post, path = "/api/v1/access/users/{id}/disable", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id, with or without an account here"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = DisableInput,
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn disable(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
    Json(input): Json<DisableInput>,
) -> Result<StatusCode, Problem> {
    desk.people.disable(&giver, PersonId(id), input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets someone in again who was shut out: opens their closed account, where they have one.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/users/{id}/enable", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id, with or without an account here"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn enable(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    desk.people.enable(&giver, PersonId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts someone out of wherever they are signed in. Who may still sign in comes back in: close their
/// account too, or take their role from them at the provider.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/people/{id}/sign-out", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id, with or without an account here"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn sign_out(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    desk.people.end_sessions(&giver, PersonId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an account a new first password, which is in the answer, once. Who is in is out.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/users/{id}/reset", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = FirstPassword), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn reset(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
) -> Result<AxumJson<FirstPassword>, Problem> {
    let password = desk.people.reset(&giver, PersonId(id)).await?;
    let password = password.as_str().to_owned();
    Ok(AxumJson(FirstPassword { id: PersonId(id), password, organisation_name: None }))
}

/// Deletes the names and the password of a closed account. Its user name is free again; the account stays
/// closed for ever. Someone whose role or organisation changes gets a new one: events keep what they were.
///
/// Who may call it: administrators, of accounts that are disabled.
#[utoipa::path(post, path = "/api/v1/access/users/{id}/remove", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the person's id"), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn remove(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    desk.people.remove(&giver, PersonId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
