//! Who one is here, and the way out.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Path},
    pages::{KeyOnly, keys_and_accounts_at, moment},
};
use maud::{Markup, html};
use proto::access::{AccessEvent, SignInWay, SignedOut};
use ui::components::{Button, ButtonKind, Cell, Column, Row, SummaryList, Table, notification};
use uuid::Uuid;

use super::{form_of, page, respond, sign_in::with_cookie};
use crate::{Desk, Shared, api::calendars::path_of};

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    render(&desk, &viewer, StatusCode::OK, &html! {})
}

/// Makes a private address for a calendar program, and shows it, once.
pub(super) async fn open_calendar(
    State(desk): State<Shared>,
    viewer: Viewer,
    headers: HeaderMap,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let address = desk.open_calendar(&giver).await?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = desk.origin.clone().unwrap_or_else(|| format!("http://{host}"));
    let shown = notification(
        "calendar-opened",
        "Copy this address into your calendar program now",
        html! {
            p { "You will not be able to see it again. Anyone who has it sees the visits that you may see: do not pass it on." }
            p { code #calendar-address { (origin) (path_of(&address)) } }
        },
    );
    render(&desk, &viewer, StatusCode::CREATED, &shown)
}

pub(super) async fn revoke_calendar(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(_): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    desk.revoke_calendar(&viewer, id).await?;
    Ok(Redirect::to("/account#calendars").into_response())
}

/// The private addresses of calendars, and a way to make one.
fn calendars(desk: &Desk, viewer: &Viewer) -> Result<Markup, Problem> {
    let good = desk.calendars(viewer)?.into_iter().filter(|calendar| calendar.revoked.is_none());
    let rows = good.map(|calendar| {
        let revoke = form_of(viewer, format!("/account/calendars/{}/revoke", calendar.id));
        Row::new([
            Cell::text(moment(calendar.opened)),
            Cell::from(revoke.body(html! {
                (Button::new("Revoke").kind(ButtonKind::Secondary).about(format!("the address made at {}", moment(calendar.opened))))
            })),
        ])
    });
    Ok(html! {
        h2.nhsuk-heading-m #calendars { "Calendar addresses" }
        p { "A private address lets your calendar program show the on-site visits that you may see, without signing in. It ends when you revoke it, when you change your password, and when an administrator signs you out or suspends your access." }
        (Table::new("calendar-addresses", "Your calendar addresses").column(Column::text("Made")).column(Column::text("Change"))
            .rows(rows).empty("You have no calendar address.").render())
        (form_of(viewer, "/account/calendars").body(html! { (Button::new("Make a calendar address").kind(ButtonKind::Secondary)) }))
    })
}

fn render(desk: &Desk, viewer: &Viewer, status: StatusCode, shown: &Markup) -> Result<Response, Problem> {
    let holder = viewer.holder().ok_or_else(Problem::internal)?;
    let hierarchy = desk.access.hierarchy();
    let place = hierarchy.name(holder.organisation).map(ui::fmt::name);
    let place = match place {
        Some(name) => format!("{name} ({})", holder.organisation),
        None => holder.organisation.to_string(),
    };
    let mut list = SummaryList::new().text("Role", holder.role.words()).text("At", place);
    if let Some(session) = viewer.session() {
        let way = match session.way {
            SignInWay::Password => "With a password",
            SignInWay::Provider => "At your organisation’s sign-in",
            SignInWay::Persona => "As a made-up person",
        };
        list = list.text("Signed in", way);
    }
    let body = html! {
        (shown)
        (list.render())
        @if viewer.session().is_some_and(|session| session.way == SignInWay::Password) {
            p { a.nhsuk-link href="/account/password" { "Change your password" } }
        }
        @if viewer.session().is_some() {
            (form_of(viewer, "/sign-out").body(html! { (Button::new("Sign out")) }))
        }
        p { a.nhsuk-link href=(keys_and_accounts_at(holder.organisation)) { "Keys and accounts for your organisation" } }
        (calendars(desk, viewer)?)
    };
    Ok(respond(status, page(viewer, "/account", "Your account").body(body)))
}

pub(super) async fn sign_out(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    if let Some(session) = viewer.session() {
        let signed_out = AccessEvent::SignedOut(SignedOut { session: session.id });
        desk.access.until_read(viewer.record(signed_out, None).await?).await?;
    }
    let gone = desk.access.sessions().take().ok_or_else(Problem::internal)?;
    let from_provider = viewer.session().is_some_and(|session| session.way == SignInWay::Provider);
    let next = if from_provider && desk.sign_in.is_some() { "/sign-out/provider" } else { "/" };
    let mut response = gone.into_iter().fold(Redirect::to(next).into_response(), with_cookie);
    // What the browser has kept of earlier pages goes, too: nothing is shown by its Back button.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
