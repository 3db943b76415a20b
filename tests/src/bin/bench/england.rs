//! An England to measure on: as many practices as asked for, and what happens to them in two
//! years. The same every time.

use bytes::Bytes;
use chassis::log::NewEvent;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use proto::{
    Actor, AggregateId, Day, DomainEvent, EditionId, Envelope, EventHash, OdsCode, RequirementId, Service,
    Subject,
    assessments::{
        Answer, AssessmentEvent, AssessmentOpened, AssessmentPublished, AssuranceStatementAccepted,
        GivenAnswer, Grade, PublishedResult, RequirementAnswered, RequirementReviewed, ResultListed,
    },
    organisations::{
        ListSizePublished, OdsStatus, OrganisationEvent, OrganisationKind, OrganisationListed,
        OrganisationListing, PracticeAmended, PracticeListed, PracticeListing, PrescribingSetting,
    },
    standards::{OrganisationType, shipped},
};
use uuid::Uuid;
use whole_system::made::{self, PRACTICES_OF_A_CCG, REGIONS};

/// Practices of England.
pub const PRACTICES: u32 = 7_000;

/// An England of so many practices.
#[derive(Debug, Clone, Copy)]
pub struct England {
    practices: u32,
}

struct Teller {
    rng: Rng,
    time: Timestamp,
    number: u64,
    edition: EditionId,
    requirements: Vec<RequirementId>,
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

impl England {
    /// So many practices.
    pub fn of(practices: u32) -> Self {
        Self { practices }
    }

    fn practice(number: u32) -> OdsCode {
        made::practice_code(number).parse().expect("a code")
    }

    fn ccg(number: u32) -> OdsCode {
        made::ccg_code(number).parse().expect("a code")
    }

    fn ccgs(self) -> u32 {
        self.practices.div_ceil(PRACTICES_OF_A_CCG)
    }

    fn ccg_of(number: u32) -> u32 {
        number / PRACTICES_OF_A_CCG
    }

    fn region_of(ccg: u32) -> OdsCode {
        REGIONS[ccg as usize % REGIONS.len()].parse().expect("a code")
    }

    fn listing(number: u32) -> PracticeListing {
        let ccg = Self::ccg_of(number);
        PracticeListing {
            name: format!(
                "THE {} SURGERY",
                ["MILL", "BRIDGE", "CHURCH STREET", "ORCHARD"][number as usize % 4]
            ),
            region: Some(Self::region_of(ccg)),
            local_office: Some(format!("Q{:02}", 70 + ccg % 14).parse().expect("a code")),
            address: vec![format!("{} HIGH STREET", number % 200), "NEWTOWN".to_owned(), "SHIRE".to_owned()],
            postcode: format!("ZZ{} {}AA", number % 100, number % 10),
            telephone: format!("01632 {number:06}"),
            opened: Some(day("1974-04-01")),
            closed: None,
            status: OdsStatus::Active,
            setting: PrescribingSetting::GENERAL_PRACTICE,
            commissioner: Some(Self::ccg(ccg)),
            joined: Some(day("2013-04-01")),
            left: None,
        }
    }

    /// All that happens, in order of time. Each event is written when it is asked for.
    pub fn events(self) -> impl Iterator<Item = NewEvent> {
        let edition =
            shipped().edition("igt-14.1".parse().expect("an edition")).expect("igt-14.1 is built in");
        let teller = Teller {
            rng: Rng::with_seed(2018),
            time: "2017-06-01T06:00:00Z".parse().expect("a time"),
            number: 0,
            edition: edition.id,
            requirements: edition
                .requirements_of(OrganisationType::GeneralPractice)
                .map(|requirement| requirement.id)
                .collect(),
        };
        let rounds = (0..ROUNDS).flat_map(move |round| {
            let actors = if round == 0 { self.ccgs() } else { self.practices };
            (0..actors).map(move |number| (round, number))
        });
        rounds.scan(teller, |teller, (round, number)| Some(teller.tell(round, number))).flatten()
    }
}

/// What happens, round after round over all practices.
const ROUNDS: u32 = 2 + 1 + 1 + 13 + 13 + 2 + 1 + 13 + 2 + 2;

impl Teller {
    /// What round and practice lead to: an event, or none.
    fn tell(&mut self, round: u32, number: u32) -> Option<NewEvent> {
        let as_of = day("2017-05-31");
        if round == 0 {
            let listing = OrganisationListing {
                kind: OrganisationKind::Ccg,
                name: format!("NHS INVENTED {number} CCG"),
                region: Some(England::region_of(number)),
                local_office: None,
                address: Vec::new(),
                postcode: String::new(),
                opened: Some(day("2013-04-01")),
                closed: None,
            };
            let event = OrganisationEvent::OrganisationListed(OrganisationListed { as_of, listing });
            return Some(self.write(
                Service::Organisations,
                &[England::ccg(number).as_str()],
                &event,
                Some(as_of),
            ));
        }
        let code = England::practice(number);
        let of_file = |teller: &mut Self, event: OrganisationEvent, as_of| {
            Some(teller.write(Service::Organisations, &[code.as_str()], &event, Some(as_of)))
        };
        match round {
            1 => {
                let listing = England::listing(number);
                of_file(self, OrganisationEvent::PracticeListed(PracticeListed { as_of, listing }), as_of)
            }
            2 => {
                let published = ListSizePublished { as_of, registered_patients: 2_000 + number % 20_000 };
                of_file(self, OrganisationEvent::ListSizePublished(published), as_of)
            }
            20 if self.rng.u8(..3) == 0 => {
                let as_of = day("2018-05-31");
                let telephone = format!("01632 9{:05}", number % 100_000);
                let listing = PracticeListing { telephone, ..England::listing(number) };
                let changed = vec!["telephone".to_owned()];
                of_file(
                    self,
                    OrganisationEvent::PracticeAmended(PracticeAmended { as_of, listing, changed }),
                    as_of,
                )
            }
            20 => None,
            3..=19 | 21..=46 => self.toolkit(code, round),
            _ => self.result(code, round),
        }
    }

    fn toolkit(&mut self, organisation: OdsCode, round: u32) -> Option<NewEvent> {
        let edition = self.edition;
        let event = match round {
            3 => AssessmentEvent::AssessmentOpened(AssessmentOpened {
                organisation,
                edition,
                carried_over: self.requirements.iter().map(|requirement| self.given(*requirement)).collect(),
            }),
            17 | 33 => AssessmentEvent::AssessmentPublished(AssessmentPublished {
                organisation,
                edition,
                grade: if self.rng.u8(..10) == 0 { Grade::NotSatisfactory } else { Grade::Satisfactory },
                percentage: Some(self.rng.u8(60..=100)),
                answers: self
                    .requirements
                    .iter()
                    .map(|requirement| (*requirement, Answer::Level(2)))
                    .collect(),
                gaps: Vec::new(),
                exempt: Vec::new(),
            }),
            18 | 34 => AssessmentEvent::AssuranceStatementAccepted(AssuranceStatementAccepted {
                organisation,
                edition,
                person: Uuid::from_u128(u128::from(self.number)).to_string().parse().ok()?,
            }),
            4..=16 | 21..=32 | 19 => {
                let requirement = self.requirements[round as usize % self.requirements.len()];
                let given = self.given(requirement);
                AssessmentEvent::RequirementAnswered(RequirementAnswered { organisation, edition, given })
            }
            _ => {
                let requirement = self.requirements[round as usize % self.requirements.len()];
                AssessmentEvent::RequirementReviewed(RequirementReviewed {
                    organisation,
                    edition,
                    requirement,
                })
            }
        };
        Some(self.write(Service::Assessments, &[organisation.as_str(), edition.as_str()], &event, None))
    }

    fn given(&self, requirement: RequirementId) -> GivenAnswer {
        GivenAnswer {
            requirement,
            answer: Answer::Level(2),
            comment: "Checked with the practice manager this year.".to_owned(),
            evidence: None,
            target: None,
        }
    }

    fn result(&mut self, organisation: OdsCode, round: u32) -> Option<NewEvent> {
        let (edition, as_of): (EditionId, _) = if round == 47 {
            ("dspt-2018-19".parse().ok()?, day("2019-06-17"))
        } else {
            ("dspt-2019-20".parse().ok()?, day("2020-10-17"))
        };
        let published = as_of.plus_days(-self.rng.i32(0..90));
        let result = match self.rng.u8(..8) {
            0 => PublishedResult::NotPublished,
            1 => PublishedResult::StandardsExceeded { edition },
            _ => PublishedResult::StandardsMet { edition },
        };
        let event = AssessmentEvent::ResultListed(ResultListed {
            organisation,
            as_of,
            name: format!("THE SURGERY ({organisation})"),
            sector: "GP".to_owned(),
            status: "Standards Met".to_owned(),
            result,
            published: Some(published),
            published_text: None,
        });
        Some(self.write(Service::Assessments, &["register", organisation.as_str()], &event, Some(published)))
    }

    fn write<E: DomainEvent>(
        &mut self,
        service: Service,
        id: &[&str],
        event: &E,
        effective: Option<Day>,
    ) -> NewEvent {
        self.number += 1;
        // Files come at hundreds of rows a second, people with some seconds between them.
        let pause = if service == Service::Organisations { 3 } else { 90_000 };
        self.time = self.time.saturating_add(SignedDuration::from_millis(pause)).unwrap_or(self.time);
        let subject = Subject::new(service, &AggregateId::of(id).expect("an id"));
        let mut hash = [0; 32];
        self.rng.fill(&mut hash);
        let envelope = Envelope {
            id: Uuid::from_u64_pair(0x6265_6e63_6800_4000, 1 << 63 | self.number),
            subject: subject.clone(),
            time: self.time,
            by: Actor::system("bench").into(),
            effective,
            command_id: None,
            command_content: None,
            correlation_id: None,
            causation_id: None,
            previous: Some(EventHash::from_bytes(hash)),
        };
        let body = Bytes::from(envelope.encode(event).expect("an event"));
        NewEvent { id: envelope.id, subject, body }
    }
}
