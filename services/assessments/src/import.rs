//! Results as the national register publishes them.
//!
//! | file | columns |
//! | --- | --- |
//! | 2019 | OrganisationName, ODSCode, PublicationStatus, DateOfPublication, PrimarySector, CCG |
//! | 2020 to 2023 | Code, Organisation Name, Status or Latest Status, Date Of Publication, Primary Sector, Commissioner or Integrated Care Board |
//!
//! The date of the file is asked for, or read from its name (`DSPT search results 09_09_2022 …`). A
//! damaged code or date, or a code that stands there twice, rejects its row and no other. What counts
//! as new is decided in [`crate::model::RegisterEntry`]: files may come in any order, but oldest first
//! keeps the most, since an older file never adds that nothing was published.

use bytes::Bytes;
use chassis::{
    Commands, Problem,
    import::{
        self, Column, Columns, Giving, Heading, Job, Mode, Needed, Progress, Report, Row, RowFault,
        RowOutcome, RowProblem, Shape,
    },
};
use futures::Stream;
use proto::{By, Day, OdsCode};
use std::sync::Arc;

use crate::model::{Listing, RegisterCommand, RegisterEntry, register_id};

/// The kind of import, as in addresses and reports.
pub(crate) const KIND: &str = "results";

const NAME: usize = 0;
const CODE: usize = 1;
const STATUS: usize = 2;
const PUBLISHED: usize = 3;
const SECTOR: usize = 4;

/// The columns of every layout since 2019; the commissioner's is not read, since it holds names.
const COLUMNS: &[Column] = &[
    Column {
        name: "organisation name",
        headings: &[Heading::Is("Organisation Name"), Heading::Is("Name")],
        needed: Needed::IfThere,
    },
    Column {
        name: "code",
        headings: &[Heading::Is("Code"), Heading::Is("ODS Code"), Heading::Is("Organisation Code")],
        needed: Needed::Always,
    },
    Column {
        name: "status",
        headings: &[Heading::Is("Status"), Heading::Is("Latest Status"), Heading::Is("Publication Status")],
        needed: Needed::Always,
    },
    Column {
        name: "date of publication",
        headings: &[Heading::Is("Date Of Publication"), Heading::Is("Publication Date")],
        needed: Needed::Always,
    },
    Column {
        name: "primary sector",
        headings: &[Heading::Is("Primary Sector"), Heading::Is("Sector")],
        needed: Needed::IfThere,
    },
];

/// What a register file looks like.
pub const SHAPE: Shape =
    Shape { columns: Columns::headed(COLUMNS), wrong_file: |_| None, aggregate: &[CODE], unique: &[CODE] };

/// The most characters of a name, sector or status.
const TEXT_MAX_CHARS: usize = 300;

/// Reads one row.
pub(crate) fn listing(row: &Row, as_of: Day) -> Result<Listing, RowProblem> {
    let organisation: OdsCode = row.parse(CODE)?;
    let published = row.day(PUBLISHED)?;
    if published.is_some_and(|day| day > as_of) {
        let detail = format!("the day of publication is later than the date of the file, {as_of}");
        return Err(row.wrong(PUBLISHED, detail));
    }
    for column in [NAME, STATUS, SECTOR] {
        if row.get(column).chars().count() > TEXT_MAX_CHARS {
            return Err(row.wrong(column, format!("is longer than {TEXT_MAX_CHARS} characters")));
        }
    }
    Ok(Listing {
        organisation,
        name: row.tidy(NAME),
        sector: row.tidy(SECTOR),
        status: row.tidy(STATUS),
        published,
    })
}

/// The date a file's name gives it: `dd_mm_yyyy` as the register writes it, or `yyyy-mm-dd`.
pub fn date_in_name(name: &str) -> Option<Day> {
    let is_digit = |at: usize| name.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    (0..name.len()).filter(|from| *from == 0 || !is_digit(from - 1)).find_map(|from| {
        let text = name.get(from..from + 10).filter(|_| !is_digit(from + 10))?;
        let parts: Vec<&str> = text.split(['_', '-', '.']).collect();
        match parts.as_slice() {
            [d, m, y] if y.len() == 4 && d.len() == 2 && m.len() == 2 => {
                Day::parse_any(&format!("{d}/{m}/{y}")).ok()
            }
            [y, m, d] if y.len() == 4 && d.len() == 2 && m.len() == 2 => {
                Day::parse_any(&format!("{y}-{m}-{d}")).ok()
            }
            _ => None,
        }
    })
}

/// The date of a file: as said, else from its name.
pub(crate) fn date_of_file(as_of: Option<&str>, name: Option<&str>) -> Result<Day, Problem> {
    match (as_of, name) {
        (Some(text), _) => text.parse().map_err(|error: proto::codes::CodeError| {
            Problem::bad_input(error.to_string()).at("as_of", "the date of the file, yyyy-mm-dd")
        }),
        (None, Some(name)) => date_in_name(name).ok_or_else(|| {
            Problem::bad_input("the name of the file holds no date such as 09_09_2022 or 2022-09-09")
                .at("as_of", "say the date of the file, yyyy-mm-dd")
        }),
        (None, None) => Err(Problem::bad_input("the date of the file is not known").at(
            "as_of",
            "say the date of the file, yyyy-mm-dd; or give its name in `name`, with a date in it",
        )),
    }
}

/// Reads a register file and takes note of each row.
#[expect(clippy::too_many_arguments, reason = "each is a thing of its own")]
pub(crate) async fn run<B, E>(
    commands: &Commands<RegisterEntry>,
    job: &Job,
    by: By,
    as_of: Day,
    newest_file: Option<Day>,
    progress: Arc<Progress>,
    clock: chassis::Clock,
    body: B,
) -> Result<Report, Problem>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let giving = Giving::new(job, clock, by);
    import::run(job, &SHAPE, progress, body, |row| {
        let giving = &giving;
        async move {
            let listing = listing(&row, as_of)?;
            let id = register_id(listing.organisation).map_err(|error| row.wrong(CODE, error.to_string()))?;
            let effective = Some(listing.effective(as_of));
            let command = RegisterCommand::ListResult { as_of, listing, newest_file };
            giving
                .command_effective(commands, &id, &command, &row, effective, |refusal| {
                    Err::<RowOutcome, RowFault>(row.reject(refusal).into())
                })
                .await
        }
    })
    .await
}

/// A job of this kind.
pub(crate) fn job(id: uuid::Uuid, as_of: Day, mode: Mode) -> Job {
    Job { id, kind: KIND, as_of: Some(as_of), mode }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_register_file_holds_its_date() {
        for (name, expected) in [
            ("DSPT search results 09_09_2022 10_11_12.csv", Some("2022-09-09")),
            ("dspt_progress_2019-06-17.csv", Some("2019-06-17")),
            ("DSPT Progress as of 17_06_2019 15_25_54 publish.csv", Some("2019-06-17")),
            ("results.csv", None),
            ("31_02_2018.csv", None),
            ("112_06_2019.csv", None),
            ("ü17_06_2019ü", Some("2019-06-17")),
        ] {
            assert_eq!(date_in_name(name).map(|day| day.to_string()).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_file_without_a_date_is_asked_for_one() {
        assert!(date_of_file(None, None).unwrap_err().errors[0].at == "as_of");
        assert!(date_of_file(Some("17/06/2019"), None).is_err());
        assert_eq!(date_of_file(Some("2019-06-17"), Some("x")).unwrap().to_string(), "2019-06-17");
    }
}
