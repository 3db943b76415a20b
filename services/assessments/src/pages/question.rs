//! One requirement: the question with help beside it, and the answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Path},
};
use maud::{Markup, html};
use proto::{
    RequirementId,
    assessments::{Answer, Evidence, GivenAnswer},
    standards::{AnswerScale, Requirement},
};
use serde::Deserialize;
use ui::components::{
    Button, ButtonKind, Choice, Field, FieldError, InputKind, SummaryList, Width, details, inset,
    warning_callout,
};

use super::{KeyOnly, after, case_href, case_page, form_of, page_response, tasks::unsure};
use crate::{
    access::DO_WORK,
    desk::{Case, Desk, Shared, find_requirement},
    model::{AssessmentCommand, KIND, Reviewed},
};

/// The answer as a form sends it.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct AnswerForm {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

const NOT_RELEVANT: &str = "not-relevant";

impl AnswerForm {
    /// The form filled in with what is held.
    fn held(case: &Case, requirement: RequirementId) -> Self {
        let Some(held) = case.state().answers.get(&requirement) else { return Self::default() };
        let (answer, reason) = match &held.answer {
            Answer::Level(level) => (level.to_string(), String::new()),
            Answer::Met => ("met".to_owned(), String::new()),
            Answer::NotMet => ("not-met".to_owned(), String::new()),
            Answer::NotRelevant { reason } => (NOT_RELEVANT.to_owned(), reason.clone()),
        };
        let evidence = held.evidence.as_ref();
        Self {
            answer,
            reason,
            comment: held.comment.clone(),
            evidence: evidence.map(|evidence| evidence.reference.clone()).unwrap_or_default(),
            sha256: evidence.and_then(|evidence| evidence.sha256.clone()).unwrap_or_default(),
            target: held.target.map(|level| level.to_string()).unwrap_or_default(),
            idempotency_key: None,
        }
    }

    fn given(&self, requirement: RequirementId) -> Result<GivenAnswer, Vec<FieldError>> {
        let mut errors = Vec::new();
        let answer = match self.answer.trim() {
            "met" => Some(Answer::Met),
            "not-met" => Some(Answer::NotMet),
            NOT_RELEVANT => Some(Answer::NotRelevant { reason: self.reason.trim().to_owned() }),
            level => level.parse().ok().map(Answer::Level),
        };
        if answer.is_none() {
            errors.push(FieldError::new("answer", "Choose an answer."));
        }
        let target = match self.target.trim() {
            "" => None,
            level => match level.parse() {
                Ok(level) => Some(level),
                Err(_) => {
                    errors.push(FieldError::new("target", "Choose a target from the list."));
                    None
                }
            },
        };
        let reference = self.evidence.trim();
        let sha256 = Some(self.sha256.trim().to_ascii_lowercase()).filter(|text| !text.is_empty());
        if reference.is_empty() && sha256.is_some() {
            errors
                .push(FieldError::new("evidence", "Say where the evidence is that the SHA-256 belongs to."));
        }
        match answer {
            Some(answer) if errors.is_empty() => Ok(GivenAnswer {
                requirement,
                answer,
                comment: self.comment.trim().to_owned(),
                evidence: (!reference.is_empty())
                    .then(|| Evidence { reference: reference.to_owned(), sha256 }),
                target,
            }),
            _ => Err(errors),
        }
    }
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition, requirement)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &requirement)?;
    let form = AnswerForm::held(&case, requirement);
    Ok(render(&desk, &case, requirement, &form, StatusCode::OK, Vec::new()))
}

pub(super) async fn answer(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition, requirement)): Path<(String, String, String)>,
    FormBody(form): FormBody<AnswerForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &requirement)?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let given = match form.given(requirement) {
        Ok(given) => given,
        Err(errors) => return Ok(render(&desk, &case, requirement, &form, StatusCode::BAD_REQUEST, errors)),
    };
    let command = AssessmentCommand::Answer(given);
    let outcome = desk.give(&case, &format!("answer {requirement}"), &giver, &command).await;
    Ok(match after(outcome, format!("{}?done=answered", case_href(&case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(&desk, &case, requirement, &form, status, errors),
    })
}

pub(super) async fn review(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition, requirement)): Path<(String, String, String)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let requirement = find_requirement(&case.edition, &requirement)?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let command = AssessmentCommand::Review(requirement);
    let outcome = desk.give(&case, &format!("review {requirement}"), &giver, &command).await;
    Ok(match after(outcome, format!("{}?done=reviewed", case_href(&case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => {
            let form = AnswerForm::held(&case, requirement);
            render(&desk, &case, requirement, &form, status, errors)
        }
    })
}

fn render(
    desk: &Desk,
    case: &Case,
    requirement: RequirementId,
    form: &AnswerForm,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Response {
    let Some(asked) = case.edition.requirement(requirement) else {
        return Redirect::to(&case_href(case)).into_response();
    };
    let here = format!("{}/requirements/{requirement}", case_href(case));
    let body = html! {
        @if case.exempt().contains(&requirement) {
            (inset(html! { p { "This requirement has been exempted centrally for general practices: it needs no answer and does not affect the result." } }))
        }
        (inset(html! { p { (asked.help) } }))
        @if !asked.certainty.is_sure() { (unsure(asked)) }
        @if !case.may(DO_WORK) {
            (answered(case, form))
        } @else if case.state().opened.is_none() {
            (warning_callout("Not opened yet", html! {
                p { "Open the assessment first: " a.nhsuk-link href=(case_href(case)) { (case.edition.title) } }
            }))
        } @else {
            @if case.state().answers.get(&requirement).is_some_and(|held| held.review == Reviewed::No) {
                (warning_callout("Carried over from last year", html! {
                    p { "This answer is from last year. Confirm it is still correct or change it." }
                    (form_of(&case.viewer, format!("{here}/review"))
                        .body(html! { (Button::new("The answer still stands").kind(ButtonKind::Secondary)) }))
                }))
            }
            (form_of(&case.viewer, here).body(fields(case, asked, form, &errors)))
        }
        (neighbours(case, requirement))
    };
    let page = case_page(desk, case, asked.title.clone())
        .crumb(case.edition.title.clone(), case_href(case))
        .caption(format!("{requirement}, {}", asked.group))
        .errors(errors)
        .body(body);
    page_response(status, page)
}

/// The answer for those who may see it and not give it.
fn answered(case: &Case, form: &AnswerForm) -> Markup {
    let words = |value: &str| if value.is_empty() { "None".to_owned() } else { value.to_owned() };
    let answer = match form.answer.as_str() {
        "" => "Not answered".to_owned(),
        NOT_RELEVANT => format!("Not relevant: {}", form.reason),
        level if case.edition.scale == AnswerScale::Levels => format!("Level {level}"),
        "met" => "Met".to_owned(),
        _ => "Not met".to_owned(),
    };
    SummaryList::new()
        .text("Answer", answer)
        .text("Comment", words(&form.comment))
        .text("Where the evidence is", words(&form.evidence))
        .render()
}

fn choices(case: &Case, asked: &Requirement) -> Vec<Choice> {
    let mut choices: Vec<Choice> = match case.edition.scale {
        AnswerScale::Levels => asked
            .levels
            .iter()
            .enumerate()
            .map(|(level, text)| Choice::new(level.to_string(), format!("Level {level}")).hint(text.clone()))
            .collect(),
        AnswerScale::MetOrNotMet => [("not-met", "Not met"), ("met", "Met")]
            .iter()
            .zip(&asked.levels)
            .map(|((value, label), text)| Choice::new(*value, *label).hint(text.clone()))
            .rev()
            .collect(),
    };
    if let Some(rule) = &asked.not_relevant {
        choices.push(Choice::new(NOT_RELEVANT, "Not relevant").hint(format!("Only if {}", rule.when)));
    }
    choices
}

fn fields(case: &Case, asked: &Requirement, form: &AnswerForm, errors: &[FieldError]) -> Markup {
    let of = |name: &str| FieldError::of(errors, name);
    html! {
        (Field::new("answer", "Where does the practice stand?").error(of("answer")).value(form.answer.clone())
            .hint(match case.edition.scale {
                AnswerScale::Levels => "Levels build on each other: level 2 needs what level 1 asks, too. Level 2 or better is expected.",
                AnswerScale::MetOrNotMet => "Say met only when all of it is so.",
            })
            .radios(&choices(case, asked)))
        @if asked.not_relevant.is_some() {
            (Field::new("reason", "Why it is not relevant").hint("Only when you chose not relevant").error(of("reason"))
                .value(form.reason.clone()).textarea(2))
        }
        (Field::new("comment", "Comment").hint("What supports the answer. A comment or a note of the evidence is needed. Never name patients.")
            .error(of("comment")).value(form.comment.clone()).textarea(4))
        (Field::new("evidence", "Where the evidence is").hint("A title, path or address you can find it by; the file itself stays with you")
            .error(of("evidence")).value(form.evidence.clone()).input(InputKind::Text))
        (details("Record the file’s fingerprint (SHA-256)", html! {
            (Field::new("sha256", "SHA-256 of the file").hint("64 hexadecimal digits").error(of("sha256"))
                .value(form.sha256.clone()).input(InputKind::Text))
        }))
        @if case.edition.scale == AnswerScale::Levels {
            (Field::new("target", "Target level").hint("What the practice aims for, for its own planning. This does not affect your result.")
                .error(of("target")).value(form.target.clone()).width(Width::Characters(10))
                .select(&[Choice::new("", "None"), Choice::new("0", "Level 0"), Choice::new("1", "Level 1"), Choice::new("2", "Level 2"), Choice::new("3", "Level 3")]))
        }
        (Button::new("Save the answer"))
    }
}

/// The requirements before and after.
fn neighbours(case: &Case, requirement: RequirementId) -> Markup {
    let all: Vec<&Requirement> = case.edition.requirements_of(KIND).collect();
    let here = all.iter().position(|asked| asked.id == requirement).unwrap_or_default();
    let link = |at: Option<usize>, label: &str| {
        html! {
            @if let Some(asked) = at.and_then(|at| all.get(at)) {
                li { a.nhsuk-link href={ (case_href(case)) "/requirements/" (asked.id) } { (label) ": " (asked.id) " " (asked.title) } }
            }
        }
    };
    html! {
        nav aria-label="Other requirements" {
            ul.nhsuk-list { (link(here.checked_sub(1), "Before")) (link(Some(here + 1), "Next")) }
        }
    }
}
