//! What an event is about, so that it can be compared with the one before it of the same thing.

use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use proto::{Header, OdsCode, Service, Stream, Subject};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Parts of an event's data that are what it says, and not a thing within it.
pub(super) const TRANSPARENT: [&str; 3] = ["listing", "given", "action"];

/// The fields by which an event says which of several things of its subject it is about.
const NAMES_A_THING: [&str; 10] = [
    "requirement",
    "number",
    "action",
    "finding",
    "lesson",
    "certificate",
    "service",
    "used",
    "sub_supplier",
    "organisation_type",
];

/// Types of events of which each is about something else: what happened once, and is no state of
/// anything that another one could change. `partner` and `entry` name a thing in some of them alone.
const HAPPENED_ONCE: [&str; 22] = [
    "calendar-opened",
    "calendar-revoked",
    "certificate-held-for-review",
    "certificate-rejected",
    "exported",
    "glass-broken",
    "glass-closed",
    "glass-seen",
    "listing-held",
    "listing-matched",
    "listing-parted",
    "listing-rejected",
    "person-corrected",
    "person-removed",
    "refused",
    "reliance-ended",
    "row-settled",
    "row-waiting",
    "sensitive-read",
    "sign-in-refused",
    "signed-in",
    "signed-out",
];

/// Types of events that tell anew what another type told first.
const TELLS_ANEW: [(&str, &str); 6] = [
    ("practice-amended", "practice-listed"),
    ("organisation-amended", "organisation-listed"),
    ("supplier-amended", "supplier-registered"),
    ("service-amended", "service-offered"),
    ("certificate-renewed", "certificate-recorded"),
    ("plan-reviewed", "plan-approved"),
];

/// A thing within a subject, as a number: two things have the same one by a chance of 2^-64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thing(u64);

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About<'a> {
    /// The organisation.
    pub organisation: Option<OdsCode>,
    /// The requirement of a toolkit.
    pub requirement: Option<Cow<'a, str>>,
    /// The thing within its subject; none where it is compared with nothing.
    pub thing: Option<Thing>,
    /// The thing whose last event it is compared with: its own, or the one it takes the place of.
    pub compared_with: Option<Thing>,
}

impl<'a> About<'a> {
    /// Reads what an event is about. Data that are no object are about their subject alone.
    pub fn read(header: &Header<'a>) -> Self {
        let named: Named<'a> = serde_json::from_slice(header.data).unwrap_or_default();
        let subject = header.subject.parse::<Subject>().ok();
        let organisation = subject.as_ref().and_then(Subject::organisation).or_else(|| {
            // What the access log holds, and what a delivery partner is told of, names it in its data.
            let code = named.about.or(named.organisation)?;
            text_of(code)?.parse().ok()
        });
        let renews = named.renews.map(RawValue::get);
        let name = told_as(&header.kind);
        let is_thing = !HAPPENED_ONCE.contains(&name);
        let thing = |certificate: Option<&str>| {
            let mut hasher = DefaultHasher::new();
            (&header.subject, name).hash(&mut hasher);
            for (name, value) in &named.things {
                let value = if *name == "certificate" { certificate.unwrap_or(value) } else { value };
                (name, value).hash(&mut hasher);
            }
            Thing(hasher.finish())
        };
        Self {
            organisation,
            thing: is_thing.then(|| thing(None)),
            compared_with: is_thing.then(|| thing(renews)),
            requirement: named.requirement.and_then(text_of),
        }
    }
}

/// `practice-listed` of `oversight.organisations.practice-amended.v1`: the name without service and
/// version, of what it tells anew.
fn told_as(kind: &str) -> &str {
    let name = kind.rsplit('.').nth(1).unwrap_or(kind);
    TELLS_ANEW.iter().find(|(anew, _)| *anew == name).map_or(name, |(_, first)| first)
}

/// The service that writes events of a type.
pub(super) fn service_of(kind: &str) -> Option<Service> {
    kind.strip_prefix(Stream::Events.root())?.strip_prefix('.')?.split_once('.')?.0.parse().ok()
}

fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// The few fields of an event's data that say what it is about; the others are not looked at.
#[derive(Debug, Default)]
struct Named<'a> {
    things: Vec<(&'static str, &'a str)>,
    requirement: Option<&'a RawValue>,
    organisation: Option<&'a RawValue>,
    about: Option<&'a RawValue>,
    renews: Option<&'a RawValue>,
}

impl<'a> Named<'a> {
    fn take(&mut self, name: &'static str, value: &'a RawValue) {
        if name == "requirement" {
            self.requirement = Some(value);
        }
        self.things.push((name, value.get()));
    }
}

impl<'de> Deserialize<'de> for Named<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Named<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<'de>, A::Error> {
                let mut named = Named::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if let Some(part) = TRANSPARENT.into_iter().find(|part| *part == name) {
                        let value: &'de RawValue = map.next_value()?;
                        match serde_json::from_str::<Named<'de>>(value.get()) {
                            // Within it only the requirement is a name; the rest is what is said.
                            Ok(within) => {
                                named.requirement = named.requirement.or(within.requirement);
                                named.things.extend(
                                    within.things.into_iter().filter(|(name, _)| *name == "requirement"),
                                );
                            }
                            // The number of an action, and not the action itself.
                            Err(_) if NAMES_A_THING.contains(&part) => named.take(part, value),
                            Err(_) => {}
                        }
                    } else if let Some(name) = NAMES_A_THING.into_iter().find(|known| *known == name) {
                        named.take(name, map.next_value()?);
                    } else {
                        match &*name {
                            "organisation" => named.organisation = Some(map.next_value()?),
                            "about" => named.about = Some(map.next_value()?),
                            "renews" => named.renews = Some(map.next_value()?),
                            _ => drop(map.next_value::<IgnoredAny>()?),
                        }
                    }
                }
                Ok(named)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &str, subject: &str, data: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/x","type":"oversight.{kind}.v1","subject":"oversight.{subject}","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"system:test","data":{data}}}"#
        )
    }

    /// Whether an event of one type and data is compared with another before it.
    fn is_compared(subject: &str, (kind, data): (&str, &str), (before, told): (&str, &str)) -> bool {
        let (now, then) = (body(kind, subject, data), body(before, subject, told));
        let read = |body: &str| {
            let header = Header::read(body.as_bytes()).unwrap();
            let about = About::read(&header);
            (about.thing, about.compared_with)
        };
        let compared = read(&now).1;
        compared.is_some() && compared == read(&then).0
    }

    #[test]
    fn an_event_is_compared_with_the_last_one_of_the_same_thing() {
        let assessment = "assessments.A81001_igt-14_1";
        let answered =
            |requirement| format!(r#"{{"given":{{"requirement":"{requirement}","comment":"x"}}}}"#);
        let (one, other) = (answered("14-117"), answered("14-114"));
        let kind = "assessments.requirement-answered";
        assert!(is_compared(assessment, (kind, &one), (kind, &one)));
        assert!(!is_compared(assessment, (kind, &one), (kind, &other)));

        let visit = "onsite.A81001_1";
        let found = |number| format!(r#"{{"number":1,"finding":{number}}}"#);
        let kind = "onsite.finding-recorded";
        assert!(!is_compared(visit, (kind, &found(2)), (kind, &found(1))), "another finding");
        let done = |number| format!(r#"{{"number":1,"action":{number},"done":"2018-08-20"}}"#);
        let kind = "onsite.action-completed";
        assert!(!is_compared(visit, (kind, &done(2)), (kind, &done(1))), "another action");

        let buyer = "suppliers.buyer_A81001";
        let checked = |check, service| {
            format!(
                r#"{{"check":{check},"used":{{"supplier":"8hp68","service":"{service}"}},"verdict":"x"}}"#
            )
        };
        let kind = "suppliers.certification-checked";
        assert!(is_compared(buyer, (kind, &checked(3, "a")), (kind, &checked(2, "a"))));
        assert!(
            !is_compared(buyer, (kind, &checked(3, "a")), (kind, &checked(2, "b"))),
            "of another service"
        );
    }

    #[test]
    fn a_record_of_the_doors_is_compared_with_no_other() {
        let record = "access.record-3f1d2b7a-8c4e-4f6a-9b0d-5e7c1a2d3f48";
        let (kind, data) = ("access.glass-broken", r#"{"organisation":"A81001","reason":"x"}"#);
        assert!(!is_compared(record, (kind, data), (kind, data)));
        let planned =
            |gap: &str| format!(r#"{{"number":1,"action":{{"action":"{gap}","requirement":"1.1.1"}}}}"#);
        let kind = "assessments.improvement-action-planned";
        let assessment = "assessments.A81001_igt-14_1";
        assert!(is_compared(assessment, (kind, &planned("train two")), (kind, &planned("train all"))));
    }

    #[test]
    fn what_tells_anew_is_compared_with_what_told_first() {
        let practice = "organisations.A81001";
        let listing = r#"{"as_of":"2019-11-30","listing":{"name":"X"}}"#;
        assert!(is_compared(
            practice,
            ("organisations.practice-amended", listing),
            ("organisations.practice-listed", listing)
        ));
        let supplier = "suppliers.supplier_8hp68";
        let recorded = |number| format!(r#"{{"certificate":{number}}}"#);
        let renewed = r#"{"certificate":2,"renews":1}"#;
        let (anew, first) = ("suppliers.certificate-renewed", "suppliers.certificate-recorded");
        assert!(is_compared(supplier, (anew, renewed), (first, &recorded(1))));
        assert!(!is_compared(supplier, (anew, renewed), (first, &recorded(2))));
        assert!(is_compared(supplier, (anew, r#"{"certificate":3,"renews":2}"#), (anew, renewed)));
    }

    #[test]
    fn an_event_says_which_organisation_and_requirement_it_is_about() {
        let about = |kind: &str, subject: &str, data: &str| {
            let body = body(kind, subject, data);
            let header = Header::read(body.as_bytes()).unwrap();
            let about = About::read(&header);
            (about.organisation.map(|code| code.to_string()), about.requirement.map(Cow::into_owned))
        };
        let some = |text: &str| Some(text.to_owned());
        let of = |kind, subject, data| about(kind, subject, data);
        assert_eq!(
            of(
                "assessments.requirement-answered",
                "assessments.A81001_x",
                r#"{"given":{"requirement":"1.1.1"}}"#
            ),
            (some("A81001"), some("1.1.1"))
        );
        assert_eq!(
            of("access.refused", "x", r#"{"action":"assessments/sign","about":"A81001","status":404}"#),
            (some("A81001"), None)
        );
        assert_eq!(of("x.y", "suppliers.supplier_1", r#"["no object"]"#), (None, None));
        assert_eq!(of("x.y", "suppliers.supplier_1", r#"{"requirement":7,"organisation":{}}"#), (None, None));
    }

    #[test]
    fn the_service_of_a_type_is_in_its_name() {
        assert_eq!(service_of("oversight.continuity.plan-written.v1"), Some(Service::Continuity));
        assert_eq!(service_of("oversight.access.refused.v1"), Some(Service::Access));
        assert_eq!(service_of("oversight.nothing"), None);
        assert_eq!(service_of(""), None);
    }
}
