//! What an organisation has published: for everybody, signed in or not.
//!
//! Its name and code, the published status, the day and the edition. Nothing of how it came about,
//! nothing that is not published, and no count of anything.

use proto::{Day, EditionId, OdsCode, assessments::Grade};
use serde::Serialize;
use utoipa::ToSchema;

use super::{edition_name, why::result_name};
use crate::{
    board::{Board, Practice},
    facts::Toolkit,
    search::Target,
};

/// The most practices that one look-up names.
pub const LOOK_UP_MAX: usize = 20;

/// What a practice has published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatusAnswer {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// The newest of what it has published; none: nothing.
    pub published: Option<PublishedStatus>,
}

/// A published status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishedStatus {
    /// The status, as published.
    pub status: &'static str,
    /// For which edition.
    #[schema(value_type = String)]
    pub edition: EditionId,
    /// The edition's name.
    pub title: String,
    /// The day it was published.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
}

/// What practices of a name, code or postcode have published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LookUpAnswer {
    /// The question.
    pub q: String,
    /// The practices found, best first.
    pub practices: Vec<StatusAnswer>,
}

/// What a practice has published by today.
pub fn status(board: &Board, practice: &Practice) -> StatusAnswer {
    let published = practice
        .facts
        .toolkit
        .iter()
        .filter(|fact| fact.day <= board.today)
        .filter_map(|fact| match fact.what {
            Toolkit::Published(edition, grade) => Some((fact, edition, grade_words(grade))),
            Toolkit::Listed(result) => result.edition().map(|edition| (fact, edition, result_name(result))),
            _ => None,
        })
        .max_by_key(|(fact, ..)| (fact.day, fact.position))
        .map(|(fact, edition, status)| PublishedStatus {
            status,
            edition,
            title: edition_name(edition),
            on: fact.day,
        });
    StatusAnswer { code: practice.code, name: practice.listing.name.clone(), published }
}

/// What practices of a name, code or postcode have published.
pub fn look_up(board: &Board, question: &str) -> LookUpAnswer {
    let practices = board
        .search()
        .find_if(question, LOOK_UP_MAX, |entry| matches!(entry.target, Target::Practice(_)))
        .into_iter()
        .filter_map(|entry| match entry.target {
            Target::Practice(number) => board.practices.get(number),
            Target::Area(_) => None,
        })
        .map(|practice| status(board, practice))
        .collect();
    LookUpAnswer { q: question.to_owned(), practices }
}

pub(super) fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Satisfactory => "Satisfactory",
        Grade::NotSatisfactory => "Not satisfactory",
        Grade::SatisfactoryWithImprovementPlan => "Satisfactory with improvement plan",
    }
}
