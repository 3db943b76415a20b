//! What every route has in common: who may knock, how input is read, what is logged.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{FromRequest, FromRequestParts, Request, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use percent_encoding::percent_decode_str;
use proto::{CommandContent, text::Invisible};
use serde::{
    Deserializer, Serialize,
    de::{DeserializeOwned, Visitor},
};
use uuid::Uuid;

use crate::{
    access::{Access, CSRF_FIELD, Principal, Session, Viewer, calendar::without_secrets},
    ids,
    ids::CommandId,
    pace::Peer,
    pages,
    problem::Problem,
};

mod names;

pub(crate) use names::is_loopback_name;
pub use names::{Names, PublicUrl, is_own_page_said};

/// The most bytes of a request body, except where a route streams a file.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;

/// How long a sender may pause within a body.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The most characters of an `Idempotency-Key`.
pub const KEY_MAX_CHARS: usize = 200;

/// The name of the hidden form field that stands for the `Idempotency-Key` header.
pub const KEY_FIELD: &str = "idempotency_key";

/// JSON in, with a problem that says where it is wrong.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        let refuse = |error: serde_json::Error| {
            Problem::bad_input("the body is not the JSON this address accepts; see /api/v1/openapi.json")
                .at("body", error.to_string())
        };
        if may_hold_invisible(&bytes) {
            let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(refuse)?;
            refuse_invisible_in(&value, "body")?;
        }
        serde_json::from_slice(&bytes).map(Json).map_err(refuse)
    }
}

/// A form in.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = within_limit(request).await?.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, state).await.map_err(|rejection| unread(&rejection))?;
        note_content(parts.extensions.get::<Viewer>(), content_of_form(&bytes));
        for (name, value) in form_urlencoded::parse(&bytes) {
            refuse_invisible(&value, &name)?;
        }
        axum::Form::from_request(Request::from_parts(parts, bytes.into()), state)
            .await
            .map(|axum::Form(value)| Form(value))
            .map_err(|rejection| body_problem(rejection.status(), &rejection.body_text()))
    }
}

/// A body as it was sent.
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let request = within_limit(request).await?;
        let viewer = request.extensions().get::<Viewer>().cloned();
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))?;
        note_content(viewer.as_ref(), content_of_json(&bytes));
        Ok(Self(bytes))
    }
}

/// Notes what was sent, by which a key given again with something else is known.
fn note_content(viewer: Option<&Viewer>, content: CommandContent) {
    if let Some(viewer) = viewer {
        viewer.sent(content);
    }
}

/// The content of a body of JSON, whatever its blanks and the order of its fields; of any other its bytes.
fn content_of_json(body: &[u8]) -> CommandContent {
    let written = serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|mut value| {
        value.sort_all_objects();
        serde_json::to_vec(&value).ok()
    });
    CommandContent::of(written.as_deref().unwrap_or(body))
}

/// The content of a form: its fields but for the key and the token, which are other ones on every page.
fn content_of_form(body: &[u8]) -> CommandContent {
    let fields = form_urlencoded::parse(body).filter(|(name, _)| name != KEY_FIELD && name != CSRF_FIELD);
    CommandContent::of(format!("{:?}", fields.collect::<Vec<_>>()).as_bytes())
}

/// Refuses a text with characters that do not show.
fn refuse_invisible(text: &str, at: &str) -> Result<(), Problem> {
    let Some(found) = Invisible::first_in(text) else { return Ok(()) };
    let detail = format!("Remove the character {found}, which does not show, and enter the text again");
    Err(Problem::bad_input(detail.clone()).at(at, detail))
}

/// The same of every text in a body.
fn refuse_invisible_in(value: &serde_json::Value, at: &str) -> Result<(), Problem> {
    match value {
        serde_json::Value::String(text) => refuse_invisible(text, at),
        serde_json::Value::Array(items) => items.iter().try_for_each(|item| refuse_invisible_in(item, at)),
        serde_json::Value::Object(fields) => {
            fields.iter().try_for_each(|(name, value)| refuse_invisible_in(value, name))
        }
        _ => Ok(()),
    }
}

/// Whether a JSON body is worth a look: one of plain printable ASCII without escapes holds nothing unseen.
fn may_hold_invisible(body: &[u8]) -> bool {
    body.iter().any(|byte| !byte.is_ascii() || *byte == 0x7f || *byte == b'\\')
}

/// Refuses a body that says it is too large once its sender has sent it: who still sends does not
/// read the answer, and finds the connection broken instead.
async fn within_limit(request: Request) -> Result<Request, Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse().ok()).is_none_or(|length: usize| length <= BODY_MAX_BYTES) {
        return Ok(request);
    }
    crate::import::drain(&mut request.into_body().into_data_stream()).await;
    Err(body_problem(StatusCode::PAYLOAD_TOO_LARGE, ""))
}

/// Whether all of what was sent with a request has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received(Option<Arc<AtomicBool>>);

impl Received {
    /// Begins to look out for the end of a body.
    fn watch(request: Request) -> Request {
        if request.body().is_end_stream() {
            return request;
        }
        let (mut parts, body) = request.into_parts();
        let is_whole = Arc::new(AtomicBool::new(false));
        parts.extensions.insert(Self(Some(is_whole.clone())));
        Request::from_parts(parts, Body::new(Watched { body, is_whole }))
    }

    /// What is known of it. Where nothing was sent, all of it has come.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.0.as_ref().is_none_or(|is_whole| is_whole.load(Ordering::Acquire))
    }
}

/// A body whose end is noted.
struct Watched {
    body: Body,
    is_whole: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.is_whole.store(true, Ordering::Release);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What was to come with a request did not come in time. The sender's affair, and no one's here.
pub(crate) fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        "The request did not arrive in time",
        "the body was not received in time: send the request again",
    )
}

/// Whether a body was not read because its sender paused for too long.
pub(crate) fn is_pause(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<tower_http::timeout::TimeoutError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A body is larger than [`BODY_MAX_BYTES`].
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!(
            "a body may have up to {BODY_MAX_BYTES} bytes here; files are streamed to the import addresses"
        ),
    )
}

fn body_problem(status: StatusCode, text: &str) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        Problem::bad_input("the body cannot be read").at("body", text)
    }
}

/// Why a body could not be read to its end.
fn unread(rejection: &BytesRejection) -> Problem {
    if is_pause(rejection) { too_slow() } else { body_problem(rejection.status(), &rejection.body_text()) }
}

/// Query parameters in. The API takes those alone that its description names ([`crate::access::Gate`]); a page ignores
/// what it does not know, since mail programs and other sites add parameters of their own to links, such as
/// `utm_source`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let own = if is_api(parts.uri.path()) { None } else { with_known_parameters::<T>(&parts.uri) };
        axum::extract::Query::try_from_uri(own.as_ref().unwrap_or(&parts.uri))
            .map(|axum::extract::Query(value)| Query(value))
            .map_err(|rejection| {
                Problem::bad_input("a query parameter is wrong").at("query", rejection.body_text())
            })
    }
}

/// Whether an address is one of the API, for programs.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

/// An address with those of its parameters alone that a type has fields for; none where all are, or where the type
/// does not say which it has.
fn with_known_parameters<T: DeserializeOwned>(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?;
    let fields = fields_of::<T>()?;
    let is_known = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default().replace('+', " ");
        percent_decode_str(&name).decode_utf8().is_ok_and(|name| fields.contains(&&*name))
    };
    let known: Vec<&str> = query.split('&').filter(is_known).collect();
    format!("{}?{}", uri.path(), known.join("&")).parse().ok()
}

/// The names of the fields that a type reads; none where it is not a plain struct.
fn fields_of<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut fields = None;
    // It is asked what it would read, and is given nothing.
    let nothing = T::deserialize(Fields(&mut fields));
    debug_assert!(nothing.is_err() || fields.is_none(), "nothing was there to read");
    fields
}

/// Listens for the names of the fields that a struct asks for.
struct Fields<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("only the names of fields are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = Some(fields);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The names of the parameters of an address, in order.
pub(crate) fn parameter_names(uri: &Uri) -> Result<Vec<String>, Problem> {
    let parameters =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|rejection| {
            Problem::bad_input("a query parameter is wrong").at("query", rejection.body_text())
        })?;
    Ok(parameters.0.into_iter().map(|(name, _)| name).collect())
}

/// Path parameters in.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Path(value))
            .map_err(|rejection| Problem::bad_input("the address is wrong").at("path", rejection.body_text()))
    }
}

/// The id of the command a request gives: from its `Idempotency-Key`, else a new one.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The key of a form's hidden field.
    pub fn of_form(value: Option<&str>) -> Result<Self, Problem> {
        match value.map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) if key.chars().count() > KEY_MAX_CHARS => Err(Problem::bad_input(format!(
                "an Idempotency-Key may have up to {KEY_MAX_CHARS} characters"
            ))),
            key => Ok(Self(key.map(str::to_owned))),
        }
    }

    /// For one of the commands that a list gives under one key.
    pub fn part(&self, number: usize) -> Self {
        Self(self.0.as_ref().map(|key| format!("{key} {number}")))
    }

    /// The command it stands for, on a route and aggregate.
    pub fn command(&self, purpose: &str) -> CommandId {
        self.0.as_ref().map_or_else(CommandId::fresh, |key| CommandId::keyed(purpose, key))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = match parts.headers.get("idempotency-key").map(HeaderValue::to_str) {
            None => None,
            Some(Ok(text)) => Some(text),
            Some(Err(_)) => return Err(Problem::bad_input("an Idempotency-Key is visible ASCII text")),
        };
        Self::of_form(value)
    }
}

/// What the outer layer needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) access: Access,
    pub(crate) names: Names,
}

/// Puts the common layers around the routes of a process, whose paths are given with their parameters in braces.
pub(crate) fn with_common_layers(routes: Router, paths: Arc<[String]>, door: Door) -> Router {
    routes
        .fallback(move |request: Request| without_slash(paths.clone(), request))
        .method_not_allowed_fallback(no_such_method)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(tower_http::timeout::RequestBodyTimeoutLayer::new(PAUSE_MAX))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(on_panic))
        .layer(axum::middleware::from_fn_with_state(door, at_the_door))
        .layer(crate::compression::layer_of_long())
        .layer(crate::compression::layer())
}

/// There is nothing at an address; but if there is without the slash at its end, that is where it leads, for good and
/// with the same method, parameters and body.
async fn without_slash(paths: Arc<[String]>, request: Request) -> Response {
    let uri = request.uri().clone();
    let bare = uri.path().strip_suffix('/').filter(|bare| paths.iter().any(|path| is_of(path, bare)));
    let Some(bare) = bare else { return nothing_at(uri.path()).into_response() };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(location) = HeaderValue::from_str(&format!("{bare}{query}")) else {
        return nothing_at(uri.path()).into_response();
    };
    crate::import::drain(&mut request.into_body().into_data_stream()).await;
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// Whether an address is one of a route's: `/areas/15E` of `/areas/{code}`. No part of it is empty, so it cannot
/// lead to another host either.
fn is_of(route: &str, path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let fits = route.split('/').skip(1).all(|declared| {
        parts.next().is_some_and(|part| !part.is_empty() && (declared.starts_with('{') || declared == part))
    });
    fits && path.starts_with('/') && parts.next().is_none()
}

/// There is nothing at an address, or nothing for whoever asks.
pub fn nothing_at(path: &str) -> Problem {
    Problem::not_found(format!("there is nothing at {}", cut(path)))
}

async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Not with this method",
        format!("{method} is not possible at {}", cut(uri.path())),
    )
}

fn cut(text: &str) -> String {
    without_secrets(text).chars().take(200).collect()
}

fn on_panic(panic: Box<dyn std::any::Any + Send>) -> Response {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    metrics::counter!("oversight_http_panics_total").increment(1);
    tracing::error!(reason, "a request handler panicked");
    Problem::internal().into_response()
}

/// The content security policy of every answer: nothing but our own files, no inline script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nothing of the machine that a browser could hand a page is of use here.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// Where whoever starts and restarts processes asks whether one is ready.
pub(crate) const READY: &str = "/readyz";

/// The header by which a page says that it asks by itself: no one need be there, so no session is kept
/// alive by it.
const BACKGROUND: HeaderName = HeaderName::from_static("oversight-background");

/// A browser that has once come by TLS comes by nothing else for a year.
const STAY_WITH_TLS: &str = "max-age=31536000";

async fn at_the_door(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let id = ids::fresh();
    let method = request.method().clone();
    let path = cut(request.uri().path());
    let wants_page = wants_page(&path, request.headers());
    let looked_at = (method == Method::GET).then(|| request.uri().clone());
    let is_background = request.headers().contains_key(BACKGROUND);
    let peer = Peer::of(&request, &door.names.proxies);
    request.extensions_mut().insert(peer);
    let mut request = Received::watch(request);
    let line = Line { id, method: &method, path: &path, started };

    let entered = match names::knock(&request, &door.names) {
        Ok(()) => door.access.identify(request.headers(), id).await,
        Err(problem) => Err(problem),
    };
    let mut is_known = false;
    let mut response = match entered {
        Ok(identified) => {
            let caller = identified.0.clone();
            request.extensions_mut().insert(identified);
            let mut response = line.under(next.run(request).await);
            is_known = caller.principal.holder().is_some();
            if !is_background {
                door.renew(caller.session(), &mut response);
            }
            if wants_page {
                let asked = looked_at.as_ref();
                response = Box::pin(as_page(response, id, asked, &caller.principal, &door.access)).await;
            }
            response
        }
        Err(problem) => {
            // Rare and large: in a box, so that the future of every request stays small.
            Box::pin(async { crate::import::drain(&mut request.into_body().into_data_stream()).await }).await;
            let problem = line.under(problem.into_response());
            if wants_page {
                Box::pin(as_page(problem, id, looked_at.as_ref(), &Principal::Public, &door.access)).await
            } else {
                problem
            }
        }
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Bearer realm=\"oversight\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    let headers = response.headers_mut();
    if !may_be_kept(headers, is_known) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
    if door.names.public.as_ref().is_some_and(PublicUrl::is_tls) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STAY_WITH_TLS));
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", value);
    }
    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("oversight_http_request_seconds", "method" => method_label(&method), "status" => status_label(status)).record(seconds);
    tracing::debug!(request = %id, %method, path, status, duration_ms = seconds * 1000.0, "answered");
    response
}

/// What is to be said of a request that failed.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    id: Uuid,
    method: &'a Method,
    path: &'a str,
    started: std::time::Instant,
}

/// A problem as it goes out: with the id under which the log tells of the request.
#[derive(Serialize)]
struct Named<'a> {
    #[serde(flatten)]
    problem: &'a Problem,
    request: Uuid,
}

impl Line<'_> {
    /// An answer under the id of its request: a command that was refused, and whatever failed, is one line of the
    /// log; and of a problem the id is part of what is said.
    fn under(self, response: Response) -> Response {
        let status = response.status();
        if !(status.is_client_error() || status.is_server_error()) {
            return response;
        }
        self.write(status, response.extensions().get());
        if !is_problem(&response) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let named = parts
            .extensions
            .get()
            .and_then(|problem| serde_json::to_vec(&Named { problem, request: self.id }).ok());
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, named.map_or(body, Body::from))
    }

    /// Says no more of the input than where it was wrong: people may have been named in it.
    fn write(self, status: StatusCode, problem: Option<&Problem>) {
        let Self { id, method, path, started } = self;
        let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
        let problem_name = problem.map_or("", |problem| problem.kind.as_str());
        let wrong_at: Vec<&str> = problem
            .map(|problem| problem.errors.iter().map(|fault| fault.at.as_str()).collect())
            .unwrap_or_default();
        let (wrong_at, status) = (cut(&wrong_at.join(", ")), status.as_u16());
        match status {
            500 => {
                tracing::error!(request = %id, %method, path, status, problem = problem_name, duration_ms, "a request failed");
            }
            // Whoever watches asks again and again, and is answered.
            _ if path == READY => {}
            501.. => {
                tracing::warn!(request = %id, %method, path, status, problem = problem_name, duration_ms, "a request could not be answered");
            }
            _ if method.is_safe() => {}
            _ => {
                tracing::info!(request = %id, %method, path, status, problem = problem_name, wrong_at, duration_ms, "a command was refused");
            }
        }
    }
}

/// Whether a browser or a proxy may keep an answer: what says that it is public, and what no one in particular was
/// given by a route that says how it may be kept. All else is for the one who asked, and for now: whoever comes to the
/// same machine after them finds nothing.
fn may_be_kept(headers: &HeaderMap, is_known: bool) -> bool {
    match headers.get(header::CACHE_CONTROL).map(HeaderValue::to_str) {
        Some(Ok(says)) => says.contains("public") || (!is_known && says.contains("no-cache")),
        _ => false,
    }
}

impl Door {
    /// Tells the browser of a session that is in use from time to time that it is.
    fn renew(&self, session: Option<&Session>, response: &mut Response) {
        let now = self.access.now();
        let Some(session) = session.filter(|session| session.is_to_be_renewed(now)) else { return };
        let answer = response.headers();
        let is_for_all = |kept: &HeaderValue| kept.to_str().is_ok_and(|kept| kept.contains("public"));
        // What others may be handed too carries no one's cookie.
        if answer.contains_key(header::SET_COOKIE)
            || answer.get(header::CACHE_CONTROL).is_some_and(is_for_all)
        {
            return;
        }
        if let Some(cookie) = self.access.sessions().renew(session, now) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn status_label(status: u16) -> &'static str {
    match status {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// Whether a person's browser asks, and not a program.
pub(crate) fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accepts_html = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    accepts_html && !is_api(path)
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes() == b"application/problem+json")
}

/// A problem as a page; `asked` is the address of a page that was only looked at.
async fn as_page(
    response: Response,
    request: Uuid,
    asked: Option<&Uri>,
    principal: &Principal,
    access: &Access,
) -> Response {
    if !is_problem(&response) {
        return response;
    }
    // What only takes forms is a part of the page above it.
    if let Some(asked) = asked.filter(|_| response.status() == StatusCode::METHOD_NOT_ALLOWED) {
        let above = asked.path().trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
        return Redirect::to(if above.is_empty() { "/" } else { above }).into_response();
    }
    let (mut parts, body) = response.into_parts();
    let Some(problem) = parts.extensions.remove::<Problem>() else {
        return Response::from_parts(parts, body);
    };
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(pages::problem_page(&problem, request, asked, principal, access)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        at: Option<String>,
        limit: Option<usize>,
    }

    async fn read(address: &str) -> Result<Asked, Problem> {
        let (mut parts, ()) = axum::http::Request::get(address).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(asked)| asked)
    }

    #[tokio::test]
    async fn a_page_ignores_parameters_it_does_not_know_and_reads_its_own() {
        let address = "/areas/15E?utm_source=mail&at=2019-03-31&&fbclid&l%69mit=7&%FF=1&=x";
        assert_eq!(read(address).await.unwrap(), Asked { at: Some("2019-03-31".to_owned()), limit: Some(7) });
        assert_eq!(read("/areas/15E?utm_source=mail").await.unwrap(), Asked { at: None, limit: None });
        assert_eq!(
            read("/areas/15E?limit=x&utm_source=mail").await.unwrap_err().status,
            400,
            "its own are checked"
        );
        assert_eq!(read("/api/v1/areas/15E?utm_source=mail").await.unwrap_err().status, 400);
    }

    #[tokio::test]
    async fn a_slash_at_the_end_leads_to_where_there_is_something() {
        let paths: Arc<[String]> =
            ["/", "/areas/{code}", "/areas/{code}/practices", "/status"].map(str::to_owned).into();
        for (address, leads) in [
            ("/areas/15E/", Some("/areas/15E")),
            ("/areas/15E/practices/?sort=name&x=%2F", Some("/areas/15E/practices?sort=name&x=%2F")),
            ("/status/", Some("/status")),
            ("/areas/", None),
            ("/areas//", None),
            ("/areas/15E//", None),
            ("//example.org/", None),
            ("//areas/15E/", None),
            ("/nothing/", None),
            ("/nothing", None),
        ] {
            for method in ["GET", "HEAD", "POST"] {
                let request = axum::http::Request::builder().method(method).uri(address);
                let response = without_slash(paths.clone(), request.body(Body::empty()).unwrap()).await;
                let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap());
                assert_eq!(location, leads, "{method} {address}");
                let status = if leads.is_some() { 308 } else { 404 };
                assert_eq!(response.status().as_u16(), status, "{method} {address}");
            }
        }
    }
}
