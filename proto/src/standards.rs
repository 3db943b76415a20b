//! The requirement sets: which editions there are, what each asks of whom, and by when.
//!
//! Editions are data: some come with the program (`proto/standards/*.toml`, embedded and read once), others
//! are added by an installation, as events. A [`Catalogue`] is both, as known at a position of the log; it
//! is passed to the code that needs it. Every row says where it comes from and how sure it is. Deadlines belong
//! to an edition and a type of organisation and keep their history; moves decided on this platform come on
//! top of them as events.
//!
//! This module states rules of the field and never decides what someone may do.

mod catalogue;
mod definition;
mod edition;
mod register;
mod types;

pub use catalogue::{Catalogue, edition_title, shipped};
pub use definition::{EditionDefinition, EditionFault};
pub use edition::{
    AnswerScale, Closing, Deadline, Edition, GapRule, Group, NotRelevantRule, Opening, Requirement, Scheme,
    StatusWords,
};
pub use types::{Certainty, OrganisationType};

/// Why requirement sets cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the requirement set {file}: {reason}")]
pub struct StandardsError {
    /// Which file.
    pub file: String,
    /// What is wrong, and where.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::{Day, FinancialYear};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn edition(id: &str) -> &'static std::sync::Arc<Edition> {
        shipped().edition(id.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_built_in_editions_read_without_fault() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.editions().len(), 10);
        for edition in catalogue.editions() {
            assert!(edition.deadline(OrganisationType::GeneralPractice, None).is_some(), "{}", edition.id);
            assert!(edition.requirements_of(OrganisationType::GeneralPractice).count() > 0);
        }
    }

    #[test]
    fn each_edition_opens_the_day_after_the_deadline_of_the_one_before() {
        for pair in shipped().editions().windows(2) {
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
            ("dspt-2026-27", "2027-06-30"),
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
        assert_eq!(shipped().successor(igt).map(|e| e.id), Some(first.id));
        assert_eq!(shipped().predecessor(second).map(|e| e.id), Some(first.id));
        assert!(shipped().predecessor(igt).is_none());
        assert!(second.is_same_or_later_than(first) && first.is_same_or_later_than(first));
        assert!(!igt.is_same_or_later_than(first));
        let year = FinancialYear::starting(2019);
        assert_eq!(shipped().dsp_toolkit(year).map(|e| e.id), Some(second.id));
        assert_eq!(shipped().dsp_toolkit(FinancialYear::starting(2017)).map(|e| e.id), None);
    }

    #[test]
    fn on_each_day_one_edition_is_being_worked_on() {
        let open = |on: &str| shipped().open_on(day(on)).map(|e| e.id.to_string()).unwrap_or_default();
        assert_eq!(open("2017-03-31"), "");
        assert_eq!(open("2018-03-31"), "igt-14.1");
        assert_eq!(open("2018-04-01"), "dspt-2018-19");
        assert_eq!(open("2020-06-30"), "dspt-2019-20");
        assert_eq!(open("2030-01-01"), "dspt-2026-27");
    }

    #[test]
    fn the_newest_deadline_is_not_certain_and_says_so() {
        let practices = OrganisationType::GeneralPractice;
        let sure = |id: &str| edition(id).announced_deadline(practices, None).unwrap().certainty.is_sure();
        assert!(sure("dspt-2025-26"));
        assert!(!sure("dspt-2026-27"));
    }

    /// Late publication is allowed at any time as far as is known (domain facts 1.4, 3.6): none of them closes
    /// unless an installation says so.
    #[test]
    fn no_closing_day_is_known_and_none_is_invented() {
        for edition in shipped().editions() {
            assert_eq!(edition.closes, None, "{}", edition.id);
        }
    }

    #[test]
    fn an_edition_with_a_closing_day_can_be_published_on_it_and_not_after_it() {
        let closing = Edition::clone(edition("dspt-2018-19")).closing_on(day("2020-09-30"), "a letter");
        assert_eq!(closing.closed_on(day("2020-09-30")), None);
        assert_eq!(closing.closed_on(day("2020-10-01")), Some(day("2020-09-30")));
    }
}
