//! Disks that are wrong on purpose: a crash suite that does not fail on them proves nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Disk, DiskFile, Metadata, Open};

/// A disk whose `sync_data` does nothing: the build with the `fdatasync` taken out.
#[derive(Debug)]
pub struct NoSync<D>(pub D);

/// A disk whose `sync_data` says yes at once and really syncs at that file's next operation: the build that
/// acknowledges before it syncs.
#[derive(Debug)]
pub struct LateSync<D>(pub D);

#[derive(Debug)]
struct NoSyncFile(Arc<dyn DiskFile>);

#[derive(Debug)]
struct LateSyncFile {
    inner: Arc<dyn DiskFile>,
    owed: AtomicBool,
}

/// Everything of [`Disk`] but `open`, passed on unchanged.
macro_rules! pass_on_names {
    () => {
        fn create_dir(&self, path: &Path) -> io::Result<()> {
            self.0.create_dir(path)
        }

        fn read_dir(&self, path: &Path) -> io::Result<Vec<String>> {
            self.0.read_dir(path)
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.0.rename(from, to)
        }

        fn remove_file(&self, path: &Path) -> io::Result<()> {
            self.0.remove_file(path)
        }

        fn remove_dir(&self, path: &Path) -> io::Result<()> {
            self.0.remove_dir(path)
        }

        fn sync_dir(&self, path: &Path) -> io::Result<()> {
            self.0.sync_dir(path)
        }

        fn metadata(&self, path: &Path) -> io::Result<Metadata> {
            self.0.metadata(path)
        }
    };
}

impl<D: Disk> Disk for NoSync<D> {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(NoSyncFile(self.0.open(path, how)?)))
    }

    pass_on_names!();
}

impl<D: Disk> Disk for LateSync<D> {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(LateSyncFile {
            inner: self.0.open(path, how)?,
            owed: AtomicBool::new(false),
        }))
    }

    pass_on_names!();
}

impl DiskFile for NoSyncFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.0.try_lock()
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        self.0.try_lock_shared()
    }

    fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

impl LateSyncFile {
    /// The file, after the sync that is owed to it.
    fn settled(&self) -> io::Result<&dyn DiskFile> {
        if self.owed.swap(false, Ordering::Relaxed) {
            self.inner.sync_data()?;
        }
        Ok(&*self.inner)
    }
}

impl DiskFile for LateSyncFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.settled()?.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.settled()?.write_all_at(bytes, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.settled()?.append(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.settled()?.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.owed.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.settled()?.metadata()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.settled()?.try_lock()
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        self.settled()?.try_lock_shared()
    }

    fn unlock(&self) -> io::Result<()> {
        self.settled()?.unlock()
    }
}
