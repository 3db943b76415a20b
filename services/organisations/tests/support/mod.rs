//! A running service over a log in a folder of its own, and the real files.

#![allow(dead_code, missing_docs, reason = "each test binary uses a part of it")]

use std::path::{Path, PathBuf};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use chassis::{
    Clock, Platform, Service,
    log::{self, LogUrl},
};
use proto::{Event, Header, Position};
use serde_json::Value;
use tower::ServiceExt;

pub struct World {
    pub folder: tempfile::TempDir,
    pub platform: Platform,
    pub service: Service,
    pub routes: Router,
}

impl World {
    pub async fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
    }

    pub async fn open(folder: tempfile::TempDir) -> Self {
        Self::open_at(folder, "2025-01-01T12:00:00Z").await
    }

    /// A service that stands at an instant.
    pub async fn set_to(now: &str) -> Self {
        Self::open_at(tempfile::tempdir().unwrap(), now).await
    }

    async fn open_at(folder: tempfile::TempDir, now: &str) -> Self {
        let url: LogUrl = format!("file:{}", folder.path().join("log.redb").display()).parse().unwrap();
        let log = log::open(&url).await.unwrap();
        let clock = Clock::set_to(now.parse().unwrap());
        let platform = Platform::unguarded(log, folder.path(), clock);
        let mut services = [organisations::service(&platform).await.unwrap()];
        let routes = chassis::service::routes(&platform, &mut services).unwrap();
        let [service] = services;
        Self { folder, platform, service, routes }
    }

    /// Stops the process and starts it again over the same folder.
    pub async fn restart(self) -> Self {
        let Self { folder, platform, mut service, routes } = self;
        platform.tasks.finish().await;
        drop(routes);
        if let Some(last) = service.on_stop.take() {
            last().await;
        }
        // Who holds the log holds its file.
        drop((service, platform));
        Self::open(folder).await
    }

    pub async fn send(
        &self,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.routes.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn get(&self, uri: &str) -> (StatusCode, Value) {
        self.send(Method::GET, uri, &[], Body::empty()).await
    }

    pub async fn import(&self, kind: &str, as_of: &str, file: impl Into<Body>) -> (StatusCode, Value) {
        let uri = format!("/api/v1/organisations/imports/{kind}?as_of={as_of}");
        self.send(Method::POST, &uri, &[], file.into()).await
    }

    /// Imports a file that is accepted.
    pub async fn import_well(&self, kind: &str, as_of: &str, file: impl Into<Body>) -> Value {
        let (status, report) = self.import(kind, as_of, file).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        let count = |name: &str| report[name].as_u64().unwrap();
        let skipped: u64 =
            report["skipped"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(
            count("rows"),
            count("recorded") + count("unchanged") + count("rejected") + skipped,
            "{report}"
        );
        report
    }

    pub async fn head(&self) -> Position {
        self.platform.log.head().await.unwrap()
    }

    /// Every event of the log, with its subject.
    pub async fn events(&self) -> Vec<(String, Event)> {
        let head = self.head().await;
        let mut events = Vec::new();
        if head == Position::START {
            return events;
        }
        let mut reader = self.platform.log.read(Position::START).await.unwrap();
        while (events.len() as u64) < head.0 {
            for recorded in reader.next().await.unwrap().events {
                let header = Header::read(&recorded.body).unwrap();
                events.push((header.subject.to_string(), Event::decode(&header.kind, header.data).unwrap()));
            }
        }
        events
    }
}

/// A public file, where it is at hand.
pub fn public_file(path: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("OVERSIGHT_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let file = folder.join(path);
    match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            eprintln!("SKIPPED: {} cannot be read ({error}); set OVERSIGHT_SHARED_DATA", file.display());
            None
        }
    }
}

/// A row of the standard layout.
pub fn standard(values: &[(usize, &str)]) -> String {
    let mut row = vec![""; 27];
    for (column, value) in values {
        row[*column] = value;
    }
    row.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A general practice of `epraccur`.
pub fn practice(code: &str, name: &str) -> String {
    standard(&[
        (0, code),
        (1, name),
        (2, "Y54"),
        (10, "19740401"),
        (12, "A"),
        (14, "00K"),
        (15, "20130401"),
        (25, "4"),
    ])
}
