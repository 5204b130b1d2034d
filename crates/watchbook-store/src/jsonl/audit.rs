//! The audit trail: one file a day, one line for each half of an entry.

mod carry;
mod gather;
pub(crate) mod mark;
pub(crate) mod restore;
mod search;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use watchbook_core::Timestamp;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};

use crate::contract::StoreError;
use crate::disk::{Disk, DiskFile, Open, create_dir_all, read_exact_at};

use super::layout::Layout;

use restore::{Restored, Write};

/// The longest line: parameters beyond it are left out, and the line says so.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// The audit trail of one directory.
#[derive(Debug)]
pub(crate) struct AuditFiles {
    disk: Arc<dyn Disk>,
    layout: Layout,
    today: Mutex<Option<OpenDay>>,
    /// Only one thread at a time syncs, so that who comes second does not answer before the first is done.
    syncing: Mutex<()>,
    /// A sync has failed: what was appended before it may be lost, though reads show it.
    doubtful: AtomicBool,
    /// What lines of another trail were taken over for last.
    carried: Mutex<Option<carry::Carried>>,
}

#[derive(Debug)]
struct OpenDay {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    unsynced: bool,
    /// The last line was cut off, by a crash or a full disk: what is appended next must not be lost with it.
    torn: bool,
}

/// One line of the trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The first half of an entry.
    Open(AuditOpening),
    /// The second half.
    Close(AuditClosing),
}

impl AuditFiles {
    pub(crate) const fn new(disk: Arc<dyn Disk>, layout: Layout) -> Self {
        Self {
            disk,
            layout,
            today: Mutex::new(None),
            syncing: Mutex::new(()),
            doubtful: AtomicBool::new(false),
            carried: Mutex::new(None),
        }
    }

    /// Appends one line: a single write, so that lines of several processes stand beside each other whole.
    pub(crate) fn append(&self, at: Timestamp, line: Line) -> Result<(), StoreError> {
        let bytes = encode(line).map_err(|error| unwritable(io::Error::other(error)))?;
        let mut today = self.today.lock();
        let day = self.day(&mut today, at).map_err(unwritable)?;
        day.append(bytes).map_err(unwritable)
    }

    fn day<'a>(
        &self,
        today: &'a mut Option<OpenDay>,
        at: Timestamp,
    ) -> io::Result<&'a mut OpenDay> {
        let path = self.layout.audit_day(at);
        if let Some(over) = today.take_if(|day| day.path != path && day.unsynced) {
            self.sync_file(&*over.file)?;
        }
        let day = match today.take().filter(|day| day.path == path) {
            Some(day) => day,
            None => self.open_day(path)?,
        };
        Ok(today.insert(day))
    }

    fn open_day(&self, path: PathBuf) -> io::Result<OpenDay> {
        create_dir_all(&*self.disk, &self.layout.audit)?;
        let file = self.disk.open(&path, Open::Append)?;
        self.disk.sync_dir(&self.layout.audit)?;
        Ok(OpenDay {
            path,
            torn: is_torn(&*file)?,
            file,
            unsynced: false,
        })
    }

    /// Makes everything appended so far durable. When there was something, `settled` gets what `before` gave ahead of
    /// the sync: whatever that vouches for is durable then, in the files that any process may still write to.
    ///
    /// Never after a sync that failed: the page cache is not believed any more.
    pub(crate) fn sync<T>(
        &self,
        now: Timestamp,
        before: impl FnOnce() -> T,
        settled: impl FnOnce(T),
    ) -> Result<(), StoreError> {
        let _alone = self.syncing.lock();
        if !self.today.lock().as_ref().is_some_and(|day| day.unsynced) {
            return Ok(());
        }
        let vouched = before();
        let own = self.today.lock().as_mut().map(|day| {
            day.unsynced = false;
            (day.path.clone(), Arc::clone(&day.file))
        });
        if let Some((path, file)) = own {
            self.sync_file(&*file).map_err(unwritable)?;
            self.sync_others(&path, now).map_err(unwritable)?;
        }
        if !self.doubtful.load(Ordering::Relaxed) {
            settled(vouched);
        }
        Ok(())
    }

    /// Around midnight other processes may write to another day's file than this one.
    fn sync_others(&self, own: &Path, now: Timestamp) -> io::Result<()> {
        let mut days = vec![
            self.layout.audit_day(now),
            self.layout.audit_day(now.minus(search::DISORDER)),
        ];
        days.dedup();
        for path in days.iter().filter(|path| *path != own) {
            match self.disk.open(path, Open::Write) {
                Ok(file) => self.sync_file(&*file)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync_file(&self, file: &dyn DiskFile) -> io::Result<()> {
        let synced = file.sync_data();
        if synced.is_err() {
            self.doubtful.store(true, Ordering::Relaxed);
        }
        synced
    }

    /// What the trail lacks of the entries that `writes` should have.
    pub(crate) fn missing(
        &self,
        writes: &[Write],
        now: Timestamp,
    ) -> Result<Vec<Restored>, StoreError> {
        let entries = gather::gather(&*self.disk, &self.layout, writes, now);
        let entries = entries.map_err(|error| self.unreadable(error))?;
        Ok(restore::missing(writes, &entries))
    }

    /// Appends entries that were made anew, each to the file of its day, and makes them durable.
    pub(crate) fn add(&self, lost: Vec<Restored>) -> Result<(), StoreError> {
        let mut day: Option<OpenDay> = None;
        for Restored { opening, closing } in lost {
            let mut bytes = Vec::new();
            let path = self.layout.audit_day(closing.at);
            for line in opening
                .map(Line::Open)
                .into_iter()
                .chain([Line::Close(closing)])
            {
                bytes.extend(encode(line).map_err(|error| unwritable(io::Error::other(error)))?);
            }
            self.add_to(&mut day, path, bytes).map_err(unwritable)?;
        }
        match day {
            Some(day) => self.sync_file(&*day.file).map_err(unwritable),
            None => Ok(()),
        }
    }

    fn add_to(&self, day: &mut Option<OpenDay>, path: PathBuf, bytes: Vec<u8>) -> io::Result<()> {
        if let Some(over) = day.take_if(|day| day.path != path) {
            self.sync_file(&*over.file)?;
        }
        let day = match day {
            Some(day) => day,
            None => day.insert(self.open_day(path)?),
        };
        day.append(bytes)
    }

    /// One page of entries, the newest first.
    pub(crate) fn search(
        &self,
        query: &AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        search::search(&*self.disk, &self.layout.audit, query, page)
            .map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, error: io::Error) -> StoreError {
        StoreError::Unavailable {
            why: format!(
                "the audit trail in {} cannot be read: {error}",
                self.layout.audit.display()
            ),
            retry_after: RETRY,
            source: Some(Box::new(error)),
        }
    }
}

impl OpenDay {
    /// Appends whole lines.
    fn append(&mut self, mut lines: Vec<u8>) -> io::Result<()> {
        if self.torn {
            lines.insert(0, b'\n');
        }
        let appended = self.file.append(&lines);
        self.torn = appended.is_err();
        self.unsynced |= appended.is_ok();
        appended
    }
}

/// Whether the last line has no end.
fn is_torn(file: &dyn DiskFile) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len.checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    read_exact_at(file, &mut byte, last)?;
    Ok(byte != *b"\n")
}

/// When it is worth trying again after the audit trail could not be written or read.
const RETRY: Duration = Duration::from_secs(5);

fn unwritable(error: io::Error) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "the audit trail cannot be written ({error}); check the disk and the permissions of ops/audit"
        ),
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}

fn encode(line: Line) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(&line)?;
    if let (true, Line::Open(mut opening)) = (bytes.len() > MAX_LINE, line) {
        opening.params = serde_json::json!({ "left_out": format!("{} bytes", bytes.len()) });
        bytes = serde_json::to_vec(&Line::Open(opening))?;
    }
    bytes.push(b'\n');
    Ok(bytes)
}
