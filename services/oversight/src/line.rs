//! One event as one line of NDJSON: its CloudEvents object with the position put first.
//!
//! Everything after the position is the body as the log holds it, so a line can be turned back into
//! the same bytes. A body that is not an object on one line (no one of ours writes such) travels in
//! hexadecimal digits.

use std::io::Write as _;

use bytes::Bytes;
use chassis::log::{EVENT_MAX_BYTES, Recorded};
use proto::Position;
use serde::de::IgnoredAny;

/// The most bytes of a line: an event in hexadecimal digits, and room for the rest.
pub const LINE_MAX_BYTES: usize = 2 * EVENT_MAX_BYTES + 4096;

const POSITION: &[u8] = br#"{"position":"#;
const HEX: &[u8] = br#""unreadable_hex":""#;

/// A line that is not an event's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event with its position")]
pub struct NotALine;

/// Writes an event as a line, without the line break.
pub fn write(event: &Recorded, line: &mut Vec<u8>) {
    line.extend_from_slice(POSITION);
    // Writing to memory cannot fail.
    let _ = write!(line, "{},", event.position);
    if travels_as_it_is(&event.body) {
        line.extend_from_slice(event.body.get(1..).unwrap_or_default());
    } else {
        line.extend_from_slice(HEX);
        for byte in &event.body {
            let _ = write!(line, "{byte:02x}");
        }
        line.extend_from_slice(br#""}"#);
    }
}

/// Whether a body is a JSON object with something in it, on one line, and cannot be taken for one
/// in hexadecimal digits.
fn travels_as_it_is(body: &[u8]) -> bool {
    body.starts_with(br#"{""#)
        && body.ends_with(b"}")
        && !body.get(1..).unwrap_or_default().starts_with(HEX)
        && !body.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
        && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Reads a line back.
pub fn read(line: &[u8]) -> Result<Recorded, NotALine> {
    let rest = line.strip_prefix(POSITION).ok_or(NotALine)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = rest.split_at(digits);
    let number = std::str::from_utf8(number).map_err(|_| NotALine)?;
    let position: u64 = number.parse().map_err(|_| NotALine)?;
    if position.to_string() != number {
        return Err(NotALine);
    }
    let rest = rest.strip_prefix(b",").ok_or(NotALine)?;
    let body = match rest.strip_prefix(HEX) {
        Some(hex) => from_hex(hex.strip_suffix(br#""}"#).ok_or(NotALine)?).ok_or(NotALine)?,
        None => {
            let body = [b"{", rest].concat();
            if !travels_as_it_is(&body) {
                return Err(NotALine);
            }
            body
        }
    };
    Ok(Recorded { position: Position(position), body: Bytes::from(body) })
}

fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(body: &[u8]) -> (String, Bytes) {
        let mut line = Vec::new();
        write(&Recorded { position: Position(7), body: Bytes::copy_from_slice(body) }, &mut line);
        assert!(!line.contains(&b'\n'));
        let read = read(&line).unwrap();
        assert_eq!(read.position, Position(7));
        (String::from_utf8(line).unwrap(), read.body)
    }

    #[test]
    fn an_event_is_shown_as_it_is_with_its_position_in_front() {
        let (line, body) = there_and_back(br#"{"id":"x", "data":{"a":1.50}}"#);
        assert_eq!(line, r#"{"position":7,"id":"x", "data":{"a":1.50}}"#);
        assert_eq!(&body[..], br#"{"id":"x", "data":{"a":1.50}}"#);
    }

    #[test]
    fn whatever_else_a_log_holds_comes_back_byte_for_byte() {
        for body in [
            &b""[..],
            b"{}",
            b"[1]",
            b"{\"a\":\n1}",
            b"\xff\x00",
            b" {\"a\":1}",
            b"{\"a\":1} ",
            b"{\"a\":1}{\"b\":2}",
            br#"{"unreadable_hex":"00"}"#,
            br#"{"position":9}"#,
        ] {
            assert_eq!(there_and_back(body).1, body, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "{}",
            r#"{"position":1}"#,
            r#"{"position":01,"a":1}"#,
            r#"{"position":-1,"a":1}"#,
            r#"{"position":1,"a":1"#,
            r#"{"position":1,"unreadable_hex":"0"}"#,
            r#"{"position":1,"unreadable_hex":"0G"}"#,
        ] {
            assert_eq!(read(line.as_bytes()).unwrap_err(), NotALine, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(body: Vec<u8>) {
            prop_assert_eq!(&there_and_back(&body).1[..], &body[..]);
        }
    }
}
