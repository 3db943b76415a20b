//! The redb file: its tables, how it is opened, read and, after a fault, opened again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use parking_lot::RwLock;
use proto::{Position, Subject};
use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
};

use super::{
    block::Block,
    end,
    opening::{self, Unopened},
    quiet::guarded,
};
use crate::log::{BATCH_MAX_EVENTS, Batch, Damage, Purpose, ReadError, Recorded};

/// The format this build writes; it reads all up to it.
pub(super) const FORMAT: u64 = 1;

/// A batch ends once it holds this much, so that a slow consumer holds little.
pub(super) const BATCH_MAX_BYTES: usize = 4 * 1024 * 1024;

/// `"format"` and its number.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// The first position of a block, and the block.
pub(super) const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// [`subject_key`]: which positions a subject's events have.
pub(super) const SUBJECTS: TableDefinition<&[u8], ()> = TableDefinition::new("subjects");
/// Event id to position.
pub(super) const IDS: TableDefinition<&[u8; 16], u64> = TableDefinition::new("ids");

/// The subject, a zero byte (which no subject contains), the position big-endian: sorted, the
/// events of one subject stand together and in order.
pub(super) fn subject_key(subject: &Subject, position: Position) -> Vec<u8> {
    let text = subject.as_str().as_bytes();
    let mut key = Vec::with_capacity(text.len() + 9);
    key.extend_from_slice(text);
    key.push(0);
    key.extend_from_slice(&position.0.to_be_bytes());
    key
}

/// The position in a [`subject_key`].
pub(super) fn position_of_key(key: &[u8]) -> Option<Position> {
    let start = key.len().checked_sub(8)?;
    Some(Position(u64::from_be_bytes(key.get(start..)?.try_into().ok()?)))
}

/// What can go wrong with the file, sorted by what to do about it.
#[derive(Debug)]
pub(super) enum Fault {
    /// No room: it goes on when there is.
    Full(String),
    /// What was read is not what was written.
    Damaged(Position, String),
    /// Anything else of the disk or of redb.
    Other(String),
    /// The log has been closed, or could not be opened again after a fault.
    Closed(String),
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) if is_full(&error) => Fault::Full(error.to_string()),
            redb::Error::Corrupted(what) => Fault::Damaged(Position::START, what),
            redb::Error::DatabaseClosed => Fault::Closed("it has been closed".to_owned()),
            error => Fault::Other(error.to_string()),
        }
    }
}

macro_rules! fault_from {
    ($($error:ty),*) => { $(impl From<$error> for Fault {
        fn from(error: $error) -> Self { redb::Error::from(error).into() }
    })* };
}
fault_from!(
    redb::StorageError,
    TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::SetDurabilityError
);

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Damaged(position, reason) => ReadError::Damaged { position, reason },
            Fault::Full(reason) | Fault::Other(reason) | Fault::Closed(reason) => {
                ReadError::Unreachable { reason }
            }
        }
    }
}

/// What a page of redb's is that does not read as one.
pub(super) const NO_STRUCTURE: &str = "its structure does not hold together";

/// Whether an error says that there is no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// The open file. `None` once closed, or while it could not be opened again.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    database: RwLock<Option<Database>>,
    /// Whether it could be opened to be read alone.
    is_read_only: AtomicBool,
    damage: OnceLock<Damage>,
}

impl Store {
    /// Opens the file, or makes it. Answers where the log ends, too.
    pub(super) fn open(path: &Path, purpose: Purpose) -> Result<(Self, Position), Unopened> {
        opening::prepare(path)?;
        let noted = end::read(path);
        let is_there = fs::metadata(path).is_ok_and(|found| found.len() > 0);
        let (database, read_only, head) = match (is_there, purpose) {
            (false, Purpose::Read) => return Err(Unopened::said(path, "no log is there")),
            (false, Purpose::Work) if noted > Some(Position::START) => {
                return Err(Unopened::said(path, opening::gone(noted.unwrap_or_default())));
            }
            (false, _) => (opening::begin(path)?, false, Position::START),
            (true, Purpose::Read) => {
                let (database, head) = opening::examine(path, noted)?;
                (database, true, head)
            }
            (true, Purpose::Work) => {
                // Nothing is opened for writing that is not whole: redb would mend it, and what was lost be gone.
                drop(opening::examine(path, noted)?);
                opening::to_work(path)?
            }
            (true, Purpose::Restore) => {
                drop(opening::examine(path, None)?);
                opening::to_work(path)?
            }
        };
        if read_only && purpose != Purpose::Read {
            say_full(path);
        }
        let store = Self {
            path: path.to_owned(),
            database: RwLock::new(Some(database)),
            is_read_only: AtomicBool::new(read_only),
            damage: OnceLock::new(),
        };
        Ok((store, head))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it, once that was met.
    pub(super) fn damage(&self) -> Option<&Damage> {
        self.damage.get()
    }

    /// Takes note that it is damaged from a position on, or somewhere. What was noted first counts.
    pub(super) fn note_damage(&self, position: Position, reason: &str) -> Fault {
        let damage = self.damage.get_or_init(|| {
            let last = match position {
                Position::START => opening::readable_to(&self.path),
                position => Position(position.0 - 1),
            };
            tracing::error!(path = %self.path.display(), %last, reason, "the event log is damaged behind this position");
            Damage { last, reason: reason.to_owned() }
        });
        let position = if position == Position::START { damage.last.next() } else { position };
        Fault::Damaged(position, reason.to_owned())
    }

    /// Whether the file is open to be read alone, for want of room.
    pub(super) fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Acquire)
    }

    /// Closes the file; readers still about are told so.
    pub(super) fn close(&self) {
        let database = self.database.write().take();
        // What redb holds of a damaged file may not even be put away.
        let _ = guarded(|| drop(database));
    }

    /// Works on the open file.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        let done = match &*self.database.read() {
            Some(database) => guarded(|| work(database)),
            None => return Err(Fault::Closed("its file is closed".to_owned())),
        };
        match done {
            Ok(Err(Fault::Damaged(position, reason))) => Err(self.note_damage(position, &reason)),
            Ok(done) => done,
            Err(_) => Err(self.note_damage(Position::START, NO_STRUCTURE)),
        }
    }

    /// Opens the file again after a fault: redb answers nothing more once an operation on the file
    /// has failed. Waits for reads in flight, which are short. Answers where the log now ends. Without
    /// room it is opened to be read alone.
    pub(super) fn reopen(&self) -> Result<Position, Fault> {
        let mut slot = self.database.write();
        let database = slot.take();
        let _ = guarded(|| drop(database));
        let (database, read_only, head) =
            opening::to_work(&self.path).map_err(|unopened| match unopened {
                Unopened::Said(error) => Fault::Closed(error.to_string()),
                Unopened::Damaged(reason) | Unopened::NotALog(reason) => {
                    self.note_damage(Position::START, &reason)
                }
            })?;
        *slot = Some(database);
        if !self.is_read_only.swap(read_only, Ordering::AcqRel) && read_only {
            say_full(&self.path);
        }
        Ok(head)
    }

    /// Whether the file is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.database.read().is_none()
    }

    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        self.with(|database| work(&database.begin_read()?))
    }

    /// Where an event id stands.
    pub(super) fn position_of(&self, id: &[u8; 16]) -> Result<Option<Position>, Fault> {
        self.read(|transaction| Ok(transaction.open_table(IDS)?.get(id)?.map(|at| Position(at.value()))))
    }

    /// The event at a position.
    pub(super) fn at(&self, position: Position) -> Result<Option<Recorded>, Fault> {
        self.read(|transaction| {
            let blocks = transaction.open_table(BLOCKS)?;
            let block = block_with(&blocks, position)?;
            Ok(block.and_then(|block| recorded(&block, position)))
        })
    }

    /// The last event of a subject.
    pub(super) fn last(&self, subject: &Subject) -> Result<Option<Recorded>, Fault> {
        self.read(|transaction| {
            let subjects = transaction.open_table(SUBJECTS)?;
            let Some(position) = last_of(&subjects, subject)? else { return Ok(None) };
            let block = block_with(&transaction.open_table(BLOCKS)?, position)?;
            block.and_then(|block| recorded(&block, position)).map(Some).ok_or_else(|| missing(position))
        })
    }

    /// The events of a subject after a position.
    pub(super) fn of(&self, subject: &Subject, after: Position) -> Result<Vec<Recorded>, Fault> {
        self.read(|transaction| {
            let subjects = transaction.open_table(SUBJECTS)?;
            let blocks = transaction.open_table(BLOCKS)?;
            let from = subject_key(subject, after.next());
            let to = subject_key(subject, Position(u64::MAX));
            let mut events = Vec::new();
            let mut block: Option<Block> = None;
            for entry in subjects.range(from.as_slice()..=to.as_slice())? {
                let Some(position) = position_of_key(entry?.0.value()) else { continue };
                if block.as_ref().is_none_or(|block| block.last() < position) {
                    block = block_with(&blocks, position)?;
                }
                let event = block.as_ref().and_then(|block| recorded(block, position));
                events.push(event.ok_or_else(|| missing(position))?);
            }
            Ok(events)
        })
    }

    /// The next events after a position, as many as one batch holds and no more bytes, but for a first block; empty if
    /// there are none.
    pub(super) fn scan(&self, after: Position, max_bytes: usize) -> Result<Batch, Fault> {
        self.read(|transaction| {
            let blocks = transaction.open_table(BLOCKS)?;
            let mut events: Vec<Recorded> = Vec::new();
            let mut next = after.next();
            let mut bytes = 0;
            let Some(start) =
                blocks.range(..=next.0)?.next_back().transpose()?.map(|(first, _)| first.value())
            else {
                return Ok(Batch { events, head: Position::START });
            };
            for entry in blocks.range(start..)? {
                let (first, value) = entry?;
                let block = read_block(Position(first.value()), value.value())?;
                if block.last() < next {
                    continue;
                }
                if block.first() > next {
                    return Err(missing(next));
                }
                let room = BATCH_MAX_EVENTS - events.len();
                if !events.is_empty() && (block.count() > room || bytes + block.len() > max_bytes) {
                    break;
                }
                bytes += block.len();
                events.reserve(block.count());
                while next <= block.last() {
                    events.push(recorded(&block, next).ok_or_else(|| missing(next))?);
                    next = next.next();
                }
            }
            let head = events.last().map_or(Position::START, |event| event.position);
            Ok(Batch { events, head })
        })
    }
}

fn missing(position: Position) -> Fault {
    Fault::Damaged(position, "the file does not hold this event".to_owned())
}

fn recorded(block: &Block, position: Position) -> Option<Recorded> {
    block.body(position).map(|body| Recorded { position, body })
}

/// Copies and checks a block. The copy frees the transaction from waiting for whoever holds the
/// events.
pub(super) fn read_block(first: Position, bytes: &[u8]) -> Result<Block, Fault> {
    Block::read(first, Bytes::copy_from_slice(bytes)).map_err(|what| Fault::Damaged(first, what.to_owned()))
}

fn block_with(blocks: &ReadOnlyTable<u64, &[u8]>, position: Position) -> Result<Option<Block>, Fault> {
    match blocks.range(..=position.0)?.next_back().transpose()? {
        None => Ok(None),
        Some((first, bytes)) => {
            let block = read_block(Position(first.value()), bytes.value())?;
            Ok((block.last() >= position).then_some(block))
        }
    }
}

/// The last position of a subject.
pub(super) fn last_of(
    subjects: &impl ReadableTable<&'static [u8], ()>,
    subject: &Subject,
) -> Result<Option<Position>, Fault> {
    let from = subject_key(subject, Position::START);
    let to = subject_key(subject, Position(u64::MAX));
    let last = subjects.range(from.as_slice()..=to.as_slice())?.next_back().transpose()?;
    Ok(last.and_then(|(key, _)| position_of_key(key.value())))
}

fn say_full(path: &Path) {
    tracing::error!(path = %path.display(), "the disk is full: the event log is read, and takes nothing until there is room");
}

/// The position of the last event.
pub(super) fn head_of(database: &Database) -> Result<Position, Fault> {
    let blocks = database.begin_read()?.open_table(BLOCKS)?;
    match blocks.last()? {
        None => Ok(Position::START),
        Some((first, bytes)) => Ok(read_block(Position(first.value()), bytes.value())?.last()),
    }
}
