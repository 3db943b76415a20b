//! Who may do what: the policy as a table, and the service behind the real guard.

use axum::http::Method;
use chassis::{
    Action,
    access::{CalendarAddress, Glass, Holder, Policies, Principal, Resource, hierarchy::Hierarchy},
    testing::land::{body, moved, small_land},
};
use proto::{
    Actor, Role,
    access::{AccessEvent, AccountDisabled, CalendarOpened, CalendarRevoked},
    organisations::OrganisationKind,
};
use serde_json::{Value, json};

use crate::{
    api::{AT, ONE, finding_body},
    server::{self, Answer, Server},
    support::*,
};

const PARTNERS: (Role, &str) = (Role::Assessor, PARTNER);
const OTHERS: (Role, &str) = (Role::Assessor, "ZZOTHER");
const LEAD: (Role, &str) = (Role::PracticeLead, PRACTICE);
const CCG: (Role, &str) = (Role::CcgOfficer, "00K");
const REGION: (Role, &str) = (Role::RegionalLead, "Y54");
const DIGITAL: (Role, &str) = (Role::NhsDigital, "X26");

async fn post(server: &Server, who: (Role, &str), path: &str, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.ask_as(who, Method::POST, path, Some(("application/json", body))).await
}

async fn get(server: &Server, who: (Role, &str), path: &str) -> Answer {
    server.ask_as(who, Method::GET, path, None).await
}

#[test]
fn without_a_hierarchy_only_what_needs_none_is_permitted() {
    let policies = Policies::of(&[onsite::access::POLICY]).unwrap();
    let hierarchy = Hierarchy::default();
    let may = |(role, organisation): (Role, &str), action: &'static str| {
        let holder = Holder::person(person(9), role, code(organisation));
        let resource = Resource::Organisation(code(PRACTICE));
        let now = "2018-03-01T12:00:00Z".parse().unwrap();
        policies.permit(&Principal::Holder(holder), Action::new("onsite", action), resource, &hierarchy, now)
    };
    let all =
        ["view", "view-all", "request", "respond", "schedule", "assess", "plan", "decide-plan", "close"];
    for (who, permitted) in [
        (LEAD, &["view", "view-all", "respond", "plan"][..]),
        ((Role::PracticeLead, "A81002"), &[]),
        (CCG, &[]),
        (REGION, &[]),
        (DIGITAL, &["view", "view-all", "request", "schedule", "close"]),
        (PARTNERS, &["view", "assess"]),
        ((Role::NhsImprovement, "T1010"), &[]),
        ((Role::Administrator, "X26"), &[]),
        ((Role::Buyer, "A81001"), &[]),
        ((Role::Supplier, "8HP68"), &[]),
    ] {
        let found: Vec<&str> = all.into_iter().filter(|action| may(who, action)).collect();
        assert_eq!(found, permitted, "{who:?}");
    }
}

#[test]
fn broken_glass_lets_see_one_organisation_for_its_time_and_nothing_more() {
    let policies = Policies::of(&[onsite::access::POLICY]).unwrap();
    let mut holder = Holder::person(person(9), Role::Administrator, code("X26"));
    let until = "2018-03-01T13:00:00Z".parse().unwrap();
    holder.glass = Some(Glass { organisation: code(PRACTICE), until });
    let may = |action: &'static str, of: &str, now: &str| {
        let (principal, resource) = (Principal::Holder(holder.clone()), Resource::Organisation(code(of)));
        let action = Action::new("onsite", action);
        policies.permit(&principal, action, resource, &Hierarchy::default(), now.parse().unwrap())
    };
    let within = "2018-03-01T12:59:00Z";
    assert!(may("view", PRACTICE, within) && may("view-all", PRACTICE, within));
    assert!(!may("respond", PRACTICE, within) && !may("view", "A81002", within));
    assert!(!may("view", PRACTICE, "2018-03-01T13:01:00Z"));
}

/// An assessment of A81001 set with the partner, held, with a finding; done by those whose part it is.
async fn held_by_its_people() -> Server {
    let server = server::guarded("2018-03-01T12:00:00Z").await;
    post(&server, CCG, &format!("{AT}/request"), json!({ "by": "00K", "reason": "chosen" })).await.ok();
    post(&server, LEAD, &format!("{ONE}/agree"), Value::Null).await.ok();
    let visit = json!({ "on": "2018-03-10", "partner": PARTNER, "assessor": { "name": "A. Assessor" } });
    post(&server, DIGITAL, &format!("{ONE}/schedule"), visit).await.ok();
    server.set_day("2018-03-12");
    let held =
        json!({ "on": "2018-03-10", "results": [{ "topic": "patching", "outcome": "not-satisfied" }] });
    post(&server, PARTNERS, &format!("{ONE}/held"), held).await.ok();
    post(&server, PARTNERS, &format!("{ONE}/findings"), finding_body("desktops")).await.ok();
    server
}

#[tokio::test]
async fn each_does_their_part_and_no_other() {
    let server = held_by_its_people().await;
    post(&server, LEAD, &format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-03-12" })).await.ok();
    let plan = json!({ "actions": [{ "finding": 1, "action": "mend", "owner": { "name": "P" }, "due": "2018-04-30" }] });
    post(&server, CCG, &format!("{ONE}/plan"), plan).await.ok();
    post(&server, REGION, &format!("{ONE}/plan/agree"), json!({ "by": "00K" })).await.is(403, "act for Y54");
    post(&server, REGION, &format!("{ONE}/plan/agree"), json!({ "by": "Y54" })).await.ok();
    post(&server, LEAD, &format!("{ONE}/plan/actions/1/done"), json!({ "done": "2018-03-12" })).await.ok();
    for (who, step, body) in [
        (LEAD, "schedule", json!({ "on": "2018-03-20", "partner": PARTNER, "assessor": { "name": "x" } })),
        (LEAD, "findings", finding_body("x")),
        (LEAD, "plan/agree", json!({ "by": "00K" })),
        (LEAD, "close", Value::Null),
        (CCG, "disclose", json!({ "to": "00K", "on": "2018-03-12" })),
        (CCG, "findings", finding_body("x")),
        (REGION, "schedule", json!({ "on": "2018-03-20", "partner": PARTNER, "assessor": { "name": "x" } })),
        (DIGITAL, "agree", Value::Null),
        (DIGITAL, "plan/agree", json!({ "by": "X26" })),
        (PARTNERS, "close", Value::Null),
        (PARTNERS, "disclose", json!({ "to": "00K", "on": "2018-03-12" })),
    ] {
        post(&server, who, &format!("{ONE}/{step}"), body).await.is(403, "you may not do this");
    }
    let ask = json!({ "by": "X26", "reason": "r" });
    post(&server, LEAD, &format!("{AT}/request"), ask.clone()).await.is(403, "you may not do this");
    post(&server, CCG, &format!("{AT}/request"), ask).await.is(403, "act for 00K");
    get(&server, (Role::PracticeLead, "A81002"), ONE).await.is(404, "nothing at");
    get(&server, (Role::CcgOfficer, "15E"), ONE).await.is(404, "nothing at");
    get(&server, (Role::Buyer, "A81001"), "/api/v1/onsite").await.is(403, "you may not do this");
}

#[tokio::test]
async fn whom_the_guard_lets_through_as_overseer_is_one() {
    // A membership is newer than the practice file, which still shows 00K; of A81002 it is yet to come.
    let mut land = small_land();
    land.push(body("15E", "NHS SOMEWHERE CCG", OrganisationKind::Ccg));
    land.push(moved("A81001", "15E", "2018-03-02"));
    land.push(moved("A81002", "15E", "2018-05-01"));
    let server = Server::guarded("2018-03-05T12:00:00Z", land, onsite::service).await;
    const NEW: (Role, &str) = (Role::CcgOfficer, "15E");
    let request = |by: &str| json!({ "by": by, "reason": "chosen" });
    post(&server, CCG, &format!("{AT}/request"), request("00K")).await.is(404, "nothing at");
    post(&server, NEW, &format!("{AT}/request"), request("15E")).await.ok();
    let neighbour = "/api/v1/onsite/A81002/request";
    post(&server, NEW, neighbour, request("15E")).await.is(404, "nothing at");
    post(&server, CCG, neighbour, request("00K")).await.ok();
    post(&server, LEAD, &format!("{ONE}/agree"), Value::Null).await.ok();
    let visit = json!({ "on": "2018-03-10", "partner": PARTNER, "assessor": { "name": "A. Assessor" } });
    post(&server, NEW, &format!("{ONE}/schedule"), visit).await.ok();
    server.set_day("2018-03-12");
    let held =
        json!({ "on": "2018-03-10", "results": [{ "topic": "patching", "outcome": "not-satisfied" }] });
    post(&server, PARTNERS, &format!("{ONE}/held"), held).await.ok();
    post(&server, PARTNERS, &format!("{ONE}/findings"), finding_body("desktops")).await.ok();
    let disclose = |to: &str| json!({ "to": to, "on": "2018-03-12" });
    post(&server, LEAD, &format!("{ONE}/disclose"), disclose("00K")).await.is(400, "15E or Y54");
    post(&server, LEAD, &format!("{ONE}/disclose"), disclose("15E")).await.ok();
    let plan = json!({ "actions": [{ "finding": 1, "action": "mend", "owner": { "name": "P" }, "due": "2018-04-30" }] });
    post(&server, NEW, &format!("{ONE}/plan"), plan).await.ok();
    get(&server, NEW, "/onsite/A81001/1").await.is(200, "Who decides?");
    post(&server, NEW, &format!("{ONE}/plan/agree"), json!({ "by": "15E" })).await.ok();
    for (ccg, organisation) in [("15E", PRACTICE), ("00K", "A81002")] {
        let list = get(&server, DIGITAL, &format!("/api/v1/onsite?ccg={ccg}")).await.ok().json();
        let found = &list["assessments"][0];
        assert_eq!(
            (&list["total"], &found["organisation"], &found["ccg"]),
            (&json!(1), &json!(organisation), &json!(ccg)),
            "{list}"
        );
    }
    let visits = get(&server, DIGITAL, "/api/v1/onsite/calendar?ccg=15E").await.ok().json();
    assert_eq!(visits.as_array().unwrap().len(), 1, "{visits}");
}

#[tokio::test]
async fn of_another_partners_assessment_an_assessor_finds_not_a_trace() {
    let server = held_by_its_people().await;
    let finding = finding_body("x");
    for (path, body) in [
        (ONE.to_owned(), None),
        (format!("{ONE}/findings"), Some(finding.clone())),
        (format!("{ONE}/retest"), Some(json!({ "on": "2018-03-12", "mended": [] }))),
    ] {
        let nowhere = path.replace("A81001/1", "A81001/7");
        let (theirs, none) = match body {
            None => (get(&server, OTHERS, &path).await, get(&server, OTHERS, &nowhere).await),
            Some(body) => (
                post(&server, OTHERS, &path, body.clone()).await,
                post(&server, OTHERS, &nowhere, body).await,
            ),
        };
        assert_eq!((theirs.status.as_u16(), none.status.as_u16()), (404, 404), "{path}");
        assert_eq!(theirs.text.replace("assessment 1 ", "assessment 7 "), none.text, "the very same answer");
    }
    assert_eq!(get(&server, OTHERS, "/api/v1/onsite/calendar").await.ok().text, "[]");
    // A practice that is known is to them as one that is not, and as an address that is none.
    for at in [AT, "/onsite/A81001", ONE, "/onsite/A81001/1"] {
        let theirs = get(&server, OTHERS, at).await.is(404, "A81001").text;
        let unknown = get(&server, OTHERS, &at.replace("A81001", "ZZ81001")).await.is(404, "ZZ81001").text;
        assert_eq!(theirs, unknown.replace("ZZ81001", "A81001"), "the very same answer");
    }
    get(&server, OTHERS, AT).await.is(404, &format!("there is nothing at {AT}"));
    get(&server, OTHERS, "/onsite/A81001").await.is(404, "here is nothing at /onsite/A81001");
    get(&server, PARTNERS, "/api/v1/onsite/A81002").await.is(404, "nothing at");
    // Who sees all of a practice is told that there are none.
    assert_eq!(get(&server, CCG, "/api/v1/onsite/A81002").await.ok().text, "[]");
    get(&server, DIGITAL, "/api/v1/onsite/ZZ81001").await.is(404, "no general practice ZZ81001 is known");
    assert_eq!(get(&server, OTHERS, "/api/v1/onsite").await.ok().json()["total"], 0);
    assert!(!get(&server, OTHERS, "/onsite/calendar.ics").await.ok().text.contains("A81001"));
    assert!(!get(&server, OTHERS, "/onsite").await.ok().text.contains("Densham"));
    get(&server, OTHERS, "/onsite/A81001/1").await.is(404, "There is no on-site assessment 1 of A81001");

    for path in [ONE, AT, "/onsite/A81001/1", "/onsite/A81001", "/onsite"] {
        get(&server, PARTNERS, path).await.ok();
    }
    assert!(get(&server, PARTNERS, "/onsite/calendar.ics").await.ok().text.contains("A81001"));
    let page = get(&server, PARTNERS, "/onsite/A81001/1").await.ok().text;
    assert!(page.contains("Record a finding") && !page.contains("Close the assessment"), "their part alone");
    let page = get(&server, LEAD, "/onsite/A81001/1").await.ok().text;
    assert!(page.contains("Answer finding") && !page.contains("Record a finding"), "theirs");
}

#[tokio::test]
async fn who_looks_through_lists_and_calendars_is_written_down() {
    let server = held_by_its_people().await;
    let lists = ["/api/v1/onsite", "/onsite", "/api/v1/onsite/calendar", "/onsite/calendar.ics"];
    for path in lists {
        get(&server, CCG, path).await.ok();
    }
    let looks = server.looks(lists.len()).await;
    assert_eq!(looks, vec![("onsite/find".to_owned(), None); lists.len()]);
}

#[tokio::test]
async fn a_partner_that_is_called_off_sees_no_more_of_it() {
    let server = server::guarded("2018-03-01T12:00:00Z").await;
    post(&server, CCG, &format!("{AT}/request"), json!({ "by": "00K", "reason": "chosen" })).await.ok();
    post(&server, LEAD, &format!("{ONE}/agree"), Value::Null).await.ok();
    let schedule = async |partner: &str| {
        let visit = json!({ "on": "2018-03-10", "partner": partner, "assessor": { "name": "A. Assessor" } });
        post(&server, DIGITAL, &format!("{ONE}/schedule"), visit).await.ok();
    };
    let sees = async |who: (Role, &str)| {
        let status = get(&server, who, ONE).await.status.as_u16();
        let of_practice = get(&server, who, "/onsite/A81001").await.status.as_u16();
        let listed = get(&server, who, "/api/v1/onsite").await.ok().json()["total"].clone();
        let visits = get(&server, who, "/api/v1/onsite/calendar").await.ok().json();
        let visits = visits.as_array().unwrap().len();
        match (status, of_practice, listed.as_u64(), visits) {
            (200, 200, Some(1), 1) => true,
            (404, 404, Some(0), 0) => false,
            other => panic!("{who:?}: {other:?}"),
        }
    };
    schedule(PARTNER).await;
    assert!(sees(PARTNERS).await && !sees(OTHERS).await);
    post(&server, DIGITAL, &format!("{ONE}/cancel"), json!({ "reason": "snow" })).await.ok();
    assert!(!sees(PARTNERS).await && sees(CCG).await);
    let file = "Organisation code,Assessment number,Topic,Severity,System,Responsibility,Finding\n\
        A81001,1,patching,high,x,practice,y\n";
    let body = Some(("text/csv", file.to_owned()));
    let report =
        server.ask_as(PARTNERS, Method::POST, "/api/v1/onsite/imports/findings", body).await.ok().json();
    assert!(report["problems"][0]["detail"].as_str().unwrap().contains("there is no on-site assessment 1"));
    // Those who see all still find it by the partner it was last set with.
    let found = get(&server, DIGITAL, &format!("/api/v1/onsite?partner={PARTNER}")).await.ok().json();
    assert_eq!(found["total"], 1);
    schedule(PARTNER).await;
    assert!(sees(PARTNERS).await);
    schedule("ZZOTHER").await;
    assert!(!sees(PARTNERS).await && sees(OTHERS).await);
}

#[tokio::test]
async fn assessors_import_into_their_own_partners_assessments_alone() {
    let server = held_by_its_people().await;
    let file = "Organisation code,Assessment number,Topic,Severity,System,Responsibility,Finding\n\
        A81001,1,patching,high,x,practice,y\nA81001,7,patching,high,x,practice,y\n";
    let import = |who| {
        let body = Some(("text/csv", file.to_owned()));
        server.ask_as(who, Method::POST, "/api/v1/onsite/imports/findings", body)
    };
    let report = import(OTHERS).await.ok().json();
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(0), &json!(2)));
    let detail = |index: usize| report["problems"][index]["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail(0).replace("assessment 1", "assessment 7"), detail(1));
    import(DIGITAL).await.is(403, "you may not do this");
    let report = import(PARTNERS).await.ok().json();
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn what_came_of_an_import_is_told_to_whoever_began_it() {
    let server = held_by_its_people().await;
    let file = "Organisation code,Assessment number,Topic,Severity,System,Responsibility,Finding\n\
        A81001,one,patching,high,x,practice,y\n";
    let id = "00000000-0000-4000-8000-000000000001";
    let headers = [("content-type", "text/csv"), ("import-id", id)];
    let path = "/api/v1/onsite/imports/findings";
    server.ask_with(PARTNERS, Method::POST, path, &headers, file.to_owned()).await.ok();
    let progress = format!("/api/v1/onsite/imports/{id}");
    get(&server, PARTNERS, &progress).await.is(200, "is no number of an assessment");
    let theirs = get(&server, OTHERS, &progress).await.is(404, "no import").text;
    let none = get(&server, OTHERS, &progress.replace("0001", "0002")).await.is(404, "no import").text;
    assert_eq!(theirs, none.replace("0002", "0001"), "the very same answer");
    // Under an id of another they begin one of their own.
    server.ask_with(OTHERS, Method::POST, path, &headers, file.replace("one", "two")).await.ok();
    get(&server, OTHERS, &progress).await.is(200, "two");
    get(&server, PARTNERS, &progress).await.is(200, "one");
}

#[tokio::test]
async fn broken_glass_opens_a_practice_with_no_way_to_what_stays_closed() {
    let server = held_by_its_people().await;
    let list = "href=\"/onsite\"";
    let administrator = (Role::Administrator, "X26");
    server.look_through_glass(administrator, PRACTICE, "/onsite").await.is(403, "may not do this");
    for path in ["/onsite/A81001", "/onsite/A81001/1"] {
        let page = server.look_through_glass(administrator, PRACTICE, path).await.ok().text;
        assert!(!page.contains(list), "{path}");
        get(&server, LEAD, path).await.is(200, list);
    }
}

#[tokio::test]
async fn a_calendar_program_reads_by_a_private_address_until_that_ends() {
    let server = held_by_its_people().await;
    let address = |number: u128| CalendarAddress::with_id(uuid::Uuid::from_u128(number));
    let opened = |address: &CalendarAddress, holder: Actor, role, organisation: &str| {
        let (organisation, secret) = (code(organisation), address.hash());
        AccessEvent::CalendarOpened(CalendarOpened {
            calendar: address.id(),
            holder,
            role,
            organisation,
            secret,
        })
    };
    let (own, other) = (address(1), address(2));
    let (officer, stranger) = (person(41), person(42));
    server.note_access(&opened(&own, Actor::person(officer), Role::CcgOfficer, "00K"), "calendar-1").await;
    server
        .note_access(&opened(&other, Actor::person(stranger), Role::Assessor, "ZZOTHER"), "calendar-2")
        .await;
    // As a calendar program asks: without a session and without a key.
    let read = async |address: &CalendarAddress, after: &str| {
        server.get(&format!("/onsite/calendar/{}{after}", address.reveal())).await
    };
    let file = read(&own, ".ics").await.ok();
    assert!(file.text.contains("UID:onsite-A81001-1@oversight"), "{}", file.text);
    assert_eq!(file.headers["cache-control"], "no-store");
    assert!(file.headers["content-type"].to_str().unwrap().starts_with("text/calendar"));
    assert!(
        !read(&other, ".ics").await.ok().text.contains("A81001"),
        "what another partner holds is not for them"
    );
    read(&own, ".ics?ccg=00L").await.ok();

    // Who took it away is on record, and the secret is not.
    let looks = server.looks(3).await;
    assert_eq!(looks[0], ("onsite/subscribe".to_owned(), None));

    let guessed = CalendarAddress::with_id(own.id());
    for wrong in
        [guessed.reveal(), "ovc_".to_owned(), "x".to_owned(), own.reveal().replacen("ovc_", "ovk_", 1)]
    {
        server.get(&format!("/onsite/calendar/{wrong}.ics")).await.is(404, "opens nothing");
    }
    let disabled = AccessEvent::AccountDisabled(AccountDisabled { person: officer, reason: String::new() });
    server.note_access(&disabled, "account-1").await;
    until_gone(&server, &own).await;
    let revoked = AccessEvent::CalendarRevoked(CalendarRevoked { calendar: other.id() });
    server.note_access(&revoked, "calendar-3").await;
    until_gone(&server, &other).await;
}

/// Waits until an address opens nothing any more: the service hears of it a moment later.
async fn until_gone(server: &Server, address: &CalendarAddress) {
    for _ in 0..500 {
        let answer = server.get(&format!("/onsite/calendar/{}.ics", address.reveal())).await;
        if answer.status == 404 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the address still opens");
}

/// Whoever comes to the same machine next finds nothing in its browser, nor in a proxy.
#[tokio::test]
async fn what_someone_in_particular_is_shown_is_kept_nowhere() {
    let server = held_by_its_people().await;
    let ics = "/onsite/calendar.ics";
    for path in
        [AT, ONE, "/onsite", "/onsite/A81001", ics, "/api/v1/onsite", "/api/v1/onsite?format=csv", "/nowhere"]
    {
        let answer = get(&server, LEAD, path).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    }
}
