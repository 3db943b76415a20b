//! Lists of suppliers: the public ones as published, and hostile ones.

use chassis::testing::server::Server;
use proto::{
    Event, Service,
    suppliers::{List, SupplierDetails, SupplierEvent, SupplierRegistered},
};
use serde_json::{Value, json};

use crate::support::*;
use suppliers::model::supplier_aggregate;

async fn import(server: &Server, kind: &str, as_of: &str, file: impl Into<axum::body::Body>) -> Value {
    let path = format!("/api/v1/suppliers/imports/{kind}?as_of={as_of}");
    server.send(&path, file).await.ok().json()
}

const SUPPLIERS: &str = "supplier_id,name,legal_name,ods_code\n\
    10000,EMIS Health,EMIS Health,\n10052,TPP,TPP-UK - The Phoenix Partnership Ltd,\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_adds_what_it_shows_anew_and_the_same_again_nothing() {
    let server = server("2020-05-01").await;
    let report = import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(2), &json!(0)), "{report}");
    let again = import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    assert_eq!((&again["recorded"], &again["unchanged"]), (&json!(0), &json!(2)), "{again}");
    let renamed = SUPPLIERS.replace("EMIS Health,EMIS Health,", "EMIS Health,Egton Medical Limited,");
    let report = import(&server, "catalogue-suppliers", "2020-04-08", renamed).await;
    assert_eq!((&report["recorded"], &report["unchanged"]), (&json!(1), &json!(1)), "{report}");
    let found = server.get("/api/v1/suppliers?q=egton").await.ok().json();
    assert_eq!(found["suppliers"][0]["trading_names"], json!(["EMIS Health"]));

    let services = "catalogue_item_id,name,supplier_id\n10000-001,Emis Web GP,10000\n99-1,No one’s,99\n";
    let report = import(&server, "catalogue-services", "2020-04-07", services).await;
    assert_eq!(report["recorded"], 1, "{report}");
    assert_eq!(
        report["skipped"]["the supplier is not known yet: once it is, the row is recorded"], 1,
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_surely_the_same_is_matched_and_what_is_alike_is_held() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let toolkit = "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector\n\
        EMIS HEALTH LTD (8HP68),8HP68,Standards Met,2019-03-21,Company\n\
        EMIS Health Systems Ltd,8XX01,Standards Met,2019-03-21,Company\n\
        Someone Else Ltd,8XX02,,,NHS Business Partner\n\
        A SURGERY,A81001,Standards Met,2019-03-21,GP\n";
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!(report["recorded"], 2, "{report}");
    assert_eq!(report["skipped"]["not a company or business partner"], 1);
    let held = "resembles a known supplier: to be reviewed at /suppliers/review";
    assert_eq!(report["skipped"][held], 1, "{report}");

    let emis = server.get("/api/v1/suppliers?q=8HP68").await.ok().json()["suppliers"][0].clone();
    assert_eq!(emis["legal_name"], "EMIS Health");
    assert_eq!(emis["certificates"][0]["scheme"], "dsp-toolkit");
    assert_eq!(emis["certificates"][0]["issued"], "2019-03-21");
    let waiting = server.get("/api/v1/suppliers/review").await.ok().json();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["entry"]), (1, &json!("8XX01")));
    assert_eq!(waiting[0]["resembles"][0], emis["id"]);

    // Someone looks: it is a company of its own. What its row says is recorded then.
    server.post("/api/v1/suppliers/review", json!({ "list": "dsp-toolkit", "entry": "8XX01" })).await.ok();
    let company = comes(&server, "8XX01", "certificates").await;
    assert_eq!(company["certificates"][0]["issued"], "2019-03-21", "{company}");
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!((&report["recorded"], &report["unchanged"]), (&json!(0), &json!(3)), "{report}");
    assert_eq!(server.get("/api/v1/suppliers/review").await.ok().json(), json!([]));
    server
        .post("/api/v1/suppliers/review", json!({ "list": "dsp-toolkit", "entry": "8XX01" }))
        .await
        .is(404, "no such entry");
}

/// The supplier that a question finds first, once something of it is on record.
async fn comes(server: &Server, question: &str, what: &str) -> Value {
    let mut found = json!(null);
    for _ in 0..200 {
        found =
            server.get(&format!("/api/v1/suppliers?q={question}")).await.ok().json()["suppliers"][0].clone();
        if found[what].as_array().is_some_and(|recorded| !recorded.is_empty()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_a_supplier_that_comes_later_are_recorded_then() {
    let server = server("2020-05-01").await;
    let services = "catalogue_item_id,name,supplier_id\n10000-001,Emis Web GP,10000\n";
    let why = "the supplier is not known yet: once it is, the row is recorded";
    for _ in 0..2 {
        let report = import(&server, "catalogue-services", "2020-04-07", services).await;
        assert_eq!((&report["recorded"], &report["skipped"][why]), (&json!(0), &json!(1)), "{report}");
    }
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let emis = comes(&server, "emis%20health", "services").await;
    assert_eq!(emis["services"].as_array().map(Vec::len), Some(1), "{emis}");
    assert_eq!(emis["services"][0]["product"], "Emis Web GP", "{emis}");
    let again = import(&server, "catalogue-services", "2020-04-07", services).await;
    assert_eq!(again["unchanged"], 1, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_too_long_to_be_on_record_do_not_wait_and_the_other_rows_land() {
    let server = server("2020-05-01").await;
    let long = "x".repeat(2_000);
    let toolkit = format!(
        "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector\n\
         ONE LTD,8XX01,{long},2019-03-21,Company\nTWO LTD,8XX02,Standards Met,2019-03-21,Company\n"
    );
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(1)), "{report}");
    let detail = report["problems"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("is longer than 1000 characters"), "{report}");
    // The company of the row that was rejected is not recorded either.
    let found = server.get("/api/v1/suppliers?q=8XX01").await.ok().json();
    assert_eq!(found["suppliers"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_with_a_word_for_its_date_is_no_certificate_and_that_is_counted() {
    let server = server("2020-05-01").await;
    let toolkit = "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector\n\
        ONE LTD,8XX01,Standards Met,Pending,Company\n";
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(0)), "{report}");
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!(report["skipped"]["no date of publication, so the status is no certificate"], 1, "{report}");
}

/// The toolkit's register with one company, under this code.
fn toolkit_of(code: &str) -> String {
    format!(
        "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector\n\
         Beta Systems Ltd,{code},Standards Met,2019-03-21,Company\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_its_companys_and_not_of_one_that_had_its_code_before() {
    let server = server("2020-05-01").await;
    let acme =
        json!({ "legal_name": "Acme Health Limited", "ods_code": "8BB02", "company_number": "1234567" });
    let id = server.post("/api/v1/suppliers", acme).await.ok().json()["id"].as_str().unwrap().to_owned();
    let corrected = json!({ "legal_name": "Acme Health Limited", "ods_code": "8AA01" });
    server.post(&format!("/api/v1/suppliers/{id}/amend"), corrected).await.ok();
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit_of("8BB02")).await;
    assert_eq!(report["recorded"], 1, "{report}");
    let acme = server.get(&format!("/api/v1/suppliers/{id}")).await.ok().json();
    assert_eq!(acme["certificates"], json!([]), "{acme}");
    let beta = server.get("/api/v1/suppliers?q=beta").await.ok().json()["suppliers"][0].clone();
    assert_eq!(
        (&beta["ods_code"], &beta["certificates"][0]["number"]),
        (&json!("8BB02"), &json!("8BB02 dspt-2018-19"))
    );
    // Its company number is no longer Acme's, either.
    let listed = "supplier_id,name,legal_name,ods_code,company_number\n7,Gamma,Gamma Ltd,,1234567\n";
    let report = import(&server, "catalogue-suppliers", "2020-04-07", listed).await;
    assert_eq!(report["recorded"], 1, "{report}");
    assert_eq!(
        server.get("/api/v1/suppliers?q=gamma").await.ok().json()["suppliers"][0]["legal_name"],
        "Gamma Ltd"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_suppliers_of_an_old_log_claim_someone_has_to_look_at() {
    let claimed = ["first", "second"].map(|id| {
        let details = SupplierDetails { ods_code: Some(code("8BB02")), ..details(id) };
        let listing = listing(List::Here, id);
        let event: SupplierEvent = SupplierRegistered { supplier: code(id), details, listing }.into();
        (Service::Suppliers, supplier_aggregate(code(id)).unwrap().to_string(), Event::from(event))
    });
    let server = Server::start("2020-05-01T12:00:00Z", claimed, suppliers::service).await;
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit_of("8BB02")).await;
    assert_eq!(report["recorded"], 0, "{report}");
    let waiting = server.get("/api/v1/suppliers/review").await.ok().json();
    assert_eq!(waiting[0]["resembles"], json!(["first", "second"]), "{waiting}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_does_not_give_a_supplier_what_another_has() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let beta = json!({ "legal_name": "Beta Systems Ltd", "ods_code": "8BB02" });
    server.post("/api/v1/suppliers", beta).await.ok();
    let claims = SUPPLIERS.replace("EMIS Health,EMIS Health,", "EMIS Health,EMIS Health,8BB02");
    let report = import(&server, "catalogue-suppliers", "2020-04-08", claims).await;
    assert_eq!((&report["rejected"], &report["unchanged"]), (&json!(1), &json!(1)), "{report}");
    let told = report["problems"][0]["detail"].as_str().unwrap();
    assert!(told.contains("has the ODS code 8BB02 already"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn practices_use_what_they_are_listed_with_once_someone_said_who_that_is() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let listed = "ODS,Principal_Supplier\nA81001,TPP\nA81002,TPP\n";
    let report = import(&server, "principal-suppliers", "2019-08-01", listed).await;
    assert_eq!(report["recorded"], 0, "{report}");
    let tpp = server.get("/api/v1/suppliers?q=phoenix").await.ok().json()["suppliers"][0]["id"].clone();
    let settle = json!({ "list": "principal-suppliers", "entry": "TPP", "supplier": tpp });
    server.post("/api/v1/suppliers/review", settle).await.ok();
    // The rows are recorded by themselves, or by the file where that comes first.
    let report = import(&server, "principal-suppliers", "2019-08-01", listed).await;
    let (recorded, unchanged) = (report["recorded"].as_u64().unwrap(), report["unchanged"].as_u64().unwrap());
    assert_eq!((recorded + unchanged, &report["rejected"]), (2, &json!(0)), "{report}");
    let used = server.get("/api/v1/purchases/A81001").await.ok().json();
    assert_eq!(
        (&used["engagements"][0]["supplier"], &used["engagements"][0]["begun"]),
        (&tpp, &json!("2019-08-01"))
    );
    let again = import(&server, "principal-suppliers", "2019-08-01", listed).await;
    assert_eq!((&again["recorded"], &again["unchanged"]), (&json!(0), &json!(2)), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_told_by_line_and_column_and_the_others_land() {
    let server = server("2020-05-01").await;
    let file = "supplier_id,name,legal_name,ods_code,company_number\n\
        1,Good,Good Ltd,,123\n2,,,,\n3,Bad,Bad Ltd,not a code!,\n4,Worse,Worse Ltd,,12-34\n1,Twice,Twice Ltd,,\n";
    let report = import(&server, "catalogue-suppliers", "2020-04-07", file).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(4)), "{report}");
    server.send("/api/v1/suppliers/imports/magic?as_of=2020-01-01", "x").await.is(404, "catalogue-suppliers");
    server.send("/api/v1/suppliers/imports/catalogue-suppliers", "x").await.is(400, "date of the file");
    server
        .send("/api/v1/suppliers/imports/catalogue-suppliers?as_of=2020-01-01", "a,b\n1,2\n")
        .await
        .is(400, "supplier id");
    let dry = server
        .send("/api/v1/suppliers/imports/catalogue-suppliers?as_of=2020-04-07&dry_run=true", SUPPLIERS)
        .await
        .ok()
        .json();
    assert_eq!(dry["recorded"], 2, "{dry}");
    assert_eq!(server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_lists_come_in_as_they_are_published() {
    let (Some(suppliers), Some(items), Some(toolkit), Some(principal)) = (
        public_file("suppliers/suppliers.csv"),
        public_file("suppliers/catalogue_items.csv"),
        public_file("dspt/dspt_progress_2019-06-17.csv"),
        public_file("practices/ods_to_principal_supplier_2019.csv"),
    ) else {
        return;
    };
    let server = server("2021-10-01").await;
    let report = import(&server, "catalogue-suppliers", "2021-09-23", suppliers.clone()).await;
    assert_eq!((&report["rows"], &report["rejected"]), (&json!(74), &json!(0)), "{report}");
    let held = |report: &Value| {
        report["skipped"]["resembles a known supplier: to be reviewed at /suppliers/review"]
            .as_u64()
            .unwrap_or(0)
    };
    assert_eq!(report["recorded"].as_u64().unwrap() + held(&report), 74, "{report}");
    let report = import(&server, "catalogue-services", "2021-09-23", items).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(28), &json!(0)), "{report}");
    let report = import(&server, "toolkit-companies", "2019-06-17", toolkit.clone()).await;
    // 1,649 companies and business partners, counted in the file itself; the code of one is none.
    assert_eq!(report["recorded"].as_u64().unwrap() + held(&report), 1_648, "{report}");
    assert_eq!(report["problems"][0]["value"], "Home Countries - Kainos", "{report}");
    assert!(held(&report) > 0 && held(&report) < 200, "{report}");
    let again = import(&server, "toolkit-companies", "2019-06-17", toolkit).await;
    assert_eq!(again["recorded"], 0, "{again}");

    let report = import(&server, "principal-suppliers", "2019-08-01", principal.clone()).await;
    assert_eq!((&report["rows"], &report["recorded"]), (&json!(7_093), &json!(0)), "{report}");
    let waiting = server.get("/api/v1/suppliers/review").await.ok().json();
    let systems: Vec<&Value> =
        waiting.as_array().unwrap().iter().filter(|held| held["list"] == "principal-suppliers").collect();
    assert_eq!(systems.len(), 4, "EMIS, Microtest, TPP and Vision: {systems:?}");
    let tpp = server.get("/api/v1/suppliers?q=phoenix%20partnership").await.ok().json();
    let tpp = tpp["suppliers"][0]["id"].clone();
    let settle = json!({ "list": "principal-suppliers", "entry": "TPP", "supplier": tpp });
    server.post("/api/v1/suppliers/review", settle).await.ok();
    // Its rows are recorded by themselves, or by the file where that comes first.
    let report = import(&server, "principal-suppliers", "2019-08-01", principal).await;
    let (recorded, unchanged) = (report["recorded"].as_u64().unwrap(), report["unchanged"].as_u64().unwrap());
    assert_eq!(recorded + unchanged, 2_734, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_under_a_name_are_recorded_once_someone_has_matched_it() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2019-04-07", SUPPLIERS).await;
    let file = "ODS,Principal_Supplier\nA99041,Egton\nA99042,Egton\n";
    let report = import(&server, "principal-suppliers", "2019-12-01", file).await;
    let why = "the name has not been matched to a supplier yet: once that is decided at /suppliers/review, the row is recorded";
    assert_eq!((&report["recorded"], &report["skipped"][why]), (&json!(0), &json!(2)), "{report}");
    // The same file again adds nothing to what waits.
    let again = import(&server, "principal-suppliers", "2019-12-01", file).await;
    assert_eq!(again["skipped"][why], 2, "{again}");

    let emis = server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"][0]["id"].clone();
    let settle = json!({ "list": "principal-suppliers", "entry": "Egton", "supplier": emis });
    server.post("/api/v1/suppliers/review", settle).await.ok();
    for practice in ["A99041", "A99042"] {
        let path = format!("/api/v1/purchases/{practice}");
        let mut uses = json!([]);
        for _ in 0..200 {
            uses = server.get(&path).await.ok().json()["engagements"].clone();
            if uses != json!([]) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(uses.as_array().map(Vec::len), Some(1), "{uses}");
        assert_eq!((&uses[0]["supplier"], &uses[0]["begun"]), (&emis, &json!("2019-12-01")), "{uses}");
    }
}

/// The id of the newest import, and its entry.
async fn newest(server: &Server) -> Value {
    server.get("/api/v1/suppliers/imports").await.ok().json()[0].clone()
}

async fn withdraw(server: &Server, import: &Value) -> Value {
    let path = format!("/api/v1/suppliers/imports/{}/withdraw", import["id"].as_str().unwrap());
    server.post(&path, json!({ "reason": "the file of another year" })).await.ok().json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_import_is_as_if_it_had_not_been() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let first = newest(&server).await;
    assert_eq!((&first["kind"], &first["finished"]), (&json!("catalogue-suppliers"), &json!(true)));
    assert_eq!((&first["rows"], &first["recorded"]), (&json!(2), &json!(2)), "{first}");

    // Services of the one; the other gets a certificate by hand.
    let services = "catalogue_item_id,name,supplier_id\n10000-001,Emis Web GP,10000\n";
    import(&server, "catalogue-services", "2020-04-07", services).await;
    let of_services = newest(&server).await;
    let found = server.get("/api/v1/suppliers?q=phoenix").await.ok().json();
    let tpp = found["suppliers"][0]["id"].as_str().unwrap().to_owned();
    let printed = json!({ "scheme": "cyber-essentials", "number": "CE-1", "holder": "TPP-UK", "issuer": "IASME",
        "issued": "2020-01-01", "expires": "2020-12-31" });
    server.post(&format!("/api/v1/suppliers/{tpp}/certificates"), printed.clone()).await.ok();

    let receipt = withdraw(&server, &of_services).await;
    assert_eq!(receipt["import_again"], json!([]));
    let emis = server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"][0].clone();
    assert_eq!(emis["services"], json!([]), "{emis}");
    assert!(
        server.get("/api/v1/suppliers?q=web").await.ok().json()["suppliers"].as_array().unwrap().is_empty()
    );

    // Who is known by more than the import stays known; whom it alone named is gone.
    withdraw(&server, &first).await;
    withdraw(&server, &first).await;
    assert!(newest(&server).await["withdrawn"].is_object());
    let left = server.get("/api/v1/suppliers?q=emis").await.ok().json();
    assert!(left["suppliers"].as_array().unwrap().is_empty(), "{left}");
    let id = emis["id"].as_str().unwrap();
    server.get(&format!("/api/v1/suppliers/{id}")).await.is(404, "no supplier");
    server.post(&format!("/api/v1/suppliers/{id}/certificates"), printed).await.is(404, "no supplier");
    let known = server.get(&format!("/api/v1/suppliers/{tpp}")).await.ok().json();
    assert_eq!(known["legal_name"], "TPP-UK - The Phoenix Partnership Ltd");
    assert_eq!(known["certificates"][0]["number"], "CE-1");

    // The right file may come now.
    let report = import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(0)), "{report}");
    let report = import(&server, "catalogue-services", "2020-04-07", services).await;
    assert_eq!(report["recorded"], 1, "{report}");
    let emis = server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"][0].clone();
    assert_eq!((&emis["id"], &emis["services"][0]["product"]), (&json!(id), &json!("Emis Web GP")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_is_withdrawn_with_its_file_and_later_files_are_named() {
    let server = server("2020-05-01").await;
    import(&server, "catalogue-suppliers", "2020-04-07", SUPPLIERS).await;
    let used = "ODS,Principal Supplier\nA81001,EMIS\nA81002,EMIS\n";
    import(&server, "principal-suppliers", "2020-04-01", used).await;
    let wrong = newest(&server).await;
    import(&server, "principal-suppliers", "2020-04-10", used).await;
    let later = newest(&server).await;
    assert_ne!(wrong["id"], later["id"]);

    // Decided: both practices use it from the date of the first file.
    let emis = server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"][0]["id"].clone();
    let decision = json!({ "list": "principal-suppliers", "entry": "EMIS", "supplier": emis });
    server.post("/api/v1/suppliers/review", decision).await.ok();
    let begun = async || {
        let bought = server.get("/api/v1/purchases/A81001").await.ok().json();
        bought["engagements"][0]["begun"].clone()
    };
    for _ in 0..100 {
        if begun().await == "2020-04-01" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(begun().await, "2020-04-01");

    let receipt = withdraw(&server, &wrong).await;
    assert_eq!(receipt["import_again"].as_array().unwrap().len(), 1, "{receipt}");
    assert_eq!(receipt["import_again"][0]["id"], later["id"]);
    assert_eq!(begun().await, Value::Null, "used by no file that stands");
    // The name stays decided: the file again is recorded at once.
    let report = import(&server, "principal-suppliers", "2020-04-10", used).await;
    assert_eq!(report["recorded"], 2, "{report}");
    assert_eq!(begun().await, "2020-04-10");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_by_hand_is_no_import() {
    let server = server("2020-05-01").await;
    let details = json!({ "legal_name": "By Hand Ltd" });
    server.post("/api/v1/suppliers", details).await.ok();
    assert_eq!(server.get("/api/v1/suppliers/imports").await.ok().json(), json!([]));
    let path = "/api/v1/suppliers/imports/00000000-0000-0000-0000-000000000001/withdraw";
    server.post(path, json!({ "reason": "none" })).await.is(404, "no import");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_has_published_no_edition_that_opens_after_its_file() {
    let server = server("2022-05-01").await;
    let file = "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector\n\
        Early Ltd,8XX01,21/22 Standards Met,2019-03-21,Company\n\
        In Time Ltd,8XX02,18/19 Standards Met,2019-03-21,Company\n";
    let report = import(&server, "toolkit-companies", "2019-06-17", file).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&json!(1), &json!(1)), "{report}");
    let problem = &report["problems"][0];
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!("PublicationStatus")), "{problem}");
    let found = server.get("/api/v1/suppliers?q=early").await.ok().json();
    assert_eq!(found["suppliers"], json!([]), "nothing of the row is recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_withdrawn_import_takes_no_other_file() {
    let server = server("2020-05-01").await;
    let id = "7d2f9c3e-5a4b-4c6d-8e7f-0123456789ab";
    let send = async || {
        let path = "/api/v1/suppliers/imports/catalogue-suppliers?as_of=2020-04-07";
        let headers = [("content-type", "text/csv"), ("import-id", id)];
        server.ask(Server::request(axum::http::Method::POST, path, &headers, SUPPLIERS.to_owned())).await
    };
    send().await.ok();
    withdraw(&server, &newest(&server).await).await;
    send().await.is(409, "another Import-Id");
    assert_eq!(server.get("/api/v1/suppliers?q=emis").await.ok().json()["suppliers"], json!([]));
}
