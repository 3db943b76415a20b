//! What the events say, gathered by organisation and kept with the position that said it.
//!
//! Nothing is decided here and nothing is thrown away: every question about an earlier state of
//! knowledge (*as known at*) is the same facts up to an earlier position. The collection is a
//! persistent map: handing it to a reader costs nothing and takes nothing from the writer.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};
use jiff::Timestamp;
use proto::{
    Day, EditionId, OdsCode, Position, RequirementId, SupplierId,
    areas::{Succession, Successions},
    assessments::{
        DeadlineMoved, EditionAdded, Grade, PublishedResult, RequirementExempted, StatusTextExplained,
    },
    imports::{FileImported, Row, Rows, Withdrawn},
    organisations::{
        AreaListing, Membership, NetworkListing, NetworkMembership, OrganisationEvent, OrganisationListing,
        PracticeListing, SuccessionRecorded,
    },
    standards::Catalogue,
    suppliers::SupplierEvent,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::rules::{declared::Declared, registers::RESULTS};

pub mod continuity;
mod decoded;
mod files;
pub mod onsite;
mod status_words;
mod suppliers;
#[cfg(test)]
mod withdrawn_tests;

pub use continuity::{Continuity, ContinuityFact};
pub use decoded::Decoded;
use decoded::{Said, What};
pub use files::{File, Files, Origin, RegisterRow};
pub use onsite::{Onsite, OnsiteFact, Visit};
pub use status_words::NotUnderstood;
pub use suppliers::{Purchase, PurchaseFact, SupplierFacts};

/// To be raised whenever the shape of the facts or the way they are gathered changes: snapshots of
/// another version are dropped.
pub const FOLD_VERSION: u32 = 9;

/// The most events set aside that are listed one by one; all are counted.
pub const SET_ASIDE_LISTED_MAX: usize = 1_000;

/// Everything the events say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// By code; a code may be known by a result long before a file lists it.
    pub organisations: OrdMap<OdsCode, Arc<OrganisationFacts>>,
    /// Suppliers by id, as far as their certificates go.
    pub suppliers: OrdMap<SupplierId, Arc<SupplierFacts>>,
    /// Who uses, or used, something of a supplier.
    pub users: OrdMap<SupplierId, OrdSet<OdsCode>>,
    /// Editions added and status texts explained, in order.
    pub editions: Vector<(Position, Learnt)>,
    /// Deadlines moved, in order.
    pub deadlines_moved: Vector<DeadlineMove>,
    /// Requirements exempted centrally, in order.
    pub exemptions: Vector<Exemption>,
    /// Which bodies took the place of others, beside what is shipped, in the order of the log.
    pub successions: Vector<SuccessionFact>,
    /// The national files behind the facts.
    pub files: Files,
    /// How far the log has been read.
    pub read_to: Option<ReadTo>,
    /// When what was recorded: the first position of each second that had events.
    pub recorded: Vector<(i64, Position)>,
    /// Events that could not be understood.
    pub set_aside: SetAside,
    /// How many events were made up by the generator of the synthetic England.
    pub synthetic_events: u64,
    /// The last day on which a synthetic event took effect.
    pub synthetic_to: Option<Day>,
}

/// The last event read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadTo {
    /// Its position.
    pub position: Position,
    /// Its id, none where its envelope could not be read.
    pub event: Option<Uuid>,
    /// When it was recorded; never before that of an earlier event.
    pub time: Timestamp,
}

/// Events that could not be understood: counted, and the first of them listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SetAside {
    /// How many there are.
    pub count: u64,
    /// The first [`SET_ASIDE_LISTED_MAX`] of them.
    #[schema(value_type = Vec<SetAsideEvent>)]
    pub listed: Vector<SetAsideEvent>,
}

/// An event that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetAsideEvent {
    /// Where it stands.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Why.
    pub reason: String,
}

/// Everything the events say of one organisation, each list in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrganisationFacts {
    /// As a practice file showed it.
    pub practice: Vec<Listed<PracticeListing>>,
    /// As another file showed it.
    pub organisation: Vec<Listed<OrganisationListing>>,
    /// As a list of areas showed it.
    pub areas: Vec<Listed<AreaListing>>,
    /// As a list of primary care networks showed it.
    pub network: Vec<Listed<NetworkListing>>,
    /// In which primary care networks it was.
    pub networks: Rows<NetworkMembership>,
    /// To whom it belonged, by a membership history.
    pub memberships: Rows<Membership>,
    /// Registered patients.
    pub list_sizes: Rows<u32>,
    /// Around its toolkit assessments and results.
    pub toolkit: Vec<ToolkitFact>,
    /// What the national register showed of it, file by file.
    pub register: Rows<RegisterRow>,
    /// Around its continuity plan.
    pub continuity: Vec<ContinuityFact>,
    /// Around its on-site assessments.
    pub onsite: Vec<OnsiteFact>,
    /// What assessors found on its on-site assessments.
    pub visits: Vec<Visit>,
    /// What it uses, and has checked.
    pub purchases: Vec<PurchaseFact>,
    /// Which requirements fell short in publications that were below the standard, by position.
    pub gaps: Vec<(Position, Vec<RequirementId>)>,
    /// Status texts of the register that were not understood when they were read, by position.
    pub not_understood: Vec<NotUnderstood>,
    /// What its publications here declared of the topics of on-site assessments, by position.
    pub declared: Vec<(Position, Declared)>,
}

/// Something learnt of the editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learnt {
    /// An edition was added.
    Edition(Arc<EditionAdded>),
    /// A status text was explained.
    StatusText(StatusTextExplained),
}

/// What a file showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// The import it came with.
    pub import: Option<Uuid>,
    /// What it showed.
    pub listing: Arc<T>,
}

/// A body took the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuccessionFact {
    /// The event that says so.
    pub position: Position,
    /// The import it came with.
    pub import: Option<Uuid>,
    /// The first day of the successor.
    pub on: Day,
    /// The body before.
    pub from: OdsCode,
    /// The body since.
    pub to: OdsCode,
    /// The commissioner whose practices went there, where the body was divided.
    pub place: Option<OdsCode>,
}

/// Something happened around the toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolkitFact {
    /// The event that says so.
    pub position: Position,
    /// The day it took effect.
    pub day: Day,
    /// What.
    pub what: Toolkit,
}

/// What happened around the toolkit, as far as it bears on the requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Toolkit {
    /// An assessment was opened here.
    Opened(EditionId),
    /// An assessment was published here.
    Published(EditionId, Grade),
    /// The IG Assurance Statement was accepted.
    StatementAccepted(EditionId),
    /// An improvement plan was agreed, its last action due on this day.
    PlanAgreed(EditionId, Day),
    /// An improvement plan was refused.
    PlanRefused(EditionId),
    /// A reviewer set a grade.
    GradeReviewed(EditionId, Grade),
    /// The national register showed a result.
    Listed(PublishedResult),
}

/// The deadline of an edition was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineMove {
    /// The event that says so.
    pub position: Position,
    /// The edition.
    pub edition: EditionId,
    /// For which type of organisation.
    pub organisation_type: String,
    /// The deadline from then on.
    pub to: Day,
}

/// A requirement was exempted centrally. Exemptions count for what is already published, too
/// (domain facts 1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The event that says so.
    pub position: Position,
    /// The day it took effect.
    pub day: Day,
    /// The edition.
    pub edition: EditionId,
    /// The requirement.
    pub requirement: RequirementId,
    /// For which type of organisation.
    pub organisation_type: String,
}

/// What an event bears on, so that only that is worked out anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Nothing that is shown.
    Nothing,
    /// Who exists and who belongs to whom.
    Footprint,
    /// The timelines of one organisation.
    Timelines(OdsCode),
    /// The timelines of these.
    TimelinesOf(OrdSet<OdsCode>),
    /// The timelines of all.
    AllTimelines,
}

impl OrganisationFacts {
    /// A register showed what was in force on its date, by the rows that could be read.
    fn confirm_result(&mut self, as_of: Day, position: Position, import: Uuid, withdrawn: &Withdrawn) {
        let was_read = |row: &&Row<RegisterRow>| {
            row.value.result != PublishedResult::Unrecognised || self.words_at(row.position).is_some()
        };
        let rows = self.register.standing(withdrawn, position).filter(|row| row.as_of <= as_of);
        // Of equal maxima the last is taken.
        let Some(in_force) = rows.filter(was_read).max_by_key(|row| row.as_of) else { return };
        let (value, said) = (in_force.value, in_force.position);
        let words = self.words_at(said).map(|words| NotUnderstood { position, ..words.clone() });
        self.not_understood.extend(words);
        self.register.note(Row { as_of, position, import: Some(import), value, confirmed: true });
        let day = value.published.unwrap_or(as_of);
        self.toolkit.push(ToolkitFact { position, day, what: Toolkit::Listed(value.result) });
    }
}

/// A national file showed what was in force on its date.
fn confirm<T>(
    listed: &mut Vec<Listed<T>>,
    as_of: Day,
    position: Position,
    import: Uuid,
    withdrawn: &Withdrawn,
) {
    let stands = |row: &&Listed<T>| row.as_of <= as_of && withdrawn.stands(row.import, position);
    let Some(row) = listed.iter().filter(stands).max_by_key(|row| row.as_of) else { return };
    let listing = row.listing.clone();
    listed.push(Listed { position, as_of, import: Some(import), listing });
}

/// The kind of file that an event is a row of, and its date.
fn file_of(event: &OrganisationEvent) -> Option<(&'static str, Day)> {
    use OrganisationEvent as E;
    match event {
        E::PracticeListed(e) => Some(("practices", e.as_of)),
        E::PrescriberListed(e) => Some(("practices", e.as_of)),
        E::PracticeAmended(e) => Some(("practices", e.as_of)),
        E::OrganisationListed(e) => Some(("organisations", e.as_of)),
        E::OrganisationAmended(e) => Some(("organisations", e.as_of)),
        E::MembershipRecorded(e) => Some(("memberships", e.as_of)),
        E::ListSizePublished(e) => Some(("list-sizes", e.as_of)),
        E::AreaListed(e) => Some(("areas", e.as_of)),
        E::SuccessionRecorded(e) => Some(("successions", e.as_of)),
        E::NetworkListed(e) => Some(("networks", e.as_of)),
        E::NetworkMembershipRecorded(e) => Some(("networks", e.as_of)),
        E::FileImported(_) | E::ImportWithdrawn(_) => None,
    }
}

impl Facts {
    /// Takes one event in. Cannot fail: what is not understood is set aside.
    pub fn gather(&mut self, decoded: Decoded) -> Touched {
        let Decoded { position, event, time, effective, synthetic, import, what } = decoded;
        self.note_reading(position, event, time);
        if synthetic {
            self.synthetic_events += 1;
            self.synthetic_to = self.synthetic_to.max(Some(effective));
        }
        match what {
            Ok(What::NotGathered) => Touched::Nothing,
            Ok(What::Organisation(code, event)) => self.gather_organisation(position, import, code, event),
            Ok(What::Assessment(said)) => self.gather_assessment(position, effective, import, said),
            Ok(What::FileImported(imported)) => self.gather_file(position, &imported),
            Ok(What::ImportWithdrawn(withdrawn)) => {
                self.files.note_withdrawal(position, &withdrawn);
                self.withdraw(position, withdrawn.import)
            }
            // Of an import that went on after it was withdrawn nothing counts.
            Ok(What::Onsite(_) | What::Supplier(_)) if !self.files.withdrawn.stands(import, position) => {
                Touched::Nothing
            }
            Ok(What::Onsite(said)) => {
                let Some((organisation, Some(fact))) = OnsiteFact::of(position, effective, import, &said)
                else {
                    return Touched::Nothing;
                };
                let visit = Visit::of(position, &said);
                self.add(organisation, |facts| {
                    facts.onsite.push(fact);
                    facts.visits.extend(visit);
                });
                Touched::Timelines(organisation)
            }
            Ok(What::Continuity(organisation, what)) => {
                self.add(organisation, |facts| {
                    facts.continuity.push(ContinuityFact { position, day: effective, what });
                });
                // Others lean on the plan of a partner, or on what their CCG leans on.
                let facts = self.organisations.get(&organisation);
                let is_practice = facts.is_some_and(|facts| {
                    facts.practice.iter().any(|listed| listed.listing.is_english_practice(organisation))
                });
                if is_practice { Touched::Timelines(organisation) } else { Touched::AllTimelines }
            }
            Ok(What::Supplier(event)) => {
                self.gather_supplier(position, effective, Origin::of(import), *event)
            }
            Err(error) => {
                self.set_aside.count += 1;
                if self.set_aside.listed.len() < SET_ASIDE_LISTED_MAX {
                    self.set_aside.listed.push_back(SetAsideEvent { position, reason: error.to_string() });
                }
                Touched::Nothing
            }
        }
    }

    /// The editions, as known at a position.
    pub fn catalogue(&self, upto: Position) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (_, learnt) in self.editions.iter().filter(|(position, _)| *position <= upto) {
            match learnt {
                Learnt::Edition(added) => catalogue.apply_added(added),
                Learnt::StatusText(given) => catalogue.apply_explained(given),
            }
        }
        catalogue
    }

    /// The successions that count up to a position, those that are shipped included.
    pub fn successions(&self, upto: Position) -> Successions {
        let standing = self
            .successions
            .iter()
            .filter(|fact| fact.position <= upto && self.files.withdrawn.stands(fact.import, upto));
        Successions::shipped().clone().with(standing.map(|fact| {
            let SuccessionFact { on, from, to, place, .. } = *fact;
            Succession { on, from, to, place }
        }))
    }

    fn note_reading(&mut self, position: Position, event: Option<Uuid>, time: Option<Timestamp>) {
        let before = self.read_to.map(|read| read.time);
        // Clocks of several writers differ by a little and may be set back: time never runs
        // backwards along the log.
        let time = time.max(before).unwrap_or(Timestamp::UNIX_EPOCH);
        self.read_to = Some(ReadTo { position, event, time });
        let second = time.as_second();
        if before.is_none_or(|before| before.as_second() < second) {
            self.recorded.push_back((second, position));
        }
    }

    /// The last position recorded at or before an instant, to the second.
    pub fn position_known_at(&self, instant: Timestamp) -> Position {
        let second = instant.as_second();
        let later = match self.recorded.binary_search_by(|(at, _)| at.cmp(&second)) {
            Ok(index) => index + 1,
            Err(index) => index,
        };
        match self.recorded.get(later) {
            Some((_, first)) => Position(first.0.saturating_sub(1)),
            None => self.read_to.map_or(Position::START, |read| read.position),
        }
    }

    /// Adds to what is said of an organisation, and finds its place but once.
    fn add(&mut self, code: OdsCode, add: impl FnOnce(&mut OrganisationFacts)) {
        match self.organisations.get_mut(&code) {
            Some(facts) => add(Arc::make_mut(facts)),
            None => {
                let mut facts = OrganisationFacts::default();
                add(&mut facts);
                self.organisations.insert(code, Arc::new(facts));
            }
        }
    }

    fn gather_organisation(
        &mut self,
        position: Position,
        import: Option<Uuid>,
        code: OdsCode,
        event: OrganisationEvent,
    ) -> Touched {
        use OrganisationEvent as E;
        if let Some((kind, as_of)) = file_of(&event) {
            self.files.note_row(position, import, kind, as_of);
        }
        if let E::SuccessionRecorded(e) = event {
            let SuccessionRecorded { on, successor: to, place, .. } = e;
            self.successions.push_back(SuccessionFact { position, import, on, from: code, to, place });
            return Touched::Footprint;
        }
        let touched = match event {
            E::ListSizePublished(_) => Touched::Timelines(code),
            _ => Touched::Footprint,
        };
        self.add(code, |facts| {
            let mut practice = |as_of, listing| {
                facts.practice.push(Listed { position, as_of, import, listing: Arc::new(listing) });
            };
            let mut other = |as_of, listing| {
                facts.organisation.push(Listed { position, as_of, import, listing: Arc::new(listing) });
            };
            match event {
                E::PracticeListed(e) => practice(e.as_of, e.listing),
                E::PrescriberListed(e) => practice(e.as_of, e.listing),
                E::PracticeAmended(e) => practice(e.as_of, e.listing),
                E::OrganisationListed(e) => other(e.as_of, e.listing),
                E::OrganisationAmended(e) => other(e.as_of, e.listing),
                E::MembershipRecorded(e) => {
                    let (as_of, value) = (e.as_of, e.membership);
                    facts.memberships.note(Row { as_of, position, import, value, confirmed: false });
                }
                E::ListSizePublished(e) => {
                    let (as_of, value) = (e.as_of, e.registered_patients);
                    facts.list_sizes.note(Row { as_of, position, import, value, confirmed: false });
                }
                E::AreaListed(e) => {
                    let (as_of, listing) = (e.as_of, Arc::new(e.listing));
                    facts.areas.push(Listed { position, as_of, import, listing });
                }
                E::NetworkListed(e) => {
                    let (as_of, listing) = (e.as_of, Arc::new(e.listing));
                    facts.network.push(Listed { position, as_of, import, listing });
                }
                E::NetworkMembershipRecorded(e) => {
                    let (as_of, value) = (e.as_of, e.membership);
                    facts.networks.note(Row { as_of, position, import, value, confirmed: false });
                }
                E::SuccessionRecorded(_) | E::FileImported(_) | E::ImportWithdrawn(_) => {}
            }
        });
        touched
    }

    /// What came with an import no longer counts. Rows of registers are told by their import wherever they are
    /// looked at; what people record, too, is marked here.
    fn withdraw(&mut self, position: Position, import: Uuid) -> Touched {
        let is_of = |origin: &Origin| origin.import == Some(import);
        let of_organisation = |facts: &OrganisationFacts| {
            facts.onsite.iter().any(|fact| is_of(&fact.origin))
                || facts.purchases.iter().any(|fact| is_of(&fact.origin))
        };
        let organisations = self.organisations.iter().filter(|(_, facts)| of_organisation(facts));
        for code in organisations.map(|(code, _)| *code).collect::<Vec<_>>() {
            self.add(code, |facts| {
                for fact in &mut facts.onsite {
                    fact.origin.withdraw(import, position);
                }
                for fact in &mut facts.purchases {
                    fact.origin.withdraw(import, position);
                }
            });
        }
        let suppliers = self.suppliers.iter().filter(|(_, facts)| facts.is_of(import));
        for supplier in suppliers.map(|(supplier, _)| *supplier).collect::<Vec<_>>() {
            if let Some(facts) = self.suppliers.get_mut(&supplier) {
                Arc::make_mut(facts).withdraw(import, position);
            }
        }
        // Rare, and of any number of organisations: all is worked out anew.
        Touched::Footprint
    }

    fn gather_supplier(
        &mut self,
        position: Position,
        day: Day,
        origin: Origin,
        event: SupplierEvent,
    ) -> Touched {
        if let Some(supplier) = event.supplier() {
            match self.suppliers.get_mut(&supplier) {
                Some(facts) => Arc::make_mut(facts).gather(position, day, origin, event),
                None => {
                    let mut facts = SupplierFacts::default();
                    facts.gather(position, day, origin, event);
                    self.suppliers.insert(supplier, Arc::new(facts));
                }
            }
            return self.users.get(&supplier).cloned().map_or(Touched::Nothing, Touched::TimelinesOf);
        }
        match (event.organisation(), PurchaseFact::of(position, day, origin, &event)) {
            (Some(organisation), Some(fact)) => {
                self.users.entry(fact.used.supplier).or_default().insert(organisation);
                self.add(organisation, |facts| facts.purchases.push(fact));
                Touched::Timelines(organisation)
            }
            _ => Touched::Nothing,
        }
    }

    fn gather_toolkit(&mut self, organisation: OdsCode, fact: ToolkitFact) -> Touched {
        self.add(organisation, |facts| facts.toolkit.push(fact));
        Touched::Timelines(organisation)
    }

    /// What a file confirmed is put in its place; what it left unread too.
    fn gather_file(&mut self, position: Position, imported: &FileImported) -> Touched {
        self.files.note_end(position, imported);
        let Some(as_of) = imported.as_of else { return Touched::Nothing };
        let (import, withdrawn) = (imported.import, self.files.withdrawn.clone());
        match imported.kind.as_str() {
            RESULTS => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| facts.confirm_result(as_of, position, import, &withdrawn));
                }
                for code in imported.unread.codes() {
                    let value = RegisterRow::UNREAD;
                    let row = Row { as_of, position, import: Some(import), value, confirmed: false };
                    self.add(*code, |facts| facts.register.note(row));
                }
                Touched::AllTimelines
            }
            "practices" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| {
                        confirm(&mut facts.practice, as_of, position, import, &withdrawn)
                    });
                }
                Touched::Footprint
            }
            "ccgs" | "regions" | "trusts" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| {
                        confirm(&mut facts.organisation, as_of, position, import, &withdrawn);
                    });
                }
                Touched::Footprint
            }
            "networks" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| {
                        confirm(&mut facts.network, as_of, position, import, &withdrawn);
                        facts.networks.confirm_all(as_of, position, import, &withdrawn);
                    });
                }
                Touched::Footprint
            }
            "areas" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| confirm(&mut facts.areas, as_of, position, import, &withdrawn));
                }
                Touched::Footprint
            }
            "memberships" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| {
                        facts.memberships.confirm_all(as_of, position, import, &withdrawn);
                    });
                }
                Touched::Footprint
            }
            "list-sizes" => {
                for code in imported.unchanged.codes() {
                    self.add(*code, |facts| {
                        facts.list_sizes.confirm(as_of, position, import, &withdrawn);
                    });
                }
                Touched::Footprint
            }
            "successions" => {
                self.confirm_successions(position, imported);
                Touched::Footprint
            }
            _ => Touched::Footprint,
        }
    }

    /// A list told again of the successions of some bodies: they outlive the list before.
    fn confirm_successions(&mut self, position: Position, imported: &FileImported) {
        let told = |fact: &&SuccessionFact| {
            imported.unchanged.has(fact.from) && self.files.withdrawn.stands(fact.import, position)
        };
        let again =
            |fact: &SuccessionFact| SuccessionFact { position, import: Some(imported.import), ..*fact };
        let again: Vec<SuccessionFact> = self.successions.iter().filter(told).map(again).collect();
        for fact in again {
            if !self.successions.contains(&fact) {
                self.successions.push_back(fact);
            }
        }
    }

    fn gather_assessment(
        &mut self,
        position: Position,
        day: Day,
        import: Option<Uuid>,
        said: Said,
    ) -> Touched {
        let (organisation, what) = match said {
            Said::Opened(e) => (e.organisation, Toolkit::Opened(e.edition)),
            Said::Published(e) => {
                self.add(e.organisation, |facts| {
                    facts.declared.push((position, e.declared));
                    if !e.gaps.is_empty() {
                        facts.gaps.push((position, e.gaps));
                    }
                });
                (e.organisation, Toolkit::Published(e.edition, e.grade))
            }
            Said::StatementAccepted(e) => (e.organisation, Toolkit::StatementAccepted(e.edition)),
            Said::PlanAgreed(e) => (e.organisation, Toolkit::PlanAgreed(e.edition, e.due)),
            Said::PlanRefused(e) => (e.organisation, Toolkit::PlanRefused(e.edition)),
            Said::GradeReviewed(e) => (e.organisation, Toolkit::GradeReviewed(e.edition, e.grade)),
            Said::ResultListed(e) => {
                // A result counts from its day of publication; that nothing is published is known
                // from the date of the file.
                let day = e.published.unwrap_or(e.as_of);
                self.files.note_row(position, import, RESULTS, e.as_of);
                let value = RegisterRow { result: e.result, published: e.published };
                let row = Row { as_of: e.as_of, position, import, value, confirmed: false };
                self.add(e.organisation, |facts| facts.register.note(row));
                if e.result == PublishedResult::Unrecognised {
                    let (as_of, published, text) = (e.as_of, e.published, e.status.into());
                    let words = NotUnderstood { position, as_of, published, text };
                    self.add(e.organisation, |facts| facts.not_understood.push(words));
                }
                let fact = ToolkitFact { position, day, what: Toolkit::Listed(e.result) };
                return self.gather_toolkit(e.organisation, fact);
            }
            Said::EditionAdded(e) => {
                self.editions.push_back((position, Learnt::Edition(Arc::new(*e))));
                return Touched::AllTimelines;
            }
            Said::StatusTextExplained(e) => {
                self.editions.push_back((position, Learnt::StatusText(e)));
                return Touched::AllTimelines;
            }
            Said::DeadlineMoved(e) => {
                let DeadlineMoved { edition, organisation_type, to, .. } = e;
                self.deadlines_moved.push_back(DeadlineMove { position, edition, organisation_type, to });
                return Touched::AllTimelines;
            }
            Said::RequirementExempted(e) => {
                let RequirementExempted { edition, requirement, organisation_type, .. } = e;
                let exemption = Exemption { position, day, edition, requirement, organisation_type };
                self.exemptions.push_back(exemption);
                return Touched::AllTimelines;
            }
        };
        self.gather_toolkit(organisation, ToolkitFact { position, day, what })
    }
}
