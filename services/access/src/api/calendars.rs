//! Private addresses of calendars: made, listed and taken back by their holder.

use axum::{Json as AxumJson, extract::State, http::StatusCode};
use chassis::{Giver, Problem, Routes, Viewer, access::CalendarAddress, http::Path};
use jiff::Timestamp;
use proto::access::{AccessEvent, CalendarOpened, CalendarRevoked};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Desk, Shared, actions::SEE_OWN};

/// The most addresses someone may have at a time: one for each of their programs.
const CALENDARS_MAX: usize = 10;

/// The routes.
pub(super) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/api/v1/access/calendars", SEE_OWN.here(), list)
        .post("/api/v1/access/calendars", SEE_OWN.here(), open)
        .post("/api/v1/access/calendars/{id}/revoke", SEE_OWN.here(), revoke)
}

/// A private address that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenedCalendar {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// The path to subscribe to, at the address of this site. It is shown this once: whoever knows it sees the visits that
    /// its holder may see.
    pub path: String,
}

/// A private address as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarView {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub opened: Timestamp,
    /// When it was revoked; none: it is good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked: Option<Timestamp>,
}

impl Desk {
    /// Makes a private address for whoever asks. Its secret is in the answer and nowhere else.
    pub async fn open_calendar(&self, giver: &Giver) -> Result<CalendarAddress, Problem> {
        let holder = giver.viewer.holder().ok_or_else(Problem::internal)?.clone();
        let address = CalendarAddress::with_id(giver.command("open-calendar").uuid());
        {
            let known = self.access.known();
            if known.has_calendar(address.id()) {
                let detail = "this address was made before; it was shown then, and is stored nowhere";
                return Err(Problem::refused("opened-before", detail));
            }
            let own = known.calendars_of(&holder.actor);
            if own.iter().filter(|calendar| calendar.revoked.is_none()).count() >= CALENDARS_MAX {
                let detail =
                    format!("you have {CALENDARS_MAX} calendar addresses: revoke one that you no longer use");
                return Err(Problem::refused("too-many-calendars", detail));
            }
        }
        let opened = CalendarOpened {
            calendar: address.id(),
            holder: holder.actor,
            role: holder.role,
            organisation: holder.organisation,
            secret: address.hash(),
        };
        let position = giver.viewer.record(AccessEvent::CalendarOpened(opened), None).await?;
        self.access.until_read(position).await?;
        // Whoever was put out before it stood in the log made nothing.
        if !giver.viewer.still_stands() {
            let revoked = AccessEvent::CalendarRevoked(CalendarRevoked { calendar: address.id() });
            self.access.until_read(giver.viewer.record(revoked, None).await?).await?;
            let detail = "your access was ended meanwhile, and so the address is revoked: sign in again";
            return Err(Problem::refused("ended-meanwhile", detail));
        }
        Ok(address)
    }

    /// Takes a private address back. One of another holder is not found.
    pub async fn revoke_calendar(&self, viewer: &Viewer, id: Uuid) -> Result<(), Problem> {
        let own = self.calendars(viewer)?.into_iter().find(|calendar| calendar.id == id);
        let own = own.ok_or_else(|| Problem::not_found("you have no calendar address with this id"))?;
        if own.revoked.is_some() {
            return Ok(());
        }
        let revoked = AccessEvent::CalendarRevoked(CalendarRevoked { calendar: id });
        self.access.until_read(viewer.record(revoked, None).await?).await
    }

    /// The private addresses of whoever asks, the oldest first.
    pub fn calendars(&self, viewer: &Viewer) -> Result<Vec<CalendarView>, Problem> {
        let holder = viewer.holder().ok_or_else(Problem::internal)?;
        let own = self.access.known().calendars_of(&holder.actor);
        let shown = own.iter().map(|calendar| CalendarView {
            id: calendar.opened.calendar,
            opened: calendar.at,
            revoked: calendar.revoked,
        });
        Ok(shown.collect())
    }
}

/// The path that a calendar program subscribes to.
pub(crate) fn path_of(address: &CalendarAddress) -> String {
    format!("/onsite/calendar/{}.ics", address.reveal())
}

/// One's private calendar addresses, the oldest first, without their secrets.
///
/// Who may call it: everyone who is signed in.
#[utoipa::path(get, path = "/api/v1/access/calendars", tag = "access",
    responses((status = 200, body = [CalendarView]), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(desk): State<Shared>,
    viewer: Viewer,
) -> Result<AxumJson<Vec<CalendarView>>, Problem> {
    desk.calendars(&viewer).map(AxumJson)
}

/// Makes a private address by which a calendar program reads the on-site visits one may see, without signing in. It is
/// in the answer, once. It ends when it is revoked, and with all that ends the sessions of its holder: a password that is set,
/// a sign-out by an administrator, a suspension; made with an API key, it ends with the key.
///
/// Who may call it: everyone who is signed in.
#[utoipa::path(post, path = "/api/v1/access/calendars", tag = "access",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key never makes two addresses")),
    responses((status = 201, body = OpenedCalendar), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn open(
    State(desk): State<Shared>,
    giver: Giver,
) -> Result<(StatusCode, AxumJson<OpenedCalendar>), Problem> {
    let address = desk.open_calendar(&giver).await?;
    Ok((StatusCode::CREATED, AxumJson(OpenedCalendar { id: address.id(), path: path_of(&address) })))
}

/// Revokes one of one's private calendar addresses: from the answer on it opens nothing here, and a moment later
/// nowhere.
///
/// Who may call it: everyone who is signed in, of their own.
#[utoipa::path(post, path = "/api/v1/access/calendars/{id}/revoke", tag = "access",
    params(("id" = String, Path, format = "uuid", description = "the address's id")),
    responses((status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(super) async fn revoke(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    desk.revoke_calendar(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
