//! A stretch of the log: from a position, of one service or all, to the end or on and on.

use std::time::Duration;

use chassis::log::{Log, ReadError, Reader, Recorded};
use proto::{Position, Service, Subject};
use serde::Deserialize;

/// How long to wait before a log that is out of reach is asked again, while following.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Which events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first position.
    pub from: Position,
    /// Of one service alone.
    pub service: Option<Service>,
    /// Where it ends.
    pub until: Until,
    /// The most events.
    pub limit: Option<u64>,
}

/// Where a stretch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// At the event that is the last one when it begins.
    Now,
    /// Never: it waits for new events.
    Stopped,
}

impl Stretch {
    /// All there is now.
    pub fn everything() -> Self {
        Self { from: Position::START.next(), service: None, until: Until::Now, limit: None }
    }
}

/// Reads a stretch.
pub struct Tail {
    /// Kept open as long as it is read.
    _log: Log,
    reader: Box<dyn Reader>,
    stretch: Stretch,
    head: Position,
    left: u64,
    done: bool,
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail")
            .field("stretch", &self.stretch)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl Tail {
    /// Begins to read.
    pub async fn open(log: Log, stretch: Stretch) -> Result<Self, ReadError> {
        let head = log.head().await?;
        let after = Position(stretch.from.0.saturating_sub(1));
        let reader = log.read_sparingly(after).await?;
        let left = stretch.limit.unwrap_or(u64::MAX);
        let done = left == 0 || (stretch.until == Until::Now && head <= after);
        Ok(Self { _log: log, reader, stretch, head, left, done })
    }

    /// The last position of the log when the reading began.
    pub fn head(&self) -> Position {
        self.head
    }

    /// The next events that whoever asks may read, perhaps none of a batch; nothing at the end. What they
    /// may not read counts for nothing, not for the limit either.
    pub async fn next(
        &mut self,
        may_read: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Vec<Recorded>>, ReadError> {
        if self.done {
            return Ok(None);
        }
        let batch = loop {
            match self.reader.next().await {
                Ok(batch) => break batch,
                Err(error @ ReadError::Unreachable { .. }) if self.stretch.until == Until::Stopped => {
                    error.note("an event feed", self.head);
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(error) => return Err(error),
            }
        };
        let mut events = batch.events;
        if self.stretch.until == Until::Now {
            self.done = events.last().is_some_and(|event| event.position >= self.head);
            events.retain(|event| event.position <= self.head);
        }
        if let Some(service) = self.stretch.service {
            events.retain(|event| is_of(&event.body, service));
        }
        events.retain(|event| may_read(&event.body));
        events.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= events.len() as u64;
        self.done |= self.left == 0;
        Ok(Some(events))
    }
}

/// Whether an event is of a service. A body without a subject is of none.
fn is_of(body: &[u8], service: Service) -> bool {
    #[derive(Deserialize)]
    struct Standing<'a> {
        #[serde(borrow)]
        subject: std::borrow::Cow<'a, str>,
    }
    serde_json::from_slice::<Standing>(body)
        .is_ok_and(|standing| standing.subject.parse::<Subject>().is_ok_and(|s| s.service() == service))
}
