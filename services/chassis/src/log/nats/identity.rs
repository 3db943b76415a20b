//! Who we are to the server, and which servers we believe: what the environment names.
//!
//! | variable | the file it names |
//! | --- | --- |
//! | `OVERSIGHT_NATS_NKEY_SEED` | the seed of this user's nkey |
//! | `OVERSIGHT_NATS_CREDS` | the credentials of a server with an operator, instead |
//! | `OVERSIGHT_NATS_CA` | the certificates (PEM) of the authority that the server's one must be from; then no other authority is believed |
//! | `OVERSIGHT_NATS_CERT`, `OVERSIGHT_NATS_KEY` | the certificate and key (PEM) that we show, where the server asks for them |
//!
//! All of them are read and checked at the start, so that a wrong one is named then and there. The
//! client library reads the files of TLS again at each new connection: a certificate may be renewed
//! under a running service.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_nats::{
    ConnectOptions,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::log::{NatsUrl, OpenError, url::Login};

/// The names of the variables that name files.
const CREDS_VARIABLE: &str = "OVERSIGHT_NATS_CREDS";
const NKEY_VARIABLE: &str = "OVERSIGHT_NATS_NKEY_SEED";
const CA_VARIABLE: &str = "OVERSIGHT_NATS_CA";
const CERT_VARIABLE: &str = "OVERSIGHT_NATS_CERT";
const KEY_VARIABLE: &str = "OVERSIGHT_NATS_KEY";

/// Who we are, and whom we believe.
#[derive(Clone)]
pub(super) struct Identity {
    credentials: Credentials,
    tls: Tls,
}

/// By what the server knows its user.
#[derive(Clone)]
enum Credentials {
    None,
    Login(Login),
    CredsFile(PathBuf),
    Nkey(String),
}

/// Whose certificates count, and which one we show.
#[derive(Clone, Default)]
struct Tls {
    authority: Option<PathBuf>,
    own: Option<Certified>,
}

#[derive(Clone)]
struct Certified {
    certificate: PathBuf,
    key: PathBuf,
}

impl Identity {
    /// From the URL and the environment. Reads every file that is named, and fails with the name of
    /// the variable where one will not do.
    pub(super) fn of(url: &NatsUrl, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, OpenError> {
        let file = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let fail = |reason| OpenError::Server { place: url.to_string(), reason };
        let credentials = Credentials::of(url, file(CREDS_VARIABLE), file(NKEY_VARIABLE)).map_err(fail)?;
        let tls = Tls::of(file(CA_VARIABLE), file(CERT_VARIABLE), file(KEY_VARIABLE)).map_err(fail)?;
        tls.check(url).map_err(fail)?;
        Ok(Self { credentials, tls })
    }

    /// Hands them to a connection that is about to be made.
    pub(super) async fn apply(&self, options: ConnectOptions) -> Result<ConnectOptions, String> {
        let mut options = match &self.credentials {
            Credentials::None => options,
            Credentials::Login(login) => {
                options.user_and_password(login.user.clone(), login.password.clone())
            }
            Credentials::CredsFile(path) => {
                options.credentials_file(path).await.map_err(|error| unusable(CREDS_VARIABLE, path, error))?
            }
            Credentials::Nkey(seed) => options.nkey(seed.clone()),
        };
        if let Some(authority) = &self.tls.authority {
            options = options.add_root_certificates(authority.clone());
        }
        if let Some(own) = &self.tls.own {
            options = options.add_client_certificate(own.certificate.clone(), own.key.clone());
        }
        Ok(options)
    }
}

impl Credentials {
    fn of(url: &NatsUrl, creds: Option<PathBuf>, nkey: Option<PathBuf>) -> Result<Self, String> {
        match (&url.login, creds, nkey) {
            (Some(login), ..) => Ok(Credentials::Login(login.clone())),
            (None, Some(_), Some(_)) => {
                Err(format!("{CREDS_VARIABLE} and {NKEY_VARIABLE} are both set: set only one"))
            }
            (None, Some(path), None) => Ok(Credentials::CredsFile(path)),
            (None, None, Some(path)) => {
                let text =
                    fs::read_to_string(&path).map_err(|error| unusable(NKEY_VARIABLE, &path, error))?;
                let seed = text.trim();
                // The library's own error may repeat a part of what it read.
                nkeys::KeyPair::from_seed(seed)
                    .map_err(|_| unusable(NKEY_VARIABLE, &path, "it holds no seed of an nkey (SU…)"))?;
                Ok(Credentials::Nkey(seed.to_owned()))
            }
            (None, None, None) => Ok(Credentials::None),
        }
    }
}

impl Tls {
    fn of(
        authority: Option<PathBuf>,
        certificate: Option<PathBuf>,
        key: Option<PathBuf>,
    ) -> Result<Self, String> {
        let alone = |set: &str, missing: &str| {
            Err(format!("{set} is set and {missing} is not: a certificate and its key belong together"))
        };
        let own = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Certified { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return alone(CERT_VARIABLE, KEY_VARIABLE),
            (None, Some(_)) => return alone(KEY_VARIABLE, CERT_VARIABLE),
        };
        Ok(Self { authority, own })
    }

    /// Whether everything named is there, is what it should be, and will be used.
    fn check(&self, url: &NatsUrl) -> Result<(), String> {
        let named = match (&self.authority, &self.own) {
            (None, None) => return Ok(()),
            (Some(_), _) => CA_VARIABLE,
            (None, Some(_)) => CERT_VARIABLE,
        };
        if !url.in_tls() {
            // Otherwise whoever stands in between could simply not offer TLS.
            return Err(format!(
                "{named} is set, but the address does not ask for TLS: begin it with tls://"
            ));
        }
        let mut roots = RootCertStore::empty();
        if let Some(path) = &self.authority {
            for certificate in certificates(CA_VARIABLE, path)? {
                roots.add(certificate).map_err(|error| unusable(CA_VARIABLE, path, error))?;
            }
        }
        let Some(Certified { certificate, key }) = &self.own else { return Ok(()) };
        let chain = certificates(CERT_VARIABLE, certificate)?;
        let own_key = PrivateKeyDer::from_pem_slice(&read(KEY_VARIABLE, key)?)
            .map_err(|_| unusable(KEY_VARIABLE, key, "it holds no private key in PEM form"))?;
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_root_certificates(roots).with_client_auth_cert(chain, own_key))
            .map(drop)
            .map_err(|error| format!("{CERT_VARIABLE} and {KEY_VARIABLE} do not go together: {error}"))
    }
}

fn certificates(variable: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(variable, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(unusable(variable, path, "it holds no certificate in PEM form")),
    }
}

fn read(variable: &str, path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error: io::Error| unusable(variable, path, error))
}

fn unusable(variable: &str, path: &Path, reason: impl std::fmt::Display) -> String {
    format!("the file {} that {variable} names cannot be used: {reason}", path.display())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::log::LogUrl;

    /// What is said of an address with some of the variables set, each to a file of this content.
    fn said(address: &str, files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let variables: HashMap<&str, OsString> = files
            .iter()
            .map(|(name, content)| {
                let path = folder.path().join(name);
                if *content != "missing" {
                    fs::write(&path, content).unwrap();
                }
                (*name, path.into_os_string())
            })
            .collect();
        let Ok(LogUrl::Nats(url)) = address.parse() else { panic!("{address}") };
        match Identity::of(&url, |name| variables.get(name).cloned()) {
            Ok(_) => "good".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_variable() {
        let pem = |what: &str| format!("-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n");
        let (certificate, key) = (pem("CERTIFICATE"), pem("PRIVATE KEY"));
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        let (nkey, creds) = (NKEY_VARIABLE, CREDS_VARIABLE);
        let (ca, cert, own_key) = (CA_VARIABLE, CERT_VARIABLE, KEY_VARIABLE);
        type Files<'a> = &'a [(&'a str, &'a str)];
        let cases: [(&str, Files<'_>, &[&str]); 14] = [
            ("nats://h", &[], &["good"]),
            ("nats://h", &[(nkey, &format!(" {seed}\n"))], &["good"]),
            ("nats://h", &[(nkey, "missing")], &[nkey, "No such file"]),
            ("nats://h", &[(nkey, "secret")], &[nkey, "no seed"]),
            ("nats://h", &[(nkey, &seed), (creds, "x")], &[nkey, creds, "set only one"]),
            ("nats://u:p@h", &[(nkey, &seed), (creds, "x")], &["good"]),
            ("nats://h", &[(ca, &certificate)], &[ca, "tls://"]),
            ("tls://h", &[(ca, "missing")], &[ca, "No such file"]),
            ("tls://h", &[(ca, "")], &[ca, "holds no certificate"]),
            ("tls://h", &[(ca, &key)], &[ca, "holds no certificate"]),
            ("tls://h", &[(ca, &certificate)], &[ca, "cannot be used"]),
            ("tls://h", &[(cert, &certificate)], &[cert, own_key, "belong together"]),
            ("tls://h", &[(own_key, &key)], &[cert, own_key, "belong together"]),
            ("tls://h", &[(cert, &certificate), (own_key, &certificate)], &[own_key, "no private key"]),
        ];
        for (address, files, words) in cases {
            let said = said(address, files);
            for word in words {
                assert!(said.contains(word), "{address} with {files:?} does not say {word:?}: {said}");
            }
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
