//! Results as the national register publishes them.
//!
//! | file | columns |
//! | --- | --- |
//! | 2019 | OrganisationName, ODSCode, PublicationStatus, DateOfPublication, PrimarySector, CCG |
//! | 2020 to 2023 | Code, Organisation Name, Status or Latest Status, Date Of Publication, Primary Sector, Commissioner or Integrated Care Board |
//!
//! The date of the file is asked for, or read from its name (`DSPT search results 09_09_2022 …`). A
//! damaged code or date, or a code that stands there twice, rejects its row and no other. What counts
//! as new is decided in [`crate::model::RegisterEntry`]: files may come in any order.

use bytes::Bytes;
use chassis::{
    Commands, Problem,
    import::{
        self, Column, Columns, DatedColumns, Giving, Heading, ImportRecords, Job, Mode, Needed, Progress,
        Report, Row, RowFault, RowOutcome, RowProblem, Shape,
    },
};
use futures::Stream;
use proto::{By, Day, OdsCode, assessments::AssessmentEvent, standards::Catalogue};
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
pub const SHAPE: Shape = Shape {
    columns: Columns::headed(COLUMNS),
    wrong_file: |_| None,
    aggregate: &[CODE],
    unique: &[CODE],
    dates: DatedColumns { ends: &[PUBLISHED], ..DatedColumns::NONE },
};

/// The most characters of a name, sector or status.
const TEXT_MAX_CHARS: usize = 300;

/// Reads one row.
pub(crate) fn listing(row: &Row, as_of: Day) -> Result<Listing, RowProblem> {
    let organisation: OdsCode = row.parse(CODE)?;
    // Words where the result came by another way than the toolkit: `CompletedThroughQIO` in 184 rows of the register
    // of 17 June 2019.
    let (published, published_text) = row.day_or_words(PUBLISHED)?;
    if published.is_some_and(|day| day > as_of) {
        let detail = format!("the day of publication is later than the date of the file, {as_of}");
        return Err(row.wrong(PUBLISHED, detail));
    }
    for column in [NAME, STATUS, SECTOR, PUBLISHED] {
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
        published_text,
    })
}

/// What a register file is read with.
pub(crate) struct Reading<'a> {
    pub commands: &'a Commands<RegisterEntry>,
    pub records: &'a ImportRecords<AssessmentEvent>,
    /// The editions, and the words, by which status texts are read.
    pub catalogue: Arc<Catalogue>,
    pub clock: chassis::Clock,
}

/// Reads a register file and takes note of each row.
pub(crate) async fn run<B, E>(
    reading: &Reading<'_>,
    job: &Job,
    by: By,
    as_of: Day,
    progress: Arc<Progress>,
    body: B,
) -> Result<Report, Problem>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let giving = Giving::new(job, reading.clock.clone(), by);
    let withdrawn = &reading.records.withdrawn().await?;
    let counts = &progress.clone();
    import::run_recorded(&giving, reading.records, &SHAPE, progress, body, |row| {
        let (giving, catalogue) = (&giving, &reading.catalogue);
        async move {
            let listing = listing(&row, as_of)?;
            import::edition_is_open(&row, STATUS, listing.published, as_of, catalogue)?;
            let id = register_id(listing.organisation).map_err(|error| row.wrong(CODE, error.to_string()))?;
            let effective = Some(listing.effective(as_of, catalogue));
            let words = listing.not_understood(as_of, catalogue).map(str::to_owned);
            let (withdrawn, catalogue) = (withdrawn.clone(), catalogue.clone());
            let command = RegisterCommand::ListResult { as_of, listing, withdrawn, catalogue };
            let outcome = giving
                .command_effective(reading.commands, &id, &command, &row, effective, |refusal| {
                    Err::<RowOutcome, RowFault>(row.reject(refusal).into())
                })
                .await?;
            if let Some(words) = words {
                counts.not_understood(&words);
            }
            Ok(outcome)
        }
    })
    .await
}

/// A job of this kind.
pub(crate) fn job(id: uuid::Uuid, as_of: Day, mode: Mode) -> Job {
    Job { id, kind: KIND, as_of: Some(as_of), mode }
}
