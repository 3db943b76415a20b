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
    body::Body,
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{FutureExt as _, future::BoxFuture};
use proto::Service;
use quick_cache::sync::Cache as QuickCache;
use rustc_hash::FxHashMap;

use super::{
    About, Access, ActedAs, Action, Asks, Doors, Parameters, Policies, Principal, Resource, Routes, Viewer,
    hierarchy, identify::Identified, principal::Bears,
};
use crate::{
    http::{Received, too_slow},
    pace::{Pace, Paces, Peer},
    problem::Problem,
    seats::LongAnswers,
};

/// How many decisions are remembered.
const DECISIONS_MAX: usize = 128 * 1024;

/// How long an answer may take to begin, with the reading of what was sent. A file that is imported may
/// take longer, as long as it keeps coming.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who asked in which state of the hierarchy for what.
type Question = (u64, Bears, Action, Resource);

/// Decides what every request may do.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    access: Access,
    policies: Policies,
    /// By path; few have more than two methods.
    asks: FxHashMap<String, Vec<(Method, Asks)>>,
    parameters: Parameters,
    decisions: QuickCache<Question, bool>,
    paces: Paces,
    long_answers: LongAnswers,
    /// The services of this process: whose records it may write.
    services: Vec<Service>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("routes", &self.0.asks.len()).finish_non_exhaustive()
    }
}

impl Gate {
    /// Guards routes by policies.
    pub(crate) fn before(
        access: Access,
        policies: Policies,
        routes: Routes,
        parameters: Parameters,
        services: Vec<Service>,
    ) -> Router {
        let (router, declared) = routes.into_parts();
        let mut asks: FxHashMap<String, Vec<(Method, Asks)>> = FxHashMap::default();
        for route in declared {
            asks.entry(route.path).or_default().push((route.method, route.asks));
        }
        let decisions = QuickCache::new(DECISIONS_MAX);
        let (paces, long_answers) = (Paces::default(), LongAnswers::default());
        let gate = Gate(Arc::new(Inner {
            access,
            policies,
            asks,
            parameters,
            decisions,
            paces,
            long_answers,
            services,
        }));
        if gate.is_open() {
            return router.route_layer(axum::middleware::from_fn_with_state(gate, stand_aside));
        }
        router.route_layer(axum::middleware::from_fn_with_state(gate, guard))
    }

    pub(super) fn access(&self) -> &Access {
        &self.0.access
    }

    /// The service that records what was asked for by an action: its own, or, of what is of none, such as
    /// the event feed, one of this process. A service may write its own records alone.
    pub(super) fn records_as(&self, action: Action) -> Service {
        let of_the_action = action.service.parse().ok().filter(|service| self.0.services.contains(service));
        let of_the_process = || {
            let is_access = self.0.services.contains(&Service::Access);
            if is_access { None } else { self.0.services.first().copied() }
        };
        of_the_action.or_else(of_the_process).unwrap_or(Service::Access)
    }

    /// Whether everyone may do everything.
    pub(super) fn is_open(&self) -> bool {
        self.access().0.doors == Doors::Open
    }

    pub(super) fn decide(&self, principal: &Principal, action: Action, resource: Resource) -> bool {
        if self.is_open() {
            return true;
        }
        let Inner { access, policies, decisions, .. } = &*self.0;
        let hierarchy = access.0.hierarchy.load();
        let now = access.0.clock.machine_now();
        let question = (hierarchy.version(), principal.bears(now), action, resource);
        if let Some(decision) = decisions.get(&question) {
            return decision;
        }
        let decision = policies.permit(principal, action, resource, &hierarchy, now);
        decisions.insert(question, decision);
        decision
    }
}

/// Where no one is asked who they are, handlers still hear who it is.
async fn stand_aside(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (Some(Identified(caller)), Some(asks)) = (parts.extensions.remove(), gate.asks_of(&parts)) else {
        return astray(&parts);
    };
    let checked = gate.0.parameters.check(&parts);
    let received = Received::of(&parts);
    parts.extensions.insert(Viewer { gate, caller });
    let answer = pin!(async {
        checked?;
        Ok(next.run(Request::from_parts(parts, body)).await)
    });
    in_time(asks, &received, answer).await
}

async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (Some(Identified(caller)), Some(asks)) = (parts.extensions.remove(), gate.asks_of(&parts)) else {
        return astray(&parts);
    };
    let received = Received::of(&parts);
    in_time(asks, &received, pin!(pass(Viewer { gate, caller }, asks, parts, body, next))).await
}

/// Who still sends does not read the answer. In a box, as all that is rare here: the guard's own future
/// stays small.
fn drained(body: Body) -> BoxFuture<'static, ()> {
    async move { crate::import::drain(&mut body.into_data_stream()).await }.boxed()
}

/// A request that did not come through the door, or to a route that declares nothing: closed.
fn astray(parts: &Parts) -> Response {
    tracing::error!(path = parts.uri.path(), "no one said who comes here, or what for, and so it is closed");
    Problem::internal().into_response()
}

/// An answer, or that it did not begin in time: because its sender was too slow, or because we were. It is pinned where
/// it stands: futures are large, and moving them costs more than what most of them do.
async fn in_time(
    asks: Asks,
    received: &Received,
    answer: Pin<&mut impl Future<Output = Result<Response, Problem>>>,
) -> Response {
    let answered = if asks.pace == Some(Pace::Import) {
        answer.await
    } else {
        tokio::time::timeout(ANSWER_TIMEOUT, answer).await.unwrap_or_else(|_| {
            if !received.is_whole() {
                return Err(too_slow());
            }
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
    if let Err(problem) = gate.0.parameters.check(&parts) {
        drained(body).await;
        return Err(problem);
    }
    if let Some(elsewhere) = viewer.must_first(&parts, asks)? {
        return Ok(elsewhere);
    }
    let looks = matches!(parts.method, Method::GET | Method::HEAD);
    let body = if looks { body } else { viewer.check_form(&parts, body).boxed().await? };
    let uri = parts.uri.clone();
    parts.extensions.insert(viewer.clone());
    let peer = Peer::of_request(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let looker = response.extensions_mut().remove::<ActedAs>().map_or(viewer, |ActedAs(viewer)| viewer);
    if response.status().is_success() {
        // What was done stays done: of that the answer is given, however long.
        if looks {
            response = looker.gate.0.long_answers.seat(Asker::of(looker.principal(), peer), response)?;
        }
        let is_taken_away = is_taken_away(&response);
        if is_taken_away || (looks && asks.sensitive) {
            looker.note_look(&uri, asks, resource, is_taken_away).boxed().await?;
        }
    }
    Ok(response)
}

/// Who is counted as one: whose account or key it is, else whoever comes from one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asker<'a> {
    Holder(&'a str),
    Address(Peer),
}

impl<'a> Asker<'a> {
    fn of(principal: &'a Principal, peer: Peer) -> Self {
        match principal {
            Principal::Holder(holder) => Self::Holder(holder.actor.as_str()),
            Principal::Public => Self::Address(peer),
        }
    }
}

impl Gate {
    /// Counts what may be asked only so often. Whose key or account it is does not matter, nor whether it
    /// may be asked at all.
    fn count(&self, pace: Pace, principal: &Principal, parts: &Parts) -> Result<(), Problem> {
        self.0.paces.take(pace, Asker::of(principal, Peer::of_request(parts)))
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
        About::England => return Ok(Resource::Organisation(hierarchy::england())),
        About::Path(parameter) => parameter,
    };
    let path = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Problem::bad_input(rejection.body_text()))?;
    let code = path.iter().find(|(name, _)| *name == parameter).and_then(|(_, code)| code.parse().ok());
    Ok(code.map_or(Resource::NoCode, Resource::Organisation))
}

/// Files that people carry off: lists, calendars, and the event log.
fn is_taken_away(response: &Response) -> bool {
    const KINDS: [&[u8]; 4] =
        [b"text/csv", b"text/calendar", b"application/x-ndjson", b"application/vnd.openxmlformats"];
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    KINDS.iter().any(|known| kind.starts_with(known))
}
