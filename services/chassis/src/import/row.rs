//! One row, with its values by column.

use std::{borrow::Cow, str::FromStr, sync::Arc};

use proto::{
    Day,
    codes::CodeError,
    text::{Invisible, SpreadsheetChange},
};
use sha2::{Digest, Sha256};

use super::{columns::Resolved, report::RowProblem, rows::RawRow};

/// A row of a file whose columns are known.
#[derive(Debug, Clone)]
pub struct Row {
    raw: RawRow,
    columns: Arc<Resolved>,
}

impl Row {
    pub(super) fn new(raw: RawRow, columns: Arc<Resolved>) -> Self {
        Self { raw, columns }
    }

    /// The line of the file it begins on.
    pub fn line(&self) -> u64 {
        self.raw.line
    }

    /// How many values it has.
    pub fn width(&self) -> usize {
        self.raw.width()
    }

    /// The value of a column without the blanks around it; empty where an optional column is not
    /// in the file.
    pub fn get(&self, column: usize) -> &str {
        self.columns.place(column).and_then(|place| self.raw.get(place)).unwrap_or_default().trim()
    }

    /// The value of a column, runs of blanks within it drawn together.
    pub fn tidy(&self, column: usize) -> String {
        tidy(self.get(column)).into_owned()
    }

    /// The first character that did not show and was taken out of the row.
    pub(super) fn removed(&self) -> Option<Invisible> {
        self.raw.removed()
    }

    /// Rejects the row where the code in a column is not the one that was published: a spreadsheet made
    /// something else of it. Characters that do not show are out of it by now, and leave the code as it was.
    pub fn intact_code(&self, column: usize) -> Result<(), RowProblem> {
        match SpreadsheetChange::of(self.get(column)) {
            Some(change) => Err(self.wrong(column, change.to_string())),
            None => Ok(()),
        }
    }

    /// The value of a column as a code or number.
    pub fn parse<T: FromStr<Err = CodeError>>(&self, column: usize) -> Result<T, RowProblem> {
        self.intact_code(column)?;
        self.get(column).parse().map_err(|error: CodeError| self.wrong(column, error.to_string()))
    }

    /// The value of a column as a code or number, none where it is blank.
    pub fn parse_optional<T: FromStr<Err = CodeError>>(
        &self,
        column: usize,
    ) -> Result<Option<T>, RowProblem> {
        if self.get(column).is_empty() { Ok(None) } else { self.parse(column).map(Some) }
    }

    /// The value of a column as a date, in any of the ways national files write it; none where it
    /// is blank.
    pub fn day(&self, column: usize) -> Result<Option<Day>, RowProblem> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        Day::parse_any(text).map(Some).map_err(|error| self.wrong(column, error.to_string()))
    }

    /// The value of a column as a date, or the words that stand in its place, such as `Pending`. A text with digits
    /// was meant for a date.
    pub fn day_or_words(&self, column: usize) -> Result<(Option<Day>, Option<String>), RowProblem> {
        let text = self.tidy(column);
        if text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_numeric) {
            return Ok((None, Some(text)));
        }
        Ok((self.day(column)?, None))
    }

    /// What a column is called.
    pub fn name_of(&self, column: usize) -> String {
        self.columns.name(column).into()
    }

    /// Rejects the row for the value of a column.
    pub fn wrong(&self, column: usize, detail: impl Into<String>) -> RowProblem {
        RowProblem::of_value(self.line(), self.columns.name(column), self.get(column), detail)
    }

    /// Rejects the row as a whole.
    pub fn reject(&self, detail: impl ToString) -> RowProblem {
        RowProblem::of_row(self.line(), detail.to_string())
    }

    /// The number of the row within a command id: of its line and all it says, so that a request
    /// repeated under the same id repeats its commands, and another file under the same id does not.
    pub(super) fn part(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.line().to_be_bytes());
        self.raw.hash_into(&mut hash);
        let digest: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_be_bytes(first)
    }
}

/// The text without blanks around it and with every run of blanks within drawn together.
pub fn tidy(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let mut after_blank = false;
    let untidy = trimmed.chars().any(|c| {
        let blank = c.is_whitespace();
        let untidy = blank && (after_blank || c != ' ');
        after_blank = blank;
        untidy
    });
    if untidy {
        Cow::Owned(trimmed.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn runs_of_blanks_are_drawn_together() {
        assert_eq!(tidy("  THE  DENSHAM\tSURGERY \u{a0}"), "THE DENSHAM SURGERY");
        assert_eq!(tidy("a b"), "a b");
        assert_eq!(tidy(" "), "");
    }
}
