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
    access::{
        Sessions,
        session::{SessionKeys, SigningKeys, Wire},
    },
    service::Config,
    testing::{
        land::{practice, small_land},
        server::session_keys,
    },
};
use clap::Parser;
use proto::{Actor, Day, access::AccessEvent};
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

/// A demonstration over the made-up land, whose last event was recorded on 1 March 2018.
async fn demonstration() -> Installation {
    let here = made_up(&[]).await;
    here.access.allow_made_up_people();
    here.access.allow_demonstration();
    assert_eq!(here.clock.today(), day("2018-03-02"), "it begins the day after the last generated event");
    here
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

const DATE: &str = "/access/demonstration";

/// Someone made up, signed in.
async fn persona<'a>(here: &'a Installation, role: &str) -> support::Browser<'a> {
    let mut browser = here.browser();
    assert_eq!(browser.post("/sign-in/persona", &[("role", role)]).await.status, 303);
    browser
}

#[tokio::test]
async fn whoever_was_given_an_account_in_a_demonstration_hears_that_it_has_ended() {
    let here = demonstration().await;
    let mut administrator = persona(&here, "administrator").await;
    let page = administrator.get("/access/users").await;
    let (csrf, key) = (page.hidden("csrf"), page.hidden("idempotency_key"));
    let fields = [
        ("csrf", &*csrf),
        ("idempotency_key", &*key),
        ("user_name", "a@example.org"),
        ("display_name", "A"),
        ("role", "ccg-officer"),
        ("organisation", "00K"),
        ("confirmed", "00K"),
    ];
    let opened = administrator.post("/access/users", &fields).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let (_, rest) = opened.text.split_once("id=\"first-password\">").unwrap();
    let password = rest.split('<').next().unwrap();
    assert_eq!(here.browser().sign_in("a@example.org", password).await.status, 303);
    here.tell(&[practice("A81003", "A REAL PRACTICE")], Actor::system("import")).await;
    until(|| !here.access.only_synthetic()).await;
    let refused = here.browser().sign_in("a@example.org", password).await;
    assert!(refused.status == 401 && !refused.lets_in(), "{refused:?}");
    assert!(refused.text.contains("opened in a demonstration, which has ended"), "{}", refused.text);
    let wrong = here.browser().sign_in("a@example.org", "not the password").await;
    assert!(!wrong.text.contains("demonstration"), "no one else hears it");
}

async fn move_on(browser: &mut support::Browser<'_>, step: &str, from: &str) -> support::Answer {
    let csrf = browser.get("/account").await.hidden("csrf");
    browser.post(DATE, &[("csrf", &csrf), ("step", step), ("from", from)]).await
}

#[tokio::test]
async fn the_administrator_of_a_demonstration_moves_its_date_forward_and_every_page_says_it() {
    let here = demonstration().await;
    let mut administrator = persona(&here, "administrator").await;
    let page = administrator.get(DATE).await;
    assert!(page.text.contains("The date here is 2 March 2018."), "{}", page.text);
    assert!(page.text.contains("Next day: 3 March 2018"), "{}", page.text);
    assert!(page.text.contains("Next deadline: 1 April 2018, the day after"), "{}", page.text);
    // The way on stands in the strip of every page, and leads back to it.
    let strip = administrator.get("/account").await.text;
    for button in [">Next day</button>", ">Next deadline</button>", "name=\"from\" value=\"2018-03-02\""] {
        assert!(strip.contains(button), "{button}: {strip}");
    }

    let answer = move_on(&mut administrator, "next-day", "2018-03-02").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, DATE));
    // At once: on the page that comes next, and for whoever gives a command next.
    assert!(administrator.get("/account").await.text.contains("The date here is 3 March 2018."));
    assert_eq!(Day::in_london(here.clock.now()), day("2018-03-03"));
    assert_eq!(move_on(&mut administrator, "next-day", "2018-03-02").await.status, 303);
    assert_eq!(here.clock.today(), day("2018-03-03"), "a form that is sent twice moves the date once");
    assert_eq!(move_on(&mut administrator, "next-deadline", "2018-03-03").await.status, 303);
    assert_eq!(here.clock.today(), day("2018-04-01"), "the deadline was yesterday");

    let moved: Vec<(Day, Day)> = here
        .events()
        .await
        .into_iter()
        .filter_map(|event| match event {
            AccessEvent::DemonstrationDateSet(set) => Some((set.from, set.to)),
            _ => None,
        })
        .collect();
    let expected = [("2018-03-02", "2018-03-03"), ("2018-03-03", "2018-04-01")];
    assert_eq!(moved, expected.map(|(from, to)| (day(from), day(to))));
}

#[tokio::test]
async fn moving_the_date_of_a_demonstration_moves_no_session() {
    let here = demonstration().await;
    let mut administrator = persona(&here, "administrator").await;
    let mut lead = persona(&here, "practice-lead").await;
    for _ in 0..3 {
        let from = here.clock.today().to_string();
        assert_eq!(move_on(&mut administrator, "next-deadline", &from).await.status, 303);
    }
    assert!(here.clock.today() > day("2020-01-01"));
    assert_eq!(lead.get("/account").await.status, 200, "years on by the date, no second by the machine");
    // By the machine's time it ends when it always does.
    here.clock.set(here.clock.machine_now() + jiff::SignedDuration::from_hours(24 * 8));
    assert_ne!(lead.get("/account").await.status, 200);
}

#[tokio::test]
async fn the_date_of_a_demonstration_is_found_again_by_whoever_reads_the_same_logs() {
    let here = demonstration().await;
    let mut administrator = persona(&here, "administrator").await;
    assert_eq!(move_on(&mut administrator, "next-deadline", "2018-03-02").await.status, 303);
    let clock = Clock::set_to(here.clock.machine_now());
    let tasks = chassis::task::Tasks::new();
    let sessions = chassis::testing::server::sessions();
    let other = chassis::Access::start(&here.event_log, here.access_log.clone(), sessions, &clock, &tasks);
    other.allow_demonstration();
    until(|| other.ready().is_ok()).await;
    assert_eq!((clock.today(), clock.now()), (here.clock.today(), here.clock.now()));
}

#[tokio::test]
async fn nobody_but_the_administrator_moves_the_date_of_a_demonstration() {
    let here = demonstration().await;
    for role in
        ["practice-lead", "ccg-officer", "regional-lead", "nhs-digital", "assessor", "supplier", "buyer"]
    {
        let mut browser = persona(&here, role).await;
        let page = browser.get("/account").await.text;
        assert!(page.contains("The date here is 2 March 2018.") && !page.contains(DATE), "{role}: {page}");
        assert_eq!(browser.get(DATE).await.status, 403, "{role}");
        assert_eq!(move_on(&mut browser, "next-day", "2018-03-02").await.status, 403, "{role}");
    }
    let mut nobody = here.browser();
    assert_ne!(nobody.post(DATE, &[("step", "next-day"), ("from", "2018-03-02")]).await.status, 200);
    assert_eq!(here.clock.today(), day("2018-03-02"));
}

#[tokio::test]
async fn where_practices_are_real_or_it_is_production_there_is_no_date_to_move() {
    let here = demonstration().await;
    here.tell(&[practice("A81003", "A REAL PRACTICE")], Actor::system("import")).await;
    until(|| here.clock.demonstration_date().is_none()).await;
    assert_eq!(here.clock.now(), here.clock.machine_now());
    let answer = here.administer("GET", DATE, None).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let fields = Some(json!({ "step": "next-day", "from": "2018-03-02" }));
    assert_ne!(here.administer("POST", DATE, fields).await.status, 303);

    // Whoever does not allow it, as in production, has the machine's date over the same log.
    let here = made_up(&[]).await;
    assert_eq!(here.clock.demonstration_date(), None);
    assert_eq!(here.administer("GET", DATE, None).await.status, 404);
}

#[tokio::test]
async fn of_an_organisation_of_which_nothing_is_known_there_is_no_history() {
    let here = made_up(&[]).await;
    here.access.allow_made_up_people();
    let mut digital = persona(&here, "nhs-digital").await;
    for path in ["/history/{}", "/api/v1/history/organisations/{}", "/api/v1/history/organisations/{}/looks"]
    {
        assert_eq!(digital.get(&path.replace("{}", "A81001")).await.status, 200, "{path}");
        let answer = digital.get(&path.replace("{}", "ZZ999")).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    // Someone may act for it now.
    let body = json!({ "role": "supplier", "organisation": "ZZ999", "organisation_name": "A Supplier", "purpose": "its portal" });
    assert_eq!(here.administer("POST", "/api/v1/access/keys", Some(body)).await.status, 201);
    assert_eq!(digital.get("/history/ZZ999").await.status, 200);
}

#[tokio::test]
async fn access_signs_sessions_with_a_key_of_its_own_that_the_others_know() {
    let options = Flags::of(&["--production", "--log", "tls://broker"]).options();
    let folder = tempfile::tempdir().unwrap();
    let log: chassis::log::Log = std::sync::Arc::new(
        chassis::log::file::FileLog::open(&folder.path().join("log.redb")).await.unwrap(),
    );
    let refused = async |sessions: Sessions, options: Options| {
        let (clock, tasks) = (Clock::system(), chassis::task::Tasks::new());
        let access = chassis::Access::start(&log, log.clone(), sessions, &clock, &tasks);
        let platform = Platform::new(log.clone(), folder.path(), access, Default::default(), clock, tasks);
        access::service(&platform, options).await.unwrap_err().to_string()
    };
    let said = refused(Sessions::new(&session_keys(), Wire::Clear), options).await;
    assert!(said.contains("--session-signing-key"), "{said}");

    // The services know another key than the one it would sign with.
    let signers = SigningKeys::of_seeds(&[[8; 32]]).unwrap().public().collect();
    let keys = SessionKeys { signers, ..session_keys() };
    let said = refused(Sessions::new(&keys, Wire::Clear), Options::default()).await;
    assert!(said.contains("no service would accept the sessions") && said.contains("public "), "{said}");
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
    assert_eq!(
        names,
        ["__Host-oversight-form", "__Host-oversight", "__Host-oversight-seen", "__Host-oversight-known"]
    );
    for cookie in all {
        for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(flag), "{flag}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(page.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
}
