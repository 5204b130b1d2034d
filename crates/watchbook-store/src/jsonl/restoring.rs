//! Restoring audit entries: when a process looks whether any are missing, and how far back.
//!
//! Entries are lost by a power cut only, and that ends every process: so each process looks once, before it appends to
//! the trail for the first time, and says up to where the trail is durable ([`mark`]) only after it has looked. What may
//! be missing belongs to commits behind the mark; where there is no mark, to the last of the commits.
//!
//! The look needs no lock. Only when something is missing the lock is taken, and looked again: so two processes never
//! restore the same entry.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::contract::StoreError;
use crate::journal::{Entry, Journal, Position, RawCommit};

use super::audit::mark;
use super::audit::restore::{Restored, Write};
use super::store::Directory;
use super::{codec, failure};

/// Without a mark, entries are missed for commits that are not older than this before the last one. The trail is synced
/// each second, and the system writes to the disk what is half a minute old.
const LOOK_BACK: Duration = Duration::from_mins(10);
/// How long the lock is waited for on the way to something else.
const PATIENCE: Duration = Duration::from_millis(100);
/// The most commits whose entries are looked for; beyond it only for the last of them.
const MAX_WRITES: usize = 100_000;

/// Whether this process has looked for entries that are missing.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    tried: AtomicBool,
    done: AtomicBool,
}

impl Looked {
    /// Whether nobody has tried yet. From then on somebody has.
    pub(crate) fn first(&self) -> bool {
        !self.tried.load(Ordering::Relaxed) && !self.tried.swap(true, Ordering::Relaxed)
    }
}

impl Directory {
    /// Restores what is missing, unless this process has seen to that before, or cannot now. It will try again before
    /// it vouches for the trail; what stands in the way is told to whoever writes, reads or repairs.
    pub(crate) fn see_to_audit(&self) -> bool {
        let done = &self.looked.done;
        if !done.load(Ordering::Relaxed) && self.restore_audit(PATIENCE).is_ok() {
            done.store(true, Ordering::Relaxed);
        }
        done.load(Ordering::Relaxed)
    }

    /// Appends the audit entries that commits have lost, durably, and says how many. Waits at most `wait` for the lock.
    pub(crate) fn restore_audit(&self, wait: Duration) -> Result<u64, StoreError> {
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(0);
        };
        // Commits that a writer left unpublished when it died are published by whoever takes the lock.
        let settled = !journal.has_unpublished().map_err(failure::reading)?;
        if settled && self.lost_entries(&journal)?.is_empty() {
            return Ok(0);
        }
        let locked = journal.lock(wait).map_err(failure::writing)?;
        let lost = self.lost_entries(&journal)?;
        let count = lost.len() as u64;
        self.audit.add(lost)?;
        drop(locked);
        Ok(count)
    }

    /// Makes the audit trail durable, and marks how far it is.
    pub(crate) fn sync_audit(&self) -> Result<(), StoreError> {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        self.audit.sync(
            self.options.clock.now(),
            || self.audited(),
            |audited| {
                if let Some(position) = audited {
                    // Without a mark the next look is wider, and that is all.
                    drop(mark::write(disk, layout, &position));
                }
            },
        )
    }

    /// Up to where every commit has its entry in the trail now; `None` if that is not known.
    fn audited(&self) -> Option<Position> {
        if !self.see_to_audit() {
            return None;
        }
        self.journal().ok()??.published().ok()
    }

    fn lost_entries(&self, journal: &Journal) -> Result<Vec<Restored>, StoreError> {
        let writes = self.late_writes(journal)?;
        self.audit.missing(&writes, self.options.clock.now())
    }

    /// The writes whose entries may be missing.
    fn late_writes(&self, journal: &Journal) -> Result<Vec<Write>, StoreError> {
        let mark = mark::read(&*self.options.disk, &self.options.layout)
            .filter(|mark| mark.segment > 0 && journal.holds(mark).unwrap_or(false));
        let (from, workers, reach) = match mark {
            Some(mark) => (mark, 0, Duration::MAX),
            None => (
                journal.late_start().map_err(failure::reading)?,
                self.options.workers,
                LOOK_BACK,
            ),
        };
        let mut writes = VecDeque::new();
        let scanned = journal.scan(&from, workers, write_of, |entry| {
            if let Entry::Commit {
                value: Some(write), ..
            } = entry
            {
                keep(&mut writes, write, reach);
            }
            ControlFlow::Continue(())
        });
        scanned.map_err(failure::reading)?;
        Ok(writes.into())
    }
}

fn write_of(raw: &RawCommit<'_>) -> Option<Write> {
    let decoded = codec::decode(raw.by, raw.records)
        .ok()
        .filter(|decoded| !decoded.planted)?;
    Write::of(raw.n, &decoded.commit)
}

/// Adds a write, and lets go of those that are too old or too many beside it.
fn keep(writes: &mut VecDeque<Write>, write: Write, reach: Duration) {
    let last = write.at;
    writes.push_back(write);
    while writes.len() > MAX_WRITES || writes.front().is_some_and(|old| last.since(old.at) > reach)
    {
        writes.pop_front();
    }
}
