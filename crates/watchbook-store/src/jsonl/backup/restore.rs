//! Restoring a backup into a directory that holds no store yet.
//!
//! Everything is unpacked beside its place, checked against the list and along the chain, and made durable. The folder of
//! the incidents, with the journal in it, gets its name last and in one step: whatever comes between, there is no store
//! or a whole one.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use watchbook_core::{Clock, Digest};

use crate::disk::{Disk, DiskFile, Kind, Open, create_dir_all, exists};
use crate::journal::{AnchorCheck, Journal, JournalError, Place, Settings};
use crate::jsonl::codec;
use crate::jsonl::layout::{JOURNAL, Layout};
use crate::jsonl::whole_file;

use super::entry::Entry;
use super::{BLOCK, BackedUp, BackupReport, FORMAT, MANIFEST};

/// The largest list that is read.
const MAX_MANIFEST: u64 = 256 << 20;

/// Why a backup was not restored. There is no store then; what was unpacked stays in `ops/incidents.restoring`, and the
/// next try begins anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is a store already, or something else that a restore would have to replace.
    #[error("{} is there already; restore into an empty directory", .0.display())]
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
    check_free(&**disk, layout)?;
    let beside = staging(layout);
    for root in beside.roots() {
        clear(&**disk, root)?;
    }
    create_dir_all(&**disk, &beside.layout.incidents)?;
    let (unpacked, list) = unpack(&**disk, &beside.layout, input).map_err(cut)?;
    let report = check(&unpacked, list)?;
    verify(disk, clock, &beside.layout, &report)?;
    check_audit(&**disk, layout, &report)?;
    for root in beside.roots() {
        sync_tree(&**disk, root)?;
    }
    put_in_place(&**disk, &beside, layout)?;
    Ok(report)
}

/// Refuses a directory in which there is a store, or anything else in the place of one.
fn check_free(disk: &dyn Disk, layout: &Layout) -> Result<(), RestoreError> {
    match disk.read_dir(&layout.incidents) {
        Ok(names) => match names.first() {
            Some(name) => Err(RestoreError::NotEmpty(layout.incidents.join(name))),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses to replace a day of the audit trail, unless an earlier try has put it there.
fn check_audit(
    disk: &dyn Disk,
    layout: &Layout,
    report: &BackupReport,
) -> Result<(), RestoreError> {
    for file in &report.files {
        let Some(entry @ Entry::Audit(_)) = Entry::parse(&file.name) else {
            continue;
        };
        let path = entry.source(layout);
        if exists(disk, &path)? {
            let there = whole_file::read(disk, &path, file.bytes);
            if !there.is_ok_and(|there| Digest::of(&there) == file.sha256) {
                return Err(RestoreError::NotEmpty(path));
            }
        }
    }
    Ok(())
}

/// Where everything is unpacked: on the file system that it belongs to.
struct Staging {
    layout: Layout,
    /// Whether the artifacts lie in the folder of the incidents, and move with it.
    artifacts_within: bool,
}

impl Staging {
    /// The folders, that of the incidents last.
    fn roots(&self) -> impl Iterator<Item = &Path> {
        let Layout {
            incidents,
            artifacts,
            audit,
        } = &self.layout;
        let elsewhere = (!self.artifacts_within).then_some(artifacts.as_path());
        [audit.as_path()]
            .into_iter()
            .chain(elsewhere)
            .chain([incidents.as_path()])
    }
}

fn staging(layout: &Layout) -> Staging {
    let incidents = layout.incidents.with_extension("restoring");
    let within = layout.artifacts.strip_prefix(&layout.incidents).ok();
    let artifacts = match within {
        Some(within) if within.as_os_str().is_empty() => incidents.clone(),
        Some(within) => incidents.join(within),
        // It may be a file system of its own: only what is in it is surely on it.
        None => layout.artifacts.join(".restoring"),
    };
    Staging {
        artifacts_within: within.is_some(),
        layout: Layout {
            incidents,
            artifacts,
            audit: layout.audit.with_extension("restoring"),
        },
    }
}

/// Removes the files that an earlier try has left. Its folders may stay.
fn clear(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.kind == Kind::Directory => disk
            .read_dir(path)?
            .iter()
            .try_for_each(|name| clear(disk, &path.join(name))),
        Ok(_) => disk.remove_file(path),
    }
}

/// Makes the names of everything below a folder durable.
fn sync_tree(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    match disk.metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.kind == Kind::Directory => {
            for name in disk.read_dir(dir)? {
                sync_tree(disk, &dir.join(name))?;
            }
            disk.sync_dir(dir)
        }
        Ok(_) => Ok(()),
    }
}

/// Gives everything its name: what does not make a store first, durably, and then the incidents in one step.
fn put_in_place(disk: &dyn Disk, beside: &Staging, layout: &Layout) -> io::Result<()> {
    move_files(disk, &beside.layout.audit, &layout.audit)?;
    if !beside.artifacts_within {
        move_files(disk, &beside.layout.artifacts, &layout.artifacts)?;
    }
    disk.rename(&beside.layout.incidents, &layout.incidents)?;
    disk.sync_dir(layout.incidents.parent().unwrap_or(&layout.incidents))
}

/// Moves all files below `from` to the same places below `to`, durably.
fn move_files(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    if !exists(disk, from)? {
        return Ok(());
    }
    create_dir_all(disk, to)?;
    for name in disk.read_dir(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if disk.metadata(&from)?.kind == Kind::Directory {
            move_files(disk, &from, &to)?;
        } else {
            disk.rename(&from, &to)?;
        }
    }
    disk.sync_dir(to)?;
    disk.sync_dir(from)
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
