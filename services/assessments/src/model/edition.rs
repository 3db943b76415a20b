//! What is decided centrally for an edition: moved deadlines, exempted requirements, its closing day.

use std::sync::Arc;

use chassis::{Aggregate, Context, When};
use proto::{
    Day, RequirementId,
    assessments::{AssessmentEvent, ClosingDaySet, DeadlineMoved, RequirementExempted},
    standards::{Edition, OrganisationType},
};
use serde::{Deserialize, Serialize};

use super::{Refusal, assessment::need_reason};

/// What was decided for an edition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionDecisions {
    /// The moves of its deadlines, in order.
    pub moves: Vec<DeadlineMove>,
    /// Its exemptions, in order.
    pub exemptions: Vec<Exemption>,
    /// Up to which day it can be published, if that was decided here.
    pub closing: Option<ClosingDecided>,
}

/// A moved deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineMove {
    /// For whom.
    pub organisation_type: String,
    /// The deadline until then.
    pub from: Day,
    /// The deadline from then on.
    pub to: Day,
    /// Why.
    pub reason: String,
    /// The day it was decided.
    pub on: Day,
}

/// A closing day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingDecided {
    /// The last day on which the edition can be published.
    pub closes: Day,
    /// Why.
    pub reason: String,
}

/// An exempted requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// For whom.
    pub organisation_type: String,
    /// Which requirement.
    pub requirement: RequirementId,
    /// Why.
    pub reason: String,
    /// The day it was decided.
    pub on: Day,
}

/// What can be decided for an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditionCommand {
    /// Move a deadline.
    MoveDeadline {
        /// Of which edition.
        edition: Arc<Edition>,
        /// For whom.
        organisation_type: OrganisationType,
        /// To which day.
        to: Day,
        /// Why.
        reason: String,
    },
    /// Exempt a requirement.
    ExemptRequirement {
        /// Of which edition.
        edition: Arc<Edition>,
        /// For whom.
        organisation_type: OrganisationType,
        /// Which requirement.
        requirement: RequirementId,
        /// Why.
        reason: String,
    },
    /// Set up to which day it can be published.
    SetClosingDay {
        /// Of which edition.
        edition: Arc<Edition>,
        /// The last day.
        closes: Day,
        /// Why.
        reason: String,
    },
}

impl EditionDecisions {
    /// The deadline of a type that was decided here, if one was.
    pub fn moved_deadline(&self, kind: OrganisationType) -> Option<Day> {
        self.moves.iter().rev().find(|moved| moved.organisation_type == kind.name()).map(|moved| moved.to)
    }

    /// The deadline of a type: as decided here, else as in the edition's data.
    pub fn deadline(&self, edition: &Edition, kind: OrganisationType) -> Option<Day> {
        self.moved_deadline(kind).or_else(|| edition.deadline(kind, None))
    }

    /// Whether the deadline of a type is certain: decided here, or announced.
    pub fn deadline_is_sure(&self, edition: &Edition, kind: OrganisationType) -> bool {
        self.moved_deadline(kind).is_some()
            || edition.announced_deadline(kind, None).is_none_or(|deadline| deadline.certainty.is_sure())
    }

    /// The last day on which the edition can be published: as decided here, else as in its data; none: it does not close.
    pub fn closes(&self, edition: &Edition) -> Option<Day> {
        let decided = self.closing.as_ref().map(|decided| decided.closes);
        decided.or_else(|| edition.closes.as_ref().map(|closing| closing.day))
    }

    /// The edition with the closing day that was decided here, if one was.
    pub fn with_closing(&self, edition: &Arc<Edition>) -> Arc<Edition> {
        match &self.closing {
            Some(decided) => {
                let edition = Edition::clone(edition);
                Arc::new(edition.closing_on(decided.closes, decided.reason.clone()))
            }
            None => edition.clone(),
        }
    }

    /// The requirements exempted for a type.
    pub fn exempt(&self, kind: OrganisationType) -> Vec<RequirementId> {
        self.exemptions
            .iter()
            .filter(|exemption| exemption.organisation_type == kind.name())
            .map(|exemption| exemption.requirement)
            .collect()
    }

    fn move_deadline(
        &self,
        edition: &Edition,
        kind: OrganisationType,
        to: Day,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let from = self.deadline(edition, kind).ok_or_else(|| Refusal::TypeNotAsked(kind.to_string()))?;
        if to < edition.opens.day {
            return Err(Refusal::DeadlineBeforeOpening(edition.opens.day));
        }
        if from == to {
            return Ok(None);
        }
        need_reason(reason)?;
        Ok(Some(AssessmentEvent::DeadlineMoved(DeadlineMoved {
            edition: edition.id,
            organisation_type: kind.to_string(),
            from,
            to,
            reason: reason.trim().to_owned(),
        })))
    }

    fn set_closing_day(
        &self,
        edition: &Edition,
        closes: Day,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let asked = edition.groups().iter().flat_map(|group| &group.types);
        let last_deadline = asked.filter_map(|kind| self.deadline(edition, *kind)).max();
        if let Some(deadline) = last_deadline.filter(|deadline| closes < *deadline) {
            return Err(Refusal::ClosedBeforeDeadline(deadline));
        }
        if self.closing.as_ref().is_some_and(|decided| decided.closes == closes) {
            return Ok(None);
        }
        need_reason(reason)?;
        let reason = reason.trim().to_owned();
        Ok(Some(AssessmentEvent::ClosingDaySet(ClosingDaySet { edition: edition.id, closes, reason })))
    }

    fn exempt_requirement(
        &self,
        edition: &Edition,
        kind: OrganisationType,
        requirement: RequirementId,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        if !edition.requirements_of(kind).any(|asked| asked.id == requirement) {
            return Err(Refusal::UnknownRequirement { requirement, kind: kind.to_string() });
        }
        if self.exempt(kind).contains(&requirement) {
            return Ok(None);
        }
        need_reason(reason)?;
        Ok(Some(AssessmentEvent::RequirementExempted(RequirementExempted {
            edition: edition.id,
            organisation_type: kind.to_string(),
            requirement,
            reason: reason.trim().to_owned(),
        })))
    }
}

impl Aggregate for EditionDecisions {
    type Event = AssessmentEvent;
    type Command = EditionCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "edition-decisions";
    const FOLD_VERSION: u32 = 2;

    fn decide(&self, command: &EditionCommand, _: &Context) -> Result<Option<AssessmentEvent>, Refusal> {
        match command {
            EditionCommand::MoveDeadline { edition, organisation_type, to, reason } => {
                self.move_deadline(edition, *organisation_type, *to, reason)
            }
            EditionCommand::ExemptRequirement { edition, organisation_type, requirement, reason } => {
                self.exempt_requirement(edition, *organisation_type, *requirement, reason)
            }
            EditionCommand::SetClosingDay { edition, closes, reason } => {
                self.set_closing_day(edition, *closes, reason)
            }
        }
    }

    fn evolve(&mut self, event: &AssessmentEvent, when: &When) {
        match event {
            AssessmentEvent::DeadlineMoved(event) => self.moves.push(DeadlineMove {
                organisation_type: event.organisation_type.clone(),
                from: event.from,
                to: event.to,
                reason: event.reason.clone(),
                on: when.effective,
            }),
            AssessmentEvent::RequirementExempted(event) => self.exemptions.push(Exemption {
                organisation_type: event.organisation_type.clone(),
                requirement: event.requirement,
                reason: event.reason.clone(),
                on: when.effective,
            }),
            AssessmentEvent::ClosingDaySet(ClosingDaySet { closes, reason, .. }) => {
                self.closing = Some(ClosingDecided { closes: *closes, reason: reason.clone() });
            }
            _ => {}
        }
    }
}
