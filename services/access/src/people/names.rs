//! Whose a user name is: opening an account, by which someone gets one, and removing it, by which it is free again.

use chassis::{Giver, Problem, claims::NotClaimed, log::Written};
use proto::{
    EventHash, PersonId, Position,
    claims::{Identifier, IdentifierKind},
    text::Line,
};

use super::{NewAccount, People, aggregate, apart};
use crate::{
    accounts::{AccountsError, Entry},
    model::{AccountCommand, AccountRefusal},
    passwords::{Typed, first_password},
    places::{Place, place},
    user_name::{NAME_MAX_CHARS, UserName},
};

impl People {
    /// Opens an account. Its first password is in the answer and nowhere else; it has to be changed.
    pub async fn open(&self, giver: &Giver, new: NewAccount) -> Result<(PersonId, Typed, Place), Problem> {
        let id = giver.command("open-account");
        let person = PersonId(id.uuid());
        let aggregate = aggregate(person)?;
        let meta = self.meta(giver, id, "open-account");
        if self.commands.repeated(&aggregate, &meta).await?.is_some() {
            return Err(AccountRefusal::OpenedBefore.into());
        }
        let name = new.organisation_name.as_deref();
        let place = place(&self.access, new.role, new.organisation, name).await?;
        let display_name = self.checked_display_name(&new.display_name)?;
        self.until_known().await?;
        if self.access.known().account_of(person).is_some() {
            return Err(AccountRefusal::OpenedBefore.into());
        }
        self.need_free(person, new.user_name.clone()).await?;
        let password = first_password();
        let hash = self.hash(password.clone()).await?;
        let identifier = self.identifier(new.user_name.clone()).await?;
        let fingerprint = Some(identifier.fingerprint.clone());
        let reserved = self.claims.claim(vec![identifier], &aggregate, &meta).await;
        let reserved = reserved.map_err(|not_claimed| match not_claimed {
            NotClaimed::Taken { .. } => AccountsError::Taken.into(),
            NotClaimed::Problem(problem) => problem,
        })?;
        let entry = Entry { user_name: new.user_name, display_name, hash, must_change: true };
        let (role, organisation, organisation_name) = (new.role, new.organisation, place.recorded_name());
        let open = AccountCommand::Open { person, role, organisation, organisation_name, fingerprint };
        let opened = async {
            let _changing = self.changing.write().await;
            // Of two that come under one key the second would set another password.
            if self.access.known().account_of(person).is_some() {
                return Err(AccountRefusal::OpenedBefore.into());
            }
            let (accounts, access) = (self.accounts.clone(), self.access.clone());
            apart(move || {
                let is_open = |person| access.known().account_of(person).is_some();
                Ok(accounts.add(person, &entry, is_open)?)
            })
            .await?;
            let meta = self.meta(giver, id, "open-account");
            match self.execute_with(&reserved.commands(), person, &open, meta).await?.1 {
                Written::Now => Ok(()),
                Written::Before => Err(Problem::from(AccountRefusal::OpenedBefore)),
            }
        };
        if let Err(problem) = opened.await {
            if problem.status_code().is_client_error() {
                reserved.release().await;
            }
            return Err(problem);
        }
        Ok((person, password, place))
    }

    /// What someone is called, tidied.
    pub fn checked_display_name(&self, text: &str) -> Result<String, Problem> {
        let display_name = text.trim().to_owned();
        if !(1..=NAME_MAX_CHARS).contains(&display_name.chars().count()) {
            let text = format!("a display name has 1 to {NAME_MAX_CHARS} characters");
            return Err(Problem::bad_input(text.clone()).at("display_name", text));
        }
        if let Err(fault) = Line::of(&display_name) {
            let text = format!("a display name {fault}");
            return Err(Problem::bad_input(text.clone()).at("display_name", text));
        }
        Ok(display_name)
    }

    /// Changes what someone is called.
    pub async fn set_display_name(&self, person: PersonId, display_name: String) -> Result<(), Problem> {
        let accounts = self.accounts.clone();
        apart(move || Ok(accounts.set_display_name(person, &display_name)?)).await
    }

    /// Refuses a user name that someone else has by the store of accounts, whether or not it was ever claimed.
    async fn need_free(&self, person: PersonId, name: UserName) -> Result<(), Problem> {
        let (accounts, access) = (self.accounts.clone(), self.access.clone());
        apart(move || {
            let holder = accounts.find(&name)?.map(|(holder, _)| holder).filter(|holder| *holder != person);
            match holder.filter(|holder| access.known().account_of(*holder).is_some()) {
                Some(_) => Err(AccountsError::Taken.into()),
                None => Ok(()),
            }
        })
        .await
    }

    /// A user name as it is claimed in the access log.
    async fn identifier(&self, name: UserName) -> Result<Identifier, Problem> {
        let installation = self.installation.get_or_try_init(|| async {
            let first = self.access.log().at(Position(1)).await?;
            let nothing =
                || Problem::unavailable("the access log holds nothing yet: `oversight bootstrap` begins it");
            first.map(|first| EventHash::of(&first.body)).ok_or_else(nothing)
        });
        let installation = *installation.await?;
        let fingerprint = self.workshop.at_work(move |hashing| hashing.fingerprint(&name, installation));
        Ok(Identifier::hidden(IdentifierKind::UserName, fingerprint.await??))
    }

    /// Deletes the names and the password of a closed account. The name is free again; the account itself
    /// stays closed in the log for ever.
    pub async fn remove(&self, giver: &Giver, person: PersonId) -> Result<(), Problem> {
        let purpose = format!("remove-account {person}");
        let _changing = self.changing.write().await;
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        let aggregate = aggregate(person)?;
        let is_removed = self.is_removed(person).await?;
        if !is_removed {
            self.execute(person, &AccountCommand::Remove, meta.clone()).await?;
        }
        let account = self.commands.load(&aggregate).await?.state;
        if !account.is_disabled() {
            // Its names are missing here, and it may be open where they are not.
            return Err(AccountRefusal::Open.into());
        }
        if let Some(user_name) = account.user_name() {
            self.claims.release(&user_name, &aggregate, &meta).await?;
        }
        let accounts = self.accounts.clone();
        apart(move || Ok(accounts.remove(person)?)).await
    }
}
