//! The running day is not over: on the day of a deadline nothing is missed before midnight in London.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use proto::{
    EditionId, Service,
    assessments::PublishedResult,
    organisations::{OrganisationEvent, PracticeListed},
};
use serde_json::Value;
use support::{By, Running, day, listing, words};

/// A practice that met the standard for 2024/25 in time, at an instant around the deadline of 2025/26, which
/// is 30 June 2026.
async fn at(now: &str) -> Running {
    let mut england = Running::set_to(now).await;
    let listed =
        PracticeListed { as_of: day("2018-05-31"), listing: listing("THE ALPHA SURGERY", "00K", "Y54") };
    let listed = OrganisationEvent::PracticeListed(listed);
    england.write(Service::Organisations, "A81009", &listed, By::Someone).await;
    let edition: EditionId = "dspt-2024-25".parse().unwrap();
    let met = PublishedResult::StandardsMet { edition };
    england.result("A81009", met, Some("2025-06-20"), By::Someone).await;
    england.caught_up().await;
    england
}

async fn json(england: &Running, address: &str) -> Value {
    serde_json::from_str(&england.get(address).await.text).unwrap()
}

/// The status of the toolkit requirement, by the practice, by the counts of England, by the list, by the CSV
/// and by the trend: one and the same.
async fn status(england: &Running, on: Option<&str>) -> String {
    let query = on.map(|on| format!("at={on}")).unwrap_or_default();
    let practice = json(england, &format!("/api/v1/practices/A81009?{query}")).await;
    let (asked, status) = (&practice["at"], practice["requirements"][0]["status"].as_str().unwrap());
    let area = json(england, &format!("/api/v1/areas/ENG?{query}")).await;
    assert_eq!(area["requirements"][0]["counts"][status], 1, "{area}");
    let list = json(england, &format!("/api/v1/areas/ENG/practices?{query}")).await;
    assert_eq!(list["practices"][0]["requirements"][0]["status"], status);
    let csv = england.get(&format!("/api/v1/areas/ENG/practices?format=csv&{query}")).await.text;
    assert!(csv.contains(&format!(",toolkit,{status},")), "{csv}");
    let asked = asked.as_str().unwrap();
    let trend = json(england, &format!("/api/v1/areas/ENG/trend?from={asked}&to={asked}")).await;
    assert_eq!(trend["requirements"][0]["days"][0][status], 1, "{trend}");
    status.to_owned()
}

#[tokio::test]
async fn a_practice_meets_the_requirement_until_midnight_of_the_deadline() {
    // Ten in the morning in London, and a minute before midnight; British summer time.
    for now in ["2026-06-30T09:00:00Z", "2026-06-30T22:59:00Z"] {
        let england = at(now).await;
        for on in [None, Some("2026-06-30"), Some("2026-06-29")] {
            assert_eq!(status(&england, on).await, "met", "on {on:?} at {now}");
        }
        assert_ne!(status(&england, Some("2026-07-01")).await, "met", "if nothing changes");
        let practice = json(&england, "/api/v1/practices/A81009").await;
        let toolkit = &practice["requirements"][0];
        assert_eq!(toolkit["conditions"], serde_json::json!([]));
        assert_eq!(toolkit["since"], "2025-06-20");
        assert_eq!(toolkit["next"]["day"], "2026-06-30");
        assert_eq!(toolkit["next"]["to_come"], true);
        let page = words(&england.get("/practices/A81009").await.text);
        assert!(page.contains("Today, 30 June 2026, it meets 1 of the 3 requirements"), "{page}");
        assert!(page.contains("Due today, at the end of 30 June 2026"), "{page}");
        assert!(!page.contains("the deadline of the DSP Toolkit 2025/26 passed with nothing published for it or a later edition."), "{page}");
        let area = words(&england.get("/areas/ENG").await.text);
        assert!(
            area.contains("Today, 30 June 2026, the only practice meets the toolkit requirement."),
            "{area}"
        );
        assert!(area.contains("End of today, if nothing changes:"), "{area}");
    }
}

#[tokio::test]
async fn from_midnight_in_london_on_the_deadline_has_passed() {
    let england = at("2026-06-30T23:00:00Z").await;
    for on in [None, Some("2026-06-30"), Some("2026-07-01")] {
        assert_ne!(status(&england, on).await, "met", "on {on:?}");
    }
    assert_eq!(status(&england, Some("2026-06-29")).await, "met");
    let practice = json(&england, "/api/v1/practices/A81009").await;
    let toolkit = &practice["requirements"][0];
    assert_eq!(practice["at"], "2026-07-01");
    assert_eq!(toolkit["since"], "2026-06-30");
    assert!(!toolkit["conditions"].as_array().unwrap().is_empty(), "{toolkit}");
}

#[tokio::test]
async fn the_day_before_is_told_what_the_deadline_day_ends_with() {
    let england = at("2026-06-29T09:00:00Z").await;
    assert_eq!(status(&england, None).await, "met");
    assert_ne!(status(&england, Some("2026-06-30")).await, "met", "at the end of a day to come");
    let page = words(&england.get("/practices/A81009").await.text);
    assert!(page.contains("30 June 2026, in 1 day"), "{page}");
}
