//! The pages, worked through without a script.

use crate::{
    api::held_here,
    server::{self, Answer, Server},
    support::*,
};

const AT: &str = "/onsite/A81001/1";

async fn sent(server: &Server, form: &str, fields: &[(&str, &str)]) {
    let answer = server.form(&format!("{AT}/{form}"), fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{form}: {}", answer.text);
    assert_eq!(answer.location(), format!("{AT}?done={form}"));
}

async fn wrong(server: &Server, form: &str, fields: &[(&str, &str)]) -> Answer {
    server.form(&format!("{AT}/{form}"), fields).await
}

#[tokio::test]
async fn an_assessment_is_worked_through_to_its_end() {
    let server = server::start("2018-03-01T12:00:00Z").await;
    server.page("/onsite").await.is(200, "Find a practice").is(200, "No visit is set");
    server.page("/onsite?q=densham").await.is(200, "/onsite/A81001");
    server.page("/onsite/A81001").await.is(200, "Ask the practice");
    let asked = server.form("/onsite/A81001/request", &[("by", "X26"), ("reason", "chosen")]).await;
    assert_eq!((asked.status.as_u16(), asked.location()), (303, &*format!("{AT}?done=request")));
    server
        .page(AT)
        .await
        .is(200, "agrees to be assessed, or refuses")
        .is(200, "Set the visit is not available yet");

    sent(&server, "refuse", &[("grounds", "we move house")]).await;
    server.page(AT).await.is(200, "We move house.");
    sent(&server, "agree", &[]).await;
    let visit = [("on", "2018-03-10"), ("partner", PARTNER), ("name", "A. Assessor"), ("role", "")];
    sent(&server, "schedule", &visit).await;
    server.page(AT).await.is(200, "The assessor visits on 10 March 2018").is(200, "A. Assessor of ZZPARTNER");
    server.page("/onsite").await.is(200, "March 2018").is(200, "calendar.ics?partner=");
    server.page("/onsite").await.is(200, "NHS Hartlepool CCG (00K)");

    server.set_day("2018-03-12");
    sent(
        &server,
        "held",
        &[("on", "10/03/2018"), ("outcome_patching", "not-satisfied"), ("outcome_training", "")],
    )
    .await;
    for (system, severity) in [("desktops", "medium"), ("router", "critical")] {
        let finding = [
            ("topic", "patching"),
            ("severity", severity),
            ("system", system),
            ("responsibility", "practice"),
            ("found", "three months behind"),
        ];
        sent(&server, "finding", &finding).await;
    }
    let page = server.page(AT).await.ok().text;
    let table = page.split("id=\"findings\"").nth(1).unwrap();
    assert!(table.find("router") < table.find("desktops"), "worst first");
    assert!(table.contains("The practice’s own responsibility"));
    assert!(page.contains("Propose the plan is not available yet"));
    assert!(page.contains("Close the assessment is not available yet"));
    assert!(page.contains("Finding 1: no agreed plan has an action for it"));

    sent(&server, "answer", &[("item", "1"), ("accepted", "accepted"), ("answer", "true")]).await;
    sent(&server, "disclose", &[("to", "00K"), ("on", "2018-03-12")]).await;
    let plan = [
        ("action_1", "update them"),
        ("name_1", "P. Manager"),
        ("due_1", "2018-04-30"),
        ("action_2", "replace it"),
        ("name_2", "P. Manager"),
        ("due_2", "2018-05-31"),
    ];
    sent(&server, "plan", &plan).await;
    server.page(AT).await.is(200, "The commissioner or region decides on the plan of 12 March 2018");
    sent(&server, "decide-plan", &[("by", "00K"), ("decision", "return"), ("reason", "sooner")]).await;
    server.page(AT).await.is(200, "00K sent the plan back");
    sent(&server, "plan", &plan).await;
    sent(&server, "decide-plan", &[("by", "00K"), ("decision", "agree")]).await;

    server.set_day("2018-05-05");
    server.page(AT).await.is(200, "Overdue").is(200, "5 days ago");
    server.page("/onsite").await.is(200, "1 action is past the due day");
    sent(&server, "done", &[("item", "1"), ("done", "2018-05-02")]).await;
    sent(&server, "retest", &[("on", "2018-05-04"), ("mended", "1"), ("mended", "2")]).await;
    sent(&server, "close", &[]).await;
    let page = server.page(&format!("{AT}?done=close")).await.is(200, "The assessment has been closed.").text;
    assert!(!page.split("<main").nth(1).unwrap().contains("<form"), "nothing is left to do");
    for told in [
        "Asked for by NHS Digital",
        "Refused",
        "Finding 2: critical",
        "Plan sent back by",
        "Tested again on 4 May 2018",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[tokio::test]
async fn what_was_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let server = held_here().await;
    let finding =
        [("topic", "patching"), ("severity", "low"), ("responsibility", "practice"), ("found", "kept text")];
    wrong(&server, "finding", &finding).await.is(400, "href=\"#finding-system\"").is(400, "kept text");
    for (form, fields, anchor) in [
        ("finding", &[("topic", "patching")][..], "finding-severity"),
        ("disclose", &[("to", "00K"), ("on", "2018-03-13")], "disclose-on"),
        ("disclose", &[("to", "00K"), ("on", "tomorrow")], "disclose-on"),
        ("answer", &[("item", "2"), ("accepted", "disputed")], "answer-2-answer"),
        ("retest", &[("on", "2018-03-12"), ("mended", "x")], "retest-mended"),
    ] {
        let page = wrong(&server, form, fields).await.is(400, &format!("href=\"#{anchor}\"")).text;
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor} is there to go to");
    }
    wrong(&server, "held", &[("on", "2018-03-10")]).await.is(400, "at least one topic");
    wrong(&server, "cancel", &[("reason", "late")]).await.is(409, "was held on 10 March 2018");
    server.form(&format!("{AT}/disclose"), &[("to", "00K"), ("on", "2018-03-12")]).await;
    for (fields, text) in [
        (&[("action_1", "x"), ("due_1", "2018-04-30")][..], "href=\"#plan-name_1\""),
        (&[("action_1", "x"), ("name_1", "y"), ("due_1", "soon")], "href=\"#plan-due_1\""),
        (&[("action_1", "x"), ("name_1", "y"), ("due_1", "2018-03-12")], "not in the future"),
    ] {
        wrong(&server, "plan", fields).await.is(400, text);
    }
    server
        .form("/onsite/A81001/request", &[("by", "X26"), ("reason", " ")])
        .await
        .is(400, "href=\"#reason\"");
    server.page("/onsite?partner=_").await.is(400, "href=\"#partner\"");
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_finding() {
    let server = held_here().await;
    let fields = [
        ("topic", "patching"),
        ("severity", "low"),
        ("system", "server"),
        ("responsibility", "commissioned"),
        ("found", "old"),
        ("idempotency_key", "same"),
    ];
    sent(&server, "finding", &fields).await;
    let events = server.events().await;
    sent(&server, "finding", &fields).await;
    assert_eq!(server.events().await, events);
}

#[tokio::test]
async fn every_id_of_a_page_is_there_once() {
    let server = held_here().await;
    let plan = [("action_1", "update them"), ("name_1", "P. Manager"), ("due_1", "2018-04-30")];
    let agree = [("by", "00K"), ("decision", "agree")];
    let steps = [
        ("finding", &[][..]),
        ("disclose", &[("to", "00K"), ("on", "2018-03-12")]),
        ("plan", &plan),
        ("decide-plan", &agree),
        ("plan", &plan),
        ("close", &[]),
    ];
    for (form, fields) in steps {
        let answer = server.form(&format!("{AT}/{form}"), fields).await;
        let page = if !answer.location().is_empty() { server.page(AT).await.ok().text } else { answer.text };
        ids_are_unique(form, &page);
    }
    for path in ["/onsite", "/onsite/A81001", "/onsite/A81002"] {
        ids_are_unique(path, &server.page(path).await.ok().text);
    }
}

#[track_caller]
fn ids_are_unique(of: &str, page: &str) {
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_unstable();
    let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{of}: {twice:?}");
}

#[tokio::test]
async fn what_people_write_is_escaped_and_nothing_is_inline() {
    let server = held_here().await;
    let evil = "<script>alert(1)</script>";
    let finding = [
        ("topic", "patching"),
        ("severity", "low"),
        ("system", evil),
        ("responsibility", "practice"),
        ("found", evil),
        ("evidence", evil),
    ];
    sent(&server, "finding", &finding).await;
    server.form("/onsite/A81002/request", &[("by", "X26"), ("reason", evil)]).await;
    server.form("/onsite/A81002/1/refuse", &[("grounds", evil)]).await;
    let pages =
        [AT, "/onsite", "/onsite?q=%3Cscript%3E&partner=%3Cscript%3E", "/onsite/A81002", "/onsite/A81002/1"];
    for path in pages {
        let page = server.page(path).await.text;
        assert!(page.contains("On-site assessments"), "{path}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("style=\""), "{path}");
    }
    server.page("/onsite/Z99/1").await.is(404, "<!DOCTYPE html>");
    server.page("/onsite/A81001/9").await.is(404, "no on-site assessment 9");
}
