//! The task list of one assessment: what is done, what is left, what blocks Publish and why.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Giver, Problem, Viewer,
    http::{Form as FormBody, Path, Query},
};
use maud::{Markup, html};
use proto::{
    RequirementId,
    assessments::Answer,
    standards::{GapRule, Requirement},
};
use ui::{
    Tone,
    components::{
        Button, ButtonKind, Cell, Column, FieldError, Row, SummaryList, Table, blocked_button, history,
        inset, tag,
    },
};

use super::{
    Done, KeyOnly, after, case_href, case_page,
    find::{deadline_words, state_tag},
    form_of, from_today, grade_tag, page_response,
    told::told,
};
use crate::{
    access::{DO_WORK, PUBLISH, REVIEW_GRADE, SIGN_STATEMENT},
    desk::{Case, Desk, Shared},
    model::{AssessmentCommand, Blocker, KIND, Reviewed, blockers, percentage, standing},
};

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    render(&desk, &case, StatusCode::OK, Vec::new(), &done).await
}

pub(super) async fn open(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let outcome = desk.open(&case, &giver).await;
    answer(&desk, &case, outcome, "opened").await
}

pub(super) async fn publish(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, edition)): Path<(String, String)>,
    FormBody(form): FormBody<KeyOnly>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, &edition).await?;
    let giver = Giver::of_form(viewer, form.idempotency_key.as_deref())?;
    let command = AssessmentCommand::Publish { exempt: case.exempt() };
    let outcome = desk.give(&case, "publish", &giver, &command).await;
    answer(&desk, &case, outcome, "published").await
}

async fn answer(
    desk: &Desk,
    case: &Case,
    outcome: Result<chassis::Outcome, crate::desk::Failure>,
    done: &str,
) -> Result<Response, Problem> {
    match after(outcome, format!("{}?done={done}", case_href(case))) {
        Ok(redirect) => Ok(redirect.into_response()),
        Err((status, errors)) => render(desk, case, status, errors, &Done::default()).await,
    }
}

async fn render(
    desk: &Desk,
    case: &Case,
    status: StatusCode,
    errors: Vec<FieldError>,
    done: &Done,
) -> Result<Response, Problem> {
    let exempt = case.exempt();
    let body = html! {
        (done.banner())
        (summary(case, &exempt).render())
        @if case.state().opened.is_none() {
            (not_opened(case))
        } @else {
            @if case.may(PUBLISH) { (publication(case, &exempt)) }
            h2.nhsuk-heading-m { "Requirements" }
            (requirements(case, &exempt).render())
            @if case.edition.requirements_of(KIND).any(|asked| !asked.certainty.is_sure()) {
                p.nhsuk-hint { "* The number or wording of these is recalled and not certain; their pages say more." }
            }
            (statement(desk, case))
            (plan(case, &exempt))
            (reviewed_grade(desk, case))
            h2.nhsuk-heading-m { "What happened" }
            (history(&told(desk, case).await?))
        }
        p { a.nhsuk-link href={ "/api/v1" (case_href(case)) } { "This assessment as data" } }
    };
    let page = case_page(desk, case, case.edition.title.clone())
        .caption(format!("{} ({})", case.practice.shown_name(), case.practice.code))
        .errors(errors)
        .body(body);
    Ok(page_response(status, page))
}

fn summary(case: &Case, exempt: &[RequirementId]) -> SummaryList {
    let state = case.state();
    let mut list = SummaryList::new().row("Progress", state_tag(case.work_state()));
    if let Some(deadline) = case.deadline() {
        let words = deadline_words(Some(deadline), case.deadline_is_sure());
        list = list.text("Deadline", format!("{words} ({})", from_today(case.today, deadline)));
    }
    if state.opened.is_some() {
        let asked = case.edition.requirements_of(KIND).filter(|r| !exempt.contains(&r.id)).count();
        let answered = case
            .edition
            .requirements_of(KIND)
            .filter(|r| !exempt.contains(&r.id) && state.answers.contains_key(&r.id))
            .count();
        list = list.text("Answered", format!("{answered} of {asked} requirements"));
        if let Some(percent) = percentage(&case.edition, state.given(), exempt) {
            list = list.text("Score of the answers so far", format!("{percent}% of the maximum score"));
        }
    }
    if let (Some(publication), Some(standing)) =
        (&state.publication, standing(&case.edition, state, exempt, case.today))
    {
        let again =
            if publication.times > 1 { format!(", {} times", publication.times) } else { String::new() };
        list = list.row(
            "Published",
            html! {
                (publication.on.long()) (again)
                @if case.published_late() { " " (tag(Tone::Partial, "Late")) " first published on " (publication.first.long()) }
            },
        );
        list = list.row(
            "Result",
            html! {
                (grade_tag(standing.grade))
                @if let Some(percent) = standing.percentage {
                    " " (percent) "%. The percentage does not decide the grade: one requirement below level 2 is enough to be not satisfactory, however high the others are."
                }
            },
        );
    }
    list
}

fn not_opened(case: &Case) -> Markup {
    html! {
        @if !case.may(DO_WORK) { p { "This assessment has not been started." } }
        @else { p { "This assessment has not been started. Open it to answer its requirements. Answers of last year’s edition, where the practice gave them here, are carried over, and each must then be reviewed." }
        (form_of(&case.viewer, format!("{}/open", case_href(case)))
            .body(html! { (Button::new("Open the assessment")) })) }
    }
}

/// The Publish button, or everything it waits for.
fn publication(case: &Case, exempt: &[RequirementId]) -> Markup {
    let blocking = blockers(&case.edition, case.state(), exempt);
    html! {
        h2.nhsuk-heading-m #publish-heading { "Publish" }
        @if let Some(last) = case.edition.closed_on(case.today) {
            p { (case.edition.title) " could be published until " (last.long()) ". Complete the current edition instead." }
        } @else if blocking.is_empty() {
            p {
                "Nothing blocks publication."
                @if case.state().publication.is_some() { " If you publish again, the new result applies from that date." }
            }
            (inset(html! {
                p { "Publishing says that the answers are final and that the partners, or the board, have signed them off. You can publish again, also after the deadline; late publication is shown as late." }
                @if let Some(closes) = &case.edition.closes { p { "This edition can be published until " (closes.day.long()) @if !closes.certainty.is_sure() { " (expected, not confirmed)" } "." } }
            }))
            (form_of(&case.viewer, format!("{}/publish", case_href(case)))
                .body(html! { (Button::new(if case.state().publication.is_some() { "Publish again" } else { "Publish" })) }))
        } @else {
            (blocked_button("publish", "Publish", &blocking.iter().map(|blocker| reason(case, blocker)).collect::<Vec<_>>()))
        }
    }
}

fn reason(case: &Case, blocker: &Blocker) -> Markup {
    html! {
        a.nhsuk-link href={ (case_href(case)) "/requirements/" (blocker.requirement) } {
            (blocker.requirement)
            @if let Some(asked) = case.edition.requirement(blocker.requirement) { " " (asked.title) }
        }
        " " (blocker.missing.what_to_do())
    }
}

pub(super) fn answer_words(answer: &Answer) -> String {
    match answer {
        Answer::Level(level) => format!("Level {level}"),
        Answer::Met => "Met".to_owned(),
        Answer::NotMet => "Not met".to_owned(),
        Answer::NotRelevant { .. } => "Not relevant".to_owned(),
    }
}

fn requirements(case: &Case, exempt: &[RequirementId]) -> Table {
    let rows = case.edition.requirements_of(KIND).map(|asked| {
        let held = case.state().answers.get(&asked.id);
        Row::new([
            Cell::text(asked.id),
            Cell::from(html! {
                a.nhsuk-link href={ (case_href(case)) "/requirements/" (asked.id) } { (asked.title) }
                @if !asked.certainty.is_sure() { span.nhsuk-u-visually-hidden { " (not certain)" } span aria-hidden="true" { " *" } }
            }),
            Cell::text(held.map(|held| answer_words(&held.answer)).unwrap_or_default()),
            Cell::from(requirement_tag(case, asked, exempt)),
        ])
    });
    Table::new("requirements", "Requirements of this edition")
        .hide_caption()
        .column(Column::text("Number"))
        .column(Column::text("Requirement"))
        .column(Column::text("Answer"))
        .column(Column::text("State"))
        .rows(rows)
}

/// The mark of a row that the catalogue is not sure of.
pub(super) fn unsure(asked: &Requirement) -> Markup {
    html! {
        p.nhsuk-hint { "The number or wording of this requirement is not certain (" (asked.certainty) "): " (asked.source) "." }
    }
}

fn requirement_tag(case: &Case, asked: &Requirement, exempt: &[RequirementId]) -> Markup {
    if exempt.contains(&asked.id) {
        return tag(Tone::Neutral, "Exempt");
    }
    let Some(held) = case.state().answers.get(&asked.id) else {
        return tag(Tone::Unknown, "To answer");
    };
    if held.review == Reviewed::No {
        tag(Tone::Partial, "Look again")
    } else if matches!(held.answer, Answer::NotRelevant { .. }) {
        tag(Tone::Neutral, "Not relevant")
    } else if case.edition.falls_short(&held.answer) {
        tag(Tone::Bad, "Falls short")
    } else {
        tag(Tone::Good, "Done")
    }
}

fn statement(desk: &Desk, case: &Case) -> Markup {
    let href = format!("{}/statement", case_href(case));
    html! {
        @if case.edition.has_assurance_statement() {
            h2.nhsuk-heading-m { "Assurance statement" }
            @match (&case.state().statement, &case.state().publication) {
                (Some(statement), _) => {
                    p { "Accepted on " (statement.on.long()) " by " (desk.common.person_name(statement.person)) ". It is signed once a year." }
                }
                (None, Some(_)) if !case.may(SIGN_STATEMENT) => { p { "Published, but not signed." } }
                (None, Some(_)) => { p { "Published, but not signed. " a.nhsuk-link href=(href) { "Read and accept the assurance statement" } } }
                (None, None) => { p { "A named person accepts it once the assessment is published." } }
            }
        }
    }
}

fn plan(case: &Case, exempt: &[RequirementId]) -> Markup {
    let planned = case.edition.group(KIND).is_some_and(|group| group.gaps == GapRule::PublishedWithPlan);
    let gaps = case.state().gaps_to_plan_for(&case.edition, exempt);
    html! {
        @if planned {
            h2.nhsuk-heading-m { "Improvement plan" }
            @if gaps.is_empty() && case.state().plan.actions.is_empty() {
                p {
                    @if case.state().publication.is_some() { "Nothing falls short, so no plan is needed." }
                    @else { "No answer so far falls short. Whether a plan is needed shows once every requirement is answered." }
                }
            } @else {
                p {
                    @if gaps.is_empty() { "Nothing falls short any more. " }
                    @else { (ui::fmt::count(gaps.len() as u64, "requirement falls", "requirements fall")) " short. " }
                    (super::plan::state_words(case))
                    " " a.nhsuk-link href={ (case_href(case)) "/plan" } { "Open the plan" }
                }
            }
        }
    }
}

fn reviewed_grade(desk: &Desk, case: &Case) -> Markup {
    let href = format!("{}/reviewed-grade", case_href(case));
    html! {
        h2.nhsuk-heading-m { "Reviewed grade" }
        @match &case.state().review {
            Some(review) => {
                p { (grade_tag(review.grade)) " by " (desk.common.roster.body_name(review.by).unwrap_or_else(|| review.by.to_string()))
                    " on " (review.on.long()) ": " (review.reason) }
                p { "The practice’s own grade stays beside it. " @if case.may(REVIEW_GRADE) { a.nhsuk-link href=(href) { "Change the reviewed grade" } } }
            }
            None if case.state().publication.is_some() => {
                p { "No one has reviewed the assessment. " @if case.may(REVIEW_GRADE) { a.nhsuk-link href=(href) { "Set a reviewed grade" } } }
            }
            None => { p { "An overseer can set one once the assessment is published." } }
        }
    }
}

/// The kind of button for an act that counts.
pub(super) const CAREFUL: ButtonKind = ButtonKind::Warning;
