//! Events of `onsite`: on-site assessments of data and cyber security, what they found, and what was done.
//!
//! One kind of aggregate: an assessment of an organisation, `<code>_<number>`, numbered from 1.

use serde::{Deserialize, Serialize};

use crate::{
    codes::{OdsCode, PersonId, TopicId},
    day::Day,
    imports,
};

events! {
    /// What happened around an on-site assessment.
    pub enum OnsiteEvent of Onsite on Events {
        /// An assessment was asked for.
        OnsiteRequested = "oversight.onsite.assessment-requested.v1",
        /// The organisation agreed to be assessed.
        OnsiteAgreed = "oversight.onsite.assessment-agreed.v1",
        /// The organisation refused, with grounds.
        OnsiteRefused = "oversight.onsite.assessment-refused.v1",
        /// A day and an assessor were set, or set anew.
        VisitScheduled = "oversight.onsite.visit-scheduled.v1",
        /// The visit was called off.
        VisitCancelled = "oversight.onsite.visit-cancelled.v1",
        /// The assessment was held, with its result by topic.
        AssessmentHeld = "oversight.onsite.assessment-held.v1",
        /// The assessors recorded a finding.
        FindingRecorded = "oversight.onsite.finding-recorded.v1",
        /// The organisation answered a finding.
        FindingAnswered = "oversight.onsite.finding-answered.v1",
        /// The outcome was disclosed to the commissioner.
        OutcomeDisclosed = "oversight.onsite.outcome-disclosed.v1",
        /// The organisation proposed what it will do about the findings.
        ActionPlanProposed = "oversight.onsite.action-plan-proposed.v1",
        /// The CCG or region agreed the action plan.
        ActionPlanAgreed = "oversight.onsite.action-plan-agreed.v1",
        /// The CCG or region sent the action plan back.
        ActionPlanReturned = "oversight.onsite.action-plan-returned.v1",
        /// An action of the agreed plan was done.
        ActionCompleted = "oversight.onsite.action-completed.v1",
        /// The assessors looked at the findings again.
        RetestHeld = "oversight.onsite.retest-held.v1",
        /// The assessment was closed.
        AssessmentClosed = "oversight.onsite.assessment-closed.v1",
        /// An import is about to record its first row.
        ImportBegun = "oversight.onsite.import-begun.v1",
        /// A file was read to its end.
        FileImported = "oversight.onsite.file-imported.v1",
        /// An import was withdrawn.
        ImportWithdrawn = "oversight.onsite.import-withdrawn.v1",
    }
}

/// An assessment was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnsiteRequested {
    /// Who is to be assessed.
    pub organisation: OdsCode,
    /// The number of the assessment among this organisation's, from 1.
    pub number: u16,
    /// Who asks: NHS Digital, or the organisation's CCG or region.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
}

/// The organisation agreed to be assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnsiteAgreed {
    /// Who is assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
}

/// The organisation refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnsiteRefused {
    /// Who was to be assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// On what grounds.
    pub grounds: String,
}

/// A day and an assessor were set, or set anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitScheduled {
    /// Who is assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// The day of the visit.
    pub on: Day,
    /// The delivery partner whose assessor comes.
    pub partner: OdsCode,
    /// The assessor.
    pub assessor: PersonId,
}

/// The visit was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitCancelled {
    /// Who was to be assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// Why.
    pub reason: String,
}

/// The assessment was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentHeld {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// The day it was held; of several days the last.
    pub on: Day,
    /// The result of each topic that was looked at.
    pub results: Vec<TopicResult>,
}

/// The result of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicResult {
    /// The topic.
    pub topic: TopicId,
    /// What was found.
    pub outcome: Outcome,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

/// What assessors found on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it should be.
    Satisfied,
    /// It is in part.
    PartlySatisfied,
    /// It is not.
    NotSatisfied,
}

impl Outcome {
    /// All of them, best first.
    pub const ALL: [Outcome; 3] = [Outcome::Satisfied, Outcome::PartlySatisfied, Outcome::NotSatisfied];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Outcome::Satisfied => "satisfied",
            Outcome::PartlySatisfied => "partly-satisfied",
            Outcome::NotSatisfied => "not-satisfied",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Outcome::Satisfied => "Satisfied",
            Outcome::PartlySatisfied => "Partly satisfied",
            Outcome::NotSatisfied => "Not satisfied",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Patient data or care are in danger now.
    Critical,
    /// They are once someone tries.
    High,
    /// A weakness that needs others to be used.
    Medium,
    /// Good practice is missed.
    Low,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Severity::Critical => "Critical",
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
        }
    }
}

/// Who answers for the system a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Responsibility {
    /// It is part of what the CCG commissions or of the national framework (GPSoC): the practice is
    /// accountable, its CCG and delivery partner do the work.
    Commissioned,
    /// It is outside of both: all duties are the practice's own.
    Practice,
}

impl Responsibility {
    /// Both.
    pub const ALL: [Responsibility; 2] = [Responsibility::Commissioned, Responsibility::Practice];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Responsibility::Commissioned => "commissioned",
            Responsibility::Practice => "practice",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Responsibility::Commissioned => "Commissioned locally, or of the national framework",
            Responsibility::Practice => "The practice’s own responsibility",
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The topic.
    pub topic: TopicId,
    /// How bad it is.
    pub severity: Severity,
    /// The system it is about.
    pub system: String,
    /// Who answers for that system.
    pub responsibility: Responsibility,
    /// What was found.
    pub found: String,
    /// Where the evidence is. The file itself stays with the assessors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

/// The assessors recorded a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecorded {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// The number of the finding within the assessment, from 1.
    pub finding: u16,
    /// What was found.
    pub recorded: Finding,
}

/// The organisation answered a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingAnswered {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// Which finding.
    pub finding: u16,
    /// Whether it accepts it.
    pub accepted: bool,
    /// In words.
    pub answer: String,
}

/// The outcome was disclosed to the commissioner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeDisclosed {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// To which CCG or region.
    pub to: OdsCode,
    /// On which day.
    pub on: Day,
}

/// What will be done about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// Which finding.
    pub finding: u16,
    /// What will be done.
    pub action: String,
    /// By whom.
    pub owner: PersonId,
    /// By when.
    pub due: Day,
}

/// The organisation proposed what it will do about the findings: the whole plan, actions numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPlanProposed {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// The actions.
    pub actions: Vec<(u16, PlannedAction)>,
}

/// The CCG or region agreed the action plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPlanAgreed {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// Who agreed.
    pub by: OdsCode,
    /// When each action is due, by its number.
    pub due: Vec<(u16, Day)>,
}

/// The CCG or region sent the action plan back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionPlanReturned {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// Who sent it back.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
}

/// An action of the agreed plan was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionCompleted {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// Which action.
    pub action: u16,
    /// The day it was done.
    pub done: Day,
}

/// The assessors looked at the findings again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetestHeld {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
    /// The day.
    pub on: Day,
    /// The findings that are mended, by number; the others of the assessment are not.
    pub mended: Vec<u16>,
}

/// The assessment was closed: nothing more is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentClosed {
    /// Who was assessed.
    pub organisation: OdsCode,
    /// Which assessment.
    pub number: u16,
}

/// An import is about to record its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportBegun(pub imports::ImportBegun);

/// A file was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileImported(pub imports::FileImported);

/// An import was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportWithdrawn(pub imports::ImportWithdrawn);
