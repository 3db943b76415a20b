//! No route is served that asks for what no policy declares.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::sync::Arc;

use chassis::{
    Action, Clock, Platform, Routes, Service,
    access::ServicePolicy,
    log::{Log, file::FileLog},
    service::{self, StartError},
};

/// Its policy permits one action, and declares no other.
const POLICY: ServicePolicy = ServicePolicy {
    service: "test",
    policies: r#"permit (principal, action == test::Action::"look", resource);"#,
    schema: r#"namespace test { action "look" appliesTo { principal: [Holder], resource: [Platform] }; }"#,
};

async fn served(asks: Action, seen_by: Option<Action>) -> Result<(), StartError> {
    let folder = tempfile::tempdir().unwrap();
    let log: Log = Arc::new(FileLog::open(&folder.path().join("log.redb")).await.unwrap());
    let platform = Platform::unguarded(log, folder.path(), Clock::system());
    let asks = asks.here();
    let asks = seen_by.map_or(asks, |action| asks.seen_by(action));
    let service = Service {
        name: "test",
        routes: Routes::new().get("/x", asks, async || "x"),
        policy: Some(POLICY),
        openapi: utoipa::openapi::OpenApi::default(),
        ready: Arc::new(|| Ok(())),
        on_stop: None,
    };
    service::routes(&platform, &mut [service]).map(drop)
}

#[tokio::test]
async fn a_route_that_asks_for_what_no_policy_declares_stops_the_start() {
    served(Action::new("test", "look"), None).await.unwrap();
    for (asks, seen_by) in [
        (Action::new("test", "other"), None),
        (Action::new("nobody", "look"), None),
        (Action::new("test", "look"), Some(Action::new("test", "other"))),
    ] {
        match served(asks, seen_by).await {
            Err(StartError::Undeclared { path, .. }) => assert_eq!(path, "/x"),
            other => panic!("{asks} is served: {other:?}"),
        }
    }
}
