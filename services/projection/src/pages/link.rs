//! Addresses: what the reader chose stands in them, and every link hands it on.

use std::fmt::{self, Write as _};

use chassis::{Action, Viewer, pages::in_query};
use maud::{Markup, html};
use proto::{Day, OdsCode};

use crate::{
    access::{VIEW_AREA, VIEW_CAUSES, VIEW_FOUND, VIEW_PRACTICE},
    api::{WhenQuery, may_see_practice},
    rules::{DEFAULT_RULE, requirement},
};

/// What the reader chose about the day, the knowledge and the membership; what was left open stays
/// open.
#[derive(Debug, Clone, Default)]
pub(super) struct Keep {
    at: Option<String>,
    known: Option<String>,
    footprint: Option<String>,
    requirement: Option<String>,
    viewer: Option<Viewer>,
}

impl Keep {
    /// For someone: links that lead where they may not go are left out.
    pub fn seen_by(mut self, viewer: &Viewer) -> Self {
        self.viewer = Some(viewer.clone());
        self
    }

    fn may(&self, action: Action, code: OdsCode) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.may(action, code))
    }

    /// An area by name: a link where it may be seen.
    pub fn area(&self, code: OdsCode, name: impl fmt::Display) -> Markup {
        self.body(VIEW_AREA, "areas", code, name)
    }

    /// A practice by name: a link where it may be seen.
    pub fn practice(&self, code: OdsCode, name: impl fmt::Display) -> Markup {
        self.body(VIEW_PRACTICE, "practices", code, name)
    }

    fn body(&self, action: Action, of: &str, code: OdsCode, name: impl fmt::Display) -> Markup {
        html! {
            @if self.may(action, code) { a.nhsuk-link href=(self.to(format_args!("/{of}/{code}"))) { (name.to_string()) } }
            @else { (name.to_string()) }
        }
    }

    /// Whether an area may be seen.
    pub fn may_see_area(&self, code: OdsCode) -> bool {
        self.may(VIEW_AREA, code)
    }

    /// Which practices may be seen.
    pub fn seen_practices(&self) -> impl Fn(OdsCode) -> bool + '_ {
        let seen = self.viewer.as_ref().map(may_see_practice);
        move |code| seen.as_ref().is_some_and(|seen| seen(code))
    }

    /// Whether it may be told why an organisation's statuses began.
    pub fn may_know_causes(&self, code: OdsCode) -> bool {
        self.may(VIEW_CAUSES, code)
    }

    /// Whether what assessors found at an organisation may be told.
    pub fn may_know_what_was_found(&self, code: OdsCode) -> bool {
        self.may(VIEW_FOUND, code)
    }

    /// As the query has it. Empty parameters, as forms send them, are none.
    pub fn of(query: &WhenQuery) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            at: given(&query.at),
            known: given(&query.known),
            footprint: given(&query.footprint),
            requirement: given(&query.requirement),
            viewer: None,
        }
    }

    /// The same about another requirement.
    pub fn about(&self, rule: usize) -> Self {
        let slug = (rule != DEFAULT_RULE).then(|| requirement(rule).slug.to_owned());
        Self { requirement: slug, ..self.clone() }
    }

    /// The requirement asked about, as given.
    pub fn requirement(&self) -> Option<&str> {
        self.requirement.as_deref()
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
        self.given("known", keep.known.as_deref())
            .given("footprint", keep.footprint.as_deref())
            .given("requirement", keep.requirement.as_deref())
    }

    /// One more parameter.
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{name}={}", in_query(&value.to_string()));
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
            requirement: None,
        };
        let address = Keep::of(&query).to("/areas/15E").with("status", "not met&x=1");
        assert_eq!(
            address.to_string(),
            "/areas/15E?at=2019-03-31&known=2019-03-31T12%3A00%3A00%2B01%3A00&status=not%20met%26x%3D1"
        );
        assert_eq!(Keep::default().to("/areas/ENG").to_string(), "/areas/ENG");
    }
}
