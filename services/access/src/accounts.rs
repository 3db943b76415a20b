//! The store of local accounts: user names, display names, password hashes and failed attempts.
//!
//! This is not a cache and never in the log: it lives in a redb file of its own, readable by its owner
//! alone, so that a name can be deleted without touching history. Role, organisation and whether an
//! account is closed stand in the access log; an entry here without an account there opens nothing.
//! The file belongs to one process, as redb sees to.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chassis::{Problem, erasable::Erasable};
use jiff::{SignedDuration, Timestamp};
use proto::PersonId;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::user_name::UserName;

/// By person: an [`Entry`] as JSON.
const ACCOUNTS: TableDefinition<u128, &[u8]> = TableDefinition::new("accounts");
/// By user name: the person.
const NAMES: TableDefinition<&str, u128> = TableDefinition::new("names");
/// By person: wrong passwords in a row, and when the last one was, in microseconds since 1970. A table for
/// each [`Asker`].
type Attempts = TableDefinition<'static, u128, (u32, i64)>;
const ATTEMPTS: Attempts = TableDefinition::new("attempts");
const ATTEMPTS_KNOWN: Attempts = TableDefinition::new("attempts-known");
const ATTEMPTS_OWN: Attempts = TableDefinition::new("attempts-own");

/// Under this key attempts at accounts that do not exist are counted: they cost what others cost.
const NOBODY: u128 = 0;

/// After this many wrong passwords in a row one has to wait.
pub const TRIES_MAX: u32 = 5;

/// How long one waits at first; each further wrong password doubles it.
pub const WAIT_FIRST: SignedDuration = SignedDuration::from_mins(1);

/// The longest one ever waits.
pub const WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What is kept of an account. `Debug` shows neither name nor hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What its holder types to sign in.
    pub user_name: UserName,
    /// What its holder is called on pages for administrators.
    pub display_name: String,
    /// The argon2id hash of the password, as a PHC string.
    pub hash: String,
    /// Whether the password is a first one that has to be changed.
    pub must_change: bool,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("must_change", &self.must_change).finish_non_exhaustive()
    }
}

/// Why the store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file.
    #[error("the store of accounts cannot be used: {0}")]
    Store(String),
    /// Someone has this user name.
    #[error("someone has this user name already")]
    Taken,
    /// There is no such entry.
    #[error("there is no such account")]
    Unknown,
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Self {
        let text = error.to_string();
        match error {
            AccountsError::Taken => Problem::refused("name-taken", text.clone()).at("user_name", text),
            AccountsError::Unknown => Problem::not_found(text),
            AccountsError::Store(_) => {
                tracing::error!(%error, "the store of accounts failed");
                Problem::internal()
            }
        }
    }
}

impl From<redb::Error> for AccountsError {
    fn from(error: redb::Error) -> Self {
        failed(error)
    }
}

fn failed(error: impl fmt::Display) -> AccountsError {
    AccountsError::Store(error.to_string())
}

/// Whether an account may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It may; the attempt is counted as a wrong one until [`Accounts::forget_attempts`].
    Free,
    /// There were too many wrong ones just now.
    Locked,
}

/// Who tries a password of someone. The wrong ones of each are counted apart, so that a stranger who knows
/// a user name keeps out other strangers and not whose name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Anyone.
    Anyone,
    /// A browser that they signed in with before.
    KnownBrowser,
    /// They themselves, who are signed in and show that they still know it.
    SignedIn,
}

impl Asker {
    const ALL: [Asker; 3] = [Asker::Anyone, Asker::KnownBrowser, Asker::SignedIn];

    const fn attempts(self) -> Attempts {
        match self {
            Asker::Anyone => ATTEMPTS,
            Asker::KnownBrowser => ATTEMPTS_KNOWN,
            Asker::SignedIn => ATTEMPTS_OWN,
        }
    }
}

/// The store of accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Arc<Erasable>,
    /// Whether it was found empty beside a log that knows of accounts.
    is_missing_names: Arc<AtomicBool>,
}

impl Accounts {
    /// Opens the file, or begins one.
    pub fn open(path: &Path) -> Result<Self, AccountsError> {
        make_for_owner(path).map_err(failed)?;
        let store = Erasable::open(path).map_err(failed)?;
        if is_begun(&store).map_err(failed)? {
            // On a full disk what is there can be read.
            return Ok(Self { store: Arc::new(store), is_missing_names: Arc::default() });
        }
        let write = store.begin_write().map_err(failed)?;
        write.open_table(ACCOUNTS).map_err(failed)?;
        write.open_table(NAMES).map_err(failed)?;
        for asker in Asker::ALL {
            write.open_table(asker.attempts()).map_err(failed)?;
        }
        write.commit().map_err(failed)?;
        Ok(Self { store: Arc::new(store), is_missing_names: Arc::default() })
    }

    /// Takes note that accounts are missing that the log knows of: they were not deleted.
    pub fn note_missing(&self) {
        self.is_missing_names.store(true, Ordering::Release);
    }

    /// Whether accounts are missing that were not deleted.
    pub fn are_missing(&self) -> bool {
        self.is_missing_names.load(Ordering::Acquire)
    }

    /// Whether no one has an account.
    pub fn is_empty(&self) -> Result<bool, AccountsError> {
        let read = self.store.begin_read().map_err(failed)?;
        read.open_table(ACCOUNTS).map_err(failed)?.is_empty().map_err(failed)
    }

    /// Every account.
    pub fn all(&self) -> Result<Vec<(PersonId, Entry)>, AccountsError> {
        let read = self.store.begin_read().map_err(failed)?;
        let accounts = read.open_table(ACCOUNTS).map_err(failed)?;
        let mut all = Vec::new();
        for account in accounts.iter().map_err(failed)? {
            let (id, bytes) = account.map_err(failed)?;
            all.push((person(id.value()), decode(bytes.value())?));
        }
        Ok(all)
    }

    /// The account of a person.
    pub fn get(&self, id: PersonId) -> Result<Option<Entry>, AccountsError> {
        let read = self.store.begin_read().map_err(failed)?;
        let accounts = read.open_table(ACCOUNTS).map_err(failed)?;
        let found = accounts.get(id.0.as_u128()).map_err(failed)?;
        found.map(|bytes| decode(bytes.value())).transpose()
    }

    /// The account of a user name.
    pub fn find(&self, name: &UserName) -> Result<Option<(PersonId, Entry)>, AccountsError> {
        let read = self.store.begin_read().map_err(failed)?;
        let names = read.open_table(NAMES).map_err(failed)?;
        let Some(id) = names.get(name.as_str()).map_err(failed)?.map(|id| person(id.value())) else {
            return Ok(None);
        };
        Ok(self.get(id)?.map(|entry| (id, entry)))
    }

    /// Adds an account. A name that is held by an entry whose account was never opened, as `is_open`
    /// says, is free.
    pub fn add(
        &self,
        id: PersonId,
        entry: &Entry,
        is_open: impl Fn(PersonId) -> bool,
    ) -> Result<(), AccountsError> {
        let write = self.store.begin_write().map_err(failed)?;
        {
            let mut names = write.open_table(NAMES).map_err(failed)?;
            let mut accounts = write.open_table(ACCOUNTS).map_err(failed)?;
            let name = entry.user_name.as_str();
            let holder = names.get(name).map_err(failed)?.map(|id| person(id.value()));
            if let Some(holder) = holder.filter(|holder| *holder != id) {
                if is_open(holder) {
                    return Err(AccountsError::Taken);
                }
                accounts.remove(holder.0.as_u128()).map_err(failed)?;
            }
            names.insert(name, id.0.as_u128()).map_err(failed)?;
            accounts.insert(id.0.as_u128(), encode(entry)?.as_slice()).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }

    /// Changes the password of an account, and forgets its wrong attempts.
    pub fn set_password(&self, id: PersonId, hash: String, must_change: bool) -> Result<(), AccountsError> {
        let key = id.0.as_u128();
        let write = self.store.begin_write().map_err(failed)?;
        {
            let mut accounts = write.open_table(ACCOUNTS).map_err(failed)?;
            let entry: Option<Entry> =
                accounts.get(key).map_err(failed)?.map(|bytes| decode(bytes.value())).transpose()?;
            let entry = entry.ok_or(AccountsError::Unknown)?;
            let entry = Entry { hash, must_change, ..entry };
            accounts.insert(key, encode(&entry)?.as_slice()).map_err(failed)?;
        }
        forget_all(&write, key)?;
        write.commit().map_err(failed)
    }

    /// Counts an attempt at an account, or at none, before its password is looked at: so that many at
    /// the same time are not more than many in a row. Costs the same for everyone.
    pub fn begin_attempt(
        &self,
        id: Option<PersonId>,
        asker: Asker,
        now: Timestamp,
    ) -> Result<Attempt, AccountsError> {
        let key = id.map_or(NOBODY, |id| id.0.as_u128());
        let write = self.store.begin_write().map_err(failed)?;
        let attempt = {
            let mut attempts = write.open_table(asker.attempts()).map_err(failed)?;
            let (wrong, last) =
                attempts.get(key).map_err(failed)?.map_or((0, i64::MIN), |found| found.value());
            let last = not_later(last, now);
            let locked = id.is_some() && locked_until(wrong, last).is_some_and(|until| now < until);
            let next = match locked {
                true => (wrong, last),
                false => (wrong.saturating_add(1), now.as_microsecond()),
            };
            attempts.insert(key, next).map_err(failed)?;
            if locked { Attempt::Locked } else { Attempt::Free }
        };
        write.commit().map_err(failed)?;
        Ok(attempt)
    }

    /// Forgets the wrong attempts at an account, once there was a right one by the same asker.
    pub fn forget_attempts(&self, id: PersonId, asker: Asker) -> Result<(), AccountsError> {
        let write = self.store.begin_write().map_err(failed)?;
        write.open_table(asker.attempts()).map_err(failed)?.remove(id.0.as_u128()).map_err(failed)?;
        write.commit().map_err(failed)
    }

    /// Until when an account cannot be tried by just anyone, where that is so.
    pub fn locked_until(&self, id: PersonId, now: Timestamp) -> Result<Option<Timestamp>, AccountsError> {
        let read = self.store.begin_read().map_err(failed)?;
        let attempts = read.open_table(ATTEMPTS).map_err(failed)?;
        let found = attempts.get(id.0.as_u128()).map_err(failed)?.map(|found| found.value());
        let until = found.and_then(|(wrong, last)| locked_until(wrong, not_later(last, now)));
        Ok(until.filter(|until| now < *until))
    }

    /// Deletes the names and the password of a person, so that nothing of them is left in the file. The log keeps the id,
    /// which then leads nowhere.
    pub fn remove(&self, id: PersonId) -> Result<(), AccountsError> {
        let key = id.0.as_u128();
        self.store.rewrite(|old, new| {
            let accounts = old.open_table(ACCOUNTS).map_err(failed)?;
            let (mut kept, mut names) =
                (new.open_table(ACCOUNTS).map_err(failed)?, new.open_table(NAMES).map_err(failed)?);
            for account in accounts.iter().map_err(failed)? {
                let (other, bytes) = account.map_err(failed)?;
                if other.value() != key {
                    kept.insert(other.value(), bytes.value()).map_err(failed)?;
                    names.insert(decode(bytes.value())?.user_name.as_str(), other.value()).map_err(failed)?;
                }
            }
            for asker in Asker::ALL {
                let attempts = old.open_table(asker.attempts()).map_err(failed)?;
                let mut kept = new.open_table(asker.attempts()).map_err(failed)?;
                for attempt in attempts.iter().map_err(failed)? {
                    let (other, wrong) = attempt.map_err(failed)?;
                    if other.value() != key {
                        kept.insert(other.value(), wrong.value()).map_err(failed)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Changes what someone is called.
    pub fn set_display_name(&self, id: PersonId, display_name: &str) -> Result<(), AccountsError> {
        let key = id.0.as_u128();
        let write = self.store.begin_write().map_err(failed)?;
        {
            let mut accounts = write.open_table(ACCOUNTS).map_err(failed)?;
            let entry: Option<Entry> =
                accounts.get(key).map_err(failed)?.map(|bytes| decode(bytes.value())).transpose()?;
            let entry = entry.ok_or(AccountsError::Unknown)?;
            let entry = Entry { display_name: display_name.to_owned(), ..entry };
            accounts.insert(key, encode(&entry)?.as_slice()).map_err(failed)?;
        }
        write.commit().map_err(failed)
    }
}

/// Whether every table is there.
fn is_begun(store: &Erasable) -> Result<bool, redb::Error> {
    let read = store.begin_read()?;
    let names: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
    let attempts = Asker::ALL.map(|asker| asker.attempts().name().to_owned());
    let wanted = [ACCOUNTS.name().to_owned(), NAMES.name().to_owned()];
    Ok(wanted.iter().chain(&attempts).all(|table| names.contains(table)))
}

/// Forgets the wrong attempts of every asker.
fn forget_all(write: &WriteTransaction, key: u128) -> Result<(), AccountsError> {
    for asker in Asker::ALL {
        write.open_table(asker.attempts()).map_err(failed)?.remove(key).map_err(failed)?;
    }
    Ok(())
}

fn person(id: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(id))
}

fn decode(bytes: &[u8]) -> Result<Entry, AccountsError> {
    serde_json::from_slice(bytes).map_err(failed)
}

fn encode(entry: &Entry) -> Result<Vec<u8>, AccountsError> {
    serde_json::to_vec(entry).map_err(failed)
}

/// The time of the last wrong password, where a clock was set back since: it was now at the latest. Else whoever
/// mistyped theirs while a clock stood a year ahead would wait for a year.
fn not_later(last_micros: i64, now: Timestamp) -> i64 {
    last_micros.min(now.as_microsecond())
}

/// Until when one has to wait after so many wrong passwords in a row.
fn locked_until(wrong: u32, last_micros: i64) -> Option<Timestamp> {
    let beyond = wrong.checked_sub(TRIES_MAX)?;
    let doubled = 1_i32.checked_shl(beyond).filter(|times| *times > 0);
    let wait = doubled.and_then(|times| WAIT_FIRST.checked_mul(times)).map_or(WAIT_MAX, |w| w.min(WAIT_MAX));
    Timestamp::from_microsecond(last_micros).ok()?.checked_add(wait).ok()
}

/// Makes an empty file that its owner alone can read, where there is none.
fn make_for_owner(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Accounts) {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&folder.path().join("accounts.redb")).unwrap();
        (folder, accounts)
    }

    fn entry(name: &str) -> Entry {
        Entry {
            user_name: name.parse().unwrap(),
            display_name: "A. Officer".to_owned(),
            hash: "$argon2id$first".to_owned(),
            must_change: true,
        }
    }

    fn id(number: u128) -> PersonId {
        person(number)
    }

    fn at(text: &str) -> Timestamp {
        format!("2019-04-01T{text}Z").parse().unwrap()
    }

    #[test]
    fn an_account_is_kept_under_its_name_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.redb");
        {
            let accounts = Accounts::open(&path).unwrap();
            assert!(accounts.is_empty().unwrap());
            accounts.add(id(1), &entry("a@example.org"), |_| true).unwrap();
            accounts.set_password(id(1), "$argon2id$second".to_owned(), false).unwrap();
        }
        let accounts = Accounts::open(&path).unwrap();
        let kept =
            Entry { hash: "$argon2id$second".to_owned(), must_change: false, ..entry("a@example.org") };
        assert_eq!(accounts.find(&"A@EXAMPLE.org".parse().unwrap()).unwrap(), Some((id(1), kept.clone())));
        assert_eq!(accounts.all().unwrap(), vec![(id(1), kept)]);
        accounts.remove(id(1)).unwrap();
        assert!(accounts.is_empty().unwrap() && accounts.get(id(1)).unwrap().is_none());
        assert_eq!(accounts.find(&"a@example.org".parse().unwrap()).unwrap(), None);
        let unknown = accounts.set_password(id(1), String::new(), false).unwrap_err();
        assert!(matches!(unknown, AccountsError::Unknown), "{unknown}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn of_a_removed_account_nothing_is_left_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.redb");
        let accounts = Accounts::open(&path).unwrap();
        accounts.add(id(1), &entry("quillfeather@example.org"), |_| true).unwrap();
        accounts.add(id(2), &entry("b@example.org"), |_| true).unwrap();
        accounts.begin_attempt(Some(id(2)), Asker::Anyone, at("09:00:00")).unwrap();
        accounts.set_display_name(id(1), "Zebedee Quillfeather").unwrap();
        let holds = |text: &str| {
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        assert!(holds("quillfeather") && holds("Quillfeather"));
        accounts.remove(id(1)).unwrap();
        assert!(!holds("quillfeather") && !holds("Quillfeather"));
        assert_eq!(accounts.all().unwrap().len(), 1);
        assert_eq!(accounts.find(&"b@example.org".parse().unwrap()).unwrap().unwrap().0, id(2));
        for _ in 1..TRIES_MAX {
            accounts.begin_attempt(Some(id(2)), Asker::Anyone, at("09:00:01")).unwrap();
        }
        assert!(accounts.locked_until(id(2), at("09:00:02")).unwrap().is_some(), "what was counted stays");
    }

    #[test]
    fn a_name_is_free_while_no_account_stands_behind_it() {
        let (_folder, accounts) = store();
        accounts.add(id(1), &entry("a@example.org"), |_| true).unwrap();
        let taken = accounts.add(id(2), &entry("a@example.org"), |_| true).unwrap_err();
        assert!(matches!(taken, AccountsError::Taken), "{taken}");
        accounts.add(id(2), &entry("a@example.org"), |holder| holder != id(1)).unwrap();
        assert_eq!(accounts.all().unwrap().len(), 1);
        assert_eq!(accounts.find(&"a@example.org".parse().unwrap()).unwrap().unwrap().0, id(2));
    }

    #[test]
    fn wrong_passwords_cost_a_minute_then_twice_as_long_up_to_an_hour() {
        let (_folder, accounts) = store();
        let begin = |time: &str| accounts.begin_attempt(Some(id(1)), Asker::Anyone, at(time)).unwrap();
        for second in 0..5 {
            assert_eq!(begin(&format!("09:00:0{second}")), Attempt::Free);
        }
        assert_eq!(begin("09:00:05"), Attempt::Locked);
        assert_eq!(begin("09:01:03"), Attempt::Locked, "a minute after the last wrong one");
        assert_eq!(accounts.locked_until(id(1), at("09:00:30")).unwrap(), Some(at("09:01:04")));
        assert_eq!(begin("09:01:04"), Attempt::Free);
        assert_eq!(begin("09:03:03"), Attempt::Locked, "two minutes");
        assert_eq!(begin("09:03:04"), Attempt::Free);
        assert_eq!(begin("09:07:03"), Attempt::Locked, "four");
        let mut now = at("09:07:03");
        for _ in 0..40 {
            let until = accounts.locked_until(id(1), now).unwrap().unwrap();
            assert_eq!(accounts.begin_attempt(Some(id(1)), Asker::Anyone, until).unwrap(), Attempt::Free);
            let next = accounts.locked_until(id(1), until).unwrap().unwrap();
            assert!(next.duration_since(until) <= WAIT_MAX);
            now = until;
        }
        accounts.forget_attempts(id(1), Asker::Anyone).unwrap();
        assert_eq!(begin("09:07:03"), Attempt::Free, "a right one makes up for all");
    }

    #[test]
    fn no_one_waits_longer_because_a_clock_stood_ahead() {
        let (_folder, accounts) = store();
        let begin = |now: Timestamp| accounts.begin_attempt(Some(id(1)), Asker::Anyone, now).unwrap();
        let ahead = at("09:00:00") + SignedDuration::from_hours(24 * 365);
        for _ in 0..5 {
            assert_eq!(begin(ahead), Attempt::Free);
        }
        assert_eq!(begin(at("09:00:00")), Attempt::Locked);
        assert_eq!(accounts.locked_until(id(1), at("09:00:30")).unwrap(), Some(at("09:01:00")));
        assert_eq!(begin(at("09:00:59")), Attempt::Locked);
        assert_eq!(begin(at("09:01:00")), Attempt::Free, "a minute after the clock was right again");
    }

    #[test]
    fn attempts_at_nobody_lock_nobody() {
        let (_folder, accounts) = store();
        for _ in 0..20 {
            let nobody = accounts.begin_attempt(None, Asker::Anyone, at("09:00:00")).unwrap();
            assert_eq!(nobody, Attempt::Free);
        }
    }

    #[test]
    fn the_wrong_attempts_of_one_asker_do_not_keep_out_another() {
        let (_folder, accounts) = store();
        accounts.add(id(1), &entry("a@example.org"), |_| true).unwrap();
        let begin = |asker| accounts.begin_attempt(Some(id(1)), asker, at("09:00:00")).unwrap();
        for asker in Asker::ALL {
            for _ in 0..TRIES_MAX {
                assert_eq!(begin(asker), Attempt::Free, "{asker:?}");
            }
            assert_eq!(begin(asker), Attempt::Locked, "{asker:?}");
        }
        accounts.forget_attempts(id(1), Asker::KnownBrowser).unwrap();
        assert_eq!(begin(Asker::Anyone), Attempt::Locked, "a right one makes up for the asker's own alone");
        assert_eq!(begin(Asker::KnownBrowser), Attempt::Free);
        accounts.set_password(id(1), "$argon2id$second".to_owned(), false).unwrap();
        assert!(Asker::ALL.into_iter().all(|asker| begin(asker) == Attempt::Free), "a new one for all");
    }
}
