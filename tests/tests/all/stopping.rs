//! A process that is asked to stop in the middle of its work.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use whole_system::OneProcess;

const SOME_EVENTS: u64 = 10_000;

/// How many events are loaded, by what `/readyz` says; none while it says something else.
fn loaded(why: &str) -> u64 {
    let said =
        why.split_once("loading the synthetic England: ").and_then(|(_, rest)| rest.split_once(" of "));
    said.and_then(|(done, _)| done.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_stopped_while_it_loads_ends_in_good_order() {
    let mut server = OneProcess::begin(&[]);
    // In the middle: the views are folding what is written.
    while loaded(&server.client.ready().await.err().unwrap_or_default()) < SOME_EVENTS {
        assert_eq!(server.process.ended(), None, "{}", server.process.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ended = server.process.stop();
    let said = server.process.said();
    assert!(ended.success(), "{ended}: {said}");
    assert!(!server.process.has_said("panicked") && !server.process.has_said("died"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_ends_in_time_whoever_still_sends() {
    let mut server = OneProcess::start().await;
    let mut sender = TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
    let asks = "POST /api/v1/access/keys HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{";
    sender.write_all(asks.as_bytes()).await.unwrap();
    // It is on its way once another request of later is answered.
    server.client.ready().await.unwrap();
    let began = Instant::now();
    let ended = server.process.stop();
    assert!(ended.success() && began.elapsed() < Duration::from_secs(10), "{ended}: {:?}", began.elapsed());
    let mut said = Vec::new();
    let _ = sender.read_to_end(&mut said).await;
}
