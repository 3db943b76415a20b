//! The pages, worked through without a script.

use proto::standards::OrganisationType;

use crate::{server, support::*};

const AT: &str = "/assessments/A81001/igt-14.1";

fn answer_fields<'a>(level: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("answer", level), ("comment", "see the folder"), ("idempotency_key", key)]
}

#[tokio::test]
async fn a_practice_works_through_its_assessment() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.page("/assessments").await.is(200, "2 general practices are known");
    server.page("/assessments?q=densham").await.is(200, "/assessments/A81001");
    server.page("/assessments?q=ts18").await.is(200, "/assessments/A81001");
    server.page("/assessments/A81001").await.is(200, "IG Toolkit 14.1");
    server.page(AT).await.is(200, "Open the assessment");
    server.page(&format!("{AT}/requirements/14-117")).await.is(200, "Open the assessment first");

    let opened = server.form(&format!("{AT}/open"), &[("idempotency_key", "one")]).await;
    assert_eq!((opened.status.as_u16(), opened.location()), (303, &*format!("{AT}?done=opened")));
    server.page(AT).await.is(200, "Publish is not available yet").is(200, "14-117").is(200, "in 21 days");
    server
        .page(&format!("{AT}/requirements/14-117"))
        .await
        .is(200, "It does not ask that everyone works through");

    for asked in edition(IGT).requirements_of(OrganisationType::GeneralPractice) {
        let level = if asked.id.as_str() == "14-319" { "1" } else { "2" };
        let path = format!("{AT}/requirements/{}", asked.id);
        let saved = server.form(&path, &answer_fields(level, asked.id.as_str())).await;
        assert_eq!(saved.status.as_u16(), 303, "{}", saved.text);
    }
    server.page(AT).await.is(200, "Nothing blocks publication").is(200, "64%");
    assert_eq!(server.form(&format!("{AT}/publish"), &[]).await.status.as_u16(), 303);
    server.page(AT).await.is(200, "Not satisfactory").is(200, "Read and accept the assurance statement");

    server.page(&format!("{AT}/statement")).await.is(200, "Accept the statement");
    server.form(&format!("{AT}/statement"), &[("name", " ")]).await.is(400, "href=\"#name\"");
    let signed =
        server.form(&format!("{AT}/statement"), &[("name", "A. Partner"), ("role", "Partner")]).await;
    assert_eq!(signed.status.as_u16(), 303);
    server.page(AT).await.is(200, "A. Partner, Partner");

    let plan = format!("{AT}/plan");
    server.page(&plan).await.is(200, "Submit the plan is not available yet");
    let action = [
        ("requirement", "14-319"),
        ("gap", "never tried"),
        ("action", "try it"),
        ("name", "A. Manager"),
        ("due", "2018-09-30"),
    ];
    assert_eq!(server.form(&format!("{plan}/actions"), &action).await.status.as_u16(), 303);
    assert_eq!(server.form(&format!("{plan}/submit"), &[]).await.status.as_u16(), 303);
    server.page(&plan).await.is(200, "NHS Hartlepool CCG").is(200, "Refuse the plan");
    server
        .form(&format!("{plan}/decide"), &[("by", "00K"), ("decision", "refuse"), ("reason", "")])
        .await
        .is(400, "href=\"#reason\"");
    assert_eq!(
        server.form(&format!("{plan}/decide"), &[("by", "00K"), ("decision", "agree")]).await.status.as_u16(),
        303
    );
    server.page(AT).await.is(200, "Satisfactory with improvement plan").is(200, "Plan agreed by 00K");
    assert_eq!(server.form(&format!("{plan}/actions/1/done"), &[]).await.status.as_u16(), 303);
    let review = [("grade", "not-satisfactory"), ("by", "Y54"), ("reason", "no evidence seen")];
    assert_eq!(server.form(&format!("{AT}/reviewed-grade"), &review).await.status.as_u16(), 303);
    server.page(AT).await.is(200, "no evidence seen").is(200, "North of England");
}

#[tokio::test]
async fn a_form_that_is_not_right_keeps_what_was_typed() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.form(&format!("{AT}/open"), &[]).await;
    let path = format!("{AT}/requirements/14-318");
    server
        .form(&path, &[("comment", "long thought about"), ("evidence", "drawer 3")])
        .await
        .is(400, "Choose an answer")
        .is(400, "long thought about")
        .is(400, "drawer 3")
        .is(400, "href=\"#answer\"");
    server
        .form(&path, &[("answer", "not-relevant"), ("comment", "kept")])
        .await
        .is(400, "href=\"#reason\"")
        .is(400, "kept");
    server.form(&path, &[("answer", "7")]).await.is(400, "0, 1, 2 or 3");
    server.form(&path, &[("answer", "2"), ("sha256", "abc")]).await.is(400, "href=\"#evidence\"");
    server
        .form(&path, &[("answer", "2"), ("evidence", "x"), ("sha256", "abc")])
        .await
        .is(400, "href=\"#sha256\"");
    let plan = format!("{AT}/plan/actions");
    server
        .form(&plan, &[("requirement", "14-318"), ("due", "31/02/2018"), ("gap", "a gap kept")])
        .await
        .is(400, "href=\"#due\"")
        .is(400, "href=\"#name\"");
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_answer() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.form(&format!("{AT}/open"), &[]).await;
    let path = format!("{AT}/requirements/14-117");
    server.form(&path, &answer_fields("2", "same")).await;
    let events = server.events().await;
    assert_eq!(server.form(&path, &answer_fields("2", "same")).await.status.as_u16(), 303);
    assert_eq!(server.events().await, events);
}

#[tokio::test]
async fn a_carried_over_answer_is_ticked_on_its_page() {
    let server = server::start("2019-02-01T12:00:00Z").await;
    let (last, this) = ("/assessments/A81001/dspt-2018-19", "/assessments/A81001/dspt-2019-20");
    server.form(&format!("{last}/open"), &[]).await;
    server.form(&format!("{last}/requirements/3"), &answer_fields("met", "m")).await;
    server.set_day("2019-05-01");
    server.form(&format!("{this}/open"), &[]).await;
    server.page(&format!("{this}/requirements/3")).await.is(200, "The answer still stands");
    assert_eq!(server.form(&format!("{this}/requirements/3/review"), &[]).await.status.as_u16(), 303);
    server.page(this).await.is(200, "3 reviewed");
    server.page(&format!("{this}/plan")).await.is(200, "no improvement plan");
    server.page(&format!("{this}/statement")).await.is(200, "does not end with an assurance statement");
}

#[tokio::test]
async fn names_are_escaped_and_nothing_is_inline() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    for path in ["/assessments?q=%3Cscript%3E", "/assessments/A81002", "/assessments/A81002/igt-14.1"] {
        let page = server.page(path).await.ok().text;
        assert!(!page.contains("<script>alert") && !page.contains("style=\""), "{path}");
    }
    server.page("/assessments/Z99").await.is(404, "<!DOCTYPE html>");
    server.page("/assessments/A81001/nothing").await.is(404, "There is no such edition");
}

/// Saved, changed by the Back button, and saved again from the same page: what was sent last is in force.
#[tokio::test]
async fn a_form_sent_again_after_a_change_is_another_command() {
    let server = server::start("2018-03-10T12:00:00Z").await;
    server.form(&format!("{AT}/open"), &[("idempotency_key", "one")]).await;
    let path = format!("{AT}/requirements/14-117");
    let save = async |level| {
        let saved = server.form(&path, &answer_fields(level, "the page")).await;
        assert_eq!(saved.status.as_u16(), 303, "{}", saved.text);
        server.events().await
    };
    let first = save("2").await;
    assert_eq!(save("2").await, first, "sent twice it is one command");
    assert_eq!(save("1").await, first + 1);
    let answer = server.get("/api/v1/assessments/A81001/igt-14.1").await.ok().text;
    assert!(answer.contains("\"14-117\""), "{answer}");
    let kept = server.page(&path).await.ok().text;
    let chosen =
        kept.split("<input").find(|input| input.contains("checked")).unwrap_or_else(|| panic!("{kept}"));
    assert!(chosen.contains("value=\"1\""), "{chosen}");
}
