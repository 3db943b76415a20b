//! One entry of a history: who, when, what, and what it changed from and to.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::Timestamp;
use proto::{Content, Day, EventHash, Header, OdsCode, Position, Role, envelope::Provenance};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::thing::{About, TRANSPARENT};

/// Something that someone did.
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
    /// The edition of a toolkit it is about.
    pub edition: Option<String>,
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
    /// The hash of its body, which the next event of the same subject carries. None where what it says is withheld:
    /// short words can be guessed by their hash.
    #[schema(value_type = Option<String>)]
    pub hash: Option<EventHash>,
    /// Whose words it holds.
    #[serde(skip)]
    pub content: Content,
}

impl Entry {
    /// Leaves out what it says: that it happened stays.
    pub fn withhold(&mut self) {
        self.changes.clear();
        self.hash = None;
    }
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

/// An event that was read, and what another can be compared with.
#[derive(Debug, Clone)]
pub struct Told {
    /// The entry, its changes not yet worked out.
    entry: Entry,
    fields: BTreeMap<String, Field>,
}

/// A field of an event, and the outermost field of its data that it stands in.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    outermost: String,
    value: Value,
}

impl Told {
    /// Reads an event; none where it is none.
    pub fn read(position: Position, body: &[u8]) -> Option<Self> {
        let header = Header::read(body).ok()?;
        let Provenance { by, command_id, correlation_id, .. } = Provenance::read(body).ok()?;
        let about = About::read(&header);
        let data: Value = serde_json::from_slice(header.data).ok()?;
        let mut fields = BTreeMap::new();
        flatten("", "", &data, &mut fields);
        let entry = Entry {
            position,
            id: header.id,
            what: header.kind.clone().into_owned(),
            organisation: about.organisation,
            requirement: about.requirement.map(Cow::into_owned),
            edition: data.get("edition").and_then(Value::as_str).map(str::to_owned),
            time: header.time,
            effective: header.effective_day(),
            actor: by.actor.as_str().to_owned(),
            role: by.role,
            at: by.organisation,
            on_behalf_of: by.on_behalf_of,
            command: command_id,
            request: correlation_id,
            changes: Vec::new(),
            hash: Some(EventHash::of(body)),
            content: Content::of(header.subject.parse().ok().as_ref()),
        };
        Some(Self { entry, fields })
    }

    /// The organisation it is about.
    pub fn organisation(&self) -> Option<OdsCode> {
        self.entry.organisation
    }

    /// The entry with what changed since the last event of the same thing.
    pub fn after(self, before: Option<&Told>) -> Entry {
        let nothing = BTreeMap::new();
        let old = before.map_or(&nothing, |before| &before.fields);
        let was = |field: &String| old.get(field).map(|field| &field.value);
        let mut changes: Vec<FieldChange> = self
            .fields
            .iter()
            .filter(|(field, new)| was(field) != Some(&new.value))
            .map(|(field, new)| FieldChange {
                field: field.clone(),
                from: was(field).map(shown),
                to: Some(shown(&new.value)),
            })
            .collect();
        // An event of another type may leave out what it does not speak of.
        let same_type = before.is_some_and(|before| before.entry.what == self.entry.what);
        let speaks_of = |outermost: &str| self.fields.values().any(|field| field.outermost == outermost);
        let gone = old.iter().filter(|(field, _)| !self.fields.contains_key(*field));
        changes.extend(gone.filter(|(_, old)| same_type || speaks_of(&old.outermost)).map(|(field, old)| {
            FieldChange { field: field.clone(), from: Some(shown(&old.value)), to: None }
        }));
        Entry { changes, ..self.entry }
    }
}

/// The fields within fields, each under its path. Lists stay whole; what the event is about, and the
/// hashes of secrets, stay out.
fn flatten(path: &str, outermost: &str, value: &Value, fields: &mut BTreeMap<String, Field>) {
    const LEFT_OUT: [&str; 7] =
        ["organisation", "edition", "requirement", "as_of", "changed", "secret", "fingerprint"];
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_outer = path.is_empty() || TRANSPARENT.contains(&path);
                // What an event is about is named by a code; one that holds the thing itself says what it is.
                if is_outer && LEFT_OUT.contains(&name.as_str()) && !value.is_object() {
                    continue;
                }
                let inner = if is_outer { name.clone() } else { format!("{path}.{name}") };
                flatten(&inner, if outermost.is_empty() { name } else { outermost }, value, fields);
            }
        }
        Value::Null => {}
        value => {
            fields.insert(path.to_owned(), Field { outermost: outermost.to_owned(), value: value.clone() });
        }
    }
}

/// A value in words: of a list each of its parts, of a part with a name first the name.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.is_empty() => "none".to_owned(),
        Value::Array(parts) => match &parts[..] {
            [name @ (Value::String(_) | Value::Number(_)), of @ (Value::Object(_) | Value::Array(_))] => {
                format!("{}: {}", shown(name), shown(of))
            }
            parts => parts.iter().map(shown).collect::<Vec<_>>().join("; "),
        },
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{} {}", name.replace(['-', '_'], " "), shown(value))
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    }
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

    fn of(kind: &str, data: &str) -> Told {
        let body = format!(
            r#"{{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/x","type":"oversight.{kind}.v1","subject":"oversight.suppliers.supplier_8hp68","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"system:test","data":{data}}}"#
        );
        Told::read(Position(1), body.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_left_out_has_gone_unless_the_event_does_not_speak_of_it() {
        let registered = of(
            "suppliers.supplier-registered",
            r#"{"supplier":"8hp68","details":{"legal_name":"A","company_number":"1"},"listing":{"list":"dsp-toolkit"}}"#,
        );
        let amended =
            of("suppliers.supplier-amended", r#"{"supplier":"8hp68","details":{"legal_name":"A"}}"#);
        let gone =
            FieldChange { field: "details.company_number".to_owned(), from: Some("1".to_owned()), to: None };
        assert_eq!(amended.after(Some(&registered)).changes, [gone], "nothing is said of the list");
        let (said, silent) = (of("x.y", r#"{"reason":"late"}"#), of("x.y", "{}"));
        let gone = FieldChange { field: "reason".to_owned(), from: Some("late".to_owned()), to: None };
        assert_eq!(silent.after(Some(&said)).changes, [gone]);
    }

    #[test]
    fn lists_are_told_in_words() {
        for (data, told) in [
            (r#"{"covers":["premises","power"]}"#, "premises; power"),
            (
                r#"{"answers":[["14-114",{"level":2}],["14-318",{"not-relevant":{"reason":"None here."}}]]}"#,
                "14-114: level 2; 14-318: not relevant reason None here.",
            ),
            (r#"{"due":[[1,"2018-08-31"]]}"#, "1; 2018-08-31"),
            (r#"{"lessons":[]}"#, "none"),
            (r#"{"percentage":63}"#, "63"),
        ] {
            let entry = of("x.y", data).after(None);
            assert_eq!(entry.changes[0].to.as_deref(), Some(told), "{data}");
        }
    }

    #[test]
    fn no_secret_is_told() {
        let entry = of("access.key-issued", r#"{"purpose":"nightly export","secret":"abc"}"#).after(None);
        let [purpose] = &entry.changes[..] else { panic!("{:?}", entry.changes) };
        assert_eq!((purpose.field.as_str(), purpose.to.as_deref()), ("purpose", Some("nightly export")));
    }

    #[test]
    fn every_event_there_ever_was_is_told_with_what_it_says() {
        // Those that say what they say by their type and what they are about.
        const SAY_NOTHING_MORE: [&str; 5] = [
            "oversight.assessments.requirement-reviewed.v1",
            "oversight.access.account-enabled.v1",
            "oversight.access.sessions-ended.v1",
            "oversight.onsite.assessment-agreed.v1",
            "oversight.onsite.assessment-closed.v1",
        ];
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/samples");
        let mut told = 0;
        for folder in std::fs::read_dir(samples).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let entry = Told::read(Position(1), &std::fs::read(&path).unwrap()).unwrap().after(None);
                let said = entry.changes.len();
                assert!(said > 0 || SAY_NOTHING_MORE.contains(&entry.what.as_str()), "{}", path.display());
                let has_own = [
                    "suppliers.supplier",
                    "suppliers.listing",
                    "suppliers.import",
                    "suppliers.claim",
                    "onsite.import",
                    "assessments.edition",
                    "assessments.import",
                    "organisations.import",
                    "access",
                ];
                let subject = std::fs::read_to_string(&path).unwrap();
                if !has_own.iter().any(|part| {
                    subject.contains(&format!("oversight.{part}")) || subject.contains("oversight-access")
                }) {
                    assert!(entry.organisation.is_some(), "{}", path.display());
                }
                told += 1;
            }
        }
        assert!(told > 60, "{told}");
    }
}
