//! The operating system's file system.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Disk, DiskFile, Identity, Kind, Metadata, Open};

/// Files: the owner reads and writes, the group reads.
const FILE_MODE: Mode = Mode::from_raw_mode(0o640);
/// Files that the owner alone reads and writes.
const PRIVATE_MODE: Mode = Mode::from_raw_mode(0o600);
/// Directories: the owner does everything, the group reads.
const DIR_MODE: Mode = Mode::from_raw_mode(0o750);

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

/// An open file of the operating system.
#[derive(Debug)]
struct RealFile {
    file: File,
    identity: Identity,
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let access = match how {
            Open::Read => OFlags::RDONLY,
            Open::Write => OFlags::RDWR,
            Open::Create => OFlags::RDWR | OFlags::CREATE,
            Open::CreateNew | Open::CreateNewPrivate => {
                OFlags::RDWR | OFlags::CREATE | OFlags::EXCL
            }
            Open::Append => OFlags::RDWR | OFlags::CREATE | OFlags::APPEND,
        };
        let mode = if how == Open::CreateNewPrivate {
            PRIVATE_MODE
        } else {
            FILE_MODE
        };
        // NONBLOCK keeps a FIFO put in place of a file from hanging the open; regular files ignore it.
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = retry(|| rustix::fs::openat(CWD, path, flags, mode))?;
        let is = retry(|| rustix::fs::fstat(&file))?;
        match kind_of(&is) {
            Kind::File => Ok(Arc::new(RealFile {
                file: file.into(),
                identity: describe(&is).identity,
            })),
            Kind::Directory => Err(io::ErrorKind::IsADirectory.into()),
            Kind::Other => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            )),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        retry(|| rustix::fs::mkdirat(CWD, path, DIR_MODE))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            // A name that is not UTF-8 is nothing the store made.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        retry(|| rustix::fs::renameat(CWD, from, CWD, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        retry(|| rustix::fs::unlinkat(CWD, path, AtFlags::empty()))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        retry(|| rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = retry(|| rustix::fs::openat(CWD, path, flags, Mode::empty()))?;
        Ok(rustix::fs::fsync(dir)?)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        retry(|| rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW))
            .map(|stat| describe(&stat))
    }

    fn room(&self, path: &Path) -> io::Result<u64> {
        retry(|| rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS))?;
        let found = retry(|| rustix::fs::statvfs(path))?;
        // A file system without a size of its own, such as one of the network, says 0.
        Ok(match found.f_blocks {
            0 => u64::MAX,
            _ => found.f_bavail.saturating_mul(found.f_frsize),
        })
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        // Not retried: after a failure, whatever its name, the page cache may have dropped the bytes.
        Ok(rustix::fs::fdatasync(&self.file)?)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        retry(|| rustix::fs::fstat(&self.file)).map(|stat| describe(&stat))
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(self.identity)
    }

    fn try_lock(&self) -> io::Result<bool> {
        try_until_answered(|| self.file.try_lock())
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        try_until_answered(|| self.file.try_lock_shared())
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}

/// Tries to lock until the try is not interrupted by a signal.
fn try_until_answered(mut lock: impl FnMut() -> Result<(), TryLockError>) -> io::Result<bool> {
    loop {
        match lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Calls until it is not interrupted by a signal. Only for calls that may be repeated without harm.
fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

fn kind_of(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        _ => Kind::Other,
    }
}

fn describe(stat: &Stat) -> Metadata {
    Metadata {
        identity: Identity {
            device: stat.st_dev,
            inode: stat.st_ino,
        },
        // The system never reports a negative length.
        len: u64::try_from(stat.st_size).unwrap_or(0),
        kind: kind_of(stat),
    }
}
