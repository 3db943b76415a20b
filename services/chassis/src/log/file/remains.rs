//! What can still be read of a damaged file: its blocks, found without redb, which opens such a file not at all or
//! reads it wrongly.
//!
//! Only what says where the blocks stand is read of redb's structure (file format 3): the header with its two
//! commits, the tree of tables, the tree of blocks. No page of it is trusted. A block counts if its own checksum fits,
//! and if it begins where the one before it ended; so what is found are the events from the first on, none missing.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use proto::{Position, Subject, envelope::ChainLink};

use super::block::Block;
use crate::log::{
    AppendError, BATCH_MAX_EVENTS, Batch, Damage, Description, Durability, EventLog, NewEvent, ReadError,
    Reader, Receipt, Recorded,
};

/// Bytes of redb's header that matter.
const HEADER_BYTES: usize = 320;
/// Where the byte of flags stands; its lowest bit says which commit is the last one.
const FLAGS_AT: usize = 9;
/// Where the two commits stand.
const COMMITS_AT: [usize; 2] = [64, 192];
/// Bytes of a page of order 0.
const PAGE_BYTES: u64 = 4096;
/// The largest page that is believed in: blocks and indices need less.
const ORDER_MAX: u64 = 12;
/// The deepest tree that is believed in.
const DEPTH_MAX: u8 = 24;
/// Bytes of a checksum of redb's.
const SUM_BYTES: usize = 16;

const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// The name of the table of blocks.
const BLOCKS: &[u8] = b"blocks";

/// A damaged log, as far as it can be read.
#[derive(Debug)]
pub(super) struct Remains {
    path: PathBuf,
    file: Mutex<File>,
    blocks: Vec<Extent>,
    damage: Damage,
}

/// Where a block stands in the file.
#[derive(Debug, Clone, Copy)]
struct Extent {
    first: Position,
    last: Position,
    offset: u64,
    length: usize,
}

impl Remains {
    /// Looks for the blocks of a file that is damaged, for a reason that is known.
    pub(super) fn find(path: &Path, reason: &str) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let blocks = blocks_of(&mut file)?;
        let last = blocks.last().map_or(Position::START, |block| block.last);
        let damage = Damage { last, reason: reason.to_owned() };
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), blocks, damage })
    }

    /// What is wrong with it, and up to where it can be read.
    pub(super) fn damage(&self) -> &Damage {
        &self.damage
    }

    fn beyond(&self) -> ReadError {
        self.damage.clone().into()
    }

    /// The events after a position that one block holds.
    fn scan(&self, after: Position) -> Result<Batch, ReadError> {
        let next = after.next();
        let index = self.blocks.partition_point(|block| block.last < next);
        let extent = self.blocks.get(index).ok_or_else(|| self.beyond())?;
        let unreadable = |reason: String| ReadError::Damaged { position: extent.first, reason };
        let bytes = read_at(&mut self.file.lock(), extent.offset, extent.length)
            .map_err(|error| unreadable(error.to_string()))?;
        let block = Block::read(extent.first, bytes.into()).map_err(|what| unreadable(what.to_owned()))?;
        let mut events = Vec::new();
        let mut position = next.max(extent.first);
        while let Some(body) = block.body(position).filter(|_| events.len() < BATCH_MAX_EVENTS) {
            events.push(Recorded { position, body });
            position = position.next();
        }
        Ok(Batch { events, head: self.damage.last })
    }

    /// Those of a subject after a position: read one by one, there is no index.
    fn of_subject(&self, subject: &Subject, after: Position) -> Result<Vec<Recorded>, ReadError> {
        let mut events = Vec::new();
        let mut position = after;
        while position < self.damage.last {
            for event in self.scan(position)?.events {
                position = event.position;
                let is_of_it =
                    ChainLink::read(&event.body).is_ok_and(|link| link.subject == subject.as_str());
                if is_of_it {
                    events.push(event);
                }
            }
        }
        Ok(events)
    }
}

/// The blocks of the commit that reaches further; of the last one, where both reach as far.
fn blocks_of(file: &mut File) -> io::Result<Vec<Extent>> {
    let header = read_at(file, 0, HEADER_BYTES).unwrap_or_default();
    let is_second = header.get(FLAGS_AT).is_some_and(|flags| flags & 1 == 1);
    let order = if is_second { [1, 0] } else { [0, 1] };
    let geometry = Geometry::of(&header, file.metadata()?.len());
    let mut best: Vec<Extent> = Vec::new();
    for commit in order {
        let at = COMMITS_AT[commit];
        let mut walk = Walk { file: &mut *file, geometry, found: Vec::new(), pages: 0 };
        if let Some(tables) = header.get(at..).and_then(root_of_commit) {
            let _ = walk.tables(tables, 0);
        }
        if walk.found.last().map(|block| block.last) > best.last().map(|block| block.last) {
            best = walk.found;
        }
    }
    Ok(best)
}

/// How pages are laid out.
#[derive(Debug, Clone, Copy)]
struct Geometry {
    region_header_bytes: u64,
    region_bytes: u64,
    file_bytes: u64,
}

impl Geometry {
    fn of(header: &[u8], file_bytes: u64) -> Self {
        let pages = |at| u64::from(number(header, at).unwrap_or_default());
        let region_header_bytes = pages(16).min(1 << 20) * PAGE_BYTES;
        let data_bytes = pages(20).clamp(1, 1 << 20) * PAGE_BYTES;
        Self { region_header_bytes, region_bytes: region_header_bytes + data_bytes, file_bytes }
    }
}

/// Follows a commit of redb's from its root to the blocks.
struct Walk<'a> {
    file: &'a mut File,
    geometry: Geometry,
    found: Vec<Extent>,
    /// Pages read: a tree has no more of them than the file.
    pages: u64,
}

/// There is nothing to be read further.
struct Ends;

impl Walk<'_> {
    /// Where the page of a number stands, and the page.
    fn page(&mut self, page: u64) -> Result<(u64, Vec<u8>), Ends> {
        let Geometry { region_header_bytes, region_bytes, file_bytes } = self.geometry;
        self.pages += 1;
        let order = page >> 59;
        if order > ORDER_MAX || self.pages > file_bytes / PAGE_BYTES {
            return Err(Ends);
        }
        let (index, region) = (page & (0xF_FFFF >> order), (page >> 20) & 0xF_FFFF);
        let length = PAGE_BYTES << order;
        let offset = PAGE_BYTES + region * region_bytes + region_header_bytes + index * length;
        if offset.checked_add(length).is_none_or(|end| end > file_bytes) {
            return Err(Ends);
        }
        let bytes = read_at(self.file, offset, length as usize).map_err(|_| Ends)?;
        Ok((offset, bytes))
    }

    /// The numbers of a branch's children, in order.
    fn children(page: &[u8]) -> Option<Vec<u64>> {
        let count = usize::from(short(page, 2)?) + 1;
        let start = 8 + SUM_BYTES * count;
        (0..count).map(|child| long(page, start + 8 * child)).collect()
    }

    /// Goes through the tree of tables to the one of blocks.
    fn tables(&mut self, root: u64, depth: u8) -> Result<(), Ends> {
        let (_, page) = self.page(root)?;
        match page.first() {
            Some(&BRANCH) if depth < DEPTH_MAX => {
                for child in Self::children(&page).ok_or(Ends)? {
                    // What is damaged elsewhere in this tree is not about blocks.
                    let _ = self.tables(child, depth + 1);
                }
                Ok(())
            }
            Some(&LEAF) => {
                let definition = table_in(&page, BLOCKS).ok_or(Ends)?;
                match root_of_table(definition) {
                    Some(blocks) => self.blocks(blocks, depth + 1),
                    None => Ok(()),
                }
            }
            _ => Err(Ends),
        }
    }

    /// Goes through the blocks in order, to the first that is not as it was written.
    fn blocks(&mut self, root: u64, depth: u8) -> Result<(), Ends> {
        let (offset, page) = self.page(root)?;
        match page.first() {
            Some(&BRANCH) if depth < DEPTH_MAX => Self::children(&page)
                .ok_or(Ends)?
                .into_iter()
                .try_for_each(|child| self.blocks(child, depth + 1)),
            Some(&LEAF) => self.leaf(offset, &page),
            _ => Err(Ends),
        }
    }

    fn leaf(&mut self, offset: u64, page: &[u8]) -> Result<(), Ends> {
        let count = usize::from(short(page, 2).ok_or(Ends)?);
        let keys = 4 + 4 * count;
        let mut start = keys + 8 * count;
        for entry in 0..count {
            let first = Position(long(page, keys + 8 * entry).ok_or(Ends)?);
            let end = number(page, 4 + 4 * entry).ok_or(Ends)? as usize;
            let bytes = page.get(start..end).ok_or(Ends)?;
            let expected = self.found.last().map_or(Position::START, |block| block.last).next();
            if first != expected {
                return Err(Ends);
            }
            let block = Block::read(first, Bytes::copy_from_slice(bytes)).map_err(|_| Ends)?;
            let offset = offset + start as u64;
            self.found.push(Extent { first, last: block.last(), offset, length: bytes.len() });
            start = end;
        }
        Ok(())
    }
}

/// The root of the tree of tables of a commit; none where nothing was committed.
fn root_of_commit(commit: &[u8]) -> Option<u64> {
    (*commit.get(1)? != 0).then(|| long(commit, 8))?
}

/// What a leaf of the tree of tables says of a table.
fn table_in<'a>(page: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let count = usize::from(short(page, 2)?);
    let end = |index: usize| number(page, 4 + 4 * index).map(|end| end as usize);
    let keys = 4 + 8 * count;
    for entry in 0..count {
        let start = if entry == 0 { keys } else { end(entry - 1)? };
        if page.get(start..end(entry)?)? == name {
            let values = end(count - 1)?;
            let start = if entry == 0 { values } else { end(count + entry - 1)? };
            return page.get(start..end(count + entry)?);
        }
    }
    None
}

/// The root of a table; none where it is empty.
fn root_of_table(definition: &[u8]) -> Option<u64> {
    (*definition.get(9)? != 0).then(|| long(definition, 10))?
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn read_at(file: &mut File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads what there is, and then says what is wrong.
struct RemainsReader {
    remains: std::sync::Arc<Remains>,
    after: Position,
}

impl Reader for RemainsReader {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ReadError>> {
        Box::pin(async move {
            let batch = self.remains.scan(self.after)?;
            self.after = batch.events.last().map_or(self.after, |event| event.position);
            Ok(batch)
        })
    }
}

/// The log of what there is.
#[derive(Debug)]
pub(super) struct RemainsLog(pub(super) std::sync::Arc<Remains>);

impl EventLog for RemainsLog {
    fn append(&self, _: NewEvent, _: Position) -> BoxFuture<'_, Result<Receipt, AppendError>> {
        let reason = self.0.damage.to_string();
        Box::pin(async move { Err(AppendError::Refused { reason }) })
    }

    fn last<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Recorded>, ReadError>> {
        Box::pin(async move { Ok(self.0.of_subject(subject, Position::START)?.pop()) })
    }

    fn of<'a>(
        &'a self,
        subject: &'a Subject,
        after: Position,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, ReadError>> {
        Box::pin(async move { self.0.of_subject(subject, after) })
    }

    fn at(&self, position: Position) -> BoxFuture<'_, Result<Option<Recorded>, ReadError>> {
        Box::pin(async move {
            if position == Position::START {
                return Ok(None);
            }
            let batch = self.0.scan(Position(position.0.saturating_sub(1)))?;
            Ok(batch.events.into_iter().next())
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        Box::pin(async move { Ok(self.0.damage.last) })
    }

    fn read(&self, after: Position) -> BoxFuture<'_, Result<Box<dyn Reader>, ReadError>> {
        let reader = RemainsReader { remains: std::sync::Arc::clone(&self.0), after };
        Box::pin(async move { Ok(Box::new(reader) as Box<dyn Reader>) })
    }

    fn describe(&self) -> Description {
        Description { place: format!("file:{}", self.0.path.display()), durability: Durability::Synced }
    }

    fn damage(&self) -> Option<Damage> {
        Some(self.0.damage.clone())
    }
}
