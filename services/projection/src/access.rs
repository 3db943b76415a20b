//! What can be asked of the views. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("projection", name)
}

/// See the figures of an area, and the statuses of its practices.
pub(crate) const VIEW_AREA: Action = action("view-area");
/// See a practice's timelines.
pub(crate) const VIEW_PRACTICE: Action = action("view-practice");
/// See why its statuses began: by which of its events, and who did what.
pub(crate) const VIEW_CAUSES: Action = action("view-causes");
/// See what assessors found at a practice, topic by topic.
pub(crate) const VIEW_FOUND: Action = action("view-found");
/// Look for areas and practices; what is found is what one may see.
pub(crate) const SEARCH: Action = action("search");
/// Look up what an organisation has published.
pub(crate) const LOOK_UP_STATUS: Action = action("look-up-status");
/// Be led to one's own page, and hear when the figures have moved on.
pub(crate) const FOLLOW: Action = action("follow");
/// See how the views stand.
pub(crate) const VIEW_STATE: Action = action("view-state");
/// See which events could not be understood.
pub(crate) const VIEW_SET_ASIDE: Action = action("view-set-aside");
/// Fold the views anew.
pub(crate) const REBUILD: Action = action("rebuild");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "projection",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
