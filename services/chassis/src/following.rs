//! Something kept in memory up to date with a log: read from the beginning at each start, and on with
//! every new event. Nothing of it is stored.
//!
//! What it costs: some hundred thousand events a second while it catches up, and what the fold keeps.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::{RwLock, RwLockReadGuard};
use proto::{Header, Position};
use tokio::sync::watch;

use crate::{
    log::{self, Log, ReadError, Recorded},
    problem::Problem,
};

/// The pause after the log could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What is made of the events of a log.
pub trait Fold: Default + Send + Sync + 'static {
    /// What it is called in log lines and answers: `the roster`.
    const NAME: &'static str;

    /// Takes in an event. Cannot fail: what does not read, or is of others, says nothing here.
    fn note(&mut self, recorded: &Recorded);
}

/// How far the log has been read.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    position: Position,
    /// When the event there was recorded, as far as its envelope can be read.
    time: Option<Timestamp>,
    /// Where the log ended when it was first asked.
    head: Option<Position>,
}

/// A handle on what is kept up to date.
#[derive(Debug)]
pub struct Following<F> {
    fold: Arc<RwLock<F>>,
    log: Log,
    reading: watch::Receiver<Reading>,
}

impl<F> Clone for Following<F> {
    fn clone(&self) -> Self {
        Self { fold: self.fold.clone(), log: self.log.clone(), reading: self.reading.clone() }
    }
}

impl<F: Fold> Following<F> {
    /// A handle, and the work that keeps it up to date.
    pub fn new(log: Log) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let fold = Arc::new(RwLock::new(F::default()));
        let (sender, reading) = watch::channel(Reading::default());
        let work = follow(log.clone(), fold.clone(), sender);
        (Self { fold, log, reading }, work)
    }

    /// What is known. Held for no longer than a look takes: meanwhile no event is taken in.
    pub fn known(&self) -> RwLockReadGuard<'_, F> {
        self.fold.read()
    }

    /// Whether it has read all that the log held when it started, and if not, how far it is.
    pub fn ready(&self) -> Result<(), String> {
        let Reading { position, head, .. } = *self.reading.borrow();
        match head {
            None => Err("the log has not been reached yet".to_owned()),
            Some(head) if position < head => Err(format!("{} has read {position} of {head} events", F::NAME)),
            Some(_) => Ok(()),
        }
    }

    /// How far it has read.
    pub fn position(&self) -> Position {
        self.reading.borrow().position
    }

    /// The same, with when the last event read was recorded; none while nothing was read.
    pub fn read_to(&self) -> Option<(Position, Timestamp)> {
        let Reading { position, time, .. } = *self.reading.borrow();
        time.map(|time| (position, time))
    }

    /// Waits until it has read up to a position; false where that took too long.
    pub async fn reached(&self, position: Position, within: Duration) -> bool {
        let mut reading = self.reading.clone();
        let reached = reading.wait_for(|reading| reading.position >= position);
        matches!(tokio::time::timeout(within, reached).await, Ok(Ok(_)))
    }

    /// Waits until it has read what the log holds now; false where that took too long.
    pub async fn caught_up(&self, within: Duration) -> Result<bool, ReadError> {
        let head = self.log.head().await?;
        Ok(self.reached(head, within).await)
    }

    /// The same, for an answer that would be wrong without it.
    pub async fn must_catch_up(&self, within: Duration) -> Result<(), Problem> {
        if self.caught_up(within).await? {
            return Ok(());
        }
        let position = self.position();
        Err(Problem::unavailable(format!("the log is still being read: {} stands at {position}", F::NAME)))
    }
}

async fn follow<F: Fold>(log: Log, fold: Arc<RwLock<F>>, reading: watch::Sender<Reading>) {
    let mut position = Position::START;
    loop {
        let Err(error) = read_on(&log, &fold, &reading, &mut position).await;
        error.note(F::NAME, position);
        log::pause_after(&error, RETRY_PAUSE).await;
    }
}

async fn read_on<F: Fold>(
    log: &Log,
    fold: &RwLock<F>,
    reading: &watch::Sender<Reading>,
    position: &mut Position,
) -> Result<std::convert::Infallible, ReadError> {
    let head = log.head().await?;
    reading.send_modify(|reading| {
        reading.head.get_or_insert(head);
    });
    let mut reader = log.read(*position).await?;
    loop {
        let batch = reader.next().await?;
        {
            let mut fold = fold.write();
            for recorded in &batch.events {
                fold.note(recorded);
                *position = recorded.position;
            }
        }
        metrics::gauge!("oversight_following_position", "what" => F::NAME).set(position.0 as f64);
        let time = batch.events.last().and_then(|last| Header::read(&last.body).ok()).map(|last| last.time);
        reading.send_modify(|reading| {
            reading.position = *position;
            // Clocks of several writers differ by a little: time never runs backwards along the log.
            reading.time = reading.time.max(time);
        });
    }
}
