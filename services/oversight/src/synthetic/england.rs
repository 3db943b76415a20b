//! The synthetic England as events: in order of time, each with its id and its place in the chain.

use std::borrow::Cow;

use bytes::Bytes;
use chassis::CommandId;
use fastrand::Rng;
use jiff::Timestamp;
use proto::{
    Actor, AggregateId, Day, EditionId, Envelope, Event, EventHash, PersonId, RequirementId, Service,
    Subject,
    assessments::{
        Answer, AssessmentEvent, AssessmentOpened, AssessmentPublished, AssuranceStatementAccepted, Evidence,
        GivenAnswer, Grade, GradeReviewed, ImprovementAction, ImprovementActionCompleted,
        ImprovementActionPlanned, ImprovementPlanAgreed, ImprovementPlanRefused, ImprovementPlanSubmitted,
        RequirementAnswered, RequirementReviewed,
    },
    standards::{OrganisationType, shipped},
    subject::{BUYER, SUPPLIER},
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    calendar::{self, Clocks},
    deeds::{self, Place, Timed},
    files::{self, Shown},
    geography::{Geography, Practice},
    onsite,
    story::{self, Choice, REQUIREMENTS, Step, Story},
};

/// The seed of the England that everyone sees who does not choose another one.
pub const DEFAULT_SEED: u64 = 2018;

/// To be raised whenever the same seed would yield other events: a load begun by one version is
/// not finished by another.
const VERSION: u32 = 4;

/// The edition of the year.
const EDITION: &str = "igt-14.1";

/// The first half of the first event's correlation id; the seed is the second half.
const LOAD: u64 = 0x7379_6e74_6800_4001;

/// Tells the chance of what happens besides the toolkit from that of the toolkit.
const DEEDS: u64 = 0x6465_6564_735f_0001;

/// Tells the chance of on-site assessments from that of the rest.
const ONSITE: u64 = 0x6f6e_7369_7465_0001;

/// The code of the CCG whose listing is the very last event.
const LAST_LISTED: &str = "69A";

/// What happened, to whom and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Where the event stands.
    pub subject: Subject,
    /// What happened.
    pub event: Event,
    /// When it was recorded.
    pub time: Timestamp,
    /// The day it took effect, where that is another.
    pub effective: Option<Day>,
}

/// An event ready for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its id.
    pub id: Uuid,
    /// Where it stands.
    pub subject: Subject,
    /// The CloudEvents object.
    pub body: Bytes,
    /// The id of the event before it on its subject.
    pub after: Option<Uuid>,
}

/// A synthetic England, planned to the last event but with none of them written out.
#[derive(Debug)]
pub struct England {
    seed: u64,
    land: Geography,
    shown: Vec<Shown>,
    stories: Vec<Story>,
    deeds: Vec<Timed>,
    deed_teller: deeds::Teller,
    onsite: Vec<onsite::Assessment>,
    order: Vec<Moment>,
    edition: EditionId,
    requirements: Vec<RequirementId>,
}

/// Which event comes at which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    time: Timestamp,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Shown(u32),
    Done { practice: u32, step: u32 },
    Deed(u32),
    Onsite { assessment: u32, step: u32 },
}

/// The id of the number-th event.
fn event_id(seed: u64, number: u64) -> Uuid {
    CommandId::keyed("synthetic", &format!("england {VERSION} {seed}")).part(number).event_id()
}

/// The id and subject of the last event of a seed: where it is in a log, the load was finished.
pub fn last_event(seed: u64) -> Option<(Subject, Uuid)> {
    let id = CommandId::keyed("synthetic", &format!("england {VERSION} {seed} last")).event_id();
    Some((Subject::new(Service::Organisations, &LAST_LISTED.parse().ok()?), id))
}

/// The seed of the load that a log's first event began; none where no load of this version did.
pub fn seed_of(first: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct First<'a> {
        id: Uuid,
        correlationid: Uuid,
        #[serde(borrow)]
        actor: Cow<'a, str>,
    }
    let first: First = serde_json::from_slice(first).ok()?;
    let (load, seed) = first.correlationid.as_u64_pair();
    let ours = load == LOAD && first.actor == Actor::SYNTHETIC && first.id == event_id(seed, 0);
    ours.then_some(seed)
}

/// The invented office holder who accepts the statements and owns the actions.
pub fn office_holder() -> PersonId {
    PersonId(CommandId::keyed("synthetic", "office holder").uuid())
}

impl England {
    /// Plans the England of a seed.
    pub fn new(seed: u64) -> Self {
        let clocks = Clocks::new();
        let mut rng = Rng::with_seed(seed);
        let land = Geography::new(&mut rng);
        let shown = files::read_all(&land, &clocks);
        let (edition, requirements, may_not_apply) = the_edition();
        let stories: Vec<Story> = land
            .practices
            .iter()
            .map(|practice| {
                story::write(&mut rng, practice, &land.ccgs[practice.ccg], &may_not_apply, &clocks)
            })
            .collect();
        let mut order: Vec<Moment> = shown
            .iter()
            .zip(0u32..)
            .map(|(shown, index)| Moment { time: shown.time, what: What::Shown(index) })
            .collect();
        for (story, practice) in stories.iter().zip(0u32..) {
            let steps = story.steps.iter().zip(0u32..);
            order.extend(
                steps.map(|((time, _), step)| Moment { time: *time, what: What::Done { practice, step } }),
            );
        }
        // By chance of its own, so that the toolkit's year is the same with it and without.
        let mut rng = Rng::with_seed(seed ^ DEEDS);
        let deeds = deeds::plan(&mut rng, &land, &clocks);
        let what = |(time, ..): &Timed, index| Moment { time: *time, what: What::Deed(index) };
        order.extend(deeds.iter().zip(0u32..).map(|(deed, index)| what(deed, index)));
        let gaps: Vec<usize> = stories.iter().map(|story| story.gaps.len()).collect();
        let onsite = onsite::plan(&mut Rng::with_seed(seed ^ ONSITE), &land, &gaps, &clocks);
        for (planned, assessment) in onsite.iter().zip(0u32..) {
            let what = |(time, step)| Moment { time, what: What::Onsite { assessment, step } };
            order.extend(planned.times().zip(0u32..).map(what));
        }
        let end = clocks.at(calendar::last_day().plus_days(1), 0);
        order.retain(|moment| moment.time < end);
        order.sort_unstable();
        let deed_teller = deeds::Teller::new();
        Self { seed, land, shown, stories, deeds, deed_teller, onsite, order, edition, requirements }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Never: an England has events.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Who exists.
    pub fn land(&self) -> &Geography {
        &self.land
    }

    /// What happens, in order of time.
    pub fn occurrences(&self) -> impl Iterator<Item = Occurrence> + Send + '_ {
        self.order.iter().map(|moment| self.occurrence(moment))
    }

    /// The events as the log takes them, in order of time.
    pub fn events(&self) -> impl Iterator<Item = Ready> + Send + '_ {
        let mut chains: FxHashMap<Subject, (Uuid, EventHash)> = FxHashMap::default();
        let actor = Actor::synthetic();
        let last = self.order.len().saturating_sub(1);
        let last_id = last_event(self.seed).map(|(_, id)| id);
        self.occurrences().enumerate().filter_map(move |(number, occurrence)| {
            let Occurrence { subject, event, time, effective } = occurrence;
            let before = chains.get(&subject).copied();
            let id = last_id.filter(|_| number == last).unwrap_or_else(|| event_id(self.seed, number as u64));
            let envelope = Envelope {
                id,
                subject: subject.clone(),
                time,
                by: actor.clone().into(),
                effective,
                command_id: None,
                command_content: None,
                correlation_id: (number == 0).then(|| Uuid::from_u64_pair(LOAD, self.seed)),
                causation_id: None,
                previous: before.map(|(_, hash)| hash),
            };
            let body = event.encode(&envelope);
            // Plain records of texts and numbers always encode.
            let body = Bytes::from(body.ok()?);
            chains.insert(subject.clone(), (id, EventHash::of(&body)));
            Some(Ready { id, subject, body, after: before.map(|(id, _)| id) })
        })
    }

    fn occurrence(&self, moment: &Moment) -> Occurrence {
        match moment.what {
            What::Shown(index) => {
                let shown = &self.shown[index as usize];
                Occurrence {
                    subject: subject(Service::Organisations, &[shown.organisation.as_str()]),
                    event: Event::Organisation(shown.event.clone()),
                    time: shown.time,
                    effective: Some(shown.as_of),
                }
            }
            What::Done { practice, step } => {
                let (number, practice) = (practice as usize, &self.land.practices[practice as usize]);
                let story = &self.stories[number];
                let teller = Teller { england: self, number, practice, story };
                Occurrence {
                    subject: subject(Service::Assessments, &[practice.code.as_str(), self.edition.as_str()]),
                    event: Event::Assessment(teller.tell(step as usize)),
                    time: moment.time,
                    effective: None,
                }
            }
            What::Deed(index) => {
                let (time, deed, effective) = self.deeds[index as usize];
                let (place, event) = self.deed_teller.tell(&self.land, deed, time);
                let subject = match place {
                    Place::Supplier(id) => subject(Service::Suppliers, &[SUPPLIER, id.as_str()]),
                    Place::Buyer(code) => subject(Service::Suppliers, &[BUYER, code.as_str()]),
                    Place::Plan(code) => subject(Service::Continuity, &[code.as_str()]),
                };
                Occurrence { subject, event, time, effective }
            }
            What::Onsite { assessment, step } => {
                let assessment = &self.onsite[assessment as usize];
                let (practice, number) = (assessment.practice(&self.land), assessment.number.to_string());
                Occurrence {
                    subject: subject(Service::Onsite, &[practice.code.as_str(), &number]),
                    event: Event::Onsite(assessment.tell(&self.land, step as usize)),
                    time: moment.time,
                    effective: None,
                }
            }
        }
    }
}

fn subject(service: Service, parts: &[&str]) -> Subject {
    match AggregateId::of(parts) {
        Ok(id) => Subject::new(service, &id),
        // Codes and edition ids are made of what an aggregate id is made of.
        Err(_) => unreachable!("{parts:?} is no aggregate id"),
    }
}

/// The edition, its requirements for general practice, and which of them may be not relevant.
fn the_edition() -> (EditionId, Vec<RequirementId>, Vec<u8>) {
    let found = EDITION.parse().ok().and_then(|id| shipped().edition(id));
    let Some(edition) = found else { unreachable!("{EDITION} is built in") };
    let asked: Vec<_> = edition.requirements_of(OrganisationType::GeneralPractice).collect();
    assert_eq!(asked.len(), REQUIREMENTS, "{EDITION} asks general practices {REQUIREMENTS} requirements");
    let may_not_apply =
        asked.iter().zip(0u8..).filter(|(row, _)| row.not_relevant.is_some()).map(|(_, at)| at).collect();
    (edition.id, asked.iter().map(|row| row.id).collect(), may_not_apply)
}

const COMMENTS: [&str; 6] = [
    "Looked at by the partners; see the shared folder.",
    "In place and known to all staff.",
    "Checked with the practice manager this year.",
    "Discussed at the monthly meeting.",
    "Done; next look in twelve months.",
    "Covered by the practice handbook.",
];
const SHORT_COMMENTS: [&str; 3] =
    ["Begun, not finished.", "Nothing written down yet.", "Waiting for the new practice manager."];
const NOT_RELEVANT: &str = "The practice has none of this.";
const REFUSALS: [&str; 3] = [
    "The dates are too far off for a gap of this size.",
    "It is not said who will do the work.",
    "The actions do not close the gap.",
];

/// Tells the steps of one practice as events.
struct Teller<'a> {
    england: &'a England,
    number: usize,
    practice: &'a Practice,
    story: &'a Story,
}

impl Teller<'_> {
    fn tell(&self, step: usize) -> AssessmentEvent {
        let organisation = self.practice.code;
        let edition = self.england.edition;
        let (time, what) = self.story.steps[step];
        match what {
            Step::Open => AssessmentEvent::AssessmentOpened(AssessmentOpened {
                organisation,
                edition,
                carried_over: self.carried_over(),
            }),
            Step::Answer(at) => AssessmentEvent::RequirementAnswered(RequirementAnswered {
                organisation,
                edition,
                given: self.given(at, self.story.given[usize::from(at)]),
            }),
            Step::AnswerAgain(gap) => AssessmentEvent::RequirementAnswered(RequirementAnswered {
                organisation,
                edition,
                given: self.given(self.story.gaps[usize::from(gap)], Choice::Level(2)),
            }),
            Step::Review(at) => AssessmentEvent::RequirementReviewed(RequirementReviewed {
                organisation,
                edition,
                requirement: self.england.requirements[usize::from(at)],
            }),
            Step::Publish => AssessmentEvent::AssessmentPublished(self.published(&self.story.given)),
            Step::PublishAgain => {
                let mut improved = self.story.given;
                for &gap in &self.story.gaps {
                    improved[usize::from(gap)] = Choice::Level(2);
                }
                AssessmentEvent::AssessmentPublished(self.published(&improved))
            }
            Step::AcceptStatement => {
                AssessmentEvent::AssuranceStatementAccepted(AssuranceStatementAccepted {
                    organisation,
                    edition,
                    person: office_holder(),
                })
            }
            Step::PlanAction(gap) => AssessmentEvent::ImprovementActionPlanned(ImprovementActionPlanned {
                organisation,
                edition,
                number: u16::from(gap) + 1,
                action: self.action(gap),
            }),
            Step::CompleteAction(gap) => {
                AssessmentEvent::ImprovementActionCompleted(ImprovementActionCompleted {
                    organisation,
                    edition,
                    number: u16::from(gap) + 1,
                    done: Day::in_london(time),
                })
            }
            Step::SubmitPlan => AssessmentEvent::ImprovementPlanSubmitted(ImprovementPlanSubmitted {
                organisation,
                edition,
                actions: (0..self.story.gaps.len() as u8)
                    .map(|gap| (u16::from(gap) + 1, self.action(gap)))
                    .collect(),
            }),
            Step::AgreePlan => AssessmentEvent::ImprovementPlanAgreed(ImprovementPlanAgreed {
                organisation,
                edition,
                by: self.england.land.overseer_of(self.practice),
                due: self.story.plan_due,
            }),
            Step::RefusePlan => AssessmentEvent::ImprovementPlanRefused(ImprovementPlanRefused {
                organisation,
                edition,
                by: self.england.land.overseer_of(self.practice),
                reason: REFUSALS[self.number % REFUSALS.len()].to_owned(),
            }),
            Step::ReviewGrade => {
                let stands = !self.number.is_multiple_of(3) && self.story.gaps.is_empty();
                AssessmentEvent::GradeReviewed(GradeReviewed {
                    organisation,
                    edition,
                    grade: if stands { Grade::Satisfactory } else { Grade::NotSatisfactory },
                    by: self.england.land.region_of(&self.england.land.ccgs[self.practice.ccg]).code,
                    reason: if stands {
                        "The evidence was seen and supports every answer.".to_owned()
                    } else {
                        "Evidence for one requirement could not be shown.".to_owned()
                    },
                })
            }
        }
    }

    fn carried_over(&self) -> Vec<GivenAnswer> {
        let carried = self.story.carried.iter().flatten();
        carried.zip(0u8..).map(|(choice, at)| self.given(at, *choice)).collect()
    }

    fn given(&self, at: u8, choice: Choice) -> GivenAnswer {
        // Anything that looks chosen will do, as long as it is chosen alike every time.
        let turn = self.number * 7 + usize::from(at) * 5;
        let requirement = self.england.requirements[usize::from(at)];
        let short = matches!(choice, Choice::Level(0..2));
        GivenAnswer {
            requirement,
            answer: answer(choice),
            comment: if short {
                SHORT_COMMENTS[turn % SHORT_COMMENTS.len()].to_owned()
            } else {
                COMMENTS[turn % COMMENTS.len()].to_owned()
            },
            evidence: (!short && turn.is_multiple_of(3)).then(|| Evidence {
                reference: format!("Folder “Information governance”, part {}", &requirement.as_str()[3..]),
                sha256: None,
            }),
            target: (turn.is_multiple_of(5)).then_some(if turn.is_multiple_of(2) { 3 } else { 2 }),
        }
    }

    fn action(&self, gap: u8) -> ImprovementAction {
        let requirement = self.england.requirements[usize::from(self.story.gaps[usize::from(gap)])];
        ImprovementAction {
            requirement,
            gap: "Level 2 is not reached yet.".to_owned(),
            action: "Write down what is missing, agree it with the partners, and show it to all staff."
                .to_owned(),
            owner: office_holder(),
            due: self.story.plan_due,
        }
    }

    /// The publication of answers: the grade by its rule, the percentage by another.
    fn published(&self, choices: &[Choice; REQUIREMENTS]) -> AssessmentPublished {
        let requirements = &self.england.requirements;
        let levels = || {
            choices.iter().zip(requirements).filter_map(|(choice, requirement)| match choice {
                Choice::Level(level) => Some((*level, *requirement)),
                Choice::NotRelevant => None,
            })
        };
        let gaps: Vec<RequirementId> =
            levels().filter(|(level, _)| *level < 2).map(|(_, requirement)| requirement).collect();
        let applicable = levels().count() as u32;
        let attained: u32 = levels().map(|(level, _)| u32::from(level)).sum();
        AssessmentPublished {
            organisation: self.practice.code,
            edition: self.england.edition,
            grade: if gaps.is_empty() { Grade::Satisfactory } else { Grade::NotSatisfactory },
            percentage: (attained * 100).checked_div(applicable * 3).map(|share| share as u8),
            answers: requirements.iter().copied().zip(choices.iter().map(|choice| answer(*choice))).collect(),
            gaps,
            exempt: Vec::new(),
        }
    }
}

fn answer(choice: Choice) -> Answer {
    match choice {
        Choice::Level(level) => Answer::Level(level),
        Choice::NotRelevant => Answer::NotRelevant { reason: NOT_RELEVANT.to_owned() },
    }
}
