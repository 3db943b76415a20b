//! The steps of an assessment's life.

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem,
    desk::{Answered, PersonInput, Receipt, answered, speaks_for},
    http::{Json, Path},
    roster::Overseers,
};
use proto::{
    Day, OdsCode, PersonId, TopicId,
    onsite::{Finding, Outcome, PlannedAction, Responsibility, Severity, TopicResult},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    desk::{Desk, Shared, Step},
    model::OnsiteCommand,
};

/// Gives a command to the assessment of an address.
async fn give(
    desk: &Desk,
    giver: &Giver,
    (code, number): (String, u16),
    step: Step,
    command: impl FnOnce(&[PersonId], Overseers) -> OnsiteCommand,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, number).await?;
    let overseers = case.practice.overseers();
    answered(desk.give(&case, giver, step, |people| command(people, overseers)).await)
}

/// A request, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteRequestInput {
    /// Who asks: NHS Digital (X26), or the practice's CCG or region.
    #[schema(value_type = String)]
    by: OdsCode,
    /// Why.
    reason: String,
}

/// What became of a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteRequested {
    /// The number of the assessment.
    number: u16,
    /// What became of the command.
    #[serde(flatten)]
    receipt: Receipt,
}

/// Asks for an on-site assessment of a practice. It gets the practice's next number.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/request", tag = "onsite",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "the same key never records twice")),
    request_body = OnsiteRequestInput,
    responses((status = 200, body = OnsiteRequested), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn request(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<OnsiteRequestInput>,
) -> Result<AxumJson<OnsiteRequested>, Problem> {
    let practice = desk.common.practice(&code).await?;
    speaks_for(&giver, input.by)?;
    let (number, outcome) = desk.request(&practice, &giver, input.by, &input.reason).await?;
    Ok(AxumJson(OnsiteRequested { number, receipt: outcome.into() }))
}

/// Agrees to be assessed.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/agree", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn agree(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
) -> Answered {
    give(&desk, &giver, at, Step::new("agree"), |_, _| OnsiteCommand::Agree).await
}

/// Grounds, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteRefuseInput {
    /// On what grounds.
    grounds: String,
}

/// Refuses to be assessed, with grounds.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/refuse", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteRefuseInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn refuse(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteRefuseInput>,
) -> Answered {
    give(&desk, &giver, at, Step::new("refuse"), |_, _| OnsiteCommand::Refuse { grounds: input.grounds })
        .await
}

/// A visit, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteVisitInput {
    /// The day, today or later.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// The delivery partner.
    #[schema(value_type = String)]
    partner: OdsCode,
    /// Its assessor.
    assessor: PersonInput,
}

/// Sets a visit, or sets it anew.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/schedule", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteVisitInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn schedule(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteVisitInput>,
) -> Answered {
    let OnsiteVisitInput { on, partner, assessor } = input;
    let step = Step::new("schedule").naming(vec![assessor.who()?]);
    give(&desk, &giver, at, step, |people, _| OnsiteCommand::Schedule { on, partner, assessor: one(people) })
        .await
}

/// Why a visit is called off, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteCancelInput {
    /// Why.
    reason: String,
}

/// Calls the visit off. Another can be set.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/cancel", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteCancelInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn cancel(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteCancelInput>,
) -> Answered {
    give(&desk, &giver, at, Step::new("cancel"), |_, _| OnsiteCommand::Cancel { reason: input.reason }).await
}

/// The result of a topic, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteResultInput {
    /// The topic's id.
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,23}$")]
    topic: TopicId,
    /// What was found.
    #[schema(value_type = String, pattern = "^(satisfied|partly-satisfied|not-satisfied)$")]
    outcome: Outcome,
    /// In words.
    #[serde(default)]
    remark: String,
}

/// A result, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteHeldInput {
    /// The day of the visit; of several days the last.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// The result of each topic that was looked at.
    results: Vec<OnsiteResultInput>,
}

/// Enters the result of the visit by topic, or corrects it until the outcome is disclosed.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/held", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteHeldInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn held(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteHeldInput>,
) -> Answered {
    let OnsiteHeldInput { on, results } = input;
    let result = |OnsiteResultInput { topic, outcome, remark }| TopicResult { topic, outcome, remark };
    let results = results.into_iter().map(result).collect();
    give(&desk, &giver, at, Step::new("held").on(on), |_, _| OnsiteCommand::Hold { on, results }).await
}

/// A finding, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteFindingInput {
    /// The topic's id.
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,23}$")]
    topic: TopicId,
    /// How bad it is.
    #[schema(value_type = String, pattern = "^(critical|high|medium|low)$")]
    severity: Severity,
    /// The system it is about.
    system: String,
    /// Who answers for that system: what the CCG commissions, or the practice alone.
    #[schema(value_type = String, pattern = "^(commissioned|practice)$")]
    responsibility: Responsibility,
    /// What was found.
    found: String,
    /// Where the evidence is. The file itself stays with the assessors.
    #[serde(default)]
    evidence: String,
}

impl From<OnsiteFindingInput> for Finding {
    fn from(input: OnsiteFindingInput) -> Self {
        let OnsiteFindingInput { topic, severity, system, responsibility, found, evidence } = input;
        Finding { topic, severity, system, responsibility, found, evidence }
    }
}

/// Records a finding. One that is recorded already is no new one.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/findings", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteFindingInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn record_finding(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteFindingInput>,
) -> Answered {
    give(&desk, &giver, at, Step::new("finding"), |_, _| OnsiteCommand::RecordFinding(input.into())).await
}

/// An answer to a finding, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteAnswerInput {
    /// Whether the practice accepts it; else it disputes it.
    accepted: bool,
    /// In words.
    answer: String,
}

/// Answers a finding for the practice, or answers it anew.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/findings/{finding}/answer", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path), ("finding" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteAnswerInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn answer_finding(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, number, finding)): Path<(String, u16, u16)>,
    Json(input): Json<OnsiteAnswerInput>,
) -> Answered {
    let OnsiteAnswerInput { accepted, answer } = input;
    give(&desk, &giver, (code, number), Step::new(format!("answer {finding}")), |_, _| {
        OnsiteCommand::AnswerFinding { finding, accepted, answer }
    })
    .await
}

/// A disclosure, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteDiscloseInput {
    /// The practice's CCG or region.
    #[schema(value_type = String)]
    to: OdsCode,
    /// On which day.
    #[schema(value_type = String, format = "date")]
    on: Day,
}

/// Discloses the outcome to the commissioner.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/disclose", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteDiscloseInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn disclose(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteDiscloseInput>,
) -> Answered {
    let OnsiteDiscloseInput { to, on } = input;
    give(&desk, &giver, at, Step::new("disclose").on(on), |_, overseers| OnsiteCommand::Disclose {
        to,
        overseers,
        on,
    })
    .await
}

/// An action, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteActionInput {
    /// The finding it is for.
    finding: u16,
    /// What will be done.
    action: String,
    /// By whom.
    owner: PersonInput,
    /// By when; a day still to come.
    #[schema(value_type = String, format = "date")]
    due: Day,
}

/// A plan, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsitePlanInput {
    /// All its actions.
    actions: Vec<OnsiteActionInput>,
}

/// Proposes the whole action plan to the commissioner or region.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/plan", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsitePlanInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn propose_plan(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsitePlanInput>,
) -> Answered {
    let who = input.actions.iter().map(|action| action.owner.who()).collect::<Result<_, _>>()?;
    let step = Step::new("plan").naming(who);
    let actions =
        input.actions.into_iter().map(|action| (action.finding, action.action, action.due)).collect();
    give(&desk, &giver, at, step, |people, _| OnsiteCommand::ProposePlan(planned(actions, people))).await
}

/// Who agrees, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteAgreeInput {
    /// The practice's CCG or region.
    #[schema(value_type = String)]
    by: OdsCode,
}

/// Agrees the proposed plan, as the practice's CCG or region.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/plan/agree", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteAgreeInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn agree_plan(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteAgreeInput>,
) -> Answered {
    let OnsiteAgreeInput { by } = input;
    speaks_for(&giver, by)?;
    give(&desk, &giver, at, Step::new("plan-agree"), |_, overseers| OnsiteCommand::AgreePlan {
        by,
        overseers,
    })
    .await
}

/// Who sends a plan back and why, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteReturnInput {
    /// The practice's CCG or region.
    #[schema(value_type = String)]
    by: OdsCode,
    /// Why.
    reason: String,
}

/// Sends the proposed plan back, as the practice's CCG or region.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/plan/return", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteReturnInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn return_plan(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteReturnInput>,
) -> Answered {
    let OnsiteReturnInput { by, reason } = input;
    speaks_for(&giver, by)?;
    give(&desk, &giver, at, Step::new("plan-return"), |_, overseers| OnsiteCommand::ReturnPlan {
        by,
        overseers,
        reason,
    })
    .await
}

/// When an action was done, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteDoneInput {
    /// The day.
    #[schema(value_type = String, format = "date")]
    done: Day,
}

/// Notes that an action of the agreed plan was done.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/plan/actions/{action}/done", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path), ("action" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteDoneInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn action_done(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, number, action)): Path<(String, u16, u16)>,
    Json(input): Json<OnsiteDoneInput>,
) -> Answered {
    let OnsiteDoneInput { done } = input;
    give(&desk, &giver, (code, number), Step::new(format!("done {action}")).on(done), |_, _| {
        OnsiteCommand::CompleteAction { action, done }
    })
    .await
}

/// A re-test, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnsiteRetestInput {
    /// The day.
    #[schema(value_type = String, format = "date")]
    on: Day,
    /// The findings that are mended; the others are not.
    mended: Vec<u16>,
}

/// Says which findings a re-test found mended.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/retest", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = OnsiteRetestInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn retest(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
    Json(input): Json<OnsiteRetestInput>,
) -> Answered {
    let OnsiteRetestInput { on, mended } = input;
    give(&desk, &giver, at, Step::new("retest").on(on), |_, _| OnsiteCommand::Retest { on, mended }).await
}

/// Closes the assessment, once no finding is open.
#[utoipa::path(post, path = "/api/v1/onsite/{code}/{number}/close", tag = "onsite",
    params(("code" = String, Path), ("number" = u16, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn close(
    State(desk): State<Shared>,
    giver: Giver,
    Path(at): Path<(String, u16)>,
) -> Answered {
    give(&desk, &giver, at, Step::new("close"), |_, _| OnsiteCommand::Close).await
}

/// The one person a command names; as many ids come as people were named, so there is one.
pub(crate) fn one(people: &[PersonId]) -> PersonId {
    people.first().copied().unwrap_or(PersonId(uuid::Uuid::nil()))
}

/// Actions with their owners, in the order in which both were named.
pub(crate) fn planned(actions: Vec<(u16, String, Day)>, people: &[PersonId]) -> Vec<PlannedAction> {
    let with_owner = |((finding, action, due), owner): (_, &PersonId)| PlannedAction {
        finding,
        action,
        owner: *owner,
        due,
    };
    actions.into_iter().zip(people).map(with_owner).collect()
}
