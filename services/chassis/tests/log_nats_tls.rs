//! The log in JetStream over TLS, with the broker's configuration as it is shipped and an authority
//! of our own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may fail it")]

mod support;

use std::{
    ffi::OsString,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    time::Duration,
};

use chassis::{
    log::{LogUrl, OpenError, nats::NatsLog},
    testing::nats::{NatsServer, Sync},
};
use proto::Position;
use support::{
    authority::Authority,
    event, now, read_all, soon,
    users::{Broker, OPERATOR},
};

impl Authority {
    /// The shipped broker for a network, with a certificate for this name.
    fn broker(&self, name: &str) -> Broker {
        let (certificate, key) = self.certify(name);
        let variable = |name: &str, path: PathBuf| (name.to_owned(), path.display().to_string());
        Broker::with(
            "nats-server-tls.conf",
            vec![variable("OVERSIGHT_NATS_TLS_CERT", certificate), variable("OVERSIGHT_NATS_TLS_KEY", key)],
        )
    }
}

/// Why the log does not open.
#[track_caller]
fn refusal<T>(opened: Result<T, OpenError>) -> String {
    match opened {
        Err(OpenError::Server { reason, .. }) => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_tls_is_spoken_with_a_server_of_the_named_authority() {
    let authority = Authority::new();
    let broker = authority.broker("127.0.0.1");
    let open = |user| broker.open_at("tls", user, "", vec![("OVERSIGHT_NATS_CA", authority.file())]);
    open(OPERATOR).await.unwrap();
    let log = open("organisations").await.unwrap();
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), now(1));
    // A reader has a connection of its own.
    assert_eq!(read_all(&log).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_tls_with_anyone_else_is_not() {
    let authority = Authority::new();
    let broker = authority.broker("127.0.0.1");
    let another = Authority::new();
    for variables in [Vec::new(), vec![("OVERSIGHT_NATS_CA", another.file())]] {
        let reason = refusal(soon("a refusal", broker.open_at("tls", OPERATOR, "", variables)).await);
        assert!(reason.contains("TLS fails") && reason.contains("OVERSIGHT_NATS_CA"), "{reason}");
    }
    // The right authority, but a certificate for another host.
    let elsewhere = authority.broker("broker.example.org");
    let variables = vec![("OVERSIGHT_NATS_CA", authority.file())];
    let reason = refusal(soon("a refusal", elsewhere.open_at("tls", OPERATOR, "", variables)).await);
    assert!(reason.contains("TLS fails"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_tls_is_the_only_thing_the_server_for_a_network_speaks() {
    let authority = Authority::new();
    let broker = authority.broker("127.0.0.1");
    let reason = refusal(soon("a refusal", broker.open(OPERATOR, "")).await);
    assert!(reason.contains("TLS fails"), "{reason}");
    // An authority is named, but not TLS: nothing is even tried.
    let variables = vec![("OVERSIGHT_NATS_CA", authority.file())];
    let reason = refusal(broker.open_at("nats", OPERATOR, "", variables).await);
    assert!(reason.contains("tls://"), "{reason}");
    // A client that knows no TLS is turned away before it can say who it is.
    let mut plain = TcpStream::connect(("127.0.0.1", broker.port())).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    plain.write_all(b"CONNECT {\"verbose\":true}\r\nPING\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("\"tls_required\":true") && !said.contains("PONG"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_tls_can_ask_for_a_certificate_of_the_client_too() {
    let authority = Authority::new();
    let (certificate, key) = authority.certify("127.0.0.1");
    let server = NatsServer::with_config(
        Sync::Lazily,
        &format!(
            "tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {:?}, verify: true }}",
            authority.path("ca.pem")
        ),
    );
    let Ok(LogUrl::Nats(url)) = format!("tls://127.0.0.1:{}", server.port()).parse() else { panic!() };
    let open = async |variables: Vec<(&str, OsString)>| {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        soon("an answer", NatsLog::connect_with(&url, value)).await
    };
    let own = |(certificate, key): (PathBuf, PathBuf)| {
        vec![
            ("OVERSIGHT_NATS_CA", authority.file()),
            ("OVERSIGHT_NATS_CERT", certificate.into()),
            ("OVERSIGHT_NATS_KEY", key.into()),
        ]
    };
    let reason = refusal(open(vec![("OVERSIGHT_NATS_CA", authority.file())]).await);
    assert!(reason.contains("TLS fails") && reason.contains("OVERSIGHT_NATS_CERT"), "{reason}");
    refusal(open(own(Authority::new().certify("client"))).await);
    let (certificate, _) = authority.certify("one");
    let (_, key) = authority.certify("other");
    let reason = refusal(open(own((certificate, key))).await);
    assert!(reason.contains("do not go together"), "{reason}");
    open(own(authority.certify("client"))).await.unwrap();
}
