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

/// How long a connection may take to say what it asks for, and how long it may stay without asking. A
/// little more than the minute that proxies keep theirs open, so that it is they who close them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// The pause after the machine had no connection to give, for want of file descriptors for one.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(200);

/// Answers until it is to stop, then finishes what is in flight. Dropped, it cuts that off.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    serve_within(HEAD_TIMEOUT, listener, app, stop).await;
}

async fn serve_within(head_timeout: Duration, listener: TcpListener, app: Router, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
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
        let connection = http.serve_connection(TokioIo::new(prompt(stream)), answering(app.clone(), peer));
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
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

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
        serving.spawn(serve_within(Duration::from_millis(300), listener, app, stop.clone()));

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
