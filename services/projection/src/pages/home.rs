//! The first page, by who looks; and what everyone may look up.

use axum::{
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Problem,
    access::home_of,
    http::{Path, Query},
};
use maud::{Markup, html};
use proto::OdsCode;
use serde::Deserialize;
use ui::components::{Button, Cell, Column, Field, Form, InputKind, Row, SummaryList, Table, lede};

use super::{
    Desk, area,
    frame::{self, Menu},
    link::Keep,
    words,
};
use crate::{
    access::VIEW_AREA,
    answers::{self, Named, StatusAnswer},
    api::{AfterQuery, area_statuses_of, ods_code, status_of},
    board::{AreaKind, Board},
};

/// Who sees England is shown it; who has an organisation of their own is led there; everyone else
/// may look up what practices have published.
pub(super) async fn home(
    desk: Desk,
    query: Query<area::AreaQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if desk.viewer.may_in_england(VIEW_AREA) {
        return area::area(desk, Path(OdsCode::ENGLAND.to_owned()), query, uri, headers).await;
    }
    let home = desk.viewer.holder().map(home_of);
    match home.filter(|home| home != "/") {
        Some(home) => Ok(Redirect::to(&home).into_response()),
        None => Ok((StatusCode::OK, look_up_page(&desk, "")).into_response()),
    }
}

/// What to look up.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookUp {
    #[serde(default)]
    q: String,
}

pub(super) async fn look_up(desk: Desk, Query(query): Query<LookUp>) -> Result<Response, Problem> {
    Ok((StatusCode::OK, look_up_page(&desk, query.q.trim())).into_response())
}

fn look_up_page(desk: &Desk, question: &str) -> Markup {
    let served = desk.shared.views.served();
    let board = &served.board;
    let found = (!question.is_empty()).then(|| answers::look_up(board, question));
    let body = html! {
        (lede(html! { "Look up what a general practice has published about how it keeps patient data safe." }))
        (Form::get("/status").label("Look up a practice").body(html! {
            (Field::new("q", "Name, code or postcode of a practice, or the name or code of an area").id("question").value(question).input(InputKind::Text))
            (Button::new("Look up"))
        }))
        @if let Some(found) = &found {
            @if found.practices.is_empty() && found.areas.is_empty() {
                p { "No results for “" (question) "”." }
            }
            @if !found.practices.is_empty() {
                (statuses(format!("Practices found for “{question}”"), &found.practices))
                @if found.practices.len() == answers::LOOK_UP_MAX {
                    p { "The first " (found.practices.len()) " are shown; another word narrows them down." }
                }
            }
            @if !found.practices.is_empty() { (frame::newest_files(&found.rests_on)) }
            @if !found.areas.is_empty() {
                (Table::new("areas-found", format!("Areas found for “{question}”"))
                    .column(Column::text("Area")).column(Column::text("Code")).column(Column::text("Kind"))
                    .rows(found.areas.iter().map(|area| Row::new([
                        Cell::link(format!("/status/areas/{}", area.code), ui::fmt::name(&area.name)),
                        Cell::text(area.code),
                        Cell::text(kind(board, area)),
                    ]))).render())
            }
        }
        @if desk.viewer.holder().is_none() {
            p { a.nhsuk-link href="/sign-in" { "Sign in" } " to see the practices you are responsible for." }
        }
    };
    frame::frame(desk, &served, &Keep::default(), Menu::LookUp, "Published statuses").body(body).render()
}

/// Practices with what each has published.
fn statuses(caption: String, of: &[StatusAnswer]) -> Markup {
    let row = |status: &StatusAnswer| {
        let (words, on, edition) = told(status);
        Row::new([
            Cell::link(format!("/status/{}", status.code), ui::fmt::name(&status.name)),
            Cell::text(status.code),
            Cell::text(words),
            Cell::text(on),
            Cell::text(edition),
        ])
    };
    Table::new("found", caption)
        .column(Column::text("Practice"))
        .column(Column::text("Code"))
        .column(Column::text("Published status"))
        .column(Column::text("On"))
        .column(Column::text("For"))
        .rows(of.iter().map(row))
        .render()
}

/// What an area is, as it stands over a name.
fn kind(board: &Board, area: &Named) -> String {
    AreaKind::from_slug(area.kind).map(|kind| kind.word(board.today).capital()).unwrap_or_default()
}

/// What the practices of an area have published: for everyone, without any count.
pub(super) async fn area_statuses(
    desk: Desk,
    Path(code): Path<String>,
    Query(query): Query<AfterQuery>,
) -> Result<Response, Problem> {
    let served = desk.shared.views.served();
    let found = area_statuses_of(&served.board, &code, &query)?;
    let area = &found.area;
    let body = html! {
        (statuses("Practices of today, by code".to_owned(), &found.practices))
        @if let Some(next) = found.next {
            p { a.nhsuk-link href={ "/status/areas/" (area.code) "?after=" (next) } { "Next page" } }
        }
        (frame::newest_files(&found.rests_on))
        p { a.nhsuk-link href="/status" { "Look up another practice or area" } }
    };
    let page = frame::frame(&desk, &served, &Keep::default(), Menu::LookUp, ui::fmt::name(&area.name))
        .caption(format!("{} {}", kind(&served.board, area), area.code))
        .body(body);
    Ok((StatusCode::OK, page.render()).into_response())
}

pub(super) async fn status(desk: Desk, Path(code): Path<String>) -> Result<Response, Problem> {
    let served = desk.shared.views.served();
    let board: &Board = &served.board;
    let answers::PracticeStatusAnswer { status, rests_on } = status_of(board, ods_code(&code)?)?;
    let (words, on, edition) = told(&status);
    let mut list = SummaryList::new().text("Published status", words);
    if status.published.is_some() {
        list = list.text("Published on", on).text("For", edition);
    }
    let body = html! {
        (list.render())
        @if !status.is_known {
            p { "No register of published results has been loaded here, so it is not known what this practice has published." }
        }
        (frame::newest_files(&rests_on))
        p { a.nhsuk-link href="/status" { "Look up another practice" } }
    };
    let page = frame::frame(&desk, &served, &Keep::default(), Menu::LookUp, ui::fmt::name(&status.name))
        .caption(format!("Practice {}", status.code))
        .body(body);
    Ok((StatusCode::OK, page.render()).into_response())
}

/// The status, the day and the edition, in words.
fn told(status: &StatusAnswer) -> (String, String, String) {
    let Some(published) = &status.published else {
        let words = if status.is_known { "Nothing published" } else { "Not known" };
        return (words.to_owned(), String::new(), String::new());
    };
    let on = words::day(published.on);
    let on = match (published.is_dated, published.late) {
        (false, _) => format!("Date not given; in the register of {on}"),
        (true, true) => format!("{on}, after the deadline"),
        (true, false) => on,
    };
    let words = match published.understood {
        true => published.status.clone(),
        false => format!("“{}”, as the national register shows it", published.status),
    };
    let title =
        if published.title.is_empty() { "An edition that is not known here" } else { &published.title };
    (words, on, title.to_owned())
}
