//! The routes of several services as one.

use axum::{Router, http::header};
use bytes::Bytes;
use utoipa::openapi::{InfoBuilder, OpenApiBuilder};

use super::{Platform, Service, StartError, description::description, watching::Watching};
use crate::{
    access::{Action, Gate, Parameters, Policies, Routes, ServicePolicy},
    http::{self, Door},
    pages,
};

/// The routes of several services as one, with the common ones: `/healthz`, `/readyz`, `/metrics`,
/// `/api/v1/openapi.json`, and under `/assets` the files of the pages.
pub fn routes(platform: &Platform, services: &mut [Service]) -> Result<Router, StartError> {
    let watching = Watching::of(platform, services);
    guarded(platform, services, watching.figures(watching.probes(Routes::new())))
}

/// The same with other common routes: to be watched by.
pub(super) fn guarded(
    platform: &Platform,
    services: &mut [Service],
    mut all: Routes,
) -> Result<Router, StartError> {
    let mut policies = vec![PLATFORM];
    let whole = platform.described.clone().unwrap_or_else(|| description_of(services));
    let names = services.iter().filter_map(|service| service.name.parse().ok()).collect();
    let mut parameters = Parameters::default();
    for service in services {
        parameters.add(&service.openapi);
        all = all.merge(std::mem::take(&mut service.routes));
        policies.extend(service.policy);
    }
    let all = all.get("/assets/{file}", LOAD_ASSETS.here(), pages::asset).get(
        "/api/v1/openapi.json",
        DESCRIBE_API.here(),
        move || {
            let whole = whole.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], whole) }
        },
    );
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

const LOAD_ASSETS: Action = Action::new("platform", "load-assets");
const DESCRIBE_API: Action = Action::new("platform", "describe-api");

/// The policy of what every process answers.
pub const PLATFORM: ServicePolicy = ServicePolicy {
    service: "platform",
    policies: include_str!("../access/platform.cedar"),
    schema: include_str!("../access/platform.cedarschema"),
};
