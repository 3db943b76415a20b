//! The pages: plain forms and links, POST then redirect then GET, no script needed.

mod forms;
mod list;
mod show;
mod steps;
mod told;

use axum::extract::State;
use chassis::{
    Routes, Viewer, access,
    http::{Form as FormBody, Path},
    pace::Pace,
};
use maud::{Markup, html};
use ui::{Page, Tone, components::tag};

use crate::{
    access::{FIND, REQUEST, VIEW},
    desk::{Desk, Shared},
    model::Stage,
};
use steps::{Fields, Sent};

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let view = VIEW.of("code").sensitive();
    let routes = Routes::new()
        .get("/onsite", FIND.here().paced(Pace::LookUp).sensitive(), list::all)
        .get("/onsite/{code}", view, list::organisation)
        .post("/onsite/{code}/request", REQUEST.of("code").seen_by(VIEW), list::request)
        .get("/onsite/{code}/{number}", view, show::show);
    Sent::ALL.into_iter().fold(routes, |routes, sent| {
        let take =
            move |desk: State<Shared>, viewer: Viewer, at: Path<(String, u16)>, form: FormBody<Fields>| {
                steps::take(sent, desk, viewer, at, form)
            };
        let path = format!("/onsite/{{code}}/{{number}}/{}", sent.slug());
        routes.post(&path, sent.action().of("code").seen_by(VIEW), take)
    })
}

/// A page of this service, stamped with how far it has read the log.
fn page(desk: &Desk, viewer: &Viewer, title: impl Into<String>) -> Page {
    let menu = access::menu(viewer.principal());
    let page = desk.common.page(viewer, title);
    if menu.iter().any(|(_, href)| href == "/onsite") { page.current_nav("/onsite") } else { page }
}

/// A page with the way back to the list, for whoever may look through it: break-glass opens one practice,
/// and not the list.
fn in_the_list(viewer: &Viewer, page: Page) -> Page {
    if viewer.may_here(FIND) { page.crumb("On-site assessments", "/onsite") } else { page }
}

fn stage_tag(stage: Stage) -> Markup {
    let tone = match stage {
        Stage::Refused => Tone::Bad,
        Stage::Requested => Tone::Unknown,
        Stage::Agreed | Stage::Scheduled => Tone::Neutral,
        Stage::Held | Stage::Disclosed | Stage::PlanProposed | Stage::PlanAgreed => Tone::Partial,
        Stage::Closed => Tone::Good,
    };
    tag(tone, stage.words())
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
            Some("request") => Some("The practice has been asked."),
            Some(slug) => Sent::ALL.into_iter().find(|sent| sent.slug() == slug).map(Sent::told),
            None => None,
        };
        html! { @if let Some(told) = told { (ui::components::success("done", told, html! {})) } }
    }
}
