//! Where the API and the pages of a writing service meet: giving commands, naming people, finding
//! practices, and saying what came of it.

use axum::{Json, http::StatusCode};
use proto::{AggregateId, Day, OdsCode, PersonId, Position, Service, Subject, codes::CodeError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{Giver, Viewer},
    clock::Clock,
    command::{Aggregate, CommandError, CommandMeta, Commands, Outcome},
    directory::{Directory, Found, Person},
    editions::Editions,
    import::Imports,
    log::{Log, ReadError, Recorded},
    problem::Problem,
    roster::{Practice, Roster},
    service::{Platform, StartError},
};

/// What the routes of a writing service work with, beside its own commands.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The event log.
    pub log: Log,
    /// The clock.
    pub clock: Clock,
    /// The names of people.
    pub directory: Directory,
    /// The practices and bodies.
    pub roster: Roster,
    /// The editions of the toolkits.
    pub editions: Editions,
    /// Imports under way.
    pub imports: Imports,
}

/// Why something did not come about: the domain says no, or something else is wrong.
#[derive(Debug)]
pub enum Failure<R> {
    /// The domain says no.
    Refused(R),
    /// Anything else.
    Problem(Problem),
}

impl<R> From<Problem> for Failure<R> {
    fn from(problem: Problem) -> Self {
        Failure::Problem(problem)
    }
}

impl<R: Into<Problem>> From<Failure<R>> for Problem {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Problem(problem) => problem,
        }
    }
}

impl<R: Into<Problem>> From<CommandError<R>> for Failure<R> {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Refused(refusal) => Failure::Refused(refusal),
            other => Failure::Problem(other.into()),
        }
    }
}

impl<R> From<ReadError> for Failure<R> {
    fn from(error: ReadError) -> Self {
        Failure::Problem(error.into())
    }
}

/// Someone named in a command: in the directory already, or new to it.
#[derive(Debug, Clone)]
pub enum Who {
    /// By the id they have there.
    Known(PersonId),
    /// With a name that goes there.
    New(Person),
}

/// Someone, as a body names them: by the id they have in the directory, or by name. Names stay in
/// the directory; the log holds the id.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// The id of someone in the directory.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub person: Option<Uuid>,
    /// The name of someone new to it.
    #[serde(default)]
    pub name: String,
    /// The office held.
    #[serde(default)]
    pub role: String,
    /// The work e-mail address.
    #[serde(default)]
    pub email: String,
}

impl PersonInput {
    /// Someone by name and office.
    pub fn named(name: &str, role: &str) -> Self {
        Self { name: name.to_owned(), role: role.to_owned(), ..Self::default() }
    }

    /// Who that is.
    pub fn who(&self) -> Result<Who, Problem> {
        if let Some(person) = self.person {
            return Ok(Who::Known(PersonId(person)));
        }
        if self.name.trim().is_empty() {
            let detail = "say who it is: a name";
            return Err(Problem::bad_input(detail).at("name", detail));
        }
        Ok(Who::New(Person {
            name: self.name.trim().to_owned(),
            role: self.role.trim().to_owned(),
            email: self.email.trim().to_owned(),
            organisation: None,
        }))
    }
}

/// The id of an aggregate, of what an address or a row names.
pub fn aggregate_id(parsed: Result<AggregateId, CodeError>) -> Result<AggregateId, Problem> {
    parsed.map_err(|error| Problem::bad_input(error.to_string()))
}

/// The command a giver gives: for what, to which aggregate, about whom.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Who gives it.
    pub giver: &'a Giver,
    /// What for, in a word or two: it tells commands under one key apart.
    pub purpose: &'a str,
    /// To which aggregate.
    pub aggregate: &'a AggregateId,
    /// Whose affair it is.
    pub about: Option<OdsCode>,
    /// The day it takes effect, where that is not today.
    pub effective: Option<Day>,
}

impl<'a> Order<'a> {
    /// A command that takes effect today.
    pub fn new(
        giver: &'a Giver,
        purpose: &'a str,
        aggregate: &'a AggregateId,
        about: Option<OdsCode>,
    ) -> Self {
        Self { giver, purpose, aggregate, about, effective: None }
    }

    /// Taking effect on another day.
    pub fn effective(mut self, day: Day) -> Self {
        self.effective = Some(day);
        self
    }
}

impl Desk {
    /// The desk of a service.
    pub async fn new(platform: &Platform) -> Result<Self, StartError> {
        Ok(Self {
            log: platform.log.clone(),
            clock: platform.clock.clone(),
            directory: platform.directory().await?,
            roster: platform.roster(),
            editions: platform.editions(),
            imports: Imports::new(),
        })
    }

    /// Today, in London.
    pub fn today(&self) -> Day {
        self.clock.today()
    }

    /// The practice of an address.
    pub async fn practice(&self, text: &str) -> Result<Practice, Problem> {
        let code = organisation_of_address(text)?;
        self.roster.practice(code).await?.ok_or_else(|| {
            Problem::not_found(format!(
                "no general practice {code} is known here; practices become known by importing the national practice file"
            ))
        })
    }

    /// Whether anything is known of an organisation, beside what a service itself has on record of it: a file tells
    /// of it, someone was given a key or an account there, or who asks acts for it.
    pub async fn knows(&self, viewer: &Viewer, code: OdsCode) -> Result<bool, Problem> {
        Ok(viewer.holder().is_some_and(|holder| holder.organisation == code)
            || viewer.access().knows(code)
            || self.roster.practice(code).await?.is_some()
            || self.roster.body_name(code).is_some())
    }

    /// Gives a command.
    pub async fn give<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        order: Order<'_>,
        command: &A::Command,
    ) -> Result<Outcome, Failure<A::Refusal>> {
        Ok(commands.execute(order.aggregate, command, &self.meta(&order)).await?)
    }

    /// What comes with the command of an order.
    pub fn meta(&self, order: &Order<'_>) -> CommandMeta {
        let Order { giver, purpose, aggregate, about, effective } = *order;
        let meta = giver.meta(&format!("{purpose} {aggregate}"), self.clock.now(), about);
        match effective {
            Some(day) => meta.effective(day),
            None => meta,
        }
    }

    /// What became of an order that was given before under the same key and recorded something; none of any other. One
    /// that was given with other content is refused.
    pub async fn repeated<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        order: &Order<'_>,
    ) -> Result<Option<Outcome>, Failure<A::Refusal>> {
        Ok(commands.repeated(order.aggregate, &self.meta(order)).await?)
    }

    /// Gives a command that names a person. Someone new goes into the directory first, under an id
    /// that the same key gives again, and out of it again when the command is refused.
    pub async fn give_naming<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        order: Order<'_>,
        who: Who,
        command: impl FnOnce(PersonId) -> A::Command,
    ) -> Result<Outcome, Failure<A::Refusal>> {
        let purpose = format!("person for {} {}", order.purpose, order.aggregate);
        let named = self.enter(&order, &purpose, who).await?;
        let outcome = self.give(commands, order, &command(named.person)).await;
        self.keep_if_given(&[named], &outcome).await?;
        outcome
    }

    /// The same for a command that names several people, in their order.
    pub async fn give_naming_all<A: Aggregate>(
        &self,
        commands: &Commands<A>,
        order: Order<'_>,
        who: Vec<Who>,
        command: impl FnOnce(&[PersonId]) -> A::Command,
    ) -> Result<Outcome, Failure<A::Refusal>> {
        let mut named = Vec::with_capacity(who.len());
        for (index, who) in who.into_iter().enumerate() {
            let purpose = format!("person {index} for {} {}", order.purpose, order.aggregate);
            match self.enter(&order, &purpose, who).await {
                Ok(entered) => named.push(entered),
                Err(problem) => {
                    self.leave(&named).await?;
                    return Err(problem.into());
                }
            }
        }
        let people: Vec<PersonId> = named.iter().map(|named| named.person).collect();
        let outcome = self.give(commands, order, &command(&people)).await;
        self.keep_if_given(&named, &outcome).await?;
        outcome
    }

    /// Finds someone in the directory, or enters someone new.
    async fn enter(&self, order: &Order<'_>, purpose: &str, who: Who) -> Result<Named, Problem> {
        let mut new = match who {
            Who::Known(person) if self.person(person)?.is_some() => {
                return Ok(Named { person, is_new: false });
            }
            Who::Known(_) => {
                let detail = "no one in the directory has this id; give a name instead";
                return Err(Problem::bad_input(detail).at("person", detail));
            }
            Who::New(new) => new,
        };
        let person = PersonId(order.giver.command(purpose).uuid());
        // A command that is given again names no one anew whose name was deleted since.
        let is_new = self.directory.get(person)? == Found::Unknown;
        if is_new {
            new.organisation = new.organisation.or(order.about);
            self.directory.put(person, &new).await?;
        }
        Ok(Named { person, is_new })
    }

    async fn keep_if_given<R>(
        &self,
        named: &[Named],
        outcome: &Result<Outcome, Failure<R>>,
    ) -> Result<(), Problem> {
        let came_to_nothing = match outcome {
            Err(Failure::Refused(_)) => true,
            Err(Failure::Problem(problem)) => problem.status_code() == StatusCode::UNPROCESSABLE_ENTITY,
            Ok(_) => false,
        };
        if came_to_nothing { self.leave(named).await } else { Ok(()) }
    }

    /// Takes those out of the directory again who were entered for nothing.
    async fn leave(&self, named: &[Named]) -> Result<(), Problem> {
        for named in named.iter().filter(|named| named.is_new) {
            self.directory.remove(named.person).await?;
        }
        Ok(())
    }

    /// The person behind an id; none once deleted, or where nothing is known of the id.
    pub fn person(&self, id: PersonId) -> Result<Option<Person>, Problem> {
        Ok(self.directory.get(id)?.person())
    }

    /// A name to show for an id.
    pub fn person_name(&self, id: PersonId) -> String {
        match self.directory.get(id) {
            Ok(Found::Person(person)) if person.role.is_empty() => person.name,
            Ok(Found::Person(person)) => format!("{}, {}", person.name, person.role),
            Ok(Found::Removed) => "a person whose name was deleted".to_owned(),
            Ok(Found::Unknown) => self.directory.name_of_no_one().to_owned(),
            Err(error) => {
                tracing::error!(%error, "a name cannot be read");
                "a person whose name cannot be read now".to_owned()
            }
        }
    }

    /// Everything that happened to an aggregate, oldest first.
    pub async fn history(&self, service: Service, aggregate: &AggregateId) -> Result<Vec<Recorded>, Problem> {
        Ok(self.log.of(&Subject::new(service, aggregate), Position::START).await?)
    }
}

/// Someone a command names, and whether they were entered into the directory for it.
#[derive(Debug, Clone, Copy)]
struct Named {
    person: PersonId,
    is_new: bool,
}

/// The organisation of an address.
pub fn organisation_of_address(text: &str) -> Result<OdsCode, Problem> {
    text.parse().map_err(|error: CodeError| {
        Problem::bad_input(error.to_string()).at("code", "the code of an organisation, such as A81001")
    })
}

/// Of an organisation of which nothing is known, there is nothing to show or to change.
pub fn unknown_organisation(code: OdsCode) -> Problem {
    Problem::not_found(format!(
        "no organisation {code} is known here: check the code; organisations become known by importing the national files"
    ))
}

/// Who decides in the name of a body is of that body.
pub fn speaks_for(giver: &Giver, body: OdsCode) -> Result<(), Problem> {
    if giver.viewer.speaks_for(body) {
        return Ok(());
    }
    let own = giver.viewer.holder().map(|holder| holder.organisation.to_string()).unwrap_or_default();
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "not-allowed",
        "Not for you to do",
        format!("you act for {own} and cannot decide as {body}"),
    )
    .at("by", format!("only {own} is accepted")))
}

/// What became of a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// From this position of the log on, views show it.
    pub position: u64,
    /// Whether it led to an event, or was so already.
    pub outcome: Became,
}

/// Whether a command led to an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It led to an event.
    Recorded,
    /// It was so already.
    Unchanged,
    /// It is on record, and counts for nothing until someone has looked at it.
    Held,
}

impl From<Outcome> for Receipt {
    fn from(outcome: Outcome) -> Self {
        let became = match outcome {
            Outcome::Recorded(..) => Became::Recorded,
            Outcome::Unchanged(_) => Became::Unchanged,
        };
        Receipt { position: outcome.position().0, outcome: became }
    }
}

/// The answer to a command.
pub type Answered = Result<Json<Receipt>, Problem>;

/// Answers a command.
pub fn answered<R: Into<Problem>>(outcome: Result<Outcome, Failure<R>>) -> Answered {
    Ok(Json(outcome?.into()))
}
