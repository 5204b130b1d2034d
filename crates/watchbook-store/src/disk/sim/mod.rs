//! A file system in memory that forgets what was not synced, and fails when told to.
//!
//! It keeps two states of everything: what reads see, and what a power cut would leave. [`SimDisk::crash`] gives a
//! disk on which any subset of the unsynced changes has survived, in pieces as small as a part of a sector, chosen by
//! a seed. A [`Fault`] can be set at any operation, by its number in [`SimDisk::log`]; so a suite can try each single
//! fault at each step.
//!
//! Locks belong to handles, so two stores opened on one `SimDisk` behave like two processes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile, Metadata, Open};

mod crash;
mod inode;
mod random;
#[cfg(test)]
mod tests;
mod world;

pub use random::SplitMix;

use world::World;

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimDisk(Arc<Mutex<World>>);

/// What an operation does, to aim a fault at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// [`Disk::open`].
    Open,
    /// [`Disk::create_dir`].
    CreateDir,
    /// [`Disk::read_dir`].
    ReadDir,
    /// [`Disk::rename`].
    Rename,
    /// [`Disk::remove_file`].
    RemoveFile,
    /// [`Disk::remove_dir`].
    RemoveDir,
    /// [`Disk::sync_dir`].
    SyncDir,
    /// [`Disk::metadata`] or [`DiskFile::metadata`].
    Metadata,
    /// [`DiskFile::read_at`].
    Read,
    /// [`DiskFile::write_all_at`] or [`DiskFile::append`].
    Write,
    /// [`DiskFile::set_len`].
    SetLen,
    /// [`DiskFile::sync_data`].
    SyncData,
    /// [`DiskFile::try_lock`] or [`DiskFile::unlock`].
    Lock,
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing and reports this. A sync that fails drops what it was to store, as a kernel does.
    Error(io::ErrorKind),
    /// A write stores only so many bytes and then reports this; any other operation does nothing.
    Short(usize, io::ErrorKind),
    /// The power fails before it: it and everything after it reports an error. Then [`SimDisk::crash`].
    PowerCut,
}

/// One operation that was done, for [`SimDisk::log`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// What it was.
    pub op: Op,
    /// The file or directory.
    pub path: PathBuf,
}

impl SimDisk {
    /// An empty disk with only the directory `/`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The disk after a power cut now: everything synced is there, and of the rest a part that `seed` chooses.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().crash(seed))))
    }

    /// Another disk that is now as reads see this one, all of it durable. What happens to one does not touch the other.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().fork())))
    }

    /// Makes the operation with this number, counted from 0 since the disk was made, fail.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.0.lock().faults.insert(operation, fault);
    }

    /// Makes the `nth` operation of this kind from now on fail, 0 being the next.
    pub fn fail_nth(&self, op: Op, nth: u64, fault: Fault) {
        self.0.lock().aimed.push((op, nth, fault));
    }

    /// Makes every operation of this kind fail until [`Self::heal`].
    pub fn fail_all(&self, op: Op, error: io::ErrorKind) {
        self.0.lock().broken.push((op, error));
    }

    /// Removes all faults that have not happened yet.
    pub fn heal(&self) {
        let mut world = self.0.lock();
        world.faults.clear();
        world.aimed.clear();
        world.broken.clear();
    }

    /// Whether the power is still there: after a [`Fault::PowerCut`] every operation fails.
    pub fn has_power(&self) -> bool {
        self.0.lock().has_power()
    }

    /// How many operations were done.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// What was done, in order. The index is the operation's number. Recorded from the first call of
    /// [`Self::record`] on.
    pub fn log(&self) -> Vec<Logged> {
        self.0.lock().log.clone().unwrap_or_default()
    }

    /// Begins to record what is done; see [`Self::log`]. Call it on a new disk, so that indices are numbers.
    pub fn record(&self) {
        self.0.lock().log.get_or_insert_default();
    }

    /// The bytes of a file as reads see them, for assertions; `None` when there is none.
    pub fn peek(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.lock().peek(path)
    }

    /// Writes a file's bytes, durably and outside all faults: somebody else's doing.
    ///
    /// # Errors
    /// When its directory is missing.
    pub fn tamper(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().tamper(path, bytes)
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.0.lock();
        world.begin(Op::Open, path)?;
        let inode = world.open(path, how)?;
        let handle = world.new_handle();
        Ok(Arc::new(SimFile {
            world: Arc::clone(&self.0),
            path: path.to_owned(),
            inode,
            handle,
            writable: how != Open::Read,
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.begin(Op::CreateDir, path)?;
        world.create_dir(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut world = self.0.lock();
        world.begin(Op::ReadDir, path)?;
        world.read_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.begin(Op::Rename, from)?;
        world.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.begin(Op::RemoveFile, path)?;
        world.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.begin(Op::RemoveDir, path)?;
        world.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.0.lock();
        world.begin(Op::SyncDir, path)?;
        world.sync_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let mut world = self.0.lock();
        world.begin(Op::Metadata, path)?;
        world.find(path).and_then(|inode| world.describe(inode))
    }
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
struct SimFile {
    world: Arc<Mutex<World>>,
    path: PathBuf,
    inode: u64,
    handle: u64,
    writable: bool,
}

impl SimFile {
    fn check_writable(&self) -> io::Result<()> {
        if self.writable {
            Ok(())
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

impl SimFile {
    /// Writes at `offset`, or at the end.
    fn write(&self, bytes: &[u8], offset: Option<u64>) -> io::Result<()> {
        self.check_writable()?;
        let mut world = self.world.lock();
        let (taken, result) = match world.take_fault(Op::Write, &self.path) {
            None => (bytes.len(), Ok(())),
            Some(Fault::Short(taken, error)) => (taken.min(bytes.len()), Err(error.into())),
            Some(Fault::Error(error)) => (0, Err(error.into())),
            Some(Fault::PowerCut) => return Err(world::power_cut()),
        };
        let file = world.file(self.inode)?;
        file.write_at(&bytes[..taken], offset.unwrap_or(file.now.len() as u64));
        result
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut world = self.world.lock();
        world.begin(Op::Read, &self.path)?;
        Ok(world.file(self.inode)?.read_at(buffer, offset))
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write(bytes, Some(offset))
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes, None)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        let mut world = self.world.lock();
        world.begin(Op::SetLen, &self.path)?;
        world.file(self.inode)?.set_len(len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        let begun = world.begin(Op::SyncData, &self.path);
        if begun.is_err() {
            world.lose(self.inode);
        } else {
            world.file(self.inode)?.sync();
        }
        begun
    }

    fn metadata(&self) -> io::Result<Metadata> {
        let mut world = self.world.lock();
        world.begin(Op::Metadata, &self.path)?;
        world.describe(self.inode)
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut world = self.world.lock();
        world.begin(Op::Lock, &self.path)?;
        Ok(world.file(self.inode)?.try_lock(self.handle))
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        let mut world = self.world.lock();
        world.begin(Op::Lock, &self.path)?;
        Ok(world.file(self.inode)?.try_lock_shared(self.handle))
    }

    fn unlock(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        world.begin(Op::Lock, &self.path)?;
        world.file(self.inode)?.unlock(self.handle);
        Ok(())
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Ok(file) = self.world.lock().file(self.inode) {
            file.unlock(self.handle);
        }
    }
}
