//! A small England of two regions, three CCGs and eight practices, in a log of its own, and the
//! service over it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{collections::HashMap, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use chassis::{
    Clock, CommandId, Platform,
    log::{NewEvent, file::FileLog},
    task::Tasks,
};
use jiff::Timestamp;
use proto::{
    Actor, AggregateId, Day, DomainEvent, EditionId, Envelope, OdsCode, Position, Service, Subject,
    assessments::{AssessmentEvent, PublishedResult, ResultListed},
    organisations::{
        ListSizePublished, OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed,
        OrganisationListing, PracticeAmended, PracticeListed, PracticeListing, PrescribingSetting,
    },
};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A name that would do harm if it were not taken as text.
pub const HOSTILE: &str = "<script>alert(1)</script> & \"Sons\" SURGERY";

/// The moment at which the tests stand.
pub const NOW: &str = "2019-06-17T10:00:00Z";

/// A running service over a log of its own. No one is asked who they are.
pub struct Running {
    app: Router,
    pub log: chassis::log::Log,
    pub tasks: Tasks,
    pub pen: Pen,
    _folder: TempDir,
}

/// Writes events to a log, as services would.
pub struct Pen {
    log: chassis::log::Log,
    written: HashMap<String, Position>,
    number: i64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

pub fn code(text: &str) -> OdsCode {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn edition() -> EditionId {
    "dspt-2018-19".parse().unwrap()
}

/// A practice of a CCG in a region.
pub fn listing(name: &str, ccg: &str, region: &str) -> PracticeListing {
    PracticeListing {
        name: name.to_owned(),
        region: Some(code(region)),
        local_office: None,
        address: vec!["1 HIGH STREET".into()],
        postcode: "TS18 1HU".into(),
        telephone: "01642 000000".into(),
        opened: Some(day("2010-04-01")),
        closed: None,
        status: OdsStatus::Active,
        setting: PrescribingSetting::GENERAL_PRACTICE,
        commissioner: Some(code(ccg)),
        joined: Some(day("2013-04-01")),
        left: None,
    }
}

/// The words of a page, without tags; good enough to look for sentences.
pub fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in [".", ",", ":", ";"] {
        words = words.replace(&format!(" {mark}"), mark);
    }
    words
}

/// When an event took effect, and with what import it came.
#[derive(Clone, Copy, Default)]
pub struct Came {
    pub effective: Option<Day>,
    pub import: Option<uuid::Uuid>,
}

/// Who writes the events.
#[derive(Clone, Copy, PartialEq)]
pub enum By {
    Someone,
    TheGenerator,
    AnotherOrganisation,
}

impl Running {
    /// The service over an empty log.
    pub async fn empty() -> Self {
        Self::set_to(NOW).await
    }

    /// The service over an empty log, its clock set to an instant.
    pub async fn set_to(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = FileLog::open(&folder.path().join("log.redb")).await.unwrap();
        let log: chassis::log::Log = std::sync::Arc::new(log);
        let platform = Platform::unguarded(log.clone(), folder.path(), Clock::set_to(now.parse().unwrap()));
        let tasks = platform.tasks.clone();
        let service = projection::service(&platform).await.unwrap();
        let app = chassis::service::routes(&platform, &mut [service]).unwrap();
        let running = Self { app, pen: Pen::at(log.clone()), log, tasks, _folder: folder };
        running.caught_up().await;
        running
    }

    /// Another process over the same log, which has read nothing yet. Nothing more is written there.
    pub async fn restarted(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let platform =
            Platform::unguarded(self.log.clone(), folder.path(), Clock::set_to(NOW.parse().unwrap()));
        let tasks = platform.tasks.clone();
        let service = projection::service(&platform).await.unwrap();
        let app = chassis::service::routes(&platform, &mut [service]).unwrap();
        let again =
            Self { app, pen: Pen::at(self.log.clone()), log: self.log.clone(), tasks, _folder: folder };
        again.caught_up().await;
        again
    }

    /// The service over the small England.
    pub async fn small_england(by: By) -> Self {
        let mut running = Self::empty().await;
        running.pen.small_england(by).await;
        running.caught_up().await;
        running
    }

    /// Waits until everything written is shown.
    pub async fn caught_up(&self) {
        let head = self.log.head().await.unwrap();
        for _ in 0..600 {
            let view: serde_json::Value = serde_json::from_str(&self.get("/api/v1/view").await.text).unwrap();
            if view["position"].as_u64() >= Some(head.0) && self.get("/readyz").await.status == StatusCode::OK
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the view did not catch up with position {head}");
    }

    pub async fn get(&self, address: &str) -> Answer {
        self.ask("GET", address, &[]).await
    }

    pub async fn ask(&self, method: &str, address: &str, headers: &[(&str, &str)]) -> Answer {
        let response = self.open(method, address, headers).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn open(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
    ) -> axum::response::Response {
        let mut request =
            Request::builder().method(method).uri(address).header(header::HOST, "127.0.0.1:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Writes one event as a service would.
    pub async fn write<E: DomainEvent>(&mut self, service: Service, aggregate: &str, event: &E, by: By) {
        self.pen.write(service, aggregate, event, by).await;
    }

    pub async fn result(&mut self, practice: &str, result: PublishedResult, published: Option<&str>, by: By) {
        self.pen.result(practice, result, published, by).await;
    }

    /// Writes something that no reader understands.
    pub async fn write_nonsense(&mut self) {
        let subject: Subject = "oversight.organisations.nonsense".parse().unwrap();
        let id = CommandId::keyed("small england", "nonsense").event_id();
        let event = NewEvent { id, subject, body: Bytes::from_static(b"{\"specversion\":\"<0.1>\"}") };
        self.log.append(event, Position::START).await.unwrap();
    }
}

impl Pen {
    /// For an empty log.
    pub fn at(log: chassis::log::Log) -> Self {
        Self { log, written: HashMap::new(), number: 0 }
    }

    /// Writes one event as a service would.
    pub async fn write<E: DomainEvent>(&mut self, service: Service, aggregate: &str, event: &E, by: By) {
        self.write_with(service, aggregate, event, by, Came::default()).await;
    }

    /// The same, of a day or an import.
    pub async fn write_with<E: DomainEvent>(
        &mut self,
        service: Service,
        aggregate: &str,
        event: &E,
        by: By,
        came: Came,
    ) {
        self.number += 1;
        let aggregate: AggregateId = aggregate.parse().unwrap();
        let subject = Subject::new(service, &aggregate);
        let id = CommandId::keyed("small england", &self.number.to_string()).event_id();
        let envelope = Envelope {
            id,
            subject: subject.clone(),
            time: Timestamp::from_second(1_559_000_000 + self.number * 60).unwrap(),
            by: match by {
                By::Someone => Actor::system("import"),
                By::TheGenerator => Actor::synthetic(),
                By::AnotherOrganisation => Actor::system("elsewhere"),
            }
            .into(),
            effective: came.effective,
            command_id: None,
            command_content: None,
            correlation_id: came.import,
            causation_id: None,
            previous: None,
        };
        let expected = self.written.get(subject.as_str()).copied().unwrap_or(Position::START);
        let body = Bytes::from(envelope.encode(event).unwrap());
        let name = subject.as_str().to_owned();
        let receipt = self.log.append(NewEvent { id, subject, body }, expected).await.unwrap();
        self.written.insert(name, receipt.position);
    }

    async fn body(
        &mut self,
        code_text: &str,
        kind: OrganisationKind,
        name: &str,
        region: Option<&str>,
        by: By,
    ) {
        let listing = OrganisationListing {
            kind,
            name: name.to_owned(),
            region: region.map(code),
            local_office: None,
            address: vec![],
            postcode: "TS1 1AA".into(),
            opened: Some(day("2013-04-01")),
            closed: (code_text == "99Z").then(|| day("2018-12-31")),
        };
        let event =
            OrganisationEvent::OrganisationListed(OrganisationListed { as_of: day("2018-05-31"), listing });
        self.write(Service::Organisations, code_text, &event, by).await;
    }

    pub async fn result(&mut self, practice: &str, result: PublishedResult, published: Option<&str>, by: By) {
        let event = AssessmentEvent::ResultListed(ResultListed {
            organisation: code(practice),
            as_of: day("2019-06-17"),
            name: String::new(),
            sector: String::new(),
            status: String::new(),
            result,
            published: published.map(day),
            published_text: None,
        });
        self.write(Service::Assessments, &format!("register_{practice}"), &event, by).await;
    }

    /// The small England.
    pub async fn small_england(&mut self, by: By) {
        use OrganisationKind::{Ccg, Region};
        self.body("Y54", Region, "NORTH OF ENGLAND", None, by).await;
        self.body("Y55", Region, "MIDLANDS AND EAST OF ENGLAND", None, by).await;
        self.body("00K", Ccg, "NHS HARTLEPOOL AND STOCKTON-ON-TEES CCG", Some("Y54"), by).await;
        self.body("00M", Ccg, "NHS <B>SOUTH</B> TEES CCG", Some("Y54"), by).await;
        self.body("15E", Ccg, "NHS BIRMINGHAM AND SOLIHULL CCG", Some("Y55"), by).await;
        self.body("99Z", Ccg, "NHS SOLIHULL CCG", Some("Y55"), by).await;
        for (practice, name, ccg, region, patients) in [
            ("A81001", "THE DENSHAM SURGERY", "00K", "Y54", 4_000),
            ("A81002", "QUEEN'S PARK MEDICAL CENTRE", "00K", "Y54", 20_000),
            ("A81003", HOSTILE, "00K", "Y54", 3_000),
            ("A81004", "NORTH SURGERY", "00M", "Y54", 5_000),
            ("A81005", "SOUTH SURGERY", "00M", "Y54", 6_000),
            ("M85001", "BELLEVUE MEDICAL CENTRE", "15E", "Y55", 11_204),
            ("M85002", "THE HILL GENERAL PRACTICE", "15E", "Y55", 8_731),
            ("M85003", "OLD MILL SURGERY", "99Z", "Y55", 2_000),
        ] {
            let listing = listing(name, ccg, region);
            let listed = PracticeListed { as_of: day("2018-05-31"), listing: listing.clone() };
            self.write(Service::Organisations, practice, &OrganisationEvent::PracticeListed(listed), by)
                .await;
            let size = ListSizePublished { as_of: day("2018-05-01"), registered_patients: patients };
            self.write(Service::Organisations, practice, &OrganisationEvent::ListSizePublished(size), by)
                .await;
            // One moves when its CCG is merged; one closes.
            let amended = match practice {
                "M85003" => PracticeListing {
                    commissioner: Some(code("15E")),
                    joined: Some(day("2019-01-01")),
                    ..listing
                },
                "A81005" => {
                    PracticeListing { closed: Some(day("2019-05-31")), status: OdsStatus::Closed, ..listing }
                }
                _ => continue,
            };
            let changed = vec!["commissioner".to_owned()];
            let amended = PracticeAmended { as_of: day("2019-06-01"), listing: amended, changed };
            self.write(Service::Organisations, practice, &OrganisationEvent::PracticeAmended(amended), by)
                .await;
        }
        let edition = edition();
        for (practice, published) in [
            ("A81001", "2019-03-20"),
            ("A81004", "2019-03-29"),
            ("A81005", "2019-03-29"),
            ("M85001", "2019-04-12"),
            ("M85003", "2019-03-01"),
        ] {
            self.result(practice, PublishedResult::StandardsMet { edition }, Some(published), by).await;
        }
        self.result("M85002", PublishedResult::PlanAgreed { edition }, Some("2019-03-30"), by).await;
        for practice in ["A81002", "A81003"] {
            self.result(practice, PublishedResult::NotPublished, None, by).await;
        }
    }
}
