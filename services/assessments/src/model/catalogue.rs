//! The editions that were added here, and what status texts were explained to mean.
//!
//! One aggregate for all of them: that an edition follows the newest one can only be decided by who knows
//! them all. What an edition says stays as it was added; its deadlines are moved, its requirements exempted
//! and its closing day set by decisions of their own (see [`super::EditionDecisions`]).

use chassis::{Aggregate, Context, When};
use proto::{
    assessments::{AssessmentEvent, EditionAdded, PublishedResult, ResultLevel, StatusTextExplained},
    standards::{Catalogue, Edition, EditionDefinition},
    text::Line,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{Refusal, assessment::need_reason};

/// The most characters of a status text that is explained.
pub const STATUS_TEXT_MAX_CHARS: usize = 200;

/// The most texts that can be explained.
pub const EXPLAINED_MAX: usize = 1_000;

/// What was added to the editions that come with the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedEditions {
    added: Vec<EditionAdded>,
    explained: Vec<StatusTextExplained>,
}

/// What can be asked of the editions as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueCommand {
    /// Add an edition.
    Add(Box<EditionDefinition>),
    /// Say what a status text means.
    Explain {
        /// The text as the register writes it.
        text: String,
        /// What it means.
        level: ResultLevel,
        /// For which edition; none: the one that each row names by its year or its date.
        edition: Option<Arc<Edition>>,
        /// Why.
        reason: String,
    },
}

impl AddedEditions {
    /// All editions.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for added in &self.added {
            catalogue.apply_added(added);
        }
        for explained in &self.explained {
            catalogue.apply_explained(explained);
        }
        catalogue
    }

    fn add(&self, written: &EditionDefinition) -> Result<Option<AssessmentEvent>, Refusal> {
        let whole = written.clone().with_shared_requirements().map_err(Refusal::FaultyEdition)?;
        if self.added.iter().any(|added| added.edition == whole) {
            return Ok(None);
        }
        let added = self.catalogue().add(whole).map_err(Refusal::FaultyEdition)?;
        Ok(Some(AssessmentEvent::EditionAdded(added)))
    }

    fn explain(
        &self,
        text: &str,
        level: ResultLevel,
        edition: Option<&Edition>,
        reason: &str,
        context: &Context,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        check_status_text(&text)?;
        let catalogue = self.catalogue();
        let today = context.effective;
        if catalogue.read_status_alone(&text, None, today) != PublishedResult::Unrecognised {
            return Err(Refusal::UnderstoodAlready(text));
        }
        need_reason(reason)?;
        let edition = edition.map(|edition| edition.id);
        let known = catalogue.explanation(&text, edition);
        if known.is_none() && self.explained.len() >= EXPLAINED_MAX {
            return Err(Refusal::TooManyTexts);
        }
        if known.is_some_and(|known| known.level == level) {
            return Ok(None);
        }
        let reason = reason.trim().to_owned();
        Ok(Some(AssessmentEvent::StatusTextExplained(StatusTextExplained { text, level, edition, reason })))
    }
}

fn check_status_text(text: &str) -> Result<(), Refusal> {
    const FIELD: &str = "text";
    if text.is_empty() {
        return Err(Refusal::Missing {
            field: FIELD,
            what: "The status text",
            why: "enter it as the register writes it, such as “26/27 Assured”",
        });
    }
    if text.chars().count() > STATUS_TEXT_MAX_CHARS {
        return Err(Refusal::TooLong { field: FIELD, what: "The status text", max: STATUS_TEXT_MAX_CHARS });
    }
    Line::of(text).map(drop).map_err(|fault| Refusal::NotALine {
        field: FIELD,
        what: "The status text",
        fault,
    })
}

impl Aggregate for AddedEditions {
    type Event = AssessmentEvent;
    type Command = CatalogueCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "added-editions";
    const FOLD_VERSION: u32 = 1;

    fn decide(
        &self,
        command: &CatalogueCommand,
        context: &Context,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        match command {
            CatalogueCommand::Add(written) => self.add(written),
            CatalogueCommand::Explain { text, level, edition, reason } => {
                self.explain(text, *level, edition.as_deref(), reason, context)
            }
        }
    }

    fn evolve(&mut self, event: &AssessmentEvent, _: &When) {
        match event {
            AssessmentEvent::EditionAdded(added) => self.added.push(added.clone()),
            AssessmentEvent::StatusTextExplained(explained) => self.explained.push(explained.clone()),
            _ => {}
        }
    }
}
