//! One plan: seen, worked on and decided about.

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem, Viewer,
    desk::{Answered, Receipt, answered},
    http::{Json, Path, Raw},
};
use proto::Day;
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::ContinuityPlanView;
use crate::{
    desk::Shared,
    input::{
        Ask, ExerciseInput, InvocationInput, PlanApprovalInput, PlanReviewInput, PlanVersionInput,
        PlanWithdrawalInput, RelianceEndInput, RelianceInput,
    },
};

/// An organisation's plan: how it stands and until when, its versions, approvals, reviews, exercises and
/// invocations with their lessons, and the plans of others it leans on.
#[utoipa::path(get, path = "/api/v1/continuity/{code}", tag = "continuity",
    params(("code" = String, Path, description = "the organisation's ODS code, such as A81001")),
    responses((status = 200, body = ContinuityPlanView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn plan(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<AxumJson<ContinuityPlanView>, Problem> {
    let case = desk.case(&viewer, &code).await?;
    Ok(AxumJson(ContinuityPlanView::of(&desk, &case)))
}

/// Writes the next version of the plan. It takes the place of the one before once it is approved.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/versions", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PlanVersionInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn write(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<PlanVersionInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Write(input)).await)
}

/// Approves a version, today or on an earlier day. The next review comes within twelve months.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/approve", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PlanApprovalInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn approve(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<PlanApprovalInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Approve(input)).await)
}

/// Notes that the approved version was looked at again and stands.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/review", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PlanReviewInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn review(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<PlanReviewInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Review(input)).await)
}

/// Gives the plan up.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/withdraw", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PlanWithdrawalInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn withdraw(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<PlanWithdrawalInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Withdraw(input)).await)
}

/// Records an exercise of the approved plan, with what was learnt. It counts for a year.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/exercises", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ExerciseInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn exercise(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<ExerciseInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Exercise(input)).await)
}

/// Records that the plan was needed for real. It does not count as an exercise.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/invocations", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = InvocationInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn invoke(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<InvocationInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Invoke(input)).await)
}

/// States that the organisation leans on a delivery partner's plan, too. Where a CCG does, so do its
/// practices.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/reliances", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RelianceInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn rely(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<RelianceInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::Rely(input)).await)
}

/// States that it no longer does.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/reliances/end", tag = "continuity",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RelianceEndInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn end_reliance(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<RelianceEndInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::EndReliance(input)).await)
}

/// When a lesson was acted upon.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LessonDoneInput {
    /// The day, not in the future; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    done: Option<Day>,
}

/// Notes that what an exercise or an invocation taught was acted upon, today or on an earlier day.
#[utoipa::path(post, path = "/api/v1/continuity/{code}/exercises/{number}/lessons/{lesson}/done", tag = "continuity",
    params(("code" = String, Path), ("number" = u16, Path, description = "of the exercise or invocation"),
        ("lesson" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Option<LessonDoneInput>,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn act_upon(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, number, lesson)): Path<(String, u16, u16)>,
    Raw(body): Raw,
) -> Answered {
    let input: LessonDoneInput = if body.is_empty() {
        LessonDoneInput::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            Problem::bad_input("the body is not the JSON this address accepts").at("body", error.to_string())
        })?
    };
    let case = desk.case(&giver.viewer, &code).await?;
    answered(desk.give(&case, &giver, Ask::ActUpon { number, lesson, done: input.done }).await)
}
