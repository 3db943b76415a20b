//! From a body of bytes to a report.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use proto::{Day, EventHash, OdsCode, Position};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    columns::{Columns, FirstRow, Resolved, Widths, is_title, quote},
    dates::{DatedColumns, EXAMPLES_MAX, Later, later_than_file},
    give::{Giving, RowFault, RowOutcome, Stop},
    progress::{Progress, State},
    record::{ImportEvents, ImportRecords},
    report::{PROBLEMS_MAX, Report, RowProblem},
    row::Row,
    rows::{Item, Next, RawRow, RowReader},
    text::FileFault,
    zipped::{Check, Packed, Unpacking, check_size, is_zip},
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
    match read_all(&mut tally, shape, &mut body, apply).await {
        Ok(_) => Ok(tally.finished()),
        Err(halt) => Err(halted(halt, &tally, &mut body).await),
    }
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
    let mut tally = Tally::new(job, watched.0);
    let sha256 = match read_all(&mut tally, shape, &mut body, apply).await {
        Ok(sha256) => sha256,
        Err(halt) => return Err(halted(halt, &tally, &mut body).await),
    };
    tally.unchanged.extend(giving.unchanged());
    if job.mode == Mode::Write {
        match records.finish(job, by.clone(), tally.summary(sha256), patience).await {
            Ok(position) => tally.last_position = tally.last_position.max(position),
            Err(stop) => return Err(halted(Halt::Stop(stop), &tally, &mut body).await),
        }
    }
    Ok(tally.finished())
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
enum Halt {
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
    let mut source = Source {
        reader: RowReader::new(),
        body,
        progress: tally.progress,
        hash: Sha256::new(),
        wrapping: Wrapping::NotKnown(BytesMut::new()),
    };
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
        None => Ok(EventHash::from_bytes(source.hash.finalize().into()).to_string()),
    }
}

/// Rows out of a body.
struct Source<'a, B> {
    reader: RowReader,
    body: &'a mut B,
    progress: &'a Progress,
    /// Of the bytes as they came, packed or not.
    hash: Sha256,
    wrapping: Wrapping,
}

/// Whether the rows come in a zip archive, and how far it is unpacked.
enum Wrapping {
    /// Too few bytes to tell.
    NotKnown(BytesMut),
    /// They do not.
    None,
    /// The archive so far.
    Zip(BytesMut),
    /// The file in it is looked at before its first row is read.
    Checking(Box<Check>),
    /// Its rows are read.
    Unpacking(Box<Unpacking>),
}

impl<B, E> Source<'_, B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    /// The next record; none at the end. Loses nothing when it is dropped half-way.
    async fn next(&mut self) -> Result<Option<Item>, Halt> {
        loop {
            match self.reader.next() {
                Next::Item(item) => return Ok(Some(item)),
                Next::End => return Ok(None),
                Next::More => {}
            }
            if self.unpack().map_err(Halt::File)? {
                // Others want the processor, too.
                tokio::task::yield_now().await;
                continue;
            }
            match self.body.next().await {
                Some(Ok(chunk)) => {
                    Progress::add(&self.progress.bytes, chunk.len() as u64);
                    self.hash.update(&chunk);
                    self.take(chunk).map_err(Halt::File)?;
                }
                Some(Err(error)) => return Err(Halt::Body(error.to_string())),
                None => self.ended().map_err(Halt::File)?,
            }
        }
    }

    /// Takes bytes as they came.
    fn take(&mut self, chunk: Bytes) -> Result<(), FileFault> {
        match &mut self.wrapping {
            Wrapping::NotKnown(first) => {
                first.extend_from_slice(&chunk);
                let Some(zipped) = is_zip(first) else { return Ok(()) };
                let first = std::mem::take(first);
                if zipped {
                    check_size(first.len())?;
                    self.wrapping = Wrapping::Zip(first);
                    return Ok(());
                }
                self.wrapping = Wrapping::None;
                self.reader.push(first.freeze())
            }
            Wrapping::Zip(archive) => {
                check_size(archive.len() + chunk.len())?;
                archive.extend_from_slice(&chunk);
                Ok(())
            }
            Wrapping::None | Wrapping::Checking(_) | Wrapping::Unpacking(_) => self.reader.push(chunk),
        }
    }

    /// The body has ended.
    fn ended(&mut self) -> Result<(), FileFault> {
        match std::mem::replace(&mut self.wrapping, Wrapping::None) {
            Wrapping::NotKnown(first) => {
                self.reader.push(first.freeze())?;
                self.reader.finish()
            }
            Wrapping::Zip(archive) => {
                let check = Packed::find(&archive.freeze())?.check();
                self.wrapping = Wrapping::Checking(Box::new(check));
                Ok(())
            }
            Wrapping::None | Wrapping::Checking(_) | Wrapping::Unpacking(_) => self.reader.finish(),
        }
    }

    /// Goes a step on with what is in an archive; false where there is none, or not yet.
    fn unpack(&mut self) -> Result<bool, FileFault> {
        match &mut self.wrapping {
            Wrapping::NotKnown(_) | Wrapping::None | Wrapping::Zip(_) => return Ok(false),
            Wrapping::Checking(check) => {
                if check.step()?
                    && let Wrapping::Checking(check) = std::mem::replace(&mut self.wrapping, Wrapping::None)
                {
                    self.wrapping = Wrapping::Unpacking(Box::new(check.into_content()));
                }
            }
            Wrapping::Unpacking(content) => {
                let piece = content.next()?;
                if piece.is_empty() {
                    self.wrapping = Wrapping::None;
                    self.reader.finish()?;
                } else {
                    self.reader.push(piece)?;
                }
            }
        }
        Ok(true)
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

/// Counts.
struct Tally<'a> {
    progress: &'a Progress,
    job: &'a Job,
    began: Instant,
    skipped: BTreeMap<&'static str, u64>,
    problems: Vec<RowProblem>,
    last_position: Option<Position>,
    counts: Counts,
    /// What is worth saying of the whole file.
    notes: Vec<String>,
    /// How many rows held characters that do not show, and the first of these rows.
    cleaned: (u64, Option<String>),
    unchanged: Vec<OdsCode>,
    unread: Vec<OdsCode>,
    /// Rows that tell of days after the date of the file, and the first of them.
    later: (u64, Vec<String>),
}

#[derive(Default)]
struct Counts {
    rows: u64,
    recorded: u64,
    unchanged: u64,
    rejected: u64,
}

impl<'a> Tally<'a> {
    fn new(job: &'a Job, progress: &'a Progress) -> Self {
        Self {
            progress,
            job,
            began: Instant::now(),
            skipped: BTreeMap::new(),
            problems: Vec::new(),
            last_position: None,
            counts: Counts::default(),
            notes: Vec::new(),
            cleaned: (0, None),
            unchanged: Vec::new(),
            unread: Vec::new(),
            later: (0, Vec::new()),
        }
    }

    /// Counts a row out of which characters that do not show were taken.
    fn cleaned(&mut self, row: &Row) {
        if let Some(removed) = row.removed() {
            self.cleaned.0 += 1;
            self.cleaned.1.get_or_insert_with(|| format!("{removed} on line {}", row.line()));
        }
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        if let (count, Some(first)) = &self.cleaned {
            notes.push(format!(
                "characters that do not show were removed from {count} rows, the first {first}"
            ));
        }
        notes
    }

    fn later(&mut self, example: String) {
        let (count, examples) = &mut self.later;
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            examples.push(example);
        }
    }

    /// That rows tell of days after the date of the file.
    fn contradictions(&self) -> Vec<String> {
        let (count, examples) = &self.later;
        let (Some(as_of), 1..) = (self.job.as_of, *count) else { return Vec::new() };
        let withdraw = match self.job.mode {
            Mode::Write => {
                format!("; if so, withdraw this import (oversight imports withdraw {})", self.job.id)
            }
            Mode::DryRun => String::new(),
        };
        vec![format!(
            "{count} {} of things after the date of the file, {} ({}). Is the date right? A file of another date makes \
             figures of other days wrong{withdraw}",
            if *count == 1 { "row tells" } else { "rows tell" },
            as_of.long(),
            examples.join("; "),
        )]
    }

    fn summary(&mut self, sha256: String) -> Summary {
        Summary {
            sha256,
            rows: self.counts.rows,
            recorded: self.counts.recorded,
            skipped: self.skipped_by_reason(),
            rejected: self.counts.rejected,
            unchanged: std::mem::take(&mut self.unchanged),
            unread: std::mem::take(&mut self.unread),
        }
    }

    fn skipped_by_reason(&self) -> BTreeMap<String, u64> {
        self.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
    }

    fn row(&mut self) {
        self.counts.rows += 1;
        Progress::add(&self.progress.rows, 1);
    }

    fn outcome(&mut self, outcome: RowOutcome, code: Option<OdsCode>) {
        match outcome {
            RowOutcome::Recorded(position) => {
                self.counts.recorded += 1;
                Progress::add(&self.progress.recorded, 1);
                self.last_position = self.last_position.max(position);
            }
            RowOutcome::Unchanged(position) => {
                self.counts.unchanged += 1;
                Progress::add(&self.progress.unchanged, 1);
                self.unchanged.extend(code);
                self.last_position = self.last_position.max(position);
            }
            RowOutcome::Skipped(reason) => {
                *self.skipped.entry(reason).or_default() += 1;
                Progress::add(&self.progress.skipped, 1);
            }
        }
    }

    fn rejected(&mut self, problem: RowProblem) {
        self.counts.rejected += 1;
        Progress::add(&self.progress.rejected, 1);
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    fn so_far(&self) -> String {
        let Counts { recorded, unchanged, .. } = &self.counts;
        match self.job.mode {
            Mode::Write => format!(
                "{recorded} rows were recorded and {unchanged} said nothing new. \
                 Import the file again: rows that are in are not written twice"
            ),
            Mode::DryRun => "nothing was written, as this was a dry run. Try again".to_owned(),
        }
    }

    /// The report of an import that is finished.
    fn finished(&mut self) -> Report {
        let report = self.report();
        tracing::info!(
            import = %self.job.id, kind = self.job.kind, rows = report.rows, recorded = report.recorded,
            rejected = report.rejected, duration_ms = report.duration_ms, "an import is finished"
        );
        self.progress.finish(report.clone());
        report
    }

    fn report(&mut self) -> Report {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|problem| problem.line);
        let mut warnings = self.notes();
        warnings.extend(self.contradictions());
        let (not_understood, not_understood_rows) = self.progress.texts();
        Report {
            id: self.job.id,
            kind: self.job.kind.to_owned(),
            as_of: self.job.as_of,
            dry_run: self.job.mode == Mode::DryRun,
            rows: self.counts.rows,
            recorded: self.counts.recorded,
            unchanged: self.counts.unchanged,
            skipped: self.skipped_by_reason(),
            rejected: self.counts.rejected,
            problems,
            warnings,
            not_understood,
            not_understood_rows,
            last_position: self.last_position,
            duration_ms: self.began.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
        }
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
