//! The JSON and CSV addresses under `/api/v1`.
//!
//! Access: until access control lands, whoever can reach the loopback address may read everything
//! here; nothing here is personal.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use chassis::{
    Clock, Problem,
    http::{Path, Query},
    log::Log,
    task::Tasks,
};
use jiff::Timestamp;
use proto::{Day, Header, OdsCode};
use quick_cache::sync::Cache as QuickCache;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi};

use crate::{
    answers::{self, Asked, PAGE_ROWS, PAGE_ROWS_MAX, Sort, TREND_MAX_DAYS},
    board::{Area, AreaKind, Board, Footprint, Practice},
    digest,
    lower::{self, LowerAnswer, LowerSort},
    store::Store,
    timeline::Status,
    views::{Served, Views},
};

/// How many prepared answers are kept.
const PREPARED_MAX: usize = 8_192;

/// What the handlers share.
#[derive(Debug)]
pub struct Shared {
    /// The views.
    pub views: Arc<Views>,
    /// The log, for the events behind a status and for folding anew.
    pub log: Log,
    /// The clock.
    pub clock: Clock,
    /// The snapshots.
    pub store: Store,
    /// Background work.
    pub tasks: Tasks,
    prepared: QuickCache<PreparedKey, Bytes>,
}

/// An answer is prepared once for a board, an area, a day and a footprint.
type PreparedKey = (u64, u64, OdsCode, Day, Footprint);

impl Shared {
    /// What the handlers share.
    pub fn new(views: Arc<Views>, log: Log, clock: Clock, store: Store, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self { views, log, clock, store, tasks, prepared: QuickCache::new(PREPARED_MAX) })
    }
}

/// Which day, known when, by which membership. All optional.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhenQuery {
    /// The day, `yyyy-mm-dd`, past or future. Default: today in London; over synthetic data the
    /// last day it reaches.
    pub at: Option<String>,
    /// As known at this moment: a day (its end, London) or an RFC 3339 time. Default: now.
    pub known: Option<String>,
    /// `then`: members as they were on the day (default); `now`: members as they are today.
    pub footprint: Option<String>,
}

/// A question after its parameters were read.
#[derive(Debug, Clone)]
pub struct When {
    /// What is served.
    pub(crate) served: Arc<Served>,
    known_board: Option<Arc<Board>>,
    /// The day.
    pub at: Day,
    /// The membership.
    pub footprint: Footprint,
    /// The moment whose knowledge is asked for.
    pub known: Option<Timestamp>,
}

impl When {
    /// Reads the parameters.
    pub async fn read(shared: &Arc<Shared>, query: &WhenQuery) -> Result<Self, Problem> {
        let served = shared.views.served();
        let at = match query.at.as_deref().filter(|at| !at.is_empty()) {
            None => default_day(&served.board),
            Some(text) => day("at", text)?,
        };
        let footprint = match query.footprint.as_deref() {
            None | Some("" | "then") => Footprint::Then,
            Some("now") => Footprint::Now,
            Some(other) => {
                return Err(Problem::bad_input("a query parameter is not as accepted")
                    .at("footprint", format!("“{}” is neither then nor now", cut(other))));
            }
        };
        let known = query.known.as_deref().filter(|known| !known.is_empty()).map(instant).transpose()?;
        let known_board = match known {
            None => None,
            Some(instant) => {
                let views = shared.views.clone();
                let board = tokio::task::spawn_blocking(move || views.known_at(instant)).await;
                Some(board.map_err(|_| Problem::internal())?)
            }
        };
        Ok(Self { served, known_board, at, footprint, known })
    }

    /// The board asked.
    pub fn board(&self) -> &Board {
        self.known_board.as_deref().unwrap_or(&self.served.board)
    }

    /// The question.
    pub fn asked(&self) -> Asked<'_> {
        Asked { board: self.board(), at: self.at, footprint: self.footprint, known: self.known }
    }

    /// The area of a code.
    pub fn area(&self, code: &str) -> Result<&Arc<Area>, Problem> {
        let code = ods_code(code)?;
        self.board().area(code).ok_or_else(|| {
            Problem::not_found(format!(
                "no area has the code {code}; England is ENG, others have the code of their region, local office or CCG"
            ))
        })
    }

    /// The practice of a code.
    pub fn practice(&self, code: &str) -> Result<&Arc<Practice>, Problem> {
        let code = ods_code(code)?;
        self.board()
            .practice(code)
            .ok_or_else(|| Problem::not_found(format!("no practice has the code {code}")))
    }
}

/// The day shown when none is asked for: today; over synthetic data the last day it reaches, since
/// its year lies in the past.
pub fn default_day(board: &Board) -> Day {
    board.facts.synthetic_to.map_or(board.today, |to| to.min(board.today))
}

pub(crate) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(crate) fn ods_code(text: &str) -> Result<OdsCode, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("the address is not as accepted").at("code", error.to_string())
    })
}

pub(crate) fn day(parameter: &str, text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("a query parameter is not as accepted").at(parameter, error.to_string())
    })
}

pub(crate) fn instant(text: &str) -> Result<Timestamp, Problem> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(day.end_in_london());
    }
    text.parse().map_err(|_| {
        Problem::bad_input("a query parameter is not as accepted").at(
            "known",
            format!(
                "“{}” is neither a day (yyyy-mm-dd) nor an RFC 3339 time such as 2019-03-31T12:00:00Z",
                cut(text)
            ),
        )
    })
}

/// A JSON body.
pub fn json_response(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

fn json<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })
}

/// An area on a day: counts by requirement and status, with the members next below.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or CCG"), WhenQuery),
    responses((status = 200, body = answers::AreaAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn area(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
) -> Result<Response, Problem> {
    let when = When::read(&shared, &query).await?;
    let area = when.area(&code)?;
    // Answers that many people read are kept as they go out.
    let key = when.known.is_none().then(|| {
        let position = when.board().facts.read_to.map_or(0, |read| read.position.0);
        (when.served.generation, position, area.code, when.at, when.footprint)
    });
    if let Some(body) = key.as_ref().and_then(|key| shared.prepared.get(key)) {
        return Ok(json_response(body));
    }
    let body = json(&answers::area(&when.asked(), area))?;
    if let Some(key) = key {
        shared.prepared.insert(key, body.clone());
    }
    Ok(json_response(body))
}

/// How practices are listed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PracticesQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    pub footprint: Option<String>,
    /// Only practices with this status: `met`, `partly-met`, `not-met`, `no-evidence` or `not-applicable`.
    pub status: Option<String>,
    /// `attention` (default), `code`, `name`, `patients`, `since` or `ccg`.
    pub sort: Option<String>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Rows of a page, 1 to 500; 50 unless given.
    pub limit: Option<String>,
    /// `json` (default) or `csv`; a CSV has all rows.
    pub format: Option<String>,
}

/// The filter and order of a list of practices.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Only this status.
    pub status: Option<Status>,
    /// The order.
    pub sort: Sort,
    /// Behind this practice.
    pub cursor: Option<OdsCode>,
    /// Rows of a page.
    pub limit: usize,
}

impl PracticesQuery {
    /// Which day, known when, by which membership.
    pub fn when(&self) -> WhenQuery {
        WhenQuery { at: self.at.clone(), known: self.known.clone(), footprint: self.footprint.clone() }
    }

    /// The filter and order.
    pub fn listing(&self) -> Result<Listing, Problem> {
        let refuse = |at: &str, detail: String| {
            Problem::bad_input("a query parameter is not as accepted").at(at, detail)
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let status = given(&self.status)
            .map(|slug| {
                Status::from_slug(&slug).ok_or_else(|| {
                    let accepted: Vec<&str> = Status::ALL.iter().map(|status| status.slug()).collect();
                    refuse("status", format!("“{}” is none of {}", cut(&slug), accepted.join(", ")))
                })
            })
            .transpose()?;
        let sort = given(&self.sort)
            .map(|name| {
                Sort::ALL.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort).ok_or_else(|| {
                    let accepted: Vec<&str> = Sort::ALL.iter().map(|(name, _)| *name).collect();
                    refuse("sort", format!("“{}” is none of {}", cut(&name), accepted.join(", ")))
                })
            })
            .transpose()?
            .unwrap_or_default();
        let cursor = given(&self.cursor)
            .map(|code| {
                code.parse().map_err(|error: proto::codes::CodeError| refuse("cursor", error.to_string()))
            })
            .transpose()?;
        let limit = match given(&self.limit) {
            None => PAGE_ROWS,
            Some(text) => {
                text.parse::<usize>().ok().filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit)).ok_or_else(
                    || refuse("limit", format!("“{}” is no number from 1 to {PAGE_ROWS_MAX}", cut(&text))),
                )?
            }
        };
        Ok(Listing { status, sort, cursor, limit })
    }
}

/// One page of a sorted list: the rows behind the cursor, and the cursor of the next page.
pub fn page<'a>(
    rows: &[&'a Practice],
    listing: &Listing,
) -> Result<(Vec<&'a Practice>, Option<OdsCode>), Problem> {
    let start = match listing.cursor {
        None => 0,
        Some(cursor) => rows.iter().position(|row| row.code == cursor).map(|at| at + 1).ok_or_else(|| {
            Problem::bad_input(
                "the list no longer holds the practice the cursor points at; begin again without a cursor",
            )
            .at("cursor", cursor.to_string())
        })?,
    };
    let end = rows.len().min(start + listing.limit);
    let shown = rows.get(start..end).unwrap_or_default().to_vec();
    let next = (end < rows.len()).then(|| shown.last().map(|last| last.code)).flatten();
    Ok((shown, next))
}

/// The practices of an area on a day: by page, filtered and sorted, or all of them as CSV.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/practices", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or CCG"), PracticesQuery),
    responses((status = 200, body = answers::PracticesAnswer, description = "JSON, or text/csv with format=csv"), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn practices(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<PracticesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let listing = query.listing()?;
    let when = When::read(&shared, &query.when()).await?;
    let area = when.area(&code)?;
    let asked = when.asked();
    let rows = answers::practices(&asked, area, listing.status, listing.sort);
    let accepts_csv = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept == "text/csv");
    match query.format.as_deref() {
        Some("csv") => return csv_response(&asked, area, &rows),
        Some("json") => {}
        None | Some("") if accepts_csv => return csv_response(&asked, area, &rows),
        None | Some("") => {}
        Some(other) => {
            return Err(Problem::bad_input("a query parameter is not as accepted")
                .at("format", format!("“{}” is neither json nor csv", cut(other))));
        }
    }
    let total = rows.len();
    let (shown, next) = page(&rows, &listing)?;
    let answer = answers::PracticesAnswer {
        body: answers::named(area),
        basis: asked.basis(),
        total,
        practices: shown.into_iter().map(|practice| answers::practice_row(&asked, practice)).collect(),
        next,
    };
    Ok(json_response(json(&answer)?))
}

fn csv_response(asked: &Asked<'_>, area: &Area, rows: &[&Practice]) -> Result<Response, Problem> {
    let body = crate::exports::practices_csv(asked, rows).map_err(|error| {
        tracing::error!(%error, "a CSV could not be written");
        Problem::internal()
    })?;
    let name = format!("attachment; filename=\"practices-{}-{}.csv\"", area.code, asked.at);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, body).into_response())
}

/// How the areas below an area are listed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LowerQuery {
    /// The day, `yyyy-mm-dd`, past or future.
    pub at: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    pub footprint: Option<String>,
    /// `region`, `local-office` or `ccg`. Default: of England regions, of others CCGs.
    pub of: Option<String>,
    /// `share` (lowest share met first, default), `name`, `local-office`, `practices`, `met`,
    /// `partly-met`, `not-met`, `no-evidence` or `not-applicable`.
    pub sort: Option<String>,
    /// `json` (default) or `csv`.
    pub format: Option<String>,
}

/// The order of a `sort` parameter.
pub(crate) fn lower_sort(sort: Option<&str>) -> Result<LowerSort, Problem> {
    let Some(name) = sort.filter(|sort| !sort.is_empty()) else { return Ok(LowerSort::default()) };
    LowerSort::from_slug(name).ok_or_else(|| {
        let accepted: Vec<&str> = LowerSort::ALL.iter().map(|(name, _)| *name).collect();
        Problem::bad_input("a query parameter is not as accepted")
            .at("sort", format!("“{}” is none of {}", cut(name), accepted.join(", ")))
    })
}

/// The areas below an area with their counts.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/areas", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region or local office"), LowerQuery),
    responses((status = 200, body = LowerAnswer, description = "JSON, or text/csv with format=csv"), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn areas_below(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<LowerQuery>,
) -> Result<Response, Problem> {
    let refuse = |at: &str, text: &str, accepted: &str| {
        Problem::bad_input("a query parameter is not as accepted")
            .at(at, format!("“{}” is none of {accepted}", cut(text)))
    };
    let sort = lower_sort(query.sort.as_deref())?;
    let when_query =
        WhenQuery { at: query.at.clone(), known: query.known.clone(), footprint: query.footprint.clone() };
    let when = When::read(&shared, &when_query).await?;
    let area = when.area(&code)?;
    let kind = match query.of.as_deref() {
        None | Some("") => lower::next_below(area.kind),
        Some("region") => AreaKind::Region,
        Some("local-office") => AreaKind::LocalOffice,
        Some("ccg") => AreaKind::Ccg,
        Some(other) => return Err(refuse("of", other, "region, local-office, ccg")),
    };
    let answer = lower::answer(&when.asked(), area, kind, sort);
    match query.format.as_deref() {
        None | Some("" | "json") => Ok(json_response(json(&answer)?)),
        Some("csv") => {
            let body = crate::exports::areas_csv(&when.asked(), &answer).map_err(|error| {
                tracing::error!(%error, "a CSV could not be written");
                Problem::internal()
            })?;
            let name = format!("attachment; filename=\"areas-{}-{}.csv\"", area.code, when.at);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            Ok((headers, body).into_response())
        }
        Some(other) => Err(refuse("format", other, "json, csv")),
    }
}

/// From when to when, known when, by which membership.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrendQuery {
    /// The first day. Default: a year before `to`.
    pub from: Option<String>,
    /// The last day, at most ten years later. Default: as for `at` of an area.
    pub to: Option<String>,
    /// As known at this moment: a day or an RFC 3339 time.
    pub known: Option<String>,
    /// `then` (default) or `now`.
    pub footprint: Option<String>,
    /// `json` (default) or `csv`.
    pub format: Option<String>,
}

/// Daily counts of an area, the future as it will be if nobody acts.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/trend", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or CCG"), TrendQuery),
    responses((status = 200, body = answers::TrendAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn trend(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<TrendQuery>,
) -> Result<Response, Problem> {
    let when_query =
        WhenQuery { at: query.to.clone(), known: query.known.clone(), footprint: query.footprint.clone() };
    let when = When::read(&shared, &when_query).await?;
    let to = when.at;
    let from = match query.from.as_deref().filter(|from| !from.is_empty()) {
        Some(text) => day("from", text)?,
        None => to.plus_days(-365),
    };
    if from > to || from.days_until(to) > TREND_MAX_DAYS {
        return Err(Problem::bad_input("a query parameter is not as accepted")
            .at("from", format!("from {from} to {to} is not between 0 and {TREND_MAX_DAYS} days")));
    }
    let area = when.area(&code)?;
    let answer = answers::trend(&when.asked(), area, from, to);
    match query.format.as_deref() {
        None | Some("" | "json") => Ok(json_response(json(&answer)?)),
        Some("csv") => {
            let body = crate::exports::trend_csv(&answer).map_err(|error| {
                tracing::error!(%error, "a CSV could not be written");
                Problem::internal()
            })?;
            let name = format!("attachment; filename=\"trend-{}-{from}-{to}.csv\"", area.code);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            Ok((headers, body).into_response())
        }
        Some(other) => Err(Problem::bad_input("a query parameter is not as accepted")
            .at("format", format!("“{}” is neither json nor csv", cut(other)))),
    }
}

/// A practice: where it belonged, what held when and why, and what changes next by itself.
#[utoipa::path(
    get, path = "/api/v1/practices/{code}", tag = "practices", params(("code" = String, Path, description = "The ODS code of the practice"), WhenQuery),
    responses((status = 200, body = answers::PracticeAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn practice(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
) -> Result<Response, Problem> {
    let when = When::read(&shared, &query).await?;
    let answer = practice_with_events(&shared, &when, &code).await?;
    Ok(json_response(json(&answer)?))
}

/// A practice with the events behind its changes, read from the log.
pub async fn practice_with_events(
    shared: &Shared,
    when: &When,
    code: &str,
) -> Result<answers::PracticeAnswer, Problem> {
    let practice = when.practice(code)?;
    let mut answer = answers::practice(&when.asked(), practice);
    for requirement in &mut answer.requirements {
        for change in requirement.changes.iter_mut().chain(requirement.next.as_mut()) {
            let Some(position) = change.position else { continue };
            let Some(recorded) = shared.log.at(position).await? else { continue };
            if let Ok(header) = Header::read(&recorded.body) {
                change.event = Some(answers::EventAnswer {
                    id: header.id,
                    kind: header.kind.clone().into_owned(),
                    time: header.time,
                    effective: header.effective_day(),
                    actor: header.actor.clone().into_owned(),
                });
            }
        }
    }
    Ok(answer)
}

/// What to look for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words of a name, a code or a postcode.
    #[serde(default)]
    pub q: String,
}

/// Areas and practices by name, code or postcode.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = answers::SearchAnswer), (status = 400, body = Problem))
)]
async fn search(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&answers::search(&served.board, &query.q))?))
}

/// How the view stands: position, generation, fingerprint.
#[utoipa::path(get, path = "/api/v1/view", tag = "view", responses((status = 200, body = answers::ViewAnswer)))]
async fn view(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let served = shared.views.served();
    let for_digest = served.clone();
    let digest = tokio::task::spawn_blocking(move || digest::of(&for_digest.board))
        .await
        .map_err(|_| Problem::internal())?;
    let read = served.board.facts.read_to;
    let answer = answers::ViewAnswer {
        generation: served.generation,
        position: read.map_or(proto::Position::START, |read| read.position),
        head: shared.views.head().unwrap_or_default(),
        event: read.and_then(|read| read.event),
        time: read.map(|read| read.time),
        digest,
        organisations: served.board.facts.organisations.len(),
        practices: served.board.practices.len(),
        set_aside: served.board.facts.set_aside.count,
        rebuilding: shared.views.rebuilding(),
    };
    Ok(json_response(json(&answer)?))
}

/// Folds the log anew beside the live view, which it replaces once it has come as far.
#[utoipa::path(post, path = "/api/v1/rebuild", tag = "view", responses((status = 202, description = "Begun; /api/v1/view tells how far it is"), (status = 409, body = Problem)))]
async fn rebuild(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    shared
        .views
        .rebuild(shared.log.clone(), shared.clock.clone(), shared.store.clone(), &shared.tasks)
        .map_err(|error| Problem::refused("already-rebuilding", error.to_string()))?;
    Ok((StatusCode::ACCEPTED, Body::from("begun\n")).into_response())
}

/// Events that could not be understood: how many, and the first thousand.
#[utoipa::path(get, path = "/api/v1/set-aside", tag = "view", responses((status = 200, description = "count and listed events with position and reason")))]
async fn set_aside(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&served.board.facts.set_aside)?))
}

/// The description of these addresses.
#[derive(OpenApi)]
#[openapi(paths(area, areas_below, practices, trend, practice, search, view, rebuild, set_aside))]
pub struct Description;

/// The routes.
pub fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/v1/areas/{code}", get(area))
        .route("/api/v1/areas/{code}/areas", get(areas_below))
        .route("/api/v1/areas/{code}/practices", get(practices))
        .route("/api/v1/areas/{code}/trend", get(trend))
        .route("/api/v1/practices/{code}", get(practice))
        .route("/api/v1/search", get(search))
        .route("/api/v1/view", get(view))
        .route("/api/v1/rebuild", post(rebuild))
        .route("/api/v1/set-aside", get(set_aside))
        .with_state(shared)
}
