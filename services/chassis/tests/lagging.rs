//! A process that reads the access log late: who has signed in elsewhere is let in, and no one by what it has not read.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use chassis::{
    Access, Action, Clock, Platform, Routes, Service, Viewer,
    access::Session,
    http::Names,
    ids,
    log::{
        AppendError, Batch, Description, EventLog, Log, NewEvent, ReadError, Reader, Receipt, Recorded,
        file::FileLog,
    },
    service,
    task::Tasks,
    testing::server::{cookie, sessions},
};
use jiff::SignedDuration;
use proto::{
    By, Envelope, PersonId, Position, Role, Stream, Subject,
    access::{AccessEvent, AccountDisabled, AccountEnabled, SessionsEnded, SignInWay},
};
use tokio::sync::watch;
use tower::ServiceExt as _;
use uuid::Uuid;

/// Something that everyone may do.
const OPEN: Action = Action::new("platform", "probe");

const WHO: PersonId = PersonId(Uuid::from_u128(7));

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A log of which nothing is read while it is held back. What it is asked it answers all the same.
#[derive(Debug)]
struct HeldBack {
    log: Log,
    is_read: watch::Sender<bool>,
}

/// Reads it.
struct LateReader {
    reader: Box<dyn Reader>,
    is_read: watch::Receiver<bool>,
}

impl Reader for LateReader {
    fn next(&mut self) -> Answer<'_, Result<Batch, ReadError>> {
        Box::pin(async move {
            let batch = self.reader.next().await;
            self.is_read.wait_for(|is_read| *is_read).await.unwrap();
            batch
        })
    }
}

impl EventLog for HeldBack {
    fn append(&self, new: NewEvent, expected: Position) -> Answer<'_, Result<Receipt, AppendError>> {
        self.log.append(new, expected)
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> Answer<'a, Result<Option<Recorded>, ReadError>> {
        self.log.last(subject)
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> Answer<'a, Result<Vec<Recorded>, ReadError>> {
        self.log.of(subject, after)
    }

    fn at(&self, position: Position) -> Answer<'_, Result<Option<Recorded>, ReadError>> {
        self.log.at(position)
    }

    fn head(&self) -> Answer<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn read(&self, after: Position) -> Answer<'_, Result<Box<dyn Reader>, ReadError>> {
        Box::pin(async move {
            let (reader, is_read) = (self.log.read(after).await?, self.is_read.subscribe());
            Ok(Box::new(LateReader { reader, is_read }) as Box<dyn Reader>)
        })
    }

    fn describe(&self) -> Description {
        self.log.describe()
    }
}

/// A process that says who it takes someone for.
struct Late {
    app: Router,
    access: Access,
    log: Arc<HeldBack>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Late {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = async |name: &str| FileLog::open(&folder.path().join(name)).await.unwrap();
        let (events, log): (Log, Log) =
            (Arc::new(open("log.redb").await), Arc::new(open("access.redb").await));
        let log = Arc::new(HeldBack { log, is_read: watch::Sender::new(true) });
        let (clock, tasks) = (Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap()), Tasks::new());
        let access_log: Log = log.clone();
        let access = Access::start(&events, access_log, sessions(), &clock, &tasks);
        let platform =
            Platform::new(events, folder.path(), access.clone(), Names::default(), clock.clone(), tasks);
        let routes = Routes::new().get("/who", OPEN.here(), async |viewer: Viewer| {
            viewer.holder().map_or("no one".to_owned(), |holder| holder.words())
        });
        let service = Service {
            name: "test",
            routes,
            policy: None,
            openapi: utoipa::openapi::OpenApi::default(),
            ready: Arc::new(|| Ok(())),
            on_stop: None,
        };
        let app = service::routes(&platform, &mut [service]).unwrap();
        Self { app, access, log, clock, _folder: folder }
    }

    /// Writes an event, as another process would.
    async fn tell(&self, event: AccessEvent) -> Position {
        let id = ids::fresh();
        let aggregate = format!("test-{id}").parse().unwrap();
        let envelope = Envelope {
            id,
            subject: Subject::on(Stream::Access, proto::Service::Access, &aggregate),
            time: self.clock.now(),
            by: By::system("test"),
            effective: None,
            command_id: None,
            command_content: None,
            correlation_id: None,
            causation_id: None,
            previous: None,
        };
        let body = envelope.encode(&event).unwrap().into();
        let new = NewEvent { id, subject: envelope.subject, body };
        self.log.append(new, Position::START).await.unwrap().position
    }

    /// Whom it takes someone for who comes with a session that began when the log was read up to a position.
    async fn who(&self, since: Position) -> (u16, String) {
        self.who_at(since, 0).await
    }

    /// The same where it began seconds ahead of now.
    async fn who_at(&self, since: Position, ahead: i64) -> (u16, String) {
        let (organisation, began) =
            ("15E".parse().unwrap(), self.clock.now() + SignedDuration::from_secs(ahead));
        let session = Session::begin(WHO, Role::CcgOfficer, organisation, SignInWay::Password, began);
        let pair = cookie(&sessions(), &Session { since, ..session });
        let request = Request::get("/who").header(header::HOST, "localhost").header(header::COOKIE, pair);
        let answer = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

fn is_in() -> (u16, String) {
    (200, "CCG officer, 15E".to_owned())
}

fn is_out() -> (u16, String) {
    (200, "no one".to_owned())
}

#[tokio::test]
async fn whoever_signed_in_elsewhere_is_let_in_once_the_log_is_read_up_to_there() {
    let late = Late::start().await;
    let disabled = AccountDisabled { person: WHO, reason: String::new() };
    let shut_out = late.tell(AccessEvent::AccountDisabled(disabled)).await;
    late.access.until_read(shut_out).await.unwrap();
    assert_eq!(late.who(shut_out).await, is_out());
    late.log.is_read.send_replace(false);
    let let_in = late.tell(AccessEvent::AccountEnabled(AccountEnabled { person: WHO })).await;
    let reads_on = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        late.log.is_read.send_replace(true);
    };
    let (who, ()) = tokio::join!(late.who(let_in), reads_on);
    assert_eq!(who, is_in(), "they may come in by what it had not read");
    assert_eq!(late.who(shut_out).await, is_out(), "by what stood before that");
}

#[tokio::test]
async fn what_is_known_of_the_log_is_asked_of_the_log() {
    let late = Late::start().await;
    late.log.is_read.send_replace(false);
    let ended = late.tell(AccessEvent::SessionsEnded(SessionsEnded { person: WHO })).await;
    let reads_on = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        late.log.is_read.send_replace(true);
    };
    let (caught_up, ()) = tokio::join!(late.access.caught_up(), reads_on);
    assert_eq!(caught_up.unwrap(), ended);
    assert_eq!((late.who(Position::START).await, late.who(ended).await), (is_out(), is_in()));
}

#[tokio::test]
async fn a_session_of_a_log_that_was_put_back_since_is_none() {
    let late = Late::start().await;
    assert_eq!(late.who(Position::START).await, is_in());
    assert_eq!(late.who(Position(1)).await, is_out(), "there is no such place in this log");
}

#[tokio::test]
async fn a_session_from_the_future_is_none() {
    let late = Late::start().await;
    assert_eq!(late.who_at(Position::START, 60).await, is_in());
    assert_eq!(late.who_at(Position::START, 61).await, is_out());
}
