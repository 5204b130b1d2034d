//! The mark: up to which commit the audit trail is known to be durable.
//!
//! Written after each sync of the trail, and not synced itself. One that is lost, torn or of files that were replaced
//! since is no mark, and an old one is as true as it was: either only makes the next look at the trail wider.

use std::io;

use watchbook_core::Digest;

use crate::disk::{Disk, Open};
use crate::journal::Position;
use crate::jsonl::bytes::{Reader, Writer};
use crate::jsonl::layout::Layout;
use crate::jsonl::whole_file;

const MAGIC: &[u8; 8] = b"wbaudit\x01";
/// All numbers have their full length, so each mark covers the one before.
const MAX_BYTES: u64 = 512;

/// The mark, if there is one.
pub(crate) fn read(disk: &dyn Disk, layout: &Layout) -> Option<Position> {
    let bytes = whole_file::read(disk, &layout.audited(), MAX_BYTES).ok()?;
    let mut input = Reader::checked(&bytes, MAGIC)?;
    Some(Position {
        generation: input.u64()?,
        segment: input.u32()?,
        offset: input.u64()?,
        line: input.u64()?,
        n: input.u64()?,
        chain: Digest::from_bytes(input.blob()?.try_into().ok()?),
    })
}

/// Says that the trail is durable up to `position`.
pub(crate) fn write(disk: &dyn Disk, layout: &Layout, position: &Position) -> io::Result<()> {
    let Position {
        generation,
        segment,
        offset,
        line,
        n,
        chain,
    } = *position;
    let mut out = Writer::new(MAGIC);
    out.u64(generation);
    out.u32(segment);
    out.u64(offset);
    out.u64(line);
    out.u64(n);
    out.blob(chain.as_bytes());
    disk.open(&layout.audited(), Open::Create)?
        .write_all_at(&out.finish(), 0)
}
