//! The log in a file when things go wrong: paths that cannot be, files of others, damage, a full
//! disk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "what helps a test may fail it")]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use chassis::{
    Clock,
    cache::Cache,
    log::{self, AppendError, LogUrl, NewEvent, OpenError, ReadError},
};
use proto::Position;
use support::{body, event, fill, now, read_all, soon};

async fn refusal(path: &Path) -> String {
    match soon("a refusal", log::open(&LogUrl::File(path.to_owned()))).await {
        Err(error) => error.to_string(),
        Ok(log) => panic!("{log:?} was opened"),
    }
}

fn assert_says(said: &str, path: &Path, words: &[&str]) {
    assert!(said.contains(&path.display().to_string()), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test]
async fn file_a_path_that_cannot_be_a_log_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    assert_says(&refusal(folder.path()).await, folder.path(), &["it is a folder", "events.redb"]);

    let text = folder.path().join("notes.txt");
    fs::write(&text, "these are notes, and long enough to be read as a header\n".repeat(100)).unwrap();
    assert_says(&refusal(&text).await, &text, &["not an event log"]);
    let below = text.join("events.redb");
    assert_says(&refusal(&below).await, &below, &["not a folder"]);

    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let inside = closed.join("events.redb");
    if fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("SKIPPED: this user may write anywhere, so an unreadable folder cannot be made");
    } else {
        assert_says(&refusal(&inside).await, &inside, &["may not read and write"]);
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn file_a_log_in_use_is_refused_until_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.redb");
    let log = log::open(&LogUrl::File(path.clone())).await.unwrap();
    assert_says(&refusal(&path).await, &path, &["another process is using it", "stop"]);
    let mut reader = log.read(Position::START).await.unwrap();
    drop(log);
    let again = log::open(&LogUrl::File(path)).await.unwrap();
    fill(&again, 1..=1).await;
    // A reader of the closed log does not hold the file, and is told.
    assert!(matches!(soon("the end", reader.next()).await, Err(ReadError::Unreachable { .. })));
}

#[tokio::test]
async fn file_a_log_of_a_newer_build_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.redb");
    drop(log::open(&LogUrl::File(path.clone())).await.unwrap());
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<&str, u64> = redb::TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("format", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    match log::open(&LogUrl::File(path)).await {
        Err(OpenError::Newer { found: 7, known: 1, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn file_a_database_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.redb");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let table: redb::TableDefinition<&str, u64> = redb::TableDefinition::new("theirs");
    transaction.open_table(table).unwrap().insert("x", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_says(&refusal(&path).await, &path, &["database of something else"]);
}

/// Wherever a byte of the file changes: the log opens with all its events, or says that it is
/// damaged. It never panics and never hands out another body.
#[tokio::test]
async fn file_damage_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.redb");
    let log = log::open(&LogUrl::File(path.clone())).await.unwrap();
    fill(&log, 1..=300).await;
    drop(log);
    let sound = fs::read(&path).unwrap();
    let (mut noticed, mut harmless) = (0, 0);
    for step in 0..64 {
        let mut spoilt = sound.clone();
        let start = step * sound.len() / 64;
        for byte in &mut spoilt[start..(start + 512).min(sound.len())] {
            *byte ^= 0xA5;
        }
        let path: PathBuf = folder.path().join(format!("spoilt-{step}.redb"));
        fs::write(&path, spoilt).unwrap();
        let Ok(log) = log::open(&LogUrl::File(path.clone())).await else {
            noticed += 1;
            continue;
        };
        let mut reader = log.read(Position::START).await.unwrap();
        let head = log.head().await.unwrap();
        let mut last = Position::START;
        while last < head {
            match soon("a batch or an error", reader.next()).await {
                Ok(batch) => {
                    for event in &batch.events {
                        assert_eq!(event.position, last.next());
                        let number = event.position.0;
                        assert_eq!(event.body, body(number, &format!("f{number}")));
                        last = event.position;
                    }
                }
                Err(_) => break,
            }
        }
        if last < Position(300) {
            noticed += 1
        } else {
            harmless += 1
        }
        drop(log);
        fs::remove_file(path).unwrap();
    }
    assert!(noticed > 0, "no damage was noticed; {harmless} were harmless");
}

/// A small disk of its own, where this user may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap().keep();
        let options = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder).output();
        if mounted.is_ok_and(|output| output.status.success()) { Some(Self(folder)) } else { None }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn file_a_full_disk_refuses_and_the_log_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("24m") else {
        eprintln!("SKIPPED: this user may not mount a small disk to fill");
        return;
    };
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![1; 8 * 1024 * 1024]).unwrap();
    let url = LogUrl::File(disk.0.join("events.redb"));
    let log = log::open(&url).await.unwrap();
    let large = |number: u64| {
        let body = format!("{number} {}", "z".repeat(100_000));
        NewEvent { body: body.into(), ..event(number, &format!("f{number}")) }
    };
    let mut written = 0;
    let refused = loop {
        match log.append(large(written + 1), Position(0)).await {
            Ok(receipt) => {
                written += 1;
                assert_eq!(receipt, now(written));
            }
            Err(error) => break error,
        }
        assert!(written < 1000, "the disk never filled");
    };
    assert!(matches!(refused, AppendError::Full { .. }), "{refused:?}");
    assert!(written > 10);
    // Still full, still whole.
    assert!(matches!(log.append(large(written + 1), Position(0)).await, Err(AppendError::Full { .. })));
    assert_eq!(read_all(&log).await.len() as u64, written);
    fs::remove_file(&ballast).unwrap();
    for number in written + 1..=written + 10 {
        assert_eq!(log.append(large(number), Position(0)).await.unwrap(), now(number));
    }
    drop(log);
    let again = log::open(&url).await.unwrap();
    for event in read_all(&again).await {
        assert!(event.body.starts_with(format!("{} ", event.position).as_bytes()));
    }
    assert_eq!(again.head().await.unwrap(), Position(written + 10));
}

/// Started on a full disk it can be read, and takes events again once there is room; a cache that cannot be opened there
/// is left as it is.
#[tokio::test]
async fn file_a_log_on_a_full_disk_is_opened_and_read_and_good_caches_are_kept() {
    let Some(disk) = SmallDisk::mount("24m") else {
        eprintln!("SKIPPED: this user may not mount a small disk to fill");
        return;
    };
    let url = LogUrl::File(disk.0.join("events.redb"));
    let log = log::open(&url).await.unwrap();
    fill(&log, 1..=200).await;
    let (caches, clock) = (disk.0.join("cache"), Clock::system());
    let cache = Cache::open(&caches.join("onsite"), log.as_ref(), &clock).await.unwrap();
    cache.part::<u64>("numbers", 1).unwrap().put("one", &1);
    cache.flush().await;
    drop((cache, log));
    for killed in [false, true] {
        if killed {
            // As a kill leaves the file.
            let log = log::open(&url).await.unwrap();
            let left = fs::read(disk.0.join("events.redb")).unwrap();
            drop(log);
            fs::write(disk.0.join("events.redb"), left).unwrap();
        }
        let ballast = disk.0.join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|written| written > 0) {}
        drop(file);
        let log = log::open(&url).await.unwrap();
        let count = read_all(&log).await.len();
        assert!(count >= 200, "{count}");
        let large = |number: u64| NewEvent {
            body: vec![b'z'; 200_000].into(),
            ..event(number, &format!("f{number}"))
        };
        let from = count as u64 + 1;
        let mut refused = None;
        for number in from..from + 200 {
            if let Err(error) = log.append(large(number), Position(0)).await {
                refused = Some(error);
                break;
            }
        }
        assert!(matches!(refused, Some(AppendError::Full { .. })), "{refused:?}");
        let cache = Cache::open(&caches.join("onsite"), log.as_ref(), &clock).await.unwrap();
        drop(cache);
        let aside = fs::read_dir(&caches)
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().contains("aside"));
        assert!(!aside, "a good cache was moved aside");
        fs::remove_file(&ballast).unwrap();
        let head = log.head().await.unwrap().0;
        assert_eq!(
            log.append(event(head + 1000, &format!("r{head}")), Position(0)).await.unwrap(),
            now(head + 1)
        );
        drop(log);
    }
    let log = log::open(&url).await.unwrap();
    let cache = Cache::open(&caches.join("onsite"), log.as_ref(), &clock).await.unwrap();
    assert_eq!(cache.part::<u64>("numbers", 1).unwrap().get("one"), Some(1));
}
