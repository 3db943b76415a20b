//! What is written down of who came and what they took: records on the access log.
//!
//! A record that must not be lost (a sign-in, an export) is written before the request is answered.
//! One that a flood could make (a refusal, a look at what is sensitive) goes through a queue: while
//! it is full records are dropped and counted, and the process goes on.

use metrics::counter;
use proto::{AggregateId, By, Envelope, EventHash, Position, Service, Stream, Subject, access::AccessEvent};
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    clock::Clock,
    ids::{self, CommandId},
    log::{AppendError, Log, NewEvent},
    problem::Problem,
    task::Tasks,
};

/// Records that may wait to be written.
const WAITING_MAX: usize = 16 * 1024;

/// How often a record is tried again before it is given up.
const TRIES_MAX: u32 = 5;

/// The first pause before another try; each later one is twice as long.
const PAUSE_FIRST: std::time::Duration = std::time::Duration::from_millis(100);

/// A record to be written.
#[derive(Debug)]
pub struct Record {
    /// By which service of the process.
    pub service: Service,
    /// Who.
    pub by: By,
    /// The request it came with.
    pub request: Option<Uuid>,
    /// What.
    pub event: AccessEvent,
}

#[derive(Debug)]
struct Waiting {
    record: Record,
    written: Option<oneshot::Sender<Result<Position, AppendError>>>,
}

/// Takes records.
#[derive(Debug, Clone)]
pub struct Recorder(Option<mpsc::Sender<Waiting>>);

impl Recorder {
    /// Writes to the access log, in the background.
    pub fn start(log: Log, clock: Clock, tasks: &Tasks) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let chain = Chain { log, clock, start: ids::fresh(), last: FxHashMap::default() };
        tasks.watch_to_the_end("access-records", chain.write(receiver, tasks.stop().clone()));
        Self(Some(sender))
    }

    /// Writes nothing: where a test is about something else.
    pub fn none() -> Self {
        Self(None)
    }

    /// Puts a record into the queue.
    pub fn note(&self, record: Record) {
        let Some(sender) = &self.0 else { return };
        if sender.try_send(Waiting { record, written: None }).is_err() {
            counter!("oversight_access_records_dropped_total").increment(1);
            tracing::error!("a record of access was dropped: too many wait to be written");
        }
    }

    /// Writes a record before it returns.
    pub async fn write(&self, record: Record) -> Result<(), Problem> {
        let Some(sender) = &self.0 else { return Ok(()) };
        let (written, answer) = oneshot::channel();
        let lost = || Problem::unavailable("this cannot be recorded now, and so it is not done");
        sender.send(Waiting { record, written: Some(written) }).await.map_err(|_| lost())?;
        match answer.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "a record of access could not be written");
                Err(lost())
            }
            Err(_) => Err(lost()),
        }
    }
}

/// The last event of an aggregate.
type Last = (Position, Uuid, EventHash);

/// Writes the records of one process, each service's in a chain of its own.
struct Chain {
    log: Log,
    clock: Clock,
    start: Uuid,
    last: FxHashMap<Service, Last>,
}

impl Chain {
    async fn write(
        mut self,
        mut waiting: mpsc::Receiver<Waiting>,
        stop: tokio_util::sync::CancellationToken,
    ) {
        loop {
            let next = tokio::select! {
                next = waiting.recv() => next,
                // What already waits is still written.
                () = stop.cancelled() => waiting.try_recv().ok(),
            };
            let Some(Waiting { record, written }) = next else { return };
            let outcome = self.append(record).await;
            if let Err(error) = &outcome {
                counter!("oversight_access_records_dropped_total").increment(1);
                tracing::error!(%error, "a record of access could not be written");
            }
            if let Some(written) = written {
                // Nobody waits any more where the request was given up.
                let _ = written.send(outcome);
            }
        }
    }

    async fn append(&mut self, record: Record) -> Result<Position, AppendError> {
        let refuse = |reason: String| AppendError::Refused { reason };
        let Record { service, by, request, event } = record;
        let aggregate: AggregateId =
            format!("record-{}", self.start).parse().map_err(|error| refuse(format!("{error}")))?;
        let subject = Subject::on(Stream::Access, service, &aggregate);
        let command = CommandId::fresh();
        let last = self.last.get(&service).copied();
        let envelope = Envelope {
            id: command.event_id(),
            subject: subject.clone(),
            time: self.clock.now(),
            by,
            effective: None,
            command_id: Some(command.uuid()),
            correlation_id: request,
            causation_id: None,
            previous: last.map(|(_, _, hash)| hash),
        };
        let body = bytes::Bytes::from(envelope.encode(&event).map_err(|error| refuse(error.to_string()))?);
        let mut pause = PAUSE_FIRST;
        for attempt in 1.. {
            let new = NewEvent { id: envelope.id, subject: subject.clone(), body: body.clone() };
            let appended = match last {
                Some((position, id, _)) => self.log.append_after(new, position, id).await,
                None => self.log.append(new, Position::START).await,
            };
            match appended {
                Ok(receipt) => {
                    self.last.insert(service, (receipt.position, envelope.id, EventHash::of(&body)));
                    return Ok(receipt.position);
                }
                // The same id is never written twice, so trying again is safe.
                Err(AppendError::Unreachable { .. } | AppendError::OutcomeUnknown { .. })
                    if attempt < TRIES_MAX =>
                {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => return Err(error),
            }
        }
        Err(refuse("it was tried too often".to_owned()))
    }
}
