//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("onsite", name)
}

/// Look through the assessments; what is found is what one may see.
pub(crate) const FIND: Action = action("find");
/// Read the visits of whoever a private address belongs to.
pub(crate) const SUBSCRIBE: Action = action("subscribe");
/// See an assessment. Who may not [`VIEW_ALL`] sees those of their own delivery partner alone.
pub(crate) const VIEW: Action = action("view");
/// See an organisation's assessments whichever delivery partner holds them.
pub(crate) const VIEW_ALL: Action = action("view-all");
/// Ask for an assessment.
pub(crate) const REQUEST: Action = action("request");
/// Agree or refuse to be assessed, answer findings and disclose the outcome.
pub(crate) const RESPOND: Action = action("respond");
/// Set and call off visits.
pub(crate) const SCHEDULE: Action = action("schedule");
/// Enter the result, findings and re-tests.
pub(crate) const ASSESS: Action = action("assess");
/// Propose the action plan and note its actions done.
pub(crate) const PLAN: Action = action("plan");
/// Agree the action plan, or send it back.
pub(crate) const DECIDE_PLAN: Action = action("decide-plan");
/// Close an assessment.
pub(crate) const CLOSE: Action = action("close");
/// Load a file of findings.
pub(crate) const IMPORT: Action = action("import");
/// See imports of findings, and withdraw one that was wrong.
pub(crate) const WITHDRAW_IMPORT: Action = action("withdraw-import");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "onsite",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
