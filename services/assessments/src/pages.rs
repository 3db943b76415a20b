//! The pages: plain forms and links, POST then redirect then GET, no script needed.

mod find;
mod plan;
mod question;
mod review;
mod statement;
mod tasks;
mod told;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Outcome, Problem, Routes, Viewer, access,
    pace::Pace,
    pages::{form_of, with_menu},
};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::{Day, LONDON, Position, assessments::Grade};
use ui::{
    Page, Stamp, Tone,
    components::{FieldError, tag},
};

use crate::{
    access::{DECIDE_PLAN, DO_WORK, FIND, PUBLISH, REVIEW_GRADE, SIGN_STATEMENT, VIEW_WORK},
    api::grade_words,
    desk::{Case, Desk, Failure, Shared},
};

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW_WORK.of("code").sensitive();
    let work = DO_WORK.of("code").seen_by(VIEW_WORK);
    let publish = PUBLISH.of("code").seen_by(VIEW_WORK);
    let sign = SIGN_STATEMENT.of("code").seen_by(VIEW_WORK);
    let grade = REVIEW_GRADE.of("code").seen_by(VIEW_WORK);
    let decide = DECIDE_PLAN.of("code").seen_by(VIEW_WORK);
    Routes::new()
        .get("/assessments", FIND.here().paced(Pace::LookUp), find::find)
        .get("/assessments/{code}", view, find::practice)
        .get("/assessments/{code}/{edition}", view, tasks::show)
        .post("/assessments/{code}/{edition}/open", work, tasks::open)
        .post("/assessments/{code}/{edition}/publish", publish, tasks::publish)
        .get("/assessments/{code}/{edition}/requirements/{requirement}", view, question::show)
        .post("/assessments/{code}/{edition}/requirements/{requirement}", work, question::answer)
        .post("/assessments/{code}/{edition}/requirements/{requirement}/review", work, question::review)
        .get("/assessments/{code}/{edition}/statement", sign, statement::show)
        .post("/assessments/{code}/{edition}/statement", sign, statement::accept)
        .get("/assessments/{code}/{edition}/reviewed-grade", grade, review::show)
        .post("/assessments/{code}/{edition}/reviewed-grade", grade, review::set)
        .get("/assessments/{code}/{edition}/plan", view, plan::show)
        .post("/assessments/{code}/{edition}/plan/actions", work, plan::plan_action)
        .post("/assessments/{code}/{edition}/plan/actions/{number}/done", work, plan::complete)
        .post("/assessments/{code}/{edition}/plan/submit", publish, plan::submit)
        .post("/assessments/{code}/{edition}/plan/decide", decide, plan::decide)
}

fn framed(viewer: &Viewer, page: Page) -> Page {
    let own = viewer.holder().map(|holder| format!("/assessments/{}", holder.organisation));
    let menu = access::menu(viewer.principal());
    let current = own.filter(|own| menu.iter().any(|(_, href)| href == own));
    with_menu(page, viewer).current_nav(current.unwrap_or_else(|| "/assessments".to_owned()))
}

/// A page of this service, stamped with how far it has read the log.
fn page(desk: &Desk, viewer: &Viewer, title: impl Into<String>) -> Page {
    page_up_to(desk, viewer, Position::START, title)
}

/// A page that shows an aggregate up to a position. The roster may be a moment behind it.
fn page_up_to(desk: &Desk, viewer: &Viewer, shown: Position, title: impl Into<String>) -> Page {
    let now = desk.clock.now();
    let page = framed(viewer, Page::new(title)).stamp(Stamp {
        position: desk.roster.position().max(shown).0,
        time: now.to_string(),
        time_text: moment(now),
    });
    if !desk.roster.is_synthetic() {
        return page;
    }
    page.banner(html! {
        p { strong { "Synthetic data." } " These practices and their assessments are made up by a generator; none of them exists." }
    })
}

/// A page about one assessment.
fn case_page(desk: &Desk, case: &Case, title: impl Into<String>) -> Page {
    page_up_to(desk, &case.viewer, case.position(), title)
        .crumb("Assessments", "/assessments")
        .crumb(case.practice.shown_name(), practice_href(case))
}

fn practice_href(case: &Case) -> String {
    format!("/assessments/{}", case.practice.code)
}

fn case_href(case: &Case) -> String {
    format!("/assessments/{}/{}", case.practice.code, case.edition.id)
}

/// `17 June 2019, 9:30am`.
fn moment(time: Timestamp) -> String {
    time.to_zoned(LONDON.clone()).strftime("%-d %B %Y, %-I:%M%P").to_string()
}

/// The text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Longer ago than this, nobody counts the days.
const DAYS_COUNTED: i32 = 120;

/// `in 12 days`, `today`, `3 days ago`, `passed`.
fn from_today(today: Day, day: Day) -> String {
    let days = |count: i32| if count == 1 { "1 day".to_owned() } else { format!("{count} days") };
    match today.days_until(day) {
        0 => "today".to_owned(),
        ahead if ahead > 0 => format!("in {}", days(ahead)),
        behind if -behind > DAYS_COUNTED => "passed".to_owned(),
        behind => format!("{} ago", days(-behind)),
    }
}

fn grade_tag(grade: Grade) -> Markup {
    let tone = match grade {
        Grade::Satisfactory => Tone::Good,
        Grade::NotSatisfactory => Tone::Bad,
        Grade::SatisfactoryWithImprovementPlan => Tone::Partial,
    };
    tag(tone, grade_words(grade))
}

fn page_response(status: StatusCode, page: Page) -> Response {
    (status, page.render()).into_response()
}

/// After a command: on to `to` where it came about. Where the input or the state of things did not allow
/// it, the errors to show on the form again, with the status to say it under.
fn after(outcome: Result<Outcome, Failure>, to: String) -> Result<Redirect, (StatusCode, Vec<FieldError>)> {
    match outcome {
        Ok(_) => Ok(Redirect::to(&to)),
        Err(failure) => Err(form_errors(failure.into())),
    }
}

/// A problem as errors of a form.
fn form_errors(problem: Problem) -> (StatusCode, Vec<FieldError>) {
    let status = problem.status_code();
    let errors: Vec<FieldError> = problem
        .errors
        .iter()
        .filter(|fault| !fault.at.contains('/'))
        .map(|fault| FieldError::new(fault.at.clone(), sentence(&fault.detail)))
        .collect();
    if errors.is_empty() {
        (status, vec![FieldError::new("", sentence(&problem.detail))])
    } else {
        (status, errors)
    }
}

/// What was just done, told once above the page.
#[derive(Debug, Default, serde::Deserialize)]
struct Done {
    #[serde(default)]
    done: Option<String>,
}

impl Done {
    fn banner(&self) -> Markup {
        let told = match self.done.as_deref() {
            Some("opened") => "The assessment is open. Answers carried over from last year need a look each.",
            Some("answered") => "Your answer has been saved.",
            Some("reviewed") => "You have looked at the answer again, and it stands.",
            Some("published") => "The assessment has been published.",
            Some("signed") => "The assurance statement has been accepted.",
            Some("planned") => "The action has been added to the plan.",
            Some("done") => "The action has been marked as done.",
            Some("submitted") => "The plan has been submitted to the CCG or region.",
            Some("agreed") => "The plan has been agreed.",
            Some("refused") => "The plan has been refused.",
            Some("grade") => "The reviewed grade has been set.",
            _ => return html! {},
        };
        ui::components::success("done", told, html! {})
    }
}
