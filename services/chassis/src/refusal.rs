//! Why a command is refused: a sentence that says what is wrong and what to do, and the field to blame.
//!
//! A model with a few dozen reasons has an enum of its own; for others this says all that is needed.

use std::fmt;

use crate::problem::Problem;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field of the input that is to blame; none where the state of things is.
    pub field: Option<&'static str>,
    /// What is wrong and what to do.
    pub text: String,
    /// Whether what was named is not there at all.
    unknown: bool,
}

impl Refusal {
    /// The input is wrong at a field.
    pub fn at(field: &'static str, text: impl Into<String>) -> Self {
        Self { field: Some(field), text: text.into(), unknown: false }
    }

    /// The state of things does not allow it.
    pub fn as_things_stand(text: impl Into<String>) -> Self {
        Self { field: None, text: text.into(), unknown: false }
    }

    /// What is named is not there.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { field: None, text: text.into(), unknown: true }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Problem {
    fn from(Refusal { field, text, unknown }: Refusal) -> Self {
        match field {
            Some(field) => Problem::bad_input(text.clone()).at(field, text),
            None if unknown => Problem::not_found(text),
            None => Problem::refused("refused", text),
        }
    }
}

/// A text that is there and not too long, without blanks around it.
pub fn needed(field: &'static str, what: &str, text: &str, max_chars: usize) -> Result<String, Refusal> {
    let text = optional(field, what, text, max_chars)?;
    if text.is_empty() { Err(Refusal::at(field, format!("{what} is missing"))) } else { Ok(text) }
}

/// A text that may be empty but is not too long, without blanks around it.
pub fn optional(field: &'static str, what: &str, text: &str, max_chars: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > max_chars {
        return Err(Refusal::at(field, format!("{what} may have up to {max_chars} characters")));
    }
    Ok(text.to_owned())
}
