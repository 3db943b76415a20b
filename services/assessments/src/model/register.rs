//! What the national register showed of one organisation, file after file.
//!
//! Only what is new becomes an event: a row that says something else than what was in force on the date of its
//! file, by the files before it. So files may come in any order, and the same file again adds nothing. What an
//! import that was withdrawn said is as if it had not been said.

use std::sync::Arc;

use chassis::{Aggregate, Context, When};
use proto::{
    Day, OdsCode, Position,
    assessments::{AssessmentEvent, PublishedResult, ResultListed},
    imports::{Row, Rows, Withdrawn},
    standards::Catalogue,
};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// The register's entry of one organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// What files showed that was new.
    rows: Rows<ResultListed>,
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
    /// What stands in the place of a day, as received.
    pub published_text: Option<String>,
}

impl Listing {
    /// Its status text, if neither an edition nor an explanation given here says what it means.
    pub fn not_understood(&self, as_of: Day, catalogue: &Catalogue) -> Option<&str> {
        let read = catalogue.read_status(&self.status, self.published, as_of);
        (read == PublishedResult::Unrecognised).then_some(self.status.as_str())
    }

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
        /// The imports that were withdrawn.
        withdrawn: Arc<Withdrawn>,
        /// The editions by which its status is read.
        catalogue: Arc<Catalogue>,
    },
}

impl RegisterEntry {
    /// What the newest file shows.
    pub fn newest(&self, withdrawn: &Withdrawn) -> Option<&ResultListed> {
        self.in_force(Day::LAST, withdrawn)
    }

    fn in_force(&self, as_of: Day, withdrawn: &Withdrawn) -> Option<&ResultListed> {
        self.rows.in_force(as_of, withdrawn, Position(u64::MAX)).map(|row| &row.value)
    }
}

impl Aggregate for RegisterEntry {
    type Event = AssessmentEvent;
    type Command = RegisterCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "register-entry";
    const FOLD_VERSION: u32 = 2;

    fn decide(&self, command: &RegisterCommand, _: &Context) -> Result<Option<AssessmentEvent>, Refusal> {
        let RegisterCommand::ListResult { as_of, listing, withdrawn, catalogue } = command;
        let result = catalogue.read_status_alone(&listing.status, listing.published, *as_of);
        // A day beside “not published” (one such row is known) is the day of nothing.
        let published = listing.published.filter(|_| result != PublishedResult::NotPublished);
        let listed = ResultListed {
            organisation: listing.organisation,
            as_of: *as_of,
            name: listing.name.clone(),
            sector: listing.sector.clone(),
            status: listing.status.clone(),
            result,
            published,
            published_text: listing.published_text.clone(),
        };
        let says = |of: &ResultListed| (of.status.clone(), of.published, of.published_text.clone());
        let is_new = self.in_force(*as_of, withdrawn).is_none_or(|known| says(known) != says(&listed));
        Ok(is_new.then_some(AssessmentEvent::ResultListed(listed)))
    }

    fn evolve(&mut self, event: &AssessmentEvent, when: &When) {
        let AssessmentEvent::ResultListed(listed) = event else { return };
        let (as_of, value) = (listed.as_of, listed.clone());
        self.rows.note(Row {
            as_of,
            position: when.position,
            import: when.correlation_id,
            value,
            confirmed: false,
        });
    }
}
