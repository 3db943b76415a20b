//! Changing one's own password.

use axum::{extract::State, http::StatusCode, response::Response};
use chassis::{Problem, Viewer, access::home_of, http::Form as FormBody};
use maud::html;
use proto::access::SignInWay;
use serde::Deserialize;
use ui::components::{Button, Field, FieldError, InputKind, Width, inset};

use super::{form_of, page, respond};
use crate::{
    Shared,
    passwords::{PASSWORD_MIN_CHARS, Typed},
    people::Recognised,
};

/// The current password and a new one, twice. Not `Debug`: it holds passwords.
#[derive(Deserialize)]
pub(super) struct ChangeForm {
    current: Typed,
    new: Typed,
    again: Typed,
}

pub(super) async fn show(viewer: Viewer) -> Response {
    render(&viewer, StatusCode::OK, Vec::new())
}

pub(super) async fn change(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<ChangeForm>,
) -> Result<Response, Problem> {
    if form.new.as_str() != form.again.as_str() {
        let errors = vec![FieldError::new("again", "this is not the new password typed above")];
        return Ok(render(&viewer, StatusCode::BAD_REQUEST, errors));
    }
    let enter = async |known: Recognised| {
        let session = desk.session_of(&known, SignInWay::Password);
        let home = home_of(&session.holder());
        desk.remember(desk.enter(&viewer, session, &home).await?, &known.browser)
    };
    match desk.people.change_password(&viewer, form.current, form.new, enter).await {
        Ok(entered) => Ok(entered),
        Err(problem) if problem.status == 400 => {
            let errors = problem.errors.iter().map(|fault| FieldError::new(&*fault.at, &*fault.detail));
            Ok(render(&viewer, StatusCode::BAD_REQUEST, errors.collect()))
        }
        Err(problem) => Err(problem),
    }
}

fn render(viewer: &Viewer, status: StatusCode, errors: Vec<FieldError>) -> Response {
    let has_password = viewer.session().is_some_and(|session| session.way == SignInWay::Password);
    let must = viewer.session().is_some_and(|session| session.must_change);
    let field = |name: &str, label: &str| {
        Field::new(name, label).width(Width::Characters(30)).error(FieldError::of(&errors, name))
    };
    let body = html! {
        @if must {
            (inset(html! { p { "Your password was set by someone else. Choose one of your own before you go on." } }))
        }
        @if has_password {
            p { "Wherever else you are signed in you will be signed out, and your calendar addresses will end." }
            (form_of(viewer, "/account/password").body(html! {
                (field("current", "Current password").autocomplete("current-password").input(InputKind::Password))
                (field("new", "New password").hint(format!("At least {PASSWORD_MIN_CHARS} characters, and not your user name"))
                    .autocomplete("new-password").input(InputKind::Password))
                (field("again", "New password again").autocomplete("new-password").input(InputKind::Password))
                (Button::new("Change your password"))
            }))
        } @else {
            p { "You did not sign in with a password of this installation, so there is none to change here." }
        }
    };
    respond(status, page(viewer, "/account", "Change your password").errors(errors.clone()).body(body))
}
