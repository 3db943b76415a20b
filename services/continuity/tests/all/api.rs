//! The life of a plan, and what goes wrong, by the API. Today is 1 March 2018 unless the test says otherwise.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    server::{self, Server},
    support::*,
};

const AT: &str = "/api/v1/continuity/A81001";
const NOW: &str = "2018-03-01T12:00:00Z";

fn version() -> Value {
    json!({
        "owner": { "name": "A. Manager", "role": "Practice manager" },
        "covers": ["data", "cyber-incident", "power"],
        "systems": [{ "name": "EMIS", "impact": "high", "recovery_time_hours": 4, "recovery_point_hours": 1 }],
        "document": { "reference": "drawer 3", "sha256": "a".repeat(64) },
    })
}

async fn in_force(server: &Server, code: &str) {
    let at = format!("/api/v1/continuity/{code}");
    server.post(&format!("{at}/versions"), version()).await.ok();
    let approval = json!({ "version": 1, "by": { "name": "A. Partner", "role": "Partner" },
        "on": "2018-01-15", "next_review": "2019-01-15" });
    server.post(&format!("{at}/approve"), approval).await.ok();
}

fn exercise(on: &str) -> Value {
    json!({ "kind": "desktop", "scenario": "cyber-incident", "on": on, "outcome": "some-missed",
        "board": { "name": "B. Partner" },
        "lessons": [{ "lesson": "no one knew the number", "action": "put it up", "due": "2018-05-31" }] })
}

#[tokio::test]
async fn a_year_of_one_plan() {
    let server = server::start(NOW).await;
    let empty = server.get(AT).await.ok().json();
    assert_eq!(empty["standing"]["state"], "no-plan");
    assert_eq!(empty["name"], "The Densham Surgery");
    let review = json!({ "by": { "name": "A. Partner" }, "next_review": "2019-03-01" });
    server.post(&format!("{AT}/review"), review.clone()).await.is(409, "no version of the plan");

    in_force(&server, PRACTICE).await;
    assert_eq!(server.get(AT).await.ok().json()["standing"]["state"], "never-exercised");
    server.post(&format!("{AT}/exercises"), exercise("2018-02-20")).await.ok();
    let plan = server.get(AT).await.ok().json();
    assert_eq!(plan["standing"]["state"], "stands");
    assert_eq!(plan["standing"]["lapses"], "2019-01-15");
    assert_eq!(plan["standing"]["because"], "review-due");
    assert_eq!(plan["standing"]["next_exercise"], "2019-02-21");
    assert_eq!(plan["versions"][0]["owner"]["name"], "A. Manager, Practice manager");
    assert_eq!(plan["versions"][0]["systems"][0]["recovery_time_hours"], 4);
    assert_eq!(plan["versions"][0]["covers"], json!(["power", "data", "cyber-incident"]));
    assert_eq!(plan["approvals"][0]["by"]["name"], "A. Partner, Partner");
    assert_eq!(plan["exercises"][0]["board"]["name"], "B. Partner");
    assert_eq!(plan["exercises"][0]["lessons"][0]["done"], Value::Null);
    assert_eq!(plan["position"], server.events().await);

    let done = format!("{AT}/exercises/1/lessons/1/done");
    server.post(&done, json!({ "done": "2018-02-25" })).await.ok();
    server.post(&done, Value::Null).await.is(409, "25 February 2018 already");
    let invocation =
        json!({ "scenario": "power", "on": "2018-02-27", "outcome": "targets-kept", "account": "dark" });
    server.post(&format!("{AT}/invocations"), invocation).await.ok();
    let reliance = json!({ "partner": "0AR", "services": "desktops", "since": "2017-04-01" });
    server.post(&format!("{AT}/reliances"), reliance).await.ok();
    server.post(&format!("{AT}/reliances/end"), json!({ "partner": "0AR", "on": "2018-02-28" })).await.ok();
    let plan = server.get(AT).await.ok().json();
    assert_eq!(plan["exercises"][0]["lessons"][0]["done"], "2018-02-25");
    assert_eq!((&plan["exercises"][1]["number"], &plan["exercises"][1]["kind"]), (&json!(2), &Value::Null));
    assert_eq!(plan["reliances"][0]["since"], "2017-04-01");
    assert_eq!(plan["reliances"][0]["ended"], "2018-02-28");

    server.set_day("2019-01-15");
    let standing = server.get(AT).await.ok().json()["standing"].clone();
    assert_eq!(standing["state"], "stands", "the day of the review is not over");
    assert!(standing["says"].as_str().unwrap().ends_with("is due today."), "{standing}");
    server.set_day("2019-01-16");
    assert_eq!(server.get(AT).await.ok().json()["standing"]["state"], "lapsed");
    let review = json!({ "by": { "name": "A. Partner" }, "next_review": "2020-01-15" });
    server.post(&format!("{AT}/review"), review).await.ok();
    let plan = server.get(AT).await.ok().json();
    assert_eq!(plan["standing"]["state"], "stands");
    assert_eq!(
        (&plan["standing"]["lapses"], &plan["standing"]["because"]),
        (&json!("2019-02-21"), &json!("exercise-due"))
    );
    assert_eq!(plan["reviews"][0]["on"], "2019-01-16");
    server.post(&format!("{AT}/withdraw"), json!({ "reason": "merged" })).await.ok();
    let plan = server.get(AT).await.ok().json();
    assert_eq!(plan["standing"]["state"], "withdrawn");
    assert_eq!(plan["withdrawal"]["reason"], "merged");
}

#[tokio::test]
async fn what_happened_on_an_earlier_day_takes_effect_on_that_day() {
    let server = server::start(NOW).await;
    in_force(&server, PRACTICE).await;
    server.post(&format!("{AT}/exercises"), exercise("2018-02-20")).await.ok();
    let subject = proto::Subject::new(proto::Service::Continuity, &PRACTICE.parse().unwrap());
    let recorded = server.log.of(&subject, proto::Position::START).await.unwrap();
    let effective: Vec<String> = recorded
        .iter()
        .map(|recorded| proto::Header::read(&recorded.body).unwrap().effective_day().to_string())
        .collect();
    assert_eq!(effective, ["2018-03-01", "2018-01-15", "2018-02-20"]);
}

#[tokio::test]
async fn a_partner_and_a_ccg_have_plans_like_any_other() {
    let server = server::start(NOW).await;
    for organisation in [PARTNER, "00K"] {
        in_force(&server, organisation).await;
        let at = format!("/api/v1/continuity/{organisation}");
        assert_eq!(server.get(&at).await.ok().json()["standing"]["version"], 1);
    }
    let own = json!({ "partner": "0AR", "services": "desktops" });
    server.post("/api/v1/continuity/0AR/reliances", own).await.is(400, "\"at\":\"partner\"");
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_second_event() {
    let server = server::start(NOW).await;
    let versions = format!("{AT}/versions");
    let one = server.post_keyed(&versions, version(), Some("k1")).await.ok();
    in_force(&server, "A81002").await;
    let events = server.events().await;
    assert_eq!(server.post_keyed(&versions, version(), Some("k1")).await.ok().text, one.text);
    assert_eq!(server.events().await, events);
    server.post_keyed(&versions, version(), Some("k2")).await.ok();
    assert_eq!(server.events().await, events + 1, "another key is another version, by another owner");
    let reliance = json!({ "partner": "0AR", "services": "desktops" });
    server.post(&format!("{AT}/reliances"), reliance.clone()).await.ok();
    let again = server.post(&format!("{AT}/reliances"), reliance).await.ok().json();
    assert_eq!(again["outcome"], "unchanged");
}

#[tokio::test]
async fn names_are_in_the_directory_and_never_in_the_log() {
    let server = server::start(NOW).await;
    in_force(&server, PRACTICE).await;
    server.post(&format!("{AT}/exercises"), exercise("2018-02-20")).await.ok();
    let mut reader = server.log.read(proto::Position::START).await.unwrap();
    let mut seen = 0;
    while seen < server.events().await {
        for event in reader.next().await.unwrap().events {
            let body = String::from_utf8_lossy(&event.body).into_owned();
            assert!(!body.contains("Manager") && !body.contains("Partner"), "{body}");
            seen = event.position.0;
        }
    }
}

#[tokio::test]
async fn plans_are_listed_by_how_they_stand() {
    let server = server::start(NOW).await;
    for organisation in ["A81003", PRACTICE, "A81002"] {
        in_force(&server, organisation).await;
    }
    for organisation in [PRACTICE, "A81002"] {
        server
            .post(&format!("/api/v1/continuity/{organisation}/exercises"), exercise("2018-02-20"))
            .await
            .ok();
    }
    let reliance = json!({ "partner": "0AR", "services": "desktops" });
    server.post("/api/v1/continuity/00K/reliances", reliance).await.ok();
    let codes = async |query: &str| -> Vec<String> {
        let list = server.get(&format!("/api/v1/continuity{query}")).await.ok().json();
        let plans = list["plans"].as_array().unwrap().clone();
        plans.iter().map(|plan| plan["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("").await, [PRACTICE, "A81002", "A81003"], "00K relies on another's, and has none");
    assert_eq!(codes("?lapses_within_days=319").await, Vec::<String>::new());
    assert_eq!(codes("?lapses_within_days=320").await, [PRACTICE, "A81002"]);
    assert_eq!(codes("?lapsed=true").await, Vec::<String>::new());
    let first = server.get("/api/v1/continuity?limit=2").await.ok().json();
    assert_eq!(first["total"], 3);
    let next = first["next"].as_str().unwrap();
    assert_eq!(codes(&format!("?limit=2&cursor={next}")).await, ["A81003"]);
    let csv = server.get("/api/v1/continuity.csv").await.ok().text;
    let csv = csv.strip_prefix('\u{feff}').unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "code,name,state,version,next_review,next_exercise,lapses,because");
    assert_eq!(lines[1], "A81001,The Densham Surgery,stands,1,2019-01-15,2019-02-21,2019-01-15,review-due");
    assert!(lines[3].starts_with("A81003,'=S"), "{}", lines[3]);

    server.set_day("2019-01-15");
    assert_eq!(codes("?lapsed=true").await, Vec::<String>::new(), "the day is not over");
    assert_eq!(codes("?lapses_within_days=0").await, [PRACTICE, "A81002"], "due today");
    server.set_day("2019-01-16");
    assert_eq!(codes("?lapsed=true").await, [PRACTICE, "A81002"]);
    assert_eq!(codes("?lapsed=false").await, ["A81003"], "never exercised, and so never lapsed");
    assert_eq!(server.get("/api/v1/continuity.csv?lapsed=true").await.ok().text.lines().count(), 3);
    for (query, at) in [
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?lapsed=yes", "lapsed"),
        ("?lapses_within_days=1000", "lapses_within_days"),
        ("?lapses_within_days=-1", "lapses_within_days"),
        ("?cursor=A81002", "cursor"),
        ("?sort=name", "sort"),
    ] {
        server.get(&format!("/api/v1/continuity{query}")).await.is(400, &format!("\"at\":\"{at}\""));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_is_accepted() {
    let server = server::start(NOW).await;
    server.get("/api/v1/continuity/A99999").await.is(404, "no organisation A99999");
    server.get("/api/v1/continuity/A_B").await.is(400, "A81001");
    in_force(&server, PRACTICE).await;
    let changed = |mut body: Value, key: &str, value: Value| {
        body[key] = value;
        body
    };
    for (path, body, status, says) in [
        ("versions", changed(version(), "covers", json!([])), 400, "\"at\":\"covers\""),
        ("versions", changed(version(), "covers", json!(["flood"])), 400, "flood"),
        ("versions", changed(version(), "owner", json!({})), 400, "\"at\":\"name\""),
        ("versions", changed(version(), "sytems", json!([])), 400, "sytems"),
        (
            "versions",
            changed(version(), "document", json!({ "reference": "x", "sha256": "y" })),
            400,
            "\"at\":\"sha256\"",
        ),
        (
            "approve",
            json!({ "version": 2, "by": { "name": "A" }, "next_review": "2019-01-01" }),
            400,
            "\"at\":\"version\"",
        ),
        (
            "approve",
            json!({ "version": 1, "by": { "name": "A" }, "next_review": "2019-02-30" }),
            400,
            "2019-02-30",
        ),
        (
            "approve",
            json!({ "version": 1, "by": { "name": "A" }, "next_review": "2019-01-01" }),
            409,
            "is the newest",
        ),
        (
            "review",
            json!({ "by": { "name": "A" }, "next_review": "2020-01-01" }),
            400,
            "\"at\":\"next_review\"",
        ),
        ("withdraw", json!({ "reason": " " }), 400, "\"at\":\"reason\""),
        ("exercises", exercise("2018-03-02"), 400, "\"at\":\"on\""),
        ("exercises", changed(exercise("2018-02-20"), "kind", json!("quiz")), 400, "quiz"),
        ("exercises/7/lessons/1/done", json!({}), 404, "no exercise or invocation 7"),
        ("exercises/x/lessons/1/done", json!({}), 400, "\"at\":\"path\""),
        ("reliances", json!({ "partner": "a b", "services": "x" }), 400, "a b"),
        ("reliances/end", json!({ "partner": "0AR" }), 404, "no reliance"),
        ("invocations", json!([]), 400, "\"at\":\"body\""),
    ] {
        server.post(&format!("{AT}/{path}"), body).await.is(status, says);
    }
}

/// Every `$ref` within a description.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn every_shape_that_is_named_is_described() {
    let server = server::start(NOW).await;
    let named = references(&server.openapi);
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(server.openapi.pointer(name.trim_start_matches('#')).is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_described_route_is_served() {
    let server = server::start(NOW).await;
    let paths = server.openapi["paths"].as_object().unwrap().clone();
    assert_eq!(paths.len(), 12);
    for (path, methods) in paths {
        let address = path.replace("{code}", PRACTICE).replace("{number}", "1").replace("{lesson}", "1");
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = server.ask(Server::request(method, &address, &[], "")).await;
            let served = answer.status != 405 && !answer.text.contains("there is nothing at");
            assert!(served, "{path}: {answer:?}");
        }
    }
}
