//! Buttons, and buttons that say why they may not be pressed.

use maud::{Markup, Render, html};

/// How much weight a button has on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do on the page.
    Primary,
    /// Another thing that can be done.
    Secondary,
    /// Something that is hard to take back.
    Warning,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            ButtonKind::Primary => "nhsuk-button",
            ButtonKind::Secondary => "nhsuk-button nhsuk-button--secondary",
            ButtonKind::Warning => "nhsuk-button nhsuk-button--warning",
        }
    }
}

/// A button that sends its form. Renders itself inside `html!`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Button {
    label: String,
    kind: ButtonKind,
    value: Option<(String, String)>,
    hidden_suffix: Option<String>,
}

impl Button {
    /// The page's main button.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), kind: ButtonKind::Primary, value: None, hidden_suffix: None }
    }

    /// Another weight.
    pub fn kind(mut self, kind: ButtonKind) -> Self {
        self.kind = kind;
        self
    }

    /// The field that is sent when this button, and not another of the form, is pressed.
    pub fn value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value = Some((name.into(), value.into()));
        self
    }

    /// Words only a screen reader says after the label, to tell like buttons apart: `Agree` + `plan of 1 May`.
    pub fn about(mut self, words: impl Into<String>) -> Self {
        self.hidden_suffix = Some(words.into());
        self
    }
}

impl Render for Button {
    fn render(&self) -> Markup {
        html! {
            button class=(self.kind.class()) type="submit"
                name=[self.value.as_ref().map(|(name, _)| name)] value=[self.value.as_ref().map(|(_, value)| value)] {
                (self.label)
                @if let Some(words) = &self.hidden_suffix { span.nhsuk-u-visually-hidden { " " (words) } }
            }
        }
    }
}

/// A link that looks like a button: for going somewhere, never for changing something.
#[must_use]
pub fn link_button(href: &str, label: &str, kind: ButtonKind) -> Markup {
    html! { a class=(kind.class()) href=(href) draggable="false" { (label) } }
}

/// A button that cannot be pressed yet, followed by every reason why. It stays reachable by keyboard, so that the
/// reasons are heard. `id` is unique on the page; `reasons` should link to where each can be put right.
#[must_use]
pub fn blocked_button(id: &str, label: &str, reasons: &[Markup]) -> Markup {
    let why = format!("{id}-why");
    html! {
        div.ov-blocked {
            button.nhsuk-button.ov-blocked__button id=(id) type="button" aria-disabled="true" aria-describedby=(why) { (label) }
            div.ov-blocked__why id=(why) {
                p.nhsuk-u-margin-bottom-2 {
                    strong { (label) " is not available yet." } " "
                    @if reasons.len() == 1 { "One thing to do first:" } @else { (reasons.len()) " things to do first:" }
                }
                ul.nhsuk-list.nhsuk-list--bullet.nhsuk-u-margin-bottom-0 { @for reason in reasons { li { (reason) } } }
            }
        }
    }
}
