//! A disk that has no room below some folders.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use watchbook_store::disk::{Disk, DiskFile, Metadata, Open, SimDisk};

/// A disk that can run full below a folder.
#[derive(Debug, Clone)]
pub(crate) struct FullDisk {
    disk: SimDisk,
    full: Arc<Mutex<Option<PathBuf>>>,
}

impl FullDisk {
    pub(crate) fn new(disk: SimDisk) -> Self {
        Self {
            disk,
            full: Arc::default(),
        }
    }

    /// From now on nothing can be written below `folder`, or everything everywhere again.
    pub(crate) fn fill(&self, folder: Option<&str>) {
        *self.full.lock() = folder.map(PathBuf::from);
    }

    fn check(&self, path: &Path) -> io::Result<()> {
        match &*self.full.lock() {
            Some(full) if path.starts_with(full) => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for FullDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let is_new = matches!(how, Open::Create | Open::Append) && self.disk.peek(path).is_none();
        if is_new || matches!(how, Open::CreateNew | Open::CreateNewPrivate) {
            self.check(path)?;
        }
        let file = self.disk.open(path, how)?;
        Ok(Arc::new(FullFile {
            file,
            path: path.to_owned(),
            disk: self.clone(),
        }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.check(path)?;
        self.disk.create_dir(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<String>> {
        self.disk.read_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.disk.metadata(path)
    }
}

#[derive(Debug)]
struct FullFile {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    disk: FullDisk,
}

impl DiskFile for FullFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.check(&self.path)?;
        self.file.write_all_at(bytes, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.check(&self.path)?;
        self.file.append(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        self.file.try_lock_shared()
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}
