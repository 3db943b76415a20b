//! By which name a body went, day by day.

use std::sync::Arc;

use super::AreaKind;
use crate::{Day, OdsCode};

/// A name as a file shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameShown<'a> {
    /// The date of the file.
    pub as_of: Day,
    /// The first day of the body, where the file says so.
    pub opened: Option<Day>,
    /// The last day of the body, where the file says so.
    pub closed: Option<Day>,
    /// The name.
    pub name: &'a str,
}

impl NameShown<'_> {
    /// The day of which it tells: that of the file, but of a body that had ended its last, and of one that was
    /// to come its first.
    fn tells_of(&self) -> Day {
        let by_the_end = self.closed.map_or(self.as_of, |closed| self.as_of.min(closed));
        self.opened.map_or(by_the_end, |opened| by_the_end.max(opened))
    }
}

/// The names of a body: from which day on it went by which. None where no file tells of those days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(Vec<(Day, Option<Arc<str>>)>);

impl Names {
    /// The names of an area by what files show, in order of file date and then of the log.
    ///
    /// A name holds from the date of its file until a later file shows another; the first reaches back. But a
    /// name never outlives what the body was: what a file of the time of integrated care boards calls a body says
    /// nothing of the time when it was a CCG, and the other way round. Only a name without a word such as CCG or
    /// ICB in it holds beyond.
    pub fn of_area(kind: AreaKind, code: OdsCode, shown: &[NameShown<'_>]) -> Self {
        let beginnings = kind.beginnings(code);
        let mut told: Vec<(Day, &str)> = shown.iter().map(|shown| (shown.tells_of(), shown.name)).collect();
        // Sorts stably: of one day the later file stays last.
        told.sort_by_key(|(day, _)| *day);
        let mut names = Self::default();
        for (index, begins) in beginnings.iter().enumerate() {
            let ends = beginnings.get(index + 1).copied();
            let within = |day: Day| day >= *begins && ends.is_none_or(|ends| day < ends);
            let mut own = told.iter().filter(|(day, _)| within(*day));
            match own.next() {
                Some((_, first)) => {
                    names.push(*begins, Some(first));
                    own.for_each(|(day, name)| names.push(*day, Some(name)));
                }
                None => {
                    let before = told.iter().rev().find(|(day, _)| day < begins);
                    let after = told.iter().find(|(day, _)| ends.is_some_and(|ends| *day >= ends));
                    let lasting =
                        before.or(after).map(|(_, name)| *name).filter(|name| !is_of_its_time(name));
                    names.push(*begins, lasting);
                }
            }
        }
        names
    }

    /// The names of a practice: from the date of a file on, the first reaching back.
    pub fn of_practice<'a>(shown: impl IntoIterator<Item = (Day, &'a str)>) -> Self {
        let mut names = Self::default();
        for (as_of, name) in shown {
            let from = if names.0.is_empty() { Day::FIRST } else { as_of };
            names.push(from, Some(name));
        }
        names
    }

    fn push(&mut self, from: Day, name: Option<&str>) {
        match self.0.last_mut() {
            Some((_, last)) if last.as_deref() == name => {}
            Some((day, last)) if *day == from => *last = name.map(Into::into),
            _ => self.0.push((from, name.map(Into::into))),
        }
    }

    /// The name on a day.
    pub fn on(&self, day: Day) -> Option<&Arc<str>> {
        let after = self.0.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).and_then(|last| self.0.get(last)).and_then(|(_, name)| name.as_ref())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().filter_map(|(_, name)| name.as_ref())
    }
}

/// Whether a name says what the body was at the time.
fn is_of_its_time(name: &str) -> bool {
    const WORDS: [&str; 5] = ["CCG", "ICB", "STP", "ICS", "PCT"];
    const PHRASES: [&str; 5] = [
        "CLINICAL COMMISSIONING",
        "INTEGRATED CARE",
        "SUSTAINABILITY AND TRANSFORMATION",
        "LOCAL OFFICE",
        "PRIMARY CARE TRUST",
    ];
    let name = name.to_uppercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
        || PHRASES.iter().any(|phrase| name.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn shown(as_of: &str, name: &'static str) -> NameShown<'static> {
        NameShown { as_of: day(as_of), opened: None, closed: None, name }
    }

    #[track_caller]
    fn check(kind: AreaKind, shown: &[NameShown<'_>], expected: &[(&str, Option<&str>)]) {
        let names = Names::of_area(kind, "16X".parse().unwrap(), shown);
        for (on, name) in expected {
            assert_eq!(names.on(day(on)).map(AsRef::as_ref), *name, "{on}");
        }
    }

    #[test]
    fn a_name_holds_in_its_own_time() {
        let files =
            [shown("2018-11-30", "NHS HEREABOUTS CCG"), shown("2025-12-29", "NHS HEREABOUTS ICB - 16X")];
        check(
            AreaKind::Ccg,
            &files,
            &[
                ("2013-04-01", Some("NHS HEREABOUTS CCG")),
                ("2022-06-30", Some("NHS HEREABOUTS CCG")),
                ("2022-07-01", Some("NHS HEREABOUTS ICB - 16X")),
                ("2030-01-01", Some("NHS HEREABOUTS ICB - 16X")),
            ],
        );
        check(
            AreaKind::Ccg,
            &files[1..],
            &[("2022-06-30", None), ("2022-07-01", Some("NHS HEREABOUTS ICB - 16X"))],
        );
        check(
            AreaKind::Ccg,
            &files[..1],
            &[("2022-06-30", Some("NHS HEREABOUTS CCG")), ("2022-07-01", None)],
        );
    }

    #[test]
    fn within_its_time_a_name_holds_until_a_later_file_shows_another() {
        let files = [shown("2023-01-31", "NHS HERE ICB"), shown("2024-04-30", "NHS HERE AND THERE ICB")];
        check(
            AreaKind::LocalOffice,
            &files,
            &[
                ("2020-04-01", None),
                ("2022-07-01", Some("NHS HERE ICB")),
                ("2024-04-29", Some("NHS HERE ICB")),
                ("2024-04-30", Some("NHS HERE AND THERE ICB")),
            ],
        );
    }

    #[test]
    fn a_name_without_such_a_word_holds_on_all_days() {
        check(
            AreaKind::LocalOffice,
            &[shown("2021-06-30", "HEREABOUTS")],
            &[("2018-01-01", Some("HEREABOUTS")), ("2026-01-01", Some("HEREABOUTS"))],
        );
    }

    #[test]
    fn what_a_later_file_calls_a_body_that_had_ended_is_what_it_was_called_then() {
        let closed = NameShown { closed: Some(day("2020-03-31")), ..shown("2025-12-29", "NHS HERE CCG") };
        check(AreaKind::Ccg, &[closed], &[("2015-01-01", Some("NHS HERE CCG")), ("2023-01-01", None)]);
    }

    #[test]
    fn a_practice_bears_the_name_of_the_file_of_its_day() {
        let names = Names::of_practice([(day("2018-05-31"), "OLD"), (day("2019-11-30"), "NEW")]);
        let on = |text: &str| names.on(day(text)).map(AsRef::as_ref);
        assert_eq!(on("2010-01-01"), Some("OLD"));
        assert_eq!(on("2019-11-29"), Some("OLD"));
        assert_eq!(on("2019-11-30"), Some("NEW"));
    }
}
