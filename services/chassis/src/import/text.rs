//! What the bytes of a file are, from its first few.

use bytes::{Bytes, BytesMut};
use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};

/// How many bytes are looked at before the first row is read.
const SNIFF_BYTES: usize = 4096;

/// Why a whole file is refused, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Not text.
    #[error("this is an Excel workbook or another binary file ({found}); save it as CSV and import that")]
    Binary {
        /// What its first bytes show.
        found: &'static str,
    },
    /// A zip archive that is not one CSV file.
    #[error(
        "this zip archive is not taken: {found}. Put one CSV file in it, without folders and without a password, or give the CSV file itself"
    )]
    Zip {
        /// What was found.
        found: String,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not the expected layout.
    #[error("this is not a file of the expected layout: {found}. Accepted: {accepted}")]
    Layout {
        /// What was found.
        found: String,
        /// What is accepted.
        accepted: String,
    },
}

/// Turns the bytes of a file into bytes that are UTF-8 or of a single-byte encoding.
pub(super) struct Text(State);

enum State {
    Sniffing(BytesMut),
    Bytes,
    Utf16(Box<Decoder>),
}

/// First bytes that no text file has.
const MAGIC: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", "a zip archive, as .xlsx files are"),
    (b"\xD0\xCF\x11\xE0", "an old .xls workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
];

impl Text {
    pub(super) fn new() -> Self {
        Self(State::Sniffing(BytesMut::new()))
    }

    /// Takes more of the file; gives what can be read on so far, possibly nothing.
    pub(super) fn push(&mut self, chunk: Bytes) -> Result<Bytes, FileFault> {
        match &mut self.0 {
            State::Bytes => Ok(chunk),
            State::Utf16(decoder) => Ok(decode(decoder, &chunk, false)),
            State::Sniffing(first) => {
                first.extend_from_slice(&chunk);
                if first.len() < SNIFF_BYTES {
                    return Ok(Bytes::new());
                }
                let first = first.split().freeze();
                self.recognise(first)
            }
        }
    }

    /// The file has ended.
    pub(super) fn finish(&mut self) -> Result<Bytes, FileFault> {
        let mut rest = Bytes::new();
        if let State::Sniffing(first) = &mut self.0 {
            let first = first.split().freeze();
            rest = self.recognise(first)?;
        }
        match &mut self.0 {
            State::Utf16(decoder) => {
                let last = decode(decoder, &[], true);
                Ok([rest, last].concat().into())
            }
            _ => Ok(rest),
        }
    }

    fn recognise(&mut self, first: Bytes) -> Result<Bytes, FileFault> {
        if let Some((_, found)) = MAGIC.iter().find(|(magic, _)| first.starts_with(magic)) {
            return Err(FileFault::Binary { found });
        }
        let utf16 = match first.as_ref() {
            [0xFF, 0xFE, ..] => Some(UTF_16LE),
            [0xFE, 0xFF, ..] => Some(UTF_16BE),
            _ => None,
        };
        if let Some(encoding) = utf16 {
            let mut decoder = Box::new(encoding.new_decoder_with_bom_removal());
            let text = decode(&mut decoder, &first, false);
            self.0 = State::Utf16(decoder);
            return Ok(text);
        }
        if memchr::memchr(0, first.get(..SNIFF_BYTES).unwrap_or(&first)).is_some() {
            return Err(FileFault::Binary { found: "it contains zero bytes" });
        }
        self.0 = State::Bytes;
        Ok(match first.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) => first.slice_ref(rest),
            None => first,
        })
    }
}

fn decode(decoder: &mut Decoder, bytes: &[u8], last: bool) -> Bytes {
    let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len().saturating_mul(3));
    let mut text = String::with_capacity(room);
    // The room suffices for all of it, so one call reads everything.
    let _ = decoder.decode_to_string(bytes, &mut text, last);
    Bytes::from(text)
}

/// Characters that part fields, the usual one first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How many records are looked at to find the character between the fields.
const LOOK_RECORDS: usize = 50;

/// How the fields of a file are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Separation {
    /// The character between the fields.
    pub delimiter: u8,
    /// How many bytes at the start say so (`sep=;`, as Excel writes it) and are no record.
    pub declared_bytes: usize,
}

/// How the fields are parted: as the file says in a first line such as `sep=;`, else by the character that
/// parts the first records most evenly, and of those that do so alike into the most columns.
pub(super) fn separation(start: &[u8]) -> Separation {
    /// Never more than the sniffing promises to give in one piece, in any encoding.
    const LOOK_BYTES: usize = SNIFF_BYTES / 4;
    if let Some(declared) = declared(start) {
        return declared;
    }
    let cut = start.len() > LOOK_BYTES;
    let start = start.get(..LOOK_BYTES).unwrap_or(start);
    let evenness = |delimiter: u8| Evenness::of(&column_counts(start, delimiter, cut));
    let mut best = (b',', Evenness::default());
    for delimiter in DELIMITERS {
        let found = evenness(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    Separation { delimiter: best.0, declared_bytes: 0 }
}

/// A first line `sep=;`, in quotation marks or not.
fn declared(start: &[u8]) -> Option<Separation> {
    let line = start.split(|b| matches!(b, b'\r' | b'\n')).next()?;
    let said = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (word, rest) = said.split_at_checked(4)?;
    match rest {
        [delimiter] if word.eq_ignore_ascii_case(b"sep=") && DELIMITERS.contains(delimiter) => {
            Some(Separation { delimiter: *delimiter, declared_bytes: line.len() })
        }
        _ => None,
    }
}

/// How evenly a character parts records: the share of them that have the usual number of columns, in
/// thousandths, and that number. Nothing where it parts none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Evenness {
    share: usize,
    columns: usize,
    /// Whether the first record has them, too.
    from_the_first: bool,
}

impl Evenness {
    fn of(counts: &[usize]) -> Self {
        let agreeing = |columns: usize| counts.iter().filter(|count| **count == columns).count();
        counts
            .iter()
            .filter(|columns| **columns > 1)
            .map(|columns| Self {
                share: 1000 * agreeing(*columns) / counts.len(),
                columns: *columns,
                from_the_first: counts.first() == Some(columns),
            })
            .max()
            .unwrap_or_default()
    }
}

/// How many columns each of the first records has with a delimiter, blank lines left out. Of a text that is
/// cut the last record counts only where it is the only one.
fn column_counts(text: &[u8], delimiter: u8, cut: bool) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut columns, mut quoted, mut field_began, mut blank) = (1, false, false, true);
    for byte in text {
        match byte {
            b'"' if quoted || !field_began => {
                quoted = !quoted;
                (field_began, blank) = (true, false);
            }
            b'\r' | b'\n' if !quoted => {
                if !blank {
                    counts.push(columns);
                    if counts.len() == LOOK_RECORDS {
                        return counts;
                    }
                }
                (columns, field_began, blank) = (1, false, true);
            }
            byte if *byte == delimiter && !quoted => {
                columns += 1;
                (field_began, blank) = (false, false);
            }
            _ => (field_began, blank) = (true, false),
        }
    }
    if !blank && (!cut || counts.is_empty()) {
        counts.push(columns);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, FileFault> {
        let mut text = Text::new();
        let first = text.push(Bytes::copy_from_slice(bytes))?;
        Ok([first, text.finish()?].concat())
    }

    #[test]
    fn byte_order_marks_are_taken_off() {
        assert_eq!(read(b"\xEF\xBB\xBFa,b").unwrap(), b"a,b");
        assert_eq!(read(b"\xFF\xFEa\0,\0\xe9\0").unwrap(), "a,é".as_bytes());
        assert_eq!(read(b"\xFE\xFF\0a\0,\0\xe9").unwrap(), "a,é".as_bytes());
    }

    #[test]
    fn a_workbook_is_refused_with_what_to_do() {
        for bytes in [b"PK\x03\x04rest".as_slice(), b"\xD0\xCF\x11\xE0rest", b"a,b\0c", b"%PDF-1.4"] {
            let error = read(bytes).unwrap_err();
            assert!(error.to_string().contains("save it as CSV"), "{error}");
        }
    }

    fn delimiter(start: &[u8]) -> u8 {
        separation(start).delimiter
    }

    #[test]
    fn the_delimiter_is_what_parts_the_records_evenly() {
        assert_eq!(delimiter(b"\r\na\tb\r\n1\t2"), b'\t');
        assert_eq!(delimiter(b"a;b\n1,2"), b';');
        assert_eq!(delimiter(b"a;b,c"), b',');
        assert_eq!(delimiter(b""), b',');
        assert_eq!(delimiter(b"A1;SMITH, JONES AND PARTNERS;Y1;Q1\r\n"), b';');
        assert_eq!(delimiter(b"A1|SMITH, JONES|Y1\nA2|X|Y1\n"), b'|');
        assert_eq!(delimiter(b"A1\tSMITH, JONES; X\tY1\t\nA2\tX\tY1\t\n"), b'\t');
        assert_eq!(delimiter(b"code,name\nA1,x;y;z\nA2,w\n"), b',');
        assert_eq!(delimiter(b"code,name\nA1,\"a;b;c\"\nA2,\"d;e;f\"\n"), b',', "quotation marks hold");
        assert_eq!(delimiter(b"Results, as of June; final\ncode;name;day\nA1;x;y\nA2;x;y\n"), b';');
    }

    #[test]
    fn a_file_may_say_its_delimiter_in_its_first_line() {
        for delimiter in DELIMITERS {
            let file = [b"sep=".as_slice(), &[delimiter], b"\r\na,b\r\n"].concat();
            assert_eq!(separation(&file), Separation { delimiter, declared_bytes: 5 });
        }
        assert_eq!(separation(b"\"SEP=;\"\na;b"), Separation { delimiter: b';', declared_bytes: 7 });
        assert_eq!(separation(b"sep=x\na,b").declared_bytes, 0);
    }

    #[test]
    fn what_is_looked_at_does_not_depend_on_where_the_file_is_cut() {
        let file = b"A1;SMITH, JONES;Y1\n".repeat(SNIFF_BYTES);
        assert_eq!(separation(&file), separation(&file[..SNIFF_BYTES / 4]));
    }
}
