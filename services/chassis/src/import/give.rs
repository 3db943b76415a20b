//! One command a row.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use proto::{AggregateId, By, Day, OdsCode, Position};

use super::{
    drive::{Job, Mode},
    record::{ImportEvents, ImportRecords},
    report::RowProblem,
    row::Row,
};
use crate::{
    clock::Clock,
    command::{Aggregate, CommandError, CommandMeta, Commands},
    ids::CommandId,
    log::{AppendError, ReadError},
    problem::Problem,
};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOutcome {
    /// It led to an event, which stands here; none in a dry run.
    Recorded(Option<Position>),
    /// It said nothing new; the aggregate's last event stands here.
    Unchanged(Option<Position>),
    /// It is of no concern, for this reason.
    Skipped(&'static str),
}

impl RowOutcome {
    /// What became of a row that says several things: it is recorded where any of them is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        use RowOutcome::{Recorded, Skipped, Unchanged};
        match (self, other) {
            (Recorded(a), Recorded(b) | Unchanged(b)) | (Unchanged(b), Recorded(a)) => Recorded(a.max(b)),
            (Unchanged(a), Unchanged(b)) => Unchanged(a.max(b)),
            (Skipped(_), other) => other,
            (told, Skipped(_)) => told,
        }
    }
}

/// Why a row came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowFault {
    /// The row is wrong; the others go on.
    Rejected(RowProblem),
    /// Something the import needs has failed; it cannot go on.
    Stop(Stop),
}

/// Why an import cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What happened.
    pub reason: String,
    /// When it is worth trying again.
    pub again_after: Duration,
}

impl Stop {
    /// Something is out of reach, and may come back by itself.
    pub fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again_after: Duration::from_secs(30) }
    }

    /// Nothing changes before someone does something about it.
    pub fn until_mended(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            again_after: Duration::from_secs(u64::from(Problem::MENDED_AFTER_SECONDS)),
        }
    }
}

impl From<RowProblem> for RowFault {
    fn from(problem: RowProblem) -> Self {
        RowFault::Rejected(problem)
    }
}

/// How long a command is tried again while the log is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// No new attempt after this long.
    pub total: Duration,
    /// The pause after the first attempt; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(30),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(2),
        }
    }
}

impl Patience {
    /// Begins to wait for the log.
    pub(super) fn begin(self) -> Waiting {
        Waiting { patience: self, began: Instant::now(), pause: self.first_pause }
    }
}

/// How long a command has been tried, and how long to wait before it is tried again.
#[derive(Debug)]
pub struct Waiting {
    patience: Patience,
    began: Instant,
    pause: Duration,
}

impl Waiting {
    /// Waits after something came to nothing that was out of reach; tells to stop where it would be in vain, or too
    /// late.
    pub async fn after_problem(&mut self, problem: Problem) -> Result<(), Stop> {
        match problem.retry_after_seconds {
            Some(seconds) if seconds < Problem::MENDED_AFTER_SECONDS => {}
            _ => return Err(Stop::until_mended(problem.detail)),
        }
        if self.began.elapsed() + self.pause > self.patience.total {
            return Err(Stop::for_now(problem.detail));
        }
        self.pause().await;
        Ok(())
    }

    async fn pause(&mut self) {
        metrics::counter!("oversight_import_retries_total").increment(1);
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(self.patience.longest_pause);
    }

    /// Waits after an attempt that came to nothing; the verdict where another would be in vain, or too late.
    pub(super) async fn after<R: std::error::Error>(
        &mut self,
        error: CommandError<R>,
    ) -> Result<(), Verdict<R>> {
        match what_to_do(error) {
            Verdict::Again(reason) if self.began.elapsed() + self.pause > self.patience.total => {
                Err(Verdict::Stop(Stop::for_now(reason)))
            }
            Verdict::Again(reason) => {
                tracing::debug!(reason, "a command of an import is tried again");
                self.pause().await;
                Ok(())
            }
            verdict => Err(verdict),
        }
    }
}

/// Records that an import begins, once, before anything else is recorded of it.
pub struct Opening {
    is_recorded: tokio::sync::OnceCell<()>,
    record: Box<dyn Fn(Patience) -> BoxFuture<'static, Result<(), Stop>> + Send + Sync>,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("is_recorded", &self.is_recorded).finish_non_exhaustive()
    }
}

impl Opening {
    /// Of a job, with the imports of its service.
    pub fn new<E: ImportEvents>(records: &ImportRecords<E>, job: &Job, by: &By) -> Arc<Self> {
        let (records, job, by) = (records.clone(), job.clone(), by.clone());
        let record = Box::new(move |patience| {
            let (records, job, by) = (records.clone(), job.clone(), by.clone());
            Box::pin(async move { records.begin(&job, by, patience).await }) as BoxFuture<'static, _>
        });
        Arc::new(Self { is_recorded: tokio::sync::OnceCell::new(), record })
    }

    async fn record(&self, patience: Patience) -> Result<(), Stop> {
        self.is_recorded.get_or_try_init(|| (self.record)(patience)).await.map(|_| ())
    }
}

/// Gives the commands of an import.
#[derive(Debug, Clone)]
pub struct Giving {
    command: CommandId,
    job: Job,
    clock: Clock,
    by: By,
    patience: Patience,
    /// What is to be recorded before the first row, where anything is.
    opening: Option<Arc<Opening>>,
    /// Bodies that rows name beside the one they are about, of which they say nothing new.
    unchanged: Arc<Mutex<Vec<OdsCode>>>,
}

impl Giving {
    /// Commands of a job, given by an actor. They take effect on the date of the file.
    pub fn new(job: &Job, clock: Clock, by: impl Into<By>) -> Self {
        let as_of = job.as_of.map(|day| day.to_string()).unwrap_or_default();
        let command = CommandId::keyed("import", &format!("{}\0{}\0{as_of}", job.id, job.kind));
        Self {
            command,
            job: job.clone(),
            clock,
            by: by.into(),
            patience: Patience::default(),
            opening: None,
            unchanged: Arc::default(),
        }
    }

    /// The same, recording that the import begins before its first row is recorded.
    #[must_use]
    pub fn opening(mut self, opening: &Arc<Opening>) -> Self {
        self.opening = Some(opening.clone());
        self
    }

    /// For another body of a row that names several: its command is one of its own.
    #[must_use]
    pub fn of_body(&self, nth: usize) -> Self {
        let command = match nth {
            0 => self.command,
            nth => self.command.part(nth as u64),
        };
        Self { command, ..self.clone() }
    }

    /// Notes that a row said nothing new of a body that it names beside the one it is about.
    pub fn says_nothing_new_of(&self, code: OdsCode) {
        self.unchanged.lock().push(code);
    }

    /// Those bodies.
    pub(super) fn unchanged(&self) -> Vec<OdsCode> {
        std::mem::take(&mut *self.unchanged.lock())
    }

    /// Tries again for another time than the usual one.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The job, who gives its commands, and for how long they are tried again.
    pub(super) fn parts(&self) -> (&Job, &By, Patience) {
        (&self.job, &self.by, self.patience)
    }

    /// Gives the command a row leads to, or rehearses it in a dry run; `refused` says what a
    /// refusal of the domain means for the row.
    pub async fn command<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        aggregate: &AggregateId,
        command: &A::Command,
        row: &Row,
        refused: impl FnOnce(A::Refusal) -> Result<RowOutcome, RowFault>,
    ) -> Result<RowOutcome, RowFault> {
        self.command_effective(commands, aggregate, command, row, self.job.as_of, refused).await
    }

    /// The same for a row that takes effect on a day of its own.
    pub async fn command_effective<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        aggregate: &AggregateId,
        command: &A::Command,
        row: &Row,
        effective: Option<Day>,
        refused: impl FnOnce(A::Refusal) -> Result<RowOutcome, RowFault>,
    ) -> Result<RowOutcome, RowFault> {
        let meta = self.meta(row, effective);
        let mut waiting = self.patience.begin();
        loop {
            if let Err(stop) = self.open(commands, aggregate, command, &meta).await {
                return Err(RowFault::Stop(stop));
            }
            let error = match self.attempt(commands, aggregate, command, &meta).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            match waiting.after(error).await {
                Ok(()) => {}
                Err(Verdict::Refused(refusal)) => return refused(refusal),
                Err(Verdict::Reject(detail)) => return Err(row.reject(detail).into()),
                Err(Verdict::Stop(stop)) => return Err(RowFault::Stop(stop)),
                Err(Verdict::Again(reason)) => return Err(RowFault::Stop(Stop::for_now(reason))),
            }
        }
    }

    /// Begins to wait for what a row needs before its command, for as long as a command is tried.
    pub fn waiting(&self) -> Waiting {
        self.patience.begin()
    }

    /// What comes with the command of a row.
    pub fn meta(&self, row: &Row, effective: Option<Day>) -> CommandMeta {
        let mut meta = CommandMeta::new(self.command.part(row.part()), self.clock.now(), self.by.clone());
        meta.correlation_id = Some(self.job.id);
        match effective {
            Some(day) => meta.effective(day),
            None => meta,
        }
    }

    /// Records that the import begins, if this is the first command that would record anything. A command that cannot
    /// be rehearsed now may record something.
    async fn open<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        aggregate: &AggregateId,
        command: &A::Command,
        meta: &CommandMeta,
    ) -> Result<(), Stop> {
        let Some(opening) = self.opening.as_ref().filter(|opening| !opening.is_recorded.initialized()) else {
            return Ok(());
        };
        if self.job.mode == Mode::DryRun {
            return Ok(());
        }
        match commands.rehearse(aggregate, command, meta).await {
            Ok(None) | Err(CommandError::Refused(_)) => Ok(()),
            Ok(Some(_)) | Err(_) => opening.record(self.patience).await,
        }
    }

    async fn attempt<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        aggregate: &AggregateId,
        command: &A::Command,
        meta: &CommandMeta,
    ) -> Result<RowOutcome, CommandError<A::Refusal>> {
        use crate::command::Outcome;
        match self.job.mode {
            Mode::DryRun => Ok(match commands.rehearse(aggregate, command, meta).await? {
                Some(_) => RowOutcome::Recorded(None),
                None => RowOutcome::Unchanged(None),
            }),
            Mode::Write => Ok(match commands.execute(aggregate, command, meta).await? {
                Outcome::Recorded(position, _) => RowOutcome::Recorded(Some(position)),
                Outcome::Unchanged(position) => RowOutcome::Unchanged(Some(position)),
            }),
        }
    }
}

/// What to do about a command that came to nothing.
pub(super) enum Verdict<R> {
    Refused(R),
    Reject(String),
    Again(String),
    Stop(Stop),
}

fn what_to_do<R: std::error::Error>(error: CommandError<R>) -> Verdict<R> {
    let text = error.to_string();
    match error {
        CommandError::Refused(refusal) => Verdict::Refused(refusal),
        CommandError::OtherContent(_) | CommandError::Append(AppendError::TooLarge { .. }) => {
            Verdict::Reject(text)
        }
        CommandError::NoLonger => Verdict::Stop(Stop::for_now(text)),
        // A write whose outcome is unknown is given again under the same id: it lands once.
        CommandError::Busy
        | CommandError::Append(
            AppendError::Conflict { .. }
            | AppendError::Unreachable { .. }
            | AppendError::OutcomeUnknown { .. },
        )
        | CommandError::Read(ReadError::Unreachable { .. }) => Verdict::Again(text),
        CommandError::Append(AppendError::Full { .. } | AppendError::Refused { .. })
        | CommandError::Read(ReadError::Damaged { .. })
        | CommandError::Encode(_) => Verdict::Stop(Stop::until_mended(text)),
    }
}
