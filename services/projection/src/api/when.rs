//! Which day is asked about, known when, by which membership.

use std::sync::Arc;

use axum::http::Uri;
use chassis::{Problem, cursor, sheet::FileName};
use jiff::Timestamp;
use proto::{Day, OdsCode, Position};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use crate::{
    answers::Asked,
    board::{Area, Board, Footprint, Practice},
    rules::{DEFAULT_RULE, RULES, rule_of},
    views::{Served, Views},
};

/// Which day, known when, by which membership. All optional.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhenQuery {
    /// The day, `yyyy-mm-dd`, past or future. Default: today in London; in a
    /// demonstration the date at which it stands.
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
    /// Whether a list is gone on with that began before the last event.
    held: bool,
    /// The day.
    pub at: Day,
    /// The membership.
    pub footprint: Footprint,
    /// The moment whose knowledge is asked for.
    pub known: Option<Timestamp>,
    /// The requirement, by its place in the rules.
    pub rule: usize,
}

/// What a list is gone on with: up to where the log counted when it began, and which day it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The last position of the log that counts.
    pub upto: Position,
    /// The day that *today* meant.
    pub today: Day,
}

impl Held {
    /// Whether the board that is served is that very one.
    fn is_served(self, board: &Board) -> bool {
        board.facts.read_to.map(|read| read.position) == Some(self.upto) && board.today == self.today
    }

    /// Refuses what has not come to pass here.
    fn check(self, shared: &Shared, board: &Board) -> Result<(), Problem> {
        let read_to = board.facts.read_to.map_or(Position::START, |read| read.position);
        if self.upto > shared.views.head().unwrap_or(self.upto) || self.today > board.today {
            return Err(cursor::refused("not of this log; start again without a cursor"));
        }
        if self.upto > read_to {
            let detail =
                format!("the log has been read up to {read_to} so far; the list goes on from {}", self.upto);
            return Err(Problem::unavailable(detail).retry_after(1));
        }
        Ok(())
    }
}

impl When {
    /// Reads the parameters.
    pub async fn read(shared: &Arc<Shared>, query: &WhenQuery) -> Result<Self, Problem> {
        Self::read_from(shared, query, None).await
    }

    /// Reads the parameters of a list that is gone on with.
    pub async fn read_held(shared: &Arc<Shared>, query: &WhenQuery, held: Held) -> Result<Self, Problem> {
        Self::read_from(shared, query, Some(held)).await
    }

    async fn read_from(shared: &Arc<Shared>, query: &WhenQuery, held: Option<Held>) -> Result<Self, Problem> {
        shared.until_today().await;
        let served = shared.views.served();
        if let Some(held) = held {
            held.check(shared, &served.board)?;
        }
        let at = match query.at.as_deref().filter(|at| !at.is_empty()) {
            None => default_day(&served.board),
            Some(text) => day("at", text)?,
        };
        let footprint = match query.footprint.as_deref() {
            None | Some("" | "then") => Footprint::Then,
            Some("now") => Footprint::Now,
            Some(other) => {
                return Err(Problem::bad_input("a query parameter is wrong")
                    .at("footprint", format!("“{}” is neither then nor now", cut(other))));
            }
        };
        let rule = match query.requirement.as_deref().filter(|slug| !slug.is_empty()) {
            None => DEFAULT_RULE,
            Some(slug) => rule_of(slug).ok_or_else(|| {
                let accepted: Vec<&str> = RULES.iter().map(|rule| rule.requirement.slug).collect();
                Problem::bad_input("a query parameter is wrong")
                    .at("requirement", format!("“{}” is none of {}", cut(slug), accepted.join(", ")))
            })?,
        };
        let known = query.known.as_deref().filter(|known| !known.is_empty()).map(instant).transpose()?;
        let other = held.filter(|held| known.is_some() || !held.is_served(&served.board));
        let known_board = match (other, known) {
            (None, None) => None,
            (Some(held), _) => {
                Some(built(shared, move |views| views.held_at(held.upto, known, held.today)).await?)
            }
            (None, Some(instant)) => Some(built(shared, move |views| views.known_at(instant)).await?),
        };
        let held = held.is_some_and(|held| !held.is_served(&served.board));
        Ok(Self { served, known_board, held, at, footprint, known, rule })
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

    /// Whether a list is gone on with that began before the last event.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// The last position of the log that counts.
    pub fn position(&self) -> Position {
        self.asked().basis().position
    }

    /// What a file of an area on the day is called.
    pub fn file(&self, what: &str, area: &Area) -> FileName {
        FileName::new(what, self.position()).of(area.code).on(self.at)
    }

    /// The area of a code.
    pub fn area(&self, code: &str) -> Result<&Arc<Area>, Problem> {
        let code = ods_code(code)?;
        self.board().area(code).ok_or_else(|| {
            Problem::not_found(format!(
                "no area has the code {code}; England is ENG, others have the code of their region, integrated care board, sub-ICB location or primary care network, before July 2022 local office or CCG"
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

/// A board that is built where it is not at hand: work for a processor, not for the threads that answer requests.
async fn built(
    shared: &Arc<Shared>,
    build: impl FnOnce(&Views) -> Arc<Board> + Send + 'static,
) -> Result<Arc<Board>, Problem> {
    let views = shared.views.clone();
    tokio::task::spawn_blocking(move || build(&views)).await.map_err(|_| Problem::internal())
}

/// The day shown when none is asked for: today. Pages of areas open on [`crate::answers::supported_day`].
pub fn default_day(board: &Board) -> Day {
    board.today
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
        Problem::bad_input("the address is wrong").at("code", error.to_string())
    })
}

pub(crate) fn day(parameter: &str, text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("a query parameter is wrong").at(parameter, error.to_string())
    })
}

pub(crate) fn instant(text: &str) -> Result<Timestamp, Problem> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(day.end_in_london());
    }
    text.parse().map_err(|_| {
        Problem::bad_input("a query parameter is wrong").at(
            "known",
            format!(
                "“{}” is neither a day (yyyy-mm-dd) nor an RFC 3339 time such as 2019-03-31T12:00:00Z",
                cut(text)
            ),
        )
    })
}
