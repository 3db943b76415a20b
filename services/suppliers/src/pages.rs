//! The pages: plain forms and links, POST then redirect then GET, no script needed.

mod look_up;
mod purchases;
mod record;
mod reliance;
mod review;

use chassis::{Routes, Viewer, pace::Pace};
use maud::Markup;
use proto::certification::{Answer, Verdict};
use serde::Deserialize;
use ui::{Page, Tone, components::tag};

use crate::{
    access::{
        AGREE_GAP_PLAN, CHECK, KEEP_RECORD, LOOK_UP, REVIEW, SEE_RELIANCE, STATE_COVERAGE, VIEW_PURCHASES,
    },
    desk::{Desk, Shared},
};

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let look_up = LOOK_UP.here().paced(Pace::LookUp);
    let keep = KEEP_RECORD.here();
    let view = VIEW_PURCHASES.of("code").sensitive();
    let check = CHECK.of("code").seen_by(VIEW_PURCHASES);
    Routes::new()
        .get("/suppliers", look_up, look_up::find)
        .get("/suppliers/review", REVIEW.here(), review::show)
        .post("/suppliers/review", REVIEW.here(), review::settle)
        .post("/suppliers/review/certificates", REVIEW.here(), review::certificate)
        .get("/suppliers/reliance", SEE_RELIANCE.here().sensitive(), reliance::show)
        .get("/suppliers/{id}", look_up, look_up::show)
        .get("/suppliers/{id}/check", look_up, look_up::check)
        .post("/suppliers/{id}/services", keep, record::offer)
        .post("/suppliers/{id}/certificates", keep, record::certify)
        .post("/suppliers/{id}/certificates/{number}", keep, record::change)
        .post("/suppliers/{id}/coverage", STATE_COVERAGE.here(), record::cover)
        .get("/purchases/{code}", view, purchases::show)
        .post("/purchases/{code}/engagements", check, purchases::begin)
        .post("/purchases/{code}/engagements/end", check, purchases::end)
        .post("/purchases/{code}/checks", check, purchases::check)
        .post("/purchases/{code}/checks/bulk", check.paced(Pace::Import), purchases::bulk)
        .get("/purchases/{code}/checks/{number}", view, purchases::receipt)
        .post(
            "/purchases/{code}/gap-plans",
            AGREE_GAP_PLAN.of("code").seen_by(VIEW_PURCHASES),
            purchases::gap_plan,
        )
        .get("/receipts", look_up, look_up::verify)
}

/// A page of this service.
fn page(desk: &Desk, viewer: &Viewer, title: impl Into<String>) -> Page {
    desk.common.page(viewer, title).current_nav("/suppliers").crumb("Suppliers", "/suppliers")
}

fn verdict_tag(verdict: Verdict) -> Markup {
    let (tone, words) = match verdict {
        Verdict::Certified => (Tone::Good, "Certified"),
        Verdict::RunsOut => (Tone::Partial, "Runs out"),
        Verdict::HolderOnly => (Tone::Partial, "Supplier only"),
        Verdict::NotCertified => (Tone::Bad, "Not certified"),
    };
    tag(tone, words)
}

fn answer_tag(answer: Answer) -> Markup {
    let tone = match answer {
        Answer::Yes => Tone::Good,
        Answer::Partly => Tone::Partial,
        Answer::Unknown => Tone::Unknown,
        Answer::No => Tone::Bad,
    };
    tag(tone, answer.words())
}

/// What was just done, told once above the page.
#[derive(Debug, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: Option<String>,
}

impl Done {
    fn banner(&self) -> Markup {
        let told = match self.done.as_deref() {
            Some("offered") => "The service has been recorded.",
            Some("certified") => "The certificate has been recorded. Say which services it covers.",
            Some("held") => {
                "Another supplier has a certificate of this number on record. NHS Digital looks at it first; until then it does not count."
            }
            Some("reviewed") => "The certificate has been decided.",
            Some("rejected") => "The entry names no supplier. Its rows are left out.",
            Some("changed") => "The certificate has been changed.",
            Some("covered") => "What you say of its coverage has been recorded.",
            Some("begun") => "The service has been added to what you use. Check it next.",
            Some("ended") => "The service is no longer used.",
            Some("planned") => "The plan for the gap has been agreed.",
            Some("settled") => "That is settled. Rows that waited for it are recorded now.",
            _ => return maud::html! {},
        };
        ui::components::success("done", told, maud::html! {})
    }
}
