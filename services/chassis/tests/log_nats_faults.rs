//! The log in JetStream when things go wrong: answers lost, the broker away, consumers that fall
//! silent, permissions denied, streams that would forget.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "what helps a test may fail it")]

mod support;

use std::time::{Duration, Instant};

use async_nats::jetstream::{
    self,
    stream::{Config, DiscardPolicy, StorageType},
};
use chassis::{
    log::{self, AppendError, Durability, Log, LogUrl, OpenError, ReadError},
    testing::nats::{NatsServer, Sync},
};
use proto::Position;
use support::{before, event, fill, now, proxy::Proxy, proxy::Swallow, read_all, read_to, soon, subject};

fn url(port: u16, rest: &str) -> LogUrl {
    format!("nats://127.0.0.1:{port}{rest}").parse().unwrap()
}

async fn open(port: u16) -> Log {
    soon("opening the log", log::open(&url(port, ""))).await.unwrap()
}

async fn refusal(url: &LogUrl) -> String {
    match soon("a refusal", log::open(url)).await {
        Err(OpenError::Server { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

/// The stream as the log makes it, to be spoilt.
fn sound() -> Config {
    Config {
        name: "OVERSIGHT".to_owned(),
        subjects: vec!["oversight.>".to_owned()],
        discard: DiscardPolicy::New,
        deny_delete: true,
        deny_purge: true,
        duplicate_window: Duration::from_secs(120),
        ..Config::default()
    }
}

async fn make(server: &NatsServer, config: Config) -> jetstream::Context {
    let client = async_nats::connect(format!("127.0.0.1:{}", server.port())).await.unwrap();
    let context = jetstream::new(client);
    context.create_stream(config).await.unwrap();
    context
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_lost_acknowledgement_is_looked_up() {
    let server = NatsServer::start(Sync::Lazily);
    let proxy = Proxy::before(server.port()).await;
    let log = open(proxy.port).await;
    proxy.swallow(Swallow::Acks);
    // The event is written, the answer never comes, the leader is asked: it stands.
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), now(1));
    assert_eq!(proxy.swallowed(), 1);
    proxy.swallow(Swallow::Nothing);
    assert_eq!(log.append(event(1, "a"), Position(0)).await.unwrap(), before(1));
    assert_eq!(log.head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_an_outcome_nobody_can_tell_is_called_unknown_and_can_be_repeated() {
    let server = NatsServer::start(Sync::Lazily);
    let proxy = Proxy::before(server.port()).await;
    let log = open(proxy.port).await;
    proxy.swallow(Swallow::Everything);
    match soon("an answer", log.append(event(1, "a"), Position(0))).await {
        Err(AppendError::OutcomeUnknown { .. }) => {}
        answer => panic!("{answer:?}"),
    }
    proxy.swallow(Swallow::Nothing);
    assert_eq!(soon("the repeat", log.append(event(1, "a"), Position(0))).await.unwrap(), before(1));
    assert_eq!(log.head().await.unwrap(), Position(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_repeat_beyond_the_duplicate_window_gets_the_first_receipt() {
    let server = NatsServer::start(Sync::Lazily);
    make(&server, Config { duplicate_window: Duration::from_millis(100), ..sound() }).await;
    let log = open(server.port()).await;
    fill(&log, 1..=3).await;
    assert_eq!(log.append(event(4, "a"), Position(0)).await.unwrap(), now(4));
    assert_eq!(log.append(event(5, "a"), Position(4)).await.unwrap(), now(5));
    tokio::time::sleep(Duration::from_millis(500)).await;
    for log in [log, open(server.port()).await] {
        // The same expectation again, and the newest one.
        assert_eq!(log.append(event(5, "a"), Position(4)).await.unwrap(), before(5));
        assert_eq!(log.append(event(5, "a"), Position(5)).await.unwrap(), before(5));
        assert_eq!(log.append(event(4, "a"), Position(0)).await.unwrap(), before(4));
    }
    let afresh = open(server.port()).await;
    assert_eq!(afresh.append(event(5, "a"), Position(5)).await.unwrap(), before(5));
    assert_eq!(afresh.head().await.unwrap(), Position(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_reader_reads_on_over_a_broker_restart() {
    let mut server = NatsServer::start(Sync::Always);
    let log = open(server.port()).await;
    fill(&log, 1..=100).await;
    let mut reader = log.read(Position::START).await.unwrap();
    read_to(&mut reader, Position::START, Position(100)).await;
    server.restart();
    let write = async {
        for number in 101..=200 {
            soon("an append after the restart", async {
                while log.append(event(number, &format!("f{number}")), Position(0)).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
            .await;
        }
    };
    let (events, ()) = futures::join!(read_to(&mut reader, Position(100), Position(200)), write);
    assert_eq!(events.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_consumer_that_falls_silent_is_replaced() {
    let server = NatsServer::start(Sync::Lazily);
    let proxy = Proxy::before(server.port()).await;
    let log = open(proxy.port).await;
    fill(&log, 1..=10).await;
    let mut reader = log.read(Position::START).await.unwrap();
    read_to(&mut reader, Position::START, Position(10)).await;
    // From here on nothing of the reader's consumer comes through, not even a heartbeat; the
    // connection itself stands, and a new consumer would be heard.
    proxy.swallow(Swallow::ConsumersOfNow);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    proxy.swallow(Swallow::Nothing);
    fill(&log, 11..=20).await;
    let events = read_to(&mut reader, Position(10), Position(20)).await;
    assert_eq!(events.len(), 10);
    assert!(proxy.swallowed() > 0, "nothing was kept from the reader");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_events_lost_on_the_way_are_fetched_again() {
    let server = NatsServer::start(Sync::Lazily);
    let proxy = Proxy::before(server.port()).await;
    let log = open(proxy.port).await;
    fill(&log, 1..=10).await;
    let mut reader = log.read(Position::START).await.unwrap();
    read_to(&mut reader, Position::START, Position(10)).await;
    proxy.swallow(Swallow::Everything);
    let _ = tokio::time::timeout(Duration::from_secs(1), log.append(event(11, "f11"), Position(0))).await;
    proxy.swallow(Swallow::Nothing);
    fill(&log, 12..=20).await;
    assert_eq!(read_to(&mut reader, Position(10), Position(20)).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_broker_that_is_away_is_said_so_quickly() {
    let mut server = NatsServer::start(Sync::Lazily);
    let log = open(server.port()).await;
    fill(&log, 1..=1).await;
    server.kill();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    for number in 2..=3 {
        match log.append(event(number, "a"), Position(0)).await {
            Err(AppendError::Unreachable { .. }) => {}
            answer => panic!("{answer:?}"),
        }
    }
    assert!(matches!(log.last(&subject("a")).await, Err(ReadError::Unreachable { .. })));
    assert!(started.elapsed() < Duration::from_secs(20), "it took {:?}", started.elapsed());
    let reason = refusal(&server.url()).await;
    assert!(reason.contains("no one answers there"), "{reason}");
    // Nothing that was refused turns up once the broker is back.
    server.run();
    soon("the log is back", async {
        while log.head().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(log.append(event(4, "a"), Position(0)).await.unwrap(), now(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_denied_permission_is_a_refusal_with_its_reason() {
    let server = NatsServer::with_config(
        Sync::Lazily,
        r#"
        authorization { users: [
            { user: writer, password: "p@ss" }
            { user: watcher, password: look, permissions: {
                publish: { allow: ["$JS.API.>", "_INBOX.>"] }, subscribe: { allow: ["_INBOX.>"] } } }
            { user: nobody, password: none, permissions: { publish: { deny: [">"] } } }
        ] }
        "#,
    );
    let as_user =
        |login: &str| -> LogUrl { format!("nats://{login}@127.0.0.1:{}", server.port()).parse().unwrap() };
    let writer = log::open(&as_user("writer:p%40ss")).await.unwrap();
    fill(&writer, 1..=1).await;
    let watcher = log::open(&as_user("watcher:look")).await.unwrap();
    assert_eq!(read_all(&watcher).await.len(), 1);
    match watcher.append(event(2, "a"), Position(0)).await {
        Err(AppendError::Refused { reason }) => {
            assert!(reason.contains("oversight.organisations.a"), "{reason}")
        }
        answer => panic!("{answer:?}"),
    }
    assert_eq!(writer.head().await.unwrap(), Position(1));
    let reason = refusal(&as_user("nobody:none")).await;
    assert!(reason.contains("$JS.API.STREAM.INFO"), "{reason}");
    let reason = refusal(&as_user("writer:wrong")).await;
    assert!(reason.contains("does not accept these credentials") && !reason.contains("wrong"), "{reason}");
    assert!(!format!("{watcher:?} {}", watcher.describe().place).contains("look"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_full_stream_refuses_and_forgets_nothing() {
    let server = NatsServer::start(Sync::Lazily);
    make(&server, Config { max_messages: 3, ..sound() }).await;
    let log = open(server.port()).await;
    fill(&log, 1..=3).await;
    match log.append(event(4, "a"), Position(0)).await {
        Err(AppendError::Full { .. }) => {}
        answer => panic!("{answer:?}"),
    }
    assert_eq!(read_all(&log).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_a_stream_that_could_lose_events_is_refused_with_every_reason() {
    let spoilt: Vec<(Config, &str)> = vec![
        (Config { deny_delete: false, ..sound() }, "may be deleted"),
        (Config { deny_purge: false, ..sound() }, "may be purged"),
        (Config { discard: DiscardPolicy::Old, ..sound() }, "discards old events"),
        (Config { max_age: Duration::from_secs(3600), ..sound() }, "expire"),
        (Config { max_messages_per_subject: 1, ..sound() }, "max_msgs_per_subject"),
        (Config { storage: StorageType::Memory, ..sound() }, "in memory"),
        (Config { subjects: vec!["oversight.people.>".into()], ..sound() }, "not exactly oversight.>"),
        (Config { allow_rollup: true, deny_purge: false, ..sound() }, "roll-ups"),
    ];
    let server = NatsServer::start(Sync::Lazily);
    for (config, reason) in spoilt {
        let context = make(&server, config).await;
        let said = refusal(&server.url()).await;
        assert!(said.contains(reason), "{reason}: {said}");
        context.delete_stream("OVERSIGHT").await.unwrap();
    }
    make(&server, sound()).await;
    let too_few = refusal(&url(server.port(), "?replicas=3")).await;
    assert!(too_few.contains("it has 1 replicas, not 3"), "{too_few}");
    open(server.port()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_an_event_gone_from_the_stream_is_damage() {
    let server = NatsServer::start(Sync::Lazily);
    // Made so that it can lose an event; then made to look sound.
    let context = make(&server, Config { deny_delete: false, ..sound() }).await;
    for number in 1..=5 {
        context
            .publish(format!("oversight.organisations.x{number}"), "{}".into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    let log = {
        context.update_stream(sound()).await.unwrap();
        open(server.port()).await
    };
    // Only an account with the run of the server's API can do this.
    context.delete_stream("OVERSIGHT").await.unwrap();
    context.create_stream(Config { deny_delete: false, ..sound() }).await.unwrap();
    for number in 1..=5 {
        context
            .publish(format!("oversight.organisations.x{number}"), "{}".into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    context.get_stream("OVERSIGHT").await.unwrap().delete_message(3).await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    // What is sound comes first, in as many batches as the network makes of it.
    let mut sound = 0;
    let damage = loop {
        match soon("the damage", reader.next()).await {
            Ok(batch) => sound += batch.events.len(),
            Err(damage) => break damage,
        }
    };
    assert_eq!(sound, 2);
    assert!(matches!(damage, ReadError::Damaged { position: Position(3), .. }), "{damage:?}");
    let said = refusal(&server.url()).await;
    assert!(said.contains("1 of its events are gone"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_the_log_says_what_the_server_does_as_far_as_it_can_be_known() {
    for (sync, durability) in [(Sync::Always, Durability::Synced), (Sync::Lazily, Durability::Unsynced)] {
        let server = NatsServer::start(sync);
        let told = log::open(&url(server.port(), &format!("?monitor={}", server.monitor()))).await.unwrap();
        assert_eq!(told.describe().durability, durability);
        assert_eq!(open(server.port()).await.describe().durability, Durability::Unknown);
    }
}
