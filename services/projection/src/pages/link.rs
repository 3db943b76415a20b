//! Addresses: what the reader chose stands in them, and every link hands it on.

use std::fmt::{self, Write as _};

use proto::Day;

use crate::api::WhenQuery;

/// What the reader chose about the day, the knowledge and the membership; what was left open stays
/// open.
#[derive(Debug, Clone, Default)]
pub(super) struct Keep {
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
}

impl Keep {
    /// As the query has it. Empty parameters, as forms send them, are none.
    pub fn of(query: &WhenQuery) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self { at: given(&query.at), known: given(&query.known), footprint: given(&query.footprint) }
    }

    /// The same for another day.
    pub fn at(&self, day: Day) -> Self {
        Self { at: Some(day.to_string()), ..self.clone() }
    }

    /// The same for the day shown when none is asked for.
    pub fn any_day(&self) -> Self {
        Self { at: None, ..self.clone() }
    }

    /// The same by all that is recorded.
    pub fn all_known(&self) -> Self {
        Self { known: None, ..self.clone() }
    }

    /// The moment whose knowledge was asked for, as given.
    pub fn known(&self) -> Option<&str> {
        self.known.as_deref()
    }

    /// The address of a path with these choices.
    pub fn to(&self, path: impl fmt::Display) -> Address {
        Address::new(path).given("at", self.at.as_deref()).and(self)
    }

    /// The address of a path with these choices but for the day, which stands otherwise in it.
    pub fn to_days(&self, path: impl fmt::Display) -> Address {
        Address::new(path).and(self)
    }
}

/// An address with its parameters.
#[derive(Debug, Clone)]
pub(super) struct Address {
    text: String,
    has_query: bool,
}

impl Address {
    pub fn new(path: impl fmt::Display) -> Self {
        Self { text: path.to_string(), has_query: false }
    }

    fn and(self, keep: &Keep) -> Self {
        self.given("known", keep.known.as_deref()).given("footprint", keep.footprint.as_deref())
    }

    /// One more parameter.
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.text.push_str(name);
        self.text.push('=');
        for byte in value.to_string().bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    self.text.push(char::from(byte));
                }
                // Writing to a String cannot fail.
                _ => _ = write!(self.text, "%{byte:02X}"),
            }
        }
        self
    }

    /// One more parameter, where it has a value.
    pub fn given(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_handed_on_and_what_was_not_is_not() {
        let query = WhenQuery {
            at: Some("2019-03-31".into()),
            known: Some("2019-03-31T12:00:00+01:00".into()),
            footprint: Some(String::new()),
        };
        let address = Keep::of(&query).to("/areas/15E").with("status", "not met&x=1");
        assert_eq!(
            address.to_string(),
            "/areas/15E?at=2019-03-31&known=2019-03-31T12%3A00%3A00%2B01%3A00&status=not%20met%26x%3D1"
        );
        assert_eq!(Keep::default().to("/areas/ENG").to_string(), "/areas/ENG");
    }
}
