//! Editions, words and closing days that an installation adds while it runs, by the command line.

use std::path::{Path, PathBuf};

use serde_json::Value;
use whole_system::{OneProcess, cli, files, keys, platform::until_caught_up, programs};

use crate::support::{import, reported, status};

/// An edition behind the newest one that comes with the program.
const NEXT: &str = r#"
id = "dspt-2027-28"
scheme = "dsp-toolkit"
title = "DSP Toolkit 2027/28"
financial_year = "2027/28"
scale = "met-or-not-met"
requirements_of = "national-data-guardian"
predecessor = "dspt-2026-27"
opens = { day = "2027-07-01", certainty = "found", source = "a letter" }

[[status_words]]
text = "Assured"
level = "standards-met"

[[groups]]
types = ["general-practice"]
category = "4"
gaps = "block-publication"
certainty = "found"
source = "a letter"
deadlines = [{ day = "2028-06-30", certainty = "found", source = "a letter" }]

[[groups]]
types = ["nhs-trust", "company"]
category = "1"
gaps = "published-with-plan"
certainty = "found"
source = "a letter"
deadlines = [{ day = "2028-05-31", certainty = "found", source = "a letter" }]
"#;

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

async fn edition(server: &OneProcess, arguments: &[&str]) -> cli::Said {
    let url = server.url();
    cli::run(&[&["edition"], arguments, &["--server", &url]].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_is_added_from_a_file_and_listed_with_its_deadlines() {
    let server = OneProcess::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "dspt-2027-28.toml", NEXT).display().to_string();
    edition(&server, &["add", &file]).await.well();
    let again = edition(&server, &["add", &file]).await.well();
    assert!(again.all().contains("dspt-2027-28"), "{}", again.all());
    let listed = edition(&server, &["list"]).await.well().out;
    let line = |id: &str| listed.lines().find(|line| line.starts_with(id)).expect("a line").to_owned();
    assert!(line("dspt-2027-28").contains("deadline 2028-06-30"), "{listed}");
    assert!(!line("dspt-2027-28").contains("expected"), "{listed}");
    assert!(line("dspt-2026-27").contains("deadline 2027-06-30 (expected, not confirmed)"), "{listed}");
    let detail = server.client.json("/api/v1/editions/dspt-2027-28").await;
    let deadline = |kind: &str| {
        let types = detail["types"].as_array().unwrap();
        types.iter().find(|of| of["organisation_type"] == kind).unwrap()["deadline"].clone()
    };
    assert_eq!(deadline("company"), "2028-05-31");
    assert_eq!(deadline("general-practice"), "2028-06-30");
    assert_eq!(detail["status_words"][0]["text"], "Assured");
    assert_eq!(detail["requirements"].as_array().map(Vec::len), Some(10));
    // Pages and figures know it, too.
    until_caught_up(&server.client).await;
    let page = server.client.get("/about").await.text();
    assert!(page.contains("DSP Toolkit 2027/28"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_holds_no_such_edition_is_refused_with_what_is_wrong_and_where() {
    let server = OneProcess::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text, says) in [
        ("no-edition.toml", "id = 1".to_owned(), "does not hold an edition"),
        ("no-edition.json", "{\"id\": \"dspt-2027-28\"}".to_owned(), "missing field"),
        ("unknown.toml", format!("colour = \"blue\"\n{NEXT}"), "colour"),
        ("gap.toml", NEXT.replace("dspt-2026-27", "dspt-2025-26"), "dspt-2026-27"),
        ("early.toml", NEXT.replace("2028-06-30", "2027-06-30"), "before the edition opens"),
        ("type.toml", NEXT.replace("\"company\"", "\"surgery\""), "general-practice"),
        ("known.toml", NEXT.replace("2027/28", "2026/27").replace("dspt-2027-28", "dspt-2026-27"), "already"),
    ] {
        let file = write(folder.path(), name, &text).display().to_string();
        let refused = edition(&server, &["add", &file]).await.failed();
        assert!(refused.err.contains(says), "{name}: {}", refused.all());
    }
    let nowhere = edition(&server, &["add", "nowhere.toml"]).await.failed();
    assert!(nowhere.err.contains("nowhere.toml"), "{}", nowhere.all());
    let editions = server.client.json("/api/v1/editions").await;
    assert_eq!(editions.as_array().map(Vec::len), Some(10), "nothing was added");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_with_the_program_can_be_read_as_a_file_to_start_from() {
    let shipped = programs::workspace().join("proto/standards/dspt-2026-27.toml");
    let text = std::fs::read_to_string(shipped).expect("the edition of this year");
    let next = text
        .replace("2026/27", "2027/28")
        .replace("dspt-2026-27", "dspt-2027-28")
        .replace("dspt-2025-26", "dspt-2026-27")
        .replace("2027-06-30", "2028-06-30")
        .replace("2026-07-01", "2027-07-01");
    let server = OneProcess::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "next.toml", &next).display().to_string();
    edition(&server, &["add", &file]).await.well();
    let listed = edition(&server, &["list"]).await.well().out;
    assert!(listed.contains("deadline 2028-06-30 (expected, not confirmed)"), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_counted_in_the_report_and_once_taught_its_rows_count() {
    let server = OneProcess::start().await;
    let client = &server.client;
    let practices = files::fixture("practices_2018-05.csv");
    import(&server.url(), client, "practices", &practices, "2018-05-31").await;
    let folder = tempfile::tempdir().expect("a folder");
    let register = "Code,Organisation Name,Status,Date Of Publication,Primary Sector\n\
        A99001,A,25/26 Assured,01/06/2026,GP\nA99002,B,25/26 Assured,02/06/2026,GP\n\
        A99003,C,25/26 Standards Met,03/06/2026,GP\n8ZZ01,DRILL SYSTEMS LTD,25/26 Assured,04/06/2026,Company\n";
    let register = write(folder.path(), "register.csv", register);

    let bytes = std::fs::read(&register).expect("the file");
    let path = "/api/v1/assessments/imports/results?as_of=2026-10-15&dry_run=true";
    let report = client.post_file(path, bytes).await.json();
    assert_eq!(report["not_understood"], serde_json::json!([{ "text": "25/26 Assured", "rows": 3 }]));
    assert_eq!(report["not_understood_rows"], 3);

    let report = import(&server.url(), client, "results", &register, "2026-10-15").await;
    assert_eq!(reported(&report, "recorded"), 4, "{report}");
    assert!(report.contains("3  “25/26 Assured”"), "{report}");
    import(&server.url(), client, "toolkit-companies", &register, "2026-10-15").await;
    let company = async || client.json("/api/v1/suppliers?q=8ZZ01").await["suppliers"][0].clone();
    assert_eq!(company().await["certificates"], serde_json::json!([]));
    let toolkit = async |code: &str| {
        let answer = client.json(&format!("/api/v1/practices/{code}?at=2026-10-15")).await;
        status(&answer).to_owned()
    };
    assert_eq!(toolkit("A99001").await, "no-evidence");
    // To the second: nothing else may be recorded within this one.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let before = client.json("/api/v1/practices/A99001?at=2026-10-15").await;
    let moment = before["read_to"].as_str().expect("a time").to_owned();
    let aside = client.get("/set-aside").await.text();
    assert!(aside.contains("25/26 Assured"), "{aside}");

    let unknown =
        edition(&server, &["alias", "Assured", "--level", "good", "--reason", "news"]).await.failed();
    assert!(unknown.err.contains("standards-met"), "{}", unknown.all());
    let taught = ["alias", "Assured", "--level", "standards-met", "--reason", "the toolkit's news"];
    edition(&server, &taught).await.well();
    until_caught_up(client).await;
    assert_eq!([toolkit("A99001").await, toolkit("A99002").await], ["met", "met"]);
    assert_eq!(client.json("/api/v1/set-aside").await["not_understood"], serde_json::json!([]));
    // A supplier's is a certificate from then on, too, without its file.
    let mut certificates = serde_json::json!([]);
    for _ in 0..100 {
        certificates = company().await["certificates"].clone();
        if certificates != serde_json::json!([]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(certificates[0]["issued"], "2026-06-04", "{certificates}");
    let known_then = client.json(&format!("/api/v1/practices/A99001?at=2026-10-15&known={moment}")).await;
    assert_eq!(status(&known_then), "no-evidence", "as known before it was taught: {known_then}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_is_closed_for_publication_by_a_command() {
    let server = OneProcess::start().await;
    let closing = ["close", "dspt-2018-19", "--after", "2020-09-30", "--reason", "a letter"];
    edition(&server, &closing).await.well();
    let listed = edition(&server, &["list"]).await.well().out;
    assert!(listed.contains("can be published until 2020-09-30"), "{listed}");
    let early = ["close", "dspt-2018-19", "--after", "2018-09-30", "--reason", "a letter"];
    let refused = edition(&server, &early).await.failed();
    assert!(refused.err.contains("31 March 2019"), "{}", refused.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_nhs_digital_and_administrators_add_editions_and_words() {
    let server = OneProcess::start().await;
    let practices = files::fixture("practices_2018-05.csv");
    import(&server.url(), &server.client, "practices", &practices, "2018-05-31").await;
    let added: Value =
        serde_json::to_value(toml::from_str::<toml::Value>(NEXT).expect("an edition")).expect("JSON");
    let words = serde_json::json!({ "text": "Assured", "level": "standards-met", "reason": "news" });
    let closing = serde_json::json!({ "closes": "2026-12-31", "reason": "news" });
    let asked = [
        ("/api/v1/editions", added),
        ("/api/v1/editions/status-texts", words),
        ("/api/v1/editions/dspt-2018-19/closing", closing),
    ];
    let lead = server.client.with_key(&keys::issue(&server.client, "practice-lead", "A99001").await);
    for (path, body) in &asked {
        assert_eq!(lead.post(path, body).await.status, 403, "{path} by a practice");
        assert_eq!(server.client.without_key().post(path, body).await.status, 401, "{path} by no one known");
        let answer = server.client.post(path, body).await;
        assert!(answer.status.is_success(), "{path} by an administrator: {}", answer.text());
    }
}
