//! Commands given to a server over TLS, and the key that goes along with them.

#![allow(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
    sync::{Arc, mpsc},
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, Stream,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;

/// A key that opens nothing.
const KEY: &str =
    "ovk_00000000000000000000000000000000_0000000000000000000000000000000000000000000000000000000000000000";

/// A server over TLS that says there are no keys, and the authority that certifies it.
struct MadeServer {
    folder: TempDir,
    url: String,
    asked: mpsc::Receiver<String>,
}

impl MadeServer {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let named = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = named.signed_by(&key, &Issuer::new(params, authority_key)).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap());

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (said, asked) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut tls) = (stream.unwrap(), ServerConnection::new(config.clone()).unwrap());
                let mut tls = Stream::new(&mut tls, &mut stream);
                let mut request = Vec::new();
                let mut bytes = [0; 1024];
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    match tls.read(&mut bytes) {
                        Ok(read @ 1..) => request.extend_from_slice(&bytes[..read]),
                        // Who does not trust the certificate goes away.
                        _ => break,
                    }
                }
                let answer =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
                let _ = tls.write_all(answer.as_bytes()).and_then(|()| tls.flush());
                let _ = said.send(String::from_utf8(request).unwrap());
            }
        });
        Self { folder, url, asked }
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Lists the keys of a server, trusting an authority.
fn list_keys(server: &str, authority: &PathBuf) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oversight"))
        .args(["key", "list", "--server", server])
        .env("OVERSIGHT_KEY", KEY)
        .env("SSL_CERT_FILE", authority)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap()
}

#[test]
fn a_command_is_given_over_tls_to_a_server_that_can_be_trusted() {
    let server = MadeServer::start();
    let listed = list_keys(&server.url, &server.authority());
    assert!(listed.status.success(), "{listed:?}");
    let asked = server.asked.recv().unwrap();
    assert!(asked.starts_with("GET /api/v1/access/keys HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("authorization: Bearer {KEY}")), "{asked}");
}

#[test]
fn a_server_that_nobody_vouches_for_gets_no_key() {
    let (server, another) = (MadeServer::start(), MadeServer::start());
    let listed = list_keys(&server.url, &another.authority());
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert_eq!(listed.status.code(), Some(1), "{said}");
    assert!(said.contains("no safe connection") && said.contains("certificate"), "{said}");
    assert!(!server.asked.recv().unwrap().contains(KEY));
}

#[test]
fn a_key_is_not_sent_to_another_machine_in_the_clear() {
    let server = MadeServer::start();
    let refused = list_keys("http://oversight.example.nhs.uk", &server.authority());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("https://") && said.contains("key"), "{said}");
}
