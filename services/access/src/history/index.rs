//! Where the events about an organisation stand, and those of an actor: positions alone, kept in memory
//! and read anew at each start. Some ten bytes an event and list.

use std::{sync::Arc, time::Duration};

use chassis::log::{Log, ReadError};
use parking_lot::RwLock;
use proto::{Header, OdsCode, Position, Subject, envelope::Provenance};
use rustc_hash::FxHashMap;
use tokio::sync::watch;

/// The pause after a log could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Where things stand on one log.
#[derive(Debug, Default)]
struct Known {
    by_organisation: FxHashMap<OdsCode, Vec<Position>>,
    by_actor: FxHashMap<Box<str>, Vec<Position>>,
}

/// Where things stand on one log.
#[derive(Debug, Clone)]
pub struct Index {
    known: Arc<RwLock<Known>>,
    read: watch::Receiver<Option<Position>>,
}

impl Index {
    /// An index of a log, and the work that keeps it.
    pub fn of(log: Log) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let known = Arc::new(RwLock::new(Known::default()));
        let (sender, read) = watch::channel(None);
        (Self { known: known.clone(), read }, follow(log, known, sender))
    }

    /// Whether the log has been read to its end once.
    pub fn ready(&self) -> Result<(), String> {
        match *self.read.borrow() {
            Some(_) => Ok(()),
            None => Err("the history is still being read".to_owned()),
        }
    }

    /// The events about an organisation, in order.
    pub fn about(&self, organisation: OdsCode) -> Vec<Position> {
        self.known.read().by_organisation.get(&organisation).cloned().unwrap_or_default()
    }

    /// The events of an actor, in order.
    pub fn by(&self, actor: &str) -> Vec<Position> {
        self.known.read().by_actor.get(actor).cloned().unwrap_or_default()
    }
}

async fn follow(log: Log, known: Arc<RwLock<Known>>, read: watch::Sender<Option<Position>>) {
    let mut position = Position::START;
    loop {
        let Err(error) = read_on(&log, &known, &read, &mut position).await;
        tracing::warn!(%error, %position, "the history cannot read on and tries again");
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn read_on(
    log: &Log,
    known: &RwLock<Known>,
    read: &watch::Sender<Option<Position>>,
    position: &mut Position,
) -> Result<std::convert::Infallible, ReadError> {
    if log.head().await? <= *position {
        read.send_replace(Some(*position));
    }
    let mut reader = log.read(*position).await?;
    loop {
        let batch = reader.next().await?;
        {
            let mut known = known.write();
            for recorded in &batch.events {
                *position = recorded.position;
                known.note(recorded.position, &recorded.body);
            }
        }
        if *position >= batch.head || read.borrow().is_some() {
            read.send_replace(Some(*position));
        }
    }
}

impl Known {
    fn note(&mut self, position: Position, body: &[u8]) {
        let Ok(header) = Header::read(body) else { return };
        let subject = header.subject.parse::<Subject>().ok();
        if let Some(organisation) = subject.and_then(|subject| subject.organisation()) {
            self.by_organisation.entry(organisation).or_default().push(position);
        }
        // The platform itself is nobody whose actions are asked for.
        if !header.actor.starts_with("system:") {
            self.by_actor.entry(header.actor.as_ref().into()).or_default().push(position);
        }
        // A record of a refusal or a look is about the organisation that was looked at.
        if header.kind.starts_with("oversight.access.")
            && let Ok(provenance) = Provenance::read(body)
            && let Some(about) = provenance.by.on_behalf_of
        {
            self.by_organisation.entry(about).or_default().push(position);
        }
    }
}
