//! Words of the national register that are not understood, explained later; and the newest edition.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::collections::BTreeMap;

use proto::{
    Service,
    assessments::{
        self, AssessmentEvent, AssessmentPublished, EditionAdded, Grade, PublishedResult, ResultLevel,
        ResultListed, StatusTextExplained,
    },
    imports::{CodeList, FileImported, ImportWithdrawn, import_aggregate},
};
use serde_json::{Value, json};
use support::{By, Came, code, day};
use uuid::Uuid;

fn shown(practice: &str, as_of: &str, status: &str, result: PublishedResult, on: &str) -> AssessmentEvent {
    AssessmentEvent::ResultListed(ResultListed {
        organisation: code(practice),
        as_of: day(as_of),
        name: String::new(),
        sector: String::new(),
        status: status.to_owned(),
        result,
        published: Some(day(on)),
        published_text: None,
    })
}

fn published(practice: &str, edition: &str) -> AssessmentEvent {
    AssessmentEvent::AssessmentPublished(AssessmentPublished {
        organisation: code(practice),
        edition: edition.parse().unwrap(),
        grade: Grade::Satisfactory,
        percentage: None,
        answers: Vec::new(),
        gaps: Vec::new(),
        exempt: Vec::new(),
    })
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

async fn toolkit(served: &support::Running, practice: &str, at: &str) -> Value {
    let answer = read(&served.get(&format!("/api/v1/practices/{practice}?at={at}")).await.text);
    let of = |requirement: &&Value| requirement["requirement"] == "toolkit";
    answer["requirements"].as_array().unwrap().iter().find(of).unwrap()["status"].clone()
}

async fn public(served: &support::Running, practice: &str) -> Value {
    read(&served.get(&format!("/api/v1/status/{practice}")).await.text)["published"].clone()
}

#[tokio::test]
async fn words_not_understood_are_shown_as_received_and_count_once_explained() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    let words = shown("A81001", "2026-10-15", "25/26 Assured", PublishedResult::Unrecognised, "2026-06-01");
    served.write(Service::Assessments, "register_A81001", &words, By::Someone).await;
    served.caught_up().await;

    assert_eq!(toolkit(&served, "A81001", "2026-10-15").await, "no-evidence");
    let shown = public(&served, "A81001").await;
    assert_eq!(shown["status"], "25/26 Assured");
    assert_eq!(shown["on"], "2026-06-01");
    assert_eq!(shown["edition"], "dspt-2025-26");
    assert_eq!(shown["understood"], false);
    let aside = read(&served.get("/api/v1/set-aside").await.text);
    assert_eq!(aside["not_understood"], json!([{ "text": "25/26 Assured", "rows": 1 }]));

    let explained = AssessmentEvent::StatusTextExplained(StatusTextExplained {
        text: "25/26  ASSURED".to_owned(),
        level: ResultLevel::StandardsMet,
        edition: None,
        reason: "the toolkit's news".to_owned(),
    });
    served.write(Service::Assessments, "editions", &explained, By::Someone).await;
    served.caught_up().await;

    assert_eq!(toolkit(&served, "A81001", "2026-10-15").await, "met");
    assert_eq!(public(&served, "A81001").await["status"], "Standards Met");
    let aside = read(&served.get("/api/v1/set-aside").await.text);
    assert_eq!(aside["not_understood"], json!([]));
}

/// Something that was published in the platform itself on a day.
async fn publish(served: &mut support::Running, edition: &str, on: &str) {
    let came = Came { effective: Some(day(on)), import: None };
    let (event, aggregate) = (published("A81001", edition), format!("A81001_{edition}"));
    served.pen.write_with(Service::Assessments, &aggregate, &event, By::Someone, came).await;
}

/// A row of a register, with its import.
async fn list(served: &mut support::Running, import: u128, event: &AssessmentEvent) {
    let came = Came { effective: None, import: Some(Uuid::from_u128(import)) };
    served.pen.write_with(Service::Assessments, "register_A81001", event, By::Someone, came).await;
}

/// A register was read to its end, and showed of the practice what was known already.
async fn confirm(served: &mut support::Running, import: u128, as_of: &str) {
    let import = Uuid::from_u128(import);
    let event = AssessmentEvent::FileImported(assessments::FileImported(FileImported {
        import,
        kind: "results".to_owned(),
        as_of: Some(day(as_of)),
        sha256: "0".repeat(64),
        rows: 1,
        recorded: 0,
        skipped: BTreeMap::new(),
        rejected: 0,
        unchanged: CodeList::of([code("A81001")]),
        unread: CodeList::default(),
    }));
    served
        .write(Service::Assessments, &import_aggregate(import).unwrap().to_string(), &event, By::Someone)
        .await;
}

async fn withdraw(served: &mut support::Running, import: u128) {
    let import = Uuid::from_u128(import);
    let event = AssessmentEvent::ImportWithdrawn(assessments::ImportWithdrawn(ImportWithdrawn {
        import,
        reason: "the wrong file".to_owned(),
    }));
    served
        .write(Service::Assessments, &import_aggregate(import).unwrap().to_string(), &event, By::Someone)
        .await;
}

/// Says that “Assured” is the new word for Standards Met.
async fn explain(served: &mut support::Running) {
    let explained = AssessmentEvent::StatusTextExplained(StatusTextExplained {
        text: "Assured".to_owned(),
        level: ResultLevel::StandardsMet,
        edition: None,
        reason: "the toolkit's news".to_owned(),
    });
    served.write(Service::Assessments, "editions", &explained, By::Someone).await;
}

fn assured(as_of: &str) -> AssessmentEvent {
    shown("A81001", as_of, "25/26 Assured", PublishedResult::Unrecognised, "2026-06-01")
}

#[tokio::test]
async fn the_public_status_is_of_the_newest_edition_not_of_the_newest_publication() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    // Last year's edition was published late, and a still older one after it.
    publish(&mut served, "dspt-2025-26", "2026-07-15").await;
    publish(&mut served, "dspt-2018-19", "2026-11-01").await;
    served.caught_up().await;
    let shown = public(&served, "A81001").await;
    assert_eq!(shown["edition"], "dspt-2025-26");
    assert_eq!(shown["on"], "2026-07-15");
    assert_eq!(shown["late"], true, "its deadline was 30 June 2026");
    let page = served.get("/status/A81001").await.text;
    assert!(support::words(&page).contains("15 July 2026, after the deadline"), "{page}");
}

#[tokio::test]
async fn what_was_published_in_time_is_not_late_for_being_published_again() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    publish(&mut served, "dspt-2025-26", "2026-06-15").await;
    publish(&mut served, "dspt-2025-26", "2026-07-15").await;
    served.caught_up().await;
    let shown = public(&served, "A81001").await;
    assert_eq!((&shown["on"], &shown["late"]), (&json!("2026-07-15"), &json!(false)), "{shown}");
}

#[tokio::test]
async fn of_a_result_without_a_date_only_the_register_that_shows_it_is_told() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    let met = ResultLevel::StandardsMet.of("dspt-2025-26".parse().unwrap());
    let AssessmentEvent::ResultListed(dated) =
        shown("A81001", "2026-07-20", "25/26 Standards Met", met, "2026-06-15")
    else {
        panic!("a result");
    };
    let words = Some("CompletedThroughQIO".to_owned());
    let undated = ResultListed { published: None, published_text: words, ..dated };
    list(&mut served, 1, &AssessmentEvent::ResultListed(undated)).await;
    served.caught_up().await;
    let shown = public(&served, "A81001").await;
    let told = (&shown["on"], &shown["is_dated"], &shown["late"]);
    assert_eq!(told, (&json!("2026-07-20"), &json!(false), &json!(false)), "{shown}");
    assert_eq!(toolkit(&served, "A81001", "2026-07-01").await, "no-evidence", "by then it may have been");
    let page = served.get("/status/A81001").await.text;
    assert!(support::words(&page).contains("Date not given; in the register of 20 July 2026"), "{page}");
}

#[tokio::test]
async fn of_two_editions_published_on_one_day_the_newer_one_is_shown() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    publish(&mut served, "dspt-2025-26", "2026-06-15").await;
    publish(&mut served, "dspt-2018-19", "2026-06-15").await;
    served.caught_up().await;
    let shown = public(&served, "A81001").await;
    assert_eq!(shown["edition"], "dspt-2025-26");
    assert_eq!(shown["late"], false);
}

#[tokio::test]
async fn what_the_newest_register_no_longer_shows_is_no_longer_public_and_the_reason_says_so() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    let met = ResultLevel::StandardsMet.of("dspt-2025-26".parse().unwrap());
    list(&mut served, 1, &shown("A81001", "2026-07-20", "25/26 Standards Met", met, "2026-06-15")).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], "dspt-2025-26");

    let AssessmentEvent::ResultListed(none) =
        shown("A81001", "2026-10-15", "Not Published", PublishedResult::NotPublished, "2026-10-15")
    else {
        panic!("a result");
    };
    let none = AssessmentEvent::ResultListed(ResultListed { published: None, ..none });
    list(&mut served, 2, &none).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await, Value::Null);
    assert_eq!(toolkit(&served, "A81001", "2026-10-14").await, "met");
    assert_eq!(toolkit(&served, "A81001", "2026-10-15").await, "not-met");
    let practice = served.get("/api/v1/practices/A81001?at=2026-10-15").await.text;
    let reason =
        "the register of 15 October 2026 no longer shows the result published for the DSP Toolkit 2025/26";
    assert!(practice.contains(reason), "{practice}");

    withdraw(&mut served, 2).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], "dspt-2025-26", "as if it had not been read");
}

#[tokio::test]
async fn words_of_a_withdrawn_import_are_shown_nowhere_and_stay_without_effect_once_explained() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    list(&mut served, 1, &assured("2026-10-15")).await;
    withdraw(&mut served, 1).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], "dspt-2018-19", "of the register of 2019");
    assert_eq!(read(&served.get("/api/v1/set-aside").await.text)["not_understood"], json!([]));
    explain(&mut served).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], "dspt-2018-19");
    assert_eq!(toolkit(&served, "A81001", "2026-10-15").await, "no-evidence");
}

#[tokio::test]
async fn words_that_a_later_register_confirmed_outlive_the_withdrawal_of_the_earlier() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    list(&mut served, 1, &assured("2026-10-15")).await;
    confirm(&mut served, 2, "2026-11-15").await;
    served.caught_up().await;
    let aside = read(&served.get("/api/v1/set-aside").await.text);
    assert_eq!(aside["not_understood"], json!([{ "text": "25/26 Assured", "rows": 1 }]));
    withdraw(&mut served, 1).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["status"], "25/26 Assured");
    assert_eq!(toolkit(&served, "A81001", "2026-11-20").await, "no-evidence");
    let practice = served.get("/api/v1/practices/A81001?at=2026-11-20").await.text;
    let reason = "the register of 15 November 2026 shows “25/26 Assured”, which is not understood";
    assert!(practice.contains(reason), "{practice}");
    explain(&mut served).await;
    served.caught_up().await;
    assert_eq!(toolkit(&served, "A81001", "2026-11-20").await, "met");
}

#[tokio::test]
async fn a_row_of_an_edition_that_is_added_later_counts_without_a_second_import() {
    let mut served = support::Running::set_to("2028-08-01T12:00:00Z").await;
    served.pen.small_england(By::Someone).await;
    let words = PublishedResult::Unrecognised;
    list(&mut served, 1, &shown("A81001", "2028-07-20", "27/28 Standards Met", words, "2028-06-01")).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], Value::Null, "no such edition is known yet");
    assert_eq!(toolkit(&served, "A81001", "2028-07-20").await, "no-evidence");
    let added =
        include_str!("../../../proto/samples/assessments/oversight.assessments.edition-added.v1.json");
    let added: EditionAdded = serde_json::from_value(read(added)["data"].clone()).unwrap();
    let added = AssessmentEvent::EditionAdded(added);
    served.write(Service::Assessments, "editions", &added, By::Someone).await;
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["title"], "DSP Toolkit 2027/28");
    assert_eq!(toolkit(&served, "A81001", "2028-07-20").await, "met");
    let again = served.restarted().await;
    assert_eq!(toolkit(&again, "A81001", "2028-07-20").await, "met", "rebuilt it is the same");
}
