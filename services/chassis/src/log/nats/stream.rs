//! The stream: made as it must be, or checked whether it is.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        self, ErrorCode,
        context::{CreateStreamErrorKind, RequestError},
        response::Response,
        stream::{Config, DiscardPolicy, Info, PersistenceMode, RetentionPolicy, StorageType},
    },
};
use proto::Stream;

use super::{
    ASK_PATIENCE, ASK_TIMEOUT, Another, Patience,
    connection::{Asked, Connection},
};
use crate::log::{Durability, NatsUrl, OpenError};

/// How long the server itself recognises a repeated event id.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// The oldest server whose answers to repeated publishes are understood.
const SERVER_MIN: (i64, i64, i64) = (2, 12, 0);

/// The fewest replicas that count as durable without a sync.
const REPLICAS_DURABLE: usize = 3;

/// The stream as it is made.
fn wanted(url: &NatsUrl) -> Config {
    Config {
        name: url.stream.clone(),
        description: Some(
            match url.holds {
                Stream::Events => "Every event of the field, in order, for ever",
                Stream::Access => "Who may come in, who came, what was refused or taken away",
            }
            .to_owned(),
        ),
        subjects: vec![url.holds.all().to_owned()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: -1,
        num_replicas: usize::from(url.replicas.unwrap_or(1)),
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        allow_direct: false,
        ..Config::default()
    }
}

/// Everything about a stream by which it could lose, hide or refuse events.
fn faults(config: &Config, info: &Info, url: &NatsUrl) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |sound: bool, fault: &str| {
        if !sound {
            faults.push(fault.to_owned());
        }
    };
    check(
        config.retention == RetentionPolicy::Limits,
        "its retention is not \"limits\", so reading would remove events",
    );
    check(config.storage == StorageType::File, "it is kept in memory, not in files");
    check(
        config.discard == DiscardPolicy::New,
        "it discards old events when it is full (discard must be \"new\")",
    );
    check(config.max_age.is_zero(), "its events expire (max_age must be 0)");
    check(
        config.max_messages_per_subject <= 0,
        "it keeps only so many events of each subject (max_msgs_per_subject must be -1)",
    );
    check(config.deny_delete, "its events may be deleted (deny_delete must be set)");
    check(config.deny_purge, "it may be purged (deny_purge must be set)");
    check(!config.allow_rollup, "it allows roll-ups, which remove events");
    check(!config.allow_message_ttl, "it allows events with a time to live");
    check(!config.no_ack, "it acknowledges nothing (no_ack)");
    check(!config.sealed, "it is sealed, so nothing can be written");
    check(
        config.mirror.is_none() && config.sources.as_ref().is_none_or(Vec::is_empty),
        "it is filled from other streams",
    );
    check(config.subject_transform.is_none(), "it changes subjects");
    check(
        !config.allow_message_counter && !config.allow_message_schedules,
        "it counts or schedules messages instead of keeping them as they come",
    );
    check(config.subjects == [url.holds.all()], &format!("its subjects are not exactly {}", url.holds.all()));
    check(
        config.persist_mode != Some(PersistenceMode::Async),
        "it acknowledges before it writes (persist_mode async)",
    );
    if let Some(asked) = url.replicas {
        check(
            config.num_replicas >= usize::from(asked),
            &format!("it has {} replicas, not {asked}", config.num_replicas),
        );
    }
    let state = &info.state;
    check(
        state.last_sequence == 0 || state.first_sequence == 1,
        &format!("its first events, up to {}, are gone", state.first_sequence.saturating_sub(1)),
    );
    check(
        state.deleted_count.unwrap_or(0) == 0,
        &format!("{} of its events are gone", state.deleted_count.unwrap_or(0)),
    );
    faults
}

/// What the server says of the stream.
pub(super) async fn info(client: &Client, stream: &str) -> Result<Info, InfoError> {
    let mut context = jetstream::new(client.clone());
    context.set_timeout(ASK_TIMEOUT);
    match context.request(format!("STREAM.INFO.{stream}"), &()).await {
        Ok(Response::Ok(info)) => Ok(info),
        Ok(Response::Err { error }) => Err(InfoError::Server(error)),
        Err(error) => Err(InfoError::Request(error)),
    }
}

/// Why there is no word of the stream.
#[derive(Debug, thiserror::Error)]
pub(super) enum InfoError {
    #[error("{0}")]
    Server(async_nats::jetstream::Error),
    #[error("{0}")]
    Request(RequestError),
}

impl Asked for InfoError {
    fn says_nothing_there(&self) -> bool {
        matches!(self, InfoError::Server(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
    }
}

/// Makes the stream, or makes sure of the one that is there.
pub(super) async fn ensure(connection: &Connection, url: &NatsUrl) -> Result<Info, OpenError> {
    let fail = |reason: String| OpenError::Server { place: url.to_string(), reason };
    let (major, minor, patch) = SERVER_MIN;
    if !connection.client.is_server_compatible(major, minor, patch) {
        let found = connection.client.server_info().version;
        return Err(fail(format!("it is nats-server {found}: use {major}.{minor} or newer")));
    }
    let found =
        connection.ask(ASK_PATIENCE, || info(&connection.client, &url.stream)).await.map_err(|error| {
            fail(format!(
                "{error}: is JetStream enabled (nats-server -js), and may this user ask for the stream {}?",
                url.stream
            ))
        })?;
    let info = match found {
        Some(info) => info,
        None => create(connection, url).await.map_err(fail)?,
    };
    let faults = faults(&info.config, &info, url);
    if !faults.is_empty() {
        return Err(fail(format!(
            "its stream {} is not fit to hold the log: {}. Put this right on the server, or name another stream with ?stream=NAME",
            url.stream,
            faults.join("; ")
        )));
    }
    if info.config.duplicate_window < DUPLICATE_WINDOW {
        tracing::warn!(
            stream = url.stream,
            seconds = info.config.duplicate_window.as_secs(),
            "the stream's duplicate window is shorter than {} seconds",
            DUPLICATE_WINDOW.as_secs()
        );
    }
    Ok(info)
}

/// Several processes may do this at once; all but one find it done.
async fn create(connection: &Connection, url: &NatsUrl) -> Result<Info, String> {
    let mut context = jetstream::new(connection.client.clone());
    context.set_timeout(ASK_TIMEOUT);
    let mut patience = Patience::new(ASK_PATIENCE);
    loop {
        let started = std::time::Instant::now();
        let reason = match context.create_stream(wanted(url)).await {
            Ok(_) => "the stream was made, but cannot be asked for".to_owned(),
            Err(error) => match error.kind() {
                CreateStreamErrorKind::JetStream(error)
                    if error.error_code() != ErrorCode::STREAM_NAME_EXIST =>
                {
                    let reason = format!("the stream {} cannot be made: {error}", url.stream);
                    if error.code() != 503 {
                        return Err(reason);
                    }
                    reason
                }
                _ => format!("the stream {} cannot be made: {error}", url.stream),
            },
        };
        if let Ok(info) = info(&connection.client, &url.stream).await {
            tracing::info!(
                stream = url.stream,
                replicas = info.config.num_replicas,
                "the event log's stream is there"
            );
            return Ok(info);
        }
        if let Some(what) = connection.denied_since(started, "$JS.API") {
            return Err(format!("the stream {} cannot be made: {what}", url.stream));
        }
        if patience.another().await == Another::No {
            return Err(reason);
        }
    }
}

/// When the server acknowledges, as far as it lets us see.
pub(super) fn durability(info: &Info, syncs_always: Option<bool>) -> Durability {
    match (info.config.num_replicas, syncs_always) {
        (_, Some(true)) => Durability::Synced,
        (replicas, _) if replicas >= REPLICAS_DURABLE => {
            Durability::Replicated(u8::try_from(replicas).unwrap_or(u8::MAX))
        }
        (_, Some(false)) => Durability::Unsynced,
        (_, None) => Durability::Unknown,
    }
}
