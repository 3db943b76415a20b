//! Records what lists say under a name, once someone has said which supplier the name stands for.
//!
//! What waits is on the log ([`EngagementWaiting`](proto::suppliers::EngagementWaiting)), so that nothing is
//! lost when the process ends: it is looked for again and again, and recorded under an id that repeats.

use std::{sync::Arc, time::Duration};

use chassis::{
    command::{CommandMeta, Outcome},
    ids::CommandId,
};
use proto::{
    Actor, Day, OdsCode, SupplierId,
    suppliers::{List, Used},
};

use crate::{
    desk::Desk,
    import::CLINICAL_SYSTEM,
    model::{BuyerCommand, buyer_aggregate},
};

/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(500);

/// How long it is waited for the register to show what was recorded, before it is looked for again.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// Records what can be recorded, for as long as the process runs.
pub(crate) async fn record_decided(desk: Arc<Desk>) {
    // Recorded already by the engagement it led to, which says nothing new: tried once, not for ever.
    let mut tried = std::collections::BTreeSet::new();
    loop {
        let decided: Vec<(OdsCode, SupplierId, Day)> =
            desk.register.known().decided().filter(|decided| !tried.contains(decided)).collect();
        for waiting in decided {
            match record(&desk, waiting).await {
                Ok(Outcome::Recorded(position, _)) => {
                    desk.register.reached(position, CATCH_UP_TIMEOUT).await;
                    tried.insert(waiting);
                }
                Ok(Outcome::Unchanged(_)) => {
                    tried.insert(waiting);
                }
                Err(reason) => {
                    tracing::warn!(organisation = %waiting.0, reason, "a waiting row could not be recorded yet");
                    break;
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn record(
    desk: &Desk,
    (organisation, supplier, day): (OdsCode, SupplierId, Day),
) -> Result<Outcome, String> {
    let service_type = CLINICAL_SYSTEM.parse().map_err(|error: proto::codes::CodeError| error.to_string())?;
    let service = desk.register.known().only_service(supplier, service_type);
    let used = Used { supplier, service, service_type };
    let command = BuyerCommand::Begin { organisation, used, list: List::PrincipalSuppliers };
    let aggregate = buyer_aggregate(organisation).map_err(|error| error.to_string())?;
    let id = CommandId::keyed("waiting-row", &format!("{organisation}\0{supplier}\0{day}"));
    let meta = CommandMeta::new(id, desk.common.clock.now(), Actor::system("import")).effective(day);
    desk.buyers.execute(&aggregate, &command, &meta).await.map_err(|error| error.to_string())
}
