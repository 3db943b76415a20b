//! A bucket of entries by key beside the streams of the logs, for what must be deletable.
//!
//! It is a JetStream key-value bucket. What an entry held is deleted by its number, which has the broker overwrite it in
//! its files ("secure delete"), and a marker is left with the key and no value. What a history of one drops of its own
//! accord the broker does not overwrite; so the bucket keeps two of each key, and the older one is deleted as soon as the
//! newer one is there. What a broker's replica that is down still has is overwritten when it comes back and catches up;
//! backups of the broker's folder keep it until they expire.

use std::{ffi::OsString, fmt, sync::Arc, time::Duration};

use async_nats::jetstream::{
    self, ErrorCode,
    kv::{Operation, Store},
    stream::{Config, DiscardPolicy, StorageType},
};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::oneshot;

use super::{ASK_TIMEOUT, connection::Connection, identity::Identity};
use crate::log::{NatsUrl, OpenError};

/// The largest value.
const VALUE_MAX_BYTES: i32 = 64 * 1024;

/// How many writings of one entry the bucket keeps: the last, and the one before until it is overwritten.
const HISTORY: i64 = 2;

/// The pause before reading on after it broke off.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What became of an entry.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Which one.
    pub key: String,
    /// What it holds now; none: it was deleted.
    pub value: Option<Bytes>,
    /// Which writing this is: they are counted over all entries.
    pub revision: u64,
}

/// The bucket.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<Inner>);

struct Inner {
    store: Store,
    /// Kept with the bucket: it closes with it.
    _connection: Connection,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.0.store.name).finish_non_exhaustive()
    }
}

impl Bucket {
    /// Opens the bucket of a name beside a log's stream, made where it is missing.
    pub(crate) async fn open(
        url: &NatsUrl,
        name: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, OpenError> {
        let fail = |reason: String| OpenError::Server { place: url.to_string(), reason };
        let identity = Identity::of(url, variable)?;
        let connection = Connection::open(url, &identity).await?;
        let mut context = jetstream::new(connection.client.clone());
        context.set_timeout(ASK_TIMEOUT);
        let name = format!("{}_{name}", url.stream);
        let store = match context.get_key_value(&name).await {
            Ok(store) => store,
            Err(_) => {
                let made = context.create_stream(wanted(url, &name)).await;
                if let Err(error) = made
                    && !says_exists(&error)
                {
                    return Err(fail(format!(
                        "the bucket {name} is not there and cannot be made ({error}): let `oversight prepare` make it as \
                         the operator"
                    )));
                }
                context
                    .get_key_value(&name)
                    .await
                    .map_err(|error| fail(format!("the bucket {name}: {error}")))?
            }
        };
        let config = &store.stream.cached_info().config;
        if config.max_messages_per_subject < HISTORY || config.deny_purge || config.deny_delete {
            return Err(fail(format!(
                "the bucket {name} cannot forget what is deleted from it: it needs a history of {HISTORY} and must let \
                 entries be deleted and purged"
            )));
        }
        Ok(Self(Arc::new(Inner { store, _connection: connection })))
    }

    /// Writes an entry, and says which writing it was. What it held before is overwritten.
    pub(crate) async fn put(&self, key: &str, value: Bytes) -> Result<u64, String> {
        let store = &self.0.store;
        let revision = store.put(key, value).await.map_err(|error| error.to_string())?;
        self.overwrite(key, |held| held < revision).await?;
        Ok(revision)
    }

    /// Has the broker overwrite what an entry held in some of its writings.
    async fn overwrite(&self, key: &str, which: impl Fn(u64) -> bool) -> Result<(), String> {
        let store = &self.0.store;
        let mut held = store.history(key).await.map_err(|error| error.to_string())?;
        let mut to_go = Vec::new();
        while let Some(entry) = held.next().await {
            let entry = entry.map_err(|error| error.to_string())?;
            if entry.operation == Operation::Put && which(entry.revision) {
                to_go.push(entry.revision);
            }
        }
        for revision in to_go {
            store.stream.delete_message(revision).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Deletes an entry: first what it holds, in the broker's files, then the entry itself.
    pub(crate) async fn erase(&self, key: &str) -> Result<u64, String> {
        let store = &self.0.store;
        self.overwrite(key, |_| true).await?;
        store.purge(key).await.map_err(|error| error.to_string())?;
        let marker = store.entry(key).await.map_err(|error| error.to_string())?;
        Ok(marker.map_or(u64::MAX, |marker| marker.revision))
    }

    /// Tells every entry and then every change, for ever; says once that it has told all there was.
    pub(crate) async fn follow(&self, read: oneshot::Sender<()>, mut told: impl FnMut(Change)) {
        let mut read = Some(read);
        loop {
            let broke = self.tell(&mut read, &mut told).await;
            tracing::warn!(
                bucket = self.0.store.name,
                error = broke,
                "a bucket cannot be read on; trying again"
            );
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn tell(&self, read: &mut Option<oneshot::Sender<()>>, told: &mut impl FnMut(Change)) -> String {
        let mut say_read = || {
            if let Some(read) = read.take() {
                // Where no one waits any more there is no one to tell.
                let _ = read.send(());
            }
        };
        // Told from the beginning each time: what was written while no one listened comes, too.
        let mut changes = match self.0.store.watch_with_history(">").await {
            Ok(changes) => changes,
            Err(error) => return error.to_string(),
        };
        match self.0.store.stream.get_info().await {
            Ok(info) if info.state.messages == 0 => say_read(),
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
        while let Some(change) = changes.next().await {
            let entry = match change {
                Ok(entry) => entry,
                Err(error) => return error.to_string(),
            };
            let is_last = entry.delta == 0;
            let value = (entry.operation == Operation::Put).then_some(entry.value);
            told(Change { key: entry.key, value, revision: entry.revision });
            if is_last {
                say_read();
            }
        }
        "it ended".to_owned()
    }
}

/// The stream of a bucket as it is made. The library's own way would ask for the account as well, which no user of ours
/// may.
fn wanted(url: &NatsUrl, name: &str) -> Config {
    Config {
        name: format!("KV_{name}"),
        description: Some("What the log must not keep for ever".to_owned()),
        subjects: vec![format!("$KV.{name}.>")],
        max_messages_per_subject: HISTORY,
        max_message_size: VALUE_MAX_BYTES,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        num_replicas: usize::from(url.replicas.unwrap_or(1)),
        allow_rollup: true,
        deny_delete: false,
        deny_purge: false,
        allow_direct: false,
        ..Config::default()
    }
}

/// Several processes may make it at once; all but one find it done.
fn says_exists(error: &jetstream::context::CreateStreamError) -> bool {
    matches!(
        error.kind(),
        jetstream::context::CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST
    )
}
