//! Facts at a glance: tags, key figures, lists of facts, what happened when.

use maud::{Markup, html};

use crate::{Tone, icon};

/// A status: its word, with a colour and a symbol that go with it.
#[must_use]
pub fn tag(tone: Tone, label: &str) -> Markup {
    html! {
        strong class={ "nhsuk-tag ov-tag ov-tag--" (tone.slug()) } { (icon::symbol(tone)) span { (label) } }
    }
}

/// One number worth large type.
#[derive(Debug, Clone)]
pub struct KeyFigure {
    /// How its edge is coloured.
    pub tone: Tone,
    /// What it counts, such as `Met`.
    pub label: String,
    /// The number, such as `6,205`.
    pub value: String,
    /// What it is to be read against, such as `of 7,168 practices (86.6%)`.
    pub of: String,
    /// Where the things counted are listed.
    pub href: Option<String>,
}

/// A row of key figures.
#[must_use]
pub fn key_figures(figures: &[KeyFigure]) -> Markup {
    html! {
        ul.ov-figures {
            @for figure in figures {
                li class={ "ov-figures__item ov-figures__item--" (figure.tone.slug()) } {
                    span.ov-figures__label {
                        (icon::symbol(figure.tone))
                        @match &figure.href {
                            Some(href) => { a.nhsuk-link href=(href) { (figure.label) } }
                            None => { (figure.label) }
                        }
                    }
                    " "
                    span.ov-figures__value { (figure.value) }
                    " "
                    span.ov-figures__of { (figure.of) }
                }
            }
        }
    }
}

/// A fact's name, its value, and perhaps the label and address of what to do about it.
type Fact = (String, Markup, Option<(String, String)>);

/// Facts about one thing, as pairs of a name and a value, each perhaps with a link to change it.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SummaryList {
    rows: Vec<Fact>,
}

impl SummaryList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fact.
    pub fn row(mut self, key: impl Into<String>, value: Markup) -> Self {
        self.rows.push((key.into(), value, None));
        self
    }

    /// A fact in plain text.
    pub fn text(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let value: String = value.into();
        self.row(key, html! { (value) })
    }

    /// A fact that can be acted on, as (label, address) of the link.
    pub fn row_with_action(
        mut self,
        key: impl Into<String>,
        value: Markup,
        action: (impl Into<String>, impl Into<String>),
    ) -> Self {
        self.rows.push((key.into(), value, Some((action.0.into(), action.1.into()))));
        self
    }

    /// The list.
    #[must_use]
    pub fn render(self) -> Markup {
        let any_action = self.rows.iter().any(|(_, _, action)| action.is_some());
        html! {
            dl.nhsuk-summary-list {
                @for (key, value, action) in &self.rows {
                    @let bare = any_action && action.is_none();
                    div class={ "nhsuk-summary-list__row" (if bare { " nhsuk-summary-list__row--no-actions" } else { "" }) } {
                        dt."nhsuk-summary-list__key" { (key) }
                        dd."nhsuk-summary-list__value" { (value) }
                        @if let Some((label, href)) = action {
                            dd."nhsuk-summary-list__actions" {
                                a.nhsuk-link href=(href) { (label) span.nhsuk-u-visually-hidden { ": " (key) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// One thing that happened, or will happen.
#[derive(Debug, Clone)]
pub struct HistoryItem {
    /// When, as people read it.
    pub when: String,
    /// What, in a few words.
    pub title: String,
    /// Where to read more of it.
    pub href: Option<String>,
    /// The rest.
    pub body: Markup,
    /// The colour of its dot.
    pub tone: Tone,
}

/// What happened, in order, along a line: the events that caused a status, and what would change it.
#[must_use]
pub fn history(items: &[HistoryItem]) -> Markup {
    html! {
        ol.ov-history {
            @for item in items {
                li class={ "ov-history__item ov-history__item--" (item.tone.slug()) } {
                    span.ov-history__when { (item.when) } " "
                    span.ov-history__title {
                        @match &item.href {
                            Some(href) => { a.nhsuk-link href=(href) { (item.title) } }
                            None => { (item.title) }
                        }
                    }
                    div.ov-history__body { (item.body) }
                }
            }
        }
    }
}
