//! Histories as JSON, CSV and pages.

use axum::{
    Json as AxumJson,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, Routes, Viewer,
    http::{Path, Query},
    pages::{form_of, in_query},
    sheet,
};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{Day, LONDON, OdsCode, PersonId, Position};
use serde::{Deserialize, Serialize};
use ui::components::{
    Button, ButtonKind, Cell, Column, Download, Field, Form, InputKind, Pager, Row, Table, details,
    downloads, lede,
};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    Shared,
    actions::{MANAGE_ACCOUNTS, VIEW_DOORS, VIEW_HISTORY},
    history::{Entry, Filter, PAGE_ENTRIES, PAGE_ENTRIES_MAX},
    pages::{page, respond},
};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(of_organisation, looks, of_actor, doors, event),
    tags((name = "history", description = "Who did what, when, and what it changed."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/api/v1/history/organisations/{code}", VIEW_HISTORY.of("code").sensitive(), of_organisation)
        .get("/api/v1/history/organisations/{code}/looks", VIEW_HISTORY.of("code"), looks)
        .get("/api/v1/history/actors/{actor}", VIEW_DOORS.here(), of_actor)
        .get("/api/v1/history/access", VIEW_DOORS.here(), doors)
        .get("/api/v1/history/events/{code}/{position}", VIEW_HISTORY.of("code").sensitive(), event)
        .get("/history/{code}", VIEW_HISTORY.of("code").sensitive(), organisation_page)
        .get("/history/actors/{actor}", VIEW_DOORS.here(), actor_page)
        .get("/access/records", VIEW_DOORS.here(), doors_page)
}

/// Which entries of a history.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Only about this requirement, such as `14-117`.
    #[serde(default)]
    requirement: String,
    /// Only where the type of the event contains this, such as `published`.
    #[serde(default)]
    what: String,
    /// Only by this actor, such as `person:<id>`.
    #[serde(default)]
    actor: String,
    /// Only recorded on or after this day, `yyyy-mm-dd`, London.
    #[serde(default)]
    from: String,
    /// Only recorded up to the end of this day, London.
    #[serde(default)]
    to: String,
    /// The `next` of the page before.
    #[serde(default)]
    cursor: String,
    /// Entries of a page, 1 to 500; 50 unless given.
    #[serde(default)]
    limit: String,
    /// `json` (default) or `csv`; a CSV has all of them.
    #[serde(default)]
    format: String,
}

/// A page of a history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryAnswer {
    /// How many entries there are with this filter.
    total: usize,
    /// This page of them.
    entries: Vec<Entry>,
    /// To be given as `cursor` for the next page; none on the last.
    #[schema(value_type = Option<u64>)]
    next: Option<Position>,
}

impl HistoryQuery {
    fn refuse(at: &str, detail: impl Into<String>) -> Problem {
        Problem::bad_input("a query parameter is not as accepted").at(at, detail)
    }

    fn filter(&self) -> Result<Filter, Problem> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |at: &str, text: &str| -> Result<Option<Day>, Problem> {
            given(text)
                .map(|text| {
                    Day::parse_any(&text)
                        .map_err(|error: proto::codes::CodeError| Self::refuse(at, error.to_string()))
                })
                .transpose()
        };
        // A day begins where the one before it ends.
        let from = day("from", &self.from)?.map(|day| day.plus_days(-1).end_in_london());
        let until = day("to", &self.to)?.map(|day| day.end_in_london());
        Ok(Filter {
            requirement: given(&self.requirement),
            what: given(&self.what),
            actor: given(&self.actor),
            from,
            until,
        })
    }

    /// One page of the entries.
    fn page(&self, entries: Vec<Entry>) -> Result<HistoryAnswer, Problem> {
        let limit =
            match self.limit.trim() {
                "" => PAGE_ENTRIES,
                text => text.parse().ok().filter(|limit| (1..=PAGE_ENTRIES_MAX).contains(limit)).ok_or_else(
                    || Self::refuse("limit", format!("not a number from 1 to {PAGE_ENTRIES_MAX}")),
                )?,
            };
        let before = match self.cursor.trim() {
            "" => u64::MAX,
            text => text.parse().map_err(|_| Self::refuse("cursor", "not the `next` of a page"))?,
        };
        let total = entries.len();
        let mut rest = entries.into_iter().filter(|entry| entry.position.0 < before);
        let entries: Vec<Entry> = rest.by_ref().take(limit).collect();
        let next = rest.next().and(entries.last().map(|entry| entry.position));
        Ok(HistoryAnswer { total, entries, next })
    }

    fn answer(&self, name: &str, entries: Vec<Entry>) -> Result<Response, Problem> {
        match self.format.as_str() {
            "" | "json" => Ok(AxumJson(self.page(entries)?).into_response()),
            "csv" => sheet::answer(&format!("history-{name}.csv"), csv(&entries)),
            _ => Err(Self::refuse("format", "neither json nor csv")),
        }
    }
}

/// One change a row; an entry that changed nothing has a row of its own.
fn csv(entries: &[Entry]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = sheet::writer();
    writer.write_record([
        "position",
        "event_id",
        "recorded",
        "effective",
        "what",
        "organisation",
        "requirement",
        "actor",
        "role",
        "role_at",
        "on_behalf_of",
        "command_id",
        "request_id",
        "field",
        "from",
        "to",
    ])?;
    let text = |value: Option<&dyn ToString>| value.map(ToString::to_string).unwrap_or_default();
    for entry in entries {
        let head = [
            entry.position.to_string(),
            entry.id.to_string(),
            entry.time.to_string(),
            entry.effective.to_string(),
            entry.what.clone(),
            text(entry.organisation.as_ref().map(|code| code as _)),
            entry.requirement.clone().unwrap_or_default(),
            entry.actor.clone(),
            text(entry.role.as_ref().map(|role| role as _)),
            text(entry.at.as_ref().map(|code| code as _)),
            text(entry.on_behalf_of.as_ref().map(|code| code as _)),
            text(entry.command.as_ref().map(|id| id as _)),
            text(entry.request.as_ref().map(|id| id as _)),
        ];
        let nothing = [[String::new(), String::new(), String::new()]];
        let changes: Vec<[String; 3]> = entry
            .changes
            .iter()
            .map(|change| {
                [
                    change.field.clone(),
                    change.from.clone().unwrap_or_default(),
                    change.to.clone().unwrap_or_default(),
                ]
            })
            .collect();
        for change in if changes.is_empty() { &nothing[..] } else { &changes[..] } {
            let row = head.iter().chain(change).map(|text| sheet::harmless(text).into_owned());
            writer.write_record(row)?;
        }
    }
    sheet::finish(writer)
}

fn code_of(text: &str) -> Result<OdsCode, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("the address is not as accepted").at("code", error.to_string())
    })
}

/// What happened to an organisation, newest first: who did it, when, and what it changed from and to.
///
/// Who may call it: the organisation itself and who stands above it, NHS Digital and administrators.
#[utoipa::path(get, path = "/api/v1/history/organisations/{code}", tag = "history",
    params(("code" = String, Path, description = "the ODS code"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_organisation(
    State(desk): State<Shared>,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = code_of(&code)?;
    let entries = desk.history.of_organisation(code, &query.filter()?).await?;
    query.answer(code.as_str(), entries)
}

/// Who looked at what is an organisation's own, took it away as a file, or broke the glass to see it,
/// newest first.
///
/// Who may call it: whoever may see the organisation's history.
#[utoipa::path(get, path = "/api/v1/history/organisations/{code}/looks", tag = "history",
    params(("code" = String, Path, description = "the ODS code"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn looks(
    State(desk): State<Shared>,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = code_of(&code)?;
    let entries = desk.history.looks_at(code, &query.filter()?).await?;
    query.answer(&format!("{code}-looks"), entries)
}

/// What somebody did, newest first: a person or the holder of an API key.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/actors/{actor}", tag = "history",
    params(("actor" = String, Path, description = "such as person:<id> or key:<id>"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_actor(
    State(desk): State<Shared>,
    Path(actor): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let entries = desk.history.by_actor(&actor, &query.filter()?).await?;
    query.answer("actor", entries)
}

/// What happened at the doors, newest first: keys issued and revoked, sign-ins, refusals, exports, looks
/// at what is sensitive.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/access", tag = "history",
    params(HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn doors(State(desk): State<Shared>, Query(query): Query<HistoryQuery>) -> Result<Response, Problem> {
    let entries = desk.history.at_the_doors(&query.filter()?).await?;
    query.answer("access", entries)
}

/// An event about an organisation, as it was recorded.
///
/// Who may call it: whoever may see the organisation's history.
#[utoipa::path(get, path = "/api/v1/history/events/{code}/{position}", tag = "history",
    params(("code" = String, Path, description = "the ODS code"), ("position" = u64, Path)),
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn event(
    State(desk): State<Shared>,
    Path((code, position)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let code = code_of(&code)?;
    let found = desk.history.event(Position(position)).await?;
    match found.filter(|(about, _)| *about == Some(code)) {
        Some((_, body)) => Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response()),
        None => Err(Problem::not_found(format!("no event about {code} stands at {position}"))),
    }
}

async fn organisation_page(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = code_of(&code)?;
    let filter = query.filter()?;
    let entries = desk.history.of_organisation(code, &filter).await?;
    let looks = desk.history.looks_at(code, &filter).await?;
    let hierarchy = desk.access.hierarchy();
    let name = hierarchy.name(code).map_or_else(|| code.to_string(), ui::fmt::name);
    let api = format!("/api/v1/history/organisations/{code}");
    let done = render(&query, &format!("/history/{code}"), &api, Some(code), entries, &viewer)?;
    let body = html! {
        (done)
        h2.nhsuk-heading-m { "Who looked" }
        (looks_table(&looks[..looks.len().min(PAGE_ENTRIES)]))
        (downloads("who looked", &[Download::new("CSV", format!("{api}/looks?{}format=csv", query.kept()))]))
    };
    let page = page(&viewer, "", "What happened").caption(format!("{name} ({code})")).body(body);
    Ok(respond(StatusCode::OK, page))
}

async fn actor_page(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(actor): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter()?;
    let entries = desk.history.by_actor(&actor, &filter).await?;
    let at_the_doors = desk.history.at_the_doors_by(&actor, &filter).await?;
    let here = format!("/history/actors/{actor}");
    let done = render(&query, &here, &format!("/api/v1{here}"), None, entries, &viewer)?;
    let person = actor.strip_prefix("person:").and_then(|id| id.parse::<PersonId>().ok());
    let body = html! {
        @if let Some(person) = person.filter(|_| viewer.may_here(MANAGE_ACCOUNTS)) {
            (form_of(&viewer, format!("/access/people/{person}/sign-out")).body(html! {
                (Button::new("Sign them out everywhere").kind(ButtonKind::Secondary))
            }))
        }
        (done)
        h2.nhsuk-heading-m { "At the doors" }
        (table("doors", &at_the_doors, &viewer, None))
    };
    Ok(respond(StatusCode::OK, page(&viewer, "/access", "What somebody did").caption(actor).body(body)))
}

async fn doors_page(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let entries = desk.history.at_the_doors(&query.filter()?).await?;
    let body = render(&query, "/access/records", "/api/v1/history/access", None, entries, &viewer)?;
    Ok(respond(StatusCode::OK, page(&viewer, "/access", "At the doors").body(body)))
}

fn render(
    query: &HistoryQuery,
    here: &str,
    api: &str,
    of: Option<OdsCode>,
    entries: Vec<Entry>,
    viewer: &Viewer,
) -> Result<Markup, Problem> {
    let answer = query.page(entries)?;
    let kept = query.kept();
    let next = answer.next.map(|next| format!("{here}?{kept}cursor={next}"));
    let count = ui::fmt::count(answer.total as u64, "entry", "entries");
    let choose = Form::get(here).label("Choose what to show").body(html! {
            @if of.is_some() {
                (Field::new("requirement", "About the requirement").hint("Such as 14-117").value(query.requirement.clone()).input(InputKind::Text))
            }
            (Field::new("what", "What happened").hint("A word of it, such as published or refused").value(query.what.clone()).input(InputKind::Text))
            (Field::new("from", "From").value(query.from.clone()).input(InputKind::Date))
            (Field::new("to", "To").value(query.to.clone()).input(InputKind::Date))
            (Button::new("Show"))
        });
    Ok(html! {
        (lede(html! { strong { (count) } @if kept.is_empty() { ", newest first." } @else { " of what was chosen, newest first." } }))
        (details("Choose what to show", choose))
        (table("history", &answer.entries, viewer, of))
        (Pager { previous: None, next, summary: format!("{} of {} entries", answer.entries.len(), answer.total) }.render())
        (downloads("these entries", &[
            Download::new("CSV", format!("{api}?{kept}format=csv")),
            Download::new("JSON", format!("{api}?{kept}limit={PAGE_ENTRIES_MAX}")),
        ]))
    })
}

impl HistoryQuery {
    /// The filter as the beginning of a query.
    fn kept(&self) -> String {
        let fields = [
            ("requirement", &self.requirement),
            ("what", &self.what),
            ("actor", &self.actor),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let mut kept = String::new();
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            kept.push_str(&format!("{name}={}&", in_query(value)));
        }
        kept
    }
}

/// `Requirement answered` of `oversight.assessments.requirement-answered.v1`.
fn title(kind: &str) -> String {
    let words = kind.rsplit('.').nth(1).unwrap_or(kind).replace('-', " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn moment(time: Timestamp) -> String {
    time.to_zoned(LONDON.clone()).strftime("%-d %B %Y, %-I:%M%P").to_string()
}

/// Who looked at what is an organisation's own.
fn looks_table(looks: &[Entry]) -> Markup {
    let row = |look: &Entry| {
        let who = match (look.role, look.at) {
            (Some(role), Some(at)) => format!("{}, {at}", role.words()),
            _ => look.actor.clone(),
        };
        let said = |field: &str| {
            let change = look.changes.iter().find(|change| change.field == field);
            change.and_then(|change| change.to.clone()).unwrap_or_default()
        };
        let what = match (said("reason"), said("address")) {
            (reason, _) if !reason.is_empty() => reason,
            (_, address) if !address.is_empty() => address,
            _ => said("action"),
        };
        Row::new([
            Cell::text(title(&look.what)),
            Cell::text(moment(look.time)),
            Cell::text(who),
            Cell::text(look.actor.clone()),
            Cell::text(what),
        ])
    };
    Table::new(
        "looks",
        "People and programs of other organisations, newest first; of your own, files taken away",
    )
    .column(Column::text("What"))
    .column(Column::text("When"))
    .column(Column::text("Who"))
    .column(Column::text("Under which id"))
    .column(Column::text("What they looked at, or why"))
    .rows(looks.iter().map(row))
    .empty("Nobody is on record.")
    .render()
}

fn table(id: &str, entries: &[Entry], viewer: &Viewer, of: Option<OdsCode>) -> Markup {
    let may_follow_actors = viewer.may_here(VIEW_DOORS);
    let row = |entry: &Entry| {
        let who = match (entry.role, entry.at) {
            (Some(role), Some(at)) => format!("{}, {at}", role.words()),
            _ => entry.actor.clone(),
        };
        Row::new([
            Cell::from(html! {
                @match of {
                    Some(code) => { a.nhsuk-link href={ "/api/v1/history/events/" (code) "/" (entry.position) } { (title(&entry.what)) } }
                    None => { (title(&entry.what)) }
                }
                @if let Some(requirement) = &entry.requirement { " " (requirement) }
                @if let Some(code) = entry.organisation.filter(|code| of != Some(*code)) { " (" (code) ")" }
            }),
            Cell::text(moment(entry.time)),
            Cell::from(html! {
                @if may_follow_actors && !entry.actor.starts_with("system:") {
                    a.nhsuk-link href={ "/history/actors/" (entry.actor) } { (who) }
                } @else { (who) }
                @if let Some(other) = entry.on_behalf_of { " on behalf of " (other) }
            }),
            Cell::from(html! {
                @for change in &entry.changes {
                    div {
                        (change.field) ": "
                        @if let Some(from) = &change.from { del { (from) } " " }
                        @if let Some(to) = &change.to { (to) } @else { "(nothing)" }
                    }
                }
            }),
        ])
    };
    Table::new(id, "Newest first")
        .column(Column::text("What"))
        .column(Column::text("When"))
        .column(Column::text("Who"))
        .column(Column::text("What it changed"))
        .rows(entries.iter().map(row))
        .empty("Nothing is recorded.")
        .render()
}
