//! The pages.

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_looks_up_checks_and_keeps_the_receipt() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    server.page("/suppliers?q=acme").await.is(200, "Acme Health Limited");
    server.page(&format!("/suppliers/{id}")).await.is(200, "Check a service before you buy");
    let answer =
        server.page(&format!("/suppliers/{id}/check?service=lines&from=1/4/2018&to=31/3/2019")).await;
    let answer = answer.is(200, "certified now, but not to the end of the contract");
    assert!(answer.text.contains("Does its scope cover this service?"));
    // The form as it comes, with nothing chosen: told in words, without a list of ids.
    for query in ["?service=&service_type=", "?service=x", "?service_type=x"] {
        let unchosen =
            server.page(&format!("/suppliers/{id}/check{query}")).await.is(400, "Choose a service of th");
        assert!(!unchosen.text.contains("services are"), "{query}: {}", unchosen.text);
        assert!(!unchosen.text.contains("types of service are"), "{query}: {}", unchosen.text);
    }
    server
        .page(&format!("/suppliers/{id}/check?service=lines&from=soon"))
        .await
        .is(400, "There is a problem");

    let checked = server
        .form("/purchases/A81001/checks", &[("supplier", &id), ("service", "lines"), ("from", "2018-04-01")])
        .await;
    assert_eq!((checked.status.as_u16(), checked.location()), (303, "/purchases/A81001/checks/1"));
    let receipt = server.page("/purchases/A81001/checks/1").await.is(200, "To verify it later");
    let link = receipt.text.split("href=\"/receipts?").nth(1).unwrap().split('"').next().unwrap();
    let link = link.replace("&amp;", "&");
    server.page(&format!("/receipts?{link}")).await.is(200, "This receipt is genuine");
    server.page("/receipts?position=1&hash=abc").await.is(404, "not genuine");
    server
        .page("/receipts?verify=1&position=&hash=")
        .await
        .is(400, "Enter the position printed on the receipt.")
        .is(400, "Enter the fingerprint printed on the receipt.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_added_by_name_and_wants_attention_until_checked() {
    let server = server("2018-03-10").await;
    certified(&server).await;
    server.page("/purchases/A81001").await.is(200, "Nothing is known here");
    let add = |supplier: &'static str| {
        server.form(
            "/purchases/A81001/engagements",
            Box::leak(Box::new([("supplier", supplier), ("service", "lines")])),
        )
    };
    add("nobody").await.is(400, "No supplier of this name or number is known");
    assert_eq!(add("acme").await.status.as_u16(), 303);
    let page = server.page("/purchases/A81001").await.is(200, "Lines of Acme Health Limited");
    assert!(page.text.contains("<strong>1</strong> of 1 service in use needs attention"), "{}", page.text);
    server.form("/purchases/A81001/checks", &[("supplier", "acme"), ("service", "lines")]).await;
    server.page("/purchases/A81001").await.is(200, "<strong>0</strong> of 1 service");
    server.page("/suppliers/reliance").await.is(200, "Certificates ending soon");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_kept_by_forms_and_what_is_wrong_is_told_at_its_field() {
    let server = server("2018-03-10").await;
    let id = with_supplier(&server, "Acme Health Limited").await;
    let path = |what: &str| format!("/suppliers/{id}/{what}");
    let certificate = [
        ("scheme", "cyber-essentials"),
        ("holder", "Acme Health Ltd"),
        ("issuer", "IASME"),
        ("issued", "1/2/2018"),
        ("expires", "31/1/2019"),
    ];
    assert_eq!(server.form(&path("certificates"), &certificate).await.status.as_u16(), 303);
    server.form(&path("certificates"), &certificate[..4]).await.is(400, "Say the last day");
    server
        .form(&path("certificates"), &[("scheme", "cyber-essentials")])
        .await
        .is(400, "Enter the date the certificate was issued");
    let covered = [("certificate", "1"), ("service", "lines"), ("covers", "yes")];
    assert_eq!(server.form(&path("coverage"), &covered).await.status.as_u16(), 303);
    server.page(&path("check?service=lines")).await.is(200, "certified as required");
    server
        .form(&path("coverage"), &[("certificate", "1"), ("service", "lines")])
        .await
        .is(400, "Say whether it covers");
    let suspended = [("covers", "suspend"), ("reason", "audit")];
    assert_eq!(server.form(&path("certificates/1"), &suspended).await.status.as_u16(), 303);
    server.page(&path("check?service=lines")).await.is(200, "no evidence of the required certification");
    server
        .form(&path("certificates/1"), &[("covers", "burn")])
        .await
        .is(400, "Suspend, reinstate or withdraw");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_as_text() {
    let server = server("2018-03-10").await;
    let id = with_supplier(&server, "<img src=x onerror=alert(1)>").await;
    for path in [
        format!("/suppliers/{id}"),
        "/suppliers?q=img".to_owned(),
        format!("/suppliers/{id}/check?service=lines"),
    ] {
        let page = server.page(&path).await.ok();
        assert!(page.text.contains("&lt;img src=x") && !page.text.contains("<img src=x"), "{path}");
    }
}
