//! The pages, worked through without a script.

use crate::{
    server::{self, Server},
    support::*,
};

const AT: &str = "/continuity/A81001";
const NOW: &str = "2018-03-01T12:00:00Z";

const VERSION: [(&str, &str); 11] = [
    ("name", "A. Manager"),
    ("role", "Practice manager"),
    ("covers", "data"),
    ("covers", "cyber-incident"),
    ("system-1", "<script>EMIS</script>"),
    ("impact-1", "high"),
    ("rto-1", "4"),
    ("rpo-1", "1"),
    ("impact-2", "high"),
    ("reference", "drawer 3"),
    ("sha256", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
];

const APPROVAL: [(&str, &str); 5] = [
    ("version", "1"),
    ("name", "A. Partner"),
    ("role", "Partner"),
    ("on", "2018-01-15"),
    ("next_review", "2019-01-15"),
];

const EXERCISE: [(&str, &str); 8] = [
    ("kind", "desktop"),
    ("scenario", "cyber-incident"),
    ("on", "2018-02-20"),
    ("outcome", "some-missed"),
    ("board", "B. Partner"),
    ("lesson-2", "no one knew the number"),
    ("action-2", "put it up"),
    ("due-2", "2018-02-28"),
];

async fn sent(server: &Server, path: &str, fields: &[(&str, &str)], to: &str) {
    let answer = server.form(&format!("{AT}/{path}"), fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text);
    assert_eq!(answer.location(), format!("{AT}?done={to}"));
}

#[tokio::test]
async fn an_organisation_works_through_its_plan() {
    let server = server::start(NOW).await;
    server.page("/continuity?q=densham").await.is(200, "/continuity/A81001");
    server
        .page(AT)
        .await
        .is(200, "No continuity plan has been recorded")
        .is(200, "Approve the newest version is not available yet")
        .is(200, "No version of the plan has been written; write one first.");
    server.page(&format!("{AT}/exercise")).await.is(200, "is not available yet");
    server.page(&format!("{AT}/version")).await.is(200, "To count, it has to cover");
    sent(&server, "version", &VERSION, "version").await;
    server
        .page(&format!("{AT}?done=version"))
        .await
        .is(200, "It counts once it is approved")
        .is(200, "Not approved");
    server.page(&format!("{AT}/version")).await.is(200, "value=\"data\" checked").is(200, "System 4");
    server
        .page(&format!("{AT}/approval"))
        .await
        .is(200, "This approves version 1")
        .is(200, "value=\"2018-03-01\"");
    sent(&server, "approval", &APPROVAL, "approval").await;
    server.page(AT).await.is(200, "has never been tested").is(200, "is the newest; review it");
    sent(&server, "exercise", &EXERCISE, "exercise").await;
    server
        .page(AT)
        .await
        .is(200, "Its next review is due on 15 January 2019.")
        .is(200, "in 320 days")
        .is(200, "Overdue")
        .is(200, "B. Partner");
    server.set_day("2018-02-19");
    let early = server.form(&format!("{AT}/exercises/1/lessons/1/done"), &[]).await.is(400, "not before");
    assert!(!early.text.contains("href=\"#done"), "a button has no field to lead to");
    server.set_day("2018-03-01");
    sent(&server, "exercises/1/lessons/1/done", &[], "lesson").await;
    server.page(AT).await.is(200, "on 1 March 2018").is(200, "Lesson 1.1 acted upon");
    let reliance = [("partner", "0ar"), ("services", "desktops"), ("since", "01/04/2017")];
    sent(&server, "reliance", &reliance, "reliance").await;
    server.page(AT).await.is(200, "North of England Support").is(200, "1 April 2017");
    sent(&server, "reliances/0AR/end", &[], "reliance-ended").await;
    let review = [("name", "A. Partner"), ("on", "2018-03-01"), ("next_review", "2019-03-01")];
    sent(&server, "review", &review, "review").await;
    let invocation =
        [("scenario", "power"), ("on", "2018-02-27"), ("outcome", "failed"), ("account", "dark")];
    sent(&server, "invocation", &invocation, "invocation").await;
    server.page("/continuity").await.is(200, "1 of 1 plan is up to date").is(200, "The Densham Surgery");
    sent(&server, "withdrawal", &[("reason", "merged"), ("on", "2018-03-01")], "withdrawal").await;
    server
        .page(AT)
        .await
        .is(200, "was withdrawn on 1 March 2018")
        .is(200, "on 1 March 2018: merged")
        .is(200, "Needed for real (2): Power fails");
    server.page("/continuity").await.is(200, "0 of 1 plan is up to date");
}

#[tokio::test]
async fn a_form_that_is_not_right_keeps_what_was_typed() {
    let server = server::start(NOW).await;
    let without =
        |fields: &[(&'static str, &'static str)], name: &str| -> Vec<(&'static str, &'static str)> {
            fields.iter().copied().filter(|(field, _)| *field != name).collect()
        };
    let version = format!("{AT}/version");
    server.form(&version, &without(&VERSION, "covers")).await.is(400, "href=\"#covers\"").is(400, "drawer 3");
    server.form(&version, &without(&VERSION, "name")).await.is(400, "href=\"#name\"");
    server.form(&version, &without(&VERSION, "rto-1")).await.is(400, "href=\"#rto-1\"");
    server.form(&version, &without(&VERSION, "system-1")).await.is(400, "href=\"#system-1\"");
    server.form(&version, &without(&VERSION, "sha256")).await.is(400, "href=\"#sha256\"");
    sent(&server, "version", &VERSION, "version").await;
    let approval = format!("{AT}/approval");
    let mut late = APPROVAL;
    late[4].1 = "2019-02-01";
    server.form(&approval, &late).await.is(400, "href=\"#next_review\"").is(400, "value=\"A. Partner\"");
    sent(&server, "approval", &APPROVAL, "approval").await;
    server.form(&approval, &APPROVAL).await.is(409, "is the newest");
    let exercise = format!("{AT}/exercise");
    for missing in ["kind", "scenario", "outcome", "on", "due-2"] {
        server.form(&exercise, &without(&EXERCISE, missing)).await.is(400, &format!("href=\"#{missing}\""));
    }
    server.form(&exercise, &without(&EXERCISE, "lesson-2")).await.is(400, "href=\"#lesson-2\"");
    server.form(&exercise, &without(&EXERCISE, "action-2")).await.is(400, "href=\"#action-2\"");
    server
        .form(&format!("{AT}/reliance"), &[("partner", "?"), ("since", "x")])
        .await
        .is(400, "href=\"#since\"");
    server
        .form(&format!("{AT}/exercises/9/lessons/1/done"), &[])
        .await
        .is(404, "There is no exercise or invocation 9");
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_event() {
    let server = server::start(NOW).await;
    let mut fields = VERSION.to_vec();
    fields.push(("idempotency_key", "one"));
    sent(&server, "version", &fields, "version").await;
    let events = server.events().await;
    sent(&server, "version", &fields, "version").await;
    assert_eq!(server.events().await, events);
}

#[tokio::test]
async fn plans_are_paged_those_due_soonest_first() {
    let server = server::start(NOW).await;
    for organisation in ["A81003", "A81002", PRACTICE] {
        let at = format!("/continuity/{organisation}");
        server.form(&format!("{at}/version"), &VERSION).await;
        server.form(&format!("{at}/approval"), &APPROVAL).await;
    }
    sent(&server, "exercise", &EXERCISE, "exercise").await;
    let page = server.page("/continuity").await.ok().text;
    let at = |text: &str| page.find(&format!("href=\"/continuity/{text}\"")).unwrap();
    assert!(at("A81002") < at("A81003") && at("A81003") < at(PRACTICE), "never exercised come first");
    let rest = server.page("/continuity?after=1900-01-01_A81002").await.ok().text;
    assert!(!rest.contains("href=\"/continuity/A81002\"") && rest.contains("href=\"/continuity/A81003\""));
    server.page("/continuity?after=junk").await.is(200, "href=\"/continuity/A81002\"");
}

#[tokio::test]
async fn texts_are_escaped_and_nothing_is_inline() {
    let server = server::start(NOW).await;
    server.form("/continuity/A81002/version", &VERSION).await;
    for path in [
        "/continuity",
        "/continuity?q=%3Cscript%3E",
        "/continuity/A81002",
        "/continuity/A81002/version",
        "/continuity/A81002/approval",
    ] {
        let page = server.page(path).await.ok().text;
        assert!(!page.contains("<script>alert") && !page.contains("<script>EMIS"), "{path}");
        assert!(!page.contains("style=\""), "{path}");
    }
    server.page("/continuity/A81002").await.is(200, "&lt;script&gt;EMIS");
    server.page("/continuity/Z99").await.is(404, "<!DOCTYPE html>");
}
