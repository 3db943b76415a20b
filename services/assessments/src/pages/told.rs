//! What happened to an assessment, told from its events.

use chassis::Problem;
use maud::{Markup, html};
use proto::{Header, assessments::AssessmentEvent};
use ui::{Tone, components::HistoryItem};

use super::{moment, tasks::answer_words};
use crate::{
    api::grade_words,
    desk::{Case, Desk},
};

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
            let event: AssessmentEvent = header.event().ok()?;
            let (title, body, tone) = words(desk, &event)?;
            let when = format!("{} (event {})", moment(header.time), recorded.position);
            Some(HistoryItem { when, title, href: None, body, tone })
        })
        .collect())
}

fn words(desk: &Desk, event: &AssessmentEvent) -> Option<(String, Markup, Tone)> {
    let plain = |text: String| html! { (text) };
    Some(match event {
        AssessmentEvent::AssessmentOpened(event) => (
            "Opened".to_owned(),
            html! {
                @if !event.carried_over.is_empty() {
                    (ui::fmt::count(event.carried_over.len() as u64, "answer", "answers")) " carried over from last year"
                }
            },
            Tone::Neutral,
        ),
        AssessmentEvent::RequirementAnswered(event) => (
            format!("{} answered: {}", event.given.requirement, answer_words(&event.given.answer)),
            html! {},
            Tone::Neutral,
        ),
        AssessmentEvent::RequirementReviewed(event) => {
            (format!("{} reviewed", event.requirement), html! {}, Tone::Neutral)
        }
        AssessmentEvent::AssessmentPublished(event) => (
            format!("Published: {}", grade_words(event.grade)),
            plain(event.percentage.map(|percent| format!("{percent}%")).unwrap_or_default()),
            Tone::Good,
        ),
        AssessmentEvent::AssuranceStatementAccepted(event) => (
            "Assurance statement accepted".to_owned(),
            plain(format!("by {}", desk.common.person_name(event.person))),
            Tone::Good,
        ),
        AssessmentEvent::ImprovementActionPlanned(event) => (
            format!("Action {} planned for {}", event.number, event.action.requirement),
            plain(format!("due {}", event.action.due.long())),
            Tone::Neutral,
        ),
        AssessmentEvent::ImprovementActionCompleted(event) => {
            (format!("Action {} done", event.number), plain(format!("on {}", event.done.long())), Tone::Good)
        }
        AssessmentEvent::ImprovementPlanSubmitted(event) => (
            "Plan submitted".to_owned(),
            plain(ui::fmt::count(event.actions.len() as u64, "action", "actions")),
            Tone::Neutral,
        ),
        AssessmentEvent::ImprovementPlanAgreed(event) => (
            format!("Plan agreed by {}", event.by),
            plain(format!("its last action is due {}", event.due.long())),
            Tone::Good,
        ),
        AssessmentEvent::ImprovementPlanRefused(event) => {
            (format!("Plan refused by {}", event.by), plain(event.reason.clone()), Tone::Bad)
        }
        AssessmentEvent::GradeReviewed(event) => (
            format!("Grade reviewed by {}: {}", event.by, grade_words(event.grade)),
            plain(event.reason.clone()),
            Tone::Neutral,
        ),
        AssessmentEvent::DeadlineMoved(_)
        | AssessmentEvent::RequirementExempted(_)
        | AssessmentEvent::ClosingDaySet(_)
        | AssessmentEvent::EditionAdded(_)
        | AssessmentEvent::StatusTextExplained(_)
        | AssessmentEvent::ResultListed(_)
        | AssessmentEvent::FileImported(_)
        | AssessmentEvent::ImportWithdrawn(_) => return None,
    })
}
