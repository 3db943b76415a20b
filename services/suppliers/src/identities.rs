//! Whose a number is: the one way by which a supplier gets an ODS code, a company number or a certificate, from a form,
//! the API, a file, a correction or a review.
//!
//! What no other has by the register is claimed first ([`chassis::claims`]): of two processes that give the same number
//! to two suppliers one finds it taken.

use std::sync::Arc;

use axum::http::StatusCode;
use chassis::{
    CommandMeta, Commands, Outcome, Problem,
    claims::{Claims, NotClaimed, Reserved},
};
use proto::{
    OdsCode, SupplierId,
    claims::{Identifier, IdentifierKind},
    suppliers::SupplierDetails,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    desk::Failure,
    model::{ReviewFinding, Supplier, SupplierCommand, company_number, supplier_aggregate},
    register::Register,
};

/// Gives suppliers what no other may have.
#[derive(Debug, Clone)]
pub(crate) struct Identities {
    alone: Arc<Mutex<()>>,
    suppliers: Commands<Supplier>,
    claims: Claims<Supplier>,
}

/// Why a supplier does not get what a command would give it.
#[derive(Debug)]
pub(crate) enum NotFree {
    /// Another supplier has it.
    Taken { identifier: Identifier, by: SupplierId },
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for NotFree {
    fn from(problem: Problem) -> Self {
        NotFree::Problem(problem)
    }
}

impl From<NotFree> for Problem {
    fn from(not_free: NotFree) -> Self {
        match not_free {
            NotFree::Problem(problem) => problem,
            NotFree::Taken { identifier, by } => {
                taken(identifier.kind, identifier.value.as_deref().unwrap_or_default(), by)
            }
        }
    }
}

impl From<NotFree> for Failure {
    fn from(not_free: NotFree) -> Self {
        Failure::Problem(not_free.into())
    }
}

/// That another supplier has a number.
fn taken(kind: IdentifierKind, value: &str, other: SupplierId) -> Problem {
    let (at, what) = match kind {
        IdentifierKind::OdsCode => ("ods_code", "ODS code"),
        IdentifierKind::CompanyNumber => ("company_number", "company number"),
        IdentifierKind::Certificate | IdentifierKind::UserName => ("number", "number"),
    };
    let detail = format!(
        "the supplier {other} has the {what} {value} already: send one that no other supplier has, or ask NHS Digital to correct {other} first"
    );
    Problem::refused("known-already", detail.clone()).at(at, detail)
}

impl Identities {
    /// Over the suppliers and the claims to what they have.
    pub fn new(suppliers: Commands<Supplier>, claims: Claims<Supplier>) -> Self {
        Self { alone: Arc::default(), suppliers, claims }
    }

    /// Held by whoever says in this process which company a supplier is or whose a certificate is, from the look at the
    /// register until it shows what was said: the next one is then judged by it, and seldom finds a claim under way.
    pub async fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().await
    }

    /// Claims what a command would give a supplier, and tells which command to give: a certificate that another
    /// supplier has is held for review, unless someone has looked. To be asked once the register shows no one else who
    /// has it.
    pub async fn reserve(
        &self,
        supplier: SupplierId,
        command: SupplierCommand,
        meta: &CommandMeta,
    ) -> Result<(SupplierCommand, Reserved<Supplier>), NotFree> {
        use SupplierCommand as C;
        let aggregate =
            supplier_aggregate(supplier).map_err(|error| Problem::bad_input(error.to_string()))?;
        let state = self.suppliers.load(&aggregate).await.map_err(Problem::from)?.state;
        let not_claimed = match self.claims.claim(state.would_get(&command), &aggregate, meta).await {
            Ok(reserved) => return Ok((command, reserved)),
            Err(not_claimed) => not_claimed,
        };
        let (identifier, by) = match not_claimed {
            NotClaimed::Taken { identifier, by } => (identifier, by),
            NotClaimed::Problem(problem) => return Err(problem.into()),
        };
        let by = self.suppliers.load(&by).await.map_err(Problem::from)?.state.id.ok_or_else(Problem::busy)?;
        let command = match command {
            C::Certify { printed, renews, also_of: None } => {
                C::Certify { printed, renews, also_of: Some(by) }
            }
            C::Review { review, finding: ReviewFinding::Own } => {
                C::Review { review, finding: ReviewFinding::Own }
            }
            _ => return Err(NotFree::Taken { identifier, by }),
        };
        Ok((command, self.claims.nothing(&aggregate, meta)))
    }
}

/// Whether a command is known to have recorded nothing.
pub(crate) fn recorded_nothing(outcome: &Result<Outcome, Failure>) -> bool {
    match outcome {
        Ok(Outcome::Recorded(..)) => false,
        Ok(Outcome::Unchanged(_)) | Err(Failure::Refused(_)) => true,
        Err(Failure::Problem(problem)) => problem.status_code().is_client_error(),
    }
}

/// The details with the company number as the register of companies writes it.
pub(crate) fn tidy(details: SupplierDetails) -> Result<SupplierDetails, Problem> {
    let number = details.company_number.as_deref().unwrap_or_default();
    Ok(SupplierDetails { company_number: company_number(number)?, ..details })
}

/// Refuses an ODS code or a company number that another supplier has, unless this one has it, too.
pub(crate) fn need_free(
    known: &Register,
    supplier: SupplierId,
    code: Option<OdsCode>,
    number: Option<&str>,
) -> Result<(), Problem> {
    let own = known.supplier(supplier).map(|known| &known.dossier.details);
    let code = code.filter(|_| own.is_none_or(|own| own.ods_code != code));
    let number = number.filter(|_| own.is_none_or(|own| own.company_number.as_deref() != number));
    let of_code = code.and_then(|code| Some((code.to_string(), known.other_of_code(code, supplier)?)));
    let of_number =
        number.and_then(|number| Some((number.to_owned(), known.other_of_number(number, supplier)?)));
    let of_code = of_code.map(|(value, other)| taken(IdentifierKind::OdsCode, &value, other));
    let of_number = of_number.map(|(value, other)| taken(IdentifierKind::CompanyNumber, &value, other));
    of_code.or(of_number).map_or(Ok(()), Err)
}

/// Refuses another number than a supplier's own.
pub(crate) fn need_same<T: PartialEq + std::fmt::Display>(
    at: &'static str,
    what: &str,
    before: Option<&T>,
    now: Option<&T>,
) -> Result<(), Problem> {
    if before == now {
        return Ok(());
    }
    let accepted = before
        .map_or_else(|| "only none is accepted".to_owned(), |before| format!("only {before} is accepted"));
    let detail = format!("the {what} of a supplier is corrected by NHS Digital alone: send it as it stands");
    Err(Problem::new(StatusCode::FORBIDDEN, "not-allowed", "Not for you to do", detail).at(at, accepted))
}
