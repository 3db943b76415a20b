//! What may be decided, and what is so: pure.
//!
//! Three kinds of aggregate: [`Supplier`] (who it is, what it offers, what is certified), [`Buyer`] (what
//! an organisation uses and has checked) and [`HeldListing`] (an entry of a list that someone has to look
//! at). None of them reads a clock or makes up an id.

mod buyer;
mod identifiers;
mod listing;
mod supplier;

pub use buyer::{Buyer, BuyerCommand, Check, Engagement, GapPlan, LastCheck, PLAN_MAX_CHARS};
pub(crate) use identifiers::code_of;
pub use listing::{HeldListing, ListingCommand};
pub(crate) use supplier::number_key;
pub use supplier::{Offered, ReviewFinding, Supplier, SupplierCommand, company_number};

use proto::{
    AggregateId, OdsCode, SupplierId,
    codes::CodeError,
    subject::{BUYER, SUPPLIER},
    suppliers::Listing,
};
use uuid::Uuid;

/// The most characters of a name.
pub const NAME_MAX_CHARS: usize = 200;
/// The most characters of a scope, a ground or a reason.
pub const TEXT_MAX_CHARS: usize = 1_000;

/// The id of a supplier's aggregate.
pub fn supplier_aggregate(supplier: SupplierId) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[SUPPLIER, supplier.as_str()])
}

/// The id of an organisation's aggregate as a buyer.
pub fn buyer_aggregate(organisation: OdsCode) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[BUYER, organisation.as_str()])
}

/// The id of the aggregate of an entry of a list.
pub fn listing_aggregate(listing: &Listing) -> Result<AggregateId, CodeError> {
    AggregateId::of(&["listing", listing.list.slug(), &fingerprint(listing)])
}

/// The id of a supplier that is first heard of by an entry: the same entry gives the same id.
pub fn supplier_of(listing: &Listing) -> Result<SupplierId, CodeError> {
    fingerprint(listing).parse()
}

/// How many hexadecimal digits tell entries of lists apart: with 50,000 of them, two meet by chance
/// once in some hundred thousand platforms.
const FINGERPRINT_DIGITS: usize = 14;

fn fingerprint(listing: &Listing) -> String {
    let text = format!("{}\0{}", listing.list.slug(), listing.entry.trim().to_lowercase());
    let digits = Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).simple().to_string();
    digits.chars().take(FINGERPRINT_DIGITS).collect()
}
