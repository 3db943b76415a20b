//! What the national register showed of one organisation, file after file.
//!
//! Only what is new becomes an event:
//! - a file as new as the newest known one adds a changed status or day of publication;
//! - an older file adds a publication that was not known yet, and never a “not published”: what was
//!   missing in an old file says nothing once a later one is known. Of an older file's status without
//!   a day, only the status is compared.
//!
//! An organisation that a newer file shows unchanged has no event of that file. So that the file still
//! counts as the newest, the command says which file date is the newest on the whole log.

use std::sync::Arc;

use chassis::{Aggregate, Context, When};
use proto::{
    Day, OdsCode,
    assessments::{AssessmentEvent, PublishedResult, ResultListed},
    standards::Catalogue,
};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// The register's entry of one organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// What the newest file showed.
    pub newest: Option<ResultListed>,
    /// Every publication ever seen: status text and day.
    known: Vec<(String, Option<Day>)>,
}

/// One row of a register file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The organisation.
    pub organisation: OdsCode,
    /// Its name in the register.
    pub name: String,
    /// The sector it registered under.
    pub sector: String,
    /// The status text as received, without blanks around it.
    pub status: String,
    /// The day of publication.
    pub published: Option<Day>,
}

impl Listing {
    /// The day from which what the row says holds: that of publication, else that of the file.
    pub fn effective(&self, as_of: Day, catalogue: &Catalogue) -> Day {
        match catalogue.read_status_alone(&self.status, self.published, as_of) {
            PublishedResult::NotPublished => as_of,
            _ => self.published.unwrap_or(as_of),
        }
    }
}

/// What can be asked of the register's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterCommand {
    /// Take note of a row.
    ListResult {
        /// The date of the file.
        as_of: Day,
        /// The row.
        listing: Listing,
        /// The newest date of a register file on the log, of any organisation.
        newest_file: Option<Day>,
        /// The editions by which its status is read.
        catalogue: Arc<Catalogue>,
    },
}

impl Aggregate for RegisterEntry {
    type Event = AssessmentEvent;
    type Command = RegisterCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "register-entry";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &RegisterCommand, _: &Context) -> Result<Option<AssessmentEvent>, Refusal> {
        let RegisterCommand::ListResult { as_of, listing, newest_file, catalogue } = command;
        let result = catalogue.read_status_alone(&listing.status, listing.published, *as_of);
        // A day beside “not published” (one such row is known) is the day of nothing.
        let published = listing.published.filter(|_| result != PublishedResult::NotPublished);
        let is_new = match &self.newest {
            None => true,
            Some(newest) if Some(*as_of) >= (*newest_file).max(Some(newest.as_of)) => {
                newest.status != listing.status || newest.published != published
            }
            Some(_) => {
                result != PublishedResult::NotPublished
                    && !self.known.iter().any(|(status, day)| {
                        *status == listing.status && (published.is_none() || *day == published)
                    })
            }
        };
        Ok(is_new.then(|| {
            AssessmentEvent::ResultListed(ResultListed {
                organisation: listing.organisation,
                as_of: *as_of,
                name: listing.name.clone(),
                sector: listing.sector.clone(),
                status: listing.status.clone(),
                result,
                published,
            })
        }))
    }

    fn evolve(&mut self, event: &AssessmentEvent, _: &When) {
        let AssessmentEvent::ResultListed(listed) = event else { return };
        let publication = (listed.status.clone(), listed.published);
        if listed.result != PublishedResult::NotPublished && !self.known.contains(&publication) {
            self.known.push(publication);
        }
        if self.newest.as_ref().is_none_or(|newest| listed.as_of >= newest.as_of) {
            self.newest = Some(listed.clone());
        }
    }
}
