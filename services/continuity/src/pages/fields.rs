//! The fields of a form as typed, and what can be read from them.

use chassis::pages::{code_entered, sentence};
use proto::{Day, OdsCode};
use serde::Deserialize;
use ui::components::{Field, FieldError};

/// What a form sends: names with values, several of one name where boxes are ticked.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Filled in beforehand.
    pub fn of(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(fields.into_iter().collect())
    }

    /// The value of a name; empty where it has none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value.trim())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(held, _)| held == name).map(|(_, value)| value.trim())
    }

    /// A question with the answer so far and what was wrong with it.
    pub fn field(&self, errors: &[FieldError], name: &str, label: &str) -> Field {
        let field = Field::new(name, label).error(FieldError::of(errors, name));
        self.all(name).fold(field, |field, value| field.value(value))
    }
}

/// Reads fields and keeps what is wrong with them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub fields: &'a Fields,
    pub errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    pub fn new(fields: &'a Fields) -> Self {
        Self { fields, errors: Vec::new() }
    }

    fn wrong<T>(&mut self, name: &str, message: &str) -> Option<T> {
        self.errors.push(FieldError::new(name, sentence(message)));
        None
    }

    pub fn text(&self, name: &str) -> String {
        self.fields.get(name).to_owned()
    }

    /// A text that must not be empty.
    pub fn needed(&mut self, name: &str, message: &str) -> Option<String> {
        match self.fields.get(name) {
            "" => self.wrong(name, message),
            text => Some(text.to_owned()),
        }
    }

    /// A date. `what` is the date in the words of its question.
    pub fn day(&mut self, name: &str, what: &str) -> Option<Day> {
        match Day::entered(self.fields.get(name), what) {
            Ok(day) => Some(day),
            Err(detail) => self.wrong(name, &detail),
        }
    }

    pub fn number(&mut self, name: &str) -> Option<u16> {
        let number = self.fields.get(name).parse().ok();
        number.or_else(|| self.wrong(name, "Enter a whole number, for example 4"))
    }

    /// The code of an organisation. `what` is whose.
    pub fn code(&mut self, name: &str, what: &str) -> Option<OdsCode> {
        match code_entered(self.fields.get(name), what) {
            Ok(code) => Some(code),
            Err(detail) => self.wrong(name, &detail),
        }
    }

    /// One of a list. `what` is what is selected.
    pub fn one_of<T: Copy>(
        &mut self,
        name: &str,
        what: &str,
        all: &[T],
        slug: fn(T) -> &'static str,
    ) -> Option<T> {
        let given = self.fields.get(name);
        let found = all.iter().copied().find(|known| slug(*known) == given);
        found.or_else(|| self.wrong(name, &format!("Select {what}")))
    }
}
