//! A zip archive with one CSV file in it, as national files are published.
//!
//! The archive itself is held in memory, within [`ZIP_MAX_BYTES`]; what is in it never is. Before the first row is
//! read the file in it is unpacked once and thrown away, to know that it is whole and no larger than it says: so
//! that nothing of a damaged or hostile archive is written.

use std::io::{Cursor, Read};

use super::text::FileFault;
use bytes::Bytes;
use flate2::{Crc, read::DeflateDecoder};

/// The largest archive that is taken; the largest published one has some 5 MB.
pub(super) const ZIP_MAX_BYTES: usize = 32 * 1024 * 1024;

/// The largest file in one, unpacked; the largest national file has some 30 MB.
const CSV_MAX_BYTES: u64 = 512 * 1024 * 1024;

/// The most files in one, of which one is CSV.
const ENTRIES_MAX: usize = 64;

/// How much is unpacked at once.
const STEP_BYTES: usize = 256 * 1024;

/// Whether bytes are the first of a zip archive; none while there are too few to tell.
pub(super) fn is_zip(first: &[u8]) -> Option<bool> {
    const SIGNATURES: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
    match SIGNATURES.iter().any(|signature| first.starts_with(signature)) {
        true => Some(true),
        false if first.len() < 4 && b"PK".starts_with(first.get(..2).unwrap_or(first)) => None,
        false => Some(false),
    }
}

fn refused(found: impl Into<String>) -> FileFault {
    FileFault::Zip { found: found.into() }
}

/// Refuses an archive that is too large to be held.
pub(super) fn check_size(bytes: usize) -> Result<(), FileFault> {
    if bytes > ZIP_MAX_BYTES {
        return Err(refused(format!("it has more than {} MB", ZIP_MAX_BYTES / 1024 / 1024)));
    }
    Ok(())
}

/// The one CSV file of an archive.
#[derive(Debug)]
pub(super) struct Packed {
    /// As it stands in the archive.
    bytes: Bytes,
    is_deflated: bool,
    size: u64,
    crc: u32,
}

/// What the directory at the end of an archive says of a file in it (PKWARE's APPNOTE, 4.3.12).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: String,
    is_encrypted: bool,
    method: u16,
    crc: u32,
    packed_size: u32,
    size: u32,
    /// Where the record before the file stands.
    at: u32,
}

/// Numbers out of the records of an archive, the smaller half first.
fn number<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<[u8; BYTES]> {
    bytes.get(at..at.checked_add(BYTES)?)?.try_into().ok()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

/// How many bytes the fixed part of each record has.
const END_BYTES: usize = 22;
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// What stands in the place of a number that does not fit: the archive is of the sort for more than 4 GB.
const IN_ZIP64: u32 = u32::MAX;

/// The files of an archive as its directory lists them, at most so many that are looked at.
fn entries(archive: &[u8]) -> Result<Vec<Entry>, FileFault> {
    const DAMAGED: FileFault =
        FileFault::Binary { found: "a zip archive that is damaged or cut off, or a workbook" };
    const COMMENT_MAX_BYTES: usize = 65_535;
    let from = archive.len().saturating_sub(END_BYTES + COMMENT_MAX_BYTES);
    let tail = archive.get(from..).unwrap_or_default();
    let end = memchr::memmem::rfind(tail, b"PK\x05\x06").and_then(|at| tail.get(at..)).ok_or(DAMAGED)?;
    let count = usize::from(short(end, 10).ok_or(DAMAGED)?);
    if count > ENTRIES_MAX {
        return Err(refused(format!("it holds more than {ENTRIES_MAX} files")));
    }
    let mut at = long(end, 16).and_then(|at| usize::try_from(at).ok()).ok_or(DAMAGED)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let (entry, bytes) = archive.get(at..).and_then(entry).ok_or(DAMAGED)?;
        entries.push(entry);
        at = at.checked_add(bytes).ok_or(DAMAGED)?;
    }
    Ok(entries)
}

/// One entry of the directory, and how many bytes it takes.
fn entry(bytes: &[u8]) -> Option<(Entry, usize)> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let lengths = [short(bytes, 28)?, short(bytes, 30)?, short(bytes, 32)?].map(usize::from);
    let name = bytes.get(ENTRY_BYTES..ENTRY_BYTES + lengths[0])?;
    let entry = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        is_encrypted: short(bytes, 8)? & 1 != 0,
        method: short(bytes, 10)?,
        crc: long(bytes, 16)?,
        packed_size: long(bytes, 20)?,
        size: long(bytes, 24)?,
        at: long(bytes, 42)?,
    };
    Some((entry, ENTRY_BYTES + lengths.iter().sum::<usize>()))
}

/// The bytes of a file in an archive; none where they are not all there.
fn content(archive: &Bytes, entry: &Entry) -> Option<Bytes> {
    let local = archive.get(usize::try_from(entry.at).ok()?..)?;
    if !local.starts_with(b"PK\x03\x04") {
        return None;
    }
    let before = LOCAL_BYTES + usize::from(short(local, 26)?) + usize::from(short(local, 28)?);
    let bytes = local.get(before..before.checked_add(usize::try_from(entry.packed_size).ok()?)?)?;
    Some(archive.slice_ref(bytes))
}

impl Packed {
    /// Finds it.
    pub fn find(archive: &Bytes) -> Result<Self, FileFault> {
        const STORED: u16 = 0;
        const DEFLATED: u16 = 8;
        let entries = entries(archive)?;
        let is_csv = |entry: &&Entry| entry.name.to_ascii_lowercase().ends_with(".csv");
        let csv: Vec<&Entry> = entries.iter().filter(is_csv).collect();
        let entry = match csv.as_slice() {
            [] => {
                return Err(FileFault::Binary {
                    found: "a zip archive without a CSV file in it, as .xlsx workbooks are",
                });
            }
            [entry] => *entry,
            several => return Err(refused(format!("it holds {} CSV files", several.len()))),
        };
        if entries.iter().any(|entry| names_a_path(&entry.name)) {
            return Err(refused("it holds folders, or files named with a path"));
        }
        if entry.is_encrypted {
            return Err(refused("the file in it is protected by a password"));
        }
        let is_deflated = match entry.method {
            STORED => false,
            DEFLATED => true,
            method => {
                return Err(refused(format!(
                    "the file in it is packed by method {method}, which is not read"
                )));
            }
        };
        let size = u64::from(entry.size);
        if size > CSV_MAX_BYTES || [entry.size, entry.packed_size, entry.at].contains(&IN_ZIP64) {
            return Err(refused(format!(
                "unpacked, the file in it has more than {} MB",
                CSV_MAX_BYTES / 1024 / 1024
            )));
        }
        let bytes = content(archive, entry).ok_or_else(|| refused("it is damaged or cut off"))?;
        Ok(Self { bytes, is_deflated, size, crc: entry.crc })
    }

    /// Begins to unpack it.
    pub fn unpack(&self) -> Unpacking {
        let bytes = Cursor::new(self.bytes.clone());
        match self.is_deflated {
            true => Unpacking::Deflated(DeflateDecoder::new(bytes)),
            false => Unpacking::Stored(bytes),
        }
    }

    /// Begins to look whether it is what the archive says.
    pub fn check(self) -> Check {
        Check { unpacking: self.unpack(), crc: Crc::new(), read: 0, packed: self }
    }
}

/// Whether a name leads anywhere but to a file beside the others.
fn names_a_path(name: &str) -> bool {
    name.contains(['/', '\\', ':', '\0']) || name.starts_with('.')
}

/// A file on its way out of an archive.
#[derive(Debug)]
pub(super) enum Unpacking {
    Stored(Cursor<Bytes>),
    Deflated(DeflateDecoder<Cursor<Bytes>>),
}

impl Unpacking {
    /// The next piece; nothing in it at the end.
    pub fn next(&mut self) -> Result<Bytes, FileFault> {
        let mut piece = vec![0; STEP_BYTES];
        let read = match self {
            Unpacking::Stored(bytes) => bytes.read(&mut piece),
            Unpacking::Deflated(decoder) => decoder.read(&mut piece),
        };
        let read = read.map_err(|error| refused(format!("it is damaged ({error})")))?;
        piece.truncate(read);
        Ok(piece.into())
    }
}

/// A file that is looked at before it is read.
#[derive(Debug)]
pub(super) struct Check {
    packed: Packed,
    unpacking: Unpacking,
    crc: Crc,
    read: u64,
}

impl Check {
    /// Looks at the next piece; whether it was the last, and all is well.
    pub fn step(&mut self) -> Result<bool, FileFault> {
        let piece = self.unpacking.next()?;
        self.read += piece.len() as u64;
        self.crc.update(&piece);
        if self.read > self.packed.size {
            return Err(refused("the file in it is larger than the archive says"));
        }
        if !piece.is_empty() {
            return Ok(false);
        }
        if self.read != self.packed.size || self.crc.sum() != self.packed.crc {
            return Err(refused("it is damaged: the file in it is not the one that was packed"));
        }
        Ok(true)
    }

    /// Begins to unpack the file, to be read.
    pub fn into_content(self) -> Unpacking {
        self.packed.unpack()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::zip_archive as archive;

    fn unpacked(archive: Vec<u8>) -> Result<Vec<u8>, String> {
        let all = || -> Result<Vec<u8>, FileFault> {
            check_size(archive.len())?;
            let mut check = Packed::find(&archive.into())?.check();
            while !check.step()? {}
            let mut content = check.into_content();
            let mut all = Vec::new();
            loop {
                let piece = content.next()?;
                if piece.is_empty() {
                    return Ok(all);
                }
                all.extend_from_slice(&piece);
            }
        };
        all().map_err(|fault| fault.to_string())
    }

    #[track_caller]
    fn refuses(archive: Vec<u8>, says: &str) {
        let problem = unpacked(archive).unwrap_err();
        assert!(problem.contains(says), "{problem}");
    }

    #[test]
    fn the_one_csv_file_is_found_and_unpacked_whole() {
        let rows: Vec<u8> = b"A81001,THE SURGERY\r\n".repeat(50_000);
        assert_eq!(unpacked(archive(&[("epraccur.csv", &rows)])).unwrap(), rows);
        assert_eq!(unpacked(archive(&[("notes.pdf", b"%PDF"), ("EPRACCUR.CSV", &rows)])).unwrap(), rows);
        assert_eq!(unpacked(archive(&[("empty.csv", b"")])).unwrap(), b"");
    }

    #[test]
    fn what_is_not_one_csv_file_is_refused() {
        refuses(archive(&[]), "without a CSV file");
        refuses(archive(&[("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")]), "save it as CSV");
        refuses(archive(&[("a.csv", b"x"), ("b.csv", b"x")]), "it holds 2 CSV files");
        refuses(archive(&[("data/a.csv", b"x")]), "named with a path");
        refuses(archive(&[("../a.csv", b"x")]), "named with a path");
        refuses(archive(&[("C:\\a.csv", b"x")]), "named with a path");
        let names: Vec<String> = (0..1_000).map(|number| format!("{number}.txt")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        refuses(archive(&many), "more than 64 files");
        refuses(vec![0; ZIP_MAX_BYTES + 1], "more than 32 MB");
    }

    /// Changes bytes both before the file and in the directory, where the record of a file says the same twice.
    fn with(mut archive: Vec<u8>, local: usize, central: usize, bytes: &[u8]) -> Vec<u8> {
        let directory = memchr::memmem::find(&archive, b"PK\x01\x02").unwrap();
        archive[local..local + bytes.len()].copy_from_slice(bytes);
        archive[directory + central..directory + central + bytes.len()].copy_from_slice(bytes);
        archive
    }

    #[test]
    fn bombs_passwords_and_damage_are_refused() {
        let zeros = archive(&[("a.csv", &vec![b'0'; 3_000_000])]);
        assert!(zeros.len() < 10_000, "a small archive of a large file");
        let says_less = with(zeros.clone(), 22, 24, &100u32.to_le_bytes());
        refuses(says_less, "larger than the archive says");
        let says_more = with(zeros.clone(), 22, 24, &600_000_000u32.to_le_bytes());
        refuses(says_more, "more than 512 MB");
        let protected = with(zeros.clone(), 6, 8, &1u16.to_le_bytes());
        refuses(protected, "password");
        let another_sum = with(zeros.clone(), 14, 16, &[1, 2, 3, 4]);
        refuses(another_sum, "damaged");
        refuses(zeros[..zeros.len() / 2].to_vec(), "damaged");
        let mut broken = zeros;
        broken[LOCAL_BYTES + "a.csv".len() + 20] ^= 0xff;
        refuses(broken, "damaged");
    }

    #[test]
    fn a_zip_archive_is_told_by_its_first_bytes() {
        assert_eq!(is_zip(b"P"), None);
        assert_eq!(is_zip(b"PK\x03"), None);
        assert_eq!(is_zip(b"PK\x03\x04"), Some(true));
        assert_eq!(is_zip(b"PRACTICE"), Some(false));
        assert_eq!(is_zip(b"\"A"), Some(false));
        assert_eq!(is_zip(b""), None);
    }
}
