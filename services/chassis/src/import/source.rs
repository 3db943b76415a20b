//! Rows out of a body of bytes, packed or not.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use proto::EventHash;
use sha2::{Digest, Sha256};

use super::{
    drive::Halt,
    progress::Progress,
    rows::{Item, Next, RowReader},
    text::FileFault,
    zipped::{Check, Packed, Unpacking, check_size, is_zip},
};

/// Rows out of a body.
pub(super) struct Source<'a, B> {
    pub reader: RowReader,
    body: &'a mut B,
    progress: &'a Progress,
    /// Of the bytes as they came, packed or not.
    hash: Sha256,
    wrapping: Wrapping,
}

/// Whether the rows come in a zip archive, and how far it is unpacked.
enum Wrapping {
    /// Too few bytes to tell.
    NotKnown(BytesMut),
    /// They do not.
    None,
    /// The archive so far.
    Zip(BytesMut),
    /// The file in it is looked at before its first row is read.
    Checking(Box<Check>),
    /// Its rows are read.
    Unpacking(Box<Unpacking>),
}

impl<'a, B, E> Source<'a, B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    pub fn of(body: &'a mut B, progress: &'a Progress) -> Self {
        let wrapping = Wrapping::NotKnown(BytesMut::new());
        Self { reader: RowReader::new(), body, progress, hash: Sha256::new(), wrapping }
    }

    /// SHA-256 of the bytes as they came, in hexadecimal digits.
    pub fn sha256(self) -> String {
        EventHash::from_bytes(self.hash.finalize().into()).to_string()
    }

    /// The next record; none at the end. Loses nothing when it is dropped half-way.
    pub async fn next(&mut self) -> Result<Option<Item>, Halt> {
        loop {
            match self.reader.next() {
                Next::Item(item) => return Ok(Some(item)),
                Next::End => return Ok(None),
                Next::More => {}
            }
            if self.unpack().map_err(Halt::File)? {
                // Others want the processor, too.
                tokio::task::yield_now().await;
                continue;
            }
            match self.body.next().await {
                Some(Ok(chunk)) => {
                    Progress::add(&self.progress.bytes, chunk.len() as u64);
                    self.hash.update(&chunk);
                    self.take(chunk).map_err(Halt::File)?;
                }
                Some(Err(error)) => return Err(Halt::Body(error.to_string())),
                None => self.ended().map_err(Halt::File)?,
            }
        }
    }

    /// Takes bytes as they came.
    fn take(&mut self, chunk: Bytes) -> Result<(), FileFault> {
        match &mut self.wrapping {
            Wrapping::NotKnown(first) => {
                first.extend_from_slice(&chunk);
                let Some(zipped) = is_zip(first) else { return Ok(()) };
                let first = std::mem::take(first);
                if zipped {
                    check_size(first.len())?;
                    self.wrapping = Wrapping::Zip(first);
                    return Ok(());
                }
                self.wrapping = Wrapping::None;
                self.reader.push(first.freeze())
            }
            Wrapping::Zip(archive) => {
                check_size(archive.len() + chunk.len())?;
                archive.extend_from_slice(&chunk);
                Ok(())
            }
            Wrapping::None | Wrapping::Checking(_) | Wrapping::Unpacking(_) => self.reader.push(chunk),
        }
    }

    /// The body has ended.
    fn ended(&mut self) -> Result<(), FileFault> {
        match std::mem::replace(&mut self.wrapping, Wrapping::None) {
            Wrapping::NotKnown(first) => {
                self.reader.push(first.freeze())?;
                self.reader.finish()
            }
            Wrapping::Zip(archive) => {
                let check = Packed::find(&archive.freeze())?.check();
                self.wrapping = Wrapping::Checking(Box::new(check));
                Ok(())
            }
            Wrapping::None | Wrapping::Checking(_) | Wrapping::Unpacking(_) => self.reader.finish(),
        }
    }

    /// Goes a step on with what is in an archive; false where there is none, or not yet.
    fn unpack(&mut self) -> Result<bool, FileFault> {
        match &mut self.wrapping {
            Wrapping::NotKnown(_) | Wrapping::None | Wrapping::Zip(_) => return Ok(false),
            Wrapping::Checking(check) => {
                if check.step()?
                    && let Wrapping::Checking(check) = std::mem::replace(&mut self.wrapping, Wrapping::None)
                {
                    self.wrapping = Wrapping::Unpacking(Box::new(check.into_content()));
                }
            }
            Wrapping::Unpacking(content) => {
                let piece = content.next()?;
                if piece.is_empty() {
                    self.wrapping = Wrapping::None;
                    self.reader.finish()?;
                } else {
                    self.reader.push(piece)?;
                }
            }
        }
        Ok(true)
    }
}
