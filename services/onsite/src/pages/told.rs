//! What happened to an assessment, told from its events.

use chassis::{Problem, desk::aggregate_id, pages::moment};
use maud::html;
use proto::{Header, Position, Service, onsite::OnsiteEvent};
use ui::{Tone, components::HistoryItem, fmt};

use crate::{
    desk::{Case, Desk},
    model::onsite_id,
};

/// The most events told; the newest ones are.
const TOLD_MAX: usize = 200;

/// By all that is recorded.
const NEWEST: Position = Position(u64::MAX);

/// What happened, newest first.
pub(super) async fn told(desk: &Desk, case: &Case) -> Result<Vec<HistoryItem>, Problem> {
    let aggregate = aggregate_id(onsite_id(case.practice.code, case.number))?;
    let recorded = desk.common.history(Service::Onsite, &aggregate).await?;
    let withdrawn = desk.records.withdrawn().await?;
    let told = recorded.iter().rev().take(TOLD_MAX).filter_map(|recorded| {
        let header = Header::read(&recorded.body).ok()?;
        let (mut title, body, tone) = words(desk, &header.event().ok()?)?;
        if !withdrawn.stands(header.import(), NEWEST) {
            title.push_str(" (withdrawn with its file)");
        }
        let when = format!("{} (event {})", moment(header.time), recorded.position);
        Some(HistoryItem { when, title, href: None, body: html! { (body) }, tone })
    });
    Ok(told.collect())
}

/// What an event of an assessment says; nothing of one that is of an import as a whole.
fn words(desk: &Desk, event: &OnsiteEvent) -> Option<(String, String, Tone)> {
    use OnsiteEvent as E;
    let plain = |title: &str| title.to_owned();
    let name = |code| desk.name_of(code);
    Some(match event {
        E::OnsiteRequested(e) => (format!("Asked for by {}", name(e.by)), e.reason.clone(), Tone::Neutral),
        E::OnsiteAgreed(_) => (plain("Agreed"), String::new(), Tone::Good),
        E::OnsiteRefused(e) => (plain("Refused"), e.grounds.clone(), Tone::Bad),
        E::VisitScheduled(e) => {
            let body = format!("by {} of {}", desk.common.person_name(e.assessor), name(e.partner));
            (format!("Visit set for {}", e.on.long()), body, Tone::Neutral)
        }
        E::VisitCancelled(e) => (plain("Visit cancelled"), e.reason.clone(), Tone::Bad),
        E::AssessmentHeld(e) => {
            let body = fmt::count(e.results.len() as u64, "topic", "topics");
            (format!("Held on {}", e.on.long()), body, Tone::Good)
        }
        E::FindingRecorded(e) => {
            let title = format!("Finding {}: {}", e.finding, e.recorded.severity.words().to_lowercase());
            (title, e.recorded.found.clone(), Tone::Bad)
        }
        E::FindingAnswered(e) => {
            let said = if e.accepted { "accepted" } else { "disputed" };
            (format!("Finding {} {said}", e.finding), e.answer.clone(), Tone::Neutral)
        }
        E::OutcomeDisclosed(e) => {
            (format!("Outcome disclosed to {}", name(e.to)), format!("on {}", e.on.long()), Tone::Good)
        }
        E::ActionPlanProposed(e) => {
            (plain("Plan proposed"), fmt::count(e.actions.len() as u64, "action", "actions"), Tone::Neutral)
        }
        E::ActionPlanAgreed(e) => {
            let last = e.due.iter().map(|(_, due)| *due).max();
            let body = last.map(|last| format!("its last action is due on {}", last.long()));
            (format!("Plan agreed by {}", name(e.by)), body.unwrap_or_default(), Tone::Good)
        }
        E::ActionPlanReturned(e) => {
            (format!("Plan sent back by {}", name(e.by)), e.reason.clone(), Tone::Bad)
        }
        E::ActionCompleted(e) => {
            (format!("Action {} done", e.action), format!("on {}", e.done.long()), Tone::Good)
        }
        E::RetestHeld(e) => {
            let mended = fmt::count(e.mended.len() as u64, "finding is", "findings are");
            (format!("Tested again on {}", e.on.long()), format!("{mended} resolved"), Tone::Neutral)
        }
        E::AssessmentClosed(_) => (plain("Closed"), String::new(), Tone::Good),
        E::ImportBegun(_) | E::FileImported(_) | E::ImportWithdrawn(_) => return None,
    })
}
