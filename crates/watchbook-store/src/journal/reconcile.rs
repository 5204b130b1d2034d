//! What a writer does first: compares head and files, and puts in order what does not agree.
//!
//! In most cases everything is as this process left it, which takes a few system calls to see. Otherwise: the head is
//! followed when the files have what it says, what is behind it is [recovered](super::recover), and when there is no
//! head to believe the whole journal is read to find its end. Files that have less than the head says, or something
//! else, were changed behind our back: that is [`JournalError::Corrupt`].

use std::io;
use std::sync::atomic::Ordering;

use super::check;
use super::damage::{Damage, Flaw};
use super::error::JournalError;
use super::files::{self, Segment, read_header};
use super::head::{self, Found, Head};
use super::locked::{LockedJournal, View};
use super::position::Position;
use super::recover;
use super::{FORMAT, Notice, chain};
use crate::disk::Open;

impl LockedJournal<'_> {
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
                    .identity()
                    .map_err(JournalError::io("examine", &path))?;
                files
                    .disk
                    .metadata(&path)
                    .is_ok_and(|named| named.identity == ours)
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
        if !fits && same && self.still_ends_so(&segment, is.len, head)? {
            // Somebody took lines out of the middle, or put some in. What was published last is still the last, so
            // nothing is missing behind it: the rest goes on, and reading tells what is wrong where.
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

    /// Whether the last line of the active segment, which is `len` bytes long, is the one that was published last.
    fn still_ends_so(
        &self,
        segment: &Segment,
        len: u64,
        head: &Head,
    ) -> Result<bool, JournalError> {
        let files = &self.journal.files;
        let moved = Position {
            offset: len,
            ..head.end
        };
        Ok(segment.name == files.place.active_name()
            && head.store == files.store
            && check::fits(files, segment, &moved)?)
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
}

fn damage(file: String, at: &Position, flaw: Flaw) -> Damage {
    Damage {
        file,
        line: at.line,
        byte: at.offset,
        flaw,
    }
}
