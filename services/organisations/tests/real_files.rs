//! The national files as published, imported one after the other.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use proto::{
    Event,
    organisations::{OrganisationEvent, OrganisationKind},
};
use support::{World, public_file};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_practice_file_yields_just_what_it_shows_anew() {
    let (Some(may), Some(november)) =
        (public_file("ods/epraccur_2018-05.csv"), public_file("ods/epraccur_2019-11.csv"))
    else {
        return;
    };
    let world = World::new().await;
    let report = world.import_well("practices", "2018-05-31", may.clone()).await;
    assert_eq!(report["rows"], 13_809);
    assert_eq!(report["recorded"], 8_189);
    assert_eq!(report["skipped"]["not a general practice"], 5_620);
    assert_eq!(report["rejected"], 0);
    // Of those that are something else it is kept that they are; and that the file was read to its end.
    assert_eq!(world.head().await.0, 11_331 + 1);

    let again = world.import_well("practices", "2018-05-31", may.clone()).await;
    assert_eq!((&again["recorded"], &again["unchanged"]), (&0.into(), &8_189.into()));

    // What an obvious comparison of the two files says.
    let (listed, amended, unchanged) = differences(&may, &november);
    let report = world.import_well("practices", "2019-11-30", november.clone()).await;
    assert_eq!(report["recorded"], listed + amended);
    assert_eq!(report["unchanged"], unchanged);
    assert_eq!((listed, amended), (17, 5_104));

    let (mut counted_listed, mut counted_amended, mut counted_others, mut files_read) = (0, 0, 0, 0);
    for (_, event) in world.events().await.split_off(11_331 + 1) {
        match event {
            Event::Organisation(OrganisationEvent::PracticeListed(_)) => counted_listed += 1,
            Event::Organisation(OrganisationEvent::PracticeAmended(_)) => counted_amended += 1,
            Event::Organisation(OrganisationEvent::PrescriberListed(_)) => counted_others += 1,
            Event::Organisation(OrganisationEvent::FileImported(_)) => files_read += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((counted_listed, counted_amended, files_read), (listed, amended, 1));

    let world = world.restart().await;
    let again = world.import_well("practices", "2019-11-30", november).await;
    assert_eq!(again["recorded"], 0);
    let (status, problem) = world.import("practices", "2018-05-31", may).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("2019-11-30"), "{problem}");
    // Two files were read to their end; again, each says nothing new.
    assert_eq!(world.head().await.0, 11_331 + listed + amended + counted_others + 2);
}

/// New, different and same practices of the second file against the first.
fn differences(first: &[u8], second: &[u8]) -> (u64, u64, u64) {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = |file: &[u8]| -> BTreeMap<String, Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
        let used = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 25];
        reader
            .records()
            .map(Result::unwrap)
            .map(|row| (row[0].to_owned(), used.iter().map(|column| tidy(&row[*column])).collect()))
            .collect()
    };
    let setting = |row: &Vec<String>| row.last().unwrap() == "4";
    // Where a line of the address stands does not count.
    let compared = |row: &Vec<String>| {
        let address: Vec<String> = row[3..8].iter().filter(|line| !line.is_empty()).cloned().collect();
        (row[..3].to_vec(), address, row[8..].to_vec())
    };
    let first: BTreeMap<_, _> = rows(first).into_iter().filter(|(_, row)| setting(row)).collect();
    let (mut listed, mut amended, mut unchanged) = (0, 0, 0);
    for (code, row) in rows(second) {
        match first.get(&code) {
            None if setting(&row) => listed += 1,
            None => {}
            Some(before) if compared(before) != compared(&row) => amended += 1,
            Some(_) => unchanged += 1,
        }
    }
    (listed, amended, unchanged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_registers_are_read_row_by_row() {
    let files = [
        ("regions", "2017-08-31", "ods/eauth_2017-08.csv", 31, 31),
        ("regions", "2018-11-30", "ods/eauth_2018-11.csv", 36, 14),
        ("ccgs", "2018-11-30", "ods/eccg_2018-11.csv", 242, 242),
        ("trusts", "2015-09-30", "ods/etr_2015-09.csv", 241, 241),
    ];
    let world = World::new().await;
    for (kind, as_of, path, rows, recorded) in files {
        let Some(file) = public_file(path) else { return };
        let report = world.import_well(kind, as_of, file.clone()).await;
        assert_eq!(
            (&report["rows"], &report["recorded"], &report["rejected"]),
            (&rows.into(), &recorded.into(), &0.into()),
            "{path}: {report}"
        );
        let again = world.import_well(kind, as_of, file).await;
        assert_eq!(again["recorded"], 0, "{path}");
    }
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for (_, event) in world.events().await {
        if let Event::Organisation(OrganisationEvent::OrganisationListed(listed)) = event {
            *kinds.entry(format!("{:?}", listed.listing.kind)).or_default() += 1;
        }
    }
    let count = |kind: OrganisationKind| kinds[&format!("{kind:?}")];
    assert_eq!(count(OrganisationKind::Ccg), 213);
    assert_eq!(count(OrganisationKind::CommissioningHub), 29);
    assert_eq!(count(OrganisationKind::Region), 6);
    assert_eq!(count(OrganisationKind::LocalOffice), 19);
    assert_eq!(count(OrganisationKind::Trust), 241);
    assert_eq!(count(OrganisationKind::Other), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_today_are_read_row_by_row() {
    let world = World::set_to("2026-03-01T12:00:00Z").await;
    for (kind, as_of, path, recorded) in [
        ("practices", "2026-02-28", "ods/epraccur_2026-02.csv", 8_189),
        ("ccgs", "2025-12-29", "ods/eccg_2025-12.csv", 320),
        ("trusts", "2025-12-29", "ods/etr_2025-12.csv", 273),
    ] {
        let Some(file) = public_file(path) else { return };
        let report = world.import_well(kind, as_of, file).await;
        assert_eq!(report["rejected"], 0, "{path}: {report}");
        assert_eq!(report["recorded"], recorded, "{path}: {report}");
    }
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for (_, event) in world.events().await {
        if let Event::Organisation(OrganisationEvent::OrganisationListed(listed)) = event {
            *kinds.entry(format!("{:?}", listed.listing.kind)).or_default() += 1;
        }
    }
    let count = |kind: OrganisationKind| kinds.get(&format!("{kind:?}")).copied().unwrap_or_default();
    assert_eq!(count(OrganisationKind::Ccg), 142 + 94 + 6 + 3 + 3);
    assert_eq!(count(OrganisationKind::CommissioningHub), 19 + 16);
    assert_eq!(count(OrganisationKind::Other), 37);
    assert_eq!(count(OrganisationKind::Trust), 273);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memberships_and_list_sizes_join_practices_that_are_known() {
    let (Some(practices), Some(memberships), Some(sizes)) = (
        public_file("ods/epraccur_2018-05.csv"),
        public_file("ods/epcmem_2019-08.csv"),
        public_file("practices/nhs_payments_gp_17-18.csv"),
    ) else {
        return;
    };
    let world = World::new().await;
    world.import_well("practices", "2018-05-31", practices).await;

    let report = world.import_well("memberships", "2019-08-31", memberships.clone()).await;
    assert_eq!(report["rows"], 47_822);
    assert_eq!(report["recorded"], 31_006);
    assert_eq!(report["skipped"]["the practice is not known"], 47_822 - 31_006);
    let again = world.import_well("memberships", "2019-08-31", memberships).await;
    assert_eq!((&again["recorded"], &again["unchanged"]), (&0.into(), &31_006.into()));

    let report = world.import_well("list-sizes", "2018-03-31", sizes.clone()).await;
    assert_eq!((&report["rows"], &report["rejected"]), (&7_543.into(), &0.into()));
    let again = world.import_well("list-sizes", "2018-03-31", sizes).await;
    assert_eq!(again["recorded"], 0);

    let (status, view) = world.get("/api/v1/organisations/a81001").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(view["registered_patients"]["shows"], 4_114);
    assert_eq!(view["practice"]["as_of"], "2018-05-31");
    let parents: Vec<&str> = view["memberships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| known["parent"].as_str().unwrap())
        .collect();
    assert_eq!(parents, ["4QP36", "5E1", "00K"]);
}
