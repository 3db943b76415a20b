//! What the pages of all services have in common: their files, the menu, what every form carries, and how
//! a problem looks.

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use proto::{Day, LONDON, OdsCode, Role, standards::Catalogue};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use ui::{
    Page, Stamp,
    components::{Button, ButtonKind, FieldError, Form},
};
use uuid::Uuid;

use crate::{
    access::{self, Access, CSRF_FIELD, Glass, Notice, Principal, Told, Viewer},
    command::Outcome,
    compression::Prepared,
    demonstration,
    desk::{Desk, Failure},
    http::{KEY_FIELD, Path},
    ids,
    problem::Problem,
};

/// Where anyone may look up what is published.
const LOOK_UP: &str = "/status";

/// A page with the viewer's menu, and what they have to know on every page.
pub fn with_menu(page: Page, viewer: &Viewer) -> Page {
    with_alerts(menu_of(page, viewer.principal()), viewer).reference(viewer.request().to_string())
}

/// A page with what the viewer has to know on every page: that they have emergency access, with its time left and a way
/// to end it; and who else was let in to what their own organisation wrote, until they have seen it.
pub fn with_alerts(page: Page, viewer: &Viewer) -> Page {
    let (open, unseen) = alerts_of(viewer);
    if open.is_none() && unseen.is_empty() {
        return page;
    }
    let now = viewer.access().now();
    page.alert(html! {
        @if let Some(glass) = open {
            (emergency_words(viewer, glass, now))
            (form_of(viewer, "/access/glass/end").body(html! { (Button::new("End emergency access").kind(ButtonKind::Secondary)) }))
        }
        @let shown = unseen.get(..NOTICES_SHOWN).unwrap_or(&unseen);
        @if let Some((own, last)) = viewer.holder().map(|holder| holder.organisation).zip(shown.last()) {
            @for notice in shown { (notice_words(own, notice)) }
            @if unseen.len() > shown.len() {
                p { "There are " (unseen.len() - shown.len()) " more. They are shown once you have seen these." }
            }
            p { a.nhsuk-link href=(keys_and_accounts_at(own)) { "See all keys and accounts for your organisation" } }
            (form_of(viewer, SEEN).hidden("upto", last.position.to_string())
                .body(html! { (Button::new("I have seen this").kind(ButtonKind::Secondary)) }))
        }
    })
}

/// Where someone says that they have seen what their organisation is told.
pub const SEEN: &str = "/account/emergency-access/seen";

/// The most notices that a page shows at a time: more would keep its reader from the page.
const NOTICES_SHOWN: usize = 5;

/// The page with the keys and accounts for an organisation.
pub fn keys_and_accounts_at(organisation: OdsCode) -> String {
    format!("/access/organisations/{organisation}")
}

/// A notice in words, on the pages of the organisation it is for.
fn notice_words(own: OdsCode, notice: &Notice) -> Markup {
    let who = by_whom(notice);
    let at = moment(notice.at);
    html! {
        p {
            @match &notice.told {
                Told::Emergency { until, reason } => {
                    strong { "Emergency access to your organisation." }
                    " " (who) " had emergency access to its assessments, comments and evidence from "
                    (at) ", until " (moment(*until)) " at the latest. Their reason: “" (reason) "”. "
                    a.nhsuk-link href=(format!("/history/{own}")) { "See what they viewed" }
                },
                Told::Key { role, purpose, .. } => {
                    strong { "An API key was made for your organisation." }
                    " " (who) " made it on " (at) ". A program that has it can see and do what someone in the role “"
                    (role.words()) "” can. It is for: “" (purpose) "”. "
                    (ASK)
                },
                Told::Account { role, .. } => {
                    strong { "An account was made for your organisation." }
                    " " (who) " made it on " (at) " for someone in the role “" (role.words()) "”. " (ASK)
                },
                Told::Password { .. } => {
                    strong { "The password of an account for your organisation was set." }
                    " " (who) " set it on " (at) ", and knows it until its holder changes it. " (ASK)
                },
                Told::AccountAgain { .. } => {
                    strong { "A closed account for your organisation was opened again." }
                    " " (who) " opened it on " (at) ". " (ASK)
                },
            }
        }
    }
}

/// What someone does who did not expect a notice.
const ASK: &str = "If no one at your organisation asked for this, ask your administrator to end it.";

/// Who did what a notice tells of.
fn by_whom(notice: &Notice) -> &'static str {
    match notice.by_role {
        Some(Role::Administrator) => "An administrator",
        Some(role) => role.words(),
        None => "The platform",
    }
}

/// Whether every page has something for the viewer alone: what they must know, or a form of theirs. Such a page is not
/// kept for the next.
pub fn is_viewers_own(viewer: &Viewer) -> bool {
    let (open, unseen) = alerts_of(viewer);
    open.is_some() || !unseen.is_empty() || moves_demonstration(viewer).is_some()
}

/// The date of the demonstration, for someone signed in who may move it on.
fn moves_demonstration(viewer: &Viewer) -> Option<proto::Day> {
    let (holder, _) = viewer.holder().zip(viewer.session())?;
    let date = viewer.access().demonstration_date()?;
    (holder.role == Role::Administrator).then_some(date)
}

fn alerts_of(viewer: &Viewer) -> (Option<Glass>, Vec<Notice>) {
    let Some((holder, session)) = viewer.holder().zip(viewer.session()) else { return (None, Vec::new()) };
    let now = viewer.access().now();
    let open = holder.glass.filter(|glass| glass.until > now);
    // Administrators make keys and accounts, and have lists of all of them.
    let is_told = holder.role != Role::Administrator;
    let unseen =
        is_told.then(|| viewer.access().known().notices().unseen(holder.organisation, session.person));
    (open, unseen.unwrap_or_default())
}

fn emergency_words(viewer: &Viewer, glass: Glass, now: Timestamp) -> Markup {
    let hierarchy = viewer.access().hierarchy();
    let name = hierarchy.name(glass.organisation).map(ui::fmt::name);
    open_words(
        &name.map_or_else(
            || glass.organisation.to_string(),
            |name| format!("{name} ({})", glass.organisation),
        ),
        glass,
        now,
    )
}

fn open_words(name: &str, glass: Glass, now: Timestamp) -> Markup {
    let left = (glass.until.duration_since(now).as_secs() + 59) / 60;
    html! {
        p {
            strong { "Emergency access to " (name) "." }
            " It ends at " (moment(glass.until)) ", in " (left) @if left == 1 { " minute" } @else { " minutes" }
            ". What you view is recorded."
        }
    }
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
        if self.roster.is_synthetic() { page.banner(demonstration_notice(viewer)) } else { page }
    }
}

/// Where the date of a demonstration is moved on.
pub const DEMONSTRATION: &str = "/access/demonstration";

/// That data are generated, and which date it is here.
fn of_demonstration(date: Option<proto::Day>) -> Markup {
    html! {
        strong { "Demonstration data:" } " these practices are not real."
        @if let Some(date) = date { " The date here is " (date.long()) "." }
    }
}

/// What the strip across the top of every page says where data are generated: that they are, which date it is
/// here, and, to those who run the demonstration, the way on from it.
pub fn demonstration_notice(viewer: &Viewer) -> Markup {
    let runs_it = viewer.holder().is_some_and(|holder| holder.role == Role::Administrator);
    // Those that come with the program: one that was added here is reached day by day.
    let deadlines = demonstration::deadlines(&Catalogue::default());
    let on = |date: proto::Day, step: &'static str, words: &'static str| {
        Form::post(DEMONSTRATION)
            .hidden(CSRF_FIELD, viewer.csrf())
            .hidden("step", step)
            .hidden("from", date.to_string())
            .body(html! { button."ov-link-button" type="submit" { (words) } })
    };
    html! {
        p { (of_demonstration(viewer.access().demonstration_date())) }
        @if let Some(date) = moves_demonstration(viewer) {
            div."ov-banner__forms" {
                @if demonstration::next_day(date, &deadlines).is_some() { (on(date, "next-day", "Next day")) }
                @else { span { "This is the last date." } }
                @if demonstration::next_deadline(date, &deadlines).is_some() {
                    (on(date, "next-deadline", "Next deadline"))
                }
                a.nhsuk-link href=(DEMONSTRATION) { "About this date" }
            }
        }
        @if runs_it {
            p { "To start with real practices, run " code { "oversight serve --empty" } " with another data folder." }
        }
    }
}

/// A form that is sent once, and by no one but the viewer.
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

/// What someone selected from a list; without a selection, or with one that is none of the list's, what to do.
/// `what` is what is selected, with its article.
pub fn selected<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("Select {what}"))
}

/// The code of an organisation that someone entered.
pub fn code_entered(text: &str, what: &str) -> Result<proto::OdsCode, String> {
    text.trim().parse().map_err(|_| match text.trim() {
        "" => format!("Enter {what}"),
        _ => format!("Enter {what}: letters and numbers, for example A81001"),
    })
}

/// Longer ago than this, no one counts the days.
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
        .map(|fault| {
            // What is said to people of the one fault there is.
            let words = problem.on_pages.as_ref().filter(|_| problem.errors.len() == 1);
            let detail = words.map_or(fault.detail.as_str(), |words| words.0.as_str());
            FieldError::new(fault.at.clone(), sentence(detail))
        })
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

/// What a parameter of an address is called on pages.
fn parameter_words(parameter: &str) -> &'static str {
    match parameter {
        "at" | "from" | "to" | "on" => "date",
        "known" => "date on which it was known",
        "footprint" => "choice of membership",
        "requirement" => "requirement",
        "status" | "state" => "status",
        "sort" => "order",
        "of" => "kind of area",
        "tally" => "chart",
        "limit" => "number of rows",
        "cursor" | "after" => "place in the list",
        "code" | "partner" | "ccg" | "organisation" => "code of an organisation",
        _ => "part",
    }
}

/// What is said of a page whose address is wrong: people have it from a link or typed it, so no values are listed.
/// Nothing where something else is wrong.
fn address_words(problem: &Problem) -> Option<String> {
    let first = problem.errors.first().filter(|_| problem.status_code() == StatusCode::BAD_REQUEST)?;
    if first.at == "path" {
        return Some("There is no page at this address".to_owned());
    }
    let what = parameter_words(&first.at);
    let like = match what {
        "date" | "date on which it was known" => {
            "is not valid. Dates in addresses are written like 2019-03-31"
        }
        "code of an organisation" => "is not valid. Codes are letters and numbers, for example A81001",
        _ => "is not known",
    };
    Some(format!("The {what} in the address of this page {like}"))
}

/// The same address without the parameters that are wrong; none where something else is.
fn without_faults(asked: &Uri, problem: &Problem) -> Option<String> {
    let query = asked.query()?;
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let is_wrong = |pair: &&str| problem.errors.iter().any(|fault| fault.at == name(pair));
    if !query.split('&').any(|pair| is_wrong(&pair)) {
        return None;
    }
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_wrong(pair)).collect();
    let path = asked.path();
    Some(if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) })
}

/// A problem as a page, for whoever asks with a browser; `asked` is the address of a page that was only looked at.
pub(crate) fn problem_page(
    problem: &Problem,
    request: Uuid,
    asked: Option<&Uri>,
    principal: &Principal,
    access: &Access,
) -> String {
    let now = access.now();
    let of_address = asked.and_then(|asked| Some((address_words(problem)?, without_faults(asked, problem))));
    let page = match (&problem.on_pages, &of_address) {
        (Some(words), _) => ui::problem_page(problem.status, &problem.title, &words.0, &[], None),
        (None, Some((words, without))) => ui::problem_page(
            problem.status,
            "There is a problem with this address",
            words,
            &[],
            without.as_deref(),
        ),
        (None, None) => {
            let faults: Vec<(String, String)> =
                problem.errors.iter().map(|fault| (fault.at.clone(), fault.detail.clone())).collect();
            ui::problem_page(problem.status, &problem.title, &problem.detail, &faults, None)
        }
    };
    let page = if principal.holder().is_some() { page } else { page.search_at(LOOK_UP) };
    let page = match access.demonstration_date() {
        None => page,
        Some(date) => page.banner(html! {
            p {
                (of_demonstration(Some(date)))
                @if principal.holder().is_some_and(|holder| holder.role == Role::Administrator) {
                    " " a.nhsuk-link href=(DEMONSTRATION) { "About this date" }
                }
            }
        }),
    };
    let glass = principal.holder().and_then(|holder| holder.glass).filter(|glass| glass.until > now);
    let page = match glass {
        None => page,
        Some(glass) => page.alert(html! {
            (open_words(glass.organisation.as_str(), glass, now))
            p { a.nhsuk-link href="/access/glass" { "End emergency access" } }
        }),
    };
    menu_of(page, principal).reference(request.to_string()).render().into_string()
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
