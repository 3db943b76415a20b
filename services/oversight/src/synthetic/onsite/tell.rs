//! Tells the steps of an assessment as events.

use ::onsite::model::NHS_DIGITAL;
use chassis::CommandId;
use proto::{
    Day, OdsCode, PersonId,
    onsite::{
        ActionCompleted, ActionPlanAgreed, ActionPlanProposed, ActionPlanReturned, AssessmentClosed,
        AssessmentHeld, Finding, FindingAnswered, FindingRecorded, OnsiteAgreed, OnsiteEvent, OnsiteRefused,
        OnsiteRequested, Outcome, OutcomeDisclosed, PlannedAction, RetestHeld, TopicResult, VisitCancelled,
        VisitScheduled,
    },
    topics::topics,
};

use super::{
    Asker, Assessment, Found, Step,
    words::{ACCEPTED, CANCELLED, CORRECTED, DISPUTED, EVIDENCE, GROUNDS, REASONS, RETURNED, WEAKNESSES},
};
use crate::synthetic::{
    deeds::{code, partner_of},
    england::office_holder,
    geography::{Ccg, Geography},
};

/// The invented assessor.
fn assessor() -> PersonId {
    PersonId(CommandId::keyed("synthetic", "assessor").uuid())
}

impl Assessment {
    /// A step as an event.
    pub fn tell(&self, land: &Geography, step: usize) -> OnsiteEvent {
        let practice = self.practice(land);
        let (organisation, number, turn) = (practice.code, self.number, self.turn);
        let (time, step) = self.steps[step];
        let today = Day::in_london(time);
        match step {
            Step::Request => {
                let (by, reason) = (self.asker(land), pick(&REASONS, turn));
                OnsiteRequested { organisation, number, by, reason }.into()
            }
            Step::Agree => OnsiteAgreed { organisation, number }.into(),
            Step::Refuse => OnsiteRefused { organisation, number, grounds: pick(&GROUNDS, turn) }.into(),
            Step::Schedule(visit) => {
                let partner = partner_of(land, self.ccg(land));
                let on = self.visits[usize::from(visit)];
                VisitScheduled { organisation, number, on, partner, assessor: assessor() }.into()
            }
            Step::Cancel => VisitCancelled { organisation, number, reason: pick(&CANCELLED, turn) }.into(),
            Step::HoldWithSlip => self.held(organisation, Some(Outcome::NotSatisfied)),
            Step::Hold => self.held(organisation, None),
            Step::Find(finding) => {
                let recorded = self.finding(finding);
                FindingRecorded { organisation, number, finding: u16::from(finding) + 1, recorded }.into()
            }
            Step::Answer(finding) => {
                let accepted = !(turn + usize::from(finding)).is_multiple_of(9);
                let answer = pick(if accepted { &ACCEPTED } else { &DISPUTED }, turn + usize::from(finding));
                FindingAnswered { organisation, number, finding: u16::from(finding) + 1, accepted, answer }
                    .into()
            }
            Step::Disclose => {
                OutcomeDisclosed { organisation, number, to: land.overseer_of(practice), on: today }.into()
            }
            Step::DiscloseAbove => {
                let to = land.region_of(self.ccg(land)).code;
                OutcomeDisclosed { organisation, number, to, on: today }.into()
            }
            Step::Propose(plan) => {
                let actions = self.actions(usize::from(plan));
                ActionPlanProposed { organisation, number, actions }.into()
            }
            Step::Return => {
                let (by, reason) = (land.overseer_of(practice), pick(&RETURNED, turn));
                ActionPlanReturned { organisation, number, by, reason }.into()
            }
            Step::AgreePlan => {
                let actions = self.actions(self.plans.len() - 1).into_iter();
                let due = actions.map(|(action, planned)| (action, planned.due)).collect();
                ActionPlanAgreed { organisation, number, by: land.overseer_of(practice), due }.into()
            }
            Step::Done(finding) => {
                let action = u16::from(finding) + 1;
                ActionCompleted { organisation, number, action, done: today }.into()
            }
            Step::Retest(retest) => {
                let mended = self.retests[usize::from(retest)].clone();
                RetestHeld { organisation, number, on: today, mended }.into()
            }
            Step::Close => AssessmentClosed { organisation, number }.into(),
        }
    }

    fn ccg<'a>(&self, land: &'a Geography) -> &'a Ccg {
        &land.ccgs[self.practice(land).ccg]
    }

    fn asker(&self, land: &Geography) -> OdsCode {
        match self.by {
            Asker::NhsDigital => code(NHS_DIGITAL),
            Asker::Commissioner => land.overseer_of(self.practice(land)),
            Asker::Region => land.region_of(self.ccg(land)).code,
        }
    }

    /// The result by topic; with a slip, that of the first topic is another one.
    fn held(&self, organisation: OdsCode, slip: Option<Outcome>) -> OnsiteEvent {
        let mut results: Vec<TopicResult> =
            self.results.iter().map(|(at, outcome)| result(*at, *outcome)).collect();
        if let (Some(slip), Some(first)) = (slip, results.first_mut()) {
            *first = TopicResult { outcome: slip, remark: CORRECTED.to_owned(), ..first.clone() };
        }
        let on = self.visits.last().copied().unwrap_or(Day::FIRST);
        AssessmentHeld { organisation, number: self.number, on, results }.into()
    }

    fn finding(&self, finding: u8) -> Finding {
        let Found { weakness, severity } = self.findings[usize::from(finding)];
        let weakness = &WEAKNESSES[usize::from(weakness)];
        let has_evidence = !(self.turn + usize::from(finding)).is_multiple_of(4);
        let evidence = has_evidence.then(|| format!("{EVIDENCE} {}-{}", self.turn, finding + 1));
        Finding {
            topic: weakness.topic(),
            severity,
            system: weakness.system.to_owned(),
            responsibility: weakness.responsibility,
            found: weakness.found.to_owned(),
            evidence: evidence.unwrap_or_default(),
        }
    }

    /// The actions of a plan, one a finding, by number.
    fn actions(&self, plan: usize) -> Vec<(u16, PlannedAction)> {
        let each = self.plans[plan].iter().zip(&self.findings).zip(1u16..);
        let action = |((due, found), number): ((&Day, &Found), u16)| {
            let action = WEAKNESSES[usize::from(found.weakness)].action.to_owned();
            (number, PlannedAction { finding: number, action, owner: office_holder(), due: *due })
        };
        each.map(action).collect()
    }
}

fn result(place: u8, outcome: Outcome) -> TopicResult {
    let remark = if outcome == Outcome::Satisfied { "" } else { "See the findings." };
    TopicResult { topic: topics()[usize::from(place)].id, outcome, remark: remark.to_owned() }
}

fn pick(words: &[&str], turn: usize) -> String {
    words[turn % words.len()].to_owned()
}
