//! How often one may ask, and how long anything may take: through the real doors and the real guard.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use chassis::{
    Access, Action, Clock, Platform, Problem, Routes, Service,
    http::{Json, Names},
    log::{Log, file::FileLog},
    pace::Pace,
    service,
    task::Tasks,
};
use futures::StreamExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// Something that everyone may do.
const OPEN: Action = Action::new("platform", "probe");

/// A process whose only service answers at once, never, or once it has read a body.
struct Doors {
    app: Router,
    _folder: tempfile::TempDir,
}

async fn open(folder: &tempfile::TempDir, name: &str) -> Log {
    Arc::new(FileLog::open(&folder.path().join(name)).await.unwrap())
}

impl Doors {
    async fn of(names: Names) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (log, access_log) = (open(&folder, "log.redb").await, open(&folder, "access.redb").await);
        let (clock, tasks) = (Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap()), Tasks::new());
        let sessions = chassis::testing::server::sessions();
        let access = Access::start(&log, access_log, sessions, &clock, &tasks);
        let data = folder.path().to_owned();
        let platform = Platform::new(log, &data, access, names, clock, tasks);
        let routes = Routes::new()
            .get("/look-up", OPEN.here().paced(Pace::LookUp), async || "found")
            .post("/import", OPEN.here().paced(Pace::Import), async |_: Bytes| "in")
            .get("/never", OPEN.here(), std::future::pending::<&'static str>)
            .post("/read", OPEN.here(), async |Json(read): Json<Value>| read.to_string());
        let service = Service {
            name: "test",
            routes,
            policy: None,
            openapi: utoipa::openapi::OpenApi::default(),
            ready: Arc::new(|| Ok(())),
            on_stop: None,
        };
        let app = service::routes(&platform, &mut [service]).unwrap();
        Self { app, _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let (parts, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }
}

fn ask(method: &str, path: &str, from: &str, body: Body) -> Request<Body> {
    let peer: SocketAddr = from.parse().unwrap();
    let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    let request = request.header(header::CONTENT_TYPE, "application/json").extension(ConnectInfo(peer));
    request.body(body).unwrap()
}

#[tokio::test]
async fn who_looks_up_too_often_is_told_when_to_come_again_and_nobody_else_is() {
    let doors = Doors::of(Names::default()).await;
    let mut turned_away = 0;
    for _ in 0..700 {
        let (status, headers, body) = doors.send(ask("GET", "/look-up", "192.0.2.1:9", Body::empty())).await;
        if status == StatusCode::OK {
            continue;
        }
        turned_away += 1;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{body}");
        let seconds: u32 = headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=2).contains(&seconds), "ten a second come back: {seconds}");
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert!(problem.detail.contains("look-ups"), "{problem:?}");
    }
    assert!((50..=100).contains(&turned_away), "600, and some more as time passes: {turned_away}");
    let (status, ..) = doors.send(ask("GET", "/look-up", "192.0.2.2:9", Body::empty())).await;
    assert_eq!(status, StatusCode::OK, "another address");
    let (status, ..) = doors.send(ask("POST", "/import", "192.0.2.1:9", Body::empty())).await;
    assert_eq!(status, StatusCode::OK, "something else");
}

#[tokio::test]
async fn imports_have_a_pace_of_their_own() {
    let doors = Doors::of(Names::default()).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(doors.send(ask("POST", "/import", "192.0.2.1:9", Body::from("x"))).await.0);
    }
    assert!(statuses[..30].iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
    assert!(statuses[35..].contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_answer_in_time_is_a_problem_and_not_a_wait_for_ever() {
    let doors = Doors::of(Names::default()).await;
    let began = tokio::time::Instant::now();
    let (status, headers, body) = doors.send(ask("GET", "/never", "192.0.2.1:9", Body::empty())).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert!(body.contains("within 30 s") && headers.contains_key(header::RETRY_AFTER), "{body}");
    assert!(began.elapsed() < Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn who_stops_sending_is_not_waited_for() {
    let doors = Doors::of(Names::default()).await;
    let first = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let body = Body::from_stream(first.chain(futures::stream::pending()));
    let began = tokio::time::Instant::now();
    let (status, _, body) = doors.send(ask("POST", "/read", "192.0.2.1:9", body)).await;
    assert!(status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status}: {body}");
    assert!(began.elapsed() < Duration::from_secs(40));
    let sent = Body::from(r#"{"a":1}"#);
    let (status, _, body) = doors.send(ask("POST", "/read", "192.0.2.1:9", sent)).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"a":1}"#));
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_stay_there() {
    let answer = async |names: Names| {
        let doors = Doors::of(names).await;
        doors.send(ask("GET", "/look-up", "192.0.2.1:9", Body::empty())).await.1
    };
    let over_tls =
        Names { public: Some("https://oversight.example.nhs.uk".parse().unwrap()), ..Names::default() };
    let headers = answer(over_tls).await;
    assert!(headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    assert!(!answer(Names::default()).await.contains_key("strict-transport-security"));
}
