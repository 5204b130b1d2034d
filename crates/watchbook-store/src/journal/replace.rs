//! Replaces whole segment files: how a tombstone and a repair get into a journal.
//!
//! The new file is complete and durable under another name before anything changes. Then the head says, durably, that
//! files are being replaced; then names change; then the head says, durably, that it is done, with the next
//! generation. Whoever finds a head that says "being replaced" under the lock reads everything again.

use std::path::PathBuf;
use std::sync::Arc;

use super::block::BLOCK_BYTES;
use super::chain;
use super::error::{InvalidCommit, JournalError};
use super::files::{Files, Segment};
use super::head::Head;
use super::line::{self, Line};
use super::locked::{LockedJournal, View};
use super::position::{Location, Position};
use super::prepared::check_replacement;
use super::scan::Entry;
use crate::disk::{DiskFile, Open, read_exact_at};

/// A file that is to take the place of a segment.
#[derive(Debug)]
pub(super) struct Replacement {
    /// Where it is now.
    temp: PathBuf,
    /// What it replaces.
    target: PathBuf,
    file: Arc<dyn DiskFile>,
    /// Its length so far.
    pub(super) len: u64,
    /// The end of it that is not written yet.
    buffer: Vec<u8>,
}

impl Replacement {
    /// Begins an empty file that is to take the place of `segment`.
    pub(super) fn begin(files: &Files, segment: &Segment) -> Result<Self, JournalError> {
        let temp = files.place.dir().join(format!("{}.new", segment.name));
        let file = files
            .disk
            .open(&temp, Open::Create)
            .map_err(JournalError::io("create", &temp))?;
        file.set_len(0).map_err(JournalError::io("cut", &temp))?;
        let target = files.path(segment);
        Ok(Self {
            temp,
            target,
            file,
            len: 0,
            buffer: Vec::new(),
        })
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.buffer.extend_from_slice(bytes);
        self.len += bytes.len() as u64;
        if self.buffer.len() >= BLOCK_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        let at = self.len - self.buffer.len() as u64;
        self.file
            .write_all_at(&self.buffer, at)
            .map_err(JournalError::io("write", &self.temp))?;
        self.buffer.clear();
        Ok(())
    }

    /// Makes it durable.
    fn finish(&mut self) -> Result<(), JournalError> {
        self.flush()?;
        self.file
            .sync_data()
            .map_err(JournalError::io("sync", &self.temp))
    }

    /// Appends the bytes `from..to` of a file.
    pub(super) fn push_range(
        &mut self,
        source: &dyn DiskFile,
        mut from: u64,
        to: u64,
    ) -> Result<(), JournalError> {
        let mut buffer = vec![0; BLOCK_BYTES];
        while from < to {
            let wanted = usize::try_from(to - from)
                .unwrap_or(BLOCK_BYTES)
                .min(BLOCK_BYTES);
            read_exact_at(source, &mut buffer[..wanted], from)
                .map_err(JournalError::io("read", &self.target))?;
            self.push(&buffer[..wanted])?;
            from += wanted as u64;
        }
        Ok(())
    }
}

impl LockedJournal<'_> {
    /// Puts a tombstone in place of one record, for ever: the text is gone from the file.
    ///
    /// `tombstone` is `{"salt":"<16 hex>","redacted":true,…,"digest":"<digest of the record>"}`. It must be authorised
    /// by a record in a commit before this call: see [`Journal::verify`](super::Journal::verify). Positions made before
    /// do not hold any more: the generation goes up. Reads and rewrites the whole segment.
    ///
    /// # Errors
    /// [`JournalError::NoSuchRecord`]; [`JournalError::Invalid`] when the tombstone has not the form or the digest;
    /// [`JournalError::Io`], after which the record may or may not be gone: the same call may be tried again.
    pub fn rewrite(
        &mut self,
        n: u64,
        record: usize,
        tombstone: &str,
    ) -> Result<Position, JournalError> {
        if self.writer.view.is_none() {
            self.reconcile()?;
        }
        let missing = || JournalError::NoSuchRecord { n, record };
        let location = self.find(n)?.ok_or_else(missing)?;
        let files = &self.journal.files;
        let segment = files
            .open(location.segment, Open::Read)?
            .ok_or_else(missing)?;
        let path = files.path(&segment);
        let mut old = vec![0; location.len as usize];
        read_exact_at(&*segment.file, &mut old, location.offset)
            .map_err(JournalError::io("read", &path))?;
        let new = with_tombstone(&old, n, record, tombstone)?;
        let after = location.offset + u64::from(location.len);
        let len = if self.end().segment == segment.number {
            self.end().offset
        } else {
            segment
                .file
                .metadata()
                .map_err(JournalError::io("examine", &path))?
                .len
        };
        let mut replacement = Replacement::begin(files, &segment)?;
        replacement.push_range(&*segment.file, 0, location.offset)?;
        replacement.push(&new)?;
        replacement.push_range(&*segment.file, after, len)?;
        let mut end = self.end();
        if end.segment == segment.number {
            end.offset = replacement.len;
        }
        self.install(vec![replacement], end)?;
        Ok(self.end())
    }

    /// Where commit `n` is.
    fn find(&self, n: u64) -> Result<Option<Location>, JournalError> {
        let mut found = None;
        self.journal.scan_to(
            &self.journal.start(),
            &self.end(),
            0,
            |_| (),
            |entry| match entry {
                Entry::Commit {
                    n: this, location, ..
                } if this == n => {
                    found = Some(location);
                    std::ops::ControlFlow::Break(())
                }
                _ => std::ops::ControlFlow::Continue(()),
            },
        )?;
        Ok(found)
    }

    /// Puts replacements in place of their segments and publishes `end`, with the next generation.
    pub(super) fn install(
        &mut self,
        mut replacements: Vec<Replacement>,
        end: Position,
    ) -> Result<(), JournalError> {
        let Some(View { head, active }) = self.writer.view.take() else {
            return Err(JournalError::Poisoned);
        };
        let files = &self.journal.files;
        replacements.iter_mut().try_for_each(Replacement::finish)?;
        // From here to the last line a failure leaves no view, so that the next use of the journal searches it anew.
        self.write_head(&Head {
            sequence: head.sequence + 1,
            replacing: true,
            ..head
        })?;
        self.sync_head()?;
        for Replacement { temp, target, .. } in &replacements {
            files
                .disk
                .rename(temp, target)
                .map_err(JournalError::io("rename", temp))?;
        }
        files.sync_dir()?;
        let active = files.open(active.number, Open::Write)?.unwrap_or(active);
        let path = files.path(&active);
        let segment_inode = active
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?
            .identity
            .inode;
        let head = Head {
            sequence: head.sequence + 2,
            end: Position {
                generation: head.end.generation + 1,
                ..end
            },
            replacing: false,
            segment_inode,
            ..head
        };
        self.write_head(&head)?;
        self.sync_head()?;
        self.writer.view = Some(View { head, active });
        Ok(())
    }
}

/// A commit's line with a tombstone in place of one record.
fn with_tombstone(
    line: &[u8],
    n: u64,
    record: usize,
    tombstone: &str,
) -> Result<Vec<u8>, JournalError> {
    let missing = || JournalError::NoSuchRecord { n, record };
    let mut records = Vec::new();
    let Ok(Line::Commit(commit)) = line::read(line, &mut records) else {
        return Err(missing());
    };
    let old = *commit.records.get(record).ok_or_else(missing)?;
    check_replacement(old, tombstone)?;
    // The record is a slice of the line, so the difference of their addresses is its place in it.
    let at = (old.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
    let new = [&line[..at], tombstone.as_bytes(), &line[at + old.len()..]].concat();
    if new.len() >= super::MAX_LINE_BYTES {
        return Err(InvalidCommit::TooLong { bytes: new.len() }.into());
    }
    Ok(new)
}

/// The digest by which a redaction authorises a tombstone: of the tombstone's own bytes.
pub fn tombstone_digest(tombstone: &str) -> watchbook_core::Digest {
    debug_assert!(
        chain::tombstone_of(tombstone.as_bytes()).is_some(),
        "not a tombstone"
    );
    watchbook_core::Digest::of(tombstone.as_bytes())
}
