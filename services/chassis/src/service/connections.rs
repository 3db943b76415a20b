//! The connections of a process: taken as they come, none of them for as long as it likes.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::stall::Unstalled;

/// How long a connection may take to say what it asks for, and how long it may stay without asking. A
/// little more than the minute that proxies keep theirs open, so that it is they who close them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long a connection may take too little of what waits to be sent.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes that a connection reads or writes ahead. An answer that goes on is made no further ahead than this,
/// and a piece of it.
const BUFFER_MAX_BYTES: usize = 64 * 1024;

/// How long connections may leave us waiting.
#[derive(Debug, Clone, Copy)]
struct Timeouts {
    head: Duration,
    stall: Duration,
}

/// The pause after the machine had no connection to give, for want of file descriptors for one.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(200);

/// Answers until it is to stop, then finishes what is in flight. Dropped, it cuts that off.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    serve_within(Timeouts { head: HEAD_TIMEOUT, stall: STALL_TIMEOUT }, listener, app, stop).await;
}

async fn serve_within(timeouts: Timeouts, listener: TcpListener, app: Router, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(timeouts.head).max_buf_size(BUFFER_MAX_BYTES);
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let stream = TokioIo::new(Unstalled::new(prompt(stream), timeouts.stall));
        let connection = http.serve_connection(stream, answering(app.clone(), peer));
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // Whoever asked is gone, or was too slow: no one is left to tell.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the task of a connection died");
    }
}

/// What answers the requests of one connection.
fn answering(
    app: Router,
    peer: SocketAddr,
) -> TowerToHyperService<
    impl tower::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone
    + Send,
> {
    TowerToHyperService::new(app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    }))
}

/// Small answers go out at once.
fn prompt(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection waits to fill its packets");
    }
    stream
}

async fn pause_after(error: &io::Error) {
    let is_of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !is_of_one_connection {
        tracing::error!(%error, "no connection can be taken");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Instant,
    };

    use axum::response::{IntoResponse as _, Response};
    use bytes::Bytes;
    use futures::stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::seats::LongAnswers;

    /// Memory of this process, where the system tells.
    fn resident_bytes() -> Option<usize> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()? * 1024)
    }

    /// Counts the answers that are not over.
    struct Open(Arc<AtomicUsize>);

    impl Open {
        fn count(open: &Arc<AtomicUsize>) -> Self {
            open.fetch_add(1, Ordering::SeqCst);
            Self(open.clone())
        }
    }

    impl Drop for Open {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn endless(open: &Arc<AtomicUsize>) -> Response {
        let pieces = stream::unfold(Open::count(open), async |open| {
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 32 * 1024])), open))
        });
        Body::from_stream(pieces).into_response()
    }

    async fn connected(address: SocketAddr, asks: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {asks} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        stream
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn readers_that_stop_reading_cost_little_and_are_hung_up_on() {
        const READERS: usize = 300;
        const EACH_MAX_BYTES: usize = 256 * 1024;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, seats) = (Arc::new(AtomicUsize::new(0)), Arc::new(LongAnswers::default()));
        let (endless, seated) = (open.clone(), open.clone());
        let app =
            Router::new().route("/endless", axum::routing::get(async move || self::endless(&endless))).route(
                "/seated",
                axum::routing::get(async move || seats.seat("one holder", self::endless(&seated))),
            );
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        let timeouts = Timeouts { head: HEAD_TIMEOUT, stall: Duration::from_secs(3) };
        serving.spawn(serve_within(timeouts, listener, app, stop.clone()));

        let before = resident_bytes();
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(connected(address, "/endless").await);
        }
        let started = Instant::now();
        let mut most = 0;
        while open.load(Ordering::SeqCst) > 0 || started.elapsed() < Duration::from_secs(1) {
            most =
                most.max(resident_bytes().zip(before).map_or(0, |(now, before)| now.saturating_sub(before)));
            assert!(started.elapsed() < Duration::from_secs(60), "they are still waited for");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(most < READERS * EACH_MAX_BYTES, "{most} bytes for {READERS} readers");
        drop(readers);

        // Of the seats one holder has some; they come back once no one reads.
        let status = async |asks: &str| {
            let mut reader = connected(address, asks).await;
            let mut said = [0; 12];
            reader.read_exact(&mut said).await.unwrap();
            (String::from_utf8_lossy(&said[9..]).into_owned(), reader)
        };
        let mut held = Vec::new();
        let refused = loop {
            match status("/seated").await {
                (status, reader) if status == "200" => held.push(reader),
                (status, _) => break status,
            }
        };
        assert_eq!((refused.as_str(), held.len()), ("429", 8));
        let started = Instant::now();
        while open.load(Ordering::SeqCst) > 0 {
            assert!(started.elapsed() < Duration::from_secs(60), "they are still waited for");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(status("/seated").await.0, "200", "and the seats are free again");
        stop.cancel();
        drop(held);
        serving.abort_all();
    }

    #[tokio::test]
    async fn who_never_finishes_asking_is_hung_up_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route(
            "/",
            axum::routing::get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        );
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        let timeouts = Timeouts { head: Duration::from_millis(300), stall: STALL_TIMEOUT };
        serving.spawn(serve_within(timeouts, listener, app, stop.clone()));

        let mut prompt = TcpStream::connect(address).await.unwrap();
        prompt.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: loc").await.unwrap();
        let started = Instant::now();
        let mut said = Vec::new();
        slow.read_to_end(&mut said).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));

        let mut said = Vec::new();
        prompt.read_to_end(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said);
        assert!(said.starts_with("HTTP/1.1 200") && said.contains("127.0.0.1:"), "{said}");
        stop.cancel();
        serving.join_next().await.unwrap().unwrap();
    }
}
