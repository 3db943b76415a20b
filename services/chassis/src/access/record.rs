//! What is written down of who came and what they took: records on the access log.
//!
//! A record that must not be lost (a sign-in, an export) is written before the request is answered, and
//! before all others. Looks at what is sensitive go through a queue of their own, and refusals, which a
//! flood could make, through another. Of what one holder does in a minute so much is recorded one by one, and the
//! rest is counted ([`Counted`]): no one fills a queue, or the log, for others. Where a queue is full all the same,
//! what does not fit is counted too.

use std::time::Duration;

use metrics::counter;
use proto::{AggregateId, By, Envelope, EventHash, Position, Service, Stream, Subject, access::AccessEvent};
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::counted::{Admitted, Counted, Place, Sort};
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

/// How long a process that stops may still write what waits: it has to end in time, whatever the disk does.
const STOP_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How often it is looked whether a minute is over of which something was counted.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the log tells of records that could not be written.
const TELL_EVERY: Duration = Duration::from_secs(60);

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

/// A record in its place of a queue.
#[derive(Debug)]
struct Noted {
    record: Record,
    place: Option<Place>,
}

#[derive(Debug)]
struct Asked {
    noted: Noted,
    written: oneshot::Sender<Result<Position, AppendError>>,
}

/// Takes records.
#[derive(Debug, Clone)]
pub struct Recorder(Option<Desks>);

/// Where records are handed in, by how much they matter.
#[derive(Debug, Clone)]
struct Desks {
    asked: mpsc::Sender<Asked>,
    looks: mpsc::Sender<Noted>,
    refusals: mpsc::Sender<Noted>,
    counted: Counted,
    clock: Clock,
}

/// Where they wait.
struct Waiting {
    asked: mpsc::Receiver<Asked>,
    looks: mpsc::Receiver<Noted>,
    refusals: mpsc::Receiver<Noted>,
}

/// One that waited, and whoever waits for it.
type Next = (Noted, Option<oneshot::Sender<Result<Position, AppendError>>>);

impl Waiting {
    /// The next one, what matters most first; none once no one can hand in any more.
    async fn next(&mut self) -> Option<Next> {
        tokio::select! {
            biased;
            Some(Asked { noted, written }) = self.asked.recv() => Some((noted, Some(written))),
            Some(noted) = self.looks.recv() => Some((noted, None)),
            Some(noted) = self.refusals.recv() => Some((noted, None)),
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
        let counted = Counted::default();
        let chain = Chain {
            log,
            clock: clock.clone(),
            start: ids::fresh(),
            last: FxHashMap::default(),
            counted: counted.clone(),
            untold: Untold::default(),
        };
        tasks.watch_to_the_end("access-records", chain.write(waiting, tasks.stop().clone()));
        Self(Some(Desks { asked, looks, refusals, counted, clock }))
    }

    /// Writes nothing: where a test is about something else.
    pub fn none() -> Self {
        Self(None)
    }

    /// Puts a record into its queue, or counts it where there were too many of its holder.
    pub fn note(&self, record: Record) {
        let Some(desks) = &self.0 else { return };
        let Some((record, place)) = desks.admit(record) else { return };
        let desk = match Sort::of(&record.event) {
            Some(Sort::Refusal | Sort::SignIn) => &desks.refusals,
            _ => &desks.looks,
        };
        if let Err(error) = desk.try_send(Noted { record, place }) {
            count_dropped(1);
            let (mpsc::error::TrySendError::Full(noted) | mpsc::error::TrySendError::Closed(noted)) = error;
            desks.counted.count(noted.record, desks.clock.machine_now());
        }
    }

    /// Writes a record before it returns, and says where it stands: nowhere by itself, where there were too many of its
    /// holder and it was counted.
    pub async fn write(&self, record: Record) -> Result<Position, Problem> {
        let Some(desks) = &self.0 else { return Ok(Position::START) };
        let Some((record, place)) = desks.admit(record) else { return Ok(Position::START) };
        let (written, answer) = oneshot::channel();
        let lost = || Problem::unavailable("this cannot be recorded now, and so it is not done");
        desks.asked.send(Asked { noted: Noted { record, place }, written }).await.map_err(|_| lost())?;
        match answer.await {
            Ok(Ok(position)) => Ok(position),
            Ok(Err(_)) | Err(_) => Err(lost()),
        }
    }
}

impl Desks {
    fn admit(&self, record: Record) -> Admitted {
        let admitted = self.counted.admit(record, self.clock.machine_now());
        if admitted.is_none() {
            counter!("oversight_access_records_counted_total").increment(1);
        }
        admitted
    }
}

/// The last event of an aggregate.
type Last = (Position, Uuid, EventHash);

/// What became of records otherwise than each of them written, and of which no line has told yet.
#[derive(Debug, Default)]
struct Untold {
    counted: u64,
    unwritten: u64,
    reason: String,
    told: Option<tokio::time::Instant>,
}

impl Untold {
    fn note_unwritten(&mut self, error: &AppendError) {
        self.unwritten += 1;
        self.reason = error.to_string();
        self.tell();
    }

    /// Tells of them, unless it did so a moment ago.
    fn tell(&mut self) {
        let is_early = self.told.is_some_and(|told| told.elapsed() < TELL_EVERY);
        if is_early || self.unwritten + self.counted == 0 {
            return;
        }
        let Self { counted, unwritten, reason, .. } = std::mem::take(self);
        if unwritten > 0 {
            tracing::error!(records = unwritten, reason, "records of access could not be written");
        }
        if counted > 0 {
            tracing::warn!(records = counted, "more was done within a minute than is recorded one by one");
        }
        self.told = Some(tokio::time::Instant::now());
    }
}

/// Writes the records of one process, each service's in a chain of its own.
struct Chain {
    log: Log,
    clock: Clock,
    start: Uuid,
    last: FxHashMap<Service, Last>,
    counted: Counted,
    untold: Untold,
}

impl Chain {
    async fn write(mut self, mut waiting: Waiting, stop: tokio_util::sync::CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = look.tick() => {
                    self.untold.tell();
                    self.write_counted(self.counted.due(self.clock.machine_now())).await;
                }
                next = waiting.next() => match next {
                    Some((noted, written)) => self.write_one(noted, written).await,
                    None => break,
                },
            }
        }
        // What already waits is still written, for as long as that may take.
        waiting.close();
        let rest = async {
            while let Some((noted, written)) = waiting.next().await {
                self.write_one(noted, written).await;
            }
            self.write_counted(self.counted.rest()).await;
        };
        if tokio::time::timeout(STOP_TIMEOUT, rest).await.is_err() {
            let left = waiting.len();
            count_dropped(left as u64);
            tracing::error!(left, "records of access were not written in time, and are lost");
        }
    }

    /// Writes how many more there were; where that fails, they are told of with those of the next minute.
    async fn write_counted(&mut self, counted: Vec<Record>) {
        for record in counted {
            self.untold.counted += record.more();
            self.write_one(Noted { record, place: None }, None).await;
        }
    }

    async fn write_one(
        &mut self,
        noted: Noted,
        written: Option<oneshot::Sender<Result<Position, AppendError>>>,
    ) {
        let Noted { record, place } = noted;
        let outcome = self.append(&record).await;
        if let Err(error) = &outcome {
            count_dropped(1);
            self.untold.note_unwritten(error);
        }
        match written {
            // No one waits any more where the request was given up.
            Some(written) => {
                let _ = written.send(outcome);
            }
            None if outcome.is_err() => self.counted.count(record, self.clock.machine_now()),
            None => {}
        }
        drop(place);
    }

    /// Appends a record to the chain of its service, or begins a new chain with it where the one there
    /// is has moved on: after an answer that never came, or because someone else wrote there.
    async fn append(&mut self, record: &Record) -> Result<Position, AppendError> {
        match self.append_to(record).await {
            Err(AppendError::Conflict { .. }) => {
                tracing::warn!(service = %record.service, "the records of access go on in a new chain");
                self.start = ids::fresh();
                self.last.clear();
                self.append_to(record).await
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
        access::{Exported, Refused, SensitiveRead, SignedOut},
    };

    use super::*;
    use crate::log::file::FileLog;

    fn record(event: impl Into<AccessEvent>) -> Record {
        Record { service: Service::Suppliers, by: By::system("test"), request: None, event: event.into() }
    }

    fn look() -> Record {
        record(SensitiveRead { action: "suppliers/view-purchases".to_owned(), about: None, more: 0 })
    }

    fn refusal() -> Record {
        record(Refused { action: "suppliers/check".to_owned(), about: None, status: 404, more: 0 })
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

    /// Refusals of one holder, and of many.
    #[tokio::test]
    async fn no_flood_of_refusals_keeps_a_look_or_a_request_waiting_and_all_are_accounted_for() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder).await;
        let tasks = Tasks::new();
        let recorder = Recorder::start(log.clone(), Clock::system(), &tasks);
        // Nothing runs in between: this test has one thread.
        for _ in 0..5_000 {
            recorder.note(refusal());
        }
        for other in 0..2 * WAITING_MAX {
            recorder.note(Record { by: By::system(&format!("other-{other}")), ..refusal() });
        }
        recorder.note(look());
        recorder.write(look()).await.unwrap();
        let before = log.head().await.unwrap();
        assert!(before < Position(1_000), "it did not wait for the refusals: {before}");
        tasks.stop().cancel();
        tasks.finish().await;
        let head = log.head().await.unwrap();
        assert!(head >= Position(before.0 + 1), "what waited was written at the end: {head}");
        assert!(head <= Position(WAITING_MAX as u64 * 2 + 100), "one holder filled no queue: {head}");
    }

    #[tokio::test]
    async fn what_is_more_than_is_recorded_is_one_record_at_the_end_of_the_minute() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(&folder).await;
        let (tasks, clock) = (Tasks::new(), Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap()));
        let recorder = Recorder::start(log.clone(), clock.clone(), &tasks);
        for _ in 0..1_000 {
            recorder.note(look());
            recorder
                .write(record(Exported {
                    action: "log/read-feed".to_owned(),
                    about: None,
                    address: "/api/v1/events".to_owned(),
                    more: 0,
                }))
                .await
                .unwrap();
        }
        recorder.write(record(SignedOut { session: Uuid::nil() })).await.unwrap();
        while log.head().await.unwrap() < Position(121) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clock.set("2019-04-01T09:01:00Z".parse().unwrap());
        while log.head().await.unwrap() < Position(123) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tasks.stop().cancel();
        tasks.finish().await;
        assert_eq!(log.head().await.unwrap(), Position(123), "one of each sort, and no more");
        let mut more = Vec::new();
        for position in 1..=123 {
            let recorded = log.at(Position(position)).await.unwrap().unwrap();
            match Header::read(&recorded.body).unwrap().event().unwrap() {
                AccessEvent::SensitiveRead(read) if read.more > 0 => more.push(read.more),
                AccessEvent::Exported(exported) if exported.more > 0 => more.push(exported.more),
                _ => {}
            }
        }
        assert_eq!(more, [940, 940]);
    }
}
