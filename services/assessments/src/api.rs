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

use axum::extract::DefaultBodyLimit;
use chassis::{Routes, pace::Pace};
use utoipa::OpenApi;

use crate::{
    access::{
        ADD_EDITION, DECIDE_CENTRALLY, DECIDE_PLAN, DO_WORK, IMPORT, PUBLISH, READ_EDITIONS, REVIEW_GRADE,
        SIGN_STATEMENT, VIEW_WORK,
    },
    desk::Shared,
};
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
        editions::add,
        editions::status_texts,
        editions::explain,
        editions::one,
        editions::move_deadline,
        editions::exempt,
        editions::set_closing,
        imports::results,
        imports::progress,
        imports::list,
        imports::withdraw,
    ),
    tags((name = "assessments", description = "Toolkit assessments: seen and worked on by the practice, helped with by its commissioner, seen by its region and NHS Digital."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW_WORK.of("code").sensitive();
    let work = DO_WORK.of("code").seen_by(VIEW_WORK);
    let publish = PUBLISH.of("code").seen_by(VIEW_WORK);
    let decide = DECIDE_PLAN.of("code").seen_by(VIEW_WORK);
    let uploads = Routes::new()
        .post("/api/v1/assessments/imports/results", IMPORT.here().paced(Pace::Import), imports::results)
        .layer(DefaultBodyLimit::disable());
    Routes::new()
        .get("/api/v1/assessments/{code}", view, work::practice)
        .get("/api/v1/assessments/{code}/{edition}", view, work::state)
        .post("/api/v1/assessments/{code}/{edition}/open", work, work::open)
        .post("/api/v1/assessments/{code}/{edition}/answers/{requirement}", work, work::answer)
        .put("/api/v1/assessments/{code}/{edition}/answers/{requirement}", work, work::answer)
        .post("/api/v1/assessments/{code}/{edition}/reviews/{requirement}", work, work::review)
        .post("/api/v1/assessments/{code}/{edition}/publish", publish, work::publish)
        .post(
            "/api/v1/assessments/{code}/{edition}/statement",
            SIGN_STATEMENT.of("code").seen_by(VIEW_WORK),
            work::statement,
        )
        .post(
            "/api/v1/assessments/{code}/{edition}/reviewed-grade",
            REVIEW_GRADE.of("code").seen_by(VIEW_WORK),
            work::reviewed_grade,
        )
        .post("/api/v1/assessments/{code}/{edition}/plan/actions", work, plan::plan_action)
        .post("/api/v1/assessments/{code}/{edition}/plan/actions/{number}/done", work, plan::complete_action)
        .post("/api/v1/assessments/{code}/{edition}/plan/submit", publish, plan::submit)
        .post("/api/v1/assessments/{code}/{edition}/plan/agree", decide, plan::agree)
        .post("/api/v1/assessments/{code}/{edition}/plan/refuse", decide, plan::refuse)
        .get("/api/v1/editions", READ_EDITIONS.here(), editions::all)
        .post("/api/v1/editions", ADD_EDITION.here(), editions::add)
        .get("/api/v1/editions/status-texts", READ_EDITIONS.here(), editions::status_texts)
        .post("/api/v1/editions/status-texts", ADD_EDITION.here(), editions::explain)
        .get("/api/v1/editions/{id}", READ_EDITIONS.here(), editions::one)
        .post("/api/v1/editions/{id}/deadline", DECIDE_CENTRALLY.here(), editions::move_deadline)
        .post("/api/v1/editions/{id}/closing", ADD_EDITION.here(), editions::set_closing)
        .post("/api/v1/editions/{id}/exemptions", DECIDE_CENTRALLY.here(), editions::exempt)
        .get("/api/v1/assessments/imports", IMPORT.here(), imports::list)
        .get("/api/v1/assessments/imports/{id}", IMPORT.here(), imports::progress)
        .post("/api/v1/assessments/imports/{id}/withdraw", IMPORT.here(), imports::withdraw)
        .merge(uploads)
}
