//! Snapshots of the facts, so that a start need not read the whole log.
//!
//! A cache in sled: chunks of organisations, and one small head that names the position, the event
//! there and the chunks. The head is written last and flushed; a snapshot whose head or any chunk
//! is missing, damaged, of another fold version or of another log does not count.

use std::sync::Arc;

use chassis::{
    cache::{Cache, CacheError, Part},
    log::EventLog,
};
use imbl::{OrdMap, Vector};
use proto::{Day, Header, OdsCode, Position};
use serde::{Deserialize, Serialize};

use crate::facts::{DeadlineMove, Exemption, FOLD_VERSION, Facts, OrganisationFacts, ReadTo, SetAside};

/// Organisations in one chunk.
const CHUNK_ORGANISATIONS: usize = 1_000;

const HEAD: &str = "head";

/// Where snapshots are kept.
#[derive(Debug, Clone)]
pub struct Store {
    heads: Part<SnapshotHead>,
    chunks: Part<Vec<(OdsCode, OrganisationFacts)>>,
    cache: Cache,
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotHead {
    read_to: ReadTo,
    chunks: Vec<String>,
    organisations: usize,
    deadlines_moved: Vector<DeadlineMove>,
    exemptions: Vector<Exemption>,
    recorded: Vector<(i64, Position)>,
    set_aside: SetAside,
    synthetic_events: u64,
    synthetic_to: Option<Day>,
}

impl Store {
    /// The snapshots in a cache.
    pub fn open(cache: Cache) -> Result<Self, CacheError> {
        Ok(Self {
            heads: cache.part("snapshot", FOLD_VERSION)?,
            chunks: cache.part("snapshot-chunks", FOLD_VERSION)?,
            cache,
        })
    }

    /// Keeps a snapshot and drops the one before it.
    pub fn save(&self, facts: &Facts) {
        let Some(read_to) = facts.read_to else { return };
        let entries: Vec<(&OdsCode, &Arc<OrganisationFacts>)> = facts.organisations.iter().collect();
        let mut names = Vec::new();
        for (number, chunk) in entries.chunks(CHUNK_ORGANISATIONS).enumerate() {
            let name = format!("{}-{number}", read_to.position);
            let chunk = chunk.iter().map(|(code, facts)| (**code, OrganisationFacts::clone(facts))).collect();
            self.chunks.put(&name, &chunk);
            names.push(name);
        }
        let head = SnapshotHead {
            read_to,
            organisations: entries.len(),
            chunks: names,
            deadlines_moved: facts.deadlines_moved.clone(),
            exemptions: facts.exemptions.clone(),
            recorded: facts.recorded.clone(),
            set_aside: facts.set_aside.clone(),
            synthetic_events: facts.synthetic_events,
            synthetic_to: facts.synthetic_to,
        };
        self.heads.put(HEAD, &head);
        let old: Vec<String> = self.chunks.keys().filter(|name| !head.chunks.contains(name)).collect();
        for name in old {
            self.chunks.remove(&name);
        }
        tracing::info!(position = %read_to.position, "a snapshot of the views is kept");
    }

    /// Writes everything out.
    pub async fn flush(&self) {
        self.cache.flush().await;
    }

    /// The facts of the last snapshot, if it is whole and of this log; else none at all.
    pub async fn load(&self, log: &dyn EventLog) -> Facts {
        let Some(facts) = self.read() else { return Facts::default() };
        let Some(read_to) = facts.read_to else { return Facts::default() };
        let there = match log.at(read_to.position).await {
            Ok(Some(recorded)) => Header::read(&recorded.body).ok().map(|header| header.id),
            Ok(None) => {
                tracing::warn!(position = %read_to.position, "the snapshot of the views is ahead of the log: dropped");
                return Facts::default();
            }
            Err(error) => {
                tracing::warn!(%error, "the snapshot of the views cannot be compared with the log: not used");
                return Facts::default();
            }
        };
        if there != read_to.event {
            tracing::warn!(position = %read_to.position, "the snapshot of the views is of another log: dropped");
            return Facts::default();
        }
        tracing::info!(position = %read_to.position, "the views start from a snapshot");
        facts
    }

    fn read(&self) -> Option<Facts> {
        let head = self.heads.get(HEAD)?;
        let mut organisations = OrdMap::new();
        for name in &head.chunks {
            for (code, facts) in self.chunks.get(name)? {
                organisations.insert(code, Arc::new(facts));
            }
        }
        (organisations.len() == head.organisations).then_some(Facts {
            organisations,
            deadlines_moved: head.deadlines_moved,
            exemptions: head.exemptions,
            read_to: Some(head.read_to),
            recorded: head.recorded,
            set_aside: head.set_aside,
            synthetic_events: head.synthetic_events,
            synthetic_to: head.synthetic_to,
        })
    }
}
