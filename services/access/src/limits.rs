//! How often one may try to sign in: by address and by user name, whether or not there is such a user.

use std::num::NonZeroU32;

use chassis::{
    Problem,
    pace::{Counter, Peer},
};
use governor::clock::{Clock, MonotonicClock};

/// Attempts that one address may make at once, and again each minute: a practice or CCG shares one.
const PER_PEER: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// Attempts that may be made at one user name at once, and again each minute.
const PER_NAME: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

const WHAT: &str = "attempts to sign in";

/// Counts the attempts of the last minute.
#[derive(Debug)]
pub struct Limits<C: Clock = MonotonicClock> {
    peers: Counter<C>,
    names: Counter<C>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::by(MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn by(clock: C) -> Self {
        Self { peers: Counter::by(clock.clone(), PER_PEER), names: Counter::by(clock, PER_NAME) }
    }

    /// Counts an attempt; 429 where there were too many.
    pub fn check(&self, peer: Peer, name: &str) -> Result<(), Problem> {
        self.check_peer(peer)?;
        self.names.take(name.trim().to_lowercase(), WHAT)
    }

    /// Counts an attempt that names nobody.
    pub fn check_peer(&self, peer: Peer) -> Result<(), Problem> {
        self.peers.take(peer, WHAT)
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
        for number in 0..PER_NAME.get() {
            limits.check(peer(&format!("192.0.2.{number}")), "a@example.org").unwrap();
        }
        let refused = limits.check(peer("192.0.2.200"), " A@example.org").unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(3 + 1)));
        limits.check(peer("192.0.2.200"), "b@example.org").unwrap();
    }

    #[test]
    fn an_address_may_try_so_often_whoever_it_names() {
        let limits = Limits::by(FakeRelativeClock::default());
        for number in 0..PER_PEER.get() {
            limits.check(peer(&format!("2001:db8::{number:x}")), &format!("{number}@example.org")).unwrap();
        }
        assert_eq!(limits.check(peer("2001:db8::ffff"), "z@example.org").unwrap_err().status, 429);
        limits.check(peer("2001:db8:0:1::"), "z@example.org").unwrap();
    }
}
