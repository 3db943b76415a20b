//! Where the events stand that histories are made of: of each event what it is chosen by, kept in
//! memory and read anew at each start.
//!
//! What it costs: some fifty bytes an event, and a look at each event of a history that is asked for,
//! a few nanoseconds each. The events themselves are read for the entries of a page alone.

use std::time::Duration;

use chassis::{
    Problem,
    following::{Fold, Following},
    log::{Log, Recorded},
};
use proto::{Day, Header, OdsCode, Position};
use rustc_hash::FxHashMap;

use super::{
    Filter,
    thing::{About, Thing, service_of},
};

/// The most different types of events, and requirements, that are told apart. The contract has some
/// hundred of each; a log that names more holds junk.
const NAMES_MAX: usize = 4096;

/// How long a history may wait for what was recorded just before it was asked for.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// The mark of no other mark.
const NONE: u32 = u32::MAX;

/// An event, as far as histories are chosen by it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    position: Position,
    /// The day on which it was recorded, in London.
    day: Day,
    /// The last one of the thing it is compared with.
    before: u32,
    actor: u32,
    kind: u16,
    requirement: u16,
}

/// The marks of one log, and who and what they are about.
#[derive(Debug, Default)]
struct Marks {
    all: Vec<Mark>,
    by_organisation: FxHashMap<OdsCode, Vec<u32>>,
    by_actor: FxHashMap<u32, Vec<u32>>,
    actors: FxHashMap<Box<str>, u32>,
    kinds: Names,
    requirements: Names,
    last_of: FxHashMap<Thing, u32>,
}

/// Texts that come again and again, each under a number.
#[derive(Debug, Default)]
struct Names {
    texts: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u16>,
}

impl Names {
    /// The number of a text. Past [`NAMES_MAX`] all share one, which has no text.
    fn number(&mut self, text: &str) -> u16 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let Some(number) = u16::try_from(self.texts.len()).ok().filter(|_| self.texts.len() < NAMES_MAX)
        else {
            return u16::MAX;
        };
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// For each number whether its text is wanted.
    fn wanted(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<bool> {
        self.texts.iter().map(|text| is_wanted(text)).collect()
    }
}

/// Whose history.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// What happened to an organisation.
    Organisation(OdsCode),
    /// What someone did.
    Actor(&'a str),
    /// All there is.
    Everyone,
}

/// Which part of a history, the newest being first.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Only what stands before this.
    pub before: Position,
    /// The most entries.
    pub limit: usize,
}

/// What is counted of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// All entries that fit.
    All,
    /// None beyond the part.
    Part,
}

/// Behind the last event there can be.
pub const NEWEST: Position = Position(u64::MAX);

/// Where an entry stands, and what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The event.
    pub position: Position,
    /// The last event of the same thing before it.
    pub before: Option<Position>,
}

/// A part of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// How many entries the history has, with its filter.
    pub total: usize,
    /// Those of the part, the newest first.
    pub places: Vec<Place>,
    /// Whether older ones follow.
    pub more: bool,
}

/// An index of a log.
#[derive(Debug, Clone)]
pub struct Index(Following<Marks>);

impl Index {
    /// An index of a log, and the work that keeps it.
    pub fn of(log: Log) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (following, work) = Following::new(log);
        (Self(following), work)
    }

    /// Whether the log has been read to its end once.
    pub fn ready(&self) -> Result<(), String> {
        self.0.ready()
    }

    /// Waits until it has what the log holds now: who did something finds it told at once.
    pub async fn caught_up(&self) -> Result<(), Problem> {
        self.0.must_catch_up(CATCH_UP_TIMEOUT).await
    }

    /// Up to where the log is read.
    pub fn position(&self) -> Position {
        self.0.position()
    }

    /// A part of a history.
    pub fn choose(&self, whose: Whose<'_>, filter: &Filter, part: Part) -> Chosen {
        let known = self.0.known();
        known.chosen(known.marks(whose, NEWEST), filter, part, Count::All)
    }

    /// The same for whoever goes on part by part to the end: nothing is counted, and only what stands
    /// before the part is looked at.
    pub fn go_on(&self, whose: Whose<'_>, filter: &Filter, part: Part) -> Chosen {
        let known = self.0.known();
        known.chosen(known.marks(whose, part.before), filter, part, Count::Part)
    }
}

impl Marks {
    #[cfg(test)]
    fn choose(&self, whose: Whose<'_>, filter: &Filter, part: Part) -> Chosen {
        self.chosen(self.marks(whose, NEWEST), filter, part, Count::All)
    }

    /// The marks of a history that stand before a position, the newest first. They stand in order, so where
    /// to begin is found by halves.
    fn marks<'a>(&'a self, whose: Whose<'_>, before: Position) -> Box<dyn Iterator<Item = &'a Mark> + 'a> {
        let list = match whose {
            Whose::Organisation(code) => self.by_organisation.get(&code),
            Whose::Actor(actor) => self.actors.get(actor).and_then(|number| self.by_actor.get(number)),
            Whose::Everyone => {
                let end = self.all.partition_point(|mark| mark.position < before);
                return Box::new(self.all.iter().take(end).rev());
            }
        };
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let mark = |at: &u32| self.all.get(*at as usize);
        let end = list.partition_point(|at| mark(at).is_some_and(|mark| mark.position < before));
        Box::new(list.iter().take(end).rev().filter_map(mark))
    }

    fn chosen<'a>(
        &self,
        newest_first: impl Iterator<Item = &'a Mark>,
        filter: &Filter,
        part: Part,
        count: Count,
    ) -> Chosen {
        let kinds = self.kinds.wanted(|kind| filter.fits_kind(kind));
        let requirements = filter.requirement.as_deref().map(|wanted| {
            let service = super::service_of_requirement(wanted);
            let of_kinds = self.kinds.wanted(|kind| service.is_some() && service_of(kind) == service);
            (self.requirements.wanted(|requirement| requirement == wanted), of_kinds)
        });
        let actor = filter.actor.as_deref().map(|actor| self.actors.get(actor).copied());
        let is = |wanted: &[bool], number: u16| wanted.get(usize::from(number)).copied().unwrap_or(false);
        let any_kind = filter.fits_kind("");
        let fits = |mark: &Mark| {
            (any_kind || is(&kinds, mark.kind))
                && requirements.as_ref().is_none_or(|(by_name, of_kinds)| {
                    is(by_name, mark.requirement) || is(of_kinds, mark.kind)
                })
                && actor.is_none_or(|wanted| wanted == Some(mark.actor))
                && filter.fits_day(mark.day)
        };
        let mut chosen = Chosen::default();
        for mark in newest_first.filter(|mark| fits(mark)) {
            chosen.total += 1;
            if mark.position >= part.before {
                continue;
            }
            if chosen.places.len() < part.limit {
                let before = self.all.get(mark.before as usize).map(|before| before.position);
                chosen.places.push(Place { position: mark.position, before });
            } else {
                chosen.more = true;
                if count == Count::Part {
                    break;
                }
            }
        }
        chosen
    }
}

impl Fold for Marks {
    const NAME: &'static str = "the history";

    fn note(&mut self, recorded: &Recorded) {
        let Ok(header) = Header::read(&recorded.body) else { return };
        let Ok(number) = u32::try_from(self.all.len()) else { return };
        let about = About::read(&header);
        let actor = match self.actors.get(&*header.actor) {
            Some(actor) => *actor,
            None => {
                let actor = u32::try_from(self.actors.len()).unwrap_or(NONE);
                self.actors.insert(header.actor.as_ref().into(), actor);
                actor
            }
        };
        self.all.push(Mark {
            position: recorded.position,
            day: Day::in_london(header.time),
            before: about.compared_with.and_then(|thing| self.last_of.get(&thing)).copied().unwrap_or(NONE),
            actor,
            kind: self.kinds.number(&header.kind),
            requirement: about.requirement.as_deref().map_or(u16::MAX, |name| self.requirements.number(name)),
        });
        if let Some(thing) = about.thing {
            self.last_of.insert(thing, number);
        }
        // The platform itself is no one whose actions are asked for.
        if !header.actor.starts_with("system:") {
            self.by_actor.entry(actor).or_default().push(number);
        }
        if let Some(organisation) = about.organisation {
            self.by_organisation.entry(organisation).or_default().push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event: who did what of a type to an organisation, when, with these data.
    fn event(position: u64, kind: &str, code: &str, actor: &str, time: &str, data: &str) -> Recorded {
        let service = kind.split('.').next().unwrap();
        let body = format!(
            r#"{{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/{service}","type":"oversight.{kind}.v1","subject":"oversight.{service}.{code}","time":"{time}","datacontenttype":"application/json","actor":"{actor}","data":{data}}}"#
        );
        Recorded { position: Position(position), body: body.into() }
    }

    fn marks(events: impl IntoIterator<Item = Recorded>) -> Marks {
        let mut marks = Marks::default();
        for event in events {
            marks.note(&event);
        }
        marks
    }

    const WHOLE: Part = Part { before: Position(u64::MAX), limit: usize::MAX };

    fn found(marks: &Marks, whose: Whose<'_>, filter: &Filter) -> Vec<u64> {
        let chosen = marks.choose(whose, filter, WHOLE);
        assert_eq!(chosen.total, chosen.places.len());
        chosen.places.iter().map(|place| place.position.0).collect()
    }

    #[test]
    fn ten_years_are_told_to_their_first_day_page_by_page() {
        let answered = r#"{"given":{"requirement":"1.1.1","comment":"x"}}"#;
        let year = |number: u64| 2012 + number / 2_000;
        let events = (1..=20_000_u64).map(|number| {
            let time = format!("{}-06-01T12:00:00Z", year(number));
            event(number, "assessments.requirement-answered", "A81001_dspt-2018-19", "key:7", &time, answered)
        });
        let marks = marks(events);
        let code = "A81001".parse().unwrap();
        let (mut before, mut seen) = (Position(u64::MAX), Vec::new());
        loop {
            let chosen =
                marks.choose(Whose::Organisation(code), &Filter::default(), Part { before, limit: 500 });
            assert_eq!(chosen.total, 20_000, "whatever the page");
            for place in &chosen.places {
                assert_eq!(place.before.map_or(0, |before| before.0), place.position.0 - 1);
                seen.push(place.position.0);
            }
            before = chosen.places.last().unwrap().position;
            if !chosen.more {
                break;
            }
        }
        assert_eq!(seen, (1..=20_000).rev().collect::<Vec<u64>>());
        for whose in [Whose::Organisation(code), Whose::Actor("key:7"), Whose::Everyone] {
            let part = Part { before: Position(701), limit: 500 };
            let on = marks.chosen(marks.marks(whose, part.before), &Filter::default(), part, Count::Part);
            let places: Vec<u64> = on.places.iter().map(|place| place.position.0).collect();
            assert_eq!((places, on.more), ((201..=700).rev().collect(), true), "{whose:?}");
        }
        let first_year = Filter { to: Some("2012-12-31".parse().unwrap()), ..Filter::default() };
        for whose in [Whose::Organisation(code), Whose::Actor("key:7"), Whose::Everyone] {
            assert_eq!(found(&marks, whose, &first_year).len(), 1_999, "{whose:?}");
        }
    }

    #[test]
    fn a_day_is_one_in_london_to_its_last_moment() {
        let at = |position, time| event(position, "continuity.plan-withdrawn", "A81001", "key:7", time, "{}");
        let marks = marks([
            at(1, "2019-03-30T23:59:59.999Z"),
            at(2, "2019-03-31T22:59:59.999999Z"),
            at(3, "2019-03-31T23:00:00Z"),
        ]);
        let last = Some("2019-03-31".parse().unwrap());
        let of_the_day = Filter { from: last, to: last, ..Filter::default() };
        assert_eq!(found(&marks, Whose::Everyone, &of_the_day), [2], "summer time had begun");
    }

    #[test]
    fn a_history_is_chosen_by_requirement_by_type_and_by_who_did_it() {
        let time = "2019-03-31T12:00:00Z";
        let marks = marks([
            event(
                1,
                "assessments.requirement-answered",
                "A81001_x",
                "key:7",
                time,
                r#"{"given":{"requirement":"1.1.1"}}"#,
            ),
            event(
                2,
                "assessments.requirement-answered",
                "A81001_x",
                "key:8",
                time,
                r#"{"given":{"requirement":"1.1.2"}}"#,
            ),
            event(3, "continuity.plan-withdrawn", "A81001", "key:8", time, "{}"),
            event(4, "onsite.assessment-closed", "A81002_1", "key:8", time, "{}"),
            event(5, "nonsense", "A81001", "system:x", time, "{}"),
        ]);
        let own = Whose::Organisation("A81001".parse().unwrap());
        let requirement = |name: &str| Filter { requirement: Some(name.to_owned()), ..Filter::default() };
        assert_eq!(found(&marks, own, &requirement("1.1.1")), [1]);
        assert_eq!(found(&marks, own, &requirement("toolkit")), [2, 1]);
        assert_eq!(found(&marks, own, &requirement("continuity")), [3]);
        assert_eq!(found(&marks, own, &requirement("onsite")), [0; 0], "of another practice");
        assert_eq!(found(&marks, own, &requirement("none")), [0; 0]);
        assert_eq!(found(&marks, Whose::Everyone, &requirement("1.1.1")), [1], "nor what is of no service");
        let by = Filter { actor: Some("key:8".to_owned()), ..Filter::default() };
        assert_eq!(found(&marks, own, &by), [3, 2]);
        assert_eq!(found(&marks, Whose::Actor("key:8"), &Filter::default()), [4, 3, 2]);
        assert_eq!(found(&marks, Whose::Actor("key:9"), &Filter::default()), [0; 0]);
        let what = Filter { what: Some("withdrawn".to_owned()), ..Filter::default() };
        assert_eq!(found(&marks, Whose::Everyone, &what), [3]);
        let types = Filter { types: &["oversight.onsite.assessment-closed.v1"], ..Filter::default() };
        assert_eq!(found(&marks, Whose::Everyone, &types), [4]);
    }

    #[test]
    fn junk_names_are_not_kept_without_end() {
        let marks = marks((1..=NAMES_MAX as u64 + 10).map(|number| {
            event(number, &format!("junk.type-{number}"), "x", "key:7", "2019-03-31T12:00:00Z", "{}")
        }));
        assert_eq!(marks.kinds.texts.len(), NAMES_MAX);
        assert_eq!(found(&marks, Whose::Everyone, &Filter::default()).len(), NAMES_MAX + 10);
    }
}
