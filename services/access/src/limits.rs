//! How often one may try to sign in: by address and by user name, whether or not there is such a user.
//! Whoever shows that they may be whose name it is, is counted by themselves.

use std::num::NonZeroU32;

use chassis::{
    Problem,
    pace::{Counter, Peer},
};
use governor::clock::{Clock, MonotonicClock};
use proto::PersonId;

/// Attempts that one address may make at once, and again each minute: a practice or CCG shares one.
const PER_PEER: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// Attempts that may be made at one user name at once, and again each minute.
const PER_NAME: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

const WHAT: &str = "attempts to sign in";

/// Attempts that may be made at one account at once, and again each minute, from the browsers that its
/// holder signed in with before; and as many by whoever is signed in with it.
const PER_PERSON: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

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
}
