//! Three brokers as they are shipped, whose leader is killed and frozen while services write: nothing that was
//! acknowledged is lost or doubled, and writers go elsewhere within seconds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "what helps a test may fail it")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chassis::log::{AppendError, Log};
use proto::Position;
use support::{body, cluster::Cluster, event, read_all};
use tokio::task::JoinSet;

/// Services that write, each over connections of its own.
const WRITERS: u64 = 6;

/// Commands of one service under way at a time.
const IN_FLIGHT: u64 = 4;

/// The longest that a writer may go without an acknowledgement because of a leader that is gone.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long a fault lasts.
const FAULT: Duration = Duration::from_secs(12);

/// Says how often the leader is killed and frozen; once unless it is set.
const ROUNDS_VARIABLE: &str = "OVERSIGHT_TEST_STORM_ROUNDS";

/// What happens to the leader.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed,
    Frozen,
}

/// An event that was acknowledged.
#[derive(Debug, Clone, Copy)]
struct Acknowledged {
    number: u64,
    position: Position,
    at: Instant,
}

fn aggregate(number: u64) -> String {
    format!("c{number}")
}

/// Writes one event after the other until it is told to stop, each until it is acknowledged.
async fn write(log: Log, next: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Acquire) {
        let number = next.fetch_add(1, Ordering::AcqRel);
        let position = loop {
            match log.append(event(number, &aggregate(number)), Position(0)).await {
                Ok(receipt) => break receipt.position,
                // As a client does that is told to come again.
                Err(AppendError::Unreachable { .. } | AppendError::OutcomeUnknown { .. }) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("event {number}: {error}"),
            }
        };
        acknowledged.push(Acknowledged { number, position, at: Instant::now() });
    }
    acknowledged
}

/// The longest time without an acknowledgement around a fault.
fn pause(acknowledged: &[Acknowledged], from: Instant, to: Instant) -> Duration {
    let near: Vec<Instant> =
        acknowledged.iter().map(|event| event.at).filter(|at| (from..to).contains(at)).collect();
    let ends = std::iter::once(from).chain(near.iter().copied()).zip(near.iter().copied().chain([to]));
    ends.map(|(one, next)| next - one).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_cluster_alone_writers_go_elsewhere_within_seconds_and_nothing_is_lost_or_doubled() {
    let mut cluster = Cluster::start().await;
    let (next, stop) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let mut storm: JoinSet<(u64, Vec<Acknowledged>)> = JoinSet::new();
    for writer in 0..WRITERS {
        let log = cluster.open("organisations").await.unwrap();
        for _ in 0..IN_FLIGHT {
            let work = write(log.clone(), next.clone(), stop.clone());
            storm.spawn(async move { (writer, work.await) });
        }
    }
    let mut faults = Vec::new();
    let rounds = std::env::var(ROUNDS_VARIABLE).map_or(1, |rounds| rounds.parse().unwrap());
    for fault in (0..rounds).flat_map(|_| [Fault::Killed, Fault::Frozen]) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let leader = cluster.leader().await;
        let from = Instant::now();
        match fault {
            Fault::Killed => cluster.servers[leader].kill(),
            Fault::Frozen => cluster.servers[leader].freeze(),
        }
        tokio::time::sleep(FAULT).await;
        faults.push((fault, from, Instant::now()));
        match fault {
            Fault::Killed => cluster.servers[leader].run(),
            Fault::Frozen => cluster.servers[leader].thaw(),
        }
        cluster.until_whole().await;
    }
    stop.store(true, Ordering::Release);
    let mut of_writers: BTreeMap<u64, Vec<Acknowledged>> = BTreeMap::new();
    while let Some(written) = storm.join_next().await {
        let (writer, acknowledged) = written.unwrap();
        of_writers.entry(writer).or_default().extend(acknowledged);
    }

    let mut pauses = Vec::new();
    for (fault, from, to) in faults {
        let mut of_fault: Vec<Duration> = Vec::new();
        for acknowledged in of_writers.values_mut() {
            acknowledged.sort_by_key(|event| event.at);
            of_fault.push(pause(acknowledged, from, to));
        }
        of_fault.sort();
        eprintln!("leader {fault:?}: pauses of the writers {of_fault:?}");
        pauses.extend(of_fault);
    }
    pauses.sort();
    let (median, worst) = (pauses[pauses.len() / 2], pauses[pauses.len() - 1]);
    let acknowledged: Vec<Acknowledged> = of_writers.into_values().flatten().collect();
    eprintln!("{} acknowledged, pause of a writer: median {median:?}, worst {worst:?}", acknowledged.len());

    let log = cluster.open("projection").await.unwrap();
    let events = read_all(&log).await;
    let mut times: BTreeMap<&[u8], u32> = BTreeMap::new();
    events.iter().for_each(|event| *times.entry(&event.body).or_default() += 1);
    for Acknowledged { number, position, .. } in &acknowledged {
        let body = body(*number, &aggregate(*number));
        let there = events.get(usize::try_from(position.0 - 1).unwrap());
        assert_eq!(there.map(|event| &event.body), Some(&body), "event {number} at {position} is lost");
        assert_eq!(times.get(&body[..]), Some(&1), "event {number} is doubled");
    }
    assert!(acknowledged.len() > 1_000, "no storm: {}", acknowledged.len());
    assert!(worst <= PAUSE_MAX, "a writer waited {worst:?}");
}
