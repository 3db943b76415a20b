//! A running server, asked over HTTP.

use std::{str::FromStr, time::Duration};

use chassis::{Problem, access::ApiKey};
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use serde::de::DeserializeOwned;

use super::Failure;

/// Where a server is looked for when none is named.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a server.
#[derive(Debug, Clone)]
pub struct ServerUrl(Url);

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ACCEPTED: &str = "a server is named like http://127.0.0.1:8080";
        let url = Url::parse(text).map_err(|_| ACCEPTED.to_owned())?;
        let plain = url.scheme() == "http" && url.has_host() && matches!(url.path(), "" | "/");
        if plain && url.query().is_none() { Ok(Self(url)) } else { Err(ACCEPTED.to_owned()) }
    }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The variable that holds the API key commands are given with.
pub const KEY_VARIABLE: &str = "OVERSIGHT_KEY";

/// The API key of the environment, as a header that no log shows.
fn credentials() -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let Some(key) = std::env::var_os(KEY_VARIABLE).filter(|key| !key.is_empty()) else { return Ok(headers) };
    let wrong =
        || Failure::said(format!("{KEY_VARIABLE} is not an API key: one is ovk_ and what follows it"));
    let key: ApiKey = key.to_str().and_then(|key| key.parse().ok()).ok_or_else(wrong)?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.reveal())).map_err(|_| wrong())?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(headers)
}

/// A running server.
#[derive(Debug, Clone)]
pub struct Server {
    url: ServerUrl,
    client: Client,
}

impl Server {
    /// The server at an address; the one of this machine where none is named.
    pub fn at(url: Option<&ServerUrl>) -> Result<Self, Failure> {
        let url = match url {
            Some(url) => url.clone(),
            None => DEFAULT_SERVER.parse().map_err(Failure::Said)?,
        };
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .default_headers(credentials()?)
            // The servers of this machine are not behind anything.
            .no_proxy()
            .build()
            .map_err(|error| Failure::said(format!("cannot use the network: {error}")))?;
        Ok(Self { url, client })
    }

    /// Where it is.
    pub fn place(&self) -> String {
        self.url.to_string()
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// Sends a request. Anything but a good answer is a failure that says what the server said.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }

    /// The JSON answer to a request.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = self.send(request).await?;
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&body).map_err(|error| {
            Failure::said(format!(
                "the answer of {} is not the one expected of this version: {error}",
                self.url
            ))
        })
    }

    /// Why there was no answer.
    pub fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_connect() || error.is_timeout() {
            return Failure::said(format!(
                "no server answers at {}: start one with `oversight serve`, or name another with --server",
                self.url
            ));
        }
        Failure::said(format!("the connection to {} broke: {}", self.url, innermost(error)))
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string(),
    }
}

/// What a server said when it said no.
pub async fn refused(response: Response) -> Failure {
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
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

/// A problem as one sentence, its places after it.
pub fn in_words(problem: &Problem) -> String {
    let mut words = problem.detail.clone();
    for fault in &problem.errors {
        words.push_str(&format!("\n  {}: {}", fault.at, fault.detail));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_scheme_host_and_port() {
        assert_eq!("http://localhost:1/".parse::<ServerUrl>().unwrap().to_string(), "http://localhost:1");
        for wrong in ["localhost:8080", "https://127.0.0.1", "http://a/b", "nats://127.0.0.1:4222", ""] {
            assert!(wrong.parse::<ServerUrl>().unwrap_err().contains("http://127.0.0.1:8080"), "{wrong}");
        }
    }
}
