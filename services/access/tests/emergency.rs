//! Emergency access shows itself for as long as it is open, and to the practice until someone there has seen it; and
//! private addresses of calendars.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use chassis::{log::NewEvent, testing::land::practice};
use proto::{Actor, Event, Header, Position, access::AccessEvent, organisations::OrganisationEvent};
use serde_json::json;
use support::{Browser, Installation};

const OWN: &str = "a long and own password";
const REASON: &str = "Ransomware at the practice, and its plan is needed";

/// A browser in which someone in a role is signed in.
async fn signed_in<'a>(here: &'a Installation, name: &str, role: &str, organisation: &str) -> Browser<'a> {
    let (_, first) = here.open_account(name, role, organisation).await;
    let mut browser = here.browser();
    browser.sign_in(name, &first).await;
    assert_eq!(browser.change_password(&first, OWN).await.status, 303);
    browser
}

async fn break_glass(browser: &mut Browser<'_>) {
    let csrf = browser.get("/access/glass").await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("organisation", "A81001"), ("reason", REASON)];
    assert_eq!(browser.post("/access/glass", &fields).await.status, 303);
}

#[tokio::test]
async fn emergency_access_is_shown_with_its_time_left_and_ends_when_asked() {
    let here = Installation::start().await;
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    assert!(!boss.get("/account").await.text.contains("Emergency access to"));
    break_glass(&mut boss).await;
    here.later(15 * 60 + 30);
    for path in ["/account", "/access", "/access/users", "/no/such/page"] {
        let page = boss.get(path).await;
        assert!(page.text.contains("Emergency access to"), "{path}: {page:?}");
        assert!(
            page.text.contains("in 45 minutes") && page.text.contains("End emergency access"),
            "{path}: {page:?}"
        );
    }
    assert!(boss.get("/account").await.text.contains("The Densham Surgery (A81001)"));

    let before = boss.clone();
    let csrf = boss.get("/account").await.hidden("csrf");
    assert_eq!(boss.post("/access/glass/end", &[("csrf", &csrf)]).await.location(), "/account");
    assert!(!boss.get("/account").await.text.contains("Emergency access to"));
    let mut old = before;
    assert!(
        !old.get("/account").await.text.contains("Emergency access to"),
        "the cookie of before opens nothing"
    );
    let closed = |event: &AccessEvent| matches!(event, AccessEvent::GlassClosed(closed) if closed.organisation.as_str() == "A81001");
    assert_eq!(here.events().await.iter().filter(|event| closed(event)).count(), 1);

    break_glass(&mut boss).await;
    assert!(boss.get("/account").await.text.contains("in 60 minutes"), "opened again in the same session");
    here.later(3_600);
    assert!(!boss.get("/account").await.text.contains("Emergency access to"), "its hour is over");
}

#[tokio::test]
async fn emergency_access_is_for_a_general_practice_alone() {
    let here = Installation::start().await;
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    let csrf = boss.get("/account").await.hidden("csrf");
    for organisation in ["00K", "X26", "ZZ999"] {
        let fields = [("csrf", csrf.as_str()), ("organisation", organisation), ("reason", REASON)];
        let refused = boss.post("/access/glass", &fields).await;
        assert_eq!(refused.status, 400, "{organisation}: {}", refused.text);
        assert!(refused.text.contains("not the code of a general practice"), "{}", refused.text);
    }
    assert!(!here.events().await.iter().any(|event| matches!(event, AccessEvent::GlassBroken(_))));
}

#[tokio::test]
async fn a_practice_is_shown_each_emergency_access_until_someone_there_has_seen_it() {
    let here = Installation::start().await;
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    let mut lead = signed_in(&here, "lead@example.org", "practice-lead", "A81001").await;
    let mut other = signed_in(&here, "other@example.org", "practice-lead", "A81002").await;
    break_glass(&mut boss).await;
    here.later(60);
    let page = lead.get("/account").await;
    assert!(
        page.text.contains("Emergency access to your organisation") && page.text.contains(REASON),
        "{page:?}"
    );
    assert!(page.text.contains("href=\"/history/A81001\""), "{page:?}");
    assert!(!other.get("/account").await.text.contains(REASON), "of another practice");
    let (csrf, upto) = (page.hidden("csrf"), page.hidden("upto"));
    // One that begins after the page was made is not seen with it.
    break_glass(&mut boss).await;
    let fields = [("csrf", csrf.as_str()), ("upto", upto.as_str())];
    assert_eq!(lead.post("/account/emergency-access/seen", &fields).await.location(), "/");
    let page = lead.get("/account").await;
    assert_eq!(page.text.matches(REASON).count(), 1, "the second one: {page:?}");
    let (csrf, upto) = (page.hidden("csrf"), page.hidden("upto"));
    lead.post("/account/emergency-access/seen", &[("csrf", &csrf), ("upto", &upto)]).await;
    assert!(!lead.get("/account").await.text.contains(REASON));
    let csrf = other.get("/account").await.hidden("csrf");
    other.post("/account/emergency-access/seen", &[("csrf", &csrf), ("upto", &upto)]).await;
    let seen = |event: &AccessEvent| matches!(event, AccessEvent::GlassSeen(seen) if seen.organisation.as_str() == "A81001");
    assert_eq!(here.events().await.iter().filter(|event| seen(event)).count(), 2);
    assert!(!here.events().await.iter().any(
        |event| matches!(event, AccessEvent::GlassSeen(seen) if seen.organisation.as_str() == "A81002")
    ));
}

/// Issues a key to the practice A81001.
async fn issue(here: &Installation, purpose: &str) -> (String, String) {
    let body = json!({ "role": "practice-lead", "organisation": "A81001", "purpose": purpose });
    let given = here.administer("POST", "/api/v1/access/keys", Some(body)).await;
    assert_eq!(given.status, 201, "{given:?}");
    let given = given.json();
    (given["id"].as_str().unwrap().to_owned(), given["key"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_practice_is_shown_each_key_and_account_made_for_it_and_keeps_a_list_of_them() {
    let here = Installation::start().await;
    let mut lead = signed_in(&here, "lead@example.org", "practice-lead", "A81001").await;
    let mut buyer = signed_in(&here, "buyer@example.org", "buyer", "A81001").await;
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    let mut other = signed_in(&here, "other@example.org", "practice-lead", "A81002").await;
    let (first, _) = issue(&here, "the nightly export").await;
    let (second, key) = issue(&here, "the waiting room screen").await;
    let (colleague, _) = here.open_account("second@example.org", "practice-lead", "A81001").await;
    assert_eq!(
        here.administer("POST", &format!("/api/v1/access/users/{colleague}/reset"), None).await.status,
        200
    );
    let told = [
        "the nightly export",
        "the waiting room screen",
        "An account was made for your organisation",
        "The password of an account for your organisation was set",
    ];
    for browser in [&mut lead, &mut buyer] {
        let page = browser.get("/account").await;
        for told in told {
            assert!(page.text.contains(told), "{told}: {page:?}");
        }
    }
    for told in told {
        assert!(!other.get("/account").await.text.contains(told), "of another practice");
        assert!(!boss.get("/account").await.text.contains(told), "who made them has lists of all");
    }

    // Seen by one is not seen by the other; seen is gone, and stays on the list.
    let page = lead.get("/account").await;
    let (csrf, upto) = (page.hidden("csrf"), page.hidden("upto"));
    let fields = [("csrf", csrf.as_str()), ("upto", upto.as_str())];
    assert_eq!(lead.post("/account/emergency-access/seen", &fields).await.location(), "/");
    let (page, list) = (lead.get("/account").await, lead.get("/access/organisations/A81001").await);
    for told in &told[..2] {
        assert!(!page.text.contains(told) && list.text.contains(told), "{told}: {list:?}");
    }
    assert!(page.text.contains("/access/organisations/A81001"), "{page:?}");
    assert!(buyer.get("/account").await.text.contains(told[0]));
    let own = boss.get("/account").await.hidden("csrf");
    let fields = [("csrf", own.as_str()), ("upto", upto.as_str())];
    assert_eq!(boss.post("/account/emergency-access/seen", &fields).await.status, 400, "not theirs to see");

    // The list says by whom, and when each was used; the use of a key is on the practice's record.
    assert_eq!(here.ask_as(&key, "/api/v1/history/organisations/A81001").await.status, 200);
    assert_eq!(here.ask_as(&key, "/api/v1/history/organisations/A81001").await.status, 200);
    // A look is written a moment after it is answered.
    let used = |list: &serde_json::Value| {
        list["own"]
            .as_array()
            .unwrap()
            .iter()
            .any(|holder| holder["id"] == second.as_str() && holder["last_used"].is_string())
    };
    let mut listed = json!({});
    for _ in 0..500 {
        listed = here.ask_as(&key, "/api/v1/access/organisations/A81001").await.json();
        if used(&listed) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let own = listed["own"].as_array().unwrap();
    assert_eq!(own.len(), 5, "two keys and three accounts: {listed}");
    let of = |id: &str| own.iter().find(|holder| holder["id"] == id).unwrap();
    assert_eq!((&of(&first)["by_role"], &of(&first)["last_used"]), (&json!("administrator"), &json!(null)));
    assert!(of(&second)["last_used"].is_string(), "{listed}");
    assert_eq!((&of(&colleague)["kind"], &of(&colleague)["good"]), (&json!("account"), &json!(true)));
    let looks = here.ask_as(&key, "/api/v1/history/organisations/A81001/looks").await.json();
    let by_key = |entry: &&serde_json::Value| entry["actor"] == format!("key:{second}");
    assert_eq!(
        looks["entries"].as_array().unwrap().iter().filter(by_key).count(),
        1,
        "once an hour: {looks}"
    );
    assert_eq!(here.ask_as(&key, "/api/v1/access/organisations/A81002").await.status, 404);

    // Who leads the practice ends what an administrator made for it, and nothing of another's.
    let csrf = lead.get("/account").await.hidden("csrf");
    let revoke = |practice: &str| format!("/access/organisations/{practice}/keys/{second}/revoke");
    assert_eq!(buyer.post(&revoke("A81001"), &[("csrf", &csrf)]).await.status, 404);
    let csrf_of_other = other.get("/account").await.hidden("csrf");
    assert_eq!(other.post(&revoke("A81002"), &[("csrf", &csrf_of_other)]).await.status, 404);
    assert_eq!(
        lead.post(&revoke("A81001"), &[("csrf", &csrf)]).await.location(),
        "/access/organisations/A81001"
    );
    assert_eq!(here.ask_as(&key, "/api/v1/access/me").await.status, 401);
}

#[tokio::test]
async fn an_account_made_to_look_around_cannot_hide_itself_from_the_practice() {
    let here = Installation::start().await;
    let mut lead = signed_in(&here, "lead@example.org", "practice-lead", "A81001").await;
    let mut false_lead = signed_in(&here, "false@example.org", "practice-lead", "A81001").await;
    issue(&here, "a look around").await;
    let page = false_lead.get("/account").await;
    let (csrf, upto) = (page.hidden("csrf"), page.hidden("upto"));
    false_lead.post("/account/emergency-access/seen", &[("csrf", &csrf), ("upto", &upto)]).await;
    assert!(!false_lead.get("/account").await.text.contains("a look around"));
    let page = lead.get("/account").await;
    assert!(page.text.contains("a look around") && page.text.contains("An account was made"), "{page:?}");
}

/// Writes the sample of an event to the event log: who did it, and where it stands.
async fn happened(here: &Installation, sample: &str) -> (String, u64) {
    let file = format!("{}/../../proto/samples/{sample}.v1.json", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(file).unwrap();
    let header = Header::read(&body).unwrap();
    let (id, subject, actor) =
        (header.id, header.subject.parse().unwrap(), header.actor.clone().into_owned());
    let event = NewEvent { id, subject, body: body.clone().into() };
    (actor, here.event_log.append(event, Position::START).await.unwrap().position.0)
}

#[tokio::test]
async fn an_administrator_is_told_what_someone_did_and_not_what_they_wrote() {
    let here = Installation::start().await;
    for (sample, words) in [
        ("assessments/oversight.assessments.requirement-answered", "All staff trained"),
        ("onsite/oversight.onsite.finding-answered", "the delivery partner has been told"),
        ("continuity/oversight.continuity.plan-withdrawn", "merged into the plan"),
        ("onsite/oversight.onsite.import-withdrawn", "the file of another year"),
    ] {
        let (actor, position) = happened(&here, sample).await;
        let path = format!("/api/v1/history/actors/{actor}");
        let told = here.administer("GET", &path, None).await;
        assert_eq!(told.status, 200, "{told:?}");
        let entry = told.json()["entries"][0].clone();
        assert_eq!((&entry["position"], &entry["hash"]), (&json!(position), &json!(null)), "{told:?}");
        let event = here.administer("GET", &format!("/api/v1/history/events/{position}"), None).await;
        let file = here.administer("GET", &format!("{path}?format=csv"), None).await;
        assert!(file.text.contains(&sample[sample.find('/').unwrap() + 1..]), "{file:?}");
        for answer in [told, event, file] {
            assert!(!answer.text.contains(words), "{sample}: {answer:?}");
        }
    }
    // Emergency access opens what is of the practice, and nothing else.
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    break_glass(&mut boss).await;
    let opened = boss.get("/api/v1/history/organisations/A81001").await.text;
    assert!(opened.contains("All staff trained") && opened.contains("merged into the plan"), "{opened}");
    assert!(!opened.contains("the file of another year"), "{opened}");
}

#[tokio::test]
async fn a_calendar_address_is_made_shown_once_listed_and_revoked_by_its_holder() {
    let here = Installation::start().await;
    let mut officer = signed_in(&here, "officer@example.org", "ccg-officer", "00K").await;
    let mut other = signed_in(&here, "other@example.org", "ccg-officer", "00K").await;
    let page = officer.get("/account").await;
    let fields = [("csrf", page.hidden("csrf")), ("idempotency_key", page.hidden("idempotency_key"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let made = officer.post("/account/calendars", &fields).await;
    assert_eq!(made.status, 201, "{made:?}");
    let address =
        made.text.split("id=\"calendar-address\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(address.contains("/onsite/calendar/ovc_") && address.ends_with(".ics"), "{address}");
    let secret = address.rsplit('_').next().unwrap().trim_end_matches(".ics").to_owned();
    let page = officer.get("/account").await.text;
    assert!(page.contains("/account/calendars/") && !page.contains(&secret), "shown once");
    let logged = format!("{:?}", here.events().await);
    assert!(logged.contains("CalendarOpened") && !logged.contains(&secret), "stored nowhere");

    let id = page.split("/account/calendars/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let csrf = other.get("/account").await.hidden("csrf");
    assert_eq!(other.post(&format!("/account/calendars/{id}/revoke"), &[("csrf", &csrf)]).await.status, 404);
    let csrf = officer.get("/account").await.hidden("csrf");
    officer.post(&format!("/account/calendars/{id}/revoke"), &[("csrf", &csrf)]).await;
    assert!(!officer.get("/account").await.text.contains("/account/calendars/"), "revoked");

    // By the API, with a key of one's own.
    let made = here.administer("POST", "/api/v1/access/calendars", None).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.json()["path"].as_str().unwrap().starts_with("/onsite/calendar/ovc_"));
    let listed = here.administer("GET", "/api/v1/access/calendars", None).await.json();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["revoked"]),
        (1, &json!(null)),
        "one's own alone"
    );
    let path = format!("/api/v1/access/calendars/{}/revoke", listed[0]["id"].as_str().unwrap());
    assert_eq!(here.administer("POST", &path, None).await.status, 204);
    let listed = here.administer("GET", "/api/v1/access/calendars", None).await.json();
    assert!(listed[0]["revoked"].is_string(), "{listed}");
    assert_eq!(
        here.administer("POST", "/api/v1/access/calendars/7f3e2d1c-0b9a-4c8d-9e7f-6a5b4c3d2e1f/revoke", None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn keys_and_accounts_are_for_organisations_that_are_known_and_tell_their_name() {
    let here = Installation::start().await;
    let key = |role: &str, organisation: &str, name: Option<&str>| json!({ "role": role, "organisation": organisation, "organisation_name": name, "purpose": "a test" });
    let issue = async |body| here.administer("POST", "/api/v1/access/keys", Some(body)).await;
    let given = issue(key("ccg-officer", "00K", None)).await;
    assert_eq!(
        (given.status.as_u16(), &given.json()["organisation_name"]),
        (201, &json!("NHS Hartlepool CCG"))
    );
    for (body, at, said) in [
        (key("ccg-officer", "00L", None), "organisation", "no organisation 00L is known"),
        (
            key("practice-lead", "A99999", Some("The Surgery")),
            "organisation",
            "no organisation A99999 is known",
        ),
        (key("assessor", "ZZ9", None), "organisation_name", "no file lists an organisation ZZ9"),
        (key("ccg-officer", "00K", Some("NHS Leeds CCG")), "organisation_name", "00K is NHS Hartlepool CCG"),
        (key("supplier", "ZZ9", Some(&"x".repeat(201))), "organisation_name", "up to 200 characters"),
    ] {
        let refused = issue(body).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["errors"][0]["at"]),
            (400, &json!(at)),
            "{refused:?}"
        );
        assert!(refused.text.contains(said), "{refused:?}");
    }
    let given = issue(key("assessor", "ZZ9", Some(" Northern Assessors "))).await;
    assert_eq!(
        (given.status.as_u16(), &given.json()["organisation_name"]),
        (201, &json!("Northern Assessors"))
    );
    let kept = |event: &AccessEvent| matches!(event, AccessEvent::KeyIssued(key) if key.organisation_name.as_deref() == Some("Northern Assessors"));
    assert!(here.events().await.iter().any(kept));
    // A file names a commissioner by its code alone: it is known, and someone has to say what it is called.
    let mut of_another = practice("A81003", "THE OTHER SURGERY");
    let Event::Organisation(OrganisationEvent::PracticeListed(listed)) = &mut of_another.2 else {
        panic!("{of_another:?}")
    };
    listed.listing.commissioner = Some("90Z".parse().unwrap());
    here.tell(&[of_another], Actor::system("import")).await;
    let refused = issue(key("ccg-officer", "90Z", None)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["at"]),
        (400, &json!("organisation_name"))
    );
    let given = issue(key("ccg-officer", "90Z", Some("NHS Densham CCG"))).await;
    assert_eq!((given.status.as_u16(), &given.json()["organisation_name"]), (201, &json!("NHS Densham CCG")));
    let account = json!({ "user_name": "a@example.org", "display_name": "A", "role": "practice-lead", "organisation": "A99999" });
    let refused = here.administer("POST", "/api/v1/access/users", Some(account)).await;
    assert!(refused.status == 400 && refused.text.contains("no organisation A99999 is known"), "{refused:?}");

    // On the page the name is shown before the key is made.
    let mut boss = signed_in(&here, "boss@example.org", "administrator", "X26").await;
    let csrf = boss.get("/access").await.hidden("csrf");
    let fields = [("csrf", &*csrf), ("role", "ccg-officer"), ("organisation", "00K"), ("purpose", "a page")];
    let count =
        async || here.administer("GET", "/api/v1/access/keys", None).await.json().as_array().unwrap().len();
    let before = count().await;
    let asked = boss.post("/access/keys", &fields).await;
    assert!(asked.status == 200 && asked.text.contains("NHS Hartlepool CCG (00K)"), "{asked:?}");
    assert_eq!(count().await, before, "nothing is made yet");
    let confirmed = asked.hidden("confirmed");
    let made = boss.post("/access/keys", &[&fields[..], &[("confirmed", confirmed.as_str())]].concat()).await;
    assert!(made.status == 201 && made.text.contains("ovk_"), "{made:?}");
    assert_eq!(count().await, before + 1);
    // All that is wrong is said at once, before anyone is asked to confirm.
    let all_wrong =
        [("csrf", &*csrf), ("role", ""), ("organisation", ""), ("purpose", " "), ("expires", "2018-01-01")];
    let refused = boss.post("/access/keys", &all_wrong).await;
    assert_eq!(refused.status, 400);
    for said in [
        "Select the role",
        "Enter the code of the organisation",
        "Enter what the key is for",
        "Enter an expiry date that is today or later",
    ] {
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
    let wrong = [("csrf", &*csrf), ("role", "ccg-officer"), ("organisation", "00L"), ("purpose", "a page")];
    let refused = boss.post("/access/keys", &wrong).await;
    assert!(refused.status == 400 && refused.text.contains("no organisation 00L is known"), "{refused:?}");
}
