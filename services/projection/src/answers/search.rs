//! What a search found.

use proto::OdsCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Named, named, named_practice};
use crate::{
    board::{Board, Footprint},
    search::{Entry, Target},
};

/// The most things a search finds.
pub const SEARCH_MAX: usize = 50;

/// What a search found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// The question.
    pub q: String,
    /// The finds, best first.
    pub results: Vec<Found>,
}

/// A find.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Found {
    /// The body.
    #[serde(flatten)]
    pub body: Named,
    /// Its postcode.
    pub postcode: String,
    /// Its CCG today, or its last one.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// Whether it is open today.
    pub live: bool,
}

/// Finds bodies that may be found: by their code and kind.
pub fn search(
    board: &Board,
    question: &str,
    may_be_found: impl Fn(OdsCode, &'static str) -> bool,
) -> SearchAnswer {
    let kind = |entry: &Entry| match entry.target {
        Target::Practice(_) => "practice",
        Target::Area(_) => "area",
    };
    let results = board
        .search()
        .find_if(question, SEARCH_MAX, |entry| may_be_found(entry.code, kind(entry)))
        .into_iter()
        .filter_map(|entry| match entry.target {
            Target::Area(number) => board.areas.get(number).map(|area| Found {
                body: named(area, area.day_called(board.today)),
                postcode: area.listing.as_ref().map(|listing| listing.postcode.clone()).unwrap_or_default(),
                ccg: None,
                live: area.counts(0, Footprint::Then, board.today).practices() > 0,
            }),
            Target::Practice(number) => board.practices.get(number).map(|practice| Found {
                body: named_practice(practice, board.today),
                postcode: practice.listing.postcode.clone(),
                ccg: practice.placed.last().and_then(|placed| placed.commissioner),
                live: practice.placed_on(board.today).is_some(),
            }),
        })
        .collect();
    SearchAnswer { q: question.to_owned(), results }
}
