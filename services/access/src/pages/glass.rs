//! Breaking the glass: opening in an emergency, with a reason, for an hour and on record, what is closed.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem, Viewer,
    access::Session,
    http::Form as FormBody,
    pages::{code_entered, sentence},
};
use jiff::SignedDuration;
use maud::html;
use proto::{
    OdsCode, Position, Role,
    access::{AccessEvent, GlassBroken, GlassClosed, GlassSeen},
    text::search_words,
};
use serde::Deserialize;
use ui::components::{Button, ButtonKind, Field, FieldError, InputKind, Width, warning_callout};

use super::{form_of, page, respond};
use crate::Shared;

/// How long it stays open.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The fewest characters of a reason: a word is none.
const REASON_MIN_CHARS: usize = 15;

/// The fewest words of a reason, each another one: what is typed to fill a field is none.
const REASON_MIN_WORDS: usize = 3;

/// The most characters of a reason.
const REASON_MAX_CHARS: usize = 300;

/// What is to be opened, and why.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct GlassForm {
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(viewer: Viewer) -> Response {
    render(&viewer, StatusCode::OK, &GlassForm::default(), Vec::new())
}

pub(super) async fn break_it(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<GlassForm>,
) -> Result<Response, Problem> {
    let Some(session) = viewer.session() else {
        return Err(Problem::bad_input("only someone who is signed in as a person can get emergency access"));
    };
    let organisation = code_entered(&form.organisation, "the ODS code of the practice")
        .and_then(|code| practice_of(&desk, code));
    let reason = form.reason.trim();
    let mut errors = Vec::new();
    if let Err(detail) = &organisation {
        errors.push(FieldError::new("organisation", sentence(detail)));
    }
    if !is_reason(reason) {
        let words = format!(
            "Say in words what the emergency is: at least {REASON_MIN_WORDS} different words, and \
             {REASON_MIN_CHARS} to {REASON_MAX_CHARS} characters."
        );
        errors.push(FieldError::new("reason", words));
    }
    let (Ok(organisation), true) = (organisation, errors.is_empty()) else {
        return Ok(render(&viewer, StatusCode::BAD_REQUEST, &form, errors));
    };
    let now = desk.clock.machine_now();
    let until = now + OPEN_FOR;
    let broken = GlassBroken { organisation, reason: reason.to_owned(), until };
    let position = viewer.record(AccessEvent::GlassBroken(broken), Some(organisation)).await?;
    desk.access.until_read(position).await?;
    tracing::warn!(%organisation, "emergency access was opened");
    let session = Session { written: now, glass: Some((organisation, until)), ..session.clone() };
    let answer = Redirect::to(&format!("/assessments/{organisation}")).into_response();
    desk.with_session(answer, &session)
}

/// Whether a text says something, for those who read it later: some words of letters, and not one over and over.
fn is_reason(text: &str) -> bool {
    let is_word = |word: &String| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let is_of_one_letter = |word: &String| word.chars().all(|c| word.starts_with(c));
    let words = search_words(text).into_iter().filter(|word| is_word(word) && !is_of_one_letter(word));
    let different: BTreeSet<String> = words.collect();
    (REASON_MIN_CHARS..=REASON_MAX_CHARS).contains(&text.chars().count())
        && different.len() >= REASON_MIN_WORDS
}

/// What is opened are the records of a general practice, and of nothing else.
fn practice_of(desk: &Shared, code: OdsCode) -> Result<OdsCode, String> {
    if desk.access.hierarchy().is_practice(code) {
        return Ok(code);
    }
    Err(format!("{code} is not the code of a general practice known here: enter one such as A81001"))
}

/// Ends an emergency access before its time: here at once, and a moment later everywhere.
pub(super) async fn end(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    let Some((session, (organisation, until))) =
        viewer.session().and_then(|session| Some((session, session.glass?)))
    else {
        return Ok(Redirect::to("/account").into_response());
    };
    let closed = GlassClosed { organisation, session: session.id, until };
    let position = viewer.record(AccessEvent::GlassClosed(closed), Some(organisation)).await?;
    desk.access.until_read(position).await?;
    let session = Session { written: desk.clock.machine_now(), glass: None, ..session.clone() };
    desk.with_session(Redirect::to("/account").into_response(), &session)
}

/// Up to which notice someone has seen what their organisation is told.
#[derive(Debug, Deserialize)]
pub(super) struct SeenForm {
    upto: Position,
}

/// Notes that someone has seen the emergency accesses to their organisation, and the keys and accounts that were
/// made for it.
pub(super) async fn seen(
    State(desk): State<Shared>,
    viewer: Viewer,
    FormBody(form): FormBody<SeenForm>,
) -> Result<Response, Problem> {
    let holder = viewer.holder().filter(|holder| holder.role != Role::Administrator);
    let (organisation, person) =
        holder.zip(viewer.session()).map(|(holder, session)| (holder.organisation, session.person)).ok_or_else(
            || {
                Problem::bad_input(
                    "only someone who is signed in at an organisation, and is no administrator, can say that they \
                     have seen what it is told",
                )
            },
        )?;
    let unseen = desk.access.known().notices().unseen(organisation, person);
    // What came later was not on the page that was seen.
    if let Some(last) = unseen.iter().find(|notice| notice.position == form.upto) {
        let seen = GlassSeen { organisation, upto: last.at, position: Some(last.position) };
        let position = viewer.record(AccessEvent::GlassSeen(seen), Some(organisation)).await?;
        desk.access.until_read(position).await?;
    }
    Ok(Redirect::to("/").into_response())
}

fn render(viewer: &Viewer, status: StatusCode, form: &GlassForm, errors: Vec<FieldError>) -> Response {
    let of = |name: &str| FieldError::of(&errors, name);
    let body = html! {
        (form_of(viewer, "/access/glass").body(html! {
            (Field::new("organisation", "ODS code of the practice").width(Width::Characters(10)).error(of("organisation"))
                .value(form.organisation.clone()).input(InputKind::Text))
            (Field::new("reason", "What is the emergency?").hint("It is recorded with your name, and the practice can read it").error(of("reason"))
                .value(form.reason.clone()).textarea(3))
            (Button::new("Get emergency access for 1 hour").kind(ButtonKind::Warning))
        }))
        h2.nhsuk-heading-m { "What this does" }
        (warning_callout("For emergencies alone", html! {
            p { "It lets you see, for an hour, the assessments, comments and evidence of one practice that are closed to you. What you look at is recorded." }
        }))
    };
    respond(status, page(viewer, "/access", "Emergency access").errors(errors.clone()).body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_in_words() {
        for reason in [
            "Practice flooded, plan needed now",
            "A ransom note is on the screens at A81001",
            "Llifogydd yn y feddygfa",
        ] {
            assert!(is_reason(reason), "{reason}");
        }
        for none in [
            "",
            "emergency",
            "...............",
            "aaaaaaaaaaaaaaaaaa",
            "aaaaaa bbbbbb cccccc",
            "1234 5678 9012 3456",
            "urgent urgent urgent urgent",
            "a b c d e f g h i j k",
            "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}",
            &"many words ".repeat(40),
        ] {
            assert!(!is_reason(none), "{none}");
        }
    }
}
