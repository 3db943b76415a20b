//! Answers as JSON or as a file to keep.

use chassis::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{WhenQuery, cut};

/// Which day, known when, by which membership, of which requirement, and as what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement: `toolkit` (default), `continuity`, `onsite` or `suppliers`. What assessors found
    /// is the same for all.
    pub requirement: Option<String>,
    /// `json` (default) or `csv`.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

impl FileQuery {
    /// Which day, known when, by which membership, of which requirement.
    pub(super) fn when(&self) -> WhenQuery {
        let Self { at, known, footprint, requirement, .. } = self.clone();
        WhenQuery { at, known, footprint, requirement }
    }
}

/// In which form an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON.
    Json,
    /// Rows of comma-separated values.
    Csv,
}

impl Format {
    /// By the `format` parameter; none where it leaves the choice open.
    pub fn of(parameter: Option<&str>) -> Result<Option<Self>, Problem> {
        match parameter {
            None | Some("") => Ok(None),
            Some("json") => Ok(Some(Format::Json)),
            Some("csv") => Ok(Some(Format::Csv)),
            Some(other) => Err(Problem::bad_input("a query parameter is wrong")
                .at("format", format!("“{}” is neither json nor csv", cut(other)))),
        }
    }
}
