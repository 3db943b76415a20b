//! Who may do what: the service behind the real guard.

use axum::http::Method;
use proto::Role;

use crate::server;

const CCG: (Role, &str) = (Role::CcgOfficer, "00K");
const LEAD: (Role, &str) = (Role::PracticeLead, "A81001");

#[tokio::test]
async fn who_opens_a_form_with_what_another_did_is_written_down() {
    let server = server::guarded("2018-03-10T12:00:00Z").await;
    let at = "/assessments/A81001/igt-14.1";
    let form = "application/x-www-form-urlencoded";
    let open = Some((form, String::new()));
    server.ask_as(LEAD, Method::POST, &format!("{at}/open"), open).await.is(303, "");
    server.ask_as(LEAD, Method::GET, &format!("{at}/statement"), None).await.ok();
    server.ask_as(CCG, Method::GET, &format!("{at}/reviewed-grade"), None).await.ok();
    server.ask_as(CCG, Method::GET, &format!("{at}/plan"), None).await.ok();
    let practice = Some("A81001".parse().unwrap());
    let expected = ["assessments/review-grade", "assessments/view-work"];
    assert_eq!(server.looks(2).await, expected.map(|action| (action.to_owned(), practice)));
}

#[tokio::test]
async fn broken_glass_opens_a_practice_with_no_way_to_what_stays_closed() {
    let server = server::guarded("2018-03-10T12:00:00Z").await;
    let list = "href=\"/assessments\"";
    let administrator = (Role::Administrator, "X26");
    server.look_through_glass(administrator, "A81001", "/assessments").await.is(403, "may not do this");
    for path in ["/assessments/A81001", "/assessments/A81001/igt-14.1", "/assessments/A81001/igt-14.1/plan"] {
        let page = server.look_through_glass(administrator, "A81001", path).await.ok().text;
        assert!(!page.contains(list), "{path}");
        server.ask_as(CCG, Method::GET, path, None).await.is(200, list);
    }
}
