//! What an event says, beside that it happened: the words of practices and assessors.
//!
//! Someone may be told who did what, when and about whom, and still have no business with the answer, the
//! comment, the finding or the plan itself. Whose words an event holds is decided here, by where it stands
//! ([`Content::of`]), and so is what is left of it without them ([`without_content`]): what is known to be
//! harmless stays, all else goes. An event of a kind that no one here knows yet is cut like any other.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    codes::OdsCode,
    subject::{REGISTER, Service, Subject},
};

/// The attribute by which an event without its content says so.
const WITHHELD: &str = "contentwithheld";

/// The attributes of the envelope that say who did what, when and about whom, in the order written. The hash of
/// what was sent and of the event before are not among them: short content can be guessed by its hash.
const ENVELOPE: [&str; 14] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "actor",
    "actorrole",
    "actororganisation",
    "onbehalfof",
    "effective",
    "commandid",
    "correlationid",
];

/// Fields of the data that say by a code what an event is about.
const CODES: [&str; 4] = ["organisation", "edition", "requirement", "import"];

/// Fields of the data that say by a number what an event is about. A text in their place is content.
const NUMBERS: [&str; 6] = ["number", "finding", "action", "lesson", "check", "version"];

/// The most characters of a code.
const CODE_MAX_CHARS: usize = 40;

/// The most characters of an attribute of the envelope.
const ATTRIBUTE_MAX_CHARS: usize = 200;

/// Whose words an event holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// No one's: what national files list, what was decided for everyone, and suppliers, whose records are public.
    Public,
    /// An organisation's, and of those who wrote about it.
    Of(OdsCode),
    /// Words that are for none but those who may read all there is.
    Restricted,
}

impl Content {
    /// By where an event stands; nowhere: it cannot be read.
    pub fn of(subject: Option<&Subject>) -> Self {
        let Some(subject) = subject else { return Content::Restricted };
        let organisation = subject.organisation();
        match (subject.service(), organisation) {
            (Service::Organisations, _) => Content::Public,
            // The national register of published results.
            (Service::Assessments, Some(_)) if is_of_the_register(subject) => Content::Public,
            (
                Service::Assessments | Service::Suppliers | Service::Onsite | Service::Continuity,
                Some(code),
            ) => Content::Of(code),
            (Service::Assessments | Service::Suppliers, None) => Content::Public,
            (Service::Onsite | Service::Continuity, None) | (Service::Access | Service::Projection, _) => {
                Content::Restricted
            }
        }
    }
}

fn is_of_the_register(subject: &Subject) -> bool {
    subject.aggregate().split_once('_').is_some_and(|(first, _)| first == REGISTER)
}

/// An event without its content: who did what, when, and about whom. Nothing where it is no event.
pub fn without_content(body: &[u8]) -> Option<Vec<u8>> {
    let event: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let attributes = ENVELOPE.into_iter().filter_map(|name| {
        let value = event.get(name).filter(|value| is_a_word(value, ATTRIBUTE_MAX_CHARS))?;
        Some((name, value))
    });
    let data = event.get("data").and_then(Value::as_object);
    let kept = |names: &'static [&'static str], keeps: fn(&Value) -> bool| {
        names.iter().filter_map(move |name| Some((*name, data?.get(*name).filter(|value| keeps(value))?)))
    };
    let data: Map<String, Value> = kept(&CODES, |value| is_a_word(value, CODE_MAX_CHARS))
        .chain(kept(&NUMBERS, Value::is_u64))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    // An object writes its fields in the order of their names; an envelope begins as every envelope does.
    let mut written = b"{".to_vec();
    for (name, value) in attributes {
        attribute(&mut written, name, value)?;
    }
    attribute(&mut written, WITHHELD, &true)?;
    attribute(&mut written, "data", &data)?;
    written.pop();
    written.push(b'}');
    Some(written)
}

fn attribute(written: &mut Vec<u8>, name: &str, value: &impl Serialize) -> Option<()> {
    serde_json::to_writer(&mut *written, name).ok()?;
    written.push(b':');
    serde_json::to_writer(&mut *written, value).ok()?;
    written.push(b',');
    Some(())
}

/// Whether a value is a code or a name of the contract: no one writes a sentence without a blank.
fn is_a_word(value: &Value, max_chars: usize) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"._-:/+".contains(&letter);
    value.as_str().is_some_and(|text| text.len() <= max_chars && text.bytes().all(fits))
}

/// Whether an event came without its content.
pub fn is_withheld(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Said {
        #[serde(default)]
        contentwithheld: bool,
    }
    serde_json::from_slice::<Said>(body).is_ok_and(|said| said.contentwithheld)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_words_an_event_holds_is_seen_from_where_it_stands() {
        let of = |code: &str| Content::Of(code.parse().unwrap());
        for (subject, content) in [
            ("oversight.organisations.A81001", Content::Public),
            ("oversight.organisations.import_a05991e6-3d77-54c4-b3f2-dce08247f1dd", Content::Public),
            ("oversight.assessments.A81001_dspt-2018-19", of("A81001")),
            ("oversight.assessments.register_A81001", Content::Public),
            ("oversight.assessments.edition_dspt-2018-19", Content::Public),
            ("oversight.assessments.import_a05991e6-3d77-54c4-b3f2-dce08247f1dd", Content::Public),
            ("oversight.suppliers.buyer_A81001", of("A81001")),
            ("oversight.suppliers.supplier_8hp68", Content::Public),
            ("oversight.onsite.A81001_2", of("A81001")),
            ("oversight.onsite.import_a05991e6-3d77-54c4-b3f2-dce08247f1dd", Content::Restricted),
            ("oversight.continuity.A81001", of("A81001")),
            ("oversight.continuity.some_thing", Content::Restricted),
            ("oversight.access.key-1", Content::Restricted),
        ] {
            assert_eq!(Content::of(Some(&subject.parse().unwrap())), content, "{subject}");
        }
        assert_eq!(Content::of(None), Content::Restricted);
    }

    #[test]
    fn what_is_left_says_who_did_what_when_and_about_what() {
        let body = br#"{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/onsite","type":"oversight.onsite.finding-recorded.v1","subject":"oversight.onsite.A81001_1","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"person:6f1f9a52-6d0e-5d2b-9a55-0b2f3c1f7a10","actorrole":"assessor","note":"Locked","commandcontent":"00","previous":"ab","data":{"organisation":"A81001","number":1,"finding":2,"action":"Lock","answer":"met","weakness":"Doors","requirement":"the door is open"}}"#;
        let left = String::from_utf8(without_content(body).unwrap()).unwrap();
        assert!(left.starts_with(r#"{"specversion":"1.0","id":"5b6a5b5e"#), "{left}");
        let kept: Value = serde_json::from_str(&left).unwrap();
        let data = serde_json::json!({ "finding": 2, "number": 1, "organisation": "A81001" });
        assert_eq!((&kept["actorrole"], &kept["data"]), (&"assessor".into(), &data), "{left}");
        for gone in ["Lock", "met", "Doors", "door", "commandcontent", "previous"] {
            assert!(!left.contains(gone), "{gone}: {left}");
        }
        assert!(is_withheld(left.as_bytes()) && !is_withheld(body) && !is_withheld(b"junk"));
        for junk in [&b""[..], b"junk", b"[1]", b"7"] {
            assert_eq!(without_content(junk), None);
        }
    }
}
