//! All on-site assessments there are, kept in memory up to date with the log: for lists, the calendar,
//! and the number of the next one. Assessments are a few thousand in a decade, and each is small.

use std::collections::BTreeMap;

use chassis::{
    Aggregate as _, When,
    following::Fold,
    kept::{Kept, without},
    log::Recorded,
};
use proto::{Header, OdsCode, Position, Subject, imports::Withdrawn, onsite::OnsiteEvent};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::model::OnsiteAssessment;

/// The types of events that matter here begin so.
const ONSITE: &str = "oversight.onsite.";

/// An assessment in the register.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub state: OnsiteAssessment,
    /// All that led to it, so that a withdrawn import can be left out.
    kept: Vec<Kept<OnsiteEvent>>,
    /// The event of its request: which command asked for it.
    pub requested_by: Uuid,
}

/// All assessments, by organisation and number.
#[derive(Debug, Default)]
pub(crate) struct Register {
    entries: FxHashMap<OdsCode, BTreeMap<u16, Entry>>,
    withdrawn: Withdrawn,
}

impl Register {
    /// An organisation's assessments by number.
    pub fn of(&self, organisation: OdsCode) -> impl DoubleEndedIterator<Item = (u16, &Entry)> {
        self.entries.get(&organisation).into_iter().flatten().map(|(number, entry)| (*number, entry))
    }

    /// All of them, by organisation and number.
    pub fn all(&self) -> Vec<(OdsCode, u16, &OnsiteAssessment)> {
        let mut all: Vec<_> = self
            .entries
            .iter()
            .flat_map(|(code, own)| own.iter().map(|(number, entry)| (*code, *number, &entry.state)))
            .collect();
        all.sort_unstable_by_key(|(code, number, _)| (*code, *number));
        all
    }
}

impl Register {
    /// Leaves out what came with an import, of the assessments that it spoke of.
    fn withdraw(&mut self, import: Uuid, position: Position) {
        self.withdrawn.note(import, position);
        for entry in self.entries.values_mut().flat_map(BTreeMap::values_mut) {
            if entry.kept.iter().any(|kept| kept.when.correlation_id == Some(import)) {
                entry.state = without(&entry.state, &entry.kept, &self.withdrawn).into_owned();
            }
        }
    }
}

impl Fold for Register {
    const NAME: &'static str = "the register of on-site assessments";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if !header.kind.starts_with(ONSITE) {
            return;
        }
        let Ok(event) = header.event::<OnsiteEvent>() else { return };
        if let OnsiteEvent::ImportWithdrawn(event) = &event {
            self.withdraw(event.0.import, recorded.position);
            return;
        }
        let Some((code, number)) = address(&header.subject) else { return };
        let entry = self.entries.entry(code).or_default().entry(number).or_default();
        if matches!(event, OnsiteEvent::OnsiteRequested(_)) {
            entry.requested_by = header.id;
        }
        let when = When {
            recorded: header.time,
            effective: header.effective_day(),
            position: recorded.position,
            correlation_id: header.correlation_id,
        };
        entry.state.evolve(&event, &when);
        entry.kept.push(Kept { event, when });
        if !self.withdrawn.stands(when.correlation_id, recorded.position) {
            // Of an import that went on after it was withdrawn.
            entry.state = without(&entry.state, &entry.kept, &self.withdrawn).into_owned();
        }
    }
}

/// Whose assessment of which number a subject is.
fn address(subject: &str) -> Option<(OdsCode, u16)> {
    let subject: Subject = subject.parse().ok()?;
    Some((subject.organisation()?, subject.aggregate().rsplit('_').next()?.parse().ok()?))
}
