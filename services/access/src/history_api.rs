//! Histories as JSON, CSV and pages.

use axum::{
    Json as AxumJson,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chassis::{
    Problem, Routes, Viewer,
    cursor::{self, Place},
    desk::unknown_organisation,
    http::{Path, Query},
    pages::{form_of, in_query, moment},
    sheet::{self, FileName},
};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{Day, OdsCode, PersonId, Position};
use serde::{Deserialize, Serialize};
use ui::components::{
    Button, ButtonKind, Cell, Column, Download, Field, Form, InputKind, Pager, Row, Table, details,
    downloads, lede,
};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::{
    Desk, Shared,
    actions::{MANAGE_ACCOUNTS, VIEW_DOORS, VIEW_HISTORY},
    history::{Entry, FieldChange, Filter, PAGE_ENTRIES, PAGE_ENTRIES_MAX, Page as Found, Part, Tale},
    pages::{page, respond},
};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(of_organisation, looks, of_actor, of_actor_at_the_doors, doors, event, any_event, record),
    tags((name = "history", description = "Who did what, when, and what it changed."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/api/v1/history/organisations/{code}", VIEW_HISTORY.of("code").sensitive(), of_organisation)
        .get("/api/v1/history/organisations/{code}/looks", VIEW_HISTORY.of("code"), looks)
        .get("/api/v1/history/actors/{actor}", VIEW_DOORS.here(), of_actor)
        .get("/api/v1/history/actors/{actor}/access", VIEW_DOORS.here(), of_actor_at_the_doors)
        .get("/api/v1/history/access", VIEW_DOORS.here(), doors)
        .get("/api/v1/history/access/{position}", VIEW_DOORS.here(), record)
        .get("/api/v1/history/events/{position}", VIEW_DOORS.here(), any_event)
        .get(
            "/api/v1/history/organisations/{code}/events/{position}",
            VIEW_HISTORY.of("code").sensitive(),
            event,
        )
        .get("/history/{code}", VIEW_HISTORY.of("code").sensitive(), organisation_page)
        .get("/history/actors/{actor}", VIEW_DOORS.here(), actor_page)
        .get("/access/records", VIEW_DOORS.here(), doors_page)
}

/// Which entries of a history.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Only about this requirement: one of the ten (`toolkit`, `continuity`, `onsite`, `suppliers`), or
    /// one of a toolkit, such as `14-117`.
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
    /// `json` (default) or `csv`. A CSV has all of them, not a page: one that breaks off is not complete.
    #[serde(default)]
    format: String,
}

/// Before which position of the log a page ends, newest first.
#[derive(Debug, Serialize, Deserialize)]
struct Before(Position);

impl Place for Before {
    const LIST: &'static str = "history";
}

/// A page of a history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryAnswer {
    /// How many entries there are with this filter.
    total: usize,
    /// This page of them.
    entries: Vec<Entry>,
    /// To be given as `cursor` for the next page; none on the last.
    next: Option<String>,
}

impl HistoryQuery {
    fn refuse(at: &str, detail: impl Into<String>) -> Problem {
        Problem::bad_input("a query parameter is wrong").at(at, detail)
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
        Ok(Filter {
            requirement: given(&self.requirement),
            what: given(&self.what),
            types: &[],
            actor: given(&self.actor),
            from: day("from", &self.from)?,
            to: day("to", &self.to)?,
        })
    }

    /// Which part of a history the page is.
    fn part(&self) -> Result<Part, Problem> {
        let limit =
            match self.limit.trim() {
                "" => PAGE_ENTRIES,
                text => text.parse().ok().filter(|limit| (1..=PAGE_ENTRIES_MAX).contains(limit)).ok_or_else(
                    || Self::refuse("limit", format!("not a number from 1 to {PAGE_ENTRIES_MAX}")),
                )?,
            };
        let before =
            cursor::read::<Before>(Some(&self.cursor))?.map_or(Position(u64::MAX), |before| before.0);
        Ok(Part { before, limit })
    }

    async fn found(&self, desk: &Desk, viewer: &Viewer, tale: &Tale) -> Result<Found, Problem> {
        let mut found = desk.history.page(tale, &self.filter()?, self.part()?).await?;
        found.entries.iter_mut().for_each(|entry| keep_to_what_they_may_see(viewer, tale, entry));
        Ok(found)
    }

    /// A page as JSON, or the whole as a CSV under a name.
    async fn answer(
        &self,
        desk: &Desk,
        viewer: Viewer,
        tale: Tale,
        what: &str,
        of: Option<OdsCode>,
    ) -> Result<Response, Problem> {
        match self.format.as_str() {
            "" | "json" => {
                let Found { total, entries, next } = self.found(desk, &viewer, &tale).await?;
                let next = next.map(|next| cursor::write(&Before(next))).transpose()?;
                Ok(AxumJson(HistoryAnswer { total, entries, next }).into_response())
            }
            "csv" => {
                let filter = self.filter()?;
                let index = desk.history.index_of(&tale);
                index.caught_up().await?;
                let name = FileName::new(what, index.position());
                let name = of.into_iter().fold(name, FileName::of);
                let name = match (filter.from, filter.to) {
                    // All of it, as it is today.
                    (None, None) => name.on(desk.clock.today()),
                    (from, to) => from.into_iter().chain(to).fold(name, FileName::on),
                };
                let entries = desk.history.clone().whole(tale.clone(), filter);
                let entries = entries.map_ok(move |mut entries| {
                    entries.iter_mut().for_each(|entry| keep_to_what_they_may_see(&viewer, &tale, entry));
                    entries
                });
                Ok(sheet::streamed(&name, Body::from_stream(csv_of(entries))))
            }
            _ => Err(Self::refuse("format", "neither json nor csv")),
        }
    }
}

/// What someone did is for those who watch the doors; what it says, comments and findings among it, is for those
/// alone who may read that. The access log holds no one's words but those of who ran the platform.
fn keep_to_what_they_may_see(viewer: &Viewer, tale: &Tale, entry: &mut Entry) {
    match tale {
        Tale::OfOrganisation(_) | Tale::ByActor(_) if !viewer.may_read(entry.content) => entry.withhold(),
        Tale::OfOrganisation(_) | Tale::ByActor(_) => {}
        Tale::LooksAt(_) | Tale::AtTheDoorsBy(_) | Tale::AtTheDoors => {}
    }
}

/// A history as a CSV while it is read: what comes after an error is missing, and the answer breaks off.
fn csv_of<E: std::error::Error + Send + Sync + 'static>(
    entries: impl Stream<Item = Result<Vec<Entry>, E>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    let heads = stream::once(async { Ok(Vec::new()) });
    heads.chain(entries).enumerate().map(|(number, entries)| {
        let written = match entries {
            Ok(_) if number == 0 => heads_row(),
            Ok(entries) => rows(&entries),
            Err(error) => {
                tracing::error!(%error, "a file with a history breaks off");
                return Err(std::io::Error::other(error));
            }
        };
        written.map(Bytes::from).map_err(std::io::Error::other)
    })
}

fn heads_row() -> Result<Vec<u8>, csv::Error> {
    let mut writer = sheet::writer();
    writer.write_record(HEADS)?;
    sheet::finish(writer)
}

const HEADS: [&str; 17] = [
    "position",
    "event_id",
    "recorded",
    "effective",
    "what",
    "organisation",
    "requirement",
    "edition",
    "actor",
    "role",
    "role_at",
    "on_behalf_of",
    "command_id",
    "request_id",
    "field",
    "from",
    "to",
];

/// One change a row; an entry that changed nothing has a row of its own.
fn rows(entries: &[Entry]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = sheet::writer();
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
            entry.edition.clone().unwrap_or_default(),
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
        Problem::bad_input("the address is wrong").at("code", error.to_string())
    })
}

/// The organisation of an address, where anything is known of it or on record.
async fn known_organisation(desk: &Desk, viewer: &Viewer, text: &str) -> Result<OdsCode, Problem> {
    let code = code_of(text)?;
    if viewer.holder().is_some_and(|holder| holder.organisation == code) || desk.access.knows(code) {
        return Ok(code);
    }
    let on_record = desk.history.page(&Tale::OfOrganisation(code), &Filter::default(), NEWEST).await?;
    if on_record.total > 0 { Ok(code) } else { Err(unknown_organisation(code)) }
}

/// What happened to an organisation, newest first: who did it, when, and what it changed from and to.
///
/// Who may call it: the organisation itself and who stands above it, NHS Digital, and administrators who
/// broke the glass.
#[utoipa::path(get, path = "/api/v1/history/organisations/{code}", tag = "history",
    params(("code" = String, Path, description = "the ODS code"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_organisation(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = known_organisation(&desk, &viewer, &code).await?;
    query.answer(&desk, viewer, Tale::OfOrganisation(code), "history", Some(code)).await
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
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = known_organisation(&desk, &viewer, &code).await?;
    query.answer(&desk, viewer, Tale::LooksAt(code), "history-views", Some(code)).await
}

/// What someone did, newest first: a person or the holder of an API key. What it changed of an
/// organisation is told to those alone who may see that organisation's history.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/actors/{actor}", tag = "history",
    params(("actor" = String, Path, description = "such as person:<id> or key:<id>"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_actor(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(actor): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    query.answer(&desk, viewer, Tale::ByActor(actor), "history-actor", None).await
}

/// The access log of one person or program, newest first: sign-ins, refusals, views and downloads.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/actors/{actor}/access", tag = "history",
    params(("actor" = String, Path, description = "such as person:<id> or key:<id>"), HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn of_actor_at_the_doors(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(actor): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    query.answer(&desk, viewer, Tale::AtTheDoorsBy(actor), "access-log-actor", None).await
}

/// Access log, newest first: keys issued and revoked, sign-ins, refusals, exports, looks
/// at what is sensitive.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/access", tag = "history",
    params(HistoryQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((HistoryAnswer = "application/json"), (String = "text/csv"))), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn doors(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    query.answer(&desk, viewer, Tale::AtTheDoors, "access-log", None).await
}

/// A record of the access log, as it was written.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/access/{position}", tag = "history",
    params(("position" = u64, Path)),
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn record(State(desk): State<Shared>, Path(position): Path<u64>) -> Result<Response, Problem> {
    let body = desk.history.record(Position(position)).await?;
    body.map(as_recorded).ok_or_else(|| Problem::not_found(format!("no record stands at {position}")))
}

/// An event of the event log, as it was recorded. One that is about an organisation is there for those
/// alone who may see that organisation's history.
///
/// Who may call it: administrators.
#[utoipa::path(get, path = "/api/v1/history/events/{position}", tag = "history",
    params(("position" = u64, Path)),
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn any_event(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(position): Path<u64>,
) -> Result<Response, Problem> {
    let found = desk.history.event(Position(position)).await?;
    found
        .filter(|(about, _)| about.is_none_or(|code| viewer.may(VIEW_HISTORY, code)))
        .and_then(|(_, body)| viewer.event_as_they_may_read(&body))
        .map(as_recorded)
        .ok_or_else(|| Problem::not_found(format!("no event that you may see stands at {position}")))
}

fn as_recorded(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// An event about an organisation, as it was recorded.
///
/// Who may call it: whoever may see the organisation's history.
#[utoipa::path(get, path = "/api/v1/history/organisations/{code}/events/{position}", tag = "history",
    params(("code" = String, Path, description = "the ODS code"), ("position" = u64, Path)),
    responses((status = 200, body = serde_json::Value), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn event(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, position)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let code = code_of(&code)?;
    let found = desk.history.event(Position(position)).await?;
    let body = found.filter(|(about, _)| *about == Some(code)).map(|(_, body)| body);
    match body.and_then(|body| viewer.event_as_they_may_read(&body)) {
        Some(body) => Ok(as_recorded(body)),
        None => Err(Problem::not_found(format!("no event about {code} stands at {position}"))),
    }
}

async fn organisation_page(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let code = known_organisation(&desk, &viewer, &code).await?;
    let done = query.found(&desk, &viewer, &Tale::OfOrganisation(code)).await?;
    let looks = desk.history.page(&Tale::LooksAt(code), &query.filter()?, NEWEST).await?;
    let hierarchy = desk.access.hierarchy();
    let name = hierarchy.name(code).map_or_else(|| code.to_string(), ui::fmt::name);
    let api = format!("/api/v1/history/organisations/{code}");
    let look = Look {
        viewer: &viewer,
        here: &format!("/history/{code}"),
        api: &api,
        events: &format!("{api}/events"),
    };
    let body = html! {
        (render(&query, done, Some(code), &look)?)
        h2.nhsuk-heading-m { "Who looked" }
        (looks_table(&looks.entries))
        (newest_of(&looks))
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
    let done = query.found(&desk, &viewer, &Tale::ByActor(actor.clone())).await?;
    let at_the_doors =
        desk.history.page(&Tale::AtTheDoorsBy(actor.clone()), &query.filter()?, NEWEST).await?;
    let here = format!("/history/actors/{actor}");
    let api = format!("/api/v1{here}");
    let look = Look { viewer: &viewer, here: &here, api: &api, events: ALL_EVENTS };
    let person = actor.strip_prefix("person:").and_then(|id| id.parse::<PersonId>().ok());
    let name = desk.name_of(&actor)?;
    let body = html! {
        @if let Some(name) = &name { (lede(html! { (name) })) }
        @if let Some(person) = person.filter(|_| viewer.may_here(MANAGE_ACCOUNTS)) {
            (form_of(&viewer, format!("/access/people/{person}/sign-out")).body(html! {
                (Button::new("Sign them out everywhere").kind(ButtonKind::Secondary))
            }))
        }
        (render(&query, done, None, &look)?)
        h2.nhsuk-heading-m { "Access log" }
        (table("doors", &at_the_doors.entries, None, &Look { events: ALL_RECORDS, ..look }))
        (newest_of(&at_the_doors))
        (downloads("their access log", &[
            Download::new("CSV", format!("{api}/access?{}format=csv", query.kept())),
        ]))
    };
    Ok(respond(StatusCode::OK, page(&viewer, "/access", "What someone did").caption(actor).body(body)))
}

async fn doors_page(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    let found = query.found(&desk, &viewer, &Tale::AtTheDoors).await?;
    let look = Look { viewer: &viewer, here: "/access/records", api: ALL_RECORDS, events: ALL_RECORDS };
    let body = render(&query, found, None, &look)?;
    Ok(respond(StatusCode::OK, page(&viewer, "/access", "Access log").body(body)))
}

/// The newest entries, as a table beside another history shows them.
const NEWEST: Part = Part { before: Position(u64::MAX), limit: PAGE_ENTRIES };

/// Where any event can be had by its position, and any record.
const ALL_EVENTS: &str = "/api/v1/history/events";
const ALL_RECORDS: &str = "/api/v1/history/access";

/// Who looks at a history, and where what it tells of is to be had.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    viewer: &'a Viewer,
    /// The page.
    here: &'a str,
    /// The same as JSON and CSV.
    api: &'a str,
    /// What, with a slash and its position, is the address of an entry's event.
    events: &'a str,
}

/// Says that a table has the newest entries alone, where there are more.
fn newest_of(found: &Found) -> Markup {
    html! {
        @if found.next.is_some() {
            p { "The newest " (found.entries.len()) " of " (ui::fmt::count(found.total as u64, "entry", "entries")) "; the file has all of them." }
        }
    }
}

fn render(
    query: &HistoryQuery,
    found: Found,
    of: Option<OdsCode>,
    look: &Look<'_>,
) -> Result<Markup, Problem> {
    let Look { here, api, .. } = look;
    let kept = query.kept();
    let next = found.next.map(|next| cursor::write(&Before(next))).transpose()?;
    let next = next.map(|next| format!("{here}?{kept}cursor={next}"));
    let count = ui::fmt::count(found.total as u64, "entry", "entries");
    let choose = Form::get(*here).label("Choose what to show").body(html! {
            @if of.is_some() {
                (Field::new("requirement", "About the requirement").hint("For example continuity, or a requirement of a toolkit such as 14-117").value(query.requirement.clone()).input(InputKind::Text))
            }
            (Field::new("what", "What happened").hint("A word of it, such as published or refused").value(query.what.clone()).input(InputKind::Text))
            (Field::new("from", "From").value(query.from.clone()).input(InputKind::Date))
            (Field::new("to", "To").value(query.to.clone()).input(InputKind::Date))
            (Button::new("Show"))
        });
    Ok(html! {
        (lede(html! { strong { (count) } @if kept.is_empty() { ", newest first." } @else { " of what was chosen, newest first." } }))
        (details("Choose what to show", choose))
        (table("history", &found.entries, of, look))
        (Pager { previous: None, next, summary: format!("{} of {} entries", found.entries.len(), found.total) }.render())
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
    match kind.rsplit('.').nth(1).unwrap_or(kind) {
        "glass-broken" => "Emergency access opened".to_owned(),
        "glass-closed" => "Emergency access ended".to_owned(),
        "glass-seen" => "Notices of access seen".to_owned(),
        "sensitive-read" => "Viewed".to_owned(),
        name => in_words(name),
    }
}

/// `Answer level` of `answer.level`: a name in words.
fn in_words(name: &str) -> String {
    let words = name.replace(['.', '_', '-'], " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Who looked at what is an organisation's own.
fn looks_table(looks: &[Entry]) -> Markup {
    let row = |look: &Entry| {
        let who = match (look.role, look.at) {
            (Some(role), Some(at)) => format!("{}, {at}", role.words()),
            _ => actor_in_words(&look.actor),
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
        let more = look.changes.iter().find_map(how_many_more);
        let what = more.into_iter().fold(what, |what, more| format!("{what}, {more}"));
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
    .empty("No one is on record.")
    .render()
}

/// `and 4,312 more in the same minute`, of a record of those that were not recorded one by one.
fn how_many_more(change: &FieldChange) -> Option<String> {
    let more = change.to.as_deref().filter(|_| change.field == "more")?.parse().ok()?;
    Some(format!("and {} more in the same minute", ui::fmt::thousands(more)))
}

/// The most characters of a value on a page; the files and the event have it whole.
const VALUE_MAX_CHARS: usize = 300;

/// Who did something of whom no role is recorded.
fn actor_in_words(actor: &str) -> String {
    match actor.split_once(':') {
        Some(("system", part)) => format!("the platform ({})", part.replace('-', " ")),
        Some(("key", _)) => "an API key".to_owned(),
        Some(("person", _)) => "a person".to_owned(),
        _ => actor.to_owned(),
    }
}

/// A value as people write it: a date in words, a name of the API without its hyphens, yes and no.
fn shown(value: &str) -> String {
    if let Ok(day) = value.parse::<Day>() {
        return day.long();
    }
    if let Ok(time) = value.parse::<Timestamp>() {
        return moment(time);
    }
    match value {
        "true" => return "yes".to_owned(),
        "false" => return "no".to_owned(),
        _ => {}
    }
    if is_name_of_the_api(value) {
        return value.replace('-', " ");
    }
    if value.chars().count() <= VALUE_MAX_CHARS {
        return value.to_owned();
    }
    value.chars().take(VALUE_MAX_CHARS).chain(['…']).collect()
}

/// Whether a value is one of a few that stand for words, such as `targets-kept`: words of lower-case letters with
/// hyphens between. Ids have digits.
fn is_name_of_the_api(value: &str) -> bool {
    value.contains('-')
        && value
            .split('-')
            .all(|word| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase()))
}

fn table(id: &str, entries: &[Entry], of: Option<OdsCode>, look: &Look<'_>) -> Markup {
    let may_follow_actors = look.viewer.may_here(VIEW_DOORS);
    let row = |entry: &Entry| {
        let who = match (entry.role, entry.at) {
            (Some(role), Some(at)) => format!("{}, {at}", role.words()),
            _ => actor_in_words(&entry.actor),
        };
        // An event of an organisation is there for those who may see its history.
        let leads = of.is_some()
            || look.events != ALL_EVENTS
            || entry.organisation.is_none_or(|code| look.viewer.may(VIEW_HISTORY, code));
        Row::new([
            Cell::from(html! {
                @if leads {
                    a.nhsuk-link href={ (look.events) "/" (entry.position) } { (title(&entry.what)) }
                } @else { (title(&entry.what)) }
                @if let Some(requirement) = &entry.requirement { " " (requirement) }
                @if let Some(edition) = &entry.edition { ", " (edition) }
                @if let Some(code) = entry.organisation.filter(|code| of != Some(*code)) { " (" (code) ")" }
            }),
            Cell::from(html! {
                (moment(entry.time))
                @if entry.effective != Day::in_london(entry.time) { ", of " (ui::fmt::day(entry.effective.date())) }
            }),
            Cell::from(html! {
                @if may_follow_actors && !entry.actor.starts_with("system:") {
                    a.nhsuk-link href={ "/history/actors/" (entry.actor) } { (who) }
                } @else { (who) }
                // Who knocks acts for no one: what a record is about stands beside what happened.
                @if let Some(other) = entry.on_behalf_of.filter(|_| !entry.what.starts_with("oversight.access.")) {
                    " on behalf of " (other)
                }
            }),
            Cell::from(html! {
                @for change in &entry.changes {
                    @if let Some(more) = how_many_more(change) { div { (more) } } @else { div {
                        (in_words(&change.field)) ": "
                        @if let Some(from) = &change.from { del { (shown(from)) } " " }
                        @if let Some(to) = &change.to { (shown(to)) } @else { "(nothing)" }
                    } }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_people_write_them() {
        for (value, expected) in [
            ("2018-08-25", "25 August 2018"),
            ("targets-kept", "targets kept"),
            ("runs-out", "runs out"),
            ("true", "yes"),
            ("A81001", "A81001"),
            ("14-319", "14-319"),
            ("dspt-2018-19", "dspt-2018-19"),
            ("Look-up of cases", "Look-up of cases"),
            ("a56e5c18-638a-4b27-9d2b-3a1c8d1c5a10", "a56e5c18-638a-4b27-9d2b-3a1c8d1c5a10"),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
        assert_eq!(shown(&"x".repeat(400)).chars().count(), VALUE_MAX_CHARS + 1);
        let change =
            |field: &str| FieldChange { field: field.to_owned(), from: None, to: Some("4312".to_owned()) };
        assert_eq!(how_many_more(&change("more")).as_deref(), Some("and 4,312 more in the same minute"));
        assert_eq!(how_many_more(&change("percentage")), None);
        assert_eq!(title("oversight.access.glass-broken.v1"), "Emergency access opened");
        assert_eq!(actor_in_words("system:synthetic-england"), "the platform (synthetic england)");
    }
}
