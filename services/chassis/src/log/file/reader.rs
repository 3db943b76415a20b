//! Reads on: while the consumer works on one batch the next is fetched.

use std::sync::Arc;

use futures::future::BoxFuture;
use proto::Position;
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

use super::store::{Fault, Store};
use crate::log::{Batch, ReadError, Reader};

/// A reader of the file.
pub(super) struct FileReader {
    store: Arc<Store>,
    head: watch::Receiver<Position>,
    after: Position,
    ahead: Option<JoinHandle<Result<Batch, Fault>>>,
}

impl FileReader {
    pub(super) fn new(store: Arc<Store>, head: watch::Receiver<Position>, after: Position) -> Self {
        Self { store, head, after, ahead: None }
    }

    fn fetch(&mut self) {
        let (store, after) = (Arc::clone(&self.store), self.after);
        self.ahead = Some(spawn_blocking(move || store.scan(after)));
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
                if batch.head > last {
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
