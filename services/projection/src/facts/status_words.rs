//! Status texts of the national register that were not understood when they were read.
//!
//! The text is kept beside the fact, by the position of the event. What an edition added here, or a word explained
//! since, makes of it is looked up whenever timelines are made ([`OrganisationFacts::read_with`]): so that rows count
//! without being imported again, and figures as known before stay as they were.

use std::sync::Arc;

use proto::{
    Day, EditionId, Position, assessments::PublishedResult, imports::Withdrawn, standards::Catalogue,
};
use serde::{Deserialize, Serialize};

use super::{OrganisationFacts, Toolkit};

/// A status text of the register that was not understood when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUnderstood {
    /// The event that holds it, or that says that a later file showed it, too.
    pub position: Position,
    /// The date of the file that first showed it.
    pub as_of: Day,
    /// The day that stands beside it.
    pub published: Option<Day>,
    /// The text as received.
    pub text: Box<str>,
}

impl NotUnderstood {
    /// What it means in a catalogue.
    pub fn read(&self, catalogue: &Catalogue) -> PublishedResult {
        catalogue.read_status(&self.text, self.published, self.as_of)
    }

    /// The edition it is of, by its year or its day.
    pub fn edition(&self, catalogue: &Catalogue) -> Option<EditionId> {
        catalogue.edition_of_status(&self.text, self.published, self.as_of)
    }
}

impl OrganisationFacts {
    /// The facts with those status texts read that a catalogue understands; the others stay as they are.
    pub fn read_with(self: &Arc<Self>, catalogue: &Catalogue) -> Arc<Self> {
        if self.not_understood.is_empty() {
            return self.clone();
        }
        let mut read = Self::clone(self);
        read.not_understood.clear();
        for words in &self.not_understood {
            match words.read(catalogue) {
                PublishedResult::Unrecognised => read.not_understood.push(words.clone()),
                result => read.set_result(words.position, result),
            }
        }
        Arc::new(read)
    }

    /// Puts in what the row of the register at a position says.
    fn set_result(&mut self, position: Position, result: PublishedResult) {
        let is_published = result != PublishedResult::NotPublished;
        let rows = self.register.all_mut();
        let Some(row) = rows.iter_mut().find(|row| row.position == position) else { return };
        row.value.result = result;
        // A day beside “not published” is the day of nothing.
        row.value.published = row.value.published.filter(|_| is_published);
        let Some(fact) = self.toolkit.iter_mut().find(|fact| fact.position == position) else { return };
        fact.what = Toolkit::Listed(result);
        fact.day = row.value.published.unwrap_or(row.as_of);
    }

    /// The status text at a position, where it is not understood.
    pub fn words_at(&self, position: Position) -> Option<&NotUnderstood> {
        self.not_understood.iter().find(|words| words.position == position)
    }

    /// The status texts that are not understood, of the rows that count up to a position.
    pub fn words_standing<'a>(
        &'a self,
        withdrawn: &'a Withdrawn,
        upto: Position,
    ) -> impl Iterator<Item = &'a NotUnderstood> {
        self.register.standing(withdrawn, upto).filter_map(|row| self.words_at(row.position))
    }
}
