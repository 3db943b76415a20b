//! Which body took another's place, and from when: shipped as data, and added to by events.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Day, OdsCode, codes::OnsCode};

/// The most successions that follow one another for one body.
const CHAIN_MAX: usize = 16;

/// A body took the place of another, or of a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Succession {
    /// The first day of the successor in that place.
    pub on: Day,
    /// The body before.
    pub from: OdsCode,
    /// The body since.
    pub to: OdsCode,
    /// The commissioner whose practices went there, where a body was divided.
    pub place: Option<OdsCode>,
}

/// A body that began with a succession.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Begun {
    /// Its code.
    pub code: OdsCode,
    /// Its first day.
    pub on: Day,
    /// Its name.
    pub name: String,
    /// Its code of the Office for National Statistics.
    pub ons_code: OnsCode,
}

/// All successions known, in order of day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Successions {
    pairs: Vec<Succession>,
    begun: Vec<Begun>,
    days: Vec<Day>,
}

/// Why the shipped successions cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the successions that are shipped: {0}")]
pub struct SuccessionsError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    begun: Vec<Begun>,
    succession: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    on: Day,
    from: OdsCode,
    to: OdsCode,
    #[serde(default)]
    places: Vec<OdsCode>,
}

impl Successions {
    /// Those that this build knows. A test holds that they read without fault.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Successions> = LazyLock::new(|| Successions::built_in().unwrap_or_default());
        &SHIPPED
    }

    fn built_in() -> Result<Self, SuccessionsError> {
        let file: File = toml::from_str(include_str!("../../areas/successions.toml"))
            .map_err(|error| SuccessionsError(error.to_string()))?;
        let mut pairs = Vec::new();
        for Entry { on, from, to, places } in file.succession {
            if places.is_empty() {
                pairs.push(Succession { on, from, to, place: None });
            }
            pairs.extend(places.into_iter().map(|place| Succession { on, from, to, place: Some(place) }));
        }
        Ok(Self { begun: file.begun, ..Self::default() }.with(pairs))
    }

    /// These and others.
    #[must_use]
    pub fn with(mut self, others: impl IntoIterator<Item = Succession>) -> Self {
        // What makes a body its own successor would go round in circles.
        self.pairs.extend(others.into_iter().filter(|pair| pair.from != pair.to));
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.days = self.pairs.iter().map(|pair| pair.on).collect();
        self.days.dedup();
        self
    }

    /// The days on which anything changes.
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The bodies that began with a succession.
    pub fn begun(&self) -> &[Begun] {
        &self.begun
    }

    /// The name of a body that began with a succession.
    pub fn name_of_begun(&self, code: OdsCode) -> Option<&str> {
        self.begun.iter().find(|begun| begun.code == code).map(|begun| begun.name.as_str())
    }

    /// Those that a body takes part in: it ended or was divided, or it took another's place.
    pub fn of(&self, code: OdsCode) -> impl Iterator<Item = &Succession> {
        self.pairs.iter().filter(move |pair| pair.from == code || pair.to == code)
    }

    /// The last day of a body that another took the place of.
    pub fn last_day(&self, code: OdsCode) -> Option<Day> {
        self.pairs.iter().find(|pair| pair.from == code).map(|pair| pair.on.plus_days(-1))
    }

    /// The body that stood on a day in the place of one that a file names, for the practices of a commissioner.
    /// None where a body was divided and it is not known which part they went to, or where the body had not begun
    /// and it is not known which of several stood there before.
    pub fn on(&self, body: OdsCode, commissioner: Option<OdsCode>, day: Day) -> Option<OdsCode> {
        if self.pairs.is_empty() {
            return Some(body);
        }
        let mut standing = body;
        for _ in 0..CHAIN_MAX {
            let next =
                self.after(standing, commissioner, day).or_else(|| self.before(standing, commissioner, day));
            match next {
                None => return Some(standing),
                Some(next) => standing = next?,
            }
        }
        None
    }

    /// What took its place by a day; none where nothing did.
    fn after(&self, body: OdsCode, commissioner: Option<OdsCode>, day: Day) -> Option<Option<OdsCode>> {
        let pairs = || self.pairs.iter().filter(move |pair| pair.from == body && pair.on <= day);
        only_one(pairs, commissioner, |pair| pair.to)
    }

    /// What stood in its place on a day before it began; none where it had begun.
    fn before(&self, body: OdsCode, commissioner: Option<OdsCode>, day: Day) -> Option<Option<OdsCode>> {
        let begun = self.begun.iter().find(|begun| begun.code == body)?.on;
        let pairs =
            || self.pairs.iter().filter(move |pair| pair.to == body && pair.on == begun && pair.on > day);
        only_one(pairs, commissioner, |pair| pair.from)
    }
}

/// The one body that several pairs lead to, by the commissioner where that tells. None where there are no
/// pairs; nothing in it where they do not agree.
fn only_one<'a, P: Iterator<Item = &'a Succession>>(
    pairs: impl Fn() -> P,
    commissioner: Option<OdsCode>,
    other: impl Fn(&Succession) -> OdsCode,
) -> Option<Option<OdsCode>> {
    let first = other(pairs().next()?);
    if let Some(pair) = pairs().find(|pair| pair.place.is_some() && pair.place == commissioner) {
        return Some(Some(other(pair)));
    }
    Some(pairs().all(|pair| other(pair) == first).then_some(first))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn code(text: &str) -> OdsCode {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(office: &str, commissioner: &str, day: &str, expected: Option<&str>) {
        let found = Successions::shipped().on(code(office), Some(code(commissioner)), day.parse().unwrap());
        assert_eq!(
            found.map(|code| code.to_string()).as_deref(),
            expected,
            "{office}, {commissioner}, {day}"
        );
    }

    #[test]
    fn the_shipped_successions_read_without_fault() {
        let shipped = Successions::built_in().unwrap();
        let ended: BTreeSet<OdsCode> = shipped.pairs.iter().map(|pair| pair.from).collect();
        assert_eq!((ended.len(), shipped.begun.len(), shipped.days.len()), (12, 6, 1));
        let whole_bodies: BTreeSet<_> = shipped.pairs.iter().map(|pair| (pair.from, pair.to)).collect();
        assert_eq!(whole_bodies.len(), 16);
    }

    #[test]
    fn a_board_that_went_whole_is_its_successor_from_the_day_on() {
        check("QMJ", "93C", "2026-03-31", Some("QMJ"));
        check("QMJ", "93C", "2026-04-01", Some("Z9B2Z"));
        check("QOP", "01D", "2026-04-01", Some("QOP"));
        check("QRL", "D9Y0V", "2026-04-01", Some("QRL"));
    }

    #[test]
    fn of_a_divided_board_the_location_tells_where_practices_went() {
        check("QM7", "06K", "2026-04-01", Some("S1Y5D"));
        check("QM7", "07H", "2026-04-01", Some("D7T5G"));
        check("QJG", "06L", "2026-04-01", Some("T6Y0W"));
        check("QJG", "06T", "2026-04-01", Some("D7T5G"));
        check("QNQ", "D4U1Y", "2026-03-31", Some("QNQ"));
        check("QNQ", "D4U1Y", "2026-04-01", None);
    }

    #[test]
    fn before_it_began_a_board_is_not_shown_where_others_stood() {
        check("D7T5G", "07H", "2026-03-31", Some("QM7"));
        check("Z9B2Z", "93C", "2026-03-31", None);
        check("QRL", "D9Y0V", "2026-03-31", Some("QRL"));
    }

    #[test]
    fn what_is_added_follows_on_what_is_shipped_and_circles_end() {
        let pair = |on: &str, from: &str, to: &str| Succession {
            on: on.parse().unwrap(),
            from: code(from),
            to: code(to),
            place: None,
        };
        let more = Successions::shipped().clone().with([pair("2027-04-01", "Z9B2Z", "A1A1A")]);
        let on = |day: &str| more.on(code("QMJ"), None, day.parse().unwrap());
        assert_eq!(on("2027-03-31"), Some(code("Z9B2Z")));
        assert_eq!(on("2027-04-01"), Some(code("A1A1A")));
        let round = more.with([pair("2027-04-01", "A1A1A", "Z9B2Z")]);
        assert_eq!(round.on(code("QMJ"), None, "2027-04-01".parse().unwrap()), None);
    }
}
