//! People with a password, over the real gate: from the first sign-in to being locked out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

mod support;

use chassis::testing::land::body;
use proto::{
    Actor, Role,
    access::{AccessEvent, SignInWay},
    organisations::OrganisationKind,
};
use serde_json::{Value, json};
use support::Installation;

const NAME: &str = "a.officer@example.org";
const OWN: &str = "three words in a row";

/// Someone whose password is their own already.
async fn with_an_officer() -> (Installation, String) {
    let here = Installation::start().await;
    let (id, first) = here.open_account(NAME, "ccg-officer", "15E").await;
    let mut browser = here.browser();
    assert_eq!(browser.sign_in(NAME, &first).await.status, 303);
    assert_eq!(browser.change_password(&first, OWN).await.status, 303);
    (here, id)
}

async fn refusals(here: &Installation) -> Vec<(Option<String>, String)> {
    // What is noted goes through a queue.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let refused = |event| match event {
        AccessEvent::SignInRefused(refused) => {
            Some((refused.person.map(|person| person.to_string()), refused.reason))
        }
        _ => None,
    };
    here.events().await.into_iter().filter_map(refused).collect()
}

#[tokio::test]
async fn a_first_password_lets_in_only_to_be_changed() {
    let here = Installation::start().await;
    assert!(here.browser().get("/sign-in").await.text.contains("once accounts or a provider are set up"));
    let (id, first) = here.open_account("  A.Officer@Example.org", "administrator", "X26").await;
    let mut browser = here.browser();
    assert!(browser.get("/sign-in").await.text.contains("type=\"password\""));
    let entered = browser.sign_in("A.OFFICER@example.org ", &first).await;
    assert_eq!((entered.status.as_u16(), entered.location()), (303, "/account"));
    // Whatever the role may do: first the password.
    for path in ["/access", "/access/users"] {
        let elsewhere = browser.get(path).await;
        assert_eq!((elsewhere.status.as_u16(), elsewhere.location()), (303, "/account/password"), "{path}");
    }
    assert_eq!(browser.get("/api/v1/access/users").await.status, 403);
    let other_session = browser.clone();

    assert!(browser.get("/account/password").await.text.contains("set by someone else"));
    for (current, new, fault) in [
        (&*first, "short", "at least 12 characters"),
        (&*first, "a.officer@example.org", "not a password"),
        (&*first, &*first, "is the current one"),
        ("not the first one", OWN, "not your current password"),
    ] {
        let refused = browser.change_password(current, new).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains(fault), "{fault}: {}", refused.text);
    }
    here.later(1);
    let changed = browser.change_password(&first, OWN).await;
    assert_eq!((changed.status.as_u16(), changed.location()), (303, "/areas/ENG"));
    assert_eq!(browser.get("/access/users").await.status, 200, "the new session is in");
    let old = other_session.clone().get("/access/users").await;
    assert!(old.location().starts_with("/sign-in"), "the one before is out: {old:?}");
    let first_again = here.browser().sign_in(NAME, &first).await;
    assert_eq!(first_again.status, 401, "the first password opens nothing any more");

    let events = here.events().await;
    let set = events.iter().any(|event| {
        matches!(event, AccessEvent::PasswordSet(set) if set.person.to_string() == id && !set.to_be_changed)
    });
    assert!(set, "{events:?}");
    let signed_in = |event: &&AccessEvent| matches!(event, AccessEvent::SignedIn(signed_in) if signed_in.way == SignInWay::Password);
    assert_eq!(events.iter().filter(signed_in).count(), 2);
    let written = serde_json::to_string(&events).unwrap();
    for secret in [&*first, OWN, "officer@", "A. Person"] {
        assert!(!written.contains(secret), "{secret} stands in the access log");
    }
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_the_same() {
    let (here, id) = with_an_officer().await;
    let (closed, _) = here.open_account("closed@example.org", "buyer", "15E").await;
    let disable = format!("/api/v1/access/users/{closed}/disable");
    assert_eq!(here.administer("POST", &disable, Some(json!({}))).await.status, 204);

    let mut answers = Vec::new();
    for (name, password) in [
        (NAME, "not my password"),
        ("nobody@example.org", OWN),
        ("", OWN),
        ("no user name at all", OWN),
        ("closed@example.org", OWN),
    ] {
        let answer = here.browser().sign_in(name, password).await;
        assert!(!answer.lets_in());
        answers.push((answer.status.as_u16(), answer.without_token()));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
    let why: Vec<(Option<String>, String)> = refusals(&here).await;
    let expected = [
        (Some(id), "wrong-password"),
        (None, "unknown"),
        (None, "unknown"),
        (None, "unknown"),
        (Some(closed), "wrong-password"),
    ];
    assert_eq!(why, expected.map(|(person, reason)| (person, reason.to_owned())).to_vec());
    let written = serde_json::to_string(&here.events().await).unwrap();
    assert!(!written.contains("nobody@") && !written.contains("not my password"));
}

#[tokio::test]
async fn whoever_has_the_right_password_hears_why_it_does_not_let_them_in() {
    let (here, id) = with_an_officer().await;
    let told = async |user_name: &str, password: &str| {
        let answer = here.browser().sign_in(user_name, password).await;
        assert!(answer.status == 401 && !answer.lets_in(), "{answer:?}");
        answer.text
    };
    let disable = format!("/api/v1/access/users/{id}/disable");
    assert_eq!(here.administer("POST", &disable, Some(json!({}))).await.status, 204);
    let answer = told(NAME, OWN).await;
    assert!(answer.contains("your access is suspended: ask an administrator"), "{answer}");
    let stranger = told(NAME, "not my password").await;
    assert!(!stranger.contains("suspended"), "no one else hears it");
    assert_eq!(refusals(&here).await[0], (Some(id.clone()), "disabled".to_owned()));

    // What a file tells later of an organisation that no file had named.
    here.later(1);
    let partner = json!({ "user_name": "p@example.org", "display_name": "P", "role": "assessor",
        "organisation": "ZZ9", "organisation_name": "A partner" });
    let given = here.administer("POST", "/api/v1/access/users", Some(partner)).await.json();
    let first = given["password"].as_str().unwrap();
    let mut browser = here.browser();
    assert_eq!(browser.sign_in("p@example.org", first).await.status, 303);
    assert_eq!(browser.change_password(first, OWN).await.status, 303);
    let key = json!({ "role": "assessor", "organisation": "ZZ9", "organisation_name": "A partner", "purpose": "x" });
    let key = here.administer("POST", "/api/v1/access/keys", Some(key)).await.json();
    let key = key["key"].as_str().unwrap();
    assert_eq!(here.ask_as(key, "/api/v1/access/me").await.status, 200);
    here.tell(&[body("ZZ9", "A REGION", OrganisationKind::Region)], Actor::system("import")).await;
    while here.access.check_role(Role::Assessor, "ZZ9".parse().unwrap()).is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(browser.get("/account").await.location().starts_with("/sign-in"), "a session of before is out");
    let why = "ZZ9 is a region";
    let answer = told("p@example.org", OWN).await;
    assert!(answer.contains(why), "{answer}");
    let refused = here.ask_as(key, "/api/v1/access/me").await;
    assert!(refused.status == 401 && refused.text.contains(why), "{refused:?}");
    let (keys, users) = ("/api/v1/access/keys", "/api/v1/access/users");
    for (path, index) in [(keys, 1), (users, 1)] {
        let listed = here.administer("GET", path, None).await.json();
        assert!(listed[index]["does_not_fit"].as_str().unwrap().contains(why), "{path}: {listed}");
        assert_eq!(listed[0]["does_not_fit"], Value::Null, "{path}: {listed}");
    }
    assert_eq!(here.administer("GET", keys, None).await.json()[1]["good"], false);
    let (_, first) = here.open_account("boss@example.org", "administrator", "X26").await;
    let mut boss = here.browser();
    boss.sign_in("boss@example.org", &first).await;
    boss.change_password(&first, OWN).await;
    for page in ["/access", "/access/users"] {
        assert!(boss.get(page).await.text.contains(why), "{page}");
    }
}

/// Clocks of machines jump, ahead and back; what came before is told by the log.
#[tokio::test]
async fn an_ending_holds_and_a_right_password_lets_in_whatever_the_clock_says() {
    const HOUR: i64 = 3_600;
    const YEAR: i64 = 365 * 24 * HOUR;
    let (here, id) = with_an_officer().await;
    let sign_out = format!("/api/v1/access/people/{id}/sign-out");
    let (disable, enable) =
        (format!("/api/v1/access/users/{id}/disable"), format!("/api/v1/access/users/{id}/enable"));
    for (jump, endings) in [
        (-HOUR, vec![&sign_out]),
        (YEAR, vec![&sign_out]),
        (-HOUR, vec![&disable, &enable]),
        (YEAR, vec![&disable, &enable]),
    ] {
        let mut before = here.browser();
        assert_eq!(before.sign_in(NAME, OWN).await.status, 303);
        assert_eq!(before.get("/account").await.status, 200);
        here.later(jump);
        for ending in &endings {
            let body = ending.ends_with("disable").then(|| json!({}));
            assert_eq!(here.administer("POST", ending, body).await.status, 204);
        }
        here.later(1 - jump);
        let out = before.get("/account").await;
        assert!(out.location().starts_with("/sign-in"), "{jump} {endings:?}: {out:?}");
        let mut after = here.browser();
        assert_eq!(after.sign_in(NAME, OWN).await.status, 303);
        assert_eq!(after.get("/account").await.status, 200, "{jump} {endings:?}");
        here.later(60);
    }
    // A password that is set in a year to come, and one that its holder sets then.
    here.later(YEAR);
    let reset = here.administer("POST", &format!("/api/v1/access/users/{id}/reset"), None).await.json();
    let first = reset["password"].as_str().unwrap();
    here.later(-YEAR);
    let mut after = here.browser();
    assert_eq!(after.sign_in(NAME, first).await.status, 303);
    here.later(YEAR);
    assert_eq!(after.sign_in(NAME, first).await.status, 303);
    assert_eq!(after.change_password(first, "three other words").await.status, 303);
    assert_eq!(after.get("/account").await.status, 200);
    here.later(-YEAR);
    assert!(
        after.get("/account").await.location().starts_with("/sign-in"),
        "a session from the future is none"
    );
    assert_eq!(after.sign_in(NAME, "three other words").await.status, 303);
    assert_eq!(after.get("/account").await.status, 200);
}

#[tokio::test]
async fn whoever_is_put_out_takes_the_known_browser_and_the_calendar_address_along() {
    let (here, id) = with_an_officer().await;
    let mut own = here.browser();
    own.sign_in(NAME, OWN).await;
    let page = own.get("/account").await;
    let fields = [("csrf", page.hidden("csrf")), ("idempotency_key", page.hidden("idempotency_key"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(own.post("/account/calendars", &fields).await.status, 201);
    assert!(own.get("/account").await.text.contains("/account/calendars/"));
    // By a clock that went back.
    here.later(-3_600);
    let sign_out = format!("/api/v1/access/people/{id}/sign-out");
    assert_eq!(here.administer("POST", &sign_out, None).await.status, 204);
    here.later(3_601);
    own.forget("oversight");
    for _ in 0..5 {
        here.browser().sign_in(NAME, "not my password").await;
    }
    assert_eq!(own.sign_in(NAME, OWN).await.status, 401, "the browser is a stranger's now");
    here.later(60);
    assert_eq!(own.sign_in(NAME, OWN).await.status, 303);
    assert!(!own.get("/account").await.text.contains("/account/calendars/"), "the address has ended");
}

#[tokio::test]
async fn a_role_is_given_at_organisations_of_its_kind_alone() {
    let here = Installation::start().await;
    let refused = async |role: &str, organisation: &str| {
        let key = json!({ "role": role, "organisation": organisation, "purpose": "a test" });
        let key = here.administer("POST", "/api/v1/access/keys", Some(key)).await;
        let user = json!({ "user_name": format!("{role}@{organisation}.example"), "display_name": "A", "role": role,
            "organisation": organisation });
        let user = here.administer("POST", "/api/v1/access/users", Some(user)).await;
        assert_eq!(key.status, user.status, "{key:?} {user:?}");
        (key.status == 400).then(|| {
            let problem = key.json();
            assert_eq!(problem["errors"][0]["at"], "organisation", "{problem}");
            problem["detail"].as_str().unwrap().to_owned()
        })
    };
    for (role, fits) in [
        ("practice-lead", vec!["A81001"]),
        ("ccg-officer", vec!["00K", "15E"]),
        ("regional-lead", vec!["Y54"]),
        ("assessor", vec!["00K", "15E"]),
        ("nhs-digital", vec!["X26", "ENG"]),
        ("nhs-improvement", vec!["X26", "ENG"]),
        ("buyer", vec!["A81001", "00K", "15E", "Y54", "X26"]),
        ("supplier", vec![]),
        ("administrator", vec!["A81001", "00K", "15E", "Y54", "X26", "ENG"]),
    ] {
        for organisation in ["A81001", "00K", "15E", "Y54", "X26", "ENG"] {
            let refusal = refused(role, organisation).await;
            assert_eq!(
                refusal.is_none(),
                fits.contains(&organisation),
                "{role} at {organisation}: {refusal:?}"
            );
            if let Some(detail) = refusal {
                assert!(detail.contains(&format!("; {organisation} is ")), "{detail}");
            }
        }
    }
    let refusal = refused("practice-lead", "15E").await.unwrap();
    assert!(refusal.contains("is for a general practice; 15E is a CCG or sub-ICB location"), "{refusal}");
}

#[tokio::test]
async fn too_many_wrong_passwords_lock_the_account_for_a_while() {
    let (here, _) = with_an_officer().await;
    for _ in 0..5 {
        assert_eq!(here.browser().sign_in(NAME, "not my password").await.status, 401);
    }
    let wrong = here.browser().sign_in("nobody@example.org", OWN).await;
    let locked = here.browser().sign_in(NAME, OWN).await;
    let told = (wrong.status, wrong.without_token());
    assert_eq!((locked.status, locked.without_token()), told, "even the right one is not told");
    assert_eq!(refusals(&here).await.last().unwrap().1, "locked");
    let listed = here.administer("GET", "/api/v1/access/users", None).await.json();
    assert_eq!(listed[0]["locked_until"], "2019-04-01T09:01:00Z");

    here.later(59);
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 401);
    here.later(1);
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 303);
    assert_eq!(here.browser().sign_in(NAME, "not my password").await.status, 401);
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 303, "a right one made up for all before");
}

#[tokio::test]
async fn strangers_who_know_a_name_do_not_keep_out_whose_it_is() {
    let (here, id) = with_an_officer().await;
    let mut own = here.browser();
    assert_eq!(own.sign_in(NAME, OWN).await.status, 303);
    let (mut later, mut inside) = (own.clone(), own.clone());
    later.forget("oversight");
    // Long past the lock, and more often than a name may be tried in a minute.
    let mut tries = 0;
    while here.browser().sign_in(NAME, "not my password").await.status != 429 {
        tries += 1;
        assert!(tries < 200, "no one is turned away");
    }
    assert_eq!(later.sign_in(NAME, OWN).await.status, 303, "with the browser of before");
    let listed = here.administer("GET", "/api/v1/access/users", None).await.json();
    assert!(listed[0]["locked_until"].is_string(), "strangers still wait: {listed}");
    let changed = inside.change_password(OWN, "three other words in a row").await;
    assert_eq!(changed.status, 303, "and to whoever is in the lock is nothing: {}", changed.text);
    assert!(here.events().await.iter().any(|event| matches!(
        event,
        AccessEvent::PasswordSet(set) if set.person.to_string() == id && !set.to_be_changed
    )));
}

#[tokio::test]
async fn a_known_browser_is_told_what_strangers_are_and_waits_for_itself() {
    let (here, _) = with_an_officer().await;
    let mut own = here.browser();
    own.sign_in(NAME, OWN).await;
    own.forget("oversight");
    let stranger = here.browser().sign_in(NAME, "not my password").await;
    for _ in 0..5 {
        let wrong = own.sign_in(NAME, "not my password").await;
        assert_eq!((wrong.status, wrong.without_token()), (stranger.status, stranger.without_token()));
    }
    let locked = own.sign_in(NAME, OWN).await;
    assert_eq!((locked.status, locked.without_token()), (stranger.status, stranger.without_token()));
    assert_eq!(refusals(&here).await.last().unwrap().1, "locked");
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 303, "elsewhere they may");
}

#[tokio::test]
async fn a_browser_is_known_to_one_account_and_its_password_alone() {
    let (here, id) = with_an_officer().await;
    let (_, first) = here.open_account("b.officer@example.org", "buyer", "15E").await;
    let lock = async || {
        for _ in 0..5 {
            here.browser().sign_in(NAME, "not my password").await;
        }
    };
    let mut of_another = here.browser();
    of_another.sign_in("b.officer@example.org", &first).await;
    let mut of_before = here.browser();
    assert_eq!(of_before.sign_in(NAME, OWN).await.status, 303);
    let kept = of_before.clone();
    for browser in [&mut of_another, &mut of_before] {
        browser.forget("oversight");
    }
    lock().await;
    assert_eq!(of_another.sign_in(NAME, OWN).await.status, 401, "another's browser is a stranger's");
    // The password is set anew, and strangers lock the account again.
    let answer = here.administer("POST", &format!("/api/v1/access/users/{id}/reset"), None).await;
    let second = answer.json()["password"].as_str().unwrap().to_owned();
    lock().await;
    assert_eq!(of_before.sign_in(NAME, &second).await.status, 401, "from before the password was set");

    // What the browser keeps tells nothing, opens nothing, and is good for half a year.
    let mut alone = kept.clone();
    alone.forget("oversight");
    assert!(alone.get("/account").await.location().starts_with("/sign-in"));
    let cookie = kept.cookie("oversight-known").unwrap();
    assert!(!cookie.contains(&id) && !cookie.contains(NAME), "{cookie}");
}

#[tokio::test]
async fn a_browser_is_known_for_half_a_year() {
    let (here, _) = with_an_officer().await;
    let mut own = here.browser();
    own.sign_in(NAME, OWN).await;
    own.forget("oversight");
    here.later(180 * 86_400 - 1);
    for _ in 0..5 {
        here.browser().sign_in(NAME, "not my password").await;
    }
    assert_eq!(own.clone().sign_in(NAME, OWN).await.status, 303);
    here.later(1);
    assert_eq!(own.sign_in(NAME, OWN).await.status, 401);
}

#[tokio::test]
async fn whose_account_is_disabled_is_out_at_once() {
    let (here, id) = with_an_officer().await;
    let mut browser = here.browser();
    assert_eq!(browser.sign_in(NAME, OWN).await.status, 303);
    assert_eq!(browser.get("/account").await.status, 200);
    here.later(1);
    let disable = format!("/api/v1/access/users/{id}/disable");
    let answer = here.administer("POST", &disable, Some(json!({ "reason": "left" }))).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(browser.get("/account").await.location().starts_with("/sign-in"));
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 401);

    let enable = format!("/api/v1/access/users/{id}/enable");
    assert_eq!(here.administer("POST", &enable, None).await.status, 204);
    assert!(browser.get("/account").await.location().starts_with("/sign-in"), "the old session stays out");
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 303);
}

#[tokio::test]
async fn the_names_of_a_closed_account_are_deleted_for_good() {
    let (here, id) = with_an_officer().await;
    let act = async |what: &str| {
        let body = (what == "disable").then(|| json!({}));
        here.administer("POST", &format!("/api/v1/access/users/{id}/{what}"), body).await
    };
    let open = act("remove").await;
    assert_eq!((open.status.as_u16(), open.json()["type"].as_str()), (409, Some("/problems/account-open")));
    assert_eq!(act("disable").await.status, 204);
    for _ in 0..2 {
        assert_eq!(act("remove").await.status, 204, "it is so already the second time");
    }
    let listed = here.administer("GET", "/api/v1/access/users", None).await.json();
    assert_eq!((&listed[0]["user_name"], &listed[0]["display_name"]), (&Value::Null, &Value::Null));
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 401);
    let enabled = act("enable").await;
    assert_eq!(
        (enabled.status.as_u16(), enabled.json()["type"].as_str()),
        (409, Some("/problems/account-removed"))
    );
    assert_eq!(act("reset").await.status, 404);
    let unknown = format!("/api/v1/access/users/{}/remove", uuid::Uuid::nil());
    assert_eq!(here.administer("POST", &unknown, None).await.status, 404);

    // The name is free, for the same person in another role.
    let (anew, first) = here.open_account(NAME, "administrator", "X26").await;
    assert_ne!(anew, id);
    let mut browser = here.browser();
    assert_eq!(browser.sign_in(NAME, &first).await.status, 303);
    browser.change_password(&first, OWN).await;
    let page = browser.get("/access/users").await;
    assert!(page.text.contains("Name deleted"), "{}", page.text);
    assert!(!page.text.contains(&format!("/access/users/{id}/enable")), "nothing is left to be done with it");
    let removed = here.events().await.into_iter().filter(
        |event| matches!(event, AccessEvent::AccountDisabled(disabled) if disabled.reason == "removed"),
    );
    assert_eq!(removed.count(), 1);
}

#[tokio::test]
async fn an_administrator_deletes_names_on_the_page() {
    let (here, id) = with_an_officer().await;
    let (_, first) = here.open_account("boss@example.org", "administrator", "X26").await;
    let mut boss = here.browser();
    boss.sign_in("boss@example.org", &first).await;
    boss.change_password(&first, OWN).await;
    let (disable, remove) = (format!("/access/users/{id}/disable"), format!("/access/users/{id}/remove"));
    let page = boss.get("/access/users").await;
    assert!(!page.text.contains(&remove), "an open account is not removed");
    let fields = [("csrf", &*page.hidden("csrf"))];
    assert_eq!(boss.post(&disable, &fields).await.status, 303);
    assert!(boss.get("/access/users").await.text.contains(&remove));
    assert_eq!(boss.post(&remove, &fields).await.location(), "/access/users");
    assert!(!boss.get("/access/users").await.text.contains(NAME));
}

#[tokio::test]
async fn a_reset_password_is_shown_once_and_ends_what_was() {
    let (here, id) = with_an_officer().await;
    let mut browser = here.browser();
    browser.sign_in(NAME, OWN).await;
    here.later(1);
    let reset = format!("/api/v1/access/users/{id}/reset");
    let answer = here.administer("POST", &reset, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let second = answer.json()["password"].as_str().unwrap().to_owned();
    assert!(browser.get("/account").await.location().starts_with("/sign-in"));
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 401);
    let mut browser = here.browser();
    assert_eq!(browser.sign_in(NAME, &second).await.status, 303);
    assert!(browser.get("/account/password").await.text.contains("set by someone else"));
    let nobody = here.administer("POST", &reset.replace(&id, &uuid::Uuid::nil().to_string()), None).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn a_forged_form_does_nothing() {
    let (here, _) = with_an_officer().await;
    let fields = [("user_name", NAME), ("password", OWN)];
    let mut browser = here.browser();
    let foreign = browser.post_raw("/sign-in/password", "https://evil.example", &fields).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(browser.post("/sign-in/password", &fields).await.status, 303);

    let change = [("current", OWN), ("new", "another three words"), ("again", "another three words")];
    assert_eq!(browser.post("/account/password", &change).await.status, 403, "no csrf");
    let forged = [change.as_slice(), &[("csrf", "00000000-0000-0000-0000-000000000000")]].concat();
    assert_eq!(browser.post("/account/password", &forged).await.status, 403);
    let csrf = browser.get("/account/password").await.hidden("csrf");
    let good = [change.as_slice(), &[("csrf", &csrf)]].concat();
    assert_eq!(browser.post_raw("/account/password", "https://evil.example", &good).await.status, 403);
    assert_eq!(browser.post("/account/password", &good).await.status, 303);
}

#[tokio::test]
async fn nobody_is_signed_in_by_a_form_that_no_page_of_ours_sent() {
    let (here, _) = with_an_officer().await;
    let fields = [("user_name", NAME), ("password", OWN)];
    let send = async |browser: &mut support::Browser<'_>, token: Option<&str>| {
        let token = token.map(|token| ("token", token));
        let fields: Vec<_> = fields.into_iter().chain(token).collect();
        browser.post_bare("/sign-in/password", &[], &fields).await
    };
    // A browser that does not say where a form comes from has what the page gave it.
    let mut browser = here.browser();
    let token = browser.get("/sign-in").await.hidden("token");
    assert_eq!(send(&mut browser.clone(), Some(&token)).await.status, 303);
    let again = browser.get("/sign-in").await;
    assert_eq!(again.hidden("token"), token, "of two open pages both are good");
    for (browser, token) in [
        (&mut here.browser(), None),
        (&mut here.browser(), Some(&*token)),
        (&mut browser.clone(), None),
        (&mut browser.clone(), Some("00000000-0000-0000-0000-000000000000")),
    ] {
        let refused = send(browser, token).await;
        assert!(refused.status == 403 && !refused.lets_in(), "{refused:?}");
    }
    let persona = here.browser().post_bare("/sign-in/persona", &[], &[("role", "administrator")]).await;
    assert_eq!(persona.status, 403);
    for said in [("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")] {
        let sent = here.browser().post_bare("/sign-in/password", &[said], &fields).await;
        assert_eq!(sent.status, 303, "{said:?}");
    }
    for said in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let sent = here.browser().post_bare("/sign-in/password", &[said], &fields).await;
        assert_eq!(sent.status, 403, "{said:?}");
    }
    here.later(3600);
    assert_eq!(send(&mut browser, Some(&token)).await.status, 403, "an hour later");
}

#[tokio::test]
async fn an_administrator_puts_someone_out() {
    let (here, id) = with_an_officer().await;
    let mut browser = here.browser();
    for with_api in [true, false] {
        assert_eq!(browser.sign_in(NAME, OWN).await.status, 303);
        assert_eq!(browser.get("/account").await.status, 200);
        here.later(1);
        if with_api {
            let path = format!("/api/v1/access/people/{id}/sign-out");
            assert_eq!(here.administer("POST", &path, None).await.status, 204);
        } else {
            let path = format!("/access/people/{id}/sign-out");
            let mut officer = browser.clone();
            let csrf = officer.get("/account").await.hidden("csrf");
            assert_eq!(officer.post(&path, &[("csrf", &csrf)]).await.status, 403, "not for an officer");
            assert_eq!(browser.get("/account").await.status, 200);
            let (_, first) = here.open_account("boss@example.org", "administrator", "X26").await;
            let mut boss = here.browser();
            boss.sign_in("boss@example.org", &first).await;
            boss.change_password(&first, OWN).await;
            let csrf = boss.get("/account").await.hidden("csrf");
            let done = boss.post(&path, &[("csrf", &csrf)]).await;
            assert_eq!(done.location(), format!("/history/actors/person:{id}"), "{done:?}");
        }
        assert!(browser.get("/account").await.location().starts_with("/sign-in"), "out");
    }
    let ended = |event: &AccessEvent| matches!(event, AccessEvent::SessionsEnded(ended) if ended.person.to_string() == id);
    assert_eq!(here.events().await.iter().filter(|event| ended(event)).count(), 2);
    assert_eq!(browser.sign_in(NAME, OWN).await.status, 303, "and may come back in");
}

#[tokio::test]
async fn accounts_are_for_administrators_and_never_two_of_a_name() {
    let (here, _) = with_an_officer().await;
    let mut browser = here.browser();
    browser.sign_in(NAME, OWN).await;
    assert_eq!(browser.get("/access/users").await.status, 403);
    let again = json!({ "user_name": NAME.to_uppercase(), "display_name": "B", "role": "buyer", "organisation": "15E" });
    let answer = here.administer("POST", "/api/v1/access/users", Some(again)).await;
    assert_eq!((answer.status.as_u16(), answer.json()["type"].as_str()), (409, Some("/problems/name-taken")));
    let nameless = json!({ "user_name": "a b", "display_name": "B", "role": "buyer", "organisation": "15E" });
    assert_eq!(here.administer("POST", "/api/v1/access/users", Some(nameless)).await.status, 400);
    let listed = here.administer("GET", "/api/v1/access/users", None).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["user_name"], &listed[0]["must_change"]), (&json!(NAME), &json!(false)));
}

#[tokio::test]
async fn an_administrator_opens_an_account_on_the_page_but_does_not_close_their_own() {
    let here = Installation::start().await;
    let (id, first) = here.open_account("boss@example.org", "administrator", "X26").await;
    let mut browser = here.browser();
    browser.sign_in("boss@example.org", &first).await;
    browser.change_password(&first, OWN).await;
    let page = browser.get("/access/users").await;
    let fields = [
        ("csrf", page.hidden("csrf")),
        ("idempotency_key", page.hidden("idempotency_key")),
        ("user_name", "lead@example.org".to_owned()),
        ("display_name", "A. Lead".to_owned()),
        ("role", "practice-lead".to_owned()),
        ("organisation", "A81001".to_owned()),
        ("confirmed", "A81001".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let opened = browser.post("/access/users", &fields).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let (_, rest) = opened.text.split_once("id=\"first-password\">").unwrap();
    let password = rest.split('<').next().unwrap();
    assert_eq!(here.browser().sign_in("lead@example.org", password).await.status, 303);
    assert_eq!(browser.post("/access/users", &fields).await.status, 409, "the same form sent again");

    let csrf = page.hidden("csrf");
    let own = browser.post(&format!("/access/users/{id}/disable"), &[("csrf", &csrf)]).await;
    assert_eq!(own.status, 409);
    assert!(own.text.contains("lock yourself out"), "{}", own.text);
}

#[tokio::test]
async fn an_administrator_shuts_out_by_id_on_the_page() {
    let (here, id) = with_an_officer().await;
    let (_, first) = here.open_account("boss@example.org", "administrator", "X26").await;
    let mut boss = here.browser();
    boss.sign_in("boss@example.org", &first).await;
    boss.change_password(&first, OWN).await;
    let mut officer = here.browser();
    officer.sign_in(NAME, OWN).await;
    here.later(1);
    let csrf = boss.get("/access/users").await.hidden("csrf");
    let send = async |boss: &mut support::Browser<'_>, person: &str, what: &str| {
        boss.post("/access/people", &[("csrf", &csrf), ("person", person), ("what", what)]).await
    };
    let wrong = send(&mut boss, "a.officer@example.org", "").await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.text.contains("Enter the id of the person") && wrong.text.contains("Choose whether"),
        "{wrong:?}"
    );
    let actor = format!("person:{id}");
    let done = send(&mut boss, &actor, "shut-out").await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*format!("/history/actors/{actor}")));
    assert!(officer.get("/account").await.location().starts_with("/sign-in"));
    assert_eq!(send(&mut boss, &id, "let-in").await.status, 303);
    assert_eq!(here.browser().sign_in(NAME, OWN).await.status, 303);
}

#[tokio::test]
async fn refusals_do_not_fill_the_log() {
    let (here, id) = with_an_officer().await;
    for number in 0..15 {
        let nobody = format!("nobody-{number}@example.org");
        assert_eq!(here.browser().sign_in(&nobody, OWN).await.status, 401);
        assert_eq!(here.browser().sign_in(NAME, "not my password").await.status, 401);
    }
    let recorded = refusals(&here).await;
    let of = |person: Option<&str>| recorded.iter().filter(|(who, _)| who.as_deref() == person).count();
    assert_eq!((of(None), of(Some(&id))), (10, 10));
    here.later(60);
    here.browser().sign_in("nobody@example.org", OWN).await;
    // The rest of the minute is told of within a second of its end.
    let counted = async || {
        let more = |event: &AccessEvent| match event {
            AccessEvent::SignInRefused(refused) if refused.more > 0 => Some(refused.more),
            _ => None,
        };
        here.events().await.iter().filter_map(more).collect::<Vec<u64>>()
    };
    while counted().await.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(counted().await, [5, 5], "of no one here, and of the account");
    assert_eq!(refusals(&here).await.len(), 23, "a minute later they are recorded again");
}

#[tokio::test]
async fn an_address_is_turned_away_whomever_it_names() {
    let here = Installation::start().await;
    let try_from = async |address: &str, number: u32| {
        let mut browser = here.browser();
        browser.address = Some(address.to_owned());
        browser.sign_in(&format!("nobody-{number}@example.org"), OWN).await
    };
    let mut tries = 0;
    let turned_away = loop {
        let answer = try_from("192.0.2.1", tries).await;
        if answer.status != 401 {
            break answer;
        }
        tries += 1;
        assert!(tries < 600, "no one is turned away");
    };
    assert!(tries >= 60, "{tries}");
    assert_eq!(turned_away.status, 429);
    assert!(turned_away.headers.contains_key("retry-after"));
    assert_eq!(try_from("192.0.2.2", tries).await.status, 401, "another address");
}

#[tokio::test]
async fn a_name_that_is_tried_too_often_is_not_tried_again() {
    let here = Installation::start().await;
    let mut last = here.browser().sign_in("nobody@example.org", OWN).await;
    for _ in 0..25 {
        last = here.browser().sign_in("nobody@example.org", OWN).await;
    }
    assert_eq!(last.status, 429);
    assert!(last.headers.contains_key("retry-after"));
}
