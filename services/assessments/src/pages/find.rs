//! Finding a practice, and its assessments over the years.

use axum::{extract::State, response::Response};
use chassis::{
    Problem, Viewer,
    access::sees_area,
    http::{Path, Query},
};
use maud::html;
use serde::Deserialize;
use ui::{
    Tone,
    components::{Button, Cell, Column, Field, Form, InputKind, Row, SummaryList, Table, Width, inset, tag},
    fmt,
};

use super::{case_href, grade_tag, in_the_list, page, page_response};
use crate::{access::VIEW_WORK, api::WorkState, api::scale_words, desk::Shared, model::KIND};

/// The most practices listed for one search.
const FOUND_MAX: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

pub(super) async fn find(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Response, Problem> {
    let asked = search.q.trim();
    let (found, total) = desk.common.roster.search(asked, FOUND_MAX, |code| viewer.may(VIEW_WORK, code));
    let mut editions = Table::new("editions", "Editions, newest first")
        .column(Column::text("Edition"))
        .column(Column::text("For"))
        .column(Column::text("Deadline for general practices"))
        .column(Column::text("Answered with"))
        .column(Column::number("Requirements"));
    for edition in desk.catalogue().editions().iter().rev() {
        let decisions = desk.decisions(edition).await?.state;
        let deadline = decisions.deadline(edition, KIND);
        let sure = decisions.deadline_is_sure(edition, KIND);
        editions = editions.row(Row::new([
            Cell::text(&edition.title),
            Cell::text(edition.financial_year),
            Cell::text(deadline_words(deadline, sure)),
            Cell::text(scale_words(edition.scale)),
            Cell::count(edition.requirements_of(KIND).count() as u64),
        ]));
    }
    let body = html! {
        p { "Find your practice to work on its assessment, or to see how far it has come. "
            (fmt::count(desk.common.roster.count(|code| viewer.may(VIEW_WORK, code)) as u64, "general practice is", "general practices are")) " known here." }
        (Form::get("/assessments").label("Find a practice").body(html! {
            (Field::new("q", "Name, code or postcode of a practice").hint("For example A81001, or the first words of its name")
                .width(Width::Characters(30)).value(asked).input(InputKind::Text))
            (Button::new("Find"))
        }))
        @if !asked.is_empty() {
            h2.nhsuk-heading-m { (fmt::count(total as u64, "practice", "practices")) " found" }
            @if found.is_empty() {
                p { "No practice has “" (asked) "” in its name, or as the start of its code or postcode. Try fewer words." }
            } @else {
                (Table::new("found", "Practices found").hide_caption()
                    .column(Column::text("Practice")).column(Column::text("Code")).column(Column::text("Postcode")).column(Column::text("Commissioner"))
                    .rows(found.iter().map(|practice| Row::new([
                        Cell::from(html! {
                            a.nhsuk-link href={ "/assessments/" (practice.code) } { (practice.shown_name()) }
                            @if !practice.no_longer.is_empty() { " (" (practice.no_longer) ")" }
                        }),
                        Cell::text(practice.code),
                        Cell::text(&practice.postcode),
                        Cell::text(practice.ccg.map(|code| code.to_string()).unwrap_or_default()),
                    ])))
                    .render())
                @if total > found.len() { p { "The first " (found.len()) " are shown; add a word to see fewer." } }
            }
        }
        (editions.render())
        p { "Each edition’s requirements, categories and deadlines with their sources: "
            a.nhsuk-link href="/api/v1/editions" { "as data" } "." }
    };
    Ok(page_response(axum::http::StatusCode::OK, page(&desk, &viewer, "Assessments").body(body)))
}

/// A deadline, and whether it is certain.
pub(super) fn deadline_words(deadline: Option<proto::Day>, sure: bool) -> String {
    let day = deadline.map(|day| day.long()).unwrap_or_default();
    if sure || day.is_empty() { day } else { format!("{day} (expected, not confirmed)") }
}

pub(super) fn state_tag(state: WorkState) -> maud::Markup {
    let tone = match state {
        WorkState::NotStarted => Tone::Unknown,
        WorkState::Started => Tone::Neutral,
        WorkState::Ready => Tone::Partial,
        WorkState::Published => Tone::Good,
    };
    tag(tone, state.words())
}

pub(super) async fn practice(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let practice = desk.common.practice(&code).await?;
    let (register, _) = desk.register_entry(practice.code).await?;
    let mut table = Table::new("assessments", "Assessments, newest first")
        .column(Column::text("Edition"))
        .column(Column::text("Deadline"))
        .column(Column::text("Progress"))
        .column(Column::text("Published"))
        .column(Column::text("Grade as published"));
    let catalogue = desk.catalogue();
    for edition in catalogue.editions().iter().rev().filter(|edition| edition.opens.day <= desk.today()) {
        let case = desk.case_of(&viewer, practice.clone(), edition.clone()).await?;
        let publication = case.state().publication.as_ref();
        table = table.row(Row::new([
            Cell::link(case_href(&case), &edition.title),
            Cell::text(deadline_words(case.deadline(), case.deadline_is_sure())),
            Cell::from(state_tag(case.work_state())),
            Cell::from(html! {
                @if let Some(publication) = publication { (publication.on.long()) @if case.published_late() { " (late)" } }
            }),
            Cell::from(html! { @if let Some(publication) = publication { (grade_tag(publication.grade)) } }),
        ]));
    }
    let body = html! {
        @if !practice.no_longer.is_empty() { (inset(html! { p { "This practice is " (practice.no_longer) "." } })) }
        (summary(&desk, &viewer, &practice).render())
        (table.render())
        h2.nhsuk-heading-m { "In the national register" }
        @match &register {
            None => { p { "No file of the national register that was imported lists this practice." } }
            Some(listed) => {
                p {
                    "The register shows “" (if listed.status.is_empty() { "nothing published" } else { &listed.status }) "”"
                    @if let Some(day) = listed.published { ", published on " (day.long()) }
                    ", in the file of " (listed.as_of.long()) "."
                }
            }
        }
        p { a.nhsuk-link href={ "/practices/" (practice.code) } { "This practice’s position over time" } }
    };
    let page = page(&desk, &viewer, practice.shown_name()).caption(format!("Practice {}", practice.code));
    let page = in_the_list(&viewer, page);
    Ok(page_response(axum::http::StatusCode::OK, page.body(body)))
}

/// Where the practice is and who oversees it.
pub(super) fn summary(
    desk: &crate::desk::Desk,
    viewer: &Viewer,
    practice: &chassis::roster::Practice,
) -> SummaryList {
    let body = |code: Option<proto::OdsCode>| {
        html! {
            @match code {
                Some(code) if !sees_area(viewer, code) => { (desk.common.roster.body_name(code).unwrap_or_else(|| code.to_string())) }
                Some(code) => {
                    a.nhsuk-link href={ "/areas/" (code) } { (desk.common.roster.body_name(code).unwrap_or_else(|| code.to_string())) }
                }
                None => { "Not known" }
            }
        }
    };
    SummaryList::new().row("Commissioner", body(practice.ccg)).row("Region", body(practice.region))
}
