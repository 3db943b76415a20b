//! People and programs of a sign-in provider, over the real gate and real HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

#[path = "support/provider.rs"]
mod made;
mod support;

use access::{Options, SignInConfig};
use chassis::{access::Tokens, service::Config};
use clap::Parser;
use made::{CLIENT, MadeProvider, SECRET, header, sign};
use proto::access::{AccessEvent, SignInWay};
use serde_json::{Value, json};
use support::{Browser, Installation};

const AUDIENCE: &str = "oversight-api";

const RULES: &str = r#"
    [[rule]]
    claim = "roles"
    value = "ccg-officer"
    role = "ccg-officer"
    organisation = { claim = "ods_code" }

    [[rule]]
    claim = "groups"
    value = "oversight-admins"
    role = "administrator"
    organisation = "X26"
"#;

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    sign_in: SignInConfig,
}

fn flags(folder: &std::path::Path, more: &[&str]) -> Flags {
    std::fs::write(folder.join("roles.toml"), RULES).unwrap();
    std::fs::write(folder.join("secret"), format!("{SECRET}\n")).unwrap();
    Flags::parse_from(["test"].iter().chain(more))
}

async fn installation(provider: &MadeProvider) -> Installation {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let flags = flags(
        folder.path(),
        &[
            "--oidc-issuer",
            &provider.issuer,
            "--oidc-roles",
            &path("roles.toml"),
            "--oidc-audience",
            AUDIENCE,
            "--oidc-client-id",
            CLIENT,
            "--oidc-client-secret-file",
            &path("secret"),
            "--oidc-scopes",
            "openid roles",
        ],
    );
    Installation::with(|clock| {
        let options = Options::of(&flags.config, &flags.sign_in).unwrap();
        (
            Options { personas: Default::default(), ..options },
            Tokens::of(&flags.config.provider, clock).unwrap(),
        )
    })
    .await
}

/// The claims of a token that is good at nine o'clock, with others in their place.
fn claims(provider: &MadeProvider, here: &Installation, others: Value) -> Value {
    let now = here.clock.now().as_second();
    let mut claims = json!({
        "iss": provider.issuer,
        "sub": "program-1",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 300,
        "roles": ["ccg-officer"],
        "ods_code": "15E",
    });
    for (name, value) in others.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

const ME: &str = "/api/v1/access/me";

#[tokio::test]
async fn a_program_comes_with_a_token_of_the_provider() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let token = |others: Value| sign(1, header(1), &claims(&provider, &here, others));
    let good = here.ask_as(&token(json!({})), ME).await;
    assert_eq!(good.status, 200, "{good:?}");
    assert_eq!((&good.json()["role"], &good.json()["organisation"]), (&json!("ccg-officer"), &json!("15E")));
    assert!(good.json()["actor"].as_str().unwrap().starts_with("person:"));

    let now = here.clock.now().as_second();
    for (good, others) in [
        (true, json!({ "aud": ["others", AUDIENCE] })),
        (true, json!({ "exp": now - 59 })),
        (false, json!({ "exp": now - 61 })),
        (true, json!({ "nbf": now + 59 })),
        (false, json!({ "nbf": now + 61 })),
        (false, json!({ "iat": now + 61 })),
        (false, json!({ "aud": "others" })),
        (false, json!({ "aud": CLIENT })),
        (false, json!({ "iss": "https://elsewhere.example" })),
        (false, json!({ "roles": [] })),
        (false, json!({ "ods_code": "no code" })),
        (false, json!({ "exp": null })),
    ] {
        let answer = here.ask_as(&token(others.clone()), ME).await;
        assert_eq!(answer.status == 200, good, "{others}: {answer:?}");
    }
}

#[tokio::test]
async fn an_ending_ends_the_tokens_that_were_issued_up_to_it() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let token = |others: Value| sign(1, header(1), &claims(&provider, &here, others));
    let before = token(json!({}));
    let me = here.ask_as(&before, ME).await.json()["actor"].as_str().unwrap().to_owned();
    let sign_out = format!("/api/v1/access/people/{}/sign-out", me.strip_prefix("person:").unwrap());
    assert_eq!(here.administer("POST", &sign_out, None).await.status, 204);
    assert_eq!(here.ask_as(&before, ME).await.status, 401, "issued in the second in which it was ended");
    here.later(1);
    let after = token(json!({}));
    assert_eq!(here.ask_as(&after, ME).await.status, 200);
    // The clock goes back: what is ended then is ended, and what was before stays ended.
    here.later(-30);
    let of_then = token(json!({ "sub": "program-2" }));
    assert_eq!(here.administer("POST", &sign_out, None).await.status, 204);
    here.later(30);
    assert_eq!(here.ask_as(&before, ME).await.status, 401);
    assert_eq!(here.ask_as(&of_then, ME).await.status, 200, "another's");
    here.later(-62);
    assert_eq!(here.ask_as(&after, ME).await.status, 401, "a token from the future is none");
}

#[tokio::test]
async fn a_role_that_does_not_fit_its_organisation_opens_nothing_though_a_rule_gives_it() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let misplaced = json!({ "ods_code": "A81001" });
    let why = "A81001 is a general practice";
    let token = sign(1, header(1), &claims(&provider, &here, misplaced.clone()));
    let refused = here.ask_as(&token, ME).await;
    assert!(refused.status == 401 && refused.text.contains(why), "{refused:?}");
    let mut browser = here.browser();
    let back = way_back(&mut browser, &provider, &here, misplaced, json!({})).await;
    let refused = browser.get(&back).await;
    assert!(refused.status == 403 && refused.text.contains(why), "{refused:?}");
    assert!(browser.get("/account").await.location().starts_with("/sign-in"));
}

/// As someone who comes back from the provider a moment after an administrator ended all that was before.
#[tokio::test]
async fn someone_of_the_provider_is_put_out_whatever_the_clock_says() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let enter = async || {
        let mut browser = here.browser();
        let back = way_back(&mut browser, &provider, &here, json!({}), json!({})).await;
        assert_eq!(browser.get(&back).await.status, 303);
        browser
    };
    for jump in [-3_600, 3_600] {
        let mut before = enter().await;
        let me = before.get(ME).await.json()["actor"].as_str().unwrap().to_owned();
        here.later(jump);
        let sign_out = format!("/api/v1/access/people/{}/sign-out", me.strip_prefix("person:").unwrap());
        assert_eq!(here.administer("POST", &sign_out, None).await.status, 204);
        here.later(-jump);
        assert!(before.get("/account").await.location().starts_with("/sign-in"), "{jump}");
        assert_eq!(enter().await.get("/account").await.status, 200, "{jump}");
    }
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_opens_nothing() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let claims = claims(&provider, &here, json!({ "groups": "oversight-admins" }));
    let good = sign(1, header(1), &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    let none = sign(1, json!({ "alg": "none", "kid": "key-1" }), &claims);
    let other_body = sign(1, header(1), &json!({})).split('.').nth(1).unwrap().to_owned();
    let mut tokens = vec![
        sign(2, header(1), &claims),
        sign(1, json!({ "alg": "HS256", "kid": "key-1" }), &claims),
        sign(1, json!({ "alg": "RS256", "kid": "key-1" }), &claims),
        sign(1, json!({ "alg": "EdDSA", "kid": "key-1", "crit": ["exp"], "exp": 1 }), &claims),
        sign(1, json!({ "alg": "EdDSA", "kid": "key-1", "typ": "logout+jwt" }), &claims),
        none.clone(),
        format!("{}.", none.rsplit_once('.').unwrap().0),
        format!("{head}.{other_body}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        "not-a-token".to_owned(),
        "..".to_owned(),
        String::new(),
    ];
    tokens.push("a".repeat(20_000));
    for token in tokens {
        assert_eq!(here.ask_as(&token, ME).await.status, 401, "{token}");
    }
    assert_eq!(here.ask_as(&good, ME).await.status, 200);
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_found_within_a_minute_and_not_looked_for_each_time() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let token = |number: u8| sign(number, header(number), &claims(&provider, &here, json!({})));
    let (old, new) = (token(1), token(2));
    assert_eq!(here.ask_as(&old, ME).await.status, 200);
    provider.sign_with(2);
    for _ in 0..5 {
        assert_eq!(here.ask_as(&new, ME).await.status, 401, "asked less than a minute ago");
    }
    assert_eq!(provider.change(|state| state.asked), 1);
    here.later(60);
    assert_eq!(here.ask_as(&new, ME).await.status, 200);
    assert_eq!(here.ask_as(&old, ME).await.status, 401, "the old key is gone");
    assert_eq!(provider.change(|state| state.asked), 2);
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_and_comes_back() {
    let provider = MadeProvider::start().await;
    provider.change(|state| state.away = true);
    let here = installation(&provider).await;
    let token = sign(1, header(1), &claims(&provider, &here, json!({})));
    let away = here.browser().get("/sign-in/provider").await;
    assert_eq!(away.status, 503);
    assert!(away.text.contains("does not answer as it should"), "{}", away.text);
    assert_eq!(here.ask_as(&token, ME).await.status, 503, "no one can tell whether it is good");
    assert_eq!(provider.change(|state| state.asked), 1, "left alone for a moment");
    provider.change(|state| state.away = false);
    here.later(5);
    assert_eq!(here.browser().get("/sign-in/provider").await.status, 303);
    assert_eq!(here.ask_as(&token, ME).await.status, 200);
}

/// The parameters of an address.
fn parameters(address: &str) -> std::collections::BTreeMap<String, String> {
    openidconnect::url::Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

/// Sets out for the provider, where someone signs in: the way back.
async fn way_back(
    browser: &mut Browser<'_>,
    provider: &MadeProvider,
    here: &Installation,
    others: Value,
    user_info: Value,
) -> String {
    let out = browser.get("/sign-in/provider?to=/account").await;
    assert_eq!(out.status, 303, "{out:?}");
    assert!(out.location().starts_with(&format!("{}/authorize?", provider.issuer)), "{out:?}");
    let asked = parameters(out.location());
    assert_eq!(asked["scope"], "openid roles");
    assert_eq!((&*asked["code_challenge_method"], &*asked["client_id"]), ("S256", CLIENT));
    let mut told =
        claims(provider, here, json!({ "aud": CLIENT, "sub": "person-1", "nonce": asked["nonce"] }));
    for (name, value) in others.as_object().unwrap() {
        told[name] = value.clone();
    }
    let id_token = sign(1, json!({ "alg": "EdDSA", "kid": "key-1" }), &told);
    let code = provider.issue(&asked["code_challenge"], id_token, user_info);
    format!("/sign-in/callback?code={code}&state={}", asked["state"])
}

#[tokio::test]
async fn someone_signs_in_at_the_provider_and_out_of_both() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let mut browser = here.browser();
    assert!(browser.get("/sign-in?to=/account").await.text.contains("/sign-in/provider?to=/account"));
    let back = way_back(&mut browser, &provider, &here, json!({}), json!({})).await;
    let entered = browser.get(&back).await;
    assert_eq!((entered.status.as_u16(), entered.location()), (303, "/account"), "{entered:?}");
    let account = browser.get("/account").await.text;
    assert!(account.contains("CCG officer") && account.contains("15E"), "{account}");
    let again = browser.clone().get(&back).await;
    assert_eq!(again.status, 403, "the way leads back once");

    let early = browser.get("/sign-out/provider").await;
    assert_eq!(early.location(), "/account", "a link alone signs no one out");
    let csrf = browser.get("/account").await.hidden("csrf");
    let out = browser.post("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(out.location(), "/sign-out/provider");
    assert!(browser.get("/account").await.location().starts_with("/sign-in"));
    let on = browser.get("/sign-out/provider").await;
    let refresh = on.headers["refresh"].to_str().unwrap().to_owned();
    let place = refresh.strip_prefix("0; url=").unwrap();
    assert!(place.starts_with(&format!("{}/end?", provider.issuer)), "{place}");
    assert_eq!(parameters(place)["client_id"], CLIENT);
    assert_eq!(parameters(place)["post_logout_redirect_uri"], "http://127.0.0.1:8080/");
    let hint = &parameters(place)["id_token_hint"];
    assert_eq!(hint.split('.').count(), 3, "the provider's own token: {hint}");
    let again = browser.get("/sign-out/provider").await;
    let refresh = again.headers["refresh"].to_str().unwrap();
    assert!(!refresh.contains("id_token_hint"), "it is shown once: {refresh}");

    let events = here.events().await;
    let way = |event: &AccessEvent| matches!(event, AccessEvent::SignedIn(signed) if signed.way == SignInWay::Provider);
    assert_eq!(events.iter().filter(|event| way(event)).count(), 1);
    assert!(!serde_json::to_string(&events).unwrap().contains("person-1"));
}

/// Signs in at the provider and out again here.
async fn in_and_out<'a>(provider: &MadeProvider, here: &'a Installation, others: Value) -> Browser<'a> {
    let mut browser = here.browser();
    let back = way_back(&mut browser, provider, here, others, json!({})).await;
    assert_eq!(browser.get(&back).await.status, 303);
    let csrf = browser.get("/account").await.hidden("csrf");
    assert_eq!(browser.post("/sign-out", &[("csrf", &csrf)]).await.location(), "/sign-out/provider");
    browser
}

#[tokio::test]
async fn whoever_is_still_signed_in_at_the_provider_is_told() {
    let still = "Sign out there or close the browser";
    let provider = MadeProvider::start().await;
    provider.change(|state| state.ends = false);
    let here = installation(&provider).await;
    let told = in_and_out(&provider, &here, json!({})).await.get("/sign-out/provider").await;
    assert_eq!(told.status, 200);
    assert!(told.text.contains(still), "it has no such place: {}", told.text);
    assert!(!told.headers.contains_key("refresh"));

    // As after a start of this installation, while the provider is away.
    let provider = MadeProvider::start().await;
    provider.change(|state| state.away = true);
    let here = installation(&provider).await;
    assert!(here.browser().get("/sign-out/provider").await.text.contains(still), "it is away");
    provider.change(|state| state.away = false);
    here.later(10);
    assert!(here.browser().get("/sign-out/provider").await.headers.contains_key("refresh"), "it is back");
}

#[tokio::test]
async fn a_long_token_is_not_carried_along() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let mut browser = in_and_out(&provider, &here, json!({ "photo": "x".repeat(2_000) })).await;
    assert_eq!(browser.cookie("oversight-hint"), None);
    let on = browser.get("/sign-out/provider").await;
    let refresh = on.headers["refresh"].to_str().unwrap();
    assert!(refresh.contains("client_id") && !refresh.contains("id_token_hint"), "{refresh}");
}

#[tokio::test]
async fn someone_of_the_provider_is_shut_out_without_an_account_here() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let mut browser = here.browser();
    let back = way_back(&mut browser, &provider, &here, json!({}), json!({})).await;
    assert_eq!(browser.get(&back).await.status, 303);
    let me =
        browser.get(ME).await.json()["actor"].as_str().unwrap().strip_prefix("person:").unwrap().to_owned();
    here.later(1);
    let shut_out = format!("/api/v1/access/users/{me}/disable");
    for _ in 0..2 {
        let answer = here.administer("POST", &shut_out, Some(json!({ "reason": "left" }))).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    assert!(browser.get("/account").await.location().starts_with("/sign-in"), "out at once");
    assert_eq!(here.administer("POST", &shut_out.replace("disable", "enable"), None).await.status, 204);
    let events = here.events().await;
    let of_me = |event: &&AccessEvent| match event {
        AccessEvent::AccountDisabled(disabled) => disabled.person.to_string() == me,
        AccessEvent::AccountEnabled(enabled) => enabled.person.to_string() == me,
        _ => false,
    };
    assert_eq!(events.iter().filter(of_me).count(), 2, "{events:?}");
}

#[tokio::test]
async fn what_a_token_leaves_out_is_asked_for() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let less = json!({ "roles": null });
    let info = json!({ "sub": "person-1", "roles": "ccg-officer", "ods_code": "99X" });
    let mut browser = here.browser();
    let back =
        way_back(&mut browser, &provider, &here, less.clone(), json!({ "groups": "oversight-admins" })).await;
    assert_eq!(browser.get(&back).await.status, 403, "an answer about no one");
    let back =
        way_back(&mut browser, &provider, &here, json!({ "roles": null, "ods_code": null }), info.clone())
            .await;
    assert_eq!(browser.get(&back).await.status, 403, "the token has the last word");
    let mut told = less;
    told["x"] = json!(1);
    let groups = json!({ "sub": "person-1", "groups": ["oversight-admins"] });
    let back = way_back(&mut browser, &provider, &here, told, groups).await;
    assert_eq!(browser.get(&back).await.status, 303);
    assert!(browser.get("/account").await.text.contains("Administrator"));
}

#[tokio::test]
async fn whoever_comes_back_wrongly_is_not_let_in() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let mut browser = here.browser();

    let back = way_back(&mut browser, &provider, &here, json!({}), json!({})).await;
    assert_eq!(here.browser().get(&back).await.status, 403, "another browser");
    let forged = format!("{}x", back);
    assert_eq!(browser.clone().get(&forged).await.status, 403, "another state");
    let mut late = browser.clone();
    here.later(601);
    assert_eq!(late.get(&back).await.status, 403, "eleven minutes later");
    assert_eq!(browser.get("/sign-in/callback?error=access_denied&state=x").await.status, 403);

    for others in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": AUDIENCE }),
        json!({ "exp": 1 }),
        json!({ "iss": "https://elsewhere.example" }),
    ] {
        let back = way_back(&mut browser, &provider, &here, others.clone(), json!({})).await;
        let answer = browser.get(&back).await;
        assert_eq!(answer.status, 403, "{others}");
        assert!(answer.text.contains("did not let you in"), "{}", answer.text);
    }
    let nobody = json!({ "roles": "cook" });
    let back = way_back(&mut browser, &provider, &here, nobody, json!({})).await;
    let answer = browser.get(&back).await;
    assert!(answer.status == 403 && answer.text.contains("nothing there gives you a role"), "{answer:?}");
    assert!(browser.get("/account").await.location().starts_with("/sign-in"));

    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let refused = |event: AccessEvent| match event {
        AccessEvent::SignInRefused(refused) => Some((refused.reason, refused.person.is_some())),
        _ => None,
    };
    let reasons: Vec<(String, bool)> = here.events().await.into_iter().filter_map(refused).collect();
    assert_eq!(reasons.last(), Some(&("no-role".to_owned(), true)));
    assert_eq!(reasons.iter().filter(|(reason, who)| reason == "provider" && !who).count(), 9);
}

#[tokio::test]
async fn whoever_never_set_out_takes_nothing_from_those_who_did() {
    let provider = MadeProvider::start().await;
    let here = installation(&provider).await;
    let mut browser = here.browser();
    let back = way_back(&mut browser, &provider, &here, json!({}), json!({})).await;
    for _ in 0..70 {
        assert_eq!(here.browser().get("/sign-in/callback?code=a&state=b").await.status, 403);
    }
    assert_eq!(browser.get(&back).await.status, 303, "from the same address");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let refused = |event: &AccessEvent| matches!(event, AccessEvent::SignInRefused(_));
    let recorded = here.events().await.iter().filter(|event| refused(event)).count();
    assert_eq!(recorded, 10, "what anyone can do does not fill the log");
}

#[test]
fn flags_that_do_not_go_together_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let roles = folder.path().join("roles.toml").display().to_string();
    let issuer = ["--oidc-issuer", "https://id.example.org"];
    let clock = chassis::Clock::system();
    let tokens = |more: &[&str]| {
        Tokens::of(&flags(folder.path(), more).config.provider, &clock).unwrap_err().to_string()
    };
    assert!(tokens(&issuer).contains("--oidc-roles"));
    assert!(tokens(&["--oidc-roles", &roles]).contains("without --oidc-issuer"));
    assert!(tokens(&[issuer.as_slice(), &["--oidc-roles", "/nowhere"]].concat()).contains("/nowhere"));
    let sign_in = |more: &[&str]| {
        let flags = flags(folder.path(), more);
        Options::of(&flags.config, &flags.sign_in).unwrap_err().to_string()
    };
    assert!(sign_in(&["--oidc-client-id", "a"]).contains("without --oidc-issuer"));
    assert!(sign_in(&["--oidc-scopes", "a"]).contains("without --oidc-client-id"));
    let same = ["--oidc-client-id", "a", "--oidc-audience", "a"];
    assert!(sign_in(&[issuer.as_slice(), &same].concat()).contains("must not be the client id"));
    let secret = ["--oidc-client-id", "a", "--oidc-client-secret-file", "/nowhere"];
    assert!(sign_in(&[issuer.as_slice(), &secret].concat()).contains("/nowhere"));
    for wrong in ["id.example.org", "http://id.example.org", "https://id.example.org?a=b"] {
        let error = Flags::try_parse_from(["test", "--oidc-issuer", wrong]).unwrap_err().to_string();
        assert!(error.contains("https://"), "{wrong}: {error}");
    }
}
