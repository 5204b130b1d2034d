//! The mark: up to which commit the projections are complete, and how one sees that they still are.
//!
//! Written after each append, synced never. A process that dies between a commit and its append leaves a mark of an
//! earlier commit, one that dies within an append leaves a file that is longer than the mark says, and a power cut takes
//! bytes that the checksum misses. Whoever finds that makes the files anew; so a mark that is lost costs time alone.

use std::io;
use std::sync::Arc;

use watchbook_core::Digest;

use crate::disk::{Disk, DiskFile, Metadata, Open};
use crate::journal::Position;
use crate::jsonl::bytes::{Reader, Writer};
use crate::jsonl::layout::Layout;
use crate::jsonl::whole_file::read_range;

const MAGIC: &[u8; 8] = b"wbproj\x00\x01";
/// All numbers have their full length, so each mark has this many bytes and covers the one before.
const BYTES: u64 = 112;
/// After this many bytes a projection is synced: what a new process compares with the checksum, which takes it a
/// millisecond or two, is never more. Syncing costs all writers, so it is rare.
const SYNC_EVERY: u64 = 8 << 20;
/// How much is compared at once.
const BLOCK: u64 = 64 << 10;

/// Up to which commit the projections are complete, and what they are then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    n: u64,
    chain: Digest,
    pub(super) incidents: Extent,
    pub(super) artifacts: Extent,
}

/// What one file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    inode: u64,
    /// So many bytes survive a power cut.
    durable: u64,
    len: u64,
    /// The CRC-32 of the bytes that may not.
    sum: u32,
}

impl Mark {
    /// Both files are complete up to `position`.
    pub(super) const fn new(position: &Position, incidents: Extent, artifacts: Extent) -> Self {
        Self {
            n: position.n,
            chain: position.chain,
            incidents,
            artifacts,
        }
    }

    /// Whether it was made right after the last commit before `position`.
    pub(super) fn is_at(&self, position: &Position) -> bool {
        (self.n, self.chain) == (position.n, position.chain)
    }

    /// The mark in this file, if there is one.
    pub(super) fn read(file: &dyn DiskFile) -> Option<Self> {
        let bytes = read_range(file, 0, BYTES).ok()?;
        let mut input = Reader::checked(&bytes, MAGIC)?;
        let (n, chain) = (input.u64()?, input.blob()?.try_into().ok()?);
        let mut extent = || {
            Some(Extent {
                inode: input.u64()?,
                durable: input.u64()?,
                len: input.u64()?,
                sum: input.u32()?,
            })
        };
        Some(Self {
            n,
            chain: Digest::from_bytes(chain),
            incidents: extent()?,
            artifacts: extent()?,
        })
    }

    pub(super) fn write(&self, file: &dyn DiskFile) -> io::Result<()> {
        let Self {
            n,
            chain,
            incidents,
            artifacts,
        } = self;
        let mut out = Writer::new(MAGIC);
        out.u64(*n);
        out.blob(chain.as_bytes());
        for Extent {
            inode,
            durable,
            len,
            sum,
        } in [incidents, artifacts]
        {
            out.u64(*inode);
            out.u64(*durable);
            out.u64(*len);
            out.u32(*sum);
        }
        file.write_all_at(&out.finish(), 0)
    }
}

/// The file of the mark, made when it is missing.
pub(super) fn file(disk: &dyn Disk, layout: &Layout) -> io::Result<Arc<dyn DiskFile>> {
    disk.open(&layout.projected(), Open::Create)
}

/// Takes the mark away, so that nobody believes what is about to be replaced.
pub(super) fn remove(disk: &dyn Disk, layout: &Layout) -> io::Result<()> {
    match disk.remove_file(&layout.projected()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Extent {
    /// A file that is durable as it is.
    pub(super) const fn durable(is: Metadata) -> Self {
        Self {
            inode: is.identity.inode,
            durable: is.len,
            len: is.len,
            sum: 0,
        }
    }

    /// Whether the file is the same one, and as long.
    pub(super) const fn fits(&self, is: Metadata) -> bool {
        self.inode == is.identity.inode && self.len == is.len
    }

    /// Whether the bytes that a power cut may have taken are there.
    pub(super) fn is_whole(&self, file: &dyn DiskFile) -> io::Result<bool> {
        let mut hash = crc32fast::Hasher::new();
        let mut at = self.durable;
        while at < self.len {
            let bytes = read_range(file, at, BLOCK.min(self.len - at))?;
            if bytes.is_empty() {
                return Ok(false);
            }
            hash.update(&bytes);
            at += bytes.len() as u64;
        }
        Ok(hash.finalize() == self.sum)
    }

    /// Appends whole lines, and says what the file is then.
    pub(super) fn append(self, file: &dyn DiskFile, lines: &[u8]) -> io::Result<Self> {
        if lines.is_empty() {
            return Ok(self);
        }
        file.append(lines)?;
        let len = self.len + lines.len() as u64;
        if len - self.durable > SYNC_EVERY {
            file.sync_data()?;
            return Ok(Self {
                durable: len,
                len,
                sum: 0,
                ..self
            });
        }
        let mut hash = crc32fast::Hasher::new_with_initial(self.sum);
        hash.update(lines);
        Ok(Self {
            len,
            sum: hash.finalize(),
            ..self
        })
    }
}
