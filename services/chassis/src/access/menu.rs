//! The menu of the whole platform, by role: one for all services, so that it is the same on every page
//! and never leads anyone where they may not go.

use proto::{OdsCode, Role};

use super::{Holder, Principal, Viewer};

/// Where someone begins.
pub fn home_of(holder: &Holder) -> String {
    let own = holder.organisation;
    match holder.role {
        Role::PracticeLead => format!("/practices/{own}"),
        Role::CcgOfficer | Role::RegionalLead => format!("/areas/{own}"),
        Role::NhsDigital | Role::NhsImprovement | Role::Administrator => {
            format!("/areas/{}", OdsCode::ENGLAND)
        }
        Role::Buyer => format!("/purchases/{own}"),
        Role::Supplier => "/suppliers".to_owned(),
        Role::Assessor => "/onsite".to_owned(),
        Role::Monitor => "/metrics".to_owned(),
    }
}

/// Whether someone sees what a practice is judged by, its assessments, plans and purchases, by what the
/// policies of those services say: for links from pages of services that do not have them.
pub fn sees_records(viewer: &Viewer, practice: OdsCode) -> bool {
    viewer.holder().is_some_and(|holder| match holder.role {
        Role::NhsDigital => true,
        Role::PracticeLead => practice == holder.organisation,
        Role::CcgOfficer | Role::RegionalLead => {
            viewer.access().hierarchy().is_under(practice, holder.organisation)
        }
        Role::NhsImprovement
        | Role::Administrator
        | Role::Assessor
        | Role::Buyer
        | Role::Supplier
        | Role::Monitor => viewer.has_opened(practice),
    })
}

/// Whether someone sees who did what to an organisation, by what the policy of `access` says: those who
/// see what it was done to.
pub fn sees_history(viewer: &Viewer, organisation: OdsCode) -> bool {
    sees_records(viewer, organisation)
}

/// Whether someone sees the figures of an area, by what the views' policy says: for links from pages
/// of services that do not have that policy.
pub fn sees_area(viewer: &Viewer, area: OdsCode) -> bool {
    viewer.holder().is_some_and(|holder| match holder.role {
        Role::NhsDigital | Role::NhsImprovement | Role::Administrator => true,
        Role::CcgOfficer | Role::RegionalLead => {
            viewer.access().hierarchy().is_under(area, holder.organisation)
        }
        Role::PracticeLead | Role::Assessor | Role::Buyer | Role::Supplier | Role::Monitor => false,
    })
}

/// The entries of the menu, each with its address.
pub fn menu(principal: &Principal) -> Vec<(String, String)> {
    let entry = |label: &str, href: String| (label.to_owned(), href);
    let Some(holder) = principal.holder() else {
        return vec![
            entry("Published statuses", "/status".into()),
            entry("Suppliers", "/suppliers".into()),
            entry("Sign in", "/sign-in".into()),
        ];
    };
    let home = home_of(holder);
    let mut entries = match holder.role {
        Role::PracticeLead => vec![
            entry("Your practice", home),
            entry("Your assessments", format!("/assessments/{}", holder.organisation)),
            entry("Your continuity plan", format!("/continuity/{}", holder.organisation)),
            entry("Your on-site assessments", format!("/onsite/{}", holder.organisation)),
            entry("Your suppliers", format!("/purchases/{}", holder.organisation)),
        ],
        Role::CcgOfficer | Role::RegionalLead => {
            let own = if holder.role == Role::CcgOfficer { "Your area" } else { "Your region" };
            vec![
                entry(own, home.clone()),
                entry("Practices", format!("{home}/practices")),
                entry("Assessments", "/assessments".into()),
                entry("Continuity plans", "/continuity".into()),
                entry("On-site assessments", "/onsite".into()),
                entry("Suppliers", "/suppliers".into()),
            ]
        }
        Role::NhsDigital => vec![
            entry("England", home.clone()),
            entry("Practices", format!("{home}/practices")),
            entry("Assessments", "/assessments".into()),
            entry("Continuity plans", "/continuity".into()),
            entry("On-site assessments", "/onsite".into()),
            entry("Suppliers", "/suppliers".into()),
        ],
        Role::NhsImprovement => {
            vec![
                entry("England", home.clone()),
                entry("Practices", format!("{home}/practices")),
                entry("Suppliers", "/suppliers".into()),
            ]
        }
        Role::Administrator => vec![
            entry("England", home.clone()),
            entry("Practices", format!("{home}/practices")),
            entry("Suppliers", "/suppliers".into()),
            entry("Access", "/access".into()),
        ],
        Role::Buyer => vec![
            entry("Services in use", home),
            entry("Suppliers", "/suppliers".into()),
            entry("Published statuses", "/status".into()),
        ],
        Role::Assessor => vec![
            entry("On-site assessments", home),
            entry("Your continuity plan", format!("/continuity/{}", holder.organisation)),
            entry("Suppliers", "/suppliers".into()),
            entry("Published statuses", "/status".into()),
        ],
        Role::Supplier => {
            vec![entry("Suppliers", "/suppliers".into()), entry("Published statuses", "/status".into())]
        }
        // A program: it sees no pages.
        Role::Monitor => return Vec::new(),
    };
    entries.push(entry("About the figures", "/about".into()));
    entries.push(entry("Your account", "/account".into()));
    entries
}
