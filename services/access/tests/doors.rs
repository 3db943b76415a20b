//! What the flags of a process make of its doors: made-up people, and the cookies of an address.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

mod support;

use std::time::Duration;

use access::{Options, SignInConfig, bootstrap::first_administrator};
use axum::{
    body::Body,
    http::{Request, Response, header},
};
use chassis::{
    Clock, Platform,
    service::Config,
    testing::land::{practice, small_land},
};
use clap::Parser;
use proto::Actor;
use serde_json::json;
use support::Installation;
use tower::ServiceExt as _;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    sign_in: SignInConfig,
}

impl Flags {
    fn of(flags: &[&str]) -> Self {
        Flags::parse_from(["test"].iter().chain(flags))
    }

    fn options(&self) -> Options {
        Options::of(&self.config, &self.sign_in).unwrap()
    }
}

/// An installation over a made-up land, as a process with these flags would be.
async fn made_up(flags: &[&str]) -> Installation {
    let options = Flags::of(flags).options();
    let here = Installation::with(|_| (options, None)).await;
    here.tell(&small_land(), Actor::synthetic()).await;
    // The events are seen one after the other.
    let practice = "A81001".parse().unwrap();
    until(|| here.access.only_synthetic() && here.access.hierarchy().above(practice).region.is_some()).await;
    here
}

/// Waits until what follows the log has seen something.
async fn until(seen: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if seen() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was not seen within ten seconds");
}

/// Whether the sign-in page offers made-up people, and whether one may be one.
async fn personas(here: &Installation) -> (bool, bool) {
    let mut browser = here.browser();
    let offered = browser.get("/sign-in").await.text.contains("Practice lead");
    let answer = browser.post("/sign-in/persona", &[("role", "practice-lead")]).await;
    assert_eq!(answer.lets_in(), answer.status == 303, "{answer:?}");
    (offered, answer.status == 303)
}

#[tokio::test]
async fn made_up_people_are_for_a_first_look_at_this_machine() {
    for flags in [&[][..], &["--listen", "[::1]:8080"]] {
        assert_eq!(personas(&made_up(flags).await).await, (true, true), "{flags:?}");
    }
    for flags in [
        &["--public-url", "https://oversight.example.nhs.uk"][..],
        &["--public-url", "http://127.0.0.1:8080"],
        &["--production"],
        &["--listen", "0.0.0.0:8080"],
        &["--listen", "192.0.2.1:8080"],
    ] {
        assert_eq!(personas(&made_up(flags).await).await, (false, false), "{flags:?}");
    }
}

#[tokio::test]
async fn made_up_people_are_gone_once_there_is_one_real_organisation() {
    let here = made_up(&[]).await;
    assert_eq!(personas(&here).await, (true, true));
    here.tell(&[practice("A81003", "A REAL PRACTICE")], Actor::system("import")).await;
    until(|| !here.access.only_synthetic()).await;
    assert_eq!(personas(&here).await, (false, false));
}

const HOST: &str = "oversight.example.nhs.uk";

fn cookies(answer: &Response<Body>) -> Vec<&str> {
    let given = answer.headers().get_all(header::SET_COOKIE).iter();
    given.map(|cookie| cookie.to_str().unwrap()).collect()
}

#[tokio::test]
async fn the_cookies_of_a_public_address_are_its_own_and_go_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let flags = Flags::of(&["--data", &data, "--public-url", "https://oversight.example.nhs.uk"]);
    let platform = Platform::open(&flags.config, Clock::system()).await.unwrap();
    let organisation = "X26".parse().unwrap();
    let key = first_administrator(platform.access.log(), &platform.clock, organisation).await.unwrap();
    let mut services = [access::service(&platform, flags.options()).await.unwrap()];
    let app = chassis::service::routes(&platform, &mut services).unwrap();
    let send = async |request: axum::http::request::Builder, body: String| {
        let request = request.header(header::HOST, HOST).body(Body::from(body)).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };

    let new = json!({ "user_name": "a@example.org", "display_name": "A", "role": "supplier", "organisation": "ZZSUPPLIER",
                "organisation_name": "A Supplier" });
    let opened = Request::post("/api/v1/access/users")
        .header(header::AUTHORIZATION, format!("Bearer {}", key.reveal()))
        .header(header::CONTENT_TYPE, "application/json");
    let opened = send(opened, new.to_string()).await;
    assert_eq!(opened.status(), 201);
    let opened = axum::body::to_bytes(opened.into_body(), usize::MAX).await.unwrap();
    let opened: serde_json::Value = serde_json::from_slice(&opened).unwrap();

    let page = send(Request::get("/sign-in").header(header::ACCEPT, "text/html"), String::new()).await;
    let form = Request::post("/sign-in/password")
        .header(header::ORIGIN, format!("https://{HOST}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let password = opened["password"].as_str().unwrap();
    let entered = send(form, support::form(&[("user_name", "a@example.org"), ("password", password)])).await;
    assert_eq!(entered.status(), 303);

    let all = [cookies(&page), cookies(&entered)].concat();
    let names: Vec<&str> = all.iter().map(|cookie| cookie.split('=').next().unwrap()).collect();
    assert_eq!(names, ["__Host-oversight-form", "__Host-oversight", "__Host-oversight-known"]);
    for cookie in all {
        for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(flag), "{flag}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(page.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
}
