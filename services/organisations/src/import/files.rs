//! The files of the Organisation Data Service: no heading, columns by position (domain facts 6.5).

use chassis::import::{Columns, DatedColumns, Row, RowProblem, Shape};
use proto::{
    Day, OdsCode,
    organisations::{
        Membership, OdsStatus, OrganisationKind, OrganisationListing, PracticeListing, PrescribingSetting,
    },
    text::shows,
};

use crate::model::Said;

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

/// How many columns rows of the standard layout have; older editions leave the last ones out.
pub(super) const REGISTER_WIDTH: std::ops::RangeInclusive<usize> = 24..=27;

/// The most characters of a name or address line; the registers allow a hundred.
const TEXT_MAX_CHARS: usize = 400;

/// Rows of so many columns, of which those that are read must be there: a spreadsheet drops the blank ones behind them.
fn standard(
    widths: std::ops::RangeInclusive<usize>,
    last_read: usize,
    wrong_file: fn(&Row) -> Option<String>,
) -> Shape {
    Shape {
        columns: Columns::positions(widths, &STANDARD).may_lack_after(last_read + 1),
        wrong_file,
        aggregate: &[CODE],
        unique: &[CODE],
        dates: DatedColumns { ends: &[CLOSED, LEFT], beginnings: &[OPENED, JOINED], ..DatedColumns::NONE },
    }
}

/// `epraccur`.
pub(super) fn practices() -> Shape {
    standard(27..=27, SETTING, |row| {
        // A few prescribers have no setting; those, too, have the code of a prescriber.
        (!has_setting(row) && !is_prescriber_shaped(row.get(CODE))).then(|| {
            "its first row has no prescribing setting in column 26, so it is not the practice file epraccur".to_owned()
        })
    })
}

/// Whether a row of `epraccur` has a prescribing setting at all.
pub(super) fn has_setting(row: &Row) -> bool {
    !row.get(SETTING).is_empty()
}

fn is_prescriber_shaped(code: &str) -> bool {
    matches!(code.as_bytes(), [letter, digits @ ..]
        if letter.is_ascii_alphabetic() && digits.len() == 5 && digits.iter().all(u8::is_ascii_digit))
}

/// `eccg`.
pub(super) fn ccgs() -> Shape {
    standard(27..=27, SUB_TYPE, |row| {
        wrong_code(row, "CCG file eccg", |code, is_trust| !has_letter_and_two(code) && !is_trust)
    })
}

/// `eauth`.
pub(super) fn regions() -> Shape {
    standard(27..=27, CLOSED, |row| {
        wrong_code(row, "file of regions and local offices eauth", |code, is_trust| {
            code.len() == 1
                || (has_letter_and_two(code) && !code.starts_with('R'))
                || (is_of_five(code) && !is_trust)
        })
    })
}

/// `etr`; older editions leave the last columns out.
pub(super) fn trusts() -> Shape {
    standard(REGISTER_WIDTH, CLOSED, |row| {
        wrong_code(row, "trust file etr", |code, is_trust| match is_of_five(code) {
            true => is_trust,
            false => code.starts_with(['R', 'T']),
        })
    })
}

/// All three share one layout; the first code tells them apart, and a prescribing setting stands
/// in the practice file only. A code of five characters tells nothing; there the name says whether
/// it is a trust.
fn wrong_code(row: &Row, file: &str, right: fn(code: &str, is_trust: bool) -> bool) -> Option<String> {
    if !row.get(SETTING).is_empty() {
        return Some(format!(
            "its first row has a prescribing setting in column 26, so it is not the {file} but epraccur"
        ));
    }
    if row.width() < *REGISTER_WIDTH.start() && (row.day(OPENED).is_err() || row.day(CLOSED).is_err()) {
        return Some(format!(
            "its first row has {} columns and no dates in columns 11 and 12, so it is not the {file}",
            row.width()
        ));
    }
    let code: OdsCode = row.parse(CODE).ok()?;
    let is_trust = is_of_five(code.as_str()) && row.get(NAME).to_uppercase().contains("TRUST");
    (!right(code.as_str(), is_trust)).then(|| format!("its first code is {code}, so it is not the {file}"))
}

fn has_letter_and_two(code: &str) -> bool {
    code.len() == 3 && code.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Bodies made since October 2020 have such codes, whatever they are.
fn is_of_five(code: &str) -> bool {
    code.parse().is_ok_and(|code: OdsCode| code.is_of_five())
}

fn text(row: &Row, column: usize) -> Result<String, RowProblem> {
    let text = row.tidy(column);
    if text.chars().count() > TEXT_MAX_CHARS {
        return Err(row.wrong(column, format!("longer than {TEXT_MAX_CHARS} characters")));
    }
    Ok(text)
}

fn name(row: &Row) -> Result<String, RowProblem> {
    name_of(row, NAME)
}

/// The name in a column, which must be there.
pub(super) fn name_of(row: &Row, column: usize) -> Result<String, RowProblem> {
    let name = text(row, column)?;
    if !shows(&name) { Err(row.wrong(column, "the name is missing")) } else { Ok(name) }
}

fn address(row: &Row) -> Result<Vec<String>, RowProblem> {
    let lines: Vec<String> = ADDRESS.map(|column| text(row, column)).collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| !line.is_empty()).collect())
}

/// A letter, or since 2025 a word.
fn status(row: &Row) -> Result<OdsStatus, RowProblem> {
    match row.get(STATUS).to_ascii_uppercase().as_str() {
        "A" | "ACTIVE" => Ok(OdsStatus::Active),
        "C" | "INACTIVE" | "CLOSED" => Ok(OdsStatus::Closed),
        "D" | "DORMANT" => Ok(OdsStatus::Dormant),
        "P" | "PROPOSED" => Ok(OdsStatus::Proposed),
        _ => Err(row.wrong(
            STATUS,
            "the status is A or ACTIVE, C or INACTIVE (closed), D or DORMANT, or P or PROPOSED",
        )),
    }
}

/// The role codes of a value: one, or several with `|` between, before or behind them. None where it is anything else.
fn roles(text: &str) -> Option<Vec<u16>> {
    let parts = text.split('|').map(str::trim).filter(|part| !part.is_empty());
    let roles: Vec<u16> = parts
        .map(|role| {
            let digits = role.strip_prefix("RO").or_else(|| role.strip_prefix("ro"))?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        })
        .collect::<Option<_>>()?;
    (!roles.is_empty()).then_some(roles)
}

/// The role of a general practice.
const GENERAL_PRACTICE: u16 = 76;

/// A number, or since 2022 roles: a general practice has RO76 among them. Where the column is blank it is
/// not shown as a practice, and neither as anything else.
fn setting(row: &Row) -> Result<PrescribingSetting, RowProblem> {
    let text = row.get(SETTING);
    if text.is_empty() {
        return Ok(PrescribingSetting::OTHER);
    }
    if let Some(roles) = roles(text) {
        let is_practice = roles.contains(&GENERAL_PRACTICE);
        return Ok(match is_practice {
            true => PrescribingSetting::GENERAL_PRACTICE,
            false => PrescribingSetting::ANOTHER_ROLE,
        });
    }
    text.parse().map(PrescribingSetting).map_err(|_| {
        row.wrong(SETTING, "the prescribing setting is a number from 0 to 255 (4 is a general practice), or roles such as RO76 or RO76|RO268")
    })
}

/// A row of `epraccur`.
pub(super) fn practice(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
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
    Ok((code, Said::ListPractice { as_of, listing }))
}

fn body(
    row: &Row,
    as_of: Day,
    kind: impl Fn(&str) -> OrganisationKind,
) -> Result<(OdsCode, Said), RowProblem> {
    let code: OdsCode = row.parse(CODE)?;
    // Welsh bodies stand in several of the files.
    let kind = if code.is_welsh() { OrganisationKind::Other } else { kind(code.as_str()) };
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
    Ok((code, Said::ListOrganisation { as_of, listing }))
}

/// A row of `eccg`: its sub-type is a letter, or since 2022 roles; that of closed CCGs is blank.
pub(super) fn ccg(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
    let kind = commissioner_kind(row.get(SUB_TYPE));
    body(row, as_of, |_| kind)
}

fn commissioner_kind(sub_type: &str) -> OrganisationKind {
    /// A sub-ICB location, and one of those that London and Frimley report by.
    const SUB_ICB_LOCATION: [u16; 2] = [319, 326];
    /// A commissioning hub.
    const HUB: u16 = 218;
    match (sub_type, roles(sub_type)) {
        ("C" | "c" | "", _) => OrganisationKind::Ccg,
        ("H" | "h", _) => OrganisationKind::CommissioningHub,
        (_, Some(roles)) if SUB_ICB_LOCATION.iter().any(|role| roles.contains(role)) => OrganisationKind::Ccg,
        (_, Some(roles)) if roles.contains(&HUB) => OrganisationKind::CommissioningHub,
        // Among them the entities that only report, RO327: practices belong to the location above those.
        _ => OrganisationKind::Other,
    }
}

/// A row of `eauth`.
pub(super) fn region(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
    let kind = area_kind(row.parse(CODE)?, row.get(NAME));
    let of_this_file = matches!(kind, Some(OrganisationKind::Region | OrganisationKind::LocalOffice));
    body(row, as_of, |_| kind.filter(|_| of_this_file).unwrap_or(OrganisationKind::Other))
}

/// What the area of a code is; none where it is none. Codes of five characters may be anything: there the name tells.
pub(super) fn area_kind(code: OdsCode, name: &str) -> Option<OrganisationKind> {
    let name = name.to_uppercase();
    let is_sub_icb = name.ends_with(&format!("ICB - {code}"));
    match code.as_str().as_bytes() {
        _ if is_sub_icb => Some(OrganisationKind::Ccg),
        [b'Y', _, _] => Some(OrganisationKind::Region),
        [b'Q', _, _] => Some(OrganisationKind::LocalOffice),
        [_, _, _, _, _] if name.contains("INTEGRATED CARE BOARD") => Some(OrganisationKind::LocalOffice),
        [_, _, _, _, _] if name.contains("REGION") => Some(OrganisationKind::Region),
        _ => None,
    }
}

/// A row of `etr`.
pub(super) fn trust(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
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

/// `epcmem`. A practice has a row for each time it belonged to someone.
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
        dates: DatedColumns { ends: &[member::LEFT], beginnings: &[member::JOINED], ..DatedColumns::NONE },
    }
}

/// A row of `epcmem`.
pub(super) fn membership(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
    let practice = row.parse(member::PRACTICE)?;
    let parent = row.parse(member::PARENT)?;
    let joined =
        row.day(member::JOINED)?.ok_or_else(|| row.wrong(member::JOINED, "the join date is missing"))?;
    let left = row.day(member::LEFT)?;
    if left.is_some_and(|left| left < joined) {
        return Err(row.wrong(member::LEFT, format!("the left date is before the join date, {joined}")));
    }
    Ok((practice, Said::RecordMembership { as_of, membership: Membership { parent, joined, left } }))
}
