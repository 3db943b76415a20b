//! What can be asked of this service. Who may do which stands in `access.cedar`.

use chassis::{Action, access::ServicePolicy};

const fn action(name: &'static str) -> Action {
    Action::new("access", name)
}

/// Sign in.
pub(crate) const SIGN_IN: Action = action("sign-in");
/// See who one is here, and sign out.
pub(crate) const SEE_OWN: Action = action("see-own");
/// Issue, list and revoke API keys.
pub(crate) const MANAGE_KEYS: Action = action("manage-keys");
/// Open, list, close, reset and remove people's accounts.
pub(crate) const MANAGE_ACCOUNTS: Action = action("manage-accounts");

/// Move the date of a demonstration on.
pub(crate) const MOVE_DEMONSTRATION_DATE: Action = action("move-demonstration-date");

/// See who did what to an organisation.
pub(crate) const VIEW_HISTORY: Action = action("view-history");
/// View the access log, and what someone did.
pub(crate) const VIEW_DOORS: Action = action("view-doors");

/// See which keys and accounts were made for an organisation, and who else can read what it wrote.
pub(crate) const VIEW_HOLDERS: Action = action("view-holders");
/// Revoke a key that was made for one's own organisation.
pub(crate) const REVOKE_OWN_KEY: Action = action("revoke-own-key");

/// Open in an emergency what is closed to one.
pub(crate) const BREAK_GLASS: Action = action("break-glass");

/// The policy of this service.
pub const POLICY: ServicePolicy = ServicePolicy {
    service: "access",
    policies: include_str!("access.cedar"),
    schema: include_str!("access.cedarschema"),
};
