//! Files of findings, and what real files do wrong.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    api::{ONE, held_here},
    server::{Answer, Server},
};

const TO: &str = "/api/v1/onsite/imports/findings";

async fn import(server: &Server, query: &str, file: &str) -> Answer {
    let id = chassis::ids::fresh().to_string();
    let headers = [("content-type", "text/csv"), ("import-id", id.as_str())];
    server.ask(Server::request(Method::POST, &format!("{TO}?{query}"), &headers, file.to_owned())).await
}

fn counts(report: &Value) -> [u64; 4] {
    ["rows", "recorded", "unchanged", "rejected"].map(|field| report[field].as_u64().unwrap())
}

const FILE: &str = "\u{feff}ODS code,Assessment,Control,Risk,Host,Responsible,Description,Reference\r\n\
    a81001 ,1,Patching,HIGH,server  one,practice,\"old, and worn\",page 3\r\n\
    A81001,1,access-control,Low,smartcards,Commissioned,shared,\r\n\
    A81001,1,access-control,low,smartcards,commissioned,shared,\r\n";

#[tokio::test]
async fn a_file_is_tried_and_imported_and_the_same_again_adds_nothing() {
    let server = held_here().await;
    let before = server.events().await;
    let tried = import(&server, "dry_run=true", FILE).await.ok().json();
    assert_eq!(counts(&tried)[3], 0, "{tried}");
    assert_eq!(server.events().await, before, "a dry run writes nothing");
    let report = import(&server, "", FILE).await.ok().json();
    assert_eq!(counts(&report), [3, 2, 1, 0], "{report}");
    assert_eq!(counts(&import(&server, "", FILE).await.ok().json()), [3, 0, 3, 0]);
    let found = server.get(ONE).await.ok().json()["findings"].clone();
    assert_eq!(found.as_array().unwrap().len(), 4, "two were there");
    assert_eq!(
        (&found[2]["system"], &found[2]["found"], &found[2]["responsibility"]),
        (&"server one".into(), &"old, and worn".into(), &"practice".into()),
        "numbered in the order of the file"
    );
}

#[tokio::test]
async fn bad_rows_are_named_by_line_and_column_and_the_others_land() {
    let server = held_here().await;
    let file = "Organisation code,Assessment number,Topic,Severity,System,Responsibility,Finding\n\
        A81001,1,parking,high,x,practice,y\n\
        A81001,1,patching,awful,x,practice,y\n\
        A81001,1,patching,high,,practice,y\n\
        A81001,1,patching,high,x,nobody,y\n\
        A81001,1,patching,high,x,practice,\n\
        A81001,7,patching,high,x,practice,y\n\
        A81001,one,patching,high,x,practice,y\n\
        A_1,1,patching,high,x,practice,y\n\
        A81001,1,patching,high,x,practice,y\n";
    let report = import(&server, "", file).await.ok().json();
    assert_eq!(counts(&report), [9, 1, 0, 8], "{report}");
    let problems: Vec<(u64, &str)> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["line"].as_u64().unwrap(), problem["column"].as_str().unwrap()))
        .collect();
    let columns = [
        (2, "Topic"),
        (3, "Severity"),
        (4, "System"),
        (5, "Responsibility"),
        (6, "Finding"),
        (7, "Assessment number"),
        (8, "Assessment number"),
        (9, "Organisation code"),
    ];
    assert_eq!(problems, columns);
}

#[tokio::test]
async fn a_file_of_another_sort_is_refused_whole() {
    let server = held_here().await;
    import(&server, "", "a,b,c\n1,2,3\n").await.is(400, "Severity");
    import(&server, "", "").await.is(400, "empty");
    import(&server, "dryrun=true", FILE).await.is(400, "dryrun");
    server.get("/api/v1/onsite/imports/xyz").await.is(400, "path");
}

#[tokio::test]
async fn findings_of_a_withdrawn_file_are_as_if_they_had_not_been() {
    let server = held_here().await;
    import(&server, "", FILE).await.ok();
    let imports = server.get("/api/v1/onsite/imports").await.ok().json();
    let id = imports[0]["id"].as_str().unwrap_or_else(|| panic!("{imports}"));
    let answer = json!({ "accepted": true, "answer": "we replace it" });
    server.post(&format!("{ONE}/findings/3/answer"), answer).await.ok();
    let withdraw = format!("/api/v1/onsite/imports/{id}/withdraw");
    server.post(&withdraw, json!({ "reason": "" })).await.is(400, "Enter the reason");
    server.post(&withdraw, json!({ "reason": "of another practice" })).await.ok();
    let findings = async || server.get(ONE).await.ok().json()["findings"].as_array().unwrap().clone();
    let left = findings().await;
    assert_eq!(left.iter().map(|finding| finding["number"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    server
        .post(&format!("{ONE}/findings/3/answer"), json!({ "accepted": true, "answer": "again" }))
        .await
        .is(404, "finding 3");
    assert_eq!(server.get("/api/v1/onsite").await.ok().json()["assessments"][0]["findings_count"], 2);

    // Numbers are not given twice.
    assert_eq!(counts(&import(&server, "", FILE).await.ok().json()), [3, 2, 1, 0]);
    let numbers: Vec<u64> =
        findings().await.iter().map(|finding| finding["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 5, 6]);
}

/// Numbers of actions are given but once, whatever became of the findings they were for.
#[tokio::test]
async fn actions_of_a_new_plan_have_new_numbers_after_a_file_was_withdrawn() {
    let server = held_here().await;
    import(&server, "", FILE).await.ok();
    server.post(&format!("{ONE}/disclose"), json!({ "to": "00K", "on": "2018-03-12" })).await.ok();
    let action = |finding: u16| json!({ "finding": finding, "action": "mend it", "owner": { "name": "An Owner" }, "due": "2018-05-31" });
    let agree = async |actions: Value| {
        server.post(&format!("{ONE}/plan"), json!({ "actions": actions })).await.ok();
        server.post(&format!("{ONE}/plan/agree"), json!({ "by": "00K" })).await.ok();
    };
    agree(json!([action(1), action(3)])).await;
    server.post(&format!("{ONE}/plan/actions/2/done"), json!({ "done": "2018-03-12" })).await.ok();
    let imports = server.get("/api/v1/onsite/imports").await.ok().json();
    let withdraw = format!("/api/v1/onsite/imports/{}/withdraw", imports[0]["id"].as_str().unwrap());
    server.post(&withdraw, json!({ "reason": "of another practice" })).await.ok();
    agree(json!([action(1), action(2)])).await;
    let view = server.get(ONE).await.ok().json();
    let numbers: Vec<u64> = view["plan"]
        .as_array()
        .unwrap_or_else(|| panic!("{view}"))
        .iter()
        .map(|action| action["number"].as_u64().unwrap())
        .collect();
    assert!(numbers.ends_with(&[3, 4]), "{numbers:?}");
    server
        .post(&format!("{ONE}/plan/actions/2/done"), json!({ "done": "2018-03-12" }))
        .await
        .is(404, "no action 2");
}
