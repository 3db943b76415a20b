//! From numbers and days to pixels, and the marks along an axis.

use jiff::ToSpan;
use jiff::civil::Date;

/// The longest stretch of days a chart draws; what lies beyond is left out. A little over 30 years.
const MAX_DAYS: i32 = 11_000;

/// A straight line from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linear {
    from: i64,
    to: i64,
    first: i32,
    last: i32,
}

impl Linear {
    /// Values `from..=to` onto pixels `first..=last`, which may run either way.
    pub(super) fn new((from, to): (i64, i64), (first, last): (i32, i32)) -> Self {
        Self { from, to: to.max(from + 1), first, last }
    }

    pub(super) fn at(&self, value: i64) -> i32 {
        let value = value.clamp(self.from, self.to);
        let span = i64::from(self.last) - i64::from(self.first);
        let scaled = (value - self.from) * span * 2 / (self.to - self.from);
        let rounded = if scaled >= 0 { (scaled + 1) / 2 } else { (scaled - 1) / 2 };
        self.first + i32::try_from(rounded).unwrap_or(0)
    }
}

/// Round numbers from 0 to `max` or a little more, about `wanted` of them.
pub(super) fn ticks(max: u32, wanted: u32) -> Vec<u32> {
    let max = u64::from(max.max(1));
    let rough = max.div_ceil(u64::from(wanted.max(1))).max(1);
    let mut power = 1u64;
    while power * 10 <= rough {
        power *= 10;
    }
    let step = [1, 2, 5, 10].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(power * 10);
    (0..=max.div_ceil(step)).filter_map(|i| u32::try_from(i * step).ok()).collect()
}

/// Whole days from one to another; negative when `to` is earlier.
pub(super) fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days()).clamp(-MAX_DAYS, MAX_DAYS)
}

/// The day so many days after another.
pub(super) fn plus(day: Date, days: i32) -> Date {
    day.saturating_add(days.clamp(-MAX_DAYS, MAX_DAYS).days())
}

/// A mark along an axis of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayTick {
    pub(super) day: Date,
    pub(super) label: String,
    /// The year, where it has to be said: at the first mark, and where a year begins.
    pub(super) year: Option<String>,
}

/// Marks for the days between two, no more than `most` of them: weeks, months, quarters or years.
pub(super) fn day_ticks(from: Date, to: Date, most: i32) -> Vec<DayTick> {
    let to = to.min(plus(from, MAX_DAYS));
    let span = days(from, to).max(1);
    let most = most.max(2);
    let mut found: Vec<(Date, String)> = Vec::new();
    if span <= 70 {
        let step = [1, 7, 14, 28].into_iter().find(|step| span / step < most).unwrap_or(28);
        let mut offset = 0;
        while offset <= span {
            let day = plus(from, offset);
            found.push((day, format!("{} {}", day.day(), crate::fmt::short_month(day))));
            offset += step;
        }
    } else {
        let months = span / 30;
        let step: i16 =
            [1, 2, 3, 6, 12, 24, 60, 120].into_iter().find(|s| months / i32::from(*s) < most).unwrap_or(120);
        let mut month = from.first_of_month();
        while month <= to {
            let index = i32::from(month.year()) * 12 + i32::from(month.month()) - 1;
            if month >= from && index % i32::from(step) == 0 {
                found.push((month, crate::fmt::short_month(month).to_owned()));
            }
            month = month.saturating_add(1.month());
            if month == Date::MAX {
                break;
            }
        }
    }
    let mut year = None;
    found
        .into_iter()
        .map(|(day, label)| {
            let said = (year != Some(day.year())).then(|| day.year().to_string());
            year = Some(day.year());
            DayTick { day, label, year: said }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn ends_map_onto_ends() {
        let scale = Linear::new((0, 7_168), (100, 900));
        assert_eq!((scale.at(0), scale.at(7_168), scale.at(3_584)), (100, 900, 500));
        let down = Linear::new((0, 10), (300, 100));
        assert_eq!((down.at(0), down.at(10), down.at(5)), (300, 100, 200));
        assert_eq!(Linear::new((0, 0), (0, 10)).at(0), 0);
    }

    #[test]
    fn marks_are_round_and_reach_the_largest_value() {
        for (max, expected) in
            [(0, vec![0, 1]), (7, vec![0, 2, 4, 6, 8]), (7_168, vec![0, 2_000, 4_000, 6_000, 8_000])]
        {
            assert_eq!(ticks(max, 4), expected, "{max}");
        }
        assert!(ticks(u32::MAX, 4).len() <= 6);
    }

    #[test]
    fn a_year_is_marked_by_months_and_says_its_year_once() {
        let marks = day_ticks(date(2018, 4, 1), date(2019, 6, 30), 20);
        assert_eq!(marks.len(), 15);
        assert_eq!(marks[0].year.as_deref(), Some("2018"));
        let years = marks.iter().filter(|m| m.year.is_some()).count();
        assert_eq!(years, 2);
        assert!(day_ticks(date(2018, 4, 1), date(2019, 6, 30), 6).len() <= 6);
    }

    #[test]
    fn hardly_any_days_and_very_many_days_both_work() {
        assert!(!day_ticks(date(2019, 3, 31), date(2019, 3, 31), 10).is_empty());
        assert!(day_ticks(date(1990, 1, 1), date(2030, 1, 1), 10).len() <= 11);
        assert_eq!(days(date(2019, 3, 31), date(2019, 4, 1)), 1);
    }
}
