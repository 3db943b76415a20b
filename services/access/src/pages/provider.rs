//! The way to the sign-in provider, back, and out of both.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem, Viewer,
    access::{
        Session, is_to_come,
        session::{SESSION_MAX, cookie_of},
    },
    http::Query,
    pace::Peer,
};
use jiff::SignedDuration;
use maud::{Markup, html};
use proto::access::SignInWay;
use ui::components::inset;

use super::{page, respond, sign_in::To};
use crate::{
    Desk, Shared,
    provider::{Back, Hint, NotShown, OnTheWay, Shown, SignIn},
};

/// How long someone may be away at the provider.
const AWAY_MAX: SignedDuration = SignedDuration::from_mins(10);

/// A longer hint is not kept: with its cookie the head of an answer still has room in the 4 KB that a
/// proxy reads, and the heads of all later requests are not much longer.
const HINT_MAX_BYTES: usize = 2048;

impl Desk {
    fn provider(&self) -> Result<&SignIn, Problem> {
        self.sign_in.as_ref().ok_or_else(|| Problem::not_found("no one signs in at a provider here"))
    }

    /// The name of the cookie that someone takes along to the provider.
    fn way_cookie(&self) -> String {
        format!("{}-way", self.access.sessions().name())
    }

    /// The name of the cookie that keeps what the provider is shown when someone signs out.
    fn hint_cookie(&self) -> String {
        format!("{}-hint", self.access.sessions().name())
    }

    /// The header that keeps a hint in the browser, or takes an older one away where it is too long.
    fn keep_hint(&self, hint: &Hint) -> Option<HeaderValue> {
        let (sessions, name) = (self.access.sessions(), self.hint_cookie());
        match sessions.seal(&name, hint)? {
            sealed if sealed.len() <= HINT_MAX_BYTES => sessions.set(&name, &sealed, SESSION_MAX),
            _ => self.forget_hint(),
        }
    }

    fn forget_hint(&self) -> Option<HeaderValue> {
        self.access.sessions().set(&self.hint_cookie(), "", SignedDuration::ZERO)
    }

    /// Whoever the provider lets in may still be kept out here, or have a role where it opens nothing.
    fn let_in(&self, shown: Shown) -> Result<Shown, NotShown> {
        if self.access.known().is_barred(shown.person) {
            return Err(NotShown::KeptOut(shown.person));
        }
        match self.access.check_role(shown.role, shown.organisation) {
            Ok(()) => Ok(shown),
            Err(misfit) => Err(NotShown::DoesNotFit(shown.person, misfit)),
        }
    }

    fn refused(&self, viewer: &Viewer, why: &NotShown) {
        let (person, reason) = match why {
            NotShown::NoRole(person) => (Some(*person), "no-role"),
            NotShown::KeptOut(person) => (Some(*person), "disabled"),
            NotShown::DoesNotFit(person, _) => (Some(*person), "role-does-not-fit"),
            NotShown::OtherWay | NotShown::Refused | NotShown::Away => (None, "provider"),
        };
        self.people.note_refused(viewer, SignInWay::Provider, person, reason);
    }
}

pub(super) async fn go(State(desk): State<Shared>, Query(to): Query<To>) -> Result<Response, Problem> {
    let (address, way) = desk.provider()?.begin(to.address()).await?;
    let (sessions, name) = (desk.access.sessions(), desk.way_cookie());
    let cookie = sessions.seal(&name, &Sent { way, sent: desk.clock.machine_now() });
    let cookie = cookie.and_then(|sealed| sessions.set(&name, &sealed, AWAY_MAX));
    let cookie = cookie.ok_or_else(Problem::internal)?;
    Ok(super::sign_in::with_cookie(Redirect::to(address.as_str()).into_response(), cookie))
}

/// What someone takes along, and when they set out: a cookie's age is the browser's word alone.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sent {
    way: OnTheWay,
    sent: jiff::Timestamp,
}

pub(super) async fn come_back(
    State(desk): State<Shared>,
    viewer: Viewer,
    peer: Peer,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let sign_in = desk.provider()?;
    let (sessions, name) = (desk.access.sessions(), desk.way_cookie());
    let now = desk.clock.machine_now();
    let sent: Option<Sent> = cookie_of(&headers, &name).and_then(|sealed| sessions.open(&name, sealed));
    let is_of_now = |sent: &Sent| now.duration_since(sent.sent) < AWAY_MAX && !is_to_come(sent.sent, now);
    let shown = match sent.filter(is_of_now) {
        Some(Sent { way, .. }) => {
            // Who set out here is counted. Others cost nothing, and take nothing from those who did.
            desk.people.check_peer(peer)?;
            let to = way.to.clone();
            // Before the provider says who it is: what ends anything from here on ends this, too.
            let since = desk.access.caught_up().await?;
            let finished = sign_in.finish(way, back).await.and_then(|shown| desk.let_in(shown));
            finished.map(|shown| (shown, to, since))
        }
        None => Err(NotShown::OtherWay),
    };
    let mut answer = match shown {
        Ok((shown, to, since)) => {
            metrics::counter!("oversight_sign_ins_total", "way" => "provider").increment(1);
            let (person, role, organisation) = (shown.person, shown.role, shown.organisation);
            let session = Session::begin(person, role, organisation, SignInWay::Provider, now);
            let entered = desk.enter(&viewer, Session { since, ..session }, &to).await?;
            let kept = desk.keep_hint(&shown.hint).ok_or_else(Problem::internal)?;
            super::sign_in::with_cookie(entered, kept)
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
/// answer to a form lead to another site. Who is still signed in here has not said that they want to.
pub(super) async fn sign_out(
    State(desk): State<Shared>,
    viewer: Viewer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if viewer.session().is_some() {
        return Ok(Redirect::to("/account").into_response());
    }
    let (sessions, name) = (desk.access.sessions(), desk.hint_cookie());
    let hint: Option<Hint> = cookie_of(&headers, &name).and_then(|sealed| sessions.open(&name, sealed));
    let signed_out =
        |body: Markup| respond(StatusCode::OK, page(&viewer, "/sign-in", "Signed out").body(body));
    let Some(address) = desk.provider()?.way_out(hint).await else {
        // The hint stays: the provider may be back when the page is loaded again.
        return Ok(signed_out(html! {
            (inset(html! {
                p { "You are signed out here, but still signed in at your organisation’s sign-in, which could not be told." }
                p { "Sign out there or close the browser: until then whoever uses it next may come back in as you." }
            }))
            p { a.nhsuk-link href="/" { "Go to the first page" } }
        }));
    };
    let mut answer = signed_out(html! {
        p { "You are signed out here. To sign out of your organisation’s sign-in as well, go on there." }
        p { a.nhsuk-link href=(address) { "Sign out of your organisation’s sign-in" } }
    });
    let on = HeaderValue::from_str(&format!("0; url={address}")).map_err(|_| Problem::internal())?;
    answer.headers_mut().insert(header::REFRESH, on);
    Ok(super::sign_in::with_cookie(answer, desk.forget_hint().ok_or_else(Problem::internal)?))
}
