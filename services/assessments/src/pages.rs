//! The pages: plain forms and links, POST then redirect then GET, no script needed.

mod find;
mod plan;
mod question;
mod review;
mod statement;
mod tasks;
mod told;

use chassis::{
    Routes, Viewer, access,
    pace::Pace,
    pages::{KeyOnly, after, form_errors, form_of, from_today, moment, page_response, sentence},
};
use maud::{Markup, html};
use proto::assessments::Grade;
use ui::{Page, Tone, components::tag};

use crate::{
    access::{DECIDE_PLAN, DO_WORK, FIND, PUBLISH, REVIEW_GRADE, SIGN_STATEMENT, VIEW_WORK},
    api::grade_words,
    desk::{Case, Desk, Shared},
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
        .get("/assessments/{code}/{edition}/statement", sign.sensitive(), statement::show)
        .post("/assessments/{code}/{edition}/statement", sign, statement::accept)
        .get("/assessments/{code}/{edition}/reviewed-grade", grade.sensitive(), review::show)
        .post("/assessments/{code}/{edition}/reviewed-grade", grade, review::set)
        .get("/assessments/{code}/{edition}/plan", view, plan::show)
        .post("/assessments/{code}/{edition}/plan/actions", work, plan::plan_action)
        .post("/assessments/{code}/{edition}/plan/actions/{number}/done", work, plan::complete)
        .post("/assessments/{code}/{edition}/plan/submit", publish, plan::submit)
        .post("/assessments/{code}/{edition}/plan/decide", decide, plan::decide)
}

/// A page of this service, stamped with how far it has read the log.
fn page(desk: &Desk, viewer: &Viewer, title: impl Into<String>) -> Page {
    let own = viewer.holder().map(|holder| format!("/assessments/{}", holder.organisation));
    let menu = access::menu(viewer.principal());
    let current = own.filter(|own| menu.iter().any(|(_, href)| href == own));
    desk.common.page(viewer, title).current_nav(current.unwrap_or_else(|| "/assessments".to_owned()))
}

/// A page about one assessment.
fn case_page(desk: &Desk, case: &Case, title: impl Into<String>) -> Page {
    in_the_list(&case.viewer, page(desk, &case.viewer, title))
        .crumb(case.practice.shown_name(), practice_href(case))
}

/// A page with the way back to the list, for whoever may look through it: break-glass opens one practice,
/// and not the list.
fn in_the_list(viewer: &Viewer, page: Page) -> Page {
    if viewer.may_here(FIND) { page.crumb("Assessments", "/assessments") } else { page }
}

fn practice_href(case: &Case) -> String {
    format!("/assessments/{}", case.practice.code)
}

fn case_href(case: &Case) -> String {
    format!("/assessments/{}/{}", case.practice.code, case.edition.id)
}

fn grade_tag(grade: Grade) -> Markup {
    let tone = match grade {
        Grade::Satisfactory => Tone::Good,
        Grade::NotSatisfactory => Tone::Bad,
        Grade::SatisfactoryWithImprovementPlan => Tone::Partial,
    };
    tag(tone, grade_words(grade))
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
            Some("opened") => "The assessment is open. Review each answer carried over from last year.",
            Some("answered") => "Your answer has been saved.",
            Some("reviewed") => "You have looked at the answer again, and it stands.",
            Some("published") => "The assessment has been published.",
            Some("signed") => "The assurance statement has been accepted.",
            Some("planned") => "The action has been added to the plan.",
            Some("done") => "The action has been marked as done.",
            Some("submitted") => "The plan has been submitted to the commissioner or region.",
            Some("agreed") => "The plan has been agreed.",
            Some("refused") => "The plan has been refused.",
            Some("grade") => "The reviewed grade has been set.",
            _ => return html! {},
        };
        ui::components::success("done", told, html! {})
    }
}
