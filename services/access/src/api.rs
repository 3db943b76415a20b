//! The JSON API: API keys, accounts, and who one is here.

pub(crate) mod calendars;
mod names;
mod users;

use axum::{Json as AxumJson, extract::State, http::StatusCode};
use chassis::{
    Giver, Outcome, Problem, Routes, Viewer,
    access::{ApiKey, keys::Issued},
    http::{Json, Path},
    log::Written,
};
use jiff::Timestamp;
use proto::{OdsCode, Role, bodies::Misfit};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::{
    Desk, Shared,
    actions::{MANAGE_KEYS, SEE_OWN},
    model::{Key, KeyCommand},
    places::{Place, place},
};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(issue, list, revoke, me, users::open, users::list, users::disable, users::enable, users::reset, users::remove, users::sign_out, names::find, names::correct, names::remove, calendars::list, calendars::open, calendars::revoke),
    tags((name = "access", description = "Who may come in. Keys and accounts are for administrators."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/api/v1/access/keys", MANAGE_KEYS.here(), list)
        .post("/api/v1/access/keys", MANAGE_KEYS.here(), issue)
        .post("/api/v1/access/keys/{id}/revoke", MANAGE_KEYS.here(), revoke)
        .get("/api/v1/access/me", SEE_OWN.here(), me)
        .merge(users::routes())
        .merge(names::routes())
        .merge(calendars::routes())
}

/// A key to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyInput {
    /// In which role its holder acts, such as `ccg-officer`.
    #[schema(value_type = String)]
    pub role: Role,
    /// For which organisation: an ODS code, of a kind that the role is for.
    #[schema(value_type = String)]
    pub organisation: OdsCode,
    /// What the organisation is called, where no file lists it: of delivery partners, suppliers and national bodies.
    #[serde(default)]
    pub organisation_name: Option<String>,
    /// What it is for, such as `nightly import`.
    pub purpose: String,
    /// Until when it opens anything (RFC 3339); none: until it is revoked.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires: Option<Timestamp>,
}

/// A key that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// The key itself. It is shown this once and nowhere kept.
    pub key: String,
    /// What the organisation is called.
    pub organisation_name: String,
}

/// A key as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// In which role its holder acts.
    #[schema(value_type = String)]
    pub role: Role,
    /// For which organisation.
    #[schema(value_type = String)]
    pub organisation: OdsCode,
    /// What it is for.
    pub purpose: String,
    /// When it was issued.
    #[schema(value_type = String, format = "date-time")]
    pub issued: Timestamp,
    /// By whom.
    pub by: String,
    /// Until when it opens anything.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked: Option<Timestamp>,
    /// Why it opens nothing, where its role is not for an organisation of that kind.
    pub does_not_fit: Option<String>,
    /// Whether it opens anything now.
    pub good: bool,
}

impl KeyView {
    pub fn of(issued: &Issued, now: Timestamp, fits: Result<(), Misfit>) -> Self {
        Self {
            id: issued.key.key,
            role: issued.key.role,
            organisation: issued.key.organisation,
            purpose: issued.key.purpose.clone(),
            issued: issued.at,
            by: issued.by.as_str().to_owned(),
            expires: issued.key.expires,
            revoked: issued.revoked,
            good: issued.is_good(now) && fits.is_ok(),
            does_not_fit: fits.err().map(|misfit| misfit.to_string()),
        }
    }
}

impl Desk {
    /// Issues a key. Its secret is in the answer and nowhere else.
    pub async fn issue(&self, giver: &Giver, input: KeyInput) -> Result<(ApiKey, Place), Problem> {
        let name = input.organisation_name.as_deref();
        let place = place(&self.access, input.role, input.organisation, name).await?;
        let command_id = giver.command("issue-key");
        let key = ApiKey::with_id(command_id.uuid());
        let aggregate = Key::aggregate(key.id).map_err(|error| Problem::bad_input(error.to_string()))?;
        let command = KeyCommand::Issue {
            key: key.id,
            role: input.role,
            organisation: input.organisation,
            organisation_name: place.recorded_name(),
            purpose: input.purpose,
            secret: key.hash(),
            expires: input.expires,
        };
        let meta = giver.meta("issue-key", self.clock.machine_now(), None);
        let meta = chassis::CommandMeta { id: command_id, ..meta };
        match self.keys.execute(&aggregate, &command, &meta).await? {
            Outcome::Recorded(position, Written::Now) => {
                self.access.until_read(position).await?;
                Ok((key, place))
            }
            // The secret of the first time is nowhere kept, so it cannot be shown again.
            Outcome::Recorded(..) | Outcome::Unchanged(_) => {
                Err(crate::model::KeyRefusal::IssuedBefore.into())
            }
        }
    }

    /// Revokes a key, if it is not revoked.
    pub async fn revoke(&self, giver: &Giver, id: Uuid, reason: String) -> Result<(), Problem> {
        let aggregate = Key::aggregate(id).map_err(|error| Problem::bad_input(error.to_string()))?;
        let meta = giver.meta(&format!("revoke-key {id}"), self.clock.machine_now(), None);
        let outcome = self.keys.execute(&aggregate, &KeyCommand::Revoke { reason }, &meta).await?;
        self.access.until_read(outcome.position()).await
    }

    /// Every key, the oldest first.
    pub fn key_views(&self) -> Vec<KeyView> {
        let now = self.clock.machine_now();
        let keys = self.access.known().keys();
        let fits = |issued: &Issued| self.access.check_role(issued.key.role, issued.key.organisation);
        keys.iter().map(|issued| KeyView::of(issued, now, fits(issued))).collect()
    }
}

/// Issues an API key for a role at an organisation. The key is in the answer, once; of it only a hash
/// is kept. A repeat under the same `Idempotency-Key` issues nothing and cannot show the key again.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/keys", tag = "access",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key never issues twice")),
    request_body = KeyInput,
    responses((status = 201, body = IssuedView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn issue(
    State(desk): State<Shared>,
    giver: Giver,
    Json(input): Json<KeyInput>,
) -> Result<(StatusCode, AxumJson<IssuedView>), Problem> {
    let (key, place) = desk.issue(&giver, input).await?;
    let view = IssuedView { id: key.id, key: key.reveal(), organisation_name: place.name };
    Ok((StatusCode::CREATED, AxumJson(view)))
}

/// Every API key that was ever issued, the oldest first, without its secret.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/access/keys", tag = "access",
    responses((status = 200, body = [KeyView]), (status = "4XX", body = Problem)))]
async fn list(State(desk): State<Shared>) -> AxumJson<Vec<KeyView>> {
    AxumJson(desk.key_views())
}

/// Why a key is revoked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeInput {
    /// Why, in words.
    #[serde(default)]
    reason: String,
}

/// Revokes an API key: from the answer on it opens nothing here, and a moment later nowhere.
///
/// Who may call it: administrators.
#[utoipa::path(post, path = "/api/v1/access/keys/{id}/revoke", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the key's id"), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RevokeInput,
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn revoke(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<Uuid>,
    Json(input): Json<RevokeInput>,
) -> Result<StatusCode, Problem> {
    desk.revoke(&giver, id, input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who one is here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeView {
    /// As events name one.
    actor: String,
    /// The role.
    #[schema(value_type = String)]
    role: Role,
    /// Where it is held.
    #[schema(value_type = String)]
    organisation: OdsCode,
}

/// Who the caller is here: actor, role and organisation.
///
/// Who may call it: everyone who is signed in.
#[utoipa::path(get, path = "/api/v1/access/me", tag = "access",
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn me(viewer: Viewer) -> Result<AxumJson<MeView>, Problem> {
    let holder = viewer.holder().ok_or_else(Problem::internal)?;
    Ok(AxumJson(MeView {
        actor: holder.actor.as_str().to_owned(),
        role: holder.role,
        organisation: holder.organisation,
    }))
}
