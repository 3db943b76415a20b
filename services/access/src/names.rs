//! The names behind ids, to be found, corrected and deleted: of office holders, who are named in what
//! practices and partners record, and of account holders.

use chassis::{
    Access, Clock, CommandMeta, Commands, Giver, Problem,
    desk::PersonInput,
    directory::{Directory, Found, Person as Entry},
};
use proto::{OdsCode, PersonId};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

use crate::{
    model::{Person, PersonCommand},
    people::People,
};

/// The fewest characters of a text to look for: fewer find everyone.
pub(crate) const TEXT_MIN_CHARS: usize = 2;

/// The most names of one answer.
pub(crate) const FOUND_MAX: usize = 200;

/// What someone named is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NameKind {
    /// Named in a record: who signed, owns, assessed or agreed something.
    OfficeHolder,
    /// Has an account here.
    AccountHolder,
}

/// Someone's name, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NameView {
    /// Whose it is, as events name them.
    #[schema(value_type = String, format = "uuid")]
    pub id: PersonId,
    /// What they are here.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// The office held.
    pub role: String,
    /// The work e-mail address; of an account holder the user name.
    pub email: String,
    /// Where.
    #[schema(value_type = Option<String>)]
    pub organisation: Option<OdsCode>,
}

/// The names of an installation.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    directory: Directory,
    commands: Commands<Person>,
    people: Arc<People>,
    access: Access,
    clock: Clock,
}

impl Names {
    pub fn new(
        directory: Directory,
        commands: Commands<Person>,
        people: Arc<People>,
        access: Access,
        clock: Clock,
    ) -> Self {
        Self { directory, commands, people, access, clock }
    }

    /// Everyone whose name, office, e-mail address, user name, organisation or id has a text in it, by name. At most
    /// [`FOUND_MAX`], and whether there are more.
    pub fn find(&self, text: &str) -> Result<(Vec<NameView>, bool), Problem> {
        let wanted = text.trim().to_lowercase();
        if wanted.chars().count() < TEXT_MIN_CHARS {
            let detail =
                format!("enter at least {TEXT_MIN_CHARS} characters of a name, an e-mail address or an id");
            return Err(Problem::bad_input(detail.clone()).at("text", detail));
        }
        let is_meant = |view: &NameView| {
            let at = view.organisation.map(|code| code.to_string()).unwrap_or_default();
            let texts = [&view.name, &view.role, &view.email, &at, &view.id.to_string()];
            texts.iter().any(|text| text.to_lowercase().contains(&wanted))
        };
        let mut found: Vec<NameView> = self.all()?.into_iter().filter(is_meant).collect();
        found.sort_by_key(|view| (view.name.to_lowercase(), view.id));
        let more = found.len() > FOUND_MAX;
        found.truncate(FOUND_MAX);
        Ok((found, more))
    }

    fn all(&self) -> Result<Vec<NameView>, Problem> {
        let office_holders = self.directory.all()?.into_iter().map(|(id, entry)| office_holder(id, entry));
        let account_holders = self.people.list()?.into_iter().filter_map(|listed| {
            let entry = listed.entry?;
            Some(NameView {
                id: listed.id,
                kind: NameKind::AccountHolder,
                name: entry.display_name,
                role: listed.role.words().to_owned(),
                email: entry.user_name.as_str().to_owned(),
                organisation: Some(listed.organisation),
            })
        });
        Ok(office_holders.chain(account_holders).collect())
    }

    /// Someone by id.
    pub fn get(&self, id: PersonId) -> Result<NameView, Problem> {
        match self.directory.get(id)? {
            Found::Person(entry) => return Ok(office_holder(id, entry)),
            Found::Removed => return Err(Problem::not_found("the name of this person was deleted")),
            Found::Unknown => {}
        }
        let account = self.all()?.into_iter().find(|view| view.id == id);
        account.ok_or_else(|| Problem::not_found("no name is known here for this id"))
    }

    /// Corrects what is said of someone. It is on record that it was, and not what.
    pub async fn correct(&self, giver: &Giver, id: PersonId, input: &PersonInput) -> Result<(), Problem> {
        let known = self.get(id)?;
        let purpose = format!("correct-name {id}");
        match known.kind {
            NameKind::AccountHolder => {
                let name = self.people.checked_display_name(&input.name)?;
                self.give(giver, id, &purpose, &PersonCommand::Correct { person: id }).await?;
                self.people.set_display_name(id, name).await
            }
            NameKind::OfficeHolder => {
                let entry = Entry {
                    name: input.name.trim().to_owned(),
                    role: input.role.trim().to_owned(),
                    email: input.email.trim().to_owned(),
                    organisation: known.organisation,
                };
                entry.check()?;
                self.give(giver, id, &purpose, &PersonCommand::Correct { person: id }).await?;
                Ok(self.directory.put(id, &entry).await?)
            }
        }
    }

    /// Deletes someone's name for good. An account must be disabled first, and is removed together with the name.
    pub async fn remove(&self, giver: &Giver, id: PersonId) -> Result<(), Problem> {
        if self.access.known().account_of(id).is_some() {
            return self.people.remove(giver, id).await;
        }
        if !self.access.known().is_person_removed(id) {
            self.get(id)?;
        }
        let command = PersonCommand::Remove { person: id };
        self.give(giver, id, &format!("remove-name {id}"), &command).await?;
        // Also where it was on record already: then a first time did not come so far.
        Ok(self.directory.erase(id).await?)
    }

    async fn give(
        &self,
        giver: &Giver,
        id: PersonId,
        purpose: &str,
        command: &PersonCommand,
    ) -> Result<(), Problem> {
        let aggregate = Person::aggregate(id).map_err(|error| Problem::bad_input(error.to_string()))?;
        let meta: CommandMeta = giver.meta(purpose, self.clock.machine_now(), None);
        let outcome = self.commands.execute(&aggregate, command, &meta).await?;
        self.access.until_read(outcome.position()).await
    }
}

fn office_holder(id: PersonId, entry: Entry) -> NameView {
    let Entry { name, role, email, organisation } = entry;
    NameView { id, kind: NameKind::OfficeHolder, name, role, email, organisation }
}
