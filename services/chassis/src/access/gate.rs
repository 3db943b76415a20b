//! In front of every handler: who asks, what for, and whether a policy permits it.
//!
//! A decision costs some fifteen microseconds of Cedar; the gate remembers each with the state of the
//! hierarchy it was made in, so that a request pays for a look-up.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use futures::{FutureExt as _, future::BoxFuture};
use proto::{
    By, OdsCode, Role, Service,
    access::{AccessEvent, Exported, Refused, SensitiveRead},
};
use quick_cache::sync::Cache as QuickCache;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    About, Access, Action, ApiKey, Asks, Doors, Policies, Principal, Resource, Routes, Session, keys,
    record::Record,
};
use crate::{
    http::{BODY_MAX_BYTES, wants_page},
    pace::{Pace, Paces, Peer},
    problem::Problem,
};

/// How many decisions are remembered.
const DECISIONS_MAX: usize = 128 * 1024;

/// The name of the form field, and header, that carries what a session's forms must carry.
pub const CSRF_FIELD: &str = "csrf";
const CSRF_HEADER: &str = "x-csrf-token";

/// Where one signs in.
pub const SIGN_IN: &str = "/sign-in";

/// The most characters of an address that is kept in a record or carried to the sign-in page.
const ADDRESS_MAX_CHARS: usize = 1000;

/// How long an answer may take to begin, with the reading of what was sent. A file that is imported may
/// take longer, as long as it keeps coming.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who asked in which state of the hierarchy for what.
type Question = (u64, Option<Role>, Option<OdsCode>, Option<OdsCode>, Action, Resource);

/// Decides what every request may do.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    access: Access,
    policies: Policies,
    /// By path; few have more than two methods.
    asks: FxHashMap<String, Vec<(Method, Asks)>>,
    decisions: QuickCache<Question, bool>,
    paces: Paces,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("routes", &self.0.asks.len()).finish_non_exhaustive()
    }
}

/// Who a request comes from, as its credentials show.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// With cookies a browser sends along on its own.
    pub(crate) session: Option<Session>,
    request: Uuid,
}

/// What the door has found out of a request, on its way to the guard.
#[derive(Debug, Clone)]
pub(crate) struct Identified(pub(crate) Arc<Caller>);

impl Gate {
    /// Guards routes by policies.
    pub(crate) fn before(access: Access, policies: Policies, routes: Routes) -> Router {
        let (router, declared) = routes.into_parts();
        let mut asks: FxHashMap<String, Vec<(Method, Asks)>> = FxHashMap::default();
        for route in declared {
            asks.entry(route.path).or_default().push((route.method, route.asks));
        }
        let decisions = QuickCache::new(DECISIONS_MAX);
        let is_open = access.0.doors == Doors::Open;
        let gate = Gate(Arc::new(Inner { access, policies, asks, decisions, paces: Paces::default() }));
        if is_open {
            return router.route_layer(axum::middleware::from_fn_with_state(gate, stand_aside));
        }
        router.route_layer(axum::middleware::from_fn_with_state(gate, guard))
    }

    fn decide(&self, principal: &Principal, action: Action, resource: Resource) -> bool {
        let Inner { access, policies, decisions, .. } = &*self.0;
        if access.0.doors == Doors::Open {
            return true;
        }
        let hierarchy = access.0.hierarchy.load();
        let now = access.0.clock.now();
        let holder = principal.holder();
        let glass = holder.and_then(|holder| holder.glass).filter(|glass| glass.until > now);
        let question = (
            hierarchy.version(),
            holder.map(|holder| holder.role),
            holder.map(|holder| holder.organisation),
            glass.map(|glass| glass.organisation),
            action,
            resource,
        );
        if let Some(decision) = decisions.get(&question) {
            return decision;
        }
        let decision = policies.permit(principal, action, resource, &hierarchy, now);
        decisions.insert(question, decision);
        decision
    }
}

impl Access {
    /// Who holds a key. One that nobody knows may have been issued a moment ago.
    async fn holder_of(&self, key: &ApiKey, now: jiff::Timestamp) -> Option<super::Holder> {
        {
            let known = self.known();
            let holder = known.holder(key, now);
            if holder.is_some() || known.has_key(key.id) {
                return holder;
            }
        }
        self.look_again().boxed().await;
        self.known().holder(key, now)
    }

    /// Who a request comes from. Credentials that are wrong are refused and not overlooked.
    pub(crate) async fn identify(&self, headers: &HeaderMap, request: Uuid) -> Result<Identified, Problem> {
        let known = |principal, session| Ok(Identified(Arc::new(Caller { principal, session, request })));
        if self.0.doors == Doors::Open {
            let everybody = super::Holder {
                actor: proto::Actor::system("unguarded"),
                role: Role::NhsDigital,
                organisation: super::hierarchy::england(),
                session: None,
                glass: None,
            };
            return known(Principal::Holder(everybody), None);
        }
        let now = self.0.clock.now();
        if let Some(credentials) = headers.get(header::AUTHORIZATION) {
            let token = credentials.to_str().ok().and_then(|text| text.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = token else {
                return Err(not_signed_in("credentials go as “Authorization: Bearer” and the key or token"));
            };
            self.until_known().await?;
            let holder = match (token.trim().starts_with(keys::PREFIX), self.tokens()) {
                (true, _) => match token.parse::<ApiKey>() {
                    Ok(key) => self.holder_of(&key, now).await,
                    Err(_) => None,
                },
                (false, Some(tokens)) => tokens.holder(token.trim()).boxed().await?,
                (false, None) => None,
            };
            return match holder {
                Some(holder) => known(Principal::Holder(holder), None),
                None => {
                    metrics::counter!("oversight_credentials_refused_total").increment(1);
                    Err(not_signed_in("this key or token opens nothing: it is unknown, revoked or expired"))
                }
            };
        }
        let Some(session) = self.0.sessions.of(headers, now) else { return known(Principal::Public, None) };
        self.until_known().await?;
        if !self.known().stands(&session) {
            return known(Principal::Public, None);
        }
        known(Principal::Holder(session.holder()), Some(session))
    }
}

fn not_signed_in(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", "Not signed in", detail)
}

/// Where nobody is asked who they are, handlers still hear who it is.
async fn stand_aside(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (Some(Identified(caller)), Some(asks)) = (parts.extensions.remove(), gate.asks_of(&parts)) else {
        return astray(&parts);
    };
    parts.extensions.insert(Viewer { gate, caller });
    let answer = pin!(async { Ok(next.run(Request::from_parts(parts, body)).await) });
    in_time(asks, answer).await
}

async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (Some(Identified(caller)), Some(asks)) = (parts.extensions.remove(), gate.asks_of(&parts)) else {
        return astray(&parts);
    };
    in_time(asks, pin!(pass(Viewer { gate, caller }, asks, parts, body, next))).await
}

/// Who still sends does not read the answer. In a box, as all that is rare here: the guard's own future
/// stays small.
fn drained(body: Body) -> BoxFuture<'static, ()> {
    async move { crate::import::drain(&mut body.into_data_stream()).await }.boxed()
}

/// A request that did not come through the door, or to a route that declares nothing: closed.
fn astray(parts: &Parts) -> Response {
    tracing::error!(path = parts.uri.path(), "nobody said who comes here, or what for, and so it is closed");
    Problem::internal().into_response()
}

/// An answer, or that it did not begin in time. It is pinned where it stands: futures are large, and moving
/// them costs more than what most of them do.
async fn in_time(asks: Asks, answer: Pin<&mut impl Future<Output = Result<Response, Problem>>>) -> Response {
    let answered = if asks.pace == Some(Pace::Import) {
        answer.await
    } else {
        tokio::time::timeout(ANSWER_TIMEOUT, answer).await.unwrap_or_else(|_| {
            tracing::error!(action = %asks.action, "no answer in time");
            Err(Problem::unavailable(format!("there was no answer within {} s", ANSWER_TIMEOUT.as_secs())))
        })
    };
    answered.unwrap_or_else(Problem::into_response)
}

async fn pass(
    viewer: Viewer,
    asks: Asks,
    mut parts: Parts,
    body: Body,
    next: Next,
) -> Result<Response, Problem> {
    let gate = &viewer.gate;
    if let Some(pace) = asks.pace
        && let Err(problem) = gate.count(pace, viewer.principal(), &parts)
    {
        drained(body).await;
        return Err(problem);
    }
    let resource = resource(&mut parts, asks).await?;
    if !gate.decide(viewer.principal(), asks.action, resource) {
        drained(body).await;
        return viewer.refuse(&parts, asks, resource);
    }
    if let Some(elsewhere) = viewer.must_first(&parts, asks)? {
        return Ok(elsewhere);
    }
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    let body = if looks { body } else { viewer.check_form(&parts, body).boxed().await? };
    let looked = looks.then(|| parts.uri.clone());
    parts.extensions.insert(viewer.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(uri) = looked.filter(|_| response.status().is_success()) {
        let is_taken_away = is_taken_away(&response);
        if is_taken_away || asks.sensitive {
            viewer.note_look(&uri, asks, resource, is_taken_away).boxed().await?;
        }
    }
    Ok(response)
}

impl Gate {
    /// Counts what may be asked only so often. Whose key or account it is does not matter, nor whether it
    /// may be asked at all.
    fn count(&self, pace: Pace, principal: &Principal, parts: &Parts) -> Result<(), Problem> {
        match principal {
            Principal::Holder(holder) => self.0.paces.take(pace, holder.actor.as_str()),
            Principal::Public => self.0.paces.take(pace, Peer::of_request(parts)),
        }
    }

    fn asks_of(&self, parts: &Parts) -> Option<Asks> {
        let declared = self.0.asks.get(parts.extensions.get::<MatchedPath>()?.as_str())?;
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        declared.iter().find(|(declared, _)| declared == method).map(|(_, asks)| *asks)
    }
}

/// What a request is about.
async fn resource(parts: &mut Parts, asks: Asks) -> Result<Resource, Problem> {
    let parameter = match asks.about {
        About::Platform => return Ok(Resource::Platform),
        About::England => return Ok(Resource::Organisation(super::hierarchy::england())),
        About::Path(parameter) => parameter,
    };
    let path = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Problem::bad_input(rejection.body_text()))?;
    let code = path.iter().find(|(name, _)| *name == parameter).and_then(|(_, code)| code.parse().ok());
    Ok(code.map_or(Resource::NoCode, Resource::Organisation))
}

/// Files that people carry off: lists, and the event log.
fn is_taken_away(response: &Response) -> bool {
    const KINDS: [&[u8]; 3] = [b"text/csv", b"application/x-ndjson", b"application/vnd.openxmlformats"];
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    KINDS.iter().any(|known| kind.starts_with(known))
}

fn cut(text: &str) -> String {
    text.chars().take(ADDRESS_MAX_CHARS).collect()
}

/// The service an action is of, on whose behalf it is recorded. What belongs to none, such as the
/// event feed, is recorded by `access`.
fn service_of(action: Action) -> Service {
    action.service.parse().unwrap_or(Service::Access)
}

/// Who looks: what they may do beside what the route asked for, and how events name them.
#[derive(Debug, Clone)]
pub struct Viewer {
    gate: Gate,
    caller: Arc<Caller>,
}

impl Viewer {
    /// Who.
    pub fn principal(&self) -> &Principal {
        &self.caller.principal
    }

    /// Who, where they have shown who they are.
    pub fn holder(&self) -> Option<&super::Holder> {
        self.caller.principal.holder()
    }

    /// The session they came with.
    pub fn session(&self) -> Option<&Session> {
        self.caller.session.as_ref()
    }

    /// Whether they may do something of an organisation.
    pub fn may(&self, action: Action, organisation: OdsCode) -> bool {
        self.gate.decide(&self.caller.principal, action, Resource::Organisation(organisation))
    }

    /// Whether they may do something of the platform.
    pub fn may_here(&self, action: Action) -> bool {
        self.gate.decide(&self.caller.principal, action, Resource::Platform)
    }

    /// Whether they may do something of England, and so of every organisation in it.
    pub fn may_in_england(&self, action: Action) -> bool {
        self.may(action, super::hierarchy::england())
    }

    /// How events name them when they act for an organisation.
    pub fn by(&self, about: Option<OdsCode>) -> By {
        self.caller.principal.by(about)
    }

    /// Whether they speak for an organisation.
    pub fn speaks_for(&self, organisation: OdsCode) -> bool {
        self.gate.0.access.0.doors == Doors::Open
            || self.holder().is_some_and(|holder| holder.organisation == organisation)
    }

    /// The id of their request.
    pub fn request(&self) -> Uuid {
        self.caller.request
    }

    /// What a form of theirs must carry in its field [`CSRF_FIELD`].
    pub fn csrf(&self) -> String {
        self.caller.session.as_ref().map(|session| session.csrf.to_string()).unwrap_or_default()
    }

    /// Who may come in, and who stands under whom.
    pub fn access(&self) -> &Access {
        &self.gate.0.access
    }

    /// What one looker is shown another may be shown too when this is the same.
    pub fn sees(&self) -> (Option<Role>, Option<OdsCode>, u64) {
        let holder = self.holder();
        let version = self.gate.0.access.0.hierarchy.load().version();
        (holder.map(|holder| holder.role), holder.map(|holder| holder.organisation), version)
    }

    /// Writes down what they did.
    pub async fn record(&self, event: AccessEvent, about: Option<OdsCode>) -> Result<(), Problem> {
        let record = Record {
            service: Service::Access,
            by: self.by(about),
            request: Some(self.caller.request),
            event,
        };
        self.access().recorder().write(record).await
    }

    /// Writes down that they looked, where that is to be known of them.
    async fn note_look(
        &self,
        uri: &Uri,
        asks: Asks,
        resource: Resource,
        is_taken_away: bool,
    ) -> Result<(), Problem> {
        let about = resource.organisation();
        let own = self.holder().is_some_and(|holder| about == Some(holder.organisation));
        let record = |event| Record {
            service: service_of(asks.action),
            by: self.by(about),
            request: Some(self.caller.request),
            event,
        };
        if is_taken_away {
            let address = cut(uri.path_and_query().map_or("", |address| address.as_str()));
            let exported = Exported { action: asks.action.to_string(), about, address };
            self.access().recorder().write(record(AccessEvent::Exported(exported))).await?;
        } else if asks.sensitive && !own {
            let read = SensitiveRead { action: asks.action.to_string(), about };
            self.access().recorder().note(record(AccessEvent::SensitiveRead(read)));
        }
        Ok(())
    }

    fn refuse(&self, parts: &Parts, asks: Asks, resource: Resource) -> Result<Response, Problem> {
        let Some(holder) = self.holder() else {
            return if parts.method == Method::GET && wants_page(parts.uri.path(), &parts.headers) {
                Ok(Redirect::to(&sign_in_and_back(&parts.uri)).into_response())
            } else {
                Err(not_signed_in(
                    "this is for those who are signed in: send an API key as “Authorization: Bearer”, or sign in at /sign-in",
                ))
            };
        };
        let seen =
            asks.seen_by.is_some_and(|action| self.gate.decide(&self.caller.principal, action, resource));
        let problem = if seen || resource == Resource::Platform {
            Problem::new(
                StatusCode::FORBIDDEN,
                "not-allowed",
                "Not for you to do",
                format!("as {} you may not do this ({})", holder.words(), asks.action),
            )
        } else {
            // The very answer to an address where there is nothing.
            crate::http::nothing_at(parts.uri.path())
        };
        let refused = Refused {
            action: asks.action.to_string(),
            about: resource.organisation(),
            status: problem.status,
        };
        self.access().recorder().note(Record {
            service: service_of(asks.action),
            by: self.by(resource.organisation()),
            request: Some(self.caller.request),
            event: AccessEvent::Refused(refused),
        });
        metrics::counter!("oversight_refused_total", "status" => if problem.status == 403 { "403" } else { "404" })
            .increment(1);
        Err(problem)
    }

    /// Who still has a first password sets their own before anything else.
    fn must_first(&self, parts: &Parts, asks: Asks) -> Result<Option<Response>, Problem> {
        let must = self.caller.session.as_ref().is_some_and(|session| session.must_change);
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
            "the first password has to be changed at /account/password before anything else",
        ))
    }

    /// What comes with a cookie and changes something must show that it comes from a page of ours.
    async fn check_form(&self, parts: &Parts, body: Body) -> Result<Body, Problem> {
        let Some(session) = &self.caller.session else { return Ok(body) };
        if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(body);
        }
        let wanted = session.csrf.to_string();
        let is = |text: &str| subtle::ConstantTimeEq::ct_eq(text.as_bytes(), wanted.as_bytes()).into();
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
        let bytes = to_bytes(body, BODY_MAX_BYTES).await.map_err(|_| crate::http::too_large())?;
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
