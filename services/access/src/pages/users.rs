//! The accounts of people, for administrators.

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
use proto::{Actor, Day, OdsCode, PersonId, Role, codes::CodeError};
use serde::Deserialize;
use ui::{
    Tone,
    components::{
        Button, ButtonKind, Cell, Choice, Column, Field, FieldError, InputKind, Row, Table, Width, tag,
        warning_callout,
    },
};
use uuid::Uuid;

use super::{form_of, page, respond};
use crate::{
    Desk, Shared,
    passwords::Typed,
    people::{Listed, NewAccount},
    user_name::{NoUserName, UserName},
};

/// An account to be opened, as the form sends it. Not `Debug`: it holds names.
#[derive(Default, Deserialize)]
pub(super) struct UserForm {
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// A form that only asks for one thing to be done.
#[derive(Debug, Deserialize)]
pub(super) struct KeyOnly {
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    render(&desk, &viewer, StatusCode::OK, &UserForm::default(), Vec::new(), html! {})
}

pub(super) async fn open(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<UserForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let user_name: Result<UserName, NoUserName> = form.user_name.parse();
    let role: Result<Role, CodeError> = form.role.parse();
    let organisation: Result<OdsCode, CodeError> = form.organisation.parse();
    let (user_name, role, organisation) = match (user_name, role, organisation) {
        (Ok(user_name), Ok(role), Ok(organisation)) => (user_name, role, organisation),
        (user_name, role, organisation) => {
            let errors = [
                user_name.err().map(|error| FieldError::new("user_name", error.to_string())),
                role.err().map(|error| FieldError::new("role", error.to_string())),
                organisation.err().map(|error| FieldError::new("organisation", error.to_string())),
            ];
            let errors = errors.into_iter().flatten().collect();
            return render(&desk, &viewer, StatusCode::BAD_REQUEST, &form, errors, html! {});
        }
    };
    let new = NewAccount { user_name, display_name: form.display_name.clone(), role, organisation };
    match desk.people.open(&giver, new).await {
        Ok((_, password)) => {
            let shown = first_password(&form.user_name, &password);
            render(&desk, &viewer, StatusCode::CREATED, &UserForm::default(), Vec::new(), shown)
        }
        Err(problem) if problem.status < 500 => {
            let errors = match problem.errors.as_slice() {
                [] => vec![FieldError::new("", problem.detail.clone())],
                faults => faults.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail)).collect(),
            };
            render(&desk, &viewer, problem.status_code(), &form, errors, html! {})
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn disable(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.people.disable(&giver, PersonId(id), String::new()).await?;
    Ok(Redirect::to("/access/users").into_response())
}

pub(super) async fn enable(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.people.enable(&giver, PersonId(id)).await?;
    Ok(Redirect::to("/access/users").into_response())
}

pub(super) async fn sign_out(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.people.end_sessions(&giver, PersonId(id)).await?;
    Ok(Redirect::to(&format!("/history/actors/{}", Actor::person(PersonId(id)).as_str())).into_response())
}

pub(super) async fn reset(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let password = desk.people.reset(&giver, PersonId(id)).await?;
    let listed = desk.people.list()?.into_iter().find(|listed| listed.id == PersonId(id));
    let name = listed.and_then(|listed| listed.entry).map(|entry| entry.user_name.as_str().to_owned());
    let shown = first_password(&name.unwrap_or_default(), &password);
    render(&desk, &viewer, StatusCode::OK, &UserForm::default(), Vec::new(), shown)
}

fn first_password(user_name: &str, password: &Typed) -> Markup {
    html! {
        h2.nhsuk-heading-m { "A first password" }
        (warning_callout(
            "Hand it on now",
            html! {
                p { "It is for " strong { (user_name.trim()) } ", is shown this once, and has to be changed at the first sign-in." }
                p { code #first-password { (password.as_str()) } }
            },
        ))
    }
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    status: StatusCode,
    form: &UserForm,
    errors: Vec<FieldError>,
    shown: Markup,
) -> Result<Response, Problem> {
    let field = |name: &str, label: &str, value: &str| {
        Field::new(name, label).error(FieldError::of(&errors, name)).value(value)
    };
    let roles: Vec<Choice> = Role::ALL.iter().map(|role| Choice::new(role.name(), role.words())).collect();
    let body = html! {
        p { a.nhsuk-link href="/access" { "API keys of programs" } }
        (shown)
        (table(viewer, desk.people.list()?))
        h2.nhsuk-heading-m { "Open an account" }
        (form_of(viewer, "/access/users").body(html! {
            (field("user_name", "User name", &form.user_name).hint("Such as the work e-mail address").autocomplete("off").input(InputKind::Text))
            (field("display_name", "Name", &form.display_name).hint("As you know them; shown to administrators alone").autocomplete("off").input(InputKind::Text))
            (field("role", "Role", &form.role).select(&roles))
            (field("organisation", "ODS code of the organisation", &form.organisation).width(Width::Characters(10)).input(InputKind::Text))
            (Button::new("Open the account"))
        }))
    };
    Ok(respond(status, page(viewer, "/access", "Accounts of people").errors(errors.clone()).body(body)))
}

fn table(viewer: &Viewer, listed: Vec<Listed>) -> Markup {
    let row = |account: Listed| {
        let id = account.id;
        let (user_name, display_name) = match &account.entry {
            Some(entry) => (entry.user_name.as_str().to_owned(), entry.display_name.clone()),
            None => (String::new(), "Name deleted".to_owned()),
        };
        let about = if user_name.is_empty() { id.to_string() } else { user_name.clone() };
        let act = |what: &str, label: &str| {
            form_of(viewer, format!("/access/users/{id}/{what}")).body(html! {
                (Button::new(label).kind(ButtonKind::Secondary).about(about.clone()))
            })
        };
        let state = html! {
            @if account.disabled { (tag(Tone::Neutral, "Disabled")) }
            @else if account.locked_until.is_some() { (tag(Tone::Partial, "Waiting")) " after too many wrong passwords" }
            @else if account.entry.as_ref().is_some_and(|entry| entry.must_change) { (tag(Tone::Partial, "First password")) }
            @else if account.entry.is_some() { (tag(Tone::Good, "Good")) }
            @else { (tag(Tone::Neutral, "Deleted")) }
        };
        let actions = html! {
            @if account.disabled { (act("enable", "Enable")) } @else { (act("disable", "Disable")) }
            @if account.entry.is_some() { (act("reset", "Reset the password")) }
        };
        Row::new([
            Cell::text(user_name),
            Cell::text(display_name),
            Cell::text(account.role.words()),
            Cell::text(account.organisation),
            Cell::text(Day::in_london(account.opened).long()),
            Cell::from(state),
            Cell::from(actions),
        ])
    };
    Table::new("users", "Accounts, the oldest first")
        .column(Column::text("User name"))
        .column(Column::text("Name"))
        .column(Column::text("Role"))
        .column(Column::text("At"))
        .column(Column::text("Opened"))
        .column(Column::text("State"))
        .column(Column::text("Change"))
        .rows(listed.into_iter().map(row))
        .empty("Nobody has an account.")
        .render()
}
