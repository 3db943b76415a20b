//! What someone has to look at before it counts.

use chassis::testing::server::Server;
use serde_json::{Value, json};

use crate::support::*;

fn printed(number: &str) -> Value {
    json!({
        "scheme": "cyber-essentials", "number": number, "holder": "Beta Networks Ltd", "issuer": "IASME",
        "issued": "2018-02-01", "expires": "2019-01-31",
    })
}

async fn certificates(server: &Server, supplier: &str) -> usize {
    let record = server.get(&format!("/api/v1/suppliers/{supplier}")).await.ok().json();
    record["certificates"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_two_suppliers_have_counts_once_someone_has_looked() {
    let server = server("2018-03-10").await;
    let acme = certified(&server).await;
    let beta = with_supplier(&server, "Beta Networks Limited").await;
    let path = format!("/api/v1/suppliers/{beta}/certificates");
    // Whatever the case and blanks of its number, and held once however often it is shown.
    for (number, outcome) in [("CE-2018-02-01", "held"), ("ce-2018-02 -01", "held")] {
        assert_eq!(server.post(&path, printed(number)).await.ok().json()["outcome"], outcome, "{number}");
    }
    let waiting = server.get("/api/v1/suppliers/certificate-reviews").await.ok().json();
    let expected = json!([{
        "supplier": beta, "review": 1, "renews": null, "also_of": acme,
        "printed": {
            "scheme": "cyber-essentials", "number": "CE-2018-02-01", "holder": "Beta Networks Ltd",
            "issuer": "IASME", "issued": "2018-02-01", "expires": "2019-01-31", "scope": "",
        },
    }]);
    assert_eq!(waiting, expected);
    assert_eq!(certificates(&server, &beta).await, 0, "it counts for nothing yet");
    server.page("/suppliers/review").await.is(200, "on record for").is(200, "Beta Networks Limited");
    server.page(&format!("/suppliers/{beta}")).await.is(200, "Certificates held for review");

    let review = |number: u16| format!("/api/v1/suppliers/{beta}/certificate-reviews/{number}");
    server.post(&review(7), json!({ "own": true })).await.is(404, "no certificate in review 7");
    server.post(&review(1), json!({ "own": false })).await.is(400, "a reason is missing");
    server.post(&review(1), json!({ "own": false, "reason": "IASME names Acme" })).await.ok();
    server
        .post(&review(1), json!({ "own": true }))
        .await
        .is(409, "review 1 of this supplier has been decided");
    assert_eq!(certificates(&server, &beta).await, 0);

    // Shown again, it is looked at again; found to be of both, both have it.
    server.post(&path, printed("CE-2018-02-01")).await.ok();
    server.post(&review(2), json!({ "own": true })).await.ok();
    assert_eq!((certificates(&server, &beta).await, certificates(&server, &acme).await), (1, 1));
    assert_eq!(server.get("/api/v1/suppliers/certificate-reviews").await.ok().json(), json!([]));
    assert_eq!(server.post(&path, printed("CE-2018-02-01")).await.ok().json()["outcome"], "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_withdrawn_at_one_supplier_is_recorded_for_another() {
    let server = server("2018-03-10").await;
    let acme = certified(&server).await;
    let beta = with_supplier(&server, "Beta Networks Limited").await;
    let path = format!("/api/v1/suppliers/{beta}/certificates");
    server.post(&path, printed("CE-2018-02-01")).await.ok();
    let reason = json!({ "reason": "it was Beta's" });
    server.post(&format!("/api/v1/suppliers/{acme}/certificates/1/withdraw"), reason).await.ok();
    // What is held is settled by the certificate itself.
    let shown = server.post(&path, printed("CE-2018-02-01")).await.ok().json();
    assert_eq!(shown["outcome"], "recorded");
    assert_eq!(server.get("/api/v1/suppliers/certificate-reviews").await.ok().json(), json!([]));
    // The very certificate that was withdrawn says nothing new, and waits for no one.
    let again = json!({
        "scheme": "cyber-essentials", "number": "CE-2018-02-01", "holder": "Acme Health Ltd", "issuer": "IASME",
        "issued": "2018-02-01", "expires": "2019-01-31", "scope": "All of it",
    });
    let shown = server.post(&format!("/api/v1/suppliers/{acme}/certificates"), again).await.ok().json();
    assert_eq!(shown["outcome"], "unchanged");
    assert_eq!(server.get("/api/v1/suppliers/certificate-reviews").await.ok().json(), json!([]));
    // Without a number nothing is compared.
    for supplier in [&acme, &beta] {
        let path = format!("/api/v1/suppliers/{supplier}/certificates");
        assert_eq!(server.post(&path, printed("")).await.ok().json()["outcome"], "recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_another_supplier_has_is_held_as_a_renewal() {
    let server = server("2018-03-10").await;
    let acme = certified(&server).await;
    let beta = with_supplier(&server, "Beta Networks Limited").await;
    server.post(&format!("/api/v1/suppliers/{beta}/certificates"), printed("BETA-1")).await.ok();
    let renewal = json!({
        "scheme": "cyber-essentials", "number": "beta-1", "holder": "Acme Health Ltd", "issuer": "IASME",
        "issued": "2019-02-01", "expires": "2020-01-31",
    });
    let path = format!("/api/v1/suppliers/{acme}/certificates/1/renew");
    assert_eq!(server.post(&path, renewal).await.ok().json()["outcome"], "held");
    let review = format!("/api/v1/suppliers/{acme}/certificate-reviews/1");
    server.post(&review, json!({ "own": true })).await.ok();
    let record = server.get(&format!("/api/v1/suppliers/{acme}")).await.ok().json();
    assert_eq!(record["certificates"][1]["renews"], 1, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_names_no_supplier_is_left_out_until_that_is_decided_anew() {
    let server = server("2018-03-10").await;
    let import = async || {
        let file = "ODS,Principal Supplier\nA81001,None\n";
        server.send("/api/v1/suppliers/imports/principal-suppliers?as_of=2018-03-01", file).await.ok().json()
    };
    import().await;
    let path = "/api/v1/suppliers/review";
    let entry = |with: Value| {
        let mut body = json!({ "list": "principal-suppliers", "entry": "None" });
        body.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        body
    };
    server.post(path, entry(json!({ "no_supplier": true }))).await.is(400, "a reason is missing");
    let both = json!({ "no_supplier": true, "supplier": "acme" });
    server.post(path, entry(both)).await.is(400, "a supplier or none");
    let rejected = json!({ "no_supplier": true, "reason": "the word says that there is none" });
    server.post(path, entry(rejected)).await.ok();
    assert_eq!(server.get(path).await.ok().json(), json!([]));
    let report = import().await;
    let why = "the entry names no supplier: so decided at /suppliers/review";
    assert_eq!(report["skipped"][why], 1, "{report}");
    assert_eq!(server.get(path).await.ok().json(), json!([]), "it is not asked again");
    server.page(path.trim_start_matches("/api/v1")).await.is(200, "Entries that name no supplier");

    server.post(path, entry(json!({}))).await.ok();
    let found = server.get("/api/v1/suppliers?q=none").await.ok().json();
    assert_eq!(found["suppliers"][0]["legal_name"], "None", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_supplier_of_an_entry_may_be_typed_by_its_name() {
    let server = server("2018-03-10").await;
    let acme = certified(&server).await;
    let file = "ODS,Principal Supplier\nA81001,Acmesys\n";
    server.send("/api/v1/suppliers/imports/principal-suppliers?as_of=2018-03-01", file).await.ok();
    let settle = |other: &'static str| {
        server.form(
            "/suppliers/review",
            Box::leak(Box::new([("list", "principal-suppliers"), ("entry", "Acmesys"), ("other", other)])),
        )
    };
    settle("Nobody Ltd").await.is(400, "No supplier of this name or number is known");
    assert_eq!(settle("acme health").await.status.as_u16(), 303);
    assert_eq!(server.get("/api/v1/suppliers/review").await.ok().json(), json!([]));
    let users = async || server.get("/api/v1/purchases/A81001").await.ok().json()["engagements"].clone();
    for _ in 0..100 {
        if users().await != json!([]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(users().await[0]["supplier"], json!(acme));
}
