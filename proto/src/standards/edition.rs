//! One edition: its requirements, its answer scale, whom it asks and by when.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    definition::EditionDefinition,
    types::{Certainty, OrganisationType},
};
use crate::{
    assessments::{Answer, ResultLevel},
    codes::{EditionId, RequirementId},
    day::{Day, FinancialYear},
};

/// The highest attainment level of the IG Toolkit.
pub const LEVEL_MAX: u8 = 3;

/// The family an edition belongs to. Answers roll over within a family only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = EditionScheme)]
pub enum Scheme {
    /// The IG Toolkit, to 2017/18.
    IgToolkit,
    /// The Data Security and Protection Toolkit, from 2018/19.
    DspToolkit,
}

/// How a requirement is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = EditionAnswerScale)]
pub enum AnswerScale {
    /// Attainment level 0, 1, 2 or 3.
    #[serde(rename = "levels-0-to-3")]
    Levels,
    /// Met or not met.
    #[serde(rename = "met-or-not-met")]
    MetOrNotMet,
}

/// What a gap means for publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = EditionGapRule)]
pub enum GapRule {
    /// An assessment with gaps may be published; an improvement plan deals with them.
    PublishedWithPlan,
    /// An assessment with gaps cannot be published, and there is no improvement plan.
    BlockPublication,
}

/// From which day an edition can be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionOpening)]
pub struct Opening {
    /// The first day.
    #[schema(value_type = String, format = "date")]
    pub day: Day,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// Up to which day an edition can be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionClosing)]
pub struct Closing {
    /// The last day.
    #[schema(value_type = String, format = "date")]
    pub day: Day,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// What a status text of the register says of this edition, where it is written in words of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionStatusWords)]
pub struct StatusWords {
    /// The words, with or without the year before or behind them; case and blanks do not matter.
    pub text: String,
    /// What they mean.
    pub level: ResultLevel,
}

/// A deadline as it was announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionDeadline)]
pub struct Deadline {
    /// The last day in time.
    #[schema(value_type = String, format = "date")]
    pub day: Day,
    /// The day it was announced; none for the first one, which was known from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub announced: Option<Day>,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// The types of organisation that an edition treats alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionGroup)]
pub struct Group {
    /// Which types.
    pub types: Vec<OrganisationType>,
    /// The category in the edition's own words.
    pub category: String,
    /// How many requirements it answers, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement_count: Option<u16>,
    /// What a gap means for publication.
    pub gaps: GapRule,
    /// The deadlines in the order they were announced; the last one holds.
    pub deadlines: Vec<Deadline>,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// When a requirement may be left out of account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionNotRelevantRule)]
pub struct NotRelevantRule {
    /// In which case, to follow “if”.
    pub when: String,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// One requirement of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EditionRequirement)]
pub struct Requirement {
    /// Its number.
    #[schema(value_type = String, example = "14-117")]
    pub id: RequirementId,
    /// The heading it stands under.
    pub group: String,
    /// Its title, in our own words.
    pub title: String,
    /// What is enough, in plain words.
    pub help: String,
    /// What each answer says: levels 0 to 3, or not met and met.
    pub levels: Vec<String>,
    /// Whether and when it may be answered as not relevant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_relevant: Option<NotRelevantRule>,
    /// Who answers it; empty: everyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<OrganisationType>,
    /// How sure the row is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

impl Requirement {
    /// Whether organisations of a type answer it.
    pub fn is_asked_of(&self, kind: OrganisationType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }
}

/// The part of a requirement's number that stays from version to version: `117` of `14-117`.
pub(super) fn suffix(id: &RequirementId) -> &str {
    id.as_str().rsplit('-').next().unwrap_or_default()
}

/// One edition of a requirement set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its id.
    pub id: EditionId,
    /// The family it belongs to.
    pub scheme: Scheme,
    /// Its name.
    pub title: String,
    /// The financial year it is for.
    pub financial_year: FinancialYear,
    /// From which day it can be worked on.
    pub opens: Opening,
    /// Up to which day it can be published; none: as far as is known, without end.
    pub closes: Option<Closing>,
    /// How its requirements are answered.
    pub scale: AnswerScale,
    /// The lowest level that is enough (IG Toolkit; 0 elsewhere).
    pub standard_level: u8,
    /// The edition before it.
    pub predecessor: Option<EditionId>,
    status_words: Vec<StatusWords>,
    groups: Vec<Group>,
    requirements: Vec<Requirement>,
}

impl Edition {
    /// Of a definition that has been checked, with all its requirements in it.
    pub(super) fn of(definition: EditionDefinition) -> Self {
        Self {
            id: definition.id,
            scheme: definition.scheme,
            title: definition.title,
            financial_year: definition.financial_year,
            opens: definition.opens,
            closes: definition.closes,
            scale: definition.scale,
            standard_level: definition.standard_level,
            predecessor: definition.predecessor,
            status_words: definition.status_words,
            groups: definition.groups,
            requirements: definition.requirements,
        }
    }

    /// Words of its own that the register may write.
    pub fn status_words(&self) -> &[StatusWords] {
        &self.status_words
    }

    /// The same edition, to be published up to a day that was decided here.
    pub fn closing_on(mut self, day: Day, reason: impl Into<String>) -> Self {
        self.closes = Some(Closing { day, certainty: Certainty::Found, source: reason.into() });
        self
    }

    /// Whether it can no longer be published on a day: the last day it could, if that has passed.
    pub fn closed_on(&self, day: Day) -> Option<Day> {
        self.closes.as_ref().map(|closes| closes.day).filter(|last| day > *last)
    }

    /// The groups of organisation types it tells apart.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group a type belongs to.
    pub fn group(&self, kind: OrganisationType) -> Option<&Group> {
        self.groups.iter().find(|group| group.types.contains(&kind))
    }

    /// All requirements, in order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The requirements that a type of organisation answers, in order.
    pub fn requirements_of(&self, kind: OrganisationType) -> impl Iterator<Item = &Requirement> {
        let asked = self.group(kind).is_some();
        self.requirements.iter().filter(move |requirement| asked && requirement.is_asked_of(kind))
    }

    /// The requirement of a number.
    pub fn requirement(&self, id: RequirementId) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// The requirement of this edition that continues one of an earlier version: numbers meet by
    /// what follows the version (`13-117` is continued by `14-117`).
    pub fn counterpart(&self, earlier: RequirementId) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| suffix(&requirement.id) == suffix(&earlier))
    }

    /// The last day in time for a type of organisation, as was known on a day (none: as known at
    /// last). Moves decided on this platform are events and not in here.
    pub fn deadline(&self, kind: OrganisationType, known: Option<Day>) -> Option<Day> {
        self.announced_deadline(kind, known).map(|deadline| deadline.day)
    }

    /// As [`Edition::deadline`], with how sure it is and where it comes from.
    pub fn announced_deadline(&self, kind: OrganisationType, known: Option<Day>) -> Option<&Deadline> {
        let was_known =
            |deadline: &&Deadline| deadline.announced.is_none_or(|on| known.is_none_or(|known| on <= known));
        self.group(kind)?.deadlines.iter().rev().find(was_known)
    }

    /// Whether this is that edition or one of a later year, whatever the family.
    pub fn is_same_or_later_than(&self, other: &Edition) -> bool {
        self.financial_year >= other.financial_year
    }

    /// Whether its assessment ends with an assurance statement by a named person. Only the IG
    /// Toolkit's does.
    pub fn has_assurance_statement(&self) -> bool {
        self.scheme == Scheme::IgToolkit
    }

    /// Whether an answer is of this edition's scale.
    pub fn accepts(&self, answer: &Answer) -> bool {
        match (self.scale, answer) {
            (AnswerScale::Levels, Answer::Level(level)) => *level <= LEVEL_MAX,
            (AnswerScale::MetOrNotMet, Answer::Met | Answer::NotMet) | (_, Answer::NotRelevant { .. }) => {
                true
            }
            _ => false,
        }
    }

    /// Whether an applicable answer falls short of the edition's standard.
    pub fn falls_short(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Level(level) => *level < self.standard_level,
            Answer::NotMet => true,
            Answer::Met | Answer::NotRelevant { .. } => false,
        }
    }
}
