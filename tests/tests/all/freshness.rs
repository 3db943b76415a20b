//! Which files the figures rest on: said in every answer and first on the pages of dates beyond them.

use axum::http::Method;
use serde_json::{Value, json};
use whole_system::{Client, OneProcess, cli, keys};

use crate::support::Story;

async fn page(client: &Client, path: &str) -> String {
    let answer = client.send(Method::GET, path, &[("accept", "text/html")], "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn rests_on(client: &Client, path: &str) -> Value {
    client.json(path).await["rests_on"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_file_of_each_kind_is_named_and_areas_open_on_what_they_tell_of() {
    let story = Story::invented();
    let server = OneProcess::start().await;
    let client = server.client.clone();
    story.import_practices(&server.url(), &client).await;
    let nhs_digital = client.with_key(&keys::issue(&client, "nhs-digital", "X26").await);
    let practices = json!({ "file": "practices", "newest": "2019-11-30" });
    assert_eq!(rests_on(&nhs_digital, "/api/v1/areas/ENG?at=2019-03-31").await, json!([practices]));
    let shown = page(&nhs_digital, "/areas/90A?at=2019-03-31").await;
    assert!(shown.contains("No register of published results has been loaded."), "{shown}");
    assert!(!shown.contains("The newest practice file is of"), "it is newer than the date: {shown}");

    story.import_results(&server.url(), &client).await;
    let results = json!({ "file": "results", "newest": "2019-06-17" });
    for path in ["/api/v1/areas/ENG", "/api/v1/practices/A99001", "/api/v1/areas/ENG/practices"] {
        assert_eq!(rests_on(&nhs_digital, path).await, json!([practices, results]), "{path}");
    }

    // What is opened without a date is of the newest one that both tell of, and so is what it leads to.
    let first = page(&nhs_digital, "/").await;
    assert!(first.contains("The files loaded so far support figures up to 17 June 2019."), "{first}");
    assert!(first.contains("/areas/Y90?at=2019-06-17"), "{first}");
    assert!(!first.contains("use no newer file"), "{first}");
    assert!(
        first.contains("Newest files: practices of 30 November 2019; published results of 17 June 2019.")
    );

    // What is recorded in the platform itself is shown as it is today.
    let plans = page(&nhs_digital, "/areas/ENG?requirement=continuity").await;
    assert!(!plans.contains("support figures up to"), "{plans}");
    assert!(plans.contains("The newest practice file is of 30 November 2019."), "{plans}");
    assert!(!plans.contains("register of published results is of"), "{plans}");

    // Beyond it the page says so before anything else, as the answer does.
    let words = "The newest register of published results is of 17 June 2019.";
    for path in
        ["/areas/ENG?at=2019-11-30", "/practices/A99001?at=2019-11-30", "/areas/ENG/practices?at=2019-11-30"]
    {
        let shown = page(&nhs_digital, path).await;
        let said = shown.find(words).unwrap_or_else(|| panic!("{path}: {shown}"));
        assert!(shown.find("<h2").is_none_or(|heading| said < heading), "{path}: said first");
    }
    let answer = nhs_digital.json("/api/v1/areas/ENG?at=2019-11-30").await;
    assert_eq!(answer["notes"][0], words);

    // A withdrawn import is no support.
    let listed = client.json("/api/v1/assessments/imports").await;
    let import = listed[0]["id"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned();
    let withdraw = ["imports", "withdraw", &import, "--reason", "the wrong file", "--server", &server.url()];
    cli::run(&withdraw).await.well();
    whole_system::platform::until_caught_up(&client).await;
    assert_eq!(rests_on(&nhs_digital, "/api/v1/areas/ENG").await, json!([practices]));
}

/// An extract of the register for boards says nothing of practices, whatever its date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extract_that_lists_no_practice_is_not_what_figures_of_practices_rest_on() {
    let story = Story::invented();
    let server = OneProcess::start().await;
    let client = server.client.clone();
    story.import_practices(&server.url(), &client).await;
    let nhs_digital = client.with_key(&keys::issue(&client, "nhs-digital", "X26").await);
    let extract = "Code,Organisation Name,Status,Date Of Publication,Primary Sector\n\
        QZ9,AN INVENTED BOARD,21/22 Standards Met,30/06/2022,ICB\n";
    let path = "/api/v1/assessments/imports/results?as_of=2022-11-16";
    let read = async || {
        let report = client.post_file(path, extract.as_bytes().to_vec()).await.json();
        whole_system::platform::until_caught_up(&client).await;
        assert_eq!((&report["rows"], &report["rejected"]), (&json!(1), &json!(0)), "{report}");
    };
    let practices = json!({ "file": "practices", "newest": "2019-11-30" });
    read().await;
    assert_eq!(
        rests_on(&nhs_digital, "/api/v1/areas/ENG").await,
        json!([practices]),
        "no register of practices"
    );
    let public = client.without_key().json("/api/v1/status/A99001").await;
    assert_eq!((&public["is_known"], &public["rests_on"]), (&json!(false), &json!([practices])));

    story.import_results(&server.url(), &client).await;
    read().await;
    let results = json!({ "file": "results", "newest": "2019-06-17" });
    assert_eq!(rests_on(&nhs_digital, "/api/v1/areas/ENG").await, json!([practices, results]));
    let first = page(&nhs_digital, "/").await;
    assert!(first.contains("The files loaded so far support figures up to 17 June 2019."), "{first}");
}
