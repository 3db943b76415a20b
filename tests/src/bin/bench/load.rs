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

/// Sends requests for a while. `path` makes each next path from a random number.
pub async fn send<F>(address: SocketAddr, key: &str, lasting: Duration, seed: u64, path: F) -> Load
where
    F: Fn(&mut fastrand::Rng) -> String + Send + Sync + 'static,
{
    send_over(CONNECTIONS, address, key, lasting, seed, path).await
}

/// The same over so many connections.
pub async fn send_over<F>(
    connections: u64,
    address: SocketAddr,
    key: &str,
    lasting: Duration,
    seed: u64,
    path: F,
) -> Load
where
    F: Fn(&mut fastrand::Rng) -> String + Send + Sync + 'static,
{
    let path = Arc::new(path);
    let key: Arc<str> = match key {
        "" => "".into(),
        key => format!("authorization: Bearer {key}\r\n").into(),
    };
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..connections {
        let (path, key) = (path.clone(), key.clone());
        senders.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(seed * CONNECTIONS + number);
            let connection = TcpStream::connect(address).await.expect("a connection");
            connection.set_nodelay(true).expect("a socket option");
            let mut connection = BufReader::with_capacity(64 * 1024, connection);
            let mut times = Times::new();
            let mut count = 0u64;
            let mut buffer = Vec::new();
            while began.elapsed() < lasting {
                let request = format!("GET {} HTTP/1.1\r\nhost: 127.0.0.1\r\n{key}\r\n", path(&mut rng));
                let asked = Instant::now();
                connection.get_mut().write_all(request.as_bytes()).await.expect("a request");
                read_answer(&mut connection, &mut buffer).await;
                times.add(asked.elapsed());
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
