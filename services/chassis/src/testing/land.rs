//! A small land for the services of tests to work in.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails a test the way tests fail")]

use proto::{
    Actor, AggregateId, Day, Envelope, Event, OdsCode, Service, Subject,
    organisations::{
        Membership, MembershipRecorded, OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed,
        OrganisationListing, PracticeListed, PracticeListing, PrescribingSetting,
    },
};

/// An event of an aggregate: whose, which, what.
pub type Told = (Service, String, Event);

/// An event as the log holds it, recorded on 1 March 2018.
pub fn recorded((service, aggregate, event): &Told) -> (Envelope, Vec<u8>) {
    let id: AggregateId = aggregate.parse().unwrap();
    let subject = Subject::new(*service, &id);
    let envelope = Envelope {
        id: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("{subject} {event:?}").as_bytes()),
        subject,
        time: "2018-03-01T09:00:00Z".parse().unwrap(),
        by: Actor::system("test").into(),
        effective: None,
        command_id: None,
        command_content: None,
        correlation_id: None,
        causation_id: None,
        previous: None,
    };
    let body = event.encode(&envelope).unwrap();
    (envelope, body)
}

/// Two practices, the second with a hostile name, of the CCG 00K in the region Y54.
pub fn small_land() -> Vec<Told> {
    vec![
        body("Y54", "NORTH OF ENGLAND", OrganisationKind::Region),
        body("00K", "NHS HARTLEPOOL CCG", OrganisationKind::Ccg),
        practice("A81001", "THE DENSHAM SURGERY"),
        practice("A81002", "<script>alert(1)</script>"),
    ]
}

/// A practice of the CCG 00K.
pub fn practice(of: &str, name: &str) -> Told {
    let listing = PracticeListing {
        name: name.into(),
        region: None,
        local_office: None,
        address: vec![],
        postcode: "TS18 1HU".into(),
        telephone: String::new(),
        opened: None,
        closed: None,
        status: OdsStatus::Active,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(code("00K")),
        joined: None,
        left: None,
    };
    told(of, OrganisationEvent::PracticeListed(PracticeListed { as_of: as_of(), listing }))
}

/// That a practice belongs to another CCG from a day on.
pub fn moved(of: &str, to: &str, joined: &str) -> Told {
    let joined = joined.parse().unwrap();
    let recorded = MembershipRecorded {
        as_of: as_of(),
        membership: Membership { parent: code(to), joined, left: None },
    };
    told(of, OrganisationEvent::MembershipRecorded(recorded))
}

/// A body that is no practice; a CCG lies in the region Y54.
pub fn body(of: &str, name: &str, kind: OrganisationKind) -> Told {
    let listing = OrganisationListing {
        kind,
        name: name.into(),
        region: (kind == OrganisationKind::Ccg).then(|| code("Y54")),
        local_office: None,
        address: vec![],
        postcode: String::new(),
        opened: None,
        closed: None,
    };
    told(of, OrganisationEvent::OrganisationListed(OrganisationListed { as_of: as_of(), listing }))
}

fn told(of: &str, event: OrganisationEvent) -> Told {
    (Service::Organisations, of.to_owned(), event.into())
}

fn as_of() -> Day {
    "2018-03-01".parse().unwrap()
}

fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}
