//! How often one may ask: counted by who is signed in, else by the address it comes from.

use std::{
    convert::Infallible,
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    str::FromStr,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, request::Parts},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use ipnet::IpNet;

use crate::problem::Problem;

/// The most askers that are counted at a time.
const COUNTED_MAX: usize = 50_000;

/// When to come again where too many are counted to count one more.
const FULL_RETRY_SECONDS: u32 = 60;

/// The header in which a proxy in front of this process says who asked.
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

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self(network(address))
    }
}

impl Peer {
    /// As the door found it out.
    pub(crate) fn of_request(parts: &Parts) -> Self {
        parts.extensions.get().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    }

    /// By who is connected and, where that is a proxy of ours, for whom it says that it asks.
    pub(crate) fn of(request: &Request, proxies: &Proxies) -> Self {
        let connected =
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Self::said(connected.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), request.headers(), proxies)
    }

    /// Of what is said only the part that our proxies said: the last address that is none of theirs. Those
    /// before it are what the asker said.
    fn said(connected: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let said: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut asker = connected;
        for address in said.iter().rev() {
            if !proxies.are(asker) {
                break;
            }
            let Ok(address) = address.parse() else { break };
            asker = address;
        }
        asker.into()
    }
}

/// The proxies in front of a process: those on this machine, and the networks that are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    fn are(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether none but those on this machine are known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |part: &str| {
            let part = part.trim();
            let found = part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            found.map_err(|_| {
                format!(
                    "“{part}” is no address or network: accepted are several, separated by commas, such as \
                     10.1.2.3 or 172.16.0.0/12"
                )
            })
        };
        text.split(',').map(network).collect::<Result<_, _>>().map(Self)
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

/// Counts how often each asker asked in the last minute. Askers are counted by a hash that no one outside
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
        address.parse::<IpAddr>().unwrap().into()
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
    fn only_proxies_of_ours_are_believed_and_only_their_own_word() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        headers.append(FORWARDED_FOR, "198.51.100.2, 203.0.113.9".parse().unwrap());
        let of =
            |connected: &str, proxies: &Proxies| Peer::said(connected.parse().unwrap(), &headers, proxies);
        let none = Proxies::default();
        assert_eq!(of("127.0.0.1", &none), peer("203.0.113.9"));
        assert_eq!(of("::1", &none), peer("203.0.113.9"));
        assert_eq!(of("192.0.2.1", &none), peer("192.0.2.1"));
        let named: Proxies = "192.0.2.0/24, 203.0.113.9".parse().unwrap();
        assert_eq!(of("192.0.2.1", &named), peer("198.51.100.2"), "two of them, one behind the other");
        assert_eq!(of("192.0.3.1", &named), peer("192.0.3.1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        headers.clear();
        headers.append(FORWARDED_FOR, "unknown".parse().unwrap());
        assert_eq!(Peer::said("127.0.0.1".parse().unwrap(), &headers, &none), peer("127.0.0.1"));
        for wrong in ["", "proxy", "10.0.0.0/33", "10.1.2.3;10.1.2.4"] {
            assert!(wrong.parse::<Proxies>().unwrap_err().contains("10.1.2.3"), "{wrong}");
        }
    }
}
