//! The JSON and CSV addresses under `/api/v1`.
//!
//! Access: one sees the organisations at and under one's own, as they stand today; nothing here is
//! personal.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chassis::{
    Clock, Problem, Routes, Viewer,
    access::Sees,
    compression::Prepared,
    cursor,
    http::{Path, Query},
    log::Log,
    pace::Pace,
    sheet::{self, FileName},
    task::Tasks,
};
use proto::{Day, Header, OdsCode, Position, Subject};
use quick_cache::sync::Cache as QuickCache;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi};

use crate::{
    access::{
        LOOK_UP_STATUS, REBUILD, SEARCH, VIEW_AREA, VIEW_CAUSES, VIEW_FOUND, VIEW_PRACTICE, VIEW_SET_ASIDE,
        VIEW_STATE,
    },
    answers::{self, TREND_MAX_DAYS},
    board::{AreaKind, Board, Footprint},
    digest,
    facts::SetAside,
    lower::{self, LowerAnswer, LowerSort},
    store::Store,
    views::Views,
};

mod file;
mod gap;
mod listing;
mod tallies;
mod when;

pub use file::FileQuery;
use file::Format;
pub use listing::{ListPlace, Listing, PracticesQuery, page};
pub use when::{When, WhenQuery, default_day};
pub(crate) use when::{cut, day, nothing_at, ods_code};

/// How many prepared answers are kept.
const PREPARED_MAX: usize = 8_192;

/// How long an answer waits for figures of a date to which the demonstration has just been moved.
const NEW_DATE_TIMEOUT: Duration = Duration::from_secs(10);

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
    prepared: QuickCache<PreparedKey, Prepared>,
}

/// An answer is prepared once for a board and what it calls today, an area, a day and a footprint; where it
/// names practices, once for those who see the same.
type PreparedKey = (u64, u64, Day, OdsCode, Day, Footprint, Option<Sees>);

impl Shared {
    /// Waits until figures are those of the date at which a demonstration stands; it was moved on a moment ago.
    pub(crate) async fn until_today(&self) {
        if self.clock.demonstration_date().is_none() {
            return;
        }
        let mut positions = self.views.positions();
        let shown = async {
            while self.views.served().board.today != self.clock.today() && positions.changed().await.is_ok() {
            }
        };
        // Where that takes longer, the figures of the date before are shown, with that date.
        let _ = tokio::time::timeout(NEW_DATE_TIMEOUT, shown).await;
    }

    /// What the handlers share.
    pub fn new(views: Arc<Views>, log: Log, clock: Clock, store: Store, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self { views, log, clock, store, tasks, prepared: QuickCache::new(PREPARED_MAX) })
    }
}

/// A JSON body.
pub fn json_response(body: Bytes) -> Response {
    as_json(body.into_response())
}

fn as_json(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn json<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })
}

/// An area on a day: counts by requirement and status, with the members next below. It counts every
/// practice that operated in it on the day, and names those that one may see today.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location, or primary care network"), WhenQuery),
    responses((status = 200, body = answers::AreaAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn area(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let when = When::read(&shared, &query).await?;
    let area = when.area(&code)?;
    // Answers that many people read are kept as they go out.
    let key = when.known.is_none().then(|| {
        let position = when.board().facts.read_to.map_or(0, |read| read.position.0);
        let sees = area.kind.is_lowest().then(|| viewer.sees());
        (when.served.generation, position, when.board().today, area.code, when.at, when.footprint, sees)
    });
    if let Some(body) = key.as_ref().and_then(|key| shared.prepared.get(key)) {
        return Ok(as_json(body.response(&headers)));
    }
    let body = json(&answers::area(&when.asked(), area, |practice| viewer.may(VIEW_PRACTICE, practice)))?;
    let Some(key) = key else { return Ok(json_response(body)) };
    let body = Prepared::new(body);
    shared.prepared.insert(key, body.clone());
    Ok(as_json(body.response(&headers)))
}

/// The practices of an area on a day: by page, filtered and sorted, or all of them as CSV. Those alone that
/// one may see today: one that has left the area since is counted in its figures of the day, and not listed.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/practices", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location, or primary care network"), PracticesQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((answers::PracticesAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn practices(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<PracticesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (when, listing) = query.read(&shared, &code).await?;
    let area = when.area(&code)?;
    let asked = when.asked();
    let rows = answers::practices(&asked, area, listing.status, listing.sort, may_see_practice(&viewer));
    let may_know = |of| viewer.may(VIEW_CAUSES, of);
    let reasons = answers::Reasons::of(&asked, &may_know);
    let accepts_csv = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept == "text/csv");
    let open = if accepts_csv { Format::Csv } else { Format::Json };
    if Format::of(query.format.as_deref())?.unwrap_or(open) == Format::Csv {
        return sheet::answer(&when.file("practices", area), crate::exports::practices_csv(&reasons, &rows));
    }
    let total = rows.len();
    let (shown, next) = page(&rows, &listing)?;
    let answer = answers::PracticesAnswer {
        body: asked.named(area),
        basis: asked.basis(),
        total,
        practices: shown.into_iter().map(|practice| answers::practice_row(&reasons, practice)).collect(),
        next: next
            .map(|behind| cursor::write(&ListPlace::of(&when, area, &listing, Some(behind))))
            .transpose()?,
    };
    Ok(json_response(json(&answer)?))
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
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement by which areas and practices are ordered and filtered: `toolkit` (default), `continuity`,
    /// `onsite` or `suppliers`.
    pub requirement: Option<String>,
    /// `region`, `integrated-care-board` (or `local-office`), `sub-icb-location` (or `ccg`) or `primary-care-network`.
    /// Default: those next below, of England regions, of a region integrated care boards since July 2022, of others
    /// sub-ICB locations or CCGs. A network lies where most of its practices do.
    pub of: Option<String>,
    /// `share` (lowest share met first, default), `name`, `local-office`, `practices`, `met`,
    /// `partly-met`, `not-met`, `no-evidence` or `not-applicable`.
    pub sort: Option<String>,
    /// `json` (default) or `csv`.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// The order of a `sort` parameter.
pub(crate) fn lower_sort(sort: Option<&str>) -> Result<LowerSort, Problem> {
    let Some(name) = sort.filter(|sort| !sort.is_empty()) else { return Ok(LowerSort::default()) };
    LowerSort::from_slug(name).ok_or_else(|| {
        let accepted: Vec<&str> = LowerSort::ALL.iter().map(|(name, _)| *name).collect();
        Problem::bad_input("a query parameter is wrong")
            .at("sort", format!("“{}” is none of {}", cut(name), accepted.join(", ")))
    })
}

/// The areas below an area with their counts.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/areas", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location"), LowerQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((LowerAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn areas_below(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<LowerQuery>,
) -> Result<Response, Problem> {
    let sort = lower_sort(query.sort.as_deref())?;
    let format = Format::of(query.format.as_deref())?;
    let when_query = WhenQuery {
        at: query.at.clone(),
        known: query.known.clone(),
        footprint: query.footprint.clone(),
        requirement: query.requirement.clone(),
    };
    let when = When::read(&shared, &when_query).await?;
    let area = when.area(&code)?;
    let kind = match query.of.as_deref() {
        None | Some("") => when.board().next_below(area, when.footprint, when.at),
        Some(slug) => {
            AreaKind::from_slug(slug).filter(|kind| *kind != AreaKind::England).ok_or_else(|| {
                let accepted =
                    "region, integrated-care-board (or local-office), sub-icb-location (or ccg) and primary-care-network";
                Problem::bad_input("a query parameter is wrong")
                    .at("of", format!("“{}” is none of {accepted}", cut(slug)))
            })?
        }
    };
    let answer = lower::answer(&when.asked(), area, kind, sort);
    match format {
        Some(Format::Csv) => {
            sheet::answer(&when.file("areas", area), crate::exports::areas_csv(&when.asked(), &answer))
        }
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
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
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement by which areas and practices are ordered and filtered: `toolkit` (default), `continuity`,
    /// `onsite` or `suppliers`.
    pub requirement: Option<String>,
    /// `json` (default) or `csv`.
    #[param(pattern = "^(json|csv)$")]
    pub format: Option<String>,
}

/// Daily counts of an area, the future as it will be if nothing changes.
#[utoipa::path(
    get, path = "/api/v1/areas/{code}/trend", tag = "areas", params(("code" = String, Path, description = "ENG, or the ODS code of a region, local office or integrated care board, CCG or sub-ICB location, or primary care network"), TrendQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((answers::TrendAnswer = "application/json"), (String = "text/csv"))), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn trend(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<TrendQuery>,
) -> Result<Response, Problem> {
    let format = Format::of(query.format.as_deref())?;
    let when_query = WhenQuery {
        at: query.to.clone(),
        known: query.known.clone(),
        footprint: query.footprint.clone(),
        requirement: query.requirement.clone(),
    };
    let when = When::read(&shared, &when_query).await?;
    let to = when.at;
    let from = match query.from.as_deref().filter(|from| !from.is_empty()) {
        Some(text) => day("from", text)?,
        None => to.plus_days(-365),
    };
    if from > to || from.days_until(to) > TREND_MAX_DAYS {
        return Err(Problem::bad_input("a query parameter is wrong")
            .at("from", format!("from {from} to {to} is not between 0 and {TREND_MAX_DAYS} days")));
    }
    let area = when.area(&code)?;
    let answer = answers::trend(&when.asked(), area, from, to);
    match format {
        Some(Format::Csv) => {
            let name = FileName::new("trend", when.position()).of(area.code).on(from).on(to);
            sheet::answer(&name, crate::exports::trend_csv(&answer))
        }
        Some(Format::Json) | None => Ok(json_response(json(&answer)?)),
    }
}

/// A practice: where it belonged, what held when and why, and what changes next by itself. Who may not see
/// its records is told why in general words, and of no event; no one is told of another organisation's events
/// whose causes are not for them.
#[utoipa::path(
    get, path = "/api/v1/practices/{code}", tag = "practices", params(("code" = String, Path, description = "The ODS code of the practice"), WhenQuery),
    responses((status = 200, body = answers::PracticeAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn practice(
    State(shared): State<Arc<Shared>>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(query): Query<WhenQuery>,
) -> Result<Response, Problem> {
    let when = When::read(&shared, &query).await?;
    let answer = practice_with_events(&shared, &viewer, &when, &code).await?;
    Ok(json_response(json(&answer)?))
}

/// A practice with the events behind its changes that someone may know of, read from the log.
pub async fn practice_with_events(
    shared: &Shared,
    viewer: &Viewer,
    when: &When,
    code: &str,
) -> Result<answers::PracticeAnswer, Problem> {
    let practice = when.practice(code)?;
    let mut answer = answers::practice(&when.asked(), practice, &|of| viewer.may(VIEW_CAUSES, of));
    for requirement in &mut answer.requirements {
        for change in requirement.changes.iter_mut().chain(requirement.next.as_mut()) {
            (change.position, change.event) =
                event_behind(shared, viewer, practice.code, change.position).await?;
        }
        for condition in &mut requirement.conditions {
            (condition.position, condition.event) =
                event_behind(shared, viewer, practice.code, condition.position).await?;
        }
    }
    Ok(answer)
}

/// The event at a position, read from the log, where someone may know of it; where they may not, not even its
/// position.
async fn event_behind(
    shared: &Shared,
    viewer: &Viewer,
    practice: OdsCode,
    position: Option<Position>,
) -> Result<(Option<Position>, Option<answers::EventAnswer>), Problem> {
    let Some(at) = position else { return Ok((None, None)) };
    let Some(recorded) = shared.log.at(at).await? else { return Ok((position, None)) };
    let Ok(header) = Header::read(&recorded.body) else { return Ok((position, None)) };
    if !may_know_event(viewer, practice, &header) {
        return Ok((None, None));
    }
    let event = answers::EventAnswer {
        id: header.id,
        kind: header.kind.clone().into_owned(),
        time: header.time,
        effective: header.effective_day(),
        actor: header.actor.clone().into_owned(),
    };
    Ok((position, Some(event)))
}

/// Whether someone may be told which event changed how a practice stands: one of its own, or one of another
/// organisation of which they may know the causes, too. What is of no organisation, as a supplier's record
/// is, is for those who may in all of England.
fn may_know_event(viewer: &Viewer, practice: OdsCode, header: &Header<'_>) -> bool {
    match header.subject.parse::<Subject>().ok().and_then(|subject| subject.organisation()) {
        Some(code) => code == practice || viewer.may(VIEW_CAUSES, code),
        None => viewer.may_in_england(VIEW_CAUSES),
    }
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
    viewer: Viewer,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&answers::search(&served.board, &query.q, may_see(&viewer)))?))
}

/// What of the finds someone may see.
pub(crate) fn may_see(viewer: &Viewer) -> impl Fn(OdsCode, &'static str) -> bool + '_ {
    |code, kind| viewer.may(if kind == "practice" { VIEW_PRACTICE } else { VIEW_AREA }, code)
}

/// Which practices someone may see: who sees England sees every one of them.
pub(crate) fn may_see_practice(viewer: &Viewer) -> impl Fn(OdsCode) -> bool + '_ {
    let all = viewer.may_in_england(VIEW_PRACTICE);
    move |code| all || viewer.may(VIEW_PRACTICE, code)
}

/// What practices of a name, code or postcode have published, and the areas of that name or code.
///
/// Who may call it: everyone, signed in or not.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "status", params(SearchQuery),
    responses((status = 200, body = answers::LookUpAnswer), (status = 400, body = Problem))
)]
async fn look_up(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&answers::look_up(&served.board, &query.q))?))
}

/// What a practice has published: status, day and edition.
///
/// Who may call it: everyone, signed in or not.
#[utoipa::path(
    get, path = "/api/v1/status/{code}", tag = "status", params(("code" = String, Path, description = "The ODS code of the practice")),
    responses((status = 200, body = answers::PracticeStatusAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn status(State(shared): State<Arc<Shared>>, Path(code): Path<String>) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&status_of(&served.board, ods_code(&code)?)?)?))
}

/// What the practice of a code has published.
pub(crate) fn status_of(board: &Board, code: OdsCode) -> Result<answers::PracticeStatusAnswer, Problem> {
    let practice =
        board.practice(code).ok_or_else(|| Problem::not_found(format!("no practice has the code {code}")))?;
    Ok(answers::practice_status(board, practice))
}

/// From which practice on.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// The `next` of the page before: the code of its last practice.
    pub after: Option<String>,
}

/// What the practices of an area have published, a hundred on a page, by code.
///
/// Who may call it: everyone, signed in or not.
#[utoipa::path(
    get, path = "/api/v1/status/areas/{code}", tag = "status",
    params(("code" = String, Path, description = "ENG, or the ODS code of a region, integrated care board, sub-ICB location or primary care network"), AfterQuery),
    responses((status = 200, body = answers::AreaStatusesAnswer), (status = 400, body = Problem), (status = 404, body = Problem))
)]
async fn area_statuses(
    State(shared): State<Arc<Shared>>,
    Path(code): Path<String>,
    Query(query): Query<AfterQuery>,
) -> Result<Response, Problem> {
    let served = shared.views.served();
    Ok(json_response(json(&area_statuses_of(&served.board, &code, &query)?)?))
}

/// What the practices of the area of a code have published.
pub(crate) fn area_statuses_of(
    board: &Board,
    code: &str,
    query: &AfterQuery,
) -> Result<answers::AreaStatusesAnswer, Problem> {
    let code = ods_code(code)?;
    let after = query.after.as_deref().filter(|after| !after.is_empty());
    let after = after.map(str::parse).transpose().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("a query parameter is wrong").at("after", error.to_string())
    })?;
    answers::area_statuses(board, code, after)
        .ok_or_else(|| Problem::not_found(format!("no area with practices today has the code {code}")))
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
        today: served.board.today,
        digest,
        organisations: served.board.facts.organisations.len(),
        practices: served.board.practices.len(),
        set_aside: served.board.facts.set_aside.count,
        rebuilding: shared.views.rebuilding(),
    };
    Ok(json_response(json(&answer)?))
}

/// Folds the log anew beside the live view, which it replaces once it has come as far.
#[utoipa::path(post, path = "/api/v1/rebuild", tag = "view", responses((status = 202, description = "Begun; /api/v1/view tells how far it is", body = String, content_type = "text/plain"), (status = 409, body = Problem)))]
async fn rebuild(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    shared
        .views
        .rebuild(shared.log.clone(), shared.clock.clone(), shared.store.clone(), &shared.tasks)
        .map_err(|error| Problem::refused("already-rebuilding", error.to_string()))?;
    Ok((StatusCode::ACCEPTED, "begun\n").into_response())
}

/// What could not be understood.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SetAsideAnswer<'a> {
    /// Events: how many, and the first thousand.
    #[serde(flatten)]
    events: &'a SetAside,
    /// Status texts of the national register, the most frequent first.
    not_understood: Vec<chassis::import::TextCount>,
}

/// Events that could not be understood: how many, and the first thousand. And status texts of the national
/// register that are not understood, with the number of rows that carry them.
#[utoipa::path(get, path = "/api/v1/set-aside", tag = "view", responses((status = 200, body = SetAsideAnswer)))]
async fn set_aside(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let served = shared.views.served();
    let answer = SetAsideAnswer {
        events: &served.board.facts.set_aside,
        not_understood: answers::not_understood(&served.board),
    };
    Ok(json_response(json(&answer)?))
}

/// The description of these addresses.
#[derive(OpenApi)]
#[openapi(paths(
    area,
    areas_below,
    practices,
    trend,
    tallies::area_tallies,
    gap::area_gap,
    practice,
    gap::practice_gap,
    search,
    look_up,
    area_statuses,
    status,
    view,
    rebuild,
    set_aside
))]
pub struct Description;

/// The routes.
pub fn routes(shared: Arc<Shared>) -> Routes {
    let area_of = VIEW_AREA.of("code");
    let practice_of = VIEW_PRACTICE.of("code");
    let found_at = VIEW_FOUND.of("code").seen_by(VIEW_PRACTICE);
    let look_up_of = LOOK_UP_STATUS.here().paced(Pace::LookUp);
    Routes::new()
        .get("/api/v1/areas/{code}", area_of, area)
        .get("/api/v1/areas/{code}/areas", area_of, areas_below)
        .get("/api/v1/areas/{code}/practices", area_of, practices)
        .get("/api/v1/areas/{code}/trend", area_of, trend)
        .get("/api/v1/areas/{code}/tallies", area_of, tallies::area_tallies)
        .get("/api/v1/areas/{code}/gap", area_of, gap::area_gap)
        .get("/api/v1/practices/{code}", practice_of, practice)
        .get("/api/v1/practices/{code}/gap", found_at, gap::practice_gap)
        .get("/api/v1/search", SEARCH.here().paced(Pace::LookUp), search)
        .get("/api/v1/status", look_up_of, look_up)
        .get("/api/v1/status/{code}", look_up_of, status)
        .get("/api/v1/status/areas/{code}", look_up_of, area_statuses)
        .get("/api/v1/view", VIEW_STATE.here(), view)
        .post("/api/v1/rebuild", REBUILD.here(), rebuild)
        .get("/api/v1/set-aside", VIEW_SET_ASIDE.here(), set_aside)
        .with_state(shared)
}
