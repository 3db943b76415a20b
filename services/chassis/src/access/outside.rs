//! Requests to the sign-in provider: over TLS, short, small, and never following a redirect.

use std::{future::Future, pin::Pin, time::Duration};

use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use openidconnect::AsyncHttpClient;

/// How long a connection may take to be there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a request may take in all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Why a request came to nothing. Not one of them repeats what was sent or answered.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// In the clear, beyond this machine.
    #[error("{0} is not asked: it has no https:// address, and is not on this machine")]
    InTheClear(String),
    /// No answer.
    #[error("{host} does not answer: {reason}")]
    NoAnswer {
        /// Who.
        host: String,
        /// Why not.
        reason: String,
    },
    /// An answer that took too long.
    #[error("{0} did not answer within {seconds} seconds", seconds = REQUEST_TIMEOUT.as_secs())]
    TooSlow(String),
    /// An answer that is broken or too large.
    #[error("the answer of {0} broke off, or is larger than {ANSWER_MAX_BYTES} bytes")]
    Broken(String),
    /// There is nothing to check the certificates of others with.
    #[error("this machine has no certificates to check others by: install ca-certificates ({0})")]
    NoRoots(String),
}

/// What connections are made with.
pub type Connector = HttpsConnector<HttpConnector>;

/// Asks others over HTTPS.
#[derive(Debug, Clone)]
pub struct Outside {
    client: Client<Connector, Full<Bytes>>,
}

impl Outside {
    /// Trusts whom this machine trusts.
    pub fn new() -> Result<Self, OutsideError> {
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(Self::connector()?) })
    }

    /// Makes the connections, for a client of one's own: over TLS to whom this machine trusts, and in the
    /// clear where the address says so.
    pub fn connector() -> Result<Connector, OutsideError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| OutsideError::NoRoots(error.to_string()))?;
        Ok(tls.https_or_http().enable_http1().wrap_connector(tcp))
    }

    /// Whether an address is asked at all: over TLS, or on this machine.
    pub fn is_safe(uri: &Uri) -> bool {
        match (uri.scheme_str(), uri.authority()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(authority)) => crate::http::is_loopback_name(authority.as_str()),
            _ => false,
        }
    }

    /// Sends a request and reads the answer to its end.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, OutsideError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if !Self::is_safe(request.uri()) {
            return Err(OutsideError::InTheClear(host));
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answered =
            async {
                let response = self.client.request(request).await.map_err(|error| {
                    OutsideError::NoAnswer { host: host.clone(), reason: innermost(&error) }
                })?;
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, ANSWER_MAX_BYTES).collect().await;
                let body = body.map_err(|_| OutsideError::Broken(host.clone()))?;
                Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
            };
        match tokio::time::timeout(REQUEST_TIMEOUT, answered).await {
            Ok(answer) => answer,
            Err(_) => Err(OutsideError::TooSlow(host)),
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

impl<'c> AsyncHttpClient<'c> for Outside {
    type Error = OutsideError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, OutsideError>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_beyond_this_machine_is_asked_in_the_clear() {
        for safe in
            ["https://id.example.org/a", "http://127.0.0.1:9000/a", "http://localhost/", "http://[::1]:1/"]
        {
            assert!(Outside::is_safe(&safe.parse().unwrap()), "{safe}");
        }
        for unsafe_ in
            ["http://id.example.org/", "ftp://id.example.org", "/a", "http://127.0.0.1.example.org/"]
        {
            assert!(!Outside::is_safe(&unsafe_.parse().unwrap()), "{unsafe_}");
        }
    }
}
