//! Who is asked, what is coming, what was held, what is overdue; and the calendar of visits.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    desk::speaks_for,
    http::{Form as FormBody, Path, Query},
    pages::{form_errors, form_of, in_query, page_response},
    roster::Practice,
};
use maud::{Markup, html};
use serde::Deserialize;
use ui::components::{
    Attention, AttentionItem, Button, Cell, Choice, Column, Download, Field, FieldError, Form, InputKind,
    Row, Table, Width, downloads, inset, lede,
};
use ui::{Tone, fmt};

use super::{in_the_list, page, stage_tag, steps::Fields};
use crate::{
    access::{REQUEST, VIEW},
    api::{Filter, OnsiteLine, calendar_of, lines_of},
    calendar::VisitEntry,
    desk::{Desk, Shared},
    model::{NHS_DIGITAL, Stage},
};

/// The most rows of one list on the page; the file has all.
const ROWS_MAX: usize = 25;
/// The most assessments named as overdue; the file has all.
const OVERDUE_MAX: usize = 10;
/// The most practices found for one search.
const FOUND_MAX: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    partner: String,
    #[serde(default)]
    ccg: String,
}

pub(super) async fn all(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (filter, status, errors) = match Filter::of(None, Some(&asked.partner), Some(&asked.ccg)) {
        Ok(filter) => (filter, StatusCode::OK, Vec::new()),
        Err(problem) => {
            let (status, errors) = form_errors(problem);
            (Filter::default(), status, errors)
        }
    };
    let lines = lines_of(&desk, &viewer, None, filter).await?;
    let visits = calendar_of(&desk, &viewer, filter).await?;
    let kept = format!("partner={}&ccg={}", in_query(asked.partner.trim()), in_query(asked.ccg.trim()));
    let of = |stages: &[Stage]| lines.iter().filter(|line| stages.contains(&line.stage)).collect::<Vec<_>>();
    let body = html! {
        (lede(html! {
            (fmt::count(lines.len() as u64, "on-site assessment", "on-site assessments")) ", of which "
            (of(&[Stage::Closed]).len()) " closed."
        }))
        (Form::get("/onsite").label("Filter").body(html! {
            (Field::new("partner", "Code of the delivery partner").error(FieldError::of(&errors, "partner"))
                .width(Width::Characters(10)).value(asked.partner.clone()).input(InputKind::Text))
            (Field::new("ccg", "Code of the commissioner").error(FieldError::of(&errors, "ccg"))
                .width(Width::Characters(10)).value(asked.ccg.clone()).input(InputKind::Text))
            (Button::new("Filter").kind(ui::components::ButtonKind::Secondary))
        }))
        (overdue(&lines))
        (table(&desk, "asked", "Asked for", &of(&[Stage::Requested, Stage::Refused])))
        (table(&desk, "coming", "Coming", &of(&[Stage::Agreed, Stage::Scheduled])))
        (table(&desk, "held", "Held, and followed up", &of(&[Stage::Held, Stage::Disclosed, Stage::PlanProposed, Stage::PlanAgreed])))
        (table(&desk, "closed", "Closed", &of(&[Stage::Closed])))
        (downloads("all assessments", &[
            Download::new("CSV", format!("/api/v1/onsite?{kept}&format=csv")),
            Download::new("JSON", format!("/api/v1/onsite?{kept}")),
        ]))
        (calendar(&visits))
        (downloads("the visits", &[Download::new("Calendar (.ics)", format!("/onsite/calendar.ics?{kept}"))]))
        p { a.nhsuk-link href="/account#calendars" { "Subscribe to the visits in your calendar program" } }
        (find(&desk, &viewer, asked.q.trim()))
    };
    let page = page(&desk, &viewer, "On-site assessments").errors(errors).body(body);
    Ok(page_response(status, page))
}

fn href(line: &OnsiteLine) -> String {
    format!("/onsite/{}/{}", line.organisation, line.number)
}

/// Those with actions past their due day, most of them first.
fn overdue(lines: &[OnsiteLine]) -> Markup {
    let mut late: Vec<&OnsiteLine> = lines.iter().filter(|line| line.actions_overdue > 0).collect();
    late.sort_by_key(|line| std::cmp::Reverse(line.actions_overdue));
    let item = |line: &OnsiteLine| AttentionItem {
        tone: Tone::Bad,
        label: "Overdue".to_owned(),
        title: format!("{}, assessment {}", line.name, line.number),
        href: href(line),
        detail: format!(
            "{} past the due day",
            fmt::count(line.actions_overdue as u64, "action is", "actions are")
        ),
    };
    let list =
        Attention::new("overdue").heading("Overdue").all_well("No action of an agreed plan is overdue.");
    html! {
        (late.iter().take(OVERDUE_MAX).fold(list, |list, line| list.item(item(line))).render())
        @if late.len() > OVERDUE_MAX {
            p { "The first " (OVERDUE_MAX) " of " (late.len()) " that have actions overdue are shown; the file has all." }
        }
    }
}

/// A body by its name and code.
fn named(desk: &Desk, code: Option<&str>) -> String {
    let Some(code) = code else { return String::new() };
    let name = code.parse().ok().and_then(|code| desk.common.roster.body_name(code));
    name.map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
}

fn table(desk: &Desk, id: &str, caption: &str, lines: &[&OnsiteLine]) -> Markup {
    let rows = lines.iter().take(ROWS_MAX).map(|line| {
        Row::new([
            Cell::link(href(line), format!("{}, assessment {}", line.name, line.number)),
            Cell::text(named(desk, line.ccg.as_deref())),
            Cell::from(stage_tag(line.stage)),
            Cell::text(line.visit.as_deref().map(shown_day).unwrap_or_default()),
            Cell::text(named(desk, line.partner.as_deref())),
            Cell::text(format!("{} of {}", line.findings_open, line.findings_count)),
        ])
    });
    html! {
        (Table::new(id, caption)
            .column(Column::text("Assessment"))
            .column(Column::text("Commissioner"))
            .column(Column::text("State"))
            .column(Column::text("Visit"))
            .column(Column::text("Delivery partner"))
            .column(Column::text("Findings open"))
            .rows(rows)
            .render())
        @if lines.len() > ROWS_MAX { p { "The first " (ROWS_MAX) " of " (lines.len()) " are shown; the file has all." } }
    }
}

fn shown_day(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), |day: proto::Day| day.long())
}

/// The visits, month by month.
fn calendar(visits: &[VisitEntry]) -> Markup {
    let month = |visit: &VisitEntry| (visit.on.date().year(), visit.on.date().month());
    let shown = visits.get(visits.len().saturating_sub(ROWS_MAX)..).unwrap_or_default();
    html! {
        h2.nhsuk-heading-m #calendar { "Visits by month" }
        @if shown.is_empty() { p { "No visit is set." } }
        @for of_month in shown.chunk_by(|one, other| month(one) == month(other)) {
            @if let Some(first) = of_month.first() {
                h3.nhsuk-heading-s { (fmt::month(first.on.date())) " " (first.on.date().year()) }
            }
            ul.nhsuk-list.nhsuk-list--bullet {
                @for visit in of_month {
                    li {
                        (visit.on.long()) ": "
                        a.nhsuk-link href={ "/onsite/" (visit.organisation) "/" (visit.number) } { (visit.name) }
                        ", with " (visit.partner)
                        @if visit.is_cancelled { " (cancelled)" }
                    }
                }
            }
        }
        @if visits.len() > shown.len() { p { "Only the last " (ROWS_MAX) " of " (visits.len()) " are shown; the calendar has all." } }
    }
}

/// The way to a practice that may be asked, for who may ask.
fn find(desk: &Desk, viewer: &Viewer, asked: &str) -> Markup {
    let may = |code| viewer.may(REQUEST, code);
    let found = desk.common.roster.search(asked, FOUND_MAX, |code| may(code) && viewer.may(VIEW, code)).0;
    html! {
        @if desk.common.roster.count(may) > 0 {
            h2.nhsuk-heading-m { "Ask for an assessment" }
            (Form::get("/onsite").label("Find a practice").body(html! {
                (Field::new("q", "Name, code or postcode of the practice").width(Width::Characters(30)).value(asked).input(InputKind::Text))
                (Button::new("Find"))
            }))
            @if !asked.is_empty() && found.is_empty() { p { "No practice has “" (asked) "” in its name, or as the start of its code or postcode." } }
            ul.nhsuk-list {
                @for practice in &found { li { a.nhsuk-link href={ "/onsite/" (practice.code) } { (practice.shown_name()) " (" (practice.code) ")" } } }
            }
        }
    }
}

pub(super) async fn organisation(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let practice = desk.practice(&viewer, &code, &uri).await?;
    of_practice(&desk, &viewer, &practice, StatusCode::OK, &Fields::default(), Vec::new()).await
}

pub(super) async fn request(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(fields): FormBody<Fields>,
) -> Result<Response, Problem> {
    let practice = desk.common.practice(&code).await?;
    let giver = Giver::of_form(viewer.clone(), Some(fields.get("idempotency_key")))?;
    let given = async {
        let by = fields.code("by", "the organisation you act for")?;
        speaks_for(&giver, by)?;
        desk.request(&practice, &giver, by, fields.get("reason")).await.map_err(Problem::from)
    };
    match given.await {
        Ok((number, _)) => {
            Ok(Redirect::to(&format!("/onsite/{}/{number}?done=request", practice.code)).into_response())
        }
        Err(problem) if problem.status_code().is_server_error() => Err(problem),
        Err(problem) => {
            let (status, errors) = form_errors(problem);
            of_practice(&desk, &viewer, &practice, status, &fields, errors).await
        }
    }
}

async fn of_practice(
    desk: &Desk,
    viewer: &Viewer,
    practice: &Practice,
    status: StatusCode,
    fields: &Fields,
    errors: Vec<FieldError>,
) -> Result<Response, Problem> {
    let lines = lines_of(desk, viewer, Some(practice.code), Filter::default()).await?;
    let own: Vec<&OnsiteLine> = lines.iter().rev().collect();
    let body = html! {
        @if !practice.no_longer.is_empty() { (inset(html! { p { "This practice is " (practice.no_longer) "." } })) }
        (table(desk, "assessments", "On-site assessments, newest first", &own))
        @if viewer.may(REQUEST, practice.code) { (request_form(desk, viewer, practice, fields, &errors)) }
        p { a.nhsuk-link href={ "/api/v1/onsite/" (practice.code) } { "These assessments as data" } }
    };
    let page = in_the_list(viewer, page(desk, viewer, practice.shown_name()))
        .caption(format!("On-site assessments of practice {}", practice.code))
        .errors(errors)
        .body(body);
    Ok(page_response(status, page))
}

fn request_form(
    desk: &Desk,
    viewer: &Viewer,
    practice: &Practice,
    fields: &Fields,
    errors: &[FieldError],
) -> Markup {
    let of = |name: &str| FieldError::of(errors, name);
    let overseers = practice.overseers();
    let bodies = NHS_DIGITAL.parse().ok().into_iter().chain(overseers.bodies());
    let choices: Vec<Choice> = bodies
        .filter(|code| viewer.speaks_for(*code))
        .map(|code| Choice::new(code.to_string(), format!("{code} {}", desk.name_of(code))))
        .collect();
    html! {
        h2.nhsuk-heading-m { "Ask for an assessment" }
        @if choices.is_empty() {
            (inset(html! { p { "NHS Digital, or the practice’s commissioner or region (" (overseers.in_words()) "), asks for it." } }))
        } @else {
            (form_of(viewer, format!("/onsite/{}/request", practice.code)).body(html! {
                (Field::new("by", "Who asks?").error(of("by")).value(fields.get("by")).select(&choices))
                (Field::new("reason", "Why?").hint("The practice reads this").error(of("reason")).value(fields.get("reason")).textarea(3))
                (Button::new("Ask the practice"))
            }))
        }
    }
}
