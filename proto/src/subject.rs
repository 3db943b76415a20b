//! Where an event stands: `oversight.<service>.<aggregate id>` on the event log, and
//! `oversight-access.<service>.<aggregate id>` on the access log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    codes::{CodeError, OdsCode},
    imports::IMPORT,
};

/// The services that write events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Who exists, and who belonged to whom, when.
    Organisations,
    /// Toolkit assessments, statements, improvement plans and published results.
    Assessments,
    /// Suppliers, certificates, services, and certification checks.
    Suppliers,
    /// On-site assessments, findings and action plans.
    Onsite,
    /// Business continuity and disaster recovery plans, and their exercises.
    Continuity,
    /// Who may come in, and who came.
    Access,
    /// Views: it writes no events of the field, but records who took what away.
    Projection,
}

impl Service {
    /// Every service, in the order of the layout.
    pub const ALL: [Service; 7] = [
        Service::Organisations,
        Service::Assessments,
        Service::Suppliers,
        Service::Onsite,
        Service::Continuity,
        Service::Access,
        Service::Projection,
    ];

    /// The services that write events of the field.
    pub const OF_THE_FIELD: [Service; 5] = [
        Service::Organisations,
        Service::Assessments,
        Service::Suppliers,
        Service::Onsite,
        Service::Continuity,
    ];

    /// The name, as in subjects, addresses and `--only`.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Organisations => "organisations",
            Service::Assessments => "assessments",
            Service::Suppliers => "suppliers",
            Service::Onsite => "onsite",
            Service::Continuity => "continuity",
            Service::Access => "access",
            Service::Projection => "projection",
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
        Service::ALL.into_iter().find(|service| service.name() == text).ok_or_else(|| {
            CodeError::new(
                text,
                "a service",
                "organisations, assessments, suppliers, onsite, continuity, access or projection",
            )
        })
    }
}

/// The two streams, each with a total order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// The event log: what happened in the field, kept for ever.
    Events,
    /// The access log: who may come in, who came, what was refused or taken away.
    Access,
}

impl Stream {
    /// What every subject of the stream begins with.
    pub const fn root(self) -> &'static str {
        match self {
            Stream::Events => "oversight",
            Stream::Access => "oversight-access",
        }
    }

    /// All subjects of the stream, in the broker's wildcard form.
    pub const fn all(self) -> &'static str {
        match self {
            Stream::Events => "oversight.>",
            Stream::Access => "oversight-access.>",
        }
    }
}

/// The most characters of an aggregate id.
pub const AGGREGATE_ID_MAX_CHARS: usize = 80;

/// The first part of the aggregate id of what is decided for an edition.
pub const EDITION: &str = "edition";

/// The aggregate id of the editions that were added here, and of what status texts mean.
pub const EDITIONS: &str = "editions";

/// The first part of the aggregate id of an entry in the register of published results.
pub const REGISTER: &str = "register";

/// The first part of the aggregate id of a supplier.
pub const SUPPLIER: &str = "supplier";

/// The first part of the aggregate id of an organisation as a buyer.
pub const BUYER: &str = "buyer";

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
    stream: Stream,
    service: Service,
}

impl Subject {
    /// The subject of an aggregate on the event log.
    pub fn new(service: Service, aggregate: &AggregateId) -> Self {
        Self::on(Stream::Events, service, aggregate)
    }

    /// The subject of an aggregate on either stream.
    pub fn on(stream: Stream, service: Service, aggregate: &AggregateId) -> Self {
        Self { text: format!("{}.{service}.{aggregate}", stream.root()), stream, service }
    }

    /// The stream it is of.
    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// The service that writes here.
    pub fn service(&self) -> Service {
        self.service
    }

    /// The aggregate id.
    pub fn aggregate(&self) -> &str {
        self.text.rsplit('.').next().unwrap_or_default()
    }

    /// The organisation it is about: none where it is of an edition, an import, a key, an account or a record.
    pub fn organisation(&self) -> Option<OdsCode> {
        let aggregate = self.aggregate();
        if aggregate.split_once('_').is_some_and(|(first, _)| first == IMPORT) {
            return None;
        }
        match self.service {
            Service::Organisations => aggregate.parse().ok(),
            Service::Assessments if self.is_of_an_edition() => None,
            // An assessment is `A81001_dspt-2018-19`, an entry of the register `register_A81001`.
            Service::Assessments => match aggregate.split_once('_')? {
                (REGISTER, code) | (code, _) => code.parse().ok(),
            },
            Service::Suppliers => aggregate.strip_prefix(BUYER)?.strip_prefix('_')?.parse().ok(),
            // An on-site assessment is `A81001_1`; a continuity plan has the code alone.
            Service::Onsite => aggregate.split_once('_')?.0.parse().ok(),
            Service::Continuity => aggregate.parse().ok(),
            Service::Access | Service::Projection => None,
        }
    }

    /// Whether it is about an edition, and so about what was decided for everyone.
    pub fn is_of_an_edition(&self) -> bool {
        let first = self.aggregate().split('_').next();
        self.service == Service::Assessments && first == Some(EDITION)
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
            (Some(root), Some(service), Some(aggregate), None) => {
                let stream = [Stream::Events, Stream::Access].into_iter().find(|known| known.root() == root);
                let stream = stream.ok_or_else(reject)?;
                let service: Service = service.parse().map_err(|_| reject())?;
                let aggregate: AggregateId = aggregate.parse().map_err(|_| reject())?;
                Ok(Subject::on(stream, service, &aggregate))
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
        let access = Subject::on(Stream::Access, Service::Assessments, &id);
        assert_eq!(access.as_str(), "oversight-access.assessments.A81001_igt-14_1");
        assert_eq!(access.as_str().parse::<Subject>().unwrap(), access);
    }

    #[test]
    fn a_subject_says_which_organisation_it_is_about() {
        let about = |text: &str| text.parse::<Subject>().unwrap().organisation().map(|code| code.to_string());
        for (text, code) in [
            ("oversight.organisations.A81001", Some("A81001")),
            ("oversight.organisations.15E", Some("15E")),
            ("oversight.organisations.import_a05991e6-3d77-54c4-b3f2-dce08247f1dd", None),
            ("oversight.assessments.import_a05991e6-3d77-54c4-b3f2-dce08247f1dd", None),
            ("oversight.assessments.A81001_dspt-2018-19", Some("A81001")),
            ("oversight.assessments.register_A81001", Some("A81001")),
            ("oversight.assessments.edition_dspt-2018-19", None),
            ("oversight.suppliers.supplier_8hp68", None),
            ("oversight.suppliers.buyer_A81001", Some("A81001")),
            ("oversight.onsite.A81001_2", Some("A81001")),
            ("oversight.continuity.A81001", Some("A81001")),
            ("oversight-access.access.key_1", None),
        ] {
            assert_eq!(about(text).as_deref(), code, "{text}");
        }
        assert!("oversight.assessments.edition_igt-14_1".parse::<Subject>().unwrap().is_of_an_edition());
        assert!(!"oversight.organisations.edition_x".parse::<Subject>().unwrap().is_of_an_edition());
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
