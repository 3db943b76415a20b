//! The improvement plan: gaps, actions, and the CCG's or region's word on it.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    desk::{PersonInput, speaks_for},
    http::{Form as FormBody, Path, Query},
    pages::selected,
};
use maud::{Markup, html};
use proto::{Day, OdsCode, RequirementId, assessments::ImprovementAction, standards::GapRule};
use serde::Deserialize;
use ui::{
    Tone,
    components::{
        Button, ButtonKind, Cell, Choice, Column, Field, FieldError, InputKind, Row, Table, Width,
        blocked_button, inset, tag,
    },
};

use super::{
    Done, KeyOnly, after, case_href, case_page, form_errors, form_of, from_today, page_response, sentence,
    tasks::CAREFUL,
};
use crate::{
    access::{DECIDE_PLAN, DO_WORK, PUBLISH},
    desk::{Case, Desk, Failure, Shared, find_requirement},
    model::{AssessmentCommand, HeldAction, KIND},
};

/// What any form of the plan page sends.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct PlanForm {
    #[serde(default)]
    requirement: String,
    #[serde(default)]
    gap: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    due: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

fn href(case: &Case) -> String {
    format!("{}/plan", case_href(case))
}

/// How the plan stands, as a sentence.
pub(super) fn state_words(case: &Case) -> String {
    let plan = &case.state().plan;
    match (&plan.submitted, &plan.refused, &plan.agreed) {
        (Some(submitted), _, _) => {
            format!("The plan was submitted on {} and waits for an answer.", submitted.on.long())
        }
        (None, Some(refused), _) => {
            format!("{} refused the plan on {}: {}", refused.by, refused.on.long(), sentence(&refused.reason))
        }
        (None, None, Some(agreed)) => {
            let overdue = if case.today > agreed.due { "was" } else { "is" };
            format!(
                "{} agreed the plan on {}; its last action {overdue} due on {}.",
                agreed.by,
                agreed.on.long(),
                agreed.due.long()
            )
        }
        (None, None, None) if plan.actions.is_empty() => "There is no plan yet.".to_owned(),
        (None, None, None) => "The plan has not been submitted.".to_owned(),
    }
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    Ok(render(&desk, &case, &PlanForm::default(), StatusCode::OK, Vec::new(), &done))
}

/// On to the plan again, or the form with what was wrong.
fn respond(
    desk: &Desk,
    case: &Case,
    form: &PlanForm,
    outcome: Result<chassis::Outcome, Failure>,
    done: &str,
) -> Response {
    match after(outcome, format!("{}?done={done}", href(case))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(desk, case, form, status, errors, &Done::default()),
    }
}

pub(super) async fn plan_action(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<PlanForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let requirement = find_requirement(&case.edition, form.requirement.trim());
    let due = Day::entered(&form.due, "the date the action is due");
    let owner = PersonInput::named(&form.name, &form.role).who();
    let (requirement, due, owner) = match (requirement, due, owner) {
        (Ok(requirement), Ok(due), Ok(owner)) => (requirement, due, owner),
        (requirement, due, owner) => {
            let mut errors = Vec::new();
            if requirement.is_err() {
                errors.push(FieldError::new("requirement", "Select the requirement that is not met."));
            }
            if owner.is_err() {
                errors.push(FieldError::new("name", "Enter the name of the person responsible."));
            }
            if let Err(detail) = due {
                errors.push(FieldError::new("due", sentence(&detail)));
            }
            let bad = StatusCode::BAD_REQUEST;
            return Ok(render(&desk, &case, &form, bad, errors, &Done::default()));
        }
    };
    let exempt = case.exempt();
    let (gap, action) = (form.gap.trim().to_owned(), form.action.trim().to_owned());
    let outcome = desk
        .give_naming(&case, "plan-action", &giver, owner, |owner| AssessmentCommand::PlanAction {
            number: None,
            action: ImprovementAction { requirement, gap, action, owner, due },
            exempt,
        })
        .await;
    Ok(respond(&desk, &case, &form, outcome, "planned"))
}

pub(super) async fn complete(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition, number)): Path<(String, String, u16)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let command = AssessmentCommand::CompleteAction { number, done: case.today };
    let outcome = desk.give(&case, &format!("action-done {number}"), &giver, &command).await;
    Ok(respond(&desk, &case, &PlanForm::default(), outcome, "done"))
}

pub(super) async fn submit(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let command = AssessmentCommand::SubmitPlan { exempt: case.exempt() };
    let outcome = desk.give(&case, "plan-submit", &giver, &command).await;
    Ok(respond(&desk, &case, &PlanForm::default(), outcome, "submitted"))
}

pub(super) async fn decide(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<PlanForm>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let by: OdsCode = match selected(&form.by, "the organisation you act for") {
        Ok(by) => by,
        Err(detail) => {
            let (status, errors) = form_errors(Problem::bad_input(detail.clone()).at("by", detail));
            return Ok(render(&desk, &case, &form, status, errors, &Done::default()));
        }
    };
    speaks_for(&giver, by)?;
    let overseers = case.practice.overseers();
    let (command, purpose, done) = match form.decision.as_str() {
        "agree" => (AssessmentCommand::AgreePlan { by, overseers }, "plan-agree", "agreed"),
        "refuse" => {
            let reason = form.reason.clone();
            (AssessmentCommand::RefusePlan { by, overseers, reason }, "plan-refuse", "refused")
        }
        _ => {
            let errors = vec![FieldError::new("by", "Press either Agree or Refuse.")];
            return Ok(render(&desk, &case, &form, StatusCode::BAD_REQUEST, errors, &Done::default()));
        }
    };
    let outcome = desk.give(&case, purpose, &giver, &command).await;
    Ok(respond(&desk, &case, &form, outcome, done))
}

fn render(
    desk: &Desk,
    case: &Case,
    form: &PlanForm,
    status: StatusCode,
    errors: Vec<FieldError>,
    done: &Done,
) -> Response {
    let possible = case.edition.group(KIND).is_some_and(|group| group.gaps == GapRule::PublishedWithPlan);
    let gaps = case.state().gaps_to_plan_for(&case.edition, &case.exempt());
    let body = html! {
        (done.banner())
        @if possible {
            p { (state_words(case)) }
            (gap_list(case, &gaps))
            (actions(desk, case))
            @if case.state().plan.submitted.is_some() {
                @if case.may(DECIDE_PLAN) { (decision(desk, case, form, &errors)) }
            } @else {
                @if !gaps.is_empty() && case.may(DO_WORK) { (new_action(case, &gaps, form, &errors)) }
                @if case.may(PUBLISH) { (submission(case, &gaps)) }
            }
        } @else {
            p { "General practices have no improvement plan in " (case.edition.title) ": it is published once every standard is met." }
        }
        p { a.nhsuk-link href=(case_href(case)) { "Back to the assessment" } }
    };
    let page = case_page(desk, case, "Improvement plan")
        .crumb(case.edition.title.clone(), case_href(case))
        .caption(case.practice.shown_name())
        .errors(errors)
        .body(body);
    page_response(status, page)
}

fn title(case: &Case, requirement: RequirementId) -> String {
    case.edition.requirement(requirement).map(|asked| asked.title.clone()).unwrap_or_default()
}

fn gap_list(case: &Case, gaps: &[RequirementId]) -> Markup {
    html! {
        h2.nhsuk-heading-m { "Requirements not met" }
        @if gaps.is_empty() {
            p {
                @if case.state().publication.is_some() { "Nothing falls short of the standard." }
                @else { "No answer so far falls short of the standard. What has no answer yet is not counted here." }
            }
        }
        @else {
            ul.nhsuk-list.nhsuk-list--bullet {
                @for gap in gaps {
                    li { a.nhsuk-link href={ (case_href(case)) "/requirements/" (gap) } { (gap) } " " (title(case, *gap)) }
                }
            }
        }
    }
}

fn actions(desk: &Desk, case: &Case) -> Markup {
    let due = |held: &HeldAction| {
        html! {
            (held.action.due.long())
            @match held.done {
                Some(_) => {}
                None => { " (" (from_today(case.today, held.action.due)) ")" }
            }
        }
    };
    let state = |number: u16, held: &HeldAction| {
        html! {
            @match held.done {
                Some(day) => { (tag(Tone::Good, "Done")) " on " (day.long()) }
                None => {
                    @if held.action.due < case.today { (tag(Tone::Bad, "Overdue")) } @else { (tag(Tone::Neutral, "Open")) }
                    @if case.may(DO_WORK) { (form_of(&case.viewer, format!("{}/actions/{number}/done", href(case)))
                        .body(html! { (Button::new("Mark as done").kind(ButtonKind::Secondary).about(format!("action {number}"))) })) }
                }
            }
        }
    };
    let rows = case.state().plan.actions.iter().map(|(number, held)| {
        Row::new([
            Cell::text(number),
            Cell::text(held.action.requirement),
            Cell::text(&held.action.gap),
            Cell::text(&held.action.action),
            Cell::text(desk.common.person_name(held.action.owner)),
            Cell::from(due(held)),
            Cell::from(state(*number, held)),
        ])
    });
    Table::new("actions", "Actions")
        .column(Column::number("No."))
        .column(Column::text("Requirement"))
        .column(Column::text("Gap"))
        .column(Column::text("Action"))
        .column(Column::text("Who"))
        .column(Column::text("Due"))
        .column(Column::text("State"))
        .rows(rows)
        .empty("No action has been planned.")
        .render()
}

fn new_action(case: &Case, gaps: &[RequirementId], form: &PlanForm, errors: &[FieldError]) -> Markup {
    let of = |name: &str| FieldError::of(errors, name);
    let choices: Vec<Choice> =
        gaps.iter().map(|gap| Choice::new(gap.to_string(), format!("{gap} {}", title(case, *gap)))).collect();
    html! {
        h2.nhsuk-heading-m { "Plan an action" }
        (form_of(&case.viewer, format!("{}/actions", href(case))).body(html! {
            (Field::new("requirement", "Which requirement falls short?").error(of("requirement")).value(form.requirement.clone()).select(&choices))
            (Field::new("gap", "What is missing?").error(of("gap")).value(form.gap.clone()).textarea(2))
            (Field::new("action", "What will be done?").error(of("action")).value(form.action.clone()).textarea(2))
            (Field::new("name", "Name of the person responsible").hint("Their name is stored so it can be deleted later").error(of("name")).value(form.name.clone()).input(InputKind::Text))
            (Field::new("role", "In which role?").error(of("role")).value(form.role.clone()).input(InputKind::Text))
            (Field::new("due", "By when?").error(of("due")).value(form.due.clone()).input(InputKind::Date))
            (Button::new("Add the action").kind(ButtonKind::Secondary))
        }))
    }
}

fn submission(case: &Case, gaps: &[RequirementId]) -> Markup {
    let plan = &case.state().plan;
    let is_agreed = plan.agreed.as_ref().is_some_and(|agreed| agreed.actions == plan.as_of_now());
    let uncovered = plan.uncovered(gaps, case.today);
    html! {
        @if !gaps.is_empty() && !is_agreed {
            h2.nhsuk-heading-m { "Submit the plan" }
            @if uncovered.is_empty() {
                p { "The plan goes to the practice’s commissioner or region (" (case.practice.overseers().in_words()) "). It cannot be changed until they agree or refuse it." }
                (form_of(&case.viewer, format!("{}/submit", href(case)))
                    .body(html! { (Button::new("Submit the plan")) }))
            } @else {
                (blocked_button("submit", "Submit the plan", &uncovered.iter().map(|gap| html! {
                    (gap) " " (title(case, *gap)) " has no open action with a due date still to come"
                }).collect::<Vec<_>>()))
            }
        }
    }
}

fn decision(desk: &Desk, case: &Case, form: &PlanForm, errors: &[FieldError]) -> Markup {
    let of = |name: &str| FieldError::of(errors, name);
    let overseers = case.practice.overseers();
    let known = overseers.bodies().next().is_some();
    let choices: Vec<Choice> = overseers
        .bodies()
        .filter(|code| case.viewer.speaks_for(*code))
        .map(|code| {
            let name = desk.common.roster.body_name(code).unwrap_or_default();
            Choice::new(code.to_string(), format!("{code} {name}"))
        })
        .collect();
    html! {
        h2.nhsuk-heading-m { "For the commissioner or region: agree or refuse" }
        @if choices.is_empty() && known {
            (inset(html! { p { "The practice’s commissioner or region agrees or refuses the plan: " (overseers.in_words()) "." } }))
        } @else if choices.is_empty() {
            (inset(html! { p { "Neither the commissioner nor the region of this practice is known here, so no one can agree the plan yet. They become known by importing the national practice file." } }))
        } @else {
            (form_of(&case.viewer, format!("{}/decide", href(case))).body(html! {
                (Field::new("by", "Who decides?").error(of("by")).value(form.by.clone()).width(Width::Full).select(&choices))
                (Field::new("reason", "Reason for not agreeing").hint("The practice will see this").error(of("reason")).value(form.reason.clone()).textarea(3))
                (Button::new("Agree the plan").value("decision", "agree")) " "
                (Button::new("Refuse the plan").kind(CAREFUL).value("decision", "refuse"))
            }))
        }
    }
}
