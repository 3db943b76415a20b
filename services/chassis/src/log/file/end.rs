//! Where a log ended last, beside its file: `log.redb.end`.
//!
//! The last page of a file that was not closed in good order may be half written, or damaged: the file alone does not
//! tell which, and a repair takes both for a write that never was. So after each commit the position that was
//! acknowledged is written here, in one piece and without waiting for the disk. A kill of the process leaves it whole;
//! a power cut may leave an older one, which claims less than there is.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use proto::Position;

/// What is appended to the name of the log's file.
const SUFFIX: &str = ".end";

/// The file beside a log's.
pub(super) fn path_of(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// What was acknowledged last, as far as the file beside a log's says it.
pub(super) fn read(log: &Path) -> Option<Position> {
    let mut text = String::new();
    File::open(path_of(log)).ok()?.take(64).read_to_string(&mut text).ok()?;
    let (digits, sum) = text.trim_end().split_once(' ')?;
    let position = Position(digits.parse().ok()?);
    (line(position) == format!("{digits} {sum}\n")).then_some(position)
}

fn line(position: Position) -> String {
    let digits = format!("{:020}", position.0);
    let sum = crc32fast::hash(digits.as_bytes());
    format!("{digits} {sum:08x}\n")
}

/// Notes where the log ends.
#[derive(Debug)]
pub(super) struct End {
    file: Option<File>,
}

impl End {
    /// Opens the file beside a log's. Where that cannot be written the log does without.
    pub(super) fn of(log: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(path_of(log));
        if let Err(error) = &opened {
            tracing::warn!(log = %log.display(), %error, "it cannot be noted where the event log ends");
        }
        Self { file: opened.ok() }
    }

    /// Notes where the log ends now.
    pub(super) fn note(&mut self, position: Position) {
        let write = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(line(position).as_bytes())
        };
        if let Some(file) = &mut self.file
            && let Err(error) = write(file)
        {
            // An older one claims less: nothing is wrong with the log.
            tracing::debug!(%error, "it could not be noted where the event log ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_note_is_read_and_what_is_none_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.redb");
        assert_eq!(read(&log), None);
        let mut end = End::of(&log);
        for position in [7, 178_442, 178_443] {
            end.note(Position(position));
            assert_eq!(read(&log), Some(Position(position)));
        }
        let noted = std::fs::read(path_of(&log)).unwrap();
        for at in 0..noted.len() - 1 {
            let mut changed = noted.clone();
            changed[at] ^= 1;
            std::fs::write(path_of(&log), &changed).unwrap();
            assert_eq!(read(&log), None, "byte {at}");
        }
        std::fs::write(path_of(&log), "").unwrap();
        assert_eq!(read(&log), None);
    }
}
