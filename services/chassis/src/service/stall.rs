//! Connections whose reader stops reading are ended.
//!
//! What waits to be sent is held in memory, and so is all that makes it; a reader that takes nothing would hold it for
//! as long as it likes. So while bytes wait, so many of them must go within a time. A reader that is merely slow is
//! fast enough for that; one that takes a byte now and then is not.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// The bytes that a reader must take within the time it has, while more wait.
const TAKEN_MIN_BYTES: usize = 16 * 1024;

/// A stream whose other side must go on taking what is sent.
#[derive(Debug)]
pub(super) struct Unstalled<S> {
    stream: S,
    patience: Duration,
    /// The end of the time it has: none while nothing waits.
    until: Option<Pin<Box<Sleep>>>,
    /// What it took in that time.
    taken: usize,
}

impl<S: AsyncWrite + Unpin> Unstalled<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, until: None, taken: 0 }
    }

    fn judge(
        &mut self,
        context: &mut Context<'_>,
        offered: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(taken)) => {
                self.taken += taken;
                if taken >= offered || self.taken >= TAKEN_MIN_BYTES {
                    self.until = None;
                    self.taken = 0;
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let until = self.until.get_or_insert_with(|| Box::pin(sleep(self.patience)));
                if until.as_mut().poll(context).is_ready() {
                    metrics::counter!("oversight_connections_stalled_total").increment(1);
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "its reader stopped reading",
                    )));
                }
            }
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.judge(context, bytes.len(), written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let offered = pieces.iter().map(|piece| piece.len()).sum();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, pieces);
        this.judge(context, offered, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::Instant,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Sends a megabyte to a reader that takes so much every so often; how that ended, and after how long.
    async fn send(bytes: usize, every: Duration) -> (io::Result<()>, Duration) {
        let (stream, mut reader): (_, DuplexStream) = duplex(4 * 1024);
        let read = async {
            let mut buffer = vec![0; bytes];
            loop {
                tokio::time::sleep(every).await;
                if bytes > 0 && reader.read(&mut buffer).await.is_ok_and(|read| read == 0) {
                    return;
                }
            }
        };
        let (started, mut stream) = (Instant::now(), Unstalled::new(stream, PATIENCE));
        let whole = vec![0; 1024 * 1024];
        tokio::select! {
            sent = stream.write_all(&whole) => (sent, started.elapsed()),
            () = read => unreachable!("it goes on as long as there is something to read"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_or_next_to_nothing_is_hung_up_on_and_who_is_slow_is_not() {
        for (bytes, every) in [(0, Duration::from_secs(1)), (1, Duration::from_secs(1))] {
            let (sent, after) = send(bytes, every).await;
            assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert!(after >= PATIENCE && after < PATIENCE * 2, "{bytes}: {after:?}");
        }
        let (sent, after) = send(4 * 1024, Duration::from_secs(2)).await;
        sent.unwrap();
        assert!(after > PATIENCE * 10, "slow all the way: {after:?}");
    }
}
