//! Looking up, and the answer to the buyer's question.

use serde_json::json;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_supplier_is_found_by_name_product_and_number() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    with_supplier(&server, "Zenith Systems Ltd").await;
    for question in ["acme", "ACME%20HEALTH%20LTD", "acne%20health", "CE-2018-02-01", "ce20180201"] {
        let found = server.get(&format!("/api/v1/suppliers?q={question}")).await.ok().json();
        assert_eq!(found["suppliers"][0]["id"], id.as_str(), "{question}: {found}");
    }
    let both = server.get("/api/v1/suppliers?q=lines").await.ok().json();
    assert_eq!(both["suppliers"].as_array().unwrap().len(), 2);
    let none = server.get("/api/v1/suppliers?q=nobody%20at%20all").await.ok().json();
    assert_eq!(none["suppliers"], json!([]));
    server.get("/api/v1/suppliers?q=a&limit=0").await.is(400, "1 to 50");
    server.get(&format!("/api/v1/suppliers?q={}", "x".repeat(121))).await.is(400, "up to 120");
    server.get("/api/v1/suppliers").await.is(400, "q");
    server.get("/api/v1/suppliers/nobody").await.is(404, "no supplier of this id");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_has_its_five_answers() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let check = |query: &str| format!("/api/v1/suppliers/{id}/check?{query}");
    let certified = server.get(&check("service=lines&from=2018-04-01&to=2019-01-31")).await.ok().json();
    assert_eq!(certified["verdict"], "certified");
    let answer = &certified["answers"][0];
    for question in ["entity", "level", "scope", "dates", "body"] {
        assert_eq!(answer[question], "yes", "{question}");
    }
    assert_eq!(answer["printed"]["number"], "CE-2018-02-01");
    let too_long = server.get(&check("service=lines&from=2018-04-01&to=2019-03-31")).await.ok().json();
    assert_eq!(
        (&too_long["verdict"], &too_long["answers"][0]["dates"]),
        (&json!("runs-out"), &json!("partly"))
    );
    // The holder's certificate does not speak for a service that no one said it covers.
    let holder = server.get(&check("service_type=network")).await.ok().json();
    assert_eq!(holder["verdict"], "holder-only");
    assert_eq!(holder["in_words"], "the supplier is certified, this service is not shown to be");
    let more = server.get(&check("service=lines&service_type=hosting")).await.ok().json();
    assert_eq!(more["verdict"], "not-certified");
    assert_eq!(more["answers"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_every_certificate_of_the_chain() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    // Its certificate is renewed within the contract; a host does part of it, and a data centre part of that.
    let renewal = json!({
        "scheme": "cyber-essentials", "number": "CE-9", "holder": "Acme Health Ltd", "issuer": "IASME",
        "issued": "2019-01-20", "expires": "2020-01-19",
    });
    server.post(&format!("/api/v1/suppliers/{id}/certificates/1/renew"), renewal).await.ok();
    let host = with_supplier(&server, "Birch Hosting Limited").await;
    with_certificate(&server, &host, "Birch Hosting Ltd", "2018-01-05", "2019-01-04").await;
    let centre = with_supplier(&server, "Cedar Data Centres Limited").await;
    let names = async |whose: &str, other: &str, part: &str| {
        let named = json!({ "supplier": other, "part": part });
        server.post(&format!("/api/v1/suppliers/{whose}/sub-suppliers"), named).await.ok();
    };
    names(&id, &host, "hosting").await;
    names(&host, &centre, "data centre").await;
    // One that names the first again does not go round in circles.
    names(&centre, &id, "help desk").await;

    let query = "service=lines&from=2018-04-01&to=2019-03-31";
    let answer = server.get(&format!("/api/v1/suppliers/{id}/check?{query}")).await.ok().json();
    let chain = answer["chain"].as_array().unwrap();
    let link = |link: &serde_json::Value| {
        let numbers = link["certificates"].as_array().unwrap().iter();
        let told = numbers.map(|of| {
            format!(
                "{} {} to {}",
                of["title"].as_str().unwrap(),
                of["number"].as_str().unwrap(),
                of["ends"].as_str().unwrap()
            )
        });
        let missing = link["missing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scheme| format!("no {}", scheme.as_str().unwrap()));
        (
            link["name"].as_str().unwrap().to_owned(),
            link["part"].as_str().unwrap().to_owned(),
            told.chain(missing).collect::<Vec<_>>(),
        )
    };
    let told: Vec<_> = chain.iter().map(link).collect();
    let expected = [
        (
            "Acme Health Limited",
            "",
            vec!["Cyber Essentials CE-2018-02-01 to 2019-01-31", "Cyber Essentials CE-9 to 2020-01-19"],
        ),
        (
            "Birch Hosting Limited",
            "hosting",
            vec!["Cyber Essentials CE-2018-01-05-Birch Hosting Ltd to 2019-01-04"],
        ),
        ("Cedar Data Centres Limited", "data centre", vec!["no cyber-essentials"]),
    ];
    let expected = expected.map(|(name, part, told)| {
        (name.to_owned(), part.to_owned(), told.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    assert_eq!(told, expected, "{answer}");
    assert_eq!(chain[0]["certificates"][0]["covers"], "yes");
    let page = server.page(&format!("/suppliers/{id}/check?{query}")).await;
    page.is(200, "Cedar Data Centres Limited").is(200, "No certificate on record").is(200, "CE-9");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_asked_right_is_answered_with_what_is_accepted() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    for (query, at, accepted) in [
        ("", "service_type", "clinical-system"),
        ("service=none", "service", "lines"),
        ("service_type=magic", "service_type", "network"),
        ("service=lines&from=soon", "from", "must be a real date, for example 28 November 2026"),
        ("service=lines&from=2018-04-01&to=2018-03-01", "to", "before its first"),
    ] {
        let answer = server.get(&format!("/api/v1/suppliers/{id}/check?{query}")).await;
        let problem = answer.is(400, accepted).json();
        assert_eq!(problem["errors"][0]["at"], at, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_is_a_picture_with_words_that_others_may_show() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let badge = server.get(&format!("/api/v1/suppliers/{id}/badge.svg?service=lines")).await.ok();
    assert!(
        badge.text.starts_with("<svg") && badge.text.contains("Lines: Certified on 10 March 2018"),
        "{}",
        badge.text
    );
    assert_eq!(badge.headers["access-control-allow-origin"], "*");
    let hostile = with_supplier(&server, "<script>alert(1)</script>").await;
    let badge = server.get(&format!("/api/v1/suppliers/{hostile}/badge.svg?service_type=other")).await.ok();
    assert!(!badge.text.contains("<script>"), "{}", badge.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_there_to_read() {
    let server = server("2018-03-10").await;
    let table = server.get("/api/v1/certification").await.ok().json();
    assert!(table["schemes"].as_array().unwrap().len() >= 9);
    assert!(
        table["types"].as_array().unwrap().iter().all(|kind| !kind["demands"].as_array().unwrap().is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_certificate_changes_the_verdict() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let verdict = async |server: &chassis::testing::server::Server| {
        let answer = server.get(&format!("/api/v1/suppliers/{id}/check?service=lines")).await.ok().json();
        answer["verdict"].as_str().unwrap().to_owned()
    };
    let change = |what: &str| format!("/api/v1/suppliers/{id}/certificates/1/{what}");
    assert_eq!(verdict(&server).await, "certified");
    server.post(&change("suspend"), json!({ "reason": "audit" })).await.ok();
    assert_eq!(verdict(&server).await, "not-certified");
    server.post(&change("reinstate"), json!({})).await.ok();
    assert_eq!(verdict(&server).await, "certified");
    server.set_day("2019-02-01");
    assert_eq!(verdict(&server).await, "not-certified");
    let renewal = json!({
        "scheme": "cyber-essentials", "number": "CE-2", "holder": "Acme Health Ltd", "issuer": "IASME",
        "issued": "2019-02-01", "expires": "2020-01-31",
    });
    server.post(&change("renew"), renewal).await.ok();
    // What was said of the old one is not said of the new one.
    assert_eq!(verdict(&server).await, "holder-only");
    server.post(&change("withdraw"), json!({ "reason": "" })).await.is(400, "a reason is missing");
    server
        .post(&format!("/api/v1/suppliers/{id}/certificates/9/withdraw"), json!({ "reason": "x" }))
        .await
        .is(404, "no certificate 9");
}
