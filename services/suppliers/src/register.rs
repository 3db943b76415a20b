//! All suppliers in memory, folded from the log: for look-ups, for matching, and to know who relies on whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
    sync::Arc,
};

use chassis::{Aggregate as _, When, claims::ClaimEvents as _, following::Fold, kept::Kept, log::Recorded};
use proto::{
    Day, Header, OdsCode, Position, SchemeId, ServiceId, ServiceTypeId, SupplierId,
    certification::{Held, entity_key},
    imports::Withdrawn,
    suppliers::{
        Certificate, CertificateHeldForReview, List, Listing, ListingHeld, MatchedBy, RowWaiting,
        SupplierDetails, SupplierEvent, Used,
    },
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::{
    model::{Buyer, Engagement, Supplier, number_key},
    names::Names,
};

/// The types of events that matter here begin so.
const SUPPLIERS: &str = "oversight.suppliers.";

/// How many known suppliers are named beside an entry that someone has to look at.
const RESEMBLING_MAX: usize = 5;

/// How alike two names have to be for someone to look: the share of letters that agree, by Jaro and
/// Winkler.
const RESEMBLING: f64 = 0.93;

/// All suppliers.
#[derive(Debug, Default)]
pub struct Register {
    suppliers: Vec<Arc<Supplier>>,
    numbers: FxHashMap<SupplierId, u32>,
    names: Names,
    by_listing: FxHashMap<Listing, SupplierId>,
    /// Who has a code or a number: one supplier, unless a log of old holds two that claim the same.
    by_ods_code: FxHashMap<OdsCode, Vec<SupplierId>>,
    by_company_number: FxHashMap<String, Vec<SupplierId>>,
    by_key: FxHashMap<String, Vec<SupplierId>>,
    /// Who ever had a certificate of a scheme and number.
    by_certificate: FxHashMap<(SchemeId, String), Vec<SupplierId>>,
    held: BTreeMap<Listing, ListingHeld>,
    /// Entries that were held and name no supplier.
    rejected: BTreeMap<Listing, ListingHeld>,
    /// Rows of lists that wait for something to be decided, by entry and number, each with its import.
    rows: BTreeMap<(Listing, u16), (RowWaiting, Option<Uuid>)>,
    /// Who has certificates held for review.
    in_review: BTreeSet<SupplierId>,
    /// The organisations that use what is listed under a name no one had matched, with the day from which, and the
    /// import that said so.
    waiting: BTreeMap<Listing, BTreeMap<OdsCode, (Day, Option<Uuid>)>>,
    buyers: BTreeMap<OdsCode, Buyer>,
    users: FxHashMap<SupplierId, Vec<OdsCode>>,
    /// All that led to this, but for what no import could have brought.
    kept: Vec<Kept<SupplierEvent>>,
    withdrawn: Withdrawn,
}

/// Something that waited for a name to be matched and can be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// Who uses something.
    pub organisation: OdsCode,
    /// Of whom.
    pub supplier: SupplierId,
    /// From which day.
    pub day: Day,
    /// The import that said so.
    pub import: Option<Uuid>,
}

/// What an entry of a list is to those who are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// This supplier, and it has been so before.
    Known(SupplierId),
    /// This supplier, by something sure.
    Sure(SupplierId, MatchedBy),
    /// Someone has to look whether it is one of these.
    Unsure(Vec<SupplierId>),
    /// No one that is known.
    New,
    /// No supplier: someone has looked.
    Rejected,
}

impl Register {
    /// A supplier.
    pub fn supplier(&self, id: SupplierId) -> Option<&Arc<Supplier>> {
        self.suppliers.get(*self.numbers.get(&id)? as usize)
    }

    /// The supplier that has an ODS code.
    pub fn of_code(&self, code: OdsCode) -> Option<&Arc<Supplier>> {
        self.supplier(*self.by_ods_code.get(&code)?.first()?)
    }

    /// The supplier that an entry of a list was found to be.
    pub fn of_listing(&self, listing: &Listing) -> Option<SupplierId> {
        self.by_listing.get(listing).copied()
    }

    /// Another supplier than this one that has an ODS code.
    pub fn other_of_code(&self, code: OdsCode, than: SupplierId) -> Option<SupplierId> {
        self.by_ods_code.get(&code)?.iter().find(|holder| **holder != than).copied()
    }

    /// Another supplier than this one that has a company number, as the register of companies writes it.
    pub fn other_of_number(&self, number: &str, than: SupplierId) -> Option<SupplierId> {
        self.by_company_number.get(number)?.iter().find(|holder| **holder != than).copied()
    }

    /// Another supplier than this one with a certificate of the same scheme and number that was not withdrawn; none
    /// where this one has it, too.
    pub fn other_of_certificate(&self, printed: &Certificate, than: SupplierId) -> Option<SupplierId> {
        let key = certificate_key(printed)?;
        let is_alike =
            |held: &Held| held.withdrawn.is_none() && certificate_key(&held.printed).as_ref() == Some(&key);
        let has_it = |id: &SupplierId| {
            self.supplier(*id).is_some_and(|supplier| supplier.dossier.certificates.iter().any(is_alike))
        };
        if has_it(&than) {
            return None;
        }
        self.by_certificate.get(&key)?.iter().find(|id| has_it(id)).copied()
    }

    /// The certificates that someone has to look at, because another supplier has them, too.
    pub fn in_review(&self) -> impl Iterator<Item = &CertificateHeldForReview> {
        self.in_review.iter().filter_map(|id| self.supplier(*id)).flat_map(|supplier| &supplier.in_review)
    }

    /// Every supplier, in the order in which they were heard of.
    pub fn suppliers(&self) -> &[Arc<Supplier>] {
        &self.suppliers
    }

    /// The suppliers that fit a question, best first.
    pub fn find(&self, question: &str, most: usize) -> Vec<Arc<Supplier>> {
        let found = self.names.find(question, most).into_iter();
        found.filter_map(|number| self.suppliers.get(number as usize).cloned()).collect()
    }

    /// The entries that someone has to look at.
    pub fn held(&self) -> impl Iterator<Item = &ListingHeld> {
        self.held.values()
    }

    /// The entries that were found to name no supplier.
    pub fn rejected(&self) -> impl Iterator<Item = &ListingHeld> {
        self.rejected.values()
    }

    /// An entry that someone has to look at, or found to name no supplier.
    pub fn to_settle(&self, listing: &Listing) -> Option<&ListingHeld> {
        self.held.get(listing).or_else(|| self.rejected.get(listing))
    }

    /// What waited for a name to be matched and can be recorded, now that it is.
    pub fn decided(&self) -> impl Iterator<Item = Decided> {
        let matched =
            self.waiting.iter().filter_map(|(listing, of)| Some((*self.by_listing.get(listing)?, of)));
        matched.flat_map(|(supplier, of)| {
            of.iter().map(move |(organisation, (day, import))| Decided {
                organisation: *organisation,
                supplier,
                day: *day,
                import: *import,
            })
        })
    }

    /// The rows that wait and whose entry is known to be a supplier, each with its import.
    pub fn rows_of_known(&self) -> impl Iterator<Item = (SupplierId, &RowWaiting, Option<Uuid>)> {
        let of_known = |(row, import): &'_ (RowWaiting, Option<Uuid>)| {
            Some((*self.by_listing.get(&row.listing)?, *import))
        };
        self.rows.values().filter_map(move |waiting| {
            let (supplier, import) = of_known(waiting)?;
            Some((supplier, &waiting.0, import))
        })
    }

    /// The one service of a type that a supplier offers, if it offers one alone.
    pub fn only_service(&self, supplier: SupplierId, service_type: ServiceTypeId) -> Option<ServiceId> {
        let offered = &self.supplier(supplier)?.services;
        let mut services = offered
            .iter()
            .filter(|(_, offered)| offered.retired.is_none() && offered.service.service_type == service_type);
        services.next().map(|(id, _)| *id).filter(|_| services.next().is_none())
    }

    /// An organisation as a buyer.
    pub fn buyer(&self, organisation: OdsCode) -> Option<&Buyer> {
        self.buyers.get(&organisation)
    }

    /// The organisations that use something of a supplier, or did, with what.
    pub fn users_of(&self, supplier: SupplierId) -> impl Iterator<Item = (OdsCode, &Used, &Engagement)> {
        let users = self.users.get(&supplier).into_iter().flatten();
        users.filter_map(|code| self.buyers.get_key_value(code)).flat_map(move |(code, buyer)| {
            let uses = buyer.engagements.iter().filter(move |(used, _)| used.supplier == supplier);
            uses.map(|(used, engagement)| (*code, used, engagement))
        })
    }

    /// Whom an entry of a list is to be taken for. Sure is a number that both have and no third, or the
    /// name of a legal entity that one supplier alone has; what is merely alike is for someone to look at.
    pub fn whom(&self, listing: &Listing, details: &SupplierDetails) -> Match {
        if let Some(known) = self.by_listing.get(listing) {
            return Match::Known(*known);
        }
        if self.rejected.contains_key(listing) {
            return Match::Rejected;
        }
        let by_code = details.ods_code.and_then(|code| self.by_ods_code.get(&code));
        let by_number = details.company_number.as_ref().and_then(|number| self.by_company_number.get(number));
        for (holders, by) in [(by_code, MatchedBy::OdsCode), (by_number, MatchedBy::CompanyNumber)] {
            match holders.map(Vec::as_slice) {
                None | Some([]) => {}
                Some([only]) => return Match::Sure(*only, by),
                Some(several) => return Match::Unsure(several.to_vec()),
            }
        }
        let key = entity_key(&details.legal_name);
        if let Some([only]) = self.by_key.get(&key).map(Vec::as_slice)
            && listing.list != List::PrincipalSuppliers
            && self.supplier(*only).is_some_and(|known| is_consistent(&known.dossier.details, details))
        {
            return Match::Sure(*only, MatchedBy::LegalName);
        }
        let resembling = self.resembling(details);
        if resembling.is_empty() { Match::New } else { Match::Unsure(resembling) }
    }

    fn resembling(&self, details: &SupplierDetails) -> Vec<SupplierId> {
        let own: Vec<String> = names_of(details).map(entity_key).collect();
        // One may have words that the other lacks: whole names first, then their beginnings.
        let beginnings = own.iter().flat_map(|name| {
            let words: Vec<&str> = name.split(' ').collect();
            (1..=words.len()).rev().map(move |length| words.get(..length).unwrap_or_default().join(" "))
        });
        let candidates = beginnings.flat_map(|name| self.find(&name, 3 * RESEMBLING_MAX));
        let mut resembling = Vec::new();
        for candidate in candidates {
            let alike = names_of(&candidate.dossier.details).map(entity_key).any(|theirs| {
                own.iter()
                    .any(|own| strsim::jaro_winkler(own, &theirs) >= RESEMBLING || begins_with(own, &theirs))
            });
            if let Some(id) = candidate.id.filter(|id| alike && !resembling.contains(id)) {
                resembling.push(id);
            }
        }
        resembling.truncate(RESEMBLING_MAX);
        resembling
    }

    fn supplier_event(&mut self, event: &SupplierEvent, id: SupplierId, when: &When) {
        let number = *self.numbers.entry(id).or_insert_with(|| {
            self.suppliers.push(Arc::default());
            u32::try_from(self.suppliers.len() - 1).unwrap_or(u32::MAX)
        });
        let Some(supplier) = self.suppliers.get_mut(number as usize) else { return };
        let had = &supplier.dossier.details;
        let (had_code, had_number) = (had.ods_code, had.company_number.clone());
        Arc::make_mut(supplier).evolve(event, when);
        let supplier = supplier.clone();
        match event {
            SupplierEvent::SupplierRegistered(event) => self.note_listing(&event.listing, id),
            SupplierEvent::ListingMatched(event) => self.note_listing(&event.listing, id),
            SupplierEvent::ListingParted(event) => {
                self.by_listing.remove(&event.listing);
            }
            SupplierEvent::CertificateRecorded(event) => self.note_certificate(&event.printed, id),
            SupplierEvent::CertificateRenewed(event) => self.note_certificate(&event.printed, id),
            _ => {}
        }
        if supplier.in_review.is_empty() {
            self.in_review.remove(&id);
        } else {
            self.in_review.insert(id);
        }
        let details = &supplier.dossier.details;
        refile(&mut self.by_ods_code, id, had_code, details.ods_code);
        refile(&mut self.by_company_number, id, had_number, details.company_number.clone());
        let of_the_key = self.by_key.entry(entity_key(&details.legal_name)).or_default();
        if !of_the_key.contains(&id) {
            of_the_key.push(id);
        }
        let products = supplier.services.values().map(|offered| offered.service.product.as_str());
        let certificates = supplier.dossier.certificates.iter().map(|held| held.printed.number.as_str());
        let codes = details.ods_code.as_ref().map(OdsCode::as_str).into_iter();
        self.names.set(
            number,
            &details.legal_name,
            details.trading_names.iter().map(String::as_str).chain(products),
            codes.chain(details.company_number.as_deref()).chain(certificates),
        );
    }

    fn note_listing(&mut self, listing: &Listing, id: SupplierId) {
        self.by_listing.insert(listing.clone(), id);
        self.held.remove(listing);
        self.rejected.remove(listing);
    }

    fn note_certificate(&mut self, printed: &Certificate, id: SupplierId) {
        let Some(key) = certificate_key(printed) else { return };
        let ever = self.by_certificate.entry(key).or_default();
        if !ever.contains(&id) {
            ever.push(id);
        }
    }

    fn no_longer_waits(&mut self, organisation: OdsCode, supplier: SupplierId) {
        let Self { waiting, by_listing, .. } = self;
        for (_, of_the_name) in
            waiting.iter_mut().filter(|(listing, _)| by_listing.get(*listing) == Some(&supplier))
        {
            of_the_name.remove(&organisation);
        }
    }

    fn buyer_event(&mut self, event: &SupplierEvent, organisation: OdsCode, when: &When) {
        if let SupplierEvent::EngagementWaiting(event) = event {
            let of_the_name = self.waiting.entry(event.listing.clone()).or_default();
            of_the_name.insert(organisation, (when.effective, when.correlation_id));
        }
        if let SupplierEvent::EngagementBegun(event) = event {
            if event.list == List::PrincipalSuppliers {
                self.no_longer_waits(organisation, event.used.supplier);
            }
            let users = self.users.entry(event.used.supplier).or_default();
            if let Err(at) = users.binary_search(&organisation) {
                users.insert(at, organisation);
            }
        }
        self.buyers.entry(organisation).or_default().evolve(event, when);
    }
}

/// What tells certificates apart: the scheme, and the number without regard to case and blanks; none where no
/// number is printed.
fn certificate_key(printed: &Certificate) -> Option<(SchemeId, String)> {
    let number = number_key(&printed.number);
    (!number.is_empty()).then_some((printed.scheme, number))
}

/// Files a supplier under what it has now, and no longer under what it had.
fn refile<K: Eq + Hash>(
    index: &mut FxHashMap<K, Vec<SupplierId>>,
    id: SupplierId,
    had: Option<K>,
    has: Option<K>,
) {
    if had == has {
        return;
    }
    if let Some(holders) = had.and_then(|had| index.get_mut(&had)) {
        holders.retain(|holder| *holder != id);
    }
    if let Some(has) = has {
        index.entry(has).or_default().push(id);
    }
}

/// Two that have numbers of their own are not the same by their name.
fn is_consistent(known: &SupplierDetails, other: &SupplierDetails) -> bool {
    let numbers = (&known.company_number, &other.company_number);
    let codes = (known.ods_code, other.ods_code);
    !matches!(numbers, (Some(known), Some(other)) if known != other)
        && !matches!(codes, (Some(known), Some(other)) if known != other)
}

fn names_of(details: &SupplierDetails) -> impl Iterator<Item = &str> {
    std::iter::once(details.legal_name.as_str()).chain(details.trading_names.iter().map(String::as_str))
}

/// Whether one name is the beginning of the other, whole words.
fn begins_with(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    !short.is_empty() && long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

impl Fold for Register {
    const NAME: &'static str = "the register of suppliers";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if !header.kind.starts_with(SUPPLIERS) {
            return;
        }
        let Ok(event) = header.event::<SupplierEvent>() else { return };
        if event.of_claim().is_some() {
            return;
        }
        let when = When {
            recorded: header.time,
            effective: header.effective_day(),
            position: recorded.position,
            correlation_id: header.correlation_id,
        };
        if let SupplierEvent::ImportWithdrawn(event) = &event {
            self.withdraw(event.0.import, recorded.position);
            return;
        }
        // Of an import that went on after it was withdrawn nothing counts.
        if self.withdrawn.stands(when.correlation_id, recorded.position) {
            self.take(&event, &when);
        }
        if event.organisation().is_none() || Buyer::keeps(&event) {
            self.kept.push(Kept { event, when });
        }
    }
}

impl Register {
    /// Makes itself anew without what came with an import. Costs as much as reading all that is kept, some hundred
    /// thousand events a second.
    fn withdraw(&mut self, import: Uuid, position: Position) {
        self.withdrawn.note(import, position);
        let kept = std::mem::take(&mut self.kept);
        let stands = |kept: &Kept<SupplierEvent>| self.withdrawn.stands(kept.when.correlation_id, position);
        let known: BTreeSet<SupplierId> =
            kept.iter().filter(|kept| stands(kept)).filter_map(|kept| kept.event.supplier()).collect();
        let mut anew = Self { withdrawn: self.withdrawn.clone(), ..Self::default() };
        for kept in &kept {
            let outlives = kept.event.says_who_it_is()
                && kept.event.supplier().is_some_and(|supplier| known.contains(&supplier));
            if stands(kept) || outlives {
                anew.take(&kept.event, &kept.when);
            }
        }
        for (organisation, whole) in &self.buyers {
            anew.buyers.entry(*organisation).or_default().take_over(whole);
        }
        anew.kept = kept;
        *self = anew;
    }

    fn take(&mut self, event: &SupplierEvent, when: &When) {
        match event {
            SupplierEvent::ListingHeld(held) => {
                if !self.by_listing.contains_key(&held.listing) {
                    self.rejected.remove(&held.listing);
                    self.held.insert(held.listing.clone(), held.clone());
                }
            }
            SupplierEvent::RowWaiting(row) => {
                self.rows.insert((row.listing.clone(), row.row), (row.clone(), when.correlation_id));
            }
            SupplierEvent::RowSettled(row) => {
                self.rows.remove(&(row.listing.clone(), row.row));
            }
            SupplierEvent::ListingRejected(event) => {
                if let Some(held) = self.held.remove(&event.listing) {
                    self.rejected.insert(event.listing.clone(), held);
                }
            }
            event => match (event.supplier(), event.organisation()) {
                (Some(supplier), _) => self.supplier_event(event, supplier, when),
                (None, Some(organisation)) => self.buyer_event(event, organisation, when),
                (None, None) => {}
            },
        }
    }
}
