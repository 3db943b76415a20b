//! A year of one practice, and what goes wrong, by the API.

use chassis::testing::land::{body, moved, small_land};
use proto::{organisations::OrganisationKind, standards::OrganisationType};
use serde_json::{Value, json};

use crate::{
    server::{self, Server},
    support::*,
};

const AT: &str = "/api/v1/assessments/A81001/igt-14.1";

async fn answer_all(server: &Server, others: &[(&str, u8)]) {
    for asked in edition(IGT).requirements_of(OrganisationType::GeneralPractice) {
        let number = asked.id.as_str();
        let level = others.iter().find(|(other, _)| *other == number).map_or(2, |(_, level)| *level);
        let body = json!({ "answer": { "level": level }, "comment": "see the folder" });
        server.post(&format!("{AT}/answers/{number}"), body).await.ok();
    }
}

#[tokio::test]
async fn a_whole_year_of_one_practice() {
    let server = server::start("2018-01-10T12:00:00Z").await;
    let state = server.get(AT).await.ok().json();
    assert_eq!(state["state"], "not-started");
    assert_eq!(state["deadline"], "2018-03-31");
    assert_eq!(state["requirements"].as_array().unwrap().len(), 13);

    server.post(&format!("{AT}/publish"), Value::Null).await.is(409, "has not been opened");
    server.post(&format!("{AT}/open"), Value::Null).await.ok();
    let blocked = server.post(&format!("{AT}/publish"), Value::Null).await.is(409, "13 things").json();
    assert_eq!(blocked["errors"][3]["at"], "requirements/14-117");

    answer_all(&server, &[("14-117", 1)]).await;
    let state = server.get(AT).await.ok().json();
    assert_eq!((&state["state"], &state["percentage_so_far"]), (&json!("ready"), &json!(64)));

    server.set_day("2018-04-03");
    server
        .post(&format!("{AT}/statement"), json!({ "name": "A. Partner" }))
        .await
        .is(409, "publish it first");
    server.post(&format!("{AT}/publish"), Value::Null).await.ok();
    let publication = server.get(AT).await.ok().json()["publication"].clone();
    assert_eq!(publication["late"], true, "three days after the deadline");
    assert_eq!(publication["grade"], "not-satisfactory");
    assert_eq!(publication["gaps"], json!(["14-117"]));

    server.post(&format!("{AT}/statement"), json!({ "name": "A. Partner", "role": "Partner" })).await.ok();
    server
        .post(&format!("{AT}/statement"), json!({ "name": "B. Partner" }))
        .await
        .is(409, "accepted on 3 April 2018");
    let statement = server.get(AT).await.ok().json()["statement"].clone();
    assert_eq!(statement["by"]["name"], "A. Partner, Partner");

    server.post(&format!("{AT}/plan/submit"), Value::Null).await.is(409, "14-117");
    let action = json!({ "requirement": "14-117", "gap": "two locums", "action": "train them",
        "owner": { "person": statement["by"]["person"] }, "due": "2018-09-30" });
    server.post(&format!("{AT}/plan/actions"), action).await.ok();
    server.post(&format!("{AT}/plan/submit"), Value::Null).await.ok();
    server.post(&format!("{AT}/plan/agree"), json!({ "by": "15E" })).await.is(400, "00K or Y54");
    server.post(&format!("{AT}/plan/refuse"), json!({ "by": "00K", "reason": "" })).await.is(400, "reason");
    server.post(&format!("{AT}/plan/agree"), json!({ "by": "00K" })).await.ok();
    let state = server.get(AT).await.ok().json();
    assert_eq!(state["plan"]["state"], "agreed");
    assert_eq!(state["plan"]["due"], "2018-09-30");
    assert_eq!(state["plan"]["actions"][0]["owner"]["name"], "A. Partner, Partner");
    assert_eq!(state["publication"]["grade"], "not-satisfactory", "as published");
    assert_eq!(state["publication"]["grade_today"], "satisfactory-with-improvement-plan");

    server.set_day("2018-10-01");
    let overdue = server.get(AT).await.ok().json();
    assert_eq!(overdue["publication"]["grade_today"], "not-satisfactory", "the plan is overdue");
    server.post(&format!("{AT}/plan/actions/1/done"), json!({ "done": "2018-09-20" })).await.ok();
    let review = json!({ "grade": "satisfactory", "by": "Y54", "reason": "seen on a visit" });
    server.post(&format!("{AT}/reviewed-grade"), review).await.ok();
    let state = server.get(AT).await.ok().json();
    assert_eq!(state["publication"]["grade_today"], "satisfactory-with-improvement-plan", "all done");
    assert_eq!(state["reviewed_grade"]["grade"], "satisfactory");
    assert_eq!(state["position"], server.events().await);

    let all = server.get("/api/v1/assessments/A81001").await.ok().json();
    assert_eq!(all["assessments"][0]["published"], "2018-04-03");
    assert_eq!(all["assessments"][1]["state"], "not-started");
}

#[tokio::test]
async fn the_plan_is_decided_on_by_whom_the_practice_stands_under_today() {
    // A membership is newer than the practice file, which still shows 00K.
    let mut land = small_land();
    land.push(body("15E", "NHS SOMEWHERE CCG", OrganisationKind::Ccg));
    land.push(moved("A81001", "15E", "2018-03-02"));
    land.push(moved("A81002", "15E", "2018-05-01"));
    let server = Server::start("2018-03-10T12:00:00Z", land, assessments::service).await;
    server.post(&format!("{AT}/open"), Value::Null).await.ok();
    answer_all(&server, &[("14-117", 1)]).await;
    server.post(&format!("{AT}/publish"), Value::Null).await.ok();
    let action = json!({ "requirement": "14-117", "gap": "two locums", "action": "train them",
        "owner": { "name": "A. Partner" }, "due": "2018-09-30" });
    server.post(&format!("{AT}/plan/actions"), action).await.ok();
    server.post(&format!("{AT}/plan/submit"), Value::Null).await.ok();
    let late = json!({ "by": "00K", "reason": "too late" });
    server.post(&format!("{AT}/plan/refuse"), late).await.is(400, "15E or Y54");
    server.post(&format!("{AT}/plan/agree"), json!({ "by": "00K" })).await.is(400, "15E or Y54");
    server.page("/assessments/A81001/igt-14.1/plan").await.is(200, "15E");
    server.post(&format!("{AT}/plan/agree"), json!({ "by": "15E" })).await.ok();
    for (practice, ccg) in [("A81001", "15E"), ("A81002", "00K")] {
        let shown = server.get(&format!("/api/v1/assessments/{practice}")).await.ok().json();
        let organisation = (&shown["organisation"]["ccg"], &shown["organisation"]["region"]);
        assert_eq!(organisation, (&json!(ccg), &json!("Y54")), "{practice}");
    }
}

#[tokio::test]
async fn next_year_the_answers_roll_over() {
    let server = server::start("2019-02-01T12:00:00Z").await;
    let (this, next) = ("/api/v1/assessments/A81001/dspt-2018-19", "/api/v1/assessments/A81001/dspt-2020-21");
    server.post(&format!("{this}/open"), Value::Null).await.ok();
    for number in 1..=10 {
        let body = json!({ "answer": "met", "evidence": { "reference": format!("folder {number}") } });
        server.post(&format!("{this}/answers/{number}"), body).await.ok();
    }
    server.post(&format!("{this}/publish"), Value::Null).await.ok();
    server.post(&format!("{this}/statement"), json!({ "name": "A" })).await.is(409, "assurance statement");
    server.post(&format!("{next}/open"), Value::Null).await.is(409, "opens on 1 October 2020");

    server.set_day("2020-10-01");
    server.post(&format!("{next}/open"), Value::Null).await.ok();
    let state = server.get(next).await.ok().json();
    let standard = &state["requirements"][2];
    assert_eq!((&standard["answer"], &standard["needs_review"]), (&json!("met"), &json!(true)));
    assert_eq!(state["blockers"].as_array().unwrap().len(), 10);
    assert_eq!(state["blockers"][2]["missing"], "review");
    for number in 1..=10 {
        server.post(&format!("{next}/reviews/{number}"), Value::Null).await.ok();
    }
    server.post(&format!("{next}/publish"), Value::Null).await.ok();
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_no_second_event() {
    let server = server::start("2018-01-10T12:00:00Z").await;
    let open = format!("{AT}/open");
    let first = server.post_keyed(&open, Value::Null, Some("k1")).await.ok();
    let answer = json!({ "answer": { "level": 2 }, "comment": "x" });
    let path = format!("{AT}/answers/14-117");
    let one = server.post_keyed(&path, answer.clone(), Some("k2")).await.ok();
    let other = json!({ "answer": { "level": 3 }, "comment": "x" });
    server.post_keyed(&path, other, Some("k3")).await.ok();
    let events = server.events().await;
    assert_eq!(server.post_keyed(&path, answer, Some("k2")).await.ok().text, one.text);
    assert_eq!(server.post_keyed(&open, Value::Null, Some("k1")).await.ok().text, first.text);
    assert_eq!(server.events().await, events);
}

#[tokio::test]
async fn names_are_in_the_directory_and_never_in_the_log() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.post(&format!("{AT}/open"), Value::Null).await.ok();
    answer_all(&server, &[]).await;
    let person = json!({ "name": "Sensitive Name", "role": "Partner", "email": "someone@practice.example" });
    let refused = format!("{AT}/statement");
    server.post_keyed(&refused, person.clone(), Some("too early")).await.is(409, "publish it first");
    server.post(&format!("{AT}/publish"), Value::Null).await.ok();
    let signed = server.post_keyed(&refused, person.clone(), Some("sign")).await.ok();
    assert_eq!(server.post_keyed(&refused, person, Some("sign")).await.ok().text, signed.text);
    let mut reader = server.log.read(proto::Position::START).await.unwrap();
    let mut seen = 0;
    while seen < server.events().await {
        for event in reader.next().await.unwrap().events {
            let body = String::from_utf8_lossy(&event.body).into_owned();
            assert!(!body.contains("Sensitive") && !body.contains("practice.example"), "{body}");
            seen = event.position.0;
        }
    }
    let state = server.get(AT).await.ok().json();
    assert_eq!(state["statement"]["by"]["name"], "Sensitive Name, Partner");
}

#[tokio::test]
async fn deadlines_and_exemptions_are_decided_centrally() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    let moved = json!({ "organisation_type": "general-practice", "to": "2018-04-30", "reason": "floods" });
    server.post("/api/v1/editions/igt-14.1/deadline", moved).await.ok();
    let exempt = json!({ "organisation_type": "general-practice", "requirement": "14-319", "reason": "the CCG answers" });
    server.post("/api/v1/editions/igt-14.1/exemptions", exempt).await.ok();
    let edition = server.get("/api/v1/editions/igt-14.1").await.ok().json();
    assert_eq!(edition["deadline"], "2018-04-30");
    assert_eq!(edition["types"][0]["deadlines"].as_array().unwrap().len(), 2);
    assert_eq!(edition["exemptions"][0]["requirement"], "14-319");
    assert_eq!(edition["types"][1]["deadline"], "2018-03-31", "CCGs keep theirs");
    server.post(&format!("{AT}/open"), Value::Null).await.ok();
    let state = server.get(AT).await.ok().json();
    assert_eq!(state["deadline"], "2018-04-30");
    assert_eq!(state["blockers"].as_array().unwrap().len(), 12, "the exempt one blocks nothing");
    let wrong = json!({ "organisation_type": "gp", "to": "2018-04-30", "reason": "floods" });
    server.post("/api/v1/editions/igt-14.1/deadline", wrong).await.is(400, "general-practice");
    let editions = server.get("/api/v1/editions").await.ok().json();
    assert_eq!(editions[0]["deadline"], "2018-04-30");
    assert_eq!(editions.as_array().unwrap().len(), 9);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_is_accepted() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.get("/api/v1/assessments/A99999/igt-14.1").await.is(404, "no general practice A99999");
    server.get("/api/v1/assessments/A_B/igt-14.1").await.is(400, "A81001");
    server.get("/api/v1/assessments/A81001/igt-15").await.is(404, "dspt-2018-19");
    server.post(&format!("{AT}/open"), Value::Null).await.ok();
    let answer = |body: Value| server.post("/api/v1/assessments/A81001/igt-14.1/answers/14-117", body);
    answer(json!({ "answer": { "level": 4 } })).await.is(400, "0, 1, 2 or 3");
    answer(json!({ "answer": "met" })).await.is(400, "0, 1, 2 or 3");
    answer(json!({ "answer": { "level": -1 } })).await.is(400, "body");
    answer(json!({ "answer": { "level": 2 }, "coment": "" })).await.is(400, "coment");
    answer(json!([])).await.is(400, "body");
    let path = format!("{AT}/answers/14-999");
    server.post(&path, json!({ "answer": { "level": 2 } })).await.is(404, "no such requirement");
    let action =
        json!({ "requirement": "14-117", "gap": "g", "action": "a", "owner": {}, "due": "2018-09-31" });
    server.post(&format!("{AT}/plan/actions"), action).await.is(400, "2018-09-31");
}

#[tokio::test]
async fn every_described_route_is_served() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    let paths = server.openapi["paths"].as_object().unwrap().clone();
    assert_eq!(paths.len(), 21);
    for (path, methods) in paths {
        let address = path
            .replace("{code}", PRACTICE)
            .replace("{edition}", IGT)
            .replace("{requirement}", "14-117")
            .replace("{number}", "1")
            .replace("imports/{id}", "imports/00000000-0000-0000-0000-000000000000")
            .replace("{id}", IGT);
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
