//! The files of the Organisation Data Service: no heading, columns by position (domain facts 6.5).

use chassis::import::{Columns, DatedColumns, Row, RowProblem, Shape};
use proto::{
    Day, OdsCode,
    organisations::{OdsStatus, OrganisationKind, OrganisationListing, PracticeListing, PrescribingSetting},
};

use crate::model::Command;

/// The standard layout: `epraccur`, `eccg`, `eauth`, `etr`.
const STANDARD: [&str; 27] = [
    "organisation code",
    "name",
    "national grouping",
    "high level health geography",
    "address line 1",
    "address line 2",
    "address line 3",
    "address line 4",
    "address line 5",
    "postcode",
    "open date",
    "close date",
    "status",
    "sub-type",
    "commissioner",
    "join date",
    "left date",
    "telephone",
    "",
    "",
    "",
    "amended record indicator",
    "",
    "provider or purchaser",
    "",
    "prescribing setting",
    "",
];

const CODE: usize = 0;
const NAME: usize = 1;
const REGION: usize = 2;
const LOCAL_OFFICE: usize = 3;
const ADDRESS: std::ops::Range<usize> = 4..9;
const POSTCODE: usize = 9;
const OPENED: usize = 10;
const CLOSED: usize = 11;
const STATUS: usize = 12;
const SUB_TYPE: usize = 13;
const COMMISSIONER: usize = 14;
const JOINED: usize = 15;
const LEFT: usize = 16;
const TELEPHONE: usize = 17;
const SETTING: usize = 25;

/// The most characters of a name or address line; the registers allow a hundred.
const TEXT_MAX_CHARS: usize = 400;

fn standard(widths: std::ops::RangeInclusive<usize>, wrong_file: fn(&Row) -> Option<String>) -> Shape {
    Shape {
        columns: Columns::positions(widths, &STANDARD),
        wrong_file,
        aggregate: &[CODE],
        unique: &[CODE],
        dates: DatedColumns { ends: &[CLOSED, LEFT], beginnings: &[OPENED, JOINED] },
    }
}

/// `epraccur`.
pub(super) fn practices() -> Shape {
    standard(27..=27, |row| {
        row.get(SETTING).is_empty().then(|| {
            "its first row has no prescribing setting in column 26, so it is not the practice file epraccur".to_owned()
        })
    })
}

/// `eccg`.
pub(super) fn ccgs() -> Shape {
    standard(27..=27, |row| wrong_code(row, "CCG file eccg", |code| !has_letter_and_two(code)))
}

/// `eauth`.
pub(super) fn regions() -> Shape {
    standard(27..=27, |row| {
        wrong_code(row, "file of regions and local offices eauth", |code| {
            code.len() == 1 || (has_letter_and_two(code) && !code.starts_with('R'))
        })
    })
}

/// `etr`; older editions leave the last columns out.
pub(super) fn trusts() -> Shape {
    standard(24..=27, |row| wrong_code(row, "trust file etr", |code| code.starts_with(['R', 'T'])))
}

/// All three share one layout; the first code tells them apart, and a prescribing setting stands
/// in the practice file only.
fn wrong_code(row: &Row, file: &str, right: fn(&str) -> bool) -> Option<String> {
    if !row.get(SETTING).is_empty() {
        return Some(format!(
            "its first row has a prescribing setting in column 26, so it is not the {file} but epraccur"
        ));
    }
    let code: OdsCode = row.parse(CODE).ok()?;
    (!right(code.as_str())).then(|| format!("its first code is {code}, so it is not the {file}"))
}

fn has_letter_and_two(code: &str) -> bool {
    code.len() == 3 && code.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn text(row: &Row, column: usize) -> Result<String, RowProblem> {
    let text = row.tidy(column);
    if text.chars().count() > TEXT_MAX_CHARS {
        return Err(row.wrong(column, format!("longer than {TEXT_MAX_CHARS} characters")));
    }
    Ok(text)
}

fn name(row: &Row) -> Result<String, RowProblem> {
    let name = text(row, NAME)?;
    if name.is_empty() { Err(row.wrong(NAME, "the name is missing")) } else { Ok(name) }
}

fn address(row: &Row) -> Result<Vec<String>, RowProblem> {
    let lines: Vec<String> = ADDRESS.map(|column| text(row, column)).collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| !line.is_empty()).collect())
}

fn status(row: &Row) -> Result<OdsStatus, RowProblem> {
    match row.get(STATUS) {
        "A" | "a" => Ok(OdsStatus::Active),
        "C" | "c" => Ok(OdsStatus::Closed),
        "D" | "d" => Ok(OdsStatus::Dormant),
        "P" | "p" => Ok(OdsStatus::Proposed),
        _ => Err(row.wrong(STATUS, "the status is A (active), C (closed), D (dormant) or P (proposed)")),
    }
}

/// A number, or since 2022 a role code: RO76 is a general practice, the others have no number.
fn setting(row: &Row) -> Result<PrescribingSetting, RowProblem> {
    /// "Other" in the list of numbers.
    const OTHER: PrescribingSetting = PrescribingSetting(0);
    let text = row.get(SETTING);
    if let Some(role) =
        text.strip_prefix("RO").filter(|role| !role.is_empty() && role.bytes().all(|b| b.is_ascii_digit()))
    {
        return Ok(if role == "76" { PrescribingSetting::GENERAL_PRACTICE } else { OTHER });
    }
    text.parse().map(PrescribingSetting).map_err(|_| {
        row.wrong(SETTING, "the prescribing setting is a number from 0 to 255 (4 is a general practice), or a role such as RO76")
    })
}

/// A row of `epraccur`.
pub(super) fn practice(row: &Row, as_of: Day) -> Result<(OdsCode, Command), RowProblem> {
    let code = row.parse(CODE)?;
    let listing = PracticeListing {
        name: name(row)?,
        region: row.parse_optional(REGION)?,
        local_office: row.parse_optional(LOCAL_OFFICE)?,
        address: address(row)?,
        postcode: text(row, POSTCODE)?.to_uppercase(),
        telephone: text(row, TELEPHONE)?,
        opened: row.day(OPENED)?,
        closed: row.day(CLOSED)?,
        status: status(row)?,
        setting: setting(row)?,
        commissioner: row.parse_optional(COMMISSIONER)?,
        joined: row.day(JOINED)?,
        left: row.day(LEFT)?,
    };
    Ok((code, Command::ListPractice { as_of, listing }))
}

fn body(
    row: &Row,
    as_of: Day,
    kind: impl Fn(&str) -> OrganisationKind,
) -> Result<(OdsCode, Command), RowProblem> {
    let code: OdsCode = row.parse(CODE)?;
    // Welsh bodies stand in several of the files.
    let kind = if code.as_str().starts_with('W') { OrganisationKind::Other } else { kind(code.as_str()) };
    let listing = OrganisationListing {
        kind,
        name: name(row)?,
        region: row.parse_optional(REGION)?,
        local_office: row.parse_optional(LOCAL_OFFICE)?,
        address: address(row)?,
        postcode: text(row, POSTCODE)?.to_uppercase(),
        opened: row.day(OPENED)?,
        closed: row.day(CLOSED)?,
    };
    Ok((code, Command::ListOrganisation { as_of, listing }))
}

/// A row of `eccg`.
pub(super) fn ccg(row: &Row, as_of: Day) -> Result<(OdsCode, Command), RowProblem> {
    let kind = match row.get(SUB_TYPE) {
        "C" | "c" => OrganisationKind::Ccg,
        "H" | "h" => OrganisationKind::CommissioningHub,
        _ => OrganisationKind::Other,
    };
    body(row, as_of, |_| kind)
}

/// A row of `eauth`.
pub(super) fn region(row: &Row, as_of: Day) -> Result<(OdsCode, Command), RowProblem> {
    body(row, as_of, |code| match code.as_bytes() {
        [b'Y', _, _] => OrganisationKind::Region,
        [b'Q', _, _] => OrganisationKind::LocalOffice,
        _ => OrganisationKind::Other,
    })
}

/// A row of `etr`.
pub(super) fn trust(row: &Row, as_of: Day) -> Result<(OdsCode, Command), RowProblem> {
    body(row, as_of, |_| OrganisationKind::Trust)
}

mod member {
    pub(super) const COLUMNS: [&str; 6] =
        ["practice code", "parent code", "parent type", "join date", "left date", "amended record indicator"];
    pub(super) const PRACTICE: usize = 0;
    pub(super) const PARENT: usize = 1;
    pub(super) const KIND: usize = 2;
    pub(super) const JOINED: usize = 3;
    pub(super) const LEFT: usize = 4;
}

/// The type of parent is one letter, W.
const KIND_MAX_CHARS: usize = 2;

/// `epcmem`. A practice has a row for each time it belonged to somebody.
pub(super) fn memberships() -> Shape {
    Shape {
        columns: Columns::positions(6..=6, &member::COLUMNS),
        wrong_file: |row| {
            let kind = row.get(member::KIND);
            (kind.chars().count() > KIND_MAX_CHARS).then(|| {
                format!("its first row has “{kind}” for the type of parent in column 3, so it is not the membership file epcmem")
            })
        },
        aggregate: &[member::PRACTICE],
        unique: &[member::PRACTICE, member::PARENT, member::JOINED],
        dates: DatedColumns { ends: &[member::LEFT], beginnings: &[member::JOINED] },
    }
}

/// A row of `epcmem`.
pub(super) fn membership(row: &Row, as_of: Day) -> Result<(OdsCode, Command), RowProblem> {
    let practice = row.parse(member::PRACTICE)?;
    let parent = row.parse(member::PARENT)?;
    let joined =
        row.day(member::JOINED)?.ok_or_else(|| row.wrong(member::JOINED, "the join date is missing"))?;
    let left = row.day(member::LEFT)?;
    if left.is_some_and(|left| left < joined) {
        return Err(row.wrong(member::LEFT, format!("the left date is before the join date, {joined}")));
    }
    Ok((practice, Command::RecordMembership { as_of, parent, joined, left }))
}
