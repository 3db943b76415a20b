//! The pages: the way in and out, who one is, the keys and the accounts.

mod account;
mod demonstration;
mod glass;
mod keys;
mod names;
mod own_form;
mod password;
mod provider;
mod sign_in;
mod users;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::{
    Routes, Viewer,
    pages::{DEMONSTRATION, SEEN, demonstration_notice, form_of, with_menu},
};
use ui::Page;

use crate::{
    Shared,
    actions::{BREAK_GLASS, MANAGE_ACCOUNTS, MANAGE_KEYS, MOVE_DEMONSTRATION_DATE, SEE_OWN, SIGN_IN},
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
        .post("/access/glass/end", SEE_OWN.here(), glass::end)
        .post(SEEN, SEE_OWN.here(), glass::seen)
        .post("/account/calendars", SEE_OWN.here(), account::open_calendar)
        .post("/account/calendars/{id}/revoke", SEE_OWN.here(), account::revoke_calendar)
        .get(DEMONSTRATION, MOVE_DEMONSTRATION_DATE.here(), demonstration::show)
        .post(DEMONSTRATION, MOVE_DEMONSTRATION_DATE.here(), demonstration::move_on)
        .get("/access", MANAGE_KEYS.here(), keys::show)
        .post("/access/keys", MANAGE_KEYS.here(), keys::issue)
        .post("/access/keys/{id}/revoke", MANAGE_KEYS.here(), keys::revoke)
        .get("/access/users", MANAGE_ACCOUNTS.here(), users::show)
        .post("/access/users", MANAGE_ACCOUNTS.here(), users::open)
        .post("/access/users/{id}/disable", MANAGE_ACCOUNTS.here(), users::disable)
        .post("/access/users/{id}/enable", MANAGE_ACCOUNTS.here(), users::enable)
        .post("/access/users/{id}/reset", MANAGE_ACCOUNTS.here(), users::reset)
        .post("/access/users/{id}/remove", MANAGE_ACCOUNTS.here(), users::remove)
        .get("/access/names", MANAGE_ACCOUNTS.here().sensitive(), names::show)
        .get("/access/names/{id}", MANAGE_ACCOUNTS.here().sensitive(), names::one)
        .post("/access/names/{id}/correct", MANAGE_ACCOUNTS.here(), names::correct)
        .post("/access/names/{id}/remove", MANAGE_ACCOUNTS.here(), names::remove)
        .post("/access/people", MANAGE_ACCOUNTS.here(), users::shut_out_or_let_in)
        .post("/access/people/{id}/sign-out", MANAGE_ACCOUNTS.here(), users::sign_out)
}

/// A page of this service.
pub(crate) fn page(viewer: &Viewer, current: &str, title: &str) -> Page {
    let page = Page::new(title).current_nav(current);
    let page = if viewer.holder().is_some() { page } else { page.search_at("/status") };
    let is_generated = viewer.access().only_synthetic();
    let page = if is_generated { page.banner(demonstration_notice(viewer)) } else { page };
    with_menu(page, viewer)
}

/// A page on its way out; never kept by anyone.
pub(crate) fn respond(status: StatusCode, page: Page) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], page.render()).into_response()
}
