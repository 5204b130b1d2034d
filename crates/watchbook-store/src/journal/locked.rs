//! The journal while this process is its writer.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::MutexGuard;

use super::check;
use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::files::{self, Segment, read_header};
use super::head::{self, Found, Head};
use super::line::RawCommit;
use super::lock::LockFiles;
use super::position::Position;
use super::recover;
use super::scan::Entry;
use super::{FORMAT, Journal, Notice, chain};
use crate::disk::{self, DiskFile, Open};

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

    /// Makes the view of the journal right: what the head says, plus whole commits behind it, minus a torn tail.
    pub(super) fn reconcile(&mut self) -> Result<(), JournalError> {
        match self.find_head()? {
            Found::Head(head) if head.replacing => {
                self.search(head.end.generation + 1, head.sequence)
            }
            Found::Head(head) if self.is_as_left(&head) => Ok(()),
            Found::Head(head) => self.continue_from(&head),
            Found::Copied(head) => self.search(head.end.generation + 1, head.sequence),
            Found::Nothing => {
                // Greater than any count of replacements, so that old positions are not mistaken for new ones.
                let generation =
                    u64::try_from(self.journal.files.clock.now().millis()).unwrap_or(1);
                self.search(generation.max(1), 0)
            }
            Found::Newer => Err(JournalError::NewerFormat {
                file: "head".to_owned(),
                v: FORMAT + 1,
            }),
        }
    }

    /// Opens the head file if need be, and reads it.
    fn find_head(&mut self) -> Result<Found, JournalError> {
        let files = &self.journal.files;
        let path = files.place.head();
        let current = match &self.writer.head_file {
            Some(file) => {
                let ours = file
                    .metadata()
                    .map_err(JournalError::io("examine", &path))?;
                files
                    .disk
                    .metadata(&path)
                    .is_ok_and(|named| named.identity == ours.identity)
            }
            None => false,
        };
        if !current {
            let file = files
                .disk
                .open(&path, Open::Create)
                .map_err(JournalError::io("open", &path))?;
            let dir = files.place.state_dir();
            files
                .disk
                .sync_dir(&dir)
                .map_err(JournalError::io("sync", &dir))?;
            self.writer.head_file = Some(file);
        }
        match &self.writer.head_file {
            Some(file) => head::read(&**file).map_err(JournalError::io("read", &path)),
            None => Ok(Found::Nothing),
        }
    }

    /// Whether head and active segment are exactly as this process last knew them.
    fn is_as_left(&self, head: &Head) -> bool {
        let Some(view) = self.writer.view.as_ref().filter(|view| view.head == *head) else {
            return false;
        };
        let files = &self.journal.files;
        let named = files.disk.metadata(&files.path(&view.active));
        named.is_ok_and(|named| {
            named.identity.inode == head.segment_inode && named.len == head.end.offset
        })
    }

    /// Goes on from what the head says, if the files agree with it.
    fn continue_from(&mut self, head: &Head) -> Result<(), JournalError> {
        self.writer.view = None;
        let files = &self.journal.files;
        let end = head.end;
        let Some(segment) = files.open(end.segment, Open::Read)? else {
            return Err(JournalError::Corrupt(damage(
                files.place.active_name(),
                &end,
                Flaw::Gone,
            )));
        };
        let path = files.path(&segment);
        let is = segment
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?;
        let same = is.identity.inode == head.segment_inode;
        let as_long = same && is.len == end.offset;
        let fits = head.store == files.store && check::fits(files, &segment, &end)?;
        if !fits && head.relaxed {
            // It was published before it was synced, and a power cut took it.
            return self.search(end.generation + 1, head.sequence);
        }
        if is.len < end.offset {
            let flaw = Flaw::Shortened {
                durable: end.offset,
            };
            return Err(JournalError::Corrupt(damage(segment.name, &end, flaw)));
        }
        // The same file, as long as it was: its last line was damaged in place, which does not stop the rest.
        if !fits && !as_long {
            return Err(JournalError::Corrupt(damage(
                segment.name,
                &end,
                Flaw::Replaced,
            )));
        }
        if as_long && segment.name == files.place.active_name() {
            let active = recover::open_last(files, end.segment)?;
            self.refuse_newer(&active)?;
            self.writer.view = Some(View {
                head: *head,
                active,
            });
            return Ok(());
        }
        self.recover(end, head.sequence)
    }

    /// Publishes a journal that was just made.
    pub(super) fn begin(&mut self) -> Result<(), JournalError> {
        self.find_head()?;
        self.publish_all(1, 0)
    }

    /// Finds the end of the journal by reading all of it.
    fn search(&mut self, generation: u64, sequence: u64) -> Result<(), JournalError> {
        self.publish_all(generation, sequence)?;
        self.journal.notify(Notice::Searched);
        Ok(())
    }

    fn publish_all(&mut self, generation: u64, sequence: u64) -> Result<(), JournalError> {
        self.writer.view = None;
        let genesis = chain::genesis(self.journal.files.store);
        self.recover(Position::start(generation, genesis), sequence)?;
        self.sync_names()?;
        self.sync_head()
    }

    /// Makes the way to the journal durable. Whoever made it may have failed half-way: its folders exist then, and
    /// nobody would sync them again.
    fn sync_names(&self) -> Result<(), JournalError> {
        use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
        let files = &self.journal.files;
        for dir in files.place.state_dir().ancestors() {
            match files
                .disk
                .sync_dir(dir)
                .map_err(|error| (error.kind(), error))
            {
                // A folder that we may not open, or of a file system that takes no changes, was not made by us.
                Err((PermissionDenied | ReadOnlyFilesystem | InvalidInput | Unsupported, _))
                    if dir != files.place.dir() =>
                {
                    return Ok(());
                }
                result => result.map_err(|(_, error)| JournalError::io("sync", dir)(error))?,
            }
        }
        Ok(())
    }

    /// Puts everything behind `from` in order, and publishes the result.
    fn recover(&mut self, from: Position, sequence: u64) -> Result<(), JournalError> {
        let files = &self.journal.files;
        let listing = files::list(&*files.disk, &files.place)?;
        let Some((_, highest)) = listing.range() else {
            return Err(JournalError::Corrupt(damage(
                files.place.active_name(),
                &from,
                Flaw::Gone,
            )));
        };
        let segment = recover::open_last(files, highest)?;
        self.refuse_newer(&segment)?;
        let found = self.tidy(from, &segment)?;
        if listing.active {
            return self.publish(found, sequence, segment);
        }
        // A writer died between sealing a segment and beginning the next.
        let (end, segment) = super::roll::begin_segment(files, &found)?;
        self.publish(end, sequence, segment)
    }

    /// Cuts a torn tail and makes whole commits durable; gives the end.
    fn tidy(&self, from: Position, segment: &Segment) -> Result<Position, JournalError> {
        let files = &self.journal.files;
        let path = files.path(segment);
        let len = segment
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?
            .len;
        if (from.segment, from.offset) == (segment.number, len) {
            segment
                .file
                .sync_data()
                .map_err(JournalError::io("sync", &path))?;
            return Ok(from);
        }
        let mut found = recover::assess(files, from, segment)?;
        self.journal.saw_format(found.newest);
        self.refuse_newer(segment)?;
        if found.torn > 0 {
            let aside = recover::set_tail_aside(files, segment, found.end.offset)?;
            self.journal.notify(Notice::Torn {
                aside,
                bytes: found.torn,
                byte: found.end.offset,
            });
        }
        let begin = if from.segment == segment.number {
            from.offset
        } else {
            0
        };
        recover::settle(files, segment, begin, &mut found)?;
        let commits = found.end.n.saturating_sub(from.n);
        if from.segment != 0 && commits > 0 {
            self.journal.notify(Notice::Adopted { commits });
        }
        for damage in found.damages {
            self.journal.notify(Notice::Damage(damage));
        }
        Ok(found.end)
    }

    fn refuse_newer(&self, segment: &Segment) -> Result<(), JournalError> {
        let path = self.journal.files.path(segment);
        let header = read_header(&*segment.file).map_err(JournalError::io("read", &path))?;
        self.journal
            .saw_format(header.map_or(FORMAT, |header| header.v));
        let v = self.journal.newest.load(Ordering::Relaxed);
        if v > FORMAT {
            return Err(JournalError::NewerFormat {
                file: segment.name.clone(),
                v,
            });
        }
        Ok(())
    }

    /// Publishes an end that is durable, in `active`.
    fn publish(
        &mut self,
        end: Position,
        sequence: u64,
        active: Segment,
    ) -> Result<(), JournalError> {
        let path = self.journal.files.path(&active);
        let segment_inode = active
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?
            .identity
            .inode;
        let head_path = self.journal.files.place.head();
        let own_inode = match &self.writer.head_file {
            Some(file) => {
                file.metadata()
                    .map_err(JournalError::io("examine", &head_path))?
                    .identity
                    .inode
            }
            None => 0,
        };
        let head = Head {
            store: self.journal.files.store,
            sequence: sequence + 1,
            end,
            relaxed: false,
            replacing: false,
            own_inode,
            segment_inode,
        };
        self.write_head(&head)?;
        self.writer.view = Some(View { head, active });
        Ok(())
    }

    /// Takes the files for the journal although the head says otherwise, unless they are of another store.
    /// Gives back what was wrong.
    pub(super) fn take_what_is_there(&mut self, damage: Damage) -> Result<Damage, JournalError> {
        let files = &self.journal.files;
        let Found::Head(head) = self.find_head()? else {
            return Err(JournalError::Corrupt(damage));
        };
        let highest = files::list(&*files.disk, &files.place)?
            .range()
            .map(|(_, highest)| highest);
        let Some(active) = highest
            .and_then(|number| files.open(number, Open::Write).transpose())
            .transpose()?
        else {
            return Err(JournalError::Corrupt(damage));
        };
        let path = files.path(&active);
        let header = read_header(&*active.file).map_err(JournalError::io("read", &path))?;
        if header.is_some_and(|header| header.store_id != files.store) {
            return Err(JournalError::Corrupt(damage));
        }
        self.writer.view = Some(View { head, active });
        Ok(damage)
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

fn damage(file: String, at: &Position, flaw: Flaw) -> Damage {
    Damage {
        file,
        line: at.line,
        byte: at.offset,
        flaw,
    }
}
