//! Where the API and the pages meet: one place that looks things up and gives commands.

use std::sync::Arc;

use chassis::{
    Action, Commands, Giver, Outcome, Problem, Viewer,
    command::Loaded,
    desk::{Order, Who, aggregate_id as id},
    import::ImportRecords,
    roster::Practice,
};
use proto::{
    Day, OdsCode, PersonId, Position, RequirementId,
    assessments::{AssessmentEvent, ResultListed},
    standards::{Catalogue, Edition},
};

use crate::model::{
    AddedEditions, Assessment, AssessmentCommand, CatalogueCommand, EditionCommand, EditionDecisions, KIND,
    Refusal, RegisterEntry, assessment_id, edition_id, editions_id, register_id, roll_over,
};

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub common: chassis::Desk,
    pub assessments: Commands<Assessment>,
    pub editions: Commands<EditionDecisions>,
    pub added: Commands<AddedEditions>,
    pub register: Commands<RegisterEntry>,
    pub imports: ImportRecords<AssessmentEvent>,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Why something did not come about.
pub(crate) type Failure = chassis::desk::Failure<Refusal>;

/// One assessment with all that is needed to show it.
#[derive(Debug)]
pub(crate) struct Case {
    /// Who looks at it or works on it.
    pub viewer: Viewer,
    pub practice: Practice,
    pub edition: Arc<Edition>,
    pub loaded: Loaded<Assessment>,
    pub decisions: Loaded<EditionDecisions>,
    pub today: Day,
}

impl Case {
    pub fn state(&self) -> &Assessment {
        &self.loaded.state
    }

    /// Whether who looks may do something of the practice.
    pub fn may(&self, action: Action) -> bool {
        self.viewer.may(action, self.practice.code)
    }

    pub fn exempt(&self) -> Vec<RequirementId> {
        self.decisions.state.exempt(KIND)
    }

    pub fn deadline(&self) -> Option<Day> {
        self.decisions.state.deadline(&self.edition, KIND)
    }

    /// Whether the deadline is certain.
    pub fn deadline_is_sure(&self) -> bool {
        self.decisions.state.deadline_is_sure(&self.edition, KIND)
    }

    /// The last event that what is shown depends on.
    pub fn position(&self) -> Position {
        self.loaded.position.max(self.decisions.position)
    }
}

/// The requirement of an address.
pub(crate) fn find_requirement(edition: &Edition, text: &str) -> Result<RequirementId, Problem> {
    text.parse().ok().filter(|id| edition.requirements_of(KIND).any(|asked| asked.id == *id)).ok_or_else(
        || Problem::not_found(format!("{} has no such requirement for general practice", edition.title)),
    )
}

impl Desk {
    pub fn today(&self) -> Day {
        self.common.today()
    }

    /// The editions, as known now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.common.editions.catalogue()
    }

    /// The edition of an address.
    pub async fn edition(&self, text: &str) -> Result<Arc<Edition>, Problem> {
        let found = match text.parse() {
            Ok(id) => self.common.editions.edition(id).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| {
            let catalogue = self.catalogue();
            let known: Vec<&str> = catalogue.editions().iter().map(|edition| edition.id.as_str()).collect();
            Problem::not_found(format!("there is no such edition; there are {}", known.join(", ")))
                .on_pages("There is no such edition of the toolkit")
        })
    }

    /// One assessment, begun or not.
    pub async fn case(&self, viewer: &Viewer, code: &str, edition: &str) -> Result<Case, Problem> {
        let edition = self.edition(edition).await?;
        let practice = self.common.practice(code).await?;
        self.case_of(viewer, practice, edition).await
    }

    pub async fn case_of(
        &self,
        viewer: &Viewer,
        practice: Practice,
        edition: Arc<Edition>,
    ) -> Result<Case, Problem> {
        let loaded = self.assessments.load(&id(assessment_id(practice.code, edition.id))?).await?;
        let decisions = self.decisions(&edition).await?;
        let edition = decisions.state.with_closing(&edition);
        Ok(Case { viewer: viewer.clone(), practice, edition, loaded, decisions, today: self.today() })
    }

    pub async fn decisions(&self, edition: &Edition) -> Result<Loaded<EditionDecisions>, Problem> {
        Ok(self.editions.load(&id(edition_id(edition.id))?).await?)
    }

    /// What the newest file of the national register shows of an organisation, and the last event that says so.
    pub async fn register_entry(&self, code: OdsCode) -> Result<(Option<ResultListed>, Position), Problem> {
        let entry = self.register.load(&id(register_id(code))?).await?;
        let withdrawn = self.imports.withdrawn_so_far();
        Ok((entry.state.newest(&withdrawn).cloned(), entry.position))
    }

    /// Begins an assessment with the answers of the last edition of the scheme that was begun.
    pub async fn open(&self, case: &Case, giver: &Giver) -> Result<Outcome, Failure> {
        let mut carried_over = Vec::new();
        let catalogue = self.catalogue();
        let mut earlier = catalogue.predecessor(&case.edition);
        while let Some(edition) = earlier.filter(|edition| edition.scheme == case.edition.scheme) {
            let before = self.assessments.load(&id(assessment_id(case.practice.code, edition.id))?).await?;
            if before.state.opened.is_some() {
                carried_over = roll_over(&before.state, edition, &case.edition);
                break;
            }
            earlier = catalogue.predecessor(edition);
        }
        let command = AssessmentCommand::Open { organisation: case.practice.code, carried_over };
        self.give(case, "open", giver, &command).await
    }

    /// Gives a command to an assessment. `purpose` tells commands under one key apart.
    pub async fn give(
        &self,
        case: &Case,
        purpose: &str,
        giver: &Giver,
        command: &AssessmentCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(assessment_id(case.practice.code, case.edition.id))?;
        let order = Order::new(giver, purpose, &aggregate, Some(case.practice.code));
        self.common.give(&self.assessments, order, &command.clone().on(&case.edition)).await
    }

    /// Gives a command to an assessment that names a person.
    pub async fn give_naming(
        &self,
        case: &Case,
        purpose: &str,
        giver: &Giver,
        who: Who,
        command: impl FnOnce(PersonId) -> AssessmentCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(assessment_id(case.practice.code, case.edition.id))?;
        let order = Order::new(giver, purpose, &aggregate, Some(case.practice.code));
        let command = |person| command(person).on(&case.edition);
        self.common.give_naming(&self.assessments, order, who, command).await
    }

    /// Gives a command to an edition.
    pub async fn decide(
        &self,
        edition: &Edition,
        purpose: &str,
        giver: &Giver,
        command: &EditionCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(edition_id(edition.id))?;
        self.common.give(&self.editions, Order::new(giver, purpose, &aggregate, None), command).await
    }

    /// Gives a command to the editions as a whole, and waits until it is known here.
    pub async fn change_editions(
        &self,
        purpose: &str,
        giver: &Giver,
        command: &CatalogueCommand,
    ) -> Result<Outcome, Failure> {
        let aggregate = id(editions_id())?;
        let outcome =
            self.common.give(&self.added, Order::new(giver, purpose, &aggregate, None), command).await?;
        self.common.editions.reached(outcome.position()).await;
        Ok(outcome)
    }

    /// Everything that happened to an assessment, oldest first.
    pub async fn history(&self, case: &Case) -> Result<Vec<chassis::log::Recorded>, Problem> {
        let aggregate = id(assessment_id(case.practice.code, case.edition.id))?;
        self.common.history(proto::Service::Assessments, &aggregate).await
    }
}
