//! One assessment: how it stands, what was found, what is done about it, and what happened.

use axum::{extract::State, http::StatusCode, response::Response};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
    pages::{from_today, page_response, sentence},
};
use maud::{Markup, html};
use proto::{
    Day,
    onsite::{Outcome, PlannedAction, Responsibility, Severity},
    topics::topic,
};
use ui::{
    Tone,
    components::{Cell, Column, FieldError, Row, SummaryList, Table, history, lede, tag},
    fmt,
};

use super::{
    Done,
    forms::forms,
    in_the_list, page, stage_tag,
    steps::{Fields, Sent},
    told::told,
};
use crate::{
    desk::{Case, Desk, Shared},
    model::{HeldFinding, Reply},
};

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, number)): Path<(String, u16)>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, number).await?;
    render(&desk, &case, StatusCode::OK, None, Vec::new(), &done).await
}

/// The page, with what was wrong in the form that was sent.
pub(super) async fn render(
    desk: &Desk,
    case: &Case,
    status: StatusCode,
    sent: Option<(Sent, &Fields)>,
    errors: Vec<FieldError>,
    done: &Done,
) -> Result<Response, Problem> {
    let state = case.state();
    let body = html! {
        (done.banner())
        (lede(html! {
            @if let Some(stage) = state.stage() { (stage_tag(stage)) " " }
            (state.next(case.today).unwrap_or_default())
        }))
        (summary(desk, case).render())
        @if state.held.is_some() {
            (results(case).render())
            (findings(case).render())
        }
        @if let Some(proposal) = &state.plan.proposed {
            (actions(desk, case, "proposed", "Plan proposed", proposal.actions.iter().map(|(number, action)| (*number, action, None))).render())
        }
        @if state.plan.agreed.is_some() { (actions(desk, case, "plan", "Plan agreed", state.plan.actions()).render()) }
        (forms(desk, case, sent, &errors))
        h2.nhsuk-heading-m { "What happened" }
        (history(&told(desk, case).await?))
        p { a.nhsuk-link href={ "/api/v1/onsite/" (case.practice.code) "/" (case.number) } { "This assessment as data" } }
    };
    let page = page(desk, &case.viewer, format!("On-site assessment {}", case.number));
    let page = in_the_list(&case.viewer, page)
        .caption(format!("{} ({})", case.practice.shown_name(), case.practice.code))
        .crumb(case.practice.shown_name(), format!("/onsite/{}", case.practice.code))
        .errors(errors)
        .body(body);
    Ok(page_response(status, page))
}

fn summary(desk: &Desk, case: &Case) -> SummaryList {
    let state = case.state();
    let mut list = SummaryList::new();
    if let Some(request) = &state.requested {
        let by = desk.name_of(request.by);
        list = list
            .text("Asked for", format!("by {by} on {}: {}", request.on.long(), sentence(&request.reason)));
    }
    list = match &state.reply {
        None => list.text("The practice", "has not answered"),
        Some(Reply::Agreed(on)) => list.text("The practice", format!("agreed on {}", on.long())),
        Some(Reply::Refused(on, grounds)) => {
            list.text("The practice", format!("refused on {}: {}", on.long(), sentence(grounds)))
        }
    };
    if let Some(visit) = &state.visit {
        let called_off = visit
            .cancelled
            .as_ref()
            .map(|(on, reason)| format!("; cancelled on {}: {}", on.long(), sentence(reason)));
        let assessor = desk.common.person_name(visit.assessor);
        let visit = format!("{} by {assessor} of {}", visit.on.long(), desk.name_of(visit.partner));
        list = list.text("Visit", visit + &called_off.unwrap_or_default());
    }
    if let Some(held) = &state.held {
        let found = fmt::count(state.findings.len() as u64, "finding", "findings");
        list =
            list.text("Held", format!("{}; {found}, {} open", held.on.long(), state.open_findings().len()));
    }
    for (to, on) in &state.disclosed {
        list = list.text("Disclosed", format!("to {} on {}", desk.name_of(*to), on.long()));
    }
    if let Some((by, on, reason)) = &state.plan.returned {
        list = list.text("Plan sent back", format!("by {by} on {}: {}", on.long(), sentence(reason)));
    }
    if let Some(plan) = &state.plan.agreed {
        list = list.text("Plan agreed", format!("by {} on {}", desk.name_of(plan.by), plan.on.long()));
    }
    if let Some(retest) = &state.retest {
        let mended = fmt::count(retest.mended.len() as u64, "finding", "findings");
        list = list.text("Re-test", format!("{}; {mended} resolved", retest.on.long()));
    }
    match state.closed {
        Some(on) => list.text("Closed", on.long()),
        None => list,
    }
}

fn results(case: &Case) -> Table {
    let rows = case.state().held.iter().flat_map(|held| &held.results).map(|result| {
        let tone = match result.outcome {
            Outcome::Satisfied => Tone::Good,
            Outcome::PartlySatisfied => Tone::Partial,
            Outcome::NotSatisfied => Tone::Bad,
        };
        Row::new([
            Cell::text(topic(result.topic).map_or(result.topic.as_str(), |topic| &topic.title)),
            Cell::from(tag(tone, result.outcome.words())),
            Cell::text(&result.remark),
        ])
    });
    Table::new("results", "Result by topic")
        .column(Column::text("Topic"))
        .column(Column::text("Result"))
        .column(Column::text("Remark"))
        .rows(rows)
}

fn severity_tag(severity: Severity) -> Markup {
    let tone = match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Partial,
        Severity::Low => Tone::Neutral,
    };
    tag(tone, severity.words())
}

/// The findings, worst first.
fn findings(case: &Case) -> Table {
    let state = case.state();
    let mut worst_first: Vec<(&u16, &HeldFinding)> = state.findings.iter().collect();
    worst_first.sort_by_key(|(_, held)| held.recorded.severity);
    let rows = worst_first.into_iter().map(|(number, held)| {
        let found = &held.recorded;
        Row::new([
            Cell::from(html! { (number) " " (severity_tag(found.severity)) }),
            Cell::from(html! {
                (topic(found.topic).map_or(found.topic.as_str(), |topic| &topic.title)) ": " (found.system)
                @if found.responsibility == Responsibility::Practice {
                    br; (tag(Tone::Neutral, Responsibility::Practice.words()))
                }
            }),
            Cell::from(html! {
                (found.found)
                @if !found.evidence.is_empty() { br; span.nhsuk-hint { "Evidence: " (found.evidence) } }
            }),
            Cell::from(html! {
                @match &held.answer {
                    None => { "Not answered" }
                    Some((true, answer)) => { "Accepted: " (answer) }
                    Some((false, answer)) => { "Disputed: " (answer) }
                }
            }),
            Cell::from(html! {
                @match state.why_open(*number) {
                    None if state.is_mended(*number) => { (tag(Tone::Good, "Resolved")) }
                    None => { (tag(Tone::Good, "Done")) }
                    Some(why) => { (tag(Tone::Partial, "Open")) " " (why) }
                }
            }),
        ])
    });
    Table::new("findings", "Findings, worst first")
        .column(Column::text("Finding"))
        .column(Column::text("What it is about"))
        .column(Column::text("What was found"))
        .column(Column::text("The practice’s answer"))
        .column(Column::text("State"))
        .rows(rows)
        .empty("No findings recorded.")
}

fn actions<'a>(
    desk: &Desk,
    case: &Case,
    id: &str,
    caption: &str,
    actions: impl Iterator<Item = (u16, &'a PlannedAction, Option<Day>)>,
) -> Table {
    let rows = actions.map(|(number, planned, done)| {
        Row::new([
            Cell::text(number),
            Cell::text(planned.finding),
            Cell::text(&planned.action),
            Cell::text(desk.common.person_name(planned.owner)),
            Cell::from(html! {
                (planned.due.long())
                @if done.is_none() { " (" (from_today(case.today, planned.due)) ")" }
            }),
            Cell::from(html! {
                @match done {
                    Some(day) => { (tag(Tone::Good, "Done")) " on " (day.long()) }
                    None if planned.due < case.today => { (tag(Tone::Bad, "Overdue")) }
                    None => { (tag(Tone::Neutral, "Open")) }
                }
            }),
        ])
    });
    Table::new(id, caption)
        .column(Column::number("Action"))
        .column(Column::number("Finding"))
        .column(Column::text("What will be done"))
        .column(Column::text("Who"))
        .column(Column::text("Due"))
        .column(Column::text("State"))
        .rows(rows)
}
