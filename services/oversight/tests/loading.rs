//! Loading the synthetic England into a log: once, whole, and past interruptions.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{sync::LazyLock, time::Duration};

use chassis::log::{self, Log, LogUrl, NewEvent};
use futures::future::join_all;
use oversight::synthetic::{
    DEFAULT_SEED, England, Loading, Progress,
    gate::Gate,
    load::{self, LoadError, Loaded, Others},
};
use proto::{Position, envelope::ChainLink};

static ENGLAND: LazyLock<England> = LazyLock::new(|| England::new(DEFAULT_SEED));

/// As many events as show what is to be seen, where not all are needed.
const A_PART: usize = 30_000;

async fn load_all(log: &Log, progress: &Progress) -> Result<Loaded, LoadError> {
    let others = Others::Behind(Gate::new());
    load::load(log.clone(), ENGLAND.len(), ENGLAND.events(), others, progress).await
}

async fn file_log(folder: &tempfile::TempDir) -> Log {
    log::open(&LogUrl::File(folder.path().join("log.redb"))).await.unwrap()
}

async fn bodies(log: &Log) -> Vec<bytes::Bytes> {
    let head = log.head().await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    let mut bodies = Vec::new();
    while (bodies.len() as u64) < head.0 {
        bodies.extend(reader.next().await.unwrap().events.into_iter().map(|event| event.body));
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_gets_all_of_it_in_order_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = file_log(&folder).await;
    assert_eq!(load::look(log.as_ref(), DEFAULT_SEED).await.unwrap(), Loading::Needed { seed: DEFAULT_SEED });

    let progress = Progress::new();
    progress.planned();
    assert!(progress.ready().unwrap_err().contains("loading the synthetic England"));
    let loaded = load_all(&log, &progress).await.unwrap();
    assert_eq!(loaded, Loaded { written: ENGLAND.len() as u64, ..Loaded::default() });
    assert_eq!(progress.ready(), Ok(()));
    assert!(bodies(&log).await.into_iter().eq(ENGLAND.events().map(|event| event.body)));

    assert_eq!(load::look(log.as_ref(), 1).await.unwrap(), Loading::Finished { seed: DEFAULT_SEED });
    let again = load_all(&log, &Progress::new()).await.unwrap();
    assert_eq!(again, Loaded { found: ENGLAND.len() as u64, ..Loaded::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_load_is_completed_without_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    for stop_after in [1_000, 30_000] {
        let log = file_log(&folder).await;
        let progress = Progress::new();
        let loading = load_all(&log, &progress);
        let far_enough = async {
            while progress.so_far().0 < stop_after {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            loaded = loading => panic!("too fast to interrupt: {loaded:?}"),
            () = far_enough => {}
        }
        assert_eq!(
            load::look(log.as_ref(), 99).await.unwrap(),
            Loading::Needed { seed: DEFAULT_SEED },
            "the seed it was begun with"
        );
    }
    let log = file_log(&folder).await;
    let loaded = load_all(&log, &Progress::new()).await.unwrap();
    assert_eq!(loaded.written + loaded.found, ENGLAND.len() as u64);
    assert!(loaded.found >= 30_000, "{loaded:?}");
    assert!(bodies(&log).await.into_iter().eq(ENGLAND.events().map(|event| event.body)));
}

/// How many others write at once.
const WRITERS: u64 = 8;

/// Loads while others write as fast as the log takes it, each to an aggregate of its own, and looks
/// at what came of it.
async fn load_while_others_write(log: Log, theirs: Log, others: Others) {
    let progress = Progress::new();
    let done = std::sync::atomic::AtomicBool::new(false);
    let loading = async {
        let loaded = load::load(log.clone(), A_PART, ENGLAND.events().take(A_PART), others, &progress).await;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        loaded
    };
    let write = async |writer: u64| {
        let subject = format!("oversight.organisations.X{writer}");
        let (mut expected, mut count) = (Position::START, 0);
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let id = uuid(writer << 32 | count);
            let body = format!(r#"{{"id":"{id}","subject":"{subject}"}}"#);
            let new = NewEvent { id, subject: subject.parse().unwrap(), body: body.into() };
            expected = theirs.append(new, expected).await.unwrap().position;
            count += 1;
            tokio::time::sleep(Duration::from_millis(count % 5)).await;
        }
        count as usize
    };
    let (loaded, counts) = tokio::join!(loading, join_all((0..WRITERS).map(write)));
    let count: usize = counts.iter().sum();
    let loaded = loaded.unwrap();
    assert_eq!((loaded.written, loaded.left_out), (A_PART as u64, 0));
    let bodies = bodies(&log).await;
    assert_eq!(bodies.len(), A_PART + count);
    assert!(count > 20, "{count} is too little to disturb anything");
    let mut chains = std::collections::HashMap::new();
    for body in bodies.iter().filter(|body| body.len() > 200) {
        let link = ChainLink::read(body).unwrap();
        let before = chains.insert(link.subject.into_owned(), proto::EventHash::of(body));
        assert_eq!(link.previous, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_in_this_process_write_meanwhile_stays_and_everything_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let log = file_log(&folder).await;
    let gate = Gate::new();
    load_while_others_write(log.clone(), gate.before(log), Others::Behind(gate)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_elsewhere_write_meanwhile_stays_and_everything_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let log = file_log(&folder).await;
    load_while_others_write(log.clone(), log, Others::Anywhere).await;
}

fn uuid(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u64_pair(99, number)
}

#[tokio::test]
async fn a_log_that_began_with_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = file_log(&folder).await;
    let subject = "oversight.organisations.X99".parse().unwrap();
    log.append(NewEvent { id: uuid(1), subject, body: "{}".into() }, Position::START).await.unwrap();
    assert_eq!(load::look(log.as_ref(), 1).await.unwrap(), Loading::NotOurs);
}
