//! The pages: the way in and out, who one is, the keys and the accounts.

mod account;
mod glass;
mod keys;
mod password;
mod provider;
mod sign_in;
mod users;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, Routes, Viewer,
    access::{self, CSRF_FIELD},
    http::KEY_FIELD,
};
use ui::{Page, components::Form};

use crate::{
    Shared,
    actions::{BREAK_GLASS, MANAGE_ACCOUNTS, MANAGE_KEYS, SEE_OWN, SIGN_IN},
};

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    Routes::new()
        .get("/sign-in", SIGN_IN.here(), sign_in::show)
        .post("/sign-in/persona", SIGN_IN.here(), sign_in::as_persona)
        .post("/sign-in/password", SIGN_IN.here(), sign_in::by_password)
        .get("/sign-in/provider", SIGN_IN.here(), provider::go)
        .get(crate::provider::CALLBACK, SIGN_IN.here(), provider::come_back)
        .get("/sign-out/provider", SIGN_IN.here(), provider::sign_out)
        .get("/account", SEE_OWN.here(), account::show)
        .get("/account/password", SEE_OWN.here(), password::show)
        .post("/account/password", SEE_OWN.here(), password::change)
        .post("/sign-out", SEE_OWN.here(), account::sign_out)
        .get("/access/glass", BREAK_GLASS.here(), glass::show)
        .post("/access/glass", BREAK_GLASS.here(), glass::break_it)
        .get("/access", MANAGE_KEYS.here(), keys::show)
        .post("/access/keys", MANAGE_KEYS.here(), keys::issue)
        .post("/access/keys/{id}/revoke", MANAGE_KEYS.here(), keys::revoke)
        .get("/access/users", MANAGE_ACCOUNTS.here(), users::show)
        .post("/access/users", MANAGE_ACCOUNTS.here(), users::open)
        .post("/access/users/{id}/disable", MANAGE_ACCOUNTS.here(), users::disable)
        .post("/access/users/{id}/enable", MANAGE_ACCOUNTS.here(), users::enable)
        .post("/access/users/{id}/reset", MANAGE_ACCOUNTS.here(), users::reset)
}

/// A style sheet, script or icon.
pub(crate) async fn asset(Path(file): Path<String>) -> Response {
    let Some(asset) = ui::assets::find(&file) else {
        return Problem::not_found(
            "there is no such file; reload the page to get the addresses of this build",
        )
        .into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, ui::assets::CACHE_CONTROL),
        (header::ETAG, asset.etag),
    ];
    (headers, asset.bytes).into_response()
}

/// A problem as a page.
pub fn problem_page(problem: &Problem) -> String {
    let faults: Vec<(String, String)> =
        problem.errors.iter().map(|fault| (fault.at.clone(), fault.detail.clone())).collect();
    ui::problem_page(problem.status, &problem.title, &problem.detail, &faults).into_string()
}

/// A page of this service.
pub(crate) fn page(viewer: &Viewer, current: &str, title: &str) -> Page {
    let page = Page::new(title).current_nav(current);
    let page = if viewer.holder().is_some() { page } else { page.search_at("/status") };
    access::menu(viewer.principal()).into_iter().fold(page, |page, (label, href)| page.nav(label, href))
}

/// A form of somebody who is signed in: sent once, and by them.
fn form_of(viewer: &Viewer, action: impl Into<String>) -> Form {
    Form::post(action).hidden(KEY_FIELD, chassis::ids::fresh().to_string()).hidden(CSRF_FIELD, viewer.csrf())
}

/// A page on its way out; never kept by anybody.
pub(crate) fn respond(status: StatusCode, page: Page) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], page.render()).into_response()
}
