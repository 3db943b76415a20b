//! Reading the status texts of the national register.
//!
//! The register writes a level with a year before it (`21/22 Standards Met`) or, for a while, the
//! coming year behind it (`Standards Met (19-20)`). Until the summer of 2019 the first year of the
//! DSP Toolkit was written with no year at all.

use super::catalogue;
use crate::{
    assessments::PublishedResult,
    codes::EditionId,
    day::{Day, FinancialYear},
};

/// Up to the day before this one a status without a year is of the register's first edition,
/// 2018/19: `Day::from_ymd(2019, 7, 1)`.
const FIRST_YEAR_ENDS: (i16, i8, i8) = (2019, 7, 1);

impl PublishedResult {
    /// Reads a status text of the register.
    ///
    /// `published` is the day that stands beside it and `as_of` the day of the file. They only
    /// matter where the text names no year: before 1 July 2019 that is the edition 2018/19, later
    /// the edition that was open on the day of publication. Case, blanks and the way the year is
    /// written do not matter. A text, or a year, that this build does not know gives
    /// [`PublishedResult::Unrecognised`]; `Baseline` too, since an interim snapshot meets no standard.
    pub fn parse(status_text: &str, published: Option<Day>, as_of: Day) -> Self {
        let text = status_text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let (year, level) = split_year(&text);
        if matches!(level, "" | "not published") {
            return PublishedResult::NotPublished;
        }
        let edition = match year {
            Some(year) => catalogue().dsp_toolkit(year).map(|edition| edition.id),
            None => edition_without_a_year(published, as_of),
        };
        let Some(edition) = edition else { return PublishedResult::Unrecognised };
        match level {
            "standards met" => PublishedResult::StandardsMet { edition },
            "standards exceeded" => PublishedResult::StandardsExceeded { edition },
            "standards not fully met (plan agreed)" => PublishedResult::PlanAgreed { edition },
            "approaching standards" => PublishedResult::ApproachingStandards { edition },
            "standards not met" => PublishedResult::StandardsNotMet { edition },
            "entry level" => PublishedResult::EntryLevel { edition },
            _ => PublishedResult::Unrecognised,
        }
    }
}

/// The year before or behind a level, and the level.
fn split_year(text: &str) -> (Option<FinancialYear>, &str) {
    if let Some((first, rest)) = text.split_once(' ')
        && let Some(year) = FinancialYear::parse(first)
    {
        return (Some(year), rest);
    }
    if let Some((rest, last)) = text.rsplit_once('(')
        && let Some(year) = last.strip_suffix(')').and_then(FinancialYear::parse)
    {
        return (Some(year), rest.trim_end());
    }
    (None, text)
}

fn edition_without_a_year(published: Option<Day>, as_of: Day) -> Option<EditionId> {
    let (year, month, day) = FIRST_YEAR_ENDS;
    let first_year_ends = Day::from_ymd(year, month, day)?;
    let of = published.unwrap_or(as_of);
    if as_of < first_year_ends || of < first_year_ends {
        return catalogue().dsp_toolkit(FinancialYear::starting(2018)).map(|edition| edition.id);
    }
    catalogue().open_on(of).map(|edition| edition.id)
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
            assert_eq!(PublishedResult::parse(text, None, day("2019-06-17")), expected, "{text}");
        }
    }

    #[test]
    fn a_status_without_a_year_belongs_to_the_edition_whose_register_it_was() {
        let read = |published: &str, as_of: &str| {
            PublishedResult::parse("Standards Met", Some(day(published)), day(as_of))
                .edition()
                .unwrap()
                .to_string()
        };
        assert_eq!(read("2019-05-02", "2019-06-17"), "dspt-2018-19");
        assert_eq!(read("2019-03-29", "2020-10-01"), "dspt-2018-19");
        assert_eq!(read("2020-03-29", "2020-10-01"), "dspt-2019-20");
        assert_eq!(read("2020-11-02", "2021-01-01"), "dspt-2020-21");
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_something(text in ".{0,60}") {
            let _ = PublishedResult::parse(&text, None, day("2019-06-17"));
        }
    }
}
