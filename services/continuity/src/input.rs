//! What is sent about a plan, by the API and by forms alike. Systems, lessons and documents are shown in
//! the same shapes.

use chassis::desk::PersonInput;
use proto::{
    Day, OdsCode,
    continuity::{Against, Document, ExerciseKind, Impact, Lesson, PlannedSystem, Scenario},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something asked about a plan.
#[derive(Debug)]
pub(crate) enum Ask {
    Write(PlanVersionInput),
    Approve(PlanApprovalInput),
    Review(PlanReviewInput),
    Withdraw(PlanWithdrawalInput),
    Exercise(ExerciseInput),
    Invoke(InvocationInput),
    ActUpon { number: u16, lesson: u16, done: Option<Day> },
    Rely(RelianceInput),
    EndReliance(RelianceEndInput),
}

/// A system that a plan is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedSystemBody {
    /// Its name.
    pub name: String,
    /// How bad it is when it is away: `high`, `medium` or `low`.
    #[schema(value_type = String, pattern = "^(high|medium|low)$")]
    pub impact: Impact,
    /// Hours within which it must be back.
    #[schema(maximum = 8784)]
    pub recovery_time_hours: u16,
    /// Hours of data that may be lost.
    #[schema(maximum = 8784)]
    pub recovery_point_hours: u16,
}

impl From<PlannedSystemBody> for PlannedSystem {
    fn from(body: PlannedSystemBody) -> Self {
        let PlannedSystemBody { name, impact, recovery_time_hours, recovery_point_hours } = body;
        Self { name, impact, recovery_time_hours, recovery_point_hours }
    }
}

impl From<PlannedSystem> for PlannedSystemBody {
    fn from(system: PlannedSystem) -> Self {
        let PlannedSystem { name, impact, recovery_time_hours, recovery_point_hours } = system;
        Self { name, impact, recovery_time_hours, recovery_point_hours }
    }
}

/// Where the document is. It stays with its owner.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanDocument {
    /// A title, path or address its owner can find it by.
    pub reference: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

impl From<PlanDocument> for Document {
    fn from(PlanDocument { reference, sha256 }: PlanDocument) -> Self {
        Self { reference, sha256 }
    }
}

impl From<Document> for PlanDocument {
    fn from(Document { reference, sha256 }: Document) -> Self {
        Self { reference, sha256 }
    }
}

/// What was learnt, and what is to be done about it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonInput {
    /// What was learnt.
    pub lesson: String,
    /// What is to be done.
    pub action: String,
    /// By when.
    #[schema(value_type = String, format = "date")]
    pub due: Day,
}

impl From<LessonInput> for Lesson {
    fn from(LessonInput { lesson, action, due }: LessonInput) -> Self {
        Self { lesson, action, due }
    }
}

/// The next version of a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanVersionInput {
    /// Who owns it.
    pub owner: PersonInput,
    /// What it covers: of `premises`, `power`, `network`, `data`, `cyber-incident` and `supplier-failure`.
    #[schema(value_type = Vec<String>)]
    pub covers: Vec<Scenario>,
    /// The systems it is about.
    #[serde(default)]
    pub systems: Vec<PlannedSystemBody>,
    /// Where the document is.
    #[serde(default)]
    pub document: Option<PlanDocument>,
}

/// An approval of a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanApprovalInput {
    /// Which version.
    pub version: u16,
    /// By whom.
    pub by: PersonInput,
    /// On which day, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
    /// The day of the next review, within twelve months.
    #[schema(value_type = String, format = "date")]
    pub next_review: Day,
}

/// A review of the approved version, which stands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanReviewInput {
    /// By whom.
    pub by: PersonInput,
    /// On which day, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
    /// The day of the next review, within twelve months.
    #[schema(value_type = String, format = "date")]
    pub next_review: Day,
}

/// Why a plan is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanWithdrawalInput {
    /// Why.
    pub reason: String,
    /// From which day on, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
}

/// An exercise of the plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExerciseInput {
    /// How: `desktop` or `live`.
    #[schema(value_type = String, pattern = "^(desktop|live)$")]
    pub kind: ExerciseKind,
    /// What was played, such as `cyber-incident`.
    #[schema(value_type = String, pattern = "^(premises|power|network|data|cyber-incident|supplier-failure)$")]
    pub scenario: Scenario,
    /// On which day, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
    /// Who took part at the level of the board or partners.
    #[serde(default)]
    pub board: Option<PersonInput>,
    /// How it went: `targets-kept`, `some-missed` or `failed`.
    #[schema(value_type = String, pattern = "^(targets-kept|some-missed|failed)$")]
    pub outcome: Against,
    /// What was learnt.
    #[serde(default)]
    pub lessons: Vec<LessonInput>,
}

/// The plan was needed for real.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvocationInput {
    /// What happened, such as `power`.
    #[schema(value_type = String, pattern = "^(premises|power|network|data|cyber-incident|supplier-failure)$")]
    pub scenario: Scenario,
    /// On which day it began, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
    /// How it went: `targets-kept`, `some-missed` or `failed`.
    #[schema(value_type = String, pattern = "^(targets-kept|some-missed|failed)$")]
    pub outcome: Against,
    /// In words; nothing about patients or staff.
    pub account: String,
    /// What was learnt.
    #[serde(default)]
    pub lessons: Vec<LessonInput>,
}

/// Reliance on a delivery partner's plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelianceInput {
    /// Whose plan: an ODS code. No practice's, and no CCG's or region's but of those it stands under.
    #[schema(value_type = String)]
    pub partner: OdsCode,
    /// For what, such as desktops and servers.
    pub services: String,
    /// Since which day, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub since: Option<Day>,
}

/// The end of reliance on a delivery partner's plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelianceEndInput {
    /// Whose plan: an ODS code.
    #[schema(value_type = String)]
    pub partner: OdsCode,
    /// From which day on no longer, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub on: Option<Day>,
}
