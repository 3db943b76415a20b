//! The log as one file of this process.
//!
//! **Store.** A redb file with three tables: *blocks* of up to 64 KiB that hold the bodies of
//! consecutive positions, and two indices, subject to positions and event id to position. The id
//! index keeps every id for ever, so a repeat gets its first receipt however late it comes.
//!
//! **Writing.** One thread takes whatever appends wait, writes them in one transaction and syncs
//! once. An append is answered after its sync. The id is looked up before the expected position is
//! compared, and both see the earlier appends of the same transaction.
//!
//! **Reading.** A scan copies block by block (a read transaction lives for one batch) and hands out
//! slices of the copies, on the runtime's blocking threads, one batch ahead of its consumer.
//!
//! **Damage.** Every page is checked when a log is opened, before anything is written to its file; a file that is not
//! as it was written is refused, and what can still be read of it is found without redb. Beside the file stands where
//! it ended (`.end`), since the file alone does not tell a write that was cut off from one that was lost. What redb
//! makes of damage that comes later is caught: the log then says up to where it can be read, and takes nothing more.
//!
//! What it costs: the last block is written again by each commit until it is full, so a lone append
//! writes up to 64 KiB beside its two index pages; the indices take some 100 bytes an event; an
//! open reads the whole file, to check it. What it saves: a scan runs at the
//! speed of memory, not of one tree look-up an event.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use futures::future::BoxFuture;
use proto::{Position, Subject};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::spawn_blocking,
};

use super::{
    AppendError, Damage, Description, Durability, EVENT_MAX_BYTES, EventLog, Log, NewEvent, OpenError,
    Purpose, ReadError, Reader, Receipt, Recorded,
};

mod block;
mod end;
mod frozen;
mod opening;
mod quiet;
mod reader;
mod remains;
mod store;
mod writer;

use end::End;
use opening::Unopened;
use reader::{Appetite, FileReader};
use remains::{Remains, RemainsLog};
use store::{Fault, Store};
use writer::Job;

/// The most appends that wait for the writer; more wait for a place in the queue.
const QUEUE_EVENTS: usize = 8192;

/// The most kibibytes of bodies that wait for the writer.
const QUEUE_KIB: usize = 64 * 1024;

/// The log as one file of this process.
pub struct FileLog {
    store: Arc<Store>,
    jobs: Option<mpsc::Sender<Job>>,
    room: Arc<Semaphore>,
    head: watch::Receiver<Position>,
    writer: Option<thread::JoinHandle<()>>,
    /// Where no one writes: readers wait for what does not come.
    _head: Option<watch::Sender<Position>>,
}

impl fmt::Debug for FileLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLog")
            .field("path", &self.store.path())
            .field("head", &*self.head.borrow())
            .finish()
    }
}

/// Opens the file for a purpose. To be read alone a damaged one is opened as far as it can be read.
pub async fn open(path: &Path, purpose: Purpose) -> Result<Log, OpenError> {
    let (path, shown) = (path.to_owned(), path.display().to_string());
    let opened = spawn_blocking(move || -> Result<Log, OpenError> {
        let reason = match FileLog::open_blocking(&path, purpose) {
            Ok(log) => return Ok(Arc::new(log)),
            Err(Unopened::Damaged(reason) | Unopened::NotALog(reason)) if purpose == Purpose::Read => reason,
            Err(unopened) => return Err(unopened.into_error(&path)),
        };
        match Remains::find(&path, &reason) {
            Ok(remains) => Ok(Arc::new(RemainsLog(Arc::new(remains)))),
            Err(_) => Err(Unopened::Damaged(reason).into_error(&path)),
        }
    });
    opened.await.unwrap_or_else(|error| {
        Err(OpenError::File { path: shown, reason: format!("opening it failed inside: {error}") })
    })
}

/// How many entries a table of a redb file has that is no log; none where the file or the table is missing, or
/// cannot be read. No one may have the file open.
pub(crate) fn entries_of(path: &Path, table: &str) -> u64 {
    opening::entries_of(path, table).unwrap_or_default()
}

/// Whether a file is a log that holds events. One that is open is not seen.
pub(crate) fn holds_events(path: &Path) -> bool {
    entries_of(path, "blocks") > 0
}

impl FileLog {
    /// Opens the file; makes it, and the folders above it, where it is not there yet.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let path: PathBuf = path.to_owned();
        let shown = path.display().to_string();
        let opened = spawn_blocking(move || {
            Self::open_blocking(&path, Purpose::Work).map_err(|unopened| unopened.into_error(&path))
        });
        opened.await.unwrap_or_else(|error| {
            Err(OpenError::File { path: shown, reason: format!("opening it failed inside: {error}") })
        })
    }

    fn open_blocking(path: &Path, purpose: Purpose) -> Result<Self, Unopened> {
        let (store, last) = Store::open(path, purpose)?;
        let store = Arc::new(store);
        let (head_sender, head) = watch::channel(last);
        let room = Arc::new(Semaphore::new(QUEUE_KIB));
        if purpose == Purpose::Read {
            return Ok(Self { store, jobs: None, room, head, writer: None, _head: Some(head_sender) });
        }
        let (jobs, queue) = mpsc::channel(QUEUE_EVENTS);
        let writers_store = Arc::clone(&store);
        let mut end = End::of(path);
        end.note(last);
        let writer = thread::Builder::new()
            .name("event-log-writer".to_owned())
            .spawn(move || writer::run(&writers_store, queue, &head_sender, end))
            .map_err(|error| Unopened::said(path, format!("its writer cannot be started: {error}")))?;
        Ok(Self { store, jobs: Some(jobs), room, head, writer: Some(writer), _head: None })
    }

    async fn append_event(&self, event: NewEvent, expected: Position) -> Result<Receipt, AppendError> {
        let bytes = event.body.len();
        if bytes > EVENT_MAX_BYTES {
            return Err(AppendError::TooLarge { bytes });
        }
        let stopped =
            || AppendError::Unreachable { reason: "its writer has stopped; start again".to_owned() };
        let read_alone = || AppendError::Refused { reason: "it was opened to be read alone".to_owned() };
        let jobs = self.jobs.as_ref().ok_or_else(read_alone)?;
        let kib = u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        jobs.send(Job { event, expected, answer, _room: room }).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| {
            Err(AppendError::OutcomeUnknown {
                reason: "the log's writer stopped before it answered".to_owned(),
            })
        })
    }

    fn reader(
        &self,
        after: Position,
        appetite: Appetite,
    ) -> BoxFuture<'static, Result<Box<dyn Reader>, ReadError>> {
        let reader = FileReader::new(Arc::clone(&self.store), self.head.clone(), after, appetite);
        Box::pin(async move { Ok(Box::new(reader) as Box<dyn Reader>) })
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, ReadError> {
        let store = Arc::clone(&self.store);
        match spawn_blocking(move || question(&store)).await {
            Ok(answer) => answer.map_err(ReadError::from),
            Err(_) => Err(ReadError::Unreachable { reason: "reading it failed inside".to_owned() }),
        }
    }
}

impl Drop for FileLog {
    /// Waits for the appends under way, then closes the file, so that it can be opened again at once.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        self.store.close();
    }
}

impl EventLog for FileLog {
    fn append(&self, event: NewEvent, expected: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        Box::pin(self.append_event(event, expected))
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        let subject = subject.clone();
        Box::pin(self.ask(move |store| store.last(&subject)))
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        let subject = subject.clone();
        Box::pin(self.ask(move |store| store.of(&subject, after)))
    }

    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        Box::pin(self.ask(move |store| store.at(position)))
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        let head = *self.head.borrow();
        Box::pin(async move { Ok(head) })
    }

    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.reader(after, Appetite::Whole)
    }

    fn read_sparingly(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.reader(after, Appetite::Sparing)
    }

    fn describe(&self) -> Description {
        Description { place: format!("file:{}", self.store.path().display()), durability: Durability::Synced }
    }

    fn damage(&self) -> Option<Damage> {
        self.store.damage().cloned()
    }
}
