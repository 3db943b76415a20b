//! An edition as it is written down: in a file that comes with the program, or by an installation that
//! adds one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    edition::{
        AnswerScale, Closing, Edition, Group, LEVEL_MAX, Opening, Requirement, Scheme, StatusWords, suffix,
    },
    types::OrganisationType,
};
use crate::{
    codes::EditionId,
    day::FinancialYear,
    text::{Invisible, Line, LineFault, shows},
};

/// Requirement sets that several editions share, by name.
const SHARED_SETS: &[(&str, &str)] =
    &[("national-data-guardian", include_str!("../../standards/national-data-guardian.toml"))];

/// The most requirements of an edition: the largest list known, of NHS trusts, has some 200.
pub const REQUIREMENTS_MAX: usize = 500;

/// The most deadlines that a group may have had.
pub const DEADLINES_MAX: usize = 20;

/// The most status words of an edition's own.
pub const STATUS_WORDS_MAX: usize = 50;

/// The most characters of a text of an edition.
pub const TEXT_MAX_CHARS: usize = 2_000;

/// The most characters of a name or a status text.
pub const NAME_MAX_CHARS: usize = 200;

/// What is wrong with an edition, and in which field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct EditionFault {
    /// Where, as a path of field names: `groups.0.deadlines`.
    pub field: String,
    /// What is wrong, and what is accepted.
    pub reason: String,
}

impl EditionFault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// One edition, as its file or its event writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionDefinition {
    /// Its id: of the DSP Toolkit `dspt-` and the financial year, such as `dspt-2027-28`.
    #[schema(value_type = String, example = "dspt-2027-28")]
    pub id: EditionId,
    /// The family it belongs to.
    pub scheme: Scheme,
    /// Its name.
    pub title: String,
    /// The financial year it is for.
    #[schema(value_type = String, example = "2027/28")]
    pub financial_year: FinancialYear,
    /// How its requirements are answered.
    pub scale: AnswerScale,
    /// The lowest level that is enough (IG Toolkit; 0 elsewhere).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub standard_level: u8,
    /// The edition before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "dspt-2026-27")]
    pub predecessor: Option<EditionId>,
    /// The name of a shared requirement set that it takes over: `national-data-guardian`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements_of: Option<String>,
    /// From which day it can be worked on.
    pub opens: Opening,
    /// Up to which day it can be published; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Closing>,
    /// Words of its own that the register may write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_words: Vec<StatusWords>,
    /// The types of organisation it asks, with their deadlines.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Its requirements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
}

fn is_zero(level: &u8) -> bool {
    *level == 0
}

/// A requirement set that several editions share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedSet {
    #[expect(dead_code, reason = "the file names itself for its readers")]
    title: String,
    requirements: Vec<Requirement>,
}

impl EditionDefinition {
    /// The definition with the requirements of the shared set it names in its own list, so that it
    /// no longer depends on what comes with the program.
    pub fn with_shared_requirements(mut self) -> Result<Self, EditionFault> {
        const FIELD: &str = "requirements_of";
        let Some(name) = self.requirements_of.take() else { return Ok(self) };
        let text =
            SHARED_SETS.iter().find(|(set, _)| *set == name).map(|(_, text)| *text).ok_or_else(|| {
                let known: Vec<&str> = SHARED_SETS.iter().map(|(set, _)| *set).collect();
                EditionFault::new(
                    FIELD,
                    format!("there is no shared set “{name}”; there is {}", known.join(", ")),
                )
            })?;
        let set: SharedSet =
            toml::from_str(text).map_err(|error| EditionFault::new(FIELD, error.to_string()))?;
        self.requirements.extend(set.requirements);
        Ok(self)
    }

    /// The edition, checked by itself.
    pub(super) fn resolve(self) -> Result<Edition, EditionFault> {
        let whole = self.with_shared_requirements()?;
        whole.check_requirements()?;
        for (index, group) in whole.groups.iter().enumerate() {
            check_deadlines(index, group)?;
        }
        let edition = Edition::of(whole);
        check_counts(&edition)?;
        Ok(edition)
    }

    fn check_requirements(&self) -> Result<(), EditionFault> {
        let texts = match self.scale {
            AnswerScale::Levels => usize::from(LEVEL_MAX) + 1,
            AnswerScale::MetOrNotMet => 2,
        };
        for (index, requirement) in self.requirements.iter().enumerate() {
            let fail = |reason: String| Err(EditionFault::new(format!("requirements.{index}"), reason));
            if requirement.levels.len() != texts {
                return fail(format!("requirement {} has not {texts} answer texts", requirement.id));
            }
            let twice = |other: &Requirement| suffix(&other.id) == suffix(&requirement.id);
            if self.requirements.iter().take(index).any(twice) {
                return fail(format!("requirement {} stands there twice", requirement.id));
            }
        }
        Ok(())
    }

    /// What is asked of an edition that an installation adds, beyond what any edition has to be:
    /// bounds for all that can grow, and that it can be worked with.
    pub(super) fn check_added(&self) -> Result<(), EditionFault> {
        self.check_texts()?;
        self.check_sizes()?;
        self.check_id()?;
        self.check_types()?;
        self.check_days()
    }

    fn check_sizes(&self) -> Result<(), EditionFault> {
        let limits = [
            ("requirements", self.requirements.len(), REQUIREMENTS_MAX),
            ("groups", self.groups.len(), OrganisationType::ALL.len()),
            ("status_words", self.status_words.len(), STATUS_WORDS_MAX),
        ];
        for (field, found, most) in limits {
            if found > most {
                return Err(EditionFault::new(
                    field,
                    format!("has {found} entries; up to {most} are accepted"),
                ));
            }
        }
        if self.standard_level > LEVEL_MAX {
            let accepted = format!("{} is not a level; 0 to {LEVEL_MAX} are accepted", self.standard_level);
            return Err(EditionFault::new("standard_level", accepted));
        }
        Ok(())
    }

    /// Id and title follow from the year, so that every page of every moment names an edition alike.
    fn check_id(&self) -> Result<(), EditionFault> {
        let year = self.financial_year;
        if self.scheme != Scheme::DspToolkit {
            let reason = "only editions of the dsp-toolkit are added; the last ig-toolkit was of 2017/18";
            return Err(EditionFault::new("scheme", reason));
        }
        let id = format!("dspt-{}", year.to_string().replace('/', "-"));
        if self.id.as_str() != id {
            return Err(EditionFault::new("id", format!("the DSP Toolkit of {year} has the id {id}")));
        }
        let title = dsp_toolkit_title(year);
        if self.title != title {
            return Err(EditionFault::new("title", format!("the edition of {year} is called “{title}”")));
        }
        Ok(())
    }

    fn check_types(&self) -> Result<(), EditionFault> {
        let mut seen: Vec<OrganisationType> = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let field = format!("groups.{index}.types");
            if group.types.is_empty() {
                return Err(EditionFault::new(field, "names no type of organisation"));
            }
            for kind in &group.types {
                if seen.contains(kind) {
                    return Err(EditionFault::new(
                        field,
                        format!("{kind} stands in two groups, or twice in one"),
                    ));
                }
                seen.push(*kind);
            }
        }
        let practices = OrganisationType::GeneralPractice;
        if !seen.contains(&practices) {
            return Err(EditionFault::new("groups", format!("no group holds {practices}")));
        }
        if !self.requirements.iter().any(|requirement| requirement.is_asked_of(practices)) {
            let reason =
                format!("none is asked of {practices}; list them, or name a shared set in requirements_of");
            return Err(EditionFault::new("requirements", reason));
        }
        Ok(())
    }

    fn check_days(&self) -> Result<(), EditionFault> {
        for (index, group) in self.groups.iter().enumerate() {
            for (number, deadline) in group.deadlines.iter().enumerate() {
                let field = format!("groups.{index}.deadlines.{number}.day");
                if deadline.day < self.opens.day {
                    let opens = self.opens.day.long();
                    let reason = format!("the deadline lies before the edition opens, on {opens}");
                    return Err(EditionFault::new(field, reason));
                }
            }
        }
        let last = self.groups.iter().flat_map(|group| &group.deadlines).map(|deadline| deadline.day).max();
        match (&self.closes, last) {
            (Some(closes), Some(last)) if closes.day < last => {
                let reason = format!("it would close before its last deadline, {}", last.long());
                Err(EditionFault::new("closes.day", reason))
            }
            _ => Ok(()),
        }
    }

    fn check_texts(&self) -> Result<(), EditionFault> {
        check_line("title", &self.title, NAME_MAX_CHARS)?;
        check_text("opens.source", &self.opens.source, TEXT_MAX_CHARS)?;
        if let Some(closes) = &self.closes {
            check_text("closes.source", &closes.source, TEXT_MAX_CHARS)?;
        }
        for (index, words) in self.status_words.iter().enumerate() {
            check_line(&format!("status_words.{index}.text"), &words.text, NAME_MAX_CHARS)?;
        }
        for (index, group) in self.groups.iter().enumerate() {
            check_line(&format!("groups.{index}.category"), &group.category, NAME_MAX_CHARS)?;
            check_text(&format!("groups.{index}.source"), &group.source, TEXT_MAX_CHARS)?;
            if group.deadlines.len() > DEADLINES_MAX {
                let field = format!("groups.{index}.deadlines");
                return Err(EditionFault::new(
                    field,
                    format!("up to {DEADLINES_MAX} deadlines are accepted"),
                ));
            }
            for (number, deadline) in group.deadlines.iter().enumerate() {
                let field = format!("groups.{index}.deadlines.{number}.source");
                check_text(&field, &deadline.source, TEXT_MAX_CHARS)?;
            }
        }
        for (index, requirement) in self.requirements.iter().enumerate() {
            let named = [
                ("group", &requirement.group),
                ("title", &requirement.title),
                ("help", &requirement.help),
                ("source", &requirement.source),
            ];
            for (field, text) in named {
                check_text(&format!("requirements.{index}.{field}"), text, TEXT_MAX_CHARS)?;
            }
            for (number, text) in requirement.levels.iter().enumerate() {
                check_text(&format!("requirements.{index}.levels.{number}"), text, TEXT_MAX_CHARS)?;
            }
        }
        Ok(())
    }
}

/// What the DSP Toolkit of a year is called.
pub(super) fn dsp_toolkit_title(year: FinancialYear) -> String {
    format!("DSP Toolkit {year}")
}

/// The same of a text on one line.
fn check_line(field: &str, text: &str, max: usize) -> Result<(), EditionFault> {
    check_text(field, text, max)?;
    Line::of(text).map(drop).map_err(|fault| EditionFault::new(field, fault.to_string()))
}

/// A text that is there, not too long, and without what does not show.
fn check_text(field: &str, text: &str, max: usize) -> Result<(), EditionFault> {
    let fail = |reason: String| Err(EditionFault::new(field, reason));
    if !shows(text) {
        return fail("is empty".to_owned());
    }
    if text.chars().count() > max {
        return fail(format!("may have up to {max} characters"));
    }
    match Invisible::first_in(text) {
        None => Ok(()),
        Some(hidden) => fail(LineFault::Hidden(hidden).to_string()),
    }
}

fn check_deadlines(index: usize, group: &Group) -> Result<(), EditionFault> {
    let fail = |reason: String| Err(EditionFault::new(format!("groups.{index}.deadlines"), reason));
    let [first, later @ ..] = group.deadlines.as_slice() else {
        return fail(format!("category {} has no deadline", group.category));
    };
    if first.announced.is_some() || !later.is_sorted_by(|a, b| a.announced <= b.announced) {
        return fail(format!("the deadlines of category {} are not in order", group.category));
    }
    if later.iter().any(|deadline| deadline.announced.is_none()) {
        return fail(format!("a moved deadline of category {} was never announced", group.category));
    }
    Ok(())
}

fn check_counts(edition: &Edition) -> Result<(), EditionFault> {
    for (index, group) in edition.groups().iter().enumerate() {
        for kind in &group.types {
            let listed = edition.requirements_of(*kind).count();
            if group.requirement_count.is_some_and(|count| listed > 0 && usize::from(count) != listed) {
                let reason =
                    format!("{kind} is said to answer another number of requirements than are listed");
                return Err(EditionFault::new(format!("groups.{index}.requirement_count"), reason));
            }
        }
    }
    Ok(())
}
