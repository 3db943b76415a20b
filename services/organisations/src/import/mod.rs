//! The register files: which kinds there are, and what a row of each leads to.

mod areas;
mod files;
mod list_sizes;
mod networks;

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    str::FromStr,
    sync::Arc,
};

use bytes::Bytes;
use chassis::{
    Clock, Commands, Problem,
    import::{
        self, Giving, ImportRecords, Job, Mode, Patience, Progress, Report, Row, RowFault, RowOutcome,
        RowProblem, Shape,
    },
};
use futures::Stream;
use parking_lot::Mutex;
use proto::{
    By, Day, OdsCode,
    codes::CodeError,
    organisations::{OrganisationEvent, OrganisationKind},
};

use crate::model::{Command, Organisation, Refusal, Said};

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
    /// Lists of regions, integrated care boards and sub-ICB locations: names, codes, and which lies in which.
    Areas,
    /// Which body took the place of which.
    Successions,
    /// ePCN: primary care networks, or their core partners.
    Networks,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Practices,
        Kind::Ccgs,
        Kind::Regions,
        Kind::Trusts,
        Kind::Memberships,
        Kind::ListSizes,
        Kind::Areas,
        Kind::Successions,
        Kind::Networks,
    ];

    /// The name, as in addresses and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Practices => "practices",
            Kind::Ccgs => "ccgs",
            Kind::Regions => "regions",
            Kind::Trusts => "trusts",
            Kind::Memberships => "memberships",
            Kind::ListSizes => "list-sizes",
            Kind::Areas => "areas",
            Kind::Successions => "successions",
            Kind::Networks => "networks",
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
            Kind::Areas => areas::shape(),
            Kind::Successions => areas::successions_shape(),
            Kind::Networks => networks::shape(),
        }
    }

    /// What a row says, by body: a row of a list of areas tells of several. Nothing where it leaves blank
    /// what the file is about.
    pub fn read(self, row: &Row, as_of: Day) -> Result<Vec<(OdsCode, Said)>, RowProblem> {
        let one = |said| vec![said];
        match self {
            Kind::Practices => files::practice(row, as_of).map(one),
            Kind::Ccgs => files::ccg(row, as_of).map(one),
            Kind::Regions => files::region(row, as_of).map(one),
            Kind::Trusts => files::trust(row, as_of).map(one),
            Kind::Memberships => files::membership(row, as_of).map(one),
            Kind::ListSizes => list_sizes::list_size(row, as_of).map(|said| said.into_iter().collect()),
            Kind::Areas => areas::areas(row, as_of),
            Kind::Successions => areas::succession(row, as_of).map(one),
            Kind::Networks => networks::network(row, as_of).map(one),
        }
    }

    /// Why a row that says nothing is passed over.
    const fn says_nothing(self) -> &'static str {
        match self {
            Kind::Areas => "not a region, integrated care board or sub-ICB location",
            _ => "no number of patients",
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
    "there is no kind of file called “{0}”; the kinds are practices, ccgs, regions, trusts, memberships, list-sizes, areas, successions and networks"
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
        let withdrawn = &records.withdrawn().await?;
        let named_before = &NamedBefore::default();
        let apply = |row: Row| async move {
            let said = self.kind.read(&row, self.as_of)?;
            let mut whole = RowOutcome::Skipped(self.kind.says_nothing());
            for (nth, (code, said)) in said.into_iter().enumerate() {
                if self.kind == Kind::Areas && named_before.has(code, &said, &row)? {
                    whole = whole.and(RowOutcome::Unchanged(None));
                    continue;
                }
                let giving = giving.of_body(nth);
                let command = Command { said, withdrawn: withdrawn.clone() };
                let outcome = self.one(&giving, commands, code, command, &row).await?;
                let is_told_by_column = nth == 0 && self.kind != Kind::Networks;
                if matches!(outcome, RowOutcome::Unchanged(_)) && !is_told_by_column {
                    giving.says_nothing_new_of(code);
                }
                whole = whole.and(outcome);
            }
            Ok(whole)
        };
        import::run_recorded(giving, records, &self.kind.shape(), progress, body, apply).await
    }
}

impl Import {
    /// Gives the command of one body of a row.
    async fn one(
        &self,
        giving: &Giving,
        commands: &Commands<Organisation>,
        code: OdsCode,
        command: Command,
        row: &Row,
    ) -> Result<RowOutcome, RowFault> {
        let aggregate = Organisation::id(&code).map_err(|error: CodeError| row.reject(error))?;
        let outcome =
            giving.command(commands, &aggregate, &command, row, |refusal| of_row(refusal, row)).await?;
        let Command { said, withdrawn } = command;
        match (outcome, said) {
            (RowOutcome::Skipped(NOT_A_PRACTICE), Said::ListPractice { as_of, listing }) => {
                // That it was none by now is kept, in case a later file lists it as one.
                let command = Command { said: Said::ListPrescriber { as_of, listing }, withdrawn };
                giving.command(commands, &aggregate, &command, row, |refusal| of_row(refusal, row)).await?;
                let reason = if files::has_setting(row) { NOT_A_PRACTICE } else { NO_SETTING };
                Ok(RowOutcome::Skipped(reason))
            }
            (outcome, _) => Ok(outcome),
        }
    }
}

/// What the rows of a list so far said of areas: those above stand on many rows.
#[derive(Debug, Default)]
struct NamedBefore(Mutex<HashMap<OdsCode, Said>>);

impl NamedBefore {
    /// Whether an earlier row said the same. One that said otherwise rejects the row.
    fn has(&self, code: OdsCode, said: &Said, row: &Row) -> Result<bool, RowProblem> {
        match self.0.lock().entry(code) {
            Entry::Vacant(free) => {
                free.insert(said.clone());
                Ok(false)
            }
            Entry::Occupied(known) if known.get() == said => Ok(true),
            Entry::Occupied(_) => Err(row.reject(format!(
                "an earlier row gives {code} another name, code or place; the first one counts"
            ))),
        }
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
