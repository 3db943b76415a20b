//! The life of an assessment, and what goes wrong, by the API.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    server::{self, Server},
    support::*,
};

pub const AT: &str = "/api/v1/onsite/A81001";
pub const ONE: &str = "/api/v1/onsite/A81001/1";

pub fn assessor() -> Value {
    json!({ "name": "Sensitive Name", "role": "Assessor", "email": "someone@partner.example" })
}

pub fn finding_body(system: &str) -> Value {
    json!({ "topic": "patching", "severity": "high", "system": system, "responsibility": "practice",
        "found": "three months behind", "evidence": "report 4.2" })
}

/// Asked for, agreed and scheduled on 10 March; held and with two findings by the 12th.
pub async fn held_here() -> Server {
    let server = server::start("2018-03-01T12:00:00Z").await;
    server.post(&format!("{AT}/request"), json!({ "by": "X26", "reason": "chosen" })).await.ok();
    server.post(&format!("{ONE}/agree"), Value::Null).await.ok();
    let visit = json!({ "on": "2018-03-10", "partner": PARTNER, "assessor": assessor() });
    server.post(&format!("{ONE}/schedule"), visit).await.ok();
    server.set_day("2018-03-12");
    let results = json!([{ "topic": "patching", "outcome": "not-satisfied", "remark": "old" },
        { "topic": "training", "outcome": "satisfied" }]);
    server.post(&format!("{ONE}/held"), json!({ "on": "2018-03-10", "results": results })).await.ok();
    for system in ["desktops", "router"] {
        server.post(&format!("{ONE}/findings"), finding_body(system)).await.ok();
    }
    server
}

#[tokio::test]
async fn a_whole_life() {
    let server = held_here().await;
    let answer = json!({ "accepted": false, "answer": "the router is the CCG's" });
    server.post(&format!("{ONE}/findings/2/answer"), answer).await.ok();
    let action = |finding: u16, due: &str| json!({ "finding": finding, "action": "mend it", "owner": { "name": format!("Owner {finding}") }, "due": due });
    let plan = json!({ "actions": [action(1, "2018-04-30"), action(2, "2018-05-31")] });
    server.post(&format!("{ONE}/plan"), plan.clone()).await.is(409, "has not been disclosed");
    server.post(&format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-03-12" })).await.ok();
    server.post(&format!("{ONE}/plan"), plan.clone()).await.ok();
    server.post(&format!("{ONE}/plan/return"), json!({ "by": "Y54", "reason": "sooner" })).await.ok();
    server.post(&format!("{ONE}/plan"), plan).await.ok();
    server.post(&format!("{ONE}/plan/agree"), json!({ "by": "15E" })).await.is(400, "00K or Y54");
    server.post(&format!("{ONE}/plan/agree"), json!({ "by": "00K" })).await.ok();
    server.set_day("2018-05-05");
    let view = server.get(ONE).await.ok().json();
    assert_eq!((&view["state"], &view["actions_overdue"]), (&json!("plan-agreed"), &json!(1)));
    assert_eq!(view["next"], "The practice does action 1, which was due on 30 April 2018.");
    assert_eq!(view["plan"][0]["overdue"], true);
    assert_eq!(view["plan"][1]["owner"]["name"], "Owner 2");
    assert_eq!(view["findings"][1]["accepted"], false);
    assert_eq!(view["findings"][0]["open_because"], "action 1 is not done");
    server.post(&format!("{ONE}/close"), Value::Null).await.is(409, "finding 1: action 1 is not done");
    server.post(&format!("{ONE}/plan/actions/1/done"), json!({ "done": "2018-05-02" })).await.ok();
    server.post(&format!("{ONE}/retest"), json!({ "on": "2018-05-04", "mended": [2, 1] })).await.ok();
    server.post(&format!("{ONE}/close"), Value::Null).await.ok();
    let view = server.get(ONE).await.ok().json();
    assert_eq!((&view["state"], &view["findings_open"]), (&json!("closed"), &json!(0)));
    assert_eq!((&view["closed"], &view["retested"]), (&json!("2018-05-05"), &json!("2018-05-04")));
    assert_eq!(view["position"], server.events().await);
    assert_eq!(server.get(AT).await.ok().json()[0]["state"], "closed");
}

#[tokio::test]
async fn past_days_take_effect_when_they_happened() {
    let server = held_here().await;
    let mut reader = server.log.read(proto::Position::START).await.unwrap();
    let mut days = Vec::new();
    let mut read = 0;
    while read < server.events().await {
        for recorded in reader.next().await.unwrap().events {
            let header = proto::Header::read(&recorded.body).unwrap();
            if header.kind.contains("assessment-held") {
                days.push((header.effective_day(), proto::Day::in_london(header.time)));
            }
            read = recorded.position.0;
        }
    }
    assert_eq!(days, [(day("2018-03-10"), day("2018-03-12"))]);
}

#[tokio::test]
async fn numbers_count_up_and_the_same_key_gives_the_same_one() {
    let server = server::start("2018-03-01T12:00:00Z").await;
    let at = format!("{AT}/request");
    let body = json!({ "by": "X26", "reason": "chosen" });
    let first = server.post_keyed(&at, body.clone(), Some("k1")).await.ok();
    assert_eq!(first.json()["number"], 1);
    assert_eq!(server.post(&at, body.clone()).await.ok().json()["outcome"], "unchanged", "not answered yet");
    server.post_keyed(&format!("{ONE}/agree"), Value::Null, Some("k1")).await.ok();
    let events = server.events().await;
    assert_eq!(server.post_keyed(&at, body.clone(), Some("k1")).await.ok().text, first.text);
    assert_eq!(server.events().await, events, "under its key a request stays the one it was");
    assert_eq!(server.post_keyed(&at, body, Some("k2")).await.ok().json()["number"], 2);
    let other = json!({ "by": "00K", "reason": "a breach" });
    assert_eq!(server.post(&at, other).await.ok().json()["number"], 3);
    let own: Vec<Value> = server.get(AT).await.ok().json().as_array().unwrap().clone();
    assert_eq!(own.iter().map(|line| line["number"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn two_who_ask_at_once_get_two_numbers() {
    let server = server::start("2018-03-01T12:00:00Z").await;
    let at = format!("{AT}/request");
    let ask = |reason: &str| server.post(&at, json!({ "by": "X26", "reason": reason }));
    let (one, two, three) = tokio::join!(ask("one"), ask("two"), ask("three"));
    let mut numbers = [one, two, three].map(|answer| answer.ok().json()["number"].as_u64().unwrap());
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_second_event() {
    let server = held_here().await;
    let path = format!("{ONE}/findings");
    let first = server.post_keyed(&path, finding_body("server"), Some("k")).await.ok();
    let events = server.events().await;
    assert_eq!(server.post_keyed(&path, finding_body("server"), Some("k")).await.ok().text, first.text);
    assert_eq!(server.post(&path, finding_body("server")).await.ok().json()["outcome"], "unchanged");
    assert_eq!(server.events().await, events);
}

#[tokio::test]
async fn names_are_in_the_directory_and_never_in_the_log() {
    let server = held_here().await;
    let mut reader = server.log.read(proto::Position::START).await.unwrap();
    let mut read = 0;
    while read < server.events().await {
        for event in reader.next().await.unwrap().events {
            let body = String::from_utf8_lossy(&event.body).into_owned();
            assert!(!body.contains("Sensitive") && !body.contains("partner.example"), "{body}");
            read = event.position.0;
        }
    }
    assert_eq!(server.get(ONE).await.ok().json()["assessor"]["name"], "Sensitive Name, Assessor");
}

#[tokio::test]
async fn lists_are_filtered_paged_and_come_as_csv() {
    let server = held_here().await;
    for (code, by) in [("A81001", "00K"), ("A81002", "X26")] {
        let body = json!({ "by": by, "reason": "more" });
        server.post(&format!("/api/v1/onsite/{code}/request"), body).await.ok();
    }
    let list = |query: &str| {
        let path = format!("/api/v1/onsite?{query}");
        let server = &server;
        async move { server.get(&path).await.ok().json() }
    };
    let numbers = |list: &Value| -> Vec<String> {
        let lines = list["assessments"].as_array().unwrap();
        lines
            .iter()
            .map(|line| format!("{}_{}", line["organisation"].as_str().unwrap(), line["number"]))
            .collect()
    };
    let all = list("").await;
    assert_eq!(
        (numbers(&all), &all["total"]),
        (vec!["A81001_1".into(), "A81001_2".into(), "A81002_1".into()], &json!(3))
    );
    assert_eq!(numbers(&list("state=requested").await), ["A81001_2", "A81002_1"]);
    assert_eq!(numbers(&list(&format!("partner={PARTNER}")).await), ["A81001_1"]);
    assert_eq!(list("ccg=15E").await["total"], 0);
    let first = list("limit=2").await;
    assert_eq!(numbers(&first).len(), 2);
    let second = list(&format!("limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!((numbers(&second), &second["next"]), (vec!["A81002_1".to_owned()], &Value::Null));
    let csv = server.get("/api/v1/onsite?format=csv").await.ok().text;
    let rows: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(
        rows[1],
        "A81001,The Densham Surgery,00K,1,held,X26,2018-03-01,2018-03-10,no,ZZPARTNER,2018-03-10,2,2,0,"
    );
    assert_eq!(rows.len(), 5, "a heading, three rows, and the end");
    for (query, what) in [
        ("state=x", "plan-agreed"),
        ("limit=0", "1 to 500"),
        ("cursor=A81001_2", "next"),
        ("format=x", "csv"),
        ("ccg=_", "ccg"),
    ] {
        server.get(&format!("/api/v1/onsite?{query}")).await.is(400, what);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_is_accepted() {
    let server = held_here().await;
    server.get("/api/v1/onsite/A99999/1").await.is(404, "no general practice A99999");
    server.get("/api/v1/onsite/A_B/1").await.is(400, "A81001");
    server.get("/api/v1/onsite/A81001/9").await.is(404, "there is no on-site assessment 9 of A81001");
    server.get("/api/v1/onsite/A81001/x").await.is(400, "path");
    let request = format!("{AT}/request");
    server.post(&request, json!({ "by": "15E", "reason": "r" })).await.is(400, "NHS Digital (X26)");
    server.post(&request, json!({ "by": "X26", "reason": "" })).await.is(400, "A reason is missing");
    server.post(&request, json!({ "by": "X26", "raison": "r" })).await.is(400, "raison");
    let with = |field: &str, value: Value| {
        let mut body = finding_body("x");
        body[field] = value;
        server.post("/api/v1/onsite/A81001/1/findings", body)
    };
    with("severity", json!("awful")).await.is(400, "critical");
    with("topic", json!("parking")).await.is(400, "no topic parking");
    with("system", json!(" ")).await.is(400, "\"at\":\"system\"");
    server
        .post(&format!("{ONE}/findings/9/answer"), json!({ "accepted": true, "answer": "yes" }))
        .await
        .is(404, "no finding 9");
    server
        .post(&format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-02-30" }))
        .await
        .is(400, "2018-02-30");
    server
        .post(&format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-03-13" }))
        .await
        .is(400, "\"at\":\"on\"");
    let unknown =
        json!({ "on": "2018-03-20", "partner": PARTNER, "assessor": { "person": uuid::Uuid::nil() } });
    server.post("/api/v1/onsite/A81001/1/schedule", unknown).await.is(400, "no one in the directory");
}

#[tokio::test]
async fn who_is_named_in_a_refused_plan_is_not_kept() {
    let server = held_here().await;
    let action = |finding: u16, name: &str| json!({ "finding": finding, "action": "mend", "owner": { "name": name }, "due": "2018-04-30" });
    let plan = |name: &str| json!({ "actions": [action(1, "First Owner"), action(2, name)] });
    let path = format!("{ONE}/plan");
    server.post_keyed(&path, plan("x".repeat(201).as_str()), Some("long")).await.is(400, "200 characters");
    server.post_keyed(&path, plan("Second Owner"), Some("early")).await.is(409, "has not been disclosed");
    let people =
        String::from_utf8_lossy(&std::fs::read(server.folder().join("people.redb")).unwrap()).into_owned();
    assert!(people.contains("Sensitive Name"), "who was named in what came about is kept");
    server.post(&format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-03-12" })).await.ok();
    server.post_keyed(&path, plan("Second Owner"), Some("early")).await.ok();
    let view = server.get(ONE).await.ok().json();
    assert_eq!(view["proposed"][0]["owner"]["name"], "First Owner");
    assert_eq!(view["proposed"][1]["owner"]["name"], "Second Owner");
}

#[tokio::test]
async fn the_topics_are_listed() {
    let server = server::start("2018-03-01T12:00:00Z").await;
    let topics = server.get("/api/v1/onsite/topics").await.ok().json();
    assert_eq!(topics.as_array().unwrap().len(), proto::topics::topics().len());
    assert_eq!(topics[3]["id"], "patching");
}

#[tokio::test]
async fn every_described_route_is_served() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    let paths = server.openapi["paths"].as_object().unwrap().clone();
    assert_eq!(paths.len(), 24);
    for (path, methods) in paths {
        let address = path
            .replace("{code}", PRACTICE)
            .replace("{number}", "1")
            .replace("{finding}", "1")
            .replace("{action}", "1")
            .replace("{id}", "00000000-0000-0000-0000-000000000000");
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse().unwrap();
            let answer = server.ask(Server::request(method, &address, &[], "")).await;
            assert!(
                answer.status != 405 && !answer.text.contains("there is nothing at"),
                "{path}: {answer:?}"
            );
        }
    }
}

/// A program's key stands for one command: with other content it is refused, whatever came meanwhile.
#[tokio::test]
async fn a_key_given_again_with_other_content_is_refused() {
    let server = held_here().await;
    let send = async |body: Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "mine")];
        let path = format!("{ONE}/findings");
        server.ask(Server::request(Method::POST, &path, &headers, body.to_string())).await
    };
    let first = send(finding_body("printer")).await.ok().json();
    let other = send(finding_body("scanner")).await.is(422, "Use a new key for another command").json();
    assert_eq!(other["errors"][0]["at"], "Idempotency-Key");
    // The same with its fields in another order is the same.
    let fields: Vec<(String, Value)> =
        finding_body("printer").as_object().unwrap().clone().into_iter().rev().collect();
    let turned = send(Value::Object(fields.into_iter().collect())).await.ok().json();
    assert_eq!(turned["position"], first["position"]);
    let systems = server.get(ONE).await.ok().json()["findings"].as_array().unwrap().len();
    assert_eq!(systems, 3, "two were there, and one came");
}
