//! The requirement sets: which editions there are, what each asks of whom, and by when.
//!
//! Editions are data (`proto/standards/*.toml`), embedded and read once. Every row says where it
//! comes from and how sure it is. Deadlines belong to an edition and a type of organisation and keep
//! their history; moves decided on this platform come on top of them as events.
//!
//! This module states rules of the field and never decides what somebody may do.

mod edition;
mod register;
mod types;

use std::sync::LazyLock;

pub use edition::{
    AnswerScale, Deadline, Edition, GapRule, Group, NotRelevantRule, Opening, Requirement, Scheme,
};
pub use types::{Certainty, OrganisationType};

use crate::{
    codes::EditionId,
    day::{Day, FinancialYear},
};
use edition::EditionFile;

/// Requirement sets that several editions share, by name.
const SHARED_SETS: &[(&str, &str)] =
    &[("national-data-guardian", include_str!("../standards/national-data-guardian.toml"))];

/// The editions, in order of their year.
const EDITIONS: &[(&str, &str)] = &[
    ("igt-14.1", include_str!("../standards/igt-14.1.toml")),
    ("dspt-2018-19", include_str!("../standards/dspt-2018-19.toml")),
    ("dspt-2019-20", include_str!("../standards/dspt-2019-20.toml")),
    ("dspt-2020-21", include_str!("../standards/dspt-2020-21.toml")),
    ("dspt-2021-22", include_str!("../standards/dspt-2021-22.toml")),
    ("dspt-2022-23", include_str!("../standards/dspt-2022-23.toml")),
    ("dspt-2023-24", include_str!("../standards/dspt-2023-24.toml")),
    ("dspt-2024-25", include_str!("../standards/dspt-2024-25.toml")),
    ("dspt-2025-26", include_str!("../standards/dspt-2025-26.toml")),
];

/// Why requirement sets cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the requirement set {file}: {reason}")]
pub struct StandardsError {
    /// Which file.
    pub file: String,
    /// What is wrong, and where.
    pub reason: String,
}

/// All editions.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    editions: Vec<Edition>,
}

/// The editions this build knows. A test holds that they read without fault.
pub fn catalogue() -> &'static Catalogue {
    static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::built_in().unwrap_or_default());
    &BUILT_IN
}

impl Catalogue {
    /// Reads the embedded files and checks them against each other.
    pub fn built_in() -> Result<Self, StandardsError> {
        Self::read(SHARED_SETS, EDITIONS)
    }

    fn read(shared: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Self, StandardsError> {
        let mut editions: Vec<Edition> = Vec::with_capacity(files.len());
        for (order, (name, text)) in files.iter().enumerate() {
            let fail = |reason: String| StandardsError { file: (*name).to_owned(), reason };
            let file: EditionFile = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
            let edition = file.resolve(order, shared).map_err(fail)?;
            if edition.id.as_str() != *name {
                return Err(fail(format!("holds the edition {}", edition.id)));
            }
            let expected = editions.last().map(|earlier| earlier.id);
            if edition.predecessor != expected {
                return Err(fail(format!("its predecessor is {expected:?} by the order of the files")));
            }
            if editions.last().is_some_and(|earlier| earlier.financial_year >= edition.financial_year) {
                return Err(fail("is not later than the edition before it".to_owned()));
            }
            editions.push(edition);
        }
        Ok(Self { editions })
    }

    /// The editions in order of their year.
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// The edition of an id.
    pub fn edition(&self, id: EditionId) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The DSP Toolkit's edition for a financial year.
    pub fn dsp_toolkit(&self, year: FinancialYear) -> Option<&Edition> {
        self.editions
            .iter()
            .find(|edition| edition.scheme == Scheme::DspToolkit && edition.financial_year == year)
    }

    /// The edition one works on on a day: the latest that was open by then.
    pub fn open_on(&self, day: Day) -> Option<&Edition> {
        self.editions.iter().rev().find(|edition| edition.opens.day <= day)
    }

    /// The edition before.
    pub fn predecessor(&self, edition: &Edition) -> Option<&Edition> {
        edition.order.checked_sub(1).and_then(|order| self.editions.get(order))
    }

    /// The edition after.
    pub fn successor(&self, edition: &Edition) -> Option<&Edition> {
        self.editions.get(edition.order + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn edition(id: &str) -> &'static Edition {
        catalogue().edition(id.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_built_in_editions_read_without_fault() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.editions().len(), EDITIONS.len());
        for edition in catalogue.editions() {
            assert!(edition.deadline(OrganisationType::GeneralPractice, None).is_some(), "{}", edition.id);
            assert!(edition.requirements_of(OrganisationType::GeneralPractice).count() > 0);
        }
    }

    #[test]
    fn each_edition_opens_the_day_after_the_deadline_of_the_one_before() {
        for pair in catalogue().editions().windows(2) {
            let deadline = pair[0].deadline(OrganisationType::GeneralPractice, None).unwrap();
            assert_eq!(pair[1].opens.day, deadline.plus_days(1), "{}", pair[1].id);
        }
    }

    #[test]
    fn a_general_practice_answers_thirteen_requirements_of_the_ig_toolkit() {
        let igt = edition("igt-14.1");
        let numbers: Vec<&str> =
            igt.requirements_of(OrganisationType::GeneralPractice).map(|r| r.id.as_str()).collect();
        assert_eq!(
            numbers,
            [
                "14-114", "14-115", "14-116", "14-117", "14-211", "14-212", "14-213", "14-304", "14-316",
                "14-317", "14-318", "14-319", "14-320"
            ]
        );
        assert_eq!(igt.group(OrganisationType::GeneralPractice).unwrap().requirement_count, Some(13));
        assert_eq!(igt.requirements_of(OrganisationType::Ccg).count(), 0, "their list is not known");
    }

    #[test]
    fn unsure_rows_are_marked_as_such() {
        let igt = edition("igt-14.1");
        let certainty = |id: &str| igt.requirement(id.parse().unwrap()).unwrap().certainty;
        assert_eq!(certainty("14-117"), Certainty::Found);
        assert_eq!(certainty("14-211"), Certainty::MemoryMedium);
        assert!(!certainty("14-211").is_sure());
        assert!(edition("dspt-2018-19").requirements().iter().any(|r| !r.certainty.is_sure()));
    }

    #[test]
    fn deadlines_of_general_practice() {
        for (id, expected) in [
            ("igt-14.1", "2018-03-31"),
            ("dspt-2018-19", "2019-03-31"),
            ("dspt-2019-20", "2020-09-30"),
            ("dspt-2020-21", "2021-06-30"),
            ("dspt-2021-22", "2022-06-30"),
            ("dspt-2025-26", "2026-06-30"),
        ] {
            assert_eq!(
                edition(id).deadline(OrganisationType::GeneralPractice, None),
                Some(day(expected)),
                "{id}"
            );
        }
    }

    #[test]
    fn before_march_2020_nobody_knew_that_the_deadline_would_move() {
        let edition = edition("dspt-2019-20");
        let known = |on: &str| edition.deadline(OrganisationType::GeneralPractice, Some(day(on)));
        assert_eq!(known("2020-02-29"), Some(day("2020-03-31")));
        assert_eq!(known("2020-03-31"), Some(day("2020-09-30")));
    }

    #[test]
    fn requirements_of_different_versions_meet_by_their_last_three_digits() {
        let igt = edition("igt-14.1");
        assert_eq!(igt.counterpart("13-117".parse().unwrap()).unwrap().id.as_str(), "14-117");
        assert!(igt.counterpart("13-209".parse().unwrap()).is_none());
        assert_eq!(edition("dspt-2019-20").counterpart("3".parse().unwrap()).unwrap().id.as_str(), "3");
    }

    #[test]
    fn editions_follow_one_another() {
        let (igt, first, second) = (edition("igt-14.1"), edition("dspt-2018-19"), edition("dspt-2019-20"));
        assert_eq!(catalogue().successor(igt).map(|e| e.id), Some(first.id));
        assert_eq!(catalogue().predecessor(second).map(|e| e.id), Some(first.id));
        assert!(catalogue().predecessor(igt).is_none());
        assert!(second.is_same_or_later_than(first) && first.is_same_or_later_than(first));
        assert!(!igt.is_same_or_later_than(first));
        let year = FinancialYear::starting(2019);
        assert_eq!(catalogue().dsp_toolkit(year).map(|e| e.id), Some(second.id));
        assert_eq!(catalogue().dsp_toolkit(FinancialYear::starting(2017)).map(|e| e.id), None);
    }

    #[test]
    fn on_each_day_one_edition_is_being_worked_on() {
        let open = |on: &str| catalogue().open_on(day(on)).map(|e| e.id.to_string()).unwrap_or_default();
        assert_eq!(open("2017-03-31"), "");
        assert_eq!(open("2018-03-31"), "igt-14.1");
        assert_eq!(open("2018-04-01"), "dspt-2018-19");
        assert_eq!(open("2020-06-30"), "dspt-2019-20");
        assert_eq!(open("2030-01-01"), "dspt-2025-26");
    }

    #[test]
    fn a_faulty_set_says_what_is_wrong() {
        let check = |text: &str, expected: &str| {
            let error = Catalogue::read(&[], &[("x-1", text)]).unwrap_err().to_string();
            assert!(error.contains("x-1") && error.contains(expected), "{error}");
        };
        let head = "id = \"x-1\"\nscheme = \"dsp-toolkit\"\ntitle = \"X\"\nfinancial_year = \"2018/19\"\nscale = \"met-or-not-met\"\n";
        check("id = 1", "invalid type");
        check(
            &format!(
                "{head}requirements_of = \"nobody\"\ngroups = []\nopens = {{ day = \"2018-04-01\", certainty = \"found\", source = \"s\" }}"
            ),
            "nobody",
        );
        check(
            &head.replace("x-1", "x-2").replace(
                "scale",
                "groups = []\nopens = { day = \"2018-04-01\", certainty = \"found\", source = \"s\" }\nscale",
            ),
            "holds the edition x-2",
        );
        check(&head.replace("2018/19", "2018/20"), "financial year");
    }
}
