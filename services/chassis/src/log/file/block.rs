//! How events lie in the file: a block holds the bodies of consecutive positions.
//!
//! ```text
//! count: u32 | crc: u32 | end of body 1: u32 | … | end of body n: u32 | body 1 | … | body n
//! ```
//!
//! All numbers little-endian; ends count from the start of the first body; the CRC-32 covers all
//! that follows it. One read, one copy and one check serve some hundred events, whose bodies are
//! then slices of the same buffer.

use bytes::Bytes;
use proto::Position;

/// Bytes of the two leading numbers.
const HEADER_BYTES: usize = 8;
/// Bytes of one entry of the table of ends.
const END_BYTES: usize = 4;

/// A block is closed once the next body would take it past this. With redb's own entry around it,
/// it then just fits sixteen pages of 4 KiB; pages come in powers of two.
pub(super) const BLOCK_BYTES: usize = 64 * 1024 - 256;

/// A block is closed at this many events, however small.
pub(super) const BLOCK_MAX_EVENTS: usize = 1024;

/// A block as read: checked once, then trusted.
#[derive(Debug, Clone)]
pub(super) struct Block {
    first: Position,
    count: usize,
    bytes: Bytes,
}

impl Block {
    /// Checks the bytes of the block that begins at `first`.
    pub(super) fn read(first: Position, bytes: Bytes) -> Result<Self, &'static str> {
        let count = number(&bytes, 0).ok_or("the block is cut off")? as usize;
        let crc = number(&bytes, 4).ok_or("the block is cut off")?;
        if crc32fast::hash(&bytes[HEADER_BYTES..]) != crc {
            return Err("the checksum of the block does not fit its bytes");
        }
        let bodies = count.checked_mul(END_BYTES).and_then(|table| table.checked_add(HEADER_BYTES));
        let block = Self { first, count, bytes };
        let end = if count == 0 { None } else { block.end(count - 1) };
        match (bodies, end) {
            (Some(start), Some(end)) if start.checked_add(end) == Some(block.bytes.len()) => Ok(block),
            _ => Err("the block's length does not fit its table"),
        }
    }

    /// The position of the first event.
    pub(super) fn first(&self) -> Position {
        self.first
    }

    /// The position of the last event.
    pub(super) fn last(&self) -> Position {
        Position(self.first.0 + self.count as u64 - 1)
    }

    /// How many events.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many bytes it takes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn end(&self, index: usize) -> Option<usize> {
        number(&self.bytes, HEADER_BYTES + index * END_BYTES).map(|end| end as usize)
    }

    /// The body of an event of the block.
    pub(super) fn body(&self, position: Position) -> Option<Bytes> {
        let index = usize::try_from(position.0.checked_sub(self.first.0)?).ok()?;
        if index >= self.count {
            return None;
        }
        let bodies = HEADER_BYTES + self.count * END_BYTES;
        let start = if index == 0 { 0 } else { self.end(index - 1)? };
        let end = self.end(index)?;
        (start <= end && bodies + end <= self.bytes.len())
            .then(|| self.bytes.slice(bodies + start..bodies + end))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// A block being filled.
#[derive(Debug, Clone)]
pub(super) struct Filling {
    first: Position,
    ends: Vec<u32>,
    bodies: Vec<u8>,
}

impl Filling {
    /// Empty, for the events from a position on.
    pub(super) fn new(first: Position) -> Self {
        Self { first, ends: Vec::new(), bodies: Vec::new() }
    }

    /// To go on with a block already written.
    pub(super) fn of(block: &Block) -> Self {
        let mut filling = Self::new(block.first);
        let mut position = block.first;
        while let Some(body) = block.body(position) {
            filling.push(&body);
            position = position.next();
        }
        filling
    }

    /// The position of the first event.
    pub(super) fn first(&self) -> Position {
        self.first
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether one more body still belongs into it. The first always does.
    pub(super) fn has_room_for(&self, body: &[u8]) -> bool {
        self.ends.is_empty()
            || (self.ends.len() < BLOCK_MAX_EVENTS
                && HEADER_BYTES + (self.ends.len() + 1) * END_BYTES + self.bodies.len() + body.len()
                    <= BLOCK_BYTES)
    }

    /// Adds the body of the next position.
    pub(super) fn push(&mut self, body: &[u8]) {
        self.bodies.extend_from_slice(body);
        self.ends.push(self.bodies.len() as u32);
    }

    /// The block's bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.ends.len() * END_BYTES + self.bodies.len());
        bytes.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for end in &self.ends {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        bytes.extend_from_slice(&self.bodies);
        let crc = crc32fast::hash(&bytes[HEADER_BYTES..]);
        bytes[4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(bodies: &[&[u8]]) -> Vec<u8> {
        let mut filling = Filling::new(Position(7));
        bodies.iter().for_each(|body| filling.push(body));
        filling.encode()
    }

    #[test]
    fn bodies_come_back_under_their_positions() {
        let read = Block::read(Position(7), block(&[b"one", b"", b"three"]).into()).unwrap();
        assert_eq!((read.first(), read.last(), read.count()), (Position(7), Position(9), 3));
        assert_eq!(read.body(Position(7)).unwrap(), "one");
        assert_eq!(read.body(Position(8)).unwrap(), "");
        assert_eq!(read.body(Position(9)).unwrap(), "three");
        assert_eq!(read.body(Position(6)), None);
        assert_eq!(read.body(Position(10)), None);
        assert_eq!(Filling::of(&read).encode(), block(&[b"one", b"", b"three"]));
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let whole = block(&[b"one", b"two"]);
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            assert!(Block::read(Position(7), changed.into()).is_err(), "byte {at}");
            assert!(Block::read(Position(7), whole[..at].to_vec().into()).is_err(), "cut at {at}");
        }
    }
}
