//! Puts the events of a backup on a log, at the same positions and byte for byte.

use std::io::BufRead;

use chassis::{
    CommandId,
    log::{AppendError, EventLog, Log, NewEvent, ReadError, Receipt, Recorded},
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesOrdered};
use proto::{AggregateId, Position, Service, Stream, Subject, envelope::ChainLink};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use crate::backup::{BackupError, Reader};

/// How many appends are under way at once.
const APPENDS_IN_FLIGHT: usize = 1_024;

/// Why nothing, or not all, was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log did not take an event.
    #[error(
        "position {position} was not restored: {error}; run the same command again, which goes on from there"
    )]
    Append {
        /// Which one.
        position: Position,
        /// Why.
        error: AppendError,
    },
    /// The log holds other events.
    #[error("the log holds another event than the backup at position {0}: restore into an empty log")]
    OtherEvents(Position),
    /// The log holds more events.
    #[error("the log holds events beyond the backup's last position {0}: restore into an empty log")]
    MoreEvents(Position),
    /// Someone else writes to the log.
    #[error(
        "position {0} went to another event: someone else writes to this log; restore into one that no one uses"
    )]
    Disturbed(Position),
}

/// Reads a backup from end to end; nothing is believed before.
pub fn check<R: BufRead>(mut backup: Reader<R>, mut on: impl FnMut(Position)) -> Result<u64, RestoreError> {
    let mut count = 0;
    while let Some(event) = backup.next_event()? {
        count += 1;
        on(event.position);
    }
    Ok(count)
}

/// Compares what the log holds with the beginning of a backup; how much it holds.
pub async fn compare<R: BufRead>(
    mut backup: Reader<R>,
    log: &dyn EventLog,
) -> Result<Position, RestoreError> {
    let head = log.head().await?;
    if head > backup.heading().last {
        return Err(RestoreError::MoreEvents(backup.heading().last));
    }
    let mut compared = Position::START;
    if head == Position::START {
        return Ok(compared);
    }
    let mut reader = log.read(Position::START).await?;
    while compared < head {
        for there in reader.next().await?.events {
            let same = backup
                .next_event()?
                .is_some_and(|event| event.position == there.position && event.body == there.body);
            if !same {
                return Err(RestoreError::OtherEvents(there.position));
            }
            compared = there.position;
        }
    }
    Ok(compared)
}

/// What a log takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Any appends, in order: the log of this process.
    Any,
    /// One of each aggregate: a broker. Replicas refuse an append to an aggregate while another is
    /// under way, and it would lose its place when it is repeated.
    OneOfEach,
}

/// Appends what comes after a position that [`compare`] has found equal.
pub async fn append<R: BufRead>(
    mut backup: Reader<R>,
    log: &Log,
    after: Position,
    stream: Stream,
    pace: Pace,
    mut on: impl FnMut(Position),
) -> Result<(), RestoreError> {
    let mut homes = Homes { stream, given: FxHashSet::default() };
    let mut tails: FxHashMap<Subject, (Position, Uuid)> = FxHashMap::default();
    let mut answered = after;
    let mut flight: FuturesOrdered<BoxFuture<'static, (Position, Result<Receipt, AppendError>)>> =
        FuturesOrdered::new();
    while let Some(event) = backup.next_event()? {
        let position = event.position;
        let (id, subject) = homes.of(&event)?;
        let last = tails.insert(subject.clone(), (position, id));
        if position <= after {
            continue;
        }
        let first = match (pace, last) {
            (Pace::OneOfEach, Some((last, _))) => last,
            _ => Position::START,
        };
        // A full flight lands whole: topped up one by one, the log would commit them one by one.
        let full = flight.len() >= APPENDS_IN_FLIGHT;
        while (full || answered < first)
            && let Some((position, answer)) = flight.next().await
        {
            settled(position, answer)?;
            answered = position;
            on(position);
        }
        let log = log.clone();
        // In this order, as the loader of the synthetic England does, or positions would change.
        // Nothing may be looked up on the way for the same reason.
        let mut append: BoxFuture<'static, _> = Box::pin(tokio::task::unconstrained(async move {
            let event = NewEvent { id, subject, body: event.body };
            let receipt = match last {
                None => log.append(event, Position::START).await,
                Some((expected, last)) => log.append_after(event, expected, last).await,
            };
            (position, receipt)
        }));
        match futures::poll!(&mut append) {
            std::task::Poll::Ready(answer) => flight.push_back(Box::pin(std::future::ready(answer))),
            std::task::Poll::Pending => flight.push_back(append),
        }
    }
    while let Some((position, answer)) = flight.next().await {
        settled(position, answer)?;
        on(position);
    }
    Ok(())
}

fn settled(position: Position, answer: Result<Receipt, AppendError>) -> Result<(), RestoreError> {
    match answer {
        Ok(receipt) if receipt.position == position => Ok(()),
        Ok(_) | Err(AppendError::Conflict { .. }) => Err(RestoreError::Disturbed(position)),
        Err(error) => Err(RestoreError::Append { position, error }),
    }
}

/// Finds out where events belong.
struct Homes {
    stream: Stream,
    /// The ids that a log has taken already: it takes none twice.
    given: FxHashSet<Uuid>,
}

impl Homes {
    /// The id and subject of an event. What is none, is of the other stream, or has the id of an event
    /// before it, no one reads; it keeps its position, under an id and a subject made from that.
    fn of(&mut self, event: &Recorded) -> Result<(Uuid, Subject), RestoreError> {
        if let Some((id, subject)) = home_of(event)
            && subject.stream() == self.stream
            && self.given.insert(id)
        {
            return Ok((id, subject));
        }
        let position = event.position;
        let nameless = |error: proto::codes::CodeError| RestoreError::Append {
            position,
            error: AppendError::Refused { reason: error.to_string() },
        };
        let aggregate: AggregateId = format!("set-aside-{position}").parse().map_err(nameless)?;
        let id = CommandId::keyed("restore what was set aside", &position.to_string()).event_id();
        Ok((id, Subject::on(self.stream, Service::Organisations, &aggregate)))
    }
}

fn home_of(event: &Recorded) -> Option<(Uuid, Subject)> {
    let link = ChainLink::read(&event.body).ok()?;
    Some((link.id, link.subject.parse().ok()?))
}
