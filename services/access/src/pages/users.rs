//! The accounts of people, for administrators.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Path},
    pages::{code_entered, selected, sentence},
};
use maud::{Markup, html};
use proto::{Actor, Day, PersonId, Role};
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
    places::{Place, place},
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
    organisation_name: String,
    /// The organisation whose name was shown, and which was said to be the right one.
    #[serde(default)]
    confirmed: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// What the forms of the page show, as it was sent.
#[derive(Default)]
struct Forms {
    user: UserForm,
    person: PersonForm,
}

/// A form that only asks for one thing to be done.
#[derive(Debug, Deserialize)]
pub(super) struct KeyOnly {
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    render(&desk, &viewer, StatusCode::OK, &Forms::default(), Vec::new(), html! {})
}

pub(super) async fn open(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<UserForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let user_name: Result<UserName, NoUserName> = form.user_name.parse();
    let role: Result<Role, _> = selected(&form.role, "the role");
    let organisation = code_entered(&form.organisation, "the code of the organisation");
    let (user_name, role, organisation) = match (user_name, role, organisation) {
        (Ok(user_name), Ok(role), Ok(organisation)) => (user_name, role, organisation),
        (user_name, role, organisation) => {
            let errors = [
                user_name.err().map(|error| FieldError::new("user_name", error.to_string())),
                role.err().map(|detail| FieldError::new("role", sentence(&detail))),
                organisation.err().map(|detail| FieldError::new("organisation", sentence(&detail))),
            ];
            let errors = errors.into_iter().flatten().collect();
            let forms = Forms { user: form, ..Forms::default() };
            return render(&desk, &viewer, StatusCode::BAD_REQUEST, &forms, errors, html! {});
        }
    };
    let organisation_name = Some(form.organisation_name.clone()).filter(|name| !name.trim().is_empty());
    if form.confirmed != organisation.to_string() {
        return match place(&desk.access, role, organisation, organisation_name.as_deref()).await {
            Ok(place) => Ok(confirm(&viewer, &form, role, &place)),
            Err(problem) => {
                let (status, errors) = (problem.status_code(), faults_of(&problem));
                render(&desk, &viewer, status, &Forms { user: form, ..Forms::default() }, errors, html! {})
            }
        };
    }
    let display_name = form.display_name.clone();
    let new = NewAccount { user_name, display_name, role, organisation, organisation_name };
    match desk.people.open(&giver, new).await {
        Ok((_, password, _)) => {
            let shown = first_password(&form.user_name, &password);
            render(&desk, &viewer, StatusCode::CREATED, &Forms::default(), Vec::new(), shown)
        }
        Err(problem) if problem.status < 500 => {
            let (status, errors) = (problem.status_code(), faults_of(&problem));
            render(&desk, &viewer, status, &Forms { user: form, ..Forms::default() }, errors, html! {})
        }
        Err(problem) => Err(problem),
    }
}

/// Shows the name of the organisation before an account is opened there.
fn confirm(viewer: &Viewer, form: &UserForm, role: Role, place: &Place) -> Response {
    let fields = [
        ("user_name", form.user_name.clone()),
        ("display_name", form.display_name.clone()),
        ("role", form.role.clone()),
        ("organisation", place.code.to_string()),
        ("organisation_name", form.organisation_name.clone()),
        ("confirmed", place.code.to_string()),
    ];
    let send = fields
        .into_iter()
        .fold(form_of(viewer, "/access/users"), |form, (name, value)| form.hidden(name, value));
    let body = html! {
        p {
            strong { (form.display_name.trim()) } " (" (form.user_name.trim()) ") acts as " strong { (role.words()) } " at "
            strong { (place.name) " (" (place.code) ")" } "."
        }
        (send.body(html! { (Button::new("Open the account")) }))
        p { a.nhsuk-link href="/access/users" { "Cancel" } }
    };
    respond(StatusCode::OK, page(viewer, "/access", "Check the organisation").body(body))
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

pub(super) async fn remove(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.people.remove(&giver, PersonId(id)).await?;
    Ok(Redirect::to("/access/users").into_response())
}

/// Someone to be shut out or let in again, as the form sends it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PersonForm {
    #[serde(default)]
    person: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

const SHUT_OUT: &str = "shut-out";
const LET_IN: &str = "let-in";

/// Shuts someone out or lets them in again who may have no account here: by their id.
pub(super) async fn shut_out_or_let_in(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<PersonForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let id = form.person.trim();
    let id = id.strip_prefix("person:").unwrap_or(id).parse::<Uuid>();
    let errors = match (id, form.what.as_str()) {
        (Ok(id), SHUT_OUT | LET_IN) => {
            let person = PersonId(id);
            let done = match form.what.as_str() {
                SHUT_OUT => desk.people.disable(&giver, person, form.reason.clone()).await,
                _ => desk.people.enable(&giver, person).await,
            };
            match done {
                Ok(()) => return Ok(to_actor(person)),
                Err(problem) if problem.status < 500 => faults_of(&problem),
                Err(problem) => return Err(problem),
            }
        }
        (id, what) => {
            let no_id = "Enter the id of the person, as the list of users has it.";
            let no_choice = "Choose whether to suspend or restore their access.";
            let faults = [
                id.is_err().then(|| FieldError::new("person", no_id)),
                (!matches!(what, SHUT_OUT | LET_IN)).then(|| FieldError::new("what", no_choice)),
            ];
            faults.into_iter().flatten().collect()
        }
    };
    let forms = Forms { person: form, ..Forms::default() };
    render(&desk, &viewer, StatusCode::BAD_REQUEST, &forms, errors, html! {})
}

/// The page that tells what someone did, and what was done about them.
fn to_actor(person: PersonId) -> Response {
    Redirect::to(&format!("/history/actors/{}", Actor::person(person).as_str())).into_response()
}

/// What is wrong, field by field.
fn faults_of(problem: &Problem) -> Vec<FieldError> {
    match problem.errors.as_slice() {
        [] => vec![FieldError::new("", problem.detail.clone())],
        faults => faults.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail)).collect(),
    }
}

pub(super) async fn sign_out(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.people.end_sessions(&giver, PersonId(id)).await?;
    Ok(to_actor(PersonId(id)))
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
    render(&desk, &viewer, StatusCode::OK, &Forms::default(), Vec::new(), shown)
}

fn first_password(user_name: &str, password: &Typed) -> Markup {
    html! {
        h2.nhsuk-heading-m { "A first password" }
        (warning_callout(
            "Give it to the user now",
            html! {
                p { "It is for " strong { (user_name.trim()) } ", is shown this once, and must be changed at the first sign-in." }
                p { code #first-password { (password.as_str()) } }
            },
        ))
    }
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    status: StatusCode,
    forms: &Forms,
    errors: Vec<FieldError>,
    shown: Markup,
) -> Result<Response, Problem> {
    let field = |name: &str, label: &str, value: &str| {
        Field::new(name, label).error(FieldError::of(&errors, name)).value(value)
    };
    let of_people = Role::ALL.iter().filter(|role| !role.is_for_programs());
    let roles: Vec<Choice> = of_people.map(|role| Choice::new(role.name(), role.words())).collect();
    let choices = [Choice::new(SHUT_OUT, "Suspend access"), Choice::new(LET_IN, "Restore access")];
    let Forms { user: form, person } = forms;
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
            (field("organisation_name", "Name of the organisation (only where no file lists it)", &form.organisation_name)
                .hint("For delivery partners, suppliers and national bodies").autocomplete("off").input(InputKind::Text))
            (Button::new("Continue"))
        }))
        h2.nhsuk-heading-m { "Suspend or restore access" }
        p { "Also someone who comes through your organisation’s sign-in and has no account here. Who is shut out does not get in, and is out where they are in." }
        (form_of(viewer, "/access/people").body(html! {
            (field("person", "Who", &person.person).hint("Their id, as records name them: person: and what follows it").autocomplete("off").input(InputKind::Text))
            (field("what", "What to do", &person.what).select(&choices))
            (field("reason", "Why", &person.reason).hint("It stays in the access log: do not include names").autocomplete("off").input(InputKind::Text))
            (Button::new("Do it").kind(ButtonKind::Secondary).about("for this person"))
        }))
    };
    Ok(respond(status, page(viewer, "/access", "Accounts of people").errors(errors.clone()).body(body)))
}

fn table(viewer: &Viewer, listed: Vec<Listed>) -> Markup {
    let row = |account: Listed| {
        let id = account.id;
        let (user_name, display_name, about) = match &account.entry {
            Some(entry) => {
                let user_name = entry.user_name.as_str().to_owned();
                (user_name.clone(), entry.display_name.clone(), user_name)
            }
            None if account.is_missing => {
                ("Name missing: restore accounts.redb".to_owned(), String::new(), id.to_string())
            }
            None => ("Name deleted".to_owned(), String::new(), id.to_string()),
        };
        let act = |what: &str, label: &str| {
            form_of(viewer, format!("/access/users/{id}/{what}")).body(html! {
                (Button::new(label).kind(ButtonKind::Secondary).about(about.clone()))
            })
        };
        let state = html! {
            @if account.disabled { (tag(Tone::Neutral, "Disabled")) }
            @else if let Some(misfit) = account.misfit { (tag(Tone::Bad, "Opens nothing")) " because " (misfit) }
            @else if account.locked_until.is_some() { (tag(Tone::Partial, "Waiting")) " after too many wrong passwords" }
            @else if account.entry.as_ref().is_some_and(|entry| entry.must_change) { (tag(Tone::Partial, "First password")) }
            @else if account.entry.is_some() { (tag(Tone::Good, "Good")) }
            @else { (tag(Tone::Partial, "Name missing")) }
        };
        let actions = html! {
            @if !account.disabled { (act("disable", "Disable")) }
            @else if account.entry.is_some() { (act("enable", "Enable")) (act("remove", "Remove")) }
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
        .empty("No one has an account.")
        .render()
}
