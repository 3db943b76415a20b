//! Who may do what: the policy as it is shipped, and the service behind the real guard.

use axum::http::Method;
use chassis::{
    Action,
    access::{
        Glass, Holder, Policies, Principal, Resource,
        hierarchy::{Hierarchy, Register},
    },
    testing::{land::recorded, server::Answer},
};
use proto::{Position, Role};
use serde_json::{Value, json};

use crate::{
    server::{Server, guarded, organisations},
    support::*,
};

const VIEW: &str = "view-plan";
const WORK: &str = "work-on-plan";
const APPROVE: &str = "approve-plan";

/// What of the three someone may do, in this order.
fn may(hierarchy: &Hierarchy, principal: &Principal, organisation: &str) -> [bool; 3] {
    let policies = Policies::of(&[continuity::access::POLICY]).unwrap();
    [VIEW, WORK, APPROVE].map(|name| {
        let action = Action::new("continuity", name);
        assert!(policies.knows(action));
        let resource = Resource::Organisation(code(organisation));
        policies.permit(principal, action, resource, hierarchy, "2018-03-01T12:00:00Z".parse().unwrap())
    })
}

fn hierarchy() -> Hierarchy {
    let mut register = Register::default();
    for (told, position) in organisations().iter().zip(1..) {
        register.note(Position(position), &recorded(told).1);
    }
    register.on(day("2018-03-01"))
}

fn holder(role: Role, organisation: &str) -> Principal {
    Principal::Holder(Holder::person(person(9), role, code(organisation)))
}

#[test]
fn each_does_what_is_theirs_and_nothing_else() {
    const ALL: [bool; 3] = [true, true, true];
    const HELP: [bool; 3] = [true, true, false];
    const SEE: [bool; 3] = [true, false, false];
    const NOTHING: [bool; 3] = [false, false, false];
    let hierarchy = hierarchy();
    for (role, at, organisation, expected) in [
        (Role::PracticeLead, PRACTICE, PRACTICE, ALL),
        (Role::PracticeLead, PRACTICE, "A81002", NOTHING),
        (Role::PracticeLead, PRACTICE, "00K", NOTHING),
        (Role::PracticeLead, PRACTICE, PARTNER, NOTHING),
        (Role::CcgOfficer, "00K", PRACTICE, HELP),
        (Role::CcgOfficer, "00K", "00K", ALL),
        (Role::CcgOfficer, "00K", PARTNER, NOTHING),
        (Role::CcgOfficer, "15E", PRACTICE, NOTHING),
        (Role::RegionalLead, "Y54", PRACTICE, SEE),
        (Role::RegionalLead, "Y54", "00K", SEE),
        (Role::RegionalLead, "Y54", PARTNER, NOTHING),
        (Role::RegionalLead, "Y55", PRACTICE, NOTHING),
        (Role::Assessor, PARTNER, PARTNER, ALL),
        (Role::Assessor, PARTNER, PRACTICE, NOTHING),
        (Role::NhsDigital, "X26", PRACTICE, SEE),
        (Role::NhsDigital, "X26", PARTNER, SEE),
        (Role::NhsImprovement, "RZ1", PRACTICE, NOTHING),
        (Role::Buyer, PRACTICE, PRACTICE, NOTHING),
        (Role::Supplier, PARTNER, PARTNER, NOTHING),
        (Role::Administrator, PRACTICE, PRACTICE, NOTHING),
    ] {
        let allowed = may(&hierarchy, &holder(role, at), organisation);
        assert_eq!(allowed, expected, "{role:?} at {at} of {organisation}");
    }
    assert_eq!(may(&hierarchy, &Principal::Public, PRACTICE), NOTHING);
}

#[test]
fn broken_glass_opens_one_plan_to_be_seen() {
    let hierarchy = hierarchy();
    let mut officer = Holder::person(person(9), Role::CcgOfficer, code("15E"));
    let until = "2018-03-01T13:00:00Z".parse().unwrap();
    officer.glass = Some(Glass { organisation: code(PRACTICE), until });
    let officer = Principal::Holder(officer);
    assert_eq!(may(&hierarchy, &officer, PRACTICE), [true, false, false]);
    assert_eq!(may(&hierarchy, &officer, "A81002"), [false, false, false]);
}

const NOW: &str = "2018-03-01T12:00:00Z";
const LEAD: (Role, &str) = (Role::PracticeLead, PRACTICE);
const NEIGHBOUR: (Role, &str) = (Role::PracticeLead, "A81002");
const CCG: (Role, &str) = (Role::CcgOfficer, "00K");
const FOREIGN: (Role, &str) = (Role::CcgOfficer, "15E");
const ASSESSOR: (Role, &str) = (Role::Assessor, PARTNER);
const DIGITAL: (Role, &str) = (Role::NhsDigital, "X26");

async fn post(server: &Server, who: (Role, &str), path: &str, body: Value) -> Answer {
    server.ask_as(who, Method::POST, path, Some(("application/json", body.to_string()))).await
}

async fn get(server: &Server, who: (Role, &str), path: &str) -> Answer {
    server.ask_as(who, Method::GET, path, None).await
}

/// An approved plan of an organisation, by its own people.
async fn planned_by(server: &Server, who: (Role, &str)) {
    let at = format!("/api/v1/continuity/{}", who.1);
    let version = json!({ "owner": { "name": "A. Manager" }, "covers": ["data", "cyber-incident"] });
    post(server, who, &format!("{at}/versions"), version).await.ok();
    let approval = json!({ "version": 1, "by": { "name": "A. Partner" }, "next_review": "2019-01-15" });
    post(server, who, &format!("{at}/approve"), approval).await.ok();
}

#[tokio::test]
async fn nobody_looks_at_a_plan_that_is_not_theirs_by_leaning_on_it() {
    let server = guarded(NOW).await;
    let lean = |partner: &str| json!({ "partner": partner, "services": "desktops", "since": "2018-01-01" });
    for (who, foreign) in [(LEAD, "A81002"), (LEAD, "15E"), (CCG, PRACTICE), (CCG, "A81002"), (CCG, "15E")] {
        let at = format!("/api/v1/continuity/{}/reliances", who.1);
        let problem = post(&server, who, &at, lean(foreign)).await.is(400, "no delivery partner").json();
        assert_eq!(problem["errors"][0]["at"], "partner", "{who:?} {foreign}: {problem}");
        let form =
            Some(("application/x-www-form-urlencoded", format!("partner={foreign}&services=x&since=")));
        let page = format!("/continuity/{}/reliance", who.1);
        server.ask_as(who, Method::POST, &page, form).await.is(400, "There is a problem");
    }
    for (who, theirs) in [(LEAD, PARTNER), (LEAD, "00K"), (LEAD, "Y54"), (CCG, PARTNER), (CCG, "Y54")] {
        let at = format!("/api/v1/continuity/{}/reliances", who.1);
        post(&server, who, &at, lean(theirs)).await.ok();
    }
    let own = format!("/api/v1/continuity/{PRACTICE}/reliances");
    post(&server, LEAD, &own, lean(PRACTICE)).await.is(400, "does not rely on its own plan");
}

#[tokio::test]
async fn a_partner_is_named_to_whoever_may_know_it() {
    let server = guarded(NOW).await;
    let own = format!("/api/v1/continuity/{PRACTICE}/reliances");
    for partner in [PARTNER, "00K", "ZZ9"] {
        post(&server, LEAD, &own, json!({ "partner": partner, "services": "desktops" })).await.ok();
    }
    let page = format!("/continuity/{PRACTICE}");
    let lead = get(&server, LEAD, &page).await.is(200, "Relies on the plan of 0AR").text;
    assert!(lead.contains("Hartlepool") && !lead.contains("North of England Support"), "{lead}");
    get(&server, DIGITAL, &page).await.is(200, "Relies on the plan of North of England Support");
}

#[tokio::test]
async fn who_looks_through_plans_or_opens_a_form_of_anothers_is_written_down() {
    let server = guarded(NOW).await;
    planned_by(&server, LEAD).await;
    for path in ["/api/v1/continuity", "/continuity"] {
        get(&server, CCG, path).await.ok();
    }
    // What is one's own is no one's business.
    get(&server, LEAD, "/continuity/A81001/version").await.ok();
    for form in ["version", "reliance", "exercise"] {
        get(&server, CCG, &format!("/continuity/A81001/{form}")).await.ok();
    }
    let list = ("continuity/find".to_owned(), None);
    let form = ("continuity/work-on-plan".to_owned(), Some(code(PRACTICE)));
    let expected = [list.clone(), list, form.clone(), form.clone(), form];
    assert_eq!(server.looks(expected.len()).await, expected);
}

#[tokio::test]
async fn the_list_has_only_plans_that_one_may_see() {
    let server = guarded(NOW).await;
    for who in [LEAD, NEIGHBOUR, FOREIGN, ASSESSOR] {
        planned_by(&server, who).await;
    }
    for (who, seen) in [
        (LEAD, &[PRACTICE][..]),
        (NEIGHBOUR, &["A81002"]),
        (CCG, &[PRACTICE, "A81002"]),
        (FOREIGN, &["15E"]),
        (ASSESSOR, &[PARTNER]),
        (DIGITAL, &[PARTNER, "15E", PRACTICE, "A81002"]),
    ] {
        let list = get(&server, who, "/api/v1/continuity").await.ok().json();
        let found: Vec<&str> =
            list["plans"].as_array().unwrap().iter().map(|plan| plan["code"].as_str().unwrap()).collect();
        assert_eq!((found.as_slice(), &list["total"]), (seen, &json!(seen.len())), "{who:?}");
        let csv = get(&server, who, "/api/v1/continuity.csv").await.ok().text;
        assert_eq!(csv.lines().count(), seen.len() + 1, "{who:?}: {csv}");
        let page = get(&server, who, "/continuity").await.ok().text;
        for code in [PRACTICE, "A81002", "15E", PARTNER] {
            let link = format!("/continuity/{code}\"");
            let named = page.split("<main").last().unwrap().contains(&link);
            assert_eq!(named, seen.contains(&code), "{who:?} {code}");
        }
    }
    get(&server, LEAD, "/api/v1/continuity/A81002").await.is(404, "nothing at");
    get(&server, (Role::Buyer, PRACTICE), "/api/v1/continuity").await.is(403, "may not do this");
}
