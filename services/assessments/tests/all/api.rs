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
    assert_eq!(editions.as_array().unwrap().len(), 10);
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
    assert_eq!(paths.len(), 23);
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

/// An edition as it is sent, behind the newest one.
fn next_edition() -> Value {
    json!({
        "id": "dspt-2027-28", "scheme": "dsp-toolkit", "title": "DSP Toolkit 2027/28",
        "financial_year": "2027/28", "scale": "met-or-not-met", "predecessor": "dspt-2026-27",
        "requirements_of": "national-data-guardian",
        "opens": { "day": "2027-07-01", "certainty": "found", "source": "a letter" },
        "groups": [{
            "types": ["general-practice"], "category": "4", "gaps": "block-publication",
            "certainty": "found", "source": "a letter",
            "deadlines": [{ "day": "2028-06-30", "certainty": "found", "source": "a letter" }]
        }]
    })
}

#[tokio::test]
async fn an_added_edition_is_worked_on_like_the_others() {
    let server = server::start("2027-07-02T12:00:00Z").await;
    let at = "/api/v1/assessments/A81001/dspt-2027-28";
    server.get(at).await.is(404, "there is no such edition");
    server.post("/api/v1/editions", next_edition()).await.ok();
    let before = server.events().await;
    server.post("/api/v1/editions", next_edition()).await.ok();
    assert_eq!(server.events().await, before, "the same edition again changes nothing");
    server.post(&format!("{at}/open"), Value::Null).await.ok();
    let state = server.get(at).await.ok().json();
    assert_eq!(state["title"], "DSP Toolkit 2027/28");
    assert_eq!(state["deadline"], "2028-06-30");
    let editions = server.get("/api/v1/editions").await.ok().json();
    assert_eq!(editions.as_array().unwrap().len(), 11);
    let mut wrong = next_edition();
    wrong["predecessor"] = json!("dspt-2025-26");
    wrong["id"] = json!("dspt-2028-29");
    server.post("/api/v1/editions", wrong).await.is(400, "dspt-2027-28");
}

#[tokio::test]
async fn a_status_text_is_explained_once_it_is_not_understood() {
    let server = server::start("2026-11-28T12:00:00Z").await;
    let to = "/api/v1/editions/status-texts";
    let explain = |text: &str, level: &str| json!({ "text": text, "level": level, "edition": "dspt-2026-27", "reason": "the toolkit's news" });
    server.post(to, explain("26/27 Assured", "standards-met")).await.ok();
    let texts = server.get(to).await.ok().json();
    assert_eq!(texts[0]["level"], "standards-met");
    assert_eq!(texts[0]["edition"], "dspt-2026-27");
    server
        .post(to, explain("26/27 Standards Met", "standards-met"))
        .await
        .is(400, "is understood as it stands");
    server.post(to, explain("26/27 Assured", "good")).await.is(400, "standards-exceeded");
}

#[tokio::test]
async fn words_are_explained_for_every_year_unless_an_edition_is_named() {
    let server = server::start("2026-11-28T12:00:00Z").await;
    let to = "/api/v1/editions/status-texts";
    let explain = json!({ "text": "Assured", "level": "standards-met", "reason": "the toolkit's news" });
    server.post(to, explain.clone()).await.ok();
    let before = server.events().await;
    server.post(to, explain).await.ok();
    assert_eq!(server.events().await, before, "the same again changes nothing");
    assert_eq!(server.get(to).await.ok().json()[0]["edition"], Value::Null);
    let unknown =
        json!({ "text": "Sure", "level": "standards-met", "edition": "dspt-2040-41", "reason": "x" });
    server.post(to, unknown).await.is(400, "dspt-2040-41");
    let reasonless = json!({ "text": "Sure", "level": "standards-met", "reason": " " });
    server.post(to, reasonless).await.is(400, "reason");
}

#[tokio::test]
async fn an_edition_is_published_late_until_the_day_on_which_it_is_decided_to_close() {
    let server = server::start("2026-11-28T12:00:00Z").await;
    let at = "/api/v1/assessments/A81001/dspt-2018-19";
    server.post(&format!("{at}/open"), Value::Null).await.ok();
    server.post(&format!("{at}/publish"), Value::Null).await.is(409, "to do");
    let closing = "/api/v1/editions/dspt-2018-19/closing";
    let close = |on: &str, reason: &str| json!({ "closes": on, "reason": reason });
    server.post(closing, close("2019-03-30", "a letter")).await.is(400, "31 March 2019");
    server.post(closing, close("2020-09-30", " ")).await.is(400, "reason");
    server.post(closing, close("2020-09-30", "a letter")).await.ok();
    server
        .post(&format!("{at}/publish"), Value::Null)
        .await
        .is(409, "could be published until 30 September 2020");
    let page = server.get("/assessments/A81001/dspt-2018-19").await.ok();
    assert!(page.text.contains("could be published until 30 September 2020"), "{}", page.text);
    let edition = server.get("/api/v1/editions/dspt-2018-19").await.ok().json();
    assert_eq!(edition["closes"], "2020-09-30");
    assert_eq!(edition["closing"]["certainty"], "decided here");
    // A later day opens it again.
    server.post(closing, close("2026-12-31", "another letter")).await.ok();
    server.post(&format!("{at}/publish"), Value::Null).await.is(409, "to do");
}

/// An edition is described field by field, and what is described is what is taken.
#[tokio::test]
async fn the_description_of_an_edition_names_every_field_and_value() {
    let server = server::start("2026-11-28T12:00:00Z").await;
    let body =
        &server.openapi["paths"]["/api/v1/editions"]["post"]["requestBody"]["content"]["application/json"];
    assert_eq!(body["schema"]["$ref"], "#/components/schemas/EditionDefinition");
    let schemas = &server.openapi["components"]["schemas"];
    let sample = read_sample();
    check_described(schemas, &schemas["EditionDefinition"], &sample, "edition");
    for (schema, value) in [
        ("EditionCertainty", "from memory, medium"),
        ("EditionGapRule", "published-with-plan"),
        ("EditionAnswerScale", "levels-0-to-3"),
        ("EditionOrganisationType", "general-practice"),
        ("ResultLevel", "standards-exceeded"),
    ] {
        let values = schemas[schema]["enum"].as_array().unwrap();
        assert!(values.contains(&json!(value)), "{schema}: {values:?}");
    }
    for (field, schema) in [("closes", "EditionClosing"), ("opens", "EditionOpening")] {
        let described = schemas["EditionDefinition"]["properties"][field].to_string();
        assert!(described.contains(schema), "{field}: {described}");
    }
}

fn read_sample() -> Value {
    let sample =
        include_str!("../../../../proto/samples/assessments/oversight.assessments.edition-added.v1.json");
    serde_json::from_str::<Value>(sample).unwrap()["data"]["edition"].clone()
}

/// Every field of a value stands in its schema, and so on downwards.
fn check_described(schemas: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return check_described(schemas, &schemas[name], value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array().filter(|choices| value.is_object() && choices.len() > 1)
    {
        let described = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        return check_described(schemas, described, value, at);
    }
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let property = &schema["properties"][field];
                assert!(property.is_object(), "{at}.{field} is not described: {schema}");
                check_described(schemas, property, value, &format!("{at}.{field}"));
            }
        }
        Value::Array(entries) => {
            assert!(schema["items"].is_object(), "the entries of {at} are not described: {schema}");
            entries.iter().for_each(|entry| check_described(schemas, &schema["items"], entry, at));
        }
        _ => {}
    }
}
