//! Ways on from a page.

use maud::{Markup, html};

use crate::icon;

/// The way to this page, outermost first, as (label, address). Nothing when empty.
#[must_use]
pub fn breadcrumbs(crumbs: &[(String, String)]) -> Markup {
    html! {
        @if let Some((last_label, last_href)) = crumbs.last() {
            nav.nhsuk-breadcrumb aria-label="Breadcrumb" {
                ol."nhsuk-breadcrumb__list" {
                    @for (label, href) in crumbs {
                        li."nhsuk-breadcrumb__list-item" { a."nhsuk-breadcrumb__link" href=(href) { (label) } }
                    }
                }
                a.nhsuk-back-link href=(last_href) {
                    span.nhsuk-u-visually-hidden { "Back to " } (last_label)
                }
            }
        }
    }
}

/// A link to the next step of a task.
#[must_use]
pub fn action_link(href: &str, label: &str) -> Markup {
    html! {
        a.nhsuk-action-link href=(href) { (icon::arrow_right_circle()) span."nhsuk-action-link__text" { (label) } }
    }
}

/// A choice between a few views of one thing, each a link; the one shown is marked and said.
#[derive(Debug, Clone)]
#[must_use]
pub struct LinkGroup {
    label: String,
    links: Vec<(String, Option<String>)>,
}

impl LinkGroup {
    /// A choice named by a word or two, such as `Members`.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), links: Vec::new() }
    }

    /// A view one can go to.
    pub fn link(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.links.push((label.into(), Some(href.into())));
        self
    }

    /// The view shown now.
    pub fn current(mut self, label: impl Into<String>) -> Self {
        self.links.push((label.into(), None));
        self
    }

    /// The links.
    #[must_use]
    pub fn render(self) -> Markup {
        html! {
            nav.ov-choice aria-label=(self.label) {
                span.ov-choice__label aria-hidden="true" { (self.label) ":" }
                ul.ov-links {
                    @for (label, href) in &self.links {
                        li {
                            @match href {
                                Some(href) => { a.nhsuk-link href=(href) { (label) } }
                                None => { strong.ov-choice__current aria-current="true" { (label) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The way through a long list: pages by cursor, so there are no page numbers.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Pager {
    /// The address of the page before, if there is one.
    pub previous: Option<String>,
    /// The address of the page after, if there is one.
    pub next: Option<String>,
    /// What is shown now, such as `Practices 51 to 100 of 178`.
    pub summary: String,
}

impl Pager {
    /// The links and what is shown.
    #[must_use]
    pub fn render(self) -> Markup {
        html! {
            nav.ov-pager aria-label="Pages of the list" {
                p.ov-pager__summary { (self.summary) }
                @if self.previous.is_some() || self.next.is_some() {
                    ul.ov-pager__links {
                        @if let Some(href) = &self.previous {
                            li { a.nhsuk-link href=(href) rel="prev" { (icon::arrow_left()) "Previous page" } }
                        }
                        @if let Some(href) = &self.next {
                            li { a.nhsuk-link href=(href) rel="next" { "Next page" (icon::arrow_right()) } }
                        }
                    }
                }
            }
        }
    }
}

/// Something to take away: a file of what is shown, or a lasting link to this very view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Such as `CSV`, `JSON`, `SVG` or `Link to this view`.
    pub label: String,
    /// Where it is.
    pub href: String,
}

impl Download {
    /// A download by its label and address.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}

/// The row of downloads directly under a chart or table; `of` says of what, to those who hear the links one by one.
#[must_use]
pub fn downloads(of: &str, files: &[Download]) -> Markup {
    html! {
        @if !files.is_empty() {
            div.ov-downloads {
                span.ov-downloads__label { "Download data" span.nhsuk-u-visually-hidden { " of " (of) } ":" }
                ul.ov-links {
                    @for file in files {
                        li { a.nhsuk-link href=(file.href) { (file.label) span.nhsuk-u-visually-hidden { ": " (of) } } }
                    }
                }
            }
        }
    }
}
