//! Text: what does not show in it, the words it is searched by, what a spreadsheet makes of a code, and a
//! short text that lives where it stands, without an allocation.
//!
//! Codes are kept by the hundred thousand in views; twenty-four bytes each, `Copy`, and compared as
//! three machine words beats a heap string for all of them.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::day::without_midnight;

mod line;

pub use line::{Invisible, Line, LineFault, for_terminal, shows, without_invisible};

/// The most bytes a [`Short`] holds.
pub const SHORT_MAX_BYTES: usize = 23;

/// Up to [`SHORT_MAX_BYTES`] bytes of text. Ordered as text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Short {
    // The text, padded with zero bytes, which no code contains, and in the last byte its length:
    // byte order is therefore text order.
    bytes: [u8; SHORT_MAX_BYTES + 1],
}

impl Short {
    /// The text, if it fits and holds no zero byte.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > SHORT_MAX_BYTES || text.as_bytes().contains(&0) {
            return None;
        }
        let mut bytes = [0; SHORT_MAX_BYTES + 1];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        bytes[SHORT_MAX_BYTES] = text.len() as u8;
        Some(Self { bytes })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // Only `new` builds one, from a whole `&str`.
        let length = usize::from(self.bytes[SHORT_MAX_BYTES]);
        std::str::from_utf8(self.bytes.get(..length).unwrap_or_default()).unwrap_or_default()
    }

    /// The same bytes as numbers, whose order is that of the bytes.
    #[inline]
    fn words(&self) -> [u64; 3] {
        let (words, _) = self.bytes.as_chunks::<8>();
        [0, 1, 2].map(|at| words.get(at).map_or(0, |word| u64::from_be_bytes(*word)))
    }
}

impl Ord for Short {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.words().cmp(&other.words())
    }
}

impl PartialOrd for Short {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Short {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Fast hashers carry what they learn upwards: the first letters go into the low bits.
        for word in self.words() {
            state.write_u64(word.swap_bytes());
        }
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The words by which a name is searched: in lower case, without accents and apostrophes, `and` for `&`.
/// Everything else that is no letter or digit parts words.
pub fn search_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match (c, words.last_mut()) {
            ('\'' | '’' | '‘' | '`' | '´' | '.', _) => {}
            ('&', _) => words.extend(["and".to_owned(), String::new()]),
            (c, Some(word)) if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A word that someone typed, held against known words letter by letter.
#[derive(Debug)]
pub struct TypedWord<'a> {
    text: &'a str,
    chars: usize,
    letters: u32,
    allowed: usize,
}

impl<'a> TypedWord<'a> {
    /// A word as [`search_words`] gives it.
    pub fn new(text: &'a str) -> Self {
        let chars = text.chars().count();
        // With one error, most codes are another code.
        let is_code = text.chars().any(|c| c.is_ascii_digit());
        let allowed = match chars {
            _ if is_code => 0,
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        Self { text, chars, letters: letters(text), allowed }
    }

    /// How many typing errors it may have: a letter missing, too many, wrong, or changed places with its
    /// neighbour. In short words and in codes none.
    pub fn errors_allowed(&self) -> usize {
        self.allowed
    }

    /// With how many typing errors it is this known word; none where there are more than are allowed.
    pub fn errors_from(&self, known: &str) -> Option<usize> {
        // An error changes at most two of the letters that occur.
        let differing = (letters(known) ^ self.letters).count_ones() as usize;
        if differing > 2 * self.allowed || known.len().abs_diff(self.text.len()) > 4 * self.allowed {
            return None;
        }
        Some(strsim::osa_distance(known, self.text)).filter(|errors| *errors <= self.allowed)
    }

    /// The same of the beginning of a longer known word, as it is typed.
    pub fn errors_from_beginning(&self, known: &str) -> Option<usize> {
        let end = known.char_indices().nth(self.chars).map_or(known.len(), |(at, _)| at);
        self.errors_from(known.get(..end)?)
    }
}

/// Which of the letters a to z occur, a bit each; all others share the bits above.
fn letters(word: &str) -> u32 {
    word.bytes().fold(0, |letters, byte| match byte {
        b'a'..=b'z' => letters | 1 << (byte - b'a'),
        other => letters | 1 << (26 + other % 6),
    })
}

/// What a spreadsheet made of a code when someone opened and saved the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpreadsheetChange {
    /// `06-Apr`, `Apr-06`, `01/04`, `2006-04-01` or `2006-04-01 00:00:00`.
    Date,
    /// `5E+01` or `5.00E+10`.
    Number,
}

impl SpreadsheetChange {
    /// What a spreadsheet made of the code that stood here, if it did.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if is_scientific(text) {
            return Some(Self::Number);
        }
        let text = without_midnight(text);
        let parts: Vec<&str> = text.split(['-', '/', ' ']).collect();
        let number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let date = match parts.as_slice() {
            [one, other] => {
                (number(one) && is_month(other))
                    || (is_month(one) && number(other))
                    || (text.contains('/') && number(one) && number(other))
            }
            [day, month, year] => number(day) && number(year) && (number(month) || is_month(month)),
            _ => false,
        };
        date.then_some(Self::Date)
    }
}

impl fmt::Display for SpreadsheetChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Date => "date",
            Self::Number => "number",
        };
        write!(
            f,
            "a spreadsheet has changed this code into a {what}; take the row from the file as published, \
             or format the column as text and enter the code again"
        )
    }
}

fn is_month(text: &str) -> bool {
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
    let lower = text.to_ascii_lowercase();
    lower.len() >= 3
        && (lower == "sept" || MONTHS.iter().any(|month| *month == lower || month.get(..3) == Some(&lower)))
}

/// `5E+01`, `5.00E+10`: codes never hold a plus sign or a full stop before an E.
fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return false };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    all_digits(whole) && all_digits(fraction) && exponent.strip_prefix(['+', '-']).is_some_and(all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_searched_without_case_accents_and_apostrophes() {
        assert_eq!(search_words("QUEEN'S PARK"), ["queens", "park"]);
        assert_eq!(search_words("Smith & Jones"), ["smith", "and", "jones"]);
        assert_eq!(search_words("Café-Llŷn St. Mary’s"), ["cafe", "llyn", "st", "marys"]);
        assert!(search_words(" –, ").is_empty());
    }

    #[test]
    fn typing_errors_are_forgiven_in_words_and_not_in_codes() {
        let errors = |typed, known| TypedWord::new(typed).errors_from(known);
        assert_eq!(errors("brich", "birch"), Some(1));
        assert_eq!(errors("densam", "densham"), Some(1));
        assert_eq!(errors("pheonix", "phoenix"), Some(1));
        assert_eq!(errors("partnreshpi", "partnership"), Some(2));
        assert_eq!(errors("tpq", "tpp"), None);
        assert_eq!(errors("a81001", "a81002"), None);
        assert_eq!(errors("birch", "beech"), None);
        assert_eq!(TypedWord::new("brich").errors_from_beginning("birchwood"), Some(1));
        assert_eq!(TypedWord::new("brich").errors_from("birchwood"), None);
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_code_is_known() {
        for date in [
            "06-Apr",
            "Apr-06",
            "6-Apr-2006",
            "2006-04-01",
            "06/04/2006",
            "apr-6",
            "1 Sept 2020",
            "2006-04-06 00:00:00",
            "06/04/2006 00:00",
            "01/04",
            "04/2006",
        ] {
            assert_eq!(SpreadsheetChange::of(date), Some(SpreadsheetChange::Date), "{date}");
        }
        for number in ["5E+01", "5.00E+10", "1,23E+05", "5e-01"] {
            assert_eq!(SpreadsheetChange::of(number), Some(SpreadsheetChange::Number), "{number}");
        }
        for code in [
            "A81001",
            "5E1",
            "16C",
            "8JT63",
            "RO76",
            "10000-001",
            "12-34",
            "MAR",
            "APR6",
            "A-APR",
            "00E10",
            "",
        ] {
            assert_eq!(SpreadsheetChange::of(code), None, "{code}");
        }
    }
}
