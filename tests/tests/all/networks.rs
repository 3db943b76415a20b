//! Primary care networks: practices grouped beside their commissioner.

use std::collections::BTreeMap;

use proto::Day;
use serde_json::{Value, json};
use whole_system::{files, keys::issue, platform::until_shown};

use crate::{
    acceptance::all_of,
    access::assert_same_hierarchy,
    areas::{Platform, names, practice},
    support::reported,
};

/// The details, headed as they are published.
const DETAILS: &str = "PCN Code,PCN Name,\"Current Clinical \nCommissioning \nGroup Code\",\"Clinical\nCommissioning\nGroup Name\",Open Date,Close Date,Postcode\n\
    U99001,NORTH PCN,16X,NHS NORTHFIELD CCG,20190701,,AA1 1AA\n\
    U99002,SOUTH PCN,16X,NHS NORTHFIELD CCG,20190701,20210331,AA1 1AA\n";

/// The core partners likewise. The second practice moves, the third comes from another CCG, the fourth is in none.
const PARTNERS: &str = "\"Partner\nOrganisation\nCode\",\"Partner\nName\",PCN Code,PCN Name,\"Practice to PCN\nRelationship\nStart Date\",\"Practice to PCN\nRelationship\nEnd Date\"\n\
    A99001,FIRST,U99001,NORTH PCN,20190701,\n\
    A99002,SECOND,U99002,SOUTH PCN,20190701,20210331\n\
    A99002,SECOND,U99001,NORTH PCN,20210401,\n\
    A99003,THIRD,U99001,NORTH PCN,20190701,\n\
    A99009,NOT KNOWN,U99001,NORTH PCN,20190701,\n";

async fn with_practices() -> Platform {
    let platform = Platform::empty().await;
    let rows = practice("A99001", "FIRST", "Y63", "QX1", "16X")
        + &practice("A99002", "SECOND", "Y63", "QX1", "16X")
        + &practice("A99003", "THIRD", "Y63", "QX1", "16Y")
        + &practice("A99004", "FOURTH", "Y63", "QX1", "16X");
    platform.import_text("practices", &rows, "2019-06-30").await;
    platform
}

async fn practices_of(platform: &Platform, code: &str, at: &str) -> Vec<String> {
    let list = platform.client().json(&format!("/api/v1/areas/{code}/practices?at={at}&sort=code")).await;
    let rows = list["practices"].as_array().unwrap();
    rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_has_its_practices_of_the_day_its_own_page_counts_and_files() {
    let platform = with_practices().await;
    let report = platform.import_text("networks", PARTNERS, "2022-06-30").await;
    assert_eq!(["rows", "recorded", "rejected"].map(|of| reported(&report, of)), [5, 4, 0], "{report}");
    let report = platform.import_text("networks", DETAILS, "2022-06-30").await;
    assert_eq!(["rows", "recorded", "rejected"].map(|of| reported(&report, of)), [2, 2, 0], "{report}");

    for (code, at, expected) in [
        ("U99001", "2019-06-30", &[][..]),
        ("U99001", "2019-07-01", &["A99001", "A99003"]),
        ("U99002", "2021-03-31", &["A99002"]),
        ("U99002", "2021-04-01", &[]),
        ("U99001", "2021-04-01", &["A99001", "A99002", "A99003"]),
    ] {
        assert_eq!(practices_of(&platform, code, at).await, expected, "{code} on {at}");
        assert_eq!(platform.area(code, at).await["practices"], expected.len(), "{code} on {at}");
    }
    let network = platform.area("U99001", "2022-06-30").await;
    assert_eq!((&network["name"], &network["kind"]), (&json!("NORTH PCN"), &json!("primary-care-network")));
    assert_eq!(
        names(&network["parents"]),
        [("16X", "ccg"), ("QX1", "stp-ics"), ("Y63", "region"), ("ENG", "england")]
    );
    let of_practice = platform.client().json("/api/v1/practices/A99003?at=2022-06-30").await;
    assert!(names(&of_practice["parents"]).contains(&("U99001", "primary-care-network")), "{of_practice}");

    // Beside the commissioner, not instead of it: the counts of the areas are what they were.
    let england = platform.area("ENG", "2022-06-30").await;
    assert_eq!((&england["practices"], &england["areas"]["primary-care-network"]), (&json!(4), &json!(1)));
    assert_eq!(platform.area("16X", "2022-06-30").await["areas"], json!({ "primary-care-network": 1 }));
    assert_eq!(platform.area("16Y", "2022-06-30").await["areas"], json!({ "primary-care-network": 0 }));
    let below = "/api/v1/areas/16X/areas?of=primary-care-network&at=2022-06-30";
    let list = platform.client().json(below).await;
    assert_eq!((&list["of"], &list["areas"][0]["ccg"]), (&json!("primary-care-network"), &json!("16X")));
    assert_eq!(list["areas"][0]["practices"], 3);
    let csv = platform.page(&format!("{below}&format=csv")).await;
    assert!(csv.contains("U99001,NORTH PCN,primary-care-network,16X,QX1,Y63,2022-06-30,toolkit,3,"), "{csv}");

    // The way there by clicks, and what the page says.
    let page = platform.page("/areas/16X?at=2022-06-30").await;
    assert!(
        page.contains("/areas/16X/networks?at=2022-06-30") && page.contains("1 primary care network"),
        "{page}"
    );
    let page = platform.page("/areas/16X/networks?at=2022-06-30").await;
    assert!(page.contains("North PCN") && page.contains("/areas/U99001?at=2022-06-30"), "{page}");
    assert!(page.contains("1 of 3 practices of CCG 16X are not in any network"), "{page}");
    let page = platform.page("/areas/U99001?at=2022-06-30").await;
    assert!(page.contains("Primary care network U99001") && page.contains("Third"), "{page}");
    let page = platform.page("/practices/A99003?at=2022-06-30").await;
    assert!(page.contains("/areas/U99001?at=2022-06-30"), "{page}");
    let found = platform.client().json("/api/v1/search?q=north%20pcn").await;
    assert_eq!(found["results"][0]["code"], "U99001", "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_finds_areas_and_what_their_practices_have_published() {
    let platform = with_practices().await;
    platform.import_text("networks", DETAILS, "2022-06-30").await;
    platform.import_text("networks", PARTNERS, "2022-06-30").await;
    let nobody = platform.client().without_key();
    let found = nobody.json("/api/v1/status?q=north%20pcn").await;
    assert_eq!(names(&found["areas"]), [("U99001", "primary-care-network")], "{found}");
    let found = nobody.json("/api/v1/status?q=16X").await;
    assert_eq!(names(&found["areas"]), [("16X", "sub-icb-location")], "{found}");
    let listed = nobody.json("/api/v1/status/areas/16X").await;
    let codes = |answer: &Value| -> Vec<String> {
        let practices = answer["practices"].as_array().unwrap();
        practices.iter().map(|practice| practice["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&listed), ["A99001", "A99002", "A99004"], "{listed}");
    assert_eq!(listed["next"], Value::Null);
    let behind = nobody.json("/api/v1/status/areas/16X?after=A99001").await;
    assert_eq!(codes(&behind), ["A99002", "A99004"], "{behind}");
    for (path, status) in [
        ("/api/v1/status/areas/16X?after=%21", 400),
        ("/api/v1/status/areas/ENG", 200),
        ("/api/v1/status/areas/15E", 404),
        ("/api/v1/status/areas/A99001", 404),
        ("/api/v1/areas/16X", 401),
    ] {
        assert_eq!(nobody.get(path).await.status, status, "{path}");
    }
    let page = nobody.get("/status?q=16X").await.text();
    assert!(page.contains("/status/areas/16X") && page.contains("Sub-ICB location"), "{page}");
    let page = nobody.get("/status/areas/16X").await.text();
    assert!(page.contains("/status/A99004") && page.contains("Not known"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_at_a_network_covers_its_practices_and_a_withdrawn_list_counts_no_more() {
    let platform = with_practices().await;
    platform.import_text("networks", DETAILS, "2022-06-30").await;
    platform.import_text("networks", PARTNERS, "2022-06-30").await;
    let key = issue(platform.client(), "ccg-officer", "U99001").await;
    let status = async |code: &str| {
        let answer = platform.client().with_key(&key).get(&format!("/api/v1/practices/{code}")).await;
        answer.status.as_u16()
    };
    assert_eq!((status("A99002").await, status("A99003").await, status("A99004").await), (200, 200, 404));

    // A later list says the same, and the third practice has left.
    let later = PARTNERS.replace(
        "A99003,THIRD,U99001,NORTH PCN,20190701,",
        "A99003,THIRD,U99001,NORTH PCN,20190701,20220731",
    );
    let report = platform.import_text("networks", &later, "2022-08-31").await;
    assert_eq!(reported(&report, "recorded"), 1, "{report}");
    assert_eq!(practices_of(&platform, "U99001", "2022-07-31").await, ["A99001", "A99002", "A99003"]);
    assert_eq!(practices_of(&platform, "U99001", "2022-08-01").await, ["A99001", "A99002"]);

    let imports = platform.client().json("/api/v1/organisations/imports").await;
    let withdraw = async |as_of: &str, nth: usize| {
        let mut of_date =
            imports.as_array().unwrap().iter().filter(|import| {
                import["kind"] == "networks" && import["as_of"] == as_of && import["rows"] == 5
            });
        let id = of_date.nth(nth).unwrap()["id"].as_str().unwrap();
        let path = format!("/api/v1/organisations/imports/{id}/withdraw");
        let answer = platform.client().post(&path, &json!({ "reason": "not ours" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        until_shown(platform.client(), answer.json()["position"].as_u64().unwrap()).await;
    };
    // What the later list confirmed outlives the earlier.
    withdraw("2022-06-30", 0).await;
    assert_eq!(practices_of(&platform, "U99001", "2022-08-31").await, ["A99001", "A99002"]);
    withdraw("2022-08-31", 0).await;
    assert_eq!(practices_of(&platform, "U99001", "2022-08-31").await, [""; 0]);
    assert_eq!(status("A99002").await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_list_of_networks_is_refused_and_faults_of_rows_are_told() {
    let platform = with_practices().await;
    let give = async |text: &str| {
        let path = "/api/v1/organisations/imports/networks?as_of=2022-06-30&dry_run=true";
        let answer = platform.client().post_file(path, text.to_owned()).await;
        (answer.status.as_u16(), answer.text())
    };
    let (status, text) = give("Colour,Shape\nblue,round\n").await;
    assert!(status == 400 && text.contains("PCN Code"), "{text}");
    let (status, text) = give("PCN Code,Colour\nU99001,blue\n").await;
    assert!(status == 400 && text.contains("PCN Name"), "{text}");
    let (status, text) = give(&PARTNERS.replace("20210401,", "20210401,20210301")).await;
    assert!(status == 200 && text.contains("the last day is before the first"), "{text}");
    let (_, text) = give(&PARTNERS.replace("A99001", "A9 001!")).await;
    assert!(text.contains("\"rejected\":1"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_networks_have_the_practices_that_a_slow_count_gives_them() {
    let (Some(practices), Some(details), Some(partners)) = (
        files::public("ods/epraccur_2023-02.csv"),
        files::public("pcn/epcn_details.csv"),
        files::public("pcn/epcn_core_partners.csv"),
    ) else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("practices", &practices, "2023-02-28").await;
    let report = platform.import("networks", &details, "2022-06-30").await;
    assert_eq!(
        ["rows", "recorded", "rejected"].map(|of| reported(&report, of)),
        [1_318, 1_318, 0],
        "{report}"
    );
    let report = platform.import("networks", &partners, "2022-06-30").await;
    assert_eq!(["rows", "rejected"].map(|of| reported(&report, of)), [7_359, 0], "{report}");

    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(&partners).unwrap().records().map(Result::unwrap).collect();
    for at in ["2019-10-01", "2020-09-01", "2022-06-30", "2022-07-01"] {
        let day = at.replace('-', "");
        let list = platform.page(&format!("/api/v1/areas/ENG/practices?format=csv&at={at}")).await;
        let open: std::collections::BTreeSet<&str> =
            list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        let mut latest: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        for row in &rows {
            let (practice, network, joined, left) = (&row[0], &row[4], &row[8], &row[9]);
            let holds = joined <= day.as_str() && (left.is_empty() || left >= day.as_str());
            if holds && open.contains(practice) {
                let known = latest.entry(practice).or_insert((joined, network));
                *known = (*known).max((joined, network));
            }
        }
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, network) in latest.values() {
            *expected.entry(network).or_default() += 1;
        }
        let answer =
            platform.client().json(&format!("/api/v1/areas/ENG/areas?of=primary-care-network&at={at}")).await;
        let counted: BTreeMap<&str, u64> = answer["areas"]
            .as_array()
            .unwrap()
            .iter()
            .map(|area: &Value| (area["code"].as_str().unwrap(), area["practices"].as_u64().unwrap()))
            .collect();
        assert!(counted.len() > 1_000, "{at}: {}", counted.len());
        assert_eq!(counted, expected, "{at}");
    }

    let mut server = platform.server;
    assert!(server.process.stop().success());
    let events = all_of(&server.data().join("log.redb")).await;
    for day in ["2019-10-01", "2022-07-01", "2026-04-01"] {
        assert_same_hierarchy(&events, day.parse::<Day>().unwrap());
    }
}
