//! `kill -9` in the middle of a write storm: every acknowledged event is there afterwards.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "what helps a test may fail it")]

mod support;

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use chassis::{
    log::{self, Log, LogUrl},
    testing::nats::{NatsServer, Sync},
};
use futures::{StreamExt, stream};
use proto::Position;
use support::{body, event, read_all, soon};

const FILE_VARIABLE: &str = "OVERSIGHT_TEST_STORM_FILE";
const FIRST_VARIABLE: &str = "OVERSIGHT_TEST_STORM_FIRST";
const IN_FLIGHT: usize = 64;
const ROUNDS: u64 = 4;
/// The kill comes after this many acknowledgements; one number later each round.
const ACKNOWLEDGED: u64 = 700;

fn aggregate(number: u64) -> String {
    format!("s{number}")
}

/// All acknowledged events, and no other event in their place.
async fn assert_there(log: &Log, acknowledged: &[(u64, Position)]) {
    let events = read_all(log).await;
    for (number, position) in acknowledged {
        let index = usize::try_from(position.0 - 1).unwrap();
        let there = events.get(index).unwrap_or_else(|| panic!("event {number} at {position} is lost"));
        assert_eq!(there.body, body(*number, &aggregate(*number)), "at {position}");
    }
}

/// Not a test of its own: what the test below starts in a process to be killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storm_in_a_process_of_its_own() {
    let (Ok(path), Ok(first)) = (env::var(FILE_VARIABLE), env::var(FIRST_VARIABLE)) else { return };
    let log = log::open(&LogUrl::File(path.into())).await.unwrap();
    let log = &log;
    stream::iter(first.parse::<u64>().unwrap()..)
        .map(|number| async move {
            let receipt = log.append(event(number, &aggregate(number)), Position(0)).await.unwrap();
            (number, receipt.position)
        })
        .buffer_unordered(IN_FLIGHT)
        .for_each(|(number, position)| async move {
            writeln!(std::io::stdout().lock(), "acknowledged {number} {position}").unwrap();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_every_acknowledged_event_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.redb");
    let mut acknowledged = Vec::new();
    for round in 1..=ROUNDS {
        let mut storm = Command::new(env::current_exe().unwrap())
            .args(["--exact", "storm_in_a_process_of_its_own", "--nocapture"])
            .env(FILE_VARIABLE, &path)
            .env(FIRST_VARIABLE, (round * 1_000_000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(storm.stdout.take().unwrap()).lines();
        let mut count = 0;
        // What it said before it died counts as well, up to the last whole line.
        while let Some(Ok(line)) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["acknowledged", number, position] = words[..]
                && let (Ok(number), Ok(position)) = (number.parse(), position.parse())
            {
                acknowledged.push((number, Position(position)));
                count += 1;
            }
            if count == ACKNOWLEDGED + round {
                storm.kill().unwrap();
            }
        }
        assert!(count >= ACKNOWLEDGED, "the storm ended early");
        storm.wait().unwrap();
        let log = log::open(&LogUrl::File(path.clone())).await.unwrap();
        // A last line cut off in the middle of its number would not parse as what it was.
        assert_there(&log, &acknowledged[..acknowledged.len() - 1]).await;
        acknowledged.pop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_every_acknowledged_event_survives_a_kill_of_the_server() {
    let mut server = NatsServer::start(Sync::Always);
    let mut acknowledged = Vec::new();
    for round in 1..=ROUNDS {
        let log = soon("opening", log::open(&server.url())).await.unwrap();
        let writer = &log;
        let mut storm = Box::pin(
            stream::iter(round * 1_000_000..)
                .map(|number| async move {
                    let answer = writer.append(event(number, &aggregate(number)), Position(0)).await;
                    (number, answer)
                })
                .buffer_unordered(IN_FLIGHT),
        );
        let mut count = 0;
        let mut failed = 0;
        while failed < IN_FLIGHT {
            match soon("an answer", storm.next()).await {
                Some((number, Ok(receipt))) => {
                    acknowledged.push((number, receipt.position));
                    count += 1;
                    if count == ACKNOWLEDGED + round {
                        server.kill();
                    }
                }
                Some((_, Err(_))) => failed += 1,
                None => break,
            }
        }
        drop(storm);
        drop(log);
        assert!(count >= ACKNOWLEDGED);
        server.run();
        let log = soon("opening again", log::open(&server.url())).await.unwrap();
        assert_there(&log, &acknowledged).await;
    }
}
