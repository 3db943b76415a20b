//! The practices of an area on a day, as a list.

use proto::{Day, OdsCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Basis, ConditionAnswer, Named, Reasons};
use crate::{
    board::{Area, Practice},
    rules::RULES,
    timeline::Status,
};

/// Rows of a page of practices, unless asked otherwise.
pub const PAGE_ROWS: usize = 50;

/// The most rows of a page of practices. A CSV has them all.
pub const PAGE_ROWS_MAX: usize = 500;

/// A row of the list of practices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeRow {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its CCG on the day.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// The CCG's name.
    pub ccg_name: Option<String>,
    /// Registered patients, as last published by the day.
    pub patients: Option<u32>,
    /// Its statuses, by requirement.
    pub requirements: Vec<RowStatus>,
}

/// A practice's status of a requirement on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowStatus {
    /// The requirement.
    pub requirement: &'static str,
    /// The status.
    #[schema(value_type = String)]
    pub status: Status,
    /// The first day of the spell in which it holds; none: as long as anything is known.
    #[schema(value_type = Option<String>, format = Date)]
    pub since: Option<Day>,
    /// What is unmet on the day, all of it; nothing where the requirement is met or does not apply.
    pub conditions: Vec<ConditionAnswer>,
    /// The next change by itself.
    pub next: Option<NextChange>,
}

/// What will hold, and from when, if nothing changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextChange {
    /// The first day at whose end it holds.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// What.
    #[schema(value_type = String)]
    pub status: Status,
}

/// In which order practices are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Not met first, then no evidence, partly met, met; within these the most patients first.
    #[default]
    Attention,
    /// By code.
    Code,
    /// By name.
    Name,
    /// By registered patients, most first.
    Patients,
    /// By the day of the last change, latest first.
    Since,
    /// By CCG, then name.
    Ccg,
}

impl Sort {
    /// All orders with their names.
    pub const ALL: [(&'static str, Sort); 6] = [
        ("attention", Sort::Attention),
        ("code", Sort::Code),
        ("name", Sort::Name),
        ("patients", Sort::Patients),
        ("since", Sort::Since),
        ("ccg", Sort::Ccg),
    ];

    /// The name it is asked for by.
    pub fn slug(self) -> &'static str {
        Self::ALL.iter().find(|(_, other)| *other == self).map_or("attention", |(name, _)| name)
    }
}

/// The practices of an area on a day, filtered and sorted: of them those alone that `may_see` says yes to.
/// An area's past members need not be for those who see the area today.
pub fn practices<'a>(
    asked: &Asked<'a>,
    area: &'a Area,
    only: Option<Status>,
    sort: Sort,
    may_see: impl Fn(OdsCode) -> bool,
) -> Vec<&'a Practice> {
    let Asked { board, at, footprint, rule, .. } = *asked;
    let status =
        |practice: &Practice| practice.timelines.get(rule).map_or(Status::NoEvidence, |t| t.at(at).status);
    let mut rows: Vec<&Practice> = board
        .members(area, footprint, at)
        .map(|practice| &**practice)
        .filter(|practice| only.is_none_or(|only| status(practice) == only) && may_see(practice.code))
        .collect();
    let patients = |practice: &Practice| std::cmp::Reverse(practice.patients(at).unwrap_or(0));
    // Members come in order of code, and the sort is stable: ties stay in that order.
    match sort {
        Sort::Code => {}
        Sort::Attention => {
            rows.sort_by_cached_key(|practice| (status(practice).attention(), patients(practice)))
        }
        Sort::Name => rows.sort_by(|a, b| a.name_on(at).cmp(b.name_on(at))),
        Sort::Patients => rows.sort_by_cached_key(|practice| patients(practice)),
        Sort::Since => rows.sort_by_cached_key(|practice| {
            std::cmp::Reverse(practice.timelines.get(rule).map_or(Day::FIRST, |timeline| timeline.at(at).day))
        }),
        Sort::Ccg => rows.sort_by_cached_key(|practice| {
            let ccg = board.whereabouts(practice, footprint, at).and_then(|(ccg, _)| ccg);
            (ccg, practice.name_on(at).to_owned())
        }),
    }
    rows
}

/// A practice as a row of a list, with the reasons for what holds.
pub fn practice_row(reasons: &Reasons<'_>, practice: &Practice) -> PracticeRow {
    let Asked { board, at, footprint, .. } = *reasons.asked();
    let ccg = board.whereabouts(practice, footprint, at).and_then(|(ccg, _)| ccg);
    let requirements = RULES
        .iter()
        .zip(&practice.timelines)
        .enumerate()
        .map(|(number, (rule, timeline))| {
            let change = timeline.at(at);
            RowStatus {
                requirement: rule.requirement.slug,
                status: change.status,
                since: (change.day > Day::FIRST).then_some(change.day),
                conditions: reasons.unmet(practice, number),
                next: timeline.next_after(at).map(|next| NextChange { day: next.day, status: next.status }),
            }
        })
        .collect();
    PracticeRow {
        code: practice.code,
        name: practice.name_on(at).to_owned(),
        ccg,
        ccg_name: ccg.map(|ccg| board.name_of(ccg, board.day_of_areas(footprint, at)).to_string()),
        patients: practice.patients(at),
        requirements,
    }
}

/// A page of practices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticesAnswer {
    /// The area.
    #[serde(flatten)]
    pub body: Named,
    /// What the figures are of.
    #[serde(flatten)]
    pub basis: Basis,
    /// How many practices there are with this filter that one may see today.
    pub total: usize,
    /// This page of them.
    pub practices: Vec<PracticeRow>,
    /// To be given as `cursor` for the next page; none on the last. Pages of one list are of one position of the
    /// log, whatever is recorded meanwhile.
    pub next: Option<String>,
}
