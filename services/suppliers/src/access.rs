//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("suppliers", name)
}

/// Look suppliers, their services and certificates up.
pub(crate) const LOOK_UP: Action = action("look-up");
/// Keep the record of one's own company, or of any as NHS Digital.
pub(crate) const KEEP_RECORD: Action = action("keep-record");
/// Say after reading a certificate whether it covers a service.
pub(crate) const STATE_COVERAGE: Action = action("state-coverage");
/// Say which company an entry of a list is.
pub(crate) const REVIEW: Action = action("review");
/// Load lists of suppliers.
pub(crate) const IMPORT: Action = action("import");
/// See what an organisation uses and has checked.
pub(crate) const VIEW_PURCHASES: Action = action("view-purchases");
/// Say what an organisation uses, and check it.
pub(crate) const CHECK: Action = action("check");
/// Agree how a gap until a renewal is bridged.
pub(crate) const AGREE_GAP_PLAN: Action = action("agree-gap-plan");
/// See who relies on a supplier: of the organisations that one may see.
pub(crate) const SEE_RELIANCE: Action = action("see-reliance");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "suppliers",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
