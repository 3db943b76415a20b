//! The log: the only truth. One trait, two implementations, chosen by URL.
//!
//! | URL | implementation |
//! | --- | --- |
//! | `file:PATH` | [`file`]: redb in this process, one writer with group commit |
//! | `nats://HOST:PORT` | [`nats`]: a JetStream stream |
//!
//! What both promise (and `tests/log_conformance.rs` checks of both):
//! - positions are 1, 2, 3 … without a gap, in one total order;
//! - an acknowledged event survives `kill -9`;
//! - of several appends expecting the same last position of a subject exactly one is written;
//! - an append of an event id that is already the log's is answered with the first receipt;
//! - a reader sees every event after its position once, in order, and then live.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use proto::{Position, Subject};
use uuid::Uuid;

pub mod file;
pub mod nats;
mod url;

pub use url::{LogUrl, LogUrlError, NatsServer, NatsUrl};

/// The most bytes of one event's body: an event is a fact, not a file.
pub const EVENT_MAX_BYTES: usize = 256 * 1024;

/// The most events of one batch handed out by a reader.
pub const BATCH_MAX_EVENTS: usize = 4096;

/// How long an append may stay unanswered before its outcome is looked up.
pub const APPEND_TIMEOUT: Duration = Duration::from_secs(5);

/// A shared handle on the log.
pub type Log = Arc<dyn EventLog>;

/// What a log is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be read and written: it must be whole.
    Work,
    /// To be restored into: it may have lost its end, which is about to come again.
    Restore,
    /// To be read alone, and be it damaged: nothing of it is changed.
    Read,
}

/// Opens the log that a URL names.
pub async fn open(url: &LogUrl) -> Result<Log, OpenError> {
    open_for(url, Purpose::Work).await
}

/// The same for a purpose.
pub async fn open_for(url: &LogUrl, purpose: Purpose) -> Result<Log, OpenError> {
    match url {
        LogUrl::File(path) => file::open(path, purpose).await,
        LogUrl::Nats(nats) => Ok(Arc::new(nats::NatsLog::connect(nats).await?)),
    }
}

/// An event to be written.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id; the same id is never written twice.
    pub id: Uuid,
    /// Where it stands.
    pub subject: Subject,
    /// The CloudEvents object.
    pub body: Bytes,
}

/// An event as the log holds it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number in the one total order.
    pub position: Position,
    /// The CloudEvents object.
    pub body: Bytes,
}

/// The log's answer to an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Where the event stands.
    pub position: Position,
    /// Whether this append wrote it, or found it written.
    pub written: Written,
}

/// Whether an append wrote its event or found it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Now.
    Now,
    /// By an earlier append with the same event id.
    Before,
}

/// Some events in order, and how far the log went when they were read.
#[derive(Debug, Clone)]
pub struct Batch {
    /// At least one event, at most [`BATCH_MAX_EVENTS`].
    pub events: Vec<Recorded>,
    /// The last position the reader knows the log to have; never behind the events.
    pub head: Position,
}

/// What a log says of itself, for logs and `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Where it is, without secrets.
    pub place: String,
    /// When an append is acknowledged.
    pub durability: Durability,
}

/// When an append is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// After it is synced to disk.
    Synced,
    /// After so many replicas hold it, each perhaps only in memory.
    Replicated(u8),
    /// Before it is synced, by a single server: a power cut may lose acknowledged events.
    Unsynced,
    /// The server does not let us see.
    Unknown,
}

/// Why an append was not (known to be) written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The subject's last event is not the expected one; nothing was written.
    #[error("the aggregate has moved on to position {last}")]
    Conflict {
        /// Where its last event stands.
        last: Position,
    },
    /// The log could not be reached before anything was sent; nothing was written.
    #[error("the event log is out of reach: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The event may or may not be written, and the log could not be asked. Repeating the same
    /// command (the same event id) is safe.
    #[error("the outcome of the write is not known: {reason}")]
    OutcomeUnknown {
        /// What happened.
        reason: String,
    },
    /// The body is larger than [`EVENT_MAX_BYTES`].
    #[error("an event of {bytes} bytes is larger than the {EVENT_MAX_BYTES} allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The log has no room left; nothing was written.
    #[error("the event log is full: {reason}")]
    Full {
        /// What the store said.
        reason: String,
    },
    /// The log refuses this writer; nothing was written.
    #[error("the event log refuses the write: {reason}")]
    Refused {
        /// What the server said.
        reason: String,
    },
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Out of reach; try again.
    #[error("the event log is out of reach: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// What was read is not what was written. Asking again changes nothing.
    #[error("the event log is damaged behind position {}: {reason}", before(*position))]
    Damaged {
        /// The first position that cannot be read.
        position: Position,
        /// What was wrong.
        reason: String,
    },
}

impl ReadError {
    /// Writes down that someone who follows a log cannot read on. That a log is out of reach is told once for all of the
    /// process ([`crate::vitals`]).
    pub fn note(&self, who: &str, position: Position) {
        match self {
            ReadError::Unreachable { .. } => {
                tracing::debug!(error = %self, %position, "{who} cannot read on and tries again");
            }
            ReadError::Damaged { .. } => {
                tracing::warn!(error = %self, %position, "{who} cannot read on and tries again");
            }
        }
    }
}

/// Up to where a damaged log can be read, and what is wrong behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event log is damaged behind position {last}: {reason}")]
pub struct Damage {
    /// The last position that can be read.
    pub last: Position,
    /// What is wrong.
    pub reason: String,
}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        ReadError::Damaged { position: damage.last.next(), reason: damage.reason }
    }
}

fn before(position: Position) -> Position {
    Position(position.0.saturating_sub(1))
}

/// After a follower could not read on: waits before it tries again. Over a damaged log it stands still for good, since
/// trying again changes nothing; `/readyz` says what is wrong.
pub async fn pause_after(error: &ReadError, pause: Duration) {
    match error {
        ReadError::Unreachable { .. } => tokio::time::sleep(pause).await,
        ReadError::Damaged { .. } => {
            tracing::error!(%error, "nothing behind this position is read any more");
            std::future::pending().await
        }
    }
}

/// Why a log could not be opened. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or folder cannot be used.
    #[error("cannot open the event log {path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// What is in the file is not what was written.
    #[error(
        "the event log {path} is damaged behind position {last}: {reason}. Copy what is readable (`oversight backup`, \
         with --log), move the file away and restore the last backup into a new one"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// The last position that can be read.
        last: Position,
        /// What is wrong.
        reason: String,
    },
    /// Written by a newer version.
    #[error("the event log {path} has format {found}; this build reads up to {known}: use the newer build")]
    Newer {
        /// Which file.
        path: String,
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The server cannot be used.
    #[error("cannot use the event log at {place}: {reason}")]
    Server {
        /// Where, without secrets.
        place: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// The log.
pub trait EventLog: fmt::Debug + Send + Sync + 'static {
    /// Writes an event after the subject's last one, which must stand at `expected`
    /// ([`Position::START`]: the subject has none). Answers once the event is durable.
    fn append(&self, event: NewEvent, expected: Position) -> BoxFuture<'_, Result<Receipt, AppendError>>;

    /// The same for a caller that knows the id of the event at `expected`. Nothing has to be looked
    /// up then before the event is sent, and so appends that are first polled one after the other
    /// keep their order.
    fn append_after(
        &self,
        event: NewEvent,
        expected: Position,
        last: Uuid,
    ) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        let _ = last;
        self.append(event, expected)
    }

    /// The last event of a subject, read from the leader.
    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>>;

    /// The events of a subject after a position, in order.
    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>>;

    /// The event at a position.
    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>>;

    /// The position of the last event.
    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>>;

    /// All events after a position, then live.
    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>>;

    /// The same in small batches, with nothing fetched ahead: for whoever hands the events on to someone who may be slow
    /// to take them, while what was read is held.
    fn read_sparingly(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.read(after)
    }

    /// What it is.
    fn describe(&self) -> Description;

    /// What is wrong with it for good, where that is known.
    fn damage(&self) -> Option<Damage> {
        None
    }
}

/// Reads on and on.
pub trait Reader: Send {
    /// The next events; waits until there is at least one. After an error the reader goes on from
    /// where it was: calling again retries. Dropping the future half-way loses nothing.
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ReadError>>;
}
