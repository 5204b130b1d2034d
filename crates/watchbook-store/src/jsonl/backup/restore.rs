//! Restoring a backup into a directory that holds no store yet.
//!
//! Everything is unpacked beside its place, checked against the list and along the chain, and only then given its name.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use watchbook_core::{Clock, Digest};

use crate::disk::{Disk, DiskFile, Open, create_dir_all, exists};
use crate::journal::{AnchorCheck, Journal, JournalError, Place, Settings};
use crate::jsonl::codec;
use crate::jsonl::layout::{JOURNAL, Layout};

use super::entry::Entry;
use super::{BLOCK, BackedUp, BackupReport, FORMAT, MANIFEST};

/// The largest list that is read.
const MAX_MANIFEST: u64 = 256 << 20;

/// Why a backup was not restored. The directory is as it was, apart from files in `ops/incidents.restoring`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is a store already.
    #[error("{} holds a store already; restore into an empty directory", .0.display())]
    NotEmpty(std::path::PathBuf),
    /// The backup could not be read, or the directory not written.
    #[error("the backup could not be restored: {0}")]
    Io(#[from] io::Error),
    /// The file is not a backup, or of a newer form.
    #[error("this is not a watchbook backup that this version can read: {0}")]
    NotABackup(String),
    /// The backup is cut or changed.
    #[error("the backup is damaged: {0}; take an older one")]
    Damaged(String),
    /// The journal in it does not verify.
    #[error("the journal in the backup does not verify: {0}; take an older one")]
    Journal(#[from] JournalError),
}

/// Restores a backup below `layout` and gives its list. Blocks.
///
/// # Errors
/// See [`RestoreError`]; nothing has its name then.
pub fn restore(
    disk: &Arc<dyn Disk>,
    clock: &Arc<dyn Clock>,
    layout: &Layout,
    input: &mut dyn Read,
) -> Result<BackupReport, RestoreError> {
    let place = Place::new(layout.incidents.clone(), JOURNAL);
    if exists(&**disk, &layout.incidents.join(place.active_name()))?
        || exists(&**disk, &layout.private())?
    {
        return Err(RestoreError::NotEmpty(layout.incidents.clone()));
    }
    let beside = staging(layout);
    create_dir_all(&**disk, &beside.incidents)?;
    let (unpacked, list) = unpack(&**disk, &beside, input).map_err(cut)?;
    let report = check(&unpacked, list)?;
    verify(disk, clock, &beside, &report)?;
    for file in &report.files {
        let entry = Entry::parse(&file.name).ok_or_else(|| foreign(&file.name))?;
        put_in_place(&**disk, &entry.source(&beside), &entry.source(layout))?;
    }
    Ok(report)
}

/// Where everything is unpacked: beside its place, on the same file system.
fn staging(layout: &Layout) -> Layout {
    let root = layout.incidents.with_extension("restoring");
    Layout {
        artifacts: root.join("artifacts"),
        audit: root.join("audit"),
        incidents: root,
    }
}

/// An end where none belongs is no fault of the system's: the file was cut.
fn cut(error: RestoreError) -> RestoreError {
    match error {
        RestoreError::Io(error) if error.raw_os_error().is_none() => {
            RestoreError::Damaged(format!("it is cut or not a tar file ({error})"))
        }
        other => other,
    }
}

fn foreign(name: &str) -> RestoreError {
    RestoreError::NotABackup(format!("it holds a file that no backup has, {name:?}"))
}

/// Unpacks everything; gives what was found and the list that was promised.
fn unpack(
    disk: &dyn Disk,
    beside: &Layout,
    input: &mut dyn Read,
) -> Result<(Vec<BackedUp>, Option<Vec<u8>>), RestoreError> {
    let mut archive = tar::Archive::new(input);
    let (mut unpacked, mut list) = (Vec::new(), None);
    for file in archive.entries()? {
        let mut file = file?;
        let name = String::from_utf8_lossy(&file.path_bytes()).into_owned();
        if name == MANIFEST {
            let mut bytes = Vec::new();
            file.by_ref().take(MAX_MANIFEST).read_to_end(&mut bytes)?;
            list = Some(bytes);
            continue;
        }
        let entry = Entry::parse(&name).ok_or_else(|| foreign(&name))?;
        let path = entry.source(beside);
        if let Some(parent) = path.parent() {
            create_dir_all(disk, parent)?;
        }
        let how = if entry.is_private() {
            Open::CreateNewPrivate
        } else {
            Open::CreateNew
        };
        drop(disk.remove_file(&path));
        let out = disk.open(&path, how)?;
        let (bytes, sha256) = copy(&mut file, &*out)?;
        unpacked.push(BackedUp {
            name,
            bytes,
            sha256,
        });
    }
    Ok((unpacked, list))
}

fn copy(source: &mut dyn Read, out: &dyn DiskFile) -> io::Result<(u64, Digest)> {
    let (mut buffer, mut hash, mut offset) = (vec![0; BLOCK], Sha256::new(), 0);
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            out.sync_data()?;
            return Ok((offset, Digest::from_bytes(hash.finalize().into())));
        }
        hash.update(&buffer[..count]);
        out.write_all_at(&buffer[..count], offset)?;
        offset += count as u64;
    }
}

/// Compares what was unpacked with the list.
fn check(unpacked: &[BackedUp], list: Option<Vec<u8>>) -> Result<BackupReport, RestoreError> {
    let list =
        list.ok_or_else(|| RestoreError::Damaged("it is cut: its list is missing".to_owned()))?;
    let report: BackupReport = serde_json::from_slice(&list)
        .map_err(|error| RestoreError::NotABackup(error.to_string()))?;
    if report.format > FORMAT {
        let why = format!(
            "it has form {} and this version reads up to {FORMAT}; upgrade watchbook",
            report.format
        );
        return Err(RestoreError::NotABackup(why));
    }
    match report
        .files
        .iter()
        .find(|wanted| !unpacked.contains(wanted))
    {
        Some(wanted) => Err(RestoreError::Damaged(format!(
            "{} is missing or changed",
            wanted.name
        ))),
        None => Ok(report),
    }
}

/// Reads the unpacked journal along the chain up to the promised head.
fn verify(
    disk: &Arc<dyn Disk>,
    clock: &Arc<dyn Clock>,
    beside: &Layout,
    report: &BackupReport,
) -> Result<(), RestoreError> {
    let place = Place::new(beside.incidents.clone(), JOURNAL);
    let journal = Journal::open(
        Arc::clone(disk),
        Arc::clone(clock),
        place,
        Settings::default(),
    )?;
    let found = journal.verify(Some(report.head), 0, codec::authorised_tombstone)?;
    if journal.store_id() != report.store_id {
        return Err(RestoreError::Damaged(
            "its journal is of another store".to_owned(),
        ));
    }
    match found.anchor {
        // A backup of a damaged journal is worth more than none: what is damaged is reported as it was before.
        AnchorCheck::Holds { .. } | AnchorCheck::Damaged { .. } => Ok(()),
        AnchorCheck::NotFound | AnchorCheck::NotGiven => Err(RestoreError::Damaged(
            "its journal does not end with the head it names".to_owned(),
        )),
    }
}

fn put_in_place(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), RestoreError> {
    let parent = to.parent().unwrap_or(to);
    create_dir_all(disk, parent)?;
    disk.rename(from, to)?;
    Ok(disk.sync_dir(parent)?)
}
