//! Forms, and what to say when one was not right.

use maud::{Markup, html};

/// Something wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The id of the field ([`super::Field`] uses its name), without `#`. Empty when no single field is to blame.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl FieldError {
    /// An error in the named field.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The message for a field, if it has one: what [`super::Field::error`] takes.
    #[must_use]
    pub fn of<'a>(errors: &'a [FieldError], field: &str) -> Option<&'a str> {
        errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// The list of errors at the top of a page, each linked to its field; nothing when there are none.
#[must_use]
pub fn error_summary(errors: &[FieldError]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.nhsuk-error-summary data-focus="" tabindex="-1" {
                div role="alert" {
                    h2."nhsuk-error-summary__heading" { "There is a problem" }
                    div."nhsuk-error-summary__body" {
                        ul.nhsuk-list."nhsuk-error-summary__list" {
                            @for error in errors {
                                li {
                                    @if error.field.is_empty() { (error.message) }
                                    @else { a href={ "#" (error.field) } { (error.message) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

enum Way {
    Get,
    Post,
    Upload,
}

/// A form: its hidden fields, then its body with fields and buttons.
#[must_use]
pub struct Form {
    action: String,
    way: Way,
    hidden: Vec<(String, String)>,
    label: Option<String>,
}

impl Form {
    /// A form that asks: its fields go into the address.
    pub fn get(action: impl Into<String>) -> Self {
        Self { action: action.into(), way: Way::Get, hidden: Vec::new(), label: None }
    }

    /// A form that changes something.
    pub fn post(action: impl Into<String>) -> Self {
        Self { way: Way::Post, ..Self::get(action) }
    }

    /// A form that sends files.
    pub fn upload(action: impl Into<String>) -> Self {
        Self { way: Way::Upload, ..Self::get(action) }
    }

    /// A field that is sent but not shown, such as `idempotency_key`.
    pub fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// Makes the form a landmark of this name: for forms a reader looks for.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The form with its visible part.
    #[must_use]
    pub fn body(self, body: Markup) -> Markup {
        let method = match self.way {
            Way::Get => "get",
            Way::Post | Way::Upload => "post",
        };
        let enctype = matches!(self.way, Way::Upload).then_some("multipart/form-data");
        html! {
            form action=(self.action) method=(method) enctype=[enctype] aria-label=[self.label] novalidate {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                (body)
            }
        }
    }
}
