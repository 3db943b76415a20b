//! What is written down of who came and what they took: records on the access log.
//!
//! A record that must not be lost (a sign-in, an export) is written before the request is answered, and
//! before all others. Looks at what is sensitive go through a queue of their own, and refusals, which a
//! flood could make, through another: while one is full its records are dropped and counted, and the
//! process goes on. No flood of refusals keeps a look out.

use std::time::Duration;

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

/// Records that may wait to be written, of each sort.
const WAITING_MAX: usize = 16 * 1024;

/// Requests that may wait for their record.
const REQUESTS_MAX: usize = 256;

/// How long a process that stops may still write what waits.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a record is tried again before it is given up.
const TRIES_MAX: u32 = 5;

/// The first pause before another try; each later one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(100);

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
struct Asked {
    record: Record,
    written: oneshot::Sender<Result<Position, AppendError>>,
}

/// Takes records.
#[derive(Debug, Clone)]
pub struct Recorder(Option<Desks>);

/// Where records are handed in, by how much they matter.
#[derive(Debug, Clone)]
struct Desks {
    asked: mpsc::Sender<Asked>,
    looks: mpsc::Sender<Record>,
    refusals: mpsc::Sender<Record>,
}

/// Where they wait.
struct Waiting {
    asked: mpsc::Receiver<Asked>,
    looks: mpsc::Receiver<Record>,
    refusals: mpsc::Receiver<Record>,
}

impl Waiting {
    /// The next one, what matters most first; none once no one can hand in any more.
    async fn next(&mut self) -> Option<(Record, Option<oneshot::Sender<Result<Position, AppendError>>>)> {
        tokio::select! {
            biased;
            Some(Asked { record, written }) = self.asked.recv() => Some((record, Some(written))),
            Some(record) = self.looks.recv() => Some((record, None)),
            Some(record) = self.refusals.recv() => Some((record, None)),
            else => None,
        }
    }

    /// Takes no more; what waits already still comes.
    fn close(&mut self) {
        self.asked.close();
        self.looks.close();
        self.refusals.close();
    }

    fn len(&self) -> usize {
        self.asked.len() + self.looks.len() + self.refusals.len()
    }
}

fn count_dropped(records: u64) {
    counter!("oversight_access_records_dropped_total").increment(records);
}

impl Recorder {
    /// Writes to the access log, in the background.
    pub fn start(log: Log, clock: Clock, tasks: &Tasks) -> Self {
        let (asked, to_ask) = mpsc::channel(REQUESTS_MAX);
        let (looks, to_look) = mpsc::channel(WAITING_MAX);
        let (refusals, to_refuse) = mpsc::channel(WAITING_MAX);
        let waiting = Waiting { asked: to_ask, looks: to_look, refusals: to_refuse };
        let chain = Chain { log, clock, start: ids::fresh(), last: FxHashMap::default() };
        tasks.watch_to_the_end("access-records", chain.write(waiting, tasks.stop().clone()));
        Self(Some(Desks { asked, looks, refusals }))
    }

    /// Writes nothing: where a test is about something else.
    pub fn none() -> Self {
        Self(None)
    }

    /// Puts a record into its queue.
    pub fn note(&self, record: Record) {
        let Some(desks) = &self.0 else { return };
        let desk = match record.event {
            AccessEvent::Refused(_) | AccessEvent::SignInRefused(_) => &desks.refusals,
            _ => &desks.looks,
        };
        if desk.try_send(record).is_err() {
            count_dropped(1);
            tracing::error!("a record of access was dropped: too many wait to be written");
        }
    }

    /// Writes a record before it returns, and says where it stands.
    pub async fn write(&self, record: Record) -> Result<Position, Problem> {
        let Some(desks) = &self.0 else { return Ok(Position::START) };
        let (written, answer) = oneshot::channel();
        let lost = || Problem::unavailable("this cannot be recorded now, and so it is not done");
        desks.asked.send(Asked { record, written }).await.map_err(|_| lost())?;
        match answer.await {
            Ok(Ok(position)) => Ok(position),
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
    async fn write(mut self, mut waiting: Waiting, stop: tokio_util::sync::CancellationToken) {
        while let Some(Some((record, written))) = stop.run_until_cancelled(waiting.next()).await {
            self.write_one(record, written).await;
        }
        // What already waits is still written, for as long as that may take.
        waiting.close();
        let rest = async {
            while let Some((record, written)) = waiting.next().await {
                self.write_one(record, written).await;
            }
        };
        if tokio::time::timeout(STOP_TIMEOUT, rest).await.is_err() {
            let left = waiting.len();
            count_dropped(left as u64);
            tracing::error!(left, "records of access were not written in time, and are lost");
        }
    }

    async fn write_one(
        &mut self,
        record: Record,
        written: Option<oneshot::Sender<Result<Position, AppendError>>>,
    ) {
        let outcome = self.append(record).await;
        if let Err(error) = &outcome {
            count_dropped(1);
            tracing::error!(%error, "a record of access could not be written");
        }
        if let Some(written) = written {
            // No one waits any more where the request was given up.
            let _ = written.send(outcome);
        }
    }

    /// Appends a record to the chain of its service, or begins a new chain with it where the one there
    /// is has moved on: after an answer that never came, or because someone else wrote there.
    async fn append(&mut self, record: Record) -> Result<Position, AppendError> {
        match self.append_to(&record).await {
            Err(AppendError::Conflict { .. }) => {
                tracing::warn!(service = %record.service, "the records of access go on in a new chain");
                self.start = ids::fresh();
                self.last.clear();
                self.append_to(&record).await
            }
            outcome => outcome,
        }
    }

    async fn append_to(&mut self, record: &Record) -> Result<Position, AppendError> {
        let refuse = |reason: String| AppendError::Refused { reason };
        let Record { service, by, request, event } = record;
        let aggregate: AggregateId =
            format!("record-{}", self.start).parse().map_err(|error| refuse(format!("{error}")))?;
        let subject = Subject::on(Stream::Access, *service, &aggregate);
        let command = CommandId::fresh();
        let last = self.last.get(service).copied();
        let envelope = Envelope {
            id: command.event_id(),
            subject: subject.clone(),
            time: self.clock.machine_now(),
            by: by.clone(),
            effective: None,
            command_id: Some(command.uuid()),
            command_content: None,
            correlation_id: *request,
            causation_id: None,
            previous: last.map(|(_, _, hash)| hash),
        };
        let body = bytes::Bytes::from(envelope.encode(event).map_err(|error| refuse(error.to_string()))?);
        let mut pause = PAUSE_FIRST;
        for attempt in 1.. {
            let new = NewEvent { id: envelope.id, subject: subject.clone(), body: body.clone() };
            let appended = match last {
                Some((position, id, _)) => self.log.append_after(new, position, id).await,
                None => self.log.append(new, Position::START).await,
            };
            match appended {
                Ok(receipt) => {
                    self.last.insert(*service, (receipt.position, envelope.id, EventHash::of(&body)));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proto::{
        Header,
        access::{Refused, SensitiveRead},
    };

    use super::*;
    use crate::log::file::FileLog;

    fn record(event: impl Into<AccessEvent>) -> Record {
        Record { service: Service::Suppliers, by: By::system("test"), request: None, event: event.into() }
    }

    fn look() -> Record {
        record(SensitiveRead { action: "suppliers/view-purchases".to_owned(), about: None })
    }

    fn refusal() -> Record {
        record(Refused { action: "suppliers/check".to_owned(), about: None, status: 404 })
    }

    async fn log(folder: &tempfile::TempDir) -> Log {
        Arc::new(FileLog::open(&folder.path().join("access.redb")).await.unwrap())
    }

    #[tokio::test]
    async fn where_someone_else_wrote_into_its_chain_records_go_on_in_another() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder).await;
        let tasks = Tasks::new();
        let recorder = Recorder::start(log.clone(), Clock::system(), &tasks);
        recorder.write(look()).await.unwrap();
        let first = log.at(Position(1)).await.unwrap().unwrap();
        let subject: Subject = Header::read(&first.body).unwrap().subject.parse().unwrap();
        let foreign = NewEvent { id: ids::fresh(), subject: subject.clone(), body: "laid there".into() };
        log.append(foreign, Position(1)).await.unwrap();
        for position in 3..=4 {
            recorder.write(look()).await.unwrap();
            let next = log.at(Position(position)).await.unwrap().unwrap();
            assert_ne!(Header::read(&next.body).unwrap().subject, subject.as_str());
        }
        tasks.stop().cancel();
        tasks.finish().await;
    }

    #[tokio::test]
    async fn no_flood_of_refusals_keeps_a_look_or_a_request_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder).await;
        let tasks = Tasks::new();
        let recorder = Recorder::start(log.clone(), Clock::system(), &tasks);
        // Nothing runs in between: this test has one thread.
        for _ in 0..2 * WAITING_MAX {
            recorder.note(refusal());
        }
        recorder.note(look());
        recorder.write(look()).await.unwrap();
        let before = log.head().await.unwrap();
        assert!(before < Position(1_000), "it did not wait for the refusals: {before}");
        tasks.stop().cancel();
        tasks.finish().await;
        let head = log.head().await.unwrap();
        assert!(head >= Position(before.0 + 1), "what waited was written at the end: {head}");
        assert!(head <= Position(WAITING_MAX as u64 + 3), "the rest was dropped: {head}");
    }
}
