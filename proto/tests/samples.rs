//! Every event version that ever existed can still be read: one golden sample of each.
//!
//! A sample is the whole message body, in `samples/<service>/<type>.json`. Once landed it is never
//! edited; a new shape is a new version with a sample of its own.

#![expect(clippy::unwrap_used, reason = "what a test needs and does not get fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proto::{
    Envelope, Event, Header, Service, Stream, Subject,
    envelope::{ChainLink, Provenance},
};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn samples() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for service in Service::ALL {
        let Ok(files) = fs::read_dir(folder().join(service.name())) else { continue };
        for file in files {
            let path = file.unwrap().path();
            let kind = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.push((service.name().to_owned(), kind, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn envelope_of(text: &str) -> Envelope {
    let header = Header::read(text.as_bytes()).unwrap();
    let Provenance { by, command_id, command_content, correlation_id, causation_id, previous } =
        Provenance::read(text.as_bytes()).unwrap();
    assert_eq!(ChainLink::read(text.as_bytes()).unwrap().previous, previous);
    Envelope {
        id: header.id,
        subject: header.subject.parse().unwrap(),
        time: header.time,
        by,
        effective: header.effective,
        command_id,
        command_content,
        correlation_id,
        causation_id,
        previous,
    }
}

#[test]
fn every_sample_reads_as_the_event_its_name_says_and_is_written_the_same() {
    let samples = samples();
    assert!(!samples.is_empty(), "no samples in {}", folder().display());
    for (service, kind, text) in samples {
        let header = Header::read(text.as_bytes()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(header.kind, kind, "the file is named after the type");
        let subject: Subject = header.subject.parse().unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(
            kind.starts_with(&format!("oversight.{service}.")),
            "{kind} lies in the folder of its service"
        );
        // On the access log every service writes events of `access`.
        if subject.stream() == Stream::Events {
            assert_eq!(subject.service().name(), service, "{kind} stands where its service writes");
        }
        let event =
            Event::decode(&header.kind, header.data).unwrap_or_else(|error| panic!("{kind}: {error}"));

        // An older version is upcast: what it reads as is written as a newer type.
        if event.event_type() != kind {
            continue;
        }
        let whole: Value = serde_json::from_str(&text).unwrap();
        let envelope = envelope_of(&text);
        let body = event.encode(&envelope).unwrap();
        let written: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(written, whole, "{kind}: it is written as it was read");
        // The line end is not ours: this is read the other way, to the same end.
        let foreign = [body.as_slice(), b"\n"].concat();
        assert_eq!(Header::read(&body), Header::read(&foreign), "{kind}");
    }
}

#[test]
fn every_event_version_has_a_sample() {
    let sampled: BTreeSet<String> = samples().into_iter().map(|(_, kind, _)| kind).collect();
    let missing: Vec<String> = Service::ALL
        .into_iter()
        .flat_map(Event::types_of)
        .filter(|kind| !sampled.contains(**kind))
        .map(|kind| (*kind).to_owned())
        .collect();
    assert!(
        missing.is_empty(),
        "put a sample into proto/samples/<service>/<type>.json for each of: {missing:#?}"
    );
}

#[test]
fn a_sample_holds_no_name_of_a_person() {
    // People are ids in events; the directory has the names.
    for (_, kind, text) in samples() {
        assert!(!text.contains('@'), "{kind} holds something like an e-mail address");
    }
}

#[test]
fn an_event_stands_where_its_own_service_writes_and_nowhere_else() {
    use proto::{access::RECORDS, envelope::may_stand_on};

    for (service, kind, text) in samples() {
        let event: Value = serde_json::from_str(&text).unwrap();
        let own = event["subject"].as_str().unwrap().to_owned();
        // As it is laid out here, and as it stands in a log.
        for body in [text.clone(), serde_json::to_string(&event).unwrap()] {
            assert!(may_stand_on(body.as_bytes(), &own), "{kind} on {own}");
            assert!(!may_stand_on(body.as_bytes(), &format!("{own}x")), "{kind} on another subject");
            // A service that may write its own subjects alone says in the body that it stands there.
            for other in Service::ALL.into_iter().filter(|other| other.name() != service) {
                let root = own.split('.').next().unwrap();
                let there = format!("{root}.{other}.x");
                let forged = body.replacen(&own, &there, 1);
                let is_record = RECORDS.contains(&kind.as_str());
                assert_eq!(may_stand_on(forged.as_bytes(), &there), is_record, "{kind} on {there}");
                assert!(!may_stand_on(body.as_bytes(), &there), "{kind} as it is, on {there}");
            }
        }
    }
    assert!(may_stand_on(b"no event", "oversight.suppliers.x"), "of what is no event nothing is said");
}

/// Everyone an event names is found in it, so that the directory can be compared with the log.
#[test]
fn every_office_holder_of_a_sample_is_told() {
    fn holds_a_person(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Object(members) => members.iter().any(|(name, value)| {
                let names_one = ["person", "owner", "by", "board", "assessor"].contains(&name.as_str());
                let is_id = value.as_str().is_some_and(|text| text.parse::<proto::PersonId>().is_ok());
                names_one && is_id || holds_a_person(value)
            }),
            serde_json::Value::Array(values) => values.iter().any(holds_a_person),
            _ => false,
        }
    }
    let mut found = 0;
    for (service, kind, text) in samples() {
        let header = Header::read(text.as_bytes()).unwrap();
        let event = proto::Event::decode(&header.kind, header.data).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = service != "access" && holds_a_person(&whole["data"]);
        assert_eq!(!event.people().is_empty(), expected, "{kind}");
        found += usize::from(expected);
    }
    assert!(found >= 8, "{found}");
}
