//! Reads a journal in large blocks of whole lines.

use std::io;

use super::error::JournalError;
use super::files::{Files, Segment};
use super::position::Position;
use super::settings::MAX_LINE_BYTES;
use crate::disk::Open;

/// The bytes that are read at once.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

/// Up to where to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Up to this byte of this segment: what is published.
    Published { segment: u32, offset: u64 },
    /// Up to the end of the last file, whatever is there.
    EndOfFiles,
}

/// What comes next in a journal.
#[derive(Debug)]
pub(super) enum Piece {
    /// Whole lines of one segment. Only the last of them may lack its newline.
    Lines(Block),
    /// A line that is longer than a line may be. The block holds its beginning.
    TooLong(Block),
    /// A segment is missing.
    MissingSegment(u32),
    /// A segment ended before the byte up to which it was to be read.
    Shortened { segment: u32, durable: u64 },
}

/// Bytes of one segment.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) segment: u32,
    /// The byte of the segment at which the block begins.
    pub(super) offset: u64,
    /// The bytes it stands for, in the file.
    pub(super) span: u64,
    /// Its buffer, of which the first `len` bytes count. Longer than that so that it need not be cleared again.
    buffer: Vec<u8>,
    len: usize,
}

impl Block {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

/// Reads block after block.
#[derive(Debug)]
pub(super) struct Blocks<'f> {
    files: &'f Files,
    until: Until,
    /// The last segment there is to read.
    last: u32,
    current: Option<Reading>,
    /// The segment to open next.
    next: u32,
    /// The byte of that segment to begin at.
    next_offset: u64,
    /// The beginning of a line whose end is in the next block.
    carry: Vec<u8>,
}

/// The segment that is being read.
#[derive(Debug)]
struct Reading {
    segment: Segment,
    at: u64,
    limit: u64,
    /// The published length, when that is more than the file has.
    durable: Option<u64>,
}

impl<'f> Blocks<'f> {
    /// Reads from `from` on; `lowest` and `highest` are the segments there are.
    pub(super) fn new(
        files: &'f Files,
        from: &Position,
        until: Until,
        (lowest, highest): (u32, u32),
    ) -> Self {
        let last = match until {
            Until::Published { segment, .. } => segment,
            Until::EndOfFiles => highest,
        };
        let from_start = from.segment == 0;
        Self {
            files,
            until,
            last,
            // What lies before the lowest is reported as one missing segment, not as hundreds.
            current: None,
            next: if from_start {
                lowest.saturating_sub(1).max(1)
            } else {
                from.segment
            },
            next_offset: from.offset,
            carry: Vec::new(),
        }
    }

    /// The next piece, read into `spare` where possible; `None` at the end.
    pub(super) fn next(&mut self, mut spare: Block) -> Result<Option<Piece>, JournalError> {
        loop {
            let Some(open) = &mut self.current else {
                if self.next > self.last {
                    return Ok(None);
                }
                if let Some(piece) = self.open_next()? {
                    return Ok(Some(piece));
                }
                continue;
            };
            if open.at >= open.limit && self.carry.is_empty() {
                let shortened = open.durable.map(|durable| Piece::Shortened {
                    segment: open.segment.number,
                    durable,
                });
                self.current = None;
                if shortened.is_some() {
                    return Ok(shortened);
                }
                continue;
            }
            fill(self.files, open, &mut self.carry, &mut spare)?;
            if split(open, &mut self.carry, &mut spare) {
                return Ok(Some(Piece::Lines(spare)));
            }
            if self.carry.len() > MAX_LINE_BYTES {
                skip_line(self.files, open, &mut self.carry, &mut spare)?;
                return Ok(Some(Piece::TooLong(spare)));
            }
        }
    }

    /// Opens the next segment, or says that it is missing.
    fn open_next(&mut self) -> Result<Option<Piece>, JournalError> {
        let (number, offset) = (self.next, self.next_offset);
        self.next += 1;
        self.next_offset = 0;
        let Some(segment) = self.files.open(number, Open::Read)? else {
            return Ok(Some(Piece::MissingSegment(number)));
        };
        let path = self.files.path(&segment);
        let len = segment
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?
            .len;
        let published = match self.until {
            Until::Published { segment, offset } if segment == number => offset,
            Until::Published { .. } | Until::EndOfFiles => len,
        };
        self.current = Some(Reading {
            segment,
            at: offset,
            limit: published.min(len),
            durable: (published > len).then_some(published),
        });
        Ok(None)
    }
}

/// Fills `block` with what was carried over and up to [`BLOCK_BYTES`] more.
fn fill(
    files: &Files,
    open: &mut Reading,
    carry: &mut Vec<u8>,
    block: &mut Block,
) -> Result<(), JournalError> {
    let carried = carry.len();
    let wanted = usize::try_from(open.limit.saturating_sub(open.at))
        .unwrap_or(BLOCK_BYTES)
        .min(BLOCK_BYTES);
    if block.buffer.len() < carried + wanted {
        block.buffer.resize(carried + wanted, 0);
    }
    block.buffer[..carried].copy_from_slice(carry);
    carry.clear();
    block.segment = open.segment.number;
    block.offset = open.at - carried as u64;
    let read = read_up_to(open, &mut block.buffer[carried..carried + wanted])
        .map_err(|error| JournalError::io("read", &files.path(&open.segment))(error))?;
    if read < wanted {
        // The file was cut while it was read: what it still has is all there is.
        open.durable = Some(open.limit);
        open.limit = open.at + read as u64;
    }
    open.at += read as u64;
    block.len = carried + read;
    block.span = block.len as u64;
    Ok(())
}

fn read_up_to(open: &Reading, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match open
            .segment
            .file
            .read_at(&mut buffer[read..], open.at + read as u64)?
        {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// Cuts `block` after its last newline and carries the rest over; says whether it holds whole lines then.
fn split(open: &Reading, carry: &mut Vec<u8>, block: &mut Block) -> bool {
    if open.at >= open.limit {
        return block.len > 0;
    }
    let whole = memchr::memrchr(b'\n', block.bytes()).map_or(0, |newline| newline + 1);
    carry.extend_from_slice(&block.buffer[whole..block.len]);
    block.len = whole;
    block.span = whole as u64;
    whole > 0
}

/// Reads on to the end of a line that is too long and leaves its beginning in `block`.
fn skip_line(
    files: &Files,
    open: &mut Reading,
    carry: &mut Vec<u8>,
    block: &mut Block,
) -> Result<(), JournalError> {
    let beginning = std::mem::take(carry);
    let start = open.at - beginning.len() as u64;
    let mut end = open.at;
    loop {
        fill(files, open, carry, block)?;
        if let Some(newline) = memchr::memchr(b'\n', block.bytes()) {
            end += newline as u64 + 1;
            carry.extend_from_slice(&block.buffer[newline + 1..block.len]);
            break;
        }
        end += block.len as u64;
        if open.at >= open.limit {
            break;
        }
    }
    *block = Block {
        segment: open.segment.number,
        offset: start,
        span: end - start,
        len: MAX_LINE_BYTES.min(beginning.len()),
        buffer: beginning,
    };
    Ok(())
}
