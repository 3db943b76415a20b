//! Readers that ask for answers that go on, and do not read them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use whole_system::{OneProcess, keys};

/// How many one person opens of each sort.
const READERS: usize = 200;

/// What each may cost, refused or not: two thousand of them less than a hundred megabytes.
const EACH_MAX_BYTES: u64 = 50_000;

/// Asks, and reads no more than the status.
async fn open(server: &str, key: &str, path: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let asks = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\r\n");
    stream.write_all(asks.as_bytes()).await.unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    (String::from_utf8_lossy(&said[9..]).into_owned(), stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_persons_readers_that_do_not_read_cost_little_and_leave_seats_for_others() {
    let mut server = OneProcess::start().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let admin = server.client.clone();
    let one = keys::issue(&admin, "nhs-digital", "X26").await;
    let another = keys::issue(&admin, "nhs-digital", "X26").await;
    let before = server.process.memory_bytes();
    let mut readers = Vec::new();
    for (path, seats) in [("/live", 32), ("/api/v1/events?follow=true", 8)] {
        let mut let_in = 0;
        for _ in 0..READERS {
            let (status, reader) = open(&address, &one, path).await;
            assert!(matches!(status.as_str(), "200" | "429"), "{path}: {status}");
            let_in += usize::from(status == "200");
            readers.push(reader);
        }
        assert_eq!(let_in, seats, "{path}");
        let (status, _) = open(&address, &another, path).await;
        assert_eq!(status, "200", "{path}: someone else");
    }
    if let Some((before, now)) = before.zip(server.process.memory_bytes()) {
        let each = now.saturating_sub(before) / readers.len() as u64;
        assert!(each < EACH_MAX_BYTES, "{each} bytes a reader");
    }
    drop(readers);
    let mut tries = 0;
    while open(&address, &one, "/live").await.0 != "200" {
        tries += 1;
        assert!(tries < 200, "no seat is given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.process.stop().success());
}
