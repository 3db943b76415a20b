//! The reviewed grade.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Problem,
    http::{Form as FormBody, IdempotencyKey, KEY_FIELD, Path},
    ids,
};
use maud::html;
use proto::assessments::Grade;
use serde::Deserialize;
use ui::components::{Button, Choice, Field, FieldError, Form, InputKind, Width};

use super::{after, case_href, case_page, grade_tag, page_response};
use crate::{
    api::grade_words,
    desk::{Case, Desk, Shared},
    model::AssessmentCommand,
};

/// The grades by the names they are sent under.
const GRADES: [(&str, Grade); 3] = [
    ("satisfactory", Grade::Satisfactory),
    ("satisfactory-with-improvement-plan", Grade::SatisfactoryWithImprovementPlan),
    ("not-satisfactory", Grade::NotSatisfactory),
];

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct GradeForm {
    #[serde(default)]
    grade: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn show(
    State(desk): State<Shared>,
    Path((code, edition)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let case = desk.case(&code, &edition).await?;
    Ok(render(&desk, &case, &GradeForm::default(), StatusCode::OK, Vec::new()))
}

pub(super) async fn set(
    State(desk): State<Shared>,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<GradeForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&code, &edition).await?;
    let key = IdempotencyKey::of_form(form.idempotency_key.as_deref())?;
    let grade = GRADES.iter().find(|(name, _)| *name == form.grade).map(|(_, grade)| *grade);
    let by: Result<proto::OdsCode, _> = form.by.parse();
    let (grade, by) = match (grade, by) {
        (Some(grade), Ok(by)) => (grade, by),
        (grade, by) => {
            let mut errors = Vec::new();
            if grade.is_none() {
                errors.push(FieldError::new("grade", "Choose a grade."));
            }
            if let Err(error) = by {
                errors.push(FieldError::new("by", error.to_string()));
            }
            return Ok(render(&desk, &case, &form, StatusCode::BAD_REQUEST, errors));
        }
    };
    let command = AssessmentCommand::ReviewGrade { grade, by, reason: form.reason.clone() };
    let outcome = desk.give(&case, "reviewed-grade", &key, &command).await;
    Ok(match after(outcome, format!("{}?done=grade", case_href(&case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(&desk, &case, &form, status, errors),
    })
}

fn render(
    desk: &Desk,
    case: &Case,
    form: &GradeForm,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Response {
    let of = |name: &str| FieldError::of(&errors, name);
    let choices: Vec<Choice> =
        GRADES.iter().map(|(name, grade)| Choice::new(*name, grade_words(*grade))).collect();
    let body = html! {
        @if let Some(publication) = &case.state().publication {
            p { "The practice published: " (grade_tag(publication.grade)) " on " (publication.on.long()) ". A reviewed grade stands beside it and does not change it." }
            (Form::post(format!("{}/reviewed-grade", case_href(case))).hidden(KEY_FIELD, ids::fresh().to_string()).body(html! {
                (Field::new("grade", "What grade does the evidence support?").error(of("grade")).value(form.grade.clone()).radios(&choices))
                (Field::new("by", "Code of the reviewing body").hint("Such as the practice’s CCG or region").width(Width::Characters(10))
                    .error(of("by")).value(form.by.clone()).input(InputKind::Text))
                (Field::new("reason", "Why").error(of("reason")).value(form.reason.clone()).textarea(4))
                (Button::new("Set the reviewed grade"))
            }))
        } @else {
            p { "A reviewed grade can be set once the assessment is published." }
        }
        p { a.nhsuk-link href=(case_href(case)) { "Back to the assessment" } }
    };
    let page = case_page(desk, case, "Reviewed grade")
        .crumb(case.edition.title.clone(), case_href(case))
        .caption(case.practice.shown_name())
        .errors(errors)
        .body(body);
    page_response(status, page)
}
