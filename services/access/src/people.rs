//! People with an account here: what administrators do with accounts, and what their holders do.

use std::sync::Arc;

use chassis::{
    Access, Clock, CommandId, CommandMeta, Commands, Giver, Problem, Viewer,
    access::{MadeUp, Record, keys::Account as Opened},
    claims::Claims,
    log::Written,
    pace::Peer,
};
use jiff::Timestamp;
use proto::{
    Actor, AggregateId, EventHash, OdsCode, PersonId, Position, Role, Service,
    access::{AccessEvent, SignInRefused, SignInWay},
    bodies::Misfit,
};
use tokio::sync::{OnceCell, RwLock};

use crate::{
    accounts::{Accounts, Asker, Attempt, Entry},
    limits::Limits,
    model::{Account, AccountCommand, AccountRefusal},
    passwords::{Typed, Workshop, check_new, first_password},
    user_name::UserName,
};

mod known;
mod names;

pub use known::{KNOWN_MAX, KnownBrowser};

/// Why someone is not let in who gave a user name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// They are not right together, or have to wait. This is the one answer to everyone who has not shown the right
    /// password: it does not tell whether there is such a user. The others are for whoever has shown it.
    #[error(
        "The user name or the password is not right, or there were too many wrong tries. After five wrong tries in a \
         row wait a minute and try again; an administrator can set a new password"
    )]
    NotRight,
    /// The log does not know the account.
    #[error(
        "The password is right, but your account was not set up to the end: ask an administrator to open it again"
    )]
    NeverOpened,
    /// An administrator closed it.
    #[error("The password is right, but your access is suspended: ask an administrator to restore it")]
    Suspended,
    /// A made-up person opened it.
    #[error(
        "The password is right, but your account was opened in a demonstration, which has ended: ask an administrator \
         to open a new one"
    )]
    MadeUp,
    /// Its role is not held there.
    #[error(
        "The password is right, but your account opens nothing: {0}. Ask an administrator to open another"
    )]
    DoesNotFit(Misfit),
}

impl NotLetIn {
    /// Why, for the record.
    const fn reason(self) -> &'static str {
        match self {
            NotLetIn::NotRight => "wrong-password",
            NotLetIn::NeverOpened => "unknown",
            NotLetIn::Suspended => "disabled",
            NotLetIn::MadeUp => "made-up",
            NotLetIn::DoesNotFit(_) => "role-does-not-fit",
        }
    }
}

/// People and their accounts.
#[derive(Debug)]
pub struct People {
    accounts: Accounts,
    commands: Commands<Account>,
    /// The claims to user names: of two processes that give the same one to two people one finds it taken.
    claims: Claims<Account>,
    /// The hash of the first event of the access log, by which every process knows the installation.
    installation: OnceCell<EventHash>,
    workshop: Workshop,
    limits: Limits,
    access: Access,
    clock: Clock,
    /// Held to write while a password or the state of an account changes, in the log and then here, and
    /// to read while someone signs in: so that no one comes in by what is just being taken away. Whoever came in
    /// before is out by what stands later in the log.
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
    /// Why it opens nothing, where its role is not held at its organisation.
    pub misfit: Option<Misfit>,
    /// Whether there is no entry and it was not deleted: the file of accounts is to be restored.
    pub is_missing: bool,
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
    /// Up to where the access log had been read before they showed it: what ends anything later ends this.
    pub since: Position,
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
        let claims = Claims::of(commands.clone(), clock.clone()).map_err(|error| {
            tracing::error!(%error, "the cache of claims cannot be used");
            Problem::internal()
        })?;
        Ok(Self {
            accounts,
            commands,
            claims,
            installation: OnceCell::new(),
            workshop: Workshop::open()?,
            limits: Limits::default(),
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
            let entry = self.accounts.get(id)?;
            // Only a disabled account is ever removed.
            let may_be_deleted = account.disabled && !self.accounts.are_missing();
            Ok(Listed {
                id,
                is_missing: entry.is_none() && !may_be_deleted,
                entry,
                role: account.role,
                organisation: account.organisation,
                opened: account.at,
                disabled: account.disabled,
                locked_until: self.accounts.locked_until(id, now)?,
                misfit: self.access.check_role(account.role, account.organisation).err(),
            })
        });
        listed.collect()
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
        let (_, written) =
            self.execute(person, &AccountCommand::SetPassword { to_be_changed: true }, meta).await?;
        if written == Written::Before {
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

    /// Lets someone in by user name and password. Of the others all who do not have the right password are told the
    /// same after the same work, and why is on record alone; whoever has it hears why it does not let them in.
    pub async fn recognise<T>(
        &self,
        viewer: &Viewer,
        from: From,
        user_name: &str,
        password: Typed,
        enter: impl AsyncFnOnce(Recognised) -> Result<T, Problem>,
    ) -> Result<Result<T, NotLetIn>, Problem> {
        self.limits.check_peer(from.peer)?;
        let _unchanged = self.changing.read().await;
        // Before the password is looked at: what ends anything from here on ends this, too.
        let since = self.access.caught_up().await?;
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
        match self.judge(viewer, asker, name, password, since).await? {
            Ok(recognised) => {
                metrics::counter!("oversight_sign_ins_total", "way" => "password").increment(1);
                enter(recognised).await.map(Ok)
            }
            Err(why) => Ok(Err(why)),
        }
    }

    /// Whose name it is, where it is theirs who signed in with this browser before.
    async fn known_by(
        &self,
        browser: Option<KnownBrowser>,
        name: Option<UserName>,
    ) -> Result<Option<PersonId>, Problem> {
        let (Some(browser), Some(name)) = (browser, name) else { return Ok(None) };
        let (accounts, access, now) = (self.accounts.clone(), self.access.clone(), self.clock.machine_now());
        apart(move || {
            let Some((person, entry)) = accounts.find(&name)? else { return Ok(None) };
            Ok(browser.knows(person, &entry, now, &access.known()).then_some(person))
        })
        .await
    }

    /// Whose name and password these are, where that is so and their account opens anything. What is wrong is
    /// counted, and on record.
    async fn judge(
        &self,
        viewer: &Viewer,
        asker: Asker,
        name: Option<UserName>,
        password: Typed,
        since: Position,
    ) -> Result<Result<Recognised, NotLetIn>, Problem> {
        let (person, why, reason) = match self.look(asker, name, password).await? {
            Looked::Right(person, entry) => {
                let accounts = self.accounts.clone();
                apart(move || Ok(accounts.forget_attempts(person, asker)?)).await?;
                match self.open_account(person) {
                    Ok(account) => {
                        let now = self.clock.machine_now();
                        return Ok(Ok(Recognised {
                            person,
                            role: account.role,
                            organisation: account.organisation,
                            must_change: entry.must_change,
                            since,
                            browser: KnownBrowser::of(person, &entry.hash, now, since),
                        }));
                    }
                    Err(why) => (Some(person), why, why.reason()),
                }
            }
            Looked::Wrong(person, reason) => (person, NotLetIn::NotRight, reason),
        };
        // Whose account the log does not know is no one it could name.
        let person = person.filter(|_| why != NotLetIn::NeverOpened);
        self.note_refused(viewer, SignInWay::Password, person, reason);
        Ok(Err(why))
    }

    /// The account of a person, where it opens anything.
    fn open_account(&self, person: PersonId) -> Result<Opened, NotLetIn> {
        let account = {
            let known = self.access.known();
            let account = known.account_of(person).cloned().ok_or(NotLetIn::NeverOpened)?;
            if account.disabled || known.is_barred(person) {
                return Err(NotLetIn::Suspended);
            }
            account
        };
        if account.made_up && self.access.made_up() == MadeUp::LeftOut {
            return Err(NotLetIn::MadeUp);
        }
        self.access.check_role(account.role, account.organisation).map_err(NotLetIn::DoesNotFit)?;
        Ok(account)
    }

    /// Counts that someone was not let in, and writes it down.
    pub fn note_refused(&self, viewer: &Viewer, way: SignInWay, person: Option<PersonId>, reason: &str) {
        let label = match way {
            SignInWay::Password => "password",
            SignInWay::Provider => "provider",
            SignInWay::Persona => "persona",
        };
        metrics::counter!("oversight_sign_ins_refused_total", "way" => label).increment(1);
        self.access.recorder().note(Record {
            service: Service::Access,
            by: viewer.by(None),
            request: Some(viewer.request()),
            event: AccessEvent::SignInRefused(SignInRefused {
                way,
                person,
                reason: reason.to_owned(),
                more: 0,
            }),
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
        let since = self.access.caught_up().await?;
        let known = match self.judge(viewer, Asker::SignedIn, name, current, since).await? {
            Ok(recognised) if recognised.person == person => recognised,
            Ok(_) | Err(NotLetIn::NotRight) => {
                let text = "this is not your current password, or there were too many wrong tries";
                return Err(fault("current", text.to_owned()));
            }
            Err(why) => return Err(Problem::refused("not-let-in", why.to_string())),
        };
        drop(unchanged);
        let hash = self.hash(new).await?;
        let _changing = self.changing.write().await;
        // Someone may have put them out from elsewhere.
        self.access.caught_up().await?;
        let now = self.clock.machine_now();
        let mut meta = CommandMeta::new(CommandId::fresh(), now, viewer.by(None));
        meta.correlation_id = Some(viewer.request());
        let accounts = self.accounts.clone();
        let is_same = move || Ok(accounts.get(person)?.is_some_and(|now| now.hash == entry.hash));
        let stands = viewer.session().is_some() && viewer.still_stands();
        if !stands || !apart(is_same).await? {
            return Err(Problem::busy());
        }
        let (since, _) =
            self.execute(person, &AccountCommand::SetPassword { to_be_changed: false }, meta).await?;
        let (accounts, browser) = (self.accounts.clone(), KnownBrowser::of(person, &hash, now, since));
        apart(move || Ok(accounts.set_password(person, hash, false)?)).await?;
        enter(Recognised { must_change: false, since, browser, ..known }).await
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

    /// Gives an account a command, and waits until this process knows of it. Answers where that stands in the log, and
    /// whether it was written now.
    async fn execute(
        &self,
        person: PersonId,
        command: &AccountCommand,
        meta: CommandMeta,
    ) -> Result<(Position, Written), Problem> {
        self.execute_with(&self.commands, person, command, meta).await
    }

    async fn execute_with(
        &self,
        commands: &Commands<Account>,
        person: PersonId,
        command: &AccountCommand,
        meta: CommandMeta,
    ) -> Result<(Position, Written), Problem> {
        let outcome = commands.execute(&aggregate(person)?, command, &meta).await?;
        self.access.until_read(outcome.position()).await?;
        Ok(match outcome {
            chassis::Outcome::Recorded(position, written) => (position, written),
            chassis::Outcome::Unchanged(position) => (position, Written::Before),
        })
    }
}

fn aggregate(person: PersonId) -> Result<AggregateId, Problem> {
    Account::aggregate(person).map_err(|error| Problem::bad_input(error.to_string()))
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
