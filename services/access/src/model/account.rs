//! Someone's account over its life: pure. The user name and the password stand in the store of
//! accounts and not in the log.

use chassis::{
    Aggregate, Context, Problem, When,
    claims::{ClaimEvents as _, Holder},
};
use proto::{
    AggregateId, OdsCode, PersonId, Role,
    access::{AccessEvent, AccountDisabled, AccountEnabled, AccountOpened, PasswordSet, SessionsEnded},
    claims::{Identifier, IdentifierKind, IdentifierReleased},
    codes::CodeError,
};
use serde::{Deserialize, Serialize};

use super::{TEXT_MAX_CHARS, is_short};

/// An account, or someone who comes through a provider and has none here: they can be shut out too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    person: Option<PersonId>,
    disabled: bool,
    /// What stands for its user name in the claim to it; none of an account from before names were claimed.
    fingerprint: Option<String>,
}

/// What is asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCommand {
    /// To be opened.
    Open {
        /// Whose it is.
        person: PersonId,
        /// In which role they act.
        role: Role,
        /// For which organisation.
        organisation: OdsCode,
        /// What that is called, where no file lists it.
        organisation_name: Option<String>,
        /// What stands for its user name in the claim to it.
        fingerprint: Option<String>,
    },
    /// To let no one in. Who comes through a provider needs no account for that.
    Disable {
        /// Who.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// To let them in again.
    Enable {
        /// Who.
        person: PersonId,
    },
    /// To stay closed for ever, because its names and its password are being deleted.
    Remove,
    /// To put its holder out of wherever they are signed in. Who comes through a provider needs no
    /// account for that.
    EndSessions {
        /// Who.
        person: PersonId,
    },
    /// To open to another password.
    SetPassword {
        /// Whether it is a first one that its holder has to change.
        to_be_changed: bool,
    },
    /// To take note that another took over the claim to a user name which it does not have.
    LoseClaim(IdentifierReleased),
}

/// Why an account says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// Its id is taken.
    #[error("this account was opened before; its first password was shown then, and `reset` makes a new one")]
    OpenedBefore,
    /// It is open.
    #[error("this account is open: disable it first, so that no one is removed by mistake")]
    Open,
    /// It was removed.
    #[error(
        "this account was removed, and its names and password are deleted: add the person as a new account"
    )]
    Removed,
    /// The role is for programs.
    #[error("{} is for programs, which have no accounts: issue an API key instead", .0.words())]
    ForPrograms(Role),
    /// A reason is too long.
    #[error("a reason has up to {TEXT_MAX_CHARS} characters")]
    Reason,
}

impl From<AccountRefusal> for Problem {
    fn from(refusal: AccountRefusal) -> Self {
        let text = refusal.to_string();
        match refusal {
            AccountRefusal::Unknown => Problem::not_found(text),
            AccountRefusal::OpenedBefore => Problem::refused("opened-before", text),
            AccountRefusal::Open => Problem::refused("account-open", text),
            AccountRefusal::Removed => Problem::refused("account-removed", text),
            AccountRefusal::ForPrograms(_) => Problem::bad_input(text.clone()).at("role", text),
            AccountRefusal::Reason => Problem::bad_input(text.clone()).at("reason", text),
        }
    }
}

/// What the log says why an account was closed for ever.
const REMOVED: &str = "removed";

impl Account {
    /// The id of the account's aggregate.
    pub fn aggregate(person: PersonId) -> Result<AggregateId, CodeError> {
        format!("account-{person}").parse()
    }

    /// Whether it lets no one in.
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Its user name, as it is claimed.
    pub fn user_name(&self) -> Option<Identifier> {
        let fingerprint = self.fingerprint.clone()?;
        Some(Identifier { kind: IdentifierKind::UserName, fingerprint, value: None })
    }
}

impl Aggregate for Account {
    type Event = AccessEvent;
    type Command = AccountCommand;
    type Refusal = AccountRefusal;

    const NAME: &'static str = "accounts";
    const FOLD_VERSION: u32 = 2;

    fn decide(
        &self,
        command: &AccountCommand,
        _context: &Context,
    ) -> Result<Option<AccessEvent>, AccountRefusal> {
        let person = self.person.ok_or(AccountRefusal::Unknown);
        match command {
            AccountCommand::Open { .. } if self.person.is_some() => Err(AccountRefusal::OpenedBefore),
            AccountCommand::Open { role, .. } if role.is_for_programs() => {
                Err(AccountRefusal::ForPrograms(*role))
            }
            AccountCommand::Open { person, role, organisation, organisation_name, fingerprint } => {
                let opened = AccountOpened {
                    person: *person,
                    role: *role,
                    organisation: *organisation,
                    organisation_name: organisation_name.clone(),
                    fingerprint: fingerprint.clone(),
                };
                Ok(Some(AccessEvent::AccountOpened(opened)))
            }
            AccountCommand::Disable { reason, .. } if !is_short(reason) => Err(AccountRefusal::Reason),
            AccountCommand::Disable { person, reason } => {
                let disabled = AccountDisabled { person: *person, reason: reason.trim().to_owned() };
                Ok((!self.disabled).then_some(AccessEvent::AccountDisabled(disabled)))
            }
            AccountCommand::Enable { person } => {
                let enabled = AccountEnabled { person: *person };
                Ok(self.disabled.then_some(AccessEvent::AccountEnabled(enabled)))
            }
            AccountCommand::Remove if person.is_ok() && !self.disabled => Err(AccountRefusal::Open),
            AccountCommand::Remove => {
                let removed = AccountDisabled { person: person?, reason: REMOVED.to_owned() };
                Ok(Some(AccessEvent::AccountDisabled(removed)))
            }
            AccountCommand::SetPassword { to_be_changed } => {
                let set = PasswordSet { person: person?, to_be_changed: *to_be_changed };
                Ok(Some(AccessEvent::PasswordSet(set)))
            }
            AccountCommand::EndSessions { person } => {
                Ok(Some(AccessEvent::SessionsEnded(SessionsEnded { person: *person })))
            }
            AccountCommand::LoseClaim(lost) => {
                Ok((!self.has(&lost.identifier)).then(|| AccessEvent::released(lost.clone())))
            }
        }
    }

    fn evolve(&mut self, event: &AccessEvent, _when: &When) {
        match event {
            AccessEvent::AccountOpened(opened) => {
                self.person = Some(opened.person);
                self.fingerprint.clone_from(&opened.fingerprint);
            }
            AccessEvent::AccountDisabled(_) => self.disabled = true,
            AccessEvent::AccountEnabled(_) => self.disabled = false,
            _ => {}
        }
    }
}

impl Holder for Account {
    fn has(&self, identifier: &Identifier) -> bool {
        self.user_name().is_some_and(|own| own.is(identifier))
    }

    fn lose_claim(lost: IdentifierReleased) -> AccountCommand {
        AccountCommand::LoseClaim(lost)
    }
}

#[cfg(test)]
mod tests {
    use chassis::testing::given;
    use uuid::Uuid;

    use super::*;

    const WHO: PersonId = PersonId(Uuid::from_u128(7));

    fn open() -> AccountCommand {
        AccountCommand::Open {
            person: WHO,
            role: Role::CcgOfficer,
            organisation: "15E".parse().unwrap(),
            organisation_name: None,
            fingerprint: Some("ab".to_owned()),
        }
    }

    fn opened() -> AccessEvent {
        let organisation = "15E".parse().unwrap();
        AccessEvent::AccountOpened(AccountOpened {
            person: WHO,
            role: Role::CcgOfficer,
            organisation,
            organisation_name: None,
            fingerprint: Some("ab".to_owned()),
        })
    }

    fn disable(reason: &str) -> AccountCommand {
        AccountCommand::Disable { person: WHO, reason: reason.to_owned() }
    }

    fn enable() -> AccountCommand {
        AccountCommand::Enable { person: WHO }
    }

    fn disabled() -> AccessEvent {
        AccessEvent::AccountDisabled(AccountDisabled { person: WHO, reason: "left".to_owned() })
    }

    #[test]
    fn an_account_is_opened_once() {
        given::<Account>([]).when(open()).then(opened()).when(open()).then_refused("opened before");
        let set = AccountCommand::SetPassword { to_be_changed: true };
        given::<Account>([]).when(set).then_refused("no such account");
    }

    #[test]
    fn programs_have_no_accounts() {
        let AccountCommand::Open { person, organisation, organisation_name, .. } = open() else { panic!() };
        let monitor = AccountCommand::Open {
            person,
            role: Role::Monitor,
            organisation,
            organisation_name,
            fingerprint: None,
        };
        given::<Account>([]).when(monitor).then_refused("issue an API key instead");
    }

    #[test]
    fn the_claim_to_a_name_is_lost_by_who_does_not_have_it() {
        let lose = |fingerprint: &str| {
            let identifier = Identifier {
                kind: IdentifierKind::UserName,
                fingerprint: fingerprint.to_owned(),
                value: None,
            };
            IdentifierReleased { identifier, holder: "account-7".to_owned() }
        };
        let lost = |fingerprint| AccessEvent::released(lose(fingerprint));
        given::<Account>([])
            .when(AccountCommand::LoseClaim(lose("ab")))
            .then(lost("ab"))
            .when(open())
            .then(opened());
        given::<Account>([opened()])
            .when(AccountCommand::LoseClaim(lose("ab")))
            .then_nothing()
            .when(AccountCommand::LoseClaim(lose("cd")))
            .then(lost("cd"));
    }

    #[test]
    fn an_account_is_closed_and_opened_again() {
        let enabled = AccessEvent::AccountEnabled(AccountEnabled { person: WHO });
        given::<Account>([opened()]).when(enable()).then_nothing();
        given::<Account>([opened()])
            .when(disable(" left "))
            .then(disabled())
            .when(disable("again"))
            .then_nothing()
            .when(enable())
            .then(enabled)
            .when(disable(&"x".repeat(TEXT_MAX_CHARS + 1)))
            .then_refused("200 characters");
    }

    #[test]
    fn only_a_closed_account_is_removed() {
        let removed =
            AccessEvent::AccountDisabled(AccountDisabled { person: WHO, reason: "removed".to_owned() });
        given::<Account>([]).when(AccountCommand::Remove).then_refused("no such account");
        given::<Account>([opened()]).when(AccountCommand::Remove).then_refused("disable it first");
        given::<Account>([opened(), disabled()]).when(AccountCommand::Remove).then(removed);
    }

    #[test]
    fn someone_without_an_account_can_be_shut_out_and_let_in_again() {
        let enabled = AccessEvent::AccountEnabled(AccountEnabled { person: WHO });
        given::<Account>([]).when(enable()).then_nothing();
        given::<Account>([])
            .when(disable("left"))
            .then(disabled())
            .when(disable("again"))
            .then_nothing()
            .when(enable())
            .then(enabled);
    }

    #[test]
    fn someone_without_an_account_can_be_put_out_too() {
        let ended = AccessEvent::SessionsEnded(SessionsEnded { person: WHO });
        let end = AccountCommand::EndSessions { person: WHO };
        given::<Account>([]).when(end.clone()).then(ended.clone()).when(end).then(ended);
    }

    #[test]
    fn a_password_is_set_as_often_as_one_likes() {
        for to_be_changed in [true, true, false] {
            let set = AccessEvent::PasswordSet(PasswordSet { person: WHO, to_be_changed });
            given::<Account>([opened()]).when(AccountCommand::SetPassword { to_be_changed }).then(set);
        }
    }
}
