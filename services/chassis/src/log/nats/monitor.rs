//! Asks the server's monitoring address whether it syncs before it acknowledges: a client is not
//! told, so this needs `?monitor=HOST:PORT`. No answer is no error; it is not knowing.

use std::time::Duration;

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::log::NatsUrl;

/// How long it may take.
const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// The most bytes of an answer.
const ANSWER_MAX_BYTES: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct Varz {
    jetstream: JetStream,
}

#[derive(Deserialize)]
struct JetStream {
    config: Option<JetStreamConfig>,
}

#[derive(Deserialize)]
struct JetStreamConfig {
    #[serde(default)]
    sync_always: bool,
}

/// Whether the server syncs every message before it acknowledges it; `None` if that cannot be known.
pub(super) async fn syncs_always(url: &NatsUrl) -> Option<bool> {
    let monitor = url.monitor.as_deref()?;
    let answer = timeout(MONITOR_TIMEOUT, ask(monitor)).await.ok().and_then(Result::ok);
    let known = answer.as_deref().and_then(read);
    if known.is_none() {
        tracing::warn!(monitor, "the monitoring address does not tell whether the server syncs");
    }
    known
}

async fn ask(monitor: &str) -> std::io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(monitor).await?;
    // HTTP/1.0: the answer ends with the connection, and is not sent in chunks.
    connection.write_all(format!("GET /varz HTTP/1.0\r\nHost: {monitor}\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(ANSWER_MAX_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn read(answer: &[u8]) -> Option<bool> {
    let body = memchr::memmem::find(answer, b"\r\n\r\n")?;
    let varz: Varz = serde_json::from_slice(&answer[body + 4..]).ok()?;
    varz.jetstream.config.map(|config| config.sync_always)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_or_not_known() {
        let http = |body: &str| format!("HTTP/1.0 200 OK\r\nA: b\r\n\r\n{body}").into_bytes();
        assert_eq!(read(&http(r#"{"jetstream":{"config":{"sync_always":true}}}"#)), Some(true));
        assert_eq!(read(&http(r#"{"jetstream":{"config":{"sync_interval":120}}}"#)), Some(false));
        assert_eq!(read(&http(r#"{"jetstream":{}}"#)), None);
        assert_eq!(read(b"nonsense"), None);
    }
}
