//! Asking a server.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Body, Method, StatusCode, header::HeaderMap};
use serde_json::Value;

/// How long any answer may take, imports of whole files included.
const TIMEOUT: Duration = Duration::from_secs(240);

/// Asks one server.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    key: Option<String>,
    http: reqwest::Client,
}

/// What it answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Client {
    /// For the server on a port of this machine.
    pub fn new(port: u16) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Self { base: format!("http://127.0.0.1:{port}"), key: None, http }
    }

    /// The same with an API key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same without one.
    pub fn without_key(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request; an error is one of the connection.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Result<Answer, String> {
        let mut request = self.http.request(method, self.url(path)).body(body);
        let named = headers.iter().any(|(name, _)| matches!(*name, "authorization" | "cookie"));
        if let Some(key) = self.key.as_ref().filter(|_| !named) {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| format!("{error:?}"))?;
        Ok(Answer { status, headers, body })
    }

    /// Sends a request that is answered.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let name = method.clone();
        match self.try_send(method, path, headers, body).await {
            Ok(answer) => answer,
            Err(error) => panic!("{name} {path} is not answered: {error}"),
        }
    }

    /// Gets a page or a resource, whatever the status.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    /// Gets JSON that is there.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "GET {path}: {}", answer.text());
        answer.json()
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Posts a file, as the command line does.
    pub async fn post_file(&self, path: &str, file: impl Into<Body>) -> Answer {
        self.send(Method::POST, path, &[("content-type", "text/csv")], file).await
    }

    /// Whether `/readyz` says yes.
    pub async fn ready(&self) -> Result<(), String> {
        match self.try_send(Method::GET, "/readyz", &[], "").await {
            Ok(answer) if answer.status == StatusCode::OK => Ok(()),
            Ok(answer) => Err(answer.text()),
            Err(error) => Err(error),
        }
    }
}
