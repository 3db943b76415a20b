//! Who exists, folded from the log in the background: for lists, and to know the newest file of
//! each kind. In memory only; a restart reads the log again.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::{
    Problem,
    log::{Batch, Log, ReadError},
};
use parking_lot::RwLock;
use proto::{
    Day, Header, OdsCode, Position,
    organisations::{
        ListSizePublished, MembershipRecorded, OdsStatus, OrganisationAmended, OrganisationEvent,
        OrganisationKind, OrganisationListed, PracticeAmended, PracticeListed, PrescribingSetting,
    },
};
use tokio::sync::watch;

use crate::import::Kind;

/// How long a request waits for the roster to have read the log.
pub const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);

/// The pause before the log is read again after it was out of reach.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The organisations known, and the newest file of each kind.
#[derive(Debug, Clone)]
pub struct Roster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: RwLock<Known>,
    position: watch::Sender<Position>,
    caught_up: AtomicBool,
    set_aside: AtomicU64,
}

#[derive(Debug, Default)]
struct Known {
    entries: BTreeMap<OdsCode, Entry>,
    newest: BTreeMap<Kind, Day>,
}

/// What the roster knows of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// As a practice.
    pub practice: Option<PracticeEntry>,
    /// As any other body.
    pub body: Option<BodyEntry>,
}

/// A practice in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeEntry {
    /// Name.
    pub name: Box<str>,
    /// Active, closed, dormant or proposed.
    pub status: OdsStatus,
    /// Its prescribing setting.
    pub setting: PrescribingSetting,
    /// Its commissioner.
    pub commissioner: Option<OdsCode>,
}

/// Any other body in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyEntry {
    /// Name.
    pub name: Box<str>,
    /// What it is.
    pub kind: OrganisationKind,
    /// The last day it existed.
    pub closed: Option<Day>,
}

impl Default for Roster {
    fn default() -> Self {
        Self::new()
    }
}

impl Roster {
    /// Before the log is read.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            known: RwLock::default(),
            position: watch::Sender::new(Position::START),
            caught_up: AtomicBool::new(false),
            set_aside: AtomicU64::new(0),
        }))
    }

    /// Up to where the log is read.
    pub fn position(&self) -> Position {
        *self.0.position.borrow()
    }

    /// How many events of this service could not be understood.
    pub fn set_aside(&self) -> u64 {
        self.0.set_aside.load(Ordering::Relaxed)
    }

    /// Whether the log has been read to its end once.
    pub fn ready(&self) -> Result<(), String> {
        if self.0.caught_up.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(format!("reading the log, at position {}", self.position()))
        }
    }

    /// Waits until all that the log holds now is read.
    pub async fn catch_up(&self, log: &Log) -> Result<(), Problem> {
        let head = log.head().await?;
        let mut position = self.0.position.subscribe();
        let reached = position.wait_for(|position| *position >= head);
        match tokio::time::timeout(CATCH_UP_TIMEOUT, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Problem::unavailable(format!(
                "the log is still being read: at position {} of {head}",
                self.position()
            ))),
        }
    }

    /// The date of the newest file of a kind that has left events in the log.
    pub fn newest(&self, kind: Kind) -> Option<Day> {
        self.0.known.read().newest.get(&kind).copied()
    }

    /// Up to `limit` organisations that pass a test, in the order of their codes, after a code.
    pub fn list(
        &self,
        after: Option<OdsCode>,
        limit: usize,
        wanted: impl Fn(&OdsCode, &Entry) -> bool,
    ) -> Vec<(OdsCode, Entry)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let known = self.0.known.read();
        let entries = known.entries.range((from, Bound::Unbounded));
        entries
            .filter(|(code, entry)| wanted(code, entry))
            .take(limit)
            .map(|(code, entry)| (*code, entry.clone()))
            .collect()
    }

    /// Takes in a batch of the log.
    pub fn apply(&self, batch: &Batch) {
        let mut last = self.position();
        {
            let mut known = self.0.known.write();
            for recorded in &batch.events {
                last = recorded.position;
                match read(&recorded.body) {
                    Ok(Some((code, event))) => known.apply(code, event),
                    Ok(None) => {}
                    Err(reason) => {
                        self.0.set_aside.fetch_add(1, Ordering::Relaxed);
                        metrics::counter!("oversight_events_set_aside_total", "reader" => "organisations-roster")
                            .increment(1);
                        tracing::warn!(position = %recorded.position, reason, "an event was set aside");
                    }
                }
            }
        }
        if last >= batch.head {
            self.0.caught_up.store(true, Ordering::Release);
        }
        self.0.position.send_replace(last);
    }
}

/// The event of a body where it is one of this service.
fn read(body: &[u8]) -> Result<Option<(OdsCode, OrganisationEvent)>, String> {
    let header = Header::read(body).map_err(|error| error.to_string())?;
    if !header.kind.starts_with("oversight.organisations.") {
        return Ok(None);
    }
    let event = header.event().map_err(|error| error.to_string())?;
    let (_, aggregate) = header.subject.rsplit_once('.').ok_or("the subject has no aggregate")?;
    let code = aggregate.parse().map_err(|error: proto::codes::CodeError| error.to_string())?;
    Ok(Some((code, event)))
}

impl Known {
    fn apply(&mut self, code: OdsCode, event: OrganisationEvent) {
        let (kind, as_of) = match event {
            OrganisationEvent::PracticeListed(PracticeListed { as_of, listing })
            | OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, .. }) => {
                self.entries.entry(code).or_default().practice = Some(PracticeEntry {
                    name: listing.name.into(),
                    status: listing.status,
                    setting: listing.setting,
                    commissioner: listing.commissioner,
                });
                (Some(Kind::Practices), as_of)
            }
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing })
            | OrganisationEvent::OrganisationAmended(OrganisationAmended { as_of, listing, .. }) => {
                let kind = listing.kind;
                self.entries.entry(code).or_default().body =
                    Some(BodyEntry { name: listing.name.into(), kind, closed: listing.closed });
                (Kind::listing(kind), as_of)
            }
            OrganisationEvent::MembershipRecorded(MembershipRecorded { as_of, .. }) => {
                (Some(Kind::Memberships), as_of)
            }
            OrganisationEvent::ListSizePublished(ListSizePublished { as_of, .. }) => {
                (Some(Kind::ListSizes), as_of)
            }
        };
        if let Some(kind) = kind {
            let newest = self.newest.entry(kind).or_insert(as_of);
            *newest = as_of.max(*newest);
        }
    }
}

/// Reads the log into the roster, for ever.
pub async fn follow(roster: Roster, log: Log) {
    loop {
        if let Err(error) = read_on(&roster, &log).await {
            tracing::warn!(%error, position = %roster.position(), "the roster cannot read the log; trying again");
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

async fn read_on(roster: &Roster, log: &Log) -> Result<(), ReadError> {
    // An empty log has no batch that would say so.
    if log.head().await? <= roster.position() {
        roster.0.caught_up.store(true, Ordering::Release);
    }
    let mut reader = log.read(roster.position()).await?;
    loop {
        let batch = reader.next().await?;
        roster.apply(&batch);
    }
}
