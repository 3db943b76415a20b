//! Imports on the log: that one began, that a file was read to its end, and that an import was withdrawn.
//!
//! An import is an aggregate of its own. What is known of all imports of a service is followed from the log, so that
//! it is the same for every process and after every start.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use jiff::Timestamp;
use proto::{
    AggregateId, By, Day, DomainEvent, Header, OdsCode, Position,
    codes::CodeError,
    envelope::Provenance,
    imports::{CodeList, FileImported, ImportBegun, ImportWithdrawn, Withdrawn, import_aggregate},
    text::shows,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    drive::{Job, Summary},
    give::{Patience, Stop, Verdict},
};
use crate::{
    access::Viewer,
    clock::Clock,
    command::{Aggregate, CommandMeta, Commands, Context, Outcome, When},
    following::{Fold, Following},
    ids::CommandId,
    log::Recorded,
    problem::Problem,
};

/// How long a withdrawal waits until every earlier import is known.
const CATCH_UP_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// The most characters of the reason for a withdrawal.
pub const REASON_MAX_CHARS: usize = 500;

/// The events of a service that reads files.
pub trait ImportEvents: DomainEvent {
    /// The event that an import is about to record its first row; none where what files tell is recorded in no
    /// other way, so that each event of a row tells of its import.
    fn begun(begun: ImportBegun) -> Option<Self>;

    /// The event that a file was read to its end.
    fn imported(imported: FileImported) -> Self;

    /// The event that an import was withdrawn.
    fn withdrawn(withdrawn: ImportWithdrawn) -> Self;

    /// What an event says of an import as a whole, if anything.
    fn of_import(&self) -> Option<OfImport<'_>>;

    /// Whether imports say when they begin, because people record the same things by hand. Rows that say nothing new
    /// are then not told of at the end: they leave no trace.
    const BEGINS: bool;

    /// The types of the events that say something of an import as a whole.
    const OF_IMPORTS: &'static [&'static str];

    /// Of a type of event that a row of a file leads to, and nothing else does: the kind of file.
    fn kind_of_row(event_type: &str) -> Option<&'static str>;
}

/// What is said of an import as a whole.
#[derive(Debug, Clone, Copy)]
pub enum OfImport<'a> {
    /// It is about to record its first row.
    Begun(&'a ImportBegun),
    /// Its file was read to its end.
    Imported(&'a FileImported),
    /// It was withdrawn.
    Withdrawn(&'a ImportWithdrawn),
}

/// One import, as its own events tell of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ImportState<E> {
    #[serde(default)]
    begun: bool,
    finished: bool,
    withdrawn: bool,
    #[serde(skip)]
    events: PhantomData<fn() -> E>,
}

impl<E> Clone for ImportState<E> {
    fn clone(&self) -> Self {
        let Self { begun, finished, withdrawn, .. } = *self;
        Self { begun, finished, withdrawn, events: PhantomData }
    }
}

impl<E> Default for ImportState<E> {
    fn default() -> Self {
        Self { begun: false, finished: false, withdrawn: false, events: PhantomData }
    }
}

/// What is asked of an import.
#[derive(Debug, Clone)]
pub enum ImportCommand {
    /// Record that its first row is about to be recorded.
    Begin(ImportBegun),
    /// Record that its file was read to its end.
    Finish(FileImported),
    /// Withdraw it.
    Withdraw(ImportWithdrawn),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// Nothing is said.
    #[error("Enter the reason why the import is withdrawn, in up to {REASON_MAX_CHARS} characters")]
    Reason,
}

impl From<ImportRefusal> for Problem {
    fn from(refusal: ImportRefusal) -> Self {
        let text = refusal.to_string();
        Problem::bad_input(text.clone()).at("reason", text)
    }
}

impl<E: ImportEvents> Aggregate for ImportState<E> {
    type Event = E;
    type Command = ImportCommand;
    type Refusal = ImportRefusal;

    const NAME: &'static str = "import";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &ImportCommand, _: &Context) -> Result<Option<E>, ImportRefusal> {
        match command {
            ImportCommand::Begin(begun) => {
                Ok(if self.begun || self.finished { None } else { E::begun(begun.clone()) })
            }
            ImportCommand::Finish(imported) => {
                Ok((!self.finished && !self.withdrawn).then(|| E::imported(imported.clone())))
            }
            ImportCommand::Withdraw(withdrawn) => {
                let reason = withdrawn.reason.trim();
                if !shows(reason) || reason.chars().count() > REASON_MAX_CHARS {
                    return Err(ImportRefusal::Reason);
                }
                let withdrawn = ImportWithdrawn { reason: reason.to_owned(), ..withdrawn.clone() };
                Ok((!self.withdrawn).then(|| E::withdrawn(withdrawn)))
            }
        }
    }

    fn evolve(&mut self, event: &E, _: &When) {
        match event.of_import() {
            Some(OfImport::Begun(_)) => self.begun = true,
            Some(OfImport::Imported(_)) => self.finished = true,
            Some(OfImport::Withdrawn(_)) => self.withdrawn = true,
            None => {}
        }
    }
}

/// An import as the log tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ImportEntry {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// What sort of file.
    pub kind: String,
    /// The date of the file.
    #[schema(value_type = Option<String>, format = "date")]
    pub as_of: Option<Day>,
    /// When its last event so far was recorded.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// Who imported it.
    pub by: String,
    /// For which organisation they did.
    #[schema(value_type = Option<String>)]
    pub organisation: Option<OdsCode>,
    /// Whether the file was read to its end. Of imports recorded before this was kept, nothing tells: false.
    pub finished: bool,
    /// Rows of the file, where it was read to its end.
    pub rows: Option<u64>,
    /// Rows that led to an event.
    pub recorded: u64,
    /// SHA-256 of the file, where it was read to its end.
    pub sha256: Option<String>,
    /// Whether, when, by whom and why it was withdrawn.
    pub withdrawn: Option<Withdrawal>,
}

/// That an import was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Withdrawal {
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// The imports of a service that the log tells of.
#[derive(Debug)]
pub struct ImportLog<E> {
    imports: BTreeMap<Uuid, ImportEntry>,
    /// In the order in which their first event stands.
    order: Vec<Uuid>,
    withdrawn: Arc<Withdrawn>,
    events: PhantomData<fn() -> E>,
}

impl<E> Default for ImportLog<E> {
    fn default() -> Self {
        Self { imports: BTreeMap::new(), order: Vec::new(), withdrawn: Arc::default(), events: PhantomData }
    }
}

impl<E> ImportLog<E> {
    /// All imports, the newest first.
    pub fn entries(&self) -> Vec<ImportEntry> {
        self.order.iter().rev().filter_map(|id| self.imports.get(id)).cloned().collect()
    }

    /// An import.
    pub fn entry(&self, id: Uuid) -> Option<&ImportEntry> {
        self.imports.get(&id)
    }

    /// The imports that were withdrawn.
    pub fn withdrawn(&self) -> Arc<Withdrawn> {
        self.withdrawn.clone()
    }

    /// The imports of the same kind that stand and were recorded after one: where their rows said the same, they led
    /// to no event.
    pub fn later_of_its_kind(&self, id: Uuid) -> Vec<ImportEntry> {
        let Some(of) = self.imports.get(&id) else { return Vec::new() };
        let after = self.order.iter().skip_while(|known| **known != id).skip(1);
        let entries = after.filter_map(|later| self.imports.get(later));
        entries.filter(|later| later.kind == of.kind && later.withdrawn.is_none()).cloned().collect()
    }

    /// Whether the same file of the same kind and date was read to its end before, and stands.
    fn has_file(&self, imported: &FileImported) -> bool {
        self.imports.values().any(|known| {
            known.withdrawn.is_none()
                && known.kind == imported.kind
                && known.as_of == imported.as_of
                && known.sha256.as_deref() == Some(imported.sha256.as_str())
        })
    }
}

/// The date of a row's file, where its event says it.
#[derive(Deserialize)]
struct RowOfFile {
    #[serde(default)]
    as_of: Option<Day>,
}

impl<E: ImportEvents> ImportLog<E> {
    fn note_row(&mut self, header: &Header<'_>, import: Uuid, kind: &'static str) {
        let entry = self.imports.entry(import).or_insert_with(|| {
            self.order.push(import);
            let as_of = header.fields::<RowOfFile>().ok().and_then(|row| row.as_of);
            ImportEntry {
                id: import,
                kind: kind.to_owned(),
                as_of,
                time: header.time,
                by: header.actor.clone().into_owned(),
                organisation: None,
                finished: false,
                rows: None,
                recorded: 0,
                sha256: None,
                withdrawn: None,
            }
        });
        entry.recorded += 1;
        entry.time = header.time;
    }

    fn note_import(&mut self, recorded: &Recorded, header: &Header<'_>, said: OfImport<'_>) {
        let position = recorded.position;
        let organisation =
            Provenance::read(&recorded.body).ok().and_then(|provenance| provenance.by.organisation);
        let by = header.actor.clone().into_owned();
        let import = match said {
            OfImport::Begun(begun) => begun.import,
            OfImport::Imported(imported) => imported.import,
            OfImport::Withdrawn(withdrawn) => withdrawn.import,
        };
        let entry = self.imports.entry(import).or_insert_with(|| {
            self.order.push(import);
            ImportEntry {
                id: import,
                kind: String::new(),
                as_of: None,
                time: header.time,
                by: by.clone(),
                organisation: None,
                finished: false,
                rows: None,
                recorded: 0,
                sha256: None,
                withdrawn: None,
            }
        });
        match said {
            OfImport::Begun(begun) => {
                entry.kind.clone_from(&begun.kind);
                entry.as_of = begun.as_of;
                entry.organisation = organisation;
            }
            OfImport::Imported(imported) => {
                entry.organisation = organisation;
                entry.kind.clone_from(&imported.kind);
                entry.as_of = imported.as_of;
                entry.time = header.time;
                entry.finished = true;
                entry.rows = Some(imported.rows);
                entry.recorded = entry.recorded.max(imported.recorded);
                entry.sha256 = Some(imported.sha256.clone());
            }
            OfImport::Withdrawn(withdrawn) => {
                entry.withdrawn =
                    Some(Withdrawal { time: header.time, by, reason: withdrawn.reason.clone() });
                Arc::make_mut(&mut self.withdrawn).note(import, position);
            }
        }
    }
}

impl<E: ImportEvents> Fold for ImportLog<E> {
    const NAME: &'static str = "the list of imports";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        if let Some(kind) = E::kind_of_row(&header.kind) {
            if let Some(import) = header.import() {
                self.note_row(&header, import, kind);
            }
            return;
        }
        if !E::TYPES.contains(&header.kind.as_ref()) {
            return;
        }
        let is_of_import = E::OF_IMPORTS.contains(&header.kind.as_ref());
        if !is_of_import {
            // Of rows and of what was recorded by hand: only what came with an import that has begun.
            if let Some(entry) = header.import().and_then(|import| self.imports.get_mut(&import)) {
                entry.recorded += 1;
                entry.time = header.time;
            }
        } else if let Ok(event) = header.event::<E>()
            && let Some(said) = event.of_import()
        {
            self.note_import(recorded, &header, said);
        }
    }
}

/// The imports of a service: what the log tells of them, and the commands about them.
#[derive(Debug)]
pub struct ImportRecords<E: ImportEvents> {
    commands: Commands<ImportState<E>>,
    log: Following<ImportLog<E>>,
    clock: Clock,
}

impl<E: ImportEvents> Clone for ImportRecords<E> {
    fn clone(&self) -> Self {
        Self { commands: self.commands.clone(), log: self.log.clone(), clock: self.clock.clone() }
    }
}

fn aggregate(import: Uuid) -> Result<AggregateId, Problem> {
    import_aggregate(import).map_err(|error: CodeError| {
        tracing::error!(%error, "the id of an import names no aggregate");
        Problem::internal()
    })
}

impl<E: ImportEvents> ImportRecords<E> {
    /// Over the commands of a service and what it follows.
    pub fn new(commands: Commands<ImportState<E>>, log: Following<ImportLog<E>>, clock: Clock) -> Self {
        Self { commands, log, clock }
    }

    /// Whether all imports that the log held at the start are known.
    pub fn ready(&self) -> Result<(), String> {
        self.log.ready()
    }

    /// Commands whose states leave out what came with the imports withdrawn.
    pub fn left_out_of<A: Aggregate>(&self, commands: Commands<A>) -> Commands<A> {
        let log = self.log.clone();
        commands.without(move || log.known().withdrawn())
    }

    /// The imports withdrawn, once everything that the log holds now is known.
    pub async fn withdrawn(&self) -> Result<Arc<Withdrawn>, Problem> {
        self.log.must_catch_up(CATCH_UP_TIMEOUT).await?;
        Ok(self.log.known().withdrawn())
    }

    /// The imports withdrawn, as far as the log has been read here.
    pub fn withdrawn_so_far(&self) -> Arc<Withdrawn> {
        self.log.known().withdrawn()
    }

    /// All imports, the newest first.
    pub async fn list(&self, viewer: &Viewer, whose: Whose) -> Result<Vec<ImportEntry>, Problem> {
        self.log.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let entries = self.log.known().entries();
        Ok(entries.into_iter().filter(|entry| whose.is(entry, viewer)).collect())
    }

    /// Records that the file of a job was read to its end; nothing where the same file was before.
    pub(super) async fn finish(
        &self,
        job: &Job,
        by: By,
        summary: Summary,
        patience: Patience,
    ) -> Result<Option<Position>, Stop> {
        let imported = FileImported {
            import: job.id,
            kind: job.kind.to_owned(),
            as_of: job.as_of,
            sha256: summary.sha256,
            rows: summary.rows,
            recorded: summary.recorded,
            skipped: summary.skipped,
            rejected: summary.rejected,
            unchanged: if E::BEGINS { CodeList::default() } else { CodeList::of(summary.unchanged) },
            unread: if E::BEGINS { CodeList::default() } else { CodeList::of(summary.unread) },
        };
        if summary.recorded == 0 {
            // Of a log out of reach the command below says so.
            let _ = self.log.caught_up(CATCH_UP_TIMEOUT).await;
        }
        if summary.recorded == 0 && self.log.known().has_file(&imported) {
            return Ok(None);
        }
        self.tell(job, by, "end", &ImportCommand::Finish(imported), patience).await
    }

    /// Refuses to go on with an import that was withdrawn: nothing of it would count.
    pub(super) fn need_standing(&self, import: Uuid) -> Result<(), Problem> {
        let withdrawn = self.log.known().withdrawn();
        if withdrawn.stands(Some(import), Position(u64::MAX)) {
            return Ok(());
        }
        let detail = "this import was withdrawn, so nothing of it counts: import the file again with another Import-Id";
        Err(Problem::refused("import-withdrawn", detail).at("Import-Id", "of an import that was withdrawn"))
    }

    /// Records that the first row of a job is about to be recorded, where that is to be told from what is recorded
    /// by hand.
    pub(super) async fn begin(&self, job: &Job, by: By, patience: Patience) -> Result<(), Stop> {
        let begun = ImportBegun { import: job.id, kind: job.kind.to_owned(), as_of: job.as_of };
        self.tell(job, by, "begin", &ImportCommand::Begin(begun), patience).await.map(|_| ())
    }

    /// Gives a command about a job, for as long as there is hope.
    async fn tell(
        &self,
        job: &Job,
        by: By,
        purpose: &str,
        command: &ImportCommand,
        patience: Patience,
    ) -> Result<Option<Position>, Stop> {
        let id = aggregate(job.id).map_err(|problem| Stop::until_mended(problem.title))?;
        let as_of = job.as_of.map(|day| day.to_string()).unwrap_or_default();
        let key = CommandId::keyed("import", &format!("{}\0{}\0{as_of}\0{purpose}", job.id, job.kind));
        let mut meta = CommandMeta::new(key, self.clock.now(), by);
        meta.correlation_id = Some(job.id);
        if let Some(day) = job.as_of {
            meta = meta.effective(day);
        }
        let mut waiting = patience.begin();
        loop {
            let error = match self.commands.execute(&id, command, &meta).await {
                Ok(Outcome::Recorded(position, _)) => return Ok(Some(position)),
                Ok(Outcome::Unchanged(_)) => return Ok(None),
                Err(error) => error,
            };
            waiting.after(error).await.map_err(|verdict| match verdict {
                Verdict::Stop(stop) => stop,
                Verdict::Again(reason) => Stop::for_now(reason),
                Verdict::Reject(reason) => Stop::until_mended(reason),
                Verdict::Refused(refusal) => Stop::until_mended(refusal.to_string()),
            })?;
        }
    }

    /// Withdraws an import. Repeated, it answers the same.
    pub async fn withdraw(
        &self,
        import: Uuid,
        reason: &str,
        viewer: &Viewer,
        whose: Whose,
    ) -> Result<WithdrawalReceipt, Problem> {
        self.log.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let is_there = self.log.known().entry(import).is_some_and(|entry| whose.is(entry, viewer));
        if !is_there {
            return Err(Problem::not_found(format!("no import {import} is on record here")));
        }
        let command = CommandId::keyed("withdraw-import", &import.to_string());
        let mut meta = CommandMeta::new(command, self.clock.now(), viewer.by(None));
        meta.correlation_id = Some(viewer.request());
        let withdraw = ImportCommand::Withdraw(ImportWithdrawn { import, reason: reason.to_owned() });
        let outcome = self.commands.execute(&aggregate(import)?, &withdraw, &meta).await?;
        let later = if E::BEGINS { self.log.known().later_of_its_kind(import) } else { Vec::new() };
        let import_again = later.into_iter().filter(|entry| whose.is(entry, viewer)).collect();
        // Whoever asks next is answered without it.
        self.log.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
        Ok(WithdrawalReceipt { position: outcome.position(), import_again })
    }
}

/// Why an import is withdrawn.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalInput {
    /// Why, in up to 500 characters: it stands in the activity history.
    pub reason: String,
}

/// That an import is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WithdrawalReceipt {
    /// The position of the log from which figures are without it.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Imports of the same kind that were recorded later and stand. A row of theirs that said what the withdrawn one
    /// had said led to nothing: their files are to be imported again. Empty where such rows are kept.
    pub import_again: Vec<ImportEntry>,
}

/// Whose imports someone may see and withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everyone's.
    Everyones,
    /// One's own, and those of one's organisation.
    Own,
}

impl Whose {
    fn is(self, entry: &ImportEntry, viewer: &Viewer) -> bool {
        let own = viewer.by(None);
        self == Whose::Everyones
            || entry.by == own.actor.as_str()
            || (entry.organisation.is_some() && entry.organisation == own.organisation)
    }
}

/// The events of a service as those of imports: the types of its rows, with the kind of file each is of; or, where
/// people record the same, that its imports say when they begin.
macro_rules! import_events {
    (@begins $Begun:ident) => { true };
    (@begins) => { false };
    (@begun $said:ident of $module:ident as $Begun:ident) => { Some(proto::$module::$Begun($said).into()) };
    (@begun $said:ident of $module:ident as) => {{
        let _ = $said;
        None
    }};
    ($Events:ident of $module:ident { $($Row:ident => $kind:literal),* $(,)? } $(begun by $Begun:ident)?) => {
        impl ImportEvents for proto::$module::$Events {
            const BEGINS: bool = import_events!(@begins $($Begun)?);
            const OF_IMPORTS: &'static [&'static str] = &[
                $(proto::$module::$Begun::TYPE,)?
                proto::$module::FileImported::TYPE,
                proto::$module::ImportWithdrawn::TYPE,
            ];

            fn begun(begun: ImportBegun) -> Option<Self> {
                import_events!(@begun begun of $module as $($Begun)?)
            }

            fn imported(imported: FileImported) -> Self {
                proto::$module::FileImported(imported).into()
            }

            fn withdrawn(withdrawn: ImportWithdrawn) -> Self {
                proto::$module::ImportWithdrawn(withdrawn).into()
            }

            fn of_import(&self) -> Option<OfImport<'_>> {
                match self {
                    $(Self::$Begun(said) => Some(OfImport::Begun(&said.0)),)?
                    Self::FileImported(said) => Some(OfImport::Imported(&said.0)),
                    Self::ImportWithdrawn(said) => Some(OfImport::Withdrawn(&said.0)),
                    _ => None,
                }
            }

            fn kind_of_row(event_type: &str) -> Option<&'static str> {
                $(if event_type == proto::$module::$Row::TYPE {
                    return Some($kind);
                })*
                let _ = event_type;
                None
            }
        }
    };
}

import_events!(OrganisationEvent of organisations {
    PracticeListed => "practices",
    PrescriberListed => "practices",
    PracticeAmended => "practices",
    OrganisationListed => "organisations",
    OrganisationAmended => "organisations",
    AreaListed => "areas",
    SuccessionRecorded => "successions",
    NetworkListed => "networks",
    NetworkMembershipRecorded => "networks",
    MembershipRecorded => "memberships",
    ListSizePublished => "list-sizes",
});

import_events!(AssessmentEvent of assessments { ResultListed => "results" });

import_events!(SupplierEvent of suppliers {} begun by ImportBegun);

import_events!(OnsiteEvent of onsite {} begun by ImportBegun);
