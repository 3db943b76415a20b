//! A plan: how it stands, what it consists of, what was learnt, and what can be done about it.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form, Path, Query},
};
use maud::{Markup, html};
use proto::{Moment, codes::CodeError};
use ui::{
    Tone,
    components::{
        Button, ButtonKind, Cell, Column, FieldError, Row, SummaryList, Table, blocked_button, details,
        history, lede, link_button, tag,
    },
};

use super::{
    Done, KeyOnly, after, case_page, form_of, forms::Task, from_today, href, page_response, sentence,
    standing_tag, told,
};
use crate::{
    access::WORK_ON_PLAN,
    desk::{Case, Desk, Failure, Shared},
    input::{Ask, RelianceEndInput},
    model::Run,
};

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code).await?;
    render(&desk, &case, StatusCode::OK, Vec::new(), &done).await
}

pub(super) async fn act_upon(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, number, lesson)): Path<(String, u16, u16)>,
    Form(form): Form<KeyOnly>,
) -> Result<Response, Problem> {
    give(&desk, viewer, &code, form, Ask::ActUpon { number, lesson, done: None }, "lesson").await
}

pub(super) async fn end_reliance(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, partner)): Path<(String, String)>,
    Form(form): Form<KeyOnly>,
) -> Result<Response, Problem> {
    let partner = partner.parse().map_err(|error: CodeError| Problem::bad_input(error.to_string()))?;
    let ask = Ask::EndReliance(RelianceEndInput { partner, on: None });
    give(&desk, viewer, &code, form, ask, "reliance-ended").await
}

/// Gives a command that a button asks for.
async fn give(
    desk: &Desk,
    viewer: Viewer,
    code: &str,
    form: KeyOnly,
    ask: Ask,
    done: &str,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, code).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let outcome: Result<_, Failure> = desk.give(&case, &giver, ask).await;
    match after(outcome, format!("{}?done={done}", href(&case))) {
        Ok(redirect) => Ok(redirect.into_response()),
        Err((status, errors)) => {
            // A button has no field that an error could lead to.
            let errors = errors.into_iter().map(|error| FieldError::new("", error.message)).collect();
            render(desk, &case, status, errors, &Done::default()).await
        }
    }
}

async fn render(
    desk: &Desk,
    case: &Case,
    status: StatusCode,
    errors: Vec<FieldError>,
    done: &Done,
) -> Result<Response, Problem> {
    let dates = &case.plan().dates;
    let now = Moment::During(case.today);
    let told = told::told(desk, case).await?;
    let body = html! {
        (done.banner())
        (lede(html! { (standing_tag(&dates.standing(now))) " " (dates.sentence(now)) }))
        (facts(desk, case).render())
        (enough())
        @if Task::ALL.into_iter().any(|task| case.may(task.asks())) {
            h2.nhsuk-heading-m { "What you can do" }
            @for task in Task::ALL { (action(case, task)) }
        }
        (runs(desk, case))
        (reliances(desk, case))
        @if !told.is_empty() {
            h2.nhsuk-heading-m { "What happened" }
            (history(&told))
        }
    };
    let page = case_page(desk, case, case.name.clone())
        .caption(format!("Continuity plan of {}", case.code))
        .errors(errors)
        .body(body);
    Ok(page_response(status, page))
}

/// What is enough, in plain words.
fn enough() -> Markup {
    details(
        "What is enough?",
        html! {
            ul.nhsuk-list.nhsuk-list--bullet {
                li { "A plan approved by someone accountable. A few pages will do." }
                li { "It covers that data are lost or out of reach, and a cyber incident such as malicious software." }
                li { "It is reviewed within 12 months of its approval or last review." }
                li { "It is tested at least once a year: a one-hour table-top exercise is enough." }
                li { "Each delivery partner you rely on has an up-to-date plan." }
            }
        },
    )
}

fn facts(desk: &Desk, case: &Case) -> SummaryList {
    let plan = case.plan();
    let mut facts = SummaryList::new();
    let shown = plan
        .dates
        .in_force
        .as_ref()
        .and_then(|in_force| plan.versions.iter().find(|version| version.version == in_force.version));
    if let Some(version) = shown.or(plan.versions.last()) {
        let covers: Vec<&str> = version.covers.iter().map(|scenario| scenario.words()).collect();
        facts = facts
            .text("Version", version.version.to_string())
            .text("Owner", desk.common.person_name(version.owner))
            .text("Covers", covers.join("; "))
            .row(
                "Systems",
                html! {
                    @if version.systems.is_empty() { "None named" } @else {
                        ul.nhsuk-list.nhsuk-u-margin-bottom-0 {
                            @for system in &version.systems {
                                li { (system.name) ": back within " (ui::fmt::count(system.recovery_time_hours.into(), "hour", "hours"))
                                    ", with up to " (ui::fmt::count(system.recovery_point_hours.into(), "hour", "hours")) " of data lost. "
                                    (system.impact.words()) "." }
                            }
                        }
                    }
                },
            );
        if let Some(document) = &version.document {
            facts = facts.row(
                "Document",
                html! { (document.reference) br; span.nhsuk-u-font-size-16 { "SHA-256 " (document.sha256) } },
            );
        }
    }
    if plan.dates.in_force.is_some()
        && let Some(approval) = plan.approvals.last()
    {
        let by = desk.common.person_name(approval.by);
        facts = facts.text("Approved", format!("on {} by {by}", approval.on.long()));
    }
    if let Some(withdrawal) = &plan.withdrawal {
        facts = facts.text("Withdrawn", format!("on {}: {}", withdrawal.on.long(), withdrawal.reason));
    }
    let due = |day: proto::Day| format!("{} ({})", day.long(), from_today(case.today, day));
    if let Some(in_force) = &plan.dates.in_force {
        facts = facts.text("Next review due", due(in_force.next_review));
    }
    match plan.dates.next_exercise() {
        Some(day) => facts.text("Next exercise due", due(day)),
        None => facts.text("Last exercise", "Never"),
    }
}

/// The way to a form; why it is not open; or nothing for whom it is not for.
fn action(case: &Case, task: Task) -> Markup {
    html! {
        @if case.may(task.asks()) {
            @match task.blocked(case.plan()) {
                None => { p.nhsuk-u-margin-bottom-2 { (link_button(&task.href(case), task.title(), ButtonKind::Secondary)) } }
                Some(why) => { (blocked_button(task.slug(), task.title(), &[html! { (sentence(&why)) }])) }
            }
        }
    }
}

fn runs(desk: &Desk, case: &Case) -> Markup {
    let what = |run: &Run| match run.kind {
        Some(kind) => format!("Exercise, {}", kind.slug()),
        None => "Needed for real".to_owned(),
    };
    let rows = case.plan().runs.iter().rev().map(|run| {
        let board = run.board.map(|person| desk.common.person_name(person));
        Row::new([
            Cell::text(run.number),
            Cell::text(what(run)),
            Cell::text(run.scenario.words()),
            Cell::text(run.on.long()),
            Cell::text(board.unwrap_or_else(|| "No one".to_owned())),
            Cell::from(html! { (run.outcome.words()) @if !run.account.is_empty() { br; (run.account) } }),
        ])
    });
    let lessons = case.plan().runs.iter().rev().flat_map(|run| {
        run.lessons.iter().map(move |held| {
            let about = format!("lesson {} of {}", held.number, run.number);
            let to = format!("{}/exercises/{}/lessons/{}/done", href(case), run.number, held.number);
            Row::new([
                Cell::text(format!("{}.{}", run.number, held.number)),
                Cell::text(&held.lesson.lesson),
                Cell::text(&held.lesson.action),
                Cell::text(held.lesson.due.long()),
                Cell::from(html! {
                    @match held.done {
                        Some(day) => { (tag(Tone::Good, "Done")) " on " (day.long()) }
                        None => {
                            @if held.lesson.due < case.today { (tag(Tone::Bad, "Overdue")) } @else { (tag(Tone::Neutral, "Open")) }
                            @if case.may(WORK_ON_PLAN) {
                                (form_of(&case.viewer, to).body(html! { (Button::new("Done").kind(ButtonKind::Secondary).about(about)) }))
                            }
                        }
                    }
                }),
            ])
        })
    });
    html! {
        (Table::new("runs", "Exercises, and times the plan was needed, newest first")
            .column(Column::number("No.")).column(Column::text("What")).column(Column::text("Scenario")).column(Column::text("Day"))
            .column(Column::text("Board or partners")).column(Column::text("How it went"))
            .rows(rows).empty("None has been recorded.").render())
        (Table::new("lessons", "Lessons")
            .column(Column::text("No.")).column(Column::text("What was learnt")).column(Column::text("What is to be done"))
            .column(Column::text("Due")).column(Column::text("State"))
            .rows(lessons).empty("None has been recorded.").render())
    }
}

fn reliances(desk: &Desk, case: &Case) -> Markup {
    let rows = case.plan().partners().map(|held| {
        let to = format!("{}/reliances/{}/end", href(case), held.partner);
        Row::new([
            Cell::text(desk.partner_name(case, held.partner)),
            Cell::text(held.partner),
            Cell::text(&held.services),
            Cell::text(held.since.long()),
            Cell::from(html! {
                @if case.may(WORK_ON_PLAN) {
                    (form_of(&case.viewer, to).body(html! {
                        (Button::new("End today").kind(ButtonKind::Secondary).about(format!("the reliance on {}", held.partner)))
                    }))
                }
            }),
        ])
    });
    Table::new("reliances", "Delivery partners whose plans it relies on")
        .column(Column::text("Partner"))
        .column(Column::text("Code"))
        .column(Column::text("For"))
        .column(Column::text("Since"))
        .column(Column::text("End"))
        .rows(rows)
        .empty(
            "None has been named. A practice relies on the partners its commissioner names without saying so itself.",
        )
        .render()
}
