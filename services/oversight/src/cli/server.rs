//! A running server, asked over HTTP.

use std::{str::FromStr, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderName, HeaderValue, Method, Request, Response, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};
use bytes::Bytes;
use chassis::{
    Problem,
    access::{ApiKey, Connector, Outside},
    pages::in_query,
};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use proto::text::for_terminal;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Failure,
    patience::{Patience, Repeat},
};

/// Where a server is looked for when none is named.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of an answer that is read as a whole.
const ANSWER_MAX_BYTES: usize = 256 * 1024 * 1024;

/// The address of a server: commands send a key along, so it goes over TLS or stays on this machine.
#[derive(Debug, Clone)]
pub struct ServerUrl {
    origin: String,
    wire: Wire,
}

/// How an address is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Tls,
    Clear,
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ACCEPTED: &str = "a server is named like https://oversight.example.nhs.uk; http:// is for this \
            machine alone, as in http://127.0.0.1:8080, because the API key goes along";
        let uri: Uri = text.parse().map_err(|_| ACCEPTED.to_owned())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(ACCEPTED.to_owned());
        };
        let bare =
            matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
        if !bare || !Outside::is_safe(&uri) {
            return Err(ACCEPTED.to_owned());
        }
        let wire = if scheme == "https" { Wire::Tls } else { Wire::Clear };
        Ok(Self { origin: format!("{scheme}://{authority}"), wire })
    }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)
    }
}

/// The variable that holds the API key commands are given with.
pub const KEY_VARIABLE: &str = "OVERSIGHT_KEY";

/// The API key of the environment, as a header that no log shows.
fn credentials() -> Result<Option<HeaderValue>, Failure> {
    let Some(key) = std::env::var_os(KEY_VARIABLE).filter(|key| !key.is_empty()) else { return Ok(None) };
    let wrong =
        || Failure::said(format!("{KEY_VARIABLE} is not an API key: one is ovk_ and what follows it"));
    let key: ApiKey = key.to_str().and_then(|key| key.parse().ok()).ok_or_else(wrong)?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// What is asked of a server.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    address: String,
    headers: Vec<(HeaderName, String)>,
    content: Content,
}

/// What a request carries.
#[derive(Debug)]
enum Content {
    /// All of it at hand: it can be sent again.
    Whole(Bytes),
    /// Read while it is sent, once.
    Stream(Body),
}

impl Ask {
    /// With a parameter more.
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.address.push(if self.address.contains('?') { '&' } else { '?' });
        self.address.push_str(&format!("{name}={}", in_query(value.as_ref())));
        self
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((HeaderName::from_static(name), value.to_owned()));
        self
    }

    /// With JSON.
    pub fn json(self, value: &Value) -> Self {
        Self { content: Content::Whole(value.to_string().into()), ..self.of_kind("application/json") }
    }

    /// With a body of a kind, read while it is sent.
    pub fn body(self, kind: &'static str, body: Body) -> Self {
        Self { content: Content::Stream(body), ..self.of_kind(kind) }
    }

    fn of_kind(mut self, kind: &'static str) -> Self {
        self.headers.push((CONTENT_TYPE, kind.to_owned()));
        self
    }

    /// The same once more, where all of it is at hand.
    fn again(&self) -> Option<Self> {
        let Content::Whole(bytes) = &self.content else { return None };
        let Self { method, address, headers, .. } = self;
        let content = Content::Whole(bytes.clone());
        Some(Self { method: method.clone(), address: address.clone(), headers: headers.clone(), content })
    }
}

/// Why there was no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No one answers there.
    #[error("no one answers: {0}")]
    NotThere(String),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broke(String),
}

impl From<legacy::Error> for NoAnswer {
    fn from(error: legacy::Error) -> Self {
        let reason = innermost(&error);
        if error.is_connect() { NoAnswer::NotThere(reason) } else { NoAnswer::Broke(reason) }
    }
}

impl From<axum::Error> for NoAnswer {
    fn from(error: axum::Error) -> Self {
        NoAnswer::Broke(innermost(&error))
    }
}

/// Connections to a server.
#[derive(Debug)]
enum Connections {
    Tls(Client<Connector, Body>),
    /// They need none of the certificates that a bare machine may lack.
    Clear(Client<HttpConnector, Body>),
}

/// A running server.
#[derive(Debug, Clone)]
pub struct Server {
    url: ServerUrl,
    key: Option<HeaderValue>,
    connections: Arc<Connections>,
}

impl Server {
    /// The server at an address; the one of this machine where none is named.
    pub fn at(url: Option<&ServerUrl>) -> Result<Self, Failure> {
        let url = match url {
            Some(url) => url.clone(),
            None => DEFAULT_SERVER.parse().map_err(Failure::Said)?,
        };
        let client = Client::builder(TokioExecutor::new());
        let connections = match url.wire {
            Wire::Tls => {
                let connector = Outside::connector().map_err(|error| Failure::said(error.to_string()))?;
                Connections::Tls(client.build(connector))
            }
            Wire::Clear => {
                let mut connector = HttpConnector::new();
                connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
                Connections::Clear(client.build(connector))
            }
        };
        Ok(Self { url, key: credentials()?, connections: Arc::new(connections) })
    }

    /// Where it is.
    pub fn place(&self) -> String {
        self.url.to_string()
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }

    fn ask(&self, method: Method, path: &str) -> Ask {
        let content = Content::Whole(Bytes::new());
        Ask { method, address: format!("{}{path}", self.url), headers: Vec::new(), content }
    }

    /// The answer to a request, good or bad. Where the server says to come again later, it is asked again then,
    /// unless the request was read while it was sent: its sender has to read it again.
    pub async fn answer(&self, mut ask: Ask) -> Result<Response<Body>, NoAnswer> {
        let mut patience = Patience::default();
        loop {
            let (again, repeat) = (ask.again(), Repeat::of(&ask.method));
            let response = self.answer_at_once(ask).await?;
            match again {
                Some(again) if patience.wait(&response, repeat).await => ask = again,
                _ => return Ok(response),
            }
        }
    }

    async fn answer_at_once(&self, ask: Ask) -> Result<Response<Body>, NoAnswer> {
        let mut request = Request::builder().method(ask.method).uri(ask.address);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let request =
            ask.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.body(match ask.content {
            Content::Whole(bytes) => Body::from(bytes),
            Content::Stream(body) => body,
        });
        let request = request.map_err(|error| NoAnswer::Broke(error.to_string()))?;
        let answered = match &*self.connections {
            Connections::Tls(client) => client.request(request).await,
            Connections::Clear(client) => client.request(request).await,
        };
        Ok(answered?.map(Body::new))
    }

    /// Sends a request. Anything but a good answer is a failure that says what the server said.
    pub async fn send(&self, ask: Ask) -> Result<Response<Body>, Failure> {
        let response = self.answer(ask).await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }

    /// The JSON answer to a request.
    pub async fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, Failure> {
        self.json_of(self.send(ask).await?).await
    }

    /// The JSON of an answer.
    pub async fn json_of<T: DeserializeOwned>(&self, response: Response<Body>) -> Result<T, Failure> {
        let body = self.whole(response).await?;
        serde_json::from_slice(&body).map_err(|error| {
            Failure::said(format!(
                "the answer of {} is not the one expected of this version: {error}",
                self.url
            ))
        })
    }

    /// An answer to its end.
    pub async fn whole(&self, response: Response<Body>) -> Result<Bytes, Failure> {
        let body = to_bytes(response.into_body(), ANSWER_MAX_BYTES).await;
        body.map_err(|error| self.unreachable(&error.into()))
    }

    /// Why there was no answer.
    pub fn unreachable(&self, error: &NoAnswer) -> Failure {
        Failure::said(match (error, self.url.wire) {
            (NoAnswer::NotThere(_), Wire::Clear) => format!(
                "no server answers at {}: start one with `oversight serve`, or name another with --server",
                self.url
            ),
            (NoAnswer::NotThere(reason), Wire::Tls) => {
                format!("there is no safe connection to {}, so nothing was sent: {reason}", self.url)
            }
            (NoAnswer::Broke(reason), _) => format!("the connection to {} broke: {reason}", self.url),
        })
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

/// What a server said when it said no.
pub async fn refused(response: Response<Body>) -> Failure {
    let status = response.status();
    let body = to_bytes(response.into_body(), ANSWER_MAX_BYTES).await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(_) if status == 401 && std::env::var_os(KEY_VARIABLE).is_none_or(|key| key.is_empty()) => {
            Failure::said(format!(
                "this needs an API key: set {KEY_VARIABLE} to one. `oversight bootstrap` makes the first, `oversight key create` more"
            ))
        }
        Ok(problem) => Failure::Said(in_words(&problem)),
        Err(_) => Failure::said(format!("the server answered {status}")),
    }
}

/// A problem as one sentence, its places on lines of their own after it.
pub fn in_words(problem: &Problem) -> String {
    let mut words = for_terminal(&problem.detail).into_owned();
    for fault in &problem.errors {
        words.push_str(&format!("\n{}: {}", for_terminal(&fault.at), for_terminal(&fault.detail)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_scheme_host_and_port() {
        for (named, origin) in [
            ("http://localhost:1/", "http://localhost:1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://oversight.example.nhs.uk", "https://oversight.example.nhs.uk"),
            ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ] {
            assert_eq!(named.parse::<ServerUrl>().unwrap().to_string(), origin);
        }
        for wrong in ["localhost:8080", "http://localhost/b", "https://a@b", "nats://127.0.0.1:4222", ""] {
            assert!(wrong.parse::<ServerUrl>().unwrap_err().contains("http://127.0.0.1:8080"), "{wrong}");
        }
    }

    #[test]
    fn a_key_does_not_go_to_others_in_the_clear() {
        for open in
            ["http://oversight.example.nhs.uk", "http://10.0.0.7:8080", "http://127.0.0.1.example.org"]
        {
            let refused = open.parse::<ServerUrl>().unwrap_err();
            assert!(refused.contains("https://") && refused.contains("key"), "{open}: {refused}");
        }
    }

    #[test]
    fn parameters_are_written_as_an_address_takes_them() {
        let server = Server::at(None).unwrap();
        let ask = server.get("/api/v1/events").query("from", "1").query("name", "a b&c");
        assert_eq!(ask.address, "http://127.0.0.1:8080/api/v1/events?from=1&name=a%20b%26c");
    }
}
