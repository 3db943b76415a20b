//! What comes next for a practice's requirement, and what would change it.

use chassis::access::{Viewer, sees_records};
use maud::{Markup, html};
use proto::{Day, Moment, OdsCode};
use ui::components::{HistoryItem, history, inset};

use super::{attention::capital, words};
use crate::{
    answers::{RequirementTimeline, Tense, edition_name},
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
                when: comes(when, next.day),
                title: format!("{} if nothing changes", next.status.label()),
                href: None,
                body: html! { p { (capital(&next.why)) "." } },
                tone: words::tone(next.status),
            }]))
        } @else {
            p { "No change is expected." }
        }
    }
}

/// When a change comes. What today ends with is due today.
fn comes(when: &When, day: Day) -> String {
    let asked = when.asked();
    if day == asked.board.today && asked.tense() == Tense::Now {
        format!("Due today, at the end of {}", words::day(day))
    } else {
        format!("{}, {}", words::day(day), words::away(&asked, day))
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
    let moment = Moment::of(when.at, when.board().today);
    let due = calendar.terms().iter().rev().find(|term| moment.is_over(term.deadline));
    let next = calendar.terms().iter().find(|term| !moment.is_over(term.deadline));
    let Some(term) = (if status == Status::Met { next } else { due.or(next) }) else { return Vec::new() };
    let name = edition_name(term.edition);
    let act = match term.scheme {
        Scheme::DspToolkit => {
            format!("Publishing the {name} at Standards Met or Exceeded meets this from that date.")
        }
        Scheme::IgToolkit => format!(
            "Publishing the {name} with every applicable requirement at level 2 or more, and accepting its assurance statement, meets this from that date."
        ),
    };
    match status {
        Status::Met => {
            let expected = if calendar.is_sure(term.edition) { "" } else { words::EXPECTED };
            let deadline = format!("{}{expected}", words::day(term.deadline));
            vec![format!("To keep this status, publish the {name} to its standard by the end of {deadline}.")]
        }
        Status::PartlyMet => vec![format!("{act} Until then the agreed improvement plan applies.")],
        Status::NotMet | Status::NoEvidence => vec![
            act,
            "If the published result is below the standard, an improvement plan agreed by the commissioner makes this partly met until the plan's last action is due.".to_owned(),
        ],
        Status::NotApplicable => vec!["The requirement does not apply.".to_owned()],
    }
}

const fn continuity(status: Status) -> &'static str {
    match status {
        Status::Met => {
            "To keep this status, review the plan by its review date and test it once a year. Delivery partners you rely on must do the same."
        }
        Status::PartlyMet => {
            "The practice’s own plan is up to date. The requirement is met again once the delivery partner’s plan is approved, reviewed and tested. The commissioner makes sure of that."
        }
        Status::NotMet | Status::NoEvidence => {
            "To meet this you need an approved plan that covers both data and cyber incidents, is reviewed by its review date, and was tested within the last year."
        }
        Status::NotApplicable => "The requirement does not apply.",
    }
}

const fn onsite(status: Status) -> &'static str {
    match status {
        Status::Met => "Everything requested so far is done.",
        Status::PartlyMet => {
            "To meet this, share the outcome with the commissioner and do every action agreed for the findings by its due date."
        }
        Status::NotMet => {
            "To meet this, do what is late: answer the request, share the outcome with the commissioner, agree a plan for the findings, or do the overdue actions of the plan."
        }
        Status::NoEvidence => "Agreeing to the requested assessment meets this until the visit.",
        Status::NotApplicable => "No on-site assessment has been requested.",
    }
}

const fn suppliers(status: Status) -> &'static str {
    match status {
        Status::Met => {
            "To keep this status, check every service in use again within a year of its last check. Each must stay certified."
        }
        Status::PartlyMet => {
            "To meet this, show that a certificate covers the service itself, or renew the certificate that the agreed plan waits for."
        }
        Status::NotMet => {
            "To meet this, check each service in use. Each must have the certification its type requires. Until a certificate is renewed, an agreed plan for the gap makes this partly met."
        }
        Status::NoEvidence => {
            "To meet this, record the services in use and check that each has the certification its type requires."
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
