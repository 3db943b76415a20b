//! What each of the services is for, from the one who begins to the commissioner who has to act: over a
//! real broker, as separate processes, by their public addresses.

use std::time::{Duration, Instant};

use chassis::Clock;
use proto::Day;
use serde_json::{Value, json};
use whole_system::{Client, Separate, Shipped, keys, platform::until_shown, process::READY_TIMEOUT};

use crate::support::Story;

const PRACTICE: &str = "A99001";
const NEIGHBOUR: &str = "A99002";
const CCG: &str = "90A";
const REGION: &str = "Y90";
/// A delivery partner: it visits practices, and the CCG leans on its plan.
const PARTNER: &str = "ZZPARTNER";

fn today() -> Day {
    Clock::system().today()
}

/// The platform over the invented practices.
struct Land {
    services: Separate,
    _broker: Shipped,
}

impl Land {
    async fn with_practices() -> Self {
        let broker = Shipped::start();
        let services = Separate::start(&broker).await;
        Story::invented().import_practices(&services.url(), &services.client).await;
        let land = Self { services, _broker: broker };
        land.until_overseen().await;
        land
    }

    /// Waits until every service lets the CCG's officer see the CCG's practices: each follows by itself who
    /// stands under whom, and a little behind the views.
    async fn until_overseen(&self) {
        let officer = self.who("ccg-officer", CCG).await;
        let until = Instant::now() + READY_TIMEOUT;
        for page in ["practices", "purchases", "onsite", "continuity"] {
            for practice in [PRACTICE, NEIGHBOUR] {
                let path = format!("/{page}/{practice}");
                while officer.get(&path).await.status != 200 {
                    assert!(Instant::now() < until, "the officer is not let see {path}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Whoever has a role at an organisation.
    async fn who(&self, role: &str, organisation: &str) -> Client {
        let administrator = &self.services.client;
        administrator.with_key(&keys::issue(administrator, role, organisation).await)
    }

    /// How a question is put that asks what the views say now, whatever is recorded later.
    async fn as_known_now(&self) -> String {
        let view = self.services.client.json("/api/v1/areas/ENG").await;
        // What is recorded within the same second is known at the same moment.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        format!("&known={}", view["read_to"].as_str().unwrap())
    }

    /// Waits until the views show what was given last.
    async fn shown(&self, given: &Value) {
        until_shown(&self.services.client, position(given)).await;
    }
}

fn position(given: &Value) -> u64 {
    given["position"].as_u64().unwrap_or_else(|| panic!("no position: {given}"))
}

/// Gives something that is taken.
async fn give(client: &Client, path: &str, body: Value) -> Value {
    let answer = client.post(path, &body).await;
    assert!(answer.status.is_success(), "POST {path}: {}", answer.text());
    answer.json()
}

/// The practices of the CCG that do not meet a requirement at the end of a day.
async fn short_of(ccg: &Client, requirement: &str, at: Day) -> Vec<String> {
    short_of_as_known(ccg, requirement, at, "").await
}

/// The same as it was known at a moment, where one is named.
async fn short_of_as_known(ccg: &Client, requirement: &str, at: Day, known: &str) -> Vec<String> {
    let path = format!(
        "/api/v1/areas/{CCG}/practices?requirement={requirement}&status=not-met&at={at}&sort=code{known}"
    );
    let practices = ccg.json(&path).await["practices"].as_array().unwrap().clone();
    practices.iter().map(|practice| practice["code"].as_str().unwrap().to_owned()).collect()
}

/// The status of a practice's requirement at the end of a day.
async fn status_of(client: &Client, practice: &str, requirement: &str, at: Day) -> String {
    let answer = client.json(&format!("/api/v1/practices/{practice}?at={at}")).await;
    let of = answer["requirements"].as_array().unwrap().iter().find(|of| of["requirement"] == requirement);
    of.unwrap()["status"].as_str().unwrap().to_owned()
}

/// Whether the list of what needs attention on the CCG's page names a practice.
async fn wants_attention(ccg: &Client, requirement: &str, at: Day, practice: &str) -> bool {
    let page = ccg.get(&format!("/areas/{CCG}?requirement={requirement}&at={at}")).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let page = page.text();
    let (_, list) = page.split_once("ov-attention").unwrap_or_default();
    let (list, _) = list.split_once("ov-figures").unwrap_or((list, ""));
    list.contains(&format!("/practices/{practice}?"))
}

/// A supplier whose service is certified up to a day; its id.
async fn certified_supplier(supplier: &Client, until: Day) -> String {
    let registered = give(
        supplier,
        "/api/v1/suppliers",
        json!({ "legal_name": "Acme Lines Limited", "ods_code": "ZZACME" }),
    )
    .await;
    let id = registered["id"].as_str().unwrap().to_owned();
    let at = format!("/api/v1/suppliers/{id}");
    let service = json!({ "service": "lines", "product": "Acme Lines", "service_type": "network" });
    give(supplier, &format!("{at}/services"), service).await;
    let issued = until.plus_days(-364);
    give(supplier, &format!("{at}/certificates"), certificate("CE-1", issued)).await;
    let said = json!({ "service": "lines", "covers": "yes", "ground": "All of it", "from": issued });
    give(supplier, &format!("{at}/certificates/1/coverage"), said).await;
    id
}

/// A certificate of a year.
fn certificate(number: &str, issued: Day) -> Value {
    json!({ "scheme": "cyber-essentials", "number": number, "holder": "Acme Lines Ltd",
        "issuer": "IASME", "issued": issued, "expires": issued.plus_days(364), "scope": "All of it" })
}

/// Takes up a supplier's lines for a practice and checks them; answers the receipt.
async fn check(buyer: &Client, practice: &str, supplier: &str) -> Value {
    let used = json!({ "supplier": supplier, "service": "lines" });
    give(buyer, &format!("/api/v1/purchases/{practice}/engagements"), used.clone()).await;
    give(buyer, &format!("/api/v1/purchases/{practice}/checks"), used).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_ends_and_the_ccg_sees_who_relied_on_it() {
    let land = Land::with_practices().await;
    let last = today().plus_days(60);
    let supplier = land.who("supplier", "ZZACME").await;
    let id = certified_supplier(&supplier, last).await;
    let nobody = land.services.client.without_key();
    let found = nobody.json("/api/v1/suppliers?q=acmee+lines+ltd").await;
    assert_eq!(found["suppliers"][0]["id"], id.as_str(), "anyone finds it, misspelt");

    let ccg = land.who("ccg-officer", CCG).await;
    let buyer = land.who("buyer", PRACTICE).await;
    let mut shown = Value::Null;
    for (who, practice) in [(&buyer, PRACTICE), (&ccg, NEIGHBOUR)] {
        shown = check(who, practice, &id).await;
        assert_eq!(shown["verdict"], "certified");
        let (at, hash) = (position(&shown), shown["hash"].as_str().unwrap());
        let receipt = nobody.json(&format!("/api/v1/receipts/{at}/{hash}")).await;
        assert_eq!(receipt["verdict"], "certified", "anyone can verify it");
        let another = nobody.get(&format!("/api/v1/receipts/{at}/{}", "0".repeat(64))).await;
        assert_eq!(another.status, 404, "and no other: {}", another.text());
    }
    let elsewhere = json!({ "supplier": id, "service": "lines" });
    let elsewhere = buyer.post(&format!("/api/v1/purchases/{NEIGHBOUR}/checks"), &elsewhere).await;
    assert_eq!(elsewhere.status, 404, "another practice is not theirs: {}", elsewhere.text());
    land.shown(&shown).await;

    assert_eq!(status_of(&ccg, PRACTICE, "suppliers", today()).await, "met");
    assert_eq!(short_of(&ccg, "suppliers", last).await, Vec::<String>::new());
    assert_eq!(short_of(&ccg, "suppliers", last.plus_days(1)).await, [PRACTICE, NEIGHBOUR]);
    assert!(!wants_attention(&ccg, "suppliers", last, PRACTICE).await);
    assert!(wants_attention(&ccg, "suppliers", last.plus_days(1), PRACTICE).await);

    let relying = ccg.json("/api/v1/suppliers/reliance?days=90").await;
    assert_eq!(relying[0]["lapses"], json!(last.plus_days(1)));
    assert_eq!(relying[0]["by_ccg"][0]["ccg"], CCG);
    assert_eq!(relying[0]["by_ccg"][0]["region"], REGION);
    assert_eq!(relying[0]["by_ccg"][0]["organisations"], json!([PRACTICE, NEIGHBOUR]));
    let behind = ccg.json(&format!("/api/v1/areas/{CCG}/tallies?requirement=suppliers")).await;
    assert_eq!(behind["figures"][0]["count"], 2, "{behind}");

    // The supplier renews. What had been forecast stays what had been forecast.
    let known = land.as_known_now().await;
    let renewal = certificate("CE-2", last.plus_days(1));
    give(&supplier, &format!("/api/v1/suppliers/{id}/certificates/1/renew"), renewal).await;
    let said = json!({ "service": "lines", "covers": "yes", "ground": "All of it", "from": today() });
    let given = give(&supplier, &format!("/api/v1/suppliers/{id}/certificates/2/coverage"), said).await;
    land.shown(&given).await;
    assert_eq!(short_of(&ccg, "suppliers", last.plus_days(1)).await, Vec::<String>::new());
    let forecast = short_of_as_known(&ccg, "suppliers", last.plus_days(1), &known).await;
    assert_eq!(forecast, [PRACTICE, NEIGHBOUR]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_become_a_plan_that_runs_overdue() {
    let land = Land::with_practices().await;
    let (lead, ccg) = (land.who("practice-lead", PRACTICE).await, land.who("ccg-officer", CCG).await);
    let assessor = land.who("assessor", PARTNER).await;
    let one = format!("/api/v1/onsite/{PRACTICE}/1");
    let day = today();
    let asked = json!({ "by": CCG, "reason": "an incident in May" });
    give(&ccg, &format!("/api/v1/onsite/{PRACTICE}/request"), asked).await;
    give(&lead, &format!("{one}/agree"), Value::Null).await;
    let visit = json!({ "on": day, "partner": PARTNER, "assessor": { "name": "A. Assessor" } });
    give(&ccg, &format!("{one}/schedule"), visit).await;
    let results =
        json!([{ "topic": "patching", "outcome": "not-satisfied", "remark": "three months behind" }]);
    give(&assessor, &format!("{one}/held"), json!({ "on": day, "results": results })).await;
    let finding = json!({ "topic": "patching", "severity": "high", "system": "desktops",
        "responsibility": "practice", "found": "three months behind", "evidence": "report 4.2" });
    give(&assessor, &format!("{one}/findings"), finding).await;
    give(&lead, &format!("{one}/disclose"), json!({ "to": CCG, "on": day })).await;
    let due = day.plus_days(30);
    let action =
        json!({ "finding": 1, "action": "patch them", "owner": { "name": "A. Manager" }, "due": due });
    give(&lead, &format!("{one}/plan"), json!({ "actions": [action] })).await;
    let early = lead.post(&format!("{one}/plan/agree"), &json!({ "by": CCG })).await;
    assert_eq!(early.status, 403, "a practice does not agree its own plan: {}", early.text());
    let agreed = give(&ccg, &format!("{one}/plan/agree"), json!({ "by": CCG })).await;
    land.shown(&agreed).await;

    // What was found is told to those who see the assessment; the others hear how many there were, and what
    // holds since then.
    for (role, at, status) in [
        ("ccg-officer", CCG, 200),
        ("nhs-digital", "X26", 200),
        ("nhs-improvement", "ZZ9", 403),
        ("administrator", "X26", 403),
    ] {
        let who = land.who(role, at).await;
        assert_eq!(who.get(&format!("/api/v1/practices/{PRACTICE}/gap")).await.status, status, "{role}");
        let page = who.get(&format!("/practices/{PRACTICE}")).await.text();
        assert_eq!(page.contains("id=\"gap\""), status == 200, "{role}");
        let area = who.get(&format!("/api/v1/areas/{CCG}/gap")).await;
        let findings = who.get(&format!("/api/v1/areas/{CCG}/tallies?requirement=onsite")).await;
        if status == 200 {
            assert_eq!(area.json()["assessed_practices"], 1, "{role}");
            assert_eq!(area.json()["members"].as_array().map(Vec::len), Some(1), "{role}");
            assert_eq!(findings.json()["figures"][0]["count"], 1, "{role}");
        } else {
            assert_eq!((area.status.as_u16(), findings.status.as_u16()), (404, 404), "{role}");
            let region = who.json(&format!("/api/v1/areas/{REGION}/gap")).await;
            assert_eq!((&region["assessed_practices"], &region["topics"]), (&json!(1), &json!([])), "{role}");
        }
        let why = who.get(&format!("/api/v1/practices/{PRACTICE}")).await.text();
        assert_eq!(why.contains("a plan for the findings was agreed"), status == 200, "{role}: {why}");
        assert_eq!(why.contains("oversight.onsite."), status == 200, "{role}: {why}");
        assert_eq!(status_of(&who, PRACTICE, "onsite", day).await, "partly-met", "{role}");
    }

    assert_eq!(status_of(&ccg, PRACTICE, "onsite", day).await, "partly-met");
    assert_eq!(status_of(&ccg, PRACTICE, "onsite", due).await, "partly-met");
    assert_eq!(status_of(&ccg, NEIGHBOUR, "onsite", due).await, "not-applicable");
    assert_eq!(short_of(&ccg, "onsite", due).await, Vec::<String>::new());
    assert_eq!(short_of(&ccg, "onsite", due.plus_days(1)).await, [PRACTICE]);
    assert!(wants_attention(&ccg, "onsite", due.plus_days(1), PRACTICE).await);
    let behind = ccg.json(&format!("/api/v1/areas/{CCG}/tallies?requirement=onsite")).await;
    assert_eq!(behind["figures"][0]["count"], 1, "{behind}");

    let done = give(&lead, &format!("{one}/plan/actions/1/done"), json!({ "done": day })).await;
    land.shown(&done).await;
    assert_eq!(status_of(&ccg, PRACTICE, "onsite", due.plus_days(1)).await, "met", "done in time");
}

/// Writes, approves and exercises a plan whose review falls due on a day.
async fn plan(owner: &Client, whose: &str, review: Day) -> Value {
    let at = format!("/api/v1/continuity/{whose}");
    let version = json!({ "owner": { "name": "A. Manager" }, "covers": ["data", "cyber-incident"],
        "systems": [{ "name": "records", "impact": "high", "recovery_time_hours": 4, "recovery_point_hours": 1 }],
        "document": { "reference": "drawer 3", "sha256": "a".repeat(64) } });
    give(owner, &format!("{at}/versions"), version).await;
    let approval = json!({ "version": 1, "by": { "name": "A. Partner" }, "on": today().plus_days(-100),
        "next_review": review });
    give(owner, &format!("{at}/approve"), approval).await;
    let exercise = json!({ "kind": "desktop", "scenario": "cyber-incident", "on": today().plus_days(-90),
        "outcome": "targets-kept" });
    give(owner, &format!("{at}/exercises"), exercise).await
}

/// How many practices of the region meet the requirement of a plan at the end of each of two days.
async fn met_on(region: &Client, from: Day, known: &str) -> [u64; 2] {
    let to = from.plus_days(1);
    let path = format!("/api/v1/areas/{REGION}/trend?from={from}&to={to}&requirement=continuity{known}");
    let answer = region.json(&path).await;
    let of = answer["requirements"].as_array().unwrap().iter().find(|of| of["requirement"] == "continuity");
    let days = of.unwrap()["days"].clone();
    [0, 1].map(|day| days[day]["met"].as_u64().unwrap_or_else(|| panic!("no day {day}: {answer}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_falls_due_and_the_regions_count_drops_as_forecast() {
    let land = Land::with_practices().await;
    let (lead, neighbour) =
        (land.who("practice-lead", PRACTICE).await, land.who("practice-lead", NEIGHBOUR).await);
    let (ccg, region) = (land.who("ccg-officer", CCG).await, land.who("regional-lead", REGION).await);
    let partner = land.who("assessor", PARTNER).await;
    let review = today().plus_days(30);
    plan(&lead, PRACTICE, review).await;
    plan(&neighbour, NEIGHBOUR, review.plus_days(100)).await;
    let leans = |on: &str| json!({ "partner": on, "services": "desktops", "since": today() });
    let reliances = format!("/api/v1/continuity/{CCG}/reliances");
    let foreign = ccg.post(&reliances, &leans("90B")).await;
    assert_eq!(foreign.status, 400, "how another CCG’s plan stands is not the first one’s to see");
    let given = give(&ccg, &reliances, leans(PARTNER)).await;
    land.shown(&given).await;
    assert_eq!(
        status_of(&region, PRACTICE, "continuity", today()).await,
        "partly-met",
        "the partner's lacks"
    );
    // Whom the CCG leans on stands in the CCG's records, and they are not for its practices.
    let digital = land.who("nhs-digital", "X26").await;
    for (who, hears) in [(&lead, false), (&ccg, true), (&region, true), (&digital, true)] {
        for path in [format!("/api/v1/practices/{PRACTICE}"), format!("/practices/{PRACTICE}")] {
            let told = who.get(&path).await.text();
            let names = told.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == PARTNER);
            assert_eq!(names, hears, "{path}: {told}");
        }
        let answer = who.json(&format!("/api/v1/practices/{PRACTICE}")).await.to_string();
        assert_eq!(answer.contains("reliance-stated"), hears, "{answer}");
    }
    let given = plan(&partner, PARTNER, review.plus_days(100)).await;
    land.shown(&given).await;

    let eve = review.plus_days(-1);
    assert_eq!(status_of(&region, PRACTICE, "continuity", eve).await, "met");
    assert_eq!(met_on(&region, eve, "").await, [2, 1], "the forecast");
    assert_eq!(short_of(&ccg, "continuity", review).await, [PRACTICE]);
    assert!(wants_attention(&ccg, "continuity", review, PRACTICE).await);

    // What happens later changes what will be, and not what had been forecast.
    let known = land.as_known_now().await;
    let withdrawn = json!({ "reason": "the practices merge" });
    let given = give(&neighbour, &format!("/api/v1/continuity/{NEIGHBOUR}/withdraw"), withdrawn).await;
    land.shown(&given).await;
    assert_eq!(met_on(&region, eve, "").await, [1, 0]);
    assert_eq!(met_on(&region, eve, &known).await, [2, 1]);

    let reviewed = json!({ "by": { "name": "A. Partner" }, "next_review": review.plus_days(300) });
    let given = give(&lead, &format!("/api/v1/continuity/{PRACTICE}/review"), reviewed).await;
    land.shown(&given).await;
    assert_eq!(met_on(&region, eve, "").await, [1, 1], "reviewed in time");
}
