//! What came of an import.

use std::collections::BTreeMap;

use proto::{Day, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::not_understood::TextCount;

/// The most problems a report lists; the rest is counted.
pub const PROBLEMS_MAX: usize = 1000;

/// The most characters of a value shown in a problem.
const VALUE_MAX_CHARS: usize = 80;

/// What came of an import. `rows` is the sum of recorded, unchanged, skipped and rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    /// The id of the import.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// What sort of file.
    pub kind: String,
    /// The date of the file.
    #[schema(value_type = Option<String>, format = "date")]
    pub as_of: Option<Day>,
    /// Nothing was written; the counts say what would have been.
    pub dry_run: bool,
    /// Rows in the file, without the heading and blank lines.
    pub rows: u64,
    /// Rows that led to an event.
    pub recorded: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Rows the file holds that are of no concern here, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Rows that were not accepted.
    pub rejected: u64,
    /// The first of them, in the order of the file.
    pub problems: Vec<RowProblem>,
    /// What whoever brought the file should look at before relying on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Texts of the file that are kept as received and not understood, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<TextCount>,
    /// Rows that carry such a text, also where they are too many to be listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_understood_rows: u64,
    /// From this position of the log on, views show all of it.
    #[schema(value_type = Option<u64>)]
    pub last_position: Option<Position>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

fn is_zero(rows: &u64) -> bool {
    *rows == 0
}

/// Why a row was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowProblem {
    /// The line of the file the row begins on, from 1.
    pub line: u64,
    /// Which column, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What stands there, cut at 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong, and what is accepted.
    pub detail: String,
}

impl RowProblem {
    /// A problem of a whole row.
    pub fn of_row(line: u64, detail: impl Into<String>) -> Self {
        Self { line, column: None, value: None, detail: detail.into() }
    }

    /// A problem of one value.
    pub fn of_value(line: u64, column: impl Into<String>, value: &str, detail: impl Into<String>) -> Self {
        Self {
            line,
            column: Some(column.into()),
            value: Some(value.chars().take(VALUE_MAX_CHARS).collect()),
            detail: detail.into(),
        }
    }
}
