//! Lists of practices: filter, order and page.
//!
//! A list that is read page by page is one list: its cursor holds the position of the log, the day and the
//! choices its first page was made with, and each later page is made with the same. What is recorded meanwhile
//! neither drops a row nor shows one twice.

use std::sync::Arc;

use chassis::{
    Problem,
    cursor::{self, Place},
};
use jiff::Timestamp;
use proto::{Day, OdsCode, Position};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{
    Shared,
    when::{Held, When, WhenQuery, cut, day, instant, ods_code},
};
use crate::{
    answers::{PAGE_ROWS, PAGE_ROWS_MAX, Sort},
    board::{Area, Practice},
    rules::RULES,
    timeline::Status,
};

/// How practices are listed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PracticesQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement by which areas and practices are ordered and filtered: `toolkit` (default), `continuity`,
    /// `onsite` or `suppliers`.
    pub requirement: Option<String>,
    /// Only practices with this status: `met`, `partly-met`, `not-met`, `no-evidence` or `not-applicable`.
    #[param(pattern = "^(met|partly-met|not-met|no-evidence|not-applicable)$")]
    pub status: Option<String>,
    /// `attention` (default), `code`, `name`, `patients`, `since` or `ccg`.
    pub sort: Option<String>,
    /// The `next` of the page before. It holds the other choices of the first page; where they are given again
    /// they must be the same.
    pub cursor: Option<String>,
    /// Rows of a page, 1 to 500; 50 unless given.
    #[param(pattern = "^([1-9][0-9]?|[1-4][0-9]{2}|500)$")]
    pub limit: Option<String>,
    /// `json` (default) or `csv`; a CSV has all rows.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// The filter and order of a list of practices.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Only this status.
    pub status: Option<Status>,
    /// The order.
    pub sort: Sort,
    /// After this practice.
    pub behind: Option<OdsCode>,
    /// Rows of a page.
    pub limit: usize,
}

/// Where a page of a list begins, and what the first page was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListPlace {
    area: OdsCode,
    /// The last position of the log that counts.
    position: Position,
    /// The day that *today* meant.
    today: Day,
    at: Day,
    known: Option<Timestamp>,
    footprint: String,
    requirement: String,
    status: Option<String>,
    sort: String,
    /// After this practice; none: from the first on.
    behind: Option<OdsCode>,
}

impl Place for ListPlace {
    const LIST: &'static str = "practices";
}

impl ListPlace {
    /// A place in the list that `when` and `listing` are of.
    pub fn of(when: &When, area: &Area, listing: &Listing, behind: Option<OdsCode>) -> Self {
        let basis = when.asked().basis();
        Self {
            area: area.code,
            position: basis.position,
            today: when.board().today,
            at: when.at,
            known: when.known,
            footprint: when.footprint.slug().to_owned(),
            requirement: RULES.get(when.rule).map_or("", |rule| rule.requirement.slug).to_owned(),
            status: listing.status.map(|status| status.slug().to_owned()),
            sort: listing.sort.slug().to_owned(),
            behind,
        }
    }

    /// What a page is made with where the list is gone on with.
    fn held(&self) -> Held {
        Held { upto: self.position, today: self.today }
    }

    /// The choices of the first page, in the place of those that are not given again.
    fn resume(&self, area: &str, query: &PracticesQuery) -> Result<PracticesQuery, Problem> {
        let another = |parameter: &str| {
            cursor::refused(format!(
                "the list it goes on with was asked for with another {parameter}; leave {parameter} out, or start \
                 again without a cursor"
            ))
        };
        let check = |parameter: &str, is_same: bool| if is_same { Ok(()) } else { Err(another(parameter)) };
        let text = |parameter: &str, given: &Option<String>, held: &str| {
            check(parameter, given.as_deref().is_none_or(|given| given.is_empty() || given == held))
        };
        check("area", ods_code(area)? == self.area)?;
        check("at", given(&query.at).map(|at| day("at", at)).transpose()?.is_none_or(|at| at == self.at))?;
        let known = given(&query.known).map(instant).transpose()?;
        check("known", known.is_none_or(|known| self.known == Some(known)))?;
        text("footprint", &query.footprint, &self.footprint)?;
        text("requirement", &query.requirement, &self.requirement)?;
        text("status", &query.status, self.status.as_deref().unwrap_or_default())?;
        text("sort", &query.sort, &self.sort)?;
        Ok(PracticesQuery {
            at: Some(self.at.to_string()),
            known: self.known.map(|known| known.to_string()),
            footprint: Some(self.footprint.clone()),
            requirement: Some(self.requirement.clone()),
            status: self.status.clone(),
            sort: Some(self.sort.clone()),
            ..query.clone()
        })
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl PracticesQuery {
    /// Which day, known when, by which membership.
    pub fn when(&self) -> WhenQuery {
        WhenQuery {
            at: self.at.clone(),
            known: self.known.clone(),
            footprint: self.footprint.clone(),
            requirement: self.requirement.clone(),
        }
    }

    /// A page of the list of an area: the question, and the filter and order. With a cursor those of the list it
    /// goes on with.
    pub async fn read(&self, shared: &Arc<Shared>, area: &str) -> Result<(When, Listing), Problem> {
        let Some(place) = cursor::read::<ListPlace>(self.cursor.as_deref())? else {
            let listing = self.listing(None)?;
            return Ok((When::read(shared, &self.when()).await?, listing));
        };
        let query = place.resume(area, self)?;
        let listing = query.listing(place.behind)?;
        Ok((When::read_held(shared, &query.when(), place.held()).await?, listing))
    }

    /// Whether the filter and order are accepted.
    pub fn check(&self) -> Result<(), Problem> {
        self.listing(None).map(|_| ())
    }

    /// The filter and order.
    fn listing(&self, behind: Option<OdsCode>) -> Result<Listing, Problem> {
        let refuse =
            |at: &str, detail: String| Problem::bad_input("a query parameter is wrong").at(at, detail);
        let status = given(&self.status)
            .map(|slug| {
                Status::from_slug(slug).ok_or_else(|| {
                    let accepted: Vec<&str> = Status::ALL.iter().map(|status| status.slug()).collect();
                    refuse("status", format!("“{}” is none of {}", cut(slug), accepted.join(", ")))
                })
            })
            .transpose()?;
        let sort = given(&self.sort)
            .map(|name| {
                Sort::ALL.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort).ok_or_else(|| {
                    let accepted: Vec<&str> = Sort::ALL.iter().map(|(name, _)| *name).collect();
                    refuse("sort", format!("“{}” is none of {}", cut(name), accepted.join(", ")))
                })
            })
            .transpose()?
            .unwrap_or_default();
        let limit = match given(&self.limit) {
            None => PAGE_ROWS,
            Some(text) => {
                text.parse::<usize>().ok().filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit)).ok_or_else(
                    || refuse("limit", format!("“{}” is no number from 1 to {PAGE_ROWS_MAX}", cut(text))),
                )?
            }
        };
        Ok(Listing { status, sort, behind, limit })
    }
}

/// One page of a sorted list: its rows, and after which practice the next page begins.
pub fn page<'a>(
    rows: &[&'a Practice],
    listing: &Listing,
) -> Result<(Vec<&'a Practice>, Option<OdsCode>), Problem> {
    let start = match listing.behind {
        None => 0,
        // The list itself does not change; what one may see of it can.
        Some(behind) => rows.iter().position(|row| row.code == behind).map(|at| at + 1).ok_or_else(|| {
            cursor::refused("you no longer see the practice it points at; start again without a cursor")
        })?,
    };
    let end = rows.len().min(start + listing.limit);
    let shown = rows.get(start..end).unwrap_or_default().to_vec();
    let next = (end < rows.len()).then(|| shown.last().map(|last| last.code)).flatten();
    Ok((shown, next))
}
