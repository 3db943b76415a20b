//! One publish and its one acknowledgement.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use async_nats::{
    HeaderMap, Request, RequestErrorKind, header,
    jetstream::{ErrorCode, publish::PublishAck, response::Response},
};
use proto::Position;

use super::connection::Connection;
use crate::log::{APPEND_TIMEOUT, AppendError, NewEvent, Receipt, Written};

/// How often an unanswered publish looks whether it was denied or the connection broke.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// There is no such message.
pub(super) const NO_MESSAGE_FOUND: ErrorCode = ErrorCode::NO_MESSAGE_FOUND;

/// The HTTP-like code of "too much at once".
const TOO_MANY_REQUESTS: usize = 429;
/// The HTTP-like code of "not at the moment".
const UNAVAILABLE: usize = 503;

/// What became of a publish.
pub(super) enum Answer {
    /// It stands.
    Written(Receipt),
    /// The subject's last position is not the expected one; nothing was written.
    WrongLast,
    /// Nothing was written, but might be soon.
    NotNow { reason: String },
    /// No one knows.
    InDoubt { reason: String },
    /// Nothing was written, and will not be.
    Fails(AppendError),
}

/// Publishes an event and awaits its acknowledgement: the only place that does.
pub(super) async fn publish(
    connection: &Connection,
    stream: &str,
    event: &NewEvent,
    expected: Position,
) -> Answer {
    let mut headers = HeaderMap::new();
    let mut id = uuid::Uuid::encode_buffer();
    headers.insert(header::NATS_MESSAGE_ID, &*event.id.hyphenated().encode_lower(&mut id));
    headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.0.to_string());
    headers.insert(header::NATS_EXPECTED_STREAM, stream);
    let request = Request::new().headers(headers).payload(event.body.clone()).timeout(None);
    let started = Instant::now();
    let mut answer = pin!(connection.client.send_request(event.subject.as_str().to_owned(), request));
    let message = loop {
        if let Ok(message) = tokio::time::timeout(LOOK_EVERY, &mut answer).await {
            break message;
        }
        if let Some(reason) = connection.denied_since(started, event.subject.as_str()) {
            return Answer::Fails(AppendError::Refused { reason });
        }
        if !connection.is_up() {
            return Answer::InDoubt { reason: "the connection broke before the answer came".to_owned() };
        }
        if started.elapsed() >= APPEND_TIMEOUT {
            return Answer::InDoubt { reason: "the server did not answer in time".to_owned() };
        }
    };
    match message {
        Ok(message) => match serde_json::from_slice(&message.payload) {
            Ok(Response::Ok(ack)) => acknowledged(&ack),
            Ok(Response::Err { error }) => refused(&error, event),
            Err(error) => Answer::InDoubt { reason: format!("the server's answer makes no sense: {error}") },
        },
        Err(error) => match error.kind() {
            RequestErrorKind::NoResponders => {
                Answer::NotNow { reason: "the stream has no leader at the moment".to_owned() }
            }
            RequestErrorKind::MaxPayloadExceeded => Answer::Fails(AppendError::Refused {
                reason: format!("the server's max_payload is smaller than this event: {error}"),
            }),
            RequestErrorKind::InvalidSubject => {
                Answer::Fails(AppendError::Refused { reason: error.to_string() })
            }
            RequestErrorKind::TimedOut | RequestErrorKind::Other => {
                Answer::InDoubt { reason: error.to_string() }
            }
        },
    }
}

fn acknowledged(ack: &PublishAck) -> Answer {
    let written = if ack.duplicate { Written::Before } else { Written::Now };
    Answer::Written(Receipt { position: Position(ack.sequence), written })
}

fn refused(error: &async_nats::jetstream::Error, event: &NewEvent) -> Answer {
    let reason = error.to_string();
    match error.error_code() {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
            Answer::WrongLast
        }
        ErrorCode::STREAM_STORE_FAILED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::INSUFFICIENT_RESOURCES => Answer::Fails(AppendError::Full { reason }),
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            Answer::Fails(AppendError::TooLarge { bytes: event.body.len() })
        }
        ErrorCode::STREAM_NOT_FOUND
        | ErrorCode::CLUSTER_NOT_AVAILABLE
        | ErrorCode::CLUSTER_NOT_LEADER
        | ErrorCode::CLUSTER_NOT_ACTIVE => Answer::NotNow { reason },
        _ if matches!(error.code(), TOO_MANY_REQUESTS | UNAVAILABLE) => Answer::NotNow { reason },
        _ => Answer::Fails(AppendError::Refused { reason }),
    }
}
