//! Finding an area or a practice.

use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};
use chassis::{Problem, http::Query};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{
    Tone,
    components::{Button, Cell, Column, Field, Form, InputKind, Row, Table, lede, tag},
};

use super::{
    Desk,
    frame::{self, Menu},
    kept::Body,
    link::Keep,
    words,
};
use crate::{
    answers::{self, Found, SEARCH_MAX},
    api::{WhenQuery, may_see},
    board::AreaKind,
    views::Served,
};

/// What to look for, and the choices that the links of the finds hand on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchQuery {
    #[serde(default)]
    q: String,
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
}

pub(super) async fn search(
    desk: Desk,
    Query(query): Query<SearchQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let render = async {
        let keep = Keep::of(&WhenQuery {
            at: query.at,
            known: query.known,
            footprint: query.footprint,
            requirement: None,
        })
        .seen_by(&desk.viewer);
        Ok(Body::page(page(&desk, &desk.shared.views.served(), &keep, query.q.trim())))
    };
    desk.kept.answer(&desk, &uri, &headers, render).await
}

fn page(desk: &Desk, served: &Served, keep: &Keep, question: &str) -> Markup {
    let board = &served.board;
    let found = answers::search(board, question, may_see(&desk.viewer)).results;
    let row = |find: &Found| {
        let is_practice = find.body.kind == "practice";
        let path = if is_practice {
            format!("/practices/{}", find.body.code)
        } else {
            format!("/areas/{}", find.body.code)
        };
        let name = if find.body.name.is_empty() {
            find.body.code.to_string()
        } else {
            ui::fmt::name(&find.body.name)
        };
        Row::new([
            Cell::link(keep.to(path), name),
            Cell::text(find.body.code),
            Cell::text(match board.area(find.body.code) {
                Some(area) if !is_practice => area.word_on(area.day_called(board.today)).capital(),
                _ => super::attention::capital(find.body.kind),
            }),
            match find.ccg {
                Some(ccg) => {
                    let last = board.practice(find.body.code).and_then(|practice| practice.placed.last());
                    let on = last.map_or(board.today, |placed| placed.span.to.min(board.today));
                    Cell::from(keep.area(ccg, words::name_of(board, ccg, on)))
                }
                None => Cell::text(""),
            },
            Cell::text(&find.postcode),
            Cell::from(html! { @if !find.live { (tag(Tone::Neutral, "No longer open")) } }),
        ])
    };
    let body = html! {
        @if question.is_empty() {
            (lede(html! { "Find a practice, a " (AreaKind::Ccg.word(board.today).one) ", a region or what lies between them by a piece of its name, its code or its postcode." }))
            (Form::get("/search").body(html! {
                (Field::new("q", "Name, code or postcode").id("question").input(InputKind::Text))
                (Button::new("Search"))
            }))
        } @else if found.is_empty() {
            (lede(html! { "No results for “" (question) "”." }))
            ul.nhsuk-list.nhsuk-list--bullet {
                li { "A piece of the name is enough: “densham” finds The Densham Surgery." }
                li { "Codes look like A81001 for a practice and 15E for a " (AreaKind::Ccg.word(board.today).one) "." }
                li { "Of a postcode the first half will do." }
            }
        } @else {
            (lede(html! {
                @if found.len() == SEARCH_MAX { "The first " (SEARCH_MAX) " results" } @else { (ui::fmt::count(found.len() as u64, "result", "results")) }
                " for “" (question) "”."
                @if found.len() == SEARCH_MAX { " Another word narrows them down." }
            }))
            (Table::new("finds", format!("Results for “{question}”")).hide_caption()
                .column(Column::text("Name")).column(Column::text("Code")).column(Column::text("Kind"))
                .column(Column::text(AreaKind::Ccg.word(board.today).capital())).column(Column::text("Postcode")).column(Column::text("Today"))
                .rows(found.iter().map(row)).render())
        }
    };
    frame::frame(desk, served, keep, Menu::None, "Search").query(question).body(body).render()
}
