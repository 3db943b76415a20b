//! A service over a real embedded log in a temporary folder, asked as a client would, with nobody asked
//! who they are.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails a test the way tests fail")]

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use proto::{
    Actor, AggregateId, Day, Envelope, Event, OdsCode, Position, Service as Of, Subject,
    organisations::{
        OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed, OrganisationListing,
        PracticeListed, PracticeListing, PrescribingSetting,
    },
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    Clock, Platform, Service,
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
    /// The body.
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

impl Server {
    /// Starts a service at an instant over a log with these events, and waits until it is ready.
    pub async fn start(
        now: &str,
        events: impl IntoIterator<Item = (Of, String, Event)>,
        start: impl AsyncFnOnce(&Platform) -> Result<Service, StartError>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cache")).unwrap();
        let log = log::open(&LogUrl::File(folder.path().join("log.redb"))).await.unwrap();
        let clock = Clock::set_to(now.parse().unwrap());
        let platform = Platform::unguarded(log.clone(), folder.path(), clock.clone());
        let tasks = platform.tasks.clone();
        for (of, aggregate, event) in events {
            append(&log, of, &aggregate, &event).await;
        }
        let mut services = [start(&platform).await.unwrap()];
        let openapi = serde_json::to_value(&services[0].openapi).unwrap();
        let router = service::routes(&platform, &mut services).unwrap();
        let server = Self { log, clock, router, openapi, _tasks: tasks, folder };
        while !server.get("/readyz").await.status.is_success() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        server
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
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
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

/// The first event of an aggregate, recorded on 1 March 2018.
async fn append(log: &Log, of: Of, aggregate: &str, event: &Event) {
    let id: AggregateId = aggregate.parse().unwrap();
    let subject = Subject::new(of, &id);
    let envelope = Envelope {
        id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, subject.as_str().as_bytes()),
        subject: subject.clone(),
        time: "2018-03-01T09:00:00Z".parse().unwrap(),
        by: Actor::system("test").into(),
        effective: None,
        command_id: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let body = event.encode(&envelope).unwrap().into();
    log.append(NewEvent { id: envelope.id, subject, body }, Position::START).await.unwrap();
}

/// A small land: two practices, the second with a hostile name, of the CCG 00K in the region Y54.
pub fn small_land() -> Vec<(Of, String, Event)> {
    let as_of: Day = "2018-03-01".parse().unwrap();
    let code = |text: &str| -> OdsCode { text.parse().unwrap() };
    let body = |name: &str, kind| {
        OrganisationEvent::OrganisationListed(OrganisationListed {
            as_of,
            listing: OrganisationListing {
                kind,
                name: name.into(),
                region: (kind == OrganisationKind::Ccg).then(|| code("Y54")),
                local_office: None,
                address: vec![],
                postcode: String::new(),
                opened: None,
                closed: None,
            },
        })
    };
    let practice = |name: &str| {
        OrganisationEvent::PracticeListed(PracticeListed {
            as_of,
            listing: PracticeListing {
                name: name.into(),
                region: None,
                local_office: None,
                address: vec![],
                postcode: "TS18 1HU".into(),
                telephone: String::new(),
                opened: None,
                closed: None,
                status: OdsStatus::Active,
                setting: PrescribingSetting::GENERAL_PRACTICE,
                commissioner: Some(code("00K")),
                joined: None,
                left: None,
            },
        })
    };
    [
        ("Y54", body("NORTH OF ENGLAND", OrganisationKind::Region)),
        ("00K", body("NHS HARTLEPOOL CCG", OrganisationKind::Ccg)),
        ("A81001", practice("THE DENSHAM SURGERY")),
        ("A81002", practice("<script>alert(1)</script>")),
    ]
    .into_iter()
    .map(|(aggregate, event)| (Of::Organisations, aggregate.to_owned(), Event::from(event)))
    .collect()
}
