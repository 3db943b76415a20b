//! What is recorded of a national file as a whole: that it was read to its end, and that it was withdrawn.
//!
//! The rows of a file are events of their own where they say something new, each with the id of its import as
//! its correlation id. That a file was read, and which organisations it shows as before, is said once, at its
//! end: without it no one could tell an organisation that a file shows unchanged from one that it leaves out.
//!
//! Where people record what files tell, too, the import says that it begins before its first row, so that its rows are
//! told from what was recorded by hand even where it came to a halt.
//!
//! Each service that reads files writes these under types of its own, on the subject of the import.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{
    codes::{CodeError, OdsCode},
    day::Day,
    envelope::Position,
    subject::AggregateId,
};

/// The first part of the aggregate id of an import.
pub const IMPORT: &str = "import";

/// The aggregate of an import: its events stand on `oversight.<service>.import_<id>`.
pub fn import_aggregate(import: Uuid) -> Result<AggregateId, CodeError> {
    AggregateId::of(&[IMPORT, &import.to_string()])
}

/// An import is about to record its first row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportBegun {
    /// The import; the events of its rows have it as their correlation id.
    pub import: Uuid,
    /// What sort of file, as on the command line.
    pub kind: String,
    /// The date of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Day>,
}

/// A file was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileImported {
    /// The import; the events of its rows have it as their correlation id.
    pub import: Uuid,
    /// What sort of file, as on the command line: `practices`, `results`.
    pub kind: String,
    /// The date of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Day>,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Rows in the file.
    pub rows: u64,
    /// Rows that led to an event.
    pub recorded: u64,
    /// Rows passed over, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, u64>,
    /// Rows that were not accepted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// The organisations whose row said what was in force already on the date of the file, and so led to no event.
    #[serde(default, skip_serializing_if = "CodeList::is_empty")]
    pub unchanged: CodeList,
    /// The organisations whose row was not accepted: the file has them, and what it says of them is not known.
    #[serde(default, skip_serializing_if = "CodeList::is_empty")]
    pub unread: CodeList,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An import was withdrawn: figures are as if it had not been, from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportWithdrawn {
    /// The import.
    pub import: Uuid,
    /// Why.
    pub reason: String,
}

/// The imports that were withdrawn, each with the position of the event that says so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Withdrawn(BTreeMap<Uuid, Position>);

impl Withdrawn {
    /// None.
    pub const NONE: Withdrawn = Withdrawn(BTreeMap::new());

    /// Notes that an import was withdrawn.
    pub fn note(&mut self, import: Uuid, position: Position) {
        self.0.entry(import).or_insert(position);
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what came with an import counts, by what is recorded up to a position. What came with none does.
    pub fn stands(&self, import: Option<Uuid>, upto: Position) -> bool {
        import.and_then(|import| self.0.get(&import)).is_none_or(|withdrawn| *withdrawn > upto)
    }
}

/// A row of a file, of one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<T> {
    /// The date of the file.
    pub as_of: Day,
    /// The event that says so.
    pub position: Position,
    /// The import it came with.
    pub import: Option<Uuid>,
    /// What it says.
    pub value: T,
    /// Whether it says what was in force already, and so led to no event of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
}

/// What files showed of one organisation, in the order in which it was recorded.
///
/// A row that says what is in force already, by the files up to its date, leads to no event. At the end of the import
/// it is said of which organisations that holds, and [`Rows::confirm`] puts such a row in its place: so that what a
/// later file said stays when the earlier one is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rows<T>(Vec<Row<T>>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Rows<T> {
    /// Notes a row.
    pub fn note(&mut self, row: Row<T>) {
        self.0.push(row);
    }

    /// All rows, to be changed in their places.
    pub fn all_mut(&mut self) -> &mut [Row<T>] {
        &mut self.0
    }

    /// All rows, in the order in which they were recorded.
    pub fn all(&self) -> &[Row<T>] {
        &self.0
    }

    /// The rows that count, by what is recorded up to a position.
    pub fn standing<'a>(
        &'a self,
        withdrawn: &'a Withdrawn,
        upto: Position,
    ) -> impl DoubleEndedIterator<Item = &'a Row<T>> + Clone + 'a {
        self.0.iter().filter(move |row| row.position <= upto && withdrawn.stands(row.import, upto))
    }

    /// What was in force on the date of a file, by the files up to it. Of rows of one date the last recorded counts.
    pub fn in_force(&self, as_of: Day, withdrawn: &Withdrawn, upto: Position) -> Option<&Row<T>> {
        // Of equal maxima the last is taken.
        let stands = |row: &&Row<T>| row.position <= upto && withdrawn.stands(row.import, upto);
        self.0.iter().filter(stands).filter(|row| row.as_of <= as_of).max_by_key(|row| row.as_of)
    }
}

impl<T: Clone> Rows<T> {
    /// Notes that a file showed what was in force on its date.
    pub fn confirm(&mut self, as_of: Day, position: Position, import: Uuid, withdrawn: &Withdrawn) {
        let Some(value) = self.in_force(as_of, withdrawn, position).map(|row| row.value.clone()) else {
            return;
        };
        self.0.push(Row { as_of, position, import: Some(import), value, confirmed: true });
    }
}

impl<T: Clone + PartialEq> Rows<T> {
    /// Notes that a file showed again all that the files up to its date had shown: of things of which a file tells
    /// several, each once.
    pub fn confirm_all(&mut self, as_of: Day, position: Position, import: Uuid, withdrawn: &Withdrawn) {
        let mut standing: Vec<&Row<T>> =
            self.standing(withdrawn, position).filter(|row| row.as_of <= as_of).collect();
        standing.sort_by_key(|row| (row.as_of, row.position));
        let mut values: Vec<T> = Vec::with_capacity(standing.len());
        for row in standing {
            // What was said last stays last.
            values.retain(|value| *value != row.value);
            values.push(row.value.clone());
        }
        let confirmed = |value| Row { as_of, position, import: Some(import), value, confirmed: true };
        self.0.extend(values.into_iter().map(confirmed));
    }
}

/// Codes of organisations, written as one string with blanks between: of a register some fifty thousand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeList(Vec<OdsCode>);

impl CodeList {
    /// These codes, in order and each once.
    pub fn of(codes: impl IntoIterator<Item = OdsCode>) -> Self {
        let mut codes: Vec<OdsCode> = codes.into_iter().collect();
        codes.sort_unstable();
        codes.dedup();
        Self(codes)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a code is one of them.
    pub fn has(&self, code: OdsCode) -> bool {
        self.0.binary_search(&code).is_ok()
    }

    /// The codes, in order.
    pub fn codes(&self) -> &[OdsCode] {
        &self.0
    }
}

impl fmt::Display for CodeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            code.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for CodeList {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let codes: Result<Vec<OdsCode>, CodeError> = text.split_ascii_whitespace().map(str::parse).collect();
        Ok(Self::of(codes?))
    }
}

impl Serialize for CodeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn row(as_of: &str, position: u64, import: u128, value: &'static str) -> Row<&'static str> {
        let (as_of, position, import) = (day(as_of), Position(position), Some(Uuid::from_u128(import)));
        Row { as_of, position, import, value, confirmed: false }
    }

    fn in_force(
        rows: &Rows<&'static str>,
        at: &str,
        withdrawn: &Withdrawn,
        upto: u64,
    ) -> Option<&'static str> {
        rows.in_force(day(at), withdrawn, Position(upto)).map(|row| row.value)
    }

    #[test]
    fn in_force_is_what_the_last_file_up_to_the_day_showed_whatever_the_order_of_import() {
        let mut rows = Rows::default();
        rows.note(row("2022-09-09", 1, 1, "late"));
        rows.note(row("2019-06-17", 2, 2, "early"));
        let none = Withdrawn::NONE;
        assert_eq!(in_force(&rows, "2019-06-16", &none, 9), None);
        assert_eq!(in_force(&rows, "2021-01-01", &none, 9), Some("early"));
        assert_eq!(in_force(&rows, "2021-01-01", &none, 1), None);
        assert_eq!(in_force(&rows, "2023-01-01", &none, 9), Some("late"));
    }

    #[test]
    fn what_a_later_file_confirmed_outlives_the_withdrawal_of_the_earlier() {
        let mut rows = Rows::default();
        let mut withdrawn = Withdrawn::default();
        rows.note(row("2019-06-17", 1, 1, "met"));
        rows.confirm(day("2019-07-17"), Position(2), Uuid::from_u128(2), &withdrawn);
        withdrawn.note(Uuid::from_u128(1), Position(3));
        assert_eq!(in_force(&rows, "2019-06-30", &withdrawn, 3), None);
        assert_eq!(
            in_force(&rows, "2019-06-30", &withdrawn, 2),
            Some("met"),
            "as known before it was withdrawn"
        );
        assert_eq!(in_force(&rows, "2019-07-17", &withdrawn, 3), Some("met"));
    }

    #[test]
    fn a_list_of_codes_is_one_string_in_order_without_repeats() {
        let list: CodeList = "B81002 A81001 B81002".parse().unwrap();
        let text = serde_json::to_string(&list).unwrap();
        assert_eq!(text, "\"A81001 B81002\"");
        assert_eq!(serde_json::from_str::<CodeList>(&text).unwrap(), list);
        assert!("".parse::<CodeList>().unwrap().is_empty());
        assert!("A81001 x!".parse::<CodeList>().is_err());
    }
}
