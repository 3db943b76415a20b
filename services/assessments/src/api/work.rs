//! The practice's own work, and the reviewer's grade.

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem, Viewer,
    desk::{Answered, PersonInput, Receipt, answered, speaks_for},
    http::{Json, Path},
};
use proto::OdsCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    bodies::{AnswerInput, GradeBody},
    views::{AssessedOrganisationView, AssessmentView, WorkState, organisation},
};
use crate::{
    desk::{Shared, find_requirement},
    model::AssessmentCommand,
};

/// The assessments of one practice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PracticeAssessmentsView {
    /// Whose.
    organisation: AssessedOrganisationView,
    /// One for each edition, oldest first.
    assessments: Vec<AssessmentLine>,
    /// What the national register shows of it.
    register: Option<RegisterView>,
    /// The last event this depends on.
    position: u64,
}

/// One assessment of a practice in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentLine {
    /// The edition.
    edition: String,
    /// Its name.
    title: String,
    /// How far it has come.
    state: WorkState,
    /// The last day in time.
    deadline: Option<String>,
    /// The day it was published.
    published: Option<String>,
    /// The grade as published.
    grade: Option<GradeBody>,
}

/// An entry of the national register.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterView {
    /// The status as received.
    status: String,
    /// The edition it was read to be for.
    edition: Option<String>,
    /// The day of publication.
    published: Option<String>,
    /// What the register writes in the place of that day, where it is a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_text: Option<String>,
    /// The date of the file that first showed it.
    as_of: String,
}

/// The assessments of one practice, and its entry in the national register.
#[utoipa::path(get, path = "/api/v1/assessments/{code}", tag = "assessments",
    params(("code" = String, Path, description = "the practice's ODS code, such as A81001")),
    responses((status = 200, body = PracticeAssessmentsView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn practice(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<AxumJson<PracticeAssessmentsView>, Problem> {
    let practice = desk.common.practice(&code).await?;
    let (newest, mut position) = desk.register_entry(practice.code).await?;
    let mut assessments = Vec::new();
    let mut named = None;
    let catalogue = desk.catalogue();
    for edition in catalogue.editions() {
        let case = desk.case_of(&viewer, practice.clone(), edition.clone()).await?;
        position = position.max(case.position());
        let publication = case.state().publication.as_ref();
        assessments.push(AssessmentLine {
            edition: edition.id.to_string(),
            title: edition.title.clone(),
            state: case.work_state(),
            deadline: case.deadline().map(|day| day.to_string()),
            published: publication.map(|publication| publication.on.to_string()),
            grade: publication.map(|publication| publication.grade.into()),
        });
        named.get_or_insert_with(|| organisation(&case));
    }
    let register = newest.map(|listed| RegisterView {
        edition: catalogue
            .read_status(&listed.status, listed.published, listed.as_of)
            .edition()
            .map(|edition| edition.to_string()),
        status: listed.status,
        published: listed.published.map(|day| day.to_string()),
        published_text: listed.published_text,
        as_of: listed.as_of.to_string(),
    });
    let organisation = named.ok_or_else(Problem::internal)?;
    Ok(AxumJson(PracticeAssessmentsView { organisation, assessments, register, position: position.0 }))
}

/// One assessment: answers, what still blocks publication, result, statement, plan, reviewed grade.
#[utoipa::path(get, path = "/api/v1/assessments/{code}/{edition}", tag = "assessments",
    params(("code" = String, Path, description = "the practice's ODS code"),
        ("edition" = String, Path, description = "such as igt-14.1 or dspt-2018-19")),
    responses((status = 200, body = AssessmentView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn state(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
) -> Result<AxumJson<AssessmentView>, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    Ok(AxumJson(case.view(&desk)))
}

/// Begins an assessment. The answers of the last edition of the same scheme roll over, and each then
/// needs its review tick. Begun already: nothing changes.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/open", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key never records twice")),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn open(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    answered(desk.open(&case, &giver).await)
}

/// Answers a requirement, or answers it anew. Answering is also reviewing.
#[utoipa::path(method(post, put), path = "/api/v1/assessments/{code}/{edition}/answers/{requirement}", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path),
        ("requirement" = String, Path, description = "such as 14-117"),
        ("Idempotency-Key" = Option<String>, Header)),
    request_body = AnswerInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn answer(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition, requirement)): Path<(String, String, String)>,
    Json(input): Json<AnswerInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &requirement)?;
    let command = AssessmentCommand::Answer(input.given(requirement));
    answered(desk.give(&case, &format!("answer {requirement}"), &giver, &command).await)
}

/// Ticks that an answer carried over from last year still stands.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/reviews/{requirement}", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("requirement" = String, Path),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn review(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition, requirement)): Path<(String, String, String)>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &requirement)?;
    let command = AssessmentCommand::Review(requirement);
    answered(desk.give(&case, &format!("review {requirement}"), &giver, &command).await)
}

/// Publishes the assessment, for the first time or again, in time or late. Refused with 409 while
/// something blocks it; `errors` then names each requirement and what it lacks.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/publish", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = 409, body = Problem), (status = "4XX", body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn publish(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let command = AssessmentCommand::Publish { exempt: case.exempt() };
    answered(desk.give(&case, "publish", &giver, &command).await)
}

/// Accepts the IG Assurance Statement as a named person, after publication and once a year.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/statement", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PersonInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn statement(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
    Json(input): Json<PersonInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    let who = input.who()?;
    answered(desk.give_naming(&case, "statement", &giver, who, AssessmentCommand::AcceptStatement).await)
}

/// A reviewer's grade, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewedGradeInput {
    /// The grade.
    grade: GradeBody,
    /// The body that reviewed.
    #[schema(value_type = String)]
    by: OdsCode,
    /// Why.
    reason: String,
}

/// Sets a reviewer's grade beside the self-assessed one, which stays as it is.
#[utoipa::path(post, path = "/api/v1/assessments/{code}/{edition}/reviewed-grade", tag = "assessments",
    params(("code" = String, Path), ("edition" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ReviewedGradeInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn reviewed_grade(
    State(desk): State<Shared>,
    giver: Giver,
    Path((code, edition)): Path<(String, String)>,
    Json(input): Json<ReviewedGradeInput>,
) -> Answered {
    let case = desk.case(&giver.viewer, &code, &edition).await?;
    speaks_for(&giver, input.by)?;
    let command =
        AssessmentCommand::ReviewGrade { grade: input.grade.into(), by: input.by, reason: input.reason };
    answered(desk.give(&case, "reviewed-grade", &giver, &command).await)
}
