//! How often one may ask: counted by who is signed in, else by the address it comes from.

use std::{
    convert::Infallible,
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, StatusCode, request::Parts},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::problem::Problem;

/// The most askers that are counted at a time.
const COUNTED_MAX: usize = 50_000;

/// When to come again where too many are counted to count one more.
const FULL_RETRY_SECONDS: u32 = 60;

/// The header a proxy in front of this process says in who asked.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What may be asked only so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Looking something up: a page that answers while one types, a procurement site with its list.
    LookUp,
    /// Bringing a file.
    Import,
}

impl Pace {
    /// How often one asker may at once, and again each minute. All that look up without signing in from
    /// behind one address, such as a trust's, are one asker.
    const fn per_minute(self) -> NonZeroU32 {
        match self {
            Pace::LookUp => NonZeroU32::MIN.saturating_add(599),
            Pace::Import => NonZeroU32::MIN.saturating_add(29),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Pace::LookUp => "look-ups",
            Pace::Import => "imports",
        }
    }
}

/// The address a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of_request(parts))
    }
}

impl Peer {
    pub(crate) fn of_request(parts: &Parts) -> Self {
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Self::of(connected.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), &parts.headers)
    }

    /// By who is connected. Only a proxy on this machine is believed when it says for whom it asks, and
    /// of what it says only the last address: those before it are what the asker said.
    pub fn of(connected: IpAddr, headers: &HeaderMap) -> Self {
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

type Limiter<C> = RateLimiter<u64, DashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts how often each asker asked in the last minute. Askers are counted by a hash that nobody outside
/// can foresee: who they are is not kept.
pub struct Counter<C: Clock = MonotonicClock> {
    limiter: Limiter<C>,
    hasher: RandomState,
    clock: C,
}

impl<C: Clock> std::fmt::Debug for Counter<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counter").finish_non_exhaustive()
    }
}

impl Counter {
    /// So often at once, and so often again each minute.
    pub fn per_minute(times: NonZeroU32) -> Self {
        Self::by(MonotonicClock, times)
    }
}

impl<C: Clock + Clone> Counter<C> {
    /// The same by another clock, for tests.
    pub fn by(clock: C, times: NonZeroU32) -> Self {
        let limiter = RateLimiter::new(Quota::per_minute(times), DashMapStateStore::default(), clock.clone());
        Self { limiter, hasher: RandomState::new(), clock }
    }

    /// Counts once more; 429 where that is too often. `what` is what was asked for, in the plural.
    pub fn take(&self, asker: impl Hash, what: &'static str) -> Result<(), Problem> {
        if self.limiter.len() >= COUNTED_MAX {
            self.limiter.retain_recent();
            if self.limiter.len() >= COUNTED_MAX {
                return Err(too_often(what, FULL_RETRY_SECONDS));
            }
        }
        self.limiter.check_key(&self.hasher.hash_one(asker)).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now()).as_secs();
            too_often(what, u32::try_from(wait).unwrap_or(FULL_RETRY_SECONDS).saturating_add(1))
        })
    }
}

fn too_often(what: &'static str, seconds: u32) -> Problem {
    metrics::counter!("oversight_turned_away_total", "what" => what).increment(1);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-often",
        "Tried too often",
        format!("there were too many {what} within a minute: try again in {seconds} seconds"),
    )
    .retry_after(seconds)
}

/// The counters of what may be asked only so often.
#[derive(Debug)]
pub(crate) struct Paces {
    look_ups: Counter,
    imports: Counter,
}

impl Default for Paces {
    fn default() -> Self {
        let counter = |pace: Pace| Counter::per_minute(pace.per_minute());
        Self { look_ups: counter(Pace::LookUp), imports: counter(Pace::Import) }
    }
}

impl Paces {
    /// Counts once more; 429 where that is too often.
    pub fn take(&self, pace: Pace, asker: impl Hash) -> Result<(), Problem> {
        let counter = match pace {
            Pace::LookUp => &self.look_ups,
            Pace::Import => &self.imports,
        };
        counter.take(asker, pace.words())
    }
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
    fn each_asker_may_so_often_and_then_again_with_time() {
        let clock = FakeRelativeClock::default();
        let counter = Counter::by(clock.clone(), NonZeroU32::new(20).unwrap());
        for _ in 0..20 {
            counter.take("a", "look-ups").unwrap();
        }
        let refused = counter.take("a", "look-ups").unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(3 + 1)));
        assert!(refused.detail.contains("look-ups") && refused.detail.contains("4 seconds"), "{refused:?}");
        counter.take("b", "look-ups").unwrap();
        clock.advance(Duration::from_secs(4));
        counter.take("a", "look-ups").unwrap();
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
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
    }
}
