//! Reading the status texts of the national register.
//!
//! The register writes a level with a year before it (`21/22 Standards Met`) or, for a while, the
//! coming year behind it (`Standards Met (19-20)`). Until the summer of 2019 the first year of the
//! DSP Toolkit was written with no year at all.

use super::Catalogue;
use crate::{
    assessments::{PublishedResult, ResultLevel},
    codes::EditionId,
    day::{Day, FinancialYear},
};

/// Up to the day before this one a status without a year is of the register's first edition,
/// 2018/19: `Day::from_ymd(2019, 7, 1)`.
const FIRST_YEAR_ENDS: (i16, i8, i8) = (2019, 7, 1);

/// A status text as texts are compared: without case and blanks.
pub(super) fn text_key(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

impl Catalogue {
    /// What a status text of the register says by itself, without the explanations given here.
    ///
    /// `published` is the day that stands beside it and `as_of` the day of the file. They only
    /// matter where the text names no year: before 1 July 2019 that is the edition 2018/19, later
    /// the edition that was open on the day of publication. Case, blanks and the way the year is
    /// written do not matter. A text, or a year, that this catalogue does not know gives
    /// [`PublishedResult::Unrecognised`]; `Baseline` too, since an interim snapshot meets no standard.
    pub fn read_status_alone(&self, text: &str, published: Option<Day>, as_of: Day) -> PublishedResult {
        let key = text_key(text);
        let (year, words) = split_year(&key);
        if words.is_empty() || is_level(ResultLevel::NotPublished, words) {
            return PublishedResult::NotPublished;
        }
        let Some(edition) = self.edition_meant(year, published, as_of) else {
            return PublishedResult::Unrecognised;
        };
        let own = self.edition(edition).and_then(|edition| {
            let of_it = |of: &&super::StatusWords| {
                let known = text_key(&of.text);
                known == key || known == words
            };
            edition.status_words().iter().find(of_it).map(|of| of.level)
        });
        let known = ResultLevel::ALL.into_iter().find(|(level, ..)| is_level(*level, words));
        own.or(known.map(|(level, ..)| level))
            .map_or(PublishedResult::Unrecognised, |level| level.of(edition))
    }

    /// The edition that a status text is of, by its year or its day, whether or not its words are known.
    pub fn edition_of_status(&self, text: &str, published: Option<Day>, as_of: Day) -> Option<EditionId> {
        self.edition_meant(split_year(&text_key(text)).0, published, as_of)
    }

    fn edition_meant(
        &self,
        year: Option<FinancialYear>,
        published: Option<Day>,
        as_of: Day,
    ) -> Option<EditionId> {
        match year {
            Some(year) => self.dsp_toolkit(year).map(|edition| edition.id),
            None => self.edition_without_a_year(published, as_of),
        }
    }

    fn edition_without_a_year(&self, published: Option<Day>, as_of: Day) -> Option<EditionId> {
        let (year, month, day) = FIRST_YEAR_ENDS;
        let first_year_ends = Day::from_ymd(year, month, day)?;
        let of = published.unwrap_or(as_of);
        if as_of < first_year_ends || of < first_year_ends {
            return self.dsp_toolkit(FinancialYear::starting(2018)).map(|edition| edition.id);
        }
        self.open_on(of).map(|edition| edition.id)
    }
}

/// Whether these are the words by which the register writes a level.
fn is_level(level: ResultLevel, words: &str) -> bool {
    ResultLevel::ALL.into_iter().any(|(of, _, written)| of == level && text_key(written) == words)
}

/// The year before or behind a level, and the level, of a text without case and blanks.
pub(super) fn split_year(key: &str) -> (Option<FinancialYear>, &str) {
    let in_year = |c: char| c.is_ascii_digit() || matches!(c, '/' | '-');
    let words = key.trim_start_matches(in_year);
    if let Some(year) = key.strip_suffix(words).and_then(FinancialYear::parse) {
        return (Some(year), words);
    }
    if let Some((words, last)) = key.rsplit_once('(')
        && let Some(year) = last.strip_suffix(')').and_then(FinancialYear::parse)
    {
        return (Some(year), words);
    }
    (None, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn edition(id: &str) -> EditionId {
        id.parse().unwrap()
    }

    #[test]
    fn what_the_register_writes_and_what_it_means() {
        use PublishedResult::*;
        let first = edition("dspt-2018-19");
        let second = edition("dspt-2019-20");
        let later = edition("dspt-2021-22");
        for (text, expected) in [
            ("Standards Met", StandardsMet { edition: first }),
            ("Standards Exceeded", StandardsExceeded { edition: first }),
            ("Standards not fully met (plan agreed)", PlanAgreed { edition: first }),
            ("Standards Not Met", StandardsNotMet { edition: first }),
            ("Entry Level", EntryLevel { edition: first }),
            ("", NotPublished),
            ("  ", NotPublished),
            ("Not Published", NotPublished),
            ("Standards Met (19-20)", StandardsMet { edition: second }),
            ("Entry Level (19-20)", EntryLevel { edition: second }),
            ("Standards Met (19/20)", StandardsMet { edition: second }),
            ("21/22 Standards Met", StandardsMet { edition: later }),
            ("21/22StandardsMet", StandardsMet { edition: later }),
            ("21/22 Standards Exceeded", StandardsExceeded { edition: later }),
            ("21/22 Approaching Standards", ApproachingStandards { edition: later }),
            ("2021-22 Standards Met", StandardsMet { edition: later }),
            ("21/22  standards   MET ", StandardsMet { edition: later }),
            ("19/20 Entry Level", EntryLevel { edition: second }),
            ("20/21 Standards not fully met (Plan Agreed)", PlanAgreed { edition: edition("dspt-2020-21") }),
            ("21/22 Not Published", NotPublished),
            ("Baseline", Unrecognised),
            ("21/22 Baseline", Unrecognised),
            ("21/23 Standards Met", Unrecognised),
            ("17/18 Standards Met", Unrecognised),
            ("Standards Surpassed", Unrecognised),
        ] {
            assert_eq!(
                crate::standards::shipped().read_status(text, None, day("2019-06-17")),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_status_without_a_year_belongs_to_the_edition_whose_register_it_was() {
        let read = |published: &str, as_of: &str| {
            crate::standards::shipped()
                .read_status("Standards Met", Some(day(published)), day(as_of))
                .edition()
                .unwrap()
                .to_string()
        };
        assert_eq!(read("2019-05-02", "2019-06-17"), "dspt-2018-19");
        assert_eq!(read("2019-03-29", "2020-10-01"), "dspt-2018-19");
        assert_eq!(read("2020-03-29", "2020-10-01"), "dspt-2019-20");
        assert_eq!(read("2020-11-02", "2021-01-01"), "dspt-2020-21");
    }

    #[test]
    fn words_that_are_not_known_still_name_their_edition() {
        let of = |text: &str| {
            let found = crate::standards::shipped().edition_of_status(
                text,
                Some(day("2026-10-01")),
                day("2026-10-15"),
            );
            found.map(|edition| edition.to_string())
        };
        assert_eq!(of("25/26 Standards Surpassed").as_deref(), Some("dspt-2025-26"));
        assert_eq!(of("Assured").as_deref(), Some("dspt-2026-27"));
        assert_eq!(of("31/32 Assured"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_something(text in ".{0,60}") {
            let _ = crate::standards::shipped().read_status(&text, None, day("2019-06-17"));
        }
    }
}
