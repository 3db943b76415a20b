//! The redb file: its tables, how it is opened, read and, after a fault, opened again.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use parking_lot::RwLock;
use proto::{Position, Subject};
use redb::{
    Database, DatabaseError, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    TableDefinition, TableError,
};

use super::block::Block;
use crate::log::{BATCH_MAX_EVENTS, Batch, OpenError, ReadError, Recorded};

/// The format this build writes; it reads all up to it.
pub(super) const FORMAT: u64 = 1;

/// Memory redb may use for pages. The scan copies what it hands out, so a larger cache serves only
/// the two indices.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

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

fn is_full(error: &io::Error) -> bool {
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
}

impl Store {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> Result<(Self, Position), OpenError> {
        prepare(path)?;
        let database = open_database(path)?;
        check_format(path, &database)?;
        let store = Self { path: path.to_owned(), database: RwLock::new(Some(database)) };
        match store.head() {
            Ok(head) => Ok((store, head)),
            Err(fault) => Err(file_error(path, damaged(&fault_text(&fault)))),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file; readers still about are told so.
    pub(super) fn close(&self) {
        drop(self.database.write().take());
    }

    /// Works on the open file.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        match &*self.database.read() {
            Some(database) => work(database),
            None => Err(Fault::Closed("its file is closed".to_owned())),
        }
    }

    /// Opens the file again after a fault: redb answers nothing more once an operation on the file
    /// has failed. Waits for reads in flight, which are short. Answers where the log now ends.
    pub(super) fn reopen(&self) -> Result<Position, Fault> {
        {
            let mut slot = self.database.write();
            drop(slot.take());
            *slot = Some(open_database(&self.path).map_err(|error| Fault::Closed(error.to_string()))?);
        }
        self.head()
    }

    /// Whether the file is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.database.read().is_none()
    }

    fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Fault> {
        self.with(|database| work(&database.begin_read()?))
    }

    /// The position of the last event.
    pub(super) fn head(&self) -> Result<Position, Fault> {
        self.read(|transaction| {
            let blocks = transaction.open_table(BLOCKS)?;
            match blocks.last()? {
                None => Ok(Position::START),
                Some((first, bytes)) => Ok(read_block(Position(first.value()), bytes.value())?.last()),
            }
        })
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

fn file_error(path: &Path, reason: impl Into<String>) -> OpenError {
    OpenError::File { path: path.display().to_string(), reason: reason.into() }
}

fn damaged(what: &str) -> String {
    format!("it is damaged ({what}): move it away and restore the last backup into a new one")
}

fn fault_text(fault: &Fault) -> String {
    match fault {
        Fault::Full(text) | Fault::Other(text) | Fault::Closed(text) => text.clone(),
        Fault::Damaged(position, text) => format!("at position {position}: {text}"),
    }
}

fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "this user may not read and write it: change its owner or mode, or choose another path".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "it is on a read-only file system: choose another path".to_owned()
        }
        _ if is_full(error) => "the disk is full: make room and start again".to_owned(),
        _ => error.to_string(),
    }
}

/// Everything that can be said about the path before redb sees it; makes the folders.
fn prepare(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let example = path.join("events.redb");
            return Err(file_error(
                path,
                format!("it is a folder: name a file, for example file:{}", example.display()),
            ));
        }
        Ok(found) if !found.is_file() => {
            return Err(file_error(path, "it is not an ordinary file: name one"));
        }
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(file_error(path, "a part of its path is a file, not a folder: choose another path"));
        }
        Err(error) => return Err(file_error(path, io_reason(&error))),
    }
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| {
        file_error(path, format!("its folder {} cannot be made: {}", folder.display(), io_reason(&error)))
    })
}

fn open_database(path: &Path) -> Result<Database, OpenError> {
    let is_new = fs::metadata(path).map_or(true, |found| found.len() == 0);
    let shown = path.display().to_string();
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(move |repair| {
        let percent = (repair.progress() * 100.0) as u32;
        tracing::info!(path = shown, percent, "checking the event log after an unclean stop");
    });
    // redb trusts a file that was closed cleanly and may panic over one that was changed since.
    let opened = catch_unwind(AssertUnwindSafe(|| builder.create(path)))
        .map_err(|_| file_error(path, damaged("its structure does not hold together")))?;
    let database = opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => file_error(
            path,
            "another process is using it: stop that one first, or choose another path for this one",
        ),
        DatabaseError::Storage(redb::StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            file_error(path, "it is not an event log, or its beginning is damaged: choose another path, or restore the last backup")
        }
        DatabaseError::Storage(redb::StorageError::Io(error)) => file_error(path, io_reason(&error)),
        DatabaseError::Storage(redb::StorageError::Corrupted(what)) => file_error(path, damaged(&what)),
        error => file_error(path, error.to_string()),
    })?;
    if is_new {
        // The file's name must survive a power cut as well as its content.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = fs::File::open(folder) {
            let _ = folder.sync_all();
        }
    }
    Ok(database)
}

/// Writes the format into a new file, and compares it in an old one.
fn check_format(path: &Path, database: &Database) -> Result<(), OpenError> {
    let found = catch_unwind(AssertUnwindSafe(|| format_of(database)))
        .map_err(|_| file_error(path, damaged("its tables cannot be read")))?
        .map_err(|fault| file_error(path, damaged(&fault_text(&fault))))?;
    match found {
        Found::Format(FORMAT) => Ok(()),
        Found::Format(newer) if newer > FORMAT => Err(OpenError::Newer {
            path: path.display().to_string(),
            found: u32::try_from(newer).unwrap_or(u32::MAX),
            known: FORMAT as u32,
        }),
        Found::Format(_) | Found::Foreign => {
            Err(file_error(path, "it is a database of something else: choose another path"))
        }
        Found::Nothing => begin(database).map_err(|fault| match fault {
            Fault::Full(_) => file_error(path, "the disk is full: make room and start again"),
            fault => file_error(path, fault_text(&fault)),
        }),
    }
}

enum Found {
    Format(u64),
    Nothing,
    Foreign,
}

fn format_of(database: &Database) -> Result<Found, Fault> {
    let transaction = database.begin_read()?;
    match transaction.open_table(META) {
        Ok(meta) => Ok(meta.get("format")?.map_or(Found::Foreign, |format| Found::Format(format.value()))),
        Err(TableError::TableDoesNotExist(_)) if transaction.list_tables()?.next().is_none() => {
            Ok(Found::Nothing)
        }
        Err(TableError::Storage(error)) => Err(error.into()),
        Err(_) => Ok(Found::Foreign),
    }
}

fn begin(database: &Database) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("format", FORMAT)?;
    transaction.open_table(BLOCKS)?;
    transaction.open_table(SUBJECTS)?;
    transaction.open_table(IDS)?;
    Ok(transaction.commit()?)
}
