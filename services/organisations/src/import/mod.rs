//! The register files: which kinds there are, and what a row of each leads to.

mod files;
mod list_sizes;

use std::{fmt, str::FromStr, sync::Arc};

use bytes::Bytes;
use chassis::{
    Clock, Commands, Problem,
    import::{
        self, Giving, ImportRecords, Job, Mode, Patience, Progress, Report, Row, RowFault, RowOutcome,
        RowProblem, Shape,
    },
};
use futures::Stream;
use proto::{
    By, Day, OdsCode,
    codes::CodeError,
    organisations::{OrganisationEvent, OrganisationKind},
};

use crate::model::{Command, Organisation, Refusal};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `epraccur`: practices and other prescribers.
    Practices,
    /// `eccg`: CCGs and commissioning hubs.
    Ccgs,
    /// `eauth`: regions and local offices.
    Regions,
    /// `etr`: trusts.
    Trusts,
    /// `epcmem`: who belonged to whom.
    Memberships,
    /// NHS Payments to General Practice: registered patients.
    ListSizes,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] =
        [Kind::Practices, Kind::Ccgs, Kind::Regions, Kind::Trusts, Kind::Memberships, Kind::ListSizes];

    /// The name, as in addresses and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Practices => "practices",
            Kind::Ccgs => "ccgs",
            Kind::Regions => "regions",
            Kind::Trusts => "trusts",
            Kind::Memberships => "memberships",
            Kind::ListSizes => "list-sizes",
        }
    }

    /// The kind of file that lists bodies of a kind; none where several may.
    pub const fn listing(kind: OrganisationKind) -> Option<Kind> {
        match kind {
            OrganisationKind::Ccg | OrganisationKind::CommissioningHub => Some(Kind::Ccgs),
            OrganisationKind::Region | OrganisationKind::LocalOffice => Some(Kind::Regions),
            OrganisationKind::Trust => Some(Kind::Trusts),
            OrganisationKind::Other => None,
        }
    }

    /// What its rows look like.
    pub fn shape(self) -> Shape {
        match self {
            Kind::Practices => files::practices(),
            Kind::Ccgs => files::ccgs(),
            Kind::Regions => files::regions(),
            Kind::Trusts => files::trusts(),
            Kind::Memberships => files::memberships(),
            Kind::ListSizes => list_sizes::shape(),
        }
    }

    /// What a row says, and of whom; none where it leaves blank what the file is about.
    pub fn read(self, row: &Row, as_of: Day) -> Result<Option<(OdsCode, Command)>, RowProblem> {
        match self {
            Kind::Practices => files::practice(row, as_of).map(Some),
            Kind::Ccgs => files::ccg(row, as_of).map(Some),
            Kind::Regions => files::region(row, as_of).map(Some),
            Kind::Trusts => files::trust(row, as_of).map(Some),
            Kind::Memberships => files::membership(row, as_of).map(Some),
            Kind::ListSizes => list_sizes::list_size(row, as_of),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not a kind of file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no kind of file called “{0}”; the kinds are practices, ccgs, regions, trusts, memberships and list-sizes"
)]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownKind(text.chars().take(40).collect()))
    }
}

/// Why rows are passed over.
const NOT_A_PRACTICE: &str = "not a general practice";
const NO_SETTING: &str = "no prescribing setting, so not shown as a general practice";
const UNKNOWN_PRACTICE: &str = "the practice is not known";
const BLANK: &str = "no number of patients";

/// An import about to run.
#[derive(Debug, Clone)]
pub struct Import {
    /// What is imported.
    pub job: Job,
    /// What kind of file.
    pub kind: Kind,
    /// The date of the file.
    pub as_of: Day,
    /// Who imports.
    pub by: By,
    /// How long a row waits for a log out of reach.
    pub patience: Patience,
}

impl Import {
    /// An import of a file of a kind and date.
    pub fn new(id: uuid::Uuid, by: By, kind: Kind, as_of: Day, mode: Mode) -> Self {
        let job = Job { id, kind: kind.name(), as_of: Some(as_of), mode };
        Self { job, kind, as_of, by, patience: Patience::default() }
    }

    /// Reads a body and records what it shows.
    pub async fn run<B, E>(
        &self,
        commands: &Commands<Organisation>,
        records: &ImportRecords<OrganisationEvent>,
        clock: Clock,
        progress: Arc<Progress>,
        body: B,
    ) -> Result<Report, Problem>
    where
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        E: fmt::Display,
    {
        let giving = Giving::new(&self.job, clock, self.by.clone()).with_patience(self.patience);
        let giving = &giving;
        let apply = |row: Row| async move {
            let Some((code, command)) = self.kind.read(&row, self.as_of)? else {
                return Ok(RowOutcome::Skipped(BLANK));
            };
            let aggregate = Organisation::id(&code).map_err(|error: CodeError| row.reject(error))?;
            let outcome =
                giving.command(commands, &aggregate, &command, &row, |refusal| of_row(refusal, &row));
            match (outcome.await?, command) {
                (RowOutcome::Skipped(NOT_A_PRACTICE), Command::ListPractice { as_of, listing }) => {
                    // That it was none by now is kept, in case a later file lists it as one.
                    let command = Command::ListPrescriber { as_of, listing };
                    giving
                        .command(commands, &aggregate, &command, &row, |refusal| of_row(refusal, &row))
                        .await?;
                    let reason = if files::has_setting(&row) { NOT_A_PRACTICE } else { NO_SETTING };
                    Ok(RowOutcome::Skipped(reason))
                }
                (outcome, _) => Ok(outcome),
            }
        };
        import::run_recorded(giving, records, &self.kind.shape(), progress, body, apply).await
    }
}

/// The files list many that are of no concern here; that is no fault of the row.
fn of_row(refusal: Refusal, row: &Row) -> Result<RowOutcome, RowFault> {
    match refusal {
        Refusal::NotAPractice { .. } => Ok(RowOutcome::Skipped(NOT_A_PRACTICE)),
        Refusal::UnknownPractice => Ok(RowOutcome::Skipped(UNKNOWN_PRACTICE)),
        Refusal::Older { .. } => Err(row.reject(refusal).into()),
    }
}
