//! What the events say of suppliers' certificates, and of what organisations buy of them.

use std::borrow::Cow;

use proto::{
    Day, DomainEvent as _, Position, ServiceId, SupplierId,
    certification::Dossier,
    suppliers::{SupplierEvent, Used},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::files::Origin;

/// Everything the events say of one supplier's certificates, in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SupplierFacts {
    history: Vec<SupplierFact>,
    /// What they come to.
    dossier: Dossier,
    /// The last event that changed it.
    changed: Position,
}

/// One event of a supplier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
struct SupplierFact {
    position: Position,
    day: Day,
    origin: Origin,
    event: SupplierEvent,
}

/// The same as it is kept in a snapshot.
#[derive(Serialize, Deserialize)]
struct Stored {
    position: Position,
    day: Day,
    origin: Origin,
    kind: String,
    data: String,
}

impl From<SupplierFact> for Stored {
    fn from(SupplierFact { position, day, origin, event }: SupplierFact) -> Self {
        // Plain data: writing it as JSON cannot fail.
        let data = serde_json::to_string(&event.data()).unwrap_or_default();
        Self { position, day, origin, kind: event.event_type().to_owned(), data }
    }
}

impl TryFrom<Stored> for SupplierFact {
    type Error = proto::DecodeError;

    fn try_from(Stored { position, day, origin, kind, data }: Stored) -> Result<Self, Self::Error> {
        Ok(Self { position, day, origin, event: SupplierEvent::decode(&kind, data.as_bytes())? })
    }
}

impl SupplierFacts {
    /// Takes an event in, effective on a day.
    pub(crate) fn gather(&mut self, position: Position, day: Day, origin: Origin, event: SupplierEvent) {
        self.dossier.apply(&event, day);
        self.changed = position;
        self.history.push(SupplierFact { position, day, origin, event });
    }

    /// Notes that an import was withdrawn; true where anything came with it.
    pub(super) fn withdraw(&mut self, import: Uuid, position: Position) -> bool {
        let mut is_touched = false;
        for fact in &mut self.history {
            is_touched |= fact.origin.withdraw(import, position);
        }
        if is_touched {
            self.dossier = self.dossier_anew(position);
            self.changed = position;
        }
        is_touched
    }

    /// Whether anything came with an import.
    pub(super) fn is_of(&self, import: Uuid) -> bool {
        self.history.iter().any(|fact| fact.origin.import == Some(import))
    }

    /// The events that count, by what is recorded up to a position. Who a supplier is is known from a withdrawn
    /// import, too, as long as anything else is recorded of it.
    fn standing(&self, upto: Position) -> impl DoubleEndedIterator<Item = &SupplierFact> {
        let known = self.history.partition_point(|fact| fact.position <= upto);
        let known = self.history.get(..known).unwrap_or_default();
        let any_stands = known.iter().any(|fact| fact.origin.stands(upto));
        known
            .iter()
            .filter(move |fact| fact.origin.stands(upto) || (any_stands && fact.event.says_who_it_is()))
    }

    /// What was known of its certificates at a position.
    pub fn dossier(&self, upto: Position) -> Cow<'_, Dossier> {
        if self.changed <= upto { Cow::Borrowed(&self.dossier) } else { Cow::Owned(self.dossier_anew(upto)) }
    }

    fn dossier_anew(&self, upto: Position) -> Dossier {
        let mut dossier = Dossier::default();
        for fact in self.standing(upto) {
            dossier.apply(&fact.event, fact.day);
        }
        dossier
    }

    /// The event at a position, if it is one of this supplier's.
    pub fn event_at(&self, position: Position) -> Option<&SupplierEvent> {
        let at = self.history.binary_search_by_key(&position, |fact| fact.position).ok()?;
        self.history.get(at).map(|fact| &fact.event)
    }

    /// The legal entity, by what is known last at a position.
    pub fn legal_name(&self, upto: Position) -> Option<&str> {
        self.standing(upto).rev().find_map(|fact| match &fact.event {
            SupplierEvent::SupplierRegistered(event) => Some(event.details.legal_name.as_str()),
            SupplierEvent::SupplierAmended(event) => Some(event.details.legal_name.as_str()),
            _ => None,
        })
    }

    /// What a service is sold as, by what is known last at a position.
    pub fn product(&self, service: ServiceId, upto: Position) -> Option<&str> {
        self.standing(upto).rev().find_map(|fact| match &fact.event {
            SupplierEvent::ServiceOffered(event) if event.service == service => {
                Some(event.offered.product.as_str())
            }
            SupplierEvent::ServiceAmended(event) if event.service == service => {
                Some(event.offered.product.as_str())
            }
            _ => None,
        })
    }

    /// Who does part of a service, or of all where none is named, and which part, as known at a position.
    pub fn sub_suppliers(&self, service: Option<ServiceId>, upto: Position) -> Vec<(SupplierId, String)> {
        let mut named: Vec<(SupplierId, Option<ServiceId>, &str)> = Vec::new();
        for fact in self.standing(upto) {
            match &fact.event {
                SupplierEvent::SubSupplierNamed(event) => {
                    named.push((event.sub_supplier, event.service, &event.part));
                }
                SupplierEvent::SubSupplierReleased(event) => {
                    named.retain(|(other, of, _)| (other, of) != (&event.sub_supplier, &event.service));
                }
                _ => {}
            }
        }
        let of_the_service =
            |of: &Option<ServiceId>| of.is_none_or(|of| service.is_none_or(|service| of == service));
        named.retain(|(_, of, _)| of_the_service(of));
        named.into_iter().map(|(other, _, part)| (other, part.to_owned())).collect()
    }

    /// The last event by a day that bears on its certificates: what a change on that day is owed to.
    pub fn last_by(&self, day: Day, upto: Position) -> Option<(Day, Position)> {
        let known = self.standing(upto).filter(|fact| fact.day <= day && bears_on_certificates(&fact.event));
        known.map(|fact| (fact.day, fact.position)).max()
    }
}

/// Whether an event can change what is certified: what is sold, and who does part of it, cannot.
fn bears_on_certificates(event: &SupplierEvent) -> bool {
    use SupplierEvent as E;
    !matches!(
        event,
        E::ServiceOffered(_)
            | E::ServiceAmended(_)
            | E::ServiceRetired(_)
            | E::SubSupplierNamed(_)
            | E::SubSupplierReleased(_)
    )
}

/// Something an organisation did as a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseFact {
    /// The event that says so.
    pub position: Position,
    /// The day it took effect.
    pub day: Day,
    /// Of which service.
    pub used: Used,
    /// What.
    pub what: Purchase,
    /// Where it came from.
    pub origin: Origin,
}

/// What it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purchase {
    /// It uses the service from the day on.
    Begun,
    /// The day is the last on which it uses it.
    Ended,
    /// It checked the service's certification.
    Checked,
    /// It agreed how a gap until a renewal is bridged, up to this day.
    GapPlanned(Day),
}

impl PurchaseFact {
    /// What an event says of an organisation as a buyer; none where it is of something else.
    pub fn of(position: Position, day: Day, origin: Origin, event: &SupplierEvent) -> Option<Self> {
        let (used, what) = match event {
            SupplierEvent::EngagementBegun(event) => (event.used, Purchase::Begun),
            SupplierEvent::EngagementEnded(event) => (event.used, Purchase::Ended),
            SupplierEvent::CertificationChecked(event) => (event.used, Purchase::Checked),
            SupplierEvent::GapPlanAgreed(event) => (event.used, Purchase::GapPlanned(event.until)),
            _ => return None,
        };
        Some(Self { position, day, used, what, origin })
    }
}
