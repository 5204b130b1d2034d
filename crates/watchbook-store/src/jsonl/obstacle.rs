//! What stands in the way of writing, told before somebody tries.
//!
//! As a rule nothing is written to find out: the system says whether the files may be written and how much room is
//! left, and the journal whether it is as it was left. Only when that gives reason to doubt, or the last write failed,
//! is writing tried: under the lock, with a small file that is removed again, once a second at most. So a disk that has
//! room again is seen without anybody's write, and where there is no store none is made.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_core::Timestamp;

use crate::contract::StoreError;
use crate::disk::{Disk, Open, exists};
use crate::journal::{Journal, JournalError};

use super::failure;
use super::store::Directory;

/// With less room than this, in bytes, writing is tried before it is called possible.
const RESERVE: u64 = 1 << 20;
/// What is written to try, in bytes: a block each for the journal, the audit trail and the two projections.
const TRIAL_BYTES: usize = 16 << 10;
/// How long the outcome of a trial is believed.
const TRIAL_EVERY: Duration = Duration::from_secs(1);
/// The name of the file that is written to try.
const TRIAL: &str = ".trial";

/// What is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The journal.
    Journal,
    /// The audit trail, without which nothing is written either.
    Audit,
}

/// What this process knows of writes that failed.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    journal: Mutex<Option<String>>,
    audit: Mutex<Option<String>>,
    tried: Mutex<Option<(Timestamp, Option<String>)>>,
}

impl Troubles {
    const fn of(&self, part: Part) -> &Mutex<Option<String>> {
        match part {
            Part::Journal => &self.journal,
            Part::Audit => &self.audit,
        }
    }

    /// Remembers a failure until a write to the same part succeeds, or a trial does.
    pub(crate) fn failed(&self, part: Part, error: &StoreError) {
        *self.of(part).lock() = Some(why(error));
    }

    /// A write to this part succeeded.
    pub(crate) fn succeeded(&self, part: Part) {
        *self.of(part).lock() = None;
    }

    /// Takes note of how a write to this part ended.
    pub(crate) fn note<T>(
        &self,
        part: Part,
        ended: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &ended {
            Ok(_) => self.succeeded(part),
            Err(error) => self.failed(part, error),
        }
        ended
    }

    /// Why the last write failed, if it did.
    fn last(&self) -> Option<String> {
        let journal = self.journal.lock().clone();
        journal.or_else(|| self.audit.lock().clone())
    }
}

/// An error without the words that whoever reads of a store's state knows already.
fn why(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable { why, .. } => why.clone(),
        other => other.to_string(),
    }
}

impl Directory {
    /// Why nothing can be written now; `None` if nothing is known to stand in the way.
    pub(crate) fn write_obstacle(&self) -> Option<String> {
        let journal = match self.journal() {
            Ok(journal) => journal,
            Err(error) => return Some(why(&failure::writing(error))),
        };
        if let Some(error) = journal.as_ref().and_then(|journal| journal.obstacle()) {
            return Some(error.to_string());
        }
        let room = match self.room() {
            Ok(room) => room,
            Err(error) => return Some(why(&failure::file("nothing can be written", error))),
        };
        match journal {
            Some(journal) if self.is_doubtful(&journal, room) => self.try_once(&journal),
            None if room == 0 => {
                let full = io::Error::from(io::ErrorKind::StorageFull);
                Some(why(&failure::file("nothing can be written", full)))
            }
            Some(_) | None => None,
        }
    }

    /// The room for what every write needs: the least of any place. An error when one of them may not be written.
    fn room(&self) -> io::Result<u64> {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        let state = layout.private();
        let places = [
            layout.incidents.clone(),
            layout.incidents.join(self.place().active_name()),
            state.join("lock"),
            state.join("head"),
            state,
            layout.audit.clone(),
            layout.audit_day(self.options.clock.now()),
        ];
        let mut least = u64::MAX;
        for place in places {
            least = least.min(disk.room(&standing(disk, place)?)?);
        }
        Ok(least)
    }

    fn is_doubtful(&self, journal: &Journal, room: u64) -> bool {
        room < RESERVE || self.troubles.last().is_some() || !is_as_left(journal)
    }

    /// Tries to write, unless that was tried a moment ago, and says what stood in the way.
    fn try_once(&self, journal: &Journal) -> Option<String> {
        let now = self.options.clock.now();
        let mut tried = self.troubles.tried.lock();
        if let Some((at, outcome)) = &*tried
            && *at <= now
            && now.since(*at) < TRIAL_EVERY
        {
            // A write that succeeded or failed since then knows better.
            return self.troubles.last().or_else(|| outcome.clone());
        }
        let outcome = self.try_now(journal);
        *tried = Some((now, outcome.clone()));
        outcome
    }

    fn try_now(&self, journal: &Journal) -> Option<String> {
        let layout = &self.options.layout;
        let tried = match journal.lock(Duration::ZERO) {
            // Whoever has the lock is writing; how that ends is not known yet.
            Err(JournalError::LockTimeout { .. }) => return self.troubles.last(),
            Err(error) => Err(failure::writing(error)),
            Ok(_locked) => self
                .try_in(&layout.private(), "the journal")
                .and_then(|()| self.try_in(&layout.audit, "the audit trail")),
        };
        match tried {
            Ok(()) => {
                self.troubles.succeeded(Part::Journal);
                self.troubles.succeeded(Part::Audit);
                None
            }
            Err(error) => Some(why(&error)),
        }
    }

    /// Writes a small file, and removes it.
    fn try_in(&self, dir: &Path, what: &str) -> Result<(), StoreError> {
        let disk = &*self.options.disk;
        if !exists(disk, dir).unwrap_or(true) {
            return Ok(());
        }
        let path = dir.join(TRIAL);
        let written = disk.open(&path, Open::Create).and_then(|file| {
            file.write_all_at(&[0; TRIAL_BYTES], 0)?;
            file.sync_data()
        });
        // Left there it would be in nobody's way, and the next trial takes the same name.
        drop(disk.remove_file(&path));
        written.map_err(|error| failure::file(&format!("{what} cannot be written"), error))
    }
}

/// The place itself, or the nearest folder above it that is there.
fn standing(disk: &dyn Disk, place: PathBuf) -> io::Result<PathBuf> {
    for path in place.ancestors() {
        if exists(disk, path)? {
            return Ok(path.to_owned());
        }
    }
    Ok(place)
}

/// Whether the journal ends as whoever wrote to it last says.
fn is_as_left(journal: &Journal) -> bool {
    let Ok(end) = journal.published() else {
        return false;
    };
    journal.holds(&end).unwrap_or(false) || journal.published().is_ok_and(|now| now != end)
}
