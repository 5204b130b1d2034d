//! The checkpoint: the book in one binary file, so that opening does not read the whole journal.
//!
//! A cache and nothing more: it is dropped when its version, its store, its generation or its checksum does not fit, and
//! then the journal is read from the start. Little-endian; a CRC-32 of everything stands at the end.

use std::collections::HashMap;
use std::io;

use serde::{Deserialize, Serialize};
use watchbook_core::text::ServiceName;
use watchbook_core::{IncidentId, Stamp, StoreId, Timestamp};

use crate::disk::Disk;
use crate::journal::Position;

use super::book::{Book, BookParts, Brief, KeySlot, LineRef, PackError, PackedEntry};
use super::bytes::{Reader, Writer};
use super::layout::Layout;
use super::whole_file::{self, Readers};

const MAGIC: &[u8; 8] = b"wbindex\x04";
/// The largest checkpoint that is read: beyond it memory is too small anyway.
const MAX_BYTES: u64 = 16 << 30;

/// What stands at the beginning of a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    store_id: StoreId,
    position: Position,
    last_stamp: Option<Stamp>,
    services: Vec<ServiceName>,
    entries: u64,
    keys: u64,
}

/// A book read from a checkpoint.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    /// The store it belongs to.
    pub(crate) store_id: StoreId,
    /// Up to where the journal is in it.
    pub(crate) position: Position,
    /// What it holds.
    pub(crate) parts: BookParts,
}

/// A checkpoint that cannot be used, or could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("the checkpoint is damaged or of another version")]
    Unusable,
}

impl From<postcard::Error> for CheckpointError {
    fn from(_: postcard::Error) -> Self {
        Self::Unusable
    }
}

/// Writes the book as of `position`. The caller holds the directory's lock.
pub(crate) fn write(
    disk: &dyn Disk,
    layout: &Layout,
    store_id: StoreId,
    position: Position,
    book: &Book,
) -> Result<(), CheckpointError> {
    let header = Header {
        store_id,
        position,
        last_stamp: book.clock().last(),
        services: book.services(),
        entries: book.len() as u64,
        keys: book.keys().iter().count() as u64,
    };
    let mut out = Writer::new(MAGIC);
    out.blob(&postcard::to_allocvec(&header)?);
    for (id, entry) in book.entries() {
        out.u64(id.to_bits());
        put_brief(&mut out, entry.brief());
        out.blob(&entry.packed_state()?);
        out.u32(u32::try_from(entry.lines().len()).unwrap_or(u32::MAX));
        for line in entry.lines() {
            out.words(line.words());
        }
    }
    for (used, change, slot) in book.keys().iter() {
        out.blob(&postcard::to_allocvec(&(used, change, slot))?);
    }
    Ok(whole_file::replace(
        disk,
        &layout.checkpoint(),
        &out.finish(),
        Readers::Group,
    )?)
}

/// Reads the checkpoint, if there is one that can be used.
pub(crate) fn read(disk: &dyn Disk, layout: &Layout) -> Result<Checkpoint, CheckpointError> {
    let bytes = whole_file::read(disk, &layout.checkpoint(), MAX_BYTES)?;
    let mut input = Reader::checked(&bytes, MAGIC).ok_or(CheckpointError::Unusable)?;
    let header: Header = postcard::from_bytes(input.blob().ok_or(CheckpointError::Unusable)?)?;
    let Header {
        store_id,
        position,
        last_stamp,
        services,
        entries,
        keys,
    } = header;
    let mut packed =
        Vec::with_capacity(usize::try_from(entries).unwrap_or(0).min(bytes.len() / 32));
    for _ in 0..entries {
        packed.push(entry(&mut input).ok_or(CheckpointError::Unusable)?);
    }
    let mut remembered = Vec::new();
    for _ in 0..keys {
        let key: (Timestamp, _, KeySlot) =
            postcard::from_bytes(input.blob().ok_or(CheckpointError::Unusable)?)?;
        remembered.push(key);
    }
    let services = services.into_iter().zip(0..).collect::<HashMap<_, u32>>();
    Ok(Checkpoint {
        store_id,
        position,
        parts: BookParts {
            last_stamp,
            services,
            entries: packed,
            keys: remembered,
        },
    })
}

fn entry(input: &mut Reader<'_>) -> Option<PackedEntry> {
    let id = IncidentId::from_bits(input.u64()?)?;
    let brief = take_brief(input)?;
    let state = input.blob()?.into();
    let count = input.u32()?;
    let lines = (0..count)
        .map(|_| input.words().map(LineRef::from_words))
        .collect::<Option<Vec<_>>>()?;
    Some(PackedEntry {
        id,
        brief,
        state,
        lines,
    })
}

fn put_brief(out: &mut Writer, brief: Option<Brief>) {
    let Some(brief) = brief else { return out.u8(0) };
    let Brief {
        created,
        updated,
        service,
        affects,
        drill,
        unfinished_followups,
        severity,
        status,
        kind,
    } = brief;
    out.u8(1);
    out.u64(created.cast_unsigned());
    out.u64(updated.cast_unsigned());
    out.u32(service);
    out.u8(u8::from(affects) | u8::from(drill) << 1 | u8::from(unfinished_followups) << 2);
    out.u8(severity as u8);
    out.u8(status as u8);
    out.u8(kind as u8);
}

#[expect(
    clippy::option_option,
    reason = "the outer one is a damaged file, the inner one an incident without creation"
)]
fn take_brief(input: &mut Reader<'_>) -> Option<Option<Brief>> {
    if input.u8()? == 0 {
        return Some(None);
    }
    let (created, updated, service) = (
        input.u64()?.cast_signed(),
        input.u64()?.cast_signed(),
        input.u32()?,
    );
    let (flags, severity, status, kind) = (input.u8()?, input.u8()?, input.u8()?, input.u8()?);
    Some(Some(Brief {
        created,
        updated,
        service,
        affects: flags & 1 != 0,
        drill: flags & 2 != 0,
        unfinished_followups: flags & 4 != 0,
        severity: *watchbook_core::Severity::ALL.get(usize::from(severity))?,
        status: *watchbook_core::Status::ALL.get(usize::from(status))?,
        kind: *watchbook_core::Kind::ALL.get(usize::from(kind))?,
    }))
}
