//! A small reverse proxy in front of separate services. It takes its routes from
//! `deploy/proxy/nginx.conf`, so that what is tested is what is deployed.

use std::{collections::BTreeMap, fs};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use crate::programs;

/// Which service answers under which path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    /// Prefix and service.
    pub prefixes: Vec<(String, String)>,
    /// Paths that are not passed on.
    pub hidden: Vec<String>,
}

impl Routes {
    /// Those of the deployed proxy.
    pub fn deployed() -> Self {
        let file = programs::workspace().join("deploy/proxy/nginx.conf");
        Self::read(&fs::read_to_string(&file).expect("the configuration of the proxy"))
    }

    /// Reads the `location` lines of a configuration.
    pub fn read(text: &str) -> Self {
        let mut routes = Self { prefixes: Vec::new(), hidden: Vec::new() };
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("location ")) {
            let (path, rule) = line.split_once('{').expect("one location a line");
            let path = path.trim();
            let rule = rule.trim().trim_end_matches('}').trim().trim_end_matches(';');
            match (path.strip_prefix("= "), rule.strip_prefix("proxy_pass http://")) {
                (Some(exact), None) if rule.starts_with("return 404") => routes.hidden.push(exact.to_owned()),
                (None, Some(service)) => routes.prefixes.push((path.to_owned(), service.to_owned())),
                _ => panic!("a location that the test's proxy does not know: {line}"),
            }
        }
        // As nginx: the longest prefix wins.
        routes.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        routes
    }

    /// The service that answers at a path.
    pub fn service(&self, path: &str) -> Option<&str> {
        if self.hidden.iter().any(|hidden| hidden == path) {
            return None;
        }
        self.prefixes.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, service)| service.as_str())
    }
}

/// A running proxy; ends with the test's runtime.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
}

#[derive(Debug)]
struct Ways {
    routes: Routes,
    ports: BTreeMap<String, u16>,
    http: reqwest::Client,
}

impl Proxy {
    /// Starts it over the ports of the services by name.
    pub async fn start(ports: BTreeMap<String, u16>) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let ways = Ways { routes: Routes::deployed(), ports, http: http.expect("an HTTP client") };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let app = Router::new().fallback(pass_on).with_state(std::sync::Arc::new(ways));
        #[expect(clippy::disallowed_methods, reason = "it ends with the runtime of the test it serves")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { port }
    }
}

async fn pass_on(State(ways): State<std::sync::Arc<Ways>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some(port) = ways.routes.service(path).and_then(|service| ways.ports.get(service)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let rest = parts.uri.path_and_query().map_or(path, |rest| rest.as_str());
    let mut request = ways.http.request(parts.method, format!("http://127.0.0.1:{port}{rest}"));
    for (name, value) in &parts.headers {
        // These belong to the one connection they came by.
        if !matches!(name.as_str(), "connection" | "transfer-encoding" | "content-length") {
            request = request.header(name, value);
        }
    }
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    match request.body(body).send().await {
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        Ok(answer) => {
            let mut response = Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                if !matches!(name.as_str(), "connection" | "transfer-encoding") {
                    response = response.header(name, value);
                }
            }
            let body = Body::from_stream(answer.bytes_stream());
            response.body(body).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_proxy_sends_each_path_to_its_service() {
        let routes = Routes::deployed();
        for (path, service) in [
            ("/", Some("projection")),
            ("/api/v1/areas/ENG", Some("projection")),
            ("/api/v1/organisations/A81001", Some("organisations")),
            ("/api/v1/assessments/imports/results", Some("assessments")),
            ("/api/v1/editions", Some("assessments")),
            ("/assessments/A81001", Some("assessments")),
            ("/sign-in?to=/", Some("access")),
            ("/api/v1/access/keys", Some("access")),
            ("/api/v1/events?follow=true", Some("access")),
            ("/api/v1/openapi.json", Some("access")),
            ("/api/v1/suppliers/x", Some("suppliers")),
            ("/api/v1/continuity/x", Some("continuity")),
            ("/api/v1/onsite/x", Some("onsite")),
            ("/metrics", None),
        ] {
            assert_eq!(routes.service(path), service, "{path}");
        }
    }
}
