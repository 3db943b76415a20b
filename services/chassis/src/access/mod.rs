//! Who may see and do what.
//!
//! - [`Principal`]: who asks, in which [`Role`](proto::Role), at which organisation. Shown by a session
//!   cookie ([`session`]), an API key ([`keys`]) or a token.
//! - [`Action`]: what is asked. Every route declares one where it is declared ([`Routes`]); a route
//!   without one cannot be handed to the server.
//! - [`Policies`]: Cedar policies, one file a service, decide. What no policy permits is refused.
//! - [`Hierarchy`]: who stands under whom today, learnt from the event log.
//! - [`Gate`]: in front of every handler. What one may not see is not found.
//! - [`Recorder`]: what was refused, taken away or looked at is written to the access log.
//!
//! Nothing here knows of cookies' forms, pages or passwords: `access`, the service, signs people in.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use parking_lot::{Mutex, RwLock};
use proto::{OdsCode, Position, Role, bodies::Misfit};
use rustc_hash::FxHashMap;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::{Clock, Recorded},
    log::Log,
    problem::Problem,
    task::Tasks,
};

mod action;
pub mod calendar;
mod content;
mod counted;
mod endings;
mod follow;
mod gate;
mod giver;
pub mod hierarchy;
mod identify;
pub mod keys;
mod menu;
pub mod notices;
mod outside;
mod parameters;
mod policy;
mod principal;
pub mod provider;
mod record;
mod routes;
mod rules;
pub mod session;
mod tokens;
mod viewer;

pub use action::{About, Action, Asks, Resource};
pub use calendar::{Calendar, CalendarAddress};
pub use content::READ_CONTENT;
pub use endings::is_to_come;
pub use gate::Gate;
pub use giver::Giver;
pub use hierarchy::Hierarchy;
pub use keys::{ApiKey, Issued, Known, MadeUp, made_up_person};
pub use menu::{home_of, menu, sees_area, sees_history, sees_records};
pub use notices::{Notice, Notices, Told};
pub use outside::{Connector, Outside, OutsideError};
pub(crate) use parameters::Parameters;
pub use policy::{Policies, PolicyError, ServicePolicy};
pub use principal::{Glass, Holder, Principal};
pub use record::{Record, Recorder};
pub use routes::{Declared, Routes};
pub use rules::{Claims, Rules, RulesError};
pub use session::{Session, Sessions};
pub use tokens::{ProviderConfig, ProviderError, Tokens};
pub use viewer::{ActedAs, CSRF_FIELD, Sees, Viewer};

/// The log is looked at for an unknown key at most this often, so that wrong keys cost nothing.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The use of a key by its own organisation is recorded once within this, for each thing that can be done with it.
const USE_RECORDED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The most uses that are remembered as recorded.
const USES_MAX: usize = 8192;

/// How long a request may wait until the logs have been read.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(5);

/// How events name whoever made the first administrator of an installation.
pub const BOOTSTRAP: &str = "bootstrap";

/// The pause before it is looked again whether the logs have been read.
const READY_PAUSE: Duration = Duration::from_millis(20);

/// Who may come in, and who stands under whom: shared by all services of a process.
#[derive(Debug, Clone)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    doors: Doors,
    clock: Clock,
    hierarchy: ArcSwap<Hierarchy>,
    known: RwLock<Known>,
    sessions: Sessions,
    recorder: Recorder,
    tokens: OnceLock<Tokens>,
    log: Log,
    events_read: watch::Sender<Option<Position>>,
    access_read: watch::Sender<Option<Position>>,
    /// Whether both have been read to their ends once.
    is_known: AtomicBool,
    only_synthetic: AtomicBool,
    first_look: AtomicBool,
    demonstrates: AtomicBool,
    /// When the events of the event log were recorded, as far as it was read.
    recorded: Mutex<Recorded>,
    looked_again: tokio::sync::Mutex<Option<tokio::time::Instant>>,
    /// When keys were last recorded as used at the organisation they were made for.
    uses: Mutex<FxHashMap<(Uuid, Action), Timestamp>>,
}

/// Whether anyone is asked who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doors {
    Guarded,
    /// In tests of other things, and where one measures what guarding costs.
    Open,
}

impl Inner {
    /// Sets the clock to the date at which the demonstration stands by what was read of both logs, or to the
    /// machine's time where this is none, or none any more.
    fn show_date(&self) {
        let may = self.demonstrates.load(Ordering::Acquire) && self.only_synthetic.load(Ordering::Acquire);
        let moved_to = self.known.read().demonstration();
        let recorded = self.recorded.lock();
        let date = if may { recorded.demonstration_date(moved_to) } else { None };
        drop(recorded);
        self.clock.demonstrate(date);
    }
}

impl Access {
    /// Begins to follow both logs.
    pub fn start(log: &Log, access_log: Log, sessions: Sessions, clock: &Clock, tasks: &Tasks) -> Self {
        let recorder = Recorder::start(access_log.clone(), clock.clone(), tasks);
        let inner = Self::inner(Doors::Guarded, access_log.clone(), sessions, recorder, clock);
        tasks.watch("access-hierarchy", follow::hierarchy(inner.clone(), log.clone()));
        tasks.watch("access-keys", follow::keys(inner.clone(), access_log));
        Self(inner)
    }

    /// Lets everyone do everything: for tests of other things, and to measure what guarding costs.
    /// Nothing in a running program calls it.
    pub fn unguarded(log: &Log, clock: &Clock) -> Self {
        let sessions = Sessions::new(&session::SessionKeys::default(), session::Wire::Clear);
        Self(Self::inner(Doors::Open, log.clone(), sessions, Recorder::none(), clock))
    }

    fn inner(doors: Doors, log: Log, sessions: Sessions, recorder: Recorder, clock: &Clock) -> Arc<Inner> {
        Arc::new(Inner {
            doors,
            clock: clock.clone(),
            hierarchy: ArcSwap::default(),
            known: RwLock::default(),
            sessions,
            recorder,
            tokens: OnceLock::new(),
            log,
            events_read: watch::Sender::new(None),
            access_read: watch::Sender::new(None),
            is_known: AtomicBool::new(false),
            only_synthetic: AtomicBool::new(false),
            first_look: AtomicBool::new(false),
            demonstrates: AtomicBool::new(false),
            recorded: Mutex::default(),
            looked_again: tokio::sync::Mutex::new(None),
            uses: Mutex::default(),
        })
    }

    /// Begins to follow who stands under whom where no one is asked who they are, for what needs to know
    /// it all the same. Guarded it is followed from the start.
    pub(crate) fn follow_unguarded(&self, log: &Log, tasks: &Tasks) {
        if self.0.doors == Doors::Open {
            tasks.watch("access-hierarchy", follow::hierarchy(self.0.clone(), log.clone()));
        }
    }

    /// Whether who stands under whom has been read once.
    pub(crate) fn hierarchy_is_read(&self) -> Result<(), String> {
        match *self.0.events_read.borrow() {
            Some(_) => Ok(()),
            None => Err("the hierarchy of organisations is still being read".to_owned()),
        }
    }

    /// Now, by the machine's clock: for keys and sessions.
    pub fn now(&self) -> jiff::Timestamp {
        self.0.clock.machine_now()
    }

    /// Who stands under whom now.
    pub fn hierarchy(&self) -> Arc<Hierarchy> {
        self.0.hierarchy.load_full()
    }

    /// Whether anything is known of an organisation: a file tells of it, be it only that others stand under it, or
    /// someone was given a key or an account there.
    pub fn knows(&self, code: proto::OdsCode) -> bool {
        let is_given = || {
            let known = self.known();
            let is_held = known.accounts().iter().any(|(_, account)| account.organisation == code);
            is_held || known.keys().iter().any(|issued| issued.key.organisation == code)
        };
        code == hierarchy::england() || self.hierarchy().knows(code) || is_given()
    }

    /// What the access log says of keys and accounts.
    pub fn known(&self) -> parking_lot::RwLockReadGuard<'_, Known> {
        self.0.known.read()
    }

    /// The access log.
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// Knows sessions by their cookies.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Whether what someone reads of their own organisation is to be recorded: never of a person, who is at home
    /// there; of a key, which an administrator made and may have kept, the first time within an hour.
    fn is_first_use(&self, holder: &Holder, action: Action) -> bool {
        let Some(key) = holder.actor.key_id() else { return false };
        let now = self.now();
        let is_recent = |recorded: &Timestamp| now.duration_since(*recorded).abs() < USE_RECORDED_EVERY;
        let mut uses = self.0.uses.lock();
        if uses.len() >= USES_MAX {
            uses.retain(|_, recorded| is_recent(recorded));
        }
        if uses.get(&(key, action)).is_some_and(is_recent) {
            return false;
        }
        if uses.len() < USES_MAX {
            uses.insert((key, action), now);
        }
        true
    }

    /// From now on tokens of a sign-in provider are good, too. The first call counts.
    pub fn accept(&self, tokens: Tokens) {
        if self.0.tokens.set(tokens).is_err() {
            tracing::error!("a second sign-in provider was named, and is not used");
        }
    }

    /// The sign-in provider, where there is one.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.0.tokens.get()
    }

    /// Takes records.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Whether all organisations on the log are made up, and there are some.
    pub fn only_synthetic(&self) -> bool {
        self.0.only_synthetic.load(Ordering::Acquire)
    }

    /// From now on the clock shows the date of a demonstration, as long as all organisations are generated. Never
    /// in production.
    pub fn allow_demonstration(&self) {
        self.0.demonstrates.store(true, Ordering::Release);
        self.0.show_date();
    }

    /// The date at which the demonstration stands, where this is one.
    pub fn demonstration_date(&self) -> Option<proto::Day> {
        self.0.clock.demonstration_date()
    }

    /// From now on made-up people may come in, as long as all organisations are made up: for a first look,
    /// at this machine alone.
    pub fn allow_made_up_people(&self) {
        self.0.first_look.store(true, Ordering::Release);
    }

    /// Whether made-up people may come in now, and what they let in.
    pub fn made_up(&self) -> MadeUp {
        let may = self.0.first_look.load(Ordering::Acquire) && self.only_synthetic();
        if may { MadeUp::LetIn } else { MadeUp::LeftOut }
    }

    /// Whether both logs have been read once.
    pub fn ready(&self) -> Result<(), String> {
        if self.0.doors == Doors::Open {
            return Ok(());
        }
        self.hierarchy_is_read()?;
        match *self.0.access_read.borrow() {
            Some(_) => Ok(()),
            None => Err("the access log is still being read".to_owned()),
        }
    }

    /// Waits until both logs have been read once, and no longer than some time.
    pub(crate) async fn until_ready(&self, within: Duration) {
        let ready = async {
            while self.ready().is_err() {
                tokio::time::sleep(READY_PAUSE).await;
            }
        };
        // Whoever needs it asks again what is known.
        let _ = tokio::time::timeout(within, ready).await;
    }

    /// Waits until it is known at all who may come in, and who stands under whom.
    pub(crate) async fn until_known(&self) -> Result<(), Problem> {
        // Every request passes here, and all but the first at once: a flag that never changes again is
        // shared by processors at no cost, a lock is not.
        if self.0.is_known.load(Ordering::Acquire) {
            return Ok(());
        }
        let both = async {
            for read in [&self.0.access_read, &self.0.events_read] {
                if read.subscribe().wait_for(Option::is_some).await.is_err() {
                    return false;
                }
            }
            true
        };
        if !Box::pin(tokio::time::timeout(CATCH_UP_TIMEOUT, both)).await.unwrap_or(false) {
            let what = "who may come in, and who stands under whom, is still being read from the logs";
            return Err(Problem::unavailable(what));
        }
        self.0.is_known.store(true, Ordering::Release);
        Ok(())
    }

    /// Reads what the access log has by now: a key that is not known may have been issued a moment ago
    /// by another service. Whoever asks just after someone else did waits for nothing.
    pub(crate) async fn look_again(&self) {
        let mut looked = self.0.looked_again.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK_AGAIN_AFTER) {
            return;
        }
        // Where it does not come in time, the key is not known, and the caller may try again.
        let _ = self.caught_up().await;
        *looked = Some(tokio::time::Instant::now());
    }

    /// Reads the access log up to its end, as the log itself tells it now, and says where that is: what was recorded
    /// before is known after.
    pub async fn caught_up(&self) -> Result<Position, Problem> {
        let head = self.0.log.head().await?;
        self.until_read(head).await?;
        Ok(head)
    }

    /// Whether a role is held at an organisation, by what is known now of who that is.
    pub fn check_role(&self, role: Role, organisation: OdsCode) -> Result<(), Misfit> {
        self.0.hierarchy.load().check(role, organisation)
    }

    /// Waits until keys and accounts are known up to a position of the access log.
    pub async fn until_read(&self, position: Position) -> Result<(), Problem> {
        let mut read = self.0.access_read.subscribe();
        let reached = read.wait_for(|read| read.is_some_and(|read| read >= position));
        match tokio::time::timeout(CATCH_UP_TIMEOUT, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Problem::unavailable("the access log is still being read")),
        }
    }
}
