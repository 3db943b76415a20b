//! An entry of a list that somebody has to look at.

use chassis::{Aggregate, Context, Refusal, When};
use proto::{
    SupplierId,
    suppliers::{Listing, ListingHeld, SupplierDetails, SupplierEvent},
};
use serde::{Deserialize, Serialize};

/// An entry of a list, as it was last held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldListing {
    /// What was held.
    pub held: Option<ListingHeld>,
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
}

impl Aggregate for HeldListing {
    type Event = SupplierEvent;
    type Command = ListingCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "held-listing";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &ListingCommand, _: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        let ListingCommand::Hold { listing, details, resembles } = command;
        let held =
            ListingHeld { listing: listing.clone(), details: details.clone(), resembles: resembles.clone() };
        Ok((self.held.as_ref() != Some(&held)).then(|| held.into()))
    }

    fn evolve(&mut self, event: &SupplierEvent, _: &When) {
        if let SupplierEvent::ListingHeld(held) = event {
            self.held = Some(held.clone());
        }
    }
}
