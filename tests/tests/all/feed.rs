//! The event feed tells an administrator that things happened, and of what practices and assessors wrote nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use axum::http::Method;
use bytes::Bytes;
use chassis::{
    log::NewEvent,
    testing::server::{Answer, Server},
};
use oversight::log_api;
use proto::{Content, Header, Position, Role, Subject};
use serde_json::Value;

const ADMINISTRATOR: (Role, &str) = (Role::Administrator, "X26");

/// One event of each type that there ever was on the event log, in order of their names.
fn samples() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/samples");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .flat_map(|service| fs::read_dir(service.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let read = |(number, file)| {
        let mut event: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        // Some samples share an id, which a log takes for a repeat.
        event["id"] = uuid::Uuid::from_u128(number).to_string().into();
        event
    };
    let all = (1..).zip(files).map(read);
    all.filter(|event| event["subject"].as_str().unwrap().starts_with("oversight.")).collect()
}

/// The log as a service, over one event of each type.
async fn server() -> Server {
    let server =
        Server::guarded("2022-12-01T12:00:00Z", [], async |platform| Ok(log_api::service(platform))).await;
    let mut last: HashMap<Subject, Position> = HashMap::new();
    for sample in samples() {
        let body = Bytes::from(sample.to_string());
        let header = Header::read(&body).unwrap();
        let (id, subject) = (header.id, header.subject.parse::<Subject>().unwrap());
        let last = last.entry(subject.clone()).or_insert(Position::START);
        *last =
            server.log.append(NewEvent { id, subject, body: body.clone() }, *last).await.unwrap().position;
    }
    server
}

/// What a feed says of each event, by its id.
fn told(feed: Answer) -> BTreeMap<String, (String, Value)> {
    let feed = feed.ok();
    let lines = feed.text.lines().map(|line| (line.to_owned(), serde_json::from_str::<Value>(line).unwrap()));
    lines.map(|(line, event)| (event["id"].as_str().unwrap().to_owned(), (line, event))).collect()
}

/// Every text that stands anywhere in a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(parts) => parts.iter().for_each(|part| texts(part, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What an event says that its envelope does not, and that is no code of what it is about.
fn words_of(event: &Value) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    texts(&event["data"], &mut words);
    let mut harmless = BTreeSet::new();
    for name in ["organisation", "edition", "requirement", "import"] {
        texts(&event["data"][name], &mut harmless);
    }
    let envelope = event.as_object().unwrap().iter().filter(|(name, _)| *name != "data");
    envelope.for_each(|(_, value)| texts(value, &mut harmless));
    // A code of two letters stands in many words, and the envelope says who did it.
    let is_told_anyway = |text: &String| text.len() <= 3 || harmless.iter().any(|known| known.contains(text));
    words.into_iter().filter(|text| !is_told_anyway(text)).collect()
}

fn content(event: &Value) -> Content {
    Content::of(event["subject"].as_str().unwrap().parse().ok().as_ref())
}

#[tokio::test]
async fn an_administrator_reads_no_words_of_practices_and_assessors_in_any_type_of_event() {
    let server = server().await;
    let feed = told(server.ask_as(ADMINISTRATOR, Method::GET, "/api/v1/events", None).await);
    let (mut withheld, mut checked) = (0, 0);
    for sample in samples() {
        let kind = sample["type"].as_str().unwrap();
        let (line, event) = &feed[sample["id"].as_str().unwrap()];
        for attribute in ["type", "subject", "time", "actor", "actorrole", "actororganisation", "effective"] {
            assert_eq!(event[attribute], sample[attribute], "{kind}: who, what, when and about whom stay");
        }
        if content(&sample) == Content::Public {
            assert_eq!(event["data"], sample["data"], "{kind}");
            continue;
        }
        withheld += 1;
        assert_eq!(event["contentwithheld"], true, "{kind}: {line}");
        assert_eq!(event["previous"], Value::Null, "{kind}: by a hash short words can be guessed");
        let mut told = BTreeSet::new();
        texts(event, &mut told);
        for word in words_of(&sample) {
            checked += 1;
            assert!(!told.iter().any(|text| text.contains(&word)), "{kind} tells “{word}”: {line}");
        }
    }
    assert!(withheld > 35 && checked > 80, "{withheld} withheld, {checked} texts");
    let whole = told(server.ask_as((Role::NhsDigital, "X26"), Method::GET, "/api/v1/events", None).await);
    for sample in samples() {
        let (_, event) = &whole[sample["id"].as_str().unwrap()];
        assert_eq!(event["data"], sample["data"], "NHS Digital reads all of it");
    }
}

#[tokio::test]
async fn emergency_access_opens_the_words_of_one_practice_and_is_on_its_record() {
    let server = server().await;
    let feed = told(server.look_through_glass(ADMINISTRATOR, "A81001", "/api/v1/events").await);
    let mut opened = 0;
    for sample in samples() {
        let (_, event) = &feed[sample["id"].as_str().unwrap()];
        match content(&sample) {
            Content::Of(code) if code.as_str() == "A81001" => {
                opened += 1;
                assert_eq!(event["data"], sample["data"]);
            }
            Content::Of(_) | Content::Restricted => assert_eq!(event["contentwithheld"], true, "{event}"),
            Content::Public => {}
        }
    }
    assert!(opened > 20, "{opened}");
    let other = told(server.look_through_glass(ADMINISTRATOR, "A81002", "/api/v1/events").await);
    let tells = |event: &Value| event["type"].as_str().unwrap().contains("requirement-answered");
    assert!(other.values().any(|(_, event)| tells(event) && event["contentwithheld"] == true));
    let practice = |code: &str| Some(code.parse().unwrap());
    let feed = "log/read-feed".to_owned();
    assert_eq!(server.looks(2).await, [(feed.clone(), practice("A81001")), (feed, practice("A81002"))]);
}

#[tokio::test]
async fn what_is_no_event_is_kept_from_whoever_does_not_read_everything() {
    let server = server().await;
    let subject: Subject = "oversight.assessments.A81009_x".parse().unwrap();
    let junk = NewEvent { id: uuid::Uuid::from_u128(7_000), subject, body: "{\"comment\": \"Locked".into() };
    server.log.append(junk, Position::START).await.unwrap();
    let feed = server.ask_as(ADMINISTRATOR, Method::GET, "/api/v1/events", None).await.ok();
    assert!(!feed.text.contains("unreadable_hex"), "{}", feed.text);
    let whole = server.ask_as((Role::NhsDigital, "X26"), Method::GET, "/api/v1/events", None).await.ok();
    assert!(whole.text.contains("unreadable_hex"));
}
