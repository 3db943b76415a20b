//! What the events say of suppliers' certificates, and of what organisations buy of them.

use std::borrow::Cow;

use proto::{
    Day, DomainEvent as _, Position, ServiceId, SupplierId,
    certification::Dossier,
    suppliers::{SupplierEvent, Used},
};
use serde::{Deserialize, Serialize};

/// Everything the events say of one supplier's certificates, in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SupplierFacts {
    history: Vec<SupplierFact>,
    /// What they come to.
    dossier: Dossier,
}

/// One event of a supplier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
struct SupplierFact {
    position: Position,
    day: Day,
    event: SupplierEvent,
}

/// The same as it is kept in a snapshot.
#[derive(Serialize, Deserialize)]
struct Stored {
    position: Position,
    day: Day,
    kind: String,
    data: String,
}

impl From<SupplierFact> for Stored {
    fn from(SupplierFact { position, day, event }: SupplierFact) -> Self {
        // Plain data: writing it as JSON cannot fail.
        let data = serde_json::to_string(&event.data()).unwrap_or_default();
        Self { position, day, kind: event.event_type().to_owned(), data }
    }
}

impl TryFrom<Stored> for SupplierFact {
    type Error = proto::DecodeError;

    fn try_from(Stored { position, day, kind, data }: Stored) -> Result<Self, Self::Error> {
        Ok(Self { position, day, event: SupplierEvent::decode(&kind, data.as_bytes())? })
    }
}

impl SupplierFacts {
    /// Takes an event in, effective on a day.
    pub(crate) fn gather(&mut self, position: Position, day: Day, event: SupplierEvent) {
        self.dossier.apply(&event, day);
        self.history.push(SupplierFact { position, day, event });
    }

    /// What was known of its certificates at a position.
    pub fn dossier(&self, upto: Position) -> Cow<'_, Dossier> {
        if self.history.last().is_none_or(|last| last.position <= upto) {
            return Cow::Borrowed(&self.dossier);
        }
        let mut dossier = Dossier::default();
        for fact in self.history.iter().take_while(|fact| fact.position <= upto) {
            dossier.apply(&fact.event, fact.day);
        }
        Cow::Owned(dossier)
    }

    /// The event at a position, if it is one of this supplier's.
    pub fn event_at(&self, position: Position) -> Option<&SupplierEvent> {
        let at = self.history.binary_search_by_key(&position, |fact| fact.position).ok()?;
        self.history.get(at).map(|fact| &fact.event)
    }

    /// The legal entity, by what is known last.
    pub fn legal_name(&self) -> Option<&str> {
        self.history.iter().rev().find_map(|fact| match &fact.event {
            SupplierEvent::SupplierRegistered(event) => Some(event.details.legal_name.as_str()),
            SupplierEvent::SupplierAmended(event) => Some(event.details.legal_name.as_str()),
            _ => None,
        })
    }

    /// What a service is sold as, by what is known last.
    pub fn product(&self, service: ServiceId) -> Option<&str> {
        self.history.iter().rev().find_map(|fact| match &fact.event {
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
        for fact in self.history.iter().take_while(|fact| fact.position <= upto) {
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
        let known = self.history.iter().filter(|fact| fact.position <= upto && fact.day <= day);
        known.map(|fact| (fact.day, fact.position)).max()
    }
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
    pub fn of(position: Position, day: Day, event: &SupplierEvent) -> Option<Self> {
        let (used, what) = match event {
            SupplierEvent::EngagementBegun(event) => (event.used, Purchase::Begun),
            SupplierEvent::EngagementEnded(event) => (event.used, Purchase::Ended),
            SupplierEvent::CertificationChecked(event) => (event.used, Purchase::Checked),
            SupplierEvent::GapPlanAgreed(event) => (event.used, Purchase::GapPlanned(event.until)),
            _ => return None,
        };
        Some(Self { position, day, used, what })
    }
}
