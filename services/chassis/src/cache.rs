//! Caches in sled: aggregate states, view snapshots. Never the truth.
//!
//! A cache is a folder that may be deleted at any time. It carries the position *and event id* it
//! stands at; at start both are compared with the log. A cache that does not open, or is of
//! another log, is moved aside and begun anew, loudly.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use proto::{Header, Position};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    clock::Clock,
    log::{EventLog, ReadError},
    vitals::has_room,
};

/// The key the mark is kept under, in a tree of its own.
const MARK: &str = "mark";

/// A cache of one service.
#[derive(Debug, Clone)]
pub struct Cache {
    db: sled::Db,
    marks: sled::Tree,
}

/// How far a cache has come: the position, and the id of the event that stands there. Two logs
/// may agree on a position; they do not agree on the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The position.
    pub position: Position,
    /// The id of the event there.
    pub event: Uuid,
}

/// What was found in a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// How far it has come, where it says so.
    pub mark: Option<Mark>,
}

/// Why a cache could not be opened even after moving the old one aside.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the cache folder {path}: {reason}")]
pub struct CacheError {
    /// Which folder.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

impl Cache {
    /// What is in the cache of a folder, where there is one and anything is in it. No one may have it open.
    pub fn look_into(path: &Path) -> Option<Content> {
        if !path.is_dir() {
            return None;
        }
        let cache = Self::try_open(path).ok()?;
        let mark = cache.mark();
        let is_used = || {
            let names = cache.db.tree_names();
            let others = names.iter().filter(|name| name.as_ref() != MARK.as_bytes());
            others.filter_map(|name| cache.db.open_tree(name).ok()).any(|tree| !tree.is_empty())
        };
        (mark.is_some() || is_used()).then_some(Content { mark })
    }

    /// Opens the cache in a folder; moves a damaged one aside, and one that does not belong to
    /// this log.
    pub async fn open(path: &Path, log: &dyn EventLog, clock: &Clock) -> Result<Self, CacheError> {
        let cache = Self::open_or_replace(path, clock)?;
        match cache.belongs_to(log).await {
            Ok(true) => Ok(cache),
            Ok(false) => {
                tracing::warn!(path = %path.display(), "the cache is of another log or ahead of it: begun anew");
                drop(cache);
                move_aside(path, clock)?;
                Self::open_or_replace(path, clock)
            }
            // Out of reach: whoever needs the log will find out; the mark is checked at next start.
            Err(_) => Ok(cache),
        }
    }

    fn open_or_replace(path: &Path, clock: &Clock) -> Result<Self, CacheError> {
        match Self::try_open(path) {
            Ok(cache) => Ok(cache),
            Err(reason) if !is_on_a_disk_with_room(path) => {
                // It may be as good as ever: without room nothing of it can be told.
                tracing::error!(path = %path.display(), reason, "the disk is full: the cache is left as it is, and this process does without");
                Self::in_memory().map_err(|reason| CacheError { path: path.to_owned(), reason })
            }
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "the cache does not open: moved aside and begun anew");
                move_aside(path, clock)?;
                Self::try_open(path).map_err(|reason| CacheError { path: path.to_owned(), reason })
            }
        }
    }

    /// One that is gone when the process ends.
    fn in_memory() -> Result<Self, String> {
        Self::open_with(&sled::Config::new().temporary(true))
    }

    fn try_open(path: &Path) -> Result<Self, String> {
        Self::open_with(&sled::Config::new().path(path).cache_capacity(64 * 1024 * 1024))
    }

    fn open_with(config: &sled::Config) -> Result<Self, String> {
        // A damaged file makes sled panic on open.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let db = config.open()?;
            let marks = db.open_tree(MARK)?;
            Ok::<_, sled::Error>(Self { db, marks })
        }));
        match opened {
            Ok(Ok(cache)) => Ok(cache),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("damaged".to_owned()),
        }
    }

    async fn belongs_to(&self, log: &dyn EventLog) -> Result<bool, ReadError> {
        let Some(mark) = self.mark() else { return Ok(true) };
        let Some(recorded) = log.at(mark.position).await? else { return Ok(false) };
        Ok(Header::read(&recorded.body).is_ok_and(|header| header.id == mark.event))
    }

    /// How far the cache has come.
    pub fn mark(&self) -> Option<Mark> {
        self.marks.get(MARK).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// Notes how far the cache has come, if that is further than before.
    pub fn advance(&self, mark: Mark) {
        if self.mark().is_none_or(|old| old.position < mark.position)
            && let Ok(bytes) = serde_json::to_vec(&mark)
        {
            let _ = self.marks.insert(MARK, bytes);
        }
    }

    /// A named part of the cache whose values were written by one version of a fold. Values of
    /// another version are dropped at once.
    pub fn part<T>(&self, name: &str, fold_version: u32) -> Result<Part<T>, CacheError> {
        let fail = |error: sled::Error| CacheError { path: PathBuf::from(name), reason: error.to_string() };
        let tree = self.db.open_tree(name).map_err(fail)?;
        let version_key = format!("fold-version-of-{name}");
        let written = self.marks.get(&version_key).map_err(fail)?;
        if written.as_deref() != Some(fold_version.to_be_bytes().as_slice()) {
            if written.is_some() {
                tracing::info!(
                    part = name,
                    fold_version,
                    "cached values of another fold version are dropped"
                );
            }
            tree.clear().map_err(fail)?;
            self.marks.insert(version_key, &fold_version.to_be_bytes()).map_err(fail)?;
        }
        Ok(Part { tree, kind: std::marker::PhantomData })
    }

    /// Writes everything out.
    pub async fn flush(&self) {
        if let Err(error) = self.db.flush_async().await {
            tracing::warn!(%error, "the cache could not be written; it will be rebuilt");
        }
    }
}

/// Of a folder that is not there yet the one above it tells.
fn is_on_a_disk_with_room(path: &Path) -> bool {
    path.ancestors().find(|folder| folder.exists()).is_none_or(|folder| has_room(folder).is_ok())
}

fn move_aside(path: &Path, clock: &Clock) -> Result<(), CacheError> {
    let fail = |error: std::io::Error| CacheError { path: path.to_owned(), reason: error.to_string() };
    if !path.exists() {
        return Ok(());
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("cache");
    let aside = path.with_file_name(format!("{name}.aside-{}", clock.now().as_millisecond()));
    std::fs::rename(path, aside).map_err(fail)
}

/// Values of one type under text keys, each with a checksum of its own.
#[derive(Debug)]
pub struct Part<T> {
    tree: sled::Tree,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self { tree: self.tree.clone(), kind: std::marker::PhantomData }
    }
}

/// Bytes of the checksum in front of every value.
const CHECKSUM_BYTES: usize = 8;

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut short = [0; CHECKSUM_BYTES];
    short.copy_from_slice(&digest[..CHECKSUM_BYTES]);
    short
}

impl<T: Serialize + DeserializeOwned> Part<T> {
    /// The value of a key; one that fails its checksum or does not decode counts as absent.
    pub fn get(&self, key: &str) -> Option<T> {
        let bytes = self.tree.get(key).ok().flatten()?;
        let (sum, body) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        if sum != checksum(body) {
            tracing::warn!(key, "a cached value fails its checksum: read from the log instead");
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    /// Keeps a value.
    pub fn put(&self, key: &str, value: &T) {
        let Ok(body) = serde_json::to_vec(value) else { return };
        let mut bytes = Vec::with_capacity(CHECKSUM_BYTES + body.len());
        bytes.extend_from_slice(&checksum(&body));
        bytes.extend_from_slice(&body);
        if let Err(error) = self.tree.insert(key, bytes) {
            tracing::warn!(%error, "a value could not be cached");
        }
    }

    /// Forgets a value.
    pub fn remove(&self, key: &str) {
        let _ = self.tree.remove(key);
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = String> + '_ {
        self.tree.iter().keys().flatten().filter_map(|key| String::from_utf8(key.to_vec()).ok())
    }
}
