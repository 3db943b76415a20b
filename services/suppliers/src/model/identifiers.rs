//! What one supplier alone may have: its ODS code, its company number, the numbers of its certificates.

use chassis::claims::Holder;
use proto::{
    OdsCode,
    claims::{Identifier, IdentifierKind, IdentifierReleased},
    suppliers::{Certificate, List, Listing, SupplierDetails},
};

use super::{
    ReviewFinding, Supplier, SupplierCommand,
    supplier::{company_number, number_key},
};

/// The ODS code that an entry of a list is named by.
pub(crate) fn code_of(listing: &Listing) -> Option<OdsCode> {
    (listing.list == List::DspToolkit).then(|| listing.entry.parse().ok()).flatten()
}

fn of_code(code: OdsCode) -> Identifier {
    Identifier::open(IdentifierKind::OdsCode, code.as_str())
}

fn of_number(number: &str) -> Identifier {
    Identifier::open(IdentifierKind::CompanyNumber, number)
}

/// The scheme and number, without regard to case and blanks; none where no number is printed.
fn of_certificate(printed: &Certificate) -> Option<Identifier> {
    let number = number_key(&printed.number);
    let value = format!("{} {number}", printed.scheme);
    (!number.is_empty()).then(|| Identifier::open(IdentifierKind::Certificate, &value))
}

fn of_details(details: &SupplierDetails) -> impl Iterator<Item = Identifier> {
    let number = company_number(details.company_number.as_deref().unwrap_or_default()).ok().flatten();
    details.ods_code.map(of_code).into_iter().chain(number.as_deref().map(of_number))
}

impl Supplier {
    /// What a command would give the supplier that it does not have, and no other may have.
    pub fn would_get(&self, command: &SupplierCommand) -> Vec<Identifier> {
        use SupplierCommand as C;
        let mut identifiers: Vec<Identifier> = match command {
            C::Register { details, .. } | C::Amend(details) => of_details(details).collect(),
            // An entry of the toolkit's register brings its code along, where the supplier has none.
            C::Match { listing, .. } if self.dossier.details.ods_code.is_none() => {
                code_of(listing).map(of_code).into_iter().collect()
            }
            C::Certify { printed, also_of: None, .. } => of_certificate(printed).into_iter().collect(),
            C::Review { review, finding: ReviewFinding::Own } => {
                let held = self.held_for_review(*review).ok();
                held.and_then(|held| of_certificate(&held.printed)).into_iter().collect()
            }
            _ => Vec::new(),
        };
        identifiers.retain(|identifier| !self.has(identifier));
        identifiers
    }
}

impl Holder for Supplier {
    fn has(&self, identifier: &Identifier) -> bool {
        let details = &self.dossier.details;
        match identifier.kind {
            IdentifierKind::OdsCode => details.ods_code.is_some_and(|code| of_code(code).is(identifier)),
            IdentifierKind::CompanyNumber => {
                details.company_number.as_deref().is_some_and(|number| of_number(number).is(identifier))
            }
            IdentifierKind::Certificate => {
                let good = self.dossier.certificates.iter().filter(|held| held.withdrawn.is_none());
                good.filter_map(|held| of_certificate(&held.printed)).any(|own| own.is(identifier))
            }
            IdentifierKind::UserName => false,
        }
    }

    fn lose_claim(lost: IdentifierReleased) -> SupplierCommand {
        SupplierCommand::LoseClaim(lost)
    }
}
