//! What happened to a plan, told from its events.

use chassis::Problem;
use maud::html;
use proto::{Header, continuity::ContinuityEvent};
use ui::{Tone, components::HistoryItem};

use super::moment;
use crate::desk::{Case, Desk};

/// The most events told; the newest ones are.
const TOLD_MAX: usize = 200;

/// What happened, newest first.
pub(super) async fn told(desk: &Desk, case: &Case) -> Result<Vec<HistoryItem>, Problem> {
    let recorded = desk.history(case).await?;
    Ok(recorded
        .iter()
        .rev()
        .take(TOLD_MAX)
        .filter_map(|recorded| {
            let header = Header::read(&recorded.body).ok()?;
            let event: ContinuityEvent = header.event().ok()?;
            let effective = format!("from {} on", header.effective_day().long());
            let (title, body, tone) = words(desk, case, event, effective);
            let when = format!("{} (event {})", moment(header.time), recorded.position);
            Some(HistoryItem { when, title, href: None, body: html! { (body) }, tone })
        })
        .collect())
}

fn words(desk: &Desk, case: &Case, event: ContinuityEvent, effective: String) -> (String, String, Tone) {
    use ContinuityEvent as E;
    let by = |person| desk.common.person_name(person);
    let learnt = |count: usize| ui::fmt::count(count as u64, "lesson", "lessons");
    match event {
        E::PlanWritten(e) => {
            (format!("Version {} written", e.version), format!("owned by {}", by(e.owner)), Tone::Neutral)
        }
        E::PlanApproved(e) => (
            format!("Version {} approved", e.version),
            format!("on {} by {}; next review {}", e.on.long(), by(e.by), e.next_review.long()),
            Tone::Good,
        ),
        E::PlanReviewed(e) => (
            format!("Version {} reviewed", e.version),
            format!("on {} by {}; next review {}", e.on.long(), by(e.by), e.next_review.long()),
            Tone::Good,
        ),
        E::PlanWithdrawn(e) => ("Withdrawn".to_owned(), format!("{effective}: {}", e.reason), Tone::Bad),
        E::ExerciseHeld(e) => (
            format!("Exercise {} held: {}", e.number, e.scenario.words()),
            format!("on {}; {}; {}", e.on.long(), e.outcome.words(), learnt(e.lessons.len())),
            Tone::Good,
        ),
        E::LessonActedUpon(e) => (
            format!("Lesson {}.{} acted upon", e.number, e.lesson),
            format!("on {}", e.done.long()),
            Tone::Good,
        ),
        E::PlanInvoked(e) => (
            format!("Needed for real ({}): {}", e.number, e.scenario.words()),
            format!("on {}; {}; {}", e.on.long(), e.outcome.words(), learnt(e.lessons.len())),
            Tone::Neutral,
        ),
        E::RelianceStated(e) => (
            format!("Relies on the plan of {}", desk.partner_name(case, e.partner)),
            format!("{effective}: {}", e.services),
            Tone::Neutral,
        ),
        E::RelianceEnded(e) => (
            format!("Relies no longer on the plan of {}", desk.partner_name(case, e.partner)),
            effective,
            Tone::Neutral,
        ),
    }
}
