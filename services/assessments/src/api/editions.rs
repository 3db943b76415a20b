//! Editions, and what is decided centrally for them.

use std::sync::Arc;

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem,
    desk::{Answered, Receipt, answered},
    http::{Json, Path},
};
use proto::{
    Day,
    assessments::ResultLevel,
    standards::{Deadline, Edition, EditionDefinition},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{organisation_type, scale_words};
use crate::{
    desk::Shared,
    model::{CatalogueCommand, EditionCommand, EditionDecisions, KIND, Refusal},
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
    /// Whether that day is certain: announced, or decided here.
    deadline_certain: bool,
    /// The last day on which it can be published; none: none is known, and it does not close.
    closes: Option<String>,
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
    /// Up to which day it can be published.
    closing: Option<ClosingView>,
    /// Words of its own that the national register may write.
    status_words: Vec<StatusWordsView>,
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

/// Up to which day an edition can be published.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosingView {
    /// The last day.
    day: String,
    /// How sure this row is.
    certainty: String,
    /// Where it comes from.
    source: String,
}

/// Words of an edition's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusWordsView {
    /// The words.
    text: String,
    /// What they mean, such as `standards-met`.
    level: &'static str,
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
        deadline: decisions.deadline(edition, KIND).map(|day| day.to_string()),
        deadline_certain: decisions.deadline_is_sure(edition, KIND),
        closes: decisions.closes(edition).map(|day| day.to_string()),
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

fn closing_view(edition: &Edition, decisions: &EditionDecisions) -> Option<ClosingView> {
    let decided = decisions.closing.as_ref().map(|decided| ClosingView {
        day: decided.closes.to_string(),
        certainty: "decided here".to_owned(),
        source: decided.reason.clone(),
    });
    decided.or_else(|| {
        edition.closes.as_ref().map(|closing| ClosingView {
            day: closing.day.to_string(),
            certainty: closing.certainty.to_string(),
            source: closing.source.clone(),
        })
    })
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
                deadline: decisions.deadline(edition, kind).map(|day| day.to_string()),
                deadlines: group.deadlines.iter().map(deadline_view).chain(moved).collect(),
                certainty: group.certainty.to_string(),
                source: group.source.clone(),
            }
        })
        .collect();
    EditionDetail {
        edition: heading(edition, decisions),
        predecessor: edition.predecessor.map(|id| id.to_string()),
        closing: closing_view(edition, decisions),
        status_words: edition
            .status_words()
            .iter()
            .map(|words| StatusWordsView { text: words.text.clone(), level: level_name(words.level) })
            .collect(),
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
    for edition in desk.catalogue().editions() {
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
    let edition = desk.edition(&id).await?;
    let decisions = desk.decisions(&edition).await?;
    Ok(AxumJson(view(&edition, &decisions.state, decisions.position.0)))
}

/// Adds an edition behind the newest one. Its content then stays as it is: deadlines are moved, requirements
/// exempted and the closing day set by decisions of their own. The same edition again changes nothing.
///
/// The accepted values of `id` and `title` follow from `financial_year`: `dspt-2027-28` and `DSP Toolkit 2027/28`.
/// `requirements_of` takes over a shared set; without it, `requirements` lists them all. `status_words` are the
/// words of this edition alone that the national register may write. For administrators and NHS Digital.
#[utoipa::path(post, path = "/api/v1/editions", tag = "assessments",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key never records twice")),
    request_body = EditionDefinition,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn add(
    State(desk): State<Shared>,
    giver: Giver,
    Json(input): Json<EditionDefinition>,
) -> Answered {
    let purpose = format!("add {}", input.id);
    answered(desk.change_editions(&purpose, &giver, &CatalogueCommand::Add(Box::new(input))).await)
}

/// A status text with its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedText {
    /// The text, as the national register writes it.
    text: String,
    /// What it means, such as `standards-met`.
    level: &'static str,
    /// For which edition; none: for the one that each row names by its year or its date.
    edition: Option<String>,
    /// Why it is read so.
    reason: String,
}

fn level_name(of: ResultLevel) -> &'static str {
    ResultLevel::ALL.into_iter().find(|(level, ..)| *level == of).map_or("", |(_, name, _)| name)
}

/// The status texts of the national register that were explained here.
#[utoipa::path(get, path = "/api/v1/editions/status-texts", tag = "assessments",
    responses((status = 200, body = [ExplainedText]), (status = 503, body = Problem)))]
pub(crate) async fn status_texts(State(desk): State<Shared>) -> AxumJson<Vec<ExplainedText>> {
    let catalogue = desk.catalogue();
    let explained = catalogue.explained().map(|explained| ExplainedText {
        text: explained.text.clone(),
        level: level_name(explained.level),
        edition: explained.edition.map(|edition| edition.to_string()),
        reason: explained.reason.clone(),
    });
    AxumJson(explained.collect())
}

/// The meaning of a status text, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusTextInput {
    /// The text, as the national register writes it; case and blanks do not matter.
    text: String,
    /// What it means: not-published, standards-not-met, entry-level, approaching-standards, plan-agreed,
    /// standards-met or standards-exceeded.
    level: String,
    /// For which edition, such as `dspt-2026-27`; none: for the one that each row names by its year or its date.
    #[serde(default)]
    edition: Option<String>,
    /// Why it is read so, and who says so.
    reason: String,
}

/// Says what a status text means that is not understood. Rows that carry it then count, also those that
/// were imported before; figures as known earlier stay as they were. A text explained again has the new
/// meaning. For administrators and NHS Digital.
#[utoipa::path(post, path = "/api/v1/editions/status-texts", tag = "assessments",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = StatusTextInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn explain(
    State(desk): State<Shared>,
    giver: Giver,
    Json(input): Json<StatusTextInput>,
) -> Answered {
    let level = ResultLevel::from_name(input.level.trim()).ok_or_else(|| {
        let accepted: Vec<&str> = ResultLevel::ALL.into_iter().map(|(_, name, _)| name).collect();
        let detail = format!("“{}” is not a level; accepted are {}", input.level, accepted.join(", "));
        Problem::bad_input(detail.clone()).at("level", detail)
    })?;
    let edition = match &input.edition {
        Some(edition) => Some(explained_edition(&desk, edition).await?),
        None => None,
    };
    let command = CatalogueCommand::Explain { text: input.text, level, edition, reason: input.reason };
    answered(desk.change_editions("explain", &giver, &command).await)
}

/// The edition of an explanation.
async fn explained_edition(desk: &Shared, text: &str) -> Result<Arc<Edition>, Problem> {
    desk.edition(text.trim()).await.map_err(|problem| {
        let detail = format!("“{text}” is not an edition; GET /api/v1/editions lists them");
        if problem.status == 404 { Problem::bad_input(detail.clone()).at("edition", detail) } else { problem }
    })
}

/// A closing day, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosingInput {
    /// The last day on which the edition can be published.
    #[schema(value_type = String, format = "date")]
    closes: Day,
    /// Why, and who says so.
    reason: String,
}

/// Sets up to which day an edition can be published, late or again. Without such a day it can be published at any
/// time. A later decision replaces it. For administrators and NHS Digital.
#[utoipa::path(post, path = "/api/v1/editions/{id}/closing", tag = "assessments",
    params(("id" = String, Path, description = "such as dspt-2018-19"),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key never records twice")),
    request_body = ClosingInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn set_closing(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<ClosingInput>,
) -> Answered {
    let edition = desk.edition(&id).await?;
    let ClosingInput { closes, reason } = input;
    let command = EditionCommand::SetClosingDay { edition: edition.clone(), closes, reason };
    answered(desk.decide(&edition, "closing", &giver, &command).await)
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
    let edition = desk.edition(&id).await?;
    let command = EditionCommand::MoveDeadline {
        edition: edition.clone(),
        organisation_type: organisation_type(&input.organisation_type)?,
        to: input.to,
        reason: input.reason,
    };
    answered(desk.decide(&edition, "deadline", &giver, &command).await)
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
    let edition = desk.edition(&id).await?;
    let kind = organisation_type(&input.organisation_type)?;
    let requirement = input.requirement.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input(error.to_string()).at("requirement", error.to_string())
    })?;
    if edition.requirement(requirement).is_none() {
        return Err(Refusal::UnknownRequirement { requirement, kind: kind.to_string() }.into());
    }
    let command = EditionCommand::ExemptRequirement {
        edition: edition.clone(),
        organisation_type: kind,
        requirement,
        reason: input.reason,
    };
    answered(desk.decide(&edition, "exemption", &giver, &command).await)
}
