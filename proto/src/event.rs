//! What all events have in common, and the sum of them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{assessments::AssessmentEvent, organisations::OrganisationEvent, subject::Service};

/// Why a body is not an event this build understands. Such bodies never stop a reader: they are
/// set aside, counted and shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The body is not a CloudEvents object of ours.
    #[error("not a readable envelope: {reason}")]
    Envelope {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// A type nobody here knows, perhaps of a newer version.
    #[error("unknown event type {kind}")]
    UnknownType {
        /// The type as received.
        kind: String,
    },
    /// A known type whose data does not have its shape.
    #[error("data of {kind} is malformed: {reason}")]
    Data {
        /// The type.
        kind: String,
        /// What the parser said.
        reason: String,
    },
}

impl DecodeError {
    pub(crate) fn envelope(error: serde_json::Error) -> Self {
        DecodeError::Envelope { reason: error.to_string() }
    }

    /// Of which sort it is, as a metric label.
    pub fn sort(&self) -> &'static str {
        match self {
            DecodeError::Envelope { .. } => "envelope",
            DecodeError::UnknownType { .. } => "unknown-type",
            DecodeError::Data { .. } => "data",
        }
    }
}

/// The events of one service.
pub trait DomainEvent: Sized + Send + Sync + 'static {
    /// Who writes them.
    const SERVICE: Service;

    /// The full type, ending in the version.
    fn event_type(&self) -> &'static str;

    /// The data, ready to be written.
    fn data(&self) -> impl Serialize + '_;

    /// The event of a type and its data.
    fn decode(kind: &str, data: &RawValue) -> Result<Self, DecodeError>;
}

/// Reads the data of a known type.
pub(crate) fn read<T: DeserializeOwned>(kind: &str, data: &RawValue) -> Result<T, DecodeError> {
    serde_json::from_str(data.get())
        .map_err(|error| DecodeError::Data { kind: kind.to_owned(), reason: error.to_string() })
}

/// An event of any service.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of `organisations`.
    Organisation(OrganisationEvent),
    /// Of `assessments`.
    Assessment(AssessmentEvent),
}

impl Event {
    /// The event of a type and its data, whichever service wrote it.
    pub fn decode(kind: &str, data: &RawValue) -> Result<Self, DecodeError> {
        let service = kind.strip_prefix("oversight.").and_then(|rest| rest.split('.').next());
        match service.and_then(|name| name.parse::<Service>().ok()) {
            Some(Service::Organisations) => OrganisationEvent::decode(kind, data).map(Event::Organisation),
            Some(Service::Assessments) => AssessmentEvent::decode(kind, data).map(Event::Assessment),
            None => Err(DecodeError::UnknownType { kind: kind.chars().take(120).collect() }),
        }
    }

    /// The full type, ending in the version.
    pub fn event_type(&self) -> &'static str {
        match self {
            Event::Organisation(event) => event.event_type(),
            Event::Assessment(event) => event.event_type(),
        }
    }
}
