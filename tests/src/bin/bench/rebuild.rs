//! Folding the views anew: from JetStream beside draining the same stream without a look at it,
//! and from the embedded log by the second of one core.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::Arc,
    task::Poll,
    time::Instant,
};

use async_nats::jetstream::{
    self,
    consumer::{pull, push},
};
use chassis::{
    Clock, Platform,
    log::{self, AppendError, Log, LogUrl, Receipt},
    task::Tasks,
    testing::nats::{NatsServer, Sync},
};
use futures::{StreamExt, future::BoxFuture, stream::FuturesOrdered};
use projection::{facts::Facts, store::Store, views::Views};
use proto::{Day, Position};

use crate::{
    england::{England, PRACTICES},
    figures::{Figures, Target, grouped, median, paired},
    machine,
};

const ROUNDS: usize = 5;

/// The stream is drained and folded more often: server and reader share the cores, and what else
/// runs there shows.
const STREAM_ROUNDS: usize = 15;

/// Appends at once while a log is filled.
const FILL_IN_FLIGHT: usize = 4096;

/// Writes an England to a log.
pub async fn fill(log: &Log, england: England) -> u64 {
    let mut tails = HashMap::new();
    let mut under_way: FuturesOrdered<BoxFuture<'_, Result<Receipt, AppendError>>> = FuturesOrdered::new();
    let mut position = Position::START;
    for event in england.events() {
        position = position.next();
        let expected = tails.insert(event.subject.clone(), position).unwrap_or(Position::START);
        // Polled at once, so that the log gets the appends in this order and each stands where it
        // was foreseen; unconstrained, since the runtime would else put some of them off.
        let mut append: BoxFuture<'_, _> = Box::pin(tokio::task::unconstrained(log.append(event, expected)));
        match futures::poll!(&mut append) {
            Poll::Ready(receipt) => under_way.push_back(Box::pin(std::future::ready(receipt))),
            Poll::Pending => under_way.push_back(append),
        }
        if under_way.len() >= FILL_IN_FLIGHT {
            let receipt = under_way.next().await.expect("an append under way");
            receipt.expect("an append");
        }
    }
    while let Some(receipt) = under_way.next().await {
        receipt.expect("an append");
    }
    assert_eq!(log.head().await.expect("the head"), position);
    position.0
}

/// Writes an England to a stream, by the client library: one connection, and so in order.
async fn fill_stream(context: &jetstream::Context, england: England) -> u64 {
    let mut under_way = VecDeque::new();
    let mut count = 0;
    for event in england.events() {
        let acknowledged =
            context.publish(event.subject.as_str().to_owned(), event.body).await.expect("a publish");
        under_way.push_back(acknowledged);
        count += 1;
        if under_way.len() >= FILL_IN_FLIGHT
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.await.expect("an acknowledgement");
        }
    }
    for acknowledged in under_way {
        acknowledged.await.expect("an acknowledgement");
    }
    count
}

/// The clock of all measurements: what *today* means must not depend on when it is measured.
pub fn clock() -> Clock {
    Clock::set_to("2021-01-15T12:00:00Z".parse().expect("a time"))
}

/// Folds a whole log into views, snapshots included, as a service does that starts without any.
pub async fn rebuild(log: &Log, folder: &Path) -> (Arc<Views>, Tasks) {
    let head = log.head().await.expect("the head");
    let platform = Platform::unguarded(log.clone(), folder, clock());
    let store = Store::open(platform.cache("projection").await.expect("a cache")).expect("a store");
    let views = Views::new(&platform.clock);
    let mut shown = views.positions();
    views.follow(Facts::default(), log.clone(), platform.clock.clone(), store, &platform.tasks);
    shown.wait_for(|shown| *shown >= head).await.expect("views");
    (views, platform.tasks)
}

/// From the embedded log. Leaves the views for others to ask.
pub async fn embedded(figures: &mut Figures, log: &Log, events: u64) -> Arc<Views> {
    let (mut walls, mut cores) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        let (began, busy) = (Instant::now(), machine::busy_seconds());
        let (views, tasks) = rebuild(log, folder.path()).await;
        walls.push(events as f64 / began.elapsed().as_secs_f64());
        cores.push(machine::busy_seconds() - busy);
        tasks.finish().await;
        last = Some(views);
    }
    let wall = median(&walls);
    let by_core = events as f64 / median(&cores);
    // Where the system does not tell, a second is a second of one core.
    let rate = if by_core.is_finite() { by_core } else { wall };
    figures.speed(
        "rebuild from the embedded log, events a second of one core",
        rate,
        Target::AtLeast(500_000.0),
        &format!(
            "{} events of {} practices; {} events/s by the clock",
            grouped(events as f64),
            grouped(f64::from(PRACTICES)),
            grouped(wall)
        ),
    );
    last.expect("views")
}

/// How fast the client library drains the stream with either of its ordered consumers.
async fn drain(context: &jetstream::Context, client: &async_nats::Client, head: u64) -> f64 {
    let stream = context.get_stream("OVERSIGHT").await.expect("the stream");
    let push = push::OrderedConfig { deliver_subject: client.new_inbox(), ..Default::default() };
    let began = Instant::now();
    let push = stream.create_consumer(push).await.expect("a consumer");
    let mut messages = push.messages().await.expect("messages");
    for _ in 0..head {
        messages.next().await.expect("a message").expect("a message");
    }
    let pushed = began.elapsed();
    drop(messages);
    let began = Instant::now();
    let pull = stream.create_consumer(pull::OrderedConfig::default()).await.expect("a consumer");
    let mut messages = pull.messages().await.expect("messages");
    for _ in 0..head {
        messages.next().await.expect("a message").expect("a message");
    }
    head as f64 / pushed.min(began.elapsed()).as_secs_f64()
}

/// From JetStream.
pub async fn jetstream(figures: &mut Figures, england: England) {
    let server = NatsServer::start(Sync::Lazily);
    let log = log::open(&server.url()).await.expect("a log");
    let client = async_nats::ConnectOptions::new()
        .subscription_capacity(1 << 18)
        .connect(format!("127.0.0.1:{}", server.port()))
        .await
        .expect("a connection");
    let context = jetstream::new(client.clone());
    let events = fill_stream(&context, england).await;
    let (mut drained, mut rebuilt) = (Vec::new(), Vec::new());
    for _ in 0..STREAM_ROUNDS {
        drained.push(drain(&context, &client, events).await);
        let folder = tempfile::tempdir().expect("a folder");
        let began = Instant::now();
        let (_, tasks) = rebuild(&log, folder.path()).await;
        rebuilt.push(events as f64 / began.elapsed().as_secs_f64());
        tasks.finish().await;
    }
    let ratio = paired(&rebuilt, &drained);
    let (drained, rebuilt) = (median(&drained), median(&rebuilt));
    figures.ratio(
        "rebuild from JetStream, beside draining the stream",
        ratio,
        Target::AtLeast(0.8),
        &format!(
            "{} events/s beside {} by the faster ordered consumer of the client library",
            grouped(rebuilt),
            grouped(drained)
        ),
    );
}

/// An embedded log with an England in it.
pub async fn filled(folder: &Path, england: England) -> (Log, u64) {
    let log = log::open(&LogUrl::File(folder.join("log.redb"))).await.expect("a log");
    let events = fill(&log, england).await;
    (log, events)
}

/// A random day of the ten years around now.
pub fn any_day(rng: &mut fastrand::Rng) -> Day {
    let first: Day = "2013-04-01".parse().expect("a day");
    first.plus_days(rng.i32(0..3_652))
}
