//! The one writer: takes all appends that wait, writes them in one transaction, syncs once, and
//! only then answers each.

use std::{sync::Arc, time::Duration, time::Instant};

use proto::Position;
use redb::ReadableTable;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::{
    block::Filling,
    end::End,
    store::{BLOCKS, Fault, IDS, SUBJECTS, Store, last_of, read_block, subject_key},
};
use crate::log::{AppendError, NewEvent, Receipt, Written};

/// The most appends of one commit. Bounds how long the first of them waits for the last.
pub(super) const COMMIT_MAX_EVENTS: usize = 4096;

/// Those whom the last commit answered are about to come back: the next commit waits for as many
/// as the last one held, but no longer than this part of the time the last one took …
const LINGER_PART: u32 = 4;
/// … and never longer than this.
const LINGER_MAX: Duration = Duration::from_micros(500);

/// An append on its way to the writer.
pub(super) struct Job {
    pub(super) event: NewEvent,
    pub(super) expected: Position,
    pub(super) answer: oneshot::Sender<Result<Receipt, AppendError>>,
    /// Its share of the bytes that may wait.
    pub(super) _room: OwnedSemaphorePermit,
}

type Answer = Result<Receipt, AppendError>;

/// A fault, and whether the commit had begun when it came.
enum Failure {
    Before(Fault),
    During(Fault),
}

impl<E: Into<Fault>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Before(error.into())
    }
}

/// Writes until the last sender is gone.
pub(super) fn run(
    store: &Arc<Store>,
    mut jobs: mpsc::Receiver<Job>,
    head: &watch::Sender<Position>,
    mut end: End,
) {
    let mut batch = Vec::new();
    let mut last_count = 0;
    let mut last_took = Duration::ZERO;
    while jobs.blocking_recv_many(&mut batch, COMMIT_MAX_EVENTS) > 0 {
        linger(&mut jobs, &mut batch, last_count, last_took);
        let started = Instant::now();
        let answers = write(store, &batch, head);
        // Before anyone is answered: what was acknowledged is never more than what is noted.
        end.note(*head.borrow());
        last_took = started.elapsed();
        last_count = batch.len();
        metrics::histogram!("oversight_log_commit_events").record(batch.len() as f64);
        metrics::histogram!("oversight_log_commit_seconds").record(last_took.as_secs_f64());
        for (job, answer) in batch.drain(..).zip(answers) {
            // Whoever asked may have gone away; the event stands all the same.
            let _ = job.answer.send(answer);
        }
    }
}

/// Without this, of N writers in a loop one would come back first, be committed alone, and the
/// others wait two syncs each.
fn linger(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, last_count: usize, last_took: Duration) {
    if batch.len() >= last_count {
        return;
    }
    let until = Instant::now() + (last_took / LINGER_PART).min(LINGER_MAX);
    while batch.len() < last_count.min(COMMIT_MAX_EVENTS) && Instant::now() < until {
        match jobs.try_recv() {
            Ok(job) => batch.push(job),
            Err(_) => std::thread::yield_now(),
        }
    }
}

fn write(store: &Arc<Store>, batch: &[Job], head: &watch::Sender<Position>) -> Vec<Answer> {
    if (store.is_closed() || store.is_read_only()) && store.damage().is_none() {
        recover(store, head);
    }
    if let Some(refusal) = cannot_write(store) {
        return batch.iter().map(|_| Err(refusal())).collect();
    }
    let before = *head.borrow();
    match commit(store, batch, before) {
        Ok((answers, last)) => {
            if last > before {
                head.send_replace(last);
            }
            answers
        }
        Err(failure) => {
            let (fault, begun) = match failure {
                Failure::Before(fault) => (fault, Begun::No),
                Failure::During(fault) => (fault, Begun::Yes),
            };
            tracing::error!(?fault, events = batch.len(), "a write to the event log failed");
            metrics::counter!("oversight_log_write_failures_total").increment(1);
            let open = store.damage().is_none() && recover(store, head);
            batch.iter().map(|job| Err(answer_after(store, job, &fault, begun, open))).collect()
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Begun {
    No,
    Yes,
}

/// Opens the file again. Whether it is open then, and holds all it was known to hold.
fn recover(store: &Store, head: &watch::Sender<Position>) -> bool {
    let known = *head.borrow();
    match store.reopen() {
        Ok(last) if last < known => {
            let _ = store.note_damage(last.next(), "events that it had acknowledged are gone after a fault");
            false
        }
        Ok(last) => {
            if !store.is_read_only() {
                tracing::info!(position = last.0, "the event log is open again");
            }
            head.send_replace(last);
            true
        }
        Err(fault) => {
            tracing::error!(?fault, "the event log cannot be opened again; it is tried at the next write");
            false
        }
    }
}

/// Why nothing can be written now, where that is so.
fn cannot_write(store: &Store) -> Option<impl Fn() -> AppendError> {
    let damage = store.damage().map(ToString::to_string);
    let (is_closed, is_full) = (store.is_closed(), store.is_read_only());
    (damage.is_some() || is_closed || is_full).then_some(move || match &damage {
        Some(reason) => AppendError::Refused { reason: reason.clone() },
        None if is_closed => {
            AppendError::Unreachable { reason: "its file cannot be opened again after a fault".to_owned() }
        }
        None => AppendError::Full { reason: "the disk is full".to_owned() },
    })
}

/// What is true of an append whose transaction failed. Once the commit had begun only the file,
/// opened again, can tell; and an event found there then is not known to be synced.
fn answer_after(store: &Store, job: &Job, fault: &Fault, begun: Begun, open: bool) -> AppendError {
    let reason = match fault {
        Fault::Full(text) | Fault::Other(text) | Fault::Closed(text) | Fault::Damaged(_, text) => {
            text.clone()
        }
    };
    let absent =
        begun == Begun::No || (open && matches!(store.position_of(job.event.id.as_bytes()), Ok(None)));
    match fault {
        _ if !absent => AppendError::OutcomeUnknown { reason },
        Fault::Full(_) => AppendError::Full { reason },
        Fault::Damaged(..) => {
            AppendError::Refused { reason: store.damage().map_or(reason, ToString::to_string) }
        }
        _ => AppendError::Unreachable { reason },
    }
}

/// One transaction: each append sees those before it in the batch.
fn commit(store: &Store, batch: &[Job], head: Position) -> Result<(Vec<Answer>, Position), Failure> {
    // `with` speaks of faults alone; the failure's other half goes round it.
    let mut begun = Begun::No;
    let done = store.with(|database| {
        let transaction = database.begin_write()?;
        let mut answers = Vec::with_capacity(batch.len());
        let mut last = head;
        {
            let mut blocks = transaction.open_table(BLOCKS)?;
            let mut subjects = transaction.open_table(SUBJECTS)?;
            let mut ids = transaction.open_table(IDS)?;
            let mut filling = match blocks.last()? {
                None => Filling::new(head.next()),
                Some((first, bytes)) => Filling::of(&read_block(Position(first.value()), bytes.value())?),
            };
            for job in batch {
                let id = job.event.id.as_bytes();
                if let Some(at) = ids.get(id)? {
                    answers.push(Ok(Receipt { position: Position(at.value()), written: Written::Before }));
                    continue;
                }
                let found = last_of(&subjects, &job.event.subject)?.unwrap_or(Position::START);
                if found != job.expected {
                    answers.push(Err(AppendError::Conflict { last: found }));
                    continue;
                }
                let position = last.next();
                if !filling.has_room_for(&job.event.body) {
                    blocks.insert(filling.first().0, filling.encode().as_slice())?;
                    filling = Filling::new(position);
                }
                filling.push(&job.event.body);
                subjects.insert(subject_key(&job.event.subject, position).as_slice(), ())?;
                ids.insert(id, position.0)?;
                answers.push(Ok(Receipt { position, written: Written::Now }));
                last = position;
            }
            if last > head && !filling.is_empty() {
                blocks.insert(filling.first().0, filling.encode().as_slice())?;
            }
        }
        if last == head {
            transaction.abort()?;
        } else {
            begun = Begun::Yes;
            transaction.commit()?;
        }
        Ok((answers, last))
    });
    done.map_err(|fault| match begun {
        Begun::No => Failure::Before(fault),
        Begun::Yes => Failure::During(fault),
    })
}
