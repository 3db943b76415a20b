//! From a body of bytes to a report.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use proto::{Day, OdsCode};
use uuid::Uuid;

use super::{
    columns::{Columns, FirstRow, Resolved, Widths, is_title, quote},
    dates::{DatedColumns, Later, later_than_file},
    give::{Giving, RowFault, RowOutcome, Stop},
    progress::{Progress, State},
    record::{ImportEvents, ImportRecords},
    report::{Report, RowProblem},
    row::Row,
    rows::{Item, RawRow, RowReader},
    source::Source,
    tally::Tally,
    text::FileFault,
};
use crate::problem::Problem;

/// The most rows worked on at the same time.
pub const IN_FLIGHT_MAX: usize = 256;

/// The most rows that wait for another row of the same aggregate.
const WAITING_MAX: usize = 512;

/// The most rows of a file. Each leaves sixteen bytes behind, to know a duplicate by; the largest
/// national file has some fifty thousand rows.
pub const ROWS_MAX: u64 = 1_000_000;

/// How much of a body is read and dropped so that its sender can read why it was refused.
const DRAIN_MAX_BYTES: usize = 64 * 1024 * 1024;

/// How long that may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether an import writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Write,
    /// It only says what it would write.
    DryRun,
}

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The id of the import; the same id repeats the same commands.
    pub id: Uuid,
    /// What sort of file.
    pub kind: &'static str,
    /// The date of the file.
    pub as_of: Option<Day>,
    /// Whether it writes.
    pub mode: Mode,
}

/// What rows of a sort of file look like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Which column is which.
    pub columns: Columns,
    /// Why the first row of data shows a file of another sort; the whole file is then refused.
    pub wrong_file: fn(&Row) -> Option<String>,
    /// The columns that name the aggregate a row is about: such rows are applied one by one, in
    /// the order of the file.
    pub aggregate: &'static [usize],
    /// The columns that no two rows of a file may agree in. Compared without regard to case.
    pub unique: &'static [usize],
    /// The columns with days that the date of the file bounds.
    pub dates: DatedColumns,
}

/// A file that was read to its end.
#[derive(Debug)]
pub(super) struct Summary {
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    pub rows: u64,
    pub recorded: u64,
    pub skipped: BTreeMap<String, u64>,
    pub rejected: u64,
    /// The organisations of the rows that said nothing new.
    pub unchanged: Vec<OdsCode>,
    /// The organisations of the rows that were not accepted.
    pub unread: Vec<OdsCode>,
}

/// Reads a whole body and applies its rows. Row problems go into the report; an error says that
/// the file was refused, or that the import came to a halt and how far it was.
pub async fn run<B, E, F, Fut>(
    job: &Job,
    shape: &Shape,
    progress: Arc<Progress>,
    mut body: B,
    apply: F,
) -> Result<Report, Problem>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
    F: Fn(Row) -> Fut,
    Fut: Future<Output = Result<RowOutcome, RowFault>>,
{
    // Where the request is dropped, no one comes back to say so.
    let watched = EndsInterrupted(&progress);
    let mut tally = Tally::new(job, watched.0);
    read_to_end(&mut tally, shape, &mut body, apply).await?;
    Ok(tally.finished())
}

/// The same, and records at the end that the file was read.
pub async fn run_recorded<B, E, F, Fut, V>(
    giving: &Giving,
    records: &ImportRecords<V>,
    shape: &Shape,
    progress: Arc<Progress>,
    mut body: B,
    apply: F,
) -> Result<Report, Problem>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
    F: Fn(Row) -> Fut,
    Fut: Future<Output = Result<RowOutcome, RowFault>>,
    V: ImportEvents,
{
    let (job, by, patience) = giving.parts();
    let watched = EndsInterrupted(&progress);
    if let Err(problem) = records.need_standing(job.id) {
        watched.0.fail(State::Refused, problem.detail.clone());
        drain(&mut body).await;
        return Err(problem);
    }
    let mut tally = Tally::new(job, watched.0);
    let sha256 = read_to_end(&mut tally, shape, &mut body, apply).await?;
    // Withdrawn while it ran.
    records.need_standing(job.id)?;
    tally.unchanged.extend(giving.unchanged());
    if job.mode == Mode::Write {
        match records.finish(job, by.clone(), tally.summary(sha256), patience).await {
            Ok(position) => tally.last_position = tally.last_position.max(position),
            Err(stop) => return Err(halted(Halt::Stop(stop), &tally, &mut body).await),
        }
    }
    Ok(tally.finished())
}

/// Applies every row of a body, and gives the SHA-256 of its bytes.
async fn read_to_end<B, E, F, Fut>(
    tally: &mut Tally<'_>,
    shape: &Shape,
    body: &mut B,
    apply: F,
) -> Result<String, Problem>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
    F: Fn(Row) -> Fut,
    Fut: Future<Output = Result<RowOutcome, RowFault>>,
{
    match read_all(tally, shape, body, apply).await {
        Ok(sha256) => Ok(sha256),
        Err(halt) => Err(halted(halt, tally, body).await),
    }
}

/// Says that an import came to a halt, and lets its sender end.
async fn halted<B, E>(halt: Halt, tally: &Tally<'_>, body: &mut B) -> Problem
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let (state, problem) = match halt {
        Halt::File(fault) => (State::Refused, Problem::bad_input(fault.to_string())),
        Halt::Body(reason) => {
            let so_far = tally.so_far();
            let detail = format!("the upload broke off ({reason}); {so_far}");
            (State::Interrupted, Problem::bad_input(detail))
        }
        Halt::TooManyRows => {
            let detail = format!("a file may have up to {ROWS_MAX} rows; {}", tally.so_far());
            (State::Stopped, Problem::bad_input(detail))
        }
        Halt::Stop(stop) => {
            let detail = format!("{}; {}", stop.reason, tally.so_far());
            let seconds = stop.again_after.as_secs().try_into().unwrap_or(u32::MAX);
            (State::Stopped, Problem::unavailable(detail).retry_after(seconds))
        }
    };
    let Job { id, kind, .. } = tally.job;
    tracing::warn!(import = %id, kind, ?state, reason = problem.detail, "an import did not finish");
    tally.progress.fail(state, problem.detail.clone());
    drain(body).await;
    problem
}

/// Reads what is left of a body and drops it, within limits: a sender that still sends does not
/// read the answer.
pub async fn drain<B, E>(body: &mut B)
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let rest = async {
        let mut bytes = 0;
        while let Some(Ok(chunk)) = body.next().await {
            bytes += chunk.len();
            if bytes > DRAIN_MAX_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
}

/// Why not all rows were read.
pub(super) enum Halt {
    File(FileFault),
    Body(String),
    TooManyRows,
    Stop(Stop),
}

struct EndsInterrupted<'a>(&'a Progress);

impl Drop for EndsInterrupted<'_> {
    fn drop(&mut self) {
        if self.0.state() == State::Running {
            self.0.fail(State::Interrupted, "the request ended before the file did; the rows so far stand");
        }
    }
}

async fn read_all<B, E, F, Fut>(
    tally: &mut Tally<'_>,
    shape: &Shape,
    body: &mut B,
    apply: F,
) -> Result<String, Halt>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
    F: Fn(Row) -> Fut,
    Fut: Future<Output = Result<RowOutcome, RowFault>>,
{
    let mut source = Source::of(body, tally.progress);
    let mut file = OpenFile::new(shape);
    // A row of its own aggregate each; the number tells which.
    let start = |aggregate: u64, row: Row| {
        let code: Option<OdsCode> = shape.aggregate.first().and_then(|column| row.parse(*column).ok());
        apply(row).map(move |end| (aggregate, code, end))
    };
    let mut in_flight = FuturesUnordered::new();
    let mut queues = Queues::default();
    let mut halt: Option<Halt> = None;
    let mut reading = true;
    while reading || !in_flight.is_empty() {
        let may_read = reading && in_flight.len() < IN_FLIGHT_MAX && queues.waiting < WAITING_MAX;
        // The work in flight first: it frees room, and a fast sender must not starve it.
        tokio::select! {
            biased;
            Some((aggregate, code, end)) = in_flight.next(), if !in_flight.is_empty() => {
                match end {
                    Err(RowFault::Stop(stop)) => {
                        reading = false;
                        halt.get_or_insert(Halt::Stop(stop));
                    }
                    Ok(outcome) => tally.outcome(outcome, code),
                    Err(RowFault::Rejected(problem)) => {
                        tally.unread.extend(code);
                        tally.rejected(problem);
                    }
                }
                let next = queues.done(aggregate);
                if let Some(row) = next.filter(|_| halt.is_none()) {
                    in_flight.push(start(aggregate, row));
                }
            }
            item = source.next(), if may_read => {
                let row = match item {
                    Ok(Some(item)) => file.take(item, &mut source.reader, tally),
                    Ok(None) => { reading = false; file.ended().map(|()| None) }
                    Err(error) => Err(error),
                };
                match row {
                    Ok(None) => {}
                    Ok(Some((aggregate, row))) => {
                        if let Some(row) = queues.enter(aggregate, row) {
                            in_flight.push(start(aggregate, row));
                        }
                    }
                    Err(error) => {
                        reading = false;
                        halt.get_or_insert(error);
                    }
                }
            }
        }
    }
    match halt {
        Some(halt) => Err(halt),
        None => Ok(source.sha256()),
    }
}

/// The most lines of a title above the first row of the layout.
const TITLE_LINES_MAX: usize = 5;

/// Lines above the first row of the layout.
struct Above {
    /// Why the first of them is not a row of the layout.
    fault: FileFault,
    lines: Vec<String>,
}

/// What is known of the file so far.
struct OpenFile<'a> {
    shape: &'a Shape,
    columns: Option<Arc<Resolved>>,
    /// What stands above the first row of the layout, if something does.
    above: Option<Above>,
    first_data: bool,
    seen: HashMap<u64, u64>,
    hasher: RandomState,
    rows: u64,
}

impl<'a> OpenFile<'a> {
    fn new(shape: &'a Shape) -> Self {
        Self {
            shape,
            columns: None,
            above: None,
            first_data: true,
            seen: HashMap::new(),
            hasher: RandomState::new(),
            rows: 0,
        }
    }

    /// The row to be applied, with the number of its aggregate; none where it is a heading or has
    /// been rejected.
    fn take(
        &mut self,
        item: Item,
        reader: &mut RowReader,
        tally: &mut Tally<'_>,
    ) -> Result<Option<(u64, Row)>, Halt> {
        let raw = match item {
            Item::Row(raw) => raw,
            Item::Bad(problem) if self.columns.is_none() && self.above.is_none() => {
                return Err(Halt::File(FileFault::Layout {
                    found: format!("its first row cannot be read ({})", problem.detail),
                    accepted: "CSV, one record a line".to_owned(),
                }));
            }
            Item::Bad(problem) => {
                tally.row();
                tally.rejected(problem);
                return Ok(None);
            }
        };
        let columns = match &self.columns {
            Some(columns) => columns.clone(),
            None => match self.open(&raw, reader, tally)? {
                Some(columns) => columns,
                None => return Ok(None),
            },
        };
        let row = Row::new(raw, columns);
        if std::mem::take(&mut self.first_data)
            && let Some(found) = (self.shape.wrong_file)(&row)
        {
            let accepted = "see the kinds of file and their layouts in /api/v1/openapi.json".to_owned();
            return Err(Halt::File(FileFault::Layout { found, accepted }));
        }
        self.rows += 1;
        if self.rows > ROWS_MAX {
            return Err(Halt::TooManyRows);
        }
        tally.row();
        tally.cleaned(&row);
        if let Some(problem) = self.duplicate(&row) {
            tally.rejected(problem);
            return Ok(None);
        }
        if let Some(as_of) = tally.job.as_of {
            match later_than_file(&row, as_of, self.shape.dates) {
                Later::No => {}
                Later::Somewhat(example) => tally.later(example),
                Later::Far(problem, example) => {
                    tally.later(example);
                    tally.rejected(problem);
                    return Ok(None);
                }
            }
        }
        Ok(Some((self.number(&row, self.shape.aggregate), row)))
    }

    /// Finds the layout in the first row; none where that is a heading, or a title above it.
    fn open(
        &mut self,
        raw: &RawRow,
        reader: &mut RowReader,
        tally: &mut Tally<'_>,
    ) -> Result<Option<Arc<Resolved>>, Halt> {
        let (columns, Widths { usual, fewest }, heading) = match self.shape.columns.resolve(raw) {
            Ok(FirstRow::Heading(columns, widths)) => (columns, widths, true),
            Ok(FirstRow::Data(columns, widths)) => (columns, widths, false),
            Err(fault) => {
                let above = self.above.get_or_insert_with(|| Above { fault, lines: Vec::new() });
                let is_above = self.shape.columns.tell_titles() && is_title(raw);
                if !is_above || above.lines.len() == TITLE_LINES_MAX {
                    return Err(Halt::File(above.fault.clone()));
                }
                above.lines.push(quote(raw));
                return Ok(None);
            }
        };
        if let Some(above) = self.above.take() {
            let lines = above.lines.join(", ");
            tally.notes.push(format!("lines above the first row of the layout were left out: {lines}"));
        }
        reader.expect_widths(usual);
        reader.allow_dropped(fewest);
        self.columns = Some(columns.clone());
        Ok(if heading { None } else { Some(columns) })
    }

    fn duplicate(&mut self, row: &Row) -> Option<RowProblem> {
        let (first, rest) = self.shape.unique.split_first()?;
        if row.get(*first).is_empty() {
            return None;
        }
        let number = self.number(row, self.shape.unique);
        match self.seen.entry(number) {
            Entry::Vacant(free) => {
                free.insert(row.line());
                None
            }
            Entry::Occupied(taken) => {
                let same = if rest.is_empty() { "the same code stands" } else { "the same stands" };
                let detail = format!("{same} on line {} already; the first one counts", taken.get());
                Some(row.wrong(*first, detail))
            }
        }
    }

    fn number(&self, row: &Row, columns: &[usize]) -> u64 {
        let key: Vec<String> = columns.iter().map(|column| row.get(*column).to_uppercase()).collect();
        self.hasher.hash_one(key)
    }

    fn ended(&self) -> Result<(), Halt> {
        match (&self.columns, &self.above) {
            (Some(_), _) => Ok(()),
            (None, Some(above)) => Err(Halt::File(above.fault.clone())),
            (None, None) => Err(Halt::File(FileFault::Empty)),
        }
    }
}

/// Rows of an aggregate one after the other.
#[derive(Default)]
struct Queues {
    by_aggregate: HashMap<u64, VecDeque<Row>>,
    waiting: usize,
}

impl Queues {
    /// The row, if it can start at once.
    fn enter(&mut self, aggregate: u64, row: Row) -> Option<Row> {
        match self.by_aggregate.entry(aggregate) {
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                Some(row)
            }
            Entry::Occupied(mut busy) => {
                busy.get_mut().push_back(row);
                self.waiting += 1;
                None
            }
        }
    }

    /// A row is done; the next of its aggregate.
    fn done(&mut self, aggregate: u64) -> Option<Row> {
        let next = self.by_aggregate.get_mut(&aggregate)?.pop_front();
        match &next {
            Some(_) => self.waiting -= 1,
            None => {
                self.by_aggregate.remove(&aggregate);
            }
        }
        next
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
