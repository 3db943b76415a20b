//! Given these events, when this command, then this event or this refusal.
//!
//! ```ignore
//! given::<Practice>([listed("A81001")])
//!     .when(List { .. })
//!     .then_nothing();
//! ```
//! A failing step points at the test's own line and prints the state the command met.

#![expect(clippy::panic, reason = "a helper of tests fails a test the way tests fail")]

use jiff::Timestamp;
use proto::{Actor, Day, Position};
use std::fmt::Debug;

use crate::command::{Aggregate, Context, When};

/// A state made by events.
#[derive(Debug)]
pub struct Given<A> {
    state: A,
    count: u64,
    day: Day,
}

/// A decision about to be checked.
#[derive(Debug)]
pub struct Decided<A: Aggregate> {
    state: A,
    decision: Result<Option<A::Event>, A::Refusal>,
    count: u64,
    day: Day,
}

/// The day of events and commands until a test says otherwise.
pub const DAY_OF_TESTS: &str = "2018-03-01";

/// The state after these events.
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let day: Day = DAY_OF_TESTS.parse().unwrap_or(Day::FIRST);
    let empty = Given { state: A::default(), count: 0, day };
    events.into_iter().fold(empty, |given, event| given.and(event))
}

fn midday(day: Day) -> Timestamp {
    day.end_in_london() - jiff::SignedDuration::from_hours(12)
}

impl<A: Aggregate> Given<A> {
    /// From here on it is another day.
    pub fn on(mut self, day: &str) -> Self {
        self.day = day.parse().unwrap_or(self.day);
        self
    }

    /// One more event.
    pub fn and(mut self, event: A::Event) -> Self {
        self.count += 1;
        let when = When {
            recorded: midday(self.day),
            effective: self.day,
            position: Position(self.count),
            correlation_id: None,
        };
        self.state.evolve(&event, &when);
        self
    }

    /// The state so far.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Gives a command.
    pub fn when(self, command: impl Into<A::Command>) -> Decided<A> {
        let command = command.into();
        let context = Context { time: midday(self.day), effective: self.day, actor: Actor::system("test") };
        let decision = self.state.decide(&command, &context);
        Decided { state: self.state, decision, count: self.count, day: self.day }
    }
}

impl<A: Aggregate + Debug> Decided<A>
where
    A::Event: PartialEq + Debug,
{
    /// It led to this event; the state goes on from there.
    #[track_caller]
    pub fn then(self, expected: A::Event) -> Given<A> {
        let Self { state, decision, count, day } = self;
        match decision {
            Ok(Some(event)) => {
                assert_eq!(event, expected, "another event than expected; the state was {state:#?}")
            }
            Ok(None) => panic!("nothing happened; expected {expected:#?}; the state was {state:#?}"),
            Err(refusal) => panic!("refused: {refusal}; expected {expected:#?}; the state was {state:#?}"),
        }
        Given { state, count, day }.and(expected)
    }

    /// It led to an event that passes a check.
    #[track_caller]
    pub fn then_event(self, check: impl FnOnce(&A::Event)) -> Given<A> {
        let Self { state, decision, count, day } = self;
        match decision {
            Ok(Some(event)) => {
                check(&event);
                Given { state, count, day }.and(event)
            }
            Ok(None) => panic!("nothing happened; the state was {state:#?}"),
            Err(refusal) => panic!("refused: {refusal}; the state was {state:#?}"),
        }
    }

    /// It was so already.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        let Self { state, decision, count, day } = self;
        match decision {
            Ok(None) => Given { state, count, day },
            Ok(Some(event)) => panic!("{event:#?} happened; expected nothing; the state was {state:#?}"),
            Err(refusal) => panic!("refused: {refusal}; expected nothing; the state was {state:#?}"),
        }
    }

    /// It was refused with this text in the reason.
    #[track_caller]
    pub fn then_refused(self, containing: &str) -> Given<A> {
        let Self { state, decision, count, day } = self;
        match decision {
            Err(refusal) => {
                let text = refusal.to_string();
                assert!(text.contains(containing), "refused with “{text}”; expected “{containing}”");
                Given { state, count, day }
            }
            Ok(event) => {
                panic!("{event:#?}; expected a refusal with “{containing}”; the state was {state:#?}")
            }
        }
    }
}
