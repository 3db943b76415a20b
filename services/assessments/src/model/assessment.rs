//! One practice's assessment of one edition: answers, publication, statement, plan, reviewed grade.

use std::{collections::BTreeMap, sync::Arc};

use chassis::{Aggregate, Context, When};
use proto::{
    Day, EditionId, OdsCode, PersonId, RequirementId,
    assessments::{
        Answer, AssessmentEvent, AssessmentOpened, AssessmentPublished, AssuranceStatementAccepted, Evidence,
        GivenAnswer, Grade, GradeReviewed, ImprovementAction, RequirementAnswered, RequirementReviewed,
    },
    standards::Edition,
};
use serde::{Deserialize, Serialize};

use super::{KIND, Overseers, Plan, Refusal, blockers, gaps, grade, percentage};

mod checks;
mod planning;

use checks::check_answer;
pub(super) use checks::need_reason;
pub use checks::{COMMENT_MAX_CHARS, EVIDENCE_MAX_CHARS, REASON_MAX_CHARS};

/// The state of an assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Whose it is, and since when there is one.
    pub opened: Option<Opened>,
    /// The answers as they stand, published or not.
    pub answers: BTreeMap<RequirementId, Held>,
    /// The last publication.
    pub publication: Option<Publication>,
    /// The assurance statement.
    pub statement: Option<Statement>,
    /// The improvement plan.
    pub plan: Plan,
    /// The reviewer's grade.
    pub review: Option<Review>,
}

/// Whose assessment of what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Whose.
    pub organisation: OdsCode,
    /// Of which edition.
    pub edition: EditionId,
    /// The day it was begun.
    pub on: Day,
}

/// An answer that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The answer.
    pub answer: Answer,
    /// The comment in support of it.
    pub comment: String,
    /// Where the evidence is.
    pub evidence: Option<Evidence>,
    /// The level aimed at.
    pub target: Option<u8>,
    /// Whether someone has looked at it this year.
    pub review: Reviewed,
}

/// Whether someone has looked at an answer this year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reviewed {
    /// Given this year, or ticked as still right.
    Yes,
    /// Carried over from last year.
    No,
}

impl Held {
    fn of(given: &GivenAnswer, review: Reviewed) -> Self {
        Self {
            answer: given.answer.clone(),
            comment: given.comment.clone(),
            evidence: given.evidence.clone(),
            target: given.target,
            review,
        }
    }

    fn is(&self, given: &GivenAnswer) -> bool {
        *self == Held::of(given, Reviewed::Yes)
    }
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The day of the first one.
    pub first: Day,
    /// The day of the last one, which counts.
    pub on: Day,
    /// How often it has been published.
    pub times: u32,
    /// The grade then.
    pub grade: Grade,
    /// The percentage then.
    pub percentage: Option<u8>,
    /// The answers as published.
    pub answers: Vec<(RequirementId, Answer)>,
    /// What fell short then.
    pub gaps: Vec<RequirementId>,
    /// What was exempt then.
    pub exempt: Vec<RequirementId>,
}

/// An accepted statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// By whom.
    pub person: PersonId,
    /// The day.
    pub on: Day,
}

/// A reviewer's grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The grade.
    pub grade: Grade,
    /// By which body.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
    /// The day.
    pub on: Day,
}

/// A command with the edition it is about, as this installation has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnEdition {
    /// The edition.
    pub edition: Arc<Edition>,
    /// What is asked.
    pub command: AssessmentCommand,
}

impl AssessmentCommand {
    /// The command about an edition.
    pub fn on(self, edition: &Arc<Edition>) -> OnEdition {
        OnEdition { edition: edition.clone(), command: self }
    }
}

/// What can be asked of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssessmentCommand {
    /// Begin it.
    Open {
        /// Whose.
        organisation: OdsCode,
        /// Last year's answers (see [`roll_over`]).
        carried_over: Vec<GivenAnswer>,
    },
    /// Answer a requirement, or answer it anew. Answering is also reviewing.
    Answer(GivenAnswer),
    /// Tick that a carried-over answer still stands.
    Review(RequirementId),
    /// Publish it, for the first time or again.
    Publish {
        /// What is exempt centrally now.
        exempt: Vec<RequirementId>,
    },
    /// Accept the assurance statement.
    AcceptStatement(PersonId),
    /// Plan an action, or plan one anew.
    PlanAction {
        /// Its number where it is planned anew.
        number: Option<u16>,
        /// What is planned.
        action: ImprovementAction,
        /// What is exempt centrally now.
        exempt: Vec<RequirementId>,
    },
    /// Note that an action was done.
    CompleteAction {
        /// Its number.
        number: u16,
        /// The day.
        done: Day,
    },
    /// Hand the plan to the commissioner or region.
    SubmitPlan {
        /// What is exempt centrally now.
        exempt: Vec<RequirementId>,
    },
    /// Agree the plan.
    AgreePlan {
        /// Who agrees.
        by: OdsCode,
        /// Who may.
        overseers: Overseers,
    },
    /// Refuse the plan.
    RefusePlan {
        /// Who refuses.
        by: OdsCode,
        /// Who may.
        overseers: Overseers,
        /// Why.
        reason: String,
    },
    /// Set a reviewer's grade beside the self-assessed one.
    ReviewGrade {
        /// The grade.
        grade: Grade,
        /// By which body.
        by: OdsCode,
        /// Why.
        reason: String,
    },
}

/// Last year's answers in this year's numbering: those whose requirement still exists and whose
/// answer this edition still takes. Only within one scheme; each then needs its review tick.
pub fn roll_over(from: &Assessment, earlier: &Edition, into: &Edition) -> Vec<GivenAnswer> {
    if from.opened.is_none_or(|opened| opened.edition != earlier.id) || earlier.scheme != into.scheme {
        return Vec::new();
    }
    let mut carried: Vec<GivenAnswer> = from
        .answers
        .iter()
        .filter_map(|(requirement, held)| {
            let given = GivenAnswer {
                requirement: into.counterpart(*requirement)?.id,
                answer: held.answer.clone(),
                comment: held.comment.clone(),
                evidence: held.evidence.clone(),
                target: held.target,
            };
            check_answer(into, &given).is_ok().then_some(given)
        })
        .collect();
    carried.sort_by_key(|given| into.requirements().iter().position(|r| r.id == given.requirement));
    carried
}

impl Assessment {
    /// Whose it is, if it is of this edition.
    fn of(&self, edition: &Edition) -> Result<Opened, Refusal> {
        let opened = self.opened.ok_or(Refusal::NotOpened)?;
        if opened.edition != edition.id {
            return Err(Refusal::AnotherEdition { opened: opened.edition, asked: edition.id });
        }
        Ok(opened)
    }

    /// The answers as they stand, with their requirements.
    pub fn given(&self) -> impl Iterator<Item = (&RequirementId, &Answer)> {
        self.answers.iter().map(|(requirement, held)| (requirement, &held.answer))
    }

    /// What an improvement plan has to deal with: what fell short in the last publication, before the
    /// first one what falls short in the answers so far.
    pub fn gaps_to_plan_for(&self, edition: &Edition, exempt: &[RequirementId]) -> Vec<RequirementId> {
        match &self.publication {
            Some(publication) => gaps(edition, publication.answers.iter().map(|(r, a)| (r, a)), exempt),
            None => gaps(edition, self.given(), exempt),
        }
    }

    fn open(
        &self,
        edition: &Edition,
        organisation: OdsCode,
        carried_over: &[GivenAnswer],
        context: &Context,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        if self.opened.is_some() {
            return Ok(None);
        }
        if context.effective < edition.opens.day {
            return Err(Refusal::NotOpenYet { edition: edition.id, opens: edition.opens.day });
        }
        for given in carried_over {
            check_answer(edition, given)?;
        }
        Ok(Some(AssessmentEvent::AssessmentOpened(AssessmentOpened {
            organisation,
            edition: edition.id,
            carried_over: carried_over.to_vec(),
        })))
    }

    fn answer(&self, edition: &Edition, given: &GivenAnswer) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.of(edition)?;
        check_answer(edition, given)?;
        if self.answers.get(&given.requirement).is_some_and(|held| held.is(given)) {
            return Ok(None);
        }
        Ok(Some(AssessmentEvent::RequirementAnswered(RequirementAnswered {
            organisation: opened.organisation,
            edition: opened.edition,
            given: given.clone(),
        })))
    }

    fn review(
        &self,
        edition: &Edition,
        requirement: RequirementId,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.of(edition)?;
        if !edition.requirements_of(KIND).any(|r| r.id == requirement) {
            return Err(Refusal::UnknownRequirement { requirement, kind: "general practice".to_owned() });
        }
        match self.answers.get(&requirement) {
            None => Err(Refusal::NothingToReview(requirement)),
            Some(held) if held.review == Reviewed::Yes => Ok(None),
            Some(_) => Ok(Some(AssessmentEvent::RequirementReviewed(RequirementReviewed {
                organisation: opened.organisation,
                edition: opened.edition,
                requirement,
            }))),
        }
    }

    fn publish(
        &self,
        edition: &Edition,
        exempt: &[RequirementId],
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.of(edition)?;
        check_still_open(edition, on)?;
        let blocking = blockers(edition, self, exempt);
        if !blocking.is_empty() {
            return Err(Refusal::Blocked(blocking));
        }
        let answers: Vec<(RequirementId, Answer)> = edition
            .requirements_of(KIND)
            .filter_map(|r| self.answers.get(&r.id).map(|held| (r.id, held.answer.clone())))
            .collect();
        let gaps = gaps(edition, self.given(), exempt);
        let event = AssessmentPublished {
            organisation: opened.organisation,
            edition: opened.edition,
            grade: grade(&gaps, &self.plan, on),
            percentage: percentage(edition, self.given(), exempt),
            answers,
            gaps,
            exempt: exempt.to_vec(),
        };
        // Published twice on one day with nothing changed is published once.
        let is_so_already = self.publication.as_ref().is_some_and(|last| {
            last.on == on
                && last.grade == event.grade
                && last.answers == event.answers
                && last.exempt == event.exempt
        });
        Ok((!is_so_already).then_some(AssessmentEvent::AssessmentPublished(event)))
    }

    fn accept_statement(
        &self,
        edition: &Edition,
        person: PersonId,
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.of(edition)?;
        if !edition.has_assurance_statement() {
            return Err(Refusal::NoStatement(edition.title.clone()));
        }
        if let Some(statement) = self.statement {
            return Err(Refusal::AlreadySigned(statement.on));
        }
        check_still_open(edition, on)?;
        if self.publication.is_none() {
            return Err(Refusal::NotPublished);
        }
        Ok(Some(AssessmentEvent::AssuranceStatementAccepted(AssuranceStatementAccepted {
            organisation: opened.organisation,
            edition: opened.edition,
            person,
        })))
    }

    fn review_grade(
        &self,
        edition: &Edition,
        grade: Grade,
        by: OdsCode,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.of(edition)?;
        if self.publication.is_none() {
            return Err(Refusal::NotPublished);
        }
        need_reason(reason)?;
        let reason = reason.trim();
        let is_so_already = self
            .review
            .as_ref()
            .is_some_and(|held| held.grade == grade && held.by == by && held.reason == reason);
        Ok((!is_so_already).then_some(AssessmentEvent::GradeReviewed(GradeReviewed {
            organisation: opened.organisation,
            edition: opened.edition,
            grade,
            by,
            reason: reason.to_owned(),
        })))
    }
}

/// An edition can be published, and its statement signed, up to a day that its data name.
fn check_still_open(edition: &Edition, on: Day) -> Result<(), Refusal> {
    match edition.closed_on(on) {
        Some(last) => Err(Refusal::ClosedForPublication { title: edition.title.clone(), last }),
        None => Ok(()),
    }
}

impl Aggregate for Assessment {
    type Event = AssessmentEvent;
    type Command = OnEdition;
    type Refusal = Refusal;

    const NAME: &'static str = "assessment";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, asked: &OnEdition, context: &Context) -> Result<Option<AssessmentEvent>, Refusal> {
        let OnEdition { edition, command } = asked;
        let on = context.effective;
        match command {
            AssessmentCommand::Open { organisation, carried_over } => {
                self.open(edition, *organisation, carried_over, context)
            }
            AssessmentCommand::Answer(given) => self.answer(edition, given),
            AssessmentCommand::Review(requirement) => self.review(edition, *requirement),
            AssessmentCommand::Publish { exempt } => self.publish(edition, exempt, on),
            AssessmentCommand::AcceptStatement(person) => self.accept_statement(edition, *person, on),
            AssessmentCommand::PlanAction { number, action, exempt } => {
                self.plan_action(edition, *number, action, exempt, on)
            }
            AssessmentCommand::CompleteAction { number, done } => {
                self.complete_action(edition, *number, *done, on)
            }
            AssessmentCommand::SubmitPlan { exempt } => self.submit_plan(edition, exempt, on),
            AssessmentCommand::AgreePlan { by, overseers } => self.agree_plan(edition, *by, *overseers, on),
            AssessmentCommand::RefusePlan { by, overseers, reason } => {
                self.refuse_plan(edition, *by, *overseers, reason)
            }
            AssessmentCommand::ReviewGrade { grade, by, reason } => {
                self.review_grade(edition, *grade, *by, reason)
            }
        }
    }

    fn evolve(&mut self, event: &AssessmentEvent, when: &When) {
        let on = when.effective;
        match event {
            AssessmentEvent::AssessmentOpened(event) => {
                self.opened = Some(Opened { organisation: event.organisation, edition: event.edition, on });
                for given in &event.carried_over {
                    self.answers.insert(given.requirement, Held::of(given, Reviewed::No));
                }
            }
            AssessmentEvent::RequirementAnswered(event) => {
                self.answers.insert(event.given.requirement, Held::of(&event.given, Reviewed::Yes));
            }
            AssessmentEvent::RequirementReviewed(event) => {
                if let Some(held) = self.answers.get_mut(&event.requirement) {
                    held.review = Reviewed::Yes;
                }
            }
            AssessmentEvent::AssessmentPublished(event) => {
                let (first, times) = self.publication.as_ref().map_or((on, 1), |p| (p.first, p.times + 1));
                self.publication = Some(Publication {
                    first,
                    on,
                    times,
                    grade: event.grade,
                    percentage: event.percentage,
                    answers: event.answers.clone(),
                    gaps: event.gaps.clone(),
                    exempt: event.exempt.clone(),
                });
            }
            AssessmentEvent::AssuranceStatementAccepted(event) => {
                self.statement = Some(Statement { person: event.person, on });
            }
            AssessmentEvent::ImprovementActionPlanned(event) => self.plan.plan(event.number, &event.action),
            AssessmentEvent::ImprovementActionCompleted(event) => {
                self.plan.complete(event.number, event.done)
            }
            AssessmentEvent::ImprovementPlanSubmitted(event) => self.plan.submit(event, on),
            AssessmentEvent::ImprovementPlanAgreed(event) => self.plan.agree(event, on),
            AssessmentEvent::ImprovementPlanRefused(event) => self.plan.refuse(event, on),
            AssessmentEvent::GradeReviewed(event) => {
                self.review =
                    Some(Review { grade: event.grade, by: event.by, reason: event.reason.clone(), on });
            }
            AssessmentEvent::DeadlineMoved(_)
            | AssessmentEvent::RequirementExempted(_)
            | AssessmentEvent::ClosingDaySet(_)
            | AssessmentEvent::EditionAdded(_)
            | AssessmentEvent::StatusTextExplained(_)
            | AssessmentEvent::ResultListed(_)
            | AssessmentEvent::FileImported(_)
            | AssessmentEvent::ImportWithdrawn(_) => {}
        }
    }
}
