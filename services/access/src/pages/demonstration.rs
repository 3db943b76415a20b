//! The date at which a demonstration stands, and moving it on. Where practices are real there is none, and
//! nothing at this address.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem, Viewer,
    demonstration::{deadlines, next_day, next_deadline},
    http::Form as FormBody,
    pages::DEMONSTRATION,
};
use maud::html;
use proto::{
    Day,
    access::{AccessEvent, DemonstrationDateSet},
};
use serde::Deserialize;
use ui::components::{Button, ButtonKind, SummaryList};

use super::{form_of, page, respond};
use crate::Shared;

/// How far the date is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// To the next day.
    NextDay,
    /// To the day after the next deadline of the toolkit.
    NextDeadline,
}

/// By how much, and from which date: sent twice it moves once.
#[derive(Debug, Deserialize)]
pub(super) struct MoveForm {
    step: Step,
    from: String,
}

impl Step {
    /// Where it leads; none where there is no such date, or it is too far on.
    fn from(self, date: Day, deadlines: &[Day]) -> Option<Day> {
        match self {
            Step::NextDay => next_day(date, deadlines),
            Step::NextDeadline => next_deadline(date, deadlines),
        }
    }
}

fn stands_at(viewer: &Viewer) -> Result<Day, Problem> {
    let date = viewer.access().demonstration_date();
    date.ok_or_else(|| {
        Problem::not_found("this is not a demonstration: the date is today’s and cannot be changed")
    })
}

pub(super) async fn show(State(desk): State<Shared>, viewer: Viewer) -> Result<Response, Problem> {
    let date = stands_at(&viewer)?;
    let deadlines = deadlines(&desk.editions.catalogue());
    let form = |step: &'static str, words: String| {
        form_of(&viewer, DEMONSTRATION)
            .hidden("step", step)
            .hidden("from", date.to_string())
            .body(html! { (Button::new(words).kind(ButtonKind::Secondary)) })
    };
    let (day_after, past_deadline) = (next_day(date, &deadlines), next_deadline(date, &deadlines));
    let body = html! {
        p { "All practices here are generated, and their year is over. The whole service works as if it were this date: what is due, what you record, and the figures. Sign-in and the access log use the real time." }
        (SummaryList::new().text("Date", date.long()).render())
        @if let Some(to) = day_after { (form("next-day", format!("Next day: {}", to.long()))) }
        @if let Some(to) = past_deadline {
            (form("next-deadline", format!("Next deadline: {}, the day after", to.long())))
        }
        @if day_after.is_none() { p { "This is the last date of the demonstration." } }
        @else if past_deadline.is_none() { p { "There is no later deadline. The date can be moved on by days." } }
        @else { p { "The date can only be moved forward." } }
    };
    Ok(respond(StatusCode::OK, page(&viewer, "/access", "Date of the demonstration").body(body)))
}

pub(super) async fn move_on(
    State(desk): State<Shared>,
    viewer: Viewer,
    headers: HeaderMap,
    FormBody(form): FormBody<MoveForm>,
) -> Result<Response, Problem> {
    let from = stands_at(&viewer)?;
    let seen: Day = form.from.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input(error.to_string()).at("from", error.to_string())
    })?;
    if seen == from {
        let to = form.step.from(from, &deadlines(&desk.editions.catalogue())).ok_or_else(|| {
            Problem::refused(
                "demonstration-over",
                match form.step {
                    Step::NextDay => "this is the last date of the demonstration",
                    Step::NextDeadline => "there is no later deadline: the date can be moved on by days",
                },
            )
        })?;
        viewer.record(AccessEvent::DemonstrationDateSet(DemonstrationDateSet { from, to }), None).await?;
        tracing::info!(%from, %to, "the date of the demonstration was moved on");
        // What is shown next is shown at the new date.
        desk.access.until_read(desk.access.log().head().await?).await?;
    }
    Ok(Redirect::to(&back_to(&headers)).into_response())
}

/// The page on which the date was moved on, where the browser tells; else the one about the date. Only ever a page
/// of this site, and of the day that is running: one that asks for a day of its own keeps it.
fn back_to(headers: &HeaderMap) -> String {
    let told = headers.get(header::REFERER).and_then(|from| from.to_str().ok()?.parse::<Uri>().ok());
    let path = told.as_ref().and_then(Uri::path_and_query).map(|path| path.as_str());
    path.filter(|path| path.starts_with('/') && !path.starts_with("//")).unwrap_or(DEMONSTRATION).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_the_page_on_which_the_date_was_moved_on() {
        let from = |referer: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, axum::http::HeaderValue::from_static(referer));
            back_to(&headers)
        };
        assert_eq!(from("https://oversight.example.nhs.uk/areas/00K?a=1"), "/areas/00K?a=1");
        for elsewhere in ["https://elsewhere.example//elsewhere.example/x", "nonsense", ""] {
            assert_eq!(from(elsewhere), DEMONSTRATION, "{elsewhere}");
        }
        assert_eq!(back_to(&HeaderMap::new()), DEMONSTRATION);
    }
}
