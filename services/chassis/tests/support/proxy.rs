//! Stands between client and server, understands the server's side of the protocol, and keeps
//! chosen messages to itself.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// What is kept from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Swallow {
    Nothing = 0,
    /// The acknowledgements of publishes; other answers pass.
    Acks = 1,
    /// Every message.
    Everything = 2,
    /// All that goes to a subscription which a consumer delivers to now, for ever; later
    /// subscriptions are left alone.
    ConsumersOfNow = 3,
}

pub struct Proxy {
    pub port: u16,
    mode: Arc<AtomicU8>,
    swallowed: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(AtomicU8::new(0));
        let swallowed = Arc::new(AtomicUsize::new(0));
        let (its_mode, its_swallowed) = (Arc::clone(&mode), Arc::clone(&swallowed));
        tokio::runtime::Handle::current().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                forward(from_client, to_server);
                filter(from_server, to_client, Arc::clone(&its_mode), Arc::clone(&its_swallowed));
            }
        });
        Self { port, mode, swallowed }
    }

    pub fn swallow(&self, what: Swallow) {
        self.mode.store(what as u8, Ordering::SeqCst);
    }

    pub fn swallowed(&self) -> usize {
        self.swallowed.load(Ordering::SeqCst)
    }
}

fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    tokio::runtime::Handle::current().spawn(async move {
        let _ = tokio::io::copy(&mut from, &mut to).await;
        let _ = to.shutdown().await;
    });
}

fn filter(from: OwnedReadHalf, mut to: OwnedWriteHalf, mode: Arc<AtomicU8>, swallowed: Arc<AtomicUsize>) {
    tokio::runtime::Handle::current().spawn(async move {
        let mut from = BufReader::new(from);
        let mut blocked: HashSet<String> = HashSet::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            if from.read_until(b'\n', &mut line).await.unwrap_or(0) == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            let words: Vec<&str> = text.split(' ').collect();
            if matches!(words[0], "MSG" | "HMSG") {
                let size: usize = words[words.len() - 1].parse().unwrap();
                let mut payload = vec![0; size + 2];
                if from.read_exact(&mut payload).await.is_err() {
                    break;
                }
                let (sid, delivered) =
                    (words[2], text.contains(" $JS.ACK.") || payload.starts_with(b"NATS/1.0 100"));
                let mode = mode.load(Ordering::SeqCst);
                if mode == Swallow::ConsumersOfNow as u8 && delivered {
                    blocked.insert(sid.to_owned());
                }
                let keep = mode == Swallow::Everything as u8
                    || mode == Swallow::Acks as u8 && payload.starts_with(b"{\"stream\":")
                    || blocked.contains(sid);
                if keep {
                    swallowed.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                line.extend_from_slice(&payload);
            }
            if to.write_all(&line).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    });
}
