//! Finding a body by a piece of its name, its code or its postcode.
//!
//! All names together are half a megabyte: reading them through takes less than keeping an index
//! in step would.

use std::collections::BTreeSet;

use memchr::memmem::Finder;
use proto::{
    OdsCode,
    text::{TypedWord, search_words},
};

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
    /// ` code name postcode`, each word behind a blank; names with hyphens and the postcode in both
    /// spellings.
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
    /// Every word of the names, once: what a misspelt one may mean.
    words: BTreeSet<Box<str>>,
}

fn push_words(key: &mut String, text: &str) {
    for word in search_words(text) {
        key.push(' ');
        key.push_str(&word);
    }
}

impl Entry {
    /// Something to be found under the names it has and had.
    pub fn new<'a>(
        code: OdsCode,
        target: Target,
        names: impl IntoIterator<Item = &'a str>,
        postcode: &str,
    ) -> Self {
        let mut key = String::new();
        push_words(&mut key, code.as_str());
        for name in names {
            push_words(&mut key, name);
            if name.contains('-') {
                push_words(&mut key, &name.replace('-', ""));
            }
        }
        push_words(&mut key, postcode);
        if postcode.contains(' ') {
            push_words(&mut key, &postcode.replace(' ', ""));
        }
        Self { code, target, key }
    }
}

/// A word of a question, with what it may mean.
struct Meant<'a> {
    typed: Finder<'a>,
    /// Words that are found where they begin, each behind a blank.
    instead: Vec<Finder<'a>>,
}

impl Meant<'_> {
    fn is_in(&self, key: &[u8]) -> bool {
        self.typed.find(key).is_some() || self.instead.iter().any(|word| word.find(key).is_some())
    }
}

impl SearchIndex {
    /// All that can be found, areas before practices.
    pub fn of(entries: Vec<Entry>) -> Self {
        let mut words = BTreeSet::new();
        for word in entries.iter().flat_map(|entry| entry.key.split(' ')) {
            if TypedWord::new(word).errors_allowed() > 0 && !words.contains(word) {
                words.insert(Box::from(word));
            }
        }
        Self { entries, words }
    }

    /// What holds every word of the question, at the beginning of a word of its own or anywhere;
    /// the code itself first, then what begins as the question does, then the rest. Where nothing holds
    /// them, what holds words that were meant, if they were misspelt.
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
        let question: String = question.chars().take(QUESTION_MAX_CHARS).collect();
        let mut words = search_words(&question);
        words.truncate(WORDS_MAX);
        if words.is_empty() {
            return Vec::new();
        }
        let as_typed: Vec<Meant<'_>> =
            words.iter().map(|word| Meant { typed: Finder::new(word), instead: Vec::new() }).collect();
        let mut found = self.with_all(&as_typed, &words, &may_be_found);
        if found.is_empty() {
            let instead: Vec<Vec<String>> = words.iter().map(|word| self.meant(word)).collect();
            let meant: Vec<Meant<'_>> = words
                .iter()
                .zip(&instead)
                .map(|(word, instead)| Meant {
                    typed: Finder::new(word),
                    instead: instead.iter().map(Finder::new).collect(),
                })
                .collect();
            if instead.iter().any(|instead| !instead.is_empty()) {
                found = self.with_all(&meant, &words, &may_be_found);
            }
        }
        found.truncate(limit);
        found
    }

    /// The known words that a misspelt one may mean, or may be the beginning of, each behind a blank.
    fn meant(&self, typed: &str) -> Vec<String> {
        let typed = TypedWord::new(typed);
        if typed.errors_allowed() == 0 {
            return Vec::new();
        }
        let like = self.words.iter().filter(|known| {
            typed.errors_from(known).is_some() || typed.errors_from_beginning(known).is_some()
        });
        like.map(|known| format!(" {known}")).collect()
    }

    /// What holds all words, best first.
    fn with_all(
        &self,
        meant: &[Meant<'_>],
        words: &[String],
        may_be_found: &impl Fn(&Entry) -> bool,
    ) -> Vec<&Entry> {
        let whole = format!(" {}", words.join(" "));
        let joined = words.concat();
        let mut found: Vec<(u8, usize, &Entry)> = Vec::new();
        for (order, entry) in self.entries.iter().enumerate() {
            let key = entry.key.as_bytes();
            if !meant.iter().all(|word| word.is_in(key)) || !may_be_found(entry) {
                continue;
            }
            let starts_words = words.iter().all(|word| entry.key.contains(&format!(" {word}")));
            let rank = if entry.code.as_str().eq_ignore_ascii_case(&joined) {
                0
            } else if entry.key.contains(&whole) {
                1
            } else if starts_words {
                2
            } else {
                3
            };
            found.push((rank, order, entry));
        }
        found.sort_by_key(|(rank, order, _)| (*rank, *order));
        found.into_iter().map(|(_, _, entry)| entry).collect()
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
            ("M85002", "SMITH & JONES CO-OP", "B91 1AB"),
            ("M85003", "BIRCHWOOD MEDICAL PRACTICE", "B91 1AC"),
        ];
        let entry = |(code, name, postcode): (&str, &str, &str)| {
            Entry::new(code.parse().unwrap(), Target::Practice(0), [name], postcode)
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
    fn names_are_found_as_people_type_them() {
        assert_eq!(codes("queens park"), ["A81002"]);
        assert_eq!(codes("Queen’s Park"), ["A81002"]);
        assert_eq!(codes("smith and jones"), ["M85002"]);
        assert_eq!(codes("smith & jones"), ["M85002"]);
        assert_eq!(codes("coop"), ["M85002"]);
        assert_eq!(codes("co-op"), ["M85002"]);
        assert_eq!(codes("dénsham"), ["A81001"]);
    }

    #[test]
    fn small_typing_errors_are_forgiven_in_words_and_not_in_codes() {
        assert_eq!(codes("brich"), ["M85003"]);
        assert_eq!(codes("brichwood"), ["M85003"]);
        assert_eq!(codes("quens prak"), ["A81002"]);
        assert!(codes("A81009").is_empty());
        assert!(codes("15F").is_empty());
        assert!(codes("xyz").is_empty());
    }

    #[test]
    fn a_former_name_finds_what_bears_another_now() {
        let entry = Entry::new(
            "A81001".parse().unwrap(),
            Target::Practice(0),
            ["THE NEW SURGERY", "DR OLDNAME'S PRACTICE"],
            "TS18 1HU",
        );
        let index = SearchIndex::of(vec![entry]);
        assert_eq!(index.find("dr oldnames", 10).len(), 1);
        assert_eq!(index.find("new surgery", 10).len(), 1);
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        assert!(codes("").is_empty());
        assert!(codes("  ,; ").is_empty());
        assert!(codes("nowhere at all").is_empty());
    }
}
