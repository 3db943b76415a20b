//! User names that one account alone has, with two instances over one access log, each with accounts of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

mod support;

use access::bootstrap::first_administrator;
use axum::{
    body::Body,
    http::{Request, header},
};
use chassis::{
    Clock,
    log::{self, Log},
    testing::nats::{NatsServer, Sync},
};
use proto::access::AccessEvent;
use serde_json::{Value, json};
use support::{Answer, HOST, Installation};

async fn open(at: &Installation, user_name: &str, key: &str) -> Answer {
    let body = json!({
        "user_name": user_name, "display_name": "A. Person", "role": "administrator", "organisation": "X26",
    });
    open_with(at, body, key).await
}

async fn open_with(at: &Installation, body: Value, key: &str) -> Answer {
    let request = Request::post("/api/v1/access/users")
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, format!("Bearer {}", at.administrator))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    at.send(request).await
}

async fn a_user_name_is_one_accounts_alone(here: Installation, there: Installation) {
    const ROUNDS: usize = 50;
    for round in 0..ROUNDS {
        let (name, upper) = (format!("a{round}@example.org"), format!("A{round}@EXAMPLE.org"));
        let keys = (format!("here {round}"), format!("there {round}"));
        let answers = tokio::join!(open(&here, &name, &keys.0), open(&there, &upper, &keys.1));
        let mut answers = [answers.0, answers.1];
        answers.sort_by_key(|answer| answer.status.as_u16());
        let [opened, refused] = answers;
        assert_eq!((opened.status.as_u16(), refused.status.as_u16()), (201, 409), "{opened:?} {refused:?}");
        assert_eq!(refused.json()["type"], "/problems/name-taken", "{refused:?}");
        assert_eq!(refused.json()["errors"][0]["at"], "user_name", "{refused:?}");
    }
    let written = serde_json::to_string(&here.events().await).unwrap();
    assert!(!written.to_lowercase().contains("example.org"), "a user name stands in the access log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_is_one_accounts_alone_over_the_file() {
    let here = Installation::start().await;
    let there = here.beside([here.event_log.clone(), here.access_log.clone()]).await;
    a_user_name_is_one_accounts_alone(here, there).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_is_one_accounts_alone_over_nats() {
    let server = NatsServer::start(Sync::Lazily);
    let logs = async || -> [Log; 2] {
        let (events, access) = (server.url(), server.url().access());
        [log::open(&events).await.unwrap(), log::open(&access).await.unwrap()]
    };
    let (clock, own) = (Clock::set_to("2019-04-01T09:00:00Z".parse().unwrap()), logs().await);
    let key = first_administrator(&own[1], &clock, "X26".parse().unwrap()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = (access::Options::default(), None);
    let here = Installation::over(folder, clock, own, key.reveal(), made).await;
    let there = here.beside(logs().await).await;
    a_user_name_is_one_accounts_alone(here, there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_removed_account_is_free_everywhere() {
    let here = Installation::start().await;
    let there = here.beside([here.event_log.clone(), here.access_log.clone()]).await;
    let opened = open(&here, "a@example.org", "first").await.json();
    let id = opened["id"].as_str().unwrap();
    assert_eq!(open(&there, "a@example.org", "second").await.status, 409);
    let path = |what: &str| format!("/api/v1/access/users/{id}/{what}");
    assert_eq!(here.administer("POST", &path("disable"), Some(json!({}))).await.status, 204);
    assert_eq!(open(&there, "a@example.org", "third").await.status, 409, "it is only closed");
    for _ in 0..2 {
        assert_eq!(here.administer("POST", &path("remove"), None).await.status, 204);
    }
    assert_eq!(open(&there, "a@example.org", "fourth").await.status, 201);
    assert_eq!(open(&here, "a@example.org", "fifth").await.status, 409);
}

/// An instance whose accounts are lost, or are another's, can free a name all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_an_account_is_freed_where_it_is_not_known() {
    let here = Installation::start().await;
    let there = here.beside([here.event_log.clone(), here.access_log.clone()]).await;
    let id = open(&here, "a@example.org", "first").await.json()["id"].as_str().unwrap().to_owned();
    let path = |what: &str| format!("/api/v1/access/users/{id}/{what}");
    let open_still = there.administer("POST", &path("remove"), None).await;
    assert_eq!(
        (open_still.status.as_u16(), open_still.json()["type"].as_str()),
        (409, Some("/problems/account-open"))
    );
    assert_eq!(there.administer("POST", &path("disable"), Some(json!({}))).await.status, 204);
    assert_eq!(there.administer("POST", &path("remove"), None).await.status, 204);
    assert_eq!(open(&there, "a@example.org", "second").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opened_an_account_opens_no_other() {
    let here = Installation::start().await;
    let there = here.beside([here.event_log.clone(), here.access_log.clone()]).await;
    assert_eq!(open(&here, "a@example.org", "key").await.status, 201);
    for at in [&here, &there] {
        let again = open(at, "a@example.org", "key").await;
        assert_eq!(
            (again.status.as_u16(), again.json()["type"].as_str()),
            (409, Some("/problems/opened-before"))
        );
        let other = open(at, "b@example.org", "key").await;
        let told = (other.status.as_u16(), other.json()["type"].as_str().map(str::to_owned));
        assert_eq!(told, (422, Some("/problems/key-used-before".to_owned())), "{other:?}");
    }
    let opened =
        here.events().await.into_iter().filter(|event| matches!(event, AccessEvent::AccountOpened(_)));
    assert_eq!(opened.count(), 1);
}
