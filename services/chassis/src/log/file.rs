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
//! What it costs: the last block is written again by each commit until it is full, so a lone append
//! writes up to 64 KiB beside its two index pages; the indices take some 100 bytes an event; an
//! open after a crash reads the whole file once, to check it. What it saves: a scan runs at the
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
    AppendError, Description, Durability, EVENT_MAX_BYTES, EventLog, NewEvent, OpenError, ReadError, Reader,
    Receipt, Recorded,
};

mod block;
mod reader;
mod store;
mod writer;

use reader::{Appetite, FileReader};
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
}

impl fmt::Debug for FileLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLog")
            .field("path", &self.store.path())
            .field("head", &*self.head.borrow())
            .finish()
    }
}

impl FileLog {
    /// Opens the file; makes it, and the folders above it, where it is not there yet.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let path: PathBuf = path.to_owned();
        let shown = path.display().to_string();
        let opened = spawn_blocking(move || Self::open_blocking(&path)).await;
        opened.unwrap_or_else(|_| {
            Err(OpenError::File {
                path: shown,
                reason: "it is damaged: move it away and restore the last backup into a new one".to_owned(),
            })
        })
    }

    fn open_blocking(path: &Path) -> Result<Self, OpenError> {
        let (store, last) = Store::open(path)?;
        let store = Arc::new(store);
        let (jobs, queue) = mpsc::channel(QUEUE_EVENTS);
        let (head_sender, head) = watch::channel(last);
        let writers_store = Arc::clone(&store);
        let writer = thread::Builder::new()
            .name("event-log-writer".to_owned())
            .spawn(move || writer::run(&writers_store, queue, &head_sender))
            .map_err(|error| OpenError::File {
                path: path.display().to_string(),
                reason: format!("its writer cannot be started: {error}"),
            })?;
        Ok(Self {
            store,
            jobs: Some(jobs),
            room: Arc::new(Semaphore::new(QUEUE_KIB)),
            head,
            writer: Some(writer),
        })
    }

    async fn append_event(&self, event: NewEvent, expected: Position) -> Result<Receipt, AppendError> {
        let bytes = event.body.len();
        if bytes > EVENT_MAX_BYTES {
            return Err(AppendError::TooLarge { bytes });
        }
        let stopped =
            || AppendError::Unreachable { reason: "its writer has stopped; start again".to_owned() };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
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
}
