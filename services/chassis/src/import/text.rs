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

/// The character between the fields: a comma, unless the first line has none and has tabs (Excel's
/// "Unicode text") or semicolons (Excel on a continental machine).
pub(super) fn delimiter(start: &[u8]) -> u8 {
    /// Never more than the sniffing promises to give in one piece, in any encoding.
    const LOOK_BYTES: usize = SNIFF_BYTES / 4;
    let start = start.get(..LOOK_BYTES).unwrap_or(start);
    let text = start.iter().position(|b| !matches!(b, b'\r' | b'\n')).map_or(start, |from| &start[from..]);
    let line = text.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    [b',', b'\t', b';'].into_iter().find(|candidate| line.contains(candidate)).unwrap_or(b',')
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

    #[test]
    fn the_delimiter_is_what_the_first_line_uses() {
        assert_eq!(delimiter(b"\r\na\tb\r\n1,2"), b'\t');
        assert_eq!(delimiter(b"a;b\n1,2"), b';');
        assert_eq!(delimiter(b"a;b,c"), b',');
        assert_eq!(delimiter(b""), b',');
    }
}
