//! The audit trail: one file a day, one line for each half of an entry.

mod search;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use watchbook_core::Timestamp;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};

use crate::contract::StoreError;
use crate::disk::{Disk, DiskFile, Open, create_dir_all};

use super::layout::Layout;

/// The longest line: parameters beyond it are left out, and the line says so.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// The audit trail of one directory.
#[derive(Debug)]
pub(crate) struct AuditFiles {
    disk: Arc<dyn Disk>,
    layout: Layout,
    today: Mutex<Option<OpenDay>>,
}

#[derive(Debug)]
struct OpenDay {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    unsynced: bool,
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
        }
    }

    /// Appends one line: a single write, so that lines of several processes stand beside each other whole.
    pub(crate) fn append(&self, at: Timestamp, line: Line) -> Result<(), StoreError> {
        let bytes = encode(line).map_err(|error| unwritable(io::Error::other(error)))?;
        let mut today = self.today.lock();
        let day = self.day(&mut today, at).map_err(unwritable)?;
        day.file.append(&bytes).map_err(unwritable)?;
        day.unsynced = true;
        Ok(())
    }

    fn day<'a>(
        &self,
        today: &'a mut Option<OpenDay>,
        at: Timestamp,
    ) -> io::Result<&'a mut OpenDay> {
        let path = self.layout.audit_day(at);
        let current = today.take().filter(|day| day.path == path);
        let day = match current {
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
            file,
            unsynced: false,
        })
    }

    /// Makes everything appended so far durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let file = {
            let mut today = self.today.lock();
            today
                .as_mut()
                .and_then(|day| std::mem::take(&mut day.unsynced).then(|| Arc::clone(&day.file)))
        };
        match file {
            Some(file) => file.sync_data().map_err(unwritable),
            None => Ok(()),
        }
    }

    /// One page of entries, the newest first.
    pub(crate) fn search(
        &self,
        query: &AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        search::search(&*self.disk, &self.layout.audit, query, page).map_err(|error| {
            StoreError::Unavailable {
                why: format!(
                    "the audit trail in {} cannot be read: {error}",
                    self.layout.audit.display()
                ),
                retry_after: RETRY,
                source: Some(Box::new(error)),
            }
        })
    }
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
