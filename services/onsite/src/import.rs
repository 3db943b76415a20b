//! Findings as delivery partners send them: a CSV, one finding a row.
//!
//! Rows of one assessment are taken in the order of the file, so that findings are numbered in it. A row
//! of an assessment that is not the partner's own is rejected as one of an assessment that is not there.

use std::sync::Arc;

use axum::body::BodyDataStream;
use chassis::{
    Problem, Viewer,
    import::{
        self, Column, Columns, DatedColumns, Giving, Heading, Job, Needed, Opening, Progress, Report, Row,
        RowFault, RowOutcome, RowProblem, Shape, Stop,
    },
};
use proto::{
    OdsCode,
    onsite::{Finding, Responsibility, Severity},
    topics::{Topic, topics},
};

use crate::{
    desk::{Desk, nothing},
    model::{OnsiteCommand, onsite_id},
};

const CODE: usize = 0;
const NUMBER: usize = 1;
const TOPIC: usize = 2;
const SEVERITY: usize = 3;
const SYSTEM: usize = 4;
const RESPONSIBILITY: usize = 5;
const FOUND: usize = 6;
const EVIDENCE: usize = 7;

const fn column(name: &'static str, headings: &'static [Heading], needed: Needed) -> Column {
    Column { name, headings, needed }
}

const COLUMNS: &[Column] = &[
    column(
        "organisation code",
        &[
            Heading::Is("Organisation Code"),
            Heading::Is("ODS Code"),
            Heading::Is("Practice Code"),
            Heading::Is("Code"),
        ],
        Needed::Always,
    ),
    column(
        "assessment number",
        &[Heading::Is("Assessment Number"), Heading::Is("Assessment"), Heading::Is("Number")],
        Needed::Always,
    ),
    column("topic", &[Heading::Is("Topic"), Heading::Is("Control"), Heading::Is("Area")], Needed::Always),
    column(
        "severity",
        &[Heading::Is("Severity"), Heading::Is("Risk"), Heading::Is("Rating")],
        Needed::Always,
    ),
    column("system", &[Heading::Is("System"), Heading::Is("Asset"), Heading::Is("Host")], Needed::Always),
    column(
        "responsibility",
        &[Heading::Is("Responsibility"), Heading::Is("Responsible"), Heading::Is("Owner")],
        Needed::Always,
    ),
    column(
        "finding",
        &[Heading::Is("Finding"), Heading::Is("Found"), Heading::Is("Description")],
        Needed::Always,
    ),
    column(
        "evidence",
        &[Heading::Is("Evidence"), Heading::Is("Evidence Reference"), Heading::Is("Reference")],
        Needed::IfThere,
    ),
];

/// What a file of findings looks like.
const SHAPE: Shape = Shape {
    columns: Columns::headed(COLUMNS),
    wrong_file: |_| None,
    aggregate: &[CODE, NUMBER],
    // The same finding twice is no fault: the second adds nothing.
    unique: &[],
    dates: DatedColumns::NONE,
};

/// Without regard to case, blanks, hyphens and underscores.
fn normal(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The one of several values that a column names by its slug or its words.
fn one_of<T: Copy>(
    row: &Row,
    column: usize,
    all: impl Iterator<Item = (T, &'static str, &'static str)> + Clone,
) -> Result<T, RowProblem> {
    let wanted = normal(row.get(column));
    let found = all.clone().find(|(_, slug, words)| normal(slug) == wanted || normal(words) == wanted);
    found.map(|(value, ..)| value).ok_or_else(|| {
        let accepted: Vec<&str> = all.map(|(_, slug, _)| slug).collect();
        row.wrong(column, format!("is none of {}", accepted.join(", ")))
    })
}

fn finding(row: &Row) -> Result<Finding, RowProblem> {
    let titled = |topic: &'static Topic| (topic.id, topic.id.as_str(), topic.title.as_str());
    Ok(Finding {
        topic: one_of(row, TOPIC, topics().iter().map(titled))?,
        severity: one_of(row, SEVERITY, Severity::ALL.into_iter().map(|s| (s, s.slug(), s.words())))?,
        system: row.tidy(SYSTEM),
        responsibility: one_of(
            row,
            RESPONSIBILITY,
            Responsibility::ALL.into_iter().map(|r| (r, r.slug(), r.words())),
        )?,
        found: row.tidy(FOUND),
        evidence: row.tidy(EVIDENCE),
    })
}

/// Which column a field of a finding stands in.
fn column_of(field: &str) -> Option<usize> {
    match field {
        "topic" => Some(TOPIC),
        "system" => Some(SYSTEM),
        "found" => Some(FOUND),
        "evidence" => Some(EVIDENCE),
        _ => None,
    }
}

/// Reads a file and records each finding.
pub(crate) async fn run(
    desk: &Desk,
    viewer: &Viewer,
    job: &Job,
    progress: Arc<Progress>,
    body: BodyDataStream,
) -> Result<Report, Problem> {
    let by = viewer.by(None);
    let opening = &Opening::new(&desk.records, job, &by);
    // What a withdrawn import said is to be known as withdrawn.
    desk.records.withdrawn().await?;
    let whole = Giving::new(job, desk.common.clock.clone(), by);
    import::run_recorded(&whole, &desk.records, &SHAPE, progress, body, |row| async move {
        let code: OdsCode = row.parse(CODE)?;
        let number: u16 = row
            .get(NUMBER)
            .parse()
            .map_err(|_| row.wrong(NUMBER, "is no number of an assessment, from 1"))?;
        let finding = finding(&row)?;
        let id = onsite_id(code, number).map_err(|error| row.wrong(CODE, error.to_string()))?;
        let loaded = desk
            .assessments
            .load(&id)
            .await
            .map_err(|error| RowFault::Stop(Stop::for_now(error.to_string())))?;
        if !desk.shows(viewer, code, &loaded.state) {
            return Err(row.wrong(NUMBER, nothing(code, number).detail).into());
        }
        let giving = Giving::new(job, desk.common.clock.clone(), viewer.by(Some(code))).opening(opening);
        let command = OnsiteCommand::RecordFinding(finding);
        giving
            .command(&desk.assessments, &id, &command, &row, |refusal| {
                let column = refusal.field.and_then(column_of);
                let problem = column.map_or_else(|| row.reject(&refusal), |at| row.wrong(at, &refusal.text));
                Err::<RowOutcome, RowFault>(problem.into())
            })
            .await
    })
    .await
}
