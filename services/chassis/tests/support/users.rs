//! A broker with the configuration as it is shipped, and a key for each of its users.

use std::{ffi::OsString, fs, path::PathBuf, sync::Arc};

use chassis::{
    log::{
        Log, LogUrl, NatsUrl, OpenError,
        nats::{NatsLog, nkey},
    },
    shared::Shared,
    task::Tasks,
    testing::nats::NatsServer,
};
use tempfile::TempDir;

pub const SERVICES: [&str; 7] =
    ["organisations", "assessments", "suppliers", "continuity", "onsite", "access", "projection"];

pub const OPERATOR: &str = "operator";

/// The folder of the configuration.
pub fn shipped(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nats").join(file)
}

pub struct Broker {
    server: NatsServer,
    /// A file with the seed of each user, named as the user is.
    seeds: TempDir,
}

impl Broker {
    pub fn start() -> Self {
        Self::with("nats-server.conf", Vec::new())
    }

    /// Another of the shipped files, with what it reads more.
    pub fn with(file: &str, mut variables: Vec<(String, String)>) -> Self {
        let seeds = tempfile::tempdir().unwrap();
        for user in SERVICES.into_iter().chain([OPERATOR]) {
            let key = nkey::new_user().unwrap();
            fs::write(seeds.path().join(user), format!("{}\n", key.seed)).unwrap();
            variables.push((format!("OVERSIGHT_NATS_{}_NKEY", user.to_uppercase()), key.public));
        }
        Self { server: NatsServer::shipped(&shipped(file), variables), seeds }
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    pub fn seed(&self, user: &str) -> String {
        fs::read_to_string(self.seeds.path().join(user)).unwrap().trim().to_owned()
    }

    /// The seed of no one's key.
    pub fn strange_seed() -> String {
        nkey::new_user().unwrap().seed
    }

    /// The log, opened as a service of this name opens it.
    pub async fn open(&self, user: &str, more: &str) -> Result<Log, OpenError> {
        self.open_at("nats", user, more, Vec::new()).await
    }

    /// The same over TLS or not, with more variables.
    pub async fn open_at(
        &self,
        scheme: &str,
        user: &str,
        more: &str,
        variables: Vec<(&str, OsString)>,
    ) -> Result<Log, OpenError> {
        let address = format!("{scheme}://127.0.0.1:{}?inbox={user}{more}", self.port());
        let Ok(LogUrl::Nats(url)) = address.parse() else { panic!("{address}") };
        self.open_url(&url, user, variables).await
    }

    /// The access log beside it.
    pub async fn open_access(&self, user: &str) -> Result<Log, OpenError> {
        let address = format!("nats://127.0.0.1:{}?inbox={user}", self.port());
        let Ok(LogUrl::Nats(url)) = address.parse().map(|url: LogUrl| url.access()) else {
            panic!("{address}")
        };
        self.open_url(&url, user, Vec::new()).await
    }

    async fn open_url(
        &self,
        url: &NatsUrl,
        user: &str,
        mut variables: Vec<(&str, OsString)>,
    ) -> Result<Log, OpenError> {
        variables.push(("OVERSIGHT_NATS_NKEY_SEED", self.seeds.path().join(user).into()));
        let variable = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone())
        };
        Ok(Arc::new(NatsLog::connect_with(url, variable).await?))
    }

    /// The entries of a bucket beside it, opened as a service of this name opens it.
    pub async fn open_shared(
        &self,
        user: &str,
        name: &str,
        tasks: &Tasks,
    ) -> Result<Shared<String>, OpenError> {
        let address = format!("nats://127.0.0.1:{}?inbox={user}", self.port());
        let Ok(LogUrl::Nats(url)) = address.parse() else { panic!("{address}") };
        let seed: OsString = self.seeds.path().join(user).into();
        Shared::open_with(&url, name, tasks, |name| {
            (name == "OVERSIGHT_NATS_NKEY_SEED").then(|| seed.clone())
        })
        .await
    }
}
