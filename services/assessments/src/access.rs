//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("assessments", name)
}

/// Look for a practice by name, code or postcode.
pub(crate) const FIND: Action = action("find");
/// Read the requirement sets, their deadlines and exemptions.
pub(crate) const READ_EDITIONS: Action = action("read-editions");
/// See an assessment with its comments, evidence and plan.
pub(crate) const VIEW_WORK: Action = action("view-work");
/// Open an assessment, answer and review its requirements, plan actions and note them done.
pub(crate) const DO_WORK: Action = action("do-work");
/// Publish an assessment and hand in its plan.
pub(crate) const PUBLISH: Action = action("publish");
/// Accept the assurance statement.
pub(crate) const SIGN_STATEMENT: Action = action("sign-statement");
/// Agree or refuse an improvement plan.
pub(crate) const DECIDE_PLAN: Action = action("decide-plan");
/// Set a reviewed grade beside a practice's own.
pub(crate) const REVIEW_GRADE: Action = action("review-grade");
/// Move deadlines and exempt requirements.
pub(crate) const DECIDE_CENTRALLY: Action = action("decide-centrally");
/// Add editions, and say what status texts of the national register mean.
pub(crate) const ADD_EDITION: Action = action("add-edition");
/// Load files of the national register.
pub(crate) const IMPORT: Action = action("import");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "assessments",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
