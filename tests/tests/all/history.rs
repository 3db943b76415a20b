//! Every change can be traced to who made it, and every look and refusal at the doors too.

use serde_json::{Value, json};
use whole_system::{OneProcess, cli, keys, platform::until_caught_up};

use crate::support::Story;

fn entries(answer: &Value) -> &Vec<Value> {
    answer["entries"].as_array().unwrap_or_else(|| panic!("no entries in {answer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_what_for_whom_is_told_and_what_it_changed() {
    let story = Story::invented();
    let mut server = OneProcess::start().await;
    story.import_practices(&server.url(), &server.client).await;
    until_caught_up(&server.client).await;
    let admin = server.client.clone();
    let lead = admin.with_key(&keys::issue(&admin, "practice-lead", "A99001").await);
    let officer = admin.with_key(&keys::issue(&admin, "ccg-officer", "90A").await);
    let other = admin.with_key(&keys::issue(&admin, "practice-lead", "A99002").await);

    let base = "/api/v1/assessments/A99001/dspt-2018-19";
    assert_eq!(lead.post(&format!("{base}/open"), &Value::Null).await.status, 200);
    let answer = |comment: &str| json!({ "answer": "not-met", "comment": comment });
    let path = format!("{base}/answers/1.1.1");
    let known = admin.with_key(&keys::issue(&admin, "nhs-digital", "X26").await);
    let requirement = known.json(base).await["requirements"][0]["id"].as_str().unwrap().to_owned();
    let path = path.replace("1.1.1", &requirement);
    assert_eq!(lead.post(&path, &answer("Being written.")).await.status, 200);
    // The CCG helps, on the practice's behalf, as soon as it is known whose practice this is.
    for _ in 0..100 {
        if officer.get(base).await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(officer.post(&path, &answer("=Written with us.")).await.status, 200);

    let history = lead.json("/api/v1/history/organisations/A99001").await;
    let newest = &entries(&history)[0];
    assert_eq!(newest["what"], "oversight.assessments.requirement-answered.v1");
    assert_eq!(newest["requirement"], requirement);
    assert_eq!((&newest["role"], &newest["at"]), (&json!("ccg-officer"), &json!("90A")));
    assert_eq!(newest["on_behalf_of"], "A99001");
    assert!(newest["actor"].as_str().unwrap().starts_with("key:"));
    for id in ["command", "request", "id"] {
        assert!(newest[id].as_str().is_some_and(|id| id.len() == 36), "{id}: {newest}");
    }
    let changed = json!([{ "field": "comment", "from": "Being written.", "to": "=Written with us." }]);
    assert_eq!(newest["changes"], changed, "{newest}");

    // Each entry leads to its event.
    let event =
        lead.json(&format!("/api/v1/history/organisations/A99001/events/{}", newest["position"])).await;
    assert_eq!(event["id"], newest["id"]);
    assert_eq!(event["actorrole"], "ccg-officer");
    let not_its_own = lead.get("/api/v1/history/organisations/A99001/events/2").await;
    assert_eq!(not_its_own.status, 404, "an event of another organisation: {}", not_its_own.text());

    // Filters, and the file.
    let of_requirement = format!("/api/v1/history/organisations/A99001?requirement={requirement}");
    assert_eq!(lead.json(&of_requirement).await["total"], 2);
    assert_eq!(lead.json("/api/v1/history/organisations/A99001?to=2017-01-01").await["total"], 0);
    let file = lead.get("/api/v1/history/organisations/A99001?what=answered&format=csv").await;
    assert!(file.header("content-type").starts_with("text/csv"), "{:?}", file.headers);
    let name = file.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"history-A99001-20"), "of a date: {name}");
    assert!(name.contains("-at-"), "{name}");
    assert!(file.text().starts_with("\u{feff}position,"), "{}", file.text());
    assert!(file.text().contains("'=Written with us."), "made harmless: {}", file.text());

    // Who does not stand above it finds nothing, whether there is something or not.
    for path in ["/api/v1/history/organisations/A99001", "/api/v1/history/organisations/A99999"] {
        let refused = other.get(path).await;
        assert_eq!(refused.status, 404);
        assert_eq!(refused.json()["detail"], format!("there is nothing at {path}"));
    }
    assert_eq!(lead.get("/api/v1/history/access").await.status, 403);

    // At the doors: keys, the refusals, the file that was taken, the CCG's look.
    officer.json(base).await;
    let mut doors = admin.json("/api/v1/history/access?limit=500").await;
    let has = |doors: &Value, what: &str, about: &Value| {
        entries(doors).iter().any(|entry| {
            entry["what"] == format!("oversight.access.{what}.v1") && entry["organisation"] == *about
        })
    };
    // What a flood could make goes through a queue.
    for _ in 0..100 {
        if ["sensitive-read", "refused"].iter().all(|what| has(&doors, what, &json!("A99001"))) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        doors = admin.json("/api/v1/history/access?limit=500").await;
    }
    assert!(has(&doors, "sensitive-read", &json!("A99001")), "{doors}");
    assert!(has(&doors, "refused", &json!("A99001")), "{doors}");
    assert!(has(&doors, "exported", &json!("A99001")), "{doors}");
    assert!(has(&doors, "key-issued", &json!("90A")), "{doors}");
    assert!(!doors.to_string().contains("ovk_"), "no secret in a record");

    // Both logs check out; and one that was altered says up to where it is intact.
    assert!(server.process.stop().success());
    let log = format!("file:{}", server.data().join("log.redb").display());
    let verified = cli::run(&["verify", "--log", &log]).await.well();
    assert_eq!(verified.out.matches("every chain whole").count(), 2, "{}", verified.out);
    assert!(!server.process.said().contains("ovk_"), "no secret in the log lines");
}
