//! What an organisation is told of who can read what it wrote: every emergency access, every key and account
//! that was made for it, every password that was set for someone there.
//!
//! Whoever can make a key or an account for a practice can read with it what the practice wrote. They cannot do
//! so unnoticed: each of these is shown to everyone at the organisation on all their pages until they have seen
//! it, and one person sees it for themselves alone. So an account that an administrator made to look around
//! cannot put away the notice of itself, nor of another. Only who came later is spared what someone before
//! them has seen.

use jiff::Timestamp;
use proto::{
    Actor, By, OdsCode, PersonId, Position, Role,
    access::{AccessEvent, AccountOpened, GlassBroken, GlassSeen, KeyIssued, PasswordSet},
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

/// Something that an organisation is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event of the access log.
    pub position: Position,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it.
    pub by: Actor,
    /// In which role; none: the platform itself.
    pub by_role: Option<Role>,
    /// What was done.
    pub told: Told,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An administrator got emergency access.
    Emergency {
        /// Until when it was open at the latest.
        until: Timestamp,
        /// Why, in the words of whoever opened it.
        reason: String,
    },
    /// A key was made.
    Key {
        /// Its id.
        key: Uuid,
        /// In which role its holder acts.
        role: Role,
        /// What it is for.
        purpose: String,
        /// Until when it is good.
        expires: Option<Timestamp>,
    },
    /// An account was made.
    Account {
        /// Whose it is.
        person: PersonId,
        /// In which role they act.
        role: Role,
    },
    /// Someone else set the password of an account: who did knows it until it is changed.
    Password {
        /// Whose account.
        person: PersonId,
    },
    /// A closed account was opened again.
    AccountAgain {
        /// Whose.
        person: PersonId,
    },
}

impl Told {
    /// Whose account it is about.
    fn person(&self) -> Option<PersonId> {
        match self {
            Told::Account { person, .. } | Told::Password { person } | Told::AccountAgain { person } => {
                Some(*person)
            }
            Told::Emergency { .. } | Told::Key { .. } => None,
        }
    }
}

/// What all organisations are told.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    /// The oldest first.
    all: FxHashMap<OdsCode, Vec<Notice>>,
    /// Up to where each person has seen them.
    seen: FxHashMap<OdsCode, FxHashMap<PersonId, Position>>,
    /// Up to when emergency accesses were seen before it was known by whom.
    seen_once: FxHashMap<OdsCode, Timestamp>,
    /// For which organisation an account was made, and where its event stands.
    accounts: FxHashMap<PersonId, (OdsCode, Position)>,
    /// When someone last signed in, or a key was last recorded as used.
    last_used: FxHashMap<Actor, Timestamp>,
}

impl Notices {
    /// Takes in an event of the access log.
    pub(super) fn note(&mut self, position: Position, event: &AccessEvent, by: &By, time: Timestamp) {
        match event {
            AccessEvent::GlassBroken(GlassBroken { organisation, reason, until }) => {
                let told = Told::Emergency { until: *until, reason: reason.clone() };
                self.add(*organisation, position, by, time, told);
            }
            AccessEvent::KeyIssued(KeyIssued { key, role, organisation, purpose, expires, .. }) => {
                let told = Told::Key { key: *key, role: *role, purpose: purpose.clone(), expires: *expires };
                self.add(*organisation, position, by, time, told);
            }
            AccessEvent::AccountOpened(AccountOpened { person, role, organisation, .. }) => {
                self.accounts.insert(*person, (*organisation, position));
                self.add(*organisation, position, by, time, Told::Account { person: *person, role: *role });
            }
            AccessEvent::PasswordSet(PasswordSet { person, .. }) => {
                self.add_of(*person, position, by, time, Told::Password { person: *person });
            }
            AccessEvent::AccountEnabled(enabled) => {
                let person = enabled.person;
                self.add_of(person, position, by, time, Told::AccountAgain { person });
            }
            AccessEvent::GlassSeen(seen) => self.note_seen(seen, by),
            AccessEvent::SignedIn(_) | AccessEvent::SensitiveRead(_) | AccessEvent::Exported(_) => {
                let is_known = by.actor.key_id().is_some()
                    || by.actor.person_id().is_some_and(|person| self.accounts.contains_key(&person));
                if is_known {
                    self.last_used.insert(by.actor.clone(), time);
                }
            }
            AccessEvent::KeyRevoked(_)
            | AccessEvent::AccountDisabled(_)
            | AccessEvent::SessionsEnded(_)
            | AccessEvent::SignInRefused(_)
            | AccessEvent::SignedOut(_)
            | AccessEvent::Refused(_)
            | AccessEvent::GlassClosed(_)
            | AccessEvent::CalendarOpened(_)
            | AccessEvent::CalendarRevoked(_)
            | AccessEvent::PersonCorrected(_)
            | AccessEvent::PersonRemoved(_)
            | AccessEvent::IdentifierClaimed(_)
            | AccessEvent::IdentifierReleased(_)
            | AccessEvent::DemonstrationDateSet(_) => {}
        }
    }

    fn add(&mut self, organisation: OdsCode, position: Position, by: &By, at: Timestamp, told: Told) {
        let notice = Notice { position, at, by: by.actor.clone(), by_role: by.role, told };
        self.all.entry(organisation).or_default().push(notice);
    }

    /// What others do with someone's account is told to the organisation that it is for.
    fn add_of(&mut self, person: PersonId, position: Position, by: &By, at: Timestamp, told: Told) {
        let is_their_own = by.actor.person_id() == Some(person);
        let organisation = self.accounts.get(&person).map(|(organisation, _)| *organisation);
        if let Some(organisation) = organisation.filter(|_| !is_their_own) {
            self.add(organisation, position, by, at, told);
        }
    }

    fn note_seen(&mut self, seen: &GlassSeen, by: &By) {
        let organisation = seen.organisation;
        match (seen.position, by.actor.person_id()) {
            (Some(position), Some(person)) => {
                let upto = self.seen.entry(organisation).or_default().entry(person).or_insert(position);
                *upto = (*upto).max(position);
            }
            _ => {
                let upto = self.seen_once.entry(organisation).or_insert(seen.upto);
                *upto = (*upto).max(seen.upto);
            }
        }
    }

    /// All that an organisation was ever told, the oldest first.
    pub fn of(&self, organisation: OdsCode) -> &[Notice] {
        self.all.get(&organisation).map(Vec::as_slice).unwrap_or_default()
    }

    /// What someone at an organisation has not seen, the oldest first: nothing of their own account, and of
    /// what was before theirs only what no one there has seen but whose account it is about.
    pub fn unseen(&self, organisation: OdsCode, person: PersonId) -> Vec<Notice> {
        let seen = self.seen.get(&organisation);
        let own = seen.and_then(|seen| seen.get(&person)).copied().unwrap_or(Position::START);
        let is_seen_by_another = |notice: &Notice| {
            let counts = |by: &PersonId| notice.told.person() != Some(*by);
            seen.into_iter().flatten().any(|(by, upto)| counts(by) && *upto >= notice.position)
        };
        let came = self.accounts.get(&person).map_or(Position::START, |(_, position)| *position);
        let once = self.seen_once.get(&organisation);
        let is_unseen = |notice: &&Notice| {
            let is_emergency = matches!(notice.told, Told::Emergency { .. });
            notice.position > own
                && (notice.position > came || !is_seen_by_another(notice))
                && notice.told.person() != Some(person)
                && !(is_emergency && once.is_some_and(|upto| notice.at <= *upto))
        };
        self.of(organisation).iter().filter(is_unseen).cloned().collect()
    }

    /// How an account, or a key, came to be.
    pub fn made(&self, actor: &Actor, organisation: OdsCode) -> Option<&Notice> {
        self.of(organisation).iter().find(|notice| match &notice.told {
            Told::Key { key, .. } => actor.key_id() == Some(*key),
            Told::Account { person, .. } => actor.person_id() == Some(*person),
            Told::Emergency { .. } | Told::Password { .. } | Told::AccountAgain { .. } => false,
        })
    }

    /// When someone with an account last signed in or read, or a key was last recorded as used.
    pub fn last_used(&self, actor: &Actor) -> Option<Timestamp> {
        self.last_used.get(actor).copied()
    }
}

#[cfg(test)]
mod tests {
    use proto::access::{AccountEnabled, SignInWay, SignedIn};

    use super::*;

    const PRACTICE: &str = "A81001";

    fn practice() -> OdsCode {
        PRACTICE.parse().unwrap()
    }

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    fn at(position: u64) -> Timestamp {
        Timestamp::from_second(1_554_000_000 + i64::try_from(position).unwrap() * 60).unwrap()
    }

    fn administrator() -> By {
        By { role: Some(Role::Administrator), ..Actor::person(person(99)).into() }
    }

    /// An access log as it is written, one event a minute.
    #[derive(Default)]
    struct AccessLog {
        notices: Notices,
        position: u64,
    }

    impl AccessLog {
        fn tell(&mut self, event: impl Into<AccessEvent>, by: By) -> Position {
            self.position += 1;
            let position = Position(self.position);
            self.notices.note(position, &event.into(), &by, at(self.position));
            position
        }

        fn key(&mut self, number: u128) -> Position {
            let key = Uuid::from_u128(number);
            let (role, organisation) = (Role::PracticeLead, practice());
            let secret = proto::EventHash::of(b"x");
            let purpose = format!("key {number}");
            let issued = KeyIssued {
                key,
                role,
                organisation,
                purpose,
                secret,
                expires: None,
                organisation_name: None,
            };
            self.tell(issued, administrator())
        }

        fn account(&mut self, number: u128) -> Position {
            let (role, organisation) = (Role::PracticeLead, practice());
            let opened = AccountOpened {
                person: person(number),
                role,
                organisation,
                organisation_name: None,
                fingerprint: None,
            };
            self.tell(opened, administrator())
        }

        fn emergency(&mut self) -> Position {
            let reason = "ransomware at the practice".to_owned();
            self.tell(GlassBroken { organisation: practice(), reason, until: at(900) }, administrator())
        }

        fn sees(&mut self, number: u128, upto: Position) {
            let seen = GlassSeen { organisation: practice(), upto: at(upto.0), position: Some(upto) };
            self.tell(seen, Actor::person(person(number)).into());
        }

        fn unseen(&self, number: u128) -> Vec<u64> {
            self.notices.unseen(practice(), person(number)).iter().map(|notice| notice.position.0).collect()
        }
    }

    #[test]
    fn every_key_account_and_emergency_is_told_to_each_person_until_they_have_seen_it() {
        let mut log = AccessLog::default();
        let lead = log.account(1);
        assert_eq!(log.unseen(1), [0; 0], "nothing of one's own account");
        let (first, second) = (log.key(10), log.key(11));
        let (colleague, emergency) = (log.account(2), log.emergency());
        let all = [first.0, second.0, colleague.0, emergency.0];
        assert_eq!(log.unseen(1), all);
        assert_eq!(log.unseen(2), [lead.0, first.0, second.0, emergency.0], "all but of their own account");
        log.sees(1, second);
        assert_eq!(log.unseen(1), [colleague.0, emergency.0]);
        log.sees(1, emergency);
        assert_eq!(log.unseen(1), [0; 0]);
        assert_eq!(log.notices.of(practice()).len(), 5, "all of them stay on the list");
        assert!(log.notices.of("A81002".parse().unwrap()).is_empty(), "and on no one else's");
    }

    #[test]
    fn an_account_that_was_made_to_look_around_puts_no_notice_away() {
        let mut log = AccessLog::default();
        log.account(1);
        let (made_up, key) = (log.account(2), log.key(10));
        log.sees(2, key);
        let last = log.emergency();
        log.sees(2, last);
        assert_eq!(log.unseen(2), [0; 0]);
        assert_eq!(log.unseen(1), [made_up.0, key.0, last.0], "whoever was there before sees all of it");
        // Of someone's provider nothing is known: they may have been there all along.
        assert_eq!(log.unseen(7).len(), 4);
    }

    #[test]
    fn who_came_later_is_spared_what_someone_before_them_has_seen() {
        let mut log = AccessLog::default();
        let first = log.account(1);
        log.account(2);
        let seen = log.key(10);
        log.sees(2, seen);
        let unseen = log.key(11);
        log.account(3);
        assert!(first < seen);
        assert_eq!(
            log.unseen(3),
            [2, unseen.0],
            "the second account, of which its holder alone knows, and the key"
        );
    }

    #[test]
    fn no_one_sees_the_notice_of_their_own_account_for_others() {
        let mut log = AccessLog::default();
        let first = log.account(1);
        let key = log.key(10);
        log.sees(1, key);
        log.account(2);
        assert_eq!(log.unseen(2), [first.0], "that there is another account is told to who comes");
    }

    #[test]
    fn what_others_do_with_an_account_is_told_and_what_its_holder_does_is_not() {
        let mut log = AccessLog::default();
        log.account(1);
        log.account(2);
        let own = PasswordSet { person: person(2), to_be_changed: false };
        log.tell(own, Actor::person(person(2)).into());
        let reset = log.tell(PasswordSet { person: person(2), to_be_changed: true }, administrator());
        let again = log.tell(AccountEnabled { person: person(2) }, administrator());
        let unseen = log.unseen(1);
        assert_eq!(unseen[1..], [reset.0, again.0], "{unseen:?}");
        // Someone of a provider has no account here, and of which organisation they are is not known.
        log.tell(PasswordSet { person: person(7), to_be_changed: true }, administrator());
        assert_eq!(log.unseen(1), unseen);
    }

    #[test]
    fn what_was_seen_before_it_was_known_by_whom_stays_seen() {
        let mut log = AccessLog::default();
        log.account(1);
        let (key, first) = (log.key(10), log.emergency());
        let seen = GlassSeen { organisation: practice(), upto: at(first.0), position: None };
        log.tell(seen, Actor::person(person(1)).into());
        let second = log.emergency();
        assert_eq!(log.unseen(1), [key.0, second.0], "only emergency accesses were shown then");
    }

    #[test]
    fn the_last_use_of_keys_and_accounts_is_known() {
        let mut log = AccessLog::default();
        log.account(1);
        let session = Uuid::from_u128(5);
        let signed_in = SignedIn { session, way: SignInWay::Password };
        let when = log.tell(signed_in.clone(), Actor::person(person(1)).into());
        log.tell(signed_in, Actor::person(person(7)).into());
        assert_eq!(log.notices.last_used(&Actor::person(person(1))), Some(at(when.0)));
        assert_eq!(log.notices.last_used(&Actor::person(person(7))), None, "no account here");
        let made = log.notices.made(&Actor::person(person(1)), practice()).unwrap();
        assert_eq!((made.position, made.by_role), (Position(1), Some(Role::Administrator)));
    }
}
