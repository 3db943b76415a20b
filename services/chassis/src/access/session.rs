//! Sessions in cookies that every service can check on its own.
//!
//! A cookie holds the whole session, encrypted and authenticated (AES-256-GCM, by the crate
//! `cookie`) with a key that all services share. Keys are a list: the first one seals, each of them
//! opens, so that a new key can be put before the old one and the old one taken away a day later.
//! A session ends when it has not been used for a while, and after a day's work in any case.

use std::path::Path;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, CookieJar, Key, SameSite};
use jiff::{SignedDuration, Timestamp};
use proto::{Actor, EventHash, OdsCode, PersonId, Position, Role, access::SignInWay};
use quick_cache::sync::Cache as QuickCache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Glass, Holder};
use crate::ids;

/// A session ends when nothing has been asked for this long.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_mins(30);

/// A session ends this long after signing in.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// A cookie is written anew once it is this old, so that not every answer carries one.
const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// The bytes of chance a key is made of.
pub const KEY_BYTES: usize = 64;

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
    /// When the cookie was written.
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
        now.duration_since(self.began) < SESSION_MAX && now.duration_since(self.written) < IDLE_MAX
    }

    /// Whether it is not yet too old; an answer that goes on is no sign of someone being there.
    pub(super) fn has_time_left(&self, now: Timestamp) -> bool {
        now.duration_since(self.began) < SESSION_MAX
    }

    /// Whether its cookie is old enough to be written anew.
    pub fn is_to_be_renewed(&self, now: Timestamp) -> bool {
        now.duration_since(self.written) > RENEW_AFTER
    }
}

/// Why the keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The file.
    #[error("the file of session keys {path} cannot be used: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A line.
    #[error(
        "line {line} of the file of session keys {path} is no key: accepted are 128 hexadecimal digits a line, the newest key first"
    )]
    Line {
        /// Which file.
        path: String,
        /// Which line, from 1.
        line: usize,
    },
}

/// How cookies go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Over TLS alone.
    Tls,
    /// In the clear: on this machine.
    Clear,
}

/// Seals and opens cookies.
pub struct Sessions {
    keys: Vec<Key>,
    wire: Wire,
    opened: QuickCache<Box<str>, Session>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Sessions {
    /// With keys read before.
    pub fn new(keys: Vec<[u8; KEY_BYTES]>, wire: Wire) -> Self {
        let keys = keys.iter().map(|bytes| Key::from(bytes)).collect();
        Self { keys, wire, opened: QuickCache::new(OPENED_MAX) }
    }

    /// The name of the cookie of the session. Over TLS a browser takes it from this very host only.
    pub fn name(&self) -> &'static str {
        match self.wire {
            Wire::Tls => "__Host-oversight",
            Wire::Clear => "oversight",
        }
    }

    /// The session a request came with, if it is one and live.
    pub fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let sealed = cookie_of(headers, self.name())?;
        let session = match self.opened.get(sealed) {
            Some(session) => session,
            None => {
                let session: Session = self.open(self.name(), sealed)?;
                self.opened.insert(sealed.into(), session.clone());
                session
            }
        };
        session.is_live(now).then_some(session)
    }

    /// What a sealed text holds, where one of the keys sealed it under this name.
    pub fn open<T: for<'de> Deserialize<'de>>(&self, name: &str, sealed: &str) -> Option<T> {
        if sealed.len() > COOKIE_MAX_BYTES {
            return None;
        }
        self.keys.iter().find_map(|key| {
            let cookie = Cookie::new(name.to_owned(), sealed.to_owned());
            let opened = CookieJar::new().private(key).decrypt(cookie)?;
            serde_json::from_str(opened.value()).ok()
        })
    }

    /// A text that only we can open, and only under this name.
    pub fn seal<T: Serialize>(&self, name: &str, value: &T) -> Option<String> {
        let text = serde_json::to_string(value).ok()?;
        let mut jar = CookieJar::new();
        jar.private_mut(self.keys.first()?).add(Cookie::new(name.to_owned(), text));
        jar.get(name).map(|cookie| cookie.value().to_owned())
    }

    /// The header that gives a browser its session.
    pub fn give(&self, session: &Session) -> Option<HeaderValue> {
        self.set(self.name(), &self.seal(self.name(), session)?, SESSION_MAX)
    }

    /// The header that takes it away.
    pub fn take(&self) -> Option<HeaderValue> {
        self.set(self.name(), "", SignedDuration::ZERO)
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

/// The keys of a file: one a line, the newest first; blank lines and lines with # are skipped.
pub fn read_keys(path: &Path) -> Result<Vec<[u8; KEY_BYTES]>, KeysError> {
    let shown = path.display().to_string();
    let fail = |reason: String| KeysError::File { path: shown.clone(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key_of(line).ok_or(KeysError::Line { path: shown.clone(), line: number + 1 })?;
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(fail(format!("the key on line {} is one that anyone can guess", number + 1)));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(fail("it holds no key".to_owned()));
    }
    Ok(keys)
}

/// The keys of a file that is made where it is missing, readable by its owner alone.
pub fn read_or_make_keys(path: &Path) -> Result<Vec<[u8; KEY_BYTES]>, KeysError> {
    if !path.exists() {
        let text = format!("{}\n", fresh_key());
        write_for_owner(path, &text).map_err(|error| KeysError::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
    }
    read_keys(path)
}

/// A new key as a line of such a file.
fn fresh_key() -> String {
    (0..KEY_BYTES / 32).map(|_| EventHash::from_bytes(ids::secret()).to_string()).collect()
}

fn write_for_owner(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn key_of(line: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    if line.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(line.as_bytes().chunks_exact(2)) {
        let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn session(now: Timestamp) -> Session {
        let person = PersonId(ids::fresh());
        Session::begin(person, Role::PracticeLead, "A81001".parse().unwrap(), SignInWay::Password, now)
    }

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; {cookie}; c=d")).unwrap());
        headers
    }

    fn pair(set: &HeaderValue) -> String {
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    #[test]
    fn a_session_is_opened_by_every_key_of_the_list_and_by_no_other() {
        let now = at("2019-04-01T09:00:00Z");
        let (old, new, foreign) = ([1; KEY_BYTES], [2; KEY_BYTES], [3; KEY_BYTES]);
        let before = Sessions::new(vec![old], Wire::Clear);
        let held = session(now);
        let set = before.give(&held).unwrap();
        for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(set.to_str().unwrap().contains(flag), "{set:?}");
        }
        let request = headers(&pair(&set));
        assert_eq!(before.of(&request, now), Some(held.clone()));
        assert_eq!(Sessions::new(vec![new, old], Wire::Clear).of(&request, now), Some(held));
        assert_eq!(Sessions::new(vec![foreign], Wire::Clear).of(&request, now), None);
        assert!(
            Sessions::new(vec![old], Wire::Tls)
                .give(&session(now))
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Secure")
        );
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_after_a_day_in_any_case() {
        let sessions = Sessions::new(vec![[1; KEY_BYTES]], Wire::Clear);
        let mut held = session(at("2019-04-01T09:00:00Z"));
        let request = headers(&pair(&sessions.give(&held).unwrap()));
        assert!(sessions.of(&request, at("2019-04-01T09:29:00Z")).is_some());
        assert!(sessions.of(&request, at("2019-04-01T09:30:00Z")).is_none(), "idle");
        held.written = at("2019-04-01T20:45:00Z");
        let request = headers(&pair(&sessions.give(&held).unwrap()));
        assert!(sessions.of(&request, at("2019-04-01T20:50:00Z")).is_some());
        assert!(sessions.of(&request, at("2019-04-01T21:00:00Z")).is_none(), "a day's work");
    }

    #[test]
    fn what_was_altered_or_sealed_under_another_name_opens_nothing() {
        let sessions = Sessions::new(vec![[1; KEY_BYTES]], Wire::Clear);
        let sealed = sessions.seal("oversight", &1u8).unwrap();
        assert_eq!(sessions.open::<u8>("oversight", &sealed), Some(1));
        assert_eq!(sessions.open::<u8>("other", &sealed), None);
        for index in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(sessions.open::<u8>("oversight", &altered), None, "{altered}");
        }
    }

    #[test]
    fn a_file_of_keys_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.keys");
        let made = read_or_make_keys(&path).unwrap();
        assert_eq!(read_or_make_keys(&path).unwrap(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "# none\n\nabc\n").unwrap();
        assert!(read_keys(&path).unwrap_err().to_string().contains("line 3"));
    }
}
