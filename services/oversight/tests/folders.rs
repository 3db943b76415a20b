//! The built binary over a data folder that was in use: a log that is gone, damaged or another one, and files of names that
//! are missing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails in a helper fails its test, and shows what the server said"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

const BINARY: &str = env!("CARGO_BIN_EXE_oversight");

/// How long a process may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a command is given again until the server can answer.
const ATTEMPTS_MAX: usize = 200;

fn oversight(key: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    for variable in ["OVERSIGHT_LOG", "OVERSIGHT_DATA", "OVERSIGHT_LISTEN"] {
        command.env_remove(variable);
    }
    command.args(arguments).env("OVERSIGHT_KEY", key).output().unwrap()
}

/// All that a command said, of which the words are some.
#[track_caller]
fn said(output: &Output, code: i32, words: &[&str]) -> String {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "no “{word}” in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A data folder of its own, and the first administrator's key.
struct Desk {
    folder: tempfile::TempDir,
    key: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let made = oversight("", &["bootstrap", "--data", data.to_str().unwrap()]);
        said(&made, 0, &[]);
        Self { key: String::from_utf8(made.stdout).unwrap().trim().to_owned(), folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn data_text(&self) -> String {
        self.data().display().to_string()
    }

    fn log(&self) -> String {
        format!("file:{}", self.data().join("log.redb").display())
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        oversight(&self.key, arguments)
    }

    /// A start that comes to nothing.
    fn serve(&self, flags: &[&str]) -> Output {
        let (listen, data) = (format!("127.0.0.1:{}", free_port()), self.data_text());
        self.run(&[&["serve", "--listen", &listen, "--data", &data], flags].concat())
    }

    /// Imports so many practices into an empty installation, and stops again.
    fn fill(&self, practices: usize) {
        let rows: String = (0..practices).map(practice).collect();
        fs::write(self.folder.path().join("epraccur.csv"), rows).unwrap();
        let server = Server::start(&self.data(), &["--empty"]);
        self.import(&server);
        server.stop();
    }

    fn import(&self, server: &Server) {
        let file = self.file("epraccur.csv");
        let import = ["import", "practices", &file, "--as-of", "2018-05-31", "--server", &server.url];
        self.until_done(&import);
    }

    /// Gives a command until the server has read its logs.
    fn until_done(&self, arguments: &[&str]) -> Output {
        for _ in 0..ATTEMPTS_MAX {
            let output = self.run(arguments);
            if output.status.success() {
                return output;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{}", said(&self.run(arguments), 0, &[]))
    }
}

/// A row as epraccur has it.
fn practice(number: usize) -> String {
    format!(
        "\"A{number:05}\",\"PRACTICE {number}\",\"Y54\",\"Q74\",\"THE HEALTH CENTRE\",\"LAWSON STREET\",\"\",\"\",\"\",\
         \"TS18 1HU\",\"19740401\",\"\",\"A\",\"B\",\"00K\",\"20130401\",\"\",\"01642 672351\",\"\",\"\",\"\",\"0\",\"\",\
         \"00K\",\"\",\"4\",\"\"\r\n"
    )
}

/// A server, stopped at the end of its test.
struct Server {
    child: Child,
    url: String,
    lines: mpsc::Receiver<String>,
}

impl Server {
    fn start(data: &Path, flags: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut child = Command::new(BINARY)
            .args([&["serve", "--listen", &listen, "--data", data.to_str().unwrap()], flags].concat())
            .env_remove("OVERSIGHT_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|text| {
                let _ = line.send(text);
            });
        });
        let server = Self { child, url: format!("http://{listen}"), lines };
        server.until_said("serving");
        server
    }

    /// Waits for a line that says this.
    fn until_said(&self, word: &str) -> String {
        let mut before = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(word) => return before + &line,
                Ok(line) => before += &(line + "\n"),
                Err(_) => panic!("it did not say “{word}”: {before}"),
            }
        }
    }

    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_log_that_is_gone_is_refused_with_what_there_was_and_a_restore_brings_it_back() {
    let desk = Desk::new();
    desk.fill(300);
    let (backup, access, log) = (desk.file("events.ndjson"), desk.file("access.ndjson"), desk.log());
    said(&desk.run(&["backup", &backup, "--log", &log]), 0, &["301 events"]);
    said(&desk.run(&["backup", &access, "--log", &log, "--access"]), 0, &[]);
    let file = desk.data().join("log.redb");
    fs::remove_file(&file).unwrap();
    // Neither with the synthetic England, nor empty, nor in production; nor does anyone begin it anew there.
    let words =
        ["the event log", "is gone", "went to position 301", "caches of", "oversight restore", "--data"];
    for flags in [&[][..], &["--empty"], &["--production"]] {
        said(&desk.serve(flags), 1, &words);
        assert!(!file.exists(), "{flags:?}: an empty log was made in its place");
    }
    said(&desk.run(&["bootstrap", "--data", &desk.data_text()]), 1, &words);
    // Nor over another log: a broker's, or a file elsewhere.
    let elsewhere = format!("file:{}", desk.file("elsewhere.redb"));
    said(&desk.serve(&["--log", &elsewhere]), 1, &["went to position 301"]);

    let other = Desk::new();
    other.fill(2);
    let others = other.file("others.ndjson");
    said(&other.run(&["backup", &others, "--log", &other.log()]), 0, &[]);
    said(&desk.run(&["restore", &others, "--log", &log]), 1, &["of another installation"]);
    said(&desk.run(&["restore", &backup, "--log", &log]), 0, &["301 events"]);
    Server::start(&desk.data(), &["--production"]).stop();

    // The access log is looked at as well, and the two have to belong together.
    let ours = desk.data().join("log-access.redb");
    fs::copy(other.data().join("log-access.redb"), &ours).unwrap();
    fs::remove_file(desk.data().join("log-access.redb.end")).unwrap();
    said(&desk.serve(&["--empty"]), 1, &["the access log", "of another installation"]);
    fs::remove_file(&ours).unwrap();
    said(&desk.serve(&["--empty"]), 1, &["the access log", "is gone", "--access"]);
    said(&desk.run(&["restore", &access, "--log", &log, "--access"]), 0, &[]);
    Server::start(&desk.data(), &["--empty"]).stop();
}

#[test]
fn a_damaged_log_is_told_by_the_same_words_wherever_it_is_read_and_what_is_readable_is_copied() {
    let desk = Desk::new();
    desk.fill(2_000);
    let path = desk.data().join("log.redb");
    let content = fs::read(&path).unwrap();
    let words = b"PRACTICE 1500";
    let file = fs::File::options().write(true).open(&path).unwrap();
    // Wherever it stands: the file has room that is not used any more.
    let places = content.windows(words.len()).enumerate().filter(|(_, window)| window == words);
    let count = places.map(|(at, _)| file.write_all_at(b"DAMAGE", at as u64).unwrap()).count();
    assert!(count > 0);
    let (log, copy) = (desk.log(), desk.file("copy.ndjson"));
    let serve = said(&desk.serve(&["--empty"]), 1, &["is damaged behind position "]);
    let verify = said(&desk.run(&["verify", "--log", &log]), 1, &["is damaged behind position "]);
    let backup = said(&desk.run(&["backup", &copy, "--log", &log]), 1, &["is damaged behind position "]);
    let last = |said: &str| {
        let behind = said.split_once("is damaged behind position ").unwrap().1;
        behind.split_once(':').unwrap().0.parse::<u64>().unwrap()
    };
    let readable = last(&serve);
    assert!((500..1_500).contains(&readable), "{serve}");
    assert_eq!((last(&verify), last(&backup)), (readable, readable));
    assert!(
        verify.contains(&format!("it is intact up to position {readable}, and damaged behind")),
        "{verify}"
    );
    // What is printed does not pass for all there is.
    let printed = desk.run(&["events", "--log", &log]);
    assert_eq!(printed.stdout.iter().filter(|byte| **byte == b'\n').count() as u64, readable);
    assert_eq!(printed.status.code(), Some(1));
    // The copy holds what was readable, and can be restored.
    let elsewhere = format!("file:{}", desk.file("restored.redb"));
    said(&desk.run(&["restore", &copy, "--log", &elsewhere]), 0, &[]);
    let events = desk.run(&["events", "--log", &elsewhere]);
    assert_eq!(String::from_utf8_lossy(&events.stdout).lines().count() as u64, readable);
}

#[test]
fn accounts_that_are_missing_beside_a_log_that_knows_them_are_told_and_refused_in_production() {
    let desk = Desk::new();
    let server = Server::start(&desk.data(), &["--empty"]);
    let account = ["--name", "a@example.org", "--display", "A. Officer", "--role", "administrator"];
    let add = [&["user", "add"], &account[..], &["--organisation", "X26", "--server", &server.url]].concat();
    desk.until_done(&add);
    server.stop();
    let file = desk.data().join("accounts.redb");
    for left in [Some(""), None] {
        fs::remove_file(&file).unwrap();
        if let Some(content) = left {
            fs::write(&file, content).unwrap();
        }
        let words = ["accounts.redb is ", "knows of 1 accounts that are open", "restore it from the backup"];
        said(&desk.serve(&["--production"]), 1, &words);
    }
    let server = Server::start(&desk.data(), &["--empty"]);
    let list = said(&desk.until_done(&["user", "list", "--server", &server.url]), 0, &["name missing"]);
    assert!(!list.contains("deleted"), "{list}");
}
