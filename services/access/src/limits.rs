//! How often one may try to sign in: by address and by user name, whether or not there is such a user.
//! Whoever shows that they may be whose name it is, is counted by themselves.

use std::num::NonZeroU32;

use chassis::{
    Problem,
    pace::{Counter, Peer},
};
use governor::clock::{Clock, MonotonicClock};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use proto::PersonId;
use rustc_hash::FxHashMap;

/// Attempts that one address may make at once, and again each minute: a practice or CCG shares one.
const PER_PEER: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// Attempts that may be made at one user name at once, and again each minute.
const PER_NAME: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

const ONE_MINUTE: SignedDuration = SignedDuration::from_mins(1);

const WHAT: &str = "attempts to sign in";

/// Attempts that may be made at one account at once, and again each minute, from the browsers that its
/// holder signed in with before; and as many by whoever is signed in with it.
const PER_PERSON: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// Refused sign-ins that are recorded a minute: of those that name no one here, all together, and of those at
/// one account. An event is never removed, and anyone can be refused; so what is more is counted and not
/// kept. A few a minute show that someone tries, and for how long; a year of them is some two gigabytes.
const RECORDED_PER_MINUTE: u32 = 10;

/// Counts the attempts of the last minute.
#[derive(Debug)]
pub struct Limits<C: Clock = MonotonicClock> {
    peers: Counter<C>,
    names: Counter<C>,
    known: Counter<C>,
    own: Counter<C>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::by(MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn by(clock: C) -> Self {
        let counter = |times| Counter::by(clock.clone(), times);
        Self {
            peers: counter(PER_PEER),
            names: counter(PER_NAME),
            known: counter(PER_PERSON),
            own: counter(PER_PERSON),
        }
    }

    /// Counts an attempt from an address; 429 where there were too many.
    pub fn check_peer(&self, peer: Peer) -> Result<(), Problem> {
        self.peers.take(peer, WHAT)
    }

    /// Counts an attempt at a name by just anyone.
    pub fn check_name(&self, name: &str) -> Result<(), Problem> {
        self.names.take(name.trim().to_lowercase(), WHAT)
    }

    /// Counts an attempt at someone's account from a browser that they signed in with before.
    pub fn check_known(&self, person: PersonId) -> Result<(), Problem> {
        self.known.take(person, WHAT)
    }

    /// Counts that someone who is signed in shows that they know their password.
    pub fn check_own(&self, person: PersonId) -> Result<(), Problem> {
        self.own.take(person, WHAT)
    }
}

/// Which refused sign-ins are recorded.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Minute>);

/// What was recorded since a moment.
#[derive(Debug, Default)]
struct Minute {
    began: Timestamp,
    /// By whose account was tried; none: no one's here.
    recorded: FxHashMap<Option<PersonId>, u32>,
    left_out: u64,
}

impl Refusals {
    /// Whether one more is recorded. How many were not is said once, when the next is after their minute.
    pub fn is_recorded(&self, person: Option<PersonId>, now: Timestamp) -> bool {
        let mut minute = self.0.lock();
        if !(minute.began..minute.began + ONE_MINUTE).contains(&now) {
            let before = std::mem::take(&mut *minute);
            minute.began = now;
            if before.left_out > 0 {
                tracing::warn!(
                    left_out = before.left_out,
                    since = %before.began,
                    "there were more refused sign-ins within a minute than are recorded"
                );
            }
        }
        let recorded = minute.recorded.entry(person).or_default();
        if *recorded < RECORDED_PER_MINUTE {
            *recorded += 1;
            return true;
        }
        minute.left_out += 1;
        metrics::counter!("oversight_sign_ins_refused_unrecorded_total").increment(1);
        false
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn peer(address: &str) -> Peer {
        address.parse::<std::net::IpAddr>().unwrap().into()
    }

    #[test]
    fn a_name_may_be_tried_so_often_from_wherever() {
        let limits = Limits::by(FakeRelativeClock::default());
        for _ in 0..PER_NAME.get() {
            limits.check_name("a@example.org").unwrap();
        }
        let refused = limits.check_name(" A@example.org").unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(3 + 1)));
        limits.check_name("b@example.org").unwrap();
    }

    #[test]
    fn an_address_may_try_so_often_whoever_it_names() {
        let limits = Limits::by(FakeRelativeClock::default());
        for number in 0..PER_PEER.get() {
            limits.check_peer(peer(&format!("2001:db8::{number:x}"))).unwrap();
        }
        assert_eq!(limits.check_peer(peer("2001:db8::ffff")).unwrap_err().status, 429);
        limits.check_peer(peer("2001:db8:0:1::")).unwrap();
    }

    #[test]
    fn someone_who_shows_who_they_may_be_is_counted_by_themselves() {
        let limits = Limits::by(FakeRelativeClock::default());
        let person = |number| PersonId(uuid::Uuid::from_u128(number));
        for _ in 0..PER_PERSON.get() {
            limits.check_known(person(1)).unwrap();
        }
        assert_eq!(limits.check_known(person(1)).unwrap_err().status, 429);
        limits.check_known(person(2)).unwrap();
        limits.check_own(person(1)).unwrap();
    }

    #[test]
    fn refusals_of_nobody_and_of_each_account_are_recorded_so_often_a_minute() {
        let refusals = Refusals::default();
        let at = |text: &str| format!("2019-04-01T{text}Z").parse::<Timestamp>().unwrap();
        let person = |number| Some(PersonId(uuid::Uuid::from_u128(number)));
        let recorded = |who, time: &str| (0..30).filter(|_| refusals.is_recorded(who, at(time))).count();
        assert_eq!(recorded(None, "09:00:00"), 10);
        assert_eq!(recorded(None, "09:00:59"), 0);
        assert_eq!(recorded(person(1), "09:00:59"), 10, "each account by itself");
        assert_eq!(recorded(person(2), "09:00:59"), 10);
        assert_eq!(recorded(None, "09:01:00"), 10);
        assert_eq!(recorded(None, "08:00:00"), 10, "also where the clock was set back");
    }
}
