//! Whether the logs that a process works with answer, and its disk has room: asked again and again, for `/readyz`.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use proto::Position;

use crate::{log::Log, task::Tasks};

/// How often a log is asked.
const EVERY: Duration = Duration::from_secs(1);

/// How long one question may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// A log that has not answered for longer is out of reach.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// With less room not one more commit is sure to fit.
const ROOM_MIN_BYTES: u64 = 1024 * 1024;

/// How often the log lines of the process say again that a log is out of reach.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Which logs of the process are out of reach: one line when that begins, one a minute while it lasts, and one when it
/// is over, however many in the process wait for it.
#[derive(Debug, Clone, Default)]
pub struct Absence(Arc<Mutex<Absent>>);

#[derive(Debug, Default)]
struct Absent {
    /// By its name, and what it said last.
    logs: BTreeMap<&'static str, String>,
    since: Option<Instant>,
    told: Option<Instant>,
}

/// What there is to tell.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Begun(String),
    Lasts(String, Duration),
    Over(Duration),
}

impl Absence {
    fn note(&self, log: &'static str, reason: Option<&str>) {
        match self.0.lock().note(log, reason, Instant::now()) {
            Some(Told::Begun(logs)) => tracing::warn!("out of reach: {logs}"),
            Some(Told::Lasts(logs, time)) => {
                tracing::warn!(seconds = time.as_secs(), "still out of reach: {logs}");
            }
            Some(Told::Over(time)) => tracing::info!(seconds = time.as_secs(), "the logs answer again"),
            None => {}
        }
    }
}

impl Absent {
    fn note(&mut self, log: &'static str, reason: Option<&str>, now: Instant) -> Option<Told> {
        match reason {
            Some(reason) => self.logs.insert(log, reason.to_owned()),
            None => self.logs.remove(log),
        };
        if self.logs.is_empty() {
            self.told = None;
            return self.since.take().map(|since| Told::Over(now.duration_since(since)));
        }
        if self.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return None;
        }
        self.told = Some(now);
        let logs = self.logs.iter().map(|(log, reason)| format!("the {log} ({reason})")).collect::<Vec<_>>();
        let logs = logs.join(", ");
        Some(match self.since {
            Some(since) => Told::Lasts(logs, now.duration_since(since)),
            None => {
                self.since = Some(now);
                Told::Begun(logs)
            }
        })
    }
}

/// When a log answered last.
#[derive(Debug, Clone)]
pub struct Vitals {
    state: Arc<Mutex<State>>,
    log: Option<Log>,
}

#[derive(Debug)]
struct State {
    answered: Instant,
    head: Option<Position>,
    reason: String,
}

impl Vitals {
    /// Begins to ask a log how far it goes.
    pub fn of(name: &'static str, log: &Log, absence: &Absence, tasks: &Tasks) -> Self {
        let state = State { answered: Instant::now(), head: None, reason: String::new() };
        let vitals = Self { state: Arc::new(Mutex::new(state)), log: Some(log.clone()) };
        let (log, told, absence) = (log.clone(), vitals.clone(), absence.clone());
        tasks.watch("vitals", async move {
            loop {
                let answer = match tokio::time::timeout(ANSWER_TIMEOUT, log.head()).await {
                    Ok(Ok(head)) => Ok(head),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err(format!("it did not answer within {} s", ANSWER_TIMEOUT.as_secs())),
                };
                absence.note(name, answer.as_ref().err().map(String::as_str));
                told.note(answer);
                tokio::time::sleep(EVERY).await;
            }
        });
        vitals
    }

    fn note(&self, answer: Result<Position, String>) {
        let mut state = self.state.lock();
        match answer {
            Ok(head) => (state.answered, state.head) = (Instant::now(), Some(head)),
            Err(reason) => state.reason = reason,
        }
    }

    /// The position of its last event when it answered last; none: it never has.
    pub fn head(&self) -> Option<Position> {
        self.state.lock().head
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
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
pub(crate) fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_was_silent_for_some_seconds_is_out_of_reach_until_it_answers() {
        let long_ago = Instant::now().checked_sub(SILENCE_MAX * 2).unwrap();
        let state = State { answered: long_ago, head: None, reason: String::new() };
        let vitals = Vitals { state: Arc::new(Mutex::new(state)), log: None };
        vitals.note(Err("no leader".to_owned()));
        assert!(vitals.ready().unwrap_err().ends_with("no leader"));
        vitals.note(Ok(Position(7)));
        assert_eq!(vitals.ready(), Ok(()));
        vitals.note(Err("no leader".to_owned()));
        assert_eq!(vitals.ready(), Ok(()), "one question in vain is no outage");
        assert_eq!(vitals.head(), Some(Position(7)));
    }

    #[test]
    fn a_brokers_absence_is_a_line_a_change_and_one_a_minute() {
        let (mut absent, start) = (Absent::default(), Instant::now());
        let mut told = Vec::new();
        for second in 0..200 {
            let now = start + Duration::from_secs(second);
            let reason = (10..185).contains(&second).then_some("no one answers");
            for log in ["event log", "access log"] {
                told.extend(absent.note(log, reason, now));
            }
        }
        let both = "the access log (no one answers), the event log (no one answers)";
        let seconds = Duration::from_secs;
        assert_eq!(
            told,
            [
                Told::Begun("the event log (no one answers)".to_owned()),
                Told::Lasts(both.to_owned(), seconds(60)),
                Told::Lasts(both.to_owned(), seconds(120)),
                Told::Over(seconds(175)),
            ]
        );
    }

    #[test]
    fn a_disk_with_room_is_fit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(has_room(folder.path()), Ok(()));
    }
}
