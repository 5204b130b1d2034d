//! Files that the command reads and writes for people: through the store's disk, so that they are synced, never
//! overwritten, and never half there under their final name.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchbook_store::disk::{Disk, DiskFile, Open, RealDisk};

use crate::failure::Failure;

/// How much is read or gathered at once.
const BLOCK: usize = 1 << 16;

/// The path without links and detours; itself where nothing is there yet.
pub(crate) fn real(path: PathBuf) -> PathBuf {
    std::fs::canonicalize(&path).unwrap_or(path)
}

/// Reads a file of at most `limit` bytes; `-` reads `stdin`.
///
/// # Errors
/// When it is not there, cannot be read, or is larger.
pub(crate) fn read(path: &Path, limit: u64, stdin: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Input {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        stdin
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = Reader::open(path).map_err(failed)?;
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    if bytes.len() as u64 > limit {
        return Err(Failure::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// A file, read from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Reader {
    file: Arc<dyn DiskFile>,
    offset: u64,
}

impl Reader {
    /// Opens a file. A symbolic link is followed: the person who names it means what it points to.
    ///
    /// # Errors
    /// When it is not there, is no regular file, or cannot be read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = RealDisk.open(&path.canonicalize()?, Open::Read)?;
        Ok(Self { file, offset: 0 })
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// A file in the making: it gets its name when all of it is on the disk.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    beside: PathBuf,
    file: Arc<dyn DiskFile>,
    offset: u64,
    block: Vec<u8>,
    is_kept: bool,
}

impl NewFile {
    /// Begins a file that must not be there yet. A `private` one may be read by its owner alone.
    ///
    /// # Errors
    /// When it is there already, or its folder cannot be written.
    pub(crate) fn begin(path: &Path, private: bool) -> Result<Self, Failure> {
        let failed = |source| Failure::Output {
            path: path.to_owned(),
            source,
        };
        let path = std::path::absolute(path).map_err(failed)?;
        if watchbook_store::disk::exists(&RealDisk, &path).map_err(failed)? {
            return Err(Failure::Exists(path));
        }
        let beside = beside(&path);
        // What an earlier run left behind was never given its name.
        if let Err(error) = RealDisk.remove_file(&beside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(error));
        }
        let how = if private {
            Open::CreateNewPrivate
        } else {
            Open::CreateNew
        };
        let file = RealDisk.open(&beside, how).map_err(failed)?;
        Ok(Self {
            path,
            beside,
            file,
            offset: 0,
            block: Vec::new(),
            is_kept: false,
        })
    }

    /// Makes it durable and gives it its name.
    ///
    /// # Errors
    /// When that is not possible. Then there is no file.
    pub(crate) fn keep(mut self) -> Result<PathBuf, Failure> {
        let path = self.path.clone();
        match self.settle() {
            Ok(()) => {
                self.is_kept = true;
                Ok(path)
            }
            Err(source) => Err(Failure::Output { path, source }),
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()?;
        RealDisk.rename(&self.beside, &self.path)?;
        match self.path.parent() {
            Some(folder) => RealDisk.sync_dir(folder),
            None => Ok(()),
        }
    }
}

/// The name it has until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.block, self.offset)?;
        self.offset += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Half a file helps nobody; when it cannot be removed, its name says that it is one.
            drop(RealDisk.remove_file(&self.beside));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_has_its_name_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        let mut file = NewFile::begin(&path, false).unwrap();
        file.write_all(b"{}").unwrap();
        assert!(!path.exists());
        file.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"{}");
        assert!(matches!(
            NewFile::begin(&path, false),
            Err(Failure::Exists(_))
        ));
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = NewFile::begin(&dir.path().join("out"), true).unwrap();
        file.write_all(&vec![7; 3 * BLOCK]).unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5, &mut io::empty()).unwrap(), b"12345");
        assert!(matches!(
            read(&path, 4, &mut io::empty()),
            Err(Failure::TooLarge { .. })
        ));
        let mut stdin: &[u8] = b"abc";
        assert_eq!(read(Path::new("-"), 5, &mut stdin).unwrap(), b"abc");
    }
}
