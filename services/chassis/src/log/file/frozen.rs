//! The file as it is: whatever redb writes to open, check or repair it stays in memory.
//!
//! So a log is checked, and a damaged one read, without a byte of it being changed; and one on a full disk is read
//! without room being needed.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io,
    ops::Bound,
    path::Path,
};

use parking_lot::Mutex;
use redb::{BackendError, DatabaseError, StorageBackend, backends::FileBackend};

/// What is kept of a change: whole pieces of so many bytes.
const PIECE_BYTES: usize = 4096;

/// A file that is only read.
#[derive(Debug)]
pub(super) struct Frozen {
    file: FileBackend,
    changes: Mutex<Changes>,
}

#[derive(Debug)]
struct Changes {
    /// How long the file is taken to be.
    length: u64,
    /// How much of the file itself still counts.
    of_the_file: u64,
    /// By number.
    pieces: BTreeMap<u64, Box<[u8; PIECE_BYTES]>>,
}

impl Frozen {
    /// Opens a file that is there.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let file = FileBackend::new(open_for_locks(path)?)?;
        let length = file.len()?;
        let changes = Changes { length, of_the_file: length, pieces: BTreeMap::new() };
        Ok(Self { file, changes: Mutex::new(changes) })
    }

    /// A piece as it is now.
    fn piece(&self, changes: &Changes, number: u64) -> io::Result<Box<[u8; PIECE_BYTES]>> {
        if let Some(piece) = changes.pieces.get(&number) {
            return Ok(piece.clone());
        }
        let mut piece = Box::new([0; PIECE_BYTES]);
        let start = number * PIECE_BYTES as u64;
        let there = changes.of_the_file.saturating_sub(start).min(PIECE_BYTES as u64) as usize;
        if let Some(part) = piece.get_mut(..there).filter(|part| !part.is_empty()) {
            self.file.read(start, part)?;
        }
        Ok(piece)
    }
}

/// Some systems lock only what may be written; nothing is.
fn open_for_locks(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path).or_else(|_| File::open(path))
}

fn beyond_the_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before")
}

impl StorageBackend for Frozen {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.changes.lock().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let changes = self.changes.lock();
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= changes.length);
        let end = end.ok_or_else(beyond_the_end)?;
        let (first, last) = (offset / PIECE_BYTES as u64, end.div_ceil(PIECE_BYTES as u64));
        if end <= changes.of_the_file && changes.pieces.range(first..last).next().is_none() {
            drop(changes);
            return self.file.read(offset, out);
        }
        let mut rest = out;
        let mut at = offset;
        while !rest.is_empty() {
            let piece = self.piece(&changes, at / PIECE_BYTES as u64)?;
            let part = piece.get((at % PIECE_BYTES as u64) as usize..).unwrap_or_default();
            let count = part.len().min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            now.copy_from_slice(part.get(..count).unwrap_or_default());
            rest = later;
            at += count as u64;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        let mut changes = self.changes.lock();
        if length < changes.length {
            // What comes to stand there later is zeros first.
            let kept = length.div_ceil(PIECE_BYTES as u64);
            drop(changes.pieces.split_off(&kept));
            let cut = (length % PIECE_BYTES as u64) as usize;
            if let Some(last) = length.checked_sub(1).map(|last| last / PIECE_BYTES as u64)
                && cut > 0
                && let Some(piece) = changes.pieces.get_mut(&last)
                && let Some(rest) = piece.get_mut(cut..)
            {
                rest.fill(0);
            }
        }
        changes.of_the_file = changes.of_the_file.min(length);
        changes.length = length;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut changes = self.changes.lock();
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= changes.length);
        end.ok_or_else(beyond_the_end)?;
        let mut rest = data;
        let mut at = offset;
        while !rest.is_empty() {
            let number = at / PIECE_BYTES as u64;
            let mut piece = self.piece(&changes, number)?;
            let part = piece.get_mut((at % PIECE_BYTES as u64) as usize..).unwrap_or_default();
            let (now, later) = rest.split_at(part.len().min(rest.len()));
            if let Some(part) = part.get_mut(..now.len()) {
                part.copy_from_slice(now);
            }
            changes.pieces.insert(number, piece);
            rest = later;
            at += now.len() as u64;
        }
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.close()
    }

    // Others may read beside it, and no one may write.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_the_file_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let there: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
        std::fs::write(&path, &there).unwrap();
        let frozen = Frozen::open(&path).unwrap();
        // The slow and obvious one beside it.
        let mut model = there.clone();
        let mut write = |offset: usize, data: &[u8]| {
            frozen.write(offset as u64, data).unwrap();
            model.resize(model.len().max(offset + data.len()), 0);
            model[offset..offset + data.len()].copy_from_slice(data);
        };
        write(4_000, &[7; 5_000]);
        write(0, b"x");
        let cut = |length: usize, model: &mut Vec<u8>| {
            frozen.set_len(length as u64).unwrap();
            model.resize(length, 0);
        };
        cut(4_100, &mut model);
        cut(20_000, &mut model);
        frozen.write(19_990, &[9; 10]).unwrap();
        model[19_990..].fill(9);
        let mut read = vec![0; model.len()];
        frozen.read(0, &mut read).unwrap();
        assert_eq!(read, model);
        for (offset, length) in [(3_999, 3), (4_095, 2), (4_096, 8_192), (19_999, 1)] {
            let mut part = vec![0; length];
            frozen.read(offset as u64, &mut part).unwrap();
            assert_eq!(part, &model[offset..offset + length], "{offset}");
        }
        assert!(frozen.read(19_999, &mut [0; 2]).is_err());
        assert!(frozen.write(19_999, &[0; 2]).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), there);
    }
}
