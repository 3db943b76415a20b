//! The built binary: what it says and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what fails in a helper fails its test, and shows what the server said"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

const BINARY: &str = env!("CARGO_BIN_EXE_oversight");

/// How long a process may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn oversight(arguments: &[&str]) -> Output {
    oversight_as("", arguments)
}

/// With an API key; without one where it is empty.
fn oversight_as(key: &str, arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .env_remove("OVERSIGHT_LOG")
        .env_remove("OVERSIGHT_DATA")
        .env_remove("OVERSIGHT_LISTEN")
        .env("OVERSIGHT_KEY", key)
        .output()
        .unwrap()
}

/// The key of the first administrator of a data folder.
fn bootstrap(data: &Path) -> String {
    let made = oversight(&["bootstrap", "--data", text(data)]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert!(said(&made).contains("OVERSIGHT_KEY"), "{}", said(&made));
    printed(&made).trim().to_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Fails with one sentence that holds these words, and without a backtrace.
#[track_caller]
fn fails(arguments: &[&str], words: &[&str]) {
    let output = oversight(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
    }
    for noise in ["panicked", "backtrace", "Error {", "Os {"] {
        assert!(!said.contains(noise), "{said}");
    }
    let own = said.lines().filter(|line| line.starts_with("oversight: ")).count();
    assert_eq!(own, 1, "one sentence: {said}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_directory_or_a_missing_file_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("epraccur.csv");
    fails(&["import", "practices", text(folder.path())], &["is a directory", "name one file"]);
    fails(&["import", "practices", text(&missing)], &["there is no file", "epraccur.csv"]);
    fails(&["backup", text(folder.path())], &["is a directory"]);
    fails(&["restore", text(folder.path()), "--log", "file:x"], &["is a directory"]);
    fails(&["restore", text(&missing), "--log", "file:x"], &["cannot read", "epraccur.csv"]);
}

#[test]
fn without_a_server_it_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    fs::write(&file, "x").unwrap();
    let server = format!("http://127.0.0.1:{}", free_port());
    let words = ["no server answers at", "oversight serve", "--server"];
    fails(&["import", "ccgs", text(&file), "--server", &server], &words);
    fails(&["events", "--server", &server], &words);
    fails(&["verify", "--server", &server], &words);
    fails(&["rebuild", "--server", &server], &words);
    fails(&["backup", text(&folder.path().join("b")), "--server", &server], &words);
    assert!(!folder.path().join("b.part").exists());
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_accepted() {
    for (arguments, words) in [
        (&["import", "doctors", "x"][..], "practices"),
        (&["import", "practices", "x", "--as-of", "31/03/2018"], "yyyy-mm-dd"),
        (&["serve", "--log", "sqlite:x"], "file:PATH"),
        (&["serve", "--only", "people"], "organisations"),
        (&["serve", "--listen", "here"], "--listen"),
        (&["events", "--server", "ftp://x"], "http://127.0.0.1:8080"),
        (&["events", "--service", "people"], "organisations or assessments"),
        (&["events", "--from", "0"], "--from"),
        (&["serve", "--empty", "--seed", "1"], "--empty"),
        (&["restore", "x"], "--log"),
        (&["frobnicate"], "Usage: oversight"),
    ] {
        let output = oversight(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_data_folder_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = |data: &Path, words: &[&str]| {
        fails(&["serve", "--empty", "--listen", &listen, "--data", text(data)], words);
    };
    let file = folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    serve(&file, &["cannot use the data folder", "a-file"]);

    let unreadable = folder.path().join("unreadable");
    fs::create_dir_all(unreadable.join("format")).unwrap();
    serve(&unreadable, &["cannot use the data folder", "unreadable"]);

    let newer = folder.path().join("newer");
    fs::create_dir_all(&newer).unwrap();
    fs::write(newer.join("format"), "99\n").unwrap();
    serve(&newer, &["has format 99", "use the newer build"]);
}

#[test]
fn an_address_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = text(folder.path());
    fails(&["serve", "--empty", "--listen", &address, "--data", data], &["the port is in use", "--listen"]);
    fails(&["serve", "--empty", "--listen", "0.0.0.0:0", "--data", data], &["loopback", "127.0.0.1:8080"]);
}

#[test]
fn a_broker_that_is_away_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let log = format!("nats://127.0.0.1:{}", free_port());
    let listen = format!("127.0.0.1:{}", free_port());
    let data = text(folder.path());
    fails(
        &["serve", "--empty", "--listen", &listen, "--data", data, "--log", &log],
        &["cannot use the event log"],
    );
    fails(&["events", "--log", &log], &["cannot use the event log"]);
}

#[test]
fn production_refuses_what_does_for_a_first_look_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = text(folder.path());
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = ["serve", "--production", "--listen", &listen, "--data", data];
    // The address is one that no one has: it is refused before anyone is asked.
    let plain = ["--log", "nats://192.0.2.1:4222"];
    fails(&[&serve[..], &plain[..]].concat(), &["plain text", "tls://", "192.0.2.1"]);

    // No log is begun by itself, nor a file of one made.
    fails(&serve, &["in production no log is begun by itself", "oversight bootstrap", "oversight restore"]);
    assert!(!folder.path().join("log.redb").exists() && !folder.path().join("log-access.redb").exists());
    bootstrap(folder.path());
    let server = Server::start(folder.path(), &["--production"]);
    server.wait_until_ready();
    let (status, page) = server.get("/sign-in");
    assert_eq!(status, 200);
    assert!(!page.contains("/sign-in/persona"), "no one made up comes in: {page}");
    // No one else gets at its log meanwhile.
    fails(&[&serve[..], &["--empty"]].concat(), &["cannot open the event log", "another process"]);
    assert_eq!(server.stop(), Some(0));
    let log = format!("file:{}", folder.path().join("log.redb").display());
    let verified = oversight(&["verify", "--log", &log]);
    assert!(printed(&verified).contains(": 0 events"), "nothing made up was loaded: {}", printed(&verified));
}

#[test]
fn a_log_that_is_not_there_is_not_made_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.redb");
    let url = format!("file:{}", path.display());
    fails(&["events", "--log", &url], &["there is no event log at"]);
    fails(&["verify", "--log", &url], &["there is no event log at"]);
    assert!(!path.exists());
}

/// The files and folders, of a path and all in it, that others than their owner may do anything with.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;

    let about = fs::metadata(path).unwrap();
    let mode = about.permissions().mode() & 0o777;
    let mut open = Vec::new();
    if mode & 0o077 != 0 {
        open.push(format!("{} {mode:o}", path.display()));
    }
    if about.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            open.extend(open_to_others(&entry.unwrap().path()));
        }
    }
    open
}

/// Whatever it was started with, and however the folder was left: a copy made by hand, say.
#[cfg(unix)]
#[test]
fn nothing_in_the_data_folder_is_open_to_others_on_the_machine() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let key = bootstrap(&data);
    assert_eq!(open_to_others(&data), Vec::<String>::new());
    for open in [data.clone(), data.join("log.access.redb")].iter().filter(|path| path.exists()) {
        fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let start = format!(
        "umask 000; exec {BINARY} serve --empty --listen 127.0.0.1:{} --data {}",
        free_port(),
        text(&data)
    );
    let mut child =
        Command::new("sh").args(["-c", &start]).process_group(0).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..600 {
        if data.join("cache").join("suppliers").exists() && data.join("people.redb").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    let open = open_to_others(&data);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open, Vec::<String>::new());
    assert!(!key.is_empty());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server of its own, stopped at the end of its test.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(data: &Path, more: &[&str]) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut arguments = vec!["serve", "--listen", &listen, "--data", text(data)];
        arguments.extend(more);
        let mut child = Command::new(BINARY)
            .args(&arguments)
            .env_remove("OVERSIGHT_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (found, serving) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                eprintln!("server: {line}");
                if line.contains("serving") {
                    let _ = found.send(());
                }
            }
        });
        let server = Self { child, url: format!("http://{listen}") };
        serving.recv_timeout(PATIENCE).unwrap();
        server
    }

    fn get(&self, path: &str) -> (u16, String) {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.get(9..12).unwrap().parse().unwrap();
        (status, answer)
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            if self.get("/readyz").0 == 200 {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("not ready: {}", self.get("/readyz").1);
    }

    /// Asks it to stop; how it ended.
    fn stop(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rows as epraccur has them.
fn practice_file(folder: &Path, rows: &[(&str, &str, &str)]) -> PathBuf {
    let path = folder.join("epraccur.csv");
    let mut file = String::new();
    for (code, name, opened) in rows {
        file.push_str(&format!(
            r#""{code}","{name}","Y54","Q74","THE HEALTH CENTRE","LAWSON STREET","","","","TS18 1HU","{opened}","","A","B","00K","20130401","","01642 672351","","","","0","","00K","","4","""#
        ));
        file.push_str("\r\n");
    }
    fs::write(&path, file).unwrap();
    path
}

/// A practice of the CCG 00K is read from a file, which says nothing of the CCG but its code.
fn import_a_practice(folder: &Path, key: &str, server: &Server) {
    let file = practice_file(folder, &[("A81001", "ONE", "19740401")]);
    let import = ["import", "practices", text(&file), "--as-of", "2018-05-31", "--server", &server.url];
    let imported = oversight_as(key, &import);
    assert_eq!(imported.status.code(), Some(0), "{}", said(&imported));
}

#[test]
fn a_file_is_imported_shown_verified_backed_up_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let key = bootstrap(&folder.path().join("data"));
    let server = Server::start(&folder.path().join("data"), &["--empty"]);
    server.wait_until_ready();
    let good = practice_file(folder.path(), &[("A81001", "ONE", "19740401"), ("A81002", "TWO", "19740401")]);
    let import = |file: &str, more: &[&str]| {
        let mut arguments =
            vec!["import", "practices", file, "--as-of", "2018-05-31", "--server", &server.url];
        arguments.extend(more);
        oversight_as(&key, &arguments)
    };

    let dry = import(text(&good), &["--dry-run"]);
    assert_eq!(dry.status.code(), Some(0), "{}", said(&dry));
    assert!(printed(&dry).contains("nothing was recorded"), "{}", printed(&dry));

    let first = import(text(&good), &[]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert!(printed(&first).contains("practices as of 2018-05-31"), "{}", printed(&first));

    let bad = practice_file(folder.path(), &[("A81001", "ONE", "19740401"), ("A81003", "THREE", "20180231")]);
    let second = import(text(&bad), &[]);
    assert_eq!(second.status.code(), Some(3), "{}", said(&second));
    assert!(
        printed(&second).contains("20180231") && printed(&second).contains("line"),
        "{}",
        printed(&second)
    );

    let refused = folder.path().join("other.csv");
    fs::write(&refused, "a,b,c\n1,2,3\n").unwrap();
    let refused = import(text(&refused), &[]);
    assert_eq!(refused.status.code(), Some(1), "{}", printed(&refused));
    assert!(said(&refused).starts_with("oversight: "), "{}", said(&refused));

    let events = oversight_as(&key, &["events", "--server", &server.url]);
    let lines: Vec<String> = printed(&events).lines().map(str::to_owned).collect();
    let kinds = ["practice-listed", "practice-listed", "file-imported", "file-imported"];
    assert_eq!(lines.len(), kinds.len(), "{}", said(&events));
    for (line, kind) in lines.iter().zip(kinds) {
        assert!(line.contains(&format!("oversight.organisations.{kind}.v1")), "{kind}: {line}");
    }
    assert!(lines[0].starts_with(r#"{"position":1,"specversion":"1.0""#), "{}", lines[0]);
    let one = oversight_as(&key, &["events", "--server", &server.url, "--from", "2", "--limit", "1"]);
    assert_eq!(printed(&one).trim(), lines[1]);
    let none = oversight_as(&key, &["events", "--server", &server.url, "--service", "assessments"]);
    assert_eq!((printed(&none).as_str(), none.status.code()), ("", Some(0)));

    let verified = oversight_as(&key, &["verify", "--server", &server.url]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", printed(&verified), said(&verified));
    assert!(printed(&verified).contains("equals the served view"), "{}", printed(&verified));

    let rebuilt = oversight_as(&key, &["rebuild", "--server", &server.url]);
    assert_eq!(rebuilt.status.code(), Some(0), "{}{}", printed(&rebuilt), said(&rebuilt));

    let backup = folder.path().join("backup.ndjson");
    let done = oversight_as(&key, &["backup", text(&backup), "--server", &server.url]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(!folder.path().join("backup.ndjson.part").exists());
    assert_eq!(server.stop(), Some(0), "SIGTERM ends it in peace");
    assert_eq!(open_to_others(&backup), Vec::<String>::new());

    let there = format!("file:{}", folder.path().join("data/log.redb").display());
    let other = format!("file:{}", folder.path().join("restored.redb").display());
    let restored = oversight(&["restore", text(&backup), "--log", &other]);
    assert_eq!(restored.status.code(), Some(0), "{}", said(&restored));
    let again = oversight(&["restore", text(&backup), "--log", &other]);
    assert!(printed(&again).contains("4 of them were there already"), "{}", printed(&again));
    let (one, two) = (oversight(&["events", "--log", &there]), oversight(&["events", "--log", &other]));
    assert_eq!(printed(&one).lines().count(), kinds.len());
    assert_eq!(one.stdout, two.stdout, "byte for byte");
    let verified = oversight(&["verify", "--log", &other]);
    assert_eq!(verified.status.code(), Some(0), "{}", printed(&verified));

    // Who may come in is kept beside it, and comes back with it.
    let doors = folder.path().join("access.ndjson");
    fails(&["backup", text(&doors), "--access", "--server", "http://127.0.0.1:1"], &["--log"]);
    let done = oversight(&["backup", text(&doors), "--access", "--log", &there]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let restored = oversight(&["restore", text(&doors), "--access", "--log", &other]);
    assert_eq!(restored.status.code(), Some(0), "{}", said(&restored));
    fails(&["bootstrap", "--log", &other], &["administrator"]);

    let altered = fs::read_to_string(&backup).unwrap().replace("THREE", "TWO").replace("ONE", "TWO");
    let altered = altered.replacen("Y54", "Y55", 1);
    fs::write(&backup, altered).unwrap();
    let empty = folder.path().join("empty.redb");
    fails(
        &["restore", text(&backup), "--log", &format!("file:{}", empty.display())],
        &["line 2 of the backup"],
    );
    assert!(!empty.exists(), "nothing was written");
}

#[test]
fn the_first_start_loads_a_synthetic_england_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = bootstrap(folder.path());
    let server = Server::start(folder.path(), &["--seed", "5"]);
    let (status, answer) = server.get("/readyz");
    assert!(status == 503 && answer.contains("loading the synthetic England"), "{answer}");
    assert_eq!(server.get("/healthz").0, 200, "it answers from the first moment");
    server.wait_until_ready();
    let named = oversight_as(&key, &["person", "find", "office holder", "--server", &server.url]);
    assert!(printed(&named).contains("Synthetic office holder"), "{}{}", printed(&named), said(&named));
    assert_eq!(server.stop(), Some(0));

    let server = Server::start(folder.path(), &[]);
    let (_, answer) = server.get("/readyz");
    assert!(!answer.contains("synthetic"), "the second start has nothing to load: {answer}");
    server.wait_until_ready();
    // It takes all of each event, and what practices wrote is not for an administrator.
    let refused = oversight_as(&key, &["verify", "--server", &server.url]);
    assert_eq!(refused.status.code(), Some(1), "{}{}", printed(&refused), said(&refused));
    assert!(said(&refused).contains("a key of NHS Digital"), "{}", said(&refused));
    let copy = folder.path().join("copy.ndjson");
    let refused = oversight_as(&key, &["backup", text(&copy), "--server", &server.url]);
    assert!(refused.status.code() == Some(1) && !copy.exists(), "{}", said(&refused));
    let create = ["key", "create", "--role", "nhs-digital", "--organisation", "X26", "--purpose", "checks"];
    let made = oversight_as(&key, &[&create[..], &["--server", &server.url]].concat());
    let reader = printed(&made).trim().to_owned();
    let verified = oversight_as(&reader, &["verify", "--server", &server.url]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", printed(&verified), said(&verified));
}

#[test]
fn there_is_one_first_administrator_and_without_a_key_nothing_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let key = bootstrap(&data);
    fails(&["bootstrap", "--data", text(&data)], &["has an administrator already", "oversight key create"]);
    let server = Server::start(&data, &["--empty"]);
    server.wait_until_ready();
    fails(&["rebuild", "--server", &server.url], &["needs an API key", "OVERSIGHT_KEY"]);
    let create = ["key", "create", "--role", "ccg-officer", "--organisation", "00K", "--purpose", "a test"];
    let create = [&create[..], &["--server", &server.url]].concat();
    let unknown = oversight_as(&key, &create);
    assert!(said(&unknown).contains("no organisation 00K is known"), "{}", said(&unknown));
    import_a_practice(folder.path(), &key, &server);
    let nameless = oversight_as(&key, &create);
    assert!(said(&nameless).contains("enter the name of the organisation"), "{}", said(&nameless));
    let made = oversight_as(&key, &[&create[..], &["--organisation-name", "NHS Hartlepool CCG"]].concat());
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let officer = printed(&made).trim().to_owned();
    let id = said(&made).split("This is key ").nth(1).unwrap().split(' ').next().unwrap().to_owned();

    let rebuild = ["rebuild", "--server", &server.url];
    let refused = oversight_as(&officer, &rebuild);
    assert!(said(&refused).contains("as CCG officer, 00K you may not do this"), "{}", said(&refused));
    let listed = oversight_as(&key, &["key", "list", "--server", &server.url]);
    assert!(printed(&listed).contains(&id) && !printed(&listed).contains("ovk_"), "{}", printed(&listed));
    let revoked = oversight_as(&key, &["key", "revoke", &id, "--reason", "left", "--server", &server.url]);
    assert_eq!(revoked.status.code(), Some(0), "{}", said(&revoked));
    let refused = oversight_as(&officer, &rebuild);
    assert!(said(&refused).contains("revoked"), "{}", said(&refused));
    let wrong = oversight_as("hunter2", &rebuild);
    assert!(
        said(&wrong).contains("is not an API key") && !said(&wrong).contains("hunter2"),
        "{}",
        said(&wrong)
    );
}

#[test]
fn someone_gets_an_account_is_shut_out_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let key = bootstrap(&data);
    let server = Server::start(&data, &["--empty"]);
    server.wait_until_ready();
    let user =
        |arguments: &[&str]| oversight_as(&key, &[&["user"], arguments, &["--server", &server.url]].concat());
    let well = |arguments: &[&str]| {
        let output = user(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        printed(&output)
    };
    let add = ["add", "--name", "a@example.org", "--display", "A. Officer", "--role", "ccg-officer"];
    let add = [&add[..], &["--organisation", "00K", "--organisation-name", "NHS Hartlepool CCG"]].concat();
    import_a_practice(folder.path(), &key, &server);
    well(&add);
    let listed = well(&["list"]);
    let id = listed.split_whitespace().next().unwrap();
    let open = user(&["remove", id]);
    assert!(said(&open).contains("disable it first"), "{}", said(&open));
    well(&["disable", id, "--reason", "left"]);
    well(&["remove", id]);
    let listed = well(&["list"]);
    assert!(listed.contains(id) && !listed.contains("a@example.org"), "{listed}");
    let enabled = user(&["enable", id]);
    assert!(said(&enabled).contains("add the person as a new account"), "{}", said(&enabled));
    well(&add);

    // Someone of the provider, whom no one here has heard of.
    let stranger = "0b9e3cf4-6a1f-4d0e-8d57-1a1b3c2d4e5f";
    well(&["disable", stranger]);
    well(&["enable", stranger]);
    let help = printed(&oversight(&["user", "remove", "--help"]));
    assert!(help.contains("add the person as a new account"), "{help}");
}
