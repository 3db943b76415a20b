//! The JSON API.
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v1/assessments/{code}` | the practice's assessments and its entry in the register |
//! | `/api/v1/assessments/{code}/{edition}` | one assessment: answers, blockers, result, plan |
//! | `…/open`, `/answers/{requirement}`, `/reviews/{requirement}`, `/publish`, `/statement` | the practice's own work |
//! | `…/plan/…`, `/reviewed-grade` | the plan, and what overseers say |
//! | `/api/v1/editions…` | editions, and what is decided centrally |
//! | `/api/v1/assessments/imports/…` | register files |
//!
//! Every command takes an `Idempotency-Key` and answers with the position from which on views show
//! what it did. The same key gives the same answer and never a second event.

mod bodies;
mod editions;
mod imports;
mod plan;
mod views;
mod work;

use axum::{
    Json as AxumJson, Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use chassis::{Outcome, Problem};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::desk::{Failure, Shared};
pub(crate) use bodies::grade_words;
pub(crate) use views::{WorkState, scale_words};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        work::practice,
        work::state,
        work::open,
        work::answer,
        work::review,
        work::publish,
        work::statement,
        work::reviewed_grade,
        plan::plan_action,
        plan::complete_action,
        plan::submit,
        plan::agree,
        plan::refuse,
        editions::all,
        editions::one,
        editions::move_deadline,
        editions::exempt,
        imports::results,
        imports::progress,
    ),
    tags((name = "assessments", description = "Toolkit assessments. Until access control lands every route answers to this machine only."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v1/assessments/{code}", get(work::practice))
        .route("/api/v1/assessments/{code}/{edition}", get(work::state))
        .route("/api/v1/assessments/{code}/{edition}/open", post(work::open))
        .route(
            "/api/v1/assessments/{code}/{edition}/answers/{requirement}",
            post(work::answer).put(work::answer),
        )
        .route("/api/v1/assessments/{code}/{edition}/reviews/{requirement}", post(work::review))
        .route("/api/v1/assessments/{code}/{edition}/publish", post(work::publish))
        .route("/api/v1/assessments/{code}/{edition}/statement", post(work::statement))
        .route("/api/v1/assessments/{code}/{edition}/reviewed-grade", post(work::reviewed_grade))
        .route("/api/v1/assessments/{code}/{edition}/plan/actions", post(plan::plan_action))
        .route("/api/v1/assessments/{code}/{edition}/plan/actions/{number}/done", post(plan::complete_action))
        .route("/api/v1/assessments/{code}/{edition}/plan/submit", post(plan::submit))
        .route("/api/v1/assessments/{code}/{edition}/plan/agree", post(plan::agree))
        .route("/api/v1/assessments/{code}/{edition}/plan/refuse", post(plan::refuse))
        .route("/api/v1/editions", get(editions::all))
        .route("/api/v1/editions/{id}", get(editions::one))
        .route("/api/v1/editions/{id}/deadline", post(editions::move_deadline))
        .route("/api/v1/editions/{id}/exemptions", post(editions::exempt))
        .route(
            "/api/v1/assessments/imports/results",
            post(imports::results).layer(DefaultBodyLimit::disable()),
        )
        .route("/api/v1/assessments/imports/{id}", get(imports::progress))
}

/// What became of a command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// From this position of the log on, views show it.
    position: u64,
    /// Whether it led to an event, or was so already.
    outcome: Became,
}

/// Whether a command led to an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Became {
    /// It led to an event.
    Recorded,
    /// It was so already.
    Unchanged,
}

/// The answer to a command.
pub(crate) type Answered = Result<AxumJson<Receipt>, Problem>;

fn answered(outcome: Result<Outcome, Failure>) -> Answered {
    let outcome = outcome?;
    let became = match outcome {
        Outcome::Recorded(..) => Became::Recorded,
        Outcome::Unchanged(_) => Became::Unchanged,
    };
    Ok(AxumJson(Receipt { position: outcome.position().0, outcome: became }))
}
