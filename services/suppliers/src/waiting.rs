//! Records what rows of lists say, once someone has said which supplier their entry is, or what their words mean.
//!
//! What waits is on the log ([`EngagementWaiting`](proto::suppliers::EngagementWaiting) and
//! [`RowWaiting`](proto::suppliers::RowWaiting)), so that nothing is lost when the process ends: it is looked for
//! again and again, and recorded under an id that repeats.

use std::{sync::Arc, time::Duration};

use chassis::{
    Problem,
    command::{CommandError, CommandMeta, Outcome},
    ids::CommandId,
    telemetry::OnceAMinute,
};
use proto::{
    Actor, Day, Position, SupplierId,
    assessments::PublishedResult,
    standards::Catalogue,
    suppliers::{List, RowSays, RowWaiting, Used},
};
use uuid::Uuid;

use crate::{
    desk::Desk,
    import::{CLINICAL_SYSTEM, status_as_certificate},
    model::{
        BuyerCommand, ListingCommand, SupplierCommand, buyer_aggregate, listing_aggregate, supplier_aggregate,
    },
    register::Decided,
};

/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(500);

/// How long it is waited for the register to show what was recorded, before it is looked for again.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// Told of now and then, since it is tried again at once.
static UNRECORDED: OnceAMinute = OnceAMinute::new();

/// Records what can be recorded, for as long as the process runs.
pub(crate) async fn record_decided(desk: Arc<Desk>) {
    // Recorded already by the engagement it led to, which says nothing new: tried once, not for ever.
    let mut tried = std::collections::BTreeSet::new();
    let mut looked: Option<(Position, Arc<Catalogue>)> = None;
    loop {
        let (position, catalogue) = (desk.register.position(), desk.common.editions.catalogue());
        // What decides stands on the log: where nothing was recorded since, nothing is decided.
        let is_same = |(at, by): &(Position, Arc<Catalogue>)| *at == position && Arc::ptr_eq(by, &catalogue);
        if !looked.as_ref().is_some_and(is_same) {
            match record_all(&desk, &mut tried, &catalogue).await {
                Ok(()) => looked = Some((position, catalogue)),
                Err(reason) if UNRECORDED.is_due() => {
                    tracing::warn!(reason, "a waiting row could not be recorded yet");
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn record_all(desk: &Desk, tried: &mut Tried, catalogue: &Catalogue) -> Result<(), String> {
    record_engagements(desk, tried).await?;
    record_rows(desk, catalogue).await
}

type Tried = std::collections::BTreeSet<Decided>;

async fn record_engagements(desk: &Desk, tried: &mut Tried) -> Result<(), String> {
    let decided: Vec<Decided> =
        desk.register.known().decided().filter(|decided| !tried.contains(decided)).collect();
    for waiting in decided {
        if let Some(Outcome::Recorded(position, _)) = record(desk, waiting).await? {
            desk.register.reached(position, CATCH_UP_TIMEOUT).await;
        }
        tried.insert(waiting);
    }
    Ok(())
}

/// Records the rows whose entry is known to be a supplier, and whose words are understood.
async fn record_rows(desk: &Desk, catalogue: &Catalogue) -> Result<(), String> {
    let rows: Vec<(SupplierId, RowWaiting, Option<Uuid>)> = {
        let known = desk.register.known();
        known.rows_of_known().map(|(supplier, row, import)| (supplier, row.clone(), import)).collect()
    };
    for (supplier, waiting, import) in rows {
        // Held from the look at who else has a certificate until the register shows this one.
        let _alone = desk.identities.alone().await;
        let Some((command, effective)) = what_it_leads_to(desk, catalogue, supplier, &waiting) else {
            continue;
        };
        let meta = |purpose: &str| {
            let RowWaiting { listing, row, .. } = &waiting;
            let name = format!("{}\0{}\0{row}", listing.list.slug(), listing.entry);
            // What comes of a row came with its import.
            CommandMeta {
                correlation_id: import,
                ..CommandMeta::new(
                    CommandId::keyed(purpose, &name),
                    desk.common.clock.now(),
                    Actor::system("import"),
                )
            }
        };
        if let Some(command) = command {
            let aggregate = supplier_aggregate(supplier).map_err(|error| error.to_string())?;
            let meta = meta("row-recorded").effective(effective);
            // What is claimed is no part of the import: it is not counted among what that recorded.
            let claim = CommandMeta { correlation_id: None, ..meta.clone() };
            let reserved = desk.identities.reserve(supplier, command, &claim).await;
            let (command, reserved) = reserved.map_err(|not_free| Problem::from(not_free).detail)?;
            let outcome = reserved.commands().execute(&aggregate, &command, &meta).await;
            if matches!(outcome, Ok(Outcome::Unchanged(_)) | Err(CommandError::Refused(_))) {
                reserved.release().await;
            }
            if let Some(outcome) = unless_refused(outcome)? {
                desk.register.reached(outcome.position(), CATCH_UP_TIMEOUT).await;
            }
        }
        let aggregate = listing_aggregate(&waiting.listing).map_err(|error| error.to_string())?;
        let settle = ListingCommand::Settle { row: waiting.row };
        let settled = desk.listings.execute(&aggregate, &settle, &meta("row-settled")).await;
        if let Some(settled) = unless_refused(settled)? {
            desk.register.reached(settled.position(), CATCH_UP_TIMEOUT).await;
        }
    }
    Ok(())
}

/// What came of a command; none where the domain refused it, which it would do again: nothing is left to record then.
fn unless_refused<R: std::fmt::Display>(
    outcome: Result<Outcome, CommandError<R>>,
) -> Result<Option<Outcome>, String> {
    match outcome {
        Ok(outcome) => Ok(Some(outcome)),
        Err(CommandError::Refused(refusal)) => {
            tracing::warn!(%refusal, "a waiting row leads to nothing");
            Ok(None)
        }
        Err(error) => Err(error.to_string()),
    }
}

/// What is asked of the supplier, from which day, and nothing where the row leads to nothing; none as long as its
/// words are not understood.
fn what_it_leads_to(
    desk: &Desk,
    catalogue: &Catalogue,
    supplier: SupplierId,
    waiting: &RowWaiting,
) -> Option<(Option<SupplierCommand>, Day)> {
    let RowWaiting { listing, as_of, says, .. } = waiting;
    match says.clone() {
        RowSays::Offered { service, product, version, service_type } => {
            Some((Some(SupplierCommand::Offer { service, product, version, service_type }), *as_of))
        }
        RowSays::Published { name, status, on } => {
            let result = catalogue.read_status(&status, on, *as_of);
            if result == PublishedResult::Unrecognised {
                return None;
            }
            let certificate = listing.entry.parse().ok().zip(on).and_then(|(code, issued)| {
                status_as_certificate(code, &name, &status, result, issued, catalogue)
            });
            let command = certificate.map(|printed| {
                let also_of = desk.register.known().other_of_certificate(&printed, supplier);
                SupplierCommand::Certify { printed, renews: None, also_of }
            });
            Some((command, on.unwrap_or(*as_of)))
        }
    }
}

async fn record(desk: &Desk, decided: Decided) -> Result<Option<Outcome>, String> {
    let Decided { organisation, supplier, day, import } = decided;
    let service_type = CLINICAL_SYSTEM.parse().map_err(|error: proto::codes::CodeError| error.to_string())?;
    let service = desk.register.known().only_service(supplier, service_type);
    let used = Used { supplier, service, service_type };
    let command = BuyerCommand::Begin { organisation, used, list: List::PrincipalSuppliers };
    let aggregate = buyer_aggregate(organisation).map_err(|error| error.to_string())?;
    let of_import = import.map(|import| format!("\0{import}")).unwrap_or_default();
    let id = CommandId::keyed("waiting-row", &format!("{organisation}\0{supplier}\0{day}{of_import}"));
    let mut meta = CommandMeta::new(id, desk.common.clock.now(), Actor::system("import")).effective(day);
    meta.correlation_id = import;
    unless_refused(desk.buyers.execute(&aggregate, &command, &meta).await)
}
