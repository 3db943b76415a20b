//! Events of `assessments`: toolkit assessments, statements, improvement plans, published results.
//!
//! Four kinds of aggregate:
//! - an assessment, one per organisation and edition: `<code>_<edition>`;
//! - an edition, for what is decided centrally: `edition_<edition>`;
//! - the editions that were added here, and what status texts mean: `editions`;
//! - an entry of the national register, one per organisation: `register_<code>`.

use serde::{Deserialize, Serialize};

use crate::{
    codes::{EditionId, OdsCode, PersonId, RequirementId},
    day::Day,
    imports,
    standards::EditionDefinition,
};

mod result;

pub use result::{PublishedResult, ResultLevel};

events! {
    /// What happened around an assessment.
    pub enum AssessmentEvent of Assessments on Events {
        /// An assessment of an edition was begun.
        AssessmentOpened = "oversight.assessments.assessment-opened.v1",
        /// A requirement was answered, or its answer replaced.
        RequirementAnswered = "oversight.assessments.requirement-answered.v1",
        /// An answer carried over from last year was looked at again and stands.
        RequirementReviewed = "oversight.assessments.requirement-reviewed.v1",
        /// The assessment was published, for the first time or again.
        AssessmentPublished = "oversight.assessments.assessment-published.v1",
        /// The IG Assurance Statement was accepted by a named person.
        AssuranceStatementAccepted = "oversight.assessments.assurance-statement-accepted.v1",
        /// An action was planned for a gap.
        ImprovementActionPlanned = "oversight.assessments.improvement-action-planned.v1",
        /// A planned action was done.
        ImprovementActionCompleted = "oversight.assessments.improvement-action-completed.v1",
        /// The improvement plan was handed to the CCG or region.
        ImprovementPlanSubmitted = "oversight.assessments.improvement-plan-submitted.v1",
        /// The CCG or region agreed the improvement plan.
        ImprovementPlanAgreed = "oversight.assessments.improvement-plan-agreed.v1",
        /// The CCG or region refused the improvement plan.
        ImprovementPlanRefused = "oversight.assessments.improvement-plan-refused.v1",
        /// A reviewer set a grade of its own beside the self-assessed one.
        GradeReviewed = "oversight.assessments.grade-reviewed.v1",
        /// The deadline of an edition was moved for a type of organisation.
        DeadlineMoved = "oversight.assessments.deadline-moved.v1",
        /// A requirement was exempted centrally for a type of organisation.
        RequirementExempted = "oversight.assessments.requirement-exempted.v1",
        /// It was decided up to which day an edition can be published.
        ClosingDaySet = "oversight.assessments.closing-day-set.v1",
        /// An edition was added to those that come with the program.
        EditionAdded = "oversight.assessments.edition-added.v1",
        /// A status text of the national register was given its meaning.
        StatusTextExplained = "oversight.assessments.status-text-explained.v1",
        /// The national register showed a result it had not shown before.
        ResultListed = "oversight.assessments.result-listed.v1",
        /// A file was read to its end.
        FileImported = "oversight.assessments.file-imported.v1",
        /// An import was withdrawn.
        ImportWithdrawn = "oversight.assessments.import-withdrawn.v1",
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

/// It was decided up to which day an edition can be published. A later decision replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingDaySet {
    /// Of which edition.
    pub edition: EditionId,
    /// The last day on which it can be published.
    pub closes: Day,
    /// Why, and who says so.
    pub reason: String,
}

/// An edition was added to those that come with the program. Its content stands here as a whole; once
/// added, its deadlines are moved, its requirements exempted and its closing day set by events of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionAdded {
    /// The edition, with all its requirements.
    pub edition: EditionDefinition,
}

/// A status text of the national register was given its meaning. It holds for every row that carries the
/// text, whenever that was read; a later explanation of the same text for the same edition, or for every one,
/// replaces it.
///
/// A text without a year, such as “Assured”, is explained for every year unless the edition stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusTextExplained {
    /// The text, as the register writes it; case and blanks do not matter.
    pub text: String,
    /// What it means.
    pub level: ResultLevel,
    /// The edition it is of; none: the one that the row names by its year or its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionId>,
    /// Why it is read so, and who says so.
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
    /// What the text was read as by itself. Explanations given here are not in it: they are looked up
    /// whenever the text is read, so that they can be corrected.
    pub result: PublishedResult,
    /// The day of publication, none where nothing is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Day>,
    /// What the register writes in the place of that day, where it is a word: `CompletedThroughQIO` stands for
    /// results that came by another way. The result then counts from the date of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_text: Option<String>,
}

/// A file was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileImported(pub imports::FileImported);

/// An import was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportWithdrawn(pub imports::ImportWithdrawn);
