//! The shapes of what is shown.

use chassis::Problem;
use proto::{Day, OdsCode, PersonId, onsite::PlannedAction};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::{Case, Desk},
    model::{HeldFinding, OnsiteAssessment, Reply, Stage},
};

/// An on-site assessment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteAssessmentView {
    /// Where it stands.
    #[serde(flatten)]
    line: OnsiteLine,
    /// What is next, and by whom.
    next: String,
    /// Why it was asked for.
    reason: String,
    /// The day the practice answered.
    answered: Option<String>,
    /// On what grounds the practice refuses.
    grounds: Option<String>,
    /// The assessor.
    assessor: Option<OnsitePersonView>,
    /// Why the visit was called off.
    cancelled_because: Option<String>,
    /// The result of each topic that was looked at.
    results: Vec<OnsiteResultView>,
    /// The findings by number.
    findings: Vec<OnsiteFindingView>,
    /// To whom the outcome was disclosed.
    disclosed: Vec<OnsiteDisclosureView>,
    /// The plan that lies with the commissioner or region.
    proposed: Vec<OnsiteActionView>,
    /// Why the last proposal was sent back.
    returned_because: Option<String>,
    /// Who agreed the plan last.
    agreed_by: Option<String>,
    /// The agreed plan.
    plan: Vec<OnsiteActionView>,
    /// The day of the last re-test.
    retested: Option<String>,
    /// The last event this depends on.
    position: u64,
}

/// An on-site assessment in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OnsiteLine {
    /// Who is assessed.
    pub organisation: String,
    /// Its name.
    pub name: String,
    /// Its CCG.
    pub ccg: Option<String>,
    /// The number of the assessment among this organisation's.
    pub number: u16,
    /// How far it has come: `requested`, `refused`, `agreed`, `scheduled`, `held`, `disclosed`,
    /// `plan-proposed`, `plan-agreed` or `closed`.
    pub state: &'static str,
    /// Who asked.
    pub by: String,
    /// The day it was asked for.
    pub requested: String,
    /// The day of the visit, as last set.
    pub visit: Option<String>,
    /// Whether the visit was called off.
    pub visit_cancelled: bool,
    /// The delivery partner.
    pub partner: Option<String>,
    /// The day it was held.
    pub held: Option<String>,
    /// How many findings there are.
    pub findings_count: usize,
    /// How many of them are open.
    pub findings_open: usize,
    /// How many actions of the plan are overdue.
    pub actions_overdue: usize,
    /// The day it was closed.
    pub closed: Option<String>,
    #[serde(skip)]
    pub(crate) stage: Stage,
}

impl OnsiteLine {
    /// The columns of a CSV.
    pub const COLUMNS: [&str; 15] = [
        "practice_code",
        "practice_name",
        "ccg_code",
        "number",
        "state",
        "asked_by",
        "requested",
        "visit",
        "visit_cancelled",
        "partner",
        "held",
        "findings",
        "findings_open",
        "actions_overdue",
        "closed",
    ];

    /// Its row in a CSV.
    pub fn record(&self) -> [String; 15] {
        let or_blank = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.organisation.clone(),
            chassis::sheet::harmless(&self.name).into_owned(),
            or_blank(&self.ccg),
            self.number.to_string(),
            self.state.to_owned(),
            self.by.clone(),
            self.requested.clone(),
            or_blank(&self.visit),
            if self.visit_cancelled { "yes" } else { "no" }.to_owned(),
            or_blank(&self.partner),
            or_blank(&self.held),
            self.findings_count.to_string(),
            self.findings_open.to_string(),
            self.actions_overdue.to_string(),
            or_blank(&self.closed),
        ]
    }
}

/// A person as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsitePersonView {
    /// The id in the directory.
    person: String,
    /// The name and role; none once deleted from the directory.
    name: Option<String>,
}

/// The result of a topic.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteResultView {
    /// The topic's id.
    topic: String,
    /// `satisfied`, `partly-satisfied` or `not-satisfied`.
    outcome: &'static str,
    /// In words.
    remark: String,
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteFindingView {
    /// Its number.
    number: u16,
    /// The topic's id.
    topic: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: &'static str,
    /// The system it is about.
    system: String,
    /// Who answers for that system: `commissioned` or `practice`.
    responsibility: &'static str,
    /// What was found.
    found: String,
    /// Where the evidence is.
    evidence: String,
    /// Whether the practice accepts it; none: not answered.
    accepted: Option<bool>,
    /// What the practice says to it.
    answer: Option<String>,
    /// Whether the last re-test found it mended.
    mended: bool,
    /// Why it is still open; none: it is dealt with.
    open_because: Option<String>,
}

/// A disclosure of the outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteDisclosureView {
    /// To which CCG or region.
    to: String,
    /// On which day.
    on: String,
}

/// An action of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnsiteActionView {
    /// Its number.
    number: u16,
    /// The finding it is for.
    finding: u16,
    /// What will be done.
    action: String,
    /// By whom.
    owner: OnsitePersonView,
    /// By when.
    due: String,
    /// The day it was done.
    done: Option<String>,
    /// Whether its due day has passed with nothing done.
    overdue: bool,
}

fn text(day: Day) -> String {
    day.to_string()
}

/// An assessment in short; none where no one asked for it.
pub(crate) fn line(
    desk: &Desk,
    code: OdsCode,
    ccg: Option<OdsCode>,
    state: &OnsiteAssessment,
) -> Option<OnsiteLine> {
    let (request, stage) = (state.requested.as_ref()?, state.stage()?);
    let visit = state.visit.as_ref();
    Some(OnsiteLine {
        organisation: code.to_string(),
        name: desk.common.roster.name(code),
        ccg: ccg.map(|ccg| ccg.to_string()),
        number: request.number,
        state: stage.slug(),
        by: request.by.to_string(),
        requested: text(request.on),
        visit: visit.map(|visit| text(visit.on)),
        visit_cancelled: visit.is_some_and(|visit| visit.cancelled.is_some()),
        partner: visit.map(|visit| visit.partner.to_string()),
        held: state.held.as_ref().map(|held| text(held.on)),
        findings_count: state.findings.len(),
        findings_open: if state.closed.is_some() { 0 } else { state.open_findings().len() },
        actions_overdue: state.overdue(desk.today()).len(),
        closed: state.closed.map(text),
        stage,
    })
}

fn finding(state: &OnsiteAssessment, number: u16, held: &HeldFinding) -> OnsiteFindingView {
    let HeldFinding { recorded, answer } = held;
    OnsiteFindingView {
        number,
        topic: recorded.topic.to_string(),
        severity: recorded.severity.slug(),
        system: recorded.system.clone(),
        responsibility: recorded.responsibility.slug(),
        found: recorded.found.clone(),
        evidence: recorded.evidence.clone(),
        accepted: answer.as_ref().map(|(accepted, _)| *accepted),
        answer: answer.as_ref().map(|(_, answer)| answer.clone()),
        mended: state.is_mended(number),
        open_because: state.why_open(number).map(|why| why.to_string()),
    }
}

/// One assessment as shown.
pub(crate) fn view(desk: &Desk, case: &Case) -> Result<OnsiteAssessmentView, Problem> {
    let (state, today) = (case.state(), case.today);
    let shown = || Some((line(desk, case.practice.code, case.practice.ccg, state)?, state.next(today)?));
    let (line, next) = shown().ok_or_else(|| crate::desk::nothing(case.practice.code, case.number))?;
    let person = |id: PersonId| OnsitePersonView {
        person: id.to_string(),
        name: desk.common.person(id).ok().flatten().map(|_| desk.common.person_name(id)),
    };
    let action = |number: u16, planned: &PlannedAction, done: Option<Day>| OnsiteActionView {
        number,
        finding: planned.finding,
        action: planned.action.clone(),
        owner: person(planned.owner),
        due: text(planned.due),
        done: done.map(text),
        overdue: done.is_none() && planned.due < today && state.closed.is_none(),
    };
    let (answered, grounds) = match &state.reply {
        None => (None, None),
        Some(Reply::Agreed(on)) => (Some(text(*on)), None),
        Some(Reply::Refused(on, grounds)) => (Some(text(*on)), Some(grounds.clone())),
    };
    let cancelled = state.visit.as_ref().and_then(|visit| visit.cancelled.as_ref());
    let proposed = state.plan.proposed.iter().flat_map(|proposal| &proposal.actions);
    Ok(OnsiteAssessmentView {
        line,
        next,
        reason: state.requested.as_ref().map(|request| request.reason.clone()).unwrap_or_default(),
        answered,
        grounds,
        assessor: state.visit.as_ref().map(|visit| person(visit.assessor)),
        cancelled_because: cancelled.map(|(_, reason)| reason.clone()),
        results: state
            .held
            .iter()
            .flat_map(|held| &held.results)
            .map(|result| OnsiteResultView {
                topic: result.topic.to_string(),
                outcome: result.outcome.slug(),
                remark: result.remark.clone(),
            })
            .collect(),
        findings: state.findings.iter().map(|(number, held)| finding(state, *number, held)).collect(),
        disclosed: state
            .disclosed
            .iter()
            .map(|(to, on)| OnsiteDisclosureView { to: to.to_string(), on: text(*on) })
            .collect(),
        proposed: proposed.map(|(number, planned)| action(*number, planned, None)).collect(),
        returned_because: state.plan.returned.as_ref().map(|(_, _, reason)| reason.clone()),
        agreed_by: state.plan.agreed.as_ref().map(|plan| plan.by.to_string()),
        plan: state.plan.actions().map(|(number, planned, done)| action(number, planned, done)).collect(),
        retested: state.retest.as_ref().map(|retest| text(retest.on)),
        position: case.loaded.position.0,
    })
}
