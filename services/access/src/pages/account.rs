//! Who one is here, and the way out.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{Problem, Viewer};
use maud::html;
use proto::access::{AccessEvent, SignInWay, SignedOut};
use ui::components::{Button, SummaryList};

use super::{form_of, page, respond, sign_in::with_cookie};
use crate::Shared;

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
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
        (list.render())
        @if viewer.session().is_some_and(|session| session.way == SignInWay::Password) {
            p { a.nhsuk-link href="/account/password" { "Change your password" } }
        }
        @if viewer.session().is_some() {
            (form_of(&viewer, "/sign-out").body(html! { (Button::new("Sign out")) }))
        }
    };
    Ok(respond(StatusCode::OK, page(&viewer, "/account", "Your account").body(body)))
}

pub(super) async fn sign_out(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    if let Some(session) = viewer.session() {
        viewer.record(AccessEvent::SignedOut(SignedOut { session: session.id }), None).await?;
    }
    let cookie = desk.access.sessions().take().ok_or_else(Problem::internal)?;
    let from_provider = viewer.session().is_some_and(|session| session.way == SignInWay::Provider);
    let next = if from_provider && desk.sign_in.is_some() { "/sign-out/provider" } else { "/" };
    Ok(with_cookie(Redirect::to(next).into_response(), cookie))
}
