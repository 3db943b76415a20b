//! The one place that asks what time it is.
//!
//! A clock has two faces. [`Clock::now`] and [`Clock::today`] are for the field: when something was done
//! to a practice, what is due, how figures stand. [`Clock::machine_now`] is for the machinery: sessions, keys,
//! tokens, rate limits, the access log, retries, TLS. They are one and the same everywhere but in a
//! demonstration, where all practices are generated and their year is long over: there the field's face shows the
//! date at which the demonstration stands, which someone has to move on, and the time of day in London.
//!
//! Which is right for a new use? If it would make no sense to move it by moving the demonstration's date, such as how
//! long someone stays signed in, it is the machine's.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use proto::{Day, LONDON};
use tokio::sync::watch;

/// Where the time comes from: the machine, or a test; and the date of a demonstration, if it is one. Clones show
/// the same.
#[derive(Debug, Clone)]
pub struct Clock {
    machine: Source,
    demonstration: Arc<Demonstration>,
}

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Microseconds since 1970.
    Set(Arc<AtomicI64>),
}

#[derive(Debug)]
struct Demonstration {
    date: watch::Sender<Option<Day>>,
    /// When the newest event of the log was recorded, in microseconds since 1970: no event is recorded before it.
    newest: AtomicI64,
}

impl Clock {
    fn of(machine: Source) -> Self {
        let demonstration =
            Demonstration { date: watch::Sender::new(None), newest: AtomicI64::new(i64::MIN) };
        Self { machine, demonstration: Arc::new(demonstration) }
    }

    /// The machine's clock.
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// A clock that stands still until it is set.
    pub fn set_to(now: Timestamp) -> Self {
        Self::of(Source::Set(Arc::new(AtomicI64::new(now.as_microsecond()))))
    }

    /// Sets a clock made by [`Clock::set_to`]; the machine's clock does not listen.
    pub fn set(&self, now: Timestamp) {
        if let Source::Set(micros) = &self.machine {
            micros.store(now.as_microsecond(), Ordering::Relaxed);
        }
    }

    /// Now, to the microsecond, by the machine: for sessions, keys, the access log and the like.
    pub fn machine_now(&self) -> Timestamp {
        let micros = match &self.machine {
            #[expect(clippy::disallowed_methods, reason = "this is the clock the others are to ask")]
            Source::System => Timestamp::now().as_microsecond(),
            Source::Set(micros) => micros.load(Ordering::Relaxed),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// Now, to the microsecond: in a demonstration the time of day on its date.
    pub fn now(&self) -> Timestamp {
        let now = self.machine_now();
        let Some(date) = self.demonstration_date() else { return now };
        let newest = self.demonstration.newest.load(Ordering::Relaxed);
        let shown = on_date(date, now);
        match Timestamp::from_microsecond(newest) {
            // The time of day begins anew at midnight, the date does not: what is recorded then comes after all
            // that was recorded on the date.
            Ok(newest) if Day::in_london(newest) == date => shown.max(newest),
            _ => shown,
        }
    }

    /// The date in London; in a demonstration the date at which it stands.
    pub fn today(&self) -> Day {
        self.demonstration_date().unwrap_or_else(|| Day::in_london(self.machine_now()))
    }

    /// The date at which the demonstration stands, where this is one.
    pub fn demonstration_date(&self) -> Option<Day> {
        *self.demonstration.date.borrow()
    }

    /// Tells of every other date of the demonstration.
    pub fn demonstration_dates(&self) -> watch::Receiver<Option<Day>> {
        self.demonstration.date.subscribe()
    }

    /// Shows the date of a demonstration, or none.
    pub(crate) fn demonstrate(&self, date: Option<Day>) {
        self.demonstration.date.send_if_modified(|shown| std::mem::replace(shown, date) != date);
    }

    /// Says when the newest event of the log was recorded.
    pub(crate) fn no_earlier_than(&self, newest: Option<Timestamp>) {
        let newest = newest.map_or(i64::MIN, Timestamp::as_microsecond);
        self.demonstration.newest.fetch_max(newest, Ordering::Relaxed);
    }
}

/// The time of day that it is in London, on another date.
fn on_date(date: Day, now: Timestamp) -> Timestamp {
    let time = now.to_zoned(LONDON.clone()).time();
    date.date().to_datetime(time).to_zoned(LONDON.clone()).map_or(now, |then| then.timestamp())
}

/// What a log says of the time of a demonstration.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// When the last generated event was recorded.
    generated: Option<Timestamp>,
    /// When the newest event of all was.
    pub newest: Option<Timestamp>,
}

impl Recorded {
    /// Takes in when an event was recorded, and whether it is a generated one.
    pub fn note(&mut self, time: Timestamp, is_generated: bool) {
        self.newest = self.newest.max(Some(time));
        if is_generated {
            self.generated = self.generated.max(Some(time));
        }
    }

    /// The date at which a demonstration over the log stands: the day after the last generated event, or the day to
    /// which someone has moved it since, and never a day before that of the newest event.
    pub fn demonstration_date(&self, moved_to: Option<Day>) -> Option<Day> {
        let begins = Day::in_london(self.generated?).plus_days(1);
        Some(begins).max(moved_to).max(self.newest.map(Day::in_london))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_demonstration_shows_the_time_of_day_in_london_on_its_date() {
        let clock = Clock::set_to(time("2026-11-28T09:30:00Z"));
        assert_eq!(clock.now(), clock.machine_now());
        clock.demonstrate(Some(day("2018-04-01")));
        assert_eq!(clock.today(), day("2018-04-01"));
        // Half past nine in London, which is an hour ahead of Greenwich in April.
        assert_eq!(clock.now(), time("2018-04-01T08:30:00Z"));
        assert_eq!(clock.machine_now(), time("2026-11-28T09:30:00Z"));
        clock.demonstrate(None);
        assert_eq!(clock.now(), clock.machine_now());
    }

    #[test]
    fn midnight_of_the_machine_neither_ends_the_date_nor_turns_time_back() {
        let clock = Clock::set_to(time("2026-11-28T23:59:00Z"));
        clock.demonstrate(Some(day("2018-04-01")));
        let last = clock.now();
        assert_eq!(last, time("2018-04-01T22:59:00Z"));
        clock.no_earlier_than(Some(last));
        clock.set(time("2026-11-29T00:01:00Z"));
        assert_eq!((clock.today(), clock.now()), (day("2018-04-01"), last));
        // On the next date the time of day counts again.
        clock.demonstrate(Some(day("2018-04-02")));
        assert_eq!(clock.now(), time("2018-04-01T23:01:00Z"));
    }

    #[test]
    fn clones_show_the_same_date_and_other_clocks_do_not() {
        let clock = Clock::set_to(time("2026-11-28T09:30:00Z"));
        let (clone, other) = (clock.clone(), Clock::set_to(clock.now()));
        let mut dates = clone.demonstration_dates();
        clock.demonstrate(Some(day("2018-04-01")));
        assert!(dates.has_changed().unwrap());
        assert_eq!(*dates.borrow_and_update(), clone.demonstration_date());
        clock.demonstrate(Some(day("2018-04-01")));
        assert!(!dates.has_changed().unwrap(), "the same date is no news");
        assert_eq!(other.demonstration_date(), None);
    }

    #[test]
    fn a_demonstration_begins_the_day_after_the_last_generated_event_and_only_goes_forward() {
        let mut recorded = Recorded::default();
        assert_eq!(recorded.demonstration_date(Some(day("2018-05-01"))), None, "nothing is generated");
        recorded.note(time("2018-03-31T22:30:00Z"), true);
        assert_eq!(recorded.demonstration_date(None), Some(day("2018-04-01")));
        assert_eq!(recorded.demonstration_date(Some(day("2018-03-02"))), Some(day("2018-04-01")));
        assert_eq!(recorded.demonstration_date(Some(day("2018-04-03"))), Some(day("2018-04-03")));
        // Work that was recorded at a later date in an earlier version.
        recorded.note(time("2026-11-28T10:00:00Z"), false);
        assert_eq!(recorded.demonstration_date(None), Some(day("2026-11-28")));
    }
}
