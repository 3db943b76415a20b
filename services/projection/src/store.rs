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
use imbl::{OrdMap, OrdSet, Vector};
use proto::{Day, Header, OdsCode, Position, SupplierId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::facts::{
    DeadlineMove, Exemption, FOLD_VERSION, Facts, Files, Learnt, OrganisationFacts, ReadTo, SetAside,
    SuccessionFact, SupplierFacts,
};

/// Organisations, or suppliers, in one chunk.
const CHUNK_ENTRIES: usize = 1_000;

const HEAD: &str = "head";

/// Where snapshots are kept.
#[derive(Debug, Clone)]
pub struct Store {
    heads: Part<SnapshotHead>,
    chunks: Part<Vec<(OdsCode, OrganisationFacts)>>,
    supplier_chunks: Part<Vec<(SupplierId, SupplierFacts)>>,
    cache: Cache,
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotHead {
    read_to: ReadTo,
    chunks: Vec<String>,
    organisations: usize,
    supplier_chunks: Vec<String>,
    suppliers: usize,
    editions: Vector<(Position, Learnt)>,
    deadlines_moved: Vector<DeadlineMove>,
    exemptions: Vector<Exemption>,
    successions: Vector<SuccessionFact>,
    files: Files,
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
            supplier_chunks: cache.part("snapshot-suppliers", FOLD_VERSION)?,
            cache,
        })
    }

    /// Keeps a snapshot and drops the one before it.
    pub fn save(&self, facts: &Facts) {
        let Some(read_to) = facts.read_to else { return };
        let head = SnapshotHead {
            read_to,
            organisations: facts.organisations.len(),
            chunks: keep(&self.chunks, read_to.position, &facts.organisations),
            suppliers: facts.suppliers.len(),
            supplier_chunks: keep(&self.supplier_chunks, read_to.position, &facts.suppliers),
            editions: facts.editions.clone(),
            deadlines_moved: facts.deadlines_moved.clone(),
            exemptions: facts.exemptions.clone(),
            successions: facts.successions.clone(),
            files: facts.files.clone(),
            recorded: facts.recorded.clone(),
            set_aside: facts.set_aside.clone(),
            synthetic_events: facts.synthetic_events,
            synthetic_to: facts.synthetic_to,
        };
        self.heads.put(HEAD, &head);
        drop_others(&self.chunks, &head.chunks);
        drop_others(&self.supplier_chunks, &head.supplier_chunks);
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
        let organisations = kept(&self.chunks, &head.chunks)?;
        let suppliers = kept(&self.supplier_chunks, &head.supplier_chunks)?;
        let is_whole = organisations.len() == head.organisations && suppliers.len() == head.suppliers;
        let mut users: OrdMap<SupplierId, OrdSet<OdsCode>> = OrdMap::new();
        for (code, facts) in &organisations {
            for purchase in &facts.purchases {
                users.entry(purchase.used.supplier).or_default().insert(*code);
            }
        }
        is_whole.then_some(Facts {
            organisations,
            suppliers,
            users,
            editions: head.editions,
            deadlines_moved: head.deadlines_moved,
            exemptions: head.exemptions,
            successions: head.successions,
            files: head.files,
            read_to: Some(head.read_to),
            recorded: head.recorded,
            set_aside: head.set_aside,
            synthetic_events: head.synthetic_events,
            synthetic_to: head.synthetic_to,
        })
    }
}

/// Keeps a map in chunks, and says by which names.
fn keep<K, V>(part: &Part<Vec<(K, V)>>, position: Position, map: &OrdMap<K, Arc<V>>) -> Vec<String>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Clone + Serialize + DeserializeOwned,
{
    let entries: Vec<(&K, &Arc<V>)> = map.iter().collect();
    let mut names = Vec::new();
    for (number, chunk) in entries.chunks(CHUNK_ENTRIES).enumerate() {
        let name = format!("{position}-{number}");
        part.put(&name, &chunk.iter().map(|(key, value)| ((*key).clone(), V::clone(value))).collect());
        names.push(name);
    }
    names
}

/// The map of some chunks; none where one of them is missing.
fn kept<K, V>(part: &Part<Vec<(K, V)>>, names: &[String]) -> Option<OrdMap<K, Arc<V>>>
where
    K: Ord + Clone + Serialize + DeserializeOwned,
    V: Clone + Serialize + DeserializeOwned,
{
    let mut map = OrdMap::new();
    for name in names {
        for (key, value) in part.get(name)? {
            map.insert(key, Arc::new(value));
        }
    }
    Some(map)
}

fn drop_others<T: Serialize + DeserializeOwned>(part: &Part<T>, kept: &[String]) {
    let old: Vec<String> = part.keys().filter(|name| !kept.contains(name)).collect();
    for name in old {
        part.remove(&name);
    }
}
