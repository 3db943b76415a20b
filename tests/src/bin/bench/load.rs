//! A small load generator: connections kept alive, one request after the other on each.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::figures::Times;

/// Connections at once.
pub const CONNECTIONS: u64 = 16;

/// What came of a load.
#[derive(Debug)]
pub struct Load {
    /// Answers a second.
    pub rate: f64,
    /// How long each took.
    pub times: Times,
}

/// A connection kept alive.
struct Caller {
    connection: BufReader<TcpStream>,
    buffer: Vec<u8>,
}

impl Caller {
    async fn new(address: SocketAddr) -> Self {
        let connection = TcpStream::connect(address).await.expect("a connection");
        connection.set_nodelay(true).expect("a socket option");
        Self { connection: BufReader::with_capacity(64 * 1024, connection), buffer: Vec::new() }
    }

    /// How long an answer takes. `header` is empty or a line.
    async fn ask(&mut self, path: &str, header: &str) -> Duration {
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\n");
        let asked = Instant::now();
        self.connection.get_mut().write_all(request.as_bytes()).await.expect("a request");
        read_answer(&mut self.connection, &mut self.buffer).await;
        asked.elapsed()
    }
}

/// Sends requests for a while. `path` makes each next path from a random number.
pub async fn send<F>(address: SocketAddr, lasting: Duration, seed: u64, path: F) -> Load
where
    F: Fn(&mut fastrand::Rng) -> String + Send + Sync + 'static,
{
    let path = Arc::new(path);
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let path = path.clone();
        senders.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(seed * CONNECTIONS + number);
            let mut caller = Caller::new(address).await;
            let mut times = Times::new();
            let mut count = 0u64;
            while began.elapsed() < lasting {
                times.add(caller.ask(&path(&mut rng), "").await);
                count += 1;
            }
            (count, times)
        });
    }
    let (mut count, mut times) = (0, Times::new());
    while let Some(sent) = senders.join_next().await {
        let (more, took) = sent.expect("a sender");
        count += more;
        times.join(&took);
    }
    Load { rate: count as f64 / began.elapsed().as_secs_f64(), times }
}

/// Sends every request to two servers, one after the other, over so many connections to each: what the
/// machine does beside falls on both alike.
pub async fn by_turns<F>(
    connections: u64,
    addresses: [SocketAddr; 2],
    header: &str,
    lasting: Duration,
    seed: u64,
    path: F,
) -> [Times; 2]
where
    F: Fn(&mut fastrand::Rng) -> String + Send + Sync + 'static,
{
    let (path, header): (_, Arc<str>) = (Arc::new(path), header.into());
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..connections {
        let (path, header) = (path.clone(), header.clone());
        senders.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(seed * CONNECTIONS + number);
            let mut callers = [Caller::new(addresses[0]).await, Caller::new(addresses[1]).await];
            let mut times = [Times::new(), Times::new()];
            while began.elapsed() < lasting {
                let path = path(&mut rng);
                // Neither always comes second.
                let first = rng.usize(0..2);
                for which in [first, 1 - first] {
                    times[which].add(callers[which].ask(&path, &header).await);
                }
            }
            times
        });
    }
    let mut times = [Times::new(), Times::new()];
    while let Some(sent) = senders.join_next().await {
        for (all, of_one) in times.iter_mut().zip(sent.expect("a sender")) {
            all.join(&of_one);
        }
    }
    times
}

async fn read_answer(connection: &mut BufReader<TcpStream>, buffer: &mut Vec<u8>) {
    use tokio::io::AsyncBufReadExt;
    let mut length = 0;
    let mut first = true;
    loop {
        buffer.clear();
        connection.read_until(b'\n', buffer).await.expect("an answer");
        let line = std::str::from_utf8(buffer).expect("a header").trim_end();
        if first {
            assert!(line.contains(" 200 "), "{line}");
            first = false;
        }
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.parse().expect("a length");
        }
    }
    assert!(length > 0, "an answer without a length");
    buffer.resize(length, 0);
    connection.read_exact(buffer).await.expect("a body");
}
