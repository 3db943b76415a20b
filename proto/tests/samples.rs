//! Every event version that ever existed still reads: one golden sample each in `samples/`.
//!
//! A sample never changes. A new shape is a new version with a sample of its own.

use std::{collections::BTreeSet, path::Path};

use proto::{Envelope, Event, Header, envelope::ChainLink};
use serde_json::Value;

/// Where the types are defined: whatever is named here needs a sample.
const DEFINITIONS: &[&str] =
    &[include_str!("../src/assessments.rs"), include_str!("../src/organisations.rs")];

fn samples() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut found = Vec::new();
    for service in std::fs::read_dir(root).unwrap() {
        for sample in std::fs::read_dir(service.unwrap().path()).unwrap() {
            let path = sample.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((name, std::fs::read(path).unwrap()));
        }
    }
    found
}

fn encode(envelope: &Envelope, event: &Event) -> Vec<u8> {
    match event {
        Event::Organisation(event) => envelope.encode(event),
        Event::Assessment(event) => envelope.encode(event),
    }
    .unwrap()
}

#[test]
fn every_sample_reads_and_is_written_the_same() {
    for (name, body) in samples() {
        let header = Header::read(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(header.kind, name, "the file is named after the type");
        let event =
            Event::decode(&header.kind, header.data).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.event_type(), name);
        let sample: Value = serde_json::from_slice(&body).unwrap();
        let read = |field: &str| sample.get(field).cloned();
        let envelope = Envelope {
            id: header.id,
            subject: header.subject.parse().unwrap(),
            time: header.time,
            actor: serde_json::from_value(read("actor").unwrap()).unwrap(),
            on_behalf_of: read("onbehalfof").map(|value| serde_json::from_value(value).unwrap()),
            effective: header.effective,
            correlation_id: read("correlationid").map(|value| serde_json::from_value(value).unwrap()),
            causation_id: read("causationid").map(|value| serde_json::from_value(value).unwrap()),
            previous: ChainLink::read(&body).unwrap().previous,
        };
        let again: Value = serde_json::from_slice(&encode(&envelope, &event)).unwrap();
        assert_eq!(again, sample, "{name}");
    }
}

#[test]
fn every_type_has_a_sample() {
    let sampled: BTreeSet<String> = samples().into_iter().map(|(name, _)| name).collect();
    let defined = DEFINITIONS
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|text| text.starts_with("oversight.") && text.contains(".v"))
        .map(str::to_owned);
    let missing: Vec<String> = defined.filter(|kind| !sampled.contains(kind)).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}
