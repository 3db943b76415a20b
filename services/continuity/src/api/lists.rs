//! How the plans stand that one may see.

use axum::{Json as AxumJson, extract::State, response::Response};
use chassis::{
    Problem, Viewer,
    cursor::{self, Place},
    http::Query,
    sheet::{self, FileName},
};
use proto::OdsCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::PlanStandingView;
use crate::{
    desk::{Desk, Shared},
    list::{CATCH_UP_TIMEOUT, Filter},
    model::Dates,
};

/// Rows of a page, unless asked otherwise.
const PAGE_ROWS: usize = 50;

/// The most rows of a page. A CSV has them all.
const PAGE_ROWS_MAX: usize = 500;

/// The most days to look ahead.
const AHEAD_MAX_DAYS: i32 = 999;

/// Which plans.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlansFilter {
    /// Only plans that stand today and lapse within so many days, up to 999.
    #[param(pattern = "^[0-9]{1,3}$")]
    lapses_within_days: Option<String>,
    /// Only plans that have lapsed (`true`), or only those that have not (`false`).
    #[param(pattern = "^(true|false)$")]
    lapsed: Option<String>,
}

/// Which plans, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlansQuery {
    /// Only plans that stand today and lapse within so many days, up to 999.
    #[param(pattern = "^[0-9]{1,3}$")]
    lapses_within_days: Option<String>,
    /// Only plans that have lapsed (`true`), or only those that have not (`false`).
    #[param(pattern = "^(true|false)$")]
    lapsed: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 500; 50 unless given.
    #[param(pattern = "^([1-9][0-9]?|[1-4][0-9]{2}|500)$")]
    limit: Option<String>,
}

/// After which organisation a page begins.
#[derive(Debug, Serialize, Deserialize)]
struct After(OdsCode);

impl Place for After {
    const LIST: &'static str = "plans";
}

/// How an organisation's plan stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContinuityPlanRow {
    /// Its code.
    #[schema(value_type = String)]
    code: OdsCode,
    /// Its name; the code where no file lists it.
    name: String,
    /// How its plan stands today.
    standing: PlanStandingView,
}

/// A page of plans, by code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContinuityPlansPage {
    /// How many there are with this filter.
    total: usize,
    /// This page of them.
    plans: Vec<ContinuityPlanRow>,
    /// To be given as `cursor` for the next page; none on the last.
    next: Option<String>,
}

fn refuse(at: &str, detail: impl Into<String>) -> Problem {
    Problem::bad_input("a query parameter is wrong").at(at, detail)
}

/// What is given, read; an empty parameter is as none.
fn given<T>(text: Option<&str>, read: impl FnOnce(&str) -> Result<T, Problem>) -> Result<Option<T>, Problem> {
    text.filter(|text| !text.is_empty()).map(read).transpose()
}

impl PlansFilter {
    fn filter(&self) -> Result<Filter, Problem> {
        let days = |text: &str| {
            let is_written_so = text.bytes().all(|digit| digit.is_ascii_digit());
            let days = text.parse().ok().filter(|days| is_written_so && *days <= AHEAD_MAX_DAYS);
            days.ok_or_else(|| {
                refuse("lapses_within_days", format!("not a number of days from 0 to {AHEAD_MAX_DAYS}"))
            })
        };
        let lapsed = |text: &str| text.parse().map_err(|_| refuse("lapsed", "neither true nor false"));
        Ok(Filter {
            lapses_within_days: given(self.lapses_within_days.as_deref(), days)?,
            lapsed: given(self.lapsed.as_deref(), lapsed)?,
        })
    }
}

async fn seen(desk: &Desk, viewer: &Viewer, filter: Filter) -> Result<Vec<(OdsCode, Dates)>, Problem> {
    desk.all.must_catch_up(CATCH_UP_TIMEOUT).await?;
    Ok(desk.all.known().seen_by(viewer, filter, desk.common.today()))
}

/// The organisations with a plan that one may see, by code: how each plan stands today, and until when.
#[utoipa::path(get, path = "/api/v1/continuity", tag = "continuity", params(PlansQuery),
    responses((status = 200, body = ContinuityPlansPage), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn list(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<PlansQuery>,
) -> Result<AxumJson<ContinuityPlansPage>, Problem> {
    let PlansQuery { lapses_within_days, lapsed, cursor, limit } = query;
    let filter = PlansFilter { lapses_within_days, lapsed }.filter()?;
    let after = cursor::read::<After>(cursor.as_deref())?;
    let limit = given(limit.as_deref(), |text| {
        text.parse()
            .ok()
            .filter(|limit| (1..=PAGE_ROWS_MAX).contains(limit))
            .ok_or_else(|| refuse("limit", format!("not a number from 1 to {PAGE_ROWS_MAX}")))
    })?;
    let all = seen(&desk, &viewer, filter).await?;
    let (total, today) = (all.len(), desk.common.today());
    let mut rest = all.into_iter().filter(|(code, _)| after.as_ref().is_none_or(|after| *code > after.0));
    let plans: Vec<ContinuityPlanRow> = rest
        .by_ref()
        .take(limit.unwrap_or(PAGE_ROWS))
        .map(|(code, dates)| ContinuityPlanRow {
            code,
            name: desk.common.roster.name(code),
            standing: PlanStandingView::of(&dates, today),
        })
        .collect();
    let next = rest.next().and(plans.last()).map(|last| cursor::write(&After(last.code))).transpose()?;
    Ok(AxumJson(ContinuityPlansPage { total, plans, next }))
}

/// The same as a CSV, all rows of it.
#[utoipa::path(get, path = "/api/v1/continuity.csv", tag = "continuity", params(PlansFilter),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn csv(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<PlansFilter>,
) -> Result<Response, Problem> {
    let all = seen(&desk, &viewer, query.filter()?).await?;
    let today = desk.common.today();
    let written = || {
        let mut writer = sheet::writer();
        writer.write_record([
            "code",
            "name",
            "state",
            "version",
            "next_review",
            "next_exercise",
            "lapses",
            "because",
        ])?;
        for (code, dates) in &all {
            let head = [code.to_string(), desk.common.roster.name(*code)];
            let row = head.into_iter().chain(PlanStandingView::of(dates, today).cells());
            writer.write_record(row.map(|text| sheet::harmless(&text).into_owned()))?;
        }
        sheet::finish(writer)
    };
    sheet::answer(&FileName::new("continuity", desk.common.roster.position()).on(today), written())
}
