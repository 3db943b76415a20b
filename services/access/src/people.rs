//! People with an account here: what administrators do with accounts, and what their holders do.

use std::sync::Arc;

use chassis::{
    Access, Clock, CommandId, CommandMeta, Commands, Giver, Problem, Viewer, access::Record, pace::Peer,
};
use jiff::Timestamp;
use proto::{
    Actor, OdsCode, PersonId, Position, Role, Service,
    access::{AccessEvent, SignInRefused, SignInWay},
    text::Line,
};
use tokio::sync::RwLock;

use crate::{
    accounts::{Accounts, Asker, Attempt, Entry},
    limits::{Limits, Refusals},
    model::{Account, AccountCommand, AccountRefusal},
    passwords::{Typed, Workshop, check_new, first_password},
    places::{Place, place},
    user_name::{NAME_MAX_CHARS, UserName},
};

mod known;

pub use known::{KNOWN_MAX, KnownBrowser};

/// The one answer to everyone who is not let in: it does not tell whether there is such a user.
pub const NOT_LET_IN: &str = "The user name or the password is not right, or the account is closed or has to wait \
    after too many wrong tries. After five wrong tries in a row wait a minute; an administrator can set a new \
    password";

/// People and their accounts.
#[derive(Debug)]
pub struct People {
    accounts: Accounts,
    commands: Commands<Account>,
    workshop: Workshop,
    limits: Limits,
    refusals: Refusals,
    access: Access,
    clock: Clock,
    /// Held to write while a password or the state of an account changes, in the log and then here, and
    /// to read while someone signs in: so that no one comes in by what is just being taken away. What
    /// takes it to write asks for the time only then: whoever came in before is out by it.
    changing: Arc<RwLock<()>>,
}

/// An account to be opened.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What its holder types to sign in.
    pub user_name: UserName,
    /// What its holder is called.
    pub display_name: String,
    /// In which role they act.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// What that is called, where no file lists it.
    pub organisation_name: Option<String>,
}

/// An account as administrators see it. The names are missing once they were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is.
    pub id: PersonId,
    /// What stands in the store of accounts.
    pub entry: Option<Entry>,
    /// In which role they act.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// When it was opened.
    pub opened: Timestamp,
    /// Whether it lets no one in for the time being.
    pub disabled: bool,
    /// Until when it has to wait after wrong passwords.
    pub locked_until: Option<Timestamp>,
}

/// Someone whose password was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Who.
    pub person: PersonId,
    /// In which role they act.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// Whether they have to change their password before anything else.
    pub must_change: bool,
    /// What their browser keeps.
    pub browser: KnownBrowser,
}

/// Where someone signs in from.
#[derive(Debug, Clone)]
pub struct From {
    /// The address.
    pub peer: Peer,
    /// What the browser keeps of who signed in with it before.
    pub browser: Option<KnownBrowser>,
}

/// What a look at a password led to, and why for the record.
enum Looked {
    Right(PersonId, Entry),
    Wrong(Option<PersonId>, &'static str),
}

impl People {
    /// With what there is.
    pub fn new(
        accounts: Accounts,
        commands: Commands<Account>,
        access: Access,
        clock: Clock,
    ) -> Result<Self, Problem> {
        Ok(Self {
            accounts,
            commands,
            workshop: Workshop::open()?,
            limits: Limits::default(),
            refusals: Refusals::default(),
            access,
            clock,
            changing: Arc::default(),
        })
    }

    /// Whether anyone has an account.
    pub fn are_there(&self) -> Result<bool, Problem> {
        Ok(!self.accounts.is_empty()?)
    }

    /// What someone with an account is called.
    pub fn name_of(&self, person: PersonId) -> Result<Option<String>, Problem> {
        Ok(self.accounts.get(person)?.map(|entry| entry.display_name))
    }

    /// Counts that someone comes back from a provider; 429 where that was too often.
    pub fn check_peer(&self, peer: Peer) -> Result<(), Problem> {
        self.limits.check_peer(peer)
    }

    /// Every account, the oldest first.
    pub fn list(&self) -> Result<Vec<Listed>, Problem> {
        let now = self.clock.machine_now();
        let accounts = self.access.known().accounts();
        let listed = accounts.into_iter().map(|(id, account)| {
            Ok(Listed {
                id,
                entry: self.accounts.get(id)?,
                role: account.role,
                organisation: account.organisation,
                opened: account.at,
                disabled: account.disabled,
                locked_until: self.accounts.locked_until(id, now)?,
            })
        });
        listed.collect()
    }

    /// Opens an account. Its first password is in the answer and nowhere else; it has to be changed.
    pub async fn open(&self, giver: &Giver, new: NewAccount) -> Result<(PersonId, Typed, Place), Problem> {
        let name = new.organisation_name.as_deref();
        let place = place(&self.access, new.role, new.organisation, name).await?;
        let display_name = new.display_name.trim().to_owned();
        if !(1..=NAME_MAX_CHARS).contains(&display_name.chars().count()) {
            let text = format!("a display name has 1 to {NAME_MAX_CHARS} characters");
            return Err(Problem::bad_input(text.clone()).at("display_name", text));
        }
        if let Err(fault) = Line::of(&display_name) {
            let text = format!("a display name {fault}");
            return Err(Problem::bad_input(text.clone()).at("display_name", text));
        }
        let id = giver.command("open-account");
        let person = PersonId(id.uuid());
        self.until_known().await?;
        if self.access.known().account_of(person).is_some() {
            return Err(AccountRefusal::OpenedBefore.into());
        }
        let password = first_password();
        let hash = self.hash(password.clone()).await?;
        let entry = Entry { user_name: new.user_name, display_name, hash, must_change: true };
        let _changing = self.changing.write().await;
        let (accounts, access) = (self.accounts.clone(), self.access.clone());
        apart(move || {
            let is_open = |person| access.known().account_of(person).is_some();
            Ok(accounts.add(person, &entry, is_open)?)
        })
        .await?;
        let (role, organisation, organisation_name) = (new.role, new.organisation, place.recorded_name());
        let open = AccountCommand::Open { person, role, organisation, organisation_name };
        self.execute(person, &open, self.meta(giver, id, "open-account")).await?;
        Ok((person, password, place))
    }

    /// Shuts someone out for the time being, whether or not they have an account here: they do not get in,
    /// and are out where they are in.
    pub async fn disable(&self, giver: &Giver, person: PersonId, reason: String) -> Result<(), Problem> {
        if giver.viewer.by(None).actor == Actor::person(person) {
            return Err(Problem::refused(
                "own-account",
                "you would lock yourself out: ask another administrator to disable your account",
            ));
        }
        let purpose = format!("disable-account {person}");
        let _changing = self.changing.write().await;
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        self.execute(person, &AccountCommand::Disable { person, reason }, meta).await.map(drop)
    }

    /// Lets them in again. An account that was removed stays closed.
    pub async fn enable(&self, giver: &Giver, person: PersonId) -> Result<(), Problem> {
        let purpose = format!("enable-account {person}");
        let _changing = self.changing.write().await;
        if self.is_removed(person).await? {
            return Err(AccountRefusal::Removed.into());
        }
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        self.execute(person, &AccountCommand::Enable { person }, meta).await.map(drop)
    }

    /// Deletes the names and the password of a closed account. The name is free again; the account itself
    /// stays closed in the log for ever.
    pub async fn remove(&self, giver: &Giver, person: PersonId) -> Result<(), Problem> {
        let purpose = format!("remove-account {person}");
        let _changing = self.changing.write().await;
        if self.is_removed(person).await? {
            return Ok(());
        }
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        self.execute(person, &AccountCommand::Remove, meta).await?;
        let accounts = self.accounts.clone();
        apart(move || Ok(accounts.remove(person)?)).await
    }

    /// Whether someone's account stands in the log alone.
    async fn is_removed(&self, person: PersonId) -> Result<bool, Problem> {
        self.until_known().await?;
        if self.access.known().account_of(person).is_none() {
            return Ok(false);
        }
        let accounts = self.accounts.clone();
        apart(move || Ok(accounts.get(person)?.is_none())).await
    }

    /// Puts someone out of wherever they are signed in, whether or not they have an account here.
    pub async fn end_sessions(&self, giver: &Giver, person: PersonId) -> Result<(), Problem> {
        let purpose = format!("end-sessions {person}");
        let _changing = self.changing.write().await;
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        self.execute(person, &AccountCommand::EndSessions { person }, meta).await.map(drop)
    }

    /// Sets a new first password, which is in the answer and nowhere else. Who is in is out.
    pub async fn reset(&self, giver: &Giver, person: PersonId) -> Result<Typed, Problem> {
        let accounts = self.accounts.clone();
        if apart(move || Ok(accounts.get(person)?)).await?.is_none() {
            return Err(AccountRefusal::Unknown.into());
        }
        let password = first_password();
        let hash = self.hash(password.clone()).await?;
        let purpose = format!("reset-account {person}");
        let _changing = self.changing.write().await;
        let meta = self.meta(giver, giver.command(&purpose), &purpose);
        let outcome =
            self.execute(person, &AccountCommand::SetPassword { to_be_changed: true }, meta).await?;
        if outcome == chassis::log::Written::Before {
            // The password of the first time is nowhere kept, so it cannot be shown again.
            return Err(Problem::refused(
                "reset-before",
                "this was done before under the same Idempotency-Key, and the password was shown then: reset it \
                 anew under another key",
            ));
        }
        let accounts = self.accounts.clone();
        apart(move || Ok(accounts.set_password(person, hash, true)?)).await?;
        Ok(password)
    }

    /// Lets someone in by user name and password; no one where they are not right. All of those are
    /// told the same after the same work; why is on record alone.
    pub async fn recognise<T>(
        &self,
        viewer: &Viewer,
        from: From,
        user_name: &str,
        password: Typed,
        enter: impl AsyncFnOnce(Recognised) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.limits.check_peer(from.peer)?;
        self.until_known().await?;
        let _unchanged = self.changing.read().await;
        let name: Option<UserName> = user_name.parse().ok();
        let asker = match self.known_by(from.browser, name.clone()).await? {
            Some(person) => {
                self.limits.check_known(person)?;
                Asker::KnownBrowser
            }
            None => {
                self.limits.check_name(user_name)?;
                Asker::Anyone
            }
        };
        let Some(recognised) = self.judge(viewer, asker, name, password).await? else { return Ok(None) };
        metrics::counter!("oversight_sign_ins_total", "way" => "password").increment(1);
        enter(recognised).await.map(Some)
    }

    /// Whose name it is, where it is theirs who signed in with this browser before.
    async fn known_by(
        &self,
        browser: Option<KnownBrowser>,
        name: Option<UserName>,
    ) -> Result<Option<PersonId>, Problem> {
        let (Some(browser), Some(name)) = (browser, name) else { return Ok(None) };
        let (accounts, now) = (self.accounts.clone(), self.clock.machine_now());
        apart(move || {
            let found = accounts.find(&name)?;
            Ok(found.filter(|(person, entry)| browser.knows(*person, entry, now)).map(|(person, _)| person))
        })
        .await
    }

    /// Whose name and password these are, where that is so and their account is open. What is wrong is
    /// counted, and on record.
    async fn judge(
        &self,
        viewer: &Viewer,
        asker: Asker,
        name: Option<UserName>,
        password: Typed,
    ) -> Result<Option<Recognised>, Problem> {
        let (person, reason) = match self.look(asker, name, password).await? {
            Looked::Right(person, entry) => {
                let account = self.access.known().account_of(person).cloned();
                match account {
                    Some(account) if !account.disabled => {
                        let accounts = self.accounts.clone();
                        apart(move || Ok(accounts.forget_attempts(person, asker)?)).await?;
                        return Ok(Some(Recognised {
                            person,
                            role: account.role,
                            organisation: account.organisation,
                            must_change: entry.must_change,
                            browser: KnownBrowser::of(person, &entry.hash, self.clock.machine_now()),
                        }));
                    }
                    Some(_) => (Some(person), "disabled"),
                    None => (None, "unknown"),
                }
            }
            Looked::Wrong(person, reason) => (person, reason),
        };
        self.note_refused(viewer, SignInWay::Password, person, reason);
        Ok(None)
    }

    /// Counts that someone was not let in, and writes it down where there were not too many.
    pub fn note_refused(&self, viewer: &Viewer, way: SignInWay, person: Option<PersonId>, reason: &str) {
        let label = match way {
            SignInWay::Password => "password",
            SignInWay::Provider => "provider",
            SignInWay::Persona => "persona",
        };
        metrics::counter!("oversight_sign_ins_refused_total", "way" => label).increment(1);
        if !self.refusals.is_recorded(person, self.clock.machine_now()) {
            return;
        }
        self.access.recorder().note(Record {
            service: Service::Access,
            by: viewer.by(None),
            request: Some(viewer.request()),
            event: AccessEvent::SignInRefused(SignInRefused { way, person, reason: reason.to_owned() }),
        });
    }

    /// Looks whether a password is right: a look, a count and a hash for everyone.
    async fn look(&self, asker: Asker, name: Option<UserName>, password: Typed) -> Result<Looked, Problem> {
        let (accounts, now) = (self.accounts.clone(), self.clock.machine_now());
        let looked = self.workshop.at_work(move |hashing| {
            let found = name.map(|name| accounts.find(&name)).transpose()?.flatten();
            let person = found.as_ref().map(|(person, _)| *person);
            let attempt = accounts.begin_attempt(person, asker, now)?;
            let right = hashing.is(&password, found.as_ref().map(|(_, entry)| entry.hash.as_str()));
            match (found, attempt) {
                (None, _) => Ok(Looked::Wrong(None, "unknown")),
                (Some(_), Attempt::Locked) => Ok(Looked::Wrong(person, "locked")),
                (Some(_), Attempt::Free) if !right => Ok(Looked::Wrong(person, "wrong-password")),
                (Some((person, entry)), Attempt::Free) => Ok(Looked::Right(person, entry)),
            }
        });
        looked.await?
    }

    /// Changes the password of someone who is signed in and knows the current one. Their sessions end;
    /// they enter anew. The faults of fields go back to the page. However often strangers try their name,
    /// they are not kept from it.
    pub async fn change_password<T>(
        &self,
        viewer: &Viewer,
        current: Typed,
        new: Typed,
        enter: impl AsyncFnOnce(Recognised) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let person = viewer.session().map(|session| session.person).ok_or_else(no_password)?;
        let accounts = self.accounts.clone();
        let entry = apart(move || Ok(accounts.get(person)?)).await?.ok_or_else(no_password)?;
        let fault = |at: &str, text: String| Problem::bad_input(text.clone()).at(at, text);
        check_new(&new, &entry.user_name).map_err(|unfit| fault("new", unfit.to_string()))?;
        if new.as_str() == current.as_str() {
            return Err(fault("new", "the new password is the current one: choose another".to_owned()));
        }
        self.limits.check_own(person)?;
        let name = Some(entry.user_name.clone());
        let unchanged = self.changing.read().await;
        let known = self
            .judge(viewer, Asker::SignedIn, name, current)
            .await?
            .filter(|recognised| recognised.person == person)
            .ok_or_else(|| {
                fault(
                    "current",
                    "this is not your current password, or there were too many wrong tries".to_owned(),
                )
            })?;
        drop(unchanged);
        let hash = self.hash(new).await?;
        let _changing = self.changing.write().await;
        let now = self.clock.machine_now();
        let mut meta = CommandMeta::new(CommandId::fresh(), now, viewer.by(None));
        meta.correlation_id = Some(viewer.request());
        let accounts = self.accounts.clone();
        let is_same = move || Ok(accounts.get(person)?.is_some_and(|now| now.hash == entry.hash));
        let stands = viewer.session().is_some() && viewer.still_stands();
        if !stands || !apart(is_same).await? {
            return Err(Problem::busy());
        }
        self.execute(person, &AccountCommand::SetPassword { to_be_changed: false }, meta).await?;
        let (accounts, browser) = (self.accounts.clone(), KnownBrowser::of(person, &hash, now));
        apart(move || Ok(accounts.set_password(person, hash, false)?)).await?;
        enter(Recognised { must_change: false, browser, ..known }).await
    }

    async fn until_known(&self) -> Result<(), Problem> {
        self.access.until_read(Position::START).await
    }

    async fn hash(&self, password: Typed) -> Result<String, Problem> {
        self.workshop.at_work(move |hashing| hashing.hash(&password)).await?
    }

    fn meta(&self, giver: &Giver, id: CommandId, purpose: &str) -> CommandMeta {
        CommandMeta { id, ..giver.meta(purpose, self.clock.machine_now(), None) }
    }

    /// Gives an account a command, and waits until this process knows of it.
    async fn execute(
        &self,
        person: PersonId,
        command: &AccountCommand,
        meta: CommandMeta,
    ) -> Result<chassis::log::Written, Problem> {
        let aggregate = Account::aggregate(person).map_err(|error| Problem::bad_input(error.to_string()))?;
        let outcome = self.commands.execute(&aggregate, command, &meta).await?;
        self.access.until_read(outcome.position()).await?;
        Ok(match outcome {
            chassis::Outcome::Recorded(_, written) => written,
            chassis::Outcome::Unchanged(_) => chassis::log::Written::Before,
        })
    }
}

fn no_password() -> Problem {
    Problem::refused("no-password", "you did not sign in with a password of this installation")
}

/// Work that waits for the disk, apart from the requests.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work on the store of accounts was cut off");
        Problem::internal()
    })?
}

#[cfg(test)]
mod tests;
