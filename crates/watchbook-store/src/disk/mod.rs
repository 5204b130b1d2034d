//! The file system as the store sees it: few operations, each of which a test can make fail.
//!
//! Everything that must survive a crash goes through [`Disk`]. [`RealDisk`] is the operating system's;
//! the simulator (feature `testsuite`) forgets unsynced bytes and directory entries the way a power cut does.
//!
//! # Contract
//! - What [`DiskFile::write_all_at`] and [`DiskFile::set_len`] did is durable once a later
//!   [`DiskFile::sync_data`] on the same file has returned `Ok`, and not before.
//! - A new, renamed or removed name is durable once a later [`Disk::sync_dir`] on its directory has returned `Ok`.
//! - After a failed `sync_data` nothing is known about the bytes written since the last successful one: reads may
//!   still show them and a later `sync_data` may succeed without having stored them. Write them again.
//! - Paths are absolute, and their last component is never followed when it is a symbolic link.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(any(test, feature = "testsuite"))]
mod mutant;
mod real;
#[cfg(any(test, feature = "testsuite"))]
pub mod sim;

#[cfg(any(test, feature = "testsuite"))]
pub use mutant::{LateSync, NoSync};
pub use real::RealDisk;
#[cfg(any(test, feature = "testsuite"))]
pub use sim::SimDisk;

/// How to open a file. Files are made with mode 0640.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Open {
    /// An existing file, to read.
    Read,
    /// An existing file, to read and write.
    Write,
    /// A file to read and write, made empty when it is missing.
    Create,
    /// A new file to read and write; `AlreadyExists` when the name is taken.
    CreateNew,
    /// The same with mode 0600: its owner alone may read it.
    CreateNewPrivate,
    /// A file to read and to [append](DiskFile::append) to, made empty when it is missing.
    Append,
}

/// What makes a file the same file, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device it is on. May differ after a restart of the machine.
    pub device: u64,
    /// Its inode number on that device.
    pub inode: u64,
}

/// What sort of thing a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, a socket, a device: nothing the store reads or writes.
    Other,
}

/// What a name stands for right now. Symbolic links are not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Which file it is.
    pub identity: Identity,
    /// Its length in bytes.
    pub len: u64,
    /// What sort of thing it is.
    pub kind: Kind,
}

/// A file system; see the [contract](self#contract).
pub trait Disk: Debug + Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists` (only [`Open::CreateNew`]), `FilesystemLoop` for a symbolic link, and whatever the system says.
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes one directory with mode 0750. Its name is not durable before [`Self::sync_dir`] on its parent.
    ///
    /// # Errors
    /// `AlreadyExists`, `NotFound` for its parent, and whatever the system says.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// `NotFound`, `NotADirectory`, and whatever the system says.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Gives `from` the name `to`, in one step, replacing what `to` was. Not durable before [`Self::sync_dir`].
    ///
    /// # Errors
    /// `NotFound` and whatever the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file's name. Not durable before [`Self::sync_dir`].
    ///
    /// # Errors
    /// `NotFound` and whatever the system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory's name. Not durable before [`Self::sync_dir`].
    ///
    /// # Errors
    /// `NotFound`, `DirectoryNotEmpty`, and whatever the system says.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// Whatever the system says.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// What `path` stands for; symbolic links are not followed.
    ///
    /// # Errors
    /// `NotFound` and whatever the system says.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// How many bytes this user can still write on the file system of `path`, as far as that can be told without
    /// writing; [`u64::MAX`] where it cannot.
    ///
    /// # Errors
    /// `PermissionDenied` or `ReadOnlyFilesystem` when `path` may not be written, and whatever the system says.
    fn room(&self, path: &Path) -> io::Result<u64> {
        let _ = path;
        Ok(u64::MAX)
    }
}

/// An open file; see the [contract](self#contract). Closed, and its lock released, when the last handle is dropped.
pub trait DiskFile: Debug + Send + Sync {
    /// Reads up to `buffer.len()` bytes from `offset` on and says how many; 0 at the end.
    ///
    /// # Errors
    /// Whatever the system says; never `Interrupted`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`: one system call when the system takes them all. After an error any part may have been written.
    ///
    /// # Errors
    /// `StorageFull` and whatever the system says; never `Interrupted`.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at the end of a file opened with [`Open::Append`]. When the system takes them all at once,
    /// as it does for a few KiB, they stand together, whoever else appends. After an error any part may have been written.
    ///
    /// # Errors
    /// `StorageFull` and whatever the system says; never `Interrupted`.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `len` bytes, or extends it with zeros.
    ///
    /// # Errors
    /// Whatever the system says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes bytes and length durable (`fdatasync`).
    ///
    /// # Errors
    /// Whatever the system says; then nothing is known about the bytes since the last success.
    fn sync_data(&self) -> io::Result<()>;

    /// Which file this is, and its length.
    ///
    /// # Errors
    /// Whatever the system says.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Which file this is. Never changes while it is open, so it may be remembered.
    ///
    /// # Errors
    /// Whatever the system says.
    fn identity(&self) -> io::Result<Identity> {
        self.metadata().map(|is| is.identity)
    }

    /// Takes the exclusive lock of this file if nobody else has it, and says whether it did.
    /// The lock belongs to the handle; the system releases it when the process ends in whatever way.
    ///
    /// # Errors
    /// Whatever the system says.
    fn try_lock(&self) -> io::Result<bool>;

    /// Takes a lock of this file that any number of handles may share, if nobody has the exclusive one, and says whether
    /// it did. The lock belongs to the handle, as with [`Self::try_lock`].
    ///
    /// # Errors
    /// Whatever the system says.
    fn try_lock_shared(&self) -> io::Result<bool>;

    /// Releases the lock.
    ///
    /// # Errors
    /// Whatever the system says.
    fn unlock(&self) -> io::Result<()>;
}

/// Whether `path` stands for anything.
///
/// # Errors
/// Whatever the system says, other than `NotFound`.
pub fn exists(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    match disk.metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes `path` and its missing parents, durably.
///
/// # Errors
/// `NotADirectory` when a component is something else, and whatever the system says.
pub fn create_dir_all(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    for missing in missing_dirs(disk, path)?.iter().rev() {
        match disk.create_dir(missing) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if let Some(parent) = missing.parent() {
            disk.sync_dir(parent)?;
        }
    }
    Ok(())
}

/// Removes `path` with everything below it. Links are removed, not followed. Nothing there is fine.
///
/// # Errors
/// Whatever the system says; a part may be gone then.
pub fn remove_dir_all(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let names = match disk.read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        names => names?,
    };
    for name in names {
        let below = path.join(name);
        match disk.metadata(&below)?.kind {
            Kind::Directory => remove_dir_all(disk, &below)?,
            Kind::File | Kind::Other => disk.remove_file(&below)?,
        }
    }
    disk.remove_dir(path)
}

/// The directories on the way to `path` that do not exist, the deepest first.
fn missing_dirs(disk: &dyn Disk, path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        match disk.metadata(ancestor) {
            // A link to a directory is fine on the way: only files are refused to be links.
            Ok(found) if found.kind != Kind::File => break,
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.push(ancestor.to_owned());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// Reads exactly `buffer.len()` bytes from `offset` on.
///
/// # Errors
/// `UnexpectedEof` when the file ends before, and whatever the system says.
pub fn read_exact_at(
    file: &dyn DiskFile,
    mut buffer: &mut [u8],
    mut offset: u64,
) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.read_at(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
