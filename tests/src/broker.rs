//! A broker as it is deployed: `deploy/nats/nats-server.conf`, with keys that `deploy/secrets.sh`
//! made, and the streams that the operator made.

use std::{env, fs, path::PathBuf, process::Command};

use chassis::testing::nats::NatsServer;
use tempfile::TempDir;

use crate::programs;

/// A running broker where each service has a user of its own.
#[derive(Debug)]
pub struct Shipped {
    server: NatsServer,
    secrets: TempDir,
}

impl Shipped {
    /// Makes the keys, starts the broker, and makes the stream.
    pub fn start() -> Self {
        let secrets = tempfile::tempdir().expect("a temporary folder");
        let deploy = programs::workspace().join("deploy");
        let mut script = Command::new("bash");
        script.arg(deploy.join("secrets.sh")).arg(secrets.path());
        let folder = programs::oversight().parent().expect("a folder").to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([folder].into_iter().chain(env::split_paths(&path))).expect("a PATH");
        done(script.env("PATH", path));
        let variables = fs::read_to_string(secrets.path().join("nats.env")).expect("the broker's variables");
        let variables = variables.lines().filter_map(|line| line.split_once('='));
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let server = NatsServer::shipped(&deploy.join("nats/nats-server.conf"), variables);
        let broker = Self { server, secrets };
        let mut operator = Command::new(programs::oversight());
        operator.args(["prepare", "--log", &broker.log("operator")]);
        operator.envs(broker.variables("operator"));
        done(&mut operator);
        broker
    }

    /// The address of the log for a user.
    pub fn log(&self, user: &str) -> String {
        format!(
            "nats://127.0.0.1:{}?inbox={user}&monitor=127.0.0.1:{}",
            self.server.port(),
            self.server.monitor_port()
        )
    }

    /// By what a user's program shows who it is.
    pub fn variables(&self, user: &str) -> Vec<(String, String)> {
        let seed: PathBuf = self.secrets.path().join(format!("{user}.nk"));
        vec![("OVERSIGHT_NATS_NKEY_SEED".to_owned(), seed.display().to_string())]
    }
}

fn done(command: &mut Command) {
    let output = command.output().expect("a program that starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
