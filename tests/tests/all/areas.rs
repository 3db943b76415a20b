//! Areas by day: what they are called, which lies in which, and who took whose place.

use std::path::{Path, PathBuf};

use proto::Day;
use serde_json::{Value, json};
use whole_system::{Client, OneProcess, files, keys::issue, platform::until_shown};

use crate::{
    acceptance::all_of,
    access::assert_same_hierarchy,
    support::{import, reported},
};

/// A platform that files are given to, and a folder to write them in.
pub struct Platform {
    pub server: OneProcess,
    folder: tempfile::TempDir,
}

impl Platform {
    pub async fn empty() -> Self {
        Self { server: OneProcess::start().await, folder: tempfile::tempdir().unwrap() }
    }

    pub fn client(&self) -> &Client {
        &self.server.client
    }

    pub async fn import(&self, kind: &str, file: &Path, as_of: &str) -> String {
        import(&self.server.url(), self.client(), kind, file, as_of).await
    }

    /// Imports a file of some lines.
    pub async fn import_text(&self, kind: &str, text: &str, as_of: &str) -> String {
        let file = self.folder.path().join(format!("{kind}.csv"));
        std::fs::write(&file, text).unwrap();
        self.import(kind, &file, as_of).await
    }

    pub async fn area(&self, code: &str, at: &str) -> Value {
        self.client().json(&format!("/api/v1/areas/{code}?at={at}")).await
    }

    pub async fn page(&self, path: &str) -> String {
        let answer = self.client().get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }
}

/// A row of the practice file.
pub fn practice(code: &str, name: &str, region: &str, office: &str, commissioner: &str) -> String {
    let mut row = vec![String::new(); 27];
    for (place, value) in [
        (0, code),
        (1, name),
        (2, region),
        (3, office),
        (10, "19740401"),
        (12, "A"),
        (14, commissioner),
        (15, "20130401"),
        (25, "4"),
    ] {
        row[place] = format!("\"{value}\"");
    }
    row.join(",") + "\r\n"
}

pub fn names(of: &Value) -> Vec<(&str, &str)> {
    of.as_array()
        .unwrap()
        .iter()
        .map(|body| (body["code"].as_str().unwrap(), body["kind"].as_str().unwrap()))
        .collect()
}

fn code_and_kind(answer: &Value) -> (&str, &str) {
    (answer["name"].as_str().unwrap(), answer["kind"].as_str().unwrap())
}

const LOOKUP: &str = "\u{feff}SICBL23CD,SICBL23CDH,SICBL23NM,ICB23CD,ICB23CDH,ICB23NM,NHSER23CD,NHSER23CDH,NHSER23NM,ObjectId\n\
    E38999901,16X,NHS Northfield ICB - 16X,E54999901,QX1,NHS Northfield Integrated Care Board,E40999901,Y63,North East and Yorkshire,1\n\
    E38999902,16Y,NHS Northfield ICB - 16Y,E54999901,QX1,NHS Northfield Integrated Care Board,E40999901,Y63,North East and Yorkshire,2\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_called_what_they_were_called_on_the_day_asked_about() {
    let platform = Platform::empty().await;
    let rows = practice("A99001", "THE OLD SURGERY", "Y63", "QX1", "16X")
        + &practice("A99002", "THE OTHER SURGERY", "Y63", "QX1", "16Y");
    platform.import_text("practices", &rows, "2018-05-31").await;
    let renamed = practice("A99001", "THE NEW SURGERY", "Y63", "QX1", "16X")
        + &practice("A99002", "THE OTHER SURGERY", "Y63", "QX1", "16Y");
    platform.import_text("practices", &renamed, "2023-02-28").await;
    let report = platform.import_text("areas", LOOKUP, "2023-04-30").await;
    assert_eq!(["rows", "recorded", "rejected"].map(|of| reported(&report, of)), [2, 2, 0], "{report}");
    // Later, names alone; the year in the headings is another, and unknown columns stand between.
    let later =
        "ICB24CD,ICB24NM,Colour,ICB24CDH\nE54999901,NHS Northfield and Moor Integrated Care Board,blue,QX1\n";
    platform.import_text("areas", later, "2024-12-31").await;

    for (at, office, ccg, practice) in [
        ("2018-05-31", ("Local office QX1", "local-office"), ("CCG 16X", "ccg"), "THE OLD SURGERY"),
        ("2020-03-31", ("Local office QX1", "local-office"), ("CCG 16X", "ccg"), "THE OLD SURGERY"),
        ("2020-04-01", ("STP/ICS QX1", "stp-ics"), ("CCG 16X", "ccg"), "THE OLD SURGERY"),
        ("2022-06-30", ("STP/ICS QX1", "stp-ics"), ("CCG 16X", "ccg"), "THE OLD SURGERY"),
        (
            "2022-07-01",
            ("NHS Northfield Integrated Care Board", "integrated-care-board"),
            ("NHS Northfield ICB - 16X", "sub-icb-location"),
            "THE OLD SURGERY",
        ),
        (
            "2024-12-31",
            ("NHS Northfield and Moor Integrated Care Board", "integrated-care-board"),
            ("NHS Northfield ICB - 16X", "sub-icb-location"),
            "THE NEW SURGERY",
        ),
    ] {
        assert_eq!(code_and_kind(&platform.area("QX1", at).await), office, "{at}");
        assert_eq!(code_and_kind(&platform.area("16X", at).await), ccg, "{at}");
        let of_practice = platform.client().json(&format!("/api/v1/practices/A99001?at={at}")).await;
        assert_eq!(of_practice["name"], practice, "{at}");
        let list = platform.client().json(&format!("/api/v1/areas/16X/practices?at={at}")).await;
        assert_eq!(
            (&list["practices"][0]["name"], &list["practices"][0]["ccg_name"]),
            (&json!(practice), &json!(ccg.0))
        );
    }
    assert_eq!(platform.area("QX1", "2024-01-01").await["ons_code"], "E54999901");

    // The way down, on pages, in the API and in files.
    let region = platform.area("Y63", "2023-05-01").await;
    assert_eq!(names(&region["members"]), [("QX1", "integrated-care-board")]);
    assert_eq!(
        region["areas"],
        json!({ "integrated-care-board": 1, "sub-icb-location": 2, "primary-care-network": 0 })
    );
    let board = platform.area("QX1", "2023-05-01").await;
    assert_eq!(names(&board["members"]), [("16X", "sub-icb-location"), ("16Y", "sub-icb-location")]);
    let location = platform.area("16X", "2023-05-01").await;
    assert_eq!(
        names(&location["parents"]),
        [("QX1", "integrated-care-board"), ("Y63", "region"), ("ENG", "england")]
    );
    let before = platform.area("Y63", "2022-06-30").await;
    assert_eq!(names(&before["members"]), [("16X", "ccg"), ("16Y", "ccg")]);

    let page = platform.page("/areas/Y63?at=2023-05-01").await;
    assert!(page.contains("By integrated care board"), "{page}");
    let page = platform.page("/areas/Y63?at=2022-06-30").await;
    assert!(page.contains("By CCG") && !page.contains("ntegrated care board"), "{page}");
    let page = platform.page("/areas/16X?at=2023-05-01").await;
    assert!(page.contains("Sub-ICB location 16X") && page.contains("/areas/QX1?at=2023-05-01"), "{page}");
    let page = platform.page("/areas/QX1?at=2019-05-01").await;
    assert!(page.contains("Local office QX1"), "{page}");
    let page = platform.page("/practices/A99001?at=2023-05-01").await;
    assert!(
        page.contains("NHS Northfield Integrated Care Board") && page.contains("The New Surgery"),
        "{page}"
    );

    let heading = |text: String| text.trim_start_matches('\u{feff}').lines().next().unwrap().to_owned();
    for (at, expected) in
        [("2022-06-30", "ccg_code,ccg_name"), ("2022-07-01", "sub_icb_location_code,sub_icb_location_name")]
    {
        let csv = heading(platform.page(&format!("/api/v1/areas/Y63/practices?format=csv&at={at}")).await);
        assert!(csv.contains(expected), "{csv}");
    }
    let csv = platform.page("/api/v1/areas/Y63/areas?format=csv&at=2023-05-01").await;
    assert!(heading(csv.clone()).contains(",integrated_care_board,"), "{csv}");
    assert!(csv.contains("QX1,NHS Northfield Integrated Care Board,integrated-care-board,"), "{csv}");

    // Found by today's name, by a former one, and by either code.
    for question in ["northfield and moor", "E54999901", "qx1"] {
        let found =
            platform.client().json(&format!("/api/v1/search?q={}", question.replace(' ', "%20"))).await;
        assert!(
            found["results"].as_array().unwrap().iter().any(|found| found["code"] == "QX1"),
            "{question}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_areas_can_be_tried_repeated_and_withdrawn() {
    let platform = Platform::empty().await;
    let rows = practice("A99001", "THE SURGERY", "Y63", "QX1", "16X");
    platform.import_text("practices", &rows, "2023-02-28").await;
    let dry = platform
        .client()
        .post_file("/api/v1/organisations/imports/areas?as_of=2023-04-30&dry_run=true", LOOKUP)
        .await;
    assert_eq!((dry.status.as_u16(), &dry.json()["recorded"]), (200, &json!(2)), "{}", dry.text());
    assert_eq!(code_and_kind(&platform.area("QX1", "2023-05-01").await).0, "Integrated care board QX1");

    platform.import_text("areas", LOOKUP, "2023-04-30").await;
    let again = platform.import_text("areas", LOOKUP, "2023-06-30").await;
    assert_eq!(["recorded", "unchanged"].map(|of| reported(&again, of)), [0, 2], "{again}");
    // An older list may come later.
    let older = "ICB22CDH,ICB22NM\nQX1,NHS Old Northfield Integrated Care Board\n";
    platform.import_text("areas", older, "2022-07-31").await;
    assert_eq!(
        code_and_kind(&platform.area("QX1", "2022-08-01").await).0,
        "NHS Old Northfield Integrated Care Board"
    );
    assert_eq!(
        code_and_kind(&platform.area("QX1", "2023-05-01").await).0,
        "NHS Northfield Integrated Care Board"
    );

    let imports = platform.client().json("/api/v1/organisations/imports").await;
    let first = imports.as_array().unwrap().iter().find(|import| import["as_of"] == "2023-04-30").unwrap();
    assert_eq!((&first["kind"], &first["finished"]), (&json!("areas"), &json!(true)));
    let path = format!("/api/v1/organisations/imports/{}/withdraw", first["id"].as_str().unwrap());
    let withdrawn = platform.client().post(&path, &json!({ "reason": "the wrong date" })).await;
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.text());
    until_shown(platform.client(), withdrawn.json()["position"].as_u64().unwrap()).await;
    // What the later list confirmed stands from its date on, of the board above, too.
    assert_eq!(
        code_and_kind(&platform.area("QX1", "2023-05-01").await).0,
        "NHS Old Northfield Integrated Care Board"
    );
    assert_eq!(
        code_and_kind(&platform.area("QX1", "2023-06-30").await).0,
        "NHS Northfield Integrated Care Board"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_names_no_area_and_rows_that_contradict_each_other_are_refused() {
    let platform = Platform::empty().await;
    let refused = async |text: &'static str| {
        let answer =
            platform.client().post_file("/api/v1/organisations/imports/areas?as_of=2023-04-30", text).await;
        (answer.status.as_u16(), answer.text())
    };
    let (status, text) = refused("Colour,Shape\nblue,round\n").await;
    assert!(status == 400 && text.contains("ICB24CDH"), "{text}");
    let (status, text) = refused(
        "ICB24CDH,ICB24NM\nQX1,NHS Northfield Integrated Care Board\nQX1,NHS Southfield Integrated Care Board\n",
    )
    .await;
    assert!(status == 200 && text.contains("an earlier row gives QX1 another name"), "{text}");
    let (status, text) =
        refused("ICB24CD,ICB24CDH,ICB24NM\nE5499,QX2,NHS Northfield Integrated Care Board\n").await;
    assert!(status == 200 && text.contains("a letter and eight digits"), "{text}");
    let answer = platform
        .client()
        .post_file(
            "/api/v1/organisations/imports/successions?as_of=2023-04-30",
            "Predecessor,Successor,Date\nQX1,QX1,2024-04-01\nQX1,QX2,\n",
        )
        .await;
    let text = answer.text();
    assert!(text.contains("does not take its own place") && text.contains("the date is missing"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_succession_moves_practices_to_the_successor_from_its_day_on() {
    let platform = Platform::empty().await;
    let rows = practice("A99001", "FIRST", "Y56", "QMJ", "93C")
        + &practice("A99002", "SECOND", "Y56", "QRV", "W2U3Z")
        + &practice("A99003", "THIRD", "Y61", "QM7", "07H")
        + &practice("A99004", "FOURTH", "Y59", "QNQ", "D4U1Y")
        + &practice("A99005", "FIFTH", "Y63", "QX1", "16X");
    platform.import_text("practices", &rows, "2026-02-28").await;
    // One more, announced before its day.
    let announced = "Predecessor,Successor,Date\nQX1,QX2,1 September 2026\n";
    let report = platform.import_text("successions", announced, "2026-06-30").await;
    assert_eq!(reported(&report, "recorded"), 1, "{report}");

    for (at, expected) in [
        (
            "2026-03-31",
            [("QMJ", 1), ("QRV", 1), ("Z9B2Z", 0), ("QM7", 1), ("D7T5G", 0), ("QNQ", 1), ("QX1", 1)],
        ),
        (
            "2026-04-01",
            [("QMJ", 0), ("QRV", 0), ("Z9B2Z", 2), ("QM7", 0), ("D7T5G", 1), ("QNQ", 0), ("QX1", 1)],
        ),
        (
            "2026-09-01",
            [("QMJ", 0), ("QRV", 0), ("Z9B2Z", 2), ("QM7", 0), ("D7T5G", 1), ("QNQ", 0), ("QX1", 0)],
        ),
    ] {
        for (code, practices) in expected {
            assert_eq!(platform.area(code, at).await["practices"], practices, "{code} on {at}");
        }
    }
    assert_eq!(platform.area("QX2", "2026-09-01").await["practices"], 1);
    // A later list that tells of it again outlives the first.
    let again = platform.import_text("successions", announced, "2026-07-31").await;
    assert_eq!(["recorded", "unchanged"].map(|of| reported(&again, of)), [0, 1], "{again}");
    let imports = platform.client().json("/api/v1/organisations/imports").await;
    let first = imports.as_array().unwrap().iter().find(|import| import["as_of"] == "2026-06-30").unwrap();
    let path = format!("/api/v1/organisations/imports/{}/withdraw", first["id"].as_str().unwrap());
    let withdrawn = platform.client().post(&path, &json!({ "reason": "told again" })).await;
    until_shown(platform.client(), withdrawn.json()["position"].as_u64().unwrap()).await;
    assert_eq!(platform.area("QX2", "2026-09-01").await["practices"], 1);

    // What both say of it.
    let ended = platform.area("QMJ", "2026-04-01").await;
    assert_eq!(ended["closed"], "2026-03-31");
    assert_eq!(names(&ended["succeeded_by"]), [("Z9B2Z", "integrated-care-board")]);
    assert_eq!(ended["succeeded_by"][0]["on"], "2026-04-01");
    let begun = platform.area("Z9B2Z", "2026-04-01").await;
    assert_eq!(begun["name"], "NHS West and North London Integrated Care Board");
    assert_eq!(begun["ons_code"], "E54000071");
    assert_eq!(
        names(&begun["formed_from"]),
        [("QMJ", "integrated-care-board"), ("QRV", "integrated-care-board")]
    );
    let page = platform.page("/areas/QMJ?at=2026-04-01").await;
    assert!(
        page.contains("Until 31 March 2026; succeeded by") && page.contains("West and North London"),
        "{page}"
    );
    let page = platform.page("/areas/QNQ?at=2026-04-01").await;
    assert!(page.contains("Until 31 March 2026; divided between"), "{page}");

    // Of a divided board it is not known yet where a practice went: it stands directly in its region.
    let region = platform.area("Y59", "2026-04-01").await;
    assert_eq!(names(&region["members"]), [("D4U1Y", "sub-icb-location")]);

    // Roles are held at bodies that a list names.
    let list = "SICBL24CDH,SICBL24NM,ICB24CDH,ICB24NM\n\
        93C,NHS North Central London ICB - 93C,QMJ,NHS North Central London Integrated Care Board\n\
        16X,NHS Northfield ICB - 16X,QX1,NHS Northfield Integrated Care Board\n\
        ,,QX2,NHS Northfield and Moor Integrated Care Board\n";
    platform.import_text("areas", list, "2026-06-30").await;
    // A role at the board before opens nothing any more; one at the successor does.
    for (role_at, practice, status) in [
        ("Z9B2Z", "A99001", 200),
        ("Z9B2Z", "A99002", 200),
        ("Z9B2Z", "A99003", 404),
        ("QMJ", "A99001", 404),
        ("D7T5G", "A99003", 200),
        ("QX2", "A99005", 200),
        ("16X", "A99005", 200),
    ] {
        let key = issue(platform.client(), "ccg-officer", role_at).await;
        let path = format!("/api/v1/practices/{practice}");
        let answer = platform.client().with_key(&key).get(&path).await;
        assert_eq!(answer.status, status, "{role_at} at {path}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_today_make_boards_locations_and_practices_of_england() {
    let file = |name: &str| -> Option<PathBuf> { files::public(name) };
    let (Some(of_2023), Some(of_2026), Some(lookup), Some(boards)) = (
        file("ods/epraccur_2023-02.csv"),
        file("ods/epraccur_2026-02.csv"),
        file("ons/sicbl_icb_region_2023-04.csv"),
        file("ons/icb_names_codes_dec_2024.csv"),
    ) else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("practices", &of_2023, "2023-02-28").await;
    platform.import("practices", &of_2026, "2026-02-28").await;
    let report = platform.import("areas", &lookup, "2023-04-30").await;
    assert_eq!(["rows", "recorded", "rejected"].map(|of| reported(&report, of)), [106, 106, 0], "{report}");
    let report = platform.import("areas", &boards, "2024-12-31").await;
    assert_eq!(["rows", "rejected"].map(|of| reported(&report, of)), [42, 0], "{report}");

    for (at, boards) in [("2023-02-28", 42), ("2026-02-28", 42), ("2026-03-31", 42), ("2026-04-01", 36)] {
        let england = platform.area("ENG", at).await;
        assert_eq!(england["areas"]["region"], 7, "{at}");
        assert_eq!(england["areas"]["integrated-care-board"], boards, "{at}");
        assert_eq!(england["areas"]["sub-icb-location"], 106, "{at}");
        // Every practice is below one region, and in it below one board or, of a board that was divided, its location.
        let mut below = 0;
        for region in england["members"].as_array().unwrap() {
            let region = platform.area(region["code"].as_str().unwrap(), at).await;
            let members = region["members"].as_array().unwrap();
            let practices: u64 = members.iter().map(|member| member["practices"].as_u64().unwrap()).sum();
            assert_eq!(practices, region["practices"].as_u64().unwrap(), "{} on {at}", region["code"]);
            below += practices;
        }
        assert_eq!(below, england["practices"].as_u64().unwrap(), "{at}");
    }
    assert_eq!(platform.area("ENG", "2026-02-28").await["practices"], 6_207);
    assert_eq!(
        platform.area("QRV", "2026-02-28").await["name"],
        "NHS North West London Integrated Care Board"
    );
    let after = platform.area("Z9B2Z", "2026-04-01").await["practices"].as_u64().unwrap();
    let mut before = 0;
    for code in ["QMJ", "QRV"] {
        before += platform.area(code, "2026-03-31").await["practices"].as_u64().unwrap();
    }
    assert_eq!(after, before);

    let mut server = platform.server;
    assert!(server.process.stop().success());
    let events = all_of(&server.data().join("log.redb")).await;
    for day in ["2023-02-28", "2026-03-31", "2026-04-01"] {
        assert_same_hierarchy(&events, day.parse::<Day>().unwrap());
    }
}
