//! Sessions in cookies that every service can check on its own, and that `access` alone can make.
//!
//! A session goes in two cookies. One holds what it is: who, in which role, where, since when. `access` signs it
//! (Ed25519), and every service has the public half of the key: it can tell that a session is one, and make none.
//! The other one holds when it was last used, sealed (AES-256-GCM, by the crate `cookie`) with a key that all services
//! share, since each of them writes it; so a service gone bad could keep a session going until its day is over, and
//! nothing more. A session is one with both, and they name the same. It ends when it has not been used for a while,
//! and after a day's work in any case.
//!
//! All keys are lists ([`keys`]), so that a new one can be put beside the old one and the old one taken away a day
//! later. What `access` alone writes and reads, such as who is on the way to the sign-in provider, is sealed with a key
//! that it makes of its signing key.

use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, CookieJar, Key, SameSite};
use jiff::{SignedDuration, Timestamp};
use proto::{Actor, OdsCode, PersonId, Position, Role, access::SignInWay};
use quick_cache::sync::Cache as QuickCache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Glass, Holder};
use crate::ids;

pub mod keys;
mod token;

pub use keys::{KeysError, PublicKey, SessionKeys, SigningKeys};

/// A session ends when nothing has been asked for this long.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_mins(30);

/// A session ends this long after signing in.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// How far ahead the clock of another service may be; what is said to be from later is not believed.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_secs(60);

/// The time of the last use is written anew once it is this old, so that not every answer carries a cookie.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// How many opened cookies are remembered.
const OPENED_MAX: usize = 16 * 1024;

/// Longer cookies are no one's.
const COOKIE_MAX_BYTES: usize = 4096;

/// Who is signed in, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Who.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
    /// For which organisation.
    pub organisation: OdsCode,
    /// How they signed in.
    pub way: SignInWay,
    /// When they signed in.
    pub began: Timestamp,
    /// Up to where the access log had been read when they showed who they are: what stands there later may end it. One
    /// that does not say so came before everything.
    #[serde(default)]
    pub since: Position,
    /// When it was last used: not a part of what is signed, but of the cookie beside it.
    #[serde(skip)]
    pub written: Timestamp,
    /// What a form of theirs must carry.
    pub csrf: Uuid,
    /// Whether the password has to be changed before anything else.
    #[serde(default)]
    pub must_change: bool,
    /// What they opened in an emergency, and until when.
    #[serde(default)]
    pub glass: Option<(OdsCode, Timestamp)>,
}

/// The characters of what a form carries: a mask and what is under it, in hexadecimal digits.
const FORM_TOKEN_CHARS: usize = 64;

impl Session {
    /// A session that begins. It stands where no one of its person was ever put out, until it is given the position
    /// of the access log that it begins at.
    pub fn begin(
        person: PersonId,
        role: Role,
        organisation: OdsCode,
        way: SignInWay,
        now: Timestamp,
    ) -> Self {
        Self {
            id: ids::fresh(),
            person,
            role,
            organisation,
            way,
            began: now,
            since: Position::START,
            written: now,
            csrf: ids::fresh(),
            must_change: false,
            glass: None,
        }
    }

    /// What a form of theirs carries to show that it comes from a page of theirs: its secret under a mask that is new
    /// every time, so that the length of a compressed page says nothing of it.
    pub fn form_token(&self) -> String {
        let mask = ids::fresh();
        let masked = Uuid::from_u128(mask.as_u128() ^ self.csrf.as_u128());
        format!("{}{}", mask.simple(), masked.simple())
    }

    /// Whether a form carries what one of theirs does.
    pub fn is_form_token(&self, token: &str) -> bool {
        let Some((mask, masked)) = token.split_at_checked(FORM_TOKEN_CHARS / 2) else { return false };
        let (Ok(mask), Ok(masked)) = (Uuid::try_parse(mask), Uuid::try_parse(masked)) else { return false };
        let secret = Uuid::from_u128(mask.as_u128() ^ masked.as_u128());
        token.len() == FORM_TOKEN_CHARS
            && subtle::ConstantTimeEq::ct_eq(&secret.as_bytes()[..], &self.csrf.as_bytes()[..]).into()
    }

    /// Who acts in it.
    pub fn holder(&self) -> Holder {
        Holder {
            actor: Actor::person(self.person),
            role: self.role,
            organisation: self.organisation,
            session: Some(self.id),
            glass: self.glass.map(|(organisation, until)| Glass { organisation, until }),
        }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.has_time_left(now) && is_within(self.written, now, IDLE_MAX)
    }

    /// Whether it is not yet too old; an answer that goes on is no sign of someone being there.
    pub(super) fn has_time_left(&self, now: Timestamp) -> bool {
        is_within(self.began, now, SESSION_MAX)
    }

    /// Whether the time of its last use is old enough to be written anew.
    pub fn is_to_be_renewed(&self, now: Timestamp) -> bool {
        now.duration_since(self.written) > RENEW_AFTER
    }
}

/// Whether a moment is less than this long ago, and not to come.
fn is_within(moment: Timestamp, now: Timestamp, max: SignedDuration) -> bool {
    let ago = now.duration_since(moment);
    ago < max && ago >= -CLOCKS_APART_MAX
}

/// How cookies go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Over TLS alone.
    Tls,
    /// In the clear: on this machine.
    Clear,
}

/// When a session was last used, as the cookie beside it holds it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LastUse {
    session: Uuid,
    at: Timestamp,
}

/// Knows sessions by their cookies; in the process that runs `access` it makes them, too.
pub struct Sessions {
    signers: Vec<PublicKey>,
    shared: Vec<Key>,
    wire: Wire,
    /// Where it signs.
    signing: OnceLock<SigningKeys>,
    verified: QuickCache<Box<str>, Session>,
    last_uses: QuickCache<Box<str>, LastUse>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("signers", &self.signers).finish_non_exhaustive()
    }
}

impl Sessions {
    /// With keys read before.
    pub fn new(keys: &SessionKeys, wire: Wire) -> Self {
        Self {
            signers: keys.signers.clone(),
            shared: keys.shared.iter().map(|bytes| Key::from(bytes)).collect(),
            wire,
            signing: OnceLock::new(),
            verified: QuickCache::new(OPENED_MAX),
            last_uses: QuickCache::new(OPENED_MAX),
        }
    }

    /// From now on sessions are made here: for `access`, and no other service. The first call counts.
    pub fn sign_with(&self, keys: SigningKeys) -> Result<(), KeysError> {
        keys.check_known(&self.signers)?;
        if self.signing.set(keys).is_err() {
            tracing::error!("a second list of signing keys was named, and is not used");
        }
        Ok(())
    }

    /// Whose signatures are good: those that are named, else those that are made here.
    fn signers(&self) -> Vec<PublicKey> {
        match (self.signers.as_slice(), self.signing.get()) {
            ([], Some(own)) => own.public().collect(),
            (named, _) => named.to_vec(),
        }
    }

    /// The name of the cookie of the session. Over TLS a browser takes it from this very host only.
    pub fn name(&self) -> &'static str {
        match self.wire {
            Wire::Tls => "__Host-oversight",
            Wire::Clear => "oversight",
        }
    }

    /// The name of the cookie of its last use.
    pub fn last_use_name(&self) -> &'static str {
        match self.wire {
            Wire::Tls => "__Host-oversight-seen",
            Wire::Clear => "oversight-seen",
        }
    }

    /// The session a request came with, if it is one and live.
    pub fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let token = cookie_of(headers, self.name())?;
        // This one first: it is the cheaper one to find wrong.
        let last_use = self.last_use(cookie_of(headers, self.last_use_name())?)?;
        let session = Session { written: last_use.at, ..self.verified(token)? };
        (session.id == last_use.session && session.is_live(now)).then_some(session)
    }

    fn last_use(&self, sealed: &str) -> Option<LastUse> {
        if let Some(last_use) = self.last_uses.get(sealed) {
            return Some(last_use);
        }
        let last_use = open(&self.shared, self.last_use_name(), sealed)?;
        self.last_uses.insert(sealed.into(), last_use);
        Some(last_use)
    }

    fn verified(&self, token: &str) -> Option<Session> {
        if let Some(session) = self.verified.get(token) {
            return Some(session);
        }
        let session = token::verified(cookie_sized(token)?, self.signers())?;
        self.verified.insert(token.into(), session.clone());
        Some(session)
    }

    /// What a text holds that `access` sealed under this name. Nothing in any other service.
    pub fn open<T: for<'de> Deserialize<'de>>(&self, name: &str, sealed: &str) -> Option<T> {
        open(self.signing.get()?.own(), name, sealed)
    }

    /// A text that `access` alone can open, and only under this name. None in any other service.
    pub fn seal<T: Serialize>(&self, name: &str, value: &T) -> Option<String> {
        seal(self.signing.get()?.own().next()?, name, value)
    }

    /// The headers that give a browser its session. None where sessions are not made.
    pub fn give(&self, session: &Session) -> Option<[HeaderValue; 2]> {
        let token = token::sign(self.signing.get()?, session)?;
        Some([self.set(self.name(), &token, SESSION_MAX)?, self.renew(session, session.written)?])
    }

    /// The header that tells a browser that its session was used.
    pub fn renew(&self, session: &Session, now: Timestamp) -> Option<HeaderValue> {
        let last_use = LastUse { session: session.id, at: now };
        let sealed = seal(self.shared.first()?, self.last_use_name(), &last_use)?;
        self.set(self.last_use_name(), &sealed, SESSION_MAX)
    }

    /// The headers that take it away.
    pub fn take(&self) -> Option<[HeaderValue; 2]> {
        let gone = |name| self.set(name, "", SignedDuration::ZERO);
        Some([gone(self.name())?, gone(self.last_use_name())?])
    }

    /// The header that sets a cookie of ours for some time.
    pub fn set(&self, name: &str, value: &str, lasts: SignedDuration) -> Option<HeaderValue> {
        let cookie = Cookie::build((name.to_owned(), value.to_owned()))
            .path("/")
            .http_only(true)
            .secure(self.wire == Wire::Tls)
            .same_site(SameSite::Lax)
            .max_age(cookie::time::Duration::seconds(lasts.as_secs()))
            .build();
        HeaderValue::from_str(&cookie.to_string()).ok()
    }
}

/// The value of a cookie of a request.
pub fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// A text that is not longer than a cookie.
fn cookie_sized(text: &str) -> Option<&str> {
    (text.len() <= COOKIE_MAX_BYTES).then_some(text)
}

/// What a sealed text holds, where one of the keys sealed it under this name.
fn open<'a, T: for<'de> Deserialize<'de>>(
    keys: impl IntoIterator<Item = &'a Key>,
    name: &str,
    sealed: &str,
) -> Option<T> {
    let sealed = cookie_sized(sealed)?;
    keys.into_iter().find_map(|key| {
        let cookie = Cookie::new(name.to_owned(), sealed.to_owned());
        let opened = CookieJar::new().private(key).decrypt(cookie)?;
        serde_json::from_str(opened.value()).ok()
    })
}

/// A text that only who has the key can open, and only under this name.
fn seal<T: Serialize>(key: &Key, name: &str, value: &T) -> Option<String> {
    let text = serde_json::to_string(value).ok()?;
    let mut jar = CookieJar::new();
    jar.private_mut(key).add(Cookie::new(name.to_owned(), text));
    jar.get(name).map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests;
