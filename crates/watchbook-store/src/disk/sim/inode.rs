//! A file or directory: as reads see it, as a power cut would leave it, and the changes in between.

use std::collections::{BTreeMap, BTreeSet};

use super::random::SplitMix;

/// The bytes that a disk writes all or nothing of, usually. A torn write may stop within one.
const SECTOR: usize = 512;

/// A file or a directory.
#[derive(Debug, Clone)]
pub(super) enum Inode {
    File(FileNode),
    Dir(DirNode),
}

/// A file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileNode {
    pub(super) now: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<FileChange>,
    /// The handle that has the exclusive lock.
    lock: Option<u64>,
    /// The handles that share the lock.
    sharers: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
enum FileChange {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

/// A directory.
#[derive(Debug, Clone, Default)]
pub(super) struct DirNode {
    pub(super) now: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    pending: Vec<DirChange>,
}

#[derive(Debug, Clone)]
enum DirChange {
    Link {
        name: String,
        inode: u64,
    },
    Unlink {
        name: String,
    },
    Rename {
        from: String,
        to: String,
        inode: u64,
    },
}

/// How much of what was not synced survives.
#[derive(Debug, Clone, Copy)]
struct Luck {
    /// The chance of each piece, in percent.
    piece: u64,
    /// The chance that a piece that survives is torn, in percent.
    torn: u64,
}

impl Luck {
    /// From "nothing" over "half" to "all", so that every sort of loss is frequent.
    fn draw(random: &mut SplitMix) -> Self {
        let piece = [0, 10, 50, 90, 100][usize::try_from(random.below(5)).unwrap_or(0)];
        let torn = if random.chance(50) { 10 } else { 0 };
        Self { piece, torn }
    }
}

impl FileNode {
    /// A file that is durable with these bytes.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            now: bytes.clone(),
            durable: bytes,
            ..Self::default()
        }
    }

    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> usize {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.now.len());
        let len = buffer.len().min(self.now.len() - start);
        buffer[..len].copy_from_slice(&self.now[start..start + len]);
        len
    }

    pub(super) fn write_at(&mut self, bytes: &[u8], offset: u64) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        put(&mut self.now, offset, bytes);
        self.pending.push(FileChange::Write {
            offset,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn set_len(&mut self, len: u64) {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.now.resize(len, 0);
        self.pending.push(FileChange::SetLen(len));
    }

    /// Makes everything durable that is still known to be unsynced. The length becomes what it is now, so bytes that
    /// a failed sync has lost read as zeros from then on, after a crash.
    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            match change {
                FileChange::Write { offset, bytes } => put(&mut self.durable, offset, &bytes),
                FileChange::SetLen(len) => self.durable.resize(len, 0),
            }
        }
        self.durable.resize(self.now.len(), 0);
    }

    /// A failed sync: some of what was unsynced got to the disk, the rest never will, though reads still see it.
    pub(super) fn lose(&mut self, random: &mut SplitMix) {
        let luck = Luck::draw(random);
        for change in std::mem::take(&mut self.pending) {
            change.apply_in_part(&mut self.durable, luck, random);
        }
    }

    /// The file after a power cut.
    pub(super) fn crash(&self, random: &mut SplitMix) -> Self {
        let luck = Luck::draw(random);
        let mut left = self.durable.clone();
        for change in &self.pending {
            change.clone().apply_in_part(&mut left, luck, random);
        }
        Self::durable(left)
    }

    pub(super) fn try_lock(&mut self, handle: u64) -> bool {
        if self.sharers.iter().any(|sharer| *sharer != handle) {
            return false;
        }
        let holder = *self.lock.get_or_insert(handle);
        if holder == handle {
            self.sharers.clear();
        }
        holder == handle
    }

    pub(super) fn try_lock_shared(&mut self, handle: u64) -> bool {
        let free = self.lock.is_none_or(|holder| holder == handle);
        if free {
            self.lock = None;
            self.sharers.insert(handle);
        }
        free
    }

    pub(super) fn unlock(&mut self, handle: u64) {
        self.lock = self.lock.filter(|holder| *holder != handle);
        self.sharers.remove(&handle);
    }
}

impl FileChange {
    fn apply_in_part(self, bytes: &mut Vec<u8>, luck: Luck, random: &mut SplitMix) {
        match self {
            Self::SetLen(len) if random.chance(luck.piece) => bytes.resize(len, 0),
            Self::SetLen(_) => {}
            Self::Write {
                offset,
                bytes: written,
            } => {
                // The new length may get to the disk without the bytes.
                let end = offset + written.len();
                if end > bytes.len() && random.chance(luck.piece) {
                    bytes.resize(end, 0);
                }
                for (at, piece) in sectors(offset, &written) {
                    if random.chance(luck.piece) {
                        let torn = random
                            .chance(luck.torn)
                            .then(|| random.below(piece.len() as u64 + 1));
                        let len = torn
                            .and_then(|len| usize::try_from(len).ok())
                            .unwrap_or(piece.len());
                        put(bytes, at, &piece[..len]);
                    }
                }
            }
        }
    }
}

/// The parts of a write that lie in one sector each.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = offset;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        let start = at;
        at += piece.len();
        rest = after;
        (!piece.is_empty()).then_some((start, piece))
    })
}

fn put(into: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if into.len() < end && !bytes.is_empty() {
        into.resize(end, 0);
    }
    if let Some(place) = into.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

impl DirNode {
    /// A directory that is durable with these entries.
    pub(super) fn durable(entries: BTreeMap<String, u64>) -> Self {
        Self {
            now: entries.clone(),
            durable: entries,
            pending: Vec::new(),
        }
    }

    pub(super) fn link(&mut self, name: &str, inode: u64) {
        self.now.insert(name.to_owned(), inode);
        self.pending.push(DirChange::Link {
            name: name.to_owned(),
            inode,
        });
    }

    pub(super) fn unlink(&mut self, name: &str) {
        self.now.remove(name);
        self.pending.push(DirChange::Unlink {
            name: name.to_owned(),
        });
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, inode: u64) {
        self.now.remove(from);
        self.now.insert(to.to_owned(), inode);
        let (from, to) = (from.to_owned(), to.to_owned());
        self.pending.push(DirChange::Rename { from, to, inode });
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.now.clone();
        self.pending.clear();
    }

    /// The directory after a power cut.
    pub(super) fn crash(&self, random: &mut SplitMix) -> Self {
        let luck = Luck::draw(random);
        let mut left = self.durable.clone();
        for change in &self.pending {
            if random.chance(luck.piece) {
                change.apply(&mut left);
            }
        }
        Self::durable(left)
    }
}

impl DirChange {
    fn apply(&self, entries: &mut BTreeMap<String, u64>) {
        match self {
            Self::Link { name, inode } => {
                entries.insert(name.clone(), *inode);
            }
            Self::Unlink { name } => {
                entries.remove(name);
            }
            Self::Rename { from, to, inode } => {
                entries.remove(from);
                entries.insert(to.clone(), *inode);
            }
        }
    }
}
