//! What can be asked of a service, and what a route says of itself.

use std::fmt;

use proto::OdsCode;

use crate::pace::Pace;

/// Something that can be done: `assessments/agree-plan`. Declared by a service as a constant, named
/// in its policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Action {
    /// The service.
    pub service: &'static str,
    /// What is done.
    pub name: &'static str,
}

impl Action {
    /// An action of a service.
    pub const fn new(service: &'static str, name: &'static str) -> Self {
        Self { service, name }
    }

    /// Of the organisation whose code is this part of the path.
    pub const fn of(self, parameter: &'static str) -> Asks {
        self.about(About::Path(parameter))
    }

    /// Of England as a whole.
    pub const fn of_england(self) -> Asks {
        self.about(About::England)
    }

    /// Of the platform: of no organisation, or of those that the handler picks out.
    pub const fn here(self) -> Asks {
        self.about(About::Platform)
    }

    const fn about(self, about: About) -> Asks {
        Asks { action: self, about, seen_by: None, sensitive: false, pace: None }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service, self.name)
    }
}

/// What a route asks for before its handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// To be allowed this …
    pub action: Action,
    /// … of this.
    pub about: About,
    /// Who may do this of it may know that it is there, and is told that the other is not for them;
    /// to everyone else there is nothing.
    pub seen_by: Option<Action>,
    /// Whether it is recorded when someone of another organisation does it.
    pub sensitive: bool,
    /// What it counts as where it may be asked only so often.
    pub pace: Option<Pace>,
}

impl Asks {
    /// Who may do `action` of the same organisation is told 403 and not 404.
    pub const fn seen_by(mut self, action: Action) -> Self {
        self.seen_by = Some(action);
        self
    }

    /// Recorded when someone of another organisation does it.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Only so often.
    pub const fn paced(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }
}

/// What a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The platform.
    Platform,
    /// England.
    England,
    /// The organisation whose code is this part of the path.
    Path(&'static str),
}

/// What is asked for, once the path is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The platform.
    Platform,
    /// An organisation, known or not.
    Organisation(OdsCode),
    /// What stands in the place of a code and is none.
    NoCode,
}

impl Resource {
    /// The organisation.
    pub fn organisation(self) -> Option<OdsCode> {
        match self {
            Resource::Organisation(code) => Some(code),
            Resource::Platform | Resource::NoCode => None,
        }
    }
}
