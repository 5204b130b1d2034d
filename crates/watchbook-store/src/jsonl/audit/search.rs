//! Searching the audit trail backwards: closings come before their openings then, so little has to be remembered.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use watchbook_core::audit::{AuditClosing, AuditEntry, AuditQuery};
use watchbook_core::query::{Page, PageRequest, Place, page_of};
use watchbook_core::{EventId, Timestamp};

use crate::disk::{Disk, DiskFile, Open};
use crate::jsonl::whole_file::read_range;

use super::Line;

/// How much is read at once, backwards.
const BLOCK: u64 = 1024 * 1024;
/// Lines of several processes may stand in the file in another order than their times; never by more than this.
pub(super) const DISORDER: Duration = Duration::from_mins(1);
/// Closings whose openings were not met yet; beyond it the oldest entries are shown without their end.
const MAX_UNPAIRED: usize = 100_000;

/// One page of entries, the newest first.
pub(super) fn search(
    disk: &dyn Disk,
    dir: &Path,
    query: &AuditQuery,
    page: PageRequest,
) -> io::Result<Page<AuditEntry>> {
    let mut found = Found {
        query,
        page,
        entries: Vec::new(),
        in_order: 0,
        pairs: Pairs::default(),
        full_at: None,
        complete: false,
    };
    for name in days(disk, dir)?.into_iter().rev() {
        if found.complete {
            break;
        }
        let file = disk.open(&dir.join(name), Open::Read)?;
        backwards(&*file, |line| found.take(line))?;
    }
    Ok(page_of(found.entries, page, |entry| {
        Place::of_audit(&entry.opening)
    }))
}

/// The names of the days' files, in order.
pub(super) fn days(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<String>> {
    let mut names = match disk.read_dir(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    names.retain(|name| {
        name.strip_prefix("audit-")
            .is_some_and(|rest| rest.strip_suffix(".jsonl").is_some())
    });
    Ok(names)
}

struct Found<'a> {
    query: &'a AuditQuery,
    page: PageRequest,
    entries: Vec<AuditEntry>,
    /// How many of them were appended when they were made.
    in_order: usize,
    pairs: Pairs,
    full_at: Option<Timestamp>,
    /// Everything of the page was met, and so much more that no earlier line can belong to it.
    complete: bool,
}

impl Found<'_> {
    /// Takes one line; whether more lines are wanted.
    fn take(&mut self, line: &[u8]) -> bool {
        if let Some(entry) = self.pairs.take(line) {
            self.add(entry);
        }
        !self.complete
    }

    fn add(&mut self, entry: AuditEntry) {
        let at = entry.opening.at;
        // What was made anew stands behind younger entries, and says nothing of how far the reading has come.
        let in_order = entry.opening.restored_from().is_none();
        let after = self
            .page
            .after
            .is_none_or(|after| Place::of_audit(&entry.opening) > after);
        if after && self.query.matches(&entry) {
            self.entries.push(entry);
            self.in_order += usize::from(in_order);
        }
        if self.in_order > self.page.limit && self.full_at.is_none() {
            self.full_at = Some(at);
        }
        let too_old = self
            .query
            .from
            .is_some_and(|from| at < from.minus(DISORDER));
        let past_the_page = self.full_at.is_some_and(|full| at < full.minus(DISORDER));
        self.complete |= in_order && (too_old || past_the_page);
    }
}

/// Closings that wait for their openings.
#[derive(Debug, Default)]
pub(super) struct Pairs(HashMap<EventId, AuditClosing>);

impl Pairs {
    /// Takes one line, the later ones first; gives the entry that begins with it.
    pub(super) fn take(&mut self, line: &[u8]) -> Option<AuditEntry> {
        // A line that a crash cut off, or that somebody damaged, hides none of the others.
        match serde_json::from_slice(line) {
            Ok(Line::Close(closing)) if self.0.len() < MAX_UNPAIRED => {
                self.0.insert(closing.id, closing);
                None
            }
            Ok(Line::Open(opening)) => {
                let closing = self.0.remove(&opening.id);
                Some(AuditEntry { opening, closing })
            }
            Ok(Line::Close(_)) | Err(_) => None,
        }
    }
}

/// Gives every line of a file, the last one first, until `take` wants no more.
pub(super) fn backwards(
    file: &dyn DiskFile,
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut end = file.metadata()?.len;
    let mut rest: Vec<u8> = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = read_range(file, start, end - start)?;
        block.append(&mut rest);
        let first = if start == 0 {
            0
        } else {
            block
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(block.len(), |at| at + 1)
        };
        for line in block[first..]
            .rsplit(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            if !take(line) {
                return Ok(());
            }
        }
        block.truncate(first);
        rest = block;
        end = start;
    }
    Ok(())
}
