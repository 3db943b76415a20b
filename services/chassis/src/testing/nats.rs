//! A nats-server of a test's own: a free port, a store in a temporary folder, gone with the test.
#![expect(clippy::expect_used, clippy::panic, reason = "a test cannot go on without its server")]

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::log::LogUrl;

/// How long the server may take to greet.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// When the server syncs what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// Each message before it is acknowledged, as in production.
    Always,
    /// As the server likes: fast, and good enough where nothing is killed.
    Lazily,
}

/// A running nats-server with JetStream.
#[derive(Debug)]
pub struct NatsServer {
    folder: PathBuf,
    port: u16,
    monitor_port: u16,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts one.
    pub fn start(sync: Sync) -> Self {
        Self::with_config(sync, "")
    }

    /// Starts one with more lines of configuration, for example users and their permissions.
    pub fn with_config(sync: Sync, more: &str) -> Self {
        let mut server = Self::prepared();
        let (folder, port, monitor_port) = (&server.folder, server.port, server.monitor_port);
        let sync = match sync {
            Sync::Always => "sync_interval: always",
            Sync::Lazily => "",
        };
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor_port}\"\n\
             jetstream {{\n store_dir: \"{}\"\n {sync}\n}}\n{more}\n",
            folder.join("store").display()
        );
        let file = folder.join("server.conf");
        fs::write(&file, config).expect("a configuration file");
        server.arguments = vec!["-c".into(), file.into()];
        server.run();
        server
    }

    /// Where it tells of itself.
    pub fn monitor_port(&self) -> u16 {
        self.monitor_port
    }

    /// Starts one with a configuration file as it is shipped, and the variables that it reads. Only
    /// where it listens and where it stores are the test's own.
    pub fn shipped(config: &Path, variables: Vec<(String, String)>) -> Self {
        let mut server = Self::prepared();
        server.run_shipped(config, variables);
        server
    }

    /// Starts one of several that keep a log together, with the configuration as it is shipped. The others find it at
    /// `cluster_port`.
    pub fn shipped_in_cluster(config: &Path, variables: Vec<(String, String)>, cluster_port: u16) -> Self {
        let mut server = Self::prepared();
        server.arguments = vec!["--cluster".into(), format!("nats://127.0.0.1:{cluster_port}").into()];
        server.run_shipped(config, variables);
        server
    }

    /// Where it listens and where it stores are the test's own; all else is as shipped.
    fn run_shipped(&mut self, config: &Path, variables: Vec<(String, String)>) {
        let (port, monitor_port) = (self.port.to_string(), self.monitor_port.to_string());
        let store = self.folder.join("store");
        self.arguments.extend(["-c".into(), config.into(), "-a".into(), "127.0.0.1".into()]);
        self.arguments.extend(["-p".into(), port.into(), "-m".into(), monitor_port.into()]);
        self.variables = variables;
        self.variables.push(("OVERSIGHT_NATS_STORE".to_owned(), store.display().to_string()));
        self.run();
    }

    fn prepared() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("oversight-nats-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self {
            folder,
            port: free_port(),
            monitor_port: free_port(),
            arguments: Vec::new(),
            variables: Vec::new(),
            child: None,
        }
    }

    /// Where it keeps what it stores.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `HOST:PORT` of its monitoring address.
    pub fn monitor(&self) -> String {
        format!("127.0.0.1:{}", self.monitor_port)
    }

    /// The log on it.
    pub fn url(&self) -> LogUrl {
        format!("nats://127.0.0.1:{}", self.port).parse().expect("an address")
    }

    /// Kills it as a power cut of the process would: at once (`SIGKILL` on Unix).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Freezes it: it keeps its connections and answers no one, as a machine that swaps or is being moved.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let child = self.child.as_ref().expect("it runs");
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal {signal} is sent");
    }

    /// Kills it and starts it again on the same port and store.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// Starts it again after [`kill`](Self::kill).
    pub fn run(&mut self) {
        let log = fs::File::create(self.folder.join("server.log")).expect("a log file");
        let child = Command::new(binary())
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server starts");
        self.child = Some(child);
        let until = Instant::now() + START_TIMEOUT;
        while !self.greets() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > until {
                let said = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                panic!("nats-server does not start: {said}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn greets(&self) -> bool {
        let Ok(connection) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let _ = connection.set_read_timeout(Some(Duration::from_secs(1)));
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).is_ok() && line.starts_with("INFO ")
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that no one listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// `$NATS_SERVER`, else the one on `PATH`, else the one that `make tools` put into the workspace.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("NATS_SERVER").filter(|named| !named.is_empty()) {
        return PathBuf::from(named);
    }
    let on_path = env::var_os("PATH").and_then(|path| {
        env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|file| file.is_file())
    });
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/nats-server");
    match on_path {
        Some(found) => found,
        None if own.is_file() => own,
        None => panic!("nats-server is missing: `make tools` installs it"),
    }
}
