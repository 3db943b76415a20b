//! The assurance statement: read, then accepted by a named person.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    desk::PersonInput,
    http::{Form as FormBody, Path},
};
use maud::html;
use serde::Deserialize;
use ui::components::{Button, Field, FieldError, InputKind, inset};

use super::{after, case_href, case_page, form_errors, form_of, page_response};
use crate::{
    desk::{Case, Desk, Shared},
    model::AssessmentCommand,
};

/// A person as a form names one.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct PersonForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

impl PersonForm {
    fn person(&self) -> PersonInput {
        PersonInput { email: self.email.clone(), ..PersonInput::named(&self.name, &self.role) }
    }
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    Ok(render(&desk, &case, &PersonForm::default(), StatusCode::OK, Vec::new()))
}

pub(super) async fn accept(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<PersonForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let who = match form.person().who() {
        Ok(who) => who,
        Err(problem) => {
            let (status, errors) = form_errors(problem);
            return Ok(render(&desk, &case, &form, status, errors));
        }
    };
    let outcome = desk.give_naming(&case, "statement", &giver, who, AssessmentCommand::AcceptStatement).await;
    Ok(match after(outcome, format!("{}?done=signed", case_href(&case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(&desk, &case, &form, status, errors),
    })
}

fn render(
    desk: &Desk,
    case: &Case,
    form: &PersonForm,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Response {
    let of = |name: &str| FieldError::of(&errors, name);
    let closed = case.edition.closed_on(case.today);
    let may_sign = case.edition.has_assurance_statement()
        && case.state().publication.is_some()
        && case.state().statement.is_none()
        && closed.is_none();
    let body = html! {
        @if may_sign {
            (inset(html! {
                p { "By accepting it you state, for " (case.practice.shown_name()) ", that the published answers are true, that the practice keeps to the terms under which it uses national systems and the network, and that it will put right what falls short." }
                p { "It is accepted once a year, by someone authorised to sign for the practice." }
            }))
            (form_of(&case.viewer, format!("{}/statement", case_href(case))).body(html! {
                (Field::new("name", "Your name").error(of("name")).value(form.name.clone()).autocomplete("name").input(InputKind::Text))
                (Field::new("role", "Your role").hint("Such as partner or practice manager").error(of("role")).value(form.role.clone())
                    .autocomplete("organization-title").input(InputKind::Text))
                (Field::new("email", "Your work e-mail address").error(of("email")).value(form.email.clone()).autocomplete("email").input(InputKind::Email))
                p.nhsuk-hint { "Your name, role and address are stored so they can be deleted later. The record of the acceptance holds only a number." }
                (Button::new("Accept the statement"))
            }))
        } @else if let Some(statement) = &case.state().statement {
            p { "The statement was accepted on " (statement.on.long()) " by " (desk.common.person_name(statement.person)) ". It is signed once a year, also when the assessment is published again." }
        } @else if !case.edition.has_assurance_statement() {
            p { (case.edition.title) " does not end with an assurance statement: publishing completes it." }
        } @else if let Some(last) = closed {
            p { "The statement of " (case.edition.title) " could be accepted until " (last.long()) "." }
        } @else {
            p { "The statement can be accepted once the assessment is published." }
        }
        p { a.nhsuk-link href=(case_href(case)) { "Back to the assessment" } }
    };
    let page = case_page(desk, case, "Assurance statement")
        .crumb(case.edition.title.clone(), case_href(case))
        .caption(case.practice.shown_name())
        .errors(errors)
        .body(body);
    page_response(status, page)
}
