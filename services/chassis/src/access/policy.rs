//! The policies: who may do what, as Cedar policies, one file a service.
//!
//! A policy speaks of a holder in a role at an organisation, an action of the service, and an
//! organisation or the platform. Nothing is allowed that no policy permits. Files are parsed and
//! checked against their schema when a process starts, and it does not start with one that is wrong.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, SchemaFragment, ValidationMode, Validator,
};
use jiff::Timestamp;
use proto::OdsCode;

use super::{Action, Principal, Resource, hierarchy::Hierarchy, principal::Bears};

const COMMON: &str = include_str!("common.cedarschema");

/// What a service brings: its policies, and the schema of its actions.
#[derive(Debug, Clone, Copy)]
pub struct ServicePolicy {
    /// The service.
    pub service: &'static str,
    /// The policies.
    pub policies: &'static str,
    /// The actions they speak of.
    pub schema: &'static str,
}

/// Why the policies cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the access policy of {service} cannot be used: {reason}")]
pub struct PolicyError {
    /// Whose.
    pub service: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// The policies of all services of a process.
pub struct Policies {
    set: PolicySet,
    actions: HashMap<Action, EntityUid>,
    holder: EntityTypeName,
    role: EntityTypeName,
    organisation: EntityTypeName,
    platform: EntityUid,
    england: EntityUid,
    authorizer: Authorizer,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policies").field("actions", &self.actions.len()).finish_non_exhaustive()
    }
}

/// The common words and the actions of some services.
fn schema(parts: &[ServicePolicy]) -> Result<Schema, PolicyError> {
    let mut fragments = Vec::new();
    for (service, text) in
        std::iter::once(("the chassis", COMMON)).chain(parts.iter().map(|part| (part.service, part.schema)))
    {
        let fail = |reason: String| PolicyError { service, reason };
        let (fragment, warnings) =
            SchemaFragment::from_cedarschema_str(text).map_err(|error| fail(error.to_string()))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(fail(warning.to_string()));
        }
        fragments.push(fragment);
    }
    Schema::from_schema_fragments(fragments)
        .map_err(|error| PolicyError { service: "all services together", reason: error.to_string() })
}

impl Policies {
    /// Parses and checks the policies of the services of a process.
    pub fn of(parts: &[ServicePolicy]) -> Result<Self, PolicyError> {
        let schema = schema(parts)?;
        let validator = Validator::new(schema.clone());
        let mut set = PolicySet::new();
        for part in parts {
            let fail = |reason: String| PolicyError { service: part.service, reason };
            let own: PolicySet = part.policies.parse().map_err(|error| fail(format!("{error}")))?;
            let checked = validator.validate(&own, ValidationMode::Strict);
            if !checked.validation_passed_without_warnings() {
                let faults: Vec<String> = checked
                    .validation_errors()
                    .map(ToString::to_string)
                    .chain(checked.validation_warnings().map(ToString::to_string))
                    .collect();
                return Err(fail(faults.join("; ")));
            }
            set.merge(&own, true).map_err(|error| fail(error.to_string()))?;
        }
        let of_type = |name: &str| -> Result<EntityTypeName, PolicyError> {
            name.parse().map_err(|error| PolicyError {
                service: "the chassis",
                reason: format!("{name} is no type: {error}"),
            })
        };
        let organisation = of_type("Organisation")?;
        Ok(Self {
            set,
            actions: HashMap::new(),
            holder: of_type("Holder")?,
            role: of_type("Role")?,
            platform: EntityUid::from_type_name_and_id(of_type("Platform")?, EntityId::new("oversight")),
            england: EntityUid::from_type_name_and_id(organisation.clone(), EntityId::new(OdsCode::ENGLAND)),
            organisation,
            authorizer: Authorizer::new(),
        }
        .knowing(&schema))
    }

    /// Notes the actions that the schemas declare.
    fn knowing(mut self, schema: &Schema) -> Self {
        for uid in schema.actions() {
            let service = uid.type_name().namespace();
            // Declared once a process starts, of names that never change: a few dozen in all.
            let action = Action::new(leak(service), leak(uid.id().unescaped().to_owned()));
            self.actions.insert(action, uid.clone());
        }
        self
    }

    /// Whether a schema declares an action. Of one that none does, nothing is ever permitted.
    pub fn knows(&self, action: Action) -> bool {
        self.actions.contains_key(&action)
    }

    /// The actions that the schemas declare, in order.
    pub fn actions(&self) -> Vec<Action> {
        let mut actions: Vec<Action> = self.actions.keys().copied().collect();
        actions.sort_unstable();
        actions
    }

    /// Whether a policy permits it. Some ten microseconds; see [`Gate`](super::Gate) for why requests do
    /// not pay them each time.
    pub fn permit(
        &self,
        principal: &Principal,
        action: Action,
        resource: Resource,
        hierarchy: &Hierarchy,
        now: Timestamp,
    ) -> bool {
        let permitted = self.ask(principal, action, resource, hierarchy, now);
        permitted.unwrap_or_else(|reason| {
            tracing::error!(%action, reason, "a decision could not be made, and so the answer is no");
            false
        })
    }

    fn ask(
        &self,
        principal: &Principal,
        action: Action,
        resource: Resource,
        hierarchy: &Hierarchy,
        now: Timestamp,
    ) -> Result<bool, String> {
        let Some(action) = self.actions.get(&action) else { return Err("no schema declares it".to_owned()) };
        let mut entities = Vec::with_capacity(6);
        let Bears { role, organisation, glass } = principal.bears(now);
        let role = role.map_or("public", |role| role.name());
        let role = self.uid(&self.role, role);
        let who = self.uid(&self.holder, "who");
        let mut attributes: HashMap<String, RestrictedExpression> = HashMap::new();
        for (name, code) in [("organisation", organisation), ("glass", glass)] {
            if let Some(code) = code {
                let uid = self.uid(&self.organisation, code.as_str());
                attributes.insert(name.to_owned(), RestrictedExpression::new_entity_uid(uid));
            }
        }
        entities.push(Entity::new_no_attrs(role.clone(), HashSet::new()));
        entities.push(
            Entity::new(who.clone(), attributes, HashSet::from([role])).map_err(|error| error.to_string())?,
        );
        let what = match resource {
            Resource::Platform => self.platform.clone(),
            Resource::Organisation(code) => self.add(code, hierarchy, &mut entities),
            // A code that no one can have: in England, as any body is, and in nothing else.
            Resource::NoCode => {
                let uid = self.uid(&self.organisation, "?");
                entities.push(Entity::new_no_attrs(uid.clone(), HashSet::from([self.england.clone()])));
                uid
            }
        };
        let request = Request::new(who, action.clone(), what, Context::empty(), None)
            .map_err(|error| error.to_string())?;
        let entities = Entities::from_entities(entities, None).map_err(|error| error.to_string())?;
        let answer = self.authorizer.is_authorized(&request, &self.set, &entities);
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(error.to_string());
        }
        Ok(answer.decision() == Decision::Allow)
    }

    /// An organisation with all that it stands under.
    fn add(&self, code: OdsCode, hierarchy: &Hierarchy, entities: &mut Vec<Entity>) -> EntityUid {
        let uid = self.uid(&self.organisation, code.as_str());
        if uid != self.england {
            let mut above: HashSet<EntityUid> = hierarchy
                .above(code)
                .codes()
                .map(|code| self.uid(&self.organisation, code.as_str()))
                .collect();
            above.insert(self.england.clone());
            entities.push(Entity::new_no_attrs(uid.clone(), above));
        }
        uid
    }

    fn uid(&self, kind: &EntityTypeName, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
    }
}

/// A name for as long as the process runs.
fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}
