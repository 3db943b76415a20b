//! Events of `assessments`: toolkit assessments, statements, improvement plans, published results.
//!
//! Three kinds of aggregate:
//! - an assessment, one per organisation and edition: `<code>_<edition>`;
//! - an edition, for what is decided centrally: `edition_<edition>`;
//! - an entry of the national register, one per organisation: `register_<code>`.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

use crate::{
    codes::{EditionId, OdsCode, PersonId, RequirementId},
    day::Day,
    event::DomainEvent,
    subject::Service,
};

mod result;

pub use result::PublishedResult;

/// What happened around an assessment.
#[derive(Debug, Clone, PartialEq)]
pub enum AssessmentEvent {
    /// An assessment of an edition was begun.
    AssessmentOpened(AssessmentOpened),
    /// A requirement was answered, or its answer replaced.
    RequirementAnswered(RequirementAnswered),
    /// An answer carried over from last year was looked at again and stands.
    RequirementReviewed(RequirementReviewed),
    /// The assessment was published, for the first time or again.
    AssessmentPublished(AssessmentPublished),
    /// The IG Assurance Statement was accepted by a named person.
    AssuranceStatementAccepted(AssuranceStatementAccepted),
    /// An action was planned for a gap.
    ImprovementActionPlanned(ImprovementActionPlanned),
    /// A planned action was done.
    ImprovementActionCompleted(ImprovementActionCompleted),
    /// The improvement plan was handed to the CCG or region.
    ImprovementPlanSubmitted(ImprovementPlanSubmitted),
    /// The CCG or region agreed the improvement plan.
    ImprovementPlanAgreed(ImprovementPlanAgreed),
    /// The CCG or region refused the improvement plan.
    ImprovementPlanRefused(ImprovementPlanRefused),
    /// A reviewer set a grade of its own beside the self-assessed one.
    GradeReviewed(GradeReviewed),
    /// The deadline of an edition was moved for a type of organisation.
    DeadlineMoved(DeadlineMoved),
    /// A requirement was exempted centrally for a type of organisation.
    RequirementExempted(RequirementExempted),
    /// The national register showed a result it had not shown before.
    ResultListed(ResultListed),
}

/// The type of [`AssessmentOpened`].
pub const ASSESSMENT_OPENED: &str = "oversight.assessments.assessment-opened.v1";
/// The type of [`RequirementAnswered`].
pub const REQUIREMENT_ANSWERED: &str = "oversight.assessments.requirement-answered.v1";
/// The type of [`RequirementReviewed`].
pub const REQUIREMENT_REVIEWED: &str = "oversight.assessments.requirement-reviewed.v1";
/// The type of [`AssessmentPublished`].
pub const ASSESSMENT_PUBLISHED: &str = "oversight.assessments.assessment-published.v1";
/// The type of [`AssuranceStatementAccepted`].
pub const ASSURANCE_STATEMENT_ACCEPTED: &str = "oversight.assessments.assurance-statement-accepted.v1";
/// The type of [`ImprovementActionPlanned`].
pub const IMPROVEMENT_ACTION_PLANNED: &str = "oversight.assessments.improvement-action-planned.v1";
/// The type of [`ImprovementActionCompleted`].
pub const IMPROVEMENT_ACTION_COMPLETED: &str = "oversight.assessments.improvement-action-completed.v1";
/// The type of [`ImprovementPlanSubmitted`].
pub const IMPROVEMENT_PLAN_SUBMITTED: &str = "oversight.assessments.improvement-plan-submitted.v1";
/// The type of [`ImprovementPlanAgreed`].
pub const IMPROVEMENT_PLAN_AGREED: &str = "oversight.assessments.improvement-plan-agreed.v1";
/// The type of [`ImprovementPlanRefused`].
pub const IMPROVEMENT_PLAN_REFUSED: &str = "oversight.assessments.improvement-plan-refused.v1";
/// The type of [`GradeReviewed`].
pub const GRADE_REVIEWED: &str = "oversight.assessments.grade-reviewed.v1";
/// The type of [`DeadlineMoved`].
pub const DEADLINE_MOVED: &str = "oversight.assessments.deadline-moved.v1";
/// The type of [`RequirementExempted`].
pub const REQUIREMENT_EXEMPTED: &str = "oversight.assessments.requirement-exempted.v1";
/// The type of [`ResultListed`].
pub const RESULT_LISTED: &str = "oversight.assessments.result-listed.v1";

impl DomainEvent for AssessmentEvent {
    const SERVICE: Service = Service::Assessments;

    fn event_type(&self) -> &'static str {
        match self {
            Self::AssessmentOpened(_) => ASSESSMENT_OPENED,
            Self::RequirementAnswered(_) => REQUIREMENT_ANSWERED,
            Self::RequirementReviewed(_) => REQUIREMENT_REVIEWED,
            Self::AssessmentPublished(_) => ASSESSMENT_PUBLISHED,
            Self::AssuranceStatementAccepted(_) => ASSURANCE_STATEMENT_ACCEPTED,
            Self::ImprovementActionPlanned(_) => IMPROVEMENT_ACTION_PLANNED,
            Self::ImprovementActionCompleted(_) => IMPROVEMENT_ACTION_COMPLETED,
            Self::ImprovementPlanSubmitted(_) => IMPROVEMENT_PLAN_SUBMITTED,
            Self::ImprovementPlanAgreed(_) => IMPROVEMENT_PLAN_AGREED,
            Self::ImprovementPlanRefused(_) => IMPROVEMENT_PLAN_REFUSED,
            Self::GradeReviewed(_) => GRADE_REVIEWED,
            Self::DeadlineMoved(_) => DEADLINE_MOVED,
            Self::RequirementExempted(_) => REQUIREMENT_EXEMPTED,
            Self::ResultListed(_) => RESULT_LISTED,
        }
    }

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Data<'a> {
            AssessmentOpened(&'a AssessmentOpened),
            RequirementAnswered(&'a RequirementAnswered),
            RequirementReviewed(&'a RequirementReviewed),
            AssessmentPublished(&'a AssessmentPublished),
            AssuranceStatementAccepted(&'a AssuranceStatementAccepted),
            ImprovementActionPlanned(&'a ImprovementActionPlanned),
            ImprovementActionCompleted(&'a ImprovementActionCompleted),
            ImprovementPlanSubmitted(&'a ImprovementPlanSubmitted),
            ImprovementPlanAgreed(&'a ImprovementPlanAgreed),
            ImprovementPlanRefused(&'a ImprovementPlanRefused),
            GradeReviewed(&'a GradeReviewed),
            DeadlineMoved(&'a DeadlineMoved),
            RequirementExempted(&'a RequirementExempted),
            ResultListed(&'a ResultListed),
        }
        match self {
            Self::AssessmentOpened(data) => Data::AssessmentOpened(data),
            Self::RequirementAnswered(data) => Data::RequirementAnswered(data),
            Self::RequirementReviewed(data) => Data::RequirementReviewed(data),
            Self::AssessmentPublished(data) => Data::AssessmentPublished(data),
            Self::AssuranceStatementAccepted(data) => Data::AssuranceStatementAccepted(data),
            Self::ImprovementActionPlanned(data) => Data::ImprovementActionPlanned(data),
            Self::ImprovementActionCompleted(data) => Data::ImprovementActionCompleted(data),
            Self::ImprovementPlanSubmitted(data) => Data::ImprovementPlanSubmitted(data),
            Self::ImprovementPlanAgreed(data) => Data::ImprovementPlanAgreed(data),
            Self::ImprovementPlanRefused(data) => Data::ImprovementPlanRefused(data),
            Self::GradeReviewed(data) => Data::GradeReviewed(data),
            Self::DeadlineMoved(data) => Data::DeadlineMoved(data),
            Self::RequirementExempted(data) => Data::RequirementExempted(data),
            Self::ResultListed(data) => Data::ResultListed(data),
        }
    }

    fn decode_from<'de, D: Deserializer<'de>>(kind: &str, data: D) -> Result<Option<Self>, D::Error> {
        let event = match kind {
            ASSESSMENT_OPENED => Self::AssessmentOpened(Deserialize::deserialize(data)?),
            REQUIREMENT_ANSWERED => Self::RequirementAnswered(Deserialize::deserialize(data)?),
            REQUIREMENT_REVIEWED => Self::RequirementReviewed(Deserialize::deserialize(data)?),
            ASSESSMENT_PUBLISHED => Self::AssessmentPublished(Deserialize::deserialize(data)?),
            ASSURANCE_STATEMENT_ACCEPTED => Self::AssuranceStatementAccepted(Deserialize::deserialize(data)?),
            IMPROVEMENT_ACTION_PLANNED => Self::ImprovementActionPlanned(Deserialize::deserialize(data)?),
            IMPROVEMENT_ACTION_COMPLETED => Self::ImprovementActionCompleted(Deserialize::deserialize(data)?),
            IMPROVEMENT_PLAN_SUBMITTED => Self::ImprovementPlanSubmitted(Deserialize::deserialize(data)?),
            IMPROVEMENT_PLAN_AGREED => Self::ImprovementPlanAgreed(Deserialize::deserialize(data)?),
            IMPROVEMENT_PLAN_REFUSED => Self::ImprovementPlanRefused(Deserialize::deserialize(data)?),
            GRADE_REVIEWED => Self::GradeReviewed(Deserialize::deserialize(data)?),
            DEADLINE_MOVED => Self::DeadlineMoved(Deserialize::deserialize(data)?),
            REQUIREMENT_EXEMPTED => Self::RequirementExempted(Deserialize::deserialize(data)?),
            RESULT_LISTED => Self::ResultListed(Deserialize::deserialize(data)?),
            _ => return IgnoredAny::deserialize(data).map(|_| None),
        };
        Ok(Some(event))
    }
}

/// An assessment of an edition was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentOpened {
    /// Whose it is.
    pub organisation: OdsCode,
    /// Against which edition.
    pub edition: EditionId,
    /// Last year's answers, each still to be reviewed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried_over: Vec<GivenAnswer>,
}

/// An answer with what supports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenAnswer {
    /// The requirement, in the numbering of the edition it is carried into.
    pub requirement: RequirementId,
    /// The answer.
    pub answer: Answer,
    /// The comment in support of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Where the evidence is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The level the organisation aims at; plays no part in the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u8>,
}

/// The answer to one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Attainment level 0 to 3 (IG Toolkit).
    Level(u8),
    /// The standard is met (DSP Toolkit).
    Met,
    /// The standard is not met (DSP Toolkit).
    NotMet,
    /// Does not apply to this organisation, and why.
    NotRelevant {
        /// The justification.
        reason: String,
    },
}

/// Where a piece of evidence is. The file itself stays with its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A title, path or address that its owner can find it by.
    pub reference: String,
    /// SHA-256 of the file in hexadecimal digits, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A requirement was answered, or its answer replaced. Answering is also reviewing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementAnswered {
    /// Whose assessment it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The answer with what supports it.
    pub given: GivenAnswer,
}

/// An answer carried over from last year was looked at again and stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementReviewed {
    /// Whose assessment it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// Which requirement.
    pub requirement: RequirementId,
}

/// The assessment was published. Published again, the later one counts from its day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentPublished {
    /// Whose it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The grade by its own rule, never derived from the percentage.
    pub grade: Grade,
    /// Attained levels as a share of the attainable ones, rounded down to whole per cent; none where
    /// the edition has no levels or nothing applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentage: Option<u8>,
    /// Every answer as published, by requirement.
    pub answers: Vec<(RequirementId, Answer)>,
    /// Applicable requirements that fall short of the edition's standard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<RequirementId>,
    /// Requirements exempted centrally at the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<RequirementId>,
}

/// The result of an assessment by its edition's grade rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Every applicable requirement reaches the standard of the edition.
    Satisfactory,
    /// At least one applicable requirement falls short.
    NotSatisfactory,
    /// Short somewhere, with an agreed improvement plan.
    SatisfactoryWithImprovementPlan,
}

/// The IG Assurance Statement was accepted by a named person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssuranceStatementAccepted {
    /// Whose assessment it belongs to.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// Who accepted it; name and role stand in the directory.
    pub person: PersonId,
}

/// An action was planned for a gap, or planned anew under the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementActionPlanned {
    /// Whose plan it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The number of the action within the plan, from 1.
    pub number: u16,
    /// What is planned.
    pub action: ImprovementAction,
}

/// One row of an improvement plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementAction {
    /// The requirement that falls short.
    pub requirement: RequirementId,
    /// What is missing.
    pub gap: String,
    /// What will be done.
    pub action: String,
    /// Who will do it.
    pub owner: PersonId,
    /// By when.
    pub due: Day,
}

/// A planned action was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementActionCompleted {
    /// Whose plan it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The number of the action.
    pub number: u16,
    /// The day it was done.
    pub done: Day,
}

/// The improvement plan was handed to the CCG or region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementPlanSubmitted {
    /// Whose plan it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The actions as submitted, with their numbers.
    pub actions: Vec<(u16, ImprovementAction)>,
}

/// The CCG or region agreed the improvement plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementPlanAgreed {
    /// Whose plan it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The CCG or region that agreed it.
    pub by: OdsCode,
    /// The last day by which the plan's actions are due: from the day after, an unfinished plan no
    /// longer stands.
    pub due: Day,
}

/// The CCG or region refused the improvement plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImprovementPlanRefused {
    /// Whose plan it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The CCG or region that refused it.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
}

/// A reviewer set a grade of its own beside the self-assessed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeReviewed {
    /// Whose assessment it is.
    pub organisation: OdsCode,
    /// The edition.
    pub edition: EditionId,
    /// The reviewer's grade.
    pub grade: Grade,
    /// The body that reviewed.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
}

/// The deadline of an edition was moved for a type of organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineMoved {
    /// The edition.
    pub edition: EditionId,
    /// The type of organisation it holds for, as in the edition's data.
    pub organisation_type: String,
    /// The deadline until then.
    pub from: Day,
    /// The deadline from then on.
    pub to: Day,
    /// Why.
    pub reason: String,
}

/// A requirement was exempted centrally for a type of organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementExempted {
    /// The edition.
    pub edition: EditionId,
    /// The type of organisation it holds for, as in the edition's data.
    pub organisation_type: String,
    /// Which requirement.
    pub requirement: RequirementId,
    /// Why.
    pub reason: String,
}

/// The national register showed a result it had not shown before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultListed {
    /// Whose result it is.
    pub organisation: OdsCode,
    /// The date of the register file.
    pub as_of: Day,
    /// The organisation's name in the register.
    pub name: String,
    /// The sector it registered under.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sector: String,
    /// The status text as received.
    pub status: String,
    /// What the text was read as.
    pub result: PublishedResult,
    /// The day of publication, none where nothing is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Day>,
}
