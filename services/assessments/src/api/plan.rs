//! The improvement plan.

use axum::extract::State;
use chassis::{
    Giver, Problem,
    desk::{Answered, PersonInput, Receipt, answered, speaks_for},
    http::{Json, Path, Raw},
};
use proto::{Day, OdsCode, assessments::ImprovementAction};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    desk::{Shared, find_requirement},
    model::AssessmentCommand,
};

/// An action, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionInput {
    /// The number of an action that is planned anew; none for a new one.
    #[serde(default)]
    number: Option<u16>,
    /// The requirement that falls short.
    requirement: String,
    /// What is missing.
    gap: String,
    /// What will be done.
    action: String,
    /// By whom.
    owner: PersonInput,
    /// By when; a day still to come.
    #[schema(value_type = String, format = "date")]
    due: Day,
}

/// Adds an action for a gap, or changes one. Not while the plan lies with the commissioner or region.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/plan/actions", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ActionInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn plan_action(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
    Json(input): Json<ActionInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &input.requirement)?;
    let who = input.owner.who()?;
    let exempt = case.exempt();
    let ActionInput { number, gap, action, due, .. } = input;
    let outcome = desk
        .give_naming(&case, "plan-action", &giver, who, |owner| AssessmentCommand::PlanAction {
            number,
            action: ImprovementAction {
                requirement,
                gap: gap.trim().to_owned(),
                action: action.trim().to_owned(),
                owner,
                due,
            },
            exempt,
        })
        .await;
    answered(outcome)
}

/// When an action was done, as sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoneInput {
    /// The day; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    done: Option<Day>,
}

/// Notes that an action was done, today or on an earlier day.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/plan/actions/{number}/done", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = Option<DoneInput>,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn complete_action(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition, number)): Path<(String, String, u16)>,
    Raw(body): Raw,
) -> Answered {
    let input: DoneInput = if body.is_empty() {
        DoneInput::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            Problem::bad_input("the body is not the JSON this address accepts").at("body", error.to_string())
        })?
    };
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let command =
        AssessmentCommand::CompleteAction { number, done: input.done.unwrap_or_else(|| desk.today()) };
    answered(desk.give(&case, &format!("action-done {number}"), &giver, &command).await)
}

/// Hands the plan to the commissioner or region. Every gap needs an open action with a due date still to come.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/plan/submit", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn submit(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let command = AssessmentCommand::SubmitPlan { exempt: case.exempt() };
    answered(desk.give(&case, "plan-submit", &giver, &command).await)
}

/// Who agrees, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreeInput {
    /// The practice's CCG or region.
    #[schema(value_type = String)]
    by: OdsCode,
}

/// Agrees the submitted plan, as the practice's CCG or region.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/plan/agree", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = AgreeInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn agree(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
    Json(input): Json<AgreeInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    speaks_for(&giver, input.by)?;
    let command = AssessmentCommand::AgreePlan { by: input.by, overseers: case.practice.overseers() };
    answered(desk.give(&case, "plan-agree", &giver, &command).await)
}

/// Who refuses and why, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseInput {
    /// The practice's CCG or region.
    #[schema(value_type = String)]
    by: OdsCode,
    /// Why.
    reason: String,
}

/// Refuses the submitted plan, as the practice's CCG or region.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/plan/refuse", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RefuseInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn refuse(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
    Json(input): Json<RefuseInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    speaks_for(&giver, input.by)?;
    let command = AssessmentCommand::RefusePlan {
        by: input.by,
        overseers: case.practice.overseers(),
        reason: input.reason,
    };
    answered(desk.give(&case, "plan-refuse", &giver, &command).await)
}
