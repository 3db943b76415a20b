//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("continuity", name)
}

/// Look for an organisation, and list the plans one may see.
pub(crate) const FIND: Action = action("find");
/// See a plan with its exercises and lessons.
pub(crate) const VIEW_PLAN: Action = action("view-plan");
/// Write versions, record exercises, invocations and lessons, and say on whose plan one leans.
pub(crate) const WORK_ON_PLAN: Action = action("work-on-plan");
/// Approve, review and withdraw a plan.
pub(crate) const APPROVE_PLAN: Action = action("approve-plan");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "continuity",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
