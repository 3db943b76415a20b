//! How fast the logs are, beside what they stand on: `cargo run --release -p chassis --example log_speed`.
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::expect_used, reason = "a figure cannot be had without its log")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chassis::log::{self, Log, LogUrl, NewEvent};
use futures::{StreamExt, stream};
use proto::{AggregateId, Position, Service, Subject};
use uuid::Uuid;

const BODY_BYTES: usize = 500;
const SCAN_EVENTS: u64 = 500_000;
const APPEND_FOR: Duration = Duration::from_secs(3);

fn event(number: u64) -> NewEvent {
    let subject: AggregateId = format!("A{number:07}").parse().expect("an aggregate id");
    let filler = "x".repeat(BODY_BYTES - 40);
    NewEvent {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_be_bytes()),
        subject: Subject::new(Service::Organisations, &subject),
        body: Bytes::from(format!("{{\"number\":{number:010},\"filler\":\"{filler}\"}}")),
    }
}

fn rate(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// Appends events of ever new aggregates, so many at a time, for a while. Answers events a second.
async fn append(log: &Log, from: &mut u64, in_flight: usize, at_least: u64) -> f64 {
    let started = Instant::now();
    let first = *from;
    let numbers = stream::iter(first..).take_while(move |number| {
        let on = started.elapsed() < APPEND_FOR || number - first < at_least;
        std::future::ready(on)
    });
    let done = numbers
        .map(|number| log.append(event(number), Position::START))
        .buffer_unordered(in_flight)
        .fold(0, |count, receipt| {
            receipt.expect("an append");
            std::future::ready(count + 1u64)
        })
        .await;
    *from += done;
    rate(done, started)
}

/// Reads the whole log. Answers events a second.
async fn scan(log: &Log) -> f64 {
    let head = log.head().await.expect("the head");
    let mut reader = log.read(Position::START).await.expect("a reader");
    let started = Instant::now();
    let (mut last, mut bytes) = (Position::START, 0);
    while last < head {
        let batch = reader.next().await.expect("a batch");
        last = batch.events.last().expect("an event").position;
        bytes += batch.events.iter().map(|event| event.body.len()).sum::<usize>();
    }
    assert!(bytes > 0);
    rate(head.0, started)
}

async fn file(folder: &Path) {
    let url = LogUrl::File(folder.join("events.redb"));
    let log = log::open(&url).await.expect("a log");
    let mut next = 0;
    for in_flight in [1, 64, 1024] {
        let speed = append(&log, &mut next, in_flight, 0).await;
        println!("file append, {in_flight:4} in flight: {speed:10.0} events/s");
    }
    let missing = SCAN_EVENTS.saturating_sub(next);
    append(&log, &mut next, 4096, missing).await;
    for _ in 0..3 {
        println!("file scan of {next} events:   {:10.0} events/s", scan(&log).await);
    }
    drop(log);
    let started = Instant::now();
    let log = log::open(&url).await.expect("the log again");
    println!("file open: {:?}; {} bytes an event on disk", started.elapsed(), {
        std::fs::metadata(folder.join("events.redb")).expect("the file").len() / next
    });
    drop(log);
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("oversight-log-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    file(&folder).await;
    let _ = std::fs::remove_dir_all(&folder);
}
