//! One practice's assessment of one edition: answers, publication, statement, plan, reviewed grade.

use std::collections::BTreeMap;

use chassis::{Aggregate, Context, When};
use proto::{
    Day, EditionId, OdsCode, PersonId, RequirementId,
    assessments::{
        Answer, AssessmentEvent, AssessmentOpened, AssessmentPublished, AssuranceStatementAccepted, Evidence,
        GivenAnswer, Grade, GradeReviewed, ImprovementAction, ImprovementActionCompleted,
        ImprovementActionPlanned, ImprovementPlanAgreed, ImprovementPlanRefused, ImprovementPlanSubmitted,
        RequirementAnswered, RequirementReviewed,
    },
    standards::{AnswerScale, Edition, GapRule, catalogue},
};
use serde::{Deserialize, Serialize};

use super::{
    ACTION_MAX_CHARS, ACTIONS_MAX, KIND, Overseers, Plan, Refusal, blockers, gaps, grade, percentage,
};

/// The most characters of a comment.
pub const COMMENT_MAX_CHARS: usize = 2_000;
/// The most characters of a reference to evidence.
pub const EVIDENCE_MAX_CHARS: usize = 500;
/// The most characters of a reason.
pub const REASON_MAX_CHARS: usize = 1_000;
/// The highest level one can aim at.
const LEVEL_MAX: u8 = 3;

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
    /// Whether somebody has looked at it this year.
    pub review: Reviewed,
}

/// Whether somebody has looked at an answer this year.
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

/// What can be asked of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssessmentCommand {
    /// Begin it.
    Open {
        /// Whose.
        organisation: OdsCode,
        /// Of which edition.
        edition: EditionId,
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
    /// Hand the plan to the CCG or region.
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
pub fn roll_over(from: &Assessment, into: &Edition) -> Vec<GivenAnswer> {
    let earlier = from.opened.and_then(|opened| catalogue().edition(opened.edition));
    if earlier.is_none_or(|earlier| earlier.scheme != into.scheme) {
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

fn check_text(field: &'static str, what: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() > max { Err(Refusal::TooLong { field, what, max }) } else { Ok(()) }
}

fn need_text(
    field: &'static str,
    what: &'static str,
    why: &'static str,
    text: &str,
    max: usize,
) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Missing { field, what, why });
    }
    check_text(field, what, text, max)
}

/// A reason that somebody will read later.
pub(super) fn need_reason(text: &str) -> Result<(), Refusal> {
    need_text("reason", "A reason", "say why, for those who read this later", text, REASON_MAX_CHARS)
}

fn check_answer(edition: &Edition, given: &GivenAnswer) -> Result<(), Refusal> {
    let requirement = edition.requirements_of(KIND).find(|r| r.id == given.requirement).ok_or_else(|| {
        Refusal::UnknownRequirement { requirement: given.requirement, kind: "general practice".to_owned() }
    })?;
    if !edition.accepts(&given.answer) {
        let accepted = match edition.scale {
            AnswerScale::Levels => "a level of 0, 1, 2 or 3, or not relevant where that is offered",
            AnswerScale::MetOrNotMet => "met or not met, or not relevant where that is offered",
        };
        return Err(Refusal::NotOnScale { accepted });
    }
    if let Answer::NotRelevant { reason } = &given.answer {
        if requirement.not_relevant.is_none() {
            return Err(Refusal::AlwaysRelevant(requirement.id));
        }
        need_text(
            "reason",
            "A reason",
            "say why the requirement does not apply to the practice",
            reason,
            REASON_MAX_CHARS,
        )?;
    }
    check_text("comment", "A comment", &given.comment, COMMENT_MAX_CHARS)?;
    if let Some(evidence) = &given.evidence {
        need_text(
            "evidence",
            "The place of the evidence",
            "name it, or leave evidence out",
            &evidence.reference,
            EVIDENCE_MAX_CHARS,
        )?;
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if evidence.sha256.as_ref().is_some_and(|text| !is_hash(text)) {
            return Err(Refusal::NotAHash);
        }
    }
    match (edition.scale, given.target) {
        (_, None) => Ok(()),
        (AnswerScale::Levels, Some(target)) if target <= LEVEL_MAX => Ok(()),
        _ => Err(Refusal::NotOnScale { accepted: "a target is a level of 0 to 3, in the IG Toolkit only" }),
    }
}

impl Assessment {
    /// Whose it is and of which edition.
    fn of(&self) -> Result<(Opened, &'static Edition), Refusal> {
        let opened = self.opened.ok_or(Refusal::NotOpened)?;
        let edition = catalogue().edition(opened.edition).ok_or(Refusal::UnknownEdition(opened.edition))?;
        Ok((opened, edition))
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
        organisation: OdsCode,
        edition: EditionId,
        carried_over: &[GivenAnswer],
        context: &Context,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        if self.opened.is_some() {
            return Ok(None);
        }
        let found = catalogue().edition(edition).ok_or(Refusal::UnknownEdition(edition))?;
        if context.effective < found.opens.day {
            return Err(Refusal::NotOpenYet { edition, opens: found.opens.day });
        }
        for given in carried_over {
            check_answer(found, given)?;
        }
        Ok(Some(AssessmentEvent::AssessmentOpened(AssessmentOpened {
            organisation,
            edition,
            carried_over: carried_over.to_vec(),
        })))
    }

    fn answer(&self, given: &GivenAnswer) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.of()?;
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

    fn review(&self, requirement: RequirementId) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.of()?;
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

    fn publish(&self, exempt: &[RequirementId], on: Day) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.of()?;
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

    fn accept_statement(&self, person: PersonId) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.of()?;
        if !edition.has_assurance_statement() {
            return Err(Refusal::NoStatement(edition.title.clone()));
        }
        if let Some(statement) = self.statement {
            return Err(Refusal::AlreadySigned(statement.on));
        }
        if self.publication.is_none() {
            return Err(Refusal::NotPublished);
        }
        Ok(Some(AssessmentEvent::AssuranceStatementAccepted(AssuranceStatementAccepted {
            organisation: opened.organisation,
            edition: opened.edition,
            person,
        })))
    }

    fn with_plans(&self) -> Result<(Opened, &'static Edition), Refusal> {
        let (opened, edition) = self.of()?;
        match edition.group(KIND).map(|group| group.gaps) {
            Some(GapRule::PublishedWithPlan) => Ok((opened, edition)),
            _ => Err(Refusal::NoPlans(edition.title.clone())),
        }
    }

    fn plan_action(
        &self,
        number: Option<u16>,
        action: &ImprovementAction,
        exempt: &[RequirementId],
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.with_plans()?;
        if self.plan.submitted.is_some() {
            return Err(Refusal::PlanIsSubmitted("the CCG or region".to_owned()));
        }
        if !self.gaps_to_plan_for(edition, exempt).contains(&action.requirement) {
            return Err(Refusal::NotAGap(action.requirement));
        }
        need_text("gap", "The gap", "say what is missing", &action.gap, ACTION_MAX_CHARS)?;
        need_text("action", "The action", "say what will be done", &action.action, ACTION_MAX_CHARS)?;
        if action.due <= on {
            return Err(Refusal::DueInThePast(action.due));
        }
        let number = match number {
            Some(number) => match self.plan.actions.get(&number) {
                None => return Err(Refusal::NoSuchAction(number)),
                Some(held) if held.action == *action && held.done.is_none() => return Ok(None),
                Some(_) => number,
            },
            None if self.plan.actions.len() >= ACTIONS_MAX => return Err(Refusal::TooManyActions),
            None => self.plan.next_number(),
        };
        Ok(Some(AssessmentEvent::ImprovementActionPlanned(ImprovementActionPlanned {
            organisation: opened.organisation,
            edition: opened.edition,
            number,
            action: action.clone(),
        })))
    }

    fn complete_action(&self, number: u16, done: Day, on: Day) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, _) = self.with_plans()?;
        let held = self.plan.actions.get(&number).ok_or(Refusal::NoSuchAction(number))?;
        if done > on {
            return Err(Refusal::DoneInTheFuture(done));
        }
        Ok((held.done != Some(done)).then_some(AssessmentEvent::ImprovementActionCompleted(
            ImprovementActionCompleted {
                organisation: opened.organisation,
                edition: opened.edition,
                number,
                done,
            },
        )))
    }

    fn submit_plan(&self, exempt: &[RequirementId], on: Day) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, edition) = self.with_plans()?;
        let actions = self.plan.as_of_now();
        if self.plan.submitted.is_some() {
            return Ok(None);
        }
        if self.plan.agreed.as_ref().is_some_and(|agreed| agreed.actions == actions) {
            return Ok(None);
        }
        let gaps = self.gaps_to_plan_for(edition, exempt);
        if gaps.is_empty() {
            return Err(Refusal::NoGaps);
        }
        let uncovered = self.plan.uncovered(&gaps, on);
        if !uncovered.is_empty() {
            return Err(Refusal::Uncovered(uncovered));
        }
        Ok(Some(AssessmentEvent::ImprovementPlanSubmitted(ImprovementPlanSubmitted {
            organisation: opened.organisation,
            edition: opened.edition,
            actions,
        })))
    }

    fn agree_plan(
        &self,
        by: OdsCode,
        overseers: Overseers,
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, _) = self.with_plans()?;
        check_overseer(by, overseers)?;
        let Some(submitted) = &self.plan.submitted else {
            let is_so_already = self.plan.agreed.as_ref().is_some_and(|agreed| agreed.by == by);
            return if is_so_already { Ok(None) } else { Err(Refusal::NothingSubmitted) };
        };
        let due = submitted.actions.iter().map(|(_, action)| action.due).max().unwrap_or(on);
        if due < on {
            return Err(Refusal::DueInThePast(due));
        }
        Ok(Some(AssessmentEvent::ImprovementPlanAgreed(ImprovementPlanAgreed {
            organisation: opened.organisation,
            edition: opened.edition,
            by,
            due,
        })))
    }

    fn refuse_plan(
        &self,
        by: OdsCode,
        overseers: Overseers,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, _) = self.with_plans()?;
        check_overseer(by, overseers)?;
        if self.plan.submitted.is_none() {
            return Err(Refusal::NothingSubmitted);
        }
        need_reason(reason)?;
        Ok(Some(AssessmentEvent::ImprovementPlanRefused(ImprovementPlanRefused {
            organisation: opened.organisation,
            edition: opened.edition,
            by,
            reason: reason.trim().to_owned(),
        })))
    }

    fn review_grade(
        &self,
        grade: Grade,
        by: OdsCode,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let (opened, _) = self.of()?;
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

fn check_overseer(by: OdsCode, overseers: Overseers) -> Result<(), Refusal> {
    if overseers.include(by) {
        Ok(())
    } else {
        Err(Refusal::NotItsOverseer { by, overseers: overseers.in_words() })
    }
}

impl Aggregate for Assessment {
    type Event = AssessmentEvent;
    type Command = AssessmentCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "assessment";
    const FOLD_VERSION: u32 = 1;

    fn decide(
        &self,
        command: &AssessmentCommand,
        context: &Context,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let on = context.effective;
        match command {
            AssessmentCommand::Open { organisation, edition, carried_over } => {
                self.open(*organisation, *edition, carried_over, context)
            }
            AssessmentCommand::Answer(given) => self.answer(given),
            AssessmentCommand::Review(requirement) => self.review(*requirement),
            AssessmentCommand::Publish { exempt } => self.publish(exempt, on),
            AssessmentCommand::AcceptStatement(person) => self.accept_statement(*person),
            AssessmentCommand::PlanAction { number, action, exempt } => {
                self.plan_action(*number, action, exempt, on)
            }
            AssessmentCommand::CompleteAction { number, done } => self.complete_action(*number, *done, on),
            AssessmentCommand::SubmitPlan { exempt } => self.submit_plan(exempt, on),
            AssessmentCommand::AgreePlan { by, overseers } => self.agree_plan(*by, *overseers, on),
            AssessmentCommand::RefusePlan { by, overseers, reason } => {
                self.refuse_plan(*by, *overseers, reason)
            }
            AssessmentCommand::ReviewGrade { grade, by, reason } => self.review_grade(*grade, *by, reason),
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
            | AssessmentEvent::ResultListed(_) => {}
        }
    }
}
