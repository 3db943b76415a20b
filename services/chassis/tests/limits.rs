//! How often one may ask, and how long anything may take: through the real doors and the real guard.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

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
            .get("/broken", OPEN.here(), async || Problem::internal())
            .get("/rows", OPEN.here(), async || {
                let rows = futures::stream::repeat(Ok::<_, std::convert::Infallible>(Bytes::from_static(
                    b"a,b\r\n",
                )));
                ([(header::CONTENT_TYPE, "text/csv")], Body::from_stream(rows))
            })
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
    let (said, log) = recorded();
    let _said = tracing::subscriber::set_default(said);
    let (status, _, body) = doors.send(ask("POST", "/read", "192.0.2.1:9", body)).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{body}");
    assert!(began.elapsed() < Duration::from_secs(40));
    // Who sends a little now and then does not come to an end either.
    let little = futures::stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    let (status, _, body) = doors.send(ask("POST", "/read", "192.0.2.1:9", Body::from_stream(little))).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{body}");
    let lines = log.lines();
    assert!(
        lines.iter().all(|line| line.contains("INFO")) && lines.len() == 2,
        "no one's mistake: {lines:?}"
    );
    let sent = Body::from(r#"{"a":1}"#);
    let (status, _, body) = doors.send(ask("POST", "/read", "192.0.2.1:9", sent)).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"a":1}"#));
}

/// What is logged.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn lines(&self) -> Vec<String> {
        let said = self.0.lock().unwrap();
        String::from_utf8_lossy(&said).lines().map(str::to_owned).collect()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A log of this test, and where it is written.
fn recorded() -> (impl tracing::Subscriber + Send + Sync, Lines) {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    (log, lines)
}

#[tokio::test]
async fn what_failed_or_was_refused_is_one_line_with_an_id_that_page_and_answer_show() {
    let doors = Doors::of(Names::default()).await;
    let (log, lines) = recorded();
    let _said = tracing::subscriber::set_default(log);
    let secret = r#"{"name": "Dr Nobody", "#;
    for (method, path, body, status, words) in [
        ("GET", "/broken", "", 500, "ERROR"),
        ("POST", "/read", secret, 400, "a command was refused"),
        ("POST", "/look-up", "", 405, "a command was refused"),
        ("POST", "/nowhere", "", 404, "a command was refused"),
    ] {
        for accept in ["*/*", "text/html"] {
            let before = lines.lines().len();
            let mut request = ask(method, path, "192.0.2.1:9", Body::from(body));
            request.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
            let (answered, headers, text) = doors.send(request).await;
            assert_eq!(answered.as_u16(), status, "{path}: {text}");
            let id = headers["x-request-id"].to_str().unwrap();
            assert!(text.contains(id), "{path} {accept}: {text}");
            if accept == "*/*" {
                let said: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (said["request"].as_str(), said["status"].as_u64()),
                    (Some(id), Some(status.into()))
                );
            }
            let new = lines.lines().split_off(before);
            let [line] = &new[..] else { panic!("{path}: {new:?}") };
            assert!(line.contains(id) && line.contains(words) && line.contains(path), "{line}");
            assert!(!line.contains("Nobody"), "what was sent is no one's to read: {line}");
        }
    }
    let before = lines.lines().len();
    for path in ["/look-up", "/nowhere"] {
        doors.send(ask("GET", path, "192.0.2.1:9", Body::empty())).await;
    }
    assert_eq!(lines.lines().len(), before, "looking in vain is not worth a line");
}

#[tokio::test]
async fn one_asker_leaves_long_answers_for_others() {
    let doors = Doors::of(Names::default()).await;
    let rows =
        async |from: &str| doors.app.clone().oneshot(ask("GET", "/rows", from, Body::empty())).await.unwrap();
    let mut open = Vec::new();
    let refused = loop {
        let answer = rows("192.0.2.1:9").await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
        open.push(answer);
        assert!(open.len() < 100, "no one is refused");
    };
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(rows("192.0.2.2:9").await.status(), StatusCode::OK, "another address");
    open.pop();
    assert_eq!(rows("192.0.2.1:9").await.status(), StatusCode::OK, "and one more where one was closed");
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
