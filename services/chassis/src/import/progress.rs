//! How far the imports of this process are.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{extract::FromRequestParts, http::request::Parts};
use parking_lot::Mutex;
use proto::{Actor, Role};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    drive::Job,
    not_understood::{TextCount, Texts},
    report::Report,
};
use crate::{access::Viewer, ids, problem::Problem};

/// The most imports remembered; the oldest that has ended is forgotten first.
pub const IMPORTS_MAX: usize = 64;

/// The most imports at the same time.
pub const RUNNING_MAX: usize = 8;

/// The id of an import, chosen by the client in the header `Import-Id` so that it can ask how far
/// the import is, and repeat the request; a new one where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for ImportId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("import-id") else { return Ok(Self(ids::fresh())) };
        value
            .to_str()
            .ok()
            .and_then(|text| Uuid::parse_str(text.trim()).ok())
            .map(Self)
            .ok_or_else(|| Problem::bad_input("the header Import-Id is a UUID").at("Import-Id", "not a UUID"))
    }
}

/// How an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Rows are being read.
    Running,
    /// All rows are read; the report says what came of them.
    Finished,
    /// The upload broke off; the rows so far stand.
    Interrupted,
    /// Something this service needs failed; the rows so far stand.
    Stopped,
    /// The file as a whole is not accepted; nothing was written.
    Refused,
}

impl State {
    /// Its name, as in answers.
    pub const fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Finished => "finished",
            State::Interrupted => "interrupted",
            State::Stopped => "stopped",
            State::Refused => "refused",
        }
    }
}

/// The counters of one import, read while it runs.
#[derive(Debug)]
pub struct Progress {
    job: Job,
    pub(super) bytes: AtomicU64,
    pub(super) rows: AtomicU64,
    pub(super) recorded: AtomicU64,
    pub(super) unchanged: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) rejected: AtomicU64,
    texts: Mutex<Texts>,
    end: Mutex<End>,
}

#[derive(Debug)]
struct End {
    state: State,
    problem: Option<String>,
    report: Option<Report>,
}

/// The counters as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProgressView {
    /// The id of the import.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// What sort of file.
    pub kind: String,
    /// How it stands.
    pub state: State,
    /// Bytes read.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows that led to an event.
    pub recorded: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Rows of no concern here.
    pub skipped: u64,
    /// Rows that were not accepted.
    pub rejected: u64,
    /// Why it did not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What came of it, once finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl Progress {
    /// Nothing read yet. Imports that others may ask after are begun with [`Imports::begin`].
    pub fn new(job: &Job) -> Self {
        Self {
            job: job.clone(),
            bytes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            recorded: AtomicU64::new(0),
            unchanged: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            texts: Mutex::default(),
            end: Mutex::new(End { state: State::Running, problem: None, report: None }),
        }
    }

    /// How it stands.
    pub fn state(&self) -> State {
        self.end.lock().state
    }

    /// Counts a row with a text that is kept as received and not understood.
    pub fn not_understood(&self, text: &str) {
        self.texts.lock().count(text);
    }

    /// The texts that are not understood, and the number of rows that carry one.
    pub(super) fn texts(&self) -> (Vec<TextCount>, u64) {
        let texts = self.texts.lock();
        (texts.listed(), texts.total())
    }

    /// The counters now.
    pub fn view(&self) -> ProgressView {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let end = self.end.lock();
        ProgressView {
            id: self.job.id,
            kind: self.job.kind.to_owned(),
            state: end.state,
            bytes: read(&self.bytes),
            rows: read(&self.rows),
            recorded: read(&self.recorded),
            unchanged: read(&self.unchanged),
            skipped: read(&self.skipped),
            rejected: read(&self.rejected),
            problem: end.problem.clone(),
            report: end.report.clone(),
        }
    }

    pub(super) fn finish(&self, report: Report) {
        {
            let mut end = self.end.lock();
            end.state = State::Finished;
            end.report = Some(report);
        }
        self.count_end(State::Finished);
    }

    pub(super) fn fail(&self, state: State, problem: impl Into<String>) {
        {
            let mut end = self.end.lock();
            end.state = state;
            end.problem = Some(problem.into());
        }
        self.count_end(state);
    }

    /// Adds an import that ended, and its rows, to the figures of the process.
    fn count_end(&self, state: State) {
        let kind = self.job.kind;
        metrics::counter!("oversight_imports_total", "kind" => kind, "outcome" => state.name()).increment(1);
        let rows = [("recorded", &self.recorded), ("unchanged", &self.unchanged), ("skipped", &self.skipped)];
        for (outcome, rows) in rows.into_iter().chain([("rejected", &self.rejected)]) {
            metrics::counter!("oversight_import_rows_total", "kind" => kind, "outcome" => outcome)
                .increment(rows.load(Ordering::Relaxed));
        }
    }

    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// The imports of a process that are running or ended lately. Each is known to whoever began it, and to
/// administrators: a report quotes what stands in the file. The same id of another is another import.
#[derive(Debug, Clone, Default)]
pub struct Imports {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    count: u64,
    imports: FxHashMap<(Uuid, Actor), (u64, Arc<Progress>)>,
}

/// Whose import is asked after.
#[derive(Debug, Clone, Copy)]
enum Whose<'a> {
    /// The one that someone began.
    Of(&'a Actor),
    /// Whoever began it.
    Anybodys,
}

impl Imports {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that someone's import begins. One of theirs whose id is running already is refused; one whose
    /// id has ended may run again.
    pub fn begin(&self, job: &Job, by: &Actor) -> Result<Arc<Progress>, Problem> {
        let mut known = self.known.lock();
        let running = |progress: &Progress| progress.state() == State::Running;
        let this = (job.id, by.clone());
        if known.imports.get(&this).is_some_and(|(_, progress)| running(progress)) {
            return Err(Problem::refused("import-running", format!("the import {} is running", job.id))
                .retry_after(5));
        }
        if known.imports.values().filter(|(_, progress)| running(progress)).count() >= RUNNING_MAX {
            return Err(Problem::unavailable(format!("{RUNNING_MAX} imports are running already")));
        }
        while known.imports.len() >= IMPORTS_MAX {
            let oldest = known
                .imports
                .iter()
                .filter(|(_, (_, progress))| !running(progress))
                .min_by_key(|(_, (number, _))| *number)
                .map(|(whose, _)| whose.clone());
            let Some(oldest) = oldest else { break };
            known.imports.remove(&oldest);
        }
        let progress = Arc::new(Progress::new(job));
        known.count += 1;
        let number = known.count;
        known.imports.insert(this, (number, progress.clone()));
        Ok(progress)
    }

    /// The progress of an import, for whoever began it; for administrators that of anyone's.
    pub fn get(&self, id: Uuid, viewer: &Viewer) -> Result<ProgressView, Problem> {
        let sees_all = viewer.holder().is_some_and(|holder| holder.role == Role::Administrator);
        let actor = viewer.by(None).actor;
        self.find(id, if sees_all { Whose::Anybodys } else { Whose::Of(&actor) })
    }

    fn find(&self, id: Uuid, whose: Whose<'_>) -> Result<ProgressView, Problem> {
        let known = self.known.lock();
        let is_it = |(other, by): &(Uuid, Actor)| {
            let is_theirs = match whose {
                Whose::Of(actor) => actor == by,
                Whose::Anybodys => true,
            };
            *other == id && is_theirs
        };
        let found = known.imports.iter().filter(|(key, _)| is_it(key));
        let newest = found.max_by_key(|(_, (number, _))| *number).map(|(_, (_, progress))| progress.view());
        newest.ok_or_else(|| {
            Problem::not_found(format!(
                "no import {id} of yours is known here; the last {IMPORTS_MAX} since the start of the process are"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::Mode;
    use super::*;

    fn job(number: u128) -> Job {
        Job { id: Uuid::from_u128(number), kind: "practices", as_of: None, mode: Mode::Write }
    }

    #[test]
    fn the_same_import_does_not_run_twice_at_once_but_may_run_again() {
        let imports = Imports::new();
        let by = Actor::system("test");
        let first = imports.begin(&job(1), &by).unwrap();
        assert_eq!(imports.begin(&job(1), &by).unwrap_err().status, 409);
        first.fail(State::Interrupted, "cut off");
        assert!(imports.begin(&job(1), &by).is_ok());
    }

    #[test]
    fn an_import_is_known_to_whoever_began_it() {
        let imports = Imports::new();
        let [one, other, third] = ["one", "other", "third"].map(Actor::system);
        let id = job(1).id;
        imports.begin(&job(1), &one).unwrap().fail(State::Refused, "one's");
        imports.begin(&job(1), &other).unwrap().fail(State::Refused, "other's");
        let told = |whose| imports.find(id, whose).map(|view| view.problem.unwrap_or_default());
        assert_eq!(told(Whose::Of(&one)).unwrap(), "one's");
        assert_eq!(told(Whose::Of(&other)).unwrap(), "other's");
        assert_eq!(told(Whose::Of(&third)).unwrap_err().status, 404);
        assert_eq!(told(Whose::Anybodys).unwrap(), "other's", "the newest of this id");
    }

    #[test]
    fn old_imports_are_forgotten_and_running_ones_are_not() {
        let imports = Imports::new();
        let by = Actor::system("test");
        let running = imports.begin(&job(0), &by).unwrap();
        for number in 1..=200 {
            imports.begin(&job(number), &by).unwrap().fail(State::Refused, "no");
        }
        assert_eq!(imports.known.lock().imports.len(), IMPORTS_MAX);
        let state = |number| imports.find(Uuid::from_u128(number), Whose::Of(&by)).map(|view| view.state);
        assert_eq!(state(0).unwrap(), State::Running);
        assert_eq!(state(1).unwrap_err().status, 404);
        drop(running);
    }
}
