//! What one holder alone may have, over many aggregates: however many processes give commands over one log, of those
//! that would give the same identifier to different holders one succeeds.
//!
//! A command that gives its holder an identifier goes this way:
//! 1. the identifier is claimed for the holder: an event on the claim's own subject, of which the log takes one;
//! 2. the command is given on condition that the claim stands ([`Reserved::commands`]);
//! 3. where it came to nothing the claim is released ([`Reserved::release`]).
//!
//! Between the first two a process may end: a claim whose holder does not have the identifier by the log may be taken
//! over. Whoever does so first gives the other some moments to finish, then claims, then appends to the other holder's
//! subject that it lost the claim. If the other's command is recorded before that, it is seen, and the claim goes back; if
//! not, the command is decided again, and its condition no longer holds.
//!
//! Identifiers of old that were never claimed have to be looked up before, as those who use this do.

use std::{
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use proto::{
    AggregateId, DomainEvent, Position,
    access::{self, AccessEvent},
    claims::{Identifier, IdentifierClaimed, IdentifierReleased, OfClaim},
    suppliers::{self, SupplierEvent},
};
use serde::{Deserialize, Serialize};

use crate::{
    cache::CacheError,
    clock::Clock,
    command::{Aggregate, CommandError, CommandMeta, Commands, Condition, Context, Outcome, When},
    ids::CommandId,
    log::ReadError,
    problem::Problem,
};

/// How long a claim is left to whoever made it, before it is taken over where its holder does not have the identifier.
pub const GRACE: Duration = Duration::from_secs(2);

/// How often it is looked meanwhile whether the holder has it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How often a claim is tried because others changed it meanwhile.
const TRIES_MAX: usize = 64;

/// The events of a service in which something belongs to one holder alone.
pub trait ClaimEvents: DomainEvent {
    /// The event that an identifier is claimed.
    fn claimed(claimed: IdentifierClaimed) -> Self;

    /// The event that a claim is released.
    fn released(released: IdentifierReleased) -> Self;

    /// What an event says of a claim, if anything.
    fn of_claim(&self) -> Option<OfClaim<'_>>;
}

macro_rules! claim_events {
    ($($Events:ident of $module:ident),* $(,)?) => { $(
        impl ClaimEvents for $Events {
            fn claimed(claimed: IdentifierClaimed) -> Self {
                $module::IdentifierClaimed(claimed).into()
            }

            fn released(released: IdentifierReleased) -> Self {
                $module::IdentifierReleased(released).into()
            }

            fn of_claim(&self) -> Option<OfClaim<'_>> {
                match self {
                    Self::IdentifierClaimed(said) => Some(OfClaim::Claimed(&said.0)),
                    Self::IdentifierReleased(said) => Some(OfClaim::Released(&said.0)),
                    _ => None,
                }
            }
        }
    )* };
}

claim_events!(SupplierEvent of suppliers, AccessEvent of access);

/// An aggregate that holds identifiers which no other of its kind may have.
pub trait Holder: Aggregate<Event: ClaimEvents> {
    /// Whether it has an identifier.
    fn has(&self, identifier: &Identifier) -> bool;

    /// The command to take note that another took over its claim. It leads to the event where it does not have the
    /// identifier, and to nothing where it has.
    fn lose_claim(lost: IdentifierReleased) -> Self::Command;
}

/// The claim to one identifier.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Claim<E> {
    /// For whom it is claimed; none: no one.
    holder: Option<String>,
    /// Since when.
    since: Option<Timestamp>,
    /// Where its last event stands.
    position: Position,
    #[serde(skip)]
    events: PhantomData<fn() -> E>,
}

impl<E> Clone for Claim<E> {
    fn clone(&self) -> Self {
        let Self { holder, since, position, .. } = self;
        Self { holder: holder.clone(), since: *since, position: *position, events: PhantomData }
    }
}

impl<E> Default for Claim<E> {
    fn default() -> Self {
        Self { holder: None, since: None, position: Position::START, events: PhantomData }
    }
}

/// What is asked of a claim, by someone who has seen its last event.
#[derive(Debug, Clone)]
pub struct ClaimCommand {
    change: Change,
    /// Where that stands.
    seen: Position,
}

#[derive(Debug, Clone)]
enum Change {
    Claim(IdentifierClaimed),
    Release(IdentifierReleased),
}

/// Others have changed a claim since it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("others have changed the claim meanwhile")]
pub struct ClaimChanged;

impl From<ClaimChanged> for Problem {
    fn from(_: ClaimChanged) -> Self {
        Problem::busy()
    }
}

impl<E: ClaimEvents> Aggregate for Claim<E> {
    type Event = E;
    type Command = ClaimCommand;
    type Refusal = ClaimChanged;

    const NAME: &'static str = "claim";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &ClaimCommand, _: &Context) -> Result<Option<E>, ClaimChanged> {
        if command.seen != self.position {
            return Err(ClaimChanged);
        }
        Ok(Some(match &command.change {
            Change::Claim(claimed) => E::claimed(claimed.clone()),
            Change::Release(released) => E::released(released.clone()),
        }))
    }

    fn evolve(&mut self, event: &E, when: &When) {
        match event.of_claim() {
            Some(OfClaim::Claimed(claimed)) => {
                self.holder = Some(claimed.holder.clone());
                self.since = Some(when.recorded);
            }
            Some(OfClaim::Released(_)) => self.holder = None,
            None => return,
        }
        self.position = when.position;
    }
}

/// Why an identifier was not claimed.
#[derive(Debug)]
pub enum NotClaimed {
    /// Another has it.
    Taken {
        /// Which one.
        identifier: Identifier,
        /// Who has it.
        by: AggregateId,
    },
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for NotClaimed {
    fn from(problem: Problem) -> Self {
        NotClaimed::Problem(problem)
    }
}

impl<R: Into<Problem>> From<CommandError<R>> for NotClaimed {
    fn from(error: CommandError<R>) -> Self {
        NotClaimed::Problem(error.into())
    }
}

impl From<ReadError> for NotClaimed {
    fn from(error: ReadError) -> Self {
        NotClaimed::Problem(error.into())
    }
}

/// The claims of a service to what holders of one kind have.
#[derive(Debug)]
pub struct Claims<A: Holder> {
    claims: Commands<Claim<A::Event>>,
    holders: Commands<A>,
    clock: Clock,
}

impl<A: Holder> Clone for Claims<A> {
    fn clone(&self) -> Self {
        Self { claims: self.claims.clone(), holders: self.holders.clone(), clock: self.clock.clone() }
    }
}

impl<A: Holder> Claims<A> {
    /// To what those have who are given these commands.
    pub fn of(holders: Commands<A>, clock: Clock) -> Result<Self, CacheError> {
        Ok(Self { claims: holders.of_others()?, holders, clock })
    }

    /// Claims for a holder all that a command would give it; for none of them where another has one of them.
    pub async fn claim(
        &self,
        identifiers: Vec<Identifier>,
        holder: &AggregateId,
        meta: &CommandMeta,
    ) -> Result<Reserved<A>, NotClaimed> {
        let mut reserved = self.nothing(holder, meta);
        for identifier in identifiers {
            match self.claim_one(&identifier, holder, meta).await {
                Ok(position) => reserved.claimed.push((identifier, position)),
                Err(not_claimed) => {
                    reserved.release().await;
                    return Err(not_claimed);
                }
            }
        }
        Ok(reserved)
    }

    /// For a command that gives its holder nothing.
    pub fn nothing(&self, holder: &AggregateId, meta: &CommandMeta) -> Reserved<A> {
        Reserved {
            claimed: Vec::new(),
            holder: holder.clone(),
            meta: meta.clone(),
            claims: self.clone(),
            lost: Arc::default(),
        }
    }

    /// Releases what a holder no longer has and never will again.
    pub async fn release(
        &self,
        identifier: &Identifier,
        holder: &AggregateId,
        meta: &CommandMeta,
    ) -> Result<(), Problem> {
        let aggregate = aggregate(identifier)?;
        for _ in 0..TRIES_MAX {
            let claim = self.claims.load(&aggregate).await?.state;
            if claim.holder.as_deref() != Some(holder.as_str()) {
                return Ok(());
            }
            match self.change(identifier, released(identifier, holder), claim.position, meta).await {
                Ok(_) => return Ok(()),
                Err(CommandError::Refused(ClaimChanged)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::busy())
    }

    /// Claims an identifier, and tells where the claim stands.
    async fn claim_one(
        &self,
        identifier: &Identifier,
        holder: &AggregateId,
        meta: &CommandMeta,
    ) -> Result<Position, NotClaimed> {
        let aggregate = aggregate(identifier)?;
        let began = Instant::now();
        for _ in 0..TRIES_MAX {
            let claim = self.claims.load(&aggregate).await?.state;
            let other = claim.holder.and_then(|other| other.parse().ok()).filter(|other| other != holder);
            if let Some(other) = &other {
                if self.holders.load(other).await?.state.has(identifier) {
                    return Err(NotClaimed::Taken { identifier: identifier.clone(), by: other.clone() });
                }
                let grace = SignedDuration::try_from(GRACE).unwrap_or(SignedDuration::ZERO);
                let is_young =
                    claim.since.is_some_and(|since| self.clock.now().duration_since(since) < grace);
                if is_young && began.elapsed() < GRACE {
                    tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                    continue;
                }
            }
            let position =
                match self.change(identifier, claimed(identifier, holder), claim.position, meta).await {
                    Ok(position) => position,
                    Err(CommandError::Refused(ClaimChanged)) => continue,
                    Err(error) => return Err(error.into()),
                };
            let Some(other) = other else { return Ok(position) };
            tracing::info!(kind = %identifier.kind, from = %other, to = %holder, "a claim was taken over that led to nothing");
            if !self.lost_by(&other, identifier, position, meta).await? {
                return Ok(position);
            }
            // Recorded at the last moment: it is the other's after all.
            match self.change(identifier, claimed(identifier, &other), position, meta).await {
                Ok(_) | Err(CommandError::Refused(ClaimChanged)) => {}
                Err(error) => return Err(error.into()),
            }
            return Err(NotClaimed::Taken { identifier: identifier.clone(), by: other });
        }
        Err(Problem::busy().into())
    }

    /// Tells a holder that its claim is another's now; true where it has the identifier, and so did not lose it.
    async fn lost_by(
        &self,
        other: &AggregateId,
        identifier: &Identifier,
        position: Position,
        meta: &CommandMeta,
    ) -> Result<bool, CommandError<A::Refusal>> {
        let lost = IdentifierReleased { identifier: identifier.clone(), holder: other.to_string() };
        let meta =
            self.meta(meta, &format!("{}\0{}\0lost", identifier.kind, identifier.fingerprint), position);
        let outcome = self.holders.execute(other, &A::lose_claim(lost), &meta).await?;
        Ok(matches!(outcome, Outcome::Unchanged(_)))
    }

    /// Changes a claim, unless others have since it was seen.
    async fn change(
        &self,
        identifier: &Identifier,
        change: Change,
        seen: Position,
        meta: &CommandMeta,
    ) -> Result<Position, CommandError<ClaimChanged>> {
        let Ok(aggregate) = identifier.aggregate() else { return Err(CommandError::Refused(ClaimChanged)) };
        let what = match change {
            Change::Claim(IdentifierClaimed { ref holder, .. }) => format!("claim for {holder}"),
            Change::Release(_) => "release".to_owned(),
        };
        let purpose = format!("{}\0{}\0{what}", identifier.kind, identifier.fingerprint);
        let meta = self.meta(meta, &purpose, seen);
        let outcome = self.claims.execute(&aggregate, &ClaimCommand { change, seen }, &meta).await?;
        Ok(outcome.position())
    }

    /// What comes with a command about a claim that was last changed at a position: repeated it is the same one.
    fn meta(&self, of: &CommandMeta, purpose: &str, seen: Position) -> CommandMeta {
        let id = CommandId::keyed("claim", &format!("{}\0{purpose}\0{seen}", of.id.uuid()));
        CommandMeta {
            correlation_id: of.correlation_id,
            ..CommandMeta::new(id, self.clock.now(), of.by.clone())
        }
    }
}

fn aggregate(identifier: &Identifier) -> Result<AggregateId, Problem> {
    identifier.aggregate().map_err(|error| {
        tracing::error!(%error, "an identifier names no aggregate");
        Problem::internal()
    })
}

fn claimed(identifier: &Identifier, holder: &AggregateId) -> Change {
    Change::Claim(IdentifierClaimed { identifier: identifier.clone(), holder: holder.to_string() })
}

fn released(identifier: &Identifier, holder: &AggregateId) -> Change {
    Change::Release(IdentifierReleased { identifier: identifier.clone(), holder: holder.to_string() })
}

/// What is claimed for a holder until its command is recorded.
#[derive(Clone)]
pub struct Reserved<A: Holder> {
    /// What is claimed, and where each claim stands.
    claimed: Vec<(Identifier, Position)>,
    holder: AggregateId,
    meta: CommandMeta,
    claims: Claims<A>,
    lost: Arc<AtomicBool>,
}

impl<A: Holder> fmt::Debug for Reserved<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claimed, holder, .. } = self;
        f.debug_struct("Reserved").field("claimed", claimed).field("holder", holder).finish_non_exhaustive()
    }
}

impl<A: Holder> Reserved<A> {
    /// The commands of the holders, which record something only while this stands.
    pub fn commands(&self) -> Commands<A> {
        let commands = self.claims.holders.clone();
        if self.claimed.is_empty() { commands } else { commands.only_while(Arc::new(self.clone())) }
    }

    /// Whether another took it over, so that the command was not recorded: it has to be claimed anew.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Releases what the holder did not get: for a command that is known to have recorded nothing. What is not released
    /// is taken over by whoever claims it next.
    pub async fn release(&self) {
        for (identifier, position) in &self.claimed {
            if let Err(error) = self.release_one(identifier, *position).await {
                tracing::debug!(%error, kind = %identifier.kind, "a claim was not released");
            }
        }
    }

    async fn release_one(
        &self,
        identifier: &Identifier,
        position: Position,
    ) -> Result<(), CommandError<ClaimChanged>> {
        let Self { claims, holder, meta, .. } = self;
        if claims.holders.load(holder).await?.state.has(identifier) {
            return Ok(());
        }
        // Another command for the same holder may have claimed it since: then it is that one's to release.
        claims.change(identifier, released(identifier, holder), position, meta).await.map(drop)
    }
}

impl<A: Holder> Condition for Reserved<A> {
    fn holds(&self) -> BoxFuture<'_, Result<bool, ReadError>> {
        Box::pin(async move {
            for (identifier, _) in &self.claimed {
                let Ok(aggregate) = identifier.aggregate() else { return Ok(false) };
                let claim = self.claims.claims.load(&aggregate).await?.state;
                if claim.holder.as_deref() != Some(self.holder.as_str()) {
                    self.lost.store(true, Ordering::Relaxed);
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}
