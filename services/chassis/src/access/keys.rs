//! API keys: what they look like, and which of them open anything.
//!
//! A key is `ovk_`, its id, `_` and its secret, in hexadecimal digits. The log holds the id and the
//! SHA-256 of the secret; the secret is shown once, when the key is issued, and is nowhere kept. It
//! has 256 bits of chance, so a fast hash is enough: there is nothing to guess.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::Timestamp;
use proto::{
    Actor, Day, EventHash, OdsCode, PersonId, Position, Role,
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
    endings::Endings,
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
    /// Who was put out, and who is kept out.
    endings: Endings,
    /// Up to where the access log was read.
    read: Position,
    calendars: FxHashMap<Uuid, Calendar>,
    /// Emergency accesses that were ended before their time: the session, and when they would have ended.
    glass_closed: FxHashSet<(Uuid, Timestamp)>,
    /// Those whose names were deleted from the directory.
    people_removed: FxHashSet<PersonId>,
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

    /// Up to where the access log was read.
    pub fn read(&self) -> Position {
        self.read
    }

    /// Passes over what is no event of the access log.
    pub fn pass(&mut self, position: Position) {
        self.read = position;
    }

    /// Takes in an event.
    pub fn note(&mut self, position: Position, event: &AccessEvent, by: &Actor, time: Timestamp) {
        self.read = position;
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
                self.end(*person, position, time);
            }
            AccessEvent::AccountDisabled(disabled) => {
                self.account(disabled.person, |account| account.disabled = true);
                self.endings.bar(disabled.person);
                self.end(disabled.person, position, time);
            }
            AccessEvent::AccountEnabled(enabled) => {
                self.account(enabled.person, |account| account.disabled = false);
                self.endings.unbar(enabled.person);
                // What they showed while they were kept out stays worthless.
                self.end(enabled.person, position, time);
            }
            AccessEvent::PasswordSet(PasswordSet { person, .. })
            | AccessEvent::SessionsEnded(SessionsEnded { person }) => {
                self.end(*person, position, time);
            }
            AccessEvent::SignedOut(out) => self.endings.sign_out(out.session, position, time),
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
            AccessEvent::PersonRemoved(removed) => {
                self.people_removed.insert(removed.person);
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
            | AccessEvent::PersonCorrected(_)
            | AccessEvent::SensitiveRead(_)
            | AccessEvent::IdentifierClaimed(_)
            | AccessEvent::IdentifierReleased(_) => {}
        }
    }

    /// Ends all that someone showed before: what stands in a session, a token or the cookie of a known browser ends by
    /// its position, and private addresses of calendars, which are events themselves, here.
    fn end(&mut self, person: PersonId, position: Position, time: Timestamp) {
        self.endings.end(person, position, time);
        let own = |calendar: &&mut Calendar| calendar.opened.holder.person_id() == Some(person);
        for calendar in self.calendars.values_mut().filter(own) {
            calendar.revoked.get_or_insert(time);
        }
    }

    /// Whether a session that was made once still stands: its holder did not end it, no one put them
    /// out since or keeps them out, and no made-up person is behind it where they are left out.
    pub fn stands(&self, session: &Session, made_up: MadeUp) -> bool {
        let is_real =
            || session.way != SignInWay::Persona && !self.is_made_up(&Actor::person(session.person));
        self.endings.let_go_on(session) && (made_up == MadeUp::LetIn || is_real())
    }

    /// Whether someone who showed who they are at a position of the access log is in: no one put them out
    /// later in the log, and no one keeps them out.
    pub fn is_in(&self, person: PersonId, since: Position) -> bool {
        self.endings.is_in(person, since)
    }

    /// The same of whoever acts under a name with a token that was made at a time. Only people are put out; keys are
    /// revoked.
    pub(super) fn lets_in(&self, actor: &Actor, made: Timestamp) -> bool {
        self.endings.lets_in(actor, made)
    }

    /// Whether someone is kept out, whether or not they have an account here.
    pub fn is_barred(&self, person: PersonId) -> bool {
        self.endings.is_barred(person)
    }

    /// Whether someone's name was deleted from the directory for good.
    pub fn is_person_removed(&self, person: PersonId) -> bool {
        self.people_removed.contains(&person)
    }

    /// Everyone whose name was.
    pub fn people_removed(&self) -> Vec<PersonId> {
        self.people_removed.iter().copied().collect()
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

    fn session_of(person: PersonId, role: Role, way: SignInWay, since: u64) -> Session {
        let organisation = if role == Role::Administrator { "X26" } else { "15E" };
        let session = Session::begin(person, role, organisation.parse().unwrap(), way, at("08"));
        Session { since: Position(since), ..session }
    }

    /// Takes in events one after another, by whoever gave them.
    fn note(known: &mut Known, event: AccessEvent, by: &Actor) -> Position {
        let position = known.read().next();
        known.note(position, &event, by, at("09"));
        position
    }

    #[test]
    fn a_session_stands_until_it_is_ended_by_its_holder_or_an_administrator() {
        let person = PersonId(Uuid::from_u128(7));
        let session = |since| session_of(person, Role::CcgOfficer, SignInWay::Provider, since);
        let (first, second) = (session(0), session(0));
        let mut known = Known::default();
        assert!(known.stands(&first, MadeUp::LeftOut) && known.stands(&second, MadeUp::LeftOut));
        let out = AccessEvent::SignedOut(SignedOut { session: first.id });
        note(&mut known, out, &Actor::person(person));
        assert!(!known.stands(&first, MadeUp::LeftOut) && known.stands(&second, MadeUp::LeftOut));
        let ended = AccessEvent::SessionsEnded(SessionsEnded { person });
        let position = note(&mut known, ended, &Actor::system("test"));
        assert!(!known.stands(&second, MadeUp::LeftOut), "whoever was in is out");
        assert!(known.stands(&session(position.0), MadeUp::LeftOut), "and may come back in");
    }

    #[test]
    fn what_ends_someones_sessions_ends_the_addresses_of_their_calendars() {
        let person = PersonId(Uuid::from_u128(7));
        let opened = |number: u128, holder: Actor| {
            let address = CalendarAddress::with_id(Uuid::from_u128(number));
            let (role, organisation) = (Role::CcgOfficer, "15E".parse().unwrap());
            let opened =
                CalendarOpened { calendar: address.id(), holder, role, organisation, secret: address.hash() };
            (address, AccessEvent::CalendarOpened(opened))
        };
        let set = |to_be_changed| AccessEvent::PasswordSet(PasswordSet { person, to_be_changed });
        let disabled = AccessEvent::AccountDisabled(AccountDisabled { person, reason: String::new() });
        let enabled = AccessEvent::AccountEnabled(proto::access::AccountEnabled { person });
        let ended = AccessEvent::SessionsEnded(SessionsEnded { person });
        for ending in [vec![set(true)], vec![set(false)], vec![ended], vec![disabled, enabled]] {
            let mut known = Known::default();
            let (before, event) = opened(1, Actor::person(person));
            note(&mut known, event, &Actor::person(person));
            let (of_another, event) = opened(2, Actor::person(PersonId(Uuid::from_u128(8))));
            note(&mut known, event, &Actor::person(person));
            let opens = |known: &Known, address| known.calendar_holder(address, at("09"), MadeUp::LeftOut);
            assert!(opens(&known, &before).is_some());
            for event in &ending {
                note(&mut known, event.clone(), &Actor::system("test"));
            }
            assert_eq!(opens(&known, &before), None, "{ending:?}");
            assert!(opens(&known, &of_another).is_some());
            let (after, event) = opened(3, Actor::person(person));
            note(&mut known, event, &Actor::person(person));
            assert!(opens(&known, &after).is_some(), "{ending:?}");
        }
    }

    #[test]
    fn a_key_opens_until_it_expires_or_is_revoked() {
        let key = ApiKey::fresh();
        let mut known = Known::default();
        assert_eq!(known.holder(&key, at("09"), MadeUp::LeftOut), None, "never issued");
        note(&mut known, issued(&key, Some("2019-04-01T12:00:00Z")), &Actor::system("test"));
        assert_eq!(known.holder(&key, at("09"), MadeUp::LeftOut).unwrap().role, Role::CcgOfficer);
        assert_eq!(known.holder(&key, at("12"), MadeUp::LeftOut), None, "expired");
        let other = ApiKey { id: key.id, ..ApiKey::fresh() };
        assert_eq!(known.holder(&other, at("09"), MadeUp::LeftOut), None, "the secret of another");
        let revoked = proto::access::KeyRevoked { key: key.id, reason: String::new() };
        note(&mut known, AccessEvent::KeyRevoked(revoked), &Actor::system("test"));
        assert_eq!(known.holder(&key, at("11"), MadeUp::LeftOut), None, "revoked");
    }

    #[test]
    fn who_is_kept_out_is_out_whether_or_not_they_have_an_account() {
        let person = PersonId(Uuid::from_u128(7));
        let mut known = Known::default();
        let disabled = AccountDisabled { person, reason: "left".to_owned() };
        let barred = note(&mut known, AccessEvent::AccountDisabled(disabled), &Actor::system("test"));
        let session = |since: Position| session_of(person, Role::CcgOfficer, SignInWay::Provider, since.0);
        let later = session(barred);
        assert!(known.is_barred(person) && !known.stands(&later, MadeUp::LeftOut));
        assert!(!known.lets_in(&Actor::person(person), at("10")), "nor with a token");
        let enabled = AccessEvent::AccountEnabled(proto::access::AccountEnabled { person });
        known.note(barred.next(), &enabled, &Actor::system("test"), at("11"));
        assert!(
            !known.stands(&later, MadeUp::LeftOut) && known.stands(&session(barred.next()), MadeUp::LeftOut)
        );
        assert!(!known.lets_in(&Actor::person(person), at("10")), "what was issued before stays worthless");
    }

    #[test]
    fn what_made_up_people_made_opens_nothing_where_they_are_left_out() {
        let administrator = Actor::person(made_up_person(Role::Administrator));
        let (first, second) = (ApiKey::fresh(), ApiKey::fresh());
        let mut known = Known::default();
        note(&mut known, issued(&first, None), &administrator);
        note(&mut known, issued(&second, None), &Actor::key(first.id));
        for key in [&first, &second] {
            assert!(known.holder(key, at("10"), MadeUp::LetIn).is_some());
            assert_eq!(known.holder(key, at("10"), MadeUp::LeftOut), None, "nor what their keys made");
        }
        let own = made_up_person(Role::Administrator);
        let session = session_of(own, Role::Administrator, SignInWay::Persona, 2);
        assert!(known.stands(&session, MadeUp::LetIn));
        assert!(!known.stands(&session, MadeUp::LeftOut));
    }
}
