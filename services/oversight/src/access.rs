//! What can be asked of the log. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

/// Read the event feed: of it, what one may read.
pub(crate) const READ_FEED: Action = Action::new("log", "read-feed");
/// Read the events of an organisation.
pub(crate) const READ_EVENTS: Action = Action::new("log", "read-events");
/// Read the events of no organisation: of editions.
pub(crate) const READ_CENTRAL: Action = Action::new("log", "read-central");

/// The policy of the log.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "log",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
