//! What there is to see: lists, the calendar, one assessment.

use axum::{
    Json as AxumJson,
    extract::State,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse as _, Response},
};
use chassis::{
    Problem, Viewer,
    access::ActedAs,
    cursor::{self, Place},
    http::{Path, Query},
    sheet::{self, FileName},
};
use proto::{
    OdsCode,
    codes::CodeError,
    topics::{Topic, topics},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{OnsiteAssessmentView, OnsiteLine, line, view};
use crate::{
    access::FIND,
    calendar::{VisitEntry, feed},
    desk::{Desk, Shared},
    model::Stage,
};

/// The rows of a page unless asked otherwise, and at most.
const PAGE_ROWS: usize = 50;
const PAGE_ROWS_MAX: usize = 500;

/// Which assessments are listed.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OnsiteQuery {
    /// Only those in this state.
    #[param(
        pattern = "^(requested|refused|agreed|scheduled|held|disclosed|plan-proposed|plan-agreed|closed)$"
    )]
    state: Option<String>,
    /// Only those last scheduled with this delivery partner.
    partner: Option<String>,
    /// Only those of practices of this CCG.
    ccg: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 500; 50 unless given.
    #[param(pattern = "^([1-9][0-9]?|[1-4][0-9]{2}|500)$")]
    limit: Option<String>,
    /// `json` (default) or `csv`; a CSV has all rows.
    #[param(pattern = "^(json|csv)$")]
    format: Option<String>,
}

/// Which visits are in the calendar.
#[derive(Debug, Default, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OnsiteCalendarQuery {
    /// Only those with this delivery partner.
    partner: Option<String>,
    /// Only those at practices of this CCG.
    ccg: Option<String>,
}

/// After which assessment a page begins: the organisation, and the number of the assessment.
#[derive(Debug, Serialize, Deserialize)]
struct After(OdsCode, u16);

impl Place for After {
    const LIST: &'static str = "on-site assessments";
}

/// What is left in of a list.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Filter {
    pub state: Option<Stage>,
    pub partner: Option<OdsCode>,
    pub ccg: Option<OdsCode>,
}

fn wrong(at: &str, detail: impl Into<String>) -> Problem {
    Problem::bad_input("a query parameter is wrong").at(at, detail)
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

impl Filter {
    pub fn of(state: Option<&str>, partner: Option<&str>, ccg: Option<&str>) -> Result<Self, Problem> {
        let code = |at: &str, text: Option<&str>| {
            given(text).map(str::parse).transpose().map_err(|error: CodeError| wrong(at, error.to_string()))
        };
        let state = given(state).map(|slug| {
            Stage::ALL.into_iter().find(|stage| stage.slug() == slug).ok_or_else(|| {
                let all: Vec<&str> = Stage::ALL.iter().map(|stage| stage.slug()).collect();
                wrong("state", format!("one of {}", all.join(", ")))
            })
        });
        Ok(Self { state: state.transpose()?, partner: code("partner", partner)?, ccg: code("ccg", ccg)? })
    }
}

/// A page of assessments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteList {
    /// By organisation and number.
    assessments: Vec<OnsiteLine>,
    /// How many there are on all pages.
    total: usize,
    /// The `cursor` of the next page; none: this is the last.
    next: Option<String>,
    /// How far the log was read.
    position: u64,
}

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteVisitView {
    /// Who is visited.
    organisation: String,
    /// Its name.
    name: String,
    /// The number of the assessment.
    number: u16,
    /// The day.
    on: String,
    /// The delivery partner.
    partner: String,
    /// Whether it was called off.
    cancelled: bool,
}

/// What assessors look at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteTopicView {
    /// Its id.
    id: String,
    /// Its name.
    title: String,
    /// What is looked for.
    help: String,
    /// How sure this row is.
    certainty: String,
    /// Where it comes from.
    source: String,
}

/// The assessments one sees, by organisation and number.
pub(crate) async fn lines_of(
    desk: &Desk,
    viewer: &Viewer,
    of: Option<OdsCode>,
    filter: Filter,
) -> Result<Vec<OnsiteLine>, Problem> {
    let lines = desk
        .listed(viewer, of, |code, _, state| {
            let is_left_in = (filter.state.is_none() || state.stage() == filter.state)
                && (filter.partner.is_none() || state.partner() == filter.partner);
            is_left_in.then(|| Some((code, line(desk, code, None, state)?))).flatten()
        })
        .await?;
    let mut found = Vec::with_capacity(lines.len());
    for (code, line) in lines {
        let ccg = desk.common.roster.above(code).commissioner;
        if filter.ccg.is_none() || ccg == filter.ccg {
            found.push(OnsiteLine { ccg: ccg.map(|ccg| ccg.to_string()), ..line });
        }
    }
    Ok(found)
}

/// The visits one sees, in the order of their days.
pub(crate) async fn calendar_of(
    desk: &Desk,
    viewer: &Viewer,
    filter: Filter,
) -> Result<Vec<VisitEntry>, Problem> {
    let visits = desk
        .listed(viewer, None, |code, number, state| {
            let visit = state.visit.as_ref()?;
            (filter.partner.is_none() || filter.partner == Some(visit.partner))
                .then(|| (code, number, visit.clone()))
        })
        .await?;
    let mut found = Vec::with_capacity(visits.len());
    for (organisation, number, visit) in visits {
        let ccg = desk.common.roster.above(organisation).commissioner;
        if filter.ccg.is_none() || ccg == filter.ccg {
            found.push(VisitEntry {
                organisation,
                name: desk.common.roster.name(organisation),
                number,
                on: visit.on,
                partner: visit.partner,
                is_cancelled: visit.cancelled.is_some(),
                changed: visit.changed,
                revision: visit.revision,
            });
        }
    }
    found.sort_by_key(|visit| visit.on);
    Ok(found)
}

/// The on-site assessments the caller may see, by organisation and number; as a CSV with `format=csv`.
#[utoipa::path(get, path = "/api/v1/onsite", tag = "onsite", params(OnsiteQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv", content((OnsiteList = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn all(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<OnsiteQuery>,
) -> Result<Response, Problem> {
    let filter = Filter::of(query.state.as_deref(), query.partner.as_deref(), query.ccg.as_deref())?;
    let limit = match given(query.limit.as_deref()) {
        None => PAGE_ROWS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit))
            .ok_or_else(|| wrong("limit", format!("a number from 1 to {PAGE_ROWS_MAX}")))?,
    };
    let after = cursor::read::<After>(query.cursor.as_deref())?;
    let lines = lines_of(&desk, &viewer, None, filter).await?;
    match given(query.format.as_deref()) {
        Some("csv") => {
            let name = FileName::new("onsite-assessments", desk.register.position()).on(desk.common.today());
            return sheet::answer(&name, csv(&lines));
        }
        None | Some("json") => {}
        Some(_) => return Err(wrong("format", "json or csv")),
    }
    let total = lines.len();
    let is_behind = |line: &OnsiteLine| {
        after.as_ref().is_none_or(|After(code, number)| {
            (line.organisation.as_str(), line.number) > (code.as_str(), *number)
        })
    };
    let mut rest: Vec<OnsiteLine> = lines.into_iter().filter(is_behind).collect();
    let has_more = rest.len() > limit;
    rest.truncate(limit);
    let next = rest.last().filter(|_| has_more).map(place_of).transpose()?;
    let position = desk.register.position().0;
    Ok(AxumJson(OnsiteList { assessments: rest, total, next, position }).into_response())
}

fn place_of(line: &OnsiteLine) -> Result<String, Problem> {
    let code = line.organisation.parse().map_err(|_| Problem::internal())?;
    cursor::write(&After(code, line.number))
}

fn csv(lines: &[OnsiteLine]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = sheet::writer();
    writer.write_record(OnsiteLine::COLUMNS)?;
    for line in lines {
        writer.write_record(line.record())?;
    }
    sheet::finish(writer)
}

/// The topics that assessors look at.
#[utoipa::path(get, path = "/api/v1/onsite/topics", tag = "onsite",
    responses((status = 200, body = [OnsiteTopicView]), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn topics_looked_at() -> AxumJson<Vec<OnsiteTopicView>> {
    let shown = |topic: &Topic| OnsiteTopicView {
        id: topic.id.to_string(),
        title: topic.title.clone(),
        help: topic.help.clone(),
        certainty: topic.certainty.to_string(),
        source: topic.source.clone(),
    };
    AxumJson(topics().iter().map(shown).collect())
}

/// The visits the caller may see, in the order of their days; those called off are marked.
#[utoipa::path(get, path = "/api/v1/onsite/calendar", tag = "onsite", params(OnsiteCalendarQuery),
    responses((status = 200, body = [OnsiteVisitView]), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn calendar(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<OnsiteCalendarQuery>,
) -> Result<AxumJson<Vec<OnsiteVisitView>>, Problem> {
    let filter = Filter::of(None, query.partner.as_deref(), query.ccg.as_deref())?;
    let visits = calendar_of(&desk, &viewer, filter).await?;
    let shown = visits.into_iter().map(|visit| OnsiteVisitView {
        organisation: visit.organisation.to_string(),
        name: visit.name,
        number: visit.number,
        on: visit.on.to_string(),
        partner: visit.partner.to_string(),
        cancelled: visit.is_cancelled,
    });
    Ok(AxumJson(shown.collect()))
}

/// The same visits as an iCalendar feed to subscribe to. It names no person. It stands among the pages,
/// and answers a problem as they do.
pub(crate) async fn calendar_feed(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<OnsiteCalendarQuery>,
) -> Result<Response, Problem> {
    calendar_file(&desk, &viewer, &query).await
}

/// The same for calendar programs, which have no session: by a private address, with what its holder may see now. It
/// ends when the address is revoked or its holder may not come in any more.
pub(crate) async fn calendar_subscribed(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(address): Path<String>,
    Query(query): Query<OnsiteCalendarQuery>,
) -> Result<Response, Problem> {
    let address = address.strip_suffix(".ics").unwrap_or(&address);
    let holder = viewer.by_address(address).await.filter(|holder| holder.may_here(FIND));
    let holder = holder.ok_or_else(|| {
        Problem::not_found(
            "this calendar address opens nothing: it is unknown, was revoked, or its holder is suspended",
        )
    })?;
    let mut response = calendar_file(&desk, &holder, &query).await?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(ActedAs(holder));
    Ok(response)
}

async fn calendar_file(
    desk: &Desk,
    viewer: &Viewer,
    query: &OnsiteCalendarQuery,
) -> Result<Response, Problem> {
    let filter = Filter::of(None, query.partner.as_deref(), query.ccg.as_deref())?;
    let visits = calendar_of(desk, viewer, filter).await?;
    let name = FileName::new("onsite-visits", desk.register.position()).on(desk.common.today());
    let kind = (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned());
    Ok(([kind, name.header("ics")], feed(&visits)).into_response())
}

/// An organisation's on-site assessments.
#[utoipa::path(get, path = "/api/v1/onsite/{code}", tag = "onsite",
    params(("code" = String, Path, description = "the practice's ODS code, such as A81001")),
    responses((status = 200, body = [OnsiteLine]), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn organisation(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    uri: Uri,
) -> Result<AxumJson<Vec<OnsiteLine>>, Problem> {
    let practice = desk.practice(&viewer, &code, &uri).await?;
    Ok(AxumJson(lines_of(&desk, &viewer, Some(practice.code), Filter::default()).await?))
}

/// One on-site assessment: result by topic, findings, disclosure, plan, re-test, and what is next.
#[utoipa::path(get, path = "/api/v1/onsite/{code}/{number}", tag = "onsite",
    params(("code" = String, Path, description = "the practice's ODS code"),
        ("number" = u16, Path, description = "the number of the assessment, from 1")),
    responses((status = 200, body = OnsiteAssessmentView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn one(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, number)): Path<(String, u16)>,
) -> Result<AxumJson<OnsiteAssessmentView>, Problem> {
    let case = desk.case(&viewer, &code, number).await?;
    Ok(AxumJson(view(&desk, &case)?))
}
