use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use proto::Position;

use super::*;
use crate::import::{Column, Heading, Needed, PROBLEMS_MAX};

const CODES: Shape = Shape {
    columns: Columns::positions(2..=3, &["code", "name"]),
    wrong_file: |row| (row.get(1) == "WRONG").then(|| "it names the wrong thing".to_owned()),
    aggregate: &[0],
    unique: &[0],
    dates: DatedColumns::NONE,
};

fn job(mode: Mode) -> Job {
    Job { id: Uuid::from_u128(7), kind: "codes", as_of: None, mode }
}

fn body(file: &str) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Unpin + use<> {
    let chunks: Vec<_> = file.as_bytes().chunks(7).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    futures::stream::iter(chunks)
}

async fn import_with<F, Fut>(shape: &Shape, file: &str, apply: F) -> (Result<Report, Problem>, Arc<Progress>)
where
    F: Fn(Row) -> Fut,
    Fut: Future<Output = Result<RowOutcome, RowFault>>,
{
    let job = job(Mode::Write);
    let progress = Arc::new(Progress::new(&job));
    let report = run(&job, shape, progress.clone(), body(file), apply).await;
    (report, progress)
}

async fn import(shape: &Shape, file: &str) -> (Result<Report, Problem>, Arc<Progress>) {
    import_with(shape, file, |row| async move {
        match row.get(1) {
            "bad" => Err(row.wrong(1, "bad is not accepted").into()),
            "other" => Ok(RowOutcome::Skipped("of another sort")),
            "old" => Ok(RowOutcome::Unchanged(Some(Position(1)))),
            _ => Ok(RowOutcome::Recorded(Some(Position(row.line())))),
        }
    })
    .await
}

#[tokio::test]
async fn a_bad_row_is_reported_by_line_and_column_and_the_others_land() {
    let (report, progress) = import(&CODES, "A1,new\n A2 , bad \nA3,old\nA4,other\nA5,\"x\nA6,new\n").await;
    let report = report.unwrap();
    assert_eq!((report.rows, report.recorded, report.unchanged, report.rejected), (6, 2, 1, 2));
    assert_eq!(report.skipped.get("of another sort"), Some(&1));
    assert_eq!(report.last_position, Some(Position(6)));
    assert_eq!(
        report.problems[0],
        RowProblem {
            line: 2,
            column: Some("2 (name)".into()),
            value: Some("bad".into()),
            detail: "bad is not accepted".into()
        }
    );
    assert_eq!(report.problems[1].line, 5);
    assert_eq!(progress.view().state, State::Finished);
    assert_eq!(progress.view().report, Some(report));
}

#[tokio::test]
async fn a_code_that_stands_twice_is_rejected_the_second_time() {
    let (report, _) = import(&CODES, "A1,new\nA2,new\na1 ,newer\n").await;
    let report = report.unwrap();
    assert_eq!((report.recorded, report.rejected), (2, 1));
    assert!(report.problems[0].detail.contains("on line 1 already"), "{:?}", report.problems);
}

#[tokio::test]
async fn a_file_of_another_layout_is_refused_before_anything_is_written() {
    for (file, says) in [
        ("A1\nA2,x\n", "has 1 columns"),
        ("A1,b,c,d\n", "2 to 3 columns without a heading: code, name"),
        ("A1,WRONG\nA2,x\n", "the wrong thing"),
        ("", "empty"),
        ("\n\n", "empty"),
        ("PK\u{3}\u{4}zip", "save it as CSV"),
        ("<!DOCTYPE html><html>", "has 1 columns"),
    ] {
        let applied = AtomicUsize::new(0);
        let (report, progress) = import_with(&CODES, file, |_| {
            applied.fetch_add(1, Ordering::Relaxed);
            async { Ok(RowOutcome::Recorded(None)) }
        })
        .await;
        let problem = report.unwrap_err();
        assert_eq!(problem.status, 400, "{file}");
        assert!(problem.detail.contains(says), "{file}: {}", problem.detail);
        assert_eq!(applied.load(Ordering::Relaxed), 0, "{file}");
        assert_eq!(progress.state(), State::Refused);
    }
}

#[tokio::test]
async fn a_heading_on_a_file_that_should_have_none_is_passed_over() {
    let (report, _) = import(&CODES, "Organisation Code,Name\nA1,new\n").await;
    assert_eq!(report.unwrap().rows, 1);
}

const HEADED: Shape = Shape {
    columns: Columns::headed(&[
        Column {
            name: "code",
            headings: &[Heading::Is("Practice Code"), Heading::Is("ODS code")],
            needed: Needed::Always,
        },
        Column {
            name: "patients",
            headings: &[Heading::StartsWith("Number of Registered")],
            needed: Needed::Always,
        },
        Column { name: "sector", headings: &[Heading::Is("Sector")], needed: Needed::IfThere },
    ]),
    wrong_file: |_| None,
    aggregate: &[0],
    unique: &[0],
    dates: DatedColumns::NONE,
};

#[tokio::test]
async fn headings_are_known_by_any_of_their_spellings() {
    let file = "x,\"NUMBER OF\r\nregistered patients (mean)\", ods_CODE \n1,2,A1\n";
    let (report, _) = import_with(&HEADED, file, |row| async move {
        assert_eq!((row.get(0), row.get(1), row.get(2)), ("A1", "2", ""));
        Err(row.wrong(1, "no").into())
    })
    .await;
    let problem = &report.unwrap().problems[0];
    assert_eq!((problem.line, problem.column.as_deref()), (3, Some("NUMBER OF registered patients (mean)")));
}

#[tokio::test]
async fn missing_columns_are_listed() {
    let (report, _) =
        import_with(&HEADED, "Practice Code,Sector\nA1,x\n", |_| async { Ok(RowOutcome::Recorded(None)) })
            .await;
    let detail = report.unwrap_err().detail;
    assert!(detail.contains("lacks: patients (headed “Number of Registered …”)"), "{detail}");
    assert!(detail.contains("“Practice Code, Sector”"), "{detail}");
}

#[tokio::test]
async fn rows_run_side_by_side_but_those_of_an_aggregate_in_turn() {
    let shape = Shape { unique: &[], ..CODES };
    let file: String = (0..2000).map(|row| format!("A{},{row}\n", row % 50)).collect();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let last: Vec<AtomicU64> = (0..50).map(|_| AtomicU64::new(0)).collect();
    let (report, _) = import_with(&shape, &file, |row| {
        let (now, most, last) = (&now, &most, &last);
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::Relaxed);
            let aggregate: usize = row.get(0)[1..].parse().unwrap();
            assert!(last[aggregate].swap(row.line(), Ordering::Relaxed) < row.line());
            Ok(RowOutcome::Recorded(None))
        }
    })
    .await;
    assert_eq!(report.unwrap().recorded, 2000);
    let most = most.load(Ordering::Relaxed);
    assert!((2..=50).contains(&most), "{most}");
}

#[tokio::test]
async fn never_more_rows_are_in_flight_than_allowed() {
    let file: String = (0..3000).map(|row| format!("A{row},x\n")).collect();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (report, _) = import_with(&CODES, &file, |_| {
        let (now, most) = (&now, &most);
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::Relaxed);
            Ok(RowOutcome::Recorded(None))
        }
    })
    .await;
    assert_eq!(report.unwrap().recorded, 3000);
    assert_eq!(most.load(Ordering::Relaxed), IN_FLIGHT_MAX);
}

#[tokio::test]
async fn an_import_that_must_stop_says_how_many_rows_are_in() {
    let file: String = (0..1000).map(|row| format!("A{row},x\n")).collect();
    let (report, progress) = import_with(&CODES, &file, |row| async move {
        if row.line() > 300 {
            tokio::task::yield_now().await;
            return Err(RowFault::Stop(Stop::for_now("the event log is out of reach")));
        }
        Ok(RowOutcome::Recorded(None))
    })
    .await;
    let problem = report.unwrap_err();
    assert_eq!(problem.status, 503);
    assert!(problem.retry_after_seconds.is_some());
    assert!(problem.detail.contains("300 rows were recorded"), "{}", problem.detail);
    assert!(problem.detail.contains("Import the file again"), "{}", problem.detail);
    assert_eq!(progress.view().state, State::Stopped);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_the_rows_so_far() {
    let job = job(Mode::Write);
    let progress = Arc::new(Progress::new(&job));
    let chunks =
        vec![Ok(Bytes::from("x".repeat(5000) + ",a\nA2,b\nA3")), Err(std::io::Error::other("reset by peer"))];
    let result = run(&job, &CODES, progress.clone(), futures::stream::iter(chunks), |_| async {
        Ok(RowOutcome::Recorded(None))
    })
    .await;
    assert!(result.unwrap_err().detail.contains("2 rows were recorded"));
    assert_eq!((progress.view().state, progress.view().recorded), (State::Interrupted, 2));
}

#[tokio::test]
async fn an_import_whose_request_is_dropped_ends_as_interrupted() {
    let job = job(Mode::Write);
    let progress = Arc::new(Progress::new(&job));
    let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let import = run(&job, &CODES, progress.clone(), never, |_| async { Ok(RowOutcome::Recorded(None)) });
    assert!(tokio::time::timeout(Duration::from_millis(5), import).await.is_err());
    assert_eq!(progress.view().state, State::Interrupted);
}

#[tokio::test]
async fn a_report_lists_the_first_thousand_problems_and_counts_all() {
    let file: String = (0..1500).map(|row| format!("A{row},bad\n")).collect();
    let (report, _) = import(&CODES, &file).await;
    let report = report.unwrap();
    assert_eq!((report.problems.len(), report.rejected), (PROBLEMS_MAX, 1500));
}

/// What is in the rows of a file of codes, with the report.
async fn rows_of(shape: &Shape, file: &str) -> (Vec<String>, Report) {
    let rows = std::sync::Mutex::new(Vec::new());
    let (report, _) = import_with(shape, file, |row| {
        let read = row.parse::<proto::OdsCode>(0).map(|code| format!("{code} {}", row.tidy(1)));
        let end = read.map(|read| {
            rows.lock().unwrap().push(read);
            RowOutcome::Recorded(None)
        });
        async move { end.map_err(RowFault::Rejected) }
    })
    .await;
    (rows.into_inner().unwrap(), report.unwrap())
}

const WIDE: Shape = Shape {
    columns: Columns::positions(5..=5, &["code", "name", "grouping", "setting", ""]),
    wrong_file: |_| None,
    aggregate: &[0],
    unique: &[0],
    dates: DatedColumns::NONE,
};

#[tokio::test]
async fn the_separator_is_found_whatever_stands_in_the_first_line() {
    for (file, name) in [
        ("A1;SMITH, JONES AND PARTNERS;Y1;4;\r\n", "SMITH, JONES AND PARTNERS"),
        ("A1\tSMITH, JONES\tY1\t4\t\r\n", "SMITH, JONES"),
        ("A1|SMITH|Y1|4|\r\n", "SMITH"),
        ("sep=,\r\n\"A1\",\"SEP SURGERY\",\"Y1\",\"4\",\"\"\r\n", "SEP SURGERY"),
        ("sep=;\r\nA1;SEP, SURGERY;Y1;4;\r\n", "SEP, SURGERY"),
    ] {
        let (rows, report) = rows_of(&WIDE, file).await;
        assert_eq!((rows, report.rejected), (vec![format!("A1 {name}")], 0), "{file}");
    }
    let headed = "sep=;\nPractice Code;Number of registered patients;Sector\nA1;2;GP\n";
    let (rows, _) = rows_of(&HEADED, headed).await;
    assert_eq!(rows, ["A1 2"]);
}

#[tokio::test]
async fn blank_last_columns_that_a_spreadsheet_dropped_are_blank() {
    let (rows, report) = rows_of(&WIDE, "A1,ONE,Y1,4\nA2,TWO,Y1,4,\nA3,THREE,Y1\nA4,FOUR,Y1,4\n").await;
    assert_eq!(rows, ["A1 ONE", "A2 TWO", "A4 FOUR"], "a row that lacks more is cut, and rejected");
    assert_eq!((report.rejected, report.problems[0].line), (1, 3));
    let headed = "Practice Code,Number of registered,Sector\nA1,2\nA2\nA3,3,GP\n";
    let (rows, report) = rows_of(&HEADED, headed).await;
    assert_eq!((rows.as_slice(), report.rejected), (["A1 2".to_owned(), "A3 3".to_owned()].as_slice(), 1));
    let (report, _) = import(&WIDE, "A1,ONE,Y1\n").await;
    assert!(report.unwrap_err().detail.contains("has 3 columns"), "another layout is refused");
}

#[tokio::test]
async fn a_code_that_a_spreadsheet_changed_is_rejected_with_that_reason() {
    for (code, made) in [
        ("06-Apr", "date"),
        ("Apr-06", "date"),
        ("2006-04-01", "date"),
        ("2006-04-06 00:00:00", "date"),
        ("01/04", "date"),
        ("5E+01", "number"),
        ("5.00E+10", "number"),
    ] {
        let (rows, report) = rows_of(&WIDE, &format!("{code},ONE,Y1,4,\n")).await;
        assert!(rows.is_empty(), "{code}");
        let detail = &report.problems[0].detail;
        assert!(detail.contains(&format!("changed this code into a {made}")), "{code}: {detail}");
    }
}

#[tokio::test]
async fn a_title_above_the_headings_is_left_out_and_named() {
    let file =
        "Register of practices,28 November 2026\n\nPractice Code,Number of registered,Sector\nA1,2,GP\n";
    let (rows, report) = rows_of(&HEADED, file).await;
    assert_eq!(rows, ["A1 2"]);
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].contains("Register of practices"), "{:?}", report.warnings);
    let (report, _) = import(&HEADED, "A title\nanother\nnothing else\n").await;
    assert!(report.unwrap_err().detail.contains("A title"));
}

#[tokio::test]
async fn a_title_above_rows_without_headings_is_left_out_and_named() {
    for title in ["Register of practices", "Register of practices,2026", "Register of practices,,,,"] {
        for heading in ["", "Organisation,Name,Grouping,Setting,\n", "Organisation Code,A,B,C,\n"] {
            let file = format!("{title}\n{heading}A1,ONE,Y1,4,\nA2,TWO,Y1,4,\n");
            let (rows, report) = rows_of(&WIDE, &file).await;
            assert_eq!(
                (rows, report.rejected),
                (vec!["A1 ONE".to_owned(), "A2 TWO".to_owned()], 0),
                "{file}"
            );
            assert!(report.warnings[0].contains("Register of practices"), "{file}: {:?}", report.warnings);
        }
    }
    let (rows, report) = rows_of(&WIDE, "A1,ONE,,,\nA2,TWO,Y1,4,\n").await;
    assert_eq!((rows.len(), report.warnings.len()), (2, 0), "a code and its name are a row");
    let (report, _) = import(&WIDE, "A title\nanother\nnothing else\n").await;
    assert!(report.unwrap_err().detail.contains("A title"));
}

const EITHER: Shape = Shape {
    columns: Columns::headed_or_at(
        &[
            Column { name: "code", headings: &[Heading::Is("Org Code")], needed: Needed::IfThere },
            Column { name: "name", headings: &[Heading::Is("Name")], needed: Needed::IfThere },
            Column { name: "opened", headings: &[Heading::Is("Open Date")], needed: Needed::IfThere },
        ],
        6..=7,
        &[Some(0), Some(1), Some(3)],
    ),
    wrong_file: |_| None,
    aggregate: &[0],
    unique: &[0],
    dates: DatedColumns::NONE,
};

#[tokio::test]
async fn rows_with_or_without_headings_may_stand_below_a_title_and_lack_blank_last_columns() {
    for above in ["", "A title\n", "A title,2026\n", "A title,,,,,\n"] {
        for rows in ["Name,Org Code\nONE,A1\n", "A1,ONE,Y1,20200401\n", "A1,ONE,Y1,20200401,,,\n"] {
            let (found, report) = rows_of(&EITHER, &format!("{above}{rows}")).await;
            assert_eq!((found, report.rejected), (vec!["A1 ONE".to_owned()], 0), "{above}{rows}");
            assert_eq!(report.warnings.len(), usize::from(!above.is_empty()), "{above}{rows}");
        }
    }
    let (report, _) = import(&EITHER, "Place,Area,Region\nx,y,z\n").await;
    assert!(report.unwrap_err().detail.contains("code (headed “Org Code”)"), "another heading is refused");
}

#[tokio::test]
async fn columns_that_are_not_read_may_be_missing() {
    let shape = Shape {
        columns: Columns::positions(5..=5, &["code", "name", "grouping", "setting", "x"]).may_lack_after(3),
        ..WIDE
    };
    let (rows, report) = rows_of(&shape, "A1,ONE,Y1\nA2,TWO,Y1,,1\nA3,THREE\n").await;
    assert_eq!((rows.len(), report.rejected), (2, 1), "{:?}", report.problems);
    let (rows, _) = rows_of(&shape, "A1,ONE,Y1,,1\nA2,TWO,Y1\n").await;
    assert_eq!(rows, ["A1 ONE", "A2 TWO"], "only some rows may lack them");
}

#[tokio::test]
async fn days_long_after_the_date_of_the_file_reject_their_row_and_announcements_are_warned_of() {
    let shape = Shape { dates: DatedColumns { announced: &[1], ..DatedColumns::NONE }, ..CODES };
    let job = Job { as_of: Some("2026-01-01".parse().unwrap()), ..job(Mode::Write) };
    let progress = Arc::new(Progress::new(&job));
    let file = "A1,2025-04-01\nA2,2027-04-01\nA3,2028-04-01\n";
    let report =
        run(&job, &shape, progress, body(file), |_| async { Ok(RowOutcome::Recorded(None)) }).await.unwrap();
    assert_eq!((report.recorded, report.rejected, report.problems[0].line), (2, 1, 3));
    assert!(report.warnings[0].starts_with("2 rows tell of things after"), "{:?}", report.warnings);
}

#[tokio::test]
async fn characters_that_do_not_show_are_removed_from_names_and_codes_and_counted() {
    let file = "A1,EVIL\u{202e}NAME,Y1,4,\nA\u{200b}2,TWO,Y1,4,\nA3,PLAIN,Y1,4,\n";
    let (rows, report) = rows_of(&WIDE, file).await;
    assert_eq!(rows, ["A1 EVILNAME", "A2 TWO", "A3 PLAIN"]);
    assert_eq!(report.rejected, 0, "{:?}", report.problems);
    assert_eq!(
        report.warnings,
        ["characters that do not show were removed from 2 rows, the first U+202E on line 1"]
    );
}
