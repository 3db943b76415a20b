//! Finding a practice, and the plans one may see, soonest lapse first.

use axum::{extract::State, http::StatusCode, response::Response};
use chassis::{Problem, Viewer, http::Query, pages::in_query};
use maud::html;
use proto::{Day, Moment, OdsCode};
use serde::Deserialize;
use ui::{
    components::{
        Button, Cell, Column, Download, Field, Form, InputKind, Pager, Row, Table, Width, downloads, lede,
    },
    fmt,
};

use super::{page_of, page_response, standing_tag};
use crate::{
    access::VIEW_PLAN,
    desk::Shared,
    list::{CATCH_UP_TIMEOUT, Filter},
    model::{Dates, Standing},
};

/// The most practices listed for one search.
const FOUND_MAX: usize = 50;

/// Plans of a page.
const PAGE_ROWS: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    /// Behind which plan the page begins: `2019-01-15_A81001`.
    #[serde(default)]
    after: String,
}

/// A plan's place in the list: what does not stand for want of a date comes first.
fn place(dates: &Dates, code: OdsCode) -> (Day, OdsCode) {
    (dates.lapses().map_or(Day::FIRST, |(day, _)| day), code)
}

fn place_of(text: &str) -> Option<(Day, OdsCode)> {
    let (day, code) = text.split_once('_')?;
    Some((day.parse().ok()?, code.parse().ok()?))
}

pub(super) async fn find(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Response, Problem> {
    desk.all.must_catch_up(CATCH_UP_TIMEOUT).await?;
    let today = desk.common.today();
    let now = Moment::During(today);
    let asked = search.q.trim();
    let (found, total) = desk.common.roster.search(asked, FOUND_MAX, |code| viewer.may(VIEW_PLAN, code));
    let mut plans = desk.all.known().seen_by(&viewer, Filter::default(), today);
    plans.sort_by_cached_key(|(code, dates)| place(dates, *code));
    let standing =
        plans.iter().filter(|(_, dates)| matches!(dates.standing(now), Standing::Stands(..))).count();
    let after = place_of(&search.after);
    let start =
        plans.partition_point(|(code, dates)| after.is_some_and(|after| place(dates, *code) <= after));
    let shown = plans.get(start..plans.len().min(start + PAGE_ROWS)).unwrap_or_default();
    let last = shown.last().filter(|_| start + shown.len() < plans.len());
    let next = last.map(|(code, dates)| {
        let (day, code) = place(dates, *code);
        format!("/continuity?after={day}_{code}")
    });
    let rows = shown.iter().map(|(code, dates)| {
        Row::new([
            Cell::link(format!("/continuity/{code}"), desk.common.roster.name(*code)),
            Cell::text(code),
            Cell::from(standing_tag(&dates.standing(now))),
            Cell::text(dates.sentence(now)),
        ])
    });
    let body = html! {
        (lede(html! { (fmt::thousands(standing as u64)) " of " (fmt::count(plans.len() as u64, "plan is", "plans are")) " up to date." }))
        p { "A continuity plan says how an organisation keeps going when its data, systems or premises are out of reach." }
        (Form::get("/continuity").label("Find a practice").body(html! {
            (Field::new("q", "Name, code or postcode of a practice").hint("For example A81001, or the first words of its name")
                .width(Width::Characters(30)).value(asked).input(InputKind::Text))
            (Button::new("Find"))
        }))
        @if !asked.is_empty() {
            h2.nhsuk-heading-m { (fmt::count(total as u64, "practice", "practices")) " found" }
            @if found.is_empty() {
                p { "No practice has “" (asked) "” in its name, or as the start of its code or postcode. Try fewer words." }
            } @else {
                ul.nhsuk-list.nhsuk-list--bullet {
                    @for practice in &found {
                        li { a.nhsuk-link href={ "/continuity/" (practice.code) } { (practice.shown_name()) } " (" (practice.code) ")" }
                    }
                }
                @if total > found.len() { p { "The first " (found.len()) " are shown; add a word to see fewer." } }
            }
        }
        @if let Some(own) = viewer.holder().map(|holder| holder.organisation).filter(|own| viewer.may(VIEW_PLAN, *own)) {
            p { a.nhsuk-link href={ "/continuity/" (in_query(own.as_str())) } { "The plan of " (desk.common.roster.name(own)) } }
        }
        (Table::new("plans", "Plans, those due soonest first")
            .column(Column::text("Organisation")).column(Column::text("Code")).column(Column::text("Today")).column(Column::text("Details"))
            .rows(rows)
            .empty("No organisation that you may see has written a plan here.")
            .render())
        (Pager { previous: after.map(|_| "/continuity".to_owned()), next, summary: format!("{} of {} plans", shown.len(), plans.len()) }.render())
        (downloads("the plans", &[Download::new("CSV", "/api/v1/continuity.csv"), Download::new("JSON", "/api/v1/continuity")]))
    };
    let page = page_of(&desk, &viewer, "Continuity plans");
    Ok(page_response(StatusCode::OK, page.body(body)))
}
