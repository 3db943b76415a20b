//! Who asks: no one in particular, or someone in a role at an organisation.

use jiff::Timestamp;
use proto::{Actor, By, OdsCode, PersonId, Role};
use uuid::Uuid;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Anyone, not signed in.
    Public,
    /// Someone who has shown who they are.
    Holder(Holder),
}

/// Someone in a role at an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub actor: Actor,
    /// What they are.
    pub role: Role,
    /// Where they are it.
    pub organisation: OdsCode,
    /// The session they came with; none: an API key or a token.
    pub session: Option<Uuid>,
    /// What they have opened in an emergency.
    pub glass: Option<Glass>,
}

/// An organisation opened in an emergency to someone it is closed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glass {
    /// Which one.
    pub organisation: OdsCode,
    /// Until when.
    pub until: Timestamp,
}

/// All of someone that decisions go by: who bears the same may do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bears {
    /// Their role; none: the public.
    pub role: Option<Role>,
    /// Where they have it.
    pub organisation: Option<OdsCode>,
    /// What broken glass still opens to them.
    pub glass: Option<OdsCode>,
}

impl Holder {
    /// A person.
    pub fn person(id: PersonId, role: Role, organisation: OdsCode) -> Self {
        Self { actor: Actor::person(id), role, organisation, session: None, glass: None }
    }

    /// The role and where it is held, in words.
    pub fn words(&self) -> String {
        format!("{}, {}", self.role.words(), self.organisation)
    }
}

impl Principal {
    /// The holder, where it is one.
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Principal::Public => None,
            Principal::Holder(holder) => Some(holder),
        }
    }

    /// What decisions about them go by.
    pub(super) fn bears(&self, now: Timestamp) -> Bears {
        let holder = self.holder();
        Bears {
            role: holder.map(|holder| holder.role),
            organisation: holder.map(|holder| holder.organisation),
            glass: holder
                .and_then(|holder| holder.glass)
                .filter(|glass| glass.until > now)
                .map(|glass| glass.organisation),
        }
    }

    /// How events name them when they act for an organisation.
    pub fn by(&self, about: Option<OdsCode>) -> By {
        match self {
            Principal::Public => By::system("public"),
            Principal::Holder(holder) => By {
                actor: holder.actor.clone(),
                role: Some(holder.role),
                organisation: Some(holder.organisation),
                on_behalf_of: about.filter(|about| *about != holder.organisation),
            },
        }
    }
}
