//! Whether the logs that a process works with answer, and its disk has room: asked again and again, for `/readyz`.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{log::Log, task::Tasks};

/// How often a log is asked.
const EVERY: Duration = Duration::from_secs(1);

/// How long one question may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// A log that has not answered for longer is out of reach.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// With less room not one more commit is sure to fit.
const ROOM_MIN_BYTES: u64 = 1024 * 1024;

/// When a log answered last.
#[derive(Debug, Clone)]
pub struct Vitals {
    state: Arc<Mutex<State>>,
    log: Option<Log>,
}

#[derive(Debug)]
struct State {
    answered: Instant,
    reason: String,
}

impl Vitals {
    /// Begins to ask a log how far it goes.
    pub fn of(log: &Log, tasks: &Tasks) -> Self {
        let state = State { answered: Instant::now(), reason: String::new() };
        let vitals = Self { state: Arc::new(Mutex::new(state)), log: Some(log.clone()) };
        let (log, told) = (log.clone(), vitals.clone());
        tasks.watch("vitals", async move {
            loop {
                let reason = match tokio::time::timeout(ANSWER_TIMEOUT, log.head()).await {
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) => Some(error.to_string()),
                    Err(_) => Some(format!("it did not answer within {} s", ANSWER_TIMEOUT.as_secs())),
                };
                told.note(reason);
                tokio::time::sleep(EVERY).await;
            }
        });
        vitals
    }

    fn note(&self, reason: Option<String>) {
        let mut state = self.state.lock();
        match reason {
            None => state.answered = Instant::now(),
            Some(reason) => state.reason = reason,
        }
    }

    /// Whether it is whole and answered within the last seconds, and if not, what it said last.
    pub fn ready(&self) -> Result<(), String> {
        if let Some(damage) = self.log.as_ref().and_then(|log| log.damage()) {
            return Err(damage.to_string());
        }
        let state = self.state.lock();
        let silent = state.answered.elapsed();
        if silent <= SILENCE_MAX {
            return Ok(());
        }
        Err(format!("it has not answered for {} s: {}", silent.as_secs(), state.reason))
    }
}

/// Whether the disk of a folder has room for what is written there.
pub fn has_room(folder: &Path) -> Result<(), String> {
    match free_bytes(folder) {
        Some(free) if free < ROOM_MIN_BYTES => {
            Err(format!("the disk of {} is full: {} kB are left", folder.display(), free / 1024))
        }
        _ => Ok(()),
    }
}

/// None where that cannot be told.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_was_silent_for_some_seconds_is_out_of_reach_until_it_answers() {
        let long_ago = Instant::now().checked_sub(SILENCE_MAX * 2).unwrap();
        let state = State { answered: long_ago, reason: String::new() };
        let vitals = Vitals { state: Arc::new(Mutex::new(state)), log: None };
        vitals.note(Some("no leader".to_owned()));
        assert!(vitals.ready().unwrap_err().ends_with("no leader"));
        vitals.note(None);
        assert_eq!(vitals.ready(), Ok(()));
        vitals.note(Some("no leader".to_owned()));
        assert_eq!(vitals.ready(), Ok(()), "one question in vain is no outage");
    }

    #[test]
    fn a_disk_with_room_is_fit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(has_room(folder.path()), Ok(()));
    }
}
