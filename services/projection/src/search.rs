//! Finding a body by a piece of its name, its code or its postcode.
//!
//! All names together are half a megabyte: reading them through takes less than keeping an index
//! in step would.

use memchr::memmem;
use proto::OdsCode;

/// The most characters of a question.
pub const QUESTION_MAX_CHARS: usize = 100;

/// The most words of a question; the rest is left out.
const WORDS_MAX: usize = 8;

/// Something that can be found.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The code.
    pub code: OdsCode,
    /// What it is.
    pub target: Target,
    /// ` CODE NAME POSTCODE`, upper case, each word behind a blank; the postcode in both spellings.
    key: String,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The area with this number.
    Area(usize),
    /// The practice with this number.
    Practice(usize),
}

/// All that can be found, areas before practices.
#[derive(Debug, Default)]
pub struct SearchIndex {
    entries: Vec<Entry>,
}

/// Adds the words of a text in upper case, each behind a blank.
fn push_words(words: &mut String, text: &str) {
    let mut within = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            within = false;
            continue;
        }
        if !within {
            words.push(' ');
            within = true;
        }
        if c.is_ascii() {
            words.push(c.to_ascii_uppercase());
        } else {
            words.extend(c.to_uppercase());
        }
    }
}

impl Entry {
    /// Something to be found.
    pub fn new(code: OdsCode, target: Target, name: &str, postcode: &str) -> Self {
        // A blank before each part.
        let mut key = String::with_capacity(code.as_str().len() + name.len() + 2 * postcode.len() + 4);
        for part in [code.as_str(), name, postcode] {
            push_words(&mut key, part);
        }
        if postcode.contains(' ') {
            push_words(&mut key, &postcode.replace(' ', ""));
        }
        Self { code, target, key }
    }
}

impl SearchIndex {
    /// All that can be found, areas before practices.
    pub fn of(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// What holds every word of the question, at the beginning of a word of its own or anywhere;
    /// the code itself first, then what begins as the question does, then the rest.
    pub fn find(&self, question: &str, limit: usize) -> Vec<&Entry> {
        self.find_if(question, limit, |_| true)
    }

    /// The same among those that may be found; of others there is no trace, not in the number either.
    pub fn find_if(
        &self,
        question: &str,
        limit: usize,
        may_be_found: impl Fn(&Entry) -> bool,
    ) -> Vec<&Entry> {
        let mut words = String::new();
        push_words(&mut words, &question.chars().take(QUESTION_MAX_CHARS).collect::<String>());
        let finders: Vec<_> = words
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .map(memmem::Finder::new)
            .collect();
        if finders.is_empty() {
            return Vec::new();
        }
        let whole = words.trim();
        let joined = whole.replace(' ', "");
        let mut found: Vec<(u8, usize, &Entry)> = Vec::new();
        for (order, entry) in self.entries.iter().enumerate() {
            let key = entry.key.as_bytes();
            if !finders.iter().all(|finder| finder.find(key).is_some()) || !may_be_found(entry) {
                continue;
            }
            let starts_words = words
                .split(' ')
                .filter(|word| !word.is_empty())
                .all(|word| entry.key.contains(&format!(" {word}")));
            let rank = if entry.code.as_str() == joined {
                0
            } else if entry.key.contains(&words) {
                1
            } else if starts_words {
                2
            } else {
                3
            };
            found.push((rank, order, entry));
        }
        found.sort_by_key(|(rank, order, _)| (*rank, *order));
        found.into_iter().take(limit).map(|(_, _, entry)| entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(question: &str) -> Vec<String> {
        let entries = [
            ("15E", "NHS BIRMINGHAM AND SOLIHULL CCG", "B16 9RG"),
            ("A81001", "THE DENSHAM SURGERY", "TS18 1HU"),
            ("A81002", "QUEEN'S PARK MEDICAL CENTRE", "TS18 2AW"),
            ("M85001", "SOLIHULL SURGERY", "B91 1AA"),
        ];
        let entry = |(code, name, postcode): (&str, &str, &str)| {
            Entry::new(code.parse().unwrap(), Target::Practice(0), name, postcode)
        };
        let index = SearchIndex::of(entries.map(entry).into());
        index.find(question, 10).iter().map(|entry| entry.code.to_string()).collect()
    }

    #[test]
    fn names_codes_and_postcodes_are_found() {
        assert_eq!(codes("densham"), ["A81001"]);
        assert_eq!(codes("a81002"), ["A81002"]);
        assert_eq!(codes("ts18 2aw"), ["A81002"]);
        assert_eq!(codes("TS182AW"), ["A81002"]);
        assert_eq!(codes("queen's park"), ["A81002"]);
        assert_eq!(codes("surgery solihull"), ["M85001"]);
        assert_eq!(codes("solihull"), ["15E", "M85001"]);
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        assert!(codes("").is_empty());
        assert!(codes("  ,; ").is_empty());
        assert!(codes("nowhere at all").is_empty());
    }
}
