//! The improvement plan: what will be done about each gap, by whom and by when, and whether the CCG
//! or region agreed to it.

use std::collections::BTreeMap;

use proto::{
    Day, OdsCode, RequirementId,
    assessments::{
        ImprovementAction, ImprovementPlanAgreed, ImprovementPlanRefused, ImprovementPlanSubmitted,
    },
};
use serde::{Deserialize, Serialize};

/// The most actions of one plan.
pub const ACTIONS_MAX: usize = 40;

/// The most characters of a gap or an action.
pub const ACTION_MAX_CHARS: usize = 500;

/// A plan, with how far it has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The actions by their number.
    pub actions: BTreeMap<u16, HeldAction>,
    /// The plan that lies with the commissioner or region now.
    pub submitted: Option<Submission>,
    /// The plan that was agreed, until another is agreed or one is refused.
    pub agreed: Option<Agreement>,
    /// Why the last one was refused, until it is submitted again.
    pub refused: Option<Refused>,
}

/// An action, and whether it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldAction {
    /// What is planned.
    pub action: ImprovementAction,
    /// The day it was done.
    pub done: Option<Day>,
}

/// A plan as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The day it was handed in.
    pub on: Day,
    /// Its actions.
    pub actions: Vec<(u16, ImprovementAction)>,
}

/// An agreed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// By whom.
    pub by: OdsCode,
    /// The day it was agreed.
    pub on: Day,
    /// The last day by which its actions are due.
    pub due: Day,
    /// The actions as agreed.
    pub actions: Vec<(u16, ImprovementAction)>,
}

/// A refused plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// By whom.
    pub by: OdsCode,
    /// The day it was refused.
    pub on: Day,
    /// Why.
    pub reason: String,
}

impl Plan {
    /// The number of the next new action.
    pub fn next_number(&self) -> u16 {
        self.actions.keys().last().copied().unwrap_or(0).saturating_add(1)
    }

    /// The actions as they would be handed in now.
    pub fn as_of_now(&self) -> Vec<(u16, ImprovementAction)> {
        self.actions.iter().map(|(number, held)| (*number, held.action.clone())).collect()
    }

    /// The gaps that no open action covers with a due date after this day.
    pub fn uncovered(&self, gaps: &[RequirementId], on: Day) -> Vec<RequirementId> {
        let covers = |gap: &RequirementId, held: &HeldAction| {
            held.done.is_none() && held.action.requirement == *gap && held.action.due > on
        };
        gaps.iter().filter(|gap| !self.actions.values().any(|held| covers(gap, held))).copied().collect()
    }

    /// Whether an agreed plan deals with all these gaps on a day: it covers each, and its last due
    /// date has not passed, or everything in it is done.
    pub fn stands_for(&self, gaps: &[RequirementId], on: Day) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| {
            let covered =
                gaps.iter().all(|gap| agreed.actions.iter().any(|(_, action)| action.requirement == *gap));
            let all_done = agreed
                .actions
                .iter()
                .all(|(number, _)| self.actions.get(number).is_some_and(|held| held.done.is_some()));
            covered && (on <= agreed.due || all_done)
        })
    }

    pub(super) fn plan(&mut self, number: u16, action: &ImprovementAction) {
        self.actions.insert(number, HeldAction { action: action.clone(), done: None });
    }

    pub(super) fn complete(&mut self, number: u16, done: Day) {
        if let Some(held) = self.actions.get_mut(&number) {
            held.done = Some(done);
        }
    }

    pub(super) fn submit(&mut self, event: &ImprovementPlanSubmitted, on: Day) {
        self.submitted = Some(Submission { on, actions: event.actions.clone() });
        self.refused = None;
    }

    pub(super) fn agree(&mut self, event: &ImprovementPlanAgreed, on: Day) {
        let actions = self.submitted.take().map_or_else(|| self.as_of_now(), |submitted| submitted.actions);
        self.agreed = Some(Agreement { by: event.by, on, due: event.due, actions });
        self.refused = None;
    }

    pub(super) fn refuse(&mut self, event: &ImprovementPlanRefused, on: Day) {
        self.submitted = None;
        self.agreed = None;
        self.refused = Some(Refused { by: event.by, on, reason: event.reason.clone() });
    }
}
