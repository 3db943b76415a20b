//! A log that fails while a file is imported.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chassis::{
    Clock, Commands, Problem,
    cache::Cache,
    following::Following,
    import::{ImportRecords, Imports, Mode, Patience, Report},
    log::{self, AppendError, Description, EventLog, Log, NewEvent, ReadError, Reader, Receipt, Recorded},
};
use futures::{FutureExt, future::BoxFuture};
use organisations::{
    import::{Import, Kind},
    model::Organisation,
};
use proto::{Position, Subject};
use support::practice;

/// What goes wrong with an append.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Nothing is sent.
    Unreachable,
    /// It is written, and the answer is lost.
    AnswerLost,
    /// No room.
    Full,
}

/// A log whose appends number `from..until` fail.
#[derive(Debug)]
struct Flaky {
    log: Log,
    fault: Fault,
    fails: std::ops::Range<usize>,
    appends: AtomicUsize,
}

impl EventLog for Flaky {
    fn append(&self, event: NewEvent, expected: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        let number = self.appends.fetch_add(1, Ordering::Relaxed);
        let reason = || "a test pulled the plug".to_owned();
        async move {
            if !self.fails.contains(&number) {
                return self.log.append(event, expected).await;
            }
            match self.fault {
                Fault::Unreachable => Err(AppendError::Unreachable { reason: reason() }),
                Fault::Full => Err(AppendError::Full { reason: reason() }),
                Fault::AnswerLost => {
                    self.log.append(event, expected).await?;
                    Err(AppendError::OutcomeUnknown { reason: reason() })
                }
            }
        }
        .boxed()
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        self.log.last(subject)
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        self.log.of(subject, after)
    }

    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        self.log.at(position)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        self.log.read(after)
    }

    fn describe(&self) -> Description {
        self.log.describe()
    }
}

const ROWS: u64 = 1000;

fn file() -> Bytes {
    (0..ROWS).map(|number| practice(&format!("A{number:05}"), "NAME")).collect::<String>().into()
}

/// Imports over a failing log, then again over a sound one; the head of the log after each.
async fn import_twice(fault: Fault, fails: std::ops::Range<usize>) -> [(Result<Report, Problem>, u64); 2] {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().join("log.redb").display()).parse().unwrap();
    let sound = log::open(&url).await.unwrap();
    let flaky: Log = Arc::new(Flaky { log: sound.clone(), fault, fails, appends: AtomicUsize::new(0) });
    let patience = Patience {
        total: Duration::from_millis(500),
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
    };
    let mut results = Vec::new();
    for (name, log) in [("one", &flaky), ("two", &sound)] {
        let cache = Cache::open(&folder.path().join(name), log.as_ref(), &Clock::system()).await.unwrap();
        let commands: Commands<Organisation> = Commands::new(log.clone(), cache.clone()).unwrap();
        let (following, work) = Following::new(log.clone());
        #[expect(clippy::disallowed_methods, reason = "the test ends with it")]
        tokio::spawn(work);
        let records =
            ImportRecords::new(Commands::new(log.clone(), cache).unwrap(), following, Clock::system());
        let new = Import::new(
            chassis::ids::fresh(),
            proto::By::system("test"),
            Kind::Practices,
            "2018-05-31".parse().unwrap(),
            Mode::Write,
        );
        let import = Import { patience, ..new };
        let progress = Imports::new().begin(&import.job, &proto::Actor::system("test")).unwrap();
        let body = futures::stream::iter(vec![Ok::<_, std::io::Error>(file())]);
        let result = import.run(&commands, &records, Clock::system(), progress, body).await;
        results.push((result, sound.head().await.unwrap().0));
    }
    results.try_into().unwrap()
}

#[tokio::test]
async fn a_log_out_of_reach_for_a_moment_is_waited_for() {
    let [(first, head), _] = import_twice(Fault::Unreachable, 100..700).await;
    assert_eq!((first.unwrap().recorded, head), (ROWS, ROWS + 1));
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_write_twice() {
    let [(first, head), (second, after)] = import_twice(Fault::AnswerLost, 100..700).await;
    // The rows, and that the file was read to its end.
    assert_eq!((first.unwrap().recorded, head), (ROWS, ROWS + 1));
    assert_eq!((second.unwrap().recorded, after), (0, ROWS + 1));
}

#[tokio::test]
async fn a_log_that_stays_away_stops_the_import_which_goes_on_when_it_is_sent_again() {
    let [(first, head), (second, after)] = import_twice(Fault::Unreachable, 300..usize::MAX).await;
    let problem = first.unwrap_err();
    assert_eq!((problem.status, head), (503, 300));
    assert!(problem.detail.contains("300 rows were recorded"), "{}", problem.detail);
    let second = second.unwrap();
    assert_eq!((second.recorded, second.unchanged, after), (ROWS - 300, 300, ROWS + 1));
}

#[tokio::test]
async fn a_full_log_stops_the_import_at_once() {
    let [(first, _), (_, after)] = import_twice(Fault::Full, 300..usize::MAX).await;
    assert_eq!(first.unwrap_err().status, 503);
    assert_eq!(after, ROWS + 1);
}
