//! How much of what one does is recorded one by one, and what is counted instead.
//!
//! An event is never removed, and whoever may ask can ask as often as they like. So of each sort of record one holder
//! has so many a minute, and so many may wait to be written; of what is more there is one record at the end of the
//! minute that says how many there were and what they have in common. What one does takes nothing from another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use proto::{
    Actor, PersonId,
    access::{AccessEvent, SEVERAL},
};
use rustc_hash::FxHashMap;

use super::record::Record;

const ONE_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Records of one sort and holder that may wait to be written, however long that takes.
const WAITING_MAX: u32 = 64;

/// What anyone can do again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    /// Looking at what is not for everyone to see.
    Look,
    /// Taking data away.
    Export,
    /// Asking for what is not theirs.
    Refusal,
    /// Trying to sign in, in vain.
    SignIn,
}

impl Sort {
    /// The sort of a record; none where each is recorded.
    pub(super) fn of(event: &AccessEvent) -> Option<Self> {
        match event {
            AccessEvent::SensitiveRead(_) => Some(Sort::Look),
            AccessEvent::Exported(_) => Some(Sort::Export),
            AccessEvent::Refused(_) => Some(Sort::Refusal),
            AccessEvent::SignInRefused(_) => Some(Sort::SignIn),
            _ => None,
        }
    }

    /// How many of one holder are recorded one by one within a minute. Who works with the pages does less. A few
    /// refusals show that someone tries, and for how long; a year of ten a minute is some two gigabytes.
    const fn per_minute(self) -> u32 {
        match self {
            Sort::Look | Sort::Export => 60,
            Sort::Refusal => 20,
            Sort::SignIn => 10,
        }
    }
}

/// Whose records are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    /// Of someone who came in.
    Holder(Actor),
    /// Of everyone who tried one account, or none that there is.
    Account(Option<PersonId>),
}

type Key = (Sort, Whose);

/// What was done in the minute that began then.
#[derive(Debug)]
struct Minute {
    began: Timestamp,
    recorded: u32,
    waiting: u32,
    /// All that is counted, as one record.
    more: Option<Record>,
}

/// Counts for all.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Arc<Mutex<Minutes>>);

#[derive(Debug, Default)]
struct Minutes {
    of: FxHashMap<Key, Minute>,
    /// What was counted in minutes that another has followed.
    over: Vec<Record>,
}

/// The place of a record that waits to be written, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Counted,
    key: Key,
}

/// A record that is to be written, in its place where it is of a sort; none where it is counted.
pub(super) type Admitted = Option<(Record, Option<Place>)>;

impl Counted {
    /// Decides on a record.
    pub(super) fn admit(&self, record: Record, now: Timestamp) -> Admitted {
        let Some(key) = key_of(&record) else { return Some((record, None)) };
        let mut minutes = self.0.lock();
        let Minutes { of, over } = &mut *minutes;
        let minute = of.entry(key.clone()).or_insert_with(|| Minute::begin(now));
        if minute.is_over(now) {
            over.extend(minute.more.take());
            minute.began = now;
            minute.recorded = 0;
        }
        if minute.recorded >= key.0.per_minute() || minute.waiting >= WAITING_MAX {
            minute.count(record);
            return None;
        }
        minute.recorded += 1;
        minute.waiting += 1;
        drop(minutes);
        Some((record, Some(Place { of: self.clone(), key })))
    }

    /// Counts a record that was to be written and could not be.
    pub(super) fn count(&self, record: Record, now: Timestamp) {
        let Some(key) = key_of(&record) else { return };
        self.0.lock().of.entry(key).or_insert_with(|| Minute::begin(now)).count(record);
    }

    /// The records of what was counted in the minutes that are over.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Record> {
        self.take(|minute| minute.is_over(now))
    }

    /// The records of all that was counted.
    pub(super) fn rest(&self) -> Vec<Record> {
        self.take(|_| true)
    }

    fn take(&self, is_due: impl Fn(&Minute) -> bool) -> Vec<Record> {
        let Minutes { of, over } = &mut *self.0.lock();
        let mut due = std::mem::take(over);
        of.retain(|_, minute| {
            if !is_due(minute) {
                return true;
            }
            due.extend(minute.more.take());
            minute.waiting > 0
        });
        due
    }
}

impl Minute {
    fn begin(now: Timestamp) -> Self {
        Self { began: now, recorded: 0, waiting: 0, more: None }
    }

    /// Also where the clock was set back.
    fn is_over(&self, now: Timestamp) -> bool {
        !(self.began..self.began + ONE_MINUTE).contains(&now)
    }

    fn count(&mut self, record: Record) {
        match &mut self.more {
            Some(more) => more.add(record),
            None => self.more = Some(record.into_one_of_several()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(minute) = self.of.0.lock().of.get_mut(&self.key) {
            minute.waiting = minute.waiting.saturating_sub(1);
        }
    }
}

fn key_of(record: &Record) -> Option<Key> {
    let sort = Sort::of(&record.event)?;
    let whose = match &record.event {
        AccessEvent::SignInRefused(refused) => Whose::Account(refused.person),
        _ => Whose::Holder(record.by.actor.clone()),
    };
    Some((sort, whose))
}

impl Record {
    fn more_mut(&mut self) -> Option<&mut u64> {
        match &mut self.event {
            AccessEvent::SensitiveRead(read) => Some(&mut read.more),
            AccessEvent::Exported(exported) => Some(&mut exported.more),
            AccessEvent::Refused(refused) => Some(&mut refused.more),
            AccessEvent::SignInRefused(refused) => Some(&mut refused.more),
            _ => None,
        }
    }

    /// How many it stands for that are not recorded one by one.
    pub(super) fn more(&self) -> u64 {
        match &self.event {
            AccessEvent::SensitiveRead(read) => read.more,
            AccessEvent::Exported(exported) => exported.more,
            AccessEvent::Refused(refused) => refused.more,
            AccessEvent::SignInRefused(refused) => refused.more,
            _ => 0,
        }
    }

    /// One that counts and is of none by itself.
    fn into_one_of_several(mut self) -> Self {
        if let Some(more) = self.more_mut() {
            *more = (*more).max(1);
        }
        self
    }

    /// Counts another of the same sort: what differs is not told.
    fn add(&mut self, other: Record) {
        fn keep<T: PartialEq>(mine: &mut T, other: &T, differs: T) {
            if mine != other {
                *mine = differs;
            }
        }
        let other = other.into_one_of_several();
        let count = other.more();
        if let Some(more) = self.more_mut() {
            *more += count;
        }
        keep(&mut self.request, &other.request, None);
        keep(&mut self.by.on_behalf_of, &other.by.on_behalf_of, None);
        match (&mut self.event, &other.event) {
            (AccessEvent::SensitiveRead(mine), AccessEvent::SensitiveRead(other)) => {
                keep(&mut mine.action, &other.action, SEVERAL.to_owned());
                keep(&mut mine.about, &other.about, None);
            }
            (AccessEvent::Exported(mine), AccessEvent::Exported(other)) => {
                keep(&mut mine.action, &other.action, SEVERAL.to_owned());
                keep(&mut mine.about, &other.about, None);
                keep(&mut mine.address, &other.address, SEVERAL.to_owned());
            }
            (AccessEvent::Refused(mine), AccessEvent::Refused(other)) => {
                keep(&mut mine.action, &other.action, SEVERAL.to_owned());
                keep(&mut mine.about, &other.about, None);
            }
            (AccessEvent::SignInRefused(mine), AccessEvent::SignInRefused(other)) => {
                keep(&mut mine.reason, &other.reason, SEVERAL.to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        By, Service,
        access::{Exported, Refused, SensitiveRead, SignInRefused, SignInWay},
    };

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2019-04-01T{text}Z").parse().unwrap()
    }

    fn by(who: &str, event: impl Into<AccessEvent>) -> Record {
        Record { service: Service::Suppliers, by: By::system(who), request: None, event: event.into() }
    }

    fn look(who: &str, about: &str) -> Record {
        let about = Some(about.parse().unwrap());
        by(who, SensitiveRead { action: "assessments/view-work".to_owned(), about, more: 0 })
    }

    fn sign_in(person: Option<PersonId>) -> Record {
        let (way, reason) = (SignInWay::Password, "wrong-password".to_owned());
        by("sign-in", SignInRefused { way, person, reason, more: 0 })
    }

    /// How many of so many are written one by one, each at once.
    fn written(counted: &Counted, times: usize, now: &str, record: impl Fn() -> Record) -> usize {
        let is_written = |_: &usize| counted.admit(record(), at(now)).is_some();
        (0..times).filter(is_written).count()
    }

    #[test]
    fn of_what_one_does_in_a_minute_the_rest_is_one_record() {
        let counted = Counted::default();
        let person = |number| Some(PersonId(uuid::Uuid::from_u128(number)));
        let refused =
            || by("a", Refused { action: "suppliers/check".to_owned(), about: None, status: 404, more: 0 });
        let exported = || {
            by(
                "a",
                Exported {
                    action: "log/read-feed".to_owned(),
                    about: None,
                    address: "/a".to_owned(),
                    more: 0,
                },
            )
        };
        assert_eq!(written(&counted, 4_372, "09:00:00", || look("a", "A81001")), 60);
        assert_eq!(written(&counted, 100, "09:00:00", || look("b", "A81001")), 60, "another by themselves");
        assert_eq!(written(&counted, 100, "09:00:00", refused), 20, "each sort by itself");
        assert_eq!(written(&counted, 100, "09:00:00", exported), 60);
        assert_eq!(written(&counted, 30, "09:00:00", || sign_in(None)), 10);
        assert_eq!(written(&counted, 30, "09:00:59", || sign_in(person(1))), 10, "each account by itself");
        assert!(counted.due(at("09:00:59")).is_empty());
        let mut rest: Vec<u64> = counted.due(at("09:01:00")).iter().map(Record::more).collect();
        rest.sort_unstable();
        assert_eq!(rest, [20, 40, 40, 80, 4_312]);
        assert_eq!(written(&counted, 100, "09:01:00", || look("a", "A81001")), 60, "a minute later again");
        assert_eq!(
            counted.rest().iter().map(Record::more).sum::<u64>(),
            20 + 40,
            "at the end all that is left"
        );
        assert!(counted.0.lock().of.is_empty(), "no one who does nothing is kept");
        assert_eq!(
            written(&counted, 100, "08:00:00", || look("a", "A81001")),
            60,
            "a clock that was set back"
        );
    }

    #[test]
    fn what_waits_is_bounded_for_each_however_long_it_takes() {
        let counted = Counted::default();
        let mut waiting = Vec::new();
        for minute in 0..10 {
            for _ in 0..60 {
                let now = at(&format!("09:{minute:02}:00"));
                waiting.extend(counted.admit(look("a", "A81001"), now).and_then(|(_, place)| place));
            }
            let _ = counted.due(at(&format!("09:{:02}:00", minute + 1)));
        }
        assert_eq!(waiting.len(), WAITING_MAX as usize);
        assert_eq!(written(&counted, 60, "09:10:00", || look("b", "A81001")), 60);
        drop(waiting);
        let _ = counted.due(at("09:12:00"));
        assert_eq!(written(&counted, 60, "09:12:00", || look("a", "A81001")), 60);
    }

    #[test]
    fn the_rest_says_what_its_parts_have_in_common() {
        let counted = Counted::default();
        for about in ["A81001", "A81001", "A81002"] {
            counted.count(look("a", about), at("09:00:00"));
        }
        counted.count(look("b", "A81001"), at("09:00:00"));
        let mut both = counted.rest();
        both.sort_by_key(Record::more);
        let [one, three] = &both[..] else { panic!("{both:?}") };
        let read = |record: &Record| match &record.event {
            AccessEvent::SensitiveRead(read) => read.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((read(one).about.unwrap().as_str(), read(one).more), ("A81001", 1));
        assert_eq!((read(three).about, read(three).more), (None, 3));
        assert_eq!(read(three).action, "assessments/view-work");
    }
}
