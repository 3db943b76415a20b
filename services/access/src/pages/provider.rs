//! The way to the sign-in provider, back, and out of both.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem, Viewer,
    access::{Session, session::cookie_of},
    http::Query,
    pace::Peer,
};
use jiff::SignedDuration;
use maud::html;
use proto::access::SignInWay;

use super::{page, respond, sign_in::To};
use crate::{
    Desk, Shared,
    provider::{Back, NotShown, OnTheWay, SignIn},
};

/// How long somebody may be away at the provider.
const AWAY_MAX: SignedDuration = SignedDuration::from_mins(10);

impl Desk {
    fn provider(&self) -> Result<&SignIn, Problem> {
        self.sign_in.as_ref().ok_or_else(|| Problem::not_found("nobody signs in at a provider here"))
    }

    /// The name of the cookie that somebody takes along to the provider.
    fn way_cookie(&self) -> String {
        format!("{}-way", self.access.sessions().name())
    }

    fn refused(&self, viewer: &Viewer, why: &NotShown) {
        let (person, reason) = match why {
            NotShown::NoRole(person) => (Some(*person), "no-role"),
            NotShown::OtherWay | NotShown::Refused | NotShown::Away => (None, "provider"),
        };
        self.people.note_refused(viewer, SignInWay::Provider, person, reason);
    }
}

pub(super) async fn go(State(desk): State<Shared>, Query(to): Query<To>) -> Result<Response, Problem> {
    let (address, way) = desk.provider()?.begin(to.address()).await?;
    let (sessions, name) = (desk.access.sessions(), desk.way_cookie());
    let cookie = sessions.seal(&name, &Sent { way, sent: desk.clock.now() });
    let cookie = cookie.and_then(|sealed| sessions.set(&name, &sealed, AWAY_MAX));
    let cookie = cookie.ok_or_else(Problem::internal)?;
    Ok(super::sign_in::with_cookie(Redirect::to(address.as_str()).into_response(), cookie))
}

/// What somebody takes along, and when they set out: a cookie's age is the browser's word alone.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sent {
    way: OnTheWay,
    sent: jiff::Timestamp,
}

pub(super) async fn come_back(
    State(desk): State<Shared>,
    viewer: Viewer,
    peer: Peer,
    headers: axum::http::HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let sign_in = desk.provider()?;
    let (sessions, name) = (desk.access.sessions(), desk.way_cookie());
    let now = desk.clock.now();
    let sent: Option<Sent> = cookie_of(&headers, &name).and_then(|sealed| sessions.open(&name, sealed));
    let shown = match sent.filter(|sent| now.duration_since(sent.sent) < AWAY_MAX) {
        Some(Sent { way, .. }) => {
            // Who set out here is counted. Others cost nothing, and take nothing from those who did.
            desk.people.check_peer(peer)?;
            let to = way.to.clone();
            sign_in.finish(way, back).await.map(|shown| (shown, to))
        }
        None => Err(NotShown::OtherWay),
    };
    let mut answer = match shown {
        Ok((shown, to)) => {
            metrics::counter!("oversight_sign_ins_total", "way" => "provider").increment(1);
            let (person, role, organisation) = (shown.person, shown.role, shown.organisation);
            let session = Session::begin(person, role, organisation, SignInWay::Provider, now);
            desk.enter(&viewer, session, &to).await?
        }
        Err(why) => {
            desk.refused(&viewer, &why);
            Problem::from(why).into_response()
        }
    };
    // It leads back once.
    let gone = sessions.set(&name, "", SignedDuration::ZERO).ok_or_else(Problem::internal)?;
    answer.headers_mut().append(header::SET_COOKIE, gone);
    Ok(answer)
}

/// Signed out here; on to the provider. This is a page of its own because a browser does not let the
/// answer to a form lead to another site.
pub(super) async fn sign_out(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    let Some(address) = desk.provider()?.way_out().await else {
        return Ok(Redirect::to("/").into_response());
    };
    let body = html! {
        p { "You are signed out here. To sign out of your organisation’s sign-in as well, go on there." }
        p { a.nhsuk-link href=(address) { "Sign out of your organisation’s sign-in" } }
    };
    let mut answer = respond(StatusCode::OK, page(&viewer, "/sign-in", "Signed out").body(body));
    let on = HeaderValue::from_str(&format!("0; url={address}")).map_err(|_| Problem::internal())?;
    answer.headers_mut().insert(header::REFRESH, on);
    Ok(answer)
}
