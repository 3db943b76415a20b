//! An entry of a list that someone has to look at.

use chassis::{
    Aggregate, Context, Refusal, When,
    refusal::{needed, needed_line, optional_line},
};
use proto::{
    Day, SupplierId,
    suppliers::{
        Listing, ListingHeld, ListingRejected, RowSays, RowSettled, RowWaiting, SupplierDetails,
        SupplierEvent,
    },
};
use serde::{Deserialize, Serialize};

use super::{NAME_MAX_CHARS, TEXT_MAX_CHARS};

/// The most rows of an entry that wait at a time.
const WAITING_MAX: usize = 500;

/// An entry of a list, as it was last held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldListing {
    /// What was held.
    pub held: Option<ListingHeld>,
    /// Whether it was found to name no supplier since.
    pub is_rejected: bool,
    /// Its rows that wait for something to be decided.
    pub waiting: Vec<RowWaiting>,
    /// How many ever waited.
    pub rows: u16,
}

/// What can be asked of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingCommand {
    /// Lay it before someone.
    Hold {
        /// The entry.
        listing: Listing,
        /// Who it says it is.
        details: SupplierDetails,
        /// Whom it resembles.
        resembles: Vec<SupplierId>,
    },
    /// Keep what a row says until something is decided.
    Wait {
        /// The entry.
        listing: Listing,
        /// The date of the file.
        as_of: Day,
        /// What the row says.
        says: RowSays,
    },
    /// A row that waited was recorded, or leads to nothing.
    Settle {
        /// Its number.
        row: u16,
    },
    /// It names no supplier.
    Reject {
        /// Why.
        reason: String,
    },
}

/// Refuses what no supplier could have on record: it would wait for nothing.
fn check(says: &RowSays) -> Result<(), Refusal> {
    match says {
        RowSays::Published { name, status, .. } => {
            needed_line("name", "the name", name, NAME_MAX_CHARS)?;
            needed_line("status", "the status", status, TEXT_MAX_CHARS)?;
        }
        RowSays::Offered { product, version, .. } => {
            needed_line("product", "the product", product, NAME_MAX_CHARS)?;
            optional_line("version", "the version", version, NAME_MAX_CHARS)?;
        }
    }
    Ok(())
}

impl Aggregate for HeldListing {
    type Event = SupplierEvent;
    type Command = ListingCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "held-listing";
    const FOLD_VERSION: u32 = 3;

    fn decide(&self, command: &ListingCommand, _: &Context) -> Result<Option<SupplierEvent>, Refusal> {
        match command {
            ListingCommand::Hold { listing, details, resembles } => {
                needed_line("legal_name", "the name", &details.legal_name, NAME_MAX_CHARS)?;
                let (listing, details, resembles) = (listing.clone(), details.clone(), resembles.clone());
                let held = ListingHeld { listing, details, resembles };
                Ok((self.is_rejected || self.held.as_ref() != Some(&held)).then(|| held.into()))
            }
            ListingCommand::Wait { listing, as_of, says } => {
                check(says)?;
                if self.waiting.iter().any(|waiting| waiting.says == *says) {
                    return Ok(None);
                }
                if self.waiting.len() >= WAITING_MAX || self.rows == u16::MAX {
                    let text =
                        format!("up to {WAITING_MAX} rows of an entry may wait: decide what it is first");
                    return Err(Refusal::as_things_stand(text));
                }
                let (listing, row) = (listing.clone(), self.rows + 1);
                Ok(Some(RowWaiting { listing, row, as_of: *as_of, says: says.clone() }.into()))
            }
            ListingCommand::Settle { row } => {
                let waiting = self.waiting.iter().find(|waiting| waiting.row == *row);
                let settled = waiting.map(|it| RowSettled { listing: it.listing.clone(), row: it.row });
                Ok(settled.map(SupplierEvent::from))
            }
            ListingCommand::Reject { reason } => {
                let reason = needed("reason", "a reason", reason, TEXT_MAX_CHARS)?;
                let Some(held) = &self.held else {
                    return Err(Refusal::unknown("no such entry waits for someone to look"));
                };
                let event = ListingRejected { listing: held.listing.clone(), reason };
                Ok((!self.is_rejected).then(|| event.into()))
            }
        }
    }

    fn evolve(&mut self, event: &SupplierEvent, _: &When) {
        match event {
            SupplierEvent::ListingHeld(held) => {
                self.held = Some(held.clone());
                self.is_rejected = false;
            }
            SupplierEvent::RowWaiting(waiting) => {
                self.rows = self.rows.max(waiting.row);
                self.waiting.push(waiting.clone());
            }
            SupplierEvent::RowSettled(settled) => self.waiting.retain(|waiting| waiting.row != settled.row),
            SupplierEvent::ListingRejected(_) => self.is_rejected = true,
            _ => {}
        }
    }

    fn keeps(_: &SupplierEvent) -> bool {
        true
    }

    fn take_over(&mut self, whole: &Self) {
        self.rows = whole.rows;
    }
}
