//! Numbers and days as people in England write them.

use jiff::civil::Date;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `7168` as `7,168`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of a whole in percent with one decimal, such as `86.6%`; a dash when the whole is nothing.
/// Only nothing reads `0%` and only everything reads `100%`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    if part == 0 {
        return "0%".to_owned();
    }
    if part == whole {
        return "100%".to_owned();
    }
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (u128::from(whole) * 2);
    let tenths = if part < whole { tenths.clamp(1, 999) } else { tenths };
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A percentage with its denominator: `6,205 of 7,168 (86.6%)`.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    format!("{} of {} ({})", thousands(part), thousands(whole), percent(part, whole))
}

/// `1 practice`, `2 practices`, `7,168 practices`.
#[must_use]
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// `31 March 2019`.
#[must_use]
pub fn day(date: Date) -> String {
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `31 Mar 2019`.
#[must_use]
pub fn short_day(date: Date) -> String {
    format!("{} {} {}", date.day(), short_month(date), date.year())
}

/// `March`.
#[must_use]
pub fn month(date: Date) -> &'static str {
    MONTHS.get(usize::from(date.month().unsigned_abs()).wrapping_sub(1)).copied().unwrap_or("")
}

/// `Mar`.
#[must_use]
pub fn short_month(date: Date) -> &'static str {
    month(date).get(..3).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn numbers_have_commas_every_three_digits() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (7_168, "7,168"), (57_000_000, "57,000,000")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn only_nothing_and_everything_round_to_the_ends() {
        for (part, whole, text) in [
            (0, 0, "–"),
            (0, 10, "0%"),
            (10, 10, "100%"),
            (1, 7_168, "0.1%"),
            (7_167, 7_168, "99.9%"),
            (6_205, 7_168, "86.6%"),
            (1, 3, "33.3%"),
        ] {
            assert_eq!(percent(part, whole), text, "{part}/{whole}");
        }
    }

    #[test]
    fn a_share_never_goes_without_its_denominator() {
        assert_eq!(share(6_205, 7_168), "6,205 of 7,168 (86.6%)");
        assert_eq!(count(1, "practice", "practices"), "1 practice");
        assert_eq!(count(0, "practice", "practices"), "0 practices");
    }

    #[test]
    fn days_are_written_out() {
        assert_eq!(day(date(2019, 3, 31)), "31 March 2019");
        assert_eq!(short_day(date(2019, 9, 1)), "1 Sep 2019");
    }
}
