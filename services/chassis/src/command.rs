//! The command path: load the state, decide, append expecting the state's last position, apply.
//!
//! One command yields at most one event. States come from a cache that may lag behind; the log has
//! the last word: a decision that writes is checked by the log itself, one that does not is checked
//! against the aggregate's last position before it is told to anyone.

use axum::http::StatusCode;
use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use proto::{
    Actor, AggregateId, By, CommandContent, Day, DomainEvent, Envelope, EventHash, Header, Position, Subject,
    envelope::Provenance, imports::Withdrawn,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt, sync::Arc};
use uuid::Uuid;

use crate::{
    cache::{Cache, CacheError, Mark, Part},
    ids::CommandId,
    kept::{Kept, without},
    log::{AppendError, Log, NewEvent, ReadError, Recorded, Written},
    problem::Problem,
    telemetry::OnceAMinute,
};

/// How often a command is decided again because others were faster, before it gives up.
pub const DECISIONS_MAX: usize = 16;

/// To be raised whenever what is kept of every state beside the state itself changes: cached states of another version
/// are dropped.
const KEPT_VERSION: u32 = 1_000;

/// The state of one thing that commands are decided against: pure.
pub trait Aggregate: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What happens to it.
    type Event: DomainEvent;
    /// What is asked of it.
    type Command: Send + Sync;
    /// Why it says no.
    type Refusal: std::error::Error + Into<Problem> + Send + Sync + 'static;

    /// The name of its cache.
    const NAME: &'static str;
    /// To be raised whenever `evolve` or the state's shape changes: cached states of another
    /// version are dropped.
    const FOLD_VERSION: u32;

    /// What a command leads to: an event, nothing (it is so already), or a refusal.
    fn decide(
        &self,
        command: &Self::Command,
        context: &Context,
    ) -> Result<Option<Self::Event>, Self::Refusal>;

    /// The state after an event. Cannot fail; events that are not of this kind of aggregate are
    /// ignored.
    fn evolve(&mut self, event: &Self::Event, when: &When);

    /// Whether an event is kept beside the state, because it may come with an import that can be withdrawn, or what
    /// comes of it depends on one.
    fn keeps(_: &Self::Event) -> bool {
        false
    }

    /// Whether what came with a withdrawn import counts nevertheless, as long as any other event of this thing does.
    fn outlives(_: &Self::Event) -> bool {
        false
    }

    /// Takes over what no import could have brought, and the numbers that are given but once: from the state with
    /// the imports that were withdrawn.
    fn take_over(&mut self, _: &Self) {}
}

/// What a decision may know beside the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// When the command is decided.
    pub time: Timestamp,
    /// The day it takes effect in the world.
    pub effective: Day,
    /// Who gives it.
    pub actor: Actor,
}

/// When an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The day it took effect in the world.
    pub effective: Day,
    /// Where it stands.
    pub position: Position,
    /// The request it came from: of a row of a file, the import.
    pub correlation_id: Option<Uuid>,
}

/// What comes with a command.
#[derive(Debug, Clone)]
pub struct CommandMeta {
    /// Its id; the same id never writes twice.
    pub id: CommandId,
    /// Now.
    pub time: Timestamp,
    /// Who gives it, in which role, and for whom.
    pub by: By,
    /// The day it takes effect, where not today.
    pub effective: Option<Day>,
    /// The request it came with.
    pub correlation_id: Option<Uuid>,
    /// What was sent with it, where a key could be given again with something else.
    pub content: Option<CommandContent>,
}

impl CommandMeta {
    /// A command given now, taking effect today.
    pub fn new(id: CommandId, time: Timestamp, by: impl Into<By>) -> Self {
        Self { id, time, by: by.into(), effective: None, correlation_id: None, content: None }
    }

    /// Taking effect on another day. The day of `time` itself is left out of the event.
    pub fn effective(mut self, day: Day) -> Self {
        self.effective = (day != Day::in_london(self.time)).then_some(day);
        self
    }

    fn context(&self) -> Context {
        Context {
            time: self.time,
            effective: self.effective.unwrap_or_else(|| Day::in_london(self.time)),
            actor: self.by.actor.clone(),
        }
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its event stands at this position, written now or by an earlier repeat of the command.
    Recorded(Position, Written),
    /// It was so already; the aggregate's last event stands at this position.
    Unchanged(Position),
}

impl Outcome {
    /// The position from which on views show the outcome.
    pub fn position(self) -> Position {
        match self {
            Outcome::Recorded(position, _) | Outcome::Unchanged(position) => position,
        }
    }
}

/// Why a command came to nothing. Refused by the domain and broken infrastructure are different
/// things.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// The aggregate says no.
    #[error(transparent)]
    Refused(R),
    /// The command was given before with something else, and what that led to stands.
    #[error("{}", other_content(*.0))]
    OtherContent(Position),
    /// What the command was given on condition of no longer holds.
    #[error("others have taken meanwhile what this needs")]
    NoLonger,
    /// Others changed the aggregate each of [`DECISIONS_MAX`] times.
    #[error("others changed the same record {DECISIONS_MAX} times meanwhile")]
    Busy,
    /// The log did not take the event, or did not say.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The event could not be written as JSON.
    #[error("the event cannot be encoded: {0}")]
    Encode(#[from] serde_json::Error),
}

fn other_content(position: Position) -> String {
    format!(
        "this Idempotency-Key was used before, with other content: its command is recorded at position {position}. Use a new \
         key for another command"
    )
}

impl<R: Into<Problem>> From<CommandError<R>> for Problem {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::OtherContent(position) => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-used-before",
                "The key was used before",
                other_content(position),
            )
            .at("Idempotency-Key", "was used with other content"),
            CommandError::Busy | CommandError::NoLonger => Problem::busy(),
            CommandError::Read(error) => error.into(),
            CommandError::Append(error) => match error {
                AppendError::Conflict { .. } => Problem::busy(),
                AppendError::TooLarge { .. } => Problem::bad_input(error.to_string()),
                AppendError::Unreachable { .. } => Problem::unavailable(error.to_string()),
                AppendError::OutcomeUnknown { .. } => Problem::unavailable(format!(
                    "{error}; repeat the request with the same Idempotency-Key, which never records it twice"
                )),
                AppendError::Full { .. } | AppendError::Refused { .. } => {
                    static NOT_TAKEN: OnceAMinute = OnceAMinute::new();
                    if NOT_TAKEN.is_due() {
                        tracing::error!(%error, "the event log does not take events");
                    }
                    Problem::unavailable(error.to_string()).retry_after(Problem::MENDED_AFTER_SECONDS)
                }
            },
            CommandError::Encode(error) => {
                tracing::error!(%error, "an event could not be encoded");
                Problem::internal()
            }
        }
    }
}

/// A state with where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "A: Aggregate")]
pub struct Loaded<A: Aggregate> {
    /// The state.
    pub state: A,
    /// The aggregate's last event.
    pub position: Position,
    last_hash: Option<EventHash>,
    last_event: Option<Uuid>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Kept<A::Event>>,
}

impl<A: Aggregate> Default for Loaded<A> {
    fn default() -> Self {
        Self {
            state: A::default(),
            position: Position::START,
            last_hash: None,
            last_event: None,
            kept: Vec::new(),
        }
    }
}

impl<A: Aggregate> Loaded<A> {
    fn apply(&mut self, event: A::Event, id: Uuid, when: When, body: &[u8]) {
        self.state.evolve(&event, &when);
        if A::keeps(&event) {
            self.kept.push(Kept { event, when });
        }
        self.stands_at(id, when.position, body);
    }

    /// The state without the withdrawn imports.
    fn standing(&self, withdrawn: &Withdrawn) -> Cow<'_, A> {
        without(&self.state, &self.kept, withdrawn)
    }

    fn apply_recorded(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else {
            // Not ours to judge; the chain still runs through it.
            self.stands_at(Uuid::nil(), recorded.position, &recorded.body);
            return;
        };
        let when = When {
            recorded: header.time,
            effective: header.effective_day(),
            position: recorded.position,
            correlation_id: header.correlation_id,
        };
        match header.event::<A::Event>() {
            Ok(event) => self.apply(event, header.id, when, &recorded.body),
            Err(error) => {
                tracing::warn!(position = %recorded.position, %error, "an event was set aside while loading a state");
                self.stands_at(header.id, recorded.position, &recorded.body);
            }
        }
    }

    fn stands_at(&mut self, id: Uuid, position: Position, body: &[u8]) {
        self.position = position;
        self.last_hash = Some(EventHash::of(body));
        self.last_event = Some(id);
    }
}

/// Decides the commands of one kind of aggregate.
#[derive(Debug)]
pub struct Commands<A: Aggregate> {
    log: Log,
    cache: Cache,
    states: Part<Loaded<A>>,
    /// Where each event of the aggregates kept in `states` stands: so that a command that is repeated, however late, is
    /// answered as it was the first time. Written before the state, so that it lacks no event a state has.
    events: Part<Position>,
    withdrawn: WithdrawnImports,
    condition: Option<Arc<dyn Condition>>,
}

/// Something beside the aggregate that has to hold when an event is appended to it.
pub trait Condition: fmt::Debug + Send + Sync {
    /// Whether it holds now, by the log. Asked after the state was read and before the event is appended, each time it
    /// is tried: what makes it no longer hold therefore appends to the aggregate, too, and an event that was decided on
    /// before that is not taken.
    fn holds(&self) -> BoxFuture<'_, Result<bool, ReadError>>;
}

/// Tells which imports were withdrawn, as far as is known.
#[derive(Clone, Default)]
struct WithdrawnImports(Option<Arc<dyn Fn() -> Arc<Withdrawn> + Send + Sync>>);

impl fmt::Debug for WithdrawnImports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WithdrawnImports").field(&self.0.as_ref().map(|tells| tells())).finish()
    }
}

impl<A: Aggregate> Clone for Commands<A> {
    fn clone(&self) -> Self {
        let Self { log, cache, states, events, withdrawn, condition } = self;
        Self {
            log: log.clone(),
            cache: cache.clone(),
            states: states.clone(),
            events: events.clone(),
            withdrawn: withdrawn.clone(),
            condition: condition.clone(),
        }
    }
}

impl<A: Aggregate> Commands<A> {
    /// The commands of a kind of aggregate, over a log and with a cache of its states.
    pub fn new(log: Log, cache: Cache) -> Result<Self, CacheError> {
        let version = KEPT_VERSION + A::FOLD_VERSION;
        let states = cache.part(A::NAME, version)?;
        let events = cache.part(&format!("{}-events", A::NAME), version)?;
        let withdrawn = WithdrawnImports::default();
        Ok(Self { log, cache, states, events, withdrawn, condition: None })
    }

    /// The commands of another kind of aggregate, over the same log and with the same cache. Nothing is left out of
    /// their states.
    pub fn of_others<B: Aggregate>(&self) -> Result<Commands<B>, CacheError> {
        Commands::new(self.log.clone(), self.cache.clone())
    }

    /// The same, with states that leave out what came with an import that was withdrawn.
    #[must_use]
    pub fn without(mut self, withdrawn: impl Fn() -> Arc<Withdrawn> + Send + Sync + 'static) -> Self {
        self.withdrawn = WithdrawnImports(Some(Arc::new(withdrawn)));
        self
    }

    /// The same, recording something only while a condition holds.
    #[must_use]
    pub fn only_while(mut self, condition: Arc<dyn Condition>) -> Self {
        self.condition = Some(condition);
        self
    }

    fn withdrawn(&self) -> Arc<Withdrawn> {
        self.withdrawn.0.as_ref().map_or_else(Arc::default, |tells| tells())
    }

    fn subject(id: &AggregateId) -> Subject {
        Subject::on(A::Event::STREAM, A::Event::SERVICE, id)
    }

    /// The state as the log has it now.
    pub async fn load(&self, id: &AggregateId) -> Result<Loaded<A>, ReadError> {
        let cached = self.states.get(id.as_str()).unwrap_or_default();
        let mut loaded = self.catch_up(id, cached).await?;
        if let Cow::Owned(state) = loaded.standing(&self.withdrawn()) {
            loaded.state = state;
        }
        Ok(loaded)
    }

    /// Gives a command. Costs one append where it writes, one look at the aggregate's last
    /// position where it does not; the state comes from the cache.
    pub async fn execute(
        &self,
        id: &AggregateId,
        command: &A::Command,
        meta: &CommandMeta,
    ) -> Result<Outcome, CommandError<A::Refusal>> {
        let event_id = meta.id.event_id();
        let context = meta.context();
        let mut loaded = self.states.get(id.as_str()).unwrap_or_default();
        let mut current = Freshness::Cached;
        for _ in 0..DECISIONS_MAX {
            if let Some(position) = self.given_before(event_id, meta).await? {
                return Ok(Outcome::Recorded(position, Written::Before));
            }
            let decision = loaded.standing(&self.withdrawn()).decide(command, &context);
            if !matches!(decision, Ok(Some(_))) && current == Freshness::Cached {
                loaded = self.catch_up(id, loaded).await?;
                current = Freshness::Checked;
                continue;
            }
            let event = match decision {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(Outcome::Unchanged(loaded.position)),
                Err(refusal) => return Err(CommandError::Refused(refusal)),
            };
            if let Some(condition) = &self.condition
                && !condition.holds().await?
            {
                return Err(CommandError::NoLonger);
            }
            match self.append(id, &loaded, &event, meta, event_id).await {
                Ok((receipt, body)) if receipt.written == Written::Now => {
                    let when = When {
                        recorded: meta.time,
                        effective: context.effective,
                        position: receipt.position,
                        correlation_id: meta.correlation_id,
                    };
                    loaded.apply(event, event_id, when, &body);
                    self.events.put(&key_of(event_id), &receipt.position);
                    self.keep(id, &loaded);
                    return Ok(Outcome::Recorded(receipt.position, Written::Now));
                }
                // By another process, or longer ago than this one remembers.
                Ok((receipt, _)) => {
                    self.events.put(&key_of(event_id), &receipt.position);
                    self.stands_as_given(event_id, receipt.position, meta).await?;
                    return Ok(Outcome::Recorded(receipt.position, Written::Before));
                }
                Err(CommandError::Append(AppendError::Conflict { .. })) => {
                    loaded = self.catch_up(id, loaded).await?;
                    current = Freshness::Checked;
                }
                Err(error) => return Err(error),
            }
        }
        Err(CommandError::Busy)
    }

    /// What became of a command that was given before and recorded something; none of any other. Refuses one that was
    /// given with something else. For what looks at more than the aggregate before it gives a command: a repeated one
    /// is answered as it was the first time, whatever came since.
    pub async fn repeated(
        &self,
        id: &AggregateId,
        meta: &CommandMeta,
    ) -> Result<Option<Outcome>, CommandError<A::Refusal>> {
        let event = meta.id.event_id();
        let mut position = self.given_before(event, meta).await?;
        if position.is_none() {
            self.catch_up(id, self.states.get(id.as_str()).unwrap_or_default()).await?;
            position = self.given_before(event, meta).await?;
        }
        Ok(position.map(|position| Outcome::Recorded(position, Written::Before)))
    }

    /// Where the event of a command stands that was given before.
    async fn given_before(
        &self,
        event: Uuid,
        meta: &CommandMeta,
    ) -> Result<Option<Position>, CommandError<A::Refusal>> {
        let Some(position) = self.events.get(&key_of(event)) else { return Ok(None) };
        Ok(self.stands_as_given(event, position, meta).await?.then_some(position))
    }

    /// Whether an event stands where it is remembered to stand. Refuses a command that was given with something else.
    async fn stands_as_given(
        &self,
        event: Uuid,
        position: Position,
        meta: &CommandMeta,
    ) -> Result<bool, CommandError<A::Refusal>> {
        let Some(recorded) = self.log.at(position).await? else { return Ok(false) };
        if Header::read(&recorded.body).map_or(true, |header| header.id != event) {
            return Ok(false);
        }
        let content = Provenance::read(&recorded.body).ok().and_then(|provenance| provenance.command_content);
        match (meta.content, content) {
            (Some(now), Some(then)) if now != then => Err(CommandError::OtherContent(position)),
            _ => Ok(true),
        }
    }

    /// What a command would lead to, without giving it.
    pub async fn rehearse(
        &self,
        id: &AggregateId,
        command: &A::Command,
        meta: &CommandMeta,
    ) -> Result<Option<A::Event>, CommandError<A::Refusal>> {
        let loaded = self.load(id).await?;
        loaded.state.decide(command, &meta.context()).map_err(CommandError::Refused)
    }

    async fn append(
        &self,
        id: &AggregateId,
        loaded: &Loaded<A>,
        event: &A::Event,
        meta: &CommandMeta,
        event_id: Uuid,
    ) -> Result<(crate::log::Receipt, Bytes), CommandError<A::Refusal>> {
        let subject = Self::subject(id);
        let envelope = Envelope {
            id: event_id,
            subject: subject.clone(),
            time: meta.time,
            by: meta.by.clone(),
            effective: meta.effective,
            command_id: Some(meta.id.uuid()),
            command_content: meta.content,
            correlation_id: meta.correlation_id,
            causation_id: None,
            previous: loaded.last_hash,
        };
        let body = Bytes::from(envelope.encode(event)?);
        let new = NewEvent { id: event_id, subject, body: body.clone() };
        // Naming the event before spares the log a look at it.
        let receipt = match loaded.last_event {
            Some(last) if !last.is_nil() => self.log.append_after(new, loaded.position, last).await?,
            _ => self.log.append(new, loaded.position).await?,
        };
        metrics::counter!("oversight_commands_recorded_total", "aggregate" => A::NAME).increment(1);
        Ok((receipt, body))
    }

    /// Reads what the log has beyond a state.
    async fn catch_up(&self, id: &AggregateId, mut loaded: Loaded<A>) -> Result<Loaded<A>, ReadError> {
        let subject = Self::subject(id);
        let before = loaded.position;
        let last = self.log.last(&subject).await?.map_or(Position::START, |last| last.position);
        if last == before {
            return Ok(loaded);
        }
        if last < before {
            tracing::warn!(aggregate = %id, cached = %before, log = %last, "a cached state is ahead of the log: read anew");
            loaded = Loaded::default();
        }
        for recorded in self.log.of(&subject, loaded.position).await? {
            loaded.apply_recorded(&recorded);
            // Of an event that stands twice the first counts.
            if let Some(event) = loaded.last_event.filter(|event| !event.is_nil()).map(key_of)
                && self.events.get(&event).is_none()
            {
                self.events.put(&event, &recorded.position);
            }
        }
        self.keep(id, &loaded);
        Ok(loaded)
    }

    fn keep(&self, id: &AggregateId, loaded: &Loaded<A>) {
        self.states.put(id.as_str(), loaded);
        if let Some(event) = loaded.last_event {
            self.cache.advance(Mark { position: loaded.position, event });
        }
    }
}

fn key_of(event: Uuid) -> String {
    event.simple().to_string()
}

/// Whether a state has been compared with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Cached,
    Checked,
}
