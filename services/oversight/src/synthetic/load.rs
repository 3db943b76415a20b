//! Puts the synthetic England on a log, many appends in flight, and goes on where it was
//! interrupted.
//!
//! A flight of appends is sent in order of time, each expecting its aggregate's last event where it
//! will stand if no one else writes meanwhile. The writers of this process wait for a flight behind
//! a [`Gate`]; those of other processes on the same broker cannot be kept waiting, and some of a
//! flight may be turned down. These are then repeated one by one. An aggregate that someone else has
//! written to is left to them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use chassis::{
    log::{AppendError, EventLog, Log, NewEvent, ReadError, Receipt},
    telemetry::OnceAMinute,
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesOrdered};
use parking_lot::Mutex;
use proto::{Header, Position, Subject, envelope::ChainLink};
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{
    england::{Ready, last_event, seed_of},
    gate::{Gate, Shut},
};

/// How many appends are under way at once.
pub const APPENDS_IN_FLIGHT: usize = 2_048;

/// The longest pause before a log that is out of reach is tried again.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(10);

/// Why a load ended early.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log takes no events.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// What there is to do with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loading {
    /// Load the England of this seed, or the rest of it.
    Needed {
        /// The seed.
        seed: u64,
    },
    /// It is all there.
    Finished {
        /// The seed.
        seed: u64,
    },
    /// The log holds something else and is left alone.
    NotOurs,
}

/// What there is to do with a log: an empty one gets the England of a seed, one with part of an
/// England gets the rest of the same.
pub async fn look(log: &dyn EventLog, seed: u64) -> Result<Loading, ReadError> {
    let Some(first) = log.at(Position::START.next()).await? else { return Ok(Loading::Needed { seed }) };
    let Some(begun) = seed_of(&first.body) else { return Ok(Loading::NotOurs) };
    let Some((subject, id)) = last_event(begun) else { return Ok(Loading::NotOurs) };
    let events = log.of(&subject, Position::START).await?;
    let finished = events.iter().any(|event| Header::read(&event.body).is_ok_and(|header| header.id == id));
    Ok(if finished { Loading::Finished { seed: begun } } else { Loading::Needed { seed: begun } })
}

/// How far a load is, for whoever waits.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    done: AtomicU64,
    total: AtomicU64,
    note: Mutex<Option<String>>,
    stopped: Mutex<Option<String>>,
}

impl Progress {
    /// Nothing to do yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Events that are on the log, and how many there will be.
    pub fn so_far(&self) -> (u64, u64) {
        (self.0.done.load(Ordering::Relaxed), self.0.total.load(Ordering::Relaxed))
    }

    /// For `/readyz`: whether it is done, and if not, why.
    pub fn ready(&self) -> Result<(), String> {
        if let Some(reason) = self.0.stopped.lock().clone() {
            return Err(format!("loading the synthetic England stopped: {reason}"));
        }
        let (done, total) = self.so_far();
        if done >= total {
            return Ok(());
        }
        if total == u64::MAX {
            return Err("loading the synthetic England: planning it".to_owned());
        }
        let note = self.0.note.lock().clone().map(|note| format!(" ({note})")).unwrap_or_default();
        Err(format!("loading the synthetic England: {done} of {total}{note}"))
    }

    /// Says that a load is to come, before it is known how large.
    pub fn planned(&self) {
        self.0.total.store(u64::MAX, Ordering::Relaxed);
    }

    /// Says why it ended early.
    pub fn stopped(&self, reason: String) {
        *self.0.stopped.lock() = Some(reason);
    }

    fn begin(&self, total: usize) {
        self.0.total.store(total as u64, Ordering::Relaxed);
    }

    fn one_more(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    fn note(&self, note: Option<String>) {
        *self.0.note.lock() = note;
    }
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Events written now.
    pub written: u64,
    /// Events that were there already.
    pub found: u64,
    /// Events left out because someone else had written to their aggregate.
    pub left_out: u64,
}

/// Who else may write to the log.
#[derive(Debug, Clone)]
pub enum Others {
    /// Only this process, behind a gate.
    Behind(Gate),
    /// Other processes, too.
    Anywhere,
}

/// How many events of one aggregate a flight may hold while others write anywhere.
///
/// The first one expects a position that is known. The second expects the first where it was
/// foreseen; if others wrote in between it stands elsewhere, and the second is turned down. A third
/// would expect the place foreseen for the second, where by bad luck the first may stand: it would be
/// taken, and the second one be missing.
const OF_ONE_AGGREGATE: u8 = 2;

/// Loads the events of an England, or what is missing of them. Drop the future to interrupt it; another call goes
/// on from there.
pub async fn load(
    log: Log,
    total: usize,
    events: impl Iterator<Item = Ready> + Send,
    others: Others,
    progress: &Progress,
) -> Result<Loaded, LoadError> {
    progress.begin(total);
    let (present, tails) = what_is_there(log.as_ref()).await?;
    let mut loader = Loader { log, others, progress, tails, flight: None, loaded: Loaded::default() };
    for event in events {
        if present.contains(&event.id) {
            loader.loaded.found += 1;
            progress.one_more();
        } else {
            loader.send(event).await?;
        }
    }
    loader.land().await?;
    Ok(loader.loaded)
}

type Present = (FxHashSet<Uuid>, FxHashMap<String, Tail>);

/// The ids on the log, and where each aggregate's last event stands.
async fn what_is_there(log: &dyn EventLog) -> Result<Present, ReadError> {
    let (mut ids, mut tails) = Present::default();
    let head = log.head().await?;
    if head == Position::START {
        return Ok((ids, tails));
    }
    let mut reader = log.read(Position::START).await?;
    loop {
        let batch = reader.next().await?;
        let last = batch.events.last().map_or(head, |event| event.position);
        for event in batch.events {
            if let Ok(link) = ChainLink::read(&event.body) {
                ids.insert(link.id);
                tails.insert(link.subject.into_owned(), Tail { position: event.position, id: link.id });
            }
        }
        if last >= head {
            return Ok((ids, tails));
        }
    }
}

/// The last event of an aggregate: where it stands, or will stand if all goes as foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tail {
    position: Position,
    id: Uuid,
}

/// An append under way.
struct Sent {
    event: Ready,
    answer: Result<Receipt, AppendError>,
}

/// Appends that were sent together.
struct Flight {
    appends: FuturesOrdered<BoxFuture<'static, Sent>>,
    /// Where the next event sent will stand if no one else writes.
    next: Position,
    /// How many of each aggregate are under way.
    aggregates: FxHashMap<String, u8>,
    /// Others wait.
    _shut: Option<Shut>,
}

struct Loader<'a> {
    log: Log,
    others: Others,
    progress: &'a Progress,
    tails: FxHashMap<String, Tail>,
    flight: Option<Flight>,
    loaded: Loaded,
}

impl Loader<'_> {
    async fn send(&mut self, event: Ready) -> Result<(), LoadError> {
        let aggregate = event.subject.as_str();
        if self.flight.as_ref().is_some_and(|flight| self.is_full(flight, aggregate)) {
            self.land().await?;
        }
        let tail = self.tails.get(aggregate).copied();
        if tail.map(|tail| tail.id) != event.after {
            self.leave_out(&event);
            return Ok(());
        }
        let expected = tail.map_or(Position::START, |tail| tail.position);
        let mut flight = match self.flight.take() {
            Some(flight) => flight,
            None => self.take_off().await?,
        };
        *flight.aggregates.entry(aggregate.to_owned()).or_default() += 1;
        self.tails.insert(aggregate.to_owned(), Tail { position: flight.next, id: event.id });
        flight.next = flight.next.next();
        let log = Arc::clone(&self.log);
        // Polled at once, so that the log gets the appends in this order. Unconstrained, since the
        // runtime would else put some of them off for the sake of fairness.
        let mut append: BoxFuture<'static, Sent> = Box::pin(tokio::task::unconstrained(async move {
            let new = NewEvent { id: event.id, subject: event.subject.clone(), body: event.body.clone() };
            let answer = match tail {
                Some(last) => log.append_after(new, expected, last.id).await,
                None => log.append(new, expected).await,
            };
            Sent { event, answer }
        }));
        match futures::poll!(&mut append) {
            Poll::Ready(sent) => flight.appends.push_back(Box::pin(std::future::ready(sent))),
            Poll::Pending => flight.appends.push_back(append),
        }
        self.flight = Some(flight);
        Ok(())
    }

    fn is_full(&self, flight: &Flight, aggregate: &str) -> bool {
        let of_it = flight.aggregates.get(aggregate).copied().unwrap_or_default();
        flight.appends.len() >= APPENDS_IN_FLIGHT
            || of_it == u8::MAX
            || (matches!(self.others, Others::Anywhere) && of_it >= OF_ONE_AGGREGATE)
    }

    async fn take_off(&mut self) -> Result<Flight, LoadError> {
        let shut = match &self.others {
            Others::Behind(gate) => Some(gate.shut().await),
            Others::Anywhere => None,
        };
        Ok(Flight {
            appends: FuturesOrdered::new(),
            next: self.log.head().await?.next(),
            aggregates: FxHashMap::default(),
            _shut: shut,
        })
    }

    /// Waits for all appends under way and repeats those turned down, in order.
    async fn land(&mut self) -> Result<(), LoadError> {
        let Some(mut flight) = self.flight.take() else { return Ok(()) };
        let mut turned_down = Vec::new();
        while let Some(Sent { event, answer }) = flight.appends.next().await {
            match answer {
                Ok(receipt) => {
                    self.done();
                    let tail = self.tails.get_mut(event.subject.as_str());
                    if let Some(tail) = tail.filter(|tail| tail.id == event.id) {
                        tail.position = receipt.position;
                    }
                }
                Err(error) => {
                    static FAILED: OnceAMinute = OnceAMinute::new();
                    if !matches!(error, AppendError::Conflict { .. }) && FAILED.is_due() {
                        tracing::warn!(%error, "an append of the synthetic England failed and is repeated");
                    }
                    turned_down.push(event);
                }
            }
        }
        for event in turned_down {
            self.settle(event).await?;
        }
        Ok(())
    }

    /// Writes one event, however long the log is out of reach.
    async fn settle(&mut self, event: Ready) -> Result<(), LoadError> {
        let mut pause = Duration::from_millis(100);
        loop {
            match self.try_to_settle(&event).await {
                Ok(Some(position)) => {
                    self.progress.note(None);
                    self.done();
                    self.tails.insert(event.subject.as_str().to_owned(), Tail { position, id: event.id });
                    return Ok(());
                }
                Ok(None) => {
                    self.leave_out(&event);
                    return Ok(());
                }
                Err(
                    error @ (LoadError::Read(ReadError::Unreachable { .. })
                    | LoadError::Append(
                        AppendError::Unreachable { .. }
                        | AppendError::OutcomeUnknown { .. }
                        | AppendError::Conflict { .. },
                    )),
                ) => {
                    self.progress.note(Some(error.to_string()));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE_MAX);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the event stands now; none where someone else has written to its aggregate.
    async fn try_to_settle(&mut self, event: &Ready) -> Result<Option<Position>, LoadError> {
        let last = last_of(self.log.as_ref(), &event.subject).await?;
        if let Some(last) = last.filter(|last| last.id == event.id) {
            return Ok(Some(last.position));
        }
        if last.map(|last| last.id) != event.after {
            if let Some(last) = last {
                self.tails.insert(event.subject.as_str().to_owned(), last);
            }
            return Ok(None);
        }
        let new = NewEvent { id: event.id, subject: event.subject.clone(), body: event.body.clone() };
        let expected = last.map_or(Position::START, |last| last.position);
        Ok(Some(self.log.append(new, expected).await?.position))
    }

    fn done(&mut self) {
        self.loaded.written += 1;
        self.progress.one_more();
    }

    fn leave_out(&mut self, event: &Ready) {
        if self.loaded.left_out == 0 {
            tracing::warn!(
                aggregate = event.subject.aggregate(),
                "someone else has written to an aggregate of the synthetic England: the rest of it is left out"
            );
        }
        self.loaded.left_out += 1;
        self.progress.one_more();
    }
}

async fn last_of(log: &dyn EventLog, subject: &Subject) -> Result<Option<Tail>, ReadError> {
    let Some(last) = log.last(subject).await? else { return Ok(None) };
    // A body without an id is no one's of ours.
    let id = ChainLink::read(&last.body).map_or(Uuid::nil(), |link| link.id);
    Ok(Some(Tail { position: last.position, id }))
}
