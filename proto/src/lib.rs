//! The contract between the services: what happened, in which words, about whom, on which day.
//!
//! Everything that crosses the log is defined here: the events of every service, the CloudEvents
//! envelope they travel in, the subjects they travel on, the codes of the field, the calendar, and
//! the requirement sets (`standards/`, data). A reader of the log needs this crate and no other.
//!
//! It never does I/O, never reads a clock and knows nothing of how events are stored.

#[macro_use]
mod declare;

pub mod access;
pub mod areas;
pub mod assessments;
pub mod bodies;
pub mod certification;
pub mod claims;
pub mod codes;
pub mod content;
pub mod continuity;
pub mod day;
pub mod envelope;
pub mod event;
pub mod footprint;
pub mod imports;
pub mod onsite;
pub mod organisations;
pub mod standards;
pub mod subject;
pub mod suppliers;
pub mod text;
pub mod topics;

pub use access::Role;
pub use codes::{
    Actor, EditionId, OdsCode, OnsCode, PersonId, RequirementId, SchemeId, ServiceId, ServiceTypeId,
    SupplierId, TopicId,
};
pub use content::Content;
pub use day::{Day, FinancialYear, LONDON, Moment};
pub use envelope::{By, CommandContent, Envelope, EventHash, Header, Position};
pub use event::{DecodeError, DomainEvent, Event};
pub use subject::{AggregateId, Service, Stream, Subject};
