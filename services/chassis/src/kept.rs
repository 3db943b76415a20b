//! A state with the events that led to it, so that what came with a withdrawn import can be left out.
//!
//! Where people record what files tell, too, a row of a file is an event among others: what it said cannot be kept
//! apart by the date of its file, as it is of registers. So the events are kept, and the state is what is left makes of them.

use std::borrow::Cow;

use jiff::Timestamp;
use proto::{Day, DomainEvent, Position, imports::Withdrawn};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use uuid::Uuid;

use crate::command::{Aggregate, When};

/// By all that is recorded.
const NEWEST: Position = Position(u64::MAX);

/// An event, and when it happened.
#[derive(Debug, Clone)]
pub struct Kept<E> {
    /// What happened.
    pub event: E,
    /// When.
    pub when: When,
}

/// The same as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    kind: String,
    data: String,
    recorded: Timestamp,
    effective: Day,
    position: Position,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Uuid>,
}

impl<E: DomainEvent> Serialize for Kept<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let When { recorded, effective, position, correlation_id } = self.when;
        let data = serde_json::to_string(&self.event.data()).map_err(ser::Error::custom)?;
        let kind = self.event.event_type().to_owned();
        Stored { kind, data, recorded, effective, position, correlation_id }.serialize(serializer)
    }
}

impl<'de, E: DomainEvent> Deserialize<'de> for Kept<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { kind, data, recorded, effective, position, correlation_id } =
            Stored::deserialize(deserializer)?;
        let event = E::decode(&kind, data.as_bytes()).map_err(de::Error::custom)?;
        Ok(Self { event, when: When { recorded, effective, position, correlation_id } })
    }
}

/// What is so without the withdrawn imports: of a state, and of the events kept of it.
pub fn without<'a, A: Aggregate>(state: &'a A, kept: &[Kept<A::Event>], withdrawn: &Withdrawn) -> Cow<'a, A> {
    let stands = |kept: &&Kept<A::Event>| withdrawn.stands(kept.when.correlation_id, NEWEST);
    if withdrawn.is_empty() || kept.iter().all(|kept| stands(&kept)) {
        return Cow::Borrowed(state);
    }
    let others_stand = kept.iter().any(|kept| stands(&kept));
    let mut rest = A::default();
    for kept in kept.iter().filter(|kept| stands(kept) || (others_stand && A::outlives(&kept.event))) {
        rest.evolve(&kept.event, &kept.when);
    }
    rest.take_over(state);
    Cow::Owned(rest)
}
