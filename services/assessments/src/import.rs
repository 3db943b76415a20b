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
    following::Fold,
    import::{
        self, Column, Columns, Giving, Heading, Job, Mode, Needed, Progress, Report, Row, RowFault,
        RowOutcome, RowProblem, Shape,
    },
    log::Recorded,
};
use futures::Stream;
use proto::{By, Day, Header, OdsCode, assessments::ResultListed, standards::Catalogue};
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

/// Reads a register file and takes note of each row.
#[expect(clippy::too_many_arguments, reason = "each is a thing of its own")]
pub(crate) async fn run<B, E>(
    commands: &Commands<RegisterEntry>,
    job: &Job,
    by: By,
    as_of: Day,
    newest_file: Option<Day>,
    catalogue: Arc<Catalogue>,
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
        let (giving, catalogue) = (&giving, &catalogue);
        async move {
            let listing = listing(&row, as_of)?;
            let id = register_id(listing.organisation).map_err(|error| row.wrong(CODE, error.to_string()))?;
            let effective = Some(listing.effective(as_of, catalogue));
            let command =
                RegisterCommand::ListResult { as_of, listing, newest_file, catalogue: catalogue.clone() };
            giving
                .command_effective(commands, &id, &command, &row, effective, |refusal| {
                    Err::<RowOutcome, RowFault>(row.reject(refusal).into())
                })
                .await
        }
    })
    .await
}

/// The newest date of a register file on the log, of any organisation.
#[derive(Debug, Default)]
pub(crate) struct RegisterFiles {
    newest: Option<Day>,
}

impl RegisterFiles {
    /// The newest date.
    pub fn newest(&self) -> Option<Day> {
        self.newest
    }
}

impl Fold for RegisterFiles {
    const NAME: &'static str = "the list of register files";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if header.kind == ResultListed::TYPE
            && let Ok(listed) = header.fields::<ResultListed>()
        {
            self.newest = self.newest.max(Some(listed.as_of));
        }
    }
}

/// A job of this kind.
pub(crate) fn job(id: uuid::Uuid, as_of: Day, mode: Mode) -> Job {
    Job { id, kind: KIND, as_of: Some(as_of), mode }
}
