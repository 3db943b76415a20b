//! What an organisation has published: for everybody, signed in or not.
//!
//! Its name and code, the published status, the day and the edition. Nothing of how it came about,
//! nothing that is not published, and no count of anything.

use std::{borrow::Cow, collections::BTreeMap};

use proto::{
    Day, EditionId, OdsCode,
    assessments::{Grade, PublishedResult},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{edition_name, why::result_name};
use crate::{
    board::{Board, Practice},
    facts::{Toolkit, ToolkitFact},
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublishedStatus {
    /// The status, as published: where its words are not understood, as received.
    pub status: String,
    /// For which edition; none where the words do not say it.
    #[schema(value_type = Option<String>)]
    pub edition: Option<EditionId>,
    /// The edition's name; empty where it is not known.
    pub title: String,
    /// The day it was published.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// Whether that was after the edition's deadline.
    pub late: bool,
    /// Whether the words are understood. If not, they count neither as met nor as not met.
    pub understood: bool,
}

/// What practices of a name, code or postcode have published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LookUpAnswer {
    /// The question.
    pub q: String,
    /// The practices found, best first.
    pub practices: Vec<StatusAnswer>,
}

/// A publication, and the edition it is for.
struct Publication<'a> {
    fact: &'a ToolkitFact,
    edition: Option<EditionId>,
    words: Cow<'a, str>,
    understood: bool,
}

/// What a practice has published by today: of the newest edition, the latest publication.
pub fn status(board: &Board, practice: &Practice) -> StatusAnswer {
    let newest = publications(board, practice).into_iter().max_by_key(|publication| {
        let order = publication.edition.and_then(|edition| board.calendar.catalogue().order(edition));
        (order, publication.fact.day, publication.fact.position)
    });
    let published = newest.map(|Publication { fact, edition, words, understood }| PublishedStatus {
        status: words.into_owned(),
        edition,
        title: edition.map(edition_name).unwrap_or_default(),
        on: fact.day,
        late: edition.is_some_and(|edition| is_late(board, edition, fact.day)),
        understood,
    });
    StatusAnswer { code: practice.code, name: practice.listing.name.clone(), published }
}

/// Whether a day is after an edition's deadline.
fn is_late(board: &Board, edition: EditionId, on: Day) -> bool {
    let term = board.calendar.terms().iter().find(|term| term.edition == edition);
    term.is_some_and(|term| on > term.deadline)
}

/// Everything it has published by today, in order of day. What the register showed goes once a later file
/// shows nothing published.
fn publications<'a>(board: &Board, practice: &'a Practice) -> Vec<Publication<'a>> {
    let catalogue = board.calendar.catalogue();
    let mut facts: Vec<&ToolkitFact> = practice
        .facts
        .toolkit
        .iter()
        .filter(|fact| fact.day <= board.today && fact.position <= board.knowledge.upto)
        .collect();
    facts.sort_by_key(|fact| fact.day);
    let mut found: Vec<Publication<'a>> = Vec::new();
    for fact in facts {
        let published = |edition, words, understood| Publication { fact, edition, words, understood };
        match fact.what {
            Toolkit::Published(edition, grade) => {
                found.push(published(Some(edition), grade_words(grade).into(), true));
            }
            Toolkit::Listed(PublishedResult::NotPublished) => {
                found.retain(|earlier| !matches!(earlier.fact.what, Toolkit::Listed(_)));
            }
            Toolkit::Listed(PublishedResult::Unrecognised) => {
                let Some(words) = practice.facts.words_at(fact.position) else { continue };
                let edition = catalogue.edition_of_status(&words.text, Some(fact.day), words.as_of);
                found.push(published(edition, Cow::Borrowed(&*words.text), false));
            }
            Toolkit::Listed(result) => {
                found.push(published(result.edition(), result_name(result).into(), true));
            }
            _ => {}
        }
    }
    found
}

/// The most texts that are listed.
const TEXTS_MAX: usize = 100;

/// A status text that is not understood, and how many rows carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextCount {
    /// The text as received.
    pub text: String,
    /// Rows of the register that carry it.
    pub rows: u64,
}

/// The status texts of the register that are not understood, the most frequent first; the first
/// [`TEXTS_MAX`] of them.
pub fn not_understood(board: &Board) -> Vec<TextCount> {
    let catalogue = board.calendar.catalogue();
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for organisation in board.facts.organisations.values() {
        for text in &organisation.read_with(catalogue).not_understood {
            *rows.entry(text.text.to_string()).or_default() += 1;
        }
    }
    let mut counts: Vec<TextCount> = rows.into_iter().map(|(text, rows)| TextCount { text, rows }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.rows));
    counts.truncate(TEXTS_MAX);
    counts
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
