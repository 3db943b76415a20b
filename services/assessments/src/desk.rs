//! Where the API and the pages meet: one place that looks things up and gives commands.

use std::sync::Arc;

use chassis::{
    Action, Aggregate, Clock, CommandError, Commands, Giver, Outcome, Problem, Viewer,
    command::Loaded,
    directory::{Directory, Person},
    import::Imports,
    log::Log,
};
use proto::{
    AggregateId, Day, OdsCode, PersonId, Position, RequirementId,
    standards::{Edition, catalogue},
};
use uuid::Uuid;

use crate::{
    model::{
        Assessment, AssessmentCommand, EditionCommand, EditionDecisions, KIND, Refusal, RegisterEntry,
        assessment_id, edition_id, register_id, roll_over,
    },
    roster::{Practice, Roster},
};

/// What the routes work with.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub assessments: Commands<Assessment>,
    pub editions: Commands<EditionDecisions>,
    pub register: Commands<RegisterEntry>,
    pub log: Log,
    pub clock: Clock,
    pub directory: Directory,
    pub roster: Roster,
    pub imports: Imports,
}

/// What routes get.
pub(crate) type Shared = Arc<Desk>;

/// Why something did not come about: the domain says no, or something else is wrong.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Refusal),
    Problem(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::Problem(problem)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Problem(problem) => problem,
        }
    }
}

impl From<CommandError<Refusal>> for Failure {
    fn from(error: CommandError<Refusal>) -> Self {
        match error {
            CommandError::Refused(refusal) => Failure::Refused(refusal),
            other => Failure::Problem(other.into()),
        }
    }
}

impl From<chassis::log::ReadError> for Failure {
    fn from(error: chassis::log::ReadError) -> Self {
        Failure::Problem(error.into())
    }
}

/// Somebody named in a command: in the directory already, or new to it.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    Known(PersonId),
    New(Person),
}

/// One assessment with all that is needed to show it.
#[derive(Debug)]
pub(crate) struct Case {
    /// Who looks at it or works on it.
    pub viewer: Viewer,
    pub practice: Practice,
    pub edition: &'static Edition,
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
        self.decisions.state.deadline(self.edition.id, KIND)
    }

    /// The last event that what is shown depends on.
    pub fn position(&self) -> Position {
        self.loaded.position.max(self.decisions.position)
    }
}

fn id(parsed: Result<AggregateId, proto::codes::CodeError>) -> Result<AggregateId, Problem> {
    parsed.map_err(|error| Problem::bad_input(error.to_string()))
}

/// The edition of an address.
pub(crate) fn find_edition(text: &str) -> Result<&'static Edition, Problem> {
    let known = || {
        catalogue()
            .editions()
            .iter()
            .map(|edition| edition.id.as_str().to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    text.parse()
        .ok()
        .and_then(|id| catalogue().edition(id))
        .ok_or_else(|| Problem::not_found(format!("there is no such edition; there are {}", known())))
}

/// The requirement of an address.
pub(crate) fn find_requirement(edition: &Edition, text: &str) -> Result<RequirementId, Problem> {
    text.parse().ok().filter(|id| edition.requirements_of(KIND).any(|asked| asked.id == *id)).ok_or_else(
        || Problem::not_found(format!("{} has no such requirement for general practice", edition.title)),
    )
}

impl Desk {
    pub fn today(&self) -> Day {
        self.clock.today()
    }

    /// The practice of an address.
    pub async fn practice(&self, text: &str) -> Result<Practice, Problem> {
        let code: OdsCode = text.parse().map_err(|error: proto::codes::CodeError| {
            Problem::bad_input(error.to_string()).at("code", "the code of a practice, such as A81001")
        })?;
        self.roster.practice(code).await?.ok_or_else(|| {
            Problem::not_found(format!(
                "no general practice {code} is known here; practices become known by importing the national practice file"
            ))
        })
    }

    /// One assessment, begun or not.
    pub async fn case(&self, viewer: &Viewer, code: &str, edition: &str) -> Result<Case, Problem> {
        let edition = find_edition(edition)?;
        let practice = self.practice(code).await?;
        self.case_of(viewer, practice, edition).await
    }

    pub async fn case_of(
        &self,
        viewer: &Viewer,
        practice: Practice,
        edition: &'static Edition,
    ) -> Result<Case, Problem> {
        let loaded = self.assessments.load(&id(assessment_id(practice.code, edition.id))?).await?;
        let decisions = self.decisions(edition).await?;
        Ok(Case { viewer: viewer.clone(), practice, edition, loaded, decisions, today: self.today() })
    }

    pub async fn decisions(&self, edition: &Edition) -> Result<Loaded<EditionDecisions>, Problem> {
        Ok(self.editions.load(&id(edition_id(edition.id))?).await?)
    }

    /// What the national register shows of an organisation.
    pub async fn register_entry(&self, code: OdsCode) -> Result<Loaded<RegisterEntry>, Problem> {
        Ok(self.register.load(&id(register_id(code))?).await?)
    }

    /// Begins an assessment with the answers of the last edition of the scheme that was begun.
    pub async fn open(&self, case: &Case, giver: &Giver) -> Result<Outcome, Failure> {
        let mut carried_over = Vec::new();
        let mut earlier = catalogue().predecessor(case.edition);
        while let Some(edition) = earlier.filter(|edition| edition.scheme == case.edition.scheme) {
            let before = self.assessments.load(&id(assessment_id(case.practice.code, edition.id))?).await?;
            if before.state.opened.is_some() {
                carried_over = roll_over(&before.state, case.edition);
                break;
            }
            earlier = catalogue().predecessor(edition);
        }
        let command = AssessmentCommand::Open {
            organisation: case.practice.code,
            edition: case.edition.id,
            carried_over,
        };
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
        let about = Some(case.practice.code);
        Ok(self.execute(&self.assessments, &aggregate, purpose, giver, about, command).await?)
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
        Ok(self.execute(&self.editions, &aggregate, purpose, giver, None, command).await?)
    }

    async fn execute<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        aggregate: &AggregateId,
        purpose: &str,
        giver: &Giver,
        about: Option<OdsCode>,
        command: &A::Command,
    ) -> Result<Outcome, CommandError<A::Refusal>> {
        let meta = giver.meta(&format!("{purpose} {aggregate}"), self.clock.now(), about);
        commands.execute(aggregate, command, &meta).await
    }

    /// Gives a command that names a person. Somebody new goes into the directory first, under an id
    /// that the same key gives again, and out of it again when the command is refused.
    pub async fn give_naming(
        &self,
        case: &Case,
        purpose: &str,
        giver: &Giver,
        who: Who,
        command: impl FnOnce(PersonId) -> AssessmentCommand,
    ) -> Result<Outcome, Failure> {
        match who {
            Who::Known(person) => {
                if self.person(person)?.is_none() {
                    let detail = "nobody in the directory has this id; give a name instead";
                    return Err(Problem::bad_input(detail).at("person", detail).into());
                }
                self.give(case, purpose, giver, &command(person)).await
            }
            Who::New(new) => {
                let aggregate = format!("{} {}", case.practice.code, case.edition.id);
                let person = PersonId(giver.command(&format!("person for {purpose} {aggregate}")).uuid());
                let was_there = self.person(person)?.is_some();
                if !was_there {
                    let mut new = new;
                    new.organisation.get_or_insert(case.practice.code);
                    self.directory.put(person, &new).map_err(Problem::from)?;
                }
                let outcome = self.give(case, purpose, giver, &command(person)).await;
                if matches!(outcome, Err(Failure::Refused(_))) && !was_there {
                    self.directory.remove(person).map_err(Problem::from)?;
                }
                outcome
            }
        }
    }

    /// The person behind an id, none once deleted.
    pub fn person(&self, id: PersonId) -> Result<Option<Person>, Problem> {
        self.directory.get(id).map_err(Problem::from)
    }

    /// A name to show for an id.
    pub fn person_name(&self, id: PersonId) -> String {
        match self.person(id) {
            Ok(Some(person)) if person.role.is_empty() => person.name,
            Ok(Some(person)) => format!("{}, {}", person.name, person.role),
            _ => "a person no longer in the directory".to_owned(),
        }
    }

    /// Everything that happened to an assessment, oldest first.
    pub async fn history(&self, case: &Case) -> Result<Vec<chassis::log::Recorded>, Problem> {
        let aggregate = id(assessment_id(case.practice.code, case.edition.id))?;
        let subject = proto::Subject::new(proto::Service::Assessments, &aggregate);
        Ok(self.log.of(&subject, Position::START).await?)
    }
}

/// Who decides in the name of a body is of that body.
pub(crate) fn speaks_for(giver: &Giver, body: OdsCode) -> Result<(), Problem> {
    if giver.viewer.speaks_for(body) {
        return Ok(());
    }
    let own = giver.viewer.holder().map(|holder| holder.organisation.to_string()).unwrap_or_default();
    Err(Problem::new(
        axum::http::StatusCode::FORBIDDEN,
        "not-allowed",
        "Not for you to do",
        format!("you act for {own} and cannot decide as {body}"),
    )
    .at("by", format!("only {own} is accepted")))
}

/// Somebody named by the fields of a form or body.
pub(crate) fn who(person: Option<Uuid>, name: &str, role: &str, email: &str) -> Result<Who, Problem> {
    if let Some(person) = person {
        return Ok(Who::Known(PersonId(person)));
    }
    if name.trim().is_empty() {
        let detail = "say who it is: a name";
        return Err(Problem::bad_input(detail).at("name", detail));
    }
    Ok(Who::New(Person {
        name: name.trim().to_owned(),
        role: role.trim().to_owned(),
        email: email.trim().to_owned(),
        organisation: None,
    }))
}
