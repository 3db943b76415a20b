//! What can be checked of a log by reading it: no position is missing, every event can be read, and
//! each carries the hash of the one before it on its aggregate. Pure.

use std::{collections::hash_map::Entry, fmt, hash::BuildHasher as _, str::FromStr};

use chassis::log::Recorded;
use proto::{Event, EventHash, Header, Position, envelope::ChainLink};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use sha2::{Digest as _, Sha256};

/// The most faults that are kept; the rest is counted.
pub const FAULTS_MAX: usize = 1_000;

/// A hash over all events up to a position. Whoever keeps one elsewhere can show later that nothing up to
/// there was altered, left out or put in: the chains alone do not say so of the last event of each.
///
/// It is SHA-256 of the seal before and the SHA-256 of the event's body; before the first event, of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The last event under it.
    pub position: Position,
    hash: EventHash,
}

impl Seal {
    fn before_all() -> Self {
        Self { position: Position::START, hash: EventHash::of(&[]) }
    }

    fn over(self, position: Position, body: EventHash) -> Self {
        let both = Sha256::new().chain_update(self.hash.bytes()).chain_update(body.bytes());
        Self { position, hash: EventHash::from_bytes(both.finalize().into()) }
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.hash)
    }
}

/// A text that is no seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a seal: one is a position, a colon and 64 hexadecimal digits, as `oversight verify` prints it")]
pub struct NoSeal;

impl FromStr for Seal {
    type Err = NoSeal;

    fn from_str(text: &str) -> Result<Self, NoSeal> {
        let (position, hash) = text.trim().split_once(':').ok_or(NoSeal)?;
        let position = position.parse().map(Position).map_err(|_| NoSeal)?;
        Ok(Self { position, hash: hash.parse().map_err(|_| NoSeal)? })
    }
}

/// Something wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub position: Position,
    /// Of which aggregate, where that can be told.
    pub aggregate: Option<String>,
    /// What.
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The position should have been another.
    Gap {
        /// The one that should have come.
        expected: Position,
    },
    /// It is no event that this build understands.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// It does not carry the hash of the aggregate's event before it.
    BrokenChain {
        /// The hash of the event before it, if there is one.
        expected: Option<EventHash>,
        /// The hash it carries.
        carried: Option<EventHash>,
    },
    /// An event of another aggregate has the same id.
    SameId {
        /// Where that one stands.
        first: Position,
    },
    /// The events up to here are not those that were sealed.
    BrokenSeal,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}", self.position)?;
        if let Some(aggregate) = &self.aggregate {
            write!(f, ", {aggregate}")?;
        }
        f.write_str(": ")?;
        match &self.what {
            What::Gap { expected } => write!(f, "position {expected} should have come here"),
            What::Unreadable { reason } => write!(f, "this build cannot read it: {reason}"),
            What::BrokenChain { expected: None, carried: Some(_) } => {
                f.write_str("it carries the hash of an event before it, and there is none")
            }
            What::BrokenChain { expected: Some(_), carried: None } => {
                f.write_str("it carries no hash, and there is an event before it")
            }
            What::BrokenChain { .. } => f.write_str(
                "the hash it carries is not that of the event before it: one of the two was altered",
            ),
            What::SameId { first } => {
                write!(f, "the event at position {first}, of another aggregate, has the same id")
            }
            What::BrokenSeal => f.write_str(
                "the events up to here are not those of the seal: one was altered, left out or put in since",
            ),
        }
    }
}

/// An event that stands twice: the command behind it was given again after the broker no longer knew it, and an earlier
/// version wrote it a second time. Nothing is altered or missing; what it says is in force again from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// Where it stands again.
    pub position: Position,
    /// Where it stood first.
    pub first: Position,
    /// Of which aggregate.
    pub aggregate: String,
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, first, aggregate } = self;
        write!(f, "position {position}, {aggregate}: the event at position {first} stands here again")
    }
}

/// Reads a log from its first event and notes what is wrong.
#[derive(Debug)]
pub struct Audit {
    next: Position,
    chains: FxHashMap<String, (EventHash, Position)>,
    /// Where the event of each id stands first, and the hash of its subject.
    ids: FxHashMap<u128, (Position, u64)>,
    unreadable: FxHashSet<[u8; 32]>,
    events: u64,
    faults: Vec<Fault>,
    fault_count: u64,
    repeats: Vec<Repeat>,
    repeat_count: u64,
    first_fault: Option<Position>,
    seal: Seal,
    expected: Option<Seal>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            next: Position::START.next(),
            chains: FxHashMap::default(),
            ids: FxHashMap::default(),
            unreadable: FxHashSet::default(),
            events: 0,
            faults: Vec::new(),
            fault_count: 0,
            repeats: Vec::new(),
            repeat_count: 0,
            first_fault: None,
            seal: Seal::before_all(),
            expected: None,
        }
    }
}

impl Audit {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing read yet, and a seal of earlier that the events have to fit.
    pub fn expecting(seal: Option<Seal>) -> Self {
        Self { expected: seal, ..Self::default() }
    }

    /// The seal over all that was read.
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// Events read.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Aggregates met.
    pub fn aggregates(&self) -> usize {
        self.chains.len()
    }

    /// The first [`FAULTS_MAX`] faults, and how many there are.
    pub fn faults(&self) -> (&[Fault], u64) {
        (&self.faults, self.fault_count)
    }

    /// The first [`FAULTS_MAX`] events that stand twice, and how many do.
    pub fn repeats(&self) -> (&[Repeat], u64) {
        (&self.repeats, self.repeat_count)
    }

    /// The last position up to which nothing is wrong: no event is missing, altered or unreadable.
    pub fn intact_to(&self) -> Position {
        let read_to = Position(self.next.0.saturating_sub(1));
        self.first_fault.map_or(read_to, |first| Position(first.0.saturating_sub(1)).min(read_to))
    }

    /// The next event.
    pub fn read(&mut self, event: &Recorded) {
        let position = event.position;
        if position != self.next {
            self.fault(position, None, What::Gap { expected: self.next });
        }
        self.next = position.next();
        self.events += 1;
        let hash = EventHash::of(&event.body);
        self.seal = self.seal.over(position, hash);
        if self.expected.is_some_and(|seal| seal.position == position && seal != self.seal) {
            self.fault(position, None, What::BrokenSeal);
            // Which one it was, a hash does not say.
            self.not_intact_from(Position::START.next());
        }
        let link = match ChainLink::read(&event.body) {
            Ok(link) => link,
            Err(error) => {
                self.unreadable.insert(*hash.bytes());
                return self.fault(position, None, What::Unreadable { reason: error.to_string() });
            }
        };
        let aggregate = link.subject;
        self.note_id(position, link.id.as_u128(), &aggregate);
        let before = match self.chains.get_mut(aggregate.as_ref()) {
            Some(last) => Some(std::mem::replace(last, (hash, position))),
            None => {
                self.chains.insert(aggregate.clone().into_owned(), (hash, position));
                None
            }
        };
        let expected = before.map(|(hash, _)| hash);
        // An event whose envelope cannot be read is no one's; the one after it still names it.
        let after_unreadable = link.previous.is_some_and(|hash| self.unreadable.contains(hash.bytes()));
        if link.previous != expected && !after_unreadable {
            let what = What::BrokenChain { expected, carried: link.previous };
            self.fault(position, Some(&aggregate), what);
            // One of the two was altered, perhaps the earlier one.
            self.not_intact_from(before.map_or(position, |(_, position)| position));
        }
        let understood =
            Header::read(&event.body).and_then(|header| Event::decode(&header.kind, header.data));
        if let Err(error) = understood {
            self.fault(position, Some(&aggregate), What::Unreadable { reason: error.to_string() });
        }
    }

    fn note_id(&mut self, position: Position, id: u128, aggregate: &str) {
        let subject = FxBuildHasher.hash_one(aggregate.as_bytes());
        match self.ids.entry(id) {
            Entry::Vacant(free) => {
                free.insert((position, subject));
            }
            Entry::Occupied(known) => {
                let (first, of) = *known.get();
                if of != subject {
                    return self.fault(position, Some(aggregate), What::SameId { first });
                }
                self.repeat_count += 1;
                if self.repeats.len() < FAULTS_MAX {
                    let aggregate = aggregate.chars().take(120).collect();
                    self.repeats.push(Repeat { position, first, aggregate });
                }
            }
        }
    }

    fn not_intact_from(&mut self, position: Position) {
        self.first_fault = Some(self.first_fault.map_or(position, |first| first.min(position)));
    }

    /// The log says that it goes as far as this.
    pub fn ends_at(&mut self, head: Position) {
        if self.next <= head {
            self.fault(head.next(), None, What::Gap { expected: self.next });
        }
        // A log that ends before its seal has lost its tail.
        if let Some(seal) = self.expected.filter(|seal| seal.position >= self.next) {
            self.fault(seal.position, None, What::Gap { expected: self.next });
        }
    }

    fn fault(&mut self, position: Position, aggregate: Option<&str>, what: What) {
        self.fault_count += 1;
        // Where an event is missing the log is whole up to before the one that should have come.
        self.not_intact_from(if let What::Gap { expected } = what { expected } else { position });
        if self.faults.len() < FAULTS_MAX {
            let aggregate = aggregate.map(|aggregate| aggregate.chars().take(120).collect());
            self.faults.push(Fault { position, aggregate, what });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::England;

    /// The first events of an England: whole, chained, and some aggregates with several events.
    fn events() -> Vec<Recorded> {
        let england = England::new(1);
        let mut position = Position::START;
        let bodies = england.events().take(15_000).map(|event| event.body);
        bodies
            .map(|body| {
                position = position.next();
                Recorded { position, body }
            })
            .collect()
    }

    fn audit(events: &[Recorded]) -> Audit {
        let mut audit = Audit::new();
        events.iter().for_each(|event| audit.read(event));
        audit
    }

    #[test]
    fn a_whole_log_has_no_fault() {
        let events = events();
        let mut audit = audit(&events);
        audit.ends_at(Position(events.len() as u64));
        assert_eq!(audit.faults(), (&[][..], 0));
        assert_eq!(audit.events(), events.len() as u64);
    }

    #[test]
    fn a_missing_position_is_named() {
        let mut events = events();
        events.remove(99);
        let audit = audit(&events);
        let first = &audit.faults().0[0];
        assert_eq!((first.position, &first.what), (Position(101), &What::Gap { expected: Position(100) }));
    }

    #[test]
    fn a_log_that_ends_early_is_named() {
        let mut audit = audit(&events()[..10]);
        audit.ends_at(Position(11));
        assert!(audit.faults().0[0].to_string().contains("position 11 should have come here"));
    }

    #[test]
    fn an_altered_event_breaks_the_chain_at_the_next_one_of_its_aggregate() {
        let mut events = events();
        let (at, next) = two_of_one_aggregate(&events);
        let altered = String::from_utf8(events[at].body.to_vec()).unwrap().replace("Synthetic", "Authentic");
        assert_ne!(altered.as_bytes(), &events[at].body[..]);
        events[at].body = altered.into();
        let audit = audit(&events);
        assert_eq!(audit.faults().1, 1);
        let fault = &audit.faults().0[0];
        assert_eq!(fault.position, events[next].position);
        assert!(fault.aggregate.as_ref().unwrap().starts_with("oversight.organisations."), "{fault}");
        assert!(fault.to_string().contains("was altered"), "{fault}");
        assert_eq!(audit.intact_to().0, at as u64, "up to before the one that was altered");
    }

    #[test]
    fn an_event_cut_out_with_its_position_closed_up_breaks_the_chain() {
        let mut events = events();
        let (at, _) = two_of_one_aggregate(&events);
        events.remove(at);
        for (event, number) in events.iter_mut().zip(1..) {
            event.position = Position(number);
        }
        let audit = audit(&events);
        assert!(matches!(audit.faults().0[0].what, What::BrokenChain { expected: None, carried: Some(_) }));
    }

    #[test]
    fn a_seal_shows_what_no_chain_does() {
        let events = events();
        let seal = audit(&events).seal();
        assert_eq!(seal.to_string().parse(), Ok(seal));
        let check = |events: &[Recorded]| {
            let mut audit = Audit::expecting(Some(seal));
            events.iter().for_each(|event| audit.read(event));
            audit.ends_at(Position(events.len() as u64));
            (audit.faults().0.first().map(|fault| fault.what.clone()), audit.intact_to())
        };
        assert_eq!(check(&events), (None, seal.position));
        // The last event of its aggregate: no other carries its hash.
        let mut altered = events.clone();
        let last = altered.last_mut().unwrap();
        last.body =
            String::from_utf8(last.body.to_vec()).unwrap().replace("\"data\":{", "\"data\": {").into();
        assert_ne!(altered.last().unwrap().body, events.last().unwrap().body);
        assert_eq!(audit(&altered).faults().1, 0, "the chains are whole");
        assert_eq!(check(&altered), (Some(What::BrokenSeal), Position::START));
        let cut = check(&events[..events.len() - 1]);
        assert!(matches!(cut.0, Some(What::Gap { .. })), "{cut:?}");
        for wrong in ["", "7", "7:abc", "x:", &format!("-1{}", &seal.to_string()[1..])] {
            assert_eq!(wrong.parse::<Seal>(), Err(NoSeal), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_and_stops_nothing() {
        let mut events = events();
        events[3].body = bytes::Bytes::from_static(b"not an event");
        events[5].body = String::from_utf8(events[5].body.to_vec())
            .unwrap()
            .replace("organisation-listed.v1", "organisation-listed.v9")
            .into();
        let audit = audit(&events);
        let positions: Vec<u64> = audit.faults().0.iter().map(|fault| fault.position.0).collect();
        assert_eq!(positions, [4, 6]);
        assert!(audit.faults().0[1].to_string().contains("unknown event type"));
        assert_eq!(audit.events(), events.len() as u64);
    }

    #[test]
    fn an_id_that_two_aggregates_have_is_named() {
        let mut events = events();
        let id = |event: &Recorded| ChainLink::read(&event.body).unwrap().id.to_string();
        let (first, second) = (id(&events[7]), id(&events[8]));
        let text = String::from_utf8(events[8].body.to_vec()).unwrap();
        events[8].body = text.replacen(&second, &first, 1).into();
        let faults = audit(&events).faults().0.to_vec();
        let first = events[7].position;
        assert!(faults.iter().any(|fault| fault.what == What::SameId { first }), "{faults:?}");
    }

    #[test]
    fn an_event_that_was_written_twice_is_told_as_that_and_the_log_is_intact_behind_it() {
        let mut events = events();
        let (at, next) = two_of_one_aggregate(&events);
        // Written again as the next event of its aggregate: chained, under the id that it had.
        let event = |index: usize| String::from_utf8(events[index].body.to_vec()).unwrap();
        let id = |index: usize| ChainLink::read(&events[index].body).unwrap().id.to_string();
        let again = event(next).replacen(&id(next), &id(at), 1);
        let (first, position) = (events[at].position, events[next].position);
        events[next].body = again.into();
        events.truncate(next + 1);
        let audit = audit(&events);
        assert_eq!((audit.faults().1, audit.repeats().1), (0, 1), "{:?}", audit.faults());
        let repeat = &audit.repeats().0[0];
        assert_eq!((repeat.first, repeat.position), (first, position));
        assert_eq!(audit.intact_to(), position);
    }

    fn two_of_one_aggregate(events: &[Recorded]) -> (usize, usize) {
        let mut seen = FxHashMap::default();
        for (index, event) in events.iter().enumerate() {
            let subject = ChainLink::read(&event.body).unwrap().subject.into_owned();
            if let Some(before) = seen.insert(subject, index) {
                return (before, index);
            }
        }
        panic!("no aggregate has two events");
    }
}
