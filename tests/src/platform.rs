//! The platform as it is run: one process, or separate services over a broker behind a proxy.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    broker::Shipped,
    client::Client,
    keys,
    process::{Process, READY_TIMEOUT},
    programs::{self, free_port},
    proxy::Proxy,
};

/// The services that run apart.
pub const SERVICES: [&str; 7] =
    ["organisations", "assessments", "suppliers", "continuity", "onsite", "projection", "access"];

/// `oversight serve`: all services in one process.
#[derive(Debug)]
pub struct OneProcess {
    /// The process.
    pub process: Process,
    /// Asks it.
    pub client: Client,
    /// Its data folder and what it said.
    pub folder: TempDir,
    port: u16,
}

impl OneProcess {
    /// Starts it empty, over the log in its own data folder.
    pub async fn start() -> Self {
        Self::with(&["--empty"]).await
    }

    /// Starts it empty over a log elsewhere.
    pub async fn over(log: &str) -> Self {
        Self::with(&["--empty", "--log", log]).await
    }

    /// Starts it with flags and waits until it is ready.
    pub async fn with(flags: &[&str]) -> Self {
        let mut started = Self::begin(flags);
        started.until_ready().await;
        started
    }

    /// Starts it with flags and does not wait.
    pub fn begin(flags: &[&str]) -> Self {
        Self::begin_in(tempfile::tempdir().expect("a temporary folder"), flags)
    }

    /// Starts it over a folder that is there, and does not wait.
    pub fn begin_in(folder: TempDir, flags: &[&str]) -> Self {
        let port = free_port();
        let data = folder.path().join("data");
        let mut arguments =
            vec!["serve".to_owned(), "--listen".to_owned(), format!("127.0.0.1:{port}"), "--data".to_owned()];
        arguments.push(data.display().to_string());
        arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let named = flags.iter().skip_while(|flag| **flag != "--log").nth(1);
        let log =
            named.map_or_else(|| format!("file:{}", data.join("log.redb").display()), ToString::to_string);
        std::fs::create_dir_all(&data).expect("a data folder");
        let key = keys::of_log(&log);
        keys::remember(&format!("http://127.0.0.1:{port}"), &key);
        let process = Process::start(&programs::oversight(), &arguments, folder.path());
        Self { process, client: Client::new(port).with_key(&key), folder, port }
    }

    /// Waits until it has caught up with the log.
    pub async fn until_ready(&mut self) {
        let client = self.client.clone();
        self.process.until_ready(async || client.ready().await).await;
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Kills it at once and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill();
        self.restart().await;
    }

    /// Starts it again after it ended.
    pub async fn restart(&mut self) {
        self.process.run();
        self.until_ready().await;
    }
}

/// Separate services behind a proxy.
#[derive(Debug)]
pub struct Separate {
    /// By name.
    pub services: BTreeMap<String, (Process, Client)>,
    /// Asks the proxy.
    pub client: Client,
    /// The proxy.
    pub proxy: Proxy,
    /// Their data folders and what they said.
    pub folder: TempDir,
}

impl Separate {
    /// Starts them over a broker, each as its own user there, as in production.
    pub async fn start(broker: &Shipped) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = keys::of_log_as(&broker.log("operator"), &broker.variables("operator"));
        // Access alone signs sessions; all know them.
        let (signing, known) = (folder.path().join("session.signing"), folder.path().join("session.keys"));
        chassis::access::session::keys::prepare(&signing, &known).expect("files of session keys");
        let mut services = BTreeMap::new();
        let mut ports = BTreeMap::new();
        for name in SERVICES {
            let port = free_port();
            let data = folder.path().join(name).display().to_string();
            let (listen, known) = (format!("127.0.0.1:{port}"), known.display().to_string());
            let log = broker.log(name);
            let arguments = [
                "--production",
                "--listen",
                &listen,
                "--data",
                &data,
                "--log",
                &log,
                "--session-keys",
                &known,
            ]
            .map(str::to_owned);
            let variables = broker.variables(name);
            // As deployed: with the event feed beside it.
            let signing = signing.display().to_string();
            let (program, before) = match name {
                "access" => (
                    programs::oversight(),
                    &["serve", "--only", "access", "--session-signing-key", &signing][..],
                ),
                name => (programs::service(name), &[][..]),
            };
            let arguments: Vec<String> =
                before.iter().map(|word| (*word).to_owned()).chain(arguments).collect();
            let process = Process::start_with(&program, &arguments, variables, folder.path());
            services.insert(name.to_owned(), (process, Client::new(port).with_key(&key)));
            ports.insert(name.to_owned(), port);
        }
        for (process, client) in services.values_mut() {
            let client = client.clone();
            process.until_ready(async || client.ready().await).await;
        }
        let proxy = Proxy::start(ports).await;
        let client = Client::new(proxy.port).with_key(&key);
        keys::remember(&format!("http://127.0.0.1:{}", proxy.port), &key);
        Self { services, client, proxy, folder }
    }

    /// The address of the proxy.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port)
    }
}

/// Waits until the views show a position of the log.
pub async fn until_shown(client: &Client, position: u64) -> Value {
    let until = Instant::now() + READY_TIMEOUT;
    loop {
        let view = client.json("/api/v1/view").await;
        if view["position"].as_u64().is_some_and(|shown| shown >= position) {
            return view;
        }
        assert!(Instant::now() < until, "the views do not come to position {position}: {view}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Waits until the views show all that the log has.
pub async fn until_caught_up(client: &Client) -> Value {
    let until = Instant::now() + READY_TIMEOUT;
    loop {
        let view = client.json("/api/v1/view").await;
        let caught_up = view["rebuilding"].is_null() && view["position"] == view["head"];
        if caught_up {
            return view;
        }
        assert!(Instant::now() < until, "the views do not catch up: {view}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
