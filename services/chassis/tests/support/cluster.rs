//! Three brokers with the configuration of a cluster as it is shipped, in TLS, and a key for each user.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{ConnectOptions, jetstream};
use chassis::{
    log::{
        Log, LogUrl, OpenError,
        nats::{NatsLog, nkey},
    },
    testing::nats::{NatsServer, free_port},
};

use super::{
    authority::Authority,
    users::{OPERATOR, SERVICES},
};

const SERVERS: u16 = 3;

/// How long the servers may take to find one another, or one that was away to catch up.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Cluster {
    pub servers: Vec<NatsServer>,
    authority: Authority,
}

fn name(number: u16) -> String {
    format!("oversight-{number}")
}

impl Cluster {
    /// Starts three servers, and has the operator make the stream with three replicas.
    pub async fn start() -> Self {
        let authority = Authority::new();
        let (certificate, key) = authority.certify("127.0.0.1");
        let ports: Vec<u16> = (0..SERVERS).map(|_| free_port()).collect();
        let path = |path: PathBuf| path.display().to_string();
        let mut variables = vec![
            ("OVERSIGHT_NATS_TLS_CERT".to_owned(), path(certificate)),
            ("OVERSIGHT_NATS_TLS_KEY".to_owned(), path(key)),
            ("OVERSIGHT_NATS_TLS_CA".to_owned(), path(authority.path("ca.pem"))),
        ];
        for (number, port) in (1..).zip(&ports) {
            variables.push((format!("OVERSIGHT_NATS_ROUTE_{number}"), format!("nats://127.0.0.1:{port}")));
        }
        for user in SERVICES.into_iter().chain([OPERATOR]) {
            let key = nkey::new_user().unwrap();
            fs::write(authority.path(user), format!("{}\n", key.seed)).unwrap();
            variables.push((format!("OVERSIGHT_NATS_{}_NKEY", user.to_uppercase()), key.public));
        }
        let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/cluster/nats-server.conf");
        let start = |(number, port): (u16, &u16)| {
            let own = ("OVERSIGHT_NATS_NAME".to_owned(), name(number));
            let variables = variables.iter().cloned().chain([own]).collect();
            NatsServer::shipped_in_cluster(&config, variables, *port)
        };
        let servers = (1..).zip(&ports).map(start).collect();
        let cluster = Self { servers, authority };
        let until = Instant::now() + PATIENCE;
        while let Err(error) = cluster.open(OPERATOR).await {
            assert!(Instant::now() < until, "the operator cannot make the stream: {error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cluster.until_whole().await;
        cluster
    }

    /// The log, opened as a service of this name opens it: with all three servers in its address.
    pub async fn open(&self, user: &str) -> Result<Log, OpenError> {
        let servers: Vec<String> =
            self.servers.iter().map(|server| format!("tls://127.0.0.1:{}", server.port())).collect();
        let address = format!("{}?inbox={user}&replicas=3", servers.join(","));
        let Ok(LogUrl::Nats(url)) = address.parse() else { panic!("{address}") };
        let variable = |name: &str| match name {
            "OVERSIGHT_NATS_NKEY_SEED" => Some(self.authority.path(user).into()),
            "OVERSIGHT_NATS_CA" => Some(self.authority.file()),
            _ => None,
        };
        Ok(Arc::new(NatsLog::connect_with(&url, variable).await?))
    }

    /// What the servers say of the stream: where its leader is, and whether all three have all of it.
    async fn seen(&self, running: usize) -> Option<(usize, bool)> {
        let seed = fs::read_to_string(self.authority.path(OPERATOR)).unwrap().trim().to_owned();
        let options = ConnectOptions::with_nkey(seed)
            .custom_inbox_prefix(format!("_INBOX_{OPERATOR}"))
            .add_root_certificates(self.authority.path("ca.pem"))
            .require_tls(true);
        let client =
            options.connect(format!("tls://127.0.0.1:{}", self.servers[running].port())).await.ok()?;
        let stream = jetstream::new(client).get_stream("OVERSIGHT").await.ok()?;
        let cluster = stream.cached_info().cluster.clone()?;
        let leader = cluster.leader?;
        let index = (1..=SERVERS).position(|number| name(number) == leader)?;
        let whole = cluster.replicas.len() == 2
            && cluster.replicas.iter().all(|replica| replica.current && !replica.offline);
        Some((index, whole))
    }

    /// The server that leads the stream.
    pub async fn leader(&self) -> usize {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some((leader, _)) = self.seen(0).await {
                return leader;
            }
            assert!(Instant::now() < until, "the stream has no leader");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until all three have all of the stream.
    pub async fn until_whole(&self) {
        let until = Instant::now() + PATIENCE;
        while !matches!(self.seen(0).await, Some((_, true))) {
            assert!(Instant::now() < until, "a server does not catch up with the others");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
