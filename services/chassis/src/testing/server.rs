//! A service over a real embedded log in a temporary folder, asked as a client would.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails a test the way tests fail")]

use std::collections::HashMap;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use proto::{
    AggregateId, Envelope, Header, OdsCode, PersonId, Position, Role, Stream, Subject,
    access::{AccessEvent, SignInWay},
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use super::land::{Told, recorded};
use crate::{
    Access, Clock, Platform, Service,
    access::{
        Session, Sessions,
        session::{
            SessionKeys, SigningKeys, Wire,
            keys::{SEED_BYTES, SHARED_BYTES},
        },
    },
    http::Names,
    log::{self, Log, LogUrl, NewEvent},
    service::{self, StartError},
    task::Tasks,
};

/// A running service.
#[derive(Debug)]
pub struct Server {
    /// Its log.
    pub log: Log,
    /// Its clock.
    pub clock: Clock,
    router: Router,
    /// Its part of the description of the API.
    pub openapi: Value,
    records: Option<Log>,
    _tasks: Tasks,
    folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; in the place of the id of the request, which is another one each time, it says `{request}`.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// It went well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self
    }

    /// It has this status, and somewhere this text.
    #[track_caller]
    pub fn is(self, status: u16, containing: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let main = self.text.split("<main").last().unwrap_or_default();
        assert!(self.text.contains(containing), "“{containing}” is not in: {main}");
        self
    }

    /// Where it leads on to.
    pub fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A log with what happened before, and a clock.
struct Begun {
    log: Log,
    clock: Clock,
    folder: TempDir,
}

impl Begun {
    async fn with(now: &str, events: impl IntoIterator<Item = Told>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cache")).unwrap();
        let log = log::open(&LogUrl::File(folder.path().join("log.redb"))).await.unwrap();
        let mut last = HashMap::new();
        for told in events {
            let (envelope, body) = recorded(&told);
            let last = last.entry(envelope.subject.clone()).or_insert(Position::START);
            let event = NewEvent { id: envelope.id, subject: envelope.subject, body: body.into() };
            *last = log.append(event, *last).await.unwrap().position;
        }
        Self { log, clock: Clock::set_to(now.parse().unwrap()), folder }
    }

    async fn serve(
        self,
        platform: Platform,
        start: impl AsyncFnOnce(&Platform) -> Result<Service, StartError>,
    ) -> Server {
        let Self { log, clock, folder } = self;
        let tasks = platform.tasks.clone();
        let mut services = [start(&platform).await.unwrap()];
        let openapi = serde_json::to_value(&services[0].openapi).unwrap();
        let router = service::routes(&platform, &mut services).unwrap();
        let server = Server { log, clock, router, openapi, records: None, _tasks: tasks, folder };
        while !server.get("/readyz").await.status.is_success() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        server
    }
}

impl Server {
    /// Starts a service at an instant over a log with these events, and waits until it is ready. No one is
    /// asked who they are.
    pub async fn start(
        now: &str,
        events: impl IntoIterator<Item = Told>,
        start: impl AsyncFnOnce(&Platform) -> Result<Service, StartError>,
    ) -> Self {
        let begun = Begun::with(now, events).await;
        let platform = Platform::unguarded(begun.log.clone(), begun.folder.path(), begun.clock.clone());
        begun.serve(platform, start).await
    }

    /// The same over a log that others write, too: what it keeps besides is its own.
    pub async fn over(
        log: Log,
        now: &str,
        start: impl AsyncFnOnce(&Platform) -> Result<Service, StartError>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cache")).unwrap();
        let begun = Begun { log, clock: Clock::set_to(now.parse().unwrap()), folder };
        let platform = Platform::unguarded(begun.log.clone(), begun.folder.path(), begun.clock.clone());
        begun.serve(platform, start).await
    }

    /// The same behind the real doors and the real guard: see [`Server::ask_as`].
    pub async fn guarded(
        now: &str,
        events: impl IntoIterator<Item = Told>,
        start: impl AsyncFnOnce(&Platform) -> Result<Service, StartError>,
    ) -> Self {
        let begun = Begun::with(now, events).await;
        let access_log = log::open(&LogUrl::File(begun.folder.path().join("access.redb"))).await.unwrap();
        let (clock, tasks) = (begun.clock.clone(), Tasks::new());
        let access = Access::start(&begun.log, access_log.clone(), sessions(), &clock, &tasks);
        let platform =
            Platform::new(begun.log.clone(), begun.folder.path(), access, Names::default(), clock, tasks);
        Self { records: Some(access_log), ..begun.serve(platform, start).await }
    }

    /// Asks a guarded service as someone in a role at an organisation, with the kind of the body and
    /// the body.
    pub async fn ask_as(
        &self,
        who: (Role, &str),
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Answer {
        let (kind, body) = body.unwrap_or_default();
        let kind = (!kind.is_empty()).then_some(("content-type", kind));
        self.ask_with(who, method, path, kind.as_slice(), body).await
    }

    /// The same with these headers.
    pub async fn ask_with(
        &self,
        who: (Role, &str),
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        self.ask_in(&self.session(who), method, path, headers, body).await
    }

    /// Looks at something as someone who has broken the glass before an organisation.
    pub async fn look_through_glass(&self, who: (Role, &str), organisation: &str, path: &str) -> Answer {
        let until = self.clock.now() + std::time::Duration::from_secs(3600);
        let session = Session { glass: Some((organisation.parse().unwrap(), until)), ..self.session(who) };
        self.ask_in(&session, Method::GET, path, &[], String::new()).await
    }

    /// Writes something to the access log of a guarded service, as `access` would, and waits until it is known.
    pub async fn note_access(&self, event: &AccessEvent, aggregate: &str) {
        let log = self.records.as_ref().unwrap();
        let aggregate: AggregateId = aggregate.parse().unwrap();
        let id = crate::ids::fresh();
        let envelope = Envelope {
            id,
            subject: Subject::on(Stream::Access, proto::Service::Access, &aggregate),
            time: self.clock.now(),
            by: proto::By::system("test"),
            effective: None,
            command_id: None,
            command_content: None,
            correlation_id: None,
            causation_id: None,
            previous: None,
        };
        let body = envelope.encode(event).unwrap().into();
        log.append(NewEvent { id, subject: envelope.subject, body }, Position::START).await.unwrap();
    }

    /// One person in each role at each organisation.
    fn session(&self, (role, organisation): (Role, &str)) -> Session {
        let whose = format!("{role} {organisation}");
        let person = PersonId(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, whose.as_bytes()));
        Session::begin(person, role, organisation.parse().unwrap(), SignInWay::Password, self.clock.now())
    }

    async fn ask_in(
        &self,
        session: &Session,
        method: Method,
        path: &str,
        own_headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let cookie = cookie(&sessions(), session);
        let csrf = session.form_token();
        let mut headers = vec![("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
        headers.extend(own_headers);
        if !path.starts_with("/api") {
            headers.push(("accept", "text/html"));
        }
        self.ask(Self::request(method, path, &headers, body)).await
    }

    /// What a guarded service wrote down of looks at what is sensitive, and of files that were taken away: at
    /// what, and of whom. A look is written a moment after it is answered: this waits until there are so many.
    pub async fn looks(&self, at_least: usize) -> Vec<(String, Option<OdsCode>)> {
        let mut reader = self.records.as_ref().unwrap().read(Position::START).await.unwrap();
        let mut looks = Vec::new();
        while looks.len() < at_least {
            for recorded in reader.next().await.unwrap().events {
                let event = Header::read(&recorded.body).and_then(|header| header.event()).unwrap();
                match event {
                    AccessEvent::SensitiveRead(read) => looks.push((read.action, read.about)),
                    AccessEvent::Exported(exported) => looks.push((exported.action, exported.about)),
                    _ => {}
                }
            }
        }
        looks
    }

    /// Its data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// From now on it is noon of a day.
    pub fn set_day(&self, day: &str) {
        self.clock.set(format!("{day}T12:00:00Z").parse().unwrap());
    }

    /// Sends a request.
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let text = id.map_or(text.clone(), |id| text.replace(id, "{request}"));
        Answer { status, headers, text }
    }

    /// A request.
    pub fn request(
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Self::request(Method::GET, path, &[], Body::empty())).await
    }

    /// GET as a browser does.
    pub async fn page(&self, path: &str) -> Answer {
        self.ask(Self::request(Method::GET, path, &[("accept", "text/html")], Body::empty())).await
    }

    /// POST with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_keyed(path, body, None).await
    }

    /// The same under a key.
    pub async fn post_keyed(&self, path: &str, body: Value, key: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(Self::request(Method::POST, path, &headers, body)).await
    }

    /// POST with a file.
    pub async fn send(&self, path: &str, file: impl Into<Body>) -> Answer {
        self.ask(Self::request(Method::POST, path, &[("content-type", "text/csv")], file)).await
    }

    /// POST as the form of a page does.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| {
            text.bytes()
                .map(
                    |b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") },
                )
                .collect::<String>()
        };
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        self.ask(Self::request(Method::POST, path, &headers, body.join("&"))).await
    }

    /// How many events the log holds.
    pub async fn events(&self) -> u64 {
        self.log.head().await.unwrap().0
    }
}

/// The keys of sessions of a test, without any that signs.
pub fn session_keys() -> SessionKeys {
    SessionKeys { signers: Vec::new(), shared: vec![[7; SHARED_BYTES]] }
}

/// Sessions of a test, which are made where they are known, as where all services run in one process.
pub fn sessions() -> Sessions {
    let sessions = Sessions::new(&session_keys(), Wire::Clear);
    sessions.sign_with(SigningKeys::of_seeds(&[[7; SEED_BYTES]]).unwrap()).unwrap();
    sessions
}

/// What a browser sends that holds a session.
pub fn cookie(sessions: &Sessions, session: &Session) -> String {
    let given = sessions.give(session).unwrap();
    given.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned()).join("; ")
}
