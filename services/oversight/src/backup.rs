//! The backup file: NDJSON in which every line carries a hash over all lines before it. Pure.
//!
//! | line | holds |
//! | --- | --- |
//! | first | `{"format":"oversight-backup","version":1,"created":…,"from":…,"last":…}` |
//! | one an event | `{"chain":…,"position":…,` and the event as the log holds it |
//! | last | `{"chain":…,"count":…}` |
//!
//! `chain` is the SHA-256 of the chain of the line before and of the line itself without its chain; the
//! first line's is that of the line. So a line that is altered, missing or moved is found at its place,
//! and a file that ends early at its end.

use std::io::{self, BufRead, Read as _, Write};

use chassis::log::Recorded;
use jiff::Timestamp;
use proto::{EventHash, Position};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::line::{self, LINE_MAX_BYTES};

/// The name of the format.
const FORMAT: &str = "oversight-backup";

/// The version written, and the newest one read.
const VERSION: u32 = 1;

/// What stands before the chain hash of a line.
const CHAIN: &[u8] = br#"{"chain":""#;

/// The hexadecimal digits of a chain hash.
const CHAIN_DIGITS: usize = 64;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    format: String,
    version: u32,
    /// When the backup was begun.
    pub created: Timestamp,
    /// Of which log, without secrets.
    pub from: String,
    /// The position of the last event in it.
    pub last: Position,
}

impl Heading {
    /// The heading of a backup.
    pub fn new(created: Timestamp, from: String, last: Position) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, created, from, last }
    }
}

/// The last line, without its chain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    count: u64,
}

/// Why a file is not a backup to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first line is not a backup's.
    #[error("this is no backup: its first line is not the heading that `oversight backup` writes")]
    NotABackup,
    /// A newer build wrote it.
    #[error("the backup has format {found}; this build reads up to {VERSION}: use the newer build")]
    Newer {
        /// Its version.
        found: u32,
    },
    /// The file ends without its last line.
    #[error("the backup is cut off after line {lines}: it has no last line; nothing was restored from it")]
    CutOff {
        /// How many whole lines there are.
        lines: u64,
    },
    /// A line is not what was written.
    #[error("line {line} of the backup is not what was written there: {reason}")]
    Altered {
        /// Which line, from 1.
        line: u64,
        /// What does not fit.
        reason: &'static str,
    },
    /// The log to be backed up has a gap.
    #[error("position {expected} is missing from the log: run `oversight verify`")]
    Gap {
        /// The missing position.
        expected: Position,
    },
}

fn link(before: &EventHash, line: &[u8]) -> EventHash {
    EventHash::from_bytes(Sha256::new().chain_update(before.bytes()).chain_update(line).finalize().into())
}

/// Writes a backup.
#[derive(Debug)]
pub struct Writer<W> {
    file: W,
    chain: EventHash,
    count: u64,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the heading.
    pub fn new(mut file: W, heading: &Heading) -> Result<Self, BackupError> {
        let line = serde_json::to_vec(heading).map_err(io::Error::from)?;
        file.write_all(&line)?;
        file.write_all(b"\n")?;
        Ok(Self { file, chain: EventHash::of(&line), count: 0, line: Vec::new() })
    }

    /// Writes the next event.
    pub fn event(&mut self, event: &Recorded) -> Result<(), BackupError> {
        let expected = Position(self.count + 1);
        if event.position != expected {
            return Err(BackupError::Gap { expected });
        }
        self.line.clear();
        line::write(event, &mut self.line);
        self.count += 1;
        self.chained_line()
    }

    /// Writes the last line and hands the file back.
    pub fn finish(mut self) -> Result<W, BackupError> {
        self.line = serde_json::to_vec(&Ending { count: self.count }).map_err(io::Error::from)?;
        self.chained_line()?;
        self.file.flush()?;
        Ok(self.file)
    }

    fn chained_line(&mut self) -> Result<(), BackupError> {
        self.chain = link(&self.chain, &self.line);
        self.file.write_all(CHAIN)?;
        write!(self.file, "{}\",", self.chain)?;
        self.file.write_all(self.line.get(1..).unwrap_or_default())?;
        self.file.write_all(b"\n")?;
        Ok(())
    }
}

/// Reads a backup, line by line, and trusts none of them.
#[derive(Debug)]
pub struct Reader<R> {
    file: R,
    heading: Heading,
    chain: EventHash,
    count: u64,
    /// Lines read.
    lines: u64,
    finished: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the heading.
    pub fn new(mut file: R) -> Result<Self, BackupError> {
        let first = read_line(&mut file)?;
        let Some(first) = first.whole() else { return Err(BackupError::NotABackup) };
        #[derive(Deserialize)]
        struct AnyVersion {
            format: String,
            version: u32,
        }
        let any: AnyVersion = serde_json::from_slice(&first).map_err(|_| BackupError::NotABackup)?;
        if any.format != FORMAT {
            return Err(BackupError::NotABackup);
        }
        if any.version > VERSION {
            return Err(BackupError::Newer { found: any.version });
        }
        let heading = serde_json::from_slice(&first).map_err(|_| BackupError::NotABackup)?;
        Ok(Self { file, heading, chain: EventHash::of(&first), count: 0, lines: 1, finished: false })
    }

    /// The heading.
    pub fn heading(&self) -> &Heading {
        &self.heading
    }

    /// The number of the line read last.
    pub fn line(&self) -> u64 {
        self.lines
    }

    /// The next event; nothing once the last line was there and all of it fits.
    pub fn next_event(&mut self) -> Result<Option<Recorded>, BackupError> {
        if self.finished {
            return Ok(None);
        }
        let line = match read_line(&mut self.file)? {
            Line::Whole(line) => line,
            Line::TooLong => {
                return Err(BackupError::Altered { line: self.lines + 1, reason: "it is too long" });
            }
            Line::CutOff | Line::None => return Err(BackupError::CutOff { lines: self.lines }),
        };
        self.lines += 1;
        let unchained = self.unchain(&line)?;
        if let Ok(event) = line::read(&unchained) {
            self.count += 1;
            if event.position != Position(self.count) {
                return Err(self.altered("its position does not follow that of the line before"));
            }
            return Ok(Some(event));
        }
        let ending: Ending = serde_json::from_slice(&unchained)
            .map_err(|_| self.altered("it is neither an event nor the last line"))?;
        if ending.count != self.count || self.heading.last != Position(self.count) {
            return Err(self.altered("it counts other events than there are"));
        }
        if !matches!(read_line(&mut self.file)?, Line::None) {
            return Err(BackupError::Altered {
                line: self.lines + 1,
                reason: "something follows the last line",
            });
        }
        self.finished = true;
        Ok(None)
    }

    /// The line without its chain, which is compared.
    fn unchain(&mut self, line: &[u8]) -> Result<Vec<u8>, BackupError> {
        let fits = || {
            let (digits, rest) = line.strip_prefix(CHAIN)?.split_at_checked(CHAIN_DIGITS)?;
            let chain: EventHash = std::str::from_utf8(digits).ok()?.parse().ok()?;
            Some((chain, [b"{", rest.strip_prefix(br#"","#)?].concat()))
        };
        let (chain, unchained) = fits().ok_or_else(|| self.altered("it carries no chain hash"))?;
        self.chain = link(&self.chain, &unchained);
        if chain != self.chain {
            return Err(self.altered("its chain hash does not fit it and the lines before"));
        }
        Ok(unchained)
    }

    fn altered(&self, reason: &'static str) -> BackupError {
        BackupError::Altered { line: self.lines, reason }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    CutOff,
    None,
}

impl Line {
    fn whole(self) -> Option<Vec<u8>> {
        match self {
            Line::Whole(line) => Some(line),
            _ => None,
        }
    }
}

fn read_line(file: &mut impl BufRead) -> io::Result<Line> {
    let mut line = Vec::new();
    file.take(LINE_MAX_BYTES as u64).read_until(b'\n', &mut line)?;
    Ok(match line.pop() {
        Some(b'\n') => Line::Whole(line),
        Some(_) if line.len() + 1 >= LINE_MAX_BYTES => Line::TooLong,
        Some(_) => Line::CutOff,
        None => Line::None,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn events(count: u64) -> Vec<Recorded> {
        (1..=count)
            .map(|number| Recorded {
                position: Position(number),
                body: Bytes::from(format!(r#"{{"id":"{number}", "data":{{"n":{number}}}}}"#)),
            })
            .chain((count > 0).then(|| Recorded {
                position: Position(count + 1),
                body: Bytes::from_static(b"\x00 not JSON \n"),
            }))
            .collect()
    }

    fn backup(events: &[Recorded]) -> String {
        let last = events.last().map_or(Position::START, |event| event.position);
        let heading = Heading::new(Timestamp::UNIX_EPOCH, "file:x".into(), last);
        let mut writer = Writer::new(Vec::new(), &heading).unwrap();
        events.iter().for_each(|event| writer.event(event).unwrap());
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    fn read(text: &str) -> Result<Vec<Recorded>, BackupError> {
        let mut reader = Reader::new(text.as_bytes())?;
        let mut events = Vec::new();
        while let Some(event) = reader.next_event()? {
            events.push(event);
        }
        Ok(events)
    }

    fn refusal(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_comes_back_byte_for_byte() {
        for count in [0, 1, 5] {
            let events = events(count);
            let back = read(&backup(&events)).unwrap();
            assert_eq!(back.len(), events.len());
            for (back, event) in back.iter().zip(&events) {
                assert_eq!((back.position, &back.body), (event.position, &event.body));
            }
        }
    }

    #[test]
    fn an_altered_line_is_named() {
        let whole = backup(&events(5));
        let altered = whole.replace(r#""n":3"#, r#""n":4"#);
        assert_ne!(altered, whole);
        assert!(refusal(&altered).starts_with("line 4 of the backup"), "{}", refusal(&altered));
    }

    #[test]
    fn any_altered_byte_is_found() {
        let whole = backup(&events(3));
        for at in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(mut reader) = Reader::new(&bytes[..]) else { continue };
            let mut outcome = Ok(Some(()));
            while matches!(outcome, Ok(Some(()))) {
                outcome = reader.next_event().map(|event| event.map(|_| ()));
            }
            assert!(outcome.is_err(), "byte {at} altered and not found");
        }
    }

    #[test]
    fn a_line_that_is_missing_or_moved_is_named() {
        let whole = backup(&events(5));
        let mut lines: Vec<&str> = whole.lines().collect();
        lines.swap(2, 3);
        assert!(refusal(&(lines.join("\n") + "\n")).starts_with("line 3 "));
        lines.swap(2, 3);
        lines.remove(4);
        assert!(refusal(&(lines.join("\n") + "\n")).starts_with("line 5 "));
    }

    #[test]
    fn a_file_that_ends_early_is_refused_wherever_it_ends() {
        let whole = backup(&events(3));
        let heading = whole.lines().next().unwrap().len();
        for length in 0..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            if length <= heading {
                assert!(matches!(error, BackupError::NotABackup), "{length}: {error}");
            } else {
                assert!(matches!(error, BackupError::CutOff { .. }), "{length}: {error}");
            }
        }
        let lines: Vec<&str> = whole.lines().take(3).collect();
        assert!(refusal(&(lines.join("\n") + "\n")).contains("cut off after line 3"));
    }

    #[test]
    fn what_follows_the_last_line_is_refused() {
        let whole = backup(&events(2));
        assert!(refusal(&format!("{whole}\n")).starts_with("line 6 "), "{}", refusal(&format!("{whole}\n")));
    }

    #[test]
    fn another_file_is_no_backup_and_a_newer_one_says_so() {
        for text in ["", "\n", "{}\n", "A81001,THE SURGERY\n", r#"{"format":"zip","version":1}"#] {
            assert!(matches!(read(text), Err(BackupError::NotABackup)), "{text}");
        }
        let newer = backup(&events(1)).replace(r#""version":1"#, r#""version":7"#);
        assert!(refusal(&newer).contains("format 7"));
    }

    #[test]
    fn a_log_with_a_gap_is_not_backed_up() {
        let heading = Heading::new(Timestamp::UNIX_EPOCH, "x".into(), Position(2));
        let mut writer = Writer::new(Vec::new(), &heading).unwrap();
        let event = Recorded { position: Position(2), body: Bytes::from_static(b"{}") };
        assert!(matches!(writer.event(&event), Err(BackupError::Gap { expected: Position(1) })));
    }
}
