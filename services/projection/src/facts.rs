//! What the events say, gathered by organisation and kept with the position that said it.
//!
//! Nothing is decided here and nothing is thrown away: every question about an earlier state of
//! knowledge (*as known at*) is the same facts up to an earlier position. The collection is a
//! persistent map: handing it to a reader costs nothing and takes nothing from the writer.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use jiff::Timestamp;
use proto::{
    Actor, Day, DecodeError, EditionId, Event, Folded, Header, OdsCode, Position, RequirementId,
    assessments::{AssessmentEvent, Grade, PublishedResult},
    organisations::{OrganisationEvent, OrganisationListing, PracticeListing},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// To be raised whenever the shape of the facts or the way they are gathered changes: snapshots of
/// another version are dropped.
pub const FOLD_VERSION: u32 = 1;

/// The most events set aside that are listed one by one; all are counted.
pub const SET_ASIDE_LISTED_MAX: usize = 1_000;

/// Everything the events say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// By code; a code may be known by a result long before a file lists it.
    pub organisations: OrdMap<OdsCode, Arc<OrganisationFacts>>,
    /// Deadlines moved, in order.
    pub deadlines_moved: Vector<DeadlineMove>,
    /// Requirements exempted centrally, in order.
    pub exemptions: Vector<Exemption>,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SetAside {
    /// How many there are.
    pub count: u64,
    /// The first [`SET_ASIDE_LISTED_MAX`] of them.
    pub listed: Vector<SetAsideEvent>,
}

/// An event that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAsideEvent {
    /// Where it stands.
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
    /// To whom it belonged, by a membership history.
    pub memberships: Vec<MembershipFact>,
    /// Registered patients.
    pub list_sizes: Vec<ListSizeFact>,
    /// Around its toolkit assessments and results.
    pub toolkit: Vec<ToolkitFact>,
    /// Which requirements fell short in publications that were below the standard, by position.
    pub gaps: Vec<(Position, Vec<RequirementId>)>,
}

/// What a file showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// What it showed.
    pub listing: Arc<T>,
}

/// A practice belonged to a parent from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipFact {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// To whom.
    pub parent: OdsCode,
    /// From when.
    pub joined: Day,
}

/// The number of registered patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSizeFact {
    /// The event that says so.
    pub position: Position,
    /// The date of the file.
    pub as_of: Day,
    /// Persons.
    pub patients: u32,
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

/// An event on its way into the facts: decoded, so that only the gathering is left to do.
#[derive(Debug)]
pub struct Decoded {
    /// Where it stands.
    pub position: Position,
    event: Option<Uuid>,
    time: Option<Timestamp>,
    effective: Day,
    synthetic: bool,
    what: Result<What, DecodeError>,
}

#[derive(Debug)]
enum What {
    Organisation(OdsCode, OrganisationEvent),
    Assessment(AssessmentEvent),
    NotGathered,
}

/// Answers are by far the most frequent events and say nothing that a published assessment does
/// not say again: they are not decoded.
const NOT_GATHERED: [&str; 2] =
    ["oversight.assessments.requirement-answered.v1", "oversight.assessments.requirement-reviewed.v1"];

impl Decoded {
    /// Reads a message body. Total: what cannot be read is set aside later.
    pub fn read(position: Position, body: &[u8]) -> Self {
        let wanted = |kind: &str| !NOT_GATHERED.contains(&kind);
        let Some(folded) = Folded::read(body, wanted) else { return Self::read_with_care(position, body) };
        let what = match (folded.event, folded.code) {
            (None, _) => What::NotGathered,
            (Some(Event::Assessment(event)), _) => What::Assessment(event),
            // The aggregate is the organisation, and its id the code.
            (Some(Event::Organisation(event)), Some(code)) => What::Organisation(code, event),
            (Some(Event::Organisation(_)), None) => return Self::read_with_care(position, body),
        };
        Self {
            position,
            event: Some(folded.id),
            time: Some(folded.time),
            effective: folded.effective.unwrap_or_else(|| Day::in_london(folded.time)),
            synthetic: folded.synthetic,
            what: Ok(what),
        }
    }

    /// The way for bodies that are not quite as we write them: says what is wrong with them.
    pub(crate) fn read_with_care(position: Position, body: &[u8]) -> Self {
        match Header::read(body) {
            Ok(header) => Self {
                position,
                event: Some(header.id),
                time: Some(header.time),
                effective: header.effective_day(),
                synthetic: header.actor == Actor::SYNTHETIC,
                what: Self::what(&header),
            },
            Err(error) => Self {
                position,
                event: None,
                time: None,
                effective: Day::FIRST,
                synthetic: false,
                what: Err(error),
            },
        }
    }

    fn what(header: &Header<'_>) -> Result<What, DecodeError> {
        if NOT_GATHERED.contains(&header.kind.as_ref()) {
            return Ok(What::NotGathered);
        }
        match Event::decode(&header.kind, header.data)? {
            Event::Assessment(event) => Ok(What::Assessment(event)),
            // The aggregate is the organisation, and its id the code.
            Event::Organisation(event) => {
                let id = header.subject.rsplit('.').next().unwrap_or_default();
                let code = id.parse().map_err(|error: proto::codes::CodeError| DecodeError::Envelope {
                    reason: format!("the subject names no organisation: {error}"),
                })?;
                Ok(What::Organisation(code, event))
            }
        }
    }
}

/// What an event bears on, so that only that is worked out anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// Nothing that is shown.
    Nothing,
    /// Who exists and who belongs to whom.
    Footprint,
    /// The timelines of one organisation.
    Timelines(OdsCode),
    /// The timelines of all.
    AllTimelines,
}

impl Facts {
    /// Takes one event in. Cannot fail: what is not understood is set aside.
    pub fn gather(&mut self, decoded: Decoded) -> Touched {
        let Decoded { position, event, time, effective, synthetic, what } = decoded;
        self.note_reading(position, event, time);
        if synthetic {
            self.synthetic_events += 1;
            self.synthetic_to = self.synthetic_to.max(Some(effective));
        }
        match what {
            Ok(What::NotGathered) => Touched::Nothing,
            Ok(What::Organisation(code, event)) => self.gather_organisation(position, code, event),
            Ok(What::Assessment(event)) => self.gather_assessment(position, effective, event),
            Err(error) => {
                self.set_aside.count += 1;
                if self.set_aside.listed.len() < SET_ASIDE_LISTED_MAX {
                    self.set_aside.listed.push_back(SetAsideEvent { position, reason: error.to_string() });
                }
                Touched::Nothing
            }
        }
    }

    fn note_reading(&mut self, position: Position, event: Option<Uuid>, time: Option<Timestamp>) {
        let before = self.read_to.map(|read| read.time);
        // Clocks of several writers differ by a little and may be set back: time never runs
        // backwards along the log.
        let time = time.max(before).unwrap_or(Timestamp::UNIX_EPOCH);
        self.read_to = Some(ReadTo { position, event, time });
        let second = time.as_second();
        if self.recorded.last().is_none_or(|(last, _)| *last < second) {
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

    fn of(&mut self, code: OdsCode) -> &mut OrganisationFacts {
        Arc::make_mut(self.organisations.entry(code).or_default())
    }

    fn gather_organisation(
        &mut self,
        position: Position,
        code: OdsCode,
        event: OrganisationEvent,
    ) -> Touched {
        use OrganisationEvent as E;
        let facts = self.of(code);
        let mut practice = |as_of, listing| {
            facts.practice.push(Listed { position, as_of, listing: Arc::new(listing) });
        };
        match event {
            E::PracticeListed(e) => practice(e.as_of, e.listing),
            E::PracticeAmended(e) => practice(e.as_of, e.listing),
            E::OrganisationListed(e) => {
                facts.organisation.push(Listed { position, as_of: e.as_of, listing: Arc::new(e.listing) });
            }
            E::OrganisationAmended(e) => {
                facts.organisation.push(Listed { position, as_of: e.as_of, listing: Arc::new(e.listing) });
            }
            E::MembershipRecorded(e) => {
                facts.memberships.push(MembershipFact {
                    position,
                    as_of: e.as_of,
                    parent: e.parent,
                    joined: e.joined,
                });
            }
            E::ListSizePublished(e) => {
                facts.list_sizes.push(ListSizeFact {
                    position,
                    as_of: e.as_of,
                    patients: e.registered_patients,
                });
                return Touched::Timelines(code);
            }
        }
        Touched::Footprint
    }

    fn gather_assessment(&mut self, position: Position, day: Day, event: AssessmentEvent) -> Touched {
        use AssessmentEvent as E;
        let (organisation, what) = match event {
            E::AssessmentOpened(e) => (e.organisation, Toolkit::Opened(e.edition)),
            E::AssessmentPublished(e) => {
                if !e.gaps.is_empty() {
                    self.of(e.organisation).gaps.push((position, e.gaps));
                }
                (e.organisation, Toolkit::Published(e.edition, e.grade))
            }
            E::AssuranceStatementAccepted(e) => (e.organisation, Toolkit::StatementAccepted(e.edition)),
            E::ImprovementPlanAgreed(e) => (e.organisation, Toolkit::PlanAgreed(e.edition, e.due)),
            E::ImprovementPlanRefused(e) => (e.organisation, Toolkit::PlanRefused(e.edition)),
            E::GradeReviewed(e) => (e.organisation, Toolkit::GradeReviewed(e.edition, e.grade)),
            E::ResultListed(e) => {
                // A result counts from its day of publication; that nothing is published is known
                // from the date of the file.
                let fact = ToolkitFact {
                    position,
                    day: e.published.unwrap_or(e.as_of),
                    what: Toolkit::Listed(e.result),
                };
                self.of(e.organisation).toolkit.push(fact);
                return Touched::Timelines(e.organisation);
            }
            E::DeadlineMoved(e) => {
                let moved = DeadlineMove {
                    position,
                    edition: e.edition,
                    organisation_type: e.organisation_type,
                    to: e.to,
                };
                self.deadlines_moved.push_back(moved);
                return Touched::AllTimelines;
            }
            E::RequirementExempted(e) => {
                let exemption = Exemption {
                    position,
                    day,
                    edition: e.edition,
                    requirement: e.requirement,
                    organisation_type: e.organisation_type,
                };
                self.exemptions.push_back(exemption);
                return Touched::AllTimelines;
            }
            E::RequirementAnswered(_)
            | E::RequirementReviewed(_)
            | E::ImprovementActionPlanned(_)
            | E::ImprovementActionCompleted(_)
            | E::ImprovementPlanSubmitted(_) => return Touched::Nothing,
        };
        self.of(organisation).toolkit.push(ToolkitFact { position, day, what });
        Touched::Timelines(organisation)
    }
}
