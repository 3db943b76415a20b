//! The one place that asks what time it is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use proto::Day;

/// Where the time comes from: the machine, or a test.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Microseconds since 1970.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is set.
    pub fn set_to(now: Timestamp) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(now.as_microsecond()))))
    }

    /// Sets a clock made by [`Clock::set_to`]; the machine's clock does not listen.
    pub fn set(&self, now: Timestamp) {
        if let Source::Set(micros) = &self.0 {
            micros.store(now.as_microsecond(), Ordering::Relaxed);
        }
    }

    /// Now, to the microsecond.
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the clock the others are to ask")]
            Source::System => Timestamp::now().as_microsecond(),
            Source::Set(micros) => micros.load(Ordering::Relaxed),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// The day it is in London.
    pub fn today(&self) -> Day {
        Day::in_london(self.now())
    }
}
