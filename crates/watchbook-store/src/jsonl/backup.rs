//! Backup and restore: one file that holds everything and proves it.
//!
//! The file is an ordinary tar: the journal up to the durable end of one moment, every version of every artifact that is
//! named up to then, the audit trail, and the keys. Its last entry, `watchbook-backup.json`, lists all others with
//! length and SHA-256, and the head of the chain; a backup that was cut lacks it and is refused.

mod entry;
mod restore;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use watchbook_core::{Digest, StoreId, Timestamp};

use crate::contract::StoreError;
use crate::disk::{Disk, DiskFile, Open};
use crate::journal::{Journal, Position};

use super::care::all_versions;
use super::layout::{JOURNAL, Layout};
use super::store::Directory;
use super::{JsonlStore, failure};

pub use restore::{RestoreError, restore};

use entry::Entry;

/// The version of the form of a backup.
const FORMAT: u32 = 1;
/// The name of the list at the end.
const MANIFEST: &str = "watchbook-backup.json";
/// How much is copied at once.
const BLOCK: usize = 1 << 20;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    /// The version of the form.
    pub format: u32,
    /// The store it is of.
    pub store_id: StoreId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// How many commits it holds.
    pub commits: u64,
    /// The head of the chain: the anchor for `verify`.
    pub head: Digest,
    /// Its files.
    pub files: Vec<BackedUp>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Its name in the backup.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The digest of its bytes.
    pub sha256: Digest,
}

impl BackupReport {
    /// The length of all files together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl JsonlStore {
    /// Writes a backup of this moment to `out`. Writers and readers go on meanwhile. Blocks.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is nothing to back up; when the files cannot be read or `out` cannot be
    /// written.
    pub fn backup(&self, out: &mut dyn Write) -> Result<BackupReport, StoreError> {
        let none = || StoreError::NotFound {
            what: "store",
            name: "to back up".to_owned(),
        };
        let journal = self
            .directory
            .journal()
            .map_err(failure::reading)?
            .ok_or_else(none)?;
        self.directory.sync_audit()?;
        self.directory.backup(&journal, out)
    }
}

impl Directory {
    fn backup(&self, journal: &Journal, out: &mut dyn Write) -> Result<BackupReport, StoreError> {
        // The artifacts are listed after the end is known: all that the journal names up to there is on the disk.
        let end = journal.published().map_err(failure::reading)?;
        let versions = all_versions(&*self.fresh()?)?;
        let mut tar = Archive::new(&*self.options.disk, out, self.options.clock.now());
        let copied = (|| {
            for (entry, len) in segments(&tar, &self.options.layout, &end)? {
                tar.copy(&entry, &entry.source(&self.options.layout), Some(len))?;
            }
            for (incident, _, version) in versions {
                let entry = Entry::Version(incident, version.sha256);
                tar.copy_once(&entry, &entry.source(&self.options.layout))?;
            }
            for entry in small_files(tar.disk, &self.options.layout)? {
                tar.copy(&entry, &entry.source(&self.options.layout), None)?;
            }
            Ok(())
        })();
        copied
            .map_err(|error: io::Error| failure::file("the backup could not be written", error))?;
        let still = journal.published().map_err(failure::reading)?.generation;
        if still != end.generation {
            return Err(failure::replaced_meanwhile());
        }
        tar.finish(journal.store_id(), end)
            .map_err(|error| failure::file("the backup could not be written", error))
    }
}

/// The segments with the lengths that count.
fn segments(tar: &Archive<'_>, layout: &Layout, end: &Position) -> io::Result<Vec<(Entry, u64)>> {
    let place = crate::journal::Place::new(layout.incidents.clone(), JOURNAL);
    let mut found = Vec::new();
    for number in 1..=end.segment {
        let name = place.sealed_name(number);
        let path = layout.incidents.join(&name);
        match tar.disk.metadata(&path) {
            Ok(is) if number < end.segment => found.push((Entry::Sealed(number), is.len)),
            // It was sealed after the end was looked at; what came later is not part of this backup.
            Ok(_) => found.push((Entry::LastSealed(number), end.offset)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) if number == end.segment => found.push((Entry::Active, end.offset)),
            // Retention has taken it.
            Err(_) => {}
        }
    }
    Ok(found)
}

/// Audit trail and keys, as far as they are there.
fn small_files(disk: &dyn Disk, layout: &Layout) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let days = match disk.read_dir(&layout.audit) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    entries.extend(
        days.into_iter()
            .map(|name| format!("audit/{name}"))
            .filter_map(|name| Entry::parse(&name)),
    );
    for entry in [Entry::Keys, Entry::Pepper] {
        if crate::disk::exists(disk, &entry.source(layout))? {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// A tar in the making, with the list of what is in it.
struct Archive<'a> {
    disk: &'a dyn Disk,
    tar: tar::Builder<&'a mut dyn Write>,
    files: Vec<BackedUp>,
    created_at: Timestamp,
}

impl<'a> Archive<'a> {
    fn new(disk: &'a dyn Disk, out: &'a mut dyn Write, created_at: Timestamp) -> Self {
        Self {
            disk,
            tar: tar::Builder::new(out),
            files: Vec::new(),
            created_at,
        }
    }

    /// Copies a file that several artifacts may share.
    fn copy_once(&mut self, entry: &Entry, path: &std::path::Path) -> io::Result<()> {
        let name = entry.name();
        if self.files.iter().rev().any(|file| file.name == name) {
            Ok(())
        } else {
            self.copy(entry, path, None)
        }
    }

    /// Copies the first `len` bytes of a file, or all of them.
    fn copy(&mut self, entry: &Entry, path: &std::path::Path, len: Option<u64>) -> io::Result<()> {
        let file = self.disk.open(path, Open::Read)?;
        let len = len.map_or_else(|| file.metadata().map(|is| is.len), Ok)?;
        let mut source = Hashing {
            file: &*file,
            offset: 0,
            end: len,
            hash: Sha256::new(),
        };
        let header = self.header(len, entry.is_private());
        let name = entry.name();
        self.tar
            .append_data(&mut header.clone(), &name, &mut source)?;
        if source.offset != len {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} is shorter than it was", path.display()),
            ));
        }
        self.files.push(BackedUp {
            name,
            bytes: len,
            sha256: Digest::from_bytes(source.hash.finalize().into()),
        });
        Ok(())
    }

    fn header(&self, len: u64, private: bool) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_size(len);
        header.set_mode(if private { 0o600 } else { 0o640 });
        header.set_mtime(u64::try_from(self.created_at.millis() / 1_000).unwrap_or(0));
        header
    }

    /// Adds the list, which makes the backup whole.
    fn finish(mut self, store_id: StoreId, end: Position) -> io::Result<BackupReport> {
        let report = BackupReport {
            format: FORMAT,
            store_id,
            created_at: self.created_at,
            commits: end.n,
            head: end.chain,
            files: std::mem::take(&mut self.files),
        };
        let list = serde_json::to_vec_pretty(&report)?;
        let mut header = self.header(list.len() as u64, false);
        self.tar
            .append_data(&mut header, MANIFEST, list.as_slice())?;
        self.tar.into_inner()?.flush()?;
        Ok(report)
    }
}

/// Reads a range of a file and hashes what is read.
struct Hashing<'a> {
    file: &'a dyn DiskFile,
    offset: u64,
    end: u64,
    hash: Sha256,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left).min(BLOCK);
        let count = self.file.read_at(&mut buffer[..wanted], self.offset)?;
        self.hash.update(&buffer[..count]);
        self.offset += count as u64;
        Ok(count)
    }
}
