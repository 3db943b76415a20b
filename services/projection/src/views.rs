//! The board that is served, and the one being made: folding the log, live and anew.
//!
//! A follower reads the log, gathers the facts and makes boards. The live one publishes each board
//! as it comes; one that folds anew works beside it, unseen, and takes its place once it has come
//! as far. Readers take whatever board is there and never wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use chassis::{
    Clock,
    log::{self, Batch, Log, ReadError},
    task::Tasks,
};
use jiff::Timestamp;
use parking_lot::Mutex;
use proto::{Day, OdsCode, Position};
use quick_cache::sync::Cache as QuickCache;
use rustc_hash::FxHashSet;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    board::{Board, Knowledge},
    facts::{Decoded, Facts, Touched},
    store::Store,
};

/// While catching up, a board is made at most this often.
const CATCHING_UP_EVERY: Duration = Duration::from_secs(2);

/// How long to wait before reading on after the log was out of reach.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// After how many events a snapshot is kept: a second or two of folding.
const SNAPSHOT_EVERY_EVENTS: u64 = 1_000_000;

/// How many boards of earlier knowledge are kept ready.
const KNOWN_BOARDS_MAX: usize = 6;

/// How often it is checked whether a new day has begun.
const DAY_CHECK_EVERY: Duration = Duration::from_secs(15);

/// What is served.
#[derive(Debug)]
pub struct Views {
    served: ArcSwap<Served>,
    /// The last position of the log plus one, as far as is known; 0 while nothing is.
    head: AtomicU64,
    position: watch::Sender<Position>,
    known: QuickCache<(Position, Option<Day>, Day), Arc<Board>>,
    live: Mutex<CancellationToken>,
    next_generation: AtomicU64,
    /// How far a fold anew has come; 0 while there is none.
    rebuilt_to: AtomicU64,
}

/// A board, and the generation of the fold it comes from.
#[derive(Debug)]
pub struct Served {
    /// The board.
    pub board: Board,
    /// How often the log has been folded from its beginning in this process.
    pub generation: u64,
}

/// Why a fold anew was not begun.
#[derive(Debug, thiserror::Error)]
#[error("a fold anew is already under way and has come to position {0}")]
pub struct AlreadyRebuilding(pub u64);

impl Views {
    /// Views that show nothing yet.
    pub fn new(clock: &Clock) -> Arc<Self> {
        let board = Board::build(&Facts::default(), Knowledge::ALL, clock.today());
        Arc::new(Self {
            served: ArcSwap::from_pointee(Served { board, generation: 0 }),
            head: AtomicU64::new(0),
            position: watch::Sender::new(Position::START),
            known: QuickCache::new(KNOWN_BOARDS_MAX),
            live: Mutex::new(CancellationToken::new()),
            next_generation: AtomicU64::new(1),
            rebuilt_to: AtomicU64::new(0),
        })
    }

    /// What is served now.
    pub fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// Tells of every new position.
    pub fn positions(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    /// How far the log has been shown.
    pub fn shown(&self) -> Position {
        *self.position.borrow()
    }

    /// The last position of the log as far as is known; none until the log has been asked.
    pub fn head(&self) -> Option<Position> {
        self.head.load(Ordering::Relaxed).checked_sub(1).map(Position)
    }

    fn heard_of(&self, head: Position) {
        self.head.fetch_max(head.0.saturating_add(1), Ordering::Relaxed);
    }

    /// How far a fold anew has come, if one is under way.
    pub fn rebuilding(&self) -> Option<Position> {
        match self.rebuilt_to.load(Ordering::Relaxed) {
            0 => None,
            position => Some(Position(position)),
        }
    }

    /// The board as it was known at an instant: the same facts up to what was recorded by then.
    /// Takes as long as building a board, the first time.
    pub fn known_at(&self, instant: Timestamp) -> Arc<Board> {
        let served = self.served();
        let facts = &served.board.facts;
        let knowledge =
            Knowledge { upto: facts.position_known_at(instant), announced_by: Some(Day::in_london(instant)) };
        self.board_of(&served, knowledge, served.board.today)
    }

    /// The board as it was served at a position of the log and on a day, or as of it an earlier moment was known:
    /// what a list that is read page by page goes on with. Takes as long as building a board, the first time.
    pub fn held_at(&self, upto: Position, known: Option<Timestamp>, today: Day) -> Arc<Board> {
        let knowledge = Knowledge { upto, announced_by: known.map(Day::in_london) };
        self.board_of(&self.served(), knowledge, today)
    }

    fn board_of(&self, served: &Served, knowledge: Knowledge, today: Day) -> Arc<Board> {
        let key = (knowledge.upto, knowledge.announced_by, today);
        let build = || Ok(Arc::new(Board::build(&served.board.facts, knowledge, today)));
        // Those who ask for the same one meanwhile wait for it.
        let board: Result<_, std::convert::Infallible> = self.known.get_or_insert_with(&key, build);
        match board {
            Ok(board) => board,
            Err(never) => match never {},
        }
    }

    fn publish(&self, board: Board, generation: u64) {
        let position = board.facts.read_to.map_or(Position::START, |read| read.position);
        self.served.store(Arc::new(Served { board, generation }));
        if position > Position::START {
            self.heard_of(position);
        }
        self.position.send_replace(position);
        metrics::gauge!("oversight_view_position").set(position.0 as f64);
    }

    /// Folds the log anew beside the live view, which it then replaces.
    pub fn rebuild(
        self: &Arc<Self>,
        log: Log,
        clock: Clock,
        store: Store,
        tasks: &Tasks,
    ) -> Result<(), AlreadyRebuilding> {
        if let Err(at) = self.rebuilt_to.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed) {
            return Err(AlreadyRebuilding(at));
        }
        let follower = Follower::new(self.clone(), log, clock, store, Facts::default(), Role::Beside);
        follower.start(tasks);
        Ok(())
    }

    /// Follows the log from a snapshot's facts on.
    pub fn follow(self: &Arc<Self>, facts: Facts, log: Log, clock: Clock, store: Store, tasks: &Tasks) {
        let follower = Follower::new(self.clone(), log, clock, store, facts, Role::Live);
        follower.start(tasks);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Publishes every board.
    Live,
    /// Works unseen until it has come as far as the live one.
    Beside,
}

/// What is to be worked out anew.
#[derive(Debug, Default)]
struct Pending {
    everything: bool,
    timelines: FxHashSet<OdsCode>,
}

impl Pending {
    fn note(&mut self, touched: Touched) {
        match touched {
            Touched::Nothing => {}
            Touched::Footprint | Touched::AllTimelines => self.everything = true,
            Touched::Timelines(_) if self.everything => {}
            Touched::TimelinesOf(_) if self.everything => {}
            Touched::Timelines(code) => {
                self.timelines.insert(code);
            }
            Touched::TimelinesOf(codes) => self.timelines.extend(codes),
        }
    }
}

struct Follower {
    views: Arc<Views>,
    log: Log,
    clock: Clock,
    store: Store,
    facts: Facts,
    board: Board,
    role: Role,
    generation: u64,
    pending: Pending,
    published: Instant,
    snapshot_at: u64,
    replaced: CancellationToken,
}

impl Follower {
    fn new(views: Arc<Views>, log: Log, clock: Clock, store: Store, facts: Facts, role: Role) -> Self {
        let board = Board::build(&facts, Knowledge::ALL, clock.today());
        let generation = views.next_generation.fetch_add(1, Ordering::Relaxed);
        let snapshot_at = facts.read_to.map_or(0, |read| read.position.0);
        let replaced = match role {
            Role::Live => views.live.lock().clone(),
            Role::Beside => CancellationToken::new(),
        };
        Self {
            views,
            log,
            clock,
            store,
            facts,
            board,
            role,
            generation,
            pending: Pending::default(),
            published: Instant::now(),
            snapshot_at,
            replaced,
        }
    }

    /// Runs on a thread of its own: folding is work for a processor, not for the threads that
    /// answer requests.
    fn start(mut self, tasks: &Tasks) {
        let stop = tasks.stop().clone();
        let runtime = tokio::runtime::Handle::current();
        // Waited for, since a thread cannot be cut off: it would find the runtime gone.
        tasks.watch_to_the_end("projection", async move {
            let worked = tokio::task::spawn_blocking(move || {
                runtime.block_on(async {
                    let replaced = self.replaced.clone();
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = replaced.cancelled() => {}
                        () = self.run() => {}
                    }
                });
            });
            if let Err(error) = worked.await {
                tracing::error!(%error, "the projection died; the views stand still");
            }
        });
    }

    async fn run(&mut self) {
        if self.role == Role::Live {
            self.publish();
        }
        loop {
            let after = self.facts.read_to.map_or(Position::START, |read| read.position);
            match self.read_from(after).await {
                Ok(()) => tokio::time::sleep(RETRY_AFTER).await,
                Err(error) => {
                    error.note("the projection", after);
                    if self.role == Role::Beside && matches!(error, ReadError::Damaged { .. }) {
                        // It cannot take the place of the live one any more.
                        self.views.rebuilt_to.store(0, Ordering::Relaxed);
                        return;
                    }
                    log::pause_after(&error, RETRY_AFTER).await;
                }
            }
        }
    }

    async fn read_from(&mut self, after: Position) -> Result<(), ReadError> {
        let head = self.log.head().await?;
        self.views.heard_of(head);
        if head == after {
            self.caught_up();
        }
        let mut reader = self.log.read(after).await?;
        let mut dates = self.clock.demonstration_dates();
        loop {
            tokio::select! {
                batch = reader.next() => self.take(batch?),
                () = tokio::time::sleep(DAY_CHECK_EVERY) => {}
                _ = dates.changed() => {}
            }
            let is_behind = self.position() < self.views.head().unwrap_or_default();
            let may_wait = is_behind && self.published.elapsed() < CATCHING_UP_EVERY;
            if self.clock.today() != self.board.today && !may_wait {
                self.pending.everything = true;
                self.publish();
            }
        }
    }

    fn position(&self) -> Position {
        self.facts.read_to.map_or(Position::START, |read| read.position)
    }

    fn take(&mut self, batch: Batch) {
        let _span = tracing::debug_span!("fold", events = batch.events.len()).entered();
        for recorded in &batch.events {
            let touched = self.facts.gather(Decoded::read(recorded.position, &recorded.body));
            self.pending.note(touched);
        }
        let position = self.facts.read_to.map_or(Position::START, |read| read.position);
        self.views.heard_of(batch.head);
        metrics::counter!("oversight_events_folded_total").increment(batch.events.len() as u64);
        metrics::gauge!("oversight_events_set_aside").set(self.facts.set_aside.count as f64);
        if self.role == Role::Beside {
            self.views.rebuilt_to.store(position.0.max(1), Ordering::Relaxed);
        }
        if position >= batch.head {
            self.caught_up();
        } else if self.role == Role::Live && self.published.elapsed() >= CATCHING_UP_EVERY {
            self.publish();
        }
        if self.role == Role::Live && position.0 >= self.snapshot_at + SNAPSHOT_EVERY_EVENTS {
            self.snapshot_at = position.0;
            self.store.save(&self.facts);
        }
    }

    /// The fold has come to the end of the log.
    fn caught_up(&mut self) {
        if self.role == Role::Beside {
            let position = self.facts.read_to.map_or(Position::START, |read| read.position);
            if position < *self.views.position.borrow() {
                return;
            }
            self.pending.everything = true;
            // The live one stops for good before this one is seen.
            let old = std::mem::replace(&mut *self.views.live.lock(), self.replaced.clone());
            old.cancel();
            self.role = Role::Live;
            self.views.rebuilt_to.store(0, Ordering::Relaxed);
            tracing::info!(generation = self.generation, %position, "the views were folded anew");
        }
        self.publish();
    }

    fn publish(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let today = self.clock.today();
        // Beyond some share of all practices, one pass over everything costs less.
        let many = pending.timelines.len() > 64 + self.board.practices.len() / 8;
        self.board = if pending.everything || many || today != self.board.today {
            Board::build(&self.facts, Knowledge::ALL, today)
        } else if pending.timelines.is_empty() {
            self.board.read_on(&self.facts)
        } else {
            self.board.with_timelines_of(&self.facts, &pending.timelines)
        };
        self.views.publish(self.board.clone(), self.generation);
        self.published = Instant::now();
    }
}
