//! The API keys, for administrators.

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
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{Day, Role};
use serde::Deserialize;
use ui::{
    Tone,
    components::{
        Button, ButtonKind, Cell, Choice, Column, Field, FieldError, InputKind, Row, Table, Width,
        notification, tag, warning_callout,
    },
};
use uuid::Uuid;

use super::{form_of, page, respond};
use crate::{
    Desk, Shared,
    api::{KeyInput, KeyView},
    bootstrap::made_again,
    model::key::{checked_purpose, need_later},
    places::{Place, place},
};

/// A key to be issued, as the form sends it.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct KeyForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    organisation_name: String,
    /// The organisation whose name was shown, and which was said to be the right one.
    #[serde(default)]
    confirmed: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Response {
    render(&desk, &viewer, StatusCode::OK, &KeyForm::default(), Vec::new(), html! {})
}

pub(super) async fn issue(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<KeyForm>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let role: Result<Role, _> = selected(&form.role, "the role");
    let organisation = code_entered(&form.organisation, "the code of the organisation");
    let expires = Day::entered_if_any(&form.expires, "the expiry date").and_then(|expires| {
        let expires = expires.map(|day| day.end_in_london());
        need_later(expires, desk.access.now()).map(|()| expires).map_err(|refusal| refusal.to_string())
    });
    let purpose = checked_purpose(&form.purpose).map_err(|refusal| refusal.to_string());
    let (role, organisation, expires) = match (role, organisation, expires, purpose) {
        (Ok(role), Ok(organisation), Ok(expires), Ok(_)) => (role, organisation, expires),
        (role, organisation, expires, purpose) => {
            let fault = |at: &str, detail: Option<String>| {
                detail.map(|detail| FieldError::new(at, sentence(&detail)))
            };
            let errors = [
                fault("role", role.err()),
                fault("organisation", organisation.err()),
                fault("purpose", purpose.err()),
                fault("expires", expires.err()),
            ];
            let errors = errors.into_iter().flatten().collect();
            return Ok(render(&desk, &viewer, StatusCode::BAD_REQUEST, &form, errors, html! {}));
        }
    };
    let name = Some(form.organisation_name.clone()).filter(|name| !name.trim().is_empty());
    if form.confirmed != organisation.to_string() {
        let found = place(&desk.access, role, organisation, name.as_deref()).await;
        return Ok(match found {
            Ok(place) => confirm(&viewer, &form, role, &place),
            Err(problem) => {
                let errors =
                    problem.errors.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail)).collect();
                render(&desk, &viewer, problem.status_code(), &form, errors, html! {})
            }
        });
    }
    let input =
        KeyInput { role, organisation, organisation_name: name, purpose: form.purpose.clone(), expires };
    match desk.issue(&giver, input).await {
        Ok((key, _)) => {
            let shown = notification(
                "key-issued",
                "Copy this key now",
                html! {
                    p { "You will not be able to see it again." }
                    p { code #key { (key.reveal()) } }
                },
            );
            Ok(render(&desk, &viewer, StatusCode::CREATED, &KeyForm::default(), Vec::new(), shown))
        }
        Err(problem) if problem.status < 500 => {
            let errors = match problem.errors.as_slice() {
                [] => vec![FieldError::new("", problem.detail.clone())],
                faults => faults.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail)).collect(),
            };
            Ok(render(&desk, &viewer, problem.status_code(), &form, errors, html! {}))
        }
        Err(problem) => Err(problem),
    }
}

/// Shows the name of the organisation before a key is issued there.
fn confirm(viewer: &Viewer, form: &KeyForm, role: Role, place: &Place) -> Response {
    let fields = [
        ("role", form.role.clone()),
        ("organisation", place.code.to_string()),
        ("organisation_name", form.organisation_name.clone()),
        ("purpose", form.purpose.clone()),
        ("expires", form.expires.clone()),
        ("confirmed", place.code.to_string()),
    ];
    let send = fields
        .into_iter()
        .fold(form_of(viewer, "/access/keys"), |form, (name, value)| form.hidden(name, value));
    let body = html! {
        p { "The key acts as " strong { (role.words()) } " at " strong { (place.name) " (" (place.code) ")" } "." }
        (send.body(html! { (Button::new("Issue the key")) }))
        p { a.nhsuk-link href="/access" { "Cancel" } }
    };
    respond(StatusCode::OK, page(viewer, "/access", "Check the organisation").body(body))
}

/// A form that only asks for one thing to be done.
#[derive(Debug, Deserialize)]
pub(super) struct KeyOnly {
    #[serde(default)]
    idempotency_key: Option<String>,
}

pub(super) async fn revoke(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    desk.revoke(&giver, id, String::new()).await?;
    Ok(Redirect::to("/access").into_response())
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    status: StatusCode,
    form: &KeyForm,
    errors: Vec<FieldError>,
    issued: Markup,
) -> Response {
    let of = |name: &str| FieldError::of(&errors, name);
    let roles: Vec<Choice> = Role::ALL.iter().map(|role| Choice::new(role.name(), role.words())).collect();
    let body = html! {
        p { a.nhsuk-link href="/access/users" { "Accounts of people" } }
        (issued)
        (made_again_notice(desk))
        ul.nhsuk-list {
            li { a.nhsuk-link href="/access/records" { "Access log" } }
            li { a.nhsuk-link href="/access/names" { "Names of people" } }
            li { a.nhsuk-link href="/access/glass" { "Emergency access" } }
        }
        (table(desk, viewer))
        h2.nhsuk-heading-m { "Issue a key" }
        p { "For a program that acts for an organisation: it may do just what someone in that role may." }
        (form_of(viewer, "/access/keys").body(html! {
            (Field::new("role", "Role").error(of("role")).value(form.role.clone()).select(&roles))
            (Field::new("organisation", "ODS code of the organisation").width(Width::Characters(10)).error(of("organisation"))
                .value(form.organisation.clone()).input(InputKind::Text))
            (Field::new("organisation_name", "Name of the organisation (only where no file lists it)").hint("For delivery partners, suppliers and national bodies")
                .error(of("organisation_name")).value(form.organisation_name.clone()).input(InputKind::Text))
            (Field::new("purpose", "What it is for").hint("Such as “nightly import”").error(of("purpose")).value(form.purpose.clone()).input(InputKind::Text))
            (Field::new("expires", "Expiry date").hint("Leave empty for a key that is good until it is revoked").error(of("expires"))
                .value(form.expires.clone()).input(InputKind::Date))
            (Button::new("Continue"))
        }))
    };
    respond(status, page(viewer, "/access", "API keys").errors(errors.clone()).body(body))
}

/// Administrators that were made from the operator's side although there were some, for as long as their keys are good.
fn made_again_notice(desk: &Desk) -> Markup {
    let now = desk.access.now();
    let keys = desk.access.known().keys();
    let again: Vec<_> = keys
        .iter()
        .filter(|issued| issued.is_good(now))
        .filter_map(|issued| Some((issued, made_again(issued)?)))
        .collect();
    if again.is_empty() {
        return html! {};
    }
    warning_callout(
        "An administrator was made from the operator’s side",
        html! {
            ul.nhsuk-list.nhsuk-list--bullet {
                @for (issued, reason) in again {
                    li { "On " (Day::in_london(issued.at).long()) ", for " (issued.key.organisation) ": " (reason) }
                }
            }
            p { "If you do not know of it, revoke the key below." }
        },
    )
}

fn table(desk: &Desk, viewer: &Viewer) -> Markup {
    let day = |time: Timestamp| Day::in_london(time).long();
    let row = |key: KeyView| {
        let state = match (key.revoked, key.expires, key.good) {
            (Some(when), ..) => html! { (tag(Tone::Neutral, "Revoked")) " on " (day(when)) },
            (None, Some(when), false) if key.does_not_fit.is_none() => {
                html! { (tag(Tone::Neutral, "Expired")) " on " (day(when)) }
            }
            (None, expires, _) => html! {
                @if let Some(why) = &key.does_not_fit {
                    (tag(Tone::Bad, "Opens nothing")) " because " (why)
                } @else {
                    (tag(Tone::Good, "Good"))
                    @if let Some(when) = expires { " until " (day(when)) }
                }
                (form_of(viewer, format!("/access/keys/{}/revoke", key.id)).body(html! {
                    (Button::new("Revoke").kind(ButtonKind::Secondary).about(format!("the key for {}", key.purpose)))
                }))
            },
        };
        Row::new([
            Cell::text(&key.purpose),
            Cell::text(key.role.words()),
            Cell::text(key.organisation),
            Cell::text(day(key.issued)),
            Cell::from(state),
        ])
    };
    Table::new("keys", "Keys, the oldest first")
        .column(Column::text("For"))
        .column(Column::text("Role"))
        .column(Column::text("At"))
        .column(Column::text("Issued"))
        .column(Column::text("State"))
        .rows(desk.key_views().into_iter().map(row))
        .empty("No key has been issued.")
        .render()
}
