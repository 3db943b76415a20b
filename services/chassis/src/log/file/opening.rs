//! How the file of a log is opened: checked first, without a byte of it being changed, and only if it is whole for
//! writing.

use std::{fs, io, path::Path};

use proto::Position;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTableMetadata, StorageError, TableError,
    TableHandle,
};

use super::{
    frozen::Frozen,
    quiet::guarded,
    remains::Remains,
    store::{BLOCKS, FORMAT, Fault, IDS, META, NO_STRUCTURE, SUBJECTS, head_of, is_full},
};
use crate::log::OpenError;

/// Memory redb may use for pages. The scan copies what it hands out, so a larger cache serves only
/// the two indices.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// What Linux says of a disk that cannot read a sector.
const DISK_CANNOT_READ: i32 = 5;

/// Why a file was not opened.
#[derive(Debug)]
pub(super) enum Unopened {
    /// For a reason that is said.
    Said(OpenError),
    /// What is in it is not what was written.
    Damaged(String),
    /// It does not begin as a log does: it is none, or its beginning is damaged.
    NotALog(String),
}

impl From<OpenError> for Unopened {
    fn from(error: OpenError) -> Self {
        Unopened::Said(error)
    }
}

impl Unopened {
    /// The file cannot be used.
    pub(super) fn said(path: &Path, reason: impl Into<String>) -> Self {
        Unopened::Said(file_error(path, reason))
    }

    /// In words.
    pub(super) fn into_error(self, path: &Path) -> OpenError {
        let damaged = |reason: String| OpenError::Damaged {
            path: path.display().to_string(),
            last: readable_to(path),
            reason,
        };
        match self {
            Unopened::Said(error) => error,
            Unopened::Damaged(reason) => damaged(reason),
            Unopened::NotALog(reason) if readable_to(path) > Position::START => damaged(reason),
            Unopened::NotALog(_) => file_error(
                path,
                "it is not an event log, or its beginning is damaged: choose another path, or restore the last backup",
            ),
        }
    }
}

/// Up to where a damaged file can be read.
pub(super) fn readable_to(path: &Path) -> Position {
    Remains::find(path, "").map_or(Position::START, |remains| remains.damage().last)
}

/// Why a log is not begun where one is known to have been.
pub(super) fn gone(noted: Position) -> String {
    format!(
        "it is gone or empty, and went to position {noted}, as the file beside it says: put it back, or restore the \
         last backup with `oversight restore`; to begin anew on purpose choose another path"
    )
}

fn file_error(path: &Path, reason: impl Into<String>) -> OpenError {
    OpenError::File { path: path.display().to_string(), reason: reason.into() }
}

const NO_ROOM: &str = "the disk is full: make room and start again";

fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "this user may not read and write it: change its owner or mode, or choose another path".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "it is on a read-only file system: choose another path".to_owned()
        }
        _ if is_full(error) => NO_ROOM.to_owned(),
        _ => error.to_string(),
    }
}

/// Everything that can be said about the path before redb sees it; makes the folders.
pub(super) fn prepare(path: &Path) -> Result<(), OpenError> {
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

/// What redb says of a file, sorted by what it means.
enum Refused {
    Full,
    Because(Unopened),
}

impl From<Refused> for Unopened {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Because(unopened) => unopened,
            Refused::Full => Unopened::Damaged(NO_ROOM.to_owned()),
        }
    }
}

/// Opens a database in whatever way, guarded: redb may panic over a file that was changed since it was written.
fn guarded_open(
    path: &Path,
    open: impl FnOnce() -> Result<Database, DatabaseError>,
) -> Result<Database, Refused> {
    let damaged = |reason: String| Refused::Because(Unopened::Damaged(reason));
    let opened = guarded(open).map_err(|_| damaged(NO_STRUCTURE.to_owned()))?;
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => Refused::Because(Unopened::said(
            path,
            "another process is using it: stop that one first, or choose another path for this one",
        )),
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData => {
                Refused::Because(Unopened::NotALog("its beginning is not that of a log".to_owned()))
            }
            io::ErrorKind::UnexpectedEof => damaged("it is cut off".to_owned()),
            _ if error.raw_os_error() == Some(DISK_CANNOT_READ) => {
                damaged("the disk cannot read a part of it".to_owned())
            }
            _ if is_full(&error) => Refused::Full,
            _ => Refused::Because(Unopened::said(path, io_reason(&error))),
        },
        DatabaseError::Storage(StorageError::Corrupted(what)) => damaged(what),
        DatabaseError::UpgradeRequired(_) => damaged("its version is none of a log".to_owned()),
        error => damaged(error.to_string()),
    })
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Checks every page of a file, and changes none. Answers the log to be read, and where it ends. It may not end before
/// a position that it is known to have come to.
pub(super) fn examine(path: &Path, noted: Option<Position>) -> Result<(Database, Position), Unopened> {
    let database = guarded_open(path, || {
        builder().set_check_integrity_on_open(true).create_with_backend(Frozen::open(path)?)
    })?;
    let head = end_of(path, &database)?.unwrap_or_default();
    match noted {
        Some(noted) if noted > head => Err(Unopened::Damaged(format!(
            "it went to position {noted}, and position {head} is the last that can be read"
        ))),
        _ => Ok((database, head)),
    }
}

/// How many entries a table of a file has; nothing of it is changed.
pub(super) fn entries_of(path: &Path, table: &str) -> Option<u64> {
    if !fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        return None;
    }
    let database = guarded_open(path, || builder().create_with_backend(Frozen::open(path)?)).ok()?;
    let count = || -> Option<u64> {
        let transaction = database.begin_read().ok()?;
        let handle = transaction.list_tables().ok()?.find(|handle| handle.name() == table)?;
        transaction.open_untyped_table(handle).ok()?.len().ok()
    };
    guarded(count).ok()?
}

/// Opens a file for writing that was found whole: the database, whether there was no room and it is to be read alone,
/// and where the log ends.
pub(super) fn to_work(path: &Path) -> Result<(Database, bool, Position), Unopened> {
    let shown = path.display().to_string();
    let opened = guarded_open(path, || {
        builder()
            .set_repair_callback(move |repair| {
                let percent = (repair.progress() * 100.0) as u32;
                tracing::info!(path = shown, percent, "checking the event log after an unclean stop");
            })
            .create(path)
    });
    let database = match opened {
        Ok(database) => database,
        Err(Refused::Full) => {
            let database = guarded_open(path, || builder().create_with_backend(Frozen::open(path)?))?;
            let head = end_of(path, &database)?.unwrap_or_default();
            return Ok((database, true, head));
        }
        Err(Refused::Because(unopened)) => return Err(unopened),
    };
    let head = match end_of(path, &database)? {
        Some(head) => head,
        None => write_format(path, &database)?,
    };
    Ok((database, false, head))
}

/// Begins a log where there is none.
pub(super) fn begin(path: &Path) -> Result<Database, Unopened> {
    let database = guarded_open(path, || builder().create(path)).map_err(|refused| match refused {
        Refused::Full => Unopened::said(path, NO_ROOM),
        Refused::Because(unopened) => unopened,
    })?;
    write_format(path, &database)?;
    // The file's name must survive a power cut as well as its content.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(database)
}

/// Where the log of a database ends; none where nothing was written yet, not even of which format it is.
fn end_of(path: &Path, database: &Database) -> Result<Option<Position>, Unopened> {
    let found = guarded(|| match format_of(database)? {
        Found::Format(FORMAT) => Ok((Found::Format(FORMAT), head_of(database)?)),
        found => Ok((found, Position::START)),
    });
    let damaged = |fault: &Fault| match fault {
        Fault::Full(text) | Fault::Other(text) | Fault::Closed(text) | Fault::Damaged(_, text) => {
            Unopened::Damaged(text.clone())
        }
    };
    let found: Result<(Found, Position), Fault> =
        found.map_err(|_| Unopened::Damaged(NO_STRUCTURE.to_owned()))?;
    match found.map_err(|fault| damaged(&fault))? {
        (Found::Format(FORMAT), head) => Ok(Some(head)),
        (Found::Format(newer), _) if newer > FORMAT => Err(Unopened::Said(OpenError::Newer {
            path: path.display().to_string(),
            found: u32::try_from(newer).unwrap_or(u32::MAX),
            known: FORMAT as u32,
        })),
        (Found::Format(_) | Found::Foreign, _) => {
            Err(Unopened::said(path, "it is a database of something else: choose another path"))
        }
        (Found::Nothing, _) => Ok(None),
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

/// Writes the format into a new file.
fn write_format(path: &Path, database: &Database) -> Result<Position, Unopened> {
    let write = || -> Result<(), Fault> {
        let transaction = database.begin_write()?;
        transaction.open_table(META)?.insert("format", FORMAT)?;
        transaction.open_table(BLOCKS)?;
        transaction.open_table(SUBJECTS)?;
        transaction.open_table(IDS)?;
        Ok(transaction.commit()?)
    };
    match guarded(write) {
        Ok(Ok(())) => Ok(Position::START),
        Ok(Err(Fault::Full(_))) => Err(Unopened::said(path, NO_ROOM)),
        Ok(Err(Fault::Other(text) | Fault::Closed(text) | Fault::Damaged(_, text))) => {
            Err(Unopened::said(path, text))
        }
        Err(_) => Err(Unopened::Damaged(NO_STRUCTURE.to_owned())),
    }
}
