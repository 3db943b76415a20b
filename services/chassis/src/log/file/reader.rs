//! Reads on: while the consumer works on one batch the next is fetched.

use std::sync::Arc;

use futures::future::BoxFuture;
use proto::Position;
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

use super::store::{BATCH_MAX_BYTES, Fault, Store};
use crate::log::{Batch, ReadError, Reader};

/// A reader of the file.
pub(super) struct FileReader {
    store: Arc<Store>,
    head: watch::Receiver<Position>,
    after: Position,
    ahead: Option<JoinHandle<Result<Batch, Fault>>>,
    appetite: Appetite,
}

/// How much a reader holds that its consumer has not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appetite {
    /// Whole batches, and the next one ahead.
    Whole,
    /// One block.
    Sparing,
}

impl FileReader {
    pub(super) fn new(
        store: Arc<Store>,
        head: watch::Receiver<Position>,
        after: Position,
        appetite: Appetite,
    ) -> Self {
        Self { store, head, after, ahead: None, appetite }
    }

    fn fetch(&mut self) {
        let (store, after) = (Arc::clone(&self.store), self.after);
        let bytes = match self.appetite {
            Appetite::Whole => BATCH_MAX_BYTES,
            Appetite::Sparing => 0,
        };
        self.ahead = Some(spawn_blocking(move || store.scan(after, bytes)));
    }

    /// Safe to drop half-way: what was fetched stays for the next call.
    async fn next_batch(&mut self) -> Result<Batch, ReadError> {
        loop {
            if let Some(fetching) = &mut self.ahead {
                let fetched = fetching.await;
                self.ahead = None;
                let mut batch = fetched.map_err(|_| stopped("reading it failed inside"))??;
                let Some(last) = batch.events.last().map(|event| event.position) else {
                    let ends = "the log ends before its known end";
                    return Err(self.store.note_damage(self.after.next(), ends).into());
                };
                self.after = last;
                batch.head = last.max(*self.head.borrow());
                if batch.head > last && self.appetite == Appetite::Whole {
                    self.fetch();
                }
                return Ok(batch);
            }
            if *self.head.borrow_and_update() > self.after {
                self.fetch();
            } else {
                self.head.changed().await.map_err(|_| stopped("it has been closed"))?;
            }
        }
    }
}

fn stopped(reason: &str) -> ReadError {
    ReadError::Unreachable { reason: reason.to_owned() }
}

impl Reader for FileReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ReadError>> {
        Box::pin(self.next_batch())
    }
}
