//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("organisations", name)
}

/// List the organisations one may see.
pub(crate) const LIST: Action = action("list");
/// See what the registers show of an organisation.
pub(crate) const VIEW: Action = action("view");
/// Load register files.
pub(crate) const IMPORT: Action = action("import");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "organisations",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
