//! Passwords: what a good one is, how it is hashed, and how much of that is done at a time.
//!
//! Hashing is slow on purpose (argon2id, 19 MiB), so it runs apart from the requests, a few at a time,
//! and whoever finds too many waiting is told to come again.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use chassis::{Problem, ids};
use proto::{EventHash, claims::FINGERPRINT_BYTES};
use tokio::sync::Semaphore;

use crate::user_name::UserName;

/// The fewest characters of a password.
pub const PASSWORD_MIN_CHARS: usize = 12;

/// The most characters of a password.
pub const PASSWORD_MAX_CHARS: usize = 256;

/// How many passwords are hashed at the same time.
const AT_A_TIME_MAX: usize = 2;

/// How many may wait for that.
const WAITING_MAX: usize = 32;

/// When to come again where too many wait.
const BUSY_RETRY_SECONDS: u32 = 2;

/// The letters and digits of a first password: no two of them look alike. There are 32, so that each
/// carries 5 bits of chance.
const FIRST_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The groups of a first password, and the characters of each: 80 bits of chance in all.
const FIRST_GROUPS: usize = 4;
const FIRST_GROUP_CHARS: usize = 4;

/// The memory in KiB and the passes that the fingerprint of a user name costs. To be the same for every process of an
/// installation, and so never to be changed: names that were claimed would be free again.
const FINGERPRINT_MEMORY_KIB: u32 = 32 * 1024;
const FINGERPRINT_PASSES: u32 = 4;

/// A password as someone typed it. It is never shown: there is no `Debug` and no `Display`.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct Typed(String);

impl Typed {
    /// The password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Typed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Why a password is not taken as a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too short.
    #[error("a password has at least {PASSWORD_MIN_CHARS} characters; three words in a row make a good one")]
    Short,
    /// Too long.
    #[error("a password has up to {PASSWORD_MAX_CHARS} characters")]
    Long,
    /// The first thing anyone would try.
    #[error("the user name is not a password: choose another")]
    UserName,
}

/// Whether a password is fit to be someone's new one.
pub fn check_new(password: &Typed, user_name: &UserName) -> Result<(), Unfit> {
    match password.0.chars().count() {
        count if count < PASSWORD_MIN_CHARS => Err(Unfit::Short),
        count if count > PASSWORD_MAX_CHARS => Err(Unfit::Long),
        _ if password.0.trim().to_lowercase() == user_name.as_str() => Err(Unfit::UserName),
        _ => Ok(()),
    }
}

/// A first password, which no one can guess and which can be read out.
pub fn first_password() -> Typed {
    let chance = ids::secret();
    let groups: Vec<String> = chance
        .chunks(FIRST_GROUP_CHARS)
        .take(FIRST_GROUPS)
        .map(|group| group.iter().map(|byte| char::from(FIRST_ALPHABET[usize::from(byte & 31)])).collect())
        .collect();
    Typed(groups.join("-"))
}

/// Hashes passwords and compares them. Slow: only inside of [`Workshop::at_work`].
#[derive(Debug)]
pub struct Hashing {
    argon2: Argon2<'static>,
    /// For what stands for user names.
    names: Argon2<'static>,
    nobody: String,
    /// How often a password was compared with a hash.
    #[cfg(test)]
    compared: std::sync::atomic::AtomicU32,
}

impl Hashing {
    /// The hash of a password as a PHC string, with a salt of its own.
    pub fn hash(&self, password: &Typed) -> Result<String, Problem> {
        let hash: PasswordHash = self.argon2.hash_password(password.0.as_bytes()).map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Whether a password is the one behind a hash. Where there is no hash the work is the same, and
    /// the answer no.
    pub fn is(&self, password: &Typed, hash: Option<&str>) -> bool {
        let Ok(expected) = PasswordHash::new(hash.unwrap_or(&self.nobody)) else {
            tracing::error!("a password hash in the store of accounts cannot be read");
            return false;
        };
        let same = self.compare(password, &expected);
        same && hash.is_some()
    }

    /// What stands for a user name in the access log, where names do not stand: the same for every process of an
    /// installation, of another installation another, and slow, so that who has the log and guesses names finds few.
    pub fn fingerprint(
        &self,
        name: &UserName,
        installation: EventHash,
    ) -> Result<[u8; FINGERPRINT_BYTES], Problem> {
        let mut fingerprint = [0; FINGERPRINT_BYTES];
        let (name, salt) = (name.as_str().as_bytes(), installation.bytes());
        self.names.hash_password_into(name, salt, &mut fingerprint).map_err(not_fingerprinted)?;
        Ok(fingerprint)
    }

    fn compare(&self, password: &Typed, expected: &PasswordHash) -> bool {
        #[cfg(test)]
        self.compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.argon2.verify_password(password.0.as_bytes(), expected).is_ok()
    }
}

fn failed(error: argon2::password_hash::Error) -> Problem {
    tracing::error!(%error, "a password could not be hashed");
    Problem::internal()
}

fn not_fingerprinted(error: argon2::Error) -> Problem {
    tracing::error!(%error, "the fingerprint of a user name could not be worked out");
    Problem::internal()
}

/// Where passwords are hashed: a few at a time.
#[derive(Debug, Clone)]
pub struct Workshop {
    hashing: Arc<Hashing>,
    places: Arc<Semaphore>,
    benches: Arc<Semaphore>,
}

impl Workshop {
    /// Opens it.
    pub fn open() -> Result<Self, Problem> {
        let names = Params::new(FINGERPRINT_MEMORY_KIB, FINGERPRINT_PASSES, 1, None);
        let mut hashing = Hashing {
            argon2: Argon2::default(),
            names: Argon2::new(Algorithm::Argon2id, Version::V0x13, names.map_err(not_fingerprinted)?),
            nobody: String::new(),
            #[cfg(test)]
            compared: Default::default(),
        };
        hashing.nobody = hashing.hash(&first_password())?;
        Ok(Self {
            hashing: Arc::new(hashing),
            places: Arc::new(Semaphore::new(AT_A_TIME_MAX + WAITING_MAX)),
            benches: Arc::new(Semaphore::new(AT_A_TIME_MAX)),
        })
    }

    /// How often a password was compared with a hash.
    #[cfg(test)]
    pub fn compared(&self) -> u32 {
        self.hashing.compared.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Does work with passwords when it is its turn; 503 where too much work waits.
    pub async fn at_work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            metrics::counter!("oversight_sign_ins_turned_away_total", "reason" => "busy").increment(1);
            let busy =
                Problem::unavailable("too many people sign in at this moment: try again in a few seconds");
            return Err(busy.retry_after(BUSY_RETRY_SECONDS));
        };
        let bench = self.benches.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
        let hashing = self.hashing.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&hashing);
            drop((bench, place));
            done
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "work with a password was cut off");
            Problem::internal()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed {
        Typed(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_nobody_has_one() {
        let workshop = Workshop::open().unwrap();
        let (hash, again) = workshop
            .at_work(|hashing| {
                let hash = |text: &str| hashing.hash(&typed(text)).unwrap();
                (hash("correct horse battery"), hash("correct horse battery"))
            })
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, again, "each has its own salt");
        workshop
            .at_work(move |hashing| {
                assert!(hashing.is(&typed("correct horse battery"), Some(&hash)));
                assert!(!hashing.is(&typed("correct horse batterY"), Some(&hash)));
                assert!(!hashing.is(&typed("correct horse battery"), None));
                assert!(!hashing.is(&typed("correct horse battery"), Some("no hash")));
            })
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_name_has_one_fingerprint_in_an_installation_and_another_elsewhere() {
        let workshop = Workshop::open().unwrap();
        let fingerprint = async |name: &str, installation: &str| {
            let (name, installation) =
                (name.parse::<UserName>().unwrap(), EventHash::of(installation.as_bytes()));
            workshop.at_work(move |hashing| hashing.fingerprint(&name, installation).unwrap()).await.unwrap()
        };
        let one = fingerprint("a@example.org", "here").await;
        assert_eq!(one, fingerprint(" A@Example.ORG", "here").await);
        assert_ne!(one, fingerprint("b@example.org", "here").await);
        assert_ne!(one, fingerprint("a@example.org", "elsewhere").await);
        let digits: String = one.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            digits, "5cad747535f5de5f0cba0e609ab9c2c909d2feb6",
            "what was claimed by another build is known"
        );
    }

    #[tokio::test]
    async fn too_many_at_once_are_told_to_come_again() {
        let workshop = Workshop::open().unwrap();
        let _full = workshop.places.clone().acquire_many_owned((AT_A_TIME_MAX + WAITING_MAX) as u32).await;
        let turned_away = workshop.at_work(|_| ()).await.unwrap_err();
        assert_eq!((turned_away.status, turned_away.retry_after_seconds), (503, Some(BUSY_RETRY_SECONDS)));
    }

    #[test]
    fn a_first_password_is_long_and_never_the_same() {
        let first = first_password();
        assert_eq!(first.0.len(), FIRST_GROUPS * FIRST_GROUP_CHARS + FIRST_GROUPS - 1, "{}", first.0);
        assert_ne!(first.0, first_password().0);
        assert_eq!(check_new(&first, &"a@example.org".parse().unwrap()), Ok(()));
    }

    #[test]
    fn a_password_is_long_enough_and_not_the_user_name() {
        let name: UserName = "someone@example.org".parse().unwrap();
        let check = |text: &str| check_new(&typed(text), &name);
        assert_eq!(check("elevenchars"), Err(Unfit::Short));
        assert_eq!(check("twelve chars"), Ok(()));
        assert_eq!(check("zwölf ÄÖÜ ßß"), Ok(()), "characters, not bytes");
        assert_eq!(check("Someone@Example.org"), Err(Unfit::UserName));
        assert_eq!(check(&"x".repeat(PASSWORD_MAX_CHARS + 1)), Err(Unfit::Long));
    }
}
