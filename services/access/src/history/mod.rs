//! Who did what, when, and what it changed: of an organisation, of a requirement, of someone, and at
//! the doors.
//!
//! What it costs: a page reads its own entries from the log and the event that each is compared with;
//! which ones these are, and how many there are in all, an index in memory knows. A history may be of
//! any length: files are written while they are read.

pub mod entry;
pub mod index;
mod thing;

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use chassis::{
    Problem,
    log::{Log, ReadError},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proto::{
    Day, OdsCode, Position, Service,
    access::{Exported, GlassBroken, SensitiveRead},
};

use entry::Told;
pub use entry::{Entry, FieldChange};
pub use index::{Chosen, Index, Part, Place, Whose};

/// Entries of a page, unless asked otherwise.
pub const PAGE_ENTRIES: usize = 50;

/// The most entries of a page.
pub const PAGE_ENTRIES_MAX: usize = 500;

/// Entries of a file that are read together. Each reader that is slow holds some of them.
const FILE_ENTRIES: usize = 100;

/// How many events are asked for at a time.
const READS_AT_A_TIME: usize = 16;

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

/// Whose history, and on which log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tale {
    /// What happened to an organisation.
    OfOrganisation(OdsCode),
    /// Who looked at what is an organisation's own or took it away. Who was refused is for those who
    /// watch the doors.
    LooksAt(OdsCode),
    /// What someone did on the event log.
    ByActor(String),
    /// The access log of one person or program.
    AtTheDoorsBy(String),
    /// Access log.
    AtTheDoors,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// About this requirement: one of the ten by its name, or one of a toolkit.
    pub requirement: Option<String>,
    /// Whose type contains this.
    pub what: Option<String>,
    /// Whose type is one of these; empty: any.
    pub types: &'static [&'static str],
    /// By this actor.
    pub actor: Option<String>,
    /// Recorded on or after this day, London.
    pub from: Option<Day>,
    /// Recorded up to the end of this day.
    pub to: Option<Day>,
}

impl Filter {
    fn fits_kind(&self, kind: &str) -> bool {
        self.what.as_ref().is_none_or(|wanted| kind.contains(wanted.as_str()))
            && (self.types.is_empty() || self.types.contains(&kind))
    }

    fn fits_day(&self, day: Day) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }
}

/// The service that keeps the record of one of the ten requirements, by the name that it has in
/// addresses everywhere.
fn service_of_requirement(name: &str) -> Option<Service> {
    match name {
        "toolkit" => Some(Service::Assessments),
        "continuity" => Some(Service::Continuity),
        "onsite" => Some(Service::Onsite),
        "suppliers" => Some(Service::Suppliers),
        _ => None,
    }
}

/// A page of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// How many entries there are with the filter.
    pub total: usize,
    /// The entries of the page, newest first.
    pub entries: Vec<Entry>,
    /// Before which the next page goes on; none: this is the last.
    pub next: Option<Position>,
}

impl History {
    /// A part of a history, newest first.
    pub async fn page(&self, tale: &Tale, filter: &Filter, part: Part) -> Result<Page, Problem> {
        self.index_of(tale).caught_up().await?;
        let Chosen { total, places, more } = self.chosen(tale, filter, part, Index::choose);
        let next = places.last().map(|place| place.position).filter(|_| more);
        let entries = read(self.log_of(tale), &places).await?;
        Ok(Page { total, entries, next })
    }

    /// The whole of a history, newest first, a hundred entries at a time.
    pub fn whole(
        self,
        tale: Tale,
        filter: Filter,
    ) -> impl stream::Stream<Item = Result<Vec<Entry>, ReadError>> + Send + 'static {
        stream::try_unfold(Some(Position(u64::MAX)), move |before| {
            let (history, tale, filter) = (self.clone(), tale.clone(), filter.clone());
            async move {
                let Some(before) = before else { return Ok(None) };
                let part = Part { before, limit: FILE_ENTRIES };
                let Chosen { places, more, .. } = history.chosen(&tale, &filter, part, Index::go_on);
                let next = places.last().map(|place| place.position).filter(|_| more);
                let entries = read(history.log_of(&tale), &places).await?;
                Ok(Some((entries, next)))
            }
        })
    }

    /// The body of an event of the event log, and the organisation it is about.
    pub async fn event(&self, position: Position) -> Result<Option<(Option<OdsCode>, Bytes)>, Problem> {
        event(&self.events, position).await
    }

    /// The body of a record of the access log.
    pub async fn record(&self, position: Position) -> Result<Option<Bytes>, Problem> {
        Ok(event(&self.access, position).await?.map(|(_, body)| body))
    }

    fn chosen(
        &self,
        tale: &Tale,
        filter: &Filter,
        part: Part,
        choose: fn(&Index, Whose<'_>, &Filter, Part) -> Chosen,
    ) -> Chosen {
        const LOOKS: &[&str] = &[SensitiveRead::TYPE, Exported::TYPE, GlassBroken::TYPE];
        let (whose, types) = match tale {
            Tale::OfOrganisation(code) => (Whose::Organisation(*code), filter.types),
            Tale::LooksAt(code) => (Whose::Organisation(*code), LOOKS),
            Tale::ByActor(actor) | Tale::AtTheDoorsBy(actor) => (Whose::Actor(actor), filter.types),
            Tale::AtTheDoors => (Whose::Everyone, filter.types),
        };
        choose(self.index_of(tale), whose, &Filter { types, ..filter.clone() }, part)
    }

    /// The index that knows of a history.
    pub fn index_of(&self, tale: &Tale) -> &Index {
        match tale {
            Tale::OfOrganisation(_) | Tale::ByActor(_) => &self.event_index,
            Tale::LooksAt(_) | Tale::AtTheDoorsBy(_) | Tale::AtTheDoors => &self.access_index,
        }
    }

    fn log_of(&self, tale: &Tale) -> &Log {
        match tale {
            Tale::OfOrganisation(_) | Tale::ByActor(_) => &self.events,
            Tale::LooksAt(_) | Tale::AtTheDoorsBy(_) | Tale::AtTheDoors => &self.access,
        }
    }
}

async fn event(log: &Log, position: Position) -> Result<Option<(Option<OdsCode>, Bytes)>, Problem> {
    let Some(recorded) = log.at(position).await? else { return Ok(None) };
    let about = Told::read(position, &recorded.body).and_then(|told| told.organisation());
    Ok(Some((about, recorded.body)))
}

/// The entries at some places, in their order, each with what it changed. An event is read once,
/// whether it is an entry or is compared with one.
async fn read(log: &Log, places: &[Place]) -> Result<Vec<Entry>, ReadError> {
    let positions: BTreeSet<Position> =
        places.iter().flat_map(|place| [Some(place.position), place.before]).flatten().collect();
    let told: HashMap<Position, Told> = stream::iter(positions)
        .map(async |position| -> Result<Option<(Position, Told)>, ReadError> {
            let recorded = log.at(position).await?;
            let told = recorded.and_then(|recorded| Told::read(position, &recorded.body));
            Ok(told.map(|told| (position, told)))
        })
        .buffered(READS_AT_A_TIME)
        .try_filter_map(async |told| Ok(told))
        .try_collect()
        .await?;
    let entry = |place: &Place| {
        let before = place.before.and_then(|before| told.get(&before));
        Some(told.get(&place.position)?.clone().after(before))
    };
    Ok(places.iter().filter_map(entry).collect())
}
