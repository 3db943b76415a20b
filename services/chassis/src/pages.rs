//! What the pages of all services have in common: their files, the menu, what every form carries, and how
//! a problem looks.

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::html;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use proto::{Day, LONDON};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use ui::{
    Page, Stamp,
    components::{FieldError, Form},
};

use crate::{
    access::{self, CSRF_FIELD, Principal, Viewer},
    command::Outcome,
    compression::Prepared,
    desk::{Desk, Failure},
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

impl Desk {
    /// A page with the viewer's menu, stamped with how far the log has been read: up to which event, and when
    /// that was recorded. It may show newer things already; it lacks nothing older.
    pub fn page(&self, viewer: &Viewer, title: impl Into<String>) -> Page {
        let page = with_menu(Page::new(title), viewer);
        let page = match self.roster.read_to() {
            Some((position, time)) => {
                page.stamp(Stamp { position: position.0, time: time.to_string(), time_text: moment(time) })
            }
            None => page,
        };
        if self.roster.is_synthetic() { on_synthetic_data(page) } else { page }
    }
}

/// A page that says that nothing here is real.
pub fn on_synthetic_data(page: Page) -> Page {
    page.banner(html! {
        p { strong { "Synthetic data." } " These practices and all that is said of them are made up by a generator; none of them exists." }
    })
}

/// A form that is sent once, and by nobody but the viewer.
pub fn form_of(viewer: &Viewer, action: impl Into<String>) -> Form {
    Form::post(action).hidden(KEY_FIELD, ids::fresh().to_string()).hidden(CSRF_FIELD, viewer.csrf())
}

/// The hidden field of a form that only asks for one thing to be done.
#[derive(Debug, Default, Deserialize)]
pub struct KeyOnly {
    /// The key of the command.
    #[serde(default)]
    pub idempotency_key: Option<String>,
}

/// An instant as people in London read it, the one way on all pages: `17 June 2019 at 9:30am`.
pub fn moment(time: Timestamp) -> String {
    time.to_zoned(LONDON.clone()).strftime("%-d %B %Y at %-I:%M%P").to_string()
}

/// The text as a sentence.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Longer ago than this, nobody counts the days.
const DAYS_COUNTED: i32 = 120;

/// `in 12 days`, `today`, `3 days ago`, `passed`.
pub fn from_today(today: Day, day: Day) -> String {
    let days = |count: i32| if count == 1 { "1 day".to_owned() } else { format!("{count} days") };
    match today.days_until(day) {
        0 => "today".to_owned(),
        ahead if ahead > 0 => format!("in {}", days(ahead)),
        behind if -behind > DAYS_COUNTED => "passed".to_owned(),
        behind => format!("{} ago", days(-behind)),
    }
}

/// A page as an answer.
pub fn page_response(status: StatusCode, page: Page) -> Response {
    (status, page.render()).into_response()
}

/// After a command: on to `to` where it came about. Where the input or the state of things did not allow
/// it, the errors to show on the form again, with the status to say it under.
pub fn after<R: Into<Problem>>(
    outcome: Result<Outcome, Failure<R>>,
    to: String,
) -> Result<Redirect, (StatusCode, Vec<FieldError>)> {
    match outcome {
        Ok(_) => Ok(Redirect::to(&to)),
        Err(failure) => Err(form_errors(failure.into())),
    }
}

/// A problem as errors of a form.
pub fn form_errors(problem: Problem) -> (StatusCode, Vec<FieldError>) {
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
    let Ok(etag) = HeaderValue::from_str(&format!("W/{}", asset.etag)) else {
        return Problem::internal().into_response();
    };
    let about =
        [(header::CACHE_CONTROL, HeaderValue::from_static(ui::assets::CACHE_CONTROL)), (header::ETAG, etag)];
    if has_already(&headers, asset.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = [(header::CONTENT_TYPE, asset.content_type)];
    match ASSETS.get(asset.path) {
        Some(prepared) => (about, kind, prepared.response(&headers)).into_response(),
        None => (about, kind, asset.bytes).into_response(),
    }
}

/// The files of the pages by their address, compressed once.
static ASSETS: LazyLock<FxHashMap<&'static str, Prepared>> = LazyLock::new(|| {
    ui::assets::all().iter().map(|asset| (asset.path, Prepared::new(asset.bytes))).collect()
});
