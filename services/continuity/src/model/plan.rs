//! The plan of one organisation: its versions, exercises, the times it was needed, and the plans of
//! others it leans on.

use chassis::{Aggregate, Context, Refusal, When, refusal::needed};
use proto::{
    Day, OdsCode, PersonId,
    continuity::{
        Against, ContinuityEvent, Document, ExerciseHeld, ExerciseKind, Lesson, LessonActedUpon,
        PlanApproved, PlanInvoked, PlanReviewed, PlanWithdrawn, PlanWritten, PlannedSystem, RelianceEnded,
        RelianceStated, Scenario,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    checks::{
        ACCOUNT_MAX_CHARS, APPROVALS_MAX, RELIANCES_MAX, REVIEW_MAX_DAYS, REVIEWS_MAX, RUNS_MAX,
        TEXT_MAX_CHARS, VERSIONS_MAX, checked, learnt, not_to_come, room,
    },
    standing::{Dates, InForce},
};

/// All that an organisation ever said of its plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinuityPlan {
    /// What decides how it stands.
    pub dates: Dates,
    /// The versions, by number from 1.
    pub versions: Vec<PlanWritten>,
    /// The approvals, in order of day.
    pub approvals: Vec<PlanApproved>,
    /// The reviews, in order of day.
    pub reviews: Vec<PlanReviewed>,
    /// The last withdrawal.
    pub withdrawal: Option<Withdrawal>,
    /// Exercises and invocations, by number from 1.
    pub runs: Vec<Run>,
    /// The plans of others it leans on or leant on.
    pub reliances: Vec<Reliance>,
}

/// The plan was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// From which day on.
    pub on: Day,
    /// Why.
    pub reason: String,
}

/// An exercise, or the real thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub number: u16,
    /// How it was exercised; none: the plan was needed for real.
    pub kind: Option<ExerciseKind>,
    /// What was played or happened.
    pub scenario: Scenario,
    /// The day.
    pub on: Day,
    /// Who took part at the level of the board or partners.
    pub board: Option<PersonId>,
    /// How it went.
    pub outcome: Against,
    /// What happened, in words; empty for an exercise.
    pub account: String,
    /// What was learnt, by number from 1.
    pub lessons: Vec<HeldLesson>,
}

/// A lesson, and whether it was acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLesson {
    /// Its number.
    pub number: u16,
    /// What was learnt, and what is to be done.
    pub lesson: Lesson,
    /// The day it was done.
    pub done: Option<Day>,
}

/// A plan of a delivery partner that is leant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reliance {
    /// Whose.
    pub partner: OdsCode,
    /// For what.
    pub services: String,
    /// From which day on.
    pub since: Day,
    /// From which day on no longer.
    pub ended: Option<Day>,
}

/// A command about an organisation's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCommand {
    /// Whose plan.
    pub organisation: OdsCode,
    /// What about it.
    pub own: Own,
}

/// What can be asked of a plan. What has no day of its own takes effect on the effective day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the events")]
pub enum Own {
    /// Write the next version.
    Write { owner: PersonId, covers: Vec<Scenario>, systems: Vec<PlannedSystem>, document: Option<Document> },
    /// Approve a version.
    Approve { version: u16, by: PersonId, on: Day, next_review: Day },
    /// Say that the approved version stands.
    Review { by: PersonId, on: Day, next_review: Day },
    /// Give the plan up.
    Withdraw { reason: String },
    /// Record an exercise.
    Exercise {
        kind: ExerciseKind,
        scenario: Scenario,
        on: Day,
        board: Option<PersonId>,
        outcome: Against,
        lessons: Vec<Lesson>,
    },
    /// Record that the plan was needed for real.
    Invoke { scenario: Scenario, on: Day, outcome: Against, account: String, lessons: Vec<Lesson> },
    /// Note that a lesson was acted upon.
    ActUpon { number: u16, lesson: u16, done: Day },
    /// Lean on a partner's plan.
    Rely { partner: OdsCode, services: String },
    /// Lean on it no longer.
    EndReliance { partner: OdsCode },
}

impl Aggregate for ContinuityPlan {
    type Event = ContinuityEvent;
    type Command = PlanCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "continuity-plan";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &PlanCommand, context: &Context) -> Result<Option<ContinuityEvent>, Refusal> {
        let organisation = command.organisation;
        let (today, effective) = (Day::in_london(context.time), context.effective);
        match command.own.clone() {
            Own::Write { owner, covers, systems, document } => {
                let (covers, systems, document) = checked(covers, systems, document)?;
                let last = self.versions.last();
                let version = last.map_or(0, |last| last.version);
                let again = PlanWritten { organisation, version, owner, covers, systems, document };
                if last == Some(&again) {
                    return Ok(None);
                }
                room(self.versions.len(), VERSIONS_MAX, "versions of a plan")?;
                some(PlanWritten { version: version.saturating_add(1), ..again })
            }
            Own::Approve { version, by, on, next_review } => {
                let written = self.versions.iter().find(|written| written.version == version);
                let covers = written.map(|written| written.covers.clone()).ok_or_else(|| {
                    Refusal::at("version", format!("no version {version} of the plan has been written"))
                })?;
                let approval = PlanApproved { organisation, version, by, on, covers, next_review };
                if self.dates.in_force.is_some() && self.approvals.last() == Some(&approval) {
                    return Ok(None);
                }
                let newest = self.to_approve()?.version;
                if self.dates.in_force.as_ref().is_some_and(|in_force| in_force.version >= version) {
                    let text =
                        format!("version {version} has been approved or passed over; approve {newest}");
                    return Err(Refusal::at("version", text));
                }
                self.looked_at(on, next_review, today)?;
                room(self.approvals.len(), APPROVALS_MAX, "approvals of a plan")?;
                some(approval)
            }
            Own::Review { by, on, next_review } => {
                let version = self.in_force()?.version;
                let review = PlanReviewed { organisation, version, by, on, next_review };
                if self.reviews.last() == Some(&review) {
                    return Ok(None);
                }
                self.looked_at(on, next_review, today)?;
                room(self.reviews.len(), REVIEWS_MAX, "reviews of a plan")?;
                some(review)
            }
            Own::Withdraw { reason } => {
                if self.dates.withdrawn.is_some() {
                    return Ok(None);
                }
                self.in_force()?;
                let reason = needed("reason", "The reason", &reason, TEXT_MAX_CHARS)?;
                not_to_come("on", effective, today)?;
                self.in_order(effective)?;
                some(PlanWithdrawn { organisation, reason })
            }
            Own::Exercise { kind, scenario, on, board, outcome, lessons } => {
                let run = self.run(Some(kind), scenario, on, board, outcome, String::new(), lessons)?;
                let Some((version, number)) = self.recordable(&run, today)? else { return Ok(None) };
                let lessons = run.lessons();
                some(ExerciseHeld {
                    organisation,
                    version,
                    number,
                    kind,
                    scenario,
                    on,
                    board,
                    outcome,
                    lessons,
                })
            }
            Own::Invoke { scenario, on, outcome, account, lessons } => {
                let account = needed("account", "The account", &account, ACCOUNT_MAX_CHARS)?;
                let run = self.run(None, scenario, on, None, outcome, account, lessons)?;
                let Some((_, number)) = self.recordable(&run, today)? else { return Ok(None) };
                let lessons = run.lessons();
                some(PlanInvoked {
                    organisation,
                    number,
                    scenario,
                    on,
                    outcome,
                    account: run.account,
                    lessons,
                })
            }
            Own::ActUpon { number, lesson, done } => {
                let (run, held) = self.lesson(number, lesson)?;
                match held.done {
                    Some(day) if day == done => return Ok(None),
                    Some(day) => {
                        let text = format!("lesson {lesson} was acted upon on {} already", day.long());
                        return Err(Refusal::as_things_stand(text));
                    }
                    None => {}
                }
                not_to_come("done", done, today)?;
                if done < run.on {
                    let text = format!("the lesson was learnt on {}, not before", run.on.long());
                    return Err(Refusal::at("done", text));
                }
                some(LessonActedUpon { organisation, number, lesson, done })
            }
            Own::Rely { partner, services } => {
                let services = needed("services", "What you rely on it for", &services, TEXT_MAX_CHARS)?;
                if self.reliable(organisation, partner, &services, effective, today)? {
                    some(RelianceStated { organisation, partner, services })
                } else {
                    Ok(None)
                }
            }
            Own::EndReliance { partner } => {
                let Some(last) = self.reliances.iter().rev().find(|held| held.partner == partner) else {
                    return Err(Refusal::unknown(format!(
                        "no reliance on the plan of {partner} is recorded"
                    )));
                };
                if last.ended.is_some() {
                    return Ok(None);
                }
                not_to_come("on", effective, today)?;
                if effective < last.since {
                    let text = format!("it began on {}; it cannot end before", last.since.long());
                    return Err(Refusal::at("on", text));
                }
                some(RelianceEnded { organisation, partner })
            }
        }
    }

    fn evolve(&mut self, event: &ContinuityEvent, when: &When) {
        self.dates.note(event, when.effective);
        match event.clone() {
            ContinuityEvent::PlanWritten(event) => self.versions.push(event),
            ContinuityEvent::PlanApproved(event) => {
                self.withdrawal = None;
                self.approvals.push(event);
            }
            ContinuityEvent::PlanReviewed(event) => self.reviews.push(event),
            ContinuityEvent::PlanWithdrawn(event) => {
                self.withdrawal = Some(Withdrawal { on: when.effective, reason: event.reason });
            }
            ContinuityEvent::ExerciseHeld(event) => {
                let ExerciseHeld { number, kind, scenario, on, board, outcome, lessons, .. } = event;
                let (lessons, account) = (held(lessons), String::new());
                self.runs.push(Run {
                    number,
                    kind: Some(kind),
                    scenario,
                    on,
                    board,
                    outcome,
                    account,
                    lessons,
                });
            }
            ContinuityEvent::PlanInvoked(event) => {
                let PlanInvoked { number, scenario, on, outcome, account, lessons, .. } = event;
                let lessons = held(lessons);
                self.runs.push(Run {
                    number,
                    kind: None,
                    scenario,
                    on,
                    board: None,
                    outcome,
                    account,
                    lessons,
                });
            }
            ContinuityEvent::LessonActedUpon(event) => {
                let of = self.runs.iter_mut().find(|run| run.number == event.number);
                let lesson =
                    of.and_then(|run| run.lessons.iter_mut().find(|held| held.number == event.lesson));
                if let Some(lesson) = lesson {
                    lesson.done = Some(event.done);
                }
            }
            ContinuityEvent::RelianceStated(RelianceStated { partner, services, .. }) => {
                self.reliances.push(Reliance { partner, services, since: when.effective, ended: None });
            }
            ContinuityEvent::RelianceEnded(event) => {
                if let Some(last) = self.reliances.iter_mut().rev().find(|held| held.partner == event.partner)
                {
                    last.ended = Some(when.effective);
                }
            }
        }
    }
}

fn some(event: impl Into<ContinuityEvent>) -> Result<Option<ContinuityEvent>, Refusal> {
    Ok(Some(event.into()))
}

fn held(lessons: Vec<(u16, Lesson)>) -> Vec<HeldLesson> {
    lessons.into_iter().map(|(number, lesson)| HeldLesson { number, lesson, done: None }).collect()
}

/// The number of the next of so many.
fn next_number(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX).saturating_add(1)
}

impl Run {
    /// The lessons, by number.
    fn lessons(&self) -> Vec<(u16, Lesson)> {
        self.lessons.iter().map(|held| (held.number, held.lesson.clone())).collect()
    }

    /// Whether it is the same, apart from its number and what was done since.
    fn is_the_same_as(&self, other: &Run) -> bool {
        let said = |run: &Run| (run.kind, run.scenario, run.on, run.board, run.outcome, run.account.clone());
        said(self) == said(other) && self.lessons() == other.lessons()
    }
}

impl ContinuityPlan {
    /// The approved version, or why there is none.
    pub fn in_force(&self) -> Result<&InForce, Refusal> {
        self.dates.in_force.as_ref().ok_or_else(|| {
            Refusal::as_things_stand(match self.dates.withdrawn {
                Some(on) => format!("the plan was withdrawn on {}; approve a version first", on.long()),
                None => "no version of the plan has been approved; approve one first".to_owned(),
            })
        })
    }

    /// The newest version, if it can be approved; or why there is none.
    pub fn to_approve(&self) -> Result<&PlanWritten, Refusal> {
        let newest = self.versions.last().ok_or_else(|| {
            Refusal::as_things_stand("no version of the plan has been written; write one first")
        })?;
        match &self.dates.in_force {
            Some(in_force) if in_force.version >= newest.version => Err(Refusal::as_things_stand(format!(
                "version {} was approved on {} and is the newest; review it, or add a new version first",
                in_force.version,
                in_force.since.long()
            ))),
            _ => Ok(newest),
        }
    }

    /// The partners whose plans are leant on now.
    pub fn partners(&self) -> impl Iterator<Item = &Reliance> {
        self.reliances.iter().filter(|held| held.ended.is_none())
    }

    /// The days of an approval or a review are possible, and come after those before.
    fn looked_at(&self, on: Day, next_review: Day, today: Day) -> Result<(), Refusal> {
        not_to_come("on", on, today)?;
        self.in_order(on)?;
        let latest = on.plus_days(REVIEW_MAX_DAYS);
        if next_review <= on || next_review > latest {
            let text = format!(
                "a plan is reviewed within twelve months: after {}, up to {}",
                on.long(),
                latest.long()
            );
            return Err(Refusal::at("next_review", text));
        }
        Ok(())
    }

    /// Approvals, reviews and withdrawals are recorded in the order in which they happened.
    fn in_order(&self, on: Day) -> Result<(), Refusal> {
        match self.dates.decided() {
            Some(before) if on < before => Err(Refusal::at(
                "on",
                format!("the plan was approved, reviewed or withdrawn on {} last; not before", before.long()),
            )),
            _ => Ok(()),
        }
    }

    /// An exercise or invocation, checked as far as it goes by itself.
    #[expect(clippy::too_many_arguments, reason = "they are what an exercise consists of")]
    fn run(
        &self,
        kind: Option<ExerciseKind>,
        scenario: Scenario,
        on: Day,
        board: Option<PersonId>,
        outcome: Against,
        account: String,
        lessons: Vec<Lesson>,
    ) -> Result<Run, Refusal> {
        let lessons = held(learnt(lessons, on)?);
        Ok(Run { number: next_number(self.runs.len()), kind, scenario, on, board, outcome, account, lessons })
    }

    /// Of which version a run is, and its number; none where it is recorded already.
    fn recordable(&self, run: &Run, today: Day) -> Result<Option<(u16, u16)>, Refusal> {
        if self.runs.iter().any(|held| held.is_the_same_as(run)) {
            return Ok(None);
        }
        self.in_force()?;
        not_to_come("on", run.on, today)?;
        let approved = self.approvals.iter().rev().find(|approval| approval.on <= run.on);
        let Some(approved) = approved else {
            let first = self.approvals.first().map(|first| first.on.long()).unwrap_or_default();
            return Err(Refusal::at(
                "on",
                format!("no plan was approved on that day; the first was on {first}"),
            ));
        };
        room(self.runs.len(), RUNS_MAX, "exercises and invocations")?;
        Ok(Some((approved.version, run.number)))
    }

    fn lesson(&self, number: u16, lesson: u16) -> Result<(&Run, &HeldLesson), Refusal> {
        let run = self.runs.iter().find(|run| run.number == number).ok_or_else(|| {
            Refusal::unknown(format!("there is no exercise or invocation {number} of this plan"))
        })?;
        let held = run.lessons.iter().find(|held| held.number == lesson);
        held.map(|held| (run, held)).ok_or_else(|| {
            Refusal::unknown(format!("exercise or invocation {number} has no lesson {lesson}"))
        })
    }

    /// Whether leaning on a partner's plan is new; or why it is not possible.
    fn reliable(
        &self,
        organisation: OdsCode,
        partner: OdsCode,
        services: &str,
        since: Day,
        today: Day,
    ) -> Result<bool, Refusal> {
        if partner == organisation {
            return Err(Refusal::at(
                "partner",
                "an organisation does not rely on its own plan; name the delivery partner",
            ));
        }
        not_to_come("since", since, today)?;
        match self.reliances.iter().rev().find(|held| held.partner == partner) {
            Some(Reliance { ended: None, services: held, .. }) if held == services => return Ok(false),
            Some(Reliance { ended: None, since, .. }) => {
                let text =
                    format!("reliance on the plan of {partner} stands since {}; end it first", since.long());
                return Err(Refusal::as_things_stand(text));
            }
            Some(Reliance { ended: Some(ended), .. }) if since < *ended => {
                let text = format!("reliance on the plan of {partner} ended on {}; not before", ended.long());
                return Err(Refusal::at("since", text));
            }
            _ => {}
        }
        room(self.reliances.len(), RELIANCES_MAX, "statements of reliance")?;
        Ok(true)
    }
}
