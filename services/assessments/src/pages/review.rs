//! The reviewed grade.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    desk::speaks_for,
    http::{Form as FormBody, Path},
    pages::{selected, sentence},
};
use maud::html;
use proto::assessments::Grade;
use serde::Deserialize;
use ui::components::{Button, Choice, Field, FieldError, InputKind, Width};

use super::{after, case_href, case_page, form_of, grade_tag, page_response};
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
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    Ok(render(&desk, &case, &GradeForm::default(), StatusCode::OK, Vec::new()))
}

pub(super) async fn set(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<GradeForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let grade = GRADES.iter().find(|(name, _)| *name == form.grade).map(|(_, grade)| *grade);
    let by: Result<proto::OdsCode, _> = selected(&form.by, "the organisation you act for");
    let (grade, by) = match (grade, by) {
        (Some(grade), Ok(by)) => (grade, by),
        (grade, by) => {
            let mut errors = Vec::new();
            if grade.is_none() {
                errors.push(FieldError::new("grade", "Select a grade."));
            }
            if let Err(detail) = by {
                errors.push(FieldError::new("by", sentence(&detail)));
            }
            return Ok(render(&desk, &case, &form, StatusCode::BAD_REQUEST, errors));
        }
    };
    speaks_for(&giver, by)?;
    let command = AssessmentCommand::ReviewGrade { grade, by, reason: form.reason.clone() };
    let outcome = desk.give(&case, "reviewed-grade", &giver, &command).await;
    Ok(match after(outcome, format!("{}?done=grade", case_href(&case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(&desk, &case, &form, status, errors),
    })
}

/// The code typed, or that of the reviewer's own body.
fn own_code(case: &Case, typed: &str) -> String {
    match case.viewer.holder() {
        Some(holder) if typed.is_empty() && case.viewer.session().is_some() => {
            holder.organisation.to_string()
        }
        _ => typed.to_owned(),
    }
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
            (form_of(&case.viewer, format!("{}/reviewed-grade", case_href(case))).body(html! {
                (Field::new("grade", "What grade does the evidence support?").error(of("grade")).value(form.grade.clone()).radios(&choices))
                (Field::new("by", "Code of the reviewing body").hint("Such as the practice’s commissioner or region").width(Width::Characters(10))
                    .error(of("by")).value(own_code(case, &form.by)).input(InputKind::Text))
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
