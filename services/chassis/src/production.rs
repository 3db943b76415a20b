//! What the production profile (`--production`) demands of the event log before anything starts.
//! Decisions only; whoever opens the log acts on them.

use std::fs;

use crate::{
    log::{Durability, LogUrl, NatsServer},
    service::StartError,
};

/// Replicas that survive the loss of one server without losing what was acknowledged.
pub(crate) const REPLICAS_MIN: u8 = 3;

/// Whether what is acknowledged stays.
pub(crate) fn durable_enough(durability: Durability) -> bool {
    match durability {
        Durability::Synced => true,
        Durability::Replicated(replicas) => replicas >= REPLICAS_MIN,
        Durability::Unsynced | Durability::Unknown => false,
    }
}

/// Refuses to make the file of an access log: `oversight bootstrap` begins an installation, or `oversight restore`.
pub(crate) fn must_be_begun(access: &LogUrl) -> Result<(), StartError> {
    match access {
        LogUrl::File(path) if !fs::metadata(path).is_ok_and(|found| found.len() > 0) => {
            Err(StartError::NotBegun { place: access.to_string() })
        }
        LogUrl::File(_) | LogUrl::Nats(_) => Ok(()),
    }
}

/// The first server to which events would go over a network in plain text. Within this machine
/// no one is in between; everywhere else TLS is needed.
pub(crate) fn plain_text_over_a_network(url: &LogUrl) -> Option<&NatsServer> {
    match url {
        LogUrl::File(_) => None,
        LogUrl::Nats(nats) if nats.in_tls() => None,
        LogUrl::Nats(nats) => nats.servers.iter().find(|server| !server.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_on_this_machine() {
        for (url, refused) in [
            ("file:data/log.redb", None),
            ("nats://127.0.0.1:4222", None),
            ("nats://localhost", None),
            ("nats://[::1]:4300", None),
            ("nats://127.0.0.1:4222,localhost:4223,[::1]", None),
            ("nats://broker", Some("nats://broker:4222")),
            ("nats://u:p@10.1.2.3:4300?inbox=x", Some("nats://10.1.2.3:4300")),
            ("nats://0.0.0.0", Some("nats://0.0.0.0:4222")),
            ("nats://127.0.0.1.example.org", Some("nats://127.0.0.1.example.org:4222")),
            ("nats://127.0.0.1,broker", Some("nats://broker:4222")),
            ("tls://broker", None),
            ("tls://127.0.0.1", None),
            // One of them in TLS: then the client speaks nothing else with the other.
            ("tls://one,nats://other", None),
        ] {
            let parsed: LogUrl = url.parse().unwrap();
            let found = plain_text_over_a_network(&parsed).map(ToString::to_string);
            assert_eq!(found.as_deref(), refused, "{url}");
        }
    }

    #[test]
    fn an_acknowledgement_must_outlive_a_power_cut() {
        for (durability, enough) in [
            (Durability::Synced, true),
            (Durability::Replicated(3), true),
            (Durability::Replicated(2), false),
            (Durability::Unsynced, false),
            (Durability::Unknown, false),
        ] {
            assert_eq!(durable_enough(durability), enough, "{durability:?}");
        }
    }
}
