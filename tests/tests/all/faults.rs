//! What goes wrong with files, requests, disks and brokers, and what is said about it.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::support::{Story, reported};
use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use whole_system::{
    Answer, Client, NatsServer, OneProcess, Process, Sync, cli, keys, made,
    platform::{until_caught_up, until_shown},
    process::END_TIMEOUT,
    programs,
};

/// An empty platform and a folder for bad files.
struct Desk {
    server: OneProcess,
    folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        Self { server: OneProcess::start().await, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    async fn import(&self, kind: &str, content: impl AsRef<[u8]>, as_of: &str) -> cli::Said {
        let file = self.file("file.csv", content);
        cli::import(&self.server.url(), kind, &file, as_of, &[]).await
    }

    async fn events(&self) -> u64 {
        self.server.client.json("/api/v1/view").await["head"].as_u64().unwrap()
    }
}

/// The rows of the first invented practice file, each with its line end.
fn rows() -> Vec<String> {
    let text = fs::read_to_string(Story::invented().first).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn assert_problem(answer: &Answer, status: u16, words: &[&str]) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text());
    for word in words {
        assert!(answer.text().contains(word), "no “{word}” in {}", answer.text());
    }
}

/// The event that a file was read to its end, which follows its rows.
const END_OF_FILE: u64 = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_another_kind_is_refused_whole() {
    let desk = Desk::new().await;
    let story = Story::invented();
    for (kind, content) in [
        ("results", fs::read(&story.first).unwrap()),
        ("practices", fs::read(&story.results).unwrap()),
        ("practices", b"A99001,ONE,TWO\r\n".to_vec()),
        ("practices", b"PK\x03\x04 a workbook".to_vec()),
        ("practices", Vec::new()),
        ("memberships", fs::read(&story.first).unwrap()),
    ] {
        let said = desk.import(kind, &content, "2018-05-31").await.failed();
        let known = ["layout", "CSV", "empty"].iter().any(|word| said.err.contains(word));
        assert!(known, "{kind}: {}", said.all());
    }
    let folder = desk.folder.path();
    let said = cli::import(&desk.server.url(), "practices", folder, "2018-05-31", &[]).await.failed();
    assert!(said.err.contains("directory"), "{}", said.all());
    let nowhere = folder.join("nowhere.csv");
    let said = cli::import(&desk.server.url(), "practices", &nowhere, "2018-05-31", &[]).await.failed();
    assert!(said.err.contains("nowhere.csv"), "{}", said.all());
    assert_eq!(desk.events().await, 0, "nothing of them is in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_encodings_are_read_as_what_they_are() {
    let desk = Desk::new().await;
    let text = rows()[0].replace("INVENTED MILL", "CAFÉ");
    let utf16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let with_mark = format!("\u{feff}{}", text.replace("\r\n", "\n"));
    let name = async || {
        until_caught_up(&desk.server.client).await;
        let practice = desk.server.client.json("/api/v1/organisations/A99001").await;
        practice["practice"]["shows"]["name"].as_str().unwrap_or_default().to_owned()
    };
    let said = desk.import("practices", &utf16, "2018-05-31").await.well();
    assert_eq!(reported(&said.out, "recorded"), 1);
    assert_eq!(name().await, "CAFÉ SURGERY");
    // The same in other bytes says nothing new.
    for content in [latin1, with_mark.into_bytes()] {
        let said = desk.import("practices", &content, "2018-05-31").await.well();
        assert_eq!(
            (reported(&said.out, "recorded"), reported(&said.out, "unchanged")),
            (0, 1),
            "{}",
            said.out
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_rows_are_named_by_line_and_the_others_land() {
    let desk = Desk::new().await;
    let rows = rows();
    let impossible = rows[1].replace("19740401", "31/02/2018");
    let no_code = rows[2].replace("A99003", "A 99 003 !");
    let half: String = rows[3].chars().take(30).collect();
    let file = [rows[0].clone(), impossible, no_code, rows[0].clone(), rows[4].clone(), half].concat();
    let said = desk.import("practices", &file, "2018-05-31").await;
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert_eq!(reported(&said.out, "recorded"), 2, "{}", said.out);
    assert_eq!(reported(&said.out, "rejected"), 4, "{}", said.out);
    for (line, word) in [("2", "31/02/2018"), ("3", "A 99 003 !"), ("4", "line 1"), ("6", "")] {
        let told = said
            .out
            .lines()
            .any(|told| told.trim_start().starts_with(&format!("{line} ")) && told.contains(word));
        assert!(told, "line {line} with {word}: {}", said.out);
    }
    let results = "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector,CCG\r\n\
        A,A99001,Standards Met,31/02/2018,GP,\r\nB,A99002,Something Nobody Knows,2019-03-01,GP,\r\n\
        C,A99003,19/20 Standards Met,2019-03-02,GP,\r\nC,a99003 ,Standards Met,2019-03-02,GP,\r\n\
        D,NOBODY1,Standards Met,2019-03-02,GP,\r\nE,A99004,Standards Met,2030-01-01,GP,\r\n";
    let said = desk.import("results", results, "2019-06-17").await;
    assert_eq!(said.code, Some(3), "{}", said.all());
    // A status that no one knows is kept as it is; codes that no other file has are, too.
    assert_eq!((reported(&said.out, "recorded"), reported(&said.out, "rejected")), (3, 3), "{}", said.out);
    let unknown = "\"NOBODY1\",\"90A\",\"W\",\"20130401\",\"\",\"0\"\r\n";
    let said = desk.import("memberships", unknown, "2019-08-31").await.well();
    assert_eq!(reported(&said.out, "skipped"), 1, "{}", said.out);
    let answers = ["/api/v1/areas/90Z", "/api/v1/practices/NOBODY1", "/api/v1/organisations/NOBODY1"];
    for path in answers {
        assert_problem(&desk.server.client.get(path).await, 404, &[path.rsplit('/').next().unwrap()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_oldest_first_and_with_a_real_date() {
    let desk = Desk::new().await;
    let rows = rows().concat();
    desk.import("practices", &rows, "2018-05-31").await.well();
    let events = desk.events().await;
    let said = desk.import("practices", &rows, "2018-05-30").await.failed();
    assert!(said.err.contains("2018-05-31"), "{}", said.all());
    for wrong in ["2018-02-31", "31/02/2018", "yesterday"] {
        let said = desk.import("practices", &rows, wrong).await.failed();
        assert!(said.err.contains(wrong), "{}", said.all());
    }
    let said = desk.import("practices", &rows, "2190-01-01").await.failed();
    assert!(said.err.contains("2190-01-01"), "a file of the future: {}", said.all());
    let path = "/api/v1/organisations/imports/practices";
    assert_problem(&desk.server.client.post_file(path, rows.clone()).await, 400, &["as_of"]);
    assert_problem(
        &desk.server.client.post_file(&format!("{path}?as_of=2018-02-31"), rows).await,
        400,
        &["2018-02-31"],
    );
    assert_eq!(desk.events().await, events);
    let said = cli::import("http://127.0.0.1:9", "practices", &desk.file("a.csv", ""), "2018-05-31", &[])
        .await
        .failed();
    assert!(said.err.contains("127.0.0.1:9"), "{}", said.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_300_megabytes_is_passed_over_in_constant_memory() {
    const CHUNK: usize = 1 << 20;
    const CHUNKS: usize = 300;
    const MEMORY_MAX_BYTES: u64 = 64 << 20;
    let desk = Desk::new().await;
    let client = &desk.server.client;
    let rows = rows();
    // Some work first, so that what any work needs is not counted.
    desk.import("practices", rows.concat(), "2018-05-30").await.well();
    let before = desk.server.process.peak_memory_bytes();
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let changed = |row: &str| Bytes::from(row.replace("NEWTOWN", "OLDTOWN"));
    let chunks = std::iter::once(changed(&rows[0]))
        .chain(std::iter::repeat_n(chunk, CHUNKS))
        .chain([Bytes::from_static(b"\r\n"), changed(&rows[1])])
        .map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    let answer = client.post_file("/api/v1/organisations/imports/practices?as_of=2018-05-31", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let report = answer.json();
    assert_eq!((&report["recorded"], &report["rejected"]), (&Value::from(2), &Value::from(1)), "{report}");
    assert_eq!(report["problems"][0]["line"], 2, "{report}");
    if let (Some(before), Some(after)) = (before, desk.server.process.peak_memory_bytes()) {
        let grown = after.saturating_sub(before);
        assert!(
            grown < MEMORY_MAX_BYTES,
            "the server grew by {grown} bytes over a line of {}",
            CHUNK * CHUNKS
        );
    }
    // No value comes near its end either.
    let endless = std::iter::repeat_n(Bytes::from(vec![b'"'; CHUNK]), 16).map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(endless));
    let answer = client.post_file("/api/v1/organisations/imports/practices?as_of=2018-05-31", body).await;
    assert!(answer.status.is_client_error() || answer.status.is_success(), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_not_as_accepted_are_told_what_is() {
    let desk = Desk::new().await;
    desk.import("practices", rows().concat(), "2018-05-31").await.well();
    until_caught_up(&desk.server.client).await;
    let client = &desk.server.client;
    for (path, word) in [
        ("/api/v1/areas/ENG?at=31/02/2018", "at"),
        ("/api/v1/areas/ENG?at=2018-02-31", "at"),
        ("/api/v1/areas/ENG?known=yesterday", "known"),
        ("/api/v1/areas/ENG?footprint=maybe", "footprint"),
        ("/api/v1/areas/ENG?colour=blue", "colour"),
        ("/api/v1/areas/%20%21", "code"),
        ("/api/v1/areas/ENG/practices?status=fine", "no-evidence"),
        ("/api/v1/areas/ENG/practices?sort=colour", "patients"),
        ("/api/v1/areas/ENG/practices?limit=0", "limit"),
        ("/api/v1/areas/ENG/practices?limit=501", "limit"),
        ("/api/v1/areas/ENG/practices?format=pdf", "csv"),
        ("/api/v1/areas/ENG/gap?format=pdf", "csv"),
        ("/api/v1/areas/ENG/practices?cursor=ZZZZZZ", "cursor"),
        ("/api/v1/areas/ENG/trend?from=2019-01-02&to=2019-01-01", "from"),
        ("/api/v1/areas/ENG/trend?from=1950-01-01&to=2019-01-01", "from"),
        ("/api/v1/organisations?kind=castle", "kind"),
        ("/api/v1/organisations?limit=100000", "limit"),
        ("/api/v1/events?from=0", "from"),
        ("/api/v1/events?service=nobody", "service"),
        ("/api/v1/practices/A99001?at=someday", "at"),
    ] {
        assert_problem(&client.get(path).await, 400, &[word]);
    }
    assert_problem(&client.get("/api/v1/nothing").await, 404, &["/api/v1/nothing"]);
    let answer = client.send(Method::DELETE, "/api/v1/areas/ENG", &[], "").await;
    assert_problem(&answer, 405, &["DELETE"]);

    let path = "/api/v1/assessments/A99001/dspt-2018-19/answers/1";
    let lead = client.with_key(&keys::issue(client, "practice-lead", "A99001").await);
    let large = format!("{{\"answer\": \"met\", \"comment\": \"{}\"}}", "x".repeat(3 << 20));
    let answer = lead.send(Method::POST, path, &[("content-type", "application/json")], large).await;
    assert_problem(&answer, 413, &["bytes"]);
    for body in ["", "{", "[]", "{\"answer\": \"perhaps\"}", "{\"answer\": \"met\", \"colour\": 1}", "\u{0}"]
    {
        let answer = lead.send(Method::POST, path, &[("content-type", "application/json")], body).await;
        assert_problem(&answer, 400, &["body"]);
    }
    let answer = client.send(Method::GET, "/api/v1/areas/ENG", &[("host", "example.org")], "").await;
    assert_problem(&answer, 403, &["127.0.0.1"]);
    let elsewhere = [("origin", "https://example.org"), ("content-type", "application/json")];
    let answer = client.send(Method::POST, "/api/v1/rebuild", &elsewhere, "").await;
    assert_problem(&answer, 403, &["site"]);
}

/// Starts `oversight serve` in vain; answers what it said.
fn in_vain(flags: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["serve".to_owned(), "--empty".to_owned()];
    arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    if !flags.contains(&"--listen") {
        arguments.extend(["--listen".to_owned(), format!("127.0.0.1:{}", programs::free_port())]);
    }
    if !flags.contains(&"--data") {
        arguments.extend(["--data".to_owned(), folder.path().join("data").display().to_string()]);
    }
    let mut process = Process::start(&programs::oversight(), &arguments, folder.path());
    let status = process.wait(END_TIMEOUT);
    let said = process.said();
    assert!(!status.success(), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_start_that_cannot_be_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = in_vain(&["--listen", &address]);
    assert!(said.contains(&address) && said.contains("in use"), "{said}");

    let said = in_vain(&["--listen", "0.0.0.0:18080"]);
    assert!(said.contains("loopback"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();
    let said = in_vain(&["--data", &file.display().to_string()]);
    assert!(said.contains("a-file") && said.contains("data folder"), "{said}");

    let newer = folder.path().join("newer");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("format"), "999\n").unwrap();
    let said = in_vain(&["--data", &newer.display().to_string()]);
    assert!(said.contains("999") && said.contains("newer"), "{said}");

    let odd = folder.path().join("odd");
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("log.redb"), "this is no log").unwrap();
    let said = in_vain(&["--data", &odd.display().to_string()]);
    assert!(said.contains("log.redb"), "{said}");

    for (flag, value) in [("--log", "ftp://somewhere"), ("--listen", "here"), ("--only", "everything")] {
        let said = in_vain(&[flag, value]);
        assert!(said.contains(value), "{said}");
    }

    let nobody = format!("nats://127.0.0.1:{}", programs::free_port());
    let said = in_vain(&["--log", &nobody]);
    assert!(said.contains(&nobody), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_in_use_is_left_alone() {
    let desk = Desk::new().await;
    let said = in_vain(&["--data", &desk.server.data().display().to_string()]);
    assert!(said.contains("log.redb"), "{said}");
    desk.import("practices", rows().concat(), "2018-05-31").await.well();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_lost_in_the_middle_of_an_import_comes_back_and_nothing_is_lost_or_twice() {
    const PRACTICES: u32 = 6_000;
    let mut broker = NatsServer::start(Sync::Always);
    let server = OneProcess::over(&broker.url().to_string()).await;
    let client = server.client.clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("practices.csv");
    fs::write(&file, made::practice_file(PRACTICES)).unwrap();

    let path = "/api/v1/organisations/imports/practices?as_of=2018-05-31";
    let importing = tokio::spawn({
        let (client, body) = (client.clone(), fs::read(&file).unwrap());
        async move { client.post_file(path, body).await }
    });
    let one = made::practice_code(0);
    let lead = client.with_key(&keys::issue(&client, "practice-lead", &one).await);
    until_shown(&client, 300).await;
    broker.kill();
    // What was shown is shown still, while nothing can be recorded.
    let shown = client.json("/api/v1/areas/ENG?at=2018-05-31").await;
    assert!(shown["practices"].as_u64().unwrap() > 0, "{shown}");
    let answer = importing.await.unwrap();
    assert_problem(&answer, 503, &["rows"]);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{:?}", answer.headers);
    let answer = lead.post(&format!("/api/v1/assessments/{one}/dspt-2018-19/open"), &Value::Null).await;
    assert_problem(&answer, 503, &[]);
    assert!(!answer.header("retry-after").is_empty());
    // What asks whether it is fit to be asked is told the truth, and again once it is.
    until_not_ready(&client, "event log: it has not answered for").await;

    broker.run();
    until_ready_again(&client).await;
    // Until the connection is back an import is told so at once.
    let until = std::time::Instant::now() + Duration::from_secs(60);
    let report = loop {
        let said = cli::import(&server.url(), "practices", &file, "2018-05-31", &[]).await;
        if said.success {
            break said.out;
        }
        assert!(said.failed().err.contains("out of reach"), "{}", server.process.said());
        assert!(std::time::Instant::now() < until, "it does not find back to the broker");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(reported(&report, "unchanged") >= 300, "{report}");
    until_shown(&client, u64::from(PRACTICES) + END_OF_FILE).await;
    let view = until_caught_up(&client).await;
    assert_eq!(view["position"], u64::from(PRACTICES) + END_OF_FILE, "each practice stands there once");
    let england = client.json("/api/v1/areas/ENG?at=2018-05-31").await;
    assert_eq!(england["practices"], PRACTICES);
    let verified = cli::run(&["verify", "--server", &server.url()]).await.well();
    assert!(verified.out.contains("equals the served view"), "{}", verified.all());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_an_import_and_room_lets_it_go_on() {
    const PRACTICES: u32 = 12_000;
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("data");
    fs::create_dir(&disk).unwrap();
    let Some(disk) = SmallDisk::mount(disk, "12m") else { return };
    let server = {
        let mut server = OneProcess::begin_in(folder, &["--empty"]);
        server.until_ready().await;
        server
    };
    let file = server.folder.path().join("practices.csv");
    fs::write(&file, made::practice_file(PRACTICES)).unwrap();
    let said = cli::import(&server.url(), "practices", &file, "2018-05-31", &[]).await.failed();
    assert!(
        said.err.contains("full") || said.err.contains("room") || said.err.contains("space"),
        "{}",
        said.all()
    );
    let view = until_caught_up(&server.client).await;
    let there = view["position"].as_u64().unwrap();
    assert!(there < u64::from(PRACTICES), "the disk was too large for this test");
    until_not_ready(&server.client, "is full").await;

    disk.grow("400m");
    until_ready_again(&server.client).await;
    let said = cli::import(&server.url(), "practices", &file, "2018-05-31", &[]).await.well();
    assert!(reported(&said.out, "unchanged") >= there, "{}", said.out);
    until_shown(&server.client, u64::from(PRACTICES) + END_OF_FILE).await;
    let view = until_caught_up(&server.client).await;
    assert_eq!(view["position"], u64::from(PRACTICES) + END_OF_FILE);
    drop(server);
}

/// Waits until `/readyz` says no, for a reason.
async fn until_not_ready(client: &Client, reason: &str) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let said = client.ready().await;
        if said.as_ref().is_err_and(|said| said.contains(reason)) {
            return;
        }
        assert!(std::time::Instant::now() < until, "{said:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn until_ready_again(client: &Client) {
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while let Err(said) = client.ready().await {
        assert!(std::time::Instant::now() < until, "{said}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A file system of its own in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: PathBuf, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "oversight-test"])
            .arg(&folder)
            .output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: this user may not mount a small file system to fill ({mounted:?})");
        None
    }

    fn grow(&self, size: &str) {
        let grown = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status();
        assert!(grown.is_ok_and(|status| status.success()));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since the process that uses it may still be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_was_touched_is_not_restored() {
    let desk = Desk::new().await;
    desk.import("practices", rows().concat(), "2018-05-31").await.well();
    let backup = desk.folder.path().join("backup.ndjson");
    cli::run(&["backup", &backup.display().to_string(), "--server", &desk.server.url()]).await.well();
    let whole = fs::read_to_string(&backup).unwrap();
    let restore = async |text: &str, log: &Path| {
        let file = desk.file("touched.ndjson", text);
        let log = format!("file:{}", log.display());
        cli::run(&["restore", &file.display().to_string(), "--log", &log]).await
    };
    let log = desk.folder.path().join("restored.redb");
    let cut: String = whole.chars().take(whole.len() * 2 / 3).collect();
    let changed = whole.replacen("INVENTED MILL", "INVENTED KILN", 1);
    let without_one: String = whole
        .split_inclusive('\n')
        .enumerate()
        .filter(|(line, _)| *line != 3)
        .map(|(_, line)| line)
        .collect();
    for touched in [cut.as_str(), changed.as_str(), without_one.as_str(), "", "hello\n"] {
        restore(touched, &log).await.failed();
    }
    restore(&whole, &log).await.well();
    let mut file = fs::File::options().append(true).open(&backup).unwrap();
    file.write_all(b"{\"one\": \"more\"}\n").unwrap();
    restore(&fs::read_to_string(&backup).unwrap(), &desk.folder.path().join("other.redb")).await.failed();
}
