//! Finding a supplier as people remember it: by the beginning of a word, with typing errors, by a trading
//! name, a product, or a number.
//!
//! Every word of a supplier's names and products is known once, with the suppliers that have it. A
//! question's words are looked up exactly, then as beginnings, and only where that finds too little with
//! errors: words that share most of their three-letter pieces, held against each other letter by letter.
//!
//! What it costs: some 300 bytes a supplier. A question costs a walk over the suppliers that have its
//! words, over two arrays as long as there are suppliers; `make bench` says what that is for 50,000.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use proto::text::{TypedWord, search_words};
use rustc_hash::FxHashMap;

/// The most words of a question; the rest is left out.
const WORDS_MAX: usize = 8;
/// The most characters of a question.
pub const QUESTION_MAX_CHARS: usize = 120;
/// From how many characters on a beginning of a number is looked for.
const NUMBER_MIN_CHARS: usize = 4;
/// Words that say what form of company it is: they tell no one apart.
const FORMS: [&str; 6] = ["ltd", "limited", "plc", "llp", "inc", "company"];

/// How well a word fits. A typing error more is worth less.
const EXACT: u16 = 12;
const BEGINNING: u16 = 8;
const WITH_ERRORS: u16 = 5;

/// What is known of the names of suppliers, each under a number.
#[derive(Debug, Default)]
pub struct Names {
    words: Vec<Word>,
    by_text: BTreeMap<Box<str>, u32>,
    by_piece: FxHashMap<[u8; 3], Vec<u32>>,
    /// Numbers and codes, without anything but letters and digits.
    numbers: BTreeMap<Box<str>, BTreeSet<u32>>,
    of: Vec<Of>,
}

#[derive(Debug)]
struct Word {
    text: Box<str>,
    suppliers: Vec<u32>,
}

/// What stands in the index of one supplier.
#[derive(Debug, Default)]
struct Of {
    words: Vec<u32>,
    numbers: Vec<Box<str>>,
    /// How many words its legal name has: of two that fit alike the shorter name comes first.
    length: usize,
}

/// Letters and digits, in capitals.
fn compact(text: &str) -> Box<str> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>().into()
}

/// The words by which a name is found.
fn telling_words(text: &str) -> Vec<String> {
    let mut words = search_words(text);
    if words.iter().any(|word| !FORMS.contains(&word.as_str())) {
        words.retain(|word| !FORMS.contains(&word.as_str()));
    }
    words
}

/// The pieces of three bytes of a word, with a blank before it.
fn pieces(word: &str) -> Vec<[u8; 3]> {
    let padded = format!(" {word}");
    padded.as_bytes().windows(3).filter_map(|piece| piece.try_into().ok()).collect()
}

impl Names {
    /// Says by what a supplier is found from now on.
    pub fn set<'a>(
        &mut self,
        number: u32,
        legal_name: &str,
        other_names: impl Iterator<Item = &'a str>,
        numbers: impl Iterator<Item = &'a str>,
    ) {
        self.forget(number);
        let mut words: BTreeSet<String> = telling_words(legal_name).into_iter().collect();
        let length = words.len();
        words.extend(other_names.flat_map(telling_words));
        let words: Vec<u32> = words.iter().map(|word| self.word(word)).collect();
        for word in &words {
            if let Some(word) = self.words.get_mut(*word as usize) {
                let at = word.suppliers.partition_point(|other| *other < number);
                word.suppliers.insert(at, number);
            }
        }
        let numbers: Vec<Box<str>> = numbers.map(compact).filter(|number| !number.is_empty()).collect();
        for known in &numbers {
            self.numbers.entry(known.clone()).or_default().insert(number);
        }
        let index = number as usize;
        if self.of.len() <= index {
            self.of.resize_with(index + 1, Of::default);
        }
        if let Some(of) = self.of.get_mut(index) {
            *of = Of { words, numbers, length };
        }
    }

    fn forget(&mut self, number: u32) {
        let Some(of) = self.of.get_mut(number as usize).map(std::mem::take) else { return };
        for word in of.words {
            if let Some(word) = self.words.get_mut(word as usize) {
                word.suppliers.retain(|other| *other != number);
            }
        }
        for known in of.numbers {
            if let Some(suppliers) = self.numbers.get_mut(&known) {
                suppliers.remove(&number);
            }
        }
    }

    fn word(&mut self, text: &str) -> u32 {
        if let Some(number) = self.by_text.get(text) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(Word { text: text.into(), suppliers: Vec::new() });
        self.by_text.insert(text.into(), number);
        for piece in pieces(text) {
            let words = self.by_piece.entry(piece).or_default();
            if words.last() != Some(&number) {
                words.push(number);
            }
        }
        number
    }

    /// The suppliers that fit a question, best first: who has the very number, then who has all words of
    /// it.
    pub fn find(&self, question: &str, most: usize) -> Vec<u32> {
        let question: String = question.chars().take(QUESTION_MAX_CHARS).collect();
        let mut found = self.with_number(&question);
        let mut words = telling_words(&question);
        words.truncate(WORDS_MAX);
        if !words.is_empty() {
            let mut named = self.with_words(&words, Spelling::AsTyped);
            if named.len() < most {
                let known: BTreeSet<u32> = named.iter().copied().collect();
                named.extend(
                    self.with_words(&words, Spelling::WithErrors)
                        .into_iter()
                        .filter(|number| !known.contains(number)),
                );
            }
            let known: BTreeSet<u32> = found.iter().copied().collect();
            found.extend(named.into_iter().filter(|number| !known.contains(number)));
        }
        found.truncate(most);
        found
    }

    fn with_number(&self, question: &str) -> Vec<u32> {
        let wanted = compact(question);
        if wanted.chars().count() < NUMBER_MIN_CHARS {
            return self.numbers.get(&wanted).into_iter().flatten().copied().collect();
        }
        let begin_so =
            self.numbers.range(wanted.clone()..).take_while(|(known, _)| known.starts_with(&*wanted));
        let mut found = Vec::new();
        for number in begin_so.flat_map(|(_, suppliers)| suppliers) {
            if !found.contains(number) {
                found.push(*number);
            }
        }
        found
    }

    /// Who has all the words, best first.
    fn with_words(&self, words: &[String], spelling: Spelling) -> Vec<u32> {
        let mut has = vec![0u8; self.of.len()];
        let mut worth = vec![0u16; self.of.len()];
        let mut seen: Vec<u32> = Vec::new();
        for (earlier, word) in words.iter().enumerate() {
            let mut of_this: Vec<(u32, u16)> = Vec::new();
            for (number, fit) in self.like(word, spelling) {
                let Some(word) = self.words.get(number as usize) else { continue };
                of_this.extend(word.suppliers.iter().map(|supplier| (*supplier, fit)));
            }
            for (supplier, fit) in of_this {
                let (Some(has), Some(worth)) =
                    (has.get_mut(supplier as usize), worth.get_mut(supplier as usize))
                else {
                    continue;
                };
                // The words come best fit first: what has this one already has it at its best.
                if usize::from(*has) == earlier {
                    *has += 1;
                    *worth += fit;
                    if earlier == 0 {
                        seen.push(supplier);
                    }
                }
            }
        }
        seen.retain(|supplier| {
            has.get(*supplier as usize).is_some_and(|has| usize::from(*has) == words.len())
        });
        seen.sort_by_key(|supplier| {
            let length = self.of.get(*supplier as usize).map_or(0, |of| of.length);
            (Reverse(worth.get(*supplier as usize).copied()), length, *supplier)
        });
        seen
    }

    /// The known words that a typed one may stand for, best fit first.
    fn like(&self, typed: &str, spelling: Spelling) -> Vec<(u32, u16)> {
        let begin_so = self
            .by_text
            .range::<str, _>((Bound::Included(typed), Bound::Unbounded))
            .take_while(|(text, _)| text.starts_with(typed))
            .map(|(text, number)| (*number, if &**text == typed { EXACT } else { BEGINNING }));
        let mut like: Vec<(u32, u16)> = begin_so.collect();
        if spelling == Spelling::WithErrors {
            like.extend(self.misspelt(typed));
        }
        like.sort_by_key(|(number, fit)| (Reverse(*fit), *number));
        like
    }

    fn misspelt(&self, typed: &str) -> Vec<(u32, u16)> {
        let word = TypedWord::new(typed);
        let allowed = word.errors_allowed();
        if allowed == 0 {
            return Vec::new();
        }
        let pieces = pieces(typed);
        // An error touches three pieces, two letters that changed places touch four.
        match pieces.len().saturating_sub(4 * allowed) {
            // A short word may share no piece with what was meant: `brich` and `birch`.
            0 => {
                (0..).zip(&self.words).filter_map(|(number, known)| misspelt(&word, number, known)).collect()
            }
            needed => self
                .sharing_pieces(&pieces, needed)
                .filter_map(|number| misspelt(&word, number, self.words.get(number as usize)?))
                .collect(),
        }
    }

    fn sharing_pieces(&self, pieces: &[[u8; 3]], needed: usize) -> impl Iterator<Item = u32> {
        let mut shared: FxHashMap<u32, usize> = FxHashMap::default();
        for piece in pieces {
            for word in self.by_piece.get(piece).into_iter().flatten() {
                *shared.entry(*word).or_default() += 1;
            }
        }
        shared.into_iter().filter(move |(_, shared)| *shared >= needed).map(|(word, _)| word)
    }

    /// How many suppliers there are.
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

/// The number of a word that was meant by a misspelt one, and how well it fits.
fn misspelt(typed: &TypedWord<'_>, number: u32, known: &Word) -> Option<(u32, u16)> {
    let errors = typed.errors_from(&known.text).filter(|errors| *errors > 0)?;
    Some((number, WITH_ERRORS.saturating_sub(errors as u16)))
}

/// Whether typing errors are forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    AsTyped,
    WithErrors,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        let known: [(&str, &[&str], &[&str]); 6] = [
            ("EMIS Health", &["Egton", "Emis Web GP"], &["00001234"]),
            ("TPP-UK - The Phoenix Partnership Ltd", &["TPP", "SystmOne GP"], &["02491235"]),
            ("AccuRx Limited", &["Chain SMS"], &["8JT63", "IASME-CEP-001234"]),
            ("Vision Healthcare Limited", &[], &[]),
            ("Visionary Health Limited", &[], &[]),
            ("Limited", &[], &[]),
        ];
        for (number, (legal, others, numbers)) in known.into_iter().enumerate() {
            names.set(number as u32, legal, others.iter().copied(), numbers.iter().copied());
        }
        names
    }

    #[track_caller]
    fn check(question: &str, expected: &[u32]) {
        assert_eq!(names().find(question, 10), expected, "{question}");
    }

    #[test]
    fn a_name_is_found_by_any_of_its_words_and_their_beginnings() {
        check("emis", &[0]);
        check("EMIS HEALTH LTD", &[0]);
        check("phoen", &[1]);
        check("partnership phoenix", &[1]);
        check("systmone", &[1]);
        check("accurx ltd", &[2]);
        check("vision health", &[3, 4]);
        check("limited", &[5]);
        check("", &[]);
        check("–", &[]);
        check("nobody", &[]);
    }

    #[test]
    fn typing_errors_are_forgiven_where_the_word_is_long_enough() {
        check("acurx", &[2]);
        check("accrux", &[2]);
        check("pheonix partnershp", &[1]);
        check("systemone", &[1]);
        check("tpq", &[]);
        check("eims", &[0]);
        check("émis", &[0]);
    }

    #[test]
    fn numbers_are_found_whole_and_by_their_beginning_however_they_are_written() {
        check("0249 1235", &[1]);
        check("iasme-cep-001234", &[2]);
        check("IASMECEP0012", &[2]);
        check("8jt63", &[2]);
    }

    #[test]
    fn a_supplier_is_found_by_what_it_is_called_now() {
        let mut names = names();
        names.set(0, "Optum Health Solutions", std::iter::empty(), std::iter::empty());
        assert_eq!(names.find("emis", 10), [0u32; 0]);
        assert_eq!(names.find("00001234", 10), [0u32; 0]);
        assert_eq!(names.find("optum", 10), [0]);
    }
}
