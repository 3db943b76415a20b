//! NHS Payments to General Practice: registered patients by practice. The headings change every year.

use chassis::import::{Column, Columns, DatedColumns, Heading, Needed, Row, RowProblem, Shape};
use proto::{Day, OdsCode};

use crate::model::Said;

/// The most patients of one practice; the largest has some hundred thousand.
const PATIENTS_MAX: f64 = 10_000_000.0;

const CODE: usize = 0;
const PATIENTS: usize = 1;
const CLOSED: usize = 2;

const COLUMNS: [Column; 3] = [
    Column {
        name: "practice code",
        headings: &[
            Heading::Is("Practice Code"),
            Heading::Is("GP Practice Code"),
            Heading::Is("ODS Code"),
            Heading::Is("Practice ODS Code"),
            Heading::Is("Organisation Code"),
            Heading::Is("Org Code"),
            Heading::Is("Code"),
        ],
        needed: Needed::Always,
    },
    Column {
        name: "registered patients",
        headings: &[
            Heading::StartsWith("Number of Registered Patients"),
            Heading::StartsWith("Average Number of Registered Patients"),
            Heading::StartsWith("Registered Patients"),
            Heading::Is("Number of Patients"),
        ],
        needed: Needed::Always,
    },
    // Read for the date of the file only.
    Column {
        name: "close date",
        headings: &[Heading::Is("Practice Close Date"), Heading::Is("Close Date")],
        needed: Needed::IfThere,
    },
];

/// What its rows look like.
pub(super) fn shape() -> Shape {
    Shape {
        columns: Columns::headed(&COLUMNS),
        wrong_file: |_| None,
        aggregate: &[CODE],
        unique: &[CODE],
        dates: DatedColumns { ends: &[CLOSED], ..DatedColumns::NONE },
    }
}

/// A row: the number, none where it is blank.
pub(super) fn list_size(row: &Row, as_of: Day) -> Result<Option<(OdsCode, Said)>, RowProblem> {
    let code = row.parse(CODE)?;
    let text = row.get(PATIENTS).replace(',', "");
    if text.is_empty() {
        return Ok(None);
    }
    // Some years print quarterly averages, with decimals.
    let spelt_right = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = text.parse::<f64>().ok().filter(|number| spelt_right && *number <= PATIENTS_MAX);
    let number =
        number.ok_or_else(|| row.wrong(PATIENTS, "registered patients are a number from 0 to 10,000,000"))?;
    Ok(Some((code, Said::PublishListSize { as_of, registered_patients: number.round() as u32 })))
}
