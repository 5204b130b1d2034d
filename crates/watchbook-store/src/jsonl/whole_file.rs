//! Files that are read and replaced as a whole.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile, Open};

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Owner and group.
    Group,
    /// The owner alone.
    Owner,
}

/// All bytes of a file.
///
/// # Errors
/// `FileTooLarge` beyond `limit`, and whatever the system says.
pub(crate) fn read(disk: &dyn Disk, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_open(&*disk.open(path, Open::Read)?, path, limit)
}

/// All bytes of a file that is open. `path` is its name, for people.
///
/// # Errors
/// `FileTooLarge` beyond `limit`, and whatever the system says.
pub(crate) fn read_open(file: &dyn DiskFile, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let len = file.metadata()?.len;
    if len > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "{} has {len} bytes; at most {limit} are read",
                path.display()
            ),
        ));
    }
    read_range(file, 0, len)
}

/// The bytes from `offset` on, `len` of them or fewer if the file ends before.
///
/// # Errors
/// Whatever the system says.
pub(crate) fn read_range(file: &dyn DiskFile, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut bytes = vec![0; len];
    let mut filled = 0;
    while filled < len {
        match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Puts `bytes` in the place of `path`, in one step and durably: whoever reads it, and whatever happens, finds the old
/// content or the new one.
///
/// # Errors
/// Whatever the system says; the old content stands then.
pub(crate) fn replace(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    readers: Readers,
) -> io::Result<()> {
    let temporary = beside(path, "tmp");
    match disk.remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let how = match readers {
        Readers::Group => Open::CreateNew,
        Readers::Owner => Open::CreateNewPrivate,
    };
    let written = disk.open(&temporary, how).and_then(|file| {
        file.write_all_at(bytes, 0)?;
        file.sync_data()
    });
    if let Err(error) = written.and_then(|()| disk.rename(&temporary, path)) {
        // The name is free again for the next try; that this may fail as well changes nothing.
        drop(disk.remove_file(&temporary));
        return Err(error);
    }
    match path.parent() {
        Some(parent) => disk.sync_dir(parent),
        None => Ok(()),
    }
}

/// `dir/.name.ending`: a name that no reader looks at.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    path.with_file_name(format!(".{name}.{ending}"))
}
