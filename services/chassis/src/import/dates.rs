//! The date of a file: never in the future, and never before what the file itself tells of.
//!
//! One rule for every import. Of four national practice files (2018, 2019, 2023, 2026; 57,000 rows) none tells of a
//! practice that closed or left after the date of the file, and what is to open does so within 32 days of it. A row
//! that tells of more than that is not of a file of that date: it is rejected where it lies far beyond, and warned of
//! where a planned closure could explain it.

use proto::{Day, standards::Catalogue};

use super::{report::RowProblem, row::Row};
use crate::problem::Problem;

/// An end that lies further beyond the date of the file than this rejects its row.
pub const END_LATER_MAX_DAYS: i32 = 31;

/// A beginning that lies further beyond the date of the file than this rejects its row.
pub const BEGINNING_LATER_MAX_DAYS: i32 = 92;

/// Something announced that lies further beyond the date of the file than this rejects its row: mergers of
/// integrated care boards are announced about a year ahead, and none has been by more than two.
pub const ANNOUNCED_LATER_MAX_DAYS: i32 = 731;

/// How many rows are quoted in a warning.
pub const EXAMPLES_MAX: usize = 3;

/// Which columns of a file hold days that its date bounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatedColumns {
    /// Days on which something ended: none is later than the file.
    pub ends: &'static [usize],
    /// Days on which something began: they may be announced a while before.
    pub beginnings: &'static [usize],
    /// Days of what is announced long before: mergers and splits.
    pub announced: &'static [usize],
}

impl DatedColumns {
    /// None.
    pub const NONE: DatedColumns = DatedColumns { ends: &[], beginnings: &[], announced: &[] };
}

/// What a row says of the date of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// Nothing against it.
    No,
    /// It tells of a day beyond it.
    Somewhat(String),
    /// It tells of a day so far beyond it that the row is not of this date.
    Far(RowProblem, String),
}

/// Whether a row tells of days later than the date of its file.
pub(super) fn later_than_file(row: &Row, as_of: Day, columns: DatedColumns) -> Later {
    let mut found = Later::No;
    let bounds = [
        (columns.ends, END_LATER_MAX_DAYS, 0),
        (columns.beginnings, BEGINNING_LATER_MAX_DAYS, BEGINNING_LATER_MAX_DAYS),
        (columns.announced, ANNOUNCED_LATER_MAX_DAYS, 0),
    ];
    for (columns, far, fine) in bounds {
        for column in columns {
            // A day that does not read is the concern of whoever reads the row.
            let Ok(Some(day)) = row.day(*column) else { continue };
            let later = as_of.days_until(day);
            let example = || format!("line {}: {} {}", row.line(), row.name_of(*column), day.long());
            if later > far {
                let detail = format!(
                    "{} is after the date of the file, {}: the file is of a later date",
                    day.long(),
                    as_of.long()
                );
                return Later::Far(row.wrong(*column, detail), example());
            }
            if later > fine && found == Later::No {
                found = Later::Somewhat(example());
            }
        }
    }
    found
}

/// Rejects a row of a register whose status is of an edition that opens after the date of the file: the file is of a
/// later date.
pub fn edition_is_open(
    row: &Row,
    column: usize,
    published: Option<Day>,
    as_of: Day,
    catalogue: &Catalogue,
) -> Result<(), RowProblem> {
    let Some(edition) = catalogue.edition_not_open(&row.tidy(column), published, as_of) else {
        return Ok(());
    };
    let detail = format!(
        "{} opens on {}, after the date of the file, {}: the file is of a later date",
        edition.title,
        edition.opens.day.long(),
        as_of.long()
    );
    Err(row.wrong(column, detail))
}

/// Refuses a date that is still to come: no file shows what holds after today.
pub fn not_in_the_future(as_of: Day, today: Day) -> Result<Day, Problem> {
    if as_of <= today {
        return Ok(as_of);
    }
    Err(Problem::bad_input(format!(
        "the date of the file, {}, is in the future: enter the date the file was published, {} at the latest",
        as_of.long(),
        today.long()
    ))
    .at("as_of", format!("{as_of} is in the future")))
}
