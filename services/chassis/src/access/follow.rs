//! Keeping up with both logs: who stands under whom, and who may come in.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use proto::{Header, Position, access::AccessEvent};
use tokio::time::Instant;

use super::{Inner, hierarchy::Register};
use crate::log::{self, Log, ReadError};

/// While events pour in, a state of the hierarchy is made so seldom that making them takes one part in
/// this many of the time: a small installation sees each event at once, the whole of England some a second.
const ONE_PART_IN: u32 = 10;

/// How often it is looked whether another day has begun.
const DAY_CHECK: Duration = Duration::from_secs(20);

/// The pause after a log could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Reads the event log into the hierarchy, for ever.
pub(super) async fn hierarchy(inner: Arc<Inner>, log: Log) {
    let mut register = Register::default();
    let mut position = Position::START;
    loop {
        let Err(error) = read_events(&inner, &log, &mut register, &mut position).await;
        error.note("the hierarchy of organisations", position);
        log::pause_after(&error, RETRY_PAUSE).await;
    }
}

async fn read_events(
    inner: &Inner,
    log: &Log,
    register: &mut Register,
    position: &mut Position,
) -> Result<std::convert::Infallible, ReadError> {
    let mut shown = None;
    let mut show = |register: &Register| {
        inner.only_synthetic.store(register.is_synthetic(), Ordering::Release);
        inner.show_date();
        let state = (register.changes(), inner.clock.today());
        if shown != Some(state) {
            inner.hierarchy.store(Arc::new(register.on(state.1)));
            shown = Some(state);
        }
    };
    let is_read = || inner.events_read.borrow().is_some();
    if log.head().await? <= *position {
        show(register);
        inner.events_read.send_replace(Some(*position));
    }
    let mut reader = log.read(*position).await?;
    let mut shown_at = Instant::now();
    let mut pause = Duration::ZERO;
    let mut unshown = false;
    let mut dates = inner.clock.demonstration_dates();
    loop {
        let wait = if unshown && is_read() { pause } else { DAY_CHECK };
        let batch = tokio::select! {
            batch = reader.next() => Some(batch?),
            () = tokio::time::sleep_until(shown_at + wait) => None,
            _ = dates.changed() => None,
        };
        let mut at_head = false;
        if let Some(batch) = &batch {
            for recorded in &batch.events {
                register.note(recorded.position, &recorded.body);
                *position = recorded.position;
            }
            *inner.recorded.lock() = register.recorded();
            inner.clock.no_earlier_than(register.recorded().newest);
            unshown = true;
            at_head = *position >= batch.head;
        }
        // Until the log was read once no one is told anything, and nothing is made for no one.
        if !(is_read() || at_head) {
            continue;
        }
        let now = Instant::now();
        if batch.is_none() || !is_read() || now >= shown_at + pause {
            show(register);
            shown_at = Instant::now();
            pause = (shown_at - now) * ONE_PART_IN;
            unshown = false;
        }
        inner.events_read.send_replace(Some(*position));
    }
}

/// Reads the access log into what is known of keys and accounts, for ever.
pub(super) async fn keys(inner: Arc<Inner>, log: Log) {
    let mut position = Position::START;
    loop {
        let Err(error) = read_access(&inner, &log, &mut position).await;
        error.note("what is known of keys and accounts", position);
        log::pause_after(&error, RETRY_PAUSE).await;
    }
}

async fn read_access(
    inner: &Inner,
    log: &Log,
    position: &mut Position,
) -> Result<std::convert::Infallible, ReadError> {
    if log.head().await? <= *position {
        inner.access_read.send_replace(Some(*position));
    }
    let mut reader = log.read(*position).await?;
    loop {
        let batch = reader.next().await?;
        {
            let mut known = inner.known.write();
            for recorded in &batch.events {
                *position = recorded.position;
                known.pass(recorded.position);
                let Ok(header) = Header::read(&recorded.body) else { continue };
                let Ok(event) = header.event::<AccessEvent>() else { continue };
                let Ok(by) = proto::envelope::Provenance::read(&recorded.body) else { continue };
                known.note(recorded.position, &event, &by.by.actor, header.time);
                known.notices.note(recorded.position, &event, &by.by, header.time);
            }
        }
        inner.show_date();
        if *position >= batch.head || inner.access_read.borrow().is_some() {
            inner.access_read.send_replace(Some(*position));
        }
    }
}
