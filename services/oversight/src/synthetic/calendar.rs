//! The days and hours of the synthetic year.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, civil::Weekday};
use proto::{Day, LONDON};

/// A day that is known to exist.
pub fn day(year: i16, month: i8, number: i8) -> Day {
    // A slip here would show in the tests, which make every day of the year.
    Day::from_ymd(year, month, number).unwrap_or(Day::FIRST)
}

/// The first file of the year is recorded on this day; nothing happens before.
pub fn first_day() -> Day {
    day(2017, 6, 1)
}

/// The day of the deadline, at whose end the last file of the year is recorded; nothing happens after. A
/// demonstration begins on the day after it.
pub fn last_day() -> Day {
    deadline()
}

/// How far the clocks go: what would be done after the last day has its true time, and so falls away.
fn clocks_end() -> Day {
    day(2019, 3, 31)
}

/// The day by which an assessment is to be published.
fn deadline() -> Day {
    day(2018, 3, 31)
}

/// Midnights of London, looked up once a day instead of once an event.
#[derive(Debug, Clone)]
pub struct Clocks {
    first: Day,
    midnights: Vec<Timestamp>,
}

impl Clocks {
    /// For all days of the year, and of the one after it.
    pub fn new() -> Self {
        let first = first_day();
        let midnights = (0..=first.days_until(clocks_end()))
            .map(|offset| {
                let date = first.plus_days(offset).date();
                date.to_zoned(LONDON.clone()).map_or(Timestamp::UNIX_EPOCH, |start| start.timestamp())
            })
            .collect();
        Self { first, midnights }
    }

    /// So many seconds into a day of the year.
    pub fn at(&self, day: Day, seconds: u32) -> Timestamp {
        let index = self.first.days_until(day).clamp(0, self.midnights.len() as i32 - 1) as usize;
        let midnight = self.midnights.get(index).copied().unwrap_or(Timestamp::UNIX_EPOCH);
        midnight.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(midnight)
    }
}

/// Whether the surgery is open: no weekend, no bank holiday of the year.
pub fn is_working_day(day: Day) -> bool {
    const BANK_HOLIDAYS: [(i16, i8, i8); 8] = [
        (2017, 8, 28),
        (2017, 12, 25),
        (2017, 12, 26),
        (2018, 1, 1),
        (2018, 3, 30),
        (2018, 4, 2),
        (2018, 5, 7),
        (2018, 5, 28),
    ];
    let date = day.date();
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
        && !BANK_HOLIDAYS.contains(&(date.year(), date.month(), date.day()))
}

/// The nearest working day on or before a day.
pub fn working_day_by(day: Day) -> Day {
    (0..14).map(|back| day.plus_days(-back)).find(|day| is_working_day(*day)).unwrap_or(day)
}

/// A second of the working day, from half past eight to half past five.
pub fn office_hours(rng: &mut Rng) -> u32 {
    rng.u32(30_600..63_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_friday_and_the_day_of_the_deadline_are_no_working_days() {
        assert!(!is_working_day(day(2018, 3, 30)));
        assert!(!is_working_day(deadline()));
        assert_eq!(working_day_by(deadline()), day(2018, 3, 29));
    }

    #[test]
    fn noon_is_noon_in_london_in_summer_and_in_winter() {
        let clocks = Clocks::new();
        assert_eq!(clocks.at(day(2017, 7, 1), 43_200).to_string(), "2017-07-01T11:00:00Z");
        assert_eq!(clocks.at(day(2018, 1, 5), 43_200).to_string(), "2018-01-05T12:00:00Z");
    }
}
