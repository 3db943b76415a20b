//! Keeps the writers of this process apart from the loader.
//!
//! The loader sends flights of appends that rest on each other. No one else may write in between, or
//! some of a flight would be turned down. The services get the log with a gate in front of it, which
//! is shut while a flight is under way: a fraction of a second at a time, and never for readers.

use std::sync::Arc;

use chassis::log::{
    AppendError, Damage, Description, EventLog, Log, NewEvent, ReadError, Reader, Receipt, Recorded,
};
use futures::future::BoxFuture;
use proto::{Position, Subject};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// Shuts the log for all others.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<RwLock<()>>);

/// While it lives, others wait.
#[derive(Debug)]
pub struct Shut {
    _guard: OwnedRwLockWriteGuard<()>,
}

impl Gate {
    /// An open gate that no one stands behind.
    pub fn new() -> Self {
        Self::default()
    }

    /// The log for all others, behind this gate.
    pub fn before(&self, log: Log) -> Log {
        Arc::new(Gated { gate: self.clone(), log })
    }

    /// Waits for the appends of others under way, and keeps new ones waiting.
    pub async fn shut(&self) -> Shut {
        Shut { _guard: Arc::clone(&self.0).write_owned().await }
    }
}

#[derive(Debug)]
struct Gated {
    gate: Gate,
    log: Log,
}

impl EventLog for Gated {
    fn append(&self, event: NewEvent, expected: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        Box::pin(async move {
            let _open = self.gate.0.read().await;
            self.log.append(event, expected).await
        })
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        self.log.last(subject)
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        self.log.of(subject, after)
    }

    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        self.log.at(position)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.log.read(after)
    }

    fn read_sparingly(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.log.read_sparingly(after)
    }

    fn describe(&self) -> Description {
        self.log.describe()
    }

    fn damage(&self) -> Option<Damage> {
        self.log.damage()
    }
}
