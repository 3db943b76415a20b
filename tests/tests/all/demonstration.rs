//! The generated England as someone tries it out: one date for all services, which begins the day after the
//! deadline, and what one does changes one's own page.

use proto::Day;
use serde_json::{Value, json};
use whole_system::{Client, OneProcess, keys, platform::until_shown};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// The status of a requirement of a practice on the date shown where none is asked for, and that date.
async fn status(lead: &Client, practice: &str, requirement: &str) -> (String, String) {
    let answer = lead.json(&format!("/api/v1/practices/{practice}")).await;
    let of = answer["requirements"].as_array().unwrap().iter().find(|of| of["requirement"] == requirement);
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text(&of.unwrap()["status"]), text(&answer["at"]))
}

async fn give(client: &Client, path: &str, body: Value) -> Value {
    let answer = client.post(path, &body).await;
    assert!(answer.status.is_success(), "POST {path}: {}", answer.text());
    answer.json()
}

/// A practice that has no continuity plan.
async fn practice_without_a_plan(administrator: &Client) -> String {
    let path = "/api/v1/areas/ENG/practices?requirement=continuity&status=not-met&sort=code&limit=1";
    let answer = administrator.json(path).await;
    answer["practices"][0]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_does_over_generated_data_is_done_on_its_date_and_changes_ones_own_page() {
    let mut server = OneProcess::with(&[]).await;
    let begins = day("2018-04-01");
    let national = server.client.with_key(&keys::issue(&server.client, "nhs-digital", "X26").await);
    let practice = practice_without_a_plan(&national).await;
    let lead = server.client.with_key(&keys::issue(&server.client, "practice-lead", &practice).await);
    let before = status(&lead, &practice, "continuity").await;
    assert_eq!(before, ("not-met".to_owned(), begins.to_string()));

    let at = format!("/api/v1/continuity/{practice}");
    let version = json!({ "owner": { "name": "A. Manager" }, "covers": ["data", "cyber-incident"],
        "systems": [{ "name": "records", "impact": "high", "recovery_time_hours": 4, "recovery_point_hours": 1 }],
        "document": { "reference": "drawer 3", "sha256": "a".repeat(64) } });
    give(&lead, &format!("{at}/versions"), version).await;
    // The practice may have a draft of before.
    let newest = lead.json(&at).await["versions"].as_array().unwrap().len();
    let approval = json!({ "version": newest, "by": { "name": "A. Partner" }, "on": begins,
        "next_review": begins.plus_days(300) });
    give(&lead, &format!("{at}/approve"), approval).await;
    let exercise = json!({ "kind": "desktop", "scenario": "cyber-incident", "on": begins,
        "outcome": "targets-kept" });
    let given = give(&lead, &format!("{at}/exercises"), exercise).await;
    until_shown(&server.client, given["position"].as_u64().unwrap()).await;
    assert_ne!(status(&lead, &practice, "continuity").await, before, "what was done shows");
    let recorded = server.client.json("/api/v1/view").await;
    assert!(recorded["time"].as_str().unwrap().starts_with("2018-0"), "{recorded}");

    // No file was read: nothing is said of any, and there is none to withdraw.
    let england = national.json("/api/v1/areas/ENG").await;
    assert_eq!((&england["rests_on"], &england["synthetic"]), (&json!([]), &json!(true)));
    let landing = national.get("/areas/ENG").await.text();
    assert!(!landing.contains("has been loaded") && !landing.contains("Newest files"), "{landing}");
    assert_eq!(national.json("/api/v1/organisations/imports").await, json!([]));

    let page = lead.get(&format!("/practices/{practice}")).await;
    assert!(page.text().contains("The date here is 1 April 2018."), "{}", page.text());

    // A new start finds the date again.
    assert!(server.process.stop().success());
    server.restart().await;
    assert_eq!(status(&lead, &practice, "continuity").await.1, begins.to_string());
}
