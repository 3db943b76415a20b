//! How the date of a demonstration moves on: by a day, or past the next deadline of the toolkit.

use proto::{
    Day,
    standards::{Catalogue, OrganisationType},
};

/// How long past the last deadline that is known the date can be moved, in days.
const PAST_LAST_DEADLINE_MAX_DAYS: i32 = 365;

/// The deadlines of the toolkit for general practices, in order.
pub fn deadlines(catalogue: &Catalogue) -> Vec<Day> {
    let editions = catalogue.editions().iter();
    let mut deadlines: Vec<Day> =
        editions.filter_map(|edition| edition.deadline(OrganisationType::GeneralPractice, None)).collect();
    deadlines.sort_unstable();
    deadlines
}

/// The next day; none on the last date of the demonstration.
pub fn next_day(date: Day, deadlines: &[Day]) -> Option<Day> {
    within(date.plus_days(1), deadlines)
}

/// The day after the next deadline; none where there is no later one.
pub fn next_deadline(date: Day, deadlines: &[Day]) -> Option<Day> {
    within(deadlines.iter().find(|deadline| **deadline >= date)?.plus_days(1), deadlines)
}

fn within(to: Day, deadlines: &[Day]) -> Option<Day> {
    let last = deadlines.last()?.plus_days(PAST_LAST_DEADLINE_MAX_DAYS);
    (to <= last).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_deadline_is_that_of_today_or_later_and_one_comes_to_the_day_after_it() {
        let deadlines = [day("2018-03-31"), day("2019-03-31")];
        assert_eq!(next_day(day("2018-04-01"), &deadlines), Some(day("2018-04-02")));
        assert_eq!(next_deadline(day("2018-03-31"), &deadlines), Some(day("2018-04-01")));
        assert_eq!(next_deadline(day("2018-04-01"), &deadlines), Some(day("2019-04-01")));
    }

    #[test]
    fn a_year_after_the_last_deadline_the_demonstration_ends() {
        let deadlines = [day("2018-03-31"), day("2019-03-31")];
        assert_eq!(next_deadline(day("2019-04-01"), &deadlines), None);
        assert_eq!(next_day(day("2020-03-29"), &deadlines), Some(day("2020-03-30")));
        assert_eq!(next_day(day("2020-03-30"), &deadlines), None);
        assert_eq!(next_day(day("2018-04-01"), &[]), None);
    }
}
