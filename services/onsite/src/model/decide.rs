//! What may be decided when.

use std::collections::BTreeSet;

use chassis::{
    Refusal,
    refusal::{needed, needed_line, optional, optional_line},
    roster::Overseers,
};
use proto::{
    Day, OdsCode,
    onsite::{
        ActionCompleted, ActionPlanAgreed, ActionPlanProposed, ActionPlanReturned, AssessmentClosed,
        AssessmentHeld, Finding, FindingAnswered, FindingRecorded, OnsiteAgreed, OnsiteEvent, OnsiteRefused,
        OnsiteRequested, OutcomeDisclosed, PlannedAction, RetestHeld, TopicResult, VisitCancelled,
        VisitScheduled,
    },
    topics::topic,
};

use super::{HeldFinding, OnsiteAssessment, OnsiteCommand, Proposal, Reply, Request};

/// NHS Digital's own ODS code: it may ask anyone to be assessed.
pub const NHS_DIGITAL: &str = "X26";

/// The most characters of a reason, grounds, finding, answer, remark or action.
pub const TEXT_MAX_CHARS: usize = 2_000;
/// The most characters of the name of a system.
pub const SYSTEM_MAX_CHARS: usize = 200;
/// The most characters of a reference to evidence.
pub const EVIDENCE_MAX_CHARS: usize = 500;
/// The most findings of an assessment.
pub const FINDINGS_MAX: usize = 500;
/// The most actions of a plan.
pub const ACTIONS_MAX: usize = 500;

type Decision = Result<Option<OnsiteEvent>, Refusal>;

fn event(event: impl Into<OnsiteEvent>) -> Decision {
    Ok(Some(event.into()))
}

/// One of the organisation's overseers speaks.
fn need_overseer(field: &'static str, by: OdsCode, overseers: Overseers) -> Result<(), Refusal> {
    if overseers.include(by) {
        return Ok(());
    }
    let own = overseers.in_words();
    Err(Refusal::at(
        field,
        format!("{by} does not oversee this practice; its commissioner or region does: {own}"),
    ))
}

fn not_in_the_future(field: &'static str, day: Day, today: Day) -> Result<(), Refusal> {
    if day > today {
        let text = format!("{} is still to come: give the day it happened, today or earlier", day.long());
        return Err(Refusal::at(field, text));
    }
    Ok(())
}

impl OnsiteAssessment {
    pub(super) fn decide_on(&self, command: &OnsiteCommand, today: Day) -> Decision {
        use OnsiteCommand as C;
        if let C::Request { organisation, number, by, overseers, reason } = command {
            return self.request((*organisation, *number), *by, *overseers, reason);
        }
        let Some(request) = &self.requested else {
            return Err(Refusal::unknown("there is no such on-site assessment: ask for one first"));
        };
        match (self.closed, command) {
            (Some(_), C::Close) => return Ok(None),
            (Some(on), _) => {
                let text = format!("the assessment was closed on {}: ask for another one", on.long());
                return Err(Refusal::as_things_stand(text));
            }
            (None, _) => {}
        }
        match command {
            C::Request { .. } => Ok(None),
            C::Agree => self.agree(request),
            C::Refuse { grounds } => self.refuse(request, grounds),
            C::Schedule { on, partner, assessor } => {
                let Request { organisation, number, .. } = *request;
                let (on, partner, assessor) = (*on, *partner, *assessor);
                self.schedule(VisitScheduled { organisation, number, on, partner, assessor }, today)
            }
            C::Cancel { reason } => self.cancel(request, reason),
            C::Hold { on, results } => self.hold(request, *on, results, today),
            C::RecordFinding(finding) => self.record_finding(request, finding),
            C::AnswerFinding { finding, accepted, answer } => {
                self.answer_finding(request, *finding, *accepted, answer)
            }
            C::Disclose { to, overseers, on } => self.disclose(request, *to, *overseers, *on, today),
            C::ProposePlan(actions) => self.propose(request, actions, today),
            C::AgreePlan { by, overseers } => self.agree_plan(request, *by, *overseers),
            C::ReturnPlan { by, overseers, reason } => self.return_plan(request, *by, *overseers, reason),
            C::CompleteAction { action, done } => self.complete(request, *action, *done, today),
            C::Retest { on, mended } => self.retest(request, *on, mended, today),
            C::Close => self.close(request),
        }
    }

    fn request(
        &self,
        (organisation, number): (OdsCode, u16),
        by: OdsCode,
        overseers: Overseers,
        reason: &str,
    ) -> Decision {
        if let Some(request) = &self.requested {
            return if request.by == by && request.reason == reason.trim() {
                Ok(None)
            } else {
                let text = format!("assessment {number} of {organisation} was asked for already");
                Err(Refusal::as_things_stand(text))
            };
        }
        if by.as_str() != NHS_DIGITAL && !overseers.include(by) {
            let own = overseers.in_words();
            let text = format!("{by} cannot ask for it; NHS Digital ({NHS_DIGITAL}) can, and {own}");
            return Err(Refusal::at("by", text));
        }
        let reason = needed("reason", "A reason", reason, TEXT_MAX_CHARS)?;
        event(OnsiteRequested { organisation, number, by, reason })
    }

    /// The day it was held; refused before.
    fn need_held(&self) -> Result<Day, Refusal> {
        self.held.as_ref().map(|held| held.on).ok_or_else(|| {
            Refusal::as_things_stand(
                "the assessment has not been held: the assessor enters its result by topic first",
            )
        })
    }

    fn need_not_held(&self) -> Result<(), Refusal> {
        match &self.held {
            None => Ok(()),
            Some(held) => {
                Err(Refusal::as_things_stand(format!("the assessment was held on {}", held.on.long())))
            }
        }
    }

    /// What is done after the outcome is known to the commissioner.
    fn need_disclosed(&self) -> Result<(), Refusal> {
        self.need_held()?;
        if self.disclosed.is_empty() {
            let text = "the outcome has not been disclosed: the practice discloses it to its commissioner or region first";
            return Err(Refusal::as_things_stand(text));
        }
        Ok(())
    }

    fn need_finding(&self, finding: u16) -> Result<&HeldFinding, Refusal> {
        self.findings
            .get(&finding)
            .ok_or_else(|| Refusal::unknown(format!("there is no finding {finding} in this assessment")))
    }

    fn agree(&self, request: &Request) -> Decision {
        if matches!(self.reply, Some(Reply::Agreed(_))) {
            return Ok(None);
        }
        event(OnsiteAgreed { organisation: request.organisation, number: request.number })
    }

    fn refuse(&self, request: &Request, grounds: &str) -> Decision {
        if let Some(Reply::Agreed(on)) = &self.reply {
            return Err(Refusal::as_things_stand(format!(
                "the practice agreed on {}; who set the visit can call it off",
                on.long()
            )));
        }
        let grounds = needed("grounds", "What it is refused on", grounds, TEXT_MAX_CHARS)?;
        if matches!(&self.reply, Some(Reply::Refused(_, before)) if *before == grounds) {
            return Ok(None);
        }
        event(OnsiteRefused { organisation: request.organisation, number: request.number, grounds })
    }

    fn schedule(&self, wanted: VisitScheduled, today: Day) -> Decision {
        self.need_not_held()?;
        if !matches!(self.reply, Some(Reply::Agreed(_))) {
            return Err(Refusal::as_things_stand("the practice has not agreed: it agrees or refuses first"));
        }
        let is_so_already = self.visit.as_ref().is_some_and(|visit| {
            visit.cancelled.is_none()
                && (visit.on, visit.partner, visit.assessor) == (wanted.on, wanted.partner, wanted.assessor)
        });
        if is_so_already {
            return Ok(None);
        }
        if wanted.on < today {
            let text = format!("{} has passed: choose today or a later day", wanted.on.long());
            return Err(Refusal::at("on", text));
        }
        event(wanted)
    }

    fn cancel(&self, request: &Request, reason: &str) -> Decision {
        self.need_not_held()?;
        let Some(visit) = &self.visit else {
            return Err(Refusal::as_things_stand("no visit is set that could be called off"));
        };
        let reason = needed("reason", "A reason", reason, TEXT_MAX_CHARS)?;
        match &visit.cancelled {
            Some((_, before)) if *before == reason => Ok(None),
            Some((on, _)) => Err(Refusal::as_things_stand(format!(
                "the visit was cancelled on {}: set another day",
                on.long()
            ))),
            None => {
                event(VisitCancelled { organisation: request.organisation, number: request.number, reason })
            }
        }
    }

    fn hold(&self, request: &Request, on: Day, results: &[TopicResult], today: Day) -> Decision {
        if self.visit.as_ref().is_none_or(|visit| visit.cancelled.is_some()) {
            return Err(Refusal::as_things_stand(
                "no visit is set: NHS Digital or the commissioner sets a day and an assessor first",
            ));
        }
        not_in_the_future("on", on, today)?;
        if results.is_empty() {
            return Err(Refusal::at("results", "give the result of at least one topic"));
        }
        let mut looked_at = BTreeSet::new();
        let mut tidy = Vec::with_capacity(results.len());
        for TopicResult { topic: of, outcome, remark } in results {
            if topic(*of).is_none() {
                return Err(Refusal::at("results", format!("there is no topic {of}; the topics are listed")));
            }
            if !looked_at.insert(*of) {
                return Err(Refusal::at("results", format!("{of} stands there twice: give one result")));
            }
            let remark = optional("results", "A remark", remark, TEXT_MAX_CHARS)?;
            tidy.push(TopicResult { topic: *of, outcome: *outcome, remark });
        }
        let (organisation, number) = (request.organisation, request.number);
        let held = AssessmentHeld { organisation, number, on, results: tidy };
        if self.held.as_ref() == Some(&held) {
            return Ok(None);
        }
        if !self.disclosed.is_empty() {
            let text = "the outcome was disclosed as it stood; what is mended since goes into a re-test";
            return Err(Refusal::as_things_stand(text));
        }
        event(held)
    }

    fn record_finding(&self, request: &Request, finding: &Finding) -> Decision {
        self.need_held()?;
        if topic(finding.topic).is_none() {
            return Err(Refusal::at("topic", format!("there is no topic {}", finding.topic)));
        }
        let recorded = Finding {
            system: needed_line("system", "The system it is about", &finding.system, SYSTEM_MAX_CHARS)?,
            found: needed("found", "What was found", &finding.found, TEXT_MAX_CHARS)?,
            evidence: optional_line("evidence", "The reference", &finding.evidence, EVIDENCE_MAX_CHARS)?,
            ..finding.clone()
        };
        if self.findings.values().any(|known| known.recorded == recorded) {
            return Ok(None);
        }
        if self.findings.len() >= FINDINGS_MAX {
            let text = format!("an assessment may have up to {FINDINGS_MAX} findings");
            return Err(Refusal::as_things_stand(text));
        }
        let (organisation, number) = (request.organisation, request.number);
        let next = self.last_finding.saturating_add(1);
        event(FindingRecorded { organisation, number, finding: next, recorded })
    }

    fn answer_finding(&self, request: &Request, finding: u16, accepted: bool, answer: &str) -> Decision {
        let known = self.need_finding(finding)?;
        let answer = needed("answer", "The answer", answer, TEXT_MAX_CHARS)?;
        if known.answer.as_ref().is_some_and(|before| *before == (accepted, answer.clone())) {
            return Ok(None);
        }
        let (organisation, number) = (request.organisation, request.number);
        event(FindingAnswered { organisation, number, finding, accepted, answer })
    }

    fn disclose(
        &self,
        request: &Request,
        to: OdsCode,
        overseers: Overseers,
        on: Day,
        today: Day,
    ) -> Decision {
        let held = self.need_held()?;
        match self.disclosed.get(&to) {
            Some(before) if *before == on => return Ok(None),
            Some(before) => {
                let text = format!("it was disclosed to {to} on {} already", before.long());
                return Err(Refusal::as_things_stand(text));
            }
            None => {}
        }
        need_overseer("to", to, overseers)?;
        not_in_the_future("on", on, today)?;
        if on < held {
            let text = format!("the assessment was held later, on {}", held.long());
            return Err(Refusal::at("on", text));
        }
        event(OutcomeDisclosed { organisation: request.organisation, number: request.number, to, on })
    }

    fn propose(&self, request: &Request, actions: &[PlannedAction], today: Day) -> Decision {
        self.need_disclosed()?;
        if self.findings.is_empty() {
            return Err(Refusal::as_things_stand("nothing was found, so there is nothing to plan"));
        }
        let (tidy, first) = (self.check_actions(actions, today), self.next_action());
        let numbered = |actions: Vec<PlannedAction>| (first..).zip(actions).collect::<Vec<_>>();
        if let Some(Proposal { on, actions: lies }) = &self.plan.proposed {
            return if tidy.is_ok_and(|tidy| numbered(tidy) == *lies) {
                Ok(None)
            } else {
                Err(Refusal::as_things_stand(format!(
                    "a plan lies with the commissioner or region since {}: they agree it or send it back first",
                    on.long()
                )))
            };
        }
        let (organisation, number) = (request.organisation, request.number);
        event(ActionPlanProposed { organisation, number, actions: numbered(tidy?) })
    }

    /// The number of the first action of the next plan. Those of agreed plans keep theirs.
    fn next_action(&self) -> u16 {
        self.last_action.saturating_add(1)
    }

    fn check_actions(&self, actions: &[PlannedAction], today: Day) -> Result<Vec<PlannedAction>, Refusal> {
        if actions.is_empty() || actions.len() > ACTIONS_MAX {
            return Err(Refusal::at("actions", format!("a plan has 1 to {ACTIONS_MAX} actions")));
        }
        let check = |planned: &PlannedAction| {
            let PlannedAction { finding, action, owner, due } = planned;
            if !self.findings.contains_key(finding) {
                return Err(Refusal::at("finding", format!("there is no finding {finding} to plan for")));
            }
            if *due <= today {
                let text = format!("the due day {} is not in the future: choose a later one", due.long());
                return Err(Refusal::at("due", text));
            }
            let action = needed("action", "What will be done", action, TEXT_MAX_CHARS)?;
            Ok(PlannedAction { finding: *finding, action, owner: *owner, due: *due })
        };
        actions.iter().map(check).collect()
    }

    fn need_proposal(&self) -> Result<&Proposal, Refusal> {
        self.need_held()?;
        self.plan.proposed.as_ref().ok_or_else(|| {
            Refusal::as_things_stand("no plan lies there to be decided on: the practice proposes one first")
        })
    }

    fn agree_plan(&self, request: &Request, by: OdsCode, overseers: Overseers) -> Decision {
        need_overseer("by", by, overseers)?;
        let agreed_by = self.plan.agreed.as_ref().map(|plan| plan.by);
        if self.plan.proposed.is_none() && agreed_by == Some(by) && self.plan.returned.is_none() {
            return Ok(None);
        }
        let due = self.need_proposal()?.actions.iter().map(|(action, planned)| (*action, planned.due));
        let (organisation, number) = (request.organisation, request.number);
        event(ActionPlanAgreed { organisation, number, by, due: due.collect() })
    }

    fn return_plan(&self, request: &Request, by: OdsCode, overseers: Overseers, reason: &str) -> Decision {
        need_overseer("by", by, overseers)?;
        let reason = needed("reason", "A reason", reason, TEXT_MAX_CHARS)?;
        if matches!(&self.plan.returned, Some((before, _, why)) if *before == by && *why == reason) {
            return Ok(None);
        }
        self.need_proposal()?;
        let (organisation, number) = (request.organisation, request.number);
        event(ActionPlanReturned { organisation, number, by, reason })
    }

    fn complete(&self, request: &Request, action: u16, done: Day, today: Day) -> Decision {
        let held = self.need_held()?;
        let Some(plan) = &self.plan.agreed else {
            return Err(Refusal::as_things_stand("no plan is agreed: its actions are noted once it is"));
        };
        let Some((_, before)) = plan.actions.get(&action) else {
            return Err(Refusal::unknown(format!("there is no action {action} in the agreed plan")));
        };
        match before {
            Some(before) if *before == done => return Ok(None),
            Some(before) => {
                let text = format!("action {action} was done on {} already", before.long());
                return Err(Refusal::as_things_stand(text));
            }
            None => {}
        }
        not_in_the_future("done", done, today)?;
        if done < held {
            let text = format!("the assessment found it open on {}, which is later", held.long());
            return Err(Refusal::at("done", text));
        }
        let (organisation, number) = (request.organisation, request.number);
        event(ActionCompleted { organisation, number, action, done })
    }

    fn retest(&self, request: &Request, on: Day, mended: &[u16], today: Day) -> Decision {
        let held = self.need_held()?;
        if self.findings.is_empty() {
            return Err(Refusal::as_things_stand("nothing was found, so there is nothing to test again"));
        }
        let mended: Vec<u16> = mended.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        if let Some(unknown) = mended.iter().find(|number| !self.findings.contains_key(number)) {
            return Err(Refusal::at("mended", format!("there is no finding {unknown}")));
        }
        let last = self.retest.as_ref();
        if last.is_some_and(|last| last.on == on && last.mended == mended) {
            return Ok(None);
        }
        not_in_the_future("on", on, today)?;
        let earliest = last.map_or(held, |last| last.on);
        if on < earliest {
            let text =
                format!("it was looked at later, on {}: give that day or a later one", earliest.long());
            return Err(Refusal::at("on", text));
        }
        event(RetestHeld { organisation: request.organisation, number: request.number, on, mended })
    }

    fn close(&self, request: &Request) -> Decision {
        self.need_disclosed()?;
        let open: Vec<String> =
            self.open_findings().iter().map(|(number, why)| format!("finding {number}: {why}")).collect();
        if !open.is_empty() {
            let text = format!("findings are still open ({})", open.join("; "));
            return Err(Refusal::as_things_stand(text));
        }
        event(AssessmentClosed { organisation: request.organisation, number: request.number })
    }
}
