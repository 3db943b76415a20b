//! The editions of this installation, and what status texts mean in it, learnt from the events of
//! `assessments`: for whatever service works with an edition. One for all services of a process.

use std::{sync::Arc, time::Duration};

use proto::{
    EditionId, Header, Position,
    assessments::{EditionAdded, StatusTextExplained},
    standards::{Catalogue, Edition},
};

use crate::{
    following::{Fold, Following},
    log::{ReadError, Recorded},
};

/// How long a request waits for the editions when an id is not known (yet).
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The catalogue so far. Readers take it as a whole and never block a writer.
#[derive(Debug, Default)]
pub struct Known {
    catalogue: Arc<Catalogue>,
}

impl Fold for Known {
    const NAME: &'static str = "the list of editions";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        match header.kind.as_ref() {
            EditionAdded::TYPE => {
                if let Ok(added) = header.fields::<EditionAdded>() {
                    Arc::make_mut(&mut self.catalogue).apply_added(&added);
                }
            }
            StatusTextExplained::TYPE => {
                if let Ok(given) = header.fields::<StatusTextExplained>() {
                    Arc::make_mut(&mut self.catalogue).apply_explained(&given);
                }
            }
            _ => {}
        }
    }
}

/// A handle on the editions.
#[derive(Debug, Clone)]
pub struct Editions {
    following: Following<Known>,
}

impl Editions {
    pub(crate) fn new(following: Following<Known>) -> Self {
        Self { following }
    }

    /// All editions, as known now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.following.known().catalogue.clone()
    }

    /// The edition of an id. One that is not known is looked for again once all that the log holds by
    /// now has been read.
    pub async fn edition(&self, id: EditionId) -> Result<Option<Arc<Edition>>, ReadError> {
        let known = || self.catalogue().edition(id).cloned();
        if let Some(edition) = known() {
            return Ok(Some(edition));
        }
        self.following.caught_up(CATCH_UP_TIMEOUT).await?;
        Ok(known())
    }

    /// Waits until an event is known here, so that who wrote it finds it.
    pub async fn reached(&self, position: Position) {
        self.following.reached(position, CATCH_UP_TIMEOUT).await;
    }

    /// Waits until all that the log holds now is known.
    pub async fn must_catch_up(&self, within: Duration) -> Result<(), crate::Problem> {
        self.following.must_catch_up(within).await
    }

    /// Whether all has been read that the log held at the start, and if not, how far.
    pub fn ready(&self) -> Result<(), String> {
        self.following.ready()
    }
}
