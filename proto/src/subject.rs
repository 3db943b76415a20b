//! Where an event stands on the log: `oversight.<service>.<aggregate id>`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::codes::CodeError;

/// The services that write events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Who exists, and who belonged to whom, when.
    Organisations,
    /// Toolkit assessments, statements, improvement plans and published results.
    Assessments,
}

impl Service {
    /// Every service, in the order of the layout.
    pub const ALL: [Service; 2] = [Service::Organisations, Service::Assessments];

    /// The name, as in subjects, addresses and `--only`.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Organisations => "organisations",
            Service::Assessments => "assessments",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Service::ALL
            .into_iter()
            .find(|service| service.name() == text)
            .ok_or_else(|| CodeError::new(text, "a service", "organisations or assessments"))
    }
}

/// The most characters of an aggregate id.
pub const AGGREGATE_ID_MAX_CHARS: usize = 80;

/// The identity of one aggregate within its service: one subject token of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateId(String);

impl AggregateId {
    /// An id of several parts, joined by `_`; a dot in a part (as in `igt-14.1`) becomes `_` too,
    /// since a dot would split the subject.
    pub fn of(parts: &[&str]) -> Result<Self, CodeError> {
        parts.join("_").replace('.', "_").parse()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AggregateId {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let accepted = !text.is_empty()
            && text.len() <= AGGREGATE_ID_MAX_CHARS
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        accepted.then(|| Self(text.to_owned())).ok_or_else(|| {
            CodeError::new(text, "an aggregate id", "1 to 80 letters, digits, underscores and hyphens")
        })
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The subject of one aggregate's events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    text: String,
    service: Service,
}

impl Subject {
    /// What every subject begins with.
    pub const ROOT: &'static str = "oversight";
    /// All subjects of the stream, in the broker's wildcard form.
    pub const ALL: &'static str = "oversight.>";

    /// The subject of an aggregate.
    pub fn new(service: Service, aggregate: &AggregateId) -> Self {
        Self { text: format!("{}.{service}.{aggregate}", Self::ROOT), service }
    }

    /// The service that writes here.
    pub fn service(&self) -> Service {
        self.service
    }

    /// The aggregate id.
    pub fn aggregate(&self) -> &str {
        self.text.rsplit('.').next().unwrap_or_default()
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Subject {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let reject = || {
            CodeError::new(
                text,
                "a subject",
                "oversight.<service>.<aggregate id>, for example oversight.organisations.A81001",
            )
        };
        let mut tokens = text.split('.');
        match (tokens.next(), tokens.next(), tokens.next(), tokens.next()) {
            (Some(Self::ROOT), Some(service), Some(aggregate), None) => {
                let service: Service = service.parse().map_err(|_| reject())?;
                let aggregate: AggregateId = aggregate.parse().map_err(|_| reject())?;
                Ok(Subject::new(service, &aggregate))
            }
            _ => Err(reject()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_the_service_and_the_aggregate() {
        let id = AggregateId::of(&["A81001", "igt-14.1"]).unwrap();
        let subject = Subject::new(Service::Assessments, &id);
        assert_eq!(subject.as_str(), "oversight.assessments.A81001_igt-14_1");
        assert_eq!(subject.as_str().parse::<Subject>().unwrap(), subject);
        assert_eq!(subject.aggregate(), "A81001_igt-14_1");
    }

    #[test]
    fn nothing_else_is_a_subject() {
        for text in [
            "",
            "oversight",
            "oversight.people.x",
            "oversight.organisations.",
            "oversight.organisations.a.b",
            "oversight.organisations.*",
            "other.organisations.x",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
