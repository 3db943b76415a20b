//! The names of people, for administrators: found, corrected and deleted.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    desk::PersonInput,
    http::{Form as FormBody, Path, Query},
};
use maud::{Markup, html};
use proto::PersonId;
use serde::Deserialize;
use ui::components::{
    Button, ButtonKind, Cell, Column, Field, FieldError, InputKind, Row, Table, warning_callout,
};
use uuid::Uuid;

use super::{form_of, page, respond};
use crate::{
    Shared,
    names::{FOUND_MAX, NameKind, NameView},
};

/// Whom to look for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FindQuery {
    text: Option<String>,
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<FindQuery>,
) -> Result<Response, Problem> {
    let text = query.text.clone().unwrap_or_default();
    let found = query.text.as_deref().map(|text| desk.names.find(text)).transpose();
    let (status, found, errors) = match found {
        Ok(found) => (StatusCode::OK, found, Vec::new()),
        Err(problem) if problem.status < 500 => {
            let errors = problem.errors.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail));
            (problem.status_code(), None, errors.collect::<Vec<_>>())
        }
        Err(problem) => return Err(problem),
    };
    let body = html! {
        p { "Who is named in records kept here, such as who signed a plan or assessed a practice, and who has an account. Names are no part of the event log, so that they can be deleted." }
        form action="/access/names" method="get" {
            (Field::new("text", "Name, e-mail address, ODS code or id").error(FieldError::of(&errors, "text")).value(text)
                .autocomplete("off").input(InputKind::Text))
            (Button::new("Find"))
        }
        @if let Some((names, more)) = found {
            (table(names))
            @if more { p { "There are more: only the first " (FOUND_MAX) " are shown." } }
        }
    };
    Ok(respond(status, page(&viewer, "/access", "Names of people").errors(errors.clone()).body(body)))
}

fn table(names: Vec<NameView>) -> Markup {
    let row = |view: NameView| {
        let address = format!("/access/names/{}", view.id);
        Row::new([
            Cell::from(html! { a.nhsuk-link href=(address) { (view.name) } }),
            Cell::text(view.role),
            Cell::text(view.email),
            Cell::text(view.organisation.map(|code| code.to_string()).unwrap_or_default()),
            Cell::text(match view.kind {
                NameKind::OfficeHolder => "Named in records",
                NameKind::AccountHolder => "Has an account",
            }),
        ])
    };
    Table::new("names", "Names found")
        .column(Column::text("Name"))
        .column(Column::text("Role"))
        .column(Column::text("E-mail or user name"))
        .column(Column::text("At"))
        .column(Column::text("Why it is here"))
        .rows(names.into_iter().map(row))
        .empty("No one was found.")
        .render()
}

/// A correction, as the form sends it. Not `Debug`: it holds names.
#[derive(Default, Deserialize)]
pub(super) struct NameForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn one(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let view = desk.names.get(PersonId(id))?;
    let form = NameForm {
        name: view.name.clone(),
        role: view.role.clone(),
        email: view.email.clone(),
        idempotency_key: None,
    };
    Ok(render(&viewer, StatusCode::OK, &view, &form, Vec::new()))
}

pub(super) async fn correct(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<NameForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let view = desk.names.get(PersonId(id))?;
    let input = PersonInput {
        person: None,
        name: form.name.clone(),
        role: form.role.clone(),
        email: form.email.clone(),
    };
    match desk.names.correct(&giver, PersonId(id), &input).await {
        Ok(()) => Ok(Redirect::to(&format!("/access/names/{id}")).into_response()),
        Err(problem) if problem.status < 500 => {
            let errors = match problem.errors.as_slice() {
                [] => vec![FieldError::new("name", problem.detail.clone())],
                faults => faults.iter().map(|_| FieldError::new("name", problem.detail.clone())).collect(),
            };
            Ok(render(&viewer, problem.status_code(), &view, &form, errors))
        }
        Err(problem) => Err(problem),
    }
}

/// That a name is to be deleted.
#[derive(Debug, Deserialize)]
pub(super) struct RemoveForm {
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn remove(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<RemoveForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.names.remove(&giver, PersonId(id)).await?;
    Ok(Redirect::to("/access/names").into_response())
}

fn render(
    viewer: &Viewer,
    status: StatusCode,
    view: &NameView,
    form: &NameForm,
    errors: Vec<FieldError>,
) -> Response {
    let address = format!("/access/names/{}", view.id);
    let field = |name: &str, label: &str, value: &str| {
        Field::new(name, label)
            .error(FieldError::of(&errors, name))
            .value(value)
            .autocomplete("off")
            .input(InputKind::Text)
    };
    let is_office_holder = view.kind == NameKind::OfficeHolder;
    let body = html! {
        (form_of(viewer, format!("{address}/correct")).body(html! {
            (field("name", "Name", &form.name))
            @if is_office_holder {
                (field("role", "Office held", &form.role))
                (field("email", "Work e-mail address", &form.email))
            }
            (Button::new("Save the correction"))
        }))
        h2.nhsuk-heading-m { "Delete the name" }
        (warning_callout("This cannot be undone", html! {
            @if is_office_holder {
                p { "Records keep what this person did, and say that the name was deleted." }
            } @else {
                p { "The account must be disabled first, and stays closed for ever. Records keep what its holder did." }
            }
            p { "Backups keep the name until they expire." }
        }))
        (form_of(viewer, format!("{address}/remove")).body(html! {
            (Button::new("Delete the name").kind(ButtonKind::Warning))
        }))
        p { a.nhsuk-link href="/access/names" { "Find another name" } }
    };
    let title = format!("Name of {}", view.name);
    respond(status, page(viewer, "/access", &title).errors(errors.clone()).body(body))
}
