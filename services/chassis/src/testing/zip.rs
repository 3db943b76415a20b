//! Zip archives as files are published in them.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

/// An archive of files, each deflated.
///
/// # Panics
///
/// Where a file is larger than an archive of this sort can hold.
#[expect(clippy::expect_used, reason = "for tests")]
pub fn zip_archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let size = |bytes: usize| u32::try_from(bytes).expect("a size of four bytes").to_le_bytes();
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory to write to");
        let packed = encoder.finish().expect("memory to write to");
        let mut crc = Crc::new();
        crc.update(bytes);
        // Version, flags, method, time and date; then the checksum, both sizes, and the lengths of name and extra field.
        let mut about = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
        about.extend(crc.sum().to_le_bytes());
        about.extend(size(packed.len()));
        about.extend(size(bytes.len()));
        about.extend(&size(name.len())[..2]);
        about.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&about);
        // Comment, disk, and attributes; then where the file begins.
        directory.extend([0; 10]);
        directory.extend(size(archive.len()));
        directory.extend(name.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(about);
        archive.extend(name.as_bytes());
        archive.extend(packed);
    }
    let count = &size(files.len())[..2];
    let begins = size(archive.len());
    let length = size(directory.len());
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend([count, count].concat());
    archive.extend(length);
    archive.extend(begins);
    archive.extend([0, 0]);
    archive
}
