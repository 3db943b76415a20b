//! The service over a real embedded log in a temporary folder, asked as a client would.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use chassis::{
    Access, Clock, Platform,
    access::{
        Session, Sessions,
        session::{KEY_BYTES, Wire},
    },
    http::Names,
    log::{self, Log, LogUrl, NewEvent},
    service,
    task::Tasks,
};
use proto::{
    Actor, AggregateId, Envelope, Position, Role, Subject,
    access::SignInWay,
    organisations::{
        OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed, OrganisationListing,
        PracticeListed, PracticeListing, PrescribingSetting,
    },
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::support::*;

pub struct Server {
    pub log: Log,
    pub clock: Clock,
    router: Router,
    pub openapi: Value,
    _tasks: Tasks,
    folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self
    }

    #[track_caller]
    pub fn is(self, status: u16, containing: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let main = self.text.split("<main").last().unwrap_or_default();
        assert!(self.text.contains(containing), "“{containing}” is not in: {main}");
        self
    }
}

impl Server {
    /// A service that knows the practice A81001 of CCG 00K in region Y54.
    pub async fn start(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = LogUrl::File(folder.path().join("log.redb"));
        let log = log::open(&url).await.unwrap();
        for (subject, event) in organisations() {
            append(&log, subject, &event).await;
        }
        let clock = Clock::set_to(now.parse().unwrap());
        let platform = Platform::unguarded(log.clone(), folder.path(), clock.clone());
        Self::over(log, folder, clock, platform).await
    }

    /// The same behind the real doors and the real guard: see [`Server::ask_as`].
    pub async fn guarded(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = log::open(&LogUrl::File(folder.path().join("log.redb"))).await.unwrap();
        for (subject, event) in organisations() {
            append(&log, subject, &event).await;
        }
        let clock = Clock::set_to(now.parse().unwrap());
        let access_log = log::open(&LogUrl::File(folder.path().join("access.redb"))).await.unwrap();
        let tasks = Tasks::new();
        let access = Access::start(&log, access_log, sessions(), &clock, &tasks);
        let platform =
            Platform::new(log.clone(), folder.path(), access, Names::default(), clock.clone(), tasks);
        Self::over(log, folder, clock, platform).await
    }

    /// Asks as somebody in a role at an organisation.
    pub async fn ask_as(
        &self,
        (role, organisation): (Role, &str),
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Answer {
        let way = SignInWay::Password;
        let session = Session::begin(person(9), role, code(organisation), way, self.clock.now());
        let cookie = sessions().give(&session).unwrap();
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let csrf = session.csrf.to_string();
        let (kind, body) = body.unwrap_or_default();
        let mut headers = vec![("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        if !path.starts_with("/api") {
            headers.push(("accept", "text/html"));
        }
        self.ask(Self::request(method, path, &headers, body)).await
    }

    async fn over(log: Log, folder: TempDir, clock: Clock, platform: Platform) -> Self {
        std::fs::create_dir_all(folder.path().join("cache")).unwrap();
        let tasks = platform.tasks.clone();
        let mut services = [onsite::service(&platform).await.unwrap()];
        let openapi = serde_json::to_value(&services[0].openapi).unwrap();
        let router = service::routes(&platform, &mut services).unwrap();
        let server = Self { log, clock, router, openapi, _tasks: tasks, folder };
        while !server.get("/readyz").await.status.is_success() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        server
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn set_day(&self, day: &str) {
        self.clock.set(format!("{day}T12:00:00Z").parse().unwrap());
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let location =
            response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, location, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

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

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Self::request(Method::GET, path, &[], Body::empty())).await
    }

    pub async fn page(&self, path: &str) -> Answer {
        self.ask(Self::request(Method::GET, path, &[("accept", "text/html")], Body::empty())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_keyed(path, body, None).await
    }

    pub async fn post_keyed(&self, path: &str, body: Value, key: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(Self::request(Method::POST, path, &headers, body)).await
    }

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

fn sessions() -> Sessions {
    Sessions::new(vec![[7; KEY_BYTES]], Wire::Clear)
}

fn organisations() -> Vec<(&'static str, OrganisationEvent)> {
    let body = |name: &str, kind| {
        OrganisationEvent::OrganisationListed(OrganisationListed {
            as_of: day("2018-03-01"),
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
    let practice = |name: &str, region| {
        OrganisationEvent::PracticeListed(PracticeListed {
            as_of: day("2018-03-01"),
            listing: PracticeListing {
                name: name.into(),
                region,
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
    vec![
        ("Y54", body("NORTH OF ENGLAND", OrganisationKind::Region)),
        ("00K", body("NHS HARTLEPOOL CCG", OrganisationKind::Ccg)),
        (PRACTICE, practice("THE DENSHAM SURGERY", None)),
        ("A81002", practice("<script>alert(1)</script>", None)),
    ]
}

async fn append(log: &Log, aggregate: &str, event: &OrganisationEvent) {
    let id: AggregateId = aggregate.parse().unwrap();
    let envelope = Envelope {
        id: chassis::ids::fresh(),
        subject: Subject::new(proto::Service::Organisations, &id),
        time: "2018-03-01T12:00:00Z".parse().unwrap(),
        by: Actor::system("test").into(),
        effective: None,
        command_id: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let body = envelope.encode(event).unwrap().into();
    log.append(NewEvent { id: envelope.id, subject: envelope.subject, body }, Position::START).await.unwrap();
}
