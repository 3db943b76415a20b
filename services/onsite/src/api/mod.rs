//! The JSON API.
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v1/onsite` | the assessments one may see, as a list or CSV |
//! | `/api/v1/onsite/topics`, `/calendar` | what is looked at, and the visits; `/onsite/calendar.ics` for calendars |
//! | `/api/v1/onsite/{code}`, `/{code}/{number}` | an organisation's assessments, and one of them |
//! | `/api/v1/onsite/{code}/request`, `/{code}/{number}/…` | the steps of an assessment's life |
//! | `/api/v1/onsite/imports/…` | files of findings |
//!
//! Every command takes an `Idempotency-Key` and answers with the position from which on views show
//! what it did. The same key gives the same answer and never a second event.

mod imports;
mod lists;
mod steps;
mod views;

use axum::extract::DefaultBodyLimit;
use chassis::{Routes, pace::Pace};
use utoipa::OpenApi;

use crate::{
    access::{
        ASSESS, CLOSE, DECIDE_PLAN, FIND, IMPORT, PLAN, REQUEST, RESPOND, SCHEDULE, SUBSCRIBE, VIEW,
        WITHDRAW_IMPORT,
    },
    desk::Shared,
};
pub(crate) use lists::{Filter, calendar_of, lines_of};
pub(crate) use steps::{one, planned};
pub(crate) use views::OnsiteLine;

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        lists::all,
        lists::topics_looked_at,
        lists::calendar,
        lists::organisation,
        lists::one,
        steps::request,
        steps::agree,
        steps::refuse,
        steps::schedule,
        steps::cancel,
        steps::held,
        steps::record_finding,
        steps::answer_finding,
        steps::disclose,
        steps::propose_plan,
        steps::agree_plan,
        steps::return_plan,
        steps::action_done,
        steps::retest,
        steps::close,
        imports::findings,
        imports::all,
        imports::progress,
        imports::withdraw,
    ),
    tags((name = "onsite", description = "On-site assessments of data and cyber security, from the request until what was found is mended."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW.of("code").sensitive();
    let respond = RESPOND.of("code").seen_by(VIEW);
    let schedule = SCHEDULE.of("code").seen_by(VIEW);
    let assess = ASSESS.of("code").seen_by(VIEW);
    let plan = PLAN.of("code").seen_by(VIEW);
    let decide = DECIDE_PLAN.of("code").seen_by(VIEW);
    let find = FIND.here();
    let list = find.sensitive();
    let uploads = Routes::new()
        .post("/api/v1/onsite/imports/findings", IMPORT.here().paced(Pace::Import), imports::findings)
        .layer(DefaultBodyLimit::disable());
    Routes::new()
        .get("/api/v1/onsite", list, lists::all)
        .get("/api/v1/onsite/topics", find, lists::topics_looked_at)
        .get("/api/v1/onsite/calendar", list, lists::calendar)
        .get("/onsite/calendar.ics", list, lists::calendar_feed)
        .get("/onsite/calendar/{address}", SUBSCRIBE.here().paced(Pace::LookUp), lists::calendar_subscribed)
        .get("/api/v1/onsite/{code}", view, lists::organisation)
        .get("/api/v1/onsite/{code}/{number}", view, lists::one)
        .post("/api/v1/onsite/{code}/request", REQUEST.of("code").seen_by(VIEW), steps::request)
        .post("/api/v1/onsite/{code}/{number}/agree", respond, steps::agree)
        .post("/api/v1/onsite/{code}/{number}/refuse", respond, steps::refuse)
        .post("/api/v1/onsite/{code}/{number}/schedule", schedule, steps::schedule)
        .post("/api/v1/onsite/{code}/{number}/cancel", schedule, steps::cancel)
        .post("/api/v1/onsite/{code}/{number}/held", assess, steps::held)
        .post("/api/v1/onsite/{code}/{number}/findings", assess, steps::record_finding)
        .post("/api/v1/onsite/{code}/{number}/findings/{finding}/answer", respond, steps::answer_finding)
        .post("/api/v1/onsite/{code}/{number}/disclose", respond, steps::disclose)
        .post("/api/v1/onsite/{code}/{number}/plan", plan, steps::propose_plan)
        .post("/api/v1/onsite/{code}/{number}/plan/agree", decide, steps::agree_plan)
        .post("/api/v1/onsite/{code}/{number}/plan/return", decide, steps::return_plan)
        .post("/api/v1/onsite/{code}/{number}/plan/actions/{action}/done", plan, steps::action_done)
        .post("/api/v1/onsite/{code}/{number}/retest", assess, steps::retest)
        .post("/api/v1/onsite/{code}/{number}/close", CLOSE.of("code").seen_by(VIEW), steps::close)
        .get("/api/v1/onsite/imports", WITHDRAW_IMPORT.here(), imports::all)
        .get("/api/v1/onsite/imports/{id}", IMPORT.here(), imports::progress)
        .post("/api/v1/onsite/imports/{id}/withdraw", WITHDRAW_IMPORT.here(), imports::withdraw)
        .merge(uploads)
}
