//! API keys: what they look like, and which of them open anything.
//!
//! A key is `ovk_`, its id, `_` and its secret, in hexadecimal digits. The log holds the id and the
//! SHA-256 of the secret; the secret is shown once, when the key is issued, and is nowhere kept. It
//! has 256 bits of chance, so a fast hash is enough: there is nothing to guess.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::Timestamp;
use proto::{
    Actor, Day, EventHash, OdsCode, PersonId, Role,
    access::{
        AccessEvent, AccountOpened, CalendarOpened, GlassClosed, KeyIssued, PasswordSet, SessionsEnded,
        SignInWay,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{
    Holder, Notices, Session,
    calendar::{Calendar, CalendarAddress},
    session::SESSION_MAX,
};
use crate::ids;

/// What every API key begins with.
pub const PREFIX: &str = "ovk_";

/// An API key as its holder has it. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public part.
    pub id: Uuid,
    secret: [u8; 32],
}

impl ApiKey {
    /// A new one.
    pub fn fresh() -> Self {
        Self::with_id(ids::fresh())
    }

    /// A new one under an id.
    pub fn with_id(id: Uuid) -> Self {
        Self { id, secret: ids::secret() }
    }

    /// What the log keeps of the secret.
    pub fn hash(&self) -> EventHash {
        EventHash::of(&self.secret)
    }

    /// The key as it is handed over, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id.simple(), EventHash::from_bytes(self.secret))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A text that is no API key. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: one is ovk_, 32 hexadecimal digits, _ and 64 more")]
pub struct NoKey;

impl FromStr for ApiKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let (id, secret) =
            text.trim().strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(NoKey)?;
        let secret: EventHash = secret.parse().map_err(|_| NoKey)?;
        if id.len() != 32 {
            return Err(NoKey);
        }
        Ok(Self { id: Uuid::try_parse(id).map_err(|_| NoKey)?, secret: *secret.bytes() })
    }
}

/// A key as the log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// How it was issued.
    pub key: KeyIssued,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// How events name whoever holds it.
    pub actor: Actor,
    /// Whether a made-up person is behind it.
    pub made_up: bool,
}

impl Issued {
    /// Whether it opens anything at a moment.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.key.expires.is_none_or(|expires| now < expires)
    }
}

/// An account as the log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// In which role.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// When it was opened.
    pub at: Timestamp,
    /// Whether it is closed for the time being.
    pub disabled: bool,
    /// Whether a made-up person is behind it.
    pub made_up: bool,
}

/// Whether the made-up people of the synthetic England may come in, and what they let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeUp {
    /// They may: all there is is made up, and it is shown at this machine alone.
    LetIn,
    /// They may not, nor may whoever comes with a key or an account that one of them made.
    LeftOut,
}

/// The id of the made-up person in a role: the same one always.
pub fn made_up_person(role: Role) -> PersonId {
    PersonId(ids::CommandId::keyed("persona", role.name()).uuid())
}

/// What the access log says of who may come in.
#[derive(Debug, Clone, Default)]
pub struct Known {
    keys: FxHashMap<Uuid, Issued>,
    accounts: FxHashMap<PersonId, Account>,
    /// Whoever signed in as someone before this is out.
    out_before: FxHashMap<PersonId, Timestamp>,
    /// Sessions that their holders ended, and when.
    ended: FxHashMap<Uuid, Timestamp>,
    /// People who are kept out, with an account here or without.
    barred: FxHashSet<PersonId>,
    calendars: FxHashMap<Uuid, Calendar>,
    /// Emergency accesses that were ended before their time: the session, and when they would have ended.
    glass_closed: FxHashSet<(Uuid, Timestamp)>,
    /// To which date a demonstration was moved on.
    demonstration: Option<Day>,
    /// What organisations are told of who can read what they wrote.
    pub(super) notices: Notices,
}

impl Known {
    /// To which date a demonstration was moved on, if ever: the furthest, since it only goes forward.
    pub fn demonstration(&self) -> Option<Day> {
        self.demonstration
    }

    /// Whether a made-up person is behind an actor: one of them, or a key or account that one of them made.
    fn is_made_up(&self, actor: &Actor) -> bool {
        if let Some(person) = actor.person_id() {
            static ALL: LazyLock<FxHashSet<PersonId>> =
                LazyLock::new(|| Role::ALL.into_iter().map(made_up_person).collect());
            return ALL.contains(&person)
                || self.accounts.get(&person).is_some_and(|account| account.made_up);
        }
        let key = actor.key_id().and_then(|key| self.keys.get(&key));
        key.is_some_and(|issued| issued.made_up)
    }

    /// Takes in an event.
    pub fn note(&mut self, event: &AccessEvent, by: &Actor, time: Timestamp) {
        match event {
            AccessEvent::KeyIssued(key) => {
                let actor = Actor::key(key.key);
                let made_up = self.is_made_up(by);
                let issued =
                    Issued { key: key.clone(), at: time, by: by.clone(), revoked: None, actor, made_up };
                self.keys.insert(key.key, issued);
            }
            AccessEvent::KeyRevoked(revoked) => {
                if let Some(issued) = self.keys.get_mut(&revoked.key) {
                    issued.revoked.get_or_insert(time);
                }
            }
            AccessEvent::AccountOpened(AccountOpened { person, role, organisation, .. }) => {
                let made_up = self.is_made_up(by);
                let (role, organisation) = (*role, *organisation);
                let account = Account { role, organisation, at: time, disabled: false, made_up };
                self.accounts.insert(*person, account);
                self.out_before.insert(*person, time);
            }
            AccessEvent::AccountDisabled(disabled) => {
                self.account(disabled.person, |account| account.disabled = true);
                self.barred.insert(disabled.person);
                self.out_before.insert(disabled.person, time);
            }
            AccessEvent::AccountEnabled(enabled) => {
                self.account(enabled.person, |account| account.disabled = false);
                self.barred.remove(&enabled.person);
                // What they showed while they were kept out stays worthless.
                self.out_before.insert(enabled.person, time);
            }
            AccessEvent::PasswordSet(PasswordSet { person, .. })
            | AccessEvent::SessionsEnded(SessionsEnded { person }) => {
                self.out_before.insert(*person, time);
            }
            AccessEvent::SignedOut(out) => self.note_end(out.session, time),
            AccessEvent::GlassClosed(GlassClosed { session, until, .. }) => {
                self.glass_closed.insert((*session, *until));
            }
            AccessEvent::CalendarOpened(opened) => {
                let calendar = Calendar { opened: opened.clone(), at: time, revoked: None };
                self.calendars.insert(opened.calendar, calendar);
            }
            AccessEvent::CalendarRevoked(revoked) => {
                if let Some(calendar) = self.calendars.get_mut(&revoked.calendar) {
                    calendar.revoked.get_or_insert(time);
                }
            }
            AccessEvent::DemonstrationDateSet(set) => {
                self.demonstration = self.demonstration.max(Some(set.to));
            }
            // What organisations are told of is kept apart.
            AccessEvent::GlassBroken(_)
            | AccessEvent::GlassSeen(_)
            | AccessEvent::SignedIn(_)
            | AccessEvent::SignInRefused(_)
            | AccessEvent::Refused(_)
            | AccessEvent::Exported(_)
            | AccessEvent::SensitiveRead(_) => {}
        }
    }

    /// An ended session matters for as long as its cookie could.
    fn note_end(&mut self, session: Uuid, time: Timestamp) {
        if self.ended.len() == self.ended.capacity() {
            self.ended.retain(|_, ended| time.duration_since(*ended) < SESSION_MAX);
        }
        self.ended.insert(session, time);
    }

    /// Whether a session that was sealed once still stands: its holder did not end it, no one put them
    /// out since or keeps them out, and no made-up person is behind it where they are left out.
    pub fn stands(&self, session: &Session, made_up: MadeUp) -> bool {
        let is_real =
            || session.way != SignInWay::Persona && !self.is_made_up(&Actor::person(session.person));
        !self.ended.contains_key(&session.id)
            && self.is_in(session.person, session.began)
            && (made_up == MadeUp::LetIn || is_real())
    }

    /// Whether someone who showed at a moment who they are is in: no one put them out since, and no one
    /// keeps them out.
    fn is_in(&self, person: PersonId, since: Timestamp) -> bool {
        !self.is_barred(person) && self.out_before.get(&person).is_none_or(|out| since >= *out)
    }

    /// The same of whoever acts under a name. Only people are put out; keys are revoked.
    pub(super) fn lets_in(&self, actor: &Actor, since: Timestamp) -> bool {
        actor.person_id().is_none_or(|person| self.is_in(person, since))
    }

    /// Whether someone is kept out, whether or not they have an account here.
    pub fn is_barred(&self, person: PersonId) -> bool {
        self.barred.contains(&person)
    }

    fn account(&mut self, person: PersonId, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.accounts.get_mut(&person) {
            change(account);
        }
    }

    /// Whether a key of this id was ever issued.
    pub fn has_key(&self, id: Uuid) -> bool {
        self.keys.contains_key(&id)
    }

    /// The holder of a key, where it is one and good. Takes as long for a key that is not.
    pub fn holder(&self, key: &ApiKey, now: Timestamp, made_up: MadeUp) -> Option<Holder> {
        let issued = self.keys.get(&key.id);
        let expected = issued.map_or([0; 32], |issued| *issued.key.secret.bytes());
        let same = bool::from(key.hash().bytes().ct_eq(&expected));
        let is_let_in = |issued: &Issued| made_up == MadeUp::LetIn || !issued.made_up;
        let issued = issued.filter(|issued| same && issued.is_good(now) && is_let_in(issued))?;
        Some(Holder {
            actor: issued.actor.clone(),
            role: issued.key.role,
            organisation: issued.key.organisation,
            session: None,
            glass: None,
        })
    }

    /// Who acts in a session: with what they opened in an emergency, unless they ended that.
    pub fn holder_in(&self, session: &Session) -> Holder {
        let holder = session.holder();
        let is_open = |until: Timestamp| !self.glass_closed.contains(&(session.id, until));
        Holder { glass: holder.glass.filter(|glass| is_open(glass.until)), ..holder }
    }

    /// What organisations are told of who can read what they wrote.
    pub fn notices(&self) -> &Notices {
        &self.notices
    }

    /// The calendars of a holder, the oldest first.
    pub fn calendars_of(&self, holder: &Actor) -> Vec<Calendar> {
        let own = self.calendars.values().filter(|calendar| calendar.opened.holder == *holder);
        let mut own: Vec<Calendar> = own.cloned().collect();
        own.sort_by_key(|calendar| (calendar.at, calendar.opened.calendar));
        own
    }

    /// Whether a private address of this id was ever made.
    pub fn has_calendar(&self, id: Uuid) -> bool {
        self.calendars.contains_key(&id)
    }

    /// Whose a private address is, where it is one and good: not taken back, and its holder may come in still. Takes
    /// as long for an address that is not.
    pub fn calendar_holder(
        &self,
        address: &CalendarAddress,
        now: Timestamp,
        made_up: MadeUp,
    ) -> Option<Holder> {
        let calendar = self.calendars.get(&address.id());
        let expected = calendar.map_or([0; 32], |calendar| *calendar.opened.secret.bytes());
        let same = bool::from(address.hash().bytes().ct_eq(&expected));
        let CalendarOpened { holder, role, organisation, .. } =
            &calendar.filter(|calendar| same && calendar.revoked.is_none())?.opened;
        let person_stands = holder.person_id().is_none_or(|person| !self.is_barred(person));
        let key = holder.key_id().map(|key| self.keys.get(&key));
        let key_stands = key.is_none_or(|key| key.is_some_and(|issued| issued.is_good(now)));
        let is_let_in = made_up == MadeUp::LetIn || !self.is_made_up(holder);
        (person_stands && key_stands && is_let_in).then(|| Holder {
            actor: holder.clone(),
            role: *role,
            organisation: *organisation,
            session: None,
            glass: None,
        })
    }

    /// A key, good or not.
    pub fn key(&self, id: Uuid) -> Option<&Issued> {
        self.keys.get(&id)
    }

    /// Every key, the oldest first.
    pub fn keys(&self) -> Vec<Issued> {
        let mut keys: Vec<Issued> = self.keys.values().cloned().collect();
        keys.sort_by_key(|issued| (issued.at, issued.key.key));
        keys
    }

    /// The account of a person.
    pub fn account_of(&self, person: PersonId) -> Option<&Account> {
        self.accounts.get(&person)
    }

    /// Every account, the oldest first.
    pub fn accounts(&self) -> Vec<(PersonId, Account)> {
        let mut accounts: Vec<_> = self.accounts.iter().map(|(id, account)| (*id, account.clone())).collect();
        accounts.sort_by_key(|(id, account)| (account.at, *id));
        accounts
    }

    /// Whether someone can administer the platform at a moment. What made-up people made is no one's.
    pub fn has_administrator(&self, now: Timestamp) -> bool {
        let key = |issued: &Issued| {
            issued.key.role == Role::Administrator && issued.is_good(now) && !issued.made_up
        };
        let account =
            |account: &Account| account.role == Role::Administrator && !account.disabled && !account.made_up;
        self.keys.values().any(key) || self.accounts.values().any(account)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proto::access::{AccountDisabled, SignedOut};

    use super::*;

    fn issued(key: &ApiKey, expires: Option<&str>) -> AccessEvent {
        AccessEvent::KeyIssued(KeyIssued {
            key: key.id,
            role: Role::CcgOfficer,
            organisation: "15E".parse().unwrap(),
            purpose: "a test".to_owned(),
            secret: key.hash(),
            expires: expires.map(|time| time.parse().unwrap()),
            organisation_name: None,
        })
    }

    fn at(hour: &str) -> Timestamp {
        format!("2019-04-01T{hour}:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_key_reads_as_it_is_handed_over_and_is_never_shown() {
        let key = ApiKey::fresh();
        let text = key.reveal();
        assert_eq!(text.parse(), Ok(key.clone()));
        assert!(!format!("{key:?}").contains(&text[40..]), "{key:?}");
        for wrong in ["", "ovk_", "ovk_1_2", &text[1..], &text[..text.len() - 1], &format!("{text}0")] {
            assert_eq!(wrong.parse::<ApiKey>(), Err(NoKey), "{wrong}");
        }
    }

    #[test]
    fn a_session_stands_until_it_is_ended_by_its_holder_or_an_administrator() {
        let person = PersonId(Uuid::from_u128(7));
        let session = |hour| {
            Session::begin(person, Role::CcgOfficer, "15E".parse().unwrap(), SignInWay::Provider, at(hour))
        };
        let (first, second) = (session("08"), session("08"));
        let mut known = Known::default();
        assert!(known.stands(&first, MadeUp::LeftOut) && known.stands(&second, MadeUp::LeftOut));
        let out = AccessEvent::SignedOut(SignedOut { session: first.id });
        known.note(&out, &Actor::person(person), at("09"));
        assert!(!known.stands(&first, MadeUp::LeftOut) && known.stands(&second, MadeUp::LeftOut));
        let ended = AccessEvent::SessionsEnded(SessionsEnded { person });
        known.note(&ended, &Actor::system("test"), at("10"));
        assert!(!known.stands(&second, MadeUp::LeftOut), "whoever was in is out");
        assert!(known.stands(&session("11"), MadeUp::LeftOut), "and may come back in");
    }

    #[test]
    fn ended_sessions_are_forgotten_when_their_cookies_are_worth_nothing() {
        let mut known = Known::default();
        let day = SignedDuration::from_hours(24);
        for number in 0..1_000_u32 {
            known.note_end(Uuid::from_u128(number.into()), at("08") + day * i32::try_from(number).unwrap());
        }
        assert!(known.ended.capacity() < 100, "{}", known.ended.capacity());
    }

    #[test]
    fn a_key_opens_until_it_expires_or_is_revoked() {
        let key = ApiKey::fresh();
        let mut known = Known::default();
        assert_eq!(known.holder(&key, at("09"), MadeUp::LeftOut), None, "never issued");
        known.note(&issued(&key, Some("2019-04-01T12:00:00Z")), &Actor::system("test"), at("08"));
        assert_eq!(known.holder(&key, at("09"), MadeUp::LeftOut).unwrap().role, Role::CcgOfficer);
        assert_eq!(known.holder(&key, at("12"), MadeUp::LeftOut), None, "expired");
        let other = ApiKey { id: key.id, ..ApiKey::fresh() };
        assert_eq!(known.holder(&other, at("09"), MadeUp::LeftOut), None, "the secret of another");
        let revoked = proto::access::KeyRevoked { key: key.id, reason: String::new() };
        known.note(&AccessEvent::KeyRevoked(revoked), &Actor::system("test"), at("10"));
        assert_eq!(known.holder(&key, at("11"), MadeUp::LeftOut), None, "revoked");
    }

    #[test]
    fn who_is_kept_out_is_out_whether_or_not_they_have_an_account() {
        let person = PersonId(Uuid::from_u128(7));
        let mut known = Known::default();
        let disabled = AccountDisabled { person, reason: "left".to_owned() };
        known.note(&AccessEvent::AccountDisabled(disabled), &Actor::system("test"), at("09"));
        let later =
            Session::begin(person, Role::CcgOfficer, "15E".parse().unwrap(), SignInWay::Provider, at("10"));
        assert!(known.is_barred(person) && !known.stands(&later, MadeUp::LeftOut));
        assert!(!known.lets_in(&Actor::person(person), at("10")), "nor with a token");
        let enabled = proto::access::AccountEnabled { person };
        known.note(&AccessEvent::AccountEnabled(enabled), &Actor::system("test"), at("11"));
        assert!(known.stands(&Session { began: at("12"), ..later.clone() }, MadeUp::LeftOut));
        assert!(!known.lets_in(&Actor::person(person), at("10")), "what was issued before stays worthless");
    }

    #[test]
    fn what_made_up_people_made_opens_nothing_where_they_are_left_out() {
        let administrator = Actor::person(made_up_person(Role::Administrator));
        let (first, second) = (ApiKey::fresh(), ApiKey::fresh());
        let mut known = Known::default();
        known.note(&issued(&first, None), &administrator, at("08"));
        known.note(&issued(&second, None), &Actor::key(first.id), at("09"));
        for key in [&first, &second] {
            assert!(known.holder(key, at("10"), MadeUp::LetIn).is_some());
            assert_eq!(known.holder(key, at("10"), MadeUp::LeftOut), None, "nor what their keys made");
        }
        let own = made_up_person(Role::Administrator);
        let session =
            Session::begin(own, Role::Administrator, "X26".parse().unwrap(), SignInWay::Persona, at("10"));
        assert!(known.stands(&session, MadeUp::LetIn));
        assert!(!known.stands(&session, MadeUp::LeftOut));
    }
}
