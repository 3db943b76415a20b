//! What a process tells whoever watches it: whether it lives, whether it is ready, and its figures.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{Platform, Service, StartError, routes::PLATFORM};
use crate::{
    access::{Action, Gate, Parameters, Policies, Routes},
    figures,
    http::{self, Door, Names},
    problem::Problem,
    telemetry,
    vitals::{Absence, Vitals, has_room},
};

const PROBE: Action = Action::new("platform", "probe");
const READ_METRICS: Action = Action::new("platform", "read-metrics");

type ReadyCheck = (&'static str, Arc<dyn Fn() -> Result<(), String> + Send + Sync>);

/// The parts of a process that have a say in whether it is ready, and what its figures are looked up by.
#[derive(Clone)]
pub(super) struct Watching {
    checks: Arc<[ReadyCheck]>,
    logs: Arc<[(&'static str, Vitals)]>,
    data: PathBuf,
}

impl Watching {
    /// Of a process with some services. Begins to ask its logs whether they are there.
    pub fn of(platform: &Platform, services: &[Service]) -> Self {
        let mut checks: Vec<ReadyCheck> =
            services.iter().map(|service| (service.name, service.ready.clone())).collect();
        let access = platform.access.clone();
        checks.push(("access", Arc::new(move || access.ready())));
        let logs = [("event log", &platform.log), ("access log", platform.access.log())];
        let absence = Absence::default();
        let logs = logs.map(|(name, log)| (name, Vitals::of(name, log, &absence, &platform.tasks)));
        for (name, vitals) in logs.clone() {
            checks.push((name, Arc::new(move || vitals.ready())));
        }
        let data = platform.data.clone();
        let folder = data.clone();
        checks.push(("disk", Arc::new(move || has_room(&folder))));
        Self { checks: checks.into(), logs: logs.into(), data }
    }

    /// With the probes of whoever starts and restarts processes.
    pub fn probes(&self, routes: Routes) -> Routes {
        let own = self.clone();
        routes.get("/healthz", PROBE.here(), || async { "ok\n" }).get(
            http::READY,
            PROBE.here(),
            async move || own.readiness(),
        )
    }

    /// With the figures.
    pub fn figures(&self, routes: Routes) -> Routes {
        let own = self.clone();
        let metrics = telemetry::metrics();
        routes.get("/metrics", READ_METRICS.here(), async move || {
            own.look();
            metrics.render()
        })
    }

    /// The probes and the figures alone, for an address of their own: whoever may read them there has the same key as
    /// at the other address, and there is nothing else. It answers under any name, as no page is served at it.
    pub fn apart(&self, platform: &Platform) -> Result<Router, StartError> {
        let routes = self.figures(self.probes(Routes::new()));
        let paths = routes.declared().iter().map(|route| route.path.clone()).collect();
        let policies = Policies::of(&[PLATFORM])?;
        let access = platform.access.clone();
        let guarded = Gate::before(access.clone(), policies, routes, Parameters::default(), Vec::new());
        let names = Names { answer_to_any: true, ..platform.names.clone() };
        Ok(http::with_common_layers(guarded, paths, Door { access, names }))
    }

    fn waiting(&self) -> Vec<(&'static str, String)> {
        self.checks.iter().filter_map(|(name, check)| Some((*name, check().err()?))).collect()
    }

    fn readiness(&self) -> Response {
        let waiting = self.waiting();
        if waiting.is_empty() {
            return (StatusCode::OK, "ready\n").into_response();
        }
        let waiting: Vec<String> =
            waiting.into_iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
        Problem::unavailable(waiting.join("; ")).retry_after(1).into_response()
    }

    /// Brings those figures up to date that are states.
    fn look(&self) {
        figures::look(&self.data, &self.logs);
        let waiting = self.waiting();
        for (part, _) in &*self.checks {
            let is_ready = !waiting.iter().any(|(name, _)| name == part);
            metrics::gauge!("oversight_ready", "part" => *part).set(f64::from(is_ready));
        }
    }
}
