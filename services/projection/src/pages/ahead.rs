//! What comes next for a practice's requirement, and what would change it.

use chassis::access::{Viewer, sees_records};
use maud::{Markup, html};
use proto::OdsCode;
use ui::components::{HistoryItem, history, inset};

use super::{attention::capital, words};
use crate::{
    answers::{RequirementTimeline, edition_name},
    api::When,
    rules::calendar::Scheme,
    timeline::Status,
};

/// The next change by itself.
pub(super) fn next(when: &When, requirement: &RequirementTimeline) -> Markup {
    html! {
        h3.nhsuk-heading-s { "What comes next" }
        @if let Some(next) = &requirement.next {
            (history(&[HistoryItem {
                when: format!("{}, {}", words::day(next.day), words::away(when.at, next.day)),
                title: format!("{} if nobody acts", next.status.label()),
                href: None,
                body: html! { p { (capital(&next.why)) "." } },
                tone: words::tone(next.status),
            }]))
        } @else {
            p { "Nothing changes by itself: nothing that would lies ahead." }
        }
    }
}

/// What would change the status, or keep it.
pub(super) fn what_to_do(when: &When, requirement: &RequirementTimeline) -> Markup {
    let advice = match requirement.requirement {
        "toolkit" => toolkit(when, requirement.status),
        "continuity" => vec![continuity(requirement.status).to_owned()],
        "onsite" => vec![onsite(requirement.status).to_owned()],
        "suppliers" => vec![suppliers(requirement.status).to_owned()],
        _ => Vec::new(),
    };
    html! {
        @if !advice.is_empty() { (inset(html! { @for line in &advice { p { (line) } } })) }
    }
}

fn toolkit(when: &When, status: Status) -> Vec<String> {
    let calendar = &when.board().calendar;
    let due = calendar.terms().iter().rev().find(|term| term.deadline <= when.at);
    let next = calendar.next(when.at.plus_days(1));
    let Some(term) = (if status == Status::Met { next } else { due.or(next) }) else { return Vec::new() };
    let name = edition_name(term.edition);
    let act = match term.scheme {
        Scheme::DspToolkit => {
            format!("Publishing the {name} at Standards Met or Exceeded makes it met from that day on.")
        }
        Scheme::IgToolkit => format!(
            "Publishing the {name} with every applicable requirement at level 2 or more, and accepting its assurance statement, makes it met from that day on."
        ),
    };
    match status {
        Status::Met => {
            let deadline = words::day(term.deadline);
            vec![format!("To stay met it needs the {name} published to its standard by {deadline}.")]
        }
        Status::PartlyMet => vec![format!("{act} Until then the agreed improvement plan stands.")],
        Status::NotMet | Status::NoEvidence => vec![
            act,
            "An improvement plan agreed by the CCG makes a published result that falls short partly met, until the plan's last action is due.".to_owned(),
        ],
        Status::NotApplicable => vec!["The requirement does not apply.".to_owned()],
    }
}

const fn continuity(status: Status) -> &'static str {
    match status {
        Status::Met => {
            "To stay met the plan has to be reviewed before its review day comes and exercised again within a year of the last time; and so has the plan of every delivery partner it leans on."
        }
        Status::PartlyMet => {
            "Its own plan stands. It is met again once the plan of the delivery partner does: approved, reviewed and exercised. That is for the CCG to see to."
        }
        Status::NotMet | Status::NoEvidence => {
            "It takes an approved plan that covers both data and cyber incidents, whose next review is still to come, and an exercise within the last year."
        }
        Status::NotApplicable => "The requirement does not apply.",
    }
}

const fn onsite(status: Status) -> &'static str {
    match status {
        Status::Met => "What was asked of it so far is done.",
        Status::PartlyMet => {
            "It is met once the outcome is disclosed to the CCG and every action agreed for the findings is done, each by its day."
        }
        Status::NotMet => {
            "It takes what is late: an answer to the request, the outcome disclosed to the CCG, a plan agreed for the findings, or the plan's overdue actions done."
        }
        Status::NoEvidence => "Agreeing to the assessment that is asked for makes it met until the visit.",
        Status::NotApplicable => "No on-site assessment has been asked for.",
    }
}

const fn suppliers(status: Status) -> &'static str {
    match status {
        Status::Met => {
            "To stay met every service in use has to be checked again within a year of its last check, and be certified on every day."
        }
        Status::PartlyMet => {
            "It is met once a certificate is shown to cover the service itself, or the renewal that the agreed plan waits for is made."
        }
        Status::NotMet => {
            "Each service in use has to be checked, and certified as its type has to be. Until a certificate is renewed, an agreed plan for the gap makes it partly met."
        }
        Status::NoEvidence => {
            "It takes a record of the services it uses, and a check of each that it is certified as its type has to be."
        }
        Status::NotApplicable => "The requirement does not apply.",
    }
}

/// Where what a requirement is judged by is kept, for those who may see it.
pub(super) fn record(
    viewer: &Viewer,
    practice: OdsCode,
    requirement: &str,
) -> Option<(String, &'static str)> {
    let (service, label) = match requirement {
        "toolkit" => ("assessments", "The practice's assessments and improvement plans"),
        "continuity" => ("continuity", "The practice's continuity plan"),
        "onsite" => ("onsite", "The practice's on-site assessments"),
        "suppliers" => ("purchases", "The services the practice uses"),
        _ => return None,
    };
    sees_records(viewer, practice).then(|| (format!("/{service}/{practice}"), label))
}
