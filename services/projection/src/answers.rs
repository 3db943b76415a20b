//! What is asked of a board, and the shapes of the answers.

use jiff::Timestamp;
use proto::{Day, EditionId, OdsCode, Position};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    board::{Area, Board, Footprint, Practice},
    rollup::Counts,
    rules::{RULES, SupportingFile, registers},
    timeline::Status,
};

mod area;
mod certificates;
mod gap;
mod list;
mod not_understood;
mod practice;
mod reasons;
mod search;
mod status;
mod trend;
mod why;

pub use area::{AreaAnswer, Member, SuccessionAnswer, Successor, area, area_member};
pub(crate) use area::{SuccessionsOf, notes, successions_of, successors};
pub use gap::{
    AreaGapAnswer, GapAssessment, GapOfRequirement, GapOfStandard, GapOfTopic, GapPublication, GapRow,
    PracticeGapAnswer, TopicCompared, TopicNamed, area_gap, practice_gap,
};
pub use list::{
    NextChange, PAGE_ROWS, PAGE_ROWS_MAX, PracticeRow, PracticesAnswer, RowStatus, Sort, practice_row,
    practices,
};
pub use not_understood::not_understood;
pub use practice::{
    ChangeAnswer, ConditionAnswer, EventAnswer, Membership, Operated, PracticeAnswer, RequirementTimeline,
    practice,
};
pub use reasons::{Reasons, reason};
pub use search::{Found, SEARCH_MAX, SearchAnswer, search};
pub use status::{
    AreaStatusesAnswer, LOOK_UP_MAX, LookUpAnswer, PracticeStatusAnswer, PublishedStatus, StatusAnswer,
    area_statuses, look_up, practice_status, status,
};
pub use trend::{DayCounts, DeadlineMark, RequirementTrend, TREND_MAX_DAYS, TrendAnswer, trend};
pub use why::MayKnow;
pub(crate) use why::change_answer;

/// How a figure came about: on which day, by which membership, as known when, and how far the log
/// had been read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Basis {
    /// The day: the figures hold at its end, London time. Of today, which has not ended, they hold now; of a
    /// day to come, if nothing changes.
    #[schema(value_type = String, format = Date)]
    pub at: Day,
    /// `then` or `now`.
    pub footprint: &'static str,
    /// The moment whose knowledge the figures are of; none: all that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub known: Option<Timestamp>,
    /// The last position of the log that counts.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When the event at that position was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_to: Option<Timestamp>,
    /// Whether events of the synthetic England are among them.
    pub synthetic: bool,
    /// The date of the newest file of each kind that the figures rest on; none where no file was read.
    pub rests_on: Vec<RestsOn>,
}

/// A kind of file, and the newest that was read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RestsOn {
    /// The kind, as `oversight import` has it: `practices`, `results` …
    pub file: String,
    /// The date of the newest one.
    #[schema(value_type = String, format = Date)]
    pub newest: Day,
}

/// A body by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// What it was on the day asked about: `england`, `region`, `local-office` (to 31 March 2020), `stp-ics` (to 30
    /// June 2022), `integrated-care-board`, `ccg` (to 30 June 2022), `sub-icb-location`,
    /// `primary-care-network`, or `practice`.
    pub kind: &'static str,
}

/// How many practices hold which status of a requirement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequirementCounts {
    /// The requirement.
    pub requirement: &'static str,
    /// Practices by status.
    pub counts: StatusCounts,
    /// The denominator: the practices that operated in the area on the day.
    pub of: u32,
}

/// Practices by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StatusCounts {
    /// The requirement is met.
    pub met: u32,
    /// Short of it, with an agreed plan in time.
    pub partly_met: u32,
    /// Not met.
    pub not_met: u32,
    /// Nothing is known.
    pub no_evidence: u32,
    /// Does not apply.
    pub not_applicable: u32,
}

impl From<Counts> for StatusCounts {
    fn from(counts: Counts) -> Self {
        Self {
            met: counts.of(Status::Met),
            partly_met: counts.of(Status::PartlyMet),
            not_met: counts.of(Status::NotMet),
            no_evidence: counts.of(Status::NoEvidence),
            not_applicable: counts.of(Status::NotApplicable),
        }
    }
}

/// Where a day lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// It is over: what is said holds at its end.
    Past,
    /// It is running: what is said holds now, and what is due on it has not been missed.
    Now,
    /// It is to come, or nothing is recorded of it yet: what is said holds at its end if nothing changes.
    Ahead,
}

/// What is asked: which board, which day, by which membership.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The board.
    pub board: &'a Board,
    /// The day.
    pub at: Day,
    /// The membership.
    pub footprint: Footprint,
    /// The moment whose knowledge the board is of.
    pub known: Option<Timestamp>,
    /// The requirement by which areas and practices are ordered and filtered, by its place in [`RULES`].
    pub rule: usize,
}

impl Asked<'_> {
    /// The last day that what is recorded can speak of; what is shown of later days holds if nothing
    /// changes. Today, but of earlier knowledge its day.
    pub fn horizon(&self) -> Day {
        let known = self.known.map_or(Day::LAST, Day::in_london);
        self.board.today.min(known)
    }

    /// Whether the day asked about is over, running, or one to come: by what is recorded, too.
    pub fn tense(&self) -> Tense {
        if self.at > self.horizon() {
            Tense::Ahead
        } else if self.at == self.board.today && self.known.is_none() {
            Tense::Now
        } else {
            Tense::Past
        }
    }

    /// The day whose areas the practices are grouped by: that asked about, or today.
    pub fn day_of_areas(&self) -> Day {
        self.board.day_of_areas(self.footprint, self.at)
    }

    /// An area as it was called on the day whose areas the practices are grouped by.
    pub fn named(&self, area: &Area) -> Named {
        named(area, self.day_of_areas())
    }

    /// What figures are of.
    pub fn basis(&self) -> Basis {
        let read = self.board.facts.read_to;
        let position = read.map_or(Position::START, |read| read.position);
        Basis {
            at: self.at,
            footprint: self.footprint.slug(),
            known: self.known,
            position: position.min(self.board.knowledge.upto),
            read_to: read.map(|read| read.time),
            synthetic: self.board.facts.synthetic_events > 0,
            rests_on: rests_on(self.board),
        }
    }

    /// That the day asked about lies beyond the newest files: in words, where it does.
    pub fn beyond_files(&self) -> Option<String> {
        let newest = self.board.newest_files();
        if newest.is_empty() {
            return None;
        }
        let beyond: Vec<String> = supporting(self.rule)
            .filter_map(|SupportingFile { kind, title }| match newest.get(kind) {
                None => Some(format!("no {title} has been loaded")),
                Some(day) if *day < self.at => Some(format!("the newest {title} is of {}", day.long())),
                Some(_) => None,
            })
            .collect();
        let words = beyond.join("; ");
        let mut letters = words.chars();
        let first = letters.next()?;
        Some(format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }

    fn counts(&self, area: &Area) -> Vec<RequirementCounts> {
        RULES
            .iter()
            .enumerate()
            .map(|(rule, of)| {
                requirement_counts(of.requirement.slug, area.counts(rule, self.footprint, self.at))
            })
            .collect()
    }
}

/// The files that a requirement rests on: the practice file, and what tells of the requirement.
fn supporting(rule: usize) -> impl Iterator<Item = SupportingFile> {
    let of_rule = RULES.get(rule).map_or(&[][..], |rule| rule.files);
    std::iter::once(SupportingFile::PRACTICES).chain(of_rule.iter().copied())
}

fn rests_on(board: &Board) -> Vec<RestsOn> {
    board.newest_files().into_iter().map(|(file, newest)| RestsOn { file: file.to_owned(), newest }).collect()
}

/// The newest day that the files read support figures of a requirement for: that of the oldest of the newest files it
/// rests on. Today where no file was read, as over generated data, and for what is recorded in the platform itself.
pub fn supported_day(board: &Board, rule: usize) -> Day {
    if RULES.get(rule).is_none_or(|rule| rule.files.is_empty()) {
        return board.today;
    }
    let newest = board.newest_files();
    let supporting = supporting(rule).filter_map(|file| match file.kind {
        registers::RESULTS => board.registers.supported(),
        kind => newest.get(kind).copied(),
    });
    supporting.min().map_or(board.today, |day| board.today.min(day))
}

fn requirement_counts(requirement: &'static str, counts: Counts) -> RequirementCounts {
    RequirementCounts { requirement, counts: counts.into(), of: counts.practices() }
}

/// An area as it was called on a day.
pub fn named(area: &Area, on: Day) -> Named {
    Named { code: area.code, name: area.name_on(on).to_string(), kind: area.word_on(on).slug }
}

fn named_practice(practice: &Practice, on: Day) -> Named {
    Named { code: practice.code, name: practice.name_on(on).to_owned(), kind: "practice" }
}

/// An edition by its title.
pub fn edition_name(edition: EditionId) -> String {
    proto::standards::edition_title(edition)
}

/// What follows a deadline that was not announced.
pub const EXPECTED: &str = " (expected, not confirmed)";

/// How the view stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViewAnswer {
    /// How often the log was folded from its beginning in this process.
    pub generation: u64,
    /// How far the log is read.
    #[schema(value_type = u64)]
    pub position: Position,
    /// The last position of the log, as far as known.
    #[schema(value_type = u64)]
    pub head: Position,
    /// The event at `position`.
    #[schema(value_type = Option<String>)]
    pub event: Option<uuid::Uuid>,
    /// When it was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// The running day: what is due on it counts as in time, so the view and its fingerprint are of this day.
    #[schema(value_type = String, format = Date)]
    pub today: Day,
    /// The view's fingerprint.
    #[schema(value_type = String)]
    pub digest: proto::EventHash,
    /// Bodies known.
    pub organisations: usize,
    /// Practices among them.
    pub practices: usize,
    /// Events that could not be understood.
    pub set_aside: u64,
    /// How far a fold anew has come, while one is under way.
    #[schema(value_type = Option<u64>)]
    pub rebuilding: Option<Position>,
}
