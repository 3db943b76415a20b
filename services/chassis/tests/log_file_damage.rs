//! The log in a file that is not as it was written, wherever and however that came about: it reads intact, or it says up
//! to where it can be read. No panic is seen, nothing hangs, and nothing of the file is changed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps a test may fail it")]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use chassis::{
    log::{self, AppendError, Damage, Log, LogUrl, NewEvent, OpenError, Purpose, ReadError},
    task::Tasks,
    vitals::{Absence, Vitals},
};
use futures::future::join_all;
use proto::Position;
use support::{event, soon};

/// Enough for some blocks, and for indices with inner pages.
const EVENTS: u64 = 2_500;
/// Of this size, more or less.
const BODY_BYTES: usize = 300;
/// redb's pages.
const PAGE_BYTES: usize = 4096;
/// redb's header: the magic number, flags and geometry, and two commits.
const HEADER_BYTES: usize = 320;

fn body_of(number: u64) -> Bytes {
    format!("{number} {}", char::from(b'a' + (number % 26) as u8).to_string().repeat(BODY_BYTES)).into()
}

fn event_of(number: u64) -> NewEvent {
    NewEvent { body: body_of(number), ..event(number, &format!("f{number}")) }
}

async fn fill(log: &Log) {
    // Few at a time, which keep their order; and so the file has seen many commits.
    for from in (1..=EVENTS).step_by(25) {
        let events =
            (from..(from + 25).min(EVENTS + 1)).map(|number| log.append(event_of(number), Position::START));
        for written in join_all(events).await {
            written.unwrap();
        }
    }
}

/// A log, and what its files are: when it was closed, and as a kill leaves them.
struct Sound {
    folder: tempfile::TempDir,
    closed: [Vec<u8>; 2],
    killed: [Vec<u8>; 2],
}

impl Sound {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.redb");
        let log = log::open(&LogUrl::File(path.clone())).await.unwrap();
        fill(&log).await;
        let files = |path: &Path| [fs::read(path).unwrap(), fs::read(end_of(path)).unwrap()];
        let killed = files(&path);
        drop(log);
        let closed = files(&path);
        Self { folder, closed, killed }
    }

    /// A log file with this content, and what stands beside it.
    fn put(&self, content: &[u8], end: &[u8]) -> PathBuf {
        let path = self.folder.path().join("log.redb");
        fs::write(&path, content).unwrap();
        fs::write(end_of(&path), end).unwrap();
        path
    }
}

fn end_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.end", path.display()))
}

/// Reads from the first event on: how many came, each as it was written, and what the end was.
async fn read_through(log: &Log) -> (Position, Option<ReadError>) {
    let head = log.head().await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    let mut last = Position::START;
    while last < head {
        match soon("a batch or an error", reader.next()).await {
            Ok(batch) => {
                for event in batch.events {
                    assert_eq!(event.position, last.next());
                    assert_eq!(event.body, body_of(event.position.0), "another body was handed out");
                    last = event.position;
                }
            }
            Err(error) => return (last, Some(error)),
        }
    }
    (last, None)
}

/// What becomes of a log whose file is this: how far it can be read.
async fn outcome(path: &Path, what: &str) -> Result<(), Position> {
    let url = LogUrl::File(path.to_owned());
    let content = fs::read(path).unwrap();
    let refused = match soon("opening", log::open(&url)).await {
        Ok(log) => {
            let read = read_through(&log).await;
            assert!(read.1.is_none() && read.0 == Position(EVENTS), "{what}: {read:?}, {:?}", log.damage());
            drop(log);
            return Ok(());
        }
        Err(error) => error,
    };
    let OpenError::Damaged { last, .. } = &refused else { panic!("{what}: {refused}") };
    let said = refused.to_string();
    assert!(said.contains(&format!("is damaged behind position {last}: ")), "{said}");
    assert!(said.contains("oversight backup") && said.contains("restore"), "{said}");
    // To be read alone it is opened, and read just as far.
    let log = soon("opening to read", log::open_for(&url, Purpose::Read)).await.unwrap();
    assert_eq!(log.damage().map(|damage| damage.last), Some(*last), "{what}");
    assert_eq!(log.head().await.unwrap(), *last);
    assert_eq!(read_through(&log).await.0, *last, "{what}");
    let beyond = log.at(last.next()).await.unwrap_err();
    assert!(matches!(beyond, ReadError::Damaged { position, .. } if position == last.next()), "{beyond}");
    let refusal = log.append(event_of(EVENTS + 1), Position::START).await.unwrap_err();
    assert!(matches!(refusal, AppendError::Refused { .. }), "{refusal}");
    drop(log);
    assert!(fs::read(path).unwrap() == content, "{what}: the file was changed");
    Err(*last)
}

/// Counts the panics that anyone would see.
fn count_panics() -> Arc<AtomicUsize> {
    let seen = Arc::new(AtomicUsize::new(0));
    let (count, before) = (seen.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        count.fetch_add(1, Ordering::Relaxed);
        before(panic);
    }));
    seen
}

/// Places in a file: all of its header, and of every page that is used its first bytes and one elsewhere.
fn places(content: &[u8], every: usize) -> BTreeSet<usize> {
    let pages = content.chunks(PAGE_BYTES).enumerate().skip(1);
    let used = pages.filter(|(_, page)| page.iter().any(|byte| *byte != 0));
    let in_pages = used.flat_map(|(number, page)| {
        // Which bytes, goes by the page: over all of them every part of one is met.
        let elsewhere = number * 997 % page.len();
        [0, 2 + number % 40, elsewhere].map(|at| number * PAGE_BYTES + at)
    });
    (0..HEADER_BYTES).step_by(3).chain(in_pages.step_by(every)).filter(|at| *at < content.len()).collect()
}

async fn damaged_anywhere(sound: &Sound, [content, end]: &[Vec<u8>; 2]) {
    let seen = count_panics();
    let (mut lost, mut kept, mut intact) = (0, 0, 0);
    let every = content.len() / PAGE_BYTES / 100 + 1;
    for place in places(content, every) {
        for change in [0x01, 0xA5] {
            let mut spoilt = content.clone();
            spoilt[place] ^= change;
            let path = sound.put(&spoilt, end);
            match outcome(&path, &format!("byte {place} changed by {change:#x}")).await {
                Ok(()) => intact += 1,
                Err(Position(EVENTS)) => kept += 1,
                Err(_) => lost += 1,
            }
        }
    }
    for cut in [
        1,
        100,
        PAGE_BYTES,
        content.len() / 3,
        content.len() / 2,
        content.len() - PAGE_BYTES,
        content.len() - 1,
    ] {
        let path = sound.put(&content[..cut], end);
        let url = LogUrl::File(path);
        match soon("opening", log::open(&url)).await {
            Err(OpenError::Damaged { .. } | OpenError::File { .. }) => {}
            // What is cut off may be room that nothing stands in yet.
            Ok(log) => {
                let read = read_through(&log).await;
                assert!(read.1.is_none() && read.0 == Position(EVENTS), "cut at {cut}: {read:?}");
            }
            Err(other) => panic!("cut at {cut}: {other:?}"),
        }
    }
    assert_eq!(seen.load(Ordering::Relaxed), 0, "a panic was seen");
    // Of all three kinds there are some: events are lost, an index alone is, and what no one needs.
    assert!(lost > 5 && kept > 5 && intact > 5, "{lost} lost, {kept} kept, {intact} intact");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_to_a_log_that_was_closed_is_told_wherever_it_is() {
    let sound = Sound::make().await;
    damaged_anywhere(&sound, &sound.closed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_to_a_log_that_was_killed_is_told_wherever_it_is() {
    let sound = Sound::make().await;
    damaged_anywhere(&sound, &sound.killed).await;
}

/// A repair would take the last write for one that was cut off, and drop it without a word.
#[tokio::test]
async fn a_log_that_lost_its_end_is_not_taken_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.redb");
    let url = LogUrl::File(path.clone());
    let log = log::open(&url).await.unwrap();
    fill(&log).await;
    drop(log);
    let earlier = fs::read(&path).unwrap();
    let log = log::open(&url).await.unwrap();
    log.append(event_of(EVENTS + 1), Position::START).await.unwrap();
    drop(log);
    fs::write(&path, earlier).unwrap();
    assert_eq!(outcome(&path, "an earlier state").await, Err(Position(EVENTS)));
    // A restore brings what is missing.
    let log = log::open_for(&url, Purpose::Restore).await.unwrap();
    log.append(event_of(EVENTS + 1), Position::START).await.unwrap();
    drop(log);
    assert_eq!(log::open(&url).await.unwrap().head().await.unwrap(), Position(EVENTS + 1));
    // One that is gone or empty is not begun anew.
    for left in [Some(""), None] {
        match left {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let said = log::open(&url).await.unwrap_err().to_string();
        assert!(said.contains(&format!("went to position {}", EVENTS + 1)), "{said}");
        assert!(said.contains("oversight restore"), "{said}");
    }
    assert!(!path.exists(), "it was made in vain");
}

/// What is met while it is open: it says so, takes nothing more, and what comes before is read on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_that_comes_while_a_log_is_open_is_told_and_nothing_more_is_written() {
    // More than is kept in memory.
    const LARGE_BYTES: usize = 200 * 1024;
    const LARGE_EVENTS: u64 = 450;
    let seen = count_panics();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.redb");
    let log = log::open(&LogUrl::File(path.clone())).await.unwrap();
    let large = |number| NewEvent { body: vec![b'x'; LARGE_BYTES].into(), ..event_of(number) };
    for from in (1..=LARGE_EVENTS).step_by(25) {
        let written = (from..from + 25).map(|number| log.append(large(number), Position::START));
        assert!(join_all(written).await.iter().all(Result::is_ok));
    }
    let tasks = Tasks::new();
    let vitals = Vitals::of("event log", &log, &Absence::default(), &tasks);
    assert_eq!((log.damage(), vitals.ready()), (None, Ok(())));
    // In place, all but the header: the file stays the one that is open.
    let length = fs::metadata(&path).unwrap().len() as usize;
    let file = fs::File::options().write(true).open(&path).unwrap();
    let spoilt = vec![0xA5; length - PAGE_BYTES];
    std::os::unix::fs::FileExt::write_all_at(&file, &spoilt, PAGE_BYTES as u64).unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    let error = loop {
        match soon("a batch or an error", reader.next()).await {
            Ok(batch) => assert!(batch.events.iter().all(|event| event.body.len() == LARGE_BYTES)),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
    let Some(Damage { last, .. }) = log.damage() else { panic!("it does not say so") };
    let said = vitals.ready().unwrap_err();
    assert!(said.contains(&format!("damaged behind position {last}")), "{said}");
    let refusal = log.append(event_of(EVENTS), Position::START).await.unwrap_err();
    let AppendError::Refused { reason } = refusal else { panic!("{refusal}") };
    assert!(reason.contains("damaged behind position"), "{reason}");
    // A follower stands still instead of asking for ever; one of a log out of reach goes on.
    let pause = std::time::Duration::from_millis(1);
    let stands = tokio::time::timeout(pause * 50, log::pause_after(&error, pause)).await;
    assert!(stands.is_err());
    soon("a pause", log::pause_after(&ReadError::Unreachable { reason: String::new() }, pause)).await;
    drop(log);
    tasks.finish().await;
    assert_eq!(seen.load(Ordering::Relaxed), 0, "a panic was seen");
}
