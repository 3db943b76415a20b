//! The JSON API.
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v1/continuity`, `/api/v1/continuity.csv` | how the plans stand that one may see |
//! | `/api/v1/continuity/{code}` | an organisation's plan, and what is due when |
//! | `…/versions`, `/exercises`, `/exercises/{number}/lessons/{lesson}/done`, `/invocations` | work on it |
//! | `…/approve`, `/review`, `/withdraw` | what its organisation decides |
//! | `…/reliances`, `/reliances/end` | the plans of others it leans on |
//!
//! Every command takes an `Idempotency-Key` and answers with the position from which on views show
//! what it did. The same key gives the same answer and never a second event.

mod lists;
mod views;
mod work;

use chassis::Routes;
use utoipa::OpenApi;

use crate::{
    access::{APPROVE_PLAN, FIND, VIEW_PLAN, WORK_ON_PLAN},
    desk::Shared,
};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        lists::list,
        lists::csv,
        work::plan,
        work::write,
        work::approve,
        work::review,
        work::withdraw,
        work::exercise,
        work::invoke,
        work::act_upon,
        work::rely,
        work::end_reliance,
    ),
    tags((name = "continuity", description = "Continuity plans: kept by each organisation, helped with by a practice's commissioner, seen by its region and NHS Digital."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW_PLAN.of("code").sensitive();
    let work = WORK_ON_PLAN.of("code").seen_by(VIEW_PLAN);
    let approve = APPROVE_PLAN.of("code").seen_by(VIEW_PLAN);
    let list = FIND.here().sensitive();
    Routes::new()
        .get("/api/v1/continuity", list, lists::list)
        .get("/api/v1/continuity.csv", list, lists::csv)
        .get("/api/v1/continuity/{code}", view, work::plan)
        .post("/api/v1/continuity/{code}/versions", work, work::write)
        .post("/api/v1/continuity/{code}/approve", approve, work::approve)
        .post("/api/v1/continuity/{code}/review", approve, work::review)
        .post("/api/v1/continuity/{code}/withdraw", approve, work::withdraw)
        .post("/api/v1/continuity/{code}/exercises", work, work::exercise)
        .post("/api/v1/continuity/{code}/exercises/{number}/lessons/{lesson}/done", work, work::act_upon)
        .post("/api/v1/continuity/{code}/invocations", work, work::invoke)
        .post("/api/v1/continuity/{code}/reliances", work, work::rely)
        .post("/api/v1/continuity/{code}/reliances/end", work, work::end_reliance)
}
