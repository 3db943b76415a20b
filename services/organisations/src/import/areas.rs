//! Lists of areas: what they are called, and which lies in which.
//!
//! The lists of the Office for National Statistics have headings with a year in them (`ICB24CDH`) and name up to
//! three bodies a row, each by its own code of the ODS and its name. The register writes one body a row, with a
//! heading or, as in `eauth`, without.

use chassis::import::{Column, Columns, DatedColumns, Heading, Needed, Row, RowProblem, Shape};
use proto::{
    Day, OdsCode, OnsCode,
    organisations::{AreaListing, OrganisationKind},
};

use super::files::{REGISTER_WIDTH, area_kind, name_of};
use crate::model::{Said, Successor};

/// The columns of one of the bodies of a row.
#[derive(Clone, Copy)]
struct Body {
    kind: OrganisationKind,
    code: usize,
    ons_code: usize,
    name: usize,
}

const PLACE: Body = Body { kind: OrganisationKind::Ccg, code: 0, ons_code: 1, name: 2 };
const OFFICE: Body = Body { kind: OrganisationKind::LocalOffice, code: 3, ons_code: 4, name: 5 };
const REGION: Body = Body { kind: OrganisationKind::Region, code: 6, ons_code: 7, name: 8 };
const CODE: usize = 9;
const NAME: usize = 10;
const OPENED: usize = 11;
const CLOSED: usize = 12;
const LIES_IN_REGION: usize = 13;
const LIES_IN_OFFICE: usize = 14;

const fn column(name: &'static str, headings: &'static [Heading]) -> Column {
    Column { name, headings, needed: Needed::IfThere }
}

use Heading::{Is, OfYear};

const COLUMNS: [Column; 15] = [
    column("code of the sub-ICB location or CCG", &[OfYear("SICBL", "CDH"), OfYear("CCG", "CDH")]),
    column("ONS code of the sub-ICB location or CCG", &[OfYear("SICBL", "CD"), OfYear("CCG", "CD")]),
    column("name of the sub-ICB location or CCG", &[OfYear("SICBL", "NM"), OfYear("CCG", "NM")]),
    column("code of the ICB", &[OfYear("ICB", "CDH"), OfYear("STP", "CDH"), OfYear("NHSRLO", "CDH")]),
    column("ONS code of the ICB", &[OfYear("ICB", "CD"), OfYear("STP", "CD"), OfYear("NHSRLO", "CD")]),
    column("name of the ICB", &[OfYear("ICB", "NM"), OfYear("STP", "NM"), OfYear("NHSRLO", "NM")]),
    column("code of the region", &[OfYear("NHSER", "CDH")]),
    column("ONS code of the region", &[OfYear("NHSER", "CD")]),
    column("name of the region", &[OfYear("NHSER", "NM")]),
    column("code", &[Is("Organisation Code"), Is("ODS Code"), Is("Org Code"), Is("Code")]),
    column("name", &[Is("Organisation Name"), Is("Org Name"), Is("Name")]),
    column("open date", &[Is("Open Date"), Is("Legal Start Date"), Is("Start Date")]),
    column("close date", &[Is("Close Date"), Is("Legal End Date"), Is("End Date")]),
    column("national grouping", &[Is("National Grouping"), Is("Region Code"), Is("Region")]),
    column("high level health geography", &[Is("High Level Health Geography")]),
];

/// Where the register has them.
const PLACES: [Option<usize>; 15] = [
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    Some(0),
    Some(1),
    Some(10),
    Some(11),
    Some(2),
    Some(3),
];

/// What its rows look like.
pub(super) fn shape() -> Shape {
    Shape {
        columns: Columns::headed_or_at(&COLUMNS, REGISTER_WIDTH, &PLACES),
        wrong_file: |row| {
            let named =
                [PLACE.code, OFFICE.code, REGION.code, CODE].iter().any(|code| !row.get(*code).is_empty());
            // A heading in words of its own, on columns as the register has them.
            let is_register = row.parse::<OdsCode>(CODE).is_ok() || row.day(OPENED).is_ok();
            (!named || !is_register).then(|| {
                "its first row names no area: a column of ODS codes such as ICB24CDH, SICBL24CDH, NHSER24CDH or \
                 “Organisation Code” is needed, beside the names in ICB24NM, SICBL24NM, NHSER24NM or “Organisation Name”"
                    .to_owned()
            })
        },
        aggregate: &[PLACE.code, OFFICE.code, REGION.code, CODE],
        // A region stands on many rows; what contradicts an earlier row is rejected.
        unique: &[],
        dates: DatedColumns { ends: &[CLOSED], beginnings: &[OPENED], ..DatedColumns::NONE },
    }
}

/// A row: what it says of each body it names. None where it names one that is no area.
pub(super) fn areas(row: &Row, as_of: Day) -> Result<Vec<(OdsCode, Said)>, RowProblem> {
    let region: Option<OdsCode> = row.parse_optional(REGION.code)?;
    let office: Option<OdsCode> = row.parse_optional(OFFICE.code)?;
    let mut listed = Vec::new();
    for (body, region, local_office) in
        [(PLACE, region, office), (OFFICE, region, None), (REGION, None, None)]
    {
        let Some(code) = row.parse_optional::<OdsCode>(body.code)? else { continue };
        let listing = AreaListing {
            kind: body.kind,
            name: name_of(row, body.name)?,
            ons_code: row.parse_optional::<OnsCode>(body.ons_code)?,
            region,
            local_office,
            opened: None,
            closed: None,
        };
        listed.push((code, Said::ListArea { as_of, listing }));
    }
    if let Some(code) = row.parse_optional::<OdsCode>(CODE)? {
        let name = name_of(row, NAME)?;
        if let Some(kind) = area_kind(code, &name) {
            let (region, local_office) = lies_in(row, kind)?;
            let (opened, closed) = (row.day(OPENED)?, row.day(CLOSED)?);
            let listing = AreaListing { kind, name, ons_code: None, region, local_office, opened, closed };
            listed.push((code, Said::ListArea { as_of, listing }));
        }
    }
    Ok(listed)
}

fn lies_in(row: &Row, kind: OrganisationKind) -> Result<(Option<OdsCode>, Option<OdsCode>), RowProblem> {
    Ok(match kind {
        OrganisationKind::Region => (None, None),
        OrganisationKind::LocalOffice => (row.parse_optional(LIES_IN_REGION)?, None),
        _ => (row.parse_optional(LIES_IN_REGION)?, row.parse_optional(LIES_IN_OFFICE)?),
    })
}

mod pair {
    pub(super) const FROM: usize = 0;
    pub(super) const TO: usize = 1;
    pub(super) const ON: usize = 2;
    pub(super) const PLACE: usize = 3;
}

const PAIR: [Column; 4] = [
    Column {
        name: "predecessor",
        headings: &[
            Is("Predecessor"),
            Is("Predecessor Code"),
            Is("Old Code"),
            Is("Organisation Code"),
            Is("From"),
        ],
        needed: Needed::Always,
    },
    Column {
        name: "successor",
        headings: &[
            Is("Successor"),
            Is("Successor Code"),
            Is("New Code"),
            Is("Succession Organisation Code"),
            Is("To"),
        ],
        needed: Needed::Always,
    },
    Column {
        name: "date",
        headings: &[
            Is("Date"),
            Is("Effective Date"),
            Is("Succession Date"),
            Is("Succession Effective Date"),
            Is("On"),
        ],
        needed: Needed::Always,
    },
    column("sub-ICB location", &[Is("Sub-ICB Location"), Is("Sub-ICB Location Code"), Is("Place")]),
];

/// What rows of a list of successions look like.
pub(super) fn successions_shape() -> Shape {
    Shape {
        columns: Columns::headed(&PAIR),
        wrong_file: |_| None,
        aggregate: &[pair::FROM],
        unique: &[pair::FROM, pair::TO, pair::ON, pair::PLACE],
        // A succession is known before its day.
        dates: DatedColumns { announced: &[pair::ON], ..DatedColumns::NONE },
    }
}

/// A row: which body took the place of which, from when on.
pub(super) fn succession(row: &Row, as_of: Day) -> Result<(OdsCode, Said), RowProblem> {
    let from: OdsCode = row.parse(pair::FROM)?;
    let successor: OdsCode = row.parse(pair::TO)?;
    if from == successor {
        return Err(row.wrong(pair::TO, "a body does not take its own place"));
    }
    let on = row.day(pair::ON)?.ok_or_else(|| {
        row.wrong(pair::ON, "the date is missing: enter the first day of the successor, such as 2026-04-01")
    })?;
    let place = row.parse_optional(pair::PLACE)?;
    Ok((from, Said::RecordSuccession { as_of, succession: Successor { on, successor, place } }))
}
