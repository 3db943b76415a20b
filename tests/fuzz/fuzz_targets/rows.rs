//! A file of rows: whole or in pieces of any size, it is read to the same rows and problems, or
//! refused both times.

#![no_main]

use bytes::Bytes;
use chassis::import::{FileFault, Item, Next, RowReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (pieces, file) = input;
    let whole = read(file, file.len().max(1));
    let in_pieces = read(file, usize::from(pieces) + 1);
    if let (Ok(whole), Ok(in_pieces)) = (&whole, &in_pieces) {
        assert_eq!(whole, in_pieces);
    }
    assert_eq!(whole.is_ok(), in_pieces.is_ok());
});

fn read(file: &[u8], piece: usize) -> Result<Vec<String>, FileFault> {
    let mut reader = RowReader::new();
    let mut pieces = file.chunks(piece);
    let mut found = Vec::new();
    loop {
        match reader.next() {
            Next::Item(Item::Row(row)) => {
                found.push(format!("{}: {}", row.line, row.values().collect::<Vec<_>>().join("\u{1f}")));
            }
            Next::Item(Item::Bad(problem)) => found.push(format!("{}! {}", problem.line, problem.detail)),
            Next::End => return Ok(found),
            Next::More => match pieces.next() {
                Some(piece) => reader.push(Bytes::copy_from_slice(piece))?,
                None => reader.finish()?,
            },
        }
    }
}
