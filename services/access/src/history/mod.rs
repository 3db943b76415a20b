//! Who did what, when, and what it changed: of an organisation, of a requirement, of somebody, and at
//! the doors.
//!
//! What it costs: a page of a history of an organisation reads every event of that organisation, some
//! dozens, one by one from the log; the other histories read one page of events.

pub mod entry;
pub mod index;

use std::collections::HashMap;

use chassis::{Problem, log::Log};
use jiff::Timestamp;
use proto::{
    OdsCode, Position,
    access::{Exported, GlassBroken, SensitiveRead},
};

use entry::Told;
pub use entry::{Entry, FieldChange};
pub use index::Index;

/// The most events one history looks through at a time. An importer's key has done more: ask by days
/// and page on.
pub const LOOKED_AT_MAX: usize = 5_000;

/// Entries of a page, unless asked otherwise.
pub const PAGE_ENTRIES: usize = 50;

/// The most entries of a page. A CSV has all of those looked at.
pub const PAGE_ENTRIES_MAX: usize = 500;

/// Both logs with their indexes.
#[derive(Debug, Clone)]
pub struct History {
    /// The event log.
    pub events: Log,
    /// Where things stand on it.
    pub event_index: Index,
    /// The access log.
    pub access: Log,
    /// Where things stand on it.
    pub access_index: Index,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// About this requirement.
    pub requirement: Option<String>,
    /// Whose type contains this.
    pub what: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Recorded at or after this.
    pub from: Option<Timestamp>,
    /// Recorded before this.
    pub until: Option<Timestamp>,
}

impl Filter {
    fn fits(&self, entry: &Entry) -> bool {
        self.requirement.as_ref().is_none_or(|wanted| entry.requirement.as_ref() == Some(wanted))
            && self.what.as_ref().is_none_or(|wanted| entry.what.contains(wanted.as_str()))
            && self.actor.as_ref().is_none_or(|wanted| entry.actor == *wanted)
            && self.from.is_none_or(|from| entry.time >= from)
            && self.until.is_none_or(|until| entry.time < until)
    }
}

impl History {
    /// What happened to an organisation, newest first.
    pub async fn of_organisation(&self, code: OdsCode, filter: &Filter) -> Result<Vec<Entry>, Problem> {
        let positions = self.event_index.about(code);
        read(&self.events, &positions, filter).await
    }

    /// Who looked at what is an organisation's own or took it away, newest first. Who was refused is for
    /// those who watch the doors.
    pub async fn looks_at(&self, code: OdsCode, filter: &Filter) -> Result<Vec<Entry>, Problem> {
        let mut entries = read(&self.access, &self.access_index.about(code), filter).await?;
        entries.retain(|entry| {
            [SensitiveRead::TYPE, Exported::TYPE, GlassBroken::TYPE].contains(&entry.what.as_str())
        });
        Ok(entries)
    }

    /// What somebody did on the event log, newest first.
    pub async fn by_actor(&self, actor: &str, filter: &Filter) -> Result<Vec<Entry>, Problem> {
        read(&self.events, &self.event_index.by(actor), filter).await
    }

    /// What somebody did at the doors, newest first.
    pub async fn at_the_doors_by(&self, actor: &str, filter: &Filter) -> Result<Vec<Entry>, Problem> {
        read(&self.access, &self.access_index.by(actor), filter).await
    }

    /// What happened at the doors, newest first.
    pub async fn at_the_doors(&self, filter: &Filter) -> Result<Vec<Entry>, Problem> {
        let head = self.access.head().await?;
        let first = head.0.saturating_sub(LOOKED_AT_MAX as u64) + 1;
        let positions: Vec<Position> = (first..=head.0).map(Position).collect();
        read(&self.access, &positions, filter).await
    }

    /// The body of an event, and the organisation it is about.
    pub async fn event(&self, position: Position) -> Result<Option<(Option<OdsCode>, Vec<u8>)>, Problem> {
        let Some(recorded) = self.events.at(position).await? else { return Ok(None) };
        let about = Told::read(position, &recorded.body).and_then(|told| told.entry.organisation);
        Ok(Some((about, recorded.body.to_vec())))
    }
}

/// The entries at some positions that fit, newest first, each with what it changed.
async fn read(log: &Log, positions: &[Position], filter: &Filter) -> Result<Vec<Entry>, Problem> {
    let from = positions.len().saturating_sub(LOOKED_AT_MAX);
    let mut last: HashMap<String, Told> = HashMap::new();
    let mut entries = Vec::new();
    for position in positions.get(from..).unwrap_or_default() {
        let Some(recorded) = log.at(*position).await? else { continue };
        let Some(told) = Told::read(*position, &recorded.body) else { continue };
        let entry = told.clone().after(last.get(&told.thing));
        last.insert(told.thing.clone(), told);
        if filter.fits(&entry) {
            entries.push(entry);
        }
    }
    entries.reverse();
    Ok(entries)
}
