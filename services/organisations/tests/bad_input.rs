//! What people send by mistake, and what goes wrong on the way.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use bytes::Bytes;
use serde_json::Value;
use support::{World, practice, standard};

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap_or_default()
}

/// The problem of one row, as `line column: detail`.
fn problems(report: &Value) -> Vec<String> {
    let text = |problem: &Value| {
        let part = |name: &str| problem[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} [{}]: {}", problem["line"], part("column"), part("value"), part("detail"))
    };
    report["problems"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn a_bad_row_is_named_by_line_and_column_and_the_others_land() {
    let cases: [(&[(usize, &str)], &str); 8] = [
        (&[(10, "31/02/2018")], "2 11 (open date) [31/02/2018]: “31/02/2018” is not a date"),
        (&[(11, "20180231")], "2 12 (close date) [20180231]"),
        (&[(12, "X")], "2 13 (status) [X]: the status is A or ACTIVE"),
        (&[(12, "")], "2 13 (status) []"),
        (
            &[(0, "2006-04-01")],
            "2 1 (organisation code) [2006-04-01]: a spreadsheet has changed this code into a date",
        ),
        (&[(14, "0 0K")], "2 15 (commissioner) [0 0K]"),
        (&[(25, "GP")], "2 26 (prescribing setting) [GP]"),
        (&[(1, " ")], "2 2 (name) []: the name is missing"),
    ];
    for (change, expected) in cases {
        let world = World::new().await;
        let mut bad = vec![(0, "A81002"), (1, "BAD"), (12, "A"), (25, "4")];
        bad.extend_from_slice(change);
        let file = practice("A81001", "FIRST") + &standard(&bad) + &practice("A81003", "LAST");
        let report = world.import_well("practices", "2018-05-31", file).await;
        assert_eq!((&report["recorded"], &report["rejected"]), (&2.into(), &1.into()), "{expected}");
        let found = problems(&report);
        assert!(found[0].starts_with(expected), "{found:?}, expected {expected}");
    }
}

#[tokio::test]
async fn words_roles_and_codes_of_today_are_read() {
    let world = World::new().await;
    let row = |code: &str, status: &str, roles: &str, commissioner: &str| {
        let name = format!("EXAMPLE {code}");
        standard(&[(0, code), (1, &name), (12, status), (14, commissioner), (25, roles)])
    };
    // The first row has no setting, and the file is the right one all the same.
    let file = row("A99105", "Active", "", "16C")
        + &row("A99101", "ACTIVE", "RO76", "16C")
        + &row("A99102", "inactive", "RO76|RO268", "W2U3Z")
        + &row("A99103", "Dormant", "|RO268||RO76|", "16C")
        + &row("A99104", "PROPOSED", "RO80|RO87", "16C")
        + &row("W99101", "ACTIVE", "RO76", "7A6");
    let report = world.import_well("practices", "2024-02-20", file.clone()).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&4.into(), &0.into()), "{report}");
    assert_eq!(report["skipped"]["not a general practice"], 1, "{report}");
    assert_eq!(report["skipped"]["no prescribing setting, so not shown as a general practice"], 1);
    let again = world.import_well("practices", "2024-02-20", file).await;
    assert_eq!((&again["recorded"], &again["unchanged"]), (&0.into(), &4.into()), "{again}");
    let (_, practices) = world.get("/api/v1/organisations?kind=practice").await;
    let listed: Vec<&str> = practices["organisations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["code"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["A99101", "A99102", "A99103"]);

    let body = |code: &str, name: &str, roles: &str| standard(&[(0, code), (1, name), (13, roles)]);
    let ccgs = body("W2U3Z", "NHS EXAMPLE ICB - W2U3Z", "RO319|RO326")
        + &body("00C", "NHS EXAMPLE CCG", "")
        + &body("16C", "NHS EXAMPLE ICB - 16C", "RO326")
        + &body("13Q", "EXAMPLE HUB", "RO218")
        + &body("A4R1E", "EXAMPLE ENTITY", "RO327")
        + &body("7A4", "EXAMPLE BOARD OF WALES", "");
    assert_eq!(world.import_well("ccgs", "2024-02-20", ccgs).await["recorded"], 6);
    let regions = body("S9Z9J", "NHS EXAMPLE INTEGRATED CARE BOARD", "") + &body("Y99", "EXAMPLE REGION", "");
    assert_eq!(world.import_well("regions", "2024-02-20", regions).await["recorded"], 2);
    let trusts = body("G9V9S", "EXAMPLE NHS FOUNDATION TRUST", "") + &body("R9A", "EXAMPLE NHS TRUST", "");
    let (status, _) = world.import("regions", "2024-02-20", trusts.clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(world.import_well("trusts", "2024-02-20", trusts).await["recorded"], 2);
    for (code, kind) in [
        ("W2U3Z", "ccg"),
        ("00C", "ccg"),
        ("16C", "ccg"),
        ("13Q", "commissioning-hub"),
        ("A4R1E", "other"),
        ("7A4", "other"),
        ("S9Z9J", "local-office"),
        ("Y99", "region"),
        ("G9V9S", "trust"),
    ] {
        let (_, view) = world.get(&format!("/api/v1/organisations/{code}")).await;
        assert_eq!(view["body"]["shows"]["kind"], kind, "{code}");
    }
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_whole() {
    let ccg = standard(&[(0, "00C"), (1, "NHS DARLINGTON CCG"), (13, "C")]);
    let region = standard(&[(0, "Y54"), (1, "NORTH OF ENGLAND")]);
    let trust = standard(&[(0, "R1A"), (1, "WORCESTERSHIRE HEALTH AND CARE NHS TRUST")]);
    let gp = practice("A81001", "FIRST");
    let member = "\"A81001\",\"00K\",\"W\",\"20130401\",\"\",\"0\"\r\n".to_owned();
    let results =
        "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector,CCG\nX,A81001,,,,\n"
            .to_owned();
    let payments =
        "Practice Code,Number of Registered Patients (Last Known Figure)\nA81001,4114\n".to_owned();
    let files = [
        ("ccgs", ccg),
        ("regions", region),
        ("trusts", trust),
        ("practices", gp),
        ("memberships", member),
        ("list-sizes", payments),
        ("results", results),
    ];
    let world = World::new().await;
    for (kind, _) in &files[..6] {
        for (of, file) in &files {
            if kind == of {
                continue;
            }
            let (status, problem) = world.import(kind, "2018-05-31", file.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{of} as {kind}: {problem}");
            assert!(
                detail(&problem).contains("not a file of the expected layout"),
                "{of} as {kind}: {problem}"
            );
        }
    }
    assert_eq!(world.head().await.0, 0);
    for (kind, file) in &files[..6] {
        world.import_well(kind, "2018-05-31", file.clone()).await;
    }
}

#[tokio::test]
async fn register_files_whose_blank_last_columns_a_spreadsheet_dropped_are_read() {
    let cut = |columns: usize, values: &[(usize, &str)]| {
        let row = standard(values);
        row.trim_end().split(',').take(columns).collect::<Vec<_>>().join(",") + "\r\n"
    };
    let ccg = |code: &str| cut(14, &[(0, code), (1, "NHS DARLINGTON CCG"), (10, "20130401"), (13, "C")]);
    let region = cut(13, &[(0, "Y54"), (1, "NORTH OF ENGLAND"), (10, "20130401"), (12, "A")]);
    let trust = cut(12, &[(0, "R1A"), (1, "WORCESTERSHIRE HEALTH AND CARE NHS TRUST"), (11, "20180401")]);
    let files = [
        ("ccgs", ccg("00C") + &ccg("00D"), 2),
        ("regions", region.clone(), 1),
        ("trusts", trust, 1),
        ("areas", region, 1),
    ];
    let world = World::new().await;
    for (kind, file, _) in &files[..3] {
        for (of, ..) in files[..3].iter().filter(|(of, ..)| of != kind) {
            let (status, problem) = world.import(of, "2018-05-31", file.clone()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{kind} as {of}: {problem}");
        }
    }
    for (kind, file, rows) in files {
        let report = world.import_well(kind, "2018-05-31", file).await;
        assert_eq!((&report["rows"], &report["rejected"]), (&rows.into(), &0.into()), "{kind}: {report}");
    }
    let other = "Example Code,A,B,C,D,E,F,G,H,I,J,K,L\r\nX,a,b,c,d,e,f,g,h,i,j,k,l\r\n".to_owned();
    let (status, problem) = world.import("ccgs", "2018-05-31", other).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn a_request_that_cannot_be_understood_says_what_is_accepted() {
    let world = World::new().await;
    for (uri, status, says) in [
        ("/imports/hospitals?as_of=2018-05-31", 404, "the kinds are practices, ccgs, regions"),
        ("/imports/practices", 400, "for example ?as_of=2018-05-31"),
        ("/imports/practices?as_of=31/02/2018", 400, "query parameter"),
        ("/imports/practices?as_of=2018-02-31", 400, "query parameter"),
        ("/imports/practices?as_of=2150-01-01", 400, "is in the future"),
        ("/imports/practices?as_of=2018-05-31&dry_run=maybe", 400, "query parameter"),
        ("/imports/practices?as_of=2018-05-31&dryrun=true", 400, "query parameter"),
    ] {
        let uri = format!("/api/v1/organisations{uri}");
        let (found, problem) = world.send(Method::POST, &uri, &[], Body::from(practice("A81001", "X"))).await;
        assert_eq!(found.as_u16(), status, "{uri}: {problem}");
        assert!(problem.to_string().contains(says), "{uri}: {problem}");
    }
    let uri = "/api/v1/organisations/imports/practices?as_of=2018-05-31";
    let (status, _) = world.send(Method::POST, uri, &[("import-id", "seven")], Body::empty()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(world.head().await.0, 0);
}

/// Archives are made and refused in every way where they are read; here they come in over the API.
#[tokio::test]
async fn a_zip_archive_with_one_csv_file_is_read_as_the_file_in_it() {
    let world = World::new().await;
    let archive = |files: &[(&str, &str)]| {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        chassis::testing::zip_archive(&files)
    };
    let rows = practice("A81001", "FIRST") + &practice("A81002", "SECOND");
    let report = world.import_well("practices", "2018-05-31", archive(&[("epraccur.csv", &rows)])).await;
    assert_eq!(
        (&report["rows"], &report["recorded"], &report["rejected"]),
        (&2.into(), &2.into(), &0.into())
    );
    let (status, problem) =
        world.import("practices", "2018-06-30", archive(&[("a.csv", &rows), ("b.csv", &rows)])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&problem).contains("it holds 2 CSV files"), "{problem}");
    assert_eq!(world.head().await.0, 3, "of a refused archive nothing is written");
}

#[tokio::test]
async fn empty_binary_and_utf16_files_each_get_their_answer() {
    let world = World::new().await;
    for (file, says) in [
        (Vec::new(), "the file is empty"),
        (b"PK\x03\x04....".to_vec(), "save it as CSV"),
        (vec![0; 10_000], "save it as CSV"),
    ] {
        let (status, problem) = world.import("practices", "2018-05-31", file).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(detail(&problem).contains(says), "{problem}");
    }
    let utf16: Vec<u8> = format!("\u{feff}{}", practice("A81001", "CAFÉ  SURGERY"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    world.import_well("practices", "2018-05-31", utf16).await;
    let (_, view) = world.get("/api/v1/organisations/A81001").await;
    assert_eq!(view["practice"]["shows"]["name"], "CAFÉ SURGERY");
    let latin1 = practice("A81002", "CAF\u{c9} SURGERY").chars().map(|c| c as u8).collect::<Vec<u8>>();
    world.import_well("practices", "2018-05-31", latin1).await;
    let (_, view) = world.get("/api/v1/organisations/A81002").await;
    assert_eq!(view["practice"]["shows"]["name"], "CAFÉ SURGERY");
}

#[tokio::test]
async fn a_line_of_300_megabytes_and_half_a_row_cost_themselves_only() {
    let world = World::new().await;
    let megabyte = Bytes::from(vec![b'x'; 1024 * 1024]);
    let chunks = std::iter::once(Bytes::from(practice("A81001", "FIRST") + "\"A81002\",\""))
        .chain(std::iter::repeat_n(megabyte, 300))
        .chain([Bytes::from("\r\n".to_owned() + &practice("A81003", "LAST") + "\"A81004\",\"HALF")]);
    let body = Body::from_stream(futures::stream::iter(chunks.map(Ok::<_, std::io::Error>)));
    let report = world.import_well("practices", "2018-05-31", body).await;
    assert_eq!((&report["rows"], &report["recorded"]), (&4.into(), &2.into()));
    let found = problems(&report);
    assert!(found[0].starts_with("2 - [-]: the row is longer than 65536 bytes"), "{found:?}");
    assert!(found[1].starts_with("4 - [-]: the file ends within this row"), "{found:?}");
}

#[tokio::test]
async fn a_code_that_stands_twice_counts_once() {
    let world = World::new().await;
    let file = practice("A81001", "FIRST") + &practice("a81001 ", "SECOND");
    let report = world.import_well("practices", "2018-05-31", file).await;
    assert_eq!(
        problems(&report),
        ["2 1 (organisation code) [a81001]: the same code stands on line 1 already; the first one counts"]
    );
    let (_, view) = world.get("/api/v1/organisations/A81001").await;
    assert_eq!(view["practice"]["shows"]["name"], "FIRST");

    let row = |parent: &str, joined: &str| format!("A81001,{parent},W,{joined},,0\n");
    let file =
        row("00K", "20130401") + &row("5E1", "20130401") + &row("00K", "20180401") + &row("00K", "20130401");
    let report = world.import_well("memberships", "2019-08-31", file).await;
    assert_eq!((&report["recorded"], &report["rejected"]), (&3.into(), &1.into()));
}

#[tokio::test]
async fn files_are_imported_oldest_first() {
    let world = World::new().await;
    world.import_well("practices", "2019-11-30", practice("A81001", "NEW")).await;
    let (status, problem) = world.import("practices", "2018-05-31", practice("A81001", "OLD")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        detail(&problem),
        "the log holds practices as of 2019-11-30, and this file is of 2018-05-31; import files oldest first"
    );
    // Each kind has dates of its own.
    world
        .import_well("ccgs", "2018-11-30", standard(&[(0, "00C"), (1, "NHS DARLINGTON CCG"), (13, "C")]))
        .await;
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let world = World::new().await;
    let uri = "/api/v1/organisations/imports/practices?as_of=2018-05-31&dry_run=true";
    let file =
        practice("A81001", "FIRST") + &standard(&[(0, "A81002"), (1, "HOSPITAL"), (12, "A"), (25, "10")]);
    let (status, report) = world.send(Method::POST, uri, &[], Body::from(file)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&report["dry_run"], &report["recorded"]), (&true.into(), &1.into()));
    assert_eq!(report["skipped"]["not a general practice"], 1);
    assert_eq!(world.head().await.0, 0);
}

#[tokio::test]
async fn the_same_import_sent_again_writes_nothing_and_gives_the_same_answer() {
    let world = World::new().await;
    let id = [("import-id", "6c1f0d4e-3f4b-4a55-9d3c-0a8f4f1f2a10")];
    let uri = "/api/v1/organisations/imports/practices?as_of=2018-05-31";
    let file = practice("A81001", "FIRST") + &practice("A81002", "SECOND");
    let (_, mut first) = world.send(Method::POST, uri, &id, Body::from(file.clone())).await;
    let (_, mut second) = world.send(Method::POST, uri, &id, Body::from(file)).await;
    for report in [&mut first, &mut second] {
        report.as_object_mut().unwrap().remove("duration_ms");
    }
    assert_eq!(first, second);
    // Two rows, and that the file was read to its end.
    assert_eq!(world.head().await.0, 3);
    // Another file under the same id is not taken for the first one.
    world.send(Method::POST, uri, &id, Body::from(practice("A81001", "OTHER"))).await;
    assert_eq!(world.head().await.0, 4);
    let (status, progress) = world.get(&format!("/api/v1/organisations/imports/{}", id[0].1)).await;
    assert_eq!((status, &progress["state"]), (StatusCode::OK, &"finished".into()));
}

#[tokio::test]
async fn an_upload_cut_off_in_the_middle_leaves_the_rows_so_far() {
    let world = World::new().await;
    let rows: String = (0..100).map(|number| practice(&format!("A{number:05}"), "NAME")).collect();
    let chunks = vec![Ok(Bytes::from(rows + "\"A99")), Err(std::io::Error::other("connection reset"))];
    let uri = "/api/v1/organisations/imports/practices?as_of=2018-05-31";
    let id = [("import-id", "6c1f0d4e-3f4b-4a55-9d3c-0a8f4f1f2a11")];
    let (status, problem) =
        world.send(Method::POST, uri, &id, Body::from_stream(futures::stream::iter(chunks))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(detail(&problem).contains("100 rows were recorded"), "{problem}");
    let (_, progress) = world.get(&format!("/api/v1/organisations/imports/{}", id[0].1)).await;
    assert_eq!((&progress["state"], &progress["recorded"]), (&"interrupted".into(), &100.into()));
}

#[tokio::test]
async fn list_sizes_are_rounded_and_blank_ones_passed_over() {
    let world = World::new().await;
    let practices: String = ["A81001", "A81002", "A81003", "A81004"].map(|code| practice(code, "X")).concat();
    world.import_well("practices", "2018-05-31", practices).await;
    let file = "ODS Code,\"Number of Registered Patients\r\n(mean of quarters)\"\nA81001,4114.5\nA81002,\nA81003,many\nA81004,\"12,345\"\nA99999,1\n";
    let report = world.import_well("list-sizes", "2018-03-31", file).await;
    assert_eq!(report["recorded"], 2);
    assert_eq!(
        report["skipped"],
        serde_json::json!({"no number of patients": 1, "the practice is not known": 1})
    );
    assert!(
        problems(&report)[0].starts_with("5 Number of Registered Patients (mean of quarters) [many]"),
        "{report}"
    );
    let (_, view) = world.get("/api/v1/organisations/A81001").await;
    assert_eq!(view["registered_patients"]["shows"], 4115);
    let closed_later =
        "Practice Code,Practice Close Date,Number of Patients\nA81001,30/04/2018,1\nA81004,30/04/2019,1\n";
    let report = world.import_well("list-sizes", "2018-04-01", closed_later).await;
    assert!(problems(&report)[0].starts_with("3 Practice Close Date [30/04/2019]"), "{report}");
    assert!(report["warnings"][0].as_str().unwrap().starts_with("2 rows tell of things after"), "{report}");
}

#[tokio::test]
async fn organisations_are_listed_by_code_filtered_and_page_by_page() {
    let world = World::new().await;
    let practices: String =
        (0..5).map(|number| practice(&format!("A8100{number}"), &format!("SURGERY {number}"))).collect();
    world.import_well("practices", "2018-05-31", practices).await;
    world.import_well("regions", "2018-11-30", standard(&[(0, "Y54"), (1, "NORTH OF ENGLAND")])).await;
    let head = world.head().await;
    while world.get("/api/v1/organisations").await.1["position"] != head.0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let codes = |page: &Value| -> Vec<String> {
        page["organisations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, page) = world.get("/api/v1/organisations?kind=practice&limit=2").await;
    assert_eq!(
        (codes(&page), page["next"].as_str()),
        (vec!["A81000".into(), "A81001".into()], Some("A81001"))
    );
    let (_, page) = world.get("/api/v1/organisations?kind=practice&limit=4&cursor=A81001").await;
    assert_eq!((codes(&page).len(), page["next"].as_str()), (3, None));
    let (_, page) = world.get("/api/v1/organisations?q=north").await;
    assert_eq!(codes(&page), ["Y54"]);
    for junk in ["kind=hospital", "limit=0", "limit=501", "limit=x", "cursor=!", "sort=name"] {
        let (status, _) = world.get(&format!("/api/v1/organisations?{junk}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{junk}");
    }
}

#[tokio::test]
async fn junk_at_any_route_is_never_a_fault_of_ours() {
    let world = World::new().await;
    let junk = ["", "x", "%00", "%FF%FE", "..%2f..", "A81001", "🏥", "a\u{301}", &"9".repeat(5000)];
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        for text in junk {
            let text: String = text
                .bytes()
                .map(|b| if b.is_ascii_graphic() { (b as char).to_string() } else { format!("%{b:02X}") })
                .collect();
            for uri in [
                format!("/api/v1/organisations/{text}"),
                format!("/api/v1/organisations/imports/{text}"),
                format!("/api/v1/organisations/imports/practices?as_of={text}"),
                format!("/api/v1/organisations/imports/practices?as_of=2018-05-31&{text}"),
                format!("/api/v1/organisations?q={text}"),
                format!("/api/v1/organisations?cursor={text}&limit={text}"),
            ] {
                for body in [Vec::new(), b"\xff\xfe\0".to_vec(), vec![b'"'; 70_000]] {
                    let (status, answer) = world
                        .send(
                            method.clone(),
                            &uri,
                            &[("import-id", "x"), ("content-type", "x/y")],
                            Body::from(body),
                        )
                        .await;
                    assert!(status.as_u16() < 500, "{method} {uri}: {status} {answer}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_routes_are_the_ones_described() {
    let described = organisations::api::openapi();
    let text = described.to_json().unwrap();
    for path in [
        "/api/v1/organisations",
        "/api/v1/organisations/{code}",
        "/api/v1/organisations/imports/{kind_or_id}",
    ] {
        let item = described.paths.paths.get(path).unwrap_or_else(|| panic!("{path} is not described"));
        for operation in [&item.get, &item.post].into_iter().flatten() {
            let says = operation.description.as_deref().unwrap_or_default();
            assert!(says.contains("Who may call it"), "{path}: {says}");
        }
    }
    assert!(text.contains("application/problem+json"));
}
