//! Reads the stream in order, and on.
//!
//! An ephemeral push consumer with flow control delivers; this reader takes whatever has come as
//! one batch. It trusts nothing: the consumer's own sequence must be without a gap (else something
//! was lost on the way, and a new consumer goes on from the last event seen), and so must the
//! stream's (else the stream itself has lost events, and that is damage).
//!
//! Silence is watched in two ways. Heartbeats come each second; without them the consumer is made
//! anew. And while heartbeats come but no events do, the stream's end is compared with what was
//! read, now and then, since a consumer can believe that it has delivered everything.

use std::{
    future::poll_fn,
    mem,
    task::Poll,
    time::{Duration, Instant},
};

use async_nats::{Message, RequestErrorKind, Subscriber, header};
use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture};
use proto::Position;
use tokio::time::timeout;

use super::{
    ASK_PATIENCE, Another, Patience, RECONNECT_PATIENCE,
    connection::{Connection, failed},
    head_of,
};
use crate::log::{BATCH_MAX_EVENTS, Batch, ReadError, Reader, Recorded};

/// How often the server shows that the consumer lives while there is nothing to deliver.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// No sign for so long: the consumer is gone.
const SILENCE: Duration = Duration::from_millis(3200);

/// How often the stream's end is compared while nothing comes.
const COMPARE_EVERY: Duration = Duration::from_secs(5);

/// When the server forgets a consumer that no one listens to.
const INACTIVE: Duration = Duration::from_secs(30);

/// While a reader catches up it gathers for so long before it hands out a small batch: fewer, larger
/// batches spare both sides the waking. Live events are never kept waiting.
const GATHER_FOR: Duration = Duration::from_millis(1);

/// A batch smaller than this is small; a reader this far behind catches up.
const GATHER_EVENTS: usize = 512;

/// The header by which a stalled consumer says where it waits for an answer.
const CONSUMER_STALLED: &str = "Nats-Consumer-Stalled";

/// What a message asks for.
enum Step {
    More,
    /// The server waits for an answer before it sends on.
    Reply(async_nats::Subject),
    /// The consumer is no good any more.
    Restart(&'static str),
    Damaged(Position, &'static str),
    /// No message waits.
    Dry,
    /// The batch is full.
    Full,
}

#[derive(Debug)]
struct Consumer {
    name: String,
    subscriber: Subscriber,
    /// The consumer's own number of the last message.
    delivered: u64,
}

/// A reader of the stream.
pub(super) struct NatsReader {
    connection: Connection,
    stream: String,
    consumer: Option<Consumer>,
    /// The last position taken.
    after: Position,
    /// Taken, but not yet handed out.
    events: Vec<Recorded>,
    head: Position,
    compared: Instant,
    /// Where this reader stood when the stream was last seen to go further.
    behind_at: Option<Position>,
}

impl NatsReader {
    pub(super) fn new(connection: Connection, stream: String, after: Position) -> Self {
        Self {
            connection,
            stream,
            consumer: None,
            after,
            events: Vec::new(),
            head: after,
            compared: Instant::now(),
            behind_at: None,
        }
    }

    /// Safe to drop half-way: what was taken stays for the next call.
    async fn next_batch(&mut self) -> Result<Batch, ReadError> {
        let mut gathered = false;
        loop {
            if self.consumer.is_none() {
                self.start().await?;
            }
            let step = if self.events.is_empty() { self.wait().await? } else { self.drain().await };
            match step {
                Step::More => {}
                Step::Reply(subject) => {
                    let _ = self.connection.client.publish(subject, Bytes::new()).await;
                }
                Step::Dry if self.events.is_empty() => {}
                Step::Dry if !gathered && self.catches_up() => {
                    gathered = true;
                    tokio::time::sleep(GATHER_FOR).await;
                }
                Step::Restart(_) | Step::Damaged(..) if !self.events.is_empty() => {
                    // First what is sound; the next call meets the same again.
                    self.stop(&step);
                    return Ok(self.take());
                }
                Step::Dry | Step::Full => return Ok(self.take()),
                Step::Restart(_) => self.stop(&step),
                Step::Damaged(position, reason) => {
                    self.stop(&step);
                    return Err(ReadError::Damaged { position, reason: reason.to_owned() });
                }
            }
        }
    }

    fn catches_up(&self) -> bool {
        self.events.len() < GATHER_EVENTS && self.head.0.saturating_sub(self.after.0) >= GATHER_EVENTS as u64
    }

    fn take(&mut self) -> Batch {
        self.head = self.head.max(self.after);
        // The next batch will be about as large.
        let next = Vec::with_capacity(self.events.len());
        Batch { events: mem::replace(&mut self.events, next), head: self.head }
    }

    /// Waits for a first message.
    async fn wait(&mut self) -> Result<Step, ReadError> {
        let Some(consumer) = &mut self.consumer else { return Ok(Step::Restart("none")) };
        let message = match timeout(SILENCE, consumer.subscriber.next()).await {
            Err(_) => return Ok(Step::Restart("silent")),
            Ok(None) => return Ok(Step::Restart("closed")),
            Ok(Some(message)) => message,
        };
        match self.look_at(message) {
            Step::More if self.events.is_empty() => self.compare().await,
            step => Ok(step),
        }
    }

    /// Takes all messages that wait, up to a full batch.
    async fn drain(&mut self) -> Step {
        // The runtime's own limit would end a batch at 128 messages; ours bounds it as well.
        let polled = poll_fn(|context| {
            loop {
                if self.events.len() >= BATCH_MAX_EVENTS {
                    return Poll::Ready(Step::Full);
                }
                let Some(consumer) = &mut self.consumer else { return Poll::Ready(Step::Restart("none")) };
                match consumer.subscriber.poll_next_unpin(context) {
                    Poll::Pending => return Poll::Ready(Step::Dry),
                    Poll::Ready(None) => return Poll::Ready(Step::Restart("closed")),
                    Poll::Ready(Some(message)) => match self.look_at(message) {
                        Step::More => {}
                        step => return Poll::Ready(step),
                    },
                }
            }
        });
        tokio::task::unconstrained(polled).await
    }

    fn look_at(&mut self, message: Message) -> Step {
        let Some(consumer) = &mut self.consumer else { return Step::Restart("none") };
        if message.status.is_some() {
            return sign_of_life(message, consumer.delivered);
        }
        let Some(place) = message.reply.as_deref().and_then(Place::read) else { return Step::More };
        if place.delivered != consumer.delivered + 1 {
            return Step::Restart("gap");
        }
        consumer.delivered = place.delivered;
        if place.position <= self.after {
            return Step::More;
        }
        if place.position != self.after.next() {
            return Step::Damaged(self.after.next(), "the stream does not hold this event any more");
        }
        self.after = place.position;
        self.head = Position(place.position.0 + place.pending);
        let body = super::in_its_place(place.position, &message.subject, message.payload);
        self.events.push(Recorded { position: place.position, body });
        Step::More
    }

    /// While nothing comes: is there really nothing?
    async fn compare(&mut self) -> Result<Step, ReadError> {
        if let Some(behind_at) = self.behind_at.take()
            && behind_at == self.after
        {
            // A whole heartbeat later nothing has come of what the stream holds.
            return Ok(Step::Restart("stalled"));
        }
        if self.compared.elapsed() < COMPARE_EVERY {
            return Ok(Step::More);
        }
        self.compared = Instant::now();
        let head = head_of(&self.connection, &self.stream).await?;
        if head < self.after {
            return Ok(Step::Damaged(head.next(), "the stream ends before what was already read of it"));
        }
        self.head = self.head.max(head);
        if head > self.after {
            self.behind_at = Some(self.after);
        }
        Ok(Step::More)
    }

    /// Gives the consumer up.
    fn stop(&mut self, step: &Step) {
        let reason: &'static str = match step {
            Step::Restart(reason) => reason,
            _ => "damaged",
        };
        if matches!(reason, "silent" | "closed") {
            // As long as no one answers; that is told of once for all readers.
            tracing::debug!(reason, position = self.after.0, "the reader of the event log starts again");
        } else {
            tracing::warn!(reason, position = self.after.0, "the reader of the event log starts again");
        }
        metrics::counter!("oversight_log_reader_restarts_total", "reason" => reason).increment(1);
        self.behind_at = None;
        self.consumer = None;
    }

    /// Makes a consumer that begins behind the last event taken.
    async fn start(&mut self) -> Result<(), ReadError> {
        let unreachable = |reason: String| ReadError::Unreachable { reason };
        self.connection.ready(RECONNECT_PATIENCE).await.map_err(unreachable)?;
        let head = head_of(&self.connection, &self.stream).await?;
        if head < self.after {
            return Err(ReadError::Damaged {
                position: head.next(),
                reason: "the stream ends before what was already read of it".to_owned(),
            });
        }
        self.head = self.head.max(head);
        let client = &self.connection.client;
        let inbox = client.new_inbox();
        let name = inbox.rsplit('.').next().unwrap_or_default().to_owned();
        let subscriber =
            client.subscribe(inbox.clone()).await.map_err(|error| unreachable(error.to_string()))?;
        let request = serde_json::json!({
            "stream_name": self.stream,
            "action": "create",
            "config": {
                "name": name,
                "deliver_subject": inbox,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": self.after.next().0,
                "ack_policy": "none",
                "replay_policy": "instant",
                "max_deliver": 1,
                "flow_control": true,
                "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
                "inactive_threshold": INACTIVE.as_nanos() as u64,
                "mem_storage": true,
                "num_replicas": 1,
            },
        });
        self.create(&name, Bytes::from(request.to_string())).await?;
        self.compared = Instant::now();
        self.consumer = Some(Consumer { name, subscriber, delivered: 0 });
        Ok(())
    }

    async fn create(&self, name: &str, request: Bytes) -> Result<(), ReadError> {
        let subject = format!("$JS.API.CONSUMER.CREATE.{}.{name}", self.stream);
        let mut patience = Patience::new(ASK_PATIENCE);
        loop {
            let started = Instant::now();
            let reason = match timeout(
                super::ASK_TIMEOUT,
                self.connection.client.request(subject.clone(), request.clone()),
            )
            .await
            {
                Err(_) => failed(RequestErrorKind::TimedOut).to_owned(),
                Ok(Err(error)) => failed(error.kind()).to_owned(),
                Ok(Ok(answer)) => match refusal(&answer.payload) {
                    None => return Ok(()),
                    Some(reason) => reason,
                },
            };
            if let Some(reason) = self.connection.denied_since(started, "$JS.API") {
                return Err(ReadError::Unreachable { reason });
            }
            if patience.another().await == Another::No {
                return Err(ReadError::Unreachable {
                    reason: format!("no consumer could be made: {reason}"),
                });
            }
        }
    }
}

impl Drop for NatsReader {
    fn drop(&mut self) {
        // Without this the server would forget the consumer by itself, a little later.
        if let (Some(consumer), Ok(runtime)) = (self.consumer.take(), tokio::runtime::Handle::try_current()) {
            let client = self.connection.client.clone();
            let subject = format!("$JS.API.CONSUMER.DELETE.{}.{}", self.stream, consumer.name);
            runtime.spawn(async move {
                let _ = client.publish(subject, Bytes::new()).await;
                let _ = timeout(Duration::from_secs(1), client.flush()).await;
            });
        }
    }
}

impl Reader for NatsReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ReadError>> {
        Box::pin(self.next_batch())
    }
}

/// The reason, if the answer of the server's API is a refusal.
fn refusal(answer: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        error: Option<async_nats::jetstream::Error>,
    }
    match serde_json::from_slice::<Answer>(answer) {
        Ok(answer) => answer.error.map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// A heartbeat, or a request of the flow control.
fn sign_of_life(message: Message, delivered: u64) -> Step {
    if let Some(reply) = message.reply {
        return Step::Reply(reply);
    }
    let Some(headers) = message.headers else { return Step::More };
    if let Some(subject) = headers.get(CONSUMER_STALLED) {
        return Step::Reply(subject.as_str().into());
    }
    let sent: Option<u64> =
        headers.get(header::NATS_LAST_CONSUMER).and_then(|last| last.as_str().parse().ok());
    match sent {
        Some(sent) if sent > delivered => Step::Restart("gap"),
        _ => Step::More,
    }
}

/// Where a message stands, from its reply subject:
/// `$JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.DELIVERIES.STREAM-SEQ.CONSUMER-SEQ.TIME.PENDING[.TOKEN]`.
#[derive(Debug, PartialEq)]
struct Place {
    position: Position,
    delivered: u64,
    pending: u64,
}

impl Place {
    fn read(reply: &str) -> Option<Self> {
        const SHORT: usize = 9;
        let reply = reply.as_bytes();
        let count = memchr::memchr_iter(b'.', reply).count() + 1;
        let tokens = reply.strip_prefix(b"$JS.ACK.")?.split(|byte| *byte == b'.');
        let mut numbers = tokens
            .skip(if count == SHORT { 3 } else { 5 })
            .map(|token| std::str::from_utf8(token).ok()?.parse::<u64>().ok());
        let position = Position(numbers.next()??);
        let delivered = numbers.next()??;
        let pending = numbers.nth(1)??;
        Some(Self { position, delivered, pending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_subject_tells_the_place_in_its_old_and_new_form() {
        let place = Some(Place { position: Position(17), delivered: 5, pending: 9 });
        assert_eq!(Place::read("$JS.ACK.S.C.1.17.5.1700000000000000000.9"), place);
        assert_eq!(Place::read("$JS.ACK.hub.ACC.S.C.1.17.5.1700000000000000000.9"), place);
        assert_eq!(Place::read("$JS.ACK.hub.ACC.S.C.1.17.5.1700000000000000000.9.xyz"), place);
        for nonsense in [
            "",
            "$JS.ACK",
            "$JS.ACK.S.C.1.x.5.1.9",
            "_INBOX.a.b",
            "$JS.ACK.S.C.1.17.5",
            "$JS.ACKS.C.1.17.5.1.9",
        ] {
            assert_eq!(Place::read(nonsense), None, "{nonsense}");
        }
    }
}
