//! Which day is asked about, known when, by which membership.

use std::sync::Arc;

use axum::http::Uri;
use chassis::Problem;
use jiff::Timestamp;
use proto::{Day, OdsCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use crate::{
    answers::Asked,
    board::{Area, Board, Footprint, Practice},
    rules::{DEFAULT_RULE, RULES, rule_of},
    views::Served,
};

/// Which day, known when, by which membership. All optional.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhenQuery {
    /// The day, `yyyy-mm-dd`, past or future. Default: today in London; over synthetic data the
    /// last day it reaches.
    pub at: Option<String>,
    /// As known at this moment: a day (its end, London) or an RFC 3339 time, by the second: what was recorded
    /// within it is known. Default: now.
    pub known: Option<String>,
    /// `then`: members as they were on the day (default); `now`: members as they are today.
    #[param(pattern = "^(then|now)$")]
    pub footprint: Option<String>,
    /// The requirement by which areas and practices are ordered and filtered, and that pages are about:
    /// `toolkit` (default), `continuity`,
    /// `onsite` or `suppliers`.
    pub requirement: Option<String>,
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
    /// The requirement, by its place in the rules.
    pub rule: usize,
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
        let rule = match query.requirement.as_deref().filter(|slug| !slug.is_empty()) {
            None => DEFAULT_RULE,
            Some(slug) => rule_of(slug).ok_or_else(|| {
                let accepted: Vec<&str> = RULES.iter().map(|rule| rule.requirement.slug).collect();
                Problem::bad_input("a query parameter is not as accepted")
                    .at("requirement", format!("“{}” is none of {}", cut(slug), accepted.join(", ")))
            })?,
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
        Ok(Self { served, known_board, at, footprint, known, rule })
    }

    /// The board asked.
    pub fn board(&self) -> &Board {
        self.known_board.as_deref().unwrap_or(&self.served.board)
    }

    /// The question.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            board: self.board(),
            at: self.at,
            footprint: self.footprint,
            known: self.known,
            rule: self.rule,
        }
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

/// The very answer to an address where there is nothing: also where there is nothing for whoever asks.
pub(crate) fn nothing_at(uri: &Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}", uri.path()))
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
