//! The pages: plain forms and links, POST then redirect then GET, no script needed.

mod fields;
mod find;
mod forms;
mod show;
mod told;

use chassis::{
    Routes, Viewer, access,
    pace::Pace,
    pages::{KeyOnly, after, form_of, from_today, moment, page_response, sentence},
};
use maud::{Markup, html};
use ui::{Page, Tone, components::tag};

use crate::{
    access::{FIND, VIEW_PLAN, WORK_ON_PLAN},
    desk::{Case, Desk, Shared},
    model::Standing,
};
use forms::Task;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW_PLAN.of("code").sensitive();
    let work = WORK_ON_PLAN.of("code").seen_by(VIEW_PLAN);
    let routes = Routes::new()
        .get("/continuity", FIND.here().paced(Pace::LookUp).sensitive(), find::find)
        .get("/continuity/{code}", view, show::show)
        .post("/continuity/{code}/exercises/{number}/lessons/{lesson}/done", work, show::act_upon)
        .post("/continuity/{code}/reliances/{partner}/end", work, show::end_reliance);
    Task::ALL.into_iter().fold(routes, |routes, task| {
        let path = format!("/continuity/{{code}}/{}", task.slug());
        let asks = task.asks().of("code").seen_by(VIEW_PLAN);
        // A form comes with what the plan says already.
        routes
            .get(&path, asks.sensitive(), async move |desk, viewer, code| {
                forms::show(task, desk, viewer, code).await
            })
            .post(&path, asks, async move |desk, viewer, code, form| {
                forms::give(task, desk, viewer, code, form).await
            })
    })
}

/// A page of this service, stamped with how far it has read the log.
fn page_of(desk: &Desk, viewer: &Viewer, title: impl Into<String>) -> Page {
    let own = viewer.holder().map(|holder| format!("/continuity/{}", holder.organisation));
    let menu = access::menu(viewer.principal());
    let current = own.filter(|own| menu.iter().any(|(_, href)| href == own));
    desk.common.page(viewer, title).current_nav(current.unwrap_or_else(|| "/continuity".to_owned()))
}

/// A page about one plan.
fn case_page(desk: &Desk, case: &Case, title: impl Into<String>) -> Page {
    let page = page_of(desk, &case.viewer, title);
    // Break-glass opens one plan, and not the list.
    if case.viewer.may_here(FIND) { page.crumb("Continuity plans", "/continuity") } else { page }
}

fn href(case: &Case) -> String {
    format!("/continuity/{}", case.code)
}

fn standing_tag(standing: &Standing) -> Markup {
    let (tone, words) = match standing {
        Standing::NoPlan => (Tone::Unknown, "No plan"),
        Standing::NotApproved => (Tone::Neutral, "Not approved"),
        Standing::Withdrawn(_) => (Tone::Bad, "Withdrawn"),
        Standing::LeavesOut(_) => (Tone::Bad, "Leaves something out"),
        Standing::NeverExercised => (Tone::Bad, "Never tested"),
        Standing::ExerciseTooOld(_) => (Tone::Bad, "Test too old"),
        Standing::Lapsed(..) => (Tone::Bad, "Not up to date"),
        Standing::Stands(..) => (Tone::Good, "Up to date"),
    };
    tag(tone, words)
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
            Some("version") => "The version has been written. It counts once it is approved.",
            Some("approval") => "The version has been approved.",
            Some("review") => "The review has been recorded, and the plan stands.",
            Some("withdrawal") => "The plan has been withdrawn.",
            Some("exercise") => "The exercise has been recorded.",
            Some("invocation") => "It has been recorded that the plan was needed.",
            Some("reliance") => "The reliance has been recorded.",
            Some("reliance-ended") => "The end of the reliance has been recorded.",
            Some("lesson") => "The lesson has been marked as acted upon.",
            _ => return html! {},
        };
        ui::components::success("done", told, html! {})
    }
}
