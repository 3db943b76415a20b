//! Words of the national register that are not understood, explained later; and the newest edition.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use proto::{
    Service,
    assessments::{
        AssessmentEvent, AssessmentPublished, Grade, PublishedResult, ResultLevel, ResultListed,
        StatusTextExplained,
    },
};
use serde_json::{Value, json};
use support::{By, code, day};

fn shown(practice: &str, as_of: &str, status: &str, result: PublishedResult, on: &str) -> AssessmentEvent {
    AssessmentEvent::ResultListed(ResultListed {
        organisation: code(practice),
        as_of: day(as_of),
        name: String::new(),
        sector: String::new(),
        status: status.to_owned(),
        result,
        published: Some(day(on)),
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
    served.pen.small_england(By::Somebody).await;
    let words = shown("A81001", "2026-10-15", "25/26 Assured", PublishedResult::Unrecognised, "2026-06-01");
    served.write(Service::Assessments, "register_A81001", &words, By::Somebody).await;
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
        result: ResultLevel::StandardsMet.of("dspt-2025-26".parse().unwrap()),
        reason: "the toolkit's news".to_owned(),
    });
    served.write(Service::Assessments, "editions", &explained, By::Somebody).await;
    served.caught_up().await;

    assert_eq!(toolkit(&served, "A81001", "2026-10-15").await, "met");
    assert_eq!(public(&served, "A81001").await["status"], "Standards Met");
    let aside = read(&served.get("/api/v1/set-aside").await.text);
    assert_eq!(aside["not_understood"], json!([]));
}

#[tokio::test]
async fn the_public_status_is_of_the_newest_edition_not_of_the_newest_publication() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Somebody).await;
    // Last year's edition was published late, and a still older one after it.
    for (edition, on) in [("dspt-2025-26", "2026-07-15"), ("dspt-2018-19", "2026-11-01")] {
        let result = ResultLevel::StandardsMet.of(edition.parse().unwrap());
        let event = shown("A81001", "2026-11-01", "Standards Met", result, on);
        served.write(Service::Assessments, "register_A81001", &event, By::Somebody).await;
    }
    served.caught_up().await;
    let shown = public(&served, "A81001").await;
    assert_eq!(shown["edition"], "dspt-2025-26");
    assert_eq!(shown["on"], "2026-07-15");
    assert_eq!(shown["late"], true, "its deadline was 30 June 2026");
}

#[tokio::test]
async fn of_two_editions_published_on_one_day_the_newer_one_is_shown() {
    let mut served = support::Running::set_to("2026-11-28T12:00:00Z").await;
    served.pen.small_england(By::Somebody).await;
    for edition in ["dspt-2025-26", "dspt-2018-19"] {
        let event = published("A81001", edition);
        served.write(Service::Assessments, &format!("A81001_{edition}"), &event, By::Somebody).await;
    }
    served.caught_up().await;
    assert_eq!(public(&served, "A81001").await["edition"], "dspt-2025-26");
}
