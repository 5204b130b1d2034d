//! How far a reader without the lock may read.

use std::io;

use super::Journal;
use super::check;
use super::error::JournalError;
use super::files;
use super::head::{self, Found};
use super::lock::Patience;
use super::position::Position;
use super::recover;
use super::{FORMAT, chain};
use crate::disk::{Identity, Open};

/// How long a reader waits for a writer that is replacing files.
const REPLACING_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// The end of a journal that has no head to believe, as found by reading it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assumed {
    identity: Identity,
    len: u64,
    end: Position,
}

impl Journal {
    /// The published end: every commit before it is durable and may be read.
    ///
    /// Where no writer has published one (a fresh copy, a lost head), the end of the last whole line. After a power cut
    /// it may lie before the last acknowledged commits, as the head is not synced: the next
    /// [`lock`](Self::lock) publishes them, so whoever may write takes it once when opening.
    ///
    /// # Errors
    /// [`JournalError::Io`]; [`JournalError::Replaced`] when a writer that replaces files does not finish.
    pub fn published(&self) -> Result<Position, JournalError> {
        let mut patience = Patience::new(REPLACING_WAIT);
        loop {
            match self.read_head()? {
                Found::Head(head) if head.relaxed && !self.still_fits(&head.end)? => {
                    return self.assume();
                }
                Found::Head(head) if !head.replacing => return Ok(head.end),
                Found::Head(_) if self.has_writer() && patience.pause() => {}
                // A writer died while it replaced files. The next writer puts that in order; until then we read.
                Found::Head(_) | Found::Copied(_) | Found::Nothing | Found::Newer => {
                    return self.assume();
                }
            }
        }
    }

    /// Whether a position, made earlier or by another process, still fits the files: one can go on from it.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn holds(&self, position: &Position) -> Result<bool, JournalError> {
        let end = self.published()?;
        if position.segment == 0 {
            return Ok(true);
        }
        if position.generation != end.generation
            || (position.segment, position.offset) > (end.segment, end.offset)
        {
            return Ok(false);
        }
        self.still_fits(position)
    }

    /// Whether the files have, at a position, what they had when it was made.
    fn still_fits(&self, position: &Position) -> Result<bool, JournalError> {
        match self.files.open(position.segment, Open::Read)? {
            Some(segment) => check::fits(&self.files, &segment, position),
            None => Ok(false),
        }
    }

    /// Whether somebody holds the lock. When that cannot be told, somebody might.
    fn has_writer(&self) -> bool {
        let Ok(lock) = self.files.disk.open(&self.files.place.lock(), Open::Read) else {
            return true;
        };
        // Released again when the handle is dropped; a writer that comes in this moment tries once more.
        !lock.try_lock().unwrap_or(false)
    }

    pub(super) fn read_head(&self) -> Result<Found, JournalError> {
        let path = self.files.place.head();
        match self.files.disk.open(&path, Open::Read) {
            Ok(file) => head::read(&*file).map_err(JournalError::io("read", &path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(JournalError::io("open", &path)(error)),
        }
    }

    /// Finds the end by reading, without changing anything. Remembered for as long as the last file stays as it is.
    fn assume(&self) -> Result<Position, JournalError> {
        let files = &self.files;
        let listing = files::list(&*files.disk, &files.place)?;
        let not_found = || JournalError::NotFound {
            dir: files.place.dir().to_owned(),
        };
        let (_, last) = listing.range().ok_or_else(not_found)?;
        let segment = files.open(last, Open::Read)?.ok_or_else(not_found)?;
        let path = files.path(&segment);
        let is = segment
            .file
            .metadata()
            .map_err(JournalError::io("examine", &path))?;
        let mut assumed = self.assumed.lock();
        if let Some(Assumed { identity, len, end }) = *assumed
            && identity == is.identity
            && len == is.len
        {
            return Ok(end);
        }
        let start = Position::start(0, chain::genesis(files.store));
        let found = recover::assess(files, start, &segment)?;
        self.saw_format(found.newest.max(FORMAT));
        *assumed = Some(Assumed {
            identity: is.identity,
            len: is.len,
            end: found.end,
        });
        Ok(found.end)
    }
}
