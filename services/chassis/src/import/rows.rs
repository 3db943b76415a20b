//! From chunks of bytes to records, with constant memory whatever the file holds.

use std::{collections::VecDeque, ops::RangeInclusive};

use bytes::{Buf, Bytes};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;
use proto::text::{Invisible, without_invisible};
use sha2::{Digest, Sha256};

use super::{
    columns::span,
    report::RowProblem,
    text::{self, FileFault, Text},
};

/// The most bytes of one record as it stands in the file. A longer one is skipped.
pub const RECORD_MAX_BYTES: usize = 64 * 1024;

/// The most columns of a record.
const COLUMNS_MAX: usize = 1024;

/// How often a record that ran over several lines is read again from its second line. A quotation
/// mark that is never closed thus costs its own line only; beyond this many, a file made to be
/// slow costs what lies within one record more each time.
const REREADS_MAX: u32 = 1000;

/// The values of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// The line of the file it begins on, from 1.
    pub line: u64,
    text: String,
    ends: Box<[u32]>,
    /// The first character that did not show. All of them are taken out of the text.
    removed: Option<Invisible>,
}

impl RawRow {
    /// How many values.
    pub fn width(&self) -> usize {
        self.ends.len()
    }

    /// A value, as it stands in the file.
    pub fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start as usize..end as usize)
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        (0..self.width()).filter_map(|place| self.get(place))
    }

    /// The first character that did not show and was taken out of the row.
    pub fn removed(&self) -> Option<Invisible> {
        self.removed
    }

    fn without_invisible(self) -> Self {
        let removed = Invisible::first_in(&self.text);
        if removed.is_none() {
            return self;
        }
        let mut text = String::with_capacity(self.text.len());
        let ends = self
            .values()
            .map(|value| {
                text.push_str(&without_invisible(value));
                text.len() as u32
            })
            .collect();
        Self { line: self.line, text, ends, removed }
    }

    fn is_blank(&self) -> bool {
        // A lone ctrl-Z ends files from very old systems.
        self.text.chars().all(|c| c.is_whitespace() || c == '\u{1a}')
    }

    pub(super) fn hash_into(&self, hash: &mut Sha256) {
        for end in &self.ends {
            hash.update(end.to_be_bytes());
        }
        hash.update(self.text.as_bytes());
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Row(RawRow),
    /// One that cannot be read; the next ones can.
    Bad(RowProblem),
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A record, or why not.
    Item(Item),
    /// More of the file is needed: [`RowReader::push`], or [`RowReader::finish`] at its end.
    More,
    /// Nothing.
    End,
}

/// Reads records out of chunks pushed into it.
pub struct RowReader {
    text: Text,
    input: VecDeque<Bytes>,
    ended: bool,
    delimiter: Option<u8>,
    csv: Reader,
    /// The record so far, as it stands in the file.
    raw: Vec<u8>,
    values: Box<[u8]>,
    values_bytes: usize,
    ends: Box<[usize]>,
    columns: usize,
    /// The line of the next byte.
    line: u64,
    after_return: bool,
    record_line: u64,
    skipping_line: bool,
    rereads: u32,
    /// How many columns a row of the file has, blank ones that a spreadsheet dropped included.
    widths: RangeInclusive<usize>,
    /// The fewest columns a row may have: the others at the end were blank, and dropped.
    fewest: usize,
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Default for RowReader {
    fn default() -> Self {
        Self::new()
    }
}

fn csv_reader(delimiter: u8) -> Reader {
    let mut csv = ReaderBuilder::new().delimiter(delimiter).build();
    // Its own look for a byte order mark depends on how the file is split; ours does not. A blank
    // line is nothing to it, and makes it think that the start is past.
    let _ = csv.read_record(b"\n", &mut [0; 1], &mut [0; 1]);
    csv
}

impl RowReader {
    /// At the start of a file.
    pub fn new() -> Self {
        Self {
            text: Text::new(),
            input: VecDeque::new(),
            ended: false,
            delimiter: None,
            csv: csv_reader(b','),
            raw: Vec::new(),
            values: vec![0; RECORD_MAX_BYTES + 1].into_boxed_slice(),
            values_bytes: 0,
            ends: vec![0; COLUMNS_MAX].into_boxed_slice(),
            columns: 0,
            line: 1,
            after_return: false,
            record_line: 1,
            skipping_line: false,
            rereads: 0,
            widths: 1..=COLUMNS_MAX,
            fewest: 1,
        }
    }

    /// From here on a record must have this many columns; blank ones too many at the end do no harm.
    pub fn expect_widths(&mut self, widths: RangeInclusive<usize>) {
        self.fewest = *widths.start();
        self.widths = widths;
    }

    /// Allows rows with fewer columns, down to this many: a spreadsheet drops blank ones at the end.
    pub fn allow_dropped(&mut self, fewest: usize) {
        self.fewest = fewest.min(*self.widths.start());
    }

    /// Takes more of the file.
    pub fn push(&mut self, chunk: Bytes) -> Result<(), FileFault> {
        let bytes = self.text.push(chunk)?;
        self.take(bytes);
        Ok(())
    }

    /// The file has ended.
    pub fn finish(&mut self) -> Result<(), FileFault> {
        let bytes = self.text.finish()?;
        self.take(bytes);
        self.ended = true;
        Ok(())
    }

    fn take(&mut self, mut bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        if self.delimiter.is_none() {
            let text::Separation { delimiter, declared_bytes } = text::separation(&bytes);
            self.delimiter = Some(delimiter);
            self.csv = csv_reader(delimiter);
            bytes.advance(declared_bytes);
        }
        self.input.push_back(bytes);
    }

    /// The next record, if the file so far holds one.
    #[expect(clippy::should_implement_trait, reason = "an end may be followed by more: not an iterator")]
    pub fn next(&mut self) -> Next {
        loop {
            if self.input.front().is_some_and(Bytes::is_empty) {
                self.input.pop_front();
                continue;
            }
            if self.input.is_empty() {
                if !self.ended {
                    return Next::More;
                }
                match self.at_the_end() {
                    Some(item) => return Next::Item(item),
                    // What was read may have been put back, to be read again.
                    None if self.input.is_empty() && self.raw.is_empty() => return Next::End,
                    None => continue,
                }
            }
            if self.skipping_line {
                self.skip();
                continue;
            }
            if self.raw.is_empty() && self.skip_line_ends() {
                continue;
            }
            if let Some(item) = self.read() {
                return Next::Item(item);
            }
        }
    }

    /// Reads on in the front chunk, which is not empty.
    fn read(&mut self) -> Option<Item> {
        let chunk = self.input.front_mut()?;
        let room = RECORD_MAX_BYTES - self.raw.len();
        if room == 0 {
            return Some(self.too_long());
        }
        let part = chunk.get(..room).unwrap_or(chunk);
        let (result, read, values, ends) = self.csv.read_record(
            part,
            self.values.get_mut(self.values_bytes..)?,
            self.ends.get_mut(self.columns..)?,
        );
        let eaten = part.get(..read).unwrap_or_default();
        self.raw.extend_from_slice(eaten);
        count_lines(eaten, &mut self.line, &mut self.after_return);
        chunk.advance(read);
        self.values_bytes += values;
        self.columns += ends;
        match result {
            ReadRecordResult::InputEmpty | ReadRecordResult::End => None,
            ReadRecordResult::Record => self.complete(LineEnd::There),
            ReadRecordResult::OutputEndsFull => {
                let problem = format!("the row has more than {COLUMNS_MAX} columns and is skipped");
                Some(self.give_up(problem))
            }
            ReadRecordResult::OutputFull => Some(self.too_long()),
        }
    }

    /// The file has ended; a record may have begun.
    fn at_the_end(&mut self) -> Option<Item> {
        if self.raw.is_empty() {
            return None;
        }
        let (result, _, values, ends) = self.csv.read_record(
            b"\n",
            self.values.get_mut(self.values_bytes..)?,
            self.ends.get_mut(self.columns..)?,
        );
        self.values_bytes += values;
        self.columns += ends;
        match result {
            ReadRecordResult::Record => self.complete(LineEnd::Missing),
            _ => Some(self.give_up(
                "the file ends within this row: a quotation mark is opened and never closed".to_owned(),
            )),
        }
    }

    /// A record is whole.
    fn complete(&mut self, line_end: LineEnd) -> Option<Item> {
        let mut row = self.row();
        if row.is_blank() {
            self.begin();
            return None;
        }
        let most = *self.widths.end();
        if row.width() > most
            && (most..row.width()).all(|place| row.get(place).is_none_or(|v| v.trim().is_empty()))
        {
            row.ends = row.ends.iter().copied().take(most).collect();
        }
        // Where the file ends without a line end it may end within the row.
        let fewest = if line_end == LineEnd::Missing { *self.widths.start() } else { self.fewest };
        if !(fewest..=most).contains(&row.width()) {
            let found = row.width();
            let expected = span(&self.widths);
            let detail = match line_end {
                LineEnd::Missing if found < *self.widths.start() => {
                    format!("the file ends in the middle of this row: it has {found} columns of {expected}")
                }
                _ => format!("the row has {found} columns; {expected} are expected"),
            };
            return Some(self.give_up(detail));
        }
        let item = if row.text.contains('\0') {
            Item::Bad(RowProblem::of_row(row.line, "the row contains a zero byte"))
        } else {
            Item::Row(row.without_invisible())
        };
        self.begin();
        Some(item)
    }

    fn row(&self) -> RawRow {
        let bytes = self.values.get(..self.values_bytes).unwrap_or_default();
        let ends = self.ends.get(..self.columns).unwrap_or_default();
        let fields = || {
            let starts = std::iter::once(0).chain(ends.iter().copied());
            starts.zip(ends).map(|(start, end)| bytes.get(start..*end).unwrap_or_default())
        };
        // Not the whole at once: halves of a character either side of a comma are not one.
        if bytes.is_ascii() || fields().all(|field| std::str::from_utf8(field).is_ok()) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            return RawRow {
                line: self.record_line,
                text,
                ends: ends.iter().map(|end| *end as u32).collect(),
                removed: None,
            };
        }
        let mut text = String::with_capacity(bytes.len() * 2);
        let ends = fields()
            .map(|field| {
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(field).0);
                text.len() as u32
            })
            .collect();
        RawRow { line: self.record_line, text, ends, removed: None }
    }

    fn too_long(&mut self) -> Item {
        self.give_up(format!(
            "the row is longer than {RECORD_MAX_BYTES} bytes and is skipped; perhaps a quotation mark in it is not closed"
        ))
    }

    /// Gives the record up, and goes on with the next line of the file, not of what the record took
    /// to be its text: a quotation mark left open swallows lines that are rows of their own.
    fn give_up(&mut self, detail: String) -> Item {
        let problem = RowProblem::of_row(self.record_line, detail);
        let ends_with_line = matches!(self.raw.last(), Some(b'\n' | b'\r'));
        let raw = std::mem::take(&mut self.raw);
        let first_line_end = memchr::memchr2(b'\n', b'\r', &raw).map(|at| match raw.get(at..at + 2) {
            Some(b"\r\n") => at + 2,
            _ => at + 1,
        });
        match first_line_end {
            Some(next) if next < raw.len() && self.rereads < REREADS_MAX => {
                self.rereads += 1;
                self.line = self.record_line + 1;
                self.after_return = raw.get(next - 1) == Some(&b'\r');
                self.input.push_front(Bytes::from(raw).slice(next..));
            }
            _ => self.skipping_line = !ends_with_line,
        }
        self.begin();
        self.csv = csv_reader(self.delimiter.unwrap_or(b','));
        Item::Bad(problem)
    }

    fn begin(&mut self) {
        self.raw.clear();
        self.values_bytes = 0;
        self.columns = 0;
    }

    /// Drops what is left of a line.
    fn skip(&mut self) {
        let Some(chunk) = self.input.front_mut() else { return };
        let drop = memchr::memchr2(b'\n', b'\r', chunk).map_or(chunk.len(), |at| at + 1);
        self.skipping_line = !matches!(chunk.get(drop - 1), Some(b'\n' | b'\r'));
        count_lines(chunk.get(..drop).unwrap_or_default(), &mut self.line, &mut self.after_return);
        chunk.advance(drop);
    }

    /// Drops line ends before a record; whether there were any.
    fn skip_line_ends(&mut self) -> bool {
        let Some(chunk) = self.input.front_mut() else { return false };
        let count = chunk.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        count_lines(chunk.get(..count).unwrap_or_default(), &mut self.line, &mut self.after_return);
        chunk.advance(count);
        self.record_line = self.line;
        count > 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    There,
    Missing,
}

/// A line ends with `\n`, `\r\n` or `\r`.
fn count_lines(bytes: &[u8], line: &mut u64, after_return: &mut bool) {
    let Some(last) = bytes.last() else { return };
    let mut before = None;
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        let closes_return = bytes.get(at) == Some(&b'\n')
            && if at == 0 {
                *after_return
            } else {
                before == Some(at - 1) && bytes.get(at - 1) == Some(&b'\r')
            };
        if !closes_return {
            *line += 1;
        }
        before = Some(at);
    }
    *after_return = *last == b'\r';
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
