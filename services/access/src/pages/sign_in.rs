//! The way in.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem, Viewer,
    access::{CSRF_FIELD, Record, Session, session::cookie_of},
    http::{Form as FormBody, Query},
    pace::Peer,
    pages::in_query,
};
use maud::{Markup, html};
use proto::{
    Role, Service,
    access::{AccessEvent, SignInWay, SignedIn},
};
use serde::Deserialize;
use ui::components::{
    Button, ButtonKind, Cell, Column, Field, FieldError, Form, InputKind, Row, Table, Width, inset,
    link_button,
};

use super::{
    own_form::{OwnForm, TOKEN_FIELD},
    page, respond,
};
use crate::{
    Desk, Shared,
    passwords::Typed,
    people::{From, KNOWN_MAX, KnownBrowser, Recognised},
    personas::Persona,
};

/// Where to go once one is in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct To {
    #[serde(default)]
    to: String,
}

impl To {
    /// An address of ours; anything else leads to the first page.
    pub(super) fn address(&self) -> String {
        address_of_ours(&self.to).unwrap_or("/").to_owned()
    }
}

/// The longest address that someone is led back to: it has room in a cookie.
const ADDRESS_MAX_BYTES: usize = 1000;

/// A path of this server, as a redirect may lead to it: not `//host`, not `/\host`, no control
/// characters.
pub(crate) fn address_of_ours(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let ours = chars.next() == Some('/')
        && text.len() <= ADDRESS_MAX_BYTES
        && !matches!(chars.next(), Some('/' | '\\'))
        && !text.contains('\\')
        && text.bytes().all(|byte| (b' '..0x7f).contains(&byte));
    ours.then_some(text)
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(to): Query<To>,
) -> Result<Response, Problem> {
    render(&desk, &viewer, &headers, StatusCode::OK, &to, Vec::new())
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    headers: &HeaderMap,
    status: StatusCode,
    to: &To,
    errors: Vec<FieldError>,
) -> Result<Response, Problem> {
    let OwnForm { token, cookie } = desk.own_form(headers)?;
    let form = |action: &str| form(viewer, action, to).hidden(TOKEN_FIELD, token.clone());
    let personas = desk.options.personas.offered(&desk.access);
    let accounts = desk.people.are_there()?;
    let hierarchy = desk.access.hierarchy();
    let body = html! {
        @if let Some(holder) = viewer.holder() {
            (inset(html! { p { "You are signed in as " (holder.words()) ". " a.nhsuk-link href="/account" { "Your account" } } }))
        }
        @if desk.sign_in.is_some() {
            p { (link_button(&format!("/sign-in/provider?to={}", in_query(&to.address())), "Sign in with your organisation", ButtonKind::Primary)) }
        }
        @if accounts {
            @if desk.sign_in.is_some() { h2.nhsuk-heading-m { "Or with a password of this installation" } }
            (password_form(form("/sign-in/password")))
        }
        @if !personas.is_empty() {
            p { "This is demonstration data. Choose a role to see the service as that person. None of these people or organisations is real." }
            (Table::new("people", "Demonstration roles").hide_caption()
                .column(Column::text("Role")).column(Column::text("At")).column(Column::text("What they do here")).column(Column::text("Sign in"))
                .rows(personas.iter().map(|persona| offer(form("/sign-in/persona"), persona, hierarchy.name(persona.organisation))))
                .render())
        } @else if !accounts && desk.sign_in.is_none() {
            p { "People sign in here once accounts or a provider are set up. Programs send an API key." }
        }
        p {
            "Without signing in you can look up " a.nhsuk-link href="/status" { "what practices have published" }
            " and " a.nhsuk-link href="/suppliers" { "whether suppliers are certified" } "."
        }
    };
    let answer = respond(status, page(viewer, "/sign-in", "Sign in").errors(errors).body(body));
    Ok(match cookie {
        Some(cookie) => with_cookie(answer, cookie),
        None => answer,
    })
}

/// A form of the sign-in page. Who is signed in already shows that it is theirs.
fn form(viewer: &Viewer, action: &str, to: &To) -> Form {
    let form = Form::post(action).hidden("to", to.to.clone());
    if viewer.session().is_some() { form.hidden(CSRF_FIELD, viewer.csrf()) } else { form }
}

fn password_form(form: Form) -> Markup {
    form.label("Sign in with a password").body(html! {
        (Field::new("user_name", "User name").hint("Often your work e-mail address").width(Width::Characters(30))
            .autocomplete("username").input(InputKind::Text))
        (Field::new("password", "Password").width(Width::Characters(30)).autocomplete("current-password")
            .input(InputKind::Password))
        (Button::new("Sign in"))
    })
}

fn offer(form: Form, persona: &Persona, name: Option<&str>) -> Row {
    let place = name.map_or_else(|| persona.organisation.to_string(), ui::fmt::name);
    let words = persona.role.words();
    Row::new([
        Cell::text(words),
        Cell::text(place),
        Cell::text(format!("{}.", capital(persona.words()))),
        Cell::from(form.hidden("role", persona.role.name()).body(html! {
            (Button::new("Sign in").kind(ButtonKind::Secondary).about(format!("as {words}")))
        })),
    ])
}

/// Who someone says they are. Not `Debug`: it holds a password.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    user_name: String,
    password: Typed,
    #[serde(default)]
    to: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn by_password(
    State(desk): State<Shared>,
    viewer: Viewer,
    peer: Peer,
    headers: HeaderMap,
    FormBody(form): FormBody<PasswordForm>,
) -> Result<Response, Problem> {
    desk.check_own_form(&headers, &form.token)?;
    let to = To { to: form.to };
    let enter = async |known: Recognised| {
        let session = desk.session_of(&known, SignInWay::Password);
        desk.remember(desk.enter(&viewer, session, &to.address()).await?, &known.browser)
    };
    let from = From { peer, browser: desk.known_browser(&headers) };
    match desk.people.recognise(&viewer, from, &form.user_name, form.password, enter).await? {
        Ok(entered) => Ok(entered),
        Err(why) => {
            let errors = vec![FieldError::new("user_name", why.to_string())];
            render(&desk, &viewer, &headers, StatusCode::UNAUTHORIZED, &to, errors)
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Which made-up person to be.
#[derive(Debug, Deserialize)]
pub(super) struct PersonaForm {
    role: Role,
    #[serde(default)]
    to: String,
    #[serde(default)]
    token: String,
}

pub(super) async fn as_persona(
    State(desk): State<Shared>,
    viewer: Viewer,
    headers: HeaderMap,
    FormBody(form): FormBody<PersonaForm>,
) -> Result<Response, Problem> {
    desk.check_own_form(&headers, &form.token)?;
    let persona = desk.options.personas.offered(&desk.access).into_iter().find(|p| p.role == form.role);
    let Some(persona) = persona else {
        return Err(Problem::not_found("there are no made-up people here"));
    };
    let (since, now) = (desk.access.caught_up().await?, desk.clock.machine_now());
    let session =
        Session::begin(persona.person(), persona.role, persona.organisation, SignInWay::Persona, now);
    desk.enter(&viewer, Session { since, ..session }, &To { to: form.to }.address()).await
}

impl Desk {
    /// A session that begins, of someone with an account here.
    pub fn session_of(&self, known: &Recognised, way: SignInWay) -> Session {
        let session =
            Session::begin(known.person, known.role, known.organisation, way, self.clock.machine_now());
        Session { must_change: known.must_change, since: known.since, ..session }
    }

    /// The name of the cookie that says who signed in with a browser before.
    fn known_cookie(&self) -> String {
        format!("{}-known", self.access.sessions().name())
    }

    /// What a browser keeps of who signed in with it before.
    fn known_browser(&self, headers: &HeaderMap) -> Option<KnownBrowser> {
        let name = self.known_cookie();
        self.access.sessions().open(&name, cookie_of(headers, &name)?)
    }

    /// An answer after which a browser is known for a while.
    pub fn remember(&self, answer: Response, browser: &KnownBrowser) -> Result<Response, Problem> {
        let (sessions, name) = (self.access.sessions(), self.known_cookie());
        let cookie = sessions.seal(&name, browser).and_then(|sealed| sessions.set(&name, &sealed, KNOWN_MAX));
        Ok(with_cookie(answer, cookie.ok_or_else(Problem::internal)?))
    }

    /// Lets someone in: on record, with a cookie, and on to where they wanted to go. Where something that stands on
    /// record before this has put them out meanwhile, they are told so and not given what opens nothing.
    pub async fn enter(&self, viewer: &Viewer, session: Session, to: &str) -> Result<Response, Problem> {
        let holder = chassis::access::Principal::Holder(session.holder());
        let record = Record {
            service: Service::Access,
            by: holder.by(None),
            request: Some(viewer.request()),
            event: AccessEvent::SignedIn(SignedIn { session: session.id, way: session.way }),
        };
        self.access.until_read(self.access.recorder().write(record).await?).await?;
        if !self.access.known().is_in(session.person, session.since) {
            return Err(Problem::refused(
                "ended-meanwhile",
                "an administrator ended your access, or your password was set, while you were signing in: sign in again",
            ));
        }
        self.with_session(Redirect::to(to).into_response(), &session)
    }

    /// An answer that gives a browser its session.
    pub fn with_session(&self, answer: Response, session: &Session) -> Result<Response, Problem> {
        let cookies = self.access.sessions().give(session).ok_or_else(Problem::internal)?;
        Ok(cookies.into_iter().fold(answer, with_cookie))
    }
}

/// An answer that sets or takes a cookie; kept by no one.
pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_nowhere_but_here() {
        for ours in ["/", "/areas/15E?at=2019-03-31", "/search?q=%C3%A4"] {
            assert_eq!(address_of_ours(ours), Some(ours));
        }
        for foreign in [
            "",
            "areas",
            "//evil.org",
            "/\\evil.org",
            "https://evil.org",
            "/a\\b",
            "/a\r\nSet-Cookie: b=c",
            "/ä",
            &format!("/{}", "a".repeat(ADDRESS_MAX_BYTES)),
        ] {
            assert_eq!(address_of_ours(foreign), None, "{foreign:?}");
        }
    }
}
