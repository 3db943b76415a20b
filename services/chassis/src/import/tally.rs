//! What came of the rows of a file, counted as they are read.

use std::{collections::BTreeMap, time::Instant};

use proto::{OdsCode, Position};

use super::{
    dates::EXAMPLES_MAX,
    drive::{Job, Mode, Summary},
    give::RowOutcome,
    progress::Progress,
    report::{PROBLEMS_MAX, Report, RowProblem},
    row::Row,
};

/// Counts.
pub(super) struct Tally<'a> {
    pub progress: &'a Progress,
    pub job: &'a Job,
    began: Instant,
    skipped: BTreeMap<&'static str, u64>,
    problems: Vec<RowProblem>,
    pub last_position: Option<Position>,
    counts: Counts,
    /// What is worth saying of the whole file.
    pub notes: Vec<String>,
    /// How many rows held characters that do not show, and the first of these rows.
    cleaned: (u64, Option<String>),
    pub unchanged: Vec<OdsCode>,
    pub unread: Vec<OdsCode>,
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
    pub fn new(job: &'a Job, progress: &'a Progress) -> Self {
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
    pub fn cleaned(&mut self, row: &Row) {
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

    pub fn later(&mut self, example: String) {
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

    pub fn summary(&mut self, sha256: String) -> Summary {
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

    pub fn row(&mut self) {
        self.counts.rows += 1;
        Progress::add(&self.progress.rows, 1);
    }

    pub fn outcome(&mut self, outcome: RowOutcome, code: Option<OdsCode>) {
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

    pub fn rejected(&mut self, problem: RowProblem) {
        self.counts.rejected += 1;
        Progress::add(&self.progress.rejected, 1);
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    pub fn so_far(&self) -> String {
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
    pub fn finished(&mut self) -> Report {
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
