//! One entry of a history: who, when, what, and what it changed from and to.

use jiff::Timestamp;
use proto::{Day, EventHash, Header, OdsCode, Position, Role, Subject, envelope::Provenance};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most characters of a value in an entry; the event has it whole.
const VALUE_MAX_CHARS: usize = 300;

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    /// Where its event stands.
    #[schema(value_type = u64)]
    pub position: Position,
    /// The event's id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Uuid,
    /// What happened: the event's type.
    pub what: String,
    /// The organisation it is about.
    #[schema(value_type = Option<String>)]
    pub organisation: Option<OdsCode>,
    /// The requirement it is about.
    pub requirement: Option<String>,
    /// When it was recorded.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// The day it took effect.
    #[schema(value_type = String, format = "date")]
    pub effective: Day,
    /// Who did it: `person:<id>`, `key:<id>` or `system:<what>`.
    pub actor: String,
    /// In which role.
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// The organisation at which the role is held.
    #[schema(value_type = Option<String>)]
    pub at: Option<OdsCode>,
    /// For which other organisation.
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<OdsCode>,
    /// The command it answers.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub command: Option<Uuid>,
    /// The request it came with.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub request: Option<Uuid>,
    /// What it changed; of a first event all that it says.
    pub changes: Vec<FieldChange>,
    /// The hash of its body, which the next event of the same subject carries.
    #[schema(value_type = String)]
    pub hash: EventHash,
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChange {
    /// Which.
    pub field: String,
    /// What it was; none: nothing.
    pub from: Option<String>,
    /// What it is; none: nothing any more.
    pub to: Option<String>,
}

/// Parts of an event's data that are what it says, and not a thing within it.
const TRANSPARENT: [&str; 3] = ["listing", "given", "action"];

/// An event that was read, and what a later one is compared with.
#[derive(Debug, Clone)]
pub struct Told {
    /// The entry, its changes not yet worked out.
    pub entry: Entry,
    /// What it is about within its subject: events of the same thing are compared.
    pub thing: String,
    fields: Map<String, Value>,
}

impl Told {
    /// Reads an event; none where it is none.
    pub fn read(position: Position, body: &[u8]) -> Option<Self> {
        let header = Header::read(body).ok()?;
        let Provenance { by, command_id, correlation_id, .. } = Provenance::read(body).ok()?;
        let data: Value = serde_json::from_slice(header.data).ok()?;
        let text = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);
        // What an answer or action is about stands within it.
        let inner = |name: &str| {
            let within = TRANSPARENT.iter().filter_map(|part| data.get(part)?.get(name)?.as_str());
            within.map(str::to_owned).next()
        };
        let requirement = text("requirement").or_else(|| inner("requirement"));
        let number = data.get("number").map(ToString::to_string).unwrap_or_default();
        let kind = header.kind.replace("-amended.", "-listed.");
        let thing =
            format!("{} {kind} {} {number}", header.subject, requirement.as_deref().unwrap_or_default());
        let mut fields = Map::new();
        flatten("", &data, &mut fields);
        let about = header
            .subject
            .parse::<Subject>()
            .ok()
            .and_then(|subject| subject.organisation())
            .or_else(|| text("about").and_then(|code| code.parse().ok()))
            .or_else(|| text("organisation").and_then(|code| code.parse().ok()));
        let entry = Entry {
            position,
            id: header.id,
            what: header.kind.clone().into_owned(),
            organisation: about,
            requirement,
            time: header.time,
            effective: header.effective_day(),
            actor: by.actor.as_str().to_owned(),
            role: by.role,
            at: by.organisation,
            on_behalf_of: by.on_behalf_of,
            command: command_id,
            request: correlation_id,
            changes: Vec::new(),
            hash: EventHash::of(body),
        };
        Some(Self { entry, thing, fields })
    }

    /// The entry with what changed since the event before it of the same thing.
    pub fn after(self, before: Option<&Told>) -> Entry {
        let nothing = Map::new();
        let old = before.map_or(&nothing, |before| &before.fields);
        let mut changes: Vec<FieldChange> = self
            .fields
            .iter()
            .filter(|(field, value)| old.get(*field) != Some(*value))
            .map(|(field, value)| FieldChange {
                field: field.clone(),
                from: old.get(field).map(shown),
                to: Some(shown(value)),
            })
            .collect();
        changes.extend(
            old.iter().filter(|(field, _)| !self.fields.contains_key(*field)).map(|(field, value)| {
                FieldChange { field: field.clone(), from: Some(shown(value)), to: None }
            }),
        );
        Entry { changes, ..self.entry }
    }
}

/// The fields within fields, each under its path; lists and the names of what the event is about stay
/// whole or out.
fn flatten(path: &str, value: &Value, fields: &mut Map<String, Value>) {
    const ABOUT: [&str; 5] = ["organisation", "edition", "requirement", "as_of", "changed"];
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let outermost = path.is_empty() || TRANSPARENT.contains(&path);
                if outermost && ABOUT.contains(&name.as_str()) {
                    continue;
                }
                let inner = if outermost { name.clone() } else { format!("{path}.{name}") };
                flatten(&inner, value, fields);
            }
        }
        Value::Null => {}
        value => {
            fields.insert(path.to_owned(), value.clone());
        }
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    text.chars().take(VALUE_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(position: u64, answer: u8, comment: &str) -> Told {
        let body = format!(
            r#"{{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/assessments","type":"oversight.assessments.requirement-answered.v1","subject":"oversight.assessments.A81001_igt-14_1","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"person:6f1f9a52-6d0e-5d2b-9a55-0b2f3c1f7a10","actorrole":"ccg-officer","actororganisation":"00K","onbehalfof":"A81001","data":{{"organisation":"A81001","requirement":"14-117","answer":{{"level":{answer}}},"comment":"{comment}"}}}}"#
        );
        Told::read(Position(position), body.as_bytes()).unwrap()
    }

    #[test]
    fn an_entry_says_who_did_what_for_whom_and_what_it_changed() {
        let (first, second) = (told(1, 1, "Policy drafted."), told(2, 2, "Policy drafted."));
        assert_eq!(first.thing, second.thing);
        let entry = second.after(Some(&first));
        assert_eq!(entry.organisation, Some("A81001".parse().unwrap()));
        assert_eq!((entry.role, entry.at), (Some(Role::CcgOfficer), Some("00K".parse().unwrap())));
        assert_eq!(entry.on_behalf_of, entry.organisation);
        assert_eq!(entry.requirement.as_deref(), Some("14-117"));
        let changed = FieldChange {
            field: "answer.level".to_owned(),
            from: Some("1".to_owned()),
            to: Some("2".to_owned()),
        };
        assert_eq!(entry.changes, [changed]);
        assert_eq!(first.after(None).changes.len(), 2, "of a first event all that it says");
    }
}
