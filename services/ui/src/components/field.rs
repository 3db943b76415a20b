//! Questions: a label, help, what was wrong, and the place for the answer.

use maud::{Markup, html};

/// What kind of text an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    Text,
    /// A work e-mail address.
    Email,
    /// A whole number, typed as text so that it is never scrolled by accident.
    WholeNumber,
    /// A day, as the browser's own date field.
    Date,
    /// A file to send; use with [`super::Form::upload`].
    File,
    /// A web address.
    Url,
    /// A password, not shown as it is typed and never filled in by the server.
    Password,
}

/// How wide the answer is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As wide as the column.
    Full,
    /// Room for this many characters: 2, 3, 4, 5, 10, 20 or 30; others are taken as the next of these.
    Characters(u8),
}

/// One of several answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Help for this choice. Not shown in drop-down lists.
    pub hint: Option<String>,
}

impl Choice {
    /// A choice without help.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    /// With help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// One question of a form. Its id is its name unless [`Field::id`] says otherwise. End with the kind of answer:
/// [`Field::input`], [`Field::textarea`], [`Field::select`], [`Field::radios`] or [`Field::checkboxes`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Field {
    id: String,
    name: String,
    label: String,
    hint: Option<String>,
    error: Option<String>,
    values: Vec<String>,
    width: Width,
    autocomplete: Option<&'static str>,
}

impl Field {
    /// A question by the name its answer is sent under.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: name.clone(),
            name,
            label: label.into(),
            hint: None,
            error: None,
            values: Vec::new(),
            width: Width::Full,
            autocomplete: None,
        }
    }

    /// Another id, for when one name occurs twice on a page.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Help beside the question, in plain words.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What was wrong with the answer given, if anything was.
    pub fn error(mut self, message: Option<&str>) -> Self {
        self.error = message.map(str::to_owned);
        self
    }

    /// The answer so far. For checkboxes call it once for each box that is ticked.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.values.push(value.into());
        self
    }

    /// How wide the answer is expected to be.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// What the browser may fill in by itself: a token of HTML's `autocomplete`, such as `email`.
    pub fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// Answered in one line.
    #[must_use]
    pub fn input(self, kind: InputKind) -> Markup {
        let (kind_name, mode) = match kind {
            InputKind::Text => ("text", None),
            InputKind::Email => ("email", None),
            InputKind::WholeNumber => ("text", Some("numeric")),
            InputKind::Date => ("date", None),
            InputKind::File => ("file", None),
            InputKind::Url => ("url", None),
            InputKind::Password => ("password", None),
        };
        let spellcheck = matches!(kind, InputKind::Email | InputKind::Url).then_some("false");
        let class = match self.width {
            Width::Full => String::new(),
            Width::Characters(wanted) => {
                let width = [2, 3, 4, 5, 10, 20, 30].into_iter().find(|w| *w >= wanted).unwrap_or(30);
                format!(" nhsuk-input--width-{width}")
            }
        };
        let error = if self.error.is_some() { " nhsuk-input--error" } else { "" };
        self.group(html! {
            input class={ "nhsuk-input" (class) (error) } id=(self.id) name=(self.name) type=(kind_name)
                inputmode=[mode] spellcheck=[spellcheck] autocomplete=[self.autocomplete]
                value=[self.values.first()] aria-describedby=[self.described_by()]
                aria-invalid=[self.error.as_ref().map(|_| "true")];
        })
    }

    /// Answered in several lines, `rows` of them visible.
    #[must_use]
    pub fn textarea(self, rows: u8) -> Markup {
        let error = if self.error.is_some() { " nhsuk-textarea--error" } else { "" };
        self.group(html! {
            textarea class={ "nhsuk-textarea" (error) } id=(self.id) name=(self.name) rows=(rows)
                aria-describedby=[self.described_by()] aria-invalid=[self.error.as_ref().map(|_| "true")] {
                (self.values.first().map_or("", String::as_str))
            }
        })
    }

    /// Answered from a drop-down list.
    #[must_use]
    pub fn select(self, choices: &[Choice]) -> Markup {
        let error = if self.error.is_some() { " nhsuk-select--error" } else { "" };
        self.group(html! {
            select class={ "nhsuk-select" (error) } id=(self.id) name=(self.name)
                aria-describedby=[self.described_by()] aria-invalid=[self.error.as_ref().map(|_| "true")] {
                @for choice in choices {
                    option value=(choice.value) selected[self.values.contains(&choice.value)] { (choice.label) }
                }
            }
        })
    }

    /// Answered by one of a few choices, all visible.
    #[must_use]
    pub fn radios(self, choices: &[Choice]) -> Markup {
        self.boxes("radio", "nhsuk-radios", choices)
    }

    /// Answered by any number of a few choices, all visible.
    #[must_use]
    pub fn checkboxes(self, choices: &[Choice]) -> Markup {
        self.boxes("checkbox", "nhsuk-checkboxes", choices)
    }

    fn boxes(self, kind: &str, class: &str, choices: &[Choice]) -> Markup {
        html! {
            div class=(self.group_class()) {
                fieldset.nhsuk-fieldset aria-describedby=[self.described_by()] {
                    legend."nhsuk-fieldset__legend"."nhsuk-fieldset__legend--s" { (self.label) }
                    (self.help())
                    div class=(class) {
                        @for (index, choice) in choices.iter().enumerate() {
                            // The first box has the field's own id, so that an error summary can link to it.
                            @let id = if index == 0 { self.id.clone() } else { format!("{}-{}", self.id, index + 1) };
                            @let hint_id = choice.hint.as_ref().map(|_| format!("{id}-item-hint"));
                            div class={ (class) "__item" } {
                                input class={ (class) "__input" } id=(id) name=(self.name) type=(kind)
                                    value=(choice.value) checked[self.values.contains(&choice.value)]
                                    aria-describedby=[hint_id.as_deref()];
                                label class={ "nhsuk-label " (class) "__label" } for=(id) { (choice.label) }
                                @if let Some(hint) = &choice.hint {
                                    div class={ "nhsuk-hint " (class) "__hint" } id=[hint_id] { (hint) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn group(&self, control: Markup) -> Markup {
        html! {
            div class=(self.group_class()) {
                label.nhsuk-label.nhsuk-label--s for=(self.id) { (self.label) }
                (self.help())
                (control)
            }
        }
    }

    fn group_class(&self) -> &'static str {
        if self.error.is_some() { "nhsuk-form-group nhsuk-form-group--error" } else { "nhsuk-form-group" }
    }

    fn help(&self) -> Markup {
        html! {
            @if let Some(hint) = &self.hint { div.nhsuk-hint id={ (self.id) "-hint" } { (hint) } }
            @if let Some(error) = &self.error {
                span.nhsuk-error-message id={ (self.id) "-error" } {
                    span.nhsuk-u-visually-hidden { "Error: " } (error)
                }
            }
        }
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        match (hint, error) {
            (Some(hint), Some(error)) => Some(format!("{hint} {error}")),
            (hint, error) => hint.or(error),
        }
    }
}
