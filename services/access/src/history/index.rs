//! Where the events about an organisation stand, and those of an actor: positions alone, kept in memory
//! and read anew at each start. Some ten bytes an event and list.

use chassis::{
    following::{Fold, Following},
    log::{Log, Recorded},
};
use proto::{Header, OdsCode, Position, Subject, envelope::Provenance};
use rustc_hash::FxHashMap;

/// Where things stand on one log.
#[derive(Debug, Default)]
struct Places {
    by_organisation: FxHashMap<OdsCode, Vec<Position>>,
    by_actor: FxHashMap<Box<str>, Vec<Position>>,
}

/// Where things stand on one log.
#[derive(Debug, Clone)]
pub struct Index(Following<Places>);

impl Index {
    /// An index of a log, and the work that keeps it.
    pub fn of(log: Log) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (following, work) = Following::new(log);
        (Self(following), work)
    }

    /// Whether the log has been read to its end once.
    pub fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    /// The events about an organisation, in order.
    pub fn about(&self, organisation: OdsCode) -> Vec<Position> {
        self.0.known().by_organisation.get(&organisation).cloned().unwrap_or_default()
    }

    /// The events of an actor, in order.
    pub fn by(&self, actor: &str) -> Vec<Position> {
        self.0.known().by_actor.get(actor).cloned().unwrap_or_default()
    }
}

impl Fold for Places {
    const NAME: &'static str = "the history";

    fn note(&mut self, recorded: &Recorded) {
        let (position, body) = (recorded.position, &recorded.body);
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
