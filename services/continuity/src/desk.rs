//! Where the API and the pages meet: one place that looks a plan up and gives commands.

use std::sync::Arc;

use chassis::{
    Action, Commands, Giver, Outcome, Problem, Refusal, Viewer,
    command::Loaded,
    desk::{Order, aggregate_id, organisation_of_address},
    following::Following,
    log::Recorded,
};
use proto::{AggregateId, Day, OdsCode, PersonId, Position};

use crate::{
    access::VIEW_PLAN,
    input::{
        Ask, ExerciseInput, InvocationInput, PlanApprovalInput, PlanReviewInput, PlanVersionInput,
        PlanWithdrawalInput, RelianceEndInput, RelianceInput,
    },
    list::Plans,
    model::{ContinuityPlan, Own, PlanCommand},
};

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub common: chassis::Desk,
    pub plans: Commands<ContinuityPlan>,
    /// How every plan stands.
    pub all: Following<Plans>,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Why something did not come about.
pub(crate) type Failure = chassis::desk::Failure<Refusal>;

/// One organisation's plan with all that is needed to show it.
#[derive(Debug)]
pub(crate) struct Case {
    /// Who looks at it or works on it.
    pub viewer: Viewer,
    pub code: OdsCode,
    /// The organisation's name; the code where no file lists it.
    pub name: String,
    pub loaded: Loaded<ContinuityPlan>,
    pub today: Day,
    aggregate: AggregateId,
}

impl Case {
    pub fn plan(&self) -> &ContinuityPlan {
        &self.loaded.state
    }

    /// Whether who looks may do something about the plan.
    pub fn may(&self, action: Action) -> bool {
        self.viewer.may(action, self.code)
    }
}

impl Desk {
    /// The plan of an organisation of which something is known: a file lists it, it said something of a
    /// plan, or who asks is of it.
    pub async fn case(&self, viewer: &Viewer, code: &str) -> Result<Case, Problem> {
        let code = organisation_of_address(code)?;
        let aggregate = aggregate_id(code.as_str().parse())?;
        let loaded = self.plans.load(&aggregate).await?;
        if loaded.position == Position::START && !self.common.knows(viewer, code).await? {
            return Err(Problem::not_found(format!(
                "no organisation {code} is known here; practices and commissioners become known by importing the national files, others by the plan they write"
            )));
        }
        let name = self.common.roster.name(code);
        Ok(Case { viewer: viewer.clone(), code, name, loaded, today: self.common.today(), aggregate })
    }

    /// Refuses as a partner what delivers nothing to an organisation. How a partner's plan stands shows in
    /// how the organisation itself does: no practice, and no CCG but its own, is looked at in this way.
    async fn need_partner(&self, organisation: OdsCode, partner: OdsCode) -> Result<(), Failure> {
        let roster = &self.common.roster;
        let is_above = roster.above(organisation).codes().any(|above| above == partner);
        let is_other = roster.is_practice(partner).await? || (!is_above && roster.oversees(partner));
        if is_other && partner != organisation {
            let text = format!(
                "{partner} is no delivery partner of {organisation}: name who delivers services to it, or the commissioner or region it stands under; no practice, and no other commissioner or region"
            );
            return Err(Failure::Refused(Refusal::at("partner", text)));
        }
        Ok(())
    }

    /// The name of a partner for whoever may know it: they may see its plan, or it stands above the
    /// organisation that leans on it. For others the code, as it was typed.
    pub fn partner_name(&self, case: &Case, partner: OdsCode) -> String {
        let roster = &self.common.roster;
        let is_above = || roster.above(case.code).codes().any(|above| above == partner);
        if case.viewer.may(VIEW_PLAN, partner) || is_above() {
            return roster.name(partner);
        }
        partner.to_string()
    }

    /// Everything that happened to a plan, oldest first.
    pub async fn history(&self, case: &Case) -> Result<Vec<Recorded>, Problem> {
        self.common.history(proto::Service::Continuity, &case.aggregate).await
    }

    /// Gives the command that is asked for. What happened on an earlier day takes effect on that day.
    pub async fn give(&self, case: &Case, giver: &Giver, ask: Ask) -> Result<Outcome, Failure> {
        let today = case.today;
        let to = |own: Own| PlanCommand { organisation: case.code, own };
        let order =
            |purpose, day| Order::new(giver, purpose, &case.aggregate, Some(case.code)).effective(day);
        let give =
            async |purpose, day, own| self.common.give(&self.plans, order(purpose, day), &to(own)).await;
        match ask {
            Ask::Write(PlanVersionInput { owner, covers, systems, document }) => {
                let systems = systems.into_iter().map(Into::into).collect();
                let own =
                    |owner| to(Own::Write { owner, covers, systems, document: document.map(Into::into) });
                self.common.give_naming(&self.plans, order("write", today), owner.who()?, own).await
            }
            Ask::Approve(PlanApprovalInput { version, by, on, next_review }) => {
                let on = on.unwrap_or(today);
                let own = |by| to(Own::Approve { version, by, on, next_review });
                self.common.give_naming(&self.plans, order("approve", on), by.who()?, own).await
            }
            Ask::Review(PlanReviewInput { by, on, next_review }) => {
                let on = on.unwrap_or(today);
                let own = |by| to(Own::Review { by, on, next_review });
                self.common.give_naming(&self.plans, order("review", on), by.who()?, own).await
            }
            Ask::Withdraw(PlanWithdrawalInput { reason, on }) => {
                give("withdraw", on.unwrap_or(today), Own::Withdraw { reason }).await
            }
            Ask::Exercise(ExerciseInput { kind, scenario, on, board, outcome, lessons }) => {
                let on = on.unwrap_or(today);
                let lessons = lessons.into_iter().map(Into::into).collect();
                let own =
                    |board: Option<PersonId>| Own::Exercise { kind, scenario, on, board, outcome, lessons };
                match board {
                    None => give("exercise", on, own(None)).await,
                    Some(board) => {
                        let own = |board| to(own(Some(board)));
                        self.common.give_naming(&self.plans, order("exercise", on), board.who()?, own).await
                    }
                }
            }
            Ask::Invoke(InvocationInput { scenario, on, outcome, account, lessons }) => {
                let on = on.unwrap_or(today);
                let lessons = lessons.into_iter().map(Into::into).collect();
                give("invoke", on, Own::Invoke { scenario, on, outcome, account, lessons }).await
            }
            Ask::ActUpon { number, lesson, done } => {
                let done = done.unwrap_or(today);
                let purpose = format!("act-upon {number} {lesson}");
                give(&purpose, done, Own::ActUpon { number, lesson, done }).await
            }
            Ask::Rely(RelianceInput { partner, services, since }) => {
                self.need_partner(case.code, partner).await?;
                let purpose = format!("rely {partner}");
                give(&purpose, since.unwrap_or(today), Own::Rely { partner, services }).await
            }
            Ask::EndReliance(RelianceEndInput { partner, on }) => {
                let purpose = format!("end-reliance {partner}");
                give(&purpose, on.unwrap_or(today), Own::EndReliance { partner }).await
            }
        }
    }
}
