//! Appends to JetStream beside publishing as its client library does it: the same headers,
//! payloads and durability, as many in flight.

use std::time::{Duration, Instant};

use async_nats::{
    HeaderMap, header,
    jetstream::{self, context::Context},
};
use chassis::{
    log::{self, Log, NewEvent},
    testing::nats::{NatsServer, Sync},
};
use futures::{StreamExt, stream};
use proto::{AggregateId, Position, Service, Subject};
use uuid::Uuid;

use crate::figures::{Figures, Target, grouped, median, paired};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(700);

/// As many as an import has.
const IN_FLIGHT: usize = chassis::import::IN_FLIGHT_MAX;

/// Events of ever new aggregates.
#[derive(Debug)]
struct Source {
    number: u64,
    body: bytes::Bytes,
}

fn event(number: u64, body: &bytes::Bytes) -> NewEvent {
    let id: AggregateId = format!("A{number:08}").parse().expect("an aggregate id");
    NewEvent {
        id: Uuid::from_u64_pair(0x6170_7065_6e64_4000, 1 << 63 | number),
        subject: Subject::new(Service::Organisations, &id),
        body: body.clone(),
    }
}

impl Source {
    /// Gives events to `send` for a round; answers how many a second were acknowledged.
    async fn round<F: Future<Output = ()>>(&mut self, in_flight: usize, send: impl Fn(NewEvent) -> F) -> f64 {
        let began = Instant::now();
        let body = &self.body;
        let sent = stream::iter(self.number..)
            .take_while(|_| std::future::ready(began.elapsed() < ROUND))
            .map(|number| send(event(number, body)))
            .buffer_unordered(in_flight)
            .fold(0u64, |count, ()| std::future::ready(count + 1))
            .await;
        // The one that ended the round was counted off, too.
        self.number += sent + 1;
        sent as f64 / began.elapsed().as_secs_f64()
    }
}

async fn raw(context: &Context, event: NewEvent) {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_MESSAGE_ID, event.id.to_string());
    headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
    headers.insert(header::NATS_EXPECTED_STREAM, "OVERSIGHT");
    let subject = event.subject.as_str().to_owned();
    let sent = context.publish_with_headers(subject, headers, event.body).await;
    sent.expect("a publish").await.expect("an acknowledgement");
}

async fn ours(log: &Log, event: NewEvent) {
    log.append(event, Position::START).await.expect("an append");
}

/// Measures both ways of syncing.
pub async fn measure(figures: &mut Figures, body: &bytes::Bytes) {
    for (sync, name) in [(Sync::Always, "synced one by one"), (Sync::Lazily, "synced now and then")] {
        let server = NatsServer::start(sync);
        let log = log::open(&server.url()).await.expect("a log");
        let client = async_nats::connect(format!("127.0.0.1:{}", server.port())).await.expect("a connection");
        // As many open acknowledgements as the library's own default allows.
        let context = jetstream::new(client);
        let mut source = Source { number: 0, body: body.clone() };
        source.round(IN_FLIGHT, |event| raw(&context, event)).await;
        let (mut theirs, mut our) = (Vec::new(), Vec::new());
        // Turn and turn about: the server slows down as its stream grows.
        for round in 0..ROUNDS {
            for side in 0..2 {
                if (round + side) % 2 == 0 {
                    theirs.push(source.round(IN_FLIGHT, |event| raw(&context, event)).await);
                } else {
                    our.push(source.round(IN_FLIGHT, |event| ours(&log, event)).await);
                }
            }
        }
        let ratio = paired(&our, &theirs);
        let (theirs, our) = (median(&theirs), median(&our));
        figures.ratio(
            &format!("append to JetStream ({name}), beside raw publishes"),
            ratio,
            Target::AtLeast(0.8),
            &format!("{} events/s beside {}, {IN_FLIGHT} in flight", grouped(our), grouped(theirs)),
        );
    }
}

/// The embedded log, for comparison.
pub async fn embedded(figures: &mut Figures, body: &bytes::Bytes) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = log::LogUrl::File(folder.path().join("log.redb"));
    let log = log::open(&url).await.expect("a log");
    let mut source = Source { number: 0, body: body.clone() };
    let many = source.round(IN_FLIGHT, |event| ours(&log, event)).await;
    let one = source.round(1, |event| ours(&log, event)).await;
    figures.remark(format!(
        "Append to the embedded log, each synced before it is acknowledged: {} events/s with {IN_FLIGHT} in flight, {} one after the other.",
        grouped(many),
        grouped(one)
    ));
}
