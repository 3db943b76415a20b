//! What the tests of the log share.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod authority;
pub mod cluster;
pub mod proxy;
pub mod users;

use std::{future::Future, path::PathBuf, time::Duration};

use bytes::Bytes;
use chassis::{
    log::{self, Log, LogUrl, NewEvent, Reader, Receipt, Recorded, Written},
    testing::nats::{NatsServer, Sync},
};
use proto::{AggregateId, Position, Service, Subject};
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than anything here takes, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Fails loudly instead of hanging.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("this did not happen in time: {what}"),
    }
}

/// A store that a log can be opened on, closed, crashed and opened again.
pub enum Place {
    File(TempDir),
    Nats(NatsServer),
}

impl Place {
    pub fn file() -> Self {
        Place::File(tempfile::tempdir().unwrap())
    }

    pub fn nats() -> Self {
        Place::Nats(NatsServer::start(Sync::Lazily))
    }

    pub fn url(&self) -> LogUrl {
        match self {
            Place::File(folder) => LogUrl::File(path_in(folder)),
            Place::Nats(server) => server.url(),
        }
    }

    pub async fn open(&self) -> Log {
        soon("opening the log", log::open(&self.url())).await.unwrap()
    }

    /// Closes the log and its store, and opens both again.
    pub async fn reopen(&mut self, log: Log) -> Log {
        drop(log);
        if let Place::Nats(server) = self {
            server.restart();
        }
        self.open().await
    }
}

pub fn path_in(folder: &TempDir) -> PathBuf {
    folder.path().join("new/folders/events.redb")
}

pub fn id(number: u64) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes())
}

pub fn subject(name: &str) -> Subject {
    Subject::new(Service::Organisations, &name.parse::<AggregateId>().unwrap())
}

pub fn event(number: u64, aggregate: &str) -> NewEvent {
    NewEvent { id: id(number), subject: subject(aggregate), body: body(number, aggregate) }
}

pub fn body(number: u64, aggregate: &str) -> Bytes {
    Bytes::from(format!("{{\"number\":{number},\"of\":\"{aggregate}\"}}"))
}

pub fn now(position: u64) -> Receipt {
    Receipt { position: Position(position), written: Written::Now }
}

pub fn before(position: u64) -> Receipt {
    Receipt { position: Position(position), written: Written::Before }
}

/// Appends events of aggregates of their own.
pub async fn fill(log: &Log, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        log.append(event(number, &format!("f{number}")), Position::START).await.unwrap();
    }
}

/// Reads until it has all up to a position, and checks that they are contiguous. A broken
/// connection is waited out.
pub async fn read_to(reader: &mut Box<dyn Reader>, after: Position, to: Position) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut last = after;
    soon("reading to the end", async {
        while last < to {
            match reader.next().await {
                Ok(batch) => {
                    for event in batch.events {
                        assert_eq!(event.position, last.next(), "the next position");
                        last = event.position;
                        events.push(event);
                    }
                    assert!(batch.head >= last, "the head is behind the events");
                }
                Err(log::ReadError::Unreachable { .. }) => {
                    tokio::time::sleep(Duration::from_millis(50)).await
                }
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
    events
}

pub async fn read_all(log: &Log) -> Vec<Recorded> {
    let head = log.head().await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    read_to(&mut reader, Position::START, head).await
}
