//! What an organisation has published: for everyone, signed in or not.
//!
//! Its name and code, the published status, the day and the edition. Nothing of how it came about,
//! nothing that is not published, and no count of anything.

use proto::{
    Day, EditionId, OdsCode,
    assessments::{Grade, PublishedResult},
    imports::Row,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Named, RestsOn, edition_name, named, rests_on, why::result_name};
use crate::{
    board::{Area, AreaKind, Board, Footprint, Practice},
    facts::{RegisterRow, Toolkit, ToolkitFact},
    search::{Entry, Target},
};

/// The most practices that one look-up names.
pub const LOOK_UP_MAX: usize = 20;

/// The most areas that one look-up names.
const LOOK_UP_AREAS_MAX: usize = 10;

/// How many practices of an area one page names.
const AREA_PAGE: usize = 100;

/// What a practice has published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatusAnswer {
    /// Its code.
    #[schema(value_type = String)]
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// The newest of what it has published; none: nothing, where `is_known`.
    pub published: Option<PublishedStatus>,
    /// Whether anything read here would show a publication: a register of published results, or an assessment kept
    /// here. If not, it is not known whether anything is published.
    pub is_known: bool,
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
    /// The day it was published; where it was published again, the last time. Where the register gives none, the date
    /// of the register.
    #[schema(value_type = String, format = Date)]
    pub on: Day,
    /// Whether `on` is a day of publication, and not only the date of the register that shows it.
    pub is_dated: bool,
    /// Whether nothing was published for the edition by its deadline; false, too, where no day of publication is given.
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
    /// The areas found that have practices today, best first.
    pub areas: Vec<Named>,
    /// The newest file of each kind that was read.
    pub rests_on: Vec<RestsOn>,
}

/// What a practice has published, and the files that this rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PracticeStatusAnswer {
    /// What it has published.
    #[serde(flatten)]
    pub status: StatusAnswer,
    /// The newest file of each kind that was read.
    pub rests_on: Vec<RestsOn>,
}

/// What the practices of an area have published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AreaStatusesAnswer {
    /// The area, as it is called today.
    #[serde(flatten)]
    pub area: Named,
    /// Its practices of today in order of code, from the one after `after` on.
    pub practices: Vec<StatusAnswer>,
    /// The `after` of the next page; none on the last one.
    #[schema(value_type = Option<String>)]
    pub next: Option<OdsCode>,
    /// The newest file of each kind that was read.
    pub rests_on: Vec<RestsOn>,
}

/// What a practice has published by today, and the files that this rests on.
pub fn practice_status(board: &Board, practice: &Practice) -> PracticeStatusAnswer {
    PracticeStatusAnswer { status: status(board, practice), rests_on: rests_on(board) }
}

/// What a practice has published by today: of the newest edition, the latest publication.
pub fn status(board: &Board, practice: &Practice) -> StatusAnswer {
    let catalogue = board.calendar.catalogue();
    let order = |edition: &EditionId| catalogue.order(*edition);
    let shown = register_shows(board, practice);
    let published = published_here(board, practice).chain(shown).max_by_key(|published| {
        // An edition that is not known is none of those that are: what is received last is shown.
        let order = published.edition.as_ref().map_or(Some(usize::MAX), order);
        (order, published.on)
    });
    let is_known =
        published.is_some() || board.registers.newest().is_some() || is_assessed_here(board, practice);
    StatusAnswer { code: practice.code, name: practice.listing.name.clone(), published, is_known }
}

/// Whether an assessment of it has been opened here by today.
fn is_assessed_here(board: &Board, practice: &Practice) -> bool {
    let counts = |fact: &&ToolkitFact| fact.day <= board.today && fact.position <= board.knowledge.upto;
    practice.facts.toolkit.iter().filter(counts).any(|fact| matches!(fact.what, Toolkit::Opened(_)))
}

/// Whether a day is after an edition's deadline.
fn is_late(board: &Board, edition: EditionId, on: Day) -> bool {
    let term = board.calendar.terms().iter().find(|term| term.edition == edition);
    term.is_some_and(|term| on > term.deadline)
}

/// What was published here by today, in the order of the log.
fn published_here<'a>(
    board: &'a Board,
    practice: &'a Practice,
) -> impl Iterator<Item = PublishedStatus> + 'a {
    let counts = |fact: &&ToolkitFact| fact.day <= board.today && fact.position <= board.knowledge.upto;
    let first = move |edition: EditionId| {
        let of_it = |fact: &&ToolkitFact| matches!(fact.what, Toolkit::Published(of, _) if of == edition);
        practice.facts.toolkit.iter().filter(counts).filter(of_it).map(|fact| fact.day).min()
    };
    practice.facts.toolkit.iter().filter(counts).filter_map(move |fact| {
        let Toolkit::Published(edition, grade) = fact.what else { return None };
        Some(PublishedStatus {
            status: grade_words(grade).to_owned(),
            edition: Some(edition),
            title: edition_name(edition),
            on: fact.day,
            is_dated: true,
            late: is_late(board, edition, first(edition).unwrap_or(fact.day)),
            understood: true,
        })
    })
}

/// What the newest register that counts shows as published: no longer shown is no longer published.
fn register_shows(board: &Board, practice: &Practice) -> Option<PublishedStatus> {
    let facts = &practice.facts;
    let is_read = |row: &&Row<RegisterRow>| {
        row.value.result != PublishedResult::Unrecognised || facts.words_at(row.position).is_some()
    };
    let rows = facts.register.standing(&board.facts.files.withdrawn, board.knowledge.upto);
    let by_today = rows.filter(|row| row.as_of <= board.today).filter(is_read);
    // Of rows of one date the last recorded counts: of equal maxima the last is taken.
    let row = by_today.max_by_key(|row| row.as_of)?;
    let words = facts.words_at(row.position);
    let (status, edition) = match (row.value.result, words) {
        (PublishedResult::NotPublished, _) => return None,
        (_, Some(words)) => (words.text.to_string(), words.edition(board.calendar.catalogue())),
        (result, None) => (result_name(result).to_owned(), result.edition()),
    };
    let on = row.value.published.unwrap_or(row.as_of);
    Some(PublishedStatus {
        status,
        edition,
        title: edition.map(edition_name).unwrap_or_default(),
        on,
        is_dated: row.value.published.is_some(),
        late: edition.zip(row.value.published).is_some_and(|(edition, on)| is_late(board, edition, on)),
        understood: words.is_none(),
    })
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
    let area = |entry: &Entry| match entry.target {
        Target::Area(number) => board
            .areas
            .get(number)
            .filter(|area| area.kind != AreaKind::England && has_practices(board, area)),
        Target::Practice(_) => None,
    };
    let areas = board
        .search()
        .find_if(question, LOOK_UP_AREAS_MAX, |entry| area(entry).is_some())
        .into_iter()
        .filter_map(|entry| area(entry).map(|area| named(area, board.today)))
        .collect();
    LookUpAnswer { q: question.to_owned(), practices, areas, rests_on: rests_on(board) }
}

fn has_practices(board: &Board, area: &Area) -> bool {
    area.counts(0, Footprint::Then, board.today).practices() > 0
}

/// What the practices of an area have published, a page of them; none where there is no such area today.
pub fn area_statuses(board: &Board, code: OdsCode, after: Option<OdsCode>) -> Option<AreaStatusesAnswer> {
    let area = board.area(code).filter(|area| has_practices(board, area))?;
    let members = board.members(area, Footprint::Then, board.today);
    let mut practices: Vec<StatusAnswer> = members
        .filter(|practice| after.is_none_or(|after| practice.code > after))
        .take(AREA_PAGE + 1)
        .map(|practice| status(board, practice))
        .collect();
    let more = practices.len() > AREA_PAGE;
    practices.truncate(AREA_PAGE);
    let next = practices.last().map(|last| last.code).filter(|_| more);
    let rests_on = rests_on(board);
    Some(AreaStatusesAnswer { area: named(area, board.today), practices, next, rests_on })
}

pub(super) fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Satisfactory => "Satisfactory",
        Grade::NotSatisfactory => "Not satisfactory",
        Grade::SatisfactoryWithImprovementPlan => "Satisfactory with improvement plan",
    }
}
