//! Choosing the day a page is asked for.

use jiff::civil::Date;
use maud::{Markup, html};

/// The form that asks for another day: a plain GET with the day in `at`, beside links to days often wanted.
#[derive(Debug, Clone)]
#[must_use]
pub struct DateForm {
    action: String,
    label: String,
    hint: Option<String>,
    at: Date,
    hidden: Vec<(String, String)>,
    previous: Option<(String, String)>,
    next: Option<(String, String)>,
    quick: Vec<(String, String)>,
    error: Option<String>,
    more: Option<Markup>,
}

impl DateForm {
    /// Asks `action` for the position at the end of a day; `at` is the day shown now.
    pub fn new(action: impl Into<String>, at: Date) -> Self {
        Self {
            action: action.into(),
            label: "Date".to_owned(),
            hint: None,
            at,
            hidden: Vec::new(),
            previous: None,
            next: None,
            quick: Vec::new(),
            error: None,
            more: None,
        }
    }

    /// Other words than “Date”.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Help under the label, such as that the day may lie in the future.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Another part of the address to keep, such as `footprint=now`.
    pub fn keep(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// The link to the day before, with its words.
    pub fn previous(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.previous = Some((label.into(), href.into()));
        self
    }

    /// The link to the day after, with its words.
    pub fn next(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.next = Some((label.into(), href.into()));
        self
    }

    /// A link to a day often wanted, such as today, or a deadline. Link text is the day shown now when the two agree.
    pub fn quick(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.quick.push((label.into(), href.into()));
        self
    }

    /// What was wrong with the day asked for.
    pub fn error(mut self, message: Option<&str>) -> Self {
        self.error = message.map(str::to_owned);
        self
    }

    /// More fields of the same form, shown between the day and the button.
    pub fn more(mut self, fields: Markup) -> Self {
        self.more = Some(fields);
        self
    }

    /// The form.
    #[must_use]
    pub fn render(self) -> Markup {
        let described = match (self.hint.is_some(), self.error.is_some()) {
            (true, true) => Some("at-hint at-error"),
            (true, false) => Some("at-hint"),
            (false, true) => Some("at-error"),
            (false, false) => None,
        };
        let group = if self.error.is_some() {
            "nhsuk-form-group nhsuk-form-group--error"
        } else {
            "nhsuk-form-group"
        };
        let steps: Vec<_> = [("prev", "‹ ", "", &self.previous), ("next", "", " ›", &self.next)]
            .into_iter()
            .filter_map(|(rel, before, after, link)| link.as_ref().map(|link| (rel, before, after, link)))
            .collect();
        html! {
            form.ov-date action=(self.action) method="get" aria-label="Choose a day" novalidate {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                div.ov-date__row {
                    div class=(group) {
                        label.nhsuk-label for="at" { (self.label) }
                        @if let Some(hint) = &self.hint { div.nhsuk-hint #at-hint { (hint) } }
                        @if let Some(error) = &self.error {
                            span.nhsuk-error-message #at-error { span.nhsuk-u-visually-hidden { "Error: " } (error) }
                        }
                        div.ov-date__day {
                            input.nhsuk-input.ov-date__input #at name="at" type="date" value=(self.at) required aria-describedby=[described];
                            @if self.more.is_none() { (go()) }
                        }
                    }
                    @if let Some(more) = &self.more { (more) (go()) }
                }
                @if !steps.is_empty() || !self.quick.is_empty() {
                    ul.ov-links {
                        @for (rel, before, after, (label, href)) in &steps {
                            li { a.nhsuk-link rel=(rel) href=(href) { (before) (label) (after) } }
                        }
                        @for (label, href) in &self.quick { li { a.nhsuk-link href=(href) { (label) } } }
                    }
                }
            }
        }
    }
}

fn go() -> Markup {
    html! { button.nhsuk-button.nhsuk-button--secondary.nhsuk-button--small.ov-date__go type="submit" { "Show" } }
}
