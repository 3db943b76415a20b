//! Lists of practices: filter, order and page.

use chassis::Problem;
use proto::OdsCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::when::{WhenQuery, cut};
use crate::{
    answers::{PAGE_ROWS, PAGE_ROWS_MAX, Sort},
    board::Practice,
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
    /// The `next` of the page before.
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
    /// Behind this practice.
    pub cursor: Option<OdsCode>,
    /// Rows of a page.
    pub limit: usize,
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

    /// The filter and order.
    pub fn listing(&self) -> Result<Listing, Problem> {
        let refuse = |at: &str, detail: String| {
            Problem::bad_input("a query parameter is not as accepted").at(at, detail)
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let status = given(&self.status)
            .map(|slug| {
                Status::from_slug(&slug).ok_or_else(|| {
                    let accepted: Vec<&str> = Status::ALL.iter().map(|status| status.slug()).collect();
                    refuse("status", format!("“{}” is none of {}", cut(&slug), accepted.join(", ")))
                })
            })
            .transpose()?;
        let sort = given(&self.sort)
            .map(|name| {
                Sort::ALL.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort).ok_or_else(|| {
                    let accepted: Vec<&str> = Sort::ALL.iter().map(|(name, _)| *name).collect();
                    refuse("sort", format!("“{}” is none of {}", cut(&name), accepted.join(", ")))
                })
            })
            .transpose()?
            .unwrap_or_default();
        let cursor = given(&self.cursor)
            .map(|code| {
                code.parse().map_err(|error: proto::codes::CodeError| refuse("cursor", error.to_string()))
            })
            .transpose()?;
        let limit = match given(&self.limit) {
            None => PAGE_ROWS,
            Some(text) => {
                text.parse::<usize>().ok().filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit)).ok_or_else(
                    || refuse("limit", format!("“{}” is no number from 1 to {PAGE_ROWS_MAX}", cut(&text))),
                )?
            }
        };
        Ok(Listing { status, sort, cursor, limit })
    }
}

/// One page of a sorted list: the rows behind the cursor, and the cursor of the next page.
pub fn page<'a>(
    rows: &[&'a Practice],
    listing: &Listing,
) -> Result<(Vec<&'a Practice>, Option<OdsCode>), Problem> {
    let start = match listing.cursor {
        None => 0,
        Some(cursor) => rows.iter().position(|row| row.code == cursor).map(|at| at + 1).ok_or_else(|| {
            Problem::bad_input(
                "the list no longer holds the practice the cursor points at; begin again without a cursor",
            )
            .at("cursor", cursor.to_string())
        })?,
    };
    let end = rows.len().min(start + listing.limit);
    let shown = rows.get(start..end).unwrap_or_default().to_vec();
    let next = (end < rows.len()).then(|| shown.last().map(|last| last.code)).flatten();
    Ok((shown, next))
}
