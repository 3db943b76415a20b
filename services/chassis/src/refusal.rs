//! Why a command is refused: a sentence that says what is wrong and what to do, and the field to blame.
//!
//! A model with a few dozen reasons has an enum of its own; for others this says all that is needed.

use std::fmt;

use proto::text::{Invisible, Line, LineFault, shows};

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
    if !shows(&text) { Err(Refusal::at(field, format!("{what} is missing"))) } else { Ok(text) }
}

/// A text that may be empty but is not too long, without blanks around it and without what does not show.
pub fn optional(field: &'static str, what: &str, text: &str, max_chars: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > max_chars {
        return Err(Refusal::at(field, format!("{what} may have up to {max_chars} characters")));
    }
    match Invisible::first_in(text) {
        None => Ok(text.to_owned()),
        Some(hidden) => Err(not_a_line(field, what, LineFault::Hidden(hidden))),
    }
}

/// The same as [`needed`] of a text on one line: a name, a number, a reference.
pub fn needed_line(field: &'static str, what: &str, text: &str, max_chars: usize) -> Result<String, Refusal> {
    one_line(field, what, needed(field, what, text, max_chars)?)
}

/// The same as [`optional`] of a text on one line.
pub fn optional_line(
    field: &'static str,
    what: &str,
    text: &str,
    max_chars: usize,
) -> Result<String, Refusal> {
    one_line(field, what, optional(field, what, text, max_chars)?)
}

fn one_line(field: &'static str, what: &str, text: String) -> Result<String, Refusal> {
    match Line::of(&text) {
        Err(fault) if !text.is_empty() => Err(not_a_line(field, what, fault)),
        _ => Ok(text),
    }
}

fn not_a_line(field: &'static str, what: &str, fault: LineFault) -> Refusal {
    Refusal::at(field, format!("{what} {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_stand_on_one_line_and_reasons_on_as_many_as_they_need() {
        let max = 100;
        assert_eq!(needed("reason", "A reason", " one\n\ttwo\n", max).unwrap(), "one\n\ttwo");
        assert_eq!(needed_line("name", "The name", " Dr O’Brien \n", max).unwrap(), "Dr O’Brien");
        for wrong in ["Dr\nO’Brien", "Dr\tO’Brien", "Dr\r\nO’Brien"] {
            for refused in
                [needed_line("name", "The name", wrong, max), optional_line("name", "The name", wrong, max)]
            {
                let refused = refused.unwrap_err();
                assert_eq!(refused.field, Some("name"));
                assert_eq!(refused.text, "The name must be on one line: remove line breaks and tabs");
            }
        }
        assert_eq!(optional_line("number", "The number", " ", max).unwrap(), "");
        assert_eq!(needed_line("name", "The name", "\n", max).unwrap_err().text, "The name is missing");
    }

    #[test]
    fn what_does_not_show_is_refused_in_every_text_and_is_none_by_itself() {
        for text in ["Dr\u{202e}O’Brien", "\u{2066}", "a\u{1b}[31m"] {
            for refused in [
                needed("reason", "A reason", text, 100),
                optional("reason", "A reason", text, 100),
                needed_line("reason", "A reason", text, 100),
                optional_line("reason", "A reason", text, 100),
            ] {
                assert!(refused.unwrap_err().text.contains("which does not show"), "{text:?}");
            }
        }
        for text in ["\u{a0}\u{3000}", "\u{301}"] {
            assert_eq!(needed("reason", "A reason", text, 100).unwrap_err().text, "A reason is missing");
        }
    }
}
