//! Writes commits: one write, one sync, then the head.

use std::sync::atomic::Ordering;

use super::error::{CommitError, InvalidCommit, JournalError};
use super::head::Head;
use super::locked::{LockedJournal, View};
use super::position::{Location, Position};
use super::prepared::{PreparedCommit, batch_len};
use super::{FsyncPolicy, Notice};

/// A batch that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its commits, in order.
    pub commits: Vec<Written>,
    /// The end of the journal after them.
    pub end: Position,
    /// Whether they survive a power cut already.
    pub durable: bool,
}

/// A commit that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The number it got.
    pub n: u64,
    /// Where it is.
    pub location: Location,
}

impl LockedJournal<'_> {
    /// Writes `commits`, all or none of them, and gives them the next numbers.
    ///
    /// No more than [`batch_len`] says; more is refused. When `Ok` comes back they are durable (with
    /// [`FsyncPolicy::Always`]) and published.
    ///
    /// # Errors
    /// [`CommitError::NotApplied`]: nothing is written; the same call may be tried again.
    /// [`CommitError::Unknown`]: the journal refuses to write until it is reopened, because neither the write nor its
    /// undoing could be made certain.
    pub fn commit_batch(&mut self, commits: &[PreparedCommit]) -> Result<Committed, CommitError> {
        let synced = self.journal.files.settings.fsync == FsyncPolicy::Always;
        self.commit_all(commits, synced)
    }

    /// The same without a sync, whatever the settings say: readers see the commits, and a power cut may take them until
    /// [`Self::sync`] or the next commit that is synced.
    ///
    /// # Errors
    /// As [`Self::commit_batch`].
    pub(crate) fn commit_unsynced(
        &mut self,
        commits: &[PreparedCommit],
    ) -> Result<Committed, CommitError> {
        self.commit_all(commits, false)
    }

    fn commit_all(
        &mut self,
        commits: &[PreparedCommit],
        synced: bool,
    ) -> Result<Committed, CommitError> {
        if batch_len(commits) < commits.len() {
            return Err(CommitError::NotApplied(InvalidCommit::BatchTooLarge.into()));
        }
        let bytes = commits.iter().map(PreparedCommit::max_bytes).sum::<usize>() as u64;
        self.make_room(bytes).map_err(CommitError::NotApplied)?;
        let Some(view) = &self.writer.view else {
            return Err(CommitError::NotApplied(JournalError::Poisoned));
        };
        if commits.is_empty() {
            let Head { end, relaxed, .. } = view.head;
            return Ok(Committed {
                commits: Vec::new(),
                end,
                durable: !relaxed,
            });
        }
        let (head, committed) = self.append(view, commits, synced)?;
        if let Some(view) = &mut self.writer.view {
            view.head = head;
        }
        self.tell_others(&head);
        Ok(committed)
    }

    /// Writes the head. The commit counts even when that fails: whoever has the lock next finds and publishes it.
    fn tell_others(&self, head: &Head) {
        if self.write_head(head).is_err() {
            self.journal.notify(Notice::Unpublished);
        }
    }

    /// Makes everything that was published durable. Does nothing when it is already.
    ///
    /// # Errors
    /// [`CommitError::Unknown`]: what was published since the last success may be lost; the journal refuses to write
    /// until it is reopened.
    pub fn sync(&mut self) -> Result<(), CommitError> {
        let Some(view) = self.writer.view.as_mut().filter(|view| view.head.relaxed) else {
            return Ok(());
        };
        let path = self.journal.files.path(&view.active);
        if let Err(error) = view.active.file.sync_data() {
            self.journal.poisoned.store(true, Ordering::Relaxed);
            return Err(CommitError::Unknown(JournalError::io("sync", &path)(error)));
        }
        view.head.relaxed = false;
        view.head.sequence += 1;
        let head = view.head;
        self.tell_others(&head);
        Ok(())
    }

    /// Sees to it that the view is right and that the active segment has room for `bytes` more.
    fn make_room(&mut self, bytes: u64) -> Result<(), JournalError> {
        if self.writer.view.is_none() {
            self.reconcile()?;
        }
        let limit = self.journal.files.settings.segment_bytes;
        let full = self.writer.view.as_ref().is_some_and(|view| {
            let Position { offset, line, .. } = view.head.end;
            line > 1 && offset.saturating_add(bytes) > limit
        });
        if full { self.roll() } else { Ok(()) }
    }

    /// Appends to the active segment, and syncs it if it is to be `durable`; gives the head that says so.
    fn append(
        &self,
        view: &View,
        commits: &[PreparedCommit],
        durable: bool,
    ) -> Result<(Head, Committed), CommitError> {
        let View { head, active } = view;
        let path = self.journal.files.path(active);
        let mut end = head.end;
        let bytes = self
            .encode(view, commits)
            .map_err(CommitError::NotApplied)?;
        let written = locate(&bytes, &mut end, commits.len());
        let result = active
            .file
            .write_all_at(&bytes.buffer, head.end.offset)
            .map_err(JournalError::io("write", &path));
        let result = if durable {
            result.and_then(|()| {
                active
                    .file
                    .sync_data()
                    .map_err(JournalError::io("sync", &path))
            })
        } else {
            result
        };
        if let Err(error) = result {
            return Err(self.undo(view, error));
        }
        let head = Head {
            sequence: head.sequence + 1,
            end,
            relaxed: !durable,
            ..*head
        };
        Ok((
            head,
            Committed {
                commits: written,
                end,
                durable,
            },
        ))
    }

    /// Takes a failed write back. After a failed sync the page cache is not believed: the file is cut to what was
    /// durable before, and that is synced.
    fn undo(&self, view: &View, error: JournalError) -> CommitError {
        let file = &view.active.file;
        if file
            .set_len(view.head.end.offset)
            .and_then(|()| file.sync_data())
            .is_ok()
        {
            CommitError::NotApplied(error)
        } else {
            self.journal.poisoned.store(true, Ordering::Relaxed);
            CommitError::Unknown(error)
        }
    }

    fn encode(&self, view: &View, commits: &[PreparedCommit]) -> Result<Encoded, JournalError> {
        let Position {
            offset,
            n,
            mut chain,
            ..
        } = view.head.end;
        let mut buffer = Vec::with_capacity(commits.iter().map(PreparedCommit::max_bytes).sum());
        // If the last newline was damaged, our line must still begin on a line of its own.
        let mut last = [b'\n'];
        if offset > 0 {
            let path = self.journal.files.path(&view.active);
            crate::disk::read_exact_at(&*view.active.file, &mut last, offset - 1)
                .map_err(JournalError::io("read", &path))?;
        }
        let mended = last != [b'\n'];
        if mended {
            buffer.push(b'\n');
        }
        let mut ends = Vec::with_capacity(commits.len());
        for (commit, n) in commits.iter().zip(n + 1..) {
            chain = commit.write_to(&mut buffer, n, &chain);
            ends.push(buffer.len());
        }
        Ok(Encoded {
            buffer,
            mended,
            ends,
            chain,
        })
    }
}

/// Lines that are ready to be appended.
struct Encoded {
    buffer: Vec<u8>,
    /// Whether they begin with a newline that ends the line before.
    mended: bool,
    /// Where each line ends, newline included.
    ends: Vec<usize>,
    /// The chain's value after them.
    chain: watchbook_core::Digest,
}

/// Says where each line will be, and moves `end` behind the last.
fn locate(encoded: &Encoded, end: &mut Position, commits: usize) -> Vec<Written> {
    let base = end.offset;
    let mut begin = usize::from(encoded.mended);
    let written = encoded.ends.iter().zip(end.n + 1..).map(|(line_end, n)| {
        let location = Location {
            segment: end.segment,
            offset: base + begin as u64,
            len: u32::try_from(line_end - begin - 1).unwrap_or(u32::MAX),
        };
        begin = *line_end;
        Written { n, location }
    });
    let written = written.collect();
    end.offset += encoded.buffer.len() as u64;
    end.line += commits as u64;
    end.n += commits as u64;
    end.chain = encoded.chain;
    written
}
