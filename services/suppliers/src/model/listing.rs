//! An entry of a list that somebody has to look at.

use chassis::{Aggregate, Context, Refusal, When, refusal::needed};
use proto::{
    SupplierId,
    suppliers::{Listing, ListingHeld, ListingRejected, SupplierDetails, SupplierEvent},
};
use serde::{Deserialize, Serialize};

use super::TEXT_MAX_CHARS;

/// An entry of a list, as it was last held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldListing {
    /// What was held.
    pub held: Option<ListingHeld>,
    /// Whether it was found to name no supplier since.
    pub is_rejected: bool,
}

/// What can be asked of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingCommand {
    /// Lay it before somebody.
    Hold {
        /// The entry.
        listing: Listing,
        /// Who it says it is.
        details: SupplierDetails,
        /// Whom it resembles.
        resembles: Vec<SupplierId>,
    },
    /// It names no supplier.
    Reject {
        /// Why.
        reason: String,
    },
}

impl Aggregate for HeldListing {
    type Event = SupplierEvent;
    type Command = ListingCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "held-listing";
    const FOLD_VERSION: u32 = 2;

    fn decide(&self, command: &ListingCommand, _: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        match command {
            ListingCommand::Hold { listing, details, resembles } => {
                let (listing, details, resembles) = (listing.clone(), details.clone(), resembles.clone());
                let held = ListingHeld { listing, details, resembles };
                Ok((self.is_rejected || self.held.as_ref() != Some(&held)).then(|| held.into()))
            }
            ListingCommand::Reject { reason } => {
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                let Some(held) = &self.held else {
                    return Err(Refusal::unknown("no such entry waits for somebody to look"));
                };
                let event = ListingRejected { listing: held.listing.clone(), reason };
                Ok((!self.is_rejected).then(|| event.into()))
            }
        }
    }

    fn evolve(&mut self, event: &SupplierEvent, _: &When) {
        match event {
            SupplierEvent::ListingHeld(held) => {
                *self = HeldListing { held: Some(held.clone()), is_rejected: false };
            }
            SupplierEvent::ListingRejected(_) => self.is_rejected = true,
            _ => {}
        }
    }
}
