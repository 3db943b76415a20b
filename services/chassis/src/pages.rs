//! What the pages of all services have in common: their files, the menu, what every form carries, and how
//! a problem looks.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use ui::{Page, components::Form};

use crate::{
    access::{self, CSRF_FIELD, Principal, Viewer},
    http::{KEY_FIELD, Path},
    ids,
    problem::Problem,
};

/// Where anybody may look up what is published.
const LOOK_UP: &str = "/status";

/// A page with the viewer's menu.
pub fn with_menu(page: Page, viewer: &Viewer) -> Page {
    menu_of(page, viewer.principal())
}

fn menu_of(page: Page, principal: &Principal) -> Page {
    access::menu(principal).into_iter().fold(page, |page, (label, href)| page.nav(label, href))
}

/// A form that is sent once, and by nobody but the viewer.
pub fn form_of(viewer: &Viewer, action: impl Into<String>) -> Form {
    Form::post(action).hidden(KEY_FIELD, ids::fresh().to_string()).hidden(CSRF_FIELD, viewer.csrf())
}

/// A text as the value of a parameter of an address.
pub fn in_query(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED)
}

/// What does not stand for itself in the value of a parameter.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Whether a request says that it has this very version already.
pub fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(|part| part.trim().trim_start_matches("W/"))
            .any(|part| part == etag || part == "*")
    })
}

/// A problem as a page, for whoever asks with a browser.
pub(crate) fn problem_page(problem: &Problem, principal: &Principal) -> String {
    let faults: Vec<(String, String)> =
        problem.errors.iter().map(|fault| (fault.at.clone(), fault.detail.clone())).collect();
    let page = ui::problem_page(problem.status, &problem.title, &problem.detail, &faults);
    let page = if principal.holder().is_some() { page } else { page.search_at(LOOK_UP) };
    menu_of(page, principal).render().into_string()
}

/// A style sheet, script or icon. Its address changes with its content, so it may be kept for ever.
pub(crate) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ui::assets::find(&file) else {
        return Problem::not_found("no such file; it may have been of another build, so load the page again")
            .into_response();
    };
    let about = [
        (header::CACHE_CONTROL, HeaderValue::from_static(ui::assets::CACHE_CONTROL)),
        (header::ETAG, HeaderValue::from_static(asset.etag)),
    ];
    if has_already(&headers, asset.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
}
