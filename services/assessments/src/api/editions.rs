//! Editions, and what is decided centrally for them.

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem,
    desk::{Answered, Receipt, answered},
    http::{Json, Path},
};
use proto::{
    Day,
    standards::{Deadline, Edition, catalogue},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{organisation_type, scale_words};
use crate::{
    desk::{Shared, find_edition},
    model::{EditionCommand, EditionDecisions, KIND, Refusal},
};

/// What an edition is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionHeading {
    /// Its id.
    id: String,
    /// Its name.
    title: String,
    /// The financial year it is for.
    financial_year: String,
    /// From which day it can be worked on.
    opens: String,
    /// The last day in time for general practices.
    deadline: Option<String>,
    /// How its requirements are answered.
    scale: &'static str,
}

/// An edition in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionSummary {
    /// What it is.
    #[serde(flatten)]
    edition: EditionHeading,
    /// How many requirements a general practice answers.
    requirements: usize,
}

/// An edition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionDetail {
    /// What it is.
    #[serde(flatten)]
    edition: EditionHeading,
    /// The edition before.
    predecessor: Option<String>,
    /// How it treats each type of organisation.
    types: Vec<TypeView>,
    /// All its requirements.
    requirements: Vec<RequirementLine>,
    /// Requirements exempted centrally.
    exemptions: Vec<ExemptionView>,
    /// The last event this depends on.
    position: u64,
}

/// How an edition treats a type of organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TypeView {
    /// The type.
    organisation_type: String,
    /// The edition's category.
    category: String,
    /// The last day in time.
    deadline: Option<String>,
    /// Every deadline it had, in the order they were announced.
    deadlines: Vec<DeadlineView>,
    /// How sure this row is.
    certainty: String,
    /// Where it comes from.
    source: String,
}

/// A deadline as it was announced.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineView {
    /// The last day in time.
    day: String,
    /// The day it was announced; none for the first.
    announced: Option<String>,
    /// How sure this row is.
    certainty: String,
    /// Where it comes from, or why it was moved.
    source: String,
}

/// A requirement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequirementLine {
    /// Its number.
    id: String,
    /// The heading it stands under.
    group: String,
    /// Its title, in our own words.
    title: String,
    /// How sure this row is.
    certainty: String,
    /// Where it comes from.
    source: String,
}

/// An exempted requirement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExemptionView {
    /// For which type of organisation.
    organisation_type: String,
    /// Which requirement.
    requirement: String,
    /// Why.
    reason: String,
    /// The day it was decided.
    on: String,
}

fn heading(edition: &Edition, decisions: &EditionDecisions) -> EditionHeading {
    EditionHeading {
        id: edition.id.to_string(),
        title: edition.title.clone(),
        financial_year: edition.financial_year.to_string(),
        opens: edition.opens.day.to_string(),
        deadline: decisions.deadline(edition.id, KIND).map(|day| day.to_string()),
        scale: scale_words(edition.scale),
    }
}

fn deadline_view(deadline: &Deadline) -> DeadlineView {
    DeadlineView {
        day: deadline.day.to_string(),
        announced: deadline.announced.map(|day| day.to_string()),
        certainty: deadline.certainty.to_string(),
        source: deadline.source.clone(),
    }
}

fn view(edition: &Edition, decisions: &EditionDecisions, position: u64) -> EditionDetail {
    let types = edition
        .groups()
        .iter()
        .flat_map(|group| group.types.iter().map(move |kind| (group, *kind)))
        .map(|(group, kind)| {
            let moves = decisions.moves.iter().filter(|moved| moved.organisation_type == kind.name());
            let moved = moves.map(|moved| DeadlineView {
                day: moved.to.to_string(),
                announced: Some(moved.on.to_string()),
                certainty: "decided here".to_owned(),
                source: moved.reason.clone(),
            });
            TypeView {
                organisation_type: kind.to_string(),
                category: group.category.clone(),
                deadline: decisions.deadline(edition.id, kind).map(|day| day.to_string()),
                deadlines: group.deadlines.iter().map(deadline_view).chain(moved).collect(),
                certainty: group.certainty.to_string(),
                source: group.source.clone(),
            }
        })
        .collect();
    EditionDetail {
        edition: heading(edition, decisions),
        predecessor: edition.predecessor.map(|id| id.to_string()),
        types,
        requirements: edition
            .requirements()
            .iter()
            .map(|asked| RequirementLine {
                id: asked.id.to_string(),
                group: asked.group.clone(),
                title: asked.title.clone(),
                certainty: asked.certainty.to_string(),
                source: asked.source.clone(),
            })
            .collect(),
        exemptions: decisions
            .exemptions
            .iter()
            .map(|exemption| ExemptionView {
                organisation_type: exemption.organisation_type.clone(),
                requirement: exemption.requirement.to_string(),
                reason: exemption.reason.clone(),
                on: exemption.on.to_string(),
            })
            .collect(),
        position,
    }
}

/// The editions, oldest first.
#[utoipa::path(get, path = "/api/v1/editions", tag = "assessments",
    responses((status = 200, body = [EditionSummary]), (status = 503, body = Problem)))]
pub(crate) async fn all(State(desk): State<Shared>) -> Result<AxumJson<Vec<EditionSummary>>, Problem> {
    let mut lines = Vec::new();
    for edition in catalogue().editions() {
        lines.push(EditionSummary {
            edition: heading(edition, &desk.decisions(edition).await?.state),
            requirements: edition.requirements_of(KIND).count(),
        });
    }
    Ok(AxumJson(lines))
}

/// One edition: requirements, categories, deadlines with their history, exemptions. Each row says how
/// sure it is and where it comes from.
#[utoipa::path(get, path = "/api/v1/editions/{id}", tag = "assessments",
    params(("id" = String, Path, description = "such as igt-14.1 or dspt-2018-19")),
    responses((status = 200, body = EditionDetail), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn one(
    State(desk): State<Shared>,
    Path(id): Path<String>,
) -> Result<AxumJson<EditionDetail>, Problem> {
    let edition = find_edition(&id)?;
    let decisions = desk.decisions(edition).await?;
    Ok(AxumJson(view(edition, &decisions.state, decisions.position.0)))
}

/// A moved deadline, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadlineInput {
    /// For which type of organisation, such as `general-practice`.
    organisation_type: String,
    /// The last day in time from now on.
    #[schema(value_type = String, format = "date")]
    to: Day,
    /// Why.
    reason: String,
}

/// Moves the deadline of an edition for a type of organisation. For the national team.
#[utoipa::path(post, path = "/api/v1/editions/{id}/deadline", tag = "assessments",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = DeadlineInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn move_deadline(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<DeadlineInput>,
) -> Answered {
    let edition = find_edition(&id)?;
    let command = EditionCommand::MoveDeadline {
        edition: edition.id,
        organisation_type: organisation_type(&input.organisation_type)?,
        to: input.to,
        reason: input.reason,
    };
    answered(desk.decide(edition, "deadline", &giver, &command).await)
}

/// An exemption, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExemptionInput {
    /// For which type of organisation, such as `general-practice`.
    organisation_type: String,
    /// Which requirement.
    requirement: String,
    /// Why.
    reason: String,
}

/// Exempts a requirement for a type of organisation. Also changes what was published before: the
/// requirement then leaves the result. For the national team.
#[utoipa::path(post, path = "/api/v1/editions/{id}/exemptions", tag = "assessments",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ExemptionInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn exempt(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<ExemptionInput>,
) -> Answered {
    let edition = find_edition(&id)?;
    let kind = organisation_type(&input.organisation_type)?;
    let requirement = input.requirement.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input(error.to_string()).at("requirement", error.to_string())
    })?;
    if edition.requirement(requirement).is_none() {
        return Err(Refusal::UnknownRequirement { requirement, kind: kind.to_string() }.into());
    }
    let command = EditionCommand::ExemptRequirement {
        edition: edition.id,
        organisation_type: kind,
        requirement,
        reason: input.reason,
    };
    answered(desk.decide(edition, "exemption", &giver, &command).await)
}
