//! The improvement plan: what the practice plans and does, and what is decided on it.

use proto::{
    Day, OdsCode, RequirementId,
    assessments::{
        AssessmentEvent, ImprovementAction, ImprovementActionCompleted, ImprovementActionPlanned,
        ImprovementPlanAgreed, ImprovementPlanRefused, ImprovementPlanSubmitted,
    },
    standards::{Edition, GapRule},
};

use super::{
    Assessment, Opened,
    checks::{need_reason, need_text},
};
use crate::model::{ACTION_MAX_CHARS, ACTIONS_MAX, KIND, Overseers, Refusal};

impl Assessment {
    fn with_plans(&self, edition: &Edition) -> Result<Opened, Refusal> {
        let opened = self.of(edition)?;
        match edition.group(KIND).map(|group| group.gaps) {
            Some(GapRule::PublishedWithPlan) => Ok(opened),
            _ => Err(Refusal::NoPlans(edition.title.clone())),
        }
    }

    pub(super) fn plan_action(
        &self,
        edition: &Edition,
        number: Option<u16>,
        action: &ImprovementAction,
        exempt: &[RequirementId],
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.with_plans(edition)?;
        if self.plan.submitted.is_some() {
            return Err(Refusal::PlanIsSubmitted("the commissioner or region".to_owned()));
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

    pub(super) fn complete_action(
        &self,
        edition: &Edition,
        number: u16,
        done: Day,
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.with_plans(edition)?;
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

    pub(super) fn submit_plan(
        &self,
        edition: &Edition,
        exempt: &[RequirementId],
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.with_plans(edition)?;
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

    pub(super) fn agree_plan(
        &self,
        edition: &Edition,
        by: OdsCode,
        overseers: Overseers,
        on: Day,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.with_plans(edition)?;
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

    pub(super) fn refuse_plan(
        &self,
        edition: &Edition,
        by: OdsCode,
        overseers: Overseers,
        reason: &str,
    ) -> Result<Option<AssessmentEvent>, Refusal> {
        let opened = self.with_plans(edition)?;
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
}

fn check_overseer(by: OdsCode, overseers: Overseers) -> Result<(), Refusal> {
    if overseers.include(by) {
        Ok(())
    } else {
        Err(Refusal::NotItsOverseer { by, overseers: overseers.in_words() })
    }
}
