//! A list that is read page by page while events arrive.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::collections::BTreeSet;

use proto::{
    EditionId, Service,
    assessments::PublishedResult,
    organisations::{ListSizePublished, OrganisationEvent, PracticeAmended, PracticeListed, PracticeListing},
};
use serde_json::Value;
use support::{By, Running, day, listing, words};

const SORTS: [&str; 6] = ["attention", "code", "name", "patients", "since", "ccg"];
const ROWS: usize = 12;
const PAGE: usize = 5;

async fn json(running: &Running, address: &str) -> Value {
    let answer = running.get(address).await;
    assert!(answer.status.is_success(), "{address}: {}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

fn codes(list: &Value) -> Vec<String> {
    list["practices"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

/// Practices that differ in every order: by name, patients, CCG, status and the day it began.
async fn england() -> Running {
    let mut running = Running::empty().await;
    for number in 0..ROWS {
        let practice = format!("A8{number:04}");
        let name = format!("{} SURGERY", ["OAK", "ELM", "ASH", "YEW"][number * 7 % 4]);
        let listing = listing(&name, ["00K", "00M", "15E"][number % 3], "Y54");
        let listed = PracticeListed { as_of: day("2018-05-31"), listing };
        running
            .write(Service::Organisations, &practice, &OrganisationEvent::PracticeListed(listed), By::Someone)
            .await;
        with_patients(&mut running, &practice, u32::try_from(1_000 + number * 5 % 7 * 300).unwrap()).await;
        if number % 2 == 0 {
            let published = format!("2019-03-{:02}", 10 + number * 3 % 20);
            running.result(&practice, met(), Some(&published), By::Someone).await;
        }
    }
    running.caught_up().await;
    running
}

fn met() -> PublishedResult {
    PublishedResult::StandardsMet { edition: "dspt-2018-19".parse::<EditionId>().unwrap() }
}

async fn with_patients(running: &mut Running, practice: &str, registered_patients: u32) {
    let size = ListSizePublished { as_of: day("2018-05-01"), registered_patients };
    running
        .write(Service::Organisations, practice, &OrganisationEvent::ListSizePublished(size), By::Someone)
        .await;
}

/// What would move every row of every order: new names, patients, CCGs and results, a new practice, one that closed.
async fn change(running: &mut Running, round: usize) {
    for number in 0..ROWS {
        let practice = format!("A8{number:04}");
        let mut changed =
            listing(&format!("{} HOUSE", ["ZOE", "AMY", "MAY"][(number + round) % 3]), "15E", "Y54");
        if number == round {
            changed = PracticeListing { closed: Some(day("2018-06-30")), ..changed };
        }
        let changed =
            PracticeAmended { as_of: day("2018-06-01"), listing: changed, changed: vec!["name".to_owned()] };
        let event = OrganisationEvent::PracticeAmended(changed);
        running.write(Service::Organisations, &practice, &event, By::Someone).await;
        with_patients(running, &practice, u32::try_from(9_000 - number * 100 - round).unwrap()).await;
        if number % 2 == 1 {
            running.result(&practice, met(), Some("2019-03-05"), By::Someone).await;
        }
    }
    let listed = PracticeListed { as_of: day("2018-05-31"), listing: listing("AAA NEW", "00K", "Y54") };
    let event = OrganisationEvent::PracticeListed(listed);
    running.write(Service::Organisations, &format!("A70{round:03}"), &event, By::Someone).await;
    running.caught_up().await;
}

/// Every page of a list, with a change before each but the first.
async fn walked(running: &mut Running, address: &str, round: &mut usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut page = json(running, &format!("{address}&limit={PAGE}")).await;
    loop {
        rows.extend(codes(&page));
        let Some(next) = page["next"].as_str().map(str::to_owned) else { return rows };
        change(running, *round).await;
        *round += 1;
        // The other choices are in the cursor, and may be left out.
        let address = if round.is_multiple_of(2) { address } else { "/api/v1/areas/ENG/practices?" };
        page = json(running, &format!("{address}&limit={PAGE}&cursor={next}")).await;
    }
}

#[tokio::test]
async fn a_list_has_every_row_once_in_every_order_and_filter_while_events_arrive() {
    let mut round = 0;
    for sort in SORTS {
        for filter in ["", "&status=met", "&known=2019-12-31", "&footprint=now&at=2019-06-01"] {
            let mut running = england().await;
            let address = format!("/api/v1/areas/ENG/practices?sort={sort}{filter}");
            let whole = codes(&json(&running, &format!("{address}&limit=500")).await);
            assert_eq!(whole.len(), if filter.contains("status") { ROWS / 2 } else { ROWS });
            round %= ROWS;
            let rows = walked(&mut running, &address, &mut round).await;
            assert_eq!(rows, whole, "{address}");
            assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len());
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_after_a_restart_and_says_what_it_is_of() {
    let mut running = england().await;
    let whole = json(&running, "/api/v1/areas/ENG/practices?sort=name").await;
    let first = json(&running, "/api/v1/areas/ENG/practices?sort=name&limit=5").await;
    change(&mut running, 0).await;
    let again = running.restarted().await;
    let second =
        json(&again, &format!("/api/v1/areas/ENG/practices?cursor={}", first["next"].as_str().unwrap()))
            .await;
    assert_eq!([codes(&first), codes(&second)].concat(), codes(&whole));
    assert_eq!((&second["position"], &second["total"]), (&first["position"], &first["total"]));
    let newer = json(&again, "/api/v1/areas/ENG/practices").await;
    assert!(newer["position"].as_u64() > first["position"].as_u64());
}

#[tokio::test]
async fn next_and_previous_on_pages_stay_within_one_list() {
    let mut running = england().await;
    let whole = codes(&json(&running, "/api/v1/areas/ENG/practices?sort=patients").await);
    let shown = |page: &str| -> Vec<String> {
        let links =
            page.split(" href=\"/practices/").skip(1).filter_map(|rest| rest.split(['"', '?']).next());
        links.map(str::to_owned).collect()
    };
    let link = |page: &str, words: &str| -> Option<String> {
        let before = page.split_once(words)?.0;
        Some(before.rsplit("href=\"").next()?.split('"').next()?.replace("&amp;", "&"))
    };
    let first = running.get("/areas/ENG/practices?sort=patients&limit=5").await.text;
    assert!(!words(&first).contains("as it was when you opened"), "{}", words(&first));
    let mut rows = shown(&first);
    let mut page = first.clone();
    for round in 0.. {
        let Some(next) = link(&page, "Next page") else { break };
        change(&mut running, round).await;
        page = running.get(&next).await.text;
        assert!(
            words(&page).contains("This list is as it was when you opened its first page"),
            "{}",
            words(&page)
        );
        rows.extend(shown(&page));
    }
    assert_eq!(rows, whole);
    for _ in 0..whole.len() / PAGE {
        page = running.get(&link(&page, "Previous page").unwrap()).await.text;
    }
    assert_eq!(shown(&page), shown(&first));
    assert_eq!(link(&page, "Previous page"), None);
}

#[tokio::test]
async fn a_cursor_that_cannot_be_used_is_refused_with_a_sentence() {
    let running = england().await;
    let list = "/api/v1/areas/ENG/practices?sort=name&status=met&at=2019-04-01&limit=5";
    let cursor = json(&running, list).await["next"].as_str().unwrap().to_owned();
    for (parameter, said) in [
        ("sort=code", "another sort"),
        ("status=not-met", "another status"),
        ("at=2019-04-02", "another at"),
        ("footprint=now", "another footprint"),
        ("requirement=onsite", "another requirement"),
        ("known=2019-04-01", "another known"),
    ] {
        let answer = running.get(&format!("/api/v1/areas/ENG/practices?cursor={cursor}&{parameter}")).await;
        assert_eq!(answer.status, 400, "{parameter}: {}", answer.text);
        assert!(answer.text.contains(said) && answer.text.contains("\"at\":\"cursor\""), "{}", answer.text);
    }
    let same = "sort=name&status=met&at=2019-04-01&footprint=then&requirement=toolkit";
    assert!(
        running.get(&format!("/api/v1/areas/ENG/practices?cursor={cursor}&{same}")).await.status.is_success()
    );
    let elsewhere = running.get(&format!("/api/v1/areas/00K/practices?cursor={cursor}")).await;
    assert!(elsewhere.status == 400 && elsewhere.text.contains("another area"), "{}", elsewhere.text);
    for garbage in
        ["A80003", "%00", "WzEsInByYWN0aWNlcyIse31d", &cursor[..cursor.len() - 3], &"A".repeat(9_000)]
    {
        for path in ["/api/v1/areas/ENG/practices", "/areas/ENG/practices"] {
            let answer = running.get(&format!("{path}?cursor={garbage}")).await;
            assert_eq!(answer.status, 400, "{path} {garbage}: {}", answer.text);
            assert!(answer.text.contains("start again without a cursor"), "{}", answer.text);
        }
    }
    // A cursor of a log that has gone further than this one.
    let mut further = england().await;
    change(&mut further, 0).await;
    let cursor = json(&further, list).await["next"].as_str().unwrap().to_owned();
    let answer = running.get(&format!("/api/v1/areas/ENG/practices?cursor={cursor}")).await;
    assert!(answer.status == 400 && answer.text.contains("not of this log"), "{}", answer.text);
    assert_eq!(running.get(&format!("/api/v1/areas/ENG/practices?cursor={cursor}&at=x")).await.status, 400);
}
