//! What all events have in common, and the sum of them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    access::AccessEvent,
    assessments::AssessmentEvent,
    codes::PersonId,
    continuity::ContinuityEvent,
    envelope::Envelope,
    onsite::OnsiteEvent,
    organisations::OrganisationEvent,
    subject::{Service, Stream},
    suppliers::SupplierEvent,
};

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
    /// A type no one here knows, perhaps of a newer version.
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

    /// Of a type that no one here knows.
    pub fn unknown(kind: &str) -> Self {
        DecodeError::UnknownType { kind: kind.chars().take(120).collect() }
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
pub trait DomainEvent: fmt::Debug + Clone + Send + Sync + 'static {
    /// Who writes them.
    const SERVICE: Service;
    /// Where they stand.
    const STREAM: Stream;
    /// Every type there is, by its full name.
    const TYPES: &'static [&'static str];

    /// The full type, ending in the version.
    fn event_type(&self) -> &'static str;

    /// The data, ready to be written.
    fn data(&self) -> impl Serialize + '_;

    /// The event of a type and its data; none where the type is not one of this service's.
    fn decode_from<'de, D: Deserializer<'de>>(kind: &str, data: D) -> Result<Option<Self>, D::Error>;

    /// The event of a type and its data as JSON.
    fn decode(kind: &str, data: &[u8]) -> Result<Self, DecodeError> {
        let mut data = serde_json::Deserializer::from_slice(data);
        match Self::decode_from(kind, &mut data).and_then(|event| data.end().map(|()| event)) {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err(DecodeError::unknown(kind)),
            Err(error) => Err(DecodeError::Data { kind: kind.to_owned(), reason: error.to_string() }),
        }
    }
}

sum_of_events! {
    /// An event of any service.
    pub enum Event {
        /// Of `organisations`.
        Organisation(OrganisationEvent) of Organisations,
        /// Of `assessments`.
        Assessment(AssessmentEvent) of Assessments,
        /// Of `suppliers`.
        Supplier(SupplierEvent) of Suppliers,
        /// Of `onsite`.
        Onsite(OnsiteEvent) of Onsite,
        /// Of `continuity`.
        Continuity(ContinuityEvent) of Continuity,
        /// Of `access`.
        Access(AccessEvent) of Access,
    }
    without Projection
}

impl Event {
    /// The office holders it names, by the ids under which the directory has them. Holders of accounts are none.
    pub fn people(&self) -> Vec<PersonId> {
        match self {
            Event::Assessment(event) => match event {
                AssessmentEvent::AssuranceStatementAccepted(accepted) => vec![accepted.person],
                AssessmentEvent::ImprovementActionPlanned(planned) => vec![planned.action.owner],
                AssessmentEvent::ImprovementPlanSubmitted(plan) => {
                    plan.actions.iter().map(|(_, action)| action.owner).collect()
                }
                _ => Vec::new(),
            },
            Event::Onsite(event) => match event {
                OnsiteEvent::VisitScheduled(visit) => vec![visit.assessor],
                OnsiteEvent::ActionPlanProposed(plan) => {
                    plan.actions.iter().map(|(_, action)| action.owner).collect()
                }
                _ => Vec::new(),
            },
            Event::Continuity(event) => match event {
                ContinuityEvent::PlanWritten(written) => vec![written.owner],
                ContinuityEvent::PlanApproved(approved) => vec![approved.by],
                ContinuityEvent::PlanReviewed(reviewed) => vec![reviewed.by],
                ContinuityEvent::ExerciseHeld(exercise) => exercise.board.into_iter().collect(),
                _ => Vec::new(),
            },
            Event::Organisation(_) | Event::Supplier(_) | Event::Access(_) => Vec::new(),
        }
    }

    /// The service whose name a type carries.
    fn service_of(kind: &str) -> Option<Service> {
        kind.strip_prefix("oversight.")?.split('.').next()?.parse().ok()
    }
}
