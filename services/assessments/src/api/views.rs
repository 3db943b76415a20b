//! The shapes of what is shown.

use chassis::Problem;
use proto::{
    RequirementId,
    assessments::ImprovementAction,
    standards::{AnswerScale, OrganisationType, Requirement},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{AnswerBody, EvidenceBody, GradeBody};
use crate::{
    desk::{Case, Desk},
    model::{Held, KIND, Plan, Reviewed, blockers, percentage, standing},
};

/// A person as shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// The id in the directory.
    pub person: String,
    /// The name and role; none once deleted from the directory.
    pub name: Option<String>,
}

/// One assessment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentView {
    /// Whose it is.
    organisation: AssessedOrganisationView,
    /// The edition's id.
    edition: String,
    /// The edition's name.
    title: String,
    /// How far it has come.
    state: WorkState,
    /// The day it was begun.
    opened: Option<String>,
    /// The last day in time.
    deadline: Option<String>,
    /// The requirements, each with its answer.
    requirements: Vec<AnsweredRequirementView>,
    /// What still blocks publication, each thing named; empty: it can be published.
    blockers: Vec<BlockerView>,
    /// The percentage of the answers so far (IG Toolkit).
    percentage_so_far: Option<u8>,
    /// The last publication.
    publication: Option<PublicationView>,
    /// The assurance statement, where the edition has one.
    statement: Option<StatementView>,
    /// The improvement plan.
    plan: PlanView,
    /// The grade a reviewer set beside the self-assessed one.
    reviewed_grade: Option<ReviewView>,
    /// The last event this depends on.
    position: u64,
}

/// A practice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessedOrganisationView {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its CCG.
    pub ccg: Option<String>,
    /// Its region.
    pub region: Option<String>,
}

/// How far an assessment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WorkState {
    /// No one has begun.
    NotStarted,
    /// Begun, with something left to do.
    Started,
    /// Nothing blocks publication, but it has not been published.
    Ready,
    /// Published.
    Published,
}

impl WorkState {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            WorkState::NotStarted => "Not started",
            WorkState::Started => "Started",
            WorkState::Ready => "Ready to publish",
            WorkState::Published => "Published",
        }
    }
}

/// A requirement with its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnsweredRequirementView {
    /// Its number.
    id: String,
    /// The heading it stands under.
    group: String,
    /// Its title, in our own words.
    title: String,
    /// What is enough.
    help: String,
    /// What each answer says: levels 0 to 3, or not met and met.
    levels: Vec<String>,
    /// When it may be answered as not relevant.
    not_relevant_if: Option<String>,
    /// How sure this row of the catalogue is.
    certainty: String,
    /// Exempted centrally.
    exempt: bool,
    /// The answer.
    answer: Option<AnswerBody>,
    /// The comment.
    comment: String,
    /// Where the evidence is.
    evidence: Option<EvidenceBody>,
    /// The level aimed at.
    target: Option<u8>,
    /// Carried over from last year and not looked at since.
    needs_review: bool,
    /// Falls short of the standard.
    falls_short: bool,
}

/// One thing that blocks publication.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlockerView {
    /// About which requirement.
    requirement: String,
    /// What is missing: `answer`, `review`, `support` or `standard`.
    missing: String,
    /// What to do.
    detail: String,
}

/// A publication.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicationView {
    /// The day of the first one.
    first: String,
    /// The day of the last one, which counts.
    on: String,
    /// How often it has been published.
    times: u32,
    /// The first one came after the deadline.
    late: bool,
    /// The grade as published.
    grade: GradeBody,
    /// The percentage as published.
    percentage: Option<u8>,
    /// The grade today, with today's plan and exemptions.
    grade_today: GradeBody,
    /// The percentage today.
    percentage_today: Option<u8>,
    /// Requirements not met today.
    gaps: Vec<String>,
    /// What was exempt when it was published.
    exempt: Vec<String>,
}

/// The assurance statement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatementView {
    /// The day it was accepted; none: not yet.
    accepted: Option<String>,
    /// By whom.
    by: Option<PersonView>,
}

/// The improvement plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// How it stands.
    state: PlanState,
    /// What it has to deal with.
    gaps: Vec<String>,
    /// Its actions.
    actions: Vec<ActionView>,
    /// The day it was submitted, while it waits for an answer.
    submitted: Option<String>,
    /// Who agreed or refused it last.
    decided_by: Option<String>,
    /// The day of that.
    decided: Option<String>,
    /// The last day by which an agreed plan's actions are due.
    due: Option<String>,
    /// Why it was refused.
    refused_because: Option<String>,
}

/// How a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PlanState {
    /// Nothing planned.
    None,
    /// Being written.
    Draft,
    /// With the commissioner or region.
    Submitted,
    /// Agreed.
    Agreed,
    /// Refused.
    Refused,
}

impl PlanState {
    pub fn of(plan: &Plan) -> Self {
        if plan.submitted.is_some() {
            PlanState::Submitted
        } else if plan.refused.is_some() {
            PlanState::Refused
        } else if plan.agreed.is_some() {
            PlanState::Agreed
        } else if plan.actions.is_empty() {
            PlanState::None
        } else {
            PlanState::Draft
        }
    }
}

/// An action of the plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionView {
    /// Its number.
    number: u16,
    /// The requirement that falls short.
    requirement: String,
    /// What is missing.
    gap: String,
    /// What will be done.
    action: String,
    /// By whom.
    owner: PersonView,
    /// By when.
    due: String,
    /// The day it was done.
    done: Option<String>,
}

/// A reviewer's grade.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewView {
    /// The grade.
    grade: GradeBody,
    /// By which body.
    by: String,
    /// Why.
    reason: String,
    /// The day.
    on: String,
}

fn ids(requirements: &[RequirementId]) -> Vec<String> {
    requirements.iter().map(ToString::to_string).collect()
}

impl Case {
    /// How far the work has come.
    pub fn work_state(&self) -> WorkState {
        let state = self.state();
        if state.opened.is_none() {
            WorkState::NotStarted
        } else if state.publication.is_some() {
            WorkState::Published
        } else if blockers(&self.edition, state, &self.exempt()).is_empty() {
            WorkState::Ready
        } else {
            WorkState::Started
        }
    }

    /// Whether the first publication came after the deadline.
    pub fn published_late(&self) -> bool {
        match (&self.state().publication, self.deadline()) {
            (Some(publication), Some(deadline)) => publication.first > deadline,
            _ => false,
        }
    }

    pub(super) fn view(&self, desk: &Desk) -> AssessmentView {
        let state = self.state();
        let exempt = self.exempt();
        let blocking =
            if state.opened.is_some() { blockers(&self.edition, state, &exempt) } else { Vec::new() };
        AssessmentView {
            organisation: organisation(self),
            edition: self.edition.id.to_string(),
            title: self.edition.title.clone(),
            state: self.work_state(),
            opened: state.opened.map(|opened| opened.on.to_string()),
            deadline: self.deadline().map(|day| day.to_string()),
            requirements: self
                .edition
                .requirements_of(KIND)
                .map(|asked| self.requirement_view(asked, state.answers.get(&asked.id), &exempt))
                .collect(),
            blockers: blocking
                .iter()
                .map(|blocker| BlockerView {
                    requirement: blocker.requirement.to_string(),
                    missing: serde_json::to_value(blocker.missing)
                        .ok()
                        .and_then(|value| value.as_str().map(str::to_owned))
                        .unwrap_or_default(),
                    detail: blocker.to_string(),
                })
                .collect(),
            percentage_so_far: percentage(&self.edition, state.given(), &exempt),
            publication: self.publication_view(&exempt),
            statement: self.edition.has_assurance_statement().then(|| StatementView {
                accepted: state.statement.map(|statement| statement.on.to_string()),
                by: state.statement.map(|statement| person(desk, statement.person)),
            }),
            plan: plan_view(desk, &state.plan, &state.gaps_to_plan_for(&self.edition, &exempt)),
            reviewed_grade: state.review.as_ref().map(|review| ReviewView {
                grade: review.grade.into(),
                by: review.by.to_string(),
                reason: review.reason.clone(),
                on: review.on.to_string(),
            }),
            position: self.position().0,
        }
    }

    fn requirement_view(
        &self,
        asked: &Requirement,
        held: Option<&Held>,
        exempt: &[RequirementId],
    ) -> AnsweredRequirementView {
        AnsweredRequirementView {
            id: asked.id.to_string(),
            group: asked.group.clone(),
            title: asked.title.clone(),
            help: asked.help.clone(),
            levels: asked.levels.clone(),
            not_relevant_if: asked.not_relevant.as_ref().map(|rule| rule.when.clone()),
            certainty: asked.certainty.to_string(),
            exempt: exempt.contains(&asked.id),
            answer: held.map(|held| (&held.answer).into()),
            comment: held.map(|held| held.comment.clone()).unwrap_or_default(),
            evidence: held.and_then(|held| held.evidence.as_ref()).map(|evidence| EvidenceBody {
                reference: evidence.reference.clone(),
                sha256: evidence.sha256.clone(),
            }),
            target: held.and_then(|held| held.target),
            needs_review: held.is_some_and(|held| held.review == Reviewed::No),
            falls_short: held.is_some_and(|held| self.edition.falls_short(&held.answer)),
        }
    }

    fn publication_view(&self, exempt: &[RequirementId]) -> Option<PublicationView> {
        let publication = self.state().publication.as_ref()?;
        let today = standing(&self.edition, self.state(), exempt, self.today)?;
        Some(PublicationView {
            first: publication.first.to_string(),
            on: publication.on.to_string(),
            times: publication.times,
            late: self.published_late(),
            grade: publication.grade.into(),
            percentage: publication.percentage,
            grade_today: today.grade.into(),
            percentage_today: today.percentage,
            gaps: ids(&today.gaps),
            exempt: ids(&publication.exempt),
        })
    }
}

pub(super) fn organisation(case: &Case) -> AssessedOrganisationView {
    AssessedOrganisationView {
        code: case.practice.code.to_string(),
        name: case.practice.name.clone(),
        ccg: case.practice.ccg.map(|code| code.to_string()),
        region: case.practice.region.map(|code| code.to_string()),
    }
}

fn person(desk: &Desk, id: proto::PersonId) -> PersonView {
    let name = desk.common.person(id).ok().flatten().map(|_| desk.common.person_name(id));
    PersonView { person: id.to_string(), name }
}

fn plan_view(desk: &Desk, plan: &Plan, gaps: &[RequirementId]) -> PlanView {
    let refused = plan.refused.as_ref();
    let agreed = plan.agreed.as_ref();
    PlanView {
        state: PlanState::of(plan),
        gaps: ids(gaps),
        actions: plan
            .actions
            .iter()
            .map(|(number, held)| {
                let ImprovementAction { requirement, gap, action, owner, due } = &held.action;
                ActionView {
                    number: *number,
                    requirement: requirement.to_string(),
                    gap: gap.clone(),
                    action: action.clone(),
                    owner: person(desk, *owner),
                    due: due.to_string(),
                    done: held.done.map(|day| day.to_string()),
                }
            })
            .collect(),
        submitted: plan.submitted.as_ref().map(|submitted| submitted.on.to_string()),
        decided_by: refused.map(|r| r.by).or(agreed.map(|a| a.by)).map(|code| code.to_string()),
        decided: refused.map(|r| r.on).or(agreed.map(|a| a.on)).map(|day| day.to_string()),
        due: agreed.map(|agreed| agreed.due.to_string()),
        refused_because: refused.map(|refused| refused.reason.clone()),
    }
}

/// The accepted answers of a scale, in words.
pub(crate) fn scale_words(scale: AnswerScale) -> &'static str {
    match scale {
        AnswerScale::Levels => "levels 0 to 3",
        AnswerScale::MetOrNotMet => "met or not met",
    }
}

/// A type of organisation in a body.
pub(super) fn organisation_type(text: &str) -> Result<OrganisationType, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        let detail = error.to_string();
        Problem::bad_input(detail.clone()).at("organisation_type", detail)
    })
}
