//! Small inputs that each stand for a kind of fault, with the right answer, from outside: the files are given to
//! the command line as they are, and the answers are asked of the API.
//!
//! The files lie beside the folder of the real public files; where they are not, these tests say so and end.

use std::path::{Path, PathBuf};

use serde_json::Value;
use whole_system::{Client, OneProcess, cli, files, platform::until_caught_up};

use crate::support::{import, reported, status};

/// A file of the collection.
fn case(name: &str) -> Option<PathBuf> {
    files::public(&format!("../cases/{name}"))
}

/// A platform that files are given to.
struct Platform {
    server: OneProcess,
}

impl Platform {
    async fn empty() -> Self {
        Self { server: OneProcess::start().await }
    }

    /// With the region, the CCG and the two practices that some of the files rest on.
    async fn with_base() -> Option<Self> {
        let base = [
            ("regions", case("base-regions.csv")?),
            ("ccgs", case("base-ccgs.csv")?),
            ("practices", case("base-practices.csv")?),
        ];
        let platform = Self::empty().await;
        for (kind, file) in base {
            import(&platform.server.url(), platform.client(), kind, &file, "2018-03-31").await;
        }
        Some(platform)
    }

    fn client(&self) -> &Client {
        &self.server.client
    }

    /// Imports a file that is taken; answers the report.
    async fn import(&self, kind: &str, file: &Path, as_of: &str) -> Report {
        Report(import(&self.server.url(), self.client(), kind, file, as_of).await)
    }

    /// The codes of the practices of an area on a day.
    async fn practices(&self, area: &str, at: &str) -> Vec<String> {
        let path = format!("/api/v1/areas/{area}/practices?at={at}&limit=500&sort=code");
        let list = self.client().json(&path).await;
        let rows = list["practices"].as_array().unwrap();
        rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
    }

    /// The statuses of practices with the toolkit on a day.
    async fn statuses(&self, codes: &[&str], at: &str) -> Vec<String> {
        let mut statuses = Vec::new();
        for code in codes {
            let answer = self.client().json(&format!("/api/v1/practices/{code}?at={at}")).await;
            statuses.push(status(&answer).to_owned());
        }
        statuses
    }

    /// What the public sees of a practice.
    async fn public(&self, code: &str) -> Value {
        self.client().json(&format!("/api/v1/status/{code}")).await["published"].clone()
    }

    /// The status texts that are not understood, with how many rows carry them.
    async fn not_understood(&self) -> Vec<(String, u64)> {
        let aside = self.client().json("/api/v1/set-aside").await;
        let texts = aside["not_understood"].as_array().unwrap();
        texts
            .iter()
            .map(|of| (of["text"].as_str().unwrap().to_owned(), of["rows"].as_u64().unwrap()))
            .collect()
    }

    /// Waits until all that is recorded is shown.
    async fn shown(&self) {
        until_caught_up(self.client()).await;
    }

    async fn organisation(&self, code: &str) -> Value {
        self.client().json(&format!("/api/v1/organisations/{code}")).await
    }
}

/// What the command line says of an import.
struct Report(String);

impl Report {
    #[track_caller]
    fn counts(&self, recorded: u64, skipped: u64, rejected: u64) {
        let counts = ["recorded", "skipped", "rejected"].map(|what| reported(&self.0, what));
        assert_eq!(counts, [recorded, skipped, rejected], "{}", self.0);
    }

    #[track_caller]
    fn says(&self, what: &str) {
        assert!(self.0.contains(what), "no “{what}” in {}", self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_file_in_the_layout_of_today_is_read() {
    let Some(file) = case("r-f01-practices-current-layout.csv") else { return };
    let platform = Platform::empty().await;
    platform.import("practices", &file, "2026-02-20").await.counts(4, 1, 0);
    assert_eq!(platform.practices("ENG", "2026-03-01").await, ["A99001", "A99004"]);
    assert_eq!(platform.practices("16C", "2026-03-01").await, ["A99001"]);
    assert_eq!(platform.practices("W2U3Z", "2026-03-01").await, ["A99004"]);
    // Closed by its own date, before the first file.
    assert_eq!(platform.practices("16C", "2024-06-30").await, ["A99001", "A99002"]);
    assert_eq!(platform.practices("16C", "2024-07-01").await, ["A99001"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_roles_the_one_of_general_practice_counts_and_none_is_no_practice() {
    let Some(file) = case("r-f02-practices-several-roles.csv") else { return };
    let platform = Platform::empty().await;
    platform.import("practices", &file, "2026-02-20").await.counts(2, 2, 0);
    assert_eq!(platform.practices("ENG", "2026-02-20").await, ["A99021", "A99024"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn welsh_practices_and_boards_are_not_of_england() {
    let Some(file) = case("r-f03-practices-wales-without-region.csv") else { return };
    let platform = Platform::empty().await;
    platform.import("practices", &file, "2026-02-20").await;
    assert_eq!(platform.practices("ENG", "2026-02-20").await, ["A99031"]);
    assert_eq!(platform.practices("11J", "2026-02-20").await, ["A99031"]);
    for board in ["7A4", "7A6"] {
        let answer = platform.client().get(&format!("/api/v1/areas/{board}")).await;
        assert_eq!(answer.status, 404, "{board}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_ccgs_with_roles_says_what_each_body_is() {
    let (Some(roles), Some(w_codes)) = (case("r-f04-ccgs-current-roles.csv"), case("r-f05-ccgs-w-codes.csv"))
    else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("ccgs", &w_codes, "2023-08-25").await.counts(2, 0, 0);
    platform.import("ccgs", &roles, "2025-12-29").await.counts(5, 0, 0);
    for (code, kind) in [
        ("00C", "ccg"),
        ("16C", "ccg"),
        ("A3A8R", "ccg"),
        ("13Q", "commissioning-hub"),
        ("A4R1E", "other"),
        ("W2U3Z", "ccg"),
        ("00L", "ccg"),
    ] {
        let body = platform.organisation(code).await;
        assert!(body.to_string().contains(&format!("\"kind\":\"{kind}\"")), "{code} is no {kind}: {body}");
    }
    assert!(platform.organisation("00C").await.to_string().contains("2020-03-31"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trust_file_with_codes_of_five_characters_is_read() {
    let Some(file) = case("r-f06-trusts-new-codes.csv") else { return };
    Platform::empty().await.import("trusts", &file, "2025-12-29").await.counts(2, 0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_register_shows_is_not_held_against_anyone() {
    const MET: &str = "met";
    const NOT: &str = "not-met";
    const NONE: &str = "no-evidence";
    const CODES: [&str; 4] = ["A99041", "A99042", "A99043", "A99044"];
    let (Some(practices), Some(first), Some(second)) = (
        case("r-f07-practices-2018-05-20.csv"),
        case("r-f07-register-2019-06-17.csv"),
        case("r-f07-register-2022-09-09.csv"),
    ) else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("practices", &practices, "2018-05-20").await.counts(4, 0, 0);
    for at in ["2019-03-31", "2020-10-31", "2024-07-01"] {
        assert_eq!(platform.statuses(&CODES, at).await, [NONE; 4], "practices alone, {at}");
    }
    platform.import("results", &first, "2019-06-17").await;
    for at in ["2019-06-17", "2020-09-29"] {
        assert_eq!(platform.statuses(&CODES, at).await, [MET, MET, NOT, MET], "one register, {at}");
    }
    assert_eq!(platform.statuses(&CODES, "2020-10-31").await, [NONE; 4], "one register");
    platform.import("results", &second, "2022-09-09").await;
    for (at, expected) in [
        ("2019-06-17", [MET, MET, NOT, MET]),
        ("2020-09-29", [MET, MET, NOT, MET]),
        ("2020-10-31", [NONE, NONE, NOT, NOT]),
        ("2021-06-30", [NONE, MET, NOT, NOT]),
        ("2022-06-30", [MET, NOT, NOT, NOT]),
        ("2022-09-09", [MET, NOT, NOT, NOT]),
        ("2024-07-01", [NONE; 4]),
    ] {
        assert_eq!(platform.statuses(&CODES, at).await, expected, "both registers, {at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_speaks_against_a_practice_before_it_became_one() {
    let (Some(first), Some(second)) =
        (case("r-f08-practices-2018-05-20.csv"), case("r-f08-practices-2021-11-26.csv"))
    else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("practices", &first, "2018-05-20").await;
    platform.import("practices", &second, "2021-11-26").await;
    assert_eq!(platform.practices("ENG", "2019-03-31").await, ["A99051"]);
    assert_eq!(platform.practices("Y55", "2019-03-31").await, ["A99051"]);
    let england = platform.client().json("/api/v1/areas/ENG?at=2019-03-31").await;
    assert_eq!(england["areas"]["region"], 1, "{}", england["areas"]);
    assert_eq!(platform.practices("ENG", "2021-12-31").await, ["A99051", "Y99051"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_that_the_file_itself_contradicts_is_not_taken_in_silence() {
    let Some(file) = case("r-f13-practices-2019-11-08.csv") else { return };
    let server = OneProcess::start().await;
    let said = cli::import(&server.url(), "practices", &file, "2018-05-20", &[]).await;
    let tells = ["2019-10-31", "2019-11-01", "31 October 2019", "1 November 2019"];
    assert!(tells.iter().any(|date| said.all().contains(date)), "{}", said.all());
    let right = cli::import(&server.url(), "practices", &file, "2019-11-08", &[]).await.well();
    assert!(!right.all().to_lowercase().contains("warning"), "{}", right.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_future_is_refused() {
    let Some(platform) = Platform::with_base().await else { return };
    let (Some(a), Some(b), Some(c)) =
        (case("u-f02-a-results.csv"), case("u-f02-b-results.csv"), case("u-f02-c-results.csv"))
    else {
        return;
    };
    platform.import("results", &a, "2019-06-17").await;
    let refused = cli::import(&platform.server.url(), "results", &b, "2091-06-18", &[]).await.failed();
    assert!(refused.err.contains("future"), "{}", refused.all());
    platform.import("results", &c, "2019-09-01").await;
    assert_eq!(platform.statuses(&["A99001"], "2019-09-02").await, ["not-met"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_practice_comes_once_though_data_change_between_two_pages() {
    let Some(platform) = Platform::with_base().await else { return };
    let (Some(practices), Some(change)) = (case("u-f06-practices-120.csv"), case("u-f06-change-results.csv"))
    else {
        return;
    };
    platform.import("practices", &practices, "2018-05-31").await;
    let change = std::fs::read_to_string(change).expect("a file of one row");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, sort) in ["attention", "code", "name", "patients", "since", "ccg"].into_iter().enumerate() {
        for filter in ["", "&status=no-evidence"] {
            let mut codes: Vec<String> = Vec::new();
            let mut cursor = String::new();
            loop {
                let path = format!("/api/v1/areas/ENG/practices?limit=40&sort={sort}{filter}{cursor}");
                let page = platform.client().json(&path).await;
                let rows = page["practices"].as_array().expect("practices").clone();
                codes.extend(rows.iter().filter_map(|row| row["code"].as_str()).map(str::to_owned));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
                // What is last on this page gets a result, and stands elsewhere in the list from now on.
                let last = codes.last().expect("a row");
                let file = folder.path().join(format!("{number}{}.csv", codes.len()));
                std::fs::write(&file, change.replace("@CURSOR@", last)).expect("a file");
                platform.import("results", &file, "2026-07-01").await;
            }
            let rows = codes.len();
            codes.sort();
            codes.dedup();
            assert_eq!(codes.len(), rows, "{sort}{filter}: a practice came twice");
            if filter.is_empty() {
                assert!(rows >= 120, "{sort}: {rows} practices");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_went_through_a_spreadsheet_are_read() {
    let Some(platform) = Platform::with_base().await else { return };
    for (file, code) in [
        ("u-f12-practices-semicolon.csv", "A99021"),
        ("u-f12-practices-sep-line.csv", "A99024"),
        ("u-f13-practices-26-columns.csv", "A99023"),
    ] {
        let Some(file) = case(file) else { return };
        platform.import("practices", &file, "2018-05-31").await.counts(1, 0, 0);
        assert!(platform.practices("ENG", "2018-05-31").await.contains(&code.to_owned()), "{code}");
    }
    let name = platform.organisation("A99021").await.to_string();
    assert!(name.contains("SMITH, JONES AND PARTNERS"), "{name}");

    let Some(midnight) = case("u-f14-results-midnight.csv") else { return };
    platform.import("results", &midnight, "2019-06-17").await.counts(1, 0, 0);
    assert_eq!(platform.statuses(&["A99001"], "2019-03-31").await, ["met"]);

    let Some(month) = case("u-f15-results-month-code.csv") else { return };
    let report = platform.import("results", &month, "2019-06-17").await;
    report.counts(0, 0, 1);
    report.says("spreadsheet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_words_that_are_not_understood_are_named_counted_and_prove_nothing() {
    const CODES: [&str; 4] = ["A99041", "A99042", "A99043", "A99044"];
    const WORDS: &str = "25/26 Standards Surpassed";
    let (Some(practices), Some(results)) =
        (case("r-f07-practices-2018-05-20.csv"), case("r-f11-register-2026-10-15.csv"))
    else {
        return;
    };
    let platform = Platform::empty().await;
    platform.import("practices", &practices, "2018-05-20").await.counts(4, 0, 0);
    let report = platform.import("results", &results, "2026-10-15").await;
    report.counts(3, 0, 0);
    report.says("Rows with a status that is not understood: 1.");
    report.says(&format!("1  “{WORDS}”"));
    let at = "2026-10-15";
    // The register lists three of four: it is a witness against the one that it leaves out.
    assert_eq!(platform.statuses(&CODES, at).await, ["met", "met", "no-evidence", "not-met"]);
    let public = platform.public("A99043").await;
    assert_eq!(public["status"], WORDS);
    assert_eq!(public["on"], "2026-06-01");
    assert_eq!(public["understood"], false);
    let newest = platform.public("A99041").await;
    assert_eq!(
        (&newest["edition"], &newest["on"]),
        (&Value::from("dspt-2026-27"), &Value::from("2026-10-01"))
    );
    let page = platform.client().get("/status/A99043").await.text();
    assert!(page.contains(WORDS) && page.contains("1 June 2026"), "{page}");
    assert_eq!(platform.not_understood().await, [(WORDS.to_owned(), 1)]);

    // The same file again says nothing new, and still names what is not understood.
    let again = platform.import("results", &results, "2026-10-15").await;
    again.counts(0, 0, 0);
    again.says(&format!("1  “{WORDS}”"));

    let url = platform.server.url();
    let alias =
        ["edition", "alias", WORDS, "--level", "standards-exceeded", "--reason", "news", "--server", &url];
    cli::run(&alias).await.well();
    platform.shown().await;
    assert_eq!(platform.statuses(&CODES, at).await, ["met", "met", "met", "not-met"]);
    assert_eq!(platform.public("A99043").await["status"], "Standards Exceeded");
    assert!(platform.not_understood().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_of_the_edition_of_this_year_counts_and_its_deadline_is_marked_as_expected() {
    let Some(platform) = Platform::with_base().await else { return };
    let Some(results) = case("u-f04-results-26-27.csv") else { return };
    let report = platform.import("results", &results, "2026-11-01").await;
    report.counts(1, 0, 0);
    assert!(!report.0.contains("not understood"), "{}", report.0);
    assert_eq!(platform.statuses(&["A99001"], "2026-11-01").await, ["met"]);
    assert_eq!(platform.statuses(&["A99001"], "2027-06-29").await, ["met"]);
    let public = platform.public("A99001").await;
    assert_eq!(
        (&public["edition"], &public["on"]),
        (&Value::from("dspt-2026-27"), &Value::from("2026-10-20"))
    );
    let page = platform.client().get("/areas/ENG?at=2026-11-01").await.text();
    assert!(page.contains("30 June 2027 (expected, not confirmed)"), "{page}");
    let editions = platform.client().json("/api/v1/editions").await;
    let newest = editions.as_array().unwrap().last().unwrap();
    assert_eq!(newest["deadline"], "2027-06-30");
    assert_eq!(newest["deadline_certain"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_s_result_is_good_until_the_next_edition_is_due() {
    let Some(file) = case("u-f03-toolkit-companies.csv") else { return };
    let platform = Platform::empty().await;
    platform.import("toolkit-companies", &file, "2026-11-01").await.counts(1, 0, 0);
    let found = platform.client().json("/api/v1/suppliers?q=8ZZ01").await;
    let id = found["suppliers"][0]["id"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
    let supplier = platform.client().json(&format!("/api/v1/suppliers/{id}")).await.to_string();
    assert!(supplier.contains("2027-06-30"), "{supplier}");
    assert!(!supplier.contains("2026-11-03"), "{supplier}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn practices_are_found_as_people_type_their_names() {
    let Some(platform) = Platform::with_base().await else { return };
    let Some(practices) = case("u-f11-practices-a.csv") else { return };
    platform.import("practices", &practices, "2018-05-31").await.counts(3, 0, 0);
    for (typed, code) in [
        ("queens park", "A99011"),
        ("Queen’s Park", "A99011"),
        ("smith and jones", "A99012"),
        ("smith & jones", "A99012"),
        ("dr oldnames", "A99013"),
    ] {
        let q = typed.replace(' ', "%20").replace('&', "%26").replace('’', "%E2%80%99");
        for (address, at) in [("/api/v1/search", "/results/0/code"), ("/api/v1/status", "/practices/0/code")]
        {
            let found = platform.client().json(&format!("{address}?q={q}")).await;
            assert_eq!(found.pointer(at).and_then(Value::as_str), Some(code), "{typed}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_between_region_and_commissioner_is_called_what_it_was_on_the_day() {
    let Some(regions) = case("r-f15-regions-with-icb.csv") else { return };
    let platform = Platform::empty().await;
    let practice = "\"A99151\",\"THE SURGERY\",\"Y63\",\"QHM\",,,,,,,\"19740401\",,\"A\",,\"16C\",\"20130401\",,,,,,,,\"16C\",,\"4\",\r\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("practices.csv");
    std::fs::write(&file, practice).unwrap();
    platform.import("practices", &file, "2023-02-28").await.counts(1, 0, 0);
    platform.import("regions", &regions, "2023-08-25").await.counts(2, 0, 0);
    for (at, name, kind, below) in [
        ("2020-03-31", "Local office QHM", "local-office", "ccg"),
        ("2022-06-30", "STP/ICS QHM", "stp-ics", "ccg"),
        (
            "2022-07-01",
            "NHS EXAMPLE NORTH INTEGRATED CARE BOARD",
            "integrated-care-board",
            "sub-icb-location",
        ),
    ] {
        let area = platform.client().json(&format!("/api/v1/areas/QHM?at={at}")).await;
        assert_eq!((area["name"].as_str(), area["kind"].as_str()), (Some(name), Some(kind)), "{at}");
        assert_eq!(area["members"][0]["kind"], below, "{at}");
    }
}
