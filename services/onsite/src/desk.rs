//! Where the API and the pages meet: one place that looks things up and gives commands.

use std::{sync::Arc, time::Duration};

use axum::http::Uri;
use chassis::{
    Action, Commands, Giver, Outcome, Problem, Viewer,
    command::Loaded,
    desk::{Order, Who, aggregate_id, organisation_of_address},
    following::Following,
    http::nothing_at,
    import::ImportRecords,
    roster::Practice,
};
use proto::{Day, OdsCode, PersonId, onsite::OnsiteEvent};

use crate::{
    access::{VIEW, VIEW_ALL},
    model::{NHS_DIGITAL, OnsiteAssessment, OnsiteCommand, Stage, onsite_id},
    register::Register,
};

/// How long a list, or a number, waits until all that is on the log is known.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// How many numbers are tried that others take meanwhile.
const NUMBERS_TRIED_MAX: usize = 16;

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub common: chassis::Desk,
    pub assessments: Commands<OnsiteAssessment>,
    /// Imports of findings, which can be withdrawn.
    pub records: ImportRecords<OnsiteEvent>,
    pub register: Following<Register>,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Why something did not come about.
pub(crate) type Failure = chassis::desk::Failure<chassis::Refusal>;

/// One assessment with all that is needed to show it and to work on it.
#[derive(Debug)]
pub(crate) struct Case {
    pub viewer: Viewer,
    pub practice: Practice,
    pub number: u16,
    pub loaded: Loaded<OnsiteAssessment>,
    pub today: Day,
}

impl Case {
    pub fn state(&self) -> &OnsiteAssessment {
        &self.loaded.state
    }

    /// Whether who looks may do something of the practice.
    pub fn may(&self, action: Action) -> bool {
        self.viewer.may(action, self.practice.code)
    }
}

/// What is asked of an assessment: what for, from when on it counts, and whom it names.
#[derive(Debug)]
pub(crate) struct Step {
    pub purpose: String,
    pub effective: Option<Day>,
    pub who: Vec<Who>,
}

impl Step {
    pub fn new(purpose: impl Into<String>) -> Self {
        Self { purpose: purpose.into(), effective: None, who: Vec::new() }
    }

    pub fn on(mut self, day: Day) -> Self {
        self.effective = Some(day);
        self
    }

    pub fn naming(mut self, who: Vec<Who>) -> Self {
        self.who = who;
        self
    }
}

/// The one answer to an assessment that is not there, and to one that is another partner's: who is sent
/// to some practices learns nothing of the others.
pub(crate) fn nothing(code: OdsCode, number: u16) -> Problem {
    Problem::not_found(format!("there is no on-site assessment {number} of {code}"))
}

/// Whether an assessment is there for someone: asked for, and theirs to see. Who does not see all of an
/// organisation's sees those to which their own body is sent.
pub(crate) fn is_shown(state: &OnsiteAssessment, sees_all: bool, own: Option<OdsCode>) -> bool {
    state.requested.is_some() && (sees_all || (own.is_some() && state.sent() == own))
}

impl Desk {
    pub fn today(&self) -> Day {
        self.common.today()
    }

    /// The name of a body. NHS Digital is in no file of organisations that is read here.
    pub fn name_of(&self, code: OdsCode) -> String {
        if code.as_str() == NHS_DIGITAL { "NHS Digital".to_owned() } else { self.common.roster.name(code) }
    }

    /// Whether someone sees an assessment of an organisation.
    pub fn shows(&self, viewer: &Viewer, code: OdsCode, state: &OnsiteAssessment) -> bool {
        let own = viewer.holder().map(|holder| holder.organisation);
        viewer.may(VIEW, code) && is_shown(state, viewer.may(VIEW_ALL, code), own)
    }

    /// The practice of an address. To who does not see all of its assessments, and none of them, nothing
    /// is there, whether it is known or not.
    pub async fn practice(&self, viewer: &Viewer, code: &str, uri: &Uri) -> Result<Practice, Problem> {
        let of = organisation_of_address(code)?;
        let sees_some = async || self.listed(viewer, Some(of), |_, _, _| Some(())).await;
        if !viewer.may(VIEW_ALL, of) && sees_some().await?.is_empty() {
            return Err(nothing_at(uri.path()));
        }
        self.common.practice(code).await
    }

    /// One assessment, where who asks may see it.
    pub async fn case(&self, viewer: &Viewer, code: &str, number: u16) -> Result<Case, Problem> {
        let of = organisation_of_address(code)?;
        let practice = match self.common.roster.practice(of).await? {
            Some(practice) => practice,
            None if viewer.may(VIEW_ALL, of) => self.common.practice(code).await?,
            None => return Err(nothing(of, number)),
        };
        let loaded = self.assessments.load(&aggregate_id(onsite_id(practice.code, number))?).await?;
        if !self.shows(viewer, practice.code, &loaded.state) {
            return Err(nothing(practice.code, number));
        }
        Ok(Case { viewer: viewer.clone(), practice, number, loaded, today: self.today() })
    }

    /// The assessments that someone sees, by organisation and number, each made into something small.
    pub async fn listed<T>(
        &self,
        viewer: &Viewer,
        of: Option<OdsCode>,
        make: impl Fn(OdsCode, u16, &OnsiteAssessment) -> Option<T>,
    ) -> Result<Vec<T>, Problem> {
        self.register.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let known = self.register.known();
        let seen = known.all().into_iter().filter(|(code, ..)| of.is_none_or(|of| of == *code));
        Ok(seen
            .filter(|(code, _, state)| self.shows(viewer, *code, state))
            .filter_map(|(code, number, state)| make(code, number, state))
            .collect())
    }

    /// Gives a command to an assessment.
    pub async fn give(
        &self,
        case: &Case,
        giver: &Giver,
        step: Step,
        command: impl FnOnce(&[PersonId]) -> OnsiteCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = aggregate_id(onsite_id(case.practice.code, case.number))?;
        let mut order = Order::new(giver, &step.purpose, &aggregate, Some(case.practice.code));
        order.effective = step.effective;
        self.common.give_naming_all(&self.assessments, order, step.who, command).await
    }

    /// Asks for an assessment of a practice under the next number. The same request again, under its key
    /// or while it is not answered, stays the one it was.
    pub async fn request(
        &self,
        practice: &Practice,
        giver: &Giver,
        by: OdsCode,
        reason: &str,
    ) -> Result<(u16, Outcome), Failure> {
        self.register.must_catch_up(CATCH_UP_TIMEOUT).await?;
        let organisation = practice.code;
        let mut number = self.number_for(organisation, giver, by, reason)?;
        for _ in 0..NUMBERS_TRIED_MAX {
            let aggregate = aggregate_id(onsite_id(organisation, number))?;
            let order = Order::new(giver, "request", &aggregate, Some(organisation));
            let (overseers, reason) = (practice.overseers(), reason.to_owned());
            let command = OnsiteCommand::Request { organisation, number, by, overseers, reason };
            match self.common.give(&self.assessments, order, &command).await {
                Err(Failure::Refused(refusal)) => {
                    let is_taken = self
                        .assessments
                        .load(&aggregate)
                        .await
                        .map_err(Problem::from)?
                        .state
                        .requested
                        .is_some();
                    if !is_taken {
                        return Err(Failure::Refused(refusal));
                    }
                    number = number.saturating_add(1);
                }
                outcome => return Ok((number, outcome?)),
            }
        }
        Err(Problem::busy().into())
    }

    fn number_for(
        &self,
        organisation: OdsCode,
        giver: &Giver,
        by: OdsCode,
        reason: &str,
    ) -> Result<u16, Problem> {
        let known = self.register.known();
        for (number, entry) in known.of(organisation) {
            let aggregate = aggregate_id(onsite_id(organisation, number))?;
            let is_this_command =
                giver.command(&format!("request {aggregate}")).event_id() == entry.requested_by;
            let is_the_same = entry.state.stage() == Some(Stage::Requested)
                && entry
                    .state
                    .requested
                    .as_ref()
                    .is_some_and(|had| had.by == by && had.reason == reason.trim());
            if is_this_command || is_the_same {
                return Ok(number);
            }
        }
        Ok(known.of(organisation).next_back().map_or(1, |(last, _)| last.saturating_add(1)))
    }
}
