//! The journal while this process is its writer.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::MutexGuard;

use super::Journal;
use super::error::JournalError;
use super::files::Segment;
use super::head::{self, Head};
use super::line::RawCommit;
use super::lock::LockFiles;
use super::position::Position;
use super::scan::Entry;
use crate::disk::{self, DiskFile};

/// What a writer keeps between two times it has the lock.
#[derive(Debug, Default)]
pub(super) struct Writer {
    lock: Option<LockFiles>,
    pub(super) head_file: Option<Arc<dyn DiskFile>>,
    pub(super) view: Option<View>,
}

/// The journal as this process last left it, or found it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) head: Head,
    pub(super) active: Segment,
}

/// The journal while this process is its writer: the directory's lock is held until this is dropped.
#[derive(Debug)]
pub struct LockedJournal<'j> {
    pub(super) journal: &'j Journal,
    pub(super) writer: MutexGuard<'j, Writer>,
}

impl Journal {
    /// Becomes the writer: takes the lock, and puts in order what a writer that died has left behind.
    ///
    /// Waits at most `wait` for other threads of this process and as long again for other processes.
    ///
    /// # Errors
    /// [`JournalError::LockTimeout`], which names the holder's pid; [`JournalError::Corrupt`] when the files were cut
    /// or replaced behind our back; [`JournalError::NewerFormat`]; [`JournalError::Poisoned`]; [`JournalError::Io`].
    pub fn lock(&self, wait: Duration) -> Result<LockedJournal<'_>, JournalError> {
        let mut locked = self.lock_as_is(wait)?;
        locked.reconcile()?;
        Ok(locked)
    }

    /// Takes the lock and looks no further.
    pub(super) fn lock_as_is(&self, wait: Duration) -> Result<LockedJournal<'_>, JournalError> {
        let Some(mut writer) = self.writer.try_lock_for(wait) else {
            let holder = format!(
                "another thread of this process (pid {})",
                std::process::id()
            );
            return Err(JournalError::LockTimeout {
                waited: wait,
                holder,
            });
        };
        if self.poisoned.load(Ordering::Relaxed) {
            return Err(JournalError::Poisoned);
        }
        self.acquire(&mut writer, wait)?;
        Ok(LockedJournal {
            journal: self,
            writer,
        })
    }

    /// Takes the lock that others find under the lock's name, even if somebody removed the file in the meantime.
    fn acquire(&self, writer: &mut Writer, wait: Duration) -> Result<(), JournalError> {
        loop {
            let taken = self.try_acquire(writer, wait);
            if matches!(taken, Ok(true)) {
                return Ok(());
            }
            // Closing the files releases whatever was taken so far.
            writer.lock = None;
            taken?;
        }
    }

    /// Takes the lock; false when its file is not the one that others find any more.
    fn try_acquire(&self, writer: &mut Writer, wait: Duration) -> Result<bool, JournalError> {
        let disk = &*self.files.disk;
        let lock = if let Some(lock) = &writer.lock {
            lock
        } else {
            let place = &self.files.place;
            let dir = place.state_dir();
            disk::create_dir_all(disk, &dir).map_err(JournalError::io("create", &dir))?;
            writer.head_file = None;
            let opened = LockFiles::open(disk, &place.lock(), &place.turn(), &*self.files.clock)?;
            writer.lock.insert(opened)
        };
        lock.acquire(wait)?;
        lock.is_current(disk)
    }
}

impl Drop for LockedJournal<'_> {
    fn drop(&mut self) {
        // A lock that cannot be released would keep everyone out: closing the file releases it for sure.
        if self
            .writer
            .lock
            .as_ref()
            .is_some_and(|lock| lock.release().is_err())
        {
            self.writer.lock = None;
        }
    }
}

impl LockedJournal<'_> {
    /// The durable end of the journal.
    pub fn end(&self) -> Position {
        self.writer
            .view
            .as_ref()
            .map_or_else(|| self.journal.start(), |view| view.head.end)
    }

    /// The number that the next commit gets.
    pub fn next_n(&self) -> u64 {
        self.end().n + 1
    }

    /// Reads what others have committed since `from`; see [`Journal::scan`].
    ///
    /// # Errors
    /// As [`Journal::scan`].
    pub fn catch_up<T, P, V>(
        &self,
        from: &Position,
        workers: usize,
        parse: P,
        visit: V,
    ) -> Result<Position, JournalError>
    where
        T: Send,
        P: Fn(&RawCommit<'_>) -> T + Sync,
        V: FnMut(Entry<'_, T>) -> ControlFlow<()>,
    {
        let end = self.end();
        if *from == end {
            return Ok(end);
        }
        self.journal.scan_to(from, &end, workers, parse, visit)
    }

    /// Writes the head, without a sync.
    pub(super) fn write_head(&self, head: &Head) -> Result<(), JournalError> {
        let path = self.journal.files.place.head();
        match &self.writer.head_file {
            Some(file) => head::write(&**file, head).map_err(JournalError::io("write", &path)),
            None => Ok(()),
        }
    }

    /// Makes the head durable. Only needed where a stale one would cost a search or mislead it.
    pub(super) fn sync_head(&self) -> Result<(), JournalError> {
        let path = self.journal.files.place.head();
        match &self.writer.head_file {
            Some(file) => file.sync_data().map_err(JournalError::io("sync", &path)),
            None => Ok(()),
        }
    }
}
