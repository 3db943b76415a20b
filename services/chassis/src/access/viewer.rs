//! Who looks: what handlers know of them, and what is done with those who may not.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::FromRequestParts,
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use proto::{
    By, OdsCode, Position, Service,
    access::{AccessEvent, Exported, Refused, SensitiveRead},
};
use uuid::Uuid;

use super::{
    Access, Action, Asks, CalendarAddress, Gate, Holder, Principal, Resource, Session,
    calendar::without_secrets,
    hierarchy,
    identify::{Caller, not_signed_in},
    principal::Bears,
    record::Record,
};
use crate::{
    http::{self, BODY_MAX_BYTES, wants_page},
    problem::Problem,
};

/// The name of the form field, and header, that carries what a session's forms must carry.
pub const CSRF_FIELD: &str = "csrf";
const CSRF_HEADER: &str = "x-csrf-token";

/// Where one signs in.
const SIGN_IN: &str = "/sign-in";

/// The most characters of an address that is kept in a record or carried to the sign-in page.
const ADDRESS_MAX_CHARS: usize = 1000;

/// Who looks: what they may do beside what the route asked for, and how events name them.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub(super) gate: Gate,
    pub(super) caller: Arc<Caller>,
}

/// All that decides what someone is shown: what they bear, in a state of the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sees {
    by: Bears,
    hierarchy: u64,
}

impl Viewer {
    /// Who.
    pub fn principal(&self) -> &Principal {
        &self.caller.principal
    }

    /// Who, where they have shown who they are.
    pub fn holder(&self) -> Option<&Holder> {
        self.caller.principal.holder()
    }

    /// Notes what was sent with the request.
    pub(crate) fn sent(&self, content: proto::CommandContent) {
        self.caller.sent(content);
    }

    /// What was sent with the request, once it is read.
    pub(super) fn content(&self) -> Option<proto::CommandContent> {
        self.caller.content()
    }

    /// The session they came with.
    pub fn session(&self) -> Option<&Session> {
        self.caller.session()
    }

    /// Whether they may do something of an organisation.
    pub fn may(&self, action: Action, organisation: OdsCode) -> bool {
        self.gate.decide(&self.principal_now(), action, Resource::Organisation(organisation))
    }

    /// Who they are now: someone who ended their emergency access has it no more, also where an answer to
    /// them goes on.
    fn principal_now(&self) -> Cow<'_, Principal> {
        let has_glass = self.holder().is_some_and(|holder| holder.glass.is_some());
        match self.caller.session().filter(|_| has_glass) {
            Some(session) => Cow::Owned(Principal::Holder(self.access().known().holder_in(session))),
            None => Cow::Borrowed(&self.caller.principal),
        }
    }

    /// Whether they may do something of the platform.
    pub fn may_here(&self, action: Action) -> bool {
        self.gate.decide(&self.caller.principal, action, Resource::Platform)
    }

    /// Whether they may do something of England, and so of every organisation in it.
    pub fn may_in_england(&self, action: Action) -> bool {
        self.may(action, hierarchy::england())
    }

    /// How events name them when they act for an organisation.
    pub fn by(&self, about: Option<OdsCode>) -> By {
        self.caller.principal.by(about)
    }

    /// Whether they speak for an organisation.
    pub fn speaks_for(&self, organisation: OdsCode) -> bool {
        self.gate.is_open() || self.holder().is_some_and(|holder| holder.organisation == organisation)
    }

    /// Whether they broke the glass of an organisation, and it is still open to them.
    pub fn has_opened(&self, organisation: OdsCode) -> bool {
        let now = self.access().now();
        let glass = self.holder().and_then(|holder| holder.glass);
        glass.is_some_and(|glass| glass.organisation == organisation && glass.until > now)
    }

    /// Whoever a private address of a calendar belongs to, as a looker; none where it opens nothing.
    pub async fn by_address(&self, address: &str) -> Option<Viewer> {
        let address: CalendarAddress = address.parse().ok()?;
        let holder = self.access().holder_of_address(&address).await?;
        let caller = Caller::by_address(holder, self.caller.request);
        Some(Viewer { gate: self.gate.clone(), caller: Arc::new(caller) })
    }

    /// Whether what they came with is still good: to be asked from time to time by an answer that goes on.
    pub fn still_stands(&self) -> bool {
        self.access().still_stands(&self.caller)
    }

    /// The id of their request.
    pub fn request(&self) -> Uuid {
        self.caller.request
    }

    /// What a form of theirs must carry in its field [`CSRF_FIELD`].
    pub fn csrf(&self) -> String {
        self.caller.session().map(Session::form_token).unwrap_or_default()
    }

    /// Who may come in, and who stands under whom.
    pub fn access(&self) -> &Access {
        self.gate.access()
    }

    /// What one looker is shown another may be shown too when this is the same.
    pub fn sees(&self) -> Sees {
        let Access(access) = self.access();
        Sees {
            by: self.principal().bears(access.clock.machine_now()),
            hierarchy: access.hierarchy.load().version(),
        }
    }

    /// Writes down what they did.
    pub async fn record(&self, event: AccessEvent, about: Option<OdsCode>) -> Result<Position, Problem> {
        let record = Record {
            service: Service::Access,
            by: self.by(about),
            request: Some(self.caller.request),
            event,
        };
        self.access().recorder().write(record).await
    }

    /// Writes down that they looked, where that is to be known of them.
    pub(super) async fn note_look(
        &self,
        uri: &Uri,
        asks: Asks,
        resource: Resource,
        is_taken_away: bool,
    ) -> Result<(), Problem> {
        let about = resource.organisation();
        let own = self.holder().filter(|holder| about == Some(holder.organisation));
        // Of what names no organisation, such as the event feed, the one that was opened in an emergency learns,
        // or the one that a key was made for.
        let about = about.or_else(|| is_taken_away.then(|| self.whose_is_taken_away()).flatten());
        let record = |event| Record {
            service: self.gate.records_as(asks.action),
            by: self.by(about),
            request: Some(self.caller.request),
            event,
        };
        if is_taken_away {
            let address = cut(uri.path_and_query().map_or("", |address| address.as_str()));
            let exported = Exported { action: asks.action.to_string(), about, address, more: 0 };
            self.access().recorder().write(record(AccessEvent::Exported(exported))).await?;
        } else if asks.sensitive && own.is_none_or(|holder| self.access().is_first_use(holder, asks.action)) {
            let read = SensitiveRead { action: asks.action.to_string(), about, more: 0 };
            self.access().recorder().note(record(AccessEvent::SensitiveRead(read)));
        }
        Ok(())
    }

    /// Whose the words are in a file that is of no single organisation.
    fn whose_is_taken_away(&self) -> Option<OdsCode> {
        let principal = self.principal_now();
        let opened = principal.bears(self.access().now()).glass;
        let program = self.holder().filter(|holder| holder.actor.key_id().is_some());
        opened.or_else(|| program.map(|holder| holder.organisation))
    }

    pub(super) fn refuse(&self, parts: &Parts, asks: Asks, resource: Resource) -> Result<Response, Problem> {
        let Some(holder) = self.holder() else {
            return if parts.method == Method::GET && wants_page(parts.uri.path(), &parts.headers) {
                Ok(Redirect::to(&sign_in_and_back(&parts.uri)).into_response())
            } else {
                Err(not_signed_in(
                    "this is for those who are signed in: send an API key as “Authorization: Bearer”, or sign in at /sign-in",
                ))
            };
        };
        let is_known = || resource.organisation().is_none_or(|code| self.access().knows(code));
        let sees = |action| self.gate.decide(&self.caller.principal, action, resource) && is_known();
        let seen = asks.seen_by.is_some_and(sees);
        let problem = if seen || resource == Resource::Platform {
            Problem::new(
                StatusCode::FORBIDDEN,
                "not-allowed",
                "Not for you to do",
                format!("as {} you may not do this ({})", holder.words(), asks.action),
            )
            .on_pages(format!("You are signed in as {}, and may not do this", holder.words()))
        } else {
            // The very answer to an address where there is nothing.
            crate::http::nothing_at(parts.uri.path())
        };
        let refused = Refused {
            action: asks.action.to_string(),
            about: resource.organisation(),
            status: problem.status,
            more: 0,
        };
        self.access().recorder().note(Record {
            service: self.gate.records_as(asks.action),
            by: self.by(resource.organisation()),
            request: Some(self.caller.request),
            event: AccessEvent::Refused(refused),
        });
        metrics::counter!("oversight_refused_total", "status" => if problem.status == 403 { "403" } else { "404" })
            .increment(1);
        Err(problem)
    }

    /// Who still has a first password sets their own before anything else.
    pub(super) fn must_first(&self, parts: &Parts, asks: Asks) -> Result<Option<Response>, Problem> {
        let must = self.caller.session().is_some_and(|session| session.must_change);
        let is_way_out = asks.action.service == "access" && matches!(asks.action.name, "sign-in" | "see-own");
        if !must || is_way_out || parts.uri.path().starts_with("/assets/") {
            return Ok(None);
        }
        if wants_page(parts.uri.path(), &parts.headers) {
            return Ok(Some(Redirect::to("/account/password").into_response()));
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "change-password",
            "Change your password first",
            "the first password must be changed at /account/password before anything else",
        ))
    }

    /// What comes with a cookie and changes something must show that it comes from a page of ours.
    pub(super) async fn check_form(&self, parts: &Parts, body: Body) -> Result<Body, Problem> {
        let Some(session) = self.caller.session() else { return Ok(body) };
        if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(body);
        }
        let is = |token: &str| session.is_form_token(token);
        let refuse = || {
            Problem::new(
                StatusCode::FORBIDDEN,
                "forged",
                "Not from a page of yours",
                "the form does not belong to your session: load the page again and send it from there",
            )
        };
        if let Some(token) = parts.headers.get(CSRF_HEADER).and_then(|token| token.to_str().ok()) {
            return if is(token) { Ok(body) } else { Err(refuse()) };
        }
        let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if !kind.starts_with(b"application/x-www-form-urlencoded") {
            return Err(refuse());
        }
        let bytes = to_bytes(body, BODY_MAX_BYTES)
            .await
            .map_err(|error| if http::is_pause(&error) { http::too_slow() } else { http::too_large() })?;
        let field =
            |pair: &[u8]| pair.strip_prefix(CSRF_FIELD.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
        let token = bytes.split(|byte| *byte == b'&').find_map(field).unwrap_or_default();
        if !std::str::from_utf8(&token).is_ok_and(is) {
            return Err(refuse());
        }
        // The handler's form is its own fields alone.
        let rest: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'&').filter(|pair| field(pair).is_none()).collect();
        Ok(Body::from(rest.join(&b'&')))
    }
}

fn cut(text: &str) -> String {
    without_secrets(text).chars().take(ADDRESS_MAX_CHARS).collect()
}

/// Put into an answer: who acted, where that is not who came. A calendar program comes as no one in particular, with the
/// address of someone.
#[derive(Debug, Clone)]
pub struct ActedAs(pub Viewer);

/// The sign-in page, with the way back.
fn sign_in_and_back(uri: &Uri) -> String {
    let back = cut(uri.path_and_query().map_or("/", |address| address.as_str()));
    format!("{SIGN_IN}?to={}", crate::pages::in_query(&back))
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Viewer>().cloned().ok_or_else(|| {
            tracing::error!("a handler asks who looks, but stands behind no gate");
            Problem::internal()
        })
    }
}
