//! The frame every page stands in.

use maud::{DOCTYPE, Markup, html};

use crate::components::FieldError;
use crate::{assets, components, fmt, icon};

/// The policy every page keeps to; services send it as the `Content-Security-Policy` header.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Where searches go: `GET /search?q=`.
const SEARCH: &str = "/search";

/// How far the log had been read when the figures on a page were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The position of the last event read.
    pub position: u64,
    /// When it was read, in the form machines read: RFC 3339.
    pub time: String,
    /// The same moment as people read it, such as `17 June 2019, 9:30am`.
    pub time_text: String,
}

/// A page: give it its parts, then [`Page::render`] it. Everything but the title may be left out.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Page {
    title: String,
    caption: Option<String>,
    crumbs: Vec<(String, String)>,
    nav: Vec<(String, String)>,
    current_nav: Option<String>,
    alert: Option<Markup>,
    banner: Option<Markup>,
    errors: Vec<FieldError>,
    body: Option<Markup>,
    stamp: Option<Stamp>,
    live: Option<String>,
    query: String,
    search: Option<String>,
    reference: Option<String>,
    is_problem: bool,
}

impl Page {
    /// A page with this title: its only `h1`, and the first words in the browser's tab.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A few words over the title that say what kind of thing it names, such as `CCG 15E`.
    pub fn caption(mut self, text: impl Into<String>) -> Self {
        self.caption = Some(text.into());
        self
    }

    /// One step of the way to this page, outermost first. The page itself is not one of them.
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// One entry of the main menu in the header.
    pub fn nav(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.nav.push((label.into(), href.into()));
        self
    }

    /// Marks the menu entry with this address as the one the reader is in.
    pub fn current_nav(mut self, href: impl Into<String>) -> Self {
        self.current_nav = Some(href.into());
        self
    }

    /// A notice across the top of the page, such as that the data are synthetic. A sentence or two.
    pub fn banner(mut self, notice: Markup) -> Self {
        self.banner = Some(notice);
        self
    }

    /// What the reader alone has to know on every page, above all else: that they have emergency access.
    pub fn alert(mut self, alert: Markup) -> Self {
        self.alert = Some(alert);
        self
    }

    /// What was wrong with the form that was sent. Shown before the title, each entry linked to its field.
    pub fn errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// The content under the title.
    pub fn body(mut self, body: Markup) -> Self {
        self.body = Some(body);
        self
    }

    /// How far the log had been read.
    pub fn stamp(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// The address of a stream of server-sent events that tells when this page has news. Each message named
    /// `position` carries the position now reached, as a decimal number; the page then fetches itself again.
    pub fn live(mut self, href: impl Into<String>) -> Self {
        self.live = Some(href.into());
        self
    }

    /// What was searched for, to stand in the search box again.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// Where the search box asks instead of `/search`: `GET` with `q`.
    pub fn search_at(mut self, href: impl Into<String>) -> Self {
        self.search = Some(href.into());
        self
    }

    /// The id of the request, by which whoever runs the site finds it. Shown where something was wrong.
    pub fn reference(mut self, id: impl Into<String>) -> Self {
        self.reference = Some(id.into());
        self
    }

    /// A page that says why there is no other.
    pub(crate) fn of_problem(mut self) -> Self {
        self.is_problem = true;
        self
    }

    /// The whole document.
    #[must_use]
    pub fn render(self) -> Markup {
        let position = self.stamp.as_ref().map(|stamp| stamp.position);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    title {
                        @if !self.errors.is_empty() { "Error: " }
                        (self.title)
                        @if let Some(caption) = &self.caption { ", " (caption) }
                        " – oversight"
                    }
                    meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                    meta name="theme-color" content="#005eb8";
                    meta name="color-scheme" content="light";
                    link rel="icon" href=(assets::href("favicon.svg")) type="image/svg+xml";
                    link rel="stylesheet" href=(assets::href("nhsuk-frontend.css"));
                    link rel="stylesheet" href=(assets::href("oversight.css"));
                    script src=(assets::href("live.js")) defer {}
                }
                body {
                    a.nhsuk-skip-link href="#maincontent" { "Skip to main content" }
                    (self.header())
                    @if let Some(alert) = &self.alert {
                        div.ov-alert role="region" aria-label="Emergency access" { div.nhsuk-width-container { (alert) } }
                    }
                    @if let Some(notice) = &self.banner {
                        div.ov-banner role="region" aria-label="About this site" { div.nhsuk-width-container { (notice) } }
                    }
                    div.nhsuk-width-container {
                        (components::breadcrumbs(&self.crumbs))
                        main.nhsuk-main-wrapper #maincontent tabindex="-1"
                            data-live=[self.live.as_deref()] data-position=[position] {
                            (components::error_summary(&self.errors))
                            h1.nhsuk-heading-l.ov-title {
                                @if let Some(caption) = &self.caption {
                                    span.nhsuk-caption-l { (caption) span.nhsuk-u-visually-hidden { ": " } }
                                }
                                (self.title)
                            }
                            @if let Some(body) = &self.body { (body) }
                            @if let Some(reference) = self.shown_reference() {
                                p.nhsuk-body-s { "If you ask for help, give this reference: " code { (reference) } }
                            }
                        }
                    }
                    p #live-status.nhsuk-u-visually-hidden role="status" {}
                    (self.footer())
                }
            }
        }
    }

    fn shown_reference(&self) -> Option<&str> {
        self.reference.as_deref().filter(|_| self.is_problem || !self.errors.is_empty())
    }

    fn header(&self) -> Markup {
        html! {
            header.nhsuk-header.ov-header role="banner" {
                div."nhsuk-header__container".nhsuk-width-container {
                    div."nhsuk-header__service" {
                        a."nhsuk-header__service-logo".ov-brand href="/" aria-label="oversight home page" {
                            (icon::mark())
                            span."nhsuk-header__service-name" { "oversight" }
                        }
                    }
                    search."nhsuk-header__search" {
                        form."nhsuk-header__search-form" action=(self.search.as_deref().unwrap_or(SEARCH)) method="get" role="search" {
                            div.nhsuk-form-group {
                                label.nhsuk-label.nhsuk-u-visually-hidden for="search-field" {
                                    "Find a practice or an area by name, code or postcode"
                                }
                                div.nhsuk-input-wrapper {
                                    input.nhsuk-input #search-field name="q" type="search" autocomplete="off"
                                        placeholder="Name, code or postcode" maxlength="200" value=(self.query);
                                    button.nhsuk-button.nhsuk-button--icon.nhsuk-button--small type="submit" aria-label="Search" {
                                        (icon::search())
                                    }
                                }
                            }
                        }
                    }
                }
                @if !self.nav.is_empty() {
                    nav."nhsuk-header__navigation" aria-label="Menu" {
                        div."nhsuk-header__navigation-container".nhsuk-width-container {
                            ul."nhsuk-header__navigation-list" {
                                @for (label, href) in &self.nav {
                                    @let current = self.current_nav.as_ref() == Some(href);
                                    li."nhsuk-header__navigation-item" {
                                        a."nhsuk-header__navigation-link" href=(href) aria-current=[current.then_some("page")] {
                                            @if current { strong."nhsuk-header__navigation-item-current-fallback" { (label) } }
                                            @else { (label) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            footer.nhsuk-footer.ov-footer role="contentinfo" {
                div.nhsuk-width-container {
                    div."nhsuk-footer__meta" {
                        p.nhsuk-body-s #stamp {
                            @if let Some(Stamp { position, time, time_text }) = &self.stamp {
                                "Figures read up to event " strong { (fmt::thousands(*position)) }
                                ", recorded on " time datetime=(time) { (time_text) } "."
                            }
                        }
                        p.nhsuk-body-s { "oversight shows whether patient data is safe in every general practice in England." }
                    }
                }
            }
        }
    }
}
