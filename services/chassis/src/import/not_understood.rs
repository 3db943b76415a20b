//! Texts of a file that are kept as received and not understood.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

/// The most texts that are listed one by one; rows that carry others are counted.
pub const TEXTS_MAX: usize = 100;

/// A text that is not understood, and how many rows carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TextCount {
    /// The text as received.
    pub text: String,
    /// Rows that carry it.
    pub rows: u64,
}

/// The most frequent texts, at most [`TEXTS_MAX`], the most frequent first.
pub fn most_frequent(rows: &BTreeMap<String, u64>) -> Vec<TextCount> {
    let of = |(text, rows): (&String, &u64)| TextCount { text: text.clone(), rows: *rows };
    let mut counts: Vec<TextCount> = rows.iter().map(of).collect();
    // Stable: equally frequent ones in the order of their letters.
    counts.sort_by_key(|count| Reverse(count.rows));
    counts.truncate(TEXTS_MAX);
    counts
}

/// The texts of one file.
#[derive(Debug, Default)]
pub(super) struct Texts {
    rows: BTreeMap<String, u64>,
    total: u64,
}

impl Texts {
    /// Counts a row that carries a text; of more than [`TEXTS_MAX`] texts only the rows.
    pub fn count(&mut self, text: &str) {
        self.total += 1;
        if let Some(rows) = self.rows.get_mut(text) {
            *rows += 1;
        } else if self.rows.len() < TEXTS_MAX {
            self.rows.insert(text.to_owned(), 1);
        }
    }

    /// The texts, the most frequent first.
    pub fn listed(&self) -> Vec<TextCount> {
        most_frequent(&self.rows)
    }

    /// Rows that carry a text that is not understood.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_listed_by_how_often_they_stand_there_and_the_rest_is_counted() {
        let mut texts = Texts::default();
        for text in ["Assured", "Baseline", "Baseline"] {
            texts.count(text);
        }
        for number in 0..TEXTS_MAX {
            texts.count(&format!("Text {number}"));
        }
        let listed = texts.listed();
        assert_eq!(listed.first(), Some(&TextCount { text: "Baseline".to_owned(), rows: 2 }));
        assert_eq!(listed.get(1), Some(&TextCount { text: "Assured".to_owned(), rows: 1 }));
        assert_eq!((listed.len(), texts.total()), (TEXTS_MAX, 103));
    }
}
