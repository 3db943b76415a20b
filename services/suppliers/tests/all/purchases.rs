//! What an organisation uses and has checked, and its receipts.

use serde_json::json;

use crate::support::*;

const CHECKS: &str = "/api/v1/purchases/A81001/checks";

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_recorded_once_and_its_receipt_can_be_verified() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let body = json!({ "supplier": id, "service": "lines", "from": "2018-04-01", "to": "2019-01-31" });
    let checked = server.post_keyed(CHECKS, body.clone(), Some("k")).await.ok().json();
    assert_eq!((&checked["check"], &checked["verdict"]), (&json!(1), &json!("certified")));
    let events = server.events().await;
    let again = server.post_keyed(CHECKS, body.clone(), Some("k")).await.ok().json();
    assert_eq!((again["hash"].as_str(), server.events().await), (checked["hash"].as_str(), events));

    let receipt = server.get(&format!("{CHECKS}/1")).await.ok().json();
    assert_eq!(receipt["hash"], checked["hash"]);
    assert_eq!(receipt["supplier_name"], "Acme Health Limited");
    let (position, hash) = (&checked["position"], checked["hash"].as_str().unwrap());
    let verified = server.get(&format!("/api/v1/receipts/{position}/{hash}")).await.ok().json();
    assert_eq!(verified, receipt);

    // What becomes of the certificate later does not change what was answered then.
    let withdraw = format!("/api/v1/suppliers/{id}/certificates/1/withdraw");
    server.post(&withdraw, json!({ "reason": "given back" })).await.ok();
    assert_eq!(server.get(&format!("{CHECKS}/1")).await.ok().json(), receipt);
    let later = server.post(CHECKS, body).await.ok().json();
    assert_eq!((&later["check"], &later["verdict"]), (&json!(2), &json!("not-certified")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_receipt_is_not_found() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let checked = server.post(CHECKS, purchase(&id)).await.ok().json();
    let (position, hash) = (checked["position"].as_u64().unwrap(), checked["hash"].as_str().unwrap());
    let other = "0".repeat(64);
    let huge = u64::MAX;
    for (position, hash) in
        [(position, other.as_str()), (position - 1, hash), (0, hash), (huge, hash), (position, "x")]
    {
        server.get(&format!("/api/v1/receipts/{position}/{hash}")).await.is(404, "not genuine");
    }
    server.get(&format!("{CHECKS}/7")).await.is(404, "no check of this number");
    server.get("/api/v1/purchases/A81002/checks/1").await.is(404, "no check of this number");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_is_listed_with_how_it_stands() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    let engagements = "/api/v1/purchases/A81001/engagements";
    let mut used = purchase(&id);
    used["on"] = json!("2018-01-01");
    server.post(engagements, used).await.ok();
    let list = async || server.get("/api/v1/purchases/A81001").await.ok().json();
    let line = list().await["engagements"][0].clone();
    assert_eq!(
        (&line["today"], &line["begun"], &line["checked"], &line["service_type"]),
        (&json!("certified"), &json!("2018-01-01"), &json!(null), &json!("network"))
    );
    server.post(CHECKS, purchase(&id)).await.ok();
    assert_eq!(list().await["engagements"][0]["checked"], "2018-03-10");
    let mut plan = purchase(&id);
    plan["plan"] = json!("the renewal is booked");
    plan["until"] = json!("2018-05-01");
    server.post("/api/v1/purchases/A81001/gap-plans", plan).await.ok();
    assert_eq!(list().await["engagements"][0]["gap_plan_until"], "2018-05-01");
    server.post(&format!("{engagements}/end"), purchase(&id)).await.ok();
    assert_eq!(list().await["engagements"][0]["ended"], "2018-03-10");
    server.post(engagements, json!({ "supplier": "nobody" })).await.is(404, "no supplier");
    // What is used is used by now.
    let mut ahead = purchase(&id);
    ahead["on"] = json!("2018-03-11");
    server.post(engagements, ahead).await.is(400, "the date use began must be today or in the past");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon_names_who_relies_on_it() {
    let server = server("2018-12-10").await;
    let id = certified(&server).await;
    for code in ["A81001", "A81002"] {
        server.post(&format!("/api/v1/purchases/{code}/engagements"), purchase(&id)).await.ok();
    }
    let reliance = server.get("/api/v1/suppliers/reliance?days=60").await.ok().json();
    assert_eq!(reliance[0]["lapses"], "2019-02-01");
    assert_eq!((&reliance[0]["today"], &reliance[0]["then"]), (&json!("certified"), &json!("not-certified")));
    assert_eq!(reliance[0]["organisations"], 2);
    let csv = server.get("/api/v1/suppliers/reliance?format=csv").await.ok();
    assert_eq!(csv.text.lines().count(), 3, "{}", csv.text);
    assert_eq!(server.get("/api/v1/suppliers/reliance?days=30").await.ok().json(), json!([]));
    server.get("/api/v1/suppliers/reliance?days=0").await.is(400, "1 to 730");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_checked_row_by_row() {
    let server = server("2018-03-10").await;
    let id = certified(&server).await;
    with_supplier(&server, "Acme Holdings Limited").await;
    let list = format!(
        "\u{feff}Supplier,Service,Service Type,From,To\r\n{id},lines,,,\r\nAcme Health,lines,,2018-04-01,2020-01-01\r\nAcme,,network,,\r\nNobody,,network,,\r\n\"=cmd()\",lines,,,\r\nAcme Health,none,,,\r\n"
    );
    let before = server.events().await;
    let answer = server.send(&format!("{CHECKS}/bulk"), list.clone()).await.ok();
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cells = |row: usize| (rows[row][5].to_owned(), rows[row][7].to_owned());
    assert_eq!(cells(0), ("Acme Health Limited".into(), "certified".into()));
    assert_eq!(cells(1), ("Acme Health Limited".into(), "runs-out".into()));
    assert!(cells(2).0.contains("several suppliers fit"), "{:?}", rows[2]);
    assert!(cells(3).0.contains("no supplier"), "{:?}", rows[3]);
    assert_eq!(&rows[4][0], "'=cmd()", "what a spreadsheet would run is made harmless");
    assert!(cells(5).0.contains("lines"), "{:?}", rows[5]);
    assert_eq!(server.events().await, before, "nothing is recorded unless asked for");

    server.send(&format!("{CHECKS}/bulk?record=true"), list).await.ok();
    assert_eq!(server.events().await, before + 2);
    server.send(&format!("{CHECKS}/bulk"), "name\nx\n").await.is(400, "no column supplier");
    let long: String =
        std::iter::once("supplier\n".to_owned()).chain((0..1_001).map(|n| format!("s{n}\n"))).collect();
    server.send(&format!("{CHECKS}/bulk"), long).await.is(400, "up to 1000 rows");
}
