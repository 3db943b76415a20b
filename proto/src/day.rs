//! Days and years. A day is the resolution of compliance: *as at D* means at the end of day D,
//! London time.

use std::{borrow::Cow, fmt, str::FromStr, sync::LazyLock};

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::codes::CodeError;

/// The one time zone of the platform.
pub static LONDON: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC));

/// A calendar day, kept as the number of days since 1 January 1970.
///
/// Written `yyyy-mm-dd`. Days from 1 January 1900 to 31 December 2199 are accepted; anything else
/// in a file is a slip of the pen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(i32);

const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);

impl Day {
    /// The earliest day accepted, 1 January 1900.
    pub const FIRST: Day = Day(-25_567);
    /// The latest day accepted, 31 December 2199.
    pub const LAST: Day = Day(84_005);

    /// The day of a date, if it is within the accepted range.
    pub fn from_date(date: civil::Date) -> Option<Self> {
        let days = date.duration_since(EPOCH).as_secs() / 86_400;
        i32::try_from(days).ok().map(Day).filter(|day| (Day::FIRST..=Day::LAST).contains(day))
    }

    /// The day with this year, month and day of the month, if there is one.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().and_then(Day::from_date)
    }

    /// The day it is in London at an instant.
    pub fn in_london(instant: Timestamp) -> Self {
        // Since 1972 London is at most an hour ahead of UTC: only the last hour of a UTC day can
        // belong to the next one, and only then is the time zone looked at.
        const SINCE_SECONDS: i64 = 2 * 365 * 86_400;
        let seconds = instant.as_second();
        if seconds >= SINCE_SECONDS && seconds.rem_euclid(86_400) < 23 * 3_600 {
            return i32::try_from(seconds.div_euclid(86_400)).map_or(Day::LAST, Day::from_number);
        }
        let date = instant.to_zoned(LONDON.clone()).date();
        Day::from_date(date).unwrap_or(if date < EPOCH { Day::FIRST } else { Day::LAST })
    }

    /// The last instant of the day in London: what *as at* this day means.
    pub fn end_in_london(self) -> Timestamp {
        let next = self.plus_days(1).date();
        next.to_zoned(LONDON.clone())
            .map(|start| start.timestamp())
            .ok()
            .and_then(|start| start.checked_sub(jiff::SignedDuration::from_nanos(1)).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// The civil date.
    pub fn date(self) -> civil::Date {
        EPOCH.saturating_add(jiff::SignedDuration::from_hours(i64::from(self.0) * 24))
    }

    /// Days since 1 January 1970.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The day of a number of days since 1970, held within the accepted range.
    pub fn from_number(number: i32) -> Self {
        Day(number.clamp(Day::FIRST.0, Day::LAST.0))
    }

    /// The day so many days later (or earlier), held within the accepted range.
    pub fn plus_days(self, days: i32) -> Self {
        Day::from_number(self.0.saturating_add(days))
    }

    /// How many days from this day to a later one.
    pub fn days_until(self, later: Day) -> i32 {
        later.0 - self.0
    }

    /// The day as people read it: `31 March 2019`.
    pub fn long(self) -> String {
        self.date().strftime("%-d %B %Y").to_string()
    }

    /// A date as national files and people write it: `yyyy-mm-dd`, `dd/mm/yyyy`, `d/m/yyyy`, `yyyymmdd` or
    /// `d Month yyyy`; with midnight behind it, and its time zone, where a spreadsheet or database added the time.
    pub fn parse_any(text: &str) -> Result<Self, CodeError> {
        const ACCEPTED: &str = "dates are yyyy-mm-dd, dd/mm/yyyy or yyyymmdd, from 1900 to 2199";
        let trimmed = without_midnight(text.trim());
        let number = |part: &str, length: usize| -> Option<i16> {
            (part.len() == length && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let ymd = |y: &str, m: &str, d: &str| -> Option<Day> {
            Day::from_ymd(number(y, 4)?, number(m, 2)? as i8, number(d, 2)? as i8)
        };
        let day = if !trimmed.is_ascii() {
            None
        } else if let [d @ (1 | 2), m @ (1 | 2), 4] = *trimmed.split('/').map(str::len).collect::<Vec<_>>() {
            let two_digits = |from: usize, length| format!("{:0>2}", &trimmed[from..from + length]);
            ymd(&trimmed[d + m + 2..], &two_digits(d + 1, m), &two_digits(0, d))
        } else {
            match trimmed.len() {
                8 => ymd(&trimmed[0..4], &trimmed[4..6], &trimmed[6..8]),
                10 if trimmed.as_bytes()[4] == b'-' && trimmed.as_bytes()[7] == b'-' => {
                    ymd(&trimmed[0..4], &trimmed[5..7], &trimmed[8..10])
                }
                _ => None,
            }
        };
        day.or_else(|| in_words(trimmed)).ok_or_else(|| CodeError::new(text, "a date", ACCEPTED))
    }

    /// A date that someone enters, with an error that says what to do. `what` is the date in the words of its
    /// question, with its article: `the date the action is due`.
    pub fn entered(text: &str, what: &str) -> Result<Self, String> {
        Self::entered_if_any(text, what)?.ok_or_else(|| format!("Enter {what}"))
    }

    /// The same of a date that may be left out.
    pub fn entered_if_any(text: &str, what: &str) -> Result<Option<Self>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let refuse = |_| {
            let mut what = what.to_owned();
            if let Some(first) = what.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("{what} must be a real date, for example 28 November 2026")
        };
        Self::parse_any(text).map(Some).map_err(refuse)
    }
}

/// A date and time without the time, where that is midnight in whatever zone: the date is the one of that zone.
pub(crate) fn without_midnight(text: &str) -> &str {
    let Some((date, time)) = text.split_once(['T', ' ']) else { return text };
    let time = without_zone(time.trim());
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let midnight = matches!(clock, "00:00" | "00:00:00" | "0:00" | "0:00:00" | "12:00:00 AM")
        && fraction.bytes().all(|b| b == b'0');
    if midnight { date } else { text }
}

/// A time without the zone behind it: `Z`, the letters of one in use here, or an offset such as `+01:00`.
fn without_zone(time: &str) -> &str {
    let named = || ["Z", "UTC", "GMT", "BST"].into_iter().find_map(|zone| time.strip_suffix(zone));
    let offset = || {
        let (clock, offset) = time.rsplit_once(['+', '-'])?;
        is_offset(offset).then_some(clock)
    };
    named().or_else(offset).unwrap_or(time).trim_end()
}

/// `01`, `0100` or `01:00`.
fn is_offset(text: &str) -> bool {
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) => parts,
        None => text.split_at_checked(2).unwrap_or((text, "")),
    };
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    two_digits(hours) && (two_digits(minutes) || text.len() == 2)
}

/// `28 November 2026` or `28 Nov 2026`.
fn in_words(text: &str) -> Option<Day> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let digits = |part: &str, most: usize| part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
    let month = month.to_ascii_lowercase();
    let at = MONTHS.iter().position(|known| *known == month || known.get(..3) == Some(&month))?;
    if !digits(day, 2) || !digits(year, 4) {
        return None;
    }
    Day::from_ymd(year.parse().ok()?, i8::try_from(at + 1).ok()?, day.parse().ok()?)
}

impl FromStr for Day {
    type Err = CodeError;

    /// Only `yyyy-mm-dd`, the form of our own addresses and events.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let strict = text.len() == 10 && text.as_bytes().get(4) == Some(&b'-');
        strict
            .then(|| Day::parse_any(text).ok())
            .flatten()
            .ok_or_else(|| CodeError::new(text, "a date", "dates are written yyyy-mm-dd, from 1900 to 2199"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i32(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            i32::deserialize(deserializer).map(Day::from_number)
        }
    }
}

/// The moment by which something is judged: while a day runs, or once it is over.
///
/// A deadline, a review date and the like lie at the end of their day: until midnight in London nothing has
/// been missed. This is the one place that says which days are over; every rule asks here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The day has not ended: what is due on it may still be done.
    During(Day),
    /// The end of the day, past or to come.
    EndOf(Day),
}

impl Moment {
    /// The moment that a day stands for: of today the running day, of any other its end.
    pub fn of(day: Day, today: Day) -> Self {
        if day == today { Moment::During(day) } else { Moment::EndOf(day) }
    }

    /// The day it lies in.
    pub const fn day(self) -> Day {
        match self {
            Moment::During(day) | Moment::EndOf(day) => day,
        }
    }

    /// Whether a day has ended by then: whether what was due on it is late.
    pub fn is_over(self, due: Day) -> bool {
        match self {
            Moment::During(day) => due < day,
            Moment::EndOf(day) => due <= day,
        }
    }
}

/// An NHS financial year, 1 April to 31 March, named by the year it starts in.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(try_from = "String", into = "String")]
pub struct FinancialYear(i16);

impl FinancialYear {
    /// The financial year a day lies in.
    pub fn of(day: Day) -> Self {
        let date = day.date();
        Self(if date.month() >= 4 { date.year() } else { date.year() - 1 })
    }

    /// The calendar year it starts in: 2018 for 2018/19.
    pub fn starts_in(self) -> i16 {
        self.0
    }

    /// The year starting in this calendar year.
    pub fn starting(year: i16) -> Self {
        Self(year)
    }

    /// 1 April.
    pub fn first_day(self) -> Option<Day> {
        Day::from_ymd(self.0, 4, 1)
    }

    /// 31 March.
    pub fn last_day(self) -> Option<Day> {
        Day::from_ymd(self.0 + 1, 3, 31)
    }

    /// A year written `18/19`, `18-19`, `2018/19` or `2018-19`, as toolkit statuses do.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.trim().split_once(['/', '-'])?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(from) || !digits(to) || to.len() != 2 {
            return None;
        }
        let start: i16 = match from.len() {
            2 => 2000 + from.parse::<i16>().ok()?,
            4 => from.parse().ok()?,
            _ => return None,
        };
        let end: i16 = to.parse().ok()?;
        ((start + 1) % 100 == end).then_some(Self(start))
    }
}

impl TryFrom<String> for FinancialYear {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("“{text}” is not a financial year such as 2018/19"))
    }
}

impl From<FinancialYear> for String {
    fn from(year: FinancialYear) -> Self {
        year.to_string()
    }
}

impl fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.0, (self.0 + 1) % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_accepted_range_is_1900_to_2199() {
        assert_eq!(Day::FIRST, day("1900-01-01"));
        assert_eq!(Day::LAST, day("2199-12-31"));
        assert!("1899-12-31".parse::<Day>().is_err());
        assert!("2200-01-01".parse::<Day>().is_err());
    }

    #[test]
    fn dates_are_read_as_files_and_people_write_them() {
        for text in ["2019-03-31", "31/03/2019", "20190331", " 20190331 "] {
            assert_eq!(Day::parse_any(text).unwrap(), day("2019-03-31"));
        }
        for text in ["1/4/2018", "01/4/2018", "1/04/2018"] {
            assert_eq!(Day::parse_any(text).unwrap(), day("2018-04-01"));
        }
        for text in [
            "31/02/2018",
            "20180231",
            "2018-13-01",
            "1/4/18",
            "1//2018",
            "",
            "CompletedThroughQIO",
            "٢٠١٩0331",
        ] {
            let error = Day::parse_any(text).unwrap_err();
            assert!(error.to_string().contains("dd/mm/yyyy"), "{error}");
        }
    }

    #[test]
    fn a_date_with_midnight_is_a_date_and_with_another_time_it_is_none() {
        for text in [
            "2019-03-31 00:00:00",
            "31/03/2019 00:00",
            "2019-03-31T00:00:00",
            "2019-03-31T00:00:00.000Z",
            "31/03/2019 0:00",
            "20190331 00:00:00",
            "2019-03-31T00:00:00+00:00",
            "2019-03-31T00:00:00.000+01:00",
            "2019-03-31T00:00:00-0500",
            "2019-03-31T00:00:00+01",
            "31/03/2019 00:00:00 +01:00",
            "2019-03-31 00:00 UTC",
            "2019-03-31 00:00:00 GMT",
            "31 March 2019",
            "31 mar 2019",
        ] {
            assert_eq!(Day::parse_any(text).unwrap(), day("2019-03-31"), "{text}");
        }
        for text in [
            "2019-03-31 14:30",
            "31/03/2019 24:00",
            "2019-03-31T",
            "2019-03-31T23:00:00+00:00",
            "2019-03-31T00:00:00+1",
            "2019-03-31T00:00:00+01:0",
            "2019-03-31 UTC",
            "31 Marc 2019",
            "31 February 2019",
            "T00:00",
        ] {
            assert!(Day::parse_any(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_entered_wrongly_is_refused_with_what_to_do() {
        let what = "the date the action is due";
        assert_eq!(Day::entered("", what).unwrap_err(), "Enter the date the action is due");
        assert_eq!(
            Day::entered("31/02/2026", what).unwrap_err(),
            "The date the action is due must be a real date, for example 28 November 2026"
        );
        assert_eq!(Day::entered_if_any(" ", what).unwrap(), None);
        assert_eq!(Day::entered("28 November 2026", what).unwrap(), day("2026-11-28"));
    }

    #[test]
    fn a_day_ends_at_midnight_in_london_in_summer_and_winter() {
        assert_eq!(day("2019-03-31").end_in_london().to_string(), "2019-03-31T22:59:59.999999999Z");
        assert_eq!(day("2019-01-31").end_in_london().to_string(), "2019-01-31T23:59:59.999999999Z");
        assert_eq!(Day::in_london("2019-03-31T23:30:00Z".parse().unwrap()), day("2019-04-01"));
    }

    #[test]
    fn nothing_due_on_a_day_is_late_before_midnight_in_london() {
        let (winter, summer) = (day("2026-11-28"), day("2026-06-30"));
        for (instant, due, late) in [
            ("2026-11-28T10:00:00Z", winter, false),
            ("2026-11-28T23:59:00Z", winter, false),
            ("2026-11-29T00:00:00Z", winter, true),
            ("2026-06-30T09:00:00Z", summer, false),
            ("2026-06-30T22:59:00Z", summer, false),
            // Midnight in London, in summer.
            ("2026-06-30T23:00:00Z", summer, true),
        ] {
            let today = Day::in_london(instant.parse().unwrap());
            assert_eq!(Moment::of(today, today).is_over(due), late, "{instant}");
        }
        assert!(
            Moment::of(summer, summer.plus_days(1)).is_over(summer),
            "a past day is asked about at its end"
        );
        assert!(Moment::of(summer, summer.plus_days(-1)).is_over(summer), "and so is a day to come");
    }

    #[test]
    fn a_financial_year_runs_from_april_to_march() {
        assert_eq!(FinancialYear::of(day("2019-03-31")).to_string(), "2018/19");
        assert_eq!(FinancialYear::of(day("2019-04-01")).to_string(), "2019/20");
        assert_eq!(FinancialYear::parse("19-20"), Some(FinancialYear::starting(2019)));
        assert_eq!(FinancialYear::parse("2021/22"), Some(FinancialYear::starting(2021)));
        assert_eq!(FinancialYear::parse("99/00"), Some(FinancialYear::starting(2099)));
        assert_eq!(FinancialYear::parse("19/21"), None);
    }

    proptest! {
        #[test]
        fn every_day_survives_its_text(number in Day::FIRST.number()..=Day::LAST.number()) {
            let day = Day::from_number(number);
            prop_assert_eq!(day.to_string().parse::<Day>().unwrap(), day);
            prop_assert_eq!(Day::from_date(day.date()), Some(day));
            prop_assert_eq!(Day::in_london(day.end_in_london()), day);
        }

        #[test]
        fn the_short_way_to_the_day_in_london_agrees_with_the_time_zone(second in 0..4_000_000_000i64) {
            let instant = Timestamp::from_second(second).unwrap();
            let date = instant.to_zoned(LONDON.clone()).date();
            prop_assert_eq!(Some(Day::in_london(instant)), Day::from_date(date));
        }

        #[test]
        fn junk_is_refused_and_never_panics(text in ".{0,12}") {
            let _ = Day::parse_any(&text);
            let _ = text.parse::<Day>();
            let _ = FinancialYear::parse(&text);
        }
    }
}
