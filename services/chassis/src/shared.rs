//! Entries by key that all processes over a broker share and that can be deleted: names, accounts. Not for what the log
//! must keep.
//!
//! Each process follows the bucket and keeps what stands in it in memory: some hundred bytes an entry. What one wrote
//! oneself is known at once, what another wrote a moment later.

use std::{ffi::OsString, sync::Arc, time::Duration};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    log::{
        NatsUrl, OpenError,
        nats::bucket::{Bucket, Change},
    },
    task::Tasks,
};

/// How long the first reading may take.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The entries. Cheap to clone.
#[derive(Debug)]
pub struct Shared<V> {
    bucket: Bucket,
    entries: Arc<RwLock<Entries<V>>>,
}

/// By key, with the revision that said so: what was written before does not undo what one has written since. None: it was
/// deleted.
type Entries<V> = FxHashMap<String, (u64, Option<V>)>;

impl<V> Clone for Shared<V> {
    fn clone(&self) -> Self {
        Self { bucket: self.bucket.clone(), entries: self.entries.clone() }
    }
}

impl<V> Shared<V>
where
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Opens the bucket of a name, made where it is missing by whoever may, and reads it once.
    pub async fn open(url: &NatsUrl, name: &str, tasks: &Tasks) -> Result<Self, OpenError> {
        Self::open_with(url, name, tasks, |name| std::env::var_os(name)).await
    }

    /// The same with variables other than those of the environment: for several users in one process.
    pub async fn open_with(
        url: &NatsUrl,
        name: &str,
        tasks: &Tasks,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, OpenError> {
        let bucket = Bucket::open(url, name, variable).await?;
        let shared = Self { bucket, entries: Arc::default() };
        let (own, following) = (shared.clone(), shared.bucket.clone());
        let (read, is_read) = tokio::sync::oneshot::channel();
        tasks.watch("shared-entries", async move { following.follow(read, |change| own.note(change)).await });
        match tokio::time::timeout(READ_TIMEOUT, is_read).await {
            Ok(Ok(())) => Ok(shared),
            _ => Err(OpenError::Server {
                place: url.to_string(),
                reason: format!("the bucket {name} there could not be read: may this user read it?"),
            }),
        }
    }

    fn note(&self, change: Change) {
        let value = change.value.and_then(|bytes| {
            let read = serde_json::from_slice(&bytes);
            if let Err(error) = &read {
                tracing::error!(%error, "an entry of a bucket cannot be read");
            }
            read.ok()
        });
        self.set(change.key, change.revision, value);
    }

    fn set(&self, key: String, revision: u64, value: Option<V>) {
        let mut entries = self.entries.write();
        let known = entries.entry(key).or_insert((0, None));
        if known.0 <= revision {
            *known = (revision, value);
        }
    }

    /// What stands under a key.
    pub fn get(&self, key: &str) -> Option<V> {
        self.entries.read().get(key).and_then(|(_, value)| value.clone())
    }

    /// All of it.
    pub fn all(&self) -> Vec<(String, V)> {
        let entries = self.entries.read();
        entries.iter().filter_map(|(key, (_, value))| Some((key.clone(), value.clone()?))).collect()
    }

    /// Writes an entry; an error says why it could not be.
    pub async fn put(&self, key: &str, value: &V) -> Result<(), String> {
        let bytes = serde_json::to_vec(value).map_err(|error| error.to_string())?;
        let revision = self.bucket.put(key, bytes.into()).await?;
        self.set(key.to_owned(), revision, Some(value.clone()));
        Ok(())
    }

    /// Deletes an entry, also in the files of the broker.
    pub async fn erase(&self, key: &str) -> Result<(), String> {
        let revision = self.bucket.erase(key).await?;
        self.set(key.to_owned(), revision, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log::LogUrl,
        testing::nats::{NatsServer, Sync as SyncAt},
    };

    /// Whether any file of a folder holds a text.
    fn holds(folder: &std::path::Path, text: &str) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return holds(&path, text);
            }
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_process_writes_another_reads_and_what_is_deleted_is_in_no_file() {
        let mut server = NatsServer::start(SyncAt::Lazily);
        let LogUrl::Nats(url) = server.url() else { panic!() };
        let tasks = Tasks::new();
        let one: Shared<String> = Shared::open(&url, "TEST", &tasks).await.unwrap();
        let other: Shared<String> = Shared::open(&url, "TEST", &tasks).await.unwrap();
        one.put("a", &"Zebedee Quillfeather".to_owned()).await.unwrap();
        one.put("b", &"B. Other".to_owned()).await.unwrap();
        assert_eq!(one.get("a").as_deref(), Some("Zebedee Quillfeather"), "at once where it was written");
        let until = async |wanted: &dyn Fn() -> bool| {
            for _ in 0..200 {
                if wanted() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("it did not come");
        };
        until(&|| other.all().len() == 2).await;
        // Also what it was before is gone.
        other.put("a", &"Zebedee Quillfeather-Smith".to_owned()).await.unwrap();
        until(&|| one.get("a").is_some_and(|name| name.ends_with("Smith"))).await;
        other.erase("a").await.unwrap();
        assert_eq!(other.get("a"), None);
        until(&|| one.get("a").is_none()).await;
        let late: Shared<String> = Shared::open(&url, "TEST", &tasks).await.unwrap();
        assert_eq!(late.all(), [("b".to_owned(), "B. Other".to_owned())]);
        tasks.finish().await;
        server.kill();
        assert!(holds(&server.store(), "B. Other"), "the test looks where it stands");
        assert!(!holds(&server.store(), "Quillfeather"));
    }
}
