//! How fast the logs are, beside what they stand on:
//! `cargo run --release -p chassis --features testing --example log_speed [file|synced|nats]`.
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::expect_used, reason = "a figure cannot be had without its log")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use async_nats::{
    Client, HeaderMap,
    jetstream::{
        self,
        consumer::{pull, push},
    },
};
use bytes::Bytes;
use chassis::{
    log::{self, Log, LogUrl, NewEvent},
    testing::nats::{NatsServer, Sync},
};
use futures::{StreamExt, stream};
use proto::{AggregateId, Position, Service, Subject};
use uuid::Uuid;

const BODY_BYTES: usize = 500;
const SCAN_EVENTS: u64 = 500_000;
const APPEND_FOR: Duration = Duration::from_secs(1);
const TURNS: u32 = 4;

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

/// The headers an append carries.
fn headers(event: &NewEvent) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", event.id.to_string());
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    headers.insert("Nats-Expected-Stream", "OVERSIGHT");
    headers
}

/// Publishes as the client library does it, so many at a time, for a while.
async fn raw_publish(context: &jetstream::Context, from: &mut u64, in_flight: usize) -> f64 {
    let started = Instant::now();
    let numbers =
        stream::iter(*from..).take_while(move |_| std::future::ready(started.elapsed() < APPEND_FOR));
    let done = numbers
        .map(|number| async move {
            let event = event(number);
            let subject = event.subject.as_str().to_owned();
            let sent = context.publish_with_headers(subject, headers(&event), event.body).await;
            sent.expect("a publish").await.expect("an acknowledgement")
        })
        .buffer_unordered(in_flight)
        .fold(0u64, |count, _| std::future::ready(count + 1))
        .await;
    *from += done;
    rate(done, started)
}

/// Drains the stream with the client library's own ordered consumers, without a look at it.
async fn raw_drain(context: &jetstream::Context, client: &Client, head: u64) -> (f64, f64) {
    let stream = context.get_stream("OVERSIGHT").await.expect("the stream");
    let push = push::OrderedConfig { deliver_subject: client.new_inbox(), ..Default::default() };
    let push = stream.create_consumer(push).await.expect("a consumer");
    let mut messages = push.messages().await.expect("messages");
    let started = Instant::now();
    for _ in 0..head {
        messages.next().await.expect("a message").expect("a message");
    }
    let pushed = rate(head, started);
    drop(messages);
    let pull = stream.create_consumer(pull::OrderedConfig::default()).await.expect("a consumer");
    let mut messages = pull.messages().await.expect("messages");
    let started = Instant::now();
    for _ in 0..head {
        messages.next().await.expect("a message").expect("a message");
    }
    (pushed, rate(head, started))
}

async fn nats(sync: Sync) {
    let server = NatsServer::start(sync);
    let log = log::open(&server.url()).await.expect("a log");
    let client = async_nats::ConnectOptions::new()
        .subscription_capacity(1 << 18)
        .connect(format!("127.0.0.1:{}", server.port()))
        .await
        .expect("a connection");
    let context = jetstream::new(client.clone());
    let mut next = 0;
    for in_flight in [1, 64, 1024] {
        let (mut ours, mut raw) = (0.0, 0.0);
        // Turn and turn about, since the server slows down as its stream grows.
        for _ in 0..TURNS {
            raw += raw_publish(&context, &mut next, in_flight).await / f64::from(TURNS);
            ours += append(&log, &mut next, in_flight, 0).await / f64::from(TURNS);
        }
        println!(
            "nats append ({sync:?}), {in_flight:4} in flight: {ours:8.0} events/s; raw {raw:8.0}; ratio {:.2}",
            ours / raw
        );
    }
    if sync == Sync::Lazily {
        for _ in 0..4 {
            let (push, pull) = raw_drain(&context, &client, next).await;
            let ours = scan(&log).await;
            println!(
                "nats read of {next} events: {ours:8.0} events/s; raw push {push:8.0}, raw pull {pull:8.0}; ratio {:.2}",
                ours / push.max(pull)
            );
        }
    }
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("oversight-log-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let only = std::env::args().nth(1);
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if wanted("file") {
        file(&folder).await;
    }
    if wanted("synced") {
        nats(Sync::Always).await;
    }
    if wanted("nats") {
        nats(Sync::Lazily).await;
    }
    let _ = std::fs::remove_dir_all(&folder);
}
