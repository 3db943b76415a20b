//! Register files: the real one of June 2019, and what real files do wrong.

use std::{collections::BTreeMap, path::PathBuf};

use axum::http::Method;
use proto::{
    Header, Position,
    assessments::{AssessmentEvent, PublishedResult},
};
use serde_json::Value;

use crate::{
    server::{self, Answer, Server},
    support::*,
};

const TO: &str = "/api/v1/assessments/imports/results";

async fn import(server: &Server, query: &str, file: impl Into<axum::body::Body>) -> Answer {
    import_as(server, &chassis::ids::fresh().to_string(), query, file).await
}

async fn import_as(server: &Server, id: &str, query: &str, file: impl Into<axum::body::Body>) -> Answer {
    let headers = [("content-type", "text/csv"), ("import-id", id)];
    server.ask(Server::request(Method::POST, &format!("{TO}?{query}"), &headers, file)).await
}

fn counts(report: &Value) -> [u64; 4] {
    ["rows", "recorded", "unchanged", "rejected"].map(|field| report[field].as_u64().unwrap())
}

/// Every register event on the log, with the day it took effect.
async fn listed(server: &Server) -> Vec<(String, PublishedResult, String)> {
    let mut found = Vec::new();
    let mut position = Position::START;
    let mut reader = server.log.read(position).await.unwrap();
    while position.0 < server.events().await {
        for recorded in reader.next().await.unwrap().events {
            position = recorded.position;
            let header = Header::read(&recorded.body).unwrap();
            if let Ok(AssessmentEvent::ResultListed(listed)) = header.event() {
                found.push((listed.status, listed.result, header.effective_day().to_string()));
            }
        }
    }
    found
}

fn real_file() -> Option<PathBuf> {
    let folder = std::env::var_os("OVERSIGHT_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = folder.join("dspt/dspt_progress_2019-06-17.csv");
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "SKIPPED: {} is not there; set OVERSIGHT_SHARED_DATA to the folder of public files",
        path.display()
    );
    None
}

/// The file holds 31,970 rows: Standards Met 26,049; blank 3,996; Entry Level 1,256; Standards Exceeded
/// 480; plan agreed 119; Standards Met (19-20) 37; Standards Not Met 19; Entry Level (19-20) 14. Of these 184
/// have the word CompletedThroughQIO for a date (175 Met, 9 Entry Level). Rejected are three damaged codes: a
/// date and a demo account, both blank, and a name in place of a code, Met.
#[tokio::test(flavor = "multi_thread")]
async fn the_register_of_june_2019() {
    let Some(path) = real_file() else { return };
    let file = std::fs::read(path).unwrap();
    let server = server::start("2019-07-01T12:00:00Z").await;
    let rehearsed =
        import(&server, "name=dspt_progress_2019-06-17.csv&dry_run=true", file.clone()).await.ok().json();
    assert_eq!(counts(&rehearsed), [31_970, 31_967, 0, 3]);
    assert_eq!(server.events().await, 4, "a dry run writes nothing");

    let report = import(&server, "as_of=2019-06-17", file.clone()).await.ok().json();
    assert_eq!(counts(&report), [31_970, 31_967, 0, 3]);
    assert_eq!(report["last_position"], server.events().await);
    let damaged = |value: &str| {
        report["problems"].as_array().unwrap().iter().filter(|problem| problem["value"] == value).count()
    };
    assert_eq!((damaged("CompletedThroughQIO"), damaged("2006-04-01")), (0, 1));

    let events = listed(&server).await;
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for (status, _, _) in &events {
        *statuses.entry(status).or_default() += 1;
    }
    let expected = [
        ("", 3_994),
        ("Entry Level", 1_256),
        ("Entry Level (19-20)", 14),
        ("Standards Exceeded", 480),
        ("Standards Met", 26_048),
        ("Standards Met (19-20)", 37),
        ("Standards Not Met", 19),
        ("Standards not fully met (plan agreed)", 119),
    ];
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), expected);
    for (status, result, effective) in &events {
        assert_ne!(*result, PublishedResult::Unrecognised, "{status}");
        let edition = if status.ends_with("(19-20)") { "dspt-2019-20" } else { "dspt-2018-19" };
        assert_eq!(result.edition(), (!status.is_empty()).then(|| edition_id(edition)), "{status}");
        assert!(!status.is_empty() || effective == "2019-06-17", "nothing published, as of the file");
    }

    let again = import(&server, "as_of=2019-06-17", file).await.ok().json();
    assert_eq!(counts(&again)[1], 0, "the same file again yields nothing");
    assert_eq!(listed(&server).await.len(), events.len());
    let entry = server.get("/api/v1/assessments/A81001").await.ok().json()["register"].clone();
    assert_eq!(entry["status"], "Standards Met");
}

#[tokio::test]
async fn files_of_later_years_have_other_headings_and_add_what_changed() {
    let server = server::start("2023-12-01T12:00:00Z").await;
    let first = "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector,CCG (from ODS and CQC)\r\n\
        The Surgery (A81001),a81001 ,Standards Met,2019-03-27,GP,NHS HARTLEPOOL CCG\r\n\
        Other,A81002,,,GP,\r\n";
    let later = "\u{feff}Code,Organisation Name,Status,Date Of Publication,Primary Sector,Commissioner (From ODS)\n\
        A81001,The Surgery,21/22 Standards Exceeded,28/06/2022,General Practice (GP),\"NHS, X\"\n\
        A81002,Other,Not Published,,General Practice (GP),\n";
    let last = "Code,Organisation Name,Status,Date Of Publication,Primary Sector,\"Integrated Care Board \n(where available, from ODS)\"\n\
        A81001,The Surgery,21/22 Standards Exceeded,28/06/2022,General Practice (GP),\n";
    assert_eq!(counts(&import(&server, "as_of=2019-06-17", first).await.ok().json()), [2, 2, 0, 0]);
    let report =
        import(&server, "name=DSPT%20search%20results%2009_09_2022%2010_11_12.csv", later).await.ok().json();
    assert_eq!((counts(&report), &report["as_of"]), ([2, 2, 0, 0], &Value::from("2022-09-09")));
    assert_eq!(counts(&import(&server, "as_of=2023-10-01", last).await.ok().json()), [1, 0, 1, 0]);
    let older = "Code,Organisation Name,Latest Status,Date Of Publication,Primary Sector,Commissioner (From ODS)\n\
        A81001,The Surgery,20/21 Standards Met,29/06/2021,GP,\n\
        A81002,Other,Not Published,,GP,\n";
    assert_eq!(counts(&import(&server, "as_of=2021-10-01", older).await.ok().json()), [2, 2, 0, 0]);
    let entry = server.get("/api/v1/assessments/A81001").await.ok().json()["register"].clone();
    assert_eq!(
        (&entry["status"], &entry["edition"]),
        (&"21/22 Standards Exceeded".into(), &"dspt-2021-22".into())
    );
}

#[tokio::test]
async fn bad_rows_are_named_and_the_others_land() {
    let server = server::start("2019-07-01T12:00:00Z").await;
    let file = "Code,Organisation Name,Status,Date Of Publication\n\
        2006-04-01,Damaged,Standards Met,27/03/2019\n\
        A81001,A,Standards Met,CompletedThroughQIO\n\
        A81002,B,Standards Met,31/02/2019\n\
        A81003,C,Standards Met,18/06/2019\n\
        A81004,D,Standards Surpassed,01/04/2019\n\
        A81004,D again,Standards Met,01/04/2019\n\
        A81005,E\n\
        A81006,F,20/21 Standards Met,\n";
    let id = "11111111-2222-3333-4444-555555555555";
    let report = import_as(&server, id, "as_of=2019-06-17", file).await.ok().json();
    assert_eq!(counts(&report), [8, 2, 0, 6]);
    let lines: Vec<u64> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [2, 4, 5, 7, 8, 9]);
    let years_later = report["problems"][5]["detail"].as_str().unwrap();
    assert!(years_later.contains("the file is of a later date"), "{years_later}");
    assert_eq!(report["problems"][1]["column"], "Date Of Publication");
    assert_eq!(report["problems"][1]["value"], "31/02/2019");
    let [word, unknown] = &listed(&server).await[..] else { panic!("two results") };
    assert_eq!(word.1, PublishedResult::StandardsMet { edition: edition_id("dspt-2018-19") });
    assert_eq!(word.2, "2019-06-17", "a word in the place of a day: as of the file");
    assert_eq!(unknown.1, PublishedResult::Unrecognised, "an unknown text survives");
    let progress = server.get(&format!("/api/v1/assessments/imports/{id}")).await.ok().json();
    assert_eq!((&progress["state"], &progress["rejected"]), (&"finished".into(), &6.into()));
}

#[tokio::test]
async fn rows_with_words_for_a_date_keep_the_words() {
    let server = server::start("2019-07-01T12:00:00Z").await;
    let long = "x".repeat(301);
    let file = format!(
        "Code,Organisation Name,Status,Date Of Publication\n\
        A81001,A,Standards Met,Pending\n\
        A81002,B,Standards Met,TBC\n\
        A81003,C,Standards Met,N/A\n\
        A81004,D,Standards Met,Completed  Through QIO\n\
        A81005,E,Standards Met,32/13/2019\n\
        A81006,F,Standards Met,{long}\n"
    );
    let report = import(&server, "as_of=2019-06-17", file).await.ok().json();
    assert_eq!(counts(&report), [6, 4, 0, 2], "{report}");
    assert_eq!((&report["problems"][0]["line"], &report["problems"][1]["line"]), (&6.into(), &7.into()));
}

#[tokio::test]
async fn a_file_that_is_not_a_register_file_is_refused_whole() {
    let server = server::start("2019-07-01T12:00:00Z").await;
    import(&server, "", "Code,Status\n").await.is(400, "as_of");
    import(&server, "as_of=17/06/2019", "Code,Status\n").await.is(400, "yyyy-mm-dd");
    import(&server, "name=results.csv", "Code,Status\n").await.is(400, "09_09_2022");
    import(&server, "as_of=2019-06-17&dryrun=true", "Code,Status\n").await.is(400, "dryrun");
    import(&server, "as_of=2019-06-17", "a,b,c\n1,2,3\n").await.is(400, "Publication Status");
    import(&server, "as_of=2019-06-17", "").await.is(400, "empty");
    import(&server, "as_of=2019-06-17", "PK\u{3}\u{4}").await.is(400, "save it as CSV");
    assert_eq!(server.events().await, 4);
    server.get("/api/v1/assessments/imports/xyz").await.is(400, "path");
}
