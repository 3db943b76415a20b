//! The log as a JetStream stream.

use std::convert::Infallible;

use futures::future::BoxFuture;
use proto::{Position, Subject};

use super::{
    AppendError, Description, EventLog, NatsUrl, NewEvent, OpenError, ReadError, Reader, Receipt, Recorded,
};

/// The log as a JetStream stream.
#[derive(Debug)]
pub struct NatsLog {
    never: Infallible,
}

impl NatsLog {
    /// Connects.
    pub async fn connect(url: &NatsUrl) -> Result<Self, OpenError> {
        Err(OpenError::Server {
            place: url.to_string(),
            reason: "not understood yet: use file:PATH".to_owned(),
        })
    }
}

impl EventLog for NatsLog {
    fn append(&self, _: NewEvent, _: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        match self.never {}
    }
    fn last<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        match self.never {}
    }
    fn of<'a>(&'a self, _: &'a Subject, _: Position) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        match self.never {}
    }
    fn at(&self, _: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        match self.never {}
    }
    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        match self.never {}
    }
    fn read(&self, _: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        match self.never {}
    }
    fn describe(&self) -> Description {
        match self.never {}
    }
}
