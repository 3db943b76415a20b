//! Events of `continuity`: business continuity and disaster recovery plans, exercises, and the real thing.
//!
//! One kind of aggregate: the plan of an organisation, `<code>`: of a practice, of a CCG, or of a
//! delivery partner, on whose plan others lean.

use serde::{Deserialize, Serialize};

use crate::{
    codes::{OdsCode, PersonId},
    day::Day,
};

events! {
    /// What happened around a continuity plan.
    pub enum ContinuityEvent of Continuity on Events {
        /// A version of the plan was written.
        PlanWritten = "oversight.continuity.plan-written.v1",
        /// The version was approved.
        PlanApproved = "oversight.continuity.plan-approved.v1",
        /// The approved plan was looked at again and stands.
        PlanReviewed = "oversight.continuity.plan-reviewed.v1",
        /// The plan was given up.
        PlanWithdrawn = "oversight.continuity.plan-withdrawn.v1",
        /// The plan was exercised.
        ExerciseHeld = "oversight.continuity.exercise-held.v1",
        /// What an exercise or an invocation taught was acted upon.
        LessonActedUpon = "oversight.continuity.lesson-acted-upon.v1",
        /// The plan was needed for real.
        PlanInvoked = "oversight.continuity.plan-invoked.v1",
        /// The organisation leans on a delivery partner's plan, too.
        RelianceStated = "oversight.continuity.reliance-stated.v1",
        /// It no longer does.
        RelianceEnded = "oversight.continuity.reliance-ended.v1",
    }
}

/// What a plan covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// The premises cannot be used.
    Premises,
    /// Power fails.
    Power,
    /// Telephone or network fail.
    Network,
    /// Data are lost or cannot be reached.
    Data,
    /// An attack, or malicious software.
    CyberIncident,
    /// A supplier fails.
    SupplierFailure,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Scenario; 6] = [
        Scenario::Premises,
        Scenario::Power,
        Scenario::Network,
        Scenario::Data,
        Scenario::CyberIncident,
        Scenario::SupplierFailure,
    ];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Scenario::Premises => "premises",
            Scenario::Power => "power",
            Scenario::Network => "network",
            Scenario::Data => "data",
            Scenario::CyberIncident => "cyber-incident",
            Scenario::SupplierFailure => "supplier-failure",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Scenario::Premises => "Premises cannot be used",
            Scenario::Power => "Power fails",
            Scenario::Network => "Telephone or network fail",
            Scenario::Data => "Data are lost or out of reach",
            Scenario::CyberIncident => "A cyber incident",
            Scenario::SupplierFailure => "A supplier fails",
        }
    }
}

/// What a plan has to cover to count: data out of reach, and cyber incidents (domain facts 2.2,
/// requirement 6).
pub const MUST_COVER: [Scenario; 2] = [Scenario::Data, Scenario::CyberIncident];

/// What of [`MUST_COVER`] a plan leaves out.
pub fn uncovered(covers: &[Scenario]) -> Vec<Scenario> {
    MUST_COVER.into_iter().filter(|scenario| !covers.contains(scenario)).collect()
}

/// For how many days after it an exercise counts: a plan is exercised at least yearly (domain facts
/// 5.3).
pub const EXERCISE_COUNTS_DAYS: i32 = 365;

/// The day the next exercise falls due, on which, at its end, an exercise of this day no longer counts:
/// the one after [`EXERCISE_COUNTS_DAYS`].
pub fn exercise_due(held: Day) -> Day {
    held.plus_days(EXERCISE_COUNTS_DAYS + 1)
}

/// How bad it is when a system is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Care stops.
    High,
    /// Care goes on with difficulty.
    Medium,
    /// A nuisance.
    Low,
}

impl Impact {
    /// All of them, worst first.
    pub const ALL: [Impact; 3] = [Impact::High, Impact::Medium, Impact::Low];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Impact::High => "high",
            Impact::Medium => "medium",
            Impact::Low => "low",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Impact::High => "High: care stops",
            Impact::Medium => "Medium: care goes on with difficulty",
            Impact::Low => "Low: a nuisance",
        }
    }
}

/// A system the plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSystem {
    /// Its name.
    pub name: String,
    /// How bad it is when it is away.
    pub impact: Impact,
    /// Hours within which it must be back (RTO).
    pub recovery_time_hours: u16,
    /// Hours of data that may be lost (RPO).
    pub recovery_point_hours: u16,
}

/// Where the document is. It stays with its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// A title, path or address its owner can find it by.
    pub reference: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

/// A version of the plan was written. It takes the place of the one before once it is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanWritten {
    /// Whose plan.
    pub organisation: OdsCode,
    /// The number of the version, from 1.
    pub version: u16,
    /// Who owns it.
    pub owner: PersonId,
    /// What it covers.
    pub covers: Vec<Scenario>,
    /// The systems it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<PlannedSystem>,
    /// Where the document is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// The version was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanApproved {
    /// Whose plan.
    pub organisation: OdsCode,
    /// Which version.
    pub version: u16,
    /// By whom.
    pub by: PersonId,
    /// On which day.
    pub on: Day,
    /// What it covers, again, so that no one has to look it up.
    pub covers: Vec<Scenario>,
    /// The day of the next review.
    pub next_review: Day,
}

/// The approved plan was looked at again and stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReviewed {
    /// Whose plan.
    pub organisation: OdsCode,
    /// Which version.
    pub version: u16,
    /// By whom.
    pub by: PersonId,
    /// On which day.
    pub on: Day,
    /// The day of the next review.
    pub next_review: Day,
}

/// The plan was given up from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanWithdrawn {
    /// Whose plan.
    pub organisation: OdsCode,
    /// Why.
    pub reason: String,
}

/// How a plan is exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExerciseKind {
    /// Around a table.
    Desktop,
    /// For real, with systems switched off.
    Live,
}

impl ExerciseKind {
    /// Both.
    pub const ALL: [ExerciseKind; 2] = [ExerciseKind::Desktop, ExerciseKind::Live];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            ExerciseKind::Desktop => "desktop",
            ExerciseKind::Live => "live",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            ExerciseKind::Desktop => "Table-top: talked through",
            ExerciseKind::Live => "Live: with systems switched off",
        }
    }
}

/// How it went against the recovery targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// All targets were kept.
    TargetsKept,
    /// Some were.
    SomeMissed,
    /// None was.
    Failed,
}

impl Against {
    /// All of them, best first.
    pub const ALL: [Against; 3] = [Against::TargetsKept, Against::SomeMissed, Against::Failed];

    /// The name in addresses, forms and files.
    pub const fn slug(self) -> &'static str {
        match self {
            Against::TargetsKept => "targets-kept",
            Against::SomeMissed => "some-missed",
            Against::Failed => "failed",
        }
    }

    /// The name on pages.
    pub const fn words(self) -> &'static str {
        match self {
            Against::TargetsKept => "All targets kept",
            Against::SomeMissed => "Some targets missed",
            Against::Failed => "Failed",
        }
    }
}

/// What was learnt, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// What was learnt.
    pub lesson: String,
    /// What is to be done.
    pub action: String,
    /// By when.
    pub due: Day,
}

/// The plan was exercised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseHeld {
    /// Whose plan.
    pub organisation: OdsCode,
    /// Which version.
    pub version: u16,
    /// The number of the exercise or invocation among this organisation's, from 1.
    pub number: u16,
    /// How.
    pub kind: ExerciseKind,
    /// What was played.
    pub scenario: Scenario,
    /// On which day.
    pub on: Day,
    /// Who took part at the level of the board or partners; none where no one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<PersonId>,
    /// How it went.
    pub outcome: Against,
    /// What was learnt, by number from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<(u16, Lesson)>,
}

/// What an exercise or an invocation taught was acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonActedUpon {
    /// Whose plan.
    pub organisation: OdsCode,
    /// Of which exercise or invocation.
    pub number: u16,
    /// Which lesson.
    pub lesson: u16,
    /// The day it was done.
    pub done: Day,
}

/// The plan was needed for real.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanInvoked {
    /// Whose plan.
    pub organisation: OdsCode,
    /// The number of the exercise or invocation among this organisation's, from 1.
    pub number: u16,
    /// What happened.
    pub scenario: Scenario,
    /// On which day it began.
    pub on: Day,
    /// How it went.
    pub outcome: Against,
    /// In words; nothing about patients or staff.
    pub account: String,
    /// What was learnt, by number from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<(u16, Lesson)>,
}

/// The organisation leans on a delivery partner's plan from the effective day on. Where a CCG does, so
/// do its practices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelianceStated {
    /// Who leans on it.
    pub organisation: OdsCode,
    /// On whose plan.
    pub partner: OdsCode,
    /// For what, such as desktops and servers.
    pub services: String,
}

/// It no longer does, from the effective day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelianceEnded {
    /// Who leant on it.
    pub organisation: OdsCode,
    /// On whose plan.
    pub partner: OdsCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_counts_for_365_days_after_its_own() {
        let held: Day = "2018-03-08".parse().unwrap_or(Day::FIRST);
        assert_eq!(exercise_due(held).to_string(), "2019-03-09");
    }

    #[test]
    fn a_plan_has_to_cover_data_and_cyber_incidents() {
        assert_eq!(uncovered(&[]), MUST_COVER);
        assert_eq!(uncovered(&[Scenario::CyberIncident, Scenario::Power]), [Scenario::Data]);
        assert!(uncovered(&Scenario::ALL).is_empty());
    }
}
