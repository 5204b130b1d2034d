//! The head: how far the journal is durable, for whoever reads without the lock.
//!
//! `.watchbook/head` holds two slots in two disk sectors, written in turn by one `pwrite` each, after the sync of
//! the journal and without a sync of its own. A reader takes the newest slot whose checksum is right; a write in
//! progress, or one torn by a crash, leaves the other. A head is therefore never ahead of the journal, and at worst
//! behind it: [recovery](super::recover) goes on from there.
//!
//! A slot, numbers little-endian: magic (8 bytes, with the version), store id (16), sequence of writes (8),
//! generation (8), n (8), segment (4), flags (4), durable length of that segment (8), its lines (8), chain hash (32),
//! inode of the head file (8), inode of the segment's file (8), first 8 bytes of the SHA-256 of all that: 128 bytes.
//!
//! The inode of the head file itself tells a copy of the directory (`cp -r`, a restored backup) from the original:
//! a copied head may be newer or older than the copied journal, so it is not believed.

use std::io;

use watchbook_core::{Digest, StoreId};

use super::position::Position;
use crate::disk::DiskFile;

/// Begins each slot; the digits are the version of the format of the head.
const MAGIC: [u8; 8] = *b"WBHEAD01";
/// The part of the magic that all versions share.
const MAGIC_STEM: &[u8] = b"WBHEAD";
/// The bytes of a slot.
const SLOT_BYTES: usize = 128;
/// The bytes of a slot that its checksum covers.
const COVERED_BYTES: usize = 120;
/// Where the slots begin: each in a disk sector of its own.
const SLOT_OFFSETS: [u64; 2] = [0, 512];
/// How often a reader looks again when it finds no whole slot; a writer needs about a microsecond for one.
const READ_TRIES: usize = 64;

/// Set while commits are published that are not synced yet ([`FsyncPolicy`](super::FsyncPolicy) other than `Always`).
const RELAXED: u32 = 1;
/// Set while files are being replaced: lengths and positions do not hold.
const REPLACING: u32 = 2;

/// What a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) store: StoreId,
    /// Counts the writes of the head; the highest is the newest.
    pub(super) sequence: u64,
    /// The durable end of the journal.
    pub(super) end: Position,
    /// The end is published but not synced.
    pub(super) relaxed: bool,
    /// Files are being replaced.
    pub(super) replacing: bool,
    /// The inode of the head file when it was written.
    pub(super) own_inode: u64,
    /// The inode of the segment's file.
    pub(super) segment_inode: u64,
}

/// What the head file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A head to believe.
    Head(Head),
    /// A head that belongs to another file: this directory is a copy.
    Copied(Head),
    /// Nothing that can be read.
    Nothing,
    /// A head of a newer version.
    Newer,
}

/// Reads the newest whole slot.
pub(super) fn read(file: &dyn DiskFile) -> io::Result<Found> {
    let own_inode = file.identity()?.inode;
    for _ in 0..READ_TRIES {
        let slots = [
            read_slot(file, SLOT_OFFSETS[0])?,
            read_slot(file, SLOT_OFFSETS[1])?,
        ];
        if slots.contains(&Slot::Newer) {
            return Ok(Found::Newer);
        }
        let newest = slots
            .into_iter()
            .filter_map(Slot::head)
            .max_by_key(|head| head.sequence);
        match newest {
            Some(head) if head.own_inode == own_inode => return Ok(Found::Head(head)),
            Some(head) => return Ok(Found::Copied(head)),
            None => {}
        }
    }
    Ok(Found::Nothing)
}

/// Writes `head` into the slot whose turn it is.
pub(super) fn write(file: &dyn DiskFile, head: &Head) -> io::Result<()> {
    let turn = usize::from(head.sequence % 2 == 1);
    file.write_all_at(&encode(head), SLOT_OFFSETS[turn])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Head(Head),
    Torn,
    Newer,
}

impl Slot {
    fn head(self) -> Option<Head> {
        match self {
            Self::Head(head) => Some(head),
            Self::Torn | Self::Newer => None,
        }
    }
}

fn read_slot(file: &dyn DiskFile, offset: u64) -> io::Result<Slot> {
    let mut bytes = [0; SLOT_BYTES];
    match crate::disk::read_exact_at(file, &mut bytes, offset) {
        Ok(()) => Ok(decode(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Slot::Torn),
        Err(error) => Err(error),
    }
}

fn encode(head: &Head) -> [u8; SLOT_BYTES] {
    let Head {
        store,
        sequence,
        end,
        relaxed,
        replacing,
        own_inode,
        segment_inode,
    } = *head;
    let Position {
        generation,
        segment,
        offset,
        line,
        n,
        chain,
    } = end;
    let flags = if relaxed { RELAXED } else { 0 } | if replacing { REPLACING } else { 0 };
    let mut bytes = Vec::with_capacity(SLOT_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&store.to_bits().to_le_bytes());
    for number in [sequence, generation, n] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&segment.to_le_bytes());
    bytes.extend_from_slice(&flags.to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&line.to_le_bytes());
    bytes.extend_from_slice(chain.as_bytes());
    bytes.extend_from_slice(&own_inode.to_le_bytes());
    bytes.extend_from_slice(&segment_inode.to_le_bytes());
    let checksum = Digest::of(&bytes);
    let mut slot = [0; SLOT_BYTES];
    slot[..COVERED_BYTES].copy_from_slice(&bytes);
    slot[COVERED_BYTES..].copy_from_slice(&checksum.as_bytes()[..SLOT_BYTES - COVERED_BYTES]);
    slot
}

fn decode(slot: &[u8; SLOT_BYTES]) -> Slot {
    let (covered, checksum) = slot.split_at(COVERED_BYTES);
    if Digest::of(covered).as_bytes()[..checksum.len()] != *checksum {
        return Slot::Torn;
    }
    let mut fields = Fields(covered);
    let magic: [u8; 8] = fields.take();
    if magic != MAGIC {
        return if magic.starts_with(MAGIC_STEM) {
            Slot::Newer
        } else {
            Slot::Torn
        };
    }
    let store = StoreId::from_bits(u128::from_le_bytes(fields.take()));
    let (sequence, generation, n) = (fields.number(), fields.number(), fields.number());
    let (segment, flags) = (
        u32::from_le_bytes(fields.take()),
        u32::from_le_bytes(fields.take()),
    );
    let (offset, line) = (fields.number(), fields.number());
    let chain = Digest::from_bytes(fields.take());
    Slot::Head(Head {
        store,
        sequence,
        end: Position {
            generation,
            segment,
            offset,
            line,
            n,
            chain,
        },
        relaxed: flags & RELAXED != 0,
        replacing: flags & REPLACING != 0,
        own_inode: fields.number(),
        segment_inode: fields.number(),
    })
}

/// The fields of a slot that are not read yet.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The next `N` bytes; zeros past the end, which the fixed layout never reaches.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk::<N>().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *field
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests;
