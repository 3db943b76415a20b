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

/// Words that stay small inside a name.
const SMALL: [&str; 20] = [
    "AND", "AT", "BY", "CUM", "FOR", "IN", "LE", "NEAR", "NEXT", "OF", "OFF", "ON", "OR", "OVER", "THE",
    "TO", "UNDER", "UPON", "WITH", "EN",
];

/// Short forms without a vowel that are not read letter by letter.
const NOT_INITIALS: [&str; 9] = ["DR", "DRS", "ST", "STS", "MR", "MRS", "MT", "RD", "NR"];

/// Short forms with a vowel that are read letter by letter.
const INITIALS: [&str; 14] =
    ["UK", "II", "III", "IV", "VI", "VII", "APMS", "RAF", "MOD", "LLP", "ICB", "ICS", "GUM", "NHS"];

/// A name in the case people write it in. Registers write names in capitals, which are slow to read: `NHS LEEDS CCG` is
/// NHS Leeds CCG. A name that has small letters is left as it is.
#[must_use]
pub fn name(text: &str) -> String {
    if text.chars().any(char::is_lowercase) {
        return text.to_owned();
    }
    let mut name = String::with_capacity(text.len());
    let mut word = String::new();
    let mut first = true;
    for letter in text.chars() {
        // An apostrophe belongs to its word: QUEEN'S, O'BRIEN.
        if letter.is_alphanumeric() || letter == '\'' || letter == '’' {
            word.push(letter);
            continue;
        }
        push_word(&mut name, &word, first);
        first &= word.is_empty();
        word.clear();
        name.push(letter);
    }
    push_word(&mut name, &word, first);
    name
}

fn push_word(name: &mut String, word: &str, first: bool) {
    if word.is_empty() {
        return;
    }
    let has_vowel = word.contains(['A', 'E', 'I', 'O', 'U', 'Y']);
    let initials =
        INITIALS.contains(&word) || (!has_vowel && word.len() <= 5 && !NOT_INITIALS.contains(&word));
    // A code is a name, too, where there is no better: CCG 15E.
    if initials || word.chars().count() == 1 || word.contains(|letter: char| letter.is_ascii_digit()) {
        name.push_str(word);
        return;
    }
    if !first && SMALL.contains(&word) {
        name.push_str(&word.to_lowercase());
        return;
    }
    let scottish = word.len() > 4 && word.starts_with("MC");
    let mut raise = true;
    for (index, letter) in word.chars().enumerate() {
        if raise {
            name.push(letter);
        } else {
            name.extend(letter.to_lowercase());
        }
        // O'Brien and D'Arcy, but Queen's.
        raise = index == 1 && (scottish || matches!(letter, '\'' | '’'));
    }
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
    fn names_in_capitals_are_written_as_people_write_them() {
        for (register, people) in [
            ("NHS BIRMINGHAM AND SOLIHULL CCG", "NHS Birmingham and Solihull CCG"),
            ("NHS HARTLEPOOL AND STOCKTON-ON-TEES CCG", "NHS Hartlepool and Stockton-on-Tees CCG"),
            ("THE DENSHAM SURGERY", "The Densham Surgery"),
            ("QUEEN'S PARK MEDICAL CENTRE", "Queen's Park Medical Centre"),
            ("DR A B O'BRIEN & PARTNERS", "Dr A B O'Brien & Partners"),
            ("ST. ANNE'S (MCDONALD) GP CENTRE", "St. Anne's (McDonald) GP Centre"),
            ("SURGERY OF THE 1ST", "Surgery of the 1ST"),
            ("CCG 15E", "CCG 15E"),
            ("South East", "South East"),
            ("<B>", "<B>"),
            ("", ""),
        ] {
            assert_eq!(name(register), people);
        }
    }

    #[test]
    fn days_are_written_out() {
        assert_eq!(day(date(2019, 3, 31)), "31 March 2019");
        assert_eq!(short_day(date(2019, 9, 1)), "1 Sep 2019");
    }
}
