//! The state of an on-site assessment, and what events make of it.

use std::collections::BTreeMap;

use chassis::{Aggregate, Context, Refusal, When};
use proto::{
    Day, OdsCode, PersonId,
    onsite::{AssessmentHeld, Finding, OnsiteEvent, PlannedAction},
};
use serde::{Deserialize, Serialize};

use super::OnsiteCommand;

/// The state of an on-site assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnsiteAssessment {
    /// The request; there is no assessment without one.
    pub requested: Option<Request>,
    /// What the organisation said to it.
    pub reply: Option<Reply>,
    /// The visit, as it was last scheduled.
    pub visit: Option<Visit>,
    /// The result by topic.
    pub held: Option<AssessmentHeld>,
    /// The findings by number.
    pub findings: BTreeMap<u16, HeldFinding>,
    /// The highest number that was ever given to a finding.
    pub last_finding: u16,
    /// The highest number that was ever given to an action of an agreed plan.
    pub last_action: u16,
    /// To whom the outcome was disclosed, and on which day.
    pub disclosed: BTreeMap<OdsCode, Day>,
    /// The action plan.
    pub plan: Plan,
    /// The last re-test.
    pub retest: Option<Retest>,
    /// The day it was closed.
    pub closed: Option<Day>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who is to be assessed.
    pub organisation: OdsCode,
    /// The number of the assessment.
    pub number: u16,
    /// Who asks.
    pub by: OdsCode,
    /// Why.
    pub reason: String,
    /// The day.
    pub on: Day,
}

/// What the organisation said to the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It agreed on this day.
    Agreed(Day),
    /// It refused on this day, on these grounds.
    Refused(Day, String),
}

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The day.
    pub on: Day,
    /// The delivery partner.
    pub partner: OdsCode,
    /// Its assessor.
    pub assessor: PersonId,
    /// When and why it was called off.
    pub cancelled: Option<(Day, String)>,
    /// When this was last set or called off.
    pub changed: jiff::Timestamp,
    /// How often that was.
    pub revision: u32,
}

/// A finding with the organisation's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFinding {
    /// What was recorded.
    pub recorded: Finding,
    /// Whether it was accepted, in which words.
    pub answer: Option<(bool, String)>,
}

/// The action plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What lies with the commissioner or region.
    pub proposed: Option<Proposal>,
    /// By whom, when and why the last proposal was sent back.
    pub returned: Option<(OdsCode, Day, String)>,
    /// What was agreed.
    pub agreed: Option<AgreedPlan>,
}

/// A proposed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The day.
    pub on: Day,
    /// Its actions, by number.
    pub actions: Vec<(u16, PlannedAction)>,
}

/// An agreed plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedPlan {
    /// Who agreed it last.
    pub by: OdsCode,
    /// The day.
    pub on: Day,
    /// The actions by number, each with the day it was done. What was done under an earlier plan stays;
    /// what was not is no longer asked for once another plan is agreed.
    pub actions: BTreeMap<u16, (PlannedAction, Option<Day>)>,
}

/// A re-test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retest {
    /// The day.
    pub on: Day,
    /// The findings that were mended; the others were not.
    pub mended: Vec<u16>,
}

impl Aggregate for OnsiteAssessment {
    type Event = OnsiteEvent;
    type Command = OnsiteCommand;
    type Refusal = Refusal;

    const NAME: &'static str = "onsite-assessment";
    const FOLD_VERSION: u32 = 3;

    fn decide(&self, command: &OnsiteCommand, context: &Context) -> Result<Option<OnsiteEvent>, Refusal> {
        self.decide_on(command, Day::in_london(context.time))
    }

    fn evolve(&mut self, event: &OnsiteEvent, when: &When) {
        use OnsiteEvent as E;
        let on = when.effective;
        match event {
            E::OnsiteRequested(e) => {
                let (organisation, number, by, reason) = (e.organisation, e.number, e.by, e.reason.clone());
                self.requested = Some(Request { organisation, number, by, reason, on });
            }
            E::OnsiteAgreed(_) => self.reply = Some(Reply::Agreed(on)),
            E::OnsiteRefused(e) => self.reply = Some(Reply::Refused(on, e.grounds.clone())),
            E::VisitScheduled(e) => {
                self.visit = Some(Visit {
                    on: e.on,
                    partner: e.partner,
                    assessor: e.assessor,
                    cancelled: None,
                    changed: when.recorded,
                    revision: self.visit.as_ref().map_or(0, |before| before.revision + 1),
                });
            }
            E::VisitCancelled(e) => {
                if let Some(visit) = &mut self.visit {
                    visit.cancelled = Some((on, e.reason.clone()));
                    visit.changed = when.recorded;
                    visit.revision += 1;
                }
            }
            E::AssessmentHeld(e) => self.held = Some(e.clone()),
            E::FindingRecorded(e) => {
                self.last_finding = self.last_finding.max(e.finding);
                self.findings.insert(e.finding, HeldFinding { recorded: e.recorded.clone(), answer: None });
            }
            E::FindingAnswered(e) => {
                if let Some(finding) = self.findings.get_mut(&e.finding) {
                    finding.answer = Some((e.accepted, e.answer.clone()));
                }
            }
            E::OutcomeDisclosed(e) => {
                self.disclosed.insert(e.to, e.on);
            }
            E::ActionPlanProposed(e) => {
                // Of a finding that is not there, because its import was withdrawn, nothing is asked.
                let actions =
                    e.actions.iter().filter(|(_, planned)| self.findings.contains_key(&planned.finding));
                self.plan.proposed = Some(Proposal { on, actions: actions.cloned().collect() });
                self.plan.returned = None;
            }
            E::ActionPlanAgreed(e) => {
                let agreed = e.due.iter().map(|(action, _)| *action);
                self.last_action = agreed.fold(self.last_action, u16::max);
                self.plan.agree(e.by, on);
            }
            E::ActionPlanReturned(e) => {
                self.plan.proposed = None;
                self.plan.returned = Some((e.by, on, e.reason.clone()));
            }
            E::ActionCompleted(e) => {
                let agreed = self.plan.agreed.as_mut();
                if let Some((_, done)) = agreed.and_then(|plan| plan.actions.get_mut(&e.action)) {
                    *done = Some(e.done);
                }
            }
            E::RetestHeld(e) => self.retest = Some(Retest { on: e.on, mended: e.mended.clone() }),
            E::AssessmentClosed(_) => self.closed = Some(on),
            E::ImportBegun(_) | E::FileImported(_) | E::ImportWithdrawn(_) => {}
        }
    }

    fn keeps(_: &OnsiteEvent) -> bool {
        true
    }

    fn take_over(&mut self, whole: &Self) {
        self.last_finding = whole.last_finding;
        self.last_action = whole.last_action;
    }
}

impl Plan {
    fn agree(&mut self, by: OdsCode, on: Day) {
        let Some(proposal) = self.proposed.take() else { return };
        let mut actions = self.agreed.take().map(|before| before.actions).unwrap_or_default();
        actions.retain(|_, (_, done)| done.is_some());
        actions.extend(proposal.actions.into_iter().map(|(number, action)| (number, (action, None))));
        self.agreed = Some(AgreedPlan { by, on, actions });
    }

    /// The actions that were agreed, with the day each was done.
    pub fn actions(&self) -> impl Iterator<Item = (u16, &PlannedAction, Option<Day>)> {
        self.agreed
            .iter()
            .flat_map(|plan| &plan.actions)
            .map(|(number, (action, done))| (*number, action, *done))
    }
}
