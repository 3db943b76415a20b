//! Snapshots of the facts: whole or not at all, and only of this log.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod support;

use std::sync::Arc;

use chassis::{Clock, cache::Cache, log::file::FileLog};
use projection::{
    board::{Board, Knowledge},
    digest,
    facts::{Decoded, Facts},
    store::Store,
};
use proto::Position;
use support::{By, Running, day};

/// The facts by a fold from the beginning.
async fn folded(log: &chassis::log::Log) -> Facts {
    let mut facts = Facts::default();
    let head = log.head().await.unwrap();
    let mut reader = log.read(Position::START).await.unwrap();
    while facts.read_to.is_none_or(|read| read.position < head) {
        for recorded in reader.next().await.unwrap().events {
            facts.gather(Decoded::read(recorded.position, &recorded.body));
        }
    }
    facts
}

fn fingerprint(facts: &Facts) -> proto::EventHash {
    digest::of(&Board::build(facts, Knowledge::ALL, day("2019-06-17")))
}

#[tokio::test]
async fn a_snapshot_brings_back_the_same_view_and_only_on_its_own_log() {
    let mut running = Running::small_england(By::Someone).await;
    running.write_nonsense().await;
    running.caught_up().await;
    let facts = folded(&running.log).await;
    let served: serde_json::Value = serde_json::from_str(&running.get("/api/v1/view").await.text).unwrap();
    assert_eq!(served["digest"], fingerprint(&facts).to_string(), "a fresh fold equals the served view");

    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let cache = Cache::open(&folder.path().join("cache"), running.log.as_ref(), &clock).await.unwrap();
    let store = Store::open(cache).unwrap();
    assert_eq!(store.load(running.log.as_ref()).await.read_to, None, "nothing is kept yet");
    store.save(&facts);
    store.save(&facts);
    let loaded = store.load(running.log.as_ref()).await;
    assert_eq!(loaded.read_to, facts.read_to);
    assert_eq!(loaded.set_aside.count, 1);
    assert_eq!(fingerprint(&loaded), fingerprint(&facts));

    let other = FileLog::open(&folder.path().join("other.redb")).await.unwrap();
    let other: chassis::log::Log = Arc::new(other);
    assert_eq!(store.load(other.as_ref()).await.read_to, None, "the other log has no such event");
}
