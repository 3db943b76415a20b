//! Who may do what: the service behind the real guard.

use axum::http::Method;
use chassis::testing::server::{Answer, Server};
use proto::Role;
use serde_json::{Value, json};

use crate::support::*;

const ACME: (Role, &str) = (Role::Supplier, "8AA01");
const BETA: (Role, &str) = (Role::Supplier, "8BB02");
const DIGITAL: (Role, &str) = (Role::NhsDigital, "X26");
const LEAD: (Role, &str) = (Role::PracticeLead, PRACTICE);

async fn post(server: &Server, who: (Role, &str), path: &str, body: Value) -> Answer {
    let body = Some(("application/json", body.to_string()));
    server.ask_as(who, Method::POST, path, body).await
}

async fn get(server: &Server, who: (Role, &str), path: &str) -> Answer {
    server.ask_as(who, Method::GET, path, None).await
}

/// Registers a company and answers the address of its record.
async fn registered_by(server: &Server, who: (Role, &str), details: Value) -> String {
    let answer = post(server, who, "/api/v1/suppliers", details).await.ok().json();
    format!("/api/v1/suppliers/{}", answer["id"].as_str().unwrap())
}

/// Two companies, each registered by itself.
async fn acme_and_beta(server: &Server) -> (String, String) {
    let acme =
        json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA01", "company_number": "1234567" });
    let beta = json!({ "legal_name": "Beta Systems Limited", "ods_code": "8BB02" });
    (registered_by(server, ACME, acme).await, registered_by(server, BETA, beta).await)
}

/// Gives Acme a network service, and a certificate for 2018.
async fn certified_lines(server: &Server, acme: &str) {
    let line = json!({ "service": "lines", "product": "Lines", "service_type": "network" });
    post(server, ACME, &format!("{acme}/services"), line).await.ok();
    let printed = json!({
        "scheme": "cyber-essentials", "number": "CE-1", "holder": "Acme Health Limited", "issuer": "IASME",
        "issued": "2018-02-01", "expires": "2019-01-31",
    });
    post(server, ACME, &format!("{acme}/certificates"), printed).await.ok();
}

#[track_caller]
fn at(answer: Answer, status: u16, field: &str, containing: &str) {
    let problem = answer.is(status, containing).json();
    assert_eq!(problem["errors"][0]["at"], field, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplier_keeps_its_own_record_and_no_other() {
    let server = guarded("2018-03-10").await;
    let (acme, beta) = acme_and_beta(&server).await;
    let printed = json!({
        "scheme": "cyber-essentials", "number": "CE-1", "holder": "x", "issuer": "IASME", "issued": "2018-02-01",
    });
    let line = json!({ "service": "lines", "product": "Lines", "service_type": "network" });
    for (what, body) in [
        ("certificates", printed),
        ("services", line),
        ("services/lines/retire", json!({})),
        ("certificates/1/coverage", json!({ "service": "lines", "covers": "yes" })),
        ("amend", json!({ "legal_name": "Ours now", "ods_code": "8AA01" })),
    ] {
        let refused = post(&server, ACME, &format!("{beta}/{what}"), body.clone()).await;
        refused.is(403, "kept by itself");
        let whose = post(&server, BETA, &format!("{acme}/{what}"), body).await;
        whose.is(403, "kept by itself");
    }
    let other = json!({ "legal_name": "Acme again", "ods_code": "8BB02" });
    at(post(&server, ACME, "/api/v1/suppliers", other).await, 400, "ods_code", "you act for 8AA01");
    let nobody = (Role::PracticeLead, PRACTICE);
    post(&server, nobody, &format!("{beta}/amend"), json!({ "legal_name": "x" })).await.is(403, "may not");
    let shown = get(&server, BETA, &beta).await.ok().json();
    assert_eq!((&shown["legal_name"], &shown["ods_code"]), (&json!("Beta Systems Limited"), &json!("8BB02")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplier_corrects_its_names_and_not_its_numbers() {
    let server = guarded("2018-03-10").await;
    let (acme, beta) = acme_and_beta(&server).await;
    let amend = format!("{acme}/amend");
    let details = |code: Value, number: Value| json!({ "legal_name": "Acme Group Limited", "ods_code": code, "company_number": number });
    for (code, field, accepted) in [
        (details(json!("8BB02"), json!("1234567")), "ods_code", "only 8AA01 is accepted"),
        (details(json!("8CC03"), json!("1234567")), "ods_code", "only 8AA01 is accepted"),
        (details(json!(null), json!("1234567")), "ods_code", "only 8AA01 is accepted"),
        (details(json!("8AA01"), json!("7654321")), "company_number", "only 01234567 is accepted"),
        (details(json!("8AA01"), json!(null)), "company_number", "only 01234567 is accepted"),
    ] {
        at(post(&server, ACME, &amend, code).await, 403, field, accepted);
    }
    let numbered = json!({ "legal_name": "Beta", "ods_code": "8BB02", "company_number": "1234567" });
    at(post(&server, BETA, &format!("{beta}/amend"), numbered).await, 403, "company_number", "only none");
    // As it stands, however it is written.
    post(&server, ACME, &amend, details(json!("8AA01"), json!("0123 4567"))).await.ok();
    let shown = get(&server, ACME, &acme).await.ok().json();
    assert_eq!(
        (&shown["legal_name"], &shown["company_number"]),
        (&json!("Acme Group Limited"), &json!("01234567"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_a_number_are_of_one_supplier_alone() {
    let server = guarded("2018-03-10").await;
    let (acme, beta) = acme_and_beta(&server).await;
    let amended = |code: &str, number: Value| json!({ "legal_name": "Beta Systems Limited", "ods_code": code, "company_number": number });
    let amend = format!("{beta}/amend");
    at(
        post(&server, DIGITAL, &amend, amended("8AA01", json!(null))).await,
        409,
        "ods_code",
        "has the ODS code 8AA01 already",
    );
    let taken = amended("8BB02", json!("01234567"));
    at(post(&server, DIGITAL, &amend, taken).await, 409, "company_number", "company number 01234567 already");
    let third = json!({ "legal_name": "Acme Three", "ods_code": "8CC03", "company_number": "1234567" });
    let third = post(&server, (Role::Supplier, "8CC03"), "/api/v1/suppliers", third).await;
    at(third, 409, "company_number", "company number 01234567 already");
    let twice = json!({ "legal_name": "Acme Twice", "ods_code": "8AA01" });
    at(post(&server, ACME, "/api/v1/suppliers", twice.clone()).await, 409, "ods_code", "8AA01 already");

    // What NHS Digital takes back is free for the company it is of.
    let freed = json!({ "legal_name": "Acme Health Limited", "ods_code": "8DD04", "company_number": null });
    post(&server, DIGITAL, &format!("{acme}/amend"), freed).await.ok();
    post(&server, ACME, &format!("{acme}/amend"), json!({ "legal_name": "x" }))
        .await
        .is(403, "kept by itself");
    post(&server, ACME, "/api/v1/suppliers", twice).await.ok();
    post(&server, DIGITAL, &amend, amended("8BB02", json!("1234567"))).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn how_someone_knows_what_a_certificate_covers_is_not_for_everyone() {
    let server = guarded("2018-03-10").await;
    let (acme, _) = acme_and_beta(&server).await;
    certified_lines(&server, &acme).await;
    let said = json!({ "service": "lines", "covers": "yes", "ground": "J. Smith showed me the report" });
    post(&server, LEAD, &format!("{acme}/certificates/1/coverage"), said).await.ok();
    let page = acme.strip_prefix("/api/v1").unwrap();

    let coverage = &server.get(&acme).await.ok().json()["certificates"][0]["coverage"][0];
    let expected = json!({ "service": "lines", "covers": "yes", "said_by": "reader", "since": "2018-03-10" });
    assert_eq!(*coverage, expected);
    for public in
        [server.get("/api/v1/suppliers?q=acme").await, server.get(&acme).await, server.page(page).await]
    {
        assert!(!public.ok().text.contains("Smith"), "not in {page}");
    }
    server.page(page).await.is(200, "since 10 March 2018");
    let elsewhere = (Role::NhsImprovement, "T1010");
    assert!(!get(&server, elsewhere, &acme).await.ok().text.contains("Smith"));
    for who in [LEAD, DIGITAL, ACME] {
        get(&server, who, &acme).await.is(200, "J. Smith showed me the report");
        get(&server, who, page).await.is(200, "J. Smith showed me the report");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_of_which_nothing_is_known_is_not_found_by_who_sees_all_of_england() {
    let server = guarded("2018-12-10").await;
    for known in [PRACTICE, "00K"] {
        get(&server, DIGITAL, &format!("/api/v1/purchases/{known}")).await.ok();
        get(&server, DIGITAL, &format!("/purchases/{known}")).await.ok();
    }
    for path in ["/api/v1/purchases/ZZ999", "/purchases/ZZ999"] {
        get(&server, DIGITAL, path).await.is(404, "o organisation ZZ999 is known here");
    }
    // It is there for who acts for it, and for all once it buys.
    let own = (Role::Buyer, "ZZ999");
    get(&server, own, "/api/v1/purchases/ZZ999").await.ok();
    let (acme, _) = acme_and_beta(&server).await;
    certified_lines(&server, &acme).await;
    let bought = purchase(acme.rsplit('/').next().unwrap());
    post(&server, own, "/api/v1/purchases/ZZ999/engagements", bought).await.ok();
    get(&server, DIGITAL, "/purchases/ZZ999").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_sees_no_other_buyers_purchases_or_reliance() {
    let server = guarded("2018-12-10").await;
    let (acme, _) = acme_and_beta(&server).await;
    certified_lines(&server, &acme).await;
    let said = json!({ "service": "lines", "covers": "yes" });
    post(&server, DIGITAL, &format!("{acme}/certificates/1/coverage"), said).await.ok();

    let buyers = [(Role::Buyer, PRACTICE), (Role::Buyer, "RXX"), (Role::PracticeLead, "A81002")];
    let bought = purchase(acme.rsplit('/').next().unwrap());
    for who in buyers {
        let own = format!("/api/v1/purchases/{}", who.1);
        post(&server, who, &format!("{own}/engagements"), bought.clone()).await.ok();
        post(&server, who, &format!("{own}/checks"), bought.clone()).await.ok();
    }
    for who in buyers {
        for other in buyers {
            let at = format!("/api/v1/purchases/{}", other.1);
            let page = format!("/purchases/{}", other.1);
            if who == other {
                get(&server, who, &at).await.ok();
                get(&server, who, &page).await.ok();
                get(&server, who, &format!("{at}/checks/1")).await.ok();
                continue;
            }
            for path in [at.clone(), format!("{at}/checks/1"), page.clone(), format!("{page}/checks/1")] {
                get(&server, who, &path).await.is(404, "othing at");
            }
            post(&server, who, &format!("{at}/checks"), bought.clone()).await.is(404, "nothing at");
            post(&server, who, &format!("{at}/engagements/end"), bought.clone()).await.is(404, "nothing at");
        }
        let relying = get(&server, who, "/api/v1/suppliers/reliance?days=90").await.ok().json();
        assert_eq!(relying[0]["organisations"], 1, "{who:?}: {relying}");
        assert_eq!(relying[0]["by_ccg"][0]["organisations"], json!([who.1]), "{who:?}: {relying}");
        let csv = get(&server, who, "/api/v1/suppliers/reliance?days=90&format=csv").await.ok().text;
        assert_eq!(csv.lines().count(), 2, "{who:?}: {csv}");
        let page = get(&server, who, "/suppliers/reliance").await.ok().text;
        for other in buyers.iter().filter(|other| **other != who) {
            assert!(!page.contains(&format!("/purchases/{}\"", other.1)), "{who:?} {other:?}");
        }
    }
    // The CCG sees those of its practices, and no one without a purchase of theirs sees any.
    let ccg = get(&server, (Role::CcgOfficer, "00K"), "/api/v1/suppliers/reliance?days=90").await.ok().json();
    assert_eq!(ccg[0]["by_ccg"][0]["organisations"], json!([PRACTICE, "A81002"]), "{ccg}");
    let none = get(&server, (Role::Buyer, "RYY"), "/api/v1/suppliers/reliance?days=90").await.ok().json();
    assert_eq!(none, json!([]));
    get(&server, ACME, "/api/v1/suppliers/reliance").await.is(403, "may not do this");
    // Each look, of the three buyers at the API, the file and the page, and of the two who came after.
    let looks = server.looks(11).await;
    let at_reliance =
        looks.iter().filter(|(action, about)| action == "suppliers/see-reliance" && about.is_none());
    assert_eq!(at_reliance.count(), 11, "{looks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_of_an_import_is_told_to_whoever_began_it_and_to_administrators() {
    let server = guarded("2018-03-10").await;
    let id = "00000000-0000-4000-8000-000000000001";
    let headers = [("content-type", "text/csv"), ("import-id", id)];
    let path = "/api/v1/suppliers/imports/catalogue-suppliers?as_of=2018-03-01";
    let file = "supplier_id,name,ods_code\n1,Good,not a code!\n".to_owned();
    server.ask_with(DIGITAL, Method::POST, path, &headers, file).await.ok();
    let progress = format!("/api/v1/suppliers/imports/{id}");
    get(&server, DIGITAL, &progress).await.is(200, "not a code!");
    get(&server, (Role::Administrator, "X26"), &progress).await.is(200, "not a code!");
    get(&server, (Role::NhsDigital, "X27"), &progress).await.is(404, "no import");
    get(&server, LEAD, &progress).await.is(403, "may not do this");
}
