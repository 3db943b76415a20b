//! The service behind the real gate, over temporary logs, with a clock that is set.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

use std::sync::Arc;

use access::bootstrap::first_administrator;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use chassis::{
    Access, Clock, Platform,
    access::{Sessions, Tokens, session::Wire},
    directory::Directory,
    http::Names,
    log::{Log, NewEvent, file::FileLog},
    task::Tasks,
    testing::{
        land::{Told, body, recorded, small_land},
        server::session_keys,
    },
};
use jiff::SignedDuration;
use proto::{Actor, Envelope, Header, Position, access::AccessEvent, organisations::OrganisationKind};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Where every request of these tests says it goes.
pub const HOST: &str = "127.0.0.1:8080";

pub struct Installation {
    pub app: Router,
    pub clock: Clock,
    pub access: Access,
    pub event_log: Log,
    pub access_log: Log,
    pub administrator: String,
    pub directory: Directory,
    pub data: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |to| to.to_str().unwrap())
    }

    /// Whether it gives a session.
    pub fn lets_in(&self) -> bool {
        let given = self.headers.get_all(header::SET_COOKIE).iter();
        given.into_iter().any(|cookie| {
            let cookie = cookie.to_str().unwrap();
            cookie.starts_with("oversight=") || cookie.starts_with("oversight-known=")
        })
    }

    /// The page but for what is in it for one browser alone.
    pub fn without_token(&self) -> String {
        self.text.replace(&self.hidden("token"), "")
    }

    /// The value a hidden field of the page has.
    pub fn hidden(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&begin).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser: its session cookie and what it does with it.
#[derive(Clone)]
pub struct Browser<'a> {
    at: &'a Installation,
    /// From where a proxy says that it asks; none: from this machine.
    pub address: Option<String>,
    cookies: Vec<(String, String)>,
}

impl Installation {
    /// Over a small land with two CCGs.
    pub async fn start() -> Self {
        let here = Self::with(|_| (access::Options::default(), None)).await;
        here.tell_of_a_land().await;
        here
    }

    /// Writes a small land with two CCGs to the event log.
    pub async fn tell_of_a_land(&self) {
        self.tell(&small_land(), Actor::system("import")).await;
        self.tell(
            &[body("15E", "NHS BIRMINGHAM AND SOLIHULL CCG", OrganisationKind::Ccg)],
            Actor::system("import"),
        )
        .await;
    }

    /// With what the flags of a process would have made.
    pub async fn with(make: impl FnOnce(&Clock) -> (access::Options, Option<Tokens>)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap());
        let made = make(&clock);
        let log: Log = Arc::new(FileLog::open(&folder.path().join("log.redb")).await.unwrap());
        let access_log: Log = Arc::new(FileLog::open(&folder.path().join("access.redb")).await.unwrap());
        let key = first_administrator(&access_log, &clock, "X26".parse().unwrap()).await.unwrap();
        Self::over(folder, clock, [log, access_log], key.reveal(), made).await
    }

    /// Another process over the same logs: what it keeps besides is its own, accounts, too.
    pub async fn beside(&self, logs: [Log; 2]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = (access::Options::default(), None);
        Self::over(folder, self.clock.clone(), logs, self.administrator.clone(), made).await
    }

    /// Over an event log and an access log.
    pub async fn over(
        folder: tempfile::TempDir,
        clock: Clock,
        [log, access_log]: [Log; 2],
        administrator: String,
        (options, tokens): (access::Options, Option<Tokens>),
    ) -> Self {
        let tasks = Tasks::new();
        let sessions = Sessions::new(&session_keys(), Wire::Clear);
        let access = Access::start(&log, access_log.clone(), sessions, &clock, &tasks);
        if let Some(tokens) = tokens {
            access.accept(tokens);
        }
        let data = folder.path().to_owned();
        std::fs::create_dir_all(data.join("cache")).unwrap();
        let event_log = log.clone();
        let platform = Platform::new(log, &data, access.clone(), Names::default(), clock.clone(), tasks);
        let mut services = [access::service(&platform, options).await.unwrap()];
        let app = chassis::service::routes(&platform, &mut services).unwrap();
        let directory = platform.directory().await.unwrap();
        Self { app, clock, access, event_log, access_log, administrator, directory, data, _folder: folder }
    }

    /// Writes organisations to the event log, by someone.
    pub async fn tell(&self, told: &[Told], by: Actor) {
        for told in told {
            let (envelope, _) = recorded(told);
            let envelope = Envelope { by: by.clone().into(), ..envelope };
            let body = told.2.encode(&envelope).unwrap().into();
            let event = NewEvent { id: envelope.id, subject: envelope.subject, body };
            self.event_log.append(event, Position::START).await.unwrap();
        }
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        // The id of the request is another one each time, and is shown where something was wrong.
        let id = parts.headers["x-request-id"].to_str().unwrap().to_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap().replace(&id, "{request}"),
        }
    }

    /// What a program does that comes with a token.
    pub async fn ask_as(&self, token: &str, path: &str) -> Answer {
        let request = Request::builder()
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    /// What an administrator's program does.
    pub async fn administer(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.administrator))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        self.send(request).await
    }

    /// Opens an account: the id and the first password.
    pub async fn open_account(&self, user_name: &str, role: &str, organisation: &str) -> (String, String) {
        let body = json!({
            "user_name": user_name,
            "display_name": "A. Person",
            "role": role,
            "organisation": organisation,
        });
        let answer = self.administer("POST", "/api/v1/access/users", Some(body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let given = answer.json();
        (given["id"].as_str().unwrap().to_owned(), given["password"].as_str().unwrap().to_owned())
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { at: self, address: None, cookies: Vec::new() }
    }

    /// What the access log holds, as the types of its events and their data.
    pub async fn events(&self) -> Vec<AccessEvent> {
        let head = self.access_log.head().await.unwrap();
        let mut reader = self.access_log.read(Position::START).await.unwrap();
        let mut events = Vec::new();
        let mut position = Position::START;
        while position < head {
            for recorded in reader.next().await.unwrap().events {
                position = recorded.position;
                events.push(Header::read(&recorded.body).unwrap().event::<AccessEvent>().unwrap());
            }
        }
        events
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| format!("{name}={}", chassis::pages::in_query(value)))
        .collect::<Vec<_>>()
        .join("&")
}

impl Browser<'_> {
    /// What it keeps under a name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Loses a cookie, as with time.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|(known, _)| known != name);
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::ACCEPT, "text/html");
        let request = match &self.address {
            Some(address) => request.header("x-forwarded-for", address),
            None => request,
        };
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.at.send(self.request("GET", path).body(Body::empty()).unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form as it is, from somewhere.
    pub async fn post_raw(&mut self, path: &str, origin: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_bare(path, &[("origin", origin)], fields).await
    }

    /// Sends a form as it is, with what a browser says of it.
    pub async fn post_bare(&mut self, path: &str, said: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut request = self.request("POST", path);
        for (name, value) in said {
            request = request.header(*name, *value);
        }
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(fields)))
            .unwrap();
        let answer = self.at.send(request).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form from our own page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_raw(path, &format!("http://{HOST}"), fields).await
    }

    pub async fn sign_in(&mut self, user_name: &str, password: &str) -> Answer {
        self.post(
            "/sign-in/password",
            &[("user_name", user_name), ("password", password), ("to", "/account")],
        )
        .await
    }

    /// Changes the password, with what the page's form carries.
    pub async fn change_password(&mut self, current: &str, new: &str) -> Answer {
        let csrf = self.get("/account/password").await.hidden("csrf");
        let fields = [("csrf", csrf.as_str()), ("current", current), ("new", new), ("again", new)];
        self.post("/account/password", &fields).await
    }
}
