//! The files of the keys behind sessions.
//!
//! - The signing key is the secret of `access` alone: one seed of 64 hexadecimal digits a line, the newest first. The
//!   first one signs.
//! - The session keys are what every service needs: lines `public` with 64 hexadecimal digits, one for each signing key
//!   whose sessions are good; and lines `shared` with 128, the newest first, by which all services seal when a session
//!   was last used.
//!
//! Blank lines and lines that begin with `#` are skipped in both.

use std::{
    fmt,
    io::{self, Write as _},
    path::Path,
};

use cookie::Key;
use proto::EventHash;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, Signature, UnparsedPublicKey};
use sha2::{Digest as _, Sha512};

use crate::{ids, private};

/// The bytes of chance a shared key is made of.
pub const SHARED_BYTES: usize = 64;

/// The bytes of chance a signing key is made of.
pub const SEED_BYTES: usize = 32;

/// The bytes of the public half of a signing key.
const PUBLIC_BYTES: usize = 32;

/// What begins the line of a public half.
const PUBLIC: &str = "public";

/// What begins the line of a shared key.
const SHARED: &str = "shared";

/// What makes the key of own cookies another one than whatever else is made of the same seed.
const OWN_COOKIES: &[u8] = b"oversight cookies of access 1\n";

/// Why keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The file.
    #[error("the key file {path} cannot be used: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A line.
    #[error("line {line} of the key file {path} is no key: {accepted}")]
    Line {
        /// Which file.
        path: String,
        /// Which line, from 1.
        line: usize,
        /// What is accepted.
        accepted: &'static str,
    },
    /// The sessions that are signed here would be refused everywhere.
    #[error(
        "the public half of the signing key is not among the session keys, so no service would accept the sessions \
         that are signed with it: add the line “{PUBLIC} {0}” to the file of --session-keys of every service \
         (deploy/secrets.sh does)"
    )]
    UnknownSigner(PublicKey),
}

/// The public half of a signing key: who holds it can tell that a session was signed with the other half, and
/// sign none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_BYTES]);

impl PublicKey {
    /// Whether a signature is one of its other half.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

/// As it stands in a file: 64 hexadecimal digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// What every service needs to know a session.
#[derive(Clone, Default)]
pub struct SessionKeys {
    /// Whose signatures are good. None: those of this process alone, where it signs.
    pub signers: Vec<PublicKey>,
    /// By which all services seal when a session was last used, the newest first.
    pub shared: Vec<[u8; SHARED_BYTES]>,
}

/// Without the keys that are secret.
impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeys").field("signers", &self.signers).finish_non_exhaustive()
    }
}

impl SessionKeys {
    /// Of the file; where it is missing it is made with a fresh shared key, readable by its owner alone.
    pub fn read_or_make(path: &Path) -> Result<Self, KeysError> {
        if !path.exists() {
            make(path, &format!("{SHARED} {}\n", fresh(SHARED_BYTES)))?;
        }
        Self::read(path)
    }

    /// Of a file that is there.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        const ACCEPTED: &str = "accepted are “public” and 64 hexadecimal digits, the public half of a signing key, and \
            “shared” and 128 hexadecimal digits, the newest first";
        let mut keys = Self::default();
        for line in lines(path)? {
            let wrong = || line.wrong(ACCEPTED);
            match line.text.split_once(char::is_whitespace) {
                Some((PUBLIC, digits)) => {
                    keys.signers.push(PublicKey(line.key(digits.trim()).ok_or_else(wrong)??));
                }
                Some((SHARED, digits)) => keys.shared.push(line.key(digits.trim()).ok_or_else(wrong)??),
                Some(_) => return Err(wrong()),
                // As earlier versions wrote them.
                None => keys.shared.push(line.key(&line.text).ok_or_else(wrong)??),
            }
        }
        if keys.shared.is_empty() {
            return Err(unusable(path, "it holds no line of a shared key"));
        }
        Ok(keys)
    }
}

/// The keys by which `access` signs sessions and seals what it alone opens, the newest first. Never empty.
pub struct SigningKeys(Vec<SigningKey>);

/// One of them.
struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
    /// Seals the cookies that are the business of `access` alone.
    own: Key,
}

/// Without what is secret.
impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| key.public)).finish()
    }
}

impl SigningKeys {
    /// Of the file; where it is missing it is made with a fresh key, readable by its owner alone.
    pub fn read_or_make(path: &Path) -> Result<Self, KeysError> {
        if !path.exists() {
            make(path, &format!("{}\n", fresh(SEED_BYTES)))?;
        }
        Self::read(path)
    }

    /// Of a file that is there and that not everyone can read.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        const ACCEPTED: &str = "accepted are 64 hexadecimal digits, the newest key first";
        if private::is_open_to_all(path).unwrap_or(false) {
            let reason = "everyone on this machine can read it, and could sign sessions with it: take that from them \
                (chmod o= FILE)";
            return Err(unusable(path, reason));
        }
        let seeds: Result<Vec<[u8; SEED_BYTES]>, KeysError> = lines(path)?
            .iter()
            .map(|line| line.key(&line.text).ok_or_else(|| line.wrong(ACCEPTED))?)
            .collect();
        Self::of_seeds(&seeds?).ok_or_else(|| unusable(path, "it holds no key"))
    }

    /// Of the seeds, the newest first; none where there is none.
    pub fn of_seeds(seeds: &[[u8; SEED_BYTES]]) -> Option<Self> {
        let key = |seed: &[u8; SEED_BYTES]| {
            let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
            let public = PublicKey(pair.public_key().as_ref().try_into().ok()?);
            let own = Sha512::new().chain_update(OWN_COOKIES).chain_update(seed).finalize();
            Some(SigningKey { pair, public, own: Key::from(own.as_slice()) })
        };
        let keys: Option<Vec<_>> = seeds.iter().map(key).collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }

    /// The public halves, the newest first.
    pub fn public(&self) -> impl Iterator<Item = PublicKey> {
        self.0.iter().map(|key| key.public)
    }

    /// The signature of the newest key.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Signature> {
        self.0.first().map(|key| key.pair.sign(message))
    }

    /// The keys of own cookies, the newest first.
    pub(super) fn own(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().map(|key| &key.own)
    }

    /// Refuses session keys by which no other service would accept what is signed here.
    pub(super) fn check_known(&self, keys: &[PublicKey]) -> Result<(), KeysError> {
        match self.public().next() {
            Some(public) if !keys.is_empty() && !keys.contains(&public) => {
                Err(KeysError::UnknownSigner(public))
            }
            _ => Ok(()),
        }
    }
}

/// What was made of the two files of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// Nothing: all was there.
    Nothing,
    /// A key or a line of one.
    Something,
}

/// Makes the signing key and the session keys of an installation where they are missing, and adds the public halves
/// that are missing in the latter. What is there stays as it is.
pub fn prepare(signing: &Path, keys: &Path) -> Result<Prepared, KeysError> {
    let was_there = signing.exists() && keys.exists();
    let signing = SigningKeys::read_or_make(signing)?;
    let known = SessionKeys::read_or_make(keys)?.signers;
    let missing: Vec<PublicKey> = signing.public().filter(|public| !known.contains(public)).collect();
    if was_there && missing.is_empty() {
        return Ok(Prepared::Nothing);
    }
    add_lines(keys, &missing).map_err(|error| unusable(keys, error))?;
    Ok(Prepared::Something)
}

fn add_lines(path: &Path, public: &[PublicKey]) -> io::Result<()> {
    let ends = std::fs::read_to_string(path)?.ends_with('\n');
    let mut text = if ends { String::new() } else { "\n".to_owned() };
    text.extend(public.iter().map(|public| format!("{PUBLIC} {public}\n")));
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A line of a file of keys.
struct Line<'a> {
    path: &'a Path,
    number: usize,
    text: String,
}

impl Line<'_> {
    fn wrong(&self, accepted: &'static str) -> KeysError {
        KeysError::Line { path: self.path.display().to_string(), line: self.number, accepted }
    }

    /// The key of these digits, where they are one; and that it is not one which anyone can guess.
    fn key<const BYTES: usize>(&self, digits: &str) -> Option<Result<[u8; BYTES], KeysError>> {
        let key: [u8; BYTES] = key_of(digits)?;
        let is_guessable = key.iter().all(|byte| Some(byte) == key.first());
        let guessable =
            || unusable(self.path, format!("the key on line {} is one that anyone can guess", self.number));
        Some(if is_guessable { Err(guessable()) } else { Ok(key) })
    }
}

fn lines(path: &Path) -> Result<Vec<Line<'_>>, KeysError> {
    let text = std::fs::read_to_string(path).map_err(|error| unusable(path, error))?;
    let numbered = text.lines().map(str::trim).zip(1..);
    let said = numbered.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    Ok(said.map(|(line, number)| Line { path, number, text: line.to_owned() }).collect())
}

fn unusable(path: &Path, reason: impl fmt::Display) -> KeysError {
    KeysError::File { path: path.display().to_string(), reason: reason.to_string() }
}

/// So many bytes of chance, in hexadecimal digits.
fn fresh(bytes: usize) -> String {
    let digits = (0..bytes.div_ceil(32)).map(|_| EventHash::from_bytes(ids::secret()).to_string());
    digits.collect::<String>().chars().take(2 * bytes).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a file that its owner alone can read.
fn make(path: &Path, text: &str) -> Result<(), KeysError> {
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error: io::Error| unusable(path, error))
}

fn key_of<const BYTES: usize>(digits: &str) -> Option<[u8; BYTES]> {
    let mut key = [0; BYTES];
    if digits.len() != 2 * BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_files_of_an_installation_are_made_once_and_topped_up() {
        let folder = tempfile::tempdir().unwrap();
        let (signing, keys) = (folder.path().join("session.signing"), folder.path().join("session.keys"));
        // As an earlier version left it, without an end of line.
        let shared = "0123456789abcdef".repeat(8);
        fs::write(&keys, &shared).unwrap();
        assert_eq!(prepare(&signing, &keys), Ok(Prepared::Something));
        let (secret, text) = (fs::read(&signing).unwrap(), fs::read_to_string(&keys).unwrap());
        assert!(text.starts_with(&format!("{shared}\npublic ")), "{text}");
        #[cfg(unix)]
        assert_eq!(mode(&signing), 0o600);
        let read = SessionKeys::read(&keys).unwrap();
        assert_eq!(read.shared.len(), 1);
        assert_eq!(read.signers, SigningKeys::read(&signing).unwrap().public().collect::<Vec<_>>());
        assert!(!text.contains(String::from_utf8_lossy(&secret).trim()), "the secret is told to all");

        assert_eq!(prepare(&signing, &keys), Ok(Prepared::Nothing));
        assert_eq!((fs::read(&signing).unwrap(), fs::read_to_string(&keys).unwrap()), (secret.clone(), text));

        // A new key beside the old one.
        let both = format!("{}{}\n", String::from_utf8_lossy(&secret), "ab01".repeat(16));
        fs::write(&signing, both).unwrap();
        assert_eq!(prepare(&signing, &keys), Ok(Prepared::Something));
        assert_eq!(SessionKeys::read(&keys).unwrap().signers.len(), 2);
    }

    #[test]
    fn keys_that_are_none_or_that_others_know_are_refused_with_what_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let said = |text: &str| {
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            set_mode(&path, 0o600);
            let session = SessionKeys::read(&path).err().map_or(String::new(), |error| error.to_string());
            let signing = SigningKeys::read(&path).err().map_or(String::new(), |error| error.to_string());
            (session, signing)
        };
        let (session, signing) = said("# none\n\nabc\n");
        assert!(session.contains("line 3") && session.contains("“shared” and 128"), "{session}");
        assert!(signing.contains("line 3") && signing.contains("64 hexadecimal digits"), "{signing}");
        let (session, signing) = said("\n# none\n");
        assert!(session.contains("no line of a shared key"), "{session}");
        assert!(signing.contains("holds no key"), "{signing}");
        for zeros in ["0".repeat(64), "a".repeat(128)] {
            let (session, signing) = said(&zeros);
            assert!(session.contains("guess") || signing.contains("guess"), "{session}, {signing}");
        }
        let (session, _) = said(&format!("shared {}\npublic {}\n", "01".repeat(63) + "02", "0".repeat(64)));
        assert!(session.contains("line 2 is one that anyone can guess"), "{session}");
        // A seed is no public half, and would be told to all if it were taken for one.
        let (session, _) = said(&"ab01".repeat(16));
        assert!(session.contains("line 1"), "{session}");
        #[cfg(unix)]
        {
            set_mode(&path, 0o644);
            let refused = SigningKeys::read(&path).unwrap_err().to_string();
            assert!(refused.contains("chmod o="), "{refused}");
        }
    }

    #[test]
    fn signing_with_a_key_that_no_one_knows_is_refused() {
        let own = SigningKeys::of_seeds(&[[1; SEED_BYTES]]).unwrap();
        let other = SigningKeys::of_seeds(&[[2; SEED_BYTES]]).unwrap();
        let known: Vec<PublicKey> = other.public().collect();
        let refused = own.check_known(&known).unwrap_err().to_string();
        assert!(refused.contains(&own.public().next().unwrap().to_string()), "{refused}");
        assert_eq!(other.check_known(&known), Ok(()));
        assert_eq!(own.check_known(&[]), Ok(()), "alone it knows itself");
        let shown = format!("{own:?}");
        assert!(!shown.contains(&"01".repeat(SEED_BYTES)), "{shown}");
    }
}
