//! How often one may try to sign in: by address and by user name, whether or not there is such a user.

use std::{
    convert::Infallible,
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, StatusCode, request::Parts},
};
use chassis::Problem;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

/// Attempts that one address may make at once, and again each minute: a practice or CCG shares one.
const PER_PEER: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// Attempts that may be made at one user name at once, and again each minute.
const PER_NAME: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// The most addresses, and the most names, that are counted at a time.
const COUNTED_MAX: usize = 50_000;

/// When to come again where too many are counted to count one more.
const FULL_RETRY_SECONDS: u32 = 60;

/// The header a proxy in front of this process says in who asked.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self::of(connected.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), &parts.headers))
    }
}

impl Peer {
    /// By who is connected. Only a proxy on this machine is believed when it says for whom it asks, and
    /// of what it says only the last address: those before it are what the asker said.
    fn of(connected: IpAddr, headers: &HeaderMap) -> Self {
        let said = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|line| line.to_str().ok());
        let said = said.and_then(|line| line.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
        Self(network(said.filter(|_| connected.is_loopback()).unwrap_or(connected)))
    }
}

/// What is counted as one asker: an IPv4 address, or the /64 that a single IPv6 customer has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::from(u64::MAX) << 64)))
        }
        v4 => v4,
    }
}

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts the attempts of the last minute.
pub struct Limits<C: Clock = MonotonicClock> {
    peers: Limiter<IpAddr, C>,
    /// Names are counted by a hash that nobody outside can foresee: what was typed is not kept.
    names: Limiter<u64, C>,
    hasher: RandomState,
    clock: C,
}

impl<C: Clock> std::fmt::Debug for Limits<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::by(MonotonicClock)
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn by(clock: C) -> Self {
        let limiter = |quota| Quota::per_minute(quota);
        Self {
            peers: RateLimiter::new(limiter(PER_PEER), DashMapStateStore::default(), clock.clone()),
            names: RateLimiter::new(limiter(PER_NAME), DashMapStateStore::default(), clock.clone()),
            hasher: RandomState::new(),
            clock,
        }
    }

    /// Counts an attempt; 429 where there were too many.
    pub fn check(&self, peer: Peer, name: &str) -> Result<(), Problem> {
        self.check_peer(peer)?;
        self.take(&self.names, &self.hasher.hash_one(name.trim().to_lowercase()))
    }

    /// Counts an attempt that names nobody.
    pub fn check_peer(&self, peer: Peer) -> Result<(), Problem> {
        self.take(&self.peers, &peer.0)
    }

    fn take<K: std::hash::Hash + Eq + Clone>(&self, limiter: &Limiter<K, C>, key: &K) -> Result<(), Problem> {
        if limiter.len() >= COUNTED_MAX {
            limiter.retain_recent();
            if limiter.len() >= COUNTED_MAX {
                return Err(too_often(FULL_RETRY_SECONDS));
            }
        }
        limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            too_often(u32::try_from(wait.as_secs()).unwrap_or(FULL_RETRY_SECONDS).saturating_add(1))
        })
    }
}

fn too_often(seconds: u32) -> Problem {
    metrics::counter!("oversight_sign_ins_turned_away_total", "reason" => "rate").increment(1);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-often",
        "Tried too often",
        format!("there were too many attempts to sign in: try again in {seconds} seconds"),
    )
    .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::of(address.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn a_name_may_be_tried_so_often_from_wherever() {
        let clock = FakeRelativeClock::default();
        let limits = Limits::by(clock.clone());
        for number in 0..PER_NAME.get() {
            limits.check(peer(&format!("192.0.2.{number}")), "a@example.org").unwrap();
        }
        let refused = limits.check(peer("192.0.2.200"), " A@example.org").unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(3 + 1)));
        limits.check(peer("192.0.2.200"), "b@example.org").unwrap();
        clock.advance(Duration::from_secs(4));
        limits.check(peer("192.0.2.200"), "a@example.org").unwrap();
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

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        headers.append(FORWARDED_FOR, "198.51.100.2, 203.0.113.9".parse().unwrap());
        let of = |connected: &str| Peer::of(connected.parse().unwrap(), &headers);
        assert_eq!(of("127.0.0.1"), peer("203.0.113.9"));
        assert_eq!(of("::1"), peer("203.0.113.9"));
        assert_eq!(of("192.0.2.1"), peer("192.0.2.1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
    }
}
