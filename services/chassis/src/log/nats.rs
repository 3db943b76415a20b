//! The log as a JetStream stream.
//!
//! **Stream.** Made where it is missing: file storage, nothing expires, nothing may be deleted or
//! purged, a full stream refuses instead of forgetting. An existing stream that could lose events
//! is refused at the start, with every reason.
//!
//! **Writing.** A publish carries the event id and the expected last sequence of its subject, and is
//! answered by one acknowledgement awaited in one place ([`publish`]). Any number may be under way,
//! up to [`IN_FLIGHT_MAX`]. An event could only ever stand directly behind its expected position;
//! so whenever an answer leaves doubt, the first events of the subject behind that position, read
//! from the leader, tell what happened ([`Found`]).
//!
//! **Reading.** Each reader has its own connection, so that a rebuild does not stand in the way of
//! acknowledgements; see [`reader`].
//!
//! What it does not do: notice the repeat of an event id after the server's duplicate window when
//! the aggregate has moved on *and* the caller expects its newest position. The aggregate, which
//! remembers its last commands, does. What it costs: one look at the event at the expected position
//! when this process does not know its id yet.

use std::{
    ffi::OsString,
    fmt,
    time::{Duration, Instant},
};

use async_nats::jetstream::{self, message::StreamMessage, stream::Stream};
use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use proto::{Position, Subject, envelope::may_stand_on};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    AppendError, Description, Durability, EVENT_MAX_BYTES, EventLog, NatsUrl, NewEvent, OpenError, ReadError,
    Reader, Receipt, Recorded, Written,
};

pub(crate) mod bucket;
mod connection;
mod identity;
mod known;
mod monitor;
pub mod nkey;
mod publish;
mod reader;
mod stream;

use connection::Connection;
use identity::Identity;
use known::KnownIds;
use publish::Answer;
use reader::NatsReader;

/// The most appends that wait for their acknowledgement; more wait for a place.
pub const IN_FLIGHT_MAX: usize = 4096;

/// How long an append is repeated while the stream has no leader.
const ELECTION_PATIENCE: Duration = Duration::from_secs(8);

/// How long a question to the leader is repeated before the log counts as out of reach.
const ASK_PATIENCE: Duration = Duration::from_secs(5);

/// How long a single question may take. One to a leader that froze is never answered; the next may meet another.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a broken connection may take to come back before an operation gives up.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// The first pause before a repetition; each later one is twice as long …
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// … up to this.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// The pauses between repetitions, up to a deadline.
struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, pause: PAUSE_FIRST }
    }

    /// Pauses, and says whether there is time for one more try.
    async fn another(&mut self) -> Another {
        if Instant::now() + self.pause > self.until {
            return Another::No;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Another::Yes
    }
}

#[derive(PartialEq)]
enum Another {
    Yes,
    No,
}

/// What the leader says about an append in doubt.
enum Found {
    /// The event stands here.
    Here(Position),
    /// Another event stands behind the expected position: this one was not and will not be written.
    Other {
        /// The subject's last position.
        last: Position,
    },
    /// Nothing stands behind the expected position.
    Nothing,
}

/// The log as a JetStream stream.
pub struct NatsLog {
    connection: Connection,
    stream: Stream<()>,
    stream_name: String,
    identity: Identity,
    url: NatsUrl,
    durability: Durability,
    in_flight: Semaphore,
    known: Mutex<KnownIds>,
}

impl fmt::Debug for NatsLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsLog").field("url", &self.url.to_string()).finish_non_exhaustive()
    }
}

impl NatsLog {
    /// Connects, and makes or checks the stream. Takes credentials from the URL, else from the file
    /// that `OVERSIGHT_NATS_CREDS` or `OVERSIGHT_NATS_NKEY_SEED` names; and for TLS the files that
    /// `OVERSIGHT_NATS_CA`, `OVERSIGHT_NATS_CERT` and `OVERSIGHT_NATS_KEY` name.
    pub async fn connect(url: &NatsUrl) -> Result<Self, OpenError> {
        Self::connect_with(url, |name| std::env::var_os(name)).await
    }

    /// The same with variables other than those of the environment: for several users in one process.
    pub async fn connect_with(
        url: &NatsUrl,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, OpenError> {
        let identity = Identity::of(url, variable)?;
        let connection = Connection::open(url, &identity).await?;
        let info = stream::ensure(&connection, url).await?;
        let durability = stream::durability(&info, monitor::syncs_always(url).await);
        let mut context = jetstream::new(connection.client.clone());
        context.set_timeout(ASK_TIMEOUT);
        let stream = context
            .get_stream_no_info(&url.stream)
            .await
            .map_err(|error| OpenError::Server { place: url.to_string(), reason: error.to_string() })?;
        Ok(Self {
            connection,
            stream,
            stream_name: url.stream.clone(),
            identity,
            url: url.clone(),
            durability,
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            known: Mutex::new(KnownIds::default()),
        })
    }

    /// `last` is the id of the event at the expected position, where the caller knows it.
    async fn append_event(
        &self,
        event: NewEvent,
        expected: Position,
        last: Option<Uuid>,
    ) -> Result<Receipt, AppendError> {
        let bytes = event.body.len();
        if bytes > EVENT_MAX_BYTES {
            return Err(AppendError::TooLarge { bytes });
        }
        let unreachable = |reason: String| AppendError::Unreachable { reason };
        let _place = self.in_flight.acquire().await.map_err(|error| unreachable(error.to_string()))?;
        self.connection.ready(RECONNECT_PATIENCE).await.map_err(unreachable)?;
        let stands_there = match last {
            Some(last) => last == event.id,
            None => self.stands_at(&event, expected).await.map_err(|error| unreachable(error.to_string()))?,
        };
        if stands_there {
            return Ok(Receipt { position: expected, written: Written::Before });
        }
        let receipt = self.publish_until_known(&event, expected).await?;
        self.known.lock().insert(receipt.position, event.id);
        Ok(receipt)
    }

    /// Whether the event at the expected position is this very one: the repeat of the last append.
    async fn stands_at(&self, event: &NewEvent, expected: Position) -> Result<bool, ReadError> {
        if expected == Position::START {
            return Ok(false);
        }
        let known = self.known.lock().get(expected);
        if let Some(id) = known {
            return Ok(id == event.id);
        }
        let Some(message) = self.ask(|| self.stream.get_raw_message(expected.0)).await? else {
            return Ok(false);
        };
        Ok(self.id_of(&message) == Some(event.id) && message.subject.as_str() == event.subject.as_str())
    }

    /// Publishes, and repeats where the server said for certain that it wrote nothing and might
    /// write soon.
    async fn publish_until_known(
        &self,
        event: &NewEvent,
        expected: Position,
    ) -> Result<Receipt, AppendError> {
        let mut patience = Patience::new(ELECTION_PATIENCE);
        loop {
            let reason = match publish::publish(&self.connection, &self.stream_name, event, expected).await {
                Answer::Written(receipt) => return Ok(receipt),
                Answer::Fails(error) => return Err(error),
                Answer::InDoubt { reason } => return self.resolve(event, expected, reason).await,
                Answer::WrongLast => match self.find(event, expected).await {
                    Err(error) => return Err(AppendError::Unreachable { reason: error.to_string() }),
                    Ok(Found::Here(position)) => return Ok(Receipt { position, written: Written::Before }),
                    Ok(Found::Other { last }) => return Err(AppendError::Conflict { last }),
                    // Either the caller expects more than there is, or another append of this
                    // subject is under way and not to be seen yet.
                    Ok(Found::Nothing) => match self.last_message(&event.subject).await {
                        Ok(last) if position_of(last.as_ref()) != expected => {
                            return Err(AppendError::Conflict { last: position_of(last.as_ref()) });
                        }
                        Ok(_) => "another append to the same aggregate is under way".to_owned(),
                        Err(error) => return Err(AppendError::Unreachable { reason: error.to_string() }),
                    },
                },
                Answer::NotNow { reason } => reason,
            };
            metrics::counter!("oversight_log_append_retries_total").increment(1);
            if patience.another().await == Another::No {
                return Err(AppendError::Unreachable { reason });
            }
        }
    }

    /// The acknowledgement did not come: the leader knows.
    async fn resolve(
        &self,
        event: &NewEvent,
        expected: Position,
        reason: String,
    ) -> Result<Receipt, AppendError> {
        metrics::counter!("oversight_log_append_lookups_total").increment(1);
        match self.find(event, expected).await {
            Ok(Found::Here(position)) => Ok(Receipt { position, written: Written::Now }),
            Ok(Found::Other { last }) => Err(AppendError::Conflict { last }),
            Ok(Found::Nothing) => Err(AppendError::OutcomeUnknown { reason }),
            Err(error) => Err(AppendError::OutcomeUnknown { reason: format!("{reason}; {error}") }),
        }
    }

    async fn find(&self, event: &NewEvent, expected: Position) -> Result<Found, ReadError> {
        let mut last = None;
        let mut from = expected.next();
        while let Some(message) = self.next_of(&event.subject, from).await? {
            if self.id_of(&message) == Some(event.id) {
                return Ok(Found::Here(Position(message.sequence)));
            }
            last = Some(Position(message.sequence));
            from = Position(message.sequence).next();
        }
        Ok(last.map_or(Found::Nothing, |last| Found::Other { last }))
    }

    /// The id of a message, remembered.
    fn id_of(&self, message: &StreamMessage) -> Option<Uuid> {
        let id = message.headers.get(async_nats::header::NATS_MESSAGE_ID)?.as_str().parse().ok()?;
        self.known.lock().insert(Position(message.sequence), id);
        Some(id)
    }

    async fn next_of(&self, subject: &Subject, from: Position) -> Result<Option<StreamMessage>, ReadError> {
        self.ask(|| self.stream.get_first_raw_message_by_subject(subject.as_str(), from.0)).await
    }

    async fn last_message(&self, subject: &Subject) -> Result<Option<StreamMessage>, ReadError> {
        self.ask(|| self.stream.get_last_raw_message_by_subject(subject.as_str())).await
    }

    /// Asks the leader, again and again while there is none.
    async fn ask<T, E, F>(&self, question: impl Fn() -> F) -> Result<Option<T>, ReadError>
    where
        E: connection::Asked,
        F: Future<Output = Result<T, E>>,
    {
        self.connection.ask(ASK_PATIENCE, question).await
    }

    async fn last_event(&self, subject: &Subject) -> Result<Option<Recorded>, ReadError> {
        Ok(self.last_message(subject).await?.map(|message| self.recorded(message)))
    }

    fn recorded(&self, message: StreamMessage) -> Recorded {
        self.id_of(&message);
        let position = Position(message.sequence);
        Recorded { position, body: in_its_place(position, &message.subject, message.payload) }
    }

    /// Bounded by the subject's last event at the time of asking.
    async fn events_of(&self, subject: &Subject, after: Position) -> Result<Vec<Recorded>, ReadError> {
        let Some(last) = self.last_message(subject).await?.filter(|last| last.sequence > after.0) else {
            return Ok(Vec::new());
        };
        let mut events = Vec::new();
        let mut from = after.next();
        while from.0 < last.sequence {
            let Some(message) = self.next_of(subject, from).await? else {
                return Err(ReadError::Damaged {
                    position: from,
                    reason: "an event of the aggregate that was there is gone".to_owned(),
                });
            };
            if message.sequence >= last.sequence {
                break;
            }
            from = Position(message.sequence).next();
            events.push(self.recorded(message));
        }
        events.push(self.recorded(last));
        Ok(events)
    }

    async fn new_reader(&self, after: Position) -> Result<Box<dyn Reader>, ReadError> {
        let connection = Connection::open(&self.url, &self.identity)
            .await
            .map_err(|error| ReadError::Unreachable { reason: error.to_string() })?;
        Ok(Box::new(NatsReader::new(connection, self.stream_name.clone(), after)))
    }
}

fn position_of(message: Option<&StreamMessage>) -> Position {
    message.map_or(Position::START, |message| Position(message.sequence))
}

/// Where the stream ends.
async fn head_of(connection: &Connection, stream: &str) -> Result<Position, ReadError> {
    let info = connection.ask(ASK_PATIENCE, || stream::info(&connection.client, stream)).await?;
    info.map(|info| Position(info.state.last_sequence))
        .ok_or_else(|| ReadError::Unreachable { reason: format!("there is no stream {stream}") })
}

/// What a body is taken for that stands where its writer may write and says that it stands elsewhere, or is
/// of a type that its writer does not write: readers set it aside as they do whatever is no event.
const MISPLACED: Bytes =
    Bytes::from_static(b"an event of another subject or service than the one it was written to");

/// The body of a message, where it may stand where it was found.
fn in_its_place(position: Position, subject: &str, body: Bytes) -> Bytes {
    if may_stand_on(&body, subject) {
        return body;
    }
    metrics::counter!("oversight_log_misplaced_total").increment(1);
    tracing::error!(%position, subject, "a user of the broker wrote an event in the name of another, which no one reads");
    MISPLACED
}

impl EventLog for NatsLog {
    fn append(&self, event: NewEvent, expected: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        Box::pin(self.append_event(event, expected, None))
    }

    fn append_after(
        &self,
        event: NewEvent,
        expected: Position,
        last: Uuid,
    ) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        Box::pin(self.append_event(event, expected, Some(last)))
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        Box::pin(self.last_event(subject))
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        Box::pin(self.events_of(subject, after))
    }

    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        Box::pin(async move {
            if position == Position::START {
                return Ok(None);
            }
            let message = self.ask(|| self.stream.get_raw_message(position.0)).await?;
            Ok(message.map(|message| self.recorded(message)))
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        Box::pin(head_of(&self.connection, &self.stream_name))
    }

    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        Box::pin(self.new_reader(after))
    }

    fn describe(&self) -> Description {
        Description { place: self.url.to_string(), durability: self.durability }
    }
}
