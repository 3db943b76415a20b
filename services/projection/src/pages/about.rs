//! How the view stands, and what could not be read.

use axum::response::{Html, IntoResponse, Response};
use chassis::Problem;
use maud::html;
use proto::Position;
use ui::components::{Cell, Column, Download, Row, SummaryList, Table, action_link, downloads, lede};

use super::{
    Desk,
    frame::{self, Menu},
    link::Keep,
    words,
};
use crate::{
    access::VIEW_SET_ASIDE,
    answers::{self, edition_name},
    facts::SET_ASIDE_LISTED_MAX,
    rules::RULES,
};

pub(super) async fn about(desk: Desk) -> Result<Response, Problem> {
    let served = desk.shared.views.served();
    let board = &served.board;
    let facts = &board.facts;
    let read = facts.read_to;
    let position = read.map_or(Position::START, |read| read.position);
    let head = desk.shared.views.head();
    let behind = head.map(|head| head.0.saturating_sub(position.0));
    let thousands = ui::fmt::thousands;
    let rebuilding = match desk.shared.views.rebuilding() {
        Some(at) => format!("Under way, at event {}", thousands(at.0)),
        None => "None under way".to_owned(),
    };
    let home = desk.viewer.holder().map(chassis::access::home_of).filter(|home| home != "/");
    let mut list = SummaryList::new()
        .text("Read up to event", thousands(position.0))
        .text("Recorded on", read.map_or_else(|| "–".to_owned(), |read| words::instant(read.time)))
        .text(
            "Last event of the log",
            head.map_or_else(|| "The log has not answered yet".to_owned(), |head| thousands(head.0)),
        )
        .text(
            "Delay",
            behind.map_or_else(|| "Not known".to_owned(), |behind| ui::fmt::count(behind, "event", "events")),
        )
        .text("Rebuilds", format!("{} since this process began", thousands(served.generation)))
        .text("Rebuild in progress", rebuilding)
        .text("Organisations", thousands(facts.organisations.len() as u64))
        .text("Practices", thousands(board.practices.len() as u64));
    list = if desk.viewer.may_here(VIEW_SET_ASIDE) {
        let count = html! { (thousands(facts.set_aside.count)) };
        list.row_with_action("Events that could not be read", count, ("See them", "/set-aside"))
    } else {
        list.text("Events that could not be read", thousands(facts.set_aside.count))
    };
    if facts.synthetic_events > 0 {
        list = list.text("Synthetic events", thousands(facts.synthetic_events));
    }
    let body = html! {
        (lede(html! {
            "The figures come from " strong { (thousands(position.0)) } " events of the log"
            @match behind {
                Some(0) => ", all there are.",
                Some(behind) => { "; " (thousands(behind)) " more are still to be read." }
                None => ".",
            }
        }))
        (list.render())
        (downloads("how the view stands", &[Download::new("JSON", "/api/v1/view"), Download::new("API description", "/api/v1/openapi.json")]))
        h2.nhsuk-heading-m { "What is counted" }
        ul.nhsuk-list.nhsuk-list--bullet {
            li { "Figures for a date are for the end of that day in London; for today, as they are now. Dates to come are shown as they will be if nothing changes." }
            li { "A practice counts on the days it operates: open, and not shown as dormant." }
            li { "It counts where it belonged on that day, or, if you choose so, where it belongs today." }
            @for rule in RULES { li { strong { (rule.requirement.title) } ". " (rule.requirement.asks) } }
            li {
                "Statuses are met, partly met (not met yet, with an agreed plan in time), not met, no evidence (nothing is known either way) \
                 and not applicable. No status is worked out from a percentage."
            }
        }
        h2.nhsuk-heading-m { "Deadlines for practices" }
        ul.nhsuk-list {
            @for term in board.calendar.terms() {
                li {
                    @if let Some(home) = &home { a.nhsuk-link href=(Keep::default().at(term.deadline).to(home)) { (words::day(term.deadline)) } }
                    @else { (words::day(term.deadline)) }
                    ", " (edition_name(term.edition))
                    @if !board.calendar.is_sure(term.edition) { (words::EXPECTED) }
                }
            }
        }
    };
    let page =
        frame::frame(&desk, &served, &Keep::default(), Menu::About, "About the figures").body(body).render();
    Ok(Html(page.into_string()).into_response())
}

pub(super) async fn set_aside(desk: Desk) -> Result<Response, Problem> {
    let served = desk.shared.views.served();
    let aside = &served.board.facts.set_aside;
    let body = html! {
        (lede(html! {
            @if aside.count == 0 { "Every event could be read." }
            @else {
                strong { (ui::fmt::count(aside.count, "event", "events")) } " could not be read and "
                @if aside.count == 1 { "is" } @else { "are" } " left out of every figure. They stay in the log, and count once this program has learnt to read them."
            }
        }))
        @if aside.count > 0 {
            @if aside.count > SET_ASIDE_LISTED_MAX as u64 { p { "The first " (ui::fmt::thousands(SET_ASIDE_LISTED_MAX as u64)) " are listed." } }
            (Table::new("set-aside", "Events that could not be read").hide_caption()
                .column(Column::number("Event")).column(Column::text("Why"))
                .rows(aside.listed.iter().map(|event| Row::new([Cell::count(event.position.0), Cell::text(&event.reason)])))
                .render())
            (downloads("the events that could not be read", &[Download::new("JSON", "/api/v1/set-aside")]))
        }
        @let texts = answers::not_understood(&served.board);
        @if !texts.is_empty() {
            p { "These status texts of the national register are not understood. Rows that carry them count neither as met nor as not met. NHS Digital or an administrator can say what they mean." }
            (Table::new("not-understood", "Status texts that are not understood")
                .column(Column::text("Text")).column(Column::number("Rows"))
                .rows(texts.iter().map(|text| Row::new([Cell::text(&text.text), Cell::count(text.rows)])))
                .render())
        }
        (action_link("/about", "How the view stands"))
    };
    let page = frame::frame(&desk, &served, &Keep::default(), Menu::None, "Events that could not be read")
        .crumb("About the figures", "/about")
        .body(body)
        .render();
    Ok(Html(page.into_string()).into_response())
}
