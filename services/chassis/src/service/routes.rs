//! The routes of several services as one.

use std::sync::Arc;

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use utoipa::openapi::{InfoBuilder, OpenApiBuilder};

use super::{Platform, Service, StartError, description::description};
use crate::access::Parameters;
use crate::{
    access::{Action, Gate, Policies, Routes, ServicePolicy},
    http::{self, Door},
    pages,
    problem::Problem,
    telemetry,
    vitals::{Absence, Vitals, has_room},
};

/// The routes of several services as one, with the common ones: `/healthz`, `/readyz`, `/metrics`,
/// `/api/v1/openapi.json`, and under `/assets` the files of the pages.
pub fn routes(platform: &Platform, services: &mut [Service]) -> Result<Router, StartError> {
    let mut all = Routes::new();
    let mut policies = vec![PLATFORM];
    let whole = platform.described.clone().unwrap_or_else(|| description_of(services));
    let mut checks = Vec::new();
    let names = services.iter().filter_map(|service| service.name.parse().ok()).collect();
    let mut parameters = Parameters::default();
    for service in services {
        parameters.add(&service.openapi);
        all = all.merge(std::mem::take(&mut service.routes));
        policies.extend(service.policy);
        checks.push((service.name, service.ready.clone()));
    }
    let access = platform.access.clone();
    let access_ready: ReadyCheck = ("access", Arc::new(move || access.ready()));
    checks.push(access_ready);
    let absence = Absence::default();
    for (name, log) in [("event log", &platform.log), ("access log", platform.access.log())] {
        let vitals = Vitals::of(name, log, &absence, &platform.tasks);
        checks.push((name, Arc::new(move || vitals.ready())));
    }
    let data = platform.data.clone();
    checks.push(("disk", Arc::new(move || has_room(&data))));
    let metrics = telemetry::metrics();
    let all = all
        .get("/assets/{file}", LOAD_ASSETS.here(), pages::asset)
        .get("/healthz", PROBE.here(), || async { "ok\n" })
        .get("/readyz", PROBE.here(), move || readiness(checks.clone()))
        .get("/metrics", READ_METRICS.here(), move || async move { metrics.render() })
        .get("/api/v1/openapi.json", DESCRIBE_API.here(), move || {
            let whole = whole.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], whole) }
        });
    let policies = Policies::of(&policies)?;
    for route in all.declared() {
        let asked = std::iter::once(route.asks.action).chain(route.asks.seen_by);
        if let Some(action) = asked.into_iter().find(|action| !policies.knows(*action)) {
            let (method, path) = (route.method.to_string(), route.path.clone());
            return Err(StartError::Undeclared { method, path, action });
        }
    }
    let paths = all.declared().iter().map(|route| route.path.clone()).collect();
    let guarded = Gate::before(platform.access.clone(), policies, all, parameters, names);
    let door = Door { access: platform.access.clone(), names: platform.names.clone() };
    Ok(http::with_common_layers(guarded, paths, door))
}

/// The description of the API of some services, as it is served.
pub fn description_of(services: &[Service]) -> Bytes {
    let mut openapi = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("oversight")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Whether patient data is safe in every general practice in England, and who has to act.",
                ))
                .build(),
        )
        .build();
    let mut declared = Vec::new();
    for service in services {
        openapi.merge(service.openapi.clone());
        declared.extend_from_slice(service.routes.declared());
    }
    description(&openapi, &declared)
}

const PROBE: Action = Action::new("platform", "probe");
const LOAD_ASSETS: Action = Action::new("platform", "load-assets");
const DESCRIBE_API: Action = Action::new("platform", "describe-api");
const READ_METRICS: Action = Action::new("platform", "read-metrics");

/// The policy of what every process answers.
pub const PLATFORM: ServicePolicy = ServicePolicy {
    service: "platform",
    policies: include_str!("../access/platform.cedar"),
    schema: include_str!("../access/platform.cedarschema"),
};

type ReadyCheck = (&'static str, Arc<dyn Fn() -> Result<(), String> + Send + Sync>);

async fn readiness(checks: Vec<ReadyCheck>) -> Response {
    let waiting: Vec<String> = checks
        .iter()
        .filter_map(|(name, check)| check().err().map(|reason| format!("{name}: {reason}")))
        .collect();
    if waiting.is_empty() {
        return (StatusCode::OK, "ready\n").into_response();
    }
    Problem::unavailable(waiting.join("; ")).retry_after(1).into_response()
}
