//! A connection: how it is opened, whether it stands, what the server last denied, and questions
//! that are repeated while no one can answer.

use std::{
    error::Error as _,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{
    Client, ConnectOptions, Event, ReconnectToServer, RequestErrorKind, Server, ServerAddr, ServerError,
    connection::State,
    jetstream::{
        context,
        stream::{LastRawMessageError, LastRawMessageErrorKind},
    },
    rustls,
};
use parking_lot::Mutex;

use super::{Another, Patience, RECONNECT_PATIENCE, identity::Identity};
use crate::{
    log::{NatsServer, NatsUrl, OpenError, ReadError},
    telemetry::OnceAMinute,
};

/// How long a connection to one server may take to be made. A server that is frozen still accepts it, and never
/// says a word.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A server that leaves two of these unanswered is given up when the third is due: so writers are elsewhere within
/// five seconds, while the others choose another leader, which takes them as long.
const PING_INTERVAL: Duration = Duration::from_millis(1500);

/// Messages of one subscription that may wait in this process. The server's flow control holds a
/// reader to 32 MiB, which is fewer messages than this unless they are tiny; were one lost all the
/// same, the reader would notice the gap.
const SUBSCRIPTION_MESSAGES: usize = 256 * 1024;

/// Commands that may wait for the connection.
const COMMANDS: usize = 8192;

/// The latest permission the server denied. It says so to the connection, never to the request,
/// which just stays unanswered.
#[derive(Debug, Default)]
struct Denied(Mutex<Option<(Instant, String)>>);

/// A connection to the server.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    denied: Arc<Denied>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) async fn open(url: &NatsUrl, identity: &Identity) -> Result<Self, OpenError> {
        let fail = |reason: String| OpenError::Server { place: url.to_string(), reason };
        let denied = Arc::new(Denied::default());
        let seen = Arc::clone(&denied);
        let place = url.to_string();
        let mut options = ConnectOptions::new()
            .name("oversight")
            .custom_inbox_prefix(url.inbox_prefix())
            .connection_timeout(CONNECT_TIMEOUT)
            .ping_interval(PING_INTERVAL)
            .subscription_capacity(SUBSCRIPTION_MESSAGES)
            .client_capacity(COMMANDS)
            .require_tls(url.in_tls())
            .reconnect_delay_callback(pause_before)
            .event_callback(move |event| {
                note(&event, &place, &seen);
                std::future::ready(())
            });
        let stays_here = !url.in_tls() && url.servers.iter().all(NatsServer::is_loopback);
        if stays_here || url.servers.len() > 1 {
            // A server of a cluster tells of the others. What was meant to stay on this machine does
            // not go over to them in plain text; and where several are named, these are the ones: under another
            // name the same server would be tried twice.
            options = options.ignore_discovered_servers();
        }
        if url.servers.len() > 1 {
            let elsewhere = Elsewhere::default();
            options = options.reconnect_to_server_callback(move |servers, _| {
                std::future::ready(
                    elsewhere.next(&servers).map(|addr| ReconnectToServer { addr, delay: None }),
                )
            });
        }
        let options = identity.apply(options).await.map_err(fail)?;
        let mut servers = Vec::new();
        for server in &url.servers {
            servers.push(server.to_string().parse::<ServerAddr>().map_err(|error| fail(error.to_string()))?);
        }
        let client = options.connect(servers).await.map_err(|error| {
            use async_nats::ConnectErrorKind as Kind;
            fail(match error.kind() {
                Kind::Authentication | Kind::AuthorizationViolation => {
                    "the server does not accept these credentials: check the user and password in the \
                     address, or the file that OVERSIGHT_NATS_CREDS or OVERSIGHT_NATS_NKEY_SEED names"
                        .to_owned()
                }
                _ if fails_in_tls(&error) => format!(
                    "the connection in TLS fails ({error}): check the server's certificate, and the files that \
                     OVERSIGHT_NATS_CA, OVERSIGHT_NATS_CERT and OVERSIGHT_NATS_KEY name"
                ),
                Kind::Io | Kind::TimedOut | Kind::Dns => {
                    format!("no one answers there ({error}): start nats-server, or correct the address")
                }
                _ => error.to_string(),
            })
        })?;
        Ok(Self { client, denied })
    }

    /// Whether the connection stands.
    pub(super) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Waits a little for a broken connection to come back.
    pub(super) async fn ready(&self, patience: Duration) -> Result<(), String> {
        if self.is_up() {
            return Ok(());
        }
        let mut patience = Patience::new(patience);
        while patience.another().await == Another::Yes {
            if self.is_up() {
                return Ok(());
            }
        }
        Err("there is no connection to the server".to_owned())
    }

    /// What the server denied since a moment, if it concerns a subject.
    pub(super) fn denied_since(&self, since: Instant, subject: &str) -> Option<String> {
        let denied = self.denied.0.lock();
        denied
            .as_ref()
            .filter(|(when, what)| *when >= since && what.contains(subject))
            .map(|(_, what)| what.clone())
    }

    /// Asks until there is an answer, a refusal, or no patience left.
    pub(super) async fn ask<T, E, F>(
        &self,
        patience: Duration,
        question: impl Fn() -> F,
    ) -> Result<Option<T>, ReadError>
    where
        E: Asked,
        F: Future<Output = Result<T, E>>,
    {
        let mut patience = Patience::new(patience);
        loop {
            self.ready(RECONNECT_PATIENCE).await.map_err(|reason| ReadError::Unreachable { reason })?;
            let started = Instant::now();
            let error = match question().await {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            if error.says_nothing_there() {
                return Ok(None);
            }
            if let Some(what) = self.denied_since(started, "$JS.API") {
                return Err(ReadError::Unreachable { reason: what });
            }
            if patience.another().await == Another::No {
                return Err(ReadError::Unreachable { reason: error.to_string() });
            }
        }
    }
}

/// Whether two sides that could talk do not agree on TLS. The library calls most of that an error of
/// input and output, as if no one were there.
fn fails_in_tls(error: &async_nats::ConnectError) -> bool {
    if error.kind() == async_nats::ConnectErrorKind::Tls {
        return true;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Where to go when a connection is lost: to another server than the one that was just lost, since one that froze
/// accepts connections all the same.
#[derive(Debug, Default)]
struct Elsewhere(Mutex<Option<String>>);

impl Elsewhere {
    /// The next server to try: of those that failed least often the one after the last that was tried. None while
    /// no connection ever stood, when the library tries one after the other by itself.
    fn next(&self, servers: &[Server]) -> Option<ServerAddr> {
        let connected = servers.iter().position(|server| server.did_connect)?;
        let address = |server: &Server| server.addr.as_url_str().to_owned();
        let mut last = self.0.lock();
        let tried = last.as_ref().and_then(|last| servers.iter().position(|server| address(server) == *last));
        let from = tried.unwrap_or(connected) + 1;
        let (before, after) = servers.split_at_checked(from)?;
        // Of those that are equal the first counts, and the one that was tried last comes last.
        let next = after.iter().chain(before).min_by_key(|server| server.failed_attempts)?;
        *last = Some(address(next));
        Some(next.addr.clone())
    }
}

/// How long to wait before an attempt to connect, counted from 1: whoever begins, or has just lost a
/// connection, tries at once.
fn pause_before(attempt: usize) -> Duration {
    const EACH: u64 = 50;
    const MAX: u64 = 1000;
    let failed = u64::try_from(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
    Duration::from_millis(failed.saturating_mul(EACH).min(MAX))
}

/// An answer that is not the wanted one.
pub(super) trait Asked: fmt::Display {
    /// Whether it is the certain answer that there is no such thing.
    fn says_nothing_there(&self) -> bool;
}

impl Asked for LastRawMessageError {
    fn says_nothing_there(&self) -> bool {
        match self.kind() {
            LastRawMessageErrorKind::NoMessageFound => true,
            LastRawMessageErrorKind::JetStream(error) => {
                error.error_code() == super::publish::NO_MESSAGE_FOUND
            }
            _ => false,
        }
    }
}

impl Asked for context::RequestError {
    fn says_nothing_there(&self) -> bool {
        false
    }
}

/// Lines that a server, or its absence, may cause again and again.
static REPORTED: OnceAMinute = OnceAMinute::new();
static FELL_BEHIND: OnceAMinute = OnceAMinute::new();
static OTHERWISE: OnceAMinute = OnceAMinute::new();

fn note(event: &Event, place: &str, denied: &Denied) {
    match event {
        // That no one answers is told of once for all connections of the process.
        Event::Disconnected => {
            metrics::counter!("oversight_log_disconnections_total").increment(1);
            tracing::debug!(place, "the connection to the event log broke");
        }
        Event::Connected => tracing::debug!(place, "connected to the event log"),
        Event::ServerError(ServerError::Other(what)) => {
            if REPORTED.is_due() {
                tracing::error!(place, what, "the event log's server reports an error");
            }
            if what.to_ascii_lowercase().contains("permissions violation") {
                *denied.0.lock() = Some((Instant::now(), what.clone()));
            }
        }
        Event::SlowConsumer(_) if FELL_BEHIND.is_due() => {
            tracing::warn!(place, "a reader of the event log fell behind; it starts again where it was");
        }
        Event::SlowConsumer(_) => {}
        event if OTHERWISE.is_due() => tracing::warn!(place, %event, "the connection to the event log"),
        event => tracing::debug!(place, %event, "the connection to the event log"),
    }
}

/// The sort of a failed request, for texts.
pub(super) fn failed(kind: RequestErrorKind) -> &'static str {
    match kind {
        RequestErrorKind::TimedOut => "the server did not answer in time",
        RequestErrorKind::NoResponders => "no server answers for the stream at the moment",
        _ => "the request failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(number: u16, failed_attempts: usize, did_connect: bool) -> Server {
        let addr = format!("nats://127.0.0.1:{number}").parse().unwrap();
        Server { addr, failed_attempts, did_connect, is_discovered: false, last_error: None }
    }

    #[test]
    fn whoever_lost_a_connection_goes_to_another_server_first() {
        let next =
            |elsewhere: &Elsewhere, servers: &[Server]| elsewhere.next(servers).map(|addr| addr.port());
        let elsewhere = Elsewhere::default();
        let none = [server(1, 0, false), server(2, 0, false)];
        assert_eq!(next(&elsewhere, &none), None, "the first connection is the library's");
        let mut servers = [server(1, 0, false), server(2, 0, true), server(3, 0, false)];
        assert_eq!(next(&elsewhere, &servers), Some(3), "behind the one that was lost");
        servers[2].failed_attempts = 1;
        assert_eq!(next(&elsewhere, &servers), Some(1));
        servers[0].did_connect = true;
        assert_eq!(next(&elsewhere, &servers), Some(2), "lost again, and the third has failed");
        servers[1].failed_attempts = 1;
        assert_eq!(next(&elsewhere, &servers), Some(1));
        let one = [server(1, 4, true)];
        assert_eq!(next(&Elsewhere::default(), &one), Some(1), "there is no other");
    }

    #[test]
    fn only_what_has_failed_is_waited_after() {
        let pauses = [1, 2, 3, 21, 22, usize::MAX].map(|attempt| pause_before(attempt).as_millis());
        assert_eq!(pauses, [0, 50, 100, 1000, 1000, 1000]);
    }
}
